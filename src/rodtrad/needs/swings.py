"""How far may the number of inhabitants be from the path that the plan counts with?

`population_swings` gives the random paths of the population forecast as the economy
takes them: the whole municipality, year by year, against the expected path. The past is
known, so nothing swings up to the base year. Leaves out ages and areas (gap), and what
fewer people do to the economy (capacity.uncertainty).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from rodtrad.needs.gap import planned_housing, table_rates
from rodtrad.needs.people import WHOLE, People, read_people
from rodtrad.needs.population import forecast_population
from rodtrad.needs.population_errors import draw_shocks, nation_shock

if TYPE_CHECKING:
    from rodtrad.domain.arrays import Array
    from rodtrad.domain.components import Tables

# So many paths are drawn person by person. Beyond them what is large is still drawn anew
# for every draw (how wrong forecasts have been, and the nation's growth); only the
# chance of single births, deaths, moves and dwellings is taken from the paths again.
MOST_PATHS: Final = 2000


def population_swings(tables: Tables, draws: int, seed: int) -> Array | None:
    """Return the logarithm of the number of inhabitants against the expected path.

    Args:
        tables: the underlag, with its base year and plan years.
        draws: how many; the first of many are those of few.
        seed: of the random numbers.

    Returns:
        `[year, draw]` over the plan's years, each draw with errors of its own; None
        where the tables have no count of people by age up to the base year.

    Raises:
        ValueError: fewer than one draw.

    Source:
        docs/method/population.md; METHODS 4.
    """
    people = read_people(tables)
    base, last = tables.settings["base_year"], tables.settings["plan_end"]
    if people is None or None in (base, last) or people.base_year > base:
        return None
    one = _as_one(people)
    if one.persons.sum() <= 0:
        return None
    span = last - one.base_year
    rates = table_rates(tables, one)
    housing = planned_housing(tables, one)
    expected = forecast_population(one, rates, span, {}, housing=housing).total
    paths = min(max(draws, 2), MOST_PATHS)
    drawn = forecast_population(
        one, rates, span, {}, draws=paths, seed=seed, housing=housing
    ).total
    # Somebody always lives there: the logarithm needs it.
    level = np.log(np.maximum(drawn, 1.0) / np.maximum(expected, 1.0))
    level = _more(level, one, span, draws, seed)
    known = base - one.base_year
    if known > 0:
        level = level[known:] - level[known - 1]
    return level


def nation_swings(tables: Tables, draws: int, seed: int) -> Array | None:
    """Return the part of `population_swings` that is the nation's error, for an sd of one.

    Args:
        tables: the underlag, with its base year and plan years.
        draws: how many, the same as those of `population_swings`.
        seed: of the random numbers, the same.

    Returns:
        `[year, draw]`: times how much larger the sd of the nation's yearly growth is
        made, it is what is added to the swings. None where there is no forecast.

    Source:
        docs/method/population.md.
    """
    people = read_people(tables)
    base, last = tables.settings["base_year"], tables.settings["plan_end"]
    if people is None or None in (base, last) or people.base_year > base:
        return None
    shock = nation_shock(people, last - people.base_year, range(draws), seed)
    known = base - people.base_year
    return shock[known:] - shock[known - 1] if known > 0 else shock


def _more(level: Array, one: People, span: int, draws: int, seed: int) -> Array:
    """As many draws as asked: paths used again, each with errors of its own.

    A path's total errs as its shock says and by what is left, the small numbers. Shocks
    and small numbers are independent, so any two of them make a path.
    """
    paths = level.shape[1]
    if draws <= paths:
        return level[:, :draws]
    errors = draw_shocks(one, span, range(draws), seed).total
    small = level - errors[:, :paths]
    result: Array = errors + small[:, np.arange(draws) % paths]
    result[:, :paths] = level
    return result


def _as_one(people: People) -> People:
    """The same people without areas."""
    moved = people.moved
    if moved is not None:
        moved = (
            moved[0].sum(axis=0, keepdims=True),
            moved[1].sum(axis=0, keepdims=True),
        )
    return replace(
        people,
        areas=(WHOLE,),
        persons=people.persons.sum(axis=0, keepdims=True),
        moved=moved,
    )
