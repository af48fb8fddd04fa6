"""At what rates do people give birth, die and move? Built-in rates and local ones.

The built-in fertility, mortality and migration lie in `domain/defaults` with source,
range and quality; a municipality's own counts bend them, the less the fewer the people.
Leaves out the projection itself (population) and how many places people need (places).

Arrays are `[sex, age]` with women first and age 0..100, where 100 means 100 and older.
Rates are per year.
"""

from __future__ import annotations

import itertools
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import rodtrad.domain as domain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rodtrad.domain.arrays import Array

AGES: Final = 101
SEXES: Final = ("k", "m")
FIRST_BIRTH_AGE: Final = 15
LAST_BIRTH_AGE: Final = 49
# No death rate below this share of its level in the table, however long the horizon.
LEAST_MORTALITY_SHARE: Final = 0.3


@cache
def defaults(name: str) -> Mapping[str, Any]:
    """Return a file of built-in rates: `fertility`, `mortality`, `migration`, `services`.

    Every file has `source`, `date`, `sample` and `quality`.

    Source:
        `domain/defaults/<name>.toml`.
    """
    path = Path(domain.__path__[0]) / "defaults" / f"{name}.toml"
    found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return found


def total_fertility(year: int, known_year: int | None = None) -> float:
    """Return the children per woman of a year, as known in `known_year`.

    Years between two known ones are interpolated; after the last known its level
    holds, and before the first on record that one's.

    Args:
        year: the year asked for.
        known_year: the year that one stands in; None takes `year` itself.

    Source:
        `domain/defaults/fertility.toml`.
    """
    known = year if known_year is None else known_year
    return _by_year(defaults("fertility")["total_fertility"], year, known)


def fertility_levels(first_year: int, years: int, known_year: int | None) -> Array:
    """Return the nation's fertility after a year against that of the year, `[year]`.

    Args:
        first_year: the year of the count.
        years: how many years after it.
        known_year: the year that one stands in; None gives ones.

    Source:
        `domain/defaults/fertility.toml`, `[total_fertility]`.
    """
    if known_year is None or known_year <= first_year:
        return np.ones(years)
    first = total_fertility(first_year)
    after = range(first_year + 1, first_year + years + 1)
    return np.array([total_fertility(year, known_year) / first for year in after])


def births_levels(expected: Array, known: Array) -> Array:
    """Return births against those expected, by year, as known births tell, `[year]`.

    1 at the count; as known in the years that are; a straight line between. After the
    last one, births of the latest years against those expected, back to 1 in a straight
    line.

    Args:
        expected: births at the built-in path, `[year]`.
        known: births, `[year]`, NaN where they are not known.

    Source:
        `domain/defaults/fertility.toml`, `[births]`, assumed. docs/method/population.md.
    """
    at = np.flatnonzero(np.isfinite(known) & (expected > 0))
    levels = np.ones(len(expected))
    if not len(at):
        return levels
    year = np.arange(len(expected))
    points = np.concatenate([[-1], at])
    factors = np.concatenate([[1.0], known[at] / expected[at]])
    last = int(at[-1])
    levels[: last + 1] = np.interp(year[: last + 1], points, factors)
    latest = latest_births(known)
    level = float(known[latest].sum() / expected[latest].sum())
    levels[last + 1 :] = 1.0 + (level - 1.0) * births_weight(known)[last + 1 :]
    return levels


def latest_births(known: Array) -> list[int]:
    """Return the years whose known births set the level that follows, as places."""
    at = np.flatnonzero(np.isfinite(known))
    span = int(defaults("fertility")["births"]["level_years"])
    return [int(t) for t in at if t > at[-1] - span]


def births_weight(known: Array) -> Array:
    """Return how much of the latest known level is left in each year, `[year]`.

    Example:
        >>> births_weight(np.array([90.0, np.nan, np.nan])).round(6).tolist()
        [1.0, 0.9, 0.8]
    """
    at = np.flatnonzero(np.isfinite(known))
    if not len(at):
        return np.zeros(len(known))
    back = defaults("fertility")["births"]["back_years"]
    since = np.arange(len(known)) - at[-1]
    result: Array = np.clip(1.0 - since / back, 0.0, 1.0)
    return result


def fertility_rates(children_per_woman: float) -> Array:
    """Return births a woman and year, `[age]`; the sum is `children_per_woman`.

    Source:
        Shape: `domain/defaults/fertility.toml`. Method page: docs/method/population.md.

    Example:
        >>> round(float(fertility_rates(1.7).sum()), 6)
        1.7
    """
    shape = defaults("fertility")["shape"]
    age = np.arange(AGES) + 0.5
    rates = np.exp(
        -0.5 * ((age - shape["mean_age_years"]) / shape["sd_age_years"]) ** 2
    )
    rates[:FIRST_BIRTH_AGE] = 0.0
    rates[LAST_BIRTH_AGE + 1 :] = 0.0
    result: Array = rates * (children_per_woman / rates.sum())
    return result


def curve_year(year: int) -> int:
    """Return the year of the mortality curve that one standing in `year` knows."""
    years = sorted(int(key) for key in defaults("mortality") if key.isdecimal())
    known = [y for y in years if y <= year]
    return known[-1] if known else years[0]


@cache
def _curves(year: int) -> Array:
    table = defaults("mortality")[str(year)]
    age = np.arange(AGES + 1, dtype=float)
    rows = []
    for sex in SEXES:
        curve = table[sex]
        summed = curve["constant"] * age + np.exp(
            curve["slope"] * (age - curve["modal_age_years"])
        )
        rates = 1.0 - np.exp(-np.diff(summed))
        rates[0] = curve["infant_share"]
        rows.append(np.minimum(rates, 1.0))
    return np.array(rows)


def death_rates(year: int) -> Array:
    """Return the share who die between two birthdays in a year, `[sex, age]`.

    The latest curves known in the year, lowered by the yearly improvement since.

    Source:
        `domain/defaults/mortality.toml`. Method page: docs/method/population.md.
    """
    known = curve_year(year)
    fall = 1.0 - defaults("mortality")["uncertainty"]["yearly_improvement_share"]
    level = min(max(fall ** (year - known), LEAST_MORTALITY_SHARE), 2.0)
    result: Array = np.minimum(_curves(known) * level, 1.0)
    return result


def life_expectancy_years(death: Array, age: int = 0) -> float:
    """Return the years left at an age for one sex, from death rates `[age]`.

    Who lives to the last, open age is given one year over its death rate.

    Source:
        The usual life table, deaths in mid-year.
    """
    alive = np.concatenate([[1.0], np.cumprod(1.0 - death[age:])])
    last = alive[-2] / max(float(death[-1]), 1e-9)
    return float(alive[:-2].sum() - 0.5 + last)


def year_survival(death: Array) -> Array:
    """Return the share still alive a year later, `[sex, age]`, by age on 31 December.

    A person aged x on that day is half a year past a birthday, so half of the year is
    lived at the rate of age x and half at that of x + 1.
    """
    later = np.concatenate([death[..., 1:], death[..., -1:]], axis=-1)
    result: Array = np.sqrt((1.0 - death) * (1.0 - later))
    return result


# ---------------------------------------------------------------- migration


def out_rates(level: float | None = None) -> Array:
    """Return the share who move out of the municipality in a year, `[sex, age]`.

    A Rogers-Castro curve: small children with their parents, a peak in the twenties,
    then a fall to a low constant. `level` is the share of all inhabitants of the
    nation's age structure who move out; None gives the built-in one.

    Source:
        `domain/defaults/migration.toml`, `[out]`.
    """
    curve = defaults("migration")["out"]
    age = np.arange(AGES) + 0.5
    past = age - curve["peak_from_years"]
    rates = (
        curve["child"] * np.exp(-curve["child_fall"] * age)
        + curve["labour"]
        * np.exp(-curve["labour_fall"] * past - np.exp(-curve["labour_rise"] * past))
        + curve["constant"]
    )
    people = national_people().sum(axis=0)
    wanted = curve["level_share"] if level is None else level
    rates = rates * (wanted * people.sum() / (rates * people).sum())
    result: Array = np.minimum(np.broadcast_to(rates, (2, AGES)), 0.9).copy()
    return result


def national_people() -> Array:
    """Return the age structure that local ones are compared with, `[sex, age]`.

    Persons on 31 December of the table's year, summed over the municipalities of the
    sample: shares matter, not the level.

    Source:
        `domain/defaults/migration.toml`, `[people]`.
    """
    people = defaults("migration")["people"]
    return np.array([people[sex] for sex in SEXES], dtype=float)


@dataclass(frozen=True)
class Rates:
    """What moves a population from one 31 December to the next.

    Attributes:
        fertility: births a woman, `[age]`.
        death: share who die, `[sex, age]`.
        out: share who move out, `[sex, age]`.
        moved_in: persons who move in a year, `[sex, age]`.
        improvement_share: death rates fall by this each year.
        first_year: the year whose rates these are; later years follow from it.
        levels_known: the year up to which the nation's level of fertility is known,
            where it changes the births after the count; None keeps that of the count.
        young_moves: persons who move in (negative: out) beyond the rates in the first
            years for the share of young to stay, `[sex, age, year]`; None without.
    """

    fertility: Array
    death: Array
    out: Array
    moved_in: Array
    improvement_share: float
    first_year: int
    young_moves: Array | None = None
    levels_known: int | None = None


def weight_of(n: float, k: float) -> float:
    """Return the weight of a local value against the whole: n / (n + k).

    Source:
        Empirical Bayes with a known ratio of variances. docs/method/population.md.

    Example:
        >>> weight_of(100, 300)
        0.25
    """
    return n / (n + k) if n > 0 else 0.0


def fertility_factor(persons: Array, reference: Array) -> float:
    """Return how many more children a woman has here than in the reference population.

    Children aged 0-2 against those the women would have at the built-in rates, in both
    populations, so that the level of the built-in rates cancels. Shrunk towards 1.

    Args:
        persons: `[sex, age]`.
        reference: `[sex, age]`, the whole that this is compared with.
    """
    here, expected = _children(persons)
    there, expected_there = _children(reference)
    if expected <= 0.0 or there <= 0.0 or expected_there <= 0.0:
        return 1.0
    ratio = (here / expected) / (there / expected_there)
    weight = weight_of(expected, defaults("fertility")["shrinkage"]["children"])
    return 1.0 + weight * (min(max(ratio, 0.5), 2.0) - 1.0)


def _children(persons: Array) -> tuple[float, float]:
    """Children 0-2, and those expected from the women who are now 0-2 years older."""
    rates = fertility_rates(1.0)
    women = persons[0]
    expected = sum(float(rates[: AGES - k] @ women[k:]) for k in range(3))
    return float(persons[:, :3].sum()), expected


def natural_rate(persons: Array, fertility: Array, death: Array) -> float:
    """Return births minus deaths in a year per inhabitant.

    Args:
        persons: `[sex, age]`.
        fertility: `[age]`.
        death: `[sex, age]`.
    """
    total = float(persons.sum())
    if total <= 0.0:
        return 0.0
    births = float(fertility @ persons[0])
    return (births - float((death * persons).sum())) / total


def national_growth(first_year: int, last_year: int) -> float:
    """Return the nation's mean yearly log growth between two 31 Decembers on record.

    Source:
        `domain/defaults/migration.toml`, `[nation.persons]` (SCB).
    """
    table = defaults("migration")["nation"]["persons"]
    years = sorted(int(y) for y in table)
    logs = np.log([table[str(y)] for y in years])
    # Outside the record the growth of its nearest ten years holds.
    early = (logs[10] - logs[0]) / 10
    late = (logs[-1] - logs[-11]) / 10

    def level(year: int) -> float:
        if year < years[0]:
            return float(logs[0] - early * (years[0] - year))
        if year > years[-1]:
            return float(logs[-1] + late * (year - years[-1]))
        return float(np.interp(year, years, logs))

    return (level(last_year) - level(first_year)) / (last_year - first_year)


def past_growth(totals: Mapping[int, float], base_year: int) -> float | None:
    """Return past yearly growth beyond the nation's, newer years weighing more.

    Args:
        totals: inhabitants on 31 December by year; years after `base_year` are not used.
        base_year: the year that one stands in.

    Returns:
        Mean yearly log growth minus the nation's, weights halved every `half_life_years`;
        None with fewer than two years.

    Source:
        `domain/defaults/migration.toml`, `[level]`. docs/method/population.md.
    """
    half = defaults("migration")["level"]["half_life_years"]
    years = sorted(y for y, n in totals.items() if y <= base_year and n > 0)
    weighed = weights = 0.0
    for first, last in itertools.pairwise(years):
        span = last - first
        growth = float(np.log(totals[last] / totals[first])) / span
        weight = span * 0.5 ** ((base_year - (first + last) / 2) / half)
        weighed += weight * (growth - national_growth(first, last))
        weights += weight
    return weighed / weights if weights > 0 else None


def net_migration_rate(
    totals: Mapping[int, float], natural: float, base_year: int
) -> float:
    """Return the net migration to expect, persons a year per inhabitant.

    The nation's level, plus what this place has had beyond the nation so far, drawn
    towards the mean as past forecasts teach.

    Args:
        totals: inhabitants by year, as far back as they are known.
        natural: births minus deaths per inhabitant at the base year.
        base_year: the year that one stands in.

    Source:
        `domain/defaults/migration.toml`, `[level]`, fitted on years before 2020.
    """
    table = defaults("migration")
    level = table["level"]
    past = past_growth(totals, base_year)
    beyond = 0.0 if past is None else past - natural + table["nation"]["natural_share"]
    return float(
        national_net_migration(base_year)
        + level["offset_share"]
        + level["persistence"] * beyond
    )


def national_net_migration(year: int, known_year: int | None = None) -> float:
    """Return the nation's net migration of a year to expect, per inhabitant.

    As it was assumed by those who stood in `known_year`, see `total_fertility`.

    Args:
        year: the year asked for.
        known_year: the year that one stands in; None takes `year` itself.

    Source:
        `domain/defaults/migration.toml`, `[nation.net_migration_share]`.
    """
    table = defaults("migration")["nation"]["net_migration_share"]
    return _by_year(table, year, year if known_year is None else known_year)


def _by_year(table: Mapping[str, float], year: int, known_year: int) -> float:
    """The table's value of a year, without what came after `known_year`."""
    years = sorted(int(y) for y in table)
    years = [y for y in years if y <= known_year] or years[:1]
    return float(np.interp(year, years, [table[str(y)] for y in years]))


def move_pattern(persons: Array, reference: Array) -> Array:
    """Return the net moves in and out by age that a single count lets one see, `[age]`.

    Where the young leave to study, those aged 25 are few against those aged 18, and
    year after year. So the step from one age to the next, against the same step in the
    reference population, is read as net migration at ages 16-39. It sums to no net
    migration at all: the level comes from elsewhere.

    Args:
        persons: `[sex, age]`.
        reference: `[sex, age]`, of the same year.

    Returns:
        Persons a year, `[age]`, sum 0.
    """
    first, last, half = 16, 40, 2
    here, there = persons.sum(axis=0), reference.sum(axis=0)
    pattern = np.zeros(AGES)
    k = defaults("migration")["shrinkage"]["persons_a_year"]
    for age in range(first, last):
        low, high = (
            slice(age - half, age + half + 1),
            slice(age - half + 1, age + half + 2),
        )
        if min(here[low].sum(), here[high].sum(), there[low].sum()) <= 0:
            continue
        step = np.log(here[high].sum() / here[low].sum())
        step -= np.log(there[high].sum() / there[low].sum())
        weight = weight_of(float(here[low].mean()), k)
        pattern[age] = weight * float(np.clip(step, -0.25, 0.25)) * here[age]
    # The share that leaves is replaced by nobody in particular: spread the difference
    # over the ages that move, so that only the pattern is left.
    spread = out_rates()[0] * here
    if spread.sum() > 0:
        pattern -= pattern.sum() * spread / spread.sum()
    return pattern


def hamilton_perry(earlier: Array, later: Array, gap_years: int, death: Array) -> Array:
    """Return net migration by age from two counts, persons a year, `[sex, age]`.

    The cohort change ratio later[x+gap] / earlier[x] is capped and mixed half and half
    with the difference later[x+gap] - earlier[x], because the plain ratio lets growing
    cohorts explode; what survival does not explain is migration. Where the earlier
    cohort is empty only the difference is used. Ages are those at the start of the year.

    Args:
        earlier: `[sex, age]`.
        later: `[sex, age]`, `gap_years` after.
        gap_years: 1 or more.
        death: `[sex, age]`.

    Raises:
        ValueError: no gap.

    Source:
        METHODS 4 (Hamilton-Perry with caps and a mix of ratio and difference).
    """
    if gap_years < 1:
        raise ValueError("the second count must be later than the first")
    cap = defaults("migration")["hamilton_perry"]
    kept = year_survival(death)
    net = np.zeros((2, AGES))
    passed = np.zeros(AGES)
    for age in range(AGES - gap_years - 1):
        path = np.prod([kept[:, age + i] for i in range(gap_years)], axis=0)
        stay = earlier[:, age] * path
        difference = later[:, age + gap_years] - stay
        ratio = np.divide(
            later[:, age + gap_years], stay, out=np.ones(2), where=stay > 0
        )
        ratio = np.clip(
            ratio ** (1 / gap_years), 1 - cap["most_share"], 1 + cap["most_share"]
        )
        by_ratio = (ratio - 1.0) * later[:, age + gap_years]
        by_difference = difference / gap_years
        mixed = np.where(stay > 0, 0.5 * by_ratio + 0.5 * by_difference, by_difference)
        # Several cohorts passed each age in the gap: their mean is its migration.
        net[:, age : age + gap_years] += mixed[:, None]
        passed[age : age + gap_years] += 1
    result: Array = net / np.maximum(passed, 1)
    return result


def local_rates(
    persons: Array,
    base_year: int,
    totals: Mapping[int, float],
    *,
    reference: Array | None = None,
    children_per_woman: float | None = None,
    out_level: float | None = None,
    net: Array | None = None,
    net_total: float | None = None,
    moved: tuple[Array, Array] | None = None,
) -> Rates:
    """Return the rates of a municipality from its own counts and the built-in ones.

    Args:
        persons: `[sex, age]` on 31 December of the base year.
        base_year: the year that one stands in.
        totals: inhabitants by earlier year, for the level of net migration.
        reference: the nation's `[sex, age]` in the base year; None takes the built-in.
        children_per_woman: the nation's level; None takes the built-in of that year.
        out_level: share who move out a year; None takes the built-in.
        net: net migration by age where it is known, persons a year, `[sex, age]`.
        net_total: all of it, persons a year; None foretells it from past totals. Not
            used with `net`.
        moved: persons a year who move in and out, each `[sex, age]`, where the flows
            are known; they replace `net` and the curve.

    Source:
        docs/method/population.md.
    """
    nation = national_people() if reference is None else reference
    level = (
        total_fertility(base_year) if children_per_woman is None else children_per_woman
    )
    fertility = fertility_rates(level * fertility_factor(persons, nation))
    death = death_rates(base_year)
    out = out_rates(out_level)
    improvement = defaults("mortality")["uncertainty"]["yearly_improvement_share"]
    if moved is not None:
        known = np.divide(
            moved[1], persons, out=np.zeros_like(persons), where=persons > 0
        )
        return Rates(
            fertility, death, np.clip(known, 0.0, 0.9), moved[0], improvement, base_year
        )
    leaving = out * persons
    total = float(persons.sum())
    if net is None:
        natural = natural_rate(persons, fertility, death)
        wanted = net_total
        if wanted is None:
            known_totals = {**totals, base_year: total}
            wanted = total * net_migration_rate(known_totals, natural, base_year)
        pattern = move_pattern(persons, nation)
        by_sex = _sex_shares(persons)
        rest = wanted * leaving / leaving.sum() if leaving.sum() > 0 else 0.0 * leaving
        net = pattern * by_sex + rest
    # Where more leave than the curve tells, and nobody comes, the curve is too low.
    least = np.divide(-net, persons, out=np.zeros_like(persons), where=persons > 0)
    out = np.clip(np.maximum(out, least), 0.0, 0.9)
    moved_in = np.maximum(out * persons + net, 0.0)
    return Rates(fertility, death, out, moved_in, improvement, base_year)


def _sex_shares(persons: Array) -> Array:
    total = persons.sum(axis=0)
    shares: Array = np.divide(
        persons, total, out=np.full(persons.shape, 0.5), where=total > 0
    )
    return shares


def rake(table: Array, rows: Array, columns: Array, rounds: int = 50) -> Array:
    """Return the table scaled until its sums are those given (iterative fitting).

    Where a row or column of the table is empty but its sum is not, it is first filled
    evenly. The row sums are met at the last step, the column sums to within rounding
    after enough rounds; the two must have the same total.

    Args:
        table: `[row, column]`, not negative.
        rows: wanted sum of each row.
        columns: wanted sum of each column.
        rounds: at most so many.

    Source:
        Iterative proportional fitting (Deming and Stephan 1940).

    Example:
        >>> start, rows = np.array([[1.0, 1.0], [1.0, 3.0]]), np.array([3.0, 5.0])
        >>> rake(start, rows, np.array([4.0, 4.0])).round(3)
        array([[2., 1.],
               [2., 3.]])
    """
    fitted = np.array(table, dtype=float)
    fitted[(fitted.sum(axis=1) <= 0) & (rows > 0)] = 1.0
    fitted[:, (fitted.sum(axis=0) <= 0) & (columns > 0)] = 1.0
    for _round in range(rounds):
        sums = fitted.sum(axis=0)
        fitted *= np.divide(columns, sums, out=np.zeros_like(sums), where=sums > 0)
        sums = fitted.sum(axis=1)
        scale = np.divide(rows, sums, out=np.zeros_like(sums), where=sums > 0)
        fitted *= scale[:, None]
        if np.allclose(scale[sums > 0], 1.0, atol=1e-12):
            break
    return fitted
