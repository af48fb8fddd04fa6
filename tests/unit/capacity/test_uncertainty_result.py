"""The figures about uncertainty in plan.json: whole, plain and the same every time."""

from __future__ import annotations

import json

import pytest
from unit.plan.tiny import goal, project, tiny_case

from rodtrad.capacity.uncertainty_result import FANS, uncertainty_result
from rodtrad.domain.arrays import Case, Choice

PLAN = (Choice("skola", "a", 2026),)


def a_case() -> Case:
    return tiny_case(
        project("skola", [4000.0, 3000.0], 50.0, build_years=2, gate="G3"),
        goals=[goal("resultat", "res_andel", 0.02), goal("sjalv", "sfg", 0.4)],
    )


def test_the_same_input_and_seed_give_the_same_text() -> None:
    texts = {
        json.dumps(uncertainty_result(a_case(), PLAN, 60, 1), sort_keys=True)
        for _run in range(2)
    }
    assert len(texts) == 1
    other = json.dumps(uncertainty_result(a_case(), PLAN, 60, 2), sort_keys=True)
    assert other not in texts


def test_everything_is_there_and_nothing_is_missing_a_number() -> None:
    found = uncertainty_result(a_case(), PLAN, 60, 1)
    assert set(found) == {"probability", "quantiles", "uncertainty"}
    text = json.dumps(found)  # plain values only
    assert "NaN" not in text
    assert "Infinity" not in text
    assert [fan["key"] for fan in found["uncertainty"]["fans"]] == list(FANS)
    assert len(found["uncertainty"]["stress"]) == 5
    assert found["uncertainty"]["assumptions"]["rows"]


def test_no_projects_at_all() -> None:
    found = uncertainty_result(a_case(), (), 40, 1)
    assert all(0 <= p <= 1 for p in found["probability"]["balanskrav"])


def test_one_draw_has_no_probability() -> None:
    with pytest.raises(ValueError, match="deterministic"):
        uncertainty_result(a_case(), PLAN, 1, 1)
