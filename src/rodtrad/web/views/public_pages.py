"""The public plan's other pages: time, economy, what cannot be done, assumptions, changes.

Each is decided by the frozen version alone and drawn once a process; the charts and
tables are the report's own. Leaves out the front page and the projects (public_plan).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Paginator
from django.http import Http404

from rodtrad.publish import chapters, figures, summary, tables
from rodtrad.web.models.publishing import Publication, PublicItem
from rodtrad.web.views.public_base import PublicRequest, fragment, page, public_view
from rodtrad.web.views.public_plan import PER_PAGE, SHOWN, chances, items_of

if TYPE_CHECKING:
    from django.http import HttpResponse

_CHANGES_SHOWN: Final = 200


@public_view()
def timeline(request: PublicRequest) -> HttpResponse:
    """Show when each project is built and taken into use."""
    body = fragment(
        request,
        "timeline",
        "public/timeline_body.html",
        lambda: {
            "figure": figures.timeline(request.publication.plan),
            "by_year": _by_year(request.publication),
        },
    )
    return page(request, "public/timeline.html", nav="timeline", body=body)


def _by_year(publication: Publication) -> list[tuple[int, list[PublicItem], int]]:
    """Return by year the projects that are taken into use, the dearest first.

    Of a year with many only the first are named; the rest are counted.
    """
    years: dict[int, list[PublicItem]] = {}
    chosen = (
        items_of(publication).filter(state="in").order_by("in_use_year", "-cost_tkr")
    )
    for item in chosen:
        years.setdefault(item.in_use_year or 0, []).append(item)
    most = 3 * SHOWN
    return [(year, rows[:most], len(rows[most:])) for year, rows in years.items()]


@public_view()
def economy(request: PublicRequest) -> HttpResponse:
    """Show the economy in pictures, each with its table."""
    body = fragment(
        request, "economy", "public/economy_body.html", lambda: _economy(request)
    )
    return page(request, "public/economy.html", nav="economy", body=body)


def _economy(request: PublicRequest) -> dict[str, Any]:
    plan = request.publication.plan
    drawn = (
        figures.debt_per_inhabitant(plan),
        figures.result_share(plan),
        figures.outlays_per_year(plan),
        figures.balanskrav_by_year(plan),
        figures.goals_by_year(plan),
        figures.own_pace(plan),
    )
    return {
        "balance": summary.balance_sentences(plan),
        "goals": summary.goal_sentences(plan),
        "figures": [figure for figure in drawn if figure is not None],
        "chances": chances(plan),
        "statements": [
            tables.income_statement(plan),
            tables.balance_sheet(plan),
            tables.cash_flow(plan),
        ],
        "companies": tables.companies_table(plan),
    }


@public_view()
def cannot(request: PublicRequest) -> HttpResponse:
    """Show what the plan does not hold, why, and what it would take."""
    rows = request.publication.items.exclude(state="in").order_by(
        "-state", "-cost_tkr", "project_id"
    )
    pages = Paginator(rows, PER_PAGE)
    shown = pages.get_page(request.GET.get("sida"))
    told = []
    for item in shown.object_list:
        reason = [str(text) for text in item.data.get("reason", ())]
        takes = [text for text in reason if text.startswith(("Med ", "Det räcker "))]
        told.append((item, reason[:1], takes))
    return page(
        request,
        "public/cannot.html",
        nav="cannot",
        page=shown,
        told=told,
        limits=request.publication.plan.get("limits", ()),
    )


@public_view()
def assumptions(request: PublicRequest) -> HttpResponse:
    """Show what the plan rests on, and how good it is."""
    body = fragment(
        request,
        "assumptions",
        "public/assumptions_body.html",
        lambda: {
            "basis": chapters.basis_section(request.publication.plan),
            "inputs": request.publication.plan["quality"]["inputs"],
            "key": request.publication.plan["quality"]["key_assumptions"],
        },
    )
    return page(request, "public/assumptions.html", nav="assumptions", body=body)


@public_view()
def changes(request: PublicRequest, of: int | None = None) -> HttpResponse:
    """Show what has changed since the version before, and why."""
    publications = list(
        Publication.objects.open()
        .filter(municipality=request.municipality)
        .only("number", "title", "published_at", "municipality_id")[:60]
    )
    wanted = request.publication
    if of is not None and of != wanted.number:
        if all(one.number != of for one in publications):
            raise Http404
        found = Publication.objects.open().filter(
            municipality=request.municipality, number=of
        )
        wanted = found.get()
    rows = [
        {"project_id": key, **change}
        for key, change in sorted(
            wanted.changes.items(), key=lambda pair: _weight(pair[1])
        )
    ]
    still = set(
        request.publication.items.filter(
            project_id__in=[row["project_id"] for row in rows[:_CHANGES_SHOWN]]
        ).values_list("project_id", flat=True)
    )
    return page(
        request,
        "public/changes.html",
        nav="changes",
        wanted=wanted,
        publications=publications,
        first=wanted.number == publications[-1].number if publications else True,
        rows=rows[:_CHANGES_SHOWN],
        more=len(rows[_CHANGES_SHOWN:]),
        still=still,
    )


def _weight(change: dict[str, Any]) -> tuple[int, float]:
    order = ("out", "in", "moved", "cost", "added", "gone")
    told = change["after"] or change["before"] or {}
    return order.index(change["kind"]), -(told.get("cost_tkr") or 0.0)


@public_view()
def plain(request: PublicRequest) -> HttpResponse:
    """Show the plan in short and simple sentences."""
    rows = request.publication.items
    return page(
        request,
        "public/plain.html",
        nav="plain",
        included=rows.filter(state="in").order_by("-cost_tkr")[:SHOWN],
        waiting=rows.exclude(state="in").order_by("-cost_tkr")[:SHOWN],
        chances=chances(request.publication.plan)[:1],
        inhabitants=request.publication.facts.get("inhabitants"),
        share=_share(request.publication),
    )


def _share(publication: Publication) -> float | None:
    """Return the plan's cost per inhabitant, kr."""
    people = publication.facts.get("inhabitants")
    return publication.facts["cost_tkr"] * 1000 / people if people else None
