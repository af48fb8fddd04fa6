"""How is the workbench drawn? Rows of the timeline and the two strips, as plain SVG.

Places are shares of the width, so that one drawing serves every screen and no text is
scaled. Colours are the tokens of the style sheet. Everything a picture says stands in
words beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

if TYPE_CHECKING:
    from collections.abc import Sequence

HEIGHT: Final = 30
STRIP: Final = 96
BASE: Final = 74
# So many years are named under a strip or over the timeline, at most.
NAMED: Final = 6
COLOURS: Final = {"N": "c1", "I": "c1", "R": "c2", "A": "c3"}


def _percent(value: float) -> str:
    return f"{100 * value:.3f}%"


def named_years(years: Sequence[int]) -> list[tuple[int, int]]:
    """Return the years to name, with their places, no closer than there is room for."""
    step = -(-len(years) // NAMED)
    return [(i, year) for i, year in enumerate(years) if i % step == 0]


def year_scale(years: Sequence[int]) -> SafeString:
    """Return the years over the timeline."""
    count = len(years)
    marks = format_html_join(
        "",
        '<text x="{}" y="15" class="s">{}</text>',
        ((_percent(i / count), year) for i, year in named_years(years)),
    )
    return format_html(
        '<svg class="lane scale" width="100%" height="20" aria-hidden="true">{}</svg>',
        marks,
    )


def lane(
    years: Sequence[int],
    *,
    free: Sequence[int],
    build_years: int,
    now: tuple[int, int] | None,
    was: tuple[int, int] | None,
    colour: str,
    locked: bool,
) -> SafeString:
    """Return a project's row: where it can start, where it was and where it is.

    `now` and `was` are start year and first year in use.
    """
    first, count = years[0], len(years)

    def place(year: int) -> float:
        return (year - first) / count

    parts = [
        format_html_join(
            "",
            '<line x1="{0}" x2="{0}" y1="0" y2="{1}" class="tick"/>',
            ((_percent(i / count), HEIGHT) for i, _year in named_years(years)),
        )
    ]
    parts += [
        format_html(
            '<rect x="{}" y="12" width="{}" height="6" class="free"/>',
            _percent(place(start)),
            _percent((end + build_years - start) / count),
        )
        for start, end in _runs(free)
    ]
    if was is not None and was != now:
        parts.append(
            format_html(
                '<rect x="{}" y="5" width="{}" height="20" rx="3" class="was"/>',
                _percent(place(was[0])),
                _percent(max(was[1] - was[0], 0.25) / count),
            )
        )
    if now is not None:
        parts.append(
            format_html(
                '<rect x="{}" y="8" width="{}" height="14" rx="3" fill="var(--{})"{}/>'
                '<circle cx="{}" cy="15" r="4.5" class="use"/>',
                _percent(place(now[0])),
                _percent(max(now[1] - now[0], 0.25) / count),
                colour,
                SafeString(' class="moved"') if was != now else SafeString(""),
                _percent(place(now[1])),
            )
        )
    if locked:
        at = place(now[0]) if now is not None else 0.0
        parts.append(
            format_html(
                '<svg x="{}" y="8" width="20" height="14" overflow="visible">'
                '<use href="#s-lock" transform="translate(4 1)"/></svg>',
                _percent(at),
            )
        )
    return format_html(
        '<svg class="lane" width="100%" height="{}" aria-hidden="true">{}</svg>',
        HEIGHT,
        format_html_join("", "{}", ((part,) for part in parts)),
    )


def _runs(years: Sequence[int]) -> list[tuple[int, int]]:
    """Return years as runs, each its first and last."""
    runs: list[tuple[int, int]] = []
    for year in years:
        if runs and runs[-1][1] == year - 1:
            runs[-1] = runs[-1][0], year
        else:
            runs.append((year, year))
    return runs


def strip(
    years: Sequence[int],
    values: Sequence[float | None],
    before: Sequence[float | None],
    limits: Sequence[float],
    missed: Sequence[bool],
    label: str,
) -> SafeString:
    """Return bars by year, where each was before as a line, and the limits dashed."""
    known = [v for v in (*values, *before, *limits, 0.0) if v is not None]
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    count = len(years)

    def y(value: float) -> float:
        return BASE - (BASE - 8) * (value - low) / span

    bars: list[Any] = []
    for i, (value, was) in enumerate(zip(values, before, strict=True)):
        left, width = (i + 0.1) / count, 0.8 / count
        if value is not None:
            top, bottom = min(y(value), y(0.0)), max(y(value), y(0.0))
            bars.append(
                format_html(
                    '<rect x="{}" y="{}" width="{}" height="{}" rx="1.5" fill="{}"/>',
                    _percent(left),
                    f"{top:.1f}",
                    _percent(width),
                    f"{max(bottom - top, 1.0):.1f}",
                    "url(#hatch)"
                    if missed[i]
                    else "var(--c1)"
                    if value != was
                    else "var(--band2)",
                )
            )
        if was is not None:
            bars.append(
                format_html(
                    '<rect x="{}" y="{}" width="{}" height="2" fill="var(--ink)"/>',
                    _percent((i + 0.04) / count),
                    f"{y(was) - 1:.1f}",
                    _percent(0.92 / count),
                )
            )
    marks = format_html_join(
        "",
        '<line x1="0" x2="100%" y1="{0}" y2="{0}" class="limit"/>',
        ((f"{y(limit):.1f}",) for limit in limits),
    )
    names = format_html_join(
        "",
        '<text x="{}" y="{}" class="s">{}</text>',
        ((_percent(i / count), STRIP - 4, year) for i, year in named_years(years)),
    )
    return format_html(
        '<svg class="strip" width="100%" height="{}" role="img" aria-label="{}">'
        "{}{}{}</svg>",
        STRIP,
        label,
        format_html_join("", "{}", ((bar,) for bar in bars)),
        marks,
        names,
    )
