"""What do the years look like with a given plan? The three statements, written once.

Income statement, balance sheet and cash flow for every plan year and draw, from the
drivers of a `Case` and the plan's yearly totals (DESIGN Appendix A1-A6). The planner
asks the same functions for their response to one krona of each total, so there is no
second accounting. Goals, law and room live in `evaluate`, `legal_tests`, `headroom`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.capacity.borrowing import solve_net_loans

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import (
        Alternative,
        Array,
        Case,
        Choice,
        Project,
    )


def subtotals(lines: Mapping[str, Any]) -> dict[str, Any]:
    """Return the lines of an income statement with its subtotals.

    Args:
        lines: `ri rk ra rs rg fi fk` and perhaps `ex`, floats or arrays of one shape,
            presentation signs (costs negative), any unit.

    Returns:
        the lines in printed order, with `rn`, `rv`, `re` and `ar` added.

    Source:
        LKBR chapter 5, order as printed; DOMAIN 1.2.

    Example:
        >>> r = subtotals(dict(ri=269, rk=-1116, ra=-25, rs=705, rg=212, fi=3, fk=-6))
        >>> r["rn"], r["rv"], r["ar"]
        (-872, 45, 42)
    """
    rn = lines["ri"] + lines["rk"] + lines["ra"]
    rv = rn + lines["rs"] + lines["rg"]
    re = rv + lines["fi"] + lines["fk"]
    ex = lines.get("ex", 0)
    return {
        "ri": lines["ri"],
        "rk": lines["rk"],
        "ra": lines["ra"],
        "rn": rn,
        "rs": lines["rs"],
        "rg": lines["rg"],
        "rv": rv,
        "fi": lines["fi"],
        "fk": lines["fk"],
        "re": re,
        "ex": ex,
        "ar": re + ex,
    }


@dataclass(frozen=True)
class Totals:
    """What a plan adds to each year: `[year, draw]`, nominal tkr, all positive.

    With a choice axis in front for what each choice of several adds.

    `operating` is the operating effect (a saving is negative), `waiting` the waiting
    costs paid, `fees` the income from those who use fee-financed works.
    """

    outlay: Array
    income: Array
    depreciation: Array
    resolved: Array
    operating: Array
    waiting: Array
    fees: Array
    scrapped: Array

    def __add__(self, other: Totals) -> Totals:
        """Add two plans' totals year by year."""
        return Totals(*(getattr(self, k) + getattr(other, k) for k in TOTALS))


TOTALS = tuple(f.name for f in fields(Totals))


def zero_totals(case: Case) -> Totals:
    """Return the totals of no plan at all, without waiting costs."""
    return Totals(*(np.zeros((len(case.years), 1)) for _ in TOTALS))


@dataclass(frozen=True)
class Indices:
    """Price and tax-base indices, `[1 + years, draw]`, 1 in the base year (A0)."""

    tax_base: Array
    cost: Array
    construction: Array


def price_indices(case: Case) -> Indices:
    """Return the products of one plus growth from the base year.

    Source:
        DESIGN Appendix A, first paragraph.
    """

    def index(growth: Array) -> Array:
        factors = 1.0 + growth
        factors[0] = 1.0
        return np.asarray(np.cumprod(factors, axis=0), dtype=np.float64)

    return Indices(
        tax_base=index(case.tax_base_growth),
        cost=index(case.cost_growth),
        construction=index(case.construction_growth),
    )


@dataclass(frozen=True)
class Selection:
    """Choices in columns, so that all are reckoned at once.

    `options` are the projects with one of their alternatives that occur, `option`
    `[choice]` which of them each choice is, `start` `[choice]` the calendar year it
    starts.
    """

    options: tuple[tuple[Project, Alternative], ...]
    option: NDArray[np.int64]
    start: NDArray[np.int64]


def select(case: Case, choices: Iterable[Choice]) -> Selection:
    """Return choices in columns, in the same order.

    Raises:
        KeyError: a project or alternative that is not in the underlag.
    """
    place: dict[tuple[str, str], int] = {}
    option, start = [], []
    for project_id, alternative_id, year in choices:
        option.append(place.setdefault((project_id, alternative_id), len(place)))
        start.append(year)
    options = []
    for project_id, alternative_id in place:
        project = case.project(project_id)
        options.append((project, project.alternative(alternative_id)))
    return Selection(
        tuple(options),
        np.array(option, dtype=np.int64),
        np.array(start, dtype=np.int64),
    )


def _depreciation_rates(options: Iterable[Alternative], length: int) -> Array:
    """Return `[option, age]`: depreciation of one krona, by whole years in use."""
    shares: list[float] = []
    lives: list[float] = []
    first: list[int] = []
    for alternative in options:
        first.append(len(shares))
        for part in alternative.parts:
            shares.append(part.share)
            lives.append(part.useful_life_years or np.inf)  # land never wears out
    life = np.array(lives)[:, None]
    each = np.where(np.arange(length) < life, np.array(shares)[:, None] / life, 0.0)
    rates: Array = np.add.reduceat(each, first) if first else each
    return rates


class _ByAge:
    """Series that begin some years into the plan, one for each option of a selection.

    Called with the plan year number in which each choice's series begins, it returns
    `[choice, year, 1]`, zero before that year.
    """

    def __init__(self, selection: Selection, length: int, series: Iterable[Any]):
        self._option, self._length = selection.option, length
        # As many zeros as there are years stand first, for the years before.
        self._values = np.zeros((len(selection.options), 2 * length))
        for row, values in zip(self._values, series, strict=True):
            row[length : length + len(values)] = values[:length]

    def __call__(self, begins: NDArray[np.int64], of: Any = slice(None)) -> Array:
        """Return the series of the choices `of`, each from the year it begins."""
        age = np.arange(self._length) - begins[:, None]
        values: Array = self._values[self._option[of][:, None], self._length + age]
        return values[:, :, None]


def choice_totals(case: Case, indices: Indices, selection: Selection) -> Totals:
    """Return what each choice adds to each year, `[choice, year, draw]`.

    Waiting costs saved are included: `waiting` is zero or negative, what
    `waiting_totals` counts and the choice saves.

    Args:
        case: the underlag as arrays.
        indices: `price_indices(case)`.
        selection: choices that are in use within the plan.

    Source:
        DESIGN Appendix A2-A4.
    """
    length = len(case.years)
    options = [alternative for _project, alternative in selection.options]
    projects = [project for project, _alternative in selection.options]
    built = np.array([a.build_years for a in options], dtype=np.int64)
    start = selection.start - case.plan_start
    in_use = start + built[selection.option]
    years = np.arange(length)
    used = (years >= in_use[:, None])[:, :, None]
    each = np.arange(len(start))
    cost, construction = indices.cost[1:], indices.construction[1:]
    draws = max(cost.shape[1], construction.shape[1], case.interest_rate.shape[1])
    shape = (len(start), length, draws)

    def in_prices(series: Iterable[Any], begins: NDArray[np.int64], p: Array) -> Array:
        amounts = _ByAge(selection, length, series)(begins) * p
        return np.broadcast_to(amounts, shape)

    rate = _ByAge(selection, length, _depreciation_rates(options, length))
    before = (years <= in_use[:, None])[:, :, None]

    def depreciated(amounts: Array, counts: Sequence[int]) -> Array:
        """What is spent until the first year in use ages from then, the rest at once."""
        until = np.where(before, amounts, 0.0).sum(axis=1)
        total: Array = until[:, None, :] * rate(in_use)
        late = np.array(counts, dtype=np.int64) - 1 - built
        late = np.minimum(late[selection.option], length - 1 - in_use)
        for j in range(1, int(late.max(initial=0)) + 1):
            of = np.flatnonzero(late >= j)
            year = in_use[of] + j
            total[of] += amounts[of, year][:, None, :] * rate(year, of)
        return total

    outlay = in_prices([a.outlay for a in options], start, construction)
    income = in_prices([a.income for a in options], start, construction)
    depreciation = depreciated(outlay, [len(a.outlay) for a in options])
    resolved = depreciated(income, [len(a.income) for a in options])
    lasting = [a.operating + a.operating[-1:] * length for a in options]
    operating = in_prices(lasting, in_use, cost)
    scrapped = np.zeros(shape)
    scrapped[each, in_use] = np.array([a.scrapped for a in options])[selection.option][
        :, None
    ]
    fees = np.zeros(shape)
    paid_by_users = np.array([p.financing == "taxa" for p in projects], dtype=bool)
    of = np.flatnonzero(paid_by_users[selection.option])
    if len(of):
        value = outlay[of] - depreciation[of] - (income[of] - resolved[of])
        book = np.cumsum(value, axis=1)
        opening = np.zeros_like(book)
        opening[:, 1:] = book[:, :-1]
        charge = depreciation[of] - resolved[of] + operating[of]
        charge = charge + case.interest_rate[1:] * opening
        fees[of] = np.where(used[of], charge, 0.0)
    waited = np.array([p.waiting_from_year for p in projects], dtype=np.int64)
    each_year = np.array([p.waiting_cost for p in projects])[selection.option]
    saved = used & (case.years >= waited[selection.option][:, None])[:, :, None]
    waiting = np.where(saved, -each_year[:, None, None] * cost, 0.0)
    return Totals(
        outlay,
        income,
        depreciation,
        resolved,
        operating,
        np.broadcast_to(waiting, shape),
        fees,
        scrapped,
    )


def project_totals(
    case: Case, indices: Indices, project: Project, alternative: Alternative, start: int
) -> Totals:
    """Return what one chosen project adds to each year, `[year, draw]`.

    As `choice_totals` of one choice; `start` is the calendar year of the first outlay.

    Source:
        DESIGN Appendix A2-A4.
    """
    one = Selection(
        ((project, alternative),), np.zeros(1, dtype=np.int64), np.array([start])
    )
    totals = choice_totals(case, indices, one)
    return Totals(*(getattr(totals, k)[0] for k in TOTALS))


def waiting_totals(case: Case, indices: Indices) -> Totals:
    """Return the totals when nothing is chosen: every waiting cost, nothing else.

    Source:
        DESIGN Appendix A3.
    """
    begins = np.zeros(len(case.years) + 1)
    for project in case.projects:
        first = project.waiting_from_year - case.plan_start
        begins[min(max(first, 0), len(case.years))] += project.waiting_cost
    waiting = np.cumsum(begins[:-1])[:, None] * indices.cost[1:]
    totals = zero_totals(case)
    return Totals(**{k: getattr(totals, k) for k in TOTALS} | {"waiting": waiting})


@dataclass(frozen=True)
class Statements:
    """The statements of every plan year, `[year, draw]`, nominal tkr.

    `statement`, `balance` and `cash_flow` have the keys of `plan.json`, `opening` those
    of the opening balance. `net_loans` is `[1 + years, draw]` from the opening balance.
    `outlay`, `income`, `depreciation`, `resolved`, `scrapped` are positive and include
    what is already decided.
    """

    statement: Mapping[str, Array]
    balance: Mapping[str, Array]
    opening: Mapping[str, float]
    provisions_change: Array
    net_loans: Array
    outlay: Array
    income: Array
    depreciation: Array
    resolved: Array
    scrapped: Array

    @cached_property
    def cash_flow(self) -> Mapping[str, Array]:
        """The cash flow, reckoned when it is asked for (A6)."""
        shape = self.net_loans[1:].shape
        cash = self.balance["cash"]

        def opened(line: str) -> Array:
            return np.full((1, shape[1]), self.opening[line])

        loans = np.vstack([opened("loans"), self.balance["loans"]])
        financing = np.diff(loans, axis=0)
        operations = (
            self.statement["ar"]
            + self.depreciation
            - self.resolved
            + self.scrapped
            + self.provisions_change
        )
        return {
            "lopande": operations,
            "investering": np.broadcast_to(self.income - self.outlay, shape),
            "finansiering": financing,
            "arets": operations + self.income - self.outlay + financing,
            "likvida_in": np.vstack([opened("cash"), cash[:-1]]),
            "likvida_ut": cash,
        }


def project_line(case: Case, indices: Indices, line: str) -> Array:
    """Return a statement line before new projects, `[year, draw]` (A1).

    A value given for a plan year replaces the projection that year and is where later
    years continue from.
    """
    given = case.given[line]
    span = np.arange(case.base_year, case.plan_end + 1)
    draws = np.broadcast_shapes(
        case.population.shape, indices.tax_base.shape, indices.cost.shape
    )[1]
    out = np.zeros((len(span), draws))
    last = 0
    for t, year in enumerate(span):
        if int(year) in given:
            last = t
            out[t] = given[int(year)]
        elif line in ("rs", "rg"):
            volume = case.population[t] / case.population[last]
            out[t] = out[last] * volume * indices.tax_base[t] / indices.tax_base[last]
        elif line in ("ri", "rk"):
            out[t] = out[last] * indices.cost[t] / indices.cost[last]
        elif line == "ra":
            decided = case.existing
            out[t] = out[last] if decided is None else -decided.depreciation[t - 1]
    if line == "rk":
        lasting = np.cumsum(case.lasting_change, axis=0) * indices.cost
        out = out - case.other_change - lasting
    return out[1:]


@dataclass(frozen=True)
class Before:
    """What the years hold before new projects, the same for every plan of a case."""

    indices: Indices
    lines: Mapping[str, Array]


def before_projects(case: Case) -> Before:
    """Return the indices and the lines before new projects, `[year, draw]` (A0, A1)."""
    indices = price_indices(case)
    lines = ("ri", "rk", "ra", "rs", "rg", "ex")
    return Before(indices, {k: project_line(case, indices, k) for k in lines})


def forecast_statements(
    case: Case, totals: Totals, before: Before | None = None
) -> Statements:
    """Return income statement, balance sheet and cash flow of every plan year.

    Args:
        case: the underlag as arrays.
        totals: what the plan adds, waiting costs included (`waiting_totals` plus
            the sum of `choice_totals`).
        before: `before_projects(case)` where it is known already.

    Raises:
        ValueError: arrays that do not share the year and draw axes.

    Source:
        DESIGN Appendix A1-A6; method page docs/method/statements.md.
    """
    line = (before_projects(case) if before is None else before).lines
    decided = case.existing
    zero = np.zeros((len(case.years), 1))
    decided_outlay = zero if decided is None else decided.outlay
    decided_income = zero if decided is None else decided.income
    decided_resolved = zero if decided is None else decided.resolved
    ri = line["ri"] + totals.resolved + totals.fees
    rk = line["rk"] - totals.operating - totals.waiting - totals.scrapped
    ra = line["ra"] - totals.depreciation
    ex = line["ex"]
    outlay = totals.outlay + decided_outlay
    income = totals.income + decided_income
    depreciation = -ra
    resolved = totals.resolved + decided_resolved
    provisions_change = case.provisions_change[1:]
    before_interest = ri + rk + ra + line["rs"] + line["rg"] + ex
    surplus = (
        before_interest
        + depreciation
        - resolved
        + totals.scrapped
        - outlay
        + income
        + provisions_change
    )
    opening = case.opening
    opening_net = opening["loans"] - (opening["cash"] - case.min_cash)
    rate = case.interest_rate[1:]
    net_loans = solve_net_loans(opening_net, surplus, rate)
    financial = -rate * (net_loans[:-1] + net_loans[1:]) / 2
    lines = {
        "ri": ri,
        "rk": rk,
        "ra": ra,
        "rs": line["rs"],
        "rg": line["rg"],
        "fi": np.maximum(financial, 0.0),
        "fk": np.minimum(financial, 0.0),
        "ex": ex,
    }
    shape = net_loans[1:].shape
    statement = {k: np.broadcast_to(v, shape) for k, v in subtotals(lines).items()}
    balance = {
        "fixed_assets": opening["fixed_assets"]
        + np.cumsum(outlay - depreciation - totals.scrapped, axis=0),
        "financial_assets": np.array(opening["financial_assets"]),
        "other_assets": np.array(opening["other_assets"]),
        "cash": case.min_cash + np.maximum(-net_loans[1:], 0.0),
        "equity": opening["equity"] + np.cumsum(statement["ar"], axis=0),
        "provisions": opening["provisions"] + np.cumsum(provisions_change, axis=0),
        "loans": np.maximum(net_loans[1:], 0.0),
        "other_liabilities": opening["other_liabilities"]
        + np.cumsum(income - resolved, axis=0),
        "pension_off_balance": np.array(opening["pension_off_balance"]),
        "guarantees": np.array(opening["guarantees"]),
    }
    balance = {k: np.broadcast_to(v, shape) for k, v in balance.items()}
    return Statements(
        statement=statement,
        balance=balance,
        opening=opening,
        provisions_change=provisions_change,
        net_loans=net_loans,
        outlay=np.broadcast_to(outlay, shape),
        income=np.broadcast_to(income, shape),
        depreciation=np.broadcast_to(depreciation, shape),
        resolved=np.broadcast_to(resolved, shape),
        scrapped=np.broadcast_to(totals.scrapped, shape),
    )
