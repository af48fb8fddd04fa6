"""How the population swings around the plan's path, as the economy takes it."""

from __future__ import annotations

import numpy as np
import pytest
from unit.need_town import town_records, town_tables
from unit.plan.tiny import tiny_tables

from rodtrad.domain.components import build_tables
from rodtrad.needs import swings
from rodtrad.needs.swings import population_swings


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


def test_every_draw_is_a_path_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the most, only small things are used again: the errors are new."""
    whole = population_swings(town_tables(), 3000, 3)
    monkeypatch.setattr(swings, "MOST_PATHS", 1000)
    found = population_swings(town_tables(), 3000, 3)
    assert found is not None
    assert whole is not None
    assert found.shape == (4, 3000)
    assert np.array_equal(found[:, :1000], whole[:, :1000])
    # Every row a distribution as wide as when all are drawn in full.
    assert found.std(axis=1) == pytest.approx(whole.std(axis=1), rel=0.03)
    for share in (0.1, 0.5, 0.9):
        assert np.quantile(found, share, axis=1) == pytest.approx(
            np.quantile(whole, share, axis=1), abs=0.1 * whole.std()
        )
    again = np.corrcoef(found[-1, :1000], found[-1, 1000:2000])[0, 1]
    # A town of 1 000: the events of small numbers are a third of all there is.
    assert again < 0.5


def test_errors_of_many_draws_are_as_new_as_those_of_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = town_records()
    for row in data["population"]:
        row["persons"] *= 20.0
    for row in data["years"]:
        row["population"] = 20_000.0
    monkeypatch.setattr(swings, "MOST_PATHS", 250)
    found = population_swings(build_tables(data), 1000, 3)
    assert found is not None
    # Four draws a path: 0.25 of the variance is between them if nothing is shared, all
    # of it if everything is.
    between = found[-1].reshape(4, 250).mean(axis=0).var() / found[-1].var()
    assert between < 0.4


def test_without_a_count_there_is_nothing_to_draw() -> None:
    assert population_swings(tiny_tables(), 20, 1) is None
