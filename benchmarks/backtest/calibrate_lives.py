"""What do the data say of how long bridges last? Evidence beside `defaults/lives.toml`.

The expected lives are assumptions; no register of replacements is at hand. Ontario's
bridges tell at what age the first major rehabilitation came, which bounds their life
from below: a rehabilitation is not a renewal. Water mains tell nothing of lives: only
those in service are listed. Prints the figures; a test holds the source text of the
class `bro` to them.

Run: `python -m benchmarks.backtest.calibrate_lives [DATA]`.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.backtest.section import data_folder
from rodtrad.needs.survival import Spells, SurvivalFit, fit_survival

if TYPE_CHECKING:
    from collections.abc import Sequence

# Readings are of these years; the list of bridges is of the year after.
FIRST, LAST = 2000, 2013


def first_rehabilitations(data: Path) -> Spells:
    """Ages at the first major rehabilitation, of bridges without one before 2000.

    Only the last rehabilitation is listed. A bridge with one before 2000 and another
    after is counted at the later, so ages are if anything too high.
    """
    path = data / "assets" / "ontario_bridges" / "bridges_bci_2000_2013.csv"
    ages: list[float] = []
    ended: list[bool] = []
    entry: list[float] = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            built, rehab = _year(row["YEAR BUILT"]), _year(row["LAST MAJOR REHAB"])
            if built is None or built > LAST or (rehab is not None and rehab < FIRST):
                continue
            seen = rehab is not None and built < rehab <= LAST
            end = rehab if seen and rehab is not None else LAST
            under_watch = max(0, FIRST - built)
            if end - built > under_watch or seen:
                ages.append(float(end - built))
                ended.append(seen)
                entry.append(float(under_watch))
    return Spells.of(np.array(ages), np.array(ended), np.array(entry))


def _year(text: str) -> int | None:
    try:
        return int(float(text)) or None
    except ValueError:
        return None


def fit_rehabilitations(data: Path) -> SurvivalFit:
    """The Weibull life to the first major rehabilitation."""
    return fit_survival(first_rehabilitations(data))


def main(arguments: Sequence[str]) -> int:
    """Print the figures."""
    fit = fit_rehabilitations(Path(arguments[0]) if arguments else data_folder())
    sys.stdout.write(
        f"{fit.replacements} first major rehabilitations: at {fit.lifetime.mean_years():.0f}"
        f" years on average, shape {fit.shape:.1f}\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
