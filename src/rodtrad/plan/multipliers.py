"""How much can any plan be worth? Upper bounds from dual vectors, safely rounded.

With multipliers on the rows, a bound on every plan follows by addition alone, project by
project. All sums carry the most that rounding can change them. Cuts, rows that follow
from one row by counting, are proven here too. No solver and no search.
Method page: docs/method/agreement.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.plan.greedy import ROW_TOLERANCE
from rodtrad.plan.problem import safe_name
from rodtrad.plan.weights import as_floats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array
    from rodtrad.plan.matrix import Matrix
    from rodtrad.plan.problem import Problem
    from rodtrad.plan.weights import Weight

    Flags = NDArray[np.bool_]
    Numbers = NDArray[np.int64]

UNIT = 2.0**-53
# Covers the rounding of the error bounds themselves.
SLACK = 1.01
# Rows that only say "at most once" of a project's own columns.
_ONCE = ("once", "must")

# A branch of a proof: the columns it speaks of as project, kind and value. `in`: all of
# the project's; `by`: those that start that year or earlier; `alternative`: those of
# one alternative.
Branch = tuple[str, str, int | str | None]


def gamma(count: int) -> float:
    """Return how much, at most, so many rounded steps change a sum of absolute terms."""
    return SLACK * count * UNIT / (1.0 - count * UNIT)


class Bounds:
    """Upper bounds from dual vectors, safely rounded.

    With multipliers `y` on the rows, no plan is worth more than `y @ (side of the row)`
    plus, project by project, the best that one choice of it (or none) can give after
    paying `y` for what it uses. Rows that only say "at most once" are not needed.
    """

    def __init__(
        self, problem: Problem, matrix: Matrix, cuts: Sequence[RowCut] = ()
    ) -> None:
        """Gather the arrays once; `matrix` is the problem's own.

        The cuts are further rows, `cut(0)`, `cut(1)` ..; whether they hold is asked
        with `cut_holds`.

        Raises:
            ValueError: the columns of a project do not lie together, or a cut speaks
                of a column that there is not.
        """
        self.problem = problem
        case = problem.case
        self.choices = problem.choices
        self.projects = tuple(project.project_id for project in case.projects)
        self.place = {key: g for g, key in enumerate(self.projects)}
        count = len(self.choices)
        self.group = np.array([self.place[c.project_id] for c in self.choices], int)
        if (np.diff(self.group) < 0).any():
            msg = "the columns of a project must lie together"
            raise ValueError(msg)
        sizes = np.bincount(self.group, minlength=len(self.projects))
        self.first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self._filled = np.flatnonzero(sizes)
        self.starts = np.array([c.start_year for c in self.choices], dtype=np.int64)
        self.must = np.array([project.must_do for project in case.projects], bool)
        self.allowed = np.asarray(matrix.column_upper[:count]) > 0
        self.values = problem.criterion_values
        self._size = np.abs(self.values)
        self.tops = np.asarray(matrix.column_upper[count:], dtype=np.float64)
        self.prices = np.asarray(matrix.cost[count:], dtype=np.float64)
        own = {f"{w}({safe_name(key)})" for key in self.projects for w in _ONCE}
        rows = with_cuts(matrix, cuts, count)
        self.row_names = rows.names
        self.row_place = {name: i for i, name in enumerate(rows.names)}
        self.counts = np.array([name not in own for name in rows.names], dtype=bool)
        self.lower, self.upper = rows.lower, rows.upper
        self._start, self._index, self._value = rows.start, rows.index, rows.value
        self._width = count + len(self.tops)

    def row(self, name: str) -> tuple[Numbers, Array, float, float]:
        """Return a row's columns and variables, coefficients, lower and upper side.

        Raises:
            ValueError: there is no such row.
        """
        if name not in self.row_place:
            msg = f"unknown row {name!r}"
            raise ValueError(msg)
        i = self.row_place[name]
        part = slice(self._start[i], self._start[i + 1])
        low, high = float(self.lower[i]), float(self.upper[i])
        return self._index[part], self._value[part], low, high

    def least(self, weights: Array) -> Array:
        """Return the least weight per project, of a choice of it or of none."""
        found = -self.best(np.where(self.allowed, -weights, -math.inf))
        return np.where(self.must, found, np.minimum(found, 0.0))

    def weighted(self, weight: Weight) -> tuple[Array, Array]:
        """Return the columns' values at a weight, and the sizes they are made of."""
        shares = np.array(as_floats(weight))
        return self.values @ shares, self._size @ shares

    def price(self, dual: Dual) -> Priced:
        """Return a dual vector with what every column pays by it."""
        rows, y = dual.rows, dual.values
        side = np.where(y > 0, self.upper[rows], self.lower[rows])
        y, rows, side = y[y != 0], rows[y != 0], side[y != 0]
        if not np.isfinite(side).all() or not self.counts[rows].all():
            return Priced(math.inf, np.zeros(0), np.zeros(0), 0)
        lengths = self._start[rows + 1] - self._start[rows]
        at = np.repeat(self._start[rows] - np.cumsum(lengths) + lengths, lengths)
        at = at + np.arange(len(at))
        products = np.repeat(y, lengths) * self._value[at]
        index = self._index[at]
        pays: Array = np.bincount(index, products, self._width).astype(np.float64)
        size: Array = np.bincount(index, np.abs(products), self._width).astype(float)
        count = len(self.choices)
        steps = len(rows) + 4
        left = self.prices - pays[count:]
        left += gamma(steps) * (np.abs(self.prices) + size[count:])
        extra = np.zeros(len(left))
        gains = left > 0
        extra[gains] = left[gains] * self.tops[gains]
        terms = np.concatenate([y * side, extra])
        error = gamma(len(terms) + 4) * float(np.abs(terms).sum())
        slack = SLACK * ROW_TOLERANCE * float(np.abs(y).sum())
        base = float(terms.sum()) + error + slack
        return Priced(base, pays[:count], size[:count], steps)

    def at(self, priced: Priced, weight: Weight) -> Bound:
        """Return the bound of a priced dual vector at a weight."""
        worth, size = self.weighted(weight)
        return self.bound(priced, worth, size, len(weight))

    def bound(self, priced: Priced, worth: Array, size: Array, shares: int) -> Bound:
        """Return the bound where columns are worth so much, sums of so many shares."""
        if not math.isfinite(priced.base):
            return Bound(self, math.inf, np.zeros(len(worth)))
        steps = priced.steps + shares + 6
        most = worth - priced.pays + gamma(steps) * (size + priced.size)
        return Bound(self, priced.base, most)

    def best(self, most: Array) -> Array:
        """Return the greatest value per project; minus infinity where there is none."""
        found = np.full(len(self.projects), -math.inf)
        if len(self._filled):
            found[self._filled] = np.maximum.reduceat(most, self.first[self._filled])
        return found

    def only(self, allowed: Flags, must: Flags) -> list[int] | None:
        """Return the columns of the only plan left; None if more than one may be.

        Projects that must be chosen and cannot be are left out; such a plan breaks
        their row.
        """
        left = np.bincount(self.group[allowed], minlength=len(self.projects))
        if (left > 1).any() or ((left == 1) & ~must).any():
            return None
        return [int(k) for k in np.flatnonzero(allowed)]

    def picked(self, branch: Branch) -> Flags:
        """Return the columns a branch speaks of.

        Raises:
            ValueError: an unknown project or kind of branch.
        """
        project_id, kind, value = branch
        if project_id not in self.place:
            msg = f"unknown project {project_id!r}"
            raise ValueError(msg)
        g = self.place[project_id]
        flags = np.zeros(len(self.choices), dtype=bool)
        own = slice(self.first[g], self.first[g + 1])
        if kind == "in":
            flags[own] = True
        elif kind == "by" and isinstance(value, int):
            flags[own] = self.starts[own] <= value
        elif kind == "alternative":
            flags[own] = [c.alternative_id == value for c in self.choices[own]]
        else:
            msg = f"unknown branch {branch!r}"
            raise ValueError(msg)
        return flags

    def narrowed(
        self, allowed: Flags, must: Flags, branch: Branch, taken: bool
    ) -> tuple[Flags, Flags]:
        """Return what is left when a column of the branch must, or must not, be chosen.

        The tree's own logic, exact: no sums.
        """
        picked = self.picked(branch)
        g = self.place[branch[0]]
        own = slice(self.first[g], self.first[g + 1])
        allowed = allowed.copy()
        if taken:
            allowed[own] &= picked[own]
            must = must.copy()
            must[g] = True
        else:
            allowed[own] &= ~picked[own]
        return allowed, must


@dataclass(frozen=True)
class Dual:
    """Multipliers on rows: positive presses the upper side, negative the lower."""

    rows: Numbers
    values: Array


@dataclass(frozen=True)
class Priced:
    """A dual vector's constant part, and per column what it pays and of what size."""

    base: float
    pays: Array
    size: Array
    steps: int


class Bound:
    """An upper bound on the value of plans, for any restriction of the choices.

    `most` `[column]` is what each column can add at most, rounding included.
    """

    def __init__(self, bounds: Bounds, base: float, most: Array) -> None:
        """Keep the parts; sums are made when asked for."""
        self._bounds, self._base, self._most = bounds, base, most

    def upper(self, allowed: Flags, must: Flags) -> float:
        """Return a bound over plans of allowed columns that hold the `must` projects."""
        if not math.isfinite(self._base):
            return math.inf
        best = self._bounds.best(np.where(allowed, self._most, -math.inf))
        best = np.where(must, best, np.maximum(best, 0.0))
        return self._total(best)

    def _total(self, best: Array) -> float:
        if np.isneginf(best).any():
            return -math.inf
        size = abs(self._base) + float(np.abs(best).sum())
        error = gamma(len(best) + 4) * size
        total = self._base + float(best.sum()) + error
        # Multipliers so great that sums overflow prove nothing.
        return math.inf if math.isnan(total) else total

    def upper_each(
        self, event: Flags, allowed: Flags | None = None, must: Flags | None = None
    ) -> tuple[Array, Array]:
        """Return bounds per project: plans without the event, and plans with it.

        `event` `[column]` are the choices that make it happen, for all projects at
        once; `allowed` and `must` restrict the plans further.
        """
        bounds = self._bounds
        count = len(bounds.projects)
        allowed = bounds.allowed if allowed is None else allowed
        must = bounds.must if must is None else must
        if not math.isfinite(self._base):
            return np.full(count, math.inf), np.full(count, math.inf)
        free = bounds.best(np.where(allowed, self._most, -math.inf))
        free = np.where(must, free, np.maximum(free, 0.0))
        if np.isneginf(free).any():  # a project that must be chosen cannot be
            return np.full(count, -math.inf), np.full(count, -math.inf)
        without = bounds.best(np.where(allowed & ~event, self._most, -math.inf))
        without = np.where(must, without, np.maximum(without, 0.0))
        having = bounds.best(np.where(allowed & event, self._most, -math.inf))
        total = self._total(free)
        if not math.isfinite(total):
            return np.full(count, math.inf), np.full(count, math.inf)

        def exchanged(part: Array) -> Array:
            size = np.where(np.isfinite(part), np.abs(part), 0.0) + np.abs(free)
            changed: Array = total + (part - free) + gamma(4) * (abs(total) + size)
            return changed

        return exchanged(without), exchanged(having)


@dataclass(frozen=True)
class RowCut:
    """Sum of `part` over the chosen columns is at most `limit`, whatever plan.

    It follows from one row: its upper side (`side` 1) or lower side (-1). `columns`
    are pairs of column and part, whole numbers above zero.
    """

    row: str
    side: int
    limit: int
    columns: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class RowArrays:
    """Rows with the cuts after them, `[start:start+1]` for each."""

    names: tuple[str, ...]
    lower: Array
    upper: Array
    start: Numbers
    index: Numbers
    value: Array


def with_cuts(matrix: Matrix, cuts: Sequence[RowCut], count: int) -> RowArrays:
    """Return a matrix's rows with cuts after them.

    Raises:
        ValueError: a cut speaks of a column that there is not (of `count`).
    """
    columns = [np.array([k for k, _part in cut.columns], np.int64) for cut in cuts]
    for of in columns:
        if len(of) and not (of.min() >= 0 and of.max() < count):
            msg = "a cut speaks of a column that there is not"
            raise ValueError(msg)
    parts = [np.array([part for _k, part in cut.columns], float) for cut in cuts]
    start = np.asarray(matrix.start, dtype=np.int64)
    ends = start[-1] + np.cumsum([len(of) for of in columns])
    return RowArrays(
        names=(*matrix.row_names, *(f"cut({i})" for i in range(len(cuts)))),
        lower=np.concatenate([matrix.row_lower, np.full(len(cuts), -math.inf)]),
        upper=np.concatenate([matrix.row_upper, [float(c.limit) for c in cuts]]),
        start=np.concatenate([start, ends]).astype(np.int64),
        index=np.concatenate([matrix.index, *columns]).astype(np.int64),
        value=np.concatenate([matrix.value, *parts]),
    )


def cut_weights(
    bounds: Bounds, row: str, side: int
) -> tuple[Array, float, float] | None:
    """Return a side of a row as `weights @ columns <= room`, and the size of its terms.

    Other variables are at the end that leaves most room. None where the row has no
    such side.
    """
    index, value, low, high = bounds.row(row)
    limit = high if side == 1 else -low
    if side not in (1, -1) or not math.isfinite(limit):
        return None
    count = len(bounds.choices)
    own = index < count
    weights = np.zeros(count)
    weights[index[own]] = side * value[own]
    others = np.minimum(side * value[~own] * bounds.tops[index[~own] - count], 0.0)
    if not np.isfinite(others).all():
        return None
    room = limit - float(others.sum())
    size = abs(limit) + float(np.abs(others).sum())
    return weights, room, size


def lightest(options: Sequence[Array], limit: int) -> Array:
    """Return `[0..limit+1]`: the least weight with which the parts reach so much.

    `options` give each project's least weight by its part, the last by more.
    """
    least = np.full(limit + 2, math.inf)
    least[0] = 0.0
    for option in options:
        new = np.full(limit + 2, math.inf)
        for part in np.flatnonzero(np.isfinite(option)):
            weight = option[part]
            stay = limit + 2 - part
            np.minimum(new[part:], least[:stay] + weight, out=new[part:])
            if part:
                over = float(least[stay:].min(initial=math.inf)) + weight
                new[-1] = min(new[-1], over)
        least = new
    return np.minimum.accumulate(least[::-1])[::-1]


def cut_holds(bounds: Bounds, cut: RowCut) -> bool:
    """Whether a cut follows from its row: to break it takes more room than there is.

    Counted over the projects, one choice each: the least weight in the row with which
    the parts sum to more than the limit, rounding and row tolerance allowed for.

    Raises:
        ValueError: there is no such row.
    """
    if cut.row not in bounds.row_place or cut.row.startswith("cut("):
        msg = f"unknown row {cut.row!r}"
        raise ValueError(msg)
    found = cut_weights(bounds, cut.row, cut.side)
    if found is None or not 0 <= cut.limit <= len(bounds.projects):
        return False
    columns = [k for k, _part in cut.columns]
    # A column told twice would count once here and twice in the row it becomes.
    if len(set(columns)) < len(columns) or any(part <= 0 for _k, part in cut.columns):
        return False
    weights, room, size = found
    parts = np.zeros(len(bounds.choices), dtype=np.int64)
    for k, part in cut.columns:
        parts[k] = min(part, cut.limit + 1)
    options = []
    low = bounds.least(weights)
    groups = sorted({int(bounds.group[k]) for k, _part in cut.columns})
    for g in groups:
        own = np.arange(bounds.first[g], bounds.first[g + 1])
        own = own[bounds.allowed[own]]
        least = np.full(cut.limit + 2, math.inf)
        if not bounds.must[g]:
            least[0] = 0.0
        np.minimum.at(least, parts[own], weights[own])
        options.append(least)
    rest = np.ones(len(low), dtype=bool)
    rest[groups] = False
    if np.isposinf(low).any():
        return True  # some must-do is impossible: there is no plan at all
    needed = float(lightest(options, cut.limit)[-1]) + float(low[rest].sum())
    size += float(-bounds.least(-np.abs(weights)).sum())
    error = gamma(len(low) + 8) * size + SLACK * ROW_TOLERANCE
    return needed > room + error
