"""How does the worker go on? Claims studies, has them computed, hands them in, and again.

Each study is computed in a process of its own (or on a cluster): what stops or crashes
there takes nothing else with it, and this loop always answers. It stops when asked
(SIGTERM, Ctrl-C) or when the server that started it is gone; what it was computing then
goes back to the queue. Leaves out the order of the queue (jobs).
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db import close_old_connections
from django.db.utils import DatabaseError

from rodtrad.web import cases, imports, in_use, jobs, store
from rodtrad.web.computing import KILL_SECONDS, Job, executor_named
from rodtrad.web.errands import HEAVY, Errands

if TYPE_CHECKING:
    from types import FrameType

    from rodtrad.web.computing import Executor, Outcome, Run
    from rodtrad.web.models.studies import Study

_log: Final = logging.getLogger("rodtrad.worker")
_LOOK_SECONDS: Final = 0.1
_IDLE_SECONDS: Final = 0.5
_RECOVER_SECONDS: Final = 5.0
# Workbooks that nobody approved are looked for no more often than this.
_TIDY_SECONDS: Final = 3_600.0
# Progress is written no more often than this.
_TELL_SECONDS: Final = 0.5
# So long between attempts to write to a database that refuses.
_AGAIN_SECONDS: Final = 1.0


@dataclass
class _Underway:
    """A study that is being computed: what was told of it, and when."""

    study: Study
    run: Run
    began: float
    told: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)
    asked: float | None = None
    outcome: Outcome | None = None


class Worker:
    """Takes studies from the queue, as many at a time as the executor has slots for."""

    def __init__(self, executor: Executor, name: str = "") -> None:
        """Take a name of its own in the queue."""
        self.executor = executor
        self.name = (
            name
            or (f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"[:80])
        )
        self.underway: list[_Underway] = []
        self._recovered = self._refused = 0.0
        self._tidied: float | None = None
        self._was_refused = False

    def step(self) -> bool:
        """Look after what is under way and take more; False if there is nothing to do.

        A database that refuses (locked, full, gone) loses nothing: what is to be written
        is kept and tried again.
        """
        now = time.monotonic()
        if self._was_refused and now - self._refused < _AGAIN_SECONDS:
            return bool(self.underway)
        try:
            for one in list(self.underway):
                if not self._look_after(one):
                    self.underway.remove(one)
            if now - self._recovered >= _RECOVER_SECONDS:
                self._recovered = now
                jobs.recover()
            if self._tidied is None or now - self._tidied >= _TIDY_SECONDS:
                imports.forget_old()
                self._tidied = now
            while len(self.underway) < self.executor.slots:
                study = jobs.claim(self.name)
                if study is None:
                    break
                self._begin(study)
        except DatabaseError as error:
            if not self._was_refused:
                _log.error("the database refuses, trying again: %s", error)
            self._refused, self._was_refused = now, True
            return bool(self.underway)
        if self._was_refused:
            self._was_refused = False
            _log.warning("the database answers again")
        return bool(self.underway)

    def _begin(self, study: Study) -> None:
        asked = {**study.asked, "scenario": study.scenario or None}
        try:
            job = Job(store.version_tables(study.version), asked)
            run = self.executor.start(job)
        except DatabaseError:
            raise
        except Exception:  # noqa: BLE001 - tried again, and given up after a while
            _log.exception("study %s could not be started", study.pk)
            jobs.put_back(study, self.name)
            return
        self.underway.append(_Underway(study, run, time.monotonic()))

    def _look_after(self, one: _Underway) -> bool:
        """Tell how far a study has come, or hand it in; False when it is over."""
        if one.outcome is None:
            one.outcome = one.run.outcome()
        if one.outcome is None and not one.run.alive():
            # it may have been handed over just before it ended
            one.outcome = one.run.outcome()
            if one.outcome is None:
                one.run.kill()
                jobs.put_back(one.study, self.name)
                return False
        if one.outcome is not None:
            self._hand_in(one, one.outcome)
            return False
        now = time.monotonic()
        if one.asked is not None and now - one.asked > KILL_SECONDS:
            one.run.kill()
            jobs.cancelled(one.study, self.name)
            return False
        facts = one.run.progress()
        due = jobs.HEARTBEAT_SECONDS if facts == one.facts else _TELL_SECONDS
        if now - one.told < due:
            return True
        one.facts = facts
        told = {**facts, "seconds": round(now - one.began, 1)}
        go_on = jobs.tell(one.study, self.name, told)
        one.told = now
        if not go_on and one.asked is None:
            if not jobs.is_mine(one.study, self.name):
                one.run.kill()
                return False
            one.asked = now
            one.run.ask_to_stop()
        return True

    def _hand_in(self, one: _Underway, outcome: Outcome) -> None:
        found = outcome.result, outcome.certificates
        if outcome.stopped:
            jobs.cancelled(one.study, self.name, *found)
        elif outcome.result is not None:
            if jobs.finish(one.study, self.name, outcome.result, outcome.certificates):
                cases.publish_first(one.study)
        else:
            jobs.fail(one.study, self.name, outcome.issues)

    def leave(self) -> None:
        """Stop what is under way and give it back to the queue."""
        for one in self.underway:
            one.run.kill()
        for one in self.underway:
            try:
                if one.outcome is None:
                    jobs.hand_back(one.study, self.name)
                else:
                    self._hand_in(one, one.outcome)
            except DatabaseError:
                # another worker takes it when this one has been silent long enough
                _log.warning("study %s could not be given back", one.study.pk)
        self.underway = []
        self.executor.close()


def run(*, once: bool = False) -> int:
    """Work until told to stop, or with `once` until the queue is empty.

    Raises:
        SourceError: the executor of the settings cannot be used.
    """
    parent, told_to_stop = os.getppid(), False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal told_to_stop
        told_to_stop = True

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, stop)
    with in_use.serving():
        worker = Worker(
            executor_named(settings.RODTRAD_EXECUTOR, settings.RODTRAD_DASK)
        )
        errands = (Errands(), Errands(HEAVY))
        try:
            while not told_to_stop and os.getppid() == parent:
                close_old_connections()
                busy = worker.step()
                for lane in errands:
                    lane.step()
                if once and not busy:
                    break
                time.sleep(_LOOK_SECONDS if busy else _IDLE_SECONDS)
        finally:
            for lane in errands:
                lane.leave()
            worker.leave()
    return 0
