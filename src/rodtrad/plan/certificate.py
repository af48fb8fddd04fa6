"""Is what the agreement map says proven? Certificates, and their check without a solver.

A certificate says that every optimal plan holds an event (or that none does) at a weight
or in a whole cell of weights. It rests on plans that anyone can recompute, and on dual
vectors, from which an upper bound on every other plan follows by addition alone. All
sums are bounded from above, or below, with the rounding error of floats added, so a
label never rests on rounding. Imports neither the solver nor the search.

A value is points: Σ weight x criterion value - price of missed aims (A8). A plan counts
as possible when it holds every row to `ROW_TOLERANCE`; the bounds allow for that. Two
plans whose values differ by less than `TIE` of their size are a tie, and no label rests
on a tie. Method page: docs/method/agreement.md.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.domain.arrays import Choice
from rodtrad.domain.law import mandate_period
from rodtrad.plan.greedy import ROW_TOLERANCE, RowCheck
from rodtrad.plan.problem import safe_name
from rodtrad.plan.weights import (
    Cut,
    Region,
    Weight,
    as_floats,
    named_shares,
    read_weight,
    viewpoint_regions,
    write_weight,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array, Case
    from rodtrad.plan.matrix import Matrix
    from rodtrad.plan.problem import Problem

    Flags = NDArray[np.bool_]
    Numbers = NDArray[np.int64]

VERSION = 1
UNIT = 2.0**-53
# Covers the rounding of the error bounds themselves.
SLACK = 1.01
TIE = 1e-9
# How far the value of a plan, as the statements give it, may be from the exact one.
PLAN_TOLERANCE = 1e-9
AGREES = 1e-6
SCOPES = ("viewpoints", "region")
EVENTS = ("in_plan", "in_mandate")
CACHED = 64

# A branch of a proof: the columns it speaks of as project, kind and value. `in`: all of
# the project's; `by`: those that start that year or earlier; `alternative`: those of
# one alternative.
Branch = tuple[str, str, int | str | None]
# A leaf is the number of a dual vector, or `ONLY`: one plan at most is left, and it is
# worth what the statements say. A node is a branch, the tree where none of its
# columns is chosen, and the tree where one of them is; and, if it has one, the number
# of a dual vector of its own: what bounds less counts.
Tree = int | tuple[Branch, "Tree", "Tree", int | None]
ONLY = -1
# Instead of a tree of its own, a proof may use the tree that bounds every plan there.
TOP = -2


def gamma(count: int) -> float:
    """Return how much, at most, so many rounded steps change a sum of absolute terms."""
    return SLACK * count * UNIT / (1.0 - count * UNIT)


@dataclass(frozen=True)
class Plan:
    """A possible plan and what it is worth.

    `values` are its points per criterion, before weights; `penalty` the price of its
    missed aims; `columns` the choices as column numbers.
    """

    choices: tuple[Choice, ...]
    columns: tuple[int, ...]
    values: Array
    penalty: float

    def value(self, weight: Array) -> float:
        """The plan's value at a weight, rounded down: it is worth at least this."""
        worth = float(self.values @ weight)
        return worth - self.penalty - self._error(weight)

    def most(self, weight: Array) -> float:
        """The plan's value at a weight, rounded up."""
        worth = float(self.values @ weight)
        return worth - self.penalty + self._error(weight)

    def _error(self, weight: Array) -> float:
        size = float(np.abs(self.values) @ weight) + abs(self.penalty)
        steps = gamma(len(self.columns) + len(weight) + 6)
        return (steps + PLAN_TOLERANCE) * max(size, 1.0)


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
        worth, worth_size = self.weighted(weight)
        if not math.isfinite(priced.base):
            return Bound(self, math.inf, np.zeros(len(worth)))
        steps = priced.steps + len(weight) + 6
        most = worth - priced.pays + gamma(steps) * (worth_size + priced.size)
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


_ONCE = ("once", "must")


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
    if found is None or cut.limit < 0 or any(part <= 0 for _k, part in cut.columns):
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
        return self._base + float(best.sum()) + error

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

        def exchanged(part: Array) -> Array:
            size = np.where(np.isfinite(part), np.abs(part), 0.0) + np.abs(free)
            changed: Array = total + (part - free) + gamma(4) * (abs(total) + size)
            return changed

        return exchanged(without), exchanged(having)


@dataclass(frozen=True)
class Proof:
    """That every optimal plan has the event of a project (`holds`), or that none has.

    Proven at one weight (`point` its number) or in a cell: a viewpoint's number and
    the path of halves (`<` or `>`) to it. `plans` are plan numbers with whole-number
    shares; `bounds` one tree for each vertex of the cell (one for a point).
    """

    project_id: str
    event: str
    holds: bool
    point: int | None
    cell: tuple[int, str] | None
    plans: tuple[tuple[int, int], ...]
    bounds: tuple[Tree, ...]


@dataclass(frozen=True)
class Split:
    """A cell halved by a plane; None is a cell that is whole."""

    cut: Cut
    below: Split | None
    above: Split | None


@dataclass
class Certificates:
    """All that the labels rest on. Numbers refer to the lists here.

    `tops` are trees that bound every plan at a point. `mandate_end` is the last start
    year of the event `in_mandate`.
    """

    mandate_end: int
    plans: list[tuple[Choice, ...]] = field(default_factory=list)
    points: list[Weight] = field(default_factory=list)
    cuts: list[RowCut] = field(default_factory=list)
    duals: list[dict[str, float]] = field(default_factory=list)
    splits: list[Split | None] = field(default_factory=list)
    tops: dict[int, Tree] = field(default_factory=dict)
    proofs: list[Proof] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for a JSON file; `read_certificates` is the way back."""
        rows = sorted({name for dual in self.duals for name in dual})
        number = {name: i for i, name in enumerate(rows)}
        return {
            "version": VERSION,
            "mandate_end": self.mandate_end,
            "plans": [[list(choice) for choice in plan] for plan in self.plans],
            "points": [write_weight(point) for point in self.points],
            "cuts": [
                [c.row, c.side, c.limit, [n for pair in c.columns for n in pair]]
                for c in self.cuts
            ],
            "rows": rows,
            "duals": [
                [
                    part
                    for name in sorted(dual)
                    for part in (number[name], _short(dual[name]))
                ]
                for dual in self.duals
            ],
            "splits": [_write_split(split) for split in self.splits],
            "tops": [[point, _write_tree(t)] for point, t in sorted(self.tops.items())],
            "proofs": [
                [
                    proof.project_id,
                    proof.event,
                    int(proof.holds),
                    proof.point if proof.cell is None else list(proof.cell),
                    [list(share) for share in proof.plans],
                    [_write_tree(tree) for tree in proof.bounds],
                ]
                for proof in self.proofs
            ],
        }


def _short(value: float) -> float | int:
    return int(value) if value == int(value) and abs(value) < 1e15 else value


def _write_tree(tree: Tree) -> Any:
    if isinstance(tree, int):
        return tree
    branch, without, taken, own = tree
    parts = [list(branch), _write_tree(without), _write_tree(taken)]
    return parts if own is None else [*parts, own]


def _read_tree(data: Any) -> Tree:
    if isinstance(data, int):
        return data
    (project_id, kind, value), without, taken, *own = data
    branch = (project_id, kind, value)
    number = int(own[0]) if own else None
    return branch, _read_tree(without), _read_tree(taken), number


def _write_split(split: Split | None) -> Any:
    if split is None:
        return None
    return [
        write_weight(split.cut.normal),
        str(split.cut.limit),
        _write_split(split.below),
        _write_split(split.above),
    ]


def _read_split(data: Any) -> Split | None:
    if data is None:
        return None
    normal, limit, below, above = data
    cut = Cut(read_weight(normal), Fraction(limit))
    return Split(cut, _read_split(below), _read_split(above))


def read_certificates(data: Mapping[str, Any]) -> Certificates:
    """Return certificates from plain data.

    Raises:
        ValueError: the data are not what `Certificates.as_dict` writes.
    """
    try:
        if data["version"] != VERSION:
            msg = f"unknown version {data['version']!r}"
            raise ValueError(msg)
        rows = list(data["rows"])
        return Certificates(
            mandate_end=int(data["mandate_end"]),
            plans=[
                tuple(Choice(str(p), str(a), int(s)) for p, a, s in plan)
                for plan in data["plans"]
            ],
            points=[read_weight(texts) for texts in data["points"]],
            cuts=[
                RowCut(
                    str(row),
                    int(side),
                    int(limit),
                    tuple(
                        (int(k), int(part))
                        for k, part in zip(flat[::2], flat[1::2], strict=True)
                    ),
                )
                for row, side, limit, flat in data["cuts"]
            ],
            duals=[
                {rows[i]: float(y) for i, y in zip(dual[::2], dual[1::2], strict=True)}
                for dual in data["duals"]
            ],
            splits=[_read_split(split) for split in data["splits"]],
            tops={int(point): _read_tree(tree) for point, tree in data["tops"]},
            proofs=[
                Proof(
                    project_id,
                    event,
                    bool(holds),
                    where if isinstance(where, int) else None,
                    None if isinstance(where, int) else (int(where[0]), str(where[1])),
                    tuple((int(m), int(n)) for m, n in plans),
                    tuple(_read_tree(tree) for tree in bounds),
                )
                for project_id, event, holds, where, plans, bounds in data["proofs"]
            ],
        )
    except (
        LookupError,
        TypeError,
        ValueError,
        ArithmeticError,
        RecursionError,
    ) as error:
        msg = f"the certificates cannot be read: {error}"
        raise ValueError(msg) from error


Each = dict[str, tuple["Array", "Array"]]


def combined(one: Each, other: Each, how: np.ufunc) -> Each:
    """Return bounds by event and project combined, greatest or least of two."""
    return {
        name: (
            how(one[name][0], other[name][0]),
            how(one[name][1], other[name][1]),
        )
        for name in one
    }


@dataclass(frozen=True)
class Fault:
    """Something in the certificates or labels that does not hold: where, and what."""

    place: str
    text: str


def walk_cell(region: Region, split: Split | None, path: str) -> Region:
    """Return the cell that a path of halves leads to.

    Raises:
        ValueError: the path leaves the splits.
    """
    for step in path:
        if split is None or step not in "<>":
            msg = f"no cell at {path!r}"
            raise ValueError(msg)
        below = step == "<"
        region = region.cut(split.cut if below else split.cut.opposite())
        split = split.below if below else split.above
    return region


def leaves(tree: Tree) -> Iterator[int]:
    """Yield the dual vectors of a tree."""
    if isinstance(tree, int):
        if tree >= 0:
            yield tree
    else:
        yield from leaves(tree[1])
        yield from leaves(tree[2])
        if tree[3] is not None:
            yield tree[3]


class Ledger:
    """Certificates together with the problem they speak of: bounds, plans, cells."""

    def __init__(
        self, problem: Problem, matrix: Matrix, certificates: Certificates
    ) -> None:
        """Prepare; nothing is checked yet."""
        self.bounds = Bounds(problem, matrix, certificates.cuts)
        self.case: Case = problem.case
        self.certificates = certificates
        self.regions = list(viewpoint_regions(problem.case).values())
        self.check = RowCheck(problem)
        self._priced: OrderedDict[int, Priced] = OrderedDict()
        self._each: OrderedDict[tuple[int, Weight, str], tuple[Array, Array]] = (
            OrderedDict()
        )
        self._tops: dict[tuple[int, Weight, str], tuple[Array, Array]] = {}
        self._plans: dict[int, Plan | None] = {}
        self._cells: dict[tuple[int, str], Region] = {}
        self._at: dict[Weight, Array] = {}

    def shares(self, weight: Weight) -> Array:
        """Return a weight as floats, kept."""
        if weight not in self._at:
            self._at[weight] = np.array(as_floats(weight))
        return self._at[weight]

    def event(self, name: str) -> Flags:
        """Return the columns that make an event happen.

        Raises:
            ValueError: an unknown event.
        """
        if name == "in_plan":
            return np.ones(len(self.bounds.choices), dtype=bool)
        if name == "in_mandate":
            flags: Flags = self.bounds.starts <= self.certificates.mandate_end
            return flags
        msg = f"unknown event {name!r}"
        raise ValueError(msg)

    def branch(self, project_id: str, event: str) -> Branch:
        """Return an event as a branch."""
        if event == "in_plan":
            return project_id, "in", None
        self.event(event)
        return project_id, "by", self.certificates.mandate_end

    def plan(self, number: int) -> Plan:
        """Return a plan of the pool, recomputed through the statements.

        Raises:
            ValueError: no such plan, or it breaks a requirement.
        """
        if number not in self._plans:
            self._plans[number] = self.weigh(self.certificates.plans[number])
        plan = self._plans[number]
        if plan is None:
            msg = f"plan {number} breaks a requirement"
            raise ValueError(msg)
        return plan

    def weigh(self, choices: Sequence[Choice]) -> Plan | None:
        """Return choices as a plan with its values; None if it is no possible plan."""
        place = self.check.place
        chosen = tuple(sorted(choices))
        if not all(choice in place for choice in chosen):
            return None
        try:
            found = evaluate_plan(self.case, chosen)
        except (KeyError, ValueError):
            return None
        if found.violations or not self.check.holds(self.check.chosen(chosen)):
            return None
        columns = tuple(place[choice] for choice in chosen)
        values: Array = self.bounds.values[list(columns)].sum(axis=0)
        return Plan(chosen, columns, values, found.aim_penalty)

    def price(self, number: int) -> Priced:
        """Return a dual vector with what every column pays by it, kept for a while.

        Raises:
            ValueError: an unknown row.
        """
        if number in self._priced:
            self._priced.move_to_end(number)
            return self._priced[number]
        if not 0 <= number < len(self.certificates.duals):
            msg = f"no dual vector number {number}"
            raise ValueError(msg)
        dual = self.certificates.duals[number]
        unknown = [name for name in dual if name not in self.bounds.row_place]
        if unknown:
            msg = f"unknown row {unknown[0]!r}"
            raise ValueError(msg)
        rows = np.array([self.bounds.row_place[name] for name in dual], dtype=np.int64)
        priced = self.bounds.price(Dual(rows, np.array(list(dual.values()))))
        self._priced[number] = priced
        if len(self._priced) > CACHED:
            self._priced.popitem(last=False)
        return priced

    def each(self, number: int, weight: Weight, event: str) -> tuple[Array, Array]:
        """Return a dual vector's bounds without and with the event, per project."""
        key = (number, weight, event)
        if key not in self._each:
            bound = self.bounds.at(self.price(number), weight)
            self._each[key] = bound.upper_each(self.event(event))
            if len(self._each) > 8 * CACHED:
                self._each.popitem(last=False)
        return self._each[key]

    def each_top(self, weight: Weight, event: str) -> tuple[Array, Array]:
        """Return the bounds without and with the event from the tree at a point.

        Raises:
            ValueError: the weight is no point with a tree.
        """
        key = (TOP, weight, event)
        if key not in self._tops:
            points = self.certificates.points
            number = points.index(weight) if weight in points else -1
            if number not in self.certificates.tops:
                msg = "there is no tree at the point"
                raise ValueError(msg)
            each = self.bounds_each(
                self.certificates.tops[number],
                weight,
                self.bounds.allowed,
                self.bounds.must,
            )
            for name, pair in each.items():
                self._tops[TOP, weight, name] = pair
        return self._tops[key]

    def bounds_each(
        self, tree: Tree, weight: Weight, allowed: Flags, must: Flags
    ) -> Each:
        """Return what a tree proves of every project and event at once."""
        if isinstance(tree, int):
            if tree == ONLY:
                upper = self.only(weight, allowed, must)
                inside = allowed & must[self.bounds.group]
                return {
                    name: self.split(upper, inside & self.event(name))
                    for name in EVENTS
                }
            bound = self.bounds.at(self.price(tree), weight)
            return {
                name: bound.upper_each(self.event(name), allowed, must)
                for name in EVENTS
            }
        branch, without, taken, number = tree
        one, other = (
            self.bounds_each(
                part, weight, *self.bounds.narrowed(allowed, must, branch, bool(side))
            )
            for side, part in enumerate((without, taken))
        )
        both = combined(one, other, np.maximum)
        if number is None:
            return both
        own = self.bounds_each(number, weight, allowed, must)
        return combined(both, own, np.minimum)

    def split(self, upper: float, chosen: Flags) -> tuple[Array, Array]:
        """Return one plan's bound for the projects without and with the event."""
        has = np.bincount(
            self.bounds.group[chosen], minlength=len(self.bounds.projects)
        ).astype(bool)
        return np.where(has, -math.inf, upper), np.where(has, upper, -math.inf)

    def upper(
        self, tree: Tree, weight: Weight, root: tuple[Branch, bool] | None
    ) -> float:
        """Return the bound that a tree proves, in the root's restriction if any.

        Raises:
            ValueError: the tree speaks of what is not there.
        """
        if isinstance(tree, int) and tree != ONLY and root is not None:
            (project_id, kind, _value), taken = root
            event = "in_plan" if kind == "in" else "in_mandate"
            pair = (
                self.each_top(weight, event)
                if tree == TOP
                else self.each(tree, weight, event)
            )
            return float(pair[int(taken)][self.bounds.place[project_id]])
        allowed, must = self.bounds.allowed, self.bounds.must
        if root is not None:
            allowed, must = self.bounds.narrowed(allowed, must, *root)
        return self._upper(tree, weight, allowed, must)

    def _upper(self, tree: Tree, weight: Weight, allowed: Flags, must: Flags) -> float:
        if isinstance(tree, int):
            if tree == ONLY:
                return self.only(weight, allowed, must)
            return self.bounds.at(self.price(tree), weight).upper(allowed, must)
        branch, without, taken, number = tree
        upper = max(
            self._upper(
                part,
                weight,
                *self.bounds.narrowed(allowed, must, branch, bool(side)),
            )
            for side, part in enumerate((without, taken))
        )
        if number is None:
            return upper
        return min(upper, self._upper(number, weight, allowed, must))

    def only(self, weight: Weight, allowed: Flags, must: Flags) -> float:
        """Return what the only plan left is worth at most; infinity if more are left."""
        columns = self.bounds.only(allowed, must)
        if columns is None:
            return math.inf
        chosen = self.bounds.best(np.where(allowed, 0.0, -math.inf)) == 0.0
        if (must & ~chosen).any():
            return -math.inf
        plan = self.weigh([self.bounds.choices[k] for k in columns])
        return -math.inf if plan is None else plan.most(self.shares(weight))

    def cell(self, viewpoint: int, path: str) -> Region:
        """Return a cell of a viewpoint's region, kept.

        Raises:
            ValueError: there is no such cell.
        """
        key = (viewpoint, path)
        if key not in self._cells:
            if not 0 <= viewpoint < len(self.regions):
                msg = f"no viewpoint number {viewpoint}"
                raise ValueError(msg)
            splits = self.certificates.splits
            split = splits[viewpoint] if viewpoint < len(splits) else None
            if path:
                self.cell(viewpoint, path[:-1])
                parent = self._cells[(viewpoint, path[:-1])]
                for step in path[:-1]:
                    split = split and (split.below if step == "<" else split.above)
                self._cells[key] = walk_cell(parent, split, path[-1])
            else:
                self._cells[key] = self.regions[viewpoint]
        return self._cells[key]

    def vertices(self, proof: Proof) -> tuple[Weight, ...]:
        """Return the weights at which a proof must hold."""
        if proof.cell is not None:
            return self.cell(*proof.cell).vertices
        if proof.point is None:
            msg = "a proof needs a point or a cell"
            raise ValueError(msg)
        return (self.certificates.points[proof.point],)

    def margin(self, proof: Proof) -> float:
        """Return the least points that doing the opposite loses; not positive: no proof.

        The plans' shares make a mixture that is worth more than any plan that does the
        opposite at every vertex. Both sides of that are linear (the mixture) or lie
        below their chord (the best plan of the opposite, a greatest of linear values),
        so it holds in the whole cell, and there some plan of the mixture is better.

        Raises:
            ValueError, IndexError: the proof speaks of what is not there.
        """
        vertices = self.vertices(proof)
        if not vertices or len(proof.bounds) != len(vertices):
            msg = "one bound is needed for each vertex"
            raise ValueError(msg)
        root = self.branch(proof.project_id, proof.event), not proof.holds
        total = sum(share for _number, share in proof.plans)
        if total <= 0 or any(s < 0 or n < 0 for n, s in proof.plans):
            msg = "the plans' shares must not be negative and not all zero"
            raise ValueError(msg)
        least = math.inf
        for weight, tree in zip(vertices, proof.bounds, strict=True):
            upper = self.upper(tree, weight, root)
            if upper == -math.inf:
                continue
            if not math.isfinite(upper):
                return -math.inf
            shares = self.shares(weight)
            values = [self.plan(n).value(shares) for n, _share in proof.plans]
            parts = [s / total for _n, s in proof.plans]
            lower = math.fsum(v * p for v, p in zip(values, parts, strict=True))
            size = max(map(abs, values)) + abs(upper)
            lower -= gamma(len(parts) + 6) * size
            least = min(least, lower - upper - TIE * max(1.0, size))
        return least


def check_certificates(
    ledger: Ledger,
) -> tuple[list[tuple[Proof, float]], list[Fault]]:
    """Return the proofs that hold with their margins, and everything that does not."""
    certificates = ledger.certificates
    faults: list[Fault] = []
    try:
        if certificates.mandate_end != mandate_end(ledger.case):
            faults.append(Fault("mandate_end", "not the end of the mandate period"))
    except ValueError as error:
        faults.append(Fault("mandate_end", str(error)))
    if len(certificates.splits) > len(ledger.regions):
        faults.append(Fault("splits", "more than there are viewpoints"))
    for number, choices in enumerate(certificates.plans):
        ledger._plans[number] = ledger.weigh(choices)
        if ledger._plans[number] is None:
            faults.append(Fault(f"plans[{number}]", "breaks a requirement"))
    for number, point in enumerate(certificates.points):
        if not any(
            len(point) == len(region.vertices[0]) and region.holds(point)
            for region in ledger.regions
        ):
            faults.append(Fault(f"points[{number}]", "no viewpoint allows the weights"))
    for number, cut in enumerate(certificates.cuts):
        try:
            holds = cut_holds(ledger.bounds, cut)
        except ValueError as error:
            faults.append(Fault(f"cuts[{number}]", str(error)))
            continue
        if not holds:
            faults.append(Fault(f"cuts[{number}]", "does not follow from its row"))
    used = {i for proof in certificates.proofs for t in proof.bounds for i in leaves(t)}
    used |= {i for tree in certificates.tops.values() for i in leaves(tree)}
    for number, dual in enumerate(certificates.duals):
        if number not in used:
            faults.append(Fault(f"duals[{number}]", "is used by no proof"))
        elif not all(math.isfinite(y) for y in dual.values()):
            faults.append(Fault(f"duals[{number}]", "is not finite"))
    if faults:
        return [], faults
    held = []
    for number, proof in enumerate(certificates.proofs):
        try:
            if proof.project_id not in ledger.bounds.place:
                msg = f"unknown project {proof.project_id!r}"
                raise ValueError(msg)
            margin = ledger.margin(proof)
        except (ValueError, IndexError, RecursionError) as error:
            faults.append(Fault(f"proofs[{number}]", str(error)))
            continue
        if margin > 0:
            held.append((proof, margin))
        else:
            faults.append(Fault(f"proofs[{number}]", "does not prove what it says"))
    for number, tree in certificates.tops.items():
        try:
            ledger.upper(tree, certificates.points[number], None)
        except (ValueError, IndexError, RecursionError) as error:
            faults.append(Fault(f"tops[{number}]", str(error)))
    return held, faults


def mandate_end(case: Case) -> int:
    """Return the last budget year of the mandate period that holds the plan's start."""
    return mandate_period(case.plan_start)[1]


def settle_labels(
    ledger: Ledger, held: Sequence[tuple[Proof, float]]
) -> list[dict[str, Any]]:
    """Return the rows of `agreement`: what the proofs that hold amount to.

    One row for each project, scope and event, projects in the problem's order. Keys
    as in DESIGN 7, and `leaning`: whether the best plan known at the first centre has
    the event. `interval` is the least and most points that the other way loses at the
    weights where it loses least: null where the other way is impossible or the label
    is `omtvistad`; its upper end is null when no plan of the other way is known.
    `witnesses` (`omtvistad`) are two weights with the number of a plan each, the first
    with the event.
    """
    return list(_Settled(ledger, held).rows())


class _Settled:
    """What follows from proofs that hold."""

    def __init__(self, ledger: Ledger, held: Sequence[tuple[Proof, float]]) -> None:
        self.ledger = ledger
        certificates = ledger.certificates
        self.points = certificates.points
        self.number = {point: i for i, point in reversed([*enumerate(self.points)])}
        centres = [region.centre for region in ledger.regions]
        self.centres = list(dict.fromkeys(centres))
        self.plans = [ledger.plan(i) for i in range(len(certificates.plans))]
        # [plan, point]: worth at least
        self.worth = np.array(
            [
                [plan.value(ledger.shares(point)) for point in self.points]
                for plan in self.plans
            ]
        ).reshape(len(self.plans), len(self.points))
        self.tops = np.array(
            [
                ledger.upper(certificates.tops[i], point, None)
                if i in certificates.tops
                else math.inf
                for i, point in enumerate(self.points)
            ]
        )
        self.has = {
            event: np.array(
                [self._has(plan, ledger.event(event)) for plan in self.plans]
            ).reshape(len(self.plans), len(ledger.bounds.projects))
            for event in EVENTS
        }
        # Proofs by pair: at a point {(point): margin}, in a cell {(viewpoint, path)}.
        self.at_point: dict[tuple[str, str, bool], dict[int, float]] = {}
        self.in_cell: dict[tuple[str, str, bool], dict[tuple[int, str], float]] = {}
        self.best: dict[tuple[str, str, bool], tuple[float, Proof]] = {}
        for proof, margin in held:
            key = (proof.project_id, proof.event, proof.holds)
            if proof.point is not None:
                at = self.at_point.setdefault(key, {})
                at[proof.point] = max(margin, at.get(proof.point, -math.inf))
            elif proof.cell is not None:
                cells = self.in_cell.setdefault(key, {})
                cells[proof.cell] = max(margin, cells.get(proof.cell, -math.inf))
                self._spread(key, proof, margin)

    def _has(self, plan: Plan, event: Flags) -> Flags:
        flags = np.zeros(len(self.ledger.bounds.projects), dtype=bool)
        columns = np.array(plan.columns, dtype=np.int64)
        flags[self.ledger.bounds.group[columns[event[columns]]]] = True
        return flags

    def _spread(self, key: tuple[str, str, bool], proof: Proof, margin: float) -> None:
        """A proof in a cell holds at every point of the cell."""
        cell = self.ledger.cell(*(proof.cell or (0, "")))
        at = self.at_point.setdefault(key, {})
        for i, point in enumerate(self.points):
            if cell.holds(point):
                at[i] = max(margin, at.get(i, -math.inf))

    def rows(self) -> Iterator[dict[str, Any]]:
        for project_id in self.ledger.bounds.projects:
            for scope in SCOPES:
                for event in EVENTS:
                    yield self._row(project_id, scope, event)

    def _row(self, project_id: str, scope: str, event: str) -> dict[str, Any]:
        margins = {
            holds: self._margin(project_id, scope, event, holds)
            for holds in (True, False)
        }
        witnesses: list[dict[str, Any]] = []
        interval: list[float | None] | None
        leaning = self._leaning(project_id, event)
        if margins[True] is not None or margins[False] is not None:
            holds = margins[True] is not None
            label = "alla" if holds else "ingen"
            low = margins[holds] or 0.0
            interval = None
            if math.isfinite(low):
                high = self._high(project_id, scope, event, holds)
                interval = [_rounded(low), high]
            leaning = holds
        else:
            found = self._witnesses(project_id, scope, event)
            if found is not None:
                label, interval, witnesses = "omtvistad", None, found
            else:
                label = "oppen"
                interval = [0.0, self._high(project_id, scope, event, leaning)]
        return {
            "project_id": project_id,
            "scope": scope,
            "event": event,
            "label": label,
            "leaning": "in" if leaning else "out",
            "interval": interval,
            "witnesses": witnesses,
        }

    def _centre_numbers(self) -> list[int | None]:
        return [self.number.get(centre) for centre in self.centres]

    def _margin(
        self, project_id: str, scope: str, event: str, holds: bool
    ) -> float | None:
        """Return the least margin over the scope; None if some of it is not proven."""
        key = (project_id, event, holds)
        if scope == "viewpoints":
            at = self.at_point.get(key, {})
            numbers = self._centre_numbers()
            margins = [at.get(-1 if i is None else i) for i in numbers]
        else:
            margins = [
                self._covered(self.in_cell.get(key, {}), v, "", split)
                for v, split in enumerate(self._splits())
            ]
        known = [margin for margin in margins if margin is not None]
        return min(known) if known and len(known) == len(margins) else None

    def _splits(self) -> list[Split | None]:
        splits = self.ledger.certificates.splits
        return [*splits, *[None] * (len(self.ledger.regions) - len(splits))]

    def _covered(
        self,
        cells: Mapping[tuple[int, str], float],
        viewpoint: int,
        path: str,
        split: Split | None,
    ) -> float | None:
        own = cells.get((viewpoint, path))
        if own is not None or split is None:
            return own
        below = self._covered(cells, viewpoint, path + "<", split.below)
        if below is None:
            return None
        above = self._covered(cells, viewpoint, path + ">", split.above)
        return None if above is None else min(below, above)

    def _scope_points(self, scope: str) -> list[int]:
        if scope == "region":
            return list(range(len(self.points)))
        return [i for i in self._centre_numbers() if i is not None]

    def _leaning(self, project_id: str, event: str) -> bool:
        first = self._centre_numbers()[0] if self.centres else None
        if first is None or not self.plans:
            return False
        best = int(np.argmax(self.worth[:, first]))
        return bool(self.has[event][best, self.ledger.bounds.place[project_id]])

    def _high(
        self, project_id: str, scope: str, event: str, holds: bool
    ) -> float | None:
        """Return an upper bound on the least loss: a known plan that does the opposite."""
        points = self._scope_points(scope)
        other = self.has[event][:, self.ledger.bounds.place[project_id]] != holds
        if not other.any() or not points:
            return None
        loss = self.tops[points] - self.worth[np.ix_(other, points)].max(axis=0)
        least = float(loss.min())
        return _rounded(max(least, 0.0)) if math.isfinite(least) else None

    def _witnesses(
        self, project_id: str, scope: str, event: str
    ) -> list[dict[str, Any]] | None:
        """Return the weights and plans at which the event is clearest, either way."""
        witnesses = []
        criteria = tuple(self.ledger.case.weights)
        for holds in (True, False):
            at = self.at_point.get((project_id, event, holds), {})
            points = [i for i in self._scope_points(scope) if i in at]
            if not points:
                return None
            point = max(points, key=lambda i: (at[i], -i))
            witnesses.append(
                {
                    "weights": dict(named_shares(criteria, self.points[point])),
                    "plan": int(np.argmax(self.worth[:, point])),
                }
            )
        return witnesses


def _rounded(value: float) -> float:
    return round(value, 6)


def check_agreement(
    problem: Problem,
    matrix: Matrix,
    certificates: Certificates,
    rows: Iterable[Mapping[str, Any]],
) -> list[Fault]:
    """Return everything in labels and certificates that does not hold; empty: all does.

    Every proof is checked, the labels are drawn from the proofs once more, and the
    rows must be those labels: no more, no less, no other.
    """
    try:
        ledger = Ledger(problem, matrix, certificates)
    except ValueError as error:
        return [Fault("cuts", str(error))]
    held, faults = check_certificates(ledger)
    if faults:
        return faults
    expected = settle_labels(ledger, held)
    stated = list(rows)
    if len(stated) != len(expected):
        faults.append(Fault("agreement", f"{len(stated)} rows, not {len(expected)}"))
        return faults
    for number, (told, right) in enumerate(zip(stated, expected, strict=True)):
        faults += [
            Fault(
                f"agreement[{number}].{key}", f"{told.get(key)!r}, not {right[key]!r}"
            )
            for key in right
            if not _same(told.get(key), right[key])
        ]
        faults += [
            Fault(f"agreement[{number}].{key}", "unknown key")
            for key in set(told) - set(right)
        ]
    return faults


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=AGREES, abs_tol=AGREES)
    return type(one) is type(other) and bool(one == other)


def ordered_paths(split: Split | None, path: str = "") -> Iterator[str]:
    """Yield the paths of the whole cells of a split, in order."""
    if split is None:
        yield path
    else:
        yield from ordered_paths(split.below, path + "<")
        yield from ordered_paths(split.above, path + ">")
