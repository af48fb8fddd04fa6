"""Near-optimal plans and start windows, against every plan there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from unit.plan.every_plan import INSTANCES, Small, small, tolerance
from unit.plan.tiny import goal, project, tiny_case

from rodtrad.capacity.differences import difference, project_outlays
from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.domain.arrays import Choice
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.milp import Limits, solve_problem
from rodtrad.plan.near_optimal import (
    DIFFERENCES,
    differs_row,
    near_optimal_plans,
)
from rodtrad.plan.windows import start_windows

if TYPE_CHECKING:
    from collections.abc import Sequence

SHARE = 0.1


def apart(
    outlays: dict[str, float], one: Sequence[Choice], other: Sequence[Choice]
) -> float:
    """The share of outlay that differs, written anew from the method page."""
    mine = {c.project_id: c for c in one}
    theirs = {c.project_id: c for c in other}
    in_either = outlays.keys() & (mine.keys() | theirs.keys())
    total = sum(outlays[key] for key in in_either)
    counted = 0.0
    for key in in_either:
        if (key in mine) != (key in theirs):
            counted += outlays[key]
            continue
        years = abs(mine[key].start_year - theirs[key].start_year)
        if years > 2 or mine[key].alternative_id != theirs[key].alternative_id:
            counted += 0.5 * outlays[key]
    return counted / total if total else 0.0


def largest_outlays(at: Small) -> dict[str, float]:
    return {
        p.project_id: max(sum(a.outlay) for a in p.alternatives)
        for p in at.case.projects
    }


@pytest.mark.slow
def test_near_plans_hold_are_near_and_differ() -> None:
    shown = complete = 0
    for family, seed in INSTANCES:
        at = small(family, seed)
        if at is None:
            continue
        outlays = largest_outlays(at)
        near = near_optimal_plans(at.problem, at.plan, SHARE, count=3)
        slack = tolerance(at.best)
        assert near.floor >= at.best - SHARE * abs(at.best) - slack
        assert len(near.plans) <= 3
        every = [at.plan.choices or (), *(one.choices for one in near.plans)]
        for one in near.plans:
            found = evaluate_plan(at.case, one.choices)
            assert found.violations == ()
            assert one.objective == pytest.approx(found.objective)
            assert one.objective >= near.floor - slack
            far = [apart(outlays, one.choices, x) for x in every if x != one.choices]
            assert one.difference == pytest.approx(far[0])
            assert one.least_difference == pytest.approx(min(far))
            assert min(far) >= DIFFERENCES[-1] - 1e-6
        objectives = [one.objective for one in near.plans]
        assert objectives == sorted(objectives, reverse=True)
        shown += len(near.plans)
        if near.complete:
            complete += 1
            for choices, objective in at.every:
                if objective >= near.floor + slack:
                    least = min(apart(outlays, choices, x) for x in every)
                    assert least < DIFFERENCES[-1] + 1e-6, (family, seed)
        elif len(near.plans) < 3:
            pytest.fail(f"{family}/{seed}: small enough to be proven")
    assert shown >= 15
    assert complete >= 5


@pytest.mark.slow
def test_the_row_of_difference_holds_when_the_plans_differ_so_much() -> None:
    sides = {False: 0, True: 0}
    for family, seed in INSTANCES[::2]:
        at = small(family, seed)
        if at is None:
            continue
        outlays = project_outlays(at.case)
        assert outlays == pytest.approx(largest_outlays(at))
        own = at.every[len(at.every) // 2][0]
        row = differs_row(at.problem, own, 0.4, 0)
        for choices in at.possible[:200]:
            x = [float(c in choices) for c in at.problem.choices]
            value = row.expression.value(np.array(x), {})
            share = difference(outlays, own, choices)
            assert share == pytest.approx(apart(outlays, own, choices))
            assert share == pytest.approx(difference(outlays, choices, own))
            if abs(share - 0.4) > 1e-9:
                assert (value >= row.lower) == (share > 0.4)
                sides[share > 0.4] += 1
    assert min(sides.values()) > 50


def test_no_plan_is_padded_when_only_one_is_near() -> None:
    case = tiny_case(
        project("skola", [20_000.0], 90.0, latest_year=2026),
        project("park", [8_000.0], 5.0, latest_year=2026),
        goals=[goal("lan", "lan_inv", 42_500.0)],
    )
    problem = build_problem(case)
    plan = solve_problem(problem, Limits(gap=0.0))
    near = near_optimal_plans(problem, plan, 0.02)
    assert near.plans == ()
    assert near.complete


@pytest.mark.slow
def test_windows_are_real_near_and_never_claim_more() -> None:
    edges = exact = proven = 0
    for family, seed in INSTANCES:
        at = small(family, seed)
        if at is None or not at.plan.choices:
            continue
        found = start_windows(at.problem, at.plan, share=0.05)
        slack = tolerance(at.best)
        assert found.floor_proven
        assert found.floor >= at.best - 0.05 * abs(at.best) - slack
        for choices in found.witnesses:
            plan = evaluate_plan(at.case, choices)
            assert plan.violations == ()
            assert plan.objective >= found.floor - slack
        assert [w.project_id for w in found.windows] == [
            c.project_id for c in at.plan.choices
        ]
        good = [choices for choices, value in at.every if value >= found.floor + slack]
        for window in found.windows:
            for witness, year in zip(
                window.witness, (window.earliest, window.latest), strict=True
            ):
                starts = {c.project_id: c.start_year for c in found.witnesses[witness]}
                assert starts[window.project_id] == year
            real = [
                c.start_year
                for choices in good
                for c in choices
                if c.project_id == window.project_id
            ]
            real.append(window.start_year)
            assert window.first <= window.earliest <= window.start_year
            assert window.start_year <= window.latest <= window.last
            if window.proven[0]:
                assert window.earliest <= min(real)
            if window.proven[1]:
                assert window.latest >= max(real)
            edges += 2
            proven += sum(window.proven)
            exact += (window.earliest <= min(real)) + (window.latest >= max(real))
    assert exact >= 0.95 * edges
    assert proven >= 0.5 * edges


def test_a_plan_that_is_given_widens_the_window() -> None:
    case = tiny_case(
        project("skola", [1_000.0], 50.0),
        project("park", [1_000.0], 20.0),
    )
    problem = build_problem(case)
    plan = solve_problem(problem, Limits(gap=0.0))
    other = (Choice("park", "a", 2027), Choice("skola", "a", 2028))
    share = 0.5
    alone = start_windows(problem, plan, share, trials=0)
    assert all(w.earliest == w.latest == 2026 for w in alone.windows)
    given = start_windows(problem, plan, share, known=[other], trials=0)
    assert {w.project_id: w.latest for w in given.windows} == {
        "park": 2027,
        "skola": 2028,
    }
    assert given.witnesses[1] == other


def test_projects_that_cost_nothing_make_no_difference() -> None:
    case = tiny_case(
        project("plan_a", [0.0], 50.0, latest_year=2026),
        project("plan_b", [0.0], 0.1, latest_year=2026),
    )
    problem = build_problem(case)
    plan = solve_problem(problem, Limits(gap=0.0))
    assert near_optimal_plans(problem, plan).plans == ()
