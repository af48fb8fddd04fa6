"""Candidate projects: whole rows that the checks accept and the planner solves."""

from __future__ import annotations

import re

import pytest
from unit.needs.place_cases import counts, records, town

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


def _closing(found, project: str) -> dict[str, object]:  # type: ignore[no-untyped-def]
    return next(r for r in found["alternatives"] if r["project_id"] == project)


def test_a_closure_scraps_what_the_building_is_booked_at() -> None:
    """10 000 tkr over 20 more years; after the first year of the plan 9 500 are left."""
    rows = records()["premises"]
    extra = {"service": "Förskola", "area": "soder", "places": 20.0}
    rows.append({"premises_id": "liten", "asset_id": "hus", **extra})
    rows.append({"premises_id": "utan", **extra, "places": 21.0})
    building = {
        "asset_id": "hus",
        "name": "Lilla huset",
        "kind": "skola",
        "built_year": 2015,
        "replacement_cost": 30_000.0,
        "book_value": 10_000.0,
    }
    part = {
        "asset_id": "hus",
        "component": "Stomme",
        "installed_year": 2015,
        "replacement_cost": 30_000.0,
        "useful_life_years": 30,
        "book_value": 10_000.0,
    }
    _tables, _gaps, found = candidates(
        premises=rows, assets=[building], components=[part]
    )
    names = {r["project_id"]: r["name"] for r in found["projects"]}
    assert names["stang_liten"] == "Stäng Lilla huset"
    told = {r["project_id"]: r["description"] for r in found["projects"]}
    assert told["stang_utan"].startswith("Lokalen utan: 21 platser")
    assert names["stang_utan"] == "Stäng Förskola, Söder (21 platser)"
    closed = _closing(found, "stang_liten")
    assert closed["scrapped"] == 9_500.0
    assert "bokförda värde" in str(closed["source"])
    assert _closing(found, "stang_utan")["scrapped"] == 0.0
    # A building with other premises: their share of the places stays in the books.
    rows[-1] |= {"asset_id": "hus", "places": 60.0}
    _tables, _gaps, shared = candidates(
        premises=rows, assets=[building], components=[part]
    )
    assert _closing(shared, "stang_liten")["scrapped"] == 9_500.0 * 20 / 80


def test_a_closure_and_a_move_do_not_use_the_same_spare_places() -> None:
    """Söder has about 70 to spare: Norr would take 56 and the closing 20 of them."""
    rows = records()["premises"]
    rows[2]["places"] = 265.0
    extra = {"service": "Förskola", "area": "soder"}
    rows.append({"premises_id": "liten", **extra, "places": 20.0})
    rows.append({"premises_id": "fri", "service": "Förskola", "places": 100.0})
    tables, gaps, found = candidates(premises=rows)
    norr, flytt = "platser_forskola_norr", "platser_forskola_norr_flytta_till_soder"
    ways = {r["alternative_id"]: r["project_id"] for r in found["alternatives"]}
    assert ways["flytta_till_soder"] == flytt
    assert {(r["project_id"], r["other_id"]) for r in found["relations"]} == {
        (flytt, norr),
        ("stang_liten", flytt),
    }
    assert {r["kind"] for r in found["relations"]} == {"excludes"}
    whole = with_candidates(tables, found)
    assert [i for i in check_tables(whole) if i.severity == "error"] == []
    solve_problem(build_problem(build_case(whole)), Limits(seconds=20.0))
    # Many times the places: there is room for both.
    rows[2]["places"] = 3_000.0
    _tables, _gaps, roomy = candidates(premises=rows)
    assert {"stang_liten"} <= {r["project_id"] for r in roomy["projects"]}
    assert roomy["relations"] == []
    # Whoever has taken the closure into the underlag is still told.
    taken = [r for r in found["projects"] if r["project_id"] == "stang_liten"]
    again = place_candidates(with_candidates(tables, {"projects": taken}), gaps)
    pairs = {(r["project_id"], r["other_id"]) for r in again["relations"]}
    assert (flytt, "stang_liten") in pairs


def test_two_areas_are_not_given_the_same_places() -> None:
    """What Norr is given of Söder's spare places, Öster is not."""
    areas: list[dict[str, object]] = [
        {"area": a, "name": a.title()} for a in ("norr", "oster", "soder")
    ]
    people = [
        *counts("norr", 3_500.0),
        *counts("oster", 3_500.0),
        *counts("soder", 3_000.0),
    ]
    rows = [
        {"premises_id": a, "service": "Förskola", "area": a, "places": n}
        for a, n in (("norr", 110.0), ("oster", 110.0), ("soder", 270.0))
    ]
    _tables, gaps, found = candidates(areas=areas, population=people, premises=rows)
    given = [r for r in found["alternatives"] if r["alternative_id"].startswith("fly")]
    places = [float(re.findall(r"(\d+) platser", r["name"])[0]) for r in given]
    assert given
    first = min(gaps.years.index(s.from_year) for s in gaps.shortages)
    spare = (gaps.supply[0, 2] - gaps.need_high[0, 2])[first : first + 11]
    assert sum(places) <= spare.min()


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
