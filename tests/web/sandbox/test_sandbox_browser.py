"""The sandbox and the questions in a real browser: by keyboard, on a phone, seen by axe."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from web.workbench.browsing import opened, running_browser, violations

from rodtrad.web import public_form, residents, sandbox
from rodtrad.web.models.sandbox import ResidentAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer
    from web.conftest import ClientFor

    from rodtrad.web.models import Publication

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
HERE = "/oppet/liten/prova/"
SHOTS = os.environ.get("RODTRAD_SHOTS")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running browser."""
    with running_browser() as running:
        yield running


def _seen(page: Page, name: str) -> None:
    """No fault that axe finds, nothing wider than the screen, nothing stored."""
    assert violations(page) == [], name
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, name
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_change_is_told_at_once_and_shared_by_its_address(
    width: int, browser: Browser, live_server: LiveServer, published: Publication
) -> None:
    field = f"#p{sandbox.places_of(published)['skola']}"
    with opened(browser, live_server.url, "", width) as page:
        page.goto(HERE)
        _seen(page, f"sandbox-{width}")
        page.evaluate("window.same = true")
        page.locator(field).focus()
        # by keyboard: the first choice is that it is not done
        page.keyboard.press("Home")
        page.get_by_text("”Norra skolan byggs om” tas bort").first.wait_for()
        # the page was not left, focus is where it was, and the address is the plan's
        assert page.evaluate("window.same")
        assert page.evaluate("document.activeElement.id") == field[1:]
        assert page.url.startswith(f"{live_server.url}{HERE}A")
        assert page.locator("#lank").input_value() == page.url
        _seen(page, f"sandbox-changed-{width}")
        shared = page.url
    with opened(browser, live_server.url, "", width) as page:
        page.goto(shared)
        assert page.locator(field).input_value() == "ute"
        page.get_by_role("link", name="Ångra").first.click()
        page.wait_for_url(f"**{HERE}#utfall")
        assert page.locator(field).input_value() != "ute"


def test_it_works_without_script(
    browser: Browser, live_server: LiveServer, published: Publication
) -> None:
    field = f"#p{sandbox.places_of(published)['skola']}"
    with opened(browser, live_server.url, "", 390, java_script_enabled=False) as page:
        page.goto(HERE)
        page.locator(field).select_option("ute")
        page.get_by_role("button", name="Räkna").click()
        page.wait_for_url("**#utfall")
        assert page.get_by_text("”Norra skolan byggs om” tas bort").count() >= 1


def test_a_broken_link_says_so(
    browser: Browser, live_server: LiveServer, published: Publication
) -> None:
    with opened(browser, live_server.url, "", 390) as page:
        page.goto(f"{HERE}trasig/")
        assert "går inte att öppna" in page.locator("h1").inner_text()
        _seen_faults = violations(page)
        assert _seen_faults == []


@pytest.mark.parametrize("width", [1280, 390])
def test_the_questions_are_answered_by_keyboard(
    width: int,
    browser: Browser,
    live_server: LiveServer,
    published: Publication,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(public_form, "LEAST_SECONDS", 0.0)
    with opened(browser, live_server.url, "", width) as page:
        page.goto("/oppet/liten/fragor/")
        _seen(page, f"questions-{width}")
        page.get_by_role("button", name="Börja").press("Enter")
        for number in range(1, 8):
            page.wait_for_load_state()
            if page.locator("[name=svar]").count() == 0:
                break
            if number == 1:
                _seen(page, f"question-{width}")
            page.locator("[name=svar]").first.press("Enter")
            page.wait_for_load_state()
        _seen(page, f"answered-{width}")
        page.locator("#alder").select_option("65-")
        page.get_by_role("button", name="Lämna svaren").press("Enter")
        page.get_by_role("heading", name="Tack för svaren").wait_for()
        _seen(page, f"thanks-{width}")
    assert ResidentAnswer.objects.get().age_group == "65-"


@pytest.mark.parametrize("width", [1280, 390])
def test_the_residents_beside_the_parties(
    width: int,
    browser: Browser,
    live_server: LiveServer,
    published: Publication,
    client_for: ClientFor,
) -> None:
    known = residents.swings_of(published)
    said = [["nytta", "klimat", None, "second"], ["skick", "klimat", None, "second"]]
    given = residents.carried(json.dumps(said), known)
    for i in range(24):
        residents.hand_in(published, given, ("16-29", "65-")[i % 2], str(i))
    client = client_for("ekonom")
    client.post("/liten/enighet/invanare/")
    assert residents.reckon_waiting() == 1
    cookie = client.cookies["rodtrad"].value
    with opened(browser, live_server.url, cookie, width) as page:
        page.goto("/liten/enighet/invanare/")
        assert "24 svar" in page.locator("main").inner_text()
        _seen(page, f"residents-{width}")
