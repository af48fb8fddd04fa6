"""Survival: what is known is found again, what is not known is not made up."""

from __future__ import annotations

import numpy as np
import pytest
from golden.test_method_pages import figure, table

from rodtrad.domain.lives import LEAST_REPLACEMENTS
from rodtrad.needs.lifetimes import (
    FAMILIES,
    Family,
    Lifetime,
    cumulative_hazard,
    inverse_hazard,
    lifetime_with_mean,
    log_hazard,
)
from rodtrad.needs.survival import (
    Prior,
    Spells,
    best_family,
    bootstrap_lifetimes,
    fit_survival,
    profile_interval,
    shrink_classes,
)
from rodtrad.needs.survival_scores import (
    brier_score,
    concordance,
    cumulative_incidence,
    kaplan_meier,
    observed_expected,
)


def simulated(family: Family, n: int, seed: int, *, cover: float = 0.0) -> Spells:
    """Lives of scale 50 and shape 3, watched from a late age for fifteen years."""
    rng = np.random.Generator(np.random.Philox(seed))
    life = 50 * inverse_hazard(family, rng.exponential(size=n), 3.0)
    entry = rng.uniform(0, 60, n)
    kept = life > entry
    life, entry = life[kept], entry[kept]
    end = entry + 15
    gone = life < end
    if not cover:
        return Spells.of(np.minimum(life, end), gone, entry)
    left = np.maximum(np.floor(life / cover) * cover, entry)
    return Spells(
        entry,
        np.where(gone, left, end),
        np.where(gone, np.floor(life / cover) * cover + cover, np.inf),
        gone.astype(np.int64),
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_the_families_agree_with_themselves(family: Family) -> None:
    w = np.linspace(0.05, 2.5, 40)
    hazard = cumulative_hazard(family, w, 2.5)
    assert inverse_hazard(family, hazard, 2.5) == pytest.approx(w, rel=1e-6)
    step = 1e-6
    slope = cumulative_hazard(family, w + step, 2.5) - cumulative_hazard(
        family, w - step, 2.5
    )
    assert np.log(slope / (2 * step)) == pytest.approx(
        log_hazard(family, w, 2.5), abs=1e-4
    )
    life = lifetime_with_mean(family, 40.0, 4.0)
    grid = np.arange(0, 4000, 0.05)
    assert life.survival(grid).sum() * 0.05 == pytest.approx(40.0, rel=5e-3)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("cover", [0.0, 5.0], ids=["exact", "every fifth year"])
def test_truncated_and_censored_lives_give_the_truth_back(
    family: Family, cover: float
) -> None:
    fit = fit_survival(simulated(family, 6000, 1, cover=cover), family)
    sd = np.sqrt(np.diag(fit.covariance))
    truth = np.log([50.0, 3.0])
    assert np.abs(fit.parameters - truth) / sd == pytest.approx([0, 0], abs=3.5)
    assert fit.scale == pytest.approx(50, rel=0.04)


def test_to_forget_the_truncation_makes_old_pipes_immortal() -> None:
    lives = simulated("weibull", 3000, 2)
    naive = Spells(np.zeros(len(lives)), lives.left, lives.right, lives.cause)
    assert fit_survival(naive).scale > 1.1 * fit_survival(lives).scale


def test_a_covariate_stretches_lives() -> None:
    rng = np.random.Generator(np.random.Philox(3))
    soil = rng.integers(0, 2, 3000).astype(float)
    life = 40 * np.exp(-0.5 * soil) * rng.weibull(3.0, 3000)
    fit = fit_survival(
        Spells.of(np.minimum(life, 60), life < 60), covariates=soil[:, None]
    )
    assert fit.coefficients[1] == pytest.approx(-0.5, abs=0.04)
    assert fit.scales(np.array([[1.0]]))[0] == pytest.approx(
        40 * np.exp(-0.5), rel=0.05
    )


def test_the_best_family_is_the_one_that_made_the_lives() -> None:
    rng = np.random.Generator(np.random.Philox(4))
    life = np.exp(rng.normal(3.5, 0.6, 3000))
    fit = best_family(Spells.of(life, np.ones(3000)), FAMILIES)
    assert fit.family == "lognormal"
    assert fit.shape == pytest.approx(1 / 0.6, rel=0.05)


def test_without_any_replacement_the_prior_is_returned() -> None:
    standing = Spells.of([3.0, 5.0], [0, 0], [2.9, 4.9])
    with pytest.raises(ValueError, match="prior"):
        fit_survival(standing)
    belief = Prior(np.log(40.0), 0.2, np.log(4.0), 0.3)
    fit = fit_survival(standing, prior=belief)
    assert fit.scale == pytest.approx(40.0, rel=0.01)
    assert fit.shape == pytest.approx(4.0, rel=0.01)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx([0.2, 0.3], rel=0.02)


@pytest.mark.parametrize("parameter", ["scale", "shape"])
def test_profile_intervals_hold_the_estimate_and_widen(parameter: str) -> None:
    lives = simulated("weibull", 300, 5)
    fit = fit_survival(lives)
    low, high = profile_interval(lives, parameter=parameter, level=0.8)
    wide = profile_interval(lives, parameter=parameter, level=0.95)
    assert wide[0] < low < getattr(fit, parameter) < high < wide[1]
    place = 0 if parameter == "scale" else 1
    sd = np.sqrt(fit.covariance[place, place])
    assert np.log(high / low) == pytest.approx(2 * 1.2816 * sd, rel=0.1)


def test_the_bootstrap_spreads_as_the_likelihood_says() -> None:
    lives = simulated("weibull", 400, 6)
    fit = fit_survival(lives)
    found = bootstrap_lifetimes(lives, draws=60, seed=1)
    spread = np.std(np.log([life.scale for life in found]))
    assert spread == pytest.approx(np.sqrt(fit.covariance[0, 0]), rel=0.35)
    again = bootstrap_lifetimes(lives, draws=60, seed=1)
    assert found == again


def test_small_classes_keep_the_prior_and_say_so() -> None:
    counts = np.array([0, LEAST_REPLACEMENTS - 1, LEAST_REPLACEMENTS, 400])
    estimates = np.array([0.0, 0.9, 0.3, 0.3])
    errors = np.array([9.0, 0.3, 0.2, 0.01])
    found = shrink_classes(estimates, errors, counts, np.full(4, 0.2))
    assert [b.from_prior for b in found] == [True, True, False, False]
    # Few replacements are held towards expectation, many speak for themselves.
    assert 0 < found[2].log_factor < 0.3
    assert found[3].log_factor == pytest.approx(0.3, abs=0.01)
    assert found[3].sd < found[2].sd < found[0].sd
    # What the classes share reaches those without data, but only in part.
    assert 0 < found[0].log_factor < 0.3
    assert found[0].log_factor == found[1].log_factor


def test_no_data_at_all_leaves_the_expected_lives() -> None:
    none = shrink_classes(
        np.zeros(2), np.full(2, 1e3), np.zeros(2, int), np.full(2, 0.2)
    )
    assert [b.log_factor for b in none] == [0.0, 0.0]
    assert none[0].sd == pytest.approx(0.2, rel=0.01)


def test_other_reasons_compete_and_do_not_wear() -> None:
    """Half are demolished at a constant rate; wear is found as if they were not."""
    rng = np.random.Generator(np.random.Philox(7))
    wear, other = 40 * rng.weibull(4.0, 8000), rng.exponential(60, 8000)
    lives = Spells.of(np.minimum(wear, other), np.where(wear <= other, 1, 2))
    fit = fit_survival(lives.of_cause(1))
    assert fit.scale == pytest.approx(40, rel=0.02)
    assert fit.shape == pytest.approx(4, rel=0.05)
    both = [cumulative_incidence(lives, c).share[-1] for c in (1, 2)]
    assert sum(both) == pytest.approx(1.0)
    assert both[1] == pytest.approx((other < wear).mean(), abs=1e-9)


def test_scores_know_a_good_model_from_a_bad_one() -> None:
    lives = simulated("weibull", 2500, 8)
    truth = Lifetime("weibull", 50.0, 3.0)
    risk = truth.yearly_risk(lives.entry)
    rng = np.random.Generator(np.random.Philox(9))
    # Hazard depends on age alone here, so no pair of the same age can be told apart.
    assert concordance(lives, rng.random(len(lives))) == pytest.approx(0.5, abs=0.03)
    ended = lives.ended
    seen = lives.left - lives.entry
    standing = truth.survival(lives.entry + 10) / truth.survival(lives.entry)
    good = brier_score(standing, seen, ended, 10.0)
    flat = brier_score(np.full(len(lives), standing.mean()), seen, ended, 10.0)
    assert good < 0.97 * flat
    assert good == pytest.approx((standing * (1 - standing)).mean(), rel=0.1)
    assert risk.min() >= 0
    bands = observed_expected(lives, lambda age: (age / 50.0) ** 3.0)
    assert len(bands) == 10
    assert sum(band[2] for band in bands) == ended.sum()
    for _low, _high, observed, expected in bands:
        assert abs(observed - expected) < 3.5 * np.sqrt(expected) + 1
    worse = observed_expected(lives, lambda age: (age / 40.0) ** 3.0)
    assert sum(band[3] for band in worse) > 1.5 * ended.sum()


def test_brier_makes_up_for_those_lost_from_sight() -> None:
    rng = np.random.Generator(np.random.Philox(10))
    life, lost = rng.exponential(10, 20_000), rng.exponential(15, 20_000)
    seen, ended = np.minimum(life, lost), life <= lost
    forecast = np.full(20_000, np.exp(-0.5))
    assert brier_score(forecast, seen, ended, 5.0) == pytest.approx(
        np.exp(-0.5) * (1 - np.exp(-0.5)), rel=0.03
    )


def test_concordance_compares_only_those_under_watch() -> None:
    late = Spells.of([10.0, 30.0], [1, 1], [0.0, 20.0])
    assert np.isnan(concordance(late, np.array([1.0, 2.0])))
    early = Spells.of([10.0, 30.0], [1, 1])
    assert concordance(early, np.array([1.0, 2.0])) == 0.0


@pytest.mark.parametrize(
    ("entry", "left", "right"), [(5, 4, 6), (0, 4, 3), (-1, 1, 1), (0, np.nan, 1)]
)
def test_impossible_lives_are_refused(entry: float, left: float, right: float) -> None:
    with pytest.raises(ValueError, match=r"age|life"):
        Spells(np.array([entry]), np.array([left]), np.array([right]), np.array([1]))


def test_the_worked_tables_of_the_page() -> None:
    lives = Spells.of([20.0, 30.0, 40.0, 50.0], [1, 1, 1, 0], [0.0, 10.0, 25.0, 35.0])
    forgotten = Spells.of([20.0, 30.0, 40.0, 50.0], [1, 1, 1, 0])
    _, *rows = table("survival.md", "kaplan-meier")
    curve, naive = kaplan_meier(lives), kaplan_meier(forgotten)
    assert [figure(r[0]) for r in rows] == curve.ages.tolist()
    assert [figure(r[2]) for r in rows] == pytest.approx(curve.share)
    assert [figure(r[3]) for r in rows] == pytest.approx(naive.share)
    _, *shrunk = table("survival.md", "shrinkage")
    found = shrink_classes(
        np.array([0.2, 0.0]), np.array([0.1, 9.0]), np.array([20, 1]), np.full(2, 0.2)
    )
    for row, belief in zip(shrunk, found, strict=True):
        assert figure(row[3]) == pytest.approx(belief.log_factor, abs=5e-4)
        assert figure(row[4]) == pytest.approx(belief.factor, abs=5e-3)
