"""The report in a real browser, on a desktop and on a phone.

Needs Debian's chromium. Where it is missing the tests are skipped, loudly; with
RODTRAD_REQUIRE_BROWSER=1 (CI) that fails them instead.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rodtrad.cli import run_command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

pytestmark = [pytest.mark.e2e]

UNDERLAG = Path(__file__).parents[2] / "examples" / "vimmerby" / "underlag"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the Vimmerby plan, made by the command itself."""
    folder = tmp_path_factory.mktemp("e2e") / "plan"
    assert run_command(["plan", str(UNDERLAG), "--out", str(folder)]) == 0
    return folder / "plan.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("RODTRAD_REQUIRE_BROWSER") == "1":
            pytest.fail("chromium is missing: apt-get install chromium")
        pytest.skip("NOT TESTED IN A BROWSER: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield running
        running.close()


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_page_fits_asks_for_nothing_and_reports_no_error(
    browser: Browser, page_file: Path, width: int, height: int, scripts: bool
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": height}, java_script_enabled=scripts
    )
    page = context.new_page()
    requests: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda message: (
            faults.append(message.text)
            if message.type in ("error", "warning")
            else None
        ),
    )
    page.goto(page_file.as_uri())
    page.wait_for_load_state("networkidle")
    assert faults == []
    outside = [url for url in requests if not url.startswith(("data:", "blob:"))]
    assert outside == [page_file.as_uri()]
    assert page.locator("h1").count() == 1
    assert page.locator("html").get_attribute("lang") == "sv"
    if scripts:
        wide = page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide[0] <= wide[1], f"scrolls sideways: {wide[0]} > {wide[1]} px"
    # What can be folded can be opened, and it still fits.
    assert page.locator("table").count() > 3
    if scripts:
        page.evaluate(
            "for (const d of document.querySelectorAll('details')) d.open = true"
        )
        wide = page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide[0] <= wide[1], f"scrolls sideways when opened: {wide[0]} px"
    context.close()
