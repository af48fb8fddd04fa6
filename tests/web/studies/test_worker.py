"""The queue and the worker: end to end, stopped, killed, restarted, refused by the disk."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from web.small import hard_tables, small_data, small_tables

from rodtrad.domain.components import build_tables
from rodtrad.web import cases, computing, jobs, publishing, store
from rodtrad.web.computing import Outcome, Processes, ProcessRun
from rodtrad.web.models import Event, Municipality, Publication, Study, Underlag
from rodtrad.web.models.studies import State
from rodtrad.web.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from web.conftest import ClientFor

    from rodtrad.web.models import Version

PLAN_ONLY = {"only": ["plan"], "time_limit": 5}
# so long that a machine with much else to do gets there too
PATIENCE = 180.0


class FakeRun:
    """A job that goes as the test says."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {"stage": "Söker den bästa planen", "gap": 0.2}
        self.result: Outcome | None = None
        self.lives = True
        self.asked = self.killed = False

    def progress(self) -> dict[str, Any]:
        """What the test says."""
        return self.told

    def outcome(self) -> Outcome | None:
        """What the test says."""
        return self.result

    def alive(self) -> bool:
        """What the test says."""
        return self.lives

    def ask_to_stop(self) -> None:
        """Remember it."""
        self.asked = True

    def kill(self) -> None:
        """Remember it."""
        self.killed = True


class Here:
    """Computes each job at once in this process."""

    slots = 1

    def start(self, job: computing.Job) -> FakeRun:
        """Compute the job."""
        run = FakeRun()
        run.result = computing.compute(job, lambda _stage, **_facts: None)
        return run

    def close(self) -> None:
        """Nothing to do."""


class FakeExecutor:
    """Gives jobs to nobody; `runs` are those it was given."""

    def __init__(self, slots: int = 1) -> None:
        self.slots = slots
        self.runs: list[FakeRun] = []

    def start(self, _job: computing.Job) -> FakeRun:
        """Remember the job."""
        self.runs.append(FakeRun())
        return self.runs[-1]

    def close(self) -> None:
        """Nothing to do."""


def work_until(
    worker: Worker, done: Callable[[], bool], between: Callable[[], None] | None = None
) -> None:
    """Let the worker go on until something is true."""
    until = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < until, "nothing came of it"
        worker.step()
        if between is not None:
            between()
        time.sleep(0.02)


def fresh(study: Study) -> Study:
    """The study as it is stored now."""
    return Study.objects.get(pk=study.pk)


def test_a_study_from_queue_to_plan(version: Version) -> None:
    study = jobs.enqueue(None, version, settings={"time_limit": 5})
    worker = Worker(Processes())
    try:
        work_until(worker, lambda: fresh(study).state == State.DONE)
    finally:
        worker.leave()
    done = fresh(study)
    assert done.plan is not None
    assert done.plan["status"]["stopped"] == "proof"
    assert done.plan["status"]["objective"] == pytest.approx(150.0)
    assert {c["project_id"] for c in done.plan["choices"]} >= {"bro", "skola"}
    assert done.plan["meta"]["input_sha256"] == version.fingerprint
    assert done.plan["reasons"]
    assert done.attempts == 1
    assert done.finished_at is not None
    assert done.error == []
    assert [
        e.action for e in Event.objects.filter(object_type="study").order_by("pk")
    ] == [
        "study.queued",
        "study.finished",
    ]


def test_faults_in_the_underlag_come_back_with_their_cells(
    liten: Municipality, tiny_underlag: Underlag
) -> None:
    data = small_data()
    data["projects"][1]["earliest_year"] = 2041
    store.write_tables(tiny_underlag, build_tables(data))
    version = store.make_version(tiny_underlag, "Med fel", None)
    study = jobs.enqueue(None, version, settings=PLAN_ONLY)
    worker = Worker(Here())
    try:
        work_until(worker, lambda: fresh(study).state == State.FAILED)
    finally:
        worker.leave()
    [fault] = [one for one in fresh(study).error if one["severity"] == "error"]
    assert fault["table"] == "projects"
    assert fault["row"] == 3
    assert "2041" in fault["message"]
    assert fault["remedy"]


def test_requirements_that_collide_are_named(tiny_underlag: Underlag) -> None:
    data = small_data()
    data["goals"][0]["value"] = 1_000.0
    store.write_tables(tiny_underlag, build_tables(data))
    version = store.make_version(tiny_underlag, "Går inte ihop", None)
    study = jobs.enqueue(None, version, settings=PLAN_ONLY)
    worker = Worker(Here())
    try:
        work_until(worker, lambda: fresh(study).state == State.FAILED)
    finally:
        worker.leave()
    codes = [one["code"] for one in fresh(study).error]
    assert codes[0] == "no_plan"
    assert "conflict" in codes


def test_a_killed_process_is_tried_twice_again(version: Version) -> None:
    study = jobs.enqueue(None, version, settings=PLAN_ONLY)
    worker = Worker(Processes())
    killed: set[int] = set()

    def kill() -> None:
        for one in worker.underway:
            assert isinstance(one.run, ProcessRun)
            pid = one.run.process.pid
            if pid not in killed:
                killed.add(pid)
                os.kill(pid, signal.SIGKILL)

    try:
        work_until(worker, lambda: fresh(study).state == State.FAILED, kill)
    finally:
        worker.leave()
    assert len(killed) == jobs.MOST_ATTEMPTS
    [fault] = fresh(study).error
    assert fault["message"] == "Datorn avbröt räkningen 3 gånger."
    assert "minnet" in fault["remedy"].casefold()


def test_a_killed_process_loses_nothing(version: Version) -> None:
    study = jobs.enqueue(None, version, settings=PLAN_ONLY)
    worker = Worker(Processes())
    killed: list[int] = []

    def kill_once() -> None:
        for one in worker.underway if not killed else ():
            assert isinstance(one.run, ProcessRun)
            killed.append(one.run.process.pid)
            os.kill(killed[0], signal.SIGKILL)

    try:
        work_until(worker, lambda: fresh(study).state == State.DONE, kill_once)
    finally:
        worker.leave()
    assert fresh(study).attempts == 2


def test_cancel_in_the_queue(version: Version) -> None:
    study = jobs.enqueue(None, version)
    jobs.cancel(None, study)
    assert fresh(study).state == State.CANCELLED
    worker = Worker(FakeExecutor())
    assert worker.step() is False
    assert fresh(study).attempts == 0


def test_cancel_a_running_study_asks_first_and_then_insists(
    version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = jobs.enqueue(None, version)
    executor = FakeExecutor()
    worker = Worker(executor)
    worker.step()
    jobs.cancel(None, study)
    [run] = executor.runs
    work_until(worker, lambda: run.asked)
    assert not run.killed
    assert fresh(study).state == State.RUNNING
    monkeypatch.setattr("rodtrad.web.worker.KILL_SECONDS", 0.0)
    work_until(worker, lambda: fresh(study).state == State.CANCELLED)
    assert [one.killed for one in executor.runs] == [True]
    assert Event.objects.filter(action="study.cancelled").count() == 1


def stopped_outcome(run: ProcessRun, when: Callable[[], bool]) -> Outcome:
    """Ask a process to stop when something is true; return what it hands over."""
    until = time.monotonic() + PATIENCE
    asked = False
    try:
        while (outcome := run.outcome()) is None:
            assert time.monotonic() < until, "nothing came of it"
            assert run.alive() or run.outcome() is not None, "it ended without a word"
            if not asked and when():
                asked = True
                run.ask_to_stop()
            time.sleep(0.02)
    finally:
        run.kill()
    assert outcome.stopped
    return outcome


def test_a_process_asked_to_stop_hands_over_the_best_plan_so_far() -> None:
    settings = {"time_limit": 600, "gap": 0.0, "only": ["plan", "reasons"]}
    run = ProcessRun(computing.Job(hard_tables(), settings))
    outcome = stopped_outcome(run, lambda: run.progress().get("objective") is not None)
    assert outcome.result is not None
    plan = computing.unpacked_json(outcome.result)
    assert plan["status"]["stopped"] == "asked"
    assert plan["status"]["interrupted"]["open"] == ["reasons"]
    assert plan["choices"]
    assert plan["statement"]


STUCK = """
import sys, time
from rodtrad.explain import reasons
from rodtrad.web import computing
reasons.explain_and_improve = lambda *_all: time.sleep(600)
computing.STOP_SECONDS = 0.2
sys.exit(computing.main())
"""


def test_a_step_that_hears_nothing_does_not_cost_the_plan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = subprocess.Popen

    def stuck(command: list[str], **given: Any) -> Any:
        return start([command[0], "-c", STUCK], **given)

    monkeypatch.setattr("rodtrad.web.computing.subprocess.Popen", stuck)
    run = ProcessRun(computing.Job(small_tables(), {"only": ["plan", "reasons"]}))
    outcome = stopped_outcome(run, lambda: run.progress().get("objective") is not None)
    assert outcome.result is not None
    plan = computing.unpacked_json(outcome.result)
    assert plan["status"]["objective"] == pytest.approx(150.0)
    assert plan["status"]["interrupted"]["open"] == ["reasons"]


def test_a_cancelled_study_with_a_plan_can_be_read(
    version: Version, full_result: dict[str, Any]
) -> None:
    study = jobs.enqueue(None, version)
    executor = FakeExecutor()
    worker = Worker(executor)
    worker.step()
    jobs.cancel(None, study)
    [run] = executor.runs
    work_until(worker, lambda: run.asked)
    run.result = Outcome(computing.packed_json(full_result), stopped=True)
    work_until(worker, lambda: fresh(study).state == State.KEPT)
    assert fresh(study).plan == full_result
    assert fresh(study).finished_at is not None
    assert list(Study.objects.readable(version.municipality)) == [study]
    assert Study.objects.newest_plan(version.municipality) == study
    assert Event.objects.filter(action="study.cancelled").count() == 1
    assert not Event.objects.filter(action="study.finished").exists()


def test_a_real_process_stops_when_asked(version: Version) -> None:
    job = computing.Job(store.version_tables(version), {"time_limit": 5})
    run = ProcessRun(job)
    run.ask_to_stop()
    until = time.monotonic() + PATIENCE
    while run.alive() and time.monotonic() < until:
        time.sleep(0.02)
    outcome = run.outcome()
    # asked before it got its job it just ends; after that it says so
    assert outcome is None or outcome.stopped
    run.kill()
    assert run.process.returncode is not None


def test_a_worker_told_to_end_gives_its_study_back(version: Version) -> None:
    study = jobs.enqueue(None, version)
    executor = FakeExecutor()
    worker = Worker(executor)
    worker.step()
    assert fresh(study).state == State.RUNNING
    worker.leave()
    assert executor.runs[0].killed
    again = fresh(study)
    assert (again.state, again.attempts) == (State.QUEUED, 0)


def test_the_study_of_a_dead_worker_goes_back(version: Version) -> None:
    study = jobs.enqueue(None, version)
    jobs.claim("död")
    assert jobs.recover() == 0
    long_ago = timezone.now() - dt.timedelta(seconds=jobs.DEAD_SECONDS + 1)
    Study.objects.update(heartbeat=long_ago)
    assert jobs.recover() == 1
    assert fresh(study).state == State.QUEUED
    # the dead one's answer comes too late to count
    assert not jobs.finish(study, "död", computing.packed_json({}), None)
    assert jobs.claim("ny") is not None
    assert fresh(study).worker == "ny"


def test_a_study_taken_by_another_is_let_go(version: Version) -> None:
    study = jobs.enqueue(None, version)
    executor = FakeExecutor()
    worker = Worker(executor)
    worker.step()
    Study.objects.filter(pk=study.pk).update(worker="annan")
    work_until(worker, lambda: not worker.underway)
    assert executor.runs[0].killed
    assert fresh(study).worker == "annan"


def test_progress_is_told(version: Version) -> None:
    study = jobs.enqueue(None, version)
    worker = Worker(FakeExecutor())
    work_until(worker, lambda: bool(fresh(study).progress))
    told = fresh(study).progress
    assert told["stage"] == "Söker den bästa planen"
    assert told["gap"] == pytest.approx(0.2)
    assert told["seconds"] >= 0
    assert fresh(study).heartbeat is not None


@pytest.mark.parametrize("words", ["database is locked", "database or disk is full"])
def test_a_database_that_refuses_loses_no_result(
    version: Version,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    words: str,
) -> None:
    monkeypatch.setattr("rodtrad.web.worker._AGAIN_SECONDS", 0.0)
    study = jobs.enqueue(None, version)
    executor = FakeExecutor()
    worker = Worker(executor)
    worker.step()
    executor.runs[0].result = Outcome(computing.packed_json({"choices": []}))
    real = jobs.finish
    refusals: list[Any] = []

    def refuse(*arguments: Any) -> bool:
        if len(refusals) < 3:
            refusals.append(arguments)
            raise OperationalError(words)
        return real(*arguments)

    monkeypatch.setattr(jobs, "finish", refuse)
    work_until(worker, lambda: fresh(study).state == State.DONE)
    assert len(refusals) == 3
    assert fresh(study).plan == {"choices": []}
    # said once, however often it happens
    assert sum(words in record.message for record in caplog.records) == 1


def test_the_municipality_that_has_waited_longest_goes_first(
    version: Version, annan: Municipality
) -> None:
    other = Underlag.objects.create(municipality=annan, name="Annan")
    theirs = store.make_version(other, "Första", None)
    ours = [jobs.enqueue(None, version) for _ in range(3)]
    last = jobs.enqueue(None, theirs)
    assert jobs.waiting_before(last) == 1
    assert [jobs.waiting_before(one) for one in ours] == [1, 2, 3]
    order = []
    while (study := jobs.claim("räknare")) is not None:
        order.append(study.pk)
    assert order == [ours[0].pk, last.pk, ours[1].pk, ours[2].pk]
    # whoever was started last waits, also with a study that was asked for earlier
    one = jobs.enqueue(None, version)
    two = jobs.enqueue(None, theirs)
    assert [jobs.claim("räknare"), jobs.claim("räknare")] == [two, one]


def test_one_who_asks_for_very_much_does_not_stop_the_others(
    version: Version, annan: Municipality
) -> None:
    other = Underlag.objects.create(municipality=annan, name="Annan")
    theirs = store.make_version(other, "Första", None)
    jobs.enqueue(None, version)
    jobs.claim("räknare")
    Study.objects.bulk_create(
        Study(municipality=version.municipality, number=n, version=version)
        for n in range(100, 200)
    )
    wanted = jobs.enqueue(None, theirs)
    assert jobs.claim("räknare") == wanted


def test_as_many_at_once_as_there_are_slots(version: Version) -> None:
    for _ in range(3):
        jobs.enqueue(None, version)
    worker = Worker(FakeExecutor(slots=2))
    worker.step()
    assert len(worker.underway) == 2
    assert Study.objects.filter(state=State.QUEUED).count() == 1


def test_what_a_study_is_asked_for_reaches_it(version: Version) -> None:
    locked = [{"project_id": "park", "included": False}]
    study = jobs.enqueue(None, version, settings={**PLAN_ONLY, "locked": locked})
    worker = Worker(Here())
    try:
        work_until(worker, lambda: fresh(study).state == State.DONE)
    finally:
        worker.leave()
    plan = fresh(study).plan
    assert plan is not None
    assert "park" not in {c["project_id"] for c in plan["choices"]}


# ---------------------------------------------------------------- the example's plan


@pytest.fixture
def vimmerby() -> Version:
    """A municipality with the name of an example."""
    place = Municipality.objects.create(slug="vimmerby", name="Vimmerby", code="0884")
    underlag = Underlag.objects.create(municipality=place, name="Vimmerby")
    store.write_tables(underlag, small_tables())
    return store.make_version(underlag, "Första", None)


def computed(worker: Worker, study: Study, result: dict[str, Any]) -> None:
    """Let the worker have the result of a study, and go on until it is handed in."""
    worker.step()
    [run] = [one.run for one in worker.underway if one.study.pk == study.pk]
    assert isinstance(run, FakeRun)
    run.result = Outcome(computing.packed_json(result))
    work_until(
        worker, lambda: study.pk not in {one.study.pk for one in worker.underway}
    )


def test_the_examples_first_plan_is_published(
    vimmerby: Version, full_result: dict[str, Any]
) -> None:
    cases.order_studies([vimmerby.municipality])
    study = Study.objects.get()
    computed(Worker(FakeExecutor()), study, full_result)
    assert fresh(study).state == State.DONE
    assert Publication.objects.get().study == study


def test_a_plan_is_not_published_for_its_name(
    vimmerby: Version, full_result: dict[str, Any], client_for: ClientFor
) -> None:
    """Whatever somebody calls it, and however it is asked for once more."""
    named = jobs.enqueue(None, vimmerby, name=cases.FIRST_PLAN)
    worker = Worker(FakeExecutor())
    computed(worker, named, full_result)
    assert fresh(named).state == State.DONE
    marked = jobs.enqueue(None, vimmerby, settings={"example": True, **PLAN_ONLY})
    jobs.cancel(None, marked)
    client = client_for("ekonom", vimmerby.municipality)
    again = f"/vimmerby/studier/{marked.number}/igen/"
    assert client.post(again).status_code == 302
    asked = Study.objects.get(state=State.QUEUED)
    assert asked.settings == PLAN_ONLY
    computed(worker, asked, full_result)
    assert fresh(asked).state == State.DONE
    assert not Publication.objects.exists()


def test_what_is_another_workers_is_not_published(
    vimmerby: Version, full_result: dict[str, Any]
) -> None:
    cases.order_studies([vimmerby.municipality])
    study = Study.objects.get()
    executor = FakeExecutor()
    worker = Worker(executor)
    worker.step()
    Study.objects.update(worker="annan")
    executor.runs[0].result = Outcome(computing.packed_json(full_result))
    worker.step()
    assert not worker.underway
    assert fresh(study).state == State.RUNNING
    assert not Publication.objects.exists()


def test_an_example_that_cannot_be_published_stops_no_study(
    vimmerby: Version,
    full_result: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_arguments: Any) -> None:
        raise KeyError("projects")

    monkeypatch.setattr(publishing, "publish", fail)
    cases.order_studies([vimmerby.municipality])
    first = Study.objects.get()
    other = jobs.enqueue(None, vimmerby)
    worker = Worker(FakeExecutor(slots=2))
    computed(worker, first, full_result)
    assert fresh(first).state == State.DONE
    assert [one.study for one in worker.underway] == [other]
    assert "the example is not published" in caplog.text
