"""What must hold for any figures: law and ceiling, draws, order of deficits, scale."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rodtrad.capacity.legal_tests import (
    ROWS,
    Balanskrav,
    ReserveFloor,
    balanskravsutredning,
    hogsta_reservering,
)
from rodtrad.domain.arrays import Deficit

# Round numbers: what the law makes of them must not hang on rounding, and ties occur.
amounts = st.integers(-80, 80).map(float)
positive = st.integers(0, 60).map(float)


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    n_years = draw(st.integers(1, 8))
    n_draws = draw(st.integers(1, 3))
    first = draw(st.sampled_from([2020, 2022, 2026, 2030]))

    def table(values: st.SearchStrategy[float]) -> Any:
        cells = [[draw(values) for _ in range(n_draws)] for _ in range(n_years)]
        return np.array(cells)

    given = {}
    if draw(st.booleans()):
        some = st.one_of(st.just(float("nan")), positive)
        given = {"reservering": -table(some), "anvandning": table(some)}
    floor_start = first + draw(st.integers(0, 2))
    return {
        "years": np.arange(first, first + n_years),
        "net_result_tkr": table(amounts),
        "base_tkr": table(st.sampled_from([800.0, 1000.0, 1200.0])),
        "equity_with_pensions_tkr": table(st.sampled_from([-5.0, 5.0])),
        "adjustments": {
            "realisationsvinster": -table(st.sampled_from([0.0, 0.0, 7.0])),
            "synnerliga_skal": table(st.sampled_from([0.0, 0.0, 0.0, 15.0])),
        },
        "given": given,
        "deficits": [
            Deficit(first - back, draw(positive), first - back + 3, 0.0, 0.0)
            for back in draw(st.sampled_from([[], [1], [3, 2]]))
        ],
        "resultatreserv_tkr": draw(positive),
        "rur_tkr": draw(positive),
        "floors": draw(
            st.sampled_from(
                [
                    [],
                    [ReserveFloor(0.01, floor_start, first + n_years - 1, 1)],
                    [ReserveFloor(0.01, floor_start, first + n_years - 1, 3)],
                ]
            )
        ),
    }


def investigate(case: dict[str, Any], **changes: Any) -> Balanskrav:
    arguments = case | changes
    years = arguments.pop("years")
    return balanskravsutredning(years, **arguments)


def rule_only(case: dict[str, Any]) -> dict[str, Any]:
    return case | {"given": {}}


@settings(max_examples=150, deadline=None)
@given(cases())
def test_rows_add_up_and_what_is_left_is_carried_over(case: dict[str, Any]) -> None:
    found = investigate(case)
    rows = found.rows
    assert tuple(rows) == ROWS
    adjusted = sum(rows[key] for key in ROWS[: ROWS.index("areb")])
    np.testing.assert_allclose(rows["areb"], adjusted, atol=1e-9)
    bkr = rows["areb"] + rows["reservering"] + rows["anvandning"]
    np.testing.assert_allclose(rows["bkr"], bkr, atol=1e-9)
    left = np.minimum(0.0, bkr + rows["synnerliga_skal"] + rows["underskott_in"])
    np.testing.assert_allclose(rows["att_reglera"], left, atol=1e-9)
    np.testing.assert_allclose(
        rows["underskott_in"][1:], rows["att_reglera"][:-1], atol=1e-9
    )
    assert np.all(found.resultatreserv >= 0)
    assert np.all(found.rur >= 0)


@settings(max_examples=150, deadline=None)
@given(cases())
def test_a_reservation_is_lawful(case: dict[str, Any]) -> None:
    case = rule_only(case)
    found = investigate(case)
    rows = found.rows
    before = np.vstack(
        [
            np.full((1, rows["ar"].shape[1]), case["resultatreserv_tkr"]),
            found.resultatreserv[:-1],
        ]
    )
    for t, year in enumerate(case["years"]):
        reserved = -rows["reservering"][t]
        most = hogsta_reservering(
            int(year),
            net_result_tkr=rows["ar"][t],
            areb_tkr=rows["areb"][t],
            base_tkr=case["base_tkr"][t],
            equity_with_pensions_tkr=case["equity_with_pensions_tkr"][t],
        )
        assert np.all(reserved >= 0)
        assert np.all(reserved <= most + 1e-9)
        if year < 2024:
            assert np.all(np.isnan(found.ceiling[t]))
        else:
            np.testing.assert_allclose(found.ceiling[t], 0.05 * case["base_tkr"][t])
            # A stock that was too high from the start may stay, but never grow.
            highest = np.maximum(found.ceiling[t], before[t])
            assert np.all(found.resultatreserv[t] <= highest + 1e-9)
        if year > 2033:
            assert np.all(found.rur[t] == found.rur[t - 1] if t else True)


@settings(max_examples=100, deadline=None)
@given(cases())
def test_a_reservation_never_breaks_a_floor(case: dict[str, Any]) -> None:
    case = rule_only(case)
    rows = investigate(case)
    first, last = int(case["years"][0]), int(case["years"][-1])
    for floor in case["floors"]:
        n = floor.years_in_average
        for end in range(floor.first_year + n - 1, min(floor.last_year, last) + 1):
            window = slice(end - n + 1 - first, end + 1 - first)
            demand = floor.value * case["base_tkr"][window].sum(axis=0)
            without = rows.rows["areb"][window].sum(axis=0)
            result = rows.rows["bkr"][window].sum(axis=0)
            held = without >= demand
            assert np.all(result[held] >= demand[held] - 1e-9)


@settings(max_examples=100, deadline=None)
@given(cases())
def test_one_draw_equals_its_column_of_many(case: dict[str, Any]) -> None:
    many = investigate(case)
    d = case["net_result_tkr"].shape[1] - 1

    def column(values: Any) -> Any:
        return {k: v[:, d : d + 1] for k, v in values.items()}

    alone = investigate(
        case,
        net_result_tkr=case["net_result_tkr"][:, d : d + 1],
        base_tkr=case["base_tkr"][:, d : d + 1],
        equity_with_pensions_tkr=case["equity_with_pensions_tkr"][:, d : d + 1],
        adjustments=column(case["adjustments"]),
        given=column(case["given"]),
    )
    for key in ROWS:
        np.testing.assert_array_equal(alone.rows[key][:, 0], many.rows[key][:, d])
    np.testing.assert_array_equal(alone.resultatreserv[:, 0], many.resultatreserv[:, d])
    np.testing.assert_array_equal(alone.rur[:, 0], many.rur[:, d])


@settings(max_examples=150, deadline=None)
@given(cases())
def test_deficits_are_restored_oldest_first(case: dict[str, Any]) -> None:
    found = investigate(case)
    listed = found.deficits
    assert [d["year"] for d in listed] == sorted(d["year"] for d in listed)
    for deficit in listed:
        restored = sum(r["amount"] for r in deficit["restored"])
        left = deficit["amount"] - restored - deficit["exempted"]
        assert deficit["left"] == pytest.approx(left, abs=1e-9)
        assert all(r["year"] > deficit["year"] for r in deficit["restored"])
    # Before a deficit gets anything, every older one is gone by the same year.
    for older, newer in itertools.pairwise(listed):
        for payment in newer["restored"]:
            paid = sum(
                r["amount"] for r in older["restored"] if r["year"] <= payment["year"]
            )
            open_then = older["amount"] - older["exempted"] - paid
            assert open_then <= 1e-9
    total = sum(d["left"] for d in listed)
    assert total == pytest.approx(-found.rows["att_reglera"][-1, 0], abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(cases(), st.sampled_from([0.001, 0.5, 1000.0]))
def test_money_times_k_gives_everything_times_k(case: dict[str, Any], k: float) -> None:
    found = investigate(case)
    scaled = investigate(
        case,
        net_result_tkr=k * case["net_result_tkr"],
        base_tkr=k * case["base_tkr"],
        equity_with_pensions_tkr=k * case["equity_with_pensions_tkr"],
        adjustments={key: k * v for key, v in case["adjustments"].items()},
        given={key: k * v for key, v in case["given"].items()},
        deficits=[replace(d, amount=k * d.amount) for d in case["deficits"]],
        resultatreserv_tkr=k * case["resultatreserv_tkr"],
        rur_tkr=k * case["rur_tkr"],
    )
    for key in ROWS:
        np.testing.assert_allclose(
            scaled.rows[key], k * found.rows[key], atol=1e-9 * max(k, 1)
        )
    np.testing.assert_allclose(
        scaled.resultatreserv, k * found.resultatreserv, atol=1e-9 * max(k, 1)
    )
