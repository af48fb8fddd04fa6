"""Do needs, probabilities and the plan with a certainty follow from tables and seed?

Everything random is drawn once more from the seed that the result states: the needs,
every probability, quantile and stress test, and how often the requirement holds in the
safer plan, on draws that its search did not see. Only the search for that plan is not
repeated: its steps are told, not proven.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rodtrad.capacity.probability import (
    BALANSKRAV,
    make_draws,
    simulate_plan,
    standard_error,
)
from rodtrad.capacity.result import choice_differences, planned_outlay_tkr
from rodtrad.capacity.uncertainty_result import uncertainty_result
from rodtrad.domain.arrays import Choice
from rodtrad.domain.columns import SETTINGS
from rodtrad.domain.words import _
from rodtrad.needs.result import needs_result
from rodtrad.needs.swings import population_swings
from rodtrad.verify.recount import near
from rodtrad.verify.shape import DIFFERS, Maybe, figure, text, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rodtrad.verify.recount import Recount

    Stated = dict[str, Any]

# How the planner draws for a certainty; a test holds the two together.
FRESH_DRAWS, FRESH_SEED = 4000, 1_000_003
MET, NOT_MET = "met", "not_met"
PARTS = ("probability", "quantiles", "uncertainty")

RISK = {
    "goal_id": text,
    "share": figure,
    "from_year": whole,
    "to_year": whole,
    "status": text,
    "probability": figure,
    "standard_error": figure,
    "base_probability": figure,
    "price_points": figure,
    "price_share": figure,
    "objective": figure,
    "outlay_change_tkr": figure,
    "draws": whole,
    "differences": DIFFERS,
    "choices": [{"project_id": text, "alternative_id": text, "start_year": whole}],
    "search": {
        "state": text,
        "gap": Maybe(figure),
        "steps": [
            {
                "quantile": figure,
                "objective": Maybe(figure),
                "probability": Maybe(figure),
            }
        ],
    },
}


def check_uncertainty(count: Recount, result: Mapping[str, Any]) -> None:
    """Note everything about needs and uncertainty that does not follow from the tables.

    Args:
        count: the plan.
        result: the content of `plan.json`.
    """
    stated = [key for key in (*PARTS, "need_forecast", "risk") if key in result]
    if not stated:
        return
    seed = (result.get("meta") or {}).get("seed")
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        count.say(
            "meta.seed",
            _("Slumpfröet saknas. Utan det går dragningarna inte att räkna om."),
        )
        return
    if "need_forecast" in result:
        expected = needs_result(count.case.tables, seed=seed)
        count.compare("need_forecast", result["need_forecast"], expected)
    if any(key in result for key in PARTS):
        _probabilities(count, result, seed)
    if "risk" in result and count.has_shape("risk", result["risk"], RISK):
        _risk(count, result["risk"], seed)


def _probabilities(count: Recount, result: Mapping[str, Any], seed: int) -> None:
    told = result.get("uncertainty")
    draws = told.get("draws") if isinstance(told, dict) else None
    most = SETTINGS["draws"].maximum or 0
    if not isinstance(draws, int) or not 2 <= draws <= most:
        count.say(
            "uncertainty.draws", _("Antalet dragningar saknas eller är orimligt.")
        )
        return
    people = population_swings(count.case.tables, draws, seed)
    found = uncertainty_result(count.case, count.choices, draws, seed, people)
    for key in PARTS:
        count.compare(key, result.get(key), found[key])


def _risk(count: Recount, stated: Stated, seed: int) -> None:
    case, path = count.case, "risk"
    goal_id, share = stated["goal_id"], stated["share"]
    if goal_id != BALANSKRAV and goal_id not in {g.goal_id for g in case.goals}:
        count.say(f"{path}.goal_id", _("Målet finns inte."))
        return
    safe = tuple(
        sorted(
            Choice(row["project_id"], row["alternative_id"], row["start_year"])
            for row in stated["choices"]
        )
    )
    plan = count.plan(f"{path}.choices", safe)
    if plan is None:
        return
    people = population_swings(case.tables, FRESH_DRAWS, seed + FRESH_SEED)
    keys = sorted({choice.project_id for choice in (*safe, *count.choices)})
    drawn = make_draws(
        case, FRESH_DRAWS, seed + FRESH_SEED, project_ids=keys, population=people
    )

    def holds(choices: tuple[Choice, ...]) -> float:
        found = simulate_plan(drawn, choices, lines=(), indicators=())
        return found.probability_all_years(goal_id) or 0.0

    probability, base = holds(safe), holds(count.choices)
    price = count.objective - plan.objective
    expected = {
        **stated,
        "from_year": case.plan_start,
        "to_year": case.plan_end,
        "probability": probability,
        "standard_error": standard_error(probability, FRESH_DRAWS),
        "base_probability": base,
        "objective": plan.objective,
        "price_points": price,
        "price_share": price / max(abs(count.objective), 1e-9),
        "outlay_change_tkr": planned_outlay_tkr(case, safe)
        - planned_outlay_tkr(case, count.choices),
        "draws": FRESH_DRAWS,
        "differences": choice_differences(count.choices, safe),
    }
    count.compare(path, stated, expected)
    if not 0 < share < 1:
        count.say(f"{path}.share", _("Andelen ligger inte mellan 0 och 1."))
    _status(count, stated, safe, probability, base)


def _status(
    count: Recount,
    stated: Stated,
    safe: tuple[Choice, ...],
    probability: float,
    base: float,
) -> None:
    """Note if what is said of the search does not agree with the plans it gave."""
    path, share, steps = "risk", stated["share"], stated["search"]["steps"]
    if stated["status"] not in (MET, NOT_MET):
        count.differ(f"{path}.status", stated["status"], None)
    elif stated["status"] == MET and not probability >= share:
        count.differ(f"{path}.status", MET, NOT_MET)
    if base >= share:
        # The plan itself is safe enough, so there is nothing to search for.
        if stated["status"] != MET or safe != count.choices or steps:
            count.say(f"{path}.choices", _("Planen själv är redan så säker."))
        return
    tried = [count.objective, *(step["objective"] for step in steps)]
    objective = stated["objective"]
    if not any(
        value is not None and abs(value - objective) <= near(objective)
        for value in tried
    ):
        count.say(f"{path}.search", _("Planen finns inte bland dem som prövades."))
    for i, step in enumerate(steps):
        reached = step["probability"]
        if (reached is None) != (step["objective"] is None) or not (
            reached is None or 0 <= reached <= 1
        ):
            count.differ(f"{path}.search.steps[{i}].probability", reached, None)
