"""The chapters on needs and on how sure the plan is: words, charts, tables, sheets."""

from __future__ import annotations

import io
import re
from typing import Any
from xml.etree import ElementTree

import openpyxl  # type: ignore[import-untyped]
import pytest
from unit.plan.tiny import goal, project, tiny_tables
from unit.publish.sample import sample_result
from unit.publish.sample_uncertainty import sample_risk, with_uncertainty
from unit.publish.test_same_figures import html_text, pdf_text, squeezed, tables

from rodtrad.domain.components import build_tables
from rodtrad.domain.words import NBSP
from rodtrad.publish import needs, needs_places, svg, uncertainty
from rodtrad.publish.blocks import (
    Callout,
    ChartBlock,
    Figure,
    KeyFigures,
    Paragraphs,
    Report,
    Section,
    TableBlock,
)
from rodtrad.publish.chances import (
    chance_cell,
    chance_text,
    chance_word,
    error_points,
    error_sentence,
    tens_text,
)
from rodtrad.publish.content import build_report
from rodtrad.publish.document_html import render_html
from rodtrad.publish.document_pdf import (
    PICTURE_HEIGHT,
    drawn_height,
    pictures_of,
    render_pdf,
)
from rodtrad.publish.excel_report import render_workbook
from rodtrad.publish.summary import render_summary
from rodtrad.publish.svg_uncertainty import filled_circles
from rodtrad.study import Settings, run


@pytest.fixture(scope="module")
def report() -> Report:
    return build_report(with_uncertainty(sample_result()))


def chapter(report: Report, anchor: str) -> Section:
    return next(s for s in report.sections if s.anchor == anchor)


def charts(section: Section) -> list[Figure]:
    return [b.figure for b in section.blocks if isinstance(b, ChartBlock)]


def texts_of(section: Section) -> list[str]:
    """Return every sentence, caption, note, title and cell of a chapter."""
    texts = [t.text for t in section.lead]
    for block in section.blocks:
        if isinstance(block, Paragraphs | Callout):
            texts += [t.text for t in block.texts]
        if isinstance(block, KeyFigures):
            texts += [x for i in block.items for x in (i.label, i.text, i.note)]
        found = block.figure.table if isinstance(block, ChartBlock) else block
        if isinstance(block, ChartBlock):
            figure = block.figure
            texts += [t.text for t in block.caption]
            texts += [figure.title, figure.unit, figure.alt]
            texts += [x for r in figure.ranks for x in (r.text, r.words)]
            texts += [c.text for row in figure.heat for c in row.cells]
        if isinstance(found, TableBlock):
            texts += [found.title, found.subtitle, found.note]
            texts += [c.text for row in found.rows for c in row.cells]
    return texts


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("share", "draws", "text"),
    [
        (0.823, 1000, "82 procent, ± 2"),
        (0.823, 10_000, "82 procent, ± 1"),
        (0.0, 1000, "under 1 procent"),
        (1.0, 1000, "över 99 procent"),
        # A hundred draws cannot tell 0 from 2 per cent.
        (0.0, 100, "1 procent, ± 2"),
        (1.0, 100, "99 procent, ± 2"),
    ],
)
def test_a_probability_has_its_error(share: float, draws: int, text: str) -> None:
    assert chance_text(share, draws).replace(NBSP, " ") == text


def test_the_error_covers_nineteen_of_twenty_repeats() -> None:
    from random import Random

    rng, draws, truth = Random(4), 400, 0.83
    misses = 0
    for _again in range(400):
        share = sum(rng.random() < truth for _draw in range(draws)) / draws
        misses += abs(share - truth) * 100 > error_points(share, draws) + 0.5
    assert misses <= 40


@pytest.mark.parametrize(
    ("share", "word"),
    [
        (0.995, "nästan säkert"),
        (0.95, "mycket sannolikt"),
        # Rounded as it is shown: 90 per cent has the word of 90 per cent.
        (0.896, "mycket sannolikt"),
        (0.894, "sannolikt"),
        (0.5, "ovisst"),
        (0.2, "mindre sannolikt"),
        (0.05, "osannolikt"),
        (0.001, "nästan uteslutet"),
    ],
)
def test_words_of_probability(share: float, word: str) -> None:
    assert chance_word(share) == word


def test_cases_of_ten_and_circles_agree() -> None:
    assert tens_text(0.91) == "Fler än 9 av 10"
    assert tens_text(0.04) == "Färre än 1 av 10"
    for percent in range(10, 91):
        share = percent / 100
        assert tens_text(share) == f"{int(filled_circles(share))} av 10"
    assert filled_circles(0.999) < 10
    assert filled_circles(0.0) > 0


def test_a_missing_probability_is_a_dash() -> None:
    assert chance_cell(None) == chance_cell(float("nan")) == "–"
    assert error_sentence([None], 100) == error_sentence([0.5], 1) == ""


# ---------------------------------------------------------------- when there is nothing


def test_without_draws_there_is_no_chapter() -> None:
    report = build_report(sample_result())
    assert not {"behoven", "sannolikhet"} & {s.anchor for s in report.sections}
    basis = chapter(report, "hur-sakert")
    strong = [t.strong for b in basis.blocks if isinstance(b, Callout) for t in b.texts]
    assert "Sannolikheter är inte beräknade i den här körningen." in strong


def test_with_draws_nobody_says_that_there_are_none(report: Report) -> None:
    basis = chapter(report, "hur-sakert")
    strong = [t.strong for b in basis.blocks if isinstance(b, Callout) for t in b.texts]
    assert not any("Sannolikheter" in text for text in strong)


def test_parts_of_the_needs_alone() -> None:
    whole = with_uncertainty(sample_result())["need_forecast"]
    for key, anchor_title in (("renewal", "förnyelse"), ("places", "platser")):
        empty: dict[str, Any] = {
            "renewal": None,
            "backlog": None,
            "places": None,
            "stories": [],
        }
        result = sample_result() | {
            "need_forecast": {**whole, **empty, key: whole[key]}
        }
        section = needs.forecast_section(result)
        assert section is not None
        assert section.title == f"Behov av {anchor_title}"
    nothing = sample_result() | {"need_forecast": {**whole, **empty}}
    nothing["need_forecast"]["notes"] = []
    assert needs.forecast_section(nothing) is None


# ---------------------------------------------------------------- how sure


def test_the_first_sentence_is_the_answer(report: Report) -> None:
    lead = [t.text.replace(NBSP, " ") for t in chapter(report, "sannolikhet").lead]
    assert lead[0] == (
        "Det är sannolikt (82 procent, ± 2) att kommunen klarar balanskravet "
        "alla år 2026–2035."
    )
    assert lead[1] == "Så blev det i 823 av 1 000 beräkningar."
    assert "antaganden om räntor och byggpriser" in lead[2]
    assert "docs/backtest.md, som följer med Röd tråds källkod." in lead[-1]


def test_between_a_third_and_two_thirds_it_is_uncertain() -> None:
    result = with_uncertainty(sample_result())
    result["uncertainty"]["all_years"]["balanskrav"]["share"] = 0.5
    first, *_rest = uncertainty.balance_chance(result)
    assert first.startswith("Det är ovisst (50")
    assert first.endswith("Det kan gå åt båda hållen.")


def test_every_probability_stands_beside_its_assumptions(report: Report) -> None:
    basis = "antaganden om räntor och byggpriser"
    shown = 0
    for block in chapter(report, "sannolikhet").blocks:
        if isinstance(block, ChartBlock) and block.figure.kind in ("tens", "chances"):
            assert any(basis in t.text for t in block.caption)
            assert any(t.quality == "antagande" for t in block.caption)
            shown += 1
        if isinstance(block, TableBlock) and "Sannolikhet" in [
            c.label for c in block.columns
        ]:
            assert basis in block.note
            shown += 1
        if isinstance(block, Paragraphs):
            assert any(basis in t.text for t in block.texts)
            shown += 1
    assert shown == 4
    # Page one names them too.
    assert any(basis in t.text for t in report.notice)


def test_a_probability_without_assumptions_names_none() -> None:
    result = with_uncertainty(sample_result(), certainty=False)
    result["uncertainty"]["assumed"] = []
    section = uncertainty.uncertainty_section(result)
    assert section is not None
    assert not any("antaganden om" in text for text in texts_of(section))


def test_nothing_is_certain_or_impossible_and_nothing_is_nan(report: Report) -> None:
    for anchor in ("behoven", "sannolikhet"):
        for text in texts_of(chapter(report, anchor)):
            plain = text.replace(NBSP, " ")
            assert "nan" not in plain.lower().split()
            assert "None" not in plain
    for figure in charts(chapter(report, "sannolikhet")):
        if figure.kind in ("tens", "chances"):
            cells = [c.text for row in figure.heat for c in row.cells]
            cells += [c.text for r in figure.table.rows for c in r.cells]
            cells += [r.text for r in figure.ranks]
            for cell in cells:
                assert cell.split(NBSP)[0] not in ("0", "100")


def test_page_one_says_how_sure_and_what_more_would_cost(report: Report) -> None:
    lede = " ".join(t.text for t in report.lede).replace(NBSP, " ")
    assert "Det är sannolikt (82 procent, ± 2)" in lede
    assert "Minst säkert av målen som måste hållas är" in lede
    assert "kostar 22 nyttopoäng" in lede
    assert "Platserna väntas inte räcka i förskola" in lede


def test_the_command_line_says_it_too() -> None:
    result = with_uncertainty(sample_result())
    text = re.sub(r"\s+", " ", render_summary(result).replace(NBSP, " "))
    assert "Det är sannolikt (82 procent, ± 2)" in text
    assert "antaganden om räntor och byggpriser" in text
    assert "Omkring 47 miljoner kronor om året behöver förnyas" in text
    assert "Platserna väntas räcka i skola alla år" in text


def test_fans_hold_the_bands_the_middle_and_the_goals(report: Report) -> None:
    fans = [f for f in charts(chapter(report, "sannolikhet")) if f.bands]
    assert [f.percent for f in fans] == [True, False]
    result, loans = fans
    assert [b.role for b in result.bands] == ["outer", "inner"]
    assert {s.label for s in result.series} == {"Mitten", "Planen"}
    assert len(result.limits) == 2
    assert [limit.operator for limit in loans.limits] == [""]
    for fan in fans:
        outer, inner = fan.bands
        for low, high, a, b in zip(
            outer.low, outer.high, inner.low, inner.high, strict=True
        ):
            assert low is not None
            assert high is not None
            assert a is not None
            assert b is not None
            assert low < a < b < high


def test_without_finer_quantiles_there_is_one_band() -> None:
    result = with_uncertainty(sample_result(debt_goal=False))
    chart = uncertainty.fan_chart(result, "nettolan")
    assert chart is not None
    assert [b.role for b in chart.bands] == ["outer"]
    section = uncertainty.uncertainty_section(result)
    assert section is not None
    assert sum(bool(f.bands) for f in charts(section)) == 2


def test_drivers_are_ranked_and_what_dampens_is_told(report: Report) -> None:
    chart = next(
        f for f in charts(chapter(report, "sannolikhet")) if f.kind == "ranked"
    )
    assert chart.title.replace(NBSP, " ") == (
        "Skatteunderlaget betyder mest: 61 procent av osäkerheten"
    )
    assert [r.label for r in chart.ranks] == ["Skatteunderlaget", "Räntan"]
    assert chart.table.columns[-1].label == "Förseningar"
    assert "dämpar" in chart.table.note


def test_stress_tests_say_what_breaks(report: Report) -> None:
    table = next(
        b
        for b in chapter(report, "sannolikhet").blocks
        if isinstance(b, TableBlock) and "stresstest" in b.title
    )
    assert table.title == "Balanskravet klaras i ett av två stresstester"
    first, second = table.rows
    assert first.cells[2].text.replace(NBSP, " ") == "58 %, ± 3"
    assert first.cells[3].text == "Inget"
    assert second.cells[2].text.replace(NBSP, " ") == "<1 %"
    assert second.cells[3].text == "Balanskravet (2028–2029)"
    assert "utan motdrag" in table.note


def test_assumptions_that_move_nothing_and_unknown_ones() -> None:
    result = with_uncertainty(sample_result())
    shown = uncertainty.assumption_table(result)
    every = uncertainty.assumption_table(result, None)
    assert shown is not None
    assert every is not None
    assert [r.header for r in shown.rows] == ["Räntans svängningar"]
    assert len(every.rows) == 2
    assert shown.rows[0].cells[0].text.replace(NBSP, " ") == "0,4–1,2 %"
    assert "15\u00a0procentenheter" in shown.title


def test_the_price_of_safety() -> None:
    result = with_uncertainty(sample_result())
    told = [t.replace(NBSP, " ") for t in uncertainty.risk_sentences(result)]
    assert told[0].startswith(
        "Att klara balanskravet 2026–2035 med sannolikheten 90 procent eller mer "
        "kostar 22 nyttopoäng."
    )
    assert "Ett projekt byter startår." in told
    assert "Ett projekt byter alternativ." in told
    assert "Utgifterna blir 209 miljoner kronor lägre, i 2025 års priser." in told
    table = uncertainty.risk_table(result)
    assert table is not None
    assert len(table.rows) == 3


def test_a_certainty_that_no_plan_reached_is_not_called_impossible() -> None:
    result = with_uncertainty(sample_result())
    result["risk"] = sample_risk(result, "not_met")
    first, second, *_rest = uncertainty.risk_sentences(result)
    assert "Det är inte bevisat att ingen finns." in first
    assert "72" in second


def test_a_plan_that_falls_short_by_chance_is_told_so_with_its_error() -> None:
    result = with_uncertainty(sample_result())
    result["risk"] = {
        **sample_risk(result, "not_met"),
        "judged": 0.907,
        "probability": 0.89975,
    }
    told = [t.replace(NBSP, " ") for t in uncertainty.risk_sentences(result)]
    assert told[:3] == [
        "Sannolikheten att klara balanskravet 2026–2035 blev 89,9 procent, ± 0,9, "
        "strax under 90 procent.",
        "Det är räknat på nya dragningar. I dem som planen valdes på var "
        "sannolikheten 90,7 procent; skillnaden är slump.",
        "Planen kostar 22 nyttopoäng.",
    ]
    assert not any("Ingen plan hittades" in text for text in told)
    result["risk"]["differences"] = {}
    assert len(uncertainty.risk_sentences(result)) == 2


def test_a_plan_that_reaches_the_share_itself_does_not_make_safety_free() -> None:
    result = with_uncertainty(sample_result())
    result["risk"]["base_probability"] = 0.9005
    first = uncertainty.risk_sentences(result)[0].replace(NBSP, " ")
    assert "90 procent och marginal för slumpfelet kostar 22 nyttopoäng" in first
    section = uncertainty.uncertainty_section(result)
    assert section is not None
    assert any("hade inte marginal nog" in text for text in texts_of(section))


def test_debt_against_taxes_has_a_fan_of_two_fields_where_it_is_a_goal() -> None:
    """The quantiles in plan.json alone would give the outer field only."""
    tables = tiny_tables(
        project("skola", [6_000.0], 10.0, operating=300.0, gate="G3"),
        goals=[goal("skuld", "nettolan", 0.9)],
    )
    only = ("plan", "uncertainty")
    result = run(tables, Settings(draws=50, only=only)).result
    section = uncertainty.uncertainty_section(result)
    assert section is not None
    (chart,) = [c for c in charts(section) if "nettolåneskulden" in c.title]
    assert [band.role for band in chart.bands] == ["outer", "inner"]


def test_a_plan_that_is_safe_enough_costs_nothing() -> None:
    result = with_uncertainty(sample_result())
    result["risk"]["differences"] = {}
    told = uncertainty.risk_sentences(result)
    assert len(told) == 1
    assert told[0].startswith("Planen klarar redan balanskravet")
    assert uncertainty.risk_table(result) is None


def test_certainty_without_draws_of_its_own() -> None:
    result = sample_result()
    result["risk"] = sample_risk(result)
    section = uncertainty.uncertainty_section(result)
    assert section is not None
    assert not charts(section)


# ---------------------------------------------------------------- needs


def test_the_three_measures_stand_side_by_side_and_are_never_added(
    report: Report,
) -> None:
    section = chapter(report, "behoven")
    measures = next(b for b in section.blocks if isinstance(b, KeyFigures))
    assert [i.value for i in measures.items] == [62_000.0, 140_000.0, 4_800.0]
    assert all(i.note.endswith("?") for i in measures.items)
    warned = [t.text for b in section.blocks if isinstance(b, Callout) for t in b.texts]
    assert any("Måtten läggs aldrig ihop." in text for text in warned)
    table = next(
        b
        for b in section.blocks
        if isinstance(b, TableBlock) and "underhållsskulden" in b.title
    )
    assert not any(row.kind == "sum" for row in table.rows)
    assert "läggs aldrig ihop" in table.note
    added = 62_000.0 + 140_000.0 + 4_800.0
    for text in texts_of(section):
        assert f"{added / 1000:.1f}".replace(".", ",") not in text


def test_renewal_has_its_band_and_a_row_for_each_class(report: Report) -> None:
    chart = charts(chapter(report, "behoven"))[0]
    assert chart.title.replace(NBSP, " ") == (
        "Omkring 47 miljoner kronor om året behöver förnyas"
    )
    assert [r.header for r in chart.table.rows][:3] == [
        "Yttertak",
        "Ledning",
        "Summa, väntat",
    ]
    assert [r.quality for r in chart.table.rows][:2] == ["antagande", "berakning"]
    assert chart.bands[0].high[0] == pytest.approx(1.7 * 49.0)


def test_places_against_supply_with_the_latest_decision(report: Report) -> None:
    section = chapter(report, "behoven")
    titles = [f.title for f in charts(section)[1:]]
    assert titles == [
        "Förskola: som mest saknas 40 platser, 2026",
        "Skola: platserna räcker, 100 är lediga 2035",
    ]
    table = needs_places.places_table(with_uncertainty(sample_result()))
    assert table is not None
    short = next(r for r in table.rows if r.cells and r.cells[2].value == 40.0)
    assert short.cells[5].text == "2026: hyra lokaler; 2027: paviljong"
    # The year before the plan is known, but not told.
    assert charts(section)[1].labels[0] == "2026"


def test_the_chance_shown_is_the_largest_of_the_plans_years() -> None:
    result = with_uncertainty(sample_result())
    found = result["need_forecast"]["places"]
    row = found["rows"][0]
    first = found["years"].index(result["years"][0])
    # Fewest places to spare in the first year, most uncertain in the third.
    row["need"] = [90.0] + [50.0] * (len(row["need"]) - 1)
    row["need"][first] = 90.0
    row["supply"] = [100.0] * len(row["need"])
    row["shortage_share"] = [0.9] + [0.0] * (len(row["need"]) - 1)
    row["shortage_share"][first] = 0.002
    row["shortage_share"][first + 2] = 0.03
    table = needs_places.places_table(result)
    assert table is not None
    shown = next(r for r in table.rows if r.cells)
    assert (shown.cells[2].value, shown.cells[3].value) == (None, 0.03)
    assert "var för sig" in str(table.subtitle)


def test_look_backs_say_what_is_of_today(report: Report) -> None:
    section = chapter(report, "behoven")
    told = " ".join(
        text.text
        for block in section.blocks
        if isinstance(block, Paragraphs)
        for text in block.texts
    )
    assert "Inget som blev känt senare" not in told
    assert "antaganden som gjorts i efterhand" in told


def test_a_decision_that_is_too_late() -> None:
    result = with_uncertainty(sample_result())
    shortage = result["need_forecast"]["places"]["shortages"][0]
    for way in shortage["decide_by"]:
        way["passed"] = True
    assert needs_places.decision_text(shortage) == "har passerat"
    assert any("Inget sätt" in text for text in needs.need_sentences(result))


def test_a_service_without_known_places_has_no_shortage() -> None:
    result = with_uncertainty(sample_result())
    for row in result["need_forecast"]["places"]["rows"]:
        row["supply"] = [0.0] * len(row["supply"])
    assert needs.shortage_front(result) == []
    chart = needs_places.places_chart(result, "förskola")
    assert chart is not None
    assert [s.key for s in chart.series] == ["need"]


def test_past_decisions_with_the_probability_of_then(report: Report) -> None:
    section = chapter(report, "behoven")
    table = needs_places.stories_table(with_uncertainty(sample_result()))
    assert table is not None
    assert table.title == (
        "Behoven väntades minska för Södra förskolan och öka för Solbacken"
    )
    first, second = table.rows
    assert [c.text for c in first.cells][:2] == ["−92", "120"]
    assert first.cells[2].text.replace(NBSP, " ") == "<1 %"
    assert second.cells[2].text.replace(NBSP, " ") == "90 %"
    headings = [b.title for b in section.blocks if isinstance(b, Paragraphs)]
    assert any(
        h.replace(NBSP, " ") == "Södra förskolan: färre väntades (93 procent, ± 2)"
        for h in headings
    )
    assert "slumpfelet" in table.note


# ---------------------------------------------------------------- every form


@pytest.mark.parametrize("years", [10, 20])
def test_every_cell_is_on_the_page_and_on_paper(years: int) -> None:
    report = build_report(with_uncertainty(sample_result(years=years)))
    web, paper = html_text(render_html(report)), pdf_text(render_pdf(report))
    cells = 0
    for anchor in ("behoven", "sannolikhet"):
        section = chapter(report, anchor)
        part = Report("", "", (), (), report.status, report.key_figures, (section,), {})
        for table in tables(part):
            for row in table.rows:
                for text in [row.header, *(c.text for c in row.cells)]:
                    assert squeezed(text) in web
                    assert squeezed(text) in paper
                    cells += 1
        for text in texts_of(section)[: len(section.lead)]:
            assert squeezed(text) in web
            assert squeezed(text) in paper
    assert cells > 200


@pytest.mark.parametrize("width", [svg.WIDE, svg.MIDDLE, svg.NARROW])
def test_charts_are_drawn_within_their_frame(report: Report, width: int) -> None:
    drawn = 0
    for anchor in ("behoven", "sannolikhet"):
        for figure in charts(chapter(report, anchor)):
            root = ElementTree.fromstring(svg.draw(figure, width, "light"))
            _x, _y, wide, high = (float(v) for v in root.attrib["viewBox"].split())
            for node in root.iter():
                for key in ("x", "cx"):
                    if key in node.attrib:
                        assert -1 <= float(node.attrib[key]) <= wide + 1
                if node.tag.endswith("circle") and "cy" in node.attrib:
                    assert 0 <= float(node.attrib["cy"]) <= high
            assert "nan" not in svg.draw(figure, width)
            drawn += 1
    assert drawn == 8


def test_bands_are_drawn_and_named(report: Report) -> None:
    fan = next(f for f in charts(chapter(report, "sannolikhet")) if f.bands)
    picture = svg.draw(fan)
    assert "var(--band1)" in picture
    assert "var(--band2)" in picture
    assert [label for _role, label in svg.legend_items(fan)] == [
        "Åtta fall av tio",
        "Hälften",
    ]


def test_a_long_list_of_goals_is_cut_to_fit_the_page(report: Report) -> None:
    from dataclasses import replace

    chart = next(f for f in charts(chapter(report, "sannolikhet")) if f.kind == "tens")
    many = replace(chart, ranks=chart.ranks * 12)
    pictures = pictures_of(many)
    assert len(pictures) > 1
    assert all(drawn_height(picture) <= PICTURE_HEIGHT for picture in pictures)


def test_the_workbook_has_a_sheet_for_each_table() -> None:
    result = with_uncertainty(sample_result())
    book = openpyxl.load_workbook(io.BytesIO(render_workbook(result, build_tables({}))))
    wanted = [s.name for s in needs.need_sheets(result)]
    wanted += [s.name for s in uncertainty.uncertainty_sheets(result)]
    assert len(wanted) == len(set(wanted)) == 15
    assert set(wanted) <= set(book.sheetnames)
    chances = book["Sannolikheter"]
    years = [c.value for c in chances[4]][1:]
    assert years == result["years"]
    law = [c.value for c in chances[5]]
    assert law[0] == "Balanskravet"
    assert law[-1] == pytest.approx(0.823)
    assert chances.cell(5, 2).number_format.startswith('[<0.01]"<1 %"')
    backlog = book["Underhållsskuld"]
    assert [c.value for c in backlog["C"]][4:7] == [62_000, 140_000, 4_800]
    assert "tkr" in str(book["Stresstester"]["A2"].value)


def test_the_draws_are_told(report: Report) -> None:
    section = chapter(report, "sannolikhet")
    told = " ".join(texts_of(section)).replace(NBSP, " ")
    assert "1 000 dragningar" in told
