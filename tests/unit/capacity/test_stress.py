"""Stress tests: each by hand, and worse than the plan in every draw."""

from __future__ import annotations

import numpy as np
import pytest
from unit.plan.tiny import goal, project, tiny_case

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.capacity.probability import BALANSKRAV, make_draws, simulate_plan
from rodtrad.capacity.stress import assumption_range, build_stresses, stress_tests
from rodtrad.domain.arrays import Case, Choice
from rodtrad.domain.economy import default_parameters

PLAN = (Choice("skola", "a", 2026),)


def a_case() -> Case:
    return tiny_case(
        project("skola", [4000.0, 3000.0], 50.0, build_years=2),
        goals=[goal("resultat", "res_andel", 0.02, level="aim", price=1.0)],
    )


def stressed(key: str, case: Case) -> Case:
    by_key = {stress.key: stress for stress in build_stresses(case)}
    return by_key[key].change(case)


def test_the_stress_tests_that_were_asked_for() -> None:
    keys = [stress.key for stress in build_stresses(a_case())]
    assert keys == [
        "interest_2",
        "interest_3",
        "tax_base_worst",
        "population_5",
        "construction_30",
    ]


def test_two_points_more_interest() -> None:
    case = a_case()
    rate = stressed("interest_2", case).interest_rate
    assert rate[1:] == pytest.approx(case.interest_rate[1:] + 0.02)
    assert (rate[0] == case.interest_rate[0]).all()
    row = stress_tests(make_draws(case, 50, 1), PLAN)[0]
    # About 25,000 in loans and 4,000 more for the school: two per cent of the average.
    assert row["ar_change"][0] == pytest.approx(-0.02 * (25_000 + 22_700) / 2, rel=0.05)


def test_a_twentieth_fewer_people_is_a_twentieth_less_in_taxes() -> None:
    case = tiny_case(statement=[{"line": "rs", "year": 2027, "amount": 66_000.0}])
    hit = evaluate_plan(stressed("population_5", case), ())
    base = evaluate_plan(case, ())
    for line in ("rs", "rg"):
        assert hit.years.statement[line] == pytest.approx(
            0.95 * base.years.statement[line]
        )
    assert hit.years.statement["rk"] == pytest.approx(base.years.statement["rk"])


def test_dearer_building_from_the_first_year() -> None:
    case = a_case()
    hit = evaluate_plan(stressed("construction_30", case), PLAN)
    assert hit.years.outlay[:, 0] == pytest.approx([5200.0, 3900.0, 0.0, 0.0])


def test_the_worst_years_on_record() -> None:
    """Four years at the real growth of the worst period; no growth was planned."""
    case = a_case()
    known = default_parameters()
    hit = evaluate_plan(stressed("tax_base_worst", case), ())
    yearly = (1 + known.worst_growth_share) ** (1 / 4)
    assert hit.years.statement["rs"][:, 0] == pytest.approx(
        60_000.0 * yearly ** np.arange(1, 5)
    )
    # A path that is worse already is left as it is.
    poor = tiny_case()
    growth = poor.tax_base_growth.copy()
    growth[1:] = -0.05
    poor = type(poor)(**{**vars(poor), "tax_base_growth": growth})
    assert stressed("tax_base_worst", poor).tax_base_growth == pytest.approx(growth)


def test_a_stress_is_told_beside_the_plan() -> None:
    case = a_case()
    rows = stress_tests(make_draws(case, 400, 1), PLAN)
    for row in rows:
        assert row["probability"][BALANSKRAV] <= row["probability_before"][BALANSKRAV]
        assert all(change <= 1e-6 for change in row["ar_change"])
    by_key = {row["key"]: row for row in rows}
    two, three = by_key["interest_2"], by_key["interest_3"]
    assert three["probability"][BALANSKRAV] <= two["probability"][BALANSKRAV]
    base = evaluate_plan(case, PLAN)
    assert base.goals[0].met.tolist()[0] == [1.0]
    assert by_key["population_5"]["broken"]["resultat"][0] == 2026
    assert by_key["population_5"]["loans_change"][-1] > 0


def test_a_stress_of_drawn_years_is_the_stress_of_each_of_them() -> None:
    case = a_case()
    draws = make_draws(case, 30, 1)
    for stress in build_stresses(case):
        hit = simulate_plan(draws, PLAN, change=stress.change)
        still = simulate_plan(draws, PLAN)
        assert (hit.lines["ar"] <= still.lines["ar"] + 1e-6).all(), stress.key


def test_an_assumption_at_its_limits() -> None:
    case = a_case()
    rows = assumption_range(make_draws(case, 10, 1), PLAN, count=400)
    assert {row["key"] for row in rows} == {
        p.key for p in default_parameters().parameters.values() if p.assumed
    }
    moved = [abs(row["at_high"] - row["at_low"]) for row in rows]
    assert moved == sorted(moved, reverse=True)
    by_key = {row["key"]: row for row in rows}
    local = by_key["local_cost_sd_share"]
    assert local["at_high"] < local["at_low"], "more of its own swings, less certain"
    assert len({row["at_value"] for row in rows}) == 1
