"""Bergen's figures: reconciled to the krone, row by row the city's own, rebuilt."""

import csv
import gzip
import importlib.util
import re
import sys
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import pytest

from rodtrad.domain.checks import check_tables
from rodtrad.domain.components import Tables
from rodtrad.sources import read_underlag

CASE = Path(__file__).resolve().parents[3] / "examples" / "bergen_2012"
YEARS = ("2012", "2013", "2014", "2015")
# From the description of the data set, in NOK: outlays, and financing, per year.
PUBLISHED = (2_899_548_000, 2_642_818_000, 1_981_658_000, 1_700_858_000)
HEADER = (
    "versjoner;sumart1;sumart1-tekst;kost2a;hovedgruppering-art;avdeling;"
    "avdeling-tekst;avgfin-ikke-avgfin;tjenesteomraade;tjenesteomraade-tekst;tjeneste;"
    "tjeneste-tekst;proplan;prosjektkategori;prosjekt;prosjekt-tekst;geografisk-bydel;"
    "geografisk-bydel-tekst;2011-fra-vedt-okonomiplan;2012;2013;2014;2015"
)

Row = dict[str, str]


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def control(section: str) -> dict[str, tuple[int, ...]]:
    return {
        row["rad"]: tuple(int(row[year]) for year in YEARS)
        for row in read(CASE / "kontroll.csv")
        if row["del"] == section
    }


def city_row(
    version: str, group: str, number: str, amounts: tuple[str, str, str, str, str]
) -> Row:
    row = dict.fromkeys(HEADER.split(";"), "x")
    row |= {"versjoner": version, "kost2a": group, "prosjekt": number}
    columns = HEADER.split(";")[-5:]
    return row | dict(zip(columns, amounts, strict=True))


@pytest.fixture(scope="module")
def convert() -> ModuleType:
    path = CASE / "convert.py"
    spec = importlib.util.spec_from_file_location("bergen_convert", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tables() -> Tables:
    return read_underlag(CASE / "underlag")[0]


@pytest.fixture(scope="module")
def source(convert: ModuleType) -> Path:
    path = convert.source_path()
    assert isinstance(path, Path)
    if not path.exists():
        pytest.skip("the city's file is not on this machine")
    return path


@pytest.mark.parametrize("section", ["utgifter", "finansiering"])
def test_control_sheet_meets_the_published_totals(section: str) -> None:
    rows = control(section)
    assert rows[f"Summa {section}"] == PUBLISHED
    assert rows["Publicerad summa"] == PUBLISHED
    assert rows["Skillnad"] == (0, 0, 0, 0)


def test_control_sheet_adds_up_from_its_own_rows() -> None:
    rows = control("utgifter")
    parts = list(rows.values())
    investments = [sum(column) for column in zip(*parts[:2], strict=True)]
    assert tuple(investments) == rows["Investeringar i anläggningar"]
    outlays = [sum(column) for column in zip(*parts[2:6], strict=True)]
    assert tuple(outlays) == PUBLISHED
    financing = list(control("finansiering").values())[:-3]
    assert len(financing) == 11
    assert tuple(sum(column) for column in zip(*financing, strict=True)) == PUBLISHED


def test_underlag_holds_the_citys_investments_to_the_krone(tables: Tables) -> None:
    """Sum the finished tables at the city's own start years, without the converter."""
    start = {
        row["project_id"]: int(
            re.findall(r"Staden startar (\d{4})", row["description"])[0]
        )
        for row in tables["projects"].records()
    }
    spent: defaultdict[str, int] = defaultdict(int)
    for row in tables["outlays"].records():
        year = str(start[row["project_id"]] + row["offset"])
        spent[year] += round(row["outlay"] * 1000)
    assert (
        tuple(spent[y] for y in YEARS)
        == (control("utgifter")["Projektens utgifter i underlaget"])
    )
    assert spent.keys() == set(YEARS)


def test_every_project_number_is_accounted_for(tables: Tables) -> None:
    numbers = {row["projektnummer"]: row for row in read(CASE / "projektnummer.csv")}
    assert len(numbers) == 260
    kept = {n for n, row in numbers.items() if row["utfall"] == "projekt i underlaget"}
    assert kept == set(tables["projects"]["project_id"])
    assert len(kept) == 159
    for number, row in numbers.items():
        has_money = any(int(row[year]) for year in YEARS)
        assert has_money == (number in kept), number


def test_negative_net_became_income_and_never_an_outlay(tables: Tables) -> None:
    numbers = {row["projektnummer"]: row for row in read(CASE / "projektnummer.csv")}
    negative = {n for n, r in numbers.items() if any(int(r[y]) < 0 for y in YEARS)}
    assert negative == {"BUD074"}
    rows = [r for r in tables["outlays"].records() if r["project_id"] == "BUD074"]
    assert [(r["outlay"], r["income"]) for r in rows] == [(0.0, 6000.0)]
    assert min(tables["outlays"]["outlay"]) >= 0


def test_underlag_passes_every_check(tables: Tables) -> None:
    assert [i for i in check_tables(tables) if i.severity == "error"] == []


def test_currency_is_said_first_and_only_outlays_are_facts(tables: Tables) -> None:
    settings = tables.settings
    assert settings["currency"] == "NOK"
    remark = settings["remark"]
    assert remark.startswith("Alla belopp är norska kronor (NOK). I underlaget står")
    assert "Balanskrav och reserv är svensk lag." in remark
    facts = {n for n, t in tables.items() if "uppgift" in t["quality"]}
    assert facts == {"outlays", "areas"}
    for name, table in tables.items():
        assert set(table["quality"]) <= {"uppgift", "antagande"}, name
        assert all(table["source"]), name


def test_windows_are_three_years_around_the_citys_start(tables: Tables) -> None:
    span: defaultdict[str, int] = defaultdict(int)
    for row in tables["outlays"].records():
        span[row["project_id"]] += 1
    for row in tables["projects"].records():
        start = int(row["description"][-5:-1])
        assert row["earliest_year"] == max(2012, start - 3)
        assert row["latest_year"] == start + 3
        assert row["latest_year"] + span[row["project_id"]] <= 2021


@pytest.mark.parametrize(
    ("text", "nok"),
    [
        ("810 000,00", 810_000),
        ("-2 000 000,00", -2_000_000),
        ("4\u00a0500\u00a0000,00", 4_500_000),
        ("\u2212700 000", -700_000),
        ("0", 0),
        ("", 0),
    ],
)
def test_amounts_with_blanks_and_decimal_comma(
    convert: ModuleType, text: str, nok: int
) -> None:
    assert convert.read_amount(text) == nok


def test_amount_with_parts_of_a_krone_is_refused(convert: ModuleType) -> None:
    with pytest.raises(ValueError, match="öre"):
        convert.read_amount("10,50")


def test_rows_are_netted_per_project_and_year(convert: ModuleType) -> None:
    rows = [
        city_row("11-14VB", "100", "A1", ("9 000,00", "0", "0", "0", "0")),
        city_row("12-15IN1", "100", "A1", ("0", "5 000,00", "-1 000,00", "0", "0")),
        city_row("12-15IN1", "100", "A1", ("0", "-2 000,00", "-3 000,00", "0", "0")),
        city_row("12-15IN1", "170", "A1", ("0", "-500,00", "0", "0", "0")),
    ]
    (number,) = convert.build_project_numbers(rows)
    assert number.outlays == {2012: 3_000, 2013: -4_000}
    outlays = convert.project_tables([number])["outlays"]
    assert [(r["offset"], r["outlay"], r["income"]) for r in outlays] == [
        (0, "3", "0.5"),
        (1, "0", "4"),
    ]


def test_versions_that_share_a_year_are_refused(convert: ModuleType) -> None:
    row = city_row("11-14VB", "100", "A1", ("0", "5 000,00", "0", "0", "0"))
    with pytest.raises(ValueError, match="versionerna"):
        convert.check_versions([row])


def test_convert_reproduces_every_committed_file(
    convert: ModuleType, source: Path, tmp_path: Path
) -> None:
    convert.convert(source, tmp_path)
    rebuilt = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*.csv")}
    committed = {p.relative_to(CASE): p.read_bytes() for p in CASE.rglob("*.csv")}
    assert rebuilt == committed


def test_a_lost_row_is_noticed(
    convert: ModuleType, source: Path, tmp_path: Path
) -> None:
    lines = gzip.decompress(source.read_bytes()).splitlines(keepends=True)
    lost = next(i for i, line in enumerate(lines) if b"Seimsmyrane" in line)
    short = tmp_path / "short.csv.gz"
    new = next(i for i in range(lost, len(lines)) if b"12-15IN1" in lines[i][:12])
    short.write_bytes(gzip.compress(b"".join(lines[:new] + lines[new + 1 :])))
    with pytest.raises(ValueError, match="går inte ihop"):
        convert.convert(short, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_missing_file_is_a_message_and_not_a_traceback(
    convert: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("RODTRAD_DATA", str(tmp_path))
    assert convert.main() == 2
    assert "RODTRAD_DATA" in capsys.readouterr().out
