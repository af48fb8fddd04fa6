"""How good was a forecast with its uncertainty, and is one method better than another?

Scores of draws, intervals and class probabilities against what happened; coverage with
its limits; a test of two methods that knows that a year is one observation, however
many municipalities it has; and the widening that makes intervals honest. Lower scores
are better. Leaves out the forecasts themselves and what is done with a score.

Draws are last on the axes, as everywhere. A missing value (NaN) is refused: a score of
nothing must not look like a good one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rodtrad.domain.distributions import (
    beta_quantile,
    normal_cdf,
    normal_density,
    student_cdf,
    student_quantile,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rodtrad.domain.arrays import Array

_ROOT_PI: Final = math.sqrt(math.pi)
# At most so many numbers are sorted at a time.
_BLOCK: Final = 2_000_000


def _finite(name: str, values: ArrayLike) -> Array:
    array = np.asarray(values, float)
    if not np.isfinite(array).all():
        message = f"{name} has values that are missing or infinite"
        raise ValueError(message)
    return array


# ---------------------------------------------------------------- scores


def crps_of_draws(draws: ArrayLike, outcome: ArrayLike, *, fair: bool = False) -> Array:
    """Return the continuous ranked probability score of draws, one per outcome.

    E|X − y| − E|X − X'| / 2 over the draws, exactly, by sorting. In the outcome's own
    unit; with a single draw it is the absolute error.

    Args:
        draws: `[.., draw]`.
        outcome: `[..]`, what happened.
        fair: True takes X and X' as different draws, so that few draws are not
            punished for being few (needs two).

    Returns:
        `[..]`.

    Raises:
        ValueError: no draws, shapes that differ, or a missing value.

    Source:
        Gneiting and Raftery 2007, eq. 21; Ferro 2014 for `fair`.

    Example:
        >>> crps_of_draws([[1.0, 2.0, 4.0]], [2.0]).round(4)
        array([0.3333])
    """
    x, y = np.asarray(draws, float), _finite("outcome", outcome)
    n = x.shape[-1] if x.ndim else 0
    if n == 0 or (fair and n < 2) or x.shape[:-1] != y.shape:
        message = f"draws {x.shape} do not fit outcomes {y.shape}"
        raise ValueError(message)
    rows, seen = x.reshape(-1, n), y.reshape(-1)
    weight = (2.0 * np.arange(1, n + 1) - n - 1.0) / (n * (n - 1.0 if fair else n))
    out = np.empty(seen.shape)
    step = max(1, _BLOCK // n)
    for first in range(0, seen.size, step):
        block = slice(first, first + step)
        ordered = np.sort(_finite("draws", rows[block]), axis=-1)
        error = np.abs(ordered - seen[block, None]).mean(axis=-1)
        out[block] = error - ordered @ weight
    return out.reshape(y.shape)


def crps_of_normal(mean: ArrayLike, deviation: ArrayLike, outcome: ArrayLike) -> Array:
    """Return the continuous ranked probability score of normal distributions.

    A deviation of 0 is a forecast without uncertainty: the absolute error.

    Raises:
        ValueError: a negative deviation or a missing value.

    Source:
        Gneiting and Raftery 2007, section 4.2.

    Example:
        >>> crps_of_normal(0.0, 1.0, [0.0, 1.0]).round(6)
        array([0.233695, 0.602441])
    """
    centre, spread, y = np.broadcast_arrays(
        _finite("mean", mean), _finite("deviation", deviation), _finite("y", outcome)
    )
    if (spread < 0).any():
        message = "a standard deviation is negative"
        raise ValueError(message)
    safe = np.where(spread > 0, spread, 1.0)
    z = (y - centre) / safe
    score = safe * (
        z * (2.0 * normal_cdf(z) - 1.0) + 2.0 * normal_density(z) - 1.0 / _ROOT_PI
    )
    return np.asarray(np.where(spread > 0, score, np.abs(y - centre)), float)


def interval_score(
    low: ArrayLike, high: ArrayLike, outcome: ArrayLike, level: float = 0.8
) -> Array:
    """Return width plus the penalty for outcomes outside, in the outcome's unit.

    Args:
        low: the lower end of a central interval.
        high: the upper end, not below `low`.
        outcome: what happened.
        level: the probability the interval claims, between 0 and 1.

    Raises:
        ValueError: ends in the wrong order, a level outside 0–1, a missing value.

    Source:
        Gneiting and Raftery 2007, eq. 43, with a = 1 − level.

    Example:
        >>> interval_score(0.0, 10.0, [5.0, 12.0, -1.0], level=0.8)
        array([10., 30., 20.])
    """
    a = 1.0 - _level(level)
    bottom, top = _finite("low", low), _finite("high", high)
    y = _finite("outcome", outcome)
    if (bottom > top).any():
        message = "an interval ends below its beginning"
        raise ValueError(message)
    outside = np.maximum(bottom - y, 0.0) + np.maximum(y - top, 0.0)
    return (top - bottom) + (2.0 / a) * outside


def ranked_probability_score(probabilities: ArrayLike, outcome: ArrayLike) -> Array:
    """Return the ranked probability score of ordered classes, one per outcome.

    The sum over all classes but the last of (cumulated probability − whether the
    outcome lies at or below)²; not divided by the number of classes.

    Args:
        probabilities: `[.., class]`, adding to 1 over the classes.
        outcome: `[..]`, the class that came, from 0.

    Raises:
        ValueError: probabilities that do not add to 1, or a class that is not there.

    Source:
        Epstein 1969; Gneiting and Raftery 2007, section 4.2.

    Example:
        >>> ranked_probability_score([[0.2, 0.5, 0.3]], [1]).round(2)
        array([0.13])
    """
    p = _finite("probabilities", probabilities)
    y = np.asarray(outcome)
    count = p.shape[-1]
    if (p < -1e-12).any() or not np.allclose(p.sum(axis=-1), 1.0, atol=1e-6):
        message = "probabilities of the classes do not add to 1"
        raise ValueError(message)
    if p.shape[:-1] != y.shape or (y < 0).any() or (y >= count).any():
        message = f"outcomes are not classes 0 to {count - 1}, one per forecast"
        raise ValueError(message)
    reached = np.arange(count - 1) >= y[..., None]
    apart = p.cumsum(axis=-1)[..., :-1] - reached
    return np.asarray((apart**2).sum(axis=-1), float)


def mean_absolute_error(forecast: ArrayLike, outcome: ArrayLike) -> float:
    """Return the mean distance between forecast and outcome.

    Example:
        >>> mean_absolute_error([80, 316, 485], [-70, 563, 848]).__round__()
        253
    """
    return float(np.abs(_errors(forecast, outcome)).mean())


def mean_error(forecast: ArrayLike, outcome: ArrayLike) -> float:
    """Return the mean of outcome − forecast: above 0 where forecasts are too low.

    Example:
        >>> mean_error([80, 316, 485], [-70, 563, 848]).__round__()
        153
    """
    return float(_errors(forecast, outcome).mean())


def _errors(forecast: ArrayLike, outcome: ArrayLike) -> Array:
    f, y = _finite("forecast", forecast), _finite("outcome", outcome)
    if f.shape != y.shape or f.size == 0:
        message = f"forecasts {f.shape} do not fit outcomes {y.shape}"
        raise ValueError(message)
    return y - f


def _level(level: float) -> float:
    if not 0.0 < level < 1.0:
        message = f"a level lies between 0 and 1, not {level}"
        raise ValueError(message)
    return level


# ---------------------------------------------------------------- calibration


@dataclass(frozen=True)
class Coverage:
    """How often intervals held: the share, its limits, and how much it rests on.

    `effective` is the number of independent cases that say as much; without clusters
    it is `count`.
    """

    share: float
    low: float
    high: float
    count: int
    clusters: int
    effective: float


def coverage(
    inside: ArrayLike,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Coverage:
    """Return the share of cases inside, with binomial limits.

    Limits are Clopper–Pearson's. With clusters (the years of the outcomes) the count
    is first divided by the design effect, how much more the share varies between the
    clusters than it would if all cases were independent, and the limits are widened
    for few clusters (Korn and Graubard). With one cluster nothing is known of the
    variation between them, and the limits are 0 and 1.

    Args:
        inside: one truth value a case.
        clusters: one label a case; None where all cases are independent.
        confidence: of the limits.

    Raises:
        ValueError: no cases, or labels that do not fit.

    Source:
        Clopper and Pearson 1934; Korn and Graubard 1998.

    Example:
        >>> found = coverage([True] * 8 + [False] * 2)
        >>> found.share, round(found.low, 4), round(found.high, 4)
        (0.8, 0.4439, 0.9748)
    """
    held = np.asarray(inside, bool).reshape(-1)
    n = held.size
    if n == 0:
        message = "no cases to count"
        raise ValueError(message)
    a = 1.0 - _level(confidence)
    share = float(held.mean())
    effective, groups = float(n), n
    if clusters is not None:
        effective, groups = _effective(held, clusters, a)
        if groups == 1:
            return Coverage(share, 0.0, 1.0, n, 1, 1.0)
    x = share * effective
    low = beta_quantile(a / 2, x, effective - x + 1.0) if x > 0 else 0.0
    high = beta_quantile(1 - a / 2, x + 1.0, effective - x) if x < effective else 1.0
    return Coverage(share, low, high, n, groups, effective)


def _effective(held: Array, clusters: ArrayLike, a: float) -> tuple[float, int]:
    """Return how many independent cases say as much, and the number of clusters."""
    labels, index = np.unique(np.asarray(clusters), return_inverse=True)
    n, groups = held.size, labels.size
    if index.size != n:
        message = f"{index.size} cluster labels for {n} cases"
        raise ValueError(message)
    if groups == 1:
        return 1.0, 1
    share = float(held.mean())
    over = np.bincount(index, held - share, groups)
    variance = float((over**2).sum()) * groups / (groups - 1.0) / n**2
    alone = share * (1.0 - share) / n
    if alone == 0.0:  # all held, or none: how alike the clusters are is not known
        return float(groups), groups
    # never more sure than with independent cases
    effective = n * min(1.0, alone / variance) if variance > 0.0 else float(n)
    few = student_quantile(1 - a / 2, groups - 1.0)
    many = student_quantile(1 - a / 2, max(n - 1.0, 1.0))
    return max(1.0, min(float(n), effective * (many / few) ** 2)), groups


def pit_of_draws(draws: ArrayLike, outcome: ArrayLike) -> Array:
    """Return where among its draws each outcome fell, between 0 and 1.

    The share of draws below plus half of those equal, as if the outcome were one draw
    more: (below + equal/2 + 1/2) / (draws + 1). Even over 0–1 if the forecast is sound.

    Args:
        draws: `[.., draw]`.
        outcome: `[..]`.

    Source:
        Dawid 1984 (probability integral transform).

    Example:
        >>> pit_of_draws([[1.0, 2.0, 3.0]], [2.5])
        array([0.625])
    """
    x, y = _finite("draws", draws), _finite("outcome", outcome)
    if x.shape[:-1] != y.shape or x.shape[-1] == 0:
        message = f"draws {x.shape} do not fit outcomes {y.shape}"
        raise ValueError(message)
    below = (x < y[..., None]).sum(axis=-1)
    equal = (x == y[..., None]).sum(axis=-1)
    return np.asarray((below + equal / 2.0 + 0.5) / (x.shape[-1] + 1.0), float)


def pit_histogram(pit: ArrayLike, bins: int = 10) -> Array:
    """Return the share of outcomes in each slice of 0–1; even if sound.

    A hump in the middle means intervals too wide, a trough too narrow, a slope bias.

    Example:
        >>> pit_histogram([0.05, 0.15, 0.95, 1.0], bins=2)
        array([0.5, 0.5])
    """
    values = _finite("pit", pit).reshape(-1)
    if values.size == 0 or values.min() < 0 or values.max() > 1:
        message = "pit values lie between 0 and 1, and there is at least one"
        raise ValueError(message)
    counts = np.histogram(values, bins=bins, range=(0.0, 1.0))[0]
    return np.asarray(counts / values.size, float)


def conformal_widening(
    low: ArrayLike, high: ArrayLike, outcome: ArrayLike, level: float = 0.8
) -> float:
    """Return how far both ends must move out for past intervals to have held.

    The smallest shift with which at least `level` of the past outcomes (counting the
    next one) would have been inside; below 0 where the intervals were too wide.
    Infinite with so few cases that no shift can promise the level.

    Args:
        low: past intervals' lower ends, in one unit.
        high: their upper ends.
        outcome: what happened; other cases than those the intervals were fitted on.
        level: the probability the intervals shall hold with.

    Source:
        Romano, Patterson and Candès 2019 (conformalized quantile regression).

    Example:
        >>> conformal_widening([0.0] * 4, [10.0] * 4, [5.0, 9.0, 12.0, 11.0], 0.5)
        1.0
    """
    y = _finite("outcome", outcome)
    beyond = np.maximum(_finite("low", low) - y, y - _finite("high", high))
    return _conformal(beyond, level)


def conformal_factor(
    low: ArrayLike,
    centre: ArrayLike,
    high: ArrayLike,
    outcome: ArrayLike,
    level: float = 0.8,
) -> float:
    """Return what both arms of past intervals must be multiplied by to have held.

    As `conformal_widening`, for intervals of different sizes or units. An arm of
    length 0 is held only by an outcome at the centre.

    Args:
        low: past intervals' lower ends.
        centre: the points that the arms reach out from, between the ends.
        high: their upper ends.
        outcome: what happened.
        level: the probability the intervals shall hold with.

    Source:
        Papadopoulos et al. 2002 (normalised conformal scores).

    Example:
        >>> conformal_factor([-1.0] * 3, [0.0] * 3, [2.0] * 3, [1.0, -2.0, 3.0], 0.5)
        1.5
    """
    mid, y = _finite("centre", centre), _finite("outcome", outcome)
    arm = np.where(
        y < mid, mid - _finite("low", low), _finite("high", high) - mid
    ).astype(float)
    if (arm < 0).any():
        message = "an interval does not hold its centre"
        raise ValueError(message)
    away = np.abs(y - mid)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(away > 0, away / arm, 0.0)
    return _conformal(ratio, level)


def _conformal(scores: Array, level: float) -> float:
    ordered = np.sort(np.asarray(scores, float).reshape(-1))
    if ordered.size == 0:
        message = "no past cases"
        raise ValueError(message)
    rank = math.ceil((ordered.size + 1) * _level(level) - 1e-9)
    return float(ordered[rank - 1]) if rank <= ordered.size else math.inf


# ---------------------------------------------------------------- comparison


@dataclass(frozen=True)
class Comparison:
    """Whether method A loses less than B: Diebold and Mariano's test.

    `difference` is the mean of loss A − loss B, below 0 where A is better. `p_value`
    is two-sided; NaN where there are fewer than three clusters, or no variation.
    """

    difference: float
    statistic: float
    p_value: float
    clusters: int


def diebold_mariano(
    loss_a: ArrayLike,
    loss_b: ArrayLike,
    clusters: ArrayLike | None = None,
    horizon: int = 1,
) -> Comparison:
    """Return how much less A loses than B, and whether it may be chance.

    Losses are first averaged within each cluster (the year of the outcome, in rising
    order): 290 municipalities in one year are one observation, not 290. The variance
    over the years allows for the overlap of forecasts `horizon` years ahead.

    Args:
        loss_a: one loss a case.
        loss_b: the losses of the other method in the same cases.
        clusters: one label a case; None where the cases are a time series in order.
        horizon: steps ahead; overlap reaches `horizon` − 1 steps.

    Raises:
        ValueError: no cases, losses or labels that do not fit, a horizon below 1.

    Source:
        Diebold and Mariano 1995; Harvey, Leybourne and Newbold 1997 for the
        small-sample correction. Where the plain variance is not above 0 Bartlett's
        weights are used.

    Example:
        >>> found = diebold_mariano([1, 2, 1, 2], [2, 2, 3, 3], [2001, 2002, 2003, 2004])
        >>> found.difference, round(found.statistic, 3), round(found.p_value, 3)
        (-1.0, -2.449, 0.092)
    """
    a, b = _finite("loss_a", loss_a).reshape(-1), _finite("loss_b", loss_b).reshape(-1)
    if a.size == 0 or a.size != b.size or horizon < 1:
        message = f"{a.size} losses against {b.size} at horizon {horizon}"
        raise ValueError(message)
    loss = a - b
    series = loss
    if clusters is not None:
        labels, index = np.unique(np.asarray(clusters), return_inverse=True)
        if index.size != loss.size:
            message = f"{index.size} cluster labels for {loss.size} losses"
            raise ValueError(message)
        sums = np.bincount(index, loss, labels.size)
        series = sums / np.bincount(index, minlength=labels.size)
    n = series.size
    mean = float(series.mean())
    if n < 3:
        return Comparison(mean, math.nan, math.nan, n)
    variance = _long_run_variance(series - mean, min(horizon, n - 1))
    if variance <= 1e-30:
        return Comparison(mean, math.nan, math.nan, n)
    h = min(horizon, n - 1)
    small = (n + 1 - 2 * h + h * (h - 1) / n) / n
    statistic = mean / math.sqrt(variance / n) * math.sqrt(max(small, 1.0 / n))
    p_value = 2.0 * student_cdf(-abs(statistic), n - 1.0)
    return Comparison(mean, statistic, p_value, n)


def _long_run_variance(centred: Array, horizon: int) -> float:
    n = centred.size
    lagged = [float(centred[lag:] @ centred[: n - lag]) / n for lag in range(horizon)]
    plain = lagged[0] + 2.0 * sum(lagged[1:])
    if plain > 0.0 or horizon == 1:
        return plain
    weights = (1.0 - lag / horizon for lag in range(1, horizon))
    return lagged[0] + 2.0 * sum(
        w * g for w, g in zip(weights, lagged[1:], strict=True)
    )
