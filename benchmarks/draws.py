"""How fast are the statements in ten thousand draws, and how much memory do they take?

`python benchmarks/draws.py` prints one table; exits 1 when a limit is broken. The limits
are for the clock on two cores: 10,000 draws of 40 years with random cost and delay
within 0.5 s for 60 chosen projects and 3 s for 300, 500 MB; 100 plans of 60 on the same
draws within 20 s. One plan keeps every line and indicator of every draw and all
probabilities; quantiles for the report stand beside and are not in the limits. Of many
plans the statements are as full, and what is kept is what plans are compared by: result,
loans, and every goal in every year and draw; `kept100`, without a limit, keeps it all. The best
of five counts, as anything else that runs stretches the
clock; processor time stands beside it. Memory is the peak of a process of its own.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rodtrad.capacity.probability import (
    Draws,
    make_draws,
    probability_result,
    respond,
    simulate_plan,
)
from rodtrad.domain.arrays import Case, Choice, build_case
from rodtrad.domain.components import build_tables

YEARS, DRAWS = 40, 10_000
BASE = 2025
MEMORY_LIMIT_MB = 500.0
REPEATS = 5
# What is measured, and the seconds it may take on two cores.
LIMITS = {"60": 0.5, "300": 3.0, "plans100": 20.0, "kept100": float("inf")}
SOURCE = Path(__file__).resolve().parents[1] / "src"


def synthetic_case(projects: int, seed: int = 1) -> Case:
    """Return a municipality of 40,000 with so many projects over 40 years."""
    rng = np.random.default_rng(seed)
    years = range(BASE, BASE + YEARS + 1)
    data: dict[str, list[dict[str, Any]]] = {
        "settings": [
            {"key": key, "value": str(value)}
            for key, value in {
                "municipality_name": "Prov",
                "base_year": BASE,
                "plan_start": BASE + 1,
                "plan_end": BASE + YEARS,
                "discount_rate": 0.035,
                "min_cash_tkr": 50_000,
                "resultatreserv_tkr": 20_000,
            }.items()
        ],
        "years": [
            {
                "year": year,
                "population": 40_000.0 * 1.003 ** (year - BASE),
                "tax_base_growth": 0.035,
                "cost_growth": 0.033,
                "construction_growth": 0.025,
                "interest_rate": 0.03,
            }
            for year in years
        ],
        "statement": [
            {"line": line, "year": BASE, "amount": amount}
            for line, amount in {
                "ri": 700_000.0,
                "rk": -3_280_000.0,
                "ra": -150_000.0,
                "rs": 2_100_000.0,
                "rg": 700_000.0,
                "fi": 10_000.0,
                "fk": -30_000.0,
            }.items()
        ],
        "balance": [
            {"line": line, "amount": amount}
            for line, amount in {
                "fixed_assets": 3_000_000.0,
                "financial_assets": 300_000.0,
                "other_assets": 200_000.0,
                "cash": 100_000.0,
                "equity": 1_500_000.0,
                "provisions": 200_000.0,
                "loans": 1_200_000.0,
                "other_liabilities": 700_000.0,
            }.items()
        ],
        "goals": [
            {"goal_id": key, "indicator": key, "operator": op, "value": value}
            for key, op, value in [
                ("res_andel", ">=", 0.01),
                ("sol", ">=", 0.3),
                ("lan_inv", "<=", 60_000.0),
            ]
        ],
        "criteria": [{"criterion": "nytta", "name": "Nytta", "weight": 1.0}],
    }
    tables = ("projects", "alternatives", "outlays", "effects", "parts", "scores")
    data |= {name: [] for name in tables}
    for i in range(projects):
        key = {"project_id": f"p{i:03d}", "alternative_id": "a"}
        built = int(rng.integers(1, 4))
        cost = float(rng.lognormal(9.5, 0.8))
        data["projects"].append(
            {
                "project_id": key["project_id"],
                "name": f"Projekt {i}",
                "financing": "taxa" if i % 5 == 0 else "skatt",
                "waiting_cost": 50.0,
                "gate": f"G{i % 7}",
            }
        )
        data["alternatives"].append({**key, "name": "Bygg", "build_years": built})
        data["outlays"] += [
            {
                **key,
                "offset": o,
                "outlay": cost / built,
                "income": 0.1 * cost if o == 0 and i % 4 == 0 else 0.0,
            }
            for o in range(built)
        ]
        data["effects"].append({**key, "offset": 0, "operating": 0.02 * cost})
        data["parts"] += [
            {**key, "component": name, "share": share, "useful_life_years": life}
            for name, share, life in [
                ("stomme", 0.5, 50),
                ("tak", 0.2, 30),
                ("installationer", 0.3, 20),
            ]
        ]
        score = float(rng.uniform(20, 90))
        data["scores"].append(
            {**key, "criterion": "nytta", "low": score, "score": score, "high": score}
        )
    return build_case(build_tables(data))


def plan_of(case: Case, count: int, seed: int) -> list[Choice]:
    """Return so many projects chosen at random, each at a start of its own."""
    rng = np.random.default_rng(seed)
    picked = rng.permutation(len(case.projects))[:count]
    plan = []
    for at in sorted(picked):
        project = case.projects[at]
        starts = case.starts(project, project.alternatives[0])
        plan.append(
            Choice(project.project_id, "a", int(rng.choice(np.array(starts)[:30])))
        )
    return plan


@dataclass(frozen=True)
class Measured:
    """Seconds on the clock and of processor time, by step, and the peak in MB."""

    wall: dict[str, float]
    cpu: dict[str, float]
    memory_mb: float

    @property
    def seconds(self) -> float:
        """What is held against the limit: all but the quantiles of the report."""
        return sum(value for key, value in self.wall.items() if key != "quantiles")

    @property
    def cpu_seconds(self) -> float:
        """The same of processor time, all threads together."""
        return sum(value for key, value in self.cpu.items() if key != "quantiles")


def clocks() -> tuple[float, float]:
    """Return the clock and the processor time of this process, in seconds."""
    return time.perf_counter(), time.process_time()


def measure_one(projects: int) -> dict[str, tuple[float, float]]:
    """Return seconds (clock, processor) of each step for one plan, the best of five."""
    case = synthetic_case(projects)
    plan = plan_of(case, projects, 1)
    best: dict[str, tuple[float, float]] = {}
    for _repeat in range(REPEATS):
        marks = [clocks()]
        draws = make_draws(case, DRAWS, 1)
        marks.append(clocks())
        simulation = simulate_plan(draws, plan)
        marks.append(clocks())
        probability_result(simulation)
        marks.append(clocks())
        steps = zip(
            ("draws", "statements", "quantiles"),
            np.diff(marks, axis=0).tolist(),
            strict=True,
        )
        for name, (wall, cpu) in steps:
            best[name] = min(best.get(name, (np.inf, np.inf)), (wall, cpu))
        del draws, simulation
    return best


def measure_many(
    plans: int = 100, projects: int = 60, of: int = 120, *, keep_all: bool = False
) -> dict[str, tuple[float, float]]:
    """Return seconds for many plans on common draws, with every probability."""
    kept: dict[str, Any] = (
        {} if keep_all else {"lines": ("ar", "loans"), "indicators": ()}
    )
    case = synthetic_case(of)
    began = clocks()
    draws: Draws = make_draws(case, DRAWS, 1)
    for seed in range(plans):
        plan = plan_of(case, projects, seed)
        simulation = simulate_plan(draws, plan, response=respond(draws, plan), **kept)
        for goal_id in simulation.met:
            simulation.probability_all_years(goal_id)
    wall, cpu = np.subtract(clocks(), began).tolist()
    return {"plans": (wall, cpu)}


def run_apart(what: str) -> Measured:
    """Return what a measurement gives in a process of its own."""
    ran = subprocess.run(
        [sys.executable, __file__, what],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )
    wall: dict[str, float] = {}
    cpu: dict[str, float] = {}
    memory = 0.0
    for word in ran.stdout.split():
        key, _equals, value = word.partition("=")
        if key == "mb":
            memory = float(value)
        else:
            wall[key], cpu[key] = (float(x) for x in value.split("/"))
    return Measured(wall, cpu, memory)


def peak_mb() -> float:
    """Return the most memory that this process has held, MB.

    Not `getrusage`: on Linux that also remembers the process that started this one.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return float(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> int:
    """Measure one thing and print it, or all of them as a table."""
    if len(sys.argv) > 1:
        what = sys.argv[1]
        found = (
            measure_many(
                int(what.removeprefix("plans").removeprefix("kept") or 100),
                keep_all=what.startswith("kept"),
            )
            if what.startswith(("plans", "kept"))
            else measure_one(int(what))
        )
        peak = peak_mb()
        told = (f"{key}={wall:.4f}/{cpu:.4f}" for key, (wall, cpu) in found.items())
        print(*told, f"mb={peak:.1f}")
        return 0
    broken = 0
    print(
        f"{DRAWS} draws x {YEARS} years; seconds on the clock (processor time); "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} when begun"
    )
    for what, limit in LIMITS.items():
        found_apart = run_apart(what)
        late = found_apart.seconds > limit or found_apart.memory_mb > MEMORY_LIMIT_MB
        broken += late
        parts = ", ".join(
            f"{key} {wall:.3f} ({found_apart.cpu[key]:.3f})"
            for key, wall in found_apart.wall.items()
        )
        print(
            f"{what:>9}: {found_apart.seconds:.2f} s, limit {limit}: {parts}; "
            f"{found_apart.memory_mb:.0f} MB{' TOO MUCH' if late else ''}"
        )
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
