"""How are probabilities and rankings drawn? Ten circles a row, and bars on one side.

A probability is ten circles of which so many are filled, then the same in words and in
per cent; nothing is told by colour alone. Leaves out fans, which are lines with bands
(svg), and what the pictures say (uncertainty).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rodtrad.publish.svg_pen import px

if TYPE_CHECKING:
    from rodtrad.publish.blocks import Figure, Rank
    from rodtrad.publish.svg_pen import Pen

_RADIUS: Final = 7.0
_STEP: Final = 18.5
_BAR: Final = 18.0


def draw_tens(pen: Pen, figure: Figure) -> tuple[list[str], float]:
    """Return the drawing and its height: a row for each probability."""
    wide = pen.width >= 700
    line = pen.font + 3
    ends = max(pen.measure(rank.text, True) for rank in figure.ranks)
    words = max(pen.measure(rank.words, True) for rank in figure.ranks)
    left = pen.width - ends - words - 10 * _STEP - 44
    out: list[str] = []
    y = 2.0
    for rank in figure.ranks:
        if wide:
            names = pen.wrap(rank.label, left - 18, 3, True)
            high = max(34.0, len(names) * line + 14)
            first = y + (high - len(names) * line) / 2 + pen.font - 1
            out += [
                pen.text(0, first + k * line, name, bold=True)
                for k, name in enumerate(names)
            ]
            middle = y + high / 2
            out += _circles(pen, rank, left, middle)
            at = left + 10 * _STEP + 14
            out.append(pen.text(at, middle + 5, rank.words, bold=True))
            out.append(pen.text(pen.width, middle + 5, rank.text, "end"))
            y += high
        else:
            for name in pen.wrap(rank.label, pen.width, 3, True):
                y += line
                out.append(pen.text(0, y, name, bold=True))
            middle = y + 21
            out += _circles(pen, rank, 0, middle)
            y = middle + _RADIUS + 3
            beside = 10 * _STEP + 12
            told = f"{rank.words}: {rank.text}"
            if beside + pen.measure(told) <= pen.width:
                out.append(pen.text(beside, middle + 5, told))
            else:
                y += line
                out.append(pen.text(0, y, told))
            y += 10
        out.append(pen.line(f"M0 {px(y)}H{px(pen.width)}"))
    return out, y + 2


def filled_circles(share: float) -> float:
    """Return how many of ten circles are filled, in halves.

    Only what is certain fills all or none: more than nine of ten is nine and a half,
    fewer than one a half.

    Example:
        >>> filled_circles(0.82), filled_circles(0.97), filled_circles(0.004)
        (8.0, 9.5, 0.5)
    """
    if share > 0.9:
        return 9.5 if share > 0.95 else 9.0
    if share < 0.1:
        return 0.5
    return float(int(share * 10 + 0.5))


def _circles(pen: Pen, rank: Rank, x: float, y: float) -> list[str]:
    filled = filled_circles(rank.share)
    out = []
    for i in range(10):
        cx = x + _RADIUS + 1 + i * _STEP
        whole = i + 1 <= filled
        out.append(
            f'<circle cx="{px(cx)}" cy="{px(y)}" r="{px(_RADIUS - 0.8)}" '
            f'fill="{pen.colour("c1" if whole else "surface")}" '
            f'stroke="{pen.colour("c1")}" stroke-width="1.6"/>'
        )
        if not whole and i < filled:
            r = _RADIUS - 0.8
            out.append(
                f'<path d="M{px(cx)} {px(y - r)}A{px(r)} {px(r)} 0 0 0 {px(cx)} '
                f'{px(y + r)}Z" fill="{pen.colour("c1")}"/>'
            )
    return out


def draw_ranked(pen: Pen, figure: Figure) -> tuple[list[str], float]:
    """Return the drawing and its height: the longest bar first, from a common zero."""
    most = max((rank.share for rank in figure.ranks), default=0.0) or 1.0
    stacked = pen.width < 500
    names = max(pen.measure(rank.label, True) for rank in figure.ranks)
    left = 0.0 if stacked else min(names, pen.width * 0.45) + 16
    ends = max(pen.measure(rank.text, True) for rank in figure.ranks) + 10
    scale = (pen.width - left - ends) / most
    out: list[str] = []
    y = 2.0
    for rank in figure.ranks:
        if stacked:
            y += pen.font
            out.append(pen.text(0, y, pen.wrap(rank.label, pen.width, 1)[0]))
            y += 6
        else:
            words = pen.wrap(rank.label, left - 16, 1)[0]
            out.append(pen.text(0, y + _BAR / 2 + 5, words))
        wide = max(rank.share, 0.0) * scale
        out.append(pen.rect(left, y, max(wide, 1.5), _BAR, "c1", ' rx="2"'))
        out.append(pen.text(left + wide + 8, y + _BAR / 2 + 5, rank.text, bold=True))
        y += _BAR + (12 if stacked else 13)
    out.append(pen.line(f"M{px(left)} 0V{px(y - 8)}", "ctl"))
    return out, y
