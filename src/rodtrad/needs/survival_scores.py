"""How often did things last as long as said? Curves without a family, and scores.

Kaplan-Meier and Aalen-Johansen for lives that came late under watch, and the scores
that a fitted survival must pass: concordance, Brier, observed against expected by age.
Leaves out the fitting (survival). Interval-censored ends count at the interval's right
end here; the likelihood treats them exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array
    from rodtrad.needs.survival import Spells


def _last_seen(spells: Spells) -> Array:
    return np.where(spells.ended, spells.right, spells.left)


@dataclass(frozen=True)
class Curve:
    """A step function: `share[i]` from age `ages[i]` until the next; 1 before."""

    ages: Array
    share: Array

    def at(self, age: Array | float) -> Array:
        """The share at any ages.

        Source:
            Step function. Method page: docs/method/survival.md.
        """
        place = np.searchsorted(self.ages, np.asarray(age), side="right")
        return np.concatenate([[1.0], self.share])[place]


def kaplan_meier(spells: Spells) -> Curve:
    """Share still standing by age, without any family.

    An item is at risk from the age it came under watch. The curve speaks of those who
    had reached the youngest age watched.

    Source:
        Product limit with left truncation, METHODS 3.1; checked against the 6-MP data
        (METHODS 3.5). Method page: docs/method/survival.md.

    Example:
        >>> from rodtrad.needs.survival import Spells
        >>> kaplan_meier(Spells.of([1.0, 2.0, 2.0, 3.0], [1, 1, 0, 0])).share
        array([0.75, 0.5 ])
    """
    last = _last_seen(spells)
    ages, events = np.unique(last[spells.ended], return_counts=True)
    at_risk = _at_risk(spells, ages)
    share = np.cumprod(1 - events / np.maximum(at_risk, 1))
    return Curve(ages, np.asarray(share, dtype=np.float64))


def _at_risk(spells: Spells, ages: Array) -> Array:
    """Items under watch just before each age."""
    entered = np.searchsorted(np.sort(spells.entry), ages, side="left")
    # What came under watch at 0 is at risk from the start.
    entered = np.where(ages == 0, (spells.entry <= 0).sum(), entered)
    left = np.searchsorted(np.sort(_last_seen(spells)), ages, side="left")
    return np.asarray(entered - left, dtype=np.float64)


def cumulative_incidence(spells: Spells, cause: int) -> Curve:
    """Share that has ended for one cause by age, where other causes compete.

    `share` rises from 0; before the first age it is 0, not 1: read `ages` and `share`.

    Source:
        Aalen-Johansen with left truncation, METHODS 3.1 (competing risks). Method page:
        docs/method/survival.md.
    """
    last = _last_seen(spells)
    ages = np.unique(last[spells.ended])
    at_risk = np.maximum(_at_risk(spells, ages), 1)
    any_cause = np.array([(spells.ended & (last == a)).sum() for a in ages])
    this = np.array([((spells.cause == cause) & (last == a)).sum() for a in ages])
    before = np.concatenate([[1.0], np.cumprod(1 - any_cause / at_risk)[:-1]])
    return Curve(ages, np.cumsum(before * this / at_risk))


def concordance(spells: Spells, risk: Array) -> float:
    """Share of comparable pairs in which the one that ended first had the higher risk.

    A pair is comparable only if the other was under watch, still standing, at that
    age. Ties in risk count half; NaN if no pair is comparable.

    Args:
        spells: the lives.
        risk: `[item]`, higher means an earlier end.

    Source:
        Harrell's C over truncation-aware pairs, METHODS 3.4. Method page:
        docs/method/survival.md.

    Example:
        >>> from rodtrad.needs.survival import Spells
        >>> lives = Spells.of([1.0, 2.0, 3.0], [1, 1, 0])
        >>> concordance(lives, np.array([3.0, 2.0, 1.0]))
        1.0
    """
    last, ended = _last_seen(spells), spells.ended
    good = pairs = 0.0
    for i in np.flatnonzero(ended):
        others = (spells.entry < last[i]) & (
            (last > last[i]) | ((last == last[i]) & ~ended)
        )
        pairs += others.sum()
        good += (risk[others] < risk[i]).sum() + 0.5 * (risk[others] == risk[i]).sum()
    return float(good / pairs) if pairs else float("nan")


def brier_score(
    predicted_standing: Array,
    years_seen: Array,
    ended: NDArray[Any],
    horizon_years: float,
) -> float:
    """Mean squared error of the predicted probability to stand after some years.

    Args:
        predicted_standing: `[item]`, made at the origin.
        years_seen: `[item]`, years from the origin to the end or to the last look.
        ended: `[item]`, true where it ended.
        horizon_years: after how many years.

    Returns:
        0 is perfect. Items lost from sight are made up for by weighting those seen
        with the inverse of the chance to be seen.

    Source:
        Brier score with inverse probability of censoring weights, METHODS 3.4. Method
        page: docs/method/survival.md.
    """
    gone = np.asarray(ended, dtype=bool)
    seen = np.asarray(years_seen, dtype=np.float64)
    # The chance to be still watched, from those who left without ending.
    leaves, counts = np.unique(seen[~gone], return_counts=True)
    risk = np.array([(seen >= t).sum() for t in leaves])
    steps = np.concatenate([[1.0], np.cumprod(1 - counts / np.maximum(risk, 1))])

    def watched(t: Array | float, side: str) -> Array:
        return np.asarray(
            steps[np.searchsorted(leaves, t, side=side)]  # type: ignore[call-overload]
        )

    early = gone & (seen <= horizon_years)
    # What was last seen standing on the very day has stood so long.
    late = (seen > horizon_years) | (~gone & (seen == horizon_years))
    weight = np.zeros_like(seen)
    weight[early] = 1 / np.maximum(watched(seen[early], "left"), 1e-9)
    weight[late] = 1 / np.maximum(watched(horizon_years, "left"), 1e-9)
    error = (predicted_standing - late) ** 2
    return float((weight * error).sum() / len(seen))


def observed_expected(
    spells: Spells, hazard: Callable[[Array], Array], groups: int = 10
) -> list[tuple[float, float, int, float]]:
    """Observed and expected replacements in bands of age.

    Args:
        spells: the lives.
        hazard: the model's cumulative hazard of every item at an age of its own,
            `[item]` to `[item]`; 0 at age 0.
        groups: how many bands, with equally many lives ending or last seen in each.

    Returns:
        (from age, to age, observed, expected) by band. A life counts in every band
        that it passed under watch.

    Source:
        METHODS 3.4: observed/expected per age decile. Method page:
        docs/method/survival.md.
    """
    last = _last_seen(spells)
    cuts = np.unique(np.quantile(last, np.linspace(0, 1, groups + 1)[1:-1]))
    found = []
    for low, high in zip([0.0, *cuts], [*cuts, float(last.max())], strict=True):
        start = np.clip(spells.entry, low, high)
        end = np.maximum(np.clip(last, low, high), start)
        expected = float((hazard(end) - hazard(start)).sum())
        ended = spells.ended & (last > low) & (last <= high)
        found.append((float(low), float(high), int(ended.sum()), expected))
    return found
