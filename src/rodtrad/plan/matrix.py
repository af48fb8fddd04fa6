"""What does the solver get to see? A problem as sparse rows, without the solver.

`build_matrix` turns a `Problem` into arrays; `part_of` keeps some of its columns free
and the others where they are. The proofs that need no solver read the same arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.plan.constraints import most_missed, ratio_aim_rows
from rodtrad.plan.greedy import hopeless_columns, speaks
from rodtrad.plan.problem import safe_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array
    from rodtrad.plan.problem import Problem

    Flags = NDArray[np.bool_]
    Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Matrix:
    """A problem as sparse rows: `lower <= A x <= upper`, maximise `cost @ x`."""

    names: tuple[str, ...]
    cost: Array
    column_lower: Array
    column_upper: Array
    integer: NDArray[np.bool_]
    row_names: tuple[str, ...]
    row_lower: Array
    row_upper: Array
    start: NDArray[np.int32]
    index: NDArray[np.int32]
    value: Array

    def activity(self, x: Array) -> Array:
        """Return `A x` row by row."""
        products = self.value * x[self.index]
        sums = np.concatenate([[0.0], np.cumsum(products)])
        activity: Array = sums[self.start[1:]] - sums[self.start[:-1]]
        return activity


def build_matrix(problem: Problem) -> Matrix:
    """Return the problem as arrays, with choices that can never be made fixed to 0."""
    rows = list(problem.rows)
    variables = list(problem.variables)
    missed: dict[str, float] = {}
    for number, aim in enumerate(problem.ratio_aims):
        more_rows, more_variables = ratio_aim_rows(aim, number)
        rows += more_rows
        variables += more_variables
        missed[aim.miss] = max(most_missed(aim), missed.get(aim.miss, 0.0))
    count = len(problem.choices)
    place = {v.name: count + i for i, v in enumerate(variables)}
    rows = [row for row in rows if speaks(row)]
    constant = np.array([row.expression.constant for row in rows])
    lower = np.array([row.lower for row in rows]) - constant
    upper = np.array([row.upper for row in rows]) - constant
    starts, indices, values = [0], [], []
    for row in rows:
        expression = row.expression
        indices.append(expression.index)
        values.append(expression.coefficients)
        if expression.extra:
            indices.append(np.array([place[name] for name in expression.extra]))
            values.append(np.array(list(expression.extra.values())))
        starts.append(starts[-1] + len(expression.index) + len(expression.extra))
    column_upper = np.array(
        [1.0] * count + [max(v.upper, missed.get(v.name, 0.0)) for v in variables],
        dtype=np.float64,
    )
    column_upper[:count][hopeless_columns(problem)] = 0.0
    column_lower = np.zeros(len(column_upper))
    names = [
        f"build({safe_name(c.project_id)},{safe_name(c.alternative_id)},{c.start_year})"
        for c in problem.choices
    ]
    forced_names = []
    for project_id, included in problem.forced.items():
        columns = np.array(problem.by_project[project_id], dtype=int)
        if included:
            indices.append(columns)
            values.append(np.ones(len(columns)))
            starts.append(starts[-1] + len(columns))
            lower, upper = np.append(lower, 1.0), np.append(upper, 1.0)
            forced_names.append(f"forced({safe_name(project_id)})")
        else:
            column_upper[columns] = 0.0
    return Matrix(
        names=(*names, *(v.name for v in variables)),
        cost=np.concatenate([problem.values, [-v.price for v in variables]]),
        column_lower=column_lower,
        column_upper=column_upper,
        integer=np.array([True] * count + [v.integer for v in variables]),
        row_names=(*(row.name for row in rows), *forced_names),
        row_lower=lower,
        row_upper=upper,
        start=np.array(starts, dtype=np.int32),
        index=np.concatenate([*indices, np.zeros(0)]).astype(np.int32),
        value=np.concatenate([*values, np.zeros(0)]),
    )


def is_harder(matrix: Matrix, than: Matrix) -> bool:
    """Return True if every plan of a matrix is one of another, and worth no more here.

    Then no plan is worth more than the most any plan of the other can be. Asked row by
    row and column by column, of the same names, so it may say no where it is so.
    """
    if matrix.names != than.names or matrix.row_names != than.row_names:
        return False
    wide = len(matrix.names)
    keys, values = [], []
    for one in (matrix, than):
        row = np.repeat(np.arange(len(one.row_lower)), np.diff(one.start))
        keys.append(row.astype(np.int64) * wide + one.index)
        values.append(one.value)
    places, at = np.unique(np.concatenate(keys), return_inverse=True)
    size = len(keys[0])
    more = np.bincount(at[:size], values[0], len(places))
    more -= np.bincount(at[size:], values[1], len(places))
    row = places // wide
    ceiling, floor = np.isfinite(than.row_upper), np.isfinite(than.row_lower)
    return bool(
        (matrix.column_lower >= np.maximum(than.column_lower, 0.0)).all()
        and (matrix.column_upper <= than.column_upper).all()
        and (matrix.cost <= than.cost).all()
        and (matrix.row_upper <= than.row_upper).all()
        and (matrix.row_lower >= than.row_lower).all()
        and not (ceiling[row] & (more < 0)).any()
        and not (floor[row] & (more > 0)).any()
    )


def part_of(matrix: Matrix, free: Flags, values: Array) -> tuple[Matrix, Numbers]:
    """Return the matrix of some columns while the others keep their values.

    Args:
        matrix: the whole.
        free: `[column]`, those still to be decided.
        values: `[column]`, what the others are kept at.

    Returns:
        The smaller matrix, and the numbers of its columns in the whole.
    """
    columns = np.flatnonzero(free)
    place = np.full(len(free), -1)
    place[columns] = np.arange(len(columns))
    row = np.repeat(np.arange(len(matrix.row_lower)), np.diff(matrix.start))
    inside = place[matrix.index] >= 0
    kept = np.where(free, 0.0, values)
    moved = matrix.value * kept[matrix.index]
    used = np.bincount(row, moved, minlength=len(matrix.row_lower))
    counts = np.bincount(row[inside], minlength=len(matrix.row_lower))
    rows = np.flatnonzero(counts)
    part = Matrix(
        names=(),
        cost=matrix.cost[columns],
        column_lower=matrix.column_lower[columns],
        column_upper=matrix.column_upper[columns],
        integer=matrix.integer[columns],
        row_names=(),
        row_lower=matrix.row_lower[rows] - used[rows],
        row_upper=matrix.row_upper[rows] - used[rows],
        start=np.concatenate([[0], np.cumsum(counts[rows])]).astype(np.int32),
        index=place[matrix.index[inside]].astype(np.int32),
        value=matrix.value[inside],
    )
    return part, columns
