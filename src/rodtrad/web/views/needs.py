"""What is needed, as those who need it say? Reporting, following and answering.

Five fields on a phone, of which the contact is given by who is signed in. Whoever has
reported sees what became of it; those who edit projects sort and answer. Leaves out
needs that are computed (the studies' pages).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rodtrad.domain.words import number
from rodtrad.web import navigation, need_reports, project_life
from rodtrad.web.access import Right, may, requires
from rodtrad.web.forms.needs import AnswerForm, ReportForm
from rodtrad.web.models import NeedReport
from rodtrad.web.models.underlag import Row
from rodtrad.web.views.projects import project_field

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpResponse

    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.models import Municipality

State = NeedReport.State
PAGE: Final = 50
_OPEN: Final = (State.RECEIVED, State.JUDGED)


@navigation.live_figure("dialog")
def waiting(municipality: Municipality) -> str:
    """Say how many reported needs wait for an answer; empty when none was reported."""
    n = NeedReport.objects.filter(municipality=municipality, state__in=_OPEN).count()
    if not n:
        return ""
    return ngettext("{n} behov väntar", "{n} behov väntar", n).format(n=number(n))


def _mine(request: MunicipalRequest) -> QuerySet[NeedReport]:
    """The reports that one may see: all of them for staff, else one's own."""
    found = NeedReport.objects.filter(municipality=request.municipality)
    if _is_staff(request):
        return found
    return found.filter(reporter=request.user)


def _is_staff(request: MunicipalRequest) -> bool:
    return may(request.membership, Right.EDIT_PROJECTS) or may(
        request.membership, Right.DECIDE
    )


def _address(request: MunicipalRequest, found: NeedReport) -> str:
    return f"/{request.municipality.slug}/behov/anmalda/{found.number}/"


@requires(Right.REPORT_NEED)
def report(request: MunicipalRequest) -> HttpResponse:
    """Show the form for a need, and take one in."""
    form = ReportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        found = need_reports.report(request, form.cleaned_data)
        messages.success(
            request, _("Tack. Behovet är mottaget, och här ser du vad som händer.")
        )
        return redirect(_address(request, found))
    return render(
        request,
        "needs/report.html",
        {"form": form},
        status=422 if form.errors else 200,
    )


@requires(Right.READ, methods="GET")
def reports(request: MunicipalRequest) -> HttpResponse:
    """Show reported needs: all of them to those who answer, to others their own."""
    staff = _is_staff(request)
    found = _mine(request)
    counts = found.aggregate(
        all=Count("pk"), waiting=Count("pk", filter=Q(state__in=_OPEN))
    )
    state = request.GET.get("lage", "")
    if state in State.values:
        found = found.filter(state=state)
    q = " ".join(request.GET.get("q", "").replace("\0", "").split())[:80]
    if q:
        found = found.filter(Q(what__icontains=q) | Q(where__icontains=q))
    order = request.GET.get("ordning", "")
    orders = {"nummer": "number", "laget": "state", "anmald": "created_at"}
    if order.removeprefix("-") in orders:
        sign = "-" if order.startswith("-") else ""
        found = found.order_by(f"{sign}{orders[order.removeprefix('-')]}", "-number")
    page = Paginator(found, PAGE).get_page(request.GET.get("sida"))
    return render(
        request,
        "needs/list.html",
        {
            "page": page,
            "staff": staff,
            "counts": counts,
            "states": State.choices,
            "state": state,
            "q": q,
            "names": _project_names(request, [r.project_id for r in page.object_list]),
        },
    )


def _project_names(request: MunicipalRequest, keys: list[str]) -> dict[str, str]:
    wanted = {key for key in keys if key}
    if not wanted:
        return {}
    rows = Row.objects.filter(
        underlag__municipality=request.municipality, table="projects", key__in=wanted
    )
    return dict(rows.values_list("key", "label"))


@requires(Right.READ, methods="GET")
def one(request: MunicipalRequest, number: int) -> HttpResponse:
    """Show what has become of a reported need."""
    found = get_object_or_404(_mine(request), number=number)
    names = _project_names(request, [found.project_id])
    steps: list[dict[str, Any]] = [
        {
            "kind": _("Mottagen"),
            "text": _("{who} anmälde behovet").format(who=found.reporter_name),
            "at": found.created_at,
        }
    ]
    steps += [
        {
            "kind": step.get_state_display(),
            "text": step.text,
            "at": step.at,
            "who": step.by_name,
            "href": project_life.address(request.municipality, step.project_id)
            if step.project_id in names
            else "",
            "project": names.get(step.project_id, ""),
        }
        for step in found.steps.all()
    ]
    return render(
        request,
        "needs/one.html",
        {
            "report": found,
            "steps": steps,
            "open": found.state in _OPEN,
            "heading": _heading(found, names),
            "may_answer": may(request.membership, Right.EDIT_PROJECTS),
            "staff": _is_staff(request),
        },
    )


def _heading(found: NeedReport, names: dict[str, str]) -> str:
    if found.state == State.RECEIVED:
        return _("Behovet är mottaget")
    if found.state == State.JUDGED:
        return _("Behovet bedöms")
    if found.state == State.PROJECT:
        return _("Behovet blev projektet {p}").format(
            p=names.get(found.project_id, found.project_id)
        )
    return _("Behovet tas inte upp nu")


@requires(Right.EDIT_PROJECTS)
def answer(request: MunicipalRequest, number: int) -> HttpResponse:
    """Show the form for an answer to a reported need, and take it in."""
    found = get_object_or_404(
        NeedReport, municipality=request.municipality, number=number
    )
    form = AnswerForm(
        request.POST if request.method == "POST" else None,
        project=project_field(request.municipality, required=False),
        initial={"state": State.JUDGED.value, "project_id": found.project_id},
    )
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        need_reports.answer(
            request, found, told["state"], told["text"].strip(), told["project_id"]
        )
        messages.success(request, _("Svaret är sparat, och den som anmälde ser det."))
        return redirect(_address(request, found))
    return render(
        request,
        "needs/answer.html",
        {"form": form, "report": found, "back": _address(request, found)},
        status=422 if form.errors else 200,
    )
