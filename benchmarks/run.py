"""How fast is it, and how much memory does it take? Prints one table: `make bench`.

Whole processes are timed from start to exit, with the peak memory the system reports
for them, after one warm-up run that compiles the modules. Work (cpu) stands beside the
clock, since a busy machine stretches the clock only. Exits 1 when a limit is broken.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import draws, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rodtrad.domain.components import Tables

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
MEMORY_LIMIT_MB = 600.0
# Compiled modules may be kept, as on any machine in use.
ENVIRONMENT = {
    key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"
}
# Case, gap asked for, gap that must be proven, and the seconds allowed for the plan with
# its reasons, as in the room, and for everything that stands beside it too.
PLANS = [
    ("vimmerby", 0.001, None, 5.0, 20.0),
    ("exempelby", 0.005, 0.005, 20.0, 60.0),
    ("bergen_2012", 0.01, 0.01, 30.0, 40.0),
]
IN_THE_ROOM = "plan,reasons"


@dataclass(frozen=True)
class Line:
    """One row of the table: seconds against their limit, and memory where measured."""

    name: str
    seconds: float
    limit_seconds: float
    memory_mb: float | None = None
    cpu_seconds: float | None = None
    note: str = ""
    held: bool = True
    memory_limit_mb: float = MEMORY_LIMIT_MB

    @property
    def ok(self) -> bool:
        """Whether every limit of the row is kept."""
        small = self.memory_mb is None or self.memory_mb <= self.memory_limit_mb
        return self.held and small and self.seconds <= self.limit_seconds


@dataclass(frozen=True, order=True)
class Run:
    """A finished process: seconds on the clock and of work, peak MB, exit code."""

    seconds: float
    cpu_seconds: float
    memory_mb: float
    code: int


def run_command(*arguments: str) -> Run:
    """Run `rodtrad` once and return what it took."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "rodtrad", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=ENVIRONMENT,
    )
    _pid, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    per_mb = 1024.0 if sys.platform != "darwin" else 1024.0**2
    return Run(
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / per_mb,
        process.returncode,
    )


def line_of(
    name: str, run: Run, limit_seconds: float, note: str, held: bool = True
) -> Line:
    """Return the row of a whole process; a failed one breaks its limits."""
    return Line(
        name,
        run.seconds,
        limit_seconds,
        run.memory_mb,
        run.cpu_seconds,
        f"exit {run.code}" if run.code else note,
        held and run.code == 0,
    )


def measure_starts() -> Iterator[Line]:
    """Time `--help` and `check` of the smallest real underlag."""
    for name, arguments in [
        ("rodtrad --help", ["--help"]),
        ("rodtrad check (Vimmerby)", ["check", str(EXAMPLES / "vimmerby/underlag")]),
    ]:
        runs = sorted(run_command(*arguments) for _repeat in range(5))
        yield line_of(name, runs[len(runs) // 2], 0.6, "median of 5")


def measure_plans(folder: Path) -> Iterator[Line]:
    """Time `rodtrad plan` for the three cases, with its reasons and with everything."""
    for case, gap, must_prove, quick_limit, limit in PLANS:
        underlag = EXAMPLES / case / "underlag"
        for what, more, allowed in (
            ("reasons", ("--only", IN_THE_ROOM), quick_limit),
            ("everything", (), limit),
        ):
            out = folder / f"{case}-{what}"
            name = f"plan {case}, {what}"
            asked = ("--out", str(out), "--gap", str(gap), *more)
            run = run_command("plan", str(underlag), *asked)
            if run.code:
                yield line_of(name, run, allowed, "")
                continue
            stored = (out / "plan.json").read_text(encoding="utf-8")
            status = json.loads(stored)["status"]
            proven = must_prove is None or (
                status["gap"] is not None and status["gap"] <= must_prove
            )
            note = f"gap {status['gap']:.2%}, stopped by {status['stopped']}"
            yield line_of(name, run, allowed, note, proven)


def large_tables() -> Tables:
    """Return Vimmerby's tables with 100,000 rows of population by age and area."""
    from rodtrad.domain.components import build_tables
    from rodtrad.sources import read_underlag

    tables, _issues = read_underlag(EXAMPLES / "vimmerby/underlag")
    records: dict[str, list[dict[str, Any]]] = {
        name: [dict(row) for row in table.records()] for name, table in tables.items()
    }
    start = int(tables.settings["plan_start"])
    records["areas"] = [
        {"area": f"del{n}", "name": f"Område {n}", "lat": 57.6, "lon": 15.8}
        for n in range(50)
    ]
    for name in ("projects", "premises", "assets"):
        for row in records[name]:
            row["area"] = None
    records["premises"] = []
    records["population"] = [
        {"year": year, "area": f"del{n}", "age": age, "sex": sex, "persons": 2}
        for year in range(start, start + 10)
        for n in range(50)
        for age in range(100)
        for sex in ("K", "M")
    ]
    return build_tables(records)


def measure_large_workbook(folder: Path) -> Line:
    """Time reading and checking a workbook of 100,000 rows, in its own process."""
    from rodtrad.sources.workbook import write_workbook

    tables = large_tables()
    rows = len(tables["population"])
    path = folder / "large.xlsx"
    write_workbook(tables, path)
    run = run_command("check", str(path))
    return line_of(f"check, workbook of {rows:,} rows", run, 6.0, "")


def measure_statements() -> Line:
    """Time the statements of 40 years with 10,000 draws, inside one process."""
    import numpy as np

    from rodtrad.capacity.evaluate import plan_totals
    from rodtrad.capacity.statements import forecast_statements
    from rodtrad.domain.arrays import Choice, build_case
    from rodtrad.domain.components import build_tables
    from rodtrad.sources import read_underlag

    tables, _issues = read_underlag(EXAMPLES / "exempelby/underlag")
    records: dict[str, list[dict[str, Any]]] = {
        name: [dict(row) for row in table.records()] for name, table in tables.items()
    }
    first, last = int(tables.settings["plan_start"]), int(tables.settings["plan_end"])
    end = first + 39
    for row in records["settings"]:
        if row["key"] == "plan_end":
            row["value"] = str(end)
    for name in ("years", "existing"):
        final = [row for row in records[name] if row["year"] == last]
        records[name] += [
            {**row, "year": year} for year in range(last + 1, end + 1) for row in final
        ]
    case = build_case(build_tables(records))
    rng = np.random.default_rng(1)
    shape = (41, 10_000)
    case = replace(
        case,
        tax_base_growth=case.tax_base_growth + rng.normal(0, 0.01, shape),
        cost_growth=case.cost_growth + rng.normal(0, 0.01, shape),
        construction_growth=case.construction_growth + rng.normal(0, 0.02, shape),
        interest_rate=case.interest_rate + rng.normal(0, 0.005, shape),
    )
    choices = [
        Choice(
            project.project_id,
            project.alternatives[0].alternative_id,
            project.earliest_year,
        )
        for project in case.projects
    ]
    totals = plan_totals(case, choices)
    began = time.perf_counter()
    years = forecast_statements(case, totals)
    seconds = time.perf_counter() - began
    result = years.statement["ar"]
    shape_held = result.shape == (40, 10_000) and bool(np.isfinite(result).all())
    return Line(
        "statements, 40 years × 10,000 draws",
        seconds,
        1.0,
        note=f"{len(choices)} projects",
        held=shape_held,
    )


def measure_draws() -> Iterator[Line]:
    """Time 10,000 draws of 40 years, and many plans on the same draws."""
    names = {
        "60": "draws, 60 projects",
        "300": "draws, 300 projects",
        "plans100": "draws, 100 plans of 60 projects",
        "kept100": "the same, every line kept",
    }
    for what, limit in draws.LIMITS.items():
        found = draws.run_apart(what)
        yield Line(
            names[what],
            found.seconds,
            limit,
            found.memory_mb,
            found.cpu_seconds,
            f"best of {draws.REPEATS}" if "draws" in found.wall else "",
            memory_limit_mb=draws.MEMORY_LIMIT_MB,
        )


def measure_needs() -> Line:
    """Time the need of a register of 100,000 components, 1,000 draws of 40 years."""
    ran = subprocess.run(
        [sys.executable, str(Path(needs.__file__)), "--row"],
        capture_output=True,
        text=True,
        check=True,
        env={**ENVIRONMENT, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"},
    )
    found = {
        key: float(value)
        for key, value in (word.split("=") for word in ran.stdout.split())
    }
    return Line(
        f"needs, {needs.COMPONENTS:,} components",
        found["seconds"],
        needs.GOAL_SECONDS,
        found["mb"],
        found["cpu"],
        f"{needs.DRAWS:,} draws",
        memory_limit_mb=needs.GOAL_MB,
    )


def main() -> int:
    """Measure everything, print the table, return 1 if a limit is broken."""
    lines: list[Line] = []
    run_command("--help")
    run_command("check", str(EXAMPLES / "vimmerby/underlag"))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        print(
            f"{'what':<38}{'seconds':>9}{'limit':>8}{'cpu s':>8}{'MB':>7}  {'':4} note"
        )
        for source in (
            measure_starts(),
            measure_plans(folder),
            (measure_large_workbook(folder) for _once in range(1)),
            (measure_statements() for _once in range(1)),
            measure_draws(),
            (measure_needs() for _once in range(1)),
        ):
            for line in source:
                lines.append(line)
                memory = "" if line.memory_mb is None else f"{line.memory_mb:.0f}"
                cpu = "" if line.cpu_seconds is None else f"{line.cpu_seconds:.2f}"
                verdict = "ok" if line.ok else "OVER"
                print(
                    f"{line.name:<38}{line.seconds:>9.2f}{line.limit_seconds:>8.1f}"
                    f"{cpu:>8}{memory:>7}  {verdict:<4} {line.note}",
                    flush=True,
                )
    return 0 if all(line.ok for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
