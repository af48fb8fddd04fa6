"""Every page of the application: both languages, a desktop and a phone, seen by axe.

The pages are found by walking the addresses themselves, so that a new page is tested the
day it gets its address; `states` adds what a page can say beside that: a failed plan, a
municipality with nothing in it. What is no page has to be named here to be passed over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest
from django.urls import URLPattern, get_resolver
from e2e import posts
from e2e.site import (
    BEGINNINGS,
    HEIGHTS,
    TWO_STEPS,
    Watched,
    await_axe,
    new_context,
    sideways,
    start_axe,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from e2e.site import Site
    from playwright.sync_api import Browser, BrowserContext, Page, Response

pytestmark = [pytest.mark.e2e]
PLACE: Final = "sidor"
# What stands for an argument, unless the address needs one of its own.
GIVEN: Final = {
    "kommun": PLACE,
    "project_id": "skola",
    "alternative_id": "nybygge",
    "sheet": "projekt",
    "column": "area",
    "figure": "ar:2026",
    "kind": "row",
    "key": "skola",
    "number": "2",
    "pk": "1",
}
# Addresses that know themselves what to show, in the municipality that is walked.
STATES: Final = (
    *("study_failed", "study_cancelled", "study_kept", "study_running"),
    *("need_answered", "not_found", "no_right"),
    *("invitation", "invitation_spent"),
    *(f"empty_{name}" for name in BEGINNINGS.values()),
)
STATUS: Final = {
    "not_found": 404,
    "no_right": 403,
    "invitation_spent": 404,
    **posts.STATUS,
}
# Who looks, where it is not an administrator; "" is somebody who is not logged in.
VISITORS: Final = {
    "account_login": "",
    "account_reset_password": "",
    "account_reset_password_done": "",
    "invitation": "",
    "invitation_spent": "",
    "no_right": "lasare",
    "mfa_index": TWO_STEPS,
    "mfa_deactivate_totp": TWO_STEPS,
    "mfa_view_recovery_codes": TWO_STEPS,
    "mfa_generate_recovery_codes": TWO_STEPS,
    "mfa_list_webauthn": TWO_STEPS,
    "mfa_remove_webauthn": TWO_STEPS,
    "mfa_edit_webauthn": TWO_STEPS,
    "mfa_reauthenticate": TWO_STEPS,
}
# Only sent to, and nothing to look at.
SENT_TO: Final = frozenset(
    {
        *("csp", "language", "theme", "invite", "login_rules", "invite_again"),
        *("withdraw", "study_cancel", "study_again", "study_decide"),
        *("underlag_check", "underlag_undo", "underlag_approve", "underlag_discard"),
        *("version_lock", "version_restore", "goal_unlink"),
    }
)
# Files, data, and parts that a page fetches.
FILES: Final = frozenset(
    {
        *("map_data", "project_map_data", "projects_csv", "project_file"),
        *("underlag_workbook", "underlag_template", "underlag_suggestions"),
        "project_choices",
        *("meeting_letter", "meeting_project_letter", "meeting_slides"),
        *("meeting_workbook", "meeting_report", "mfa_download_recovery_codes"),
    }
)
# What needs a published plan or an open dialogue, which nobody makes here.
APART: Final = frozenset(
    f"rodtrad.web.urls.{area}"
    for area in ("public", "publishing", "dialogue", "letters")
)
# Ways in that are closed here, or that lead on to a page that is walked by itself; the
# tests of log-in look at those that need a key, a code or another site.
ELSEWHERE: Final = frozenset(
    {
        *("account_signup", "account_set_password", "account_inactive"),
        *("account_email", "account_email_verification_sent"),
        *("account_confirm_email", "account_confirm_login_code"),
        *("account_reset_password_from_key", "account_reset_password_from_key_done"),
        *("mfa_authenticate", "mfa_reauthenticate_webauthn", "mfa_login_webauthn"),
        "municipal_login",
    }
)
NO_PAGE: Final = SENT_TO | FILES | ELSEWHERE
QUERY: Final = {
    "compare": "?plan=1&plan=2",
    "workbench": "?projekt=skola",
    "levers_trail": "?interest=1",
    "search": "?q=skola",
    "versions_compare": "?a=1&b=2",
    "underlag_sheet": "?text=",
    "projects": "?q=skola",
    "goal_new": "?slag=mal",
}


def _address(pattern: str) -> str:
    """The address of a pattern with its arguments filled in."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: GIVEN[found[1]], pattern)


def _walk(patterns: list[object], before: str = "") -> Iterator[tuple[str, str]]:
    for one in patterns:
        here = before + str(one.pattern)  # type: ignore[attr-defined]
        if isinstance(one, URLPattern):
            yield one.name or "", here
        elif getattr(one.urlconf_name, "__name__", "") not in APART:  # type: ignore[attr-defined]
            yield from _walk(one.url_patterns, here)  # type: ignore[attr-defined]


def pages() -> dict[str, str]:
    """Return address by name: the first of each name, without what is no page."""
    found: dict[str, str] = {}
    for name, pattern in _walk(
        list(get_resolver("rodtrad.web.urls.root").url_patterns)
    ):
        if not name or name in {*NO_PAGE, *STATES, *found} or "^" in pattern:
            continue
        if not name.startswith(("saml", "openid", "socialaccount")):
            found[name] = _address(pattern) + QUERY.get(name, "")
    return found


PAGES: Final = pages()
_OPEN_ALL: Final = """() => {
  for (const one of document.querySelectorAll('main details')) one.open = true;
  const menu = document.querySelector('.top details.menu:last-of-type');
  if (menu && !document.querySelector('main details')) menu.open = true;
}"""


def _interact(page: Page) -> None:
    """Open what can be opened: the trail behind a figure, what is folded, or the menu."""
    page.evaluate(_OPEN_ALL)
    trail = page.locator("main a.trail[hx-get]:visible").first
    if trail.count():
        trail.click()
        page.locator("#drawer:not([hidden]) #trail").wait_for()


# Sends a form as the page itself would, with its own token.
_SEND: Final = """([at, fields, huge, count]) => {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = at;
  form.enctype = 'multipart/form-data';
  const token = document.querySelector('[name=csrfmiddlewaretoken]');
  const sent = {...fields, csrfmiddlewaretoken: token.value};
  for (const [name, value] of Object.entries(sent)) {
    const one = document.createElement('input');
    one.type = 'hidden';
    one.name = name;
    one.value = value === huge ? '-'.repeat(count) : value;
    form.append(one);
  }
  document.body.append(form);
  form.submit();
}"""


def _open(page: Page, sent: Mapping[str, Any] | None, address: str) -> Response:
    """Go to a page; where it is an answer to what is sent, send that."""
    if sent is None:
        answer = page.goto(address, wait_until="commit")
        assert answer is not None
        return answer
    if not page.locator("[name=csrfmiddlewaretoken]").count():
        page.goto(f"/{PLACE}/")
    with page.expect_response(lambda one: one.request.method == "POST") as asked:
        huge = [posts.HUGE, posts.HUGE_CHARACTERS]
        page.evaluate(_SEND, [sent["at"], sent["fields"], *huge])
    return asked.value


def _seen(page: Page, language: str) -> list[str]:
    """What is wrong with the frame of a page, whatever it shows."""
    frame = page.evaluate(
        "[document.documentElement.lang, document.title,"
        " [...document.querySelectorAll('h1')].map(one => one.innerText.trim())]"
    )
    found = []
    if len(frame[2]) != 1 or not frame[2][0]:
        found.append(f"h1: {frame[2]}")
    if not frame[1].removesuffix(" · Röd tråd").strip(" ·"):
        found.append(f"title: {frame[1]!r}")
    if frame[0] != language:
        found.append(f"lang: {frame[0]!r}")
    return found


class Windows:
    """One window for each width and visitor, in one language, opened when needed."""

    def __init__(self, browser: Browser, site: Site, language: str) -> None:
        """Open nothing yet."""
        self.site, self.language = site, language
        self._browser = browser
        self._open: dict[tuple[int, str], tuple[BrowserContext, Watched]] = {}

    def at(self, width: int, visitor: str) -> Watched:
        """Return the window of a width and a visitor."""
        if (width, visitor) not in self._open:
            context = new_context(
                self._browser, self.site, visitor, width=width, language=self.language
            )
            watched = Watched(context.new_page(), self.site.base)
            self._open[width, visitor] = context, watched
        return self._open[width, visitor][1]

    def close(self) -> None:
        """Close them all."""
        for context, _watched in self._open.values():
            context.close()


@pytest.fixture(scope="module", params=["sv", "en"])
def windows(
    request: pytest.FixtureRequest, chromium: Browser, site: Site
) -> Iterator[Windows]:
    """The windows of one language."""
    made = Windows(chromium, site, request.param)
    yield made
    made.close()


@pytest.mark.parametrize("name", sorted({*PAGES, *STATES, *posts.STATUS}))
def test_a_page(windows: Windows, name: str) -> None:
    """No violation, nothing sideways, no complaint, before and after an interaction.

    Both widths are worked on at once: a window is seen by axe while the other loads.
    """
    address = windows.site.pages.get(name) or PAGES.get(name, "")
    visitor = VISITORS.get(name, "administrator")
    wanted = STATUS.get(name, 200)
    found: list[str] = []
    pair = [(width, windows.at(width, visitor)) for width in HEIGHTS]
    for _width, watched in pair:
        watched.told()  # what came late from the page before
        answer = _open(watched.page, windows.site.posts.get(name), address)
        assert answer.status == wanted, f"{answer.status} {address}"
        assert answer.request.redirected_from is None, f"{address} leads elsewhere"
    for width, watched in pair:
        watched.page.wait_for_load_state("load")
        found += [f"{width}: {one}" for one in _seen(watched.page, windows.language)]
        found += [f"{width}: {one}" for one in sideways(watched.page)]
        start_axe(watched.page)
    for width, watched in pair:
        found += [f"{width}: {one}" for one in await_axe(watched.page)]
        _interact(watched.page)
        found += [f"{width}: opened: {one}" for one in sideways(watched.page)]
        start_axe(watched.page)
    for width, watched in pair:
        found += [f"{width}: opened: {one}" for one in await_axe(watched.page)]
        told = watched.told()
        if wanted != 200:
            # the browser tells of the answer that was asked for
            told = [one for one in told if f"status of {wanted}" not in one]
        found += [f"{width}: {one}" for one in told]
    assert not found, "\n".join(found)


def test_every_state_is_looked_at(site: Site) -> None:
    """That nothing which `states` or `posts` made is passed over."""
    assert set(site.pages) <= {*PAGES, *STATES}
    assert set(site.posts) == set(posts.STATUS)
