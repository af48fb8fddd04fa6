"""How do those residents who answered weigh the criteria? A region, and how sure it is.

Each resident's swing answers allow weights; their middle stands for the resident. Age
groups are weighed to their share of the inhabitants, and the mean is drawn again many
times from the answers (bootstrap). What comes out is the region in which the mean lies,
as rows of the same kind as a viewpoint's. Nobody is chosen at random to answer, and no
weighting mends that: it is told beside the figures. Leaves out which projects the
region speaks for (residents_map) and where answers are kept (web).
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rodtrad.plan.elicitation import DECIMALS, Condition
from rodtrad.plan.weights import as_floats, region_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rodtrad.domain.arrays import Array
    from rodtrad.domain.components import Tables

MOST_QUESTIONS: Final = 6
# No figure is told of fewer people than this.
PER_CELL: Final = 5
# With fewer answers the ends of a bootstrap interval mean nothing.
LEAST: Final = 20
DRAWS: Final = 2000
CONFIDENCE: Final = 0.95
SEED: Final = 20260101
# So many answers times draws are held in memory at once.
_AT_ONCE: Final = 4_000_000

GROUPS: Final[Mapping[str, tuple[int, int]]] = {
    "16-29": (16, 29),
    "30-49": (30, 49),
    "50-64": (50, 64),
    "65-": (65, 200),
}
"""Age groups, first and last age; whoever does not say is in none of them."""


@dataclass(frozen=True)
class Cell:
    """Neighbouring age groups with at least `PER_CELL` answers together.

    `population` is their share of the inhabitants in `GROUPS`, None where it is not
    known; `weight` what their mean counts for. No groups: those who did not say.
    """

    groups: tuple[str, ...]
    answers: int
    population: float | None
    weight: float


@dataclass(frozen=True)
class Residents:
    """The residents' region of weights.

    `mean` is the weighted mean by criterion and `plain` the same without weights; `low`
    and `high` are the ends of the region, rounded outwards. All hold at once with
    `CONFIDENCE`, for those who answer.
    """

    criteria: tuple[str, ...]
    cells: tuple[Cell, ...]
    answers: int
    mean: tuple[float, ...]
    plain: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @property
    def weighted(self) -> bool:
        """Whether the age groups could be weighed to the inhabitants."""
        return any(cell.population is not None for cell in self.cells)

    @property
    def rows(self) -> list[Condition]:
        """The region as rows of table `viewpoints`."""
        rows = []
        for key, low, high in zip(self.criteria, self.low, self.high, strict=True):
            if low > 0:
                rows.append(Condition(key, "min", format(low, "g")))
            if high < 1:
                rows.append(Condition(key, "max", format(high, "g")))
        return rows

    def as_dict(self) -> dict[str, Any]:
        """Return what is kept and shown; no cell has fewer than `PER_CELL` answers."""
        return {
            "criteria": list(self.criteria),
            "cells": [
                {
                    "groups": list(cell.groups),
                    "answers": cell.answers,
                    "share": cell.answers / self.answers,
                    "population": cell.population,
                    "weight": cell.weight,
                }
                for cell in self.cells
            ],
            "answers": self.answers,
            "weighted": self.weighted,
            "mean": list(self.mean),
            "plain": list(self.plain),
            "low": list(self.low),
            "high": list(self.high),
            "rows": [list(row) for row in self.rows],
        }


def middle_weights(
    criteria: Sequence[str], rows: Iterable[Condition]
) -> tuple[float, ...]:
    """Return the middle of the weights that a resident's answers allow (A12).

    Raises:
        ValueError: no weights fit the answers.

    Example:
        >>> [round(w, 3) for w in middle_weights(["a", "b"], [Condition("a", ">=", "b")])]
        [0.75, 0.25]
    """
    return tuple(as_floats(region_of(criteria, rows).centre))


def age_shares(tables: Tables) -> dict[str, float]:
    """Return each age group's share of the inhabitants in `GROUPS`; empty if unknown.

    Of the last year in table `population` that is no later than the base year.
    """
    base = tables.settings["base_year"]
    rows = [
        row
        for row in tables["population"].records()
        if None not in (row["year"], row["age"], row["persons"]) and row["year"] <= base
    ]
    if not rows:
        return {}
    last = max(row["year"] for row in rows)
    counts = dict.fromkeys(GROUPS, 0.0)
    for row in rows:
        for group, (first, end) in GROUPS.items():
            if row["year"] == last and first <= row["age"] <= end:
                counts[group] += row["persons"]
    total = math.fsum(counts.values())
    return {group: n / total for group, n in counts.items()} if total > 0 else {}


def merge_groups(counts: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Return the age groups, drawn together with a neighbour until none is too small.

    A group without answers is too small as well: someone must speak for its share. The
    smallest goes first, with the smaller of its neighbours. Empty if all together are.

    Example:
        >>> merge_groups({"16-29": 2, "30-49": 9, "50-64": 6, "65-": 12})
        [('16-29', '30-49'), ('50-64',), ('65-',)]
    """
    merged: list[tuple[str, ...]] = [(group,) for group in GROUPS]

    def size(cell: tuple[str, ...]) -> int:
        return sum(counts.get(group, 0) for group in cell)

    while len(merged) > 1 and min(map(size, merged)) < PER_CELL:
        at = min(range(len(merged)), key=lambda i: (size(merged[i]), i))
        near = [i for i in (at - 1, at + 1) if 0 <= i < len(merged)]
        other = min(near, key=lambda i: (size(merged[i]), i))
        first, second = sorted((at, other))
        merged[first : second + 1] = [(*merged[first], *merged[second])]
    return merged if size(merged[0]) >= PER_CELL else []


def may_follow(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> bool:
    """Return True where no fewer than `PER_CELL` can be told by subtracting two regions.

    Whatever cells of the later are taken from, and whatever of the earlier are taken
    away, what is left is nobody or at least so many. Arguments as `Residents.as_dict`
    gives them.
    """
    return all(
        later_n == earlier_n or later_n - earlier_n >= PER_CELL
        for all_groups, later_n in _unions(_groups_of(later))
        for some_groups, earlier_n in _unions(_groups_of(earlier))
        if some_groups <= all_groups
    )


def _unions(cells: Mapping[frozenset[str], int]) -> list[tuple[frozenset[str], int]]:
    """Return the groups and answers of every choice among some cells, of none as well."""
    return [
        (frozenset[str]().union(*chosen), sum(cells[groups] for groups in chosen))
        for size in range(len(cells) + 1)
        for chosen in combinations(cells, size)
    ]


def _groups_of(region: Mapping[str, Any]) -> dict[frozenset[str], int]:
    """Return the answers of each cell; a cell of everyone is one of all groups."""
    cells = region["cells"]
    if len(cells) == 1 and not cells[0]["groups"]:
        return {frozenset((*GROUPS, "")): cells[0]["answers"]}
    return {frozenset(cell["groups"] or [""]): cell["answers"] for cell in cells}


def residents_region(
    criteria: Sequence[str],
    answers: Sequence[tuple[Sequence[float], str]],
    population: Mapping[str, float],
    draws: int = DRAWS,
    seed: int = SEED,
) -> Residents | None:
    """Return the region of the residents' mean weights; None of too few answers.

    The mean of each cell is drawn anew `draws` times from its own answers and weighed
    to its share of the inhabitants. The region holds the middle `CONFIDENCE` of the
    draws for all criteria at once (Bonferroni), rounded outwards.

    Args:
        criteria: their ids.
        answers: each resident's weights, in that order, and age group, empty if unsaid.
        population: share of the inhabitants by age group; empty if not known.
        draws: how many times.
        seed: the same gives the same region.

    Source:
        METHODS 8. docs/method/residents.md.
    """
    cells, samples = _cells(answers, population)
    used = sum(cell.answers for cell in cells)
    if used < LEAST:
        return None
    weights = np.array([cell.weight for cell in cells])
    mean = weights @ np.array([sample.mean(axis=0) for sample in samples])
    plain = np.vstack(samples).mean(axis=0)
    low, high = _interval(samples, weights, draws, seed)
    return Residents(
        criteria=tuple(criteria),
        cells=tuple(cells),
        answers=used,
        mean=tuple(map(float, mean)),
        plain=tuple(map(float, plain)),
        low=tuple(
            _outwards(min(a, b), up=False) for a, b in zip(low, mean, strict=True)
        ),
        high=tuple(
            _outwards(max(a, b), up=True) for a, b in zip(high, mean, strict=True)
        ),
    )


def _cells(
    answers: Sequence[tuple[Sequence[float], str]], population: Mapping[str, float]
) -> tuple[list[Cell], list[Array]]:
    """Return the cells with what each counts for, and their answers.

    Those who did not say their age keep the share they have of the answers; too few to
    be a cell, they are left out. If too few said it, all are one cell.
    """
    said = [(w, group) for w, group in answers if group in GROUPS]
    unsaid = [w for w, group in answers if group not in GROUPS]
    counts = Counter(group for _w, group in said)
    merged = merge_groups(counts)
    if not merged:
        everyone = np.array([w for w, _group in answers], dtype=np.float64)
        return [Cell((), len(answers), None, 1.0)], [everyone]
    alone = len(unsaid) if len(unsaid) >= PER_CELL else 0
    rest = len(said) / (len(said) + alone)
    found: list[Cell] = []
    samples: list[Array] = []
    for groups in merged:
        sample = [w for w, group in said if group in groups]
        known = math.fsum(population[g] for g in groups) if population else None
        share = len(sample) / len(said) if known is None else known
        found.append(Cell(groups, len(sample), known, rest * share))
        samples.append(np.array(sample, dtype=np.float64))
    if alone:
        found.append(Cell((), alone, None, 1.0 - rest))
        samples.append(np.array(unsaid, dtype=np.float64))
    return found, samples


def _interval(
    samples: Sequence[Array], weights: Array, draws: int, seed: int
) -> tuple[Array, Array]:
    """Return the ends of the bootstrap interval, by criterion."""
    random = np.random.default_rng(seed)
    means = np.zeros((draws, samples[0].shape[1]))
    for sample, weight in zip(samples, weights, strict=True):
        n = len(sample)
        step = max(1, _AT_ONCE // n)
        for first in range(0, draws, step):
            count = min(step, draws - first)
            times = random.multinomial(n, np.full(n, 1.0 / n), size=count)
            means[first : first + count] += weight * (times @ sample) / n
    tail = (1.0 - CONFIDENCE) / (2 * means.shape[1])
    low, high = np.quantile(means, [tail, 1.0 - tail], axis=0)
    return low, high


def _outwards(share: float, *, up: bool) -> float:
    size = 10**DECIMALS
    # what is a hair beyond a whole step is that step
    near = share * size
    whole = math.ceil(near - 1e-9) if up else math.floor(near + 1e-9)
    return min(max(whole / size, 0.0), 1.0)
