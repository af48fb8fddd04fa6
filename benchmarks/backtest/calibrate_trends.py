"""Writes `src/rodtrad/domain/defaults/trends.toml` from Kolada's series 1995-2012.

`python -m benchmarks.backtest.calibrate_trends`: every method is fitted on all the
municipalities of the data up to the last year, and the methods of a series stand in
the order in which the backtest ranks them (benchmarks/backtest/kolada.py).
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from benchmarks.backtest.kolada import (
    SERIES,
    by_year,
    ranking,
    read_panels,
    rolling,
    taught,
)
from benchmarks.backtest.section import ROOT, data_folder

if TYPE_CHECKING:
    from pathlib import Path

    from rodtrad.capacity.trends import Trend

TARGET: Final = ROOT / "src" / "rodtrad" / "domain" / "defaults" / "trends.toml"
HEAD: Final = """\
# Trends of yearly municipal series: weights and errors by method, the best first.
# Written by `python -m benchmarks.backtest.calibrate_trends`; do not edit.
# Spreads are by years ahead, in ln(value) where scale is "log", else in the unit.
# `crps` is the mean score of the backtest in the series' unit (lower is better).
"""


def _numbers(values: tuple[float, ...]) -> str:
    return "[" + ", ".join(f"{v:.4g}" for v in values) + "]"


def _entry(trend: Trend, crps: float, source: str) -> str:
    lines = [
        "[[trend]]",
        f'series = "{trend.series}"',
        f'method = "{trend.method}"',
        f'scale = "{trend.scale}"',
    ]
    if trend.method == "damped":
        lines += [
            f"level_weight = {trend.level_weight}",
            f"trend_weight = {trend.trend_weight}",
        ]
    if trend.method in ("damped", "panel_ar1"):
        lines.append(f"damping = {trend.damping}")
    if trend.method == "panel_ar1":
        lines.append(f"common_drift = {trend.common_drift:.4g}")
        lines.append(f"momentum = {trend.momentum}")
    lines += [
        f"common_spread = {_numbers(trend.common_spread)}",
        f"own_spread = {_numbers(trend.own_spread)}",
        f"years = {trend.years}",
        f"quantiles = {_numbers(trend.quantiles)}",
        f"crps = {crps:.4g}",
        'quality = "beräkning"',
        f'source = "{source}"',
    ]
    return "\n".join(lines) + "\n"


def render_trends(data: Path, only: tuple[str, ...] = ()) -> str:
    """Return the file's text, or that of some of its series."""
    entries = []
    for series, panel in read_panels(data).items():
        if only and series not in only:
            continue
        cases = rolling(panel)
        whole = taught(panel)
        last = panel.years.size - 1
        source = (
            f"Kolada {series}, {len(panel.codes)} kommuner "
            f"{panel.years[0]}–{panel.years[-1]}, egen bearbetning"
        )
        for method in ranking(cases):
            trend = whole.fit(method, last)
            entries.append(_entry(trend, by_year(cases[method]), source))
    return HEAD + "\n" + "\n".join(entries)


def main() -> int:
    """Write the file."""
    TARGET.write_text(render_trends(data_folder()), encoding="utf-8")
    sys.stdout.write(f"{TARGET.relative_to(ROOT)}: {len(SERIES)} series\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
