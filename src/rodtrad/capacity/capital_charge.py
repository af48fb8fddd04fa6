"""What does an investment cost per year? Depreciation plus interest, in three forms.

For comparing alternatives and for internal rents. The statements never read this file:
there depreciation follows the parts and the interest follows the loans, and to add an
internal interest on top would count it twice. Rates are shares per year (0.025).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rodtrad.domain.arrays import Array


@dataclass(frozen=True)
class CapitalCharge:
    """Linear depreciation and interest of one investment, `[year]` from its first use.

    All positive. `opening_value` is the book value on 1 January, on which the interest
    is reckoned. A first year in use for part of the year gives one year more at the
    end.
    """

    opening_value: Array
    depreciation: Array
    interest: Array

    @property
    def total(self) -> Array:
        """Depreciation plus interest, `[year]`."""
        return self.depreciation + self.interest


def linear_capital_charge(
    outlay_tkr: float, life_years: int, rate: float, first_year_share: float = 1.0
) -> CapitalCharge:
    """Equal depreciation every year and interest on the opening book value.

    Args:
        outlay_tkr: acquisition value, positive.
        life_years: useful life in whole years.
        rate: internal or loan rate, as a share.
        first_year_share: part of the first year in use: 1 from 1 January, 5/12 from
            31 July. The interest of that year is reckoned on the same part.

    Raises:
        ValueError: a life under one year, or a share outside 0 < share ≤ 1.

    Source:
        DOMAIN 5.4, nominal method. Method page: docs/method/kapitalkostnad.md.

    Example:
        >>> charge = linear_capital_charge(280.0, 40, 0.025)
        >>> float(charge.total[0])
        14.0
    """
    if life_years < 1 or not 0 < first_year_share <= 1:
        message = "the life is at least one year and the first year is part of one"
        raise ValueError(message)
    parts = np.ones(life_years)
    if first_year_share < 1:
        parts = np.concatenate([[first_year_share], parts[1:], [1 - first_year_share]])
    depreciation = outlay_tkr / life_years * parts
    opening = outlay_tkr - np.concatenate([[0.0], np.cumsum(depreciation)[:-1]])
    interest = rate * opening
    interest[0] *= first_year_share
    return CapitalCharge(opening, depreciation, interest)


def annuity(outlay_tkr: float, life_years: int, rate: float) -> float:
    """The constant yearly cost that pays off an outlay with interest.

    Paid at the end of each year. For calculations, not for the accounts.

    Raises:
        ValueError: a life under one year, or a rate of −1 or less.

    Source:
        DOMAIN 5.4. Method page: docs/method/kapitalkostnad.md.

    Example:
        >>> round(annuity(280.0, 33, 0.025), 2)
        12.56
    """
    if life_years < 1 or rate <= -1:
        message = "the life is at least one year and the rate above minus one"
        raise ValueError(message)
    if rate == 0:
        return outlay_tkr / life_years
    # expm1 and log1p keep the digits when the rate is close to zero.
    return float(outlay_tkr * rate / -np.expm1(-life_years * np.log1p(rate)))


def real_annuity(
    outlay_tkr: float, life_years: int, rate: float, price_growth: float
) -> Array:
    """The yearly cost that is constant in fixed prices, `[year]`, nominal.

    Lower than the annuity at first and higher at last, so that each year's users pay
    the same in real terms. The present value at the nominal rate is the outlay.

    Source:
        DOMAIN 5.4, real annuity. Method page: docs/method/kapitalkostnad.md.

    Example:
        >>> [round(float(x), 2) for x in real_annuity(280.0, 33, 0.025, 0.02)[[0, -1]]]
        [9.39, 17.7]
    """
    if price_growth <= -1:
        message = "the price growth is above minus one"
        raise ValueError(message)
    real_rate = (1 + rate) / (1 + price_growth) - 1
    fixed = annuity(outlay_tkr, life_years, real_rate)
    years_of_growth = np.arange(1, life_years + 1, dtype=np.float64)
    return np.asarray(fixed * (1 + price_growth) ** years_of_growth, dtype=np.float64)
