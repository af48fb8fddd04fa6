"""A resident's own plan: the difference in tax, the law, and places, by hand."""

from __future__ import annotations

from typing import Any

import pytest
from unit.plan.tiny import goal, project, tiny_data

from rodtrad.domain.arrays import Choice, build_case
from rodtrad.domain.components import Tables, build_tables
from rodtrad.explain.sandbox import short_places, try_own
from rodtrad.explain.workbench import Bench

SKOLA = project("skola", [2_000.0], 60.0, driver="befolkning")
BAD = project("bad", [100_000.0], 40.0, operating=5_000.0)
SKOLA_IN = Choice("skola", "a", 2026)
BAD_IN = Choice("bad", "a", 2026)


def _tables(rate: str | None = "20", **more: list[dict[str, Any]]) -> Tables:
    data = tiny_data(SKOLA, BAD, **more)
    for row in data["years"]:
        row["interest_rate"] = 0.0
    if rate is not None:
        data["settings"].append({"key": "tax_rate", "value": rate})
    return build_tables(data)


def _bench(tables: Tables, *choices: Choice) -> Bench:
    return Bench(build_case(tables), tuple(sorted(choices)), None)


def test_a_project_costs_its_depreciation_in_tax() -> None:
    # 2,000 tkr over 20 years is 100 tkr a year from 2027, shared by 1,000 inhabitants;
    # taxes of 60,000 at 20 kr per 100 give 30 tkr an öre
    found = try_own(_bench(_tables()), [SKOLA_IN])
    tax = found["tax"]
    assert tax["tkr"]["years"] == pytest.approx([0, 100, 100, 100])
    assert tax["per_inhabitant"]["years"] == pytest.approx([0, 100, 100, 100])
    assert tax["per_inhabitant"]["mean"] == pytest.approx(75)
    assert tax["ore"]["last"] == pytest.approx(100 / 30)
    assert tax["rate"] == 20


def test_leaving_it_out_is_as_much_cheaper() -> None:
    found = try_own(_bench(_tables(), SKOLA_IN), [])
    assert found["tax"]["per_inhabitant"]["last"] == pytest.approx(-100)
    assert [row["kind"] for row in found["changes"]] == ["out"]


def test_without_a_rate_there_are_no_ore() -> None:
    tax = try_own(_bench(_tables(None)), [SKOLA_IN])["tax"]
    assert tax["ore"] is None
    assert tax["per_inhabitant"]["last"] == pytest.approx(100)


def test_the_same_plan_costs_nothing_more() -> None:
    found = try_own(_bench(_tables(), SKOLA_IN), [SKOLA_IN])
    assert found["tax"]["tkr"]["years"] == [0, 0, 0, 0]
    assert str(found["tax"]["tkr"]["mean"]) == "0.0"
    assert not found["changes"]


def test_the_law_is_broken_in_the_years_with_a_deficit() -> None:
    # 3,000 a year without projects; the baths take 5,000 of depreciation and 5,000 to run
    found = try_own(_bench(_tables()), [BAD_IN])
    assert found["law"] == {
        "years": [2027, 2028, 2029],
        "before": [],
        "excused": [],
    }
    assert found["result"]["worst"]["value"] < 0
    other = try_own(_bench(_tables(), BAD_IN), [SKOLA_IN])
    assert other["law"] == {
        "years": [],
        "before": [2027, 2028, 2029],
        "excused": [],
    }


def test_a_deficit_that_need_not_be_restored_breaks_no_law() -> None:
    excuse = {"kind": "synnerliga_skal", "amount": 90_000.0}
    tables = _tables(adjustments=[{**excuse, "year": year} for year in (2027, 2028)])
    law = try_own(_bench(tables), [BAD_IN])["law"]
    assert law == {"years": [2029], "before": [], "excused": [2027, 2028]}


def test_a_broken_goal_is_told() -> None:
    tables = _tables(goals=[goal("lan", "lan_inv", 30_000.0)])
    found = try_own(_bench(tables), [BAD_IN])
    assert [row["kind"] for row in found["faults"]] == ["goal"]
    assert "Mål lan" in found["faults"][0]["text"]


def test_places_come_later_or_not_at_all() -> None:
    known: dict[str, Any] = {
        "lookback_id": "bad",
        "name": "Badet",
        "service": "simskola",
    }
    known |= {"age_from": 7, "age_to": 9, "count_year": 2019, "use_year": 2027}
    tables = _tables(lookbacks=[{**known, "added_places": 30.0}])
    found = try_own(_bench(tables, SKOLA_IN, BAD_IN), [BAD_IN])
    by_id = {row["project_id"]: row for row in found["places"]}
    assert by_id["skola"] == {
        "project_id": "skola",
        "name": "Skola",
        "service": None,
        "places": None,
        "in_use": None,
        "before": 2027,
    }
    assert by_id["bad"]["places"] == 30
    same = try_own(_bench(tables, SKOLA_IN), [SKOLA_IN])["places"]
    assert [row["project_id"] for row in same] == ["bad"]


def test_the_worst_shortage_of_each_area_is_told() -> None:
    def row(area: str, year: int, places: float) -> dict[str, Any]:
        return {
            "service": "förskola",
            "area": area,
            "area_name": area.title(),
            "from_year": year,
            "places": places,
        }

    rows = [row("norr", 2027, 10), row("norr", 2030, 25), row("syd", 2028, 40)]
    found = short_places({"shortages": rows})
    assert [(one["area_name"], one["places"]) for one in found] == [
        ("Syd", 40),
        ("Norr", 25),
    ]
    assert short_places(None) == []


def test_what_the_council_need_not_restore_breaks_no_law() -> None:
    def years(*exempt: dict[str, Any]) -> tuple[list[int], list[float | None]]:
        tables = _tables(adjustments=list(exempt))
        found = try_own(_bench(tables), [BAD_IN])
        bkr = found["balanskrav"]["bkr"]
        return found["law"]["years"], bkr

    broken, bkr = years()
    assert broken
    first = broken[0]
    deficit = -float(bkr[first - 2026] or 0.0)
    row = {"year": first, "kind": "synnerliga_skal", "amount": deficit}
    assert years(row)[0] == [year for year in broken if year != first]
    # a decision about a part of it is not enough
    assert years(row | {"amount": deficit / 2})[0] == broken
