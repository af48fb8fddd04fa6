"""Probabilities: what they count, how exact they are, and what decides them."""

from __future__ import annotations

import numpy as np
import pytest
from unit.plan.tiny import goal, project, tiny_case

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.capacity.probability import (
    BALANSKRAV,
    GROUP_LABELS,
    LINES,
    fan_of,
    make_draws,
    probability_result,
    quantiles_of,
    rank_drivers,
    simulate_plan,
    standard_error,
)
from rodtrad.capacity.uncertainty import GROUPS
from rodtrad.domain.arrays import Case, Choice
from rodtrad.domain.economy import default_parameters

PLAN = (Choice("skola", "a", 2026), Choice("vatten", "a", 2027))


def a_case() -> Case:
    return tiny_case(
        project("skola", [4000.0, 3000.0], 50.0, build_years=2, operating=300.0),
        project("vatten", [2000.0], 40.0, financing="taxa", gate="G3"),
        goals=[
            goal("resultat", "res_andel", 0.02),
            goal("snitt", "res_andel", 0.02, period="average:3"),
            goal("sjalv", "sfg", 0.5, level="aim", price=1.0),
            goal("lan", "lan_inv", 31_000.0, from_year=2028),
        ],
        deficits=[{"year": 2025, "amount": 500.0, "due_year": 2028, "restored": 0.0}],
    )


def test_one_draw_without_swings_is_the_study() -> None:
    case = a_case()
    found = simulate_plan(make_draws(case, 1, 1, frozen=GROUPS), PLAN)
    plan = evaluate_plan(case, PLAN)
    lines = {**plan.years.statement, **plan.years.balance, **plan.balanskrav.rows}
    lines["outlay"] = plan.years.outlay
    for key in LINES:
        assert found.lines[key] == pytest.approx(lines[key], rel=1e-13, abs=1e-8), key
    for key, values in plan.indicators.items():
        assert found.indicators[key] == pytest.approx(values, rel=1e-12, nan_ok=True)
    for outcome in plan.goals:
        met = found.met[outcome.goal.goal_id]
        assert met == pytest.approx(outcome.met, nan_ok=True)
        told = found.probability(outcome.goal.goal_id)
        assert told == [None if np.isnan(v) else v for v in outcome.met[:, 0]]
    for levels in found.quantiles().values():
        assert levels["p10"] == levels["p50"] == levels["p90"]


def test_a_probability_is_a_share_of_the_draws() -> None:
    case = a_case()
    found = simulate_plan(make_draws(case, 3000, 1), PLAN)
    for key, values in (("resultat", 0.02), ("snitt", 0.02)):
        assert key in found.met
        assert values == 0.02
    share = found.indicators["res_andel"]
    assert found.probability("resultat") == pytest.approx(
        (share >= 0.02 - 1e-6).mean(axis=1), abs=2e-3
    )
    every = found.probability_all_years("resultat")
    assert every == pytest.approx((share >= 0.02 - 1e-6).all(axis=0).mean(), abs=2e-3)
    assert every is not None
    assert every <= min(p for p in found.probability("resultat") if p is not None)
    # No window of three years ends before 2028, and the debt goal begins then.
    assert found.probability("snitt")[:2] == [None, None]
    assert found.probability("lan")[:2] == [None, None]
    assert found.holds_all_years("lan", to_year=2027) is None
    assert found.probability_all_years("resultat", 2026, 2026) == pytest.approx(
        found.probability("resultat")[0]
    )


def test_the_balance_requirement_is_that_no_new_deficit_arises() -> None:
    case = a_case()
    found = simulate_plan(make_draws(case, 2000, 3), PLAN)
    bkr = found.lines["bkr"]
    assert found.probability(BALANSKRAV) == pytest.approx(
        (bkr >= -1e-6 * case.base_tkr).mean(axis=1)
    )
    likely = found.probability_all_years(BALANSKRAV)
    assert likely is not None
    assert 0.5 < likely < 0.99, "the test should be able to fail"


def test_the_error_falls_as_the_root_of_the_number_of_draws() -> None:
    """Over many seeds the spread is what is told, and a quarter with 16 times more."""
    case = a_case()
    shares = {
        count: np.array(
            [
                simulate_plan(
                    make_draws(case, count, seed), PLAN, lines=(), indicators=()
                ).probability_all_years("resultat")
                for seed in range(1, 61)
            ],
            dtype=float,
        )
        for count in (60, 960)
    }
    spread = {count: float(values.std(ddof=1)) for count, values in shares.items()}
    assert spread[60] / spread[960] == pytest.approx(4.0, rel=0.35)
    middle = float(shares[960].mean())
    for count, values in shares.items():
        told = standard_error(middle, count)
        assert float(values.std(ddof=1)) == pytest.approx(told, rel=0.3), count
        # Nine in ten within two standard errors, at least.
        assert (np.abs(values - middle) < 2 * told).mean() > 0.88


def test_more_draws_refine_the_same_probability() -> None:
    case = a_case()
    small = simulate_plan(make_draws(case, 500, 1), PLAN)
    large = simulate_plan(make_draws(case, 8000, 1), PLAN)
    for key in small.met:
        one, other = small.probability_all_years(key), large.probability_all_years(key)
        assert one is not None
        assert other is not None
        assert abs(one - other) < 4 * small.standard_error(other)
    # The first draws of many are the few.
    assert (large.lines["ar"][:, :500] == small.lines["ar"]).all()


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_case()
    draws = make_draws(case, 150, 1)
    whole = simulate_plan(draws, PLAN)
    monkeypatch.setattr("rodtrad.capacity.probability.BLOCK_DRAWS", 7)
    parts = simulate_plan(draws, PLAN)
    for key, values in whole.lines.items():
        assert parts.lines[key] == pytest.approx(values, rel=1e-12, abs=1e-8), key
    for key, values in whole.met.items():
        assert np.array_equal(parts.met[key], values, equal_nan=True), key


def test_threads_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last bit, for the draws and for what they give."""
    case, found = a_case(), []
    for threads in (1, 2, 5):
        monkeypatch.setattr("rodtrad.capacity.probability.THREADS", threads)
        found.append(simulate_plan(make_draws(case, 2500, 1), PLAN))
    for other in found[1:]:
        for key, values in found[0].lines.items():
            assert (other.lines[key] == values).all(), key
        for key, values in found[0].met.items():
            assert np.array_equal(other.met[key], values, equal_nan=True), key


def test_two_plans_on_the_same_draws_differ_by_the_project_alone() -> None:
    case = a_case()
    draws = make_draws(case, 400, 1)
    both, one = simulate_plan(draws, PLAN), simulate_plan(draws, PLAN[:1])
    # Fee-financed works do not touch the result but for interest on what is paid ahead.
    apart = both.lines["ar"] - one.lines["ar"]
    assert np.abs(apart).max() < 600
    assert apart.std() < 0.1 * one.lines["ar"].std()


def test_quantiles_are_ranks() -> None:
    numbers = np.random.default_rng(1).permutation(np.arange(1.0, 1001.0))[None, :]
    found = quantiles_of(numbers, {"p10": 0.1, "p50": 0.5, "p90": 0.9})
    assert found == {"p10": [100.0], "p50": [500.0], "p90": [900.0]}
    # Draws without a figure are left out; most of them missing: no figure.
    holes = np.array([[1.0, 2.0, np.nan, 3.0], [1.0, np.nan, np.nan, np.nan]])
    assert quantiles_of(holes, {"p50": 0.5}) == {"p50": [2.0, None]}


def test_a_certain_share_still_has_an_error() -> None:
    assert 0 < standard_error(1.0, 1000) < 0.002
    assert standard_error(0.5, 10_000) == pytest.approx(0.005, rel=0.01)


def test_what_decides_sums_to_the_whole() -> None:
    ranked = rank_drivers(a_case(), PLAN, seed=1, count=600)
    assert set(ranked) == {"resultat", "snitt", "sjalv", "lan", BALANSKRAV}
    for drivers in ranked.values():
        shares = [driver.share for driver in drivers]
        assert shares == sorted(shares, reverse=True)
        assert not shares or sum(shares) == pytest.approx(1.0)
        assert {driver.group for driver in drivers} <= set(GROUPS)
        assert all(driver.label == GROUP_LABELS[driver.group] for driver in drivers)


def test_the_only_thing_that_swings_decides_all() -> None:
    parameters = default_parameters()
    still = parameters.with_values(
        local_pass_share=0.0,
        local_cost_sd_share=0.0,
        cost_reaction_share=0.0,
        price_sd_share=0.0,
        construction_sd_share=0.0,
        population_drift_sd_share=0.0,
        population_noise_sd_share=0.0,
    )
    still = type(still)(
        still.parameters,
        still.block_years,
        ((0.0, 0.0),) * len(still.blocks),
        still.worst_period,
        still.worst_years,
        still.worst_growth_share,
    )
    ranked = rank_drivers(tiny_case(), (), seed=1, count=300, parameters=still)
    first = ranked[BALANSKRAV][0]
    assert first.group == "interest"
    assert first.share == pytest.approx(1.0)


def test_what_is_told_in_plan_json() -> None:
    case = a_case()
    found = simulate_plan(make_draws(case, 300, 1), PLAN)
    told = probability_result(found, rank_drivers(case, PLAN, seed=1, count=100))
    assert set(told["probability"]) == {"resultat", "snitt", "sjalv", "lan", BALANSKRAV}
    assert len(told["probability"]["resultat"]) == len(case.years)
    assert set(told["quantiles"]["ar"]) == {"p10", "p50", "p90"}
    assert set(told["quantiles"]) >= {"ar", "loans", "bkr", "sol", "sfg"}
    every = told["uncertainty"]["all_years"]["resultat"]
    assert every["held"] == round(every["share"] * 300)
    assert every["standard_error"] > 0
    assert "räntor" in told["uncertainty"]["assumed"]
    assert "projektens fördyring och försening" in told["uncertainty"]["assumed"]
    empty = simulate_plan(make_draws(case, 20, 1), ())
    assert "projektens fördyring och försening" not in empty.rests_on()


def test_a_fan_has_the_plan_in_it() -> None:
    case = a_case()
    found = simulate_plan(make_draws(case, 2000, 1), PLAN)
    plan = evaluate_plan(case, PLAN)
    planned = plan.years.statement["ar"][:, 0].tolist()
    fan = fan_of(found, "ar", planned)
    assert fan["years"] == [2026, 2027, 2028, 2029]
    rows = np.array(
        [fan[key] for key in ("p5", "p10", "p25", "p50", "p75", "p90", "p95")]
    )
    assert (np.diff(rows, axis=0) > 0).all()
    width = rows[-1] - rows[0]
    assert (np.diff(width) > 0).all(), "later years are less certain"
    assert (rows[0] < planned).all()
    assert (rows[-1] > planned).all()
    with pytest.raises(KeyError):
        fan_of(found, "hyra", planned)
