"""A fresh home with a real server, and a browser that works by mouse or by keys alone.

`running_site` fills a home with one small municipality for each journey, so that none
disturbs another, starts `serve` in it as shipped, and stops it. `Hand` does what a
person does with a page; with `keys` it never touches the mouse. `Watched` keeps what a
page complains about. Leaves out what the journeys are.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from web.foundation.homes import environment, script

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from playwright.sync_api import Browser, BrowserContext, Locator, Page

PASSWORD: Final = "tall-ek-bok-alm"
AXE: Final = Path(__file__).parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"
TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
ARGUMENTS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HEIGHTS: Final = {1280: 900, 390: 844}

# Somebody whose log-in asks for a second step.
TWO_STEPS: Final = "tvasteg"
# What has nothing to show yet says so on these pages.
BEGINNINGS: Final = {
    "": "overview",
    "underlag/": "underlag",
    "studier/": "studies",
    "utrymme/": "room",
    "utrymme/spakar/": "levers",
    "skal/": "why",
    "jamfor/": "compare",
    "arbetsbank/": "workbench",
    "enighet/": "agreement",
    "vardering/": "valuation",
    "projekt/": "projects",
    "projekt/karta/": "map",
    "behov/anmalda/": "needs",
    "mal/": "goals",
    "mote/": "meeting",
    "handelser/": "events",
    "publicera/": "publishing",
    "dialog/": "dialogue",
    "dialog/ny/": "dialogue_new",
    "brev/": "letters",
    "pott/": "envelopes",
    "enighet/invanare/": "residents",
}

# Runs in the home's own process, with the settings that are shipped.
_FILL = r"""
import json, sys
sys.path.insert(0, {tests!r})
from django.contrib.auth.hashers import make_password
from django.test import Client
from e2e.filling import fill
print(json.dumps(fill({places!r}, make_password({password!r}))))
"""


@dataclass(frozen=True)
class Site:
    """A running server: its address, its home, and what `filling` says of it."""

    base: str
    home: Path
    sessions: Mapping[str, str]
    pages: Mapping[str, str]
    posts: Mapping[str, Any]

    def address(self, place: str, path: str = "") -> str:
        """Return the address of a page of a municipality."""
        return f"{self.base}/{place}/{path}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(server: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        assert server.poll() is None, "the server stopped"
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


@contextmanager
def running_site(home: Path, places: Sequence[str]) -> Iterator[Site]:
    """Fill a home with municipalities, serve it, and stop the server afterwards."""
    tests = str(Path(__file__).parents[1])
    script(
        home,
        "from django.core.management import call_command as c; c('migrate', verbosity=0)",
    )
    told = script(
        home, _FILL.format(tests=tests, places=list(places), password=PASSWORD)
    )
    filled = json.loads(told.splitlines()[-1])
    port = _free_port()
    words = [sys.executable, "-m", "rodtrad.web", "serve", "--no-examples"]
    with (home / "serve.log").open("wb") as log:
        server = subprocess.Popen(
            [*words, "--port", str(port)], env=environment(home), stdout=log, stderr=log
        )
        try:
            _wait_until_up(server, port)
            yield Site(f"http://localhost:{port}", home, **filled)
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(60)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Start Debian's chromium; without it the test is skipped, or fails if told to."""
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


# ---------------------------------------------------------------- what a page says


@dataclass
class Watched:
    """A page, and what it has complained about since it was asked last."""

    page: Page
    base: str
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen to everything that can go wrong."""
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on(
            "console",
            lambda said: (
                self.faults.append(f"console: {said.text}")
                if said.type in ("error", "warning")
                and "GL Driver Message" not in said.text  # the machine's, not ours
                else None
            ),
        )
        self.page.on("request", self._asked)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.faults.append(f"outside: {request.url}")
        elif request.url == f"{self.base}/csp/":
            self.faults.append(f"csp: {request.post_data}")

    def told(self) -> list[str]:
        """Return the complaints, and forget them."""
        found = list(dict.fromkeys(self.faults))
        self.faults.clear()
        return found


def sideways(page: Page) -> list[str]:
    """Return that the page needs scrolling sideways, if it does."""
    wide, room = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    return [f"sideways: {wide} px in {room}"] if wide > room else []


_RUN_AXE: Final = """([tags, within]) => axe.run(
  within ? {include: [[within]]} : document,
  {runOnly: tags, resultTypes: ['violations'], preload: false},
).then(found => found.violations.flatMap(
  one => one.nodes.map(
    node => `${one.id}: ${node.target[0]}: ${node.failureSummary}`)))"""


def violations(page: Page, within: str = "") -> list[str]:
    """Return what axe finds against WCAG 2.2 AA, one line an element.

    With `within` only those elements of the page are looked at.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8") + ";0")
    found: list[str] = page.evaluate(_RUN_AXE, [list(TAGS), within])
    return found


def bare_context(browser: Browser, site: Site, width: int) -> BrowserContext:
    """Return a browser window in which nobody has been anywhere: no cookie, nothing kept."""
    context = browser.new_context(
        base_url=site.base,
        viewport={"width": width, "height": HEIGHTS[width]},
        reduced_motion="reduce",
    )
    context.set_default_timeout(60_000)  # a busy machine is slow
    return context


def new_context(
    browser: Browser,
    site: Site,
    role: str,
    *,
    width: int = 1280,
    language: str = "sv",
) -> BrowserContext:
    """Return a browser window in which somebody with a role is logged in."""
    context = bare_context(browser, site, width)
    cookies = [{"name": "sprak", "value": language, "url": site.base}]
    if role:
        cookies.append(
            {"name": "rodtrad", "value": site.sessions[role], "url": site.base}
        )
    context.add_cookies(cookies)  # type: ignore[arg-type]
    return context


# ---------------------------------------------------------------- a person


IS_HERE = "element => document.activeElement === element"
# Tab comes to a group of radio buttons, and the arrows lead on in it.
_IS_IN_GROUP: Final = """element => document.activeElement.type === 'radio'
  && document.activeElement.name === element.name"""
# In which order the browser asks for the parts of a day and a time.
_PARTS: Final = """() => new Intl.DateTimeFormat(undefined, {
    year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit'
  }).formatToParts().map(one => one.type).filter(one => one !== 'literal')"""
_FAR: Final = 400


@dataclass
class Hand:
    """Somebody at a page. With `keys`, everything is done from the keyboard."""

    page: Page
    keys: bool

    def reach(self, target: Locator, is_here: str = IS_HERE) -> None:
        """Move the focus to an element as people do: with Tab."""
        target.wait_for(state="attached")
        element = target.element_handle()
        for _press in range(_FAR):
            if self.page.evaluate(is_here, element):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {target}")

    def press(self, target: Locator) -> None:
        """Press a button or follow a link."""
        if not self.keys:
            target.click()
            return
        self.reach(target)
        self.page.keyboard.press("Enter")

    def tick(self, target: Locator) -> None:
        """Tick a box."""
        if not self.keys:
            target.click()
            return
        self.reach(target)
        self.page.keyboard.press("Space")

    def write(self, target: Locator, text: str) -> None:
        """Write in a field, over what stood there."""
        if not self.keys:
            target.fill(text)
            return
        self.reach(target)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def mark(self, target: Locator) -> None:
        """Choose one of a group of radio buttons."""
        if not self.keys:
            target.check()
            return
        self.reach(target, _IS_IN_GROUP)
        self.page.keyboard.press("Space")
        for _press in range(_FAR):
            if target.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"the arrows do not reach {target}")

    def write_time(self, target: Locator, when: dt.date) -> None:
        """Write a day, or a day and a time, as the browser asks for it."""
        clock = isinstance(when, dt.datetime)
        text = f"{when:%Y-%m-%dT%H:%M}" if clock else when.isoformat()
        if not self.keys:
            target.fill(text)
            return
        self.reach(target)
        parts = self.page.evaluate(_PARTS)
        typed = {"year": "%Y", "month": "%m", "day": "%d", "minute": "%M"}
        typed |= {"hour": "%I" if "dayPeriod" in parts else "%H", "dayPeriod": "%p"}
        days = ("year", "month", "day")
        asked = [one for one in parts if clock or one in days]
        for one in asked:
            self.page.keyboard.type(
                f"{when:{typed[one]}}"[: 1 if one == "dayPeriod" else None]
            )
            # a year may have more figures, so that the browser does not go on by itself
            if one == "year" and one != asked[-1]:
                self.page.keyboard.press("ArrowRight")
        assert target.input_value() == text

    def choose(self, target: Locator, text: str) -> None:
        """Choose what begins with `text` in a list."""
        options = target.locator("option").all_inner_texts()
        wanted = next(i for i, one in enumerate(options) if one.startswith(text))
        if not self.keys:
            target.select_option(index=wanted)
            return
        self.reach(target)
        at = target.evaluate("element => element.selectedIndex")
        for _step in range(abs(wanted - at)):
            self.page.keyboard.press("ArrowDown" if wanted > at else "ArrowUp")
        assert target.evaluate("element => element.selectedIndex") == wanted

    def choose_file(self, target: Locator, path: Path) -> None:
        """Choose a file of one's own."""
        with self.page.expect_file_chooser() as asked:
            self.press(target)
        asked.value.set_files(path)
