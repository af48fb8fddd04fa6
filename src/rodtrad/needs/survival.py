"""What do a register's own replacements say about how long its things last?

Maximum likelihood for lives that were not watched from the start (left truncation),
have not ended (right censoring) or ended between two looks (interval censoring), with
covariates on the scale. A small register learns from the expected life of its class
and from its other classes (`shrink_classes`). Leaves out how well a fit predicts
(survival_scores) and what it costs (renewal).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.domain.lives import LEAST_REPLACEMENTS
from rodtrad.needs.lifetimes import (
    Family,
    Lifetime,
    cumulative_hazard,
    log_hazard,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array


@dataclass(frozen=True)
class Spells:
    """Lives as a register knows them, one an item. Ages in years, `[item]`.

    `entry` is the age at which the item came under watch (0 from new). A life that
    ended at a known age has `left == right`, between two looks `left < right`, and one
    that has not ended `right = inf`, with `left` its age when last seen. `cause` tells
    why it ended: 1 worn out, 2 and more for other reasons, 0 not ended.
    """

    entry: Array
    left: Array
    right: Array
    cause: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        age: NDArray[Any] | list[float],
        ended: NDArray[Any] | list[Any],
        entry: NDArray[Any] | list[float] | None = None,
    ) -> Spells:
        """Lives whose end is known to the year, or that have not ended.

        Source:
            METHODS 3.1. Method page: docs/method/survival.md.

        Example:
            >>> Spells.of([3.0, 8.0], [1, 0]).right
            array([ 3., inf])
        """
        last = np.asarray(age, dtype=np.float64)
        cause = np.asarray(ended, dtype=np.int64)
        start = np.zeros_like(last) if entry is None else np.asarray(entry, np.float64)
        return cls(start, last, np.where(cause > 0, last, np.inf), cause)

    def __post_init__(self) -> None:
        """Refuse lives that end before they begin."""
        ages = (self.entry, self.left)
        if not all(np.isfinite(a).all() and (a >= 0).all() for a in ages):
            raise ValueError("ages are finite and not negative")
        if (self.left < self.entry).any() or (self.right < self.left).any():
            raise ValueError("a life cannot end before it came under watch")

    def __len__(self) -> int:
        return len(self.entry)

    @property
    def ended(self) -> NDArray[np.bool_]:
        """Which lives have ended, `[item]`."""
        return np.isfinite(self.right)

    def of_cause(self, cause: int) -> Spells:
        """The same lives where only one cause ends them; the others are censored.

        What was replaced for another reason is treated as still standing at that age:
        its wear is no longer watched. That is right if the reason had nothing to do
        with wear, and it is what the method page says we assume.

        Source:
            METHODS 3.1, competing risks by cause. Method page: docs/method/survival.md.
        """
        kept = self.cause == cause
        return Spells(
            self.entry,
            self.left,
            np.where(kept, self.right, np.inf),
            np.where(kept, self.cause, 0),
        )

    def take(self, index: NDArray[Any]) -> Spells:
        """The lives at these places.

        Source:
            Selection only. Method page: docs/method/survival.md.
        """
        return Spells(
            self.entry[index], self.left[index], self.right[index], self.cause[index]
        )


@dataclass(frozen=True)
class Prior:
    """What is believed before the data: normal on log scale and on log shape."""

    log_scale: float | None = None
    log_scale_sd: float = np.inf
    log_shape: float | None = None
    log_shape_sd: float = np.inf


@dataclass(frozen=True)
class SurvivalFit:
    """A fitted family: `log scale_i = offset_i + covariates_i · coefficients`.

    `parameters` are the coefficients followed by log shape, `covariance` theirs.
    `replacements` counts the lives that ended.
    """

    family: Family
    parameters: Array
    covariance: Array
    log_likelihood: float
    replacements: int

    @property
    def coefficients(self) -> Array:
        """The coefficients on log scale; the first is the intercept."""
        return self.parameters[:-1]

    @property
    def shape(self) -> float:
        """The shape."""
        return float(np.exp(self.parameters[-1]))

    @property
    def scale(self) -> float:
        """The scale of an item whose offset and covariates are zero, in years."""
        return float(np.exp(self.parameters[0]))

    @property
    def lifetime(self) -> Lifetime:
        """The lifetime of an item whose offset and covariates are zero."""
        return Lifetime(self.family, self.scale, self.shape)

    @property
    def aic(self) -> float:
        """Akaike's criterion: smaller is better, between families on the same data."""
        return 2 * len(self.parameters) - 2 * self.log_likelihood

    def scales(self, covariates: Array, offset: Array | float = 0.0) -> Array:
        """The scale of each item, `[item]`, years.

        Source:
            Accelerated failure time, METHODS 3.1. Method page: docs/method/survival.md.
        """
        x = _with_intercept(covariates, len(covariates))
        return np.asarray(np.exp(x @ self.coefficients + offset))


def _with_intercept(covariates: Array | None, n: int) -> Array:
    ones = np.ones((n, 1))
    if covariates is None:
        return ones
    return np.column_stack([ones, np.asarray(covariates, dtype=np.float64)])


def log_likelihood(
    family: Family,
    spells: Spells,
    log_scale: Array,
    shape: float,
    weights: Array | None = None,
) -> float:
    """Log likelihood of lives given each one's log scale and the common shape.

    Args:
        family: which family.
        spells: the lives.
        log_scale: `[item]`.
        shape: the family's shape.
        weights: `[item]`, how many alike each item stands for; default 1.

    Source:
        METHODS 3.1: sum of log(contribution / S(entry)). Method page:
        docs/method/survival.md.
    """
    scale = np.exp(log_scale)
    hazard_left = cumulative_hazard(family, spells.left / scale, shape)
    hazard_entry = np.where(
        spells.entry > 0, cumulative_hazard(family, spells.entry / scale, shape), 0.0
    )
    terms = hazard_entry - np.where(spells.left > 0, hazard_left, 0.0)
    exact = spells.ended & (spells.right == spells.left)
    between = spells.ended & ~exact
    if exact.any():
        w = spells.left[exact] / scale[exact]
        terms[exact] += log_hazard(family, w, shape) - log_scale[exact]
    if between.any():
        hazard_right = cumulative_hazard(
            family, spells.right[between] / scale[between], shape
        )
        start = np.where(spells.left[between] > 0, hazard_left[between], 0.0)
        rise = np.maximum(hazard_right - start, 1e-300)
        terms[between] += np.log(-np.expm1(-rise))
    return float(terms.sum() if weights is None else terms @ weights)


def fit_survival(
    spells: Spells,
    family: Family = "weibull",
    *,
    covariates: Array | None = None,
    offset: Array | float = 0.0,
    weights: Array | None = None,
    prior: Prior | None = None,
) -> SurvivalFit:
    """The family fitted to lives by maximum likelihood (or with a prior, its mode).

    Args:
        spells: the lives.
        family: which family.
        covariates: `[item, covariate]`, on log scale; no intercept column.
        offset: `[item]` or one number on log scale, such as the log of an expected
            life; the intercept then says how much longer than expected things last.
        weights: `[item]`; default 1.
        prior: beliefs on the intercept and the shape; needed when nothing has ended.

    Raises:
        ValueError: nothing has ended and there is no prior on both parameters, or the
            search found no maximum.

    Source:
        METHODS 3.1; checked against two published fits (tests/oracle). Method page:
        docs/method/survival.md.

    Example:
        >>> fit = fit_survival(Spells.of([2.0, 4.0, 6.0], [1, 1, 1]))
        >>> round(fit.scale, 2), round(fit.shape, 2)
        (4.52, 2.74)
    """
    belief = prior or Prior()
    proper = belief.log_scale is not None and belief.log_shape is not None
    if not spells.ended.any() and not proper:
        raise ValueError("nothing has ended: a prior on scale and shape is needed")
    x = _with_intercept(covariates, len(spells))
    shift = np.broadcast_to(np.asarray(offset, dtype=np.float64), (len(spells),))
    k = x.shape[1]

    def loss(parameters: Array) -> float:
        shape = float(np.exp(np.clip(parameters[k], -4, 5)))
        log_scale = np.clip(x @ parameters[:k] + shift, -20, 20)
        value = -log_likelihood(family, spells, log_scale, shape, weights)
        value -= _log_prior(belief, parameters)
        return value if np.isfinite(value) else 1e300

    start = np.zeros(k + 1)
    seen = np.where(spells.ended, np.minimum(spells.right, spells.left + 1), 0)
    typical = np.maximum(seen[spells.ended], 1e-6) if spells.ended.any() else None
    start[0] = (
        float(np.mean(np.log(typical) - shift[spells.ended])) + 0.2
        if typical is not None
        else float(belief.log_scale or 0.0)
    )
    start[k] = 0.3 if belief.log_shape is None else belief.log_shape
    found, curvature = _minimise(loss, start)
    return SurvivalFit(
        family=family,
        parameters=found,
        covariance=np.asarray(np.linalg.pinv(curvature, hermitian=True)),
        log_likelihood=-loss(found) - _log_prior(belief, found),
        replacements=int(spells.ended.sum()),
    )


def _log_prior(prior: Prior, parameters: Array) -> float:
    value = 0.0
    if prior.log_scale is not None:
        value -= 0.5 * ((parameters[0] - prior.log_scale) / prior.log_scale_sd) ** 2
    if prior.log_shape is not None:
        value -= 0.5 * ((parameters[-1] - prior.log_shape) / prior.log_shape_sd) ** 2
    return float(value)


def _minimise(loss: Callable[[Array], float], start: Array) -> tuple[Array, Array]:
    """The minimum and the second derivatives there; Newton after a rough search."""
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    found = minimize(loss, start, method="BFGS", options={"gtol": 1e-5})
    if found.fun >= 1e299:
        found = minimize(loss, start, method="Nelder-Mead")
    best, value = np.asarray(found.x), float(found.fun)
    if value >= 1e299:
        raise ValueError("the likelihood has no maximum that could be found")
    for _round in range(4):
        gradient, curvature = _derivatives(loss, best)
        step = np.linalg.pinv(curvature, hermitian=True) @ gradient
        trial = best - step
        lower = loss(trial)
        if not lower < value + 1e-12:
            break
        best, value = trial, lower
        if np.abs(step).max() < 1e-9:
            break
    return best, _derivatives(loss, best)[1]


def _derivatives(loss: Callable[[Array], float], at: Array) -> tuple[Array, Array]:
    """Gradient and second derivatives by central differences."""
    k, h = len(at), 1e-4
    steps = np.eye(k) * h
    up = np.array([loss(at + s) for s in steps])
    down = np.array([loss(at - s) for s in steps])
    middle = loss(at)
    curvature = np.diag((up - 2 * middle + down) / h**2)
    for i in range(k):
        for j in range(i):
            both = loss(at + steps[i] + steps[j]) + loss(at - steps[i] - steps[j])
            cross = both - loss(at + steps[i] - steps[j])
            cross -= loss(at - steps[i] + steps[j])
            curvature[i, j] = curvature[j, i] = cross / (4 * h**2)
    return (up - down) / (2 * h), curvature


def best_family(
    spells: Spells, families: tuple[Family, ...], **settings: Any
) -> SurvivalFit:
    """The fit of the family that the data prefer by Akaike's criterion.

    Source:
        AIC on the same lives. Method page: docs/method/survival.md.
    """
    fits = [fit_survival(spells, family, **settings) for family in families]
    return min(fits, key=lambda fit: fit.aic)


# ---------------------------------------------------------------- intervals


def profile_interval(
    spells: Spells,
    family: Family = "weibull",
    parameter: str = "scale",
    level: float = 0.8,
) -> tuple[float, float]:
    """Interval for scale or shape by profile likelihood, no covariates.

    Each end is where the best likelihood with that value falls half a chi-square
    quantile below the best of all.

    Raises:
        ValueError: the parameter is neither scale nor shape.

    Source:
        METHODS 3.1 (profile-likelihood intervals). Method page: docs/method/survival.md.
    """
    if parameter not in ("scale", "shape"):
        raise ValueError("the parameter is scale or shape")
    from scipy.optimize import brentq, minimize_scalar
    from scipy.special import chdtri  # type: ignore[import-untyped]

    fit = fit_survival(spells, family)
    fixed = 0 if parameter == "scale" else 1
    drop = float(chdtri(1, 1 - level)) / 2
    spread = float(np.sqrt(np.diag(fit.covariance)).max())

    def profile(value: float) -> float:
        def loss(other: float) -> float:
            pair = (value, other) if fixed == 0 else (other, value)
            log_scale = np.full(len(spells), pair[0])
            return -log_likelihood(family, spells, log_scale, float(np.exp(pair[1])))

        other = fit.parameters[1 - fixed]
        bracket = (other - spread, other + spread)
        best = minimize_scalar(loss, bracket=bracket)
        return float(-best.fun) - fit.log_likelihood + drop

    centre = float(fit.parameters[fixed])
    ends = []
    for sign in (-1, 1):
        reach = spread
        while profile(centre + sign * reach) > 0 and reach < 20:
            reach *= 2
        ends.append(brentq(profile, centre, centre + sign * reach, xtol=1e-8))
    return float(np.exp(min(ends))), float(np.exp(max(ends)))


def bootstrap_lifetimes(
    spells: Spells, family: Family = "weibull", *, draws: int = 200, seed: int = 0
) -> list[Lifetime]:
    """Lifetimes fitted to resampled registers; their spread is the uncertainty.

    Resamples in which nothing ended are drawn again.

    Source:
        Non-parametric bootstrap of items, METHODS 3.1. Method page:
        docs/method/survival.md.
    """
    if not spells.ended.any():
        raise ValueError("nothing has ended: there is nothing to resample")
    rng = np.random.Generator(np.random.Philox(seed))
    found: list[Lifetime] = []
    while len(found) < draws:
        sample = spells.take(rng.integers(0, len(spells), len(spells)))
        if np.unique(sample.right[sample.ended]).size >= 2:
            found.append(fit_survival(sample, family).lifetime)
    return found


# ---------------------------------------------------------------- shrinkage


@dataclass(frozen=True)
class ClassBelief:
    """How much longer than expected a class lasts, on log scale: mean and sd.

    `from_prior` is True where the class had too few replacements of its own, so that
    the expected life (adjusted by what the other classes say) is used.
    """

    log_factor: float
    sd: float
    replacements: int
    from_prior: bool

    @property
    def factor(self) -> float:
        """Middle of the factor on the expected life; 1 is as expected."""
        return float(np.exp(self.log_factor))


def shrink_classes(
    estimates: Array,
    errors: Array,
    replacements: NDArray[np.int64],
    prior_sd: Array,
) -> list[ClassBelief]:
    """What each class is believed to last, against its expected life, after the data.

    Args:
        estimates: `[class]`, estimated log factor on the expected life; anything for
            a class without replacements.
        errors: `[class]`, their standard errors.
        replacements: `[class]`, observed replacements.
        prior_sd: `[class]`, how sure the expected life is, on log scale.

    Returns:
        One belief a class. Classes with at least `LEAST_REPLACEMENTS` replacements get
        the precision-weighted mean of their own estimate and the prior; the prior's
        middle is what such classes share, itself held towards no change. The others
        keep the prior.

    Source:
        METHODS 3.1: log eta ~ N(mu_class, tau^2), normal-normal. Method page:
        docs/method/survival.md.

    Example:
        >>> a, b = shrink_classes(np.array([0.2, 0.0]), np.array([0.1, 9.0]),
        ...                       np.array([20, 1]), np.array([0.2, 0.2]))
        >>> round(a.log_factor, 3), round(b.log_factor, 3), b.from_prior
        (0.16, 0.08, True)
    """
    own = replacements >= LEAST_REPLACEMENTS
    # A shared deviation (this municipality renews late) has a prior of its own, as
    # wide as the classes' mean uncertainty; classes inform it by their precision.
    shared_var = float(np.mean(prior_sd**2)) / 2
    class_var = np.maximum(prior_sd**2 - shared_var, prior_sd**2 / 2)
    precision = 1 / (errors[own] ** 2 + class_var[own])
    total = precision.sum() + 1 / shared_var
    shared = float(precision @ estimates[own] / total)
    shared_left = 1 / total
    found = []
    for i, count in enumerate(replacements):
        prior_var = class_var[i] + shared_left
        if not own[i]:
            sd = float(np.sqrt(prior_var))
            found.append(ClassBelief(shared, sd, int(count), from_prior=True))
            continue
        # The shared part must not count this class's own data twice.
        rest = total - 1 / (errors[i] ** 2 + class_var[i])
        others = (
            shared * total - estimates[i] / (errors[i] ** 2 + class_var[i])
        ) / rest
        prior_var = class_var[i] + 1 / rest
        weight = prior_var / (prior_var + errors[i] ** 2)
        found.append(
            ClassBelief(
                float(weight * estimates[i] + (1 - weight) * others),
                float(np.sqrt(weight * errors[i] ** 2)),
                int(count),
                from_prior=False,
            )
        )
    return found


def with_scale_factor(lifetime: Lifetime, factor: float) -> Lifetime:
    """The same lifetime stretched by a factor.

    Source:
        Accelerated failure time. Method page: docs/method/survival.md.
    """
    return replace(lifetime, scale=lifetime.scale * factor)
