"""The public plan's other pages: time, economy, what cannot be done, assumptions, changes.

Each is decided by the frozen version alone and drawn once a process; the charts and
tables are the report's own. Leaves out the front page and the projects (public_plan).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Paginator
from django.http import Http404

from rodtrad.publish import chapters, figures, summary, tables
from rodtrad.web import publishing
from rodtrad.web.models.publishing import Publication
from rodtrad.web.public_parts import kept, kept_now
from rodtrad.web.public_shown import MOST_ASSUMPTIONS
from rodtrad.web.views.public_base import PublicRequest, fragment, page, public_view
from rodtrad.web.views.public_plan import PER_PAGE, SHOWN, chances, dearest, items_of

if TYPE_CHECKING:
    from django.http import HttpResponse

    from rodtrad.web.public_rows import Row

_CHANGES_SHOWN: Final = 200
_VERSIONS_SHOWN: Final = 60
# The table of a chart holds no more projects than so.
_TABLE: Final = 200


@public_view()
def timeline(request: PublicRequest) -> HttpResponse:
    """Show when each project is built and taken into use."""
    body = fragment(
        request,
        "timeline",
        "public/timeline_body.html",
        lambda: {
            "figure": figures.timeline(request.publication.plan_shown, _TABLE),
            "by_year": _by_year(request.publication),
            "table": _TABLE if request.publication.facts["projects"] > _TABLE else 0,
        },
    )
    return page(request, "public/timeline.html", nav="timeline", body=body)


def _largest(plan: dict[str, Any]) -> dict[str, Any]:
    """Return the plan with its largest projects alone, where there are very many."""
    rows = plan["projects"]
    if len(rows) <= _TABLE:
        return plan
    # what is in the plan first, then the largest
    first = sorted(rows, key=lambda p: (not p["chosen"], -p["outlay_fixed_tkr"]))
    return {**plan, "projects": first[:_TABLE]}


def _by_year(publication: Publication) -> list[tuple[int, list[Row], int]]:
    """Return by year the projects that are taken into use, the dearest first.

    Of a year with many only the first are named; the rest are counted.
    """
    years: dict[int, list[Row]] = {}
    for row in publication.rows.chosen(order="kostnad", state="in"):
        years.setdefault(row.in_use_year or 0, []).append(row)
    most = 3 * SHOWN
    return [(y, rows[:most], len(rows[most:])) for y, rows in sorted(years.items())]


@public_view()
def economy(request: PublicRequest) -> HttpResponse:
    """Show the economy in pictures, each with its table."""
    body = fragment(
        request, "economy", "public/economy_body.html", lambda: _economy(request)
    )
    return page(request, "public/economy.html", nav="economy", body=body)


def _economy(request: PublicRequest) -> dict[str, Any]:
    plan = request.publication.plan_shown
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
    publication = request.publication
    rows = kept(publication, "cannot", lambda: _left_out(publication))
    shown = Paginator(rows, PER_PAGE).get_page(request.GET.get("sida"))
    told = []
    for item in items_of(publication, shown.object_list):
        reason = [str(text) for text in item.data.get("reason", ())]
        takes = [text for text in reason if text.startswith(("Med ", "Det räcker "))]
        told.append((item, reason[:1], takes))
    return page(
        request,
        "public/cannot.html",
        nav="cannot",
        page=shown,
        told=told,
        limits=publication.plan_shown.get("limits", ()),
    )


def _left_out(publication: Publication) -> list[Row]:
    """Return what the plan does not hold: what does not fit, then what is next in turn."""
    rows = [row for row in publication.rows.ordered("kostnad") if row.state != "in"]
    return sorted(rows, key=lambda row: row.state != "out")


@public_view()
def assumptions(request: PublicRequest) -> HttpResponse:
    """Show what the plan rests on, and how good it is."""
    body = fragment(
        request,
        "assumptions",
        "public/assumptions_body.html",
        lambda: {
            "basis": chapters.basis_section(_shortened(request.publication.plan_shown)),
            "more": len(_quality(request)["assumptions"]) > MOST_ASSUMPTIONS,
            "rows": MOST_ASSUMPTIONS,
            "inputs": _quality(request)["inputs"],
            "key": _quality(request)["key_assumptions"],
        },
    )
    return page(request, "public/assumptions.html", nav="assumptions", body=body)


def _quality(request: PublicRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.publication.plan_shown["quality"]
    return found


def _shortened(plan: dict[str, Any]) -> dict[str, Any]:
    """Return the plan with no more assumptions and projects than a page can hold."""
    quality = plan["quality"]
    return {
        **plan,
        "quality": {
            **quality,
            "assumptions": quality["assumptions"][:MOST_ASSUMPTIONS],
        },
        # sources are told by project
        "projects": _largest(plan)["projects"],
    }


@public_view()
def changes(request: PublicRequest, of: int | None = None) -> HttpResponse:
    """Show what has changed since the version before, and why."""
    open_ = Publication.objects.open().filter(municipality=request.municipality)
    shown = open_.only("number", "title", "published_at", "municipality_id")
    wanted = request.publication
    if of is not None and of != wanted.number:
        found = open_.filter(number=of).first()
        if found is None:
            raise Http404
        wanted = found
    largest, more = kept_now(
        request, f"changes|{wanted.pk}", lambda: _largest_changes(wanted)
    )
    known = request.publication.rows.by_id
    earlier = any(row["before"] for row in largest)
    rows = fragment(
        request,
        # the less, the more has been taken back
        f"changes|{wanted.pk}|{len(largest) + more}|{earlier}",
        "public/changes_rows.html",
        lambda: {"rows": largest, "still": known},
    )
    return page(
        request,
        "public/changes.html",
        nav="changes",
        wanted=wanted,
        publications=shown[:_VERSIONS_SHOWN],
        # what is compared with a version since taken back has changes all the same
        first=not largest and not open_.filter(number__lt=wanted.number).exists(),
        rows=rows,
        count=len(largest) + more,
        more=more,
    )


def _largest_changes(wanted: Publication) -> tuple[list[dict[str, Any]], int]:
    """Return what a version changed, the weightiest first, and how many more there are."""
    told = publishing.told_changes(
        wanted.municipality, {wanted.number: wanted.changes}
    )[wanted.number]
    found = sorted(told.items(), key=lambda pair: _weight(pair[1]))
    shown = [{"project_id": key, **change} for key, change in found[:_CHANGES_SHOWN]]
    return shown, len(found) - len(shown)


def _weight(change: dict[str, Any]) -> tuple[int, float]:
    order = ("out", "in", "moved", "cost", "added", "gone")
    told = change["after"] or change["before"] or {}
    return order.index(change["kind"]), -(told.get("cost_tkr") or 0.0)


@public_view()
def plain(request: PublicRequest) -> HttpResponse:
    """Show the plan in short and simple sentences."""
    return page(
        request,
        "public/plain.html",
        nav="plain",
        included=dearest(request.publication, included=True),
        waiting=dearest(request.publication, included=False),
        chances=chances(request.publication.plan_shown)[:1],
        inhabitants=request.publication.facts.get("inhabitants"),
        share=_share(request.publication),
    )


def _share(publication: Publication) -> float | None:
    """Return the plan's cost per inhabitant, kr."""
    people = publication.facts.get("inhabitants")
    return publication.facts["cost_tkr"] * 1000 / people if people else None
