"""Planned housing counts once and as told; who stands on the day is counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from unit.needs.place_cases import town

from rodtrad.needs.gap import planned_housing, table_rates
from rodtrad.needs.people import age_group, read_people
from rodtrad.needs.population import (
    _settled,
    area_rates,
    base_rates,
    forecast_population,
    nation_at,
)
from rodtrad.needs.population_rates import (
    defaults,
    national_net_migration,
    total_fertility,
)
from rodtrad.needs.survival_scores import brier_score
from rodtrad.needs.swings import _as_one


def _homes(area: str | None, new: float, built: float = 1.0) -> list[dict[str, Any]]:
    row: dict[str, Any] = {
        "housing_id": "h",
        "area": area,
        "year": 2028,
        "dwelling": "smahus",
    }
    row |= {"dwellings": 200, "persons_per_dwelling": 2.5, "new_share": new}
    return [row | {"delay_years": 0.0, "built_share": built}]


@pytest.mark.parametrize("new", [0.0, 0.4, 1.0])
def test_share_of_new_inhabitants_counts_also_where_there_are_areas(new: float) -> None:
    tables = town(housing=_homes("norr", new))
    people = read_people(tables)
    assert people is not None
    people = replace(people, control={})
    one = _as_one(people)
    totals = [
        forecast_population(
            p, table_rates(tables, p), 3, {}, housing=planned_housing(tables, p)
        ).total[-1, 0]
        for p in (people, one)
    ]
    assert totals[0] == pytest.approx(totals[1], rel=2e-3)


def test_housing_without_area_is_built_or_not_as_one() -> None:
    tables = town(housing=_homes(None, 1.0, built=0.5))
    people = read_people(tables)
    assert people is not None
    plans = planned_housing(tables, people)
    settled = _settled(people, plans, 5, range(64), 1, random=True)
    assert set(np.unique(settled.sum(axis=(0, 1, 2, 3)).round(3))) == {0.0, 500.0}


def test_a_draw_of_housing_is_its_own_whatever_else_is_planned() -> None:
    """A row above changes the row number, not what happens to the homes."""
    more = {**_homes("soder", 1.0)[0], "housing_id": "ny", "built_share": 0.5}
    alone = _homes("norr", 1.0, built=0.5)
    alone[0]["delay_years"] = 2.0
    settled = []
    for rows in (alone, [more, *alone]):
        tables = town(housing=rows)
        people = read_people(tables)
        assert people is not None
        plans = planned_housing(tables, people)
        settled.append(_settled(people, plans, 9, range(64), 1, random=True))
    north = [homes[0].sum(axis=(0, 1)) for homes in settled]
    assert north[0].std() > 0
    assert np.array_equal(north[0], north[1])


def test_those_who_move_out_are_those_of_the_area() -> None:
    """Twice as many leave one area as the other; the whole is as it was."""
    rows = [
        {
            "area": area,
            "age_from": 20,
            "age_to": 39,
            "moved_in": 200.0,
            "moved_out": out,
        }
        for area, out in (("norr", 300.0), ("soder", 100.0))
    ]
    people = read_people(town(moves=rows))
    assert people is not None
    people = replace(people, control={})
    parts = area_rates(people, base_rates(people))
    leaving = [
        float((rates.out * persons).sum())
        for rates, persons in zip(parts, people.persons, strict=True)
    ]
    assert leaving == pytest.approx([300.0, 100.0], rel=1e-6)
    found = forecast_population(people, base_rates(people), 1, {"a": age_group(0, 100)})
    change = found.persons[:, 0, 0, 0] - found.base[:, 0]
    # In: 200 each. Births and deaths differ by a few between the two.
    assert change[1] - change[0] == pytest.approx(200.0, abs=25.0)


@pytest.mark.parametrize("year", [2020, 2022, 2023])
def test_nothing_is_assumed_from_a_year_still_to_come(year: int) -> None:
    """Between two levels on record only the first is known."""
    levels = defaults("fertility")["total_fertility"]
    known = max(int(y) for y in levels if int(y) <= year)
    assert total_fertility(year) == levels[str(known)]
    assert national_net_migration(year) == national_net_migration(2019)
    # Standing later one knows both ends of the gap.
    assert total_fertility(year, 2024) < total_fertility(year) or year <= 2021


def test_the_nation_of_a_year_knows_no_later_level(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = nation_at(2023)
    table = {**defaults("fertility")["total_fertility"], "2024": 5.0}
    changed = {**defaults("fertility"), "total_fertility": table}
    from rodtrad.needs import population_rates

    real = population_rates.defaults
    monkeypatch.setattr(
        population_rates,
        "defaults",
        lambda name: changed if name == "fertility" else real(name),
    )
    assert np.array_equal(nation_at(2023), before)


@pytest.mark.parametrize("counts", [1, 2])
def test_the_share_of_young_is_held_where_no_change_foresaw_it_better(
    counts: int,
) -> None:
    """Two years, where one count without moves is all there is; then cohorts alone."""
    tables = town()
    people = read_people(tables)
    assert people is not None
    people = replace(people, control={})
    if counts == 2:
        earlier = people.persons.sum(axis=0) * 0.99
        people = replace(people, earlier=(people.base_year - 5, earlier))
    rates = base_rates(people)
    young = {"young": age_group(0, 19)}
    found = forecast_population(people, rates, 4, young)
    share = found.persons.sum(axis=0)[0, :, 0] / found.total[:, 0]
    now = float(found.base.sum() / people.persons.sum())
    free = forecast_population(people, replace(rates, young_moves=None), 4, young)
    if counts == 2:
        assert rates.young_moves is None
        assert np.array_equal(found.persons, free.persons)
        return
    assert rates.young_moves is not None
    assert rates.young_moves.shape[-1] == defaults("migration")["young"]["years"] == 2
    assert share[:2] == pytest.approx([now, now], abs=1e-5)
    other = free.persons.sum(axis=0)[0, :, 0] / free.total[:, 0]
    assert abs(other[1] - now) > 1e-4
    # What was moved changes who is young, not how many there are.
    assert found.total[:2, 0] == pytest.approx(free.total[:2, 0], rel=1e-4)
    drift = np.diff(share)[2:] - np.diff(other)[2:]
    assert abs(drift).max() < 1e-3


def test_brier_counts_those_last_seen_standing_on_the_day() -> None:
    score = brier_score(
        np.array([0.5, 0.5]), np.array([5.0, 5.0]), np.array([False, False]), 5.0
    )
    assert score == 0.25
