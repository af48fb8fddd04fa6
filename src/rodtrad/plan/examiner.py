"""What can be said of plans at one set of weights? Plans, multipliers, and trees.

An examiner keeps the relaxation warm and does jobs of fixed size, so that jobs can be
shared between processes. It only looks: what its findings prove is decided by
`plan.proofs`. Method page: docs/method/agreement.md.
"""

from __future__ import annotations

import heapq
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.plan.covers import cut_matrix
from rodtrad.plan.matrix import build_matrix
from rodtrad.plan.milp import Limits, LinearBounds, solve_problem
from rodtrad.plan.multipliers import Dual
from rodtrad.plan.proofs import EVENTS, TIE, Certificates, Ledger, combined
from rodtrad.plan.weights import as_floats

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array, Choice
    from rodtrad.plan.matrix import Matrix
    from rodtrad.plan.milp import LinearAnswer
    from rodtrad.plan.multipliers import Bound, Branch, RowCut
    from rodtrad.plan.problem import Problem
    from rodtrad.plan.proofs import Each
    from rodtrad.plan.weights import Weight

    Flags = NDArray[np.bool_]

# A pair: event, project, and what the opposite would be (True: the event happens).
Pair = tuple[str, str, bool]

DIGITS = 7
FRACTION = 1e-6
CANDIDATES = 4
PROOF_GAP = 1e-7
# A solve of the relaxation counts as one step of work per so many coefficients.
SOLVE_SIZE = 10_000


def below(value: float) -> float:
    """Return what a bound must come below to prove that a value is better."""
    return value - 4 * TIE * max(1.0, abs(value))


@dataclass(frozen=True)
class Leaf:
    """A dual vector as the leaf of a tree that is being found.

    None where one plan at most is left.
    """

    dual: Dual | None


Growing = Leaf | tuple["Branch", "Growing", "Growing", Leaf | None]


@dataclass(frozen=True)
class Search:
    """How hard to look for a plan: where to begin, limits and rounds of the solver."""

    limits: Limits
    start: tuple[Choice, ...] | None
    rounds: int


@dataclass(frozen=True)
class Job:
    """What to do at a weight: relax, search for a plan, bound pairs, grow the tree.

    `floor` is what a bound must come below for a proof. With `solves` above zero the
    tree (a new one if None) is grown by about so many solves, for the pairs; `levels`,
    if given, are what each pair's bound must come below instead of the floor.
    """

    point: int
    weight: Weight
    relax: bool = False
    search: Search | None = None
    pairs: tuple[Pair, ...] = ()
    levels: tuple[float, ...] = ()
    floor: float = -math.inf
    tree: Growing | None = None
    solves: int = 0
    seconds: float | None = None


@dataclass(frozen=True)
class Found:
    """What a job found: plans, a tree that bounds every plan, bounds on pairs, work.

    `each` is what the tree bounds by event: plans without it and with it, `[project]`.
    `finished` is whether the tree leaves nothing more to ask, `best` whether the search
    ended with a plan as good as any.
    """

    point: int
    plans: tuple[tuple[Choice, ...], ...]
    top: Growing | None
    each: Each
    bounds: tuple[tuple[Pair, Growing], ...]
    work: int
    late: bool
    finished: bool
    best: bool
    for_cell: bool


class Twig:
    """A leaf of a tree that is being grown, with what is known of its plans."""

    def __init__(
        self,
        upper: float,
        leaf: Leaf,
        allowed: Flags,
        must: Flags,
        answer: LinearAnswer | None = None,
    ) -> None:
        """Keep the parts; what it bounds by project is worked out when asked for."""
        self.upper, self.leaf = upper, leaf
        self.allowed, self.must = allowed, must
        self.answer = answer
        self.each: Each | None = None
        self.bound: Bound | None = None
        self.stuck = leaf.dual is None
        self.branch: Branch | None = None
        self.below: tuple[Twig, Twig] | None = None

    def tree(self) -> Growing:
        """Return what has grown here."""
        if self.branch is None or self.below is None:
            return self.leaf
        return self.branch, self.below[0].tree(), self.below[1].tree(), self.leaf


class Examiner:
    """Finds plans and dual vectors at a weight, with the relaxation kept warm."""

    def __init__(
        self, problem: Problem, last_start: int, cuts: Sequence[RowCut] = ()
    ) -> None:
        """Load the problem once; `last_start` ends the event `in_mandate`."""
        self.problem = problem
        self.matrix: Matrix = build_matrix(problem)
        certificates = Certificates(last_start, cuts=list(cuts))
        self._ledger = Ledger(problem, self.matrix, certificates)
        self.bounds = self._ledger.bounds
        self.linear = LinearBounds(cut_matrix(self.matrix, cuts))
        self.last_start = last_start
        self._events = {name: self._ledger.event(name) for name in EVENTS}
        self._count = len(problem.choices)
        self._price = max(1, round(len(self.matrix.index) / SOLVE_SIZE))
        self._deadline: float | None = None
        self._plans: list[tuple[Choice, ...]] = []
        self._values: list[tuple[float, dict[str, Flags]]] = []
        self._floor = -math.inf

    def run(self, job: Job) -> Found:
        """Do a job."""
        before = self.linear.solves
        self._deadline = (
            None if job.seconds is None else time.perf_counter() + job.seconds
        )
        self._at(job.weight)
        cost = np.concatenate([self._worth, self.matrix.cost[self._count :]])
        self.linear.set_cost(cost)
        self._plans, self._values = [], []
        self._floor = job.floor
        top: Growing | None = None
        each: Each = {}
        finished = best = False
        work = 0
        if job.search is not None:
            best, work = self._look(job.search)
        if job.relax or job.solves:
            root, finished = self._grow(job)
            top, each = root.tree(), self._gather(root)
        found: list[tuple[Pair, Growing]] = []
        late = self._late()
        if not job.solves:
            for pair in job.pairs:
                late = self._late()
                if late:
                    break
                found.append((pair, self._bound(pair)))
        return Found(
            job.point,
            tuple(self._plans),
            top,
            each,
            tuple(found),
            work + self._price * (self.linear.solves - before),
            late,
            finished,
            best,
            bool(job.levels),
        )

    def _at(self, weight: Weight) -> None:
        """Go to a weight."""
        self._shares = np.array(as_floats(weight))
        self._worth, self._size = self.bounds.weighted(weight)
        self._steps = len(weight)

    def _look(self, search: Search) -> tuple[bool, int]:
        """Search for a plan; return whether it is as good as any, and the work."""
        problem = self.problem.with_weights(self._shares)
        plan = solve_problem(
            problem, search.limits, start=search.start, rounds=search.rounds
        )
        if plan.choices is not None:
            self._keep(plan.choices)
        return plan.stopped in ("proof", "infeasible"), plan.work

    def _keep(self, choices: Sequence[Choice]) -> float | None:
        """Keep a plan if it is one; return what it is worth at least."""
        plan = self._ledger.weigh(choices)
        if plan is None:
            return None
        value = plan.value(self._shares)
        self._plans.append(plan.choices)
        columns = np.array(plan.columns, dtype=np.int64)
        has = {}
        for name, event in self._events.items():
            has[name] = np.zeros(len(self.bounds.projects), dtype=bool)
            has[name][self.bounds.group[columns[event[columns]]]] = True
        self._values.append((value, has))
        self._floor = max(self._floor, below(value))
        return value

    def _late(self) -> bool:
        return self._deadline is not None and time.perf_counter() > self._deadline

    def branch(self, pair: Pair) -> Branch:
        """Return a pair's event as a branch."""
        event, project_id, _happens = pair
        if event == "in_plan":
            return project_id, "in", None
        return project_id, "by", self.last_start

    def _solve(self, allowed: Flags, must: Flags) -> LinearAnswer:
        taken = {self.bounds.projects[g] for g in np.flatnonzero(must)}
        self.linear.restrict(~allowed, taken)
        return self.linear.solve()

    def _bound(self, pair: Pair) -> Growing:
        """Return a dual vector that bounds the plans of a pair."""
        allowed, must = self.bounds.narrowed(
            self.bounds.allowed, self.bounds.must, self.branch(pair), pair[2]
        )
        answer = self._solve(allowed, must)
        return Leaf(self._dual(answer, self._floor, allowed, must)[0])

    def _twig(self, allowed: Flags, must: Flags) -> Twig:
        """Solve a restriction and return it as a leaf."""
        answer = self._solve(allowed, must)
        dual, bound, upper = self._dual(answer, self._floor, allowed, must)
        twig = Twig(upper, Leaf(dual), allowed, must, answer)
        twig.bound = bound
        return twig

    def _each(self, twig: Twig) -> Each:
        """Return the bounds a leaf gives on every project and event."""
        if twig.each is None:
            if twig.leaf.dual is None:
                inside = twig.allowed & twig.must[self.bounds.group]
                twig.each = {
                    name: self._ledger.split(twig.upper, inside & event)
                    for name, event in self._events.items()
                }
            else:
                bound = twig.bound or self._priced(twig.leaf.dual)
                twig.each = {
                    name: bound.upper_each(event, twig.allowed, twig.must)
                    for name, event in self._events.items()
                }
            twig.bound = None
        return twig.each

    def _priced(self, dual: Dual) -> Bound:
        return self.bounds.bound(
            self.bounds.price(dual), self._worth, self._size, self._steps
        )

    def _known(self, leaf: Leaf, allowed: Flags, must: Flags) -> Twig:
        """Return a leaf that was found before."""
        if leaf.dual is None:
            return Twig(
                self._ledger.only(self._shares, allowed, must), leaf, allowed, must
            )
        bound = self._priced(leaf.dual)
        twig = Twig(bound.upper(allowed, must), leaf, allowed, must)
        twig.bound = bound
        return twig

    def _read(self, tree: Growing, allowed: Flags, must: Flags) -> Twig:
        """Return a tree that was grown before, with its bounds."""
        if isinstance(tree, Leaf):
            return self._known(tree, allowed, must)
        branch, without, taken, own = tree
        if own is None:
            msg = "a tree that was pruned does not grow"
            raise ValueError(msg)
        twig = self._known(own, allowed, must)
        sides = [
            self._read(part, *self.bounds.narrowed(allowed, must, branch, bool(side)))
            for side, part in enumerate((without, taken))
        ]
        twig.branch, twig.below = branch, (sides[0], sides[1])
        return twig

    def _gather(self, twig: Twig) -> Each:
        """Return the bounds of a whole tree: at each node the less of its own and below."""
        if twig.below is None:
            return self._each(twig)
        one, other = (self._gather(part) for part in twig.below)
        both = combined(one, other, np.maximum)
        return combined(both, self._each(twig), np.minimum)

    def prune(
        self, tree: Growing, weight: Weight, levels: Mapping[Pair, float]
    ) -> Growing:
        """Return the part of a tree that bringing pairs below their levels takes."""
        self._at(weight)
        needed = [
            (event, self.bounds.place[project_id], int(side), level)
            for (event, project_id, side), level in levels.items()
        ]
        root = self._read(tree, self.bounds.allowed, self.bounds.must)
        return self._pruned(root, needed)[0]

    def _pruned(
        self, twig: Twig, needed: list[tuple[str, int, int, float]]
    ) -> tuple[Growing, Each]:
        """Return a pruned tree and what it bounds."""
        own = self._each(twig)
        lacking = [p for p in needed if own[p[0]][p[2]][p[1]] >= p[3]]
        if twig.below is None or twig.branch is None or not lacking:
            return twig.leaf, own
        one, each_one = self._pruned(twig.below[0], lacking)
        other, each_other = self._pruned(twig.below[1], lacking)
        both = combined(each_one, each_other, np.maximum)
        if all(both[p[0]][p[2]][p[1]] < p[3] for p in needed):
            return (twig.branch, one, other, None), both
        each = combined(both, own, np.minimum)
        return (twig.branch, one, other, twig.leaf), each

    def _grow(self, job: Job) -> tuple[Twig, bool]:
        """Grow the tree at the weight: the leaf with the greatest bound first.

        A leaf is done when every pair in it is below the floor. Returns the root and
        whether all leaves are done.
        """
        bounds = self.bounds
        if job.tree is None:
            root = self._twig(bounds.allowed, bounds.must)
        else:
            root = self._read(job.tree, bounds.allowed, bounds.must)
        if not job.solves:
            return root, False
        heap: list[tuple[float, int, Twig]] = []
        count = 0

        def put(twig: Twig) -> None:
            nonlocal count
            if twig.below is not None:
                put(twig.below[0])
                put(twig.below[1])
            elif not twig.stuck:
                heapq.heappush(heap, (-twig.upper, count, twig))
                count += 1

        put(root)
        levels = job.levels or (math.inf,) * len(job.pairs)
        wanted = [
            (event, bounds.place[project_id], int(side), level)
            for (event, project_id, side), level in zip(job.pairs, levels, strict=True)
        ]
        end = self.linear.solves + job.solves
        known = -1
        while heap:
            if known != len(self._values):
                known = len(self._values)
                wanted = [pair for pair in wanted if not self._matched(pair)]
            if self.linear.solves >= end or self._late():
                return root, False
            _upper, _count, twig = heapq.heappop(heap)
            each = self._each(twig)
            left = [
                (event, g, side)
                for event, g, side, level in wanted
                if each[event][side][g] >= min(level, self._floor)
            ]
            if left and self._expand(twig, left):
                put(twig)
        return root, True

    def _matched(self, pair: tuple[str, int, int, float]) -> bool:
        """Whether a plan that was found is of a pair and too good: nothing to prove."""
        event, g, side, level = pair
        return any(
            value >= min(level, self._floor) and has[event][g] == bool(side)
            for value, has in self._values
        )

    def _expand(self, twig: Twig, left: list[tuple[str, int, int]]) -> bool:
        """Part a leaf in two by the most telling question; False if there is none."""
        if twig.answer is None:
            twig.answer = self._solve(twig.allowed, twig.must)
        answer = twig.answer
        if answer.bound is None or not len(answer.values):
            return False
        branches = self._branches(answer, twig.allowed)
        if not branches:
            picked = np.flatnonzero(answer.values[: self._count] > 0.5)
            value = self._keep([self.bounds.choices[k] for k in picked])
            exact = value is not None and twig.upper <= value + 2 * (
                abs(value) * PROOF_GAP + PROOF_GAP
            )
            branches = (
                self._telling(picked, left)
                if exact
                else self._any_branch(answer, twig.allowed, twig.must)
            )
            if not branches and not exact:
                known = self._known(Leaf(None), twig.allowed, twig.must)
                twig.upper, twig.leaf = known.upper, known.leaf
                twig.each, twig.bound, twig.stuck = None, None, True
            if not branches:
                return False
        best: tuple[float, Branch, tuple[Twig, Twig]] | None = None
        room = max(twig.upper - self._floor, 1e-9)
        for branch in branches:
            sides = [
                self._twig(
                    *self.bounds.narrowed(twig.allowed, twig.must, branch, taken)
                )
                for taken in (False, True)
            ]
            gains = [min(max(twig.upper - s.upper, 1e-6 * room), room) for s in sides]
            score = gains[0] * gains[1]
            if best is None or score > best[0]:
                best = (score, branch, (sides[0], sides[1]))
            if min(gains) >= room:
                break
        if best is None:
            return False
        twig.branch, twig.below = best[1], best[2]
        twig.answer = None
        return True

    def _telling(
        self, picked: NDArray[np.int64], left: list[tuple[str, int, int]]
    ) -> list[Branch]:
        """Return a question that parts a pair from the best plan of its leaf.

        Not for a pair that the plan itself is of: that one cannot be proven.
        """
        bounds = self.bounds
        for event, g, side in left:
            own = picked[bounds.group[picked] == g]
            happens = bool(self._ledger.event(event)[own].any())
            if happens != bool(side):
                return [self.branch((event, bounds.projects[g], bool(side)))]
        return []

    def _branches(self, answer: LinearAnswer, allowed: Flags) -> list[Branch]:
        """Return the questions most worth asking of a solution that is not whole."""
        x = np.where(allowed, answer.values[: self._count], 0.0)
        bounds = self.bounds
        sums = np.bincount(bounds.group, x, len(bounds.projects))
        parted = np.flatnonzero((sums > FRACTION) & (sums < 1 - FRACTION))
        if len(parted):
            order = parted[
                np.argsort(-np.minimum(sums, 1 - sums)[parted], kind="stable")
            ]
            return [(bounds.projects[g], "in", None) for g in order[:CANDIDATES]]
        loose = np.flatnonzero((x > FRACTION) & (x < 1 - FRACTION))
        for g in dict.fromkeys(bounds.group[loose]):
            own = loose[bounds.group[loose] == g]
            years = sorted({int(bounds.starts[k]) for k in own})
            if len(years) > 1:
                middle = years[(len(years) - 1) // 2]
                return [(bounds.projects[g], "by", middle)]
            names = sorted({bounds.choices[k].alternative_id for k in own})
            if len(names) > 1:
                return [(bounds.projects[g], "alternative", names[0])]
        return []

    def _any_branch(
        self, answer: LinearAnswer, allowed: Flags, must: Flags
    ) -> list[Branch]:
        """Return a question about a project that is not yet fixed, if any.

        For solutions whose choices are whole but whose bound is not exact, as where
        the miss of a ratio is modelled piece by piece.
        """
        bounds = self.bounds
        left = np.bincount(bounds.group[allowed], minlength=len(bounds.projects))
        loose = np.flatnonzero((left > 1) | ((left == 1) & ~must))
        if not len(loose):
            return []
        g = int(loose[0])
        project_id = bounds.projects[g]
        own = [k for k in range(bounds.first[g], bounds.first[g + 1]) if allowed[k]]
        if not must[g]:
            return [(project_id, "in", None)]
        chosen = max(own, key=lambda k: float(answer.values[k]))
        years = sorted({int(bounds.starts[k]) for k in own})
        if len(years) > 1:
            year = int(bounds.starts[chosen])
            return [(project_id, "by", year if year < years[-1] else years[-2])]
        return [(project_id, "alternative", bounds.choices[chosen].alternative_id)]

    def _dual(
        self, answer: LinearAnswer, floor: float, allowed: Flags, must: Flags
    ) -> tuple[Dual, Bound, float]:
        """Return an answer's multipliers, rounded, and the bound they give.

        A ray is made so long that the bound falls below the floor.
        """
        duals = answer.duals
        if not len(duals):
            return self._rounded(np.zeros(len(self.bounds.counts)), allowed, must)
        if answer.bound is not None:
            return self._rounded(duals, allowed, must)
        best: tuple[Dual, Bound, float] | None = None
        size = float(np.abs(duals).max(initial=0.0)) or 1.0
        for sign in (1.0, -1.0):
            for power in range(0, 13, 2):
                ray = self._rounded(duals * (sign * 10.0**power / size), allowed, must)
                if best is None or ray[2] < best[2]:
                    best = ray
                if ray[2] < floor:
                    return ray
        return best or self._rounded(duals, allowed, must)

    def _rounded(
        self, duals: Array, allowed: Flags, must: Flags
    ) -> tuple[Dual, Bound, float]:
        bounds = self.bounds
        duals = np.where(bounds.counts, duals, 0.0)
        duals[(duals > 0) & np.isinf(bounds.upper)] = 0.0
        duals[(duals < 0) & np.isinf(bounds.lower)] = 0.0
        top = float(np.abs(duals).max(initial=0.0))
        rows = np.flatnonzero(np.abs(duals) > 1e-12 * top)
        values = np.array([float(f"{duals[i]:.{DIGITS}g}") for i in rows])
        dual = Dual(rows, values)
        bound = self._priced(dual)
        return dual, bound, bound.upper(allowed, must)
