"""An underlag small enough for sums in the head, with a bit of everything.

Three projects (one with two alternatives, one that must be done), four years of plan,
an asset with components, a goal of each kind. The checks find no fault in it.
"""

from __future__ import annotations

from typing import Any

from rodtrad.domain.components import Tables, build_tables

Records = dict[str, list[dict[str, Any]]]
BASE_YEAR, END = 2025, 2029

_STATEMENT = {
    "ri": 20_000.0,
    "rk": -93_000.0,
    "ra": -4_000.0,
    "rs": 60_000.0,
    "rg": 20_000.0,
    "fi": 0.0,
    "fk": -1_000.0,
}
_BALANCE = {
    "fixed_assets": 70_000.0,
    "financial_assets": 0.0,
    "other_assets": 0.0,
    "cash": 5_000.0,
    "equity": 40_000.0,
    "provisions": 5_000.0,
    "loans": 25_000.0,
    "other_liabilities": 5_000.0,
    "pension_off_balance": 10_000.0,
}


def _alternative(
    project_id: str, alternative_id: str, outlays: list[float], score: float
) -> Records:
    key = {"project_id": project_id, "alternative_id": alternative_id}
    return {
        "alternatives": [
            {**key, "name": alternative_id.title(), "build_years": len(outlays)}
        ],
        "outlays": [
            {**key, "offset": i, "outlay": amount} for i, amount in enumerate(outlays)
        ],
        "parts": [
            {**key, "component": "stomme", "share": 1.0, "useful_life_years": 40}
        ],
        "scores": [{**key, "criterion": "nytta", "score": score}],
    }


def small_data() -> Records:
    """Return the rows by table; a caller may change them."""
    data: Records = {
        "settings": [
            {"key": key, "value": value}
            for key, value in {
                "municipality_name": "Liten",
                "base_year": str(BASE_YEAR),
                "plan_start": str(BASE_YEAR + 1),
                "plan_end": str(END),
                "discount_rate": "0.03",
                "min_cash_tkr": "5000",
            }.items()
        ],
        "years": [
            {
                "year": year,
                "population": 1000.0,
                "tax_base_growth": 0.03,
                "cost_growth": 0.02,
                "construction_growth": 0.03,
                "interest_rate": 0.03,
            }
            for year in range(BASE_YEAR, END + 1)
        ],
        "statement": [
            {"line": line, "year": BASE_YEAR, "amount": amount}
            for line, amount in _STATEMENT.items()
        ],
        "balance": [{"line": line, "amount": x} for line, x in _BALANCE.items()],
        "areas": [{"area": "centrum", "name": "Centrum"}],
        "assets": [{"asset_id": "skola_a", "name": "Norra skolan", "built_year": 1985}],
        "components": [
            {
                "asset_id": "skola_a",
                "component": part,
                "replacement_cost": cost,
                "installed_year": 1985,
                "technical_life_years": 40,
            }
            for part, cost in (("tak", 2_000.0), ("fönster", 1_000.0))
        ],
        "projects": [
            {"project_id": "skola", "name": "Norra skolan byggs om"},
            {"project_id": "bro", "name": "Bron över ån", "must_do": True},
            {"project_id": "park", "name": "Ny park"},
        ],
        "criteria": [
            {"criterion": "nytta", "name": "Nytta för invånarna", "weight": 1.0}
        ],
        "goals": [
            {
                "goal_id": "skuld",
                "name": "Låg skuld",
                "indicator": "lan_inv",
                "operator": "<=",
                "value": 60_000.0,
                "level": "must",
            },
            {
                "goal_id": "resultat",
                "name": "Överskott",
                "indicator": "res_andel",
                "operator": ">=",
                "value": 0.01,
                "level": "aim",
                "price": 1.0,
            },
        ],
    }
    for part in (
        _alternative("skola", "ombyggnad", [4_000.0, 6_000.0], 70.0),
        _alternative("skola", "nybygge", [10_000.0, 12_000.0], 90.0),
        _alternative("bro", "ny", [3_000.0], 40.0),
        _alternative("park", "enkel", [800.0], 20.0),
    ):
        for name, rows in part.items():
            data.setdefault(name, []).extend(rows)
    return data


def small_tables() -> Tables:
    """Return the underlag as tables."""
    return build_tables(small_data())


def hard_tables(count: int = 60) -> Tables:
    """Return an underlag whose best plan takes long to prove; one is found at once.

    What each project gives is nearly what it costs, and all share one ceiling.
    """
    data = small_data()
    for name in ("projects", "alternatives", "outlays", "parts", "scores"):
        data[name] = []
    for i in range(count):
        cost = 1_000.0 + (i * 7_919) % 997
        data["projects"].append({"project_id": f"p{i}", "name": f"Projektet {i}"})
        part = _alternative(f"p{i}", "a", [cost], 10.0 + cost / 25)
        for name, rows in part.items():
            data[name].extend(rows)
    data["goals"] = [{**data["goals"][0], "value": 45_000.0}]
    return build_tables(data)
