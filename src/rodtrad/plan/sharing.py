"""Who does which part? Parts that do not hang on each other, shared between processes.

Each part is a call of a module's function that gives the same whoever makes it, so what
comes out does not depend on how many processes there are, or on which is done first.
"""

from __future__ import annotations

import signal
from multiprocessing import get_context
from threading import Condition, Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from types import TracebackType

    Part = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def _work(line: Connection) -> None:
    """Do parts as they come; what fails is left to the one who asked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            function, arguments, named = line.recv()
        except EOFError:
            return
        try:
            answer = True, function(*arguments, **named)
        except Exception:  # noqa: BLE001  (done again, and told, where it was asked)
            answer = False, None
        line.send(answer)


class Sharing:
    """Parts to be done, by key: this process does some and the others the rest.

    The others begin at once, from the first part; this one joins in `results`, from the
    last. What another process does not come through with is done here.
    """

    def __init__(self, processes: int = 1) -> None:
        """Get ready; a process is started when there is something for it to do."""
        self._parts: dict[str, Part] = {}
        self._found: dict[str, Any] = {}
        self._waiting: list[str] = []
        self._others = processes - 1
        self._helpers: list[BaseProcess] = []
        self._alone = self._others < 1
        self._changed = Condition()

    def __enter__(self) -> Sharing:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the processes at once; all they did is taken in."""
        self._others = 0
        for helper in self._helpers:
            helper.terminate()

    def add(
        self, key: str, function: Callable[..., Any], *given: Any, **named: Any
    ) -> None:
        """Add a part: a function of a module, and arguments that can be sent."""
        with self._changed:
            self._parts[key] = function, given, named
            self._waiting.append(key)
            self._changed.notify_all()
        if self._others > len(self._helpers):
            mine, theirs = get_context("spawn").Pipe()
            helper = get_context("spawn").Process(
                target=_work, args=(theirs,), daemon=True
            )
            helper.start()
            # Only the helper holds its end, so that nobody waits for one that has ended.
            theirs.close()
            self._helpers.append(helper)
            Thread(target=self._hand_out, args=(mine,), daemon=True).start()

    def _hand_out(self, line: Connection) -> None:
        """Hand parts to a process, one at a time, until it or the work ends."""
        done = True
        while done:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                key = self._waiting.pop(0)
            try:
                line.send(self._parts[key])
                done, value = line.recv()
            except (EOFError, OSError):
                done, value = False, None
            with self._changed:
                if done:
                    self._found[key] = value
                else:
                    self._waiting.append(key)
                self._changed.notify_all()

    def done(self) -> dict[str, Any]:
        """Return what the parts gave that are done by now, by key."""
        with self._changed:
            return dict(self._found)

    def results(self, tell: Callable[[str], None]) -> dict[str, Any]:
        """Return what every part gave, by key, in the order they were added.

        `tell` is called with the key of each part that this process does.
        """
        while True:
            with self._changed:
                while not self._waiting and len(self._found) < len(self._parts):
                    self._changed.wait()
                if not self._waiting:
                    break
                key = self._waiting.pop(0 if self._alone else -1)
            tell(key)
            function, given, named = self._parts[key]
            value = function(*given, **named)
            with self._changed:
                self._found[key] = value
        return {key: self._found[key] for key in self._parts}
