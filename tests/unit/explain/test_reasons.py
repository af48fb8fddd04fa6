"""Every reason is a claim; here each claim is solved or evaluated again."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from oracle import instances
from unit.plan.tiny import goal, project, resource, tiny_case

from rodtrad.capacity.evaluate import Evaluation, evaluate_plan
from rodtrad.domain.arrays import Case, Choice, build_case
from rodtrad.domain.components import build_tables
from rodtrad.explain import bounds
from rodtrad.explain.limits import binding_limits
from rodtrad.explain.reasons import explain_portfolio
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.greedy import RowCheck
from rodtrad.plan.milp import (
    Limits,
    LinearAnswer,
    LinearBounds,
    Portfolio,
    solve_problem,
)
from rodtrad.sources import read_underlag

if TYPE_CHECKING:
    from rodtrad.plan.problem import Problem

EXAMPLES = Path(__file__).parents[3] / "examples"
Reason = dict[str, Any]


def explained(case: Case, gap: float) -> tuple[Problem, Portfolio, list[Reason]]:
    problem = build_problem(case)
    plan = solve_problem(problem, Limits(gap=gap))
    if plan.choices is None:
        return problem, plan, []
    return problem, plan, explain_portfolio(problem, plan)


def broken(plan: Evaluation) -> dict[tuple[str, str], tuple[int, ...]]:
    return {(v.kind, v.key): v.years for v in plan.violations}


def stated(breaks: list[dict[str, Any]]) -> dict[tuple[str, str], tuple[int, ...]]:
    """The obstacles of a claim; relations carry no years in an evaluation."""
    return {
        (b["kind"], b["id"]): () if b["kind"] == "relation" else tuple(b["years"])
        for b in breaks
    }


def assert_reason(
    problem: Problem, plan: Portfolio, reason: Reason, gap: float
) -> None:
    assert plan.choices is not None
    case, project_id = problem.case, reason["project_id"]
    chosen = {c.project_id: c for c in plan.choices}
    inside = project_id in chosen
    assert reason["state"] == ("in" if inside else "out")
    assert_force(problem, plan, reason, gap)
    for claim in reason["claims"]:
        assert_claim(case, plan.choices, project_id, claim)
    assert reason["text"]
    for sentence in reason["text"]:
        assert re.match(r"^[A-ZÅÄÖ].*[.]$", sentence), sentence
        assert not re.search(r"[{}]|nan|None|inf\b|\.\.", sentence), sentence
    assert_words(case, reason)


def assert_force(problem: Problem, plan: Portfolio, reason: Reason, gap: float) -> None:
    assert plan.choices is not None
    assert plan.objective is not None
    case, project_id, force = problem.case, reason["project_id"], reason["force"]
    included = reason["state"] == "out"
    best = solve_problem(problem.with_forced(project_id, included), Limits(gap=gap))
    assert force["impossible"] == (best.stopped == "infeasible")
    if force["impossible"]:
        assert force["choices"] is None
        return
    assert best.objective is not None
    assert best.bound is not None
    size = 1e-6 * max(1.0, abs(plan.objective))
    # The loss of forcing, known as well as this search has proven it. It is below zero
    # when the plan is best only within its gap, but never by more than the gap.
    most, least = plan.objective - best.objective, plan.objective - best.bound
    assert force["loss_low"] <= most + size
    assert plan.bound is not None
    assert force["loss_low"] >= plan.objective - plan.bound - size
    if force["loss_high"] is None:
        assert force["choices"] is None
        return
    assert force["loss_high"] >= least - size
    assert force["loss_low"] <= force["loss_high"]
    choices = [Choice(*row) for row in force["choices"]]
    other = evaluate_plan(case, choices)
    assert other.violations == ()
    assert plan.objective - other.objective == pytest.approx(
        force["loss_high"], abs=size
    )
    ours, theirs = ({c.project_id: c for c in of} for of in (plan.choices, choices))
    assert (project_id in theirs) == included
    assert set(force["leaves"]) == ours.keys() - theirs.keys()
    assert set(force["enters"]) == theirs.keys() - ours.keys()
    both = ours.keys() & theirs.keys()
    assert {(m["project_id"], m["from"], m["to"]) for m in force["moves"]} == {
        (k, ours[k].start_year, theirs[k].start_year)
        for k in both
        if ours[k].start_year != theirs[k].start_year
    }
    assert {(m["project_id"], m["from"], m["to"]) for m in force["switches"]} == {
        (k, ours[k].alternative_id, theirs[k].alternative_id)
        for k in both
        if ours[k].alternative_id != theirs[k].alternative_id
    }


def assert_claim(
    case: Case, choices: tuple[Choice, ...], project_id: str, claim: dict[str, Any]
) -> None:
    chosen = {c.project_id: c for c in choices}
    others = [c for c in choices if c.project_id != project_id]
    own = chosen.get(project_id)
    one = case.project(project_id)
    match claim["kind"]:
        case "start_breaks" | "start_possible":
            assert own is not None
            assert claim["own_start_year"] == own.start_year > claim["start_year"]
            sooner = own._replace(start_year=claim["start_year"])
            trial = evaluate_plan(case, [*others, sooner])
            if claim["kind"] == "start_breaks":
                assert broken(trial) == stated(claim["breaks"]) != {}
            else:
                assert trial.violations == ()
                now = evaluate_plan(case, choices).objective
                gain = trial.objective - now
                assert gain == pytest.approx(claim["gain"], abs=1e-6 * max(1, now))
        case "earliest":
            assert own is not None
            alternative = one.alternative(own.alternative_id)
            assert own.start_year == claim["start_year"]
            assert min(case.starts(one, alternative)) == own.start_year
        case "added_breaks":
            trial = evaluate_plan(case, [*choices, Choice(*claim["choice"])])
            assert broken(trial) == stated(claim["breaks"]) != {}
        case "added_fits":
            trial = evaluate_plan(case, [*choices, Choice(*claim["choice"])])
            assert trial.violations == ()
            loss = evaluate_plan(case, choices).objective - trial.objective
            assert loss == pytest.approx(claim["loss"], abs=1e-6)
        case "alone_breaks":
            goals = {g for g in broken(evaluate_plan(case, [])) if g[0] == "goal"}
            alone = broken(evaluate_plan(case, [Choice(*claim["choice"])]))
            assert stated(claim["breaks"]).items() <= alone.items()
            assert not stated(claim["breaks"]).keys() & goals
            for alternative in one.alternatives:
                for start in case.starts(one, alternative):
                    way = Choice(project_id, alternative.alternative_id, start)
                    found = broken(evaluate_plan(case, [way]))
                    assert any(k[0] == "goal" and k not in goals for k in found)
        case "no_start":
            assert not any(len(case.starts(one, a)) for a in one.alternatives)
        case "must_do":
            assert one.must_do
            assert one.deadline_year == claim["deadline_year"]
        case "required_by" | "together_with":
            assert claim["project_id"] in chosen
            lost = evaluate_plan(case, others).violations
            assert any(
                v.kind == "relation" and claim["project_id"] in v.key for v in lost
            )
        case "waiting":
            assert claim["amount_tkr"] == one.waiting_cost > 0
        case _:  # re-solved against all plans in oracle/test_claims_enumeration.py
            assert claim["kind"] in (
                "forced_in",
                "forced_out",
                "outlay_enough",
                "outlay_short",
                "room_enough",
                "room_short",
            )
            assert claim["status"] in ("proven", "interval", "open")
            assert {"question", "answer", "work"} <= claim.keys()


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for v in value.values() for leaf in _leaves(v)]
    if isinstance(value, list | tuple):
        return [leaf for v in value for leaf in _leaves(v)]
    return [value]


def assert_words(case: Case, reason: Reason) -> None:
    """Years and goals in the text are years and goals of the claims."""
    text = " ".join(reason["text"])
    known = _leaves(reason["claims"]) + _leaves(reason["force"]["moves"])
    for goal_ in case.goals:
        if f"målet ”{goal_.name}”" in text:
            assert goal_.goal_id in known
    unquoted = re.sub("”[^”]*”", "", text)
    for year in re.findall(r"\b20\d\d\b(?!\u00a0)", unquoted):
        assert int(year) in known, (year, text)


def assert_limits(problem: Problem, plan: Portfolio) -> int:
    """Each limit that is said to bind is broken by some single change, that year."""
    assert plan.choices is not None
    case = problem.case
    check = RowCheck(problem)
    limits = binding_limits(check, check.chosen(plan.choices))
    chosen = {c.project_id: c for c in plan.choices}
    hit: dict[tuple[str, str], set[int]] = {}
    for choice in problem.choices:
        now = chosen.get(choice.project_id)
        if now is not None and choice.start_year >= now.start_year:
            continue
        rest = [c for c in plan.choices if c.project_id != choice.project_id]
        for key, years in broken(evaluate_plan(case, [*rest, choice])).items():
            hit.setdefault(key, set()).update(years)
    for limit in limits:
        assert set(limit["years"]) <= hit[limit["kind"], limit["id"]]
        assert limit["text"].endswith(".")
    return len(limits)


# ---------------------------------------------------------------- random and real


@pytest.mark.parametrize("family", instances.FAMILIES)
@pytest.mark.parametrize("gap", [1e-3, 0.1])
def test_reasons_resolve_to_true(family: str, gap: float) -> None:
    for seed in range(7 if gap < 0.01 else 17, 27):
        data = instances.random_data(seed, family)
        problem, plan, reasons = explained(build_case(build_tables(data)), gap)
        if plan.choices is not None:
            break
    assert plan.choices is not None
    assert [r["project_id"] for r in reasons] == sorted(problem.by_project)
    for reason in reasons:
        assert_reason(problem, plan, reason, gap=0.0)
    assert_limits(problem, plan)


@cache
def _vimmerby() -> tuple[Problem, Portfolio, list[Reason]]:
    tables, _issues = read_underlag(EXAMPLES / "vimmerby" / "underlag")
    return explained(build_case(tables), 1e-3)


@pytest.mark.slow
def test_reasons_of_a_real_case_resolve_to_true() -> None:
    problem, plan, reasons = _vimmerby()
    for reason in reasons:
        assert_reason(problem, plan, reason, gap=2e-3)
    assert assert_limits(problem, plan) > 0


# ---------------------------------------------------------------- sentences by hand


def text_of(case: Case, project_id: str, gap: float = 0.0) -> list[str]:
    problem, plan, reasons = explained(case, gap)
    for reason in reasons:
        assert_reason(problem, plan, reason, gap=0.0)
    (found,) = (r for r in reasons if r["project_id"] == project_id)
    return list(found["text"])


CEILING = [goal("lan", "lan_inv", 40_000.0)]
ONE_YEAR: dict[str, Any] = {"latest_year": 2026}


def test_a_project_that_takes_the_room_of_another() -> None:
    """Loans would be 18,878; the ceiling leaves room for one of two at 20,000."""
    case = tiny_case(
        project("skola", [20_000.0], 50.0, **ONE_YEAR),
        project("bad", [20_000.0], 30.0, **ONE_YEAR),
        goals=CEILING,
    )
    assert text_of(case, "bad") == [
        "Projektet ”Bad” ryms inte. Läggs det till med start 2026 bryts målet "
        "”Mål lan” 2026–2029.",
        "Tas det in ändå, minskar planens nytta med 20 nyttopoäng.",
        "Då lämnar ”Skola” planen.",
        "Med 20 nyttopoäng mer, 97\u00a0procent lägre utgifter eller 20\u00a0miljoner "
        "kronor mer i utrymme blir en plan med projektet minst lika bra som dagens.",
        "Det räcker inte med 36\u00a0procent lägre utgifter eller 6\u00a0miljoner "
        "kronor mer i utrymme.",
    ]
    assert text_of(case, "skola") == [
        "Projektet ”Skola” ingår. Utan det blir planens nytta 20 nyttopoäng lägre, "
        "även när pengarna går till det näst bästa.",
        "Då kommer ”Bad” in.",
        "Projektet ”Skola” startar 2026, så tidigt som underlaget tillåter.",
        "Det ingår också om utgifterna blir 3\u00a0procent högre, men inte om de blir "
        "200\u00a0procent högre.",
    ]


def test_equal_projects_lie_at_the_limit() -> None:
    case = tiny_case(
        project("skola", [20_000.0], 50.0, **ONE_YEAR),
        project("bad", [20_000.0], 50.0, **ONE_YEAR),
        goals=CEILING,
    )
    for project_id in ("skola", "bad"):
        assert (
            "Planerna med och utan det skiljer sig med mindre än 0,1 nyttopoäng."
            in text_of(case, project_id)
        )


def test_a_project_that_lowers_the_benefit_fits() -> None:
    """It costs 1,000 a year to run; the missed aim is worth more than its 5 points."""
    case = tiny_case(
        project("skola", [10.0], 5.0, operating=1_000.0, **ONE_YEAR),
        goals=[goal("resultat", "res_andel", 0.05, level="aim", price=10.0)],
    )
    text = text_of(case, "skola")
    assert text[0] == "Projektet ”Skola” ryms, men planen får mer nytta utan det."
    assert text[1].startswith("Tas det in ändå, minskar planens nytta med ")


def test_a_project_too_dear_alone_and_one_that_is_helped() -> None:
    dear = project("slott", [90_000.0], 99.0, **ONE_YEAR)
    assert text_of(tiny_case(dear, goals=CEILING), "slott") == [
        "Projektet ”Slott” går inte att göra, inte ens om inget annat görs. Start 2026 "
        "kommer närmast, och då bryts målet ”Mål lan” 2026–2029.",
        "Med 77\u00a0procent lägre utgifter eller 80\u00a0miljoner kronor mer i utrymme "
        "blir en plan med projektet minst lika bra som dagens.",
    ]
    helped = tiny_case(
        project("skola", [20_000.0], 5.0, operating=3_000.0, earliest_year=2027),
        project("energi", [1_000.0], 1.0, operating=-5_000.0),
        goals=[goal("resultat", "res_andel", 0.02)],
    )
    assert not any("går inte att göra" in t for t in text_of(helped, "skola"))


def test_relations_are_told() -> None:
    case = tiny_case(
        project("plan", [10.0], 1.0),
        project("hus", [10.0], 50.0),
        project("bad", [10.0], 5.0, **ONE_YEAR),
        project("hall", [10.0], 9.0, **ONE_YEAR),
        relations=[
            {"kind": "requires", "project_id": "hus", "other_id": "plan"},
            {"kind": "excludes", "project_id": "hall", "other_id": "bad"},
        ],
    )
    assert (
        "Projektet ”Hus” startar 2027, när projektet ”Plan” har tagits i bruk."
        in text_of(case, "hus")
    )
    assert "Projektet ”Hus” kan inte starta utan projektet ”Plan”." in text_of(
        case, "plan"
    )
    assert text_of(case, "bad")[0] == (
        "Projektet ”Bad” går inte att förena med projektet ”Hall”, som ingår."
    )


def test_a_resource_that_is_used_up() -> None:
    case = tiny_case(
        project("skola", [10.0], 50.0, use={"Projektledning": 2.0}, **ONE_YEAR),
        project("bad", [10.0], 30.0, use={"Projektledning": 1.5}, **ONE_YEAR),
        resources=resource("Projektledning", 3.0),
    )
    assert text_of(case, "bad")[0] == (
        "Projektet ”Bad” ryms inte, eftersom ”Projektledning” inte räcker 2026."
    )


def test_a_must_do_and_a_fee_and_waiting() -> None:
    case = tiny_case(
        project(
            "verk",
            [10.0],
            1.0,
            must_do=True,
            deadline_year=2028,
            financing="taxa",
            waiting_cost=1_200.0,
        ),
    )
    assert text_of(case, "verk") == [
        "Projektet ”Verk” är tvingande och ska vara i bruk senast 2028.",
        "Projektet ”Verk” startar 2026, så tidigt som underlaget tillåter.",
        "Varje års väntan kostar 1,2\u00a0miljoner kronor i basårets priser.",
        "Projektet betalas med avgifter när det är i bruk, men ökar lånebehovet.",
    ]


def test_a_name_with_braces_is_only_a_name() -> None:
    parts = project("skola", [10.0], 50.0)
    parts["projects"][0]["name"] = "Skola {A} {p}"
    assert "”Skola {A} {p}”" in explained(tiny_case(parts), 0.0)[2][0]["text"][0]


def test_a_plan_that_is_best_only_within_its_gap_has_no_false_loss() -> None:
    """A worse plan within its gap: forcing may then gain, and the claim says so."""
    case = tiny_case(
        project("skola", [20_000.0], 50.0, **ONE_YEAR),
        project("bad", [20_000.0], 49.0, **ONE_YEAR),
        goals=CEILING,
    )
    problem = build_problem(case)
    choice = Choice("bad", "a", 2026)
    objective = evaluate_plan(case, [choice]).objective
    plan = Portfolio((choice,), objective, 50.0, 1 / 49, "gap", 0.0, 1)
    reasons = explain_portfolio(problem, plan)
    for reason in reasons:
        assert_reason(problem, plan, reason, gap=0.0)
        assert reason["force"]["loss_high"] == pytest.approx(-1.0)
        assert any("kan avgöra (2\u00a0procent)" in t for t in reason["text"])


def test_limits_are_told_in_the_currency_of_the_underlag() -> None:
    parts = (
        project("skola", [20_000.0], 50.0, **ONE_YEAR),
        project("bad", [20_000.0], 30.0, **ONE_YEAR),
    )
    currency = [{"key": "currency", "value": "NOK"}]
    case = tiny_case(*parts, goals=CEILING, settings=currency)
    problem, plan, _reasons = explained(case, 0.0)
    assert plan.choices is not None
    check = RowCheck(problem)
    (limit,) = binding_limits(check, check.chosen(plan.choices))
    assert (
        limit["text"]
        == (
            "Taket för lån, 40\u00a0000\u00a0norska kronor per invånare, begränsar planen "
            f"{limit['years'][0]}."
        )
        or len(limit["years"]) > 1
    )
    assert np.all(np.diff(limit["years"]) == 1)


def test_a_relaxation_that_stops_answering_proves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The solver's clock runs over all of its runs; silence is not impossibility."""

    def silent(self: LinearBounds) -> LinearAnswer:
        self.solves += 1
        return LinearAnswer(float("inf"), np.zeros(0), np.zeros(0))

    class Silent(LinearBounds):
        solve = silent

    monkeypatch.setattr(bounds, "LinearBounds", Silent)
    case = tiny_case(
        project("skola", [20_000.0], 50.0, **ONE_YEAR),
        project("bad", [20_000.0], 30.0, **ONE_YEAR),
        project("slott", [90_000.0], 99.0, **ONE_YEAR),
        goals=CEILING,
    )
    problem, plan, reasons = explained(case, 0.0)
    for reason in reasons:
        assert_reason(problem, plan, reason, gap=0.0)
    assert [r["force"]["impossible"] for r in reasons] == [False, False, True]
