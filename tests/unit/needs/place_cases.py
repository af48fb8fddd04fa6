"""A town with two areas, a preschool and a care home, for the tests of places."""

from __future__ import annotations

from typing import Any

from unit.plan.tiny import Records, tiny_data

from rodtrad.domain.components import Tables, build_tables
from rodtrad.needs.population_rates import AGES, national_people

BASE_YEAR, END = 2025, 2040


def counts(
    area: str, inhabitants: float, year: int = BASE_YEAR
) -> list[dict[str, Any]]:
    nation = national_people()
    scale = inhabitants / float(nation.sum())
    return [
        {
            "year": year,
            "area": area,
            "age": age,
            "sex": sex,
            "persons": float(round(nation[i, age] * scale)),
        }
        for i, sex in enumerate(("k", "m"))
        for age in range(AGES)
    ]


def records(**more: list[dict[str, Any]]) -> Records:
    """The underlag as rows; tables given replace those of the town."""
    data = tiny_data()
    data["settings"] = [
        {**row, "value": str(END)} if row["key"] == "plan_end" else row
        for row in data["settings"]
    ]
    first = data["years"][0]
    data["years"] = [
        {**first, "year": year, "population": 10_000.0}
        for year in range(BASE_YEAR, END + 1)
    ]
    data |= {
        "areas": [{"area": "norr", "name": "Norr"}, {"area": "soder", "name": "Söder"}],
        "population": counts("norr", 6_000.0) + counts("soder", 4_000.0),
        "services": [
            {
                "service": "Förskola",
                "age_from": 1,
                "age_to": 5,
                "ratio": 0.8,
                "buffer_share": 0.05,
            },
            {
                "service": "Särskilt boende",
                "age_from": 65,
                "age_to": 120,
                "ratio": 0.05,
            },
        ],
        "premises": [
            {
                "premises_id": "a",
                "service": "Förskola",
                "area": "norr",
                "places": 200.0,
            },
            {
                "premises_id": "b",
                "service": "Förskola",
                "area": "norr",
                "places": 100.0,
                "to_year": 2030,
            },
            {
                "premises_id": "c",
                "service": "Förskola",
                "area": "soder",
                "places": 330.0,
            },
            {"premises_id": "d", "service": "Särskilt boende", "places": 90.0},
        ],
    }
    return {**data, **more}


def town(**more: list[dict[str, Any]]) -> Tables:
    """The underlag of the town."""
    return build_tables(records(**more))
