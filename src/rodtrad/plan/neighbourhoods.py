"""How does a good plan become a better one in little time? Part of it is solved anew.

The relaxation prices every column. From the prices a first plan is put together; then
the projects of a few years, with the best of those left out, are set free while the
rest of the plan stands, and that small problem is solved by itself. Two such parts are
tried at a time, one per core, from the same plan, so the result does not depend on
which is done first. Nothing here proves anything: every plan is checked by its rows.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.plan.greedy import RowCheck
from rodtrad.plan.matrix import part_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array
    from rodtrad.plan.matrix import Matrix
    from rodtrad.plan.milp import LinearAnswer
    from rodtrad.plan.problem import Problem

    Flags = NDArray[np.bool_]
    Numbers = NDArray[np.int64]
    Search = Callable[[Matrix, Array], tuple[Array | None, bool]]

# How many projects are set free at first, as a share of all and at most; later at
# least and at most so many.
FIRST_SHARE = 1 / 6
LEAST_SIZE = 16
FIRST_MOST = 100
MOST_SIZE = 250
GROWTH = 1.3
# The share of them that the plan holds; the others are the best of those left out.
HELD = 2 / 3
# A column this much worse than the prices, in typical projects, is not set free.
WIDTH = 0.1
# The first search takes in the best-priced columns: so many for each that the
# relaxation takes, and at least so many.
KERNEL_SHARE = 2.5
KERNEL_LEAST = 1000
# Years are visited in an order that spreads them evenly.
GOLDEN = 0.618033988749895
SMALL = 1e-7
# Batches without a gain before the search ends, and batches in all.
PATIENCE = 5
BATCHES = 40
# A small problem is soon searched whole, so only a few parts are tried first.
FEW_BATCHES = 4
# A gain smaller than this share of the plan does not count.
LEAST_GAIN = 2e-5


@dataclass(frozen=True)
class Prices:
    """What the relaxation says of each column.

    `bound` is the most any plan can give, `shares` how much of each column the
    relaxation takes, `reduced` what a whole column changes the bound by (`[column]`,
    not positive where the relaxation leaves it out).
    """

    bound: float
    shares: Array
    reduced: Array

    def typical(self) -> float:
        """Return the value of a typical chosen project."""
        return abs(self.bound) / max(float(self.shares.sum()), 1.0)


def price_columns(matrix: Matrix, answer: LinearAnswer, count: int) -> Prices:
    """Return the prices of the first `count` columns from the relaxation's answer.

    Raises:
        ValueError: the relaxation has no answer.
    """
    if answer.bound is None or not np.isfinite(answer.bound):
        msg = "the relaxation has no answer"
        raise ValueError(msg)
    row = np.repeat(np.arange(len(matrix.row_lower)), np.diff(matrix.start))
    paid = np.bincount(
        matrix.index, matrix.value * answer.duals[row], minlength=len(matrix.cost)
    )
    reduced = matrix.cost - paid
    return Prices(answer.bound, answer.values[:count], reduced[:count])


def unable_columns(prices: Prices, objective: float) -> Flags:
    """Return the columns that no plan better than `objective` holds.

    A plan with the column is worth at most the bound plus its reduced value.

    Source:
        Reduced-cost fixing, as in any textbook of integer programming.
    """
    slack = 1e-6 * max(1.0, abs(prices.bound))
    unable: Flags = prices.bound + prices.reduced < objective - slack
    return unable


class Neighbourhoods:
    """A plan and the search around it.

    `search` solves a matrix from a start and returns values, or None, and whether it
    was finished; it must be safe to call from two threads at once.
    """

    def __init__(
        self, problem: Problem, matrix: Matrix, prices: Prices, search: Search
    ) -> None:
        """Gather what is known of each project."""
        self.problem, self.matrix, self.prices = problem, matrix, prices
        self.check = RowCheck(problem)
        self._search = search
        self._count = len(problem.choices)
        self._start = np.array([choice.start_year for choice in problem.choices])
        self._owner = problem.project_of
        projects = len(problem.by_project)
        self._live = matrix.column_upper[: self._count] > 0
        self._promise = np.full(projects, -np.inf)
        np.maximum.at(
            self._promise, self._owner[self._live], prices.reduced[self._live]
        )
        self._partners = _partners(problem)

    def improve(
        self,
        values: Array,
        enough: Callable[[float], bool],
        late: Callable[[], bool],
        fresh: bool = True,
    ) -> Iterator[Array]:
        """Yield better and better plans, as values of all columns and variables.

        Args:
            values: the plan to begin from.
            enough: whether an objective is good enough to stop.
            late: whether the time is out.
            fresh: whether the plan was just put together; the best-priced columns
                are then searched first, and larger parts. A plan that was good before
                something small changed is mended by small parts.
        """
        large = self._live.sum() > KERNEL_LEAST
        if large and fresh:
            whole, _done = self._solve(self._kernel(values), values)
            first = self._best_of(values, float(self.matrix.cost @ values), [whole])
            if first is not None:
                values = first
                yield values
        best = float(self.matrix.cost @ values)
        share = len(self._promise) * FIRST_SHARE if fresh else 0.0
        size = min(max(share, LEAST_SIZE), FIRST_MOST)
        idle, turn = 0, 0
        years = np.unique(self._start)
        with ThreadPoolExecutor(2) as pool:
            for _batch in range(BATCHES if large else FEW_BATCHES):
                if idle >= PATIENCE or enough(best) or late():
                    return
                parts = []
                for _core in range(2):
                    at = years[0] + (turn * GOLDEN % 1.0) * (years[-1] - years[0] + 1)
                    parts.append(self._free(values, float(at), round(size)))
                    turn += 1
                answers = list(pool.map(lambda f, v=values: self._solve(f, v), parts))
                better = self._best_of(values, best, [new for new, _done in answers])
                if better is not None:
                    gain = float(self.matrix.cost @ better) - best
                    idle = 0 if gain > LEAST_GAIN * abs(best) else idle + 1
                    values, best = better, best + gain
                    yield values
                else:
                    idle += 1
                done = sum(finished for _new, finished in answers)
                factor = GROWTH if done == 2 else 1.0 if done else 1 / GROWTH
                size = min(max(size * factor, LEAST_SIZE), MOST_SIZE)

    def _kernel(self, values: Array) -> Flags:
        """Return the columns that the relaxation takes or nearly takes."""
        free = np.ones(len(self.matrix.cost), dtype=bool)
        taken = int((self.prices.shares > SMALL).sum())
        most = max(KERNEL_LEAST, round(KERNEL_SHARE * taken))
        order = np.argsort(-self.prices.reduced, kind="stable")
        free[: self._count] = values[: self._count] > 0.5
        free[order[self._live[order]][:most]] = True
        return free

    def _free(self, values: Array, year: float, size: int) -> Flags:
        """Return the columns set free around a year, variables included."""
        chosen = values[: self._count] > 0.5
        held = np.full(len(self._promise), np.inf)
        held[self._owner[chosen]] = np.abs(self._start[chosen] - year)
        inside = np.isfinite(held)
        near = np.argsort(held, kind="stable")[: min(int(size * HELD), inside.sum())]
        outside = np.flatnonzero(~inside)
        order = np.argsort(-self._promise[outside], kind="stable")
        picked = np.zeros(len(held), dtype=bool)
        picked[near] = True
        picked[outside[order[: size - len(near)]]] = True
        for one, other in self._partners:
            if picked[one] or picked[other]:
                picked[[one, other]] = True
        width = min(
            WIDTH * self.prices.typical(),
            self.prices.bound - float(self.matrix.cost @ values),
        )
        free = np.ones(len(self.matrix.cost), dtype=bool)
        free[: self._count] = (
            picked[self._owner]
            & self._live
            & ((self.prices.reduced >= -width) | chosen)
        )
        return free

    def _solve(self, free: Flags, values: Array) -> tuple[Array | None, bool]:
        part, columns = part_of(self.matrix, free, values)
        found, done = self._search(part, values[columns])
        if found is None:
            return None, done
        new = values.copy()
        new[columns] = found
        new[self.matrix.integer] = np.round(new[self.matrix.integer])
        return new, done

    def _best_of(
        self, values: Array, best: float, answers: Sequence[Array | None]
    ) -> Array | None:
        """Return the best plan found, both changes at once if they go together."""
        found: list[Array] = [new for new in answers if new is not None]
        tried = list(found)
        if len(found) == 2 and not self._others():
            one, two = (self._owner[new != values] for new in found)
            if not np.isin(one, two).any():
                tried.append(np.where(found[0] != values, found[0], found[1]))
        tried.sort(key=lambda new: -float(self.matrix.cost @ new))
        for new in tried:
            if float(self.matrix.cost @ new) <= best + 1e-9 * max(1.0, abs(best)):
                return None
            if self.check.holds(new[: self._count] > 0.5):
                return new
        return None

    def _others(self) -> bool:
        """Whether there are variables beside the choices."""
        return len(self.matrix.cost) > self._count


def _partners(problem: Problem) -> list[tuple[int, int]]:
    """Return the pairs of projects that stand in a relation."""
    number = {key: i for i, key in enumerate(problem.by_project)}
    return [
        (number[relation.project_id], number[relation.other_id])
        for relation in problem.case.relations
    ]


def priced_plan(
    problem: Problem, matrix: Matrix, prices: Prices, check: RowCheck
) -> Flags:
    """Return a plan put together by price: what the relaxation likes best comes first.

    Must-dos before all else. A row that is broken may be mended but not made worse,
    so the plan may still break rows at the end; `check.holds` tells.
    """
    count = len(problem.choices)
    owner = problem.project_of
    must = np.array([project.must_do for project in problem.case.projects])
    keys = {p.project_id: i for i, p in enumerate(problem.case.projects)}
    first = must[[keys[key] for key in problem.by_project]][owner]
    score = prices.reduced + np.where(prices.shares > 0.99, prices.typical(), 0.0)
    live = (matrix.column_upper[:count] > 0) & (
        first | (prices.reduced > -2 * prices.typical())
    )
    order = np.lexsort((-score, ~first))
    order = order[live[order]]
    standing = check.standing(np.zeros(count, dtype=bool))
    closed = np.zeros(len(problem.by_project), dtype=bool)
    for key, included in problem.forced.items():
        closed[list(problem.by_project).index(key)] = not included
    for _turn in range(2):
        at, size = 0, 32
        while at < len(order):
            some = order[at : at + size]
            tried = some[~closed[owner[some]]]
            fits = standing.worsens_nothing(tried)
            if not fits.any():
                at, size = at + size, 2 * size
                continue
            hit = int(np.argmax(fits))
            column = int(tried[hit])
            standing.add(column)
            closed[owner[column]] = True
            at += int(np.flatnonzero(some == column)[0]) + 1
            size = 32
    return standing.chosen
