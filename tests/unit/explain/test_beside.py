"""What stands beside the plan, in figures and words that the plans bear out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from golden.test_planning_pages import three_projects
from unit.plan.tiny import goal, project, resource, tiny_case

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.capacity.headroom import with_room
from rodtrad.capacity.result import economy_result
from rodtrad.domain.arrays import Case, Choice
from rodtrad.explain.beside import choices_beside, completion_facts
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.milp import Limits, Portfolio, solve_problem

DECIDED = (Choice("bad", "a", 2026), Choice("park", "a", 2026))


def beside(case: Case, decided: tuple[Choice, ...] | None = None) -> dict[str, Any]:
    problem = build_problem(case)
    plan = solve_problem(problem, Limits(gap=0))
    assert plan.choices is not None
    return choices_beside(problem, plan, economy_result(case, plan.choices), decided)


def two_alternatives() -> Case:
    """A school in two ways, and a late park that may also be early."""
    school = project("skola", [20_000.0], 50.0, latest_year=2026)
    key = {"project_id": "skola", "alternative_id": "b"}
    school["alternatives"].append({**key, "name": "Hyr", "build_years": 1})
    school["outlays"].append({**key, "offset": 0, "outlay": 18_000.0, "income": 0.0})
    school["parts"].append(
        {**key, "component": "allt", "share": 1.0, "useful_life_years": 20}
    )
    school["scores"].append(
        {**key, "criterion": "nytta", "low": 49.5, "score": 49.5, "high": 49.5}
    )
    return tiny_case(school, goals=[goal("lan", "lan_inv", 60_000.0)])


def test_everything_beside_a_plan_is_plain_data_and_repeats() -> None:
    case = three_projects()
    once = beside(case, DECIDED)
    assert list(once) == ["near", "windows", "reserve", "replan", "completion"]
    assert json.loads(json.dumps(once, allow_nan=False)) == once
    assert beside(case, DECIDED) == once
    assert beside(case)["replan"] is None


def test_another_way_of_building_is_told_with_its_money() -> None:
    near = beside(two_alternatives())["near"]
    (one,) = near["plans"]
    assert one["choices"] == [["skola", "b", 2026]]
    assert one["switches"] == [{"project_id": "skola", "from": "a", "to": "b"}]
    assert one["difference"] == 0.5
    assert one["outlay_change_tkr"] == pytest.approx(-2_000.0)
    assert one["loss"] == pytest.approx(0.5)
    assert one["text"] == [
        "Planen ger 0,5 nyttopoäng mindre (1\xa0procent).",
        "Projektet ”Skola” byter från alternativet ”Bygg” till ”Hyr”.",
        "Utgifterna blir 2\xa0miljoner kronor lägre.",
    ]
    (margin,) = one["margins"]
    assert margin["goal_id"] == "lan"
    assert margin["other"] > margin["plan"]
    assert near["text"].startswith("En annan plan ger nästan lika stor nytta, inom 2")


def test_no_other_plan_is_said_to_be_proven_or_not_found() -> None:
    near = beside(three_projects())["near"]
    assert near["plans"] == []
    assert near["complete"]
    assert near["text"].endswith("Det är bevisat.")


def test_what_is_proven_near_is_near_the_best_possible_not_the_plan() -> None:
    """A plan 1.95 percent below the plan is not within 2 percent of the bound."""
    one = {"earliest_year": 2026, "latest_year": 2026}
    case = tiny_case(
        project("a", [20_000.0], 100.0, use={"people": 2.0}, **one),
        project("b", [10_000.0], 49.025, use={"people": 1.0}, **one),
        project("c", [10_000.0], 49.025, use={"people": 1.0}, **one),
        resources=resource("people", 2.0),
    )
    problem = build_problem(case)
    plan = solve_problem(problem, Limits(gap=0))
    assert plan.objective == pytest.approx(100.0)
    plan = replace(plan, bound=100.1, gap=1e-3, stopped="gap")
    near = choices_beside(problem, plan, economy_result(case, plan.choices or ()))[
        "near"
    ]
    assert near["complete"]
    assert not near["plans"]
    assert "av planens nytta" not in near["text"]
    assert "av bästa möjliga nytta" in near["text"]


def test_levels_of_the_reserve_list_can_be_recomputed() -> None:
    case = three_projects()
    reserve = beside(case)["reserve"]
    for level in reserve["levels"]:
        room = with_room(case, np.array(level["room_tkr"]))
        for key in ("free", "nested"):
            choices = [Choice(*row) for row in level[key]["choices"]]
            plan = evaluate_plan(room, choices)
            assert plan.violations == ()
            assert plan.objective == pytest.approx(level[key]["objective"])
        assert level["price_low"] <= level["price"] <= level["price_high"]
    assert reserve["text"] == [
        "Minskar utrymmet med 1\xa0miljon kronor, lämnar ”Skola” planen först."
    ]


def test_the_price_of_keeping_what_is_decided() -> None:
    found = beside(three_projects(), DECIDED)["replan"]
    assert found["text"] == [
        "Den nya planen behåller 0 av 2 beslut. Flyttas eller byggs på annat sätt: 0. "
        "Lämnar: 2. Nya: 1.",
        "Att behålla allt som är beslutat kostar 2,0 nyttopoäng.",
    ]
    assert found["points"][0]["loss_low"] == pytest.approx(2.0)
    assert found["points"][0]["loss_high"] == pytest.approx(2.0)
    broken = beside(three_projects(), (*DECIDED, Choice("skola", "a", 2026)))["replan"]
    assert not broken["holds"]
    assert broken["points"][0]["impossible"]
    assert broken["text"][1] == "Den beslutade planen håller inte längre alla krav."


def test_a_window_says_only_what_is_proven() -> None:
    (skola,) = beside(three_projects())["windows"]["projects"]
    assert skola["earliest_proven"]
    assert skola["latest_proven"]
    assert skola["text"] == (
        "Projektet ”Skola” startar 2026. Det gör det i alla planer som är nästan lika "
        "bra och har med det."
    )


def test_a_window_says_nothing_of_plans_without_the_project() -> None:
    """Of twins one fits: the other plan is as good and leaves the project out."""
    one = {"earliest_year": 2026, "latest_year": 2026}
    case = tiny_case(
        project("a", [1_000.0], 10.0, use={"people": 1.0}, **one),
        project("b", [1_000.0], 10.0, use={"people": 1.0}, **one),
        resources=resource("people", 1.0),
    )
    found = beside(case)
    (window,) = found["windows"]["projects"]
    (other,) = found["near"]["plans"]
    assert other["loss"] == 0.0
    assert window["project_id"] in other["leaves"]
    assert "Alla planer som är nästan lika bra gör det" not in window["text"]


def test_completion_is_the_run_that_the_economy_holds() -> None:
    case = tiny_case(
        project("skola", [8_000.0, 4_000.0], 50.0, build_years=2, latest_year=2026),
        settings=[{"key": "completion_rate", "value": "0.75"}],
    )
    choices = (Choice("skola", "a", 2026),)
    facts = completion_facts(case, economy_result(case, choices))
    assert facts is not None
    assert facts["years"] == [2026, 2027, 2028, 2029]
    assert facts["outlay_tkr"] == pytest.approx([6000.0, 4500.0, 1125.0, 281.25])
    # What is left to pay at the end of each year.
    assert facts["moved_tkr"] == pytest.approx([2000.0, 1500.0, 375.0, 93.75])
    assert facts["moved_total_tkr"] == pytest.approx(3000.0)
    assert facts["text"] == (
        "Räknat med genomförandegraden 75\xa0procent flyttas 3\xa0miljoner kronor av "
        "utgifterna till senare år."
    )
    whole = tiny_case(project("skola", [8_000.0], 50.0))
    assert completion_facts(whole, economy_result(whole, ())) is None


def test_there_must_be_a_plan() -> None:
    problem = build_problem(three_projects())
    none = Portfolio(None, None, None, None, "time", 1.0, 1)
    with pytest.raises(ValueError, match="no plan"):
        choices_beside(problem, none, {})
