"""The backtests of bridges and mains know no future, and the defaults are theirs."""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rodtrad.domain.lives import expected_lives
from rodtrad.needs.condition_changes import list_changes

ROOT = Path(__file__).resolve().parents[3]


def load(name: str) -> Any:
    """Import a module of the benchmarks, which lie outside the package."""
    sys.path.insert(0, str(ROOT))
    try:
        return importlib.import_module(f"benchmarks.backtest.{name}")
    finally:
        sys.path.remove(str(ROOT))


bridges, mains, calibrate = map(load, ("bridges", "mains", "calibrate_condition"))
lives = load("calibrate_lives")


def test_condition_defaults_are_what_the_bridges_give(shared_data: Path) -> None:
    assert calibrate.render(shared_data) == calibrate.TARGET.read_text("utf-8")


def test_what_is_said_of_bridges_lives_is_what_the_data_give(shared_data: Path) -> None:
    """Bridges were watched from 2000, so those mended before are not in it."""
    fit = lives.fit_rehabilitations(shared_data)
    expected = expected_lives()
    bridge = expected.named("bro")
    assert f"vid {fit.lifetime.mean_years():.0f} år i snitt" in bridge.source
    # A rehabilitation comes before a renewal, and both are as alike as assumed.
    assert fit.lifetime.mean_years() < bridge.low
    assert expected.shape_low == pytest.approx(fit.shape, abs=0.1)


def test_the_classes_of_the_index_have_their_limits() -> None:
    levels = np.array([100.0, 85.0, 84.9, 75.0, 70.0, 69.9, 60.0, 59.9, 1.0])
    assert bridges.classes_of(levels).tolist() == [0, 0, 1, 1, 2, 3, 3, 4, 4]


def test_a_jump_up_is_no_wear_and_half_the_bridges_know_nothing_of_the_other() -> None:
    pairs = list_changes(
        [1, 1, 1, 2, 2],
        [2000, 2002, 2004, 2000, 2002],
        [80, 90, 89, 71, 66],
        [1960] * 5,
    )
    split = bridges.split_repairs(pairs)
    assert split.untreated.unit.tolist() == [1, 2]
    assert split.treated.unit.tolist() == [1]


def test_a_year_built_in_the_future_is_not_known_yet() -> None:
    """It tells that the bridge is to be replaced: the best forecast there is."""
    years = [2003, 2003, 2003, 2005]
    built = [1960, 1970, 2011, 2004]
    assert bridges.known_years(years, built) == [1960, 1970, 1965, 2004]
    assert bridges.known_years([2003], [2011]) == [2003 - bridges.USUAL_AGE]


def test_mains_are_ranked_without_the_years_that_judge_them(shared_data: Path) -> None:
    known = mains.read_mains(shared_data)
    later = known.breaks.copy()
    later[:, mains.LAST_KNOWN + 1 - mains.FIRST_YEAR :] = 7.0
    changed = replace(known, breaks=later)
    fitting = known.half == 0
    rates = [mains.rank_mains(m, fitting).rates for m in (known, changed)]
    assert rates[0].tolist() == rates[1].tolist()
    assert (known.installed < mains.LAST_KNOWN + 1).all()


@pytest.mark.slow
@pytest.mark.parametrize("module", [mains, bridges], ids=["mains", "bridges"])
def test_the_goals_are_met_on_pipes_and_bridges_not_fitted_on(
    module: Any, shared_data: Path
) -> None:
    section = module.run(shared_data)
    assert [c.name for c in section.checks if not c.met] == []
    assert section.failures
