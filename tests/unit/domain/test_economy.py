"""The parameters of the economy's swings: where they come from, and what they can be."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rodtrad.domain.components import build_tables
from rodtrad.domain.economy import (
    BASIS_LABELS,
    DEFAULTS,
    build_parameters,
    check_uncertainty,
    default_parameters,
)

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[3]


def test_every_parameter_says_where_it_comes_from() -> None:
    found = default_parameters()
    for key, parameter in found.parameters.items():
        assert parameter.key == key
        assert parameter.low <= parameter.value <= parameter.high, key
        assert parameter.source, key
        assert parameter.quality in ("beräkning", "antagande"), key
        assert bool(parameter.sample) or parameter.assumed, key
        assert parameter.rests_on in BASIS_LABELS, key
    assert {"interest", "construction", "prices"} <= set(found.assumed_bases())
    # Deviations from the usual: they sum to nothing, and the break is not among them.
    assert np.abs(np.mean(found.blocks, axis=0)).max() < 1e-4
    assert 1983 not in found.block_years
    assert -0.2 < found.worst_growth_share < 0


def rows(**columns: Any) -> Any:
    return build_tables({"uncertainty": [columns]})


def test_the_underlag_overrides_one_parameter() -> None:
    found = build_parameters(
        rows(parameter="interest_sd_share", value=0.004, source="Riksbanken")
    )
    mine = found.parameters["interest_sd_share"]
    assert found["interest_sd_share"] == 0.004
    assert mine.quality == "antagande"
    assert mine.source == "Riksbanken"
    others = set(found.parameters) - {"interest_sd_share"}
    assert all(found[key] == default_parameters()[key] for key in others)


def test_a_blank_value_keeps_the_built_in_one() -> None:
    found = build_parameters(rows(parameter="interest_sd_share", value=None))
    assert found["interest_sd_share"] == default_parameters()["interest_sd_share"]


@pytest.mark.parametrize(
    ("columns", "column"),
    [
        ({"parameter": "interest_persistence", "value": 1.0}, "value"),
        ({"parameter": "price_sd_share", "value": 2.0}, "value"),
        ({"parameter": "interest_fixing_years", "value": 0.5}, "value"),
        ({"parameter": "price_sd_share", "value": 0.01, "low": 0.02}, "low"),
        ({"parameter": "price_sd_share", "value": 0.01, "high": 0.001}, "high"),
    ],
)
def test_what_a_parameter_cannot_be(columns: dict[str, Any], column: str) -> None:
    found = list(check_uncertainty(rows(**columns)))
    assert [(fault.row, fault.column) for fault in found] == [(2, column)]
    assert found[0].code == "cell_range"
    assert found[0].severity == "error"


def test_the_built_in_values_are_not_odd() -> None:
    every = [
        {"parameter": p.key, "value": p.value, "low": p.low, "high": p.high}
        for p in default_parameters().parameters.values()
    ]
    assert list(check_uncertainty(build_tables({"uncertainty": every}))) == []


def _script() -> ModuleType:
    path = ROOT / "benchmarks/backtest/calibrate_economy.py"
    spec = importlib.util.spec_from_file_location("calibrate_economy", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_still_gives_the_file(shared_data: Path) -> None:
    script = _script()
    text = script.as_toml(script.build_parameters(shared_data))
    assert tomllib.loads(text) == tomllib.loads(DEFAULTS.read_text("utf-8"))
    assert text == DEFAULTS.read_text("utf-8")


def test_blocks_swing_as_much_as_the_later_panel(shared_data: Path) -> None:
    """Years 1979-1987 and periods 2002-2022 are different data; they agree."""
    check = _script().build_parameters(shared_data)["check"]
    assert check["blocks_four_years"] == pytest.approx(
        check["panel_four_years"], rel=0.25
    )
    assert check["blocks_scissors"] == pytest.approx(check["panel_scissors"], rel=0.25)
