"""Which weights does a viewpoint allow? Exact polytopes of weights, cut and split.

A viewpoint allows the simplex (weights not negative, sum 1) cut by its rows (A12). Its
vertices are found one cut at a time in exact fractions, so that a claim about "every
weight" rests on no rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rodtrad.domain.arrays import Case

Weight = tuple[Fraction, ...]

# The share of the way to the centre by which a region is drawn in.
EDGE = Fraction(1, 10_000)


@dataclass(frozen=True)
class Cut:
    """The half-space `normal @ w <= limit`."""

    normal: Weight
    limit: Fraction

    def over(self, weight: Weight) -> Fraction:
        """How far a weight lies on the wrong side; zero or less is allowed."""
        products = (a * w for a, w in zip(self.normal, weight, strict=True))
        return sum(products, Fraction(0)) - self.limit

    def opposite(self) -> Cut:
        """Return the other half-space; both hold the plane between them."""
        return Cut(tuple(-a for a in self.normal), -self.limit)


@dataclass(frozen=True)
class Region:
    """A polytope of weights: the simplex with cuts, and its vertices in sorted order.

    `vertices` is empty when no weight meets every cut.
    """

    cuts: tuple[Cut, ...]
    vertices: tuple[Weight, ...]

    def cut(self, cut: Cut) -> Region:
        """Return the part of the region on the allowed side of a cut.

        A new vertex lies on the cut, on an edge from a vertex that stays to one that
        goes. Two vertices share an edge when no third lies in every facet they share.
        """
        over = [cut.over(vertex) for vertex in self.vertices]
        kept = {v for v, o in zip(self.vertices, over, strict=True) if o <= 0}
        inside = [i for i, o in enumerate(over) if o < 0]
        outside = [i for i, o in enumerate(over) if o > 0]
        if outside:
            facets = [self._facets(vertex) for vertex in self.vertices]
            for i in inside:
                for j in outside:
                    shared = facets[i] & facets[j]
                    if any(
                        shared <= other
                        for k, other in enumerate(facets)
                        if k not in (i, j)
                    ):
                        continue
                    step = over[i] / (over[i] - over[j])
                    kept.add(
                        tuple(
                            a + step * (b - a)
                            for a, b in zip(
                                self.vertices[i], self.vertices[j], strict=True
                            )
                        )
                    )
        return Region((*self.cuts, cut), tuple(sorted(kept, reverse=True)))

    def _facets(self, vertex: Weight) -> frozenset[int]:
        """Return the conditions that a vertex meets with equality, as numbers."""
        zero = {-1 - k for k, share in enumerate(vertex) if share == 0}
        tight = {i for i, cut in enumerate(self.cuts) if cut.over(vertex) == 0}
        return frozenset(zero | tight)

    def split(self, cut: Cut) -> tuple[Region, Region]:
        """Return the two sides of a plane; together they cover the region."""
        return self.cut(cut), self.cut(cut.opposite())

    @cached_property
    def centre(self) -> Weight:
        """The mean of the distinct vertices, exact (A12).

        Raises:
            ValueError: the region is empty.
        """
        if not self.vertices:
            msg = "an empty region has no centre"
            raise ValueError(msg)
        count = len(self.vertices)
        return tuple(sum(of, Fraction(0)) / count for of in zip(*self.vertices))  # noqa: B905

    def inner(self) -> Region:
        """Return the region drawn in towards its centre by `EDGE`, exact.

        At the very edge plans may be worth the same that differ at every weight
        inside; a region of one weight is its own inner part.
        """
        centre = self.centre

        def drawn(value: Fraction, middle: Fraction) -> Fraction:
            return value + EDGE * (middle - value)

        cuts = [
            Cut(cut.normal, drawn(cut.limit, cut.over(centre) + cut.limit))
            for cut in self.cuts
        ]
        for k, share in enumerate(centre):
            normal = tuple(Fraction(-int(i == k)) for i in range(len(centre)))
            cuts.append(Cut(normal, -EDGE * share))
        vertices = [tuple(map(drawn, vertex, centre)) for vertex in self.vertices]
        return Region(tuple(cuts), tuple(sorted(vertices, reverse=True)))

    def holds(self, weight: Weight) -> bool:
        """Whether the region allows a weight."""
        return (
            sum(weight) == 1
            and all(share >= 0 for share in weight)
            and all(cut.over(weight) <= 0 for cut in self.cuts)
        )

    def halving(self) -> Cut | None:
        """Return a plane that halves the longest edge; None if the region is a point.

        Through the edge's midpoint and every other vertex where there is such a plane
        (the halves of a simplex are then simplices), else at right angles to the edge.
        """
        one, other = self.longest()
        if one == other:
            return None
        middle = tuple((a + b) / 2 for a, b in zip(one, other, strict=True))
        rest = [v for v in self.vertices if v not in (one, other)]
        normal = _normal([middle, *rest], one)
        if normal is None:
            normal = tuple(b - a for a, b in zip(one, other, strict=True))
        plane = Cut(normal, Fraction(0))
        cut = Cut(normal, plane.over(middle))
        return cut if cut.over(one) < 0 else cut.opposite()

    def longest(self) -> tuple[Weight, Weight]:
        """Return the two vertices farthest apart; the first such pair in order."""
        best, pair = Fraction(-1), (self.vertices[0], self.vertices[0])
        for i, one in enumerate(self.vertices):
            for other in self.vertices[i + 1 :]:
                length = sum(
                    ((a - b) ** 2 for a, b in zip(one, other, strict=True)), Fraction(0)
                )
                if length > best:
                    best, pair = length, (one, other)
        return pair


def _normal(on: Sequence[Weight], off: Weight) -> Weight | None:
    """Return a normal of a plane through the points `on` that does not hold `off`.

    The normal is chosen among the directions of the weights (sum 0); None if there is
    no such plane.
    """
    base = on[0]
    rows = [[a - b for a, b in zip(p, base, strict=True)] for p in on[1:]]
    rows.append([Fraction(1)] * len(base))
    size = len(base)
    pivots: list[int] = []
    reduced: list[list[Fraction]] = []
    for row in rows:
        row = list(row)
        for pivot, done in zip(pivots, reduced, strict=True):
            if row[pivot]:
                factor = row[pivot]
                row = [a - factor * b for a, b in zip(row, done, strict=True)]
        lead = next((k for k in range(size) if row[k]), None)
        if lead is None:
            continue
        row = [a / row[lead] for a in row]
        for i, done in enumerate(reduced):
            if done[lead]:
                factor = done[lead]
                reduced[i] = [a - factor * b for a, b in zip(done, row, strict=True)]
        pivots.append(lead)
        reduced.append(row)
    away = [a - b for a, b in zip(off, base, strict=True)]
    for free in range(size):
        if free in pivots:
            continue
        normal = [Fraction(0)] * size
        normal[free] = Fraction(1)
        for pivot, done in zip(pivots, reduced, strict=True):
            normal[pivot] = -done[free]
        if sum(a * b for a, b in zip(normal, away, strict=True)):
            return tuple(normal)
    return None


def simplex(count: int) -> Region:
    """Return every set of weights over so many criteria.

    Example:
        >>> [[float(share) for share in vertex] for vertex in simplex(2).vertices]
        [[1.0, 0.0], [0.0, 1.0]]
    """
    vertices = [
        tuple(Fraction(int(i == k)) for i in range(count)) for k in range(count)
    ]
    return Region((), tuple(vertices))


def region_of(criteria: Sequence[str], rows: Iterable[tuple[str, str, str]]) -> Region:
    """Return the weights that rows `(criterion, relation, value)` allow.

    `>=`: at least the weight of the criterion in `value`; `min` and `max`: a share.

    Raises:
        ValueError: an unknown criterion or relation.

    Source:
        DESIGN Appendix A12; method page docs/method/agreement.md.

    Example:
        >>> region = region_of(["a", "b"], [("a", ">=", "b"), ("a", "max", "0.8")])
        >>> [[float(share) for share in vertex] for vertex in region.vertices]
        [[0.8, 0.2], [0.5, 0.5]]
    """
    place = {criterion: k for k, criterion in enumerate(criteria)}
    region = simplex(len(criteria))
    for criterion, relation, value in rows:
        if criterion not in place or (relation == ">=" and value not in place):
            msg = f"unknown criterion in {criterion} {relation} {value}"
            raise ValueError(msg)
        normal = [Fraction(0)] * len(criteria)
        limit = Fraction(0)
        if relation == ">=":
            normal[place[criterion]] -= 1
            normal[place[value]] += 1
        elif relation == "max":
            normal[place[criterion]], limit = Fraction(1), Fraction(value)
        elif relation == "min":
            normal[place[criterion]], limit = Fraction(-1), -Fraction(value)
        else:
            msg = f"unknown relation {relation!r}"
            raise ValueError(msg)
        region = region.cut(Cut(tuple(normal), limit))
    return region


def viewpoint_regions(case: Case) -> dict[str, Region]:
    """Return the region of every viewpoint of the underlag, in the order of its table.

    Raises:
        ValueError: a viewpoint that allows no weights.
    """
    criteria = tuple(case.weights)
    rows: dict[str, list[tuple[str, str, str]]] = {}
    for row in case.tables["viewpoints"].records():
        of = rows.setdefault(row["viewpoint"], [])
        of.append((row["criterion"], row["relation"], str(row["value"])))
    regions = {key: region_of(criteria, of) for key, of in rows.items()}
    for key, region in regions.items():
        if not region.vertices:
            msg = f"the viewpoint {key!r} allows no weights"
            raise ValueError(msg)
    return regions


def as_floats(weight: Weight) -> list[float]:
    """Return a weight as the nearest floats."""
    return [float(share) for share in weight]


def write_weight(weight: Weight) -> list[str]:
    """Return a weight as text that loses nothing: `["1/3", "2/3"]`."""
    return [str(share) for share in weight]


def read_weight(texts: Sequence[str]) -> Weight:
    """Return a weight from `write_weight`.

    Raises:
        ValueError: a text is no fraction.
    """
    return tuple(Fraction(text) for text in texts)


def named_shares(criteria: Sequence[str], weight: Weight) -> Mapping[str, float]:
    """Return a weight as a share for each criterion."""
    return dict(zip(criteria, as_floats(weight), strict=True))
