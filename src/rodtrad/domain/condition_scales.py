"""Which condition scales are known, and what can a row of history record?

Apart from the register because the checks use it, and they must start without numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SCALES: Final[Mapping[str, tuple[str, ...]]] = {
    "tg": ("TG0", "TG1", "TG2", "TG3"),
    "skala_1_5": ("1", "2", "3", "4", "5"),
    "skala_a_d": ("A", "B", "C", "D"),
}
"""The classes of each known scale, the best first."""

INSPECTION, REPAIR, REPLACEMENT, OTHER_REASON, FAILURE = (
    "besiktning",
    "reparation",
    "utbyte",
    "utbyte_annat",
    "fel",
)
"""What a row of table inspections records."""


def condition_class(condition: str | None, scale: str | None) -> int | None:
    """Return the class of a condition on a scale, 0 the best; None if it has none.

    Example:
        >>> condition_class("tg 2", "tg"), condition_class("b", "skala_a_d")
        (2, 1)
        >>> condition_class("7", "skala_1_5") is None
        True
    """
    if condition is None or scale is None or scale not in SCALES:
        return None
    text = condition.upper().replace(" ", "")
    if scale == "tg" and not text.startswith("TG"):
        text = f"TG{text}"
    if text.endswith((".0", ",0")):
        text = text[:-2]
    classes = SCALES[scale]
    return classes.index(text) if text in classes else None
