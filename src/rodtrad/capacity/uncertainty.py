"""In how many ways can the years go? Joint draws of the economy.

`draw_economy` gives a case whose drivers are `[year, draw]`: the table `years` is the
middle, and around it swing tax base, costs, prices, interest and population together.
Leaves out what becomes of the projects (uncertainty_projects), what the draws amount to
(probability) and what the years would be if one thing went wrong (stress).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from rodtrad.domain.draws import autoregression, normals, stream
from rodtrad.domain.economy import EconomyParameters, build_parameters

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from rodtrad.domain.arrays import Array, Case

# What can swing, each by itself: freezing one leaves the others as they were.
GROUPS: Final = (
    "tax_base",
    "cost",
    "prices",
    "construction",
    "interest",
    "population",
    "project_cost",
    "project_delay",
)


def _ramp(parameters: EconomyParameters, years: int) -> Array:
    """Return how much of the swings counts in each year, `[year, 1]`.

    The path of the first years is a forecast of them; a swing there is only what the
    forecast misses.
    """
    first = parameters["first_year_shock_share"]
    full = max(parameters["full_shock_years"], 1.0)
    t = np.arange(years, dtype=np.float64)
    share = 1.0 if full <= 1 else np.minimum(t / (full - 1), 1.0)
    return np.asarray((first + (1.0 - first) * share) * np.ones(years))[:, None]


@dataclass(frozen=True)
class Swings:
    """How far each driver is from its path, `[year, draw]` over the plan's years.

    `revenue`, `cost`, `prices`, `construction` and `population` are logarithms of the
    level against the path; `interest` is percentage points as a share.
    """

    revenue: Array
    cost: Array
    prices: Array
    construction: Array
    interest: Array
    population: Array


def draw_swings(
    years: int,
    draws: int,
    seed: int,
    parameters: EconomyParameters,
    frozen: Collection[str] = (),
    population: Array | None = None,
    fixed_share: Array | None = None,
) -> Swings:
    """Return the joint swings of the economy.

    A year on record is drawn for each year, and gives revenue and cost together. Costs
    then follow: a share of what is out of step is put right, as municipalities do.

    Args:
        years: of the plan.
        draws: how many.
        seed: of the study.
        parameters: from `domain.draws.build_parameters`.
        frozen: groups of `GROUPS` that do not swing.
        population: `[year, draw]`, logarithm of the level against the path, from a
            population forecast; None draws it from the parameters.
        fixed_share: `[year]`, the share of the loans of the base year whose rate is
            still fixed; None lets them fall due evenly.

    Raises:
        ValueError: an unknown group, or a population of another shape.

    Source:
        METHODS 5; method page docs/method/uncertainty.md.
    """
    if unknown := sorted(set(frozen) - set(GROUPS)):
        msg = f"unknown groups {unknown}"
        raise ValueError(msg)
    zero = np.zeros((years, draws))
    p = parameters

    def shocks(name: str) -> Array:
        return normals(seed, name, years, draws)

    revenue = cost = zero
    if not {"tax_base", "cost"} <= set(frozen):
        ramp = _ramp(p, years)
        blocks = np.array(p.blocks)
        block = stream(seed, "block").integers(len(blocks), size=(draws, years)).T
        if "tax_base" not in frozen:
            own = p["local_pass_share"] * p["local_tax_base_sd_share"]
            local = shocks("local_tax_base")
            revenue = ramp * (blocks[:, 0][block] + own * local)
        if "cost" not in frozen:
            own = p["local_cost_sd_share"]
            cost = ramp * (blocks[:, 1][block] + own * shocks("local_cost"))
    people = zero
    if "population" not in frozen:
        if population is not None:
            if population.shape != zero.shape:
                msg = "the population does not have the plan's years and draws"
                raise ValueError(msg)
            people = population
        else:
            drift = p["population_drift_sd_share"] * normals(
                seed, "population_drift", 1, draws
            )
            noise = p["population_noise_sd_share"] * shocks("population_noise")
            people = np.cumsum(drift + noise, axis=0)
    prices = zero
    price_shocks = shocks("prices")
    if "prices" not in frozen:
        growth = autoregression(
            p["price_sd_share"] * price_shocks, p["price_persistence"]
        )
        prices = np.cumsum(growth, axis=0)
    construction = zero
    if "construction" not in frozen:
        growth = autoregression(
            p["construction_sd_share"] * shocks("construction"),
            p["construction_persistence"],
        )
        construction = np.cumsum(growth, axis=0)
    interest = zero
    if "interest" not in frozen:
        r = p["interest_price_correlation"]
        mixed = r * price_shocks + np.sqrt(1 - r**2) * shocks("interest")
        market = autoregression(
            p["interest_sd_share"] * mixed, p["interest_persistence"]
        )
        interest = average_rate(
            market, 1.0 / max(p["interest_fixing_years"], 1.0), fixed_share
        )
    level = np.cumsum(revenue, axis=0)
    return Swings(
        revenue=level,
        cost=following_costs(cost, level, people, p["cost_reaction_share"]),
        prices=prices,
        construction=construction,
        interest=interest,
        population=people,
    )


def average_rate(
    market: Array, renewed_share: float, fixed_share: Array | None = None
) -> Array:
    """Return how far the average rate of the loans is from its path, `[year, draw]`.

    What falls due in a year takes the rate of the market: of loans that have been
    renewed already a share each year, of those of the base year as their fixing ends.

    Args:
        market: `[year, draw]`, how far the market's rate is from its path.
        renewed_share: of renewed loans, each year.
        fixed_share: `[year]`, as in `draw_swings`.

    Source:
        Method page docs/method/uncertainty.md.

    Example:
        >>> rate = np.full((3, 1), 0.02)
        >>> average_rate(rate, 0.5, np.array([1.0, 0.4, 0.0]))[:, 0].round(4)
        array([0.   , 0.012, 0.02 ])
    """
    years = len(market)
    even = (1.0 - renewed_share) ** np.arange(1, years + 1)
    still = (even if fixed_share is None else fixed_share).tolist()
    out = np.empty_like(market)
    level = np.zeros(market.shape[1:])
    fixed_before = 1.0
    for t, rate in enumerate(market):
        fixed = min(still[t], fixed_before)
        due = (1.0 - fixed_before) * renewed_share + fixed_before - fixed
        level = (1.0 - renewed_share) * level + due * rate
        out[t] = level
        fixed_before = fixed
    return out


def fixed_shares(case: Case) -> Array | None:
    """Return the share of the loans whose rate is fixed through each year, `[year]`.

    From table `loans`; None where it is empty. A loan without a year is not fixed.

    Source:
        Table `loans` of the underlag.
    """
    rows = [
        (row["amount"] or 0.0, row["fixed_until"] or 0)
        for row in case.tables["loans"].records()
    ]
    total = sum(amount for amount, _until in rows)
    if total <= 0:
        return None
    still = [
        sum(amount for amount, until in rows if until > year) for year in case.years
    ]
    return np.array(still, dtype=np.float64) / total


def following_costs(
    shocks: Array, revenue: Array, people: Array, share: float
) -> Array:
    """Return the level of costs when a share of what is out of step is put right.

    Of a change in the number of inhabitants the same year, of any other gap between
    revenue and costs the year after.

    Args:
        shocks: `[year, draw]`, how much costs rise by themselves.
        revenue: `[year, draw]`, level of revenue per inhabitant.
        people: `[year, draw]`, level of the number of inhabitants.
        share: of the gap that is put right each year.

    Returns:
        `[year, draw]`. All are logarithms against the path.

    Source:
        Method page docs/method/uncertainty.md.
    """
    moved = np.diff(people, axis=0, prepend=0.0)
    out = np.empty_like(shocks)
    level = np.zeros(shocks.shape[1:])
    gap = np.zeros(shocks.shape[1:])
    for t, shock in enumerate(shocks):
        level = level + share * (gap + moved[t]) + shock
        gap = revenue[t] + people[t] - level
        out[t] = level
    return out


def apply_swings(case: Case, swings: Swings) -> Case:
    """Return the case with its drivers swinging, `[1 + years, draw]`.

    Figures given for plan years (a decided budget) swing with the drivers they would
    have followed: a budget is a forecast too. Interest does not swing below zero
    unless its path does.

    Source:
        DESIGN 4, Appendix A1; method page docs/method/uncertainty.md.
    """

    def grown(path: Array, level: Array) -> Array:
        """Growth whose index is the path's times the exponential of the level."""
        change = np.diff(level, axis=0, prepend=0.0)
        growth = np.empty((len(path), level.shape[1]))
        growth[:1] = path[:1]
        growth[1:] = (1.0 + path[1:]) * np.exp(change) - 1.0
        # Adding and taking away one costs the last digits where nothing swings.
        return np.where(np.vstack([np.zeros_like(change[:1]), change]), growth, path)

    tax_base = swings.revenue + swings.prices
    cost = swings.cost + swings.prices
    path = case.interest_rate
    rate = np.empty((len(path), swings.interest.shape[1]))
    rate[:1] = path[:1]
    rate[1:] = np.maximum(path[1:] + swings.interest, np.minimum(path[1:], 0.0))
    people = np.empty(rate.shape)
    people[:1] = case.population[:1]
    people[1:] = case.population[1:] * np.exp(swings.population)
    with_people = tax_base + swings.population
    level = {"ri": cost, "rk": cost, "rs": with_people, "rg": with_people}
    given = {
        line: {
            year: amount * np.exp(level[line][year - case.plan_start])
            if line in level and year >= case.plan_start
            else amount
            for year, amount in values.items()
        }
        for line, values in case.given.items()
    }
    return replace(
        case,
        population=people,
        tax_base_growth=grown(case.tax_base_growth, tax_base),
        cost_growth=grown(case.cost_growth, cost),
        construction_growth=grown(
            case.construction_growth, swings.construction + swings.prices
        ),
        interest_rate=rate,
        # Where a year is given, it is given draw by draw; the lines take either.
        given=cast("Mapping[str, Mapping[int, float]]", given),
    )


def draw_economy(
    case: Case,
    draws: int,
    seed: int,
    parameters: EconomyParameters | None = None,
    frozen: Collection[str] = (),
    population: Array | None = None,
) -> Case:
    """Return the case with drivers `[1 + years, draw]`, drawn jointly.

    As `draw_swings` and `apply_swings`; None takes the case's own parameters.

    Source:
        METHODS 5; method page docs/method/uncertainty.md.
    """
    if parameters is None:
        parameters = build_parameters(case.tables)
    swings = draw_swings(
        len(case.years),
        draws,
        seed,
        parameters,
        frozen,
        population,
        fixed_shares(case),
    )
    return apply_swings(case, swings)


def slice_draws(case: Case, first: int, last: int) -> Case:
    """Return some of the draws of a drawn case, from `first` up to `last`."""

    def part(values: Any) -> Any:
        if isinstance(values, np.ndarray) and values.shape[-1] > 1:
            return values[..., first:last]
        return values

    given = {
        line: {year: part(amount) for year, amount in values.items()}
        for line, values in case.given.items()
    }
    drivers = (
        "population",
        "tax_base_growth",
        "cost_growth",
        "construction_growth",
        "interest_rate",
    )
    return replace(
        case,
        given=cast("Mapping[str, Mapping[int, float]]", given),
        **{name: part(getattr(case, name)) for name in drivers},
    )
