"""How the population swings around the plan's path, as the economy takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from unit.need_town import town_records, town_tables
from unit.plan.tiny import tiny_tables

from rodtrad.domain.components import build_tables
from rodtrad.needs import swings
from rodtrad.needs.swings import population_swings

if TYPE_CHECKING:
    import pytest


def test_one_row_for_each_plan_year_and_wider_with_time() -> None:
    found = population_swings(town_tables(), 300, 1)
    assert found is not None
    assert found.shape == (4, 300)
    spread = found.std(axis=1)
    assert (np.diff(spread) > 0).all()
    assert abs(found.mean(axis=1)).max() < 0.02


def test_nothing_swings_before_the_base_year() -> None:
    """With a count from long ago only what comes after the base year is unknown."""
    data = town_records()
    data["population"] = [row for row in data["population"] if row["year"] == 2020]
    data["population_totals"] = [
        {"year": year, "persons": 1000.0} for year in range(2021, 2026)
    ]
    old = population_swings(build_tables(data), 300, 1)
    new = population_swings(town_tables(), 300, 1)
    assert old is not None
    assert new is not None
    assert old.shape == new.shape
    assert old[0].std() < 2 * new[0].std()


def test_the_first_of_many_are_those_of_few() -> None:
    few = population_swings(town_tables(), 20, 3)
    many = population_swings(town_tables(), 90, 3)
    assert few is not None
    assert many is not None
    assert np.array_equal(few, many[:, :20])


def test_paths_are_used_again_beyond_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swings, "MOST_PATHS", 10)
    found = population_swings(town_tables(), 25, 3)
    assert found is not None
    assert found.shape == (4, 25)
    assert np.array_equal(found[:, :10], found[:, 10:20])


def test_without_a_count_there_is_nothing_to_draw() -> None:
    assert population_swings(tiny_tables(), 20, 1) is None
