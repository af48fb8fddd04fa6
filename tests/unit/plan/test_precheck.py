"""A project is called unaffordable only when no plan at all can hold it."""

from __future__ import annotations

import re

import pytest
from oracle import instances
from unit.plan.tiny import goal, project, tiny_case

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.domain.arrays import Case, build_case
from rodtrad.domain.components import build_tables
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.milp import Limits, solve_problem
from rodtrad.plan.precheck import check_projects

CODES = {"project_unaffordable": False, "must_do_unaffordable": True}


def assert_true(case: Case) -> int:
    """Re-solve with each reported project forced in; return how many there were."""
    problem = build_problem(case)
    table = case.tables["projects"]
    issues = check_projects(case)
    for issue in issues:
        assert issue.row is not None
        project_id = table["project_id"][table.rows.index(issue.row)]
        one = case.project(project_id)
        assert one.must_do is CODES[issue.code]
        forced = solve_problem(problem.with_forced(project_id, True), Limits(gap=0))
        assert forced.stopped == "infeasible"
        _assert_goal_and_years(case, project_id, issue.message)
    return len(issues)


def _assert_goal_and_years(case: Case, project_id: str, message: str) -> None:
    """Every way to do it alone breaks the goal named, one of them the years named."""
    name = re.findall("”(.+?)”", message)[0]
    (goal_id,) = (g.goal_id for g in case.goals if g.name == name)
    first, *last = re.findall(r"\b(20\d\d)\b", message.split("”")[-1])
    broken = []
    for choice in build_problem(case).choices:
        if choice.project_id == project_id:
            plan = evaluate_plan(case, [choice])
            goals = {v.key: v.years for v in plan.violations if v.kind == "goal"}
            assert goal_id in goals
            broken.append(goals[goal_id])
    assert any({int(first), *map(int, last)} <= set(years) for years in broken)


def test_a_project_that_is_too_dear_by_itself() -> None:
    case = tiny_case(
        project("slott", [90_000.0], 99.0),
        project("park", [500.0], 10.0),
        goals=[goal("lan", "lan_inv", 40_000.0)],
    )
    (issue,) = check_projects(case)
    assert issue.code == "project_unaffordable"
    assert issue.severity == "warning"
    assert "”Mål lan”" in issue.message
    assert assert_true(case) == 1


def test_a_must_do_that_is_too_dear_is_an_error() -> None:
    case = tiny_case(
        project("slott", [90_000.0], 99.0, must_do=True),
        goals=[goal("lan", "lan_inv", 40_000.0)],
    )
    (issue,) = check_projects(case)
    assert (issue.code, issue.severity) == ("must_do_unaffordable", "error")


def test_a_project_that_another_can_pay_for_is_not_reported() -> None:
    """Alone it breaks the result goal; a project that saves 5,000 a year lets it in."""
    dear = project("skola", [20_000.0], 50.0, operating=3_000.0, earliest_year=2027)
    goals = [goal("resultat", "res_andel", 0.02)]
    saving = project("energi", [1_000.0], 1.0, operating=-5_000.0)
    assert len(check_projects(tiny_case(dear, goals=goals))) == 1
    assert check_projects(tiny_case(dear, saving, goals=goals)) == []


def test_a_goal_that_fails_anyway_blames_no_project() -> None:
    case = tiny_case(
        project("park", [500.0], 10.0), goals=[goal("resultat", "res_andel", 0.05)]
    )
    assert check_projects(case) == []


def test_a_project_that_only_another_requirement_stops_is_not_reported() -> None:
    case = tiny_case(
        project("skola", [100.0], 50.0, must_do=True),
        project("bad", [100.0], 50.0),
        relations=[{"kind": "excludes", "project_id": "skola", "other_id": "bad"}],
        goals=[goal("resultat", "res_andel", 0.0)],
    )
    assert check_projects(case) == []


@pytest.mark.parametrize("family", ["sfg", "inv_andel", "lan_inv", "sol", "res_andel"])
def test_random_reports_are_true(family: str) -> None:
    found = 0
    for seed in range(8):
        data = instances.random_data(seed, family)
        found += assert_true(build_case(build_tables(data)))
    if family in ("sfg", "inv_andel"):
        assert found > 0
