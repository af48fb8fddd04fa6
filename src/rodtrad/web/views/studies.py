"""Which plans are there, how is one asked for, and how far has it come?

Starting leads to the study's own page, which follows the computation and becomes the
plan when it is done: one may leave it meanwhile. Leaves out the queue (jobs).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.utils import DatabaseError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from rodtrad.domain import retell
from rodtrad.domain.words import indicator_table
from rodtrad.publish import chapters, figures
from rodtrad.publish.agreement import front_sentences
from rodtrad.publish.blocks import ChartBlock, Text
from rodtrad.publish.content import status_line
from rodtrad.publish.summary import balance_sentences, plan_sentences
from rodtrad.publish.tables import sheet_name
from rodtrad.web import access, events, jobs, store
from rodtrad.web.access import Right
from rodtrad.web.forms.studies import NOW, PART_LABELS, DecisionForm, StartForm
from rodtrad.web.models import Study, Version
from rodtrad.web.models.studies import READABLE, PlanDecision, State
from rodtrad.web.views.study_base import (
    Content,
    Shown,
    about,
    address,
    page_at,
    state_sentence,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.models import Underlag

events.declare_action("study.decided", gettext_lazy("förde in ett beslut om en plan"))
events.declare_action("study.cancel_asked", gettext_lazy("bad en studie att sluta"))
_PAGE: Final = 30
_OF: Final = re.compile(r"(\d+) av (\d+)")
# What the core says at each stage, by how the sentence begins, and what it belongs to.
_STAGES: Final = (
    (
        "plan",
        gettext_lazy("Planen"),
        ("Bygger", "Söker den bästa", "Söker vad som inte"),
    ),
    ("reasons", gettext_lazy("Skälen"), ("Prövar skäl",)),
    ("agreement", gettext_lazy("Enigheten"), ("Prövar vad som gäller",)),
    (
        "beside",
        gettext_lazy("Andra val"),
        ("Söker vad mer", "Söker andra", "Söker när", "Söker vad som står"),
    ),
    ("needs", gettext_lazy("Behoven"), ("Räknar behoven",)),
    (
        "uncertainty",
        gettext_lazy("Säkerheten"),
        ("Räknar hur säker", "Söker en plan som håller"),
    ),
)


def refused(request: MunicipalRequest, error: DatabaseError, back: str) -> HttpResponse:
    """Say that the database cannot take what was sent; nothing of it was stored."""
    full = "full" in str(error) or "space" in str(error)
    text = (
        _(
            "Serverns disk är full. Inget är sparat, och inget är borta. Säg till den som sköter servern."
        )
        if full
        else _(
            "Databasen är upptagen just nu. Inget är sparat. Försök igen om en stund."
        )
    )
    return render(
        request,
        "studies/refused.html",
        {"text": text, "back": back},
        status=503,
    )


def _guarded(
    request: MunicipalRequest, back: str, act: Callable[[], HttpResponse]
) -> HttpResponse:
    """Do something that writes; a database that refuses is told in plain words."""
    try:
        with transaction.atomic():
            return act()
    except DatabaseError as error:
        return refused(request, error, back)


# ---------------------------------------------------------------- the list, and a start


@never_cache
@access.requires(Right.READ, post=Right.RUN_STUDY)
def studies(request: MunicipalRequest) -> HttpResponse:
    """Every plan that has been asked for, and the form that asks for another."""
    municipality = request.municipality
    asking = access.may(request.membership, Right.RUN_STUDY)
    form = (
        StartForm(municipality, request.POST if request.method == "POST" else None)
        if asking
        else None
    )
    if request.method == "POST" and form is not None and form.is_valid():
        return _guarded(
            request, address("studies", municipality), lambda: _start(request, form)
        )
    found = (
        Study.objects.filter(municipality=municipality)
        .light()
        .select_related("version", "decision")
        .defer("result", "certificates", "version__content")
    )
    page = Paginator(found, _PAGE).get_page(request.GET.get("sida"))
    return render(
        request,
        "studies/list.html",
        {
            "form": form if form and form.fields["version"].choices else None,  # type: ignore[attr-defined]
            "page": page,
            "underlag_at": page_at(municipality, "underlag/"),
        },
        status=400 if form is not None and form.is_bound else 200,
    )


def _start(request: MunicipalRequest, form: StartForm) -> HttpResponse:
    asked = form.cleaned_data["version"]
    if asked == NOW and form.underlag is not None:
        version = version_now(request, form.underlag)
    else:
        version = form.versions[asked]
    study = jobs.enqueue(
        request.user,
        version,
        name=form.cleaned_data["name"],
        scenario=form.cleaned_data["scenario"],
        settings=form.settings(),
    )
    return redirect(address("study", request.municipality, study.number))


def version_now(request: MunicipalRequest, underlag: Underlag) -> Version:
    """Return the working copy as a version: the newest if nothing differs, else a new."""
    newest = Version.objects.filter(municipality=request.municipality).light().first()
    with events.in_swedish():
        name = _("Inför en plan")
    version = store.version_of_now(underlag, name, request.user)
    if newest is None or version.number > newest.number:
        events.record(request, request.municipality, "version.created", version)
    return version


@access.requires(Right.RUN_STUDY, methods="POST")
def again(request: MunicipalRequest, number: int) -> HttpResponse:
    """Ask for the same study once more, on the underlag as it is now."""
    study = _find(request, number)

    def act() -> HttpResponse:
        underlag = getattr(request.municipality, "underlag", None)
        version = study.version
        if underlag is not None:
            version = version_now(request, underlag)
        queued = jobs.enqueue(
            request.user,
            version,
            name=study.name,
            scenario=study.scenario,
            settings=study.asked,
        )
        return redirect(address("study", request.municipality, queued.number))

    return _guarded(request, address("study", request.municipality, number), act)


def _find(request: MunicipalRequest, number: int) -> Study:
    study: Study = get_object_or_404(
        Study.objects.select_related("version", "decision").defer(
            "result", "certificates", "version__content"
        ),
        municipality=request.municipality,
        number=number,
    )
    return study


# ------------------------------------------------------------------------ one study


@never_cache
@access.requires(Right.READ, methods="GET")
def study(request: MunicipalRequest, number: int) -> HttpResponse:
    """A study: waiting, being computed, stopped, impossible, or the plan itself."""
    found = _find(request, number)
    if found.state in READABLE and found.plan is not None:
        if request.headers.get("HX-Request"):
            # the part that followed the run is gone: the page shows the plan instead
            return HttpResponse(headers={"HX-Refresh": "true"})
        return _finished(request, Shown(found, found.plan))
    if found.state in (State.QUEUED, State.RUNNING):
        return render(request, "studies/run.html", _running(request, found))
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "studies/stopped.html", _stopped(request, found))


def _running(request: MunicipalRequest, found: Study) -> dict[str, Any]:
    told = found.progress or {}
    here = address("study", request.municipality, found.number)
    stage = str(told.get("stage") or "")
    may = access.may(request.membership, Right.RUN_STUDY)
    gap = told.get("gap")
    return {
        "study": found,
        "waiting": found.state == State.QUEUED,
        "before": jobs.waiting_before(found) if found.state == State.QUEUED else 0,
        "stages": stages_of(found, stage),
        "said": told_text(stage),
        "share": _share(found, stage, told),
        "status": status_line({"gap": gap, "stopped": "time", "state": "feasible"})
        if gap is not None
        else None,
        "best": gap,
        "seconds": None
        if told.get("seconds") is None
        else round(float(told["seconds"])),
        "cancel": address("study_cancel", request.municipality, found.number)
        if may and not found.cancel_asked
        else "",
        "stopping": found.cancel_asked,
        "refresh": here,
    }


def told_text(text: str) -> str:
    """Return what a worker has written, the core or we, in the reader's language."""
    found = _(text) if text else ""
    return retell.told(text) if found == text else found


def stages_of(found: Study, said: str) -> list[dict[str, str]]:
    """Return the stages of a study with how far each has come: done, now or later."""
    asked = set(found.settings.get("only") or [key for key, _label, _words in _STAGES])
    parts = [one for one in _STAGES if one[0] == "plan" or one[0] in asked]
    at = next(
        (i for i, one in enumerate(parts) if said.startswith(one[2])),
        -1 if not said else 0,
    )
    return [
        {
            "label": str(label),
            "state": "done" if i < at else "now" if i == at else "later",
        }
        for i, (_key, label, _words) in enumerate(parts)
    ]


def _share(found: Study, said: str, told: dict[str, Any]) -> float | None:
    """Return how much of the present stage is done; None when it cannot be told."""
    if counted := _OF.search(said):
        done, whole = (int(text) for text in counted.groups())
        return min(done / whole, 1.0) if whole else None
    limit = found.settings.get("time_limit")
    if said.startswith("Söker den bästa") and limit and told.get("seconds") is not None:
        return min(float(told["seconds"]) / float(limit), 1.0)
    return None


def _stopped(request: MunicipalRequest, found: Study) -> dict[str, Any]:
    sheets = page_at(request.municipality, "underlag/")
    rows = []
    for one in found.error:
        if one.get("code") in ("conflict", "repair"):
            continue
        table, row = one.get("table") or "", one.get("row")
        place = ""
        if table:
            place = sheet_name(table)
            if row:
                place = _("{sheet}, rad {n}").format(sheet=place, n=row)
        rows.append(
            {
                **one,
                "message": told_text(str(one.get("message") or "")),
                "remedy": told_text(str(one.get("remedy") or "")),
                "at": place or _("Körningen"),
                "href": f"{sheets}{table}/?rad={row}#rad-{row}"
                if sheets and table and row
                else "",
            }
        )
    bench = page_at(request.municipality, "arbetsbank/")
    return {
        "study": found,
        "faults": rows,
        "no_plan": any(one.get("code") == "no_plan" for one in found.error),
        "conflict": [
            told_text(x["message"]) for x in found.error if x.get("code") == "conflict"
        ],
        "repairs": [
            {"text": told_text(x["message"]), "href": bench}
            for x in found.error
            if x.get("code") == "repair"
        ],
        "rerun": address("study_again", request.municipality, found.number),
    }


def _plan_content(one: Shown) -> Content:
    """Return what the plan's own page says: the plan in time, its outlays, its goals."""
    plan = one.plan
    pictures = [
        ChartBlock(chart, caption)
        for chart, caption in (
            (figures.timeline(plan), (Text(chapters.illustration_text(plan)),)),
            (figures.outlays_per_year(plan), ()),
            (figures.goals_by_year(plan), ()),
        )
        if chart is not None
    ]
    lede = [
        *plan_sentences(plan)[1:],
        *balance_sentences(plan)[:1],
        *front_sentences(plan)[:1],
    ]
    return Content(
        str(one.study),
        state_sentence(plan),
        lede,
        parts=[("", pictures)],
    )


def _finished(request: MunicipalRequest, one: Shown) -> HttpResponse:
    plan, found = one.plan, one.study
    here = request.municipality
    suffix = f"?plan={found.number}"
    places = (
        ("overview", _("Översikt")),
        ("needs_per_year", _("Behov per år")),
        ("room", _("Utrymme per år")),
        ("statements", _("Räkenskaper")),
        ("balanskrav", _("Balanskrav")),
        ("study_goals", _("Mål")),
        ("debt", _("Skuld")),
        ("why", _("Skäl per projekt")),
        ("near", _("Nära lika bra planer")),
        ("reserve", _("Reservlista")),
        ("basis", _("Vad planen vilar på")),
    )
    broken = broken_texts(plan) if plan.get("broken") else []
    decision = PlanDecision.objects.filter(study=found).first()
    whole = found.state == State.DONE
    deciding = whole and access.may(request.membership, Right.DECIDE)
    page = written([one.study], "plan", lambda: _plan_content(one))
    return render(
        request,
        "studies/plan.html",
        {
            **about(request, one),
            "page": page.content,
            "body": page.body,
            "places": [(address(name, here) + suffix, label) for name, label in places],
            "bench": f"{page_at(here, 'arbetsbank/')}?studie={found.number}",
            "meeting": page_at(here, f"mote/{found.number}/") if whole else "",
            "agreement": page_at(here, "enighet/") if plan.get("agreement") else "",
            "broken": broken,
            "decision": decision,
            "decision_form": DecisionForm() if deciding and decision is None else None,
            "parts_left_out": _left_out(found),
        },
    )


def broken_texts(plan: dict[str, Any]) -> list[str]:
    """Return which requirements a plan made by hand breaks, and when."""
    names = {g["goal_id"]: str(g["name"]) for g in plan.get("goals", [])}
    names |= {p["project_id"]: str(p["name"]) for p in plan.get("projects", [])}
    texts = []
    for one in plan.get("broken") or []:
        name = names.get(one["id"], one["id"])
        years = ", ".join(str(y) for y in one.get("years") or ())
        texts.append(f"{name}: {years}" if years else str(name))
    return texts


def _left_out(found: Study) -> list[str]:
    asked = found.settings.get("only")
    if asked is None or found.kind == "own":
        return []
    return [str(label) for key, label in PART_LABELS.items() if key not in asked]


# ------------------------------------------------------------------- cancel, decide


@access.requires(Right.RUN_STUDY, methods="POST")
def cancel(request: MunicipalRequest, number: int) -> HttpResponse:
    """Ask a study to stop."""
    found = _find(request, number)
    here = address("study", request.municipality, number)

    def act() -> HttpResponse:
        if found.state not in (State.QUEUED, State.RUNNING):
            messages.info(request, _("Körningen var redan klar."))
            return redirect(here)
        was_running = found.state == State.RUNNING
        jobs.cancel(request.user, found)
        if was_running:
            events.record(request, request.municipality, "study.cancel_asked", found)
        return redirect(here)

    return _guarded(request, here, act)


@access.requires(Right.DECIDE, methods="POST")
def decide(request: MunicipalRequest, number: int) -> HttpResponse:
    """Register what has been decided about a plan, and lock the version it rests on."""
    found = _find(request, number)
    here = address("study", request.municipality, number)
    if found.state != State.DONE:
        raise Http404
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return render(
            request,
            "studies/decide.html",
            {"form": form, "study": found, "action": request.path, "back": here},
            status=400,
        )

    def act() -> HttpResponse:
        version = Version.objects.select_for_update().get(pk=found.version_id)
        if PlanDecision.objects.filter(study=found).exists():
            messages.info(request, _("Ett beslut om planen finns redan."))
            return redirect(here)
        decision = PlanDecision.objects.create(
            study=found,
            registered_by=request.user,
            registered_by_name=str(request.user)[:150],
            **form.cleaned_data,
        )
        if version.locked_at is None:
            version.locked_at = timezone.now()
            version.locked_by_name = str(request.user)[:150]
            version.decided_by_plan = found
            version.save(
                update_fields=["locked_at", "locked_by_name", "decided_by_plan"]
            )
            events.record(request, request.municipality, "version.locked", version)
        events.record(
            request,
            request.municipality,
            "study.decided",
            found,
            after={
                "body": decision.body,
                "date": decision.date,
                "paragraph": decision.paragraph,
                "diary_number": decision.diary_number,
                "note": decision.note,
            },
        )
        messages.success(
            request,
            _("Beslutet är infört. Version {n} av underlaget är låst.").format(
                n=version.number
            ),
        )
        return redirect(here)

    return _guarded(request, here, act)


def weakest_text(plan: dict[str, Any]) -> tuple[str, int] | None:
    """Return the lowest result as a share of taxes and grants, and its year."""
    year = figures.weakest_year(plan)
    values = figures.series_of(plan, "indicators", "res_andel")
    if year is None or values is None:
        return None
    return indicator_table("res_andel", values[plan["years"].index(year)]), year
