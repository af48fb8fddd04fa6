"""What plan.json says of needs, and the projects suggested with it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from unit.need_town import town_records, town_result, town_tables
from unit.needs.register_cases import asset, component, event, tables_of
from unit.plan.tiny import project, tiny_tables

from rodtrad.domain.checks import check_tables
from rodtrad.domain.components import build_tables
from rodtrad.needs.gap import forecast_place_gaps
from rodtrad.needs.places_candidates import with_candidates
from rodtrad.needs.result import NEED_DRAWS, needs_and_candidates, needs_result
from rodtrad.publish.needs import forecast_section, need_sentences
from rodtrad.publish.needs_renewal import backlog_blocks


def test_tables_without_needs_give_nothing() -> None:
    assert needs_result(tiny_tables(project("bad", [5.0], 1.0))) is None


def test_needs_are_never_told_without_their_uncertainty() -> None:
    with pytest.raises(ValueError, match="two draws"):
        needs_result(town_tables(), 1)


def test_every_part_is_there_in_plain_finite_values() -> None:
    found = needs_result(town_tables(), 60)
    assert found is not None
    json.dumps(found, allow_nan=False)
    assert found["draws"] == 60
    renewal, places = found["renewal"], found["places"]
    assert renewal["years"] == [2026, 2027, 2028, 2029]
    total = np.sum([row["expected_tkr"] for row in renewal["classes"]], axis=0)
    assert total == pytest.approx(renewal["total"]["expected"])
    low, high = renewal["total"]["p10"], renewal["total"]["p90"]
    assert all(a <= b for a, b in zip(low, high, strict=True))
    for row in places["rows"]:
        gap = np.array(row["supply"]) - np.array(row["need"])
        assert gap == pytest.approx(row["gap"])
    assert places["areas"][-1] == {"area": "hela_kommunen", "name": "hela kommunen"}
    assert found["stories"][0]["sentences"][-1] == "Den byggdes."
    assert found["notes"]


def test_the_backlog_has_three_measures_and_no_sum() -> None:
    found = needs_result(town_tables(), 20)
    assert found is not None
    measures = found["backlog"]["measures"]
    assert [m["key"] for m in measures] == ["cost_to_standard", "age", "economic"]
    amounts = [m["tkr"] for m in measures]
    assert sum(amount > 0 for amount in amounts) >= 2
    told = json.dumps({k: v for k, v in found["backlog"].items() if k != "measures"})
    sums = {sum(amounts), amounts[0] + amounts[1], amounts[1] + amounts[2]}
    assert not any(f"{round(one)}" in told.replace("\u00a0", "") for one in sums)
    assert "läggs inte ihop" in found["backlog"]["text"]


def test_the_prior_used_reaches_the_plan_beside_what_rests_on_it() -> None:
    """Fewer than five replacements: which life was used, with its range and source."""
    data = town_records()
    for row in data["components"]:
        del row["technical_life_years"]
    found = needs_result(build_tables(data), 20)
    assert found is not None
    told = " ".join(found["notes"])
    assert "färre än 5 kända utbyten" in told
    assert "”Yttertak” 40 år (25–50)" in told
    assert "Källa: Typisk kommunal praxis, inte kontrollerad mot utfall" in told
    assert found["renewal"]["quality"] == "antagande"
    assert all(row["assumed"] for row in found["renewal"]["classes"])
    said = " ".join(found["renewal"]["sentences"]).replace("\xa0", " ")
    assert "5 procent (2–20)" in said
    quality = {m["key"]: m["quality"] for m in found["backlog"]["measures"]}
    assert set(quality.values()) == {"antagande"}
    section = forecast_section({**town_result(), "need_forecast": found})
    assert section is not None
    page = repr(section).replace("\\xa0", " ")
    assert "”Yttertak” 40 år (25–50)" in page
    assert "5 procent (2–20)" in page


def test_one_register_or_people_alone_is_enough() -> None:
    data = town_records()
    people = {k: v for k, v in data.items() if k not in ("assets", "components")}
    people.pop("inspections")
    found = needs_result(build_tables(people), 20)
    assert found is not None
    assert found["renewal"] is found["backlog"] is None
    assert found["places"] is not None
    register = {
        k: v
        for k, v in data.items()
        if k not in ("population", "services", "premises", "lookbacks")
    }
    found = needs_result(build_tables(register), 20)
    assert found is not None
    assert found["places"] is None
    assert found["stories"] == []
    assert found["renewal"]["components"] == 3


def test_the_first_of_many_draws_are_those_of_few() -> None:
    few = forecast_place_gaps(town_tables(), draws=10, seed=5)
    many = forecast_place_gaps(town_tables(), draws=70, seed=5)
    assert few is not None
    assert many is not None
    assert np.allclose(few.draws, many.draws[..., :10], rtol=1e-12)


def test_suggested_projects_fit_the_underlag_and_are_not_suggested_twice() -> None:
    tables = town_tables()
    found, rows = needs_and_candidates(tables, 30)
    assert found == needs_result(tables, 30)
    ids = [row["project_id"] for row in rows["projects"]]
    assert any(key.startswith("fornya_") for key in ids)
    together = with_candidates(tables, rows)
    assert [i for i in check_tables(together) if i.severity == "error"] == []
    again = needs_and_candidates(together, 30)[1]
    assert not {row["project_id"] for row in again["projects"]} & set(ids)


def test_alike_notes_are_told_as_one() -> None:
    data = town_records()
    for row in data["components"]:
        row["replacement_cost"] = None
    for row in data["assets"]:
        row["replacement_cost"] = None
    found = needs_result(build_tables(data), 20)
    assert found is not None
    about = [note for note in found["notes"] if note.startswith("Återanskaffnings")]
    assert about == [
        "Återanskaffningsvärdet saknas för 3 delar. De räknas som 0 kronor i behovet."
    ]


def test_the_study_uses_enough_draws_for_its_percentiles() -> None:
    assert NEED_DRAWS >= 500


def test_what_stands_behind_the_backlog_is_shown_beside_it() -> None:
    parts = [
        component("Yttertak", 1700, technical_life_years=40),
        component("Fönster", 2000, technical_life_years=40),
    ]
    events = [event(1995, "utbyte", "Fönster")]
    school = asset(condition="TG2", condition_scale="tg", inspected=1998)
    found = needs_result(tables_of([school], parts, events), 20)
    assert found is not None
    assert found["backlog"]["of_asset_share"] == 0.5
    aged = needs_result(tables_of([asset()], parts[:1]), 20)
    assert aged is not None
    (top,) = aged["backlog"]["remarks"]
    assert "Taket nås för 1 del." in top
    meta = {"base_year": 2025, "currency": "kr"}
    blocks = backlog_blocks({"need_forecast": aged, "meta": meta})
    assert top in "".join(map(str, blocks))


def test_a_register_without_costs_says_so_on_page_one() -> None:
    school = asset(replacement_cost=None)
    found = needs_result(tables_of([school], [component("Tak", 1990, None)]), 20)
    meta = {"base_year": 2025, "currency": "kr"}
    shown = {"need_forecast": found, "meta": meta, "years": [2026, 2029]}
    (said,) = need_sentences(shown)
    assert "Inga återanskaffningsvärden är ifyllda" in said
    section = forecast_section(shown)
    assert section is not None
    assert "förnyas 20" not in str(section)
