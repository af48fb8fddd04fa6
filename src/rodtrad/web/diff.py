"""What differs between two underlag? Row by row and cell by cell, sheet by sheet.

Rows are the same if their key is; where a key stands twice, the first is the first.
Used for a workbook before it is approved, for two versions, and to take a version back.
Leaves out how it is shown (sheets) and written (changes).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rodtrad.domain.columns import SCHEMA
from rodtrad.web.changes import Step, differences
from rodtrad.web.models.underlag import Row
from rodtrad.web.sheets import ShownRow, ShownSheet, changed_row, row_of_data
from rodtrad.web.store import FAULTS, row_data, row_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rodtrad.domain.components import Table, Tables
    from rodtrad.web.models import Underlag

Place = tuple[str, int]


@dataclass(frozen=True)
class ChangedRow:
    """A row that both have, at its index in each, and the columns that differ."""

    key: str
    before: int
    after: int
    cells: tuple[tuple[str, Any, Any], ...]


@dataclass(frozen=True)
class SheetDiff:
    """What differs on one sheet: indexes of rows that came or went, rows that changed.

    `pairs` gives, for every row that both have, its index before by that after.
    """

    table: str
    added: tuple[int, ...]
    removed: tuple[int, ...]
    changed: tuple[ChangedRow, ...]
    pairs: Mapping[int, int]
    order: bool

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
) -> list[SheetDiff]:
    """Return the sheets that differ, in the order of the schema.

    Args:
        before: the underlag as it is.
        after: as it may become.
        only: the sheets to compare; all if None.
        absent: by sheet, columns that `after` lacks: they stay as they are.
    """
    wanted = set(SCHEMA if only is None else only)
    found = (
        _compare(before[table], after[table], set((absent or {}).get(table, ())))
        for table in SCHEMA
        if table in wanted
    )
    return [one for one in found if one]


def _places(table: Table) -> tuple[list[Place], list[dict[str, Any]]]:
    """The rows of a table by key and how many with that key came before."""
    seen: dict[str, int] = defaultdict(int)
    places, rows = [], []
    for index in range(len(table)):
        data = row_data(table, index)
        key = row_key(table.spec, data)
        places.append((key, seen[key]))
        seen[key] += 1
        rows.append(data)
    return places, rows


def _compare(before: Table, after: Table, absent: set[str]) -> SheetDiff:
    name = before.name
    if before == after and before.faulty == after.faulty and not absent:
        same = {index: index for index in range(len(before))}
        return SheetDiff(name, (), (), (), same, order=False)
    old_places, old_rows = _places(before)
    new_places, new_rows = _places(after)
    old_at = {place: index for index, place in enumerate(old_places)}
    new_at = {place: index for index, place in enumerate(new_places)}
    pairs = {
        index: old_at[place]
        for index, place in enumerate(new_places)
        if place in old_at
    }
    changed = []
    for index, old in pairs.items():
        if old_rows[old] == new_rows[index]:
            continue
        cells = tuple(
            one
            for one in differences(name, old_rows[old], new_rows[index])
            if one[0] not in absent
        )
        if cells:
            changed.append(ChangedRow(new_places[index][0], old, index, cells))
    line = list(pairs.values())
    return SheetDiff(
        name,
        tuple(i for i, place in enumerate(new_places) if place not in old_at),
        tuple(i for i, place in enumerate(old_places) if place not in new_at),
        tuple(changed),
        pairs,
        line != sorted(line),
    )


def shown_sheet(
    one: SheetDiff, before: Tables, after: Tables, most: int = 60
) -> ShownSheet:
    """Return a sheet's differences as the page shows them, the first rows in full."""
    old, new = before[one.table], after[one.table]
    rows: list[ShownRow] = []
    for row in one.changed[:most]:
        data = row_data(old, row.before)
        rows.append(
            changed_row(
                one.table, row.key, str(data.get("name") or ""), row.cells, data
            )
        )
    for told, table, places in (
        ("added", new, one.added),
        ("removed", old, one.removed),
    ):
        for index in places[: max(most - len(rows), 0)]:
            data = row_data(table, index)
            key = row_key(table.spec, data)
            rows.append(row_of_data(one.table, told, key, data))
    total = sum(one.counts.values())
    return ShownSheet(
        one.table,
        SCHEMA[one.table].label_sv,
        one.counts,
        tuple(rows),
        total - len(rows),
        one.order,
    )


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
