"""What every test shares: importable test modules, larger data, golden files.

Larger data lie outside the repository, in $RODTRAD_DATA or else ../shared/data. A test
that needs them asks for the fixture `shared_data`; where they are absent it is skipped,
and the run says how many were. With RODTRAD_REQUIRE_DATA=1 (CI) that fails the run.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from rodtrad.sources import read_underlag
from rodtrad.study import Settings, run

_TESTS = str(Path(__file__).resolve().parent)
if _TESTS not in sys.path:
    # pytest runs with --import-mode=importlib
    sys.path.insert(0, _TESTS)

VIMMERBY = Path(__file__).parents[1] / "examples" / "vimmerby" / "underlag"
ABSENT = "RODTRAD_DATA: the larger data are not here"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite the golden files; review the difference before committing",
    )


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten rather than compared."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of larger data; the test is skipped where there is none."""
    given = os.environ.get("RODTRAD_DATA")
    folder = Path(given) if given else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(ABSENT)
    return folder


@pytest.fixture(scope="session")
def vimmerby_result(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> dict[str, Any]:
    """The whole study of the Vimmerby case, as in plan.json; computed once a run."""
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":  # the processes of one run have a folder in common
        folder = folder.parent
    with (folder / "vimmerby.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = folder / "vimmerby.json"
        if not kept.exists():
            tables, _issues = read_underlag(VIMMERBY)
            asked = Settings(draws=20, gap=0.02, work_limit=400)
            kept.write_text(json.dumps(run(tables, asked).result), "utf-8")
        found: dict[str, Any] = json.loads(kept.read_text("utf-8"))
        return found


def _absent(terminalreporter: pytest.TerminalReporter) -> int:
    skipped = terminalreporter.stats.get("skipped", [])
    return sum("RODTRAD_DATA" in str(report.longrepr) for report in skipped)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    count = _absent(terminalreporter)
    if count:
        terminalreporter.write_line(
            f"{count} tests skipped: the larger data are absent (RODTRAD_DATA)",
            yellow=True,
        )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    required = os.environ.get("RODTRAD_REQUIRE_DATA") == "1"
    if (
        required
        and reporter is not None
        and _absent(reporter)
        and not session.exitstatus
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_collection_finish() -> None:
    """What is loaded by now stays: it need not be looked through for rubbish again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
