"""How does the economy measure up? Indicators as ratios, and the slack of every goal.

Each indicator is declared once as numerator over denominator, with the part that hangs
on loans kept apart, because loans are the positive part of net loans and everything
else is linear in the plan. Reports, goals and the planner's rows all read these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rodtrad.capacity.statements import Statements
    from rodtrad.domain.arrays import Array, Case, Goal

INDICATORS = (
    "res_andel",
    "bkr_andel",
    "sol",
    "sol_pen",
    "sfg",
    "lan_inv",
    "nettolan",
    "inv_andel",
    "nka",
)
SHARES = tuple(key for key in INDICATORS if key != "lan_inv")
GOAL_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Ratio:
    """An indicator as `(top + top_loans * loans) / (bottom + bottom_loans * loans)`.

    `top` and `bottom` are `[year, draw]`, linear in the plan's totals; `top_loans` and
    `bottom_loans` are plain factors.
    """

    top: Array
    bottom: Array
    top_loans: float = 0.0
    bottom_loans: float = 0.0

    def numerator(self, loans: Array) -> Array:
        """The numerator with its loans, `[year, draw]`."""
        return self.top + self.top_loans * loans

    def denominator(self, loans: Array) -> Array:
        """The denominator with its loans, `[year, draw]`."""
        return self.bottom + self.bottom_loans * loans


def indicator_ratio(case: Case, years: Statements, key: str, bkr: Array) -> Ratio:
    """Return an indicator as numerator over denominator.

    Args:
        case: the underlag as arrays.
        years: the statements.
        key: one of `INDICATORS`.
        bkr: `[year, draw]`, tkr: the balance-requirement result to use, or the result
            before reserves (`areb`) where goals are enforced (A7).

    Source:
        DESIGN Appendix A9.
    """
    line, balance = years.statement, years.balance
    base = line["rs"] + line["rg"]
    match key:
        case "res_andel":
            return Ratio(line["ar"], base)
        case "bkr_andel":
            return Ratio(bkr, base)
        case "sol":
            return Ratio(
                balance["equity"], _assets_but_loans(case, years), bottom_loans=1.0
            )
        case "sol_pen":
            pensions = balance["pension_off_balance"]
            return Ratio(
                balance["equity"] - pensions,
                _assets_but_loans(case, years),
                bottom_loans=1.0,
            )
        case "sfg":
            return Ratio(
                line["ar"] + years.depreciation - years.resolved,
                years.outlay - years.income,
            )
        case "lan_inv":
            people = np.broadcast_to(case.population[1:], base.shape)
            return Ratio(np.zeros_like(base), people, top_loans=1000.0)
        case "nettolan":
            return Ratio(years.net_loans[1:] - case.min_cash, base)
        case "inv_andel":
            return Ratio(years.outlay - years.income, base)
        case "nka":
            return Ratio(-(line["rn"] + line["fi"] + line["fk"]), base)
    msg = f"unknown indicator {key!r}"
    raise ValueError(msg)


def _assets_but_loans(case: Case, years: Statements) -> Array:
    """Return all assets less what loans add to them, `[year, draw]`."""
    balance = years.balance
    return np.asarray(
        balance["fixed_assets"]
        + balance["financial_assets"]
        + balance["other_assets"]
        + case.min_cash
        - years.net_loans[1:]
    )


def indicator_values(case: Case, years: Statements, bkr: Array) -> dict[str, Array]:
    """Return every indicator, `[year, draw]`; NaN where it is not defined.

    `sfg` is not defined when net investment is not positive.
    """
    loans = years.balance["loans"]
    values = {}
    for key in INDICATORS:
        ratio = indicator_ratio(case, years, key, bkr)
        values[key] = divide(ratio.numerator(loans), ratio.denominator(loans))
    return values


def divide(top: Array, bottom: Array) -> Array:
    """Return top over bottom; NaN where the bottom is not positive."""
    out = np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan)
    np.divide(top, bottom, out=out, where=bottom > 0)
    return out


def window_sums(case: Case, goal: Goal, values: Array) -> Array:
    """Return sums over the goal's windows, `[window, draw]`, by the year they end."""
    first = goal.from_year - case.plan_start
    count = len(goal.window_ends)
    if goal.window == 1:
        return values[first : first + count]
    return np.array(
        [values[first + i : first + i + goal.window].sum(axis=0) for i in range(count)]
    ).reshape(count, values.shape[1])


@dataclass(frozen=True)
class Slack:
    """How much room a goal leaves, `[window, draw]`, in tkr (or inhabitants' kronor).

    The slack is `fixed` plus, for each year of the window, `per_loan` times loans.
    Not negative means that the goal holds.
    """

    fixed: Array
    per_loan: float

    def total(self, loans: Array) -> Array:
        """The slack with loans summed over the same windows, `[window, draw]`."""
        return self.fixed + self.per_loan * loans


def goal_slack(case: Case, years: Statements, goal: Goal, areb: Array) -> Slack:
    """Return the goal's slack in every window, linear in the plan but for loans.

    `>=` gives numerator minus value times denominator, `<=` the opposite. For `sfg`
    this is the stricter form that also counts when net investment is not positive.

    Source:
        DESIGN Appendix A9; method page docs/method/goals.md.
    """
    ratio = indicator_ratio(case, years, goal.indicator, areb)
    top = window_sums(case, goal, ratio.top)
    bottom = window_sums(case, goal, ratio.bottom)
    per_loan = ratio.top_loans - goal.value * ratio.bottom_loans
    fixed = top - goal.value * bottom
    if goal.operator == "<=":
        return Slack(-fixed, -per_loan)
    return Slack(fixed, per_loan)


def slack_unit(goal: Goal) -> float:
    """Return how many of the slack's units make one tkr."""
    return 1000.0 if goal.indicator == "lan_inv" else 1.0


@dataclass(frozen=True)
class GoalOutcome:
    """A goal year by year, `[year, draw]`, NaN in years it does not cover.

    `actual` is the indicator over the window that ends in the year, `margin` how far
    on the right side of the value it is, `met` 1 or 0. `held` is `met` before reserves,
    which is what a plan is held to, and `miss` what is lacking then, in percentage
    points for shares and in the indicator's unit otherwise.
    """

    goal: Goal
    actual: Array
    margin: Array
    met: Array
    held: Array
    miss: Array


def goal_met(
    case: Case, years: Statements, goal: Goal, bkr: Array
) -> NDArray[np.bool_]:
    """Return whether a goal holds in each window, `[window, draw]`, but for rounding.

    Args:
        case: the underlag as arrays.
        years: the statements.
        goal: the goal.
        bkr: `[year, draw]`, tkr: what the balance-requirement indicator counts.

    Source:
        DESIGN Appendix A9; method page docs/method/goals.md.
    """
    tolerance = GOAL_TOLERANCE * case.base_tkr * slack_unit(goal)
    summed = window_sums(case, goal, years.balance["loans"])
    return goal_slack(case, years, goal, bkr).total(summed) >= -tolerance


def goal_outcome(
    case: Case, years: Statements, goal: Goal, bkr: Array, areb: Array
) -> GoalOutcome:
    """Return how a goal fares in every year that ends one of its windows.

    The figure shown, its margin and whether it is met count `bkr`; a plan is held to,
    and pays for missing, the result before reserves `areb` (A7).
    """
    shape = years.statement["ar"].shape
    actual, margin = np.full(shape, np.nan), np.full(shape, np.nan)
    met, held = np.full(shape, np.nan), np.full(shape, np.nan)
    miss = np.full(shape, np.nan)
    rows = [year - case.plan_start for year in goal.window_ends]
    if not rows:
        return GoalOutcome(goal, actual, margin, met, held, miss)
    loans = years.balance["loans"]
    sign = 1.0 if goal.operator == ">=" else -1.0

    def windows(balance_result: Array) -> Array:
        ratio = indicator_ratio(case, years, goal.indicator, balance_result)
        return divide(
            window_sums(case, goal, ratio.numerator(loans)),
            window_sums(case, goal, ratio.denominator(loans)),
        )

    actual[rows] = windows(bkr)
    margin[rows] = sign * (actual[rows] - goal.value)
    met[rows] = goal_met(case, years, goal, bkr)
    unit = 100.0 if goal.indicator in SHARES else 1.0
    if goal.indicator == "bkr_andel":
        held[rows] = goal_met(case, years, goal, areb)
        short = sign * (goal.value - windows(areb))
    else:  # the other indicators know of no reserves
        held[rows] = met[rows]
        short = sign * (goal.value - actual[rows])
    miss[rows] = unit * np.maximum(np.nan_to_num(short, nan=0.0), 0.0)
    return GoalOutcome(goal, actual, margin, met, held, miss)
