"""A study that is asked to end has the best plan so far, and says what is left open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from web.small import hard_tables, small_tables

from rodtrad import study
from rodtrad.domain.arrays import build_case
from rodtrad.domain.words import in_language
from rodtrad.errors import SolverError
from rodtrad.plan import milp
from rodtrad.plan.constraints import build_problem
from rodtrad.publish.content import status_line
from rodtrad.publish.summary import gap_sentence
from rodtrad.verify import verify_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


ASKED = study.Settings(time_limit=60, gap=0.0, seed=1, draws=20)


def end_at(words: str) -> Callable[..., bool]:
    """Ask for the end from the first stage that begins so, and on."""
    heard: list[str] = []

    def tell(stage: str, **_facts: Any) -> bool:
        if stage.startswith(words):
            heard.append(stage)
        return bool(heard)

    return tell


def test_ended_while_searching_it_has_the_best_plan_so_far() -> None:
    tables = hard_tables()
    found: list[float] = []

    def tell(_stage: str, **facts: Any) -> bool:
        found.extend([facts["objective"]] if facts.get("objective") else [])
        return bool(found)

    ended = study.run(tables, ASKED, tell)
    status = ended.result["status"]
    assert (status["state"], status["stopped"]) == ("feasible", "asked")
    assert status["objective"] >= found[0]
    assert status["bound"] > status["objective"]
    left = ["reasons", "beside", "needs", "uncertainty"]
    assert status["interrupted"]["open"] == left
    assert ended.result["meta"]["asked"]["parts"] == ["plan", "agreement"]
    assert ended.result["reasons"] == []
    assert verify_result(tables, ended.result, (), None) == []
    assert "avbröts" in gap_sentence(status)
    line = status_line(status)
    assert line.strong == "Avbruten, bästa plan hittills."
    assert not line.calm


def test_ended_after_the_search_the_plan_is_the_same_and_its_proof_stands() -> None:
    whole = study.run(small_tables(), ASKED)
    kept: list[Callable[[], study.Study]] = []
    ended = study.run(small_tables(), ASKED, end_at("Prövar skäl"), kept.append)
    assert ended.choices == whole.choices
    assert ended.result["status"]["stopped"] == "proof"
    assert "reasons" in ended.result["status"]["interrupted"]["open"]
    assert "interrupted" not in whole.result["status"]
    assert verify_result(small_tables(), ended.result, (), ended.certificates) == []
    [so_far] = kept
    assert so_far().choices == whole.choices


def test_parts_that_are_done_are_kept() -> None:
    ended = study.run(small_tables(), ASKED, end_at("Räknar hur säker"))
    assert ended.result["reasons"]
    assert ended.result["status"]["interrupted"]["open"] == ["beside", "uncertainty"]
    assert verify_result(small_tables(), ended.result, (), ended.certificates) == []


def test_once_asked_is_enough_also_where_the_search_was_done_by_then() -> None:
    asked: list[str] = []

    def once(stage: str, **_facts: Any) -> bool:
        if stage.startswith("Söker den bästa"):
            asked.append(stage)
        return len(asked) == 1 and stage.startswith("Söker den bästa")

    ended = study.run(small_tables(), ASKED, once)
    assert "reasons" in ended.result["status"]["interrupted"]["open"]


def test_a_large_plan_being_improved_hears_that_it_is_to_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where no better plan is found: the parts and the pauses between them ask."""
    problem = build_problem(build_case(hard_tables()))
    monkeypatch.setattr(milp, "MANY_CHOICES", 1)
    searched: list[bool] = []

    class Deaf:
        def __init__(self, _problem: Any, matrix: Any, _prices: Any, search: Any):
            self.matrix, self.search = matrix, search

        def improve(
            self, values: Any, _enough: Any, late: Callable[[], bool], _fresh: bool
        ) -> Iterator[Any]:
            """Yield nothing better, however long it is let go on."""
            for _turn in range(1000):
                searched.append(True)
                self.search(self.matrix, values)
                if late():
                    return
            yield values

    monkeypatch.setattr(milp, "Neighbourhoods", Deaf)
    told: list[float | None] = []

    def progress(state: milp.Progress) -> bool:
        told.append(state.objective)
        return len(told) > 1

    found = milp.solve_problem(problem, milp.Limits(seconds=60), progress=progress)
    assert found.stopped == "asked"
    assert found.choices
    assert len(searched) == 1


@pytest.mark.parametrize(
    "told",
    [
        None,
        {"seconds": "1", "open": ["beside"]},
        {"seconds": 1.0, "open": ["plan"]},
        {"seconds": 1.0, "open": ["beside", "hittepå"]},
    ],
)
def test_what_an_ended_study_says_of_itself_is_checked(told: Any) -> None:
    tables = hard_tables()
    ended = study.run(tables, ASKED, end_at("Söker den bästa"))
    ended.result["status"]["interrupted"] = told
    found = verify_result(tables, ended.result, (), None)
    assert any(one.figure.startswith("status.interrupted") for one in found)


def test_a_study_is_swedish_and_true_whoever_reads() -> None:
    with in_language("en"):
        made = study.run(small_tables(), ASKED)
    assert verify_result(small_tables(), made.result, (), made.certificates) == []
    with in_language("en"):
        assert verify_result(small_tables(), made.result, (), made.certificates) == []


def test_ended_before_there_is_a_plan_there_is_none() -> None:
    with pytest.raises(SolverError) as told:
        study.run(small_tables(), ASKED, end_at("Bygger"))
    assert told.value.status == "asked"


def test_a_part_taken_from_an_ended_study_is_missed() -> None:
    ended = study.run(small_tables(), ASKED, end_at("Räknar hur säker"))
    ended.result["reasons"] = []
    places = [
        one.figure for one in verify_result(small_tables(), ended.result, (), None)
    ]
    assert "reasons" in places
