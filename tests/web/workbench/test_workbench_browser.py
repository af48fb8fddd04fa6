"""The workbench in a real browser: by keyboard alone, without script, seen by axe."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from web.workbench.browsing import opened, running_browser, violations

from rodtrad.study import Settings, run
from rodtrad.web import store
from rodtrad.web.models import Study
from rodtrad.web.models.studies import packed_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer
    from web.conftest import ClientFor

    from rodtrad.domain.components import Tables
    from rodtrad.web.models import Underlag

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
ADDRESS = "/liten/arbetsbank/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running browser."""
    with running_browser() as running:
        yield running


@pytest.fixture
def cookie(client_for: ClientFor, tiny_underlag: Underlag, tiny_tables: Tables) -> str:
    """The session of an ekonom in a municipality with a finished plan."""
    version = store.make_version(tiny_underlag, "Första", None)
    result = run(tiny_tables, Settings(only=("plan",))).result
    Study.objects.create(
        municipality=tiny_underlag.municipality,
        number=1,
        name="Planen",
        version=version,
        state=Study.State.DONE,
        result=packed_json(json.loads(json.dumps(result))),
    )
    return client_for("ekonom").cookies["rodtrad"].value


def _press(page: Page, key: str, said: str) -> None:
    page.keyboard.press(key)
    page.wait_for_function(
        "text => document.getElementById('live').textContent.includes(text)", arg=said
    )


def test_a_project_is_moved_locked_and_taken_out_by_keyboard_alone(
    browser: Browser, live_server: LiveServer, cookie: str
) -> None:
    with opened(browser, live_server.url, cookie, 1280) as page:
        page.goto(ADDRESS)
        for _tab in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.hasAttribute('data-name')"):
                break
        first = page.evaluate("document.activeElement.textContent")
        _press(page, "ArrowRight", "flyttas från")
        assert page.evaluate("document.activeElement.textContent") == first
        assert page.locator("#bench-changes .chip").inner_text() == "1 ändring"
        _press(page, "l", "är låst med start")
        _press(page, "ArrowRight", "Lås upp det först")
        _press(page, "l", "är upplåst")
        _press(page, "Control+z", "flyttas från")
        assert page.locator("#bench-changes .chip").inner_text() == "0 ändringar"
        page.keyboard.press("ArrowDown")
        second = page.evaluate("document.activeElement.textContent")
        assert second != first
        _press(page, " ", second)
        assert violations(page) == []
        page.reload()
        assert page.locator("#bench-changes .chip").inner_text() == "1 ändring"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_violation_before_or_after_a_change(
    browser: Browser, live_server: LiveServer, cookie: str, width: int, theme: Any
) -> None:
    with opened(browser, live_server.url, cookie, width, color_scheme=theme) as page:
        page.goto(ADDRESS + "?projekt=skola")
        assert violations(page) == []
        page.locator("tr[data-project=bro] [data-name]").focus()
        _press(page, " ", "Bron över ån")
        page.locator("#bench-effect summary").click()
        assert page.locator("#bench-effect .callout").is_visible()
        assert violations(page) == []


def test_everything_works_without_script(
    browser: Browser, live_server: LiveServer, cookie: str
) -> None:
    with opened(
        browser, live_server.url, cookie, 390, java_script_enabled=False
    ) as page:
        page.goto(ADDRESS)
        page.locator("button[value='senare:bro']").click()
        assert page.locator("#bench-changes .chip").inner_text() == "1 ändring"
        page.locator("button[value='angra']").click()
        assert page.locator("#bench-changes .chip").inner_text() == "0 ändringar"
        page.get_by_role("link", name="Norra skolan byggs om").click()
        page.get_by_label("Startår").select_option("ute")
        page.get_by_role("button", name="Flytta dit").click()
        assert "Utanför planen" in page.locator("#rad-skola").inner_text()


def test_a_bar_is_pulled_a_year(
    browser: Browser, live_server: LiveServer, cookie: str
) -> None:
    with opened(browser, live_server.url, cookie, 1280) as page:
        page.goto(ADDRESS)
        row = page.locator("tr[data-project=bro]")
        start = int(row.get_attribute("data-start") or 0)
        lane = row.locator("svg.lane").bounding_box()
        assert lane is not None
        x, y = lane["x"] + 10, lane["y"] + lane["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + lane["width"] / 4, y, steps=4)
        page.mouse.up()
        page.wait_for_function(
            "year => document.querySelector('tr[data-project=bro]').dataset.start == year",
            arg=str(start + 1),
        )
