"""How is an envelope set up, and which proposals may be voted for?

Sum, rules and proposals may be changed until the first day of voting, and never after:
who has voted, has voted for them as they stood. Every change by staff is logged. Leaves
out codes, ballots and the count (envelope_ballots).
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.db.models import Count, Max, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rodtrad.web import events
from rodtrad.web.models import Municipality, Publication, Row, Underlag
from rodtrad.web.models.envelope import Envelope, EnvelopeProposal, Phase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.http import HttpRequest

    from rodtrad.web.models import User

MOST_PROPOSALS: Final = 1_000
MOST_WAITING: Final = 500

_FIELDS: Final = {
    "name": gettext_lazy("namn"),
    "about": gettext_lazy("vad pengarna får användas till"),
    "project_id": gettext_lazy("projekt"),
    "sum_ore": gettext_lazy("summa i öre"),
    "who": gettext_lazy("vem som får rösta"),
    "rule": gettext_lazy("regel"),
    "completion": gettext_lazy("det som blir över"),
    "binding": gettext_lazy("kommunen följer resultatet"),
    "decides": gettext_lazy("vem som beslutar"),
    "decides_on": gettext_lazy("vilken dag"),
    "proposals_from": gettext_lazy("förslag från"),
    "proposals_to": gettext_lazy("förslag till"),
    "votes_from": gettext_lazy("röstning från"),
    "votes_to": gettext_lazy("röstning till"),
    "state": gettext_lazy("läge"),
}
_PROPOSAL_FIELDS: Final = {
    "name": gettext_lazy("namn"),
    "text": gettext_lazy("beskrivning"),
    "cost_ore": gettext_lazy("kostnad i öre"),
    "state": gettext_lazy("läge"),
    "reason": gettext_lazy("skäl"),
}


def _page(municipality: Municipality, key: str) -> str | None:
    number = key.partition("/")[0]
    if not number.isdecimal():
        return None
    return reverse("envelope", kwargs={"kommun": municipality.slug, "number": number})


events.declare_object("envelope", gettext_lazy("pott"), _FIELDS, _page)
events.declare_object(
    "envelopeproposal", gettext_lazy("förslag till en pott"), _PROPOSAL_FIELDS, _page
)
events.declare_action("envelope.created", gettext_lazy("lade upp en pott"))
events.declare_action("envelope.changed", gettext_lazy("ändrade en pott"))
events.declare_action("envelope.opened", gettext_lazy("öppnade en pott"))
events.declare_action("envelope.imported", gettext_lazy("läste in en omröstning"))
events.declare_action("envelope.proposal_added", gettext_lazy("lade in ett förslag"))
events.declare_action("envelope.proposal_sent", gettext_lazy("tog emot ett förslag"))
events.declare_action("envelope.proposal_changed", gettext_lazy("ändrade ett förslag"))


class RefusedError(Exception):
    """What was asked for is not done; the text says why."""


def key_of(envelope: Envelope) -> tuple[str, str, str]:
    """Return how the log names an envelope."""
    return ("envelope", str(envelope.number), envelope.name)


def record(
    who: HttpRequest | User | None,
    envelope: Envelope,
    action: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    note: str = "",
) -> None:
    """Log what was done to an envelope."""
    place = envelope.municipality
    events.record(who, place, action, key_of(envelope), before, after, note)


def told(envelope: Envelope) -> dict[str, Any]:
    """Return what an envelope says, for the log."""
    return {name: getattr(envelope, name) for name in _FIELDS}


def envelopes_of(municipality: Municipality) -> Any:
    """Return a municipality's envelopes without what is heavy to read."""
    return Envelope.objects.filter(municipality=municipality).defer("pack", "result")


def public_envelopes(municipality: Municipality) -> Any:
    """Return those that everyone may read."""
    states = Envelope.State
    hidden = Q(state=states.DRAFT) | Q(imported=True) & ~Q(state=states.PUBLISHED)
    return envelopes_of(municipality).exclude(hidden)


def stands(envelope: Envelope) -> bool:
    """Return True where sum, rules and proposals stand: somebody may have voted."""
    return envelope.imported or (envelope.is_settled() and _shown(envelope).exists())


def locked(envelope: Envelope) -> Envelope:
    """Return an envelope as it stands now, held until the transaction ends."""
    return Envelope.objects.select_for_update().get(pk=envelope.pk)


def project_choices(municipality: Municipality) -> list[tuple[str, str]]:
    """Return the projects of the working copy: id and name."""
    underlag = Underlag.objects.filter(municipality=municipality).first()
    rows = Row.objects.filter(underlag=underlag, table="projects") if underlag else ()
    found = [(row.key, str(row.data.get("name") or row.key)) for row in rows]
    return sorted(found, key=lambda pair: pair[1].casefold())


# ---------------------------------------------------------------- the envelope


@transaction.atomic
def create(
    who: HttpRequest | User | None, municipality: Municipality, envelope: Envelope
) -> Envelope:
    """Store a new envelope with the next number and return it."""
    Municipality.objects.select_for_update().get(pk=municipality.pk)
    last = Envelope.objects.filter(municipality=municipality).aggregate(n=Max("number"))
    envelope.municipality, envelope.number = municipality, (last["n"] or 0) + 1
    current = Publication.objects.current(municipality)
    if current is not None and not envelope.imported:
        envelope.currency = current.facts.get("currency") or "kr"
    envelope.save(force_insert=True)
    record(who, envelope, "envelope.created", after=told(envelope))
    return envelope


# What may be changed when people may have voted.
ALWAYS: Final = frozenset({"about", "decides", "decides_on", "votes_to"})
# What may be changed of a vote that was held elsewhere.
IMPORTED: Final = frozenset(
    {
        "name",
        "about",
        "project_id",
        "rule",
        "completion",
        "binding",
        "decides",
        "decides_on",
    }
)


@transaction.atomic
def change(
    who: HttpRequest,
    envelope: Envelope,
    new: Mapping[str, Any],
    seen: str | None = None,
) -> None:
    """Store what has been changed of an envelope.

    Args:
        who: the request.
        envelope: the envelope.
        new: its fields as they are to be.
        seen: its `mark` when the page was shown; None where nothing was shown.

    Raises:
        RefusedError: it stands fast since voting has begun, or is counted, or another
            has changed it meanwhile.
    """
    row = locked(envelope)
    if seen is not None and seen != mark_of(row):
        raise RefusedError(
            _("Någon annan har ändrat potten. Läs in sidan igen och gör om.")
        )
    before = {name: getattr(row, name) for name in new}
    changed = {name for name in new if before[name] != new[name]}
    allowed = IMPORTED if row.imported else ALWAYS
    if stands(row) and changed - allowed:
        raise RefusedError(
            _("Röstningen har börjat. Summan, reglerna och förslagen ligger fast.")
        )
    if row.state not in (Envelope.State.DRAFT, Envelope.State.OPEN) and changed:
        raise RefusedError(_("Rösterna är räknade. Potten går inte att ändra."))
    if "votes_to" in changed and stands(row) and row.phase() != Phase.VOTING:
        raise RefusedError(
            _(
                "Röstningen är stängd. Den öppnas inte igen när någon kan ha sett röster."
            )
        )
    for name in changed:
        setattr(row, name, new[name])
    if changed:
        row.save(update_fields=sorted(changed))
        record(who, row, "envelope.changed", *events.changed(before, new))


@transaction.atomic
def open_up(who: HttpRequest, envelope: Envelope) -> None:
    """Show an envelope to everyone.

    Raises:
        RefusedError: it cannot be shown, and why.
    """
    row = locked(envelope)
    if row.state != Envelope.State.DRAFT:
        raise RefusedError(_("Potten är redan öppen."))
    if row.imported:
        raise RefusedError(_("Omröstningen är redan hållen. Räkna rösterna."))
    if row.votes_to < timezone.localdate():
        raise RefusedError(_("Röstningens sista dag har passerat. Ändra dagarna."))
    if Publication.objects.current(row.municipality) is None:
        raise RefusedError(
            _("Publicera en plan först. Potten står på de offentliga sidorna.")
        )
    if row.proposals_from is None and not _shown(row).exists():
        raise RefusedError(
            _("Lägg in förslag, eller bestäm dagar då invånarna lämnar förslag.")
        )
    row.state = Envelope.State.OPEN
    row.save(update_fields=["state"])
    before = {"state": Envelope.State.DRAFT}
    record(who, row, "envelope.opened", before, {"state": row.state})


def _shown(envelope: Envelope) -> Any:
    return envelope.proposals.filter(state=EnvelopeProposal.State.SHOWN)


# ---------------------------------------------------------------- proposals


def shown_proposals(envelope: Envelope) -> list[EnvelopeProposal]:
    """Return what can be voted for, in order."""
    found = list(_shown(envelope).order_by("number"))
    for one in found:
        one.envelope = envelope
    return found


@transaction.atomic
def add_proposal(
    who: HttpRequest | None,
    envelope: Envelope,
    *,
    name: str,
    text: str,
    cost_ore: int | None,
) -> EnvelopeProposal:
    """Store a proposal: of staff (`who` is a request) to vote for, else to look at.

    Raises:
        RefusedError: it comes too late, or there are too many.
    """
    row = locked(envelope)
    if who is not None and stands(row):
        raise RefusedError(_("Röstningen har börjat. Förslagen ligger fast."))
    if who is None and row.phase() != Phase.PROPOSALS:
        raise RefusedError(_("Tiden för att lämna förslag är slut."))
    if who is None:
        # the same form sent twice is one proposal
        same = row.proposals.filter(name=name, text=text, from_resident=True).first()
        if same is not None:
            return same
    held = row.proposals.aggregate(n=Max("number"))["n"] or 0
    waiting = row.proposals.filter(state=EnvelopeProposal.State.WAITING).count()
    if held >= MOST_PROPOSALS or (who is None and waiting >= MOST_WAITING):
        raise RefusedError(
            _("Det har kommit mycket många förslag. Försök igen om några dagar.")
        )
    states = EnvelopeProposal.State
    proposal = EnvelopeProposal.objects.create(
        envelope=row,
        number=held + 1,
        key=str(held + 1),
        name=name,
        text=text,
        cost_ore=cost_ore,
        state=states.WAITING if who is None else states.SHOWN,
        from_resident=who is None,
    )
    action = "envelope.proposal_sent" if who is None else "envelope.proposal_added"
    record_proposal(who, proposal, action, None, _told(proposal))
    return proposal


@transaction.atomic
def decide_proposal(
    who: HttpRequest,
    proposal: EnvelopeProposal,
    new: Mapping[str, Any],
    seen: str | None = None,
) -> None:
    """Store what staff has made of a proposal.

    Args:
        who: the request.
        proposal: the proposal.
        new: its fields as they are to be.
        seen: its `mark` when the page was shown; None where nothing was shown.

    Raises:
        RefusedError: voting has begun, or another has changed it meanwhile.
    """
    envelope = locked(proposal.envelope)
    row = EnvelopeProposal.objects.select_for_update().get(pk=proposal.pk)
    if seen is not None and seen != mark_of(row):
        raise RefusedError(
            _("Någon annan har ändrat förslaget. Läs in sidan igen och gör om.")
        )
    # one that waits may be told why it came too late
    if stands(envelope) and (
        row.state == row.State.SHOWN or new["state"] == row.State.SHOWN
    ):
        raise RefusedError(_("Röstningen har börjat. Förslagen ligger fast."))
    if envelope.state == Envelope.State.PUBLISHED:
        raise RefusedError(_("Resultatet är publicerat. Förslagen ligger fast."))
    before = _told(row)
    for name, value in new.items():
        setattr(row, name, value)
    row.save(update_fields=sorted(new))
    old, now = events.changed(before, _told(row))
    if now:
        record_proposal(who, row, "envelope.proposal_changed", old, now)


def mark_of(one: Envelope | EnvelopeProposal) -> str:
    """Return what tells an envelope or a proposal from itself before it was changed."""
    fields = _FIELDS if isinstance(one, Envelope) else _PROPOSAL_FIELDS
    facts = [getattr(one, name) for name in fields]
    return hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()[:16]


def _told(proposal: EnvelopeProposal) -> dict[str, Any]:
    """Return what the log keeps; the words of a resident may be personal data."""
    kept = ["cost_ore", "state"]
    if not proposal.from_resident:
        kept += ["name", "text", "reason"]
    return {name: getattr(proposal, name) for name in kept}


def record_proposal(
    who: HttpRequest | None,
    proposal: EnvelopeProposal,
    action: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
) -> None:
    """Log what was done to a proposal; of a resident's own words nothing is kept."""
    envelope = proposal.envelope
    key = f"{envelope.number}/{proposal.number}"
    # the log is in Swedish, whoever does it
    label = f"Förslag {proposal.number}"
    name = label if proposal.from_resident else proposal.name
    obj = ("envelopeproposal", key, name)
    events.record(who, envelope.municipality, action, obj, before, after)


def waiting_counts(envelopes: Iterable[Envelope]) -> dict[int, int]:
    """Return how many proposals wait, by envelope."""
    rows = (
        EnvelopeProposal.objects.filter(
            envelope__in=[one.pk for one in envelopes],
            state=EnvelopeProposal.State.WAITING,
        )
        .order_by()
        .values_list("envelope")
        .annotate(n=Count("pk"))
    )
    return dict(rows)
