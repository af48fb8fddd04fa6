"""Published figures of real municipalities, through our own functions.

Each case names its source in the TOML file. A tolerance is what the rounding of the
printed figures can amount to, and never more.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from rodtrad.capacity.capital_charge import annuity, linear_capital_charge
from rodtrad.capacity.frames import project_against_frame
from rodtrad.capacity.indicators import indicator_ratio
from rodtrad.capacity.legal_tests import (
    ADJUSTMENT_ROWS,
    Balanskrav,
    balanskravsutredning,
    hogsta_reservering,
)
from rodtrad.capacity.statements import subtotals

pytestmark = pytest.mark.oracle
HERE = Path(__file__).parent


def load(path: str) -> dict[str, Any]:
    return tomllib.loads((HERE / path).read_text(encoding="utf-8"))


LAW_CASES = load("law/balanskrav.toml")["case"]
STATEMENT_CASES = load("cases/income_statements.toml")["case"]
CHARGES = load("cases/capital_charge.toml")
RINGGARDEN = load("cases/ringgarden.toml")


def by_name(case: dict[str, Any]) -> str:
    return str(case["name"])


def investigate(case: dict[str, Any]) -> Balanskrav:
    rows = case["year"]

    def column(name: str, default: float) -> Any:
        return np.array([[row.get(name, default)] for row in rows])

    def given(name: str) -> Any:
        return np.array([[row.get("given", {}).get(name, np.nan)] for row in rows])

    return balanskravsutredning(
        np.array([row["year"] for row in rows]),
        net_result_tkr=column("ar", np.nan),
        # Where no base is published it is so large that the rule reserves nothing.
        base_tkr=column("base", 1e9),
        equity_with_pensions_tkr=column("equity_with_pensions", 1.0),
        adjustments={
            row: column(row, 0.0) for row in (*ADJUSTMENT_ROWS, "synnerliga_skal")
        },
        given={"reservering": given("reservering"), "anvandning": given("anvandning")},
        deficits=[],
        resultatreserv_tkr=case.get("resultatreserv", 0.0),
        rur_tkr=case.get("rur", 0.0),
        floors=[],
    )


@pytest.mark.parametrize("case", STATEMENT_CASES, ids=by_name)
def test_income_statement(case: dict[str, Any]) -> None:
    found = subtotals(case["lines"])
    for line, printed in case["expect"].items():
        assert found[line] == pytest.approx(printed, abs=0.05), line


@pytest.mark.parametrize("case", LAW_CASES, ids=by_name)
def test_balance_requirement(case: dict[str, Any]) -> None:
    found = investigate(case)
    for t, row in enumerate(case["year"]):
        for key, printed in row["expect"].items():
            value = found.rows[key][t, 0]
            assert value == pytest.approx(printed, abs=case["tolerance"]), key
        for key, exact in row.get("expect_exact", {}).items():
            assert found.rows[key][t, 0] == pytest.approx(exact, abs=1e-9), key
        if "expect_sum" in row:
            total = sum(found.rows[key][t, 0] for key in row["expect_sum"]["rows"])
            assert total == pytest.approx(row["expect_sum"]["value"], abs=0.5)
        for key in ("rur", "resultatreserv", "ceiling"):
            if f"expect_{key}" in row:
                stock = getattr(found, key)[t, 0]
                assert stock == pytest.approx(row[f"expect_{key}"], abs=0.5), key


@pytest.mark.parametrize(
    "case", [case for case in LAW_CASES if "deficit" in case], ids=by_name
)
def test_deficits(case: dict[str, Any]) -> None:
    found, expected = investigate(case).deficits, case["deficit"]
    assert len(found) == len(expected)
    for deficit, printed in zip(found, expected, strict=True):
        assert deficit["year"] == printed["year"]
        assert deficit["due_year"] == printed["due_year"]
        tolerance = case["tolerance"]
        assert deficit["amount"] == pytest.approx(printed["amount"], abs=tolerance)
        assert deficit["left"] == pytest.approx(printed["left"], abs=tolerance)
        assert [r["year"] for r in deficit["restored"]] == [
            r["year"] for r in printed["restored"]
        ]
        assert sum(r["amount"] for r in deficit["restored"]) == pytest.approx(
            sum(r["amount"] for r in printed["restored"]), abs=tolerance
        )


@pytest.mark.parametrize(
    ("case", "row"),
    [
        pytest.param(case, row, id=f"{case['name']}, {row['year']}")
        for case in LAW_CASES
        for row in case["year"]
        if "hogsta_reservering" in row
    ],
)
def test_most_that_may_be_reserved(case: dict[str, Any], row: dict[str, Any]) -> None:
    areb = row["ar"] + sum(row.get(key, 0.0) for key in ADJUSTMENT_ROWS)
    most = hogsta_reservering(
        row["year"],
        net_result_tkr=np.array([row["ar"]]),
        areb_tkr=np.array([areb]),
        base_tkr=np.array([row["base"]]),
        equity_with_pensions_tkr=np.array([1.0]),
    )
    assert most[0] == pytest.approx(row["hogsta_reservering"], abs=case["tolerance"])


@pytest.mark.parametrize("case", CHARGES["case"], ids=lambda c: str(c["life_years"]))
def test_capital_charge(case: dict[str, Any]) -> None:
    outlay, rate, life = CHARGES["outlay"], CHARGES["rate"], case["life_years"]
    charge = linear_capital_charge(outlay, life, rate)
    assert annuity(outlay, life, rate) == pytest.approx(case["annuity"], abs=0.005)
    assert charge.depreciation[0] == pytest.approx(case["depreciation"], abs=0.005)
    assert charge.interest[0] == pytest.approx(case["first_interest"], abs=0.005)
    assert charge.total[0] == pytest.approx(case["first_total"], abs=0.005)


def test_ringgarden_is_over_its_frame_and_its_budgets() -> None:
    found = project_against_frame(
        RINGGARDEN["name"],
        RINGGARDEN["parts"],
        frame_tkr=RINGGARDEN["frame"],
        spent_tkr=RINGGARDEN["spent"],
        budget_tkr={int(year): v for year, v in RINGGARDEN["budget"].items()},
    )
    assert found.total_tkr == pytest.approx(RINGGARDEN["total"], abs=1e-6)
    assert found.frame_margin_tkr == pytest.approx(RINGGARDEN["frame_margin"], abs=1e-6)
    assert found.budget_margin_tkr == pytest.approx(
        RINGGARDEN["budget_margin"], abs=1e-6
    )
    assert [issue.code for issue in found.issues] == [
        "frame_exceeded",
        "budget_exceeded",
    ]
    assert "199\u00a0000\u00a0kronor" in found.issues[0].message
    assert "2022\u20132023" in found.issues[1].message


def test_net_cost_share_of_goteborg_2017() -> None:
    """Operations 90, depreciation 4.6 and financial net -2.0 percent print as 93.

    Source: http://arsredovisning.goteborg.se/2017/block-3-goteborgs-kommun-finansiell-analys/finansiella-nyckeltal-kommunen/
    """
    shares = {"ri": 0.0, "rk": -90.0, "ra": -4.6, "rs": 100.0, "rg": 0.0}
    lines = subtotals(shares | {"fi": 2.0, "fk": 0.0})
    zero = np.zeros((1, 1))
    years = SimpleNamespace(
        statement={k: np.array([[float(v)]]) for k, v in lines.items()},
        balance=dict.fromkeys(
            ("fixed_assets", "financial_assets", "other_assets", "equity"), zero
        ),
        outlay=zero,
        income=zero,
        net_loans=np.zeros((2, 1)),
    )
    case = SimpleNamespace(min_cash=0.0, population=np.ones((2, 1)))
    ratio = indicator_ratio(cast("Any", case), cast("Any", years), "nka", zero)
    share = ratio.numerator(zero) / ratio.denominator(zero)
    assert share[0, 0] == pytest.approx(0.926, abs=1e-12)
    assert round(100 * float(share[0, 0])) == 93
