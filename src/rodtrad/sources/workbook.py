"""Excel ⇄ `Tables`: a sheet a table, Swedish sheet names, headings and choices.

Text is always written as text, never as a formula. The reader takes .xlsx (also .xlsm,
.xls and .ods) and tells apart a file that is not Excel, one that is encrypted, one that
is cut off and one that is empty. The template for a new underlag is in template.py.
"""

from __future__ import annotations

import html
import re
import zipfile
import zlib
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.cells import is_blank, number_text
from rodtrad.domain.columns import SCHEMA, SETTINGS, Column, table_named
from rodtrad.domain.components import Table, Tables, empty_table, finish_tables
from rodtrad.domain.messages import issue
from rodtrad.errors import InputError
from rodtrad.sources.sheets import guess, read_sheet
from rodtrad.sources.writing import new_file, source_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlsxwriter.format import Format  # type: ignore[import-untyped]
    from xlsxwriter.workbook import Workbook  # type: ignore[import-untyped]
    from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

    from rodtrad.errors import Issue

MAX_MEGABYTES: Final = 100
MAX_UNPACKED_MEGABYTES: Final = 1_000
MAX_CELL_TEXT: Final = 32_767
MAX_ROWS: Final = 1_048_576
GUIDE_SHEET: Final = "Läs mig"
LIST_SHEET: Final = "Listor"
# What the archive library raises when bytes have been cut off or changed.
_DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")


# ---------------------------------------------------------------- reading


def read_workbook(path: Path) -> tuple[Tables, list[Issue]]:
    """Return the tables of a workbook, and what was noted while reading.

    Raises:
        InputError: the file cannot be read as a workbook, or holds nothing.
    """
    _check_container(path)
    sheets = _read_sheets(path)
    issues: list[Issue] = []
    found: dict[str, str] = {}
    for sheet in sheets:
        name = table_named(sheet)
        if name is None:
            if sheet not in (GUIDE_SHEET, LIST_SHEET):
                near = guess(sheet, [spec.label_sv for spec in SCHEMA.values()])
                issues.append(
                    issue("sheet_unknown", "", None, "", sheet=sheet, guess=near)
                    if near
                    else issue("sheet_unknown.no_guess", "", None, "", sheet=sheet)
                )
        elif name in found:
            issues.append(
                issue(
                    "sheet_duplicate",
                    name,
                    None,
                    "",
                    a=found[name],
                    b=sheet,
                    sheet=SCHEMA[name].label,
                )
            )
        else:
            found[name] = sheet
    if all(len(lines) <= 1 for lines in sheets.values()):
        raise InputError([issue("workbook_empty")])
    tables: dict[str, Table] = {}
    for name, spec in SCHEMA.items():
        if name in found:
            table, found_here = read_sheet(
                name, sheets[found[name]], dot_is_decimal=False
            )
            tables[name] = table
            issues += found_here
        elif not spec.optional:
            tables[name] = empty_table(name, missing=True)
            issues.append(issue("sheet_missing", name, None, "", sheet=spec.label))
    if found and not any(map(_has_content, tables.values())):
        key = "workbook_empty.template" if GUIDE_SHEET in sheets else "workbook_empty"
        raise InputError([issue(key)])
    return finish_tables(tables), issues


def _has_content(table: Table) -> bool:
    """False for a table as the template gives it, with only keys filled in."""
    if table.name == "settings":
        return any(
            value is not None and SETTINGS[key].required
            for key, value in zip(table["key"], table["value"], strict=True)
            if key in SETTINGS
        )
    if table.name == "balance":
        return any(amount is not None for amount in table["amount"]) or bool(
            table.faulty
        )
    return len(table) > 0


def _check_container(path: Path) -> None:
    """Refuse, with the right words, what is no whole and open workbook."""
    megabytes = path.stat().st_size / 1e6
    if megabytes > MAX_MEGABYTES:
        raise InputError(
            [issue("file_too_big", mb=round(megabytes), max=MAX_MEGABYTES)]
        )
    with path.open("rb") as file:
        head = file.read(8)
        named_excel = path.suffix.casefold() in (".xlsx", ".xlsm", ".xls", ".ods")
        if head == _OLE:
            if _ENCRYPTED in file.read():
                raise InputError([issue("file_encrypted")])
            if path.suffix.casefold() != ".xls":
                raise InputError([issue("file_not_excel", file=path.name)])
            return
    if not head and named_excel:
        raise InputError([issue("workbook_empty")])
    if head[:2] != b"PK":
        key = "file_not_excel" if named_excel else "file_not_excel.other"
        raise InputError([issue(key, file=path.name)])
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            encrypted = any(info.flag_bits & 1 for info in archive.infolist())
            unpacked = sum(info.file_size for info in archive.infolist()) / 1e6
    except _DAMAGED:
        raise InputError([issue("file_truncated")]) from None
    if encrypted:
        raise InputError([issue("file_encrypted")])
    if unpacked > MAX_UNPACKED_MEGABYTES:
        raise InputError(
            [issue("file_too_big", mb=round(unpacked), max=MAX_UNPACKED_MEGABYTES)]
        )
    if not names & {"xl/workbook.xml", "content.xml"}:
        raise InputError([issue("file_not_excel", file=path.name)])


def _read_sheets(path: Path) -> dict[str, list[list[Any]]]:
    """The cells of every sheet from row 1, error cells as the text that Excel shows."""
    import python_calamine as calamine

    try:
        with calamine.load_workbook(str(path)) as workbook:
            sheets = {
                name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
                for name in workbook.sheet_names
            }
    except calamine.PasswordError:
        raise InputError([issue("file_encrypted")]) from None
    except (calamine.ZipError, calamine.XmlError):
        raise InputError([issue("file_truncated.damaged")]) from None
    except (calamine.CalamineError, zipfile.BadZipFile):
        raise InputError([issue("file_not_excel", file=path.name)]) from None
    if zipfile.is_zipfile(path):
        try:
            error_cells = _error_cells(path)
        except _DAMAGED:
            raise InputError([issue("file_truncated.damaged")]) from None
        for name, errors in error_cells.items():
            for (row, column), text in errors.items():
                lines = sheets.get(name, [])
                lines.extend([] for _missing in range(row + 1 - len(lines)))
                line = lines[row]
                line.extend("" for _missing in range(column + 1 - len(line)))
                line[column] = text
    return {name: _trimmed(lines) for name, lines in sheets.items()}


def _trimmed(lines: list[list[Any]]) -> list[list[Any]]:
    """Without blank lines at the end, which formatting alone can give."""
    end = len(lines)
    while end and all(is_blank(cell) for cell in lines[end - 1]):
        end -= 1
    return lines[:end]


_ERROR_CELL: Final = re.compile(
    rb'<c r="([A-Z]+)(\d+)"[^>]*\bt="e"[^>]*>(?:(?!</c>).)*?<v>([^<]*)</v>',
    flags=re.DOTALL,
)
_UNCOMPUTED: Final = re.compile(
    rb'<c r="([A-Z]+)(\d+)"[^>]*>\s*<f[^>]*?(?:/>|>[^<]*</f>)\s*'
    rb"(?:<v\s*/>|<v></v>)?\s*</c>"
)


def _error_cells(path: Path) -> dict[str, dict[tuple[int, int], str]]:
    """Formula errors, which the reader gives as blanks, by sheet and place.

    Also formulas that no program has computed, shown as `#VÄRDE!`-like text.
    """
    errors: dict[str, dict[tuple[int, int], str]] = {}
    with zipfile.ZipFile(path) as archive:
        for name, part in _sheet_parts(archive).items():
            data = archive.read(part)
            if b't="e"' in data:
                for column, row, text in _ERROR_CELL.findall(data):
                    place = (int(row) - 1, _column_index(column))
                    errors.setdefault(name, {})[place] = text.decode()
            if b"<f" in data:
                for column, row in _UNCOMPUTED.findall(data):
                    place = (int(row) - 1, _column_index(column))
                    errors.setdefault(name, {})[place] = "#BERÄKNA!"
    return errors


def _column_index(letters: bytes) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1


_ATTRIBUTE: Final = re.compile(r'([\w:]+)="([^"]*)"')


def _elements(xml: bytes, tag: str) -> list[dict[str, str]]:
    """The attributes of each element with this tag, whatever its prefix."""
    text = xml.decode("utf-8", errors="replace")
    return [
        {
            key.rpartition(":")[2]: html.unescape(value)
            for key, value in _ATTRIBUTE.findall(attributes)
        }
        for attributes in re.findall(rf"<(?:\w+:)?{tag}\s([^>]*)>", text)
    ]


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """The file inside the archive of each sheet, by the sheet's name."""
    names = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return {}
    targets: dict[str, str] = {}
    relations = archive.read("xl/_rels/workbook.xml.rels")
    for relation in _elements(relations, "Relationship"):
        target = relation.get("Target", "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        targets[relation.get("Id", "")] = part
    sheets = _elements(archive.read("xl/workbook.xml"), "sheet")
    parts = {s.get("name", ""): targets.get(s.get("id", ""), "") for s in sheets}
    return {name: part for name, part in parts.items() if part in names}


# ---------------------------------------------------------------- writing


class Exact(float):
    """A number that is written with every digit it needs, not sixteen."""

    def __format__(self, _spec: str) -> str:
        return number_text(float(self))


def write_workbook(tables: Tables, path: str | Path) -> None:
    """Write the tables as a workbook, whole or not at all.

    Every required table gets a sheet, an optional one only if it has rows.

    Raises:
        SourceError: the file exists or cannot be written, or a text or table is longer
            than a sheet can hold; nothing is written then.
    """
    path = Path(path)
    filled = [t for t in tables.values() if len(t) or not t.spec.optional]
    for table in filled:
        _check_size(table)
    with new_file(path) as temporary:
        save(temporary, path, lambda workbook: write_sheets(workbook, filled))


def save(temporary: Path, path: Path, fill: Callable[[Workbook], object]) -> None:
    """Make a workbook at the temporary name with `fill`; faults name `path`."""
    import xlsxwriter  # type: ignore[import-untyped]
    from xlsxwriter.exceptions import FileSizeError  # type: ignore[import-untyped]

    # Made in memory: a full disk is then met in one place, when the bytes are written.
    content = BytesIO()
    workbook = xlsxwriter.Workbook(
        content,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "nan_inf_to_errors": False,
        },
    )
    # The same tables give the same bytes: no time of writing.
    workbook.set_properties(
        {"title": "Röd tråd", "created": datetime(2026, 1, 1, tzinfo=UTC)}
    )
    try:
        fill(workbook)
        workbook.close()
    except FileSizeError:
        raise source_error(
            "out_unwritable", dir=path.name, why="filen blir för stor"
        ) from None
    temporary.write_bytes(content.getvalue())


def _check_size(table: Table) -> None:
    for column in table.spec.columns.values():
        if column.is_number or column.type in ("bool", "choice", "word"):
            continue
        for text in set(table[column.name]):
            if text is not None and len(text) > MAX_CELL_TEXT:
                raise source_error("cell_too_long", n=len(text), max=MAX_CELL_TEXT)
    if len(table) >= MAX_ROWS:
        raise source_error(
            "out_unwritable",
            dir=table.spec.label_sv,
            why=f"bladet rymmer {MAX_ROWS - 1} rader",
        )


def write_sheets(workbook: Workbook, tables: list[Table]) -> None:
    """Write a sheet for every table: headings, values and column widths."""
    formats = Formats(workbook)
    for table in tables:
        sheet = workbook.add_worksheet(table.spec.label_sv)
        write_headings(sheet, table.name, formats)
        writers = {name: _cell_texts(table, name) for name in table.spec.columns}
        for place, (name, values) in enumerate(writers.items()):
            column = table.spec.columns[name]
            for index, value in enumerate(values, start=1):
                if value is None:
                    continue
                if isinstance(value, str):
                    write_text(sheet, index, place, value, formats)
                else:
                    sheet.write_number(
                        index, place, Exact(value), formats.number(column)
                    )


class Formats:
    """The cell formats of one workbook, made when first asked for."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._made: dict[str, Format] = {}

    def named(self, name: str, **properties: object) -> Format:
        """Return the format of this name, made with the properties the first time."""
        if name not in self._made:
            self._made[name] = self._workbook.add_format(properties)
        return self._made[name]

    def heading(self, required: bool) -> Format:
        """Bold on a tint; a required column has a star and a thick line besides."""
        common = {"bold": True, "text_wrap": True, "valign": "top", "border": 1}
        if required:
            return self.named(
                "required", **common, bottom=5, bg_color="#F3DFDA", font_color="#1B1B1B"
            )
        return self.named("heading", **common, bg_color="#ECEBE7", font_color="#1B1B1B")

    def text(self) -> Format:
        """Text as typed: `0884` keeps its zero and line breaks show."""
        return self.named("text", num_format="@", text_wrap=True, valign="top")

    def number(self, column: Column) -> Format:
        """Thousands apart for money, percent for shares, years plain."""
        formats = {"tkr": "#,##0.##########", "share": "0.0#########%"}
        form = formats.get(column.type, "General")
        return self.named(form, num_format=form, valign="top")


WIDTHS: Final = {"text": 28, "id": 18, "choice": 26, "word": 26, "bool": 12, "tkr": 16}


def write_headings(sheet: Worksheet, name: str, formats: Formats) -> None:
    """Write row 1, frozen, with widths that suit the columns."""
    spec = SCHEMA[name]
    sheet.freeze_panes(1, 0)
    sheet.set_row(0, 48)
    for place, column in enumerate(spec.columns.values()):
        star = " *" if column.required else ""
        heading = column.heading_sv + star
        sheet.write_string(0, place, heading, formats.heading(bool(column.required)))
        sheet.set_column(place, place, column_width(column))


def column_width(column: Column) -> int:
    """Return a width in which the heading's longest word and usual values fit."""
    if column.name in ("description", "source"):
        return 48
    longest = max(map(len, column.heading_sv.split()))
    return max(WIDTHS.get(column.type, 14), longest + 3)


def write_text(
    sheet: Worksheet, row: int, column: int, text: str, formats: Formats
) -> None:
    """Write a text as a text, whatever it looks like."""
    if text.startswith("<r>") and text.endswith("</r>"):
        # The library takes such a string for ready-made markup.
        plain = formats.named("rich", font_name="Calibri")
        sheet.write_rich_string(
            row, column, plain, text[:1], plain, text[1:], formats.text()
        )
    else:
        sheet.write_string(row, column, text, formats.text())


def _cell_texts(table: Table, name: str) -> list[Any]:
    """The values of a column as they stand in the sheet: labels, ja/nej, numbers."""
    column = table.spec.columns[name]
    values = table[name]
    if column.type == "bool":
        return [None if v is None else ("ja" if v else "nej") for v in values]
    if column.choices:
        labels = {code: choice_label(column, code) for code in set(values) if code}
        return [labels.get(v) for v in values]
    if table.name == "settings" and name == "value":
        keys: list[Any] = table["key"]
        return [
            setting_cell(key, value) for key, value in zip(keys, values, strict=True)
        ]
    if (table.name, name) == ("scenarios", "table"):
        return [SCHEMA[v].label_sv if v in SCHEMA else v for v in values]
    if (table.name, name) == ("scenarios", "column"):
        return [
            SCHEMA[t].columns[v].label_sv
            if t in SCHEMA and v in SCHEMA[t].columns
            else v
            for t, v in zip(table["table"], values, strict=True)
        ]
    return values


def choice_label(column: Column, code: str) -> str:
    """Return the Swedish label of a choice; for a longer average, made from its N."""
    label = column.choices.get(code)
    if label is None and code.startswith("average:"):
        return f"genomsnitt för {code.split(':')[1]} år"
    return label or code


def setting_cell(key: str | None, value: str | None) -> str | float | None:
    """Return a setting's value as it stands in the sheet: numbers as numbers."""
    column = SETTINGS.get(key or "")
    if value is None or column is None or not column.is_number:
        return value
    return float(value)
