"""Planned housing counts once and as told; who stands on the day is counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from unit.needs.place_cases import town

from rodtrad.needs.gap import planned_housing, table_rates
from rodtrad.needs.people import read_people
from rodtrad.needs.population import _settled, forecast_population
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


def test_brier_counts_those_last_seen_standing_on_the_day() -> None:
    score = brier_score(
        np.array([0.5, 0.5]), np.array([5.0, 5.0]), np.array([False, False]), 5.0
    )
    assert score == 0.25
