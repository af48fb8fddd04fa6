"""What the report says: true to the result, in plain Swedish, for anyone's plan."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import pytest
from unit.publish.sample import sample_result

from rodtrad.publish.blocks import (
    ChartBlock,
    Paragraphs,
    ProjectCards,
    Report,
    TableBlock,
)
from rodtrad.publish.content import build_report, status_line
from rodtrad.publish.tables import law_table

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIANTS: list[dict[str, Any]] = [
    {},
    {"projects": 1},
    {"projects": 40, "years": 20},
    {"currency": "NOK", "debt_goal": False, "deficit": False, "companies": False},
    {"completion": False, "stopped": "time"},
    {"stopped": "proof"},
]


def texts(node: Any) -> Iterator[str]:
    """Every text that a reader may meet."""
    if isinstance(node, str):
        yield node
    elif is_dataclass(node) and not isinstance(node, type):
        for item in fields(node):
            if item.name not in (
                "value",
                "key",
                "role",
                "kind",
                "anchor",
                "project_id",
            ):
                yield from texts(getattr(node, item.name))
    elif isinstance(node, dict):
        for value in node.values():
            yield from texts(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from texts(value)


def prose(report: Report) -> str:
    return " ".join(t.plain for t in report.lede)


def notice(report: Report) -> str:
    return " ".join(t.plain for t in report.notice)


def tables(report: Report) -> dict[str, TableBlock]:
    return {
        block.title: block
        for section in report.sections
        for block in section.blocks
        if isinstance(block, TableBlock)
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_texts_are_whole_swedish_without_slips(variant: dict[str, Any]) -> None:
    report = build_report(sample_result(**variant))
    for text in texts(report):
        assert not re.search(r"\bNone\b|\bnan\b|\binf\b|[{}]|\.\.|  ", text), text
        assert not re.search(r"(?<![\w/-])-\d", text), f"hyphen as minus: {text}"
        if not re.search(r"2026\.1|1\.15\.1", text):  # versions are not figures
            assert not re.search(r"\d\.\d", text), f"decimal point: {text}"


@pytest.mark.parametrize("variant", VARIANTS)
def test_seven_sections_on_the_thread(variant: dict[str, Any]) -> None:
    report = build_report(sample_result(**variant))
    assert [s.number for s in report.sections] == [1, 2, 3, 4, 5, 6, 7]
    assert len({s.anchor for s in report.sections}) == 7
    assert 2 <= len(report.key_figures.items) <= 4
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, TableBlock):
                for row in block.rows:
                    expected = 0 if row.kind == "group" else len(block.columns) - 1
                    assert len(row.cells) == expected, (block.title, row.header)


def test_front_page_says_what_the_result_says() -> None:
    result = sample_result()
    report = build_report(result)
    chosen = [p for p in result["projects"] if p["chosen"]]
    assert report.title == "Investeringsplan 2026–2035"
    assert f"{len(chosen)} av {len(result['projects'])} projekt" in prose(report)
    assert "Kommunen klarar balanskravet alla år." in prose(report)
    assert "”Ny högstadieskola 7–9”" in prose(report)
    assert report.currency_note == ""


def test_a_deficit_is_said_on_the_front_page() -> None:
    result = sample_result()
    result["balanskrav"]["bkr"][3] = -3_200.0
    report = build_report(result)
    assert "Kommunen klarar inte balanskravet 2029." in prose(report)
    assert "alla år" not in prose(report).split("Svagast")[0]


def test_read_this_first_names_remark_assumptions_and_illustration() -> None:
    result = sample_result()
    report = build_report(result)
    assert report.notice[0].strong == "Läs det här först."
    assert report.notice[0].text == result["meta"]["remark"]
    assert "230 antaganden" in notice(report)
    assert "Balansräkning (1 rad) och Resultaträkning (1 rad)" in notice(report)
    assert "illustrationer" in notice(report)
    result["meta"]["illustration"] = False
    assert "illustration" not in " ".join(texts(build_report(result)))


def test_quality_of_amounts_is_that_of_the_outlays_not_of_the_project() -> None:
    result = sample_result()
    for project in result["projects"]:
        project |= {"quality": "antagande", "outlay_quality": "uppgift"}
    report = build_report(result)
    assert "vilar 100\u00a0procent på publicerade uppgifter" in notice(report)
    assert report.key_figures.items[1].quality == "uppgift"


def test_limits_that_were_not_sought_are_not_said_to_be_none() -> None:
    result = sample_result() | {"limits": [], "reasons": []}
    said = " ".join(texts(build_report(result)))
    assert "Inget mål och ingen resurs begränsar" not in said
    assert "inte uträknat i den här körningen" in said


def test_illustration_stands_beside_every_ranking() -> None:
    report = build_report(sample_result())
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, ProjectCards):
                assert "illustrationer" in block.remark
                assert all(card.illustration for card in block.cards)
            if isinstance(block, ChartBlock) and block.figure.kind == "timeline":
                assert any("illustrationer" in t.text for t in block.caption)


def test_a_foreign_currency_is_said_on_page_one_and_in_every_unit() -> None:
    report = build_report(sample_result(currency="NOK"))
    assert report.currency_note == "Alla belopp är i norska kronor (NOK)."
    assert "norska kronor" in prose(report)
    assert not [t for t in texts(report) if re.search(r"\bmkr\b|\bkr/inv", t)]


@pytest.mark.parametrize(
    ("status", "strong", "part", "calm"),
    [
        ({"stopped": "proof", "gap": 0.0, "seconds": 1.2}, "Bevisat bäst.", "(1 sekund)", True),
        ({"stopped": "gap", "gap": 0.00072, "seconds": 3.4}, "Bevisat nära bäst.", "0,08\u00a0procent", True),
        ({"stopped": "time", "gap": 0.0203, "seconds": 60.0}, "Tiden tog slut.", "2,1\u00a0procent", False),
        ({"stopped": "work", "gap": 0.5, "seconds": 60.0}, "Arbetsgränsen nåddes.", "50\u00a0procent", False),
        ({"stopped": "time", "gap": None, "seconds": 60.0}, "Giltig plan.", "inte uträknat", False),
    ],
)  # fmt: skip
def test_gap_badge_never_promises_more_than_is_proven(
    status: dict[str, Any], strong: str, part: str, calm: bool
) -> None:
    line = status_line({"state": "feasible", **status})
    assert line.strong == strong
    assert part in line.text
    assert line.calm is calm
    if status["gap"] is None:
        assert line.share is None


def test_unverified_law_is_marked_and_names_no_paragraph() -> None:
    value = {
        "key": "k",
        "label": "Tak",
        "value": 0.05,
        "valid_from": 2024,
        "valid_to": None,
        "reference": "Kommunallagen (2017:725) 11 kap. 14 §, lydelse enligt SFS 2018:600",
        "verified": False,
    }
    table = law_table({"law": [value, {**value, "verified": True}]})
    assert table is not None
    unread, read = (row.cells for row in table.rows)
    assert unread[3].text == "inte kontrollerad mot gällande lagtext"
    assert unread[2].text == "Kommunallagen (2017:725)"
    assert read[3].text == "kontrollerad"
    assert "11 kap. 14 §" in read[2].text
    assert unread[0].text == "5\u00a0procent"


def test_every_project_has_a_card_with_its_reasons() -> None:
    result = sample_result(projects=30)
    report = build_report(result)
    cards = [
        card
        for block in report.sections[4].blocks
        if isinstance(block, ProjectCards)
        for card in block.cards
    ]
    assert sorted(c.project_id for c in cards) == [
        p["project_id"] for p in result["projects"]
    ]
    reasons = {r["project_id"]: r for r in result["reasons"]}
    for card in cards:
        assert list(card.reasons) == reasons[card.project_id]["text"]
        assert card.answer == ("Ingår" if card.chosen else "Ingår inte")


def test_a_loss_that_is_not_proven_is_given_as_an_interval() -> None:
    result = sample_result()
    out = next(p for p in result["projects"] if not p["chosen"])
    reason = next(r for r in result["reasons"] if r["project_id"] == out["project_id"])
    reason["force"] |= {"loss_low": 4.0, "loss_high": 7.0, "proven": False}
    text = " ".join(texts(build_report(result)))
    assert "minskar planens nytta med mellan 4,0 och 7,0 nyttopoäng." in text
    reason["force"] |= {"loss_low": 4.0, "loss_high": None}
    assert "med minst 4,0 nyttopoäng." in " ".join(texts(build_report(result)))


def test_statements_show_the_results_own_figures() -> None:
    result = sample_result()
    table = tables(build_report(result))["Resultaträkning"]
    row = next(r for r in table.rows if r.header == "Årets resultat")
    values = [cell.value for cell in row.cells]
    assert values == [result["opening"]["statement"]["ar"], *result["statement"]["ar"]]
    assert row.quality == "antagande"
    assert [c.label for c in table.columns[1:3]] == ["2025", "2026"]


def test_both_sides_of_the_balance_sheet_are_shown_to_agree() -> None:
    table = tables(build_report(sample_result()))["Balansräkning"]
    assets, funds = (r for r in table.rows if r.kind == "sum")
    for a, b in zip(assets.cells[1:], funds.cells[1:], strict=True):
        assert a.value == pytest.approx(b.value)


def test_companies_are_shown_beside_and_never_added() -> None:
    with_companies = build_report(sample_result(companies=True))
    without = build_report(sample_result(companies=False))
    extra = set(tables(with_companies)) - set(tables(without))
    assert extra == {"Vid sidan av: kommunens bolag"}
    for title, table in tables(without).items():
        assert tables(with_companies)[title] == table


def test_no_probability_is_claimed_and_that_is_said() -> None:
    said = " ".join(texts(build_report(sample_result())))
    assert "Sannolikheter är inte beräknade" in said
    assert not re.search(r"\b(sannolikt|troligen|säkert att)\b", said)


def test_own_pace_tells_which_goals_fall() -> None:
    result = sample_result()
    slow = [dict(g) for g in result["goals"]]
    kept = next(g for g in slow if all(g["met"]))
    kept["met"] = [False, *kept["met"][1:]]
    result["completion"]["goals"] = slow
    said = [
        t.text
        for block in build_report(result).sections[5].blocks
        if isinstance(block, Paragraphs)
        for t in block.texts
    ]
    assert f"I den takten nås inte längre: ”{kept['name']}”." in said


@pytest.mark.parametrize(
    "absent",
    ["baseline", "needs", "opening", "goals", "reasons", "law", "quality", "completion",
     "companies", "deficits", "reserve", "limits", "aims", "issues", "value", "room",
     "cash_flow"],
)  # fmt: skip
def test_a_plan_without_some_part_is_still_set(absent: str) -> None:
    result = sample_result()
    del result[absent]
    report = build_report(result)
    assert len(report.sections) == 7
    assert not [t for t in texts(report) if re.search(r"\bNone\b|\bnan\b", t)]


def test_a_plan_with_no_project_says_so() -> None:
    result = sample_result()
    for project in result["projects"]:
        project |= {
            "chosen": False, "start_year": None, "in_use_year": None,
            "alternative_id": None, "alternative_name": None,
            "outlay_tkr": [0.0] * 10,
        }  # fmt: skip
    report = build_report(result)
    assert prose(report).startswith("Planen rymmer inget av de 12 projekten.")
    assert "Inget projekt ingår i planen." in " ".join(texts(report))


def test_the_same_result_gives_the_same_report() -> None:
    assert build_report(sample_result()) == build_report(sample_result())
