"""The worked tables of the pages on statements, goals, room, plan, reasons, completion.

Each table is computed again from the example that the page describes.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import pytest
from golden.test_method_pages import PAGES, figure, table
from unit.plan.tiny import goal, project, tiny_case

from rodtrad.capacity.evaluate import Evaluation, evaluate_plan
from rodtrad.capacity.headroom import binding_measure
from rodtrad.capacity.result import economy_result
from rodtrad.domain.arrays import Case, Choice
from rodtrad.domain.words import ROOM_LABELS
from rodtrad.explain.reasons import explain_portfolio
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.milp import Limits, solve_problem

if TYPE_CHECKING:
    from rodtrad.domain.arrays import Array

YEARS = ["2026", "2027", "2028", "2029"]


def school() -> Evaluation:
    """The example of `statements.md`, with the goals of `goals.md`."""
    case = tiny_case(
        project(
            "skola", [12_000.0], 50.0, income=2_000.0, operating=300.0, latest_year=2026
        ),
        goals=[
            goal("resultat", "res_andel", 0.01),
            goal("snitt", "res_andel", 0.015, period="average:2"),
            goal("lan", "lan_inv", 30_000.0),
            goal("sjalv", "sfg", 0.5),
        ],
    )
    plan = evaluate_plan(case, [Choice("skola", "a", 2026)])
    assert plan.violations == ()
    return plan


def assert_rows(page: str, name: str, figures: dict[str, Array], step: float) -> None:
    """Every row of a page's table is the figure of that key, rounded to `step`."""
    heading, *rows = table(page, name)
    assert heading[2:] == YEARS
    assert rows
    for _label, key, *cells in rows:
        for cell, value in zip(cells, figures[key][:, 0], strict=True):
            if cell == "\u2013":
                assert math.isnan(value), (key, cell)
            else:
                assert figure(cell) == pytest.approx(value, abs=0.5001 * step), key


def test_statements_page() -> None:
    years = school().years
    assert_rows("statements.md", "resultatrakning", dict(years.statement), 1)
    assert_rows("statements.md", "balansrakning", dict(years.balance), 1)
    assert_rows("statements.md", "kassaflode", dict(years.cash_flow), 1)
    text = (PAGES / "statements.md").read_text("utf-8")
    assert f"{(25_000 * 1.02 + 3_000) / 0.98:,.0f}".replace(",", " ") in text


def test_goals_page() -> None:
    plan = school()
    percent = {
        key: values * (1 if key == "lan_inv" else 100)
        for key, values in plan.indicators.items()
    }
    whole = {"lan_inv": percent["lan_inv"]}
    _heading, *rows = table("goals.md", "nyckeltal")
    for _label, key, *cells in rows:
        step = 1 if key in whole else 0.01
        for cell, value in zip(cells, percent[key][:, 0], strict=True):
            if cell == "\u2013":
                assert math.isnan(value)
            else:
                assert figure(cell) == pytest.approx(value, abs=0.5001 * step), key
    outcomes = {outcome.goal.goal_id: outcome for outcome in plan.goals}
    _heading, *rows = table("goals.md", "marginal")
    assert {row[1] for row in rows} == set(outcomes)
    for _label, key, *cells in rows:
        size, step = (1, 1) if key == "lan" else (100, 0.01)
        for cell, value in zip(cells, outcomes[key].margin[:, 0], strict=True):
            if cell == "\u2013":
                assert math.isnan(value)
            else:
                assert figure(cell) == pytest.approx(size * value, abs=0.5001 * step)


def test_room_page() -> None:
    plan = school()
    heading, *rows = table("room.md", "utrymme")
    assert heading[2:] == YEARS
    *measures, (_label, _key, *binding) = rows
    assert [row[1] for row in measures] == list(plan.room)
    for _label, key, *cells in measures:
        shown = [figure(cell) for cell in cells]
        assert shown == pytest.approx(list(plan.room[key][:, 0]), abs=0.5001)
    lists = {k: [float(x) for x in v[:, 0]] for k, v in plan.room.items()}
    assert binding == [ROOM_LABELS[key] for key in binding_measure(lists)]


def three_projects() -> Case:
    """The example of `plan.md` and `reasons.md`."""
    return tiny_case(
        project("skola", [20_000.0], 50.0, latest_year=2026),
        project("bad", [12_000.0], 28.0, latest_year=2026),
        project("park", [8_000.0], 20.0, latest_year=2026),
        goals=[goal("lan", "lan_inv", 40_000.0)],
    )


def test_plan_page() -> None:
    case = three_projects()
    _heading, *rows = table("plan.md", "planer")
    shown = {
        frozenset() if row[0] == "inget" else frozenset(row[0].lower().split(", ")): row
        for row in rows
    }
    ids = [one.project_id for one in case.projects]
    every = [set(s) for n in range(4) for s in itertools.combinations(ids, n)]
    assert len(shown) == len(every) == 8
    best: tuple[float, set[str]] = (-1.0, set())
    for chosen in every:
        plan = evaluate_plan(case, [Choice(key, "a", 2026) for key in chosen])
        _names, points, loans, holds = shown[frozenset(chosen)]
        assert figure(points) == pytest.approx(plan.value)
        assert figure(loans) == pytest.approx(
            plan.years.balance["loans"][0, 0], abs=0.5
        )
        assert (holds == "ja") == (plan.violations == ())
        if not plan.violations and plan.value > best[0]:
            best = plan.value, chosen
    found = solve_problem(build_problem(case), Limits(gap=0))
    assert found.choices is not None
    assert {c.project_id for c in found.choices} == best[1] == {"skola"}


def test_reasons_page() -> None:
    problem = build_problem(three_projects())
    plan = solve_problem(problem, Limits(gap=0))
    reasons = explain_portfolio(problem, plan)
    _heading, *rows = table("reasons.md", "skal")
    assert len(rows) == len(reasons) == 3
    for (name, state, loss, leaves, enters), reason in zip(rows, reasons, strict=True):
        force = reason["force"]
        assert reason["project_id"] == name.lower()
        assert (state == "ja") == (reason["state"] == "in")
        assert figure(loss) == pytest.approx(force["loss_high"])
        assert figure(loss) == pytest.approx(force["loss_low"])
        assert leaves.lower().split(", ") == force["leaves"]
        assert enters.lower().split(", ") == force["enters"]


def test_completion_page() -> None:
    case = tiny_case(
        project("skola", [8_000.0, 4_000.0], 50.0, build_years=2, latest_year=2026),
        settings=[{"key": "completion_rate", "value": "0.75"}],
    )
    found = economy_result(case, [Choice("skola", "a", 2026)])["completion"]
    figures = {**found, "ra": found["statement"]["ra"]}
    _heading, *rows = table("completion.md", "genomforande")
    assert [row[1] for row in rows] == ["outlay_plan", "outlay", "ra"]
    for _label, key, *cells in rows:
        shown = [figure(cell) for cell in cells]
        assert shown == pytest.approx(figures[key], abs=0.5001)
    assert found["moved_tkr"] == pytest.approx(3_000)
    assert 12_000 - sum(found["outlay"]) == pytest.approx(94, abs=0.5)
