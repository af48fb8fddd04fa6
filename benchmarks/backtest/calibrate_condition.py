"""How fast do condition classes pass? Writes `defaults/condition.toml`.

Most of the file is assumption, kept in `HEAD` here. What data can tell is how long
bridges stay in five classes untreated: fitted on every reading of Ontario's bridges.

Run: `python -m benchmarks.backtest.calibrate_condition [DATA] [--check]`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.backtest.bridges import LIMITS, fit_chains, read_bridges, split_repairs
from benchmarks.backtest.section import ROOT, data_folder
from rodtrad.domain.lives import expected_lives

if TYPE_CHECKING:
    from collections.abc import Sequence

TARGET = ROOT / "src" / "rodtrad" / "domain" / "defaults" / "condition.toml"

HEAD = """\
# How condition classes pass before a register's own inspections say more.
# Written by benchmarks/backtest/calibrate_condition.py; edit the text there.

date = "2026-11-22"

# A register's own inspections count beside the expected stays as if each class had been
# watched for so many lives.
prior_lives = 5

# Stay in each class, the best first, as a share of the expected life; together one life.
# After the worst class the thing is renewed. `remedial_share` is the part of the
# replacement cost that lifts a thing of the class to the accepted one, and `accepted` the
# worst class that is good enough (0 the best). All are assumptions: stays may well be
# half or one and a half of these, and the grades of NS 3424 say nothing of years.

[scale.tg]
stay_share = [0.30, 0.35, 0.25, 0.10]
accepted = 1
remedial_share = [0.0, 0.1, 0.3, 1.0]
quality = "antagande"

[scale.skala_1_5]
stay_share = [0.25, 0.25, 0.25, 0.15, 0.10]
accepted = 2
remedial_share = [0.0, 0.05, 0.15, 0.4, 1.0]
quality = "antagande"

[scale.skala_a_d]
stay_share = [0.30, 0.35, 0.25, 0.10]
accepted = 1
remedial_share = [0.0, 0.1, 0.3, 1.0]
quality = "antagande"
"""

BRIDGES = """
# Bridges, from data: stays in classes of Ontario's bridge condition index with limits
# {limits}, fitted in continuous time on {pairs} untreated pairs of readings 2000-2013
# ({treated} pairs with a repair or a better class left out), over an expected life of
# {life:.0f} years. That the five classes are those of a Swedish scale 1-5, and the stay
# in the worst before renewal, are assumptions.

[kind.bro.skala_1_5]
stay_share = [{stays}]
quality = "beräkning"
source = "Ontario open data, bridge condition index 2000-2013"
"""


def render(data: Path) -> str:
    """Return the file as the data give it."""
    pairs = read_bridges(data)
    chain, _treated = fit_chains(pairs)
    split = split_repairs(pairs)
    life = expected_lives().named("bro").life_years
    # Drops may skip a class; the stay is the mean time in a class once reached.
    stays = [*(years / life for years in chain.mean_years()[:-1]), 0.10]
    return HEAD + BRIDGES.format(
        limits=", ".join(f"{x:.0f}" for x in LIMITS),
        pairs=len(split.untreated),
        treated=len(split.treated),
        life=life,
        stays=", ".join(f"{x:.2f}" for x in stays),
    )


def main(arguments: Sequence[str]) -> int:
    """Write the file, or with --check tell whether it is as written."""
    folders = [a for a in arguments if not a.startswith("-")]
    text = render(Path(folders[0]) if folders else data_folder())
    if "--check" in arguments:
        return 0 if TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
