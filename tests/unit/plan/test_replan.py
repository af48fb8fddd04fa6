"""The replan from a decided plan, against every plan there is."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from unit.plan.every_plan import INSTANCES, Small, small, tolerance
from unit.plan.tiny import goal, project, tiny_case

from rodtrad.capacity.differences import changed_projects
from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.domain.arrays import Choice
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.milp import Limits, solve_problem
from rodtrad.plan.replan import replan

if TYPE_CHECKING:
    from collections.abc import Sequence


def cost_of(at: Small, decided: Sequence[Choice], choices: Sequence[Choice]) -> float:
    """What the changes count, written anew from the method page."""
    mine = {c.project_id: c for c in decided}
    theirs = {c.project_id: c for c in choices}
    total = 0.0
    for key in mine.keys() | theirs.keys():
        if mine.get(key) != theirs.get(key):
            starts = [c[key].start_year for c in (mine, theirs) if key in c]
            total += 2.0 if min(starts) - at.case.plan_start < 2 else 1.0
    return total


@pytest.mark.slow
def test_every_point_is_the_best_with_so_few_changes() -> None:
    proven = impossible = broken = 0
    for family, seed in INSTANCES:
        at = small(family, seed)
        if at is None:
            continue
        rng = random.Random(f"{family}/{seed}")
        decided = rng.choice(at.possible)
        points = (0, 1, 2, 3, 5)
        found = replan(at.problem, at.plan, decided, points, work=2000)
        costs = [cost_of(at, decided, choices) for choices, _value in at.every]
        assert found.holds == (not evaluate_plan(at.case, decided).violations)
        broken += not found.holds
        assert found.least_proven
        assert found.least == min(costs)
        slack = tolerance(at.best)
        assert found.points[-1].limit is None
        assert found.points[-1].answer.objective == pytest.approx(at.best)
        for point in found.points[:-1]:
            assert point.limit is not None
            allowed = [
                value
                for (_choices, value), cost in zip(at.every, costs, strict=True)
                if cost <= point.limit
            ]
            if point.answer.choices is None:
                assert point.answer.impossible
                assert not allowed
                impossible += 1
                continue
            plan = evaluate_plan(at.case, point.answer.choices)
            assert plan.violations == ()
            assert point.answer.objective == pytest.approx(plan.objective)
            assert point.cost == cost_of(at, decided, point.answer.choices)
            assert point.cost <= point.limit
            assert changed_projects(at.case, decided, point.answer.choices) == (
                point.changes,
                point.cost,
            )
            best = max(allowed)
            assert point.answer.objective <= best + slack
            assert point.answer.bound >= best - slack
            assert point.answer.objective >= best - 2e-3 * abs(best) - slack
            proven += 1
        values = [p.answer.objective for p in found.points if p.answer.choices]
        assert values == sorted(values)
    assert proven >= 20
    assert impossible >= 5
    assert broken >= 5


def test_a_project_that_is_gone_is_told_of_and_not_counted() -> None:
    case = tiny_case(project("skola", [1_000.0], 50.0))
    problem = build_problem(case)
    plan = solve_problem(problem, Limits(gap=0.0))
    decided = (Choice("bad", "a", 2026), Choice("skola", "a", 2026))
    found = replan(problem, plan, decided)
    assert found.gone == ("bad",)
    assert found.holds
    assert [(p.limit, p.changes) for p in found.points] == [(None, ())]


def test_a_start_that_is_no_longer_allowed_must_change() -> None:
    case = tiny_case(project("skola", [1_000.0], 50.0, earliest_year=2027))
    problem = build_problem(case)
    plan = solve_problem(problem, Limits(gap=0.0))
    found = replan(problem, plan, (Choice("skola", "a", 2026),))
    assert not found.holds
    assert found.least == 2.0
    assert found.least_proven
    assert found.points[-1].changes == ("skola",)


def test_the_nearest_years_count_double() -> None:
    case = tiny_case(
        project("skola", [20_000.0], 50.0, latest_year=2026),
        project("park", [20_000.0], 60.0, latest_year=2026),
        goals=[goal("lan", "lan_inv", 42_500.0)],
    )
    problem = build_problem(case)
    plan = solve_problem(problem, Limits(gap=0.0))
    found = replan(problem, plan, (Choice("skola", "a", 2026),))
    assert {p.limit: p.answer.objective for p in found.points} == pytest.approx(
        {0.0: 50.0, 1.0: 50.0, 2.0: 50.0, 3.0: 50.0, None: 60.0}
    )
    assert found.points[-1].cost == 4.0


def test_a_project_decided_twice_is_refused() -> None:
    case = tiny_case(project("skola", [1_000.0], 50.0))
    problem = build_problem(case)
    plan = solve_problem(problem, Limits(gap=0.0))
    twice = (Choice("skola", "a", 2026), Choice("skola", "a", 2027))
    with pytest.raises(ValueError, match="twice"):
        replan(problem, plan, twice)
