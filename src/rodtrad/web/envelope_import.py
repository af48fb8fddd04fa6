"""How is a vote that was held elsewhere taken in from a `.pb` file?

Strictly, and without what may tell who voted: the ballots get numbers of their own.
What is kept is such that the files of the result are read back as they were written.
Leaves out the form of the file (rodtrad.sources.pabulib) and the count (envelope_ballots).
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from rodtrad.domain.words import in_language
from rodtrad.sources.pabulib import read_pabulib
from rodtrad.web import envelopes
from rodtrad.web.clean_text import clean
from rodtrad.web.envelope_ballots import number_of
from rodtrad.web.envelopes import RefusedError, record
from rodtrad.web.models.envelope import (
    LONGEST_NAME,
    Ballot,
    Envelope,
    EnvelopeProposal,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

    from rodtrad.domain import ballots as core
    from rodtrad.errors import Issue
    from rodtrad.web.models import Municipality

MOST_BALLOTS: Final = 200_000
MOST_IMPORTED_BYTES: Final = 20_000_000
_MOST_ORE: Final = 10**15
_LONGEST_KEY: Final = 100


def read_file(data: bytes) -> tuple[core.Envelope, list[Issue]]:
    """Return the vote in a `.pb` file, and what was noted.

    Raises:
        InputError: it cannot be read; all faults.
        RefusedError: it is too large, or holds nothing to count.
    """
    if len(data) > MOST_IMPORTED_BYTES:
        raise RefusedError(
            _(
                "Filen är större än {n} MB. Räkna den med rodtrad envelope på en dator."
            ).format(n=MOST_IMPORTED_BYTES // 10**6)
        )
    with in_language(translation.get_language() or "sv"):
        found, noted = read_pabulib(data)
    if not found.proposals or not found.ballots:
        raise RefusedError(_("Filen saknar förslag eller valsedlar."))
    if (
        len(found.proposals) > envelopes.MOST_PROPOSALS
        or len(found.ballots) > MOST_BALLOTS
        or found.sum_ore > _MOST_ORE
        or any(len(p.proposal_id) > _LONGEST_KEY for p in found.proposals)
    ):
        raise RefusedError(
            _("Omröstningen är för stor. Räkna den med rodtrad envelope på en dator.")
        )
    return found, noted


@transaction.atomic
def take_in(
    who: HttpRequest, place: Municipality, found: core.Envelope, filename: str
) -> Envelope:
    """Store a vote that was held elsewhere, closed and ready to be counted.

    The ballots get new random numbers: those of the file may be tied to persons.
    """
    today = timezone.localdate()
    envelope = envelopes.create(
        who,
        place,
        Envelope(
            name=_line(found.name, LONGEST_NAME) or _line(filename, LONGEST_NAME),
            sum_ore=found.sum_ore,
            currency=dict(found.facts).get("currency", "kr")[:3] or "kr",
            kind=found.kind,
            votes_from=today,
            votes_to=today,
            imported=True,
            # a key alone on its line could be taken for the beginning of a section
            facts=[
                [_line(key), said] for key, text in found.facts if (said := _line(text))
            ],
        ),
    )
    EnvelopeProposal.objects.bulk_create(
        [
            EnvelopeProposal(
                envelope=envelope,
                number=n,
                key=one.proposal_id,
                name=_line(one.name, 300) or one.proposal_id,
                cost_ore=one.cost_ore,
                state=EnvelopeProposal.State.SHOWN,
            )
            for n, one in enumerate(found.proposals, 1)
        ],
        batch_size=500,
    )
    keys = [one.proposal_id for one in found.proposals]
    Ballot.objects.bulk_create(
        [_anew(envelope, one, keys) for one in found.ballots], batch_size=1_000
    )
    told = {"ballots": len(found.ballots), "proposals": len(keys), "file": filename}
    record(who, envelope, "envelope.imported", after=told)
    return envelope


def _line(text: str, most: int | None = None) -> str:
    """Return a text of a file as it is read again: one line, with no blank at an end."""
    return clean(text, lines=False)[:most].strip()


def _anew(envelope: Envelope, ballot: core.Ballot, keys: Sequence[str]) -> Ballot:
    key = secrets.token_hex(32)
    marks = [[keys[index], points] for index, points in ballot.marks]
    return Ballot(key=key, envelope=envelope, number=number_of(key), marks=marks)
