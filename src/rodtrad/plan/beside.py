"""How is the neighbourhood of a finished plan searched? One place, by counted work.

Near-optimal plans, start windows, the reserve list and the replan all ask for the best
plan under some further condition, close to a plan that is known. `Around` mends a plan
that a condition breaks, improves it by freeing a part of the projects at a time, and
asks the solver for a bound. Nothing here looks at the clock, so the same input gives
the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.plan.greedy import RowCheck, grow, polish, take_out
from rodtrad.plan.matrix import build_matrix
from rodtrad.plan.milp import Limits, LinearBounds, relative_gap, solve_problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.domain.arrays import Choice
    from rodtrad.plan.greedy import Flags
    from rodtrad.plan.milp import Portfolio
    from rodtrad.plan.problem import Problem

INFINITY = float("inf")
# Work alone stops these searches; a solver that hangs is stopped all the same.
NEVER_SECONDS = 600.0
# Steps cost more in a large problem: with more choices than this the work shrinks in
# proportion, and where less than the least is left only the relaxation is asked.
FULL_CHOICES = 700
LEAST_WORK = 20
# A search ends when it is as near its bound as this.
NEAR_GAP = 1e-3


@dataclass(frozen=True)
class Answer:
    """The best plan found under a condition, and the most that any could give.

    `choices` is None when none was found; `impossible` when it is proven that there
    is none. `bound` is infinite where nothing is known.
    """

    choices: tuple[Choice, ...] | None
    objective: float
    bound: float
    impossible: bool = False

    @property
    def gap(self) -> float | None:
        """How much better another could be, of the plan's value; None if unknown."""
        if self.choices is None or np.isinf(self.bound):
            return None
        return relative_gap(self.objective, self.bound)


NOTHING = Answer(None, -INFINITY, INFINITY)
IMPOSSIBLE = Answer(None, -INFINITY, -INFINITY, impossible=True)


class Around:
    """Searches around one plan, each within the work it is given."""

    def __init__(self, problem: Problem, plan: Portfolio, seed: int = 1) -> None:
        """Hold the plan.

        Raises:
            ValueError: the portfolio holds no plan.
        """
        if plan.choices is None or plan.objective is None:
            msg = "there is no plan to search around"
            raise ValueError(msg)
        self.problem = problem
        self.choices = plan.choices
        self.objective = plan.objective
        self.bound = INFINITY if plan.bound is None else plan.bound
        self.check = RowCheck(problem)
        self.flags: Flags = self.check.chosen(plan.choices)
        self._seed = seed
        self._worth: dict[tuple[Choice, ...], float] = {}

    def floor(self, share: float) -> tuple[float, bool]:
        """Return the least objective within a share of the best, and if it is proven.

        Proven: measured from the bound, so that no plan that exists is more than the
        share better. Where the plan itself is not proven so good, from the plan.
        """
        safe = self.bound - share * abs(self.bound)
        if safe <= self.objective:
            return safe, True
        return self.objective - share * abs(self.objective), False

    def objective_of(self, choices: tuple[Choice, ...]) -> float:
        """Return value minus the price of missed aims, of a plan of the problem."""
        if choices not in self._worth:
            plan = evaluate_plan(self.problem.case, choices)
            self._worth[choices] = plan.objective
        return self._worth[choices]

    def worth(self, flags: Flags, floor: float) -> float | None:
        """Return the objective of a plan of the problem if it reaches the floor."""
        if float(self.problem.values[flags].sum()) < floor:
            return None  # missed aims only make it less
        objective = self.problem.worth(flags)
        return objective if objective >= floor else None

    def solve(
        self,
        problem: Problem,
        start: Flags | None,
        work: int,
        gap: float = NEAR_GAP,
    ) -> Answer:
        """Return the best plan found within some work, and a bound.

        Args:
            problem: the plan's problem with conditions, or another of the same columns.
            start: a plan of it to begin from; None to look for one.
            work: when to stop, counted as `plan.milp.Limits` does; less with more than
                `FULL_CHOICES`, and with too little only the relaxation is asked.
            gap: how near its bound the search may end.
        """
        work = round(work * min(1.0, FULL_CHOICES / max(len(problem.choices), 1)))
        if work < LEAST_WORK:
            known = NOTHING if start is None else self.known(problem, start)
            return replace(known, bound=relaxed_bound(problem))
        begin = None if start is None else _choices(problem, start)
        limits = Limits(NEVER_SECONDS, work, gap, self._seed, light=True)
        found = solve_problem(problem, limits, start=begin, rounds=1)
        if found.stopped == "infeasible":
            return IMPOSSIBLE
        bound = INFINITY if found.bound is None else found.bound
        if found.choices is None or found.objective is None:
            return replace(NOTHING, bound=bound)
        return Answer(found.choices, found.objective, bound)

    def known(self, problem: Problem, flags: Flags) -> Answer:
        """Return a plan as an answer of which no bound is known."""
        choices = _choices(problem, flags)
        if problem.case is self.problem.case:
            return Answer(choices, self.objective_of(choices), INFINITY)
        objective = evaluate_plan(problem.case, choices).objective
        return Answer(choices, objective, INFINITY)


def _choices(problem: Problem, flags: Flags) -> tuple[Choice, ...]:
    return tuple(sorted(problem.choices[k] for k in np.flatnonzero(flags)))


def flags_of(problem: Problem, choices: Sequence[Choice]) -> Flags:
    """Return choices as flags over the columns; what is no column is left out."""
    chosen = set(choices)
    return np.array([choice in chosen for choice in problem.choices], dtype=bool)


def relaxed_bound(problem: Problem) -> float:
    """Return the most that any plan can give by the relaxation; minus infinity if none."""
    bound = LinearBounds(build_matrix(problem)).solve().bound
    return -INFINITY if bound is None else bound


def mend(check: RowCheck, flags: Flags) -> Flags | None:
    """Return a plan near one that breaks some rows, or None if none was found by hand.

    Projects leave one by one, the one that loses least value for the room it gives
    first. Then they come back as they can: unchanged, else later or in another way.
    Projects that must be done stay as they are.
    """
    problem = check.problem
    standing = check.standing(flags)
    must = np.array([p.must_do for p in problem.case.projects], dtype=bool)
    if not take_out(standing, must):
        return None
    for k in np.flatnonzero(flags & ~standing.chosen).tolist():
        if standing.fits([k])[0]:
            standing.add(k)
    mended = polish(check, grow(check, standing.chosen))
    return mended if check.holds(mended) else None
