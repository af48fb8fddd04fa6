"""Which pages are there, and what is wrong with one that is looked at?

The pages are found by walking the addresses themselves, so that a new page is tested the
day it gets its address. What is no page has to be named here to be passed over. Leaves
out who looks at which (the tests).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from django.urls import URLPattern, get_resolver
from e2e import posts
from e2e.site import (
    AXE,
    HEIGHTS,
    Watched,
    bare_context,
    new_context,
    sideways,
    violations,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from e2e.site import Site
    from playwright.sync_api import Browser, BrowserContext, Page, Response

PLACE: Final = "sidor"
# Somebody who has never been here: a window without a cookie.
READER: Final = "reader"
PUBLIC: Final = "public_"
LANGUAGES: Final = {"sv": "/oppet/", "en": "/open/"}
# What stands for an argument, unless the address is given whole by what was filled in.
GIVEN: Final = {
    "kommun": PLACE,
    "ort": PLACE,
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
# Only sent to, and nothing to look at.
SENT_TO: Final = frozenset(
    {
        *("csp", "language", "theme", "invite", "login_rules", "invite_again"),
        *("withdraw", "study_cancel", "study_again", "study_decide"),
        *("underlag_check", "underlag_undo", "underlag_approve", "underlag_discard"),
        *("version_lock", "version_restore", "goal_unlink"),
        *("dialogue_theme_add", "dialogue_theme_change", "dialogue_moderate"),
        *("dialogue_put_under", "dialogue_answer", "dialogue_thin_after"),
        *("envelope_open", "envelope_count", "envelope_publish"),
        *("letter_publish", "letter_remove", "letter_remove_comment"),
        *("letter_add_picture", "letter_remove_picture", "letter_comments"),
        "blog_discard",
    }
)
_DOCUMENT: Final = "a document to open in another program"
_PART: Final = "a part that a page fetches"
_FEED: Final = "a feed for other programs"
_PICTURE: Final = "a picture"
_ANSWER: Final = "an answer to a program, in JSON"
# What is answered with no page, and with what instead.
APART: Final = {
    "map_data": _PART,
    "project_map_data": _PART,
    "project_choices": _PART,
    "underlag_suggestions": _PART,
    "project_file": "an attachment, as it was sent",
    "projects_csv": _DOCUMENT,
    "underlag_workbook": _DOCUMENT,
    "underlag_template": _DOCUMENT,
    "meeting_letter": _DOCUMENT,
    "meeting_project_letter": _DOCUMENT,
    "meeting_slides": _DOCUMENT,
    "meeting_workbook": _DOCUMENT,
    "meeting_report": _DOCUMENT,
    "mfa_download_recovery_codes": _DOCUMENT,
    "envelope_file": _DOCUMENT,
    "letter_picture": _PICTURE,
    "public_feed": _FEED,
    "public_letters_feed": _FEED,
    "public_picture": _PICTURE,
    "public_project_picture": _PICTURE,
    "public_letter_picture": _PICTURE,
    "public_data_file": _DOCUMENT,
    "public_envelope_file": _DOCUMENT,
    "public_api": _ANSWER,
    "public_api_document": _ANSWER,
    "public_api_versions": _ANSWER,
    "public_api_version": _ANSWER,
    "public_api_projects": _ANSWER,
    "public_api_project": _ANSWER,
    "public_api_areas": _ANSWER,
    "public_api_changes": _ANSWER,
    "public_api_economy": _ANSWER,
    "public_api_nothing": _ANSWER,
}
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
NO_PAGE: Final = SENT_TO | ELSEWHERE | set(APART)
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
    return "/" + re.sub(
        r"<(?:\w+:)?(\w+)>", lambda found: GIVEN.get(found[1], found[1]), pattern
    )


def _walk(patterns: list[object], before: str = "") -> Iterator[tuple[str, str]]:
    for one in patterns:
        here = before + str(one.pattern)  # type: ignore[attr-defined]
        if isinstance(one, URLPattern):
            yield one.name or "", here
        else:
            yield from _walk(one.url_patterns, here)  # type: ignore[attr-defined]


def addresses() -> dict[str, str]:
    """Return address by name: the first of each name, which of public ones is Swedish."""
    found: dict[str, str] = {}
    root = get_resolver("rodtrad.web.urls.root")
    for name, pattern in _walk(list(root.url_patterns)):
        if not name or name in found or "^" in pattern:
            continue
        if not name.startswith(("saml", "openid", "socialaccount")):
            found[name] = _address(pattern) + QUERY.get(name, "")
    return found


def pages(*, public: bool) -> dict[str, str]:
    """Return address by name of what is a page: what everyone reads, or the rest."""
    return {
        name: address
        for name, address in addresses().items()
        if name not in NO_PAGE and name.startswith(PUBLIC) == public
    }


class Windows:
    """One window for each visitor, in one language, opened when needed."""

    def __init__(self, browser: Browser, site: Site, language: str) -> None:
        """Open nothing yet."""
        self.site, self.language = site, language
        self._browser = browser
        self._open: dict[str, tuple[BrowserContext, Watched]] = {}
        # a Swedish page is loaded in a wide window and an English one in a narrow
        self.widths = sorted(HEIGHTS, reverse=language == "sv")

    def of(self, visitor: str) -> Watched:
        """Return the window of a visitor."""
        if visitor not in self._open:
            context = (
                bare_context(self._browser, self.site, self.widths[0])
                if visitor == READER
                else new_context(
                    self._browser, self.site, visitor, language=self.language
                )
            )
            context.add_init_script(path=AXE)
            watched = Watched(context.new_page(), self.site.base)
            self._open[visitor] = context, watched
        return self._open[visitor][1]

    def in_language(self, address: str) -> str:
        """Return where a page that everyone reads stands in the windows' language."""
        return address.replace(LANGUAGES["sv"], LANGUAGES[self.language], 1)

    def close(self) -> None:
        """Close them all."""
        for context, _watched in self._open.values():
            context.close()


# ---------------------------------------------------------------- what is wrong

# Opens what can be opened, marks it, and tells how many there were.
_OPEN_ALL: Final = """() => {
  const shut = [...document.querySelectorAll('main details')].filter(one => !one.open);
  const menu = document.querySelector('.top details.menu:last-of-type');
  if (menu && !document.querySelector('main details')) shut.push(menu);
  for (const one of shut) {
    one.open = true;
    one.dataset.opened = '';
  }
  return shut.length;
}"""
_MARK: Final = "drawer => { drawer.dataset.opened = ''; }"
_OPENED: Final = "[data-opened]"
_FRAME: Final = """() => [document.documentElement.lang, document.title,
  [...document.querySelectorAll('h1')].map(one => one.innerText.trim())]"""
_STORED: Final = "document.cookie.length + localStorage.length + sessionStorage.length"


def _interact(page: Page) -> bool:
    """Open what can be opened: the trail behind a figure, what is folded, or the menu."""
    opened = bool(page.evaluate(_OPEN_ALL))
    trail = page.locator("main a.trail[hx-get]:visible").first
    if trail.count():
        trail.click()
        page.locator("#drawer:not([hidden]) #trail").wait_for()
        page.locator("#drawer").evaluate(_MARK)
        return True
    return opened


def _frame(page: Page, language: str) -> list[str]:
    """What is wrong with the frame of a page, whatever it shows."""
    lang, title, headings = page.evaluate(_FRAME)
    found = []
    if len(headings) != 1 or not headings[0]:
        found.append(f"h1: {headings}")
    if not title.removesuffix(" · Röd tråd").strip(" ·"):
        found.append(f"title: {title!r}")
    if lang != language:
        found.append(f"lang: {lang!r}")
    return found


def _trace(page: Page, answer: Response) -> list[str]:
    """What a page leaves behind with somebody who only reads."""
    found = [f"cookie: {one}" for one in page.context.cookies()]
    if answer.header_value("set-cookie"):
        found.append("sets a cookie")
    if page.evaluate(_STORED):
        found.append("something is stored")
    return found


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
  setTimeout(() => form.submit());  // once this has been answered
}"""


def _open(page: Page, sent: Mapping[str, Any] | None, address: str) -> Response:
    """Go to a page; where it is an answer to what is sent, send that."""
    if sent is None:
        answer = page.goto(address, wait_until="commit")
        assert answer is not None
        return answer
    if not page.locator("[name=csrfmiddlewaretoken]").count():
        page.goto(f"/{PLACE}/")
    # until the answer stands there: the page before it has loaded already
    with page.expect_navigation(wait_until="commit") as arrived:
        huge = [posts.HUGE, posts.HUGE_CHARACTERS]
        page.evaluate(_SEND, [sent["at"], sent["fields"], *huge])
    return arrived.value


def look(
    windows: Windows,
    address: str,
    visitor: str,
    wanted: int = 200,
    sent: Mapping[str, Any] | None = None,
) -> list[str]:
    """Return what is wrong with a page before and after use, at both widths.

    With `sent` the page is what answers a form with that in it. It is loaded once, at
    the first width of the windows, and made as wide as the other. What is opened on it
    is looked at by itself: the rest has been seen.
    """
    watched = windows.of(visitor)
    page, (first, second) = watched.page, windows.widths
    watched.told()  # what came late from the page before
    _make(page, first)
    answer = _open(page, sent, address)
    assert answer.status == wanted, f"{answer.status} {address}"
    assert answer.request.redirected_from is None, f"{address} leads elsewhere"
    page.wait_for_load_state("load")
    found = _frame(page, windows.language) + _seen(page, first)
    _make(page, second)
    found += _seen(page, second)
    if _interact(page):
        found += _seen(page, second, _OPENED)
        _make(page, first)
        found += _seen(page, first, _OPENED)
    told = watched.told()
    if wanted != 200:
        # the browser tells of the answer that was asked for
        told = [one for one in told if f"status of {wanted}" not in one]
    if visitor == READER:
        told += _trace(page, answer)
    return found + told


def _make(page: Page, width: int) -> None:
    """Make a window as wide as asked."""
    page.set_viewport_size({"width": width, "height": HEIGHTS[width]})


def _seen(page: Page, width: int, within: str = "") -> list[str]:
    """What is wrong with a page at a width, or with some of its elements."""
    where = f"{width}: opened" if within else str(width)
    found = sideways(page) + violations(page, within)
    return [f"{where}: {one}" for one in found]
