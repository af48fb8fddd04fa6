"""Does `verify` accept every true plan and reject every changed one?

On enumeration instances, ten families by four seeds, half of them only in the long run:
the planner's own result passes, and each kind of tampering is found, on every instance
where it can be done. Two runs with the same input give the same bytes. What rests on
other plans is in test_verify_parts.
"""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pytest
from oracle.instances import random_data
from oracle.reference import Reference

from rodtrad import study, verify
from rodtrad.domain.components import build_tables
from rodtrad.errors import NoPlanError

if TYPE_CHECKING:
    from collections.abc import Callable

    from oracle.instances import Tables as Data

    from rodtrad.domain.components import Tables

FAMILIES = [
    "res_andel",
    "bkr_andel_average",
    "sol",
    "lan_inv",
    "inv_andel_average",
    "aim_res_andel",
    "must_do",
    "requires",
    "resources",
    "budget",
]
PER_FAMILY = 4
INSTANCES = [
    pytest.param(family, i, marks=pytest.mark.long if i > 1 else ())
    for family in FAMILIES
    for i in range(PER_FAMILY)
]
Result = dict[str, Any]


def underlag(family: str, seed: int) -> Data:
    """An enumeration instance; some carry a deficit in, all a completion rate."""
    data = random_data(seed, family)
    if seed % 2:
        base_year = int(Reference(data).base_year)
        data["deficits"] = [
            {
                "year": base_year,
                "amount": 1000.0,
                "due_year": base_year + 3,
                "restored": 0.0,
                "exempted": 0.0,
            }
        ]
    return data


def round_trip(result: Result) -> Result:
    """The result as it is read from `plan.json`."""
    read: Result = json.loads(json.dumps(result, ensure_ascii=False))
    return read


@lru_cache(maxsize=64)
def _planned(family: str, number: int) -> tuple[Data, Tables, str]:
    """The family's `number`th instance in which the plan holds some project."""
    found = -1
    for seed in range(40):
        data = underlag(family, seed)
        tables = build_tables(data)
        try:
            result = study.run(tables, study.Settings(only=("plan",))).result
        except NoPlanError:
            continue
        found += bool(result["choices"])
        if found == number:
            return data, tables, json.dumps(result, ensure_ascii=False)
    raise AssertionError(f"{family}: too few plans")


def planned(family: str, number: int) -> tuple[Data, Tables, Result]:
    data, tables, text = _planned(family, number)
    return data, tables, json.loads(text)


# --------------------------------------------------------------------------- tampering
# Each takes result, records and a random generator and changes the result in place, or
# gives other tables. False where the instance has nothing of the kind to change.

Tamper = "Callable[[Result, Data, random.Random], bool | Data]"


def _shift(values: list[Any], rng: random.Random, size: float) -> bool:
    """Move one figure of a list by `size`, or by a thousandth of itself if more."""
    known = [i for i, v in enumerate(values) if v is not None]
    if not known:
        return False
    i = rng.choice(known)
    values[i] += max(size, 1e-3 * abs(values[i]))
    return True


def _base(data: Data) -> float:
    return abs(Reference(data).opening_base)


def _figure(group: str, size: float) -> Callable[..., bool | Data]:
    """Change any one figure of a group by a share of the base, or by itself."""

    def change(result: Result, data: Data, rng: random.Random) -> bool:
        amount = size * (_base(data) if group != "indicators" else 1.0)
        rows = result
        for name in group.split("."):
            rows = rows[name]
        keys = sorted(set(rows) - {"binding", "must"})
        return _shift(rows[rng.choice(keys)], rng, amount)

    return change


def goal_met(result: Result, data: Data, rng: random.Random) -> bool:
    for goal in result["goals"]:
        for i, met in enumerate(goal["met"]):
            if met is not None:
                goal["met"][i] = not met
                return True
    return False


def goal_margin(result: Result, data: Data, rng: random.Random) -> bool:
    return any(_shift(goal["margin"], rng, 0.001) for goal in result["goals"])


def goal_value(result: Result, data: Data, rng: random.Random) -> bool:
    for goal in result["goals"]:
        goal["value"] *= 1.01
        return bool(goal["value"])
    return False


def goal_left_out(result: Result, data: Data, rng: random.Random) -> bool:
    return bool(result["goals"]) and result["goals"].pop() is not None


def indicator_missing(result: Result, data: Data, rng: random.Random) -> bool:
    result["indicators"]["res_andel"][0] = None
    return True


def start_legal(result: Result, data: Data, rng: random.Random) -> bool:
    """Another start that the project's window allows."""
    reference = Reference(data)
    for choice in rng.sample(result["choices"], len(result["choices"])):
        starts = [
            start
            for _, alternative, start in reference.options(choice["project_id"])
            if alternative == choice["alternative_id"] and start != choice["start_year"]
        ]
        if starts:
            step = rng.choice(starts) - choice["start_year"]
            choice["start_year"] += step
            choice["in_use_year"] += step
            return True
    return False


def start_illegal(result: Result, data: Data, rng: random.Random) -> bool:
    """A start before the project's first year."""
    choice = rng.choice(result["choices"])
    first = Reference(data).earliest(choice["project_id"])
    step = first - 1 - choice["start_year"]
    choice["start_year"] += step
    choice["in_use_year"] += step
    return True


def start_outside(result: Result, data: Data, rng: random.Random) -> bool:
    choice = rng.choice(result["choices"])
    choice["start_year"] = result["years"][-1] + 1
    return True


def alternative(result: Result, data: Data, rng: random.Random) -> bool:
    reference = Reference(data)
    for choice in rng.sample(result["choices"], len(result["choices"])):
        others = set(reference.alternatives[choice["project_id"]])
        others -= {choice["alternative_id"]}
        if others:
            choice["alternative_id"] = sorted(others)[0]
            return True
    return False


def alternative_unknown(result: Result, data: Data, rng: random.Random) -> bool:
    rng.choice(result["choices"])["alternative_id"] = "a9"
    return True


def choice_removed(result: Result, data: Data, rng: random.Random) -> bool:
    result["choices"].remove(rng.choice(result["choices"]))
    return True


def choice_added(result: Result, data: Data, rng: random.Random) -> bool:
    reference = Reference(data)
    chosen = {choice["project_id"] for choice in result["choices"]}
    options = [
        pick
        for project_id in reference.projects
        if project_id not in chosen
        for pick in reference.options(project_id)
    ]
    if not options:
        return False
    project_id, alternative_id, start = rng.choice(options)
    result["choices"].append(
        {
            "project_id": project_id,
            "alternative_id": alternative_id,
            "start_year": start,
            "in_use_year": start + reference.build_years(project_id, alternative_id),
        }
    )
    return True


def choice_twice(result: Result, data: Data, rng: random.Random) -> bool:
    result["choices"].append(dict(rng.choice(result["choices"])))
    return True


def _status(key: str, change: Callable[[Any], Any]) -> Callable[..., bool | Data]:
    def tamper(result: Result, data: Data, rng: random.Random) -> bool:
        result["status"][key] = change(result["status"][key])
        return True

    return tamper


def bound_below(result: Result, data: Data, rng: random.Random) -> bool:
    objective = result["status"]["objective"]
    result["status"]["bound"] = objective - 0.01 * max(1.0, abs(objective))
    return True


def input_cell(result: Result, data: Data, rng: random.Random) -> bool | Data:
    """One amount of the stored tables, far below what any figure shows."""
    changed = copy.deepcopy(data)
    table, column = rng.choice(
        [
            ("outlays", "outlay"),
            ("statement", "amount"),
            ("years", "interest_rate"),
            ("scores", "score"),
            ("goals", "value"),
            ("balance", "amount"),
        ]
    )
    row = rng.choice(changed[table])
    row[column] = row[column] * (1.0 + 1e-9) + 1e-9
    return changed


def input_row(result: Result, data: Data, rng: random.Random) -> bool | Data:
    """An existing input row taken away: the requirement it holds is gone."""
    changed = copy.deepcopy(data)
    table = rng.choice([t for t in ("goals", "effects", "outlays") if changed[t]])
    # the last offset, so that what is left is still an underlag
    changed[table].pop()
    return changed


def digest(result: Result, data: Data, rng: random.Random) -> bool:
    result["meta"]["input_sha256"] = "0" * 64
    return True


def deficits(result: Result, data: Data, rng: random.Random) -> bool:
    if not result["deficits"]:
        return False
    result["deficits"][0]["left"] += 1e-4 * _base(data)
    return True


def deficit_left_out(result: Result, data: Data, rng: random.Random) -> bool:
    return bool(result["deficits"]) and result["deficits"].pop() is not None


def reserve(result: Result, data: Data, rng: random.Random) -> bool:
    return _shift(result["reserve"]["resultatreserv"], rng, 1e-4 * _base(data))


def project_outlay(result: Result, data: Data, rng: random.Random) -> bool:
    row = rng.choice([row for row in result["projects"] if row["chosen"]])
    return _shift(row["outlay_tkr"], rng, 1e-4 * _base(data))


def project_chosen(result: Result, data: Data, rng: random.Random) -> bool:
    row = rng.choice(result["projects"])
    row["chosen"] = not row["chosen"]
    return True


def needs(result: Result, data: Data, rng: random.Random) -> bool:
    return _shift(result["needs"]["total"], rng, 1e-4 * _base(data))


def binding(result: Result, data: Data, rng: random.Random) -> bool:
    names = ["own_funds", "debt_ceiling", "result_target"]
    names.remove(result["room"]["binding"][0])
    result["room"]["binding"][0] = rng.choice(names)
    return True


def value(result: Result, data: Data, rng: random.Random) -> bool:
    result["value"]["projects"] *= 1.001
    return True


def year(result: Result, data: Data, rng: random.Random) -> bool:
    result["years"][-1] += 1
    return True


def balanced_fraud(result: Result, data: Data, rng: random.Random) -> bool:
    """Less loans and less fixed assets: the balance sheet still balances."""
    for line in ("loans", "fixed_assets"):
        result["balance"][line][-1] -= 1e-3 * _base(data)
    return True


TAMPERINGS: dict[str, Callable[..., bool | Data]] = {
    "statement": _figure("statement", 1e-4),
    "balance": _figure("balance", 1e-4),
    "cash_flow": _figure("cash_flow", 1e-4),
    "balanskrav": _figure("balanskrav", 1e-4),
    "indicators": _figure("indicators", 1e-3),
    "room": _figure("room", 1e-4),
    "room_must": _figure("room.must", 1e-4),
    "baseline": _figure("baseline.statement", 1e-4),
    "balanced_fraud": balanced_fraud,
    "indicator_missing": indicator_missing,
    "goal_met": goal_met,
    "goal_margin": goal_margin,
    "goal_value": goal_value,
    "goal_left_out": goal_left_out,
    "start_legal": start_legal,
    "start_illegal": start_illegal,
    "start_outside": start_outside,
    "alternative": alternative,
    "alternative_unknown": alternative_unknown,
    "choice_removed": choice_removed,
    "choice_added": choice_added,
    "choice_twice": choice_twice,
    "objective": _status("objective", lambda v: v + 0.01 * max(1.0, abs(v))),
    "bound_below": bound_below,
    "bound_missing": _status("bound", lambda _: None),
    "gap": _status("gap", lambda v: v + 0.01),
    "state": _status("state", lambda v: {"optimal": "feasible"}.get(v, "optimal")),
    "input_cell": input_cell,
    "input_row": input_row,
    "digest": digest,
    "deficits": deficits,
    "deficit_left_out": deficit_left_out,
    "reserve": reserve,
    "project_outlay": project_outlay,
    "project_chosen": project_chosen,
    "needs": needs,
    "binding": binding,
    "value": value,
    "year": year,
}


@pytest.mark.slow
@pytest.mark.parametrize(("family", "number"), INSTANCES)
def test_a_true_plan_passes_and_every_tampering_is_found(
    family: str, number: int
) -> None:
    data, tables, result = planned(family, number)
    assert verify.verify_result(tables, result) == []
    done: Counter[str] = Counter()
    for kind, tamper in TAMPERINGS.items():
        rng = random.Random(f"{family}/{number}/{kind}")
        changed = copy.deepcopy(result)
        outcome = tamper(changed, data, rng)
        if outcome is False:
            continue
        other = tables if outcome is True else build_tables(outcome)
        assert verify.verify_result(other, changed), f"{kind} was not found"
        done[kind] += 1
    # what some instances have nothing of: deficits, goals, alternatives, projects left
    assert len(done) >= len(TAMPERINGS) - 9


def test_every_kind_of_tampering_is_tried_somewhere() -> None:
    tried = set()
    for family, number in (("budget", 1), ("sol", 1), ("must_do", 0), ("lan_inv", 1)):
        data, _, result = planned(family, number)
        for kind, tamper in TAMPERINGS.items():
            rng = random.Random(kind)
            if tamper(copy.deepcopy(result), data, rng) is not False:
                tried.add(kind)
    assert tried == set(TAMPERINGS)


@pytest.mark.parametrize("kind", ["score", "rate"])
def test_a_changed_figure_that_is_not_money_is_found(kind: str) -> None:
    _, tables, result = planned("res_andel", 0)
    if kind == "score":
        result["projects"][0]["score"] += 0.1
    else:
        result["completion"]["rate"] -= 0.1
    assert verify.verify_result(tables, result)


# ----------------------------------------------------------------- the same bytes again


def without_seconds(result: Result) -> bytes:
    """The bytes of `plan.json` but for the seconds it took."""
    status = {**result["status"], "seconds": None}
    text = json.dumps({**result, "status": status}, ensure_ascii=False, indent=1)
    return text.encode()


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "settings",
    [
        study.Settings(only=("plan", "reasons")),
        study.Settings(gap=0.05, only=("plan",)),
        study.Settings(work_limit=2, only=("plan",)),
    ],
    ids=["default", "gap", "work_limit"],
)
def test_two_runs_give_the_same_bytes(family: str, settings: study.Settings) -> None:
    data, _, _ = planned(family, 0)
    first = study.run(build_tables(data), settings).result
    second = study.run(build_tables(copy.deepcopy(data)), settings).result
    assert first["status"]["stopped"] in ("proof", "gap", "work")
    assert without_seconds(first) == without_seconds(second)
    assert verify.verify_result(build_tables(data), round_trip(first)) == []


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES[::4])
def test_two_whole_runs_give_the_same_bytes(family: str) -> None:
    data, _, _ = planned(family, 0)
    one, other = (
        study.run(build_tables(copy.deepcopy(data))).result for _run in range(2)
    )
    assert without_seconds(one) == without_seconds(other)
    assert verify.verify_result(build_tables(data), round_trip(one)) == []


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_the_order_of_rows_does_not_change_the_plan(family: str) -> None:
    data, tables, result = planned(family, 1)
    rng = random.Random(family)
    shuffled = build_tables(
        {name: rng.sample(rows, len(rows)) for name, rows in data.items()}
    )
    other = study.run(shuffled, study.Settings(only=("plan",))).result
    assert other["choices"] == result["choices"]
    assert other["meta"] == result["meta"]
    assert verify.verify_result(tables, round_trip(other)) == []
    assert verify.verify_result(shuffled, result) == []


# -------------------------------------------------------------------- what it rests on


def test_verify_imports_neither_planner_nor_solver() -> None:
    code = (
        "import sys, rodtrad.verify;"
        "print([m for m in sys.modules if m.startswith(('rodtrad.plan', 'highspy',"
        " 'rodtrad.study', 'rodtrad.explain'))])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
