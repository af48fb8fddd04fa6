"""What does a backtest look like? Its pictures as SVG that stand alone.

Colours and the hatch are those of the report (publish/svg_pen); forms differ as well
as colours. Leaves out what is drawn (each section) and where it is stored (run).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from rodtrad.publish.svg import patterns, ticks
from rodtrad.publish.svg_pen import THEMES, Pen, px

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.backtest.section import Line, Picture

WIDE: Final = 760.0
HEIGHT: Final = 300.0
PEN: Final = Pen(WIDE, 14.0, THEMES["light"])
# Fill, stroke and dash of a series by its place; the first is ours.
FILLS: Final = ("c1", "c2", "c3", "c4", "c5", "ok")
DASHES: Final = ("", "7 4", "2 3", "10 3 2 3", "5 2", "1 4")


def draw(picture: Picture) -> str:
    """Return the picture as one SVG document; ValueError for an unknown kind."""
    numbers = [
        float(v)
        for line in picture.lines
        for series in (line.values, line.low, line.high)
        for v in series
        if v is not None
    ]
    numbers += [picture.goal] if picture.goal is not None else []
    numbers += list(picture.band or ())
    low, high = min([0.0, *numbers]), max([0.0, *numbers]) or 1.0
    marks = ticks(low, high)
    low, high = min(low, marks[0]), max(high, marks[-1])
    keys = _keys(picture)
    top = 14.0 + 22.0 * len(keys) + (20.0 if picture.unit else 0.0)
    texts = [_number(mark, marks) for mark in marks]
    left = 14.0 + max(PEN.measure(text) for text in texts)
    right, bottom = WIDE - 16.0, top + HEIGHT

    def y(value: float) -> float:
        return bottom - (value - low) / (high - low) * HEIGHT

    parts = [x for row in keys for x in row]
    if picture.unit:
        parts.append(PEN.text(left, top - 12, picture.unit, colour="ink2"))
    if picture.band:
        a, b = picture.band
        parts.append(PEN.rect(left, y(b), right - left, y(a) - y(b), "sunk"))
    for mark, text in zip(marks, texts, strict=True):
        parts.append(PEN.line(f"M{px(left)} {px(y(mark))}H{px(right)}"))
        parts.append(PEN.text(left - 7, y(mark) + 5, text, "end", colour="ink2"))
    kinds = {"bars": _bars, "lines": _lines, "points": _points}
    if picture.kind not in kinds:
        message = (
            f"{picture.name}: a picture is bars, lines or points, not {picture.kind!r}"
        )
        raise ValueError(message)
    parts += kinds[picture.kind](picture, left, right, y)
    parts.append(PEN.line(f"M{px(left)} {px(y(0))}H{px(right)}", "ctl", 1.2))
    if picture.goal is not None:
        at = y(picture.goal)
        parts.append(PEN.line(f"M{px(left)} {px(at)}H{px(right)}", "ink", 1.6, "6 4"))
        parts.append(
            PEN.text(right, at - 6, picture.goal_label, "end", bold=True, halo=True)
        )
    labels, height = _labels(picture, left, right, bottom)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {px(WIDE)} {px(height)}" '
        f'font-family="Source Sans 3, sans-serif" font-size="{px(PEN.font)}" '
        f'fill="{PEN.colour("ink")}" role="img">\n<title>{_escaped(picture.caption)}'
        f"</title>\n{patterns('light')}\n"
        f"{PEN.rect(0, 0, WIDE, height, 'surface')}\n" + "\n".join([*parts, *labels])
    ) + "\n</svg>\n"


def _keys(picture: Picture) -> list[list[str]]:
    """Samples and names of the series, in rows above the axes."""
    if len(picture.lines) < 2 and not any(len(x.low) for x in picture.lines):
        return []
    rows: list[list[str]] = [[]]
    x = 14.0
    for place, line in enumerate(picture.lines):
        width = 40.0 + PEN.measure(line.label)
        if x + width > WIDE - 10 and rows[-1]:
            rows.append([])
            x = 14.0
        at = 14.0 + 22.0 * (len(rows) - 1)
        if picture.kind == "points":
            rows[-1].append(
                f'<circle cx="{px(x + 12)}" cy="{px(at)}" r="5" '
                f'fill="{PEN.colour(FILLS[place])}"/>'
            )
        elif picture.kind == "bars":
            rows[-1].append(PEN.rect(x, at - 7, 22, 14, FILLS[place], ' rx="2"'))
        else:
            d = f"M{px(x)} {px(at)}H{px(x + 24)}"
            rows[-1].append(PEN.line(d, FILLS[place], 2.4, DASHES[place]))
        rows[-1].append(PEN.text(x + 30, at + 5, line.label))
        x += width + 14
    return rows


def _slots(picture: Picture, left: float, right: float) -> list[float]:
    width = (right - left) / max(len(picture.labels), 1)
    return [left + width * (i + 0.5) for i in range(len(picture.labels))]


def _bars(
    picture: Picture, left: float, right: float, y: Callable[[float], float]
) -> list[str]:
    centres = _slots(picture, left, right)
    room = 0.76 * (right - left) / max(len(centres), 1)
    width = min(44.0, room / max(len(picture.lines), 1))
    parts = []
    for place, line in enumerate(picture.lines):
        shift = (place - len(picture.lines) / 2) * width
        for i, value in enumerate(line.values):
            if value is None:
                continue
            x, ends = centres[i] + shift, sorted((y(0.0), y(value)))
            parts.append(
                PEN.rect(x + 1, ends[0], width - 2, ends[1] - ends[0], FILLS[place])
            )
            if len(line.low) and line.low[i] is not None:
                parts += _whisker(x + width / 2, y(line.low[i]), y(line.high[i]))
    return parts


def _points(
    picture: Picture, left: float, right: float, y: Callable[[float], float]
) -> list[str]:
    """A dot and its whisker for each value, side by side where there are several."""
    centres = _slots(picture, left, right)
    step = min(22.0, 0.6 * (right - left) / max(len(centres) * len(picture.lines), 1))
    parts = []
    for place, line in enumerate(picture.lines):
        shift = (place - (len(picture.lines) - 1) / 2) * step
        for i, value in enumerate(line.values):
            if value is None:
                continue
            x = centres[i] + shift
            if len(line.low) and line.low[i] is not None:
                parts += _whisker(x, y(line.low[i]), y(line.high[i]))
            parts.append(
                f'<circle cx="{px(x)}" cy="{px(y(value))}" r="5" '
                f'fill="{PEN.colour(FILLS[place])}"/>'
            )
    return parts


def _whisker(x: float, low: float, high: float) -> list[str]:
    ends = f"M{px(x - 4)} {px(low)}H{px(x + 4)}M{px(x - 4)} {px(high)}H{px(x + 4)}"
    return [PEN.line(f"M{px(x)} {px(low)}V{px(high)}{ends}", "ink", 1.4)]


def _lines(
    picture: Picture, left: float, right: float, y: Callable[[float], float]
) -> list[str]:
    centres = _slots(picture, left, right)
    parts = []
    for place, line in enumerate(picture.lines):
        if len(line.low):
            parts.append(_band(line, centres, y, FILLS[place]))
    for place, line in enumerate(picture.lines):
        known = [(centres[i], y(v)) for i, v in enumerate(line.values) if v is not None]
        d = "".join(
            f"{'L' if i else 'M'}{px(x)} {px(at)}" for i, (x, at) in enumerate(known)
        )
        if d:
            parts.append(PEN.line(d, FILLS[place], 2.4, DASHES[place]))
        if len(known) <= 20:
            parts += [
                f'<circle cx="{px(x)}" cy="{px(at)}" r="3" '
                f'fill="{PEN.colour(FILLS[place])}"/>'
                for x, at in known
            ]
    return parts


def _band(
    line: Line, centres: Sequence[float], y: Callable[[float], float], fill: str
) -> str:
    pairs = [
        (x, low, high)
        for x, low, high in zip(centres, line.low, line.high, strict=True)
        if low is not None and high is not None
    ]
    over = [f"{px(x)} {px(y(high))}" for x, _low, high in pairs]
    under = [f"{px(x)} {px(y(low))}" for x, low, _high in reversed(pairs)]
    d = "M" + "L".join([*over, *under]) + "Z"
    return f'<path d="{d}" fill="{PEN.colour(fill)}" fill-opacity="0.18"/>'


def _labels(
    picture: Picture, left: float, right: float, bottom: float
) -> tuple[list[str], float]:
    """The words under the axis, in up to three lines; some are left out if many."""
    centres = _slots(picture, left, right)
    slot = (right - left) / max(len(centres), 1)
    widest = max((PEN.measure(text) for text in picture.labels), default=0.0)
    step = 1
    if len(centres) > 12:  # years: show every so many rather than break the words
        while widest + 10 > slot * step:
            step += 1
    parts, most = [], 1
    for i, text in enumerate(picture.labels):
        if i % step:
            continue
        lines = PEN.wrap(text, slot * step - 6, 3) if step == 1 else [text]
        most = max(most, len(lines))
        for j, words in enumerate(lines):
            at = bottom + 20 + 17 * j
            parts.append(PEN.text(centres[i], at, words, "middle", colour="ink2"))
    return parts, bottom + 14 + 17 * most


def _number(value: float, marks: Sequence[float]) -> str:
    step = min((b - a for a, b in pairwise(marks)), default=1.0)
    decimals = max(0, min(4, len(f"{step:.4f}".rstrip("0").split(".")[1])))
    return f"{value:.{decimals}f}".replace("-", "\u2212")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
