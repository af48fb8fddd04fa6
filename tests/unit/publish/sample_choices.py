"""The agreement map and the choices beside the plan of the invented municipality.

Made without the planner, in the shapes of `agreement`, `agreement_basis` and `beside`.
"""

from __future__ import annotations

from typing import Any

Rows = list[dict[str, Any]]

VIEWPOINTS = {
    "Omsorg först": {"behov": 0.5, "drift": 0.3, "klimat": 0.2},
    "Hushålla": {"behov": 0.2, "drift": 0.7, "klimat": 0.1},
    "Växa": {"behov": 0.3, "drift": 0.1, "klimat": 0.6},
}
# Numbers of projects: disputed between viewpoints, within one, and open.
DISPUTED, WITHIN, OPEN = 1, 7, 9


def sample_agreement(rows: Rows, years: list[int]) -> dict[str, Any]:
    """Return `agreement` and `agreement_basis` for the projects."""
    found = []
    for i, row in enumerate(rows):
        for scope in ("viewpoints", "region"):
            for event in ("in_plan", "in_mandate"):
                found.append(_row(i, row, scope, event, years))
    chosen = [[r["project_id"], "a", r["start_year"]] for r in rows if r["chosen"]]
    disputed = {rows[i]["project_id"] for i in (DISPUTED, WITHIN) if i < len(rows)}
    without = [one for one in chosen if one[0] not in disputed]
    with_it = [*without, *([key, "a", years[2]] for key in sorted(disputed))]
    extra = [r["project_id"] for r in rows if not r["chosen"]][:1]
    return {
        "agreement": found,
        "agreement_basis": {
            "mandate_end": years[0],
            "stopped": "time",
            "criteria": {"behov": "Behov", "drift": "Driftekonomi", "klimat": "Klimat"},
            "viewpoints": [
                {"viewpoint": name, "weights": weights}
                for name, weights in VIEWPOINTS.items()
            ],
            "plans": {
                "2": sorted(with_it),
                "5": sorted([*without, *([key, "a", years[1]] for key in extra)]),
            },
        },
    }


def _row(
    i: int, row: dict[str, Any], scope: str, event: str, years: list[int]
) -> dict[str, Any]:
    has = row["chosen"] and (event == "in_plan" or row["start_year"] <= years[0])
    label, stance = ("alla", "in") if has else ("ingen", "out")
    stances = [stance] * 3
    interval: list[float | None] | None = [2.5 + i, 4.0 + i]
    witnesses: list[dict[str, Any]] = []
    weights = VIEWPOINTS["Växa"], VIEWPOINTS["Hushålla"]
    if scope == "region":
        stances = ["oppen"] * 3
        label, interval = "oppen", [0.0, None]
        weights = (
            {"behov": 0.25, "drift": 0.0, "klimat": 0.75},
            {"behov": 0.0, "drift": 1.0, "klimat": 0.0},
        )
    if event == "in_plan" and i == DISPUTED:
        label, interval, stances = "omtvistad", None, ["oppen", "out", "in"]
    elif event == "in_plan" and i == WITHIN and scope == "region":
        label, interval = "omtvistad", None
    elif i in (WITHIN, OPEN):
        label, interval = "oppen", [0.0, 1.4 if i == OPEN else None]
        stances = ["in", "oppen", "oppen"]
    elif i == 0:
        interval = None
    if label == "omtvistad":
        witnesses = [
            {"weights": dict(weights[0]), "plan": 2},
            {"weights": dict(weights[1]), "plan": 5},
        ]
    return {
        "project_id": row["project_id"],
        "scope": scope,
        "event": event,
        "label": label,
        "leaning": "in" if row["chosen"] else "out",
        "interval": interval,
        "witnesses": witnesses,
        "by_viewpoint": stances,
    }


def sample_beside(rows: Rows, years: list[int]) -> dict[str, Any]:
    """Return `beside`: near plans, start windows, reserve list and replan."""
    chosen = [r for r in rows if r["chosen"]]
    choices = [[r["project_id"], "a", r["start_year"]] for r in chosen]
    first = chosen[0]["project_id"] if chosen else rows[0]["project_id"]
    answer = {
        "choices": choices,
        "objective": 200.0,
        "bound": 201.0,
        "gap": 0.005,
        "impossible": False,
    }
    none = {**answer, "choices": None, "objective": None, "bound": None, "gap": None}
    return {
        "near": {
            "share": 0.02,
            "floor": 196.0,
            "floor_proven": True,
            "least_difference": 0.1,
            "complete": False,
            "text": "Två andra planer ger nästan lika stor nytta, inom 2\u00a0procent.",
            "plans": [
                {
                    "choices": choices,
                    "objective": 200.0 - i,
                    "loss": 1.25 + i,
                    "loss_share": 0.00625 * (1 + i),
                    "difference": 0.12 + 0.03 * i,
                    "least_difference": 0.12,
                    "outlay_fixed_tkr": 500_000.0,
                    "outlay_change_tkr": -12_500.0 + 40_000.0 * i,
                    "text": [
                        "Planen ger 1,3 nyttopoäng mindre (0,6\u00a0procent).",
                        f"Då lämnar ett projekt planen i fall {i + 1}.",
                    ],
                }
                for i in range(2)
            ],
        },
        "windows": {
            "share": 0.005,
            "floor": 199.0,
            "floor_proven": True,
            "projects": [
                {
                    "project_id": r["project_id"],
                    "start_year": r["start_year"],
                    "earliest": max(years[0], r["start_year"] - i % 2),
                    "latest": min(years[-1] - 1, r["start_year"] + i % 3),
                    "first_allowed": years[0],
                    "last_allowed": years[-1],
                    "witness_earliest": 0,
                    "witness_latest": 0,
                    "earliest_proven": True,
                    "latest_proven": False,
                    "text": "",
                }
                for i, r in enumerate(chosen)
            ],
            "witnesses": [choices],
        },
        "reserve": {
            "text": ["Ökar utrymmet med 20 miljoner kronor, kommer ett projekt in."],
            "levels": [
                {
                    "level": level,
                    "room_tkr": [level * 100_000.0] * len(years),
                    "free": answer,
                    "nested": none if level == -0.2 else answer,
                    "enters": [rows[-1]["project_id"]] if level == 0.05 else [],
                    "leaves": [first] if level == -0.1 else [],
                    "price_low": None if level == -0.2 else 0.5,
                    "price": None if level == -0.2 else 0.9,
                    "price_high": None if level in (-0.2, 0.2) else 2.25,
                    "price_share": None if level == -0.2 else 0.0045,
                }
                for level in (-0.2, -0.1, 0.05, 0.2)
            ],
            "order_in": [{"project_id": rows[-1]["project_id"], "level": 0.05}],
            "order_out": [{"project_id": first, "level": -0.1}],
        },
        "replan": {
            "decided": choices,
            "gone": [],
            "holds": False,
            "least": 1.0,
            "least_proven": True,
            "points": [
                {
                    "limit": 0.0, **none, "impossible": True, "changes": [],
                    "cost": 0.0, "loss_low": None, "loss_high": None,
                },
                {
                    "limit": 1.0, **answer, "changes": [first],
                    "cost": 1.0, "loss_low": 3.0, "loss_high": 5.5,
                },
                {
                    "limit": None, **answer, "changes": [first],
                    "cost": 1.0, "loss_low": 0.0, "loss_high": 0.0,
                },
            ],
            "text": ["Den beslutade planen håller inte längre alla krav."],
        },
        "completion": None,
    }  # fmt: skip


def sample_curves(
    rows: Rows, years: list[int], objective: float
) -> list[dict[str, Any]]:
    """Return `curves`: all goals together, and one goal, at a few amounts of room."""
    points = [
        {
            "room_tkr": room,
            "value": None if room < -20_000 else objective + room / 5000,
            "bound": None if room < -20_000 else objective + 0.5 + room / 5000,
            "gap": 0.001,
            "status": "proven",
            "work": 3,
            "changes": None,
            "leaves": [rows[0]["project_id"]] if room < 0 else [],
            "enters": [rows[-1]["project_id"]] if room > 20_000 else [],
            "moves": [],
            "switches": [],
            "text": "",
        }
        for room in (-25_000.0, -10_000.0, 10_000.0, 25_000.0)
    ]
    return [
        {"goal_id": key, "year": years[0], "points": points}
        for key in (None, "resultat")
    ]
