"""What people do with a project: pass gates, register decisions, amounts and files.

Each act is a form of its own with its own right; afterwards one is back at the project.
A file is refused before it is read if it is too large. Leaves out the project's rows of
the underlag (project_edit).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from rodtrad.domain.words import GATE_LABELS
from rodtrad.publish import meeting
from rodtrad.web import attachments, project_gates, project_life, project_money
from rodtrad.web.access import Right, demand, may, requires
from rodtrad.web.forms.projects import (
    AttachmentForm,
    DecisionForm,
    EstimateForm,
    GateForm,
    NoteForm,
    WordsForm,
    YearForm,
)
from rodtrad.web.models import AlternativeNote, Attachment, ProjectFile, ProjectYear
from rodtrad.web.views.project_page import Life, project_row, read_life

if TYPE_CHECKING:
    from collections.abc import Callable

    from rodtrad.web.access import MunicipalRequest

# The whole request, with what surrounds the file.
_MOST_REQUEST: Final = attachments.MOST_BYTES + 200_000


def _back(request: MunicipalRequest, project_id: str, part: str = "") -> HttpResponse:
    address = project_life.address(request.municipality, project_id)
    return redirect(f"{address}#{part}" if part else address)


def _page(
    request: MunicipalRequest,
    life: Life,
    form: Any,
    title: str,
    submit: str,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """Show a form about a project."""
    back = project_life.address(request.municipality, life.project_id)
    return render(
        request,
        more.pop("template", "projects/act.html"),
        {
            "life": life,
            "name": life.name,
            "form": form,
            "heading": title,
            "submit": submit,
            "back": back,
            **more,
        },
        status=status,
    )


# ---------------------------------------------------------------- gates


@requires(Right.READ, post=Right.READ)
def gate(request: MunicipalRequest, project_id: str) -> HttpResponse:
    """Show what a gate asks for; POST moves the project there.

    To pass a gate its content or a stated reason is needed; to go back a reason. Gates
    that a body decides are moved by those who may register decisions.
    """
    life = read_life(request.municipality, project_id)
    following = project_gates.next_gate(life.gate)
    asked_for = request.POST.get("to") or request.GET.get("till") or following
    to = asked_for if asked_for in project_gates.GATES else following
    if request.method == "POST":
        to = request.POST.get("to", "")
        if to not in project_gates.GATES:
            raise Http404
        demand(request, right_to(to))
    if not to:
        return _back(request, life.project_id)
    in_force = project_money.in_force(life.decisions)
    form = GateForm(
        request.POST if request.method == "POST" else None,
        decisions=in_force,
        initial={"to": to},
    )
    asked, backwards = _asked(life, to)
    missing = [one for one in asked if not one.met]
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"].strip()
        if to == life.gate:
            form.add_error(
                None,
                _("Projektet är redan i skede {g}.").format(
                    g=f"{to} {_(GATE_LABELS[to])}"
                ),
            )
        elif (missing or backwards) and not reason:
            form.add_error(
                "reason",
                _("Skriv varför projektet går tillbaka.")
                if backwards
                else _("Skriv varför projektet får gå vidare utan det som saknas."),
            )
        else:
            written = project_life.pass_gate(
                request,
                life.underlag,
                life.row,
                to,
                [one.code for one in missing],
                reason,
                form.chosen,
            )
            if written.refused:
                form.add_error(
                    None, _("Någon ändrade projektet samtidigt. Försök igen.")
                )
            else:
                messages.success(
                    request,
                    _("{p} är nu i skede {g}.").format(
                        p=life.name, g=f"{to} {_(GATE_LABELS[to])}"
                    ),
                )
                if request.POST.get("fran") == "tavla":
                    return redirect(f"/{request.municipality.slug}/projekt/tavla/")
                return _back(request, life.project_id, "skede")
    return _page(
        request,
        life,
        form,
        _("Till skede {g}").format(g=f"{to} {_(GATE_LABELS[to])}"),
        _("Flytta till {g}").format(g=f"{to} {_(GATE_LABELS[to])}"),
        422 if form.errors else 200,
        template="projects/gate.html",
        to=to,
        asked=asked,
        missing=missing,
        backwards=backwards,
        decider=_(meeting.deciders(to)[0]),
        may_move=may(request.membership, right_to(to)),
        decides=to in project_gates.DECISION_GATES,
        origin="tavla"
        if "tavla" in (request.GET.get("fran"), request.POST.get("fran"))
        else "",
    )


def right_to(gate: str) -> Right:
    """Return the right that moving a project to a gate asks for."""
    if gate in project_gates.DECISION_GATES:
        return Right.DECIDE
    return Right.EDIT_PROJECTS


def _asked(life: Life, to: str) -> tuple[list[project_gates.Requirement], bool]:
    """What all gates from the present one up to another ask for; whether it is back."""
    gates = project_gates.GATES
    now = gates.index(life.gate) if life.gate in gates else -1
    wanted = gates.index(to)
    if wanted <= now:
        return [], True
    facts = life.facts()
    asked = [
        one
        for gate in gates[now + 1 : wanted + 1]
        for one in project_gates.requirements(gate, facts)
    ]
    return asked, False


# ---------------------------------------------------------------- words


@requires(Right.EDIT_PROJECTS)
def words(request: MunicipalRequest, project_id: str) -> HttpResponse:
    """Show and save the words about a project."""
    life = read_life(request.municipality, project_id)
    file = life.file or ProjectFile(
        municipality=request.municipality, project_id=life.project_id
    )
    before = {name: getattr(file, name) for name in ProjectFile.WORDS}
    form = WordsForm(request.POST if request.method == "POST" else None, instance=file)
    stale = False
    if request.method == "POST" and form.is_valid():
        told = {name: form.cleaned_data[name] for name in ProjectFile.WORDS}
        try:
            project_life.save_words(
                request, life.row, told, form.cleaned_data["revision"] or 0
            )
        except project_life.StaleError:
            stale = True
            form.data = {**request.POST.dict(), "revision": str(file.revision)}
            form.add_error(
                None,
                _(
                    "Någon annan sparade medan du skrev. Det som står sparat syns nedan. Ändra det du vill och spara igen."
                ),
            )
        else:
            messages.success(request, _("Uppgifterna är sparade."))
            return _back(request, life.project_id, "uppgifter")
    others = (
        [
            (field.label, before[field.name])
            for field in form
            if field.name in before
            and before[field.name] not in (None, "")
            and before[field.name] != form.cleaned_data.get(field.name)
        ]
        if stale
        else []
    )
    return _page(
        request,
        life,
        form,
        _("Uppgifter om projektet"),
        _("Spara uppgifterna"),
        409 if stale else 422 if form.errors else 200,
        template="projects/words.html",
        others=others,
    )


@requires(Right.EDIT_PROJECTS)
def note(
    request: MunicipalRequest, project_id: str, alternative_id: str
) -> HttpResponse:
    """Show and save the words about an alternative."""
    life = read_life(request.municipality, project_id)
    known = {
        str(row.data.get("alternative_id")): row.label
        for row in life.rows.get("alternatives", ())
    }
    if alternative_id not in known:
        raise Http404
    form = NoteForm(
        request.POST if request.method == "POST" else None,
        instance=life.notes.get(alternative_id)
        or AlternativeNote(alternative_id=alternative_id),
    )
    if request.method == "POST" and form.is_valid():
        project_life.save_note(request, life.row, alternative_id, form.cleaned_data)
        messages.success(request, _("Alternativet är sparat."))
        return _back(request, life.project_id, "alternativ")
    return _page(
        request,
        life,
        form,
        _("Alternativet {a}").format(a=known[alternative_id] or alternative_id),
        _("Spara"),
        422 if form.errors else 200,
    )


# ---------------------------------------------------------------- decisions and money


@requires(Right.DECIDE)
def decide(request: MunicipalRequest, project_id: str) -> HttpResponse:
    """Show and take in a decision about a project."""
    life = read_life(request.municipality, project_id)
    form = DecisionForm(
        request.POST if request.method == "POST" else None,
        decisions=project_money.in_force(life.decisions),
        files=life.attachments,
        initial={"gate": project_gates.next_gate(life.gate)},
    )
    if request.method == "POST" and form.is_valid():
        project_life.add_decision(request, life.row, form.decision())
        messages.success(request, _("Beslutet är infört."))
        return _back(request, life.project_id, "beslut")
    return _page(
        request,
        life,
        form,
        _("För in ett beslut"),
        _("För in beslutet"),
        422 if form.errors else 200,
    )


@requires(Right.EDIT_PROJECTS)
def estimate(request: MunicipalRequest, project_id: str) -> HttpResponse:
    """Show and take in what the project is thought to cost now."""
    life = read_life(request.municipality, project_id)
    form = EstimateForm(
        request.POST if request.method == "POST" else None,
        alternatives={
            str(row.data["alternative_id"]): row.label
            or str(row.data["alternative_id"])
            for row in life.rows.get("alternatives", ())
            if row.data.get("alternative_id")
        },
    )
    if request.method == "POST" and form.is_valid():
        project_life.add_estimate(request, life.row, form.save(commit=False))
        messages.success(request, _("Kalkylen är införd. De tidigare står kvar."))
        return _back(request, life.project_id, "pengar")
    return _page(
        request,
        life,
        form,
        _("För in en kalkyl eller prognos"),
        _("För in kalkylen"),
        422 if form.errors else 200,
        template="projects/estimate.html",
    )


@requires(Right.EDIT_PROJECTS)
def year(request: MunicipalRequest, project_id: str) -> HttpResponse:
    """Show and save one year's budget, outcome and forecast."""
    life = read_life(request.municipality, project_id)
    initial: dict[str, Any] = {}
    asked = request.GET.get("ar", "")
    if asked.isdigit() and len(asked) == 4:
        initial["year"] = int(asked)
        found = next((y for y in life.years if y.year == int(asked)), None)
        if isinstance(found, ProjectYear):
            initial |= {
                "budget_tkr": found.budget_tkr,
                "actual_tkr": found.actual_tkr,
                "forecast_tkr": found.forecast_tkr,
            }
    form = YearForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        money = dict(form.cleaned_data)
        project_life.set_year(request, life.row, money.pop("year"), money)
        messages.success(request, _("Året är sparat."))
        return _back(request, life.project_id, "pengar")
    return _page(
        request,
        life,
        form,
        _("Ett års anslag, utfall och prognos"),
        _("Spara året"),
        422 if form.errors else 200,
    )


# ---------------------------------------------------------------- files


def bounded(
    view: Callable[..., HttpResponse], template: str = "projects/too_large.html"
) -> Callable[..., HttpResponse]:
    """Return a view that refuses a request which is too large before reading it."""
    protected = csrf_protect(view)

    @csrf_exempt
    def checked(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > _MOST_REQUEST:
            response = render(request, template, status=413)
            # the rest of what is being sent is of no interest
            response["Connection"] = "close"
            return response
        return protected(request, *args, **kwargs)

    for name in ("required_right", "required_right_to_post", "methods"):
        setattr(checked, name, getattr(view, name))
    return cast("Callable[..., HttpResponse]", checked)


@bounded
@requires(Right.EDIT_PROJECTS)
def attach(request: MunicipalRequest, project_id: str) -> HttpResponse:
    """Show the form for a file, and take one in."""
    life = read_life(request.municipality, project_id)
    form = (
        AttachmentForm(request.POST, request.FILES)
        if request.method == "POST"
        else AttachmentForm()
    )
    if request.method == "POST" and form.is_valid():
        stored = attachments.keep(form.cleaned_data["file"], form.kind)
        project_life.attach(request, life.row, stored, form.cleaned_data["note"])
        messages.success(request, _("Filen är bifogad."))
        return _back(request, life.project_id, "bilagor")
    return _page(
        request,
        life,
        form,
        _("Bifoga en fil"),
        _("Bifoga filen"),
        422 if form.errors else 200,
        template="projects/attach.html",
        types=attachments.types_text(),
    )


def _attachment(request: MunicipalRequest, pk: int) -> Attachment:
    return get_object_or_404(
        Attachment, pk=pk, municipality=request.municipality, removed_at=None
    )


@requires(Right.READ, methods="GET")
def download(request: MunicipalRequest, pk: int) -> HttpResponse:
    """Send an attached file; only pictures and pdf are shown by the browser itself."""
    found = _attachment(request, pk)
    path = attachments.path_of(found.checksum)
    if not default_storage.exists(path):
        raise Http404
    inline = found.kind in attachments.INLINE and "spara" not in request.GET
    response = FileResponse(
        default_storage.open(path), content_type=attachments.TYPES[found.kind]
    )
    response["Content-Disposition"] = (
        content_disposition_header(not inline, found.name) or "attachment"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return cast("HttpResponse", response)


@requires(Right.EDIT_PROJECTS)
def detach(request: MunicipalRequest, pk: int) -> HttpResponse:
    """Ask whether an attached file is to be taken away; POST does it."""
    found = _attachment(request, pk)
    if not found.project_id:
        raise Http404
    _underlag, row = project_row(request.municipality, found.project_id)
    if request.method == "POST":
        project_life.detach(request, row, found)
        messages.success(
            request, _("{f} är borttagen från projektet.").format(f=found.name)
        )
        return _back(request, found.project_id, "bilagor")
    return render(
        request,
        "projects/detach.html",
        {
            "file": found,
            "name": row.label or row.key,
            "back": project_life.address(request.municipality, found.project_id),
        },
    )
