"""Which proposals do equal shares of the sum buy, and who pays what? Exactly.

Each ballot gets the same share. The proposal bought next is the one that gives its
supporters most for each krona, and they pay the same for each point, or all they have
left. Everything is whole numbers: amounts are counted in öre over one denominator that
all ballots have in common and that grows with each purchase. Ballots that are alike, and
those with the same payments behind them, are counted together. Leaves out what happens
with money that is left (envelope) and how it is told (receipts, publish).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key
from math import lcm
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.domain.ballots import Envelope

Utility = Literal["cost", "points"]
UTILITIES: Final[tuple[Utility, ...]] = ("cost", "points")
Mark = tuple[int, int]
# What ballots of one class have, the benefit for each of them, and how many they are.
Purse = tuple[int, int, int]


def tie_ranks(envelope: Envelope) -> list[int]:
    """Return the place of each proposal when nothing else tells them apart.

    The cheaper first, then the one with more ballots, then the id as text: no row order
    decides anything.
    """
    votes = envelope.votes()
    order = sorted(
        range(len(votes)),
        key=lambda i: (
            envelope.proposals[i].cost_ore,
            -votes[i],
            envelope.proposals[i].proposal_id,
        ),
    )
    ranks = [0] * len(order)
    for rank, index in enumerate(order):
        ranks[index] = rank
    return ranks


@dataclass(frozen=True)
class Purchase:
    """One proposal bought: `price` is öre for each unit of benefit.

    Every supporter pays the price times its own benefit, or all that it has left.
    """

    proposal: int
    price: Fraction
    largest_payment_ore: Fraction
    payers: int
    emptied: int


@dataclass(frozen=True)
class Shares:
    """What one endowment buys, with the account of every ballot."""

    endowment_ore: Fraction
    purchases: tuple[Purchase, ...]
    cost_ore: int
    accounts: Accounts

    @property
    def bought(self) -> frozenset[int]:
        """The indices of the proposals bought."""
        return frozenset(one.proposal for one in self.purchases)


class Electorate:
    """The ballots of an envelope, arranged for repeated computing.

    `groups[g]` are marks in order of proposal, `weights[g]` how many ballots have them.
    """

    def __init__(self, envelope: Envelope, utility: Utility) -> None:
        """Group equal ballots and list the supporters of each proposal."""
        self.costs = [p.cost_ore for p in envelope.proposals]
        self.ranks = tie_ranks(envelope)
        self.ballot_count = len(envelope.ballots)
        self.sum_ore = envelope.sum_ore
        found: dict[tuple[Mark, ...], int] = {}
        self.group_of = [
            found.setdefault(tuple(sorted(b.marks)), len(found))
            for b in envelope.ballots
        ]
        self.groups = list(found)
        self.weights = np.bincount(
            np.array(self.group_of, dtype=np.int64), minlength=len(found)
        ).astype(np.int64)
        supporters: list[list[Mark]] = [[] for _ in self.costs]
        for g, marks in enumerate(self.groups):
            for index, points in marks:
                supporters[index].append((g, points))
        self.supporters = [
            _Supporters(members, self.weights, cost if utility == "cost" else 1)
            for members, cost in zip(supporters, self.costs, strict=True)
        ]
        # No price can be lower than when nobody runs out of money.
        self.first_prices = [
            Fraction(cost, one.benefit) if one.benefit else None
            for cost, one in zip(self.costs, self.supporters, strict=True)
        ]

    def supported(self) -> list[int]:
        """Return the proposals that at least one ballot supports."""
        return [i for i, price in enumerate(self.first_prices) if price is not None]


class _Supporters:
    """The groups that support one proposal, and the benefit it has for each."""

    def __init__(self, members: Sequence[Mark], weights: Any, factor: int) -> None:
        points = sorted({p for _g, p in members})
        level = {p: k for k, p in enumerate(points)}
        self.utilities = [p * factor for p in points]
        self.groups = np.array([g for g, _p in members], dtype=np.int64)
        self.levels = np.array([level[p] for _g, p in members], dtype=np.int64)
        self.weights = weights[self.groups]
        self.count = int(self.weights.sum())
        self.benefit = sum(
            int(w) * self.utilities[k]
            for w, k in zip(self.weights, self.levels, strict=True)
        )

    def counts(self, class_of: Any, classes: int) -> tuple[Any, Any]:
        """Return the key of each supporting group and the ballots of each key.

        A key is a class and a level of benefit: class * levels + level.
        """
        width = len(self.utilities)
        keys = class_of[self.groups] * width + self.levels
        counts = np.zeros(classes * width, dtype=np.int64)
        np.add.at(counts, keys, self.weights)
        return keys, counts


def _money_for_benefit(one: Purse, other: Purse) -> int:
    """Compare two purses by money for each unit of benefit, without dividing."""
    return one[0] * other[1] - other[0] * one[1]


class Accounts:
    """What the ballots have left. Those that have paid the same form a class."""

    def __init__(self, electorate: Electorate, endowment_ore: Fraction) -> None:
        self.people = electorate
        self.denominator = endowment_ore.denominator
        self.balances = [endowment_ore.numerator]
        self.class_of = np.zeros(len(electorate.groups), dtype=np.int64)
        # Where a class comes from, and what it paid when it came to be.
        self.parents: list[tuple[int, int, int, bool] | None] = [None]

    def price(self, proposal: int) -> Fraction | None:
        """Return the lowest price a unit at which the supporters cover the cost."""
        backers = self.people.supporters[proposal]
        width = len(backers.utilities)
        _keys, counts = backers.counts(self.class_of, len(self.balances))
        purses: list[Purse] = []
        left = self.people.costs[proposal] * self.denominator
        money = benefit = 0
        for key in np.flatnonzero(counts).tolist():
            balance, count = self.balances[key // width], int(counts[key])
            if balance:
                unit = backers.utilities[key % width]
                purses.append((balance, unit, count))
                money += balance * count
                benefit += unit * count
        if money < left:
            return None
        if width == 1:
            purses.sort()
        else:
            # The one with least money for each unit of benefit runs out first.
            purses.sort(key=cmp_to_key(_money_for_benefit))
        for balance, unit, count in purses:
            if left * unit <= balance * benefit:
                break
            left -= balance * count
            benefit -= unit * count
        return Fraction(left, self.denominator * benefit)

    def buy(self, number: int, proposal: int, price: Fraction) -> Purchase:
        """Let the supporters of a proposal pay for it."""
        common = lcm(self.denominator, price.denominator)
        factor = common // self.denominator
        self.balances = [b * factor for b in self.balances]
        self.denominator = common
        unit_price = price.numerator * (common // price.denominator)
        backers = self.people.supporters[proposal]
        width = len(backers.utilities)
        classes = len(self.balances)
        keys, counts = backers.counts(self.class_of, classes)
        becomes = np.repeat(np.arange(classes, dtype=np.int64), width)
        payers = emptied = largest = 0
        for key in np.flatnonzero(counts).tolist():
            balance, unit = self.balances[key // width], backers.utilities[key % width]
            if not balance:
                continue
            pays = min(balance, unit_price * unit)
            becomes[key] = len(self.balances)
            self.balances.append(balance - pays)
            self.parents.append((key // width, number, unit, pays == balance))
            payers += int(counts[key])
            emptied += int(counts[key]) * (pays == balance)
            largest = max(largest, pays)
        self.class_of[backers.groups] = becomes[keys]
        return Purchase(proposal, price, Fraction(largest, common), payers, emptied)

    def left_ore(self, proposal: int) -> Fraction:
        """Return what the supporters of a proposal have left together."""
        backers = self.people.supporters[proposal]
        _keys, counts = backers.counts(self.class_of, len(self.balances))
        width = len(backers.utilities)
        money = sum(
            self.balances[key // width] * int(counts[key])
            for key in np.flatnonzero(counts).tolist()
        )
        return Fraction(money, self.denominator)

    def balance_ore(self, number: int) -> Fraction:
        """Return what each ballot of a class has left."""
        return Fraction(self.balances[number], self.denominator)

    def history(self, number: int) -> tuple[tuple[int, int, bool], ...]:
        """Return what a class has paid, from the first purchase on.

        Each step is the number of the purchase, the benefit, and whether it took all
        that was left.
        """
        steps = []
        parent = self.parents[number]
        while parent is not None:
            steps.append(parent[1:])
            parent = self.parents[parent[0]]
        return tuple(reversed(steps))


def share_out(
    people: Electorate, endowment_ore: Fraction, stop_above_ore: int | None = None
) -> Shares:
    """Return what an endowment of each ballot buys, by the Method of Equal Shares.

    Args:
        people: the ballots.
        endowment_ore: what each ballot has to spend.
        stop_above_ore: leave at once when more than this is spent, since the outcome is
            then of no use.

    Source:
        METHODS 8 (Peters, Pierczyński and Skowron 2021). Method page:
        docs/method/medborgarbudget.md.
    """
    accounts = Accounts(people, endowment_ore)
    # Money only goes down, so an old price is never too high: only the cheapest of the
    # old ones needs to be computed anew.
    queue = [
        (price, people.ranks[i], i)
        for i, price in enumerate(people.first_prices)
        if price is not None
        and people.supporters[i].count * endowment_ore >= people.costs[i]
    ]
    heapq.heapify(queue)
    purchases: list[Purchase] = []
    spent = 0
    while queue:
        _old, rank, proposal = heapq.heappop(queue)
        price = accounts.price(proposal)
        if price is None:
            continue
        if queue and (price, rank) > queue[0][:2]:
            heapq.heappush(queue, (price, rank, proposal))
            continue
        purchases.append(accounts.buy(len(purchases), proposal, price))
        spent += people.costs[proposal]
        if stop_above_ore is not None and spent > stop_above_ore:
            break
    return Shares(endowment_ore, tuple(purchases), spent, accounts)
