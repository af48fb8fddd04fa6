"""How does a figure become a chart that PowerPoint can edit? Any `Figure`, natively.

Bars, lines, limits and bands keep their figures in the chart's own workbook, so that
whoever presents may open and change them. Rooms and limits are lines over the bars.
Figures that are tables by nature (goals, agreement) are left to the slides.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_TICK_LABEL_POSITION,
    XL_TICK_MARK,
)
from pptx.enum.dml import MSO_LINE
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Pt

from rodtrad.domain.words import _
from rodtrad.publish.meeting import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.publish.blocks import Figure

# The palette of the report (light), by what a series stands for.
COLOURS: Final = {
    "plan": "1D4E7E",
    "new": "1D4E7E",
    "renewal": "C2830F",
    "adaptation": "4E93C9",
    "law": "6D7683",
    "other": "6D7683",
    "baseline": "C2830F",
    "second": "C2830F",
    "reserved": "93BBDF",
    "used": "C2830F",
    "outer": "93BBDF",
    "inner": "4E93C9",
    "up": "0F6B66",
    "down": "8F4A00",
    "total": "1B2430",
    "brown": "8A5A00",
}
# Limits side by side differ in colour and in dashes.
_LIMIT_ROLES: Final = ("law", "total", "brown", "down")
_DASHES: Final = {
    "law": MSO_LINE.DASH,
    "total": MSO_LINE.SQUARE_DOT,
    "brown": MSO_LINE.DASH_DOT,
    "down": MSO_LINE.LONG_DASH,
}
INK: Final = "1B2430"
INK2: Final = "4C5664"
LINE: Final = "DDD7CB"
# No text on a slide is smaller.
SMALLEST: Final = 18
# More years than this are not all named under the axis.
_NAMED_YEARS: Final = 12
# A probability is never written as 0 or 100 %.
_SHARE_FORMAT: Final = '[<0.01]"<1 %";[>0.99]">99 %";0%'
# So many rows of a timeline have room for their names.
TIMELINE_ROWS: Final = 11
_NAME: Final = 34
_SERIES_NAME: Final = 70
# The name of a series that only holds others up: a blank, for it stands in the legend.
_UNSEEN: Final = "\u00a0"


@dataclass(frozen=True)
class _Line:
    """A series as the chart has it: `kind` is bar, line, limit, law, band or ghost."""

    name: str
    values: tuple[float | None, ...]
    kind: str = "bar"
    role: str = "plan"


def rgb(colour: str) -> Any:
    """Return a colour as the library wants it; its own function has no types."""
    from_string: Any = RGBColor.from_string
    return from_string(colour)


def has_chart(figure: Figure) -> bool:
    """Return True for a figure that is drawn as a chart, not as a table."""
    return figure.kind in {
        "stacked",
        "lines",
        "bars",
        "waterfall",
        "timeline",
        "tens",
        "ranked",
    }


def add_chart(slide: Any, figure: Figure, box: Sequence[Any]) -> Any:
    """Put a figure on a slide as a native chart; return its frame.

    `box` is left, top, width and height.

    Raises:
        ValueError: the figure is a table by nature.
    """
    if not has_chart(figure):
        msg = f"no native chart for a figure of kind {figure.kind!r}"
        raise ValueError(msg)
    shares = figure.kind in ("tens", "ranked")
    across = shares or figure.kind == "timeline"
    labels, lines = _content(figure)
    made: Any = CategoryChartData
    data = made(number_format=number_format(figure))
    data.categories = [clean(label, _NAME if across else 0) for label in labels]
    for line in lines:
        data.add_series(clean(line.name, _SERIES_NAME), line.values)
    bars = [line for line in lines if line.kind in ("bar", "ghost")]
    kind = XL_CHART_TYPE.LINE_MARKERS
    if bars:
        kind = (
            XL_CHART_TYPE.BAR_CLUSTERED
            if shares
            else XL_CHART_TYPE.BAR_STACKED
            if across
            else XL_CHART_TYPE.COLUMN_STACKED
        )
    frame = slide.shapes.add_chart(kind, *box, data)
    frame.name = clean(figure.title, 100)
    described = frame._element.nvGraphicFramePr.cNvPr
    described.set("descr", clean(figure.alt))
    described.set("title", clean(figure.title))
    chart = frame.chart
    chart.font.size = Pt(SMALLEST)
    chart.font.color.rgb = rgb(INK)
    chart.has_title = False
    _axes(chart, figure, lines, across, len(labels))
    if bars:
        chart.plots[0].gap_width = 40 if across else 60
        chart.plots[0].overlap = 0 if shares else 100
    for series, line in zip(chart.plots[0].series, lines, strict=True):
        _paint(series, line, bool(bars))
    if bars and len(bars) < len(lines):
        _lines_over_bars(chart, len(bars))
    if shares:
        _name_bars(chart)
    _legend(chart, lines)
    return frame


def number_format(figure: Figure) -> str:
    """Return how the chart writes its figures; Office puts in the reader's own signs."""
    if figure.percent:
        return "0.0%"
    if figure.kind in ("tens", "ranked"):
        return _SHARE_FORMAT
    if figure.kind == "timeline":
        return "0"
    return "#,##0.0" if figure.decimals or figure.kind == "waterfall" else "#,##0"


# ---------------------------------------------------------------- what is in it


def _content(figure: Figure) -> tuple[list[str], list[_Line]]:
    """Return the categories and the series of a figure, bars first."""
    if figure.kind == "waterfall":
        return _steps(figure)
    if figure.kind == "timeline":
        return _building(figure)
    if figure.kind in ("tens", "ranked"):
        shares = tuple(rank.share for rank in figure.ranks)
        name = _("Sannolikhet") if figure.kind == "tens" else _("Andel")
        return [r.label for r in figure.ranks], [_Line(name, shares)]
    kind = "line" if figure.kind == "lines" else "bar"
    lines = [_Line(s.label, s.values, kind, s.role) for s in figure.series]
    for band in figure.bands:
        lines += [
            _Line(
                _("{band}, lägst").format(band=band.label), band.low, "band", band.role
            ),
            _Line(
                _("{band}, högst").format(band=band.label), band.high, "band", band.role
            ),
        ]
    if figure.room is not None:
        name = figure.room_label or figure.room.label
        lines.append(_Line(name, figure.room.values, "line", "total"))
    if figure.aim is not None:
        lines.append(_Line(figure.aim.label, figure.aim.values, "limit", "total"))
    lines += [
        _Line(
            m.label,
            m.values,
            "law" if m.kind == "law" else "limit",
            _LIMIT_ROLES[i % len(_LIMIT_ROLES)],
        )
        for i, m in enumerate(figure.limits)
    ]
    return list(figure.labels), lines


def _steps(figure: Figure) -> tuple[list[str], list[_Line]]:
    """Return a waterfall as stacked bars: an unseen foot, then sums, rises and falls.

    What crosses zero stands as two bars, one on each side.
    """
    roles = {"total": _("Resultat"), "up": _("Upp"), "down": _("Ned")}
    foot: list[float] = []
    above: dict[str, list[float | None]] = {role: [] for role in roles}
    below: dict[str, list[float | None]] = {role: [] for role in roles}
    level = 0.0
    for step in figure.steps:
        total = step.kind == "total"
        start = 0.0 if total else level
        level = step.value if total else level + step.value
        low, high = sorted((start, level))
        role = "total" if total else "up" if step.value >= 0 else "down"
        foot.append(low if low > 0 else high if high < 0 else 0.0)
        for key in roles:
            up, down = max(high, 0.0) - max(low, 0.0), min(low, 0.0) - min(high, 0.0)
            above[key].append(up if key == role and up > 0 else None)
            below[key].append(down if key == role and down < 0 else None)
    lines = [_Line(_UNSEEN, tuple(foot), "ghost")]
    for key, name in roles.items():
        lines.append(_Line(name, tuple(above[key]), "bar", key))
        if any(v is not None for v in below[key]):
            label = _("{name}, under noll").format(name=name)
            lines.append(_Line(label, tuple(below[key]), "bar", key))
    return [step.label.replace("\u00ad", "") for step in figure.steps], lines


def drawn_bars(figure: Figure) -> list[Any]:
    """Return the rows of a timeline that there is room for: the dearest, in its order."""
    rows = [
        b for b in figure.bars if b.start_year is not None and b.end_year is not None
    ]
    if len(rows) <= TIMELINE_ROWS:
        return rows
    dear = sorted(range(len(rows)), key=lambda i: (-_worth(rows[i].amount), i))
    keep = set(dear[:TIMELINE_ROWS])
    return [row for i, row in enumerate(rows) if i in keep]


def _worth(text: str) -> float:
    plain = text.replace("\u00a0", "").replace("\u2212", "-").replace(",", ".")
    try:
        return float(plain)
    except ValueError:
        return 0.0


def _building(figure: Figure) -> tuple[list[str], list[_Line]]:
    """Return a timeline as bars from the first to the last building year."""
    rows = drawn_bars(figure)
    kinds = {
        "renewal": _("Förnyelse"),
        "adaptation": _("Anpassning"),
        "new": _("Nytt"),
        "other": _("Övrigt"),
    }
    lines = [_Line(_UNSEEN, tuple(float(b.start_year) for b in rows), "ghost")]
    for kind, name in kinds.items():
        years = tuple(
            float(b.end_year - b.start_year + 1) if b.kind == kind else None
            for b in rows
        )
        if any(years):
            lines.append(_Line(name, years, "bar", kind))
    return [b.label for b in rows], lines


# ---------------------------------------------------------------- how it looks


def _axes(
    chart: Any, figure: Figure, lines: Sequence[_Line], across: bool, count: int
) -> None:
    values, names = chart.value_axis, chart.category_axis
    values.major_gridlines.format.line.color.rgb = rgb(LINE)
    values.format.line.fill.background()
    values.major_tick_mark = names.major_tick_mark = XL_TICK_MARK.NONE
    values.tick_labels.number_format = number_format(figure).replace("0.0%", "0%")
    values.tick_labels.number_format_is_linked = False
    names.format.line.color.rgb = rgb(INK2)
    names.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    if across:
        names.reverse_order = True
        values.tick_label_position = XL_TICK_LABEL_POSITION.HIGH
    if figure.kind in ("tens", "ranked"):
        values.minimum_scale, values.maximum_scale = 0.0, 1.0
        values.visible = False
        values.has_major_gridlines = False
    elif figure.kind == "timeline":
        years = [int(label) for label in figure.labels]
        values.minimum_scale, values.maximum_scale = years[0], years[-1] + 1
        values.major_unit = 1 if len(years) <= _NAMED_YEARS else 5
    elif figure.kind != "lines":
        known = [v for line in lines for v in line.values if v is not None]
        if known and min(known) >= 0:
            values.minimum_scale = 0.0
    if not across and count > _NAMED_YEARS:
        names._element.append(
            parse_xml(
                f"<c:tickLblSkip {nsdecls('c')} val='{-(-count // _NAMED_YEARS)}'/>"
            )
        )
        _in_order(names._element)


def _in_order(axis: Any) -> None:
    """Move the last element before `c:noMultiLvlLbl`, where the schema wants it."""
    last = axis[-1]
    for before in axis.findall(qn("c:noMultiLvlLbl")):
        before.addprevious(last)


def _paint(series: Any, line: _Line, over_bars: bool) -> None:
    colour = rgb(COLOURS.get(line.role, COLOURS["other"]))
    if line.kind == "ghost":
        series.format.fill.background()
        series.format.line.fill.background()
        return
    if line.kind == "bar":
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = colour
        series.invert_if_negative = False
        return
    pen = series.format.line
    pen.color.rgb = colour
    pen.width = Pt(
        {"line": 3.0, "limit": 2.0, "law": 2.0, "band": 1.25}.get(line.kind, 2.0)
    )
    if line.kind == "limit":
        pen.dash_style = _DASHES.get(line.role, MSO_LINE.DASH)
    elif line.role == "baseline":
        pen.dash_style = MSO_LINE.ROUND_DOT
    if not over_bars:
        series.smooth = False
        marker = series.marker
        wanted = "circle" if line.kind == "line" and line.role == "plan" else "none"
        symbol = marker._element.get_or_add_marker().get_or_add_symbol()
        symbol.set("val", wanted)
        if wanted != "none":
            marker.size = 7
            marker.format.fill.solid()
            marker.format.fill.fore_color.rgb = colour
            marker.format.line.color.rgb = colour


def _lines_over_bars(chart: Any, bars: int) -> None:
    """Move the series after the bars to a line chart on the same axes.

    The workbook behind keeps them all, so that editing still works.
    """
    plot = chart._chartSpace.chart.plotArea
    stack = plot.find(qn("c:barChart"))
    moved = stack.findall(qn("c:ser"))[bars:]
    made = parse_xml(
        f"<c:lineChart {nsdecls('c')}><c:grouping val='standard'/>"
        "<c:varyColors val='0'/></c:lineChart>"
    )
    for series in moved:
        for name in ("c:invertIfNegative", "c:marker", "c:smooth"):
            for element in series.findall(qn(name)):
                series.remove(element)
        shape = series.find(qn("c:spPr"))
        marker = parse_xml(
            f"<c:marker {nsdecls('c')}><c:symbol val='none'/></c:marker>"
        )
        if shape is None:
            series.find(qn("c:tx")).addnext(marker)
        else:
            shape.addnext(marker)
        series.append(parse_xml(f"<c:smooth {nsdecls('c')} val='0'/>"))
        made.append(series)
    made.append(parse_xml(f"<c:marker {nsdecls('c')} val='1'/>"))
    for axis in stack.findall(qn("c:axId")):
        made.append(deepcopy(axis))
    stack.addnext(made)


def _name_bars(chart: Any) -> None:
    """Write each share at the end of its bar."""
    plot = chart.plots[0]
    plot.has_data_labels = True
    labels = plot.data_labels
    labels.number_format = _SHARE_FORMAT
    labels.number_format_is_linked = False
    labels.position = XL_LABEL_POSITION.OUTSIDE_END
    labels.font.size = Pt(SMALLEST)
    labels.font.color.rgb = rgb(INK)


def _legend(chart: Any, lines: Sequence[_Line]) -> None:
    """Name the series below the chart; one that is not seen is not named."""
    seen = [line for line in lines if line.kind != "ghost"]
    chart.has_legend = len(seen) > 1
    if not chart.has_legend:
        return
    legend = chart.legend
    legend.position = XL_LEGEND_POSITION.BOTTOM
    legend.include_in_layout = False
    legend.font.size = Pt(SMALLEST)
