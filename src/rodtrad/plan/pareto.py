"""Which plans does no other plan beat at both ends? Exact, for two sets of weights.

For small strategic comparisons: every non-dominated point, and what all efficient plans
have in common. In a plan over many years nearly every project is in some efficient
plan, so the agreement map asks about optimal plans instead (`plan.robust`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.plan.milp import Limits, solve_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array
    from rodtrad.plan.matrix import Matrix

WHOLE = 0.5


def pareto_set(matrix: Matrix, values: Array) -> tuple[Array, Array]:
    """Return every non-dominated point of two whole-number values, and a plan for each.

    Args:
        matrix: the rows; its cost is not used.
        values: `[column, 2]`, whole numbers, both to be as great as possible.

    Returns:
        `[point, 2]` with the first value falling, and `[point, column]` of 0 and 1.

    Raises:
        RuntimeError: the solver did not finish.

    Source:
        the epsilon-constraint method, two proven solves a point; method page
        docs/method/agreement.md.
    """
    points: list[Array] = []
    plans: list[Array] = []
    least = -np.inf
    while True:
        first = _best(matrix, values[:, 0], [(values[:, 1], least)])
        if first is None:
            break
        top = float(np.round(values[:, 0] @ first))
        second = _best(matrix, values[:, 1], [(values[:, 0], top - WHOLE)])
        if second is None:
            second = first
        points.append(np.round(values.T @ second))
        plans.append(second)
        least = float(points[-1][1]) + WHOLE
    width = len(matrix.cost)
    return np.array(points).reshape(-1, 2), np.array(plans).reshape(-1, width)


def efficient_labels(
    matrix: Matrix, values: Array, points: Array, plans: Array, columns: Sequence[int]
) -> NDArray[np.int8]:
    """Return, per column asked for, 1 in every efficient plan, -1 in none, 0 in some.

    Over all efficient plans, also those that share a point. A column that the plans
    known treat alike is asked about once: is there a plan as good as some point that
    treats it the other way?
    """
    in_some = plans.max(axis=0, initial=0.0) > WHOLE
    out_some = plans.min(axis=0, initial=1.0) < WHOLE
    for k in columns:
        for wanted in (1.0, 0.0):
            if (in_some if wanted else out_some)[k]:
                continue
            found = _at_some_point(matrix, values, points, k, wanted)
            if found is not None:
                in_some |= found > WHOLE
                out_some |= found < WHOLE
    labels = in_some.astype(np.int8) - out_some.astype(np.int8)
    asked: NDArray[np.int8] = labels[np.array(columns, dtype=np.int64)]
    return asked


def _best(
    matrix: Matrix, cost: Array, at_least: Sequence[tuple[Array, float]]
) -> Array | None:
    """Return a plan of greatest cost with values of at least so much; None if none."""
    rows = [(row, low) for row, low in at_least if np.isfinite(low)]
    return _solve(_with_rows(replace(matrix, cost=cost), rows))


def _at_some_point(
    matrix: Matrix, values: Array, points: Array, column: int, wanted: float
) -> Array | None:
    """Return a plan as good as some non-dominated point, a column given; None if none."""
    count, width = len(points), len(matrix.cost)
    lower, upper = matrix.column_lower.copy(), matrix.column_upper.copy()
    lower[column] = upper[column] = wanted
    wide = replace(
        matrix,
        names=(*matrix.names, *(f"point({i})" for i in range(count))),
        cost=np.zeros(width + count),
        column_lower=np.concatenate([lower, np.zeros(count)]),
        column_upper=np.concatenate([upper, np.ones(count)]),
        integer=np.concatenate([matrix.integer, np.ones(count, dtype=bool)]),
    )
    one = np.concatenate([np.zeros(width), np.ones(count)])
    rows = [(one, 1.0), (-one, -1.0)]
    rows += [(np.concatenate([values[:, i], -points[:, i]]), -WHOLE) for i in range(2)]
    found = _solve(_with_rows(wide, rows))
    return None if found is None else found[:width]


def _with_rows(matrix: Matrix, rows: Sequence[tuple[Array, float]]) -> Matrix:
    """Return a matrix with rows `row @ x >= low` added."""
    start, index, value = [matrix.start], [matrix.index], [matrix.value]
    for row, _low in rows:
        nonzero = np.flatnonzero(row)
        index.append(nonzero.astype(np.int32))
        value.append(row[nonzero])
        start.append(np.array([start[-1][-1] + len(nonzero)], dtype=np.int32))
    return replace(
        matrix,
        row_names=(*matrix.row_names, *(f"value({i})" for i in range(len(rows)))),
        row_lower=np.concatenate([matrix.row_lower, [low for _row, low in rows]]),
        row_upper=np.concatenate([matrix.row_upper, np.full(len(rows), np.inf)]),
        start=np.concatenate(start),
        index=np.concatenate(index),
        value=np.concatenate(value),
    )


def _solve(matrix: Matrix) -> Array | None:
    values, _bound, finished = solve_matrix(matrix, Limits(seconds=600.0, gap=0.0))
    if not finished:
        msg = "the solver did not finish"
        raise RuntimeError(msg)
    return None if values is None else np.round(values)
