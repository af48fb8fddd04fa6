"""How does CP-SAT do on a matrix? Reads a matrix file, writes JSON: `python cpsat.py`.

A process without rodtrad: OR-tools and highspy each bring a HiGHS of their own, and
cannot be loaded together.
"""

from __future__ import annotations

import json
import math
import sys
import time
from typing import Any, Final

import numpy as np
import ortools
from ortools.sat.python import cp_model

# CP-SAT knows whole numbers only: the largest coefficient of a row that is scaled.
WHOLE: Final = 10_000_000


def solve(matrix: Any, seconds: float, gap: float, at_once: int) -> dict[str, Any]:
    """Solve with two workers; each row in whole numbers, its side made a hair looser.

    A row is scaled so that its largest coefficient is `WHOLE` and rounded; its side
    moves by the most that the rounding can add up to, so that no plan is lost: half a
    unit for each of the `at_once` columns that one plan can hold. What that may let
    through shows when the plan is run through the statements.
    """
    began = time.perf_counter()
    model = cp_model.CpModel()
    x = [
        model.new_bool_var("") if upper else model.new_constant(0)
        for upper in matrix["column_upper"]
    ]
    starts, index, values = matrix["start"], matrix["index"], matrix["value"]
    for i, (low, high) in enumerate(
        zip(matrix["row_lower"], matrix["row_upper"], strict=True)
    ):
        at = slice(int(starts[i]), int(starts[i + 1]))
        value, columns = values[at], [x[k] for k in index[at]]
        scale, loose = 1.0, 0.0
        if (value != np.round(value)).any():
            scale, loose = WHOLE / np.abs(value).max(), at_once / 2
        left = cp_model.LinearExpr.weighted_sum(
            columns, np.round(value * scale).astype(np.int64).tolist()
        )
        if np.isfinite(high):
            model.add(left <= math.floor(high * scale + loose + 1e-9))
        if np.isfinite(low):
            model.add(left >= math.ceil(low * scale - loose - 1e-9))
    worth = WHOLE / np.abs(matrix["cost"]).max()
    whole = np.round(matrix["cost"] * worth).astype(np.int64).tolist()
    model.maximize(cp_model.LinearExpr.weighted_sum(x, whole))
    build = time.perf_counter() - began
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 2
    solver.parameters.relative_gap_limit = gap
    points: list[tuple[float, float | None, float]] = []
    began = time.perf_counter()

    class Watch(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            now = time.perf_counter() - began
            bound = self.best_objective_bound / worth
            points.append((now, self.objective_value / worth, bound))

    def bounded(bound: float) -> None:
        points.append((time.perf_counter() - began, None, bound / worth))

    solver.best_bound_callback = bounded
    status = solver.solve(model, Watch())
    took = time.perf_counter() - began
    picked = None
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        best = solver.objective_value / worth
        points.append((took, best, solver.best_objective_bound / worth))
        picked = [k for k, one in enumerate(x) if solver.value(one)]
    return {
        "version": ortools.__version__,
        "status": solver.status_name(status),
        "seconds": took,
        "build_seconds": build,
        "points": points,
        "picked": picked,
    }


if __name__ == "__main__":
    with np.load(sys.argv[1]) as stored:
        told = solve(
            stored, float(sys.argv[2]), float(sys.argv[3]), int(stored["at_once"])
        )
    json.dump(told, sys.stdout)
