"""What comes next if there is more room, and what goes first if there is less?

Room is scaled from the plan's own net outlays, year by year (`capacity.headroom`'s
`with_room`). At each level two plans are sought: the best one, and the best one that is
nested, which keeps all that came in before when room grows and takes nothing new in
when room shrinks. The nested plans are the reserve list; the difference is its price.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.capacity.evaluate import plan_totals
from rodtrad.capacity.headroom import with_room
from rodtrad.plan.beside import Answer, Around, flags_of, mend
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.greedy import RowCheck, grow, polish

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.domain.arrays import Array, Choice
    from rodtrad.plan.greedy import Flags
    from rodtrad.plan.milp import Portfolio
    from rodtrad.plan.problem import Problem

LEVELS = (-0.2, -0.1, -0.05, 0.05, 0.1, 0.2)
# The work of each search, as `plan.milp.Limits` counts it; two for each level.
WORK = 200
# Nor is a plan sought that is nearer its bound than this.
GAP = 0.01


@dataclass(frozen=True)
class ReserveLevel:
    """One level of room. `level` is the share of the plan's net outlays, signed.

    `room_tkr` is `[year]`. `free` is the best plan found at this room, `nested` the best
    that is nested in its neighbour towards zero; `enters` and `leaves` are the projects
    that differ between `nested` and that neighbour.
    """

    level: float
    room_tkr: Array
    free: Answer
    nested: Answer
    enters: tuple[str, ...]
    leaves: tuple[str, ...]

    @property
    def price(self) -> tuple[float, float, float] | None:
        """What nesting costs, points: at least, as found, at most; None if unknown."""
        if self.free.choices is None or self.nested.choices is None:
            return None
        low = max(0.0, self.free.objective - self.nested.bound)
        as_found = max(0.0, self.free.objective - self.nested.objective)
        return low, as_found, max(as_found, self.free.bound - self.nested.objective)


@dataclass(frozen=True)
class Reserve:
    """The reserve list: levels from least to most room, and the order in and out.

    `order_in` and `order_out` hold project and the level at which it comes in or
    leaves, first things first.
    """

    levels: tuple[ReserveLevel, ...]
    order_in: tuple[tuple[str, float], ...]
    order_out: tuple[tuple[str, float], ...]


def reserve_list(
    problem: Problem,
    plan: Portfolio,
    levels: Sequence[float] = LEVELS,
    work: int = WORK,
    seed: int = 1,
) -> Reserve:
    """Return what comes in and what leaves when room grows and shrinks.

    Source:
        DESIGN 5; method page docs/method/choices.md.
    """
    around = Around(problem, plan, seed)
    totals = plan_totals(problem.case, around.choices)
    spent = (totals.outlay - totals.income)[:, 0]
    found: list[ReserveLevel] = []
    for side in (1, -1):
        before = around.choices
        for level in sorted((x for x in levels if x * side > 0), key=abs):
            one = _level(around, before, level, spent, work)
            found.append(one)
            if one.nested.choices is None:
                break
            before = one.nested.choices
    found.sort(key=lambda one: one.level)
    rising = [one for one in found if one.level > 0]
    falling = [one for one in reversed(found) if one.level < 0]
    return Reserve(
        tuple(found),
        tuple((key, one.level) for one in rising for key in one.enters),
        tuple((key, one.level) for one in falling for key in one.leaves),
    )


def _level(
    around: Around, before: Sequence[Choice], level: float, spent: Array, work: int
) -> ReserveLevel:
    """Return the best plans at one level, nested in `before` and free."""
    room = level * spent
    case = with_room(around.problem.case, room)
    free_problem = build_problem(case)
    for key, included in around.problem.forced.items():
        free_problem = free_problem.with_forced(key, included)
    inside = {choice.project_id for choice in before}
    nested_problem = free_problem
    for key in free_problem.by_project:
        if (key in inside) == (level > 0) and key not in free_problem.forced:
            nested_problem = nested_problem.with_forced(key, level > 0)
    nested = around.solve(nested_problem, _start(nested_problem, before), work, GAP)
    begin = (
        _start(free_problem, before)
        if nested.choices is None
        else flags_of(free_problem, nested.choices)
    )
    free = around.solve(free_problem, begin, work, GAP)
    after = {choice.project_id for choice in nested.choices or ()}
    if nested.choices is None:
        after = inside
    return ReserveLevel(
        level,
        room,
        free,
        nested,
        _by_worth(free_problem, nested.choices or (), after - inside),
        _by_worth(around.problem, before, inside - after)[::-1],
    )


def _start(problem: Problem, before: Sequence[Choice]) -> Flags | None:
    """Return a plan to begin from: the one before, mended and grown."""
    check = RowCheck(problem)
    flags = flags_of(problem, before)
    if check.holds(flags):
        return polish(check, grow(check, flags))
    mended = mend(check, flags)
    return mended if mended is not None and check.holds(mended) else None


def _by_worth(
    problem: Problem, choices: Sequence[Choice], keys: set[str]
) -> tuple[str, ...]:
    """Return projects, most value per krona first, as they are in a plan."""
    outlay = problem.effects[:, : len(problem.case.years)].sum(axis=1)
    rate = problem.values / np.maximum(outlay, 1.0)
    at = {choice: k for k, choice in enumerate(problem.choices)}
    ranked = sorted(
        (choice for choice in choices if choice.project_id in keys),
        key=lambda choice: (-rate[at[choice]], choice),
    )
    return tuple(choice.project_id for choice in ranked)
