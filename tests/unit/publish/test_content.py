"""What the report says: true to the result, in plain Swedish, for anyone's plan."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import pytest
from unit.publish.sample import sample_result

from rodtrad.domain.words import names_text
from rodtrad.publish.blocks import (
    ChartBlock,
    Paragraphs,
    ProjectCards,
    Report,
    TableBlock,
)
from rodtrad.publish.content import build_report, status_line
from rodtrad.publish.summary import (
    balance_sentences,
    plan_sentences,
    render_summary,
)
from rodtrad.publish.tables import assumption_name, known_names, law_table

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIANTS: list[dict[str, Any]] = [
    {},
    {"projects": 1},
    {"projects": 40, "years": 20},
    {"currency": "NOK", "debt_goal": False, "deficit": False, "companies": False},
    {"completion": False, "stopped": "time"},
    {"stopped": "proof"},
    {"projects": 60, "years": 6},
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
def test_sections_are_numbered_on_the_thread(variant: dict[str, Any]) -> None:
    report = build_report(sample_result(**variant))
    assert [s.number for s in report.sections] == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert len({s.anchor for s in report.sections}) == 9
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
    said = prose(report).replace("\u00a0", " ")
    assert "Räknat på antagandena klarar kommunen balanskravet alla år." in said
    assert "Störst är projektet ”Äldreboende Solbacken, 54 lägenheter”: 280 m" in said
    assert "Störst av det som inte ingår är projektet ”Ny högstadieskola 7–9”" in said
    assert "i 2025 års priser" in said
    assert report.currency_note == ""


def test_page_and_terminal_give_one_answer() -> None:
    result = sample_result()
    report = build_report(result)
    terminal = " ".join(render_summary(result).split())
    shared = [*plan_sentences(result), *balance_sentences(result)]
    for sentence in shared:
        assert sentence in prose(report)
        assert " ".join(sentence.split()) in terminal
    shown = re.search(r"[\d,]+\u00a0procent", report.status.text)
    assert shown is not None
    assert shown[0].replace("\u00a0", " ") in terminal
    out = [
        card.name
        for block in report.sections[5].blocks
        if isinstance(block, ProjectCards)
        for card in block.cards
        if not card.chosen
    ]
    assert f"Inte i planen: {names_text(out)}." in terminal.replace("\u00a0", " ")


def test_missed_goals_are_told_apart_by_level() -> None:
    result = sample_result()
    said = prose(build_report(result))
    aims = [g for g in result["goals"] if g["level"] == "aim"]
    assert len(aims) == 1
    assert not all(aims[0]["met"])
    assert "Målet ”Resultat minst 2 procent”, som bör nås, missas" in said
    for goal in result["goals"]:
        goal["met"] = [True] * 10
    assert "missas" not in prose(build_report(result))
    for goal in result["goals"][2:4]:
        goal["met"] = [False, *[True] * 9]
    assert "Två mål som måste hållas missas vissa år." in prose(build_report(result))


def test_hidden_projects_are_said_before_anything_else() -> None:
    result = sample_result()
    result["meta"]["non_public"] = 2
    report = build_report(result)
    assert report.notice[0].plain == (
        "Arbetsmaterial. 2 projekt är undantagna från publicering, så rapporten får inte spridas som den är."
    )
    assert report.notice[1].strong == "Läs det här först."


def test_a_deficit_is_said_on_the_front_page() -> None:
    result = sample_result()
    result["balanskrav"]["bkr"][3] = -3_200.0
    report = build_report(result)
    assert "klarar kommunen inte balanskravet 2029." in prose(report)
    assert "balanskravet alla år" not in prose(report)


def test_read_this_first_names_remark_assumptions_and_illustration() -> None:
    result = sample_result()
    report = build_report(result)
    assert report.notice[0].strong == "Läs det här först."
    assert report.notice[0].text == result["meta"]["remark"]
    assert report.assumptions is not None
    assert [(d.term, d.text) for d in report.assumptions.items] == [
        ("Lån vid slutet av 2025", "300\u00a0miljoner kronor"),
        ("Låneränta", "2,7\u00a0procent per år"),
    ]
    assert "230 antaganden" not in notice(report)
    del result["quality"]["key_assumptions"]
    report = build_report(result)
    assert report.assumptions is None
    assert "230 antaganden" in notice(report)
    assert "illustrationer" in notice(report)
    result["meta"]["illustration"] = False
    assert "illustration" not in " ".join(texts(build_report(result)))


def test_published_amounts_do_not_make_a_years_outlays_published() -> None:
    result = sample_result()
    for project in result["projects"]:
        project |= {"quality": "antagande", "outlay_quality": "uppgift"}
    report = build_report(result)
    assert (
        "Projektens belopp i 2025 års priser är publicerade; år och priser är antaganden."
        in notice(report)
    )
    assert report.key_figures.items[1].quality == "antagande"
    captions = {
        block.figure.title.split()[0]: [t.quality for t in block.caption if t.quality]
        for section in report.sections
        for block in section.blocks
        if isinstance(block, ChartBlock)
    }
    assert captions["Utgifterna"] == ["antagande"]
    assert captions["Behoven"][0] == "antagande"
    result["projects"][0]["outlay_quality"] = "antagande"
    assert "procent publicerade uppgifter; år" in notice(build_report(result))


def test_an_exemption_is_a_decision_only_where_the_row_says_so() -> None:
    result = sample_result()
    item = {"year": 2023, "amount": 10_600.0, "due_year": 2026, "restored_before": 0.0,
            "restored": [], "exempted": 10_600.0, "left": 0.0}  # fmt: skip
    result["deficits"] = [item]
    said = " ".join(texts(build_report(result))).replace("\u00a0", " ")
    assert (
        "Antagande: 10,6 miljoner kronor av underskottet 2023 räknas som undantaget (synnerliga skäl). Underlaget visar inget beslut."
        in said
    )
    assert "har beslutat" not in said
    result["quality"]["figures"]["underskott_in"] = "uppgift"
    said = " ".join(texts(build_report(result)))
    assert "Fullmäktige har beslutat att 10,6" in said


def test_what_was_restored_before_the_plan_is_shown() -> None:
    result = sample_result()
    result["deficits"] = [
        {"year": 2022, "amount": 3_800.0, "due_year": 2025, "restored_before": 3_800.0,
         "restored": [], "exempted": 0.0, "left": 0.0}
    ]  # fmt: skip
    report = build_report(result)
    row = tables(report)["Underskott att återställa"].rows[0]
    assert [cell.text for cell in row.cells] == [
        "3,8", "2025", "3,8 före planen", "0,0", "0,0",
    ]  # fmt: skip
    said = " ".join(texts(report))
    assert "Underskottet från 2022 var återställt före planens första år." in said


def test_room_is_split_by_what_must_be_kept_and_what_should_be_reached() -> None:
    result = sample_result()
    table = tables(build_report(result))["Utrymme kvar när planen är genomförd"]
    labels = [c.label for c in table.columns]
    assert labels == [
        "År", "Egna medel", "Skuldtak", "Resultatmål", "Resultatmål, också bör nås",
        "Minst av de tre första",
    ]  # fmt: skip
    for i, row in enumerate(table.rows):
        assert row.cells[2].value == result["room"]["must"]["result_target"][i]
        assert row.cells[3].value == result["room"]["result_target"][i]
        three = [c.value for c in row.cells[:3]]
        names = ["own_funds", "debt_ceiling", "result_target"]
        least = min(v for v in three if isinstance(v, float))
        assert row.cells[4].value == names[three.index(least)]


@pytest.mark.parametrize(
    ("table", "key", "words"),
    [
        ("settings", "base_year", "Basår"),
        ("settings", "plan_start … remark", "Planens första år … Läs det här först"),
        ("years", "2030 … 2035", "2030–2035"),
        ("statement", "rs/2025 … rg/2025",
         "Skatteintäkter, 2025 … Generella statsbidrag och utjämning, 2025"),
        ("projects", "p001", "Äldreboende Solbacken, 54 lägenheter"),
        ("outlays", "p001/a/0 … p001/a/2", "Äldreboende Solbacken, 54 lägenheter"),
        ("relations", "excludes/p007/p002",
         "Ny högstadieskola 7–9 utesluter Norra skolan, renovering"),
        ("goals", "lantak", "Lån högst 42 000 kr"),
        ("scenarios", "Räntan upp/years/2026/interest_rate",
         "Räntan upp: bladet År, 2026, Låneränta"),
        ("scenarios", "50 öre/statement/rs/2026/amount",
         "50 öre: bladet Resultaträkning, Skatteintäkter, 2026, Belopp"),
        ("adjustments", "2026/realisationsvinster", "2026, Realisationsvinster"),
        ("criteria", "behov", "behov"),
        ("viewpoints", "Växa/klimat/min/0.1", "Växa"),
        ("okänt", "a/b", "a/b"),
    ],
)  # fmt: skip
def test_assumptions_are_named_in_the_words_of_the_sheets(
    table: str, key: str, words: str
) -> None:
    names = known_names(sample_result())
    item = {"table": table, "key": key, "rows": 6}
    assert assumption_name(item, names) == words


def test_years_with_gaps_are_not_drawn_together() -> None:
    item = {"table": "years", "key": "2030 … 2035", "rows": 2}
    assert assumption_name(item, {}) == "2030 … 2035"


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
        ({"stopped": "gap", "gap": 0.00072, "seconds": 3.4}, "Bevisat nära bäst.", "0,1\u00a0procent", True),
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
        for block in report.sections[5].blocks
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
        for block in build_report(result).sections[7].blocks
        if isinstance(block, Paragraphs)
        for t in block.texts
    ]
    assert f"I den takten nås inte längre: ”{kept['name']}”." in said
    assert any("tas projekten ändå i bruk som planerat" in text for text in said)


@pytest.mark.parametrize(
    "absent",
    ["baseline", "needs", "opening", "goals", "reasons", "law", "quality", "completion",
     "companies", "deficits", "reserve", "limits", "aims", "issues", "value", "room",
     "cash_flow", "agreement", "beside", "curves"],
)  # fmt: skip
def test_a_plan_without_some_part_is_still_set(absent: str) -> None:
    result = sample_result()
    del result[absent]
    report = build_report(result)
    assert len(report.sections) == (8 if absent == "agreement" else 9)
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
    assert "Den rymmer inget av de 12 projekten." in prose(report)
    assert "Inget projekt ingår i planen." in " ".join(texts(report))


def test_the_same_result_gives_the_same_report() -> None:
    assert build_report(sample_result()) == build_report(sample_result())
