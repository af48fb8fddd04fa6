"""Figures, marks, charts and tables as the templates show them, in both languages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation
from unit.publish.sample import sample_result

from rodtrad.domain.retell import Swedish
from rodtrad.domain.words import in_language
from rodtrad.publish.blocks import (
    Cell,
    Column,
    Figure,
    Row,
    Section,
    Series,
    TableBlock,
    Text,
)
from rodtrad.publish.content import build_report
from rodtrad.web.templatetags import rodtrad as tags


def shown(source: str, **context: Any) -> str:
    return Template("{% load rodtrad %}" + source).render(Context(context))


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("name", "value", "swedish", "english"),
    [
        ("number", 1250.45, "1 250", "1,250"),
        ("number:1", -1250.45, "−1 250,5", "−1,250.5"),
        ("tkr", 280_000, "280 000", "280,000"),
        ("mkr", 280_400, "280,4", "280.4"),
        ("mkr:0", 1_280_400, "1 280", "1,280"),
        ("money", 280_000, "280 miljoner kronor", "SEK 280 million"),
        ("money", 2_800, "2,8 miljoner kronor", "SEK 2.8 million"),
        ("money", 250, "250 000 kronor", "SEK 250,000"),
        (
            "per_inhabitant",
            18_346,
            "18 300 kronor per invånare",
            "SEK 18,300 per inhabitant",
        ),
        ("share", 0.02, "2,0 %", "2.0%"),
        ("share_text", 0.02, "2 procent", "2 percent"),
        ("year_list", [2027, 2028, 2032], "2027–2028 och 2032", "2027–2028 and 2032"),
        ("names", ["A", "B"], "”A” och ”B”", "“A” and “B”"),
        ("day", date(2025, 8, 31), "den 31 augusti 2025", "31 August 2025"),
        ("day", "2025-08-31", "den 31 augusti 2025", "31 August 2025"),
        ("iso_day", date(2025, 8, 31), "2025-08-31", "2025-08-31"),
        (
            "moment",
            datetime(2025, 8, 31, 12, 32, tzinfo=UTC),
            "2025-08-31 14.32",
            "2025-08-31 14:32",
        ),
        ("percent_whole", 0.999, "över 99 %", None),
        ("cases_of_ten", 0.79, "8 av 10", None),
        ("cases_of_ten", 0.04, "Färre än 1 av 10", None),
    ],
)
def test_numbers_in_both_languages(
    name: str, value: Any, swedish: str, english: str | None
) -> None:
    source = "{{ x|" + name + " }}"
    assert plain(shown(source, x=value)) == swedish
    with translation.override("en"), in_language("en"):
        if english is not None:
            assert plain(shown(source, x=value)) == english


@pytest.mark.parametrize("value", [None, "", "abc", float("nan"), float("inf")])
def test_what_is_missing_is_never_a_number(value: Any) -> None:
    for name in (
        "number",
        "tkr",
        "mkr",
        "money",
        "per_inhabitant",
        "share",
        "share_text",
    ):
        assert shown("{{ x|" + name + " }}", x=value) == "–", name


def test_the_mark_stands_after_the_last_word_before_the_stop() -> None:
    out = shown('{% rated "Taket är 42 000." "antagande" %}')
    assert out.startswith(
        'Taket är 42 <span class="nb">000<span class="mark" role="img" aria-label="antagande"'
    )
    assert out.endswith("</span>.")
    assert shown('{% rated "Taket." "" %}') == "Taket."
    assert shown('{% quality "något annat" %}') == ""


def test_addresses_become_links_and_nothing_else_does() -> None:
    out = shown("{% rated t %}", t="Se https://scb.se/x. <b>javascript:alert(1)</b>")
    assert '<a href="https://scb.se/x" rel="noreferrer">' in out
    assert "<b>" not in out
    assert out.count("<a ") == 1


def table(rows: int = 2) -> TableBlock:
    return TableBlock(
        "<i>Resultat</i>",
        "mkr",
        (Column("År", "left"), Column("Utfall")),
        tuple(
            Row(
                str(2026 + i),
                (Cell(f"{i},0", float(i), mood="missed" if i else "normal"),),
            )
            for i in range(rows)
        ),
        "<b>not</b>",
    )


def test_a_table_has_caption_scope_and_words_for_what_is_missed() -> None:
    out = shown("{% table t sort=True %}", t=table())
    assert "<i>" not in out
    assert "<b>" not in out
    assert '<caption class="vh">&lt;i&gt;Resultat' in out
    assert '<th scope="col">År' in out
    assert '<th scope="row">2026' in out
    assert 'role="region" aria-label=' in out
    assert out.count("nås inte") == 1
    assert 'data-value="1.0"' in out


def test_a_figure_has_three_widths_and_its_table() -> None:
    figure = Figure(
        "lines",
        "Resultatet sviktar",
        "mkr",
        'Kurva <"å">',
        table(),
        ("2026", "2027"),
        (Series("a", "planen", (1.0, 2.0)),),
    )
    out = shown(
        "{% figure f c 2 %}", f=figure, c=[Text("ur underlaget", quality="antagande")]
    )
    for size in ("wid", "mid", "nar"):
        assert out.count(f'class="ch {size}"') == 1
    assert "<h2>Resultatet sviktar</h2>" in out
    assert "Visa som tabell" in out
    assert '<td class="num">0,0' in out
    assert 'aria-label="Kurva &lt;&quot;å&quot;&gt;"' in out
    assert "style" not in out


def test_every_chapter_of_a_report_can_stand_on_a_page() -> None:
    report = build_report(sample_result())
    for section in report.sections:
        out = shown("{% blocks s %}", s=section)
        assert "style=" not in out
        assert "<style" not in out
        for block in section.blocks:
            title = getattr(block, "title", "") or getattr(
                getattr(block, "figure", None), "title", ""
            )
            assert title.split("&")[0][:12] in out
    assert shown("{% blocks s %}", s=None) == ""
    assert (
        shown("{% blocks s %}", s=Section(1, "x", (), ()))
        == '<div class="blocks"></div>'
    )


def test_only_what_stays_swedish_is_marked_so() -> None:
    source = "{{ t|said }}|{% rated t %}|{{ t|written }}"
    assert shown(source, t="A <b>") == "A &lt;b&gt;|A &lt;b&gt;|A &lt;b&gt;"
    with in_language("en"):
        marked = '<span lang="sv">Å &lt;</span>'
        assert shown("{{ t|said }}|{% rated t %}", t=Swedish("Å <")) == (
            f"{marked}|{marked}"
        )
        assert shown("{{ t|said }}", t=["A.", Swedish("Å <")]) == f"A. {marked}"
        assert shown("{% rated t|written %}", t="Å <") == marked
        report = build_report(sample_result())
        assert 'lang="sv"' not in shown("{% table t %}", t=table())
        assert "<h3>" in shown("{% blocks s %}", s=report.sections[0])


def test_a_head_sorts_one_way_and_then_the_other() -> None:
    for asked, state, wanted in (
        ("?ordning=namn&sida=3&q=skola", "ascending", "?ordning=-namn&amp;q=skola"),
        ("?ordning=-namn", "descending", "?ordning=namn"),
        ("?ordning=start", "", "?ordning=namn"),
    ):
        out = shown(
            '{% sort_head "Namn" "namn" %}', request=RequestFactory().get("/" + asked)
        )
        assert (f'aria-sort="{state}"' in out) if state else ("aria-sort" not in out)
        assert f'href="{wanted}"' in out


def test_circles_and_bars_show_what_the_words_say() -> None:
    assert str(tags.ten_circles(0.79)).count('fill="var(--ok)"') == 8
    assert str(tags.gate_bars("G5")).count("var(--ink)") == 6
    assert str(tags.gate_bars(None)).count("var(--ink)") == 0
    assert tags.sparkline([None, 1.0]) == ""
    assert "nan" not in str(tags.sparkline([1.0, float("nan"), 1.0]))
    assert tags.gauge(None) == ""


@pytest.mark.parametrize(
    ("person", "letters"),
    [("Eva Ek", "EE"), ("eva@kommun.example", "EK"), ("", "?"), (None, "?")],
)
def test_initials(person: Any, letters: str) -> None:
    assert tags.initials(person) == letters
