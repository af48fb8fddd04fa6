"""How good are the forecasts? Runs every backtest and writes the page: `make backtest`.

Each section is run on the data of $RODTRAD_DATA (else ../shared/data), its results are
stored in `results/`, and docs/backtest.md with its pictures is written from what is
stored. Name sections to run only those; `--page` writes the page without running any.
A section without module or data is told, and its stored results stand. Exits 1 when a
section broke.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback
from pathlib import Path
from typing import Final

from benchmarks.backtest.pictures import draw
from benchmarks.backtest.section import (
    RESULTS,
    ROOT,
    VERDICT,
    Section,
    Table,
    data_folder,
    from_json,
    page_lines,
    table_lines,
    write_results,
)

SECTIONS: Final = ("bridges", "mains", "population", "revenue", "drift", "kolada")
PAGE: Final = ROOT / "docs" / "backtest.md"
PICTURES: Final = ROOT / "docs" / "pictures"


def run_section(name: str, data: Path) -> str:
    """Run one section and store it; return "" or what is missing.

    Raises whatever a section that breaks raises, but for absent modules and files.
    """
    module_name = f"benchmarks.backtest.{name}"
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name:
            raise
        return "the module does not exist"
    try:
        section = module.run(data)
    except FileNotFoundError as error:
        return f"the data are not here ({Path(str(error.filename)).name})"
    write_results(name, section)
    return ""


def stored_sections(folder: Path = RESULTS) -> dict[str, Section]:
    """Return the stored sections by name, in the order of the page."""
    paths = {name: folder / f"{name}.json" for name in SECTIONS}
    return {
        name: from_json(path.read_text(encoding="utf-8"))
        for name, path in paths.items()
        if path.exists()
    }


def page(sections: dict[str, Section]) -> str:
    """Return docs/backtest.md."""
    out = [
        "# Backtests: forecasts against what happened",
        "",
        "Written by `make backtest` from `benchmarks/backtest/results/`; do not edit.",
        "Every model is fitted only on what was known when the forecast would have been",
        "made, and scored on cases it was not fitted on. Figures stand as measured, also",
        "where they fall short. Where something was set after a look at outcomes, the",
        "section says so. How scores are computed: [scoring](method/scoring.md).",
        "",
        "## All goals",
        "",
    ]
    rows = [
        (section.title, c.name, c.goal, c.measured, VERDICT[c.met])
        for section in sections.values()
        for c in section.checks
    ]
    header = ("backtest", "goal", "wanted", "measured", "")
    out += [*table_lines(Table("", header, rows)), ""]
    absent = [name for name in SECTIONS if name not in sections]
    if absent:
        out += [f"Not run: {', '.join(absent)}.", ""]
    for section in sections.values():
        out += page_lines(section)
    return "\n".join(out).rstrip("\n") + "\n"


def write_page(sections: dict[str, Section]) -> None:
    """Write the page and its pictures; pictures no section has are removed."""
    drawn = {
        f"backtest-{picture.name}.svg": draw(picture)
        for section in sections.values()
        for picture in section.pictures
    }
    for path in PICTURES.glob("backtest-*.svg"):
        if path.name not in drawn:
            path.unlink()
    for name, text in drawn.items():
        (PICTURES / name).write_text(text, encoding="utf-8")
    PAGE.write_text(page(sections), encoding="utf-8")


def main() -> int:
    """Run the sections named on the command line (all if none) and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=str(SECTIONS))
    parser.add_argument("--page", action="store_true", help="only write the page")
    given = parser.parse_args()
    unknown = set(given.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"no section is called {', '.join(sorted(unknown))}")
    broken = 0
    for name in () if given.page else given.sections or SECTIONS:
        began = time.process_time()
        try:
            missing = run_section(name, data_folder())
        except Exception:  # noqa: BLE001 - the other sections shall still run
            traceback.print_exc()
            broken, missing = 1, "it broke; the error is above"
        seconds = time.process_time() - began
        told = f"not run: {missing}" if missing else f"{seconds:.1f} s of work"
        sys.stdout.write(f"{name:<12} {told}\n")
    sections = stored_sections()
    write_page(sections)
    for section in sections.values():
        for c in section.checks:
            verdict = VERDICT[c.met].strip("*")
            sys.stdout.write(f"{verdict:<13} {c.name}: {c.measured} ({c.goal})\n")
    return broken


if __name__ == "__main__":
    raise SystemExit(main())
