"""How fast is a proof, next to other solvers? Times them all: `make bench-planner`.

One solver at a time, one process a solve, the same limit for each. What is finished is
stored in `results/*.csv` and not run again (`--again` does it over), so a long run can
be stopped and taken up. Last, the page docs/performance.md and its picture are written.
By default tight, 60 and 300 projects, three municipalities; `FULL=1` runs every size,
tightness and municipality, the knapsacks and the agreement map.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from instances import TIGHTNESS, generate
from performance import thinned, write_page

from rodtrad.sources.csv_folder import write_csv_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HERE: Final = Path(__file__).resolve().parent
RESULTS: Final = HERE / "results"
PAGE: Final = HERE.parents[1] / "docs" / "performance.md"
SECONDS: Final = 60.0
SOLVERS: Final = ("rodtrad", "highs-2", "highs-1", "linopy", "scip", "cpsat-2")
SIZES: Final = (60, 300, 1000, 3000)
SEEDS: Final = 5
SOLVE_COLUMNS: Final = (
    "projects", "tightness", "seed", "solver", "version", "cores", "limit",
    "build_seconds", "seconds", "status", "plan", "bound", "value", "broken",
)  # fmt: skip
POINT_COLUMNS: Final = ("projects", "tightness", "seed", "solver", "second", "plan", "bound")  # fmt: skip
MEASURE_COLUMNS: Final = ("projects", "tightness", "seed", "measure", "number", "seconds", "gap", "wanted")  # fmt: skip


@dataclass(frozen=True, order=True)
class Instance:
    """A made-up municipality."""

    projects: int
    tightness: str
    seed: int

    @property
    def key(self) -> dict[str, str]:
        """What a row of the results is known by."""
        return {
            "projects": str(self.projects),
            "tightness": self.tightness,
            "seed": str(self.seed),
        }


class Store:
    """A CSV file of finished rows, written whole after each."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Read what is there; a file that does not exist is empty."""
        self.path = path
        self.columns = list(columns)
        self.rows: list[dict[str, str]] = []
        if path.exists():
            with path.open(encoding="utf-8", newline="") as file:
                self.rows = list(csv.DictReader(file))

    def has(self, **key: str) -> bool:
        """Return True if a row has these cells."""
        return any(_matches(row, key) for row in self.rows)

    def put(self, rows: Iterable[dict[str, Any]], **key: str) -> None:
        """Replace the rows with these cells, and write the file."""
        kept = [row for row in self.rows if not _matches(row, key)]
        new = [{c: _cell(row.get(c)) for c in self.columns} for row in rows]
        # Stable: points keep the order in which they came.
        self.rows = sorted(kept + new, key=_place)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".new")
        with temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, self.columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)
        temporary.replace(self.path)


def _matches(row: dict[str, str], key: dict[str, str]) -> bool:
    return all(row[column] == cell for column, cell in key.items())


def _place(row: dict[str, str]) -> tuple[int, str, int, str]:
    kind = row.get("solver") or row.get("measure") or ""
    return int(row["projects"]), row["tightness"], int(row["seed"]), kind


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.8g}" if isinstance(value, float) else str(value)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


def run_solver(name: str, folder: Path, seconds: float) -> Any:
    """Return what one process told, or `{"error": ...}`."""
    words = [sys.executable, str(HERE / "solvers.py"), name, str(folder)]
    words += ["--seconds", str(seconds), "--began", repr(time.time())]
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=4 * seconds + 300, check=True
        )
    except subprocess.TimeoutExpired:
        return {"error": "did not stop"}
    except subprocess.CalledProcessError as error:
        return {"error": (error.stderr.strip().splitlines() or ["?"])[-1][:200]}
    return json.loads(done.stdout)


def time_solver(
    name: str, instance: Instance, folder: Path, seconds: float, stores: Stores
) -> None:
    """Run one solver on one instance and store its row and its trajectory."""
    told = run_solver(name, folder, seconds)
    row = {**instance.key, "solver": name, "cores": cores(), "limit": seconds}
    if "error" in told:
        row["status"] = f"error: {told['error']}"
        points = []
    else:
        row |= {key: told[key] for key in SOLVE_COLUMNS if key in told}
        row["broken"] = "; ".join(told["broken"] or [])
        points = thinned(told["points"])
    key = {**instance.key, "solver": name}
    stores.points.put(
        [
            {**key, "second": second, "plan": plan, "bound": bound}
            for second, plan, bound in points
        ],
        **key,
    )
    stores.solves.put([row], **key)
    tell(f"{name}: {row['status']}, {row.get('plan')} of {row.get('bound')}")


def time_measure(
    name: str, instance: Instance, folder: Path, seconds: float, stores: Stores
) -> None:
    """Time building (ours and linopy's), or plans after a changed cell."""
    told = run_solver(name, folder, seconds)
    if "error" in told:
        tell(f"{name}: {told['error']}")
        return
    if name == "build":
        rows = [{"number": who, "seconds": took} for who, took in told.items()]
    else:
        rows = [{"number": number, **row} for number, row in enumerate(told)]
    key = {**instance.key, "measure": name}
    stores.measures.put([{**key, **row} for row in rows], **key)
    tell(f"{name}: {rows}")


@dataclass
class Stores:
    """The result files."""

    solves: Store
    points: Store
    measures: Store

    @classmethod
    def at(cls, folder: Path) -> Stores:
        """The result files of a folder."""
        return cls(
            Store(folder / "solves.csv", SOLVE_COLUMNS),
            Store(folder / "trajectories.csv", POINT_COLUMNS),
            Store(folder / "measures.csv", MEASURE_COLUMNS),
        )


def run_all(
    chosen: Sequence[Instance],
    solvers: Sequence[str],
    seconds: float,
    results: Path,
    again: bool,
) -> None:
    """Run what is not finished, instance by instance."""
    stores = Stores.at(results)
    for instance in chosen:
        todo = [
            name
            for name in solvers
            if again or not stores.solves.has(**instance.key, solver=name)
        ]
        if not todo:
            continue
        tell(f"{instance.projects} {instance.tightness} {instance.seed}")
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "underlag"
            tables = generate(instance.projects, instance.tightness, instance.seed)
            write_csv_folder(tables, folder)
            for name in todo:
                time_solver(name, instance, folder, seconds, stores)


def run_measures(
    chosen: Sequence[tuple[str, Instance]], seconds: float, results: Path, again: bool
) -> None:
    """Run what is timed beside the solvers and not finished."""
    stores = Stores.at(results)
    for name, instance in chosen:
        if not again and stores.measures.has(**instance.key, measure=name):
            continue
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "underlag"
            tables = generate(instance.projects, instance.tightness, instance.seed)
            write_csv_folder(tables, folder)
            time_measure(name, instance, folder, seconds, stores)


def list_instances(full: bool) -> list[Instance]:
    """The instances of a run, the ones of the goals first."""
    if not full:
        return [Instance(p, "tight", s) for s in (1, 2, 3) for p in (60, 300)]
    everything = [
        Instance(p, t, s)
        for t in ("tight", *(t for t in TIGHTNESS if t != "tight"))
        for p in SIZES
        for s in range(1, SEEDS + 1)
    ]
    first = list_instances(full=False)
    return first + [one for one in everything if one not in first]


def list_measures(full: bool) -> list[tuple[str, Instance]]:
    """Building and a changed cell, at the sizes their goals speak of."""
    seeds = range(1, SEEDS + 1) if full else (1,)
    return [
        (name, Instance(projects, "tight", seed))
        for seed in seeds
        for name, projects in (("build", 1000), ("change", 300))
    ]


def tell(text: str) -> None:
    """Say on standard error how far it has come."""
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """Run what is asked for, then write the page."""
    parser = argparse.ArgumentParser(description="Time the planner next to others.")
    parser.add_argument("--full", action="store_true", help="every instance")
    parser.add_argument("--again", action="store_true", help="also what is finished")
    parser.add_argument("--solvers", default=",".join(SOLVERS))
    parser.add_argument("--sizes", default="", help="only these numbers of projects")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--page-only", action="store_true", help="run nothing")
    options = parser.parse_args()
    chosen = list_instances(options.full)
    if options.sizes:
        wanted = {int(size) for size in options.sizes.split(",")}
        # A size that the short run leaves out is fetched from the long one.
        chosen = [one for one in list_instances(full=True) if one.projects in wanted]
        if not options.full:
            chosen = [o for o in chosen if o.tightness == "tight" and o.seed <= 3]
    if not options.page_only:
        solvers = options.solvers.split(",")
        run_all(chosen, solvers, options.seconds, options.results, options.again)
        if "rodtrad" in solvers and not options.sizes:
            measures = list_measures(options.full)
            run_measures(measures, options.seconds, options.results, options.again)
        if options.full:
            words = [sys.executable, str(HERE / "knapsack.py"), "--full"]
            words += ["--again"] if options.again else []
            subprocess.run(words, check=True)
            words = [sys.executable, str(HERE / "agreement.py")]
            words += ["--again"] if options.again else []
            subprocess.run(words, check=True)
    write_page(options.results, options.page)


if __name__ == "__main__":
    main()
