"""A whole study: what it refuses, what it returns, and how two of them compare."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from unit.plan.tiny import goal, project, tiny_data, tiny_tables

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.domain.arrays import Choice, build_case
from rodtrad.domain.components import Tables, apply_scenario, build_tables
from rodtrad.errors import InputError, NoPlanError
from rodtrad.sources import read_underlag
from rodtrad.study import Settings, check_all, compare_studies, run
from rodtrad.verify import verify_result

EXAMPLES = Path(__file__).parents[2] / "examples"
SKOLA = project("skola", [8_000.0, 4_000.0], 50.0, build_years=2, latest_year=2026)
GOALS = [goal("resultat", "res_andel", 0.0)]


# ---------------------------------------------------------------- refusing


def test_every_fault_is_raised_at_once() -> None:
    faulty = tiny_tables(
        project("skola", [-1.0], 50.0),
        project("bad", [1.0], 50.0, earliest_year=2029, latest_year=2027),
    )
    with pytest.raises(InputError) as caught:
        run(faulty)
    codes = [i.code for i in caught.value.issues if i.severity == "error"]
    assert len(codes) >= 2
    assert "window_empty" in codes


def test_a_must_do_nobody_can_afford_is_a_fault_and_a_named_conflict() -> None:
    tables = tiny_tables(
        project("slott", [90_000.0], 9.0, must_do=True),
        goals=[goal("lan", "lan_inv", 40_000.0)],
    )
    assert "must_do_unaffordable" in [i.code for i in check_all(tables)]
    with pytest.raises(NoPlanError) as caught:
        run(tables)
    assert len(caught.value.conflict) == 2
    assert caught.value.repair


def test_requirements_that_collide_are_named_with_a_repair() -> None:
    """Each of the two is affordable alone; together they pass the ceiling."""
    tables = tiny_tables(
        project("skola", [16_000.0], 9.0, must_do=True, deadline_year=2027),
        project("bad", [16_000.0], 9.0, must_do=True, deadline_year=2027),
        goals=[goal("lan", "lan_inv", 40_000.0)],
    )
    with pytest.raises(NoPlanError) as caught:
        run(tables)
    assert caught.value.conflict == [
        "projektet ”Bad” i bruk senast 2027",
        "projektet ”Skola” i bruk senast 2027",
        "målet ”Mål lan” 2026",
    ]
    assert len(caught.value.repair) == 1


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(InputError):
        run(tiny_tables(SKOLA), Settings(scenario="finns inte"))


# ---------------------------------------------------------------- what comes back


def test_a_study_without_reasons() -> None:
    told: list[str] = []
    study = run(
        tiny_tables(SKOLA, goals=GOALS),
        Settings(only=("plan",)),
        lambda stage, **_facts: told.append(stage),
    )
    assert study.choices == (Choice("skola", "a", 2026),)
    assert study.result["reasons"] == study.result["limits"] == []
    assert told[0] == "Bygger planen"
    assert not any("skäl" in stage.lower() for stage in told)


def test_a_study_explains_every_project_and_verifies() -> None:
    tables = tiny_tables(SKOLA, project("bad", [50.0], 1.0), goals=GOALS)
    study = run(tables)
    assert [r["project_id"] for r in study.result["reasons"]] == ["bad", "skola"]
    assert study.result["status"]["stopped"] == "proof"
    assert verify_result(study.tables, study.result) == []


def test_a_study_with_nothing_to_choose() -> None:
    study = run(tiny_tables(goals=GOALS))
    assert study.choices == ()
    assert study.result["value"]["total"] == 0.0
    assert verify_result(study.tables, study.result) == []


@pytest.mark.slow
def test_a_plan_is_returned_when_time_is_short_and_says_so() -> None:
    tables, _issues = read_underlag(EXAMPLES / "exempelby" / "underlag")
    study = run(tables, Settings(time_limit=0.2, only=("plan",)))
    status = study.result["status"]
    assert status["state"] == "feasible"
    assert status["stopped"] == "time"
    assert study.choices
    assert status["bound"] >= status["objective"]
    assert status["gap"] == pytest.approx(
        (status["bound"] - status["objective"]) / status["objective"]
    )
    assert status["gap"] > 1e-3
    assert verify_result(study.tables, study.result) == []
    longer = run(tables, Settings(time_limit=1.0, only=("plan",))).result["status"]
    assert longer["objective"] <= status["bound"] + 1e-6


def test_the_work_limit_gives_the_same_plan_twice() -> None:
    tables, _issues = read_underlag(EXAMPLES / "vimmerby" / "underlag")
    settings = Settings(work_limit=3, gap=0.0, only=("plan",))
    one, other = (run(tables, settings).result for _ in range(2))
    one["status"]["seconds"] = other["status"]["seconds"] = 0.0
    assert one == other


# ---------------------------------------------------------------- scenarios

SCENARIO = [
    {
        "scenario": "dyrare lån",
        "table": "years",
        "key": "*",
        "column": "interest_rate",
        "value": "0.08",
    }
]


def test_a_scenario_is_laid_over_and_the_stored_tables_are_not_touched() -> None:
    tables = tiny_tables(SKOLA, goals=GOALS, scenarios=SCENARIO)
    plain = run(tables, Settings(only=("plan",)))
    dearer = run(tables, Settings(only=("plan",), scenario="dyrare lån"))
    assert dearer.tables == tables
    assert dearer.result["meta"]["scenario"] == "dyrare lån"
    assert plain.result["meta"]["input_sha256"] == dearer.result["meta"]["input_sha256"]
    expected = evaluate_plan(
        build_case(apply_scenario(tables, "dyrare lån")), dearer.choices
    )
    assert dearer.result["statement"]["fk"] == pytest.approx(
        list(expected.years.statement["fk"][:, 0])
    )
    assert dearer.result["statement"]["fk"][0] < plain.result["statement"]["fk"][0]
    assert verify_result(dearer.tables, dearer.result) == []


# ---------------------------------------------------------------- completion (A13)


def completion(**settings: str) -> tuple[Tables, dict[str, Any]]:
    tables = tiny_tables(
        SKOLA,
        goals=GOALS,
        settings=[{"key": k, "value": v} for k, v in settings.items()],
    )
    return tables, run(tables, Settings(only=("plan",))).result


def test_completion_against_a_hand_computation() -> None:
    """Outlays 8,000 and 4,000 from 2026, in use 2028, life 20 years, rate 0.75.

    Spent: 6,000; 0.75 x (2,000 + 4,000) = 4,500; then 1,125 and 281.25 of what is
    left. 2028: (6,000 + 4,500 + 1,125) / 20 = 581.25; 2029: + 281.25 / 20 = 595.3125.
    Moved: a quarter of 12,000. Loans in 2026: (25,000 x 1.02 - 7,000 + 6,000) / 0.98.
    """
    _tables, result = completion(completion_rate="0.75")
    run_ = result["completion"]
    assert run_["rate"] == 0.75
    assert run_["outlay_plan"] == pytest.approx([8_000, 4_000, 0, 0])
    assert run_["outlay"] == pytest.approx([6_000, 4_500, 1_125, 281.25])
    assert run_["moved_tkr"] == pytest.approx(3_000)
    assert run_["statement"]["ra"] == pytest.approx(
        [-4_000, -4_000, -4_581.25, -4_595.3125]
    )
    assert run_["balance"]["loans"][0] == pytest.approx(
        (25_000 * 1.02 - 7_000 + 6_000) / 0.98
    )
    assert result["statement"]["ra"] == pytest.approx([-4_000, -4_000, -4_600, -4_600])
    assert [g["goal_id"] for g in run_["goals"]] == ["resultat"]


def test_a_let_contract_keeps_its_pace_and_full_completion_has_no_second_run() -> None:
    _tables, result = completion(completion_rate="1")
    assert result["completion"] is None
    let = project(
        "skola", [8_000.0, 4_000.0], 50.0, build_years=2, latest_year=2026, gate="G6"
    )
    rate = [{"key": "completion_rate", "value": "0.75"}]
    found = run(tiny_tables(let, settings=rate), Settings(only=("plan",))).result
    assert found["completion"]["moved_tkr"] == 0.0
    assert found["completion"]["outlay"] == found["completion"]["outlay_plan"]


# ---------------------------------------------------------------- comparing

ALL_CHANGED = [
    {"scenario": "sämre", "table": "years", "key": "2026", "column": c, "value": v}
    for c, v in {
        "interest_rate": "0.05",
        "tax_base_growth": "0.01",
        "cost_growth": "0.015",
        "construction_growth": "0.03",
        "population": "990",
        "lasting_change_tkr": "10",
    }.items()
]


def test_the_steps_of_a_comparison_sum_to_the_difference_year_by_year() -> None:
    tables = tiny_tables(
        SKOLA,
        project("bad", [3_000.0], 20.0, operating=100.0),
        scenarios=ALL_CHANGED,
        goals=GOALS,
    )
    one = run(tables, Settings(only=("plan",)))
    other = run(tables, Settings(only=("plan",), scenario="sämre"))
    plans = [(s.tables, s.result) for s in (one, other, one)]
    found = compare_studies(plans)
    assert len(found["itemised"]) == 2
    for itemised, second in zip(found["itemised"], (other, one), strict=True):
        assert itemised["comparable"]
        steps = itemised["steps"]
        assert [s["key"] for s in steps][-2:] == ["input", "projects"]
        for name, group in (("ar", "statement"), ("loans", "balance")):
            difference = [
                b - a
                for a, b in zip(
                    one.result[group][name], second.result[group][name], strict=True
                )
            ]
            sums = [sum(step[name][t] for step in steps) for t in range(4)]
            assert sums == pytest.approx(difference, abs=1e-6)
    for step in found["itemised"][0]["steps"]:
        if step["key"] != "projects":
            assert any(step["ar"]), step["key"]
    for step in found["itemised"][1]["steps"]:
        assert not any(step["ar"])
    assert found["figures"]["ar"] == [
        s.result["statement"]["ar"] for s in (one, other, one)
    ]


def test_only_projects_that_differ_are_listed() -> None:
    """Dearer building puts the pool over the ceiling; the school stays as it was."""
    dearer = [
        {
            "scenario": "dyrt",
            "table": "outlays",
            "key": "bad/a/0",
            "column": "outlay",
            "value": "90000",
        }
    ]
    tables = tiny_tables(
        SKOLA,
        project("bad", [3_000.0], 20.0, latest_year=2026),
        scenarios=dearer,
        goals=[goal("lan", "lan_inv", 60_000.0)],
    )
    one = run(tables, Settings(only=("plan",)))
    other = run(tables, Settings(only=("plan",), scenario="dyrt"))
    found = compare_studies([(s.tables, s.result) for s in (one, other)])
    assert found["projects"] == [
        {
            "project_id": "bad",
            "name": "Bad",
            "plans": [
                {"alternative_id": "a", "start_year": 2026, "in_use_year": 2027},
                None,
            ],
        }
    ]
    assert [p["chosen"] for p in found["plans"]] == [2, 1]
    assert found["figures"]["outlay"][0][0] == pytest.approx(11_000)


def test_plans_over_other_years_are_said_not_to_be_comparable() -> None:
    longer = run(tiny_tables(SKOLA), Settings(only=("plan",)))
    data = tiny_data(SKOLA)
    for row in data["settings"]:
        if row["key"] == "plan_end":
            row["value"] = "2028"
    data["years"] = data["years"][:-1]
    other = run(build_tables(data), Settings(only=("plan",)))
    found = compare_studies([(s.tables, s.result) for s in (longer, other)])
    assert found["itemised"] == [{"steps": [], "comparable": False}]


def test_one_plan_cannot_be_compared() -> None:
    study = run(tiny_tables(SKOLA), Settings(only=("plan",)))
    with pytest.raises(ValueError, match="two plans"):
        compare_studies([(study.tables, study.result)])


def test_warnings_travel_with_the_result() -> None:
    tables = tiny_tables(
        SKOLA,
        project("slott", [90_000.0], 9.0),
        goals=[goal("lan", "lan_inv", 60_000.0)],
    )
    codes = [issue.code for issue in check_all(tables)]
    assert "project_unaffordable" in codes
    found = run(tables, Settings(only=("plan",))).result
    assert "project_unaffordable" in [issue["code"] for issue in found["issues"]]


def test_verify_holds_the_reasons_to_their_own_plans() -> None:
    tables = tiny_tables(
        project("skola", [16_000.0], 9.0),
        project("bad", [16_000.0], 7.0),
        goals=[goal("lan", "lan_inv", 40_000.0)],
    )
    result = json.loads(json.dumps(run(tables).result))
    assert verify_result(tables, result) == []
    known = next(r for r in result["reasons"] if r["force"]["choices"] is not None)
    mine = [
        [c["project_id"], c["alternative_id"], c["start_year"]]
        for c in result["choices"]
    ]
    changes: list[dict[str, Any]] = [
        {"choices": mine, "loss_low": 0.0, "loss_high": 0.0},
        {"loss_low": known["force"]["loss_high"] + 1.0},
        {"leaves": ["slott"]},
        {"impossible": True},
        {"loss_high": known["force"]["loss_high"] + 1.0},
    ]
    for change in changes:
        forged = copy.deepcopy(result)
        row = next(
            r for r in forged["reasons"] if r["project_id"] == known["project_id"]
        )
        row["force"] |= change
        assert verify_result(tables, forged), change
    for stopped, state in (("xyz", "optimal"), ("proof", "nonsense")):
        forged = copy.deepcopy(result)
        forged["status"] |= {"stopped": stopped, "state": state}
        assert verify_result(tables, forged)
