"""The worked tables of docs/method, recomputed: a page that is wrong fails here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rodtrad.capacity.capital_charge import annuity, linear_capital_charge
from rodtrad.capacity.frames import project_against_frame
from rodtrad.capacity.legal_tests import balanskravsutredning, hogsta_reservering
from rodtrad.domain import law
from rodtrad.domain.arrays import Deficit
from rodtrad.needs.population_rates import births_levels

PAGES = Path(__file__).parents[2] / "docs" / "method"


def table(page: str, name: str) -> list[list[str]]:
    """Return the cells of the table after `<!-- golden: name -->`, heading first."""
    text = (PAGES / page).read_text(encoding="utf-8")
    after = text.split(f"<!-- golden: {name} -->\n\n")[1]
    lines = after.split("\n\n")[0].splitlines()
    cells = [
        [c.strip().strip("`*") for c in line.strip("|").split("|")] for line in lines
    ]
    return [cells[0], *cells[2:]]


def figure(cell: str) -> float:
    return float(cell.replace("\u2212", "-").replace(" ", "").replace(",", "."))


def test_balance_requirement_page() -> None:
    heading, *rows = table("balanskrav.md", "balanskrav")
    years = np.array([int(y) for y in heading[1:]])
    shown = {row[0]: [figure(c) for c in row[1:]] for row in rows}
    found = balanskravsutredning(
        years,
        net_result_tkr=np.array(shown["ar"])[:, None],
        base_tkr=np.full((4, 1), 1000.0),
        equity_with_pensions_tkr=np.ones((4, 1)),
        adjustments={},
        given={},
        deficits=[Deficit(2025, 5.0, 2028, 0.0, 0.0)],
        resultatreserv_tkr=6.0,
        rur_tkr=4.0,
        floors=[],
    )
    stocks = {"rur": found.rur, "resultatreserv": found.resultatreserv}
    computed = dict(found.rows) | stocks
    for key, values in shown.items():
        assert computed[key][:, 0].tolist() == pytest.approx(values), key
    assert [(d["year"], d["due_year"], d["left"]) for d in found.deficits] == [
        (2025, 2028, 0.0),
        (2027, 2030, 0.0),
    ]


def test_capital_charge_page() -> None:
    _, *rows = table("kapitalkostnad.md", "kapitalkostnad")
    assert len(rows) == 3
    for row in rows:
        life, depreciation, interest, total, yearly = (figure(c) for c in row)
        charge = linear_capital_charge(280.0, int(life), 0.025)
        assert charge.depreciation[0] == pytest.approx(depreciation, abs=0.005)
        assert charge.interest[0] == pytest.approx(interest, abs=0.005)
        assert charge.total[0] == pytest.approx(total, abs=0.005)
        assert annuity(280.0, int(life), 0.025) == pytest.approx(yearly, abs=0.005)


def test_frame_page() -> None:
    rows = [figure(row[1]) for row in table("kapitalkostnad.md", "ram")[1:]]
    parts, (total, _, frame_margin, budget, budget_margin) = rows[:4], rows[4:]
    found = project_against_frame(
        "Ringgården",
        {str(i): part for i, part in enumerate(parts)},
        frame_tkr=85_000.0,
        spent_tkr=4_500.0,
        budget_tkr={2022: 39_000.0, 2023: 40_000.0},
    )
    assert budget == 79_000.0
    assert found.total_tkr == total
    assert found.frame_margin_tkr == frame_margin
    assert found.budget_margin_tkr == budget_margin


def test_law_page_lists_every_value_with_its_status() -> None:
    shown = [
        (row[1], row[3], row[4], row[5], row[6]) for row in table("lag.md", "lag")[1:]
    ]
    expected = [
        (
            v["key"],
            f"{v['valid_from']}\u2013{v['valid_to'] or ''}",
            f"[{v['reference']}]({v['source']})",
            "ja" if v["verified"] else "nej",
            v["note"],
        )
        for v in law.used(range(2000, 2100))
    ]
    assert shown == expected


def test_law_page_values() -> None:
    for row in table("lag.md", "lag")[1:]:
        year = int(row[3].split("\u2013")[0])
        value = law.at(row[1], year).value
        if isinstance(value, tuple):
            assert row[2] == f"{len(value)} rader"
        elif isinstance(value, float):
            assert figure(row[2].removesuffix(" procent")) == 100 * value
        else:
            assert row[2] == str(value)


def test_reservation_on_the_law_page() -> None:
    for row, equity, share in zip(
        table("lag.md", "reservering")[1:], (1.0, -1.0), (0.01, 0.02), strict=True
    ):
        found = hogsta_reservering(
            2025,
            net_result_tkr=np.array([22.8]),
            areb_tkr=np.array([20.9]),
            base_tkr=np.array([1210.0]),
            equity_with_pensions_tkr=np.array([equity]),
        )
        assert figure(row[1]) == pytest.approx(share * 1210)
        assert figure(row[2]) == pytest.approx(found[0], abs=0.05)


def test_known_births_page() -> None:
    _heading, *rows = table("population.md", "births_level")
    known = np.array([figure(row[1]) if row[1] else np.nan for row in rows])
    factors = births_levels(np.full(len(rows), 100.0), known)
    assert factors == pytest.approx([figure(row[2]) for row in rows])
    assert 100.0 * factors == pytest.approx([figure(row[3]) for row in rows])
