"""A real browser for the workbench and the valuation: what it finds wrong with a page."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

AXE = Path(__file__).parents[2] / "e2e" / "vendor" / "axe-core-4.14.1" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What a machine without a graphics card says when a page that draws is looked at; it
# comes from the driver and now and then only, and no page can do anything about it.
DRIVER = "GPU stall due to ReadPixels"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Start Debian's chromium; without it the test is skipped, or fails if told to."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("RODTRAD_REQUIRE_BROWSER") == "1":
            pytest.fail("chromium is missing: apt-get install chromium")
        pytest.skip("NOT TESTED IN A BROWSER: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    # the browser's driver keeps an event loop, in which Django else refuses the database
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    try:
        with sync_playwright() as playwright:
            running = playwright.chromium.launch(
                executable_path=chromium, args=ARGUMENTS
            )
            yield running
            running.close()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@contextmanager
def another(browser: Browser, *arguments: str) -> Iterator[Browser]:
    """Start a second chromium beside the first, with other arguments."""
    running = browser.browser_type.launch(
        executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
        args=["--no-sandbox", *arguments],
    )
    yield running
    running.close()


@contextmanager
def opened(
    browser: Browser, base: str, cookie: str, width: int, **options: Any
) -> Iterator[Page]:
    """Open a page, and fail if it complained or asked for anything outside its host."""
    context = browser.new_context(
        base_url=base, viewport={"width": width, "height": 900}, **options
    )
    context.add_cookies([{"name": "rodtrad", "value": cookie, "url": base}])
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda said: (
            faults.append(said.text)
            if said.type in ("error", "warning")
            and "404" not in said.text
            and DRIVER not in said.text
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
    assert not faults, faults
    context.close()


def violations(page: Page) -> list[str]:
    """Return what axe finds against WCAG 2.2 AA, and what needs scrolling sideways."""
    page.evaluate(AXE.read_text("utf-8") + ";0")
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", TAGS
    )
    told = [
        f"{v['id']}: {node['target']} {node['failureSummary']}"
        for v in found["violations"]
        for node in v["nodes"]
    ]
    wide, room = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    return told if wide <= room else [*told, f"sideways: {wide} in {room}"]
