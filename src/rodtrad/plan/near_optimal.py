"""Which other plans are almost as good, and clearly different?

Two plans differ by the share of outlay that they treat differently. The best plan that
differs by at least so much from every plan already shown is searched for, first with a
large difference and then with less, down to the least that counts as clear. Fewer plans
than asked for are shown when no more were found; it is said whether that is proven.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.capacity.differences import (
    difference,
    project_outlays,
    treated_apart,
)
from rodtrad.plan.beside import (
    FULL_CHOICES,
    INFINITY,
    NEAR_GAP,
    Around,
    flags_of,
    relaxed_bound,
)
from rodtrad.plan.greedy import RowCheck, do_without, grow, make_room, polish
from rodtrad.plan.milp import relative_gap
from rodtrad.plan.problem import Expression, Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.domain.arrays import Choice
    from rodtrad.plan.greedy import Flags
    from rodtrad.plan.milp import Portfolio
    from rodtrad.plan.problem import Problem

SHARE = 0.02
COUNT = 4
# Shares of outlay that differ: tried in turn, the last is the least that is clear.
DIFFERENCES = (0.2, 0.1)
# The work of each search, as `plan.milp.Limits` counts it.
WORK = 250
# How much of it a second search may use, when the first ended near a lowered bound.
PROOF_SHARE = 0.15
ROUNDING = 1e-6
# So many of the largest projects are turned the other way to begin from.
LARGEST = 12


@dataclass(frozen=True)
class NearPlan:
    """A plan almost as good as the best.

    `difference` is the share of outlay that differs from the plan, `least_difference`
    from the nearest of all plans shown.
    """

    choices: tuple[Choice, ...]
    objective: float
    difference: float
    least_difference: float


@dataclass(frozen=True)
class NearPlans:
    """Near-optimal plans, the best first.

    `share` is how much less value was accepted and `floor` the least objective that
    counts; with `floor_proven` no plan that exists
    is more than the share better. `complete` is True when it is proven that no further
    plan within the floor differs by the least clear share from all of these.
    """

    plans: tuple[NearPlan, ...]
    share: float
    floor: float
    floor_proven: bool
    least: float
    complete: bool


def differs_row(
    problem: Problem, choices: Sequence[Choice], least: float, number: int
) -> Row:
    """Return the row that holds when a plan differs by at least a share of outlay."""
    outlays = project_outlays(problem.case)
    scale = 1.0 / max(sum(outlays.values()), 1e-9)
    chosen = {choice.project_id: choice for choice in choices}
    coefficients = np.zeros(len(problem.choices))
    for k, choice in enumerate(problem.choices):
        weight = scale * outlays[choice.project_id]
        own = chosen.get(choice.project_id)
        if own is None:
            coefficients[k] = (1.0 - least) * weight
        else:
            coefficients[k] = (treated_apart(own, choice) - 1.0) * weight
    there = scale * sum(outlays[key] for key in chosen)
    index = np.flatnonzero(coefficients)
    apart = Expression.of(index, coefficients[index], (1.0 - least) * there)
    return Row(f"differs({number})", f"differs:{number}", 0, apart, 0.0, INFINITY)


def near_optimal_plans(
    problem: Problem,
    plan: Portfolio,
    share: float = SHARE,
    count: int = COUNT,
    work: int = WORK,
    seed: int = 1,
) -> NearPlans:
    """Return up to `count` plans within a share of the best that differ clearly.

    Args:
        problem: the plan's problem.
        plan: the finished plan.
        share: how much less value is accepted, of the best.
        count: how many plans at most.
        work: the work of each search; there are at most two more of them than
            plans, each followed by a short one at most.
        seed: for the solver.

    Source:
        DESIGN 5; method page docs/method/choices.md.
    """
    around = Around(problem, plan, seed)
    floor, proven = around.floor(share)
    outlays = project_outlays(problem.case)
    pool = turned_plans(around, outlays)
    shown: list[tuple[Choice, ...]] = []
    complete = False
    level = 0
    while len(shown) < count and level < len(DIFFERENCES):
        least = DIFFERENCES[level]
        rows = [
            differs_row(problem, other, least, i)
            for i, other in enumerate([around.choices, *shown])
        ]
        asked = problem.with_rows([*problem.rows, *rows])
        found, bound = _best_that_differs(around, asked, pool, floor, work)
        # Plans without any outlay meet every row of difference and still do not differ.
        if found is not None and all(
            difference(outlays, found, other) >= least - ROUNDING
            for other in [around.choices, *shown]
        ):
            shown.append(found)
            continue
        level += 1
        complete = level == len(DIFFERENCES) and bound < floor
    plans = []
    for choices in shown:
        others = [around.choices, *(other for other in shown if other != choices)]
        apart = [difference(outlays, choices, other) for other in others]
        objective = around.objective_of(choices)
        plans.append(NearPlan(choices, objective, apart[0], min(apart)))
    plans.sort(key=lambda one: (-one.objective, one.choices))
    return NearPlans(tuple(plans), share, floor, proven, DIFFERENCES[-1], complete)


def _best_that_differs(
    around: Around, asked: Problem, pool: list[Flags], floor: float, work: int
) -> tuple[tuple[Choice, ...] | None, float]:
    """Return a plan that meets the added rows and the floor, and a bound."""
    bound = relaxed_bound(asked)
    if bound < floor:
        return None, bound
    check = RowCheck(asked)
    starts = [flags for flags in pool if check.holds(flags)]
    far = _far_plan(around, check)
    if far is not None:
        starts.append(far)
    start = max(starts, key=asked.worth, default=None)
    # Half way from the floor to the plan is good enough: there the search ends.
    enough = (floor + around.objective) / 2
    if start is not None:
        by_hand = around.known(asked, start)
        large = len(asked.choices) > FULL_CHOICES
        if by_hand.objective >= (floor if large else enough):
            return by_hand.choices, bound
    gap = min(max(NEAR_GAP, relative_gap(enough, bound) or 0.0), 1.0)
    answer = around.solve(asked, start, work, gap)
    bound = min(bound, answer.bound)
    if answer.choices is None:
        return None, bound
    if answer.objective < floor <= bound and (answer.gap or 0.0) <= gap:
        begin = flags_of(asked, answer.choices)
        answer = around.solve(asked, begin, round(work * PROOF_SHARE), gap=0.0)
        bound = min(bound, answer.bound)
    if answer.choices is None:
        return None, bound
    flags = flags_of(asked, answer.choices)
    pool.append(flags)
    if answer.objective < floor or not check.holds(flags):
        return None, bound
    return answer.choices, bound


def turned_plans(around: Around, outlays: Mapping[str, float]) -> list[Flags]:
    """Return plans with one of the largest projects turned the other way, mended."""
    plans = []
    order = sorted(around.problem.by_project, key=lambda key: (-outlays[key], key))
    for key in order[:LARGEST]:
        turned = _turned(around, around.check, around.flags, key)
        if turned is not None:
            plans.append(turned)
    return plans


def _turned(
    around: Around, check: RowCheck, flags: Flags, project_id: str
) -> Flags | None:
    """Return the plan with one project the other way, mended and polished."""
    problem = check.problem
    columns = list(problem.by_project[project_id])
    if flags[columns].any():
        if problem.case.project(project_id).must_do:
            return None
        turned = do_without(check, flags, project_id)
        return None if turned is None else turned
    best: tuple[float, Flags] | None = None
    for k in sorted(columns, key=lambda k: (-problem.values[k], k))[:3]:
        made = make_room(check, flags, k)
        if made is not None and check.holds(made):
            value = problem.worth(made)
            if best is None or value > best[0]:
                best = value, made
    return None if best is None else best[1]


def _far_plan(around: Around, asked: RowCheck) -> Flags | None:
    """Return a plan that meets the rows of difference, by turning large projects.

    Time after time the project is turned that costs least value for the difference it
    makes; those turned before stay as they are.
    """
    problem = around.problem
    outlays = project_outlays(problem.case)
    order = sorted(problem.by_project, key=lambda key: (-outlays[key], key))
    rows = [row for row in asked.rows if row.requirement.startswith("differs:")]

    def lacking(flags: Flags) -> float:
        x = flags.astype(np.float64)
        return sum(max(0.0, -row.expression.value(x, {})) for row in rows)

    flags, turned = around.flags, dict(problem.forced)
    held = problem
    for _step in range(LARGEST):
        missing = lacking(flags)
        if missing <= 0:
            check = RowCheck(asked.problem)
            better = polish(check, grow(check, flags))
            return better if check.holds(better) else None
        check = RowCheck(held)
        now = problem.worth(flags)
        best: tuple[float, str, Flags] | None = None
        for key in [key for key in order if key not in turned][:LARGEST]:
            other = _turned(around, check, flags, key)
            if other is None or not check.keeps_forced(other):
                continue
            gained = missing - lacking(other)
            if gained <= 0:
                continue
            loss = now - problem.worth(other)
            rate = max(loss, 0.0) / gained
            if best is None or rate < best[0]:
                best = rate, key, other
        if best is None:
            return None
        _rate, key, flags = best
        inside = bool(flags[list(problem.by_project[key])].any())
        turned[key] = inside
        held = held.with_forced(key, inside)
    return flags if lacking(flags) <= 0 else None
