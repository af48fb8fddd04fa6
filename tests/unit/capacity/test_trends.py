"""Trends: the worked page, missing years, limits of the draws, and the file's makers."""

from __future__ import annotations

import importlib
import math
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rodtrad import domain
from rodtrad.capacity.trends import (
    METHODS,
    Trend,
    default_trends,
    error_draws,
    filled,
    find_trend,
    forecast_series,
    own_spread_factor,
    point_forecast,
)
from rodtrad.domain.draws import normals

ROOT = Path(__file__).parents[3]
SERIES = np.array([100.0, 104.0, 103.0, 107.0])
PEERS = np.array([98.0, 100.0, 102.0, 104.0])
CARE = np.array([8000.0, 8200.0, 8500.0, 8450.0, 8700.0, 9100.0])


def trend(method: str, **given: Any) -> Trend:
    base = Trend("x", method, "level", 0.8, 0.3, 0.8, 2.0, 0.5, (1.0,), (2.0,))
    return replace(base, **given)


def page_rows() -> list[list[str]]:
    text = (ROOT / "docs" / "method" / "trends.md").read_text(encoding="utf-8")
    table = text.split("<!-- golden: trends -->\n\n")[1].split("\n\n")[0]
    return [
        [c.strip() for c in r.strip("|").split("|")] for r in table.splitlines()[2:]
    ]


@pytest.mark.parametrize("row", page_rows(), ids=lambda row: row[0])
def test_page(row: list[str]) -> None:
    found = point_forecast(SERIES, 3, trend(row[0]), PEERS)
    assert found == pytest.approx([float(c) for c in row[1:]], abs=0.005)


def test_the_page_shows_every_method() -> None:
    assert tuple(row[0] for row in page_rows()) == METHODS


def test_limits_where_the_answer_is_known() -> None:
    """Full weights and no damping: damped is the last value; a full gap never shrinks."""
    still = trend("damped", level_weight=1.0, damping=0.0)
    assert point_forecast(SERIES, 3, still) == pytest.approx([107, 107, 107])
    line = np.arange(5.0)
    straight = trend("damped", level_weight=1.0, trend_weight=1.0, damping=1.0)
    assert point_forecast(line, 3, straight) == pytest.approx([5, 6, 7])
    assert point_forecast(line, 3, trend("drift")) == pytest.approx([5, 6, 7])
    kept = trend("panel_ar1", damping=1.0)
    assert point_forecast(SERIES, 2, kept, PEERS) == pytest.approx([109, 111])


def test_momentum_carries_the_peers_latest_change() -> None:
    """The peers rose by 2 a year and then by 6: of the extra 4 half is left each year."""
    rushed = PEERS + np.array([0, 0, 0, 4.0])
    found = point_forecast(rushed, 3, trend("panel_ar1"), rushed)
    assert np.diff(found) == pytest.approx([2 + 1, 2 + 0.5])
    calm = point_forecast(rushed, 3, trend("panel_ar1", momentum=0.0), rushed)
    assert np.diff(calm) == pytest.approx([2, 2])


def test_many_municipalities_at_once_equal_one_by_one() -> None:
    both = np.stack([SERIES, SERIES[::-1]])
    for method in METHODS:
        found = point_forecast(both, 4, trend(method), PEERS)
        assert found.shape == (2, 4)
        assert found[1] == pytest.approx(
            point_forecast(both[1], 4, trend(method), PEERS)
        )


def test_holes_are_filled_and_a_late_start_is_not() -> None:
    holed = np.array([np.nan, 100.0, np.nan, 104.0, 106.0])
    assert filled(holed)[1:].tolist() == [100, 102, 104, 106]
    assert math.isnan(filled(holed)[0])
    for method in METHODS:
        peers = np.r_[97.0, PEERS]
        whole = point_forecast(holed[1:], 2, trend(method), peers[1:])
        assert np.isfinite(whole).all()
        assert point_forecast(holed, 2, trend(method), peers) == pytest.approx(whole)


def test_one_known_year_goes_on_level() -> None:
    single = np.array([np.nan, np.nan, 5.0])
    for method in ("no_change", "drift", "damped"):
        assert point_forecast(single, 2, trend(method)).tolist() == [5, 5]


@pytest.mark.parametrize(
    ("values", "method", "match"),
    [
        ([1.0, 2.0, np.nan], "drift", "last year"),
        ([], "drift", "last year"),
        ([1.0, 2.0], "panel_ar1", "peers"),
        ([1.0, 2.0], "arima", "none of"),
    ],
)
def test_what_cannot_be_forecast(values: list[float], method: str, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        point_forecast(np.array(values), 2, trend(method))


# ---------------------------------------------------------------- draws


def test_errors_have_the_spread_they_are_given() -> None:
    given = trend("drift", common_spread=(3.0, 5.0), own_spread=(0.0,), years=10_000)
    z = normals(0, "a", 3, 20_000), normals(0, "b", 3, 20_000)
    found = error_draws(given, *z)
    wanted = np.array([3.0, 5.0, 5.0 * math.sqrt(1.5)])
    inner = np.quantile(found, [0.1, 0.9], axis=1)
    assert inner[1] == pytest.approx(1.2816 * wanted, rel=0.04)
    assert inner[0] == pytest.approx(-1.2816 * wanted, rel=0.04)
    few = error_draws(replace(given, years=4), *z)
    assert np.quantile(few[0], 0.9) > 1.2 * inner[1][0]


def test_a_draw_is_a_path() -> None:
    found = error_draws(
        trend("drift"), normals(0, "a", 6, 4000), normals(0, "b", 6, 4000)
    )
    near, far = (
        np.corrcoef(found[4], found[5])[0, 1],
        np.corrcoef(found[0], found[5])[0, 1],
    )
    assert near > 0.85
    assert 0.2 < far < 0.6


def test_common_shocks_are_shared_by_name() -> None:
    one = forecast_series(CARE, 2, 3000, "no_change", series="N20014", name="0884")
    two = forecast_series(
        CARE * 1.1, 2, 3000, "no_change", series="N20014", name="0885"
    )
    other = forecast_series(CARE, 2, 3000, "no_change", series="N31001", name="0884")
    assert np.corrcoef(one[0], two[0])[0, 1] > 0.2
    assert abs(np.corrcoef(one[0], other[0])[0, 1]) < 0.1


def test_same_seed_same_draws_and_more_draws_keep_the_first() -> None:
    few = forecast_series(CARE, 3, 50, series="N20014", seed=4, name="a")
    many = forecast_series(CARE, 3, 500, series="N20014", seed=4, name="a")
    assert few.shape == (3, 50)
    assert np.array_equal(few, many[:, :50])
    other = forecast_series(CARE, 3, 50, series="N20014", seed=5, name="a")
    assert not np.array_equal(few, other)


def test_money_times_k_gives_draws_times_k() -> None:
    plain = forecast_series(CARE, 3, 100, series="N20014")
    assert forecast_series(CARE * 7, 3, 100, series="N20014") == pytest.approx(
        7 * plain
    )


def test_the_best_method_that_can_be_used_is_used() -> None:
    rows = default_trends()["N20028"]
    assert rows[0].method == "panel_ar1"
    assert find_trend("N20028", peers=True) == rows[0]
    assert find_trend("N20028") == rows[1]
    assert find_trend("N31001", peers=True).method == "no_change"  # type: ignore[union-attr]
    assert find_trend("okänd") is None
    with pytest.raises(ValueError, match="none of"):
        find_trend("N20014", "arima")
    peers = CARE * 0.9
    alone = forecast_series(CARE, 3, 400, series="N20028")
    beside = forecast_series(CARE, 3, 400, series="N20028", peers=peers)
    assert not np.allclose(np.median(alone, axis=1), np.median(beside, axis=1))


def test_a_series_never_tested_swings_as_it_did() -> None:
    found = forecast_series(np.array([10.0, 12.0, 9.0, 11.0]), 1, 4000)
    low, high = np.quantile(found[0], [0.1, 0.9])
    assert np.median(found[0]) == pytest.approx(11, abs=0.2)
    assert 2 < high - 11 < 8
    assert 2 < 11 - low < 8
    calm = forecast_series(np.array([10.0, 10.0, 10.0]), 2, 100)
    assert (calm == 10).all()


def test_a_restless_municipality_gets_wider_draws() -> None:
    base = trend("drift", own_spread=(1.0,))
    factors = own_spread_factor(
        np.array([[0.1] * 10, [2.0] * 10, [np.nan] * 10, [50.0] + [1.0] * 9]), base
    )
    assert factors[0] < 0.7
    assert factors[1] > 1.4
    assert factors[2] == 1
    assert factors[3] < 1.3  # one odd year does not decide
    assert own_spread_factor(np.ones(3), replace(base, own_spread=(0.0,))) == 1


@pytest.mark.parametrize(
    ("values", "series"),
    [([1.0, 2.0], ""), ([1.0, 2.0, 3.0, np.nan], ""), ([5.0, -1.0, 4.0], "N20014")],
)
def test_series_that_are_refused(values: list[float], series: str) -> None:
    with pytest.raises(ValueError, match=r"needed|needs"):
        forecast_series(np.array(values), 2, 10, series=series)


# ---------------------------------------------------------------- the file


def test_the_file_is_whole() -> None:
    for rows in default_trends().values():
        assert {row.method for row in rows} == set(METHODS)
        for row in rows:
            assert row.quality == "beräkning"
            assert "Kolada" in row.source
            assert len(row.common_spread) == len(row.own_spread) == 5
            assert min(row.own_spread) > 0
            assert list(row.quantiles) == sorted(row.quantiles)


def test_where_we_lose_the_simple_method_is_used() -> None:
    path = Path(domain.__file__).parent / "defaults" / "trends.toml"
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["trend"]
    for series in {row["series"] for row in rows}:
        scores = {r["method"]: r["crps"] for r in rows if r["series"] == series}
        best = default_trends()[series][0].method
        simple = min(scores["no_change"], scores["drift"])
        assert best in ("no_change", "drift") or scores[best] < simple


@pytest.mark.slow
def test_the_script_still_gives_the_file(shared_data: Path) -> None:
    """One short series; the whole file takes half a minute to make."""
    sys.path.insert(0, str(ROOT))
    try:
        module = importlib.import_module("benchmarks.backtest.calibrate_trends")
    finally:
        sys.path.remove(str(ROOT))
    made = tomllib.loads(module.render_trends(shared_data, ("N00092",)))["trend"]
    path = Path(domain.__file__).parent / "defaults" / "trends.toml"
    kept = [
        row
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["trend"]
        if row["series"] == "N00092"
    ]
    assert [row["method"] for row in made] == [row["method"] for row in kept]
    for mine, theirs in zip(made, kept, strict=True):
        for name, value in theirs.items():
            if isinstance(value, str):
                assert mine[name] == value
            else:
                assert mine[name] == pytest.approx(value, rel=0.01, abs=1e-6)
