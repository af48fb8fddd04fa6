"""Where is a plan published, looked at beforehand, and taken back?

The page says what becomes public and what does not before anything is sent. Leaves out
how it is frozen (publishing) and what everyone then reads (public_plan).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from rodtrad.domain import words
from rodtrad.domain.columns import SCHEMA
from rodtrad.errors import InputError
from rodtrad.publish.public import NEVER_TABLES, PREPAREDNESS
from rodtrad.web import dialogue_setup, publishing
from rodtrad.web.access import MunicipalRequest, Right, requires
from rodtrad.web.forms.publishing import NextStepForm, PublishForm, WithdrawForm
from rodtrad.web.models import Publication, Study
from rodtrad.web.models.publishing import NextStep, PublicItem
from rodtrad.web.models.studies import READABLE
from rodtrad.web.public_address import public_address

if TYPE_CHECKING:
    from django.http import HttpResponse

    from rodtrad.web.publishing import Prepared

_STUDIES_SHOWN = 10
_ITEMS_SHOWN = 200


@requires(Right.READ, methods="GET")
def overview(request: MunicipalRequest) -> HttpResponse:
    """Show what is public now, the earlier versions, and what can be published."""
    place = request.municipality
    publications = list(
        Publication.objects.light()
        .filter(municipality=place)
        .select_related("study")
        .defer("study__result", "study__certificates")
    )
    current = next((one for one in publications if one.withdrawn_at is None), None)
    steps = publishing.steps_of(place)
    items = (
        list(current.items.order_by("name").only("name", "project_id"))
        if current
        else []
    )
    return render(
        request,
        "publishing/overview.html",
        {
            "current": current,
            "publications": publications,
            "studies": Study.objects.readable(place)[:_STUDIES_SHOWN],
            "step": steps.get(""),
            "own_steps": [
                (item, steps[item.project_id])
                for item in items
                if item.project_id in steps
            ],
            "items": items[:_ITEMS_SHOWN],
            "address": public_address(place, "front") if current else "",
        },
    )


@requires(Right.PUBLISH)
def prepare(request: MunicipalRequest, number: int) -> HttpResponse:
    """Show what publishing a plan would make public; sent, it is done."""
    found = Study.objects.select_related("version", "municipality")
    study = get_object_or_404(
        found, municipality=request.municipality, number=number, state__in=READABLE
    )
    try:
        ready = publishing.prepare(study)
    except InputError as error:
        return _refused(request, study, error)
    current = ready.earlier
    form = PublishForm(
        ready.changes,
        request.POST or None,
        secret=ready.secret,
        seen=current.number if current else 0,
        again=current is not None and current.study_id == study.pk,
    )
    if request.method == "POST" and form.is_valid():
        try:
            publication = publishing.publish(
                request,
                study,
                title=form.cleaned_data["title"],
                note=form.cleaned_data["note"],
                reasons=form.reasons(),
                prepared=ready,
                again=form.cleaned_data.get("again", False),
            )
        except InputError as error:
            return _refused(request, study, error)
        text = _("Version {n} är publicerad.").format(n=publication.number)
        messages.success(request, text)
        return redirect("publishing", kommun=request.municipality.slug)
    status = 422 if request.method == "POST" else 200
    facts = _told(study, ready)
    return render(
        request,
        "publishing/prepare.html",
        {"study": study, "form": form, "ready": ready, **facts},
        status=status,
    )


def _refused(
    request: MunicipalRequest, study: Study, error: InputError
) -> HttpResponse:
    """Say why a plan is not published."""
    found = {"study": study, "issues": error.issues}
    return render(request, "publishing/refused.html", found, status=409)


def _told(study: Study, ready: Prepared) -> dict[str, Any]:
    """Return what becomes public and what does not, in words."""
    tables = ready.plan.tables
    return {
        "facts": ready.facts,
        "tables": [
            (table.spec.label, len(table)) for table in tables.values() if len(table)
        ],
        "never": [
            (SCHEMA[name].label, words._(why)) for name, why in NEVER_TABLES.items()
        ],
        "shielded": [item.name for item in ready.items if PREPAREDNESS in item.theme],
        "removed": [
            (SCHEMA[table].label, SCHEMA[table].columns[column].label, count)
            for (table, column), count in sorted(ready.plan.removed.items())
        ],
        "items": ready.items[:_ITEMS_SHOWN],
        "more": len(ready.items[_ITEMS_SHOWN:]),
        "broken": ready.plan.result.get("broken") or [],
        "viewpoints": sorted(
            {name for name in tables["viewpoints"]["viewpoint"] if name}
        ),
        "number": (ready.earlier.number + 1) if ready.earlier else 1,
    }


@requires(Right.PUBLISH)
def withdraw(request: MunicipalRequest, number: int) -> HttpResponse:
    """Ask why a version is taken back; sent, nobody reaches it any more."""
    publication = get_object_or_404(
        Publication.objects.light(),
        municipality=request.municipality,
        number=number,
        withdrawn_at=None,
    )
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        publishing.withdraw(request, publication, form.cleaned_data["why"])
        text = _("Version {n} är tillbakatagen.").format(n=publication.number)
        messages.success(request, text)
        return redirect("publishing", kommun=request.municipality.slug)
    status = 422 if request.method == "POST" else 200
    return render(
        request,
        "publishing/withdraw.html",
        {"publication": publication, "form": form},
        status=status,
    )


@requires(Right.PUBLISH)
def next_step(request: MunicipalRequest, project_id: str = "") -> HttpResponse:
    """Say who decides next about the plan or a project, and until when one can influence."""
    if request.method != "POST":
        return _next_step(request, project_id)
    with transaction.atomic():
        # what stands there is compared with what was shown, and nobody comes between
        publishing.lock(request.municipality)
        return _next_step(request, project_id)


def _next_step(request: MunicipalRequest, project_id: str) -> HttpResponse:
    place = request.municipality
    name = ""
    if project_id:
        item = PublicItem.objects.filter(
            publication=Publication.objects.current(place), project_id=project_id
        ).first()
        if item is None:
            raise Http404
        name = item.name
        # what is kept about a project follows its id in the working copy
        project_id = dialogue_setup.coming_ids(place).get(project_id, project_id)
    step = NextStep.objects.filter(municipality=place, project_id=project_id).first()
    step = step or NextStep(municipality=place, project_id=project_id)
    before = publishing.step_facts(step)
    form = NextStepForm(request.POST or None, instance=step)
    if request.method == "POST" and form.is_valid():
        publishing.set_step(request, place, form.save(commit=False), before)
        messages.success(request, _("Nästa beslut är sparat."))
        return redirect("publishing", kommun=place.slug)
    status = 422 if request.method == "POST" else 200
    return render(
        request,
        "publishing/next.html",
        {"form": form, "name": name, "project_id": project_id},
        status=status,
    )
