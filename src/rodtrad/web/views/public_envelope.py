"""Where do residents read about an envelope, propose, vote, and check the result?

A page with a form is made for one reader and kept by nobody. The receipt code is shown
in the answer to the ballot and stands in no address. Leaves out how a ballot is kept
(envelope_ballots).
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from rodtrad.domain.words import number as number_text
from rodtrad.domain.words import with_currency
from rodtrad.publish.envelope import build_envelope_report
from rodtrad.web import (
    envelope_ballots,
    envelope_redress,
    envelopes,
    public_form,
    public_parts,
)
from rodtrad.web.envelopes import RefusedError
from rodtrad.web.forms.envelope import ProposalForm
from rodtrad.web.models.envelope import Envelope, EnvelopeProposal, Phase, money
from rodtrad.web.public_address import public_url
from rodtrad.web.views.public_base import PublicRequest, page, private, public_view

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rodtrad.web.models.publishing import Publication, PublicItem

PER_PAGE: Final = 50
NONCE: Final = "blankett"
_NONCE: Final = re.compile(r"[\w-]{20,40}", re.ASCII)
# A school class votes at once from one address.
PER_ITEM: Final = (40, 60)
PER_ADDRESS: Final = (400, 3600)
_SHOWN: Final = 40
_ON_FRONT: Final = 3


def nonce_of(request: HttpRequest) -> str:
    """Return what tells a form from all others: the one that was sent, or a new one."""
    sent = request.POST.get(NONCE, "")
    return sent if _NONCE.fullmatch(sent) else envelope_ballots.new_nonce()


def _envelope(request: PublicRequest, number: int) -> Envelope:
    found = (
        envelopes.public_envelopes(request.municipality).filter(number=number).first()
    )
    if found is None:
        raise Http404
    found.municipality = request.municipality
    envelope: Envelope = found
    return envelope


# ---------------------------------------------------------------- to read


@public_view()
def overview(request: PublicRequest) -> HttpResponse:
    """Show all envelopes."""
    rows = envelopes.public_envelopes(request.municipality)[:_SHOWN]
    listed = [(one, one.phase()) for one in rows]
    return page(request, "public/envelope/list.html", nav="envelope", listed=listed)


@public_view()
def one(request: PublicRequest, number: int) -> HttpResponse:
    """Show what the sum is for, the days, and the proposals."""
    envelope = _envelope(request, number)
    states = EnvelopeProposal.State
    rows = list(
        envelope.proposals.filter(state__in=(states.SHOWN, states.REFUSED)).order_by(
            "number"
        )
    )
    for row in rows:
        row.envelope = envelope
    item = (
        request.publication.items.filter(project_id=envelope.project_id)
        .only("project_id", "name", "publication_id")
        .first()
        if envelope.project_id
        else None
    )
    phase = envelope.phase()
    return page(
        request,
        "public/envelope/one.html",
        nav="envelope",
        envelope=envelope,
        phase=phase,
        project=item,
        shown=[row for row in rows if row.state == states.SHOWN],
        refused=[row for row in rows if row.state == states.REFUSED],
        openly=envelope_redress.done_openly(envelope),
        thanks=request.GET.get("tack") == "1",
        today=timezone.localdate(),
    )


# ---------------------------------------------------------------- to propose


@public_view("GET POST")
def propose(request: PublicRequest, number: int) -> HttpResponse:
    """Take a proposal; staff looks at it before anyone else does."""
    envelope = _envelope(request, number)
    if envelope.phase() != Phase.PROPOSALS:
        return private(_closed(request, envelope))
    item, problem, status = f"forslag|{envelope.pk}", "", 200
    if request.method == "POST" and public_form.too_large(request):
        form = ProposalForm(envelope)
        problem, status = public_form.check(request, item), 413
    else:
        form = ProposalForm(envelope, request.POST or None)
        if request.method == "POST":
            problem = public_form.check(request, item)
            status = 422
            if not problem and form.is_valid():
                try:
                    envelopes.add_proposal(None, envelope, **form.cleaned_data)
                except RefusedError as why:
                    problem = str(why)
                else:
                    at = public_url(request, "envelope", number=envelope.number)
                    return private(redirect(f"{at}?tack=1"))
    stamp = "" if status == 413 else request.POST.get(public_form.STAMP, "")
    return private(
        page(
            request,
            "public/envelope/propose.html",
            status=status,
            nav="envelope",
            envelope=envelope,
            form=form,
            problem=problem,
            guard=public_form.guard(item, stamp),
        )
    )


def _closed(request: PublicRequest, envelope: Envelope) -> HttpResponse:
    """Say that it is too early or too late, and what goes on instead."""
    return page(
        request,
        "public/envelope/closed.html",
        status=200 if request.method == "GET" else 409,
        nav="envelope",
        envelope=envelope,
        phase=envelope.phase(),
    )


# ---------------------------------------------------------------- to vote


@public_view("GET POST")
def vote(request: PublicRequest, number: int) -> HttpResponse:
    """Show the ballot; sent, it is cast once, and its receipt code is shown."""
    envelope = _envelope(request, number)
    if envelope.phase() != Phase.VOTING:
        return private(_closed(request, envelope))
    item = f"rost|{envelope.pk}"
    if request.method == "POST" and public_form.too_large(request):
        return _ballot(request, envelope, "", [], public_form.check(request, item), 413)
    nonce, chosen = nonce_of(request), request.POST.getlist("val")
    if request.method == "GET" or "visa" in request.POST:
        return _ballot(request, envelope, nonce, chosen, "", 200)
    problem = public_form.check(
        request, item, per_item=PER_ITEM, per_address=PER_ADDRESS
    )
    if problem:
        return _ballot(request, envelope, nonce, chosen, problem, 422)
    code = request.POST.get("kod", "")[:64]
    try:
        receipt = envelope_ballots.cast(envelope, chosen, code, nonce)
    except envelope_ballots.TwiceError as why:
        return _ballot(request, envelope, nonce, chosen, str(why), 409)
    except RefusedError as why:
        return _ballot(request, envelope, nonce, chosen, str(why), 422)
    rows = {row.key: row for row in envelopes.shown_proposals(envelope)}
    return private(
        page(
            request,
            "public/envelope/cast.html",
            nav="envelope",
            envelope=envelope,
            receipt=envelope_ballots.grouped(receipt),
            number=envelope_ballots.number_of(
                envelope_ballots.hash_of(envelope, receipt)
            ),
            chosen=[rows[key] for key in dict.fromkeys(chosen) if key in rows],
        )
    )


def _ballot(
    request: PublicRequest,
    envelope: Envelope,
    nonce: str,
    chosen: Sequence[str],
    problem: str,
    status: int,
) -> HttpResponse:
    """Return the ballot as a page; a refused one keeps its marks."""
    large = status == 413
    stamp = "" if large else request.POST.get(public_form.STAMP, "")
    nonce = nonce or envelope_ballots.new_nonce()
    return private(
        page(
            request,
            "public/envelope/vote.html",
            status=status,
            nav="envelope",
            envelope=envelope,
            nonce=nonce,
            problem=problem,
            guard=public_form.guard(f"rost|{envelope.pk}", stamp),
            asks_code=envelope.who == Envelope.Who.CODES,
            code="" if large else request.POST.get("kod", "")[:64],
            **ballot_page(envelope, chosen, nonce),
        )
    )


def ballot_page(
    envelope: Envelope, chosen: Iterable[str], nonce: str = ""
) -> dict[str, Any]:
    """Return the boxes of a ballot and what is left of the sum.

    With a nonce the order is drawn by lot, another for each reader and the same when the
    form is shown again: the first in a list gets more votes than the last.
    """
    marked = set(chosen)
    rows = envelopes.shown_proposals(envelope)
    if nonce:
        rows.sort(key=lambda row: hashlib.sha256(f"{nonce}|{row.pk}".encode()).digest())
    spent = sum(row.cost_ore or 0 for row in rows if row.key in marked)
    left = envelope.sum_ore - spent
    pattern = with_currency("{x}", envelope.currency)
    return {
        "boxes": [(row, row.key in marked) for row in rows],
        "left": money(abs(left), envelope.currency),
        "over": left < 0,
        "left_ore": left,
        "left_words": _("Du har {kr} kvar att dela ut.").format(kr=pattern),
        "over_words": _("Du har kryssat för {kr} för mycket.").format(kr=pattern),
    }


# ---------------------------------------------------------------- the result


@public_view()
def result(request: PublicRequest, number: int) -> HttpResponse:
    """Show what the sum pays for, and the files to recompute it from."""
    envelope = _published(request, number)
    return page(
        request,
        "public/envelope/result.html",
        nav="envelope",
        envelope=envelope,
        openly=envelope_redress.done_openly(envelope),
        report=build_envelope_report(envelope.result or {}),
        files=envelope_ballots.packed_files(envelope),
    )


def _published(request: PublicRequest, number: int) -> Envelope:
    envelope = _envelope(request, number)
    if envelope.state != Envelope.State.PUBLISHED:
        raise Http404
    return envelope


@public_view("GET POST")
def receipts(request: PublicRequest, number: int) -> HttpResponse:
    """Show a ballot to whoever has its code, and, when it is published, all receipts."""
    envelope = _envelope(request, number)
    if envelope.imported and request.method == "POST":
        raise Http404
    facts: dict[str, Any] = {"problem": ""}
    status = 200
    if request.method == "POST":
        facts, status = _own(request, envelope)
    published = envelope.state == Envelope.State.PUBLISHED
    lines = envelope_ballots.receipts(envelope) if published else {}
    sought = request.GET.get("nummer", "").strip()[:20].upper()
    listed = [lines[sought]] if sought in lines else list(lines.values())
    names = dict(envelope.proposals.values_list("key", "name"))
    shown = Paginator(listed, PER_PAGE).get_page(request.GET.get("sida"))
    own = facts.get("own")
    response = page(
        request,
        "public/envelope/receipts.html",
        status=status,
        nav="envelope",
        envelope=envelope,
        published=published,
        has_receipts=bool(lines),
        page=shown,
        rows=[_told(row, names) for row in shown.object_list],
        sought=sought,
        missing=bool(sought) and sought not in lines,
        own_votes=[names.get(key, key) for key, _points in own.marks] if own else [],
        own_row=_told(lines[own.number], names)
        if own and own.number in lines
        else None,
        guard=public_form.guard(f"kvitto|{envelope.pk}"),
        **facts,
    )
    return private(response)


def _own(request: PublicRequest, envelope: Envelope) -> tuple[dict[str, Any], int]:
    """Return the ballot of the code that was sent, or why it is not shown."""
    problem = public_form.check(request, f"kvitto|{envelope.pk}", per_item=PER_ITEM)
    if problem:
        return {"problem": problem}, 422
    found = envelope_ballots.find_ballot(envelope, request.POST.get("kod", "")[:64])
    if found is None:
        text = _("Ingen valsedel har den koden. Jämför tecken för tecken.")
        return {"problem": text}, 422
    return {"problem": "", "own": found}, 200


def _told(row: dict[str, str], names: dict[str, str]) -> dict[str, Any]:
    """Return a line of the receipts with names for keys and amounts in words."""
    paid = []
    for pair in row["paid"].split():
        key, _equals, kr = pair.rpartition("=")
        paid.append((names.get(key, key), number_text(float(kr), 2)))
    votes = [
        names.get(key) or names.get(key.rpartition(":")[0]) or key
        for key in row["votes"].split()
    ]
    left = number_text(float(row["left_kr"]), 2)
    return {"number": row["ballot"], "votes": votes, "paid": paid, "left": left}


_TYPES: Final = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "pb": "text/plain; charset=utf-8",
    "html": "text/plain; charset=utf-8",
    "zip": "application/zip",
}


@public_view()
def file(request: PublicRequest, number: int, fil: str) -> HttpResponse:
    """Send a file of the result, or all of them as `pott.zip`."""
    envelope = _published(request, number)
    if fil == "pott.zip":
        data: bytes | None = bytes(envelope.pack or b"")
    else:
        data = envelope_ballots.packed_file(envelope, fil)
    if not data:
        raise Http404
    kind = _TYPES.get(fil.rpartition(".")[2], "application/octet-stream")
    response = HttpResponse(data, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{fil}"'
    return response


# ---------------------------------------------------------------- on other pages


def _on_front(request: HttpRequest, publication: Publication) -> SafeString | str:
    """Say on the front page that something can be proposed or voted for now."""
    rows = envelopes.public_envelopes(publication.municipality)
    day = timezone.localdate()
    rows = rows.filter(state=Envelope.State.OPEN, votes_to__gte=day)
    now = (Phase.PROPOSALS, Phase.VOTING)
    # those that wait for their day take no place from those of today
    return _line(request, [one for one in rows if one.phase(day) in now][:_ON_FRONT])


def _at_project(request: HttpRequest, item: PublicItem) -> SafeString | str:
    """Say on a project's page which envelopes belong to it."""
    place = request.municipality  # type: ignore[attr-defined]
    rows = envelopes.public_envelopes(place).filter(project_id=item.project_id)
    return _line(request, list(rows[:_ON_FRONT]))


def _line(request: HttpRequest, rows: list[Envelope]) -> SafeString | str:
    if not rows:
        return ""
    facts = {"request": request, "listed": [(one, one.phase()) for one in rows]}
    text = render_to_string("public/envelope/line.html", facts)
    return mark_safe(text)  # noqa: S308 - rendered with escaping


public_parts.add("front_dialogue", 60, _on_front)
public_parts.add("project_aside", 60, _at_project)
