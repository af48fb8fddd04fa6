"""What does the worker do by itself, beside studies? Errands, each with its own pace.

They run one after another in one thread of their own, so that a mail server that does
not answer never delays a study. What goes wrong in one is logged and tried again at its
next turn. Leaves out the loop that asks for them (worker).
"""

from __future__ import annotations

import logging
import time
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Final

from django.db import connections

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_log: Final = logging.getLogger("rodtrad.worker")

ERRANDS: Final[tuple[tuple[str, float], ...]] = (
    # before the mails, so that those of a letter go in the same round
    ("rodtrad.web.letter_due:publish_due", 5.0),
    ("rodtrad.web.blog_import:forget_old", 3_600.0),
    ("rodtrad.web.outgoing:send_due", 5.0),
    ("rodtrad.web.outgoing:forget_old", 3_600.0),
    ("rodtrad.web.subscriptions:forget_old", 3_600.0),
    ("rodtrad.web.dialogue_setup:tell_opened", 300.0),
    ("rodtrad.web.dialogue:forget_old", 3_600.0),
    ("rodtrad.web.dialogue_forget:thin_old", 3_600.0),
    ("rodtrad.web.throttle:forget_old", 3_600.0),
    ("rodtrad.web.envelope_redress:thin_old", 3_600.0),
)
"""What is done, as `module:function` without arguments, and how many seconds apart."""

HEAVY: Final[tuple[tuple[str, float], ...]] = (
    ("rodtrad.web.residents:reckon_waiting", 5.0),
    ("rodtrad.web.envelope_ballots:count_due", 5.0),
)
"""What may take minutes: it has a thread of its own, so that no mail waits for it."""


class Errands:
    """Does what is due, aside."""

    def __init__(self, errands: Sequence[tuple[str, float]] = ERRANDS) -> None:
        """Begin with everything due."""
        self._due = {name: 0.0 for name, _seconds in errands}
        self._seconds = dict(errands)
        self._thread: Thread | None = None

    def step(self) -> None:
        """Begin what is due, unless earlier errands are still under way."""
        if self._thread is not None and self._thread.is_alive():
            return
        names = self.due()
        if names:
            self._thread = Thread(target=self._run, args=(names,), daemon=True)
            self._thread.start()

    def due(self) -> list[str]:
        """Return what is due now; asked, it is due again after its seconds."""
        now = time.monotonic()
        names = [name for name, at in self._due.items() if at <= now]
        for name in names:
            self._due[name] = now + self._seconds[name]
        return names

    def _run(self, names: list[str]) -> None:
        try:
            for name in names:
                do(name)
        finally:
            connections.close_all()

    def leave(self, seconds: float = 10.0) -> None:
        """Wait a little for what is under way; a mail that is not marked goes again."""
        if self._thread is not None:
            self._thread.join(seconds)


def do(name: str) -> None:
    """Do one errand; a fault is logged and goes no further."""
    module, _colon, function = name.partition(":")
    try:
        act: Callable[[], object] = getattr(import_module(module), function)
        act()
    except Exception:  # noqa: BLE001 - the next errand is not to blame
        _log.exception("%s failed", name)
