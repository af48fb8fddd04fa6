"""How is a ballot cast, counted and shown, without anyone knowing whose it is?

A ballot gets a random receipt code, shown once to whoever cast it. Its hash is the key
of the ballot; the published number follows from the hash. A code that gives the right to
vote is marked as used and never tied to a ballot, and neither has a time. The receipt
code follows from the form, so that a form sent twice is one ballot. Leaves out the
arithmetic (rodtrad.dialogue) and the pages.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import logging
import secrets
import tempfile
import time
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rodtrad.dialogue.envelope import distribute
from rodtrad.dialogue.receipts import (
    RECEIPT_COLUMNS,
    build_receipt_book,
    build_result,
    receipt_rows,
)
from rodtrad.domain import ballots as core
from rodtrad.domain.words import in_language, number
from rodtrad.publish.document_html import render_html
from rodtrad.publish.envelope import build_envelope_report
from rodtrad.sources.envelope_folder import ROWS_FILE, write_envelope
from rodtrad.sources.pabulib import render_pabulib
from rodtrad.web import envelopes, events
from rodtrad.web.envelopes import RefusedError, locked, record
from rodtrad.web.models import Publication
from rodtrad.web.models.envelope import (
    Ballot,
    Envelope,
    EnvelopeProposal,
    Phase,
    VotingCode,
    money,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.http import HttpRequest

    from rodtrad.web.models import User

_log: Final = logging.getLogger("rodtrad.worker")
MOST_CODES: Final = 50_000
# So many marks are counted while the page waits, for so long; more, by the worker.
AT_ONCE: Final = 30_000
SECONDS_WAITED: Final = 4.0
_ALPHABET: Final = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)
_ALIKE: Final = str.maketrans("OIL", "011")
_CODE_SIGNS: Final = 16
_NUMBER_SIGNS: Final = 12
_SALT: Final = "rodtrad.web.envelope"
# One moment for all files, so that the same result is the same file.
_ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)

events.declare_action("envelope.codes", gettext_lazy("skapade röstkoder"))
events.declare_action("envelope.paper", gettext_lazy("förde in en valsedel på papper"))
events.declare_action("envelope.counted", gettext_lazy("räknade rösterna"))
events.declare_action("envelope.published", gettext_lazy("publicerade resultatet"))


# ---------------------------------------------------------------- codes


def _signs(digest: bytes, count: int) -> str:
    """Return so many signs that are not mistaken for one another."""
    return base64.b32encode(digest).decode().translate(_ALPHABET)[:count]


def grouped(code: str) -> str:
    """Return a code in groups of four, as it is shown."""
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def plain_code(text: str) -> str:
    """Return a code as it was made, however it was typed."""
    kept = "".join(sign for sign in text.upper() if sign.isalnum())
    return kept.translate(_ALIKE)[:64]


def hash_of(envelope: Envelope, code: str) -> str:
    """Return what is kept of a code; 80 random bits need no slow hash."""
    text = f"{envelope.pk}|{plain_code(code)}"
    return hashlib.sha256(text.encode()).hexdigest()


def new_nonce() -> str:
    """Return what makes one form another than all others."""
    return secrets.token_urlsafe(18)


def receipt_code(envelope: Envelope, nonce: str) -> str:
    """Return the receipt code of a form; nobody who has not the form can know it."""
    made = salted_hmac(_SALT, f"{envelope.pk}|{nonce}", algorithm="sha256")
    return _signs(made.digest(), _CODE_SIGNS)


def number_of(key: str) -> str:
    """Return the published number of a ballot; a letter first, so that it is no figure."""
    return "V" + _signs(hashlib.sha256(f"nr|{key}".encode()).digest(), _NUMBER_SIGNS)


@transaction.atomic
def make_codes(who: HttpRequest, envelope: Envelope, count: int) -> list[str]:
    """Return new codes to hand out; only their hashes are kept.

    Raises:
        RefusedError: the envelope asks for none, is over, or has too many.
    """
    row = locked(envelope)
    if row.who != Envelope.Who.CODES or row.imported:
        raise RefusedError(_("Den här potten använder inga röstkoder."))
    if row.phase() in (Phase.CLOSED, Phase.COUNTING, Phase.COUNTED, Phase.PUBLISHED):
        raise RefusedError(_("Röstningen är stängd."))
    if row.codes.count() + count > MOST_CODES:
        raise RefusedError(
            _("Högst {n} röstkoder får plats.").format(n=number(MOST_CODES))
        )
    codes = [_signs(secrets.token_bytes(10), _CODE_SIGNS) for _i in range(count)]
    rows = [VotingCode(key=hash_of(row, code), envelope=row) for code in codes]
    # in the order of their hashes, which says nothing about who gets which
    VotingCode.objects.bulk_create(sorted(rows, key=lambda c: c.key), batch_size=1000)
    record(who, row, "envelope.codes", after={"codes": count})
    return [grouped(code) for code in codes]


# ---------------------------------------------------------------- casting


class TwiceError(RefusedError):
    """The ballot, or one with the same right to vote, is cast already."""


def check_marks(envelope: Envelope, keys: Sequence[str]) -> list[EnvelopeProposal]:
    """Return the proposals that a ballot marks.

    Raises:
        RefusedError: it marks none, one that is not there, or more than the sum.
    """
    known = {one.key: one for one in envelopes.shown_proposals(envelope)}
    chosen = [known[key] for key in dict.fromkeys(keys) if key in known]
    if len(chosen) < len(set(keys)):
        raise RefusedError(_("Ett av förslagen går inte att rösta på. Kryssa om."))
    if not chosen:
        raise RefusedError(_("Kryssa för minst ett förslag."))
    over = sum(one.cost_ore or 0 for one in chosen) - envelope.sum_ore
    if over > 0:
        raise RefusedError(
            _(
                "Förslagen du har kryssat kostar {over} mer än summan. Ta bort något."
            ).format(over=money(over, envelope.currency))
        )
    return chosen


def cast(envelope: Envelope, keys: Sequence[str], code: str, nonce: str) -> str:
    """Store a ballot from the web and return its receipt code.

    Raises:
        TwiceError: the form has been sent already, or the code is used.
        RefusedError: the ballot is not taken; why is in its words.
    """
    receipt = receipt_code(envelope, nonce)
    with transaction.atomic():
        # held, so that none comes in beside a count at midnight
        row = locked(envelope)
        if row.phase() != Phase.VOTING:
            raise RefusedError(_("Röstningen är inte öppen."))
        # answered before the code is looked at: that is used, by the same form
        if row.ballots.filter(pk=hash_of(row, receipt)).exists():
            raise TwiceError(_("Rösten är redan lagd. Den räknas en gång."))
        _store(row, keys, code, receipt)
    return receipt


def cast_paper(
    who: HttpRequest, envelope: Envelope, keys: Sequence[str], code: str, nonce: str
) -> str:
    """Store a ballot that came on paper and return its receipt code.

    Raises:
        TwiceError: the form has been sent already, or the code is used.
        RefusedError: the ballot is not taken; why is in its words.
    """
    receipt = receipt_code(envelope, nonce)
    with transaction.atomic():
        row = locked(envelope)
        if row.phase() not in (Phase.VOTING, Phase.CLOSED) or row.imported:
            raise RefusedError(
                _("Valsedlar förs in från första röstningsdagen tills de räknas.")
            )
        if row.ballots.filter(pk=hash_of(row, receipt)).exists():
            raise TwiceError(_("Rösten är redan lagd. Den räknas en gång."))
        _store(row, keys, code, receipt)
        row.paper += 1
        row.save(update_fields=["paper"])
        # neither the marks nor the number: only that there is one more
        record(who, row, "envelope.paper", after={"paper": row.paper})
    return receipt


def _store(envelope: Envelope, keys: Sequence[str], code: str, receipt: str) -> None:
    chosen = check_marks(envelope, keys)
    key = hash_of(envelope, receipt)
    # in the order of the proposals: the order of the clicks is nobody's business
    marks = [[one.key, 1] for one in sorted(chosen, key=lambda one: one.number)]
    try:
        with transaction.atomic():
            if envelope.who == Envelope.Who.CODES:
                _use(envelope, code)
            Ballot.objects.create(
                key=key, envelope=envelope, number=number_of(key), marks=marks
            )
    except IntegrityError as error:  # the same form, at the same moment
        raise TwiceError(_("Rösten är redan lagd. Den räknas en gång.")) from error


def _use(envelope: Envelope, code: str) -> None:
    """Mark a code as used; of two at once, one is told that it is."""
    if not plain_code(code):
        raise RefusedError(_("Skriv röstkoden som du har fått."))
    found = VotingCode.objects.filter(pk=hash_of(envelope, code), envelope=envelope)
    if found.filter(used=False).update(used=True):
        return
    if found.exists():
        raise TwiceError(_("Röstkoden är redan använd. En kod ger en röst."))
    raise RefusedError(_("Röstkoden finns inte. Jämför med brevet, tecken för tecken."))


# ---------------------------------------------------------------- counting


def core_envelope(envelope: Envelope) -> core.Envelope:
    """Return the envelope with its proposals and ballots, as the core has it."""
    rows = envelopes.shown_proposals(envelope)
    index = {row.key: i for i, row in enumerate(rows)}
    found = envelope.ballots.order_by("number").values_list("number", "marks")
    return core.Envelope(
        # a line of a file is one line
        name=" ".join(envelope.name.split()),
        sum_ore=envelope.sum_ore,
        kind=envelope.kind,  # type: ignore[arg-type]
        proposals=tuple(
            core.Proposal(row.key, row.name, row.cost_ore or 0) for row in rows
        ),
        ballots=tuple(
            core.Ballot(key, tuple((index[of], points) for of, points in marks))
            for key, marks in found.iterator(chunk_size=5_000)
        ),
        facts=_facts(envelope),
    )


def _facts(envelope: Envelope) -> tuple[tuple[str, str], ...]:
    """Return the further lines of the file: those it came with, or our own."""
    if envelope.imported:
        return tuple((str(key), str(text)) for key, text in envelope.facts)
    currency = {"kr": "SEK"}.get(envelope.currency, envelope.currency)
    own = {
        "country": "Sweden" if envelope.currency == "kr" else "",
        "unit": envelope.municipality.name,
        "instance": str(envelope.votes_to.year),
        "currency": "" if currency == "SEK" else currency,
        "date_begin": f"{envelope.votes_from:%d.%m.%Y}",
        "date_end": f"{envelope.votes_to:%d.%m.%Y}",
        "rule": "equalshares" if envelope.rule == "equal_shares" else "greedy",
        "min_length": "1",
        "max_sum_cost": _amount(envelope.sum_ore),
    }
    return tuple((key, text) for key, text in own.items() if text)


def _amount(ore: int) -> str:
    return f"{ore // 100}.{ore % 100:02d}".removesuffix(".00")


def ballots_file(envelope: Envelope) -> bytes:
    """Return proposals and ballots as a `.pb` file."""
    return render_pabulib(core_envelope(envelope))


def count_or_queue(who: HttpRequest | None, envelope: Envelope) -> bool:
    """Count the ballots, or leave many to the worker; return whether it is done.

    Raises:
        RefusedError: it cannot be counted, and why.
    """
    with transaction.atomic():
        row = locked(envelope)
        _may_count(row)
        if row.ballots.count() * max(row.proposals.count(), 1) > AT_ONCE:
            return _leave(row)
    try:
        _count(who, row, _waiting(SECONDS_WAITED))
    except _TooLongError:
        with transaction.atomic():
            row = locked(envelope)
            _may_count(row)
            return _leave(row)
    return True


class _TooLongError(Exception):
    """A count takes longer than the page waits."""


def _waiting(seconds: float) -> Callable[[int], None]:
    """Return what is told of each step of a count, and stops it when it is too long."""
    last = time.monotonic() + seconds

    def heard(_added: int) -> None:
        if time.monotonic() > last:
            raise _TooLongError

    return heard


def _leave(envelope: Envelope) -> bool:
    """Leave a count to the worker; not done."""
    envelope.state = Envelope.State.COUNTING
    envelope.save(update_fields=["state"])
    return False


def count_due() -> int:
    """Count what waits to be counted, and return how many; done by the worker."""
    done = 0
    for row in Envelope.objects.filter(state=Envelope.State.COUNTING).defer("pack"):
        try:
            _count(None, row)
        except RefusedError:  # changed meanwhile: it is counted next time
            _log.info("envelope %s has changed and is counted again", row.pk)
        except Exception:  # noqa: BLE001 - the next envelope is not to blame
            _log.exception("envelope %s could not be counted", row.pk)
            # staff is asked again; nothing has been lost
            Envelope.objects.filter(pk=row.pk, state=row.state).update(
                state=_before_count(row)
            )
        else:
            done += 1
    return done


def _before_count(envelope: Envelope) -> Envelope.State:
    """Return where an envelope goes back to; one with a result keeps it, and is shut."""
    if envelope.result is not None:
        return Envelope.State.COUNTED
    return Envelope.State.DRAFT if envelope.imported else Envelope.State.OPEN


def _may_count(envelope: Envelope) -> None:
    held = envelope.imported and envelope.state == Envelope.State.DRAFT
    if not held and envelope.phase() not in (Phase.CLOSED, Phase.COUNTED):
        raise RefusedError(_("Rösterna räknas när röstningen är stängd."))
    if not envelope.ballots.exists():
        raise RefusedError(_("Det finns inga valsedlar att räkna."))


def _stamp(envelope: Envelope) -> tuple[Any, ...]:
    """Return what decides a result: ballots are added and never changed."""
    names = ("state", "name", "sum_ore", "rule", "completion", "votes_to")
    proposals = envelope.proposals.order_by("number")
    return (
        *(getattr(envelope, name) for name in names),
        envelope.ballots.count(),
        tuple(proposals.values_list("key", "name", "cost_ore", "state")),
    )


def _count(
    who: HttpRequest | User | None,
    envelope: Envelope,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Compute the result and keep it as everyone will download it.

    Nothing is held while it is computed; what has changed meanwhile is seen afterwards.

    Raises:
        RefusedError: it has changed meanwhile.
    """
    stamp = _stamp(envelope)
    counted = core_envelope(envelope)
    outcome = distribute(
        counted,
        envelope.rule,  # type: ignore[arg-type]
        envelope.completion,  # type: ignore[arg-type]
        None,
        progress,
    )
    result = build_result(counted, outcome)
    shares = outcome.shares
    rows = [RECEIPT_COLUMNS, *receipt_rows(counted, shares)] if shares else []
    book = build_receipt_book(shares) if shares else []
    packed = pack_result(counted, result, book, rows)
    with transaction.atomic():
        row = locked(envelope)
        if _stamp(row) != stamp:
            raise RefusedError(_("Något har ändrats under räkningen. Räkna igen."))
        _store_anew(row)
        row.result, row.pack = result, packed
        row.pack_hash = hashlib.sha256(packed).hexdigest()
        row.counted_at, row.state = timezone.now(), Envelope.State.COUNTED
        fields = ["result", "pack", "pack_hash", "counted_at", "state"]
        row.save(update_fields=fields)
        told = {
            "ballots": result["ballots"],
            "paper": row.paper,
            "elected": result["elected"],
            "hash": row.pack_hash,
        }
        record(who, row, "envelope.counted", after=told)


def _store_anew(envelope: Envelope) -> None:
    """Lay the ballots in the order of their keys, which says nothing about who voted.

    A database keeps rows in the order in which they came, and PostgreSQL with each its
    transaction: that in which a code was marked as used.
    """
    if envelope.imported:
        return
    rows = list(envelope.ballots.order_by("key"))
    envelope.ballots.all().delete()
    Ballot.objects.bulk_create(rows, batch_size=1_000)


def pack_result(
    counted: core.Envelope,
    result: dict[str, Any],
    book: list[dict[str, Any]],
    rows: list[Any],
) -> bytes:
    """Return the files of a result in one, with the page that tells it in Swedish."""
    with translation.override("sv"), in_language("sv"):
        page = {"envelope.html": render_html(build_envelope_report(result))}
        return _zip(counted, result, book, rows, page)


def _zip(
    counted: core.Envelope,
    result: dict[str, Any],
    book: list[dict[str, Any]],
    rows: list[Any],
    documents: dict[str, bytes],
) -> bytes:
    """Return the folder of a result, as the command line writes it, in one file."""
    out = io.BytesIO()
    with tempfile.TemporaryDirectory() as above:
        folder = Path(above) / "pott"
        paths = write_envelope(folder, counted, result, book, rows, documents)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in sorted(paths):
                entry = zipfile.ZipInfo(path.name, _ZIP_DATE)
                entry.compress_type = zipfile.ZIP_DEFLATED
                packed.writestr(entry, path.read_bytes())
    return out.getvalue()


@transaction.atomic
def publish(who: HttpRequest, envelope: Envelope) -> None:
    """Show the result and the receipts to everyone; it is final.

    Raises:
        RefusedError: there is no result to show.
    """
    row = locked(envelope)
    if row.state != Envelope.State.COUNTED:
        raise RefusedError(_("Räkna rösterna först."))
    if Publication.objects.current(row.municipality) is None:
        raise RefusedError(
            _("Publicera en plan först. Potten står på de offentliga sidorna.")
        )
    row.state, row.published_at = Envelope.State.PUBLISHED, timezone.now()
    row.save(update_fields=["state", "published_at"])
    after = {"state": row.state, "hash": row.pack_hash}
    record(who, row, "envelope.published", {"state": Envelope.State.COUNTED}, after)


# ---------------------------------------------------------------- what is published


def packed_files(envelope: Envelope) -> tuple[str, ...]:
    """Return the names of the files of a result."""
    return _files(envelope.pk, envelope.pack_hash)[0]


def packed_file(envelope: Envelope, name: str) -> bytes | None:
    """Return a file of a result; None where there is no such."""
    if name not in packed_files(envelope):
        return None
    with zipfile.ZipFile(io.BytesIO(_pack(envelope.pk))) as packed:
        return packed.read(name)


def receipts(envelope: Envelope) -> dict[str, dict[str, str]]:
    """Return the line of each ballot by its number, in order; not to be changed."""
    return _files(envelope.pk, envelope.pack_hash)[1]


@lru_cache(maxsize=2)
def _files(pk: int, _hash: str) -> tuple[tuple[str, ...], dict[str, dict[str, str]]]:
    """Return what is in a result; a result has one hash, so this never grows old."""
    with zipfile.ZipFile(io.BytesIO(_pack(pk))) as packed:
        names = tuple(packed.namelist())
        text = packed.read(ROWS_FILE).decode() if ROWS_FILE in names else ""
    lines = csv.DictReader(io.StringIO(text, newline=""))
    return names, {row["ballot"]: row for row in lines}


def _pack(pk: int) -> bytes:
    return bytes(Envelope.objects.values_list("pack", flat=True).get(pk=pk) or b"")


def find_ballot(envelope: Envelope, code: str) -> Ballot | None:
    """Return the ballot of a receipt code."""
    if len(plain_code(code)) != _CODE_SIGNS:
        return None
    return envelope.ballots.filter(pk=hash_of(envelope, code)).first()
