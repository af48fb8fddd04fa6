"""The default rule for reserves and deficits, case by case. Amounts in tkr."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rodtrad.capacity.legal_tests import (
    Balanskrav,
    ReserveFloor,
    balanskravsutredning,
    hogsta_reservering,
    resultat_efter_balanskravsjusteringar,
)
from rodtrad.domain.arrays import Deficit


def investigate(
    first: int,
    net_result: list[float],
    *,
    base: float = 1000.0,
    equity: float = 1.0,
    adjustments: dict[str, list[float]] | None = None,
    given: dict[str, list[float]] | None = None,
    **arguments: Any,
) -> Balanskrav:
    def column(values: list[float]) -> Any:
        return np.array(values, dtype=float)[:, None]

    n = len(net_result)
    return balanskravsutredning(
        np.arange(first, first + n),
        net_result_tkr=column(net_result),
        base_tkr=np.full((n, 1), base),
        equity_with_pensions_tkr=np.full((n, 1), equity),
        adjustments={k: column(v) for k, v in (adjustments or {}).items()},
        given={k: column(v) for k, v in (given or {}).items()},
        **{
            "deficits": [],
            "resultatreserv_tkr": 0.0,
            "rur_tkr": 0.0,
            "floors": [],
            **arguments,
        },
    )


def row(found: Balanskrav, key: str) -> list[float]:
    return [round(float(v), 9) for v in found.rows[key][:, 0]]


def test_adjustments_enter_with_their_sign() -> None:
    areb = resultat_efter_balanskravsjusteringar(
        np.array([[100.0]]),
        {
            "realisationsvinster": np.array([[-20.0]]),
            "undantag_forlust": np.array([[4.0]]),
            "synnerliga_skal": np.array([[50.0]]),
        },
    )
    assert areb[0, 0] == 84.0


@pytest.mark.parametrize(
    ("net_result", "areb", "equity", "most"),
    [
        (30.0, 25.0, 1.0, 15.0),  # the lower of the two
        (20.0, 25.0, 1.0, 10.0),
        (30.0, 25.0, -1.0, 5.0),  # twice the share with negative equity
        (30.0, 25.0, 0.0, 15.0),  # zero is not negative
        (9.0, 9.0, 1.0, 0.0),
    ],
)
def test_lawful_maximum(
    net_result: float, areb: float, equity: float, most: float
) -> None:
    found = hogsta_reservering(
        2027,
        net_result_tkr=np.array([net_result]),
        areb_tkr=np.array([areb]),
        base_tkr=np.array([1000.0]),
        equity_with_pensions_tkr=np.array([equity]),
    )
    assert found[0] == pytest.approx(most)


def test_a_loss_takes_rur_first_and_then_the_resultatreserv() -> None:
    found = investigate(2026, [-30.0], rur_tkr=20.0, resultatreserv_tkr=25.0)
    assert row(found, "anvandning") == [30.0]
    assert row(found, "bkr") == [0.0]
    assert found.rur[0, 0] == 0.0
    assert found.resultatreserv[0, 0] == 15.0
    assert found.deficits == []


def test_rur_is_closed_after_its_last_year() -> None:
    found = investigate(2033, [-5.0, -5.0], rur_tkr=20.0)
    assert row(found, "anvandning") == [5.0, 0.0]
    assert row(found, "bkr") == [0.0, -5.0]
    assert found.rur[:, 0].tolist() == [15.0, 15.0]


def test_a_reservation_before_2024_goes_to_rur_without_ceiling() -> None:
    found = investigate(2023, [80.0, 80.0])
    assert row(found, "reservering") == [-70.0, -50.0]
    assert found.rur[:, 0].tolist() == [70.0, 70.0]
    assert found.resultatreserv[:, 0].tolist() == [0.0, 50.0]
    assert np.isnan(found.ceiling[0, 0])
    assert found.ceiling[1, 0] == 50.0


def test_the_ceiling_counts_what_is_there_already() -> None:
    found = investigate(2026, [80.0], resultatreserv_tkr=45.0)
    assert row(found, "reservering") == [-5.0]
    above = investigate(2026, [80.0], resultatreserv_tkr=60.0)
    assert row(above, "reservering") == [0.0]
    assert above.resultatreserv[0, 0] == 60.0


def test_deficits_are_restored_before_anything_is_reserved() -> None:
    carried = [Deficit(2025, 30.0, 2028, 5.0, 5.0), Deficit(2024, 10.0, 2027, 0.0, 0.0)]
    found = investigate(2026, [15.0, 40.0], deficits=carried)
    assert row(found, "underskott_in") == [-30.0, -15.0]
    assert row(found, "att_reglera") == [-15.0, 0.0]
    # 2027: 15 restores, 25 is left, the law allows 40 - 10.
    assert row(found, "reservering") == [0.0, -25.0]
    assert row(found, "bkr") == [15.0, 15.0]
    assert found.deficits == [
        {
            "year": 2024,
            "amount": 10.0,
            "due_year": 2027,
            "restored_before": 0.0,
            "restored": [{"year": 2026, "amount": 10.0}],
            "exempted": 0.0,
            "left": 0.0,
        },
        {
            "year": 2025,
            "amount": 30.0,
            "due_year": 2028,
            "restored_before": 5.0,
            "restored": [
                {"year": 2026, "amount": 5.0},
                {"year": 2027, "amount": 15.0},
            ],
            "exempted": 5.0,
            "left": 0.0,
        },
    ]


def test_a_deficit_is_due_three_years_later() -> None:
    found = investigate(2026, [-12.0, 0.0])
    assert row(found, "att_reglera") == [-12.0, -12.0]
    assert found.deficits[0]["due_year"] == 2029
    assert found.deficits[0]["left"] == 12.0


def test_an_exemption_takes_its_own_year_and_then_the_newest() -> None:
    carried = [Deficit(2023, 10.0, 2026, 0.0, 0.0), Deficit(2025, 10.0, 2028, 0.0, 0.0)]
    found = investigate(
        2026, [-8.0], deficits=carried, adjustments={"synnerliga_skal": [20.0]}
    )
    assert {d["year"]: d["exempted"] for d in found.deficits} == {
        2023: 2.0,
        2025: 10.0,
        2026: 8.0,
    }
    assert row(found, "bkr") == [-8.0]
    assert row(found, "att_reglera") == [-8.0]
    assert found.deficits[0]["left"] == 8.0


def test_given_amounts_replace_the_rule_that_year_only() -> None:
    nan = float("nan")
    found = investigate(
        2026,
        [-10.0, 40.0, 40.0],
        resultatreserv_tkr=30.0,
        given={"anvandning": [4.0, nan, nan], "reservering": [nan, -3.0, nan]},
    )
    assert row(found, "anvandning") == [4.0, 0.0, 0.0]
    assert row(found, "reservering") == [0.0, -3.0, -21.0]
    assert row(found, "bkr") == [-6.0, 37.0, 19.0]
    assert found.resultatreserv[:, 0].tolist() == [26.0, 29.0, 50.0]
    assert found.deficits[0]["restored"] == [{"year": 2027, "amount": 6.0}]


def test_a_yearly_goal_limits_the_reservation() -> None:
    found = investigate(2026, [30.0, 30.0], floors=[ReserveFloor(0.02, 2027, 2027)])
    # 2026 lies outside the goal: 30 - 10; 2027: 30 - 20.
    assert row(found, "reservering") == [-20.0, -10.0]


def test_a_goal_on_an_average_looks_back_and_ahead() -> None:
    floor = [ReserveFloor(0.01, 2026, 2028, 3)]
    ahead = investigate(2026, [40.0, 0.0, 0.0], floors=floor)
    assert row(ahead, "reservering") == [-10.0, 0.0, 0.0]
    floor = [ReserveFloor(0.012, 2026, 2028, 3)]
    back = investigate(2026, [40.0, 40.0, 0.0], floors=floor)
    # 2026 sees 80 against 36 and takes its lawful 30; 2027 sees 10 + 40 against 36.
    assert row(back, "reservering") == [-30.0, -14.0, 0.0]


def test_nothing_is_reserved_when_a_goal_is_missed_already() -> None:
    found = investigate(2026, [15.0], floors=[ReserveFloor(0.02, 2026, 2026)])
    assert row(found, "reservering") == [0.0]


def test_a_window_that_the_years_do_not_hold_is_left_out() -> None:
    found = investigate(2026, [40.0, 0.0], floors=[ReserveFloor(0.01, 2026, 2028, 3)])
    assert row(found, "reservering") == [-30.0, 0.0]


def test_zero_is_never_shown_as_minus_zero() -> None:
    found = investigate(2026, [-5.0, 5.0], resultatreserv_tkr=5.0)
    for key, values in found.rows.items():
        assert not np.any(np.signbit(values) & (values == 0)), key


def test_years_must_follow_each_other() -> None:
    with pytest.raises(ValueError, match="consecutive"):
        balanskravsutredning(
            np.array([2026, 2028]),
            net_result_tkr=np.zeros((2, 1)),
            base_tkr=np.ones((2, 1)),
            equity_with_pensions_tkr=np.ones((2, 1)),
            adjustments={},
            given={},
            deficits=[],
            resultatreserv_tkr=0.0,
            rur_tkr=0.0,
            floors=[],
        )


def test_arrays_of_one_draw_meet_arrays_of_many() -> None:
    found = balanskravsutredning(
        np.array([2026]),
        net_result_tkr=np.array([[30.0, -5.0]]),
        base_tkr=np.array([[1000.0]]),
        equity_with_pensions_tkr=np.array([[1.0, 1.0]]),
        adjustments={"realisationsvinster": np.array([[-10.0]])},
        given={"reservering": np.array([[np.nan]])},
        deficits=[],
        resultatreserv_tkr=6.0,
        rur_tkr=0.0,
        floors=[],
    )
    assert found.rows["bkr"].tolist() == [[10.0, -9.0]]
