"""The reference against figures worked by hand, and its instances against their rules."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import pytest

from oracle.instances import (
    FAMILIES,
    random_choices,
    random_data,
    random_underlag,
    scale_money,
    without_family,
)
from oracle.reference import Reference, enumerate_best, evaluate

Tables = dict[str, list[dict[str, Any]]]


def tiny(**settings: float) -> Tables:
    """Three plan years, no growth, no interest: the result is 10 every year."""
    values = {
        "base_year": 2025,
        "plan_start": 2026,
        "plan_end": 2028,
        "discount_rate": 0.0,
        "min_cash_tkr": 20,
        **settings,
    }
    lines = {"ri": 200.0, "rk": -1150.0, "ra": -40.0, "rs": 800.0, "rg": 200.0}
    balance = {
        "fixed_assets": 500.0,
        "financial_assets": 50.0,
        "other_assets": 50.0,
        "cash": 100.0,
        "equity": 350.0,
        "provisions": 50.0,
        "loans": 200.0,
        "other_liabilities": 100.0,
        "pension_off_balance": 30.0,
    }
    return {
        "settings": [{"key": key, "value": str(v)} for key, v in values.items()],
        "years": [
            {
                "year": year,
                "population": 10.0,
                "tax_base_growth": 0.0,
                "cost_growth": 0.0,
                "construction_growth": 0.0,
                "interest_rate": 0.0,
            }
            for year in range(2025, 2029)
        ],
        "statement": [
            {"line": line, "year": 2025, "amount": v} for line, v in lines.items()
        ],
        "balance": [{"line": line, "amount": v} for line, v in balance.items()],
        "projects": [],
        "alternatives": [],
        "outlays": [],
        "criteria": [{"criterion": "k", "weight": 2.0}],
        "scores": [],
        "goals": [],
    }


def add_project(
    data: Tables,
    project_id: str,
    outlay: list[float],
    income: list[float] | None = None,
    build_years: int = 1,
    score: float = 50.0,
    scrapped: float = 0.0,
    **project: Any,
) -> None:
    key = {"project_id": project_id, "alternative_id": "a"}
    data["projects"].append({"project_id": project_id, **project})
    data["alternatives"].append(
        {**key, "build_years": build_years, "scrapped": scrapped}
    )
    for offset, amount in enumerate(outlay):
        row = {**key, "offset": offset, "outlay": amount}
        data["outlays"].append({**row, "income": (income or [0.0] * 9)[offset]})
    data["scores"].append({**key, "criterion": "k", "score": score})


def add_goal(
    data: Tables, indicator: str, operator: str, value: float, **more: Any
) -> None:
    row = {"goal_id": "m", "indicator": indicator, "operator": operator, "value": value}
    data["goals"].append({**row, "period": "year", "level": "must", **more})


def set_years(data: Tables, column: str, values: list[float]) -> None:
    for row, value in zip(data["years"][1:], values, strict=True):
        row[column] = value


# ------------------------------------------------------------------ statements, A1-A6


def test_own_funds_repay_loans_then_fill_the_cash() -> None:
    plan = evaluate(tiny(), [])
    assert plan["statement"]["ar"] == [10, 10, 10]
    # N: 200 − (100 − 20) = 120, then 120 − 50 each year: 70, 20, −30
    assert plan["balance"]["loans"] == [70, 20, 0]
    assert plan["balance"]["cash"] == [20, 20, 50]
    assert plan["balance"]["fixed_assets"] == [460, 420, 380]
    assert plan["balance"]["equity"] == [360, 370, 380]
    assert plan["cash_flow"]["lopande"] == [50, 50, 50]
    assert plan["cash_flow"]["finansiering"] == [-130, -50, -20]
    assert plan["cash_flow"]["likvida_in"] == [100, 20, 20]
    assert plan["cash_flow"]["arets"] == [-80, 0, 30]
    assert plan["indicators"]["lan_inv"] == [7000, 2000, 0]
    assert plan["indicators"]["sol"][0] == pytest.approx(360 / 580)
    assert plan["indicators"]["sol_pen"][0] == pytest.approx(330 / 580)
    assert plan["indicators"]["nettolan"] == [0.05, 0, -0.05]
    assert plan["indicators"]["nka"] == [0.99, 0.99, 0.99]
    assert plan["indicators"]["sfg"] == [None, None, None]


def test_interest_is_on_the_mean_of_opening_and_closing_net_loans() -> None:
    data = tiny()
    set_years(data, "interest_rate", [0.04, 0.0, 0.0])
    plan = evaluate(data, [])
    # N·0.98 = 120·1.02 − 50
    closing = 72.4 / 0.98
    assert plan["balance"]["loans"][0] == pytest.approx(closing)
    assert plan["statement"]["fk"][0] == pytest.approx(-0.04 * (120 + closing) / 2)
    assert plan["statement"]["fi"][0] == 0


def test_growth_indices_and_given_lines() -> None:
    data = tiny()
    set_years(data, "tax_base_growth", [0.10, 0.0, 0.10])
    set_years(data, "cost_growth", [0.0, 0.10, 0.10])
    set_years(data, "population", [11.0, 10.0, 12.0])
    set_years(data, "other_change_tkr", [1.0, 0.0, 0.0])
    set_years(data, "lasting_change_tkr", [0.0, 2.0, 0.0])
    data["years"][0]["lasting_change_tkr"] = 3.0
    data["statement"] += [
        {"line": "rk", "year": 2027, "amount": -1000.0},
        {"line": "rs", "year": 2027, "amount": 700.0},
        {"line": "fk", "year": 2027, "amount": -99.0},
        {"line": "ex", "year": 2027, "amount": 5.0},
        {"line": "ra", "year": 2027, "amount": -44.0},
    ]
    plan = evaluate(data, [])["statement"]
    assert plan["rs"] == pytest.approx([968, 700, 700 * 1.2 * 1.1])
    assert plan["rg"] == pytest.approx([242, 220, 200 * 1.2 * 1.21])
    assert plan["ri"] == pytest.approx([200, 220, 242])
    # 3 lasting from the base year, 2 more from 2027, in that year's prices
    assert plan["rk"] == pytest.approx(
        [-1150 - 1 - 3, -1000 - 5 * 1.1, -1100 - 5 * 1.21]
    )
    assert plan["ra"] == [-40, -44, -44]
    assert plan["ex"] == [0, 5, 0]
    assert plan["fk"][1] == 0


def test_existing_gives_depreciation_outlay_and_resolved_income() -> None:
    data = tiny()
    data["existing"] = [
        {"year": 2026, "depreciation_tkr": 45.0, "outlay_tkr": 30.0},
        {"year": 2027, "income_tkr": 6.0, "resolved_income_tkr": 2.0},
        {"year": 2028},
    ]
    set_years(data, "provisions_change_tkr", [7.0, 0.0, 0.0])
    plan = evaluate(data, [])
    assert plan["statement"]["ra"] == [-45, 0, 0]
    assert plan["statement"]["ri"] == [200, 200, 200]
    assert plan["statement"]["ar"] == [5, 50, 50]
    # 120 − (5 + 45 − 30 + 7) = 93; 93 − (50 + 6 − 2) = 39; 39 − 50 = −11
    assert plan["balance"]["loans"] == [93, 39, 0]
    assert plan["balance"]["cash"] == [20, 20, 31]
    assert plan["balance"]["other_liabilities"] == [100, 104, 104]
    assert plan["balance"]["provisions"] == [57, 57, 57]
    assert plan["indicators"]["sfg"] == [pytest.approx(50 / 30), None, None]
    assert plan["indicators"]["inv_andel"] == pytest.approx([0.03, -0.006, 0])
    assert plan["room"]["own_funds"] == [20, 54, 50]


def test_project_outlay_parts_income_effects_and_scrapping() -> None:
    data = tiny()
    set_years(data, "construction_growth", [0.0, 0.5, 0.0])
    set_years(data, "cost_growth", [0.0, 0.0, 0.1])
    add_project(data, "p", [60.0, 40.0], [10.0, 0.0], scrapped=7.0)
    key = {"project_id": "p", "alternative_id": "a"}
    data["parts"] = [
        {**key, "component": "hus", "share": 0.5, "useful_life_years": 10},
        {**key, "component": "mark", "share": 0.5, "useful_life_years": None},
    ]
    data["effects"] = [
        {**key, "offset": 0, "operating": 1.0},
        {**key, "offset": 1, "operating": 4.0},
    ]
    free = evaluate(data, [])["statement"]
    plan = evaluate(data, [("p", "a", 2026)])
    assert plan["flows"]["outlay"] == [60, 60, 0]  # 40 in prices 1.5
    assert plan["flows"]["depreciation"] == pytest.approx([40, 46, 46])
    assert plan["flows"]["resolved"] == [0, 0.5, 0.5]
    change = [a - b for a, b in zip(plan["statement"]["rk"], free["rk"], strict=True)]
    assert change == pytest.approx([0, -1 - 7, -4 * 1.1])
    assert plan["statement"]["ri"][1] - free["ri"][1] == 0.5
    assert plan["balance"]["fixed_assets"] == pytest.approx([520, 527, 481])
    assert plan["balance"]["other_liabilities"] == [110, 109.5, 109]


def test_short_life_ends_and_late_outlay_depreciates_from_its_own_year() -> None:
    data = tiny()
    add_project(data, "p", [20.0, 10.0], build_years=0)
    key = {"project_id": "p", "alternative_id": "a"}
    data["parts"] = [{**key, "component": "x", "share": 1.0, "useful_life_years": 2}]
    plan = evaluate(data, [("p", "a", 2026)])
    assert plan["flows"]["depreciation"] == [50, 55, 45]


def test_fees_cover_capital_and_operating_cost_from_first_use() -> None:
    data = tiny()
    set_years(data, "interest_rate", [0.1, 0.1, 0.1])
    add_project(data, "p", [66.0, 33.0], [33.0, 0.0], financing="taxa", scrapped=7.0)
    key = {"project_id": "p", "alternative_id": "a"}
    data["effects"] = [{**key, "offset": 0, "operating": 4.0}]
    free = evaluate(data, [])["statement"]
    plan = evaluate(data, [("p", "a", 2026)])["statement"]
    # depreciation 3, resolved 1; opening value 66 − 33 = 33, then 99 − 3 − 32 = 64
    fees = [0, 3 - 1 + 4 + 3.3, 3 - 1 + 4 + 6.4]
    change = [a - b for a, b in zip(plan["ri"], free["ri"], strict=True)]
    assert change == pytest.approx([0, 1 + fees[1], 1 + fees[2]])


def test_waiting_cost_runs_until_use_and_from_the_earliest_year() -> None:
    data = tiny()
    set_years(data, "cost_growth", [0.1, 0.0, 0.0])
    add_project(data, "p", [0.0], waiting_cost=10.0)
    add_project(data, "q", [0.0], waiting_cost=5.0, earliest_year=2027)
    without = evaluate(data, [])["statement"]["rk"]
    assert without == pytest.approx([-1265 - 11, -1265 - 16.5, -1265 - 16.5])
    plan = evaluate(data, [("p", "a", 2026)])["statement"]["rk"]
    assert plan == pytest.approx([-1265 - 11, -1265 - 5.5, -1265 - 5.5])


# --------------------------------------------------------------- balance requirement


def law(data: Tables, result: list[float]) -> dict[str, Any]:
    """The investigation when the result of the three years is the one given."""
    set_years(data, "other_change_tkr", [10 - amount for amount in result])
    return evaluate(data, [])


def test_reserve_is_filled_above_one_percent_to_the_ceiling() -> None:
    plan = law(tiny(resultatreserv_tkr=30), [25.0, 25.0, 8.0])
    assert plan["balanskrav"]["reservering"] == [-15, -5, 0]
    assert plan["balanskrav"]["bkr"] == [10, 20, 8]
    assert plan["reserve"]["resultatreserv"] == [45, 50, 50]
    assert plan["reserve"]["ceiling"] == [50, 50, 50]


def test_two_percent_when_the_pension_debt_exceeds_equity() -> None:
    data = tiny()
    data["balance"][-1]["amount"] = 380.0  # equity is 350, 375, 400, 408
    plan = law(data, [25.0, 25.0, 8.0])
    assert plan["balanskrav"]["reservering"] == [-5, -15, 0]


def test_loss_uses_rur_to_2033_then_resultatreserv() -> None:
    plan = law(tiny(resultatreserv_tkr=8, rur_tkr=5), [-10.0, -10.0, 4.0])
    rows = plan["balanskrav"]
    assert rows["anvandning"] == [10, 3, 0]
    assert rows["bkr"] == [0, -7, 4]
    assert rows["underskott_in"] == [0, 0, -7]
    assert rows["att_reglera"] == [0, -7, -3]
    assert plan["reserve"]["rur"] == [0, 0, 0]
    assert plan["reserve"]["resultatreserv"] == [3, 0, 0]
    assert plan["deficits"] == [
        {
            "year": 2027,
            "amount": 7,
            "due_year": 2030,
            "restored": [{"year": 2028, "amount": 4}],
            "exempted": 0,
            "left": 3,
        }
    ]


def test_rur_is_not_used_after_2033() -> None:
    data = tiny(rur_tkr=50, base_year=2032, plan_start=2033, plan_end=2035)
    for row, year in zip(data["years"], range(2032, 2036), strict=True):
        row["year"] = year
    for row in data["statement"]:
        row["year"] = 2032
    assert law(data, [-5.0, -5.0, 0.0])["balanskrav"]["anvandning"] == [5, 0, 0]


def test_deficits_are_restored_oldest_first_before_reserving() -> None:
    data = tiny()
    data["deficits"] = [
        {"year": 2025, "amount": 20.0, "due_year": 2028},
        {"year": 2024, "amount": 9.0, "due_year": 2027, "restored": 2.0},
    ]
    plan = law(data, [25.0, 25.0, 8.0])
    # 25 restores 7 and 18; then 2, and 25 − 10 = 15 may be reserved
    assert plan["balanskrav"]["underskott_in"] == [-27, -2, 0]
    assert plan["balanskrav"]["reservering"] == [0, -15, 0]
    assert [row["left"] for row in plan["deficits"]] == [0, 0]
    assert plan["deficits"][1]["restored"] == [
        {"year": 2026, "amount": 18},
        {"year": 2027, "amount": 2},
    ]


def test_adjustments_replace_the_rule_and_enter_the_sum() -> None:
    data = tiny(resultatreserv_tkr=30)
    data["adjustments"] = [
        {"year": 2026, "kind": "realisationsvinster", "amount": -6.0},
        {"year": 2026, "kind": "reservering", "amount": -1.0},
        {"year": 2027, "kind": "anvandning", "amount": 4.0},
        {"year": 2028, "kind": "synnerliga_skal", "amount": 12.0},
    ]
    plan = law(data, [25.0, -9.0, -50.0])
    rows = plan["balanskrav"]
    assert rows["areb"] == [19, -9, -50]
    assert rows["reservering"] == [-1, 0, 0]
    assert rows["anvandning"] == [0, 4, 27]
    assert rows["bkr"] == [18, -5, -23]
    assert rows["att_reglera"] == [0, -5, -16]
    # 12 exempted: the whole of 2028's would be 23
    assert [row["exempted"] for row in plan["deficits"]] == [0, 12]


def test_reserving_stops_where_the_goal_on_bkr_would_be_missed() -> None:
    data = tiny()
    add_goal(data, "bkr_andel", ">=", 0.012, period="average:2")
    plan = law(data, [25.0, 15.0, 11.0])
    # 2026-27: 25 + 15 − 24 = 16 allows 15 (law); then 10 + 15 − 24 = 1;
    # 2028: 14 + 11 − 24 = 1
    assert plan["balanskrav"]["reservering"] == pytest.approx([-15, -1, -1])


def test_malmo_2013_to_2015() -> None:
    """DOMAIN 13: 227; −193 to restore; 355 then 162, nothing left (mkr)."""
    data = tiny()
    for row in data["statement"]:
        if row["line"] in ("rs", "rg"):
            row["amount"] *= 100
        if row["line"] == "rk":
            row["amount"] -= 99_000
    amounts = {
        (2026, "realisationsvinster"): -33.0,
        (2026, "anvandning"): 106.0,
        (2026, "reservering"): 0.0,
        (2027, "realisationsvinster"): -56.0,
        (2027, "anvandning"): 12.0,
        (2028, "realisationsvinster"): -23.0,
        (2028, "reservering"): -185.0,
    }
    data["adjustments"] = [
        {"year": year, "kind": kind, "amount": amount}
        for (year, kind), amount in amounts.items()
    ]
    data["settings"].append({"key": "rur_tkr", "value": "118"})
    plan = law(data, [154.0, -149.0, 563.0])
    assert plan["balanskrav"]["bkr"] == pytest.approx([227, -193, 355])
    assert plan["balanskrav"]["att_reglera"] == pytest.approx([0, -193, 0])
    assert plan["deficits"][0]["left"] == pytest.approx(0)


# -------------------------------------------------------------- goals, value, choices


def test_goal_windows_margins_and_average() -> None:
    data = tiny()
    add_goal(data, "res_andel", ">=", 0.012, period="average:2")
    add_goal(data, "lan_inv", "<=", 5000.0, goal_id="n", to_year=2027)
    plan = law(data, [5.0, 15.0, 10.0])
    first, second = plan["goals"]
    assert first["met"] == [None, False, True]
    assert first["actual"] == pytest.approx([None, 0.010, 0.0125])
    assert first["margin"] == pytest.approx([None, -0.002, 0.0005])
    assert second["met"] == [False, True, None]
    assert not plan["feasible"]
    assert [(row["id"], row["year"]) for row in plan["violations"]] == [
        ("m", 2027),
        ("n", 2026),
    ]


def test_self_financing_is_tested_without_the_ratio() -> None:
    data = tiny()
    data["existing"] = [
        {"year": 2026, "depreciation_tkr": 40.0, "outlay_tkr": 60.0},
        {"year": 2027, "depreciation_tkr": 40.0, "income_tkr": 60.0},
        {"year": 2028, "depreciation_tkr": 40.0},
    ]
    add_goal(data, "sfg", ">=", 0.9)
    plan = evaluate(data, [])
    assert plan["goals"][0]["met"] == [False, True, True]
    assert plan["goals"][0]["margin"] == [pytest.approx(50 / 60 - 0.9), None, None]


def test_bkr_goal_is_decided_on_areb() -> None:
    data = tiny()
    data["adjustments"] = [{"year": 2026, "kind": "reservering", "amount": -5.0}]
    add_goal(data, "bkr_andel", ">=", 0.008)
    plan = evaluate(data, [])
    assert plan["goals"][0]["met"] == [False, True, True]
    assert plan["feasible"]


def test_aim_goal_costs_points_per_unit_missed() -> None:
    data = tiny()
    add_project(data, "p", [0.0], score=60.0)
    add_goal(data, "res_andel", ">=", 0.02, level="aim", price=3.0, from_year=2027)
    add_goal(data, "lan_inv", "<=", 1500.0, goal_id="n", level="aim", price=0.001)
    plan = evaluate(data, [("p", "a", 2026)])
    assert plan["aims"][0]["miss"] == pytest.approx([0, 1, 1])  # percentage points
    assert plan["aims"][1]["miss"] == pytest.approx([5500, 500, 0])  # kr
    assert plan["objective"] == pytest.approx(60 - 3 * 2 - 0.001 * 6000)
    assert plan["feasible"]


def test_value_falls_with_later_use() -> None:
    data = tiny(discount_rate=0.25)
    data["criteria"].append({"criterion": "k2", "weight": 6.0})
    add_project(data, "p", [0.0], score=40.0)
    data["scores"].append(
        {"project_id": "p", "alternative_id": "a", "criterion": "k2", "score": 80.0}
    )
    early = evaluate(data, [("p", "a", 2026)])["objective"]
    late = evaluate(data, [("p", "a", 2027)])["objective"]
    assert early == pytest.approx(70.0)  # (2·40 + 6·80)/8
    weights = [0.8**n for n in range(2, 24)]  # 2027..2048
    assert late == pytest.approx(70 * sum(weights[1:]) / sum(weights))


def test_room_names_the_smallest() -> None:
    data = tiny()
    add_goal(data, "lan_inv", "<=", 9000.0, to_year=2027)
    add_goal(data, "res_andel", ">=", 0.008, goal_id="r")
    plan = evaluate(data, [])["room"]
    assert plan["own_funds"] == [50, 50, 50]
    assert plan["debt_ceiling"] == [20, 70, None]
    assert plan["result_target"] == pytest.approx([66, 66, 66])  # 2 / (1/33)
    assert plan["binding"] == ["debt_ceiling", "own_funds", "own_funds"]


def kinds(data: Tables, *choices: tuple[str, str, int]) -> list[str]:
    return [row["kind"] for row in evaluate(data, list(choices))["violations"]]


def test_relations() -> None:
    data = tiny()
    add_project(data, "p", [0.0])
    add_project(data, "q", [0.0])
    relation = {"project_id": "p", "other_id": "q"}
    data["relations"] = [{**relation, "kind": "requires"}]
    assert kinds(data, ("p", "a", 2027)) == ["relation"]
    assert kinds(data, ("p", "a", 2027), ("q", "a", 2026)) == []
    assert kinds(data, ("p", "a", 2026), ("q", "a", 2026)) == ["relation"]
    data["relations"][0]["lag_years"] = 1
    assert kinds(data, ("p", "a", 2027), ("q", "a", 2026)) == ["relation"]
    data["relations"] = [{**relation, "kind": "excludes"}]
    assert kinds(data, ("p", "a", 2027)) == []
    assert kinds(data, ("p", "a", 2027), ("q", "a", 2026)) == ["relation"]
    data["relations"] = [{**relation, "kind": "together"}]
    assert kinds(data, ("p", "a", 2027)) == ["relation"]
    assert kinds(data) == []


def test_must_do_window_and_resources() -> None:
    data = tiny()
    add_project(data, "p", [0.0], must_do=True, deadline_year=2027)
    add_project(data, "q", [0.0], earliest_year=2020, latest_year=2026)
    assert kinds(data) == ["must_do"]
    assert kinds(data, ("p", "a", 2027)) == ["must_do"]
    assert kinds(data, ("p", "a", 2026)) == []
    assert kinds(data, ("p", "a", 2026), ("q", "a", 2025)) == ["window"]
    assert kinds(data, ("p", "a", 2026), ("q", "a", 2027)) == ["window"]
    assert "window" in kinds(data, ("p", "a", 2028))
    data["resources"] = [{"resource": "r", "year": 2026, "available": 1.0}]
    data["resource_use"] = [
        {
            "project_id": p,
            "alternative_id": "a",
            "resource": "r",
            "offset": 0,
            "amount": x,
        }
        for p, x in (("p", 0.4), ("q", 0.7))
    ]
    assert kinds(data, ("p", "a", 2026)) == []
    assert kinds(data, ("p", "a", 2026), ("q", "a", 2026)) == ["resource"]


def test_enumeration_picks_the_better_pair_within_the_debt_ceiling() -> None:
    data = tiny()
    for project_id, outlay, score in (("p", 60.0, 50.0), ("q", 50.0, 45.0)):
        add_project(data, project_id, [outlay], score=score, latest_year=2026)
    add_project(data, "r", [40.0], score=40.0, latest_year=2026)
    # loans 2026 = 70 + outlays; 16,500 kr per inhabitant = 165
    add_goal(data, "lan_inv", "<=", 16_500.0, to_year=2026)
    best, plans, count = enumerate_best(data)
    assert best == pytest.approx(85)
    assert plans == [[("q", "a", 2026), ("r", "a", 2026)]]
    assert count == 8
    with pytest.raises(ValueError, match="8 combinations"):
        enumerate_best(data, limit=7)
    data["goals"][0]["value"] = 1.0
    assert enumerate_best(data) == (None, [], 8)


def test_enumeration_leaves_out_exactly_what_evaluate_finds_broken() -> None:
    for family in ("requires", "together", "excludes", "resources", "must_do"):
        data = random_data(3, family)
        reference = Reference(data)
        lists = [
            [None, *reference.options(project_id)]
            for project_id in sorted(reference.projects)
        ]
        kept = []
        for combination in itertools.product(*lists):
            picks = [pick for pick in combination if pick is not None]
            if not reference.structure_violations(picks):
                kept.append(picks)
        assert sorted(kept) == sorted(reference.plans())


# ------------------------------------------------------------------------- identities


@pytest.mark.parametrize("seed", range(12))
def test_books_balance_and_cash_moves_by_the_cash_flow(seed: int) -> None:
    data = random_underlag(seed)
    plan = evaluate(data, random_choices(data, seed))
    assert {row["kind"] for row in plan["violations"]} <= {"goal"}
    balance, flow = plan["balance"], plan["cash_flow"]
    lines = ("fixed_assets", "financial_assets", "other_assets", "cash")
    owed = ("equity", "provisions", "loans", "other_liabilities")
    for i in range(len(plan["years"])):
        assets = sum(balance[line][i] for line in lines)
        assert assets == pytest.approx(sum(balance[line][i] for line in owed), rel=1e-9)
        closing = flow["likvida_in"][i] + flow["arets"][i]
        assert closing == pytest.approx(flow["likvida_ut"][i], abs=1e-6 * assets)
    rows = plan["balanskrav"]
    assert rows["underskott_in"][1:] == pytest.approx(rows["att_reglera"][:-1])


def test_moving_a_project_changes_nothing_before_its_first_year() -> None:
    data = random_underlag(5)
    for row in data["projects"]:
        row["waiting_cost"] = 0.0
    reference = Reference(data)
    options = reference.options("p07")
    before, after = evaluate(data, [options[0]]), evaluate(data, [options[3]])
    assert options[3][1] == options[0][1]
    first = options[0][2] - reference.plan_start
    for group in ("statement", "balance", "cash_flow"):
        for line, values in before[group].items():
            assert values[:first] == after[group][line][:first]
    assert before["balance"] != after["balance"]


@pytest.mark.parametrize("seed", range(4))
def test_money_times_k_gives_results_times_k(seed: int) -> None:
    data = random_underlag(seed)
    choices = random_choices(data, seed)
    plan = evaluate(data, choices)
    larger = evaluate(scale_money(data, 8.0), choices)
    assert larger["objective"] == pytest.approx(plan["objective"])
    for group in ("statement", "balance", "cash_flow", "balanskrav", "reserve"):
        for line, values in plan[group].items():
            scaled = [8 * value for value in values]
            assert larger[group][line] == pytest.approx(scaled, abs=1e-3)
    assert larger["indicators"]["sol"] == pytest.approx(plan["indicators"]["sol"])
    for before, after in zip(plan["goals"], larger["goals"], strict=True):
        assert before["met"] == after["met"]


# -------------------------------------------------------------------------- instances


@pytest.mark.parametrize("family", FAMILIES)
def test_instances_are_small_whole_and_repeatable(family: str) -> None:
    for seed in range(4):
        data = random_data(seed, family)
        assert data == random_data(seed, family)
        check_whole(data)
        assert 3 <= len(data["projects"]) <= 8
        assert Reference(data).count_plans() <= 20_000
        saved = copy.deepcopy(data)
        assert without_family(data, family) != data
        assert data == saved


def test_large_underlag_is_whole() -> None:
    for seed in range(8):
        data = random_underlag(seed)
        check_whole(data)
        assert len(data["projects"]) == 20
        assert not [name for name, rows in data.items() if not rows]


def check_whole(data: Tables) -> None:
    """DESIGN 3, "Whole data"."""
    reference = Reference(data)
    opening = reference.opening
    assert opening["fixed_assets"] + opening["financial_assets"] + opening[
        "other_assets"
    ] + opening["cash"] == pytest.approx(
        opening["equity"]
        + opening["provisions"]
        + opening["loans"]
        + opening["other_liabilities"]
    )
    pairs = {(row["project_id"], row["alternative_id"]) for row in data["alternatives"]}
    for pair in pairs:
        offsets = [offset for offset, _, _ in reference.outlays[pair]]
        assert offsets == list(range(len(offsets)))
        assert sorted(reference.effects.get(pair, {})) == list(
            range(len(reference.effects.get(pair, {})))
        )
        shares = [share for share, _ in reference.parts.get(pair, [(1.0, None)])]
        assert sum(shares) == pytest.approx(1)
    scored = {
        (row["project_id"], row["alternative_id"], row["criterion"])
        for row in data["scores"]
    }
    assert len(scored) == len(pairs) * len(data["criteria"]) == len(data["scores"])
    assert [row["year"] for row in data["years"]] == list(
        range(reference.base_year, reference.plan_end + 1)
    )
    for project_id in reference.projects:
        assert reference.options(project_id)
