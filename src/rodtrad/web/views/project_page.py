"""All about one project: in, out or when, and why; its gate, money, decisions, files.

The answer and its reasons are the plan's own; amounts that people have registered stand
beside, each with class, price level and date. Gathers what each part of the page says
from a file of its own. Leaves out lists (projects) and the forms of its rows
(project_edit).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from rodtrad.domain.words import DRIVER_LABELS
from rodtrad.publish import meeting
from rodtrad.web import navigation, project_gates, project_life, project_money
from rodtrad.web.access import Right, may, may_edit_table, requires
from rodtrad.web.models import ProjectFile
from rodtrad.web.models.underlag import Row
from rodtrad.web.project_answer import answer_of
from rodtrad.web.project_index import plan_of
from rodtrad.web.project_limits import breaks_chart, needed_table
from rodtrad.web.project_money_told import forecast_chart, money_sentences
from rodtrad.web.project_record import read_life
from rodtrad.web.project_thread import red_thread
from rodtrad.web.project_ways import key_figures, shown_way, ways
from rodtrad.web.templatetags.rodtrad import number
from rodtrad.web.views.events import shown_events
from rodtrad.web.views.study_base import is_stale

if TYPE_CHECKING:
    from django.http import HttpResponse

    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.models import Municipality
    from rodtrad.web.project_answer import Answer
    from rodtrad.web.project_index import InPlan
    from rodtrad.web.project_record import Life


@requires(Right.READ, methods="GET")
def project(request: MunicipalRequest, project_id: str) -> HttpResponse:
    """Show one project."""
    municipality = request.municipality
    life = read_life(municipality, project_id)
    plan = plan_of(municipality)
    answer = answer_of(plan, life.project_id)
    everything = [life.row, *(row for rows in life.rows.values() for row in rows)]
    area, asset = _place(life)
    may_edit = may(request.membership, Right.EDIT_PROJECTS)
    context: dict[str, Any] = {
        "life": life,
        "project": life.row,
        "data": life.row.data,
        "name": life.name,
        **_from_plan(life, plan, answer),
        "chain": red_thread(life, municipality, answer, _goal_names(life)),
        **_from_people(life),
        **_next_step(request, life),
        "area": area,
        "asset": asset,
        "driver": _driver(life),
        "events": shown_events(
            project_life.history(municipality, life.project_id, everything),
            municipality,
        ),
        "may_edit": may_edit,
        "may_rows": may_edit and may_edit_table(request.membership, "projects"),
        "bench": _bench(municipality),
        "letter": _letter(request, plan, life.project_id),
        "words": _words(life),
    }
    return render(request, "projects/project.html", context)


def _from_plan(life: Life, plan: InPlan | None, answer: Answer) -> dict[str, Any]:
    """What the plan says of the project, and the underlag's ways to do it."""
    found = ways(life, plan)
    broken = breaks_chart(plan, life.project_id) if plan else None
    return {
        "answer": answer,
        "plan": plan,
        "stale": plan is not None and is_stale(plan.study),
        "figures": key_figures(life, answer, shown_way(found)),
        "ways": found,
        "broken": broken[0] if broken else None,
        "broken_caption": broken[1] if broken else [],
        "needed": needed_table(plan, life.project_id) if plan else None,
    }


def _from_people(life: Life) -> dict[str, Any]:
    """What people have registered: decisions and money."""
    replaced = {d.replaces_id for d in life.decisions if d.replaces_id}
    return {
        "money": life.money,
        "money_told": money_sentences(life.money),
        "chart": forecast_chart(life),
        "decisions": project_money.in_force(life.decisions),
        "replaced": [d for d in life.decisions if d.pk in replaced],
    }


def _next_step(request: MunicipalRequest, life: Life) -> dict[str, Any]:
    """The next gate, what it asks for, and whether one may move the project there."""
    following = project_gates.next_gate(life.gate)
    asked = project_gates.requirements(following, life.facts()) if following else []
    return {
        "following": following,
        "earlier": project_gates.previous_gate(life.gate),
        "asked": asked,
        "met": sum(one.met for one in asked),
        "decider": meeting.deciders(following)[0] if following else "",
        "may_gate": may(request.membership, project_gates.right_to(following)),
    }


def _driver(life: Life) -> str:
    driver = str(life.row.data.get("driver") or "")
    return DRIVER_LABELS.get(driver, driver)


def _goal_names(life: Life) -> dict[str, str]:
    wanted = {link.node.goal_id for link in life.links if link.node.goal_id}
    if not wanted:
        return {}
    rows = Row.objects.filter(underlag=life.underlag, table="goals", key__in=wanted)
    return {row.key: row.label or row.key for row in rows}


def _place(life: Life) -> tuple[str, Row | None]:
    """The name of the project's area, and its asset, in one question."""
    area = str(life.row.data.get("area") or "")
    asset = str(life.row.data.get("asset_id") or "")
    if not area and not asset:
        return "", None
    rows = list(
        Row.objects.filter(
            underlag=life.underlag,
            table__in=("areas", "assets"),
            key__in=[key for key in (area, asset) if key],
        )
    )
    names = {row.key: row.label or row.key for row in rows if row.table == "areas"}
    owned = next(
        (row for row in rows if row.table == "assets" and row.key == asset), None
    )
    return names.get(area, area), owned


def _bench(municipality: Municipality) -> str:
    address = reverse("workbench", args=[municipality.slug])
    return address if navigation.page_exists(address) else ""


def _letter(request: MunicipalRequest, plan: InPlan | None, project_id: str) -> str:
    if (
        plan is None
        or project_id not in plan.projects
        or not may(request.membership, Right.EXPORT)
    ):
        return ""
    address = reverse(
        "meeting_project_letter", args=[request.municipality.slug, plan.study.number]
    )
    return f"{address}?{urlencode({'projekt': project_id})}"


def _words(life: Life) -> list[tuple[str, Any]]:
    """The words that have been written, with their labels."""
    if life.file is None:
        return []
    found = []
    for name in ProjectFile.WORDS:
        value = getattr(life.file, name)
        if value in (None, ""):
            continue
        label = ProjectFile._meta.get_field(name).verbose_name  # type: ignore[union-attr]
        if name == "operating_tkr":
            value = number(float(value), 0)
        found.append((str(label), value))
    return found
