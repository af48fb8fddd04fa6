"""Does a project's calculation fit in what the council has granted?

Two tests that are easily mixed up: against what remains of the granted total, and
against the yearly budgets that are to pay it. Leaves out the room for new investment
(headroom) and the committees' operating frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rodtrad.domain.words import _, money_text, quoted, years_text
from rodtrad.errors import Issue

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class FrameCheck:
    """A project's calculation against its frame, tkr, nominal.

    A margin is what is left over: negative when the calculation is too large. None
    where there is nothing to compare with.
    """

    total_tkr: float
    frame_margin_tkr: float | None
    budget_margin_tkr: float | None
    issues: tuple[Issue, ...]


def project_against_frame(
    name: str,
    parts_tkr: Mapping[str, float],
    *,
    frame_tkr: float | None = None,
    spent_tkr: float = 0.0,
    budget_tkr: Mapping[int, float] | None = None,
) -> FrameCheck:
    """Return what a project's calculation leaves of its frame and of its budgets.

    Args:
        name: the project's own name, for the messages.
        parts_tkr: what remains to be paid, part by part (bid, options, reserve for
            changes, client's costs), positive.
        frame_tkr: total outlay granted by the council.
        spent_tkr: already spent of the frame, outside `parts_tkr`.
        budget_tkr: year → amount budgeted for the same remaining payments.

    Returns:
        the margins, and a warning for each one that is negative.

    Source:
        DOMAIN 6.2 no. 8. Method page: docs/method/kapitalkostnad.md.
    """
    total = sum(parts_tkr.values())
    frame_margin = None if frame_tkr is None else frame_tkr - spent_tkr - total
    budget_margin = None if not budget_tkr else sum(budget_tkr.values()) - total
    issues = []
    if frame_margin is not None and frame_margin < 0:
        issues.append(
            _warning(
                "frame_exceeded",
                _(
                    "Kalkylen för projektet {p} är {total}. Det är {miss} mer än vad "
                    "som är kvar av ramen."
                ).format(
                    p=quoted(name),
                    total=money_text(total),
                    miss=money_text(-frame_margin),
                ),
                _("Se över kalkylen, eller begär ett tilläggsanslag."),
            )
        )
    if budget_margin is not None and budget_margin < 0 and budget_tkr:
        issues.append(
            _warning(
                "budget_exceeded",
                _(
                    "Kalkylen för projektet {p} är {total}. Det är {miss} mer än "
                    "budgeten {ys}."
                ).format(
                    p=quoted(name),
                    total=money_text(total),
                    miss=money_text(-budget_margin),
                    ys=years_text(budget_tkr),
                ),
                _("Budgetera resten, eller se över kalkylen."),
            )
        )
    return FrameCheck(total, frame_margin, budget_margin, tuple(issues))


def _warning(code: str, message: str, remedy: str) -> Issue:
    return Issue(code, "warning", "projects", None, "name", message, remedy)
