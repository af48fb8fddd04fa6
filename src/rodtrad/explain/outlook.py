"""How far must outlay or room change for a project's answer to change?

Both sides are stated: an amount with which a plan exists that makes it so, and one with
which no plan does. What lies between is not known. Each is a question of its own, tried
on the problem built anew, so it holds whether or not more is always better.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.explain.questions import (
    BUILD_WORK,
    TIE,
    Question,
    more_room,
    scale_outlay,
)
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.greedy import RowCheck
from rodtrad.plan.matrix import build_matrix
from rodtrad.plan.multipliers import Bounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from rodtrad.domain.arrays import Choice
    from rodtrad.explain.bounds import Multipliers
    from rodtrad.explain.claims import Explainer
    from rodtrad.plan.greedy import Flags
    from rodtrad.plan.problem import Problem

# The room that is tried, tkr.
ROOM_LEVELS = tuple(
    1000.0 * mkr
    for mkr in (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150)
)
# The dearest a project that is in is made.
MOST_FACTOR = 3.0
# The outlay at which a project comes in is found to this share of it.
NARROW = 0.03
TRIES = 3


@dataclass(frozen=True)
class Threshold:
    """How far one thing must change for a project's answer to change.

    With `enough` a plan exists that makes it so (`choices`); with `short` it is proven
    that none does. None where nothing is known. `least` and `most` are what the best
    plan is worth at least at `enough`, and at most at `short`.
    """

    enough: float | None
    short: float | None
    choices: tuple[Choice, ...] | None = None
    least: float | None = None
    most: float | None = None


class Level:
    """The problem with more room."""

    def __init__(self, problem: Problem, check: RowCheck) -> None:
        """Keep the problem and its rows; the bounds are made when asked for."""
        self.problem = problem
        self.check = check

    @cached_property
    def bounds(self) -> Bounds:
        """What bounds on plans are made from."""
        return Bounds(self.problem, build_matrix(self.problem))

    def value(self, flags: Flags) -> float:
        """Return what a plan is worth with this room."""
        return self.problem.worth(flags)


class Outlook:
    """What it would take, for one project at a time; problems with room are kept."""

    def __init__(self, around: Explainer) -> None:
        """Look round from an explainer's plan, as it is when asked."""
        self.around = around
        self._levels: dict[float, Level] = {}

    def of(self, project_id: str) -> dict[str, Threshold]:
        """Return how outlay and room would have to change, by `outlay` and `room`."""
        project = self.around.case.project(project_id)
        if project.must_do or not self.around.problem.by_project[project_id]:
            return {}
        given = self.around.relaxed.multipliers(project_id, included=True)
        self.around.effort.spent += 1
        found = {}
        spends = any(x for a in project.alternatives for x in a.outlay)
        if project_id in self.around.chosen:
            if spends:
                found["outlay"] = self._dearer(project_id, given)
        else:
            if spends:
                found["outlay"] = self._cheaper(project_id, given)
            if any(goal.level == "must" for goal in self.around.case.goals):
                found["room"] = self._roomier(project_id, given)
        return found

    def _asked_outlay(self, project_id: str, factor: float) -> Problem:
        self.around.effort.spent += BUILD_WORK
        return build_problem(scale_outlay(self.around.case, project_id, factor))

    def _best_with(
        self, check: RowCheck, project_id: str, value: Callable[[Flags], float]
    ) -> tuple[float, Flags] | None:
        """Return the best plan with a project that is found by hand in changed rows."""
        question = Question(project_id, included=True)
        made = [f for f in self.around.made(check, question) if check.holds(f)]
        if not made:
            return None
        best = max(made, key=value)
        return value(best), best

    def _cheaper(self, project_id: str, given: Multipliers | None) -> Threshold:
        """Return the share of its outlay at which a project that is out comes in.

        Where a plan with it is worth as much as today's.
        """
        target = self.around.objective
        near = TIE * max(1.0, abs(target))
        enough: tuple[float, float, tuple[Choice, ...]] | None = None

        def tried(factor: float) -> tuple[float, Flags] | None:
            nonlocal enough
            problem = self._asked_outlay(project_id, factor)
            check = RowCheck(problem)

            found = self._best_with(check, project_id, problem.worth)
            if found is None or found[0] < target - near:
                return None
            plan = evaluate_plan(problem.case, check.choices(found[1]))
            if plan.violations or plan.objective < target - near:
                return None
            enough = factor, plan.objective, plan.choices
            return found

        short: tuple[float, float] | None = None
        low, high = 0.0, 1.0
        if tried(0.0) is not None:
            while high - low > NARROW and self.around.effort.left > BUILD_WORK:
                middle = round((low + high) / 2, 2)
                if tried(middle) is None:
                    high = middle
                else:
                    low = middle
        if given is not None:
            short = self._too_dear(project_id, given, target - near)
        return Threshold(
            enough[0] if enough else None,
            short[0] if short else None,
            enough[2] if enough else None,
            enough[1] if enough else None,
            short[1] if short else None,
        )

    def _most(self, project_id: str, given: Multipliers, factor: float) -> float:
        """Return the bound on plans with a project at a share of its outlay."""
        problem = self._asked_outlay(project_id, factor)
        bounds = Bounds(problem, build_matrix(problem))
        return self.around.relaxed.most_in(bounds, given, project_id)

    def _too_dear(
        self, project_id: str, given: Multipliers, target: float
    ) -> tuple[float, float] | None:
        """Return the least share of the outlay known to be too much, with its bound."""
        most = partial(self._most, project_id, given)
        free, full = most(0.0), most(1.0)
        if free < target:
            return 0.0, free
        if full >= target:
            return None
        factor = math.ceil(100 * (free - target) / (free - full)) / 100
        for _try in range(TRIES):
            if factor >= 1.0:
                break
            bound = most(factor)
            if bound < target:
                return factor, bound
            factor = math.ceil(50 * (1.0 + factor)) / 100
        return (1.0, full) if full < target else None

    def _dearer(self, project_id: str, given: Multipliers | None) -> Threshold:
        """Return how much dearer a project that is in may be, and still be in.

        In: today's plan holds and is worth as much as any without the project. Out: a
        plan without it is worth more than any with it.
        """
        without = self.around.answer(Question(project_id, included=False))
        near = TIE * max(1.0, abs(self.around.objective))
        enough: tuple[float, float] | None = None
        if without.most is None or without.most <= self.around.objective + near:
            most = -math.inf if without.most is None else without.most
            enough = self._stands(project_id, most - near)
        short = None
        if given is not None and without.least is not None:
            short = self._drops(project_id, given, without.least - near)
        return Threshold(
            enough[0] if enough else None,
            short[0] if short else None,
            self.around.choices if enough else None,
            enough[1] if enough else None,
            short[1] if short else None,
        )

    def _stands(self, project_id: str, target: float) -> tuple[float, float] | None:
        """Return the greatest factor at which today's plan holds and is best."""
        low, high = 1.0, MOST_FACTOR
        best: tuple[float, float] | None = None
        factor = high
        while high - low > 0.015:
            case = scale_outlay(self.around.case, project_id, factor)
            plan = evaluate_plan(case, self.around.choices)
            if plan.violations or plan.objective < target:
                high = factor
            else:
                low = factor
                best = factor, plan.objective
                if factor == MOST_FACTOR:
                    break
            factor = round((low + high) / 2, 2)
        self.around.effort.spent += 1
        return best

    def _drops(
        self, project_id: str, given: Multipliers, target: float
    ) -> tuple[float, float] | None:
        """Return a factor at which no plan with the project reaches the target."""
        most = partial(self._most, project_id, given)
        top = most(MOST_FACTOR)
        if top >= target:
            return None
        now = most(1.0)
        factor, bound = MOST_FACTOR, top
        for _try in range(TRIES):
            slope = (bound - now) / (factor - 1.0)
            guess = math.ceil(100 * (1.0 + (target - now) / slope) + 1) / 100
            if slope >= 0 or not 1.0 < guess < factor - 0.01:
                break
            found = most(guess)
            if found >= target:
                break
            factor, bound = guess, found
        return factor, bound

    def _roomier(self, project_id: str, given: Multipliers | None) -> Threshold:
        """Return the room at which a plan with the project is worth as much as today's."""
        target = self.around.objective - TIE * max(1.0, abs(self.around.objective))
        enough: tuple[float, float, tuple[Choice, ...]] | None = None
        low, high = 0, len(ROOM_LEVELS)
        while low < high and not self.around.effort.late():
            middle = (low + high) // 2
            level = self._level(ROOM_LEVELS[middle])
            found = self._best_with(level.check, project_id, level.value)
            if found is None or found[0] < target:
                low = middle + 1
                continue
            plan = evaluate_plan(level.problem.case, level.check.choices(found[1]))
            if plan.violations or plan.objective < target:
                low = middle + 1
                continue
            enough = ROOM_LEVELS[middle], plan.objective, plan.choices
            high = middle
        short: tuple[float, float] | None = None
        low, high = 0, len(ROOM_LEVELS) if enough is None else high
        while given is not None and low < high and not self.around.effort.late():
            middle = (low + high) // 2
            bounds = self._level(ROOM_LEVELS[middle]).bounds
            bound = self.around.relaxed.most_in(bounds, given, project_id)
            if bound < target:
                short = ROOM_LEVELS[middle], bound
                low = middle + 1
            else:
                high = middle
        return Threshold(
            enough[0] if enough else None,
            short[0] if short else None,
            enough[2] if enough else None,
            enough[1] if enough else None,
            short[1] if short else None,
        )

    def _level(self, room_tkr: float) -> Level:
        """Return the problem with so much more room, built once."""
        if room_tkr not in self._levels:
            self.around.effort.spent += BUILD_WORK
            problem = build_problem(more_room(self.around.case, room_tkr))
            try:
                check = self.around.check.with_constants(problem)
            except ValueError:
                check = RowCheck(problem)
            self._levels[room_tkr] = Level(problem, check)
        return self._levels[room_tkr]
