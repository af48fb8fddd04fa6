"""Capital charge and project frames: limits where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rodtrad.capacity.capital_charge import (
    annuity,
    linear_capital_charge,
    real_annuity,
)
from rodtrad.capacity.frames import project_against_frame

lives = st.integers(1, 80)
rates = st.floats(-0.01, 0.08)


@settings(max_examples=60, deadline=None)
@given(lives, rates)
def test_the_annuity_pays_off_the_outlay(life: int, rate: float) -> None:
    years = np.arange(1, life + 1)
    present = (annuity(100.0, life, rate) / (1 + rate) ** years).sum()
    assert present == pytest.approx(100.0, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(lives, rates, st.floats(-0.01, 0.05))
def test_the_real_annuity_has_the_same_present_value(
    life: int, rate: float, growth: float
) -> None:
    cost = real_annuity(100.0, life, rate, growth)
    years = np.arange(1, life + 1)
    assert (cost / (1 + rate) ** years).sum() == pytest.approx(100.0, rel=1e-9)
    assert cost[1:] == pytest.approx(cost[:-1] * (1 + growth))


@settings(max_examples=60, deadline=None)
@given(lives, st.floats(0.05, 1.0), rates)
def test_linear_depreciation_leaves_nothing(
    life: int, share: float, rate: float
) -> None:
    charge = linear_capital_charge(100.0, life, rate, share)
    assert charge.depreciation.sum() == pytest.approx(100.0)
    assert len(charge.total) == (life if share == 1 else life + 1)
    assert charge.opening_value[0] == 100.0
    last = charge.opening_value[-1] - charge.depreciation[-1]
    assert last == pytest.approx(0.0, abs=1e-9)
    assert charge.interest[1:] == pytest.approx(rate * charge.opening_value[1:])


def test_a_first_year_from_31_july() -> None:
    charge = linear_capital_charge(120.0, 10, 0.03, first_year_share=5 / 12)
    assert charge.depreciation[[0, 1, -1]] == pytest.approx([5.0, 12.0, 7.0])
    assert charge.interest[0] == pytest.approx(120 * 0.03 * 5 / 12)
    assert charge.opening_value[1] == pytest.approx(115.0)


def test_a_rate_of_zero_is_the_depreciation_alone() -> None:
    assert annuity(120.0, 10, 0.0) == 12.0
    assert annuity(120.0, 10, 1e-12) == pytest.approx(12.0)


def test_impossible_lives_and_rates() -> None:
    with pytest.raises(ValueError, match="life"):
        annuity(100.0, 0, 0.02)
    with pytest.raises(ValueError, match="life"):
        linear_capital_charge(100.0, 10, 0.02, first_year_share=0.0)
    with pytest.raises(ValueError, match="growth"):
        real_annuity(100.0, 10, 0.02, -1.0)


def test_a_project_within_its_frame_raises_no_issue() -> None:
    found = project_against_frame(
        "Skolan", {"bid": 60.0}, frame_tkr=100.0, spent_tkr=30.0, budget_tkr={2026: 60}
    )
    assert found.frame_margin_tkr == 10.0
    assert found.budget_margin_tkr == 0.0
    assert found.issues == ()


def test_without_frame_or_budget_there_is_nothing_to_compare() -> None:
    found = project_against_frame("Skolan", {"bid": 60.0})
    assert found.frame_margin_tkr is None
    assert found.budget_margin_tkr is None
    assert found.total_tkr == 60.0
