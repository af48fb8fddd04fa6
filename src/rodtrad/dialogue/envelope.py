"""What does a reserved sum pay for, by the rule that was decided?

Two rules: equal shares, and most votes first (greedy), which is what most places use and
what equal shares is to be compared with. Leaves out the arithmetic of the shares
(equal_shares), the receipts (receipts) and every sentence (publish).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Literal

from rodtrad.dialogue.equal_shares import (
    Electorate,
    Shares,
    Utility,
    share_out,
    tie_ranks,
)
from rodtrad.dialogue.leaps import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rodtrad.domain.ballots import Envelope

Rule = Literal["equal_shares", "greedy"]
# What is done when the shares have bought what they can: nothing; a krona more to each
# ballot until nothing more fits or it would be too much; that, and then most votes first.
Completion = Literal["none", "add1", "add1_greedy"]
Stopped = Literal["none", "exhausted", "overspent"]
RULES: Final[tuple[Rule, ...]] = ("equal_shares", "greedy")
COMPLETIONS: Final[tuple[Completion, ...]] = ("none", "add1", "add1_greedy")
_STEP_ORE: Final = 100


@dataclass(frozen=True)
class Outcome:
    """What an envelope pays for, in the order in which it was decided.

    `shares` is None under the greedy rule; `added_kr` is what each ballot got beyond its
    equal part of the sum, `filled` what most votes chose from the money that was left.
    """

    rule: Rule
    utility: Utility
    completion: Completion
    elected: tuple[int, ...]
    shares: Shares | None = None
    added_kr: int = 0
    stopped: Stopped = "none"
    filled: tuple[int, ...] = ()


def usual_utility(envelope: Envelope) -> Utility:
    """Return how benefit is measured unless something else is decided."""
    return "cost" if envelope.kind == "approval" else "points"


def distribute(
    envelope: Envelope,
    rule: Rule = "equal_shares",
    completion: Completion = "add1",
    utility: Utility | None = None,
    progress: Callable[[int], None] | None = None,
) -> Outcome:
    """Return what the sum pays for.

    Source:
        METHODS 8. Method page: docs/method/medborgarbudget.md.
    """
    utility = utility or usual_utility(envelope)
    if rule == "greedy":
        chosen = take_greedily(envelope, (), envelope.sum_ore)
        return Outcome("greedy", utility, "none", chosen)
    people = Electorate(envelope, utility)
    shares, added, stopped = share_and_add(people, completion != "none", progress)
    elected = tuple(one.proposal for one in shares.purchases)
    filled: tuple[int, ...] = ()
    if completion == "add1_greedy":
        left = envelope.sum_ore - shares.cost_ore
        filled = take_greedily(envelope, elected, left)
    return Outcome(
        "equal_shares",
        utility,
        completion,
        elected + filled,
        shares,
        added,
        stopped,
        filled,
    )


def take_greedily(
    envelope: Envelope, taken: Iterable[int], left_ore: int
) -> tuple[int, ...]:
    """Return the proposals with most points that fit, passing over those that do not.

    Those that nobody supports are never taken. Ties: see `tie_ranks`.
    """
    points, ranks, gone = envelope.points(), tie_ranks(envelope), set(taken)
    order = [i for i, p in enumerate(points) if p and i not in gone]
    chosen = []
    for i in sorted(order, key=lambda i: (-points[i], ranks[i])):
        if envelope.proposals[i].cost_ore <= left_ore:
            chosen.append(i)
            left_ore -= envelope.proposals[i].cost_ore
    return tuple(chosen)


def endowment(people: Electorate, added_kr: int) -> Fraction:
    """Return what each ballot has to spend, in öre."""
    return Fraction(people.sum_ore, max(people.ballot_count, 1)) + added_kr * _STEP_ORE


def share_and_add(
    people: Electorate, adding: bool, progress: Callable[[int], None] | None = None
) -> tuple[Shares, int, Stopped]:
    """Return the shares, the kronor added to each ballot, and why it stopped there.

    Kronor that are proven to change nothing are passed over.
    """
    shares = share_out(people, endowment(people, 0))
    if not adding:
        return shares, 0, "none"
    added, pace = 0, Pace()
    while not is_exhausted(people, shares):
        more = share_out(people, endowment(people, added + pace.step), people.sum_ore)
        taken = pace.taken(shares, more)
        if not taken:
            continue
        if more.cost_ore > people.sum_ore:
            return shares, added, "overspent"
        shares, added = more, added + taken
        if progress is not None:
            progress(added)
    return shares, added, "exhausted"


def is_exhausted(people: Electorate, shares: Shares) -> bool:
    """Return whether nothing that anybody supports fits in what is left of the sum."""
    left = people.sum_ore - shares.cost_ore
    bought = shares.bought
    return all(i in bought or people.costs[i] > left for i in people.supported())
