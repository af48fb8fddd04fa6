"""Which probability lies below a value, and which value has it below? Three families.

Normal (whole arrays), beta and Student's t (single numbers): what scores, reference
classes and intervals need. Leaves out drawing random numbers, and every fit.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from rodtrad.domain.arrays import Array

_ERFC: Final = np.frompyfunc(math.erfc, 1, 1)
_ROOT_2: Final = math.sqrt(2.0)
# The least distance from 0 and 1 at which a uniform number is read.
_EDGE: Final = 2.0**-53
# So many numbers at a time fit in the processor's cache, three times as fast as all.
_BLOCK: Final = 8192

# Wichura's algorithm AS241 (PPND16): numerators and denominators, lowest power last.
_MIDDLE: Final = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853,
     45921.953931549871457, 13731.693765509461125, 1971.5909503065514427,
     133.14166789178437745, 3.3871328727963666080),
    (5226.4952788528545610, 28729.085735721942674, 39307.895800092710610,
     21213.794301586595867, 5394.1960214247511077, 687.18700749205790830,
     42.313330701600911252, 1.0),
)  # fmt: skip
_OUTER: Final = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
     1.27045825245236838258, 3.64784832476320460504, 5.76949722146069140550,
     4.63033784615654529590, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
     1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940,
     2.05319162663775882187, 1.0),
)  # fmt: skip
_FAR: Final = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
     2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580,
     5.46378491116411436990, 6.65790464350110377720),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
     7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
     5.99832206555887937690e-1, 1.0),
)  # fmt: skip


def normal_density(x: ArrayLike) -> Array:
    """Return the density of the standard normal distribution."""
    x = np.asarray(x, float)
    return np.asarray(np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi), float)


def normal_cdf(x: ArrayLike) -> Array:
    """Return the probability below each value of a standard normal distribution.

    Example:
        >>> normal_cdf([-1.0, 0.0, 1.96]).round(4)
        array([0.1587, 0.5   , 0.975 ])
    """
    values = np.asarray(x, float)
    return 0.5 * np.asarray(_ERFC(-values / _ROOT_2), float)


def normal_quantile(uniforms: ArrayLike) -> Array:
    """Return the standard normal value below which each probability lies.

    Probabilities of 0 and 1 are read as the nearest number within, so that the value
    is finite: a uniform random number may be exactly 0.

    Source:
        Wichura (1988), algorithm AS241; as exact as double precision allows.

    Example:
        >>> normal_quantile([0.5, 0.8, 0.975]).round(4)
        array([0.    , 0.8416, 1.96  ])
    """
    given = np.asarray(uniforms, float)
    flat = given.reshape(-1)
    out = np.empty(flat.shape)
    for first in range(0, flat.size, _BLOCK):
        block = slice(first, first + _BLOCK)
        out[block] = _quantile_block(flat[block])
    return out.reshape(given.shape)


def _quantile_block(uniforms: Array) -> Array:
    u = np.clip(uniforms, _EDGE, 1.0 - _EDGE)
    q = u - 0.5
    r = 0.180625 - q * q
    out = np.asarray(q * _ratio(_MIDDLE, r), float)
    outside = np.abs(q) > 0.425
    if outside.any():
        tail = np.minimum(u[outside], 1.0 - u[outside])
        r = np.sqrt(-np.log(tail))
        value = np.where(
            r <= 5.0, _ratio(_OUTER, np.minimum(r, 5.0) - 1.6), _ratio(_FAR, r - 5.0)
        )
        out[outside] = np.copysign(value, q[outside])
    return out


def _ratio(
    pair: tuple[tuple[float, ...], tuple[float, ...]], r: Array
) -> np.ndarray[Any, np.dtype[np.float64]]:
    above = np.full_like(r, pair[0][0])
    below = np.full_like(r, pair[1][0])
    for a, b in zip(pair[0][1:], pair[1][1:], strict=True):
        above *= r
        above += a
        below *= r
        below += b
    above /= below
    return above


def beta_cdf(x: float, a: float, b: float) -> float:
    """Return the probability below `x` of a beta distribution.

    Raises:
        ValueError: a parameter is not above 0.

    Source:
        Continued fraction of the incomplete beta function, Lentz's method
        (Press et al., Numerical Recipes, 6.4).

    Example:
        >>> round(beta_cdf(0.5, 2.0, 3.0), 6)
        0.6875
    """
    if a <= 0 or b <= 0:
        message = f"beta_cdf needs parameters above 0, not {a} and {b}"
        raise ValueError(message)
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    if x > (a + 1.0) / (a + b + 2.0):  # the fraction converges fast on one side only
        return 1.0 - beta_cdf(1.0 - x, b, a)
    front = math.exp(
        math.lgamma(a + b)
        - math.lgamma(a)
        - math.lgamma(b)
        + a * math.log(x)
        + b * math.log1p(-x)
    )
    tiny = 1e-300
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > tiny else tiny)
    value = d
    for m in range(1, 10_000):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 + term * d
            d = 1.0 / (d if abs(d) > tiny else tiny)
            c = 1.0 + term / c
            c = c if abs(c) > tiny else tiny
            value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return front * value / a


def beta_quantile(p: float, a: float, b: float) -> float:
    """Return the value below which a beta distribution has the probability `p`.

    Example:
        >>> round(beta_quantile(0.6875, 2.0, 3.0), 6)
        0.5
    """
    return _bisect(lambda x: beta_cdf(x, a, b) - p, 0.0, 1.0)


def student_cdf(t: float, degrees: float) -> float:
    """Return the probability below `t` of Student's t distribution.

    Raises:
        ValueError: the degrees of freedom are not above 0.

    Example:
        >>> round(student_cdf(2.228, 10), 4)
        0.975
    """
    tail = 0.5 * beta_cdf(degrees / (degrees + t * t), degrees / 2.0, 0.5)
    return tail if t < 0 else 1.0 - tail


def student_quantile(p: float, degrees: float) -> float:
    """Return the value below which Student's t has the probability `p`, 0 < p < 1.

    Example:
        >>> round(student_quantile(0.975, 10), 3)
        2.228
    """
    if not 0.0 < p < 1.0:
        message = f"a probability between 0 and 1 is needed, not {p}"
        raise ValueError(message)
    far = 2.0 + 2.0 * abs(NormalDist().inv_cdf(p))
    while not student_cdf(-far, degrees) < p < student_cdf(far, degrees):
        far *= 2.0
    return _bisect(lambda t: student_cdf(t, degrees) - p, -far, far)


def _bisect(rising: Callable[[float], float], low: float, high: float) -> float:
    for _step in range(200):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if rising(middle) < 0.0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
