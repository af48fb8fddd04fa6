"""The search around a plan: prices, the parts set free, and what a start is worth."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from oracle.instances import FAMILIES, random_data

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.domain.arrays import build_case
from rodtrad.domain.components import build_tables
from rodtrad.plan import milp, neighbourhoods
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.greedy import RowCheck, mend
from rodtrad.plan.matrix import Matrix, build_matrix, part_of
from rodtrad.plan.milp import Limits, LinearBounds, solve_matrix, solve_problem
from rodtrad.plan.neighbourhoods import (
    price_columns,
    priced_plan,
    unable_columns,
)

if TYPE_CHECKING:
    from rodtrad.plan.problem import Problem

EXACT = Limits(seconds=60, gap=0.0)


@cache
def _forty() -> list[tuple[Problem, float]]:
    found = []
    for seed in range(400):
        data = random_data(seed, FAMILIES[seed % len(FAMILIES)])
        problem = build_problem(build_case(build_tables(data)))
        best = solve_problem(problem, EXACT)
        if best.objective is not None:
            found.append((problem, best.objective))
        if len(found) == 40:
            return found
    pytest.fail("too few problems have a plan")


def solved(count: int) -> list[tuple[Problem, float]]:
    """Small random problems, each with the objective of its best plan."""
    return _forty()[:count]


def problems(count: int) -> list[Problem]:
    """Small random problems, each with a plan."""
    return [problem for problem, _best in solved(count)]


def test_no_better_plan_holds_a_column_that_is_shut() -> None:
    shut = 0
    for problem, best in solved(40):
        matrix = build_matrix(problem)
        prices = price_columns(
            matrix, LinearBounds(matrix).solve(), len(problem.choices)
        )
        assert best <= prices.bound + 1e-6
        for k in np.flatnonzero(unable_columns(prices, best)):
            lower = matrix.column_lower.copy()
            lower[k] = 1.0
            upper = np.maximum(matrix.column_upper, lower)
            held = replace(matrix, column_lower=lower, column_upper=upper)
            values, _bound, finished = solve_matrix(held, EXACT)
            assert finished
            shut += values is not None
            if values is not None:
                assert float(matrix.cost @ values) < best + 1e-6
    assert shut > 20


def test_a_part_keeps_the_rest_of_the_plan_where_it_is() -> None:
    rng = np.random.default_rng(3)
    for problem in problems(15):
        matrix = build_matrix(problem)
        x = (rng.random(len(matrix.cost)) < 0.3).astype(float)
        free = rng.random(len(matrix.cost)) < 0.5
        part, columns = part_of(matrix, free, x)
        assert list(columns) == list(np.flatnonzero(free))
        whole = matrix.activity(x)
        held = np.flatnonzero(np.isin(np.arange(len(whole)), _rows_with(matrix, free)))
        inside = part.activity(x[columns])
        np.testing.assert_allclose(
            part.row_upper - inside, (matrix.row_upper - whole)[held], atol=1e-9
        )
        np.testing.assert_allclose(
            part.row_lower - inside, (matrix.row_lower - whole)[held], atol=1e-9
        )


def _rows_with(matrix: Matrix, free: neighbourhoods.Flags) -> list[int]:
    return [
        r
        for r in range(len(matrix.row_lower))
        if free[matrix.index[matrix.start[r] : matrix.start[r + 1]]].any()
    ]


def test_plans_from_parts_hold_and_end_at_the_best(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = solved(25)
    monkeypatch.setattr(milp, "MANY_CHOICES", 0)
    monkeypatch.setattr(neighbourhoods, "LEAST_SIZE", 3)
    monkeypatch.setattr(neighbourhoods, "KERNEL_LEAST", 4)
    for problem, best in whole:
        found = solve_problem(problem, EXACT)
        assert found.objective == pytest.approx(best, rel=1e-6)
        assert found.choices is not None
        assert not evaluate_plan(problem.case, found.choices).violations


def test_a_plan_by_prices_is_mostly_whole() -> None:
    whole, every = 0, problems(40)
    for problem in every:
        matrix, check = build_matrix(problem), RowCheck(problem)
        prices = price_columns(
            matrix, LinearBounds(matrix).solve(), len(problem.choices)
        )
        whole += check.holds(priced_plan(problem, matrix, prices, check))
    assert whole >= 0.7 * len(every)


def test_a_start_that_no_longer_holds_is_mended() -> None:
    mended = 0
    for problem in problems(40):
        check = RowCheck(problem)
        everything = np.zeros(len(problem.choices), dtype=bool)
        for columns in problem.by_project.values():
            if columns:
                everything[columns[0]] = True
        if check.holds(everything):
            continue
        plan = mend(check, everything)
        if plan is not None:
            mended += 1
            assert check.holds(plan)
        found = solve_problem(problem, EXACT, start=check.choices(everything))
        assert found.stopped == "proof"
    assert mended > 10


def test_same_input_gives_the_same_plan_from_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = problems(10)
    monkeypatch.setattr(milp, "MANY_CHOICES", 0)
    monkeypatch.setattr(neighbourhoods, "LEAST_SIZE", 3)
    limits = Limits(seconds=60, gap=0.02)
    for problem in asked:
        one, two = (solve_problem(problem, limits) for _ in range(2))
        assert one.choices == two.choices
        assert (one.bound, one.work) == (two.bound, two.work)
