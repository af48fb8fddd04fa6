"""Equal shares: the published examples, money left, ties, points and completion."""

from __future__ import annotations

from fractions import Fraction

import pytest
from unit.dialogue.envelopes import (
    BACKERS,
    SWITCHED,
    approval_envelope,
    example,
    names,
    points_envelope,
)

from rodtrad.dialogue.envelope import distribute, endowment
from rodtrad.dialogue.equal_shares import Electorate, share_out
from rodtrad.dialogue.leaps import same_between
from rodtrad.dialogue.receipts import receipt_rows
from rodtrad.domain.ballots import Ballot, Envelope, Proposal


def _effective_votes(envelope: Envelope) -> list[Fraction]:
    shares = distribute(envelope, completion="none").shares
    assert shares is not None
    return [
        envelope.proposals[p.proposal].cost_ore / p.largest_payment_ore
        for p in shares.purchases
    ]


def test_first_published_example() -> None:
    envelope = example(BACKERS)
    outcome = distribute(envelope, completion="none")
    assert names(envelope, outcome.elected) == ["bike", "playground", "library"]
    assert _effective_votes(envelope) == [7, 4, 3]


def test_what_the_first_example_leaves_to_each_ballot() -> None:
    envelope = example(BACKERS)
    shares = distribute(envelope, completion="none").shares
    assert shares is not None
    left = {row[0]: row[4] for row in receipt_rows(envelope, shares)}
    spent = dict.fromkeys(["1", "2", "3", "4", "5", "6", "11"], "0.00")
    assert left == spent | {"7": "16.67", "8": "50.00", "9": "16.67", "10": "16.67"}


def test_second_published_example() -> None:
    envelope = example(SWITCHED)
    outcome = distribute(envelope, completion="none")
    assert names(envelope, outcome.elected) == ["gym", "park", "playground"]
    votes = _effective_votes(envelope)
    assert votes == [7, Fraction(70, 17), Fraction(56, 17)]
    assert [round(float(v), 3) for v in votes] == [7.0, 4.118, 3.294]


def test_a_krona_more_to_each_until_nothing_fits() -> None:
    envelope = example(SWITCHED)
    outcome = distribute(envelope, completion="add1")
    # 950 of 1,100 are used; the library at 100 still fits, and the bike never does.
    assert set(names(envelope, outcome.elected)) == {
        "gym",
        "park",
        "playground",
        "library",
    }
    assert (outcome.added_kr, outcome.stopped) == (17, "exhausted")


def test_a_krona_more_stops_before_the_sum_is_passed() -> None:
    costs = {"a": 60, "b": 60, "c": 10}
    backers = {"a": (1, 2), "b": (3, 4), "c": (5,)}
    envelope = approval_envelope(backers, costs, 100, 5)
    outcome = distribute(envelope, completion="add1")
    # At 30 kr each, a and b are bought at once, which is 120.
    assert (outcome.added_kr, outcome.stopped) == (9, "overspent")
    assert names(envelope, outcome.elected) == ["c"]
    filled = distribute(envelope, completion="add1_greedy")
    assert names(envelope, filled.elected) == ["c", "a"]
    assert names(envelope, filled.filled) == ["a"]


def test_ties_go_to_the_cheaper_then_more_votes_then_id_whatever_the_order() -> None:
    backers = {"y": (1, 2), "x": (1, 2)}
    envelope = approval_envelope(backers, {"y": 10, "x": 10}, 10, 2)
    assert names(envelope, distribute(envelope).elected) == ["x"]
    # Each is worth its cost: two ballots at 10 and two at 8 are the same price.
    cheaper = approval_envelope(backers, {"y": 8, "x": 10}, 10, 2)
    assert names(cheaper, distribute(cheaper).elected) == ["y"]


def test_points_measure_benefit_where_that_is_decided() -> None:
    marks = [{"a": 3, "b": 1}, {"a": 3, "b": 1}, {"b": 2}]
    envelope = points_envelope(marks, {"a": 60, "b": 60}, 90)
    outcome = distribute(envelope, completion="none")
    # a costs 60/6 = 10 a point, b 60/4 = 15.
    assert names(envelope, outcome.elected) == ["a"]
    assert outcome.shares is not None
    assert outcome.shares.purchases[0].price == 1000
    # Worth what it costs, times the points: b is 60/(60*4), a 60/(60*6).
    dear = distribute(envelope, completion="none", utility="cost")
    assert dear.shares is not None
    assert dear.shares.purchases[0].price == Fraction(1, 6)


def test_the_one_with_least_for_each_point_runs_out_first() -> None:
    marks = [{"a": 1, "b": 9}, {"b": 1}]
    envelope = points_envelope(marks, {"a": 10, "b": 20}, 40)
    shares = distribute(envelope, completion="none").shares
    assert shares is not None
    assert [p.proposal for p in shares.purchases] == [1, 0] or [
        p.proposal for p in shares.purchases
    ] == [1]
    # b: 20 over ten points is 2 a point; the first pays 18, the second 2.
    rows = {row[0]: row[3] for row in receipt_rows(envelope, shares)}
    assert rows["1"].startswith("b=18.00")
    assert rows["2"] == "b=2.00"


def test_no_ballots_and_no_proposals_give_nothing() -> None:
    empty = Envelope("Tom", 100, "approval", (Proposal("a", "A", 50),), ())
    assert distribute(empty).elected == ()
    assert distribute(empty, "greedy").elected == ()
    assert distribute(Envelope("Tom", 100, "approval", (), ())).elected == ()


def test_greedy_passes_over_what_does_not_fit() -> None:
    envelope = example(BACKERS)
    chosen = distribute(envelope, "greedy").elected
    assert names(envelope, chosen) == ["bike", "gym"]


@pytest.mark.parametrize(
    ("proposals", "ballots"),
    [
        ((Proposal("a", "A", 0),), ()),
        ((Proposal("a", "A", 1), Proposal("a", "B", 1)), ()),
        ((Proposal("a", "A", 1),), (Ballot("1", ()), Ballot("1", ()))),
        ((Proposal("a", "A", 1),), (Ballot("1", ((0, 1), (0, 1))),)),
        ((Proposal("a", "A", 1),), (Ballot("1", ((1, 1),)),)),
        ((Proposal("a", "A", 1),), (Ballot("1", ((0, 0),)),)),
    ],
)
def test_an_envelope_that_means_nothing_is_refused(
    proposals: tuple[Proposal, ...], ballots: tuple[Ballot, ...]
) -> None:
    with pytest.raises(ValueError, match=r"."):
        Envelope("Prov", 100, "approval", proposals, ballots)


def test_few_ballots_share_out_a_large_sum_in_few_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two million kronor to each, one after another, would take an hour."""
    costs = {"a": 4_000_000, "b": 4_000_000, "c": 3_999_999, "d": 700_000, "e": 9}
    backers = {"a": (1,), "b": (2,), "c": (3,), "d": (3, 4), "e": (1, 4, 5)}
    envelope = approval_envelope(backers, costs, 10_000_000, 5)
    tried = []

    def counted(*given: object) -> object:
        tried.append(1)
        return share_out(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("rodtrad.dialogue.envelope.share_out", counted)
    outcome = distribute(envelope)
    # the fourth has paid half of d, and all three of those a third of e
    assert names(envelope, outcome.elected) == ["e", "d", "a", "b"]
    assert (outcome.added_kr, outcome.stopped) == (2_000_003, "exhausted")
    assert len(tried) < 200


def test_two_ends_alike_do_not_prove_what_lies_between() -> None:
    """With 3 and with 8 kronor more b and d are bought, and with 5 a and d."""
    costs = {"a": 43, "b": 26, "d": 17}
    marks = [{"b": 4, "d": 4}, {"a": 1}, {"a": 1, "b": 1, "d": 1}]
    people = Electorate(points_envelope(marks, costs, 57), "cost")
    three, four, five, eight = (
        share_out(people, endowment(people, added)) for added in (3, 4, 5, 8)
    )
    assert three.bought == four.bought == eight.bought == {1, 2}
    assert five.bought == {0, 2}
    assert same_between(three, four)
    assert not same_between(three, eight)
    assert not same_between(three, five)
