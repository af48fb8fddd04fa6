"""Do two values agree, figure by figure? What differs, and how much may differ."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

TOLERANCE = 1e-6
LEAST = 1e-9
MONEY = frozenset(
    {
        "statement",
        "balance",
        "cash_flow",
        "balanskrav",
        "room",
        "needs",
        "deficits",
        "reserve",
        "companies",
        "outlay",
        "outlay_plan",
    }
)
# Here `balanskrav` and the like name what a share is of, not an amount.
DRAWN = frozenset({"probability", "quantiles", "uncertainty", "risk"})


@dataclass(frozen=True)
class Difference:
    """One thing that does not agree: where, what the plan says, what we get.

    `text` is set where words say it better than two values.
    """

    figure: str
    stated: Any
    computed: Any
    text: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as `--json` shows it."""
        return asdict(self)


def compare(
    path: str, stated: Any, computed: Any, scale: float
) -> Iterator[Difference]:
    """Yield what differs between two values of any shape, figure by figure.

    Amounts may differ by `TOLERANCE` of `scale`, all else by that share of itself.
    """
    if isinstance(computed, dict):
        if not isinstance(stated, dict):
            yield Difference(path, stated, computed)
            return
        for key in sorted(computed.keys() | stated.keys()):
            if key not in computed or key not in stated:
                yield Difference(f"{path}.{key}", stated.get(key), computed.get(key))
            else:
                yield from compare(f"{path}.{key}", stated[key], computed[key], scale)
    elif isinstance(computed, list):
        if not isinstance(stated, list) or len(stated) != len(computed):
            yield Difference(path, stated, computed)
            return
        for i, (one, other) in enumerate(zip(stated, computed, strict=True)):
            yield from compare(f"{path}[{i}]", one, other, scale)
    elif not _same(path, stated, computed, scale):
        yield Difference(path, stated, computed)


def _is_money(path: str) -> bool:
    """Whether a figure is an amount in tkr, which may differ by a share of the base."""
    parts = re.split(r"[.\[\]]+", path)
    if parts[0] in DRAWN:
        return any(part.endswith("_tkr") for part in parts)
    # `reserve` beside the plan is the list of what comes next, not an amount.
    amounts = MONEY - {"reserve"} if parts[0] == "beside" else MONEY
    return any(part in amounts or part.endswith("_tkr") for part in parts)


def _same(path: str, stated: Any, computed: Any, scale: float) -> bool:
    if isinstance(computed, bool) or not isinstance(computed, (int, float)):
        return type(stated) is type(computed) and bool(stated == computed)
    if isinstance(stated, bool) or not isinstance(stated, (int, float)):
        return False
    if isinstance(computed, int):
        return bool(stated == computed)
    near = TOLERANCE * scale if _is_money(path) else LEAST
    return math.isclose(stated, computed, rel_tol=TOLERANCE, abs_tol=near)
