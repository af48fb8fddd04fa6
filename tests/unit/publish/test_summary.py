"""The summary on the command line: right counts, honest gap, Swedish figures."""

from __future__ import annotations

import re
from typing import Any

import pytest
from unit.publish.sample import sample_result

from rodtrad.domain.words import mkr
from rodtrad.publish.summary import (
    balance_sentences,
    gap_sentence,
    goal_sentences,
    plan_sentences,
    render_summary,
)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def status(gap: float | None, stopped: str) -> dict[str, Any]:
    return {"gap": gap, "stopped": stopped}


@pytest.mark.parametrize(
    ("gap", "stopped", "words"),
    [
        (0.0, "proof", "Ingen annan plan kan ge mer nytta. Det är bevisat."),
        (0.0004, "gap", "kan ge mer än 0,1 procent mer nytta. Det är bevisat."),
        (0.001, "gap", "kan ge mer än 0,1 procent mer nytta. Det är bevisat."),
        (0.0041, "time", "Tiden tog slut innan den bevisades bäst: en annan plan kan"),
        (0.0041, "time", "upp till 0,5 procent mer nytta."),
        (0.00003, "gap", "kan ge mer än 0,1 procent mer nytta. Det är bevisat."),
        (0.02, "work", "Arbetsgränsen nåddes innan den bevisades bäst"),
        (None, "time", "inte känt (tidsgräns nådd)"),
    ],
)
def test_the_gap_is_never_shown_smaller_than_it_is(
    gap: float | None, stopped: str, words: str
) -> None:
    assert words in plain(gap_sentence(status(gap, stopped)))


def project(
    name: str, chosen: bool, outlay: list[float], **more: Any
) -> dict[str, Any]:
    return {
        "project_id": name,
        "name": name,
        "chosen": chosen,
        "outlay_tkr": outlay,
        "outlay_fixed_tkr": sum(outlay),
        "in_use_year": 2028,
        **more,
    }


def plan(*projects: dict[str, Any], **more: Any) -> list[str]:
    result = {
        "meta": {"currency": "kr", "base_year": 2025},
        "years": [2026, 2027],
        "projects": list(projects),
        **more,
    }
    return [plain(sentence) for sentence in plan_sentences(result)]


def test_only_chosen_projects_count_and_cost() -> None:
    said = plan(project("A", True, [1000.0, 2500.0]), project("B", False, [9e6, 0.0]))
    assert said == [
        "Planen är ett förslag; fullmäktige beslutar.",
        "Den rymmer 1 av 2 projekt och kostar 3,5 miljoner kronor på två år, i löpande priser.",
    ]


def test_the_largest_project_is_named_with_its_price_level_and_year() -> None:
    said = plan(
        project("A", True, [1000.0, 2500.0]),
        project("B", True, [120_600.0, 0.0], outlay_quality="uppgift"),
    )
    assert said[2] == (
        "Störst är projektet ”B”: 121 miljoner kronor i 2025 års priser, i bruk 2028."
    )


def test_what_rests_on_assumptions_is_said_roughly() -> None:
    said = plan(
        project("A", True, [101_600.0, 0.0], outlay_quality="antagande"),
        project("B", True, [3_000.0, 0.0]),
        quality={"figures": {"outlay": "antagande"}},
    )
    assert "kostar omkring 100 miljoner kronor på två år" in said[1]
    assert "”A”: omkring 100 miljoner kronor i 2025 års priser" in said[2]


def test_a_plan_without_projects_says_so() -> None:
    said = plan(project("A", False, [5.0, 5.0]))
    assert said[1:] == ["Den rymmer inget av de 1 projekten."]


def balance(bkr: list[float], **more: Any) -> list[str]:
    result = {
        "meta": {"currency": "kr"},
        "years": [2026, 2027, 2028],
        "balanskrav": {"bkr": bkr, "areb": more.get("areb", bkr)},
        "deficits": more.get("deficits", []),
        "quality": {"figures": {"bkr": more.get("quality")}},
    }
    return [plain(sentence) for sentence in balance_sentences(result)]


def test_balance_requirement_met_names_the_lowest_year() -> None:
    assert balance([5000.0, 4100.0, 7000.0]) == [
        "Kommunen klarar balanskravet alla år.",
        "Svagast är 2027: 4,1 miljoner kronor.",
    ]


def test_a_result_that_rests_on_assumptions_is_not_said_as_a_fact() -> None:
    said = balance([5000.0, -4100.0, 7000.0], quality="antagande")
    assert (
        said[0] == "Räknat på antagandena klarar kommunen balanskravet 2026 och 2028."
    )
    assert "Räknat på antagandena klarar kommunen inte balanskravet 2027." in said
    known = balance([5000.0, -4100.0, 7000.0], quality="uppgift")
    assert known[0] == "Kommunen klarar balanskravet 2026 och 2028."


def test_the_weakest_year_is_sought_before_anything_is_reserved() -> None:
    said = balance([12_000.0, 13_400.0, 14_000.0], areb=[24_000.0, 13_400.0, 20_000.0])
    assert said[1] == "Svagast före reservering är 2027: 13,4 miljoner kronor."


def test_a_deficit_is_named_with_its_last_year() -> None:
    sentences = balance(
        [5000.0, -3200.0, 7000.0], deficits=[{"year": 2027, "due_year": 2030}]
    )
    assert sentences[0] == "Kommunen klarar balanskravet 2026 och 2028."
    assert sentences[2:] == [
        "Kommunen klarar inte balanskravet 2027.",
        "Underskottet på 3,2 miljoner kronor ska vara återställt senast 2030.",
    ]
    assert (
        balance([5000.0, -3200.0, 7000.0])[3] == "Underskottet är 3,2 miljoner kronor."
    )


def test_what_need_not_be_restored_is_not_said_to_be_due() -> None:
    def said(exempted: float) -> str:
        row = {"year": 2027, "due_year": 2030, "exempted": exempted}
        return balance([5000.0, -3200.0, 7000.0], deficits=[row])[3]

    assert said(3200.0) == "Underskottet är 3,2 miljoner kronor."
    part = "Underskottet på 1,2 miljoner kronor ska vara återställt senast 2030."
    assert said(2000.0) == part


def test_reserve_that_was_needed_is_told() -> None:
    sentences = balance([0.0, 4100.0, 7000.0], areb=[-6000.0, 4100.0, 7000.0])
    assert sentences[1:] == [
        "Svagast före reserven är 2026: ett underskott på 6 miljoner kronor.",
        "Ur reserven används 6 miljoner kronor 2026.",
    ]


def test_rounding_is_no_deficit() -> None:
    assert not [s for s in balance([-1e-9, 1.0, 1.0]) if "inte" in s]


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "1 projekt är undantaget från publicering"),
        (3, "3 projekt är undantagna från publicering"),
    ],
)
def test_a_plan_with_hidden_projects_begins_by_saying_so(
    count: int, words: str
) -> None:
    result = sample_result()
    result["meta"]["non_public"] = count
    text = plain(render_summary(result)).replace("\n", " ")
    assert text.startswith(
        f"Arbetsmaterial. {words}, så rapporten får inte spridas som den är."
    )
    result["meta"]["non_public"] = 0
    assert "Arbetsmaterial" not in render_summary(result)


def test_missed_goals_are_named_with_their_years() -> None:
    result: dict[str, Any] = {
        "years": [2026, 2027, 2028],
        "goals": [
            {"name": "Resultat minst 2 %", "met": [None, False, False]},
            {"name": "Soliditet", "met": [True, True, True]},
        ],
    }
    assert goal_sentences(result) == [
        "Mål som inte nås: ”Resultat minst 2 %” (2027–2028)."
    ]
    result["goals"] = result["goals"][1:]
    assert goal_sentences(result) == ["Alla mål nås alla år."]


def test_summary_lists_what_is_in_and_what_is_not() -> None:
    result = sample_result()
    text = plain(render_summary(result))
    chosen = [p for p in result["projects"] if p["chosen"]]
    assert chosen
    listed = re.findall(r"^  (20\d\d)  (.+?)  +([\d ]+,\d)$", text, re.MULTILINE)
    assert sorted((int(year), name) for year, name, _amount in listed) == sorted(
        (one["start_year"], one["name"]) for one in chosen
    )
    amounts = {name: amount for _year, name, amount in listed}
    for one in chosen:
        assert amounts[one["name"]] == plain(mkr(one["outlay_fixed_tkr"]))
    assert f"Den rymmer {len(chosen)} av {len(result['projects'])} projekt" in text
    assert "None" not in text
    assert not re.search(r"\bnan\b", text)
    assert "{" not in text


def test_of_a_long_plan_the_largest_are_shown() -> None:
    result = sample_result(projects=120)
    chosen = [p for p in result["projects"] if p["chosen"]]
    assert len(chosen) > 25
    text = plain(render_summary(result))
    heading = (
        "De 25 största i planen: startår, projekt och utgift (mkr, 2025 års priser)."
    )
    assert heading in text
    listed = re.findall(r"^  20\d\d  (.+?)  +[\d ]+,\d$", text, re.MULTILINE)
    sizes = {one["name"]: one["outlay_fixed_tkr"] for one in chosen}
    least = min(sizes[name] for name in listed)
    assert len(listed) == 25
    assert all(sizes[name] <= least for name in sizes if name not in listed)


def test_a_name_without_end_does_not_push_the_amount_away() -> None:
    result = sample_result()
    chosen = next(p for p in result["projects"] if p["chosen"])
    chosen["name"] = "A" * 200
    text = render_summary(result)
    assert max(map(len, text.splitlines())) <= 90


def test_a_plan_made_by_hand_is_not_said_to_have_been_searched_for() -> None:
    known = gap_sentence({"gap": 0.042, "stopped": "own"})
    assert known.startswith("Planen är gjord för hand. En annan plan kan ge upp till")
    assert "inte känt" in gap_sentence({"gap": None, "stopped": "own"})
