"""In which condition class will a thing be in t years? Markov chains from inspections.

Two forms: yearly steps (`fit_yearly`) and continuous time (`fit_generator`), both for
uneven gaps between inspections and for drops of several classes at once. Repairs leave
the untreated sample and are estimated beside it (`fit_treatment`); where readings are
noisy, `fit_hidden` keeps improvements as misreadings instead. Class 0 is the best.
Leaves out index values (condition_changes) and money (renewal, backlog).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array

Improvement = Literal["repair", "noise"]
# Smallest probability inside a logarithm: a pair that the model calls impossible.
_IMPOSSIBLE: Final = 1e-12


@dataclass(frozen=True)
class Transitions:
    """Pairs of consecutive readings of the same thing, `[pair]`.

    `gap` is the years between; `before` and `after` are classes, 0 the best.
    """

    unit: NDArray[np.int64]
    gap: Array
    before: NDArray[np.int64]
    after: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.unit)

    def take(self, index: NDArray[Any]) -> Transitions:
        """The pairs at these places.

        Source:
            Selection only. Method page: docs/method/condition.md.
        """
        return Transitions(
            self.unit[index], self.gap[index], self.before[index], self.after[index]
        )

    def counts(self, classes: int) -> tuple[Array, Array]:
        """The distinct gaps, `[gap]`, and the pairs by gap and classes, `[gap, from, to]`.

        Source:
            Sufficient for the likelihood of METHODS 3.2. Method page:
            docs/method/condition.md.
        """
        gaps, place = np.unique(self.gap, return_inverse=True)
        found = np.zeros((len(gaps), classes, classes))
        np.add.at(found, (place, self.before, self.after), 1)
        return gaps, found


@dataclass(frozen=True)
class Pairs:
    """Untreated pairs, treated pairs, and how many improvements had no record."""

    untreated: Transitions
    treated: Transitions
    unrecorded: int


def pair_readings(
    unit: Sequence[int] | NDArray[Any],
    year: Sequence[float] | NDArray[Any],
    state: Sequence[int] | NDArray[Any],
    treatments: Sequence[tuple[int, float]] = (),
    *,
    improvement: Improvement = "repair",
) -> Pairs:
    """Consecutive readings, those with a repair between them held apart.

    Args:
        unit: `[reading]`, which thing; the readings may come in any order.
        year: `[reading]`. Of several readings in a year the worst class counts.
        state: `[reading]`, class, 0 the best.
        treatments: (unit, year) of recorded repairs and replacements. One in the year
            of the earlier reading is taken to be what that reading saw.
        improvement: what a better class without a recorded repair is: an unrecorded
            `repair` (the pair counts as treated), or `noise` (it stays, for
            `fit_hidden`).

    Source:
        METHODS 3.2: treated assets must leave the untreated sample. Method page:
        docs/method/condition.md.
    """
    order = np.lexsort((np.asarray(state), np.asarray(year), np.asarray(unit)))
    u = np.asarray(unit, dtype=np.int64)[order]
    y = np.asarray(year, dtype=np.float64)[order]
    s = np.asarray(state, dtype=np.int64)[order]
    # Sorted by class within a year, so the last of a year is its worst.
    last = np.ones(len(u), dtype=bool)
    last[:-1] = (u[1:] != u[:-1]) | (y[1:] != y[:-1])
    u, y, s = u[last], y[last], s[last]
    first = np.flatnonzero(u[1:] == u[:-1])
    pairs = Transitions(u[first], y[first + 1] - y[first], s[first], s[first + 1])
    by_unit: dict[int, list[float]] = {}
    for thing, when in treatments:
        by_unit.setdefault(thing, []).append(when)
    recorded = np.array(
        [
            any(y[i] < when <= y[i + 1] for when in by_unit.get(int(u[i]), ()))
            for i in first
        ],
        dtype=bool,
    )
    better = (pairs.after < pairs.before) & ~recorded
    treated = recorded | better if improvement == "repair" else recorded
    return Pairs(
        pairs.take(np.flatnonzero(~treated)),
        pairs.take(np.flatnonzero(treated)),
        int(better.sum()),
    )


# ---------------------------------------------------------------- yearly steps


def fit_yearly(pairs: Transitions, classes: int) -> Array:
    """The yearly transition matrix P, `[from, to]`, that makes the pairs most likely.

    Upper triangular: nothing improves untreated. A class never left in the data stays.

    Raises:
        ValueError: a gap is not a whole number of years, or a pair improves.

    Source:
        METHODS 3.2: prod [P^gap]_{ab}; with equal gaps of a year it is plain counting.
        Method page: docs/method/condition.md.

    Example:
        >>> pairs = Transitions(np.arange(4), np.ones(4), np.array([0, 0, 0, 1]),
        ...                     np.array([0, 0, 1, 1]))
        >>> fit_yearly(pairs, 2).round(3)
        array([[0.667, 0.333],
               [0.   , 1.   ]])
    """
    if (pairs.gap != np.round(pairs.gap)).any() or (pairs.gap < 1).any():
        raise ValueError("gaps must be whole years; use fit_generator")
    _refuse_improvement(pairs)
    gaps, counts = pairs.counts(classes)
    rows, columns = _later_classes(counts)
    if not len(rows):
        return np.eye(classes)

    def matrix(logits: Array) -> Array:
        # Each row's odds against staying, which has odds 1.
        found = np.eye(classes)
        found[rows, columns] = np.exp(np.clip(logits, -30, 30))
        return np.asarray(found / found.sum(axis=1, keepdims=True))

    def loss(logits: Array) -> float:
        p = matrix(logits)
        return -sum(
            float(
                (n * np.log(np.maximum(np.linalg.matrix_power(p, int(g)), 1e-12))).sum()
            )
            for g, n in zip(gaps, counts, strict=True)
        )

    return matrix(_search(loss, _starting_rates(gaps, counts, rows, columns)))


# ---------------------------------------------------------------- continuous time


@dataclass(frozen=True)
class Chain:
    """Deterioration in continuous time: `generator` `[from, to]`, per year, rows sum 0.

    `pairs` is the number it rests on and `log_likelihood` at the fit (0 if given).
    """

    generator: Array
    pairs: int = 0
    log_likelihood: float = 0.0

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.generator)

    def after(self, years: float) -> Array:
        """Probability of each class after some years, `[from, to]`.

        Source:
            P(t) = expm(Q t), METHODS 3.2. Method page: docs/method/condition.md.
        """
        from scipy.linalg import expm  # type: ignore[import-untyped]

        return np.asarray(expm(self.generator * years))

    def forecast(self, start: Array, years: Sequence[float] | Array) -> Array:
        """Distribution over classes at each horizon, `[.., class, year]`.

        Args:
            start: `[.., class]`, probabilities now (a one for a class just seen).
            years: horizons from now.

        Source:
            P(t) = expm(Q t), METHODS 3.2. Method page: docs/method/condition.md.

        Example:
            >>> chain = Chain(np.array([[-0.1, 0.1], [0.0, 0.0]]))
            >>> chain.forecast(np.array([1.0, 0.0]), [10.0]).round(3)
            array([[0.368],
                   [0.632]])
        """
        return np.stack([start @ self.after(float(t)) for t in years], axis=-1)

    def mean_years(self) -> Array:
        """Mean years in each class before it is left, `[class]`; inf for the last.

        Source:
            1 / intensity of leaving. Method page: docs/method/condition.md.
        """
        leaving = -np.diag(self.generator)
        with np.errstate(divide="ignore"):
            return np.asarray(np.where(leaving > 0, 1 / leaving, np.inf))


def chain_from_years(mean_years: Sequence[float]) -> Chain:
    """The chain that leaves each class for the next after these mean years.

    Args:
        mean_years: for every class but the last, which is never left.

    Source:
        Expected stay as a default, domain/defaults/condition.toml. Method page:
        docs/method/condition.md.
    """
    k = len(mean_years) + 1
    generator = np.zeros((k, k))
    for i, years in enumerate(mean_years):
        generator[i, i + 1], generator[i, i] = 1 / years, -1 / years
    return Chain(generator)


def fit_generator(
    pairs: Transitions,
    classes: int,
    *,
    prior: Chain | None = None,
    prior_years: float = 0.0,
    reach: int | None = None,
) -> Chain:
    """The generator Q that makes untreated pairs with any gaps most likely.

    Args:
        pairs: untreated; none may improve.
        classes: how many.
        prior: expected intensities, for a small register.
        prior_years: how many years of watching each class the prior is worth.
        reach: the most classes that one drop may pass; None lets any drop be direct.

    Raises:
        ValueError: a pair improves, or there are neither pairs nor a prior.

    Source:
        Kalbfleisch and Lawless, METHODS 3.2: P(gap) = expm(Q gap). Method page:
        docs/method/condition.md.
    """
    _refuse_improvement(pairs)
    expected = None if prior is None or prior_years <= 0 else prior.generator
    if not len(pairs) and expected is None:
        raise ValueError("there are neither pairs nor a prior to fit")
    gaps, counts = pairs.counts(classes)
    rows, columns = _later_classes(counts, reach)
    if expected is not None:
        # A path that the prior knows stays open although nothing has passed it yet.
        open_ = np.zeros((classes, classes), dtype=bool)
        open_[rows, columns] = True
        rows, columns = np.nonzero(open_ | (np.triu(expected, 1) > 0))
    if not len(rows):
        return Chain(np.zeros((classes, classes)), len(pairs))

    def loss(logs: Array) -> float:
        rates = np.exp(np.clip(logs, -25, 5))
        value = _log_likelihood(_generator(rates, rows, columns, classes), gaps, counts)
        if expected is not None:
            # Gamma beliefs: as if `prior_years` had been watched in each class.
            known = expected[rows, columns]
            value += prior_years * float((known * np.log(rates) - rates).sum())
        return -value

    start = _starting_rates(gaps, counts, rows, columns)
    if expected is not None:
        start = np.maximum(start, np.log(np.maximum(expected[rows, columns], 1e-4)))
    found = np.exp(np.clip(_search(loss, start), -25, 5))
    generator = _generator(found, rows, columns, classes)
    return Chain(generator, len(pairs), _log_likelihood(generator, gaps, counts))


def _generator(
    rates: Array, rows: NDArray[Any], columns: NDArray[Any], classes: int
) -> Array:
    generator = np.zeros((classes, classes))
    generator[rows, columns] = rates
    np.fill_diagonal(generator, -generator.sum(axis=1))
    return generator


def _log_likelihood(generator: Array, gaps: Array, counts: Array) -> float:
    from scipy.linalg import expm

    steps = expm(generator[None] * gaps[:, None, None])
    return float((counts * np.log(np.maximum(steps, _IMPOSSIBLE))).sum())


def _refuse_improvement(pairs: Transitions) -> None:
    if (pairs.after < pairs.before).any():
        raise ValueError("an untreated pair improves: see pair_readings or fit_hidden")


def _later_classes(
    counts: Array, reach: int | None = None
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The drops that the data can tell of: those seen, and those between."""
    seen = counts.sum(axis=0)
    k = len(seen)
    open_ = np.zeros((k, k), dtype=bool)
    for i in range(k):
        worse = np.flatnonzero(seen[i, i + 1 :]) + i + 1
        if len(worse):
            open_[i, i + 1 : worse[-1] + 1] = True
            # What passes a class may also stay in it and go on from there.
            for j in range(i + 1, worse[-1]):
                open_[j, j + 1 : worse[-1] + 1] = True
    if reach is not None:
        open_ &= np.triu(np.ones_like(open_), 1) & ~np.triu(
            np.ones_like(open_), reach + 1
        )
    rows, columns = np.nonzero(open_)
    return rows, columns


def _starting_rates(
    gaps: Array, counts: Array, rows: NDArray[Any], columns: NDArray[Any]
) -> Array:
    years = (counts.sum(axis=2) * gaps[:, None]).sum(axis=0)
    moves = counts.sum(axis=0)[rows, columns] + 0.1
    return np.asarray(np.log(moves / np.maximum(years[rows], 1.0)))


def _search(loss: Callable[[Array], float], start: Array) -> Array:
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    found = minimize(
        loss, start, method="L-BFGS-B", options={"maxiter": 500, "ftol": 1e-12}
    )
    return np.asarray(found.x)


# ---------------------------------------------------------------- repairs


def fit_treatment(pairs: Pairs, chain: Chain) -> Array:
    """How repairs move things between classes: intensities `[from, to]`, per year.

    The improvements that make all the pairs most likely, treated or not, when things
    wear as the chain says between repairs. Rows sum to 0, so that the result can be
    added to the chain's generator.

    Args:
        pairs: untreated and treated.
        chain: fitted to the untreated.

    Source:
        METHODS 3.2 (repairs beside the untreated sample). Method page:
        docs/method/condition.md.
    """
    k = chain.classes
    parts = [
        (t.unit, t.gap, t.before, t.after) for t in (pairs.untreated, pairs.treated)
    ]
    every = Transitions(
        *(np.concatenate(column) for column in zip(*parts, strict=True))
    )
    gaps, counts = every.counts(k)
    rows, columns = np.nonzero(np.tril(counts.sum(axis=0), -1))
    if not len(rows):
        return np.zeros((k, k))

    def loss(logs: Array) -> float:
        rates = np.exp(np.clip(logs, -25, 5))
        total = chain.generator + _generator(rates, rows, columns, k)
        return -_log_likelihood(total, gaps, counts)

    found = _search(loss, _starting_rates(gaps, counts, rows, columns))
    return _generator(np.exp(np.clip(found, -25, 5)), rows, columns, k)


def with_treatment(chain: Chain, treatment: Array) -> Chain:
    """The chain of what will be seen if repairs go on as they have.

    Source:
        Sum of generators of competing moves. Method page: docs/method/condition.md.
    """
    return Chain(chain.generator + treatment, chain.pairs, chain.log_likelihood)


# ---------------------------------------------------------------- misreadings


@dataclass(frozen=True)
class HiddenChain:
    """A chain seen through inspections that may be one class wrong.

    `misread` is the probability that a reading shows the class next to the true one
    (split evenly where there are two). `start` is the distribution at the first look.
    """

    chain: Chain
    misread: float
    start: Array

    def reading(self) -> Array:
        """Probability of each reading given the true class, `[true, read]`.

        Source:
            METHODS 3.2 (hidden Markov with a misclassification matrix). Method page:
            docs/method/condition.md.
        """
        return _reading_matrix(self.chain.classes, self.misread)

    def believe(self, years: Sequence[float], states: Sequence[int]) -> Array:
        """Probability of each true class at the last reading, `[class]`.

        Args:
            years: when, rising.
            states: the class read each time.

        Source:
            Forward filter. Method page: docs/method/condition.md.
        """
        seen = self.reading()
        belief = self.start * seen[:, states[0]]
        for gap, state in zip(np.diff(years), states[1:], strict=True):
            belief = (belief @ self.chain.after(float(gap))) * seen[:, state]
        return np.asarray(belief / belief.sum())


def _reading_matrix(classes: int, misread: float) -> Array:
    found = np.eye(classes) * (1 - misread)
    for i in range(classes):
        beside = [j for j in (i - 1, i + 1) if 0 <= j < classes]
        found[i, beside] = misread / len(beside)
    return found


def fit_hidden(
    unit: NDArray[np.int64],
    year: Array,
    state: NDArray[np.int64],
    classes: int,
    *,
    reach: int | None = None,
) -> HiddenChain:
    """A chain and its share of misreadings, from whole histories.

    For readings without repairs between them: an improvement is then a misreading, now
    or before. Histories with a repair are given as two units.

    Args:
        unit: `[reading]`; the readings may come in any order.
        year: `[reading]`.
        state: `[reading]`, class, 0 the best.
        classes: how many.
        reach: the most classes that one drop may pass.

    Source:
        METHODS 3.2: rating noise gives spurious improvements, and to delete them is
        biased. Method page: docs/method/condition.md.
    """
    from scipy.linalg import expm

    order = np.lexsort((year, unit))
    unit, year, state = unit[order], year[order], state[order]
    units, first = np.unique(unit, return_index=True)
    length = np.diff([*first, len(unit)])
    longest = int(length.max())
    seen = np.full((len(units), longest), -1)
    gap = np.zeros((len(units), longest))
    for i, (at, n) in enumerate(zip(first, length, strict=True)):
        seen[i, :n] = state[at : at + n]
        gap[i, 1:n] = np.diff(year[at : at + n])
    gaps, place = np.unique(gap, return_inverse=True)
    place = place.reshape(gap.shape)
    rows, columns = np.nonzero(
        np.triu(np.ones((classes, classes)), 1)
        - (0 if reach is None else np.triu(np.ones((classes, classes)), reach + 1))
    )
    m = len(rows)

    def parts(x: Array) -> tuple[Array, float, Array]:
        rates = np.exp(np.clip(x[:m], -20, 5))
        start = np.exp(np.clip(np.append(x[m + 1 :], 0.0), -30, 30))
        misread = 0.5 / (1 + np.exp(-np.clip(x[m], -30, 30)))
        return _generator(rates, rows, columns, classes), misread, start / start.sum()

    def loss(x: Array) -> float:
        generator, misread, start = parts(x)
        steps = expm(generator[None] * gaps[:, None, None])
        reading = _reading_matrix(classes, misread)
        belief = start * reading[:, seen[:, 0]].T
        total = np.zeros(len(units))
        for t in range(1, longest):
            here = seen[:, t] >= 0
            norm = belief[here].sum(axis=1)
            total[here] += np.log(np.maximum(norm, 1e-300))
            moved = np.einsum(
                "ui,uij->uj", belief[here] / norm[:, None], steps[place[here, t]]
            )
            belief[here] = moved * reading[:, seen[here, t]].T
        total += np.log(np.maximum(belief.sum(axis=1), 1e-300))
        # A breath of prior keeps a rate that nothing speaks of from drifting to 0.
        return float(-total.sum() + 1e-3 * np.square(x).sum())

    x = np.concatenate([np.full(m, -3.0), [-2.0], np.zeros(classes - 1)])
    generator, misread, start = parts(_search(loss, x))
    return HiddenChain(Chain(generator, len(unit) - len(units)), misread, start)
