"""The slides: findings as titles, native charts of the report's figures, readable."""

from __future__ import annotations

import io
from functools import cache
from typing import TYPE_CHECKING, Any

import openpyxl  # type: ignore[import-untyped]
import pytest
from pptx import Presentation
from pptx.oxml.ns import qn
from pptx.util import Emu
from unit.publish import meeting_cases as cases
from unit.publish.sample import sample_result

from rodtrad.publish import figures
from rodtrad.publish.blocks import Bar, Figure, HeatRow, Series, Step, TableBlock
from rodtrad.publish.meeting_charts import TIMELINE_ROWS, add_chart, drawn_bars
from rodtrad.publish.meeting_powerpoint import fitting
from rodtrad.publish.meeting_slides import build_slides, render_slides

if TYPE_CHECKING:
    from collections.abc import Callable

EMPTY_TABLE = TableBlock("t", "s", (), ())


def three_hundred() -> dict[str, Any]:
    return sample_result(projects=300)


ALL: list[Callable[[], dict[str, Any]]] = [
    sample_result,
    cases.uncertain,
    cases.without_goals,
    cases.without_choices,
    cases.with_nothing_chosen,
    cases.with_nasty_texts,
    three_hundred,
    lambda: sample_result(years=20),
]


def opened(content: bytes) -> Any:
    return Presentation(io.BytesIO(content))


@cache
def deck_of(make: Callable[[], dict[str, Any]]) -> Any:
    """Return the slides of a plan, opened; made once."""
    return opened(render_slides(make()))


def charts(deck: Any) -> dict[str, Any]:
    """Return the charts by the title of their slides."""
    return {
        slide.shapes.title.text_frame.text: shape.chart
        for slide in deck.slides
        for shape in slide.shapes
        if shape.has_chart
    }


def texts(deck: Any) -> str:
    return "\n".join(
        t.text or "" for s in deck.slides for t in s._element.iter(qn("a:t"))
    )


def values(chart: Any) -> dict[str, tuple[float | None, ...]]:
    return {s.name: tuple(s.values) for plot in chart.plots for s in plot.series}


def check_series(figure: Figure | None, deck: Any) -> None:
    """The chart of a figure holds its series, limits and room, and so does its book."""
    assert figure is not None
    chart = charts(deck)[figure.title]
    found = values(chart)
    wanted = {s.label: s.values for s in figure.series}
    wanted |= {m.label: m.values for m in figure.limits}
    if figure.room is not None:
        wanted[figure.room_label] = figure.room.values
    if figure.aim is not None:
        wanted[figure.aim.label] = figure.aim.values
    assert set(wanted) == set(found)
    for name, series in wanted.items():
        assert found[name] == pytest.approx(series)
    book = openpyxl.load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob))
    sheet = book.active
    assert sheet is not None
    head, *rows = sheet.iter_rows(values_only=True)
    assert [str(r[0]) for r in rows] == list(figure.labels)
    for name, series in wanted.items():
        column = head.index(name)
        assert [r[column] for r in rows] == pytest.approx(list(series))


def check_figures(result: dict[str, Any], deck: Any) -> None:
    for figure in (
        figures.needs_against_room(result),
        figures.result_share(result),
        figures.debt_per_inhabitant(result),
        figures.outlays_per_year(result),
    ):
        check_series(figure, deck)


def test_the_charts_hold_the_figures_of_the_report() -> None:
    check_figures(sample_result(), deck_of(sample_result))


@pytest.mark.parametrize("name", ["vimmerby", "exempelby"])
def test_the_charts_of_the_examples_hold_the_figures_of_the_report(name: str) -> None:
    result = cases.example(name)
    deck = opened(render_slides(result))
    check_figures(result, deck)
    told = texts(deck)
    for item in next(
        s.key_figures for s in build_slides(result) if s.key_figures
    ).items:
        assert item.text in told
    timeline = figures.timeline(result)
    assert timeline is not None
    chart = next(c for t, c in charts(deck).items() if "av planens utgifter" in t)
    bars = drawn_bars(timeline)
    start = chart.plots[0].series[0]
    assert list(start.values) == [b.start_year for b in bars]


# ---------------------------------------------------------------- every slide


@pytest.mark.parametrize("make", ALL)
def test_every_slide_can_be_read(make: Callable[[], dict[str, Any]]) -> None:
    deck = deck_of(make)
    slides = list(deck.slides)
    assert 8 <= len(slides) <= 12
    assert deck.slide_width / deck.slide_height == pytest.approx(16 / 9, rel=1e-3)
    for number, slide in enumerate(slides, start=1):
        assert slide.shapes.title.text_frame.text.strip()
        assert "Spår: " in slide.notes_slide.notes_text_frame.text
        (group,) = [s for s in slide.shapes if s.name == "Röda tråden"]
        assert group._element.nvGrpSpPr.cNvPr.get("descr").startswith("Röda tråden")
        ids = [s.shape_id for s in slide.shapes]
        assert len(ids) == len(set(ids))
        fields = [
            f for f in slide._element.iter(qn("a:fld")) if f.get("type") == "slidenum"
        ]
        assert [f.find(qn("a:t")).text for f in fields] == [str(number)]
        for run in slide._element.iter(qn("a:r")):
            properties = run.find(qn("a:rPr"))
            assert properties.get("lang") == "sv-SE"
            assert int(properties.get("sz") or 1800) >= 1800
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.top >= 0
            assert shape.left + shape.width <= deck.slide_width + Emu(1)
            assert shape.top + shape.height <= deck.slide_height + Emu(1)
            if shape.has_chart or shape.has_table:
                assert shape._element.nvGraphicFramePr.cNvPr.get("descr")
            if shape.has_chart:
                sizes = [
                    int(p.get("sz"))
                    for p in shape.chart._chartSpace.iter(qn("a:defRPr"))
                    if p.get("sz")
                ]
                assert min(sizes) >= 1800
            if shape.is_placeholder:
                assert shape.text_frame.text.strip()


def test_layouts_have_no_small_text() -> None:
    deck = deck_of(sample_result)
    for layout in deck.slide_layouts:
        for shape in layout.placeholders:
            for properties in shape._element.iter(qn("a:defRPr"), qn("a:rPr")):
                assert int(properties.get("sz") or 1800) >= 1800


def test_equal_plans_give_equal_bytes() -> None:
    assert render_slides(cases.uncertain()) == render_slides(cases.uncertain())


# ---------------------------------------------------------------- what is missing


def test_what_is_missing_is_said() -> None:
    told = texts(deck_of(cases.without_choices))
    assert "Vad vi är överens om är inte uträknat" in told
    assert "Sannolikheter är inte uträknade" in told
    told = texts(deck_of(cases.without_goals))
    assert "Underlaget har inga mål" in told
    told = texts(deck_of(cases.with_nothing_chosen))
    assert "Inget projekt ingår i planen" in told
    assert "inga medel till planens projekt" in told


def test_probabilities_stand_in_words_with_what_they_rest_on() -> None:
    result = cases.uncertain()
    slides = build_slides(result)
    (sure,) = [s for s in slides if "hur säkra" in s.kicker]
    assert sure.table is not None
    first = sure.table.rows[0]
    assert first.cells[0].text.count("●") + first.cells[0].text.count("○") == 10
    assert "av 10" in first.cells[1].text
    assert sure.remark.startswith("Sannolikheten bygger på antaganden")


def test_the_agreement_slide_names_the_disputed() -> None:
    result = sample_result()
    (agreed,) = [
        s for s in build_slides(result) if s.kicker.startswith("Dialog: vad vi")
    ]
    disputed = {
        r["project_id"] for r in result["agreement"] if r["label"] == "omtvistad"
    }
    names = {p["name"] for p in result["projects"] if p["project_id"] in disputed}
    assert agreed.table is not None
    assert {row.header for row in agreed.table.rows} <= names
    assert agreed.table.rows


def test_rows_that_do_not_fit_are_in_the_notes() -> None:
    deck = deck_of(three_hundred)
    (slide,) = [
        s for s in deck.slides if "ryms inte i planen" in s.shapes.title.text_frame.text
    ]
    (table,) = [s.table for s in slide.shapes if s.has_table]
    assert 2 <= len(list(table.rows)) <= 12
    notes = slide.notes_slide.notes_text_frame.text
    assert "lämnar planen" in notes or "ryms inte" in notes
    assert any(
        "till, som står i anteckningarna" in s.text_frame.text
        for s in slide.shapes
        if s.has_text_frame
    )


def test_texts_that_do_not_fit_are_left_to_the_notes() -> None:
    many = [f"{i}: " + "ord " * 40 for i in range(12)]
    shown, rest = fitting(many, 12.0, 4.0)
    assert shown[-1] == "Mer står i anteckningarna."
    assert shown[:-1] + rest == many
    assert fitting(["kort"], 12.0, 4.0) == (["kort"], [])


def test_markup_is_only_text() -> None:
    told = texts(deck_of(cases.with_nasty_texts))
    assert "<script>" in told


# ---------------------------------------------------------------- any figure


def blank_slide() -> Any:
    deck = Presentation()
    return deck.slides.add_slide(deck.slide_layouts[6])


def figure(kind: Any, **more: Any) -> Figure:
    return Figure(kind=kind, title="T", unit="u", alt="a", table=EMPTY_TABLE, **more)


BOX = (Emu(0), Emu(0), Emu(9_000_000), Emu(5_000_000))


def test_a_waterfall_ends_where_the_steps_lead_on_both_sides_of_zero() -> None:
    steps = (
        Step("start", 10.0, "10", "total"),
        Step("ned", -15.0, "-15"),
        Step("upp", 2.0, "2"),
        Step("slut", -3.0, "-3", "total"),
    )
    frame = add_chart(blank_slide(), figure("waterfall", steps=steps), BOX)
    found = values(frame.chart)
    foot = found.pop("\u00a0")
    heights = [
        sum(abs(v) for series in found.values() if (v := series[i]) is not None)
        for i in range(4)
    ]
    assert heights == pytest.approx([10.0, 15.0, 2.0, 3.0])
    assert foot == pytest.approx((0.0, 0.0, -3.0, 0.0))


def test_a_timeline_keeps_the_dearest_when_rows_are_many() -> None:
    bars = tuple(
        Bar(f"b{i}", f"{i}", "new", 2026, 2027, 2028) for i in range(TIMELINE_ROWS + 5)
    )
    shown = drawn_bars(figure("timeline", bars=bars, labels=("2026", "2030")))
    assert [b.label for b in shown] == [b.label for b in bars[5:]]


def test_missing_years_stay_missing() -> None:
    made = figure(
        "lines",
        labels=("2026", "2027", "2028"),
        series=(Series("a", "A", (1.0, None, 3.0)),),
    )
    chart = add_chart(blank_slide(), made, BOX).chart
    assert values(chart)["A"] == (1.0, None, 3.0)


def test_a_heat_strip_is_no_chart() -> None:
    with pytest.raises(ValueError, match="no native chart"):
        add_chart(blank_slide(), figure("heat", heat=(HeatRow("a", ()),)), BOX)
