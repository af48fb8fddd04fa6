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
    holds_sentence,
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
        (0.02, "work", "Arbetsgränsen nåddes innan den bevisades bäst"),
        (None, "time", "inte känt (tidsgräns nådd)"),
    ],
)
def test_the_gap_is_never_shown_smaller_than_it_is(
    gap: float | None, stopped: str, words: str
) -> None:
    assert words in plain(gap_sentence(status(gap, stopped)))


def project(chosen: bool, outlay: list[float]) -> dict[str, Any]:
    return {"chosen": chosen, "outlay_tkr": outlay}


def test_only_chosen_projects_count_and_cost() -> None:
    result = {
        "meta": {"currency": "kr"},
        "years": [2026, 2027],
        "projects": [project(True, [1000.0, 2500.0]), project(False, [9e6, 0.0])],
    }
    assert plain(holds_sentence(result)) == (
        "Planen rymmer 1 av 2 projekt. De kostar 3,5 miljoner kronor på två år, i löpande priser."
    )


def balance(bkr: list[float], **more: Any) -> list[str]:
    result = {
        "meta": {"currency": "kr"},
        "years": [2026, 2027, 2028],
        "balanskrav": {"bkr": bkr, "anvandning": more.get("used", [0.0, 0.0, 0.0])},
        "deficits": more.get("deficits", []),
    }
    return [plain(sentence) for sentence in balance_sentences(result)]


def test_balance_requirement_met_names_the_lowest_year() -> None:
    assert balance([5000.0, 4100.0, 7000.0]) == [
        "Kommunen klarar balanskravet 2026–2028. Som lägst är balanskravsresultatet 4,1 miljoner kronor (2027)."
    ]


def test_a_deficit_is_named_with_its_last_year() -> None:
    sentences = balance(
        [5000.0, -3200.0, 7000.0], deficits=[{"year": 2027, "due_year": 2030}]
    )
    assert sentences[0].startswith("Kommunen klarar balanskravet 2026 och 2028.")
    assert sentences[1] == (
        "Kommunen klarar inte balanskravet 2027. Underskottet på 3,2 miljoner kronor ska vara återställt senast 2030."
    )


def test_reserve_that_was_needed_is_told() -> None:
    sentences = balance([0.0, 4100.0, 7000.0], used=[6000.0, 0.0, 0.0])
    assert "Av det kommer 6 miljoner kronor ur reserven 2026." in sentences


def test_rounding_is_no_deficit() -> None:
    assert len(balance([-1e-9, 1.0, 1.0])) == 1


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
        assert amounts[one["name"]] == plain(mkr(sum(one["outlay_tkr"])))
    assert f"Planen rymmer {len(chosen)} av {len(result['projects'])} projekt." in text
    assert "None" not in text
    assert not re.search(r"\bnan\b", text)
    assert "{" not in text


def test_of_a_long_plan_the_largest_are_shown() -> None:
    result = sample_result(projects=120)
    chosen = [p for p in result["projects"] if p["chosen"]]
    assert len(chosen) > 25
    text = plain(render_summary(result))
    assert "De 25 största i planen: startår, projekt och utgift (mkr)." in text
    listed = re.findall(r"^  20\d\d  (.+?)  +[\d ]+,\d$", text, re.MULTILINE)
    sizes = {one["name"]: sum(one["outlay_tkr"]) for one in chosen}
    least = min(sizes[name] for name in listed)
    assert len(listed) == 25
    assert all(sizes[name] <= least for name in sizes if name not in listed)


def test_a_name_without_end_does_not_push_the_amount_away() -> None:
    result = sample_result()
    chosen = next(p for p in result["projects"] if p["chosen"])
    chosen["name"] = "A" * 200
    text = render_summary(result)
    assert max(map(len, text.splitlines())) <= 90
