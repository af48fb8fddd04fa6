"""The revenue backtest looks at nothing that was not known, and still says the same."""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]


def load(name: str) -> Any:
    """Import a module of the benchmarks, which lie outside the package."""
    sys.path.insert(0, str(ROOT))
    try:
        return importlib.import_module(f"benchmarks.backtest.{name}")
    finally:
        sys.path.remove(str(ROOT))


revenue = load("revenue")
house = load("section")


def made_up(places: int = 60, seed: int = 1) -> Any:
    """A panel of levels with noise that is gone the next year, and a common drift."""
    rng = np.random.default_rng(seed)
    years = tuple(range(1979, 1988))
    own = rng.normal(0.0, 0.2, (places, 1))
    common = np.cumsum(rng.normal(0.02, 0.01, len(years)))
    noise = rng.normal(0.0, 0.08, (places, len(years)))
    target = own + common + noise
    cost = own + common + rng.normal(0.0, 0.01, noise.shape)
    grants = own - 1.0 + common + rng.normal(0.0, 0.01, noise.shape)
    return revenue.Panel(years, target, cost, grants)


@pytest.mark.parametrize("model", list(revenue.MODELS))
def test_no_forecast_sees_the_future(model: str) -> None:
    panel = made_up()
    for origin in (1, 4, 6):
        future = panel.target.copy()
        future[:, origin + 1 :] += np.random.default_rng(9).normal(
            0.0, 1.0, future[:, origin + 1 :].shape
        )
        costs = panel.cost.copy()
        costs[:, origin + 1 :] = 7.0
        other = replace(panel, target=future, cost=costs)
        for one, two in zip(
            revenue.forecast(panel, model, origin),
            revenue.forecast(other, model, origin),
            strict=True,
        ):
            assert (one == two).all()


def test_the_ladder_climbs_where_there_is_something_to_find() -> None:
    """Noise that is gone the next year: the level beats no change by far."""
    panel = made_up()
    scores = {m: revenue.score(panel, m, range(1, 8)) for m in revenue.MODELS}
    every = range(7)
    assert scores["correction"].median_error(every) < 0.85 * scores[
        "naive"
    ].median_error(every)
    assert scores["correction"].mean_crps(every) < scores["ar1"].mean_crps(every)
    assert 0.72 < scores["correction"].coverage(every).share < 0.92


def test_a_break_that_is_told_of_is_not_learnt_from() -> None:
    panel = made_up()
    broken = panel.target.copy()
    broken[:, 4:] -= 0.25
    told = replace(panel, target=broken, break_at=4, told=True)
    blind = replace(told, told=False)
    known, _draws = revenue.forecast(told, "drift", 6)
    plain, _draws = revenue.forecast(replace(panel, break_at=None), "drift", 6)
    assert known - broken[:, 6] == pytest.approx(plain - panel.target[:, 6], abs=0.01)
    fooled, drawn = revenue.forecast(blind, "drift", 6)
    # A break is no trend, but it may happen again.
    assert (known - fooled).mean() < 0.03
    low = np.quantile(drawn - fooled[:, None], 0.1, axis=1)
    assert low.mean() < -0.15


def test_the_results_are_those_that_are_stored(shared_data: Path) -> None:
    section = revenue.run(shared_data)
    stored = ROOT / "benchmarks/backtest/results/revenue.csv"
    assert house.to_csv(section) == stored.read_text(encoding="utf-8")
    met = {check.name: check.met for check in section.checks}
    assert met["Median error, break included"]
    assert met["Median error, told of the break"]
    assert met["80 % intervals, break included"]
    assert met["80 % intervals, told of the break"]
