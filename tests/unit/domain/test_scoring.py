"""Scores, coverage, comparison and widening, against slow definitions and limits."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rodtrad.domain.distributions import (
    beta_cdf,
    beta_quantile,
    normal_cdf,
    normal_quantile,
    student_cdf,
    student_quantile,
)
from rodtrad.domain.scoring import (
    conformal_factor,
    conformal_widening,
    coverage,
    crps_of_draws,
    crps_of_normal,
    diebold_mariano,
    interval_score,
    mean_absolute_error,
    mean_error,
    pit_histogram,
    pit_of_draws,
    ranked_probability_score,
)

NUMBERS = st.floats(-1e6, 1e6)


def page_table(name: str) -> list[list[str]]:
    page = Path(__file__).parents[3] / "docs" / "method" / "scoring.md"
    after = page.read_text(encoding="utf-8").split(f"<!-- golden: {name} -->\n\n")[1]
    lines = after.split("\n\n")[0].splitlines()[2:]
    return [[c.strip() for c in line.strip("|").split("|")] for line in lines]


def test_page() -> None:
    for row in page_table("scores"):
        draws, outcome = [float(x) for x in row[0].split()], float(row[1])
        assert crps_of_draws(draws, outcome) == pytest.approx(float(row[2]), abs=5e-5)
        score = interval_score(draws[0], draws[-1], outcome, 0.8)
        assert score == pytest.approx(float(row[3]))
        assert pit_of_draws(draws, outcome) == pytest.approx(float(row[4]), abs=5e-4)


def test_page_of_coverage() -> None:
    for text, share, low, high in page_table("coverage"):
        years = [[c == "1" for c in year] for year in text.split()]
        inside = [held for year in years for held in year]
        labels = [i for i, year in enumerate(years) for _held in year]
        found = coverage(inside, labels if len(years) > 1 else None)
        assert [found.share, found.low, found.high] == pytest.approx(
            [float(share), float(low), float(high)], abs=5e-4
        )


# ---------------------------------------------------------------- distributions


def test_normal_quantile_is_exact() -> None:
    u = np.r_[10.0 ** -np.arange(1.0, 15), 0.0749, 0.0751, 0.3, 0.5, 0.999999]
    wanted = [NormalDist().inv_cdf(x) for x in u]
    assert normal_quantile(u) == pytest.approx(wanted, rel=1e-14, abs=1e-15)
    assert normal_cdf(normal_quantile(u)) == pytest.approx(u, rel=1e-12)


def test_normal_quantile_keeps_shape_and_is_finite_at_the_ends() -> None:
    ends = normal_quantile(np.array([[0.0, 1.0]]))
    assert ends.shape == (1, 2)
    assert np.isfinite(ends).all()
    assert ends[0, 0] == -ends[0, 1]
    many = np.random.default_rng(1).random(20_000)  # more than one block
    assert normal_quantile(many)[[0, -1]] == pytest.approx(
        [NormalDist().inv_cdf(x) for x in many[[0, -1]]]
    )


@pytest.mark.parametrize(("x", "a", "b"), [(0.3, 1.0, 4.0), (0.9, 4.0, 1.0)])
def test_beta_where_it_is_a_power(x: float, a: float, b: float) -> None:
    wanted = 1 - (1 - x) ** b if a == 1 else x**a
    assert beta_cdf(x, a, b) == pytest.approx(wanted, rel=1e-13)


@given(st.floats(0.01, 0.99), st.floats(0.3, 60), st.floats(0.3, 60))
def test_beta_quantile_inverts(p: float, a: float, b: float) -> None:
    assert beta_cdf(beta_quantile(p, a, b), a, b) == pytest.approx(p, abs=1e-9)


def test_beta_is_the_binomial_tail() -> None:
    tail = sum(math.comb(30, k) * 0.2**k * 0.8 ** (30 - k) for k in range(7, 31))
    assert beta_cdf(0.2, 7, 24) == pytest.approx(tail, rel=1e-12)
    assert (beta_cdf(-1, 2, 2), beta_cdf(2, 2, 2)) == (0, 1)
    with pytest.raises(ValueError, match="above 0"):
        beta_cdf(0.5, 0, 1)


def test_student_limits() -> None:
    assert student_cdf(1.0, 1) == pytest.approx(0.75)  # Cauchy
    assert student_cdf(-1.96, 1e7) == pytest.approx(0.025, abs=1e-5)
    assert student_quantile(0.9, 1) == pytest.approx(math.tan(math.pi * 0.4))
    with pytest.raises(ValueError, match="between 0 and 1"):
        student_quantile(1.0, 3)


# ---------------------------------------------------------------- scores


@given(st.lists(NUMBERS, min_size=2, max_size=12), NUMBERS)
def test_crps_equals_its_definition(draws: list[float], outcome: float) -> None:
    x = np.array(draws)
    apart = np.abs(x[:, None] - x[None, :])
    near = np.abs(x - outcome).mean()
    n = x.size
    scale = 1e-9 * (1 + np.abs(x).max() + abs(outcome))
    assert crps_of_draws(x, outcome) == pytest.approx(
        near - apart.mean() / 2, abs=scale
    )
    assert crps_of_draws(x, outcome, fair=True) == pytest.approx(
        near - apart.sum() / (2 * n * (n - 1)), abs=scale
    )


def test_crps_of_one_draw_is_the_absolute_error() -> None:
    assert crps_of_draws([[3.0], [5.0]], [1.0, 9.0]) == pytest.approx([2.0, 4.0])


def test_crps_of_many_draws_nears_the_normal_one() -> None:
    draws = normal_quantile((np.arange(20_001) + 0.5) / 20_001)
    assert crps_of_draws(10 + 3 * draws, 12.0) == pytest.approx(
        crps_of_normal(10.0, 3.0, 12.0), abs=1e-4
    )


def test_fair_crps_does_not_depend_on_the_number_of_draws() -> None:
    normals = np.random.default_rng(7).standard_normal((40_000, 4))
    y = np.random.default_rng(8).standard_normal(40_000)
    true = crps_of_normal(0.0, 1.0, y).mean()
    assert crps_of_draws(normals, y, fair=True).mean() == pytest.approx(true, abs=0.01)
    assert crps_of_draws(normals, y).mean() > true + 0.05


def test_crps_in_blocks_equals_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    draws, y = rng.standard_normal((3, 5, 7)), rng.standard_normal((3, 5))
    whole = crps_of_draws(draws, y)
    monkeypatch.setattr("rodtrad.domain.scoring._BLOCK", 14)
    assert crps_of_draws(draws, y) == pytest.approx(whole)
    assert whole.shape == (3, 5)


def test_crps_of_normal_without_uncertainty() -> None:
    assert crps_of_normal([1.0, 1.0], [0.0, 1e-9], 4.0) == pytest.approx([3, 3])
    with pytest.raises(ValueError, match="negative"):
        crps_of_normal(0.0, -1.0, 0.0)


def test_the_true_distribution_scores_best() -> None:
    y = np.random.default_rng(3).standard_normal(20_000)
    best = crps_of_normal(0.0, 1.0, y).mean()
    assert all(
        crps_of_normal(m, s, y).mean() > best
        for m, s in ((0.3, 1.0), (0.0, 0.6), (0.0, 1.6))
    )
    ends = normal_quantile(np.array([0.1, 0.9]))
    right = interval_score(ends[0], ends[1], y, 0.8).mean()
    for k in (0.7, 1.4):
        assert interval_score(k * ends[0], k * ends[1], y, 0.8).mean() > right


def test_ranked_probability_score_limits() -> None:
    sure = [[0.0, 1.0, 0.0]] * 3
    assert ranked_probability_score(sure, [1, 0, 2]).tolist() == [0, 1, 1]
    assert ranked_probability_score([[0, 0, 0, 1.0]], [0]).tolist() == [3]


def test_ranked_probability_score_is_crps_of_the_class_numbers() -> None:
    draws = np.array([0, 1, 1, 3, 3, 3, 2, 2, 0, 1])
    p = np.bincount(draws, minlength=4) / draws.size
    for y in range(4):
        assert ranked_probability_score(p, y) == pytest.approx(crps_of_draws(draws, y))


@pytest.mark.parametrize(
    "call",
    [
        lambda: crps_of_draws([[1.0, math.nan]], [0.0]),
        lambda: crps_of_draws([[1.0, 2.0]], [math.nan]),
        lambda: crps_of_draws([[]], [0.0]),
        lambda: crps_of_draws([[1.0]], [0.0], fair=True),
        lambda: crps_of_draws([[1.0], [2.0]], [0.0]),
        lambda: crps_of_normal(0.0, 1.0, math.inf),
        lambda: interval_score(2.0, 1.0, 0.0),
        lambda: interval_score(0.0, 1.0, 0.0, level=80),
        lambda: ranked_probability_score([[0.5, 0.4]], [0]),
        lambda: ranked_probability_score([[0.5, 0.5]], [2]),
        lambda: mean_error([], []),
        lambda: mean_absolute_error([1.0], [1.0, 2.0]),
        lambda: coverage([]),
        lambda: coverage([True, False], [1]),
        lambda: pit_of_draws([[]], [1.0]),
        lambda: pit_histogram([1.2]),
        lambda: conformal_widening([], [], []),
        lambda: conformal_factor([2.0], [1.0], [3.0], [0.0]),
        lambda: diebold_mariano([], []),
        lambda: diebold_mariano([1.0], [1.0], [1, 2]),
        lambda: diebold_mariano([1.0], [1.0], horizon=0),
    ],
)
def test_what_cannot_be_scored_is_refused(call: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        call()  # type: ignore[operator]


# ---------------------------------------------------------------- calibration


def test_coverage_limits_are_exact_binomial_ones() -> None:
    """At the limits the tail of the binomial is 2.5 %."""
    found = coverage([True] * 41 + [False] * 9)

    def at_least(k: int, p: float) -> float:
        return sum(math.comb(50, i) * p**i * (1 - p) ** (50 - i) for i in range(k, 51))

    assert at_least(41, found.low) == pytest.approx(0.025)
    assert 1 - at_least(42, found.high) == pytest.approx(0.025)
    assert found.effective == found.count == 50


def test_coverage_at_the_ends() -> None:
    none, every = coverage([False] * 10), coverage([True] * 10)
    assert (none.low, every.high) == (0.0, 1.0)
    assert none.high == pytest.approx(1 - 0.025**0.1)
    assert every.low == pytest.approx(0.025**0.1)


def test_years_that_hold_or_fail_together_count_as_years() -> None:
    """Ten years of 100 municipalities, each year wholly inside or outside."""
    held = np.repeat([True] * 8 + [False] * 2, 100)
    years = np.repeat(np.arange(10), 100)
    found = coverage(held, years)
    plain = coverage(held)
    few = coverage([True] * 8 + [False] * 2)
    assert found.share == plain.share == 0.8
    assert found.clusters == 10
    assert found.effective < 10
    assert found.low < few.low
    assert plain.high - plain.low < 0.06 < found.high - found.low


def test_clusters_that_are_alike_lose_little() -> None:
    held = np.tile([True, True, True, True, False], 200)
    years = np.repeat(np.arange(50), 20)
    assert coverage(held, years).effective > 900


def test_clusters_that_all_held_count_as_one_case_each() -> None:
    found = coverage([True] * 100, np.repeat(np.arange(5), 20))
    assert found.low == pytest.approx(coverage([True] * 5).low)
    assert found.high == 1


def test_one_cluster_says_nothing() -> None:
    found = coverage([True, False, True], [2012] * 3)
    assert (found.low, found.high, found.clusters) == (0, 1, 1)


def test_clustered_limits_hold_what_they_promise() -> None:
    """Of simulated panels with common shocks about 95 % have the truth inside."""
    rng = np.random.default_rng(11)
    years = np.repeat(np.arange(15), 40)
    inside = plain = 0
    for _trial in range(200):
        shock = rng.standard_normal(15)[years] + rng.standard_normal(600)
        held = shock < math.sqrt(2) * NormalDist().inv_cdf(0.8)
        found = coverage(held, years)
        inside += found.low <= 0.8 <= found.high
        found = coverage(held)
        plain += found.low <= 0.8 <= found.high
    assert inside >= 180
    assert plain < 140


def test_pit_of_sound_draws_is_even_and_of_narrow_ones_not() -> None:
    rng = np.random.default_rng(5)
    y = rng.standard_normal(4000)
    draws = rng.standard_normal((4000, 99))
    even = pit_histogram(pit_of_draws(draws, y))
    assert np.abs(even - 0.1).max() < 0.02
    ends = pit_histogram(pit_of_draws(0.5 * draws, y))
    assert ends[0] > 0.15
    assert ends[-1] > 0.15


@given(st.lists(NUMBERS, min_size=4, max_size=40), st.floats(0.3, 0.75))
def test_widened_intervals_hold_the_past(outcomes: list[float], level: float) -> None:
    y = np.array(outcomes)
    low, high = np.full(y.shape, -10.0), np.full(y.shape, 10.0)
    shift = conformal_widening(low, high, y, level)
    slack = 1e-9 * (1 + np.abs(y).max())
    held = (y >= low - shift - slack) & (y <= high + shift + slack)
    assert held.mean() >= level
    factor = conformal_factor(low, low * 0, high, y, level)
    assert (np.abs(y) <= 10 * factor + slack).mean() >= level


def test_intervals_too_wide_are_narrowed_and_too_few_cases_say_so() -> None:
    y = np.linspace(-1, 1, 101)
    assert conformal_widening(y * 0 - 9, y * 0 + 9, y, 0.8) < -8
    assert conformal_factor(y * 0 - 9, y * 0, y * 0 + 9, y, 0.8) < 0.1
    assert conformal_widening([0.0], [1.0], [0.5], 0.8) == math.inf
    assert conformal_factor([0.0], [0.0], [0.0], [1.0], 0.4) == math.inf


# ---------------------------------------------------------------- comparison


def test_a_better_method_shows_and_signs_turn() -> None:
    rng = np.random.default_rng(4)
    years = np.repeat(np.arange(12), 30)
    a, b = rng.random(360), rng.random(360) + 0.3
    found = diebold_mariano(a, b, years)
    turned = diebold_mariano(b, a, years)
    assert found.difference < 0
    assert found.p_value < 0.001
    assert turned.statistic == pytest.approx(-found.statistic)
    assert turned.p_value == pytest.approx(found.p_value)
    assert found.clusters == 12


def test_a_common_shock_is_one_observation() -> None:
    """Wholly common differences: 12 years must not look like 1200 cases."""
    shock = np.random.default_rng(9).standard_normal(12) + 0.4
    alone = diebold_mariano(shock, shock * 0)
    panel = diebold_mariano(
        np.repeat(shock, 100), np.zeros(1200), np.repeat(np.arange(12), 100)
    )
    blind = diebold_mariano(np.repeat(shock, 100), np.zeros(1200))
    assert panel.p_value == pytest.approx(alone.p_value)
    assert blind.p_value < panel.p_value / 10


def test_the_size_of_the_test_is_right() -> None:
    """Equal methods are told apart in about 5 % of trials, also three steps ahead."""
    rng = np.random.default_rng(6)
    for horizon in (1, 3):
        steps = rng.standard_normal((1000, 40 + horizon))
        summed = sum(steps[:, k : k + 40] for k in range(horizon))
        found = [
            diebold_mariano(row, row * 0, horizon=horizon).p_value < 0.05
            for row in np.asarray(summed)
        ]
        assert 0.02 <= np.mean(found) <= 0.11


def test_two_years_or_no_difference_give_no_p_value() -> None:
    two = diebold_mariano([1.0, 2.0], [2.0, 2.0], [2001, 2002])
    assert two.difference == -0.5
    assert math.isnan(two.p_value)
    assert math.isnan(diebold_mariano([1.0] * 5, [1.0] * 5).p_value)
