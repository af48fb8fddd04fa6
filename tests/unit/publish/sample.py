"""A plausible plan.json for an invented municipality, made without the planner.

The accounting is a simplified copy of DESIGN Appendix A: it balances, but it is only
here to have something realistic to set. The real plans are tested with the study.
"""

from __future__ import annotations

import random
from typing import Any

from unit.publish.sample_choices import sample_agreement, sample_beside, sample_curves

NAMES = [
    ("Äldreboende Solbacken, 54 lägenheter", "Socialnämnden", "N", 280_000, 3),
    ("Norra skolan, renovering", "Barn- och utbildningsnämnden", "R", 62_000, 2),
    ("Gamla deponin, sluttäckning", "Samhällsbyggnadsnämnden", "A", 34_000, 2),
    ("Förskola Södra, två avdelningar", "Barn- och utbildningsnämnden", "N", 30_500, 1),
    ("Ishallen, ny kylanläggning", "Kultur- och fritidsnämnden", "R", 16_400, 1),
    ("Gator, broar & belysning", "Samhällsbyggnadsnämnden", "R", 55_000, 3),
    ("Ny högstadieskola 7–9", "Barn- och utbildningsnämnden", "N", 300_000, 3),
    ("Simhallen, ombyggnad", "Kultur- och fritidsnämnden", "N40 R60", 52_000, 2),
    ("Vattenverk Ekdalen", "Samhällsbyggnadsnämnden", "N50 R50", 88_000, 2),
    ("Torget, ny gestaltning", "Kommunstyrelsen", "I", 19_000, 1),
    (
        "Gång- och cykelväg Exempelby–Södra By",
        "Samhällsbyggnadsnämnden",
        "N",
        27_000,
        1,
    ),
    ("Tak och ventilation i skolor", "Samhällsbyggnadsnämnden", "R60 A40", 60_000, 3),
]
DRIVERS = ["befolkning", "skick", "lagkrav", "arbetsmiljo", "ekonomi", "klimat"]
QUALITIES = ["uppgift", "antagande", "antagande", "berakning"]


def sample_result(
    projects: int = 12,
    years: int = 10,
    seed: int = 7,
    currency: str = "kr",
    completion: bool = True,
    companies: bool = True,
    deficit: bool = True,
    debt_goal: bool = True,
    stopped: str = "gap",
    choices: bool = True,
) -> dict[str, Any]:
    """Return the result of a plan as `Study.result` shapes it."""
    rng = random.Random(seed)
    base = 2025
    ys = list(range(base + 1, base + 1 + years))
    n = len(ys)
    scale = max(1.0, projects / 12)
    population = [round(15_300 * scale * 0.997 ** (i + 1)) for i in range(n)]
    rate = 0.027

    rows: list[dict[str, Any]] = []
    for i in range(projects):
        name, committee, nira, outlay, build = NAMES[i % len(NAMES)]
        if i >= len(NAMES):
            name = f"{name}, del {i // len(NAMES) + 1}"
            outlay = int(round(outlay * rng.uniform(0.2, 1.4), -2))
        chosen = not ("högstadie" in name or "Torget" in name or rng.random() < 0.15)
        start = ys[min(n - build - 1, rng.randint(0, 6) if i else 0)]
        use = start + build
        spent = [0.0] * n
        depreciation = [0.0] * n
        operating = [0.0] * n
        for j, y in enumerate(ys):
            growth = 1.025 ** (y - base)
            if chosen and start <= y < use:
                spent[j] = outlay / build * growth
            if chosen and y >= use:
                depreciation[j] = outlay * 1.05 / 33
                operating[j] = outlay * 0.02 * 1.02 ** (y - base)
        rows.append(
            {
                "project_id": f"p{i + 1:03d}",
                "name": name,
                "committee": committee,
                "area": ["norr", "soder", "centrum"][i % 3],
                "driver": DRIVERS[i % len(DRIVERS)],
                "nira": nira,
                "financing": "taxa" if "Vatten" in name else "skatt",
                "gate": f"G{i % 6}",
                "must_do": "deponin" in name,
                "public": True,
                "description": "Beskrivning av projektet och vad det ersätter."
                if i % 2
                else None,
                "quality": QUALITIES[i % 4],
                "outlay_quality": QUALITIES[i % 4],
                "source": "Kommunens budget 2026" if i % 4 == 0 else None,
                "chosen": chosen,
                "alternative_id": "a" if chosen else None,
                "alternative_name": "Bygg nytt" if chosen else None,
                "start_year": start if chosen else None,
                "in_use_year": use if chosen else None,
                "outlay_fixed_tkr": float(outlay),
                "outlay_tkr": spent,
                "income_tkr": [0.0] * n,
                "depreciation_tkr": depreciation,
                "operating_tkr": operating,
                "value": round(rng.uniform(5, 60), 3) if chosen else 0.0,
                "score_quality": "antagande",
                "lat": 57.6,
                "lon": 15.8,
            }
        )

    def run(
        outlay: list[float], dep: list[float], op: list[float], waiting: list[float]
    ) -> dict[str, Any]:
        statement: dict[str, list[float]] = {
            k: []
            for k in [
                "ri",
                "rk",
                "ra",
                "rn",
                "rs",
                "rg",
                "rv",
                "fi",
                "fk",
                "re",
                "ex",
                "ar",
            ]
        }
        balance: dict[str, list[float]] = {
            k: []
            for k in [
                "fixed_assets",
                "financial_assets",
                "other_assets",
                "cash",
                "equity",
                "provisions",
                "loans",
                "other_liabilities",
                "pension_off_balance",
                "guarantees",
            ]
        }
        net = 340_000.0 * scale
        fixed = 900_000.0 * scale
        min_cash = 30_000.0 * scale
        equity = fixed + 60_000 * scale + 90_000 * scale + min_cash
        equity -= 120_000 * scale + net + 180_000 * scale
        for j in range(n):
            p = 1.024 ** (j + 1)
            rs, rg = (
                905_000 * scale * 1.027 ** (j + 1),
                345_000 * scale * 1.02 ** (j + 1),
            )
            ri = 246_000 * scale * p
            rk = -1_416_000 * scale * p * 1.0006**j - op[j] - waiting[j]
            old = 42_000 * scale
            ra = -old - dep[j]
            own = rs + rg + ri + rk
            before = net - own + 38_000 * scale + outlay[j]
            new_net = (before + rate * net / 2) / (1 - rate / 2)
            fin = -rate * (net + new_net) / 2
            ar = own + ra + fin
            net = new_net
            fixed += 38_000 * scale + outlay[j] + ra
            equity += ar
            for key, value in (
                ("ri", ri),
                ("rk", rk),
                ("ra", ra),
                ("rn", ri + rk + ra),
                ("rs", rs),
                ("rg", rg),
                ("rv", own + ra),
                ("fi", max(fin, 0.0)),
                ("fk", min(fin, 0.0)),
                ("re", ar),
                ("ex", 0.0),
                ("ar", ar),
            ):
                statement[key].append(value)
            for key, value in (
                ("fixed_assets", fixed),
                ("financial_assets", 60_000 * scale),
                ("other_assets", 90_000 * scale),
                ("cash", min_cash + max(-net, 0.0)),
                ("equity", equity),
                ("provisions", 120_000 * scale),
                ("loans", max(net, 0.0)),
                ("other_liabilities", 180_000 * scale),
                ("pension_off_balance", 210_000 * scale),
                ("guarantees", 640_000 * scale),
            ):
                balance[key].append(value)
        tax = [a + b for a, b in zip(statement["rs"], statement["rg"], strict=True)]
        assets = [
            sum(
                balance[k][j]
                for k in ("fixed_assets", "financial_assets", "other_assets", "cash")
            )
            for j in range(n)
        ]
        spent = [38_000 * scale + outlay[j] for j in range(n)]
        indicators: dict[str, list[float | None]] = {
            "res_andel": [statement["ar"][j] / tax[j] for j in range(n)],
            "bkr_andel": [statement["ar"][j] / tax[j] for j in range(n)],
            "sol": [balance["equity"][j] / assets[j] for j in range(n)],
            "sol_pen": [
                (balance["equity"][j] - balance["pension_off_balance"][j]) / assets[j]
                for j in range(n)
            ],
            "sfg": [
                (statement["ar"][j] - statement["ra"][j]) / spent[j] for j in range(n)
            ],
            "lan_inv": [1000 * balance["loans"][j] / population[j] for j in range(n)],
            "nettolan": [
                (balance["loans"][j] - balance["cash"][j]) / tax[j] for j in range(n)
            ],
            "inv_andel": [spent[j] / tax[j] for j in range(n)],
            "nka": [
                -(statement["rn"][j] + statement["fi"][j] + statement["fk"][j]) / tax[j]
                for j in range(n)
            ],
        }
        tighter = [
            ((indicators["res_andel"][j] or 0) - 0.02) * tax[j] / (1 / 33 + rate)
            for j in range(n)
        ]
        own_funds = [
            statement["ar"][j] - statement["ra"][j] - spent[j] for j in range(n)
        ]
        ceiling = [
            (42_000 - (indicators["lan_inv"][j] or 0)) * population[j] / 1000
            for j in range(n)
        ]
        target = [
            ((indicators["res_andel"][j] or 0) - 0.01) * tax[j] / (1 / 33 + rate)
            for j in range(n)
        ]
        room: dict[str, Any] = room_block(
            own_funds, ceiling if debt_goal else None, tighter
        )
        room["must"] = room_block(own_funds, ceiling if debt_goal else None, target)
        goals = [
            goal(
                "resultat1", "Resultat minst 1 procent", "res_andel", ">=", 0.01, "must"
            ),
            goal(
                "resultat2", "Resultat minst 2 procent", "res_andel", ">=", 0.02, "aim"
            ),
            goal("soliditet", "Soliditet minst 30 procent", "sol", ">=", 0.30, "must"),
        ]
        if debt_goal:
            goals.insert(
                2,
                goal(
                    "lantak", "Lån högst 42 000 kr", "lan_inv", "<=", 42_000.0, "must"
                ),
            )
        for g in goals:
            actual = indicators[g["indicator"]]
            sign = 1 if g["operator"] == ">=" else -1
            g["actual"] = list(actual)
            g["margin"] = [sign * (x - g["value"]) for x in actual if x is not None]
            g["met"] = [m >= 0 for m in g["margin"]]
        return {
            "statement": statement,
            "balance": balance,
            "indicators": indicators,
            "room": room,
            "goals": goals,
        }

    def room_block(
        own_funds: list[float], ceiling: list[float] | None, target: list[float]
    ) -> dict[str, Any]:
        room: dict[str, Any] = {
            "own_funds": own_funds,
            "debt_ceiling": [min(ceiling[j:]) for j in range(n)]
            if ceiling
            else [None] * n,
            "result_target": [min(target[j:]) for j in range(n)],
        }
        room["binding"] = [
            min(
                (k for k in room if room[k][j] is not None),
                key=lambda k, j=j: room[k][j],  # type: ignore[misc]
            )
            for j in range(n)
        ]
        return room

    def goal(
        key: str, name: str, indicator: str, operator: str, value: float, level: str
    ) -> dict[str, Any]:
        return {
            "goal_id": key,
            "name": name,
            "indicator": indicator,
            "operator": operator,
            "value": value,
            "period": "year",
            "level": level,
            "from_year": ys[0],
            "to_year": ys[-1],
        }

    def total(key: str) -> list[float]:
        return [sum(r[key][j] for r in rows) for j in range(n)]

    plan = run(
        total("outlay_tkr"),
        total("depreciation_tkr"),
        total("operating_tkr"),
        [0.0] * n,
    )
    baseline = run([0.0] * n, [0.0] * n, [0.0] * n, [1_500.0 * scale] * n)
    needs: dict[str, Any] = {
        k: [0.0] * n for k in ("renewal", "new_build", "adaptation", "image")
    }
    for i, row in enumerate(rows):
        for part in row["nira"].split():
            share = float(part[1:] or 100) / 100
            key = {"N": "new_build", "R": "renewal", "A": "adaptation", "I": "image"}
            at = [0, 0, 1, 2, 2, 0, 2, 3, 1, 4, 5, 1][i % 12]
            for k in range(2):
                if at + k < n:
                    needs[key[part[0]]][at + k] += share * row["outlay_fixed_tkr"] / 2
    kinds = ("renewal", "new_build", "adaptation", "image")
    needs["total"] = [sum(needs[k][j] for k in kinds) for j in range(n)]

    ar = plan["statement"]["ar"]
    zero = [0.0] * n
    areb = [ar[0] - 800.0, *ar[1:]]
    use_reserve = [min(12_000.0, max(-x, 0.0)) for x in areb]
    bkr = [x + u for x, u in zip(areb, use_reserve, strict=True)]
    balanskrav = {
        "ar": ar,
        "realisationsvinster": [-800.0, *zero[1:]],
        "undantag_vinst": zero,
        "undantag_forlust": zero,
        "orealiserat": zero,
        "aterforing": zero,
        "areb": areb,
        "reservering": zero,
        "anvandning": use_reserve,
        "bkr": bkr,
        "synnerliga_skal": zero,
        "underskott_in": [-3200.0 if deficit else 0.0, *zero[1:]],
        "att_reglera": zero,
    }
    winners = [r for r in rows if r["chosen"]]
    reasons = []
    for i, row in enumerate(rows):
        if row["chosen"]:
            text = [
                f"Projektet ”{row['name']}” ingår. Utan det blir planens nytta "
                f"{round(row['value'])}\u00a0nyttopoäng lägre, även när pengarna går till "
                "det näst bästa."
            ]
            if row["must_do"]:
                text = [
                    f"Projektet ”{row['name']}” måste vara i bruk senast 2030. En "
                    "myndighet kräver det."
                ]
        else:
            text = [
                f"Projektet ”{row['name']}” ryms inte. För att ta in det måste "
                f"”{winners[0]['name']}” lämna planen."
            ]
        reasons.append(
            {
                "project_id": row["project_id"],
                "state": "in" if row["chosen"] else "out",
                "text": text,
                "limit": None,
                "force": {
                    "loss_low": 4.0 + i % 5,
                    "loss_high": 4.0 + i % 5 + (0 if i % 3 else 3),
                    "proven": i % 3 != 0,
                    "leaves": [],
                    "enters": [],
                    "moves": [],
                },
                "claims": [],
            }
        )
    spending = total("outlay_tkr")
    slow: list[float] = []
    carried = 0.0
    for x in spending:
        slow.append(0.56 * (x + carried))
        carried = x + carried - slow[-1]
    objective = sum(r["value"] for r in rows)
    last = {k: v[0] * 0.985 for k, v in plan["statement"].items()}
    last["ar"] = last["re"] = sum(
        last[k] for k in ["ri", "rk", "ra", "rs", "rg", "fi", "fk"]
    )
    beside = (
        {
            **sample_agreement(rows, ys),
            "beside": sample_beside(rows, ys),
            "curves": sample_curves(rows, ys, objective),
        }
        if choices
        else {}
    )
    return {
        "meta": {
            "method_version": "1",
            "input_sha256": "9c41" + "0" * 56 + "0e07",
            "seed": 7,
            "solver": "HiGHS 1.15.1",
            "created_by": "rodtrad 2026.1",
            "municipality": "Exempelby kommun",
            "municipality_code": "0000",
            "currency": currency,
            "remark": "Exempelby finns inte. Alla figurer är påhittade.",
            "base_year": base,
            "plan_start": ys[0],
            "plan_end": ys[-1],
            "scenario": None,
            "version": 1,
            "illustration": True,
            "non_public": 0,
        },
        "status": {
            "state": "optimal" if stopped == "proof" else "feasible",
            "stopped": stopped,
            "objective": objective,
            "bound": objective * 1.0008,
            "gap": 0.0 if stopped == "proof" else 0.0008,
            "seconds": 2.94,
        },
        "choices": [
            {
                k: r[k]
                for k in ("project_id", "alternative_id", "start_year", "in_use_year")
            }
            for r in winners
        ],
        "years": ys,
        "opening": {
            "statement": last,
            "balance": {k: v[0] for k, v in plan["balance"].items()},
            "indicators": {
                k: (v[0] * 0.9 if v[0] is not None else None)
                for k, v in plan["indicators"].items()
            },
        },
        "baseline": baseline,
        "needs": needs,
        **{k: plan[k] for k in ("statement", "balance", "indicators", "room", "goals")},
        "cash_flow": {
            "lopande": [
                a - b for a, b in zip(ar, plan["statement"]["ra"], strict=True)
            ],
            "investering": [-x - 38_000 * scale for x in spending],
            "finansiering": [
                x + 38_000 * scale - a + b
                for x, a, b in zip(spending, ar, plan["statement"]["ra"], strict=True)
            ],
            "arets": zero,
            "likvida_in": plan["balance"]["cash"],
            "likvida_ut": plan["balance"]["cash"],
        },
        "balanskrav": balanskrav,
        "probability": None,
        "quantiles": None,
        "reasons": reasons,
        "issues": [
            {
                "code": "unit_magnitude",
                "severity": "warning",
                "table": "projects",
                "row": 7,
                "column": "waiting_cost",
                "message": "Väntekostnaden är ovanligt hög.",
                "remedy": "Kontrollera enheten.",
            }
        ],
        "projects": rows,
        "value": {"total": objective, "projects": objective + 1.2, "aim_penalty": 1.2},
        "aims": [{"goal_id": "resultat2", "miss": [0.4] * n, "penalty": 1.2}],
        "limits": [
            {
                "kind": "goal",
                "id": "resultat1",
                "name": "Resultat minst 1 procent",
                "years": ys[2:5],
                "text": "Resultatmålet begränsar planen 2028–2030.",
            }
        ],
        "deficits": [
            {
                "year": 2024,
                "amount": 3_200.0,
                "due_year": 2027,
                "restored_before": 0.0,
                "restored": [{"year": ys[0], "amount": 3_200.0}],
                "exempted": 0.0,
                "left": 0.0,
            }
        ]
        if deficit
        else [],
        "reserve": {
            "resultatreserv": zero,
            "rur": [42_700.0] * n,
            "ceiling": [62_000.0] * n,
        },
        "law": [
            {
                "key": "rur_last_year",
                "value": 2033,
                "valid_from": 2024,
                "valid_to": None,
                "reference": "lagen om kommunal bokföring och redovisning",
                "verified": False,
                "note": "Sista år då den äldre reserven får användas.",
            },
            {
                "key": "restore_years",
                "value": 3,
                "valid_from": 2005,
                "valid_to": None,
                "reference": "kommunallagen",
                "verified": True,
                "note": "Antal år för att återställa ett underskott.",
            },
        ],
        "completion": {
            "rate": 0.56,
            "moved_tkr": sum(spending) - sum(slow),
            "statement": plan["statement"],
            "balance": plan["balance"],
            "indicators": plan["indicators"],
            "goals": plan["goals"],
            "outlay": slow,
            "outlay_plan": spending,
        }
        if completion
        else None,
        "companies": [
            {
                "company": "Exempelby Energi AB",
                "year": y,
                "result": 21_000.0,
                "investment": 64_000.0,
                "loans": 412_000.0,
                "guarantees": 380_000.0,
                "dividend": 4_000.0,
            }
            for y in ys[:3]
        ]
        if companies
        else [],
        "quality": {
            "inputs": {"uppgift": 41, "berakning": 12, "antagande": 230, "none": 0},
            "assumptions": [
                {
                    "table": "balance",
                    "key": "loans",
                    "text": "Lån vid basårets slut är uppskattade.",
                    "source": "Bedömning <utan> källa & belägg",
                },
                {
                    "table": "statement",
                    "key": "ra/2025",
                    "text": "Avskrivningar är uppskattade.",
                    "source": None,
                },
            ],
            "key_assumptions": [
                {
                    "label": "Lån vid slutet av 2025",
                    "text": "300\u00a0miljoner kronor",
                    "quality": "antagande",
                },
                {
                    "label": "Låneränta",
                    "text": "2,7\u00a0procent per år",
                    "quality": "antagande",
                },
            ],
            "figures": {
                "outlay": "antagande",
                "bkr": "antagande",
                "underskott_in": "antagande",
                "ar": "antagande",
                "loans": "antagande",
                "lan_inv": "antagande",
                "res_andel": "antagande",
                "rs": "uppgift",
            },
        },
        **beside,
    }
