"""A study with needs and draws: what comes back, what is refused, what stays the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from unit.need_town import town_records, town_result, town_tables
from unit.plan.tiny import goal, project, tiny_tables

from rodtrad.capacity.probability import make_draws, simulate_plan
from rodtrad.domain.arrays import Choice, build_case
from rodtrad.domain.components import build_tables
from rodtrad.domain.economy import BASIS_LABELS, nation_parameter
from rodtrad.errors import InputError
from rodtrad.needs.swings import MOST_PATHS, nation_swings, population_swings
from rodtrad.sources import read_underlag
from rodtrad.study import CERTAIN_DRAWS, Settings, run
from rodtrad.verify import verify_result

SKOLA = project("skola", [8_000.0, 4_000.0], 50.0, build_years=2)
GOALS = [goal("resultat", "res_andel", 0.0)]
DRAWN = ("probability", "quantiles", "uncertainty")


def test_needs_probabilities_and_the_safer_plan_stand_beside_the_plan() -> None:
    result = town_result()
    assert {*DRAWN, "need_forecast", "risk"} <= set(result)
    assert result["uncertainty"]["draws"] == 60
    assert result["uncertainty"]["population_from"] == "forecast"
    risk = result["risk"]
    assert (risk["share"], risk["status"]) == (0.95, "met")
    assert risk["probability"] >= 0.95 > risk["base_probability"]
    assert risk["price_points"] > 0
    assert json.dumps(result, allow_nan=False)


def test_the_plan_itself_is_the_same_with_draws_and_without() -> None:
    plain = run(town_tables(), Settings(draws=1, only=("plan",))).result
    drawn = town_result()
    assert not {*DRAWN, "need_forecast", "risk"} & set(plain)
    for key in ("choices", "statement", "balance", "goals", "value", "room"):
        assert plain[key] == drawn[key]


@pytest.mark.slow
def test_the_error_told_is_that_of_draws_that_share_paths_of_the_population() -> None:
    """By groups of draws that share a path the error is as good as the one told."""
    folder = Path(__file__).parents[2] / "examples" / "vimmerby" / "underlag"
    tables, _issues = read_underlag(folder)
    case, count = build_case(tables), 5 * MOST_PATHS
    people = population_swings(tables, count, 1)
    assert people is not None
    # No two draws have the same people, though there are fewer paths.
    assert len(np.unique(people[-1])) > 0.99 * count
    choices = [
        Choice(p.project_id, p.alternatives[0].alternative_id, p.earliest_year)
        for p in case.projects
    ]
    drawn = make_draws(case, count, 1, population=people)
    found = simulate_plan(drawn, choices, lines=(), indicators=())
    held = found.holds_all_years("balanskrav")
    assert held is not None
    assert 0.1 < held.mean() < 0.9
    by_path = held.reshape(-1, MOST_PATHS).mean(axis=0)
    honest = by_path.std(ddof=1) / np.sqrt(MOST_PATHS)
    assert honest < 1.06 * found.standard_error(float(held.mean()))


def test_the_same_seed_gives_the_same_figures_and_another_seed_others() -> None:
    settings = Settings(draws=60, only=("plan", "needs", "uncertainty"))

    def told(seed: int) -> str:
        result = run(town_tables(), Settings(**{**vars(settings), "seed": seed})).result
        return json.dumps({key: result[key] for key in (*DRAWN, "need_forecast")})

    first = told(3)
    assert told(3) == first
    assert told(4) != first


def test_draws_of_the_underlag_count_where_none_are_asked_for() -> None:
    data = town_records()
    data["settings"] = [*data["settings"], {"key": "draws", "value": "40"}]
    tables = build_tables(data)
    found = run(tables, Settings(only=("plan", "uncertainty"))).result
    assert found["uncertainty"]["draws"] == 40
    assert not {*DRAWN} & set(run(tables, Settings(only=("plan",))).result)
    asked = Settings(draws=1, only=("plan", "uncertainty"))
    assert not {*DRAWN} & set(run(tables, asked).result)


def test_a_study_without_people_draws_them_from_the_parameters() -> None:
    tables = tiny_tables(SKOLA, goals=GOALS)
    parts = ("plan", "needs", "uncertainty")
    result = run(tables, Settings(draws=50, only=parts)).result
    assert result["uncertainty"]["population_from"] == "parameters"
    assert "need_forecast" not in result
    assert verify_result(tables, result) == []


def test_a_scenario_is_drawn_around_its_own_path() -> None:
    data = town_records()
    data["scenarios"] = [
        {
            "scenario": "dyrt",
            "table": "years",
            "key": str(year),
            "column": "interest_rate",
            "value": "0.09",
        }
        for year in range(2026, 2030)
    ]
    tables = build_tables(data)
    parts = ("plan", "uncertainty")
    dear = run(tables, Settings(draws=80, scenario="dyrt", only=parts)).result
    plain = run(tables, Settings(draws=80, only=parts)).result
    middle = [r["quantiles"]["fk"]["p50"][-1] for r in (dear, plain)]
    assert middle[0] < middle[1] < 0
    assert verify_result(tables, dear) == []


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"certainty": 0.8, "certainty_goal": "finns_inte"}, "certainty_goal"),
        ({"certainty": 1.0}, "certainty_share"),
        ({"certainty": 0.0}, "certainty_share"),
    ],
)
def test_a_certainty_that_cannot_be_is_refused(more: dict[str, Any], code: str) -> None:
    with pytest.raises(InputError) as caught:
        run(tiny_tables(SKOLA, goals=GOALS), Settings(**more))
    assert [issue.code for issue in caught.value.issues] == [code]


def test_a_certainty_may_concern_a_goal_of_its_own() -> None:
    tables = tiny_tables(SKOLA, goals=GOALS)
    settings = Settings(
        certainty=0.3, certainty_goal="resultat", only=("plan", "uncertainty")
    )
    result = run(tables, settings).result
    risk = result["risk"]
    assert result["uncertainty"]["draws"] == CERTAIN_DRAWS
    assert risk["goal_id"] == "resultat"
    if risk["status"] == "met":
        assert risk["probability"] >= 0.3
    assert verify_result(tables, result) == []


def test_the_draws_asked_for_are_kept_beside_a_certainty() -> None:
    tables = tiny_tables(SKOLA, goals=GOALS)
    settings = Settings(draws=200, certainty=0.3, only=("plan", "uncertainty"))
    result = run(tables, settings).result
    assert result["uncertainty"]["draws"] == 200
    assert result["meta"]["asked"]["draws"] == 200
    assert verify_result(tables, result) == []


def test_a_population_forecast_is_named_among_what_is_assumed() -> None:
    result = run(town_tables(), Settings(draws=60, only=("plan", "uncertainty"))).result
    told = result["uncertainty"]
    assert told["population_from"] == "forecast"
    assert BASIS_LABELS["population"] in told["assumed"]
    keys = [row["key"] for row in told["parameters"]]
    assert keys.count("nation_growth_error_share") == 1
    assert not any(key.startswith("population_") for key in keys)
    rows = {row["key"]: row for row in told["assumptions"]["rows"]}
    row = rows["nation_growth_error_share"]
    assert (row["low"], row["high"]) == (0.0015, 0.0035)


def test_a_larger_error_of_the_nation_spreads_the_paths() -> None:
    tables = town_tables()
    people, nation = population_swings(tables, 200, 1), nation_swings(tables, 200, 1)
    assert people is not None
    assert nation is not None
    value = nation_parameter().value
    without = people - value * nation
    assert without.std(axis=1)[-1] < people.std(axis=1)[-1]
    wider = people + value * nation
    assert wider.std(axis=1)[-1] > people.std(axis=1)[-1]
