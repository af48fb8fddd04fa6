"""How much must be borrowed? Net loans and the interest they carry, year by year.

Borrowing is what is left when everything else is paid. Interest runs on the average of
the year's opening and closing net loans, so each year is one linear equation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rodtrad.domain.arrays import Array


def solve_net_loans(opening: float, surplus: Array, rate: Array) -> Array:
    """Return net loans at the end of the base year and of every plan year.

    Net loans are loans minus the cash above the least cash, so negative is money left
    over; it earns the same rate.

    Args:
        opening: net loans at the end of the base year, tkr.
        surplus: `[year, draw]`, tkr, nominal: cash left in the year before interest,
            positive lowers the loans.
        rate: `[year, draw]`, interest as a share.

    Returns:
        `[1 + years, draw]`, tkr.

    Source:
        DESIGN Appendix A5: N(t) = N(t-1) - surplus(t) + rate(t) (N(t-1) + N(t)) / 2.

    Example:
        >>> solve_net_loans(100.0, np.array([[0.0]]), np.array([[0.02]])).round(4)
        array([[100.    ],
               [102.0202]])
    """
    shape = np.broadcast_shapes(surplus.shape, rate.shape)
    net = np.empty((shape[0] + 1, shape[1]))
    net[0] = opening
    for t in range(shape[0]):
        half = rate[t] / 2
        net[t + 1] = (net[t] * (1 + half) - surplus[t]) / (1 - half)
    return net
