"""How much more can be invested? Room stated three ways, and which one binds.

Own funds: what a year leaves after its investments. Debt ceiling: the least slack of
any debt goal from the year on. Result target: the least slack of any result goal from
the year on, turned into the investment whose yearly cost would use it up.

`with_room` answers the opposite question: the same municipality with so much more, or
less, to invest with. Every "25 mkr more room" in the product means that.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.capacity.indicators import goal_slack, slack_unit, window_sums
from rodtrad.capacity.statements import price_indices, project_line
from rodtrad.domain.arrays import DEFAULT_LIFE_YEARS, Existing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.capacity.statements import Statements
    from rodtrad.domain.arrays import Array, Case

DEBT_GOALS = ("lan_inv", "nettolan")
RESULT_GOALS = ("res_andel", "bkr_andel")
LEVELS = ("must", "aim")
MEASURES = ("own_funds", "debt_ceiling", "result_target")


def room_for_investment(
    case: Case, years: Statements, areb: Array, levels: tuple[str, ...] = LEVELS
) -> dict[str, Array]:
    """Return `own_funds`, `debt_ceiling`, `result_target`, `[year, draw]`, tkr.

    NaN where no goal of the kind and of these levels reaches the year or a later one.

    Source:
        DESIGN Appendix A10; method page docs/method/room.md.
    """
    own = (
        years.statement["ar"]
        + years.depreciation
        - years.resolved
        - years.outlay
        + years.income
    )
    loans = years.balance["loans"]
    debt = np.full(own.shape, np.inf)
    result = np.full(own.shape, np.inf)
    for goal in case.goals:
        if goal.level not in levels:
            continue
        rows = [year - case.plan_start for year in goal.window_ends]
        if goal.indicator in DEBT_GOALS and goal.operator == "<=":
            target = debt
        elif goal.indicator in RESULT_GOALS and goal.operator == ">=":
            target = result
        else:
            continue
        slack = goal_slack(case, years, goal, areb).total(
            window_sums(case, goal, loans)
        )
        for row, left in zip(rows, slack / slack_unit(goal), strict=True):
            target[: row + 1] = np.minimum(target[: row + 1], left)
    cost = 1.0 / DEFAULT_LIFE_YEARS + case.interest_rate[1:]
    return {
        "own_funds": own,
        "debt_ceiling": np.where(np.isinf(debt), np.nan, debt),
        "result_target": np.where(np.isinf(result), np.nan, result / cost),
    }


def binding_measure(room: Mapping[str, Sequence[float | None]]) -> list[str]:
    """Return the measure with the smallest room in each year."""
    count = len(room["own_funds"])
    binding = []
    for t in range(count):
        known = [(room[key][t], key) for key in MEASURES]
        values = [(v, key) for v, key in known if v is not None]
        binding.append(min(values, key=lambda pair: pair[0])[1])
    return binding


def with_room(case: Case, room_tkr: Array) -> Case:
    """Return the case with so much more room for investment, year by year.

    Room is money that need not be spent: what is already decided costs that much less
    in each year, and its depreciation over `DEFAULT_LIFE_YEARS` falls away from the year
    after. Interest, loans and every goal follow through the statements: loans by the
    room and the interest saved, a result by what `slack_per_room` counts. People and
    other resources are as before.

    Args:
        case: the underlag as arrays.
        room_tkr: `[year]`, nominal. Negative is less room: more is already decided.

    Raises:
        ValueError: not one amount for each year of the plan.

    Source:
        Method page docs/method/choices.md.
    """
    if room_tkr.shape != case.years.shape:
        msg = "one amount of room for each year of the plan is needed"
        raise ValueError(msg)
    depreciation = -project_line(case, price_indices(case), "ra")
    none = np.zeros_like(depreciation)
    decided = case.existing or Existing(none, none, none, none)
    paid = np.concatenate([[0.0], np.cumsum(room_tkr)])
    age = np.arange(len(room_tkr))
    gone = paid[np.maximum(age - DEFAULT_LIFE_YEARS, 0)]
    saved = (paid[age] - gone) / DEFAULT_LIFE_YEARS
    # The line is given in full, so that no given year hides what is saved.
    first = {case.base_year: case.given["ra"][case.base_year]}
    return replace(
        case,
        given={**case.given, "ra": first},
        existing=replace(
            decided,
            depreciation=depreciation - saved[:, None],
            outlay=decided.outlay - room_tkr[:, None],
        ),
    )


def room_in(case: Case, year: int, amount_tkr: float) -> Array:
    """Return an amount of room that all falls in one year, `[year]`."""
    return np.where(case.years == year, amount_tkr, 0.0)
