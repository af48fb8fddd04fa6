"""Is the price of stability true? Plans with few changes from one decided before."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.capacity.differences import changed_projects
from rodtrad.domain.words import _
from rodtrad.verify.answers import ANSWER, as_choices, checked_answer
from rodtrad.verify.recount import near
from rodtrad.verify.shape import Maybe, choice, figure, flag, text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rodtrad.domain.arrays import Choice
    from rodtrad.verify.recount import Recount

    Stated = dict[str, Any]

# What the planner asks for; a test holds the two together.
REPLAN_POINTS = (0, 1, 2, 3, 5, 10, 20)
ROUNDING = 1e-6
POINT = {
    "limit": Maybe(figure),
    **ANSWER,
    "changes": [text],
    "cost": figure,
    "loss_low": Maybe(figure),
    "loss_high": Maybe(figure),
}
REPLAN = {
    "decided": [choice],
    "gone": [text],
    "holds": flag,
    "least": figure,
    "least_proven": flag,
    "points": [POINT],
    "text": [text],
}


def check_replan(count: Recount, stated: Stated) -> None:
    """Note everything in the replan that does not follow from its plans."""
    path, case = "beside.replan", count.case
    decided = as_choices(stated["decided"])
    ids = [choice.project_id for choice in decided]
    here = {project.project_id for project in case.projects}
    if ids != sorted(set(ids) & here):
        count.differ(f"{path}.decided", ids, sorted(set(ids) & here))
        return
    if stated["gone"] != sorted(set(stated["gone"]) - here):
        count.differ(f"{path}.gone", stated["gone"], sorted(set(stated["gone"]) - here))
    place = {choice: k for k, choice in enumerate(count.problem.choices)}
    holds = all(choice in place for choice in decided) and count.check.holds(
        count.check.chosen(decided)
    )
    limits = _limits(count, decided, stated["least"])
    if [row["limit"] for row in stated["points"]] != limits:
        told = [row["limit"] for row in stated["points"]]
        count.differ(f"{path}.points", told, limits)
        return
    rows: list[Stated] = []
    costs = []
    for i, row in enumerate(stated["points"]):
        made = _point(count, f"{path}.points[{i}]", row, decided, stated)
        if made is None:
            return
        rows.append(made)
        if row["choices"] is not None:
            costs.append(made["cost"])
    least = 0.0 if holds else stated["least"]
    if not holds and abs(min(costs) - least) > ROUNDING:
        count.differ(f"{path}.least", least, min(costs))
    bounds = [row["bound"] for row in stated["points"] if row["bound"] is not None]
    if any(two < one - near(one) for one, two in itertools.pairwise(bounds)):
        count.say(f"{path}.points", _("Fler ändringar ger en lägre gräns."))
    made_last = {
        "choices": [list(choice) for choice in count.choices],
        "bound": count.bound if np.isfinite(count.bound) else None,
    }
    expected = {
        **stated,
        "decided": [list(choice) for choice in sorted(decided)],
        "holds": holds,
        "least": least,
        "least_proven": stated["least_proven"] or holds,
        "points": [*rows[:-1], {**rows[-1], **made_last}],
    }
    count.compare(path, stated, expected)


def _limits(
    count: Recount, decided: Sequence[Choice], least: float
) -> list[float | None]:
    """Return what changes may count at each point; the last has no limit."""
    free = changed_projects(count.case, decided, count.choices)[1]
    asked = sorted({*(float(p) for p in REPLAN_POINTS if p < free), least, free})
    return [*(limit for limit in asked if limit < free), None]


def _point(
    count: Recount,
    path: str,
    row: Stated,
    decided: Sequence[Choice],
    stated: Stated,
) -> Stated | None:
    made = checked_answer(count, path, row)
    if made is None:
        return None
    limit = row["limit"]
    if limit is not None and limit < stated["least"]:
        # Fewer changes than the least: no plan, and proven so or not.
        made |= {"choices": None, "impossible": stated["least_proven"]}
    elif row["impossible"]:
        count.say(path, _("En plan med färre ändringar håller alla krav."))
    changes: tuple[str, ...] = ()
    cost = 0.0
    if row["choices"] is not None:
        chosen = as_choices(row["choices"])
        changes, cost = changed_projects(count.case, decided, chosen)
        if limit is not None and cost > limit + ROUNDING:
            count.differ(f"{path}.cost", cost, limit)
    bound, objective = made["bound"], made["objective"]
    high = None if objective is None else max(0.0, count.bound - objective)
    if high is not None and not np.isfinite(high):
        high = None
    return {
        **made,
        "changes": list(changes),
        "cost": cost,
        "loss_low": None if bound is None else max(0.0, count.objective - bound),
        "loss_high": high,
    }


def replan_refuted(count: Recount, stated: Stated) -> None:
    """Note if a known plan changes less, or is worth more, than is said possible."""
    decided = as_choices(stated["decided"])

    def within(limit: float) -> Callable[[dict[str, Choice]], bool]:
        def asked(chosen: dict[str, Choice]) -> bool:
            cost = changed_projects(count.case, decided, tuple(chosen.values()))[1]
            return cost <= limit + ROUNDING

        return asked

    path = "beside.replan"
    if stated["least_proven"]:
        count.refute(f"{path}.least", -np.inf, within(stated["least"] - 1.0))
    for i, row in enumerate(stated["points"]):
        if row["limit"] is not None and row["bound"] is not None:
            place = f"{path}.points[{i}].bound"
            count.refute(place, row["bound"], within(row["limit"]))
