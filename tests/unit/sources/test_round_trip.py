"""Workbook, CSV folder and memory hold equal tables, whatever the texts contain."""

from __future__ import annotations

import csv
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rodtrad.domain.cells import clean_text
from rodtrad.domain.columns import SCHEMA, SETTINGS, Column
from rodtrad.domain.components import Tables, build_tables
from rodtrad.errors import SourceError
from rodtrad.sources import read_underlag, write_csv_folder, write_workbook
from rodtrad.sources.csv_folder import csv_texts

AWKWARD = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+46 492 769000",
    "-3 platser",
    "@SUM(A1)",
    "'=1+1",
    "''",
    "'",
    "två\nrader",
    'citat " och , komma; semikolon\toch tabb',
    "åäö ÅÄÖ é ü",
    "<r>inte <b>markup</b></r>",
    "_x0041_ _x000D_",
    "&amp; <t>",
    "0884",
    "1e5",
    "2027-01-01",
    "ja",
    "#1",
    "https://exempel.se/a?b=c",
    "internal:'År'!A1",
    "{=SUM(A1)}",
    "\u2212 5 %",
]
texts = st.one_of(
    st.sampled_from(AWKWARD),
    st.text(st.characters(codec="utf-8"), max_size=12).map(clean_text),
).filter(lambda text: not text.startswith("#") or len(text) < 3)
ids = st.from_regex(r"[a-zåäö][a-z0-9åäö_-]{0,6}", fullmatch=True)
numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.1 + 0.2, 1e-300, 5e-324, -0.0, 1 / 3, 123456789.12345679]),
)


def value_of(column: Column) -> st.SearchStrategy[Any]:
    """Any value of the column's type, or none."""
    if column.choices:
        kind: st.SearchStrategy[Any] = st.sampled_from(list(column.choices))
    else:
        kind = {
            "id": ids,
            "year": st.integers(1900, 2200),
            "int": st.integers(-(2**40), 2**40),
            "bool": st.booleans(),
            "text": texts,
        }.get(column.type, numbers)
    return st.one_of(st.none(), kind)


def table_rows(name: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    row = st.fixed_dictionaries(
        {column.name: value_of(column) for column in SCHEMA[name].columns.values()}
    )
    return st.lists(row, max_size=3)


PLAIN = [name for name in SCHEMA if name not in ("settings", "scenarios", "viewpoints")]


def round_trips(tables: Tables) -> None:
    with tempfile.TemporaryDirectory() as folder:
        book, csvs = Path(folder) / "u.xlsx", Path(folder) / "u"
        write_workbook(tables, book)
        write_csv_folder(tables, csvs)
        from_book, issues = read_underlag(book)
        from_csv, csv_issues = read_underlag(csvs)

        for name in tables:
            assert from_csv[name].columns == tables[name].columns, name
            assert from_book[name].columns == tables[name].columns, name
        assert from_csv == from_book == tables
        assert [i for i in issues + csv_issues if i.severity == "error"] == []


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    data=st.sampled_from(PLAIN).flatmap(
        lambda name: table_rows(name).map(lambda rows: {name: rows})
    )
)
@example(
    data={
        "projects": [
            {"project_id": f"p{n}", "name": text, "description": text}
            for n, text in enumerate(AWKWARD)
        ]
    }
)
def test_any_table_round_trips_to_equality(data: Any) -> None:
    head: list[dict[str, Any]] = [
        {"key": "municipality_name", "value": "Å"},
        {"key": "draws", "value": 9},
    ]
    head.append({"key": "base_year", "value": 2025})

    round_trips(build_tables({"settings": head, **data}))


def test_dependent_columns_round_trip() -> None:
    values: dict[str, Any] = dict.fromkeys(SETTINGS)
    values |= {
        "municipality_name": "=Ö",
        "municipality_code": "0884",
        "base_year": 2025,
        "plan_start": 2026,
        "plan_end": 2030,
        "discount_rate": 0.1 + 0.2,
        "remark": "Rad ett\nrad två",
    }
    tables = build_tables(
        {
            "settings": [{"key": key, "value": values[key]} for key in SETTINGS],
            "criteria": [
                {"criterion": "a", "weight": 1},
                {"criterion": "12", "weight": 2},
            ],
            "viewpoints": [
                {"viewpoint": "v", "criterion": "a", "relation": ">=", "value": "12"},
                {
                    "viewpoint": "v",
                    "criterion": "a",
                    "relation": "min",
                    "value": "30 %",
                },
            ],
            "goals": [
                {
                    "goal_id": "g",
                    "indicator": "sfg",
                    "operator": ">=",
                    "value": 1 / 3,
                    "period": "average:7",
                }
            ],
            "scenarios": [
                {
                    "scenario": "s",
                    "table": table,
                    "key": key,
                    "column": column,
                    "value": value,
                }
                for table, key, column, value in [
                    ("years", "2027", "interest_rate", "0,045"),
                    ("goals", "g", "operator", "<="),
                    ("projects", "*", "must_do", True),
                    ("settings", "municipality_code", "value", "0885"),
                    ("projects", "x", "name", "-5"),
                    ("inget", "x", "y", "=z"),
                    ("years", "2027", "other_change_tkr", -5),
                ]
            ],
        }
    )

    assert tables["viewpoints"]["value"] == ["12", "0.3"]
    assert tables["scenarios"]["value"][0] == "0.045"
    round_trips(tables)


def test_the_same_tables_give_the_same_bytes(tmp_path: Path) -> None:
    tables = build_tables({"areas": [{"area": "n", "name": "Norr"}]})
    for name in ("a", "b"):
        write_workbook(tables, tmp_path / f"{name}.xlsx")

    one, other = (tmp_path / f"{name}.xlsx" for name in ("a", "b"))

    assert one.read_bytes() == other.read_bytes()
    assert csv_texts(tables) == csv_texts(tables)


def test_no_text_becomes_a_formula_in_excel_or_csv(tmp_path: Path) -> None:
    rows = [{"project_id": f"p{n}", "name": text} for n, text in enumerate(AWKWARD)]
    tables = build_tables({"projects": rows})
    write_workbook(tables, tmp_path / "u.xlsx")
    write_csv_folder(tables, tmp_path / "u")

    with zipfile.ZipFile(tmp_path / "u.xlsx") as archive:
        parts = [n for n in archive.namelist() if n.startswith("xl/worksheets/sheet")]
        xml = b"".join(archive.read(part) for part in parts)
    assert b"<f" not in xml
    assert b"hyperlink" not in xml
    with (tmp_path / "u" / "projects.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for line in csv.reader(file) for cell in line]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@")]


def test_nothing_existing_is_overwritten(tmp_path: Path) -> None:
    tables = build_tables({"areas": [{"area": "n"}]})
    (tmp_path / "u.xlsx").write_text("mitt")
    (tmp_path / "mapp").mkdir()
    (tmp_path / "mapp" / "mitt.txt").write_text("mitt")
    (tmp_path / "fil").write_text("mitt")

    for write, path, code in (
        (write_workbook, tmp_path / "u.xlsx", "out_exists"),
        (write_workbook, tmp_path / "mapp", "out_exists"),
        (write_csv_folder, tmp_path / "mapp", "out_exists"),
        (write_csv_folder, tmp_path / "fil", "out_exists"),
        (write_workbook, tmp_path / "saknas" / "u.xlsx", "out_unwritable"),
        (write_workbook, tmp_path / "fil" / "u.xlsx", "out_unwritable"),
        (write_csv_folder, tmp_path / "fil" / "u", "out_unwritable"),
    ):
        with pytest.raises(SourceError) as caught:
            write(tables, path)
        assert caught.value.code == code
        assert "Inget är ändrat" in str(caught.value)
        assert caught.value.remedy

    assert sorted(p.name for p in tmp_path.iterdir()) == ["fil", "mapp", "u.xlsx"]
    assert (tmp_path / "u.xlsx").read_text() == "mitt"
    assert [p.name for p in (tmp_path / "mapp").iterdir()] == ["mitt.txt"]


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    tables = build_tables({"areas": [{"area": "n"}]})
    (tmp_path / "u").mkdir()

    write_csv_folder(tables, tmp_path / "u")

    assert (tmp_path / "u" / "areas.csv").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is opened on a device that is always full."""
    tables = build_tables({"areas": [{"area": "n"}]})
    opened = Path.write_text

    def full(self: Path, data: str, **how: Any) -> int:
        if self.suffix != ".csv":
            return opened(self, data, **how)
        with Path("/dev/full").open("w", encoding="utf-8") as file:
            return file.write(data)

    monkeypatch.setattr(Path, "write_text", full)

    with pytest.raises(SourceError) as caught:
        write_csv_folder(tables, tmp_path / "u")

    assert caught.value.code == "out_unwritable"
    assert "disken är full" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_workbook_on_a_full_disk_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes cannot be written: the error of the system comes through."""
    tables = build_tables({"areas": [{"area": "n"}]})

    def full(*_args: object, **_how: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "write_bytes", full)

    with pytest.raises(SourceError) as caught:
        write_workbook(tables, tmp_path / "u.xlsx")

    assert caught.value.code == "out_unwritable"
    assert "disken är full" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_text_too_long_for_a_cell_is_refused_and_nothing_written(
    tmp_path: Path,
) -> None:
    tables = build_tables({"projects": [{"project_id": "p", "name": "x" * 40_000}]})

    with pytest.raises(SourceError) as caught:
        write_workbook(tables, tmp_path / "u.xlsx")

    assert caught.value.code == "cell_too_long"
    assert list(tmp_path.iterdir()) == []
