"""The check of receipts: right ones pass, and each kind of tampering is found."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from unit.dialogue.envelopes import (
    BACKERS,
    SWITCHED,
    approval_envelope,
    example,
    names,
    points_envelope,
)

from rodtrad.dialogue.checking import check_outcome
from rodtrad.dialogue.envelope import Outcome, distribute, endowment
from rodtrad.dialogue.equal_shares import Electorate, share_out
from rodtrad.dialogue.receipts import build_receipt_book, build_result, receipt_rows
from rodtrad.domain.ballots import Envelope

if TYPE_CHECKING:
    from collections.abc import Callable


Parts = tuple[Envelope, dict[str, Any], list[dict[str, Any]], list[list[str]]]


def _published(envelope: Envelope, **how: Any) -> Parts:
    outcome = distribute(envelope, **how)
    assert outcome.shares is not None
    result = json.loads(json.dumps(build_result(envelope, outcome)))
    rows = [list(row) for row in receipt_rows(envelope, outcome.shares)]
    return envelope, result, build_receipt_book(outcome.shares), rows


@pytest.mark.parametrize("completion", ["none", "add1", "add1_greedy"])
@pytest.mark.parametrize("backers", [BACKERS, SWITCHED])
def test_what_we_publish_is_right(backers: Any, completion: str) -> None:
    assert check_outcome(*_published(example(backers), completion=completion)) == []


def test_points_and_the_order_of_lines_do_not_matter() -> None:
    marks = [{"a": 3, "b": 1}, {"a": 3, "b": 1}, {"b": 2}]
    parts = _published(points_envelope(marks, {"a": 60, "b": 30}, 90))
    parts[3].reverse()
    assert check_outcome(*parts) == []


def _other_price(parts: Parts) -> None:
    parts[1]["purchases"][1]["price"] = "1/3"


def _other_order(parts: Parts) -> None:
    parts[1]["purchases"].reverse()


def _paid_less(parts: Parts) -> None:
    parts[3][6][3] = "playground=49.00"


def _row_gone(parts: Parts) -> None:
    parts[3].pop()


def _row_twice(parts: Parts) -> None:
    parts[3][1] = parts[3][0]


def _another_receipt(parts: Parts) -> None:
    parts[3][0][1] = "K2"


def _count(parts: Parts) -> None:
    parts[2][0]["ballots"] += 1


def _cost(parts: Parts) -> None:
    parts[1]["proposals"][0]["cost_ore"] += 100


def _votes(parts: Parts) -> None:
    parts[1]["proposals"][3]["votes"] += 1


def _one_fewer(parts: Parts) -> None:
    parts[1]["purchases"].pop()


def _stopped(parts: Parts) -> None:
    parts[1]["stopped"] = "overspent"


def _endowment(parts: Parts) -> None:
    parts[1]["endowment_ore"] = "10100"


def _sum(parts: Parts) -> None:
    parts[1]["sum_ore"] += 100


def _checksum(parts: Parts) -> None:
    parts[1]["ballots_sha256"] = "0" * 64


def _names(parts: Parts) -> None:
    one, other = parts[1]["proposals"][:2]
    one["name"], other["name"] = other["name"], one["name"]


def _effective_votes(parts: Parts) -> None:
    parts[1]["purchases"][0]["effective_votes"] = 999.0


def _payers(parts: Parts) -> None:
    parts[1]["purchases"][0]["payers"] = 1


def _emptied(parts: Parts) -> None:
    parts[1]["purchases"][0]["emptied"] += 1


def _largest_payment(parts: Parts) -> None:
    parts[1]["purchases"][0]["largest_payment_kr"] = "1.00"


def _greedy(parts: Parts) -> None:
    parts[1]["greedy"] = []


def _reached(parts: Parts) -> None:
    parts[1]["reached"] = {"elected": 11, "greedy": 0}


def _support_left(parts: Parts) -> None:
    lost = [one for one in parts[1]["proposals"] if one["support_left_kr"] is not None]
    lost[0]["support_left_kr"] = "0.01"


def _support_left_of_a_winner(parts: Parts) -> None:
    won = [one for one in parts[1]["proposals"] if one["support_left_kr"] is None]
    won[0]["support_left_kr"] = "5.00"


TAMPERED = [
    _other_price,
    _other_order,
    _paid_less,
    _row_gone,
    _row_twice,
    _another_receipt,
    _count,
    _cost,
    _votes,
    _one_fewer,
    _stopped,
    _endowment,
    _sum,
    _checksum,
    _names,
    _effective_votes,
    _payers,
    _emptied,
    _largest_payment,
    _greedy,
    _reached,
    _support_left,
    _support_left_of_a_winner,
]


@pytest.mark.parametrize("tamper", TAMPERED)
def test_every_change_is_found(tamper: Callable[[Parts], None]) -> None:
    parts = copy.deepcopy(_published(example(BACKERS)))
    tamper(parts)
    assert check_outcome(*parts)


def test_a_winner_that_others_should_have_gone_before_is_found() -> None:
    """Receipts that add up are not enough: gym cannot be bought first here."""
    envelope = example(BACKERS)
    parts = _published(envelope, completion="none")
    parts[1]["purchases"] = [{"proposal_id": "gym", "price": "1/6"}]
    found = check_outcome(*parts)
    # At 1/6 the bike gets all that its supporters have, exactly its cost: its own price
    # is lower still.
    assert "”Bike” skulle ha gått före ”Gym”." in found


@pytest.mark.parametrize(
    "price", ["1/0", "1e999999999", "-1/6", "0.1667", "1_0", 1, 1e400, None, ["1"]]
)
def test_a_price_in_another_form_is_refused(price: Any) -> None:
    """A number without end is never reckoned with, and nothing is divided by nought."""
    parts = copy.deepcopy(_published(example(BACKERS)))
    parts[1]["purchases"][0]["price"] = price
    with pytest.raises(ValueError, match="not a fraction"):
        check_outcome(*parts)


@pytest.mark.parametrize("added", [17.0, -1, "17", None, True])
def test_what_was_added_is_a_whole_number(added: Any) -> None:
    parts = copy.deepcopy(_published(example(BACKERS)))
    parts[1]["added_kr"] = added
    with pytest.raises(ValueError, match="no number of kronor"):
        check_outcome(*parts)


def test_a_result_of_more_than_the_rule_adds_is_found() -> None:
    """With nothing added the sum is used; a krona more buys another proposal alone."""
    costs = {"a": 14, "b": 11, "c": 38}
    backers = {"a": (3, 4), "b": (1,), "c": (1, 2, 3)}
    envelope = approval_envelope(backers, costs, 47, 4)
    people = Electorate(envelope, "cost")
    shares = share_out(people, endowment(people, 1))
    elected = tuple(one.proposal for one in shares.purchases)
    assert names(envelope, elected) == ["c"]
    more = Outcome(
        "equal_shares", "cost", "add1", elected, shares, 1, stopped="exhausted"
    )
    rows = list(receipt_rows(envelope, shares))
    result = build_result(envelope, more)
    found = check_outcome(envelope, result, build_receipt_book(shares), rows)
    assert found == ["Det stannade inte där regeln säger."]


def test_greedy_is_recomputed() -> None:
    envelope = example(BACKERS)
    result = build_result(envelope, distribute(envelope, "greedy"))
    assert check_outcome(envelope, result, [], []) == []
    result["elected"].reverse()
    for one in result["proposals"]:
        one["order"] = None if one["order"] is None else 3 - one["order"]
    assert check_outcome(envelope, result, [], [])
