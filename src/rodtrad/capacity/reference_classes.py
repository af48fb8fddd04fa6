"""How much dearer and later do projects like this one become? Reference classes.

A class (building, road, IT …) and the stage the estimate was made in give a
distribution of the final cost as a factor of the estimate, and of the delay in years.
Defaults come from published figures, row by row with their source, and the underlag's
table `reference_classes` overrides them. Leaves out general price rises (they are in
the price index), who draws the uniform numbers, and moving a project's outlays.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from statistics import NormalDist
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rodtrad import domain
from rodtrad.domain.distributions import normal_quantile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.domain.arrays import Array
    from rodtrad.domain.components import Tables

STAGES: Final = ("idea", "study", "decision", "tendered", "under_way")
DEFAULT_CLASS: Final = "default"
_STAGE_OF_GATE: Final = MappingProxyType(
    {
        "G0": "idea",
        "G1": "idea",
        "G2": "study",
        "G3": "decision",
        "G4": "decision",
        "G5": "tendered",
        "G6": "under_way",
        "G7": "under_way",
        "G8": "under_way",
        "G9": "under_way",
    }
)
_NORMAL: Final = NormalDist()
_Z80: Final = _NORMAL.inv_cdf(0.8)
# How many own outcomes weigh as much as the published ones, for level and for spread.
PRIOR_OUTCOMES: Final = 8.0


@dataclass(frozen=True)
class ReferenceClass:
    """How the final cost and the delay of one class and stage are distributed.

    `cost_p50_share` 0.16 says that half of the projects end at most 16 % above their
    estimate. The cost factor is lognormal up to the quantile 1 − `tail_share`, then
    Pareto with exponent `tail_alpha`, never above `most_factor`. Delay is 0 with
    probability `on_time_share`, else exponential. `mean_low_share, mean_high_share`
    are how far apart the sources' means lie (None for a class of the user's own).
    """

    reference_class: str
    stage: str
    cost_p50_share: float
    cost_p80_share: float
    tail_share: float
    tail_alpha: float
    most_factor: float
    mean_low_share: float | None
    mean_high_share: float | None
    on_time_share: float
    delay_p80_years: float
    quality: str
    source: str
    note: str = ""
    own_outcomes: int = 0

    @property
    def log_median(self) -> float:
        """The logarithm of the median cost factor."""
        return math.log1p(self.cost_p50_share)

    @property
    def log_spread(self) -> float:
        """The standard deviation of the logarithm in the lognormal body."""
        return max(0.0, (math.log1p(self.cost_p80_share) - self.log_median) / _Z80)

    @property
    def tail_start_factor(self) -> float:
        """The cost factor at which the Pareto tail begins; infinite without a tail."""
        if self.tail_share <= 0.0:
            return math.inf
        z = _NORMAL.inv_cdf(1.0 - self.tail_share)
        return min(math.exp(self.log_median + self.log_spread * z), self.most_factor)

    @property
    def cost_mean_share(self) -> float:
        """The mean cost increase, tail and cap included, in closed form.

        Source:
            docs/method/reference_classes.md.
        """
        return _mean_factor(self) - 1.0

    @property
    def delay_scale_years(self) -> float:
        """The mean delay of those that are delayed."""
        late = 1.0 - self.on_time_share
        if late <= 0.2:  # four in five are on time: the 80 % quantile says nothing
            return 0.0
        return self.delay_p80_years / math.log(late / 0.2)

    @property
    def delay_mean_years(self) -> float:
        """The mean delay, those on time included."""
        return (1.0 - self.on_time_share) * self.delay_scale_years


Classes = dict[tuple[str, str], ReferenceClass]


def stage_of_gate(gate: str | None) -> str:
    """Return the stage of a gate G0–G9; the earliest one if the gate is not known.

    An estimate of unknown age may be of the first kind, so it is read as that: a plan
    looks safer only when somebody says how far the project has come.

    Source:
        DOMAIN 6.1.

    Example:
        >>> [stage_of_gate(gate) for gate in ("G2", "G5", "", None)]
        ['study', 'tendered', 'idea', 'idea']
    """
    return _STAGE_OF_GATE.get(gate or "", "idea")


@cache
def _defaults() -> tuple[ReferenceClass, ...]:
    path = Path(domain.__file__).parent / "defaults" / "reference_classes.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(_default_row(row) for row in csv.DictReader(file))


def _default_row(row: Mapping[str, str]) -> ReferenceClass:
    return ReferenceClass(
        reference_class=row["reference_class"],
        stage=row["stage"],
        cost_p50_share=float(row["cost_p50_share"]),
        cost_p80_share=float(row["cost_p80_share"]),
        tail_share=float(row["tail_share"]),
        tail_alpha=float(row["tail_alpha"] or 4.0),
        most_factor=float(row["most_factor"] or 10.0),
        mean_low_share=float(row["mean_low_share"]),
        mean_high_share=float(row["mean_high_share"]),
        on_time_share=float(row["on_time_share"]),
        delay_p80_years=float(row["delay_p80_years"]),
        quality=row["quality"],
        source=row["source"],
        note=row["note"],
    )


def default_classes() -> Classes:
    """Return the built-in classes by (class, stage), each with its source.

    Source:
        `domain/defaults/reference_classes.csv`; METHODS 9, DOMAIN 6.1.
    """
    return {(row.reference_class, row.stage): row for row in _defaults()}


def build_classes(tables: Tables) -> Classes:
    """Return the built-in classes with the underlag's table laid over them.

    A blank cell keeps the default of that class and stage; a class that is not built
    in starts from `default`. With only the median given the spread is kept, and an
    80 % value below the median is read as the median (no spread).

    Source:
        Table `reference_classes` of the underlag.
    """
    classes = default_classes()
    for row in tables["reference_classes"].records():
        if row["reference_class"] is None or row["stage"] not in STAGES:
            continue
        key = (row["reference_class"], row["stage"])
        classes[key] = _overridden(find_class(*key, classes), row)
    return classes


def _overridden(base: ReferenceClass, row: Mapping[str, Any]) -> ReferenceClass:
    numbers = (
        "cost_p50_share", "cost_p80_share", "tail_share", "tail_alpha",
        "most_factor", "on_time_share", "delay_p80_years",
    )  # fmt: skip
    given: dict[str, Any] = {}
    given |= {name: float(row[name]) for name in numbers if row[name] is not None}
    if "cost_p50_share" in given and "cost_p80_share" not in given:
        median = given["cost_p50_share"]
        widened = math.exp(base.log_spread * _Z80)
        given["cost_p80_share"] = (1.0 + median) * widened - 1.0
    mine = replace(
        base,
        reference_class=row["reference_class"],
        mean_low_share=None,
        mean_high_share=None,
        quality=row["quality"] or "antagande",
        source=row["source"] or "",
        note="",
        **given,
    )
    return replace(mine, cost_p80_share=max(mine.cost_p80_share, mine.cost_p50_share))


def find_class(
    reference_class: str | None, stage: str, classes: Classes | None = None
) -> ReferenceClass:
    """Return a class at a stage; `default` at that stage where the class is unknown.

    Raises:
        ValueError: the stage is none of STAGES.

    Source:
        `domain/defaults/reference_classes.csv`.

    Example:
        >>> find_class("building", "idea").cost_p50_share
        0.27
        >>> find_class("slott", "tendered").reference_class
        'default'
    """
    if stage not in STAGES:
        message = f"{stage!r} is none of the stages {', '.join(STAGES)}"
        raise ValueError(message)
    known = default_classes() if classes is None else classes
    found = known.get((reference_class or DEFAULT_CLASS, stage))
    return known[DEFAULT_CLASS, stage] if found is None else found


def cost_factor(
    reference_class: str | None,
    stage: str,
    uniforms: Array,
    classes: Classes | None = None,
) -> Array:
    """Return the final cost as a factor of the estimate, by the inverse distribution.

    The same uniform numbers always give the same factors, and a higher one never a
    lower factor: common random numbers between plans, classes and stages.

    Args:
        reference_class: as in the table; an unknown one is read as `default`.
        stage: one of STAGES; see `stage_of_gate`.
        uniforms: `[.., draw]`, between 0 and 1.
        classes: from `build_classes`; None means the built-in ones.

    Returns:
        `[.., draw]`, 1.2 for 20 % above the estimate.

    Source:
        docs/method/reference_classes.md: lognormal body, Pareto tail, cap.

    Example:
        >>> cost_factor("default", "idea", np.array([0.2, 0.5, 0.8, 0.99])).round(2)
        array([0.84, 1.16, 1.61, 3.29])
    """
    return factor_of(find_class(reference_class, stage, classes), uniforms)


def factor_of(row: ReferenceClass, uniforms: Array) -> Array:
    """Return the cost factors of one class for `[.., draw]` uniform numbers.

    Source:
        docs/method/reference_classes.md.
    """
    u = np.asarray(uniforms, float)
    factors = np.exp(row.log_median + row.log_spread * normal_quantile(u))
    if row.tail_share > 0.0:
        tail = u > 1.0 - row.tail_share
        if tail.any():
            left = np.maximum(1.0 - u[tail], 1e-300) / row.tail_share
            factors[tail] = row.tail_start_factor * left ** (-1.0 / row.tail_alpha)
    return np.asarray(np.minimum(factors, row.most_factor), float)


def delay_years(
    reference_class: str | None,
    stage: str,
    uniforms: Array,
    classes: Classes | None = None,
) -> Array:
    """Return how many years late a project is in use, 0 for one that is on time.

    Delays count from the plan's dates, so they must not be laid upon a completion
    rate: both tell of the same slipping.

    Args:
        reference_class: as in the table; an unknown one is read as `default`.
        stage: one of STAGES.
        uniforms: `[.., draw]`, between 0 and 1; others than those of the cost.
        classes: from `build_classes`; None means the built-in ones.

    Returns:
        `[.., draw]`, years, not whole ones; never below 0.

    Source:
        docs/method/reference_classes.md: a point at 0, then exponential.

    Example:
        >>> delay_years("default", "decision", np.array([0.4, 0.8, 0.95])).round(2)
        array([0.  , 1.  , 2.51])
    """
    row = find_class(reference_class, stage, classes)
    u = np.clip(np.asarray(uniforms, float), 0.0, 1.0 - 2.0**-53)
    late = 1.0 - row.on_time_share
    if late <= 0.0 or row.delay_scale_years == 0.0:
        return np.zeros_like(u)
    years = np.maximum(0.0, -np.log((1.0 - u) / late))
    return np.asarray(row.delay_scale_years * years, float)


def with_own_outcomes(row: ReferenceClass, factors: Sequence[float]) -> ReferenceClass:
    """Return the class moved towards the municipality's own finished projects.

    Median and spread are shrunk: `PRIOR_OUTCOMES` own projects weigh as much as the
    published figures. An outcome beyond the start of the tail counts as the tail's
    start, so that one disaster, which the tail expects, does not move the middle.

    Args:
        row: the class and stage in which the estimates were made.
        factors: final cost over estimate, each above 0, price rises taken out.

    Raises:
        ValueError: a factor that is not a number above 0.

    Source:
        Normal-normal with known prior weight on log factors, scaled inverse
        chi-square for the spread; docs/method/reference_classes.md.

    Example:
        >>> mine = with_own_outcomes(find_class("building", "decision"), [1.3] * 8)
        >>> round(mine.cost_p50_share, 3), mine.own_outcomes
        (0.196, 8)
    """
    outcomes = np.asarray(factors, float)
    if outcomes.size == 0:
        return row
    if not (np.isfinite(outcomes).all() and (outcomes > 0.0).all()):
        message = "outcomes must be final cost over estimate, above 0"
        raise ValueError(message)
    logs = np.log(np.minimum(outcomes, row.tail_start_factor))
    n, mean = logs.size, float(logs.mean())
    weight = n / (n + PRIOR_OUTCOMES)
    centre = row.log_median + weight * (mean - row.log_median)
    apart = n * (1.0 - weight) * (mean - row.log_median) ** 2
    squares = float(((logs - mean) ** 2).sum()) + apart
    spread = math.sqrt(
        (PRIOR_OUTCOMES * row.log_spread**2 + squares) / (PRIOR_OUTCOMES + n)
    )
    return replace(
        row,
        cost_p50_share=math.expm1(centre),
        cost_p80_share=math.expm1(centre + _Z80 * spread),
        own_outcomes=row.own_outcomes + n,
    )


def _mean_factor(row: ReferenceClass) -> float:
    spread, cap = row.log_spread, row.most_factor
    whole = math.exp(row.log_median + spread**2 / 2.0)
    if row.tail_share <= 0.0 or row.tail_start_factor >= cap:
        if spread == 0.0:
            return min(whole, cap)
        z = (math.log(cap) - row.log_median) / spread
        return whole * _NORMAL.cdf(z - spread) + cap * _NORMAL.cdf(-z)
    z = _NORMAL.inv_cdf(1.0 - row.tail_share)
    start, alpha = row.tail_start_factor, row.tail_alpha
    body = whole * _NORMAL.cdf(z - spread)
    at_cap: float = cap * (start / cap) ** alpha
    if abs(alpha - 1.0) < 1e-9:
        below_cap = start * math.log(cap / start)
    else:
        ratio = (start / cap) ** (alpha - 1.0)
        below_cap = start * alpha / (alpha - 1.0) * (1.0 - ratio)
    return body + row.tail_share * (below_cap + at_cap)
