"""Published fits and curves: two Weibull fits and Kaplan-Meier, to their digits."""

from __future__ import annotations

import numpy as np
import pytest

from rodtrad.needs.survival import Spells, fit_survival
from rodtrad.needs.survival_scores import kaplan_meier

pytestmark = pytest.mark.oracle

# Ten of twenty units failed in a test stopped at 500 hours (the handbook's example).
FAILURES = [54, 187, 216, 240, 244, 335, 361, 373, 375, 386]
HANDBOOK = Spells.of([*FAILURES, *[500] * 10], [1] * 10 + [0] * 10)

# Weeks in remission, 21 patients on 6-MP (Freireich 1963); 0 where still in remission.
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
REMISSION = Spells.of([float(w) for w in WEEKS], RELAPSED)


@pytest.mark.parametrize(
    ("lives", "shape", "scale"),
    [(HANDBOOK, 1.7208, 606.528), (REMISSION, 1.3537, 33.765)],
    ids=["handbook", "6-MP"],
)
def test_weibull_fits(lives: Spells, shape: float, scale: float) -> None:
    fit = fit_survival(lives)
    assert fit.shape == pytest.approx(shape, abs=5e-5)
    assert fit.scale == pytest.approx(scale, abs=5e-4)


def test_kaplan_meier_of_the_remissions() -> None:
    curve = kaplan_meier(REMISSION)
    assert curve.ages.tolist() == [6, 7, 10, 13, 16, 22, 23]
    published = [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert curve.share == pytest.approx(published, abs=5e-5)


def test_the_fit_does_not_depend_on_how_the_lives_are_cut() -> None:
    """A life watched in two pieces is the same life: left truncation is exact."""
    cut = 200.0
    early, late = HANDBOOK.left <= cut, HANDBOOK.left > cut
    first = Spells.of(
        np.minimum(HANDBOOK.left, cut), np.where(early, HANDBOOK.cause, 0)
    )
    rest = HANDBOOK.take(np.flatnonzero(late))
    second = Spells(np.full(len(rest), cut), rest.left, rest.right, rest.cause)
    both = Spells(
        np.concatenate([first.entry, second.entry]),
        np.concatenate([first.left, second.left]),
        np.concatenate([first.right, second.right]),
        np.concatenate([first.cause, second.cause]),
    )
    whole, pieces = fit_survival(HANDBOOK), fit_survival(both)
    assert pieces.parameters == pytest.approx(whole.parameters, abs=1e-6)
