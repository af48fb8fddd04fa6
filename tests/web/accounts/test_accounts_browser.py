"""Logging in, second steps, invitations and people in a real browser."""

from __future__ import annotations

import datetime as dt
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.utils import timezone
from web.conftest import PASSWORD
from web.workbench.browsing import running_browser, violations

from rodtrad.web import people
from rodtrad.web.models import Invitation, User

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer
    from web.conftest import ClientFor, MakeMember

    from rodtrad.web.models import Municipality

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
SIZES = {1280: 900, 390: 844}
# A browser that runs the tests can leave a picture of each page there.
SHOTS = os.environ.get("RODTRAD_SHOTS", "")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running browser."""
    with running_browser() as running:
        yield running


@pytest.fixture(autouse=True)
def _forget_attempts() -> None:
    cache.clear()


@contextmanager
def visiting(
    browser: Browser, base: str, width: int = 1280, session: str = "", **options: object
) -> Iterator[Page]:
    """Open a browser, and fail if a page complained or asked outside its host."""
    context = browser.new_context(
        base_url=base,
        viewport={"width": width, "height": SIZES[width]},
        **options,  # type: ignore[arg-type]
    )
    if session:
        context.add_cookies([{"name": "rodtrad", "value": session, "url": base}])
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda said: (
            faults.append(said.text)
            if said.type in ("error", "warning") and "status of 4" not in said.text
            else None
        ),
    )
    page.on(
        "request",
        lambda asked: (
            None
            if asked.url.startswith((base, "data:"))
            else faults.append(f"outside: {asked.url}")
        ),
    )
    yield page
    assert faults == []
    context.close()


def look(page: Page, name: str, width: int) -> None:
    """Keep a picture, if somebody asked for pictures."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)


def with_keys(page: Page) -> None:
    """Give the browser an authenticator that answers by itself."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def log_in(page: Page, email: str, at: str = "/konto/") -> None:
    page.goto(f"/konto/login/?next={at}")
    page.get_by_label("E-postadress").fill(email)
    page.get_by_label("Lösenord").fill(PASSWORD)
    page.get_by_role("button", name="Logga in", exact=True).click()


def log_out(page: Page) -> None:
    page.goto("/konto/logout/")
    page.locator("main").get_by_role("button", name="Logga ut").click()
    page.wait_for_url("**/konto/login/**")


def add_key(page: Page, name: str, alone: bool) -> None:
    """Add a passkey, confirming with the password when asked."""
    page.goto("/konto/2fa/webauthn/add/")
    if "/reauthenticate/" in page.url:
        page.get_by_label("Lösenord").fill(PASSWORD)
        page.get_by_role("button", name="Bekräfta").click()
        page.wait_for_url("**/add/**")
    page.get_by_label("Namn på nyckeln").fill(name)
    page.get_by_label("Logga in med bara nyckeln").set_checked(alone)
    page.get_by_role("button", name="Lägg till nyckeln").click()
    page.wait_for_url("**/2fa/recovery-codes/")


def test_log_in_by_keyboard_alone(
    browser: Browser, live_server: LiveServer, make_member: MakeMember
) -> None:
    make_member("chef")
    with visiting(browser, live_server.url) as page:
        page.goto("/konto/")
        assert "/konto/login/?next=/konto/" in page.url
        for _tab in range(12):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.name") == "login":
                break
        page.keyboard.type("chef@liten.example")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/konto/")
        assert page.get_by_role("heading", level=1).inner_text() == "Mitt konto"


def test_log_in_without_script(
    browser: Browser, live_server: LiveServer, make_member: MakeMember
) -> None:
    make_member("chef")
    with visiting(browser, live_server.url, java_script_enabled=False) as page:
        log_in(page, "chef@liten.example")
        assert page.get_by_role("heading", level=1).inner_text() == "Mitt konto"
        page.goto("/konto/2fa/webauthn/add/")
        page.get_by_label("Lösenord").fill(PASSWORD)
        page.get_by_role("button", name="Bekräfta").click()
        assert page.get_by_text("bara läggas till där skript är på").is_visible()


def test_a_passkey_is_added_and_then_enough_by_itself(
    browser: Browser, live_server: LiveServer, make_member: MakeMember
) -> None:
    make_member("chef")
    with visiting(browser, live_server.url) as page:
        with_keys(page)
        log_in(page, "chef@liten.example")
        add_key(page, "Jobbdatorn", alone=True)
        log_out(page)
        page.goto("/konto/login/?next=/konto/2fa/webauthn/")
        page.get_by_role("button", name="Logga in med nyckel").click()
        page.wait_for_url(f"{live_server.url}/konto/2fa/webauthn/")
        assert page.get_by_role("rowheader", name="Jobbdatorn").is_visible()
        assert not Authenticator.objects.filter(
            user=User.objects.get(), type="totp"
        ).exists()


def test_a_key_is_the_second_step_after_the_password(
    browser: Browser,
    live_server: LiveServer,
    make_member: MakeMember,
    liten: Municipality,
) -> None:
    liten.second_factor_roles = ["chef"]
    liten.save()
    make_member("chef")
    with visiting(browser, live_server.url) as page:
        with_keys(page)
        log_in(page, "chef@liten.example", "/liten/personer/lamna/")
        assert page.get_by_text("kräver att du loggar in i två steg").is_visible()
        add_key(page, "Dosan", alone=False)
        log_out(page)
        log_in(page, "chef@liten.example", "/liten/personer/lamna/")
        page.wait_for_url("**/2fa/authenticate/**")
        assert violations(page) == []
        look(page, "andra-steget", 1280)
        page.get_by_role("button", name="Använd en nyckel").click()
        page.wait_for_url("**/liten/personer/lamna/")


def test_a_key_that_cannot_be_read_says_so(
    browser: Browser, live_server: LiveServer
) -> None:
    with visiting(browser, live_server.url) as page:
        with_keys(page)  # an authenticator without any key
        page.goto("/konto/login/")
        page.get_by_role("button", name="Logga in med nyckel").click()
        page.get_by_text("Nyckeln kunde inte läsas").wait_for()


def test_an_invitation_from_form_to_first_page(
    browser: Browser, live_server: LiveServer, client_for: ClientFor
) -> None:
    session = client_for("administrator").cookies["rodtrad"].value
    with visiting(browser, live_server.url, session=session) as page:
        page.goto("/liten/personer/")
        page.get_by_label("E-postadress").fill("ny@liten.example")
        page.get_by_label("Roll", exact=True).select_option("fortroendevald")
        page.get_by_role("button", name="Bjud in", exact=True).click()
        link = page.get_by_label("Länken").input_value()
        assert violations(page) == []
        look(page, "personer-lank", 1280)
    with visiting(browser, live_server.url, 390) as page:
        page.goto(link)
        assert violations(page) == []
        look(page, "inbjudan", 390)
        page.get_by_label("Namn", exact=True).fill("Nora Ny")
        page.get_by_label("Lösenord", exact=True).fill(PASSWORD)
        page.get_by_label("Lösenordet en gång till").fill(PASSWORD)
        page.get_by_role("button", name="Gå med").click()
        page.wait_for_url("**/liten/**")
        assert User.objects.get(email="ny@liten.example").memberships.count() == 1


OPEN = {
    "login": "/konto/login/",
    "losenord": "/konto/password/reset/",
    "brevet": "/konto/password/reset/done/",
    "lank-slut": "/konto/password/reset/key/1-x/",
    "inte-inbjuden": "/konto/signup/",
    "inbjudan-okand": "/konto/inbjudan/x/",
    "inbjudan-ny": "/konto/inbjudan/ny/",
    "inbjudan-gammal": "/konto/inbjudan/gammal/",
    "avbrott": "/konto/3rdparty/login/cancelled/",
}
INSIDE = {
    "konto": "/konto/",
    "byt-losenord": "/konto/password/change/",
    "bekrafta": "/konto/reauthenticate/",
    "tva-steg": "/konto/2fa/",
    "inloggningar": "/konto/sessions/",
    "logga-ut": "/konto/logout/",
    "nycklar": "/konto/2fa/webauthn/",
    "personer": "/liten/personer/",
    "medlem": "/liten/personer/{member}/",
    "ta-bort": "/liten/personer/{member}/bort/",
    "lamna": "/liten/personer/lamna/",
    "annans-inbjudan": "/konto/inbjudan/ny/",
}
AGAIN = {
    "app": "/konto/2fa/totp/activate/",
    "ny-nyckel": "/konto/2fa/webauthn/add/",
}


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_are_accessible_and_fit(
    width: int,
    language: str,
    browser: Browser,
    live_server: LiveServer,
    make_member: MakeMember,
    liten: Municipality,
) -> None:
    make_member("administrator", group="Kommunledningen")
    other = make_member("fortroendevald", group="Exempelpartiet").memberships.get()
    for name, days in (("ny", 5), ("gammal", -1)):
        Invitation.objects.create(
            municipality=liten,
            email=f"{name}@liten.example",
            role="ekonom",
            token_hash=people.token_hash(name),
            expires_at=timezone.now() + dt.timedelta(days=days),
        )
    wrong: list[str] = []
    with visiting(browser, live_server.url, width) as page:
        page.context.add_cookies(
            [{"name": "sprak", "value": language, "url": live_server.url}]
        )

        def seen(pages: dict[str, str]) -> None:
            for name, at in pages.items():
                page.goto(at.format(member=other.pk))
                assert page.get_attribute("html", "lang") == language
                wrong.extend(f"{name}: {fault}" for fault in violations(page))
                look(page, f"{name}-{language}", width)

        seen(OPEN)
        page.goto("/konto/login/")
        page.locator("input[name=login]").fill("administrator@liten.example")
        page.locator("input[name=password]").fill("fel")
        page.locator("main button.primary").click()
        wrong += violations(page)
        look(page, f"login-fel-{language}", width)
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("main button.primary").click()
        page.wait_for_url(f"{live_server.url}/**")
        seen(INSIDE)
        page.goto(AGAIN["app"])
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("main button.primary").click()
        page.wait_for_url("**/activate/**")
        seen(AGAIN)
    assert wrong == []
