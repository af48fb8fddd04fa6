"""Where is a yearly series heading, and how sure is that? Four methods, with draws.

For indicators that nobody models otherwise: net cost per inhabitant, sick leave. The
method and the sizes of the errors come from the backtest on municipal series
(`domain/defaults/trends.toml`): where a method lost to a simpler one the simpler one is
used. A series that is not there gets the simplest, no change; so does the real tax base,
since nothing beat that four years ahead. Leaves out causes: a trend knows nothing of
what the council will decide.

A point forecast is a function of the past alone, so the backtest runs the same code on
many municipalities at once: values are `[.., year]`, and years ahead come last too,
until there are draws.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from rodtrad import domain
from rodtrad.domain.distributions import normal_cdf, student_quantile
from rodtrad.domain.draws import normals

if TYPE_CHECKING:
    from rodtrad.domain.arrays import Array

METHODS: Final = ("no_change", "drift", "panel_ar1", "damped")
# Probabilities at which the spread of errors is stored.
GRID: Final = (0.005, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.995)  # fmt: skip
# What a series gets that no other method was better for.
SIMPLEST: Final = "no_change"
# Own years weigh as much as the panel's when there are so many of them.
PRIOR_YEARS: Final = 6.0


@dataclass(frozen=True)
class Trend:
    """How one series is forecast, and how its errors are distributed.

    Attributes:
        series: the indicator's id.
        method: one of METHODS.
        scale: "log" (errors are factors) or "level".
        level_weight: of the last value in the smoothed level (damped).
        trend_weight: of the last change in the smoothed trend (damped).
        damping: what the trend, or the gap to the peers, keeps each year.
        common_drift: the panel's mean change a year (panel_ar1).
        momentum: what the peers' latest change keeps of itself each year (panel_ar1).
        common_spread: `[horizon]`, errors shared by all municipalities in a year.
        own_spread: `[horizon]`, a municipality's own errors.
        years: how many yearly errors the common spread rests on.
        quantiles: own errors over their spread, at the probabilities GRID.
        quality: `beräkning`, or `antagande` where the series was never tested.
        source: data and years.
    """

    series: str
    method: str
    scale: str
    level_weight: float = 1.0
    trend_weight: float = 0.3
    damping: float = 0.8
    common_drift: float = 0.0
    momentum: float = 0.0
    common_spread: tuple[float, ...] = (0.0,)
    own_spread: tuple[float, ...] = (0.0,)
    years: int = 10
    quantiles: tuple[float, ...] = ()
    quality: str = "antagande"
    source: str = ""


@cache
def default_trends() -> dict[str, tuple[Trend, ...]]:
    """Return the four calibrated methods of each series, the best first.

    "Best" is what the backtest found, a method other than the simple ones only where
    it beat both of them.

    Source:
        `domain/defaults/trends.toml`, written by the backtest of Kolada's series.
    """
    path = Path(domain.__file__).parent / "defaults" / "trends.toml"
    found: dict[str, tuple[Trend, ...]] = {}
    for row in tomllib.loads(path.read_text(encoding="utf-8"))["trend"]:
        kept = {name: row[name] for name in Trend.__dataclass_fields__ if name in row}
        for name in ("common_spread", "own_spread", "quantiles"):
            kept[name] = tuple(kept[name])
        trend = Trend(**kept)
        found[trend.series] = (*found.get(trend.series, ()), trend)
    return found


# ---------------------------------------------------------------- the path ahead


def filled(values: Array) -> Array:
    """Return values with holes between two known years filled in a straight line.

    Years before the first known one stay NaN.

    Args:
        values: `[.., year]`, NaN where missing.

    Source:
        Linear interpolation; only years within the given past are used.

    Example:
        >>> filled(np.array([[np.nan, 1.0, np.nan, 3.0]]))
        array([[nan,  1.,  2.,  3.]])
    """
    out = np.array(values, float)
    rows = out.reshape(-1, out.shape[-1])
    years = np.arange(out.shape[-1], dtype=float)
    for row in rows:
        known = np.isfinite(row)
        if known.sum() < 2 or known.all():
            continue
        holes = ~known & (years > years[known][0]) & (years < years[known][-1])
        row[holes] = np.interp(years[holes], years[known], row[known])
    return out


def point_forecast(
    values: Array, horizon: int, trend: Trend, peers: Array | None = None
) -> Array:
    """Return the middle of the forecast, on the trend's scale.

    Args:
        values: `[.., year]`, oldest first, on the trend's scale; the last is known.
            Years before the first known one are NaN.
        horizon: years ahead.
        trend: method and weights.
        peers: `[year]`, the mean of the municipalities compared with, same years and
            scale; panel_ar1 needs it.

    Returns:
        `[.., horizon]`.

    Raises:
        ValueError: the last value is missing, the method is unknown, or no peers.

    Source:
        docs/method/trends.md.
    """
    z = filled(values) if np.size(values) else np.full((1,), np.nan)
    if not np.isfinite(z[..., -1]).all():
        message = "the last year of a series must be known"
        raise ValueError(message)
    steps = np.arange(1, horizon + 1, dtype=float)
    last = z[..., -1:]
    if trend.method == "no_change":
        return np.repeat(last, horizon, axis=-1)
    if trend.method == "drift":
        return np.asarray(last + steps * _mean_change(z)[..., None], float)
    if trend.method == "damped":
        level, slope = _smoothed(z, trend)
        reach = np.cumsum(trend.damping**steps)
        return np.asarray(level[..., None] + slope[..., None] * reach, float)
    if trend.method == "panel_ar1":
        if peers is None or np.shape(peers)[-1] != z.shape[-1]:
            message = "panel_ar1 needs the peers' mean of the same years"
            raise ValueError(message)
        gap = z - peers
        usual = _shrunk_mean(gap)[..., None]
        latest = float(peers[-1] - peers[-2]) if len(peers) > 1 else trend.common_drift
        carried = np.cumsum(trend.momentum**steps) * (latest - trend.common_drift)
        path = peers[-1] + trend.common_drift * steps + carried
        back = trend.damping**steps * (gap[..., -1:] - usual)
        return np.asarray(path + usual + back, float)
    message = f"{trend.method!r} is none of {', '.join(METHODS)}"
    raise ValueError(message)


def _mean_change(z: Array) -> Array:
    """Mean yearly change between the first known and the last year; 0 if only one."""
    known = np.isfinite(z)
    first = known.argmax(axis=-1)
    span = z.shape[-1] - 1 - first
    start = np.take_along_axis(z, first[..., None], axis=-1)[..., 0]
    return np.where(span > 0, (z[..., -1] - start) / np.maximum(span, 1), 0.0)


def _shrunk_mean(gap: Array) -> Array:
    """Mean of the known gaps, drawn towards the last one where they are few."""
    known = np.isfinite(gap)
    count = known.sum(axis=-1)
    mean = np.where(known, gap, 0.0).sum(axis=-1) / np.maximum(count, 1)
    weight = count / (count + 2.0)
    return np.asarray(weight * mean + (1.0 - weight) * gap[..., -1], float)


def _smoothed(z: Array, trend: Trend) -> tuple[Array, Array]:
    """Level and slope at the last year: damped exponential smoothing."""
    level = np.full(z.shape[:-1], np.nan)
    slope = np.zeros(z.shape[:-1])
    for t in range(z.shape[-1]):
        now = z[..., t]
        new = ~np.isfinite(level) & np.isfinite(now)
        ahead = level + trend.damping * slope
        smooth = ahead + trend.level_weight * (now - ahead)
        turned = trend.damping * slope + trend.trend_weight * (
            smooth - level - trend.damping * slope
        )
        old = np.isfinite(level) & np.isfinite(now)
        slope = np.where(old, turned, slope)
        level = np.where(new, now, np.where(old, smooth, level))
    return level, slope


# ---------------------------------------------------------------- draws


def error_draws(
    trend: Trend, common: Array, own: Array, own_factor: float = 1.0
) -> Array:
    """Return errors of the forecast, `[year, draw]`, on the trend's scale.

    A year's shock is the same for every municipality that is given the same `common`
    numbers: Student's t, since it rests on few years. Own errors follow the stored
    quantiles. Both wander: the error at year h goes on from that at h − 1.

    Args:
        trend: spreads by year ahead; the last one grows with √h beyond.
        common: `[year, draw]`, standard normal.
        own: `[year, draw]`, standard normal, other numbers.
        own_factor: the municipality's own spread over the panel's.

    Source:
        docs/method/trends.md.
    """
    horizon = common.shape[0]
    steps = np.sqrt(np.arange(1, horizon + 1, dtype=float))[:, None]
    shared = normal_cdf(np.cumsum(common, axis=0) / steps)
    mine = normal_cdf(np.cumsum(own, axis=0) / steps)
    t = _student_quantiles(max(trend.years - 1, 3))
    quantiles = np.asarray(trend.quantiles or _normal_quantiles())
    a = spread_at(trend.common_spread, horizon)[:, None] * np.interp(shared, GRID, t)
    b = spread_at(trend.own_spread, horizon)[:, None] * np.interp(mine, GRID, quantiles)
    return np.asarray(a + own_factor * b, float)


def spread_at(spreads: tuple[float, ...], horizon: int) -> Array:
    """Return a spread for each year ahead, growing with √h beyond those given.

    Source:
        docs/method/trends.md.

    Example:
        >>> spread_at((1.0, 2.0), 4).round(3)
        array([1.   , 2.   , 2.449, 2.828])
    """
    given = len(spreads)
    beyond = [spreads[-1] * math.sqrt(h / given) for h in range(given + 1, horizon + 1)]
    return np.array([*spreads, *beyond][:horizon])


@cache
def _student_quantiles(degrees: int) -> tuple[float, ...]:
    """Quantiles of Student's t at GRID; beyond its ends nothing is drawn."""
    return tuple(student_quantile(p, degrees) for p in GRID)


@cache
def _normal_quantiles() -> tuple[float, ...]:
    from statistics import NormalDist

    return tuple(NormalDist().inv_cdf(p) for p in GRID)


def own_spread_factor(changes: Array, trend: Trend) -> Array:
    """Return how much a municipality swings against the panel, drawn towards 1.

    Args:
        changes: `[.., year]`, past one-year errors or changes around the common ones,
            NaN where missing.
        trend: whose own spread one year ahead is the panel's.

    Source:
        Scaled inverse chi-square with PRIOR_YEARS years of prior; each change is
        capped at three spreads, so that one odd year does not widen all to come.
    """
    base = trend.own_spread[0]
    if base <= 0.0:
        return np.ones(np.shape(changes)[:-1])
    known = np.isfinite(changes)
    scaled = np.clip(np.where(known, changes, 0.0) / base, -3.0, 3.0)
    squares = np.where(known, scaled**2, 0.0).sum(axis=-1)
    count = known.sum(axis=-1)
    return np.asarray(np.sqrt((PRIOR_YEARS + squares) / (PRIOR_YEARS + count)), float)


def forecast_series(
    values: Array,
    horizon: int,
    draws: int,
    method: str | None = None,
    *,
    series: str = "",
    seed: int = 0,
    name: str = "",
    peers: Array | None = None,
) -> Array:
    """Return draws of a yearly series, `[year, draw]`, in the unit of the values.

    Args:
        values: `[year]`, oldest first, NaN where missing; the last is known. At least
            three known years.
        horizon: years ahead.
        draws: how many; the same seed, series and name give the same numbers, and
            series of the same id share the years' common shocks.
        method: one of METHODS; None takes the best of the backtest (of those that need
            no peers, if there are none), or `no_change` for a series never tested.
        series: the indicator's id in `domain/defaults/trends.toml`; errors of an
            unknown one are judged from its own past changes alone.
        seed: of the study.
        name: what tells this series from others of the same id: the municipality.
        peers: `[year]`, the mean of the municipalities compared with (panel_ar1).

    Raises:
        ValueError: too few known years, the last one missing, a method that is
            unknown or needs peers, or values not above 0 on a logarithmic scale.

    Source:
        docs/method/trends.md; method and errors from docs/backtest.md.
    """
    x = filled(np.asarray(values, float))
    known = np.isfinite(x)
    if x.ndim != 1 or known.sum() < 3 or not known[-1]:
        message = "a trend needs three known years, the last one among them"
        raise ValueError(message)
    trend = find_trend(series, method, peers=peers is not None)
    if trend is None:
        trend = _own_trend(x[known], series, method or SIMPLEST)
    if trend.scale == "log":
        if (x[known] <= 0.0).any() or (peers is not None and (peers <= 0).any()):
            message = f"{series}: values above 0 are needed"
            raise ValueError(message)
        x = np.log(x)
        peers = None if peers is None else np.log(peers)
    middle = point_forecast(x, horizon, trend, peers)
    changes = np.diff(x[known.argmax() :])
    factor = float(own_spread_factor(changes - np.median(changes), trend))
    key = f"trend/{series}"
    errors = error_draws(
        trend,
        normals(seed, f"{key}/common", horizon, draws),
        normals(seed, f"{key}/{name}", horizon, draws),
        factor,
    )
    out = middle[:, None] + errors
    return np.asarray(np.exp(out) if trend.scale == "log" else out, float)


def chosen_method(series: str, *, peers: bool = False) -> str:
    """Return the method that `forecast_series` uses where none is asked for.

    Source:
        docs/backtest.md; method page docs/method/trends.md.

    Example:
        >>> chosen_method("real_tax_base")
        'no_change'
    """
    trend = find_trend(series, peers=peers)
    return SIMPLEST if trend is None else trend.method


def find_trend(
    series: str, method: str | None = None, *, peers: bool = False
) -> Trend | None:
    """Return a calibrated method of a series; None if the series was never tested.

    Args:
        series: the indicator's id.
        method: one of METHODS; None takes the best.
        peers: whether the peers' mean is known, which panel_ar1 needs.

    Raises:
        ValueError: the method is unknown.

    Source:
        `domain/defaults/trends.toml`.
    """
    if method is not None and method not in METHODS:
        message = f"{method!r} is none of {', '.join(METHODS)}"
        raise ValueError(message)
    rows = default_trends().get(series, ())
    for row in rows:
        if row.method == method or (
            method is None and (peers or row.method != "panel_ar1")
        ):
            return row
    return None


def _own_trend(known: Array, series: str, method: str) -> Trend:
    """A trend whose errors are the series' own past changes, flagged as assumed."""
    changes = np.diff(known)
    return Trend(
        series=series,
        method=method,
        scale="level",
        common_spread=(float(changes.std(ddof=1)),),
        own_spread=(0.0,),
        years=int(changes.size),
    )
