"""The public plan: its front page, its projects, and where they lie.

Lists read the rows of the publication and never the whole plan. What a frozen version
looks like is drawn once a process. Leaves out economy, changes and the rest
(public_pages).
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from rodtrad.domain.words import DRIVER_LABELS, number, per_inhabitant_figure
from rodtrad.publish import figures, summary
from rodtrad.web import dialogue_setup, publishing
from rodtrad.web.models.publishing import Publication, PublicItem
from rodtrad.web.public_address import public_url
from rodtrad.web.public_map import Map, build_map
from rodtrad.web.public_parts import kept, kept_now
from rodtrad.web.row_order import alphabetical
from rodtrad.web.views.public_base import PublicRequest, fragment, page, public_view

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.http import HttpResponse

    from rodtrad.web.public_rows import Row

SHOWN: Final = 5
PER_PAGE: Final = 25
# Services whose places the front page tells of.
_SERVICES: Final = 3
_STATES: Final = ("in", "later", "out")


def items_of(publication: Publication, rows: Iterable[Row]) -> list[PublicItem]:
    """Return a few projects with what only their own pages show, in the same order."""
    keys = [row.project_id for row in rows]
    found = {
        one.project_id: one for one in publication.items.filter(project_id__in=keys)
    }
    return [found[key] for key in keys if key in found]


def dearest(publication: Publication, *, included: bool) -> list[Row]:
    """Return the dearest projects, in the plan or outside it."""
    rows = publication.rows.ordered("kostnad")
    fitting = (row for row in rows if (row.state == "in") == included)
    return list(islice(fitting, SHOWN))


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
        step=kept_now(request, "front_step", lambda: _step(request.publication)),
    )


def _step(publication: Publication) -> dict[str, Any] | None:
    """Return who decides first about any of the projects from now on, and when."""
    fields = ("next_what", "next_body", "next_date", "last_influence")
    found = publication.items.exclude(next_body="")
    coming = found.exclude(next_date__lt=timezone.localdate())
    # a day that is known goes before one that is not
    first = coming.order_by(F("next_date").asc(nulls_last=True), "project_id")
    step: dict[str, Any] | None = first.values(*fields).first()
    return step


def _front(request: PublicRequest) -> dict[str, Any]:
    publication = request.publication
    plan = publication.plan_shown
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
        "included": dearest(publication, included=True),
        "waiting": items_of(publication, dearest(publication, included=False)),
        "years": range(
            publication.facts["first_year"], publication.facts["last_year"] + 1
        ),
    }


def _last(request: PublicRequest) -> dict[str, Any]:
    plan = request.publication.plan_shown
    quality = plan["quality"]
    return {
        "gap": summary.gap_sentence(plan["status"])
        if plan["status"].get("gap") is not None
        else "",
        "assumed": quality["key_assumptions"][:SHOWN],
        "inputs": quality["inputs"],
    }


def _lede(publication: Publication) -> list[str]:
    """Return the plan in a few sentences, in the words of a municipality."""
    plan, facts = publication.plan_shown, publication.facts
    sentences = list(summary.plan_sentences(plan))
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
    code = publication.facts.get("code") or ""
    return kept(publication, "map", lambda: build_map(publication.rows.all, code))


# ---------------------------------------------------------------- lists


def choices_of(publication: Publication) -> dict[str, Any]:
    """Return what a list can be filtered by, with how many each choice leaves."""

    def build() -> dict[str, Any]:
        rows = publication.rows.all
        areas = Counter(row.area for row in rows if row.area)
        names = {row.area: row.area_name for row in rows}
        themes = Counter(row.theme for row in rows if row.theme)
        states = Counter(row.state for row in rows)
        return {
            "areas": [
                {"area": area, "n": areas[area], "name": names[area]}
                for area in sorted(areas, key=lambda area: alphabetical(names[area]))
            ],
            "themes": [
                {"theme": theme, "n": n, "name": DRIVER_LABELS.get(theme, theme)}
                for theme, n in sorted(themes.items())
            ],
            "states": [(key, states[key]) for key in _STATES],
        }

    return kept(publication, "choices", build)


def chosen_of(request: PublicRequest) -> dict[str, str]:
    """Return what the address asks to see."""
    names = {"q": 80, "ort": 200, "amne": 40, "lage": 5, "ordning": 8}
    return {
        name: request.GET.get(name, "").replace("\0", "").strip()[:most]
        for name, most in names.items()
    }


def _is_offered(publication: Publication, chosen: dict[str, str]) -> bool:
    """Return True where every choice is one that the filter offers."""
    choices = choices_of(publication)
    return (
        chosen["ort"] in {"", *(one["area"] for one in choices["areas"])}
        and chosen["amne"] in {"", *(one["theme"] for one in choices["themes"])}
        and chosen["lage"] in {"", *_STATES}
    )


def filtered(publication: Publication, chosen: dict[str, str]) -> Sequence[Row]:
    """Return the projects that a filter leaves, in order."""
    return publication.rows.chosen(
        chosen["q"],
        chosen["ordning"],
        area=chosen["ort"],
        theme=chosen["amne"],
        state=chosen["lage"] if chosen["lage"] in _STATES else "",
    )


def _listed(request: PublicRequest) -> dict[str, Any]:
    chosen = chosen_of(request)
    pages = Paginator(filtered(request.publication, chosen), PER_PAGE)
    return {
        "chosen": chosen,
        "choices": choices_of(request.publication),
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
    by = [chosen[name] for name in ("ort", "amne", "lage")]
    code = request.publication.facts.get("code") or ""

    def build() -> Map | None:
        return build_map(filtered(request.publication, chosen), code)

    def draw() -> tuple[Map | None, str]:
        drawing = build() if any(by) or chosen["q"] else map_of(request.publication)
        return drawing, render_to_string("public/map_drawing.html", {"map": drawing})

    if chosen["q"] or not _is_offered(request.publication, chosen):
        # what somebody has made up is drawn for them and kept for nobody
        drawing, drawn = draw()
    else:
        drawing, drawn = kept(request.publication, f"map|{by}", draw)
    return page(
        request, "public/map.html", nav="map", map=drawing, drawn=drawn, **listed
    )


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
    fields = ("number", "published_at", "version__created_at", "changes")

    def build() -> tuple[list[tuple[Any, ...]], list[tuple[Any, dict[str, str]]]]:
        found = Publication.objects.open().filter(municipality=request.municipality)
        rows = list(found.values_list(*fields)[:40])
        told = publishing.told_changes(
            request.municipality, {number: changes for number, *_, changes in rows}
        )
        versions = [(number, at, known, told[number]) for number, at, known, _c in rows]
        # in one version a project has one id
        several = len(versions) > 1
        return versions, dialogue_setup.renames(request.municipality) if several else []

    # a version that is taken back is gone from here too
    versions, renames = kept_now(request, "history", build)
    versions = [one for one in versions if one[0] <= request.publication.number]
    told = []
    for version, at, known, changes in versions:
        key = project_id
        for when, earlier in renames:
            if known < when <= versions[0][2]:
                key = earlier.get(key, key)
        if key in changes:
            told.append({"number": version, "at": at, **changes[key]})
    return told


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
    moved = dialogue_setup.ids_now(request.municipality.pk, [project_id])
    now = moved.get(project_id)
    if now in request.publication.rows.by_id:
        number = request.publication.number if request.versioned else None
        at = public_url(request, "project", project_id=now, nummer=number)
        return HttpResponseRedirect(at)
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
