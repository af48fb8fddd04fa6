"""Questions and answers by hand: what it would take, a given year, more room."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from unit.plan.tiny import goal, project, tiny_case

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.domain.arrays import Choice, build_case
from rodtrad.explain.answers import answer_text
from rodtrad.explain.claims import Explainer, answer_for
from rodtrad.explain.curves import value_curves
from rodtrad.explain.questions import (
    Question,
    ReasonLimits,
    ask,
    more_room,
    read_question,
    scale_outlay,
)
from rodtrad.explain.reasons import explain_and_improve, explain_portfolio
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.greedy import RowCheck
from rodtrad.plan.milp import Limits, Portfolio, solve_problem
from rodtrad.sources import read_underlag

if TYPE_CHECKING:
    from rodtrad.domain.arrays import Case
    from rodtrad.plan.problem import Problem

EXAMPLES = Path(__file__).parents[3] / "examples"
CEILING = [goal("lan", "lan_inv", 40_000.0)]


def rivals(**columns: Any) -> Case:
    """Loans would be 18,878 in 2026: there is room for one of the two at a time."""
    return tiny_case(
        project("skola", [20_000.0], 50.0, **columns),
        project("bad", [20_000.0], 30.0, **columns),
        goals=CEILING,
    )


def planned(case: Case) -> tuple[Problem, Portfolio]:
    problem = build_problem(case)
    return problem, solve_problem(problem, Limits(gap=0.0))


def test_a_question_is_written_and_read() -> None:
    for question in (
        Question("a", included=True),
        Question("a", included=False),
        Question("a", included=True, start_year=2027),
        Question("a", included=True, outlay_factor=0.5, room_tkr=1000.0),
    ):
        assert read_question(question.as_dict()) == question
    assert Question("a", included=True).as_dict() == {
        "force": {"project_id": "a", "in": True}
    }


def test_asking_changes_only_what_is_asked() -> None:
    case = rivals()
    problem = build_problem(case)
    asked = ask(problem, Question("bad", included=True, start_year=2027))
    found = solve_problem(asked, Limits(gap=0.0))
    assert found.choices is not None
    assert {c.project_id: c.start_year for c in found.choices}["bad"] == 2027
    half = scale_outlay(case, "bad", 0.5)
    assert half.project("bad").alternatives[0].outlay == (10_000.0,)
    assert half.project("skola") == case.project("skola")
    cheap = ask(problem, Question("bad", included=True, outlay_factor=0.5))
    assert cheap.case.project("bad") == half.project("bad")
    assert cheap.forced == {"bad": True}


def test_room_is_money_that_need_not_be_spent() -> None:
    case = rivals()
    before = evaluate_plan(case, []).years.balance["loans"][:, 0]
    after = evaluate_plan(more_room(case, 1_000.0), []).years.balance["loans"][:, 0]
    assert before[0] - after[0] == pytest.approx(1_000.0, rel=0.05)


def test_what_it_would_take_is_the_edge() -> None:
    """The room left is 40,000 - 18,878 - 20,000 less interest: a little over 700 tkr."""
    problem, plan = planned(rivals(latest_year=2026))
    explainer = Explainer(problem, plan)
    found = explainer.outlook("bad")
    assert found["outlay"].enough is not None
    assert 0 < found["outlay"].enough < 1_200 / 20_000
    room = found["room"]
    assert room.enough is not None
    assert room.short is not None
    assert room.short < 18_900 < room.enough
    assert evaluate_plan(more_room(problem.case, room.enough), room.choices or ())
    stays = explainer.outlook("skola")["outlay"]
    assert stays.enough is not None
    assert 1.0 < stays.enough < 1.0 + 1_200 / 20_000


def test_the_answer_for_a_given_year() -> None:
    problem, plan = planned(rivals())
    assert plan.choices == (
        Choice("bad", "a", 2029),
        Choice("skola", "a", 2026),
    ) or "skola" in {c.project_id for c in plan.choices or ()}
    found = answer_for(problem, plan, "bad", 2026)
    assert found["status"] == "proven"
    assert not found["impossible"]
    text = answer_text(problem.case, found)
    assert text[0].startswith(
        "Startar projektet ”Bad” 2026, minskar planens nytta med "
    )
    assert any("”Skola”" in sentence for sentence in text[1:])
    other = ask(problem, read_question(found["question"]))
    best = solve_problem(other, Limits(gap=0.0))
    assert best.objective == pytest.approx(found["answer"]["least"])


def test_a_year_that_cannot_be() -> None:
    problem, plan = planned(rivals(latest_year=2026))
    found = answer_for(problem, plan, "bad", 2028)
    assert found["impossible"]
    assert answer_text(problem.case, found) == [
        "Projektet ”Bad” går inte att starta 2028, vad som än väljs bort."
    ]
    turned = answer_for(problem, plan, "skola")
    assert turned["question"]["force"] == {"project_id": "skola", "in": False}
    assert answer_text(problem.case, turned) == [
        "Tas projektet ”Skola” bort, minskar planens nytta med 20 nyttopoäng.",
        "Då kommer ”Bad” in.",
    ]
    with pytest.raises(KeyError):
        answer_for(problem, plan, "finns_inte")


def test_a_must_do_cannot_be_left_out() -> None:
    case = tiny_case(
        project("verk", [10.0], 1.0, must_do=True, deadline_year=2028),
    )
    problem, plan = planned(case)
    assert answer_text(case, answer_for(problem, plan, "verk")) == [
        "Utan projektet ”Verk” går kraven inte ihop."
    ]


def test_curves_tell_what_room_buys() -> None:
    problem, plan = planned(rivals(latest_year=2026))
    curves = value_curves(problem, plan, steps=(-20_000.0, 5_000.0, 25_000.0))
    assert [curve["goal_id"] for curve in curves] == [None, "lan"]
    for curve in curves:
        less, same, more = curve["points"]
        assert [p["status"] for p in curve["points"]] == ["proven"] * 3
        assert [p["value"] for p in curve["points"]] == pytest.approx([0.0, 50.0, 80.0])
        assert more["enters"] == ["bad"]
        assert more["text"] == (
            "Med 25\u00a0miljoner kronor mer i utrymme 2026 ökar planens nytta med 30 "
            "nyttopoäng. I den bästa plan som hittats kommer ”Bad” in."
        )
        assert less["leaves"] == ["skola"]
        assert same["changes"] == {"take_out": [], "put_in": []}


def test_less_room_than_the_goals_bear() -> None:
    """Loans are 18,878 without any project; 40,000 less room makes them too large."""
    problem, plan = planned(rivals(latest_year=2026))
    (point,) = value_curves(problem, plan, steps=(-40_000.0,))[0]["points"]
    assert point["value"] is None
    assert point["bound"] is None
    assert point["text"] == (
        "Med 40\u00a0miljoner kronor mindre i utrymme 2026 går kraven inte ihop."
    )


def test_without_work_the_answers_are_intervals_and_the_same_twice() -> None:
    tables, _issues = read_underlag(EXAMPLES / "vimmerby" / "underlag")
    problem = build_problem(build_case(tables))
    plan = solve_problem(problem, Limits(gap=0.01, work=300))
    limits = ReasonLimits(seconds=60.0, work=60)
    one = explain_portfolio(problem, plan, limits=limits)
    assert one == explain_portfolio(problem, plan, limits=limits)
    kinds = {claim["status"] for r in one for claim in r["claims"] if "status" in claim}
    assert "interval" in kinds
    better, reasons = explain_and_improve(problem, plan, limits=limits)
    assert better.objective is not None
    assert plan.objective is not None
    assert better.objective >= plan.objective
    assert len(reasons) == len(one)


def test_rows_with_other_constants_are_those_of_the_problem_with_room() -> None:
    tables, _issues = read_underlag(EXAMPLES / "vimmerby" / "underlag")
    problem = build_problem(build_case(tables))
    roomy = build_problem(more_room(problem.case, 30_000.0))
    shared = RowCheck(problem).with_constants(roomy)
    fresh = RowCheck(roomy)
    chosen = fresh.chosen(roomy.choices[k] for k in range(0, len(roomy.choices), 9))
    added = [1, 5, 11]
    assert shared.margins(chosen, added) == pytest.approx(fresh.margins(chosen, added))
    fewer = [row for row in roomy.rows if row.name != fresh.rows[0].name]
    with pytest.raises(ValueError, match="other rows"):
        RowCheck(problem).with_constants(roomy.with_rows(fewer))
