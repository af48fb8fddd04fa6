"""What can go wrong, as values: `Issue` for a fault in the data, and the error tree.

Answers: which errors may leave the package, and what do they carry? Leaves out how a
fault is shown (cli, publish) and how it is found (domain/checks).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Issue:
    """One fault in the underlag, at its cell.

    `row` is the row number that the user sees (the heading is row 1); `table` and
    `column` are canonical names. Empty text or None where there is no such place.
    """

    code: str
    severity: Severity
    table: str
    row: int | None
    column: str
    message: str
    remedy: str

    def as_dict(self) -> dict[str, Any]:
        """Return the issue as plan.json and `--json` show it."""
        return asdict(self)


class RodtradError(Exception):
    """Root of every error that a user may meet."""


class InputError(RodtradError):
    """The underlag has faults; nothing was computed or written.

    `issues` holds every fault found, not only the first.
    """

    def __init__(self, issues: Sequence[Issue]) -> None:
        """Keep all faults; the text of the error is the first of them."""
        self.issues = list(issues)
        super().__init__(self.issues[0].message if self.issues else "")


class NoPlanError(RodtradError):
    """No plan meets every requirement.

    `conflict` names a minimal set of colliding requirements in the user's words
    (remove any one of them and the rest can be met) and `repair` the cheapest change
    that is enough, one sentence each.
    """

    def __init__(
        self, message: str, conflict: Sequence[str] = (), repair: Sequence[str] = ()
    ) -> None:
        """Keep the colliding requirements and the repair beside the message."""
        self.conflict = list(conflict)
        self.repair = list(repair)
        super().__init__(message)


class SolverError(RodtradError):
    """The solver gave no plan within its limits; `status` is its own word."""

    def __init__(
        self, message: str, status: str, gap: float | None, seconds: float
    ) -> None:
        """Keep the solver's status, gap and time beside the message."""
        self.status = status
        self.gap = gap
        self.seconds = seconds
        super().__init__(message)


class SourceError(RodtradError):
    """A file, folder or service could not be read or written."""

    def __init__(self, message: str, remedy: str = "", code: str = "source") -> None:
        """Keep what to try beside the message."""
        self.remedy = remedy
        self.code = code
        super().__init__(message)
