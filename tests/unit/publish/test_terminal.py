"""What the command line prints: one cause told once, and nothing said twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from unit.plan.tiny import project, tiny_tables

from rodtrad.domain.arrays import Choice
from rodtrad.domain.checks import check_tables
from rodtrad.errors import Issue
from rodtrad.explain.trail import explain_figure
from rodtrad.publish.terminal import render_comparison, render_issues, render_trail

if TYPE_CHECKING:
    from rodtrad.domain.components import Tables


def renamed_project() -> Tables:
    """One id changed on the sheet Projekt, and nowhere else."""
    tables = tiny_tables(
        project("skola", [100.0, 50.0, 50.0], 5.0, operating=7.0),
        project("bad", [10.0], 1.0),
    )
    names = tables["projects"]["project_id"]
    names[names.index("skola")] = "al_skola"
    return tables


@pytest.mark.parametrize(
    ("workbook", "first", "rows"),
    [(True, "Alternativ", "Utgifter"), (False, "alternatives.csv", "outlays.csv")],
)
def test_one_changed_id_is_told_once_with_every_place(
    workbook: bool, first: str, rows: str
) -> None:
    issues = check_tables(renamed_project())
    orphans = [issue for issue in issues if issue.code == "ref_orphan"]
    tables = {issue.table for issue in orphans}
    assert len(orphans) > 5
    assert len(tables) >= 4
    out = render_issues(issues, workbook)
    assert out.count("”skola” finns inte på bladet Projekt.") == 1
    counted = f"Gäller {len(orphans)} rader, den första är {first} rad 2. Alla: "
    (line,) = [text for text in out.splitlines() if counted in text]
    assert f"{rows} rad 2–4" in line
    assert line.count(";") == len(tables) - 1


def test_faults_of_other_values_are_told_one_by_one() -> None:
    def fault(row: int, value: str) -> Issue:
        text = f"”{value}” är inte ett tal."
        return Issue(
            "cell_not_number", "error", "outlays", row, "outlay", text, "Rätta."
        )

    out = render_issues([fault(2, "tio"), fault(3, "elva"), fault(9, "tio")], True)
    assert out.count("är inte ett tal.") == 2
    assert (
        "Gäller 2 rader, den första är Utgifter rad 2. Alla: Utgifter rad 2 och 9."
        in out
    )


def test_blank_cells_are_listed_not_counted() -> None:
    """The same words, but the rows are what must be known."""
    issues = [
        Issue(
            "cell_required",
            "error",
            "projects",
            row,
            "name",
            "Värde saknas.",
            "Fyll i.",
        )
        for row in (2, 5)
    ]
    out = render_issues(issues, True)
    assert "rad 2, Namn:" in out
    assert "rad 5, Namn:" in out


def test_a_very_long_list_of_rows_is_counted() -> None:
    issues = [
        Issue("cell_choice", "error", "outlays", row, "outlay", "”x” fel.", "Rätta.")
        for row in range(2, 200, 2)
    ]
    out = render_issues(issues, True)
    assert "den första är Utgifter rad 2. Alla: Utgifter från rad 2, 99 rader." in out


def test_a_long_source_is_written_once_in_a_trail() -> None:
    tables = tiny_tables()
    long, short = "Prognos: " + "mycket text " * 10, "SCB"
    years = tables["years"].columns
    years["source"][:] = [long] * len(tables["years"])
    tables["statement"].columns["source"][:] = [short] * len(tables["statement"])
    rs, ri = (
        render_trail(explain_figure(tables, [], f"{key}:2029")) for key in ("rs", "ri")
    )
    for out in (rs, ri):
        assert out.count(long) == 1
        assert "Samma källa som ovan, bladet År, rad " in out
    assert rs.count("SCB") == 1
    first = next(line for line in rs.splitlines() if long in line)
    place = first.split("Bladet ")[1].split(", ")[1]
    assert f"Samma källa som ovan, bladet År, {place}." in rs


def test_outlays_and_effects_name_their_year() -> None:
    tables = tiny_tables(project("skola", [100.0, 50.0], 5.0, operating=7.0))
    chosen = [Choice("skola", "a", 2026)]
    out = render_trail(explain_figure(tables, chosen, "outlay:2027"))
    assert "Utgift år 1 från start: 50" in out
    assert "år 0 från start" not in out
    out = render_trail(explain_figure(tables, chosen, "rk:2029"))
    assert "Ändrad driftkostnad år 0 från ibruktagande: 7" in out


def test_a_comparison_names_the_alternatives() -> None:
    status = {"objective": 1.0, "gap": 0.0, "scenario": None}
    plan = {"chosen": 1, "projects": 1, "outlay_fixed_tkr": 1.0} | status
    empty = [[None], [None]]

    def choice(alternative: str) -> dict[str, Any]:
        return {"alternative_id": alternative, "start_year": 2029}

    comparison = {
        "plans": [plan, plan],
        "years": [[2029], [2029]],
        "figures": dict.fromkeys(("ar", "bkr", "outlay", "loans", "res_andel"), empty),
        "itemised": [{"comparable": False}],
        "projects": [
            {
                "project_id": "skola",
                "name": "Skola",
                "plans": [choice("hel"), choice("halv")],
            }
        ],
    }
    results = [
        {"projects": [{"project_id": "skola", "alternative_name": name}]}
        for name in ("Hela skolan", None)
    ]
    out = render_comparison(comparison, ["a", "b"], results)
    assert "2029 Hela skolan" in out
    assert "2029 halv" in out  # without a name, its id
