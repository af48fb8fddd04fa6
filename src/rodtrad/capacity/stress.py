"""What if one thing goes wrong? Stress tests, and how much the assumptions matter.

Each stress test changes one driver of the whole plan and is told twice: as a
deterministic run beside the plan, and as the probabilities when everything else swings
as usual. No new decision is taken in answer to it. `assumption_range` moves each
assumed parameter to its limits. Leaves out combinations, and how likely a stress is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.capacity.probability import (
    BALANSKRAV,
    keep_requirement,
    make_draws,
    simulate_plan,
)
from rodtrad.domain.economy import default_parameters
from rodtrad.domain.words import (
    _,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rodtrad.capacity.evaluate import Evaluation
    from rodtrad.capacity.probability import Draws, Simulation
    from rodtrad.domain.arrays import Array, Case, Choice
    from rodtrad.domain.economy import EconomyParameters, Parameter

POPULATION_LOSS_SHARE: Final = 0.05
CONSTRUCTION_RISE_SHARE: Final = 0.30
RATE_RISES_SHARE: Final = (0.02, 0.03)
RANGE_DRAWS: Final = 1000


@dataclass(frozen=True)
class Stress:
    """One stress test. `change` takes a case of any number of draws to the stressed."""

    key: str
    label: str
    change: Callable[[Case], Case]


def build_stresses(
    case: Case, parameters: EconomyParameters | None = None
) -> tuple[Stress, ...]:
    """Return the stress tests of a municipality.

    Interest 2 and 3 percentage points higher every year; the first years' tax base as
    in the worst period on record; 5 % fewer inhabitants every year; building prices 30 %
    higher from the first year on.

    Args:
        case: deterministic; gives the path that the worst period is measured against.
        parameters: with the worst period; None is the built-in ones.

    Source:
        Method page docs/method/uncertainty.md.
    """
    known = default_parameters() if parameters is None else parameters
    found = [
        Stress(
            f"interest_{round(100 * rise)}",
            _("Räntan +{n} procentenheter").format(n=round(100 * rise)),
            _higher_interest(rise),
        )
        for rise in RATE_RISES_SHARE
    ]
    label = _("Skatteunderlaget som {period}, de sämsta åren i statistiken")
    return (
        *found,
        Stress(
            "tax_base_worst",
            label.format(period=known.worst_period),
            _worst_tax_base(case, known),
        ),
        Stress("population_5", _("5 procent färre invånare"), _fewer_people),
        Stress("construction_30", _("Byggpriserna +30 procent"), _dearer_building),
    )


def _higher_interest(rise: float) -> Callable[[Case], Case]:
    def change(case: Case) -> Case:
        rate = case.interest_rate.copy()
        rate[1:] += rise
        return replace(case, interest_rate=rate)

    return change


def _fewer_people(case: Case) -> Case:
    people = case.population.copy()
    people[1:] *= 1.0 - POPULATION_LOSS_SHARE
    left = np.full(len(case.years), 1.0 - POPULATION_LOSS_SHARE)
    return replace(case, population=people, given=_scaled_revenue(case, left))


def _dearer_building(case: Case) -> Case:
    growth = case.construction_growth.copy()
    growth[1] = (1.0 + growth[1]) * (1.0 + CONSTRUCTION_RISE_SHARE) - 1.0
    return replace(case, construction_growth=growth)


def _worst_tax_base(
    fixed: Case, parameters: EconomyParameters
) -> Callable[[Case], Case]:
    """The tax base grows as much more than costs as it did then; never more than planned."""
    years = min(parameters.worst_years, len(fixed.years))
    yearly = (1.0 + parameters.worst_growth_share) ** (1.0 / parameters.worst_years)
    path = 1.0 + fixed.tax_base_growth[1 : 1 + years, 0]
    wages = 1.0 + fixed.cost_growth[1 : 1 + years, 0]
    ratio: Array = np.ones(len(fixed.years))
    ratio[:years] = np.minimum(wages * yearly / path, 1.0)

    def change(case: Case) -> Case:
        growth = case.tax_base_growth.copy()
        growth[1:] = (1.0 + growth[1:]) * ratio[:, None] - 1.0
        left: Array = np.cumprod(ratio, dtype=np.float64)
        given = _scaled_revenue(case, left)
        return replace(case, tax_base_growth=growth, given=given)

    return change


def _scaled_revenue(case: Case, left: Array) -> Mapping[str, Mapping[int, float]]:
    """Return the given lines with taxes and grants of plan years scaled, by year."""
    given = {
        line: {
            year: amount * left[year - case.plan_start]
            if line in ("rs", "rg") and year >= case.plan_start
            else amount
            for year, amount in values.items()
        }
        for line, values in case.given.items()
    }
    return cast("Mapping[str, Mapping[int, float]]", given)


def stress_tests(
    draws: Draws, choices: Sequence[Choice], stresses: Sequence[Stress] | None = None
) -> list[dict[str, Any]]:
    """Return the stress tests of a plan, as `plan.json` holds them.

    Args:
        draws: of the municipality, the same as the plan's own probabilities rest on.
        choices: the plan.
        stresses: None is `build_stresses`.

    Returns:
        for each test `key, label`; `ar_change` and `loans_change` by year against the
        plan, tkr; `broken`: the goals, and `balanskrav`, that the plan keeps and the
        stressed one does not, with their years; and `probability` of every goal in all
        its years, beside that of the plan itself in `probability_before`.

    Source:
        Method page docs/method/uncertainty.md.
    """
    case = draws.fixed
    if stresses is None:
        stresses = build_stresses(case, draws.parameters)
    base = evaluate_plan(case, choices)
    before = simulate_plan(draws, choices, lines=(), indicators=())
    rows = []
    for stress in stresses:
        hit = evaluate_plan(stress.change(case), choices)
        after = simulate_plan(
            draws, choices, lines=(), indicators=(), change=stress.change
        )
        ar = hit.years.statement["ar"] - base.years.statement["ar"]
        loans = hit.years.balance["loans"] - base.years.balance["loans"]
        rows.append(
            {
                "key": stress.key,
                "label": stress.label,
                "ar_change": [float(v) for v in ar[:, 0]],
                "loans_change": [float(v) for v in loans[:, 0]],
                "broken": _newly_broken(case, base, hit),
                "probability": _all_years(after),
                "probability_before": _all_years(before),
            }
        )
    return rows


def _all_years(simulation: Simulation) -> dict[str, float | None]:
    return {key: simulation.probability_all_years(key) for key in simulation.met}


def _newly_broken(
    case: Case, base: Evaluation, hit: Evaluation
) -> dict[str, list[int]]:
    pairs = {
        one.goal.goal_id: (one.met[:, 0], other.met[:, 0])
        for one, other in zip(base.goals, hit.goals, strict=True)
    }
    pairs[BALANSKRAV] = (
        keep_requirement(case, base.balanskrav.rows)[:, 0],
        keep_requirement(case, hit.balanskrav.rows)[:, 0],
    )
    broken = {
        key: [int(y) for y in case.years[(before == 1.0) & (after == 0.0)]]
        for key, (before, after) in pairs.items()
    }
    return {key: years for key, years in broken.items() if years}


def assumption_range(
    draws: Draws,
    choices: Sequence[Choice],
    goal_id: str = BALANSKRAV,
    count: int = RANGE_DRAWS,
    population: Array | None = None,
    forecasts: Sequence[tuple[Parameter, Array, Array]] = (),
) -> list[dict[str, Any]]:
    """Return how far a probability moves when each assumption lies at its limits.

    Args:
        draws: give the case, the seed and the parameters.
        choices: the plan.
        goal_id: the goal, in all its years.
        count: draws for each run, at most those of `population`.
        population: as in `draw_swings`; its first draws are used.
        forecasts: what the population forecast assumes, each with the population at its
            low and at its high limit.

    Returns:
        for each assumed parameter `key, label, low, high` and the probabilities
        `at_low, at_value, at_high`; those that matter most first.

    Source:
        Method page docs/method/uncertainty.md.
    """
    keys = sorted({choice.project_id for choice in choices})
    if population is not None:
        population = population[:, :count]
        count = population.shape[1]

    def share(parameters: EconomyParameters, people: Array | None) -> float:
        drawn = make_draws(
            draws.fixed,
            count,
            draws.seed,
            project_ids=keys,
            parameters=parameters,
            population=people if people is None else people[:, :count],
        )
        found = simulate_plan(
            drawn, choices, lines=(), indicators=()
        ).probability_all_years(goal_id)
        return float("nan") if found is None else found

    own = draws.parameters
    middle = share(own, population)

    def row(p: Parameter, low: float, high: float) -> dict[str, Any]:
        limits = {
            "key": p.key,
            "label": p.label,
            "low": p.low,
            "high": p.high,
        }
        return {**limits, "at_low": low, "at_value": middle, "at_high": high}

    rows = [
        row(
            p,
            share(own.with_values(**{p.key: p.low}), population),
            share(own.with_values(**{p.key: p.high}), population),
        )
        for p in own.parameters.values()
        # A forecast of the population takes the place of these.
        if p.assumed and (population is None or p.rests_on != "population")
    ]
    rows += [row(p, share(own, low), share(own, high)) for p, low, high in forecasts]

    def moved(row: dict[str, Any]) -> float:
        return -abs(float(row["at_high"]) - float(row["at_low"]))

    return sorted(rows, key=lambda row: (moved(row), row["key"]))
