"""How do two or three plans differ? What differs in bold, why, and which start years.

The content is the core's own comparison (`rodtrad compare`): each difference in result
and loans is split by the kind of input that makes it. Leaves out who prefers which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rodtrad.capacity.lines import OUTLAY_FIXED
from rodtrad.domain.words import indicator_table, mkr, number, unit_mkr
from rodtrad.publish import figures, uncertainty
from rodtrad.publish.blocks import (
    Cell,
    ChartBlock,
    Column,
    Figure,
    Row,
    Step,
    TableBlock,
)
from rodtrad.publish.content import status_line
from rodtrad.study import compare_studies
from rodtrad.web import access, store
from rodtrad.web.access import Right
from rodtrad.web.models import Study
from rodtrad.web.templatetags.rodtrad import trail_at
from rodtrad.web.views.study_base import (
    CHOOSABLE,
    Content,
    address,
    numbered,
    page_at,
    trails_at,
    written,
)
from rodtrad.web.views.study_charts import lines_figure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.http import HttpResponse

    from rodtrad.publish.blocks import Limit
    from rodtrad.web.access import MunicipalRequest

    Plan = dict[str, Any]

MOST: Final = 3
_ROLES: Final = ("plan", "second", "baseline")
# A part of a difference smaller than this is not drawn, tkr.
_SHOWN_TKR: Final = 50.0


@access.requires(Right.READ, methods="GET")
def compare(request: MunicipalRequest) -> HttpResponse:
    """Set two or three plans side by side: `?plan=2&plan=5`, the first one is A."""
    choosable = list(Study.objects.readable(request.municipality)[:CHOOSABLE])
    asked = list(dict.fromkeys(n for n in request.GET.getlist("plan") if n))[:MOST]
    chosen = [numbered(request.municipality, one) for one in asked]
    if not chosen and len(choosable) > 1:
        newest = Study.objects.newest_plan(request.municipality)
        first = newest or choosable[0]
        chosen = [first, next(s for s in choosable if s.pk != first.pk)]
    context: dict[str, Any] = {
        "choosable": choosable,
        "slots": [
            (letter, chosen[i].number if i < len(chosen) else None, i == MOST - 1)
            for i, letter in enumerate("ABC")
        ],
        "meeting": page_at(request.municipality, "mote/"),
    }
    if len(chosen) < 2:
        return render(request, "studies/compare_empty.html", context)
    page = written(
        chosen,
        "compare",
        lambda: _comparison(chosen),
        template="studies/compare_body.html",
    )
    context |= {"page": page.content, "body": page.body}
    return render(request, "studies/compare.html", context)


def _comparison(chosen: Sequence[Study]) -> Content:
    """Return what two or three plans have alike and not."""
    plans = [study.plan or {} for study in chosen]
    found = compare_studies(
        [
            (store.version_tables(one.version), plan)
            for one, plan in zip(chosen, plans, strict=True)
        ]
    )
    letters = "ABC"[: len(chosen)]
    names = [f"{letter} {_name(s)}" for letter, s in zip(letters, chosen, strict=True)]
    differing = found["projects"]
    heading = (
        ngettext(
            "Planerna skiljer sig i {n} projekt",
            "Planerna skiljer sig i {n} projekt",
            len(differing),
        ).format(n=number(len(differing)))
        if differing
        else _("Planerna har samma projekt, alternativ och startår")
    )
    charts = [
        _lines(found, chosen, plans, names, "lan_inv"),
        _lines(found, chosen, plans, names, "res_andel"),
    ]
    falls = [
        _waterfall(found, chosen, plans, letters, i)
        for i, _plan in enumerate(found["itemised"], start=1)
    ]
    more = {
        "plans": [
            {
                "letter": letter,
                "study": study,
                "name": _name(study),
                "status": status_line(plan["status"]),
                "own": plan["status"].get("stopped") == "own",
            }
            for letter, study, plan in zip(letters, chosen, plans, strict=True)
        ],
        "rows": _rows(chosen, plans),
        "charts": [ChartBlock(c) for c in charts if c],
        "falls": [ChartBlock(c) for c in falls if c],
        "letters": letters,
        "projects": _projects(differing, plans),
        "unlike": [
            letters[i]
            for i, one in enumerate(found["itemised"], start=1)
            if not one["comparable"]
        ],
    }
    return Content(_("Jämför planer"), heading, _lede(plans, letters), more=more)


def _name(study: Study) -> str:
    name = study.name or _("Plan {n}").format(n=study.number)
    return f"{name} ({study.scenario})" if study.scenario else name


def _row(
    label: str, texts: Sequence[str], leads: Sequence[str], *, alike: bool = True
) -> dict[str, Any]:
    """Return a row; what is not as in the first plan stands out, if they are alike.

    `leads` are where each text leads: to its trail, or to the page that says more.
    """
    return {
        "label": label,
        "cells": [
            (text, alike and i > 0 and text != texts[0], href)
            for i, (text, href) in enumerate(zip(texts, leads, strict=True))
        ],
    }


def _page(studies: Sequence[Study], name: str) -> list[str]:
    """Return where each plan's page of that name is."""
    return [f"{address(name, one.municipality)}?plan={one.number}" for one in studies]


def _trail(study: Study, figure: str) -> str:
    return trail_at(figure, trails_at("trail", study.municipality, study.number))


def _rows(studies: Sequence[Study], plans: Sequence[Plan]) -> list[dict[str, Any]]:
    chosen = [[p for p in plan["projects"] if p["chosen"]] for plan in plans]
    debt = _("Högsta skuld, kronor per invånare")
    rows = [
        _row(
            _("Projekt i planen"),
            [
                _("{a} av {n}").format(a=len(own), n=len(plan["projects"]))
                for own, plan in zip(chosen, plans, strict=True)
            ],
            _page(studies, "why"),
        ),
        _outlay_row(studies, plans),
        _extreme_row(_("Svagaste årets resultat"), studies, plans, "res_andel", min),
        _extreme_row(debt, studies, plans, "lan_inv", max),
        *(
            _row(label, [_kept(p, level) for p in plans], _page(studies, "study_goals"))
            for label, level in (
                (_("Mål som måste hållas"), "must"),
                (_("Mål som bör nås"), "aim"),
            )
        ),
    ]
    if any(uncertainty.has_probabilities(plan) for plan in plans):
        chances = [
            " ".join(uncertainty.balance_chance(p)[:1]) or _("inte räknat")
            for p in plans
        ]
        label = _("Balanskravet klaras alla år")
        rows.append(_row(label, chances, _page(studies, "balanskrav")))
    worth = _worth(plans)
    if worth is not None:
        label = _("Nyttopoäng, mål som missas avräknade")
        rows.append(_row(label, worth, _page(studies, "why")))
    return rows


def _outlay_row(studies: Sequence[Study], plans: Sequence[Plan]) -> dict[str, Any]:
    """Return what the plans' projects cost; named apart in other years' prices."""
    sums = [
        mkr(sum(p["outlay_fixed_tkr"] or 0.0 for p in plan["projects"] if p["chosen"]))
        for plan in plans
    ]
    leads = [_trail(one, OUTLAY_FIXED) for one in studies]
    kinds = [(p["meta"]["base_year"], unit_mkr(figures.currency(p))) for p in plans]
    if len(set(kinds)) == 1:
        label = _("Utgift i basårets priser, {u}").format(u=kinds[0][1])
        return _row(label, sums, leads)
    texts = [
        _("{n} {u} i {y} års priser").format(n=text, u=unit, y=year)
        for text, (year, unit) in zip(sums, kinds, strict=True)
    ]
    return _row(_("Utgift i varje plans basårs priser"), texts, leads, alike=False)


def _worth(plans: Sequence[Plan]) -> list[str] | None:
    """Return each plan's points as shown; None where they are not of one future."""
    futures = {(p["meta"]["input_sha256"], p["meta"]["scenario"]) for p in plans}
    if len(futures) > 1:
        return None
    return [number(p["value"]["total"], 1) for p in plans]


def _worst(
    plan: Plan, key: str, worst: Callable[..., tuple[float, int]]
) -> tuple[float, int] | None:
    """Return an indicator's worst value and its year."""
    values = figures.series_of(plan, "indicators", key) or []
    known = [
        (v, y) for v, y in zip(values, plan["years"], strict=False) if v is not None
    ]
    return worst(known) if known else None


def _extreme_row(
    label: str,
    studies: Sequence[Study],
    plans: Sequence[Plan],
    key: str,
    worst: Callable[..., tuple[float, int]],
) -> dict[str, Any]:
    """Return an indicator in each plan's worst year."""
    found = [_worst(plan, key, worst) for plan in plans]
    texts = [
        f"{indicator_table(key, one[0])} ({one[1]})" if one else _("uppgift saknas")
        for one in found
    ]
    leads = [
        _trail(study, f"{key}:{one[1]}") if one else ""
        for study, one in zip(studies, found, strict=True)
    ]
    return _row(label, texts, leads)


def _alone(texts: Sequence[str], place: int) -> bool:
    """Return True if no other plan is shown with the same figure."""
    return texts.count(texts[place]) == 1


def _kept(plan: Plan, level: str) -> str:
    goals = [g for g in plan.get("goals", []) if (g.get("level") or "must") == level]
    missed = [g for g in goals if any(met is False for met in g.get("met") or [])]
    if not goals:
        return _("inga")
    if not missed:
        return _("hålls alla år")
    return _("{k} av {n} missas").format(k=len(missed), n=len(goals))


def _lede(plans: Sequence[Plan], letters: str) -> list[str]:
    """Return which plan has the lowest debt and which the most use, in words.

    From the same figures as the table, and as they are shown there: what looks the same
    is not told apart.
    """
    texts = []
    tops = [_worst(p, "lan_inv", max) for p in plans]
    if all(tops):
        debts = [top[0] for top in tops if top]
        low = min(range(len(debts)), key=debts.__getitem__)
        if _alone([indicator_table("lan_inv", debt) for debt in debts], low):
            texts.append(_("{a} ger lägst skuld.").format(a=letters[low]))
    worth = _worth(plans)
    if worth is not None:
        best = max(range(len(plans)), key=lambda i: plans[i]["value"]["total"])
        if _alone(worth, best):
            text = _("{a} ger mest nytta med de vikter som är inlagda.")
            texts.append(text.format(a=letters[best]))
    elif len({p["meta"]["input_sha256"] for p in plans}) > 1:
        texts.append(
            _(
                "Planerna vilar på olika underlag, så nyttan går inte att jämföra rakt av."
            )
        )
    else:
        texts.append(
            _(
                "Planerna räknar med olika framtider, så nyttan går inte att jämföra rakt av."
            )
        )
    missed = [
        letter
        for letter, plan in zip(letters, plans, strict=True)
        if any(
            met is False
            for g in plan.get("goals", [])
            if (g.get("level") or "must") == "must"
            for met in g.get("met") or []
        )
    ]
    if missed:
        texts.append(
            _("{a} missar mål som måste hållas.").format(a=_(" och ").join(missed))
        )
    return texts


def _lines(
    found: dict[str, Any],
    studies: Sequence[Study],
    plans: Sequence[Plan],
    names: Sequence[str],
    key: str,
) -> Figure | None:
    """Return debt or result of each plan as lines, on the years of them all."""
    years = sorted({year for some in found["years"] for year in some})
    lines = []
    for name, role, own, values in zip(
        names, _ROLES, found["years"], found["figures"][key], strict=False
    ):
        by_year = dict(zip(own, values, strict=True))
        lines.append((role, name, [by_year.get(year) for year in years]))
    people = key == "lan_inv"
    limits: Sequence[Limit] = ()
    if years == plans[0]["years"]:
        keys, scale = ((key,), 0.001) if people else (("res_andel",), 1.0)
        limits = figures.goal_limits(plans[0], keys, scale, 0)
    title = _("Skulden i planerna") if people else _("Resultatet i planerna")
    alt = _("Linjer med ett värde per år för varje plan. {t}.")
    leads = [trails_at("trail", s.municipality, s.number) for s in studies]
    told = alt.format(t=title)
    return lines_figure(key, title, told, years, lines, limits, leads[: len(lines)])


def _waterfall(
    found: dict[str, Any],
    studies: Sequence[Study],
    plans: Sequence[Plan],
    letters: str,
    i: int,
) -> Figure | None:
    """Return why one plan's result differs from A's, in the year it differs most."""
    item = found["itemised"][i - 1]
    if not item["comparable"]:
        return None
    years: list[int] = plans[0]["years"]
    ours, theirs = found["figures"]["ar"][0], found["figures"]["ar"][i]
    at = max(range(len(years)), key=lambda t: abs((theirs[t] or 0) - (ours[t] or 0)))
    gap = (theirs[at] or 0.0) - (ours[at] or 0.0)
    if abs(gap) < _SHOWN_TKR:
        return None
    year, letter = years[at], letters[i]
    changes = [
        (str(step["label"]), step["ar"][at] or 0.0)
        for step in item["steps"]
        if abs(step["ar"][at] or 0.0) >= _SHOWN_TKR
    ]
    rest = gap - sum(value for _label, value in changes)
    if abs(rest) >= _SHOWN_TKR:
        changes.append((_("Övrigt"), rest))

    def signed(value: float) -> str:
        return ("+" if value > 0 else "") + mkr(value)

    title = (
        _("Varför {b} får bättre resultat {y} än A")
        if gap > 0
        else _("Varför {b} får sämre resultat {y} än A")
    ).format(b=letter, y=year)
    ends = (
        _("A, resultat {y}").format(y=year),
        _("{b}, resultat {y}").format(b=letter, y=year),
    )
    first, last = (
        Row(name, (Cell(mkr(v), v, figure=_trail(study, f"ar:{year}")),), "sum")
        for name, v, study in zip(
            ends, (ours[at], theirs[at]), (studies[0], studies[i]), strict=True
        )
    )
    steps = (Row(label, (Cell(signed(v), v),)) for label, v in changes)
    rows = [first, *steps, last]
    money = unit_mkr(figures.currency(plans[0]))
    return Figure(
        kind="waterfall",
        title=title,
        unit=_("Skillnad i årets resultat, {u}").format(u=money),
        alt=_("Stapel för stapel från A till {b}. {t}.").format(b=letter, t=title),
        table=TableBlock(
            title=title,
            subtitle=money,
            columns=(Column(_("Steg"), "left"), Column(_("Belopp"))),
            rows=tuple(rows),
            folded=True,
        ),
        steps=(
            Step(ends[0], (ours[at] or 0.0) / 1000, mkr(ours[at]), "total"),
            *(Step(label, v / 1000, signed(v)) for label, v in changes),
            Step(ends[1], (theirs[at] or 0.0) / 1000, mkr(theirs[at]), "total"),
        ),
        decimals=1,
    )


def _projects(
    differing: Sequence[dict[str, Any]], plans: Sequence[Plan]
) -> list[dict[str, Any]]:
    """Return the start years of the projects that the plans treat differently."""
    names = [
        {p["project_id"]: p.get("alternative_name") for p in plan["projects"]}
        for plan in plans
    ]
    rows = []
    for one in differing:
        kinds = {c["alternative_id"] for c in one["plans"] if c}
        cells = []
        for of, choice in zip(names, one["plans"], strict=True):
            if choice is None:
                cells.append(_("nej"))
                continue
            text = str(choice["start_year"])
            if len(kinds) > 1:
                text += f" {of.get(one['project_id']) or choice['alternative_id']}"
            cells.append(text)
        rows.append(
            {
                "name": one["name"],
                "cells": [(c, i > 0 and c != cells[0]) for i, c in enumerate(cells)],
            }
        )
    return rows
