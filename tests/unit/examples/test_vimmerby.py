"""Vimmerby's tables: rebuilt byte for byte, sourced row by row, reconciled to print."""

import csv
import importlib.util
import re
import sys
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import pytest

from rodtrad.domain.checks import check_tables
from rodtrad.domain.components import apply_scenario
from rodtrad.sources import read_underlag

CASE = Path(__file__).resolve().parents[3] / "examples" / "vimmerby"
UNDERLAG = CASE / "underlag"
FILES = sorted(UNDERLAG.glob("*.csv"))

Row = dict[str, str]


def read(name: str) -> list[Row]:
    with (UNDERLAG / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def column(name: str, key: str, value: str) -> dict[str, float]:
    return {row[key]: float(row[value] or 0) for row in read(name)}


def settings() -> dict[str, str]:
    return {row["key"]: row["value"] for row in read("settings")}


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("vimmerby_build", CASE / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def total_outlay(project: str, alternative: str) -> float:
    return sum(
        float(row["outlay"])
        for row in read("outlays")
        if (row["project_id"], row["alternative_id"]) == (project, alternative)
    )


def test_build_reproduces_every_committed_file(build: ModuleType) -> None:
    data = build.data_folder()
    if not data.is_dir():
        pytest.skip(f"no data folder: {len(FILES)} files not rebuilt")
    committed = {path.name: path.read_bytes() for path in FILES}
    assert build.build(data) == committed


def test_every_file_is_plain_utf8_with_canonical_columns(build: ModuleType) -> None:
    assert [path.stem for path in FILES] == sorted(build.COLUMNS)
    for path in FILES:
        raw = path.read_bytes()
        assert b"\r" not in raw
        assert not raw.startswith(b"\xef\xbb\xbf")
        header = raw.decode("utf-8").split("\n", 1)[0].split(",")
        assert header == [*build.COLUMNS[path.stem], "source", "quality"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_row_says_its_quality_and_where_it_comes_from(path: Path) -> None:
    rows = read(path.stem)
    assert rows
    for number, row in enumerate(rows, start=2):
        where = f"{path.name} row {number}"
        source, quality = row["source"], row["quality"]
        assert quality in ("uppgift", "beräkning", "antagande"), where
        if quality == "antagande":
            assert "Antagande:" in source, where
        else:
            assert "Antagande:" not in source, where
            assert "https://" in source or "http://" in source, where
        if quality == "uppgift":
            assert "Beräkning:" not in source, where
            assert source.startswith("Uppgift:"), where
        if quality == "beräkning":
            assert "Beräkning:" in source, where
        for claim in re.findall(r"(?:Uppgift|Beräkning): [^.]*(?:\.\S[^.]*)*", source):
            assert "http" in claim, f"{where}: {claim}"


def test_the_reader_and_the_checks_have_no_remarks() -> None:
    tables, issues = read_underlag(UNDERLAG)
    assert issues == []
    assert check_tables(tables) == []
    assert len(tables["projects"]) == len(read("projects"))


def test_every_scenario_changes_the_tables_and_stays_valid() -> None:
    tables, _ = read_underlag(UNDERLAG)
    for scenario in dict.fromkeys(tables["scenarios"]["scenario"]):
        overlaid = apply_scenario(tables, scenario)
        assert overlaid != tables, scenario
        errors = [i for i in check_tables(overlaid) if i.severity == "error"]
        assert errors == [], scenario


def test_income_statement_adds_up_to_the_published_forecast() -> None:
    lines = column("statement", "line", "amount")
    assert sum(lines.values()) == 22_800  # +22,8 mkr
    assert lines["rs"] + lines["rg"] == 12_100 / 0.01  # 12,1 mkr is one percent
    per_head = lines["rs"] / lines["rg"]
    assert per_head == pytest.approx(46_182 / 15_541, rel=1e-5)  # the shares of 2019


def test_opening_balance_balances() -> None:
    line = column("balance", "line", "amount")
    assets = ("fixed_assets", "financial_assets", "other_assets", "cash")
    claims = ("equity", "provisions", "loans", "other_liabilities")
    assert sum(line[k] for k in assets) == sum(line[k] for k in claims)
    assert line["cash"] >= float(settings()["min_cash_tkr"])


def test_population_meets_the_published_counts() -> None:
    people = column("years", "year", "population")
    assert people["2025"] == 15_327
    assert people["2029"] == 15_004
    assert sum(int(row["persons"]) for row in read("population")) == 15_647  # 2019
    assert sorted(int(year) for year in people) == list(range(2025, 2036))


def test_taxes_and_grants_2026_are_the_base_of_the_two_percent_goal() -> None:
    years = {row["year"]: row for row in read("years")}
    people = float(years["2026"]["population"]) / float(years["2025"]["population"])
    base = 1_210_000 * people * (1 + float(years["2026"]["tax_base_growth"]))
    assert base == pytest.approx(25_000 / 0.02, rel=1e-3)


def test_published_amounts_of_projects_and_settings() -> None:
    assert total_outlay("nybble_aldreboende", "lgh54") == 280_000
    assert total_outlay("nybble_aldreboende", "lgh58") == 280_000 + 25_000
    assert float(settings()["rur_tkr"]) == 42_700
    assert float(settings()["completion_rate"]) == pytest.approx(67 / 120, abs=0.005)
    assert float(read("existing")[0]["outlay_tkr"]) == pytest.approx(63_000 - 56_100)
    assert [float(row["amount"]) for row in read("deficits")] == [3_800, 10_600]
    lasting = column("years", "year", "lasting_change_tkr")
    extra = sum(
        float(row["value"]) - lasting[row["key"]]
        for row in read("scenarios")
        if row["column"] == "lasting_change_tkr"
    )
    assert extra == pytest.approx(16_400)


def test_premises_hold_the_published_places() -> None:
    places = column("premises", "premises_id", "places")
    assert len(places) == 16  # the 15 units of Skolverket's list, and Nybble
    assert places["nybble_forskola"] == 120
    assert places["lundens_forskola"] == 110
    assert places["snovits_forskola"] == 35


def test_alternatives_are_whole() -> None:
    keys = [(r["project_id"], r["alternative_id"]) for r in read("alternatives")]
    assert len(set(keys)) == len(keys)
    offsets: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in read("outlays"):
        offsets[row["project_id"], row["alternative_id"]].append(int(row["offset"]))
    shares: dict[tuple[str, str], float] = defaultdict(float)
    for row in read("parts"):
        shares[row["project_id"], row["alternative_id"]] += float(row["share"])
    criteria = {row["criterion"] for row in read("criteria")}
    scored: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in read("scores"):
        scored[row["project_id"], row["alternative_id"]].add(row["criterion"])
        assert 0 <= int(row["low"]) <= int(row["score"]) <= int(row["high"]) <= 100
    assert len(criteria) == 5
    for key in keys:
        assert offsets[key] == list(range(len(offsets[key])))
        assert offsets[key]
        assert shares[key] == pytest.approx(1)
        assert scored[key] == criteria
    assert set(offsets) == set(shares) == set(scored) == set(keys)


def test_projects_that_no_source_names_say_so_in_their_name() -> None:
    projects = read("projects")
    assert 18 <= len(projects) <= 24
    for row in projects:
        invented = "nämns inte i någon läst källa" in row["source"]
        assert ("(antaget)" in row["name"]) is invented, row["name"]
        assert ("Uppgift:" in row["source"]) or invented, row["name"]


def test_illustrations_are_assumptions() -> None:
    for table in ("criteria", "scores", "viewpoints"):
        assert {row["quality"] for row in read(table)} == {"antagande"}
        assert all("illustration" in row["source"] for row in read(table))
    assert len({row["viewpoint"] for row in read("viewpoints")}) == 3


def test_goals_and_scenarios_cover_the_case() -> None:
    levels = {(row["indicator"], row["level"]) for row in read("goals")}
    assert {
        ("res_andel", "must"),
        ("bkr_andel", "must"),
        ("res_andel", "aim"),
    } <= levels
    assert len({row["scenario"] for row in read("scenarios")}) >= 5
    keys = {
        "years": {row["year"] for row in read("years")},
        "goals": {row["goal_id"] for row in read("goals")},
    }
    for row in read("scenarios"):
        assert row["key"] in keys[row["table"]]


def test_the_remark_warns_and_no_party_is_named() -> None:
    assert "inte kommunens egen plan" in settings()["remark"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in FILES)
    readable = re.sub(r"https?://\S+", "", text).lower()
    for party in ("moderat", "socialdemokrat", "centerpart", "vänsterpart", "liberal"):
        assert party not in readable


def test_texts_say_numbers_as_swedish_does_and_no_officialese() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    assert "är omkring 270 (" in text
    assert re.findall(r"omkring \d+\.\d", text) == []
    assert re.findall(r"\b(?:samt|avseende|ej|skall)\b", text) == []


def test_the_readme_counts_the_rows_by_quality() -> None:
    counts: dict[str, int] = defaultdict(int)
    for path in FILES:
        for row in read(path.stem):
            counts[row["quality"]] += 1
    text = (CASE / "README.md").read_text(encoding="utf-8")
    stated = re.findall(r"^\| `(\w+)` \|.*\| (\d+) \|$", text, re.MULTILINE)
    assert {word: int(number) for word, number in stated} == counts
