"""The revenue backtest looks at nothing that was not known, and still says the same."""

from __future__ import annotations

import csv
import importlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rodtrad.capacity import trends

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


@pytest.mark.parametrize("name", ["tax base 2006-2022", "expenditure 2006-2022"])
def test_what_lost_four_years_ahead_is_not_in_the_product(name: str) -> None:
    """The stored scores decide: a model is used only where it beat no change."""
    with (ROOT / "benchmarks/backtest/results/revenue.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["series"] == name]
    crps = {
        model: np.mean([float(row["crps"]) for row in rows if row["model"] == model])
        for model in revenue.MODELS
    }
    assert min(crps, key=lambda model: crps[model]) == "naive"
    series = revenue.real_series(name)
    assert trends.chosen_method(series) == trends.chosen_method(series, peers=True)
    assert trends.chosen_method(series) == "no_change"
    # A series that grows by the same step each year: drift would go on, this does not.
    past = np.exp(0.02 * np.arange(10.0))
    drawn = trends.forecast_series(past, 4, 4000, series=series, seed=1)
    assert np.median(drawn[3]) == pytest.approx(past[-1], rel=0.01)


def test_the_swings_of_the_product_beat_the_simple_ones_about_the_same_path() -> None:
    stored = (ROOT / "benchmarks/backtest/results/revenue.json").read_text("utf-8")
    checks = {one.name: one for one in house.from_json(stored).checks}
    assert checks["CRPS of the product's swings against drift's, same path"].met


def test_the_results_are_those_that_are_stored(shared_data: Path) -> None:
    section = revenue.run(shared_data)
    stored = ROOT / "benchmarks/backtest/results/revenue.csv"
    assert house.to_csv(section) == stored.read_text(encoding="utf-8")
    met = {check.name: check.met for check in section.checks}
    assert met["Median error, break included"]
    assert met["Median error, told of the break"]
    assert met["80 % intervals, break included"]
    assert met["80 % intervals, told of the break"]
