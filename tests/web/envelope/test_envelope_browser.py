"""An envelope in a real browser: voting by keyboard, the receipt, and what axe sees."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from web.envelope.conftest import day
from web.workbench.browsing import opened, running_browser, violations

from rodtrad.web import envelope_ballots
from rodtrad.web.models.envelope import Envelope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer
    from web.conftest import ClientFor
    from web.envelope.conftest import MakeEnvelope

    from rodtrad.web.models import Publication

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("quick"),
]
SHOTS = os.environ.get("RODTRAD_SHOTS", "")
AT = "/oppet/liten/pott/1/"
TEXT = "En lång rad om förslaget, vad det är bra för och var det ska ligga. " * 3


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running browser."""
    with running_browser() as running:
        yield running


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a ballot take a moment to answer."""
    cast = envelope_ballots.cast

    def later(*given: Any) -> str:
        try:
            return cast(*given)
        finally:
            time.sleep(0.3)

    monkeypatch.setattr(envelope_ballots, "cast", later)


def look(page: Page, name: str, found: list[str]) -> None:
    """Note what is wrong with a page, and keep a picture if somebody asked for it."""
    found += [f"{name}: {fault}" for fault in violations(page)]
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_a_resident_votes_and_checks_the_receipt(
    width: int,
    theme: str,
    browser: Browser,
    live_server: LiveServer,
    make_envelope: MakeEnvelope,
    client_for: ClientFor,
    published: Publication,
) -> None:
    envelope = make_envelope(about="Trivsel i byn.", decides="Kommunstyrelsen")
    envelope.proposals.filter(number=3).update(text=TEXT)
    name, found = f"pott-{width}", list[str]()
    with opened(browser, live_server.url, "x", width, color_scheme=theme) as page:
        page.context.clear_cookies()
        page.goto(AT)
        look(page, f"{name}-sida", found)
        page.get_by_role("link", name="Rösta", exact=True).click()
        look(page, f"{name}-rosta", found)
        vote_by_keyboard(page)
        look(page, f"{name}-lagd", found)
        code = page.locator("#kvittokod").inner_text()
        counted(client_for)
        page.goto(f"{AT}resultat/")
        look(page, f"{name}-resultat", found)
        page.get_by_role("link", name="Se kvittona").click()
        look(page, f"{name}-kvitton", found)
        page.get_by_label("Kvittokod").fill(code)
        page.keyboard.press("Enter")
        assert "finns med" in page.locator("#min").inner_text()
        assert "Lekplats" in page.locator(".own .paid").inner_text()
        look(page, f"{name}-kvitto", found)
        assert page.context.cookies() == []
    assert not found, "\n".join(found)


def vote_by_keyboard(page: Page) -> None:
    """Tick with the space bar, see the sum left, and send with Enter."""
    park = page.get_by_role("checkbox", name="Park")
    for label in ("Lekplats", "Cykelbana", "Utegym"):
        page.get_by_role("checkbox", name=label).focus()
        page.keyboard.press("Space")
    told = page.locator("#kvar").inner_text()
    assert "200" in told
    assert "för mycket" in told
    page.keyboard.press("Space")  # not the last one, after all
    assert "Du har 200 kronor kvar" in page.locator("#kvar").inner_text().replace(
        "\xa0", " "
    )
    assert not park.is_checked()
    for _n in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Lägg min röst":
            break
    # pressed twice before there is an answer, the receipt is shown all the same
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_selector("#kvittokod")


def counted(client_for: ClientFor) -> None:
    """Close the vote, count it and publish the result."""
    staff = client_for("ekonom")
    Envelope.objects.update(votes_from=day(-3), votes_to=day(-1))
    staff.post("/liten/pott/1/rakna/")
    staff.post("/liten/pott/1/publicera/")


@pytest.mark.parametrize(("width", "theme"), [(1280, "dark"), (390, "light")])
def test_nothing_is_wrong_with_any_page(
    width: int,
    theme: str,
    browser: Browser,
    live_server: LiveServer,
    make_envelope: MakeEnvelope,
    client_for: ClientFor,
    published: Publication,
) -> None:
    make_envelope(who="codes")
    make_envelope(
        proposals_from=day(-1), proposals_to=day(1), votes_from=day(2), votes_to=day(3)
    )
    done = make_envelope(who="open")
    staff = client_for("ekonom")
    done.ballots.create(key="k" * 64, number="V1", marks=[["4", 1]])
    Envelope.objects.filter(pk=done.pk).update(votes_to=day(-1))
    staff.post("/liten/pott/3/rakna/")
    paths = (
        "/oppet/liten/pott/",
        "/oppet/liten/pott/1/rosta/",
        "/oppet/liten/pott/2/",
        "/oppet/liten/pott/2/forslag/",
        "/oppet/liten/pott/2/rosta/",
        "/oppet/liten/",
        "/liten/pott/",
        "/liten/pott/ny/",
        "/liten/pott/las-in/",
        "/liten/pott/1/",
        "/liten/pott/1/andra/",
        "/liten/pott/1/koder/",
        "/liten/pott/1/papper/",
        "/liten/pott/2/",
        "/liten/pott/2/forslag/ny/",
        "/liten/pott/2/forslag/3/",
        "/liten/pott/3/",
        "/liten/pott/3/resultat/",
    )
    cookie, found = staff.cookies["rodtrad"].value, list[str]()
    with opened(browser, live_server.url, cookie, width, color_scheme=theme) as page:
        for path in paths:
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            look(page, f"{width}{path.replace('/', '-')}", found)
    assert not found, "\n".join(found)
