"""Is each point of the curves of more and less room a plan that holds there?

Every plan is evaluated once more with the room, for all goals together or for one goal
at a time. A bound must not be passed by any plan that is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.capacity.headroom import room_in, with_room
from rodtrad.capacity.result import choice_differences
from rodtrad.domain.words import _
from rodtrad.verify.reasons import changed_plan, plan_changes
from rodtrad.verify.recount import (
    BROKEN,
    gap_of,
    goal_room,
    holds_firmly,
    near,
    room_tolerance,
)
from rodtrad.verify.shape import CHANGES, DIFFERS, Maybe, figure, text, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.capacity.evaluate import Evaluation
    from rodtrad.domain.arrays import Array, Choice, Goal
    from rodtrad.verify.recount import Recount

    Stated = dict[str, Any]

# What the planner asks for; a test holds the two together.
STEPS_TKR = (-50_000.0, -25_000.0, -10_000.0, 10_000.0, 25_000.0, 50_000.0)
PROVEN_GAP = 2e-6
POINT = {
    "room_tkr": figure,
    "value": Maybe(figure),
    "bound": Maybe(figure),
    "gap": Maybe(figure),
    "status": text,
    "work": whole,
    "changes": Maybe(CHANGES),
    **DIFFERS,
    "text": text,
}
CURVE = {"goal_id": Maybe(text), "year": whole, "points": [POINT]}


def check_curves(count: Recount, curves: Any) -> None:
    """Note everything in `curves` that does not follow from its plans."""
    if not count.has_shape("curves", curves, [CURVE]):
        return
    goals = {goal.goal_id: goal for goal in count.case.goals}
    told = [curve["goal_id"] for curve in curves]
    must = any(goal.level == "must" for goal in goals.values())
    expected = [None, *(key for key in goals if key in told)] if must else []
    if told != expected:
        count.differ("curves", told, expected)
        return
    for i, curve in enumerate(curves):
        path = f"curves[{i}]"
        count.compare(f"{path}.year", curve["year"], count.case.plan_start)
        rooms = [point["room_tkr"] for point in curve["points"]]
        if rooms != list(STEPS_TKR):
            count.differ(f"{path}.points", rooms, list(STEPS_TKR))
            continue
        try:
            _curve(count, path, curve, goals.get(curve["goal_id"]))
        except BROKEN as error:
            text = _("Planen går inte att räkna på: {why}.").format(why=error)
            count.say(path, text)


def _curve(count: Recount, path: str, curve: Stated, goal: Goal | None) -> None:
    plans = [
        tuple(sorted(changed_plan(count.choices, point["changes"])))
        for point in curve["points"]
        if point["changes"] is not None
    ]
    for i, point in enumerate(curve["points"]):
        place = f"{path}.points[{i}]"
        room = _Room(count, point["room_tkr"], goal)
        expected = dict(point)
        own: tuple[Choice, ...] = count.choices
        expected |= {"value": None, **{key: [] for key in DIFFERS}}
        if point["changes"] is not None:
            own = changed_plan(count.choices, point["changes"])
            plan = room.plan(own)
            if plan is None:
                count.say(place, _("Planen håller inte med det utrymmet."))
                continue
            expected |= choice_differences(count.choices, plan.choices)
            expected["value"] = plan.objective
            expected["changes"] = plan_changes(count.choices, plan.choices)
        expected["gap"] = gap_of(expected["value"], point["bound"])
        expected["status"] = _status(point, expected["gap"])
        count.compare(place, point, expected)
        if point["bound"] is None and point["status"] != "proven":
            continue
        most = -np.inf if point["bound"] is None else point["bound"]
        for choices in sorted({count.choices, *plans}):
            if count.worth(choices) <= most + near(most):
                continue
            plan = room.plan(choices, firmly=True)
            if plan is not None and plan.objective > most + near(most):
                text = _("En plan i resultatet motsäger det som står som bevisat.")
                count.say(f"{place}.bound", text)


def _status(point: Stated, gap: float | None) -> str:
    """Return the status a point should have; proven only if nothing is left."""
    if point["changes"] is None:
        return "proven" if point["bound"] is None else "open"
    proven = point["status"] == "proven" and gap is not None and gap <= PROVEN_GAP
    return "proven" if proven else "interval"


class _Room:
    """The underlag with more room for all goals, or with one goal loosened."""

    def __init__(self, count: Recount, room_tkr: float, goal: Goal | None) -> None:
        case = count.case
        self.count, self.goal = count, goal
        self.roomy = with_room(case, room_in(case, case.plan_start, room_tkr))
        self.given: Array | None = None
        if goal is not None:
            own = count.evaluate(count.choices)
            more = count.evaluate(count.choices, self.roomy)
            now = goal_room(case, own, goal)
            self.given = goal_room(self.roomy, more, goal) - now

    def plan(
        self, choices: Sequence[Choice], firmly: bool = False
    ) -> Evaluation | None:
        """Return a plan if it holds with this room; `firmly` without any tolerance."""
        count, goal = self.count, self.goal
        if goal is None or self.given is None:
            plan = count.evaluate(choices, self.roomy)
            firm = not firmly or holds_firmly(self.roomy, plan)
            return plan if firm and not plan.violations else None
        plan = count.evaluate(choices)
        for one in count.case.goals:
            if one.level != "must":
                continue
            left = goal_room(count.case, plan, one)
            if one is goal:
                left = left + self.given
            least = 0.0 if firmly else -room_tolerance(count.case, one)
            if not (left >= least).all():
                return None
        broken = [one for one in plan.violations if one.kind != "goal"]
        return None if broken else plan
