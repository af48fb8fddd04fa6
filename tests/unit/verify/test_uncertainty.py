"""Is every changed figure of needs, probabilities and the safer plan found?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from unit.need_town import town_result, town_tables

from rodtrad.plan import risk as planner
from rodtrad.study import PARTS, Settings, run
from rodtrad.verify import asked, uncertainty, verify_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Result = dict[str, Any]


@pytest.fixture(autouse=True, scope="module")
def _drawn_once() -> Iterator[None]:
    """What follows from the town, a seed and the choices alone is drawn once for all.

    No tampering reaches what is kept: verify only reads it.
    """
    kept: dict[str, Any] = {}

    def once(name: str, key: Callable[..., Any]) -> Callable[..., Any]:
        whole = getattr(uncertainty, name)

        def found(*given: Any, **named: Any) -> Any:
            at = f"{name} {key(*given, **named)}"
            if at not in kept:
                kept[at] = whole(*given, **named)
            return kept[at]

        return found

    keys: dict[str, Callable[..., Any]] = {
        "needs_result": lambda _tables, seed: seed,
        "population_swings": lambda _tables, draws, seed: (draws, seed),
        "uncertainty_result": lambda _case, choices, draws, seed, *_swings: (
            choices,
            draws,
            seed,
        ),
        "make_draws": lambda _case, draws, seed, project_ids, population: (
            draws,
            seed,
            project_ids,
        ),
        "simulate_plan": lambda drawn, choices, **_kept: (id(drawn), choices),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, key in keys.items():
            patch.setattr(uncertainty, name, once(name, key))
        yield


def read() -> Result:
    """The result as it is read from `plan.json`."""
    result: Result = json.loads(json.dumps(town_result()))
    return result


def at(*path: str | int, by: float = 0.01) -> Callable[[Result], None]:
    """Move one figure."""

    def change(result: Result) -> None:
        inside: Any = result
        for key in path[:-1]:
            inside = inside[key]
        inside[path[-1]] += by

    return change


def put(value: Any, *path: str | int) -> Callable[[Result], None]:
    """Write another value."""

    def change(result: Result) -> None:
        inside: Any = result
        for key in path[:-1]:
            inside = inside[key]
        assert inside[path[-1]] != value
        inside[path[-1]] = value

    return change


def gone(*path: str | int) -> Callable[[Result], None]:
    def change(result: Result) -> None:
        inside: Any = result
        for key in path[:-1]:
            inside = inside[key]
        del inside[path[-1]]

    return change


def nothing_drawn(result: Result) -> None:
    for key in asked.DRAWN:
        del result[key]


NEED = "need_forecast"
TAKEN = [{"project_id": "bad", "alternative_id": "a", "start_year": 2028}]
ALL = ("uncertainty", "all_years", "balanskrav")
TAMPERINGS: dict[str, tuple[Callable[[Result], None], str]] = {
    "probability": (at("probability", "balanskrav", 1), "probability.balanskrav"),
    "quantile": (at("quantiles", "ar", "p90", 2, by=1.0), "quantiles.ar.p90"),
    "indicator": (at("quantiles", "sol", "p10", 0, by=1e-4), "quantiles.sol"),
    "all years": (at(*ALL, "share"), ".".join(ALL)),
    "error": (put(0.0, *ALL, "standard_error"), ".".join(ALL)),
    "driver": (at("uncertainty", "drivers", "balanskrav", 0, "share"), "drivers"),
    "stress": (
        at("uncertainty", "stress", 0, "ar_change", 1, by=1.0),
        "uncertainty.stress",
    ),
    "fan": (at("uncertainty", "fans", 0, "p5", 0, by=1.0), "uncertainty.fans"),
    "assumed": (put([], "uncertainty", "assumed"), "uncertainty.assumed"),
    "range": (
        at("uncertainty", "assumptions", "rows", 0, "at_low"),
        "uncertainty.assumptions",
    ),
    "draws": (put(61, "uncertainty", "draws"), "uncertainty"),
    "draws absurd": (put(10**9, "uncertainty", "draws"), "uncertainty.draws"),
    "draws text": (put("många", "uncertainty", "draws"), "uncertainty.draws"),
    "seed": (put(77, "meta", "seed"), "quantiles"),
    "seed gone": (gone("meta", "seed"), "meta.seed"),
    "quantiles gone": (gone("quantiles"), "quantiles"),
    "renewal": (
        at(NEED, "renewal", "total", "p90", 1, by=1.0),
        f"{NEED}.renewal.total.p90",
    ),
    "class": (
        at(NEED, "renewal", "classes", 0, "expected_tkr", 0, by=5.0),
        f"{NEED}.renewal.classes",
    ),
    "waiting": (
        at(NEED, "renewal", "waiting", 0, "cost_tkr", 0, by=5.0),
        f"{NEED}.renewal.waiting",
    ),
    "backlog": (at(NEED, "backlog", "measures", 1, "tkr", by=5.0), f"{NEED}.backlog"),
    "places": (at(NEED, "places", "rows", 0, "need", 0, by=1.0), f"{NEED}.places"),
    "shortage": (
        at(NEED, "places", "rows", 0, "shortage_share", -1),
        f"{NEED}.places.rows",
    ),
    "story": (at(NEED, "stories", 0, "fewer_share"), f"{NEED}.stories"),
    "sentence": (
        put("Allt är bra.", NEED, "stories", 0, "sentences", 0),
        f"{NEED}.stories",
    ),
    "need draws": (put(10_000, NEED, "draws"), f"{NEED}.draws"),
    "need emptied": (put(None, NEED, "places"), f"{NEED}.places"),
    "safer": (at("risk", "probability"), "risk.probability"),
    "before": (at("risk", "base_probability"), "risk.base_probability"),
    "price": (at("risk", "price_points"), "risk.price_points"),
    "share": (put(0.999, "risk", "share"), "risk"),
    "outlay": (at("risk", "outlay_change_tkr", by=100.0), "risk.outlay_change_tkr"),
    "safer draws": (put(10, "risk", "draws"), "risk.draws"),
    "goal": (put("finns_inte", "risk", "goal_id"), "risk.goal_id"),
    "year": (put(2027, "risk", "from_year"), "risk.from_year"),
    "status word": (put("kanske", "risk", "status"), "risk.status"),
    "risk broken": (gone("risk", "choices"), "risk.choices"),
    "judged": (at("risk", "judged"), "risk.judged"),
    "judged before": (at("risk", "base_judged"), "risk.base_judged"),
    "limit": (at("risk", "judged_limit"), "risk.judged_limit"),
    "status": (put("not_met", "risk", "status"), "risk.status"),
    "a lower share": (put(0.9, "risk", "share"), "risk.share"),
    "no certainty": (put(None, "meta", "asked", "certainty"), "risk"),
    "a certainty less": (put(0.5, "meta", "asked", "certainty"), "risk.share"),
    "another goal": (
        put("resultat", "meta", "asked", "certainty_goal"),
        "risk.goal_id",
    ),
    "need gone": (gone(NEED), NEED),
    "risk gone": (gone("risk"), "risk"),
    "all drawn gone": (
        nothing_drawn,
        "uncertainty",
    ),
    "need unasked": (
        lambda r: r["meta"]["asked"]["parts"].remove("needs"),
        NEED,
    ),
    "asked gone": (gone("meta", "asked"), "meta.asked"),
    "asked for more": (
        lambda r: r["meta"]["asked"]["parts"].append("beside"),
        "meta.asked.parts",
    ),
    "beside unfound": (
        lambda r: r["meta"]["asked"]["parts"].insert(1, "beside"),
        "beside",
    ),
    "reasons unfound": (
        lambda r: r["meta"]["asked"]["parts"].insert(1, "reasons"),
        "reasons",
    ),
    "a part unknown": (
        lambda r: r["meta"]["asked"]["parts"].append("allt"),
        "meta.asked.parts",
    ),
    "leaves": (
        lambda r: r["risk"]["differences"]["leaves"].append("bad"),
        "risk.differences.leaves",
    ),
    "unknown": (put({"nytt": 1}, "risk", "search"), "risk.search"),
    "another plan": (
        lambda r: r["risk"].update(choices=[dict(one) for one in TAKEN]),
        "risk",
    ),
}


def test_the_true_result_passes() -> None:
    assert verify_result(town_tables(), read()) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", TAMPERINGS)
def test_what_is_changed_is_found_where_it_stands(kind: str) -> None:
    tamper, place = TAMPERINGS[kind]
    result = read()
    tamper(result)
    found = verify_result(town_tables(), result)
    assert any(place in one.figure for one in found), [one.figure for one in found]


def test_a_question_about_the_plan_draws_nothing_anew() -> None:
    result = read()
    result["probability"]["balanskrav"][0] = 0.123
    assert verify_result(town_tables(), result, drawn=False) == []
    result["statement"]["ar"][0] += 100.0
    assert verify_result(town_tables(), result, drawn=False)


def test_a_safer_plan_must_be_one_that_was_tried() -> None:
    """Steps without the plan's own value, or a search where none was called for."""
    result = read()
    risk = result["risk"]
    assert risk["base_judged"] < risk["judged_limit"]
    for step in risk["search"]["steps"]:
        step["objective"] = None if step["objective"] is None else 1.0
    found = verify_result(town_tables(), result)
    assert [one.figure for one in found] == ["risk.search"]


def test_the_step_of_the_safer_plan_tells_its_share_of_the_draws_of_the_search() -> (
    None
):
    result = read()
    for step in result["risk"]["search"]["steps"]:
        if step["probability"] is not None:
            step["probability"] -= 0.002
    found = verify_result(town_tables(), result)
    assert [one.figure for one in found] == ["risk.search"]


def test_verify_draws_as_the_planner_does() -> None:
    assert uncertainty.SEARCH_DRAWS == planner.SEARCH_DRAWS
    assert uncertainty.JUDGE_DRAWS == planner.JUDGE_DRAWS
    assert uncertainty.JUDGE_SEED == planner._JUDGE_SEED
    assert uncertainty.FRESH_DRAWS == planner.FRESH_DRAWS
    assert uncertainty.FRESH_SEED == planner._FRESH_SEED


def test_verify_knows_the_parts_of_a_study() -> None:
    assert asked.PARTS == PARTS


def test_parts_that_were_not_asked_for_are_not_missed() -> None:
    plain = run(town_tables(), Settings(draws=1, only=("plan",))).result
    result: Result = json.loads(json.dumps(plain))
    assert result["meta"]["asked"] == {
        "parts": ["plan"],
        "draws": 1,
        "certainty": None,
        "certainty_goal": None,
    }
    assert not {*asked.DRAWN, "need_forecast", "risk", "beside"} & set(result)
    assert verify_result(town_tables(), result) == []
