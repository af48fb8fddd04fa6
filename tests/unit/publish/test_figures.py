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


def with_aim() -> dict[str, Any]:
    """The goals that must be kept leave plenty, an aim leaves 20 the first year."""
    result = small()
    room = result["baseline"]["room"]
    result["goals"] = [{"indicator": "res_andel", "level": "aim", "met": []}]
    result["baseline"]["room"] = {
        **room,
        "result_target": [20.0, 20.0, 30.0],
        "must": {**room, "result_target": [None, None, None]},
    }
    return result


def test_needs_are_judged_by_the_goals_that_must_be_kept() -> None:
    result = with_aim()
    assert figures.room_left(result) == ([150.0, 50.0, 50.0], "goals")
    assert figures.room_left_with_aims(result) == [20.0, 0.0, 0.0]
    figure = figures.needs_against_room(result)
    assert figure is not None
    assert figure.title == "Behoven är större än utrymmet 2027"
    assert figure.aim is not None
    assert figure.aim.values == (0.02, 0.0, 0.0)
    assert figure.table.columns[-1].label == figure.aim.label


@pytest.mark.parametrize("kinds", [{}, {"projects": 40, "years": 20}])
def test_more_goals_never_leave_more_room(kinds: dict[str, int]) -> None:
    result = sample_result(**kinds)  # type: ignore[arg-type]
    must, aim = figures.room_left(result), figures.room_left_with_aims(result)
    assert must is not None
    assert aim is not None
    for more, less in zip(must[0], aim, strict=True):
        assert (less or 0.0) <= (more or 0.0)


def test_without_aims_there_is_one_line() -> None:
    result = with_aim()
    result["goals"] = []
    assert figures.room_left_with_aims(result) is None
    figure = figures.needs_against_room(result)
    assert figure is not None
    assert figure.aim is None


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
    for series in (*figure.series, *([figure.aim] if figure.aim else [])):
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
    assert figure.limits[0].label.endswith("(genomsnitt för tre år)")


def test_an_average_goal_says_why_its_first_years_are_blank() -> None:
    result = sample_result()
    goal = result["goals"][1]
    goal |= {"period": "average:5", "met": [None] * 4 + goal["met"][4:]}
    figure = figures.goals_by_year(result)
    assert figure is not None
    assert figure.heat[1].label.endswith("(bör nås, genomsnitt för fem år)")
    assert figure.table.rows[1].header == figure.heat[1].label
    assert "–: perioden är inte hel än." in figure.table.note
    goal |= {"from_year": result["years"][4]}
    assert "–: målet gäller inte det året." in figures.unmeasured_note(result)
    goal |= {"from_year": result["years"][2]}
    assert "hel än, eller målet gäller inte" in figures.unmeasured_note(result)


def balanskrav(areb: list[float], bkr: list[float]) -> Figure:
    figure = figures.balanskrav_by_year(
        {
            "years": [2026, 2027, 2028],
            "meta": {"currency": "kr"},
            "balanskrav": {"areb": areb, "bkr": bkr},
        }
    )
    assert figure is not None
    return figure


def test_a_year_in_which_much_was_saved_is_not_the_weakest() -> None:
    figure = balanskrav([24_000.0, 13_400.0, 20_000.0], [12_000.0, 13_400.0, 14_000.0])
    assert figure.title.replace("\u00a0", " ") == (
        "Balanskravet klaras alla år; svagast före reservering är 2027 med 13,4 miljoner kronor"
    )
    own, reserved = figure.series
    assert own.values == (12.0, 13.4, 14.0)
    assert reserved.values == (12.0, 0.0, 6.0)


def test_without_reserve_there_is_one_series_and_no_word_of_it() -> None:
    figure = balanskrav([9000.0, 7000.0, 8000.0], [9000.0, 7000.0, 8000.0])
    assert len(figure.series) == 1
    assert "reserv" not in figure.title + figure.unit
    assert "svagast är 2027" in figure.title


def test_a_year_that_the_reserve_saves_is_named() -> None:
    figure = balanskrav([9000.0, -3000.0, 8000.0], [9000.0, 0.0, 8000.0])
    assert figure.title == "Balanskravet klaras alla år, med reserven 2027"
    assert figure.series[0].values == (9.0, -3.0, 8.0)
    assert figure.series[1].values == (0.0, 3.0, 0.0)
    assert [c.label for c in figure.table.columns[1:]] == [
        "Före reserven",
        "Balanskravsresultat utan reserv",
        "Ur reserven",
        "Balanskravsresultat",
    ]


def test_waterfall_parts_operation_from_waiting_and_from_what_is_scrapped() -> None:
    result = sample_result()
    year = figures.weakest_year(result)
    assert year is not None
    i = result["years"].index(year)
    operation = -sum(p["operating_tkr"][i] for p in result["projects"] if p["chosen"])
    # The sample's baseline pays 1 500 tkr for waiting, its plan nothing.
    found = figures._projects_operation(result, i)
    assert found == pytest.approx((operation, 1_500.0, 0.0), abs=1e-3)
    result["statement"]["rk"][i] -= 700.0
    for j in range(i, len(result["years"])):
        result["balance"]["fixed_assets"][j] -= 700.0
    found = figures._projects_operation(result, i)
    assert found == pytest.approx((operation, 1_500.0, -700.0), abs=1e-3)
    figure = figures.why_weakest(result)
    assert figure is not None
    shown = {row.header: row.cells[0].value for row in figure.table.rows}
    assert shown["Slopade väntekostnader"] == pytest.approx(1_500.0)
    assert shown["Utrangerat"] == pytest.approx(-700.0)


def test_waterfall_claims_the_lowest_result_only_when_it_is_lowest_in_money() -> None:
    result = sample_result()
    figure = figures.why_weakest(result)
    year = figures.weakest_year(result)
    assert figure is not None
    assert figure.title == f"Därför är resultatet lägst {year}"
    result["opening"]["statement"]["ar"] = -1e9
    figure = figures.why_weakest(result)
    assert figure is not None
    assert "lägst som andel av skatter och bidrag" in figure.title


def test_loans_that_only_fall_are_not_said_to_peak_in_the_plan() -> None:
    result = sample_result()
    result["opening"]["indicators"]["lan_inv"] = 1e6
    figure = figures.debt_per_inhabitant(result)
    assert figure is not None
    assert figure.title.startswith("Lånen blir aldrig högre än basåret 2025")


@pytest.mark.parametrize(
    ("tkr", "assumed", "text"),
    [
        (1_016_000.0, True, "omkring 1 000 miljoner kronor"),
        (1_016_000.0, False, "1 016 miljoner kronor"),
        (13_622.0, True, "omkring 14 miljoner kronor"),
        (3_165_800.0, True, "omkring 3 200 miljoner kronor"),
        (0.0, True, "0 kronor"),
        (None, True, "–"),
    ],
)
def test_an_assumed_amount_has_two_significant_digits(
    tkr: float | None, assumed: bool, text: str
) -> None:
    assert figures.rough_text(tkr, "kr", assumed).replace("\u00a0", " ") == text


def test_very_many_projects_give_a_short_picture_and_a_whole_table() -> None:
    result = sample_result(projects=260)
    figure = figures.timeline(result)
    assert figure is not None
    assert len(figure.bars) == figures.TIMELINE_ROWS
    assert len(figure.table.rows) == 260
    assert (
        "Här visas de 37 största som ingår och de 8 största som inte ingår"
        in figure.unit
    )
    inside = [b for b in figure.bars if b.start_year is not None]
    outside = [b for b in figure.bars if b.start_year is None]
    assert list(figure.bars) == inside + outside
    for chosen, drawn in ((True, inside), (False, outside)):
        sizes = {
            p["name"]: p["outlay_fixed_tkr"]
            for p in result["projects"]
            if p["chosen"] is chosen
        }
        least = min(sizes[bar.label] for bar in drawn)
        rest = set(sizes) - {bar.label for bar in drawn}
        assert all(sizes[name] <= least for name in rest)


@pytest.mark.parametrize("count", [12, 40, 50, 60])
def test_the_timeline_says_truly_what_it_shows(count: int) -> None:
    result = sample_result(projects=count)
    figure = figures.timeline(result)
    assert figure is not None
    chosen = [p for p in result["projects"] if p["chosen"]]
    drawn = [b for b in figure.bars if b.start_year is not None]
    others = len(figure.bars) - len(drawn)
    said = "Här visas" in figure.unit
    assert said == (len(figure.bars) < count)
    if said:
        whole = len(drawn) == len(chosen)
        first = f"alla {len(drawn)} som" if whole else f"de {len(drawn)} största som"
        assert f"{first} ingår" in figure.unit
        assert f"{others} största som inte ingår" in figure.unit


def test_a_figure_is_no_better_than_its_worst_input() -> None:
    result = {"quality": {"figures": {"ar": "uppgift", "loans": "beräkning"}}}
    assert figures.worst_quality(result, "ar") == "uppgift"
    assert figures.worst_quality(result, "ar", "loans") == "berakning"
    assert figures.worst_quality(result, "sol") == ""


@pytest.mark.parametrize("maker", MAKERS)
def test_no_picture_where_there_is_nothing_to_show(maker: Any) -> None:
    empty = {"years": [2026], "meta": {"base_year": 2025}, "projects": [], "goals": []}
    assert maker(empty) is None
