"""What is a reserved sum that residents share out? Proposals, ballots and the sum.

Amounts are whole öre, so that everything computed from them can be exact. A ballot holds
nothing about the person who cast it. Leaves out how votes become a result (dialogue) and
how files are read and written (sources).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

# `approval`: yes or nothing. `ordinal`: an order, turned into points. `cumulative` and
# `scoring`: points as given.
BallotKind = Literal["approval", "ordinal", "cumulative", "scoring"]
BALLOT_KINDS: Final[tuple[BallotKind, ...]] = (
    "approval",
    "ordinal",
    "cumulative",
    "scoring",
)


@dataclass(frozen=True)
class Proposal:
    """One thing that the sum may pay for; `facts` are further columns, as text."""

    proposal_id: str
    name: str
    cost_ore: int
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Ballot:
    """One ballot: the index and points of each proposal it supports, in its own order.

    Points are positive whole numbers; an approval is 1.
    """

    ballot_id: str
    marks: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Envelope:
    """A sum, what it may pay for and the ballots cast; `facts` are further lines.

    Raises:
        ValueError: an amount or a point is not positive, an id stands twice, or a ballot
            names a proposal twice or one that is not there.
    """

    name: str
    sum_ore: int
    kind: BallotKind
    proposals: tuple[Proposal, ...]
    ballots: tuple[Ballot, ...]
    facts: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no rule can share out."""
        if self.sum_ore <= 0 or any(p.cost_ore <= 0 for p in self.proposals):
            msg = "a sum or a cost is not positive"
            raise ValueError(msg)
        for ids in (
            [p.proposal_id for p in self.proposals],
            [b.ballot_id for b in self.ballots],
        ):
            if len(set(ids)) < len(ids):
                msg = "an id stands twice"
                raise ValueError(msg)
        count = len(self.proposals)
        for ballot in self.ballots:
            named = {index for index, _points in ballot.marks}
            if len(named) < len(ballot.marks):
                msg = f"ballot {ballot.ballot_id} names a proposal twice"
                raise ValueError(msg)
            if any(not 0 <= i < count or points <= 0 for i, points in ballot.marks):
                msg = f"ballot {ballot.ballot_id} has a mark that means nothing"
                raise ValueError(msg)

    def points(self) -> list[int]:
        """Return the points of each proposal, all ballots together."""
        total = [0] * len(self.proposals)
        for ballot in self.ballots:
            for index, points in ballot.marks:
                total[index] += points
        return total

    def votes(self) -> list[int]:
        """Return how many ballots support each proposal."""
        total = [0] * len(self.proposals)
        for ballot in self.ballots:
            for index, _points in ballot.marks:
                total[index] += 1
        return total
