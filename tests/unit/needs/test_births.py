"""Known births: used as they are, carried on after the last one, and told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from unit.needs.place_cases import counts, records, town

from rodtrad.needs.gap import PlaceGaps, forecast_place_gaps, table_rates
from rodtrad.needs.people import WHOLE, People, age_group, read_people
from rodtrad.needs.places import read_services
from rodtrad.needs.population import base_rates, forecast_population
from rodtrad.needs.population_errors import draw_shocks
from rodtrad.needs.population_rates import (
    births_levels,
    births_weight,
    defaults,
    fertility_levels,
    national_people,
    total_fertility,
)
from rodtrad.needs.stories import needs_story
from rodtrad.needs.swings import population_swings
from rodtrad.sources import read_underlag

VIMMERBY = Path(__file__).parents[3] / "examples" / "vimmerby" / "underlag"
YOUNG = {"0": age_group(0, 0), "1-5": age_group(1, 5)}
BACK = int(defaults("fertility")["births"]["back_years"])


def people(*sizes: float, births: dict[tuple[int, str], float], **given: Any) -> People:
    nation = national_people()
    names = tuple(f"omrade_{i}" for i in range(len(sizes)))
    persons = np.array([nation * n / nation.sum() for n in sizes])
    return People(names, persons, 2019, births=births, **given)


def gaps_of(**more: list[dict[str, Any]]) -> PlaceGaps:
    found = forecast_place_gaps(town(**more), draws=8)
    assert found is not None
    return found


def old_count() -> list[dict[str, Any]]:
    return counts("norr", 6_000.0, 2021) + counts("soder", 4_000.0, 2021)


def birth(year: int, persons: float, area: str | None = None) -> dict[str, Any]:
    return {"year": year, "area": area, "persons": persons}


# ---------------------------------------------------------------- levels


def test_worked_table_of_the_method_page() -> None:
    # docs/method/population.md: 100 expected a year, 120 and 90 known.
    known = np.array([120.0, np.nan, np.nan, 90.0, np.nan, np.nan])
    levels = births_levels(np.full(6, 100.0), known)
    assert levels == pytest.approx([1.2, 1.1, 1.0, 0.9, 0.91, 0.92])
    assert births_weight(known)[3:] == pytest.approx([1.0, 0.9, 0.8])


def test_the_latest_level_rests_on_three_years_and_is_gone_after_ten() -> None:
    known = np.full(20, np.nan)
    known[:4] = [50.0, 80.0, 90.0, 100.0]
    levels = births_levels(np.full(20, 100.0), known)
    # 50 is more than three years back: (80 + 90 + 100) / 300.
    assert levels[4] == pytest.approx(1.0 - 0.1 * 0.9)
    assert levels[3 + BACK :] == pytest.approx(np.ones(17 - BACK))
    assert (np.diff(levels[4:]) >= 0).all()


def test_without_known_births_nothing_is_changed() -> None:
    assert (births_levels(np.full(4, 9.0), np.full(4, np.nan)) == 1.0).all()
    # Nobody is expected to be born where nobody lives.
    assert (births_levels(np.zeros(2), np.array([3.0, np.nan])) == 1.0).all()


def test_the_nations_level_is_followed_to_the_year_one_stands_in() -> None:
    assert (fertility_levels(2019, 3, None) == 1.0).all()
    assert (fertility_levels(2019, 3, 2019) == 1.0).all()
    levels = fertility_levels(2019, 8, 2025)
    assert levels[4] == pytest.approx(total_fertility(2024) / total_fertility(2019))
    assert (levels[4:] == levels[4]).all()
    # One who stood in 2021 had not seen the fall.
    assert fertility_levels(2019, 8, 2021)[-1] > levels[-1]


# ---------------------------------------------------------------- the projection


def test_known_births_are_those_of_every_path() -> None:
    counted = people(12_000.0, births={(2020, WHOLE): 200.0, (2023, WHOLE): 90.0})
    rates = base_rates(counted)
    base = forecast_population(counted, rates, 6, YOUNG)
    paths = forecast_population(counted, rates, 6, YOUNG, draws=96, seed=2)
    for year, born in ((2020, 200.0), (2023, 90.0)):
        assert base.births[0, year - 2020, 0] == pytest.approx(born)
        assert (paths.births[0, year - 2020] == born).all()
        alive = paths.persons[0, 0, year - 2020]
        assert born * 0.98 < alive.min() <= alive.max() <= born
    # Between them in a straight line of the level, after them from the last.
    between = base.births[0, 1:3, 0]
    assert 200.0 > between[0] > between[1] > 90.0
    plain = forecast_population(replace(counted, births={}), rates, 6, YOUNG)
    assert base.births[0, 4, 0] < 0.9 * plain.births[0, 4, 0]
    assert paths.births[0, 4].std() > 5.0
    five = YOUNG["1-5"].sum()
    assert five == 5
    assert base.persons[0, 1, 5, 0] != pytest.approx(
        plain.persons[0, 1, 5, 0], rel=0.02
    )


def test_areas_share_the_wholes_births_and_keep_their_own() -> None:
    known = {(2020, WHOLE): 160.0, (2020, "omrade_1"): 10.0, (2021, WHOLE): 50.0}
    counted = people(6_000.0, 3_000.0, 3_000.0, births=known)
    rates = base_rates(counted)
    base = forecast_population(counted, rates, 4, YOUNG)
    assert base.births[:, 0, 0] == pytest.approx([100.0, 10.0, 50.0], rel=1e-3)
    assert base.births[:, 1, 0] == pytest.approx([25.0, 12.5, 12.5], rel=0.05)
    paths = forecast_population(counted, rates, 4, YOUNG, draws=70, seed=4)
    assert (paths.births.sum(axis=0)[:2] == [[160.0], [50.0]]).all()
    assert (paths.births[1, 0] == 10.0).all()
    assert paths.births[0, 0].std() > 1.0
    few = forecast_population(counted, rates, 4, YOUNG, draws=3, seed=4)
    assert (few.births == paths.births[..., :3]).all()
    # The areas are still the whole, age by age.
    one = People((WHOLE,), counted.persons.sum(axis=0, keepdims=True), 2019)
    one = replace(one, births={k: n for k, n in known.items() if k[1] == WHOLE})
    whole = forecast_population(one, base_rates(one), 4, YOUNG)
    assert base.persons.sum(axis=0) == pytest.approx(whole.persons[0], rel=2e-3)


def test_no_births_at_all_is_a_figure() -> None:
    counted = people(300.0, 200.0, births={(2020, WHOLE): 0.0})
    found = forecast_population(counted, base_rates(counted), 3, YOUNG, draws=5)
    assert (found.births[:, 0] == 0).all()
    assert np.isfinite(found.persons).all()


def test_what_is_known_does_not_wander_and_what_follows_does() -> None:
    known = {(2021, WHOLE): 100.0, (2024, WHOLE): 100.0}
    counted = people(12_000.0, births=known)
    spread = np.log(draw_shocks(counted, 8, range(600), 1).fertility).std(axis=1)
    assert spread[1] == pytest.approx(0.0, abs=1e-12)
    assert spread[4] == pytest.approx(0.0, abs=1e-12)
    free = np.log(draw_shocks(replace(counted, births={}), 8, range(600), 1).fertility)
    assert 0.0 < spread[2] < free[2].std()
    # So few births say little of the level: a tenth, less what has come back.
    assert spread[5] == pytest.approx(np.hypot(0.09, 0.025), rel=0.15)


# ---------------------------------------------------------------- tables


def test_births_are_read_where_the_whole_is_known() -> None:
    rows = [
        birth(2021, 90.0),  # of the count's own year: already there
        birth(2022, 91.0),
        birth(2022, 40.0, "soder"),
        birth(2023, 50.0, "norr"),
        birth(2023, 30.0, "soder"),
        birth(2024, 50.0, "norr"),  # one area alone says nothing of the whole
    ]
    tables = town(population=old_count(), births=rows)
    found = read_people(tables)
    assert found is not None
    assert found.births == {
        (2022, WHOLE): 91.0,
        (2022, "soder"): 40.0,
        (2023, "norr"): 50.0,
        (2023, "soder"): 30.0,
        (2023, WHOLE): 80.0,
    }
    assert found.stand_year == 2025
    then = read_people(tables, 2021)
    assert then is not None
    assert (then.births, then.stand_year) == ({}, 2021)


def test_own_children_per_woman_are_kept_in_all_years() -> None:
    plain = town(population=old_count())
    found = read_people(plain)
    assert found is not None
    assert table_rates(plain, found).levels_known == 2025
    own = [{"parameter": "children_per_woman", "value": 1.7}]
    rates = table_rates(town(population=old_count(), demography=own), found)
    assert rates.levels_known is None


def test_births_that_are_not_known_are_told() -> None:
    notes = gaps_of(population=old_count()).notes
    told = [note for note in notes if "bladet Födda" in note]
    assert len(told) == 1
    assert told[0].startswith(
        "Folkmängden efter ålder är från 2021. Hur många som föddes 2022–2025 står inte"
    )
    fresh = gaps_of().notes
    assert not any("Födda" in note for note in fresh)


def test_births_that_are_known_are_told_with_what_follows() -> None:
    rows = [birth(2022, 80.0), birth(2025, 70.0)]
    found = gaps_of(population=old_count(), births=rows)
    assert found.births[[0, 3]] == pytest.approx([80.0, 70.0])
    text = " ".join(found.notes)
    assert "Hur många som föddes 2023–2024 står inte på bladet Födda" in text
    assert "Antalet födda 2022 och 2025 är de som står på bladet Födda." in text
    assert f"närmar sig under {BACK} år det inbyggda: ett antagande" in text
    assert "på en rät linje" in text
    plain = gaps_of(population=old_count())
    assert found.need[0, -1] != pytest.approx(plain.need[0, -1], rel=0.02)


def test_a_story_does_not_know_later_births() -> None:
    tables = town(population=old_count(), births=[birth(2022, 10.0)])
    known, before = read_people(tables), read_people(tables, 2021)
    assert known is not None
    assert before is not None
    service = read_services(tables)[0]
    told = needs_story(known, service, 2026, 50.0, draws=32)
    # The count's later totals are not used either.
    assert told == needs_story(before, service, 2026, 50.0, draws=32)


def test_the_economy_knows_the_same_births() -> None:
    few = records(population=old_count(), births=[birth(2026, 0.0)])
    for row in few["years"][1:]:
        row["population"] = None
    tables = town(**{k: few[k] for k in ("population", "births", "years")})
    found = population_swings(tables, 16, 1)
    assert found is not None
    assert np.isfinite(found).all()


def test_vimmerbys_births_are_the_published_ones() -> None:
    tables, _issues = read_underlag(VIMMERBY)
    gaps = forecast_place_gaps(tables, draws=64)
    assert gaps is not None
    born = dict(zip(gaps.years, gaps.births, strict=True))
    assert (born[2020], born[2025]) == (pytest.approx(175.0), pytest.approx(111.0))
    assert 100 < born[2026] < 120
    assert any("2021–2024 står inte på bladet Födda" in note for note in gaps.notes)
