"""Locks: what someone has decided of a project, and the planner fills in the rest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from unit.plan.tiny import goal, project, tiny_tables

from rodtrad import cli
from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.domain.arrays import Lock, build_case
from rodtrad.errors import InputError, NoPlanError
from rodtrad.sources import read_underlag
from rodtrad.sources.result_folder import write_result
from rodtrad.study import Settings, run
from rodtrad.verify import verify_result

if TYPE_CHECKING:
    from rodtrad.domain.components import Tables

EXAMPLES = Path(__file__).parents[2] / "examples"
SKOLA = project("skola", [12_000.0], 60.0)
BAD = project("bad", [12_000.0], 40.0)
CEILING = [goal("lan", "lan_inv", 34_000.0)]
PLAN = Settings(only=("plan",))


def _two() -> Tables:
    return tiny_tables(SKOLA, BAD, goals=CEILING)


def _starts(result: dict[str, Any]) -> dict[str, int]:
    return {row["project_id"]: row["start_year"] for row in result["choices"]}


def _with(*locks: Lock, **settings: Any) -> Settings:
    return Settings(locked=locks, **settings)


def test_the_planner_fills_in_around_a_locked_start() -> None:
    free = _starts(run(_two(), PLAN).result)
    assert free["skola"] < free["bad"]
    locked = run(_two(), _with(Lock("bad", start_year=free["skola"]))).result
    assert _starts(locked)["bad"] == free["skola"]
    assert _starts(locked)["skola"] > free["skola"]


def test_a_project_locked_out_stays_out_and_one_locked_in_comes_in() -> None:
    tables = tiny_tables(SKOLA, project("park", [100.0], 0.0, operating=10.0))
    assert "skola" in _starts(run(tables, PLAN).result)
    result = run(tables, _with(Lock("skola", included=False), Lock("park"))).result
    assert set(_starts(result)) == {"park"}


def test_a_locked_study_is_proven_for_what_is_left_and_verifies() -> None:
    study = run(_two(), _with(Lock("bad", start_year=2026)))
    assert study.result["status"]["stopped"] == "proof"
    assert study.result["meta"]["locked"] == [
        {
            "project_id": "bad",
            "included": True,
            "alternative_id": None,
            "start_year": 2026,
        }
    ]
    assert verify_result(study.tables, study.result) == []
    reasons = {row["project_id"]: row for row in study.result["reasons"]}
    assert "Starten 2026 låstes innan planen söktes." in reasons["bad"]["text"]
    assert reasons["bad"]["force"]["impossible"]


def test_a_question_about_a_locked_plan_keeps_the_locks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both fit in 2026 only without the lock; then the plan is worth more."""
    study = run(_two(), _with(Lock("bad", start_year=2026), only=("plan",)))
    write_result(tmp_path / "plan", study.result, study.tables, {})

    def asked(*words: str) -> str:
        code = cli.run_command(["explain", str(tmp_path / "plan"), *words])
        assert code == 0
        return capsys.readouterr().out

    own = "startar 2026. Det låstes innan planen söktes. Lås upp projektet"
    assert own in asked("--project", "bad", "--year", "2027")
    assert own in asked("--project", "bad", "--ask")
    assert "bad" in asked("--project", "bad", "--year", "2026", "--json")
    told = asked("--project", "skola", "--year", "2026")
    assert "går inte att starta 2026" in told
    assert "så länge de andra låsen står kvar" in told


def test_no_study_tells_of_locks_where_there_are_none() -> None:
    assert "locked" not in run(_two(), PLAN).result["meta"]


def test_verify_finds_a_plan_that_does_not_follow_its_locks() -> None:
    study = run(_two(), PLAN)
    lock = Lock("bad", included=False)
    forged = {**study.result, "meta": {**study.result["meta"]}}
    forged["meta"]["locked"] = [lock.as_dict()]
    found = [one.figure for one in verify_result(study.tables, forged)]
    assert "choices.lock" in found
    forged["meta"]["locked"] = [{"what": 1}]
    assert [one.figure for one in verify_result(study.tables, forged)] == ["choices"]


def test_verify_finds_a_lock_that_is_kept_quiet() -> None:
    study = run(_two(), _with(Lock("bad", start_year=2026)))
    quiet = {**study.result, "meta": {**study.result["meta"]}}
    del quiet["meta"]["locked"]
    assert verify_result(study.tables, quiet)


@pytest.mark.parametrize(
    ("locks", "code"),
    [
        ([Lock("finns_inte")], "lock_unknown"),
        ([Lock("bad"), Lock("bad", included=False)], "lock_twice"),
        ([Lock("bad", alternative_id="z")], "lock_alternative"),
        ([Lock("bad", start_year=2029)], "lock_year"),
    ],
)
def test_a_lock_that_cannot_be_is_refused(locks: list[Lock], code: str) -> None:
    with pytest.raises(InputError) as caught:
        run(_two(), _with(*locks))
    assert [issue.code for issue in caught.value.issues] == [code]


def test_locks_that_collide_are_named_with_a_repair() -> None:
    tables = tiny_tables(SKOLA, BAD, goals=[goal("lan", "lan_inv", 30_500.0)])
    locks = Lock("bad", start_year=2026), Lock("skola", start_year=2026)
    with pytest.raises(NoPlanError) as caught:
        run(tables, _with(*locks))
    words = " ".join(caught.value.conflict)
    assert "låset att projektet ”Skola” startar 2026" in words
    assert any(text.startswith("Lås upp projektet") for text in caught.value.repair)


def test_a_must_do_locked_out_collides_with_itself() -> None:
    tables = tiny_tables(project("skola", [100.0], 1.0, must_do=True))
    with pytest.raises(NoPlanError) as caught:
        run(tables, _with(Lock("skola", included=False)))
    assert caught.value.repair == ["Lås upp projektet ”Skola”."]


def test_a_plan_that_breaks_a_lock_says_so() -> None:
    from dataclasses import replace

    case = build_case(_two())
    case = replace(case, locks=(Lock("bad"),))
    assert [v.kind for v in evaluate_plan(case, ()).violations] == ["lock"]


@pytest.mark.long
def test_exempelby_with_locks_verifies_with_every_part() -> None:
    tables, _issues = read_underlag(EXAMPLES / "exempelby" / "underlag")
    first = run(tables, Settings(only=("plan",), work_limit=300))
    inside = first.choices[0]
    case = build_case(tables)
    outside = next(
        p.project_id
        for p in case.projects
        if not p.must_do and p.project_id not in {c.project_id for c in first.choices}
    )
    locks = (
        Lock(inside.project_id, True, inside.alternative_id, inside.start_year),
        Lock(outside, included=False),
    )
    study = run(
        tables,
        Settings(
            locked=locks,
            decided=first.choices,
            work_limit=300,
            only=("plan", "reasons", "beside"),
        ),
    )
    assert inside in study.choices
    assert outside not in {c.project_id for c in study.choices}
    assert verify_result(study.tables, study.result) == []
