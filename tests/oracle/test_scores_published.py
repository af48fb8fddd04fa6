"""Published figures of scores, recomputed (METHODS 5 and 9, and the sources named)."""

from __future__ import annotations

import math

import pytest

from rodtrad.domain.scoring import (
    coverage,
    crps_of_normal,
    diebold_mariano,
    interval_score,
    mean_absolute_error,
    mean_error,
)

pytestmark = pytest.mark.oracle

# Malmö's forecast in the January-August report and the closing, millions of kronor:
# http://redovisningar.malmo.se, chapter Prognossäkerhet of 2014, 2015 and 2017.
MALMO_FORECAST = (80.0, 316.0, 485.0)
MALMO_OUTCOME = (-70.0, 563.0, 848.0)


@pytest.mark.parametrize(("outcome", "score"), [(0.0, 0.233695), (1.0, 0.602441)])
def test_crps_of_the_standard_normal(outcome: float, score: float) -> None:
    assert crps_of_normal(0.0, 1.0, outcome) == pytest.approx(score, abs=5e-7)


def test_crps_in_closed_form_at_the_mean() -> None:
    """(√2 − 1) / √π times the deviation (Gneiting and Raftery 2007)."""
    exact = (math.sqrt(2) - 1) / math.sqrt(math.pi)
    assert crps_of_normal(5.0, 2.0, 5.0) == pytest.approx(2 * exact, rel=1e-12)


def test_malmo_forecasts() -> None:
    errors = [y - f for f, y in zip(MALMO_FORECAST, MALMO_OUTCOME, strict=True)]
    assert errors == [-150, 247, 363]
    assert round(mean_absolute_error(MALMO_FORECAST, MALMO_OUTCOME)) == 253
    assert round(mean_error(MALMO_FORECAST, MALMO_OUTCOME)) == 153


@pytest.mark.parametrize(
    ("outcome", "score"), [(0.5, 1.0), (1.5, 11.0), (-0.1, 3.0), (1.0, 1.0)]
)
def test_interval_score(outcome: float, score: float) -> None:
    """(u − l) + (2/a)(l − y)+ + (2/a)(y − u)+, l = 0, u = 1, a = 0.1."""
    assert interval_score(0.0, 1.0, outcome, 0.9) == pytest.approx(score)


@pytest.mark.parametrize(
    ("held", "count", "low", "high"),
    [(8, 10, 0.4439045, 0.9747893), (1, 20, 0.00126509, 0.2487328)],
)
def test_clopper_pearson(held: int, count: int, low: float, high: float) -> None:
    """The limits that R's `binom.test` prints for the same counts."""
    found = coverage([True] * held + [False] * (count - held))
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-6)


def test_diebold_mariano_small_sample_factor() -> None:
    """Harvey et al. 1997, eq. 9: √((n + 1 − 2h + h(h − 1)/n) / n)."""
    losses = [3.0, -1.0, 2.0, 4.0, 1.0, 0.5, 2.5, 3.5]
    n, mean = len(losses), sum(losses) / len(losses)
    gammas = [
        sum((losses[t] - mean) * (losses[t - lag] - mean) for t in range(lag, n)) / n
        for lag in (0, 1)
    ]
    plain = mean / math.sqrt((gammas[0] + 2 * gammas[1]) / n)
    factor = math.sqrt((n + 1 - 4 + 2 / n) / n)
    found = diebold_mariano(losses, [0.0] * n, horizon=2)
    assert found.statistic == pytest.approx(plain * factor)
