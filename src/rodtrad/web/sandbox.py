"""How is a resident's own plan written in an address, and read back?

A plan is what it changes in a publication. Its code holds the publication's number, each
changed project with its way and start, and a check that is made with the publication's
own checksum: a code that was cut, altered or made for something else is told from one
that holds. Nothing is stored. What a plan gives is reckoned by the core
(`explain.sandbox`); what stays the same for a publication is kept in memory.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock as Mutex
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from rodtrad.domain.arrays import Choice
from rodtrad.explain.sandbox import try_own
from rodtrad.explain.workbench import Bench, build_bench
from rodtrad.publish.public_sum import SUM_ID
from rodtrad.web import throttle
from rodtrad.web.bench import possible_starts
from rodtrad.web.models import Publication

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.domain.arrays import Case, Project
    from rodtrad.web.models import Municipality
    from rodtrad.web.views.public_base import PublicRequest

VERSION: Final = 1
# A code stands in an address, and in a comment: both have their limits.
MOST_CHANGES: Final = 400
MOST_LETTERS: Final = 3000
_CODE: Final = re.compile(r"[A-Za-z0-9_-]+")
_CHECK_BYTES: Final = 5
_LARGEST: Final = 1 << 24
_KEPT: Final = 4
# A school class that opens plans from one address, all at once.
MOST_OPENED: Final = (600, 60)

# Out of the plan, or the number of the alternative and the start year.
State = tuple[int, int] | None


@dataclass(frozen=True)
class _Known:
    """What is the same for every plan of a publication."""

    bench: Bench
    place: Mapping[str, int]
    base: Mapping[str, State]


_benches: OrderedDict[tuple[int, str], _Known] = OrderedDict()
_results: OrderedDict[tuple[int, str, str], dict[str, Any]] = OrderedDict()
_RESULTS: Final = 64
_mutex = Mutex()
_building = Mutex()


class BrokenCodeError(Exception):
    """A code that cannot be read; the text says why, to the person."""

    status = 404


class TooManyError(BrokenCodeError):
    """A code that is not read now, since one place has asked for very many."""

    status = 429


@dataclass(frozen=True)
class OwnPlan:
    """A resident's plan: a publication and what is changed in it, by project."""

    publication: Publication
    changes: Mapping[str, State]

    @property
    def code(self) -> str:
        """The plan as it stands in an address; empty where nothing is changed."""
        return write_code(self.publication, self.changes) if self.changes else ""

    def choices(self) -> tuple[Choice, ...]:
        """Return the choices, sorted by project."""
        bench = bench_of(self.publication)
        states = {c.project_id: Choice(*c) for c in bench.choices}
        for key, state in self.changes.items():
            if state is None:
                states.pop(key, None)
            else:
                project = bench.case.project(key)
                way = project.alternatives[state[0]].alternative_id
                states[key] = Choice(key, way, state[1])
        return tuple(states[key] for key in sorted(states))

    def with_changes(self, changes: Mapping[str, State]) -> OwnPlan:
        """Return the plan with more changes; what is as in the publication is none.

        Raises:
            BrokenCodeError: they are too many, or cannot be done.
        """
        base = base_states(self.publication)
        case = bench_of(self.publication).case
        merged = {**self.changes, **changes}
        for key, state in changes.items():
            fault = refused(case, key, state)
            if fault:
                raise BrokenCodeError(fault)
        left = {key: of for key, of in sorted(merged.items()) if base.get(key) != of}
        if len(left) > MOST_CHANGES:
            raise BrokenCodeError(_too_many())
        return OwnPlan(self.publication, left)

    @property
    def _key(self) -> tuple[int, str, str]:
        return self.publication.pk, self.code, get_language() or "sv"

    def is_kept(self) -> bool:
        """Return whether what the plan gives is known, and need not be reckoned."""
        key = self._key
        with _mutex:
            return key in _results

    def result(self) -> dict[str, Any]:
        """Return what the plan gives (`explain.sandbox.try_own`), kept for a while."""
        key = self._key
        with _mutex:
            if key in _results:
                _results.move_to_end(key)
                return _results[key]
        found = try_own(bench_of(self.publication), self.choices())
        with _mutex:
            _results[key] = found
            while len(_results) > _RESULTS:
                _results.popitem(last=False)
        return found


def bench_of(publication: Publication) -> Bench:
    """Return the workbench of a publication; built once a process."""
    return _known(publication).bench


def base_states(publication: Publication) -> Mapping[str, State]:
    """Return where every project is in the publication that is in its plan."""
    return _known(publication).base


def places_of(publication: Publication) -> Mapping[str, int]:
    """Return the number of every project, as codes and forms have it."""
    return _known(publication).place


def _known(publication: Publication) -> _Known:
    key = (publication.pk, publication.content_hash)
    with _mutex:
        if key in _benches:
            _benches.move_to_end(key)
            return _benches[key]
    with _building:  # one at a time: it takes seconds where projects are many
        with _mutex:
            if key in _benches:
                return _benches[key]
        found = _build(publication)
        with _mutex:
            _benches[key] = found
            while len(_benches) > _KEPT:
                _benches.popitem(last=False)
    return found


def _build(publication: Publication) -> _Known:
    bench = build_bench(publication.tables_public, publication.plan_shown)
    bench.plan  # noqa: B018 - evaluated here, once
    base: dict[str, State] = {}
    for choice in bench.choices:
        ways = bench.case.project(choice.project_id).alternatives
        keys = [one.alternative_id for one in ways]
        base[choice.project_id] = keys.index(choice.alternative_id), choice.start_year
    place = {p.project_id: i for i, p in enumerate(bench.case.projects)}
    return _Known(bench, place, base)


def forget() -> None:
    """Forget everything kept, for tests."""
    with _mutex:
        _benches.clear()
        _results.clear()


def refused(case: Case, key: str, state: State) -> str:
    """Return why a project cannot be put so, in words; empty where it can."""
    try:
        project = case.project(key)
    except KeyError:
        return _("Ett av projekten finns inte i planen.")
    if key == SUM_ID:
        return _("Summan av de projekt som inte är offentliga går inte att ändra.")
    if state is None:
        return ""
    way, year = state
    if not 0 <= way < len(project.alternatives):
        return _("”{p}” har inget sådant alternativ.").format(p=project.name)
    first, last = possible_starts(
        case, project, project.alternatives[way].alternative_id
    )
    if not first <= year <= last:
        if first > last:
            return _("”{p}” hinner inte bli klart inom planen.").format(p=project.name)
        return _("”{p}” kan starta {a}–{b} för att bli klart inom planen.").format(
            p=project.name, a=first, b=last
        )
    return ""


def years_of(case: Case, project: Project) -> list[tuple[int, range]]:
    """Return the years in which each alternative can start and be in use in time."""
    found = []
    for way, alternative in enumerate(project.alternatives):
        first, last = possible_starts(case, project, alternative.alternative_id)
        if first <= last:
            found.append((way, range(first, last + 1)))
    return found


# ------------------------------------------------------------------------ the code


def write_code(publication: Publication, changes: Mapping[str, State]) -> str:
    """Return changes as letters, digits, - and _, with the check last.

    Raises:
        BrokenCodeError: they are too many for an address.
    """
    case = bench_of(publication).case
    place = places_of(publication)
    numbers = [VERSION, publication.number, len(changes)]
    last = 0
    for key in sorted(changes, key=place.__getitem__):
        state = changes[key]
        numbers.append(place[key] - last)
        last = place[key]
        if state is None:
            numbers.append(0)
        else:
            numbers += [state[0] + 1, state[1] - case.plan_start]
    data = b"".join(map(_varint, numbers))
    text = (
        base64.urlsafe_b64encode(data + _check(publication, data)).decode().rstrip("=")
    )
    if len(text) > MOST_LETTERS:
        raise BrokenCodeError(_too_many())
    return text


def open_code(request: PublicRequest, code: str) -> OwnPlan:
    """Return the plan of a code in an address; what must be reckoned is counted.

    Raises:
        BrokenCodeError: as `read_code`, or one place has asked for very many.
    """
    try:
        own = read_code(request.municipality, code)
        if own.is_kept():
            return own
    except BrokenCodeError:
        _count(request)
        raise
    _count(request)
    return own


def _count(request: PublicRequest) -> None:
    if not throttle.allow_key("prova-lank", throttle.sender(request), MOST_OPENED):
        raise TooManyError(
            _("Det har kommit mycket härifrån på kort tid. Försök igen om en minut.")
        )


def read_code(municipality: Municipality, code: str) -> OwnPlan:
    """Return the plan that a code holds.

    Raises:
        BrokenCodeError: it cannot be read, or its publication is no longer open.
    """
    data, check, numbers = _read(code)
    publication = (
        Publication.objects.open()
        .filter(municipality=municipality, number=numbers[1])
        .select_related("municipality")
        .first()
    )
    if publication is None:
        raise BrokenCodeError(
            _("Länken gäller en version av planen som inte är publicerad längre.")
        )
    if _check(publication, data) != check:
        raise BrokenCodeError(_broken())
    return OwnPlan(publication, _changes(publication, numbers[2:]))


def version_of(code: str) -> int | None:
    """Return the number of the version that a code changes; None where it says none."""
    try:
        return _read(code)[2][1]
    except BrokenCodeError:
        return None


def _read(code: str) -> tuple[bytes, bytes, list[int]]:
    """Return what a code holds: its data, its check and the numbers of the data."""
    if not code or len(code) > MOST_LETTERS or not _CODE.fullmatch(code):
        raise BrokenCodeError(_broken())
    try:
        raw = base64.b64decode(
            code + "=" * (-len(code) % 4), altchars=b"-_", validate=True
        )
    except (binascii.Error, ValueError):
        raise BrokenCodeError(_broken()) from None
    data, check = raw[:-_CHECK_BYTES], raw[-_CHECK_BYTES:]
    numbers = _numbers(data)
    if len(numbers) < 3 or numbers[0] != VERSION:
        raise BrokenCodeError(_broken())
    return data, check, numbers


def _changes(publication: Publication, numbers: Sequence[int]) -> dict[str, State]:
    """Return what numbers say is changed; every one of them must make sense."""
    case = bench_of(publication).case
    base = base_states(publication)
    count, rest = numbers[0], list(numbers[1:])
    if not 0 < count <= MOST_CHANGES:
        raise BrokenCodeError(_broken())
    found: dict[str, State] = {}
    at = 0
    for _n in range(count):
        if len(rest) < 2:
            raise BrokenCodeError(_broken())
        at += rest.pop(0)
        way = rest.pop(0)
        if at >= len(case.projects) or (way and not rest):
            raise BrokenCodeError(_broken())
        key = case.projects[at].project_id
        state = (way - 1, case.plan_start + rest.pop(0)) if way else None
        if key in found or base.get(key) == state or refused(case, key, state):
            raise BrokenCodeError(_broken())
        found[key] = state
    if rest:
        raise BrokenCodeError(_broken())
    return found


def _check(publication: Publication, data: bytes) -> bytes:
    whole = publication.content_hash.encode() + data
    return hashlib.sha256(whole).digest()[:_CHECK_BYTES]


def _varint(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def _numbers(data: bytes) -> list[int]:
    """Return the numbers of a code; nothing where they end in the middle of one."""
    found, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if value >= _LARGEST:
            return []
        if not byte & 0x80:
            found.append(value)
            value, shift = 0, 0
    return [] if shift else found


def _broken() -> str:
    return _("Länken är trasig eller avklippt. Kopiera hela länken och försök igen.")


def _too_many() -> str:
    return _(
        "Planen ändrar för många projekt för att få plats i en länk. Högst {n}."
    ).format(n=MOST_CHANGES)
