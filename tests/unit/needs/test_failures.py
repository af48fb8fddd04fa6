"""Failure rates: known rates are found again, own history is shrunk, ties are fair."""

from __future__ import annotations

import numpy as np
import pytest

from rodtrad.needs.failures import (
    FailureFit,
    fit_failures,
    neighbours_factor,
    share_caught,
)


def network(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pipes of two kinds, alike but for a gamma factor of shape 0.8, over ten years."""
    rng = np.random.Generator(np.random.Philox(seed))
    iron = (rng.random(n) < 0.3).astype(float)
    metres = rng.uniform(20, 200, n)
    x = np.column_stack([np.ones(n), iron])
    rate = np.exp(-7.5 + 1.5 * iron) * rng.gamma(0.8, 1 / 0.8, n)
    return x, rng.poisson(rate * metres * 10), metres, rate


def test_rates_and_spread_are_found_again() -> None:
    x, failures, metres, _rate = network(6000, 1)
    fit = fit_failures(x, failures, metres * 10, spread=5.0)
    assert fit.coefficients == pytest.approx([-7.5, 1.5], abs=0.1)
    assert fit.concentration == pytest.approx(0.8, rel=0.2)


def test_own_history_finds_the_bad_pipes_among_those_alike() -> None:
    x, failures, metres, rate = network(6000, 2)
    fit = fit_failures(x, failures, metres * 10)
    updated = fit.updated_rates(x, failures, metres * 10)
    rng = np.random.Generator(np.random.Philox(3))
    later = rng.poisson(rate * metres * 10)
    found = [
        share_caught(score, metres, later, 0.1)
        for score in (fit.rates(x), updated, failures / metres, rate)
    ]
    kind, own, raw, truth = found
    assert kind < own < truth
    assert raw < own
    # In all, as many are expected as come.
    assert (updated * metres * 10).sum() == pytest.approx(later.sum(), rel=0.1)


def test_few_failures_move_a_rate_little() -> None:
    fit = FailureFit(np.array([0.0]), 4.0, 0.0)
    one = np.ones((1, 1))
    calm = fit.updated_rates(one, np.zeros(1), np.ones(1))[0]
    hit = fit.updated_rates(one, np.ones(1), np.ones(1))[0]
    often = fit.updated_rates(one, np.array([10.0]), np.ones(1))[0]
    assert 0.7 < calm < 1 == pytest.approx(hit)
    assert often == pytest.approx(14 / 5)


def test_neighbours_are_the_others() -> None:
    street = np.array([0, 0, 1])
    factor = neighbours_factor(street, np.array([5.0, 0.0, 9.0]), np.ones(3), 1.0)
    assert factor == pytest.approx([0.5, 3.0, 1.0])


def test_equal_scores_are_taken_as_mixed_whatever_the_order() -> None:
    length, later = np.ones(10), np.array([4.0] + [0.0] * 8 + [6.0])
    assert share_caught(np.zeros(10), length, later, 0.2) == pytest.approx(0.2)
    assert share_caught(np.zeros(10), length, later[::-1], 0.2) == pytest.approx(0.2)
    assert share_caught(later, length, later, 0.1) == pytest.approx(0.6)
    assert share_caught(later, length, later, 1.0) == pytest.approx(1.0)


def test_nothing_to_learn_from_is_refused() -> None:
    one = np.ones((2, 1))
    with pytest.raises(ValueError, match="exposure"):
        fit_failures(one, np.ones(2), np.zeros(2))
    with pytest.raises(ValueError, match="failed"):
        fit_failures(one, np.zeros(2), np.ones(2))
    with pytest.raises(ValueError, match="later"):
        share_caught(np.ones(2), np.ones(2), np.zeros(2), 0.1)
