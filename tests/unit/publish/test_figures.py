"""Charts as data: the figures behind them add up and agree with their tables."""

from __future__ import annotations

import math
from typing import Any

import pytest
from unit.publish.sample import sample_result

from rodtrad.publish import figures
from rodtrad.publish.blocks import Figure

MAKERS = [
    figures.needs_against_room,
    figures.result_share,
    figures.debt_per_inhabitant,
    figures.why_weakest,
    figures.timeline,
    figures.outlays_per_year,
    figures.goals_by_year,
    figures.balanskrav_by_year,
    figures.own_pace,
]


def small(**changes: Any) -> dict[str, Any]:
    """Three years, no projects, the parts that the room needs."""
    result: dict[str, Any] = {
        "years": [2026, 2027, 2028],
        "meta": {"base_year": 2025, "currency": "kr"},
        "needs": {
            "renewal": [100.0, 60.0, 10.0],
            "new_build": [0.0, 30.0, 0.0],
            "adaptation": [0.0, 0.0, 0.0],
            "image": [0.0, 10.0, 0.0],
            "total": [100.0, 100.0, 10.0],
        },
        "baseline": {
            "room": {
                "own_funds": [20.0, 30.0, 40.0],
                "debt_ceiling": [150.0, 150.0, 200.0],
                "result_target": [None, None, None],
            }
        },
    }
    result.update(changes)
    return result


def test_room_of_goals_is_used_up_by_earlier_needs() -> None:
    # 150 the first year; 100 are used, so 50 remain the next; 200 - 150 the last
    assert figures.room_left(small()) == ([150.0, 50.0, 50.0], "goals")


def test_the_tightest_goal_sets_the_room() -> None:
    result = small()
    result["baseline"]["room"]["result_target"] = [120.0, 130.0, 500.0]
    # 120 first (100 used), then min(150, 130) - 100 = 30, then min(200, 500) - 130 = 70
    assert figures.room_left(result) == ([120.0, 30.0, 70.0], "goals")


def test_own_funds_not_used_remain_when_there_is_no_goal() -> None:
    result = small()
    result["baseline"]["room"]["debt_ceiling"] = [None] * 3
    result["needs"]["total"] = [10.0, 45.0, 10.0]
    # 20; then 20 + 30 - 10 = 40, all used; then 40
    assert figures.room_left(result) == ([20.0, 40.0, 40.0], "own_funds")


def test_broken_goals_leave_no_room_rather_than_less_than_none() -> None:
    result = small()
    result["baseline"]["room"]["debt_ceiling"] = [-50.0, -50.0, 30.0]
    assert figures.room_left(result) == ([0.0, 0.0, 30.0], "goals")


def test_needs_chart_names_the_years_above_the_room() -> None:
    figure = figures.needs_against_room(small())
    assert figure is not None
    assert figure.title == "Behoven är större än utrymmet 2027"
    last = [row.cells[-1].value for row in figure.table.rows]
    assert last == [0.0, 50.0, 0.0]


def test_needs_chart_without_baseline_claims_nothing_of_room() -> None:
    result = small(baseline={})
    figure = figures.needs_against_room(result)
    assert figure is not None
    assert figure.room is None
    assert "utrymme" not in (figure.title + figure.room_label).lower()


def test_image_investments_are_shown_as_new() -> None:
    figure = figures.needs_against_room(small())
    assert figure is not None
    new = next(s for s in figure.series if s.key == "new")
    assert new.values == (0.0, 0.04, 0.0)


@pytest.mark.parametrize("maker", MAKERS)
def test_chart_and_table_hold_the_same_figures(maker: Any) -> None:
    figure = maker(sample_result())
    assert isinstance(figure, Figure)
    by_label = {
        column.label: [row.cells[i].value for row in figure.table.rows]
        for i, column in enumerate(figure.table.columns[1:])
    }
    if figure.kind == "stacked" and figure.room is not None:
        assert by_label["Utrymme kvar"] == pytest.approx(
            [1000 * (v or 0) for v in figure.room.values]
        )
    for series in figure.series:
        shown = by_label[series.label]
        scale = 1 if figure.percent else 1000
        assert shown == pytest.approx([scale * (v or 0) for v in series.values])
    for row, heat in zip(figure.table.rows, figure.heat, strict=False):
        assert [c.value for c in row.cells] == [c.value for c in heat.cells]
    for bar in figure.bars:
        row = next(r for r in figure.table.rows if r.header == bar.label)
        assert row.cells[1].value == bar.start_year
        assert row.cells[2].value == bar.in_use_year


@pytest.mark.parametrize("deficit", [True, False])
def test_waterfall_ends_at_the_weakest_years_result(deficit: bool) -> None:
    result = sample_result(deficit=deficit)
    figure = figures.why_weakest(result)
    assert figure is not None
    first, *changes, last = figure.steps
    assert first.kind == last.kind == "total"
    reached = math.fsum([first.value, *(step.value for step in changes)])
    assert reached == pytest.approx(
        last.value, abs=0.2
    )  # steps under 50 tkr are left out
    year = figures.weakest_year(result)
    assert year is not None
    assert last.value * 1000 == pytest.approx(
        result["statement"]["ar"][result["years"].index(year)]
    )


def test_outlays_by_kind_add_up_to_the_plans_outlays() -> None:
    result = sample_result(projects=24)
    figure = figures.outlays_per_year(result)
    assert figure is not None
    for i in range(len(result["years"])):
        spent = sum(p["outlay_tkr"][i] for p in result["projects"] if p["chosen"])
        assert sum(1000 * (s.values[i] or 0) for s in figure.series) == pytest.approx(
            spent
        )


def test_debt_chart_begins_with_the_base_year() -> None:
    result = sample_result()
    figure = figures.debt_per_inhabitant(result)
    assert figure is not None
    assert figure.labels[0] == "2025"
    assert figure.limits[0].values[0] is None
    assert figure.limits[0].values[1] == pytest.approx(42.0)


@pytest.mark.parametrize(
    ("indicator", "value", "margin", "met", "mood"),
    [
        ("res_andel", 0.01, 0.0026, True, "good"),
        ("res_andel", 0.01, 0.0025, True, "tight"),
        ("lan_inv", 40_000.0, 4_001.0, True, "good"),
        ("lan_inv", 40_000.0, 4_000.0, True, "tight"),
        ("lan_inv", 40_000.0, -1.0, False, "missed"),
        ("sol", 0.3, None, None, "quiet"),
    ],
)
def test_goal_mood(
    indicator: str, value: float, margin: float | None, met: bool | None, mood: str
) -> None:
    goal = {"indicator": indicator, "value": value, "margin": [margin], "met": [met]}
    assert figures.goal_mood(goal, 0) == mood


def test_missed_goals_are_told_by_a_sign_in_the_table() -> None:
    figure = figures.goals_by_year(sample_result())
    assert figure is not None
    for row, heat in zip(figure.table.rows, figure.heat, strict=True):
        for cell, drawn in zip(row.cells, heat.cells, strict=True):
            assert cell.text.endswith("*") == (drawn.mood == "missed")
    assert figure.table.note.startswith("*")


def test_an_average_goal_is_drawn_without_marks_for_single_years() -> None:
    result = sample_result()
    result["goals"][0]["period"] = "average:3"
    figure = figures.result_share(result)
    assert figure is not None
    assert [limit.operator for limit in figure.limits] == ["", ">="]


def test_very_many_projects_give_a_short_picture_and_a_whole_table() -> None:
    figure = figures.timeline(sample_result(projects=260))
    assert figure is not None
    assert len(figure.bars) == figures.TIMELINE_ROWS
    assert len(figure.table.rows) == 260
    assert "de 40 största" in figure.unit


def test_a_figure_is_no_better_than_its_worst_input() -> None:
    result = {"quality": {"figures": {"ar": "uppgift", "loans": "beräkning"}}}
    assert figures.worst_quality(result, "ar") == "uppgift"
    assert figures.worst_quality(result, "ar", "loans") == "berakning"
    assert figures.worst_quality(result, "sol") == ""


@pytest.mark.parametrize("maker", MAKERS)
def test_no_picture_where_there_is_nothing_to_show(maker: Any) -> None:
    empty = {"years": [2026], "meta": {"base_year": 2025}, "projects": [], "goals": []}
    assert maker(empty) is None
