"""What could be chosen beside the plan is shown as computed, and nothing where it is not."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest
from unit.publish.sample import sample_result
from unit.publish.test_excel_report import consistent_result, opened, rendered

from rodtrad.publish import figures, svg
from rodtrad.publish.choices import (
    choice_tables,
    choices_section,
    room_curve,
    window_sentence,
)
from rodtrad.publish.content import build_report


def test_near_plans_stand_with_loss_money_and_what_differs() -> None:
    result = sample_result()
    table = choice_tables(result)["near"]
    assert [row.header for row in table.rows] == ["Plan\u00a0A", "Plan\u00a0B"]
    first = table.rows[0].cells
    assert [c.value for c in first[:4]] == [1.25, 0.00625, -12_500.0, 0.12]
    assert first[2].text == "\u221212,5"
    assert table.rows[1].cells[2].text == "+27,5"
    # The first sentence is the loss, which has a column.
    assert first[4].text == "Då lämnar ett projekt planen i fall 1."


def test_only_starts_that_may_move_are_shown_and_only_their_ends_are_claimed() -> None:
    result = sample_result()
    windows = result["beside"]["windows"]["projects"]
    wide = {w["project_id"]: w for w in windows if w["earliest"] < w["latest"]}
    assert 0 < len(wide) < len(windows)
    names = {p["project_id"]: p["name"] for p in result["projects"]}
    table = choice_tables(result)["windows"]
    assert {r.header for r in table.rows} == {names[key] for key in wide}
    for window in windows:
        said = window_sentence(result, window["project_id"])
        if window["project_id"] not in wide:
            assert said == ""
            continue
        early = window["earliest"] < window["start_year"]
        late = window["latest"] > window["start_year"]
        assert (f"så tidigt som {window['earliest']}" in said) == early
        assert (f"så sent som {window['latest']}" in said) == late
        assert "0,5\u00a0procent" in said


@pytest.mark.parametrize("width", [svg.WIDE, svg.MIDDLE, svg.NARROW])
def test_the_timeline_draws_a_pale_field_around_starts_that_may_move(
    width: int,
) -> None:
    result = sample_result()
    wide = figures.start_windows(result)
    for key, known in ((True, len(wide)), (False, 0)):
        if not key:
            del result["beside"]["windows"]
        figure = figures.timeline(result)
        assert figure is not None
        assert sum(bar.window is not None for bar in figure.bars) == known
        root = ET.fromstring(svg.draw(figure, width))
        fields = [
            e
            for e in root.iter()
            if e.tag.endswith("rect") and e.attrib.get("fill") == "var(--sunk)"
        ]
        assert len(fields) == known
        labels = [label for _role, label in svg.legend_items(figure)]
        assert ("Startfönster med byggtid" in labels) == bool(known)


@pytest.mark.parametrize(
    ("window", "end", "start", "field"),
    [
        ((2027, 2029), 2028, 2027, (1, 5)),
        ((2026, 2027), 2028, 2027, (0, 3)),
        ((2030, 2034), 2036, 2033, (4, 10)),
    ],
)
def test_a_field_reaches_from_the_first_start_to_the_last_building_year(
    window: tuple[int, int], end: int, start: int, field: tuple[int, int]
) -> None:
    assert svg.years_field(window, end, start, range(2026, 2036)) == field


def test_room_is_drawn_from_the_plan_and_what_cannot_hold_is_said() -> None:
    result = sample_result()
    figure = room_curve(result)
    assert figure is not None
    assert figure.title == (
        "25 miljoner kronor mer utrymme 2026 ger 5,0 nyttopoäng mer i den bästa plan som hittats"
    ).replace("25 miljoner kronor", "25\u00a0miljoner kronor")
    assert figure.labels == ("\u221210", "+10", "+25")
    assert figure.series[0].values == pytest.approx((-2.0, 2.0, 5.0))
    rows = {r.header: r for r in figure.table.rows[:5]}
    assert rows["Alla mål"].kind == "group"
    assert rows["\u221225"].cells[2].text == "Kraven går inte ihop."
    assert rows["+25"].cells[0].text == "+5,0"
    assert rows["+25"].cells[1].text == "+5,5"
    assert rows["+10"].cells[2].text == "Samma projekt."
    result["curves"] = []
    assert room_curve(result) is None
    assert "curves" not in choice_tables(result)


def test_the_reserve_list_is_a_ladder_with_today_between_more_and_less() -> None:
    result = sample_result()
    table = choice_tables(result)["reserve"]
    assert [row.header.replace("\u00a0", " ") for row in table.rows] == [
        "20 % mer",
        "5 % mer",
        "I dag",
        "10 % mindre",
        "20 % mindre",
    ]
    names = {p["project_id"]: p["name"] for p in result["projects"]}
    order = result["beside"]["reserve"]["order_in"][0]["project_id"]
    assert table.rows[1].cells[1].text == f"Kommer in: ”{names[order]}”."
    assert table.rows[1].cells[0].value == pytest.approx(50_000.0)
    assert table.rows[3].cells[1].text.startswith("Lämnar: ")
    assert table.rows[4].cells[1].text == "Ingen plan hittades."
    prices = [row.cells[2].text for row in table.rows]
    assert prices == ["minst 0,5", "0,5–2,3", "–", "0,5–2,3", "–"]


def test_today_stands_last_when_less_room_was_not_tried() -> None:
    result = sample_result()
    levels = result["beside"]["reserve"]["levels"]
    result["beside"]["reserve"]["levels"] = [x for x in levels if x["level"] > 0]
    assert choice_tables(result)["reserve"].rows[-1].header == "I dag"


def test_a_replan_says_what_is_impossible_and_what_stability_costs() -> None:
    table = choice_tables(sample_result())["replan"]
    assert table.rows[0].cells[-1].text == "Går inte: kraven bryts."
    assert table.rows[1].cells[2].text == "3,0–5,5"
    assert table.rows[-1].header == "utan gräns"
    result = sample_result()
    result["beside"]["replan"]["points"][0]["impossible"] = False
    row = choice_tables(result)["replan"].rows[0]
    assert row.cells[-1].text == "Ingen plan hittades."


@pytest.mark.parametrize("absent", ["near", "windows", "reserve", "replan"])
def test_a_part_that_is_not_computed_is_left_out(absent: str) -> None:
    result = sample_result()
    result["beside"][absent] = None
    tables = choice_tables(result)
    assert absent not in tables
    assert len(tables) == 4
    book = opened(rendered({**consistent_result(), "beside": result["beside"]}), True)
    sheets = {
        "near": "Nästan lika bra",
        "windows": "Startfönster",
        "reserve": "Reservlista",
        "replan": "Omplanering",
    }
    assert [key for key, name in sheets.items() if name not in book.sheetnames] == [
        absent
    ]


def test_a_plan_alone_has_no_chapter_on_choices() -> None:
    result: dict[str, Any] = sample_result()
    result["curves"] = []
    result["beside"] = {"near": {"plans": [], "text": ""}, "replan": None}
    assert choices_section(result) is None
    titles = [s.title for s in build_report(result).sections]
    assert "Valmöjligheter" not in titles


def test_the_workbook_has_the_figures_of_the_page() -> None:
    result = consistent_result()
    book = opened(rendered(result), values=True)
    near = list(book["Nästan lika bra"].iter_rows(min_row=5, values_only=True))
    for row, line in zip(near, choice_tables(result)["near"].rows, strict=False):
        assert row[0] == line.header
        assert list(row[1:5]) == [c.value for c in line.cells[:4]]
    reserve = list(book["Reservlista"].iter_rows(min_row=5, values_only=True))
    rows = choice_tables(result)["reserve"].rows
    assert [row[1] for row in reserve[: len(rows)]] == [r.cells[0].value for r in rows]
    windows = list(book["Startfönster"].iter_rows(min_row=5, values_only=True))
    first = choice_tables(result)["windows"].rows[0]
    assert windows[0][:3] == (first.header, first.cells[0].value, first.cells[1].text)
