"""Room as one thing everywhere, and the reserve list: nested, real, and its price."""

from __future__ import annotations

import numpy as np
import pytest
from unit.plan.every_plan import INSTANCES, small, tolerance
from unit.plan.tiny import goal, project, tiny_case

from rodtrad.capacity.evaluate import evaluate_plan, plan_totals
from rodtrad.capacity.headroom import room_in, with_room
from rodtrad.domain.arrays import Choice
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.milp import Limits, solve_problem
from rodtrad.plan.reserve import reserve_list


def test_less_room_is_as_if_something_else_were_decided() -> None:
    """A must-do of 1,000 that lasts 33 years takes exactly 1,000 of room."""
    goals = [goal("lan", "lan_inv", 60_000.0), goal("res", "res_andel", 0.0)]
    other = project("annat", [1_000.0], 0.0, life=33, latest_year=2027)
    with_other = tiny_case(project("skola", [8_000.0], 50.0), other, goals=goals)
    alone = tiny_case(project("skola", [8_000.0], 50.0), goals=goals)
    school = Choice("skola", "a", 2026)
    built = evaluate_plan(with_other, [school, Choice("annat", "a", 2027)])
    less = evaluate_plan(with_room(alone, room_in(alone, 2027, -1_000.0)), [school])
    for name in ("statement", "balance", "cash_flow"):
        mine, theirs = getattr(built.years, name), getattr(less.years, name)
        for key in mine:
            assert theirs[key] == pytest.approx(mine[key]), key
    for one, two in zip(built.goals, less.goals, strict=True):
        assert two.margin == pytest.approx(one.margin, nan_ok=True)


def test_no_room_changes_nothing_and_given_depreciation_is_kept() -> None:
    case = tiny_case(
        project("skola", [8_000.0], 50.0),
        statement=[{"line": "ra", "year": 2027, "amount": -5_000.0}],
    )
    same = with_room(case, np.zeros(4))
    plan = evaluate_plan(case, [Choice("skola", "a", 2026)])
    again = evaluate_plan(same, [Choice("skola", "a", 2026)])
    for key, values in plan.years.statement.items():
        assert again.years.statement[key] == pytest.approx(values), key
    more = evaluate_plan(with_room(case, room_in(case, 2026, 3_300.0)), [])
    before = evaluate_plan(case, [])
    saved = (more.years.statement["ra"] - before.years.statement["ra"])[:, 0]
    assert saved.tolist() == pytest.approx([0.0, 100.0, 100.0, 100.0])
    assert before.years.statement["ra"][1, 0] == -5_000.0


def test_room_is_one_amount_for_each_year() -> None:
    case = tiny_case(project("skola", [8_000.0], 50.0))
    with pytest.raises(ValueError, match="each year"):
        with_room(case, np.zeros(3))


@pytest.mark.slow
def test_the_reserve_list_is_nested_and_every_plan_holds() -> None:
    levels = (-0.2, -0.1, 0.1, 0.2)
    moved = priced = 0
    for family, seed in INSTANCES:
        at = small(family, seed)
        if at is None or not at.plan.choices:
            continue
        found = reserve_list(at.problem, at.plan, levels, work=2000)
        assert [one.level for one in found.levels] == sorted(
            one.level for one in found.levels
        )
        totals = plan_totals(at.case, at.plan.choices)
        spent = (totals.outlay - totals.income)[:, 0]
        chosen = {c.project_id for c in at.plan.choices}
        rising = [one for one in found.levels if one.level > 0]
        falling = [one for one in reversed(found.levels) if one.level < 0]
        for steps in (rising, falling):
            before = chosen
            for one in steps:
                assert one.room_tkr == pytest.approx(one.level * spent)
                case = with_room(at.case, one.room_tkr)
                for answer in (one.free, one.nested):
                    if answer.choices is None:
                        continue
                    plan = evaluate_plan(case, answer.choices)
                    assert plan.violations == ()
                    assert answer.objective == pytest.approx(plan.objective)
                if one.nested.choices is None:
                    continue
                after = {c.project_id for c in one.nested.choices}
                assert set(one.enters) == after - before
                assert set(one.leaves) == before - after
                assert not (one.leaves if one.level > 0 else one.enters)
                moved += len(one.enters) + len(one.leaves)
                before = after
                assert one.price is not None
                low, as_found, high = one.price
                assert 0 <= low <= as_found <= high + tolerance(at.best)
                priced += as_found > 0
        assert [key for key, _level in found.order_in] == [
            key for one in rising for key in one.enters
        ]
        assert [key for key, _level in found.order_out] == [
            key for one in falling for key in one.leaves
        ]
    assert moved >= 10
    assert priced >= 1


@pytest.mark.slow
def test_bounds_of_a_level_are_above_every_plan_there_is() -> None:
    tried = 0
    for family, seed in INSTANCES:
        at = small(family, seed)
        if at is None or not at.plan.choices or len(at.possible) > 60:
            continue
        found = reserve_list(at.problem, at.plan, (0.2,), work=500)
        one = found.levels[0]
        case = with_room(at.case, one.room_tkr)
        inside = {c.project_id for c in at.plan.choices}
        for choices in at.possible:
            plan = evaluate_plan(case, choices)
            if plan.violations:
                continue
            assert plan.objective <= one.free.bound + tolerance(at.best)
            if inside <= {c.project_id for c in choices}:
                assert plan.objective <= one.nested.bound + tolerance(at.best)
            tried += 1
    assert tried >= 30


def test_what_comes_in_next_and_what_leaves_first() -> None:
    """Room for the school alone; more room lets the park in too."""
    case = tiny_case(
        project("skola", [20_000.0], 50.0, latest_year=2026),
        project("bad", [12_000.0], 28.0, latest_year=2026),
        project("park", [8_000.0], 20.0, latest_year=2026),
        goals=[goal("lan", "lan_inv", 40_000.0)],
    )
    problem = build_problem(case)
    plan = solve_problem(problem, Limits(gap=0.0))
    assert [c.project_id for c in plan.choices or ()] == ["skola"]
    found = reserve_list(problem, plan, (-0.3, 0.4), work=2000)
    less, more = found.levels
    assert found.order_in == (("park", 0.4),)
    assert found.order_out == (("skola", -0.3),)
    assert more.price == pytest.approx((0.0, 0.0, 0.0), abs=1e-6)
    # With less room the pool would be built, but it was not in the plan.
    assert [c.project_id for c in less.free.choices or ()] == ["bad"]
    assert less.price == pytest.approx((28.0, 28.0, 28.0))
