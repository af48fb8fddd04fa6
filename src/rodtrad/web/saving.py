"""What comes of saving what somebody typed in a sheet? One change, or a choice to make.

Whoever saves says what each cell held when the page was opened. A cell that somebody
else has changed since is not written over: it comes back as a `Conflict`, to choose.
Leaves out the writing (changes), who may (access) and how a cell is read (sheet_cells).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from rodtrad.domain.columns import SCHEMA
from rodtrad.web import changes, following, sheet_cells
from rodtrad.web.models.underlag import Change, Row, Underlag
from rodtrad.web.store import KEY_JOINT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from django.http import HttpRequest

    from rodtrad.web.models.organisation import User


@dataclass(frozen=True)
class RowEdit:
    """What somebody typed in a row: by column the new text and the one they saw."""

    pk: int
    revision: int
    cells: Mapping[str, str]
    was: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Removal:
    """A row that somebody wants gone, as they saw it."""

    pk: int
    revision: int


@dataclass(frozen=True)
class Edits:
    """Everything that one act does to one table."""

    table: str
    changed: Sequence[RowEdit] = ()
    added: Sequence[Mapping[str, str]] = ()
    removed: Sequence[Removal] = ()


@dataclass(frozen=True)
class Conflict:
    """A cell that two have changed, or a row that one of them has removed.

    `kind`: `cell` (both changed it), `gone` (somebody removed the row I changed),
    `touched` (somebody changed the row I wanted to remove) or `held` (what I wrote
    cannot be: `why`). A row that I wanted to add has the number -1, the next one -2.
    """

    kind: str
    pk: int
    revision: int
    number: int
    key: str
    column: str
    label: str
    was: str
    theirs: str
    mine: str
    who: str
    when: datetime | None
    why: str = ""


@dataclass(frozen=True)
class Saved:
    """What came of saving: the change that was made, if any, or what must be chosen.

    With conflicts nothing has been written. `beside` names those who changed other
    cells of the same rows meanwhile.
    """

    change: Change | None = None
    conflicts: tuple[Conflict, ...] = ()
    beside: tuple[str, ...] = ()


@transaction.atomic
def save(
    who: HttpRequest | User | None,
    underlag: Underlag,
    edits: Edits,
    note: str = "",
) -> Saved:
    """Write what somebody typed, unless somebody else has changed the same cells."""
    underlag = changes.locked(underlag)
    spec = SCHEMA[edits.table]
    wanted = [edit.pk for edit in edits.changed]
    wanted += [removal.pk for removal in edits.removed]
    rows = {
        row.pk: row
        for row in Row.objects.filter(
            underlag=underlag, table=edits.table, pk__in=wanted
        )
    }
    conflicts: list[Conflict] = []
    steps: list[changes.Step] = []
    added: dict[int, int] = {}
    beside: set[str] = set()
    for edit in edits.changed:
        row = rows.get(edit.pk)
        if row is None:
            conflicts.append(_gone(underlag, edits.table, edit))
            continue
        texts = {
            name: text
            for name, text in edit.cells.items()
            if name in spec.columns
            and not sheet_cells.same_text(edits.table, name, row.data, text)
        }
        stale = row.revision != edit.revision
        if stale:
            found = _both_changed(underlag, row, edit, texts)
            conflicts += found
            if texts and not found:
                beside.add(changes.last_change(underlag, row.revision)[0])
        if not texts:
            continue
        after, _issues = sheet_cells.read_row(spec, row.data, texts, row.position + 2)
        if after != row.data:
            steps.append(
                changes.Step(edits.table, row.pk, row.data, after, row.position)
            )
    for removal in edits.removed:
        row = rows.get(removal.pk)
        if row is None:
            continue  # gone already, as was wanted
        if row.revision != removal.revision:
            conflicts.append(_touched(underlag, row))
            continue
        steps.append(changes.Step(edits.table, row.pk, row.data, None, row.position))
    for place, typed in enumerate(edits.added):
        if not sheet_cells.is_empty(typed.values()):
            after, _issues = sheet_cells.read_row(spec, {}, typed)
            steps.append(changes.Step(edits.table, None, None, after))
            added[id(steps[-1])] = -1 - place
    if conflicts:
        return Saved(conflicts=tuple(conflicts))
    if edits.table == "settings":
        steps += following.of_settings(underlag, steps)
    if not steps:
        return Saved()
    try:
        change = changes.commit(who, underlag, Change.Kind.EDIT, steps, note)
    except following.IdRefusedError as error:
        return Saved(conflicts=tuple(_held(rows, added, error)))
    return Saved(change, (), tuple(sorted(beside)))


def _both_changed(
    underlag: Underlag, row: Row, edit: RowEdit, texts: Mapping[str, str]
) -> list[Conflict]:
    """The cells that I changed and that no longer hold what I saw."""
    spec = SCHEMA[row.table]
    who, when = changes.last_change(underlag, row.revision)
    found = []
    for name, text in texts.items():
        now = sheet_cells.typed(row.table, name, row.data)
        # without what was seen, any change of the row counts
        if name in edit.was and edit.was[name].strip() == now.strip():
            continue
        found.append(
            Conflict(
                "cell",
                row.pk,
                row.revision,
                row.position + 2,
                row.key,
                name,
                spec.columns[name].heading,
                edit.was.get(name, ""),
                now,
                text,
                who,
                when,
            )
        )
    return found


def _gone(underlag: Underlag, table: str, edit: RowEdit) -> Conflict:
    """The row that I changed is not there any more."""
    who, when, key = _("Någon annan"), None, ""
    removal = changes.removal_of(underlag, table, edit.pk)
    if removal is not None:
        change, one = removal
        who, when, key = change.actor_name, change.at, one["key"]
    mine = ", ".join(
        f"{SCHEMA[table].columns[name].label}: {text}"
        for name, text in edit.cells.items()
        if name in SCHEMA[table].columns
    )
    return Conflict("gone", edit.pk, 0, 0, key, "", "", "", "", mine, who, when)


def _touched(underlag: Underlag, row: Row) -> Conflict:
    who, when = changes.last_change(underlag, row.revision)
    return Conflict(
        "touched",
        row.pk,
        row.revision,
        row.position + 2,
        row.key,
        "",
        "",
        "",
        "",
        "",
        who,
        when,
    )


def _held(
    rows: Mapping[int, Row],
    added: Mapping[int, int],
    error: following.IdRefusedError,
) -> list[Conflict]:
    """The ids that cannot be as I wrote them, each with why."""
    found = []
    for one in error.refusals:
        row = rows.get(one.step.pk or 0)
        columns = SCHEMA[one.kind.table].columns
        for name, old, new in zip(one.kind.columns, one.old, one.new, strict=True):
            # a row that is not there yet is held as a whole: once
            if old != new and (row or name == one.kind.columns[-1]):
                found.append(
                    Conflict(
                        "held",
                        row.pk if row else added[id(one.step)],
                        row.revision if row else 0,
                        row.position + 2 if row else 0,
                        row.key if row else KEY_JOINT.join(one.new),
                        name,
                        columns[name].heading,
                        old,
                        old,
                        new,
                        "",
                        None,
                        one.why,
                    )
                )
    return found
