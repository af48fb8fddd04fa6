"""How is a project's money told? The history of its forecast, and what its sums say.

Reads the sums of project_money. Leaves out the amounts of the underlag (project_ways).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from rodtrad.domain.words import unit_mkr
from rodtrad.publish.blocks import Cell, Column, Figure, Limit, Series, TableBlock
from rodtrad.publish.blocks import Row as TableRow
from rodtrad.web import project_money
from rodtrad.web.templatetags.rodtrad import mkr, year_list
from rodtrad.web.templatetags.rodtrad import money as money_text

if TYPE_CHECKING:
    from rodtrad.web.models import Estimate
    from rodtrad.web.project_record import Life

_PER_MILLION: Final = 1000.0


def forecast_chart(life: Life) -> Figure | None:
    """Return how the forecast of the total outlay has moved; None before two of them."""
    told = sorted(life.estimates, key=lambda e: (e.date, e.pk))
    if len(told) < 2:
        return None
    first, last = told[0].total_tkr, told[-1].total_tkr
    if abs(last - first) < project_money.TRIFLE:
        title = _("Prognosen är densamma som den första")
    elif last > first:
        title = _("Prognosen har stigit med {x} sedan den första").format(
            x=money_text(last - first)
        )
    else:
        title = _("Prognosen har sjunkit med {x} sedan den första").format(
            x=money_text(first - last)
        )
    decided = [_decided_at(life, e) for e in told]
    limits = (
        (
            Limit(
                _("Beslutad totalutgift"),
                tuple(None if x is None else x / _PER_MILLION for x in decided),
                "goal",
                "<=",
            ),
        )
        if any(x is not None for x in decided)
        else ()
    )
    labels = tuple(e.date.isoformat() for e in told)
    return Figure(
        kind="lines",
        title=title,
        unit=_("Beräknad totalutgift, {unit}, i de priser som gällde då.").format(
            unit=unit_mkr()
        ),
        alt=_("Prognosens historia. {title}.").format(title=title),
        table=TableBlock(
            title=_("Prognosens historia"),
            subtitle=unit_mkr(),
            columns=(
                Column(_("Datum"), "left"),
                Column(_("Prognos")),
                Column(_("Beslutat")),
                Column(_("Kalkylklass"), "left"),
            ),
            rows=tuple(
                TableRow(
                    e.date.isoformat(),
                    (
                        Cell(mkr(e.total_tkr), e.total_tkr),
                        Cell(mkr(limit), limit),
                        Cell(str(e.get_estimate_class_display())),
                    ),
                )
                for e, limit in zip(told, decided, strict=True)
            ),
        ),
        labels=labels,
        series=(
            Series(
                "forecast",
                _("Prognos"),
                tuple(e.total_tkr / _PER_MILLION for e in told),
            ),
        ),
        limits=limits,
        decimals=1,
    )


def _decided_at(life: Life, estimate: Estimate) -> float | None:
    earlier = [
        d
        for d in project_money.in_force(life.decisions)
        if d.amount_tkr is not None and d.date <= estimate.date
    ]
    return earlier[0].amount_tkr if earlier else None


def money_sentences(money: project_money.Money) -> list[tuple[str, bool]]:
    """Return what the sums say, and whether each is a warning."""
    told: list[tuple[str, bool]] = []
    if money.against_frame is not None:
        text = (
            _("Prognosen är {x} över beslutad totalutgift.")
            if money.over_frame
            else _("Prognosen ryms i beslutad totalutgift, med {x} kvar.")
        )
        amount = money_text(abs(money.against_frame))
        told.append((text.format(x=amount), money.over_frame))
    if money.against_budgets is not None:
        text = (
            _("Det som återstår att betala är {x} mer än anslagen {ys}.")
            if money.over_budgets
            else _("Anslagen {ys} räcker till det som återstår, med {x} kvar.")
        )
        amount = money_text(abs(money.against_budgets))
        years = year_list(money.budget_years)
        told.append((text.format(x=amount, ys=years), money.over_budgets))
    return told
