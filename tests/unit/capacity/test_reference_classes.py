"""Reference classes: the published figures, the distribution, overrides and learning."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rodtrad import domain
from rodtrad.capacity.reference_classes import (
    STAGES,
    ReferenceClass,
    build_classes,
    cost_factor,
    default_classes,
    delay_years,
    factor_of,
    find_class,
    stage_of_gate,
    with_own_outcomes,
)
from rodtrad.domain.columns import SCHEMA
from rodtrad.domain.components import build_tables

CLASSES = ("building", "road", "water_sewer", "it", "bridge_tunnel", "energy")
ROWS = [*default_classes().values()]
NAMES = [f"{row.reference_class}-{row.stage}" for row in ROWS]
# Mid-points of equal slices: the mean over them is the integral of the quantiles.
SLICES = (np.arange(400_000) + 0.5) / 400_000


def page_table(name: str) -> list[list[str]]:
    page = Path(__file__).parents[3] / "docs" / "method" / "reference_classes.md"
    after = page.read_text(encoding="utf-8").split(f"<!-- golden: {name} -->\n\n")[1]
    lines = after.split("\n\n")[0].splitlines()[2:]
    return [[c.strip() for c in line.strip("|").split("|")] for line in lines]


def test_every_class_has_every_stage_with_source_and_quality() -> None:
    assert {(c, s) for c in (*CLASSES, "default") for s in STAGES} == set(
        default_classes()
    )
    for row in ROWS:
        assert "http" in row.source
        assert row.note
        assert row.quality in ("beräkning", "antagande")


def test_the_schema_offers_the_classes_and_stages_there_are() -> None:
    columns = SCHEMA["reference_classes"].columns
    assert set(columns["reference_class"].choices) == {*CLASSES, "default"}
    assert tuple(columns["stage"].choices) == STAGES


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_quantiles_and_mean_are_those_stated(row: ReferenceClass) -> None:
    factors = factor_of(row, np.array([0.5, 0.8]))
    assert factors - 1 == pytest.approx([row.cost_p50_share, row.cost_p80_share])
    drawn = float(factor_of(row, SLICES).mean()) - 1
    assert row.cost_mean_share == pytest.approx(drawn, abs=2e-3)
    assert row.mean_low_share is not None
    assert row.mean_high_share is not None
    assert row.mean_low_share <= row.cost_mean_share <= row.mean_high_share


def test_the_mean_in_the_file_is_the_mean_of_the_distribution() -> None:
    path = Path(domain.__file__).parent / "defaults" / "reference_classes.csv"
    with path.open(encoding="utf-8", newline="") as file:
        for cells in csv.DictReader(file):
            row = default_classes()[cells["reference_class"], cells["stage"]]
            assert float(cells["cost_mean_share"]) == pytest.approx(
                row.cost_mean_share, abs=6e-4
            )


@pytest.mark.parametrize("name", [c for c in (*CLASSES, "default") if c != "it"])
def test_what_a_municipality_should_use(name: str) -> None:
    """METHODS 9: 15-50 % at the idea stage and 0-5 % after tender, in the mean."""
    means = [find_class(name, stage).cost_mean_share for stage in STAGES]
    assert 0.15 <= means[0] <= 0.51
    assert 0.0 <= means[3] <= 0.06
    assert 0.0 <= means[4] <= 0.05
    assert means == sorted(means, reverse=True)
    late = [find_class(name, stage).delay_mean_years for stage in STAGES]
    assert late == sorted(late, reverse=True)


def test_it_projects_have_the_published_tail() -> None:
    """18 % more than half dearer; those 447 % dearer in the mean; all 73 %."""
    factors = factor_of(find_class("it", "decision"), SLICES)
    far = factors[factors > 1.5]
    assert far.size / factors.size == pytest.approx(0.18, abs=0.01)
    assert far.mean() - 1 == pytest.approx(4.47, abs=0.25)
    assert factors.mean() - 1 == pytest.approx(0.73, abs=0.02)


def test_the_swedish_planning_stage() -> None:
    """Mean 20-30 % between plans and the mode near 0, as measured in Sweden."""
    row = find_class("road", "idea")
    assert 0.20 <= row.cost_mean_share <= 0.30
    assert math.exp(row.log_median - row.log_spread**2) == pytest.approx(1, abs=0.02)


def test_page() -> None:
    for name, stage, u, factor, u_delay, delay in page_table("reference_classes"):
        drawn = cost_factor(name, stage, np.array([float(u)]))[0]
        assert drawn == pytest.approx(float(factor), abs=0.005)
        late = delay_years(name, stage, np.array([float(u_delay)]))[0]
        assert late == pytest.approx(float(delay), abs=0.005)


def test_page_of_own_outcomes() -> None:
    row = find_class("building", "decision")
    for n, factor, p50, p80 in page_table("own_outcomes"):
        mine = with_own_outcomes(row, [float(factor)] * int(n))
        assert mine.cost_p50_share == pytest.approx(float(p50), abs=0.0005)
        assert mine.cost_p80_share == pytest.approx(float(p80), abs=0.0005)


def test_gates_become_stages() -> None:
    stages = [stage_of_gate(f"G{n}") for n in range(10)]
    assert stages == [
        *["idea"] * 2, "study", *["decision"] * 2, "tendered", *["under_way"] * 4,
    ]  # fmt: skip
    assert stage_of_gate("okänt") == stage_of_gate(None) == "idea"


def test_an_unknown_class_is_read_as_default_and_an_unknown_stage_refused() -> None:
    assert find_class("slott", "idea") == find_class(None, "idea")
    with pytest.raises(ValueError, match="none of the stages"):
        find_class("road", "G3")


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_the_ends_are_finite_and_rising(row: ReferenceClass) -> None:
    u = np.array([0.0, 1e-9, 0.3, 0.8, 0.9501, 0.999, 1.0 - 1e-16, 1.0])
    factors = factor_of(row, u)
    assert np.isfinite(factors).all()
    assert (np.diff(factors) >= 0).all()
    assert factors[0] > 0
    assert factors[-1] <= row.most_factor
    late = delay_years(row.reference_class, row.stage, u)
    assert np.isfinite(late).all()
    assert (np.diff(late) >= 0).all()
    assert late[0] == 0


def test_delay_quantiles_and_share_on_time() -> None:
    row = find_class("building", "idea")
    late = delay_years("building", "idea", SLICES)
    assert (late == 0).mean() == pytest.approx(row.on_time_share, abs=1e-4)
    assert np.quantile(late, 0.8) == pytest.approx(row.delay_p80_years, abs=1e-3)
    assert late.mean() == pytest.approx(row.delay_mean_years, abs=1e-3)


def test_no_delay_where_four_in_five_are_on_time() -> None:
    classes = default_classes()
    key = ("road", "tendered")
    classes[key] = replace(classes[key], on_time_share=0.85)
    assert not delay_years(*key, SLICES[::1000], classes).any()


def test_draws_keep_their_shape() -> None:
    u = np.linspace(0.01, 0.99, 12).reshape(3, 4)
    assert cost_factor("it", "idea", u).shape == (3, 4)
    assert delay_years("it", "idea", u).shape == (3, 4)


# ---------------------------------------------------------------- own table


def own(**cells: object) -> ReferenceClass:
    row = {"reference_class": "building", "stage": "idea", **cells}
    classes = build_classes(build_tables({"reference_classes": [row]}))
    return classes[str(row["reference_class"]), str(row["stage"])]


def test_an_empty_table_gives_the_defaults() -> None:
    assert build_classes(build_tables({})) == default_classes()


def test_own_values_override_and_blanks_keep_the_default() -> None:
    base = find_class("building", "idea")
    mine = own(cost_p50_share=0.05, cost_p80_share=0.15, source="Slutredovisningar")
    assert (mine.cost_p50_share, mine.cost_p80_share) == (0.05, 0.15)
    assert mine.tail_alpha == base.tail_alpha
    assert mine.delay_p80_years == base.delay_p80_years
    assert mine.source == "Slutredovisningar"
    assert mine.mean_low_share is None


def test_only_a_median_keeps_the_spread() -> None:
    base = find_class("building", "idea")
    mine = own(cost_p50_share=0.0)
    assert mine.log_spread == pytest.approx(base.log_spread)
    assert mine.cost_p50_share == 0.0


def test_an_80_percent_value_below_the_median_is_no_spread() -> None:
    mine = own(cost_p50_share=0.3, cost_p80_share=0.1, tail_share=0)
    assert mine.log_spread == 0.0
    assert factor_of(mine, np.array([0.01, 0.99])) == pytest.approx([1.3, 1.3])
    assert mine.cost_mean_share == pytest.approx(0.3)


def test_a_class_of_ones_own_follows_default() -> None:
    mine = own(reference_class="lekplats", cost_p80_share=0.9)
    assert mine.cost_p50_share == find_class("default", "idea").cost_p50_share
    classes = build_classes(
        build_tables(
            {"reference_classes": [{"reference_class": "lekplats", "stage": "idea"}]}
        )
    )
    assert find_class("lekplats", "idea", classes).reference_class == "lekplats"
    assert find_class("lekplats", "study", classes).reference_class == "default"


def test_a_cap_below_the_tail_holds_in_draws_and_mean() -> None:
    mine = own(most_factor=1.2)
    factors = factor_of(mine, SLICES)
    assert factors.max() == pytest.approx(1.2)
    assert mine.cost_mean_share == pytest.approx(factors.mean() - 1, abs=1e-3)


# ---------------------------------------------------------------- own outcomes


def test_no_outcome_changes_nothing() -> None:
    row = find_class("road", "study")
    assert with_own_outcomes(row, []) is row


def test_own_outcomes_pull_the_class_towards_them() -> None:
    row = find_class("building", "decision")
    few = with_own_outcomes(row, [1.4, 1.3])
    many = with_own_outcomes(row, [1.4, 1.3] * 50)
    assert row.cost_p50_share < few.cost_p50_share < many.cost_p50_share
    assert many.cost_p50_share == pytest.approx(math.sqrt(1.4 * 1.3) - 1, abs=0.03)
    assert many.log_spread < row.log_spread
    assert many.own_outcomes == 100


def test_one_disaster_does_not_move_the_middle_far() -> None:
    row = find_class("building", "decision")
    assert with_own_outcomes(row, [9.0]) == with_own_outcomes(row, [5.0])
    assert with_own_outcomes(row, [9.0]).cost_p50_share < 0.2


@pytest.mark.parametrize("factor", [0.0, -1.0, math.nan, math.inf])
def test_an_outcome_that_is_no_factor_is_refused(factor: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        with_own_outcomes(find_class("road", "idea"), [1.0, factor])


@given(st.lists(st.floats(0.5, 3.0), min_size=1, max_size=30))
def test_the_shrunk_median_lies_between(factors: list[float]) -> None:
    row = find_class("water_sewer", "study")
    mine = with_own_outcomes(row, factors)
    inside = np.log(np.minimum(factors, row.tail_start_factor)).mean()
    low, high = sorted((inside, row.log_median))
    assert low - 1e-9 <= mine.log_median <= high + 1e-9
