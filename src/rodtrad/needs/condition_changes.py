"""What will the next reading of an index be? As past readings like it have changed.

For a condition that is a number (a bridge index 0-100, a share) rather than a class.
No curve is assumed: the changes of other assets with a similar level, gap, age and
last change are laid on this asset's level, the most similar weighing most, the most
recent more. Repairs are among them with the share they have had. How similar counts as
similar is chosen on the past alone. Leaves out classes (condition).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array


@dataclass(frozen=True)
class Changes:
    """Consecutive readings of an index, one a pair, `[pair]`.

    `unit` numbers the asset, `year` is that of the first reading and `gap` the years to
    the next. `trend` is the yearly change up to the first reading and `steps` the
    number of earlier readings; trend is 0 where there are none.
    """

    unit: NDArray[np.int64]
    year: Array
    gap: Array
    level: Array
    following: Array
    age: Array
    trend: Array
    steps: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.unit)

    @property
    def change(self) -> Array:
        """Next reading minus this one, `[pair]`."""
        return self.following - self.level

    def take(self, index: NDArray[Any]) -> Changes:
        """The pairs at these places.

        Source:
            Selection only. Method page: docs/method/condition.md.
        """
        return Changes(*(getattr(self, name)[index] for name in _FIELDS))


_FIELDS: Final = tuple(Changes.__dataclass_fields__)


def list_changes(
    unit: Sequence[int] | NDArray[np.int64],
    year: Sequence[float] | Array,
    level: Sequence[float] | Array,
    built_year: Sequence[float] | Array,
) -> Changes:
    """Consecutive readings from readings in any order.

    Args:
        unit: `[reading]`, which asset.
        year: `[reading]`, when. Several in a year count as their mean.
        level: `[reading]`, the index.
        built_year: `[reading]`, the asset's; for its age.

    Source:
        METHODS 3.2. Method page: docs/method/condition.md.
    """
    numbers = np.asarray(unit, dtype=np.int64)
    years = np.asarray(year, dtype=np.float64)
    pairs, place = np.unique(
        np.column_stack([numbers, years]), axis=0, return_inverse=True
    )
    place = place.ravel()
    count = np.bincount(place)
    mean = np.bincount(place, np.asarray(level, dtype=np.float64)) / count
    built = np.bincount(place, np.asarray(built_year, dtype=np.float64)) / count
    units, at = pairs[:, 0].astype(np.int64), pairs[:, 1]
    first = np.flatnonzero(units[1:] == units[:-1])
    earlier = np.zeros(len(units), dtype=np.int64)
    for i in first:
        earlier[i + 1] = earlier[i] + 1
    gap = at[first + 1] - at[first]
    before = np.maximum(first - 1, 0)
    has = earlier[first] > 0
    span = np.where(has, at[first] - at[before], 1.0)
    trend = np.where(has, (mean[first] - mean[before]) / span, 0.0)
    return Changes(
        unit=units[first],
        year=at[first],
        gap=gap,
        level=mean[first],
        following=mean[first + 1],
        age=at[first] - built[first],
        trend=trend,
        steps=earlier[first],
    )


@dataclass(frozen=True)
class Likeness:
    """How far apart two situations may be and still count as alike (one sd each).

    `level` in index points, `gap` as a ratio's logarithm, `trend` in points a year,
    `age` in years, `memory` the years after which an observation weighs 1/e.
    """

    level: float
    gap: float
    trend: float
    age: float
    memory: float


# Near, middle and far situations side by side: the near tell what is special about this
# one, the far keep a few odd neighbours from deciding. One alone predicts worse.
_CIRCLES: Final = ((3.0, 4.0, 10.0), (8.0, 6.0, 20.0), (30.0, 10.0, 30.0))


def circles(stretch: float, memory: float) -> tuple[Likeness, ...]:
    """Likenesses near, middle and far, all stretched, with one memory.

    Source:
        Chosen on past readings by `fit_changes`. Method page: docs/method/condition.md.
    """
    return tuple(
        Likeness(stretch * level, 0.2, stretch * trend, stretch * age, memory)
        for level, trend, age in _CIRCLES
    )


CHOICES: Final = tuple(
    circles(stretch, memory)
    for stretch in (0.6, 1.0, 1.6)
    for memory in (1.0, 2.0, 5.0)
)
BELIEF: Final = 100
"""How many past outcomes the belief in honest intervals is worth."""

# A trend beyond this is a repair or a new scale, and says no more than its sign.
_TREND_LIMIT: Final = 4.0
# Every past change keeps this weight, so that nothing seen before is impossible.
_FLOOR: Final = 1e-4


@dataclass(frozen=True)
class ChangeModel:
    """Past changes ready to be laid on a level. `low` and `high` bound the index.

    `likenesses` count equally. `reached` are the shares of the forecast at or below
    the outcome in past forecasts, sorted: evenly spread if intervals were right.
    """

    past: Changes
    likenesses: tuple[Likeness, ...]
    low: float
    high: float
    reached: Array

    def predict(self, now: Changes) -> tuple[Array, Array]:
        """The next reading of each asset as weighted values.

        Args:
            now: the situations; `following` is not read.

        Returns:
            values and weights, both `[asset, past change]`; values rise along each row
            and its weights sum to 1.

        Source:
            Nearest situations, METHODS 3.2. Method page: docs/method/condition.md.
        """
        values = _values(now, self.past, self.low, self.high)
        return values, _mean_weights(_apart(now, self.past), self.likenesses)

    def interval(self, now: Changes, level: float) -> Array:
        """Interval that past forecasts would have held as often as `level`, `[asset, 2]`.

        The quantiles taken are those that the same share of past outcomes lay beyond,
        which narrows intervals that were too wide and widens those too narrow. A few
        past outcomes prove little: they are put beside `BELIEF` made-up ones that lie
        as an honest forecast's would.

        Source:
            Conformal adjustment on the past, METHODS 5. Method page:
            docs/method/condition.md.
        """
        ends = np.array([(1 - level) / 2, (1 + level) / 2])
        if len(self.reached):
            even = (np.arange(BELIEF) + 0.5) / BELIEF
            ends = np.quantile(np.append(self.reached, even), ends)
        values, weights = self.predict(now)
        return weighted_quantiles(values, weights, ends)


def _values(now: Changes, past: Changes, low: float, high: float) -> Array:
    return np.clip(now.level[:, None] + past.change[None, :], low, high)


@dataclass(frozen=True)
class _Apart:
    """How situations differ from past ones, whatever counts as alike: `[now, past]`."""

    level: Array
    gap: Array
    trend: Array
    age: Array
    unlike: Array
    ago: Array


def _apart(now: Changes, past: Changes) -> _Apart:
    clipped = [np.clip(c.trend, -_TREND_LIMIT, _TREND_LIMIT) for c in (now, past)]
    return _Apart(
        level=now.level[:, None] - past.level,
        gap=np.log(now.gap[:, None] / past.gap),
        trend=clipped[0][:, None] - clipped[1],
        age=now.age[:, None] - past.age,
        # One without a past is not quite like one whose past stood still.
        unlike=np.where((now.steps[:, None] > 0) == (past.steps > 0), 0.0, 1.0),
        ago=np.maximum(now.year[:, None] - (past.year + past.gap), 0.0),
    )


def _mean_weights(apart: _Apart, likenesses: Sequence[Likeness]) -> Array:
    weights = sum(_weights(apart, like) for like in likenesses)
    return np.asarray(weights) / len(likenesses)


def _weights(apart: _Apart, like: Likeness) -> Array:
    distance = (apart.level / like.level) ** 2
    distance += (apart.gap / like.gap) ** 2
    distance += (apart.trend / like.trend) ** 2
    distance += (apart.age / like.age) ** 2
    distance += apart.unlike
    count = apart.level.shape[1]
    weights = np.exp(-0.5 * distance - apart.ago / like.memory) + _FLOOR / count
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def fit_changes(
    past: Changes,
    *,
    low: float = 0.0,
    high: float = 100.0,
    choices: Sequence[tuple[Likeness, ...]] = CHOICES,
    sample: int = 250,
) -> ChangeModel:
    """Past changes with the likenesses that would have predicted them best.

    Each of a sample of the past pairs is predicted from the other assets' pairs that
    were known when it was made; the choice with the lowest mean CRPS is kept.

    Raises:
        ValueError: there are no past changes.

    Source:
        Leave-one-asset-out on the past only; CRPS as METHODS 5. Method page:
        docs/method/condition.md.
    """
    if not len(past):
        raise ValueError("there are no past changes to learn from")
    order = np.argsort(past.change, kind="stable")
    past = past.take(order)
    no_past = np.empty(0)
    # Spread over the later half in time, where there is a past to predict from.
    later = np.flatnonzero(past.year >= np.median(past.year))
    picked = later[np.linspace(0, len(later) - 1, min(sample, len(later))).astype(int)]
    now = past.take(np.unique(picked))
    known = past.year + past.gap <= now.year[:, None]
    known &= past.unit != now.unit[:, None]
    usable = known.sum(axis=1) >= 20
    now, known = now.take(np.flatnonzero(usable)), known[usable]
    if not len(now):
        return ChangeModel(past, choices[len(choices) // 2], low, high, no_past)
    best = (np.inf, choices[0], no_past)
    values, apart = _values(now, past, low, high), _apart(now, past)
    for likenesses in choices:
        weights = np.where(known, _mean_weights(apart, likenesses), 0.0)
        weights /= weights.sum(axis=1, keepdims=True)
        score = float(weighted_crps(values, weights, now.following).mean())
        if score < best[0]:
            y = now.following[:, None]
            # Half of what lies at the outcome itself: readings are often unchanged.
            share = (weights * ((values < y) + 0.5 * (values == y))).sum(axis=1)
            best = (score, likenesses, np.sort(share))
    return ChangeModel(past, best[1], low, high, best[2])


def weighted_crps(values: Array, weights: Array, outcome: Array) -> Array:
    """CRPS of weighted values, `[case]`, in the unit of the values; 0 is perfect.

    Args:
        values: `[case, value]`, rising along each row.
        weights: `[case, value]`, sum 1 a row.
        outcome: `[case]`.

    Source:
        METHODS 5: E|X-y| - E|X-X'|/2. Method page: docs/method/condition.md.

    Example:
        >>> weighted_crps(np.array([[0.0, 2.0]]), np.array([[0.5, 0.5]]), np.array([1.0]))
        array([0.5])
    """
    from_outcome = (weights * np.abs(values - outcome[:, None])).sum(axis=1)
    below = np.cumsum(weights, axis=1)[:, :-1]
    spread = (np.diff(values, axis=1) * below * (1 - below)).sum(axis=1)
    return np.asarray(from_outcome - spread)


def weighted_quantiles(values: Array, weights: Array, shares: Array) -> Array:
    """Quantiles of weighted values, `[case, share]`.

    Source:
        Smallest value whose cumulative weight reaches the share. Method page:
        docs/method/condition.md.
    """
    below = np.cumsum(weights, axis=1)
    places = np.array(
        [[np.searchsorted(row, min(s, row[-1])) for s in shares] for row in below]
    )
    return np.take_along_axis(values, places, axis=1)
