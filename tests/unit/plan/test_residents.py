"""The residents' region: whose answers count, how much, and what it says of projects."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from unit.plan.disputed import SCORES, disputed_records

from rodtrad.domain.components import Tables, build_tables
from rodtrad.plan.elicitation import Condition
from rodtrad.plan.residents import (
    GROUPS,
    LEAST,
    PER_CELL,
    Residents,
    age_shares,
    may_follow,
    merge_groups,
    middle_weights,
    residents_region,
)
from rodtrad.plan.residents_map import (
    moved,
    outer_rows,
    region_distance,
    residents_map,
)
from rodtrad.plan.robust import MapLimits
from rodtrad.plan.weights import region_of

if TYPE_CHECKING:
    from collections.abc import Sequence

KEYS = ("a", "b")
EVEN = dict.fromkeys(GROUPS, 0.25)
Answers = list[tuple[tuple[float, float], str]]


def _answers(n: int, weight: float, group: str) -> Answers:
    return [((weight, 1 - weight), group)] * n


def _region(answers: Answers, population: dict[str, float] | None = None) -> Residents:
    found = residents_region(KEYS, answers, EVEN if population is None else population)
    assert found is not None
    return found


# ------------------------------------------------------------------ groups and cells


def test_a_group_that_is_too_small_joins_a_neighbour() -> None:
    assert merge_groups(dict.fromkeys(GROUPS, 5)) == [(g,) for g in GROUPS]
    young = {"16-29": 4, "30-49": 9, "50-64": 7, "65-": 5}
    assert merge_groups(young)[0] == ("16-29", "30-49")
    assert merge_groups({"16-29": 4}) == []
    assert merge_groups({"65-": 5}) == [tuple(GROUPS)]


@pytest.mark.parametrize("seed", range(40))
def test_no_cell_is_ever_smaller_than_five(seed: int) -> None:
    rng = random.Random(seed)
    names = [*GROUPS, ""]
    answers = [
        ((w, 1 - w), rng.choice(names[: rng.randint(1, 5)]))
        for w in (rng.random() for _ in range(rng.randint(0, 60)))
    ]
    found = residents_region(KEYS, answers, EVEN)
    if found is None:
        return
    assert all(cell.answers >= PER_CELL for cell in found.cells)
    assert sum(cell.answers for cell in found.cells) == found.answers >= LEAST
    assert math.isclose(sum(cell.weight for cell in found.cells), 1.0)
    # nor can a smaller one be had by subtraction: what is left out is told nowhere
    assert "left_out" not in found.as_dict()
    # each group stands in one cell at most
    groups = [g for cell in found.cells for g in cell.groups]
    assert len(groups) == len(set(groups))


def test_too_few_answers_say_nothing() -> None:
    few = _answers(LEAST - 1, 0.5, "65-")
    assert residents_region(KEYS, few, EVEN) is None
    assert residents_region(KEYS, [], EVEN) is None
    # nineteen who say their age and four who do not are nineteen
    assert residents_region(KEYS, few + _answers(4, 0.5, ""), EVEN) is None


def _told(**cells: int) -> dict[str, Any]:
    """A region of cells: `a` is the first age group, `x` those who did not say."""
    names = dict(zip("abcd", GROUPS, strict=True))
    return {
        "cells": [
            {"groups": [names[sign] for sign in groups if sign in names], "answers": n}
            for groups, n in cells.items()
        ]
    }


@pytest.mark.parametrize(
    ("later", "may"),
    [
        (_told(ab=9, c=6, d=9), True),
        (_told(ab=14, c=6, d=9), True),
        (_told(ab=13, c=6, d=9), False),
        (_told(ab=12, c=8, d=9), False),
        (_told(ab=9, c=6, d=9, x=5), True),
        (_told(a=7, b=7, c=6, d=9), True),
        # the second group are the third and it without those who were the third before
        (_told(a=10, bc=10, d=9), False),
        (_told(a=10, bc=11, d=9), True),
    ],
)
def test_two_regions_tell_of_no_fewer_than_five_together(
    later: dict[str, Any], may: bool
) -> None:
    assert may_follow(_told(ab=9, c=6, d=9), later) is may


def test_a_region_of_everyone_is_told_apart_when_the_rest_are_enough() -> None:
    everyone = _told(x=20)
    assert not may_follow(everyone, _told(abcd=5, x=16))
    assert may_follow(everyone, _told(abcd=5, x=20))


# ----------------------------------------------------------------- weights of groups


def test_groups_count_for_their_share_of_the_inhabitants() -> None:
    answers = _answers(10, 0.8, "16-29") + _answers(10, 0.6, "30-49")
    answers += _answers(10, 0.4, "50-64") + _answers(30, 0.2, "65-")
    shares = {"16-29": 0.4, "30-49": 0.3, "50-64": 0.2, "65-": 0.1}
    found = _region(answers, shares)
    assert found.mean[0] == pytest.approx(0.4 * 0.8 + 0.3 * 0.6 + 0.2 * 0.4 + 0.1 * 0.2)
    assert found.plain[0] == pytest.approx(
        (10 * 0.8 + 10 * 0.6 + 10 * 0.4 + 30 * 0.2) / 60
    )
    # everyone in a group answers alike, so nothing is uncertain but the rounding
    assert found.high[0] - found.low[0] <= 0.001 + 1e-12
    assert found.weighted


def test_those_who_do_not_say_keep_their_share_of_the_answers() -> None:
    answers = _answers(20, 0.8, "16-29") + _answers(20, 0.2, "")
    found = _region(answers)
    # the only group that answered speaks for every age
    assert [cell.groups for cell in found.cells] == [tuple(GROUPS), ()]
    assert found.mean[0] == pytest.approx(0.5)


def test_without_ages_nothing_is_weighed() -> None:
    answers = _answers(30, 0.8, "16-29") + _answers(10, 0.4, "65-")
    found = _region(answers, {})
    assert not found.weighted
    assert found.mean == pytest.approx(found.plain)


def test_ages_come_from_the_last_known_year() -> None:
    def rows(year: int, persons: dict[int, float]) -> list[dict[str, Any]]:
        return [
            {"year": year, "area": "x", "age": age, "sex": "k", "persons": n}
            for age, n in persons.items()
        ]

    data = disputed_records()
    data["population"] = rows(2020, {20: 999}) + rows(
        2024, {10: 50, 20: 10, 40: 30, 70: 60}
    )
    # a forecast is no count
    data["population"] += rows(2030, {20: 999})
    shares = age_shares(build_tables(data))
    assert shares == pytest.approx({"16-29": 0.1, "30-49": 0.3, "50-64": 0, "65-": 0.6})
    assert age_shares(build_tables(disputed_records())) == {}


# --------------------------------------------------------------------- the bootstrap


def test_the_region_is_the_same_every_time_and_holds_the_mean() -> None:
    rng = random.Random(7)
    answers: Answers = [
        ((w, 1 - w), rng.choice(list(GROUPS)))
        for w in (rng.random() for _ in range(80))
    ]
    one, other = _region(answers), _region(answers)
    assert one == other
    for low, mean, high in zip(one.low, one.mean, one.high, strict=True):
        assert 0 <= low <= mean <= high <= 1
    assert region_of(KEYS, one.rows).vertices


def test_more_answers_make_a_smaller_region() -> None:
    rng = random.Random(11)

    def width(n: int) -> float:
        found = _region([((w, 1 - w), "") for w in (rng.random() for _ in range(n))])
        return found.high[0] - found.low[0]

    assert width(1600) < 0.4 * width(100)


def test_the_interval_is_as_wide_as_theory_says() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(0.5, 0.1, size=400)
    found = _region([((float(w), float(1 - w)), "") for w in values])
    # two-sided, two criteria at once: 97.5 percent of a normal mean
    expected = 2 * 2.2414 * values.std() / math.sqrt(400)
    assert found.high[0] - found.low[0] == pytest.approx(expected, rel=0.12)


def test_the_region_covers_the_true_mean_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    hits = 0
    for _try in range(200):
        values = rng.beta(2, 3, size=60)
        found = residents_region(
            KEYS, [((float(w), float(1 - w)), "") for w in values], EVEN, draws=400
        )
        assert found is not None
        hits += found.low[0] <= 0.4 <= found.high[0]
    assert hits >= 180  # 95 percent at least is promised; 186 is three deviations below


def test_the_middle_of_the_answers_stands_for_the_resident() -> None:
    rows = [Condition("a", ">=", "b"), Condition("a", "max", "0.8")]
    assert middle_weights(KEYS, rows) == pytest.approx((0.65, 0.35))
    with pytest.raises(ValueError, match="empty region"):
        middle_weights(
            KEYS, [Condition("a", "min", "0.7"), Condition("b", "min", "0.7")]
        )


# ----------------------------------------------------------------- the map and beside


def test_rows_around_the_hull_hold_every_point_of_it() -> None:
    rng = random.Random(2)
    keys = ["a", "b", "c"]
    for _try in range(30):
        points = []
        for _point in range(4):
            cells = [rng.randint(0, 5) for _ in keys]
            total = sum(cells) or 1
            cells[0] += 1 if not sum(cells) else 0
            points.append(tuple(Fraction(c, max(total, sum(cells))) for c in cells))
        region = region_of(keys, outer_rows(keys, points))
        shares = [Fraction(rng.randint(1, 9)) for _ in points]
        mixed = tuple(
            sum((s * p[k] for s, p in zip(shares, points, strict=True)), Fraction(0))
            / sum(shares)
            for k in range(3)
        )
        assert region.holds(mixed)


def _half(first: str) -> tuple[Fraction, Fraction]:
    return Fraction(first), 1 - Fraction(first)


def test_the_distance_is_the_weight_that_must_move() -> None:
    assert moved(_half("0.9"), _half("0.4")) == pytest.approx(0.5)
    one, other = [_half("1"), _half("0.7")], [_half("0.4"), _half("0.1")]
    assert region_distance(one, other) == pytest.approx(0.3)
    assert region_distance(one, [_half("0.8"), _half("0")]) == 0
    with pytest.raises(ValueError, match="empty region"):
        region_distance(one, [])


def _map(rows: Sequence[Condition], viewpoints: Any = None) -> dict[str, Any]:
    tables: Tables = build_tables(disputed_records(viewpoints))
    return residents_map(tables, rows, (), MapLimits())


def _by_id(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["project_id"]: row for row in found["projects"]}


USE = [Condition("nytta", "min", "0.8"), Condition("nytta", "max", "0.9")]
GREEN_PARTY = [("green", "klimat", "min", "0.7"), ("green", "klimat", "max", "0.9")]


def test_residents_who_weigh_otherwise_part_from_the_party() -> None:
    found = _map(USE, GREEN_PARTY)
    rows = _by_id(found)
    assert rows["must"]["differ"] == "no"
    assert rows["both"]["differ"] == "no"
    assert rows["neither"]["parties"] == rows["neither"]["residents"] == "ingen"
    apart = {key for key, row in rows.items() if row["differ"] == "yes"}
    assert {"use_b", "green_a"} & apart or {"use_a", "green_b"} & apart
    for key in apart:
        assert {rows[key]["parties"], rows[key]["residents"]} == {"alla", "ingen"}
        assert rows[key]["hull"] == "omtvistad"
        assert rows[key]["proof"] == "region"
    # no weight of the residents fits the party: nothing is shared
    assert found["shared"] == []
    assert all(row["both"] is None for row in rows.values())
    # from nytta 0.3 at most to 0.8 at least, half of the weight must move
    assert found["distance"]["at_least"] == pytest.approx(0.5)
    assert found["distance"]["at_most"] == pytest.approx(0.5)
    assert not found["distance"]["none"]


def test_residents_who_weigh_as_the_party_agree_about_everything() -> None:
    same = [Condition("klimat", "min", "0.75"), Condition("klimat", "max", "0.85")]
    found = _map(same, GREEN_PARTY)
    rows = _by_id(found)
    assert {row["differ"] for row in rows.values()} <= {"no", "open", "partly"}
    assert found["shared"] == ["green"]
    for row in rows.values():
        # a smaller set of weights keeps what is settled
        if row["parties"] in ("alla", "ingen"):
            assert row["both"] == row["residents"] == row["hull"] == row["parties"]
    if all(row["hull"] in ("alla", "ingen") for row in rows.values()):
        assert found["distance"]["none"]


def test_what_is_told_of_the_hull_holds_at_every_weight_between() -> None:
    """The labels against every plan there is, at weights spread over the hull."""
    rows = _by_id(_map(USE, GREEN_PARTY))
    # all start the same year, so a plan is worth the sum of its projects' points
    plans = [
        set(plan)
        for n in range(len(SCORES) + 1)
        for plan in combinations(SCORES, n)
        if "must" in plan and sum(SCORES[key][2] for key in plan) <= 7
    ]
    for share in np.linspace(0.101, 0.899, 33):
        worth = [
            sum(share * SCORES[k][0] + (1 - share) * SCORES[k][1] for k in plan)
            for plan in plans
        ]
        best = [p for p, v in zip(plans, worth, strict=True) if v > max(worth) - 1e-9]
        for key, row in rows.items():
            if row["hull"] == "alla":
                assert all(key in plan for plan in best), (key, share)
            if row["hull"] == "ingen":
                assert not any(key in plan for plan in best), (key, share)


def test_without_parties_only_the_residents_are_told() -> None:
    found = _map(USE, [])
    rows = _by_id(found)
    assert found["viewpoints"] == []
    assert rows["both"]["residents"] == "alla"
    assert all(row["parties"] is None for row in rows.values())
    assert found["distance"]["at_least"] is None
