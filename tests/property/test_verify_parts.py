"""Does `verify` hold what rests on other plans to those plans?

On random instances with viewpoints and an earlier plan: the whole result passes, and a
change to any one figure, name or flag of the parts is found, but for those that only a
proof could refute. Whatever is put in place of a value, there is never a traceback.
"""

from __future__ import annotations

import copy
import itertools
import json
import random
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pytest
from oracle.instances import random_data
from unit.plan.disputed import disputed_records
from unit.plan.tiny import goal, project, tiny_tables

from rodtrad import study
from rodtrad.domain.arrays import Choice
from rodtrad.domain.components import build_tables
from rodtrad.errors import NoPlanError
from rodtrad.explain import curves as planner_curves
from rodtrad.plan import near_optimal, replan, reserve, windows
from rodtrad.verify import beside, curves, verify_result
from rodtrad.verify import replan as checked_replan
from rodtrad.verify import reserve as checked_reserve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rodtrad.domain.components import Tables
    from rodtrad.verify import Difference

FAMILIES = ["lan_inv", "bkr_andel_average", "must_do", "requires", "resources", "sol"]
FEW = ["bkr_andel_average", "must_do", "requires"]
SAMPLE = 30
PARTS = ("agreement", "agreement_basis", "curves", "beside", "reasons")
Stored = dict[str, Any]
Place = tuple[str | int, ...]

# What a result says that nothing in it shows: sentences, the work that was used, and
# what is proven to be so or not known. The earlier plan itself is not stored. More or
# less room may give the same answer, and two plans may witness the same start.
UNKNOWABLE = re.compile(
    r"(\.text(\.\d+)?|\.work|\.complete|_proven|\.gone(\.\d+)?"
    r"|replan\.decided(\.\d+)*|_short\.answer\.most|curves\.\d+\.points\.\d+\.status"
    r"|agreement_basis\.stopped|question\.(room_tkr|outlay_factor)"
    r"|\.witness_(earliest|latest))$"
)
# Lists that may be shorter, for all that the rest of the result shows.
MAY_LACK = re.compile(r"(\.text|\.gone|near\.plans|replan\.decided|\.claims|^curves)$")


def viewed(data: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The underlag with two viewpoints that put the criteria in other orders."""
    keys = [row["criterion"] for row in data["criteria"]]
    pairs = {"ena": keys, "andra": keys[::-1]}
    data["viewpoints"] = [
        {"viewpoint": name, "criterion": one, "relation": ">=", "value": other}
        for name, order in pairs.items()
        for one, other in itertools.pairwise(order)
    ]
    return data


@lru_cache(maxsize=64)
def _whole(family: str, number: int) -> tuple[Tables, str]:
    """A whole study of the family's `number`th instance with an earlier plan."""
    found = -1
    for seed in range(60):
        data = random_data(seed, family)
        if len(data["criteria"]) < 2:
            continue
        tables = build_tables(viewed(data))
        try:
            plan = study.run(tables, study.Settings(only=("plan",)))
        except NoPlanError:
            continue
        found += len(plan.choices) > 1
        if found == number:
            break
    rng = random.Random(f"{family}/{number}")
    decided = [c for c in plan.choices if rng.random() < 0.8]
    decided = [
        c._replace(start_year=c.start_year + rng.choice([0, 0, 1])) for c in decided
    ]
    decided.append(Choice("borta", "a1", 2027))
    whole = study.run(tables, study.Settings(decided=tuple(sorted(decided))))
    stored = {"result": whole.result, "proofs": whole.certificates}
    return tables, json.dumps(stored, ensure_ascii=False)


def whole_study(family: str, number: int) -> tuple[Tables, Stored]:
    tables, text = _whole(family, number)
    return tables, json.loads(text)


def differences(tables: Tables, stored: Stored) -> list[Difference]:
    return verify_result(tables, stored["result"], certificates=stored["proofs"])


# ----------------------------------------------------------------- every single value


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Yield where every value of a part is, lists and objects too."""
    yield at
    if isinstance(value, dict):
        for key, one in value.items():
            yield from places(one, (*at, key))
    elif isinstance(value, list):
        for i, one in enumerate(value):
            yield from places(one, (*at, i))


def at_place(value: Any, place: Place) -> Any:
    for key in place:
        value = value[key]
    return value


def put(value: Any, place: Place, new: Any) -> None:
    at_place(value, place[:-1])[place[-1]] = new


def name_of(result: Stored, place: Place) -> str:
    """The place as text, a claim by its kind."""
    words = []
    for i, key in enumerate(place):
        if i and place[i - 1] == "claims" and isinstance(key, int):
            words.append(str(at_place(result, place[: i + 1]).get("kind")))
        else:
            words.append(str(key))
    return ".".join(words)


def changed(value: Any, rng: random.Random, least: float = 1.0) -> Any:
    """Another value of the same kind; a figure by `least` or a hundredth of itself."""
    if value is None:
        return 1
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, int):
        return value + rng.choice([-1, 1])
    if isinstance(value, float):
        return value + rng.choice([-1, 1]) * max(least, 0.01 * abs(value))
    if isinstance(value, list):
        return value[:-1] if value else ["x"]
    return {**value, "nytt": 1}


def may_pass(result: Stored, place: Place) -> bool:
    """Whether nothing in the result would show that this value is changed."""
    name = name_of(result, place)
    value = at_place(result, place)
    if isinstance(value, list) and value:
        return bool(MAY_LACK.search(name))
    if UNKNOWABLE.search(name) and not isinstance(value, (list, dict)):
        return True
    owner = at_place(result, place[:-1])
    # Where no plan was found, only a proof says what bounds one and if there is one.
    unfound = isinstance(owner, dict) and owner.get("choices", 1) is None
    unfound |= isinstance(owner, dict) and owner.get("value", 1) is None
    return bool(unfound and place[-1] in ("bound", "impossible", "gone"))


def tampered_places(stored: Stored) -> list[Place]:
    result = stored["result"]
    return [
        (part, *place)
        for part in PARTS
        for place in places(result[part])
        if not may_pass(result, (part, *place))
    ]


def missed(
    tables: Tables, stored: Stored, chosen: list[Place], seed: str
) -> list[tuple[str, Any, Any]]:
    """The changes that are not found, with the value before and after."""
    rng = random.Random(seed)
    found = []
    for place in chosen:
        forged = copy.deepcopy(stored)
        old = at_place(stored["result"], place)
        name = name_of(stored["result"], place)
        # Amounts are compared to a millionth of taxes and grants.
        new = changed(old, rng, 1000.0 if "_tkr" in name else 1.0)
        put(forged["result"], place, new)
        if not differences(tables, forged):
            found.append((name, old, new))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("family", FEW)
def test_a_whole_result_passes_and_a_change_to_any_value_is_found(family: str) -> None:
    tables, stored = whole_study(family, 0)
    assert differences(tables, stored) == []
    every = tampered_places(stored)
    assert {place[0] for place in every} == set(PARTS)
    rng = random.Random(family)
    assert missed(tables, stored, rng.sample(every, SAMPLE), family) == []


@pytest.mark.long
@pytest.mark.parametrize("number", range(1, 7))
@pytest.mark.parametrize("family", FAMILIES)
def test_every_value_of_many_results(family: str, number: int) -> None:
    tables, stored = whole_study(family, number)
    assert differences(tables, stored) == []
    every = tampered_places(stored)
    rng = random.Random(f"{family}/{number}")
    chosen = rng.sample(every, min(600, len(every)))
    assert missed(tables, stored, chosen, f"{family}/{number}") == []


# ----------------------------------------------------------------- keys and kinds

JUNK: list[Any] = [None, True, -1, 10**17, 1e300, -0.5, "x", "", [], {}, [[]], [None]]


@pytest.mark.slow
def test_whatever_is_put_in_place_of_a_value_there_is_no_traceback() -> None:
    tables, stored = whole_study("requires", 0)
    every = [
        (part, *place) for part in PARTS for place in places(stored["result"][part])
    ]
    rng = random.Random(1)
    for place in rng.sample(every, 40):
        forged = copy.deepcopy(stored)
        put(forged["result"], place, copy.deepcopy(rng.choice(JUNK)))
        for one in differences(tables, forged):
            assert json.dumps(one.as_dict(), ensure_ascii=False)
    for place in rng.sample(list(places(stored["proofs"]))[1:], 10):
        forged = copy.deepcopy(stored)
        put(forged["proofs"], place, copy.deepcopy(rng.choice(JUNK)))
        differences(tables, forged)


@pytest.mark.parametrize("part", ["reasons", "beside", "curves"])
def test_a_part_that_was_asked_for_and_is_gone_is_missed(part: str) -> None:
    tables, stored = whole_study("requires", 0)
    assert stored["result"]["meta"]["asked"]["parts"] == list(study.PARTS)
    if part == "reasons":
        stored["result"]["reasons"] = []
    else:
        del stored["result"][part]
    found = differences(tables, stored)
    assert any(part in one.figure for one in found)


def test_no_key_is_unknown_and_none_is_missing() -> None:
    tables, stored = whole_study("requires", 0)
    result = stored["result"]
    every = [(part, *p) for part in PARTS[2:] for p in places(result[part])]
    objects = [place for place in every if isinstance(at_place(result, place), dict)]
    for place in random.Random(2).sample(objects, 8):
        more = copy.deepcopy(stored)
        at_place(more["result"], place)["nytt"] = 1
        assert differences(tables, more), place
        name = name_of(result, place)
        keys = set(at_place(result, place)) - {"room_tkr", "outlay_factor"}
        fewer = copy.deepcopy(stored)
        del at_place(fewer["result"], place)[sorted(keys)[0]]
        assert differences(tables, fewer), name


def test_what_the_planner_asks_for_is_what_verify_expects() -> None:
    assert beside.NEAR_SHARE == near_optimal.SHARE
    assert beside.NEAR_COUNT == near_optimal.COUNT
    assert near_optimal.DIFFERENCES[-1] == beside.NEAR_DIFFERENCE
    assert beside.WINDOW_SHARE == windows.SHARE
    assert checked_reserve.RESERVE_LEVELS == reserve.LEVELS
    assert checked_replan.REPLAN_POINTS == replan.POINTS
    assert curves.STEPS_TKR == planner_curves.STEPS_TKR


# ------------------------------------------------------- proofs that a plan refutes


@lru_cache(maxsize=1)
def _small() -> tuple[Tables, str]:
    """School or bath, not both; and a park that always fits."""
    tables = tiny_tables(
        project("skola", [16_000.0], 50.0, latest_year=2027),
        project("bad", [15_000.0], 49.5, latest_year=2027),
        project("park", [500.0], 5.0, latest_year=2028),
        goals=[goal("lan", "lan_inv", 40_000.0)],
    )
    return tables, json.dumps(study.run(tables).result)


def small() -> tuple[Tables, Stored]:
    tables, text = _small()
    return tables, json.loads(text)


def reason(result: Stored, project_id: str) -> Stored:
    found: Stored = next(r for r in result["reasons"] if r["project_id"] == project_id)
    return found


def claim(result: Stored, project_id: str, kind: str) -> Stored:
    every = reason(result, project_id)["claims"]
    found: Stored = next(c for c in every if c["kind"] == kind)
    return found


def say_impossible(result: Stored) -> None:
    """The bath cannot come in, everywhere it is said; but a near plan has it."""
    lie = {"impossible": True, "loss_low": 0.0, "loss_high": None}
    reason(result, "bad")["force"] |= {
        **lie,
        "proven": True,
        "choices": None,
        **{key: [] for key in ("leaves", "enters", "moves", "switches")},
    }
    answer = {"answer": {"least": None, "most": None}, "status": "proven"}
    claim(result, "bad", "forced_in").update({**lie, **answer})


def say_complete(result: Stored) -> None:
    """No other plan is near the best; but a forced one is."""
    assert result["beside"]["near"]["plans"]
    result["beside"]["near"] |= {"plans": [], "complete": True}


def say_fits(result: Stored) -> None:
    old = claim(result, "bad", "added_breaks")
    kept = {key: old[key] for key in ("choice", "question")}
    row = reason(result, "bad")
    row["claims"][row["claims"].index(old)] = {
        "kind": "added_fits",
        **kept,
        "loss": -49.5,
    }
    row["limit"] = None


def say_short(result: Stored) -> None:
    """No plan with the bath reaches so far; but it does with that room."""
    row = reason(result, "bad")
    enough = next(c for c in row["claims"] if c["kind"] == "room_enough")
    row["claims"] = [c for c in row["claims"] if c["kind"] != "room_short"]
    short = {key: enough[key] for key in enough if key not in ("changes", "answer")}
    most = result["status"]["objective"] - 1.0
    row["claims"].append(
        {**short, "kind": "room_short", "answer": {"least": None, "most": most}}
    )


def say_dearer(result: Stored) -> None:
    """The school stays even if it costs three times as much."""
    found = claim(result, "skola", "outlay_enough")
    found["question"]["outlay_factor"] = 3.0


def say_cheaper(result: Stored) -> None:
    claim(result, "bad", "outlay_enough")["question"]["outlay_factor"] = 0.99


def say_curve(result: Stored) -> None:
    """More room gives nothing; but the plan of less room is worth more."""
    points = result["curves"][0]["points"]
    points[-1] |= {
        "value": result["status"]["objective"],
        "bound": result["status"]["objective"],
        "gap": 0.0,
        "changes": {"take_out": [], "put_in": []},
        "enters": [],
        "leaves": [],
        "moves": [],
        "switches": [],
    }


def say_sooner(result: Stored) -> None:
    """The park starts as early as it may; it could start earlier."""
    choice = next(c for c in result["choices"] if c["project_id"] == "park")
    assert choice["start_year"] == 2026
    row = next(
        r for r in result["beside"]["windows"]["projects"] if r["project_id"] == "park"
    )
    row |= {"latest": 2026, "witness_latest": 0, "latest_proven": True}


def say_order(result: Stored) -> None:
    result["beside"]["reserve"]["levels"].pop(0)


LIES: list[Callable[[Stored], None]] = [
    say_impossible,
    say_complete,
    say_fits,
    say_short,
    say_dearer,
    say_cheaper,
    say_curve,
    say_sooner,
    say_order,
]


def test_the_small_result_passes() -> None:
    tables, result = small()
    assert verify_result(tables, result) == []


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_that_agrees_with_itself_is_refuted(
    lie: Callable[[Stored], None],
) -> None:
    tables, result = small()
    before = copy.deepcopy(result)
    lie(result)
    assert result != before
    assert verify_result(tables, result), lie.__name__


# --------------------------------------------------- the agreement map, as it is stored


@lru_cache(maxsize=1)
def _disputed() -> tuple[Tables, str]:
    records = disputed_records()
    for row in records["scores"]:
        row |= {"low": row["score"], "high": row["score"]}
    tables = build_tables(records)
    whole = study.run(tables, study.Settings(only=("plan", "agreement")))
    return tables, json.dumps({"result": whole.result, "proofs": whole.certificates})


def disputed() -> tuple[Tables, Stored]:
    tables, text = _disputed()
    return tables, json.loads(text)


def no_proofs(stored: Stored) -> None:
    stored["proofs"] = None


def no_labels(stored: Stored) -> None:
    del stored["result"]["agreement"]


def no_basis(stored: Stored) -> None:
    del stored["result"]["agreement_basis"]


def empty_labels(stored: Stored) -> None:
    stored["result"]["agreement"] = None


def neither(stored: Stored) -> None:
    no_labels(stored)
    no_basis(stored)


def never_there(stored: Stored) -> None:
    """Labels, basis and proofs: nothing is left of the map but what was asked for."""
    neither(stored)
    no_proofs(stored)


def label(stored: Stored) -> None:
    rows = stored["result"]["agreement"]
    next(row for row in rows if row["label"] == "omtvistad")["label"] = "alla"


def interval(stored: Stored) -> None:
    rows = stored["result"]["agreement"]
    next(row for row in rows if row["interval"])["interval"][0] -= 1.0


def witness(stored: Stored) -> None:
    rows = stored["result"]["agreement"]
    next(row for row in rows if row["witnesses"])["witnesses"].pop()


def row_left_out(stored: Stored) -> None:
    stored["result"]["agreement"].pop()


def row_key(stored: Stored) -> None:
    stored["result"]["agreement"][0]["nytt"] = 1


def basis_key(stored: Stored) -> None:
    stored["result"]["agreement_basis"]["nytt"] = 1


def basis_stopped(stored: Stored) -> None:
    stored["result"]["agreement_basis"]["stopped"] = "klart"


def basis_never_stopped(stored: Stored) -> None:
    del stored["result"]["agreement_basis"]["stopped"]


def basis_mandate(stored: Stored) -> None:
    stored["result"]["agreement_basis"]["mandate_end"] += 4


def basis_weight(stored: Stored) -> None:
    weights = stored["result"]["agreement_basis"]["viewpoints"][0]["weights"]
    weights["nytta"] += 0.01


def basis_name(stored: Stored) -> None:
    stored["result"]["agreement_basis"]["criteria"]["nytta"] = "Annat"


def basis_plan(stored: Stored) -> None:
    next(iter(stored["result"]["agreement_basis"]["plans"].values())).pop()


def basis_plan_more(stored: Stored) -> None:
    stored["result"]["agreement_basis"]["plans"]["999"] = []


def proof_missing(stored: Stored) -> None:
    stored["proofs"]["proofs"].pop()


def proof_key(stored: Stored) -> None:
    stored["proofs"]["nytt"] = 1


FORGED: list[Callable[[Stored], None]] = [
    no_proofs,
    no_labels,
    no_basis,
    empty_labels,
    neither,
    never_there,
    label,
    interval,
    witness,
    row_left_out,
    row_key,
    basis_key,
    basis_stopped,
    basis_never_stopped,
    basis_mandate,
    basis_weight,
    basis_name,
    basis_plan,
    basis_plan_more,
    proof_missing,
    proof_key,
]


def test_the_disputed_result_passes() -> None:
    tables, stored = disputed()
    assert stored["result"]["agreement"]
    assert differences(tables, stored) == []


@pytest.mark.parametrize("forge", FORGED)
def test_a_forged_agreement_map_is_found(forge: Callable[[Stored], None]) -> None:
    tables, stored = disputed()
    forge(stored)
    assert differences(tables, stored), forge.__name__
