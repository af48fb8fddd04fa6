"""Whatever file a person hands over: a message at its place, never a traceback."""

from __future__ import annotations

import datetime as dt
import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rodtrad.domain.checks import check_tables
from rodtrad.domain.columns import SCHEMA, SETTINGS
from rodtrad.domain.components import build_tables
from rodtrad.errors import InputError
from rodtrad.sources import read_underlag, write_csv_folder, write_workbook
from rodtrad.sources.csv_folder import decode

if TYPE_CHECKING:
    from pathlib import Path

Sheets = dict[str, list[list[Any]]]


def book(path: Path, sheets: Sheets) -> Path:
    """Write a workbook as another program would."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    workbook.save(path)
    return path


def sheets() -> Sheets:
    """Return the required sheets with Swedish headings, as typed by hand."""
    return {
        "Inställningar": [
            ["Inställning", "Värde"],
            ["Kommunens namn", "Exempelby"],
            ["Basår", 2025],
            ["Planens första år", 2026],
            ["Planens sista år", 2027],
            ["Kalkylränta", "3 %"],
        ],
        "År": [
            [
                "År",
                "Invånare",
                "Skatteunderlagets ökning",
                "Kostnadsökning",
                "Byggprisökning",
                "Låneränta",
            ],
            *([year, 15_000, 0.03, 0.02, 0.02, 0.03] for year in (2025, 2026, 2027)),
        ],
        "Resultaträkning": [
            ["Rad", "År", "Belopp (tkr)"],
            ["Verksamhetens intäkter", 2025, 200_000],
            ["Verksamhetens kostnader", 2025, -1_150_000],
            ["Avskrivningar", 2025, -40_000],
            ["rs", 2025, 750_000],
            ["rg", 2025, 260_000],
        ],
        "Balansräkning": [
            ["Rad", "Belopp vid basårets slut"],
            ["Anläggningstillgångar", 900_000],
            ["Finansiella anläggningstillgångar", 50_000],
            ["Övriga tillgångar", 100_000],
            ["Kassa och bank", 50_000],
            ["Eget kapital", 500_000],
            ["Avsättningar", 100_000],
            ["Lån", 300_000],
            ["Övriga skulder", 200_000],
        ],
        "Projekt": [
            ["Projekt-id", "Namn", "Tidigaste start", "Tvingande"],
            ["skola", "Ny skola", 2026, "x"],
        ],
        "Alternativ": [
            ["Projekt-id", "Alternativ-id", "Byggtid (år)"],
            ["skola", "a", 1],
        ],
        "Utgifter": [
            ["Projekt-id", "Alternativ-id", "År från start", "Utgift"],
            ["skola", "a", 0, 50_000],
        ],
        "Kriterier": [["Kriterium", "Vikt"], ["behov", 1]],
        "Betyg": [
            ["Projekt-id", "Alternativ-id", "Kriterium", "Betyg"],
            ["skola", "a", "behov", 60],
        ],
        "Mål": [
            ["Mål-id", "Nyckeltal", "Minst eller högst", "Målvärde"],
            ["g", "Soliditet", "minst", 0.2],
        ],
    }


def places(path: Path) -> list[tuple[str, str, int | None, str]]:
    """Return code, table, row and column of every issue of reading and checking."""
    tables, issues = read_underlag(path)
    return [
        (i.code, i.table, i.row, i.column) for i in [*issues, *check_tables(tables)]
    ]


def fatal(path: Path) -> str:
    """Return the code of the fault that stops the reading."""
    with pytest.raises(InputError) as caught:
        read_underlag(path)
    assert len(caught.value.issues) == 1
    issue = caught.value.issues[0]
    assert issue.severity == "error"
    assert "{" not in issue.message + issue.remedy
    return issue.code


def test_a_workbook_typed_by_hand_has_no_faults(tmp_path: Path) -> None:
    path = book(tmp_path / "u.xlsx", sheets())

    assert places(path) == []
    tables, _issues = read_underlag(path)
    assert tables["statement"]["line"] == ["ri", "rk", "ra", "rs", "rg"]
    assert tables["projects"]["must_do"] == [True]
    assert tables.settings["discount_rate"] == 0.03


# ---------------------------------------------------------------- whole files


def test_missing_file_and_folder_without_tables(tmp_path: Path) -> None:
    assert fatal(tmp_path / "saknas.xlsx") == "file_missing"
    (tmp_path / "tom").mkdir()
    assert fatal(tmp_path / "tom") == "file_missing"


def test_empty_workbooks(tmp_path: Path) -> None:
    (tmp_path / "noll.xlsx").write_bytes(b"")
    assert fatal(tmp_path / "noll.xlsx") == "workbook_empty"
    assert fatal(book(tmp_path / "ett.xlsx", {"Blad1": []})) == "workbook_empty"
    only_headings = {name: rows[:1] for name, rows in sheets().items()}
    assert fatal(book(tmp_path / "två.xlsx", only_headings)) == "workbook_empty"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("u.xlsx", b"Projekt-id;Namn\nskola;Ny skola\n"),
        ("u.xlsx", b"%PDF-1.7 nothing"),
        ("u.csv", b"a,b\n1,2\n"),
        ("u.docx", b"\x00\x01\x02"),
        ("u.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600),
    ],
)
def test_what_is_no_workbook(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)

    assert fatal(tmp_path / name) == "file_not_excel"


def test_a_zip_that_is_no_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "u.xlsx", "w") as archive:
        archive.writestr("word/document.xml", "<w/>")

    assert fatal(tmp_path / "u.xlsx") == "file_not_excel"


def test_an_encrypted_workbook(tmp_path: Path) -> None:
    """Excel wraps an encrypted workbook in a container with a stream of this name."""
    stream = "EncryptedPackage".encode("utf-16-le")
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    (tmp_path / "u.xlsx").write_bytes(head + b"\0" * 900 + stream + b"\0" * 900)

    assert fatal(tmp_path / "u.xlsx") == "file_encrypted"


def test_a_cut_off_workbook(tmp_path: Path) -> None:
    data = book(tmp_path / "hel.xlsx", sheets()).read_bytes()
    for kept in (5, len(data) // 3, len(data) - 30):
        (tmp_path / "u.xlsx").write_bytes(data[:kept])

        assert fatal(tmp_path / "u.xlsx") == "file_truncated"


@settings(max_examples=40, deadline=None)
@given(place=st.floats(0, 1), byte=st.integers(0, 255), n=st.integers(1, 40))
def test_a_damaged_workbook_never_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, place: float, byte: int, n: int
) -> None:
    folder = tmp_path_factory.mktemp("skadad")
    data = bytearray(book(folder / "hel.xlsx", sheets()).read_bytes())
    start = int(place * (len(data) - n))
    data[start : start + n] = bytes([byte]) * n
    (folder / "u.xlsx").write_bytes(data)

    try:
        tables, _issues = read_underlag(folder / "u.xlsx")
        check_tables(tables)
    except InputError as error:
        assert error.issues  # noqa: PT017


# ---------------------------------------------------------------- sheets, columns


def test_missing_sheet_column_and_misspelt_names(tmp_path: Path) -> None:
    given = sheets()
    del given["Mål"]
    given["Projket"] = [["a"], [1]]
    given["Utgifter"][0][3] = "Utgfit"
    given["Anteckningar"] = [["hej"]]
    path = book(tmp_path / "u.xlsx", given)
    tables, issues = read_underlag(path)
    found = {(i.code, i.table, i.row): i for i in issues}

    assert "Bladet Mål saknas" in found["sheet_missing", "goals", None].message
    assert "column_missing" in {i.code for i in issues if i.table == "outlays"}
    unknown = next(i for i in issues if i.code == "column_unknown")
    assert (unknown.row, unknown.column) == (1, "Utgfit")
    assert "Menade du Utgift?" in unknown.remedy
    sheet = next(i for i in issues if "Projket" in i.message)
    assert "Projekt" in sheet.remedy
    # Nothing more is said about what could not be read.
    assert {i.table for i in check_tables(tables)} == set()


def test_a_heading_given_twice(tmp_path: Path) -> None:
    given = sheets()
    given["Kriterier"][0].append("Vikt (poäng)")

    found = places(book(tmp_path / "u.xlsx", given))

    assert ("column_duplicate", "criteria", 1, "weight") in found


# ---------------------------------------------------------------- cells

CELLS: list[tuple[str, str, int, int, Any, tuple[str, str, int, str]]] = [
    (
        "text in a number cell",
        "Utgifter",
        2,
        4,
        "femtio",
        ("cell_not_number", "outlays", 2, "outlay"),
    ),
    (
        "decimal comma",
        "Utgifter",
        2,
        4,
        "50000,5",
        ("cell_reformatted", "outlays", 2, "outlay"),
    ),
    (
        "blanks in thousands",
        "Utgifter",
        2,
        4,
        "50\u00a0000",
        ("cell_reformatted", "outlays", 2, "outlay"),
    ),
    (
        "a point that may part thousands",
        "Utgifter",
        2,
        4,
        "50.000",
        ("cell_ambiguous", "outlays", 2, "outlay"),
    ),
    (
        "a date for a year",
        "Projekt",
        2,
        3,
        dt.date(2026, 5, 1),
        ("cell_date_for_year", "projects", 2, "earliest_year"),
    ),
    (
        "a word for a year",
        "Projekt",
        2,
        3,
        "snart",
        ("cell_not_year", "projects", 2, "earliest_year"),
    ),
    (
        "negative outlay",
        "Utgifter",
        2,
        4,
        -50_000,
        ("cell_negative", "outlays", 2, "outlay"),
    ),
    (
        "percent typed as 2",
        "År",
        3,
        4,
        2,
        ("cell_percent", "years", 3, "cost_growth"),
    ),
    (
        "not in the list",
        "Mål",
        2,
        2,
        "lycka",
        ("cell_choice", "goals", 2, "indicator"),
    ),
    (
        "blank that is needed",
        "Projekt",
        2,
        2,
        None,
        ("cell_required", "projects", 2, "name"),
    ),
    (
        "a formula as text",
        "Projekt",
        2,
        2,
        "-Ny skola",
        ("cell_formula_text", "projects", 2, "name"),
    ),
    (
        "an error",
        "Utgifter",
        2,
        4,
        "#DIV/0!",
        ("cell_formula_error", "outlays", 2, "outlay"),
    ),
    (
        "a formula that nobody has computed",
        "Utgifter",
        2,
        4,
        "=40000+10000",
        ("cell_formula_error", "outlays", 2, "outlay"),
    ),
    (
        "an orphan",
        "Utgifter",
        2,
        1,
        "skol",
        ("ref_orphan", "outlays", 2, "project_id"),
    ),
]


@pytest.mark.parametrize(
    ("sheet", "row", "column", "value", "expected"),
    [case[1:] for case in CELLS],
    ids=[case[0] for case in CELLS],
)
def test_a_cell_is_named_where_excel_shows_it(
    tmp_path: Path,
    sheet: str,
    row: int,
    column: int,
    value: Any,
    expected: tuple[str, str, int, str],
) -> None:
    given = sheets()
    given[sheet][row - 1][column - 1] = value
    found = places(book(tmp_path / "u.xlsx", given))

    assert expected in found
    # One fault, one message: a cell that cannot be read is not also called blank.
    assert [place for place in found if place[1:] == expected[1:]] == [expected]


def test_row_numbers_are_excels_also_after_blank_rows(tmp_path: Path) -> None:
    given = sheets()
    given["Utgifter"][1:1] = [[None] * 4, ["  ", None, None, None]]
    given["Utgifter"][3][3] = "femtio"
    given["Utgifter"] += [[None] * 4] * 3

    found = places(book(tmp_path / "u.xlsx", given))

    assert ("cell_not_number", "outlays", 4, "outlay") in found
    assert len(found) == 1


def test_notes_alike_in_a_column_are_counted(tmp_path: Path) -> None:
    given = sheets()
    for row in given["År"][1:]:
        row[1] = "15 000"
    _tables, issues = read_underlag(book(tmp_path / "u.xlsx", given))

    assert [(i.code, i.row) for i in issues] == [("cell_reformatted", 2)]
    assert "Gäller 3 celler" in issues[0].message


def test_ids_with_swedish_letters_and_numbers_are_kept(tmp_path: Path) -> None:
    given = sheets()
    for name in ("Projekt", "Alternativ", "Utgifter", "Betyg"):
        given[name][1][0] = "förskola_Å-1"
    for name in ("Alternativ", "Utgifter", "Betyg"):
        given[name][1][1] = 1
    path = book(tmp_path / "u.xlsx", given)

    assert places(path) == []
    assert read_underlag(path)[0]["alternatives"]["alternative_id"] == ["1"]


# ---------------------------------------------------------------- CSV


def csv_folder(folder: Path, encoding: str = "utf-8", delimiter: str = ";") -> Path:
    """Write the sheets as CSV as a Swedish spreadsheet program saves them."""
    folder.mkdir()
    for name, rows in sheets().items():
        lines = [
            delimiter.join(
                "" if cell is None else str(cell).replace(".", ",") for cell in row
            )
            for row in rows
        ]
        text = "\r\n".join(lines) + "\r\n"
        (folder / f"{name}.csv").write_bytes(text.encode(encoding))
    return folder


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_from_a_spreadsheet_is_read(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    folder = csv_folder(tmp_path / "u", encoding, delimiter)
    tables, issues = read_underlag(folder)

    expected, _none = read_underlag(book(tmp_path / "u.xlsx", sheets()))
    assert tables == expected
    assert {i.code for i in issues} == {"cell_reformatted"}
    assert check_tables(tables) == []


@pytest.mark.parametrize(
    ("encoding", "label"), [("cp1252", "Windows-1252"), ("mac_roman", "Mac Roman")]
)
def test_csv_in_old_encodings_is_read_and_said(
    tmp_path: Path, encoding: str, label: str
) -> None:
    tables, issues = read_underlag(csv_folder(tmp_path / "u", encoding))

    expected, _none = read_underlag(book(tmp_path / "u.xlsx", sheets()))
    assert tables == expected
    notes = [i for i in issues if i.code == "csv_encoding"]
    assert notes
    assert all(label in note.message for note in notes)
    assert ("csv_encoding", "settings") in {(i.code, i.table) for i in notes}


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman"])
@pytest.mark.parametrize(
    "text",
    ["Å", "Förskola", "ÄLDREBOENDE I ÖSTRA ÅS", "café à la", "2026–2030 – år", "5 € å"],
)
def test_swedish_letters_decide_the_encoding(text: str, encoding: str) -> None:
    line = f"name\nx{text}\n"

    assert decode(line.encode(encoding))[0] == line


def test_csv_that_is_no_text(tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "u")
    (folder / "Projekt.csv").write_bytes(
        b"Projekt-id;Namn\nskola;\x90\x81\x8d\xfe\xff\n"
    )
    (folder / "Mål.csv").write_bytes(b"Mal-id\x00\x01\x02")

    found = places(folder)

    assert ("csv_unreadable", "projects", 2, "") in found
    assert ("csv_unreadable", "goals", 1, "") in found


@settings(max_examples=40, deadline=None)
@given(
    data=st.one_of(
        st.binary(max_size=200),
        st.text(st.sampled_from("åÖa0,;\"\t\n\r='#-%\x00"), max_size=80).map(
            lambda text: text.encode("cp1252")
        ),
    ),
    name=st.sampled_from(sorted(SCHEMA)),
)
def test_no_bytes_in_a_csv_file_break_the_reader(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    heading = ",".join(SCHEMA[name].columns).encode() + b"\n"
    (folder / f"{name}.csv").write_bytes(heading + data)

    try:
        tables, issues = read_underlag(folder)
    except InputError as error:
        issues = error.issues
    else:
        issues = issues + check_tables(tables)
    assert all("{" not in i.remedy for i in issues)


def test_csv_cut_off_inside_quotes(tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "u")
    (folder / "Projekt.csv").write_text(
        'Projekt-id;Namn\nskola;"Ny sk', encoding="utf-8"
    )

    assert ("csv_unreadable", "projects", 2, "") in places(folder)


def test_csv_with_an_unquoted_decimal_comma(tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "u")
    (folder / "Utgifter.csv").write_text(
        "project_id,alternative_id,offset,outlay\nskola,a,0,50000,5\n", encoding="utf-8"
    )

    assert ("row_long", "outlays", 2, "") in places(folder)


def test_csv_folder_without_a_required_table(tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "u")
    (folder / "Mål.csv").unlink()
    (folder / "goal.csv").write_text("x\n1\n", encoding="utf-8")

    tables, issues = read_underlag(folder)
    codes = {i.code: i for i in issues if i.code != "cell_reformatted"}

    assert codes["sheet_missing"].table == "goals"
    assert "goals" in codes["sheet_unknown"].remedy
    assert len(tables["goals"]) == 0


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "u")
    (folder / "Mål.csv").unlink()
    (folder / "Mål.csv").mkdir()

    assert ("file_unreadable", "goals", None, "") in places(folder)


def test_two_files_for_one_table(tmp_path: Path) -> None:
    folder = csv_folder(tmp_path / "u")
    (folder / "goals.csv").write_text("goal_id\n", encoding="utf-8")

    assert ("sheet_duplicate", "goals", None, "") in places(folder)


# ---------------------------------------------------------------- size


def test_a_hundred_thousand_rows_are_read_whole(
    tmp_path: Path,
) -> None:
    data: dict[str, Any] = {
        "settings": [
            {"key": key, "value": value}
            for key, value in {
                "municipality_name": "Storby",
                "base_year": 2025,
                "plan_start": 2026,
                "plan_end": 2035,
                "discount_rate": 0.03,
            }.items()
        ],
        "projects": [{"project_id": f"p{n}", "name": f"P {n}"} for n in range(20_000)],
        "alternatives": [
            {"project_id": f"p{n}", "alternative_id": "a", "build_years": 2}
            for n in range(20_000)
        ],
        "outlays": [
            {
                "project_id": f"p{n // 5}",
                "alternative_id": "a",
                "offset": n % 5,
                "outlay": n / 7,
            }
            for n in range(100_000)
        ],
    }
    tables = build_tables(data)
    write_workbook(tables, tmp_path / "u.xlsx")

    read, _issues = read_underlag(tmp_path / "u.xlsx")

    assert read == tables
    assert not [i for i in check_tables(read) if i.table == "outlays"]


def test_a_csv_folder_we_write_has_every_required_table(tmp_path: Path) -> None:
    write_csv_folder(build_tables({}), tmp_path / "u")

    names = {path.stem for path in (tmp_path / "u").iterdir()}
    assert names == {name for name, spec in SCHEMA.items() if not spec.optional}
    assert set(SETTINGS) >= {"base_year", "remark", "currency"}
