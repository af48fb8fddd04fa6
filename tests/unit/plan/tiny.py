"""A municipality small enough for sums in the head: no growth, round amounts.

Base year 2025, plan 2026-2029, 1,000 inhabitants, taxes and grants 80,000 tkr. Before
interest and projects every year leaves a result of 3,000 and depreciation of 4,000;
loans are 25,000 at 4 percent, cash is all of it the least cash.
"""

from __future__ import annotations

from typing import Any

from rodtrad.domain.arrays import Case, build_case
from rodtrad.domain.components import Tables, build_tables

Records = dict[str, list[dict[str, Any]]]
BASE_YEAR, END = 2025, 2029


def project(
    project_id: str,
    outlays: list[float],
    score: float,
    *,
    build_years: int = 1,
    operating: float = 0.0,
    income: float = 0.0,
    life: int | None = 20,
    use: dict[str, float] | None = None,
    **columns: Any,
) -> Records:
    """Return the rows of a project with one alternative `a`.

    `use` is the amount of each resource in every year of building; `columns` are
    columns of table projects.
    """
    key = {"project_id": project_id, "alternative_id": "a"}
    rows: Records = {
        "projects": [{"project_id": project_id, "name": project_id.title(), **columns}],
        "alternatives": [{**key, "name": "Bygg", "build_years": build_years}],
        "outlays": [
            {**key, "offset": i, "outlay": x, "income": income if i == 0 else 0.0}
            for i, x in enumerate(outlays)
        ],
        "parts": [
            {**key, "component": "allt", "share": 1.0, "useful_life_years": life}
        ],
        "scores": [
            {**key, "criterion": "nytta", "low": score, "score": score, "high": score}
        ],
        "resource_use": [
            {**key, "resource": name, "offset": i, "amount": amount}
            for name, amount in (use or {}).items()
            for i in range(build_years)
        ],
    }
    if operating:
        rows["effects"] = [{**key, "offset": 0, "operating": operating}]
    return rows


def goal(goal_id: str, indicator: str, value: float, **columns: Any) -> dict[str, Any]:
    """Return a row of table goals; a must goal each year unless told otherwise."""
    most = indicator in ("lan_inv", "nettolan", "inv_andel", "nka")
    return {
        "goal_id": goal_id,
        "name": f"Mål {goal_id}",
        "indicator": indicator,
        "operator": "<=" if most else ">=",
        "value": value,
        "level": "must",
        **columns,
    }


def tiny_data(*parts: Records, **tables: list[dict[str, Any]]) -> Records:
    """Return the underlag with the projects given and further tables."""
    data: Records = {
        "settings": [
            {"key": key, "value": value}
            for key, value in {
                "municipality_name": "Liten",
                "base_year": str(BASE_YEAR),
                "plan_start": str(BASE_YEAR + 1),
                "plan_end": str(END),
                "discount_rate": "0",
                "min_cash_tkr": "5000",
            }.items()
        ],
        "years": [
            {
                "year": year,
                "population": 1000.0,
                "tax_base_growth": 0.0,
                "cost_growth": 0.0,
                "construction_growth": 0.0,
                "interest_rate": 0.04,
            }
            for year in range(BASE_YEAR, END + 1)
        ],
        "statement": [
            {"line": line, "year": BASE_YEAR, "amount": amount}
            for line, amount in {
                "ri": 20_000.0,
                "rk": -93_000.0,
                "ra": -4_000.0,
                "rs": 60_000.0,
                "rg": 20_000.0,
                "fi": 0.0,
                "fk": -1_000.0,
            }.items()
        ],
        "balance": [
            {"line": line, "amount": amount}
            for line, amount in {
                "fixed_assets": 70_000.0,
                "financial_assets": 0.0,
                "other_assets": 0.0,
                "cash": 5_000.0,
                "equity": 40_000.0,
                "provisions": 5_000.0,
                "loans": 25_000.0,
                "other_liabilities": 5_000.0,
                "pension_off_balance": 10_000.0,
            }.items()
        ],
        "criteria": [{"criterion": "nytta", "name": "Nytta", "weight": 1.0}],
    }
    for part in parts:
        for name, rows in part.items():
            data.setdefault(name, []).extend(rows)
    for name, rows in tables.items():
        data[name] = [*data.get(name, []), *rows]
    return data


def tiny_tables(*parts: Records, **tables: list[dict[str, Any]]) -> Tables:
    """Return the underlag as tables."""
    return build_tables(tiny_data(*parts, **tables))


def tiny_case(*parts: Records, **tables: list[dict[str, Any]]) -> Case:
    """Return the underlag as a case."""
    return build_case(tiny_tables(*parts, **tables))


def resource(name: str, available: float) -> list[dict[str, Any]]:
    """Return rows of table resources, the same amount every plan year."""
    return [
        {"resource": name, "year": year, "available": available}
        for year in range(BASE_YEAR + 1, END + 1)
    ]
