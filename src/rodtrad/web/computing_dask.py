"""How is a study computed on a cluster? The same job, handed to Dask.

Each task starts the same process as on one machine, so that it can be stopped and a
crash takes nothing else with it. Progress comes back as the task's own events. Leaves
out how a cluster is set up (docs/running.md).
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import time
from typing import Any, Final

from rodtrad.domain.words import _
from rodtrad.errors import SourceError
from rodtrad.web.computing import KILL_SECONDS, Job, Outcome, ProcessRun

_log: Final = logging.getLogger("rodtrad.computing")
_LOOK_SECONDS: Final = 0.1
_TELL_SECONDS: Final = 0.5
_CONNECT_SECONDS: Final = 20


def compute_on_cluster(job: Job, topic: str) -> Outcome:
    """Compute a job in a process of its own on the machine that got it."""
    from distributed import Event, get_worker

    worker = get_worker()
    stop: Any = Event(f"stop-{topic}")  # type: ignore[no-untyped-call]
    run = ProcessRun(job)
    told = 0.0
    last: dict[str, Any] = {}
    asked_at: float | None = None
    try:
        while (outcome := run.outcome()) is None:
            if not run.alive() and run.outcome() is None:
                if asked_at is not None:
                    return Outcome(stopped=True)
                # the scheduler gives the task to another, or says that it cannot be done
                msg = "the process that computed the study has ended"
                raise ChildProcessError(msg)
            now = time.monotonic()
            if now - told >= _TELL_SECONDS:
                told, facts = now, run.progress()
                if facts != last:
                    last = facts
                    worker.log_event(topic, facts)
                if asked_at is None and stop.is_set():
                    asked_at = now
                    run.ask_to_stop()
            if asked_at is not None and now - asked_at > KILL_SECONDS:
                return Outcome(stopped=True)
            time.sleep(_LOOK_SECONDS)
        return outcome
    finally:
        run.kill()


class DaskRun:
    """A job on a cluster."""

    def __init__(self, client: Any, job: Job) -> None:
        """Hand the job to the cluster."""
        self._client = client
        self._topic = f"rodtrad-{secrets.token_hex(8)}"
        self._progress: dict[str, Any] = {}
        self._failed = False
        client.subscribe_topic(self._topic, self._hear)
        # the job goes with the task: it can be given to another machine as it is
        self._future = client.submit(
            compute_on_cluster, job, self._topic, pure=False, key=self._topic
        )

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        facts = dict(event[1])
        # the cluster adds which machine told it
        facts.pop("worker", None)
        self._progress = facts

    def progress(self) -> dict[str, Any]:
        """Return what it last told."""
        return self._progress

    def outcome(self) -> Outcome | None:
        """Return what came of it, once it is there."""
        if self._failed or not self._future.done():
            return None
        try:
            found: Outcome = self._future.result(timeout=_CONNECT_SECONDS)
        except Exception:  # noqa: BLE001 - whatever befell the machine, the job is undone
            _log.exception("a task on the cluster failed")
            self._failed = True
            return None
        finally:
            self._let_go()
        return found

    def alive(self) -> bool:
        """Return False when nothing more will come."""
        if self._failed or self._client.status != "running":
            return False
        return self._future.status in ("pending", "finished")

    def ask_to_stop(self) -> None:
        """Ask it to stop as soon as it can, and to hand over the best plan so far."""
        from distributed import Event

        with contextlib.suppress(Exception):
            stop: Any = Event(f"stop-{self._topic}", client=self._client)  # type: ignore[no-untyped-call]
            stop.set()

    def kill(self) -> None:
        """Take it off the cluster; the task ends its process by itself."""
        self.ask_to_stop()
        with contextlib.suppress(Exception):
            self._future.cancel(force=True)
        self._let_go()

    def _let_go(self) -> None:
        with contextlib.suppress(Exception):
            self._client.unsubscribe_topic(self._topic)


class DaskCluster:
    """Jobs on a Dask cluster, or on one that is started on this machine."""

    def __init__(self, address: str = "") -> None:
        """Connect to the scheduler at an address; without one start a cluster here.

        Raises:
            SourceError: Dask is not installed, or the scheduler does not answer.
        """
        try:
            from distributed import Client, LocalCluster
        except ImportError as error:
            raise SourceError(
                _("Dask är inte installerat."),
                _("Installera rodtrad med tillägget cluster."),
                code="dask_missing",
            ) from error
        self._cluster: Any = None
        try:
            if not address:
                self._cluster = LocalCluster(  # type: ignore[no-untyped-call]
                    threads_per_worker=1, dashboard_address=None
                )
            self.client: Any = Client(  # type: ignore[no-untyped-call]
                self._cluster or address, timeout=_CONNECT_SECONDS, set_as_default=False
            )
        except (OSError, ValueError) as error:
            raise SourceError(
                _("Klustret {address} svarar inte.").format(address=address),
                _("Kontrollera RODTRAD_DASK och att schemaläggaren är igång."),
                code="dask_unreachable",
            ) from error

    @property
    def slots(self) -> int:
        """How many jobs may run at once: a thread of the cluster each."""
        threads = self.client.scheduler_info(n_workers=-1)["workers"].values()
        return max(1, sum(int(one["nthreads"]) for one in threads))

    def start(self, job: Job) -> DaskRun:
        """Hand a job to the cluster."""
        return DaskRun(self.client, job)

    def close(self) -> None:
        """Leave the cluster; stop it if it was started here."""
        self.client.close()
        if self._cluster is not None:
            self._cluster.close()
