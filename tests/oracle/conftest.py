"""What is compared with an oracle is solved on one thread: two test processes run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import highspy
import pytest

from rodtrad.plan import milp

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """The best plan is the best on any number of threads; a second would only wait."""
    usual = milp.THREADS
    # The solver keeps one number of threads a process until it is told to forget it.
    highspy.Highs.resetGlobalScheduler(True)
    milp.THREADS = 1
    yield
    milp.THREADS = usual
    highspy.Highs.resetGlobalScheduler(True)
