"""Gaps: need against supply, chances, latest decisions, stories, faulty tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from unit.needs.place_cases import counts, records, town

from rodtrad.domain.checks import check_tables
from rodtrad.domain.place_rules import check_places
from rodtrad.needs.gap import forecast_place_gaps, shortage_sentences
from rodtrad.needs.people import WHOLE, read_people
from rodtrad.needs.places import read_services
from rodtrad.needs.stories import (
    built_in_service,
    chance_text,
    needs_story,
    tell_stories,
    untold_services,
)
from rodtrad.sources import read_underlag

VIMMERBY = Path(__file__).parents[3] / "examples" / "vimmerby" / "underlag"


def test_gap_is_supply_minus_need_in_every_area_and_the_whole() -> None:
    gaps = forecast_place_gaps(town(), draws=32)
    assert gaps is not None
    assert gaps.areas == ("norr", "soder", WHOLE)
    assert gaps.years == tuple(range(2026, 2041))
    assert gaps.gap == pytest.approx(gaps.supply - gaps.need)
    assert gaps.need[:, -1] == pytest.approx(gaps.need[:, :2].sum(axis=1), rel=1e-9)
    assert (gaps.need_low <= gaps.need_high).all()
    assert np.isfinite(gaps.draws).all()
    assert (gaps.shortage_share >= 0).all()
    assert (gaps.shortage_share <= 1).all()


def test_a_lease_that_ends_gives_a_shortage_and_a_latest_decision() -> None:
    gaps = forecast_place_gaps(town(), draws=64)
    assert gaps is not None
    north = [s for s in gaps.shortages if (s.service, s.area) == ("Förskola", "norr")]
    assert len(north) == 1
    found = north[0]
    assert found.from_year == 2031  # the year after the lease of premises b
    assert found.decide_by["bygg_nytt"] == 2027
    assert found.decide_by["bygg_nytt_detaljplan"] == 2024
    assert found.passed == ("bygg_nytt_detaljplan",)
    assert found.possible_from is not None
    assert found.likely_from is not None
    assert found.possible_from <= found.likely_from
    sentences = shortage_sentences(gaps, {"norr": "Norr", "soder": "Söder"})
    told = next(text for text in sentences if text.startswith("Förskola i Norr"))
    assert "från 2031" in told
    assert "2027 för att bygga nytt" in told
    assert "redan för sent att bygga nytt med ny detaljplan" in told


def test_the_coverage_lever_moves_the_need_and_nothing_else() -> None:
    plain = forecast_place_gaps(town(), draws=16)
    more = forecast_place_gaps(town(), draws=16, coverage={"Särskilt boende": 1.2})
    assert plain is not None
    assert more is not None
    assert more.need[0] == pytest.approx(plain.need[0])
    assert more.need[1] == pytest.approx(1.2 * plain.need[1])
    assert more.draws[1] == pytest.approx(1.2 * plain.draws[1])


def test_planned_housing_raises_the_need_where_it_stands() -> None:
    # Held totals would hide it: the municipality's forecast already has the housing.
    without = records()
    for row in without["years"][1:]:
        row["population"] = None
    homes = [
        {
            "housing_id": "kvarn",
            "area": "soder",
            "year": 2027,
            "new_share": 1.0,
            "dwelling": "smahus",
            "dwellings": 100,
            "delay_years": 0.0,
            "built_share": 1.0,
        }
    ]
    plain = forecast_place_gaps(town(years=without["years"]), draws=8)
    built = forecast_place_gaps(town(years=without["years"], housing=homes), draws=8)
    assert plain is not None
    assert built is not None
    t = plain.years.index(2028)
    assert built.need[0, 1, t] - plain.need[0, 1, t] > 20
    assert built.need[0, 0, t] == pytest.approx(plain.need[0, 0, t], rel=0.01)


def test_a_buffer_below_the_fullest_month_is_told() -> None:
    gaps = forecast_place_gaps(town(), draws=4)
    assert gaps is not None
    assert any("flest barn före sommaren" in note for note in gaps.notes)
    rows = records()["services"]
    rows[0] = {**rows[0], "buffer_share": 0.2}
    roomy = forecast_place_gaps(town(services=rows), draws=4)
    assert roomy is not None
    assert not any("flest barn före sommaren" in note for note in roomy.notes)


def test_own_assumptions_replace_the_built_in() -> None:
    data = records()
    for row in data["years"][1:]:
        row["population"] = None
    plain = forecast_place_gaps(town(years=data["years"]), draws=4)
    few = [{"parameter": "children_per_woman", "value": 1.0}]
    fewer = forecast_place_gaps(town(years=data["years"], demography=few), draws=4)
    assert plain is not None
    assert fewer is not None
    assert fewer.births[0] < 0.8 * plain.births[0]


def test_nothing_to_count_gives_none() -> None:
    assert forecast_place_gaps(town(population=[])) is None
    assert forecast_place_gaps(town(services=[], premises=[])) is None


def test_a_service_without_premises_is_told() -> None:
    rows = [r for r in records()["premises"] if r["service"] == "Förskola"]
    gaps = forecast_place_gaps(town(premises=rows), draws=4)
    assert gaps is not None
    assert any(
        "saknar platser för ”Särskilt boende”. Därför visas behovet" in note
        for note in gaps.notes
    )


# ---------------------------------------------------------------- bad input


def test_a_missing_age_is_an_issue_and_never_nan() -> None:
    rows = [r for r in records()["population"] if (r["area"], r["age"]) != ("norr", 3)]
    tables = town(population=rows)
    issues = [i for i in check_tables(tables) if i.code == "age_missing"]
    assert [i.message for i in issues] == ["Norr saknar åldrarna 3 2025."]
    gaps = forecast_place_gaps(tables, draws=8)
    assert gaps is not None
    assert np.isfinite(gaps.draws).all()
    assert gaps.notes[0].startswith("Norr saknar ålder 3 2025.")


def test_an_area_without_inhabitants_is_told_and_counted_as_none() -> None:
    tables = town(population=counts("norr", 10_000.0) + counts("soder", 0.0))
    issues = list(check_places(tables))
    assert [(i.code, i.severity, i.table) for i in issues] == [
        ("area_empty", "warning", "population")
    ]
    assert issues[0].message.startswith("Söder har inga invånare 2025.")
    gaps = forecast_place_gaps(tables, draws=8)
    assert gaps is not None
    assert np.isfinite(gaps.draws).all()
    assert gaps.need[0, 1].max() == pytest.approx(0.0, abs=1e-6)


def test_negative_persons_are_an_issue_at_their_cell() -> None:
    rows = records()["population"]
    rows[7] = {**rows[7], "persons": -4.0}
    tables = town(population=rows)
    issues = [i for i in check_tables(tables) if i.table == "population"]
    assert [(i.severity, i.row, i.column) for i in issues] == [("error", 9, "persons")]
    gaps = forecast_place_gaps(tables, draws=8)
    assert gaps is not None
    assert (gaps.draws >= 0).all()


def test_premises_that_end_before_they_begin_are_an_issue() -> None:
    rows = records()["premises"]
    rows[1] = {**rows[1], "from_year": 2031, "to_year": 2028}
    issues = list(check_places(town(premises=rows)))
    assert [(i.code, i.row, i.column) for i in issues] == [
        ("premises_years", 3, "to_year")
    ]
    assert "slutar 2028 men börjar först 2031" in issues[0].message


def test_a_service_whose_ages_cross_is_an_issue_and_left_out() -> None:
    rows = records()["services"]
    rows[0] = {**rows[0], "age_from": 5, "age_to": 1}
    tables = town(services=rows)
    issues = list(check_places(tables))
    assert [(i.code, i.severity, i.row) for i in issues] == [
        ("ages_crossed", "error", 2)
    ]
    gaps = forecast_place_gaps(tables, draws=8)
    assert gaps is not None
    assert [s.name for s in gaps.services] == ["Särskilt boende"]


def test_a_sound_town_has_no_remarks() -> None:
    assert list(check_places(town())) == []


# ---------------------------------------------------------------- stories


def test_a_story_knows_nothing_that_came_after() -> None:
    tables = town(
        population_totals=[
            {"year": y, "persons": n} for y, n in ((2015, 9e3), (2030, 5e4))
        ]
    )
    people = read_people(tables)
    assert people is not None
    service = read_services(tables)[0]
    told = needs_story(people, service, 2030, 50.0, draws=64)
    before = read_people(tables, 2025)
    assert before is not None
    assert needs_story(before, service, 2030, 50.0, draws=64) == told
    with pytest.raises(ValueError, match="after the count"):
        needs_story(people, service, 2025, 50.0)


def test_vimmerbys_stories_tell_what_section_7_tells() -> None:
    tables, _issues = read_underlag(VIMMERBY)
    preschool, care = tell_stories(tables, draws=400)
    # Preschool: 120 places were added; fewer children were to be foreseen.
    assert (preschool.name, preschool.now) == ("Nybble förskola", 857.0)
    assert preschool.base < preschool.now
    assert preschool.low < preschool.base < preschool.high
    assert preschool.fewer_share > 0.8
    assert preschool.enough_share < 0.05
    assert preschool.places < 0
    # Births: 175 in 2020, 111 in 2025. The forecast fell, but not so far.
    assert 111 < preschool.births[1] < 175
    text = " ".join(preschool.sentences)
    for figure in ("857", "120", "175", "111", "352", "479", "127"):
        assert figure in text
    # Care home: a queue of just over 30, move-in 2029, 49 % more aged 85+ by 2033.
    assert care.fewer_share < 0.01
    assert care.base > 1.2 * care.now
    assert 25 <= care.places <= 45
    assert care.added_places == 54
    assert "49 procent" in " ".join(care.sentences)


def test_a_service_that_is_only_looked_back_on_is_told() -> None:
    tables, _issues = read_underlag(VIMMERBY)
    told = untold_services(tables)
    assert len(told) == 1
    assert told[0].startswith("”Särskilt boende” finns bara i tillbakablicken.")
    assert "sannolikhet framåt" in told[0]
    assert untold_services(town()) == []


def test_85_and_older_grow_about_as_vimmerby_itself_says() -> None:
    tables, _issues = read_underlag(VIMMERBY)
    people = read_people(tables, 2019)
    assert people is not None
    _preschool, care = tell_stories(tables, draws=32)
    service = read_services(tables)[0]
    assert service.name == "Förskola"
    later = needs_story(
        people, built_in_service("Särskilt boende", 85, 120), 2033, 0.0, draws=32
    )
    # 49 % more by 2033 in the municipality's forecast; from the count of 2019 we say
    assert later.base / care.now - 1 == pytest.approx(0.49, abs=0.05)


def test_chances_are_never_told_as_certain() -> None:
    assert chance_text(0.0) == "mindre än 1 procent"
    assert chance_text(1.0) == "mer än 99 procent"
