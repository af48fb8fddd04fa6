"""A town with people, premises, a register, a past decision and two projects."""

from __future__ import annotations

from functools import cache
from typing import Any

from unit.needs.place_cases import counts, records
from unit.needs.register_cases import asset, component, event
from unit.plan.tiny import Records, goal, project

from rodtrad.domain.components import Tables, build_tables
from rodtrad.study import Settings, run

# A hundredth of everything a place for people needs, so that the tests are quick.
END = 2029


def town_records() -> Records:
    data = records(
        population=counts("norr", 600.0)
        + counts("soder", 400.0)
        + counts("norr", 610.0, 2020)
        + counts("soder", 390.0, 2020)
    )
    data["settings"] = [
        {**row, "value": str(END)} if row["key"] == "plan_end" else row
        for row in data["settings"]
    ]
    data["years"] = [
        {**row, "population": 1000.0} for row in data["years"] if row["year"] <= END
    ]
    data["premises"] = [
        {**row, "places": row["places"] / (10 if row["service"] == "Förskola" else 20)}
        for row in data["premises"]
    ]
    data["assets"] = [asset(condition_scale="tg", inspected=2022)]
    data["components"] = [
        component("Yttertak", 1985, technical_life_years=30, condition="TG3"),
        component("Ventilation", 1985, technical_life_years=20),
        component("Fönster", 2024, technical_life_years=40),
    ]
    data["inspections"] = [event(2024, "utbyte", "Fönster", installed_year=1985)]
    data["lookbacks"] = [
        {
            "lookback_id": "ny",
            "name": "Nya förskolan",
            "service": "Förskola",
            "age_from": 1,
            "age_to": 5,
            "count_year": 2020,
            "use_year": 2024,
            "added_places": 20.0,
            "outcome": "Den byggdes.",
        }
    ]
    parts = (
        project("bad", [2_500.0], 20.0, operating=300.0, gate="G3"),
        project("skola_ny", [4_000.0, 3_000.0], 50.0, build_years=2, gate="G2"),
    )
    for part in parts:
        for name, rows in part.items():
            data.setdefault(name, []).extend(rows)
    data["goals"] = [goal("resultat", "res_andel", 0.0)]
    return data


def town_tables() -> Tables:
    return build_tables(town_records())


@cache
def town_result() -> dict[str, Any]:
    """The study with few draws, and the plan with a certainty; do not change it."""
    parts = ("plan", "needs", "uncertainty")
    result = run(town_tables(), Settings(draws=60, only=parts)).result
    certain = Settings(certainty=0.95, only=("plan", "uncertainty"))
    found = run(town_tables(), certain).result
    asked = {
        **result["meta"]["asked"],
        "certainty": 0.95,
        "certainty_goal": found["meta"]["asked"]["certainty_goal"],
    }
    meta = {**result["meta"], "asked": asked}
    return {**result, "meta": meta, "risk": found["risk"]}
