"""`.pb` files ⇄ `Envelope`: the common form of votes on a participatory budget.

Strict: every fault is told at its line, and a file with a fault gives no envelope. What
the file only remarks on itself (a limit passed, a count that differs) is a warning. Of
each ballot its number and its votes are kept; age, sex and other facts about people are
read past and never written. Leaves out what the votes lead to (dialogue).

Source: the format as described at pabulib.org/format (Stolicki, Szufa and Talmon 2020).
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from rodtrad.domain.ballots import BALLOT_KINDS, Ballot, Envelope, Proposal
from rodtrad.domain.words import _, number, quoted
from rodtrad.errors import InputError, Issue
from rodtrad.sources.writing import source_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rodtrad.domain.ballots import BallotKind
    from rodtrad.errors import Severity

SECTIONS: Final = ("META", "PROJECTS", "VOTES")
_MOST_BYTES: Final = 200_000_000
_MOST_ISSUES: Final = 100
_AMOUNT: Final = re.compile(r"\d{1,15}(\.\d{1,2})?")
# Three digits after a comma are thousands to some, and decimals to others.
_THOUSANDS: Final = re.compile(r"\d{1,3}([,.]\d{3})+")
_WHOLE: Final = re.compile(r"\d{1,9}")
# A spreadsheet would take such an id for a formula.
_FORMULA: Final = re.compile(r"[=+@\t\r]|-(?!\d+$)")
_ROUND_CENTS: Final = re.compile(r"(\.\d{2})0+$")

# One line of a section: its number in the file and its cells by heading.
Line = tuple[int, dict[str, str]]


class _Faults:
    """The issues found so far; a warning more or less changes nothing."""

    def __init__(self) -> None:
        self.found: list[Issue] = []
        self.errors = 0

    def tell(
        self,
        code: str,
        line: int,
        column: str,
        message: str,
        remedy: str,
        severity: Severity = "error",
    ) -> None:
        """Note a fault; the line stands in the message, since there is no sheet."""
        self.errors += severity == "error"
        text = _("Rad {n}: {message}").format(n=line, message=message)
        self.found.append(Issue(code, severity, "", line, column, text, remedy))

    def told(self) -> list[Issue]:
        """Return the issues, errors first, and no more than a person can read."""
        ordered = sorted(self.found, key=lambda one: one.severity != "error")
        hidden = len(ordered) - _MOST_ISSUES
        if hidden <= 0:
            return ordered
        text = _("{n} fel och varningar till visas inte.").format(n=number(hidden))
        last = Issue("pb_more", "note", "", None, "", text, "")
        return [*ordered[:_MOST_ISSUES], last]

    def stop(self) -> None:
        """Leave if anything found is an error."""
        if self.errors:
            raise InputError(self.told())


def read_pabulib_file(path: Path) -> tuple[Envelope, list[Issue]]:
    """Return the envelope in a `.pb` file, also a gzipped one, and what was noted.

    Raises:
        InputError: the file has faults; all that were found.
        SourceError: there is no such file, or it cannot be read.
    """
    if not path.is_file():
        raise source_error("file_missing", file=path.name)
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if data[:2] == b"\x1f\x8b":
        try:
            with gzip.open(io.BytesIO(data)) as packed:
                data = packed.read(_MOST_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise source_error("file_truncated.damaged") from error
    return read_pabulib(data)


def read_pabulib(data: bytes) -> tuple[Envelope, list[Issue]]:
    """Return the envelope in the bytes of a `.pb` file, and what was noted.

    Raises:
        InputError: the file has faults; all that were found.
    """
    faults = _Faults()
    sections = _sections(_text(data, faults), faults)
    faults.stop()
    meta = _meta(sections["META"], faults)
    sum_ore, kind = _sum(meta, faults), _kind(meta, faults)
    proposals = _proposals(sections["PROJECTS"], faults)
    ballots = _ballots(sections["VOTES"], kind, meta, proposals, faults)
    _check_counts(meta, proposals, ballots, faults)
    faults.stop()
    envelope = Envelope(
        name=_name(meta),
        sum_ore=sum_ore,
        kind=kind,
        proposals=tuple(proposals),
        ballots=tuple(ballots),
        facts=tuple((key, text) for key, (_line, text) in meta.items()),
    )
    _check_votes(sections["PROJECTS"], envelope, faults)
    _check_limits(sections["VOTES"], meta, envelope, faults)
    faults.stop()
    return envelope, faults.told()


# ---------------------------------------------------------------- lines and sections


def _text(data: bytes, faults: _Faults) -> str:
    if len(data) > _MOST_BYTES:
        raise source_error(
            "file_too_big", mb=f"över {_MOST_BYTES // 10**6}", max=_MOST_BYTES // 10**6
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        faults.tell(
            "pb_encoding",
            data.count(b"\n", 0, error.start) + 1,
            "",
            _("Tecknen går inte att läsa som UTF-8."),
            _("Spara filen som UTF-8."),
        )
        faults.stop()
        raise  # never reached: stop has left
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        message = _("Här finns tecken som inte hör hemma i en textfil.")
        faults.tell("pb_control", line, "", message, _("Hämta filen på nytt."))
        faults.stop()
    return text


def _cells(text: str, faults: _Faults) -> Iterator[tuple[int, list[str]]]:
    """Give the lines that are not blank, with their numbers."""
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=";", strict=True)
    last = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            message = _("Citattecknen går inte ihop.")
            remedy = _('Sätt texten inom " och skriv varje " i den två gånger.')
            faults.tell("pb_quotes", last + 1, "", message, remedy)
            return
        first, last = last + 1, reader.line_num
        if last > first and any("\n" in cell or "\r" in cell for cell in cells):
            message = _("Ett citattecken som aldrig avslutas slår ihop flera rader.")
            remedy = _('Sätt texten inom " och skriv varje " i den två gånger.')
            faults.tell("pb_quotes", first, "", message, remedy)
        elif any(cell.strip() for cell in cells):
            yield first, [cell.strip() for cell in cells]


def _sections(text: str, faults: _Faults) -> dict[str, list[Line]]:
    """Return the lines of each section; META always has the headings key and value."""
    found: dict[str, list[Line]] = {}
    headings: list[str] | None = None
    name = ""
    for line, cells in _cells(text, faults):
        marker = cells[0].upper() if not any(cells[1:]) else ""
        if marker in SECTIONS:
            name, headings = marker, ["key", "value"] if marker == "META" else None
            if name in found:
                message = _("Avdelningen {name} finns redan.").format(name=name)
                remedy = _("Behåll en av dem.")
                faults.tell("pb_section_twice", line, "", message, remedy)
            found[name] = []
        elif not name:
            message = _("Filen ska börja med raden META.")
            remedy = _("Kontrollera att det är en .pb-fil.")
            faults.tell("pb_no_meta", line, "", message, remedy)
            break
        elif headings is None:
            headings = [cell.casefold() for cell in cells]
            _check_headings(line, name, headings, faults)
        elif len(cells) != len(headings):
            message = _("Raden har {n} fält men rubriken har {m}.").format(
                n=len(cells), m=len(headings)
            )
            remedy = _('Rätta raden; text med semikolon ska stå inom ".')
            faults.tell("pb_cells", line, "", message, remedy)
        elif name != "META" or [c.casefold() for c in cells] != headings:
            found[name].append((line, dict(zip(headings, cells, strict=True))))
    for missing in [s for s in SECTIONS if s not in found and not faults.errors]:
        last = text.count("\n") + 1
        message = _("Avdelningen {name} saknas.").format(name=missing)
        faults.tell("pb_section_missing", last, "", message, _("Hämta filen på nytt."))
    return found


def _check_headings(line: int, name: str, headings: list[str], faults: _Faults) -> None:
    wanted = {"PROJECTS": ("project_id", "cost"), "VOTES": ("voter_id", "vote")}
    for column in wanted.get(name, ()):
        if column not in headings:
            message = _("Kolumnen {column} saknas i {name}.").format(
                column=column, name=name
            )
            remedy = _("Lägg till kolumnen.")
            faults.tell("pb_column", line, column, message, remedy)
    if len(set(headings)) < len(headings):
        message = _("En kolumn i {name} står två gånger.").format(name=name)
        faults.tell("pb_column_twice", line, "", message, _("Ta bort den ena."))


# ---------------------------------------------------------------- META


def _meta(lines: list[Line], faults: _Faults) -> dict[str, tuple[int, str]]:
    meta: dict[str, tuple[int, str]] = {}
    for line, cells in lines:
        key = cells["key"]
        if key in meta:
            message = _("Uppgiften {key} står två gånger.").format(key=key)
            faults.tell("pb_key_twice", line, key, message, _("Ta bort den ena."))
        else:
            meta[key] = (line, cells["value"])
    for key in ("budget", "vote_type"):
        if key not in meta:
            message = _("Uppgiften {key} saknas i META.").format(key=key)
            faults.tell("pb_key_missing", 1, key, message, _("Lägg till en rad."))
    return meta


def _sum(meta: dict[str, tuple[int, str]], faults: _Faults) -> int:
    line, text = meta.get("budget", (1, "1"))
    return _ore(text, line, "budget", faults)


def _kind(meta: dict[str, tuple[int, str]], faults: _Faults) -> BallotKind:
    line, text = meta.get("vote_type", (1, "approval"))
    for kind in BALLOT_KINDS:
        if text.casefold() == kind:
            return kind
    message = _("Röstsättet {text} är okänt.").format(text=quoted(text))
    remedy = _("Skriv {kinds}.").format(kinds=", ".join(BALLOT_KINDS))
    faults.tell("pb_vote_type", line, "vote_type", message, remedy)
    return "approval"


def _name(meta: dict[str, tuple[int, str]]) -> str:
    for key in ("description", "unit"):
        if key in meta and meta[key][1]:
            return meta[key][1]
    return _("Medborgarbudget")


def _ore(text: str, line: int, column: str, faults: _Faults) -> int:
    """Return an amount as whole öre, never rounded; 1 where it is no amount."""
    plain = _ROUND_CENTS.sub(r"\1", text.replace(",", "."))
    if _THOUSANDS.fullmatch(text) or not _AMOUNT.fullmatch(plain):
        message = _("{text} är inget belopp.").format(text=quoted(text))
        remedy = _("Skriv ett tal med högst två decimaler, till exempel 25000.")
        faults.tell("pb_amount", line, column, message, remedy)
        return 1
    ore = int(Decimal(plain) * 100)
    if not ore:
        message = _("Beloppet är noll.")
        faults.tell("pb_amount", line, column, message, _("Skriv vad det kostar."))
    return ore or 1


def _limit(meta: dict[str, tuple[int, str]], key: str, faults: _Faults) -> int | None:
    """Return a whole number of META, or None where there is none."""
    if key not in meta or not meta[key][1]:
        return None
    line, text = meta[key]
    if not _WHOLE.fullmatch(text):
        message = _("{text} är inget heltal.").format(text=quoted(text))
        faults.tell("pb_whole", line, key, message, _("Skriv ett heltal."))
        return None
    return int(text)


# ---------------------------------------------------------------- PROJECTS


def _proposals(lines: list[Line], faults: _Faults) -> list[Proposal]:
    found: dict[str, Proposal] = {}
    for line, cells in lines:
        key = cells["project_id"]
        # blanks and commas part the ids on a ballot and on a receipt
        if not key or "," in key or len(key.split()) > 1 or _FORMULA.match(key):
            message = _("{id} kan inte vara ett projekts id.").format(id=quoted(key))
            remedy = _("Skriv bokstäver och siffror, utan komma.")
            faults.tell("pb_project_id", line, "project_id", message, remedy)
            continue
        if key in found:
            message = _("Projektet {id} står två gånger.").format(id=quoted(key))
            remedy = _("Ta bort den ena raden.")
            faults.tell("pb_project_twice", line, "project_id", message, remedy)
            continue
        cost = _ore(cells["cost"], line, "cost", faults)
        facts = tuple(
            (column, text)
            for column, text in cells.items()
            if column not in ("project_id", "cost", "name")
        )
        found[key] = Proposal(key, cells.get("name") or key, cost, facts)
    return list(found.values())


# ---------------------------------------------------------------- VOTES


def _ballots(
    lines: list[Line],
    kind: BallotKind,
    meta: dict[str, tuple[int, str]],
    proposals: list[Proposal],
    faults: _Faults,
) -> list[Ballot]:
    index = {p.proposal_id: i for i, p in enumerate(proposals)}
    top = _limit(meta, "max_length", faults)
    if kind == "ordinal" and top is None:
        top = max((cells["vote"].count(",") + 1 for _n, cells in lines), default=0)
    seen: set[str] = set()
    ballots = []
    for line, cells in lines:
        key = cells["voter_id"]
        if not key or key in seen:
            message = (
                _("Valsedeln {id} finns redan: en röst räknas en gång.").format(
                    id=quoted(key)
                )
                if key
                else _("Valsedeln saknar nummer.")
            )
            remedy = _("Behåll en av raderna, eller ge dem egna nummer.")
            faults.tell("pb_ballot_twice", line, "voter_id", message, remedy)
            continue
        if _FORMULA.match(key):
            message = _("{id} kan inte vara en valsedels nummer.").format(
                id=quoted(key)
            )
            remedy = _("Skriv bokstäver och siffror.")
            faults.tell("pb_ballot_id", line, "voter_id", message, remedy)
        seen.add(key)
        marks = _marks(line, cells, kind, top, index, faults)
        ballots.append(Ballot(key, tuple(marks.items())))
    return ballots


def _marks(
    line: int,
    cells: dict[str, str],
    kind: BallotKind,
    top: int | None,
    index: dict[str, int],
    faults: _Faults,
) -> dict[int, int]:
    """Return the points of each proposal on a ballot, in its own order."""
    named = [name.strip() for name in cells["vote"].split(",")] if cells["vote"] else []
    points = _points(line, cells, kind, top, len(named), faults)
    marks: dict[int, int] = {}
    for name, given in zip(named, points, strict=True):
        if name not in index:
            message = _("Valsedeln nämner projektet {id}, som inte finns.").format(
                id=quoted(name)
            )
            remedy = _("Rätta id, eller lägg till projektet under PROJECTS.")
            faults.tell("pb_vote_unknown", line, "vote", message, remedy)
        elif index[name] in marks:
            message = _(
                "Valsedeln nämner projektet {id} två gånger. Det räknas en gång, med "
                "den första rutans poäng."
            ).format(id=quoted(name))
            remedy = _("Kontrollera valsedeln.")
            faults.tell("pb_vote_twice", line, "vote", message, remedy, "warning")
        elif given:
            marks[index[name]] = given
    return marks


def _points(
    line: int,
    cells: dict[str, str],
    kind: BallotKind,
    top: int | None,
    count: int,
    faults: _Faults,
) -> list[int]:
    """Return the points of the projects on a ballot; 0 is no support."""
    if kind == "approval":
        return [1] * count
    if kind == "ordinal":
        # Borda: the first place is worth the most, each next one point less.
        return [max((top or count) - place, 0) for place in range(count)]
    given = [
        text.strip() for text in cells.get("points", "").split(",") if text.strip()
    ]
    if len(given) != count:
        message = _("Valsedeln har {n} projekt men {m} poäng.").format(
            n=count, m=len(given)
        )
        remedy = _("Skriv lika många poäng som projekt.")
        faults.tell("pb_points", line, "points", message, remedy)
        return [0] * count
    for text in given:
        if not _WHOLE.fullmatch(text):
            message = _("{text} är inga poäng.").format(text=quoted(text))
            remedy = _("Skriv heltal som är noll eller större.")
            faults.tell("pb_points", line, "points", message, remedy)
            return [0] * count
    return [int(text) for text in given]


# ---------------------------------------------------------------- what the file says of itself


def _check_counts(
    meta: dict[str, tuple[int, str]],
    proposals: list[Proposal],
    ballots: list[Ballot],
    faults: _Faults,
) -> None:
    """Refuse a file with another number of lines than it says: something is lost."""
    if faults.errors:
        return
    for key, found in (("num_projects", len(proposals)), ("num_votes", len(ballots))):
        said = _limit(meta, key, faults)
        if said is not None and said != found:
            message = _("{key} säger {n}, men filen har {m}.").format(
                key=key, n=number(said), m=number(found)
            )
            remedy = _("Hämta filen på nytt, eller rätta talet.")
            faults.tell("pb_count", meta[key][0], key, message, remedy)


def _check_votes(lines: list[Line], envelope: Envelope, faults: _Faults) -> None:
    """Note where the file's own count of votes is another than its ballots give."""
    for (line, cells), votes in zip(lines, envelope.votes(), strict=True):
        said = cells.get("votes", "")
        if said and said != str(votes):
            message = _(
                "Filen anger {n} röster på projektet {id}, men valsedlarna ger {m}."
            ).format(n=said, id=quoted(cells["project_id"]), m=number(votes))
            remedy = _("Valsedlarna gäller.")
            faults.tell("pb_votes_differ", line, "votes", message, remedy, "warning")


def _check_limits(
    lines: list[Line],
    meta: dict[str, tuple[int, str]],
    envelope: Envelope,
    faults: _Faults,
) -> None:
    """Note ballots outside the limits that the file says were in force."""
    fewest, most = (_limit(meta, f"{m}_length", faults) for m in ("min", "max"))
    least, largest = (_limit(meta, f"{m}_sum_points", faults) for m in ("min", "max"))
    dearest = None
    if meta.get("max_sum_cost", (1, ""))[1]:
        line, text = meta["max_sum_cost"]
        dearest = _ore(text, line, "max_sum_cost", faults)
    for (line, _row), ballot in zip(lines, envelope.ballots, strict=True):
        points = sum(given for _i, given in ballot.marks)
        cost = sum(envelope.proposals[i].cost_ore for i, _given in ballot.marks)
        outside = (
            (fewest is not None and len(ballot.marks) < fewest)
            or (most is not None and len(ballot.marks) > most)
            or (dearest is not None and cost > dearest)
        )
        if envelope.kind == "cumulative":
            outside |= least is not None and points < least
            outside |= largest is not None and points > largest
        if outside:
            message = _("Valsedeln {id} följer inte filens egna gränser.").format(
                id=quoted(ballot.ballot_id)
            )
            remedy = _("Den räknas. Kontrollera min_ och max_ i META.")
            faults.tell("pb_limits", line, "vote", message, remedy, "warning")


# ---------------------------------------------------------------- writing


def render_pabulib(envelope: Envelope) -> bytes:
    """Return the envelope as a `.pb` file; reading it gives an equal envelope."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    given = dict(envelope.facts)
    meta = {
        "description": envelope.name,
        **given,
        "num_projects": str(len(envelope.proposals)),
        "num_votes": str(len(envelope.ballots)),
        "budget": _amount(envelope.sum_ore),
        "vote_type": envelope.kind,
    }
    if envelope.kind == "ordinal":
        # Points of an order follow from its greatest length; keep those that were used.
        top = max(
            (g + n for b in envelope.ballots for n, (_i, g) in enumerate(b.marks)),
            default=0,
        )
        meta["max_length"] = str(top)
    writer.writerow(["META"])
    writer.writerow(["key", "value"])
    writer.writerows(meta.items())
    writer.writerow(["PROJECTS"])
    columns = list(dict.fromkeys(c for p in envelope.proposals for c, _t in p.facts))
    writer.writerow(["project_id", "cost", "name", *columns])
    for one in envelope.proposals:
        facts = dict(one.facts)
        cells = [one.proposal_id, _amount(one.cost_ore), one.name]
        writer.writerow([*cells, *(facts.get(c, "") for c in columns)])
    with_points = envelope.kind in ("cumulative", "scoring")
    writer.writerow(["VOTES"])
    writer.writerow(["voter_id", "vote", *["points"] * with_points])
    for ballot in envelope.ballots:
        vote = ",".join(envelope.proposals[i].proposal_id for i, _g in ballot.marks)
        points = ",".join(str(given) for _i, given in ballot.marks)
        writer.writerow([ballot.ballot_id, vote, *[points] * with_points])
    return out.getvalue().encode("utf-8")


def _amount(ore: int) -> str:
    """Return öre as kronor, exactly, without decimals that are zero."""
    kronor, rest = divmod(ore, 100)
    return f"{kronor}.{rest:02d}".rstrip("0").rstrip(".")
