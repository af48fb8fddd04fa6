"""Exact regions of weights: vertices, centres, halves."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

import pytest

from rodtrad.plan.weights import (
    EDGE,
    Cut,
    Region,
    Weight,
    read_weight,
    region_of,
    simplex,
    write_weight,
)


def vertices_by_equations(region: Region, size: int) -> set[Weight]:
    """Every point where enough conditions hold with equality and all hold."""
    planes = [(cut.normal, cut.limit) for cut in region.cuts]
    planes += [
        (tuple(Fraction(int(i == k)) for i in range(size)), Fraction(0))
        for k in range(size)
    ]
    found = set()
    for chosen in itertools.combinations(planes, size - 1):
        point = solve([*chosen, ((Fraction(1),) * size, Fraction(1))], size)
        if point is not None and region.holds(point):
            found.add(point)
    return found


def solve(planes: list[tuple[Weight, Fraction]], size: int) -> Weight | None:
    """The one point on every plane; None if there is none or more."""
    rows = [[*normal, limit] for normal, limit in planes]
    for k in range(size):
        lead = next((i for i in range(k, size) if rows[i][k]), None)
        if lead is None:
            return None
        rows[k], rows[lead] = rows[lead], rows[k]
        rows[k] = [value / rows[k][k] for value in rows[k]]
        for i in range(size):
            if i != k and rows[i][k]:
                factor = rows[i][k]
                rows[i] = [
                    a - factor * b for a, b in zip(rows[i], rows[k], strict=True)
                ]
    return tuple(row[-1] for row in rows)


def random_rows(rng: random.Random, names: list[str]) -> list[tuple[str, str, str]]:
    rows = []
    for _ in range(rng.randint(0, 5)):
        one, other = rng.sample(names, 2)
        kind = rng.choice([">=", "min", "max"])
        if kind == ">=":
            rows.append((one, kind, other))
        elif kind == "min":
            rows.append((one, kind, str(rng.choice([0, 0.05, 0.1, 0.25, 0.5]))))
        else:
            rows.append((one, kind, str(rng.choice([0.2, 0.25, 0.5, 0.9]))))
    return rows


@pytest.mark.parametrize("seed", range(60))
def test_vertices_are_all_corners_and_no_more(seed: int) -> None:
    rng = random.Random(seed)
    names = [f"k{i}" for i in range(rng.randint(2, 5))]
    region = region_of(names, random_rows(rng, names))
    assert len(set(region.vertices)) == len(region.vertices)
    assert set(region.vertices) == vertices_by_equations(region, len(names))


@pytest.mark.parametrize("seed", range(30))
def test_halves_cover_the_region_and_meet_only_in_the_plane(seed: int) -> None:
    rng = random.Random(1000 + seed)
    names = [f"k{i}" for i in range(rng.randint(2, 4))]
    region = region_of(names, random_rows(rng, names))
    for _ in range(3):
        if not region.vertices:
            return
        plane = region.halving()
        if plane is None:
            assert len(region.vertices) == 1
            return
        halves = region.split(plane)
        for half in halves:
            assert set(half.vertices) == vertices_by_equations(half, len(names))
            assert all(region.holds(vertex) for vertex in half.vertices)
        for vertex in region.vertices:
            assert any(half.holds(vertex) for half in halves)
        one, other = region.longest()
        assert not any(half.holds(one) and half.holds(other) for half in halves)
        region = halves[rng.randrange(2)]


def test_the_halves_of_a_simplex_are_simplices() -> None:
    region = region_of(
        list("abcde"), [(a, ">=", b) for a, b in itertools.pairwise("abcde")]
    )
    assert len(region.vertices) == 5
    assert region.vertices[0] == tuple(Fraction(int(i == 0)) for i in range(5))
    assert region.vertices[-1] == (Fraction(1, 5),) * 5
    plane = region.halving()
    assert plane is not None
    assert [len(half.vertices) for half in region.split(plane)] == [5, 5]


def test_the_centre_is_the_mean_of_distinct_vertices() -> None:
    region = region_of(["a", "b", "c"], [("a", "min", "0.5"), ("b", "max", "0.5")])
    assert set(region.vertices) == {
        (1, 0, 0),
        (Fraction(1, 2), Fraction(1, 2), 0),
        (Fraction(1, 2), 0, Fraction(1, 2)),
    }
    assert region.centre == (Fraction(2, 3), Fraction(1, 6), Fraction(1, 6))


def test_a_point_is_a_region_and_cannot_be_halved() -> None:
    rows = [
        ("a", "min", "0.3"),
        ("a", "max", "0.3"),
        ("b", "max", "0.1"),
        ("b", "min", "0.1"),
    ]
    region = region_of(["a", "b", "c"], rows)
    assert region.vertices == ((Fraction(3, 10), Fraction(1, 10), Fraction(3, 5)),)
    assert region.halving() is None
    assert region.centre == region.vertices[0]


def test_an_empty_region_has_no_vertices_and_no_centre() -> None:
    region = region_of(["a", "b"], [("a", ">=", "b"), ("b", "min", "0.6")])
    assert region.vertices == ()
    with pytest.raises(ValueError, match="empty"):
        _ = region.centre


@pytest.mark.parametrize(
    "row", [("x", "min", "0.1"), ("a", ">=", "x"), ("a", "about", "0.1")]
)
def test_unknown_words_are_refused(row: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match="unknown"):
        region_of(["a", "b"], [row])


def test_weights_are_written_without_loss() -> None:
    weight = (Fraction(1, 3), Fraction(2, 7), Fraction(8, 21))
    assert read_weight(write_weight(weight)) == weight


def test_a_cut_and_its_opposite_share_only_the_plane() -> None:
    cut = Cut((Fraction(1), Fraction(0)), Fraction(1, 4))
    left, right = simplex(2).split(cut)
    assert set(left.vertices) & set(right.vertices) == {
        (Fraction(1, 4), Fraction(3, 4))
    }


def test_the_inner_region_is_drawn_in_towards_the_same_centre() -> None:
    rng = random.Random(7)
    names = ["a", "b", "c", "d"]
    tried = 0
    for _ in range(60):
        region = region_of(names, random_rows(rng, names))
        if not region.vertices:
            continue
        tried += 1
        inner = region.inner()
        assert inner.centre == region.centre
        assert len(inner.vertices) == len(region.vertices)
        assert vertices_by_equations(inner, len(names)) == set(inner.vertices)
        for vertex in inner.vertices:
            assert region.holds(vertex)
            assert inner.holds(vertex)
        for vertex in region.vertices:
            assert inner.holds(vertex) == (len(region.vertices) == 1)
    assert tried > 20


def test_the_inner_region_of_two_weights() -> None:
    inner = simplex(2).inner()
    assert inner.vertices == ((1 - EDGE / 2, EDGE / 2), (EDGE / 2, 1 - EDGE / 2))
