"""What is published of an outcome, so that anyone can recompute it?

The result as plain data, and a receipt for each ballot: what it paid for what. Amounts
that must be exact are fractions of öre as text ("275/3"); those to read are rounded to
hundredths of a krona. A receipt bears the number of the ballot and nothing about a
person. Leaves out files (sources), words (publish) and the check (checking).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from rodtrad.dialogue.envelope import take_greedily

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rodtrad.dialogue.envelope import Outcome
    from rodtrad.dialogue.equal_shares import Accounts, Shares
    from rodtrad.domain.ballots import Envelope

SCHEMA: Final = "rodtrad-envelope-1"
RECEIPT_COLUMNS: Final = ("ballot", "receipt", "votes", "paid", "left_kr")

Result = dict[str, Any]
ReceiptRow = tuple[str, str, str, str, str]


def fingerprint(envelope: Envelope) -> str:
    """Return a checksum of all that decides the outcome, whatever the row order."""
    ids = [p.proposal_id for p in envelope.proposals]
    content = [
        envelope.sum_ore,
        envelope.kind,
        sorted((p.proposal_id, p.cost_ore) for p in envelope.proposals),
        sorted(
            (b.ballot_id, sorted((ids[i], points) for i, points in b.marks))
            for b in envelope.ballots
        ),
    ]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def kronor(ore: Fraction | int) -> str:
    """Return öre as kronor with two decimals, rounded half up, for people to read."""
    cents = (2 * Fraction(ore) + 1).__floor__() // 2
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


@dataclass(frozen=True)
class Receipt:
    """What every ballot of one class has paid: (purchase, öre, whether all it had)."""

    name: str
    paid: tuple[tuple[int, Fraction, bool], ...]
    left_ore: Fraction


def build_receipts(shares: Shares) -> dict[int, Receipt]:
    """Return the receipt of each class that has ballots, named K1, K2 and so on."""
    accounts = shares.accounts
    found: dict[int, Receipt] = {}
    for number in sorted(set(accounts.class_of.tolist())):
        left = shares.endowment_ore
        paid = []
        for purchase, benefit, emptied in accounts.history(number):
            price = shares.purchases[purchase].price
            amount = left if emptied else price * benefit
            left -= amount
            paid.append((purchase, amount, emptied))
        found[number] = Receipt(f"K{len(found) + 1}", tuple(paid), left)
    return found


def receipt_rows(envelope: Envelope, shares: Shares) -> Iterator[ReceiptRow]:
    """Give a line for each ballot: number, receipt, votes, what it paid, what is left."""
    receipts = build_receipts(shares)
    people = shares.accounts.people
    class_of = shares.accounts.class_of.tolist()
    ids = [p.proposal_id for p in envelope.proposals]
    texts = {
        number: (one.name, _paid_text(one, shares, ids), kronor(one.left_ore))
        for number, one in receipts.items()
    }
    for ballot, group in zip(envelope.ballots, people.group_of, strict=True):
        name, paid, left = texts[class_of[group]]
        votes = " ".join(_mark_text(ids[i], points) for i, points in ballot.marks)
        yield ballot.ballot_id, name, votes, paid, left


def _mark_text(proposal_id: str, points: int) -> str:
    return proposal_id if points == 1 else f"{proposal_id}:{points}"


def _paid_text(receipt: Receipt, shares: Shares, ids: list[str]) -> str:
    return " ".join(
        f"{ids[shares.purchases[purchase].proposal]}={kronor(amount)}"
        for purchase, amount, _all in receipt.paid
    )


def build_result(envelope: Envelope, outcome: Outcome) -> Result:
    """Return the outcome as plain data for envelope.json."""
    shares = outcome.shares
    points, votes = envelope.points(), envelope.votes()
    ids = [p.proposal_id for p in envelope.proposals]
    greedy = take_greedily(envelope, (), envelope.sum_ore)
    order = {proposal: n for n, proposal in enumerate(outcome.elected, 1)}
    spent = _cost(envelope, outcome.elected)
    facts = dict(envelope.facts)
    return {
        "schema": SCHEMA,
        "name": envelope.name,
        "place": facts.get("subunit") or facts.get("unit", ""),
        "currency": facts.get("currency", ""),
        "country": facts.get("country", ""),
        "ballots_sha256": fingerprint(envelope),
        "kind": envelope.kind,
        "rule": outcome.rule,
        "utility": outcome.utility,
        "completion": outcome.completion,
        "ballots": len(envelope.ballots),
        "sum_ore": envelope.sum_ore,
        "spent_ore": spent,
        "added_kr": outcome.added_kr,
        "stopped": outcome.stopped,
        "endowment_ore": str(shares.endowment_ore) if shares else None,
        "elected": [ids[i] for i in outcome.elected],
        "filled": [ids[i] for i in outcome.filled],
        "greedy": [ids[i] for i in greedy],
        "reached": {
            "elected": reach(envelope, outcome.elected),
            "greedy": reach(envelope, greedy),
        },
        "proposals": [
            {
                "proposal_id": one.proposal_id,
                "name": one.name,
                "cost_ore": one.cost_ore,
                "votes": votes[i],
                "points": points[i],
                "order": order.get(i),
                "support_left_kr": _support_left(shares, i, order),
            }
            for i, one in enumerate(envelope.proposals)
        ],
        "purchases": _purchases(shares, ids) if shares else [],
    }


def build_receipt_book(shares: Shares) -> list[dict[str, Any]]:
    """Return what each receipt says, exactly, for receipts.json.

    `paid` is in order; `all` marks the payment that took what was left. Any other is
    the price of the purchase times the benefit.
    """
    accounts = shares.accounts
    counts = _ballots_by_class(accounts)
    return [
        {
            "receipt": one.name,
            "ballots": counts[number],
            "paid": [
                {"purchase": purchase + 1, "kr": kronor(amount), "all": emptied}
                for purchase, amount, emptied in one.paid
            ],
            "left_kr": kronor(one.left_ore),
        }
        for number, one in build_receipts(shares).items()
    ]


def _ballots_by_class(accounts: Accounts) -> dict[int, int]:
    counts: dict[int, int] = {}
    weights = accounts.people.weights.tolist()
    for number, weight in zip(accounts.class_of.tolist(), weights, strict=True):
        counts[number] = counts.get(number, 0) + weight
    return counts


def _purchases(shares: Shares, ids: list[str]) -> list[dict[str, Any]]:
    costs = shares.accounts.people.costs
    return [
        {
            "proposal_id": ids[one.proposal],
            "price": str(one.price),
            "largest_payment_kr": kronor(one.largest_payment_ore),
            "effective_votes": float(costs[one.proposal] / one.largest_payment_ore),
            "payers": one.payers,
            "emptied": one.emptied,
        }
        for one in shares.purchases
    ]


def _support_left(
    shares: Shares | None, proposal: int, order: dict[int, int]
) -> str | None:
    """Return what the supporters of a proposal that was not bought have left."""
    if shares is None or proposal in order:
        return None
    return kronor(shares.accounts.left_ore(proposal))


def _cost(envelope: Envelope, chosen: Iterable[int]) -> int:
    return sum(envelope.proposals[i].cost_ore for i in chosen)


def reach(envelope: Envelope, chosen: Iterable[int]) -> int:
    """Return how many ballots support at least one of these proposals."""
    wanted = set(chosen)
    return sum(any(i in wanted for i, _p in b.marks) for b in envelope.ballots)
