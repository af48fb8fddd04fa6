"""What is known so far of every project at every weight, and what does it prove?

Points (weights), plans with their worth at each point, bounds on the plans that treat a
project the one way or the other, and cells. Nothing is solved here but the small problem
of mixing plans; `plan.robust` decides what to look for next.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.plan.examiner import Leaf, below
from rodtrad.plan.milp import mixture_shares
from rodtrad.plan.multipliers import Dual
from rodtrad.plan.proofs import EVENTS, TIE, Certificates, Ledger, Plan, mandate_end
from rodtrad.plan.weights import Cut, viewpoint_regions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array, Choice
    from rodtrad.plan.examiner import Found, Growing, Pair
    from rodtrad.plan.matrix import Matrix
    from rodtrad.plan.multipliers import RowCut
    from rodtrad.plan.problem import Problem
    from rodtrad.plan.weights import Region, Weight

    Flags = NDArray[np.bool_]
    Signs = NDArray[np.int8]

# Plans tried in a mixture: the best at the cell's vertices.
MIXED = 40
SHARE_PARTS = 1_000_000
# Planes between cells are rounded to fractions of this size.
DENOMINATOR = 10**6


@dataclass
class Cell:
    """A cell of a viewpoint's region, with the numbers of its vertices' points."""

    viewpoint: int
    path: str
    region: Region
    points: list[int] = field(default_factory=list)


class Findings:
    """All that has been found, and the labels that follow from it."""

    def __init__(
        self, problem: Problem, matrix: Matrix, cuts: Sequence[RowCut]
    ) -> None:
        """Know the problem and its viewpoints, and nothing else yet."""
        self.problem, self.matrix = problem, matrix
        self.regions = list(viewpoint_regions(problem.case).values())
        self.certificates = Certificates(mandate_end(problem.case), cuts=list(cuts))
        self.ledger = Ledger(problem, self.matrix, self.certificates)
        self.bounds = self.ledger.bounds
        self.events = {event: self.ledger.event(event) for event in EVENTS}
        count = len(self.bounds.projects)
        self.points: list[Weight] = []
        self.place: dict[Weight, int] = {}
        self.plans: list[Plan] = []
        self._plan_place: dict[tuple[Choice, ...], int] = {}
        self.worth = np.zeros((0, 0))  # [plan, point]
        self.has = {event: np.zeros((0, count), dtype=bool) for event in EVENTS}
        self.tops: list[Growing | None] = []
        self.finished: list[bool] = []
        # Per event and side (True: the plans with the event): [point, project]
        self.upper: dict[tuple[str, bool], Array] = {
            (event, side): np.zeros((0, count))
            for event in EVENTS
            for side in (False, True)
        }
        # What a bound comes from: None is the point's own tree.
        self.trees: dict[tuple[int, str, str, bool], Growing | None] = {}
        self.cells: list[Cell] = []
        self.splits: dict[tuple[int, str], Cut] = {}
        self.proofs: dict[
            tuple[int, str, str, str, bool], tuple[tuple[int, int], ...]
        ] = {}
        # [viewpoint, path] -> event -> [project]: 1 every, -1 no optimal plan
        self.covered: dict[tuple[int, str], dict[str, Signs]] = {}
        nothing = Dual(np.zeros(0, np.int64), np.zeros(0))
        self._empty = Leaf(nothing)
        self._nothing = self.bounds.price(nothing)
        self.sure: set[int] = set()

    def best(self, point: int) -> tuple[int, float]:
        """Return the best plan known at a point, and what it is worth at least."""
        number = int(np.argmax(self.worth[:, point]))
        return number, float(self.worth[number, point])

    def floor(self, point: int) -> float:
        """Return what a bound must come below at a point for a proof."""
        return below(self.best(point)[1]) if self.plans else -math.inf

    def floors(self) -> Array:
        """Return the floor at every point."""
        if not self.plans:
            return np.full(len(self.points), -math.inf)
        best = self.worth.max(axis=0)
        floors: Array = best - 4 * TIE * np.maximum(1.0, np.abs(best))
        return floors

    def proven(self, event: str) -> NDArray[np.int8]:
        """Return `[point, project]`: 1 every optimal plan, -1 none, 0 not known."""
        floors = self.floors()[:, None]
        inside = self.upper[event, False] < floors
        outside = self.upper[event, True] < floors
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

    def take(self, found: Found) -> None:
        """Take in what a job found."""
        for choices in found.plans:
            self.add_plan(choices)
        if found.best:
            self.sure.add(found.point)
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
            nothing = self.bounds.at(self._nothing, weight)
            for event, flags in self.events.items():
                for side, uppers in zip(
                    (False, True), nothing.upper_each(flags), strict=True
                ):
                    # What no plan can do at all needs no multipliers.
                    known = np.where(np.isneginf(uppers), uppers, math.inf)
                    of = self.upper[event, side]
                    self.upper[event, side] = np.vstack([of, known[None, :]])
                    for g in np.flatnonzero(np.isneginf(uppers)):
                        key = (self.place[weight], event, self.bounds.projects[g], side)
                        self.trees[key] = self._empty
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
        lower = uppers < known
        for g in np.flatnonzero(lower):
            self.trees[point, event, self.bounds.projects[g], side] = tree
        known[lower] = uppers[lower]

    def _add_bound(self, point: int, pair: Pair, tree: Growing) -> None:
        """Take in a dual vector found for a pair: it may serve others too."""
        if not isinstance(tree, Leaf) or tree.dual is None:
            return
        bound = self.bounds.at(self.bounds.price(tree.dual), self.points[point])
        for event, flags in self.events.items():
            for side, uppers in zip(
                (False, True), bound.upper_each(flags), strict=True
            ):
                self._lower(point, event, side, uppers, tree)

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

    def matched(self, point: int, event: str, holds: Flags, floor: float) -> Flags:
        """Return the projects that some plan of so much treats the other way.

        Nothing can then be proven: the plans are tied.
        """
        good = self.worth[:, point] >= floor
        other: Flags = (self.has[event][good] != holds).any(axis=0)
        return other

    def lacking(self, point: int, wanted: dict[str, Flags]) -> list[Pair]:
        """Return the wanted pairs that lack a proof at a point, least lacking first."""
        found: list[tuple[float, Pair]] = []
        for event, flags in wanted.items():
            lacks, holds = self.missing(point, event)
            wanted_here = flags & np.isfinite(lacks) & (lacks >= 0)
            wanted_here &= ~self.matched(point, event, holds, self.floor(point))
            found += [
                (float(lacks[g]), (event, self.bounds.projects[g], not holds[g]))
                for g in np.flatnonzero(wanted_here)
            ]
        return [pair for _lack, pair in sorted(found)]

    def open_pairs(self, scopes: Sequence[str]) -> dict[str, Flags]:
        """Return per event the projects whose label is open in some scope."""
        return {
            event: np.any([self.labels(s, event) == 0 for s in scopes], axis=0)
            for event in EVENTS
        }

    def test_cell(self, cell: Cell) -> None:
        """Prove what can be proven in a whole cell from what is known at its vertices."""
        points = cell.points
        if not points or not self.plans:
            return
        key = (cell.viewpoint, cell.path)
        done = self.covered.setdefault(
            key, {e: np.zeros(len(self.bounds.projects), np.int8) for e in EVENTS}
        )
        wanted = {e: np.ones(len(self.bounds.projects), dtype=bool) for e in EVENTS}
        if cell.path:
            wanted = self.open_in(cell, self.open_pairs(("region",)))
        worth = self.worth[:, points]  # [plan, vertex]
        floors = self.floors()[points]
        for event in EVENTS:
            for side in (False, True):
                sign = 1 if not side else -1
                uppers = self.upper[event, side][points]
                possible = wanted[event] & (done[event] == 0)
                possible &= (uppers < floors[:, None]).all(axis=0)
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

    def open_in(self, cell: Cell, wanted: dict[str, Flags]) -> dict[str, Flags]:
        """Return per event the wanted projects that are not proven in a cell."""
        for length in range(len(cell.path) + 1):
            own = self.covered.get((cell.viewpoint, cell.path[:length]))
            if own is not None:
                wanted = {event: wanted[event] & (own[event] == 0) for event in EVENTS}
        return wanted

    def plane(self, cell: Cell) -> Cut | None:
        """Return the plane where two plans, each best at a vertex, are worth the same.

        The two that differ most clearly; None if one plan is best at every vertex.
        Rounded, as any plane will do; should rounding spoil it, the cell is halved.
        """
        points = cell.points
        if any(self.tops[i] is None for i in points):
            return None
        worth = self.worth[:, points]
        tops = np.argmax(worth, axis=0)
        loss = worth[tops, np.arange(len(points))][None, :] - worth[tops]
        both = np.minimum(loss, loss.T)  # [vertex, vertex]
        one, other = np.unravel_index(int(np.argmax(both)), both.shape)
        size = max(1.0, float(np.abs(worth).max()))
        if both[one, other] <= 16 * TIE * size:
            return None
        first, second = self.plans[int(tops[one])], self.plans[int(tops[other])]
        normal = tuple(
            Fraction(float(value)).limit_denominator(DENOMINATOR)
            for value in second.values - first.values
        )
        price = Fraction(float(second.penalty - first.penalty))
        cut = Cut(normal, price.limit_denominator(DENOMINATOR))
        sides = [cut.over(cell.region.vertices[i]) for i in (int(one), int(other))]
        if sides[0] < 0 < sides[1]:
            return cut
        return cell.region.halving()
