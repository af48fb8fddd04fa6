"""The grid in a real browser: by keyboard alone, pasted from Excel, seen by axe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from web.workbench.browsing import opened, running_browser, violations

from rodtrad.web import saving, store
from rodtrad.web.models import Change, Row
from rodtrad.web.saving import Edits, RowEdit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer
    from web.conftest import ClientFor

    from rodtrad.web.models import Underlag

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
PROJECTS = "/liten/underlag/projekt/"
PASTE = """text => {
  const data = new DataTransfer();
  data.setData('text/plain', text);
  document.activeElement.dispatchEvent(
    new ClipboardEvent('paste', {clipboardData: data, bubbles: true}));
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running browser."""
    with running_browser() as running:
        yield running


@pytest.fixture
def cookie(client_for: ClientFor, tiny_underlag: Underlag) -> str:
    """The session of an ekonom; one amount of the underlag cannot be read."""
    row = Row.objects.get(table="outlays", position=0)
    edit = RowEdit(row.pk, row.revision, {"outlay": "28 mkr"})
    saving.save(None, tiny_underlag, Edits("outlays", [edit]))
    return client_for("ekonom").cookies["rodtrad"].value


def _at(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_cells_are_changed_pasted_undone_and_saved_by_keyboard_alone(
    browser: Browser, live_server: LiveServer, cookie: str
) -> None:
    with opened(browser, live_server.url, cookie, 1280) as page:
        page.goto(PROJECTS)
        page.locator("#c-2-project_id").focus()
        page.keyboard.press("ArrowRight")
        assert _at(page) == "c-2-name"
        page.keyboard.press("F2")
        page.keyboard.press("End")
        page.keyboard.type(" till")
        page.keyboard.press("Escape")
        assert page.locator("#c-2-name").inner_text() == "Norra skolan byggs om"
        page.keyboard.press("Enter")
        page.keyboard.press("End")
        page.keyboard.type(" till")
        page.keyboard.press("Enter")
        assert _at(page) == "c-3-name"
        assert page.locator("#c-2-name").inner_text() == "Norra skolan byggs om till"
        # typing replaces, a choice is found by its first letter
        page.keyboard.press("ArrowRight")
        page.keyboard.type("SBN")
        page.keyboard.press("Tab")
        assert _at(page) == "c-3-area"
        # two rows and a half from Excel, the last below the table
        page.locator("#c-3-name").focus()
        page.evaluate(PASTE, "Bron\tKS\r\nParken\tKFN\r\nNy\tBUN\r\n")
        dialog = page.locator("#grid-paste")
        assert "Celler som ändras: 4. Rader som läggs till: 1." in dialog.inner_text()
        assert violations(page) == []
        page.keyboard.press("Enter")
        assert (
            page.locator("[data-count]").inner_text() == "6 ändringar är inte sparade"
        )
        page.keyboard.press("Control+z")
        assert (
            page.locator("[data-count]").inner_text() == "2 ändringar är inte sparade"
        )
        assert violations(page) == []
        page.keyboard.press("Control+s")
        page.wait_for_selector(".messages .success")
        assert "2 celler är ändrade" in page.locator(".messages").inner_text()
    row = Row.objects.get(table="projects", key="skola")
    assert row.label == "Norra skolan byggs om till"
    assert Row.objects.get(table="projects", key="bro").data["committee"] == "SBN"
    assert Change.objects.count() == 2


def test_a_fault_is_found_mended_and_gone(
    browser: Browser, live_server: LiveServer, cookie: str
) -> None:
    with opened(browser, live_server.url, cookie, 1280) as page:
        page.goto("/liten/underlag/")
        assert violations(page) == []
        page.get_by_role("link", name="Rad 2, Utgift (tkr)").click()
        page.wait_for_selector("#grid[role=grid]")
        assert _at(page) == "c-2-outlay"
        page.keyboard.type("28 000")
        page.keyboard.press("Enter")
        page.keyboard.press("Control+s")
        page.wait_for_selector(".messages .success")
        assert page.locator("td.err").count() == 0
        assert page.locator("#c-2-outlay").inner_text() == "28\xa0000"


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_no_page_has_a_fault_that_axe_can_find(
    browser: Browser,
    live_server: LiveServer,
    cookie: str,
    tiny_underlag: Underlag,
    width: int,
    scheme: str,
    tmp_path: Path,
) -> None:
    store.make_version(tiny_underlag, "Grund", None)
    row = Row.objects.get(table="projects", key="skola")
    edit = RowEdit(row.pk, row.revision, {"gate": "G3", "name": "Annat"})
    saving.save(None, tiny_underlag, Edits("projects", [edit]))
    number = Change.objects.values_list("number", flat=True)[0]
    with opened(browser, live_server.url, cookie, width, color_scheme=scheme) as page:
        for place, address in enumerate(
            (
                "/liten/underlag/",
                "/liten/underlag/utgifter/",
                PROJECTS,
                f"{PROJECTS}rad/{row.pk}/",
                f"{PROJECTS}rad/{row.pk}/ta-bort/",
                f"{PROJECTS}ny/",
                "/liten/underlag/andringar/",
                f"/liten/underlag/andringar/{number}/",
                "/liten/underlag/inlasning/",
                "/liten/versioner/",
                "/liten/versioner/1/",
                "/liten/versioner/jamfor/?a=1",
            )
        ):
            page.goto(address)
            page.screenshot(path=tmp_path / f"{place}-{width}.png", full_page=True)
            assert violations(page) == [], address
