"""Every claim of the reasons against every plan there is: none may be false.

Small random underlag. For each claim the question is put again, and all plans of the
changed underlag go through our statements: what is said of the best of them must hold.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import pytest

from oracle import instances
from oracle import test_milp_enumeration as enumeration
from oracle.more_instances import random_mixture, random_more
from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.domain.arrays import Case, Choice, build_case
from rodtrad.domain.components import build_tables
from rodtrad.explain.claims import answer_for
from rodtrad.explain.curves import ask_room, value_curves
from rodtrad.explain.questions import (
    Question,
    ReasonLimits,
    more_room,
    read_question,
    scale_outlay,
)
from rodtrad.explain.reasons import explain_portfolio
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.greedy import RowCheck
from rodtrad.plan.milp import Limits, Portfolio, solve_problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from oracle.instances import Tables
    from oracle.test_milp_enumeration import Outcome
    from rodtrad.plan.problem import Problem

pytestmark = pytest.mark.oracle

SAMPLE = range(24)
MANY = range(24, 1024)


def random_underlag(seed: int) -> Tables:
    """A small underlag; all kinds of rows in turn."""
    rng = random.Random(f"claims/{seed}")
    if seed % 3 == 0:
        return random_mixture(seed)
    if seed % 3 == 1:
        return instances.random_data(seed, rng.choice(instances.FAMILIES))
    return random_more(seed, rng.choice(["aim_sol", "aim_nettolan", "sol_average"]))


class Everything:
    """Every plan of an underlag, and of the same underlag changed."""

    def __init__(self, data: Tables) -> None:
        self.data = data
        self.case = build_case(build_tables(data))
        self._of: dict[tuple[str, float, float], Outcome] = {}
        self._checks: dict[tuple[str, float, float], RowCheck] = {}

    def changed(self, project_id: str, factor: float, room_tkr: float) -> Case:
        case = self.case
        if factor != 1.0:
            case = scale_outlay(case, project_id, factor)
        return more_room(case, room_tkr) if room_tkr else case

    def outcome(
        self, project_id: str = "", factor: float = 1.0, room_tkr: float = 0.0
    ) -> Outcome:
        key = project_id if factor != 1.0 else "", factor, room_tkr
        if key not in self._of:
            case = self.changed(project_id, factor, room_tkr)
            with mock.patch.object(enumeration, "build_case", return_value=case):
                self._of[key] = enumeration.evaluate_all(self.data)
        return self._of[key]

    def check(self, project_id: str, factor: float, room_tkr: float) -> RowCheck:
        key = project_id if factor != 1.0 else "", factor, room_tkr
        if key not in self._checks:
            problem = build_problem(self.changed(project_id, factor, room_tkr))
            self._checks[key] = RowCheck(problem)
        return self._checks[key]

    def best(
        self, asked: Question, included: bool, start_year: int | None = None
    ) -> Best:
        """The best plan with the project (from that year), or without it."""
        change = asked.project_id, asked.outlay_factor, asked.room_tkr
        outcome = self.outcome(*change)
        order = sorted(p.project_id for p in self.case.projects)
        place = order.index(asked.project_id)
        fits = np.array(
            [
                (o is not None) == included and (start_year in (None, o and o[2]))
                for o in outcome.plans.options[place]
            ],
            dtype=bool,
        )
        allowed = outcome.holds & fits[outcome.plans.index[:, place]]
        return firm_best(outcome, allowed, self.check(*change))


@dataclass(frozen=True)
class Best:
    """The best value by the statements, and the best that also meets the rows firmly.

    The statements forgive a little more than the rows do (DESIGN A9), so a plan on the
    very edge of a goal may exist and yet not be the planner's.
    """

    value: float | None
    firm: float | None


def firm_best(outcome: Outcome, allowed: NDArray[np.bool_], check: RowCheck) -> Best:
    numbers = np.flatnonzero(allowed)
    values = outcome.objective[numbers]
    order = numbers[np.argsort(-values, kind="stable")]
    for number in order:
        picks = [Choice(*pick) for pick in outcome.plans.picks(int(number))]
        if check.holds(check.chosen(picks)):
            return Best(float(values.max()), float(outcome.objective[number]))
    return Best(float(values.max()) if len(values) else None, None)


def bracketed(answer: dict[str, Any], best: Best, near: float, where: object) -> None:
    """An answer brackets the best value."""
    if answer["least"] is not None:
        assert best.value is not None, where
        assert answer["least"] <= best.value + near, where
    if answer["most"] is not None and best.firm is not None:
        assert best.firm <= answer["most"] + near, where


def changed_plan(
    choices: tuple[Choice, ...], changes: dict[str, Any]
) -> tuple[Choice, ...]:
    kept = [c for c in choices if c.project_id not in changes["take_out"]]
    return tuple(sorted([*kept, *(Choice(*c) for c in changes["put_in"])]))


def confirm(
    every: Everything, plan: Portfolio, reason: dict[str, Any], kinds: Counter[str]
) -> None:
    """Confirm every claim about a project that asks what another plan would be worth."""
    assert plan.choices is not None
    assert plan.objective is not None
    near = 1e-6 * max(1.0, abs(plan.objective))
    project_id = reason["project_id"]
    for claim in reason["claims"]:
        question = claim.get("question")
        if question is None or "force" not in question:
            continue
        kinds[claim["kind"]] += 1
        asked = read_question(question)
        assert asked.as_dict() == question
        assert asked.project_id == project_id
        best = every.best(asked, asked.included)
        where = claim, best
        answer = claim["answer"]
        if claim["kind"] in ("forced_in", "forced_out"):
            assert claim["impossible"] == (answer["most"] is None), where
            if claim["impossible"]:
                assert best.firm is None, where
                continue
            bracketed(answer, best, near, where)
            assert plan.objective - answer["most"] <= claim["loss_low"] + near
            if claim["status"] == "proven":
                assert best.firm == pytest.approx(answer["least"], abs=2 * near), where
            continue
        today = Best(plan.objective, plan.objective)
        rival = every.best(asked, False) if reason["state"] == "in" else today
        if claim["kind"].endswith("enough"):
            assert best.value is not None, where
            assert best.value >= answer["least"] - near, where
            assert rival.firm is None or best.value >= rival.firm - 2 * near, where
            case = every.changed(project_id, asked.outlay_factor, asked.room_tkr)
            other = evaluate_plan(case, changed_plan(plan.choices, claim["changes"]))
            assert other.violations == (), where
            assert project_id in {c.project_id for c in other.choices}, where
            assert other.objective == pytest.approx(answer["least"], abs=near), where
        else:
            assert best.firm is None or best.firm <= answer["most"] + near, where
            assert rival.value is not None, where
            assert best.firm is None or best.firm < rival.value + near, where


def made(seed: int) -> tuple[Everything, Problem, Portfolio] | None:
    """An underlag with a plan, sometimes one that is best only within a wide gap."""
    every = Everything(random_underlag(seed))
    problem = build_problem(every.case)
    gap = 0.0 if seed % 2 else 0.1
    plan = solve_problem(problem, Limits(gap=gap, work=2000))
    return None if plan.choices is None else (every, problem, plan)


def confirm_all(seed: int, kinds: Counter[str]) -> None:
    found = made(seed)
    if found is None:
        return
    every, problem, plan = found
    rng = random.Random(f"limits/{seed}")
    work = rng.choice([0, 100, 1000, 1000])
    reasons = explain_portfolio(problem, plan, limits=ReasonLimits(60.0, work))
    for reason in reasons:
        confirm(every, plan, reason, kinds)
    confirm_answers(every, problem, plan, rng, kinds)
    if seed % 4 == 0:
        confirm_curves(every, problem, plan, kinds)


def confirm_answers(
    every: Everything,
    problem: Problem,
    plan: Portfolio,
    rng: random.Random,
    kinds: Counter[str],
) -> None:
    """Ask for a project in a given year, and for the other answer."""
    assert plan.objective is not None
    near = 1e-6 * max(1.0, abs(plan.objective))
    project = rng.choice(every.case.projects)
    years = sorted(
        {problem.choices[k].start_year for k in problem.by_project[project.project_id]}
    )
    for year in [None, every.case.plan_end, *rng.sample(years, min(2, len(years)))]:
        limits = ReasonLimits(60.0, rng.choice([0, 500]))
        found = answer_for(problem, plan, project.project_id, year, limits)
        asked = read_question(found["question"])
        best = every.best(asked, asked.included, year)
        kinds["answer_for"] += 1
        where = found, best
        assert asked.start_year == year
        if found["impossible"]:
            assert best.firm is None, where
            continue
        bracketed(found["answer"], best, near, where)
        if found["changes"] is not None:
            assert plan.choices is not None
            other = evaluate_plan(
                every.case, changed_plan(plan.choices, found["changes"])
            )
            assert other.violations == (), where
            starts = {c.project_id: c.start_year for c in other.choices}
            assert (project.project_id in starts) == asked.included, where
            assert year in (None, starts.get(project.project_id)), where


def confirm_curves(
    every: Everything, problem: Problem, plan: Portfolio, kinds: Counter[str]
) -> None:
    """Every point of the curves lies between its plan and its bound."""
    assert plan.choices is not None
    near = 1e-6 * max(1.0, abs(plan.objective or 0.0))
    base = every.case.base_tkr
    steps = (-0.02 * base, -0.005 * base, 0.01 * base)
    goals = {goal.goal_id: goal for goal in every.case.goals}
    curves = value_curves(problem, plan, ReasonLimits(60.0, 1000), steps)
    for curve in curves:
        goal = goals.get(curve["goal_id"])
        for point in curve["points"]:
            kinds["curve"] += 1
            room = point["room_tkr"]
            asked = ask_room(problem, plan.choices, room, goal)
            if goal is None:
                outcome = every.outcome(room_tkr=room)
                holds = outcome.holds
            else:  # of the goals only this one is looser, so the rows are the judge
                outcome = every.outcome()
                holds = np.ones(len(outcome.holds), dtype=bool)
            best = firm_best(outcome, holds, RowCheck(asked))
            if goal is not None:
                best = Best(best.firm, best.firm)
            answer = {"least": point["value"], "most": point["bound"]}
            bracketed(answer, best, near, (curve["goal_id"], point, best))
            if point["bound"] is None:
                assert best.firm is None


@pytest.mark.parametrize("part", range(4))
def test_claims_are_true(part: int) -> None:
    kinds: Counter[str] = Counter()
    for seed in SAMPLE[part::4]:
        confirm_all(seed, kinds)
    assert kinds["forced_in"] + kinds["forced_out"] > 10
    for kind in ("outlay_enough", "outlay_short", "answer_for"):
        assert kinds[kind] > 0, kinds


@pytest.mark.long
@pytest.mark.parametrize("part", range(50))
def test_many_claims_are_true(part: int) -> None:
    kinds: Counter[str] = Counter()
    for seed in MANY[part::50]:
        confirm_all(seed, kinds)
    assert sum(kinds.values()) > 0
