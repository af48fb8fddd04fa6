"""A study that is asked to end has the best plan so far, and says what is left open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from web.small import hard_tables, small_tables

from rodtrad import study
from rodtrad.errors import SolverError
from rodtrad.publish.content import status_line
from rodtrad.publish.summary import gap_sentence
from rodtrad.verify import verify_result

if TYPE_CHECKING:
    from collections.abc import Callable


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
