"""Where does staff set up an envelope, look through proposals, count and publish?

Nobody on the staff sees a ballot from the web before voting is closed, and then only
under its number. Leaves out what is done (envelopes, envelope_ballots) and the pages of
residents (public_envelope).
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from rodtrad.domain.words import in_language, number
from rodtrad.errors import InputError
from rodtrad.publish.envelope import build_envelope_report
from rodtrad.web import (
    envelope_ballots,
    envelope_import,
    envelope_redress,
    envelopes,
    thinning,
)
from rodtrad.web.access import MunicipalRequest, Right, requires
from rodtrad.web.envelopes import RefusedError
from rodtrad.web.forms.envelope import (
    CodesForm,
    DecideProposalForm,
    EnvelopeForm,
    ImportForm,
    RedactForm,
    StaffProposalForm,
    TearUpForm,
)
from rodtrad.web.models.envelope import Envelope, EnvelopeProposal, Phase
from rodtrad.web.public_address import public_address
from rodtrad.web.views.public_envelope import ballot_page, nonce_of

if TYPE_CHECKING:
    from django import forms

_SHOWN: Final = 60
_OVER: Final = (Phase.CLOSED, Phase.COUNTED, Phase.PUBLISHED)


def _envelope(request: MunicipalRequest, number: int) -> Envelope:
    rows = Envelope.objects.defer("pack").select_related("municipality")
    return get_object_or_404(rows, municipality=request.municipality, number=number)


def _to(envelope: Envelope, name: str = "envelope") -> HttpResponse:
    slug = envelope.municipality.slug
    return redirect(name, kommun=slug, number=envelope.number)


@requires(Right.READ, methods="GET")
def overview(request: MunicipalRequest) -> HttpResponse:
    """Show all envelopes, with what waits in each."""
    rows = list(envelopes.envelopes_of(request.municipality)[:_SHOWN])
    waiting = envelopes.waiting_counts(rows)
    listed = [(one, one.phase(), waiting.get(one.pk, 0)) for one in rows]
    return render(request, "envelope/list.html", {"listed": listed})


@requires(Right.ENVELOPE)
def new(request: MunicipalRequest) -> HttpResponse:
    """Ask for the sum, the rules and the days; sent, the envelope is a draft."""
    place = request.municipality
    chosen = {"project_id": request.GET.get("projekt", "")[:200]}
    choices = envelopes.project_choices(place)
    form = EnvelopeForm(choices, request.POST or None, initial=chosen)
    if request.method == "POST" and form.is_valid():
        made = envelopes.create(request, place, form.save(commit=False))
        messages.success(request, _("Potten är sparad som utkast."))
        return _to(made)
    return _form(request, form, {"envelope": None})


@requires(Right.ENVELOPE)
def edit(request: MunicipalRequest, number: int) -> HttpResponse:
    """Change what may still be changed."""
    envelope = _envelope(request, number)
    choices = envelopes.project_choices(request.municipality)
    form = EnvelopeForm(choices, request.POST or None, instance=envelope)
    if request.method == "POST" and form.is_valid():
        try:
            seen = form.cleaned_data["seen"] or None
            envelopes.change(request, envelope, form.changes(), seen)
        except RefusedError as why:
            form.add_error(None, str(why))
        else:
            messages.success(request, _("Potten är sparad."))
            return _to(envelope)
    return _form(request, form, {"envelope": envelope})


def _form(
    request: MunicipalRequest, form: forms.BaseForm, more: dict[str, Any]
) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    return render(request, "envelope/form.html", {"form": form, **more}, status=status)


@requires(Right.READ, methods="GET")
def one(request: MunicipalRequest, number: int) -> HttpResponse:
    """Show an envelope: where it is, what to do next, and its proposals."""
    envelope = _envelope(request, number)
    phase = envelope.phase()
    proposals = list(envelope.proposals.order_by("number"))
    for row in proposals:
        row.envelope = envelope
    states = EnvelopeProposal.State
    codes = (
        list(envelope.codes.values_list("used", flat=True)) if _codes(envelope) else []
    )
    return render(
        request,
        "envelope/one.html",
        {
            "envelope": envelope,
            "phase": phase,
            "waiting": [row for row in proposals if row.state == states.WAITING],
            "shown": [row for row in proposals if row.state == states.SHOWN],
            "rest": [
                row for row in proposals if row.state in (states.REFUSED, states.HIDDEN)
            ],
            "ballots": envelope.ballots.count(),
            "codes": len(codes),
            "used": sum(codes),
            "stands": envelopes.stands(envelope),
            "may_count": phase in (Phase.CLOSED, Phase.COUNTED)
            or (envelope.imported and phase == Phase.DRAFT),
            "may_paper": not envelope.imported
            and phase in (Phase.VOTING, Phase.CLOSED),
            "over": phase in _OVER or envelope.imported,
            "may_fetch": _may_fetch(envelope),
            "openly": envelope_redress.done_openly(envelope),
            "project": dict(envelopes.project_choices(request.municipality)).get(
                envelope.project_id, ""
            )
            if envelope.project_id
            else "",
            "address": ""
            if phase == Phase.DRAFT or (envelope.imported and phase != Phase.PUBLISHED)
            else public_address(
                request.municipality, "envelope", number=envelope.number
            ),
        },
    )


def _codes(envelope: Envelope) -> bool:
    return envelope.who == Envelope.Who.CODES and not envelope.imported


@requires(Right.ENVELOPE, methods="POST")
def open_up(request: MunicipalRequest, number: int) -> HttpResponse:
    """Show the envelope to everyone."""
    envelope = _envelope(request, number)
    try:
        envelopes.open_up(request, envelope)
    except RefusedError as why:
        messages.error(request, str(why))
    else:
        messages.success(request, _("Potten syns nu för alla."))
    return _to(envelope)


# ---------------------------------------------------------------- proposals


@requires(Right.ENVELOPE)
def new_proposal(request: MunicipalRequest, number: int) -> HttpResponse:
    """Add a proposal that can be voted for at once."""
    envelope = _envelope(request, number)
    form = StaffProposalForm(envelope, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            envelopes.add_proposal(request, envelope, **form.cleaned_data)
        except RefusedError as why:
            form.add_error(None, str(why))
        else:
            messages.success(request, _("Förslaget går att rösta på."))
            return _to(envelope)
    return _proposal_form(request, envelope, form, None)


@requires(Right.ENVELOPE)
def proposal(request: MunicipalRequest, number: int, of: int) -> HttpResponse:
    """Say what becomes of a proposal, with a reason where it is not to be voted for."""
    envelope = _envelope(request, number)
    row = get_object_or_404(envelope.proposals, number=of)
    row.envelope = envelope
    names = ("name", "text", "cost_ore", "state", "reason")
    initial = {name: getattr(row, name) for name in names}
    initial["seen"] = envelopes.mark_of(row)
    if row.state == row.State.SHOWN and envelopes.stands(envelope):
        return redirect(
            "envelope_redact",
            kommun=request.municipality.slug,
            number=number,
            of=of,
        )
    form = DecideProposalForm(envelope, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        new = dict(form.cleaned_data)
        seen = new.pop("seen") or None
        try:
            envelopes.decide_proposal(request, row, new, seen)
        except RefusedError as why:
            form.add_error(None, str(why))
        else:
            messages.success(request, _("Förslaget är sparat."))
            return _to(envelope)
    return _proposal_form(request, envelope, form, row)


def _proposal_form(
    request: MunicipalRequest,
    envelope: Envelope,
    form: forms.BaseForm,
    row: EnvelopeProposal | None,
) -> HttpResponse:
    found = thinning.findings(f"{row.name}\n{row.text}") if row else []
    facts = {
        "envelope": envelope,
        "form": form,
        "row": row,
        "found": [(thinning.KINDS[one.kind], one.text) for one in found],
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "envelope/proposal.html", facts, status=status)


@requires(Right.ENVELOPE)
def redact(request: MunicipalRequest, number: int, of: int) -> HttpResponse:
    """Take personal data out of a proposal's words, also when people have voted."""
    envelope = _envelope(request, number)
    row = get_object_or_404(envelope.proposals, number=of)
    initial = {"name": row.name, "text": row.text}
    form = RedactForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            envelope_redress.redact(request, row, **form.cleaned_data)
        except RefusedError as why:
            form.add_error(None, str(why))
        else:
            messages.success(request, _("Förslagets ord är ändrade."))
            return _to(envelope)
    found = thinning.findings(f"{row.name}\n{row.text}")
    facts = {
        "envelope": envelope,
        "form": form,
        "row": row,
        "found": [(thinning.KINDS[one.kind], one.text) for one in found],
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "envelope/redact.html", facts, status=status)


# ---------------------------------------------------------------- codes and paper


@requires(Right.ENVELOPE)
def codes(request: MunicipalRequest, number: int) -> HttpResponse:
    """Make codes to hand out: they are sent as a file once, and only hashes are kept."""
    envelope = _envelope(request, number)
    form = CodesForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = envelope_ballots.make_codes(
                request, envelope, form.cleaned_data["count"]
            )
        except RefusedError as why:
            form.add_error(None, str(why))
        else:
            return _codes_file(envelope, made)
    status = 422 if request.method == "POST" else 200
    facts = {"envelope": envelope, "form": form, "uses": _codes(envelope)}
    return render(request, "envelope/codes.html", facts, status=status)


def _codes_file(envelope: Envelope, made: list[str]) -> HttpResponse:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([_("röstkod")])
    writer.writerows([code] for code in made)
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"rostkoder-{envelope.number}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


@requires(Right.ENVELOPE)
def paper(request: MunicipalRequest, number: int) -> HttpResponse:
    """Register a ballot that came on paper, and show its receipt code once."""
    envelope = _envelope(request, number)
    chosen = request.POST.getlist("val")
    nonce, problem, receipt, status = nonce_of(request), "", "", 200
    if request.method == "POST" and "visa" not in request.POST:
        code = request.POST.get("kod", "")
        try:
            receipt = envelope_ballots.cast_paper(
                request, envelope, chosen, code, nonce
            )
        except RefusedError as why:
            problem = str(why)
            status = 409 if isinstance(why, envelope_ballots.TwiceError) else 422
    facts = {
        **ballot_page(envelope, chosen),
        "envelope": envelope,
        "nonce": envelope_ballots.new_nonce() if status in (200, 409) else nonce,
        "problem": problem,
        "receipt": envelope_ballots.grouped(receipt),
        "code": request.POST.get("kod", "")[:64] if problem else "",
    }
    if receipt:
        facts |= ballot_page(envelope, [])
    response = render(request, "envelope/paper.html", facts, status=status)
    response["Cache-Control"] = "no-store"
    return response


# ---------------------------------------------------------------- the result


@requires(Right.ENVELOPE, methods="POST")
def count(request: MunicipalRequest, number: int) -> HttpResponse:
    """Count the ballots."""
    envelope = _envelope(request, number)
    try:
        done = envelope_ballots.count_or_queue(request, envelope)
    except RefusedError as why:
        messages.error(request, str(why))
        return _to(envelope)
    if not done:
        messages.success(request, _("Rösterna räknas. Läs in sidan igen om en stund."))
        return _to(envelope)
    messages.success(request, _("Rösterna är räknade."))
    return _to(envelope, "envelope_result")


@requires(Right.ENVELOPE)
def tear_up(request: MunicipalRequest, number: int) -> HttpResponse:
    """Ask why a count is torn up; sent, more ballots can be taken in."""
    envelope = _envelope(request, number)
    form = TearUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            envelope_redress.tear_up(request, envelope, form.cleaned_data["why"])
        except RefusedError as why:
            form.add_error(None, str(why))
        else:
            messages.success(request, _("Räkningen är uppriven."))
            return _to(envelope)
    status = 422 if request.method == "POST" else 200
    facts = {"envelope": envelope, "form": form}
    return render(request, "envelope/tear_up.html", facts, status=status)


@requires(Right.ENVELOPE, methods="GET")
def result(request: MunicipalRequest, number: int) -> HttpResponse:
    """Show the result before everyone sees it."""
    envelope = _envelope(request, number)
    if envelope.result is None:
        raise Http404
    with in_language(get_language() or "sv"):
        facts = {"envelope": envelope, "report": build_envelope_report(envelope.result)}
        return render(request, "envelope/result.html", facts)


@requires(Right.ENVELOPE, methods="POST")
def publish(request: MunicipalRequest, number: int) -> HttpResponse:
    """Show the result to everyone."""
    envelope = _envelope(request, number)
    try:
        envelope_ballots.publish(request, envelope)
    except RefusedError as why:
        messages.error(request, str(why))
    else:
        messages.success(request, _("Resultatet är publicerat."))
    return _to(envelope)


# ---------------------------------------------------------------- files


@requires(Right.ENVELOPE, methods="GET")
def file(request: MunicipalRequest, number: int) -> HttpResponse:
    """Send proposals and ballots as `.pb`, when no more can be added."""
    envelope = _envelope(request, number)
    if not _may_fetch(envelope):
        raise Http404
    data = envelope_ballots.ballots_file(envelope)
    response = HttpResponse(data, content_type="text/plain; charset=utf-8")
    name = f"pott-{envelope.number}.pb"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _may_fetch(envelope: Envelope) -> bool:
    """Nobody who may register ballots on paper sees beforehand what they would change."""
    return envelope.imported or envelope.state == Envelope.State.PUBLISHED


@requires(Right.ENVELOPE)
def take_in(request: MunicipalRequest) -> HttpResponse:
    """Read a vote that was held elsewhere from a `.pb` file."""
    form = ImportForm(request.POST or None, request.FILES or None)
    issues: Any = ()
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            data = sent.read(envelope_import.MOST_IMPORTED_BYTES + 1)
            found, noted = envelope_import.read_file(data)
        except RefusedError as why:
            form.add_error("file", str(why))
        except InputError as error:
            issues = error.issues
        else:
            made = envelope_import.take_in(
                request, request.municipality, found, str(sent.name)[:200]
            )
            messages.success(request, _took_in(len(found.ballots), len(noted)))
            return _to(made)
    status = 422 if request.method == "POST" else 200
    facts = {"form": form, "issues": issues}
    return render(request, "envelope/import.html", facts, status=status)


def _took_in(ballots: int, noted: int) -> str:
    text = ngettext(
        "{n} valsedel är inläst.", "{n} valsedlar är inlästa.", ballots
    ).format(n=number(ballots))
    if not noted:
        return text
    more = ngettext(
        "Filen hade {n} anmärkning.", "Filen hade {n} anmärkningar.", noted
    ).format(n=number(noted))
    return f"{text} {more}"
