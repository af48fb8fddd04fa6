"""Is every page English for a reader of English, but for what people wrote?

The pages are found by following links from the first one, so that a new page is read
too. Leaves out whether the English is good, and pages that only a form leads to.
"""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from rodtrad.sources import read_underlag
from rodtrad.web import cases, computing, jobs
from rodtrad.web.models import Study, User, Version
from rodtrad.web.models.studies import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from web.conftest import ClientFor

    from rodtrad.domain.components import Tables

VIMMERBY: Final = Path(__file__).parents[3] / "examples" / "vimmerby" / "underlag"
# Swedish words that no English text has. Not those that both languages have.
_SWEDISH: Final = re.compile(
    r"[åäöÅÄÖ]|\b(och|inte|eller|som|med|av|per år|mkr|tkr|kronor|procent|planen|"
    r"projektet|utgift|resultat|balanskravet|behov|ingår|bladet|nyttopoäng|sida|från)\b",
    re.IGNORECASE,
)
# What says that something else is to be done first.
FIRST: Final = {"dialogue_new": 409}
# Names of ours, and a coin.
_OWN_WORDS: Final = ("Röd tråd", "Svenska", "öre")
_INLINE: Final = frozenset(
    [
        "a",
        "abbr",
        "b",
        "br",
        "circle",
        "code",
        "desc",
        "em",
        "g",
        "i",
        "kbd",
        "line",
        "mark",
        "path",
        "rect",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "svg",
        "text",
        "title",
        "tspan",
        "use",
        "wbr",
    ]
)
_VOID: Final = frozenset(
    [
        "br",
        "circle",
        "col",
        "ellipse",
        "hr",
        "img",
        "input",
        "line",
        "link",
        "meta",
        "path",
        "polygon",
        "polyline",
        "rect",
        "stop",
        "use",
        "wbr",
    ]
)
_SPOKEN: Final = ("title", "alt", "aria-label", "placeholder", "data-label")


class _Page(HTMLParser):
    """What a page says in the page's own language, and where it leads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self._open: list[tuple[str, str]] = []
        self._now: list[str] = []
        self.feed(page)
        self._end()

    def _end(self) -> None:
        if text := " ".join("".join(self._now).split()):
            self.texts.append(text)
        self._now = []

    def _swedish(self) -> bool:
        return next((lang for _t, lang in reversed(self._open) if lang), "") == "sv"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _INLINE:
            self._end()
        elif tag in ("br", "svg", "text", "tspan"):
            # A drawing breaks a long name in lines.
            self._now.append(" ")
        known = {name: value or "" for name, value in attrs}
        self._open.append((tag, known.get("lang", "")))
        if not self._swedish():
            self.texts += [
                value
                for name, value in known.items()
                if value and (name in _SPOKEN or name.startswith("data-say"))
            ]
        if tag == "a" and "href" in known:
            self.links.append(unescape(known["href"]).split("#")[0])
        if tag in _VOID:
            self._open.pop()

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if tag not in _INLINE:
            self._end()
        elif tag in ("svg", "text", "tspan"):
            self._now.append(" ")
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        hidden = self._open and self._open[-1][0] in ("script", "style")
        if not hidden and not self._swedish():
            self._now.append(data)


def names_of(tables: Tables, *more: str) -> list[str]:
    """Return what people wrote, the longest first; a sentence may begin with it."""
    found = set(more) | set(_OWN_WORDS)
    for table in tables.values():
        for row in table.records():
            found |= {
                " ".join(v.split())
                for v in row.values()
                if isinstance(v, str) and len(v) > 2
            }
    found |= {one[:1].upper() + one[1:] for one in found} | {
        one[:1].lower() + one[1:] for one in found
    }
    return sorted(found, key=len, reverse=True)


def swedish_in(texts: Iterable[str], names: list[str]) -> list[str]:
    """Return the texts that are Swedish and that nobody wrote."""
    left = []
    for text in texts:
        rest = text
        if _SWEDISH.search(rest):
            for name in names:
                rest = rest.replace(name, "")
            if _SWEDISH.search(rest):
                left.append(text)
    return left


def read_everything(client: Client, start: str) -> dict[str, tuple[str, list[str]]]:
    """Return an address and the texts of each kind of page that links lead to."""
    waiting, done = [start, "/konto/"], set[str]()
    found: dict[str, tuple[str, list[str]]] = {}
    while waiting:
        address = waiting.pop(0)
        if address in done:
            continue
        done.add(address)
        try:
            match = resolve(address.split("?")[0])
        except Resolver404:
            continue
        # One of a kind; but every sheet, and what a question changes.
        kind = f"{match.url_name} {match.kwargs.get('sheet', '')} {'?' in address}"
        if kind in found or "logout" in kind:
            continue
        answer = client.get(address, follow=True)
        assert answer.status_code == FIRST.get(match.url_name or "", 200), address
        if "html" not in answer["Content-Type"]:
            continue
        page = _Page(answer.content.decode())
        found[kind] = (address, page.texts)
        for link in page.links:
            whole = address.split("?")[0] + link if link.startswith("?") else link
            if whole.startswith((start, "/konto/")):
                waiting.append(whole)
    return found


def check(client: Client, start: str, names: list[str]) -> int:
    """Read every page in English; return how many kinds there were."""
    client.cookies["sprak"] = "en"
    found = read_everything(client, start)
    left = [
        f"{address}: {text}"
        for address, texts in found.values()
        for text in swedish_in(texts, names)
    ]
    assert not left, "\n".join(dict.fromkeys(left))
    return len(found)


def test_what_is_swedish_is_found() -> None:
    page = _Page('<p>The <b>plan</b></p><p lang="sv">Planen</p><p title="Behov">År</p>')
    assert page.texts == ["The plan", "Behov", "År"]
    assert swedish_in(page.texts, []) == ["Behov", "År"]
    assert (
        swedish_in(["Norra skolan och gården is in"], ["Norra skolan och gården"]) == []
    )


def test_every_page_of_a_small_case_is_english(
    client_for: ClientFor, done: Study, tiny_tables: Tables
) -> None:
    client = client_for("administrator")
    mine = (done.name, "Första", str(client.user), "Liten")  # type: ignore[attr-defined]
    assert check(client, "/liten/", names_of(tiny_tables, *mine)) > 80


def test_a_swedish_reader_sees_no_english_after_an_english_one(
    client_for: ClientFor, done: Study
) -> None:
    client = client_for("administrator")
    before = client.get("/liten/skal/", follow=True).content
    client.cookies["sprak"] = "en"
    english = client.get("/liten/skal/", follow=True).content
    client.cookies["sprak"] = "sv"
    after = client.get("/liten/skal/", follow=True).content
    assert english != before
    assert _Page(after.decode()).texts == _Page(before.decode()).texts


@pytest.mark.slow
def test_every_page_of_vimmerby_is_english(vimmerby_result: dict[str, Any]) -> None:
    cases.load(("vimmerby",))
    version = Version.objects.get()
    tables, _issues = read_underlag(VIMMERBY)
    result = vimmerby_result
    assert result["meta"]["input_sha256"] == version.fingerprint
    study = jobs.enqueue(None, version, name="Planen")
    Study.objects.filter(pk=study.pk).update(
        state=State.DONE,
        finished_at=study.created_at,
        result=computing.packed_json(result),
    )
    client = Client()
    client.force_login(User.objects.get(email__startswith="administrator@"))
    people = [user.name for user in User.objects.all()]
    mine = ("Planen", "Exemplet som det kom", "Vimmerby", "Exempelpartiet", *people)
    assert check(client, "/vimmerby/", names_of(tables, *mine)) > 150
