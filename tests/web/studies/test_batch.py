"""A folder of underlag, and every municipality, at once; killed in the middle; on Dask."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from web.small import small_data
from web.studies.test_worker import FakeExecutor, Here

from rodtrad.cli import run_command
from rodtrad.domain.components import build_tables
from rodtrad.errors import SourceError
from rodtrad.sources.csv_folder import csv_texts
from rodtrad.web import batch, computing
from rodtrad.web.models import Municipality, Study, Underlag
from rodtrad.web.models.studies import State

if TYPE_CHECKING:
    from pathlib import Path

ASKED = {"time_limit": 5.0, "only": ["plan"]}
PATIENCE = 240.0


def write_underlag(folder: Path, **changes: Any) -> None:
    """Write the small underlag as a CSV folder, some settings changed."""
    data = small_data()
    for row in data["settings"]:
        row["value"] = changes.get(row["key"], row["value"])
    if "goal" in changes:
        data["goals"][0]["value"] = changes["goal"]
    folder.mkdir(parents=True)
    for name, text in csv_texts(build_tables(data)).items():
        (folder / f"{name}.csv").write_text(text, "utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three underlag: two that can be planned, one whose requirements collide."""
    place = tmp_path / "underlag"
    write_underlag(place / "aby")
    write_underlag(place / "bäckby", municipality_name="Bäckby")
    write_underlag(place / "olösligt", goal=1_000.0)
    (place / "anteckningar.txt").write_text("inget underlag")
    return place


def states(items: list[batch.Item]) -> dict[str, str]:
    """What came of each item."""
    return {item.name: item.state for item in items}


def test_a_folder_is_computed_and_not_again(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ut"
    items = batch.items_of(folder)
    assert batch.run(items, Here(), out, ASKED) == 1
    done = {"aby": "done", "bäckby": "done", "olösligt": "failed"}
    assert states(items) == done
    shown = capsys.readouterr()
    assert "2 av 3 underlag är klara." in shown.out
    assert "olösligt: gick inte" in shown.err
    # each folder stands for itself
    assert run_command(["verify", str(out / "aby")]) == 0
    again = batch.items_of(folder)
    executor = Here()
    assert batch.run(again, executor, out, ASKED) == 1
    assert states(again) == {"aby": "kept", "bäckby": "kept", "olösligt": "failed"}
    # other settings, or another underlag, are another plan
    other = batch.items_of(folder)
    assert batch.run(other[:1], Here(), out, {**ASKED, "time_limit": 6.0}) == 0
    assert other[0].state == "done"
    (folder / "aby" / "settings.csv").write_text(
        (folder / "aby" / "settings.csv").read_text("utf-8").replace("Liten", "Åby"),
        "utf-8",
    )
    changed = batch.items_of(folder)
    batch.run(changed[:1], Here(), out, {**ASKED, "time_limit": 6.0})
    assert changed[0].state == "done"
    plan = json.loads((out / "aby" / "plan.json").read_text("utf-8"))
    assert plan["meta"]["municipality"] == "Åby"


def test_a_plan_half_written_is_written_again(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "ut"
    items = batch.items_of(folder)[:1]
    batch.run(items, Here(), out, ASKED)
    # killed after the marker of the old plan went and before the new one came
    (out / f"aby{batch.MARKER}").unlink()
    (out / ".aby.ny").mkdir()
    again = batch.items_of(folder)[:1]
    assert batch.run(again, Here(), out, ASKED) == 0
    assert again[0].state == "done"
    assert not (out / ".aby.ny").exists()


def test_a_computer_that_dies_is_tried_twice_again(
    folder: Path, tmp_path: Path
) -> None:
    class Dies(FakeExecutor):
        def start(self, job: computing.Job) -> Any:
            run = super().start(job)
            run.lives = False
            return run

    executor = Dies()
    items = batch.items_of(folder)[:1]
    assert batch.run(items, executor, tmp_path / "ut", ASKED) == 1
    assert len(executor.runs) == batch.MOST_ATTEMPTS
    assert "3 gånger" in items[0].issues[0]["message"]


def test_a_full_disk_is_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(batch, "write_result", full)
    items = batch.items_of(folder)[:2]
    assert batch.run(items, Here(), tmp_path / "ut", ASKED) == 1
    assert "kunde inte skrivas" in items[0].issues[0]["message"]
    assert states(items) == {"aby": "failed", "bäckby": "failed"}


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="finns inte"):
        batch.items_of(tmp_path / "borta")
    with pytest.raises(SourceError, match="inga underlag"):
        batch.items_of(tmp_path)


def test_every_municipality(
    tmp_path: Path, liten: Municipality, tiny_underlag: Underlag, annan: Municipality
) -> None:
    Underlag.objects.create(municipality=annan, name="Annan")
    items = batch.items_of_all()
    assert batch.run(items, Here(), tmp_path / "ut", ASKED) == 1
    assert states(items) == {"annan": "failed", "liten": "done"}
    study = Study.objects.get()
    assert (study.municipality, study.state) == (liten, State.DONE)
    assert study.plan is not None
    again = batch.items_of_all()
    batch.run(again, Here(), tmp_path / "ut", ASKED)
    assert states(again)["liten"] == "kept"
    assert Study.objects.count() == 1


def test_the_command_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["batch"]) == 2
    assert "Ange en mapp eller --all" in capsys.readouterr().err
    assert run_command(["batch", "x", "--executor", "moln"]) == 2


def _start(folder: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "rodtrad", "batch", str(folder), "--out", str(out)]
    command += ["--only", "plan", "--time-limit", "5", *more]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=out.parent,
    )


@pytest.mark.home
def test_a_batch_that_is_killed_goes_on(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "ut"
    first = _start(folder, out)
    until = time.monotonic() + PATIENCE
    while not (out / f"aby{batch.MARKER}").exists():
        assert time.monotonic() < until
        assert first.poll() is None
        time.sleep(0.02)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    second = _start(folder, out, "--json")
    told, _said = second.communicate(timeout=PATIENCE)
    assert second.returncode == 1
    found = {one["name"]: one["state"] for one in json.loads(told)["underlag"]}
    assert found["aby"] == "kept"
    assert found["bäckby"] in ("done", "kept")
    assert not (out.parent / "rodtrad-data").exists()


@pytest.mark.home
def test_on_a_dask_cluster_with_a_killed_worker(folder: Path, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    from rodtrad.web.computing_dask import DaskCluster

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        executor = DaskCluster(cluster.scheduler_address)
        assert executor.slots == 2
        items = batch.items_of(folder)
        killed: list[int] = []

        class Killing:
            """Starts jobs on the cluster; kills the first one's machine in the middle."""

            @property
            def slots(self) -> int:
                return 2

            def start(self, job: computing.Job) -> Any:
                run = executor.start(job)
                if not killed:
                    until = time.monotonic() + PATIENCE
                    while not (address := self._busy()):
                        assert time.monotonic() < until
                        time.sleep(0.01)
                    pid = executor.client.run(os.getpid, workers=[address])[address]
                    killed.append(pid)
                    os.kill(pid, signal.SIGKILL)
                return run

            def _busy(self) -> str:
                found = executor.client.processing().items()
                return next((address for address, tasks in found if tasks), "")

            def close(self) -> None:
                executor.close()

        code = batch.run(items, Killing(), tmp_path / "ut", ASKED)
    assert killed
    assert code == 1
    assert states(items) == {"aby": "done", "bäckby": "done", "olösligt": "failed"}
    assert run_command(["verify", str(tmp_path / "ut" / "aby")]) == 0


@pytest.mark.home
def test_a_study_on_a_cluster_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    from rodtrad.web import computing_dask
    from rodtrad.web.computing_dask import DaskCluster

    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        executor = DaskCluster(cluster.scheduler_address)
        run = executor.start(computing.Job(build_tables(small_data()), ASKED))
        run.ask_to_stop()
        until = time.monotonic() + PATIENCE
        while (outcome := run.outcome()) is None and run.alive():
            assert time.monotonic() < until
            time.sleep(0.05)
        # asked before it began it may not have got its job: then its machine says so
        assert outcome is None or outcome.stopped or outcome.result is not None
        executor.close()
    # nobody listens there: how long one waits for a slow one is not what is tried
    monkeypatch.setattr(computing_dask, "_CONNECT_SECONDS", 0.5)
    with pytest.raises(SourceError, match="svarar inte"):
        DaskCluster("tcp://127.0.0.1:1")
