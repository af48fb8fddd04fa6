"""What does it cost to wait a year with a renewal, and when is the best year?

Each year in place a worn thing costs its risk of failing and some extra upkeep, and
saves the capital cost of the new. `waiting_costs` gives all three by component and
year. Losses and upkeep are shares of the replacement cost (`defaults/waiting.toml`):
assumptions, to be replaced by the municipality's own. Leaves out what waiting has cost
already (backlog) and who pays (candidates).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.domain.register import waiting_defaults
from rodtrad.needs.lifetimes import cumulative_hazard, mean_of_shape
from rodtrad.needs.renewal import first_life_hazard

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array
    from rodtrad.domain.register import Register
    from rodtrad.needs.lifetimes import Family
    from rodtrad.needs.renewal import LifeBeliefs


@dataclass(frozen=True)
class RenewalCycle:
    """The cheapest way to own a thing for ever, as shares of its replacement cost.

    `age` is the age at which it is best renewed if it still stands, `cost` the present
    value of this renewal and all to come with their risk and upkeep, and `yearly` the
    part of it that a year's wait saves.
    """

    age: int
    cost: float
    yearly: float


def yearly_loss(
    yearly_risk: Array, age_in_lives: Array, failure_loss: Array | float
) -> tuple[Array, Array]:
    """Expected failure loss and extra upkeep of a year, as shares of replacement cost.

    Args:
        yearly_risk: probability of failing that year.
        age_in_lives: age over mean life; upkeep grows from half a life on.
        failure_loss: loss at failure beyond the renewal, share of replacement cost.

    Source:
        METHODS 7.3; shares in domain/defaults/waiting.toml. Method page:
        docs/method/renewal.md.

    Example:
        >>> risk, upkeep = yearly_loss(np.array([0.1]), np.array([1.0]), 1.0)
        >>> float(risk[0]), float(upkeep[0])
        (0.1, 0.02)
    """
    at_life = waiting_defaults()["extra_upkeep_share"]["value"]
    upkeep = at_life * np.maximum(2 * age_in_lives - 1, 0.0)
    return yearly_risk * failure_loss, np.asarray(upkeep)


def best_cycle(
    family: Family,
    scale_years: float,
    shape: float,
    life_years: float,
    failure_loss: float,
    discount_rate: float,
    price_growth: float = 0.0,
) -> RenewalCycle:
    """The age at which to renew, and what a year's wait saves by then.

    Args:
        family: of lives.
        scale_years: the scale.
        shape: the shape.
        life_years: mean life, for the upkeep.
        failure_loss: loss at failure beyond the renewal, share of replacement cost.
        discount_rate: a share.
        price_growth: growth of the renewal's price beyond other prices.

    Raises:
        ValueError: the discount rate does not exceed the price growth, so that putting
            off for ever would be free.

    Source:
        Age replacement with discounting; METHODS 7.3 is its condition for the best year.
        Method page: docs/method/renewal.md.
    """
    d = (1 + price_growth) / (1 + discount_rate)
    if d >= 1:
        raise ValueError("the discount rate must exceed the price growth")
    age = np.arange(int(np.ceil(4 * life_years)) + 2, dtype=np.float64)
    standing = np.exp(-cumulative_hazard(family, age / scale_years, shape))
    standing[0] = 1.0
    fails = standing[:-1] - standing[1:]
    loss, upkeep = yearly_loss(fails, age[:-1] / life_years, failure_loss)
    weight = d ** age[:-1]
    # Policy T: renew at age T, or when it fails before that.
    spent = np.cumsum(weight * (standing[:-1] * upkeep + d * loss))
    again = np.cumsum(weight * d * fails) + d ** age[1:] * standing[1:]
    cost = (1 + spent) / (1 - again)
    best = int(np.argmin(cost))
    return RenewalCycle(best + 1, float(cost[best]), float((1 - d) * cost[best]))


@dataclass(frozen=True)
class WaitingCosts:
    """What waiting costs if a component stays as it is. tkr, prices of the base year.

    Args:
        years: `[year]`, calendar years after the base year.
        risk_tkr: `[component, year]`, expected failure loss that year.
        upkeep_tkr: `[component, year]`, extra upkeep that year.
        saving_tkr: `[component]`, capital cost of the new that a year's wait saves.
        best_age: `[component]`, age at which it is best renewed.
    """

    years: NDArray[np.int64]
    risk_tkr: Array
    upkeep_tkr: Array
    saving_tkr: Array
    best_age: NDArray[np.int64]

    @property
    def cost_tkr(self) -> Array:
        """Risk and upkeep, `[component, year]`: what a year without renewal costs."""
        return self.risk_tkr + self.upkeep_tkr

    @property
    def net_tkr(self) -> Array:
        """Cost less saving, `[component, year]`: positive when waiting is dearer."""
        return self.cost_tkr - self.saving_tkr[:, None]

    def best_year(self) -> NDArray[np.int64]:
        """First year in which waiting is dearer than renewing, `[component]`.

        One more than the last year where that does not happen within the years.

        Source:
            METHODS 7.3: the first year in which cost exceeds saving. Method page:
            docs/method/renewal.md.
        """
        dearer = self.net_tkr > 0
        place = np.where(dearer.any(axis=1), dearer.argmax(axis=1), len(self.years))
        return np.asarray(self.years[0] + place)

    def by_asset(self, register: Register) -> Array:
        """Net cost of waiting, `[asset, year]`; negative where waiting pays.

        Source:
            Sum over an asset's components. Method page: docs/method/renewal.md.
        """
        found = np.zeros((len(register.assets), len(self.years)))
        np.add.at(found, register.asset, self.net_tkr)
        return found


def waiting_costs(
    register: Register,
    beliefs: LifeBeliefs,
    years: int,
    *,
    discount_rate: float,
    price_growth: float = 0.0,
) -> WaitingCosts:
    """The cost of waiting, by component and year, with lives at their middle.

    Args:
        register: the components.
        beliefs: from `estimate_lives`.
        years: how many years after the base year.
        discount_rate: a share, above the price growth.
        price_growth: growth of renewal prices beyond other prices, a share.

    Source:
        METHODS 7.3: waiting costs the expected loss and extra maintenance and saves the
        capital cost. Method page: docs/method/renewal.md.
    """
    hazard = first_life_hazard(register, beliefs, years)
    risk = -np.expm1(-np.diff(hazard, axis=1))
    age = np.maximum(register.age_years[:, None] + np.arange(years), 0.0)
    cost = register.replacement_cost_tkr
    loss_share = failure_loss_shares(register)
    loss, upkeep = yearly_loss(
        risk, age / beliefs.lives_years(register)[:, None], loss_share[:, None]
    )
    d = (1 + price_growth) / (1 + discount_rate)
    cycles = component_cycles(register, beliefs, discount_rate, price_growth)
    return WaitingCosts(
        years=register.base_year + 1 + np.arange(years),
        risk_tkr=d * loss * cost[:, None],
        upkeep_tkr=upkeep * cost[:, None],
        saving_tkr=np.array([c.yearly for c in cycles]) * cost,
        best_age=np.array([c.age for c in cycles], dtype=np.int64),
    )


def failure_loss_shares(register: Register) -> Array:
    """Loss at failure beyond the renewal, share of replacement cost, `[component]`.

    Source:
        By consequence 0-3, domain/defaults/waiting.toml. Method page:
        docs/method/renewal.md.
    """
    shares = np.array(waiting_defaults()["failure_loss_share"]["value"])
    return np.asarray(shares[register.consequence])


def component_cycles(
    register: Register,
    beliefs: LifeBeliefs,
    discount_rate: float,
    price_growth: float = 0.0,
) -> list[RenewalCycle]:
    """The best cycle of every component, if it were as others of its class.

    Own failures are the present one's; the cycle is for ever. `[component]`.

    Source:
        `best_cycle` by class, life and consequence. Method page:
        docs/method/renewal.md.
    """
    known: dict[tuple[int, float, int], RenewalCycle] = {}
    losses = waiting_defaults()["failure_loss_share"]["value"]
    found = []
    lives = beliefs.new_lives_years(register)
    for c, life, consequence in zip(
        register.life_class, lives, register.consequence, strict=True
    ):
        key = (int(c), float(life), int(consequence))
        if key not in known:
            shape = float(beliefs.shapes[c])
            known[key] = best_cycle(
                beliefs.family,
                float(life) / mean_of_shape(beliefs.family, shape),
                shape,
                float(life),
                losses[consequence],
                discount_rate,
                price_growth,
            )
        found.append(known[key])
    return found
