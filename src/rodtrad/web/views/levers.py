"""Turn a lever, see what it does at once, and keep it as a scenario to run.

The effect is the statements' alone: the plan is kept as it is, nothing is searched.
Keeping it adds rows to the sheet of scenarios, as one change that can be undone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import transaction
from django.db.utils import DatabaseError
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rodtrad.domain.words import indicator_table, mkr
from rodtrad.errors import InputError
from rodtrad.study import read_choices
from rodtrad.web import access, changes, events, jobs, store
from rodtrad.web.access import Right
from rodtrad.web.forms.levers import LeversForm
from rodtrad.web.forms.studies import scenarios
from rodtrad.web.levers import TABLE, effect, forecasts, scenario_rows, with_rows
from rodtrad.web.models import Underlag
from rodtrad.web.templatetags.rodtrad import year_list
from rodtrad.web.views.studies import refused, version_now
from rodtrad.web.views.study_base import (
    address,
    is_stale,
    nothing_yet,
    page_at,
    shown,
    trails_at,
)
from rodtrad.web.views.study_charts import lines_figure
from rodtrad.web.views.trails import tables_of, trail_page

if TYPE_CHECKING:
    from django.http import HttpResponse

    from rodtrad.domain.components import Tables
    from rodtrad.publish.blocks import Figure
    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.views.study_base import Shown

events.declare_action("scenario.saved", gettext_lazy("sparade ett scenario"))
events.declare_object("scenario", gettext_lazy("scenario"))


@access.requires(Right.READ, post=Right.RUN_STUDY)
def levers(request: MunicipalRequest) -> HttpResponse:
    """Show the levers; a press shows the effect, keeps the scenario or runs it."""
    one = shown(request)
    if one is None:
        text = _(
            "Spakarna visar vad en ändring gör med planen. Det behövs en plan först."
        )
        return nothing_yet(request, _("Spakar"), text)
    tables = tables_of(one.study)
    plan = one.plan
    form = LeversForm(
        plan["years"],
        forecasts(tables),
        request.POST if request.method == "POST" else None,
    )
    context: dict[str, Any] = {
        "form": form,
        "study": one.study,
        "plan": plan,
        "stale": is_stale(one.study),
        "rerun": address("study_again", request.municipality, one.study.number),
        "saved": scenarios(
            Underlag.objects.filter(municipality=request.municipality).first()
        ),
        "sheet": page_at(request.municipality, f"underlag/{TABLE}/"),
        "may_keep": access.may_edit_table(request.membership, TABLE),
    }
    if request.method == "POST" and form.is_valid():
        act = request.POST.get("gor", "")
        if act in ("spara", "rakna"):
            return _keep(request, form, context, run=act == "rakna")
        context |= _effect(request, one, tables, form)
    status = 400 if form.is_bound and not form.is_valid() else 200
    return render(request, "studies/levers.html", context, status=status)


@access.requires(Right.RUN_STUDY, methods="GET")
def trail(request: MunicipalRequest, figure: str) -> HttpResponse:
    """What a figure hangs on with the levers turned as the address says."""
    one = shown(request)
    if one is None:
        raise Http404
    tables = tables_of(one.study)
    form = LeversForm(one.plan["years"], forecasts(tables), request.GET)
    if not form.is_valid():
        raise Http404
    turned = with_rows(tables, scenario_rows(tables, form.levers(), "-"))
    note = _(
        "Räknat med spakarna, inget är sparat. Celler som spakarna ändrar visar sitt nya värde men sin gamla källa."
    )
    choices = read_choices(one.plan)
    return trail_page(request, one.study, turned, choices, figure, note)


def _trails(request: MunicipalRequest, one: Shown, form: LeversForm) -> dict[str, str]:
    """Return where figures lead: of the plan as it is, and with the levers."""
    place = request.municipality
    turned = {name: form.data.get(name, "") for name in form.fields if name != "name"}
    asked = urlencode({"plan": one.study.number, **turned})
    return {
        "plan": trails_at("trail", place, one.study.number),
        "levers": f"{trails_at('levers_trail', place)}?{asked}",
    }


def _effect(
    request: MunicipalRequest, one: Shown, tables: Tables, form: LeversForm
) -> dict[str, Any]:
    """Return what the levers do to the plan, for the page."""
    try:
        rows = scenario_rows(tables, form.levers(), "-")
        found = effect(tables, rows, read_choices(one.plan))
    except InputError as error:
        form.add_error(None, str(error))
        return {}
    leads = _trails(request, one, form)
    years: list[int] = found["years"]
    before, after = found["ar"]
    gap = [(b or 0.0) - (a or 0.0) for a, b in zip(before, after, strict=True)]
    last = gap[-1]
    pattern = (
        _("Resultatet blir {kr} mkr bättre {y}, om planen är som nu")
        if last >= 0
        else _("Resultatet blir {kr} mkr sämre {y}, om planen är som nu")
    )
    return {
        "heading": pattern.format(kr=mkr(abs(last)), y=years[-1]),
        "worse": [(g["name"], year_list(g["years"])) for g in found["worse"]],
        "better": [(g["name"], year_list(g["years"])) for g in found["better"]],
        "chart": _chart(found, "res_andel", leads),
        "debt_chart": _chart(found, "lan_inv", leads),
        "leads": leads,
        "effect_rows": [
            (
                year,
                f"ar:{year}",
                mkr(before[i]),
                mkr(after[i]),
                ("+" if gap[i] > 0 else "") + mkr(gap[i]),
                [
                    (indicator_table(key, found[key][1][i]), f"{key}:{year}")
                    for key in ("res_andel", "lan_inv")
                ],
            )
            for i, year in enumerate(years)
        ],
    }


def _chart(found: dict[str, Any], key: str, leads: dict[str, str]) -> Figure | None:
    """Return a figure before and after, as two lines."""
    title = _("Skulden") if key == "lan_inv" else _("Resultatet")
    alt = _("Två linjer, före och efter. {t}.").format(t=title)
    before, after = found[key]
    lines = [
        ("baseline", _("planen"), before),
        ("plan", _("med spakarna"), after),
    ]
    where = (leads["plan"], leads["levers"])
    return lines_figure(key, title, alt, found["years"], lines, trails=where)


def _taken(
    request: MunicipalRequest, form: LeversForm, context: dict[str, Any]
) -> HttpResponse:
    form.add_error("name", _("Det finns redan ett scenario som heter så."))
    return render(request, "studies/levers.html", context, status=400)


def _keep(
    request: MunicipalRequest, form: LeversForm, context: dict[str, Any], *, run: bool
) -> HttpResponse:
    """Add the scenario's rows to the working copy, and run it if asked to."""
    access.demand_table(request, TABLE)
    name = form.cleaned_data["name"].strip()
    here = address("levers", request.municipality)
    if not name:
        form.add_error("name", _("Ge scenariot ett namn."))
        return render(request, "studies/levers.html", context, status=400)
    try:
        with transaction.atomic():
            underlag = (
                Underlag.objects.select_for_update(of=("self",))
                .select_related("municipality")
                .get(municipality=request.municipality)
            )
            tables = store.read_tables(underlag)
            if name in tables[TABLE]["scenario"]:
                return _taken(request, form, context)
            with events.in_swedish():
                rows = scenario_rows(tables, form.levers(), name)
                note = _("Scenariot {s} från spakarna").format(s=name)
            steps = [changes.Step(TABLE, None, None, row) for row in rows]
            changes.commit(request, underlag, changes.Kind.EDIT, steps, note)
            events.record(
                request,
                request.municipality,
                "scenario.saved",
                ("scenario", name, name),
                after={"rows": len(rows)},
            )
            if run:
                version = version_now(request, underlag)
                study = jobs.enqueue(
                    request.user, version, name=name, scenario=name, settings={}
                )
                return redirect(address("study", request.municipality, study.number))
    except DatabaseError as error:
        return refused(request, error, here)
    messages.success(
        request,
        _(
            "Scenariot ”{s}” är sparat. Det kan räknas när som helst under Planer."
        ).format(s=name),
    )
    return redirect(here)
