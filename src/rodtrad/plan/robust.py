"""Which projects are chosen whatever the weights? The agreement map, found step by step.

Weights are visited one by one: a bound on every plan and on the plans that treat one
project the other way, a good plan, and sharper bounds where little is lacking. What
bounds and plans amount to is decided by `plan.certificate` alone; this file only looks
for them, so nothing here can make a label wrong. Labels move from open to settled,
never back.

Work is done in jobs of fixed size and merged in a fixed order, so that a map that was
not stopped by the clock is the same on every machine and for any number of processes.
Method page: docs/method/agreement.md.
"""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rodtrad.plan.certificate import SCOPES, settle_labels
from rodtrad.plan.certify import certify
from rodtrad.plan.covers import find_cuts
from rodtrad.plan.examiner import Examiner, Job, Search, below
from rodtrad.plan.findings import Cell, Findings
from rodtrad.plan.matrix import build_matrix
from rodtrad.plan.milp import Limits
from rodtrad.plan.proofs import (
    EVENTS,
    Certificates,
    Ledger,
    check_certificates,
)
from rodtrad.plan.weights import viewpoint_regions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Choice
    from rodtrad.plan.examiner import Found, Pair
    from rodtrad.plan.multipliers import RowCut
    from rodtrad.plan.problem import Problem

    Flags = NDArray[np.bool_]
    Signs = NDArray[np.int8]

# Pairs of one job; small enough that two processes share the work evenly.
BATCH = 20
# Of a batch, as many must be proven for the next to be tried.
LEAST_PROVEN = 2
# From so many choices on, plans are sought part by part, and cuts cost more than
# they give.
MANY_CHOICES = 500
# Up to so many choices, trees can be grown to their end; beyond, only so many rounds
# of growth pay.
FEW_CHOICES = 200
SHORT_GROWTH = 2
# A known plan this near the bound is where the search for a better one begins.
NEAR = 0.04
# How much longer each search for a plan is than the one before at the same weight.
LONGER = 3
# Work of the first search part by part, as a multiple of `plan_work`.
BY_PARTS = 4


@dataclass(frozen=True)
class MapLimits:
    """When the map stops, and how hard it tries.

    `work` counts solves of the relaxation, by size, and steps of the solver, the same on
    every machine; `seconds` is the clock. `plan_work` is the search for a plan at each centre
    (as `milp.Limits.work`); `growth` are the solves by which the tree at each weight
    grows, round by round. The default ends by itself in some seconds for 20 projects
    and some tens for 60; from some hundred on, give `seconds`.
    """

    seconds: float | None = None
    work: int | None = 5000
    plan_work: int = 100
    growth: tuple[int, ...] = (40, 200, 1000, 5000)
    cells: int = 200
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


_examiner: Examiner | None = None


def _begin(problem: Problem, last_start: int, cuts: Sequence[RowCut]) -> None:
    global _examiner
    _examiner = Examiner(problem, last_start, cuts)


def _do(job: Job) -> Found:
    if _examiner is None:
        msg = "the process was not begun"
        raise RuntimeError(msg)
    return _examiner.run(job)


class AgreementSearch(Findings):
    """The map while it is being made."""

    def __init__(self, problem: Problem, limits: MapLimits) -> None:
        """Prepare; nothing is solved yet but for cuts where they are quick to find."""
        self.limits = limits
        self.began = time.perf_counter()
        self.large = len(problem.choices) >= MANY_CHOICES
        few = len(problem.choices) <= FEW_CHOICES
        self.growth = limits.growth if few else limits.growth[:SHORT_GROWTH]
        matrix = build_matrix(problem)
        cuts: list[RowCut] = []
        if not self.large:
            regions = viewpoint_regions(problem.case).values()
            centres = list(dict.fromkeys(region.centre for region in regions))
            cuts = find_cuts(problem, matrix, centres, limits.cut_rounds)
        super().__init__(problem, matrix, cuts)
        self.work = 0
        self.late = False
        self._pool: ProcessPoolExecutor | None = None
        self._own: Examiner | None = None
        self._searched: dict[int, int] = {}
        self.tried: set[tuple[int, Pair]] = set()

    def share(self) -> None:
        """Start the processes that share the work, if there are to be several."""
        if self.limits.processes > 1:
            self._pool = ProcessPoolExecutor(
                self.limits.processes,
                mp_context=get_context("spawn"),
                initializer=_begin,
                initargs=(
                    self.problem,
                    self.certificates.mandate_end,
                    self.certificates.cuts,
                ),
            )

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    @property
    def seconds(self) -> float:
        """Seconds since the search began."""
        return time.perf_counter() - self.began

    def standing(self) -> Standing:
        """Return how many labels are settled."""
        settled = {
            (scope, event): int((self.labels(scope, event) != 0).sum())
            for scope in self.limits.scopes
            for event in EVENTS
        }
        return Standing(settled, len(self.bounds.projects), self.work, self.seconds)

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
                results = [self.examiner().run(job) for job in batch]
            for found in results:
                self.work += found.work
                self.late = self.late or found.late
                self.take(found)
            yield

    def examiner(self) -> Examiner:
        """Return this process's own examiner."""
        if self._own is None:
            self._own = Examiner(
                self.problem, self.certificates.mandate_end, self.certificates.cuts
            )
        return self._own

    def grow(
        self, points: Sequence[int], solves: int, wanted: dict[str, Flags]
    ) -> Iterator[None]:
        """Grow the trees at points for the pairs that lack a proof there."""
        for first in range(0, len(points), 2):
            if self.stopped():
                return
            batch = []
            for i in points[first : first + 2]:
                if self.tops[i] is None:
                    continue
                pairs = tuple(self.lacking(i, wanted))
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
        floors = self.floors()[points]
        middle = int(np.argmax((self.worth[:, points] - floors).min(axis=1)))
        pairs: list[Pair] = []
        for event, flags in wanted.items():
            for side in (False, True):
                uppers = self.upper[event, side][points]
                proven = (uppers < floors[:, None]).all(axis=0)
                agrees = self.has[event][middle] != side
                for i in points:
                    level = below(float(self.worth[middle, i]))
                    agrees &= ~self.matched(i, event, self.has[event][middle], level)
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

    def steps(self) -> Iterator[None]:
        """Do everything there is to do, yielding between the steps."""
        limits = self.limits
        for region in self.regions:
            self.add_point(region.centre)
        if "region" in limits.scopes:
            for v, region in enumerate(self.ledger.inner):
                self.add_cell(v, "", region)
        centres = self.centres()
        if not self.plans:
            yield from self._quick(centres[0])
        yield from self._try_cells()
        yield from self.relax(centres)
        yield from self.search(centres)
        if not self.plans:
            return
        yield from self._try_cells()
        if "viewpoints" in limits.scopes:
            yield from self.sharpen(centres, "viewpoints")
            if not self.large:
                for solves in self.growth:
                    yield from self._grow_centres(solves)
        if "region" in limits.scopes:
            yield from self._corners()
        for solves in self.growth:
            if self.large:
                yield from self.search(centres)
                yield from self._grow_centres(solves)
            if "region" in limits.scopes:
                if self.large:
                    yield from self.search(self._vertices())
                    yield from self._try_cells()
                for cell in self.cells:
                    yield from self._work_on(cell, solves)
            if self.stopped():
                return
        if "region" in limits.scopes:
            yield from self._divide()

    def _quick(self, point: int) -> Iterator[None]:
        """Look for any plan: must-dos and what is impossible are then labelled."""
        left = self._seconds_left()
        limits = Limits(
            seconds=3600.0 if left is None else left, work=1, seed=self.limits.seed
        )
        search = Search(limits, None, 0)
        yield from self.run([Job(point, self.points[point], search=search)])

    def _grow_centres(self, solves: int) -> Iterator[None]:
        """Grow the trees at the centres, for the viewpoints' labels."""
        if "viewpoints" in self.limits.scopes:
            wanted = self.open_pairs(("viewpoints",))
            yield from self.grow(self.centres(), solves, wanted)

    def _vertices(self) -> list[int]:
        """Return the points at the vertices of all cells, each once."""
        return list(dict.fromkeys(i for cell in self.cells for i in cell.points))

    def _try_cells(self) -> Iterator[None]:
        """Prove in whole cells what bounds and plans at their vertices allow."""
        for cell in self.cells:
            self.test_cell(cell)
        yield

    def _corners(self) -> Iterator[None]:
        """Relax and look for plans at the vertices of the regions."""
        yield from self.relax(self._vertices())
        yield from self._try_cells()
        for cell in self.cells:
            yield from self.search(cell.points)
            self.test_cell(cell)
            yield
            yield from self.sharpen(cell.points, "region")
            self.test_cell(cell)
            yield

    def relax(self, points: Sequence[int]) -> Iterator[None]:
        """Bound every plan at points that have no bound, one solve each."""
        left = self._seconds_left()
        new = [i for i in points if self.tops[i] is None]
        yield from self.run(
            [Job(i, self.points[i], relax=True, seconds=left) for i in new]
        )

    def search(self, points: Sequence[int]) -> Iterator[None]:
        """Look for a plan at points, longer each time; the best known is a start.

        One point at a time, so that every plan helps at the next, but two where plans
        at other weights help little. In a small problem the trees find what is missing
        away from the centres.
        """
        left = [i for i in points if i not in self.sure]
        step = 2 if self.large else 1
        for first in range(0, len(left), step):
            if self.stopped():
                return
            yield from self.run([self._search(i) for i in left[first : first + step]])

    def _search(self, point: int) -> Job:
        """Return the search for a plan at a point, and count it."""
        start = None
        if self.plans:
            number, value = self.best(point)
            top = float(self.upper["in_plan", False][point].max())
            top = max(top, float(self.upper["in_plan", True][point].max()))
            if not self.large or top - value <= NEAR * abs(value):
                start = self.plans[number].choices
        turn = self._searched.get(point, 0)
        self._searched[point] = turn + 1
        work, rounds = self.limits.plan_work * LONGER**turn, 1
        if self.large:
            work, rounds = BY_PARTS * work, 0
        elif point not in self.centres() and start is not None:
            rounds = 0
        left = self._seconds_left()
        limits = Limits(
            seconds=3600.0 if left is None else left,
            work=work,
            gap=1e-6,
            seed=self.limits.seed,
        )
        search = Search(limits, start, rounds)
        return Job(point, self.points[point], search=search, seconds=left)

    def _seconds_left(self) -> float | None:
        if self.limits.seconds is None:
            return None
        return max(self.limits.seconds - self.seconds, 0.05)

    def sharpen(self, points: Sequence[int], scope: str) -> Iterator[None]:
        """Bound pairs by a solve each, those that lack least first, while it pays."""
        for event in EVENTS:
            paying = [i for i in points if self.tops[i] is not None]
            while paying and not self.stopped():
                wanted = {event: self.open_pairs((scope,))[event]}
                jobs = []
                for i in paying:
                    pairs = [
                        pair
                        for pair in self.lacking(i, wanted)
                        if (i, pair) not in self.tried
                    ][:BATCH]
                    self.tried.update((i, pair) for pair in pairs)
                    if pairs:
                        jobs.append(
                            Job(
                                i,
                                self.points[i],
                                pairs=tuple(pairs),
                                floor=self.floor(i),
                                seconds=self._seconds_left(),
                            )
                        )
                yield from self.run(jobs)
                proven = self.proven(event)
                paying = [
                    job.point
                    for job in jobs
                    if sum(
                        bool(proven[job.point, self.bounds.place[pair[1]]])
                        for pair in job.pairs
                    )
                    >= LEAST_PROVEN
                ]

    def _work_on(self, cell: Cell, solves: int) -> Iterator[None]:
        """Grow the trees at a cell's vertices, and prove what they allow."""
        if self.stopped():
            return
        for way in (self._grow_vertices, self.grow_cell):
            open_here = self.open_in(cell, self.open_pairs(("region",)))
            if not any(flags.any() for flags in open_here.values()):
                return
            yield from way(cell, solves, open_here)
            self.test_cell(cell)
        yield

    def _grow_vertices(
        self, cell: Cell, solves: int, wanted: dict[str, Flags]
    ) -> Iterator[None]:
        yield from self.grow(cell.points, solves, wanted)

    def _divide(self) -> Iterator[None]:
        """Split the cell with most open pairs where the best plan changes, and so on.

        In a cell where one plan is best at every vertex, and so everywhere, the middle
        is looked at instead: there no other plan ties with it.
        """
        waiting = list(self.cells)
        while waiting and len(self.cells) < self.limits.cells and not self.stopped():
            wanted = self.open_pairs(("region",))
            count = {
                id(cell): sum(int(f.sum()) for f in self.open_in(cell, wanted).values())
                for cell in waiting
            }
            waiting = [cell for cell in waiting if count[id(cell)]]
            if not waiting:
                return
            waiting.sort(
                key=lambda c: (-count[id(c)], len(c.path), c.viewpoint, c.path)
            )
            cell = waiting.pop(0)
            plane = self.plane(cell)
            if plane is None:
                yield from self._look_inside(cell)
                continue
            self.splits[cell.viewpoint, cell.path] = plane
            self.cells.remove(cell)
            for step, half in zip("<>", cell.region.split(plane), strict=True):
                new = self.add_cell(cell.viewpoint, cell.path + step, half)
                waiting.append(new)
                yield from self.relax(new.points)
                fresh = [i for i in new.points if i not in self._searched]
                yield from self.search(fresh)
                self.test_cell(new)
                for solves in self.growth:
                    yield from self._work_on(new, solves)
                if self.stopped():
                    return

    def _look_inside(self, cell: Cell) -> Iterator[None]:
        """Bound and search at the middle of a cell."""
        middle = self.add_point(cell.region.centre)
        yield from self.relax([middle])
        yield from self.search([middle])
        for solves in self.growth:
            open_here = self.open_in(cell, self.open_pairs(("region",)))
            yield from self.grow([middle], solves, open_here)


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
    if not search.regions or not problem.case.projects:
        return AgreementMap([], search.certificates, "done", 0, search.seconds)
    for choices in plans:
        search.add_plan(tuple(sorted(choices)))
    search.share()
    try:
        for _step in search.steps():
            if progress is not None:
                progress(search.standing())
    finally:
        search.close()
    stopped = search.stopped() or "done"
    if not search.plans:
        return AgreementMap(
            [], search.certificates, stopped, search.work, search.seconds
        )
    certificates = certify(search)
    ledger = Ledger(problem, search.matrix, certificates)
    held, faults = check_certificates(ledger)
    if faults:
        msg = f"{faults[0].place}: {faults[0].text}"
        raise ValueError(msg)
    rows = settle_labels(ledger, held)
    return AgreementMap(rows, certificates, stopped, search.work, search.seconds)
