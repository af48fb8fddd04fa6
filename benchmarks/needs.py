"""How long does the need of a large register take? `python benchmarks/needs.py [N]`.

A made-up register of 100,000 components in all classes, a third with a condition, 1,000
draws of 40 years. Seconds are of the clock, which the limit is for, with processor time
beside them; memory is the process's peak. `--row` prints them as `key=value`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.draws import peak_mb
from rodtrad.domain.lives import expected_lives
from rodtrad.domain.register import Asset, Register
from rodtrad.needs.renewal import estimate_lives, forecast_renewal

COMPONENTS, DRAWS, YEARS, BASE_YEAR = 100_000, 1_000, 40, 2025
GOAL_SECONDS, GOAL_MB = 20.0, 2_000.0


def made_up_register(components: int) -> Register:
    """Return a register of equal parts of every class, five components an asset."""
    rng = np.random.Generator(np.random.Philox(1))
    classes = expected_lives().classes
    life_class = np.arange(components) % len(classes)
    life = np.array([c.life_years for c in classes])[life_class]
    age = np.floor(rng.random(components) * 1.2 * life)
    inspected = rng.random(components) < 1 / 3
    assets = tuple(
        Asset(
            f"a{i}",
            f"Anläggning {i}",
            "skola",
            committee=None,
            area=None,
            street=None,
            lat=None,
            lon=None,
            built_year=None,
            replacement_cost_tkr=0.0,
            book_value_tkr=0.0,
            consequence=1,
        )
        for i in range(components // 5 + 1)
    )
    return Register(
        base_year=BASE_YEAR,
        assets=assets,
        asset=np.arange(components) // 5,
        names=tuple(f"{classes[c].label} {i}" for i, c in enumerate(life_class)),
        classes=classes,
        life_class=life_class,
        installed_year=BASE_YEAR - age,
        life_years=life,
        life_given=np.zeros(components, dtype=bool),
        replacement_cost_tkr=np.round(np.exp(rng.normal(6, 1, components))),
        book_value_tkr=np.zeros(components),
        useful_life_years=life.astype(np.int64),
        condition=np.where(inspected, rng.integers(0, 4, components), -1),
        scale=tuple("tg" if x else "" for x in inspected),
        inspected_year=np.full(components, BASE_YEAR - 2.0),
        consequence=rng.integers(0, 4, components),
        events=(),
        assumed=(),
    )


def main() -> int:
    """Measure, print and exit 1 if the goal is missed."""
    given = [word for word in sys.argv[1:] if word != "--row"]
    components = int(given[0]) if given else COMPONENTS
    register = made_up_register(components)
    before = peak_mb()
    start, began = time.process_time(), time.perf_counter()
    beliefs = estimate_lives(register)
    need = forecast_renewal(register, beliefs, YEARS, draws=DRAWS)
    cpu, seconds = time.process_time() - start, time.perf_counter() - began
    peak = peak_mb()
    if "--row" in sys.argv:
        print(f"seconds={seconds:.3f} cpu={cpu:.3f} mb={peak:.1f}")
        return 0
    drawn, expected = need.total_tkr.mean(), need.expected_tkr.sum() / YEARS
    print(
        f"{components:,} components, {DRAWS:,} draws, {YEARS} years: "
        f"{seconds:.1f} s (goal {GOAL_SECONDS:.0f}), {cpu:.1f} s of processor time, "
        f"{peak:.0f} MB at most ({before:.0f} before; goal {GOAL_MB:.0f}); "
        f"drawn mean against expected {drawn / expected - 1:+.2%}"
    )
    return 0 if seconds <= GOAL_SECONDS and peak <= GOAL_MB else 1


if __name__ == "__main__":
    sys.exit(main())
