"""How is the agreement map drawn? The disputed with a sign a viewpoint, then four strips.

A tick, a minus and a dashed ring carry the answers, never colour alone. A strip is as
wide as its projects cost together; all four have the same scale. Leaves out what the
map says (agreement) and the pen itself (svg_pen).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rodtrad.publish.svg_pen import px

if TYPE_CHECKING:
    from rodtrad.publish.blocks import Figure, StanceRow, StripGroup
    from rodtrad.publish.svg_pen import Pen

_BAR: Final = 26.0
# Parts narrower than this, in px, are drawn as one; their number is not to be counted.
_PART: Final = 3.0
_MOST_PARTS: Final = 60
_SIGN: Final = 9.0


def draw_agreement(pen: Pen, figure: Figure) -> tuple[list[str], float]:
    """Return the drawing and its height."""
    out: list[str] = []
    y = 0.0
    if figure.stances:
        stacked = pen.width < 700 or len(figure.labels) > 5
        parts, y = _stacked_rows(pen, figure) if stacked else _matrix(pen, figure)
        out += parts
        y += 22
    whole = max((sum(w for _n, w in g.parts) for g in figure.strip), default=0.0)
    for group in figure.strip:
        if group.parts:
            out += _strip(pen, group, y, whole)
            y += pen.font + 14 + _BAR + 14
    return out, max(y - 12, 1.0)


def draw_stance(pen: Pen, stance: str, x: float, y: float, r: float = _SIGN) -> str:
    """Return the sign of a stance with its middle at a point."""
    at = f'<circle cx="{px(x)}" cy="{px(y)}" r="{px(r)}"'
    if stance == "in":
        tick = (
            f"M{px(x - 0.47 * r)} {px(y + 0.04 * r)}L{px(x - 0.1 * r)} {px(y + 0.4 * r)}"
            f"L{px(x + 0.48 * r)} {px(y - 0.34 * r)}"
        )
        return f'{at} fill="{pen.colour("ok")}"/>' + pen.line(tick, "surface", 2)
    if stance == "out":
        return (
            f'{at} fill="{pen.colour("surface")}" stroke="{pen.colour("ink")}" '
            'stroke-width="1.5"/>'
            + pen.line(f"M{px(x - 0.45 * r)} {px(y)}H{px(x + 0.45 * r)}", "ink", 1.8)
        )
    return (
        f'{at} fill="{pen.colour("surface")}" stroke="{pen.colour("ctl")}" '
        'stroke-width="1.6" stroke-dasharray="3 2.4"/>'
    )


def _matrix(pen: Pen, figure: Figure) -> tuple[list[str], float]:
    """Rows of projects under columns of viewpoints."""
    n = len(figure.labels)
    amount = max(pen.measure(row.amount, True) for row in figure.stances)
    amount = max(amount, pen.measure(figure.peak)) + 18
    slot = min(118.0, (pen.width - 260 - amount) / n)
    left = pen.width - n * slot
    name = left - amount
    heads = [pen.wrap(label, slot - 8, 3) for label in figure.labels]
    deep = max(len(lines) for lines in heads)
    line = pen.font + 2
    out = []
    for i, lines in enumerate(heads):
        for k, words in enumerate(lines):
            at = (deep - len(lines) + k) * line + pen.font
            out.append(pen.text(left + (i + 0.5) * slot, at, words, "middle"))
    out.append(pen.text(left - 12, (deep - 1) * line + pen.font, figure.peak, "end"))
    y = deep * line + 8
    out.append(pen.line(f"M0 {px(y)}H{px(pen.width)}", "ink", 1.5))
    for row in figure.stances:
        lines = pen.wrap(row.label, name - 8, 2, True)
        remark = pen.wrap(row.remark, name - 8, 2) if row.remark else []
        high = max(38.0, (len(lines) + len(remark)) * line + 14)
        first = y + (high - (len(lines) + len(remark)) * line) / 2 + pen.font - 1
        for k, words in enumerate([*lines, *remark]):
            out.append(pen.text(0, first + k * line, words, bold=k < len(lines)))
        middle = y + high / 2
        out.append(pen.text(left - 12, middle + 5, row.amount, "end", True))
        out += [
            draw_stance(pen, stance, left + (i + 0.5) * slot, middle)
            for i, stance in enumerate(row.stances)
        ]
        y += high
        out.append(pen.line(f"M0 {px(y)}H{px(pen.width)}"))
    return out, y


def _stacked_rows(pen: Pen, figure: Figure) -> tuple[list[str], float]:
    """A project on its own line, and under it each viewpoint with its sign."""
    out = [pen.line(f"M0 1H{px(pen.width)}", "ink", 1.5)]
    y = 4.0
    for row in figure.stances:
        parts, y = _stacked_row(pen, figure, row, y)
        out += [*parts, pen.line(f"M0 {px(y)}H{px(pen.width)}")]
    return out, y


def _stacked_row(
    pen: Pen, figure: Figure, row: StanceRow, y: float
) -> tuple[list[str], float]:
    line = pen.font + 3
    amount = f"{row.amount} {figure.peak}"
    room = pen.width - pen.measure(amount, True) - 14
    out = [pen.text(pen.width, y + line, amount, "end", True)]
    for words in pen.wrap(row.label, room, 3, True):
        y += line
        out.append(pen.text(0, y, words, bold=True))
    for words in pen.wrap(row.remark, pen.width, 2) if row.remark else []:
        y += line
        out.append(pen.text(0, y, words))
    x, y = 0.0, y + line + 7
    for label, stance in zip(figure.labels, row.stances, strict=True):
        words = pen.wrap(label, pen.width - 2 * _SIGN - 8, 1)[0]
        wide = 2 * _SIGN + 8 + pen.measure(words)
        if x and x + wide > pen.width:
            x, y = 0.0, y + line + 8
        out.append(draw_stance(pen, stance, x + _SIGN, y - pen.font * 0.34))
        out.append(pen.text(x + 2 * _SIGN + 7, y, words))
        x += wide + 18
    return out, y + 13


def _strip(pen: Pen, group: StripGroup, y: float, whole: float) -> list[str]:
    """One label: its words and amount, and a part for each project below."""
    words = pen.wrap(group.text, pen.width - pen.measure(group.amount) - 14, 1, True)[0]
    out = [
        pen.text(0, y + pen.font, words, bold=True),
        pen.text(pen.width, y + pen.font, group.amount, "end"),
    ]
    top = y + pen.font + 8
    scale = pen.width / whole if whole > 0 else 0.0
    total = sum(width for _name, width in group.parts)
    parts = list(group.parts)
    if len(parts) > _MOST_PARTS or any(0 < w * scale < _PART for _n, w in parts):
        wide = [(n, w) for n, w in parts if w * scale >= _PART][:_MOST_PARTS]
        rest = total - sum(w for _n, w in wide)
        parts = [*wide, *([("", rest)] if rest > 0 else [])]
    x = 0.0
    for name, width in parts:
        wide_px = width * scale
        out.append(_part(pen, group.label, min(x, pen.width - 3), top, wide_px))
        if name and pen.measure(name) + 14 < wide_px and group.label != "omtvistad":
            colour = "surface" if group.label == "alla" else "ink2"
            out.append(
                pen.text(x + 8, top + _BAR / 2 + pen.font * 0.34, name, colour=colour)
            )
        x += wide_px
    if total <= 0:
        out.append(_part(pen, group.label, 0.0, top, 6.0))
    return out


def _part(pen: Pen, label: str, x: float, y: float, width: float) -> str:
    """Solid, half filled, dashed or pale: each label has a form of its own."""
    x, width = x + 1, max(width - 2, 2.0)
    if label == "alla":
        return pen.rect(x, y, width, _BAR, "ok", ' rx="2"')
    if label == "omtvistad":
        edge = f' stroke="{pen.colour("ink")}" stroke-width="1.8"'
        return pen.rect(x, y, width, _BAR, "surface", f' rx="2"{edge}') + pen.rect(
            x + 1, y + _BAR / 2, width - 2, _BAR / 2 - 1, "c1"
        )
    edge = f' stroke="{pen.colour("ctl")}"'
    if label == "oppen":
        edge += ' stroke-width="1.6" stroke-dasharray="4 3"'
        return pen.rect(x, y, width, _BAR, "surface", f' rx="2"{edge}')
    return pen.rect(x, y, width, _BAR, "sunk", f' rx="2"{edge}')
