"""Small envelopes for the tests of the participatory envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rodtrad.domain.ballots import Ballot, Envelope, Proposal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.domain.ballots import BallotKind

# The published example: 1,100 to share, eleven ballots.
COSTS = {"bike": 700, "gym": 400, "park": 250, "playground": 200, "library": 100}
BACKERS = {
    "bike": (1, 2, 3, 4, 5, 6, 11),
    "gym": (1, 2, 3, 4, 5, 6),
    "park": (2, 4, 5, 7, 10),
    "playground": (7, 8, 9, 10),
    "library": (7, 9, 10),
}
# The last ballot is for the gym in place of the bike.
SWITCHED = {**BACKERS, "bike": (1, 2, 3, 4, 5, 6), "gym": (1, 2, 3, 4, 5, 6, 11)}


def approval_envelope(
    backers: Mapping[str, Sequence[int]],
    costs: Mapping[str, int],
    sum_kr: int,
    ballots: int,
) -> Envelope:
    """Return an envelope from who supports what; ballots are numbered from 1."""
    marks = [
        {name: 1 for name in costs if number in backers[name]}
        for number in range(1, ballots + 1)
    ]
    return points_envelope(marks, costs, sum_kr, "approval")


def points_envelope(
    marks: Sequence[Mapping[str, int]],
    costs: Mapping[str, int],
    sum_kr: int,
    kind: BallotKind = "cumulative",
) -> Envelope:
    """Return an envelope from the points on each ballot."""
    names = list(costs)
    return Envelope(
        name="Prov",
        sum_ore=100 * sum_kr,
        kind=kind,
        proposals=tuple(Proposal(n, n.title(), 100 * costs[n]) for n in names),
        ballots=tuple(
            Ballot(str(number), tuple((names.index(n), p) for n, p in given.items()))
            for number, given in enumerate(marks, 1)
        ),
    )


def example(backers: Mapping[str, Sequence[int]]) -> Envelope:
    """Return the published example with these supporters."""
    return approval_envelope(backers, COSTS, 1100, 11)


def names(envelope: Envelope, chosen: Sequence[int]) -> list[str]:
    """Return the ids of chosen proposals, in order."""
    return [envelope.proposals[i].proposal_id for i in chosen]
