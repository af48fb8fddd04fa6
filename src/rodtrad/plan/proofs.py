"""What does a proof of a label consist of, and does it hold?

A proof says that every optimal plan holds an event (or that none does) at a weight or in
a whole cell of weights. It rests on plans that anyone can recompute and on trees of dual
vectors. Imports neither the solver nor the search.

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
from rodtrad.plan.greedy import RowCheck
from rodtrad.plan.multipliers import Bounds, Branch, Dual, RowCut, cut_holds, gamma
from rodtrad.plan.weights import (
    Cut,
    Region,
    Weight,
    as_floats,
    read_weight,
    viewpoint_regions,
    write_weight,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array, Case
    from rodtrad.plan.matrix import Matrix
    from rodtrad.plan.multipliers import Priced
    from rodtrad.plan.problem import Problem

    Flags = NDArray[np.bool_]

VERSION = 1
TIE = 1e-9
# How far the value of a plan, as the statements give it, may be from the exact one.
PLAN_TOLERANCE = 1e-9
EVENTS = ("in_plan", "in_mandate")
CACHED = 64

# A leaf is the number of a dual vector, or `ONLY`: one plan at most is left, and it is
# worth what the statements say. A node is a branch, the tree where none of its
# columns is chosen, and the tree where one of them is; and, if it has one, the number
# of a dual vector of its own: what bounds less counts.
Tree = int | tuple[Branch, "Tree", "Tree", int | None]
ONLY = -1
# Instead of a tree of its own, a proof may use the tree that bounds every plan there.
TOP = -2


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
        self.inner = [region.inner() for region in self.regions]
        self.check = RowCheck(problem)
        self._priced: OrderedDict[int, Priced] = OrderedDict()
        self._each: OrderedDict[tuple[int, Weight, str], tuple[Array, Array]] = (
            OrderedDict()
        )
        self._tops: dict[tuple[int, Weight, str], tuple[Array, Array]] = {}
        self._plans: dict[int, Plan | None] = {}
        self._weighed: dict[tuple[Choice, ...], Plan | None] = {}
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
        chosen = tuple(sorted(choices))
        if chosen not in self._weighed:
            self._weighed[chosen] = self._weigh(chosen)
        return self._weighed[chosen]

    def _weigh(self, chosen: tuple[Choice, ...]) -> Plan | None:
        place = self.check.place
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
                upper = self.only(self.shares(weight), allowed, must)
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
                return self.only(self.shares(weight), allowed, must)
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

    def only(self, shares: Array, allowed: Flags, must: Flags) -> float:
        """Return what the only plan left is worth at most; infinity if more are left."""
        columns = self.bounds.only(allowed, must)
        if columns is None:
            return math.inf
        chosen = self.bounds.best(np.where(allowed, 0.0, -math.inf)) == 0.0
        if (must & ~chosen).any():
            return -math.inf
        plan = self.weigh([self.bounds.choices[k] for k in columns])
        return -math.inf if plan is None else plan.most(shares)

    def cell(self, viewpoint: int, path: str) -> Region:
        """Return a cell of the inner part of a viewpoint's region, kept.

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
                self._cells[key] = self.inner[viewpoint]
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
