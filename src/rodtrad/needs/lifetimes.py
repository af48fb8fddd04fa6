"""How long do things last? Four families of lifetimes, all stretched by one scale.

`T = scale × W`, where W has the family's shape: covariates and the uncertainty of a
class both act on the scale (accelerated failure time), so one formula serves them all.
Everything rests on the cumulative hazard `H(w) = -log S(w)` and its inverse. Leaves out
how the numbers are estimated (survival).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import numpy as np

if TYPE_CHECKING:
    from rodtrad.domain.arrays import Array

Family = Literal["weibull", "lognormal", "loglogistic", "gompertz"]
FAMILIES: Final[tuple[Family, ...]] = (
    "weibull",
    "lognormal",
    "loglogistic",
    "gompertz",
)
# Below this a lifetime counts as zero: keeps logarithms finite.
_TINY: Final = 1e-12


@dataclass(frozen=True)
class Lifetime:
    """A distribution of lifetimes in years.

    `scale` is the age that a share 1/e outlives for Weibull and Gompertz, and the
    median for lognormal and log-logistic. A larger `shape` means lives more alike.
    """

    family: Family
    scale: float
    shape: float

    def survival(self, age: Array | float) -> Array:
        """Share still standing at an age, any shape.

        Source:
            METHODS 3.1. Method page: docs/method/survival.md.

        Example:
            >>> float(Lifetime("weibull", 50.0, 3.0).survival(50.0).round(4))
            0.3679
        """
        w = np.asarray(age, dtype=np.float64) / self.scale
        return np.asarray(np.exp(-cumulative_hazard(self.family, w, self.shape)))

    def age_at(self, share_standing: Array | float) -> Array:
        """Age at which this share is still standing (0.5 gives the median).

        Source:
            Inverse of `survival`. Method page: docs/method/survival.md.

        Example:
            >>> float(Lifetime("loglogistic", 40.0, 4.0).age_at(0.5))
            40.0
        """
        h = -np.log(np.asarray(share_standing, dtype=np.float64))
        return np.asarray(self.scale * inverse_hazard(self.family, h, self.shape))

    def mean_years(self) -> float:
        """Mean lifetime, by summing the survival curve.

        Source:
            E[T] is the area under S. Method page: docs/method/survival.md.
        """
        return self.scale * mean_of_shape(self.family, self.shape)

    def yearly_risk(self, age: Array) -> Array:
        """Probability of ending within a year for what stands at an age.

        Source:
            METHODS 3.1: q(a) = 1 - S(a+1)/S(a). Method page: docs/method/survival.md.
        """
        w = np.asarray(age, dtype=np.float64)
        rise = cumulative_hazard(
            self.family, (w + 1) / self.scale, self.shape
        ) - cumulative_hazard(self.family, w / self.scale, self.shape)
        return -np.expm1(-rise)


@cache
def mean_of_shape(family: Family, shape: float) -> float:
    """Mean of W, the lifetime at scale 1; by summing S between its far quantiles.

    Source:
        E[W] is the area under S. Method page: docs/method/survival.md.

    Example:
        >>> round(mean_of_shape("weibull", 1.0), 3)
        1.0
    """
    # Midpoints of the quantile function, dense in the tail where it is steep.
    edges = 1 - np.geomspace(1.0, 1e-10, 20_001)
    middle = (edges[1:] + edges[:-1]) / 2
    return float(inverse_hazard(family, -np.log1p(-middle), shape) @ np.diff(edges))


def lifetime_with_mean(family: Family, mean_years: float, shape: float) -> Lifetime:
    """The lifetime of a family and shape that has this mean.

    Source:
        Mean = scale × E[W]. Method page: docs/method/survival.md.

    Example:
        >>> round(lifetime_with_mean("weibull", 40.0, 1.0).scale, 2)
        40.0
    """
    return Lifetime(family, mean_years / mean_of_shape(family, shape), shape)


def cumulative_hazard(family: Family, w: Array, shape: float) -> Array:
    """Cumulative hazard at age w (in units of the scale); 0 at 0 and below.

    Source:
        Textbook forms; METHODS 3.1 for Weibull. Gompertz is scaled so that H(1) = 1.
        Method page: docs/method/survival.md.
    """
    w = np.maximum(w, _TINY)
    if family == "weibull":
        return w**shape
    if family == "loglogistic":
        return cast("Array", np.log1p(w**shape))
    if family == "gompertz":
        # Beyond exp(700) nothing stands; the cap keeps the float finite.
        return cast(
            "Array", np.expm1(np.minimum(shape * w, 700.0)) / np.expm1(min(shape, 700))
        )
    from scipy.special import log_ndtr  # type: ignore[import-untyped]

    return cast("Array", -log_ndtr(-shape * np.log(w)))


def log_hazard(family: Family, w: Array, shape: float) -> Array:
    """Logarithm of the hazard at age w, per unit of the scale.

    Source:
        Derivative of `cumulative_hazard`. Method page: docs/method/survival.md.
    """
    w = np.maximum(w, _TINY)
    log_w = np.log(w)
    if family == "weibull":
        return cast("Array", np.log(shape) + (shape - 1) * log_w)
    if family == "loglogistic":
        return cast("Array", np.log(shape) + (shape - 1) * log_w - np.log1p(w**shape))
    if family == "gompertz":
        return cast("Array", np.log(shape) + shape * w - np.log(np.expm1(shape)))
    from scipy.special import log_ndtr

    z = shape * log_w
    density = -0.5 * z**2 - 0.5 * np.log(2 * np.pi) + np.log(shape) - log_w
    return cast("Array", density - log_ndtr(-z))


def inverse_hazard(family: Family, h: Any, shape: float) -> Any:
    """Age w (in units of the scale) at which the cumulative hazard has reached h.

    Keeps the precision of `h` (float32 stays float32), so that many draws are fast.

    Source:
        Inverse of `cumulative_hazard`. Method page: docs/method/survival.md.
    """
    h = np.maximum(h, np.finfo(h.dtype).tiny)
    power = np.asarray(1 / shape, dtype=h.dtype)
    if family == "weibull":
        return np.exp(power * np.log(h))
    if family == "loglogistic":
        return np.exp(power * np.log(np.expm1(np.minimum(h, 80))))
    if family == "gompertz":
        rise = np.asarray(np.expm1(min(shape, 80)), dtype=h.dtype)
        return np.log1p(h * rise) * power
    from scipy.special import ndtri_exp

    return np.exp(-ndtri_exp(-h) * power)
