"""How is a probability written? Words, per cent, cases of ten and the drawing's error.

Never as 0 or 100 per cent, and never without its error where there is room for it. A
word has one range of numbers (TEXT 1.7). Leaves out what a probability rests on, which
whoever tells it must say.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from rodtrad.domain.words import (
    _,
    later,
    missing,
    number,
    percent_sign,
    percentage_points,
    share_table,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

# From these on, a probability has another word (TEXT 1.7).
_WORDS: Final = (
    (99, later("nästan säkert")),
    (90, later("mycket sannolikt")),
    (67, later("sannolikt")),
    (33, later("ovisst")),
    (10, later("mindre sannolikt")),
    (1, later("osannolikt")),
    (0, later("nästan uteslutet")),
)
SURE: Final = 90
LIKELY: Final = 67
UNSURE: Final = 33
# Standard errors on each side: 19 times of 20 the drawing errs by less.
ERRORS: Final = 1.96


def percent_of(share: float) -> int:
    """Return whole per cent between 1 and 99, rounded as people do by hand."""
    return min(max(math.floor(share * 100 + 0.5), 1), 99)


def error_points(share: float, draws: int) -> int:
    """Return the error of the drawing in whole percentage points, at least 1.

    19 times of 20 it is smaller.
    """
    from rodtrad.capacity.probability import standard_error

    return max(1, math.floor(100 * ERRORS * standard_error(share, draws) + 0.5))


def error_text(share: float, draws: int) -> str:
    """Return the error of the drawing with its unit: "2 procentenheter"."""
    return percentage_points(error_points(share, draws) / 100)


def chance_text(share: float, draws: int) -> str:
    """Return a probability for running text, with the error of the drawing.

    Under 1 and over 99 per cent are said only where the error leaves no doubt of it.

    Example:
        >>> chance_text(0.823, 1000).replace(chr(160), " ")
        '82 procent, ± 2'
    """
    from rodtrad.capacity.probability import standard_error

    error = ERRORS * standard_error(share, draws)
    if share + error < 0.01:
        return _("under 1\u00a0procent")
    if share - error > 0.99:
        return _("över 99\u00a0procent")
    return _("{p}\u00a0procent, ±\u00a0{e}").format(
        p=percent_of(share), e=error_points(share, draws)
    )


def chance_word(share: float) -> str:
    """Return the word for a probability (TEXT 1.7).

    Example:
        >>> chance_word(0.823), chance_word(0.5), chance_word(0.02)
        ('sannolikt', 'ovisst', 'osannolikt')
    """
    percent = math.floor(share * 100 + 0.5)
    return _(next(word for least, word in _WORDS if percent >= least))


def tens_text(share: float) -> str:
    """Return a probability in cases of ten.

    Example:
        >>> tens_text(0.82), tens_text(0.97), tens_text(0.04)
        ('8 av 10', 'Fler än 9 av 10', 'Färre än 1 av 10')
    """
    if share > 0.9:
        return _("Fler än 9 av 10")
    if share < 0.1:
        return _("Färre än 1 av 10")
    return _("{n} av 10").format(n=math.floor(share * 10 + 0.5))


def chance_cell(share: float | None) -> str:
    """Return a probability for a table cell; never 0 % or 100 %.

    Example:
        >>> [chance_cell(x).replace(chr(160), " ") for x in (0.0, 0.423, 0.999, None)]
        ['<1 %', '42 %', '>99 %', '–']
    """
    if share is None or not math.isfinite(share):
        return missing()
    if share < 0.01:
        return percent_sign("<1")
    if share > 0.99:
        return percent_sign(">99")
    return share_table(share, 0)


def chance_with_error(share: float, draws: int) -> str:
    """Return a probability with its error for a table cell."""
    cell = chance_cell(share)
    if cell.startswith(("<", ">")):
        return cell
    return f"{cell}, ±\u00a0{error_points(share, draws)}"


def error_sentence(shares: Iterable[float | None], draws: int) -> str:
    """Return how large the error of the drawing is at most; empty without any share."""
    known = [p for p in shares if p is not None]
    if not known or draws < 2:
        return ""
    worst = min(known, key=lambda p: abs(p - 0.5))
    return _("Räknat med {n} dragningar; slumpfelet är högst ±\u00a0{e}.").format(
        n=number(draws), e=error_text(worst, draws)
    )
