"""CSV folder ⇄ `Tables`: a file a table, UTF-8 with commas and canonical headings.

Reads also what spreadsheet programs save: semicolons or tabs, decimal commas, Swedish
headings, Windows-1252 and Mac Roman. Text that a spreadsheet would run as a formula is
written with an apostrophe before it, which reading takes away again.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.cells import canonical_text
from rodtrad.domain.columns import SCHEMA, table_named
from rodtrad.domain.components import Table, Tables, empty_table, finish_tables
from rodtrad.domain.messages import issue
from rodtrad.errors import InputError
from rodtrad.sources.sheets import guess, read_sheet
from rodtrad.sources.writing import new_folder, reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.errors import Issue

_LETTERS: Final = "A-Za-zÅÄÖåäöÉéÜü"
_SWEDISH: Final = re.compile(rf"(?<=[{_LETTERS}])[åäöÅÄÖ]|[åäöÅÄÖ](?=[{_LETTERS}])")
_PLAUSIBLE: Final = frozenset(
    "åäöÅÄÖéÉèüÜøØæÆñóáàçêëß–—”“’‘«»…§°²³½¼·•×±€£´\u00a0\u2212"
)
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
_PLAIN_NUMBER: Final = re.compile(r"'*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")


class _UnreadableError(Exception):
    """Bytes that are no text; `row` and `text` show where."""

    def __init__(self, row: int, text: str) -> None:
        self.row = row
        self.text = text
        super().__init__(text)


def read_csv_folder(folder: Path) -> tuple[Tables, list[Issue]]:
    """Return the tables of a folder of CSV files, and what was noted while reading.

    Raises:
        InputError: the folder holds no table at all, or only empty ones.
    """
    issues: list[Issue] = []
    tables: dict[str, Table] = {}
    files: dict[str, Path] = {}
    paths = sorted(p for p in folder.iterdir() if p.suffix.casefold() == ".csv")
    for path in paths:
        name = table_named(path.stem)
        if name is None:
            near = guess(path.stem, list(SCHEMA))
            issues.append(
                issue("sheet_unknown", "", None, "", sheet=path.name, guess=near)
                if near
                else issue("sheet_unknown.no_guess", "", None, "", sheet=path.name)
            )
        elif name in files:
            issues.append(
                issue(
                    "sheet_duplicate",
                    name,
                    None,
                    "",
                    a=files[name].name,
                    b=path.name,
                    sheet=SCHEMA[name].label,
                )
            )
        else:
            files[name] = path
    if not files:
        raise InputError([issue("file_missing.folder", file=folder.name)])
    for name, spec in SCHEMA.items():
        if name in files:
            tables[name], found = _read_file(name, files[name])
            issues += found
        elif not spec.optional:
            tables[name] = empty_table(name, missing=True)
            issues.append(issue("sheet_missing", name, None, "", sheet=spec.label))
    if not any(len(table) or table.missing for table in tables.values()):
        raise InputError([issue("workbook_empty.folder")])
    return finish_tables(tables), issues


def _read_file(name: str, path: Path) -> tuple[Table, list[Issue]]:
    try:
        text, encoding = decode(path.read_bytes())
        delimiter, lines = _lines(text)
    except _UnreadableError as fault:
        found = issue(
            "csv_unreadable", name, fault.row, "", row=fault.row, text=fault.text
        )
        return empty_table(name, missing=True), [found]
    except OSError as error:
        found = issue(
            "file_unreadable", name, None, "", file=path.name, why=reason(error)
        )
        return empty_table(name, missing=True), [found]
    issues = []
    if encoding:
        issues.append(issue("csv_encoding", name, None, "", encoding=encoding))
    width = len(lines[0]) if lines else 0
    for number, line in enumerate(lines[1:], start=2):
        if len(line) > width and any(cell.strip() for cell in line[width:]):
            issues.append(issue("row_long", name, number, "", n=len(line), m=width))
    if issues and issues[-1].code == "row_long":
        # The cells of such a row may stand in the wrong columns: say only that.
        long = {found.row for found in issues if found.code == "row_long"}
        lines = [[] if n in long else line for n, line in enumerate(lines, start=1)]
    lines = [line[:width] for line in lines]
    table, found_in_cells = read_sheet(name, lines, dot_is_decimal=delimiter == ",")
    return table, issues + found_in_cells


def _lines(text: str) -> tuple[str, list[list[str]]]:
    """The delimiter and the cells of a CSV text, apostrophes before formulas gone."""
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[list[str]] = []
    try:
        lines.extend(reader)
    except csv.Error:
        bad = len(lines) + 1
        raw = text.split("\n")
        near = raw[min(reader.line_num, len(raw)) - 1].strip()
        raise _UnreadableError(bad, near[:40]) from None
    if "'" in text:
        lines = [[_unprotected(cell) for cell in line] for line in lines]
    return delimiter, lines


def decode(data: bytes) -> tuple[str, str]:
    """Return the text of a file and its encoding's name, "" for Unicode.

    Without a Unicode mark the reading is chosen in which å, ä and ö stand among
    letters and the fewest odd characters appear.
    """
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            try:
                return data.decode(encoding), ""
            except UnicodeDecodeError:
                raise _UnreadableError(1, encoding) from None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        _no_control_characters(text)
        return text, ""
    readings = []
    for encoding, label in (("cp1252", "Windows-1252"), ("mac_roman", "Mac Roman")):
        text = data.decode(encoding, errors="replace")
        odd = [c for c in text if ord(c) > 127 and c not in _PLAUSIBLE]
        good = len(_SWEDISH.findall(text))
        readings.append((2 * len(odd) - good, len(odd), good, text, label))
    _score, odd_count, good, text, label = min(readings, key=lambda r: r[0])
    if odd_count > good:
        for row, line in enumerate(text.split("\n"), start=1):
            if any(ord(c) > 127 and c not in _PLAUSIBLE for c in line):
                raise _UnreadableError(row, line.strip()[:40])
    _no_control_characters(text)
    return text, label


def _no_control_characters(text: str) -> None:
    found = re.search(r"[\x00-\x08\x0e-\x1f]", text)
    if found:
        row = text.count("\n", 0, found.start()) + 1
        shown = re.sub(r"[^\x20-\x7eåäöÅÄÖ]", "·", text.split("\n")[row - 1])
        raise _UnreadableError(row, shown[:40])


def _is_formula(text: str) -> bool:
    return bool(_FORMULA.match(text)) and not _PLAIN_NUMBER.fullmatch(text)


def safe_cell(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula; reading gives it back."""
    return "'" + text if _is_formula(text) else text


def _unprotected(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and _is_formula(cell) else cell


# ---------------------------------------------------------------- writing


def write_csv_folder(tables: Tables, folder: str | Path) -> None:
    """Write a file for every table that has rows or is required, whole or not at all.

    The same tables always give the same bytes.

    Raises:
        SourceError: the folder holds files already, or cannot be written.
    """
    with new_folder(Path(folder)) as target:
        for name, text in csv_texts(tables).items():
            (target / f"{name}.csv").write_text(text, encoding="utf-8", newline="")


def csv_texts(tables: Tables) -> dict[str, str]:
    """Return the text of each CSV file by table; optional tables without rows none."""
    return {
        name: _csv_text(table)
        for name, table in tables.items()
        if len(table) or not table.spec.optional
    }


def _csv_text(table: Table) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    columns = [_cells(table, name) for name in table.columns]
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue()


def _cells(table: Table, name: str) -> list[str]:
    column = table.spec.columns[name]
    values: Sequence[Any] = table[name]
    if column.is_number or column.type == "bool":
        return [canonical_text(column, value) or "" for value in values]
    memo: Mapping[Any, str] = {
        value: "" if value is None else safe_cell(value) for value in set(values)
    }
    return [memo[value] for value in values]
