"""What would more room buy, and what would less cost? The plan solved again at each.

Room is money for investment in the plan's first year (`capacity.headroom.with_room`),
for all goals together, or for one goal at a time: that goal is then loosened by what
the room would give it in today's plan, and the others stay. Every point carries a plan
that exists and a bound that no plan can pass.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.capacity.evaluate import evaluate_plan, result_before_reserves
from rodtrad.capacity.indicators import goal_slack, slack_unit, window_sums
from rodtrad.capacity.result import choice_differences
from rodtrad.domain.words import _, money_text, names_text
from rodtrad.explain.claims import ROUNDS
from rodtrad.explain.limits import binding_limits, points
from rodtrad.explain.questions import Effort, ReasonLimits, more_room, plan_changes
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.greedy import RowCheck, grow, take_out
from rodtrad.plan.milp import Limits, relative_gap, solve_problem
from rodtrad.plan.problem import SCALE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.capacity.evaluate import Evaluation
    from rodtrad.domain.arrays import Array, Case, Choice, Goal
    from rodtrad.plan.greedy import Flags
    from rodtrad.plan.milp import Portfolio
    from rodtrad.plan.problem import Problem

STEPS_TKR = (-50_000.0, -25_000.0, -10_000.0, 10_000.0, 25_000.0, 50_000.0)
CURVE_WORK, CURVE_SECONDS = 2400, 30.0
LEAST_WORK = 60


def value_curves(
    problem: Problem,
    plan: Portfolio,
    limits: ReasonLimits | None = None,
    steps: Sequence[float] = STEPS_TKR,
) -> list[dict[str, Any]]:
    """Return the curve of all goals together, then of each goal that limits the plan.

    Args:
        problem: from `build_problem`.
        plan: the finished plan.
        limits: how much work all curves together may take, and time each of them.
        steps: the amounts of room, tkr; less than zero is less room.

    Returns:
        For each curve `goal_id` (None for all goals together), `year` (in which the
        room falls) and `points`, from least room to most. Each point: `room_tkr`;
        `value` of the best plan found, None if none; `bound` no plan can pass, None if
        there is none; `gap`; `status` (`proven`, `interval`, `open`); `work`; `changes`
        against today's plan, `leaves`, `enters`, `moves`, `switches`; and `text`.

    Raises:
        ValueError: there is no plan to compare with.

    Source:
        METHODS 6 no. 2; method page docs/method/reasons.md.
    """
    names = curve_names(problem, plan)
    each = curve_limits(len(names), limits)
    return [value_curve(problem, plan, name, each, steps) for name in names]


def curve_limits(count: int, limits: ReasonLimits | None = None) -> ReasonLimits:
    """Return how much work and time each of so many curves may take.

    They share the work, but not the time: that stops only what a slow machine never
    would be done with.
    """
    limits = limits or ReasonLimits(CURVE_SECONDS, CURVE_WORK)
    return replace(limits, work=limits.work // max(count, 1))


def curve_names(problem: Problem, plan: Portfolio) -> list[str | None]:
    """Return the goals that have a curve, by id; first None for all of them together.

    Raises:
        ValueError: there is no plan to compare with.
    """
    if plan.choices is None:
        msg = "there is no plan to compare with"
        raise ValueError(msg)
    goals = problem.case.goals
    if not any(goal.level == "must" for goal in goals):
        return []
    check = RowCheck(problem)
    held = binding_limits(check, check.chosen(plan.choices))
    binding = {limit["id"] for limit in held if limit["kind"] == "goal"}
    return [None, *(goal.goal_id for goal in goals if goal.goal_id in binding)]


def value_curve(
    problem: Problem,
    plan: Portfolio,
    goal_id: str | None,
    limits: ReasonLimits,
    steps: Sequence[float] = STEPS_TKR,
) -> dict[str, Any]:
    """Return one of the curves of `value_curves`, whatever the others are.

    Raises:
        ValueError: there is no plan to compare with.
    """
    if plan.choices is None or plan.objective is None:
        msg = "there is no plan to compare with"
        raise ValueError(msg)
    goal = next((g for g in problem.case.goals if g.goal_id == goal_id), None)
    effort = Effort(limits)
    rows = []
    known: tuple[Choice, ...] = plan.choices
    for i, room_tkr in enumerate(sorted(steps)):
        asked = ask_room(problem, plan.choices, room_tkr, goal)
        share = max(effort.left // (len(steps) - i), LEAST_WORK)
        point, best = _point(asked, plan, known, effort, share)
        known = best or known
        rows.append({"room_tkr": room_tkr, **point})
    for row in rows:
        row["text"] = _in_words(problem.case, plan.objective, row)
    return {"goal_id": goal_id, "year": problem.case.plan_start, "points": rows}


def ask_room(
    problem: Problem,
    choices: Sequence[Choice],
    room_tkr: float,
    goal: Goal | None = None,
) -> Problem:
    """Return the problem with more room, or less, for all goals or for one."""
    roomy = more_room(problem.case, room_tkr)
    if goal is None:
        return replace(build_problem(roomy), forced=problem.forced)
    given = room_for_goal(problem.case, choices, room_tkr, goal)
    key, scale = f"goal:{goal.goal_id}", SCALE / slack_unit(goal)
    by_year = dict(zip(goal.window_ends, given.tolist(), strict=True))
    return problem.with_rows(
        replace(row, lower=row.lower - by_year[row.year] * scale)
        if row.requirement == key
        else row
        for row in problem.rows
    )


def room_for_goal(
    case: Case, choices: Sequence[Choice], room_tkr: float, goal: Goal
) -> Array:
    """Return how much slack the room gives a goal in a plan, `[window]`."""
    one, two = (
        _slack(of, evaluate_plan(of, choices), goal)
        for of in (case, more_room(case, room_tkr))
    )
    return two - one


def _slack(case: Case, plan: Evaluation, goal: Goal) -> Array:
    years = plan.years
    slack = goal_slack(case, years, goal, result_before_reserves(case, years))
    total: Array = slack.total(window_sums(case, goal, years.balance["loans"]))
    return total[:, 0]


def _point(
    asked: Problem,
    plan: Portfolio,
    known: Sequence[Choice],
    effort: Effort,
    work: int,
) -> tuple[dict[str, Any], tuple[Choice, ...] | None]:
    """Return a point of a curve, and its plan if there is one."""
    check = RowCheck(asked)
    today = plan.choices or ()
    starts = [made for of in (today, known) if (made := _mended(check, of))]
    start = max(starts, key=lambda of: asked.worth(check.chosen(of)), default=None)
    seconds = max(effort.seconds, 0.5)
    limits = Limits(seconds, work, 1e-6, effort.limits.seed, light=True)
    found = solve_problem(asked, limits, start=start, rounds=ROUNDS)
    effort.spent += found.work
    impossible = found.stopped == "infeasible"
    bound = found.bound
    if bound is not None and found.objective is not None:
        bound = max(bound, found.objective)
    point: dict[str, Any] = {
        "value": found.objective,
        "bound": None if impossible else bound,
        "gap": relative_gap(found.objective, bound),
        "status": "open",
        "work": found.work,
        "changes": None,
        "leaves": [],
        "enters": [],
        "moves": [],
        "switches": [],
    }
    if impossible or found.stopped == "proof":
        point["status"] = "proven"
    elif found.choices is not None:
        point["status"] = "interval"
    if found.choices is not None:
        point |= choice_differences(today, found.choices)
        point["changes"] = plan_changes(today, found.choices)
    return point, found.choices


def _mended(check: RowCheck, choices: Sequence[Choice]) -> tuple[Choice, ...] | None:
    """Return a plan with projects taken out until every row holds, then grown."""
    flags: Flags = check.chosen(choices)
    standing = check.standing(flags)
    must = np.array([p.must_do for p in check.problem.case.projects], dtype=bool)
    if not take_out(standing, must):
        return None
    return check.choices(grow(check, standing.chosen))


def _in_words(case: Case, today: float, point: Mapping[str, Any]) -> str:
    """Return a point as one or two sentences."""
    currency = case.tables.settings["currency"]
    room = point["room_tkr"]
    amount = money_text(abs(room), currency)
    more = room > 0
    if point["value"] is None:
        if point["bound"] is None:
            return _("Med {kr} mindre i utrymme {y} går kraven inte ihop.").format(
                kr=amount, y=case.plan_start
            )
        return _(
            "Beräkningen har inte hunnit avgöra vad {kr} mindre i utrymme {y} betyder."
        ).format(kr=amount, y=case.plan_start)
    if more:
        low, high = point["value"] - today, point["bound"] - today
        pattern = _(
            "Med {kr} mer i utrymme {y} ökar planens nytta med {np} nyttopoäng."
        )
    else:
        low, high = today - point["bound"], today - point["value"]
        pattern = _(
            "Med {kr} mindre i utrymme {y} minskar planens nytta med {np} nyttopoäng."
        )
    low = max(low, 0.0)
    if points(low) == points(high):
        span = points(high)
    elif points(low) == points(0.0):
        span = _("högst {np}").format(np=points(high))
    else:
        span = _("mellan {np1} och {np2}").format(np1=points(low), np2=points(high))
    text = pattern.format(kr=amount, y=case.plan_start, np=span)
    names = {p.project_id: p.name for p in case.projects}
    enters = [names[key] for key in point["enters"]]
    leaves = [names[key] for key in point["leaves"]]
    if not enters and not leaves:
        return text
    if not enters:
        change = _("I den bästa plan som hittats lämnar {ps} planen.")
    elif not leaves:
        change = _("I den bästa plan som hittats kommer {qs} in.")
    else:
        change = _(
            "I den bästa plan som hittats lämnar {ps} planen, och {qs} kommer in."
        )
    return f"{text} {change.format(ps=names_text(leaves), qs=names_text(enters))}"
