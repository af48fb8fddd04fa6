"""Which pipes will break most? Failure rates of things that are mended and fail again.

A negative binomial model: the rate per metre and year follows what the pipe is
(material, age, size), and pipes that are alike still differ by a gamma factor, which
each pipe's own and its neighbours' past failures tell of. Few failures move a rate
little: the factor is shrunk. Leaves out things that end when they fail (survival).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rodtrad.domain.condition_scales import FAILURE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array
    from rodtrad.domain.register import Register

LEAST_FAILURES: Final = 5
"""With fewer recorded failures than this in a class its components count as alike."""


@dataclass(frozen=True)
class FailureFit:
    """A fitted rate: `log rate = covariates · coefficients`, failures per exposure.

    `concentration` is the gamma factor's shape: the smaller, the more alike pipes
    differ, and the more a pipe's own past counts.
    """

    coefficients: Array
    concentration: float
    log_likelihood: float

    def rates(self, covariates: Array) -> Array:
        """Failures per unit of exposure before own history, `[item]`.

        Source:
            Log-linear rate. Method page: docs/method/survival.md.
        """
        return np.asarray(np.exp(np.clip(covariates @ self.coefficients, -30, 20)))

    def updated_rates(
        self, covariates: Array, failures: Array, exposure: Array
    ) -> Array:
        """Rates when own past failures are known too, `[item]`.

        Args:
            covariates: `[item, covariate]`.
            failures: `[item]`, counted.
            exposure: `[item]`, over which they were counted (metres times years).

        Source:
            Gamma-Poisson: rate × (k + failures) / (k + expected). Method page:
            docs/method/survival.md.

        Example:
            >>> fit = FailureFit(np.array([0.0]), 2.0, 0.0)
            >>> fit.updated_rates(np.ones((2, 1)), np.array([0.0, 3.0]), np.ones(2))
            array([0.66666667, 1.66666667])
        """
        rate = self.rates(covariates)
        k = self.concentration
        return np.asarray(rate * (k + failures) / (k + rate * exposure))


def fit_failures(
    covariates: Array,
    failures: Array,
    exposure: Array,
    *,
    spread: float = 1.0,
    weights: Array | None = None,
) -> FailureFit:
    """The failure rate that makes the counts most likely.

    Args:
        covariates: `[item, covariate]`; the first column is the intercept.
        failures: `[item]`, counted.
        exposure: `[item]`, above 0 (metres times years under watch).
        spread: how far the coefficients are believed to lie from 0 (one sd); the
            intercept is free.
        weights: `[item]`, how much each item counts; default 1.

    Raises:
        ValueError: an exposure is not above 0, or nothing has failed.

    Source:
        Negative binomial regression with a ridge. Method page: docs/method/survival.md.
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]
    from scipy.special import digamma, gammaln  # type: ignore[import-untyped]

    if (exposure <= 0).any():
        raise ValueError("every item needs an exposure above 0")
    if not failures.sum():
        raise ValueError("nothing has failed: there is no rate to fit")
    n = covariates.shape[1]
    w = np.ones(len(failures)) if weights is None else weights
    stiffness = np.full(n, 1 / spread**2)
    stiffness[0] = 0.0

    def loss(x: Array) -> tuple[float, Array]:
        beta, k = x[:n], float(np.exp(np.clip(x[n], -6, 6)))
        mean = np.exp(np.clip(covariates @ beta, -30, 20)) * exposure
        terms = gammaln(failures + k) - gammaln(k) + k * np.log(k / (k + mean))
        terms += failures * np.log(mean / (k + mean))
        slope = w * (failures - mean) * k / (k + mean)
        in_k = digamma(failures + k) - digamma(k) + np.log(k / (k + mean))
        in_k += (mean - failures) / (k + mean)
        value = -float(w @ terms) + 0.5 * float(stiffness @ beta**2)
        value += 0.5 * float(x[n] / 2) ** 2
        gradient = -(covariates.T @ slope) + stiffness * beta
        return value, np.append(gradient, -k * float(w @ in_k) + x[n] / 4)

    start = np.zeros(n + 1)
    start[0] = np.log((w @ failures) / (w @ exposure))
    found = minimize(loss, start, jac=True, method="L-BFGS-B")
    return FailureFit(found.x[:n], float(np.exp(found.x[n])), -float(found.fun))


def failure_factors(register: Register) -> Array:
    """How much likelier than its class a component is to fail, by its own past failures.

    Only in classes with at least `LEAST_FAILURES` failures in the history; 1 in the
    others, where no failure may mean no record. Few failures move the factor little.

    Returns:
        `[component]`, about 1 on average in a class.

    Source:
        Gamma-Poisson, needs/failures.py. Method page: docs/method/renewal.md.
    """
    factor = np.ones(len(register))
    failures = np.zeros(len(register))
    first = register.base_year
    for event in register.events:
        if (
            event.kind == FAILURE
            and event.year >= register.installed_year[event.component]
        ):
            failures[event.component] += 1
            first = min(first, event.year)
    watched = register.base_year + 1 - np.maximum(register.installed_year, first)
    for c in range(len(register.classes)):
        mine = np.flatnonzero((register.life_class == c) & (watched > 0))
        if failures[mine].sum() < LEAST_FAILURES:
            continue
        alike = np.ones((len(mine), 1))
        fit = fit_failures(alike, failures[mine], watched[mine])
        own = fit.updated_rates(alike, failures[mine], watched[mine])
        factor[mine] = own / fit.rates(alike)
    return factor


def share_caught(
    score: Array, length: Array, later_failures: Array, share_of_length: float
) -> float:
    """Share of later failures on the first part of the length, highest score first.

    Items of equal score are taken as evenly mixed, so that no order of the rows helps;
    the item at the border counts in proportion.

    Args:
        score: `[item]`.
        length: `[item]`, metres.
        later_failures: `[item]`.
        share_of_length: how much may be chosen, between 0 and 1.

    Raises:
        ValueError: nothing failed later.

    Source:
        Lift of a ranking by length. Method page: docs/method/survival.md.

    Example:
        >>> share_caught(np.array([2.0, 1.0]), np.array([1.0, 1.0]),
        ...              np.array([3.0, 1.0]), 0.5)
        0.75
    """
    total = float(later_failures.sum())
    if total <= 0:
        raise ValueError("nothing failed later: no share can be caught")
    levels, place = np.unique(-score, return_inverse=True)
    metres = np.bincount(place, length, minlength=len(levels))
    caught = np.bincount(place, later_failures, minlength=len(levels))
    room = share_of_length * float(length.sum())
    before = np.concatenate([[0.0], np.cumsum(metres)[:-1]])
    taken = np.clip((room - before) / np.maximum(metres, 1e-12), 0.0, 1.0)
    return float(taken @ caught) / total


def neighbours_factor(
    group: NDArray[np.int64],
    failures: Array,
    expected: Array,
    concentration: float,
) -> Array:
    """How much worse than expected an item's neighbours have been, shrunk, `[item]`.

    Args:
        group: `[item]`, such as the street; an item's neighbours share its number.
        failures: `[item]`, counted in the past.
        expected: `[item]`, by the model over the same time.
        concentration: how many expected failures the belief in "as others" is worth.

    Returns:
        1 is as expected; the item itself is not among its neighbours.

    Source:
        Gamma-Poisson over the group without the item. Method page:
        docs/method/survival.md.
    """
    seen = np.bincount(group, failures)[group] - failures
    wanted = np.bincount(group, expected)[group] - expected
    return np.asarray((concentration + seen) / (concentration + wanted))
