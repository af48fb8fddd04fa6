"""The report of an envelope: what it says in each kind of outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unit.dialogue.envelopes import BACKERS, approval_envelope, example, points_envelope

from rodtrad.dialogue.envelope import distribute
from rodtrad.dialogue.receipts import build_result
from rodtrad.publish.blocks import TableBlock
from rodtrad.publish.document_html import render_html
from rodtrad.publish.envelope import build_envelope_report, render_envelope

if TYPE_CHECKING:
    from rodtrad.domain.ballots import Envelope


def _result(envelope: Envelope, **how: Any) -> dict[str, Any]:
    return build_result(envelope, distribute(envelope, **how))


def _tables(result: dict[str, Any]) -> list[TableBlock]:
    report = build_envelope_report(result)
    blocks = [block for section in report.sections for block in section.blocks]
    return [block for block in blocks if isinstance(block, TableBlock)]


def test_what_each_proposal_got_and_lacked() -> None:
    result = _result(example(BACKERS), completion="none")
    chosen, waiting = _tables(result)
    assert [row.header for row in chosen.rows] == [
        "1. Bike",
        "2. Playground",
        "3. Library",
    ]
    # cost, votes, payers, the most that anybody pays
    assert [cell.text for cell in chosen.rows[0].cells] == ["700", "7", "7", "100,00"]
    # cost, votes, what the supporters have left, what is lacking
    assert [[cell.text for cell in row.cells] for row in waiting.rows] == [
        ["400", "6", "0", "400"],
        ["250", "5", "33", "217"],
    ]


def test_what_most_votes_filled_is_paid_by_nobody() -> None:
    costs = {"a": 60, "b": 60, "c": 10}
    envelope = approval_envelope({"a": (1, 2), "b": (3, 4), "c": (5,)}, costs, 100, 5)
    chosen, _waiting = _tables(_result(envelope, completion="add1_greedy"))
    assert [cell.text for cell in chosen.rows[1].cells] == ["60", "2", "–", "–"]
    assert "”A”" in chosen.note


def test_points_are_shown_and_the_page_is_whole() -> None:
    marks = [{"a": 3, "b": 1}, {"a": 3, "b": 1}, {"b": 2}]
    result = _result(points_envelope(marks, {"a": 60, "b": 60}, 90))
    chosen = _tables(result)[0]
    assert [c.label for c in chosen.columns][:4] == [
        "Förslag",
        "Kostar",
        "Röster",
        "Poäng",
    ]
    page = render_html(build_envelope_report(result)).decode()
    assert "efter sina poäng" in page
    assert "1 förslag får pengar: 60 av 90" in render_envelope(result)


def test_all_or_nothing_has_a_sentence_in_place_of_a_table() -> None:
    everything = _result(points_envelope([{"a": 1}], {"a": 5}, 90, "approval"))
    page = render_html(build_envelope_report(everything)).decode()
    assert "Alla förslag fick pengar." in page
    assert "räckte inte" not in page
    nothing = _result(
        points_envelope([{"a": 1}], {"a": 95}, 90, "approval"), rule="greedy"
    )
    assert (
        "Inget förslag fick pengar."
        in render_html(build_envelope_report(nothing)).decode()
    )


def test_an_unknown_currency_is_not_called_kronor() -> None:
    result = {**_result(example(BACKERS)), "country": "Poland"}
    assert "i filens valuta" in render_envelope(result)
    assert "kronor" in render_envelope({**result, "country": ""})
    assert "1\u00a0100 PLN" in render_envelope({**result, "currency": "PLN"})


def test_what_nobody_voted_for_is_not_said_to_be_too_dear() -> None:
    def lead(envelope: Envelope) -> str:
        report = build_envelope_report(_result(envelope, rule="greedy"))
        return report.sections[1].lead[0].text

    voted = points_envelope([{"a": 1}, {"b": 1}], {"a": 60, "b": 50}, 90, "approval")
    assert "ryms inte i det som var kvar" in lead(voted)
    unvoted = points_envelope([{"a": 1}], {"a": 60, "b": 5}, 90, "approval")
    assert "ryms inte i det som var kvar" not in lead(unvoted)
