"""Candidate projects: whole rows that the checks accept and the planner solves."""

from __future__ import annotations

import pytest
from unit.needs.place_cases import records, town

from rodtrad.domain.arrays import build_case
from rodtrad.domain.checks import check_tables
from rodtrad.needs.gap import forecast_place_gaps
from rodtrad.needs.places_candidates import place_candidates, with_candidates
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.milp import Limits, solve_problem


def candidates(**more: list[dict[str, object]]):  # type: ignore[no-untyped-def]
    tables = town(**more)
    gaps = forecast_place_gaps(tables, draws=64)
    assert gaps is not None
    return tables, gaps, place_candidates(tables, gaps)


def test_every_way_stands_beside_the_others() -> None:
    _tables, _gaps, rows = candidates()
    ways = {
        r["alternative_id"]
        for r in rows["alternatives"]
        if r["project_id"] == "platser_forskola_norr"
    }
    assert {"bygg_nytt", "bygg_om", "paviljong", "hyr"} <= ways
    assert "flytta_till_soder" in ways  # Söder has places to spare
    kinds = {r["kind"] for r in rows["alternatives"]}
    assert {"bygg_nytt", "bygg_om", "hyr", "anpassa"} <= kinds


def test_the_size_covers_the_shortage_in_whole_units() -> None:
    _tables, gaps, rows = candidates()
    found = next(
        s for s in gaps.shortages if (s.service, s.area) == ("Förskola", "norr")
    )
    outlay = sum(
        r["outlay"]
        for r in rows["outlays"]
        if (r["project_id"], r["alternative_id"])
        == ("platser_forskola_norr", "bygg_nytt")
    )
    places = outlay / 450.0
    assert places >= found.places - 1
    assert round(places) % 18 == 0


def test_the_rows_pass_the_checks_and_the_planner_solves_them() -> None:
    tables, _gaps, rows = candidates()
    whole = with_candidates(tables, rows)
    errors = [i for i in check_tables(whole) if i.severity == "error"]
    assert errors == []
    case = build_case(whole)
    assert {p.project_id for p in case.projects} == {
        r["project_id"] for r in rows["projects"]
    }
    plan = solve_problem(build_problem(case), Limits(seconds=20.0))
    chosen = {c.project_id for c in plan.choices or ()}
    assert chosen  # nothing forbids a lease
    assert chosen <= {p.project_id for p in case.projects}


def test_a_lasting_surplus_gives_a_closure_that_saves() -> None:
    rows = records()["premises"]
    rows.append(
        {"premises_id": "liten", "service": "Förskola", "area": "soder", "places": 20.0}
    )
    _tables, gaps, found = candidates(premises=rows)
    closures = [r["project_id"] for r in found["projects"] if r["nira"] == "A"]
    assert closures == ["stang_liten"]
    saved = [
        r["operating"] for r in found["effects"] if r["project_id"] == "stang_liten"
    ]
    assert saved[0] < 0
    s, a = 0, gaps.areas.index("soder")
    t = [i for i, y in enumerate(gaps.years) if y >= 2027]
    assert (gaps.supply[s, a, t] - 20.0 >= gaps.need_high[s, a, t]).all()


def test_ids_are_stable_and_projects_that_exist_are_left_alone() -> None:
    tables, gaps, rows = candidates()
    assert place_candidates(tables, gaps) == rows
    whole = with_candidates(tables, rows)
    again = place_candidates(whole, gaps)
    assert all(table == [] for table in again.values())


def test_every_row_says_that_it_is_assumed() -> None:
    _tables, _gaps, rows = candidates()
    for table in rows.values():
        for row in table:
            assert row["quality"] == "antagande"
            assert row["source"].startswith("Antagande:")


def test_a_row_that_does_not_fit_is_refused() -> None:
    tables, _gaps, rows = candidates()
    rows["outlays"][0]["outlay"] = "mycket"
    with pytest.raises(ValueError, match="mycket"):
        with_candidates(tables, rows)
