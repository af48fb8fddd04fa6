"""What was a project called then, or an alternative? Its id before some changes.

A version, and a change that is undone, know rows by the ids that they had at the time.
The changes since tell which of them are called something else now. Leaves out who may
have which id (following).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from django.db.models import Q

from rodtrad.web.following import KINDS, PROJECTS, Ids, Kind, Moves, at
from rodtrad.web.models.underlag import Change, Row
from rodtrad.web.store import KEY_JOINT

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from rodtrad.domain.components import Tables
    from rodtrad.web.models import Underlag

Pairs = dict[str, list[tuple[Ids, Ids]]]


def since(underlag: Underlag, number: int) -> dict[str, Moves]:
    """Return, by table, what ids from before the changes after a number are now."""
    found = _history(underlag, Q(number__gt=number))
    moved: dict[str, Moves] = {}
    for kind in KINDS:
        pairs = found[kind.table]
        once = Counter(then for then, _now in pairs)
        projects = moved.get(PROJECTS, {})
        moved[kind.table] = {
            at(then, projects): now for then, now in pairs if once[then] == 1
        }
    return moved


def aligned(
    underlag: Underlag,
    before: Tables,
    after: Tables,
    kept: dt.datetime,
    *,
    back: bool,
) -> dict[str, Moves]:
    """Return, by table, the ids that rows of `before` have in `after` if they differ.

    One of the two is the working copy, the other was `kept` at a time; with `back` it
    is `after`. Only ids that each of them has once count. An id of `before` that is
    another row's in `after` is put aside, so that the two are not taken for one.
    """
    found = _history(underlag, Q(at__gt=kept))
    moved: dict[str, Moves] = {}
    for kind in KINDS:
        projects = moved.get(PROJECTS, {})
        old = Counter(at(one, projects) for one in _ids(kind, before))
        new = Counter(_ids(kind, after))
        moves: Moves = {}
        for then, now in found[kind.table]:
            one, other = (now, then) if back else (then, now)
            one = at(one, projects)
            if one != other and old[one] == 1 and new[other] == 1:
                moves[one] = other
        aside = {
            other: (*other[:-1], f"\x1f{other[-1]}")
            for other in moves.values()
            if old[other] and other not in moves
        }
        moved[kind.table] = moves | aside
    return moved


def _ids(kind: Kind, tables: Tables) -> Iterator[Ids]:
    columns = [tables[kind.table][name] for name in kind.columns]
    for cells in zip(*columns, strict=True):
        yield tuple(str(one or "") for one in cells)


def _history(underlag: Underlag, later: Q) -> Pairs:
    """By table, the ids of rows before some changes and now, of those that got others."""
    kinds = {kind.table: kind for kind in KINDS}
    says = Q()
    for table in kinds:
        says |= Q(**{f"counts__{table}__isnull": False})
    told = Change.objects.filter(says, later, underlag=underlag).order_by("number")
    first: dict[int, str] = {}
    changed: dict[int, Kind] = {}
    # one at a time: the cells of a large change are many
    for cells in told.values_list("cells", flat=True).iterator(chunk_size=1):
        for one in cells:
            kind = kinds.get(one["table"])
            if kind is not None:
                there = "" if one.get("row") == "added" else one["key"]
                first.setdefault(one["id"], there)
                if one.get("column") in kind.columns:
                    changed[one["id"]] = kind
    rows = Row.objects.filter(underlag=underlag).in_bulk(list(changed))
    found: Pairs = defaultdict(list)
    for pk, kind in changed.items():
        then = tuple(first[pk].split(KEY_JOINT))
        if pk in rows and len(then) == len(kind.columns) and all(then):
            now = kind.ids(rows[pk].data)
            if now != then and all(now):
                found[kind.table].append((then, now))
    return found
