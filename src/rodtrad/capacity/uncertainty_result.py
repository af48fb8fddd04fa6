"""What stands in `plan.json` about uncertainty? Everything random, of one plan.

`study` writes these figures and `verify` writes them once more from the stored underlag
and choices; both call `uncertainty_result`, so they can only differ if something was
changed in between. Leaves out the plan with a certainty asked for (plan.risk).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.capacity.probability import (
    BALANSKRAV,
    fan_of,
    make_draws,
    probability_result,
    rank_drivers,
    simulate_plan,
)
from rodtrad.capacity.stress import assumption_range, stress_tests
from rodtrad.domain.economy import nation_parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.domain.arrays import Array, Case, Choice
    from rodtrad.domain.economy import Parameter

FANS: Final = ("ar", "bkr", "loans", "res_andel", "lan_inv", "nettolan", "sol")


def uncertainty_result(
    case: Case,
    choices: Sequence[Choice],
    count: int,
    seed: int,
    population: Array | None = None,
    nation: Array | None = None,
) -> dict[str, Any]:
    """Return every figure about uncertainty that the choices give.

    Args:
        case: the underlag as arrays, deterministic.
        choices: the plan.
        count: draws, at least two.
        seed: of the study.
        population: `[year, draw]` from a population forecast, as
            `capacity.uncertainty.draw_swings` takes it; None draws the built-in one.
        nation: `[year, draw]`, what the forecast's paths change by for an error of one
            in the nation's yearly growth, as `needs.swings.nation_swings` gives it.

    Returns:
        `probability` and `quantiles` as in DESIGN 7; `uncertainty` with `draws,
        all_years, assumed, drivers, parameters, fans, stress, population_from` and
        `assumptions`, which tells how far the probability of the balance requirement
        moves when each assumption lies at its limits. Parameters that a population
        forecast replaces are left out.

    Raises:
        ValueError: fewer than two draws: one is the deterministic run.

    Source:
        DESIGN 4, 7; method page docs/method/uncertainty.md.
    """
    if count < 2:
        msg = "one draw is the deterministic run and has no probability"
        raise ValueError(msg)
    keys = sorted({choice.project_id for choice in choices})
    draws = make_draws(case, count, seed, project_ids=keys, population=population)
    simulation = simulate_plan(draws, choices)
    ranked = rank_drivers(case, choices, seed=seed, population=population)
    found = probability_result(simulation, ranked)
    plan = evaluate_plan(case, choices)
    planned = {
        **plan.years.statement,
        **plan.years.balance,
        **plan.balanskrav.rows,
        **plan.indicators,
    }
    told = found["uncertainty"]
    if population is not None:
        replaced = {
            key
            for key, p in draws.parameters.parameters.items()
            if p.rests_on == "population"
        }
        told["parameters"] = [
            row for row in told["parameters"] if row["key"] not in replaced
        ]
        told["assumed"] = simulation.rests_on(forecast=True)
    limits: list[tuple[Parameter, Array, Array]] = []
    if population is not None and nation is not None:
        of = nation_parameter()
        told["parameters"].append(of.as_dict())
        limits.append(
            (
                of,
                population + (of.low - of.value) * nation,
                population + (of.high - of.value) * nation,
            )
        )
    told |= {
        "population_from": "parameters" if population is None else "forecast",
        "fans": [
            fan_of(simulation, key, [float(v) for v in planned[key][:, 0]])
            for key in FANS
        ],
        "stress": stress_tests(draws, choices),
        "assumptions": {
            "goal_id": BALANSKRAV,
            "rows": assumption_range(
                draws, choices, population=population, forecasts=limits
            ),
        },
    }
    return found
