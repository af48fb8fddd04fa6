"""The letter in Word: the report's figures, real styles, blanks and nothing invented."""

from __future__ import annotations

import io
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from docx import Document
from docx.oxml.ns import qn
from unit.publish import meeting_cases as cases
from unit.publish.meeting_cases import squeezed
from unit.publish.sample import sample_result

from rodtrad.publish import figures, meeting
from rodtrad.publish.blocks import ChartBlock, TableBlock
from rodtrad.publish.content import build_report
from rodtrad.publish.meeting_letter import build_letter, project_table, render_letter
from rodtrad.publish.summary import gap_sentence

if TYPE_CHECKING:
    from collections.abc import Callable

ALL: list[Callable[[], dict[str, Any]]] = [
    sample_result,
    cases.uncertain,
    cases.without_goals,
    cases.without_choices,
    cases.with_nothing_chosen,
    cases.with_nasty_texts,
]


def opened(content: bytes) -> Any:
    return Document(io.BytesIO(content))


@cache
def letter_of(make: Callable[[], dict[str, Any]]) -> Any:
    """Return the letter of a plan, opened; made once."""
    return opened(render_letter(make()))


def text_of(word: Any) -> str:
    """Return every text of the letter, fields to fill in as well."""
    return "\n".join(
        "".join(t.text or "" for t in p.iter(qn("w:t")))
        for p in word.element.body.iter(qn("w:p"))
    )


def rows_of(table: Any) -> list[list[str]]:
    return [
        ["".join(t.text or "" for t in c.iter(qn("w:t"))) for c in r.iter(qn("w:tc"))]
        for r in table._tbl.iter(qn("w:tr"))
    ]


def table_named(word: Any, title: str) -> list[list[str]]:
    for table in word.tables:
        if table._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val")) == title:
            return rows_of(table)
    raise AssertionError(title)


def report_row(result: dict[str, Any], table: str, row: str) -> list[str]:
    """Return the cells of a row of the report itself."""
    for section in build_report(result).sections:
        for block in section.blocks:
            found = block.figure.table if isinstance(block, ChartBlock) else block
            if isinstance(found, TableBlock) and found.title == table:
                if row in [c.label for c in found.columns]:
                    place = [c.label for c in found.columns].index(row) - 1
                    return [r.cells[place].text for r in found.rows]
                for one in found.rows:
                    if one.header == row:
                        return [c.text for c in one.cells]
    raise AssertionError((table, row))


# ---------------------------------------------------------------- the same figures


def check_year_table(result: dict[str, Any], word: Any) -> None:
    """The table of years in the file says what the report's own tables say."""
    rows = table_named(word, "Ekonomin år för år med planen")
    count = len(result["years"])
    assert [r[0] for r in rows[1:]] == [str(y) for y in result["years"]]
    statement = report_row(result, "Resultaträkning", "Årets resultat")[-count:]
    assert [r[2] for r in rows[1:]] == statement
    spent = report_row(result, "Planens utgifter per år", "Summa")
    assert [r[1] for r in rows[1:]] == spent
    law = report_row(result, "Balanskravsutredning", "Balanskravsresultat")
    assert [r[4] for r in rows[1:]] == law
    share = report_row(
        result, "Årets resultat som andel av skatter och bidrag", "Med planen"
    )
    assert [r[3] for r in rows[1:]] == share
    debt = report_row(result, "Lån per invånare vid årets slut", "Med planen")
    assert [r[5] for r in rows[1:]] == debt[-count:]


def check_projects(result: dict[str, Any], word: Any) -> None:
    """Every project stands in the appendix as in the report's timeline."""
    timeline = figures.timeline(result)
    assert timeline is not None
    rows = table_named(word, "Projekt, utgift och år")[1:]
    assert [r[0] for r in rows] == [
        meeting.clean(r.header) for r in timeline.table.rows
    ]
    assert [r[1:] for r in rows] == [
        [c.text for c in r.cells] for r in timeline.table.rows
    ]


def test_the_figures_are_those_of_the_report() -> None:
    check_year_table(sample_result(), letter_of(sample_result))
    check_projects(sample_result(), letter_of(sample_result))


@pytest.mark.parametrize("name", ["vimmerby", "exempelby"])
def test_the_figures_of_the_examples_are_those_of_the_report(name: str) -> None:
    result = cases.example(name)
    word = opened(render_letter(result))
    check_year_table(result, word)
    check_projects(result, word)
    text = squeezed(text_of(word))
    report = build_report(result)
    for sentence in [*(t.plain for t in report.lede), gap_sentence(result["status"])]:
        assert squeezed(sentence) in text


def test_the_decision_is_the_sum_of_the_budget_year() -> None:
    result = sample_result()
    chosen = [p for p in result["projects"] if p["chosen"]]
    now = sum(p["outlay_tkr"][0] for p in chosen)
    later = sum(sum(p["outlay_tkr"][1:]) for p in chosen)
    first, second = meeting.decision_points(result)
    assert meeting.amount(result, now) in first
    assert str(result["years"][0]) in first
    assert meeting.amount(result, later) in second
    assert "underlag för fortsatt planering" in second
    table = meeting.budget_table(result)
    assert table is not None
    sums = [r for r in table.rows if r.kind == "sum"]
    assert sums[-1].cells[0].value == pytest.approx(now)
    assert sum(float(r.cells[0].value or 0) for r in sums[:-1]) == pytest.approx(now)
    text = text_of(opened(render_letter(result)))
    assert first in text
    assert second in text


def test_a_plan_that_cannot_be_proposes_nothing() -> None:
    result = sample_result()
    result["status"]["state"] = "infeasible"
    text = text_of(opened(render_letter(result)))
    assert "Något förslag kan inte lämnas" in text
    assert "att anvisa" not in text


# ---------------------------------------------------------------- form


@pytest.mark.parametrize("make", ALL)
def test_headings_styles_and_blanks(make: Callable[[], dict[str, Any]]) -> None:
    word = letter_of(make)
    headings = [p.text for p in word.paragraphs if p.style.name == "Heading 1"]
    order = [
        "Ärendet i korthet",
        "Bakgrund",
        "Alternativ",
        "Ekonomiska konsekvenser",
        "Påverkan på mål",
        "Konsekvenser för barn",
        "Konsekvenser för klimatet",
        "Osäkerhet",
        "Förslag till beslut",
    ]
    assert headings[: len(order)] == order
    tags = [e.get(qn("w:val")) for e in word.element.body.iter(qn("w:tag"))]
    assert {"datum", "dnr", "handlaggare", "mottagare", "barn", "klimat"} <= set(tags)
    ids = [e.get(qn("w:val")) for e in word.element.body.iter(qn("w:id"))]
    assert len(ids) == len(set(ids))
    # Nothing is formatted by hand: a run has a style or nothing.
    for properties in word.element.body.iter(qn("w:rPr")):
        assert {child.tag for child in properties} <= {qn("w:rStyle")}
    known = {s.style_id for s in word.styles}
    for kind in ("w:pStyle", "w:rStyle", "w:tblStyle"):
        for used in word.element.body.iter(qn(kind)):
            assert used.get(qn("w:val")) in known


@pytest.mark.parametrize("make", ALL)
def test_tables_and_charts_are_for_everyone(make: Callable[[], dict[str, Any]]) -> None:
    word = letter_of(make)
    assert word.tables
    for table in word.tables:
        properties = table._tbl.tblPr
        assert properties.find(qn("w:tblCaption")).get(qn("w:val"))
        assert "rader" in properties.find(qn("w:tblDescription")).get(qn("w:val"))
        rows = list(table._tbl.iter(qn("w:tr")))
        assert rows[0].find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None
        assert all(
            r.find(f"{qn('w:trPr')}/{qn('w:cantSplit')}") is not None for r in rows
        )
    pictures = list(word.element.body.iter(qn("wp:docPr")))
    assert all(p.get("descr") for p in pictures)
    for lang in word.styles.element.iter(qn("w:lang")):
        assert lang.get(qn("w:val")) == "sv-SE"
    assert word.core_properties.language == "sv-SE"
    page = word.sections[0]
    assert round(page.page_width.cm, 1) == 21.0
    for table in word.tables:
        width = sum(int(g.get(qn("w:w"))) for g in table._tbl.iter(qn("w:gridCol")))
        assert width <= 16.1 / 2.54 * 1440


def test_what_the_underlag_does_not_say_is_left_for_the_official() -> None:
    result = sample_result()
    for project in result["projects"]:
        project["driver"] = "skick"
    text = text_of(opened(render_letter(result)))
    assert "Underlaget säger inget om följder för barn." in text
    assert "Underlaget säger inget om följder för klimatet." in text
    result["projects"][0]["driver"] = "klimat"
    again = text_of(opened(render_letter(result)))
    assert "Underlaget säger inget om följder för klimatet." not in again
    assert result["projects"][0]["name"] in again


def test_without_goals_draws_and_near_plans_it_says_so() -> None:
    text = text_of(letter_of(cases.without_goals))
    assert "Underlaget har inga mål som planen prövas mot." in text
    text = text_of(letter_of(cases.without_choices))
    assert "Planer som är nästan lika bra är inte uträknade" in text
    assert "Sannolikheter är inte uträknade" in text
    text = text_of(letter_of(cases.uncertain))
    assert "Sannolikheter är inte uträknade" not in text
    assert "procent, ±" in text


def test_with_nothing_chosen_nothing_is_asked_for() -> None:
    text = text_of(letter_of(cases.with_nothing_chosen))
    assert "att inte anvisa några medel till planens projekt" in text
    assert "Inget projekt har utgifter 2026." in text


def test_three_hundred_projects_stand_in_one_table_with_a_repeated_head() -> None:
    result = sample_result(projects=300)
    word = opened(render_letter(result))
    rows = table_named(word, "Projekt, utgift och år")
    assert len(rows) == 301


def test_markup_and_control_characters_are_only_text() -> None:
    text = text_of(letter_of(cases.with_nasty_texts))
    assert '<script>alert("x")</script> & ]]> {{7*7}} =cmd|x' in text
    assert "\x00" not in text
    for project in ("p001", "p002"):
        render_letter(cases.with_nasty_texts(), project)


def test_work_that_may_not_be_spread_is_said_first() -> None:
    letter = build_letter(cases.with_nasty_texts())
    assert "Arbetsmaterial." in str(letter.sections[0].parts[0])


@pytest.mark.parametrize("make", ALL[:2])
def test_equal_plans_give_equal_bytes(make: Callable[[], dict[str, Any]]) -> None:
    assert render_letter(make()) == render_letter(make())


# ---------------------------------------------------------------- one project


def test_the_letter_of_a_project_says_the_five_things() -> None:
    result = sample_result()
    project = next(p for p in result["projects"] if p["chosen"])
    word = opened(render_letter(result, project["project_id"]))
    headings = [p.text for p in word.paragraphs if p.style.name == "Heading 1"]
    for heading in ("Vad", "När", "Ekonomi", "Ansvar", "Beslutsnivå"):
        assert heading in headings
    text = text_of(word)
    assert project["name"] in text
    assert f"Ansvarig nämnd: {project['committee']}." in text
    assert f"I bruk: {project['in_use_year']}" in text
    rows = table_named(word, "Projektets ekonomi år för år")
    expected = project_table(result, project)
    assert [r[1:] for r in rows[1:]] == [
        [c.text for c in r.cells] for r in expected.rows
    ]
    assert rows[-1][1] == expected.rows[-1].cells[0].text
    total = sum(project["outlay_tkr"])
    assert expected.rows[-1].cells[0].value == pytest.approx(total)


def test_a_project_outside_the_plan_gets_no_money() -> None:
    result = sample_result()
    project = next(p for p in result["projects"] if not p["chosen"])
    text = text_of(opened(render_letter(result, project["project_id"])))
    assert "inte tas in i investeringsplanen" in text
    assert "att anvisa" not in text
    reason = next(
        r for r in result["reasons"] if r["project_id"] == project["project_id"]
    )
    assert reason["text"][0] in text


def test_a_project_that_starts_later_is_for_planning_only() -> None:
    result = sample_result()
    project = next(
        p
        for p in result["projects"]
        if p["chosen"] and p["start_year"] > result["years"][0]
    )
    (point,) = meeting.project_decision_points(result, project)
    assert "underlag för fortsatt planering" in point
    assert "att anvisa" not in point


def test_each_gate_has_someone_who_decides_and_the_last_no_next() -> None:
    for i in range(9):
        now, later = meeting.deciders(f"G{i}")
        assert now
        assert later
    assert meeting.deciders("G9")[1] == ""
    assert meeting.deciders(None) == ("", "")


def test_an_unknown_project_is_refused() -> None:
    with pytest.raises(ValueError, match="no project"):
        render_letter(sample_result(), "finns_inte")


def test_what_it_takes_comes_from_the_reasons() -> None:
    result = sample_result()
    out = next(p for p in result["projects"] if not p["chosen"])
    inside = [p for p in result["projects"] if p["chosen"]][:2]
    reason = next(r for r in result["reasons"] if r["project_id"] == out["project_id"])
    reason["force"]["leaves"] = [p["project_id"] for p in inside]
    text = meeting.what_it_takes(result, out)
    assert re.fullmatch(r"Att ”.*” och ”.*” lämnar planen\.", text)
    result["reasons"] = []
    assert "inte uträknat" in meeting.what_it_takes(result, out)
