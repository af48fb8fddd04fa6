"""What is there to choose, and what must hold? The planning problem as plain data.

`build_problem` turns a `Case` into columns (one per project, alternative and start
year), named rows and a linear objective. Every money coefficient is the statements'
own response to one krona (DESIGN 2); nothing is accounted for a second time here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.capacity.evaluate import project_value, result_before_reserves
from rodtrad.capacity.statements import (
    TOTALS,
    Totals,
    forecast_statements,
    price_indices,
    project_totals,
    waiting_totals,
)
from rodtrad.domain.arrays import Choice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rodtrad.capacity.statements import Statements
    from rodtrad.domain.arrays import Array, Case

SCALE = 1e-3


@dataclass(frozen=True)
class Expression:
    """A linear expression: `constant + columns @ x + sum(extra[name] * variable)`."""

    constant: float
    columns: Array
    extra: Mapping[str, float] = field(default_factory=dict)

    def plus(self, other: Expression, factor: float = 1.0) -> Expression:
        """Return this expression plus a factor times another."""
        extra = dict(self.extra)
        for name, coefficient in other.extra.items():
            extra[name] = extra.get(name, 0.0) + factor * coefficient
        return Expression(
            self.constant + factor * other.constant,
            self.columns + factor * other.columns,
            extra,
        )

    def times(self, factor: float) -> Expression:
        """Return the expression times a factor."""
        extra = {name: factor * c for name, c in self.extra.items()}
        return Expression(factor * self.constant, factor * self.columns, extra)

    def with_extra(self, name: str, coefficient: float) -> Expression:
        """Return the expression with a multiple of another variable added."""
        return Expression(
            self.constant,
            self.columns,
            {**self.extra, name: self.extra.get(name, 0.0) + coefficient},
        )


@dataclass(frozen=True)
class Row:
    """A named row: `lower <= expression <= upper`.

    `requirement` is the key of the requirement it belongs to (`goal:ID`,
    `must_do:ID`, `relation:...`, `resource:NAME`, `once:ID`), or empty for rows that
    only define variables. `year` is the calendar year it speaks of, 0 if none.
    """

    name: str
    requirement: str
    year: int
    expression: Expression
    lower: float
    upper: float


@dataclass(frozen=True)
class Variable:
    """A variable beside the choices: loans, a miss, a switch."""

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
    """

    case: Case
    choices: tuple[Choice, ...]
    values: Array
    effects: Array
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...]
    ratio_aims: tuple[RatioAim, ...]
    net_loans: tuple[Expression, ...]
    by_project: Mapping[str, tuple[int, ...]]
    forced: Mapping[str, bool] = field(default_factory=dict)

    def with_forced(self, project_id: str, included: bool) -> Problem:
        """Return the same problem with a project forced in or out."""
        return replace(self, forced={**self.forced, project_id: included})

    def with_rows(self, rows: Iterable[Row]) -> Problem:
        """Return the same problem with these rows instead."""
        return replace(self, rows=tuple(rows))

    def describe(self) -> str:
        """Return the size of the problem in words."""
        return (
            f"{len(self.by_project)} projekt, {len(self.choices)} val, "
            f"{len(self.rows)} villkor"
        )


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

    def expression(self, figure: Array, scale: float = SCALE) -> Expression:
        """Return a figure `[draw]` of the probe as an expression in the columns.

        Raises:
            ValueError: the figure does not have one value per probe.
        """
        per_krona = (figure[1:] - figure[0]) / self.size
        columns = self.effects @ per_krona
        columns[
            np.abs(columns) < 1e-9 * max(1.0, float(np.abs(columns).max(initial=0.0)))
        ] = 0.0
        return Expression(float(figure[0]) * scale, columns * scale)


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


def choice_effects(case: Case, choices: Iterable[Choice]) -> tuple[Array, Array]:
    """Return `[choice, total x year]` of yearly totals, and the value of each choice."""
    indices = price_indices(case)
    effects, values = [], []
    for choice in choices:
        project = case.project(choice.project_id)
        alternative = project.alternative(choice.alternative_id)
        totals = project_totals(case, indices, project, alternative, choice.start_year)
        effects.append(np.concatenate([getattr(totals, k)[:, 0] for k in TOTALS]))
        values.append(project_value(case, project, alternative, choice.start_year))
    width = len(TOTALS) * len(case.years)
    return np.array(effects).reshape(len(effects), width), np.array(values)


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
