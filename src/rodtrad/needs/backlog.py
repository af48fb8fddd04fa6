"""How far behind is the upkeep? Three measures with names of their own, never added.

Cost to standard asks what inspections have found below the accepted class; the age
measure what has outlived its life; the economic measure what waiting has cost so far.
They answer different questions about the same things, so a sum would count twice.
Leaves out what comes due later (renewal).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rodtrad.domain.register import condition_defaults
from rodtrad.domain.words import _, money_text, plural, share_text
from rodtrad.needs.lifetimes import cumulative_hazard, mean_of_shape
from rodtrad.needs.renewal import first_life_hazard
from rodtrad.needs.waiting import component_cycles, failure_loss_shares, yearly_loss

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array
    from rodtrad.domain.register import Register
    from rodtrad.needs.lifetimes import Family
    from rodtrad.needs.renewal import LifeBeliefs
    from rodtrad.needs.waiting import RenewalCycle

MOST_WAITED: Final = 1.0
"""What waiting can have cost at most, share of the replacement cost.

Whoever waits can always end it by renewing. Upkeep and risk that grow for ever, with
interest, would in the end cost any number of renewals: but a thing that still stands so
long after shows that for it they have not grown so. The age measure has the same top.
"""


@dataclass(frozen=True)
class Backlog:
    """The maintenance backlog at the end of the base year, in three measures. tkr.

    All in prices of the base year, `[component]`. There is no sum of the three, on
    purpose.

    Args:
        cost_to_standard_tkr: what it costs to lift what is below the accepted class.
        age_tkr: replacement cost times the share by which the life is overrun, at most 1.
        economic_tkr: what waiting past the best year has cost so far, with interest,
            at most the replacement cost.
        replacement_cost_tkr: for shares.
        inspected_share: share of the replacement cost whose condition is known, which
            is all that the first measure sees.
        of_asset_share: the part of it whose condition is that of the asset.
        at_most: `[component]`, whether waiting has cost as much as it can.
    """

    cost_to_standard_tkr: Array
    age_tkr: Array
    economic_tkr: Array
    replacement_cost_tkr: Array
    inspected_share: float
    of_asset_share: float
    at_most: NDArray[np.bool_]

    @property
    def condition_index(self) -> float:
        """Cost to standard over replacement cost of all (FCI); 0 without any cost."""
        whole = float(self.replacement_cost_tkr.sum())
        return float(self.cost_to_standard_tkr.sum()) / whole if whole else 0.0

    def text(self) -> str:
        """The three measures in a sentence, in Swedish.

        Source:
            TEXT 3, pattern `backlog`. Method page: docs/method/renewal.md.
        """
        if self.replacement_cost_tkr.sum() <= 0:
            return _(
                "Underhållsskulden går inte att räkna ut utan återanskaffningsvärden."
            )
        text = _(
            "Underhållsskulden är {a} efter besiktning, {b} efter ålder och {c} räknat "
            "som vad väntan har kostat hittills. Måtten svarar på olika frågor och läggs "
            "inte ihop. Besiktningarna täcker {share} av återanskaffningsvärdet."
        ).format(
            a=money_text(float(self.cost_to_standard_tkr.sum())),
            b=money_text(float(self.age_tkr.sum())),
            c=money_text(float(self.economic_tkr.sum())),
            share=share_text(self.inspected_share, 0),
        )
        return " ".join([text, *self.remarks()])

    def remarks(self) -> list[str]:
        """What stands behind the measures here, beyond the register, in Swedish.

        Source:
            Method page: docs/method/renewal.md.
        """
        told = []
        if self.of_asset_share > 0:
            told.append(
                _(
                    "För {share} av värdet är det anläggningens skick som används för "
                    "delar som inte har något eget: en beräkning."
                ).format(share=share_text(self.of_asset_share, 0))
            )
        n = int(self.at_most.sum())
        if n:
            told.append(
                plural(
                    "Vad väntan har kostat räknas till högst återanskaffningsvärdet, "
                    "för den som väntar kan alltid förnya i stället. Taket nås för {n} "
                    "del.",
                    "Vad väntan har kostat räknas till högst återanskaffningsvärdet, "
                    "för den som väntar kan alltid förnya i stället. Taket nås för {n} "
                    "delar.",
                    n,
                ).format(n=n)
            )
        return told


def measure_backlog(
    register: Register,
    beliefs: LifeBeliefs,
    *,
    discount_rate: float,
    accepted: dict[str, int] | None = None,
) -> Backlog:
    """The backlog of a register in the three measures.

    Args:
        register: the components.
        beliefs: from `estimate_lives`.
        discount_rate: a share above 0, for the economic measure.
        accepted: by scale, the worst class that is good enough (0 the best); scales
            left out use `defaults/condition.toml`.

    Source:
        METHODS 3.3, DOMAIN 7.5 (M1, M2). Method page: docs/method/renewal.md.
    """
    cost = register.replacement_cost_tkr
    whole = float(cost.sum())
    known = float(cost[register.condition >= 0].sum())
    of_asset = float(cost[sorted(register.of_asset)].sum())
    age = register.age_years
    waited = _waited_shares(register, beliefs, discount_rate)
    return Backlog(
        cost_to_standard_tkr=cost * _remedial_shares(register, accepted or {}),
        age_tkr=cost * overrun_share(age, beliefs.lives_years(register)),
        economic_tkr=cost * waited,
        replacement_cost_tkr=cost,
        inspected_share=known / whole if whole else 0.0,
        of_asset_share=of_asset / whole if whole else 0.0,
        at_most=(waited >= MOST_WAITED) & (cost > 0),
    )


def overrun_share(age_years: Array, life_years: Array) -> Array:
    """By how much a life is overrun, as a share of it, between 0 and 1.

    Source:
        METHODS 3.3, DOMAIN 7.5 M2. Method page: docs/method/renewal.md.

    Example:
        >>> overrun_share(np.array([30.0, 50.0, 100.0]), np.array([40.0, 40.0, 40.0]))
        array([0.  , 0.25, 1.  ])
    """
    return np.clip((age_years - life_years) / life_years, 0.0, 1.0)


def _remedial_shares(register: Register, accepted: dict[str, int]) -> Array:
    scales = condition_defaults()["scale"]
    shares = np.zeros(len(register))
    for i, scale in enumerate(register.scale):
        if scale:
            state = int(register.condition[i])
            limit = accepted.get(scale, scales[scale]["accepted"])
            remedial = scales[scale]["remedial_share"]
            # A stricter standard than the default still costs something to reach.
            least = min(x for x in remedial if x > 0)
            shares[i] = max(remedial[state], least) if state > limit else 0.0
    return shares


def waited_share(
    age_years: float,
    best_age: int,
    yearly_saving: float,
    family: Family,
    scale_years: float,
    shape: float,
    life_years: float,
    failure_loss: float,
    discount_rate: float,
) -> float:
    """What waiting from the best age to this age has cost, share of replacement cost.

    Each year past the best age its loss and upkeep less the capital cost saved, with
    interest to today; never negative, and at most `MOST_WAITED`.

    Source:
        METHODS 3.3 (economic) and 7.3; the top is an assumption. Method page: docs/method/renewal.md.
    """
    ages = np.arange(best_age, np.floor(age_years), dtype=np.float64)
    if not len(ages):
        return 0.0
    d = 1 / (1 + discount_rate)
    risk = -np.expm1(
        cumulative_hazard(family, ages / scale_years, shape)
        - cumulative_hazard(family, (ages + 1) / scale_years, shape)
    )
    loss, upkeep = yearly_loss(risk, ages / life_years, failure_loss)
    extra = d * loss + upkeep - yearly_saving
    cost = float(extra @ (1 + discount_rate) ** (np.floor(age_years) - ages))
    return min(max(0.0, cost), MOST_WAITED)


def _waited_shares(
    register: Register, beliefs: LifeBeliefs, discount_rate: float
) -> Array:
    cycles = component_cycles(register, beliefs, discount_rate)
    losses = failure_loss_shares(register)
    hazard = first_life_hazard(register, beliefs, 1)[:, 1]
    age = np.floor(register.age_years)
    # Alike components are reckoned once: a large register has few kinds of them.
    known: dict[tuple[float, ...], float] = {}
    turns: dict[tuple[float, ...], int] = {}
    lives, stretch = beliefs.lives_years(register), beliefs.stretch(register)
    rises: dict[tuple[int, float], Array] = {}
    found = np.zeros(len(register))
    for i, cycle in enumerate(cycles):
        c, life = int(register.life_class[i]), float(lives[i])
        shape, loss = float(beliefs.shapes[c]), float(losses[i])
        scale = life / mean_of_shape(beliefs.family, shape)
        best = cycle.age
        if stretch[i] != 1:
            # What it saves is the new one's cost, which is as its class; when to renew
            # is a matter of this one's own risk.
            turn = (c, life, loss, cycle.yearly)
            if turn not in turns:
                turns[turn] = _turning_age(
                    beliefs.family, scale, shape, life, loss, discount_rate, cycle
                )
            best = turns[turn]
        here = float(age[i])
        if register.condition[i] >= 0:
            # As old as those of its class that run the same risk, but no older than
            # it is: what was seen counts for more than the year on the plate.
            if (c, life) not in rises:
                rises[c, life] = _yearly_rise(beliefs.family, scale, shape, life)
            reached = np.searchsorted(rises[c, life], hazard[i])
            here = min(here, float(reached))
        key = (c, life, loss, here, cycle.yearly)
        if key not in known:
            known[key] = waited_share(
                here,
                best,
                cycle.yearly,
                beliefs.family,
                scale,
                shape,
                life,
                loss,
                discount_rate,
            )
        found[i] = known[key]
    return found


def _turning_age(
    family: Family,
    scale: float,
    shape: float,
    life: float,
    failure_loss: float,
    discount_rate: float,
    cycle: RenewalCycle,
) -> int:
    """The first age at which a year more costs more than it saves."""
    ages = np.arange(int(4 * life) + 2, dtype=np.float64)
    risk = -np.expm1(-np.diff(cumulative_hazard(family, ages / scale, shape)))
    loss, upkeep = yearly_loss(risk, ages[:-1] / life, failure_loss)
    dearer = loss / (1 + discount_rate) + upkeep > cycle.yearly
    return int(dearer.argmax()) if dearer.any() else len(ages)


def _yearly_rise(family: Family, scale: float, shape: float, life: float) -> Array:
    """The hazard of a year at each age, to the worst age so far: never falling."""
    ages = np.arange(int(3 * life) + 2, dtype=np.float64)
    rise = np.diff(cumulative_hazard(family, ages / scale, shape))
    return np.maximum.accumulate(rise)
