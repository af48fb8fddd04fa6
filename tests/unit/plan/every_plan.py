"""All plans of a small underlag, so that what is claimed beside a plan can be tried."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from oracle.instances import random_data
from oracle.test_milp_enumeration import evaluate_all

from rodtrad.domain.arrays import Choice, build_case
from rodtrad.domain.components import build_tables
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.milp import Limits, solve_problem

if TYPE_CHECKING:
    from rodtrad.domain.arrays import Case
    from rodtrad.plan.milp import Portfolio
    from rodtrad.plan.problem import Problem

FAMILIES = (
    "lan_inv",
    "res_andel_average",
    "sfg",
    "aim_lan_inv",
    "requires",
    "resources",
    "must_do",
    "together",
)
SEEDS = range(2)
INSTANCES = [(family, seed) for family in FAMILIES for seed in SEEDS]


@dataclass(frozen=True)
class Small:
    """A small underlag with its proven plan and every plan that holds, best first.

    `possible` are plans that keep windows and relations but may break goals.
    """

    case: Case
    problem: Problem
    plan: Portfolio
    every: tuple[tuple[tuple[Choice, ...], float], ...]
    possible: tuple[tuple[Choice, ...], ...]

    @property
    def best(self) -> float:
        """The best objective there is."""
        return self.every[0][1]


@cache
def small(family: str, seed: int) -> Small | None:
    """Return an instance solved to proof, or None if no plan holds."""
    data = random_data(seed, family)
    outcome = evaluate_all(data)
    if outcome.best is None:
        return None

    def choices(row: int) -> tuple[Choice, ...]:
        return tuple(sorted(Choice(*pick[:3]) for pick in outcome.plans.picks(row)))

    rows = np.flatnonzero(outcome.holds)
    rows = rows[np.argsort(-outcome.objective[rows], kind="stable")]
    case = build_case(build_tables(data))
    problem = build_problem(case)
    plan = solve_problem(problem, Limits(gap=0.0))
    assert plan.objective is not None
    assert abs(plan.objective - outcome.objective[rows[0]]) <= tolerance(plan.objective)
    return Small(
        case,
        problem,
        plan,
        tuple((choices(int(i)), float(outcome.objective[i])) for i in rows),
        tuple(choices(i) for i in range(0, len(outcome.plans.index), 7)),
    )


def tolerance(value: float) -> float:
    """How far two ways of reckoning an objective may differ."""
    return 1e-6 * max(1.0, abs(value))
