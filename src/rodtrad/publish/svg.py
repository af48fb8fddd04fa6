"""How is a chart drawn? One `Figure` becomes SVG at a given width.

The page shows three renderings of each chart (wide, middle, narrow) and style sheets
choose one, so that text is never scaled below 14 px. Colours are the page's custom
properties, or fixed ones when `theme` is given (for a PDF, which knows no style sheet).
Form carries the meaning: series differ in hatch or markers as well as in colour. Leaves
out what a chart says (figures).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from rodtrad.domain.words import (
    _,
    number,
    percent_sign,
)
from rodtrad.publish.svg_agreement import draw_agreement, draw_stance
from rodtrad.publish.svg_pen import FILLS, THEMES, Pen, px
from rodtrad.publish.svg_uncertainty import draw_ranked, draw_tens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.publish.blocks import Band, Cell, Figure, Limit, Series

WIDE: Final = 760
MIDDLE: Final = 560
NARROW: Final = 320

# Least air, in px, between the name of a limit and the lines of a chart.
_AIR: Final = 8.0


def patterns(theme: str | None = None) -> str:
    """Return the `<defs>` with the hatches that every chart refers to."""
    pen = Pen(0, 0, THEMES[theme] if theme else None)
    return (
        '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><rect width="7" height="7" '
        f'fill="{pen.colour("warnbg")}"/><path d="M1.3 0V7" '
        f'stroke="{pen.colour("warn")}" stroke-width="2.6"/></pattern>'
        '<pattern id="dots" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<rect width="6" height="6" fill="{pen.colour("c3")}"/>'
        f'<circle cx="3" cy="3" r="1.2" fill="{pen.colour("surface")}"/></pattern>'
        '<pattern id="above" width="7" height="7" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><path d="M1.3 0V7" '
        f'stroke="{pen.colour("surface")}" stroke-width="2.2"/></pattern></defs>'
    )


def legend_items(figure: Figure) -> list[tuple[str, str]]:
    """Return (role, label) of what must stand in a legend; lines carry their own."""
    if figure.kind == "stacked":
        items = [(s.role, s.label) for s in figure.series]
        if figure.room is not None:
            items += [("above", _("Över utrymmet"))]
        if figure.aim is not None:
            items += [("aim", figure.aim.label)]
        return items
    if figure.kind == "bars" and len(figure.series) > 1:
        return [(s.role, s.label) for s in figure.series]
    if figure.kind == "lines":
        return [(band.role, band.label) for band in figure.bands]
    if figure.kind == "timeline":
        present = {bar.kind for bar in figure.bars if bar.start_year is not None}
        labels = (
            ("new", _("Nytt")),
            ("renewal", _("Förnyelse")),
            ("adaptation", _("Anpassning")),
            ("other", _("Annat")),
        )
        items = [item for item in labels if item[0] in present]
        if any(bar.window for bar in figure.bars):
            items.append(("window", _("Startfönster med byggtid")))
        return [*items, ("ring", _("Tas i bruk"))]
    if figure.kind == "agreement":
        items = [
            ("stance_in", _("Ingår")),
            ("stance_out", _("Ingår inte")),
            ("stance_oppen", _("Inte avgjort")),
        ]
        told = {f"stance_{s}" for row in figure.stances for s in row.stances}
        return [item for item in items if item[0] in told]
    if figure.kind == "chances":
        return [
            ("ok", _("Mycket sannolikt, minst 90\u00a0%")),
            ("okbg", _("Sannolikt, 67\u201390\u00a0%")),
            ("even", _("Ovisst, 33\u201367\u00a0%")),
            ("over", _("Mindre sannolikt, under 33\u00a0%")),
        ]
    if figure.kind == "heat":
        moods = {cell.mood for row in figure.heat for cell in row.cells}
        heat = [
            ("good", "ok", _("Nås med marginal")),
            ("tight", "okbg", _("Nås knappt")),
            ("missed", "over", _("Nås inte")),
        ]
        # a picture that grades nothing is only told what its hatch is
        graded = moods & {"good", "tight"}
        return [(s, t) for mood, s, t in heat if graded or mood in moods]
    return []


def swatch(role: str, theme: str | None = None, x: float = 0, y: float = 0) -> str:
    """Return the sample of a role, 22 × 14, without `<svg>` around it."""
    pen = Pen(0, 0, THEMES[theme] if theme else None)
    if role == "ring":
        return (
            f'<circle cx="{px(x + 11)}" cy="{px(y + 7)}" r="4.5" '
            f'fill="{pen.colour("surface")}" stroke="{pen.colour("ink")}" stroke-width="2"/>'
        )
    if role.startswith("stance_"):
        return draw_stance(pen, role.removeprefix("stance_"), x + 11, y + 7, 7)
    if role == "window":
        edge = f' rx="2" stroke="{pen.colour("ctl")}" stroke-dasharray="3 2"'
        return pen.rect(x + 0.5, y + 0.5, 21, 13, "sunk", edge)
    if role == "aim":
        return pen.line(f"M{px(x)} {px(y + 7)}H{px(x + 22)}", "ink", 1.8, "6 4")
    if role == "even":
        return pen.rect(
            x + 0.5, y + 0.5, 21, 13, "sunk", f' rx="2" stroke="{pen.colour("ctl")}"'
        )
    if role == "above":
        return _above(pen, x + 0.5, y + 0.5, 21, 13, pen.rect(x, y, 22, 14, "c4"))
    fill = {"over": "url(#hatch)", "ok": "ok", "okbg": "okbg"}.get(role) or FILLS.get(
        role, "c4"
    )
    edge = f' stroke="{pen.colour("ok")}"' if role == "okbg" else ""
    return pen.rect(x + 0.5, y + 0.5, 21, 13, fill, f' rx="2"{edge}')


def draw(figure: Figure, width: float = WIDE, theme: str | None = None) -> str:
    """Return the chart as one `<svg>` element.

    Args:
        figure: what to draw.
        width: of the view box, in px of the shown size (760, 560 or 320).
        theme: None takes colours from the page; "light" fixes them, and the hatches and
            the legend are drawn inside, so that the picture stands alone.
    """
    colours = THEMES[theme] if theme else None
    pen = Pen(width, 15.3 if width > 700 else 17.4, colours)
    drawing = {
        "agreement": draw_agreement,
        "stacked": _stacked,
        "lines": _lines,
        "timeline": _timeline,
        "heat": _heat,
        "bars": _bars,
        "waterfall": _waterfall,
        "chances": _heat,
        "tens": draw_tens,
        "ranked": draw_ranked,
    }[figure.kind]
    parts, height = drawing(pen, figure)
    top = 0.0
    if theme:
        legend, top = _legend(pen, figure, theme)
        parts = [
            patterns(theme),
            *legend,
            f'<g transform="translate(0 {px(top)})">',
            *parts,
        ]
        parts.append("</g>")
    size = {WIDE: "wid", MIDDLE: "mid", NARROW: "nar"}.get(int(width), "wid")
    attributes = (
        f'xmlns="http://www.w3.org/2000/svg" width="{px(width)}" '
        f'height="{px(height + top)}" font-family="Source Sans 3"'
        if theme
        else f'class="ch {size}"'
    )
    return (
        f'<svg {attributes} viewBox="0 0 {px(width)} {px(height + top)}" role="img" '
        f'aria-label="{escape(figure.alt, quote=True)}" font-size="{px(pen.font)}" '
        f'fill="{pen.colour("ink2")}">{"".join(parts)}</svg>'
    )


def _legend(pen: Pen, figure: Figure, theme: str) -> tuple[list[str], float]:
    items = legend_items(figure)
    if not items:
        return [], 0.0
    out: list[str] = []
    x, y = 0.0, 0.0
    for role, label in items:
        wide = 28 + pen.measure(label) + 22
        if x and x + wide > pen.width:
            x, y = 0.0, y + 24
        out.append(swatch(role, theme, x, y + 3))
        out.append(pen.text(x + 28, y + 15, label))
        x += wide
    return out, y + 32


# ---------------------------------------------------------------- axes


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return at most `most` round values that span low to high, zero among them.

    Example:
        >>> ticks(0, 374)
        [0.0, 100.0, 200.0, 300.0, 400.0]
    """
    low, high = min(low, 0.0), max(high, 0.0)
    if high - low < 1e-6:
        high = 1.0
    raw = (high - low) / (most - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    for factor in (1, 2, 2.5, 5, 10, 20, 25, 50):
        step = factor * power
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first + 1 <= most:
            return [round(i * step, 10) + 0.0 for i in range(first, last + 1)]
    return [low, 0.0, high]


def _tick_text(figure: Figure, values: Sequence[float], value: float) -> str:
    scale = 100 if figure.percent else 1
    step = (values[1] - values[0]) * scale if len(values) > 1 else 1.0
    decimals = 0
    while decimals < 2 and abs(step * 10**decimals - round(step * 10**decimals)) > 1e-6:
        decimals += 1
    text = number(value * scale, decimals)
    return percent_sign(text) if figure.percent else text


@dataclass(frozen=True)
class _Axes:
    left: float
    right: float
    top: float
    bottom: float
    low: float
    high: float
    count: int

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.bottom - share * (self.bottom - self.top)

    def slot(self) -> float:
        return (self.right - self.left) / max(self.count, 1)

    def mid(self, i: int) -> float:
        return self.left + (i + 0.5) * self.slot()

    def at(self, i: int) -> float:
        if self.count < 2:
            return (self.left + self.right) / 2
        return self.left + i * (self.right - self.left) / (self.count - 1)


def _axes(
    pen: Pen,
    figure: Figure,
    values: Sequence[float],
    height: float,
    right: float,
    top: float = 14,
) -> tuple[_Axes, list[str]]:
    marks = ticks(min(values, default=0.0), max(values, default=1.0))
    texts = [_tick_text(figure, marks, m) for m in marks]
    left = max(pen.measure(t) for t in texts) + 10
    axes = _Axes(left, right, top, height - 34, marks[0], marks[-1], len(figure.labels))
    out: list[str] = []
    for mark, text in zip(marks, texts, strict=True):
        y = axes.y(mark)
        out.append(pen.line(f"M{px(left)} {px(y)}H{px(right)}"))
        out.append(pen.text(left - 8, y + 5, text, "end"))
    return axes, out


def _year_labels(
    pen: Pen, labels: Sequence[str], xs: Sequence[float], y: float, edge: float
) -> list[str]:
    """Return the labels of the years that fit; the first and the last always do."""
    if not labels:
        return []
    space = pen.measure("2026") + 9
    slot = (xs[-1] - xs[0]) / max(len(xs) - 1, 1) or space
    every = max(1, math.ceil(space / slot))
    last = len(labels) - 1
    # Even steps that end in the last year, where such steps are near at hand.
    every = next((k for k in range(every, every + 3) if last % k == 0), every)
    out = []
    for i, label in enumerate(labels):
        near_last = i != last and (xs[last] - xs[i]) < space
        if (i % every and i != last) or near_last:
            continue
        half = pen.measure(label) / 2
        x = min(max(xs[i], half), edge - half)
        out.append(pen.text(x, y, label, "middle"))
    return out


# ---------------------------------------------------------------- stacked bars


def _stacked(pen: Pen, figure: Figure) -> tuple[list[str], float]:
    height = 300.0 if not pen.narrow else 280.0
    n = len(figure.labels)
    totals = [sum(s.values[i] or 0.0 for s in figure.series) for i in range(n)]
    room = figure.room.values if figure.room else (None,) * n
    aim = figure.aim.values if figure.aim else (None,) * n
    values = [*totals, *(r for r in (*room, *aim) if r is not None)]
    axes, out = _axes(pen, figure, values or [0.0], height, pen.width, 28)
    for i in range(n):
        out += _stack(pen, axes, figure.series, i, room[i])
    dashed = _stairs(axes, aim)
    if dashed:
        out.append(pen.line(dashed, "surface", 4.6))
        out.append(pen.line(dashed, "ink", 1.8, "6 4"))
    d = _stairs(axes, room)
    if d:
        out.append(pen.line(d, "surface", 6))
        out.append(pen.line(d, "ink", 2.6))
    out.append(pen.line(f"M{px(axes.left)} {px(axes.y(0))}H{px(axes.right)}", "ctl"))
    taken: tuple[float, float, float] | None = None
    if figure.peak and max(totals, default=0.0) > 0:
        peak = max(range(n), key=lambda i: totals[i])
        half = pen.measure(figure.peak, bold=True) / 2
        x = min(max(axes.mid(peak), axes.left + half), pen.width - half)
        y = axes.y(totals[peak]) - 8
        if _crossed(axes, (room, aim), (x - half, x + half), (y - pen.font - 4, y + 4)):
            y = _sky(axes, totals, room, x - half, x + half) - 8
        y = max(y, pen.font)
        out.append(pen.text(x, y, figure.peak, "middle", True, halo=True))
        taken = (x - half - 4, x + half + 4, y)
    if d and figure.room_label:
        out += _room_label(pen, figure.room_label, axes, totals, room, taken)
    xs = [axes.mid(i) for i in range(n)]
    out += _year_labels(pen, figure.labels, xs, height - 8, pen.width)
    return out, height


def _stack(
    pen: Pen, axes: _Axes, series: Sequence[Series], i: int, room: float | None
) -> list[str]:
    """Draw one year by kind; what lies above the room is hatched over its colours."""
    gap = max(1.5, axes.slot() * 0.14)
    x, w = axes.left + i * axes.slot() + gap, axes.slot() - 2 * gap
    level = 0.0
    out = []
    for part in series:
        value = max(part.values[i] or 0.0, 0.0)
        if value > 0:
            y = axes.y(level + value)
            out.append(pen.rect(x, y, w, axes.y(level) - y, FILLS.get(part.role, "c4")))
        level += value
    limit = level if room is None else max(room, 0.0)
    if level > limit:
        y, under = axes.y(level), axes.y(limit)
        out.append(_above(pen, x, y, w, under - y))
    return out


def _above(pen: Pen, x: float, y: float, w: float, h: float, beneath: str = "") -> str:
    """Return the hatch of what lies above the room: the colours beneath show through."""
    return (
        f"{beneath}{pen.rect(x, y, w, h, 'url(#above)')}"
        f'<rect x="{px(x + 0.5)}" y="{px(y + 0.5)}" width="{px(w - 1)}" '
        f'height="{px(max(h - 1, 0))}" fill="none" '
        f'stroke="{pen.colour("warn")}" stroke-width="1.4"/>'
    )


def _stairs(axes: _Axes, values: Sequence[float | None]) -> str:
    d, pen_up = "", True
    for i, value in enumerate(values):
        if value is None:
            pen_up = True
            continue
        x = axes.left + i * axes.slot()
        y = axes.y(max(value, 0.0))
        d += f"{'M' if pen_up else 'L'}{px(x)} {px(y)}H{px(x + axes.slot())}"
        pen_up = False
    return d


def _sky(
    axes: _Axes,
    totals: Sequence[float],
    room: Sequence[float | None],
    x0: float,
    x1: float,
) -> float:
    """Return the height of the lowest free air over the bars and line from x0 to x1."""
    first = max(0, int((x0 - axes.left) / axes.slot()))
    last = min(axes.count - 1, int((x1 - axes.left) / axes.slot()))
    return min(
        axes.y(max(totals[i], room[i] or 0.0, 0.0)) for i in range(first, last + 1)
    )


def _crossed(
    axes: _Axes,
    lines: Sequence[Sequence[float | None]],
    wide: tuple[float, float],
    high: tuple[float, float],
) -> bool:
    """Whether a line of steps goes through what lies between two x and two y."""
    first, last = (int((x - axes.left) / axes.slot()) for x in wide)
    for values in lines:
        ys = [axes.y(v) for v in values[max(first, 0) : last + 1] if v is not None]
        if ys and min(ys) <= high[1] and max(ys) >= high[0]:
            return True
    return False


def _room_label(
    pen: Pen,
    label: str,
    axes: _Axes,
    totals: Sequence[float],
    room: Sequence[float | None],
    taken: tuple[float, float, float] | None,
) -> list[str]:
    """Name the room line as near to it as the bars and the peak's label allow.

    Where the line lies on the axis it is not seen to be one: a place above a part that
    stands clear of it is better, if it is not much further off.
    """
    wide = pen.measure(label, bold=True) + 8
    best: tuple[float, float, float, float, float] | None = None
    for start in range(axes.count):
        value = room[start]
        if value is None:
            continue
        x0 = min(axes.left + start * axes.slot() + 4, axes.right - wide)
        y = _sky(axes, totals, room, x0, x0 + wide) - 10
        beside = taken is None or x0 >= taken[1] or taken[0] >= x0 + wide
        if taken and not beside and abs(y - taken[2]) < pen.font + 4:
            y = taken[2] - pen.font - 4
        first = max(0, int((x0 - axes.left) / axes.slot()))
        anchor = axes.y(max(room[first] or 0.0, 0.0))
        distance = anchor - y
        on_axis = anchor > axes.y(0.0) - pen.font
        worth = distance + (4 * pen.font if on_axis else 0.0)
        if y >= pen.font * 0.8 and (best is None or worth < best[0]):
            best = (worth, distance, x0, y, anchor)
    if best is None:
        return []
    _worth, distance, x0, y, anchor = best
    out = []
    if distance > 26:
        out.append(pen.line(f"M{px(x0 + 10)} {px(y + 5)}V{px(anchor)}", "ink"))
    out.append(pen.text(x0, y, label, bold=True, halo=True))
    return out


# ---------------------------------------------------------------- lines


def _dodge(ys: Sequence[float], space: float, low: float, high: float) -> list[float]:
    """Move labels apart so that they keep `space` between them, inside low to high."""
    order = sorted(range(len(ys)), key=lambda i: ys[i])
    out = list(ys)
    for a, b in pairwise(order):
        out[b] = max(out[b], out[a] + space)
    if order and out[order[-1]] > high:
        out[order[-1]] = high
        for b, a in pairwise(reversed(order)):
            out[a] = min(out[a], out[b] - space)
    return [max(y, low) for y in out]


def _lines(pen: Pen, figure: Figure) -> tuple[list[str], float]:
    height = 280.0 if not pen.narrow else 260.0
    n = len(figure.labels)
    values = [v for s in figure.series for v in s.values if v is not None]
    values += [v for limit in figure.limits for v in limit.values if v is not None]
    values += [v for b in figure.bands for v in (*b.low, *b.high) if v is not None]
    out: list[str] = []
    shift = 0.0
    right = pen.width - 8
    if not pen.narrow:
        longest = max((pen.measure(s.label, True) for s in figure.series), default=0.0)
        right = pen.width - min(longest, 190) - 14
    axes, grid = _axes(pen, figure, values or [0.0], height, right)
    names = None if pen.narrow else _limit_labels(pen, axes, figure)
    if names is None:
        key, shift = _line_key(pen, figure)
        out += key
    body = [*grid, *(_band(pen, axes, band) for band in figure.bands)]
    if axes.low < 0 < axes.high or axes.low == 0:
        body.append(
            pen.line(f"M{px(axes.left)} {px(axes.y(0))}H{px(axes.right)}", "ctl")
        )
    for limit in figure.limits:
        d = _path(axes, limit.values)
        if d:
            dash = "6 4" if limit.kind == "goal" else ""
            body.append(pen.line(d, "ink", 1.6, dash))
    for series in sorted(figure.series, key=lambda s: s.role == "plan"):
        body += _series_line(pen, axes, series)
    for limit in figure.limits:
        body += _broken(pen, axes, figure, limit)
    body += names or []
    if not pen.narrow:
        ends = []
        for series in figure.series:
            known = [i for i, v in enumerate(series.values) if v is not None]
            if known:
                ends.append((series, axes.y(series.values[known[-1]] or 0.0)))
        ys = _dodge([y for _, y in ends], pen.font + 4, 14, axes.bottom)
        for (series, _y), y in zip(ends, ys, strict=True):
            label = pen.wrap(series.label, 196, 1, True)[0]
            body.append(
                pen.text(axes.right + 10, y + 5, label, bold=series.role == "plan")
            )
    xs = [axes.at(i) for i in range(n)]
    body += _year_labels(pen, figure.labels, xs, height - 6, pen.width)
    if shift:
        body = [f'<g transform="translate(0 {px(shift)})">', *body, "</g>"]
    return [*out, *body], height + shift


def _line_key(pen: Pen, figure: Figure) -> tuple[list[str], float]:
    """Name the lines above a chart, where beside them there is no room for names.

    On a wide chart the series are named at their ends, so only the limits are named.
    """
    out: list[str] = []
    y = 0.0
    for series in figure.series if pen.narrow else ():
        out.append(_line_sample(pen, series, 0, y + 9))
        out.append(pen.text(40, y + 15, series.label, bold=series.role == "plan"))
        y += 23
    for limit in figure.limits:
        known = next((v for v in limit.values if v is not None), None)
        if known is None:
            continue
        label = limit.label
        if not any(c.isdecimal() for c in label):
            value = number(known * (100 if figure.percent else 1), 1)
            label += f": {percent_sign(value) if figure.percent else value}"
        dash = "6 4" if limit.kind == "goal" else ""
        out.append(pen.line(f"M0 {px(y + 9)}H32", "ink", 1.6, dash))
        for line in pen.wrap(label, pen.width - 42, 3):
            out.append(pen.text(40, y + 15, line))
            y += pen.font + 4
        y += 2
    return out, y + 6


def _path(axes: _Axes, values: Sequence[float | None]) -> str:
    d, pen_up = "", True
    for i, value in enumerate(values):
        if value is None:
            pen_up = True
            continue
        d += f"{'M' if pen_up else 'L'}{px(axes.at(i))} {px(axes.y(value))}"
        pen_up = False
    return d if "L" in d else ""


def _band(pen: Pen, axes: _Axes, band: Band) -> str:
    """Fill between two lines; a year without figures parts the field."""
    fields: list[list[int]] = [[]]
    for i, (low, high) in enumerate(zip(band.low, band.high, strict=True)):
        if low is None or high is None:
            fields.append([])
        else:
            fields[-1].append(i)
    d = ""
    for field in fields:
        if len(field) < 2:
            continue
        edge = [(axes.at(i), axes.y(band.high[i] or 0.0)) for i in field]
        edge += [(axes.at(i), axes.y(band.low[i] or 0.0)) for i in reversed(field)]
        d += "M" + "L".join(f"{px(x)} {px(y)}" for x, y in edge) + "Z"
    return f'<path d="{d}" fill="{pen.colour(FILLS[band.role])}"/>' if d else ""


def _line_sample(pen: Pen, series: Series, x: float, y: float) -> str:
    colour = FILLS.get(series.role, "c4")
    out = pen.line(f"M{px(x)} {px(y)}H{px(x + 32)}", colour, 2.6)
    if series.role != "plan":
        out += _marker(pen, x + 16, y, colour)
    return out


def _marker(pen: Pen, x: float, y: float, colour: str) -> str:
    return (
        f'<circle cx="{px(x)}" cy="{px(y)}" r="3.4" fill="{pen.colour("surface")}" '
        f'stroke="{pen.colour(colour)}" stroke-width="1.8"/>'
    )


def _series_line(pen: Pen, axes: _Axes, series: Series) -> list[str]:
    colour = FILLS.get(series.role, "c4")
    plan = series.role == "plan"
    d = _path(axes, series.values)
    out = []
    if d:
        out.append(pen.line(d, "surface", 5.5))
        out.append(pen.line(d, colour, 2.8 if plan else 1.8))
    if not plan or not d:
        every = max(1, math.ceil(axes.count / 14))
        out += [
            _marker(pen, axes.at(i), axes.y(v), colour)
            for i, v in enumerate(series.values)
            if v is not None and (i % every == 0 or i == axes.count - 1)
        ]
    return out


def _broken(pen: Pen, axes: _Axes, figure: Figure, limit: Limit) -> list[str]:
    """Mark the years in which the plan's line is on the wrong side of a goal."""
    if limit.operator not in (">=", "<=") or not figure.series:
        return []
    sign = 1 if limit.operator == ">=" else -1
    out = []
    for i, (value, goal) in enumerate(
        zip(figure.series[0].values, limit.values, strict=True)
    ):
        if value is None or goal is None or sign * (value - goal) >= -1e-9 * abs(goal):
            continue
        x, y = axes.at(i), axes.y(value)
        out.append(
            f'<rect x="{px(x - 4.5)}" y="{px(y - 4.5)}" width="9" height="9" '
            f'fill="{pen.colour("surface")}" stroke="{pen.colour("warn")}" '
            'stroke-width="2"/>'
        )
    return out


def _limit_labels(pen: Pen, axes: _Axes, figure: Figure) -> list[str] | None:
    """Name the limits on their lines; None when a name has too little air."""
    out: list[str] = []
    taken: list[tuple[float, float, float]] = []
    for limit in figure.limits:
        if all(v is None for v in limit.values):
            continue
        found = _limit_place(pen, axes, figure, limit, taken)
        if found is None:
            return None
        x, y = found
        taken.append((x, y, pen.measure(limit.label, bold=True)))
        out.append(pen.text(x, y, limit.label, bold=True, halo=True))
    return out


def _limit_place(
    pen: Pen,
    axes: _Axes,
    figure: Figure,
    limit: Limit,
    taken: Sequence[tuple[float, float, float]],
) -> tuple[float, float] | None:
    """Return where a limit's name keeps clear of every line, as near the left as may be.

    None when no place leaves `_AIR` between the letters and the other lines.
    """
    known = [i for i, v in enumerate(limit.values) if v is not None]
    wide = pen.measure(limit.label, bold=True)
    curves = [s.values for s in figure.series]
    curves += [other.values for other in figure.limits if other is not limit]
    best: tuple[float, float, float] | None = None
    first, last = axes.at(known[0]), axes.at(known[-1])
    if wide > last - first - 8:
        return None
    goal = limit.values[known[0]] or 0.0
    for step in range(9):
        x = first + 4 + step * (last - first - wide - 8) / 8
        for y in (axes.y(goal) - 7, axes.y(goal) + pen.font + 1):
            if y < pen.font or y > axes.bottom - 2:
                continue
            middle = y - pen.font * 0.33
            air = 60.0
            for curve in curves:
                for k in range(25):
                    value = _between(axes, curve, x + wide * k / 24)
                    if value is not None:
                        air = min(air, abs(axes.y(value) - middle))
            for tx, ty, tw in taken:
                if x < tx + tw and tx < x + wide and abs(ty - y) < pen.font + 6:
                    air = 0.0
            if air - pen.font * 0.45 < _AIR:
                continue
            score = air - step * 0.4
            if best is None or score > best[0]:
                best = (score, x, y)
    return None if best is None else best[1:]


def _between(axes: _Axes, values: Sequence[float | None], x: float) -> float | None:
    if axes.count < 2:
        return values[0] if values else None
    place = (x - axes.left) / (axes.right - axes.left) * (axes.count - 1)
    i = min(max(int(place), 0), axes.count - 2)
    a, b = values[i], values[i + 1]
    if a is None or b is None:
        return None
    return a + (b - a) * min(max(place - i, 0.0), 1.0)


# ---------------------------------------------------------------- bars


def _bars(pen: Pen, figure: Figure) -> tuple[list[str], float]:
    """Bars a year: the first series upward plain or downward hatched, the rest on top.

    The figure at the bar is that of the first series and what is `reserved` together;
    what is `used` of a reserve is drawn but not counted.
    """
    height = 262.0
    first, *rest = figure.series
    n = len(figure.labels)
    counted = [first, *(s for s in rest if s.role == "reserved")]
    sums = [
        None if v is None else v + sum(s.values[i] or 0.0 for s in counted[1:])
        for i, v in enumerate(first.values)
    ]
    tops = [
        (v or 0.0) + sum(s.values[i] or 0.0 for s in rest)
        for i, v in enumerate(first.values)
    ]
    known = [v for v in sums if v is not None]
    lows = [v for v in first.values if v is not None]
    axes, out = _axes(pen, figure, [*lows, *tops] or [0.0], height, pen.width, 28)
    gap = max(1.5, axes.slot() * 0.16)
    texts = [number(v, figure.decimals) for v in sums]
    fits = max((pen.measure(t, True) for t in texts), default=0) < axes.slot() - 2
    lowest = min(known, default=0.0)
    for i, value in enumerate(first.values):
        if value is None:
            continue
        x, w = axes.left + i * axes.slot() + gap, axes.slot() - 2 * gap
        top, bottom = axes.y(max(value, 0.0)), axes.y(min(value, 0.0))
        fill = FILLS.get(first.role, "c1") if value >= 0 else "url(#hatch)"
        out.append(pen.rect(x, top, w, bottom - top, fill))
        level = value
        for part in rest:
            more = part.values[i] or 0.0
            if more > 0 and level + more > 0:
                top, under = axes.y(level + more), axes.y(max(level, 0.0))
                out.append(pen.rect(x, top, w, under - top, FILLS[part.role]))
            level += more
        if fits or sums[i] == lowest:
            half = pen.measure(texts[i], True) / 2
            at = min(max(axes.mid(i), axes.left + half), pen.width - half)
            y = top - 6 if value >= 0 else bottom + pen.font
            y = min(max(y, 12), axes.bottom - 4 if value < 0 else axes.bottom)
            out.append(pen.text(at, y, texts[i], "middle", True, halo=True))
    out.append(
        pen.line(f"M{px(axes.left)} {px(axes.y(0))}H{px(axes.right)}", "ctl", 1.2)
    )
    xs = [axes.mid(i) for i in range(n)]
    out += _year_labels(pen, figure.labels, xs, height - 6, pen.width)
    return out, height


# ---------------------------------------------------------------- timeline


def _timeline(pen: Pen, figure: Figure) -> tuple[list[str], float]:
    years = [int(label) for label in figure.labels]
    n = len(years)
    if not n or not figure.bars:
        return [], 1.0
    amount = max(pen.measure(bar.amount, True) for bar in figure.bars)
    amount = max(amount, pen.measure(figure.peak)) + 16
    stacked = pen.narrow
    left = (
        0.0
        if stacked
        else min(
            pen.width * 0.4,
            max(pen.measure(bar.label, True) for bar in figure.bars) + 14,
        )
    )
    right = pen.width if stacked else pen.width - amount
    slot = (right - left) / n
    head = 26.0
    out: list[str] = []
    body: list[str] = []
    y = foot = head
    for bar in figure.bars:
        lines = pen.wrap(
            bar.label,
            pen.width - amount if stacked else left - 14,
            2,
            True,
        )
        text = pen.font + 3
        block = len(lines) * text
        row = block + 30 if stacked else max(34.0, block + 12)
        middle = y + (block + 15 if stacked else row / 2)
        first = (
            y + pen.font + 3 if stacked else middle - (len(lines) - 1) * text / 2 + 5
        )
        body += [
            pen.text(0, first + k * text, line, bold=True)
            for k, line in enumerate(lines)
        ]
        body.append(
            pen.text(
                pen.width, first if stacked else middle + 5, bar.amount, "end", True
            )
        )
        if bar.start_year is None:
            words = pen.wrap(bar.remark, right - left - 8, 1)[0]
            body.append(pen.text(left + 6, middle + 5, words))
        else:
            body += _bar(
                pen,
                bar.start_year,
                bar.end_year,
                bar.in_use_year,
                bar.kind,
                years,
                left,
                slot,
                middle,
                bar.window,
            )
        y += row
        if bar.start_year is not None:
            foot = y
        body.append(pen.line(f"M0 {px(y)}H{px(pen.width)}"))
    for i in range(n + (1 if stacked else 0)):
        x = left + i * slot
        if not stacked or i % 2 == 0:
            out.append(pen.line(f"M{px(x)} {px(head - 2)}V{px(foot)}"))
    xs = [left + (i + 0.5) * slot for i in range(n)]
    out += _year_labels(pen, figure.labels, xs, pen.font, right)
    if not stacked and figure.peak:
        out.append(pen.text(pen.width, pen.font, figure.peak, "end"))
    return [*out, *body], y + 2


def years_field(
    window: tuple[int, int], end: int, start: int, years: Sequence[int]
) -> tuple[int, int]:
    """Return from and to which year's slot a window with its building time reaches."""
    first = max(min(window[0], start) - years[0], 0)
    last = min(max(window[1] + end - start, end) - years[0] + 1, len(years))
    return first, last


def _bar(
    pen: Pen,
    start: int,
    end: int | None,
    use: int | None,
    kind: str,
    years: Sequence[int],
    left: float,
    slot: float,
    middle: float,
    window: tuple[int, int] | None,
) -> list[str]:
    first = max(start - years[0], 0)
    last = min((end if end is not None else start) - years[0] + 1, len(years))
    x0, x1 = left + first * slot + 1, left + last * slot - 1
    out = []
    if window is not None:
        field = years_field(window, end if end is not None else start, start, years)
        edge = f' rx="3" stroke="{pen.colour("ctl")}" stroke-dasharray="3 2"'
        a, b = left + field[0] * slot + 1, left + field[1] * slot - 1
        out.append(pen.rect(a, middle - 8, b - a, 16, "sunk", edge))
    out.append(
        pen.rect(x0, middle - 8, max(x1 - x0, 2), 16, FILLS.get(kind, "c4"), ' rx="3"')
    )
    if use is not None and years[0] <= use <= years[-1] + 1:
        x = min(left + (use - years[0]) * slot, left + len(years) * slot - 6)
        out.append(
            f'<circle cx="{px(x)}" cy="{px(middle)}" r="5.5" '
            f'fill="{pen.colour("surface")}" stroke="{pen.colour("ink")}" '
            'stroke-width="2.2"/>'
        )
    return out


# ---------------------------------------------------------------- heat strip


def _heat(pen: Pen, figure: Figure) -> tuple[list[str], float]:
    n = len(figure.labels)
    widest = max(
        (pen.measure(c.text, True) for row in figure.heat for c in row.cells),
        default=30.0,
    )
    cell = max(widest + 6, pen.measure("2026") + 4)
    stacked = pen.width < 700
    left = 0.0 if stacked else 226.0
    per_line = max(1, min(n, int((pen.width - left) // cell)))
    lines = math.ceil(n / per_line)
    per_line = math.ceil(n / lines)
    slot = (pen.width - left) / per_line
    out: list[str] = []
    y = 2.0
    shared = lines == 1
    if shared:
        xs = [left + (i + 0.5) * slot for i in range(n)]
        out += [
            pen.text(x, y + 14, label, "middle")
            for x, label in zip(xs, figure.labels, strict=True)
        ]
        y += 22
    for row in figure.heat:
        spare = 0.0
        if stacked:
            y += 12
            for line in pen.wrap(row.label, pen.width, 3, True):
                out.append(pen.text(0, y + pen.font, line, bold=True))
                y += pen.font + 3
            y += 4
        else:
            names = pen.wrap(row.label, left - 14, 4, True)
            spare = max(0.0, len(names) * 18 - 34)
            y += spare / 2
            middle = y + (17 if shared else 39)
            first = middle - (len(names) - 1) * 9 + 5
            out += [
                pen.text(0, first + k * 18, line, bold=True)
                for k, line in enumerate(names)
            ]
        for k in range(lines):
            part = range(k * per_line, min(n, (k + 1) * per_line))
            if not shared:
                for i in part:
                    x = left + (i - k * per_line + 0.5) * slot
                    out.append(pen.text(x, y + 14, figure.labels[i], "middle"))
                y += 20
            for i in part:
                x = left + (i - k * per_line) * slot
                out += _heat_cell(pen, row.cells[i], x, y, slot)
            y += 38
        if not stacked:
            y += spare / 2 + (0 if shared else 8)
    return out, y


def _heat_cell(pen: Pen, cell: Cell, x: float, y: float, slot: float) -> list[str]:
    fill = {"good": "ok", "tight": "okbg", "missed": "url(#hatch)"}.get(
        cell.mood, "sunk"
    )
    colour = {"good": "surface", "tight": "ink", "missed": "warn"}.get(
        cell.mood, "ink2"
    )
    out = [pen.rect(x + 1, y, slot - 2, 34, fill, ' rx="3"')]
    wide = pen.measure(cell.text, True) + 6
    if cell.mood == "missed":
        out.append(
            pen.rect(x + slot / 2 - wide / 2, y + 6, wide, 22, "warnbg", ' rx="2"')
        )
    out.append(
        pen.text(
            x + slot / 2,
            y + 17 + pen.font * 0.35,
            cell.text,
            "middle",
            cell.mood != "quiet",
            colour,
        )
    )
    return out


# ---------------------------------------------------------------- waterfall


def _waterfall(pen: Pen, figure: Figure) -> tuple[list[str], float]:
    """Totals stand on the axis, changes float from where the last one ended."""
    levels: list[tuple[float, float]] = []
    level = 0.0
    for step in figure.steps:
        start = 0.0 if step.kind == "total" else level
        level = step.value if step.kind == "total" else level + step.value
        levels.append((start, level))
    low = min(min(a, b) for a, b in levels)
    high = max(max(a, b) for a, b in levels)
    low, high = min(low, 0.0), max(high, 0.0)
    span = (high - low) or 1.0
    out: list[str] = []

    def fill(i: int) -> str:
        step = figure.steps[i]
        if step.kind == "total":
            return "ink"
        return "ok" if step.value >= 0 else "url(#hatch)"

    slot = pen.width / len(figure.steps)
    names = [pen.wrap(s.label, slot - 4, 3, s.kind == "total") for s in figure.steps]
    if slot < 60 or any(line.endswith("…") for name in names for line in name):
        y = 0.0
        name = 0.0
        widest = max(pen.measure(s.text, True) for s in figure.steps) + 10
        right = pen.width - widest
        scale = (right - name) / span
        for i, step in enumerate(figure.steps):
            a, b = sorted(levels[i])
            out.append(pen.text(0, y + pen.font, step.label, bold=step.kind == "total"))
            out.append(pen.text(pen.width, y + pen.font + 20, step.text, "end", True))
            out.append(
                pen.rect(
                    name + (a - low) * scale,
                    y + pen.font + 7,
                    max((b - a) * scale, 2),
                    16,
                    fill(i),
                )
            )
            y += pen.font + 34
        x = name + (0 - low) * scale
        out.append(pen.line(f"M{px(x)} 0V{px(y - 6)}", "ctl"))
        return out, y
    height, top, bottom = 288.0, 26.0, 222.0

    def at(value: float) -> float:
        return bottom - (value - low) / span * (bottom - top)

    for i, step in enumerate(figure.steps):
        a, b = sorted(levels[i])
        x = i * slot + slot * 0.13
        out.append(pen.rect(x, at(b), slot * 0.74, max(at(a) - at(b), 1.5), fill(i)))
        above = at(b) - 7
        out.append(
            pen.text(x + slot * 0.37, above, step.text, "middle", True, halo=True)
        )
        if i + 1 < len(figure.steps):
            y = at(levels[i][1])
            out.append(
                pen.line(
                    f"M{px(x + slot * 0.74)} {px(y)}H{px(x + slot * 1.0)}",
                    "ctl",
                    1,
                    "2 3",
                )
            )
        for k, line in enumerate(names[i]):
            out.append(
                pen.text(
                    x + slot * 0.37,
                    bottom + 20 + k * (pen.font + 3),
                    line,
                    "middle",
                    step.kind == "total",
                )
            )
    out.append(pen.line(f"M0 {px(at(0))}H{px(pen.width)}", "ctl"))
    return out, height
