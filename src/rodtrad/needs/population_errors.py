"""How wrong may a population forecast be? The shocks of random paths.

Errors of past forecasts by horizon and size, the nation's error, and the wandering of
births and deaths, one stream a name. Leaves out the events of small numbers, which are
drawn with the projection (population).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.domain.draws import stream
from rodtrad.needs.people import WHOLE
from rodtrad.needs.population_rates import births_weight, defaults, latest_births

if TYPE_CHECKING:
    from rodtrad.domain.arrays import Array
    from rodtrad.needs.people import People


def named_random(seed: int, *names: object) -> np.random.Generator:
    """Return the stream of one named quantity of the population."""
    return stream(seed, "/".join(["population", *(str(name) for name in names)]))


def error_scale(inhabitants: float, horizon_years: Array) -> Array:
    """Return the size of past forecast errors, log share, by horizon `[year]`.

    The part that comes from the events of small numbers (about 0.13 moves, births and
    deaths an inhabitant and year) is taken out: it is drawn by itself.

    Source:
        `domain/defaults/migration.toml`, `[error]`; rolling origins 1999-2013.
    """
    table = defaults("migration")["error"]
    size = max(inhabitants, 200.0)
    scale = (
        table["at_six_years_share"]
        * (size / table["typical_inhabitants"]) ** table["size_power"]
        * (horizon_years / 6.0) ** table["horizon_power"]
    )
    events = 0.13 * horizon_years / size
    result: Array = np.sqrt(np.maximum(scale**2 - events, 0.25 * scale**2))
    return result


def error_quantile(uniform: Array) -> Array:
    """Return the standardised past error at a probability (inverse distribution).

    Beyond the outermost quantiles the slope between the last two continues, so that a
    path may be worse than what has been seen.

    Source:
        `domain/defaults/migration.toml`, `[error]`.
    """
    table = defaults("migration")["error"]
    at, value = np.array(table["at"]), np.array(table["quantiles"])
    inside = np.interp(uniform, at, value)
    # On the scale of a normal, so that the tails are as long as a normal's.
    low = (value[1] - value[0]) / (normal_quantile(at[1]) - normal_quantile(at[0]))
    high = (value[-1] - value[-2]) / (normal_quantile(at[-1]) - normal_quantile(at[-2]))
    below = value[0] + low * (
        normal_quantile(np.minimum(uniform, at[0])) - normal_quantile(at[0])
    )
    above = value[-1] + high * (
        normal_quantile(np.maximum(uniform, at[-1])) - normal_quantile(at[-1])
    )
    result: Array = np.where(
        uniform < at[0], below, np.where(uniform > at[-1], above, inside)
    )
    return result


def normal_quantile(p: Array | float) -> Array:
    """Return the normal's inverse distribution, to 5e-4.

    Source:
        Abramowitz and Stegun 26.2.23.

    Example:
        >>> normal_quantile(np.array([0.1, 0.9, 0.975])).round(2).tolist()
        [-1.28, 1.28, 1.96]
    """
    q = np.asarray(np.clip(p, 1e-9, 1 - 1e-9))
    t = np.sqrt(-2.0 * np.log(np.minimum(q, 1 - q)))
    top = 2.515517 + 0.802853 * t + 0.010328 * t**2
    bottom = 1 + 1.432788 * t + 0.189269 * t**2 + 0.001308 * t**3
    size = t - top / bottom
    result: Array = np.where(q < 0.5, -size, size)
    return result


@dataclass(frozen=True)
class Shocks:
    """What differs between paths, `[year, draw]`; zeros and ones in the expected path.

    `total` is the log error of the whole's inhabitants, `by_area` `[area, year, draw]`
    an area's own, `fertility` and `death` factors on the rates.
    """

    total: Array
    by_area: Array
    fertility: Array
    death: Array


def draw_shocks(people: People, years: int, draws: range, seed: int) -> Shocks:
    """Return the shocks of some of the draws, by number.

    One uniform number a path and place puts its error at the same place among past
    errors at every horizon: a forecast that is high one year is high the next. The
    nation's error is common to all, births and deaths wander by themselves.

    Source:
        METHODS 4 (ii); docs/method/population.md.
    """
    horizon = _horizon(people, years)
    chosen = slice(draws.start, draws.stop)
    n = draws.stop
    nation = defaults("migration")["nation"]["growth_error_share"]
    even = _even_points(seed, n)[:, chosen]
    total = nation * nation_shock(people, years, draws, seed)
    own = error_quantile(even[1])
    size = float(people.persons.sum())
    total = total + error_scale(size, horizon)[:, None] * own
    by_area = np.zeros((len(people.areas), years, len(draws)))
    if len(people.areas) > 1:
        shares = people.persons.sum(axis=(1, 2)) / max(size, 1.0)
        for i, area in enumerate(people.areas):
            inhabitants = float(people.persons[i].sum())
            wide = error_scale(inhabitants, horizon)
            # What an area errs beyond the whole's own error.
            beyond = np.sqrt(np.maximum(wide**2 - error_scale(size, horizon) ** 2, 0.0))
            z = error_quantile(named_random(seed, "area", area).random(n)[chosen])
            by_area[i] = beyond[:, None] * z
        by_area -= np.einsum("a,ayd->yd", shares, by_area)
    table = defaults("fertility")["uncertainty"]
    level = _wandering(
        named_random(seed, "fertility").standard_normal((n, years))[chosen],
        table["innovation_share"],
        table["momentum_share"],
        table["reversion_share"],
    )
    born = known_births(people, years)
    if np.isfinite(born).any():
        level = _held_where_known(level, born)
        # So few births that the level they tell of is itself a matter of chance.
        counted = max(float(born[latest_births(born)].sum()), 1.0)
        chance = named_random(seed, "births level").standard_normal(n)[chosen]
        after = np.where(np.cumsum(np.isfinite(born)[::-1])[::-1] > 0, 0.0, 1.0)
        weight = after * births_weight(born)
        level = level + weight[:, None] * chance / np.sqrt(counted)
    fertility = np.exp(level)
    spread = defaults("mortality")["uncertainty"]["innovation_share"]
    death = np.exp(
        _wandering(
            named_random(seed, "death").standard_normal((n, years))[chosen],
            spread,
            0.0,
            0.1,
        )
    )
    return Shocks(total, by_area, fertility, death)


def nation_shock(people: People, years: int, draws: range, seed: int) -> Array:
    """Return the nation's error for an sd of one in its yearly growth, `[year, draw]`.

    An error in yearly growth that lasts: it grows as the horizon does.
    """
    even = _even_points(seed, draws.stop)[0, draws.start :]
    shock: Array = _horizon(people, years)[:, None] * normal_quantile(even)
    return shock


def _horizon(people: People, years: int) -> Array:
    """Return how many years each year lies beyond what is known, `[year]`."""
    known = (people.known_year or people.base_year) - people.base_year
    beyond: Array = np.maximum(np.arange(1, years + 1, dtype=float) - known, 0.0)
    return beyond


def known_births(people: People, years: int) -> Array:
    """Return the known births of the whole after the count, `[year]`; NaN elsewhere."""
    first = people.base_year + 1
    return np.array(
        [people.births.get((y, WHOLE), np.nan) for y in range(first, first + years)]
    )


def _held_where_known(level: Array, born: Array) -> Array:
    """The wandering of a level that is known in some years: nothing there, free after."""
    known = np.flatnonzero(np.isfinite(born))
    at = np.concatenate([[-1], known])
    value = np.concatenate([np.zeros((1, level.shape[1])), level[known]])
    year = np.arange(level.shape[0])
    after = np.clip(np.searchsorted(at, year, side="left"), 1, len(at) - 1)
    before = after - 1
    share = np.clip((year - at[before]) / (at[after] - at[before]), 0.0, 1.0)[:, None]
    result: Array = level - (value[before] * (1.0 - share) + value[after] * share)
    return result


def _even_points(seed: int, n: int) -> Array:
    """Points that fill the unit square evenly from the first on, `[2, draw]`.

    The two largest sources of error are drawn so, with a random start: quantiles then
    need fewer draws. Steps are powers of the plastic number (Roberts 2018).
    """
    plastic = 1.324717957244746
    steps = np.array([1.0 / plastic, 1.0 / plastic**2])
    start = named_random(seed, "whole").random(2)
    result: Array = (start[:, None] + steps[:, None] * np.arange(n)) % 1.0
    return result


def _wandering(z: Array, innovation: float, momentum: float, reversion: float) -> Array:
    """A level whose changes have momentum and that is drawn back to 0, `[year, draw]`."""
    level = np.zeros(z.shape[0])
    change = np.zeros(z.shape[0])
    path = np.empty((z.shape[1], z.shape[0]))
    for t in range(z.shape[1]):
        change = momentum * change + innovation * z[:, t]
        level = (1.0 - reversion) * level + change
        path[t] = level
    return path
