"""What may a project cost, what will it cost, and what has it cost? Kept apart.

The decided total outlay is a frame and no appropriation, the forecast is what the
project is thought to cost when it is done, and each year has its own budget (RKR R14).
Pure sums of what has been registered; leaves out where that is stored and shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.web.models import Decision, Estimate, ProjectYear

# Less than this is no difference, tkr.
TRIFLE = 0.5


@dataclass(frozen=True)
class Money:
    """The sums of a project, tkr, each in the prices that it was stated in.

    None where nothing has been registered. Differences are decided or budgeted minus
    forecast: negative is too little.
    """

    decided: float | None
    decision: Decision | None
    spent: float
    forecast: float | None
    estimate: Estimate | None
    left_of_frame: float | None
    left_to_pay: float | None
    against_frame: float | None
    budgets_left: float | None
    budget_years: tuple[int, ...]
    against_budgets: float | None
    price_levels: tuple[str, ...]

    @property
    def over_frame(self) -> bool:
        """Whether the forecast is over the decided total outlay."""
        return self.against_frame is not None and self.against_frame < -TRIFLE

    @property
    def over_budgets(self) -> bool:
        """Whether the years' budgets do not cover what is left to pay."""
        return self.against_budgets is not None and self.against_budgets < -TRIFLE


def in_force(decisions: Sequence[Decision]) -> list[Decision]:
    """Return the decisions that no other has replaced, newest first."""
    replaced = {d.replaces_id for d in decisions if d.replaces_id}
    kept = [d for d in decisions if d.pk not in replaced]
    return sorted(kept, key=lambda d: (d.date, d.pk or 0), reverse=True)


def sum_up(
    decisions: Sequence[Decision],
    estimates: Sequence[Estimate],
    years: Sequence[ProjectYear],
) -> Money:
    """Return the sums of a project.

    What is left to pay is compared with the budgets from the year of the newest
    forecast on, less what has been used of them already. Without any budget from that
    year on there is nothing to compare with.
    """
    granting = [d for d in in_force(decisions) if d.amount_tkr is not None]
    decision = granting[0] if granting else None
    decided = decision.amount_tkr if decision else None
    estimate = max(estimates, key=lambda e: (e.date, e.pk or 0), default=None)
    spent = sum(y.actual_tkr or 0.0 for y in years)
    forecast = estimate.total_tkr if estimate else None
    left_to_pay = None if forecast is None else forecast - spent
    budgets_left = None
    covered: tuple[int, ...] = ()
    if estimate is not None:
        ahead = [
            y
            for y in years
            if y.year >= estimate.date.year and y.budget_tkr is not None
        ]
        if ahead:
            covered = tuple(y.year for y in ahead)
            used = sum(
                y.actual_tkr or 0.0 for y in years if y.year >= estimate.date.year
            )
            budgets_left = sum(y.budget_tkr or 0.0 for y in ahead) - used
    levels = [
        level
        for level in (
            decision.price_level if decision else "",
            estimate.price_level if estimate else "",
        )
        if level
    ]
    return Money(
        decided=decided,
        decision=decision,
        spent=spent,
        forecast=forecast,
        estimate=estimate,
        left_of_frame=None if decided is None else decided - spent,
        left_to_pay=left_to_pay,
        against_frame=None
        if decided is None or forecast is None
        else decided - forecast,
        budgets_left=budgets_left,
        budget_years=covered,
        against_budgets=None
        if budgets_left is None or left_to_pay is None
        else budgets_left - left_to_pay,
        price_levels=tuple(dict.fromkeys(levels)),
    )
