"""Which projects are there? As a list, by gate, in time and on a map, with one filter.

All four read the same register (project_index), so that a filter carries over from one
to the next. Leaves out what a project's own page says (project_page).
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rodtrad.domain.words import DRIVER_LABELS, GATE_LABELS, number
from rodtrad.publish import figures
from rodtrad.web import project_gates, project_life, project_map
from rodtrad.web.access import Right, may, may_edit_table, requires
from rodtrad.web.forms.project_choice import (
    PROPOSED,
    ProjectField,
    fitting,
    proposals,
)
from rodtrad.web.project_index import (
    IN,
    OUT,
    UNKNOWN,
    Listed,
    Register,
    Selection,
    read_register,
)
from rodtrad.web.views.study_base import is_stale, trails_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.models import Municipality

PAGE: Final = 50
BOARD_CARDS: Final = 20
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Line:
    """A project as a list shows it."""

    project: Listed
    href: str
    amount: float | None
    start: int | None
    answer: str
    label: str
    area: str


def _line(request: MunicipalRequest, register: Register, project: Listed) -> Line:
    key = project.project_id
    return Line(
        project,
        project_life.address(request.municipality, key),
        register.amount(key),
        register.start(key),
        register.answer(key),
        register.plan.labels.get(key, "") if register.plan else "",
        register.areas.get(project.area, project.area),
    )


def _base(
    request: MunicipalRequest, register: Register, chosen: Selection
) -> dict[str, Any]:
    """What the four views share: filter, choices, links between them."""
    slug = request.municipality.slug
    kept = request.GET.copy()
    kept.pop("sida", None)
    suffix = f"?{kept.urlencode()}" if kept else ""
    here = request.resolver_match.url_name if request.resolver_match else ""
    return {
        "register": register,
        "chosen": chosen,
        "plan": register.plan,
        "stale": register.plan is not None and is_stale(register.plan.study),
        "committees": sorted(
            {p.committee for p in register.projects if p.committee}, key=str.casefold
        ),
        "areas": sorted(
            (
                (key, register.areas.get(key, key))
                for key in {p.area for p in register.projects if p.area}
            ),
            key=lambda pair: pair[1].casefold(),
        ),
        "drivers": [
            (key, DRIVER_LABELS.get(key, key))
            for key in sorted({p.driver for p in register.projects if p.driver})
        ],
        "gates": [(key, f"{key} {label}") for key, label in GATE_LABELS.items()],
        "answers": [
            (IN, _("ingår i planen")),
            (OUT, _("ingår inte")),
            (UNKNOWN, _("inte prövat")),
        ],
        "here": reverse(here, args=[slug]) if here else "",
        "tabs": [
            {
                "label": label,
                "href": reverse(name, args=[slug]) + suffix,
                "here": name == here,
            }
            for name, label in (
                ("projects", _("Lista")),
                ("project_board", _("Tavla")),
                ("project_timeline", _("Tidslinje")),
                ("project_map", _("Karta")),
            )
        ],
        "suffix": suffix,
        "may_add": may(request.membership, Right.EDIT_PROJECTS)
        and may_edit_table(request.membership, "projects"),
    }


def _heading(register: Register, found: Sequence[Listed], chosen: Selection) -> str:
    """Say how many there are and, with a plan, how many of them are in it."""
    if chosen.narrowed:
        return ngettext(
            "{n} projekt av {m} passar in", "{n} projekt av {m} passar in", len(found)
        ).format(n=number(len(found)), m=number(len(register.projects)))
    if register.plan is None:
        return ngettext(
            "{n} projekt, och ingen plan än",
            "{n} projekt, och ingen plan än",
            len(found),
        ).format(n=number(len(found)))
    inside = sum(register.answer(p.project_id) == IN for p in found)
    return _("{a} av {n} projekt ingår i planen").format(
        a=number(inside), n=number(len(found))
    )


# ---------------------------------------------------------------- list


@requires(Right.READ, methods="GET")
def project_list(request: MunicipalRequest) -> HttpResponse:
    """Show the projects as a table, a page at a time."""
    register = read_register(request.municipality)
    chosen = Selection.read(request.GET)
    found = chosen.choose(register)
    page = Paginator(found, PAGE).get_page(request.GET.get("sida"))
    return render(
        request,
        "projects/list.html",
        {
            **_base(request, register, chosen),
            "heading": _heading(register, found, chosen),
            "page": page,
            "lines": [_line(request, register, p) for p in page.object_list],
        },
    )


@requires(Right.READ, methods="GET")
def download(request: MunicipalRequest) -> HttpResponse:
    """Send the projects that the filter leaves as CSV, as Swedish Excel reads it."""
    register = read_register(request.municipality)
    found = Selection.read(request.GET).choose(register)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(
        [
            _("Projekt-id"),
            _("Namn"),
            _("Nämnd"),
            _("Område"),
            _("Drivkraft"),
            _("Skede"),
            _("Utgift, tkr"),
            _("Svar i planen"),
            _("Startår i planen"),
        ]
    )
    answers = {IN: _("ingår"), OUT: _("ingår inte"), UNKNOWN: _("inte prövat")}
    for project in found:
        line = _line(request, register, project)
        writer.writerow(
            _harmless(
                [
                    project.project_id,
                    project.name,
                    project.committee,
                    line.area,
                    project.driver,
                    project.gate,
                    "" if line.amount is None else f"{line.amount:.0f}",
                    answers[line.answer],
                    "" if line.start is None else str(line.start),
                ]
            )
        )
    response = HttpResponse(
        out.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="projekt.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def _harmless(cells: Iterable[str]) -> list[str]:
    """Cells that no spreadsheet takes for a formula."""
    return [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]


# ---------------------------------------------------------------- naming one


def project_field(municipality: Municipality, *, required: bool = True) -> ProjectField:
    """Return the form field in which one of a municipality's projects is named."""
    address = reverse("project_choices", args=[municipality.slug])
    return ProjectField(read_register(municipality), address, required=required)


@requires(Right.READ, methods="GET")
def choices(request: MunicipalRequest) -> HttpResponse:
    """Send the projects that such a field proposes for what is written in it."""
    written = request.GET.get("project_id", "")[:400]
    found = fitting(read_register(request.municipality), written)
    return HttpResponse(proposals(found[:PROPOSED]))


# ---------------------------------------------------------------- board


@dataclass(frozen=True)
class Column:
    """A gate and its projects; `more` are those that are not drawn."""

    gate: str
    label: str
    count: int
    cards: tuple[tuple[Line, str, str], ...]
    more: int
    href: str


@requires(Right.READ, methods="GET")
def board(request: MunicipalRequest) -> HttpResponse:
    """Show the projects by gate; each is moved by its own links."""
    register = read_register(request.municipality)
    chosen = Selection.read(request.GET)
    found = chosen.choose(register)
    by_gate: dict[str, list[Listed]] = {}
    for project in found:
        known = project.gate if project.gate in GATE_LABELS else ""
        by_gate.setdefault(known, []).append(project)
    columns = []
    address = reverse("projects", args=[request.municipality.slug])
    query = request.GET.copy()
    for gate in ("", *project_gates.GATES):
        mine = by_gate.get(gate, [])
        if not gate and not mine:
            continue
        query["skede"] = gate or "-"
        columns.append(
            Column(
                gate,
                f"{gate} {GATE_LABELS[gate]}" if gate else _("Utan skede"),
                len(mine),
                tuple(
                    (
                        _line(request, register, p),
                        _if_may(request, project_gates.next_gate(p.gate)),
                        _if_may(request, project_gates.previous_gate(p.gate)),
                    )
                    for p in mine[:BOARD_CARDS]
                ),
                max(len(mine) - BOARD_CARDS, 0),
                f"{address}?{query.urlencode()}",
            )
        )
    return render(
        request,
        "projects/board.html",
        {
            **_base(request, register, chosen),
            "heading": _board_heading(by_gate),
            "columns": columns,
        },
    )


def _if_may(request: MunicipalRequest, gate: str) -> str:
    """A gate if one may move a project there, else nothing."""
    return (
        gate if gate and may(request.membership, project_gates.right_to(gate)) else ""
    )


def _board_heading(by_gate: dict[str, list[Listed]]) -> str:
    started = sum(len(by_gate.get(f"G{n}", ())) for n in (5, 6))
    total = sum(len(mine) for mine in by_gate.values())
    return _("{a} av {n} projekt har startbeslut eller byggs").format(
        a=number(started), n=number(total)
    )


# ---------------------------------------------------------------- timeline


@requires(Right.READ, methods="GET")
def timeline(request: MunicipalRequest) -> HttpResponse:
    """Show when the plan builds the projects that the filter leaves."""
    register = read_register(request.municipality)
    chosen = Selection.read(request.GET)
    found = chosen.choose(register)
    chart = None
    beyond = 0
    if register.plan is not None:
        keys = {p.project_id for p in found}
        plan = register.plan.plan
        if chosen.narrowed:
            rows = [p for p in plan["projects"] if str(p["project_id"]) in keys]
            plan = {**plan, "projects": rows}
        chart = figures.timeline(plan)
        beyond = sum(key not in register.plan.projects for key in keys)
    return render(
        request,
        "projects/timeline.html",
        {
            **_base(request, register, chosen),
            "heading": _heading(register, found, chosen),
            "chart": chart,
            "trails": trails_at(
                "trail", request.municipality, register.plan.study.number
            )
            if register.plan
            else "",
            "beyond": beyond,
            "found": len(found),
        },
    )


# ---------------------------------------------------------------- map


@requires(Right.READ, methods="GET")
def map_page(request: MunicipalRequest) -> HttpResponse:
    """Show the projects on a map, and the same ones in a list beside it."""
    register = read_register(request.municipality)
    chosen = Selection.read(request.GET)
    shown, nowhere = project_map.listed(register, request.municipality, chosen)
    page = Paginator(shown, PAGE).get_page(request.GET.get("sida"))
    data = reverse("project_map_data", args=[request.municipality.slug])
    query = request.GET.urlencode()
    return render(
        request,
        "projects/map.html",
        {
            **_base(request, register, chosen),
            "heading": project_map.heading(len(shown), len(shown) + len(nowhere)),
            "drawing": project_map.draw(register, request.municipality, chosen),
            "width": int(project_map.WIDTH),
            "page": page,
            "lines": [_line(request, register, p) for p, _place in page.object_list],
            "nowhere": [_line(request, register, p) for p in nowhere[:PAGE]],
            "nowhere_more": max(len(nowhere) - PAGE, 0),
            "data_at": f"{data}?{query}" if query else data,
        },
    )


@requires(Right.READ, methods="GET")
def map_data(request: MunicipalRequest) -> HttpResponse:
    """Send every project that the filter leaves and that has a place, as JSON."""
    register = read_register(request.municipality)
    chosen = Selection.read(request.GET)
    tag, body = project_map.as_sent(register, request.municipality, chosen)
    response = HttpResponse(body, content_type="application/json")
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    return get_conditional_response(request, etag=tag, response=response) or response
