"""Where does a row of a sheet stand when others come and go? Its position.

Positions count from 0 without gaps; rows that move alike are moved in one statement.
Leaves out the order that a reader asks for (row_order).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db.models import F

from rodtrad.web.models.underlag import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.web.changes import Step
    from rodtrad.web.models.underlag import Underlag

_BATCH: Final = 400
_MOST_RUNS: Final = 2_000
_ASIDE: Final = 1_000_000_000


def place(
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
            for at, step in enumerate(mine, start=rows.count()):
                row_of[id(step)].position = at
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
        for at, one in enumerate(line):
            if not isinstance(one, int):
                row_of[id(one)].position = at
            elif was[one] != at:
                moves[table].append((was[one], at))
    return moves


def renumber(underlag: Underlag, table: str, moves: Sequence[tuple[int, int]]) -> None:
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
