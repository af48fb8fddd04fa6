"""What does a computer do that has been given a study? A process of its own computes it.

Free of Django and of the database, so that the same code runs beside the web server, on
a machine of a cluster, and for a folder of underlag. A job goes in, progress comes out
now and then, and at last an outcome: the packed result, or why there is none. Leaves
out who asks for what and where the outcome is kept (jobs, worker, batch).
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import pickle
import struct
import subprocess
import sys
import threading
import time
import zlib
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final, NoReturn, Protocol, cast

from rodtrad.domain.words import SWEDISH, _, in_language

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rodtrad.domain.components import Tables
    from rodtrad.study import Study

_log: Final = logging.getLogger("rodtrad.computing")
_LENGTH: Final = struct.Struct(">Q")
# Whoever is asked to stop has so long to hear it, and so long to gather what there is.
STOP_SECONDS: Final = 5.0
GATHER_SECONDS: Final = 20.0
# Then it is ended from without.
KILL_SECONDS: Final = 2 * STOP_SECONDS + GATHER_SECONDS
_STOP: Final = b"s"
_TELL_SECONDS: Final = 0.1


@dataclass(frozen=True)
class Job:
    """A study to compute: the underlag and `rodtrad.study.Settings` as JSON."""

    tables: Tables
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What came of a job: the packed result, or the issues that say why there is none.

    `stopped` is True where it ended because somebody asked; the result, if there is
    one, is then the best plan so far.
    """

    result: bytes | None = None
    certificates: bytes | None = None
    issues: tuple[dict[str, Any], ...] = ()
    stopped: bool = False


def _plain(value: Any) -> Any:
    """Return a progress fact as JSON holds it; what is no number is nothing."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool) else None


def packed_json(value: Any) -> bytes:
    """Return a value as compressed JSON, as `Study.result` holds it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode(), 6)


def unpacked_json(packed: bytes | memoryview) -> Any:
    """Return what `packed_json` packed."""
    return json.loads(zlib.decompress(bytes(packed)))


# ---------------------------------------------------------------- why there is none


def issue(code: str, message: str, remedy: str = "") -> dict[str, Any]:
    """Return a fault that belongs to no cell, as plan.json shows it."""
    return {
        "code": code,
        "severity": "error",
        "table": "",
        "row": None,
        "column": "",
        "message": message,
        "remedy": remedy,
    }


def issues_of(error: Exception) -> list[dict[str, Any]]:
    """Return an error as issues in plain words; a fault of ours tells no details.

    The codes `conflict` and `repair` are the requirements that collide and the least
    change that is enough.
    """
    from rodtrad.errors import InputError, NoPlanError, RodtradError, SolverError

    if isinstance(error, InputError):
        return [one.as_dict() for one in error.issues]
    if isinstance(error, NoPlanError):
        rows = [issue("no_plan", str(error))]
        rows += [issue("conflict", text) for text in error.conflict]
        return [*rows, *(issue("repair", text) for text in error.repair)]
    if isinstance(error, SolverError) and error.status in ("time", "work"):
        return [
            issue(
                "too_short",
                _("Tiden räckte inte för att hitta en plan som håller alla krav."),
                _("Ge planen längre tid och räkna igen."),
            )
        ]
    if isinstance(error, RodtradError):
        return [issue("study_failed", str(error))]
    if isinstance(error, MemoryError):
        return [
            issue(
                "memory",
                _("Datorns minne räckte inte för studien."),
                _("Räkna färre delar, eller på en större dator."),
            )
        ]
    return [
        issue(
            "study_failed",
            _("Ett fel i programmet stoppade räkningen."),
            _("Felet står i serverns logg."),
        )
    ]


def outcome_of(done: Study) -> Outcome:
    """Return a study as it is handed over."""
    proofs = done.certificates
    return Outcome(
        packed_json(done.result),
        None if proofs is None else packed_json(proofs),
        stopped="interrupted" in done.result["status"],
    )


@in_language(SWEDISH)
def compute(
    job: Job,
    tell: Callable[..., object],
    keep: Callable[[Callable[[], Study]], None] | None = None,
) -> Outcome:
    """Return what comes of a job, in Swedish; `tell` and `keep` as `rodtrad.study.run` has them."""
    from rodtrad import study
    from rodtrad.errors import RodtradError, SolverError

    try:
        settings = study.read_settings(job.settings)
        return outcome_of(study.run(job.tables, settings, tell, keep))
    except RodtradError as error:
        if isinstance(error, SolverError) and error.status == "asked":
            return Outcome(stopped=True)
        return Outcome(issues=tuple(issues_of(error)))
    except Exception as error:  # noqa: BLE001 - the last guard: the study says so itself
        _log.exception("a study failed")
        return Outcome(issues=tuple(issues_of(error)))


# ---------------------------------------------------------------- the process's own end


def _send(stream: IO[bytes], what: object) -> None:
    data = pickle.dumps(what)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def _receive(stream: IO[bytes]) -> Any:
    """Return the next thing sent, or None when the other end is gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    size: int = _LENGTH.unpack(head)[0]
    data = stream.read(size)
    return pickle.loads(data) if len(data) == size else None  # noqa: S301 - our own


class _Telling:
    """Hands progress on, not too often, and hears whether to stop.

    Asked to stop in the middle of a step that tells nothing, this process hands over
    what it has and ends by itself. It ends at once when the other end is gone.
    """

    def __init__(self, source: IO[bytes], target: IO[bytes]) -> None:
        self._source, self._target = source, target
        self._told = 0.0
        self._stage = ""
        self._stop = threading.Event()
        self._sending, self._answering = threading.Lock(), threading.Lock()
        # whether there is a plan to wait for, and whether the stop has been heard
        self._found = self._heard = False
        self._so_far: Callable[[], Study] | None = None
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        if self._source.read(1) != _STOP:
            os._exit(1)
        self._stop.set()
        time.sleep(STOP_SECONDS / 2)
        if self._heard or (self._found and self._so_far is None):
            time.sleep(GATHER_SECONDS)
        if self._so_far is not None:
            with contextlib.suppress(Exception):
                self.answer(outcome_of(self._so_far()))
        os._exit(1)

    def keep(self, so_far: Callable[[], Study]) -> None:
        """Remember how the study is gathered as it stands."""
        self._so_far = so_far

    def answer(self, outcome: Outcome) -> NoReturn:
        """Hand over the outcome and end the process; the first to answer does."""
        with self._answering:
            with contextlib.suppress(BrokenPipeError), self._sending:
                _send(self._target, outcome)
            # no waiting for threads of the solver
            sys.stderr.flush()
            os._exit(0)

    def __call__(self, stage: str, **facts: Any) -> bool:
        if self._stop.is_set():
            self._heard = True
            return True
        self._found = self._found or facts.get("objective") is not None
        now = time.monotonic()
        if stage != self._stage or now - self._told >= _TELL_SECONDS:
            self._told, self._stage = now, stage
            plain = {key: _plain(value) for key, value in facts.items()}
            with contextlib.suppress(BrokenPipeError), self._sending:
                _send(self._target, {"stage": stage, **plain})
        return False


def main() -> int:
    """Compute the one job that comes in, and leave."""
    source = sys.stdin.buffer
    # what the solver or a library prints must not come between
    target = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    job = _receive(source)
    if job is not None:
        telling = _Telling(source, target)
        telling.answer(compute(job, telling, telling.keep))
    return 1


# ---------------------------------------------------------------- the asker's end


class Run(Protocol):
    """A job that is being computed somewhere."""

    def progress(self) -> dict[str, Any]:
        """Return what it last told."""

    def outcome(self) -> Outcome | None:
        """Return what came of it, once it is there."""

    def alive(self) -> bool:
        """Return False when nothing more will come."""

    def ask_to_stop(self) -> None:
        """Ask it to stop as soon as it can, and to hand over the best plan so far."""

    def kill(self) -> None:
        """End it now, and wait until it has ended."""


class ProcessRun:
    """A job in a process of its own on this machine."""

    def __init__(self, job: Job) -> None:
        """Start the process and hand the job over."""
        self._progress: dict[str, Any] = {}
        self._outcome: Outcome | None = None
        command = [sys.executable, "-m", "rodtrad.web.computing"]
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # a Ctrl-C in the terminal is for the one that asked
            start_new_session=True,
        )
        self._to = cast("IO[bytes]", self.process.stdin)
        self._from = cast("IO[bytes]", self.process.stdout)
        self._talking = threading.Lock()
        self._handed = self._asked = False
        self._listener = threading.Thread(target=self._listen, args=(job,), daemon=True)
        self._listener.start()

    def _listen(self, job: Job) -> None:
        try:
            with self._talking:
                if not self._asked:
                    _send(self._to, job)
                self._handed = True
            while (told := _receive(self._from)) is not None:
                if isinstance(told, Outcome):
                    self._outcome = told
                    return
                self._progress = told
        except (OSError, ValueError, EOFError, pickle.UnpicklingError):
            # the process has gone: `alive` tells
            return

    def progress(self) -> dict[str, Any]:
        """Return what it last told."""
        return self._progress

    def outcome(self) -> Outcome | None:
        """Return what came of it, once it is there."""
        if self._outcome is not None:
            self._close()
        return self._outcome

    def alive(self) -> bool:
        """Return False when nothing more will come."""
        return self._listener.is_alive()

    def ask_to_stop(self) -> None:
        """Ask it to stop as soon as it can, and to hand over the best plan so far."""
        with self._talking, contextlib.suppress(OSError, ValueError):
            if self._handed and not self._asked:
                self._to.write(_STOP)
                self._to.flush()
            elif not self._handed:
                # it has not even got its job
                self._to.close()
            self._asked = True

    def kill(self) -> None:
        """End it now, and wait until it has ended."""
        self.process.kill()
        self._close()

    def _close(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._to.close()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._listener.join(STOP_SECONDS)
        self._from.close()


class Executor(Protocol):
    """Where jobs are computed. `slots` is how many at a time."""

    @property
    def slots(self) -> int:
        """How many jobs may run at once."""

    def start(self, job: Job) -> Run:
        """Begin to compute a job."""

    def close(self) -> None:
        """Let go of the machines."""


class Processes:
    """Jobs as processes of this machine."""

    def __init__(self, slots: int = 1) -> None:
        """Allow so many at a time; the solver uses threads of its own."""
        self.slots = slots

    def start(self, job: Job) -> Run:
        """Begin to compute a job in a process of its own."""
        return ProcessRun(job)

    def close(self) -> None:
        """Nothing to let go of."""


def executor_named(name: str, address: str = "") -> Executor:
    """Return an executor, `process` or `dask`.

    Args:
        name: which one.
        address: of the cluster's scheduler; empty for a cluster on this machine.

    Raises:
        SourceError: no such executor, or the cluster does not answer.
    """
    from rodtrad.errors import SourceError

    if name == "process":
        return Processes()
    if name == "dask":
        from rodtrad.web.computing_dask import DaskCluster

        return DaskCluster(address)
    raise SourceError(
        _("Räknaren ”{name}” finns inte.").format(name=name),
        _("Välj process eller dask."),
        code="executor_unknown",
    )


if __name__ == "__main__":
    # under its own name, so that both ends mean the same classes
    from rodtrad.web import computing

    sys.exit(computing.main())
