"""How many kronor can be added at once, when none between them changes what is bought?

As long as the same proposals are bought in the same order and the same ballots run out
of money, all that is paid and left follows a straight line in the endowment. What holds
at both ends of a line holds between them, so the kronor between need not be tried one
by one. Whatever is not proven so is tried. Leaves out the adding itself (envelope).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from rodtrad.dialogue.equal_shares import Shares

    # What a class of ballots has before each purchase and last, under two endowments.
    Lefts = tuple[Sequence[Fraction], Sequence[Fraction]]
    # The class of some supporters, the benefit for each of them, how many they are.
    Backers = Sequence[tuple[int, int, int]]

# After so many kronor alike, so many are tried at once: a proof takes longer than a try.
_FIRST: Final = 8


class Pace:
    """How many kronor are tried at once; `step` is the next.

    With few ballots and a large sum there are millions to add, one after another.
    """

    def __init__(self) -> None:
        """Begin with one krona."""
        self.step = 1
        self._alike, self._patience = 0, _FIRST

    def taken(self, shares: Shares, more: Shares) -> int:
        """Return how many kronor are added when the step is tried: all of it, or none.

        One krona always is, and more only where nothing between is another. After a try
        in vain it is longer to the next.
        """
        step = self.step
        if step == 1:
            self._alike = self._alike + 1 if _alike(shares, more) else 0
            if self._alike >= self._patience:
                self.step = _FIRST
            return 1
        if same_between(shares, more):
            self.step, self._patience = 2 * step, _FIRST
            return step
        self.step = step // 2
        if self.step == 1:
            self._alike, self._patience = 0, 2 * self._patience
        return 0


def _alike(one: Shares, other: Shares) -> bool:
    """Return whether the same is bought, and the same ballots run out of money."""
    return [p.proposal for p in one.purchases] == [
        p.proposal for p in other.purchases
    ] and one.accounts.parents == other.accounts.parents


def same_between(one: Shares, other: Shares) -> bool:
    """Return True if it is proven that all endowments between buy as these two do.

    Both are whole outcomes of the same ballots, none of them stopped on the way.
    """
    if not _alike(one, other):
        return False
    people = one.accounts.people
    classes = set(one.accounts.class_of.tolist())
    lefts = {n: (_lefts(one, n), _lefts(other, n)) for n in classes}
    most_each = max(one.endowment_ore, other.endowment_ore)
    waiting = {
        i: _backers(one, i)
        for i in people.supported()
        if people.supporters[i].count * most_each >= people.costs[i]
    }
    for number, (first, second) in enumerate(
        zip(one.purchases, other.purchases, strict=True)
    ):
        del waiting[first.proposal]
        price = max(first.price, second.price)
        for proposal in list(waiting):
            of, cost = waiting[proposal], people.costs[proposal]
            if _too_poor(of, lefts, number, cost):
                del waiting[proposal]  # nobody gets more money later
                continue
            most, tied = _most(of, lefts, number, price)
            after = people.ranks[proposal] > people.ranks[first.proposal]
            if most > cost or (most == cost and not (tied and after)):
                return False
    return True


def _lefts(shares: Shares, number: int) -> list[Fraction]:
    """Return what a class has before each purchase, and last what is left."""
    left = shares.endowment_ore
    paid = {n: (benefit, all_) for n, benefit, all_ in shares.accounts.history(number)}
    found = []
    for n, purchase in enumerate(shares.purchases):
        found.append(left)
        if n in paid:
            benefit, emptied = paid[n]
            left -= left if emptied else purchase.price * benefit
    return [*found, left]


def _backers(shares: Shares, proposal: int) -> Backers:
    """Return the supporters of a proposal, by the class that they end in."""
    accounts = shares.accounts
    supporters = accounts.people.supporters[proposal]
    width = len(supporters.utilities)
    _keys, counts = supporters.counts(accounts.class_of, len(accounts.balances))
    return [
        (key // width, supporters.utilities[key % width], int(counts[key]))
        for key in np.flatnonzero(counts).tolist()
    ]


def _most(
    backers: Backers, lefts: Mapping[int, Lefts], number: int, price: Fraction
) -> tuple[Fraction | int, bool]:
    """Return the most that supporters give at any price up to this, between the ends.

    And whether some of them surely have what the price comes to: then no lower price
    gives as much.
    """
    most: Fraction | int = 0
    tied = False
    for of, benefit, count in backers:
        low, high = sorted((lefts[of][0][number], lefts[of][1][number]))
        most += min(high, price * benefit) * count
        tied |= low >= price * benefit
    return most, tied


def _too_poor(
    backers: Backers, lefts: Mapping[int, Lefts], number: int, cost: int
) -> bool:
    """Return whether all that supporters have is too little, at both ends."""
    return all(
        sum((lefts[of][end][number] * n for of, _b, n in backers), 0) < cost
        for end in (0, 1)
    )
