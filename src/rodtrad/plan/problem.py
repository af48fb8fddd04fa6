"""What is there to choose, and what must hold? The planning problem as plain data.

`build_problem` turns a `Case` into columns (one per project, alternative and start
year), named rows and a linear objective. Every money coefficient is the statements'
own response to one krona (DESIGN 2); nothing is accounted for a second time here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.capacity.evaluate import result_before_reserves
from rodtrad.capacity.statements import (
    TOTALS,
    Totals,
    choice_totals,
    forecast_statements,
    price_indices,
    waiting_totals,
)
from rodtrad.domain.arrays import Choice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from rodtrad.capacity.statements import Selection, Statements
    from rodtrad.domain.arrays import Array, Case
    from rodtrad.plan.worth import AimMisses

    Index = NDArray[np.int32]

SCALE = 1e-3
NO_COLUMNS = np.zeros(0, dtype=np.int32)


@dataclass(frozen=True)
class Expression:
    """A linear expression: `constant + coefficients @ x[index] + sum(extra * variable)`.

    `index` are the columns it speaks of, ascending, each once; `coefficients` are
    theirs, none of them zero. `extra` are factors by the name of another variable.
    """

    constant: float = 0.0
    index: Index = field(default_factory=lambda: NO_COLUMNS)
    coefficients: Array = field(default_factory=lambda: np.zeros(0))
    extra: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        index: ArrayLike,
        coefficients: ArrayLike = 1.0,
        constant: float = 0.0,
    ) -> Expression:
        """Return an expression in columns given in any order, each once."""
        columns = np.asarray(index, dtype=np.int32)
        values = np.empty(len(columns))
        values[:] = coefficients
        order = np.argsort(columns, kind="stable")
        columns, values = columns[order], values[order]
        if not values.all():
            columns, values = columns[values != 0.0], values[values != 0.0]
        return cls(constant, columns, values)

    def plus(self, other: Expression, factor: float = 1.0) -> Expression:
        """Return this expression plus a factor times another."""
        extra = dict(self.extra)
        for name, coefficient in other.extra.items():
            extra[name] = extra.get(name, 0.0) + factor * coefficient
        constant = self.constant + factor * other.constant
        if not len(other.index):
            return Expression(constant, self.index, self.coefficients, extra)
        width = 1 + max(int(self.index.max(initial=0)), int(other.index[-1]))
        total = self.dense(width)
        total[other.index] += factor * other.coefficients
        index = np.flatnonzero(total).astype(np.int32)
        return Expression(constant, index, total[index], extra)

    def times(self, factor: float) -> Expression:
        """Return the expression times a factor that is not zero."""
        extra = {name: factor * c for name, c in self.extra.items()}
        return Expression(
            factor * self.constant, self.index, factor * self.coefficients, extra
        )

    def with_extra(self, name: str, coefficient: float) -> Expression:
        """Return the expression with a multiple of another variable added."""
        extra = {**self.extra, name: self.extra.get(name, 0.0) + coefficient}
        return Expression(self.constant, self.index, self.coefficients, extra)

    def dense(self, width: int) -> Array:
        """Return the coefficients of all columns, `[column]`, zeros included."""
        columns = np.zeros(width)
        columns[self.index] = self.coefficients
        return columns

    def value(self, columns: Array, others: Mapping[str, float]) -> float:
        """Return what the expression amounts to at given columns and variables."""
        extra = sum(c * others[name] for name, c in self.extra.items())
        return float(self.constant + self.coefficients @ columns[self.index] + extra)


@dataclass(frozen=True)
class Row:
    """A named row: `lower <= expression <= upper`.

    `requirement` is the key of the requirement it belongs to (`goal:ID`,
    `must_do:ID`, `lock:ID`, `relation:...`, `resource:NAME`), or empty for rows that
    only define variables. `year` is the calendar year it speaks of, 0 if none.
    """

    name: str
    requirement: str
    year: int
    expression: Expression
    lower: float
    upper: float


def sparse_rows(rows: Sequence[Row]) -> tuple[NDArray[np.int64], Index, Array]:
    """Return rows one after the other: where each starts, columns, coefficients.

    `start` is `[row + 1]`; other variables than columns are left out.
    """
    start = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(row.expression.index) for row in rows], out=start[1:])
    return (
        start,
        np.concatenate([NO_COLUMNS, *(row.expression.index for row in rows)]),
        np.concatenate([np.zeros(0), *(row.expression.coefficients for row in rows)]),
    )


@dataclass(frozen=True)
class Variable:
    """A variable beside the choices, at least zero: loans, a miss, a switch.

    `upper` is finite and cuts off no plan at its best.
    """

    name: str
    upper: float
    integer: bool = False
    price: float = 0.0


@dataclass(frozen=True)
class RatioAim:
    """An `aim` window whose denominator depends on the plan (`sol`, `sol_pen`, `sfg`).

    `miss` is the name of its variable, `slack` and `denominator` its expressions in
    scaled tkr (`denominator` never below the true one, `denominator_low` never above).
    `breaks` are the denominators at which the miss is exact; between them the miss in
    the model is less than the true one, so the bound stays valid.
    """

    miss: str
    slack: Expression
    denominator: Expression
    denominator_low: Expression
    slack_least: float
    least: float
    most: float
    breaks: tuple[float, ...]


@dataclass(frozen=True)
class Problem:
    """Columns, rows and objective (to be maximised).

    `effects` is `[column, total x year]`: what each column adds to each yearly total.
    `criterion_values` is `[column, criterion]`, in the order of `criteria`; times the
    weights it is `values`. The columns of a project lie together.
    """

    case: Case
    choices: tuple[Choice, ...]
    values: Array
    criterion_values: Array
    effects: Array
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...]
    ratio_aims: tuple[RatioAim, ...]
    net_loans: tuple[Expression, ...]
    aims: AimMisses
    by_project: Mapping[str, tuple[int, ...]]
    forced: Mapping[str, bool] = field(default_factory=dict)

    def with_forced(self, project_id: str, included: bool) -> Problem:
        """Return the same problem with a project forced in or out."""
        return replace(self, forced={**self.forced, project_id: included})

    def with_rows(self, rows: Iterable[Row]) -> Problem:
        """Return the same problem with these rows instead."""
        return replace(self, rows=tuple(rows))

    def worth(self, chosen: NDArray[np.bool_]) -> float:
        """Return the value of a plan, `[column]`, minus the price of missed aims.

        As the statements have it, but for rounding.
        """
        return float(self.values[chosen].sum()) - self.aims.penalty(chosen)

    @property
    def criteria(self) -> tuple[str, ...]:
        """The criteria, in the order of `criterion_values` and of weights."""
        return tuple(self.case.weights)

    def with_weights(self, weights: Array) -> Problem:
        """Return the same rows with other weights on the criteria.

        Args:
            weights: `[criterion]`, at least zero; they are made to sum to 1.

        Raises:
            ValueError: not one weight per criterion, or none above zero.
        """
        weights = np.asarray(weights, dtype=np.float64)
        criteria = self.criteria
        if weights.shape != (len(criteria),) or (weights < 0).any():
            msg = f"one weight for each of {criteria} is needed, none below zero"
            raise ValueError(msg)
        if not weights.sum() > 0:
            msg = "some weight must be above zero"
            raise ValueError(msg)
        weights = weights / weights.sum()
        shares = dict(zip(criteria, weights.tolist(), strict=True))
        return replace(
            self,
            case=replace(self.case, weights=shares),
            values=self.criterion_values @ weights,
        )

    @cached_property
    def project_of(self) -> NDArray[np.int64]:
        """The number of each column's project, in the order of `by_project`."""
        return project_numbers(self.by_project)

    def reach(self, expression: Expression) -> tuple[float, float]:
        """Return the least and most an expression can be, as `reach` does."""
        uppers = {variable.name: variable.upper for variable in self.variables}
        return reach(expression, self.project_of, uppers)

    def describe(self) -> str:
        """Return the size of the problem in words."""
        return (
            f"{len(self.by_project)} projekt, {len(self.choices)} val, "
            f"{len(self.rows)} villkor"
        )


def project_numbers(by_project: Mapping[str, Sequence[int]]) -> NDArray[np.int64]:
    """Return `[column]`: which project each column belongs to, counted from zero."""
    sizes = [len(columns) for columns in by_project.values()]
    return np.repeat(np.arange(len(sizes)), sizes)


def reach(
    expression: Expression,
    project_of: NDArray[np.int64],
    uppers: Mapping[str, float],
) -> tuple[float, float]:
    """Return the least and most an expression can be, whatever is chosen.

    At most one column per project is counted, and other variables from zero to
    their upper bounds.
    """
    least = most = expression.constant
    if len(expression.index):
        owner = project_of[expression.index]
        first = np.flatnonzero(np.diff(owner, prepend=-1))
        low = np.minimum.reduceat(expression.coefficients, first)
        high = np.maximum.reduceat(expression.coefficients, first)
        least += float(np.minimum(low, 0.0).sum())
        most += float(np.maximum(high, 0.0).sum())
    for name, factor in expression.extra.items():
        least += min(0.0, factor * uppers[name])
        most += max(0.0, factor * uppers[name])
    return least, most


@dataclass(frozen=True)
class Response:
    """The statements' answer to one krona of each total in each year.

    `baseline` are the statements with no project at all. A figure `[year, draw]` of
    `probe` holds the baseline in draw 0 and one probe in each further draw.
    """

    case: Case
    probe: Statements
    areb: Array
    size: float
    effects: Array

    def expressions(self, figures: Array, scales: Array) -> list[Expression]:
        """Return figures of the probe, `[row, draw]`, as expressions in the columns.

        Each is multiplied by its scale, `[row]`. All that are needed are best asked for
        at once.

        Raises:
            ValueError: the figures do not have one value per probe.
        """
        per_krona = (figures[:, 1:] - figures[:, :1]) / self.size
        rows = per_krona @ self.effects.T
        largest = np.abs(rows).max(axis=1, initial=0.0)
        rows[np.abs(rows) < 1e-9 * np.maximum(1.0, largest)[:, None]] = 0.0
        found = []
        for constant, row, scale in zip(figures[:, 0], rows, scales, strict=True):
            index = np.flatnonzero(row).astype(np.int32)
            coefficients = row[index] * scale
            found.append(Expression(float(constant * scale), index, coefficients))
        return found


def probe_statements(case: Case, effects: Array) -> Response:
    """Ask the statements for their response to one krona of each total and year."""
    length = len(case.years)
    base = waiting_totals(case, price_indices(case))
    size = max(case.base_tkr, 1.0)
    count = len(TOTALS) * length
    shifted = {}
    for i, name in enumerate(TOTALS):
        shift = np.zeros((length, 1 + count))
        shift[np.arange(length), 1 + i * length + np.arange(length)] = size
        shifted[name] = getattr(base, name)[:, :1] + shift
    probe = forecast_statements(case, Totals(**shifted))
    return Response(case, probe, result_before_reserves(case, probe), size, effects)


def list_choices(case: Case) -> list[Choice]:
    """Return every choice that windows, deadlines and the plan's end allow."""
    return [
        Choice(project.project_id, alternative.alternative_id, start)
        for project in case.projects
        for alternative in project.alternatives
        for start in case.starts(project, alternative)
    ]


def choice_effects(case: Case, selection: Selection) -> Array:
    """Return `[choice, total x year]`: what each choice adds to each yearly total."""
    totals = choice_totals(case, price_indices(case), selection)
    each = [getattr(totals, k)[:, :, 0] for k in TOTALS]
    return np.concatenate(each, axis=1)


@lru_cache(maxsize=1 << 16)
def safe_name(text: str) -> str:
    """Return a name of ASCII letters, digits and underscores, as LP files need.

    Two different texts never get the same name: what is not allowed is written as its
    number between `_x` and `_`, and so is the underscore of a `_x` already there.

    Example:
        >>> safe_name("skola_a"), safe_name("å-1"), safe_name("a_x1")
        ('skola_a', '_xe5__x2d_1', 'a_x5f_x1')
    """
    return re.sub(
        r"[^A-Za-z0-9_]|_(?=x)", lambda found: f"_x{ord(found.group()):x}_", text
    )
