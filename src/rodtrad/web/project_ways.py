"""In which ways can a project be done, and what do they cost?

The alternatives of the underlag with the one that the plan chose, and the few figures
that stand at the top of a project's page. Leaves out what has been decided and what it
is thought to cost by now (project_money).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from rodtrad.domain.words import ALTERNATIVE_LABELS, unit_mkr
from rodtrad.web.sheets import row_address
from rodtrad.web.templatetags.rodtrad import mkr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.web.models import AlternativeNote
    from rodtrad.web.models.underlag import Row
    from rodtrad.web.project_answer import Answer
    from rodtrad.web.project_index import InPlan
    from rodtrad.web.project_record import Life


@dataclass(frozen=True)
class Way:
    """One alternative: its outlay, and its change of operation a year, in tkr.

    `quality` and `operating_quality` are the weakest of the rows they are sums of;
    `at` is where the alternative's own row is, `amount_at` and `operating_at` where the
    first of those rows is.
    """

    alternative_id: str
    name: str
    kind: str
    amount: float | None
    build_years: int | None
    operating: float | None
    quality: str
    operating_quality: str
    chosen: bool
    note: AlternativeNote | None
    at: str
    amount_at: str
    operating_at: str


def ways(life: Life, plan: InPlan | None) -> list[Way]:
    """Return the alternatives, with the one that the plan chose."""
    row = plan.projects.get(life.project_id) if plan else None
    chosen = str(row.get("alternative_id")) if row and row["chosen"] else None
    return [_way(life, one, chosen) for one in life.rows.get("alternatives", ())]


def _way(life: Life, one: Row, chosen: str | None) -> Way:
    key = str(one.data.get("alternative_id") or "")
    outlays, effects = _of(life, "outlays", key), _of(life, "effects", key)
    kind = str(one.data.get("kind") or "")
    build = one.data.get("build_years")
    full = max(effects, key=lambda r: r.data.get("offset") or 0, default=None)
    return Way(
        key,
        one.label or key,
        ALTERNATIVE_LABELS.get(kind, kind),
        sum(float(r.data.get("outlay") or 0.0) for r in outlays) if outlays else None,
        int(build) if isinstance(build, int | float) else None,
        float(full.data.get("operating") or 0.0) if full else None,
        _worst(outlays),
        _worst(effects),
        key == chosen,
        life.notes.get(key),
        row_address(life.underlag.municipality, one),
        row_address(life.underlag.municipality, outlays[0]) if outlays else "",
        row_address(life.underlag.municipality, full) if full else "",
    )


def _of(life: Life, table: str, alternative_id: str) -> list[Row]:
    return [
        row
        for row in life.rows.get(table, ())
        if str(row.data.get("alternative_id")) == alternative_id
    ]


def _worst(rows: Sequence[Row]) -> str:
    marks = {str(row.data.get("quality") or "") for row in rows}
    return next((m for m in ("antagande", "beräkning", "uppgift") if m in marks), "")


def shown_way(found: Sequence[Way]) -> Way | None:
    """Return the alternative whose figures stand at the top: chosen, else cheapest."""
    for way in found:
        if way.chosen:
            return way
    priced = [way for way in found if way.amount is not None]
    if priced:
        return min(priced, key=lambda way: way.amount or 0.0)
    return found[0] if found else None


def key_figures(life: Life, answer: Answer, way: Way | None) -> list[dict[str, Any]]:
    """Return price, time, operation and waiting, at most four."""
    found: list[dict[str, Any]] = []
    if way is not None and way.amount is not None:
        estimate = life.money.estimate
        found.append(
            {
                "label": _("Utgift i underlaget"),
                "text": mkr(way.amount),
                "unit": unit_mkr(),
                "note": _("Senaste kalkyl: {c}").format(
                    c=estimate.get_estimate_class_display()
                )
                if estimate
                else _("Ingen kalkyl är införd"),
                "quality": way.quality,
                "href": way.amount_at,
                "page": _("Visa raderna i underlaget"),
            }
        )
    found += _time(life, answer, way)
    if way is not None and way.operating is not None:
        found.append(
            {
                "label": _("Ändrad drift per år"),
                "text": mkr(way.operating),
                "unit": unit_mkr(),
                "note": _("När det är i full drift"),
                "quality": way.operating_quality,
                "href": way.operating_at,
                "page": _("Visa raden i underlaget"),
            }
        )
    waiting = life.row.data.get("waiting_cost")
    if waiting:
        found.append(
            {
                "label": _("Att vänta kostar"),
                "text": mkr(waiting),
                "unit": _("{unit} per år").format(unit=unit_mkr()),
                "note": "",
                "href": row_address(life.underlag.municipality, life.row),
                "page": _("Visa raden i underlaget"),
            }
        )
    return found[:4]


def _time(life: Life, answer: Answer, way: Way | None) -> list[dict[str, Any]]:
    """Return the year of the plan, else the earliest that the underlag allows."""
    earliest = life.row.data.get("earliest_year")
    if answer.start is not None:
        label, first, use = _("Start i planen"), answer.start, answer.in_use
        told = {"href": "#varfor", "page": _("Visa skälen")} if answer.reasons else {}
    elif earliest is not None:
        label, first = _("Tidigaste start"), int(earliest)
        at = row_address(life.underlag.municipality, life.row)
        told = {"href": at, "page": _("Visa raden i underlaget")}
        built = way.build_years if way else None
        use = None if built is None else first + built
    else:
        return []
    note = _("I bruk {y}").format(y=use) if use else ""
    return [{"label": label, "text": str(first), "unit": "", "note": note, **told}]
