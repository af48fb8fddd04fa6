"""What people do with a project: pass gates, register decisions, amounts and files.

Each act is a form of its own with its own right; one mechanism (`_act`) shows it, takes
it in and leads back to the project.
A file is refused before it is read if it is too large. Leaves out the project's rows of
the underlag (project_edit).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
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
from rodtrad.web.models import AlternativeNote, Attachment, ProjectFile
from rodtrad.web.project_record import project_row, read_life

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.forms import BaseForm
    from django.http import QueryDict

    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.project_record import Life

# The whole request, with what surrounds the file.
_MOST_REQUEST: Final = attachments.MOST_BYTES + 200_000
_YEARLY: Final = ("budget_tkr", "actual_tkr", "forecast_tkr")
# What is stored, and the hidden fields that tell that it has been shown.
_Now = tuple[dict[str, Any], dict[str, str]]


def _sent(request: MunicipalRequest) -> QueryDict | None:
    """What was sent; None where the form is only to be shown."""
    return request.POST if request.method == "POST" else None


def _act(
    request: MunicipalRequest,
    life: Life,
    form: BaseForm,
    keep: Callable[[], object],
    *,
    title: str,
    submit: str,
    done: str,
    part: str = "",
    to: str = "",
    template: str = "projects/act.html",
    now: Callable[[], _Now] | None = None,
    **more: Any,
) -> HttpResponse:
    """Show a form about a project, or take it in and go back to the project.

    Args:
        request: the request.
        life: the project.
        form: bound where something was sent.
        keep: stores what a right form says; it may still refuse, by errors on the form.
        title: the page's heading.
        submit: the words of the button.
        done: what is said when it is kept.
        part: the part of the project's page to go back to.
        to: another page to go back to.
        template: the page.
        now: what is stored, and what the form posts when it has shown that; of forms
            that may be stale.
        more: what the page shows beside the form.
    """
    back = project_life.address(request.municipality, life.project_id)
    if form.is_bound and form.is_valid():
        try:
            keep()
        except project_life.StaleError:
            more["others"] = _told_of_others(request, form, now)
        if not form.errors:
            messages.success(request, done)
            return redirect(to or f"{back}#{part}")
    status = 409 if "others" in more else 422 if form.errors else 200
    context = {"life": life, "name": life.name, "form": form, "back": back}
    return render(
        request,
        template,
        {**context, "heading": title, "submit": submit, **more},
        status=status,
    )


def _told_of_others(
    request: MunicipalRequest, form: BaseForm, now: Callable[[], _Now] | None
) -> list[tuple[str, Any]]:
    """Refuse a form that is older than what is stored; return where they differ.

    Sent once more it is taken: then one has seen what it writes over.
    """
    stored, seen = now() if now is not None else ({}, {})
    form.data = {**request.POST.dict(), **seen}
    form.add_error(
        None,
        _(
            "Det är redan sparat något annat än det som sidan visade. Det syns nedan. Ändra det du vill och spara igen."
        ),
    )
    blank = (None, "")
    told = form.cleaned_data
    return [
        (str(form[name].label), _said(form, name, value))
        for name, value in stored.items()
        if value != told.get(name) and (value not in blank or told[name] not in blank)
    ]


def _said(form: BaseForm, name: str, value: Any) -> Any:
    if isinstance(value, bool):
        return _("ja") if value else _("nej")
    return form.fields[name].prepare_value(value) or "–"


# ---------------------------------------------------------------- gates


@requires(Right.READ, post=Right.READ)
def gate(request: MunicipalRequest, project_id: str) -> HttpResponse:
    """Show what a gate asks for; POST moves the project there.

    To pass a gate its content or a stated reason is needed; to go back a reason. Gates
    that a body decides are moved by those who may register decisions.
    """
    life = read_life(request.municipality, project_id)
    to = _asked_gate(request, life)
    if not to:
        return redirect(project_life.address(request.municipality, life.project_id))
    label = f"{to} {GATE_LABELS[to]}"
    form = GateForm(
        _sent(request),
        decisions=project_money.in_force(life.decisions),
        initial={"to": to},
    )
    asked, backwards = _asked(life, to)
    missing = [one for one in asked if not one.met]
    origin = "tavla" if "tavla" in map(_origin, (request.GET, request.POST)) else ""

    def move() -> None:
        reason = form.cleaned_data["reason"].strip()
        refused = _refused(life, to, label, reason, missing, backwards)
        if refused is not None:
            form.add_error(*refused)
            return
        codes = [one.code for one in missing]
        written = project_life.pass_gate(
            request, life.underlag, life.row, to, codes, reason, form.chosen
        )
        if written.refused:
            form.add_error(None, _("Någon ändrade projektet samtidigt. Försök igen."))

    return _act(
        request,
        life,
        form,
        move,
        title=_("Till skede {g}").format(g=label),
        submit=_("Flytta till {g}").format(g=label),
        done=_("{p} är nu i skede {g}.").format(p=life.name, g=label),
        part="skede",
        to=reverse("project_board", args=[request.municipality.slug]) if origin else "",
        template="projects/gate.html",
        gate=to,
        asked=asked,
        missing=missing,
        backwards=backwards,
        decider=meeting.deciders(to)[0],
        may_move=may(request.membership, project_gates.right_to(to)),
        decides=to in project_gates.DECISION_GATES,
        origin=origin,
    )


def _origin(query: QueryDict) -> str:
    return query.get("fran", "")


def _asked_gate(request: MunicipalRequest, life: Life) -> str:
    """Return the gate that the form is about; empty after the last one.

    Raises:
        Http404: what was sent names no gate.
        PermissionDenied: one may not move a project there.
    """
    if request.method == "POST":
        to = request.POST.get("to", "")
        if to not in project_gates.GATES:
            raise Http404
        demand(request, project_gates.right_to(to))
        return to
    asked = request.GET.get("till", "")
    return asked if asked in project_gates.GATES else project_gates.next_gate(life.gate)


def _refused(
    life: Life,
    to: str,
    label: str,
    reason: str,
    missing: Sequence[project_gates.Requirement],
    backwards: bool,
) -> tuple[str | None, str] | None:
    """Return the field and the words of what stands in the way; None if nothing does."""
    if to == life.gate:
        return None, _("Projektet är redan i skede {g}.").format(g=label)
    if backwards and not reason:
        return "reason", _("Skriv varför projektet går tillbaka.")
    if missing and not reason:
        text = _("Skriv varför projektet får gå vidare utan det som saknas.")
        return "reason", text
    return None


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
    form = WordsForm(_sent(request), instance=file)

    def save() -> None:
        told = {name: form.cleaned_data[name] for name in ProjectFile.WORDS}
        seen = form.cleaned_data["revision"] or 0
        project_life.save_words(request, life.row, told, seen)

    return _act(
        request,
        life,
        form,
        save,
        title=_("Uppgifter om projektet"),
        submit=_("Spara uppgifterna"),
        done=_("Uppgifterna är sparade."),
        part="uppgifter",
        now=lambda: (before, {"revision": str(file.revision)}),
    )


@requires(Right.EDIT_PROJECTS)
def note(
    request: MunicipalRequest, project_id: str, alternative_id: str
) -> HttpResponse:
    """Show and save the words about an alternative."""
    life = read_life(request.municipality, project_id)
    name = _alternatives(life).get(alternative_id)
    if name is None:
        raise Http404
    noted = life.notes.get(alternative_id) or AlternativeNote(
        alternative_id=alternative_id
    )
    before = {name: getattr(noted, name) for name in NoteForm.Meta.fields}
    seen = {"seen": project_life.seen_mark(before)}
    form = NoteForm(_sent(request), instance=noted, initial=seen)

    def save() -> None:
        told = {name: form.cleaned_data[name] for name in before}
        project_life.save_note(
            request, life.row, alternative_id, told, form.cleaned_data["seen"]
        )

    return _act(
        request,
        life,
        form,
        save,
        title=_("Alternativet {a}").format(a=name),
        submit=_("Spara"),
        done=_("Alternativet är sparat."),
        part="alternativ",
        now=lambda: (before, seen),
    )


def _alternatives(life: Life) -> dict[str, str]:
    rows = life.rows.get("alternatives", ())
    keys = {str(row.data.get("alternative_id") or ""): row.label for row in rows}
    return {key: label or key for key, label in keys.items() if key}


# ---------------------------------------------------------------- decisions and money


@requires(Right.DECIDE)
def decide(request: MunicipalRequest, project_id: str) -> HttpResponse:
    """Show and take in a decision about a project."""
    life = read_life(request.municipality, project_id)
    form = DecisionForm(
        _sent(request),
        decisions=project_money.in_force(life.decisions),
        files=life.attachments,
        initial={"gate": project_gates.next_gate(life.gate)},
    )
    return _act(
        request,
        life,
        form,
        lambda: project_life.add_decision(request, life.row, form.decision()),
        title=_("För in ett beslut"),
        submit=_("För in beslutet"),
        done=_("Beslutet är infört."),
        part="beslut",
    )


@requires(Right.EDIT_PROJECTS)
def estimate(request: MunicipalRequest, project_id: str) -> HttpResponse:
    """Show and take in what the project is thought to cost now."""
    life = read_life(request.municipality, project_id)
    form = EstimateForm(_sent(request), alternatives=_alternatives(life))
    return _act(
        request,
        life,
        form,
        lambda: project_life.add_estimate(request, life.row, form.save(commit=False)),
        title=_("För in en kalkyl eller prognos"),
        submit=_("För in kalkylen"),
        done=_("Kalkylen är införd. De tidigare står kvar."),
        part="pengar",
        template="projects/estimate.html",
    )


@requires(Right.EDIT_PROJECTS)
def year(request: MunicipalRequest, project_id: str) -> HttpResponse:
    """Show and save one year's budget, outcome and forecast."""
    life = read_life(request.municipality, project_id)
    form = YearForm(
        _sent(request), initial=_stored_year(life, request.GET.get("ar", ""))
    )

    def save() -> None:
        told = form.cleaned_data
        money = {name: told[name] for name in _YEARLY}
        shown, _colon, seen = told["seen"].partition(":")
        if shown != str(told["year"]):
            seen = ""
        project_life.set_year(request, life.row, told["year"], money, seen)

    def now() -> _Now:
        stored = _stored_year(life, str(form.cleaned_data["year"]))
        seen = stored.pop("seen")
        return {name: stored.get(name) for name in _YEARLY}, {"seen": seen}

    return _act(
        request,
        life,
        form,
        save,
        title=_("Ett års anslag, utfall och prognos"),
        submit=_("Spara året"),
        done=_("Året är sparat."),
        part="pengar",
        now=now,
    )


def _stored_year(life: Life, asked: str) -> dict[str, Any]:
    """Return a year with what is stored of it; nothing where none is named."""
    if not (asked.isdecimal() and len(asked) == 4):
        return {}
    found = next((y for y in life.years if y.year == int(asked)), None)
    stored = {n: getattr(found, n) for n in _YEARLY} if found else {}
    mark = project_life.seen_mark(stored)
    return {"year": int(asked), **stored, "seen": f"{asked}:{mark}"}


# ---------------------------------------------------------------- files


def bounded(
    view: Callable[..., HttpResponse], template: str = "projects/too_large.html"
) -> Callable[..., HttpResponse]:
    """Return a view that refuses a request which is too large before reading it."""
    protected = csrf_protect(view)

    @csrf_exempt
    def checked(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > _MOST_REQUEST:
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
    form = AttachmentForm(_sent(request), request.FILES or None)

    def keep() -> None:
        stored = attachments.keep(form.cleaned_data["file"], form.kind)
        project_life.attach(request, life.row, stored, form.cleaned_data["note"])

    return _act(
        request,
        life,
        form,
        keep,
        title=_("Bifoga en fil"),
        submit=_("Bifoga filen"),
        done=_("Filen är bifogad."),
        part="bilagor",
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
    back = project_life.address(request.municipality, found.project_id)
    if request.method == "POST":
        project_life.detach(request, row, found)
        messages.success(
            request, _("{f} är borttagen från projektet.").format(f=found.name)
        )
        return redirect(f"{back}#bilagor")
    context = {"file": found, "name": row.label or row.key, "back": back}
    return render(request, "projects/detach.html", context)
