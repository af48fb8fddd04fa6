"""How many people of each age live in each area, year by year, and how sure is that?

Cohort-component projection by single year of age, sex and area: births, deaths, moves
out as rates and moves in as numbers, planned housing. One draw is the expected path;
several are random paths with the events of small numbers, the wandering of births and
deaths, and the errors that past forecasts have had. Areas are raked to the whole.

Leaves out the counts (people), the rates (population_rates), how wrong forecasts have
been (population_errors) and what people need (places). A population
array is `[area, sex, age]` inside; results are `[area, group, year, draw]`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from rodtrad.needs.people import People, share_of
from rodtrad.needs.population_errors import (
    Shocks,
    draw_shocks,
    known_births,
    named_random,
)
from rodtrad.needs.population_rates import (
    AGES,
    Rates,
    births_levels,
    death_rates,
    defaults,
    fertility_factor,
    fertility_levels,
    fertility_rates,
    hamilton_perry,
    local_rates,
    national_net_migration,
    national_people,
    out_rates,
    rake,
    total_fertility,
    weight_of,
    year_survival,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.domain.arrays import Array

# Draws come in blocks with a stream each, so that the same draw is the same however
# many there are and whoever computes them.
BLOCK: Final = 64


@dataclass(frozen=True)
class Housing:
    """Planned dwellings of one kind in one area.

    Attributes:
        housing_id: names its random numbers: what else is planned does not change them.
        area: index of the area; None shares the people out as people live now.
        year: the year they are meant to be moved into.
        persons: `[sex, age]`, the people who then live there.
        new_share: the share of them who would not otherwise have lived in the place.
        delay_years: mean delay; the delay of a path is geometric with that mean.
        built_share: chance that they are built at all.
    """

    housing_id: str
    area: int | None
    year: int
    persons: Array
    new_share: float = 0.5
    delay_years: float = 1.0
    built_share: float = 0.8


@dataclass(frozen=True)
class PopulationForecast:
    """Persons by area, group, year and draw, with births.

    Attributes:
        areas: ids.
        groups: names of the weights that were summed.
        years: calendar years, 31 December, from the year after the count.
        persons: `[area, group, year, draw]`.
        births: `[area, year, draw]`.
        total: `[year, draw]`, all inhabitants.
        base: `[area, group]`, the same sums of the count itself.
        base_year: the year of the count.
    """

    areas: tuple[str, ...]
    groups: tuple[str, ...]
    years: tuple[int, ...]
    persons: Array
    births: Array
    total: Array
    base: Array
    base_year: int


# ---------------------------------------------------------------- one year


def step(
    persons: Array,
    rates: Rates,
    year: int,
    *,
    fertility_scale: Array | float = 1.0,
    death_scale: Array | float = 1.0,
    extra_in: Array | float = 0.0,
    births: Array | float | None = None,
    random: np.random.Generator | None = None,
) -> tuple[Array, Array]:
    """Return the population a year later, and the births of the year.

    Args:
        persons: `[sex, age, draw]` on 31 December of the year before.
        rates: of the area.
        year: the year that passes; mortality improves up to it.
        fertility_scale: factor on fertility, scalar or `[draw]`.
        death_scale: factor on death rates, scalar or `[draw]`.
        extra_in: persons who move in beyond the rates, `[sex, age, draw]`; negative:
            who move out. Ages on 31 December of the year before.
        births: where they are known, scalar or `[draw]`; the rates are then not used.
        random: None gives expected numbers; otherwise whole persons, with deaths and
            moves out binomial, births and moves in Poisson.

    Returns:
        `[sex, age, draw]` and `[draw]`.

    Source:
        Cohort-component method, METHODS 4. docs/method/population.md.
    """
    fall = (1.0 - rates.improvement_share) ** (year - rates.first_year)
    death = np.minimum(rates.death[..., None] * fall * death_scale, 1.0)
    kept = np.moveaxis(year_survival(np.moveaxis(death, 1, -1)), -1, 1)
    moved_in = rates.moved_in[..., None] + extra_in
    # Fewer in than nobody is more who leave.
    lacking = np.maximum(-moved_in, 0.0)
    moved_in = np.maximum(moved_in, 0.0)
    leave = rates.out[..., None] + np.divide(
        lacking,
        persons,
        out=np.zeros(np.broadcast(lacking, persons).shape),
        where=persons > 0,
    )
    stay = kept * (1.0 - np.minimum(leave, 1.0))
    if random is None:
        remain = persons * stay
        arrive = np.broadcast_to(moved_in, persons.shape)
    else:
        # Drawn with the draw first: the first draws are then the same however many.
        remain = _binomial(random, persons, stay)
        arrive = _poisson(random, np.broadcast_to(moved_in, persons.shape))
    grown = np.zeros_like(persons)
    moved = remain + arrive
    grown[:, 1:] = moved[:, :-1]
    grown[:, -1] += moved[:, -1]
    women = 0.5 * (persons[0] + grown[0])
    expected = (rates.fertility @ women) * fertility_scale
    if births is not None:
        born = np.broadcast_to(np.asarray(births, dtype=float), expected.shape)
    else:
        born = expected if random is None else _poisson(random, expected)
    boys_share = defaults("fertility")["shape"]["boys_share"]
    alive = 1.0 - 0.5 * death[:, 0]
    boys = born * boys_share
    if random is not None:
        boys = random.binomial(born.astype(np.int64), boys_share).astype(float)
    # Newborn move with their parents only from the next year on.
    grown[0, 0] = (born - boys) * alive[0]
    grown[1, 0] = boys * alive[1]
    if random is not None:
        grown[:, 0] = np.rint(grown[:, 0])
    return grown, born


def _binomial(random: np.random.Generator, n: Array, p: Array) -> Array:
    last_first = np.moveaxis(n, -1, 0).astype(np.int64)
    share = np.moveaxis(np.broadcast_to(p, n.shape), -1, 0)
    drawn = random.binomial(last_first, np.clip(share, 0.0, 1.0))
    return np.moveaxis(drawn, 0, -1).astype(float)


def _poisson(random: np.random.Generator, mean: Array) -> Array:
    drawn = random.poisson(np.moveaxis(mean, -1, 0))
    return np.moveaxis(drawn, 0, -1).astype(float)


# ---------------------------------------------------------------- the projection


def forecast_population(
    people: People,
    rates: Rates,
    years: int,
    groups: Mapping[str, Array],
    *,
    draws: int = 1,
    seed: int = 0,
    housing: Sequence[Housing] = (),
) -> PopulationForecast:
    """Return the people of every area and group, year by year.

    Args:
        people: the count.
        rates: of the whole; each area gets its own share of them (`area_rates`).
        years: number of years.
        groups: weights `[age]` by name; a group may be an age group or a service's
            attendance by age.
        draws: 1 gives the expected path; more give random paths. Draw number i is the
            same whatever the number of draws.
        seed: of the random numbers.
        housing: planned dwellings beyond what past migration holds.

    Raises:
        ValueError: years or draws below 1.

    Source:
        docs/method/population.md.
    """
    if years < 1 or draws < 1:
        raise ValueError("years and draws must be at least 1")
    weights = np.array(list(groups.values())).reshape(len(groups), AGES)
    correction, births_scale, known = _raking(people, rates, housing, years)
    parts = area_rates(people, rates)
    shape = (len(people.areas), len(groups), years, draws)
    persons = np.empty(shape)
    births = np.empty((len(people.areas), years, draws))
    total = np.zeros((years, draws))
    for first in range(0, draws, BLOCK):
        # A whole block is drawn also where only its first draws are asked for.
        block = range(first, first + (BLOCK if draws > 1 else 1))
        chosen = slice(first, min(first + BLOCK, draws))
        asked = chosen.stop - first
        if draws == 1:
            shocks = _no_shocks(people, years)
        else:
            shocks = draw_shocks(people, years, block, seed)
        settled = _settled(people, housing, years, block, seed, random=draws > 1)
        given = known[..., None]
        if draws > 1:
            given = _drawn_births(people, known, block, seed)
        for i, area in enumerate(people.areas):
            random = (
                None
                if draws == 1
                else named_random(seed, "events", area, first // BLOCK)
            )
            now = np.repeat(people.persons[i][..., None], len(block), axis=-1)
            if random is not None:
                now = np.rint(now)
            movers = _movers(people.persons[i])
            moves = _lasting_moves(
                shocks.total + shocks.by_area[i], movers, parts[i], people.base_year
            )
            for t in range(years):
                grown = now.sum(axis=(0, 1)) * np.expm1(moves[t])
                extra = (
                    movers[..., None] * grown
                    + correction[i, :, :, t, None]
                    + settled[i, :, :, t]
                )
                now, born = step(
                    now,
                    parts[i],
                    people.base_year + t + 1,
                    fertility_scale=shocks.fertility[t] * births_scale[t],
                    death_scale=shocks.death[t],
                    extra_in=extra,
                    births=given[i, t] if np.isfinite(known[i, t]) else None,
                    random=random,
                )
                by_age = now.sum(axis=0)[:, :asked]
                persons[i, :, t, chosen] = np.tensordot(weights, by_age, 1)
                births[i, t, chosen] = born[:asked]
                total[t, chosen] += by_age.sum(axis=0)
    base = np.einsum("asx,gx->ag", people.persons, weights)
    names = tuple(range(people.base_year + 1, people.base_year + years + 1))
    return PopulationForecast(
        people.areas,
        tuple(groups),
        names,
        persons,
        births,
        total,
        base,
        people.base_year,
    )


def _drawn_births(people: People, known: Array, block: range, seed: int) -> Array:
    """Known births of every path, `[area, year, draw]`, whole persons; NaN elsewhere.

    Those of the whole and of given areas are the same on every path. Which of the other
    areas the rest are born in is drawn.
    """
    given = np.repeat(known[..., None], len(block), axis=-1)
    if len(people.areas) == 1:
        return np.rint(given)
    for t in np.flatnonzero(np.isfinite(known).all(axis=0)):
        year = people.base_year + 1 + int(t)
        fixed = np.array([(year, area) in people.births for area in people.areas])
        given[fixed, t] = np.rint(given[fixed, t])
        rest = known[~fixed, t]
        if rest.sum() > 0:
            random = named_random(seed, "births", year, block.start // BLOCK)
            share = rest / rest.sum()
            number = round(float(rest.sum()))
            given[~fixed, t] = random.multinomial(number, share, len(block)).T
    return given


def _no_shocks(people: People, years: int) -> Shocks:
    one, none = np.ones((years, 1)), np.zeros((years, 1))
    return Shocks(none, np.zeros((len(people.areas), years, 1)), one, one)


def _movers(persons: Array) -> Array:
    """By whom the number of inhabitants errs: those who move, `[sex, age]`, sum 1."""
    moving = _movers_of(persons)
    if moving.sum() <= 0:
        moving = out_rates() * national_people()
    result: Array = moving / moving.sum()
    return result


def _lasting_moves(errors: Array, movers: Array, rates: Rates, base_year: int) -> Array:
    """Moves of each year for the total to err as told, log share, `[year, draw]`.

    Those who moved in move on, die and have children at the area's rates. What is left
    of them after so many years is projected once, and each year's moves are what the
    error asks for beyond what is left of earlier ones.
    """
    years = errors.shape[0]
    left = np.ones(years)
    alone = Rates(
        rates.fertility,
        rates.death,
        rates.out,
        np.zeros_like(rates.moved_in),
        rates.improvement_share,
        rates.first_year,
    )
    now = movers[..., None]
    for t in range(1, years):
        now = step(now, alone, base_year + t + 1)[0]
        left[t] = float(now.sum())
    moves = np.zeros_like(errors)
    for t in range(years):
        moves[t] = errors[t] - np.tensordot(left[t:0:-1], moves[:t], 1)
    return moves


def area_rates(people: People, whole: Rates) -> list[Rates]:
    """Return each area's rates: its own, shrunk to the whole's and raked to its moves.

    Fertility follows the area's children against its women, the less the fewer they
    are. Moves in are the whole's, shared out by age and area (iterative fitting): an
    area's total is drawn from its share of the inhabitants, its profile from its people.
    Where flows by area are known, as many move out as are told, by ages drawn to the
    whole's the more the fewer live there, and as many move in. An area without inhabitants gets none: nobody is told to move there but by housing.

    Source:
        METHODS 4 (empirical Bayes, raking). docs/method/population.md.
    """
    if len(people.areas) == 1:
        return [whole]
    everyone = people.persons.sum(axis=0)
    k = defaults("migration")["shrinkage"]["persons_of_area"]
    leaving = whole.out * people.persons
    out = [whole.out] * len(people.areas)
    known = None
    if people.moved is not None and len(people.moved[0]) == len(people.areas):
        known = people.moved[0]
        out = [
            _out_of_area(persons, gone, whole.out, k)
            for persons, gone in zip(people.persons, people.moved[1], strict=True)
        ]
    # Without flows by area an area is expected to be moved to as it is left.
    start = []
    for i in range(len(people.areas)):
        own = people.persons[i]
        n = float(own.sum())
        weight = weight_of(n, k)
        profile = share_of(leaving[i]) * weight + share_of(whole.moved_in) * (
            1.0 - weight
        )
        start.append((profile * n).ravel())
        if known is not None:
            total = float(known[i].sum())
            start[-1] = (profile * (1.0 - weight) + share_of(known[i]) * weight).ravel()
            start[-1] = start[-1] * total
    rows = (leaving if known is None else known).sum(axis=(1, 2))
    rows = rows * whole.moved_in.sum() / max(float(rows.sum()), 1e-12)
    raked = rake(np.array(start), rows, whole.moved_in.ravel())
    result = []
    for i in range(len(people.areas)):
        factor = fertility_factor(people.persons[i], everyone)
        result.append(
            Rates(
                whole.fertility * factor,
                whole.death,
                out[i],
                raked[i].reshape(whole.moved_in.shape),
                whole.improvement_share,
                whole.first_year,
            )
        )
    return result


def _out_of_area(persons: Array, gone: Array, whole: Array, k: float) -> Array:
    """Share who move out of an area, `[sex, age]`; its sum of persons is that known."""
    own = np.divide(gone, persons, out=whole.copy(), where=persons > 0)
    weight = weight_of(float(persons.sum()), k)
    rates = weight * own + (1.0 - weight) * whole
    leaving = float((rates * persons).sum())
    if leaving > 0:
        rates = rates * (float(gone.sum()) / leaving)
    result: Array = np.clip(rates, 0.0, 0.9)
    return result


def _young_moves(persons: Array, rates: Rates) -> Array:
    """Moves that keep the share of young for the first years, `[sex, age, year]`.

    Young move in and older move out, or the reverse, by the ages that move: nobody is
    added. The years are those in which no change foresaw the share better than this
    model does.

    Source:
        `domain/defaults/migration.toml`, `[young]`; docs/backtest.md, Population.
    """
    table = defaults("migration")["young"]
    last = int(table["last_age"])
    result = np.zeros((2, AGES, int(table["years"])))
    if persons.sum() <= 0:
        return result
    share = float(persons[:, : last + 1].sum() / persons.sum())
    now = persons
    for t in range(result.shape[-1]):
        year = rates.first_year + t + 1
        movers = _movers(now)
        # Who is `last` at the end of the year was a year younger at its start.
        exchange = movers.copy()
        exchange[:, :last] /= max(float(movers[:, :last].sum()), 1e-12)
        exchange[:, last:] /= -max(float(movers[:, last:].sum()), 1e-12)
        for _round in range(4):
            after, _births = _stepped(now, rates, year, result[..., t])
            lacking = share * float(after.sum()) - float(after[:, : last + 1].sum())
            result[..., t] += exchange * lacking
        now, _births = _stepped(now, rates, year, result[..., t])
    return result


def _raking(
    people: People, rates: Rates, housing: Sequence[Housing], years: int
) -> tuple[Array, Array, Array]:
    """What must move in or out to meet the totals, `[area, sex, age, year]`.

    All is projected as expected. The share of young stays where `young_moves` says so.
    The whole is held to the totals of `control`; planned
    housing is then inside them. Each year the areas are scaled to the whole's persons by
    sex and age. Both changes are told as moves, so that random paths get them too; for
    the newborn, who do not move, as a factor on the areas' fertility, `[year]`: with
    what is known of the level after the count. Last come known births, `[area, year]`,
    NaN where they are not known; those of the whole are shared out as expected.
    """
    result = np.zeros((len(people.areas), 2, AGES, years))
    born = known_births(people, years)
    known = np.repeat(born[None], len(people.areas), axis=0)
    young = np.zeros((2, AGES, years))
    if rates.young_moves is not None:
        first = min(years, rates.young_moves.shape[-1])
        young[..., :first] = rates.young_moves[..., :first]
    settled = _settled(people, housing, years, range(1), 0, random=False)
    fertility = _birth_factors(people, rates, young, settled, born)
    if len(people.areas) == 1 and not people.control and not young.any():
        return result, fertility, known
    parts = area_rates(people, rates)
    whole = people.persons.sum(axis=0)
    now = list(people.persons)
    for t in range(years):
        year = people.base_year + t + 1
        moving = settled[..., t, 0] + np.zeros_like(people.persons)
        moved = moving.sum(axis=0) + young[..., t]
        births = float(born[t]) if np.isfinite(born[t]) else None
        level = float(fertility[t])
        total = people.control.get(year)
        held = _held(whole, rates, year, moved, total, level, births)
        held = held + young[..., t]
        whole = _stepped(whole, rates, year, moving.sum(axis=0) + held, level, births)[
            0
        ]
        leaving = np.array([_movers_of(persons) for persons in now])
        shares = leaving / np.maximum(leaving.sum(axis=0), 1e-12)
        passed = [
            _stepped(p, r, year, moving[i] + held * shares[i], level)
            for i, (p, r) in enumerate(zip(now, parts, strict=True))
        ]
        grown = [persons for persons, _births in passed]
        summed = np.sum(grown, axis=0)
        scale = np.divide(whole, summed, out=np.ones_like(whole), where=summed > 0)
        newborn = float(summed[:, 0].sum())
        if newborn > 0:
            fertility[t] *= float(whole[:, 0].sum()) / newborn
        if births is not None:
            expected = np.array([one for _persons, one in passed])
            known[:, t] = _shared_births(people, year, births, expected)
        for i, persons in enumerate(grown):
            change = persons * (scale - 1.0)
            # A person aged x at the end of the year was x - 1 at its start.
            result[i, :, :, t] = held * shares[i]
            result[i, :, :-1, t] += change[:, 1:]
            now[i] = persons * scale
            if births:
                now[i][:, 0] = whole[:, 0] * (known[i, t] / births)
    return result, fertility, known


def _birth_factors(
    people: People, rates: Rates, young: Array, settled: Array, born: Array
) -> Array:
    """Factor on fertility by year: the nation's level, and what known births tell."""
    years = len(born)
    level = fertility_levels(people.base_year, years, rates.levels_known)
    if not np.isfinite(born).any():
        return level
    whole = people.persons.sum(axis=0)
    expected = np.empty(years)
    for t in range(years):
        year = people.base_year + t + 1
        moved = (settled[..., t, 0] + np.zeros_like(people.persons)).sum(axis=0)
        moved = moved + young[..., t]
        total = people.control.get(year)
        held = _held(whole, rates, year, moved, total, float(level[t]))
        moved = moved + held
        whole, expected[t] = _stepped(whole, rates, year, moved, float(level[t]))
    result: Array = level * births_levels(expected, born)
    return result


def _shared_births(people: People, year: int, births: float, expected: Array) -> Array:
    """The year's births by area: those given, and the rest as expected, `[area]`."""
    given = np.array([people.births.get((year, a), np.nan) for a in people.areas])
    free = ~np.isfinite(given)
    rest = births - float(given[~free].sum())
    if free.any():
        share = share_of(expected[free])
        given[free] = rest * (
            share if share.any() else np.ones(free.sum()) / free.sum()
        )
    return given


def _stepped(
    persons: Array,
    rates: Rates,
    year: int,
    extra: Array,
    level: float = 1.0,
    births: float | None = None,
) -> tuple[Array, float]:
    """The expected population a year later, `[sex, age]`, and births."""
    grown, born = step(
        persons[..., None],
        rates,
        year,
        fertility_scale=level,
        extra_in=extra[..., None],
        births=births,
    )
    return grown[..., 0], float(born[0])


def _held(
    persons: Array,
    rates: Rates,
    year: int,
    moving: Array,
    total: float | None,
    level: float = 1.0,
    births: float | None = None,
) -> Array:
    """Moves that bring the year's total to the one wanted, `[sex, age]`."""
    held = np.zeros_like(persons)
    if total is None or persons.sum() <= 0:
        return held
    movers = _movers(persons)
    # Some of those who move have children or leave at once: a few rounds settle it.
    for _round in range(4):
        after, _births = _stepped(persons, rates, year, moving + held, level, births)
        lacking = total - float(after.sum())
        held = held + movers * lacking
    return held


def _movers_of(persons: Array) -> Array:
    moving = out_rates() * persons
    result: Array = moving
    return result


def _settled(
    people: People,
    housing: Sequence[Housing],
    years: int,
    block: range,
    seed: int,
    *,
    random: bool,
) -> Array:
    """Persons moving into new dwellings, `[area, sex, age, year, draw]`.

    Expected: the persons times the chance that they are built, delayed by the mean
    delay, whole years. Random: built or not, and a geometric delay, one draw a project.
    """
    n = len(block)
    if not housing:
        return np.zeros((len(people.areas), 1, 1, years, 1))
    result = np.zeros((len(people.areas), 2, AGES, years, n))
    lives = people.persons.sum(axis=(1, 2))
    lives = (lives / max(float(lives.sum()), 1e-12))[:, None, None]
    for plan in housing:
        if random:
            source = named_random(seed, "housing", plan.housing_id)
            uniform = source.random((block.stop, 2))[block.start :]
            built = uniform[:, 0] < plan.built_share
            # Geometric from 0 with the wanted mean.
            chance = 1.0 / (1.0 + plan.delay_years)
            delay = (
                np.floor(np.log1p(-uniform[:, 1]) / np.log1p(-chance)).astype(int)
                if plan.delay_years > 0
                else np.zeros(n, int)
            )
            amount = built.astype(float)
        else:
            delay = np.full(n, round(plan.delay_years))
            amount = np.full(n, plan.built_share)
        when = plan.year + delay - people.base_year - 1
        moving = plan.new_share * plan.persons * lives
        if plan.area is not None:
            # Everyone is new in the area; those not new in the place leave the others.
            moving = (plan.new_share - 1.0) * plan.persons * lives
            moving[plan.area] += plan.persons
        for d in range(n):
            if 0 <= when[d] < years:
                result[..., when[d], d] += amount[d] * moving
    return result


# ---------------------------------------------------------------- from the tables


def base_rates(
    people: People,
    *,
    children_per_woman: float | None = None,
    out_level: float | None = None,
    net_migration: float | None = None,
) -> Rates:
    """Return the rates of the whole from its counts.

    Where the flows are given they are used as they are. Without them, with two counts
    by age the net migration is read from them (Hamilton-Perry), with its total drawn
    to what past totals foretell; with one it follows from the built-in profile and the
    pattern of the ages, and the share of young is held for the first years, because no
    change has foreseen it better than that profile.

    Args:
        people: the counts.
        children_per_woman: the nation's level, kept in all years; None takes the
            built-in of the year, and after it what is known in the year one stands in.
        out_level: share who move out a year; None takes the built-in.
        net_migration: persons a year; None foretells it from past totals.
    """
    persons = people.persons.sum(axis=0)
    reference = nation_at(people.base_year)
    alone = people.earlier is None and people.moved is None
    if alone:
        # Told by the built-in rates, so that an assumption of one's own shows in full.
        plain = local_rates(
            persons, people.base_year, people.totals, reference=reference
        )
        young = _young_moves(persons, plain)
    rates = local_rates(
        persons,
        people.base_year,
        people.totals,
        reference=reference,
        children_per_woman=children_per_woman,
        out_level=out_level,
        net_total=net_migration,
        moved=None
        if people.moved is None
        else (people.moved[0].sum(axis=0), people.moved[1].sum(axis=0)),
    )
    if children_per_woman is None:
        rates = replace(rates, levels_known=people.stand_year)
    if alone:
        return replace(rates, young_moves=young)
    if people.earlier is None or people.moved is not None:
        return rates
    year, earlier = people.earlier
    seen = hamilton_perry(
        earlier, persons, people.base_year - year, death_rates(people.base_year)
    )
    wanted = float((rates.moved_in - rates.out * persons).sum())
    leaving = rates.out * persons
    # The ages from what was seen, the level from the longer record of totals.
    rest = (wanted - float(seen.sum())) * share_of(leaving)
    found = local_rates(
        persons,
        people.base_year,
        people.totals,
        reference=reference,
        net=seen + rest,
        children_per_woman=children_per_woman,
        out_level=out_level,
    )
    return replace(found, levels_known=rates.levels_known)


def nation_at(year: int) -> Array:
    """Return the nation's age structure in a year, `[sex, age]`.

    The counted structure moved forward (or, before it, as it is) with built-in rates.
    """
    counted = int(defaults("migration")["people_year"])
    persons = national_people()
    for passing in range(counted + 1, year + 1):
        leaving = out_rates() * persons
        level = national_net_migration(passing, year)
        rates = Rates(
            fertility_rates(total_fertility(passing, year)),
            death_rates(passing),
            out_rates(),
            leaving * (1.0 + level * persons.sum() / leaving.sum()),
            0.0,
            passing,
        )
        persons = step(persons[..., None], rates, passing)[0][..., 0]
    return persons
