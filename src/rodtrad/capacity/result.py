"""What stands in `plan.json` about the economy? The evaluation as plain lists.

`study` writes these figures and `verify` writes them once more from the stored
underlag and choices; both call `economy_result`, so they can only differ if something
was changed in between.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.capacity.evaluate import (
    Evaluation,
    evaluate_plan,
    plan_totals,
    project_value,
)
from rodtrad.capacity.headroom import (
    RESULT_GOALS,
    binding_measure,
    room_for_investment,
)
from rodtrad.capacity.indicators import INDICATORS, divide
from rodtrad.capacity.lines import worst_quality
from rodtrad.capacity.statements import price_indices, project_totals
from rodtrad.domain.arrays import BALANCE_LINES, MEMO_LINES, Choice
from rodtrad.domain.components import nira_shares

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.capacity.indicators import GoalOutcome
    from rodtrad.domain.arrays import Alternative, Array, Case, Project
    from rodtrad.domain.components import Tables

CONTRACTED_GATES = ("G6", "G7", "G8", "G9")
# Shares: a result goal held by less than this (0.25 percentage points) is held barely;
# other goals by less than a tenth of their value.
BARELY_RESULT = 0.0025
BARELY_SHARE = 0.1
NIRA_KEYS = {"N": "new_build", "I": "image", "R": "renewal", "A": "adaptation"}


def input_fingerprint(tables: Tables) -> str:
    """Return the SHA-256 of the tables' values; the order of rows does not matter."""
    content = {
        name: sorted(
            json.dumps(row, ensure_ascii=False, sort_keys=True)
            for row in table.records()
        )
        for name, table in tables.items()
        if len(table)
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def as_list(values: Array) -> list[float | None]:
    """Return draw 0 of `[year, draw]` as floats; None where there is no figure."""
    return [None if np.isnan(v) else float(v) for v in values[:, 0]]


def _lists(figures: Mapping[str, Array]) -> dict[str, list[float | None]]:
    return {key: as_list(values) for key, values in figures.items()}


def goal_rows(outcomes: Sequence[GoalOutcome]) -> list[dict[str, Any]]:
    """Return the goals with met, margin and actual per year."""
    rows = []
    for outcome in outcomes:
        goal = outcome.goal
        rows.append(
            {
                "goal_id": goal.goal_id,
                "name": goal.name,
                "indicator": goal.indicator,
                "operator": goal.operator,
                "value": goal.value,
                "period": goal.period,
                "level": goal.level,
                "from_year": goal.from_year,
                "to_year": goal.to_year,
                "met": [None if v is None else bool(v) for v in as_list(outcome.met)],
                "margin": as_list(outcome.margin),
                "actual": as_list(outcome.actual),
            }
        )
    return rows


def goal_mood(goal: Mapping[str, Any], i: int) -> str:
    """Return how a goal stands in a year: good, tight, missed or quiet (not measured)."""
    met = goal["met"][i]
    if met is None:
        return "quiet"
    if not met:
        return "missed"
    margin = goal["margin"][i] if goal.get("margin") else None
    if margin is None:
        return "good"
    value = abs(goal.get("value") or 0.0)
    barely = BARELY_SHARE * value
    if goal.get("indicator") in RESULT_GOALS:
        barely = BARELY_RESULT
    return "tight" if margin <= barely else "good"


def economy_result(case: Case, choices: Sequence[Choice]) -> dict[str, Any]:
    """Return every figure of the economy that the choices give.

    Args:
        case: the underlag as arrays, deterministic (one draw).
        choices: the plan.

    Returns:
        the keys `choices, years, statement, balance, cash_flow, balanskrav, indicators,
        goals, room, opening, baseline, needs, projects, value, aims, deficits, reserve,
        completion, companies` of `plan.json`.

    Raises:
        KeyError, ValueError: as `evaluate_plan`.
    """
    plan = evaluate_plan(case, choices)
    return {
        "choices": [_choice_row(case, choice) for choice in plan.choices],
        "years": [int(year) for year in case.years],
        "statement": _lists(plan.years.statement),
        "balance": _lists(plan.years.balance),
        "cash_flow": _lists(plan.years.cash_flow),
        "balanskrav": _lists(plan.balanskrav.rows),
        "indicators": _lists(plan.indicators),
        "goals": goal_rows(plan.goals),
        "room": _room(case, plan),
        "opening": _opening(case),
        "baseline": _baseline(case),
        "needs": _needs(case),
        "projects": _project_rows(case, plan.choices),
        "value": {
            "total": plan.objective,
            "projects": plan.value,
            "aim_penalty": plan.aim_penalty,
        },
        "aims": [
            {
                "goal_id": outcome.goal.goal_id,
                "miss": as_list(outcome.miss),
                "penalty": outcome.goal.price * float(np.nansum(outcome.miss[:, 0])),
            }
            for outcome in plan.goals
            if outcome.goal.level == "aim"
        ],
        "deficits": plan.balanskrav.deficits,
        "reserve": {
            "resultatreserv": as_list(plan.balanskrav.resultatreserv),
            "rur": as_list(plan.balanskrav.rur),
            "ceiling": as_list(plan.balanskrav.ceiling),
        },
        "completion": _completion(case, plan),
        "companies": [
            {k: v for k, v in row.items() if k not in ("source", "quality")}
            for row in sorted(
                case.tables["companies"].records(),
                key=lambda row: (row["company"], row["year"]),
            )
        ],
    }


def _choice_row(case: Case, choice: Choice) -> dict[str, Any]:
    alternative = case.project(choice.project_id).alternative(choice.alternative_id)
    return {
        "project_id": choice.project_id,
        "alternative_id": choice.alternative_id,
        "start_year": choice.start_year,
        "in_use_year": choice.start_year + alternative.build_years,
    }


def _opening(case: Case) -> dict[str, Any]:
    """Return the base year as given, with the indicators that it allows."""
    base = case.base_year
    lines = {line: values.get(base, 0.0) for line, values in case.given.items()}
    rn = lines["ri"] + lines["rk"] + lines["ra"]
    rv = rn + lines["rs"] + lines["rg"]
    re = rv + lines["fi"] + lines["fk"]
    statement = {**lines, "rn": rn, "rv": rv, "re": re, "ar": re + lines["ex"]}
    opening = case.opening
    assets = sum(opening[k] for k in BALANCE_LINES[:4])
    taxes = lines["rs"] + lines["rg"]
    top = {
        "res_andel": (statement["ar"], taxes),
        "sol": (opening["equity"], assets),
        "sol_pen": (opening["equity"] - opening["pension_off_balance"], assets),
        "lan_inv": (1000 * opening["loans"], float(case.population[0, 0])),
        "nettolan": (opening["loans"] - opening["cash"], taxes),
        "nka": (-(rn + lines["fi"] + lines["fk"]), taxes),
    }
    return {
        "statement": statement,
        "balance": {k: opening[k] for k in BALANCE_LINES + MEMO_LINES},
        "indicators": {
            key: as_list(divide(_cell(top[key][0]), _cell(top[key][1])))[0]
            if key in top
            else None
            for key in INDICATORS
        },
    }


def _cell(value: float) -> Array:
    return np.array([[value]], dtype=np.float64)


def _baseline(case: Case) -> dict[str, Any]:
    """Return the same years with no new project at all."""
    empty = evaluate_plan(case, ())
    return {
        "statement": _lists(empty.years.statement),
        "balance": _lists(empty.years.balance),
        "indicators": _lists(empty.indicators),
        "room": _room(case, empty),
        "goals": goal_rows(empty.goals),
    }


def _room(case: Case, plan: Evaluation) -> dict[str, Any]:
    """Return the room by every goal (A10), and under `must` by what must be kept."""
    room = _lists(plan.room)
    areb = plan.balanskrav.rows["areb"]
    must = _lists(room_for_investment(case, plan.years, areb, ("must",)))
    return {
        **room,
        "binding": binding_measure(room),
        "must": {**must, "binding": binding_measure(must)},
    }


def _first_wish(case: Case, project: Project) -> Choice | None:
    """Return the project's first alternative at its earliest possible start."""
    for alternative in project.alternatives:
        starts = case.starts(project, alternative)
        if len(starts):
            return Choice(project.project_id, alternative.alternative_id, starts[0])
    return None


def _needs(case: Case) -> dict[str, list[float]]:
    """Return what is wished for per year and class, each project as early as it can.

    Nominal outlays of the first alternative. A project that cannot be done within the
    plan is not counted, and of projects that exclude each other only the dearest is.
    """
    indices = price_indices(case)
    sums = {key: np.zeros(len(case.years)) for key in NIRA_KEYS.values()}
    nira = {row["project_id"]: row["nira"] for row in case.tables["projects"].records()}
    against: dict[str, set[str]] = {}
    for relation in case.relations:
        if relation.kind == "excludes":
            against.setdefault(relation.project_id, set()).add(relation.other_id)
            against.setdefault(relation.other_id, set()).add(relation.project_id)
    counted: set[str] = set()
    dearest_first = sorted(
        case.projects, key=lambda p: (-sum(p.alternatives[0].outlay), p.project_id)
    )
    for project in dearest_first:
        choice = _first_wish(case, project)
        if choice is None or against.get(project.project_id, set()) & counted:
            continue
        counted.add(project.project_id)
        alternative = project.alternative(choice.alternative_id)
        totals = project_totals(case, indices, project, alternative, choice.start_year)
        shares = nira_shares(nira.get(project.project_id) or "N") or {"N": 1.0}
        for letter, share in shares.items():
            sums[NIRA_KEYS[letter]] += share * totals.outlay[:, 0]
    needs = {key: [float(v) for v in values] for key, values in sums.items()}
    total = [float(v) for v in np.sum(list(sums.values()), axis=0)]
    return {**needs, "total": total}


def shown_alternative(project: Project, choice: Choice | None) -> Alternative:
    """Return the alternative whose figures are shown: the chosen, else the cheapest."""
    if choice is not None:
        return project.alternative(choice.alternative_id)
    return min(project.alternatives, key=lambda a: sum(a.outlay))


def _project_rows(case: Case, choices: Sequence[Choice]) -> list[dict[str, Any]]:
    """Return every project with what the plan does with it."""
    indices = price_indices(case)
    chosen = {choice.project_id: choice for choice in choices}
    described = {row["project_id"]: row for row in case.tables["projects"].records()}
    areas = {row["area"]: row["name"] for row in case.tables["areas"].records()}
    outlay_rows: dict[str, list[dict[str, Any]]] = {}
    for row in case.tables["outlays"].records():
        outlay_rows.setdefault(row["project_id"], []).append(row)
    scores: dict[str, set[str]] = {}
    for row in case.tables["scores"].records():
        if row["quality"]:
            scores.setdefault(row["project_id"], set()).add(row["quality"])
    rows = []
    for project in case.projects:
        about = described[project.project_id]
        choice = chosen.get(project.project_id)
        alternative = shown_alternative(project, choice)
        row = {
            key: about[key]
            for key in (
                "project_id",
                "name",
                "committee",
                "area",
                "driver",
                "nira",
                "financing",
                "gate",
                "must_do",
                "public",
                "description",
                "quality",
                "source",
                "lat",
                "lon",
            )
        }
        own = [
            r
            for r in outlay_rows.get(project.project_id, [])
            if r["alternative_id"] == alternative.alternative_id
        ]
        row |= {
            "area_name": areas.get(about["area"]),
            "chosen": choice is not None,
            "alternative_id": choice.alternative_id if choice else None,
            "alternative_name": alternative.name if choice else None,
            "start_year": choice.start_year if choice else None,
            "in_use_year": choice.start_year + alternative.build_years
            if choice
            else None,
            "earliest_year": project.earliest_year,
            "latest_year": project.latest_year,
            "build_years": alternative.build_years,
            "outlay_fixed_tkr": float(sum(alternative.outlay)),
            "outlay_quality": worst_quality([r["quality"] for r in own]),
            "score_quality": worst_quality(scores.get(project.project_id, ())),
            "score": alternative.score,
        }
        if choice:
            totals = project_totals(
                case, indices, project, alternative, choice.start_year
            )
            row |= {
                "outlay_tkr": as_list(totals.outlay),
                "income_tkr": as_list(totals.income),
                "depreciation_tkr": as_list(totals.depreciation),
                "operating_tkr": as_list(totals.operating),
                "value": project_value(case, project, alternative, choice.start_year),
            }
        else:
            row |= dict.fromkeys(
                ("outlay_tkr", "income_tkr", "depreciation_tkr", "operating_tkr")
            )
            row["value"] = None
        rows.append(row)
    return rows


def planned_outlay_tkr(case: Case, choices: Sequence[Choice]) -> float:
    """Return the outlays of all choices, tkr, prices of the base year.

    Raises:
        KeyError: a project or an alternative that is not there.

    Source:
        Table `outlays` of the underlag.
    """
    return float(
        sum(
            sum(case.project(key).alternative(alternative_id).outlay)
            for key, alternative_id, _start in choices
        )
    )


def choice_differences(
    one: Sequence[Choice], other: Sequence[Choice]
) -> dict[str, list[Any]]:
    """Return who leaves, enters, moves and switches alternative from one plan to another."""
    mine = {choice.project_id: choice for choice in one}
    theirs = {choice.project_id: choice for choice in other}
    both = sorted(set(mine) & set(theirs))
    return {
        "leaves": sorted(set(mine) - set(theirs)),
        "enters": sorted(set(theirs) - set(mine)),
        "moves": [
            {
                "project_id": key,
                "from": mine[key].start_year,
                "to": theirs[key].start_year,
            }
            for key in both
            if mine[key].start_year != theirs[key].start_year
        ],
        "switches": [
            {
                "project_id": key,
                "from": mine[key].alternative_id,
                "to": theirs[key].alternative_id,
            }
            for key in both
            if mine[key].alternative_id != theirs[key].alternative_id
        ],
    }


def slow_down(stream: Sequence[float], rate: float, length: int) -> tuple[float, ...]:
    """Return outlays when each year only a share of what is due is spent.

    The rest moves to the next year; what is left when the plan ends falls outside.

    Args:
        stream: outlays by year from the start, prices of the base year.
        rate: share spent each year.
        length: years from the start to the plan's end.

    Source:
        DESIGN Appendix A13.

    Example:
        >>> slow_down((100.0,), 0.5, 3)
        (50.0, 25.0, 12.5)
    """
    left, spent = 0.0, []
    for year in range(length):
        due = left + (stream[year] if year < len(stream) else 0.0)
        spent.append(rate * due)
        left = due - spent[-1]
    return tuple(spent)


def _completion(case: Case, plan: Evaluation) -> dict[str, Any] | None:
    """Return the run at the municipality's own completion rate (A13).

    Projects whose contracts are let (gate G6 and on) keep their pace, and so does what
    is already decided. The year a project is taken into use is not moved.
    """
    rate = case.completion_rate
    if rate >= 1.0 or not plan.choices:
        return None
    slowed, moved = [], 0.0
    by_choice = {choice.project_id: choice for choice in plan.choices}
    for project in case.projects:
        choice = by_choice.get(project.project_id)
        if choice is None or project.gate in CONTRACTED_GATES:
            slowed.append(project)
            continue
        length = case.plan_end - choice.start_year + 1
        alternative = project.alternative(choice.alternative_id)
        slower = replace(
            alternative,
            outlay=slow_down(alternative.outlay, rate, length),
            income=slow_down(alternative.income, rate, length),
        )
        moved += (1 - rate) * float(
            project_totals(
                case, price_indices(case), project, alternative, choice.start_year
            ).outlay.sum()
        )
        slowed.append(replace(project, alternatives=(slower,)))
    slow_case = replace(case, projects=tuple(slowed))
    slow_plan = evaluate_plan(slow_case, plan.choices)
    return {
        "rate": rate,
        "moved_tkr": moved,
        "statement": _lists(slow_plan.years.statement),
        "balance": _lists(slow_plan.years.balance),
        "indicators": _lists(slow_plan.indicators),
        "goals": goal_rows(slow_plan.goals),
        "outlay": as_list(plan_totals(slow_case, plan.choices).outlay),
        "outlay_plan": as_list(plan.totals.outlay),
    }
