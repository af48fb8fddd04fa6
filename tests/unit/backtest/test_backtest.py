"""The backtests' house: what is stored is what the page says, and nothing looks ahead."""

from __future__ import annotations

import csv
import importlib
import io
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]


def load(name: str) -> Any:
    """Import a module of the benchmarks, which lie outside the package."""
    sys.path.insert(0, str(ROOT))
    try:
        return importlib.import_module(f"benchmarks.backtest.{name}")
    finally:
        sys.path.remove(str(ROOT))


house = load("section")
pictures = load("pictures")
run = load("run")
drift = load("drift")
kolada = load("kolada")


def sample() -> Any:
    return house.Section(
        title="Broar & sånt",
        paragraphs=["Text."],
        data="Data.",
        fitted="Half.",
        tables=[house.Table("T", ("a", "b"), [("x", "1.5"), ("y", "−2 %")])],
        figures=[{"part": "p", "value": 1 / 3, "n": 2, "none": None}],
        failures=["It fell."],
        checks=[
            house.Check("c", "12 %", "10 %", True),
            house.Check("d", "7 %", "10 %", False),
            house.Check("e", "–", "10 %", None),
        ],
        pictures=[
            house.Picture(
                "p", "A < B", "bars", ["u", "v"],
                [house.Line("l", [1.0, None]), house.Line("m", [-2.0, 3.0], [-3.0, 2.0], [0.0, 4.0])],
                "kr", 2.0, "goal", (1.0, 2.0),
            )
        ],
    )  # fmt: skip


# ---------------------------------------------------------------- the house


def test_a_section_is_read_as_it_was_written() -> None:
    again = house.from_json(house.to_json(sample()))
    assert house.to_json(again) == house.to_json(sample())
    assert house.page_lines(again) == house.page_lines(sample())


def test_the_page_tells_goals_and_failures() -> None:
    text = "\n".join(house.page_lines(sample()))
    assert "| c | 10 % | 12 % | met |" in text
    assert "| d | 10 % | 7 % | **not met** |" in text
    assert "| e | 10 % | – | not measured |" in text
    assert "- It fell." in text
    assert "| --- | ---: |" in text
    assert "pictures/backtest-p.svg" in text


def test_figures_become_csv() -> None:
    assert house.to_csv(sample()) == "part,value,n,none\np,0.333333,2,\n"
    uneven = replace(sample(), figures=[{"a": 1}, {"b": 1}])
    with pytest.raises(ValueError, match="columns"):
        house.to_csv(uneven)


@pytest.mark.parametrize("kind", ["bars", "lines", "points"])
def test_pictures_are_whole(kind: str) -> None:
    picture = replace(sample().pictures[0], kind=kind)
    tree = ET.fromstring(pictures.draw(picture))
    texts = ["".join(e.itertext()) for e in tree.iter() if e.tag.endswith("text")]
    assert {"u", "v", "l", "m", "kr", "goal"} <= set(texts)
    width, height = (float(x) for x in tree.attrib["viewBox"].split()[2:])
    for element in tree.iter():
        for name, most in (("x", width), ("y", height), ("cx", width), ("cy", height)):
            if name in element.attrib:
                assert -1 <= float(element.attrib[name]) <= most + 1
    with pytest.raises(ValueError, match="bars"):
        pictures.draw(replace(picture, kind="pie"))


def test_a_section_without_data_is_told_and_keeps_its_results(tmp_path: Path) -> None:
    assert "data are not here" in run.run_section("drift", tmp_path)
    assert "data are not here" in run.run_section("kolada", tmp_path)
    assert run.run_section("finns_inte", tmp_path) == "the module does not exist"


def test_the_committed_page_is_what_the_results_say() -> None:
    """After a run of one section: `make backtest SECTIONS=--page`."""
    sections = run.stored_sections()
    assert sections
    assert run.PAGE.read_text(encoding="utf-8") == run.page(sections)
    drawn = {
        f"backtest-{p.name}.svg": pictures.draw(p)
        for section in sections.values()
        for p in section.pictures
    }
    committed = {p.name: p for p in run.PICTURES.glob("backtest-*.svg")}
    assert set(committed) == set(drawn)
    for name, text in drawn.items():
        assert committed[name].read_text(encoding="utf-8") == text, name


def test_the_page_says_where_something_was_set_after_a_look_at_outcomes() -> None:
    text = run.page(run.stored_sections())
    assert "set after a look at outcomes" in text[: text.index("## All goals")]
    (row,) = [
        line
        for line in text[: text.index("## Bridges")].splitlines()
        if "population 2025: outcomes inside" in line
    ]
    assert "set with 2025 at hand" in row


def test_every_stored_goal_has_a_verdict_and_every_section_says_what_failed() -> None:
    for section in run.stored_sections().values():
        assert section.checks
        assert section.failures
        assert section.data
        assert section.fitted


# ---------------------------------------------------------------- drift


def made_up_pair(count: int = 4000, seed: int = 3) -> Any:
    """Large projects change often, and their changes are small; small ones seldom."""
    rng = np.random.default_rng(seed)
    size = rng.uniform(-2, 2, count)
    changes = rng.random(count) < 1 / (1 + np.exp(-size))
    step = np.exp(-1 - 0.5 * size + 0.5 * rng.standard_normal(count))
    change = np.where(changes, step * np.where(rng.random(count) < 0.7, 1, -1), 0.0)
    zero = np.zeros(count)
    return drift.Pair(
        "2016-Oct", "2017-Jan", [f"1/{i}" for i in range(count)], zero, 10 ** (6 + size),
        ["other"] * count, np.column_stack([np.ones(count), size]),
        zero.astype(bool), change, 0.0, 0.0,
    )  # fmt: skip


def test_drift_finds_what_was_put_in() -> None:
    pair = made_up_pair()
    model = drift.fit(pair, np.ones(4000, bool))
    assert model.changes == pytest.approx([0, 1], abs=0.12)
    assert model.up[0] == pytest.approx([-1, -0.5], abs=0.06)
    draws = model.draws(np.array([[1.0, 0.0]]))[0]
    assert (np.diff(draws) >= 0).all()
    assert (draws == 0).mean() == pytest.approx(0.5, abs=0.03)
    assert (draws > 0).mean() == pytest.approx(0.35, abs=0.03)


def test_drift_on_unseen_projects_is_better_and_holds() -> None:
    found = drift.halves(made_up_pair())
    assert found.count == 4000
    assert found.model < found.pooled < found.nothing
    assert found.moved_inside.mean() == pytest.approx(0.8, abs=0.03)


def test_drift_of_one_half_does_not_see_the_other() -> None:
    pair = made_up_pair(400)
    side = pair.half()
    spoiled = replace(pair, log_change=np.where(side, 5.0, pair.log_change))
    before, after = drift.fit(pair, ~side), drift.fit(spoiled, ~side)
    assert np.array_equal(before.changes, after.changes)
    assert 0.4 < side.mean() < 0.6


def test_plans_stand_in_order_of_time(tmp_path: Path) -> None:
    for name in ("2017-Jan", "2017-Apr", "2016-Oct"):
        (tmp_path / f"{name}_projects.csv.gz").write_bytes(b"")
    assert drift.plans(tmp_path) == ["2016-Oct", "2017-Jan", "2017-Apr"]


@pytest.mark.slow
def test_drift_gives_what_is_stored(shared_data: Path) -> None:
    """Also when another plan has come: the figures of the first pair stand."""
    found = csv.DictReader(io.StringIO(house.to_csv(drift.run(shared_data))))
    made = {(r["part"], r["group"], r["measure"]): float(r["value"]) for r in found}
    with (house.RESULTS / "drift.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = (row["part"], row["group"], row["measure"])
            assert made[key] == pytest.approx(float(row["value"]), rel=1e-3, abs=1e-6)


# ---------------------------------------------------------------- kolada


def made_up_panel(seed: int = 1, count: int = 60, years: int = 12) -> Any:
    rng = np.random.default_rng(seed)
    common = np.cumsum(0.02 + 0.02 * rng.standard_normal(years))
    gap = np.cumsum(0.03 * rng.standard_normal((count, years)), axis=1)
    noise = 0.03 * rng.standard_normal((count, years))
    codes = [f"{i:04d}" for i in range(count)]
    return kolada.Panel(
        "made up", "log", codes, np.arange(2000, 2000 + years), common + gap + noise
    )


def test_a_fit_knows_nothing_of_later_years() -> None:
    panel = made_up_panel(count=30, years=9)
    rng = np.random.default_rng(9)
    later = panel.values.copy()
    later[:, 7:] += rng.standard_normal(later[:, 7:].shape)
    before, after = kolada.taught(panel), kolada.taught(replace(panel, values=later))
    for method in kolada.METHODS:
        assert before.fit(method, 6) == after.fit(method, 6), method


def test_holes_are_filled_from_the_past_only() -> None:
    panel = made_up_panel()
    holed = panel.values.copy()
    holed[3, 6] = np.nan  # its neighbour 2007 lies after the origin
    kept = replace(panel, values=holed).until(6)
    assert "0003" not in kept.codes
    holed[3, 6], holed[3, 5] = panel.values[3, 6], np.nan
    kept = replace(panel, values=holed).until(6)
    row = kept.values[kept.codes.index("0003")]
    assert row[5] == pytest.approx((row[4] + row[6]) / 2)


@pytest.mark.slow
def test_intervals_of_a_made_up_panel_hold() -> None:
    cases = [kolada.rolling(made_up_panel(seed)) for seed in range(2)]
    inside = np.concatenate(
        [c[m].inside for c in cases for m in ("no_change", "damped")]
    )
    assert 0.72 <= inside.mean() <= 0.9


def test_a_method_must_beat_both_simple_ones_to_be_used() -> None:
    ones = np.ones(4)

    def cases(score: float) -> Any:
        return kolada.Cases(score * ones, ones > 0, ones, ones, ones, ones)

    found = {
        "no_change": cases(2.0), "drift": cases(3.0), "damped": cases(2.5),
        "panel_ar1": cases(1.5),
    }  # fmt: skip
    assert kolada.ranking(found) == ["panel_ar1", "no_change", "drift", "damped"]
    found["panel_ar1"] = cases(2.0)
    assert kolada.ranking(found)[0] == "no_change"


def test_the_textbook_walk_has_the_textbook_spread() -> None:
    values = np.cumsum(np.array([[0.0, 1.0, 3.0, 2.0, 4.0]]), axis=1)
    panel = kolada.Panel("x", "level", ["0001"], np.arange(5), values)
    draws = kolada.classic_drift(panel)[0]
    changes = np.diff(values[0])
    assert draws.mean(axis=1) == pytest.approx(
        values[0, -1] + changes.mean() * np.arange(1, 6), rel=0.1
    )
    h = np.arange(1, 6)
    wanted = changes.std(ddof=1) * np.sqrt(h * (1 + h / 4))
    assert draws.std(axis=1) / wanted == pytest.approx(
        np.full(5, draws[0].std() / wanted[0])
    )
