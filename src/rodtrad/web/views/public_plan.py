"""The public plan: its front page, its projects, and where they lie.

Lists read the rows of the publication and never the whole plan. What a frozen version
looks like is drawn once a process. Leaves out economy, changes and the rest
(public_pages).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Paginator
from django.db.models import Count, F, Q
from django.http import Http404
from django.utils.translation import gettext as _

from rodtrad.domain.words import DRIVER_LABELS, number, per_inhabitant_figure
from rodtrad.publish import figures, summary
from rodtrad.web.models.publishing import Publication, PublicItem
from rodtrad.web.public_map import Map, build_map
from rodtrad.web.public_parts import kept
from rodtrad.web.views.public_base import PublicRequest, fragment, page, public_view

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpResponse

SHOWN: Final = 5
PER_PAGE: Final = 25
# Services whose places the front page tells of.
_SERVICES: Final = 3
_STATES: Final = ("in", "later", "out")
_LIST_FIELDS: Final = (
    "publication_id",
    "project_id",
    "name",
    "area",
    "area_name",
    "theme",
    "state",
    "start_year",
    "in_use_year",
    "cost_tkr",
    "quality",
    "lat",
    "lon",
)
_ORDERS: Final = {
    "start": ("start_year", "-cost_tkr"),
    "kostnad": ("-cost_tkr",),
    "namn": ("name",),
}
# More than so many places make a map nobody can read; the list has them all.
_MAPPED: Final = 12_000


def items_of(publication: Publication) -> QuerySet[PublicItem]:
    """Return a publication's projects without what only their own pages show."""
    return publication.items.order_by("pk").only(*_LIST_FIELDS)


# ---------------------------------------------------------------- the front page


@public_view()
def front(request: PublicRequest) -> HttpResponse:
    """Show the plan in a minute: why, what we can afford, what is in, and what not."""
    return page(
        request,
        "public/front.html",
        nav="plan",
        top=fragment(
            request, "front", "public/front_top.html", lambda: _front(request)
        ),
        last=fragment(
            request, "front2", "public/front_last.html", lambda: _last(request)
        ),
        step=request.publication.items.exclude(next_body="")
        .order_by("next_date")
        .values("next_what", "next_body", "next_date", "last_influence")
        .first(),
    )


def _front(request: PublicRequest) -> dict[str, Any]:
    publication = request.publication
    plan = publication.plan
    rows = publication.items
    chosen = rows.filter(state="in")
    return {
        "lede": _lede(publication),
        "map": map_of(publication),
        "needs": figures.needs_against_room(plan),
        "needs_text": _needs_texts(plan),
        "debt": figures.debt_per_inhabitant(plan) or figures.result_share(plan),
        "balance": [
            *summary.balance_sentences(plan)[:2],
            *summary.goal_sentences(plan),
        ],
        "chances": chances(plan),
        "included": chosen.order_by("-cost_tkr", "project_id")[:SHOWN],
        "waiting": rows.exclude(state="in").order_by("-cost_tkr", "project_id")[:SHOWN],
        "years": range(
            publication.facts["first_year"], publication.facts["last_year"] + 1
        ),
    }


def _last(request: PublicRequest) -> dict[str, Any]:
    plan = request.publication.plan
    quality = plan["quality"]
    return {
        "gap": summary.gap_sentence(plan["status"])
        if plan["status"].get("gap") is not None
        else "",
        "assumed": quality["key_assumptions"][:SHOWN],
        "inputs": quality["inputs"],
    }


def _lede(publication: Publication) -> list[str]:
    """Return the plan in two sentences, in the words of a municipality."""
    plan, facts = publication.plan, publication.facts
    sentences = list(summary.plan_sentences(plan)[1:])
    if facts["hidden"]:
        sentences.append(_("Några projekt är inte offentliga och visas som en summa."))
    return sentences


def _needs_texts(plan: dict[str, Any]) -> list[str]:
    """Return what the public forecast of needs says of children and places."""
    places = (plan.get("need_forecast") or {}).get("places")
    if not places:
        return []
    years, base = places["years"], plan["meta"]["base_year"]
    texts = []
    births = places.get("births")
    if births and base in years and years[0] < base:
        texts.append(
            _("{a} barn föddes {x} och {b} barn {y}.").format(
                a=number(births[0]),
                x=years[0],
                b=number(births[years.index(base)]),
                y=base,
            )
        )
    last = len(years) - 1
    for row in places["rows"][:_SERVICES]:
        texts.append(
            _(
                "{service}, {area}: {a} väntas behöva plats {y}, och {b} platser finns."
            ).format(
                service=row["service"],
                area=row["area_name"],
                a=number(row["need"][last]),
                y=years[last],
                b=number(row["supply"][last]),
            )
        )
    return texts


def chances(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Return how probable it is that each goal holds in all its years, must-goals first."""
    shares = (plan.get("uncertainty") or {}).get("all_years") or {}
    goals = sorted(plan["goals"], key=lambda goal: goal["level"] != "must")
    return [
        {"name": goal["name"], "share": shares[goal["goal_id"]]["share"]}
        for goal in goals
        if goal["goal_id"] in shares
        and shares[goal["goal_id"]].get("share") is not None
    ][:3]


def map_of(publication: Publication) -> Map | None:
    """Return the map of all projects of a publication."""
    return kept(
        publication,
        "map",
        lambda: build_map(
            items_of(publication)[:_MAPPED], publication.facts.get("code") or ""
        ),
    )


# ---------------------------------------------------------------- lists


def choices_of(publication: Publication) -> dict[str, Any]:
    """Return what a list can be filtered by, with how many each choice leaves."""

    def build() -> dict[str, Any]:
        rows = publication.items.order_by()
        areas = (
            rows.exclude(area="")
            .values("area")
            .annotate(n=Count("pk"), name=F("area_name"))
        )
        themes = rows.exclude(theme="").values("theme").annotate(n=Count("pk"))
        states = dict(rows.values_list("state").annotate(n=Count("pk")))
        return {
            "areas": sorted(areas, key=lambda row: str(row["name"]).casefold()),
            "themes": [
                {**row, "name": DRIVER_LABELS.get(row["theme"], row["theme"])}
                for row in sorted(themes, key=lambda row: row["theme"])
            ],
            "states": [(key, states.get(key, 0)) for key in _STATES],
            "all": sum(states.values()),
        }

    return kept(publication, "choices", build)


def chosen_of(request: PublicRequest) -> dict[str, str]:
    """Return what the address asks to see."""
    names = {"q": 80, "ort": 200, "amne": 40, "lage": 5, "ordning": 8}
    return {
        name: request.GET.get(name, "").replace("\0", "").strip()[:most]
        for name, most in names.items()
    }


def filtered(publication: Publication, chosen: dict[str, str]) -> QuerySet[PublicItem]:
    """Return the projects that a filter leaves, in order."""
    rows = publication.items.only(*_LIST_FIELDS)
    for word in chosen["q"].casefold().split()[:6]:
        rows = rows.filter(Q(folded__contains=word))
    if chosen["ort"]:
        rows = rows.filter(area=chosen["ort"])
    if chosen["amne"]:
        rows = rows.filter(theme=chosen["amne"])
    if chosen["lage"] in _STATES:
        rows = rows.filter(state=chosen["lage"])
    order = _ORDERS.get(chosen["ordning"], _ORDERS["start"])
    first = [
        F(name).asc(nulls_last=True) if name == "start_year" else name for name in order
    ]
    return rows.order_by(*first, "project_id")


def _listed(request: PublicRequest) -> dict[str, Any]:
    chosen = chosen_of(request)
    publication = request.publication
    pages = Paginator(filtered(publication, chosen), PER_PAGE)
    if not any(value for name, value in chosen.items() if name != "ordning"):
        # the count of everything is known
        pages.count = choices_of(publication)["all"]
    return {
        "chosen": chosen,
        "choices": choices_of(publication),
        "page": pages.get_page(request.GET.get("sida")),
    }


@public_view()
def projects(request: PublicRequest) -> HttpResponse:
    """Show all projects, filtered and a page at a time."""
    return page(request, "public/projects.html", nav="projects", **_listed(request))


@public_view()
def map_page(request: PublicRequest) -> HttpResponse:
    """Show the map with the same list, filter and order beside it."""
    listed = _listed(request)
    chosen = listed["chosen"]
    narrowed = any(chosen[name] for name in ("q", "ort", "amne", "lage"))
    code = request.publication.facts.get("code") or ""
    drawing = (
        build_map(filtered(request.publication, chosen)[:_MAPPED], code)
        if narrowed
        else map_of(request.publication)
    )
    return page(request, "public/map.html", nav="map", map=drawing, **listed)


# ---------------------------------------------------------------- one project


@public_view()
def project(request: PublicRequest, project_id: str) -> HttpResponse:
    """Show one project: what, when, cost, why or why not, and who decides next."""
    item = request.publication.items.filter(project_id=project_id).first()
    if item is None:
        return _gone(request, project_id)
    data, facts = item.data, request.publication.facts
    reason = [str(text) for text in data.get("reason", ())]
    takes = [text for text in reason if text.startswith(("Med ", "Det räcker "))]
    first = item.in_use_year
    operating = data.get("operating_tkr") or []
    at = first - facts["first_year"] if first else -1
    people = facts.get("inhabitants")
    return page(
        request,
        "public/project.html",
        nav="projects",
        item=item,
        data=data,
        why=[text for text in reason if text not in takes],
        takes=takes,
        per_inhabitant=per_inhabitant_figure(item.cost_tkr * 1000 / people)
        if people
        else "",
        operating=operating[at] if 0 <= at < len(operating) else None,
        spending=_spending(item, facts),
        history=history(request, item.project_id),
        theme=DRIVER_LABELS.get(item.theme, item.theme) if item.theme else "",
    )


def _spending(item: PublicItem, facts: dict[str, Any]) -> list[tuple[int, float]]:
    """Return what is spent each year, only the years in which something is."""
    amounts = item.data.get("outlay_tkr") or []
    return [
        (facts["first_year"] + i, amount) for i, amount in enumerate(amounts) if amount
    ]


def history(request: PublicRequest, project_id: str) -> list[dict[str, Any]]:
    """Return how the project has changed in the open versions, newest first."""

    def build() -> list[tuple[int, Any, dict[str, Any]]]:
        found = Publication.objects.open().filter(municipality=request.municipality)
        return list(found.values_list("number", "published_at", "changes")[:40])

    return [
        {"number": number, "at": at, **changes[project_id]}
        for number, at, changes in kept(request.newest, "history", build)
        if project_id in changes and number <= request.publication.number
    ]


def _gone(request: PublicRequest, project_id: str) -> HttpResponse:
    """Show where a project went that an earlier version had, or that there is none."""
    last = (
        PublicItem.objects.filter(
            publication__municipality=request.municipality,
            publication__withdrawn_at=None,
            project_id=project_id,
        )
        .order_by("-publication__number")
        .values_list("name", "publication__number")
        .first()
    )
    if last is None:
        raise Http404
    return page(
        request,
        "public/project_gone.html",
        status=410,
        nav="projects",
        name=last[0],
        number=last[1],
        project_id=project_id,
        history=history(request, project_id),
    )
