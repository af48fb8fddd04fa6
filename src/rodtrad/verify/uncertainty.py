"""Do needs, probabilities and the plan with a certainty follow from tables and seed?

Everything random is drawn once more from the seed that the result states: the needs,
every probability, quantile and stress test, and how often the requirement holds in the
safer plan, on the draws it was chosen on and on those that its share is told from. Only
the search for that plan is not repeated: its steps are told, not proven.
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
from rodtrad.needs.swings import nation_swings, population_swings
from rodtrad.verify.asked import DRAWN, UNASKED, asked_parts
from rodtrad.verify.recount import near
from rodtrad.verify.shape import DIFFERS, Maybe, figure, text, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rodtrad.verify.recount import Recount

    Stated = dict[str, Any]

# How the planner draws for a certainty; a test holds the two together.
SEARCH_DRAWS = 1000
JUDGE_DRAWS, JUDGE_SEED = 4000, 2_000_003
FRESH_DRAWS, FRESH_SEED = 4000, 1_000_003
MET, NOT_MET = "met", "not_met"

RISK = {
    "goal_id": text,
    "share": figure,
    "from_year": whole,
    "to_year": whole,
    "status": text,
    "probability": figure,
    "standard_error": figure,
    "base_probability": figure,
    "judged": figure,
    "base_judged": figure,
    "judged_limit": figure,
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
    asked = asked_parts(result)
    stated = [key for key in (*DRAWN, "need_forecast", "risk") if key in result]
    if not stated and "needs" not in asked:
        return
    seed = (result.get("meta") or {}).get("seed")
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        count.say(
            "meta.seed",
            _("Slumpfröet saknas. Utan det går dragningarna inte att räkna om."),
        )
        return
    expected = None
    if "needs" in asked or "need_forecast" in result:
        expected = needs_result(count.case.tables, seed=seed)
    if "need_forecast" in result and ("needs" not in asked or expected is None):
        count.say("need_forecast", _(UNASKED))
    elif expected is not None:
        count.compare("need_forecast", result.get("need_forecast"), expected)
    if any(key in result for key in DRAWN):
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
    nation = nation_swings(count.case.tables, draws, seed)
    found = uncertainty_result(count.case, count.choices, draws, seed, people, nation)
    for key in DRAWN:
        count.compare(key, result.get(key), found[key])


def _risk(count: Recount, stated: Stated, seed: int) -> None:
    case, path = count.case, "risk"
    goal_id, share = stated["goal_id"], stated["share"]
    if not 0 < share < 1:
        count.say(f"{path}.share", _("Andelen ligger inte mellan 0 och 1."))
        return
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
    keys = sorted({choice.project_id for choice in (*safe, *count.choices)})

    def holds(
        draws: int, of_seed: int, *plans: tuple[Choice, ...]
    ) -> tuple[float, ...]:
        people = population_swings(case.tables, draws, of_seed)
        drawn = make_draws(case, draws, of_seed, project_ids=keys, population=people)
        found = (simulate_plan(drawn, one, lines=(), indicators=()) for one in plans)
        return tuple(one.probability_all_years(goal_id) or 0.0 for one in found)

    probability, base = holds(FRESH_DRAWS, seed + FRESH_SEED, safe, count.choices)
    judged, base_judged = holds(JUDGE_DRAWS, seed + JUDGE_SEED, safe, count.choices)
    (searched,) = holds(SEARCH_DRAWS, seed, safe)
    limit = min(share + standard_error(share, JUDGE_DRAWS), 1.0)
    price = count.objective - plan.objective
    expected = {
        **stated,
        "from_year": case.plan_start,
        "to_year": case.plan_end,
        "probability": probability,
        "standard_error": standard_error(probability, FRESH_DRAWS),
        "base_probability": base,
        "judged": judged,
        "base_judged": base_judged,
        "judged_limit": limit,
        "status": MET if probability >= share else NOT_MET,
        "objective": plan.objective,
        "price_points": price,
        "price_share": price / max(abs(count.objective), 1e-9),
        "outlay_change_tkr": planned_outlay_tkr(case, safe)
        - planned_outlay_tkr(case, count.choices),
        "draws": FRESH_DRAWS,
        "differences": choice_differences(count.choices, safe),
    }
    count.compare(path, stated, expected)
    _search(count, expected, safe, searched)


def _search(
    count: Recount, told: Stated, safe: tuple[Choice, ...], searched: float
) -> None:
    """Note if what is said of the search does not agree with the plans it gave.

    Args:
        count: the plan.
        told: `risk`, all that can be computed as it should be.
        safe: the safer plan.
        searched: its share of the draws of the search.
    """
    path, steps = "risk", told["search"]["steps"]
    own = safe == count.choices
    if told["base_judged"] >= told["judged_limit"]:
        # The plan itself is safe enough, so there is nothing to search for.
        if not own or steps:
            count.say(f"{path}.choices", _("Planen själv är redan så säker."))
        return
    if told["judged"] < told["base_judged"]:
        count.say(f"{path}.choices", _("Planen själv är säkrare."))
    if not steps:
        count.say(f"{path}.search", _("Det står inte vilka planer som prövades."))
    objective = told["objective"]
    if not own and not any(
        step["objective"] is not None
        and abs(step["objective"] - objective) <= near(objective)
        and abs(step["probability"] - searched) <= near(searched)
        for step in steps
        if step["probability"] is not None
    ):
        count.say(f"{path}.search", _("Planen finns inte bland dem som prövades."))
    for i, step in enumerate(steps):
        reached = step["probability"]
        if (reached is None) != (step["objective"] is None) or not (
            reached is None or 0 <= reached <= 1
        ):
            count.differ(f"{path}.search.steps[{i}].probability", reached, None)
