"""How does it stand? One page: a sentence, four figures, needs, how sure, what to discuss.

Everything comes from the municipality's plan; before there is one the page says what is
to be done first. Leaves out all that has a page of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count, Q
from django.shortcuts import render
from django.utils.translation import gettext as _

from rodtrad.domain.words import unit_mkr, unit_per_inhabitant
from rodtrad.publish import agreement, figures, needs, uncertainty
from rodtrad.publish.blocks import ChartBlock
from rodtrad.publish.meeting import deciders
from rodtrad.publish.summary import balance_sentences
from rodtrad.publish.trails import outlay_figure
from rodtrad.web import access
from rodtrad.web.access import Right
from rodtrad.web.models import Row, Study
from rodtrad.web.models.studies import State
from rodtrad.web.templatetags.rodtrad import money, number, share, year_list
from rodtrad.web.views.study_base import (
    Content,
    Plan,
    Shown,
    about,
    address,
    page_at,
    shown,
    state_sentence,
)

if TYPE_CHECKING:
    from django.http import HttpResponse

    from rodtrad.web.access import MunicipalRequest

_SHOWN_DISPUTED: Final = 6
_SHOWN_DECISIONS: Final = 4
# From this gate on a project has its decision to start.
_DECIDED_GATES: Final = frozenset({"G5", "G6", "G7", "G8", "G9"})


@access.requires(Right.READ, methods="GET")
def overview(request: MunicipalRequest) -> HttpResponse:
    """Show how it stands, or what is to be done before there is a plan."""
    one = shown(request)
    under_way = (
        Study.objects.filter(
            municipality=request.municipality, state__in=(State.QUEUED, State.RUNNING)
        )
        .light()
        .order_by("-number")
        .first()
    )
    if one is None:
        return _before(request, under_way)
    plan, study = one.plan, one.study
    heading, lede = state_sentence(plan), _lede(plan)
    wanted = figures.needs_against_room(plan)
    chances = uncertainty.all_years_chart(plan)
    drivers = uncertainty.drivers_chart(plan)
    result = uncertainty.fan_chart(plan, "res_andel") or figures.result_share(plan)
    heat = figures.goals_by_year(plan)
    municipality = request.municipality
    return render(
        request,
        "studies/overview.html",
        {
            **about(request, one),
            "page": Content(_("Översikt"), heading, lede),
            "under_way": under_way,
            "key_figures": _key_figures(request, one),
            "needs_chart": [ChartBlock(wanted)] if wanted else [],
            "sure": [ChartBlock(chances)] if chances else [],
            "drivers": [ChartBlock(drivers)] if drivers else [],
            "below": [ChartBlock(c) for c in (result, heat) if c],
            "disputed": _disputed(request, plan),
            "mapped": bool(plan.get("agreement")),
            "agreed": agreement.sum_sentences(plan)[:1]
            if plan.get("agreement")
            else [],
            "agreement_at": page_at(municipality, "enighet/"),
            "valuation_at": page_at(municipality, "vardering/"),
            "decisions": _decisions(request, plan),
            "bench": page_at(municipality, "arbetsbank/")
            + (f"?studie={study.number}" if request.GET.get("plan") else ""),
            "report": address("study", municipality, study.number),
        },
    )


def _before(request: MunicipalRequest, under_way: Study | None) -> HttpResponse:
    """Return the overview of a municipality that has no plan yet."""
    rows = Row.objects.filter(underlag__municipality=request.municipality).aggregate(
        rows=Count("pk"), projects=Count("pk", filter=Q(table="projects"))
    )
    failed = (
        Study.objects.filter(municipality=request.municipality, state=State.FAILED)
        .light()
        .first()
    )
    return render(
        request,
        "studies/before.html",
        {
            **rows,
            "under_way": under_way,
            "failed": failed,
            "underlag_at": page_at(request.municipality, "underlag/"),
            "start": address("studies", request.municipality),
        },
    )


def _lede(plan: Plan) -> list[str]:
    wished = figures.total(figures.series_of(plan, "needs", "total") or [])
    chosen = [p for p in plan.get("projects", []) if p["chosen"]]
    spent = figures.total(x for p in chosen for x in p["outlay_tkr"])
    first = (
        [
            _("Av önskemål för {a} ryms {b} {ys}.").format(
                a=money(wished), b=money(spent), ys=year_list(plan["years"])
            )
        ]
        if wished > figures.TRIFLE
        else [
            _("{a} av {n} projekt ingår.").format(
                a=number(len(chosen)), n=number(len(plan.get("projects", [])))
            )
        ]
    )
    chance = uncertainty.balance_chance(plan)[:1] or balance_sentences(plan)[:1]
    return [
        *first,
        *chance,
        *needs.shortage_front(plan)[:1],
        *agreement.front_sentences(plan)[:1],
    ]


def _key_figures(request: MunicipalRequest, one: Shown) -> list[dict[str, Any]]:
    """Return the four figures, each with the address of its trail."""
    plan, study = one.plan, one.study
    years: list[int] = plan["years"]
    currency = figures.currency(plan)
    plan_asked = f"?plan={study.number}" if request.GET.get("plan") else ""

    def trail(figure: str) -> str:
        return address("trail", request.municipality, study.number, figure)

    wished = figures.total(figures.series_of(plan, "needs", "total") or [])
    projects = plan.get("projects", [])
    chosen = [p for p in projects if p["chosen"]]
    spent = figures.total(x for p in chosen for x in p["outlay_tkr"])
    found: list[dict[str, Any]] = [
        {
            "label": _("Önskat {ys}").format(ys=year_list(years)),
            "text": _millions(wished),
            "unit": unit_mkr(currency),
            "note": _("{n} projekt, så tidigt de kan").format(n=number(len(projects))),
            "quality": figures.worst_quality(plan, "outlay"),
            "href": address("needs_per_year", request.municipality) + plan_asked,
            "page": _("Visa behoven per år"),
        },
        {
            "label": _("Ryms i planen"),
            "text": _millions(spent),
            "unit": unit_mkr(currency),
            "note": _("{a} av {n} projekt").format(
                a=number(len(chosen)), n=number(len(projects))
            ),
            "quality": figures.worst_quality(plan, "outlay"),
            "href": trail(f"projects:outlay:{years[0]}-{years[-1]}"),
        },
    ]
    weakest = figures.weakest_year(plan)
    values = figures.series_of(plan, "indicators", "res_andel")
    if weakest is not None and values is not None:
        found.append(
            {
                "label": _("Svagaste årets resultat"),
                "text": share(values[years.index(weakest)]),
                "unit": str(weakest),
                "note": _goal_note(plan, ("res_andel", "bkr_andel")),
                "quality": figures.worst_quality(plan, "res_andel", "ar"),
                "href": trail(f"res_andel:{weakest}"),
            }
        )
    debt = figures.series_of(plan, "indicators", "lan_inv") or []
    if any(debt):
        high = max(range(len(debt)), key=lambda i: debt[i] or 0.0)
        unit = unit_per_inhabitant(currency)
        found.append(
            {
                "label": _("Högsta skuld"),
                "text": number(100 * round((debt[high] or 0.0) / 100)),
                "unit": unit,
                "note": _goal_note(plan, ("lan_inv",))
                or _("vid slutet av {y}").format(y=years[high]),
                "quality": figures.worst_quality(plan, "lan_inv", "loans"),
                "href": trail(f"lan_inv:{years[high]}"),
            }
        )
    return found


def _millions(tkr: float) -> str:
    return number(tkr / 1000, 0 if abs(tkr) >= 100_000 else 1)


def _goal_note(plan: Plan, indicators: tuple[str, ...]) -> str:
    goals = [g for g in plan.get("goals", []) if g.get("indicator") in indicators]
    return ", ".join(figures.goal_name(goal) for goal in goals[:2])


def _disputed(request: MunicipalRequest, plan: Plan) -> list[dict[str, Any]]:
    """Return the projects that depend on how things are weighed, the dearest first."""
    if not plan.get("agreement"):
        return []
    found = [a for a in agreement.answers(plan) if a.group == "omtvistad"]
    found.sort(key=lambda a: -(a.outlay_tkr or 0.0))
    projects = page_at(request.municipality, "projekt/")
    return [
        {
            "name": one.name,
            "href": f"{projects}{one.project['project_id']}/" if projects else "",
            "tkr": one.outlay_tkr,
            "figure": outlay_figure(one.project),
            "start": one.project.get("start_year") if one.project["chosen"] else None,
            "why": agreement.stances_text(plan, one),
        }
        for one in found[:_SHOWN_DISPUTED]
    ]


def _decisions(request: MunicipalRequest, plan: Plan) -> list[dict[str, Any]]:
    """Return the projects that start soonest in the plan and lack a decision to start."""
    waiting = sorted(
        (
            p
            for p in plan.get("projects", [])
            if p["chosen"] and str(p.get("gate") or "G0") not in _DECIDED_GATES
        ),
        key=lambda p: (p["start_year"], -(p.get("outlay_fixed_tkr") or 0.0), p["name"]),
    )
    projects = page_at(request.municipality, "projekt/")
    return [
        {
            "name": p["name"],
            "href": f"{projects}{p['project_id']}/" if projects else "",
            "start": p["start_year"],
            "gate": str(p.get("gate") or ""),
            "who": figures.first_upper(deciders("G5")[0]),
        }
        for p in waiting[:_SHOWN_DECISIONS]
    ]
