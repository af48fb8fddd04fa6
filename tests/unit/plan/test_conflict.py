"""Impossible input: a minimal conflict in the user's words, and a repair that works."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from oracle import instances
from unit.plan.tiny import Records, goal, project, resource, tiny_data

from rodtrad.domain.arrays import build_case
from rodtrad.domain.checks import check_tables
from rodtrad.domain.components import build_tables
from rodtrad.plan.conflict import (
    Conflict,
    explain_no_plan,
    find_conflict,
    find_conflicts,
)
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.milp import Limits, solve_problem

if TYPE_CHECKING:
    from rodtrad.errors import NoPlanError
    from rodtrad.plan.problem import Problem, Row

EXACT = Limits(gap=0)


def problem_of(data: Records) -> Problem:
    return build_problem(build_case(build_tables(data)))


def possible(problem: Problem) -> bool:
    found = solve_problem(problem, EXACT)
    assert found.stopped in ("proof", "gap", "infeasible")
    return found.choices is not None


def opened(row: Row) -> Row:
    infinity = float("inf")
    low = 0.0 if row.requirement.startswith("must_do:") else -infinity
    high = row.upper if row.requirement.startswith("must_do:") else infinity
    return replace(row, requirement="", lower=low, upper=high)


def assert_minimal(problem: Problem) -> list[Conflict]:
    """The rows of a set alone are impossible; without any one of it, possible."""
    conflicts = find_conflicts(problem, Limits(gap=1.0))
    assert conflicts[0] == find_conflict(problem, Limits(gap=1.0))
    for i, conflict in enumerate(conflicts):
        assert_one_minimal(problem, conflict)
        for other in conflicts[:i]:
            assert not set(conflict.requirements) >= set(other.requirements)
    return conflicts


def assert_one_minimal(problem: Problem, conflict: Conflict) -> None:
    assert conflict.minimal
    assert len(conflict.words) == len(conflict.requirements)
    names = set(conflict.rows)
    bare = replace(problem, ratio_aims=())

    def only(wanted: set[str]) -> Problem:
        return bare.with_rows(
            row
            if not row.requirement or (row.name in names and row.requirement in wanted)
            else opened(row)
            for row in problem.rows
        )

    whole = set(conflict.requirements)
    assert not possible(only(whole))
    for one in whole:
        assert possible(only(whole - {one})), one


# ---------------------------------------------------------------- the repair, applied


def plain(text: str) -> float:
    return float(text.replace("\u00a0", "").replace(",", ".").replace("\u2212", "-"))


def repaired(data: Records, repair: list[str]) -> Records:
    """Return the underlag after doing what each sentence says, and nothing else."""
    data = {name: [dict(row) for row in rows] for name, rows in data.items()}
    for sentence in repair:
        quoted = re.findall("”(.+?)”", sentence)[0]
        figure = "([\u2212\\d\u00a0,]+?)"
        if sentence.startswith(("Sänk", "Höj")):
            found = re.search(
                f" till {figure}\u00a0(procent|kronor per invånare)\\.$", sentence
            )
            assert found, sentence
            value = plain(found[1]) / (100 if found[2] == "procent" else 1)
            _loosen_goal(data, quoted, value)
        elif sentence.startswith("Låt inte målet"):
            data["goals"] = [row for row in data["goals"] if row["name"] != quoted]
        elif sentence.startswith("Öka"):
            found = re.search(f" (\\d{{4}}) från .* till {figure}\\.$", sentence)
            assert found, sentence
            for row in data["resources"]:
                if (row["resource"], row["year"]) == (quoted, int(found[1])):
                    assert row["available"] < plain(found[2])
                    row["available"] = plain(found[2])
        else:
            assert sentence.startswith("Ta bort kravet att projektet")
            (row,) = (r for r in data["projects"] if r["name"] == quoted)
            row |= {"must_do": False, "deadline_year": None}
    return data


def _loosen_goal(data: Records, name: str, value: float) -> None:
    (row,) = (r for r in data["goals"] if r["name"] == name)
    assert value < row["value"] if row["operator"] == ">=" else value > row["value"]
    row["value"] = value


def assert_repair_works(data: Records, error: NoPlanError) -> None:
    assert error.repair
    assert possible(problem_of(repaired(data, error.repair))), error.repair


# ---------------------------------------------------------------- cases made by hand


def explained(data: Records) -> NoPlanError:
    tables = build_tables(data)
    assert not [i for i in check_tables(tables) if i.severity == "error"]
    problem = build_problem(build_case(tables))
    assert not possible(problem)
    assert_minimal(problem)
    error = explain_no_plan(problem)
    assert_repair_works(data, error)
    return error


def test_a_must_do_that_is_too_dear_for_a_result_goal() -> None:
    """The result is 2,122 in 2026; half a year's interest on 40,000 takes 800 of it."""
    data = tiny_data(
        project("skola", [40_000.0], 50.0, must_do=True, deadline_year=2027),
        project("park", [500.0], 10.0),
        goals=[goal("resultat", "res_andel", 0.02)],
    )
    error = explained(data)
    assert error.conflict == [
        "projektet ”Skola” i bruk senast 2027",
        "målet ”Mål resultat” 2026",
    ]
    assert str(error) == (
        "Kraven går inte ihop: projektet ”Skola” i bruk senast 2027 och målet "
        "”Mål resultat” 2026. Tas ett av dem bort, går resten av listan ihop."
    )
    (sentence,) = error.repair
    assert sentence.startswith("Sänk kravet i målet ”Mål resultat” 20")
    assert "från 2\u00a0procent till \u2212" in sentence


def test_two_must_dos_that_share_a_scarce_resource() -> None:
    data = tiny_data(
        project(
            "skola", [1.0], 50.0, must_do=True, deadline_year=2027, use={"folk": 1.5}
        ),
        project(
            "bad", [1.0], 50.0, must_do=True, deadline_year=2027, use={"folk": 1.25}
        ),
        resources=resource("folk", 2.0),
    )
    error = explained(data)
    assert error.conflict == [
        "projektet ”Bad” i bruk senast 2027",
        "projektet ”Skola” i bruk senast 2027",
        "tillgången på ”folk” 2026",
    ]
    assert error.repair == ["Öka tillgången på ”folk” 2026 från 2 till 2,8."]


def test_a_must_do_that_waits_for_another_past_its_deadline() -> None:
    """Nobody is free in 2026, so the plan is ready in 2028 and the school in 2029."""
    folk = resource("folk", 2.0)
    folk[0]["available"] = 0.0
    data = tiny_data(
        project("skola", [1.0], 50.0, must_do=True, deadline_year=2028),
        project("plan", [1.0], 1.0, use={"folk": 1.0}),
        relations=[{"kind": "requires", "project_id": "skola", "other_id": "plan"}],
        resources=folk,
    )
    error = explained(data)
    assert error.conflict == [
        "projektet ”Skola” i bruk senast 2028",
        "projektet ”Skola” kräver projektet ”Plan”",
        "tillgången på ”folk” 2026",
    ]
    assert error.repair == ["Öka tillgången på ”folk” 2026 från 0 till 1."]


def test_the_must_do_is_dropped_when_nothing_cheaper_will_do() -> None:
    data = tiny_data(
        project("skola", [1.0], 50.0, must_do=True, deadline_year=2027),
        project("bad", [1.0], 50.0),
        project("vatten", [1.0], 50.0, must_do=True),
        relations=[
            {"kind": "excludes", "project_id": "skola", "other_id": "bad"},
            {"kind": "together", "project_id": "bad", "other_id": "vatten"},
        ],
    )
    (sentence,) = explained(data).repair
    assert sentence in (
        "Ta bort kravet att projektet ”Skola” är i bruk senast 2027.",
        "Ta bort kravet att projektet ”Vatten” är i bruk senast 2029.",
    )


def test_a_goal_that_no_choice_of_projects_reaches() -> None:
    """Without projects interest falls from 878 in 2026: the result is 2,122, 2.65 %."""
    data = tiny_data(
        project("park", [500.0], 10.0), goals=[goal("resultat", "res_andel", 0.03)]
    )
    error = explained(data)
    assert error.conflict == ["målet ”Mål resultat” 2026"]
    assert str(error) == (
        "Det går inte att klara målet ”Mål resultat” 2026, vilka projekt som än väljs."
    )
    assert error.repair == [
        "Sänk kravet i målet ”Mål resultat” 2026–2027 från 3\u00a0procent "
        "till 2,6\u00a0procent."
    ]


def test_a_debt_ceiling() -> None:
    """Loans fall by 6 million a year; 30 million more is 4 too much in 2026."""
    data = tiny_data(
        project("skola", [30_000.0], 50.0, must_do=True, deadline_year=2027),
        goals=[goal("lan", "lan_inv", 40_000.0)],
    )
    error = explained(data)
    assert error.conflict == [
        "projektet ”Skola” i bruk senast 2027",
        "målet ”Mål lan” 2026",
    ]
    (sentence,) = error.repair
    assert sentence.startswith(
        "Höj gränsen i målet ”Mål lan” 2026–2027 från 40\u00a0000\u00a0kronor till 4"
    )
    assert sentence.endswith("\u00a0kronor per invånare.")


def test_an_average_says_so_and_a_reserve_does_not_repair() -> None:
    """`bkr_andel` is held before reserves (A7): the repair must count without them."""
    data = tiny_data(
        project("skola", [60_000.0], 50.0, must_do=True, deadline_year=2027),
        goals=[goal("balans", "bkr_andel", 0.0, period="average:2")],
    )
    data["settings"] += [{"key": "resultatreserv_tkr", "value": "9000"}]
    error = explained(data)
    assert error.conflict[1] == (
        "målet ”Mål balans” (genomsnitt för 2 år, till och med 2027)"
    )
    assert "från 0\u00a0procent till \u2212" in error.repair[0]


def test_must_dos_kept_apart_by_relations() -> None:
    data = tiny_data(
        project("skola", [1.0], 50.0, must_do=True),
        project("bad", [1.0], 50.0),
        project("vatten", [1.0], 50.0, must_do=True),
        relations=[
            {"kind": "excludes", "project_id": "skola", "other_id": "bad"},
            {"kind": "together", "project_id": "bad", "other_id": "vatten"},
        ],
    )
    error = explained(data)
    assert "projektet ”Skola” utesluter projektet ”Bad”" in error.conflict
    assert "projektet ”Bad” hör ihop med projektet ”Vatten”" in error.conflict
    assert len(error.conflict) == 4


def test_a_loosened_must_do_does_not_count_when_others_are_judged() -> None:
    """Dropping one must-do must free its money: the conflict is the other and the goal."""
    data = tiny_data(
        project("dyr", [60_000.0], 50.0, must_do=True, deadline_year=2027),
        project("lagom", [20_000.0], 50.0, must_do=True, deadline_year=2027),
        goals=[goal("lan", "lan_inv", 47_000.0)],
    )
    assert "projektet ”Lagom” i bruk senast 2027" not in explained(data).conflict
    both = tiny_data(
        project("en", [16_000.0], 50.0, must_do=True, deadline_year=2027),
        project("annan", [16_000.0], 50.0, must_do=True, deadline_year=2027),
        goals=[goal("lan", "lan_inv", 47_000.0)],
    )
    assert len(explained(both).conflict) == 3


@pytest.mark.parametrize("seed", range(12))
def test_random_conflicts_are_minimal_and_repaired(seed: int) -> None:
    family = ("must_do", "requires", "resources", "together", "nka_average", "sol")[
        seed % 6
    ]
    data = _made_impossible(seed, family)
    problem = problem_of(data)
    assert not possible(problem)
    assert_minimal(problem)
    assert_repair_works(data, explain_no_plan(problem))


def _made_impossible(seed: int, family: str) -> dict[str, Any]:
    data = instances.random_data(seed, family)
    step = {"res_andel": 0.004, "lan_inv": -1500.0, "nka": -0.004, "sol": 0.01}
    for _try in range(40):
        if not possible(problem_of(data)):
            break
        for row in data["goals"]:
            row["value"] += step.get(row["indicator"], 0.0)
    return data


def test_no_floats_leak_into_the_words() -> None:
    data = tiny_data(
        project("skola", [40_000.0], 50.0, must_do=True, deadline_year=2027),
        goals=[goal("resultat", "res_andel", 0.0215)],
    )
    (sentence,) = explained(data).repair
    assert "från 2,15\u00a0procent till" in sentence
    assert "." not in sentence[:-1]


def test_two_conflicts_that_share_nothing_are_both_told() -> None:
    data = tiny_data(
        project(
            "skola", [1.0], 50.0, must_do=True, deadline_year=2027, use={"folk": 1.5}
        ),
        project(
            "bad", [1.0], 50.0, must_do=True, deadline_year=2027, use={"folk": 1.25}
        ),
        project("verk", [60_000.0], 50.0, must_do=True, deadline_year=2027),
        resources=resource("folk", 2.0),
        goals=[goal("lan", "lan_inv", 40_000.0)],
    )
    error = explained(data)
    conflicts = assert_minimal(problem_of(data))
    assert [set(c.requirements) for c in conflicts] == [
        {"must_do:verk", "goal:lan"},
        {"must_do:bad", "must_do:skola", "resource:folk"},
    ]
    assert str(error).startswith("Kraven går inte ihop: ")
    assert str(error).endswith(
        "Inte heller de här går ihop: projektet ”Bad” i bruk senast 2027, projektet "
        "”Skola” i bruk senast 2027 och tillgången på ”folk” 2026."
    )
    assert error.conflict == list(conflicts[0].words)


def test_conflicts_that_share_a_requirement_are_told_apart() -> None:
    """Any two of the three must-dos are too much: three conflicts, all with the goal."""
    data = tiny_data(
        *(
            project(key, [14_000.0], 50.0, must_do=True, deadline_year=2027)
            for key in ("en", "tva", "tre")
        ),
        goals=[goal("lan", "lan_inv", 40_000.0)],
    )
    conflicts = assert_minimal(problem_of(data))
    assert len(conflicts) == 3
    assert len({frozenset(c.requirements) for c in conflicts}) == 3
    for conflict in conflicts:
        assert "goal:lan" in conflict.requirements
        assert len(conflict.requirements) == 3
