"""A bound proven before something became dearer still holds, and only then."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from oracle import instances
from oracle.test_milp_enumeration import evaluate_all, tolerance

from rodtrad.domain.arrays import build_case
from rodtrad.domain.components import build_tables
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.matrix import build_matrix, is_harder
from rodtrad.plan.milp import Limits, solve_problem

if TYPE_CHECKING:
    from rodtrad.plan.problem import Problem

EXACT = Limits(seconds=60.0, gap=0.0)


def problem_of(data: dict[str, Any]) -> Problem:
    return build_problem(build_case(build_tables(data)))


def changed(data: dict[str, Any], row: int, factor: float) -> dict[str, Any]:
    outlays = [dict(one) for one in data["outlays"]]
    outlays[row]["outlay"] = outlays[row]["outlay"] * factor
    return {**data, "outlays": outlays}


@pytest.mark.parametrize("family", instances.FAMILIES)
def test_a_harder_problem_has_no_better_plan(family: str) -> None:
    """Whatever the change: what is called harder is, by every plan there is."""
    said = 0
    for seed in range(4):
        data = instances.random_data(seed, family)
        before = evaluate_all(data).best
        for row, factor in ((0, 1.2), (1, 0.8)):
            other = changed(data, row % len(data["outlays"]), factor)
            after = evaluate_all(other).best
            one, two = (build_matrix(problem_of(d)) for d in (other, data))
            if is_harder(one, two):
                said += 1
                assert after is None or before is not None
                if after is not None and before is not None:
                    assert after <= before + tolerance(before)
    # The opposite changes cannot both be harder, so not everything was said to be.
    assert said <= 4 * 2


def test_a_dearer_project_makes_the_problem_harder_and_a_cheaper_one_does_not() -> None:
    said: list[bool] = []
    for seed in range(10):
        data = instances.random_data(seed, instances.FAMILIES[0])
        matrix = build_matrix(problem_of(data))
        assert is_harder(matrix, matrix)
        dearer = build_matrix(problem_of(changed(data, 0, 1.3)))
        if np.array_equal(dearer.value, matrix.value):
            continue  # nothing in the rows speaks of this project
        assert not is_harder(matrix, dearer)
        said.append(is_harder(dearer, matrix))
    assert said.count(True) > len(said) / 2


def test_the_earlier_bound_is_used_where_it_holds_and_nowhere_else() -> None:
    data = instances.random_data(3, instances.FAMILIES[0])
    problem = problem_of(data)
    proven = solve_problem(problem, EXACT)
    assert proven.choices is not None
    assert proven.bound is not None
    quick = Limits(work=1, gap=0.0)
    same = solve_problem(
        problem, quick, start=proven.choices, rounds=0, earlier=(problem, proven.bound)
    )
    assert same.bound == proven.bound
    matrix = build_matrix(problem)
    assert not is_harder(replace(matrix, cost=matrix.cost + 1.0), matrix)
    assert not is_harder(replace(matrix, row_upper=matrix.row_upper + 1.0), matrix)
    assert not is_harder(replace(matrix, names=matrix.names[::-1]), matrix)


def test_a_bound_on_a_harder_problem_is_not_used() -> None:
    """Everything costs four times as much: fewer plans, and a lower bound."""
    used = 0
    for seed in range(6):
        data = instances.random_data(seed, instances.FAMILIES[0])
        dear = data
        for row in range(len(data["outlays"])):
            dear = changed(dear, row, 4.0)
        before = solve_problem(problem_of(dear), EXACT)
        alone = solve_problem(problem_of(data), EXACT)
        if before.bound is None or alone.objective is None:
            continue
        after = solve_problem(
            problem_of(data), EXACT, earlier=(problem_of(dear), before.bound)
        )
        assert after.objective == alone.objective
        used += before.bound < alone.objective - tolerance(alone.objective)
    assert used
