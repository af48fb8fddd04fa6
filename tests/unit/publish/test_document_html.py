"""The page: one file, nothing from outside, every text escaped, a table per chart."""

from __future__ import annotations

import itertools
import re
import time
from html.parser import HTMLParser

import pytest
from unit.publish.sample import sample_result

from rodtrad.publish.blocks import Cell, ChartBlock, Column, Row, TableBlock
from rodtrad.publish.content import build_report
from rodtrad.publish.document_html import render_html, split_years, table_kind

VOID = {"meta", "link", "br", "use", "circle", "path", "rect"}


class Page(HTMLParser):
    """Collects the tags of a page and checks that they nest."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.wrong: list[str] = []
        self.feed(page.decode("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"{tag} at {self.getpos()}")

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def page() -> bytes:
    return render_html(build_report(sample_result()))


def test_tags_nest_and_ids_are_unique(page: bytes) -> None:
    parsed = Page(page)
    assert parsed.wrong == []
    assert parsed.open == []
    ids = [a["id"] for _tag, a in parsed.tags if "id" in a]
    assert len(ids) == len(set(ids))
    targets = {a["href"] for a in parsed.all("a") if str(a["href"]).startswith("#")}
    assert targets <= {f"#{name}" for name in ids}


def test_nothing_is_asked_for_outside_the_file(page: bytes) -> None:
    text = page.decode("utf-8")
    parsed = Page(page)
    assert parsed.all("script") == []
    for _tag, attrs in parsed.tags:
        # A link may lead out; it asks for nothing until someone follows it.
        names = ("src", "srcset", "action", "data") + (() if _tag == "a" else ("href",))
        for name in names:
            value = attrs.get(name)
            assert value is None or value.startswith(("#", "data:")), value
        assert not any(name.startswith("on") for name in attrs)
    for target in re.findall(r"url\(\s*[\"']?([^)\"']*)", text):
        assert target.startswith(("#", "data:")), target[:60]
    assert "@import" not in text
    policy = next(
        a["content"] for a in parsed.all("meta")
        if a.get("http-equiv") == "Content-Security-Policy"
    )  # fmt: skip
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_language_title_and_headings(page: bytes) -> None:
    parsed = Page(page)
    assert parsed.all("html")[0]["lang"] == "sv"
    assert len(parsed.all("h1")) == 1
    assert b"<title>Investeringsplan 2026\xe2\x80\x932035" in page
    levels = [int(tag[1]) for tag, _a in parsed.tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))


def test_every_chart_has_three_widths_an_alt_text_and_a_table(page: bytes) -> None:
    report = build_report(sample_result())
    charts = [
        b.figure for s in report.sections for b in s.blocks if isinstance(b, ChartBlock)
    ]
    text = page.decode("utf-8")
    figures = re.findall(r'<figure class="chart">.*?</figure>', text, re.DOTALL)
    assert len(figures) == len(charts) >= 8
    for shown in figures:
        for size in ("wid", "mid", "nar"):
            assert f'class="ch {size}"' in shown
        assert shown.count('role="img" aria-label="') >= 3
        assert "Visa som tabell" in shown
        assert "<table" in shown


def test_tables_are_labelled_focusable_and_have_heads(page: bytes) -> None:
    parsed = Page(page)
    regions = [a for a in parsed.all("div") if a.get("class") == "scroll"]
    assert len(regions) == len(parsed.all("table")) == len(parsed.all("caption"))
    for attrs in regions:
        assert attrs["tabindex"] == "0"
        assert attrs["role"] == "region"
        assert attrs["aria-label"]
    assert all(a.get("scope") for a in parsed.all("th"))


def test_texts_from_outside_are_escaped() -> None:
    result = sample_result()
    bad = '<img src=x onerror="alert(1)">&\'"'
    result["meta"]["municipality"] = bad
    result["meta"]["remark"] = bad
    result["quality"]["assumptions"][0]["text"] = bad
    result["goals"][0]["name"] = bad
    result["limits"][0]["text"] = bad
    result["law"][0]["note"] = bad
    result["companies"][0]["company"] = bad
    result["meta"]["input_sha256"] = '"}</style><script>'
    result["meta"]["method_version"] = "1;}*{display:none"
    for project in result["projects"]:
        for key in ("name", "committee", "driver", "nira", "description", "source",
                    "alternative_name", "gate", "project_id"):  # fmt: skip
            project[key] = bad
    for reason in result["reasons"]:
        reason["text"] = [bad]
    for row in result["agreement"]:
        row["project_id"] = bad
    for viewpoint in result["agreement_basis"]["viewpoints"]:
        viewpoint["viewpoint"] = bad
    result["agreement_basis"]["criteria"] = {"behov": bad}
    result["beside"]["near"]["plans"][0]["text"] = [bad, bad]
    page = render_html(build_report(result)).decode("utf-8")
    assert "<img" not in page
    assert "<script" not in page
    assert page.count("</style>") == 1
    assert "*{display" not in page.split("</style>")[0]
    assert "&lt;img" in page
    parsed = Page(page.encode())
    assert not [a for _t, a in parsed.tags if any(n.startswith("on") for n in a)]


def test_addresses_in_sources_become_links_and_nothing_else_does() -> None:
    result = sample_result()
    source = 'Se https://example.org/a?b=1&c="x". javascript:alert(1)'
    result["projects"][0]["source"] = source
    parsed = Page(render_html(build_report(result)))
    out = {a["href"] for a in parsed.all("a") if not str(a["href"]).startswith("#")}
    assert out == {"https://example.org/a?b=1&c="}


def test_first_page_shows_notice_status_and_currency() -> None:
    result = sample_result(currency="NOK", stopped="time")
    head = (
        render_html(build_report(result))
        .decode("utf-8")
        .split('<div class="story">')[0]
    )
    for words in ("Alla belopp är i norska kronor (NOK).", "Tiden tog slut.",
                  "Läs det här först.", "Antaganden som betyder mest.",
                  "<dt>Låneränta</dt><dd>2,7\u00a0procent per år</dd>",
                  "Betyg och vikter är illustrationer"):  # fmt: skip
        assert words in head


def test_quality_marks_are_named(page: bytes) -> None:
    marks = [a for a in Page(page).all("span") if a.get("class") == "mark"]
    assert marks
    assert {a["aria-label"] for a in marks} == {"uppgift", "beräkning", "antagande"}


def test_many_years_are_set_as_several_tables() -> None:
    years = [str(y) for y in range(2026, 2056)]
    table = TableBlock(
        "T",
        "s",
        (Column("Rad", "left"), *(Column(y) for y in years)),
        (Row("a", tuple(Cell(y, int(y)) for y in years)), Row("grupp", (), "group")),
    )
    parts = split_years(table)
    assert [len(p.columns) - 1 for p in parts] == [10, 10, 10]
    assert [c.text for p in parts for c in p.rows[0].cells] == years
    assert all(p.columns[0].label == "Rad" for p in parts)
    assert "years" in table_kind(table)


def test_equal_reports_give_equal_bytes(page: bytes) -> None:
    assert render_html(build_report(sample_result())) == page


@pytest.mark.slow
def test_two_hundred_and_sixty_projects_are_quick_and_small() -> None:
    result = sample_result(projects=260)
    start = time.process_time()
    page = render_html(build_report(result))
    assert time.process_time() - start < 1.5
    assert len(page) < 3_000_000
