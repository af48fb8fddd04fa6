"""How is a count torn up, and how are personal data taken out of a proposal?

Both are done in the open: why a count was torn up stands on the envelope's page, and
what is taken out of a proposal leaves its number, cost and votes as they are. Leaves out
the count itself (envelope_ballots).
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import re
import zipfile
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rodtrad.sources.envelope_folder import BOOK_FILE, ROWS_FILE
from rodtrad.web import events
from rodtrad.web.envelope_ballots import core_envelope, pack_result
from rodtrad.web.envelopes import RefusedError, locked, record, record_proposal, stands
from rodtrad.web.models import Event
from rodtrad.web.models.envelope import Envelope, EnvelopeProposal

if TYPE_CHECKING:
    from django.http import HttpRequest

THINNED_AFTER_DAYS: Final = 90
"""So long after the result what nobody could vote for is kept with its words."""

# A vote that is never counted to an end is over some time all the same.
_FORGOTTEN_AFTER_DAYS: Final = 365
_REDACTED: Final = "envelope.proposal_redacted"
# What may stand in place of a word that is taken away.
_GONE: Final = "borttaget"
_WORD: Final = re.compile(r"\w+")

events.declare_action("envelope.torn_up", gettext_lazy("rev upp en räkning"))
events.declare_action(_REDACTED, gettext_lazy("tog bort uppgifter ur ett förslag"))
events.declare_action(
    "envelope.proposals_thinned", gettext_lazy("gallrade förslag som inte kom med")
)


# ---------------------------------------------------------------- the count


@transaction.atomic
def tear_up(who: HttpRequest, envelope: Envelope, why: str) -> None:
    """Take away a result that is not published, so that more ballots can be taken in.

    Raises:
        RefusedError: there is no such result.
    """
    row = locked(envelope)
    if row.state != Envelope.State.COUNTED or row.imported:
        raise RefusedError(_("Det finns ingen räkning att riva upp."))
    before = {"state": row.state, "hash": row.pack_hash}
    row.state, row.result, row.pack = Envelope.State.OPEN, None, None
    row.pack_hash, row.counted_at = "", None
    row.save(update_fields=["state", "result", "pack", "pack_hash", "counted_at"])
    after = {"state": row.state, "hash": ""}
    record(who, row, "envelope.torn_up", before, after, why)


def done_openly(envelope: Envelope) -> list[Event]:
    """Return counts torn up, and words taken out of what is voted for: all read it."""
    count = Q(object_type="envelope", object_key=str(envelope.number))
    words = Q(
        object_type="envelopeproposal", object_key__startswith=f"{envelope.number}/"
    )
    found = Event.objects.filter(
        count & Q(action="envelope.torn_up") | words & Q(action=_REDACTED),
        municipality=envelope.municipality_id,
    )
    return [
        event
        for event in found.order_by("at").only("at", "action", "note")
        if event.action != _REDACTED
        or timezone.localdate(event.at) >= envelope.votes_from
    ]


# ---------------------------------------------------------------- proposals


@transaction.atomic
def redact(who: HttpRequest, proposal: EnvelopeProposal, name: str, text: str) -> None:
    """Give a proposal other words, at any time; its id, cost and votes stay.

    When somebody may have voted for them, words are only taken away.

    A result that is counted is packed again with the new words: the receipts are the
    same, and so is what they are computed from.

    Raises:
        RefusedError: it is being counted just now, or a word is put in too late.
    """
    envelope = locked(proposal.envelope)
    if envelope.state == Envelope.State.COUNTING:
        raise RefusedError(_("Rösterna räknas. Försök igen om en stund."))
    row = EnvelopeProposal.objects.select_for_update().get(pk=proposal.pk)
    new = not (_is_less(row.name, name) and _is_less(row.text, text))
    if new and row.state == row.State.SHOWN and stands(envelope):
        raise RefusedError(
            _(
                "Röstningen har börjat, och då går det bara att ta bort ord. Skriv "
                "[borttaget] där något saknas."
            )
        )
    row.name, row.text = name, text
    row.save(update_fields=["name", "text"])
    row.envelope = envelope
    # not the words: they are what is taken away
    record_proposal(who, row, _REDACTED, None, {})
    if row.state == row.State.SHOWN and envelope.result is not None:
        _pack_again(envelope, row)


def _is_less(before: str, after: str) -> bool:
    """Return whether a text is another with words taken away, in the same order."""
    left = iter(_WORD.findall(before.casefold()))
    kept = _WORD.findall(after.casefold())
    return all(word == _GONE or word in left for word in kept)


def _pack_again(envelope: Envelope, row: EnvelopeProposal) -> None:
    told: dict[str, Any] = envelope.result or {}
    result = {
        **told,
        "proposals": [
            {**one, "name": row.name} if one["proposal_id"] == row.key else one
            for one in told["proposals"]
        ],
    }
    with zipfile.ZipFile(io.BytesIO(bytes(envelope.pack or b""))) as packed:
        held = packed.namelist()
        book = json.loads(packed.read(BOOK_FILE)) if BOOK_FILE in held else []
        text = packed.read(ROWS_FILE).decode() if ROWS_FILE in held else ""
    rows = list(csv.reader(io.StringIO(text, newline="")))
    made = pack_result(core_envelope(envelope), result, book, rows)
    envelope.result, envelope.pack = result, made
    envelope.pack_hash = hashlib.sha256(made).hexdigest()
    envelope.save(update_fields=["result", "pack", "pack_hash"])


def thin_old() -> int:
    """Empty what residents proposed and nobody could vote for, when it is long over.

    What was refused with a reason keeps its name and the reason; the rest only a number.
    """
    now = timezone.now()
    over = Q(
        envelope__published_at__lt=now - dt.timedelta(days=THINNED_AFTER_DAYS)
    ) | Q(
        envelope__published_at=None,
        envelope__votes_to__lt=timezone.localdate()
        - dt.timedelta(days=_FORGOTTEN_AFTER_DAYS),
    )
    states = EnvelopeProposal.State
    rows = EnvelopeProposal.objects.filter(over, from_resident=True).exclude(
        state=states.SHOWN
    )
    count = 0
    for row in rows.exclude(text="", state=states.REFUSED).select_related("envelope"):
        name = row.name if row.state == states.REFUSED else f"Förslag {row.number}"
        if (row.name, row.text) == (name, ""):
            continue
        with transaction.atomic():
            EnvelopeProposal.objects.filter(pk=row.pk).update(name=name, text="")
            record_proposal(None, row, "envelope.proposals_thinned", None, {})
        count += 1
    return count
