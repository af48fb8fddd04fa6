"""How near the best known are OR-Library's multidimensional knapsacks, solved our way?

The data lie outside the repository, in `$RODTRAD_DATA/knapsack_mkp` (Chu & Beasley's
mknapcb as one instance a file, Glover & Kochenberger's gk, and `best_known.csv`). Each
becomes the smallest underlag that says the same: an item is a project with one start,
a side is a resource of the plan's only year. One core; what is finished is not run
again. Profits are whole numbers, so a plan less than one from its bound is proven.
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import sys
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from performance import write_page

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.domain.arrays import build_case
from rodtrad.domain.components import build_tables
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.milp import Limits, solve_problem

if TYPE_CHECKING:
    from rodtrad.domain.components import Tables

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
RESULTS: Final = HERE / "results"
COLUMNS: Final = ("instance", "items", "sides", "best_known", "value", "bound", "stopped", "seconds", "limit")  # fmt: skip
# These are to be proven; the others get a short time, or a longer one with --full.
TO_PROOF: Final = "OR5x100-"
PROOF_SECONDS, SHORT_SECONDS, FULL_SECONDS = 120.0, 10.0, 60.0
BASE_YEAR: Final = 2025
MOST_POINTS: Final = 100.0


@dataclass(frozen=True)
class Knapsack:
    """Profits by item, weights by side and item, and what each side holds."""

    profits: tuple[int, ...]
    weights: tuple[tuple[int, ...], ...]
    sides: tuple[int, ...]

    @property
    def unit(self) -> int:
        """Profit per point of score: a power of ten, so that no score passes 100."""
        return int(10 ** max(math.ceil(math.log10(max(self.profits) / MOST_POINTS)), 0))


def read_knapsack(text: str) -> Knapsack:
    """Return the knapsack of a file: n, m, profits, m rows of weights, m sides.

    Raises:
        ValueError: the file does not hold as many numbers as it says.
    """
    numbers = [int(float(word)) for word in text.split()]
    n, m = numbers[:2]
    if len(numbers) != 2 + n + m * n + m:
        raise ValueError(f"{len(numbers)} numbers, expected {2 + n + m * n + m}")
    rows = numbers[2 + n : 2 + n + m * n]
    return Knapsack(
        tuple(numbers[2 : 2 + n]),
        tuple(tuple(rows[i * n : (i + 1) * n]) for i in range(m)),
        tuple(numbers[2 + n + m * n :]),
    )


def knapsack_tables(knapsack: Knapsack) -> Tables:
    """Return the underlag that asks the same question."""
    year = BASE_YEAR + 1
    items = [f"i{number:05d}" for number in range(len(knapsack.profits))]
    ways = [{"project_id": item, "alternative_id": "a"} for item in items]
    settings = {
        "municipality_name": "Ryggsäck",
        "base_year": BASE_YEAR,
        "plan_start": year,
        "plan_end": year,
        "discount_rate": 0,
    }
    lines = {"ri": 0, "rk": -1000, "ra": 0, "rs": 1000, "rg": 0}
    balance = ("fixed_assets", "financial_assets", "other_assets", "cash", "equity", "provisions", "loans", "other_liabilities")  # fmt: skip
    return build_tables(
        {
            "settings": [{"key": k, "value": str(v)} for k, v in settings.items()],
            "years": [
                {"year": y, "population": 1000, "tax_base_growth": 0, "cost_growth": 0,
                 "construction_growth": 0, "interest_rate": 0}
                for y in (BASE_YEAR, year)
            ],
            "statement": [
                {"line": line, "year": BASE_YEAR, "amount": amount}
                for line, amount in lines.items()
            ],
            "balance": [{"line": line, "amount": 0} for line in balance],
            "criteria": [{"criterion": "nytta", "weight": 1}],
            "projects": [{"project_id": item, "name": item} for item in items],
            "alternatives": [
                {**way, "build_years": 0, "kind": "gor_inget"} for way in ways
            ],
            "scores": [
                {**way, "criterion": "nytta", "score": profit / knapsack.unit}
                for way, profit in zip(ways, knapsack.profits, strict=True)
            ],
            "resources": [
                {"resource": f"sida {i}", "year": year, "available": side}
                for i, side in enumerate(knapsack.sides)
            ],
            "resource_use": [
                {**way, "resource": f"sida {i}", "offset": 0, "amount": weight}
                for i, weights in enumerate(knapsack.weights)
                for way, weight in zip(ways, weights, strict=True)
            ],
        }
    )  # fmt: skip


def solve_knapsack(knapsack: Knapsack, seconds: float) -> dict[str, Any]:
    """Return value, bound, why it stopped, and seconds from tables to plan.

    Raises:
        ValueError: the plan breaks a side, or has another value than it said.
    """
    tables = knapsack_tables(knapsack)
    began = time.perf_counter()
    problem = build_problem(build_case(tables))
    # Less than one from the bound is proof. No plan is worth more than all profits.
    gap = 0.99 / sum(knapsack.profits)
    best = solve_problem(problem, Limits(seconds=seconds, gap=gap))
    took = time.perf_counter() - began
    if best.choices is None or best.bound is None:
        return {"value": 0, "bound": "", "stopped": best.stopped, "seconds": took}
    chosen = {int(choice.project_id[1:]) for choice in best.choices}
    value = sum(knapsack.profits[i] for i in chosen)
    for weights, side in zip(knapsack.weights, knapsack.sides, strict=True):
        if sum(weights[i] for i in chosen) > side:
            raise ValueError("the plan breaks a side")
    told = evaluate_plan(problem.case, best.choices).objective * knapsack.unit
    if abs(told - value) > 1e-6 * value:
        raise ValueError(f"the plan is worth {value}, the statements say {told}")
    bound = best.bound * knapsack.unit
    proven = bound < value + 1 - 1e-6
    stopped = "proof" if proven else best.stopped
    return {"value": value, "bound": bound, "stopped": stopped, "seconds": took}


def read_archive(folder: Path) -> dict[str, str]:
    """Return the instance files by name, read from the archive in memory."""
    texts = {}
    with tarfile.open(folder / "instances.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None and member.name.endswith(".dat"):
                texts[Path(member.name).stem] = file.read().decode("ascii")
    return texts


def main() -> None:
    """Solve what is not finished and make the page again."""
    parser = argparse.ArgumentParser(description="OR-Library knapsacks, our way.")
    parser.add_argument("--full", action="store_true", help="60 s each, not 10")
    parser.add_argument("--again", action="store_true", help="also what is finished")
    parser.add_argument("--only", default="", help="names that begin so")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    data = Path(os.environ.get("RODTRAD_DATA") or ROOT.parent / "shared" / "data")
    folder = data / "knapsack_mkp"
    if not folder.exists():
        sys.exit(f"No {folder.name} in $RODTRAD_DATA: nothing to solve.")
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with (folder / "best_known.csv").open(encoding="utf-8", newline="") as file:
        known = {Path(row["file"]).stem: row["best_known"] for row in csv.DictReader(file)}  # fmt: skip
    texts = read_archive(folder)
    path = options.results / "knapsack.csv"
    done: dict[str, dict[str, Any]] = {}
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            done = {row["instance"]: dict(row) for row in csv.DictReader(file)}
    for name in sorted(texts, key=lambda name: (not name.startswith(TO_PROOF), name)):
        seconds = FULL_SECONDS if options.full else SHORT_SECONDS
        seconds = PROOF_SECONDS if name.startswith(TO_PROOF) else seconds
        before = float(done[name]["limit"]) if name in done else 0.0
        if not name.startswith(options.only) or (before >= seconds and not options.again):  # fmt: skip
            continue
        knapsack = read_knapsack(texts[name])
        found = solve_knapsack(knapsack, seconds)
        done[name] = {
            "instance": name,
            "items": len(knapsack.profits),
            "sides": len(knapsack.sides),
            "best_known": known.get(name, ""),
            "limit": seconds,
            **found,
        }
        for key in ("bound", "seconds"):
            if isinstance(done[name][key], float):
                done[name][key] = f"{done[name][key]:.8g}"
        print(done[name], file=sys.stderr, flush=True)
        options.results.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(done[key] for key in sorted(done))
    if options.results == RESULTS:
        write_page(RESULTS, ROOT / "docs" / "performance.md")


if __name__ == "__main__":
    main()
