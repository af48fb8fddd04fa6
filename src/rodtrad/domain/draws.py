"""Where do random numbers come from? One stream for each named quantity.

A quantity gets the same numbers whatever else is drawn, in how many blocks and on how
many processes, and the first of many draws are those of few. Leaves out what is drawn:
how the economy swings (domain.economy) and what that does (capacity.uncertainty).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rodtrad.domain.arrays import Array


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the generator of one named quantity.

    Counter-based (Philox) with a key made of the seed and the name, so streams with
    different names have nothing to do with each other and need no common order.

    Example:
        >>> float(stream(1, "interest").random()) == float(stream(1, "interest").random())
        True
    """
    digest = hashlib.sha256(f"{int(seed)}:{name}".encode()).digest()
    key = np.frombuffer(digest[:16], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))


def normals(seed: int, name: str, years: int, draws: int) -> Array:
    """Return standard normal numbers of a named quantity, `[year, draw]`.

    Draw 17 is the same however many draws are asked for, if the years are as many.
    """
    return np.ascontiguousarray(stream(seed, name).standard_normal((draws, years)).T)


def uniforms(seed: int, name: str, years: int, draws: int) -> Array:
    """Return uniform numbers of a named quantity, `[year, draw]`, as `normals`."""
    return np.ascontiguousarray(stream(seed, name).random((draws, years)).T)


def autoregression(shocks: Array, persistence: float) -> Array:
    """Return `x[t] = persistence * x[t-1] + shocks[t]`, `[year, draw]`, from zero.

    Example:
        >>> autoregression(np.array([[1.0], [0.0], [0.0]]), 0.5)[:, 0].tolist()
        [1.0, 0.5, 0.25]
    """
    out = np.empty_like(shocks)
    level = np.zeros(shocks.shape[1:])
    for t, shock in enumerate(shocks):
        level = persistence * level + shock
        out[t] = level
    return out
