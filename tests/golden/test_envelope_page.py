"""The worked tables of docs/method/medborgarbudget.md, recomputed."""

from __future__ import annotations

from pathlib import Path

import pytest

from rodtrad.dialogue.envelope import distribute
from rodtrad.domain.ballots import Ballot, Envelope, Proposal

PAGE = Path(__file__).parents[2] / "docs" / "method" / "medborgarbudget.md"
SUM_KR, BALLOTS = 1100, 11


def _table(name: str) -> list[list[str]]:
    """Return the rows of the table after `<!-- golden: name -->`, without headings."""
    after = PAGE.read_text(encoding="utf-8").split(f"<!-- golden: {name} -->\n\n")[1]
    lines = after.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _envelope(moved: bool) -> Envelope:
    """Return the example of the page; `moved` when ballot 11 is for the gym."""
    rows = _table("forslag")
    backers = {row[0]: {int(n) for n in row[2].split(",")} for row in rows}
    if moved:
        backers["Cykelbana"].remove(11)
        backers["Utegym"].add(11)
    return Envelope(
        name="Exempel",
        sum_ore=100 * SUM_KR,
        kind="approval",
        proposals=tuple(Proposal(r[0], r[0], 100 * int(r[1])) for r in rows),
        ballots=tuple(
            Ballot(
                str(number),
                tuple((i, 1) for i, r in enumerate(rows) if number in backers[r[0]]),
            )
            for number in range(1, BALLOTS + 1)
        ),
    )


def _figure(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}".replace(".", ",")


@pytest.mark.parametrize(("name", "moved"), [("lika", False), ("byte", True)])
def test_what_equal_shares_buys_on_the_page(name: str, moved: bool) -> None:
    envelope = _envelope(moved)
    shares = distribute(envelope, completion="none").shares
    assert shares is not None
    found = [
        [
            str(number),
            envelope.proposals[one.proposal].name,
            _figure(
                float(
                    envelope.proposals[one.proposal].cost_ore / one.largest_payment_ore
                ),
                3,
            ),
            _figure(float(one.largest_payment_ore) / 100, 2),
        ]
        for number, one in enumerate(shares.purchases, 1)
    ]
    assert found == _table(name)


def test_most_votes_first_on_the_page() -> None:
    envelope = _envelope(moved=False)
    chosen = distribute(envelope, "greedy").elected
    assert [envelope.proposals[i].name for i in chosen] == ["Cykelbana", "Utegym"]
    reached = sum(any(i in chosen for i, _p in b.marks) for b in envelope.ballots)
    assert len(envelope.ballots) - reached == 4
