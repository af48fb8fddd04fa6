"""Needs, probabilities and a price of safety for the invented municipality.

Made without the models, in the shapes of `need_forecast`, `probability`, `quantiles`,
`uncertainty` and `risk`.
"""

from __future__ import annotations

from typing import Any

Result = dict[str, Any]
DRAWS = 1000
ASSUMED = ["räntor", "byggpriser"]
# Of all years, by place among the goals; the first is the balance requirement.
ALL_YEARS = (0.823, 0.612, 0.999, 0.35, 0.004)


def with_uncertainty(result: Result, certainty: bool = True) -> Result:
    """Return the plan with all that draws give."""
    return {
        **result,
        **sample_uncertainty(result),
        **({"risk": sample_risk(result)} if certainty else {}),
        "need_forecast": sample_needs(result["years"]),
    }


def sample_needs(years: list[int]) -> Result:
    """Return `need_forecast`: two classes, two services, one past decision of each kind."""
    n = len(years)
    roofs, pipes = [40_000.0 - 500.0 * i for i in range(n)], [9_000.0] * n
    total = [a + b for a, b in zip(roofs, pipes, strict=True)]
    long_years = [years[0] - 1, *years]
    m = len(long_years)
    return {
        "draws": 500,
        "renewal": {
            "years": list(years),
            "components": 21,
            "replacement_cost_tkr": 800_000.0,
            "classes": [
                {"label": "Yttertak", "expected_tkr": roofs, "assumed": True},
                {"label": "Ledning", "expected_tkr": pipes, "assumed": False},
                {"label": "Bro", "expected_tkr": [0.0] * n, "assumed": True},
            ],
            "total": {
                "expected": total,
                "p10": [0.5 * x for x in total],
                "p50": [0.9 * x for x in total],
                "p90": [1.7 * x for x in total],
            },
            "yearly": {"expected": 46_750.0, "p10": 31_234.0, "p90": 62_345.0},
            "waiting": [
                {
                    "asset_id": "norra",
                    "name": "Norra skolan",
                    "area": "norr",
                    "street": None,
                    "cost_tkr": [1_200.0, *([900.0] * (n - 2)), -300.0],
                    "total_tkr": 5_000.0,
                }
            ],
            "assumed_classes": ["Yttertak", "Bro"],
            "small_needs_tkr": 100.0,
            "quality": "antagande",
            "sentences": ["Omkring 47.", "Mellan 31 och 62.", "Livslängder antas."],
        },
        "backlog": {
            "measures": [
                {
                    "key": key,
                    "label": label,
                    "question": f"{label}: vad kostar det?",
                    "tkr": tkr,
                    "share": tkr / 800_000.0,
                }
                for key, label, tkr in (
                    ("cost_to_standard", "Efter besiktning", 62_000.0),
                    ("age", "Efter ålder", 140_000.0),
                    ("economic", "Vad väntan har kostat", 4_800.0),
                )
            ],
            "condition_index": 0.0775,
            "inspected_share": 0.63,
            "text": "Underhållsskulden är tre mått.",
        },
        "places": {
            "years": long_years,
            "areas": [
                {"area": "norr", "name": "Norra By"},
                {"area": "hela_kommunen", "name": "hela kommunen"},
            ],
            "rows": [
                _place_row("förskola", "norr", "Norra By", 100.0, 110.0, m),
                _place_row("förskola", "hela_kommunen", "hela kommunen", 520, 480, m),
                _place_row("skola", "norr", "Norra By", 300.0, 350.0, m),
                _place_row("skola", "hela_kommunen", "hela kommunen", 900, 1000, m),
            ],
            "shortages": [
                {
                    "service": "förskola",
                    "area": "hela_kommunen",
                    "area_name": "hela kommunen",
                    "from_year": years[1],
                    "places": 40.0,
                    "likely_from": years[1],
                    "possible_from": years[0],
                    "decide_by": [
                        {
                            "way": "bygg_nytt",
                            "label": "nybygge",
                            "year": years[0] - 3,
                            "passed": True,
                        },
                        {
                            "way": "hyr",
                            "label": "hyra lokaler",
                            "year": years[0],
                            "passed": False,
                        },
                        {
                            "way": "paviljong",
                            "label": "paviljong",
                            "year": years[1],
                            "passed": False,
                        },
                    ],
                    "text": "Förskola i hela kommunen väntas sakna platser.",
                }
            ],
            "births": [140.0] * m,
            "persons": {"expected": [15_000.0] * m, "p10": [1.0] * m, "p90": [2.0] * m},
        },
        "stories": [
            _story("Södra förskolan", 857.0, 755.0, 0.934, -92.3, 120.0, 0.002),
            _story("Solbacken", 551.0, 704.0, 0.0, 33.4, 20.0, 0.9),
        ],
        "notes": ["Födelsetal är antaganden."],
    }


def _place_row(
    service: str, area: str, name: str, need: float, supply: float, n: int
) -> Result:
    return {
        "service": service,
        "area": area,
        "area_name": name,
        "need": [float(need)] * n,
        "low": [0.9 * need] * n,
        "high": [1.1 * need] * n,
        "supply": [float(supply)] * n,
        "gap": [float(supply - need)] * n,
        "shortage_share": [0.9 if need > supply else 0.0] * n,
    }


def _story(
    name: str,
    now: float,
    base: float,
    fewer: float,
    places: float,
    added: float,
    enough: float,
) -> Result:
    return {
        "name": name,
        "service": "förskola",
        "count_year": 2019,
        "use_year": 2025,
        "now": now,
        "base": base,
        "low": 0.9 * base,
        "high": 1.1 * base,
        "fewer_share": fewer,
        "places": places,
        "added_places": added,
        "enough_share": enough,
        "births": {"low": 117.0, "base": 145.0, "high": 177.0},
        "sentences": [f"Så såg det ut för {name}.", "Det här hände."],
    }


def sample_uncertainty(result: Result) -> Result:
    """Return `probability`, `quantiles` and `uncertainty`; one goal misses a year."""
    years: list[int] = result["years"]
    n = len(years)
    keys = ["balanskrav", *(g["goal_id"] for g in result["goals"])]
    shares = dict(zip(keys, ALL_YEARS, strict=False))
    # A plan that holds every year exactly holds in no draw more than in all of them.
    yearly: dict[str, list[float | None]] = {
        key: [min(1.0, p + 0.02 * (n - 1 - i)) for i in range(n)]
        for key, p in shares.items()
    }
    yearly[keys[-1]][0] = None

    def spread(values: list[float], width: float) -> Result:
        return {
            key: [v + width * z * (1 + i / 4) for i, v in enumerate(values)]
            for key, z in (("p10", -1.28), ("p50", 0.0), ("p90", 1.28))
        }

    quantiles = {
        key: spread(values, 12_000.0) for key, values in result["statement"].items()
    }
    quantiles |= {
        key: spread([v or 0.0 for v in values], 3_000.0 if key == "lan_inv" else 0.01)
        for key, values in result["indicators"].items()
    }
    fans = [
        {
            "key": key,
            "years": years,
            "planned": result["indicators"][key],
            "draws": DRAWS,
            **quantiles[key],
            "p25": [(a + b) / 2 for a, b in _pairs(quantiles[key], "p10")],
            "p75": [(a + b) / 2 for a, b in _pairs(quantiles[key], "p90")],
        }
        for key in ("res_andel", "lan_inv")
    ]
    return {
        "probability": yearly,
        "quantiles": quantiles,
        "uncertainty": {
            "draws": DRAWS,
            "all_years": {
                key: {
                    "share": p,
                    "standard_error": 0.01,
                    "held": round(p * DRAWS),
                }
                for key, p in shares.items()
            },
            "assumed": ASSUMED,
            "drivers": {
                key: [
                    {"group": "tax_base", "label": "Skatteunderlaget", "share": 0.61},
                    {"group": "interest", "label": "Räntan", "share": 0.41},
                    {"group": "delay", "label": "Förseningar", "share": -0.02},
                ]
                for key in keys
            },
            "parameters": [
                _parameter("interest_sd_share", "Räntans svängningar", 0.008, "andel"),
                _parameter("lag_years", "År tills de gäller", 4.0, "år"),
            ],
            "fans": fans,
            "stress": [
                _stress("Räntan +2 procentenheter", n, keys, 0.58, {}),
                _stress("5 procent färre", n, keys, 0.0, {keys[0]: years[2:4]}),
            ],
            "assumptions": {
                "goal_id": "balanskrav",
                "rows": [
                    _moved("interest_sd_share", "Räntans svängningar", 0.86, 0.71),
                    _moved("lag_years", "År tills de gäller", 0.82, 0.825),
                    _moved("unknown", "Går inte att räkna", float("nan"), 0.9),
                ],
            },
            "population_from": "forecast",
            "delay_drawn": True,
        },
    }


def _pairs(quantiles: Result, key: str) -> list[tuple[float, float]]:
    return list(zip(quantiles[key], quantiles["p50"], strict=True))


def _parameter(key: str, label: str, value: float, unit: str) -> Result:
    return {
        "key": key,
        "label": label,
        "value": value,
        "low": value / 2,
        "high": value * 1.5,
        "unit": unit,
        "quality": "antagande",
        "source": "Egen bedömning",
    }


def _stress(
    label: str, n: int, keys: list[str], share: float, broken: Result
) -> Result:
    return {
        "key": label,
        "label": label,
        "ar_change": [-6_000.0] * n,
        "loans_change": [6_000.0 * (i + 1) for i in range(n)],
        "broken": broken,
        "probability": dict.fromkeys(keys, share),
        "probability_before": dict(zip(keys, ALL_YEARS, strict=False)),
    }


def _moved(key: str, label: str, low: float, high: float) -> Result:
    return {
        "key": key,
        "label": label,
        "low": 0.004,
        "high": 0.012,
        "at_low": low,
        "at_value": 0.823,
        "at_high": high,
    }


def sample_risk(result: Result, status: str = "met") -> Result:
    """Return `risk`: one project leaves, one moves, one is built another way."""
    chosen = [p["project_id"] for p in result["projects"] if p["chosen"]]
    return {
        "goal_id": "balanskrav",
        "share": 0.9,
        "from_year": result["years"][0],
        "to_year": result["years"][-1],
        "status": status,
        "probability": 0.915 if status == "met" else 0.72,
        "standard_error": 0.0044,
        "base_probability": 0.826,
        "judged": 0.912 if status == "met" else 0.722,
        "base_judged": 0.824,
        "judged_limit": 0.9047,
        "price_points": 22.4,
        "draws": 4000,
        "differences": {
            "leaves": chosen[:1],
            "enters": [],
            "moves": [{"project_id": chosen[1], "from": 2027, "to": 2029}],
            "switches": [{"project_id": chosen[2], "from": "a", "to": "b"}],
        },
        "choices": [],
        "search": {"state": "optimal", "gap": 0.0, "steps": []},
        "objective": 180.0,
        "price_share": 0.11,
        "outlay_change_tkr": -209_000.0,
    }
