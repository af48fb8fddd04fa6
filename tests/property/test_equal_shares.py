"""Equal shares keeps its promises on random envelopes, and agrees with plain fractions."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rodtrad.dialogue.checking import check_outcome
from rodtrad.dialogue.envelope import distribute, endowment, is_exhausted
from rodtrad.dialogue.equal_shares import Electorate, share_out, tie_ranks
from rodtrad.dialogue.receipts import build_receipt_book, build_result, receipt_rows
from rodtrad.domain.ballots import Ballot, Envelope, Proposal

if TYPE_CHECKING:
    from rodtrad.dialogue.equal_shares import Utility


@st.composite
def envelopes(draw: st.DrawFn) -> Envelope:
    """Return an envelope of up to seven proposals and twelve ballots, with ties."""
    count = draw(st.integers(1, 7))
    costs = draw(st.lists(st.integers(1, 40), min_size=count, max_size=count))
    highest = draw(st.sampled_from([1, 1, 4]))
    one = st.dictionaries(st.integers(0, count - 1), st.integers(1, highest))
    cast = draw(st.lists(one, min_size=1, max_size=12))
    return Envelope(
        name="Prov",
        sum_ore=100 * draw(st.integers(1, 120)),
        kind="approval" if highest == 1 else "cumulative",
        proposals=tuple(
            Proposal(f"p{i}", f"P{i}", 100 * c) for i, c in enumerate(costs)
        ),
        ballots=tuple(Ballot(str(n), tuple(m.items())) for n, m in enumerate(cast)),
    )


def _plainly(envelope: Envelope, utility: Utility) -> list[int]:
    """Return what equal shares buys, ballot by ballot and without any shortcut."""
    left = [Fraction(envelope.sum_ore, len(envelope.ballots))] * len(envelope.ballots)
    ranks = tie_ranks(envelope)
    benefit = [
        {
            i: points * (envelope.proposals[i].cost_ore if utility == "cost" else 1)
            for i, points in ballot.marks
        }
        for ballot in envelope.ballots
    ]
    bought: list[int] = []
    while True:
        offers = []
        for i, proposal in enumerate(envelope.proposals):
            backers = [v for v, has in enumerate(benefit) if i in has]
            if i in bought or sum(left[v] for v in backers) < proposal.cost_ore:
                continue
            # The price lies where some ballot runs out, or beyond the last of them.
            for poor in range(len(backers) + 1):
                backers.sort(key=lambda v: left[v] / benefit[v][i])
                rest = proposal.cost_ore - sum(left[v] for v in backers[:poor])
                units = sum(benefit[v][i] for v in backers[poor:])
                if not units:
                    continue
                price = rest / Fraction(units)
                paid = sum(min(left[v], price * benefit[v][i]) for v in backers)
                if price >= 0 and paid == proposal.cost_ore:
                    offers.append((price, ranks[i], i))
        if not offers:
            return bought
        price, _rank, i = min(offers)
        bought.append(i)
        for v, has in enumerate(benefit):
            if i in has:
                left[v] -= min(left[v], price * has[i])


@given(envelopes(), st.sampled_from(["cost", "points"]))
@settings(deadline=None, max_examples=150)
def test_agrees_with_plain_fractions(envelope: Envelope, utility: Utility) -> None:
    outcome = distribute(envelope, completion="none", utility=utility)
    assert list(outcome.elected) == _plainly(envelope, utility)


@given(envelopes(), st.sampled_from(["none", "add1", "add1_greedy"]))
@settings(deadline=None, max_examples=100)
def test_never_passes_the_sum_and_every_receipt_holds(
    envelope: Envelope, completion: str
) -> None:
    outcome = distribute(envelope, completion=completion)  # type: ignore[arg-type]
    cost = sum(envelope.proposals[i].cost_ore for i in outcome.elected)
    assert cost <= envelope.sum_ore
    assert outcome.shares is not None
    result = json.loads(json.dumps(build_result(envelope, outcome)))
    rows = list(receipt_rows(envelope, outcome.shares))
    book = build_receipt_book(outcome.shares)
    assert check_outcome(envelope, result, book, rows) == []


def _one_by_one(envelope: Envelope, utility: Utility) -> tuple[list[int], int]:
    """Return what is bought when no krona is passed over, and how many there are."""
    people = Electorate(envelope, utility)
    shares, added = share_out(people, endowment(people, 0)), 0
    while not is_exhausted(people, shares):
        more = share_out(people, endowment(people, added + 1), people.sum_ore)
        if more.cost_ore > people.sum_ore:
            break
        shares, added = more, added + 1
    return [one.proposal for one in shares.purchases], added


@given(envelopes(), st.sampled_from(["cost", "points"]), st.integers(5, 40))
@settings(deadline=None, max_examples=25)
def test_no_krona_that_matters_is_passed_over(
    envelope: Envelope, utility: Utility, times: int
) -> None:
    larger = replace(
        envelope,
        sum_ore=times * envelope.sum_ore,
        proposals=tuple(
            replace(p, cost_ore=times * p.cost_ore + n)
            for n, p in enumerate(envelope.proposals)
        ),
    )
    outcome = distribute(larger, completion="add1", utility=utility)
    bought, added = _one_by_one(larger, utility)
    assert (list(outcome.elected), outcome.added_kr) == (bought, added)


@given(envelopes(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=60)
def test_row_order_never_matters(envelope: Envelope, chance: object) -> None:
    order = list(range(len(envelope.proposals)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    place = {old: new for new, old in enumerate(order)}
    ballots = [
        Ballot(b.ballot_id, tuple((place[i], p) for i, p in reversed(b.marks)))
        for b in reversed(envelope.ballots)
    ]
    other = replace(
        envelope,
        proposals=tuple(envelope.proposals[old] for old in order),
        ballots=tuple(ballots),
    )
    for rule in ("equal_shares", "greedy"):
        first = distribute(envelope, rule).elected
        second = distribute(other, rule).elected
        assert [envelope.proposals[i].proposal_id for i in first] == [
            other.proposals[i].proposal_id for i in second
        ]


@given(envelopes())
@settings(deadline=None, max_examples=60)
def test_what_only_enough_ballots_want_is_bought(envelope: Envelope) -> None:
    """A proposal whose supporters vote for nothing else and can afford it wins."""
    share = Fraction(envelope.sum_ore, len(envelope.ballots))
    shares = distribute(envelope, completion="none").elected
    for i, proposal in enumerate(envelope.proposals):
        loyal = sum(len(b.marks) == 1 and b.marks[0][0] == i for b in envelope.ballots)
        if loyal * share >= proposal.cost_ore:
            assert i in shares


@given(envelopes())
@settings(deadline=None, max_examples=60)
def test_money_times_k_gives_the_same_proposals(envelope: Envelope) -> None:
    tenfold = replace(
        envelope,
        sum_ore=10 * envelope.sum_ore,
        proposals=tuple(
            replace(p, cost_ore=10 * p.cost_ore) for p in envelope.proposals
        ),
    )
    first = distribute(envelope, completion="none").elected
    assert first == distribute(tenfold, completion="none").elected


@pytest.mark.parametrize("rule", ["equal_shares", "greedy"])
def test_one_ballot_gets_what_it_can_afford(rule: str) -> None:
    proposals = (Proposal("a", "A", 600), Proposal("b", "B", 500))
    ballots = (Ballot("1", ((0, 1), (1, 1))),)
    envelope = Envelope("Prov", 1000, "approval", proposals, ballots)
    # One price for every benefit, so the cheaper goes first.
    assert distribute(envelope, rule).elected == (1,)  # type: ignore[arg-type]
