"""The agreement map says what was proven, no more, and the disputed come first."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from unit.publish.sample import NAMES, sample_result
from unit.publish.sample_choices import DISPUTED, OPEN, VIEWPOINTS, WITHIN
from unit.publish.test_excel_report import consistent_result, opened, rendered

from rodtrad.publish import svg
from rodtrad.publish.agreement import (
    MAIN,
    MANDATE,
    REGION,
    Answer,
    agreement_map,
    agreement_section,
    agreement_table,
    answers,
    front_sentences,
    label_text,
    loss_text,
    mandate_sentences,
    project_sentence,
    region_sentences,
    sum_sentences,
    witness_texts,
)
from rodtrad.publish.blocks import Paragraphs, TableBlock
from rodtrad.publish.content import build_report
from rodtrad.publish.summary import render_summary
from rodtrad.publish.terminal import render_project


def relabelled(scope: str, label: str, **changes: Any) -> dict[str, Any]:
    """Return the sample with one label for every project, in one scope."""
    result = sample_result()
    for row in result["agreement"]:
        if (row["scope"], row["event"]) == (scope, "in_plan"):
            row |= {"label": label, **changes}
    return result


def named(result: dict[str, Any], i: int) -> Answer:
    key = result["projects"][i]["project_id"]
    return next(a for a in answers(result) if a.project["project_id"] == key)


def test_picture_table_and_sentences_count_the_same() -> None:
    result = sample_result()
    figure = agreement_map(result)
    assert figure is not None
    rows = [r for r in result["agreement"] if (r["scope"], r["event"]) == MAIN]
    outlay = {p["project_id"]: p["outlay_fixed_tkr"] for p in result["projects"]}
    drawn = {group.label: group for group in figure.strip}
    moved = result["projects"][WITHIN]["project_id"]  # open there, disputed within
    for label in ("alla", "ingen", "omtvistad", "oppen"):
        own = {r["project_id"] for r in rows if r["label"] == label} - {moved}
        own |= {moved} if label == "omtvistad" else set()
        assert len(drawn[label].parts) == len(own)
        width = sum(w for _name, w in drawn[label].parts)
        assert width == pytest.approx(sum(outlay[key] for key in own) / 1000)
        assert drawn[label].text.startswith(f"{len(own)} ")
    agreed = len(drawn["alla"].parts) + len(drawn["ingen"].parts)
    assert figure.title == f"Synsätten är överens om {agreed} av {len(rows)} projekt"
    said = " ".join(sum_sentences(result))
    assert said.startswith(f"{len(drawn['alla'].parts)} av {len(rows)} projekt ingår")
    listed = [r.header for r in figure.table.rows if r.kind != "group"]
    assert sorted(listed) == sorted(p["name"] for p in result["projects"])


def test_the_disputed_come_first_with_an_answer_for_each_viewpoint() -> None:
    result = sample_result()
    figure = agreement_map(result)
    assert figure is not None
    assert figure.labels == tuple(VIEWPOINTS)
    assert [row.label for row in figure.stances] == [
        NAMES[DISPUTED][0],
        NAMES[WITHIN][0],
    ]
    assert figure.stances[0].stances == ("oppen", "out", "in")
    assert not figure.stances[0].remark
    assert "inom synsätten" in figure.stances[1].remark
    shown = [r.header for r in agreement_table(result).rows if r.kind != "group"]
    assert shown[:2] == [NAMES[DISPUTED][0], NAMES[WITHIN][0]]


def test_one_that_only_other_weights_dispute_is_disputed_everywhere() -> None:
    """All agree at their middles, but not at every weight they allow: no agreement."""
    result = relabelled("region", "omtvistad")
    figure = agreement_map(result)
    assert figure is not None
    assert any(row.label == NAMES[0][0] for row in figure.stances)
    assert named(result, 0).label(MAIN) == "alla"
    assert named(result, 0).group == "omtvistad"
    key = named(result, 0).project["project_id"]
    assert "oavsett synsätt" not in project_sentence(result, key)
    assert "beror på vikterna" in " ".join(region_sentences(result))


def test_words_bear_no_more_than_their_scope() -> None:
    assert label_text("alla", MAIN) == "ingår, oavsett synsätt"
    assert label_text("alla", REGION) == "ingår, oavsett vikter"
    assert label_text("ingen", MANDATE) == "startar inte då"
    for trial in (MAIN, REGION, MANDATE):
        assert label_text("oppen", trial) == "ännu inte avgjort"


def test_example_plans_name_a_viewpoint_or_weights_and_what_differs() -> None:
    result = sample_result()
    inside, outside = witness_texts(result, named(result, DISPUTED)) or ("", "")
    other = next(p for p in result["projects"] if not p["chosen"])
    assert inside.startswith("Växa. Start 2028.")
    assert NAMES[WITHIN][0] in inside
    assert outside.startswith("Hushålla.")
    assert f"i stället ”{other['name']}”" in outside
    inside, outside = witness_texts(result, named(result, WITHIN)) or ("", "")
    assert inside.startswith("Klimat 75\u00a0%, Behov 25\u00a0%.")
    assert outside.startswith("Driftekonomi 100\u00a0%.")
    assert witness_texts(result, named(result, 0)) is None


def test_open_projects_stand_with_what_the_other_way_costs_at_most() -> None:
    result = sample_result()
    section = agreement_section(result)
    assert section is not None
    table = next(
        b
        for b in section.blocks
        if isinstance(b, TableBlock) and "inte avgjort" in b.title
    )
    assert [row.header for row in table.rows] == [NAMES[OPEN][0]]
    assert table.rows[0].cells[-1].text == "0–1,4"
    assert table.rows[0].cells[-1].value == 1.4
    assert [c.text for c in table.rows[0].cells[1:4]] == [
        "ingår",
        "inte avgjort",
        "inte avgjort",
    ]


@pytest.mark.parametrize(
    ("label", "interval", "text"),
    [
        ("alla", None, "går inte"),
        ("alla", [2.5, 4.0], "minst 2,5"),
        ("ingen", [2.5, 2.5], "2,5"),
        ("ingen", [0.01, 3.0], "mer än 0"),
        ("oppen", [0.0, 3.0], "högst 3,0"),
        ("oppen", [0.0, None], "inte känt"),
        ("omtvistad", None, "olika"),
    ],
)
def test_what_the_other_way_costs(label: str, interval: Any, text: str) -> None:
    answer = Answer({"name": "x"}, {MAIN: {"label": label, "interval": interval}})
    assert loss_text(answer) == text


def test_all_settled_and_none_settled_are_said_plainly() -> None:
    settled = relabelled("viewpoints", "alla")
    for row in settled["agreement"]:
        row["label"] = "alla"
    figure = agreement_map(settled)
    assert figure is not None
    assert figure.title == "Synsätten är överens om alla 12 projekt"
    assert not figure.stances
    assert sum_sentences(settled)[-1] == "Inget projekt beror på vikterna."
    unknown = relabelled("viewpoints", "oppen")
    for row in unknown["agreement"]:
        row["label"] = "oppen"
    figure = agreement_map(unknown)
    assert figure is not None
    assert figure.title == "Synsätten är överens om 0 av 12 projekt"
    assert sum_sentences(unknown)[-1] == "Tolv är ännu inte avgjorda."
    assert front_sentences(unknown)[-1] == "Tolv är ännu inte avgjorda."
    assert not mandate_sentences(unknown)
    assert "hann inte avgöras" in " ".join(region_sentences(unknown))


def test_one_viewpoint_is_not_called_agreement() -> None:
    result = sample_result()
    result["agreement_basis"]["viewpoints"] = result["agreement_basis"]["viewpoints"][
        :1
    ]
    for row in result["agreement"]:
        row["by_viewpoint"] = row["by_viewpoint"][:1]
    figure = agreement_map(result)
    assert figure is not None
    assert figure.title.startswith("Svaret är bevisat för")
    assert "Med synsättet ”Omsorg först”" in sum_sentences(result)[0]
    assert front_sentences(result) == sum_sentences(result)[:1]


@pytest.mark.parametrize(
    ("stopped", "said"),
    [("time", "Tiden tog slut"), ("work", "Arbetsgränsen nåddes"), ("done", "")],
)
def test_why_the_search_ended_is_said(stopped: str, said: str) -> None:
    result = sample_result()
    result["agreement_basis"]["stopped"] = stopped
    section = agreement_section(result)
    assert section is not None
    text = " ".join(
        t.text for b in section.blocks if isinstance(b, Paragraphs) for t in b.texts
    )
    if said:
        assert said in text
    else:
        assert "Tiden tog slut" not in text
        assert "Arbetsgränsen" not in text


def test_front_page_cards_and_terminal_say_the_same() -> None:
    result = sample_result()
    lede = " ".join(t.text for t in build_report(result).lede)
    terminal = " ".join(render_summary(result).split())
    for sentence in front_sentences(result):
        assert sentence in lede
    counts = re.findall(r"\d+ av \d+", str(agreement_map(result)))
    assert f"överens om {counts[0]} projekt" in lede
    for sentence in sum_sentences(result):
        assert " ".join(sentence.split()) in terminal
    key = result["projects"][DISPUTED]["project_id"]
    assert project_sentence(result, key) == (
        "Ingår för ”Växa”. Ingår inte för ”Hushålla”. Inte avgjort för ”Omsorg först”."
    )
    assert project_sentence(result, "nothing") == ""
    found = {"project": result["projects"][DISPUTED], "reason": None}
    assert project_sentence(result, key) in render_project(found, result)


def test_without_a_map_nothing_is_said() -> None:
    result = sample_result(choices=False)
    assert agreement_map(result) is None
    assert sum_sentences(result) == []
    report = build_report(result)
    assert "Samsyn" not in [s.title for s in report.sections]
    assert "synsätt" not in " ".join(t.text for t in report.lede)


@pytest.mark.parametrize("width", [svg.WIDE, svg.MIDDLE, svg.NARROW])
@pytest.mark.parametrize("names", [1, 3, 7])
def test_every_answer_has_a_form_of_its_own(width: int, names: int) -> None:
    result = sample_result()
    basis = result["agreement_basis"]
    basis["viewpoints"] = [
        {"viewpoint": f"Synsätt nummer {i}", "weights": {"behov": 1.0}}
        for i in range(names)
    ]
    for row in result["agreement"]:
        row["by_viewpoint"] = (["in", "out", "oppen"] * 3)[:names]
    figure = agreement_map(result)
    assert figure is not None
    root = ET.fromstring(svg.draw(figure, width))
    height = float(root.attrib["viewBox"].split()[3])
    signs = [e for e in root.iter() if e.tag.endswith("circle")]
    assert len(signs) == names * len(figure.stances)
    dashed = [e for e in signs if "stroke-dasharray" in e.attrib]
    filled = [e for e in signs if "stroke" not in e.attrib]
    expected = (["in", "out", "oppen"] * 3)[:names]
    assert len(dashed) == expected.count("oppen") * len(figure.stances)
    assert len(filled) == expected.count("in") * len(figure.stances)
    for sign in signs:
        assert 0 <= float(sign.attrib["cx"]) <= width
        assert 0 <= float(sign.attrib["cy"]) <= height
    bars = [e for e in root.iter() if e.tag.endswith("rect")]
    assert sum("stroke-dasharray" in e.attrib for e in bars) == len(
        figure.strip[-1].parts
    )


def test_many_small_projects_are_drawn_as_one_part_of_the_right_width() -> None:
    result = sample_result(projects=300)
    figure = agreement_map(result)
    assert figure is not None
    root = ET.fromstring(svg.draw(figure, svg.NARROW))
    solid = [
        float(e.attrib["width"])
        for e in root.iter()
        if e.tag.endswith("rect") and e.attrib["fill"] == "var(--ok)"
    ]
    assert 1 < len(solid) <= 61
    widths = {g.label: sum(w for _n, w in g.parts) for g in figure.strip}
    whole = svg.NARROW * widths["alla"] / max(widths.values())
    assert sum(solid) == pytest.approx(whole, abs=2.5 * len(solid))


def test_the_workbook_has_the_same_answers() -> None:
    result = consistent_result()
    sheet = opened(rendered(result), values=True)["Samsyn"]
    figure = agreement_map(result)
    assert figure is not None
    assert sheet["A1"].value == figure.title
    rows = list(sheet.iter_rows(min_row=5, values_only=True))
    by_name = {row[1]: row for row in rows if row[1]}
    assert by_name[NAMES[DISPUTED][0]][3:7] == (
        "beror på vikterna",
        "inte avgjort",
        "ingår inte",
        "ingår",
    )
    for line in figure.table.rows:
        if line.kind != "group":
            row = by_name[line.header]
            assert row[2] == line.cells[0].value
            assert list(row[7:11]) == [c.text for c in line.cells[1:5]]
    assert by_name["Driftekonomi"][4:7] == (0.3, 0.7, 0.1)
