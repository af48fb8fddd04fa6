"""The elicitation: few questions, true weights never shut out, contradictions named."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from unit.plan.tiny import project, tiny_data

from rodtrad.domain.arrays import build_case
from rodtrad.domain.checks import check_tables
from rodtrad.domain.components import build_tables
from rodtrad.plan.elicitation import (
    MOST_QUESTIONS,
    Answer,
    Condition,
    Question,
    criterion_swings,
    describe_contradiction,
    describe_range_faults,
    find_contradiction,
    next_question,
    points_rows,
    range_rows,
    read_question,
    share_ranges,
    spread,
    viewpoint_rows,
)
from rodtrad.plan.weights import region_of
from rodtrad.sources import read_underlag

EXEMPELBY = Path(__file__).parents[3] / "examples" / "exempelby" / "underlag"
NAMES = {"a": "Behov", "b": "Klimat", "c": "Drift", "d": "Trygghet"}
HALF = Question("a", share=Fraction(1, 2))


def keys(count: int) -> list[str]:
    return [f"k{i}" for i in range(count)]


def worth(outcome: dict[str, Fraction], weights: dict[str, Fraction]) -> Fraction:
    return sum((weights[k] * part for k, part in outcome.items()), Fraction(0))


def answer_truly(
    criteria: list[str], question: Question, weights: dict[str, Fraction]
) -> Answer:
    """Answer by what the two outcomes are worth, as someone with these weights would."""
    one, other = (worth(of, weights) for of in question.outcomes(criteria))
    return Answer(
        question, "equal" if one == other else "first" if one > other else "second"
    )


def interview(criteria: list[str], weights: dict[str, Fraction]) -> list[Answer]:
    answers: list[Answer] = []
    while (question := next_question(criteria, answers)) is not None:
        answers.append(answer_truly(criteria, question, weights))
        assert len(answers) <= MOST_QUESTIONS
    return answers


def respondent(count: int, seed: int) -> dict[str, Fraction]:
    draws = np.random.default_rng(seed).exponential(size=count)
    whole = [int(1 + 10_000 * x) for x in draws]
    return {k: Fraction(x, sum(whole)) for k, x in zip(keys(count), whole, strict=True)}


# ---------------------------------------------------------------- the interview


@pytest.mark.parametrize("count", range(2, 9))
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_true_weights_are_never_shut_out_and_twelve_questions_are_enough(
    count: int, seed: int
) -> None:
    criteria, weights = keys(count), respondent(count, seed)
    answers = interview(criteria, weights)
    assert 0 < len(answers) <= MOST_QUESTIONS
    assert find_contradiction(criteria, answers) == ()
    region = region_of(criteria, viewpoint_rows(answers)) if count <= 5 else None
    if region is not None:
        assert region.holds(tuple(weights[k] for k in criteria))
    for key, (low, high) in share_ranges(criteria, viewpoint_rows(answers)).items():
        assert low <= weights[key] <= high


@pytest.mark.parametrize("count", [3, 5, 8])
def test_the_questions_leave_little_of_what_could_be(count: int) -> None:
    """Five questions or more leave less than a tenth of all weights; all leave less."""
    criteria = keys(count)
    everything = spread(criteria, [])
    left = []
    for seed in range(4):
        rows = viewpoint_rows(interview(criteria, respondent(count, seed)))
        fits = np.ones(len(everything), dtype=bool)
        for key, relation, value in rows:
            own = everything[:, criteria.index(key)]
            if relation == ">=":
                fits &= own >= everything[:, criteria.index(value)]
            else:
                over = own >= float(value)
                fits &= over if relation == "min" else ~over
        left.append(fits.mean())
    assert np.mean(left) < 0.05


def test_no_question_is_asked_twice_or_when_its_answer_is_known() -> None:
    criteria = ["a", "b", "c"]
    answers = [
        Answer(Question("a", "b"), "first"),
        Answer(Question("b", "c"), "first"),
    ]
    asked = next_question(criteria, answers)
    assert asked is not None
    assert {asked.first, asked.second} != {"a", "c"}
    assert next_question(criteria, answers) == asked


def test_a_question_that_was_skipped_is_not_asked_again() -> None:
    criteria = ["a", "b", "c"]
    first = next_question(criteria, [])
    assert first == Question("a", "b")
    second = next_question(criteria, [Answer(first, "skip")])
    assert second is not None
    assert second != first
    answers: list[Answer] = []
    while (question := next_question(criteria, answers)) is not None:
        answers.append(Answer(question, "skip"))
    assert len(answers) <= MOST_QUESTIONS
    assert viewpoint_rows(answers) == []


def test_nothing_is_asked_of_a_single_criterion() -> None:
    assert next_question(["a"], []) is None


def test_the_rule_halves_what_is_left() -> None:
    """With two criteria in order, the next limit is the one nearest the middle."""
    answers = [Answer(Question("a", "b"), "first")]
    asked = next_question(["a", "b"], answers)
    assert asked == Question("b", share=Fraction(1, 4))


def test_equal_answers_pin_the_weights() -> None:
    criteria = ["a", "b", "c"]
    answers = [
        Answer(Question("a", "b"), "equal"),
        Answer(Question("b", "c"), "equal"),
    ]
    points = spread(criteria, viewpoint_rows(answers))
    assert np.allclose(points, 1 / 3, atol=1e-9)
    assert next_question(criteria, answers) is None


def test_points_are_spread_evenly_over_what_is_allowed() -> None:
    """In a triangle each weight is a third on average, and half of them are in order."""
    points = spread(["a", "b", "c"], [])
    assert np.allclose(points.mean(axis=0), 1 / 3, atol=0.03)
    assert points.sum(axis=1) == pytest.approx(1.0)
    assert (points > -1e-9).all()
    ordered = spread(["a", "b", "c"], [Condition("a", ">=", "b")])
    assert (ordered[:, 0] >= ordered[:, 1] - 1e-9).all()
    assert ordered.mean(axis=0) == pytest.approx([1 / 2, 1 / 6, 1 / 3], abs=0.03)


@pytest.mark.parametrize("share", ["0.1", "0.25", "0.5", "0.6", "0.75"])
def test_both_outcomes_of_a_share_are_worth_the_same_at_that_share(share: str) -> None:
    criteria, s = list("abc"), Fraction(share)
    one, other = Question("a", share=s).outcomes(criteria)
    weights = {"a": s, "b": (1 - s) / 4, "c": 3 * (1 - s) / 4}
    assert worth(one, weights) == worth(other, weights)
    assert max(*one.values(), *other.values()) == 1


# --------------------------------------------------------------- contradictions


def test_going_round_in_a_circle_is_named_with_the_answers() -> None:
    answers = [
        Answer(Question("a", "b"), "first"),
        Answer(Question("a", "d"), "first"),
        Answer(Question("b", "c"), "first"),
        Answer(Question("a", "c"), "second"),
    ]
    assert find_contradiction(list(NAMES), answers) == (0, 2, 3)
    assert describe_contradiction(NAMES, answers) == (
        "Svaren går inte ihop: ni svarade i fråga 1 att ”Behov” väger mer än ”Klimat”, "
        "i fråga 3 att ”Klimat” väger mer än ”Drift” och i fråga 4 att ”Drift” väger "
        "mer än ”Behov”. Alla kan inte stämma. Ändra det som är minst säkert."
    )


@pytest.mark.parametrize("left_out", range(3))
def test_any_answer_less_and_they_agree(left_out: int) -> None:
    answers = [
        Answer(HALF, "first"),
        Answer(Question("b", share=Fraction(1, 4)), "first"),
        Answer(Question("c", share=Fraction(1, 4)), "first"),
    ]
    assert find_contradiction(list(NAMES), answers) == (0, 1, 2)
    fewer = [a for n, a in enumerate(answers) if n != left_out]
    assert find_contradiction(list(NAMES), fewer) == ()
    assert describe_contradiction(NAMES, fewer) is None


def test_equal_and_more_cannot_both_be() -> None:
    answers = [
        Answer(Question("a", "b"), "equal"),
        Answer(Question("b", "a"), "first"),
        Answer(Question("c", "d"), "skip"),
    ]
    assert find_contradiction(list(NAMES), answers) == (0, 1)
    text = describe_contradiction(NAMES, answers)
    assert text is not None
    assert "väger lika mycket" in text


def test_more_than_half_and_less_than_another() -> None:
    answers = [Answer(HALF, "first"), Answer(Question("b", "a"), "first")]
    assert find_contradiction(list(NAMES), answers) == (0, 1)
    assert "väger mer än 50\N{NO-BREAK SPACE}procent" in str(
        describe_contradiction(NAMES, answers)
    )


@pytest.mark.parametrize("seed", range(8))
def test_a_turned_answer_is_always_found_when_the_rest_settle_it(seed: int) -> None:
    """All pairs answered truly but one turned round: the turned one is among those named."""
    criteria, weights = keys(4), respondent(4, seed)
    pairs = [Question(a, b) for i, a in enumerate(criteria) for b in criteria[i + 1 :]]
    answers = [answer_truly(criteria, question, weights) for question in pairs]
    ranked = sorted(criteria, key=lambda k: weights[k])
    ends = {ranked[0], ranked[-1]}
    (at,) = [n for n, q in enumerate(pairs) if {q.first, q.second} == ends]
    turned = "second" if answers[at].better == "first" else "first"
    answers[at] = Answer(pairs[at], turned)  # type: ignore[arg-type]
    named = find_contradiction(criteria, answers)
    assert at in named
    assert len(named) == 3


# ------------------------------------------------------------- points and ranges


def test_points_hold_the_weights_they_were_made_of() -> None:
    random = np.random.default_rng(7)
    for _case in range(20):
        true = random.uniform(1, 100, size=5)
        wide = random.uniform(0, 0.3, size=5)
        points = {
            k: (float(x * (1 - w)), float(x * (1 + w)))
            for k, x, w in zip(keys(5), true, wide, strict=True)
        }
        rows = points_rows(points)
        exact = [Fraction(x) for x in true.tolist()]
        weight = tuple(x / sum(exact) for x in exact)
        assert region_of(keys(5), rows).holds(weight)


def test_points_that_say_nothing_are_refused() -> None:
    for wrong in ({"a": (0.0, 0.0)}, {"a": (2.0, 1.0)}, {"a": (-1.0, 1.0)}):
        with pytest.raises(ValueError, match="points"):
            points_rows(wrong)


def test_ranges_become_rows_and_their_faults_are_told() -> None:
    assert range_rows({"a": (0.2, 0.5), "b": (0.0, 1.0)}) == [
        Condition("a", "min", "0.2"),
        Condition("a", "max", "0.5"),
    ]
    with pytest.raises(ValueError, match="between 0 and 1"):
        range_rows({"a": (20.0, 50.0)})
    assert describe_range_faults(NAMES, {"a": (0.2, 0.5)}) == []
    (text,) = describe_range_faults(NAMES, {"a": (0.7, 1), "b": (0.5, 1)})
    assert text.startswith("De lägsta andelarna blir tillsammans 120")
    (text,) = describe_range_faults(NAMES, dict.fromkeys(NAMES, (0.0, 0.2)))
    assert text.startswith("De högsta andelarna blir tillsammans bara 80")
    (text,) = describe_range_faults(NAMES, {"a": (0.5, 0.4)})
    assert text.startswith("”Behov” kan inte väga minst 50")


def test_ranges_of_what_is_left_are_those_of_the_vertices() -> None:
    criteria = ["a", "b", "c"]
    rows = [Condition("a", ">=", "b"), Condition("c", "max", "0.3")]
    vertices = region_of(criteria, rows).vertices
    for k, (low, high) in enumerate(share_ranges(criteria, rows).values()):
        column = [float(v[k]) for v in vertices]
        assert low == pytest.approx(min(column), abs=2e-6)
        assert low <= min(column)
        assert high == pytest.approx(max(column), abs=2e-6)
        assert high >= max(column)
    with pytest.raises(ValueError, match="no weights"):
        share_ranges(
            criteria, [Condition("a", "min", "0.7"), Condition("b", ">=", "a")]
        )


# ------------------------------------------------------------ into the underlag


def test_the_rows_are_what_the_table_of_viewpoints_takes() -> None:
    data = tiny_data(project("skola", [10.0], 50.0))
    data["criteria"] = [{"criterion": k, "name": k, "weight": 1.0} for k in keys(4)]
    data["scores"] = [
        {**data["scores"][0], "criterion": k, "low": 1.0, "high": 1.0, "score": 1.0}
        for k in keys(4)
    ]
    answers = interview(keys(4), respondent(4, 5))
    data["viewpoints"] = [
        {"viewpoint": "Gruppen", **row._asdict()} for row in viewpoint_rows(answers)
    ]
    issues = check_tables(build_tables(data))
    assert [one for one in issues if one.severity == "error"] == []


def test_swings_name_real_projects() -> None:
    tables, _issues = read_underlag(EXEMPELBY)
    case = build_case(tables)
    names = {p.project_id: p.name for p in case.projects}
    swings = criterion_swings(
        tables["criteria"].records(), tables["scores"].records(), names
    )
    assert list(swings) == list(case.weights)
    for key, swing in swings.items():
        scores = {
            p.name: [a.scores[key] for a in p.alternatives if key in a.scores]
            for p in case.projects
        }
        every = [score for of in scores.values() for score in of]
        assert swing.worst_score == min(every)
        assert swing.best_score == max(every)
        assert swing.best_score in scores[swing.best]
        assert swing.description


def test_a_question_goes_through_json_and_back() -> None:
    for question in (Question("a", "b"), HALF):
        assert read_question(question.as_dict()) == question
    for wrong in (
        {"first": "a"},
        {"first": "a", "second": "a"},
        {"first": "a", "second": "b", "share": "1/2"},
        {"first": "a", "share": "2"},
    ):
        with pytest.raises(ValueError, match="not a"):
            read_question(wrong)
