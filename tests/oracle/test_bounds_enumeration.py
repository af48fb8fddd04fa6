"""Every way of pressing the bound down, on and off, against every plan there is.

Bound >= best plan by enumeration >= plan found: with the relaxation alone, with cover
cuts, with columns shut by their reduced value, with both, and from rounded multipliers
without the solver. A cut or a shut column that takes away the best plan would show.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from oracle.test_milp_enumeration import ALL_FAMILIES, evaluate_all, instance, tolerance
from rodtrad.domain.arrays import build_case
from rodtrad.domain.components import build_tables
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.covers import cut_matrix, find_cuts
from rodtrad.plan.matrix import build_matrix
from rodtrad.plan.milp import Limits, LinearBounds, solve_problem
from rodtrad.plan.multipliers import Bounds, Dual
from rodtrad.plan.neighbourhoods import price_columns, unable_columns

if TYPE_CHECKING:
    from oracle.instances import Tables
    from rodtrad.plan.matrix import Matrix
    from rodtrad.plan.problem import Problem

pytestmark = pytest.mark.oracle

SAMPLE = range(2)
MANY = range(2, 62)
ROUNDS = 5


def bounds_of(problem: Problem, known: float) -> tuple[dict[str, float], Counter[str]]:
    """Return every bound by name, and how many cuts and shut columns there were.

    `known` is the value of a plan; only columns of no better plan may be shut.
    """
    matrix = build_matrix(problem)
    count = len(problem.choices)
    total = sum(Fraction(weight) for weight in problem.case.weights.values())
    weight = tuple(Fraction(w) / total for w in problem.case.weights.values())
    cuts = find_cuts(problem, matrix, [weight], ROUNDS)
    relaxed = LinearBounds(matrix).solve()
    assert relaxed.bound is not None
    upper = matrix.column_upper.copy()
    shut = unable_columns(price_columns(matrix, relaxed, count), known)
    upper[:count][shut] = 0.0
    narrowed = replace(matrix, column_upper=upper)
    ledger = Bounds(problem, matrix)
    duals = np.where(ledger.counts, relaxed.duals, 0.0)
    duals[(duals > 0) & np.isinf(ledger.upper)] = 0.0
    duals[(duals < 0) & np.isinf(ledger.lower)] = 0.0
    dual = Dual(np.flatnonzero(duals), duals[np.flatnonzero(duals)])
    worth, size = ledger.weighted(weight)
    priced = ledger.bound(ledger.price(dual), worth, size, len(weight))
    return {
        "relaxation": relaxed.bound,
        "cuts": solved(cut_matrix(matrix, cuts)),
        "shut": solved(narrowed),
        "cuts and shut": solved(replace(cut_matrix(matrix, cuts), column_upper=upper)),
        "multipliers": priced.upper(ledger.allowed, ledger.must),
    }, Counter(cuts=len(cuts), shut=int(shut.sum()), instances=1)


def solved(matrix: Matrix) -> float:
    """Return the relaxation's bound; the best plan is always in it."""
    bound = LinearBounds(matrix).solve().bound
    assert bound is not None
    return bound


def compare(data: Tables, name: str) -> Counter[str]:
    """Assert the order of bound, best and plan; return what there was to see."""
    best = evaluate_all(data).best
    if best is None:
        return Counter()
    problem = build_problem(build_case(build_tables(data)))
    quick = solve_problem(problem, Limits(work=1, gap=0.0), rounds=0)
    assert quick.objective is not None, name
    near = tolerance(best)
    assert quick.objective <= best + near, name
    bounds, seen = bounds_of(problem, quick.objective)
    # The relaxation also chooses what is missed of `aim` goals, so its bound is known
    # only as well as the solver holds the rows.
    for kind, bound in bounds.items():
        assert bound >= best - near, f"{name}: {kind} {bound}, enumerated {best}"
        assert bound <= bounds["relaxation"] + near or kind == "multipliers", name
    seen["lower"] += bounds["cuts and shut"] < bounds["relaxation"] - near
    return seen


@pytest.mark.slow
def test_no_bound_is_below_the_best_plan() -> None:
    seen: Counter[str] = Counter()
    for family in ALL_FAMILIES:
        for seed in SAMPLE:
            seen += compare(instance(seed, family)[0], f"{family}/{seed}")
    assert seen["cuts"] > 0
    assert seen["shut"] > 0
    assert seen["lower"] > seen["instances"] / 10


@pytest.mark.long
@pytest.mark.parametrize("family", ALL_FAMILIES)
def test_no_bound_is_below_the_best_of_many(family: str) -> None:
    seen: Counter[str] = Counter()
    for seed in MANY:
        seen += compare(instance(seed, family)[0], f"{family}/{seed}")
    assert seen["instances"] > 0
