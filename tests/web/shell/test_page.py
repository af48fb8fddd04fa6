"""The shell in a real browser: desktop, tablet and phone, light and dark, axe and keys.

Needs Debian's chromium; with RODTRAD_REQUIRE_BROWSER=1 its absence is a failure. With
RODTRAD_SHOTS naming a folder, pictures of every width are kept there.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Dialog, Page
    from pytest_django.live_server_helper import LiveServer
    from web.conftest import ClientFor

    from rodtrad.web.models import Study

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.urls("web.shell.gallery_urls"),
    pytest.mark.django_db(transaction=True),
]
AXE = Path(__file__).parents[2] / "e2e" / "vendor" / "axe-core-4.14.1" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
]
SHOTS = os.environ.get("RODTRAD_SHOTS", "")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("RODTRAD_REQUIRE_BROWSER") == "1":
            pytest.fail("chromium is missing: apt-get install chromium")
        pytest.skip("NOT TESTED IN A BROWSER: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    # the browser's driver keeps an event loop, in which Django else refuses the database
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield running
        running.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Opened:
    """A page, and everything that it complained about or asked for outside its host."""

    def __init__(
        self, browser: Browser, base: str, cookie: str, **options: Any
    ) -> None:
        self.context = browser.new_context(base_url=base, **options)
        self.context.add_cookies([{"name": "rodtrad", "value": cookie, "url": base}])
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on(
            "console",
            lambda said: (
                self.faults.append(said.text)
                if said.type in ("error", "warning")
                else None
            ),
        )
        self.page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith((base, "data:"))
                else self.faults.append(f"outside: {asked.url}")
            ),
        )

    def go(self, address: str) -> Page:
        self.page.goto(address)
        self.page.wait_for_load_state("networkidle")
        return self.page


@pytest.fixture
def cookie(client_for: ClientFor, study: Study) -> str:
    return client_for("ekonom").cookies["rodtrad"].value


# Good practice beside WCAG, which speaks of the page that an open menu sets aside.
SET_ASIDE = {"landmark-one-main", "page-has-heading-one"}


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text("utf-8") + ";0")
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", TAGS
    )
    return [
        f"{v['id']}: {node['target']} {node['failureSummary']}"
        for v in found["violations"]
        for node in v["nodes"]
    ]


def sideways(page: Page) -> list[str]:
    wide: list[str] = page.evaluate(
        """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
        [...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && e.getBoundingClientRect().right >
          document.documentElement.clientWidth + 1 && !e.closest('.scroll, .subpages, .tabs, .vh, svg.defs'))
          .slice(0, 8).map(e => e.outerHTML.slice(0, 120))"""
    )
    return wide


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_page_has_no_violation_before_and_after_use(
    browser: Browser, live_server: LiveServer, cookie: str, width: int, theme: Any
) -> None:
    opened = Opened(
        browser,
        live_server.url,
        cookie,
        viewport={"width": width, "height": 900},
        color_scheme=theme,
    )
    page = opened.go("/liten/arbetsbank/")
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/gallery-{width}-{theme}.png", full_page=True)
    assert violations(page) == []
    page.locator(".right details.menu > summary").click()
    assert {one.partition(":")[0] for one in violations(page)} <= SET_ASIDE
    page.keyboard.press("Escape")
    page.locator("details.more summary").first.click()
    assert violations(page) == []
    page.locator("a.trail").first.click()
    page.locator("#drawer h2").wait_for()
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/drawer-{width}-{theme}.png")
    assert violations(page) == []
    assert opened.faults == []
    opened.context.close()


@pytest.mark.parametrize("language", ["sv", "en"])
def test_no_width_scrolls_sideways(
    browser: Browser, live_server: LiveServer, cookie: str, language: str
) -> None:
    opened = Opened(browser, live_server.url, cookie)
    opened.context.add_cookies(
        [{"name": "sprak", "value": language, "url": live_server.url}]
    )
    page = opened.go("/liten/arbetsbank/")
    for width in (1600, 1280, 1024, 768, 600, 390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        if SHOTS and width in (1600, 768):
            page.evaluate("scrollTo(0, 0)")
            page.screenshot(path=f"{SHOTS}/top-{width}-{language}.png")
        assert sideways(page) == [], width
        small = page.evaluate(
            """() => [...document.querySelectorAll('svg.ch')].filter(s => s.checkVisibility())
            .map(s => parseFloat(s.getAttribute('font-size')) * s.getBoundingClientRect().width
              / s.viewBox.baseVal.width).filter(px => px < 13.95)"""
        )
        assert width < 390 or small == [], width
    assert page.locator("html").get_attribute("lang") == language
    assert opened.faults == []
    opened.context.close()


def test_the_drawer_opens_by_key_and_gives_focus_back(
    browser: Browser, live_server: LiveServer, cookie: str
) -> None:
    opened = Opened(
        browser, live_server.url, cookie, viewport={"width": 1280, "height": 900}
    )
    page = opened.go("/liten/arbetsbank/")
    trail = page.locator("a.trail").first
    trail.focus()
    page.keyboard.press("t")
    page.locator("#drawer h2").wait_for()
    assert (
        page.evaluate("document.activeElement.textContent") == "Lån per invånare 2029"
    )
    assert page.locator("#drawer").get_by_text("lån ÷ invånare").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("#drawer").is_hidden()
    assert page.evaluate("document.activeElement.matches('a.trail')")
    # on a phone the drawer covers the page, so the page cannot be reached meanwhile
    page.set_viewport_size({"width": 390, "height": 800})
    page.keyboard.press("Enter")
    page.locator("#drawer h2").wait_for()
    assert page.evaluate("document.querySelector('main').inert")
    page.locator("#drawer [data-close]").click()
    assert not page.evaluate("document.querySelector('main').inert")
    assert opened.faults == []
    opened.context.close()


def test_keys_go_search_and_explain_and_can_be_turned_off(
    browser: Browser, live_server: LiveServer, cookie: str
) -> None:
    opened = Opened(
        browser, live_server.url, cookie, viewport={"width": 1280, "height": 900}
    )
    page = opened.go("/liten/arbetsbank/")
    page.keyboard.press("Tab")
    # a form with faults has taken focus: the skip link is first from the top
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "sok"
    page.keyboard.type("g?")
    assert page.locator("#tangenter").is_hidden()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert page.locator("#tangenter").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("b")
    page.wait_for_url("**/liten/underlag/")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    page.locator("#tangenter button[class*=quiet]").click()
    page.wait_for_load_state("networkidle")
    assert page.locator("html").get_attribute("data-keys") == "off"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert page.locator("#tangenter").is_hidden()
    assert opened.faults == []
    opened.context.close()


def test_theme_changes_at_once_and_stays(
    browser: Browser, live_server: LiveServer, cookie: str
) -> None:
    opened = Opened(
        browser, live_server.url, cookie, viewport={"width": 1280, "height": 900}
    )
    page = opened.go("/liten/arbetsbank/")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(ground) == "rgb(250, 248, 244)"
    page.locator(".right details.menu > summary").click()
    with page.expect_response("**/tema/"):
        page.get_by_role("button", name="Mörkt").click()
    assert page.evaluate(ground) == "rgb(17, 22, 29)"
    opened.go("/liten/arbetsbank/")
    assert page.evaluate(ground) == "rgb(17, 22, 29)"
    page.emulate_media(media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    assert page.locator(".fold").first.is_visible()
    assert not page.locator(".search").first.is_visible()
    if SHOTS:
        page.pdf(path=f"{SHOTS}/gallery.pdf", prefer_css_page_size=True)
    assert opened.faults == []
    opened.context.close()


def test_rows_sort_and_unsaved_work_is_guarded(
    browser: Browser, live_server: LiveServer, cookie: str
) -> None:
    opened = Opened(
        browser, live_server.url, cookie, viewport={"width": 1280, "height": 900}
    )
    page = opened.go("/liten/arbetsbank/")
    head = page.locator("table[data-sort] thead th").nth(1)
    values = "() => [...document.querySelectorAll('table[data-sort] tbody tr td:nth-child(2)')].map(c => Number(c.dataset.value))"
    head.locator("button").click()
    found = page.evaluate(values)
    assert found == sorted(found)
    assert len(found) > 3
    assert head.get_attribute("aria-sort") == "ascending"
    head.locator("button").click()
    assert page.evaluate(values) == sorted(found, reverse=True)
    asked: list[str] = []

    def leave(box: Dialog) -> None:
        asked.append(box.type)
        box.accept()

    page.on("dialog", leave)
    page.locator("form[data-guard] input[name=name]").fill("Norra skolan")
    page.goto("/liten/underlag/")
    assert asked == ["beforeunload"]
    opened.context.close()


def test_a_letter_that_is_written_and_not_stored_is_guarded(
    browser: Browser, live_server: LiveServer, client_for: ClientFor
) -> None:
    chef = client_for("chef").cookies["rodtrad"].value
    opened = Opened(browser, live_server.url, chef)
    page = opened.go("/liten/brev/nytt/")
    asked: list[str] = []

    def leave(box: Dialog) -> None:
        asked.append(box.type)
        box.accept()

    page.on("dialog", leave)
    page.locator("#id_text").fill("Ett långt brev.")
    page.goto("/liten/brev/")
    assert asked == ["beforeunload"]
    # one that comes back with its faults is not stored either
    page.goto("/liten/brev/nytt/")
    page.locator("#id_text").fill("Ett långt brev utan rubrik.")
    page.get_by_role("button", name="Spara", exact=True).click()
    page.locator(".errors").wait_for()
    page.locator("#id_title").click()
    page.goto("/liten/brev/")
    assert asked == ["beforeunload"] * 2
    opened.context.close()


def test_everything_works_without_script(
    browser: Browser, live_server: LiveServer, cookie: str
) -> None:
    opened = Opened(
        browser,
        live_server.url,
        cookie,
        viewport={"width": 390, "height": 800},
        java_script_enabled=False,
    )
    page = opened.go("/liten/arbetsbank/")
    page.locator("a.trail").first.click()
    page.wait_for_url("**/spar/")
    assert page.locator("#trail h2").inner_text() == "Lån per invånare 2029"
    page.locator(".right details.menu > summary").click()
    page.get_by_role("button", name="Mörkt").click()
    page.wait_for_url("**/spar/")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.locator(".right details.menu > summary").click()
    page.get_by_role("link", name="Kortkommandon").click()
    assert page.locator("h1").inner_text() == "Kortkommandon"
    assert opened.faults == []
    opened.context.close()
