"""A plan shown to a room, in a real browser: by arrows, by links, seen by axe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from web.workbench.browsing import opened, running_browser, violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer
    from web.conftest import ClientFor

    from rodtrad.web.models import Study

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
HERE = "/liten/studier/1/visa/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running browser."""
    with running_browser() as running:
        yield running


def test_arrows_turn_the_screens_and_every_screen_can_be_read(
    browser: Browser, live_server: LiveServer, client_for: ClientFor, done: Study
) -> None:
    cookie = client_for("lasare").cookies["rodtrad"].value
    with opened(browser, live_server.url, cookie, 1280) as page:
        page.goto(f"/liten/studier/{done.number}/")
        page.get_by_role("link", name="Visa för mötet").click()
        page.wait_for_url(f"**{HERE}")
        whole = int(page.locator(".showbar summary").inner_text().split()[2].strip(","))
        assert violations(page) == []
        for number in range(2, whole + 1):
            page.keyboard.press("ArrowRight")
            page.wait_for_url(f"**{HERE}?bild={number}")
            page.wait_for_load_state()
            assert violations(page) == []
            # one thing a screen: nothing of it is below the edge, but what folds out
            bottom, edge = page.evaluate(
                "[document.querySelector('svg.ch.wid, .kpis, .projects')"
                ".getBoundingClientRect().bottom,"
                " document.querySelector('.showbar').getBoundingClientRect().top]"
            )
            assert bottom <= edge
        # there is nothing after the last
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Home")
        page.wait_for_url(f"**{HERE}?bild=1")
        page.keyboard.press("Escape")
        page.wait_for_url(f"**/liten/studier/{done.number}/")


def test_links_turn_them_without_script_on_a_phone(
    browser: Browser, live_server: LiveServer, client_for: ClientFor, done: Study
) -> None:
    cookie = client_for("lasare").cookies["rodtrad"].value
    with opened(
        browser, live_server.url, cookie, 390, java_script_enabled=False
    ) as page:
        page.goto(HERE)
        page.get_by_role("link", name="Nästa").click()
        page.wait_for_url(f"**{HERE}?bild=2")
        assert page.locator("h1").count() == 1
        page.get_by_role("link", name="Föregående").click()
        page.wait_for_url(f"**{HERE}?bild=1")
        page.get_by_role("link", name="Avsluta").click()
        page.wait_for_url(f"**/liten/studier/{done.number}/")
    with opened(browser, live_server.url, cookie, 390) as page:
        for number in (1, 2):
            page.goto(f"{HERE}?bild={number}")
            assert violations(page) == []
