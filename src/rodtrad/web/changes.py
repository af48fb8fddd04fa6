"""How is the underlag changed, and how is that undone? One act, one `Change`.

Everything is written in one transaction, with an event for each row. Leaves out what
somebody typed (saving), who may (access, views) and how a cell is read (sheet_cells).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from rodtrad.domain import words
from rodtrad.domain.columns import SCHEMA
from rodtrad.web import change_log, earlier_ids, events, following, row_places
from rodtrad.web.models.organisation import User
from rodtrad.web.models.underlag import Change, Row, Underlag
from rodtrad.web.sheets import SHOWN_ROWS
from rodtrad.web.store import FAULTS, KEY_JOINT, row_key, row_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

Kind = Change.Kind
_BATCH: Final = 400
_AT_ONCE: Final = 500


class CannotUndoError(Exception):
    """A change cannot be undone; the text of the error says why, to the person."""


@dataclass(frozen=True)
class Step:
    """One row from what it was to what it becomes; None where it is not there.

    `followed` where nobody wrote in the row: it names another whose id changed.
    """

    table: str
    pk: int | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    position: int | None = None
    followed: bool = False


def locked(underlag: Underlag) -> Underlag:
    """The working copy as it is now; others who write wait until this one is done."""
    return (
        Underlag.objects.select_for_update(of=("self",))
        .select_related("municipality")
        .get(pk=underlag.pk)
    )


def last_change(underlag: Underlag, revision: int) -> tuple[str, datetime | None]:
    """Return who made the change that gave a row its revision, and when."""
    found = (
        Change.objects.filter(underlag=underlag, number=revision)
        .values_list("actor_name", "at")
        .first()
    )
    return (found[0] or _("Röd tråd"), found[1]) if found else (_("Någon annan"), None)


def last_changes(
    underlag: Underlag, revisions: Iterable[int]
) -> dict[int, tuple[str, datetime]]:
    """Return who and when, by revision of a row."""
    found = Change.objects.filter(underlag=underlag, number__in=set(revisions))
    return {
        number: (name, at)
        for number, name, at in found.values_list("number", "actor_name", "at")
    }


def removal_of(
    underlag: Underlag, table: str, pk: int
) -> tuple[Change, Mapping[str, Any]] | None:
    """Return the newest change that removed a row, and what it says of the row."""
    found = Change.objects.filter(
        underlag=underlag, **{f"counts__{table}__removed__isnull": False}
    ).defer("head")
    # one at a time: the cells of a large change are many
    for change in found.iterator(chunk_size=1):
        for one in change.cells:
            if one.get("row") == "removed" and one.get("id") == pk:
                return change, one
    return None


# ---------------------------------------------------------------- writing


def commit(
    who: HttpRequest | User | None,
    underlag: Underlag,
    kind: str,
    steps: Sequence[Step],
    note: str = "",
    *,
    undoes: Change | None = None,
    orders: Mapping[str, Sequence[int | Step]] | None = None,
) -> Change:
    """Write steps as one change with its events, and return it.

    Call it in a transaction in which the underlag is locked. `orders` gives, for tables
    whose rows are to stand in a certain order, all of them: numbers of rows that are
    there, and steps that add one.

    Raises:
        IdRefusedError: an id cannot be what it would become (`following`); nothing is
            written.
    """
    steps, new_ids = following.follow(underlag, steps, kind)
    user = who.user if isinstance(who, HttpRequest) else who
    actor = user if isinstance(user, User) else None
    underlag.revision += 1
    revision = underlag.revision
    cells: list[dict[str, Any]] = []
    counts: dict[str, dict[str, int]] = {}
    changed: list[Row] = []
    removed: list[int] = []
    added: list[tuple[Step, Row]] = []
    for step in steps:
        told = "changed"
        if step.after is None:
            told = "removed"
            removed.append(step.pk or 0)
        elif step.before is None:
            told = "added"
            added.append((step, _new_row(underlag, step, revision)))
        else:
            row = _new_row(underlag, step, revision)
            row.position = step.position or 0
            changed.append(row)
            cells += _cell_changes(step)
        of_table = counts.setdefault(step.table, {})
        for one in (told, "followed")[: 1 + step.followed]:
            of_table[one] = of_table.get(one, 0) + 1
    # one statement for many rows: an UPDATE with a case for each is slow
    Row.objects.bulk_create(
        changed,
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["pk"],
        update_fields=["key", "label", "data", "search", "revision"],
    )
    moves = row_places.place(underlag, steps, added, orders or {})
    for start in range(0, len(removed), _AT_ONCE):
        Row.objects.filter(
            underlag=underlag, pk__in=removed[start : start + _AT_ONCE]
        ).delete()
    for table, moved in moves.items():
        row_places.renumber(underlag, table, moved)
    new = [row for _step, row in added]
    Row.objects.bulk_create([row for row in new if row.pk], batch_size=_BATCH)
    Row.objects.bulk_create([row for row in new if not row.pk], batch_size=_BATCH)
    for step in steps:
        if step.after is None:
            cells.append(_row_entry("removed", step, step.pk or 0, step.position or 0))
    cells += [_row_entry("added", step, row.pk, row.position) for step, row in added]
    following.move_life(underlag.municipality, new_ids)
    Underlag.objects.filter(pk=underlag.pk).update(
        revision=revision, changed_at=timezone.now()
    )
    change = Change.objects.create(
        underlag=underlag,
        number=revision,
        kind=kind,
        actor=actor,
        actor_name=str(actor)[:150] if actor is not None else "",
        note=note[:300],
        cells=cells,
        counts=counts,
        head=change_head(cells),
        undoes=undoes,
    )
    change_log.tell(who, underlag, change)
    return change


def _new_row(underlag: Underlag, step: Step, revision: int) -> Row:
    data = dict(step.after or {})
    return Row(
        pk=step.pk,
        underlag=underlag,
        table=step.table,
        position=0,
        key=row_key(SCHEMA[step.table], data),
        label=row_label(data),
        data=data,
        revision=revision,
    )


def _value(data: Mapping[str, Any], name: str) -> Any:
    """A cell as a change keeps it; what cannot be read is marked."""
    faults = data.get(FAULTS) or {}
    return {"fault": faults[name]} if name in faults else data.get(name)


def differences(
    table: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[tuple[str, Any, Any]]:
    """Return the columns in which two rows differ, with both values."""
    found = []
    for name in SCHEMA[table].columns:
        old, new = _value(before, name), _value(after, name)
        if old != new or isinstance(old, bool) != isinstance(new, bool):
            found.append((name, old, new))
    return found


def _cell_changes(step: Step) -> list[dict[str, Any]]:
    before, after = step.before or {}, step.after or {}
    key = row_key(SCHEMA[step.table], before)
    return [
        {
            "table": step.table,
            "id": step.pk,
            "key": key,
            "column": name,
            "before": old,
            "after": new,
            **({"followed": True} if step.followed else {}),
        }
        for name, old, new in differences(step.table, before, after)
    ]


def change_head(cells: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the first rows of what a change did, as `sheets.shown_sheets` reads them."""
    heads: dict[str, dict[str, Any]] = {}
    rows: dict[tuple[str, Any, str], dict[str, Any] | None] = {}
    for one in cells:
        table, told = one["table"], one.get("row", "changed")
        head = heads.setdefault(table, {"table": table, "counts": {}, "rows": []})
        place = (table, one.get("id", one["key"]), told)
        if place not in rows:
            head["counts"][told] = head["counts"].get(told, 0) + 1
            rows[place] = None
            if len(head["rows"]) < SHOWN_ROWS:
                rows[place] = _head_row(table, told, one)
                head["rows"].append(rows[place])
        row = rows[place]
        if row is not None and told == "changed":
            row["cells"].append((one["column"], one["before"], one["after"]))
    return [heads[table] for table in SCHEMA if table in heads]


def _head_row(table: str, told: str, one: Mapping[str, Any]) -> dict[str, Any]:
    if told != "changed":
        return {"told": told, "key": one["key"], "data": one["data"]}
    names = SCHEMA[table].key if table in SCHEMA else ()
    parts = one["key"].split(KEY_JOINT)
    # what a cell's form hangs on stands in the key
    data = dict(zip(names, parts, strict=False))
    return {"told": told, "key": one["key"], "data": data, "cells": []}


def _row_entry(told: str, step: Step, pk: int, position: int) -> dict[str, Any]:
    data = step.before if step.after is None else step.after
    return {
        "row": told,
        "table": step.table,
        "id": pk,
        "key": row_key(SCHEMA[step.table], data or {}),
        "data": dict(data or {}),
        "position": position,
    }


# ---------------------------------------------------------------- undoing


def own_tables(change: Change) -> list[str]:
    """Return the tables that somebody changed; not those whose rows only followed."""
    return [
        table
        for table, counts in change.counts.items()
        if sum(n for told, n in counts.items() if told != "followed")
        > counts.get("followed", 0)
    ]


@transaction.atomic
def undo(who: HttpRequest | User | None, underlag: Underlag, change: Change) -> Change:
    """Take back a change, also one that took back another, as a new change.

    Raises:
        CannotUndoError: somebody has changed the same cells since, it is undone
            already, or a project's id cannot be what it was; nothing is written.
    """
    underlag = locked(underlag)
    if Change.objects.filter(undoes=change).exists():
        raise CannotUndoError(_("Ändringen är redan ångrad."))
    steps = _inverse(underlag, change)
    if not steps:
        raise CannotUndoError(_("Ändringen har inget kvar att ångra."))
    with events.in_swedish():
        note = _("Ändring {n}").format(n=change.number)
    try:
        return commit(who, underlag, Kind.UNDO, steps, note, undoes=change)
    except following.IdRefusedError as why:
        raise CannotUndoError(str(why)) from why


def _inverse(underlag: Underlag, change: Change) -> list[Step]:
    wanted = sorted({one["id"] for one in change.cells})
    rows: dict[int, Row] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        rows |= Row.objects.filter(underlag=underlag).in_bulk(
            wanted[start : start + _AT_ONCE]
        )
    # what is put back names others as they are called now
    since = earlier_ids.since(underlag, change.number)
    steps: dict[int, Step] = {}
    for one in change.cells:
        table, pk = one["table"], one["id"]
        row = rows.get(pk)
        if one.get("row") == "removed":
            data = following.renamed(table, one["data"], since)
            key = row_key(SCHEMA[table], data)
            taken = row is not None or (
                key
                and Row.objects.filter(underlag=underlag, table=table, key=key).exists()
            )
            if taken:
                raise CannotUndoError(
                    _("Bladet {sheet} har redan en rad {key}.").format(
                        sheet=SCHEMA[table].label, key=words.quoted(key)
                    )
                )
            steps[pk] = Step(table, pk, None, data, one["position"])
            continue
        if row is None:
            raise CannotUndoError(
                _("Raden {key} på bladet {sheet} är borttagen sedan dess.").format(
                    key=words.quoted(one["key"]), sheet=SCHEMA[table].label
                )
            )
        if one.get("row") == "added":
            if dict(row.data) != one["data"]:
                raise CannotUndoError(_since(underlag, row, one))
            steps[pk] = Step(table, pk, row.data, None, row.position)
            continue
        name = one["column"]
        if _value(row.data, name) != one["after"]:
            raise CannotUndoError(_since(underlag, row, one))
        earlier = steps.get(pk)
        after = dict(earlier.after or {}) if earlier else dict(row.data)
        back = _with(after, name, one["before"])
        if name in back:
            back[name] = following.renamed(table, back, since)[name]
        followed = bool(one.get("followed"))
        steps[pk] = Step(table, pk, row.data, back, row.position, followed)
    return list(steps.values())


def _with(data: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """A row's cells with one of them as a change keeps it."""
    cells = {key: kept for key, kept in data.items() if key not in (name, FAULTS)}
    faults = {k: v for k, v in (data.get(FAULTS) or {}).items() if k != name}
    if isinstance(value, dict):
        faults[name] = value["fault"]
    elif value is not None:
        cells[name] = value
    if faults:
        cells[FAULTS] = faults
    return cells


def _since(underlag: Underlag, row: Row, one: Mapping[str, Any]) -> str:
    who, _when = last_change(underlag, row.revision)
    cell = one.get("column")
    if cell is None:
        return _(
            "{who} har ändrat raden {key} på bladet {sheet} sedan dess. Ta bort den raden för hand i stället."
        ).format(who=who, key=words.quoted(row.key), sheet=SCHEMA[row.table].label)
    return _(
        "{who} har ändrat samma cell sedan dess: bladet {sheet}, raden {key}, {column}."
    ).format(
        who=who,
        key=words.quoted(row.key),
        sheet=SCHEMA[row.table].label,
        column=SCHEMA[row.table].columns[cell].label,
    )
