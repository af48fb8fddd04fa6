"""The search for the map: deterministic, anytime, and stopped as it says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from unit.plan.disputed import disputed_problem, twin_problem
from unit.plan.tiny import tiny_case

from rodtrad.plan.certificate import check_agreement
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.matrix import build_matrix
from rodtrad.plan.robust import MapLimits, Standing, map_agreement

if TYPE_CHECKING:
    from rodtrad.plan.problem import Problem
    from rodtrad.plan.robust import AgreementMap

QUICK = MapLimits(plan_work=100, growth=(40,), cells=6)


@pytest.fixture(scope="module")
def problem() -> Problem:
    return disputed_problem()


def text(found: AgreementMap) -> str:
    return json.dumps([found.rows, found.certificates.as_dict()])


def test_the_same_input_gives_the_same_bytes(problem: Problem) -> None:
    assert text(map_agreement(problem, QUICK)) == text(map_agreement(problem, QUICK))


def test_labels_only_move_from_open_to_settled(problem: Problem) -> None:
    standings: list[Standing] = []
    found = map_agreement(problem, QUICK, progress=standings.append)
    assert found.stopped == "done"
    for key in standings[0].settled:
        counts = [standing.settled[key] for standing in standings]
        assert counts == sorted(counts)
    for (scope, event), count in standings[-1].settled.items():
        rows = [r for r in found.rows if (r["scope"], r["event"]) == (scope, event)]
        assert sum(r["label"] != "oppen" for r in rows) == count


def test_a_map_stopped_by_work_says_so_and_holds(problem: Problem) -> None:
    found = map_agreement(problem, MapLimits(work=3, plan_work=100))
    assert found.stopped == "work"
    assert any(row["label"] == "oppen" for row in found.rows)
    matrix = build_matrix(problem)
    assert check_agreement(problem, matrix, found.certificates, found.rows) == []


def test_a_map_stopped_by_the_clock_says_so(problem: Problem) -> None:
    assert map_agreement(problem, MapLimits(seconds=0.0)).stopped == "time"


def test_no_viewpoints_give_no_map() -> None:
    assert map_agreement(disputed_problem(viewpoints=[]), QUICK).rows == []


def test_what_no_plan_can_do_is_labelled_before_anything_is_searched_for(
    problem: Problem,
) -> None:
    standings: list[Standing] = []
    plans = map_agreement(problem, QUICK).certificates.plans
    map_agreement(problem, QUICK, plans=plans[:1], progress=standings.append)
    assert standings[0].work == 0
    assert standings[0].settled["region", "in_plan"] == 1  # the must-do
    assert standings[0].settled["viewpoints", "in_plan"] == 1


def test_twins_are_tied_and_get_no_label() -> None:
    """Room for one of two that are alike: both are as good, whatever the weights."""
    found = map_agreement(twin_problem(), MapLimits())
    assert found.stopped == "done"
    rows = {
        row["project_id"]: row
        for row in found.rows
        if row["scope"] == "viewpoints" and row["event"] == "in_plan"
    }
    for key in ("use_a", "twin"):
        assert rows[key]["label"] == "oppen"
        assert rows[key]["by_viewpoint"] == ["oppen", "out"]
        assert rows[key]["interval"] == pytest.approx([0.0, 0.0], abs=1e-5)
    assert rows["both"]["label"] == "alla"


def test_known_plans_join_the_pool(problem: Problem) -> None:
    found = map_agreement(problem, QUICK)
    again = map_agreement(problem, QUICK, plans=found.certificates.plans)
    assert [r["label"] for r in again.rows] == [r["label"] for r in found.rows]


@pytest.mark.slow
def test_two_processes_give_the_same_map_as_one(problem: Problem) -> None:
    two = map_agreement(
        problem, MapLimits(plan_work=100, growth=(40,), cells=6, processes=2)
    )
    one = map_agreement(problem, QUICK)
    assert [r["label"] for r in two.rows] == [r["label"] for r in one.rows]


def test_no_projects_give_no_map() -> None:
    view = {"viewpoint": "v", "criterion": "nytta", "relation": "min", "value": "1"}
    found = map_agreement(build_problem(tiny_case(viewpoints=[view])))
    assert found.rows == []
