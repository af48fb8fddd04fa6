"""The report in English: whole, and Swedish only where people wrote Swedish."""

from __future__ import annotations

import html
import io
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl  # type: ignore[import-untyped]
import pytest
from unit.publish.sample import sample_result
from unit.publish.sample_uncertainty import with_uncertainty

from rodtrad.domain.retell import Swedish, told_result
from rodtrad.domain.words import in_language
from rodtrad.publish.content import build_report
from rodtrad.publish.document_html import render_html
from rodtrad.publish.excel_report import render_workbook
from rodtrad.publish.summary import render_summary
from rodtrad.sources import read_underlag
from rodtrad.sources.catalogue import messages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

VIMMERBY = Path(__file__).parents[3] / "examples" / "vimmerby" / "underlag"
# Texts that people wrote in the underlag, by their key in plan.json.
_NAMES = frozenset(
    [
        "name",
        "municipality",
        "area_name",
        "alternative_name",
        "committee",
        "company",
        "service",
        "area",
        "text",
        "source",
        "criteria",
        "goal_id",
        "description",
        "remark",
        "reference",
        "note",
        "viewpoint",
        "scenario",
        "resource",
        "key",
        "criterion",
        "label",
    ]
)
# Swedish words that no English text has. Not those that both languages have.
_SWEDISH = re.compile(
    r"[åäöÅÄÖ]|\b(och|inte|eller|som|med|till|av|per år|mkr|tkr|kronor|procent|planen|"
    r"projektet|utgift|resultat|balanskravet|behov|ingår|bladet|nyttopoäng)\b",
    re.IGNORECASE,
)
_OWN_WORDS = ("Röd tråd", "rodtrad verify", "MAPP")


def english_page(result: dict[str, Any]) -> str:
    with in_language("en"):
        return render_html(build_report(result)).decode()


def texts_of(page: str) -> list[str]:
    """Return what a reader meets, but for what is marked as Swedish."""
    body = page[page.index("<title>") :]
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r'<span lang="sv">.*?</span>', " ", body, flags=re.DOTALL)
    # A mark of quality stands within a name.
    body = re.sub(r"</?(?:span|b|small|a|code)\b[^>]*>", "", body)
    named = re.findall(r'\b(?:aria-label|title|alt|data-label)="([^"]*)"', body)
    # A drawing breaks a long name in lines: what it says is read in one piece.
    drawn = re.findall(r"<svg.*?</svg>", body, flags=re.DOTALL)
    drawn = [" ".join(re.split(r"<[^>]*>", one)) for one in drawn]
    body = re.sub(r"<svg.*?</svg>", " ", body, flags=re.DOTALL)
    found = [*re.split(r"<[^>]*>", body), *drawn, *named]
    return [" ".join(html.unescape(text).split()) for text in found if text.strip()]


def written_by_people(result: Any, key: str = "") -> Iterator[str]:
    """Yield the names and texts that the result has from the underlag."""
    if isinstance(result, dict):
        for name, value in result.items():
            # The names of the criteria stand under their ids.
            yield from written_by_people(value, key if key == "criteria" else name)
    elif isinstance(result, list):
        for value in result:
            yield from written_by_people(value, key)
    elif isinstance(result, str) and key in _NAMES:
        yield result


def without_names(text: str, names: list[str]) -> str:
    for name in names:
        text = text.replace(name, "")
    return text


@cache
def _ours() -> frozenset[str]:
    """Return the product's own Swedish texts."""
    return frozenset(key.one for key in messages()) - set(_OWN_WORDS)


def swedish_left(
    page: str, result: dict[str, Any], cells: Iterable[str] = ()
) -> list[str]:
    """Return the texts of the page that are Swedish and that nobody wrote.

    `cells` are texts of the underlag that the result does not hold in a place of their own.
    """
    with in_language("en"):
        known = told_result(result)
    # A sentence that was told is ours, and must not be passed over as somebody's.
    names = set(written_by_people(known)) & set(written_by_people(result))
    names |= set(cells)
    names |= {n[:1].upper() + n[1:] for n in names} | {
        n[:1].lower() + n[1:] for n in names
    }
    ordered = sorted(names | set(_OWN_WORDS), key=len, reverse=True)
    ours = _ours()
    left = []
    for text in texts_of(page):
        rest = without_names(text, ordered)
        missed = text in ours and text not in names
        if _SWEDISH.search(rest) or (missed and _SWEDISH.search(rest or text)):
            left.append(text)
    return left


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"currency": "NOK", "completion": False, "companies": False},
        {"projects": 5, "years": 3, "deficit": False, "stopped": "time"},
        {"projects": 60, "stopped": "proof", "choices": False},
    ],
    ids=["whole", "norwegian", "smallest", "large"],
)
def test_the_page_is_english_throughout(options: dict[str, Any]) -> None:
    result = with_uncertainty(sample_result(**options))
    page = english_page(result)
    assert '<html lang="en">' in page
    assert "Investment plan 2026–" in page
    assert swedish_left(page, result) == []


def test_the_search_for_swedish_finds_what_is_left() -> None:
    """The test above would fail if a sentence were missed."""
    result = sample_result()
    page = english_page(result)
    broken = page.replace("<h2", "<p>Utrymmet är större än behovet.</p><h2", 1)
    assert swedish_left(broken, result) == ["Utrymmet är större än behovet."]
    assert len(swedish_left(render_html(build_report(result)).decode(), result)) > 100


def test_the_swedish_page_is_untouched_by_an_english_one() -> None:
    result = sample_result()
    before = render_html(build_report(result))
    assert english_page(result) != before.decode()
    assert render_html(build_report(result)) == before
    assert b'lang="sv">' in before
    assert b'<span lang="sv">' not in before


def test_what_people_wrote_says_that_it_is_swedish_and_is_escaped() -> None:
    result = sample_result()
    row = next(row for row in result["projects"] if row["chosen"])
    row["description"] = "Skolan & gården <b>byggs</b>. https://example.org/skola"
    page = english_page(result)
    assert (
        '<span lang="sv">Skolan &amp; gården &lt;b&gt;byggs&lt;/b&gt;. '
        '<a href="https://example.org/skola" rel="noreferrer">' in page
    )


def test_a_sentence_that_cannot_be_read_back_is_shown_and_marked() -> None:
    result = sample_result()
    reason = next(r for r in result["reasons"] if r["text"])
    reason["text"] = ["En mening ur en äldre version av programmet."]
    page = english_page(result)
    assert '<span lang="sv">En mening ur en äldre version av programmet.</span>' in page


def test_the_summary_and_the_workbook_are_english() -> None:
    result = sample_result()
    result["issues"] = []
    tables, _issues = read_underlag(VIMMERBY)
    with in_language("en"):
        short = render_summary(result)
        book = openpyxl.load_workbook(io.BytesIO(render_workbook(result, tables)))
    assert "The plan is a proposal; the council decides." in short
    assert {"Read me", "Income statement", "Goals"} <= set(book.sheetnames)
    names = sorted(set(written_by_people(result)) | {"Röd tråd"}, key=len, reverse=True)
    headings = [
        without_names(str(cell.value or ""), names)
        for sheet in book
        for row in sheet.iter_rows(max_row=5)
        for cell in row
    ]
    assert [h for h in headings if _SWEDISH.search(h)] == []


@pytest.mark.slow
def test_vimmerbys_page_is_english_but_for_its_underlag(
    vimmerby_result: dict[str, Any],
) -> None:
    """The whole of a real case, with reasons, needs and probabilities."""
    tables, _issues = read_underlag(VIMMERBY)
    result = vimmerby_result
    cells = {
        str(record[column])
        for table in ("scenarios", "alternatives", "viewpoints")
        for record in tables[table].records()
        for column in ("scenario", "name", "viewpoint")
        if column in record
    }
    assert swedish_left(english_page(result), result, cells) == []
    with in_language("en"):
        told = told_result(result)
    kept = [t for r in told["reasons"] for t in r["text"] if isinstance(t, Swedish)]
    assert kept == []
    assert sum(len(r["text"]) for r in told["reasons"]) > 40
