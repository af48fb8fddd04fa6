"""Which whole-number inequalities does every plan meet, and the relaxation not?

One row of money or people holds few large projects at once: "of these, at most two".
Such a cover cut is found from a fractional solution, made as strong as the row allows,
and kept with the row it follows from, so that `multipliers.cut_holds` can prove it
again by counting. A cut says nothing of values: it is valid at every weight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.plan.milp import LinearBounds
from rodtrad.plan.multipliers import (
    Bounds,
    RowCut,
    cut_holds,
    cut_weights,
    lightest,
    with_cuts,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array
    from rodtrad.plan.matrix import Matrix
    from rodtrad.plan.problem import Problem
    from rodtrad.plan.weights import Weight

    Numbers = NDArray[np.int64]

# Rows filled less than this by the solution are not looked at.
FILLED = 0.7
# A cover whose violation before lifting is worse than this is given up.
HOPELESS = -0.6
VIOLATED = 1e-3
# Projects that are lifted into a cut: those the solution holds most of first.
LIFTED = 120
# Kept from what the counting allows, so that the check never fails on rounding.
MARGIN = 1e-6
# Rounds of cuts go on while each lowers the bound by so much of it.
LEAST_GAIN = 1e-4


@dataclass(frozen=True)
class Sack:
    """A row as a knapsack: weights not negative per column, and how much it holds."""

    name: str
    side: int
    weights: Array
    room: float


class CoverFinder:
    """Finds cover cuts from solutions of the relaxation."""

    def __init__(self, bounds: Bounds) -> None:
        """Turn every row that can be over-full into a knapsack."""
        self._bounds = bounds
        self._sacks: list[Sack] = []
        count = len(bounds.projects)
        for number, name in enumerate(bounds.row_names):
            for side in (1, -1):
                found = cut_weights(bounds, name, side)
                if found is None or not bounds.counts[number]:
                    continue
                weights, room, _size = found
                if set(np.unique(np.abs(weights))) <= {0.0, 1.0}:
                    continue
                low = bounds.least(weights)
                if not np.isfinite(low).all():
                    continue
                lifted = np.maximum(weights - low[bounds.group], 0.0)
                left = room - float(low.sum())
                top = -bounds.least(-lifted)
                if len(top) == count and float(np.maximum(top, 0.0).sum()) > left:
                    self._sacks.append(Sack(name, side, lifted, left))

    def cuts(self, solution: Array) -> list[RowCut]:
        """Return cuts that a fractional solution breaks, at most one per row."""
        x = np.where(self._bounds.allowed, solution[: len(self._bounds.choices)], 0.0)
        found = []
        for sack in self._sacks:
            if float(sack.weights @ x) >= FILLED * sack.room:
                cut = self._cut(sack, x)
                if cut is not None:
                    found.append(cut)
        return found

    def _cut(self, sack: Sack, x: Array) -> RowCut | None:
        bounds = self._bounds
        room = sack.room + MARGIN * max(1.0, abs(sack.room))
        cover = self._cover(sack, x, room)
        if cover is None:
            return None
        limit = len(cover) - 1
        parts = np.zeros(len(x), dtype=np.int64)
        for g, threshold in cover.items():
            own = np.arange(bounds.first[g], bounds.first[g + 1])
            parts[own[(sack.weights[own] >= threshold) & bounds.allowed[own]]] = 1
        options = {g: self._options(sack, parts, g, limit) for g in cover}
        mass = np.bincount(bounds.group, x, len(bounds.projects))
        whole: Array | None = None
        for g in np.argsort(-mass, kind="stable")[:LIFTED]:
            if g in options:
                rest = lightest([o for h, o in options.items() if h != g], limit)
            else:
                if whole is None:
                    whole = lightest(list(options.values()), limit)
                rest = whole
            own = np.arange(bounds.first[g], bounds.first[g + 1])
            own = own[bounds.allowed[own]]
            # The greatest part each column can have: with it the rest must be too heavy.
            more = rest[::-1][None, 1:] + sack.weights[own][:, None] > room
            lifted = np.cumprod(more, axis=1).sum(axis=1)
            if (lifted > parts[own]).any():
                parts[own] = np.maximum(parts[own], lifted)
                options[int(g)] = self._options(sack, parts, int(g), limit)
                whole = None
        if float(parts @ x) - limit < VIOLATED:
            return None
        columns = np.flatnonzero(parts)
        return RowCut(
            sack.name,
            sack.side,
            limit,
            tuple((int(k), int(parts[k])) for k in columns),
        )

    def _options(self, sack: Sack, parts: Numbers, g: int, limit: int) -> Array:
        """Return the least weight of a project for each part it can have."""
        bounds = self._bounds
        own = np.arange(bounds.first[g], bounds.first[g + 1])
        own = own[bounds.allowed[own]]
        least = np.full(limit + 2, np.inf)
        if not bounds.must[g]:
            least[0] = 0.0
        np.minimum.at(least, np.minimum(parts[own], limit + 1), sack.weights[own])
        return least

    def _cover(self, sack: Sack, x: Array, room: float) -> Mapping[int, float] | None:
        """Return projects with a least weight each that together are too heavy.

        Those that the solution holds most surely per weight come first; then as few
        as will do. None if no such set is nearly broken.
        """
        bounds = self._bounds
        picked = np.flatnonzero((x > 1e-9) & (sack.weights > 1e-9 * max(1.0, room)))
        order = picked[np.lexsort((-sack.weights[picked], bounds.group[picked]))]
        if not len(order):
            return None
        groups = bounds.group[order]
        total = np.cumsum(x[order])
        first = np.flatnonzero(np.diff(groups, prepend=-1))
        before = np.repeat(
            total[first] - x[order][first], np.diff([*first, len(order)])
        )
        missing = np.maximum(1.0 - (total - before), 0.0)
        weights = sack.weights[order]
        cover: dict[int, tuple[float, float]] = {}
        heavy = 0.0
        for i in np.lexsort((-weights, groups, missing / weights)):
            g = int(groups[i])
            known = cover[g][0] if g in cover else 0.0
            if weights[i] > known:
                heavy += float(weights[i]) - known
                cover[g] = (float(weights[i]), float(missing[i]))
            if heavy > room:
                break
        else:
            return None
        for g in sorted(cover, key=lambda g: (-cover[g][1], g)):
            if heavy - cover[g][0] > room:
                heavy -= cover[g][0]
                del cover[g]
        lacks = sum(missing for _weight, missing in cover.values())
        if len(cover) < 2 or 1.0 - lacks < HOPELESS:
            return None
        return {g: weight for g, (weight, _missing) in cover.items()}


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
