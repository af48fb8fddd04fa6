"""Do two endowments, and every one between them, buy the same in the same way?

As long as the same proposals are bought in the same order and the same ballots run out
of money, all that is paid and left follows a straight line in the endowment. What holds
at both ends of a line holds between them, so the kronor between need not be tried one
by one. Whatever is not proven so is answered with no. Leaves out the adding (envelope).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from rodtrad.dialogue.equal_shares import Shares

    # What a class of ballots has before each purchase and last, under two endowments.
    Lefts = tuple[Sequence[Fraction], Sequence[Fraction]]
    # The class of some supporters, the benefit for each of them, how many they are.
    Backers = Sequence[tuple[int, int, int]]


def same_between(one: Shares, other: Shares) -> bool:
    """Return True if it is proven that all endowments between buy as these two do.

    Both are whole outcomes of the same ballots, none of them stopped on the way.
    """
    if [p.proposal for p in one.purchases] != [p.proposal for p in other.purchases]:
        return False
    if one.accounts.parents != other.accounts.parents:
        return False
    people = one.accounts.people
    classes = set(one.accounts.class_of.tolist())
    lefts = {n: (_lefts(one, n), _lefts(other, n)) for n in classes}
    backers = {i: _backers(one, i) for i in people.supported()}
    for number, (first, second) in enumerate(
        zip(one.purchases, other.purchases, strict=True)
    ):
        del backers[first.proposal]
        price = max(first.price, second.price)
        for proposal, of in backers.items():
            most, tied = _most(of, lefts, number, price)
            after = people.ranks[proposal] > people.ranks[first.proposal]
            cost = people.costs[proposal]
            kept_out = most < cost or (most == cost and tied and after)
            if not kept_out and not _too_poor(of, lefts, number, cost):
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
