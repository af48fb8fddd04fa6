"""Random underlag for tests: small ones that can be enumerated, and large varied ones.

Answers: on which instances does each family of constraints decide the best plan? A
small instance has a goal level laid between what the most valuable plan reaches and
what the best of some random plans reaches, so that the family usually bites and a
plan usually exists. Everything follows from the seed.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from typing import TYPE_CHECKING, Any

from oracle.reference import Data, Pick, Reference, enumerate_best

if TYPE_CHECKING:
    from collections.abc import Callable

Tables = dict[str, list[dict[str, Any]]]

GOAL_FAMILIES: dict[str, tuple[str, str, bool]] = {
    # family: indicator, operator, average
    "res_andel": ("res_andel", ">=", False),
    "res_andel_average": ("res_andel", ">=", True),
    "bkr_andel": ("bkr_andel", ">=", False),
    "bkr_andel_average": ("bkr_andel", ">=", True),
    "sol": ("sol", ">=", False),
    "sol_pen": ("sol_pen", ">=", False),
    "sfg": ("sfg", ">=", False),
    "sfg_average": ("sfg", ">=", True),
    "lan_inv": ("lan_inv", "<=", False),
    "lan_inv_average": ("lan_inv", "<=", True),
    "nettolan": ("nettolan", "<=", False),
    "nettolan_average": ("nettolan", "<=", True),
    "inv_andel": ("inv_andel", "<=", False),
    "inv_andel_average": ("inv_andel", "<=", True),
    "nka": ("nka", "<=", False),
    "nka_average": ("nka", "<=", True),
    "aim_res_andel": ("res_andel", ">=", False),
    "aim_lan_inv": ("lan_inv", "<=", False),
    "aim_inv_andel": ("inv_andel", "<=", False),
}
OTHER_FAMILIES = [
    "must_do",
    "requires",
    "excludes",
    "together",
    "resources",
    "waiting",
    "taxa",
    "parts",
    "budget",
]
FAMILIES = [*GOAL_FAMILIES, *OTHER_FAMILIES]
DRIVERS = ["lagkrav", "arbetsmiljo", "befolkning", "skick", "ekonomi", "klimat"]
KINDS = ["anpassa", "bygg_om", "bygg_nytt", "hyr", "kop"]
COMMITTEES = ["barn", "social", "teknik"]


# ------------------------------------------------------------------ the whole instance


def random_data(seed: int, family: str) -> Tables:
    """A small underlag (3-8 projects, at most 20,000 plans) where `family` matters."""
    if family not in FAMILIES:
        raise ValueError(family)
    for attempt in range(6):
        rng = random.Random(f"{family}/{seed}/{attempt}")
        data = _finances(rng, rng.randint(5, 7))
        _small_projects(rng, data)
        _background(rng, data, family)
        if family not in GOAL_FAMILIES:
            _ADD[family](rng, data)
            break
        if _add_goal_family(rng, data, family):
            break
    return data


def without_family(data: Data, family: str) -> Tables:
    """The same underlag without the family's constraint (or its money, or its rows)."""
    result: Tables = {
        table: [dict(row) for row in rows] for table, rows in data.items()
    }
    if family in GOAL_FAMILIES:
        result["goals"] = [
            row for row in result["goals"] if not row["goal_id"].startswith("family")
        ]
    elif family == "must_do":
        for row in result["projects"]:
            row["must_do"] = False
            row["deadline_year"] = None
    elif family in ("requires", "excludes", "together"):
        result["relations"] = [
            row for row in result["relations"] if row["kind"] != family
        ]
    elif family == "resources":
        result["resources"] = []
        result["resource_use"] = []
    elif family == "waiting":
        for row in result["projects"]:
            row["waiting_cost"] = 0.0
    elif family == "taxa":
        for row in result["projects"]:
            row["financing"] = "skatt"
    elif family == "parts":
        result["parts"] = []
    elif family == "budget":
        base_year = int(_setting(result, "base_year"))
        result["existing"] = []
        result["adjustments"] = []
        result["statement"] = [
            row for row in result["statement"] if row["year"] == base_year
        ]
        for row in result["years"]:
            row["provisions_change_tkr"] = 0.0
            row["other_change_tkr"] = 0.0
            row["lasting_change_tkr"] = 0.0
    else:
        raise ValueError(family)
    return result


def _setting(data: Data, key: str) -> str:
    return next(str(row["value"]) for row in data["settings"] if row["key"] == key)


def _between(rng: random.Random, low: float, high: float, digits: int = 4) -> float:
    return round(rng.uniform(low, high), digits)


def _finances(rng: random.Random, span: int, wild: bool = False) -> Tables:
    """Settings, years, statement and an opening balance that balances."""
    base_year = rng.randint(2024, 2026)
    end = base_year + span
    scale = rng.choice([0.3, 1.0, 1.0, 2.5])
    base = round(rng.uniform(900_000, 1_200_000) * scale)
    settings = {
        "municipality_name": "Slumpby",
        "municipality_code": "0000",
        "base_year": str(base_year),
        "plan_start": str(base_year + 1),
        "plan_end": str(end),
        "discount_rate": repr(_between(rng, 0.0, 0.05, 3)),
        "internal_rate": repr(_between(rng, 0.01, 0.03, 3)),
        "min_cash_tkr": repr(float(round(base * rng.uniform(0.0, 0.05)))),
        "resultatreserv_tkr": repr(float(round(base * rng.uniform(0.0, 0.04)))),
        "rur_tkr": repr(float(round(base * rng.choice([0.0, rng.uniform(0, 0.03)])))),
        "completion_rate": repr(_between(rng, 0.5, 1.0, 2)),
        "seed": str(rng.randint(1, 999)),
        "draws": "1",
    }
    population = round(base / rng.uniform(65, 85))
    low = -0.02 if wild else 0.015
    years = []
    people = population
    for year in range(base_year, end + 1):
        years.append(
            {
                "year": year,
                "population": float(people),
                "tax_base_growth": _between(rng, low, 0.045),
                "cost_growth": _between(rng, low, 0.04),
                "construction_growth": _between(rng, low, 0.05),
                "interest_rate": _between(rng, 0.0 if wild else 0.015, 0.045),
                "other_change_tkr": 0.0,
                "lasting_change_tkr": 0.0,
                "provisions_change_tkr": 0.0,
            }
        )
        people = round(people * (1 + rng.uniform(-0.012, 0.01)))
    ri = round(base * rng.uniform(0.15, 0.3))
    ra = -round(base * rng.uniform(0.025, 0.05))
    fi = round(base * rng.uniform(0.0, 0.004))
    fk = -round(base * rng.uniform(0.0, 0.006))
    rs = round(base * rng.uniform(0.65, 0.85))
    rg = base - rs
    result = round(base * rng.uniform(-0.01 if wild else 0.015, 0.045))
    rk = result - (ri + ra + rs + rg + fi + fk)
    lines = {"ri": ri, "rk": rk, "ra": ra, "rs": rs, "rg": rg, "fi": fi, "fk": fk}
    statement = [
        {"line": line, "year": base_year, "amount": float(amount)}
        for line, amount in {**lines, "ex": 0}.items()
    ]
    balance: dict[str, float] = {
        "fixed_assets": float(round(base * rng.uniform(0.5, 1.1))),
        "financial_assets": float(round(base * rng.uniform(0.02, 0.15))),
        "other_assets": float(round(base * rng.uniform(0.05, 0.12))),
    }
    if rng.random() < (0.5 if wild else 0.25):  # rich in cash
        balance["cash"] = float(round(base * rng.uniform(0.1, 0.35)))
        balance["loans"] = float(round(base * rng.choice([0.0, 0.05])))
    else:
        balance["cash"] = float(round(base * rng.uniform(0.02, 0.08)))
        balance["loans"] = float(round(base * rng.uniform(0.1, 0.7 if wild else 0.4)))
    balance["provisions"] = float(round(base * rng.uniform(0.02, 0.1)))
    balance["other_liabilities"] = float(round(base * rng.uniform(0.1, 0.2)))
    assets = sum(
        balance[line]
        for line in ("fixed_assets", "financial_assets", "other_assets", "cash")
    )
    balance["equity"] = assets - sum(
        balance[line] for line in ("provisions", "loans", "other_liabilities")
    )
    balance["pension_off_balance"] = float(round(base * rng.uniform(0.1, 0.5)))
    balance["guarantees"] = float(round(base * rng.uniform(0.0, 0.8)))
    return {
        "settings": [{"key": key, "value": value} for key, value in settings.items()],
        "years": years,
        "statement": statement,
        "balance": [{"line": key, "amount": value} for key, value in balance.items()],
        "existing": [],
        "adjustments": [],
        "deficits": [],
        "projects": [],
        "alternatives": [],
        "outlays": [],
        "effects": [],
        "parts": [],
        "criteria": [],
        "scores": [],
        "resources": [],
        "resource_use": [],
        "relations": [],
        "goals": [],
    }


# ----------------------------------------------------------------------- the projects


def _base_amount(data: Data) -> float:
    base_year = int(_setting(data, "base_year"))
    return sum(
        float(row["amount"])
        for row in data["statement"]
        if row["line"] in ("rs", "rg") and row["year"] == base_year
    )


def _add_criteria(rng: random.Random, data: Tables, count: int) -> None:
    for i in range(count):
        data["criteria"].append(
            {
                "criterion": f"k{i + 1}",
                "name": f"Kriterium {i + 1}",
                "weight": float(rng.randint(1, 9)),
                "description": "",
            }
        )


def _add_project(
    rng: random.Random,
    data: Tables,
    project_id: str,
    earliest: int | None,
    latest: int | None,
    alternatives: int,
    size: float,
    max_build: int,
) -> None:
    """One project with its alternatives, outlays, effects, parts and scores."""
    data["projects"].append(
        {
            "project_id": project_id,
            "name": f"Projekt {project_id}",
            "committee": rng.choice(COMMITTEES),
            "area": None,
            "asset_id": None,
            "driver": rng.choice(DRIVERS),
            "nira": rng.choice(["N", "I", "R", "A", "N60 R40"]),
            "must_do": False,
            "deadline_year": None,
            "earliest_year": earliest,
            "latest_year": latest,
            "financing": rng.choice(["skatt"] * 8 + ["taxa", "exploatering"]),
            "gate": rng.choice(["G0", "G1", "G2", "G3"]),
            "lat": None,
            "lon": None,
            "waiting_cost": 0.0,
            "public": True,
            "description": "",
        }
    )
    appeal = rng.uniform(10, 90)
    for number in range(1, alternatives + 1):
        key = {"project_id": project_id, "alternative_id": f"a{number}"}
        build = rng.randint(1, max_build)
        total = size * rng.uniform(0.6, 1.4)
        data["alternatives"].append(
            {
                **key,
                "name": f"Alternativ {number}",
                "kind": rng.choice(KINDS),
                "build_years": build,
                "scrapped": round(total * 0.05) * rng.choice([0.0, 0.0, 0.0, 1.0]),
            }
        )
        spending = build + rng.choice([-1, 0, 0, 0, 1])
        shares = [rng.uniform(0.3, 1.0) for _ in range(max(spending, 1))]
        grant = rng.choice([0.0, 0.0, 0.0, rng.uniform(0.05, 0.3)])
        for offset, share in enumerate(shares):
            outlay = float(round(total * share / sum(shares)))
            data["outlays"].append(
                {
                    **key,
                    "offset": offset,
                    "outlay": outlay,
                    "income": float(round(outlay * grant)),
                }
            )
        if rng.random() < 0.6:
            for offset in range(rng.randint(1, 3)):
                data["effects"].append(
                    {
                        **key,
                        "offset": offset,
                        "operating": float(round(total * rng.uniform(-0.02, 0.05))),
                    }
                )
        if rng.random() < 0.35:
            _add_parts(rng, data, key)
        for row in data["criteria"]:
            middle = min(max(appeal + rng.uniform(-15, 15), 1.0), 99.0)
            data["scores"].append(
                {
                    **key,
                    "criterion": row["criterion"],
                    "low": round(max(middle - rng.uniform(0, 15), 0.0), 1),
                    "score": round(middle, 1),
                    "high": round(min(middle + rng.uniform(0, 15), 100.0), 1),
                }
            )


def _add_parts(
    rng: random.Random, data: Tables, key: dict[str, str], land: bool = False
) -> None:
    """Two or three parts whose shares sum to 1; sometimes one is land."""
    shares = rng.choice([[0.5, 0.5], [0.25, 0.75], [0.2, 0.3, 0.5]])
    for i, share in enumerate(shares):
        life: int | None = rng.choice([3, 5, 10, 20, 40, 70])
        if i == 0 and (land or rng.random() < 0.3):
            life = None
        data["parts"].append(
            {
                **key,
                "component": f"del {i + 1}",
                "share": share,
                "useful_life_years": life,
            }
        )


def _small_projects(rng: random.Random, data: Tables) -> None:
    """3-8 projects whose windows are cut until the plans can be enumerated."""
    start = int(_setting(data, "plan_start"))
    end = int(_setting(data, "plan_end"))
    base = _base_amount(data)
    _add_criteria(rng, data, rng.randint(1, 3))
    count = rng.randint(3, 8)
    for i in range(count):
        _add_project(
            rng,
            data,
            f"p{i + 1}",
            start + rng.choice([-1, 0, 0, 0, 1]),
            end,
            rng.choice([1, 1, 2]),
            base * rng.uniform(0.03, 0.15) * 5 / count,
            2 if rng.random() < 0.8 else 3,
        )
    limit = 20_000 if rng.random() < 0.05 else rng.randint(500, 3000)
    while True:
        reference = Reference(data)
        if reference.count_plans() <= limit:
            break
        starts_of = {
            project_id: sorted({pick[2] for pick in reference.options(project_id)})
            for project_id in reference.projects
        }
        if all(len(starts) <= 1 for starts in starts_of.values()):
            limit = 20_000  # 8 projects of 2 alternatives have 6,561 plans
            continue
        row = rng.choice(data["projects"])
        starts = starts_of[row["project_id"]]
        if len(starts) > 1:
            if rng.random() < 0.75:
                row["latest_year"] = starts[-2]
            else:
                row["earliest_year"] = starts[1]


def _background(rng: random.Random, data: Tables, family: str) -> None:
    """Some of everything else, gently, so that families meet each other."""
    base = _base_amount(data)
    for row in data["projects"]:
        if rng.random() < 0.25 and family not in ("waiting", "budget"):
            row["waiting_cost"] = float(round(base * rng.uniform(0.0001, 0.0006)))
    if family == "budget" or rng.random() < 0.5:
        _add_existing(rng, data, 1.0 if family == "budget" else 0.4)
    if family == "budget":
        return
    if family.startswith("bkr") or rng.random() < 0.3:
        _add_adjustments(rng, data)
    if rng.random() < 0.3:
        row = rng.choice(data["years"][1:])
        row["provisions_change_tkr"] = float(round(base * rng.uniform(-0.003, 0.006)))
    if rng.random() < 0.3:
        row = rng.choice(data["years"])
        row["lasting_change_tkr"] = float(round(base * rng.uniform(-0.002, 0.002)))


def _add_existing(rng: random.Random, data: Tables, size: float) -> None:
    base = _base_amount(data)
    ra = next(row["amount"] for row in data["statement"] if row["line"] == "ra")
    for row in data["years"][1:]:
        outlay = round(base * rng.uniform(0.005, 0.04) * size)
        data["existing"].append(
            {
                "year": row["year"],
                "depreciation_tkr": float(round(-ra * rng.uniform(0.85, 1.2))),
                "outlay_tkr": float(outlay),
                "income_tkr": float(round(outlay * rng.choice([0.0, 0.0, 0.2]))),
                "resolved_income_tkr": float(
                    round(base * rng.choice([0.0, 0.001, 0.002]))
                ),
            }
        )


def _add_adjustments(rng: random.Random, data: Tables) -> None:
    base = _base_amount(data)
    signs = {
        "realisationsvinster": -1,
        "undantag_vinst": 1,
        "undantag_forlust": 1,
        "orealiserat": rng.choice([-1, 1]),
        "aterforing": rng.choice([-1, 1]),
    }
    for year in rng.sample([row["year"] for row in data["years"][1:]], 3):
        kind = rng.choice(list(signs))
        amount = signs[kind] * round(base * rng.uniform(0.0005, 0.006))
        data["adjustments"].append(
            {"year": year, "kind": kind, "amount": float(amount)}
        )


# --------------------------------------------------------------- goal levels that bite


def _dream(reference: Reference) -> list[Pick]:
    """The most valuable option of every project, whatever it costs."""
    picks = []
    for project_id in reference.projects:
        options = reference.options(project_id)
        if options:
            picks.append(max(options, key=reference.value))
    return picks


def _samples(
    rng: random.Random, reference: Reference, count: int = 80
) -> list[list[Pick]]:
    """Random plans that keep must-dos, windows, relations and resources."""
    plans = []
    for _ in range(count):
        wish = rng.random()
        picks = []
        for project_id, project in reference.projects.items():
            options = reference.options(project_id)
            if options and (project.get("must_do") or rng.random() < wish):
                picks.append(rng.choice(options))
        if not reference.structure_violations(picks):
            plans.append(picks)
    return plans


def _worst(
    reference: Reference, goal: dict[str, Any], books: dict[str, list[float]]
) -> float:
    """The worst ratio over the goal's windows, as high = good."""
    sign = 1.0 if goal["operator"] == ">=" else -1.0
    ratios = [
        sign * ratio
        for _, _, ratio, _ in reference.test_goal(goal, books, books["areb"])
        if ratio is not None
    ]
    return min(ratios, default=math.inf)


def _add_goal(
    rng: random.Random,
    data: Tables,
    goal_id: str,
    indicator: str,
    operator: str,
    period: str,
    depth: tuple[float, float],
    level: str = "must",
) -> bool:
    """Add a goal whose level lies `depth` of the way from dream to best sample.

    Returns whether the most valuable plan reaches less than another one.
    """
    start = int(_setting(data, "plan_start"))
    end = int(_setting(data, "plan_end"))
    length = int(period.split(":")[1]) if period.startswith("average:") else 1
    from_year = rng.choice([None, None, start, start + 1, start + 2])
    if from_year is not None and from_year + length > end:
        from_year = start
    to_year = rng.choice([None, None, end])
    row: dict[str, Any] = {
        "goal_id": goal_id,
        "name": f"Mål {goal_id}",
        "indicator": indicator,
        "operator": operator,
        "value": 0.0,
        "from_year": from_year,
        "to_year": to_year,
        "period": period,
        "level": level,
        "price": 0.0,
    }
    data["goals"].append(row)
    reference = Reference(data)
    goal = reference.goals[-1]
    reached = []
    for picks in _samples(rng, reference):
        books = reference.statements(picks)
        _, _, violations = reference.judge(picks, books)
        if all(violation["id"] == goal_id for violation in violations):
            reached.append(_worst(reference, goal, books))
    dream = _worst(reference, goal, reference.statements(_dream(reference)))
    reached = [worst for worst in reached if math.isfinite(worst)]
    best = max(reached, default=dream)
    best = max(best, dream)
    if indicator == "sfg":  # a level a council could decide
        best = max(min(best, 1.6), dream)
    if not math.isfinite(dream):
        dream = best = 0.0
    share = rng.uniform(*depth)
    value = dream + share * (best - dream)
    value = value if operator == ">=" else -value
    row["value"] = round(value, 1 if indicator == "lan_inv" else 5)
    if level == "aim":
        unit = 1.0 if indicator == "lan_inv" else 100.0
        worth = sum(reference.value(pick) for pick in _dream(reference))
        miss = unit * max(best - dream, 1e-6)
        row["price"] = round(rng.uniform(0.3, 1.5) * worth / miss / 2, 6)
    return best > dream + 1e-4 * abs(dream)


def _add_goal_family(rng: random.Random, data: Tables, family: str) -> bool:
    indicator, operator, average = GOAL_FAMILIES[family]
    if rng.random() < 0.4:
        other = "lan_inv" if indicator != "lan_inv" else "res_andel"
        sign = "<=" if other == "lan_inv" else ">="
        _add_goal(rng, data, "other", other, sign, "year", (0.0, 0.4))
    period = f"average:{rng.randint(2, 4)}" if average else "year"
    level = "aim" if family.startswith("aim_") else "must"
    depth = (0.15, 1.02) if level == "must" else (0.4, 1.0)
    return _add_goal(rng, data, "family", indicator, operator, period, depth, level)


# ---------------------------------------------------------------- the other families


def _by_value(data: Data) -> list[str]:
    """Projects from the most to the least valuable."""
    reference = Reference(data)
    best = {pick[0]: reference.value(pick) for pick in _dream(reference)}
    return sorted(best, key=lambda project_id: -best[project_id])


def _project(data: Tables, project_id: str) -> dict[str, Any]:
    return next(row for row in data["projects"] if row["project_id"] == project_id)


def _add_must_do(rng: random.Random, data: Tables) -> None:
    order = _by_value(data)
    chosen = [order[-1]] if rng.random() < 0.5 else [order[-1], order[-2]]
    reference = Reference(data)
    for project_id in chosen:
        row = _project(data, project_id)
        uses = sorted(
            {
                start + reference.build_years(project, alternative)
                for project, alternative, start in reference.options(project_id)
            }
        )
        row["must_do"] = True
        row["deadline_year"] = rng.choice([*uses[: max(1, len(uses) // 2)], None])
        for score in data["scores"]:
            if score["project_id"] == project_id:
                for column in ("low", "score", "high"):
                    score[column] = round(score[column] * 0.1, 1)
    _add_goal(rng, data, "other", "res_andel", ">=", "year", (0.5, 0.95))
    if rng.random() < 0.5:
        _add_goal(rng, data, "more", "lan_inv", "<=", "year", (0.3, 0.8))


def _pairs(rng: random.Random, data: Data, count: int) -> list[tuple[str, str]]:
    order = _by_value(data)
    rng.shuffle(order)
    return list(zip(order[0::2], order[1::2], strict=False))[:count]


def _mild_goal(rng: random.Random, data: Tables) -> None:
    indicator, operator = rng.choice([("res_andel", ">="), ("lan_inv", "<=")])
    _add_goal(rng, data, "other", indicator, operator, "year", (0.1, 0.5))


def _add_requires(rng: random.Random, data: Tables) -> None:
    for project_id, other_id in _pairs(rng, data, rng.randint(1, 2)):
        data["relations"].append(
            {
                "kind": "requires",
                "project_id": project_id,
                "other_id": other_id,
                "lag_years": rng.choice([None, 0, 1, 2]),
            }
        )
    _mild_goal(rng, data)


def _add_excludes(rng: random.Random, data: Tables) -> None:
    for project_id, other_id in _pairs(rng, data, rng.randint(1, 2)):
        data["relations"].append(
            {
                "kind": "excludes",
                "project_id": project_id,
                "other_id": other_id,
                "lag_years": None,
            }
        )
    _mild_goal(rng, data)


def _add_together(rng: random.Random, data: Tables) -> None:
    order = _by_value(data)
    pairs = [(order[0], order[-1])]
    if len(order) >= 5:
        pairs.append((order[-2], order[1]))
    for project_id, other_id in pairs:
        data["relations"].append(
            {
                "kind": "together",
                "project_id": project_id,
                "other_id": other_id,
                "lag_years": None,
            }
        )
    _add_goal(rng, data, "other", "res_andel", ">=", "year", (0.5, 0.95))
    if rng.random() < 0.5:
        _add_goal(rng, data, "more", "lan_inv", "<=", "year", (0.3, 0.8))


def _add_resources(
    rng: random.Random, data: Tables, tight: tuple[float, float] = (0.3, 0.9)
) -> None:
    """People per year: availability is a share of what the dream plan would use."""
    for resource in ("projektledare", "byggledare")[: rng.randint(1, 2)]:
        for row in data["alternatives"]:
            if rng.random() < 0.85:
                for offset in range(int(row["build_years"])):
                    data["resource_use"].append(
                        {
                            "project_id": row["project_id"],
                            "alternative_id": row["alternative_id"],
                            "resource": resource,
                            "offset": offset,
                            "amount": _between(rng, 0.2, 1.5, 2),
                        }
                    )
        for row in data["years"][1:]:
            if rng.random() < 0.9:
                data["resources"].append(
                    {"resource": resource, "year": row["year"], "available": 0.0}
                )
    reference = Reference(data)
    needed = {
        key: amount for key, amount, _ in reference.resource_totals(_dream(reference))
    }
    for row in data["resources"]:
        key = (row["resource"], row["year"])
        top = max(amount for name, amount in needed.items() if name[0] == key[0])
        row["available"] = round(rng.uniform(*tight) * top, 2)
    if tight[0] < 1:
        _mild_goal(rng, data)


def _add_waiting(rng: random.Random, data: Tables) -> None:
    """Waiting costs large enough to move the result goal."""
    base = _base_amount(data)
    for row in data["projects"]:
        if rng.random() < 0.7:
            row["waiting_cost"] = float(round(base * rng.uniform(0.0005, 0.003)))
    _add_goal(rng, data, "other", "res_andel", ">=", "year", (0.4, 0.9))


def _add_taxa(rng: random.Random, data: Tables) -> None:
    order = _by_value(data)
    for project_id in order:
        _project(data, project_id)["financing"] = "skatt"
    for project_id in rng.sample(order, max(2, len(order) // 2)):
        _project(data, project_id)["financing"] = "taxa"
    _add_goal(rng, data, "other", "res_andel", ">=", "year", (0.3, 0.8))


def _add_many_parts(rng: random.Random, data: Tables) -> None:
    data["parts"] = []
    for row in data["alternatives"]:
        key = {
            "project_id": row["project_id"],
            "alternative_id": row["alternative_id"],
        }
        _add_parts(rng, data, key, land=rng.random() < 0.3)
    _add_goal(rng, data, "other", "res_andel", ">=", "year", (0.3, 0.8))


def _add_budget(rng: random.Random, data: Tables) -> None:
    """Budgeted lines for the first years, provisions, adjustments, changes."""
    base = _base_amount(data)
    before = Reference(data).before
    first = int(_setting(data, "plan_start"))
    for line in rng.sample(["ri", "rk", "ra", "rs", "rg", "ex", "fi", "fk"], 5):
        for i in range(rng.randint(1, 2)):
            if line == "ex":
                amount = base * rng.uniform(-0.002, 0.002)
            elif line in ("fi", "fk"):
                amount = base * 0.002 * (1 if line == "fi" else -1)
            else:
                amount = before[line][i] * rng.uniform(0.995, 1.005)
            data["statement"].append(
                {"line": line, "year": first + i, "amount": float(round(amount))}
            )
    for row in data["years"][1:]:
        if rng.random() < 0.4:
            change = base * rng.uniform(-0.002, 0.004)
            row["provisions_change_tkr"] = float(round(change))
        if rng.random() < 0.3:
            row["other_change_tkr"] = float(round(base * rng.uniform(-0.003, 0.003)))
        if rng.random() < 0.3:
            row["lasting_change_tkr"] = float(round(base * rng.uniform(-0.002, 0.002)))
    _add_adjustments(rng, data)
    goal = rng.choice(["res_andel", "bkr_andel"])
    _add_goal(rng, data, "other", goal, ">=", "year", (0.2, 0.8))
    if rng.random() < 0.5:
        _add_goal(rng, data, "more", "lan_inv", "<=", "year", (0.2, 0.7))


_ADD: dict[str, Callable[[random.Random, Tables], None]] = {
    "must_do": _add_must_do,
    "requires": _add_requires,
    "excludes": _add_excludes,
    "together": _add_together,
    "resources": _add_resources,
    "waiting": _add_waiting,
    "taxa": _add_taxa,
    "parts": _add_many_parts,
    "budget": _add_budget,
}


# --------------------------------------------------------------------- large underlag


def random_underlag(seed: int) -> Tables:
    """A large and varied underlag for tests of identities; not for enumeration."""
    rng = random.Random(f"underlag/{seed}")
    span = rng.randint(10, 20)
    data = _finances(rng, span, wild=True)
    start = int(_setting(data, "plan_start"))
    end = int(_setting(data, "plan_end"))
    base = _base_amount(data)
    _add_criteria(rng, data, rng.randint(1, 5))
    for i in range(20):
        earliest = rng.choice([None, start - 2, start, start + rng.randint(0, 5)])
        latest = rng.choice([None, end, start + rng.randint(6, 9)])
        _add_project(
            rng,
            data,
            f"p{i + 1:02d}",
            earliest,
            latest,
            rng.randint(1, 3),
            base * rng.uniform(0.005, 0.12),
            3,
        )
    for row in data["projects"]:
        row["financing"] = rng.choice(["skatt", "skatt", "taxa", "exploatering"])
        row["area"] = rng.choice(["norr", "soder", None])
        if rng.random() < 0.5:
            row["waiting_cost"] = float(round(base * rng.uniform(0.0001, 0.002)))
    _add_existing(rng, data, rng.uniform(0.3, 1.5))
    _fill_budget(rng, data)
    _fill_law(rng, data)
    _fill_structure(rng, data)
    _fill_goals(rng, data)
    _fill_surroundings(rng, data)
    return data


def random_choices(data: Data, seed: int) -> list[dict[str, Any]]:
    """Random choices that keep must-dos, windows, relations and resources."""
    rng = random.Random(f"choices/{seed}")
    reference = Reference(data)
    wish = rng.choice([0.0, 0.3, 0.6, 0.9, 1.0])
    picks: dict[str, Pick] = {}
    for project_id, project in reference.projects.items():
        options = reference.options(project_id)
        if options and (project.get("must_do") or rng.random() < wish):
            picks[project_id] = rng.choice(options)
    while True:
        chosen = sorted(picks.values())
        broken = reference.structure_violations(chosen)
        if not broken:
            break
        fault = broken[0]
        if fault["kind"] == "relation":
            ends = fault["id"].split("/")[1:]
            loose = [p for p in ends if p in picks]
        else:
            loose = [
                p
                for p, a, s in chosen
                if any(
                    resource == fault["id"] and s + offset == fault["year"]
                    for resource, offset, _ in reference.use.get((p, a), [])
                )
            ]
        loose = [p for p in loose if not reference.projects[p].get("must_do")]
        del picks[rng.choice(loose)]
    return [
        {"project_id": p, "alternative_id": a, "start_year": s}
        for p, a, s in sorted(picks.values())
    ]


def _fill_budget(rng: random.Random, data: Tables) -> None:
    base = _base_amount(data)
    before = Reference(data).before
    first = int(_setting(data, "plan_start"))
    for line in ("ri", "rk", "ra", "rs", "rg", "ex", "fi", "fk"):
        for i in range(5):
            if rng.random() < 0.2:
                amount = base * rng.uniform(-0.01, 0.01)
                if line in before and line != "ex":
                    amount = before[line][i] * rng.uniform(0.97, 1.03)
                data["statement"].append(
                    {"line": line, "year": first + i, "amount": float(round(amount))}
                )
    for row in data["years"]:
        for column in (
            "other_change_tkr",
            "lasting_change_tkr",
            "provisions_change_tkr",
        ):
            if rng.random() < 0.3:
                row[column] = float(round(base * rng.uniform(-0.004, 0.004)))


def _fill_law(rng: random.Random, data: Tables) -> None:
    base = _base_amount(data)
    base_year = int(_setting(data, "base_year"))
    _add_adjustments(rng, data)
    years = [row["year"] for row in data["years"][1:]]
    stock = float(_setting(data, "resultatreserv_tkr"))
    stock += float(_setting(data, "rur_tkr"))
    for kind, year, amount in (
        ("reservering", rng.choice(years), -base * rng.uniform(0.0, 0.004)),
        ("anvandning", years[0], stock * rng.uniform(0.0, 0.9)),
        ("synnerliga_skal", rng.choice(years), base * rng.uniform(0.0, 0.004)),
    ):
        if rng.random() < 0.5:
            data["adjustments"].append(
                {"year": year, "kind": kind, "amount": float(round(amount))}
            )
    for age in rng.sample([0, 1, 2], rng.randint(1, 2)):
        amount = round(base * rng.uniform(0.002, 0.02))
        data["deficits"].append(
            {
                "year": base_year - age,
                "amount": float(amount),
                "due_year": base_year - age + 3,
                "restored": float(round(amount * rng.choice([0.0, 0.3]))),
                "exempted": float(round(amount * rng.choice([0.0, 0.2]))),
            }
        )


def _fill_structure(rng: random.Random, data: Tables) -> None:
    """Must-dos without relations; relations between the others; resources."""
    names = [row["project_id"] for row in data["projects"]]
    rng.shuffle(names)
    reference = Reference(data)
    for project_id in names[:2]:
        uses = [
            start + reference.build_years(project, alternative)
            for project, alternative, start in reference.options(project_id)
        ]
        if uses:
            row = _project(data, project_id)
            row["must_do"] = True
            row["deadline_year"] = rng.choice([max(uses), None])
    kinds = ["requires", "requires", "excludes", "together"]
    for i, kind in enumerate(kinds):
        data["relations"].append(
            {
                "kind": kind,
                "project_id": names[2 + 2 * i],
                "other_id": names[3 + 2 * i],
                "lag_years": rng.choice([None, 0, 1]) if kind == "requires" else None,
            }
        )
    _add_resources(rng, data, tight=(3.0, 6.0))


def _fill_goals(rng: random.Random, data: Tables) -> None:
    """Every indicator, by year and on average, must and aim; met or not."""
    start = int(_setting(data, "plan_start"))
    end = int(_setting(data, "plan_end"))
    levels = {
        "res_andel": (">=", 0.0, 0.02),
        "bkr_andel": (">=", -0.01, 0.015),
        "sol": (">=", 0.1, 0.5),
        "sol_pen": (">=", -0.2, 0.3),
        "sfg": (">=", 0.3, 1.0),
        "lan_inv": ("<=", 10_000.0, 60_000.0),
        "nettolan": ("<=", 0.1, 0.8),
        "inv_andel": ("<=", 0.03, 0.15),
        "nka": ("<=", 0.95, 1.0),
    }
    number = 0
    for indicator, (operator, low, high) in levels.items():
        for level in ("must", "aim"):
            average = rng.random() < 0.4
            length = rng.randint(2, 5) if average else 1
            number += 1
            data["goals"].append(
                {
                    "goal_id": f"m{number:02d}",
                    "name": f"Mål {number}",
                    "indicator": indicator,
                    "operator": operator,
                    "value": _between(rng, low, high),
                    "from_year": rng.choice([None, start + rng.randint(0, 3)]),
                    "to_year": rng.choice([None, end - rng.randint(0, 1)]),
                    "period": f"average:{length}" if average else "year",
                    "level": level,
                    "price": _between(rng, 0.0, 2.0) if level == "aim" else 0.0,
                }
            )


def _fill_surroundings(rng: random.Random, data: Tables) -> None:
    """The tables that Appendix A does not read."""
    base = _base_amount(data)
    base_year = int(_setting(data, "base_year"))
    years = [row["year"] for row in data["years"]]
    loans = next(row["amount"] for row in data["balance"] if row["line"] == "loans")
    data["loans"] = [
        {
            "loan_id": f"l{i + 1}",
            "amount": loans / 2,
            "rate": _between(rng, 0.01, 0.04),
            "fixed_until": base_year + 1 + i,
            "matures": base_year + 2 + i,
        }
        for i in range(2)
    ]
    data["frames"] = [
        {
            "committee": committee,
            "year": year,
            "amount": float(round(base * rng.uniform(0.1, 0.4))),
        }
        for committee in COMMITTEES
        for year in years[1:4]
    ]
    data["areas"] = [
        {"area": "norr", "name": "Norr", "lat": 57.7, "lon": 15.8},
        {"area": "soder", "name": "Söder", "lat": 57.6, "lon": 15.9},
    ]
    data["population"] = [
        {
            "year": year,
            "area": area,
            "age": age,
            "sex": sex,
            "persons": float(rng.randint(5, 90)),
        }
        for year in years[:2]
        for area in ("norr", "soder")
        for age in (1, 3, 85)
        for sex in ("k", "m")
    ]
    data["services"] = [
        {
            "service": "förskola",
            "age_from": 1,
            "age_to": 5,
            "ratio": 0.9,
            "buffer_share": 0.05,
        }
    ]
    data["assets"] = [
        {
            "asset_id": "f1",
            "name": "Förskolan Ett",
            "kind": "skola",
            "committee": "barn",
            "area": "norr",
            "lat": 57.7,
            "lon": 15.8,
            "built_year": 1978,
            "area_m2": 900.0,
            "replacement_cost": float(round(base * 0.03)),
            "book_value": float(round(base * 0.005)),
            "condition": "2",
            "condition_scale": "tg",
            "inspected": base_year - 1,
            "consequence": 2,
        }
    ]
    data["components"] = [
        {
            "asset_id": "f1",
            "component": "yttertak",
            "replacement_cost": float(round(base * 0.002)),
            "installed_year": 1998,
            "technical_life_years": 35,
            "useful_life_years": 40,
            "book_value": 0.0,
            "condition": "2",
        }
    ]
    data["premises"] = [
        {
            "premises_id": "l1",
            "asset_id": "f1",
            "service": "förskola",
            "area": "norr",
            "places": 60.0,
            "from_year": 1978,
            "to_year": None,
        }
    ]
    data["viewpoints"] = [
        {
            "viewpoint": "v1",
            "criterion": data["criteria"][0]["criterion"],
            "relation": "min",
            "value": "0.2",
        }
    ]
    data["scenarios"] = [
        {
            "scenario": "lägre skatteunderlag",
            "table": "years",
            "key": str(base_year + 1),
            "column": "tax_base_growth",
            "value": "0.01",
        }
    ]
    data["companies"] = [
        {
            "company": "Slumpby Bostads AB",
            "year": year,
            "result": float(round(base * rng.uniform(0.0, 0.01))),
            "investment": float(round(base * rng.uniform(0.0, 0.03))),
            "loans": float(round(base * 0.4)),
            "guarantees": float(round(base * 0.4)),
            "dividend": 0.0,
        }
        for year in years[1:3]
    ]


# --------------------------------------------------------------------------- scaling

MONEY = {
    "statement": ["amount"],
    "balance": ["amount"],
    "years": ["other_change_tkr", "lasting_change_tkr", "provisions_change_tkr"],
    "existing": [
        "depreciation_tkr",
        "outlay_tkr",
        "income_tkr",
        "resolved_income_tkr",
    ],
    "loans": ["amount"],
    "adjustments": ["amount"],
    "deficits": ["amount", "restored", "exempted"],
    "frames": ["amount"],
    "assets": ["replacement_cost", "book_value"],
    "components": ["replacement_cost", "book_value"],
    "projects": ["waiting_cost"],
    "alternatives": ["scrapped"],
    "outlays": ["outlay", "income"],
    "effects": ["operating"],
    "companies": ["result", "investment", "loans", "guarantees", "dividend"],
}


def scale_money(data: Data, factor: float) -> Tables:
    """The same underlag with every amount times `factor`, goals in kr included.

    The price of an `aim` goal in kr per inhabitant is divided by the factor, so that
    the objective stays.
    """
    result: Tables = {
        table: [dict(row) for row in rows] for table, rows in data.items()
    }
    for table, columns in MONEY.items():
        for row in result.get(table, []):
            for column in columns:
                if row.get(column) is not None:
                    row[column] *= factor
    for row in result["settings"]:
        if row["key"] in ("min_cash_tkr", "resultatreserv_tkr", "rur_tkr"):
            row["value"] = repr(float(row["value"]) * factor)
    for row in result["goals"]:
        if row["indicator"] == "lan_inv":
            row["value"] *= factor
            row["price"] /= factor
    return result


# -------------------------------------------------------------------------- measuring


def changes_optimum(data: Data, family: str) -> bool | None:
    """Whether the family changes the best objective; None when no plan exists."""
    best, _, _ = enumerate_best(data)
    if best is None:
        return None
    free, _, _ = enumerate_best(without_family(data, family))
    return free is None or abs(best - free) > 1e-6 * (1.0 + abs(free))


def measure(family: str, seeds: range) -> dict[str, float]:
    """Shares of instances feasible and changed, plans enumerated, seconds."""
    feasible = changed = plans = most = 0
    clock = time.perf_counter()
    for seed in seeds:
        data = random_data(seed, family)
        best, _, count = enumerate_best(data)
        plans += count
        most = max(most, Reference(data).count_plans())
        if best is None:
            continue
        feasible += 1
        free, _, _ = enumerate_best(without_family(data, family))
        if free is None or abs(best - free) > 1e-6 * (1.0 + abs(free)):
            changed += 1
    return {
        "feasible": feasible / len(seeds),
        "changed": changed / len(seeds),
        "plans": plans / len(seeds),
        "most": most,
        "seconds": time.perf_counter() - clock,
    }


def main() -> None:
    """Print the table: PYTHONPATH=tests python -m oracle.instances [--seeds N] [FAMILY ...]."""
    parser = argparse.ArgumentParser()
    parser.add_argument("families", nargs="*")
    parser.add_argument("--seeds", type=int, default=40)
    options = parser.parse_args()
    head = f"{'family':20} feasible  changed  plans/instance  largest  seconds\n"
    sys.stdout.write(head)
    for family in options.families or FAMILIES:
        row = measure(family, range(options.seeds))
        sys.stdout.write(
            f"{family:20} {row['feasible']:8.0%} {row['changed']:8.0%} "
            f"{row['plans']:15.0f} {row['most']:8.0f} {row['seconds']:8.1f}\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
