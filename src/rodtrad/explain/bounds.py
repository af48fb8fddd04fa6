"""How much can a plan be worth at most, if a project is in, or out? For all at once.

Every solution of the relaxation bounds all projects' both answers through its
multipliers. Cuts, a solution of its own for each project, and a search tree shared by
all press the bounds down. No plan passes any of them.
"""

from __future__ import annotations

import heapq
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rodtrad.plan.constraints import INFINITY
from rodtrad.plan.covers import cut_matrix, find_cuts
from rodtrad.plan.matrix import build_matrix
from rodtrad.plan.milp import LinearBounds
from rodtrad.plan.multipliers import Bounds, Dual

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array
    from rodtrad.plan.milp import LinearAnswer
    from rodtrad.plan.multipliers import Branch, RowCut
    from rodtrad.plan.problem import Problem

    Flags = NDArray[np.bool_]

# With more choices than this a round of cuts costs more than it gives.
CUT_CHOICES = 500
CUT_ROUNDS = 4
FRACTION = 1e-6


class Node(NamedTuple):
    """A part of the tree: what it allows, and its bounds without and with a project."""

    allowed: Flags
    must: Flags
    answer: LinearAnswer
    without: Array
    having: Array


class Multipliers(NamedTuple):
    """Multipliers on the problem's own rows, by the rows' names."""

    rows: tuple[str, ...]
    values: Array


class Relaxed:
    """Bounds on the value of plans, from the relaxation kept warm.

    `without` and `having` are `[project]`: no plan without the project, or with it, is
    worth more. `solves` counts solutions of the relaxation.
    """

    def __init__(self, problem: Problem) -> None:
        """Solve the relaxation once, with cuts where they are quick to find."""
        self.problem = problem
        self._weight = tuple(Fraction(w) for w in problem.case.weights.values())
        matrix = build_matrix(problem)
        cuts: Sequence[RowCut] = ()
        if len(problem.choices) <= CUT_CHOICES:
            cuts = find_cuts(problem, matrix, [self._weight], CUT_ROUNDS)
        self.bounds = Bounds(problem, matrix, cuts)
        self.linear = LinearBounds(cut_matrix(matrix, cuts) if cuts else matrix)
        self._plain = LinearBounds(matrix) if cuts else self.linear
        root = self._node(self.bounds.allowed, self.bounds.must)
        self._leaves = [root]
        self.without, self.having = root.without, root.having
        self.possible = root.answer.bound is not None

    @property
    def solves(self) -> int:
        """How many times the relaxation has been solved."""
        return self.linear.solves

    def most(self, project_id: str, included: bool) -> float | None:
        """Return the bound on plans with the project in, or out; None if impossible."""
        g = self.bounds.place[project_id]
        known = float((self.having if included else self.without)[g])
        return None if known == -INFINITY else known

    def top(self) -> float:
        """Return the bound on every plan; minus infinity if there is none."""
        return max((_upper(leaf) for leaf in self._leaves), default=-INFINITY)

    def tighten(
        self, project_id: str, included: bool, start_year: int | None = None
    ) -> float | None:
        """Return the bound after a solution for this question; None if impossible."""
        allowed, must = self._asked(project_id, included, start_year)
        bound = self._solve(self.linear, allowed, must).bound
        known = self.most(project_id, included)
        bound = None if known is None or bound is None else min(bound, known)
        if start_year is None:
            side = self.having if included else self.without
            side[self.bounds.place[project_id]] = -INFINITY if bound is None else bound
        return bound

    def multipliers(self, project_id: str, included: bool) -> Multipliers | None:
        """Return multipliers on the rows, cuts aside, that bound the plans asked for."""
        allowed, must = self._asked(project_id, included, None)
        answer = self._solve(self._plain, allowed, must)
        if answer.bound is None or answer.bound == INFINITY:
            return None
        dual = self._dual(answer, len(self._plain_rows))
        names = self._plain_rows
        return Multipliers(tuple(names[i] for i in dual.rows), dual.values)

    @property
    def _plain_rows(self) -> tuple[str, ...]:
        return tuple(n for n in self.bounds.row_names if not n.startswith("cut("))

    def grow(self, solves: int, late: Callable[[], bool]) -> None:
        """Part the plans in two, again and again, the greatest bound first.

        Ends after so many solutions of the relaxation, or when it is late.
        """
        # Where the relaxation gave no answer there is nothing to part.
        done = [leaf for leaf in self._leaves if _upper(leaf) == INFINITY]
        heap = [
            (-_upper(leaf), i, leaf)
            for i, leaf in enumerate(self._leaves)
            if _upper(leaf) < INFINITY
        ]
        heapq.heapify(heap)
        count, end = len(self._leaves), self.linear.solves + solves
        while heap and self.linear.solves < end and not late():
            _most, _number, node = heapq.heappop(heap)
            branch = self._branch(node)
            if branch is None:
                done.append(node)
                continue
            for taken in (False, True):
                part = self.bounds.narrowed(node.allowed, node.must, branch, taken)
                child = self._node(*part)
                if _upper(child) > -INFINITY:
                    heapq.heappush(heap, (-_upper(child), count, child))
                    count += 1
        self._leaves = done + [node for _most, _number, node in sorted(heap)]
        least = np.full(len(self.without), -INFINITY)
        for name in ("without", "having"):
            each = [getattr(leaf, name) for leaf in self._leaves]
            tree = np.max(each, axis=0, initial=-INFINITY) if each else least
            setattr(self, name, np.minimum(getattr(self, name), tree))

    def _asked(
        self, project_id: str, included: bool, start_year: int | None
    ) -> tuple[Flags, Flags]:
        """Return what is allowed, and must be, under a question."""
        bounds = self.bounds
        branch: Branch = (project_id, "in", None)
        allowed, must = bounds.narrowed(bounds.allowed, bounds.must, branch, included)
        if start_year is not None:
            own = bounds.group == bounds.place[project_id]
            allowed &= ~own | (bounds.starts == start_year)
        return allowed, must

    def _solve(self, linear: LinearBounds, allowed: Flags, must: Flags) -> LinearAnswer:
        taken = {self.bounds.projects[g] for g in np.flatnonzero(must)}
        linear.restrict(~allowed, taken)
        return linear.solve()

    def _dual(self, answer: LinearAnswer, count: int) -> Dual:
        """Return an answer's multipliers that a bound can be made from."""
        bounds = self.bounds
        y = np.where(bounds.counts[:count], answer.duals[:count], 0.0)
        y[(y > 0) & np.isinf(bounds.upper[:count])] = 0.0
        y[(y < 0) & np.isinf(bounds.lower[:count])] = 0.0
        rows = np.flatnonzero(y)
        return Dual(rows, y[rows])

    def _node(self, allowed: Flags, must: Flags) -> Node:
        """Return a part of the plans with its bounds."""
        bounds = self.bounds
        answer = self._solve(self.linear, allowed, must)
        if answer.bound is None:
            least = np.full(len(bounds.projects), -INFINITY)
            return Node(allowed, must, answer, least, least.copy())
        if answer.bound == INFINITY:
            most = np.full(len(bounds.projects), INFINITY)
            return Node(allowed, must, answer, most, most.copy())
        dual = self._dual(answer, len(bounds.row_names))
        bound = bounds.at(bounds.price(dual), self._weight)
        without, having = bound.upper_each(bounds.allowed, allowed, must)
        return Node(
            allowed,
            must,
            answer,
            np.minimum(without, answer.bound),
            np.minimum(having, answer.bound),
        )

    def _branch(self, node: Node) -> Branch | None:
        """Return what to part a node by: a project, its start or its alternative."""
        bounds = self.bounds
        count = len(bounds.choices)
        if len(node.answer.values) < count:
            return None
        x = np.where(node.allowed, node.answer.values[:count], 0.0)
        sums = np.bincount(bounds.group, x, len(bounds.projects))
        half = np.minimum(sums, 1.0 - sums)
        if half.max(initial=0.0) > FRACTION:
            return bounds.projects[int(np.argmax(half))], "in", None
        loose = np.flatnonzero((x > FRACTION) & (x < 1 - FRACTION))
        for g in dict.fromkeys(bounds.group[loose].tolist()):
            own = loose[bounds.group[loose] == g]
            years = sorted({int(bounds.starts[k]) for k in own})
            if len(years) > 1:
                return bounds.projects[g], "by", years[(len(years) - 1) // 2]
            names = sorted({bounds.choices[k].alternative_id for k in own})
            if len(names) > 1:
                return bounds.projects[g], "alternative", names[0]
        return None

    def most_in(self, bounds: Bounds, given: Multipliers, project_id: str) -> float:
        """Return the bound that multipliers give on plans with a project.

        `bounds` are of a changed problem, whatever the change: rows that are no longer
        there are left out.
        """
        place = bounds.row_place
        pairs = [
            (place[name], y)
            for name, y in zip(given.rows, given.values.tolist(), strict=True)
            if name in place
        ]
        rows = np.array([i for i, _y in pairs], dtype=np.int64)
        values = np.array([y for _i, y in pairs])
        side = np.where(values > 0, bounds.upper[rows], bounds.lower[rows])
        ok = np.isfinite(side) & bounds.counts[rows]
        priced = bounds.price(Dual(rows[ok], values[ok]))
        must = bounds.must.copy()
        must[bounds.place[project_id]] = True
        return bounds.at(priced, self._weight).upper(bounds.allowed, must)


def _upper(node: Node) -> float:
    """Return the most any plan of a node is worth."""
    bound = node.answer.bound
    return -INFINITY if bound is None else bound
