"""Which projects are chosen whatever the weights? The agreement map, found step by step.

Weights are visited one by one: a good plan there, a bound on every plan, and bounds on
the plans that treat one project the other way. What the bounds and plans amount to is
decided by `plan.certificate` alone; this file only looks for them, so nothing here can
make a label wrong. Labels move from open to settled, never back.

Work is done in jobs of fixed size and merged in a fixed order, so that a map that was
not stopped by the clock is the same on every machine and for any number of processes.
Method page: docs/method/agreement.md.
"""

from __future__ import annotations

import heapq
import math
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rodtrad.plan.certificate import (
    EVENTS,
    ONLY,
    SCOPES,
    TIE,
    TOP,
    Bounds,
    Certificates,
    Dual,
    Ledger,
    Plan,
    Proof,
    Split,
    check_certificates,
    combined,
    cut_holds,
    mandate_end,
    settle_labels,
    with_cuts,
)
from rodtrad.plan.covers import CoverFinder
from rodtrad.plan.matrix import build_matrix
from rodtrad.plan.milp import Limits, LinearBounds, mixture_shares, solve_problem
from rodtrad.plan.weights import as_floats, viewpoint_regions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array, Choice
    from rodtrad.plan.certificate import Branch, Each, RowCut, Tree
    from rodtrad.plan.matrix import Matrix
    from rodtrad.plan.milp import LinearAnswer
    from rodtrad.plan.problem import Problem
    from rodtrad.plan.weights import Region, Weight

    Flags = NDArray[np.bool_]

# A pair: event, project, and what the opposite would be (True: the event happens).
Pair = tuple[str, str, bool]

DIGITS = 7
FRACTION = 1e-6
# Pairs of one job; small enough that two processes share the work evenly.
BATCH = 40
# Plans tried in a mixture: the best at the cell's vertices.
MIXED = 40
SHARE_PARTS = 1_000_000


@dataclass(frozen=True)
class MapLimits:
    """When the map stops, and how hard it tries.

    `work` counts solves of the relaxation, the same on every machine; `seconds` is the
    clock. `plan_work` is the search for a plan at each weight (as `milp.Limits.work`);
    `growth` are the solves by which the tree at each weight grows, round by round.
    """

    seconds: float | None = None
    work: int | None = None
    plan_work: int = 300
    growth: tuple[int, ...] = (40, 200, 1000, 5000)
    cells: int = 64
    cut_rounds: int = 8
    processes: int = 1
    seed: int = 1
    scopes: tuple[str, ...] = SCOPES


@dataclass(frozen=True)
class Standing:
    """How far the map has come: settled labels by scope and event, of so many projects."""

    settled: dict[tuple[str, str], int]
    projects: int
    work: int
    seconds: float


@dataclass(frozen=True)
class AgreementMap:
    """The labels and what proves them.

    `rows` are the rows of `agreement`; `stopped` is `done` (no more steps to try),
    `work` or `time`.
    """

    rows: list[dict[str, Any]]
    certificates: Certificates
    stopped: Literal["done", "work", "time"]
    work: int
    seconds: float


# ------------------------------------------------------------------ one weight at a time


def below(value: float) -> float:
    """Return what a bound must come below to prove that a value is better."""
    return value - 4 * TIE * max(1.0, abs(value))


@dataclass(frozen=True)
class Leaf:
    """A dual vector by row name, as the leaf of a tree that is being found.

    None where one plan at most is left.
    """

    dual: dict[str, float] | None


Growing = Leaf | tuple["Branch", "Growing", "Growing", Leaf | None]


@dataclass(frozen=True)
class Job:
    """What to do at a weight: find a plan (`visit`), bound some pairs, grow the tree.

    `floor` is what a bound must come below for a proof. With `solves` above zero the
    tree (a new one if None) is grown by about so many solves, for the pairs; `levels`,
    if given, are what each pair's bound must come below instead of the floor.
    """

    point: int
    weight: Weight
    visit: bool = False
    start: tuple[Choice, ...] | None = None
    pairs: tuple[Pair, ...] = ()
    levels: tuple[float, ...] = ()
    floor: float = -math.inf
    tree: Growing | None = None
    solves: int = 0
    plan_limits: Limits | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Found:
    """What a job found: plans, a tree that bounds every plan, bounds on pairs, work.

    `each` is what the tree bounds by event: plans without it and with it, `[project]`.
    `finished` is whether the tree leaves nothing more to ask.
    """

    point: int
    plans: tuple[tuple[Choice, ...], ...]
    top: Growing | None
    each: Each
    bounds: tuple[tuple[Pair, Growing], ...]
    work: int
    late: bool
    finished: bool
    for_cell: bool


@dataclass
class Twig:
    """A leaf of a tree that is being grown, with what is known of its plans."""

    upper: float
    leaf: Leaf
    allowed: Flags
    must: Flags
    each: Each
    answer: LinearAnswer | None = None
    stuck: bool = False
    branch: Branch | None = None
    below: tuple[Twig, Twig] | None = None

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
        self._count = len(problem.choices)
        self._cost = np.zeros(len(self.matrix.cost))
        self._weight: Weight = ()
        self._deadline: float | None = None

    def run(self, job: Job) -> Found:
        """Do a job."""
        before = self.linear.solves
        self._deadline = (
            None if job.seconds is None else time.perf_counter() + job.seconds
        )
        self._weight = job.weight
        self._shares = np.array(as_floats(job.weight))
        worth, _size = self.bounds.weighted(job.weight)
        self._cost = np.concatenate([worth, self.matrix.cost[self._count :]])
        self.linear.set_cost(self._cost)
        self._plans: list[tuple[Choice, ...]] = []
        self._floor = job.floor
        top: Growing | None = None
        each: Each = {}
        finished = False
        if job.visit:
            problem = self.problem.with_weights(self._shares)
            plan = solve_problem(problem, job.plan_limits, start=job.start)
            if plan.choices is not None:
                self._keep(plan.choices)
        if job.visit or job.solves:
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
        work = self.linear.solves - before
        return Found(
            job.point,
            tuple(self._plans),
            top,
            each,
            tuple(found),
            work,
            late,
            finished,
            bool(job.levels),
        )

    def _keep(self, choices: Sequence[Choice]) -> float | None:
        """Keep a plan if it is one; return what it is worth at least."""
        plan = self._ledger.weigh(choices)
        if plan is None:
            return None
        value = plan.value(self._shares)
        self._plans.append(plan.choices)
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
        dual, upper = self._dual(answer, self._floor, allowed, must)
        return self._known(Leaf(dual), allowed, must, upper, answer)

    def _known(
        self,
        leaf: Leaf,
        allowed: Flags,
        must: Flags,
        upper: float | None = None,
        answer: LinearAnswer | None = None,
    ) -> Twig:
        """Return a leaf with the bounds it gives on every project and event."""
        ledger, bounds = self._ledger, self.bounds
        if leaf.dual is None:
            upper = ledger.only(self._weight, allowed, must)
            inside = allowed & must[bounds.group]
            each = {
                name: ledger.split(upper, inside & ledger.event(name))
                for name in EVENTS
            }
            return Twig(upper, leaf, allowed, must, each, answer, stuck=True)
        rows = np.array([bounds.row_place[name] for name in leaf.dual], dtype=np.int64)
        dual = Dual(rows, np.array(list(leaf.dual.values())))
        bound = bounds.at(bounds.price(dual), self._weight)
        each = {
            name: bound.upper_each(ledger.event(name), allowed, must) for name in EVENTS
        }
        if upper is None:
            upper = bound.upper(allowed, must)
        return Twig(upper, leaf, allowed, must, each, answer)

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
            return twig.each
        one, other = (self._gather(part) for part in twig.below)
        return combined(combined(one, other, np.maximum), twig.each, np.minimum)

    def prune(
        self, tree: Growing, weight: Weight, levels: Mapping[Pair, float]
    ) -> Growing:
        """Return the part of a tree that bringing pairs below their levels takes."""
        self._weight = weight
        self._shares = np.array(as_floats(weight))
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
        lacking = [p for p in needed if twig.each[p[0]][p[2]][p[1]] >= p[3]]
        if twig.below is None or twig.branch is None or not lacking:
            return twig.leaf, twig.each
        one, each_one = self._pruned(twig.below[0], lacking)
        other, each_other = self._pruned(twig.below[1], lacking)
        both = combined(each_one, each_other, np.maximum)
        if all(both[p[0]][p[2]][p[1]] < p[3] for p in needed):
            return (twig.branch, one, other, None), both
        each = combined(both, twig.each, np.minimum)
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
        while heap:
            if self.linear.solves >= end or self._late():
                return root, False
            _upper, _count, twig = heapq.heappop(heap)
            left = [
                (event, g, side)
                for event, g, side, level in wanted
                if twig.each[event][side][g] >= min(level, self._floor)
            ]
            if left and self._expand(twig, left):
                put(twig)
        return root, True

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
                twig.upper, twig.leaf, twig.each = known.upper, known.leaf, known.each
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
        self,
        answer: LinearAnswer,
        floor: float,
        allowed: Flags | None = None,
        must: Flags | None = None,
    ) -> tuple[dict[str, float], float]:
        """Return an answer's multipliers by row, rounded, and the bound they give.

        A ray is made so long that the bound falls below the floor.
        """
        bounds = self.bounds
        duals = answer.duals
        if not len(duals):
            return {}, math.inf
        allowed = bounds.allowed if allowed is None else allowed
        must = bounds.must if must is None else must
        if answer.bound is not None:
            return self._rounded(duals, allowed, must)
        best: tuple[dict[str, float], float] = ({}, math.inf)
        size = float(np.abs(duals).max(initial=0.0)) or 1.0
        for sign in (1.0, -1.0):
            for power in range(0, 13, 2):
                ray = self._rounded(duals * (sign * 10.0**power / size), allowed, must)
                if ray[1] < best[1]:
                    best = ray
                if ray[1] < floor:
                    return ray
        return best

    def _rounded(
        self, duals: Array, allowed: Flags, must: Flags
    ) -> tuple[dict[str, float], float]:
        bounds = self.bounds
        duals = np.where(bounds.counts, duals, 0.0)
        duals[(duals > 0) & np.isinf(bounds.upper)] = 0.0
        duals[(duals < 0) & np.isinf(bounds.lower)] = 0.0
        top = float(np.abs(duals).max(initial=0.0))
        rows = np.flatnonzero(np.abs(duals) > 1e-12 * top)
        values = np.array([float(f"{duals[i]:.{DIGITS}g}") for i in rows])
        priced = bounds.price(Dual(rows, values))
        upper = bounds.at(priced, self._weight).upper(allowed, must)
        names = bounds.row_names
        return {names[i]: float(y) for i, y in zip(rows, values, strict=True)}, upper


def cut_matrix(matrix: Matrix, cuts: Sequence[RowCut]) -> Matrix:
    """Return a matrix with cuts as further rows."""
    rows = with_cuts(matrix, cuts, len(matrix.cost))
    return replace(
        matrix,
        row_names=rows.names,
        row_lower=rows.lower,
        row_upper=rows.upper,
        start=rows.start.astype(np.int32),
        index=rows.index.astype(np.int32),
        value=rows.value,
    )


def find_cuts(
    problem: Problem, matrix: Matrix, weights: Sequence[Weight], rounds: int
) -> list[RowCut]:
    """Return cover cuts that press the relaxation down at some of the weights."""
    bounds = Bounds(problem, matrix)
    finder = CoverFinder(bounds)
    found: list[RowCut] = []
    for weight in weights:
        worth, _size = bounds.weighted(weight)
        cost = np.concatenate([worth, matrix.cost[len(worth) :]])
        cuts: list[RowCut] = list(found)
        last, poor = math.inf, 0
        for _round in range(rounds):
            linear = LinearBounds(cut_matrix(matrix, cuts))
            linear.set_cost(cost)
            answer = linear.solve()
            if answer.bound is None or not len(answer.values):
                break
            tight = answer.duals[len(matrix.row_names) :] != 0
            new = [cut for cut in finder.cuts(answer.values) if cut not in cuts]
            gain = last - answer.bound
            kept = [
                cut for cut, use in zip(cuts, tight, strict=True) if use or cut in found
            ]
            poor = poor + 1 if gain < LEAST_GAIN * abs(answer.bound) else 0
            if not new or poor > 1:
                cuts = kept
                break
            last = answer.bound
            cuts = [*kept, *new]
        found = cuts
    return [cut for cut in found if cut_holds(bounds, cut)]


CANDIDATES = 4
PROOF_GAP = 1e-7
# Rounds of cuts go on while each lowers the bound by so much of it.
LEAST_GAIN = 1e-4

_examiner: Examiner | None = None


def _begin(problem: Problem, last_start: int, cuts: Sequence[RowCut]) -> None:
    global _examiner
    _examiner = Examiner(problem, last_start, cuts)


def _do(job: Job) -> Found:
    if _examiner is None:
        msg = "the process was not begun"
        raise RuntimeError(msg)
    return _examiner.run(job)


# ------------------------------------------------------------------------- the whole map


@dataclass
class Cell:
    """A cell of a viewpoint's region, with the numbers of its vertices' points."""

    viewpoint: int
    path: str
    region: Region
    points: list[int] = field(default_factory=list)


class AgreementSearch:
    """The map while it is being made."""

    def __init__(self, problem: Problem, limits: MapLimits) -> None:
        """Prepare; nothing is solved yet."""
        self.problem, self.limits = problem, limits
        self.began = time.perf_counter()
        self.matrix = build_matrix(problem)
        self.regions = list(viewpoint_regions(problem.case).values())
        centres = list(dict.fromkeys(region.centre for region in self.regions))
        cuts = find_cuts(problem, self.matrix, centres, limits.cut_rounds)
        self.certificates = Certificates(mandate_end(problem.case), cuts=cuts)
        self.ledger = Ledger(problem, self.matrix, self.certificates)
        self.bounds = self.ledger.bounds
        self.events = {event: self.ledger.event(event) for event in EVENTS}
        self.work = 0
        self.late = False
        count = len(self.bounds.projects)
        self.points: list[Weight] = []
        self.place: dict[Weight, int] = {}
        self.plans: list[Plan] = []
        self._plan_place: dict[tuple[Choice, ...], int] = {}
        self.worth = np.zeros((0, 0))  # [plan, point]
        self.has = {event: np.zeros((0, count), dtype=bool) for event in EVENTS}
        self.tops: list[Growing | None] = []
        self.finished: list[bool] = []
        # Per event and side (True: the plans with the event): [point][project]
        self.upper: dict[tuple[str, bool], list[Array]] = {
            (event, side): [] for event in EVENTS for side in (False, True)
        }
        self.trees: dict[tuple[int, str, str, bool], Growing | None] = {}
        self.cells: list[Cell] = []
        self.splits: dict[tuple[int, str], Any] = {}
        self.proofs: dict[
            tuple[int, str, str, str, bool], tuple[tuple[int, int], ...]
        ] = {}
        # [viewpoint-path] -> event -> int8 [project]: 1 every, -1 no optimal plan
        self.covered: dict[tuple[int, str], dict[str, NDArray[np.int8]]] = {}
        self._pool: ProcessPoolExecutor | None = None
        self._own: Examiner | None = None
        self.tried: set[tuple[int, Pair]] = set()

    # ---------------------------------------------------------------- the state of things

    @property
    def seconds(self) -> float:
        """Seconds since the search began."""
        return time.perf_counter() - self.began

    def best(self, point: int) -> tuple[int, float]:
        """Return the best plan known at a point, and what it is worth at least."""
        number = int(np.argmax(self.worth[:, point]))
        return number, float(self.worth[number, point])

    def floor(self, point: int) -> float:
        """Return what a bound must come below at a point for a proof."""
        return below(self.best(point)[1]) if self.plans else -math.inf

    def proven(self, event: str) -> NDArray[np.int8]:
        """Return `[point, project]`: 1 every optimal plan, -1 none, 0 not known."""
        floors = np.array([self.floor(i) for i in range(len(self.points))])[:, None]
        without = np.array(self.upper[event, False]).reshape(len(self.points), -1)
        having = np.array(self.upper[event, True]).reshape(len(self.points), -1)
        inside, outside = without < floors, having < floors
        return inside.astype(np.int8) - (outside & ~inside).astype(np.int8)

    def centres(self) -> list[int]:
        """Return the points of the viewpoints' centres, each once."""
        return list(dict.fromkeys(self.place[r.centre] for r in self.regions))

    def labels(self, scope: str, event: str) -> NDArray[np.int8]:
        """Return `[project]`: 1 `alla`, -1 `ingen`, 2 `omtvistad`, 0 `oppen`."""
        proven = self.proven(event)
        if scope == "viewpoints":
            at = [i for i in self.centres() if i < len(proven)]
            rows = proven[at]
            every, none = (rows == 1).all(axis=0), (rows == -1).all(axis=0)
            mixed = (rows == 1).any(axis=0) & (rows == -1).any(axis=0)
        else:
            over = [self._cover(v, "")[event] for v in range(len(self.regions))]
            every = np.all([one == 1 for one in over], axis=0)
            none = np.all([one == -1 for one in over], axis=0)
            mixed = (proven == 1).any(axis=0) & (proven == -1).any(axis=0)
        labels = np.where(every, 1, np.where(none, -1, np.where(mixed, 2, 0)))
        return labels.astype(np.int8)

    def _cover(self, viewpoint: int, path: str) -> dict[str, NDArray[np.int8]]:
        """Return what is proven in the whole of a cell, itself or its parts."""
        key = (viewpoint, path)
        nothing = np.zeros(len(self.bounds.projects), dtype=np.int8)
        own = self.covered.get(key, dict.fromkeys(EVENTS, nothing))
        if key not in self.splits:
            return own
        below = self._cover(viewpoint, path + "<")
        above = self._cover(viewpoint, path + ">")
        return {
            event: np.where(
                own[event] != 0,
                own[event],
                np.where(below[event] == above[event], below[event], 0),
            ).astype(np.int8)
            for event in EVENTS
        }

    def standing(self) -> Standing:
        """Return how many labels are settled."""
        settled = {
            (scope, event): int((self.labels(scope, event) != 0).sum())
            for scope in self.limits.scopes
            for event in EVENTS
        }
        return Standing(settled, len(self.bounds.projects), self.work, self.seconds)

    # ----------------------------------------------------------------------- doing the work

    def stopped(self) -> Literal["work", "time"] | None:
        """Return why no more work may be done, if so."""
        limits = self.limits
        if self.late or (limits.seconds is not None and self.seconds >= limits.seconds):
            return "time"
        if limits.work is not None and self.work >= limits.work:
            return "work"
        return None

    def run(self, jobs: Sequence[Job]) -> Iterator[None]:
        """Do jobs, a few at a time, and take in what they found in their order."""
        step = 2
        for first in range(0, len(jobs), step):
            if self.stopped():
                return
            batch = jobs[first : first + step]
            if self._pool is not None:
                results = list(self._pool.map(_do, batch))
            else:
                results = [self._examiner().run(job) for job in batch]
            for found in results:
                self.take(found)
            yield

    def _examiner(self) -> Examiner:
        if self._own is None:
            self._own = Examiner(
                self.problem, self.certificates.mandate_end, self.certificates.cuts
            )
        return self._own

    def take(self, found: Found) -> None:
        """Take in what a job found."""
        self.work += found.work
        self.late = self.late or found.late
        for choices in found.plans:
            self.add_plan(choices)
        if found.top is not None:
            self.tops[found.point] = found.top
            if not found.for_cell:
                self.finished[found.point] = found.finished
            for event, both in found.each.items():
                for side, uppers in zip((False, True), both, strict=True):
                    self._lower(found.point, event, side, uppers, None)
        for pair, tree in found.bounds:
            self._add_bound(found.point, pair, tree)

    def add_plan(self, choices: tuple[Choice, ...]) -> None:
        """Add a plan to the pool, if it is one and is new."""
        if choices in self._plan_place:
            return
        plan = self.ledger.weigh(choices)
        if plan is None:
            return
        self._plan_place[choices] = len(self.plans)
        self.plans.append(plan)
        values = [plan.value(self.ledger.shares(point)) for point in self.points]
        self.worth = np.vstack([self.worth, np.array(values)[None, :]])
        columns = np.array(plan.columns, dtype=np.int64)
        for event, flags in self.events.items():
            row = np.zeros((1, len(self.bounds.projects)), dtype=bool)
            row[0, self.bounds.group[columns[flags[columns]]]] = True
            self.has[event] = np.vstack([self.has[event], row])

    def add_point(self, weight: Weight) -> int:
        """Return the number of a weight, a new one if it has none."""
        if weight not in self.place:
            self.place[weight] = len(self.points)
            self.points.append(weight)
            shares = self.ledger.shares(weight)
            values = np.array([plan.value(shares) for plan in self.plans])
            self.worth = np.hstack([self.worth, values.reshape(-1, 1)])
            self.tops.append(None)
            self.finished.append(False)
            for of in self.upper.values():
                of.append(np.full(len(self.bounds.projects), math.inf))
        return self.place[weight]

    def _lower(
        self,
        point: int,
        event: str,
        side: bool,
        uppers: Array,
        tree: Growing | None,
    ) -> None:
        """Take in bounds; `tree` None means the tree of the point itself."""
        known = self.upper[event, side][point]
        # The point's tree only grows, so what it gave once it gives still.
        for g in np.flatnonzero(uppers < known):
            self.trees[point, event, self.bounds.projects[g], side] = tree
        np.minimum(known, uppers, out=known)

    def _add_bound(self, point: int, pair: Pair, tree: Growing) -> None:
        """Take in a dual vector found for a pair: it may serve others too."""
        if not isinstance(tree, Leaf) or tree.dual is None:
            return
        rows = [self.bounds.row_place[name] for name in tree.dual]
        dual = Dual(np.array(rows, np.int64), np.array(list(tree.dual.values())))
        bound = self.bounds.at(self.bounds.price(dual), self.points[point])
        for event, flags in self.events.items():
            for side, uppers in zip(
                (False, True), bound.upper_each(flags), strict=True
            ):
                self._lower(point, event, side, uppers, tree)

    # ------------------------------------------------------------------------------- steps

    def _seconds_left(self) -> float | None:
        if self.limits.seconds is None:
            return None
        return max(self.limits.seconds - self.seconds, 0.05)

    def visit(self, points: Sequence[int]) -> Iterator[None]:
        """Find a plan and a bound at points that have none."""
        new = [i for i in points if self.tops[i] is None]
        for first in range(0, len(new), 2):
            if self.stopped():
                return
            left = self._seconds_left()
            plan_limits = Limits(
                seconds=3600.0 if left is None else left,
                work=self.limits.plan_work,
                gap=1e-5,
                seed=self.limits.seed,
            )
            jobs = [
                Job(
                    i,
                    self.points[i],
                    visit=True,
                    start=self.plans[self.best(i)[0]].choices if self.plans else None,
                    plan_limits=plan_limits,
                    seconds=left,
                )
                for i in new[first : first + 2]
            ]
            yield from self.run(jobs)

    def missing(self, point: int, event: str) -> tuple[Array, Flags]:
        """Return how much a proof lacks at a point, `[project]`, and its direction.

        The direction is what the best plan does; negative or zero is proven.
        """
        best, _value = self.best(point)
        holds = self.has[event][best]
        upper = np.where(
            holds, self.upper[event, False][point], self.upper[event, True][point]
        )
        return upper - self.floor(point), holds

    def sharpen(
        self, points: Sequence[int], wanted: dict[str, Flags], every: bool = False
    ) -> Iterator[None]:
        """Bound pairs by a solve each at every point, those that lack least first.

        `every`: also pairs that are proven at the point itself, for the sake of cells.
        """
        for event in EVENTS:
            jobs = []
            for i in points:
                if self.tops[i] is None or not self.plans:
                    continue
                pairs = self._lacking(i, {event: wanted[event]}, every)
                pairs = [pair for pair in pairs if (i, pair) not in self.tried]
                self.tried.update((i, pair) for pair in pairs)
                jobs += [
                    (first // BATCH, i, tuple(pairs[first : first + BATCH]))
                    for first in range(0, len(pairs), BATCH)
                ]
            jobs.sort(key=lambda job: job[0])
            for first in range(0, len(jobs), 2):
                if self.stopped():
                    return
                batch = []
                for _order, i, pairs_of in jobs[first : first + 2]:
                    open_still = set(self._lacking(i, {event: wanted[event]}, every))
                    still = tuple(pair for pair in pairs_of if pair in open_still)
                    if still:
                        batch.append(
                            Job(
                                i,
                                self.points[i],
                                pairs=still,
                                floor=self.floor(i),
                                seconds=self._seconds_left(),
                            )
                        )
                yield from self.run(batch)

    def _lacking(
        self, point: int, wanted: dict[str, Flags], every: bool = False
    ) -> list[Pair]:
        """Return the wanted pairs that lack a proof at a point, least lacking first."""
        found: list[tuple[float, Pair]] = []
        for event, flags in wanted.items():
            lacks, holds = self.missing(point, event)
            found += [
                (float(lacks[g]), (event, self.bounds.projects[g], not holds[g]))
                for g in np.flatnonzero(
                    flags & np.isfinite(lacks) & (every | (lacks >= 0))
                )
            ]
        return [pair for _lack, pair in sorted(found)]

    def grow(
        self, points: Sequence[int], solves: int, wanted: dict[str, Flags]
    ) -> Iterator[None]:
        """Grow the trees at points for the pairs that lack a proof there."""
        for first in range(0, len(points), 2):
            if self.stopped():
                return
            batch = []
            for i in points[first : first + 2]:
                if self.tops[i] is None or self.finished[i]:
                    continue
                pairs = tuple(self._lacking(i, wanted))
                if pairs:
                    batch.append(
                        Job(
                            i,
                            self.points[i],
                            pairs=pairs,
                            floor=self.floor(i),
                            tree=self.tops[i],
                            solves=solves,
                            seconds=self._seconds_left(),
                        )
                    )
            yield from self.run(batch)

    def grow_cell(
        self, cell: Cell, solves: int, wanted: dict[str, Flags]
    ) -> Iterator[None]:
        """Grow the trees at a cell's vertices until one plan is best in all of it.

        The plan is the one that is nearest to the best at the vertex where it is
        farthest from it; pairs that are proven at every vertex, and that it agrees
        with, must come below its value there.
        """
        points = cell.points
        floors = np.array([self.floor(i) for i in points])
        middle = int(np.argmax((self.worth[:, points] - floors).min(axis=1)))
        pairs: list[Pair] = []
        for event, flags in wanted.items():
            for side in (False, True):
                uppers = np.array([self.upper[event, side][i] for i in points])
                proven = (uppers < floors[:, None]).all(axis=0)
                agrees = self.has[event][middle] != side
                pairs += [
                    (event, self.bounds.projects[g], side)
                    for g in np.flatnonzero(flags & proven & agrees)
                ]
        if not pairs:
            return
        for first in range(0, len(points), 2):
            batch = []
            for i in points[first : first + 2]:
                level = below(float(self.worth[middle, i]))
                left = tuple(
                    (event, project_id, side)
                    for event, project_id, side in pairs
                    if self.upper[event, side][i][self.bounds.place[project_id]]
                    >= level
                )
                if left and self.tops[i] is not None:
                    batch.append(
                        Job(
                            i,
                            self.points[i],
                            pairs=left,
                            levels=(level,) * len(left),
                            floor=self.floor(i),
                            tree=self.tops[i],
                            solves=solves,
                            seconds=self._seconds_left(),
                        )
                    )
            yield from self.run(batch)

    def open_pairs(self, scopes: Sequence[str]) -> dict[str, Flags]:
        """Return per event the projects whose label is open in some scope."""
        return {
            event: np.any([self.labels(s, event) == 0 for s in scopes], axis=0)
            for event in EVENTS
        }

    def test_cell(self, cell: Cell) -> None:
        """Prove what can be proven in a whole cell from what is known at its vertices."""
        points = cell.points
        if not points or any(self.tops[i] is None for i in points) or not self.plans:
            return
        key = (cell.viewpoint, cell.path)
        done = self.covered.setdefault(
            key, {e: np.zeros(len(self.bounds.projects), np.int8) for e in EVENTS}
        )
        worth = self.worth[:, points]  # [plan, vertex]
        floors = np.array([self.floor(i) for i in points])
        for event in EVENTS:
            for side in (False, True):
                sign = 1 if not side else -1
                uppers = np.array([self.upper[event, side][i] for i in points])
                possible = (uppers < floors[:, None]).all(axis=0) & (done[event] == 0)
                for g in np.flatnonzero(possible):
                    shares = self._mixture(worth, uppers[:, g])
                    if shares is not None:
                        done[event][g] = sign
                        project_id = self.bounds.projects[g]
                        proof = (*key, event, project_id, not side)
                        self.proofs[proof] = shares

    def _mixture(
        self, worth: Array, upper: Array
    ) -> tuple[tuple[int, int], ...] | None:
        """Return plans in whole-number shares worth more than `upper` at every vertex."""
        size = max(1.0, float(np.abs(worth).max()))
        need = upper + 4 * TIE * size
        least = (worth - need).min(axis=1)
        best = int(np.argmax(least))
        if least[best] > 0:
            return ((best, 1),)
        if worth.shape[1] == 1:
            return None
        finite = np.where(np.isfinite(need), need, -1e12)
        order = np.argsort(-least, kind="stable")[:MIXED]
        tops = np.argmax(worth, axis=0)
        rows = np.array(sorted({*order.tolist(), *tops.tolist()}))
        shares = mixture_shares(worth[rows], finite)
        if shares is None:
            return None
        parts = np.round(shares * SHARE_PARTS).astype(np.int64)
        if parts.sum() <= 0:
            return None
        mixed = parts @ worth[rows] / parts.sum()
        if not (mixed > need).all():
            return None
        return tuple(
            (int(m), int(n)) for m, n in zip(rows, parts, strict=True) if n > 0
        )

    def add_cell(self, viewpoint: int, path: str, region: Region) -> Cell:
        """Add a cell, with its vertices as points."""
        cell = Cell(viewpoint, path, region)
        cell.points = [self.add_point(vertex) for vertex in region.vertices]
        self.cells.append(cell)
        return cell

    def open_in(self, cell: Cell) -> dict[str, Flags]:
        """Return per event the projects open in the region and not covered here."""
        wanted = self.open_pairs(("region",))
        for length in range(len(cell.path) + 1):
            own = self.covered.get((cell.viewpoint, cell.path[:length]))
            if own is not None:
                wanted = {event: wanted[event] & (own[event] == 0) for event in EVENTS}
        return wanted

    def steps(self) -> Iterator[None]:
        """Do everything there is to do, yielding between the steps."""
        limits = self.limits
        for region in self.regions:
            self.add_point(region.centre)
        centres = self.centres()
        yield from self.visit(centres)
        if not self.plans:
            return
        if "viewpoints" in limits.scopes:
            yield from self.sharpen(centres, self.open_pairs(("viewpoints",)))
        if "region" in limits.scopes:
            for v, region in enumerate(self.regions):
                self.add_cell(v, "", region)
            corners = list(dict.fromkeys(i for cell in self.cells for i in cell.points))
            yield from self.visit(corners)
            for cell in self.cells:
                self.test_cell(cell)
            yield
            for cell in list(self.cells):
                yield from self.sharpen(cell.points, self.open_in(cell))
                self.test_cell(cell)
                yield from self.sharpen(cell.points, self.open_in(cell), every=True)
                self.test_cell(cell)
                yield
        for solves in limits.growth:
            if "viewpoints" in limits.scopes:
                yield from self.grow(centres, solves, self.open_pairs(("viewpoints",)))
            if "region" in limits.scopes:
                for cell in list(self.cells):
                    yield from self.grow(cell.points, solves, self.open_in(cell))
                    self.test_cell(cell)
                    yield from self.grow_cell(cell, solves, self.open_in(cell))
                    self.test_cell(cell)
                    yield
            if self.stopped():
                return
        if "region" in limits.scopes:
            yield from self._divide()

    def _divide(self) -> Iterator[None]:
        """Halve the cell with most open pairs, again and again."""
        rounds = list(self.cells)
        while rounds and len(self.cells) < self.limits.cells and not self.stopped():
            rounds.sort(
                key=lambda c: (
                    -sum(int(f.sum()) for f in self.open_in(c).values()),
                    len(c.path),
                    c.viewpoint,
                    c.path,
                )
            )
            cell = rounds.pop(0)
            plane = cell.region.halving()
            if plane is None or not any(f.any() for f in self.open_in(cell).values()):
                continue
            self.splits[cell.viewpoint, cell.path] = plane
            self.cells.remove(cell)
            for step, half in zip("<>", cell.region.split(plane), strict=True):
                new = self.add_cell(cell.viewpoint, cell.path + step, half)
                rounds.append(new)
                yield from self.visit(new.points)
                self.test_cell(new)
                yield from self.sharpen(new.points, self.open_in(new), every=True)
                self.test_cell(new)
                for solves in self.limits.growth[:2]:
                    yield from self.grow(new.points, solves, self.open_in(new))
                    self.test_cell(new)
                    yield from self.grow_cell(new, solves, self.open_in(new))
                    self.test_cell(new)
                yield
                if self.stopped():
                    return

    # ----------------------------------------------------------------------------- results

    def certify(self) -> Certificates:
        """Return certificates of all that is proven, with nothing that no proof uses."""
        out = Certificates(self.certificates.mandate_end, cuts=self.certificates.cuts)
        numbers: dict[tuple[tuple[str, float], ...], int] = {}
        plan_number: dict[int, int] = {}

        def number(tree: Growing | None) -> Tree:
            if tree is None:
                return TOP
            if isinstance(tree, Leaf):
                if tree.dual is None:
                    return ONLY
                key = tuple(sorted(tree.dual.items()))
                if key not in numbers:
                    numbers[key] = len(out.duals)
                    out.duals.append(dict(key))
                return numbers[key]
            own = None if tree[3] is None else number(tree[3])
            return (
                tree[0],
                number(tree[1]),
                number(tree[2]),
                own if isinstance(own, int) else None,
            )

        def plan(m: int) -> int:
            if m not in plan_number:
                plan_number[m] = len(out.plans)
                out.plans.append(self.plans[m].choices)
            return plan_number[m]

        self._note_levels()
        out.points = [p for i, p in enumerate(self.points) if self.tops[i] is not None]
        renumbered = {p: i for i, p in enumerate(out.points)}
        visited = [i for i, top in enumerate(self.tops) if top is not None]
        for i in visited:
            out.tops[renumbered[self.points[i]]] = number(self._needed(i))
            plan(self.best(i)[0])
        for v in range(len(self.regions)):
            out.splits.append(self._split(v, ""))
        for event in EVENTS:
            proven = self.proven(event)
            for g, project_id in enumerate(self.bounds.projects):
                for i in visited:
                    if proven[i, g]:
                        holds = bool(proven[i, g] == 1)
                        tree = self.trees[i, event, project_id, not holds]
                        out.proofs.append(
                            Proof(
                                project_id,
                                event,
                                holds,
                                renumbered[self.points[i]],
                                None,
                                ((plan(self.best(i)[0]), 1),),
                                (number(tree),),
                            )
                        )
        cells = {(v, path): cell for v, path, cell in self._every_cell()}
        for key in sorted(self.proofs):
            viewpoint, path, event, project_id, holds = key
            vertices = cells[viewpoint, path].vertices
            trees = [
                self.trees[self.place[w], event, project_id, not holds]
                for w in vertices
            ]
            out.proofs.append(
                Proof(
                    project_id,
                    event,
                    holds,
                    None,
                    (viewpoint, path),
                    tuple((plan(m), n) for m, n in self.proofs[key]),
                    tuple(number(tree) for tree in trees),
                )
            )
        for m in self._opposites():
            plan(m)
        return out

    def _needed(self, point: int) -> Growing:
        """Return the tree of a point without what no proof rests on."""
        tree = self.tops[point]
        if tree is None:
            msg = "the point was not visited"
            raise ValueError(msg)
        if isinstance(tree, Leaf):
            return tree
        levels: dict[Pair, float] = {}
        floor = self.floor(point)
        for event, side in self.upper:
            below_floor = self.upper[event, side][point] < floor
            for g in np.flatnonzero(below_floor):
                project_id = self.bounds.projects[g]
                if self.trees.get((point, event, project_id, side)) is None:
                    levels[event, project_id, side] = floor
        for pair, level in self._mixed_levels.get(point, {}).items():
            if pair in levels:
                levels[pair] = min(levels[pair], level)
        return self._examiner().prune(tree, self.points[point], levels)

    def _note_levels(self) -> None:
        """Note how low the bounds of proofs in cells must be at their vertices."""
        cells = {(v, path): cell for v, path, cell in self._every_cell()}
        self._mixed_levels: dict[int, dict[Pair, float]] = {}
        for (viewpoint, path, event, project_id, holds), shares in self.proofs.items():
            total = sum(share for _m, share in shares)
            for vertex in cells[viewpoint, path].vertices:
                i = self.place[vertex]
                mixed = sum(n * self.worth[m, i] for m, n in shares) / total
                size = max(1.0, float(np.abs(self.worth).max()))
                of = self._mixed_levels.setdefault(i, {})
                pair = (event, project_id, not holds)
                level = float(mixed) - 3 * TIE * size
                of[pair] = min(level, of.get(pair, math.inf))

    def _every_cell(self) -> Iterator[tuple[int, str, Region]]:
        def below(viewpoint: int, path: str, region: Region) -> Any:
            yield viewpoint, path, region
            plane = self.splits.get((viewpoint, path))
            if plane is not None:
                for step, half in zip("<>", region.split(plane), strict=True):
                    yield from below(viewpoint, path + step, half)

        for viewpoint, region in enumerate(self.regions):
            yield from below(viewpoint, "", region)

    def _split(self, viewpoint: int, path: str) -> Split | None:
        plane = self.splits.get((viewpoint, path))
        if plane is None:
            return None
        return Split(
            plane,
            self._split(viewpoint, path + "<"),
            self._split(viewpoint, path + ">"),
        )

    def _opposites(self) -> list[int]:
        """Return the plans that tell how little the other way can lose, few of them."""
        wanted: set[int] = set()
        visited = [i for i, top in enumerate(self.tops) if top is not None]
        for i in visited:
            order = self.worth[:, i]
            for event in EVENTS:
                for side in (False, True):
                    flags = self.has[event] == side
                    masked = np.where(flags, order[:, None], -math.inf)
                    best = np.argmax(masked, axis=0)
                    wanted.update(int(m) for m in best[flags.any(axis=0)])
        return sorted(wanted)


def map_agreement(
    problem: Problem,
    limits: MapLimits | None = None,
    plans: Sequence[tuple[Choice, ...]] = (),
    progress: Callable[[Standing], None] | None = None,
) -> AgreementMap:
    """Return the agreement map of a problem whose underlag has viewpoints.

    Args:
        problem: from `build_problem`.
        limits: when to stop.
        plans: plans that are already known; they join the pool.
        progress: called now and then with how many labels are settled.

    Returns:
        labels that the certificates prove, checked before they are returned; empty
        when there are no viewpoints or no plan was found.

    Raises:
        ValueError: a certificate does not hold; a fault in this program.
    """
    limits = limits or MapLimits()
    search = AgreementSearch(problem, limits)
    if not search.regions:
        return AgreementMap([], search.certificates, "done", 0, search.seconds)
    for choices in plans:
        search.add_plan(tuple(sorted(choices)))
    try:
        if limits.processes > 1:
            search._pool = ProcessPoolExecutor(
                limits.processes,
                mp_context=get_context("spawn"),
                initializer=_begin,
                initargs=(
                    problem,
                    search.certificates.mandate_end,
                    search.certificates.cuts,
                ),
            )
        for _step in search.steps():
            if progress is not None:
                progress(search.standing())
    finally:
        if search._pool is not None:
            search._pool.shutdown(cancel_futures=True)
    if not search.plans:
        stopped = search.stopped() or "done"
        return AgreementMap(
            [], search.certificates, stopped, search.work, search.seconds
        )
    certificates = search.certify()
    ledger = Ledger(problem, search.matrix, certificates)
    held, faults = check_certificates(ledger)
    if faults:
        msg = f"{faults[0].place}: {faults[0].text}"
        raise ValueError(msg)
    rows = settle_labels(ledger, held)
    return AgreementMap(
        rows, certificates, search.stopped() or "done", search.work, search.seconds
    )
