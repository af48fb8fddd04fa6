"""How long does it take to put the planning problem together? Prints one table.

`python benchmarks/build.py [PROJECTS ...]`: for each size, an underlag from
`planner/instances.py` is written and read in a process of its own, the problem and its
matrix are built `REPEATS` times, and the median seconds and the process's peak memory
are shown (reading the underlag included in the memory, not in the seconds). Work (cpu)
stands beside the clock, since a busy machine stretches the clock only, and is what the
limits are held against. Exits 1 when a limit is broken.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rodtrad.domain.arrays import build_case
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.matrix import build_matrix
from rodtrad.sources.underlag import read_tables

INSTANCES = Path(__file__).with_name("planner") / "instances.py"
SIZES = (60, 300, 1000, 3000)
REPEATS = 5
# Projects: seconds of work and MB that must not be passed.
LIMITS = {1000: (0.3, 600.0), 3000: (1.5, 600.0)}
HEAD = f"{'projects':>8} {'choices':>8} {'rows':>6} {'nonzeros':>9} {'problem':>9} {'matrix':>8} {'cpu':>8} {'peak':>8}"


def measure(folder: str) -> dict[str, float]:
    """Return sizes, median seconds and peak MB for an underlag folder."""
    case = build_case(read_tables(folder))
    problems, matrices, works = [], [], []
    for _repeat in range(REPEATS):
        work, began = time.process_time(), time.perf_counter()
        problem = build_problem(case)
        between = time.perf_counter()
        matrix = build_matrix(problem)
        matrices.append(time.perf_counter() - between)
        problems.append(between - began)
        works.append(time.process_time() - work)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "projects": len(case.projects),
        "choices": len(problem.choices),
        "rows": len(matrix.row_lower),
        "nonzeros": len(matrix.value),
        "problem_seconds": statistics.median(problems),
        "matrix_seconds": statistics.median(matrices),
        "cpu_seconds": statistics.median(works),
        "memory_mb": peak / (1024.0 if sys.platform != "darwin" else 1024.0**2),
    }


def measure_size(projects: int) -> dict[str, float]:
    """Return what `measure` says of a made-up municipality, from a new process."""
    with tempfile.TemporaryDirectory() as folder:
        made = [sys.executable, str(INSTANCES), str(projects), "tight", "1", folder]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
        asked = [sys.executable, __file__, "--folder", folder]
        answer = subprocess.run(asked, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(answer.stdout)
    return found


def main(arguments: list[str]) -> int:
    """Print the table; return 1 if a limit is broken."""
    if arguments[:1] == ["--folder"]:
        print(json.dumps(measure(arguments[1])))
        return 0
    print(HEAD)
    held = True
    for projects in [int(text) for text in arguments] or SIZES:
        row = measure_size(projects)
        most_seconds, most_mb = LIMITS.get(projects, (float("inf"), float("inf")))
        ok = row["cpu_seconds"] <= most_seconds and row["memory_mb"] <= most_mb
        held &= ok
        print(
            f"{row['projects']:8.0f} {row['choices']:8.0f} {row['rows']:6.0f} "
            f"{row['nonzeros']:9.0f} {row['problem_seconds']:7.3f} s "
            f"{row['matrix_seconds']:6.3f} s {row['cpu_seconds']:6.3f} s "
            f"{row['memory_mb']:5.0f} MB{'' if ok else '  over the limit'}"
        )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
