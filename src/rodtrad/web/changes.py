"""How does somebody change the underlag, and how is that undone? One act, one `Change`.

Whoever saves says what each cell held when the page was opened. A cell that somebody
else has changed since is not written over: it comes back as a `Conflict`, to choose.
Everything is written in one transaction, with an event for each row. Leaves out who may
(access, views) and how a cell is read (sheet_cells).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rodtrad.domain import words
from rodtrad.domain.columns import SCHEMA
from rodtrad.web import events, sheet_cells
from rodtrad.web.models.organisation import User
from rodtrad.web.models.underlag import Change, Row, Underlag, searchable
from rodtrad.web.store import FAULTS, KEY_JOINT, row_key, row_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

Kind = Change.Kind
_BATCH: Final = 400
_MOST_RUNS: Final = 2_000
_ASIDE: Final = 1_000_000_000
# Rows that one act adds beyond this are told of in the log by sheet, not one by one.
MOST_TOLD: Final = 5_000

events.declare_action("underlag.imported", gettext_lazy("läste in en arbetsbok"))
events.declare_action("underlag.restored", gettext_lazy("återställde en version"))
events.declare_action("underlag.undone", gettext_lazy("ångrade en ändring"))
events.declare_action("row.added", gettext_lazy("lade till en rad"))
events.declare_action("row.removed", gettext_lazy("tog bort en rad"))
_ACTIONS: Final = {
    Kind.IMPORT: "underlag.imported",
    Kind.RESTORE: "underlag.restored",
    Kind.UNDO: "underlag.undone",
}


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

    `kind`: `cell` (both changed it), `gone` (somebody removed the row I changed) or
    `touched` (somebody changed the row I wanted to remove).
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


@dataclass(frozen=True)
class Saved:
    """What came of saving: the change that was made, if any, or what must be chosen.

    With conflicts nothing has been written. `beside` names those who changed other
    cells of the same rows meanwhile.
    """

    change: Change | None = None
    conflicts: tuple[Conflict, ...] = ()
    beside: tuple[str, ...] = ()


class CannotUndoError(Exception):
    """A change cannot be undone; the text of the error says why, to the person."""


@dataclass(frozen=True)
class Step:
    """One row from what it was to what it becomes; None where it is not there."""

    table: str
    pk: int | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    position: int | None = None


# ---------------------------------------------------------------- saving what was typed


@transaction.atomic
def save(
    who: HttpRequest | User | None,
    underlag: Underlag,
    edits: Edits,
    note: str = "",
) -> Saved:
    """Write what somebody typed, unless somebody else has changed the same cells."""
    underlag = locked(underlag)
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
    steps: list[Step] = []
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
                beside.add(_last(underlag, row.revision)[0])
        if not texts:
            continue
        after, _issues = sheet_cells.read_row(spec, row.data, texts, row.position + 2)
        if after != row.data:
            steps.append(Step(edits.table, row.pk, row.data, after, row.position))
    for removal in edits.removed:
        row = rows.get(removal.pk)
        if row is None:
            continue  # gone already, as was wanted
        if row.revision != removal.revision:
            conflicts.append(_touched(underlag, row))
            continue
        steps.append(Step(edits.table, row.pk, row.data, None, row.position))
    for typed in edits.added:
        if not sheet_cells.is_empty(typed.values()):
            after, _issues = sheet_cells.read_row(spec, {}, typed)
            steps.append(Step(edits.table, None, None, after))
    if conflicts:
        return Saved(conflicts=tuple(conflicts))
    if edits.table == "settings":
        steps += _following(underlag, steps)
    change = commit(who, underlag, Kind.EDIT, steps, note) if steps else None
    return Saved(change, (), tuple(sorted(beside)))


def locked(underlag: Underlag) -> Underlag:
    """The working copy as it is now; others who write wait until this one is done."""
    return (
        Underlag.objects.select_for_update(of=("self",))
        .select_related("municipality")
        .get(pk=underlag.pk)
    )


def _following(underlag: Underlag, steps: Iterable[Step]) -> list[Step]:
    """Cells elsewhere that were blank and so took the setting that now changes."""
    found: list[Step] = []
    for step in steps:
        before, after = step.before or {}, step.after or {}
        old, new = before.get("value"), after.get("value")
        key = before.get("key")
        if key is None or key != after.get("key") or old is None or new is None:
            continue
        for spec in SCHEMA.values():
            for column in spec.columns.values():
                if column.default != f"={key}" or column.name not in spec.columns:
                    continue
                value = int(old) if str(old).isdigit() else old
                for row in Row.objects.filter(
                    underlag=underlag,
                    table=spec.name,
                    **{f"data__{column.name}": value},
                ):
                    data, _faults = sheet_cells.read_row(
                        spec, row.data, {column.name: str(new)}, row.position + 2
                    )
                    found.append(Step(spec.name, row.pk, row.data, data, row.position))
    return _joined(found)


def _joined(steps: Iterable[Step]) -> list[Step]:
    """Steps with those of the same row made one: each gives only its own cell."""
    done: dict[int, Step] = {}
    for step in steps:
        earlier = done.get(step.pk or 0)
        if earlier is not None and earlier.after is not None and step.before:
            own = {
                name: value
                for name, value in (step.after or {}).items()
                if step.before.get(name) != value
            }
            step = Step(
                step.table,
                step.pk,
                step.before,
                {**earlier.after, **own},
                step.position,
            )
        done[step.pk or 0] = step
    return list(done.values())


def _last(underlag: Underlag, revision: int) -> tuple[str, datetime | None]:
    """Who made the change that gave a row its revision, and when."""
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


def _both_changed(
    underlag: Underlag, row: Row, edit: RowEdit, texts: Mapping[str, str]
) -> list[Conflict]:
    """The cells that I changed and that no longer hold what I saw."""
    spec = SCHEMA[row.table]
    who, when = _last(underlag, row.revision)
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
    later = Change.objects.filter(underlag=underlag, number__gt=edit.revision)
    for change in later.order_by("number"):
        for one in change.cells:
            if one.get("row") == "removed" and one["id"] == edit.pk:
                who, when, key = change.actor_name, change.at, one["key"]
    mine = ", ".join(
        f"{SCHEMA[table].columns[name].label_sv}: {text}"
        for name, text in edit.cells.items()
        if name in SCHEMA[table].columns
    )
    return Conflict("gone", edit.pk, 0, 0, key, "", "", "", "", mine, who, when)


def _touched(underlag: Underlag, row: Row) -> Conflict:
    who, when = _last(underlag, row.revision)
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
    """
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
            row.search = searchable(row.data)
            changed.append(row)
            cells += _cell_changes(step)
        of_table = counts.setdefault(step.table, {})
        of_table[told] = of_table.get(told, 0) + 1
    Row.objects.bulk_update(
        changed, ["key", "label", "data", "search", "revision"], batch_size=_BATCH
    )
    moves = _place(underlag, steps, added, orders or {})
    for start in range(0, len(removed), 500):
        Row.objects.filter(
            underlag=underlag, pk__in=removed[start : start + 500]
        ).delete()
    for table, moved in moves.items():
        _renumber(underlag, table, moved)
    new = [row for _step, row in added]
    Row.objects.bulk_create([row for row in new if row.pk], batch_size=_BATCH)
    Row.objects.bulk_create([row for row in new if not row.pk], batch_size=_BATCH)
    for step in steps:
        if step.after is None:
            cells.append(_row_entry("removed", step, step.pk or 0, step.position or 0))
    cells += [_row_entry("added", step, row.pk, row.position) for step, row in added]
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
        undoes=undoes,
    )
    _tell(who, underlag, change)
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
        }
        for name, old, new in differences(step.table, before, after)
    ]


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


# ---------------------------------------------------------------- the order of rows


def _place(
    underlag: Underlag,
    steps: Sequence[Step],
    added: Sequence[tuple[Step, Row]],
    orders: Mapping[str, Sequence[int | Step]],
) -> dict[str, list[tuple[int, int]]]:
    """Give added rows their places; return from where to where the others move."""
    row_of = {id(step): row for step, row in added}
    moves: dict[str, list[tuple[int, int]]] = {}
    for table in {*(step.table for step in steps), *orders}:
        mine = [step for step in steps if step.table == table and step.before is None]
        gone = {step.pk for step in steps if step.table == table and step.after is None}
        rows = Row.objects.filter(underlag=underlag, table=table)
        placed = sorted(
            (step for step in mine if step.position is not None),
            key=lambda step: step.position or 0,
        )
        if table not in orders and not placed and not gone:
            # at the end: nothing else moves
            for place, step in enumerate(mine, start=rows.count()):
                row_of[id(step)].position = place
            continue
        was = dict(rows.order_by("position", "pk").values_list("pk", "position"))
        line: list[int | Step]
        if table in orders:
            line = list(orders[table])
        else:
            line = [pk for pk in was if pk not in gone]
            for step in placed:
                line.insert(step.position or 0, step)
            line += [step for step in mine if step.position is None]
        moves[table] = []
        for place, one in enumerate(line):
            if isinstance(one, Step):
                row_of[id(one)].position = place
            elif was[one] != place:
                moves[table].append((was[one], place))
    return moves


def _renumber(underlag: Underlag, table: str, moves: Sequence[tuple[int, int]]) -> None:
    """Move rows to their new places, those that move alike in one go."""
    runs: list[list[int]] = []  # first, last, by how much
    for old, new in sorted(moves):
        if runs and runs[-1][1] == old - 1 and runs[-1][2] == new - old:
            runs[-1][1] = old
        else:
            runs.append([old, old, new - old])
    rows = Row.objects.filter(underlag=underlag, table=table)
    if len(runs) > _MOST_RUNS:
        place_of = dict(moves)
        every = [row for row in rows.only("pk", "position") if row.position in place_of]
        for row in every:
            row.position = place_of[row.position]
        Row.objects.bulk_update(every, ["position"], batch_size=_BATCH)
        return
    up = [run for run in runs if run[2] > 0]
    down = [run for run in runs if run[2] < 0]
    # rows must not come to stand among those that are still to be moved
    aside = _ASIDE if up and down else 0
    for first, last, by in [*reversed(up), *down]:
        rows.filter(position__range=(first, last)).update(
            position=F("position") + by + aside
        )
    if aside:
        rows.filter(position__gte=aside // 2).update(position=F("position") - aside)


# ---------------------------------------------------------------- the log


def _tell(who: HttpRequest | User | None, underlag: Underlag, change: Change) -> None:
    """Write in the log what a change did: to every row, and for big acts as a whole."""
    municipality = underlag.municipality
    found = []
    if change.kind in _ACTIONS:
        found.append(
            events.event(
                who,
                municipality,
                _ACTIONS[Kind(change.kind)],
                underlag,
                after={
                    table: count_words(counts)
                    for table, counts in change.counts.items()
                },
                note=change.note,
            )
        )
    many = sum(counts.get("added", 0) for counts in change.counts.values())
    by_row: dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]] = {}
    for one in change.cells:
        if one.get("row") == "added" and many > MOST_TOLD:
            continue
        if "row" in one:
            cells = _logged(one["data"])
            before, after = (cells, None) if one["row"] == "removed" else (None, cells)
            found.append(
                events.event(
                    who,
                    municipality,
                    f"row.{one['row']}",
                    ("row", row_address(one["table"], one["key"]), _label(one)),
                    before,
                    after,
                )
            )
            continue
        before, after = by_row.setdefault((one["table"], one["key"]), ({}, {}))
        before[one["column"]] = _plain(one["before"])
        after[one["column"]] = _plain(one["after"])
    for (table, key), (before, after) in by_row.items():
        keys = [key]
        if set(SCHEMA[table].key) & set(after):
            # told of under its old name and its new one
            keys.append(row_key(SCHEMA[table], {**_key_cells(table, key), **after}))
        found += [
            events.event(
                who,
                municipality,
                "underlag.changed",
                ("row", row_address(table, one_key), f"{_sheet(table)}: {one_key}"),
                before,
                after,
            )
            for one_key in keys
        ]
    events.record_many(found)


def _key_cells(table: str, key: str) -> dict[str, Any]:
    """The cells of a key, as far as they can be told from its text."""
    names = SCHEMA[table].key
    parts = key.split(KEY_JOINT)
    if len(parts) != len(names):
        return {}
    cells: dict[str, Any] = {}
    for name, part in zip(names, parts, strict=True):
        number = SCHEMA[table].columns[name].is_number
        cells[name] = float(part) if number and part.isdigit() else part or None
    return cells


def _sheet(table: str) -> str:
    return SCHEMA[table].label_sv


def _label(one: Mapping[str, Any]) -> str:
    return f"{_sheet(one['table'])}: {row_label(one['data']) or one['key']}"


def _plain(value: Any) -> Any:
    return value["fault"] if isinstance(value, dict) else value


def _logged(data: Mapping[str, Any]) -> dict[str, Any]:
    cells = {name: value for name, value in data.items() if name != FAULTS}
    return {**cells, **(data.get(FAULTS) or {})}


def row_address(table: str, key: str) -> str:
    """Return what the log calls a row."""
    return f"{table}/{key}"[:300]


def count_words(counts: Mapping[str, int]) -> str:
    """Return how many rows were added, changed and removed, in words."""
    added, changed, removed = (
        counts.get(told, 0) for told in ("added", "changed", "removed")
    )
    parts = [
        (added, ngettext("{n} rad tillagd", "{n} rader tillagda", added)),
        (changed, ngettext("{n} rad ändrad", "{n} rader ändrade", changed)),
        (removed, ngettext("{n} rad borttagen", "{n} rader borttagna", removed)),
    ]
    return ", ".join(text.format(n=words.number(n)) for n, text in parts if n)


# ---------------------------------------------------------------- undoing


@transaction.atomic
def undo(who: HttpRequest | User | None, underlag: Underlag, change: Change) -> Change:
    """Take back a change, also one that took back another, as a new change.

    Raises:
        CannotUndoError: somebody has changed the same cells since, or it is undone
            already; nothing is written.
    """
    underlag = locked(underlag)
    if Change.objects.filter(undoes=change).exists():
        raise CannotUndoError(_("Ändringen är redan ångrad."))
    steps = _inverse(underlag, change)
    if not steps:
        raise CannotUndoError(_("Ändringen har inget kvar att ångra."))
    note = _("Ändring {n}").format(n=change.number)
    return commit(who, underlag, Kind.UNDO, steps, note, undoes=change)


def _inverse(underlag: Underlag, change: Change) -> list[Step]:
    wanted = {one["id"] for one in change.cells}
    rows = (
        {row.pk: row for row in Row.objects.filter(underlag=underlag, pk__in=wanted)}
        if len(wanted) <= 500
        else {
            row.pk: row
            for row in Row.objects.filter(underlag=underlag)
            if row.pk in wanted
        }
    )
    steps: dict[int, Step] = {}
    for one in change.cells:
        table, pk = one["table"], one["id"]
        row = rows.get(pk)
        if one.get("row") == "removed":
            taken = row is not None or (
                one["key"]
                and Row.objects.filter(
                    underlag=underlag, table=table, key=one["key"]
                ).exists()
            )
            if taken:
                raise CannotUndoError(
                    _("Bladet {sheet} har redan en rad {key}.").format(
                        sheet=_sheet(table), key=words.quoted(one["key"])
                    )
                )
            steps[pk] = Step(table, pk, None, one["data"], one["position"])
            continue
        if row is None:
            raise CannotUndoError(
                _("Raden {key} på bladet {sheet} är borttagen sedan dess.").format(
                    key=words.quoted(one["key"]), sheet=_sheet(table)
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
        steps[pk] = Step(
            table, pk, row.data, _with(after, name, one["before"]), row.position
        )
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
    who, _when = _last(underlag, row.revision)
    cell = one.get("column")
    if cell is None:
        return _(
            "{who} har ändrat raden {key} på bladet {sheet} sedan dess. Ta bort den raden för hand i stället."
        ).format(who=who, key=words.quoted(row.key), sheet=_sheet(row.table))
    return _(
        "{who} har ändrat samma cell sedan dess: bladet {sheet}, raden {key}, {column}."
    ).format(
        who=who,
        key=words.quoted(row.key),
        sheet=_sheet(row.table),
        column=SCHEMA[row.table].columns[cell].label_sv,
    )
