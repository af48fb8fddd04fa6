"""What do the years look like with a given plan? The three statements, written once.

Income statement, balance sheet and cash flow for every plan year and draw, from the
drivers of a `Case` and the plan's yearly totals (DESIGN Appendix A1-A6). The planner
asks the same functions for their response to one krona of each total, so there is no
second accounting. Goals, law and room live in `evaluate`, `legal_tests`, `headroom`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.capacity.borrowing import solve_net_loans

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rodtrad.domain.arrays import Alternative, Array, Case, Part, Project


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


@lru_cache(maxsize=4096)
def _kernel(parts: tuple[Part, ...], in_use: int, length: int) -> Array:
    """Return `[year, year of outlay]`: yearly depreciation of one krona spent."""
    kernel = np.zeros((length, length))
    t = np.arange(length)[:, None]
    first = np.maximum(in_use, np.arange(length))[None, :]
    for part in parts:
        if part.useful_life_years is not None:
            alive = (t >= first) & (t < first + part.useful_life_years)
            kernel += alive * (part.share / part.useful_life_years)
    return kernel


def project_totals(
    case: Case, indices: Indices, project: Project, alternative: Alternative, start: int
) -> Totals:
    """Return what one chosen project adds to each year, waiting costs saved included.

    `waiting` is zero or negative: what `waiting_totals` counts and this choice saves.

    Args:
        case: the underlag as arrays.
        indices: `price_indices(case)`.
        project: the project.
        alternative: one of its alternatives.
        start: calendar year of the first outlay.

    Source:
        DESIGN Appendix A2-A4.
    """
    length = len(case.years)
    s = start - case.plan_start
    u = s + alternative.build_years
    cost, construction = indices.cost[1:], indices.construction[1:]
    draws = max(cost.shape[1], construction.shape[1], case.interest_rate.shape[1])
    outlay = np.zeros((length, draws))
    income = np.zeros((length, draws))
    count = min(len(alternative.outlay), length - s)
    amounts = np.array(alternative.outlay[:count])[:, None]
    outlay[s : s + count] = amounts * construction[s : s + count]
    amounts = np.array(alternative.income[:count])[:, None]
    income[s : s + count] = amounts * construction[s : s + count]
    kernel = _kernel(alternative.parts, u, length)
    depreciation = kernel @ outlay
    resolved = kernel @ income
    operating = np.zeros((length, draws))
    if alternative.operating:
        last = len(alternative.operating) - 1
        since = np.minimum(np.arange(length - u), last)
        operating[u:] = np.array(alternative.operating)[since, None] * cost[u:]
    scrapped = np.zeros((length, draws))
    scrapped[u] = alternative.scrapped
    fees = np.zeros((length, draws))
    if project.financing == "taxa":
        book = np.cumsum(outlay - depreciation - (income - resolved), axis=0)
        opening = np.vstack([np.zeros((1, draws)), book[:-1]])
        charge = depreciation - resolved + operating + case.interest_rate[1:] * opening
        fees[u:] = charge[u:]
    waiting = np.zeros((length, draws))
    waiting[u:] = -_waiting(case, indices, project)[u:]
    return Totals(
        outlay, income, depreciation, resolved, operating, waiting, fees, scrapped
    )


def _waiting(case: Case, indices: Indices, project: Project) -> Array:
    """Return the waiting cost per year if the project is never chosen (A3)."""
    waited = case.years >= project.waiting_from_year
    return np.where(waited[:, None], project.waiting_cost * indices.cost[1:], 0.0)


def waiting_totals(case: Case, indices: Indices) -> Totals:
    """Return the totals when nothing is chosen: every waiting cost, nothing else."""
    totals = zero_totals(case)
    waiting = totals.waiting
    for project in case.projects:
        if project.waiting_cost:
            waiting = waiting + _waiting(case, indices, project)
    return Totals(**{k: getattr(totals, k) for k in TOTALS} | {"waiting": waiting})


@dataclass(frozen=True)
class Statements:
    """The statements of every plan year, `[year, draw]`, nominal tkr.

    `statement`, `balance` and `cash_flow` have the keys of `plan.json`. `net_loans` is
    `[1 + years, draw]` from the opening balance. `outlay`, `income`, `depreciation`,
    `resolved`, `scrapped` are positive and include what is already decided.
    """

    statement: Mapping[str, Array]
    balance: Mapping[str, Array]
    cash_flow: Mapping[str, Array]
    net_loans: Array
    outlay: Array
    income: Array
    depreciation: Array
    resolved: Array
    scrapped: Array


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


def forecast_statements(case: Case, totals: Totals) -> Statements:
    """Return income statement, balance sheet and cash flow of every plan year.

    Args:
        case: the underlag as arrays.
        totals: what the plan adds, waiting costs included (`waiting_totals` plus
            the sum of `project_totals`).

    Raises:
        ValueError: arrays that do not share the year and draw axes.

    Source:
        DESIGN Appendix A1-A6; method page docs/method/statements.md.
    """
    indices = price_indices(case)
    before = {k: project_line(case, indices, k) for k in ("ri", "rk", "ra", "rs", "rg")}
    decided = case.existing
    zero = np.zeros((len(case.years), 1))
    decided_outlay = zero if decided is None else decided.outlay
    decided_income = zero if decided is None else decided.income
    decided_resolved = zero if decided is None else decided.resolved
    ri = before["ri"] + totals.resolved + totals.fees
    rk = before["rk"] - totals.operating - totals.waiting - totals.scrapped
    ra = before["ra"] - totals.depreciation
    ex = project_line(case, indices, "ex")
    outlay = totals.outlay + decided_outlay
    income = totals.income + decided_income
    depreciation = -ra
    resolved = totals.resolved + decided_resolved
    provisions_change = case.provisions_change[1:]
    before_interest = ri + rk + ra + before["rs"] + before["rg"] + ex
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
        "rs": before["rs"],
        "rg": before["rg"],
        "fi": np.maximum(financial, 0.0),
        "fk": np.minimum(financial, 0.0),
        "ex": ex,
    }
    shape = net_loans[1:].shape
    statement = {k: np.broadcast_to(v, shape) for k, v in subtotals(lines).items()}
    balance = {
        "fixed_assets": opening["fixed_assets"]
        + np.cumsum(outlay - depreciation - totals.scrapped, axis=0),
        "financial_assets": np.full(shape, opening["financial_assets"]),
        "other_assets": np.full(shape, opening["other_assets"]),
        "cash": case.min_cash + np.maximum(-net_loans[1:], 0.0),
        "equity": opening["equity"] + np.cumsum(statement["ar"], axis=0),
        "provisions": opening["provisions"] + np.cumsum(provisions_change, axis=0),
        "loans": np.maximum(net_loans[1:], 0.0),
        "other_liabilities": opening["other_liabilities"]
        + np.cumsum(income - resolved, axis=0),
        "pension_off_balance": np.full(shape, opening["pension_off_balance"]),
        "guarantees": np.full(shape, opening["guarantees"]),
    }
    balance = {k: np.broadcast_to(v, shape) for k, v in balance.items()}

    def change(line: str) -> Array:
        first = np.full((1, shape[1]), opening[line])
        return np.diff(np.vstack([first, balance[line]]), axis=0)

    operations = (
        statement["ar"] + depreciation - resolved + totals.scrapped + provisions_change
    )
    closing_cash = balance["cash"]
    cash_flow = {
        "lopande": operations,
        "investering": np.broadcast_to(income - outlay, shape),
        "finansiering": change("loans"),
        "arets": operations + income - outlay + change("loans"),
        "likvida_in": np.vstack(
            [np.full((1, shape[1]), opening["cash"]), closing_cash[:-1]]
        ),
        "likvida_ut": closing_cash,
    }
    return Statements(
        statement=statement,
        balance=balance,
        cash_flow=cash_flow,
        net_loans=net_loans,
        outlay=np.broadcast_to(outlay, shape),
        income=np.broadcast_to(income, shape),
        depreciation=np.broadcast_to(depreciation, shape),
        resolved=np.broadcast_to(resolved, shape),
        scrapped=np.broadcast_to(totals.scrapped, shape),
    )
