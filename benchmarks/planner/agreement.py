"""How many labels are settled after so many seconds? `python agreement.py`.

The agreement map of made-up municipalities with 300 projects and 20 years: five
viewpoints, labelled at their middles, and one viewpoint that is an order of the five
criteria, labelled over its whole region. Every step of the map is noted; the curve, as
`results/agreement.csv`, is all that the page on performance reads.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from instances import generate
from run import HERE, Store, cores, tell

from rodtrad.domain.arrays import build_case
from rodtrad.domain.components import build_tables
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.robust import MapLimits, map_agreement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.domain.components import Tables
    from rodtrad.plan.robust import Standing

COLUMNS: Final = (
    "projects", "tightness", "seed", "scope", "event", "cores", "second", "settled",
)  # fmt: skip
# scope: seconds, and the viewpoints (None: all of the instance's).
QUESTIONS: Final = {
    "viewpoints": (180.0, None),
    "region": (120.0, ("Behov först",)),
}
KEPT: Final = 0.5  # seconds between two points of a curve at least


def ask(tables: Tables, scope: str, seconds: float) -> list[tuple[float, str, int]]:
    """Return the second, event and number of settled labels, step by step."""
    curve: list[tuple[float, str, int]] = []
    last: dict[str, tuple[float, int]] = {}

    def note(standing: Standing) -> None:
        for (_scope, event), settled in standing.settled.items():
            second, before = last.get(event, (-1.0, -1))
            if settled != before and standing.seconds - second >= KEPT:
                last[event] = (standing.seconds, settled)
                curve.append((standing.seconds, event, settled))

    limits = MapLimits(seconds=seconds, work=None, scopes=(scope,))
    problem = build_problem(build_case(tables))
    found = map_agreement(problem, limits, progress=note)
    for event in last:
        labels = [
            row["label"]
            for row in found.rows
            if (row["scope"], row["event"]) == (scope, event)
        ]
        settled = sum(label != "oppen" for label in labels)
        curve.append((found.seconds, event, settled))
    return curve


def with_viewpoints(tables: Tables, names: Sequence[str] | None) -> Tables:
    """Return the underlag with only some viewpoints."""
    if names is None:
        return tables
    rows: dict[str, Any] = {
        name: list(table.records()) for name, table in tables.items()
    }
    rows["viewpoints"] = [r for r in rows["viewpoints"] if r["viewpoint"] in names]
    return build_tables(rows)


def run_agreement(
    sizes: Sequence[int],
    tightness: Sequence[str],
    seeds: int,
    store: Store,
    again: bool,
) -> None:
    """Draw the curves that are not stored."""
    for projects in sizes:
        for tight in tightness:
            for seed in range(1, seeds + 1):
                for scope, (seconds, names) in QUESTIONS.items():
                    key = {"projects": str(projects), "tightness": tight, "seed": str(seed), "scope": scope}  # fmt: skip
                    if not again and store.has(**key):
                        continue
                    tables = with_viewpoints(generate(projects, tight, seed), names)
                    curve = ask(tables, scope, seconds)
                    rows = [
                        {**key, "event": e, "cores": cores(), "second": s, "settled": n}
                        for s, e, n in curve
                    ]
                    store.put(rows, **key)
                    tell(f"{projects} {tight} {seed} {scope}: {curve[-2:]}")


def main() -> None:
    """Draw the curves."""
    parser = argparse.ArgumentParser(description="Time the agreement map.")
    parser.add_argument("--sizes", default="300")
    parser.add_argument("--tightness", default="tight,loose")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--results", type=Path, default=HERE / "results")
    options = parser.parse_args()
    store = Store(options.results / "agreement.csv", COLUMNS)
    sizes = [int(size) for size in options.sizes.split(",")]
    run_agreement(
        sizes, options.tightness.split(","), options.seeds, store, options.again
    )


if __name__ == "__main__":
    main()
