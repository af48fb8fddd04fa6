"""Charts as drawn: true to the figures, inside their frame, readable without colour."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.publish.sample import sample_result

from rodtrad.publish import svg, svg_pen
from rodtrad.publish.blocks import (
    ChartBlock,
    Figure,
    Limit,
    Series,
    Step,
    TableBlock,
)
from rodtrad.publish.content import build_report

EMPTY = TableBlock("", "", (), ())
WIDTHS = (svg.WIDE, svg.MIDDLE, svg.NARROW)


def charts(**kinds: int) -> list[Figure]:
    report = build_report(sample_result(**kinds))  # type: ignore[arg-type]
    return [
        block.figure
        for section in report.sections
        for block in section.blocks
        if isinstance(block, ChartBlock)
    ]


def parsed(
    figure: Figure, width: float = svg.WIDE, theme: str | None = None
) -> ET.Element:
    return ET.fromstring(svg.draw(figure, width, theme))


def elements(root: ET.Element, tag: str) -> list[ET.Element]:
    return [e for e in root.iter() if e.tag.rsplit("}", 1)[-1] == tag]


@pytest.mark.parametrize("theme", [None, "light"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("years", [1, 3, 10, 40])
def test_every_chart_is_sound_svg_inside_its_frame(
    width: int, theme: str | None, years: int
) -> None:
    for figure in charts(years=max(years, 4)) if years > 1 else charts(years=4):
        root = parsed(figure, width, theme)
        box = [float(x) for x in root.attrib["viewBox"].split()]
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-label"] == figure.alt
        assert box[2] == width
        assert box[3] > 0
        for rect in elements(root, "rect"):
            if rect.attrib.get("x") is None:
                continue
            x, wide = float(rect.attrib["x"]), float(rect.attrib["width"])
            assert -1 <= x <= x + wide <= width + 1
            assert float(rect.attrib["height"]) >= 0
        for text in elements(root, "text"):
            assert 0 <= float(text.attrib["x"]) <= width
            assert 0 < float(text.attrib["y"]) <= box[3] + 1
        assert "nan" not in svg.draw(figure, width, theme)


def test_a_picture_that_stands_alone_names_its_own_colours() -> None:
    for figure in charts():
        drawn = svg.draw(figure, svg.WIDE, "light")
        assert "var(--" not in drawn
        assert 'id="hatch"' in drawn
        for _role, label in svg.legend_items(figure):
            assert f">{label}</text>" in drawn


def test_texts_from_outside_are_escaped() -> None:
    figure = next(f for f in charts() if f.kind == "timeline")
    bar = replace(figure.bars[0], label='<b onload="x">&')
    drawn = svg.draw(replace(figure, bars=(bar,), alt='"><script>'))
    assert "<b" not in drawn
    assert "<script" not in drawn


def test_bars_stand_on_zero_and_are_as_tall_as_their_figures() -> None:
    figure = Figure(
        "bars", "", "", "", EMPTY, ("2026", "2027"), (Series("a", "a", (10.0, 40.0)),)
    )
    tall = [float(r.attrib["height"]) for r in elements(parsed(figure), "rect")]
    assert tall[1] / tall[0] == pytest.approx(4, rel=0.01)


def test_needs_above_the_room_are_hatched_over_the_colour_of_their_kind() -> None:
    figure = Figure(
        "stacked",
        "",
        "",
        "",
        EMPTY,
        ("2026", "2027"),
        (
            Series("renewal", "F", (30.0, 10.0), "renewal"),
            Series("new", "N", (30.0, 10.0), "new"),
        ),
        room=Series("room", "U", (40.0, 40.0)),
    )
    rects = [
        (r.attrib["fill"], float(r.attrib["height"]))
        for r in elements(parsed(figure), "rect")
        if r.attrib["fill"] != "none"
    ]
    unit = rects[0][1] / 30
    assert [(fill, round(h / unit)) for fill, h in rects] == [
        ("var(--c2)", 30),
        ("var(--c1)", 30),
        ("url(#above)", 20),
        ("var(--c2)", 10),
        ("var(--c1)", 10),
    ]


def test_no_room_hatches_the_whole_need() -> None:
    figure = Figure(
        "stacked", "", "", "", EMPTY, ("2026",),
        (Series("new", "N", (30.0,), "new"),),
        room=Series("room", "U", (0.0,)),
    )  # fmt: skip
    fills = [r.attrib["fill"] for r in elements(parsed(figure), "rect")]
    assert fills == ["var(--c1)", "url(#above)", "none"]
    pattern = svg.patterns().split('id="above"')[1].split("</pattern>")[0]
    assert "<rect" not in pattern  # nothing covers the colours beneath


def test_room_with_aims_is_a_dashed_line_of_its_own_with_a_name() -> None:
    figure = Figure(
        "stacked", "", "", "", EMPTY, ("2026", "2027"),
        (Series("new", "N", (30.0, 30.0), "new"),),
        room=Series("room", "U", (40.0, 20.0)),
    )  # fmt: skip
    with_aim = replace(figure, aim=Series("aim", "Också bör nås", (10.0, 0.0)))
    assert 'stroke-dasharray="6 4"' not in svg.draw(figure)
    assert 'stroke-dasharray="6 4"' in svg.draw(with_aim)
    assert ("aim", "Också bör nås") in svg.legend_items(with_aim)
    assert "Också bör nås" in svg.draw(with_aim, svg.WIDE, "light")


@pytest.mark.parametrize(("room", "above"), [(42.0, False), (16.0, True), (9.0, False)])
def test_the_largest_figure_stands_on_its_bar_unless_the_line_goes_through_it(
    room: float, above: bool
) -> None:
    figure = Figure(
        "stacked", "", "", "", EMPTY, ("2026", "2027"),
        (Series("new", "N", (14.0, 12.0), "new"),),
        room=Series("room", "U", (room, room)), peak="14 mkr 2026",
    )  # fmt: skip
    root = parsed(figure)
    (label,) = (e for e in elements(root, "text") if e.text == "14 mkr 2026")
    top = min(float(e.attrib["y"]) for e in elements(root, "rect") if "x" in e.attrib)
    stairs = next(
        e for e in elements(root, "path") if e.attrib["stroke-width"] == "2.6"
    )
    line = float(stairs.attrib["d"].split("H")[0].split()[1])
    assert float(label.attrib["y"]) == pytest.approx(
        (line if above else top) - 8, abs=0.2
    )


def test_what_is_reserved_stands_on_the_bar_and_the_figure_is_the_whole() -> None:
    figure = Figure(
        "bars", "", "", "", EMPTY, ("2026", "2027"),
        (
            Series("bkr", "B", (10.0, 30.0)),
            Series("reserved", "R", (20.0, 0.0), "reserved"),
        ),
        decimals=1,
    )  # fmt: skip
    root = parsed(figure)
    own, saved, other = elements(root, "rect")
    assert float(saved.attrib["height"]) == pytest.approx(
        2 * float(own.attrib["height"]), rel=0.01
    )
    assert float(saved.attrib["y"]) + float(saved.attrib["height"]) == pytest.approx(
        float(own.attrib["y"]), abs=0.2
    )
    assert float(saved.attrib["y"]) == pytest.approx(float(other.attrib["y"]), abs=0.2)
    assert [t.text for t in elements(root, "text")].count("30,0") == 2
    assert ("reserved", "R") in svg.legend_items(figure)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_deficit_that_the_reserve_covers_is_drawn_below_zero(width: int) -> None:
    figure = Figure(
        "bars", "", "", "", EMPTY, ("2026", "2027"),
        (
            Series("bkr", "B", (-6.0, -6.0)),
            Series("used", "R", (6.0, 8.0), "used"),
        ),
    )  # fmt: skip
    rects = elements(parsed(figure, width), "rect")
    assert [r.attrib["fill"] for r in rects] == ["url(#hatch)"] * 2 + ["var(--c2)"]
    hatched, above = float(rects[1].attrib["height"]), float(rects[2].attrib["height"])
    assert hatched / above == pytest.approx(3, rel=0.05)


def limited(values: tuple[float, ...], label: str = "Minst 1 procent") -> Figure:
    years = tuple(str(2026 + i) for i in range(len(values)))
    return Figure(
        "lines", "", "", "", EMPTY, years, (Series("plan", "P", values),),
        (Limit(label, (1.0,) * len(values)),),
    )  # fmt: skip


def test_a_limit_is_named_on_its_line_only_where_there_is_air() -> None:
    free = svg.draw(limited((1.1, 6.0, 6.0, 6.0, 6.0, 6.0)))
    tight = svg.draw(limited((1.1, 0.9) * 10))
    for drawn in (free, tight):
        assert drawn.count("Minst 1 procent") == 1
    assert "paint-order" in free
    assert "paint-order" not in tight  # in the key above the chart, on no line


@pytest.mark.parametrize("width", [svg.WIDE, svg.MIDDLE])
def test_no_name_of_a_limit_is_cut(width: int) -> None:
    name = (
        "Resultat minst 2 procent av skatter, bidrag och utjämning varje år, "
        "räknat före reservering och med alla pensioner i balansräkningen (bör nås)"
    )
    drawn = svg.draw(limited((3.0, 4.0, 6.0), name), width)
    words = " ".join(re.findall(r">([^<]+)</text>", drawn))
    assert name in words
    assert "…" not in drawn
    assert "paint-order" not in drawn  # it does not fit on its line


def test_a_waterfall_whose_names_do_not_fit_is_set_as_a_list() -> None:
    names = ("Resultat 2025", "Skatter", "Personalkostnadsökningar", "Resultat 2026")
    steps = tuple(
        Step(n, 10.0, "10,0", "total" if "Res" in n else "change") for n in names
    )
    figure = Figure("waterfall", "", "", "", EMPTY, steps=steps * 3)
    for width in WIDTHS:
        drawn = svg.draw(figure, width)
        assert "…" not in drawn
        assert "Personalkostnadsökningar" in drawn


def test_only_years_that_break_a_goal_are_marked() -> None:
    figure = Figure(
        "lines",
        "",
        "",
        "",
        EMPTY,
        ("2026", "2027", "2028"),
        (Series("plan", "P", (0.5, 2.0, 3.0)),),
        (Limit("Minst 1", (1.0, 1.0, None), operator=">="),),
    )
    assert len(elements(parsed(figure), "rect")) == 1
    average = replace(figure.limits[0], operator="")
    assert elements(parsed(replace(figure, limits=(average,))), "rect") == []


@given(st.floats(-1e7, 1e7, allow_nan=False), st.floats(0, 1e7, allow_nan=False))
def test_axes_have_few_even_lines_with_zero_among_them(
    low: float, width: float
) -> None:
    marks = svg.ticks(low, low + width)
    assert 2 <= len(marks) <= 5
    assert 0 in marks
    slack = 1e-8 * (abs(low) + width) + 1e-9
    assert marks[0] <= min(low, 0) + slack
    assert marks[-1] >= max(low + width, 0) - slack
    steps = [b - a for a, b in itertools.pairwise(marks)]
    assert steps == pytest.approx([steps[0]] * len(steps))


def test_gold_and_sky_differ_without_colour() -> None:
    # They are equally dark: the third series must carry a pattern.
    assert svg_pen.FILLS["renewal"] == "c2"
    assert svg_pen.FILLS["adaptation"].startswith("url(")
    assert 'id="dots"' in svg.patterns()


def test_year_labels_never_crowd() -> None:
    for figure in charts(years=40):
        if figure.kind not in ("stacked", "lines", "bars"):
            continue
        if not figure.labels[0].isdigit():  # amounts of room
            continue
        for width in WIDTHS:
            xs = sorted(
                float(t.attrib["x"])
                for t in elements(parsed(figure, width), "text")
                if re.fullmatch(r"20\d\d", t.text or "")
            )
            gaps = [b - a for a, b in itertools.pairwise(xs)]
            assert min(gaps) > 36, (figure.title, width)
            assert len(xs) >= 3


@pytest.mark.parametrize("width", WIDTHS)
def test_long_names_keep_clear_of_the_amounts(width: int) -> None:
    figure = next(f for f in charts() if f.kind == "timeline")
    word = "OPPGRAD/OMBYGG.VANNBEHANDLINGSANLEGGETVEDHAVET"
    bar = replace(figure.bars[0], label=f"{word} {word}", amount="1 234,5")
    texts = elements(parsed(replace(figure, bars=(bar,)), width), "text")
    names = [t.text or "" for t in texts if (t.text or "").startswith("OPP")]
    assert len(names) == 2
    assert all(name.endswith("…") for name in names)
