"""What differs between two underlag? Row by row and cell by cell, sheet by sheet.

Rows are the same if their key is; where a key stands twice, the first is the first. A
row that is known to have got another id since is the same too (earlier_ids).
Used for a workbook before it is approved, for two versions, and to take a version back.
Leaves out how it is shown (sheets) and written (changes).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rodtrad.domain.columns import SCHEMA
from rodtrad.web import following, left_behind
from rodtrad.web.changes import Step, differences
from rodtrad.web.models.underlag import Row
from rodtrad.web.sheets import SHOWN_ROWS
from rodtrad.web.store import FAULTS, raw_cell, row_data, row_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rodtrad.domain.components import Table, Tables
    from rodtrad.web.following import Moves
    from rodtrad.web.models import Underlag

Place = tuple[str, int]


@dataclass(frozen=True)
class ChangedRow:
    """A row that both have and that differs, at its index in each."""

    key: str
    before: int
    after: int


@dataclass(frozen=True)
class SheetDiff:
    """What differs on one sheet: indexes of rows that came or went, rows that changed.

    `pairs` gives, for every row that both have, its index before by that after; `absent`
    names the columns that were not compared.
    """

    table: str
    added: tuple[int, ...]
    removed: tuple[int, ...]
    changed: tuple[ChangedRow, ...]
    pairs: Mapping[int, int]
    order: bool
    absent: frozenset[str] = frozenset()

    @property
    def counts(self) -> dict[str, int]:
        """How many rows were added, changed and removed; those that are none left out."""
        found = {
            "added": len(self.added),
            "changed": len(self.changed),
            "removed": len(self.removed),
        }
        return {told: n for told, n in found.items() if n}

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.order)


def compare_tables(
    before: Tables,
    after: Tables,
    only: Iterable[str] | None = None,
    absent: Mapping[str, Sequence[str]] | None = None,
    moved: Mapping[str, Moves] | None = None,
) -> list[SheetDiff]:
    """Return the sheets that differ, in the order of the schema.

    Args:
        before: the underlag as it is.
        after: as it may become.
        only: the sheets to compare; all if None.
        absent: by sheet, columns that `after` lacks: they stay as they are.
        moved: by sheet, ids of `before` that are known to be others in `after`.
    """
    wanted = set(SCHEMA if only is None else only)
    found = (
        _compare(
            before[table], after[table], set((absent or {}).get(table, ())), moved or {}
        )
        for table in SCHEMA
        if table in wanted
    )
    return [one for one in found if one]


def _places(table: Table, moved: Mapping[str, Moves]) -> list[Place]:
    """The rows of a table by key and how many with that key came before."""
    spec, seen = table.spec, defaultdict[str, int](int)
    columns = [(name, table[name], table.faulty.get(name, {})) for name in spec.key]
    places = []
    for index in range(len(table)):
        cells = {
            name: values[index] for name, values, bad in columns if index not in bad
        }
        if any(moved.values()):
            cells = dict(following.renamed(table.name, cells, moved, own=True))
        key = row_key(spec, cells)
        places.append((key, seen[key]))
        seen[key] += 1
    return places


def _compare(
    before: Table, after: Table, absent: set[str], moved: Mapping[str, Moves]
) -> SheetDiff:
    name = before.name
    if before == after and before.faulty == after.faulty and not absent:
        same = {index: index for index in range(len(before))}
        return SheetDiff(name, (), (), (), same, order=False)
    old_places, new_places = _places(before, moved), _places(after, {})
    old_at = {place: index for index, place in enumerate(old_places)}
    new_at = {place: index for index, place in enumerate(new_places)}
    pairs = {
        index: old_at[place]
        for index, place in enumerate(new_places)
        if place in old_at
    }
    changed = tuple(
        ChangedRow(new_places[index][0], pairs[index], index)
        for index in sorted(_differing(before, after, pairs, absent))
    )
    line = list(pairs.values())
    return SheetDiff(
        name,
        tuple(i for i, place in enumerate(new_places) if place not in old_at),
        tuple(i for i, place in enumerate(old_places) if place not in new_at),
        changed,
        pairs,
        line != sorted(line),
        frozenset(absent),
    )


def _differing(
    before: Table, after: Table, pairs: Mapping[int, int], absent: set[str]
) -> set[int]:
    """Which rows of `after` say something else than their pair, column by column."""
    found: set[int] = set()
    for name in before.spec.columns:
        if name in absent:
            continue
        old, new = before[name], after[name]
        found.update(i for i, at in pairs.items() if old[at] != new[i])
        old_bad, new_bad = before.faulty.get(name, {}), after.faulty.get(name, {})
        if old_bad or new_bad:
            found.update(
                i
                for i, at in pairs.items()
                if (at in old_bad) != (i in new_bad)
                or (i in new_bad and raw_cell(old_bad[at]) != raw_cell(new_bad[i]))
            )
    return found


def heads(
    found: Iterable[SheetDiff], before: Tables, after: Tables
) -> list[dict[str, Any]]:
    """Return the differences as `sheets.shown_sheets` reads them, as JSON."""
    return [_head(one, before[one.table], after[one.table]) for one in found]


def _head(one: SheetDiff, old: Table, new: Table) -> dict[str, Any]:
    """The first differences of a sheet: changed rows, then those that come and go."""
    rows: list[dict[str, Any]] = []
    for row in one.changed[:SHOWN_ROWS]:
        data = row_data(old, row.before)
        cells = [
            cell
            for cell in differences(one.table, data, row_data(new, row.after))
            if cell[0] not in one.absent
        ]
        rows.append({"told": "changed", "key": row.key, "cells": cells, "data": data})
    for told, table, places in (
        ("added", new, one.added),
        ("removed", old, one.removed),
    ):
        for index in places[: max(SHOWN_ROWS - len(rows), 0)]:
            data = row_data(table, index)
            rows.append({"told": told, "key": row_key(table.spec, data), "data": data})
    return {
        "table": one.table,
        "counts": one.counts,
        "order": one.order,
        "rows": rows,
        "gone": left_behind.missing(old, one.removed, new),
    }


def steps_to(
    underlag: Underlag,
    sheets: Iterable[SheetDiff],
    after: Tables,
    absent: Mapping[str, Sequence[str]] | None = None,
) -> tuple[list[Step], dict[str, list[int | Step]]]:
    """Return the steps that make the working copy like `after`, and the rows' order.

    Call it in the transaction in which the differences were found: they count on the
    rows being those that were compared.
    """
    steps: list[Step] = []
    orders: dict[str, list[int | Step]] = {}
    for one in sheets:
        stored = list(
            Row.objects.filter(underlag=underlag, table=one.table)
            .order_by("position", "pk")
            .values_list("pk", "data", "position")
        )
        kept = set((absent or {}).get(one.table, ()))
        table = after[one.table]
        changed = {row.after: row for row in one.changed}
        fresh = set(one.added)
        line: list[int | Step] = []
        for index in one.removed:
            pk, data, position = stored[index]
            steps.append(Step(one.table, pk, data, None, position))
        for index in range(len(table)):
            if index in fresh:
                step = Step(one.table, None, None, row_data(table, index))
                steps.append(step)
                line.append(step)
                continue
            pk, data, position = stored[one.pairs[index]]
            line.append(pk)
            if index in changed:
                new = _merged(data, row_data(table, index), kept)
                if new != data:
                    steps.append(Step(one.table, pk, data, new, position))
        orders[one.table] = line
    return steps, orders


def _merged(
    old: Mapping[str, Any], new: Mapping[str, Any], kept: set[str]
) -> dict[str, Any]:
    """The new cells of a row, with those of some columns as they were."""
    if not kept:
        return dict(new)
    cells = {k: v for k, v in new.items() if k not in kept and k != FAULTS}
    cells |= {k: v for k, v in old.items() if k in kept}
    faults = {k: v for k, v in (new.get(FAULTS) or {}).items() if k not in kept}
    faults |= {k: v for k, v in (old.get(FAULTS) or {}).items() if k in kept}
    if faults:
        cells[FAULTS] = faults
    return cells
