"""How are two or three courses of a figure drawn year by year? As lines in one chart.

For plans side by side and for a lever's before and after. Charts of one plan are
`publish.figures`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rodtrad.domain.words import indicator_table
from rodtrad.publish.blocks import Cell, Column, Figure, Row, Series, TableBlock
from rodtrad.web.templatetags.rodtrad import trail_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.publish.blocks import Limit

    Line = tuple[str, str, Sequence[float | None]]


def lines_figure(
    key: str,
    title: str,
    alt: str,
    years: Sequence[int],
    lines: Sequence[Line],
    limits: Sequence[Limit] = (),
    trails: Sequence[str] = (),
) -> Figure | None:
    """Return the chart, with its table; None where no year has a value.

    Args:
        key: `lan_inv` (kronor per inhabitant) or `res_andel` (share).
        title: what is drawn.
        alt: the same as a sentence, for whoever does not see it.
        years: along the chart.
        lines: role, name and a value per year of each.
        limits: goals and laws, in the chart's unit.
        trails: where each line's figures lead, as `trail_at` takes it.
    """
    people = key == "lan_inv"
    scale = 0.001 if people else 1.0
    if not any(value is not None for _role, _name, line in lines for value in line):
        return None
    lead = trails or [""] * len(lines)

    def cell(value: float | None, year: int, leads: str) -> Cell:
        figure = "" if value is None else trail_at(f"{key}:{year}", leads)
        return Cell(indicator_table(key, value), value, figure=figure)

    return Figure(
        kind="lines",
        title=title,
        unit=_("Lån, tusen kronor per invånare")
        if people
        else _("Årets resultat, procent av skatter och bidrag"),
        alt=alt,
        table=TableBlock(
            title=title,
            subtitle=_("Per år"),
            columns=(
                Column(_("År"), "left"),
                *(Column(name) for _role, name, _line in lines),
            ),
            rows=tuple(
                Row(
                    str(year),
                    tuple(
                        cell(line[i], year, leads)
                        for (_role, _name, line), leads in zip(lines, lead, strict=True)
                    ),
                )
                for i, year in enumerate(years)
            ),
            folded=True,
        ),
        labels=tuple(str(year) for year in years),
        series=tuple(
            Series(
                role, name, tuple(None if v is None else v * scale for v in line), role
            )
            for role, name, line in lines
        ),
        limits=tuple(limits),
        percent=not people,
    )
