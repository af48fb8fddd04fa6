"""Exempelby uses every table and column, is consistent, and is rebuilt byte for byte."""

import importlib.util
import sys
from collections import Counter, defaultdict
from pathlib import Path
from types import ModuleType

import pytest

from rodtrad.domain.checks import check_tables
from rodtrad.domain.columns import SCHEMA
from rodtrad.domain.components import Tables, apply_scenario
from rodtrad.sources import read_underlag

CASE = Path(__file__).resolve().parents[3] / "examples" / "exempelby"
FILES = sorted((CASE / "underlag").glob("*.csv"))


@pytest.fixture(scope="module")
def build() -> ModuleType:
    path = CASE / "build.py"
    spec = importlib.util.spec_from_file_location("exempelby_build", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tables() -> Tables:
    tables, issues = read_underlag(CASE / "underlag")
    assert issues == []
    return tables


def test_build_reproduces_every_committed_file(
    build: ModuleType, tmp_path: Path
) -> None:
    build.write_underlag(tmp_path)
    rebuilt = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert rebuilt == {path.name: path.read_bytes() for path in FILES}


def test_every_table_and_every_column_is_used(tables: Tables) -> None:
    assert {path.stem for path in FILES} == set(SCHEMA)
    unused = [
        f"{name}.{column}"
        for name, table in tables.items()
        for column, values in table.columns.items()
        if all(value in (None, "", 0) for value in values)
    ]
    assert unused == []


def test_no_check_finds_a_fault(tables: Tables) -> None:
    assert [i for i in check_tables(tables) if i.severity == "error"] == []


def test_every_scenario_changes_something_and_stays_whole(tables: Tables) -> None:
    names = set(tables["scenarios"]["scenario"])
    assert len(names) == 6
    for name in names:
        changed = apply_scenario(tables, str(name))
        assert changed != tables, name
        assert [i for i in check_tables(changed) if i.severity == "error"] == [], name


def test_everything_is_marked_as_invented(tables: Tables) -> None:
    for name, table in tables.items():
        assert set(table["quality"]) == {"antagande"}, name
        assert set(table["source"]) == {"Påhittat: Exempelby finns inte"}, name
    assert tables.settings["remark"].startswith("Exempelby finns inte.")


def test_size_and_variety(tables: Tables) -> None:
    projects, goals = tables["projects"], tables["goals"]
    ways = Counter(tables["alternatives"]["project_id"])
    assert len(projects) == 60
    assert len(ways) == 60
    assert sum(count > 1 for count in ways.values()) == 21
    assert len(tables["criteria"]) == 5
    assert len(set(tables["viewpoints"]["viewpoint"])) == 4
    assert set(tables["viewpoints"]["relation"]) == {">=", "min", "max"}
    assert set(tables["relations"]["kind"]) == {"requires", "excludes", "together"}
    assert set(projects["financing"]) == {"skatt", "taxa", "exploatering"}
    assert sum(projects["must_do"]) == 7
    # Fewer than three could be told apart in a published sum.
    assert projects["public"].count(False) == 3
    assert set(goals["level"]) == {"must", "aim"}
    assert set(goals["indicator"]) == set(SCHEMA["goals"].columns["indicator"].choices)
    assert {None, 5, 80} <= set(tables["parts"]["useful_life_years"])
    assert 0 < tables.settings["completion_rate"] < 1


def test_tables_agree_with_each_other(tables: Tables) -> None:
    balance = dict(
        zip(tables["balance"]["line"], tables["balance"]["amount"], strict=True)
    )
    assert sum(tables["loans"]["amount"]) == balance["loans"]
    guarantees = [
        row["guarantees"]
        for row in tables["companies"].records()
        if row["year"] == tables.settings["base_year"]
    ]
    assert sum(guarantees) == balance["guarantees"]
    assert sum(tables["assets"]["book_value"]) <= balance["fixed_assets"]
    inhabitants = dict(
        zip(tables["years"]["year"], tables["years"]["population"], strict=True)
    )
    for row in tables["population_totals"].records():
        if row["area"] is None:
            inhabitants[row["year"]] = row["persons"]
    persons: defaultdict[int, float] = defaultdict(float)
    for row in tables["population"].records():
        persons[row["year"]] += row["persons"]
    assert len(persons) == 6
    for year, total in persons.items():
        assert total == inhabitants[year]


def test_components_cost_what_their_asset_costs(tables: Tables) -> None:
    cost: defaultdict[str, float] = defaultdict(float)
    for row in tables["components"].records():
        cost[row["asset_id"]] += row["replacement_cost"]
    whole = dict(
        zip(
            tables["assets"]["asset_id"],
            tables["assets"]["replacement_cost"],
            strict=True,
        )
    )
    assert len(cost) > 25
    for asset_id, total in cost.items():
        assert total == whole[asset_id]


def test_resources_are_used_within_what_one_project_could_get(tables: Tables) -> None:
    most = {
        name: max(
            row["available"]
            for row in tables["resources"].records()
            if row["resource"] == name
        )
        for name in set(tables["resources"]["resource"])
    }
    for row in tables["resource_use"].records():
        assert 0 < row["amount"] <= most[row["resource"]], row
