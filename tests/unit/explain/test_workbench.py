"""The workbench: one's own choices, with exactly the figures of a whole study."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from unit.plan.tiny import goal, project, resource, tiny_tables

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.capacity.result import economy_result
from rodtrad.domain.arrays import Choice, Lock, build_case
from rodtrad.explain.workbench import (
    Bench,
    build_bench,
    describe_changes,
    start_years,
    try_choices,
)
from rodtrad.sources import read_underlag
from rodtrad.study import Settings, own_study, read_settings, run
from rodtrad.verify import verify_result

if TYPE_CHECKING:
    from rodtrad.domain.components import Tables

EXEMPELBY = Path(__file__).parents[3] / "examples" / "exempelby" / "underlag"
SKOLA = project("skola", [12_000.0], 60.0, waiting_cost=100.0)
BAD = project("bad", [12_000.0], 40.0)


def _bench(tables: Tables, *choices: Choice, **more: Any) -> Bench:
    more.setdefault("bound", None)
    return Bench(build_case(tables), tuple(sorted(choices)), **more)


def _only_text(found: dict[str, Any]) -> str:
    (fault,) = found["faults"]
    text: str = fault["text"]
    return text


@pytest.fixture(scope="module")
def exempelby() -> Tables:
    tables, _issues = read_underlag(EXEMPELBY)
    return tables


@pytest.fixture(scope="module")
def planned(exempelby: Tables) -> dict[str, Any]:
    settings = Settings(only=("plan",), work_limit=50)
    found: dict[str, Any] = json.loads(json.dumps(run(exempelby, settings).result))
    return found


# ------------------------------------------------ the same figures as a whole study


def test_a_move_of_one_year_gives_just_what_a_study_of_those_choices_gives(
    exempelby: Tables, planned: dict[str, Any]
) -> None:
    bench = build_bench(exempelby, planned)
    moved = 0
    for choice in bench.choices:
        later = choice._replace(start_year=choice.start_year + 1)
        built = bench.case.project(choice.project_id).alternative(choice.alternative_id)
        if later.start_year + built.build_years > bench.case.plan_end or moved == 4:
            continue
        moved += 1
        choices = [later if c == choice else c for c in bench.choices]
        found = try_choices(bench, choices)
        whole = economy_result(build_case(exempelby), choices)
        assert found["choices"] == whole["choices"]
        assert found["result"]["values"] == whole["indicators"]["res_andel"]
        assert found["debt"]["values"] == whole["indicators"]["lan_inv"]
        assert found["balanskrav"]["bkr"] == whole["balanskrav"]["bkr"]
        assert found["balanskrav"]["att_reglera"] == whole["balanskrav"]["att_reglera"]
        for key in ("own_funds", "debt_ceiling", "result_target", "binding"):
            assert found["room"][key] == whole["room"][key]
        assert [
            {k: v for k, v in row.items() if not k.startswith("standing")}
            for row in found["goals"]
        ] == whole["goals"]
        assert found["value"]["total"] == whole["value"]["total"]
        kinds = [one.kind for one in evaluate_plan(bench.case, choices).violations]
        assert [fault["kind"] for fault in found["faults"]] == kinds
    assert moved == 4


def test_the_fixed_choices_of_a_study_give_the_same_as_the_bench(
    exempelby: Tables, planned: dict[str, Any]
) -> None:
    bench = build_bench(exempelby, planned)
    locks = [Lock(c.project_id, True, *c[1:]) for c in bench.choices]
    inside = {c.project_id for c in bench.choices}
    locks += [
        Lock(p.project_id, included=False)
        for p in bench.case.projects
        if p.project_id not in inside
    ]
    settings = Settings(only=("plan",), work_limit=50, locked=tuple(locks))
    study = run(exempelby, settings).result
    found = try_choices(bench, bench.choices)
    assert study["status"]["stopped"] == "proof"
    assert found["result"]["values"] == study["indicators"]["res_andel"]
    assert found["value"]["total"] == study["value"]["total"]


def test_the_plan_itself_changes_nothing_and_keeps_its_gap(
    exempelby: Tables, planned: dict[str, Any]
) -> None:
    bench = build_bench(exempelby, planned)
    found = try_choices(bench, bench.choices)
    assert found["changes"] == found["faults"] == []
    assert found["value"]["gap"] == pytest.approx(planned["status"]["gap"])
    assert found["result"]["values"] == found["result"]["before"]
    assert found["waiting"] == {"tkr": 0.0, "text": ""}
    assert found["sentence"].startswith("Inget är ändrat: alla krav hålls")
    assert json.loads(json.dumps(found)) == found


# -------------------------------------------------------- a plan of one's own, kept


def test_own_choices_become_a_study_that_verifies(
    exempelby: Tables, planned: dict[str, Any]
) -> None:
    bench = build_bench(exempelby, planned)
    own = own_study(exempelby, bench.choices, bound=bench.bound)
    assert own.result["status"]["stopped"] == "own"
    assert own.result["status"]["gap"] == pytest.approx(planned["status"]["gap"])
    assert own.result["broken"] == []
    assert own.result["indicators"] == planned["indicators"]
    assert verify_result(own.tables, own.result) == []
    forged = {**own.result, "status": {**own.result["status"], "gap": 0.0}}
    assert verify_result(own.tables, forged)


def test_own_choices_that_break_requirements_say_so_and_know_no_bound() -> None:
    tables = tiny_tables(SKOLA, goals=[goal("lan", "lan_inv", 20_000.0)])
    own = own_study(tables, [Choice("skola", "a", 2026)], bound=1e6)
    assert own.result["broken"][0]["kind"] == "goal"
    assert own.result["status"]["bound"] is None
    assert verify_result(own.tables, own.result) == []
    assert verify_result(own.tables, {**own.result, "broken": []})
    status = {**own.result["status"], "objective": 1e9}
    assert verify_result(own.tables, {**own.result, "status": status})


def test_settings_come_back_from_json() -> None:
    asked = {
        "time_limit": 5.0,
        "decided": [["skola", "a", 2026]],
        "locked": [Lock("skola", start_year=2026).as_dict()],
        "only": ["plan"],
    }
    settings = read_settings(json.loads(json.dumps(asked)))
    assert settings == Settings(
        time_limit=5.0,
        decided=(Choice("skola", "a", 2026),),
        locked=(Lock("skola", start_year=2026),),
        only=("plan",),
    )
    with pytest.raises(TypeError):
        read_settings({"what": 1})


# ------------------------------------------------------------- faults, in words


def test_a_goal_that_is_broken_says_by_how_much() -> None:
    tables = tiny_tables(SKOLA, BAD, goals=[goal("lan", "lan_inv", 40_000.0)])
    bench = _bench(tables, Choice("skola", "a", 2026))
    both = [Choice("skola", "a", 2026), Choice("bad", "a", 2026)]
    found = try_choices(bench, both, bench.choices)
    debt = found["debt"]["values"][0]
    over = -(-(debt - 40_000.0) // 100) * 100
    assert f"{over:,.0f}".replace(",", "\N{NO-BREAK SPACE}") in _only_text(found)
    assert _only_text(found).startswith("Målet ”Mål lan” bryts 2026: det är ")
    assert "nu bryts målet ”Mål lan” 2026" in found["sentence"]
    (row,) = found["goals"]
    assert row["standing"][0] == "missed"
    assert row["standing_before"][0] in ("held", "barely")
    assert found["value"]["gap"] is None
    again = try_choices(bench, bench.choices, both)
    assert "nu hålls alla krav" in again["sentence"]


def test_a_result_that_is_short_says_so_in_percentage_points() -> None:
    tables = tiny_tables(SKOLA, goals=[goal("resultat", "res_andel", 0.05)])
    text = _only_text(try_choices(_bench(tables), []))
    assert text.startswith("Målet ”Mål resultat” bryts 2026–2029. Som mest saknas ")
    assert "procentenhet" in text


def test_a_resource_that_is_short_says_what_is_needed() -> None:
    tables = tiny_tables(
        project("skola", [10.0], 9.0, use={"ledning": 1.5}),
        project("bad", [10.0], 9.0, use={"ledning": 1.0}),
        resources=resource("ledning", 2.0),
    )
    choices = [Choice("skola", "a", 2026), Choice("bad", "a", 2026)]
    found = try_choices(_bench(tables), choices)
    assert _only_text(found) == "”ledning” räcker inte 2026: 2,5 behövs och 2 finns."
    (row,) = found["resources"]
    assert row["used"][0] == 2.5


RELATIONS = {
    "requires": "Projektet ”Skola” kräver projektet ”Bad”, som inte ingår.",
    "together": "Projekten ”Skola” och ”Bad” hör ihop, men ”Bad” ingår inte.",
}


@pytest.mark.parametrize("kind", RELATIONS)
def test_a_relation_without_its_other_project(kind: str) -> None:
    relation = {"kind": kind, "project_id": "skola", "other_id": "bad"}
    tables = tiny_tables(SKOLA, BAD, relations=[relation])
    found = try_choices(_bench(tables), [Choice("skola", "a", 2026)])
    assert _only_text(found) == RELATIONS[kind]


def test_a_relation_that_comes_too_soon_and_one_that_excludes() -> None:
    rows = [{"kind": "requires", "project_id": "skola", "other_id": "bad"}]
    both = [Choice("skola", "a", 2026), Choice("bad", "a", 2026)]
    found = try_choices(_bench(tiny_tables(SKOLA, BAD, relations=rows)), both)
    assert _only_text(found) == (
        "Projektet ”Skola” startar 2026 men kräver projektet ”Bad” och kan därför "
        "starta tidigast 2027."
    )
    rows[0]["kind"] = "excludes"
    found = try_choices(_bench(tiny_tables(SKOLA, BAD, relations=rows)), both)
    assert "utesluter varandra" in _only_text(found)


@pytest.mark.parametrize(
    ("columns", "start", "text"),
    [
        ({"must_do": True, "deadline_year": 2027}, None, "men ingår inte"),
        ({"must_do": True, "deadline_year": 2027}, 2027, "men är klart först 2028"),
        ({"earliest_year": 2027}, 2026, "men kan starta tidigast 2027"),
        ({"latest_year": 2026}, 2027, "men ska starta senast 2026"),
    ],
)
def test_a_project_outside_its_years(
    columns: dict[str, Any], start: int | None, text: str
) -> None:
    tables = tiny_tables(project("skola", [10.0], 9.0, **columns))
    choices = [] if start is None else [Choice("skola", "a", start)]
    assert text in _only_text(try_choices(_bench(tables), choices))


def test_choices_that_cannot_be_reckoned_are_refused() -> None:
    bench = _bench(tiny_tables(SKOLA))
    with pytest.raises(ValueError, match="within the plan"):
        try_choices(bench, [Choice("skola", "a", 2031)])
    with pytest.raises(KeyError):
        try_choices(bench, [Choice("slott", "a", 2026)])


# ---------------------------------------------------------- bound, waiting, changes


def test_nothing_is_said_of_the_bound_when_its_locks_are_not_kept() -> None:
    tables = tiny_tables(SKOLA, BAD)
    skola = Choice("skola", "a", 2026)
    bench = _bench(tables, skola, bound=200.0, locks=(Lock("skola"),))
    kept = try_choices(bench, [skola])["value"]
    assert kept["gap"] == pytest.approx((200.0 - kept["total"]) / kept["total"])
    assert try_choices(bench, [])["value"]["gap"] is None


def test_waiting_a_year_has_its_price() -> None:
    tables = tiny_tables(SKOLA)
    bench = _bench(tables, Choice("skola", "a", 2026))
    found = try_choices(bench, [Choice("skola", "a", 2028)])["waiting"]
    assert found["tkr"] == pytest.approx(200.0)
    assert found["text"].startswith("Att vänta kostar 200")


def test_each_kind_of_change_is_told() -> None:
    tables = tiny_tables(SKOLA, BAD, project("park", [1.0], 1.0))
    one = [Choice("skola", "a", 2026), Choice("bad", "a", 2026)]
    other = [Choice("skola", "a", 2027), Choice("park", "a", 2028)]
    told = describe_changes(build_case(tables), one, other)
    assert [row["text"] for row in told] == [
        "”Bad” tas bort",
        "”Park” tas in, med start 2028",
        "”Skola” flyttas från 2026 till 2027",
    ]


# -------------------------------------------------------------- where it can go


def test_start_years_are_those_that_break_nothing_one_by_one(
    exempelby: Tables, planned: dict[str, Any]
) -> None:
    """Every start of every project, against a whole evaluation of that one change."""
    bench = build_bench(exempelby, planned)
    found = start_years(bench, bench.choices)
    case = bench.case
    assert set(found) == {p.project_id for p in case.projects}
    tried = seen_free = 0
    for key, years in list(found.items())[::6]:
        rest = [c for c in bench.choices if c.project_id != key]
        for year in years.allowed:
            choice = Choice(key, years.alternative_id, year)
            holds = not evaluate_plan(case, [*rest, choice]).violations
            assert holds == (year in years.free), choice
            tried += 1
            seen_free += holds
    assert tried > seen_free > 0


def test_a_start_may_break_again_what_is_broken_already() -> None:
    tables = tiny_tables(SKOLA, BAD, goals=[goal("lan", "lan_inv", 10_000.0)])
    bench = _bench(tables, Choice("skola", "a", 2026))
    found = start_years(bench, bench.choices, only=["bad"])
    assert found["bad"].free == found["bad"].allowed == (2026, 2027, 2028)
