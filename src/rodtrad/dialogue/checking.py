"""Is a published outcome right? Recomputed from the ballots, receipt by receipt.

Follows every ballot through the published prices: it pays the price times its benefit,
or all it has. Then each purchase must have got exactly its cost, no other proposal could
have been bought at a lower price, and nothing more could be bought at the end. That is
the whole definition of equal shares, and it needs none of the code that found the
outcome. Two things are asked of that code: how many kronor are added to each ballot, and
which proposals most votes choose. Leaves out how files are read (sources).
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any, Final

from rodtrad.dialogue.envelope import (
    COMPLETIONS,
    RULES,
    endowment,
    share_and_add,
    take_greedily,
)
from rodtrad.dialogue.equal_shares import Electorate, tie_ranks
from rodtrad.dialogue.receipts import SCHEMA, fingerprint, kronor, reach
from rodtrad.domain.words import _, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.domain.ballots import Envelope

_FRACTION: Final = re.compile(r"[0-9]+(/0*[1-9][0-9]*)?")
# What a ballot has paid: the purchase, the amount over the common denominator, all of it.
Path = tuple[tuple[int, int, bool], ...]


def check_outcome(
    envelope: Envelope,
    result: Mapping[str, Any],
    book: Sequence[Mapping[str, Any]],
    rows: Sequence[Sequence[str]],
) -> list[str]:
    """Return what differs, in words; nothing when the outcome and receipts are right.

    Args:
        envelope: the ballots.
        result: envelope.json.
        book: receipts.json.
        rows: the lines of receipts.csv below the heading.

    Raises:
        KeyError, TypeError, ValueError: the result has another shape than ours.
    """
    known = result["rule"] in RULES and result["completion"] in COMPLETIONS
    if result["schema"] != SCHEMA or not known:
        return [_("Resultatet är av ett slag som inte går att kontrollera här.")]
    if result["ballots_sha256"] != fingerprint(envelope):
        return [_("Valsedlarna, kostnaderna eller summan är andra än resultatets.")]
    differences = _check_facts(envelope, result)
    if differences:
        return differences
    if result["rule"] == "greedy":
        return _check_greedy(envelope, result)
    return _Check(envelope, result).run(book, rows)


def _check_facts(envelope: Envelope, result: Mapping[str, Any]) -> list[str]:
    """Compare what is said of each proposal and of the sum with the ballots."""
    ids = [p.proposal_id for p in envelope.proposals]
    votes, points = envelope.votes(), envelope.points()
    order = {key: n for n, key in enumerate(result["elected"], 1)}
    facts = ("proposal_id", "name", "cost_ore", "votes", "points", "order")
    told = [tuple(p[name] for name in facts) for p in result["proposals"]]
    true = [
        (p.proposal_id, p.name, p.cost_ore, votes[i], points[i], order.get(ids[i]))
        for i, p in enumerate(envelope.proposals)
    ]
    found = []
    if told != true or set(order) - set(ids) or len(order) < len(result["elected"]):
        found.append(_("Uppgifterna om förslagen stämmer inte med valsedlarna."))
        return found
    costs = dict(zip(ids, (p.cost_ore for p in envelope.proposals), strict=True))
    spent = sum(costs[key] for key in order)
    if spent != result["spent_ore"] or spent > envelope.sum_ore:
        found.append(_("Det som delas ut är ett annat belopp, eller mer än summan."))
    if (result["sum_ore"], result["ballots"]) != (
        envelope.sum_ore,
        len(envelope.ballots),
    ):
        found.append(_("Summan eller antalet valsedlar är ett annat."))
    return found + _check_beside(envelope, result)


def _check_beside(envelope: Envelope, result: Mapping[str, Any]) -> list[str]:
    """Compare what is said of the other rule, and of how many got something."""
    ids = [p.proposal_id for p in envelope.proposals]
    greedy = take_greedily(envelope, (), envelope.sum_ore)
    elected = [ids.index(key) for key in result["elected"]]
    reached = {"elected": reach(envelope, elected), "greedy": reach(envelope, greedy)}
    if [ids[i] for i in greedy] == result["greedy"] and reached == result["reached"]:
        return []
    return [_("Det som sägs om flest röster först stämmer inte.")]


def _check_greedy(envelope: Envelope, result: Mapping[str, Any]) -> list[str]:
    chosen = take_greedily(envelope, (), envelope.sum_ore)
    right = [envelope.proposals[i].proposal_id for i in chosen] == result["elected"]
    shares = result["purchases"] or any(
        one["support_left_kr"] is not None for one in result["proposals"]
    )
    if right and not shares:
        return []
    return [_("Flest röster först ger andra förslag.")]


def _fraction(text: Any) -> Fraction:
    """Return an amount as we write it; another form may be a number without end.

    Raises:
        ValueError: it is written in another way.
    """
    if not isinstance(text, str) or not _FRACTION.fullmatch(text):
        msg = "not a fraction of whole numbers"
        raise ValueError(msg)
    return Fraction(text)


class _Check:
    """The check of one outcome by equal shares."""

    def __init__(self, envelope: Envelope, result: Mapping[str, Any]) -> None:
        self.envelope, self.result = envelope, result
        self.index = {p.proposal_id: i for i, p in enumerate(envelope.proposals)}
        self.bought = [self.index[p["proposal_id"]] for p in result["purchases"]]
        prices = [_fraction(p["price"]) for p in result["purchases"]]
        start = _fraction(result["endowment_ore"])
        if type(result["added_kr"]) is not int or result["added_kr"] < 0:
            msg = "what was added is no number of kronor"
            raise ValueError(msg)
        self.unit = lcm(start.denominator, *(p.denominator for p in prices))
        self.start = int(start * self.unit)
        self.prices = [int(price * self.unit) for price in prices]
        self.found: list[str] = []

    def run(
        self, book: Sequence[Mapping[str, Any]], rows: Sequence[Sequence[str]]
    ) -> list[str]:
        """Return what differs."""
        people = Electorate(self.envelope, self.result["utility"])
        if Fraction(self.start, self.unit) != endowment(
            people, self.result["added_kr"]
        ):
            return [_("Varje valsedels del av summan är en annan.")]
        self.factor = (
            [p.cost_ore for p in self.envelope.proposals]
            if self.result["utility"] == "cost"
            else [1] * len(self.index)
        )
        paths = [self._follow(dict(marks)) for marks in people.groups]
        weights = people.weights.tolist()
        self._check_costs(paths, weights)
        self._check_purchases(paths, weights)
        self._check_prices(paths, weights, people.groups)
        self._check_left(paths, weights, people.groups)
        self._check_receipts(book, rows, paths, people.group_of)
        # the dearest question, and of no use where anything else is wrong
        if not self.found:
            self._check_end(people)
        return self.found

    def _follow(self, marks: Mapping[int, int]) -> Path:
        """Return what a ballot with these marks pays at the published prices."""
        left = self.start
        path = []
        for number, proposal in enumerate(self.bought):
            if left and proposal in marks:
                price = self.prices[number] * marks[proposal] * self.factor[proposal]
                amount = min(left, price)
                left -= amount
                path.append((number, amount, not left))
        return tuple(path)

    def _check_costs(self, paths: Sequence[Path], weights: Sequence[int]) -> None:
        paid = [0] * len(self.bought)
        for path, weight in zip(paths, weights, strict=True):
            for number, amount, _all in path:
                paid[number] += amount * weight
        for number, proposal in enumerate(self.bought):
            one = self.envelope.proposals[proposal]
            if paid[number] != one.cost_ore * self.unit:
                self.found.append(
                    _("Betalningarna för {p} blir inte dess kostnad.").format(
                        p=quoted(one.name)
                    )
                )

    def _check_purchases(self, paths: Sequence[Path], weights: Sequence[int]) -> None:
        """How many paid for each, how many gave all they had, and the most one paid."""
        payers, emptied = [0] * len(self.bought), [0] * len(self.bought)
        largest = [0] * len(self.bought)
        for path, weight in zip(paths, weights, strict=True):
            for number, amount, everything in path:
                payers[number] += weight
                emptied[number] += weight * everything
                largest[number] = max(largest[number], amount)
        for number, proposal in enumerate(self.bought):
            one, told = (
                self.envelope.proposals[proposal],
                self.result["purchases"][number],
            )
            most = Fraction(largest[number], self.unit)
            true = {
                "largest_payment_kr": kronor(most),
                "effective_votes": float(one.cost_ore / most) if most else None,
                "payers": payers[number],
                "emptied": emptied[number],
            }
            if any(told.get(name) != value for name, value in true.items()):
                self.found.append(
                    _("Uppgifterna om vem som betalade för {p} stämmer inte.").format(
                        p=quoted(one.name)
                    )
                )

    def _check_left(
        self,
        paths: Sequence[Path],
        weights: Sequence[int],
        groups: Sequence[Sequence[tuple[int, int]]],
    ) -> None:
        """What those who voted for a proposal that did not come in have left."""
        left = [0] * len(self.index)
        for path, weight, marks in zip(paths, weights, groups, strict=True):
            rest = self.start - sum(amount for _number, amount, _all in path)
            for proposal, _points in marks:
                left[proposal] += rest * weight
        elected = set(self.result["elected"])
        for i, told in enumerate(self.result["proposals"]):
            one = self.envelope.proposals[i]
            true = (
                None
                if one.proposal_id in elected
                else kronor(Fraction(left[i], self.unit))
            )
            if told["support_left_kr"] != true:
                self.found.append(
                    _("Det som de som röstade på {p} har kvar stämmer inte.").format(
                        p=quoted(one.name)
                    )
                )

    def _check_prices(
        self,
        paths: Sequence[Path],
        weights: Sequence[int],
        groups: Sequence[Sequence[tuple[int, int]]],
    ) -> None:
        """No other proposal could be bought cheaper, and none can be at the end."""
        ranks = tie_ranks(self.envelope)
        backers: list[dict[tuple[Path, int], int]] = [{} for _one in self.index]
        for path, weight, marks in zip(paths, weights, groups, strict=True):
            for proposal, points in marks:
                key = (path, points * self.factor[proposal])
                counts = backers[proposal]
                counts[key] = counts.get(key, 0) + weight
        lefts = {path: self._left_before(path) for path in set(paths)}
        waiting = set(range(len(self.index)))
        for number, proposal in enumerate(self.bought):
            waiting.discard(proposal)
            for other in waiting:
                cost = self.envelope.proposals[other].cost_ore * self.unit
                money, somebody_has_more = 0, False
                for (path, benefit), count in backers[other].items():
                    price, left = self.prices[number] * benefit, lefts[path][number]
                    money += min(left, price) * count
                    somebody_has_more |= left >= price
                # If all give all they have, a lower price would have been enough.
                first = not somebody_has_more or ranks[other] < ranks[proposal]
                if money > cost or (money == cost and first):
                    self.found.append(
                        _("{q} skulle ha gått före {p}.").format(
                            q=quoted(self.envelope.proposals[other].name),
                            p=quoted(self.envelope.proposals[proposal].name),
                        )
                    )
        for other in sorted(waiting):
            one = self.envelope.proposals[other]
            money = sum(lefts[path][-1] * n for (path, _b), n in backers[other].items())
            if money >= one.cost_ore * self.unit:
                self.found.append(
                    _("De som röstade på {p} har råd med det.").format(
                        p=quoted(one.name)
                    )
                )

    def _left_before(self, path: Path) -> list[int]:
        """Return what a ballot has before each purchase, and last what is left."""
        lefts, left = [], self.start
        paid = {number: amount for number, amount, _all in path}
        for number in range(len(self.bought)):
            lefts.append(left)
            left -= paid.get(number, 0)
        return [*lefts, left]

    def _check_receipts(
        self,
        book: Sequence[Mapping[str, Any]],
        rows: Sequence[Sequence[str]],
        paths: Sequence[Path],
        group_of: Sequence[int],
    ) -> None:
        """Every ballot has its own receipt once, and it says what the ballot paid."""
        ids = [p.proposal_id for p in self.envelope.proposals]
        known = {one["receipt"]: one for one in book}
        by_ballot = {row[0]: row for row in rows}
        if len(by_ballot) != len(rows) or len(rows) != len(group_of):
            self.found.append(_("Antalet kvitton är ett annat än antalet valsedlar."))
            return
        texts = {path: self._receipt_texts(path, ids) for path in set(paths)}
        counted: dict[str, int] = {}
        for ballot, group in zip(self.envelope.ballots, group_of, strict=True):
            row = by_ballot.get(ballot.ballot_id)
            paid, left, exact = texts[paths[group]]
            votes = " ".join(
                ids[i] if g == 1 else f"{ids[i]}:{g}" for i, g in ballot.marks
            )
            entry = known.get(row[1]) if row else None
            right = (
                row is not None
                and entry is not None
                and list(row[2:]) == [votes, paid, left]
                and entry["paid"] == exact
                and entry["left_kr"] == left
            )
            if not right:
                self.found.append(
                    _("Kvittot för valsedel {id} stämmer inte.").format(
                        id=quoted(ballot.ballot_id)
                    )
                )
            elif row is not None:
                counted[row[1]] = counted.get(row[1], 0) + 1
        if counted != {name: one["ballots"] for name, one in known.items()}:
            self.found.append(_("Antalet valsedlar per kvitto är ett annat."))

    def _receipt_texts(
        self, path: Path, ids: Sequence[str]
    ) -> tuple[str, str, list[dict[str, Any]]]:
        paid, exact = [], []
        left = self.start
        for number, amount, emptied in path:
            left -= amount
            text = kronor(Fraction(amount, self.unit))
            paid.append(f"{ids[self.bought[number]]}={text}")
            exact.append({"purchase": number + 1, "kr": text, "all": emptied})
        return " ".join(paid), kronor(Fraction(left, self.unit)), exact

    def _check_end(self, people: Electorate) -> None:
        """The sum was added to for as long as the completion says, and no longer."""
        result, envelope = self.result, self.envelope
        adding = result["completion"] != "none"
        _shares, added, stopped = share_and_add(people, adding)
        if (result["added_kr"], result["stopped"]) != (added, stopped):
            self.found.append(_("Det stannade inte där regeln säger."))
        left = envelope.sum_ore - sum(
            envelope.proposals[i].cost_ore for i in self.bought
        )
        filled: tuple[int, ...] = ()
        if result["completion"] == "add1_greedy":
            filled = take_greedily(envelope, self.bought, left)
        ids = [envelope.proposals[i].proposal_id for i in (*self.bought, *filled)]
        if ids != result["elected"] or ids[len(self.bought) :] != result["filled"]:
            self.found.append(_("Förslagen som kom med är andra än de som betalades."))
