"""The valuation in a real browser: by keyboard alone, phone and desktop, seen by axe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from web.small import small_data
from web.workbench.browsing import opened, running_browser, violations

from rodtrad.domain.components import build_tables
from rodtrad.web import store
from rodtrad.web.models import Row, Underlag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer
    from web.conftest import ClientFor

    from rodtrad.web.models import Municipality

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
ADDRESS = "/liten/vardering/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running browser."""
    with running_browser() as running:
        yield running


@pytest.fixture
def cookie(client_for: ClientFor, liten: Municipality) -> str:
    """The session of an elected member where three criteria can be weighed."""
    data = small_data()
    names = {"nytta": "Nytta", "klimat": "Klimat", "drift": "Drift"}
    data["criteria"] = [
        {"criterion": key, "name": name, "weight": 1.0} for key, name in names.items()
    ]
    data["scores"] = [
        {**row, "criterion": key} for row in data["scores"] for key in names
    ]
    underlag = Underlag.objects.create(municipality=liten, name="Liten")
    store.write_tables(underlag, build_tables(data))
    return client_for("fortroendevald").cookies["rodtrad"].value


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1280, "dark")])
def test_a_viewpoint_is_given_and_shared_by_keyboard_alone(
    browser: Browser, live_server: LiveServer, cookie: str, width: int, theme: Any
) -> None:
    with opened(browser, live_server.url, cookie, width, color_scheme=theme) as page:
        page.goto(ADDRESS)
        assert violations(page) == []
        page.get_by_role("button", name="Börja").press("Enter")
        page.wait_for_url("**/vardering/")
        for number in range(1, 13):
            if not page.get_by_text(f"Fråga {number} av högst").count():
                break
            if number in (1, 4):
                assert violations(page) == []
            page.get_by_role("button", name="Välj det här").first.press("Enter")
            page.wait_for_load_state()
        assert page.locator("h1").inner_text() == "Så väger ni kriterierna"
        assert violations(page) == []
        page.get_by_label("Synsättets namn").fill("Vårt synsätt")
        page.get_by_role("checkbox").press(" ")
        page.get_by_role("button", name="Dela").press("Enter")
        page.wait_for_load_state()
        assert "är delat" in page.locator(".lede").inner_text()
        assert violations(page) == []
        page.goto("/liten/enighet/")
        assert violations(page) == []
    assert Row.objects.filter(table="viewpoints").exists()


def test_points_that_are_wrong_are_told_without_violation(
    browser: Browser, live_server: LiveServer, cookie: str
) -> None:
    with opened(
        browser, live_server.url, cookie, 390, java_script_enabled=True
    ) as page:
        page.goto(ADDRESS)
        page.get_by_label("Poäng på varje kriterium").check()
        page.get_by_role("button", name="Börja").click()
        page.locator("input[name=lag0]").fill("många")
        page.get_by_role("button", name="Spara svaren").click()
        assert "skriv tal" in page.get_by_role("alert").inner_text()
        assert violations(page) == []
