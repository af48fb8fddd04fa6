"""Would we have foreseen a bridge's next inspection? Ontario's provincial bridges.

Each forecast is made at a reading, from the bridge's own readings so far and from the
other half of the bridges as known that year. Index values 0-100 are scored by CRPS and
five classes by the ranked probability score, against no change, no change with the
empirical distribution of past changes, and age alone.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks.backtest.section import Check, Line, Picture, Section, Table, main
from rodtrad.domain.scoring import coverage, ranked_probability_score
from rodtrad.needs.condition import (
    Chain,
    Pairs,
    Transitions,
    fit_generator,
    fit_treatment,
    with_treatment,
)
from rodtrad.needs.condition_changes import (
    Changes,
    fit_changes,
    list_changes,
    weighted_crps,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array

YEARS = range(2000, 2014)
USUAL_AGE: Final = 40
# A jump up by more than this is a repair or a new rating (data/assets/README.md).
JUMP: Final = 5.0
# Forecasts begin when the other half has at least so many pairs to learn from.
LEAST_KNOWN: Final = 200
# Five classes of the index, the best first: lower limits of all but the worst.
LIMITS: Final = (85.0, 75.0, 70.0, 60.0)
LEVEL: Final = 0.8
METHODS: Final = (
    "alike (model)",
    "no change, past changes by gap",
    "no change, all past changes",
    "age only",
    "no change (a point)",
)
CLASS_METHODS: Final = (
    "Markov chain with repairs",
    "Markov chain, untreated",
    "alike (model)",
    "counted changes of class",
    "age only",
)


def read_bridges(data: Path) -> Changes:
    """Return every pair of consecutive readings; zeros are missing values.

    A year built later than a reading is that of the bridge that replaced it, and was
    not known then: such a bridge has the usual age of those read that year.
    """
    path = data / "assets" / "ontario_bridges" / "bridges_bci_2000_2013.csv"
    unit, year, level, built = [], [], [], []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if not row["YEAR BUILT"].strip():
                continue
            for y in YEARS:
                text = row[str(y)].strip()
                if text and float(text) > 0:
                    unit.append(_number(row["ID"]))
                    year.append(y)
                    level.append(float(text))
                    built.append(int(row["YEAR BUILT"]))
    return list_changes(unit, year, level, known_years(year, built))


def known_years(year: Sequence[int], built: Sequence[int]) -> list[float]:
    """Years built as they were known at each reading, `[reading]`."""
    ages: dict[int, list[int]] = {}
    for y, b in zip(year, built, strict=True):
        if b <= y:
            ages.setdefault(y, []).append(y - b)
    return [
        float(b if b <= y else y - np.median(ages.get(y, [USUAL_AGE])))
        for y, b in zip(year, built, strict=True)
    ]


def _number(bridge: str) -> int:
    """A number of the bridge's id alone: the same in any file; its parity splits."""
    return int(hashlib.sha256(bridge.encode()).hexdigest()[:12], 16)


def classes_of(level: Array) -> NDArray[np.int64]:
    """Class of an index, 0 the best."""
    return np.asarray(len(LIMITS) - np.searchsorted(LIMITS[::-1], level, side="right"))


def split_repairs(pairs: Changes) -> Pairs:
    """The pairs as classes, those that jump up or improve a class held apart.

    A bridge read better by a class without a jump may be misread or mended; both leave
    the untreated sample, and the treatment carries them in a forecast.
    """
    found = Transitions(
        pairs.unit, pairs.gap, classes_of(pairs.level), classes_of(pairs.following)
    )
    treated = (pairs.change > JUMP) | (found.after < found.before)
    return Pairs(
        found.take(np.flatnonzero(~treated)),
        found.take(np.flatnonzero(treated)),
        int(treated.sum()),
    )


def fit_chains(past: Changes) -> tuple[Chain, Chain]:
    """The chain of untreated bridges, and the same with repairs going on as before."""
    pairs = split_repairs(past)
    k = len(LIMITS) + 1
    chain = fit_generator(pairs.untreated, k)
    return chain, with_treatment(chain, fit_treatment(pairs, chain))


@dataclass
class _Scores:
    """Scores of every forecast made, gathered fold by fold."""

    crps: dict[str, list[Array]] = field(
        default_factory=lambda: {m: [] for m in METHODS}
    )
    rps: dict[str, list[Array]] = field(
        default_factory=lambda: {m: [] for m in CLASS_METHODS}
    )
    inside: list[NDArray[np.bool_]] = field(default_factory=list)
    cases: list[Changes] = field(default_factory=list)


def run(data: Path) -> Section:
    """Forecast every next reading of each half from the other, and score."""
    pairs = read_bridges(data)
    scores = _Scores()
    for half in (0, 1):
        own, other = pairs.unit % 2 == half, pairs.unit % 2 != half
        for year in sorted(set(pairs.year.astype(int))):
            known = other & (pairs.year + pairs.gap <= year)
            asked = own & (pairs.year == year)
            if known.sum() >= LEAST_KNOWN and asked.any():
                _score(
                    scores,
                    pairs.take(np.flatnonzero(known)),
                    pairs.take(np.flatnonzero(asked)),
                )
    cases = [c for part in scores.cases for c in _rows(part)]
    gap = np.array([c["gap"] for c in cases])
    jump = np.array([c["change"] for c in cases]) > JUMP
    when = np.array([c["year"] + c["gap"] for c in cases]).astype(int)
    crps = {m: np.concatenate(v) for m, v in scores.crps.items()}
    rps = {m: np.concatenate(v) for m, v in scores.rps.items()}
    inside = np.concatenate(scores.inside)
    groups: dict[str, Any] = {
        "all": np.ones(len(gap), dtype=bool),
        "1 year ahead": gap == 1,
        "2 years ahead": gap == 2,
        "3 years or more ahead": gap >= 3,
        f"without a jump (up at most {JUMP:.0f})": ~jump,
        "jumps up (repairs)": jump,
    }
    model, simple = METHODS[0], min(METHODS[1:3], key=lambda m: crps[m].mean())
    gain = 1 - crps[model].mean() / crps[simple].mean()
    over_age = 1 - crps[model].mean() / crps["age only"].mean()
    held = coverage(inside, when)
    best_class = min(CLASS_METHODS, key=lambda m: rps[m].mean())
    figures = [
        {
            "target": "index",
            "method": m,
            "cases": name,
            "forecasts": int(g.sum()),
            "score": float(crps[m][g].mean()),
        }
        for name, g in groups.items()
        for m in METHODS
    ] + [
        {
            "target": "class",
            "method": m,
            "cases": name,
            "forecasts": int(g.sum()),
            "score": float(rps[m][g].mean()),
        }
        for name, g in groups.items()
        for m in CLASS_METHODS
    ]
    failures = [
        "No method foresees which bridge will be repaired: the jumps up, "
        f"{jump.mean():.0%} of the readings, make up "
        f"{crps[model][jump].sum() / crps[model].sum():.0%} of the model's score.",
        f"{LEVEL:.0%} intervals held {inside[~jump].mean():.1%} of the readings without "
        f"a jump and {inside[jump].mean():.1%} of the jumps.",
    ]
    for name, g in list(groups.items())[:4]:
        better = [m for m in METHODS[1:] if crps[m][g].mean() < crps[model][g].mean()]
        if better:
            best = min(better, key=lambda m: crps[m][g].mean())
            failures.append(
                f"{name[0].upper()}{name[1:]} ({int(g.sum())} forecasts) the model loses "
                f"to {best}: {crps[model][g].mean():.2f} against {crps[best][g].mean():.2f}."
            )
    if best_class != CLASS_METHODS[0]:
        failures.append(
            f"In classes, {best_class} scores {rps[best_class].mean():.4f} and "
            f"the Markov chain with repairs {rps[CLASS_METHODS[0]].mean():.4f}: where an "
            "index is at hand, use it."
        )
    return Section(
        title="Bridges: the next reading",
        data=(
            f"Ontario's provincial bridges and culverts: {len(set(pairs.unit))} with a "
            f"year built, {len(pairs)} pairs of consecutive readings 2000-2013, of which "
            f"{len(gap)} were forecast."
        ),
        fitted=(
            "Bridges are halved by a hash of their id. A reading is forecast from the "
            "bridge's own readings so far and the other half's readings known that "
            "year; both ways. How alike is alike is chosen, each year anew, on the "
            "other half's past alone. Years of rehabilitation and the current index are "
            "of 2014 and are not used, nor a year built later than the reading."
        ),
        paragraphs=(
            f"The model lays the changes of bridges in a like situation (level, gap, "
            f"age, last change, not long ago) on this bridge's level. Its mean CRPS is "
            f"{crps[model].mean():.3f} index points, {gain:.1%} lower than {simple} "
            f"({crps[simple].mean():.3f}) and {over_age:.1%} lower than age alone.",
            f"Repairs. {jump.mean():.0%} of the readings are up by more than {JUMP:.0f}. "
            "The Markov chain is fitted without them, and without those that improve a "
            "class; a second set of intensities, fitted to all pairs, carries them. "
            "A forecast for what will be read has both; one for what would happen "
            "untreated has the first only. Every forecast is scored on all readings, "
            "jumps too, and the table shows the two kinds apart.",
        ),
        tables=(
            _table(
                "Mean CRPS, index points (lower is better)", METHODS, crps, groups, 3
            ),
            _table(
                "Mean ranked probability score, five classes (lower is better)",
                CLASS_METHODS,
                rps,
                groups,
                4,
            ),
            Table(
                "80 % intervals of the model",
                ("readings in", "forecasts", "held"),
                [
                    (
                        str(y),
                        str(int((when == y).sum())),
                        f"{inside[when == y].mean():.1%}",
                    )
                    for y in sorted(set(when))
                ],
            ),
        ),
        figures=figures,
        pictures=(
            Picture(
                name="bridges",
                caption=(
                    f"Mean CRPS by years ahead: the model {crps[model].mean():.2f} "
                    f"index points in all, {simple} {crps[simple].mean():.2f}, age only "
                    f"{crps['age only'].mean():.2f}."
                ),
                kind="bars",
                labels=list(groups)[:4],
                lines=[
                    Line(
                        m, [float(crps[m][g].mean()) for g in list(groups.values())[:4]]
                    )
                    for m in METHODS[:4]
                ],
                unit="index points",
            ),
        ),
        failures=failures,
        checks=(
            Check(
                "CRPS below no change with the empirical distribution of past changes",
                f"{gain:.1%}",
                "at least 10 %",
                bool(gain >= 0.10),
            ),
            Check(
                "CRPS below age only", f"{over_age:.1%}", "below", bool(over_age > 0)
            ),
            Check(
                "80 % intervals hold",
                f"{held.share:.1%} (95 % limits {held.low:.1%} to {held.high:.1%}, "
                f"clustered by {held.clusters} years)",
                "75-85 %",
                bool(0.75 <= held.share <= 0.85),
            ),
            Check(
                "classes: Markov chain with repairs against counted changes of class",
                f"{rps[CLASS_METHODS[0]].mean():.4f} against "
                f"{rps['counted changes of class'].mean():.4f}",
                "lower",
                bool(
                    rps[CLASS_METHODS[0]].mean()
                    < rps["counted changes of class"].mean()
                ),
            ),
        ),
    )


def _rows(part: Changes) -> list[dict[str, float]]:
    return [
        {"gap": g, "change": c, "year": y}
        for g, c, y in zip(part.gap, part.change, part.year, strict=True)
    ]


def _table(
    title: str,
    methods: tuple[str, ...],
    scores: dict[str, Array],
    groups: dict[str, Any],
    decimals: int,
) -> Table:
    counts = [f"{name} ({int(g.sum())})" for name, g in groups.items()]
    return Table(
        title,
        ("method", *counts),
        [
            (m, *(f"{scores[m][g].mean():.{decimals}f}" for g in groups.values()))
            for m in methods
        ],
    )


def _score(scores: _Scores, past: Changes, now: Changes) -> None:
    """Score one half's forecasts of one year."""
    y, k = now.following, len(LIMITS) + 1
    outcome = classes_of(y)
    model = fit_changes(past)
    values, weights = model.predict(now)
    crps = {METHODS[0]: weighted_crps(values, weights, y)}
    # The same changes, all alike: first those over a like gap, then every one.
    n = len(model.past)
    like_gap = np.abs(model.past.gap - now.gap[:, None]) < 0.5
    enough = like_gap.sum(axis=1, keepdims=True) >= 30
    by_gap = np.where(enough, like_gap, True).astype(np.float64)
    by_gap /= by_gap.sum(axis=1, keepdims=True)
    crps[METHODS[1]] = weighted_crps(values, by_gap, y)
    every = np.full((len(now), n), 1 / n)
    crps[METHODS[2]] = weighted_crps(values, every, y)
    age_values, age_weights = _by_age(past, now)
    crps[METHODS[3]] = weighted_crps(age_values, age_weights, y)
    crps[METHODS[4]] = np.abs(now.level - y)
    ends = model.interval(now, LEVEL)
    scores.inside.append((ends[:, 0] <= y) & (y <= ends[:, 1]))
    untreated, treated = fit_chains(past)
    start = np.eye(k)[classes_of(now.level)]
    gaps, place = np.unique(now.gap, return_inverse=True)
    classes = {
        CLASS_METHODS[0]: _at(treated.forecast(start, gaps), place),
        CLASS_METHODS[1]: _at(untreated.forecast(start, gaps), place),
        CLASS_METHODS[2]: _in_classes(values, weights, k),
        CLASS_METHODS[3]: _counted(past, now, k),
        CLASS_METHODS[4]: _in_classes(age_values, age_weights, k),
    }
    for name, score in crps.items():
        scores.crps[name].append(score)
    for name, p in classes.items():
        p = np.maximum(p, 0) / np.maximum(p, 0).sum(axis=1, keepdims=True)
        scores.rps[name].append(ranked_probability_score(p, outcome))
    scores.cases.append(now)


def _at(forecast: Array, place: NDArray[np.int64]) -> Array:
    """Each case's classes at its own horizon, of `[case, class, horizon]`."""
    return np.asarray(forecast[np.arange(len(place)), :, place])


def _by_age(past: Changes, now: Changes) -> tuple[Array, Array]:
    """Readings of bridges of the age that each will have, within about three years."""
    order = np.argsort(past.following, kind="stable")
    then, reached = (past.age + past.gap)[order], past.following[order]
    apart = (now.age + now.gap)[:, None] - then
    weights = np.exp(-0.5 * (apart / 3.0) ** 2) + 1e-6
    values = np.broadcast_to(reached, weights.shape)
    return values, weights / weights.sum(axis=1, keepdims=True)


def _in_classes(values: Array, weights: Array, k: int) -> Array:
    found = np.zeros((len(values), k))
    place = classes_of(values)
    for c in range(k):
        found[:, c] = np.where(place == c, weights, 0.0).sum(axis=1)
    return found


def _counted(past: Changes, now: Changes, k: int) -> Array:
    """Where bridges of the same class went over a like gap, as counted, plus a half."""
    before, after = classes_of(past.level), classes_of(past.following)
    found = np.zeros((len(now), k))
    for gap in np.unique(now.gap):
        like = np.abs(past.gap - gap) < 0.5
        if like.sum() < 100:
            like = np.ones(len(past), dtype=bool)
        counts = np.full((k, k), 0.5 / k)
        np.add.at(counts, (before[like], after[like]), 1.0)
        counts /= counts.sum(axis=1, keepdims=True)
        mine = now.gap == gap
        found[mine] = counts[classes_of(now.level[mine])]
    return found


if __name__ == "__main__":
    raise SystemExit(main(run))
