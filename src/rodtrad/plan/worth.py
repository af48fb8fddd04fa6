"""What is a plan worth, missed aims included? Reckoned without its statements.

The statements are linear in the plan but for loans, which are the positive part of net
loans. So what an aim is short by follows from a few sums over the chosen columns. It
agrees with `capacity.evaluate` but for rounding; searches compare plans by it, and what
is told of a plan comes from the statements themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.capacity.indicators import SHARES, indicator_ratio, window_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array, Case, Goal
    from rodtrad.plan.problem import Response


@dataclass(frozen=True)
class AimMisses:
    """The windows of all aims with a price, as sums over columns, tkr.

    `nothing` `[figure]` are net loans `[year]`, then the windows' numerators, then their
    denominators, without any project and before loans; `columns` `[column, figure]` what
    each column adds. `top_loans` and `bottom_loans` `[window, year]` are factors on loans,
    `values` `[window]` what is aimed at, `prices` `[window]` points for each unit short,
    below zero where the indicator is to be low.
    """

    nothing: Array
    columns: Array
    top_loans: Array
    bottom_loans: Array
    values: Array
    prices: Array

    def penalty(self, chosen: NDArray[np.bool_]) -> float:
        """Return the points that a plan, `[column]`, loses by aims it misses."""
        windows = len(self.values)
        if not windows:
            return 0.0
        sums = self.nothing + self.columns[np.flatnonzero(chosen)].sum(axis=0)
        years = len(sums) - 2 * windows
        loans = np.maximum(sums[:years], 0.0)
        top = sums[years : years + windows] + self.top_loans @ loans
        bottom = sums[years + windows :] + self.bottom_loans @ loans
        defined = bottom > 0
        short = self.values - top / np.where(defined, bottom, 1.0)
        return float(np.maximum(self.prices * short, 0.0)[defined].sum())


def aim_misses(case: Case, response: Response) -> AimMisses:
    """Return what the aims of a case miss, for any plan of its columns.

    Source:
        DESIGN Appendix A8, A9; method page docs/method/goals.md.
    """
    probe, length = response.probe, len(case.years)
    priced = [g for g in case.goals if g.level == "aim" and g.price and g.window_ends]
    figures, tops, bottoms = [probe.net_loans[1:]], [], []
    loans: tuple[list[Array], list[Array]] = ([], [])
    values, prices = [], []
    each_year = np.eye(length)
    for goal in priced:
        ratio = indicator_ratio(case, probe, goal.indicator, response.areb)
        tops.append(window_sums(case, goal, ratio.top))
        bottoms.append(window_sums(case, goal, ratio.bottom))
        summed = window_sums(case, goal, each_year)
        loans[0].append(ratio.top_loans * summed)
        loans[1].append(ratio.bottom_loans * summed)
        values += [goal.value] * len(summed)
        prices += [_price(goal)] * len(summed)
    rows = np.concatenate([*figures, *tops, *bottoms])
    per_krona = (rows[:, 1:] - rows[:, :1]) / response.size
    none = np.zeros((0, length))
    return AimMisses(
        nothing=rows[:, 0].copy(),
        columns=np.ascontiguousarray((per_krona @ response.effects.T).T),
        top_loans=np.concatenate([none, *loans[0]]),
        bottom_loans=np.concatenate([none, *loans[1]]),
        values=np.array(values),
        prices=np.array(prices),
    )


def _price(goal: Goal) -> float:
    """Return the points for each unit of the indicator below the value aimed at."""
    unit = 100.0 if goal.indicator in SHARES else 1.0
    return (unit if goal.operator == ">=" else -unit) * goal.price
