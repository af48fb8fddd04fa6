"""One LP file for each family of requirements: the rows the solver gets, in full.

The files under `lp/` are the planner's matrices of tiny instances. One coefficient of
each is derived by hand here. `--update-golden` rewrites them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
import pytest
from unit.plan.tiny import goal, project, resource, tiny_case

from rodtrad.plan.constraints import build_problem
from rodtrad.plan.matrix import Matrix, build_matrix
from rodtrad.plan.milp import THREADS, Limits, solve_problem

if TYPE_CHECKING:
    from rodtrad.domain.arrays import Case

FOLDER = Path(__file__).parent / "lp"


def lp_text(matrix: Matrix) -> str:
    """Return the matrix in LP format, figures with nine digits."""
    lines = ["Maximize", f" obj:{_terms(matrix, matrix.cost)}", "Subject To"]
    for r, name in enumerate(matrix.row_names):
        coefficients = np.zeros(len(matrix.names))
        span = slice(matrix.start[r], matrix.start[r + 1])
        np.add.at(coefficients, matrix.index[span], matrix.value[span])
        low, high = matrix.row_lower[r], matrix.row_upper[r]
        terms = _terms(matrix, coefficients)
        if low == high:
            lines.append(f" {name}:{terms} = {low:.9g}")
        elif np.isinf(high):
            lines.append(f" {name}:{terms} >= {low:.9g}")
        else:
            assert np.isinf(low), "a row with two ends needs a new form here"
            lines.append(f" {name}:{terms} <= {high:.9g}")
    lines.append("Bounds")
    for j, name in enumerate(matrix.names):
        high = matrix.column_upper[j]
        end = "+inf" if np.isinf(high) else f"{high:.9g}"
        lines.append(f" {matrix.column_lower[j]:.9g} <= {name} <= {end}")
    whole = [n for n, i in zip(matrix.names, matrix.integer, strict=True) if i]
    return "\n".join([*lines, "General", *(f" {name}" for name in whole), "End", ""])


def _terms(matrix: Matrix, coefficients: Any) -> str:
    return "".join(
        f" {'-' if c < 0 else '+'} {abs(c):.9g} {name}"
        for name, c in zip(matrix.names, coefficients, strict=True)
        if c
    )


# An outlay of 1,000 tkr in 2026, in use 2027, life 20 years; interest 4 percent.
# Borrowing runs half the year: net loans at the end of 2026 grow by 1,000 / 0.98, of
# 2027 by that x 1.02 / 0.98. Rows are in mkr.
NET_2026 = 1.0 / 0.98
NET_2027 = NET_2026 * 1.02 / 0.98
AR_2026 = -0.04 * NET_2026 / 2
AR_2027 = -1.0 / 20 - 0.04 * (NET_2026 + NET_2027) / 2
SKOLA = project("skola", [1_000.0], 50.0, latest_year=2026)
BAD = project("bad", [500.0, 500.0], 30.0, build_years=2, latest_year=2027)
ONE = {"from_year": 2026, "to_year": 2026}


def cases() -> dict[str, tuple[Case, dict[tuple[str, str], float]]]:
    """Each family: its instance, and coefficients derived by hand."""
    skola = "build(skola,a,2026)"

    def with_goal(*args: Any, **columns: Any) -> Case:
        return tiny_case(SKOLA, BAD, goals=[goal(*args, **columns)])

    pair = {"project_id": "bad", "other_id": "skola"}
    return {
        "once_must": (
            tiny_case(SKOLA, project("bad", [500.0], 9.0, must_do=True)),
            {("once(skola)", skola): 1.0, ("must(bad)", "build(bad,a,2027)"): 1.0},
        ),
        "res_andel": (
            # ar - 0.02 x taxes and grants
            with_goal("g", "res_andel", 0.02, from_year=2026, to_year=2027),
            {
                ("res_andel(g,2026)", skola): AR_2026,
                ("res_andel(g,2027)", skola): AR_2027,
            },
        ),
        "average": (
            # the sum of ar over both years
            with_goal("g", "res_andel", 0.02, period="average:2", to_year=2027),
            {("res_andel(g,2027)", skola): AR_2026 + AR_2027},
        ),
        "lan_inv": (
            # 1,000 inhabitants: a krona of loans is a krona of slack, in mkr
            with_goal("g", "lan_inv", 20_000.0, **ONE),
            {("lan_inv(g,2026,b)", skola): -NET_2026},
        ),
        "lan_inv_average": (
            # a loans variable for each year, not below net loans
            with_goal(
                "g",
                "lan_inv",
                17_000.0,
                period="average:2",
                to_year=2029,
                from_year=2028,
            ),
            {("lan_inv(g,2029)", "loans(2029)"): -1.0},
        ),
        "nettolan": (
            with_goal("g", "nettolan", 0.2, **ONE),
            {("nettolan(g,2026)", skola): -NET_2026},
        ),
        "sol": (
            # equity - 0.4 x assets; assets without the surplus cash, then with loans
            with_goal("g", "sol", 0.4, **ONE),
            {
                ("sol(g,2026)", skola): AR_2026 - 0.4 * (1.0 - NET_2026),
                ("sol(g,2026,b)", skola): AR_2026 - 0.4 * 1.0,
            },
        ),
        "sfg": (
            # ar + depreciation - 0.5 x outlay
            with_goal("g", "sfg", 0.5, **ONE),
            {("sfg(g,2026)", skola): AR_2026 - 0.5 * 1.0},
        ),
        "inv_andel": (
            with_goal("g", "inv_andel", 0.1, **ONE),
            {("inv_andel(g,2026)", skola): -1.0},
        ),
        "aim": (
            # a percentage point of 80 mkr is 0.8 mkr
            with_goal("g", "res_andel", 0.03, level="aim", price=4.0, **ONE),
            {
                ("aim_res_andel(g,2026)", "miss(g,2026)"): 0.8,
                ("aim_res_andel(g,2026)", skola): AR_2026,
            },
        ),
        "aim_ratio": (
            # pieces over the denominator: the miss is held in each by slack / its end
            with_goal("g", "sfg", 6.0, level="aim", price=4.0, **ONE),
            {("piece_top(0,4)", skola): 1.0, ("piece_miss(0,4)", "miss(g,2026)"): 1.0},
        ),
        "requires": (
            tiny_case(SKOLA, BAD, relations=[{"kind": "requires", **pair}]),
            {
                ("requires(bad,skola,2026)", "build(bad,a,2026)"): -1.0,
                ("requires(bad,skola,2027)", skola): 1.0,
            },
        ),
        "excludes": (
            tiny_case(SKOLA, BAD, relations=[{"kind": "excludes", **pair}]),
            {("excludes(bad,skola)", skola): 1.0},
        ),
        "together": (
            tiny_case(SKOLA, BAD, relations=[{"kind": "together", **pair}]),
            {("together(bad,skola)", skola): -1.0},
        ),
        "resource": (
            tiny_case(
                project("skola", [10.0], 5.0, use={"folk": 2.0}, latest_year=2026),
                project("bad", [10.0], 5.0, use={"folk": 1.5}, latest_year=2027),
                resources=resource("folk", 3.0),
            ),
            {("resource(folk,2026)", skola): 2.0},
        ),
        "waiting": (
            # in use 2027: 100 a year is saved from then on; half of a year's interest
            tiny_case(
                project("skola", [0.0], 5.0, waiting_cost=100.0, latest_year=2026),
                goals=[goal("g", "res_andel", 0.02, from_year=2027, to_year=2027)],
            ),
            {("res_andel(g,2027)", skola): 0.1 + 0.04 * (0.1 / 0.98) / 2},
        ),
    }


@pytest.mark.parametrize("family", cases())
def test_the_rows_of_each_family(family: str, update_golden: bool) -> None:
    case, by_hand = cases()[family]
    matrix = build_matrix(build_problem(case))
    for (row, column), expected in by_hand.items():
        r, j = matrix.row_names.index(row), matrix.names.index(column)
        span = slice(matrix.start[r], matrix.start[r + 1])
        at = np.flatnonzero(matrix.index[span] == j)
        assert len(at) == 1, (row, column)
        assert matrix.value[span][at[0]] == pytest.approx(expected, rel=1e-9), row
    text = lp_text(matrix)
    path = FOLDER / f"{family}.lp"
    if update_golden:
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("family", cases())
def test_another_reading_of_the_file_gives_the_same_optimum(family: str) -> None:
    """The stored file is a whole problem: any solver can read it and agree."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", THREADS)
    solver.setOptionValue("mip_rel_gap", 0.0)
    assert solver.readModel(str(FOLDER / f"{family}.lp")) == highspy.HighsStatus.kOk
    solver.run()
    plan = solve_problem(build_problem(cases()[family][0]), Limits(gap=0))
    assert plan.objective is not None
    found = solver.getInfo().objective_function_value
    if family == "aim_ratio":  # a piecewise bound from above, refined while solving
        assert found >= plan.objective - 1e-6
    else:
        assert found == pytest.approx(plan.objective, abs=1e-6)


def test_names_are_safe_and_every_file_has_its_family() -> None:
    assert {path.stem for path in FOLDER.glob("*.lp")} == set(cases())
    for path in FOLDER.glob("*.lp"):
        text = path.read_text(encoding="utf-8")
        assert re.fullmatch(r"[A-Za-z0-9_(),.:<>=+\- \n]+", text), path.name
