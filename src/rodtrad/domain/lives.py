"""How long are things expected to last before their own history is read?

The classes of components with their mean lives, and which class a name falls in. Apart
from the register because the checks use it, and they must start without numpy. Leaves
out what a register's own replacements say (needs/survival.py).
"""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULTS: Final = Path(__file__).with_name("defaults")

LEAST_REPLACEMENTS: Final = 5
"""With fewer observed replacements than this a class keeps its expected life."""


@dataclass(frozen=True)
class LifeClass:
    """What is expected of a kind of component before its own history is read.

    `life_years` is the mean technical life; in eight cases of ten the true mean lies
    within `low` and `high`.
    """

    key: str
    label: str
    life_years: float
    low: float
    high: float
    match: tuple[str, ...]
    source: str
    quality: str

    @property
    def log_sd(self) -> float:
        """How sure the mean life is: standard deviation of its logarithm."""
        return math.log(self.high / self.low) / (2 * 1.2815515655446004)


@dataclass(frozen=True)
class ExpectedLives:
    """The default classes, and the family and shape of lives within a class."""

    classes: tuple[LifeClass, ...]
    family: str
    shape: float
    shape_low: float
    shape_high: float

    def named(self, key: str) -> LifeClass:
        """Return the class with this key; KeyError if there is none."""
        for life in self.classes:
            if life.key == key:
                return life
        raise KeyError(key)

    def of(self, *names: str | None) -> LifeClass:
        """Return the class that the first telling name falls in; the last is `ovrigt`.

        Example:
            >>> lives = expected_lives()
            >>> lives.of("Yttertak", "skola").key, lives.of(None, "grundskola").key
            ('yttertak', 'byggnad')
        """
        for name in names:
            found = _life_key(name) if name else None
            if found:
                return self.named(found)
        return self.named("ovrigt")


@cache
def expected_lives() -> ExpectedLives:
    """Return the expected lives of `defaults/lives.toml`."""
    data = tomllib.loads((DEFAULTS / "lives.toml").read_text(encoding="utf-8"))
    classes = tuple(
        LifeClass(**{**row, "match": tuple(row["match"])}) for row in data["class"]
    )
    shapes = (data["shape"], data["shape_low"], data["shape_high"])
    return ExpectedLives(classes, data["family"], *shapes)


@cache
def _life_key(name: str) -> str | None:
    """The class whose longest term ends a word of the name, or else begins one."""
    words = re.findall(r"\w+", name.casefold())
    best: tuple[bool, int, str] | None = None
    for life in expected_lives().classes:
        for term in life.match:
            # Swedish puts the main word last: a grundskola is a skola. Short terms
            # begin too many other words, and the shortest end them too.
            ends = any(
                word == term or (len(term) > 2 and word.endswith(term))
                for word in words
            )
            begins = len(term) > 3 and any(word.startswith(term) for word in words)
            rank = (ends, len(term), life.key)
            if (ends or begins) and (best is None or rank[:2] > best[:2]):
                best = rank
    return best[2] if best else None


def expected_life_years(
    name: str | None, asset: Mapping[str, Any], own: float | None
) -> float:
    """Return a component's own technical life, else the mean of its class."""
    if own is not None and own >= 1:
        return float(own)
    names = (name, asset["kind"], asset["name"])
    return expected_lives().of(*names).life_years


def assumed_year(base_year: int, life_years: float) -> int:
    """Return the year of a component that has none: it is halfway through its life."""
    return base_year - round(life_years / 2)
