"""Places: attendance, months, supply, lead times, dwellings."""

from __future__ import annotations

import numpy as np
import pytest
from unit.needs.place_cases import town

from rodtrad.needs.places import (
    built_in_attendance,
    dwelling_people,
    latest_decision,
    lead_years,
    monthly_children,
    need_places,
    peak_share,
    read_premises,
    read_services,
    share_between,
    supply_places,
)
from rodtrad.needs.population_rates import AGES, national_people


def test_worked_table_of_the_method_page() -> None:
    # docs/method/places.md: persons, attendance, need with 5 % buffer, supply, gap.
    persons = np.array([40.0, 42.0, 38.0, 45.0, 35.0])
    attendance = np.array([0.48, 0.89, 0.93, 0.943, 0.943])
    enrolled = float(persons @ attendance)
    assert enrolled == pytest.approx(167.36)
    need = float(need_places(np.array([enrolled]), 0.05)[0])
    assert need == pytest.approx(175.728)
    assert 160.0 - need == pytest.approx(-15.728)
    assert [latest_decision(2030, lead) for lead in (4.0, 6.5, 3.0, 1.0)] == [
        2026,
        2023,
        2027,
        2029,
    ]


def test_coverage_is_a_lever_on_the_need() -> None:
    assert need_places(np.array([200.0]), 0.0, 1.1)[0] == pytest.approx(220.0)


def test_built_in_attendance_gives_the_published_shares() -> None:
    children = national_people().sum(axis=0)
    preschool = built_in_attendance("preschool")
    young = preschool[1:4] @ children[1:4] / children[1:4].sum()
    assert young == pytest.approx(0.78, abs=0.015)  # SCB 2019: 78.0 % of ages 1-3
    assert preschool[1:6] @ children[1:6] / children[1:6].sum() == pytest.approx(
        0.846, abs=0.01
    )
    care = built_in_attendance("care_home")
    assert care[80:] @ children[80:] / children[80:].sum() == pytest.approx(
        0.14, abs=0.01
    )  # 14 % of those aged 80 and older


def test_attendance_of_an_age_replaces_the_common_ratio() -> None:
    tables = town(attendance=[{"service": "Förskola", "age": 1, "ratio": 0.4}])
    preschool = read_services(tables)[0]
    assert preschool.attendance[:7].tolist() == [0, 0.4, 0.8, 0.8, 0.8, 0.8, 0]
    assert read_services(tables)[1].attendance[100] == 0.05


def test_preschool_is_fullest_in_spring_and_emptiest_in_autumn() -> None:
    persons, attendance = np.full(AGES, 100.0), np.zeros(AGES)
    attendance[1:6] = 1.0
    months = [monthly_children(persons, attendance, m, 15) for m in range(1, 13)]
    assert int(np.argmax(months)) == 6  # July, the last before those of six leave
    assert int(np.argmin(months)) == 7
    # In May: all aged 1-5, and those born in January and February of the year before.
    assert months[4] == pytest.approx(500.0 + 100.0 * 2 / 12)
    assert 0.05 < peak_share(persons, attendance) < 0.15
    with pytest.raises(ValueError, match="month"):
        monthly_children(persons, attendance, 13)


def test_supply_counts_premises_in_their_years_and_all_in_the_whole() -> None:
    premises = read_premises(town())
    supply = supply_places(
        premises, ["Förskola", "Särskilt boende"], ["norr", "soder"], [2030, 2031]
    )
    assert supply[0].tolist() == [[300.0, 200.0], [330.0, 330.0], [630.0, 530.0]]
    # A care home without an area counts in the whole only.
    assert supply[1].tolist() == [[0.0, 0.0], [0.0, 0.0], [90.0, 90.0]]


def test_premises_that_end_before_they_begin_hold_no_places() -> None:
    tables = town(
        premises=[
            {
                "premises_id": "x",
                "service": "Förskola",
                "area": "norr",
                "places": 50.0,
                "from_year": 2030,
                "to_year": 2027,
            }
        ]
    )
    supply = supply_places(
        read_premises(tables), ["Förskola"], ["norr"], [2026, 2028, 2032]
    )
    assert supply.sum() == 0.0


def test_lead_times_of_the_tables_replace_the_built_in() -> None:
    assert lead_years(town())["bygg_nytt_detaljplan"] == (5.0, 6.5, 8.0)
    own = town(lead_times=[{"way": "bygg_nytt", "lead_years": 5.0, "high_years": 9.0}])
    assert lead_years(own)["bygg_nytt"] == (5.0, 5.0, 9.0)
    assert lead_years(own)["paviljong"] == (0.5, 1.0, 1.5)


@pytest.mark.parametrize("dwelling", ["smahus", "flerbostadshus", "aldrebostad"])
def test_dwellings_hold_their_people(dwelling: str) -> None:
    assert dwelling_people(dwelling, 50, 2.0).sum() == pytest.approx(100.0)
    if dwelling == "aldrebostad":
        assert dwelling_people(dwelling, 50)[:, :65].sum() == 0.0


def test_catchment_gives_no_more_than_is_spare_in_every_year() -> None:
    short = {"a": np.array([10.0, 30.0]), "b": np.array([5.0, 5.0])}
    spare = {"c": np.array([40.0, 28.0]), "d": np.array([0.0, 90.0])}
    assert share_between(short, spare) == {("c", "a"): 28.0}
