"""The worked tables of the page on choices beside the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from golden.test_method_pages import figure, table
from golden.test_planning_pages import three_projects
from unit.plan.tiny import project, tiny_case

from rodtrad.domain.arrays import Choice
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.milp import Limits, Portfolio, solve_problem
from rodtrad.plan.near_optimal import near_optimal_plans
from rodtrad.plan.replan import replan
from rodtrad.plan.reserve import reserve_list
from rodtrad.plan.windows import start_windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.domain.arrays import Case
    from rodtrad.plan.problem import Problem

PAGE = "choices.md"


def solved(case: Case) -> tuple[Problem, Portfolio]:
    problem = build_problem(case)
    return problem, solve_problem(problem, Limits(gap=0))


def shown(choices: Sequence[Choice] | None) -> str:
    assert choices is not None
    return ", ".join(c.project_id.title() for c in sorted(choices)) or "inget"


def percent(cell: str) -> float:
    return figure(cell.removesuffix("%").strip()) / 100


def test_other_plans() -> None:
    problem, plan = solved(three_projects())
    assert shown(plan.choices) == "Skola"
    near = near_optimal_plans(problem, plan, 0.05)
    _heading, *rows = table(PAGE, "andra")
    assert [row[0] for row in rows] == [shown(one.choices) for one in near.plans]
    for row, one in zip(rows, near.plans, strict=True):
        assert figure(row[1]) == pytest.approx(one.objective)
        assert percent(row[2]) == pytest.approx(one.difference)
    assert near.complete


def test_reserve_list() -> None:
    problem, plan = solved(three_projects())
    _heading, *rows = table(PAGE, "reserv")
    found = reserve_list(problem, plan, [percent(row[0]) for row in rows])
    for row, one in zip(rows, found.levels, strict=True):
        _level, room, free, free_value, nested, nested_value, price = row
        assert figure(room) == pytest.approx(one.room_tkr.sum())
        assert (free, nested) == (shown(one.free.choices), shown(one.nested.choices))
        assert figure(free_value) == pytest.approx(one.free.objective)
        assert figure(nested_value) == pytest.approx(one.nested.objective)
        assert one.price == pytest.approx([figure(price)] * 3)


def test_least_change() -> None:
    problem, plan = solved(three_projects())
    decided = [Choice("bad", "a", 2026), Choice("park", "a", 2026)]
    found = {one.limit: one for one in replan(problem, plan, decided).points}
    _heading, *rows = table(PAGE, "andring")
    for limit, choices, value in rows:
        one = found[None if limit == "alla" else figure(limit)]
        assert choices == shown(one.answer.choices)
        assert figure(value) == pytest.approx(one.answer.objective)
        assert one.answer.gap == pytest.approx(0.0, abs=1e-7)
    assert found[None].cost == 6.0


def test_start_windows() -> None:
    case = tiny_case(
        project("skola", [20_000.0], 50.0), project("park", [8_000.0], 20.0)
    )
    problem, plan = solved(case)
    found = start_windows(problem, plan, 0.02)
    _heading, *rows = table(PAGE, "fonster")
    windows = [
        [w.project_id.title(), w.earliest, w.start_year, w.latest]
        for w in found.windows
    ]
    assert [[row[0], *map(int, row[1:])] for row in rows] == windows
    assert all(all(one.proven) for one in found.windows)
