"""What is the underlag in memory? `Tables`: every table as plain, typed columns.

`build_tables` makes them from records, `build_table` from raw columns as a file gives
them, `apply_scenario` lays a named scenario over them. Leaves out what is declared
(columns), how a cell is read (cells), whether it makes sense (checks), and arrays.

Values: text, id and choice are `str`, year and int `int`, float, share and tkr
`float`, bool `bool`; a blank is None or the column's declared default. No data frame
library is loaded here: a command must start at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.cells import (
    CellError,
    Notes,
    Parsed,
    canonical_text,
    clean_text,
    counted,
    is_blank,
    plain_text,
    read_cell,
    read_column,
)
from rodtrad.domain.columns import SCHEMA, SETTINGS, Column, TableSpec, table_named
from rodtrad.domain.messages import issue
from rodtrad.domain.words import _, missing, quoted
from rodtrad.errors import InputError, Issue

if TYPE_CHECKING:
    import polars

__all__ = [
    "SCHEMA",
    "SETTINGS",
    "Column",
    "Table",
    "TableSpec",
    "Tables",
    "apply_scenario",
    "build_table",
    "build_tables",
    "key_text",
]


class Table:
    """One table: a list of values a declared column, all of the same length.

    `rows` holds the row numbers in the user's file and is not compared. `faulty` holds,
    by column and row index, the cells that could not be read, and `absent` the columns
    that the file lacks; `missing` is True when the whole table could not be read. They
    keep the checks from reporting the same fault twice.
    """

    __slots__ = ("absent", "columns", "faulty", "missing", "name", "rows")

    def __init__(
        self,
        name: str,
        columns: Mapping[str, list[Any]],
        rows: Sequence[int] | None = None,
        *,
        faulty: Mapping[str, Mapping[int, object]] | None = None,
        absent: frozenset[str] = frozenset(),
        missing: bool = False,
    ) -> None:
        """Hold the columns; ValueError if one is undeclared or lengths differ."""
        declared = SCHEMA[name].columns
        if set(columns) != set(declared):
            raise ValueError(f"{name}: columns differ from the declaration")
        if len({len(values) for values in columns.values()}) > 1:
            raise ValueError(f"{name}: columns differ in length")
        self.name = name
        self.columns = {column: columns[column] for column in declared}
        length = len(next(iter(self.columns.values())))
        self.rows = list(range(2, length + 2)) if rows is None else list(rows)
        self.faulty = dict(faulty or {})
        self.absent = absent
        self.missing = missing

    @property
    def spec(self) -> TableSpec:
        """The declaration of this table."""
        return SCHEMA[self.name]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, column: str) -> list[Any]:
        return self.columns[column]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return self.name == other.name and self.columns == other.columns

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Table({self.name!r}, {len(self)} rows)"

    def records(self) -> Iterator[dict[str, Any]]:
        """Give the rows one by one, as a dict by canonical column name."""
        names = list(self.columns)
        for values in zip(*self.columns.values(), strict=True):
            yield dict(zip(names, values, strict=True))

    def copy(self, **columns: list[Any]) -> Table:
        """Return a copy in which some columns have other values."""
        return Table(
            self.name,
            {name: list(columns.get(name, v)) for name, v in self.columns.items()},
            self.rows,
            faulty=self.faulty,
            absent=self.absent,
            missing=self.missing,
        )


class Tables(Mapping[str, Table]):
    """Every table of the schema; one that was not given is empty."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        """Hold the given tables and empty ones in the place of the others."""
        self._tables = {
            name: tables[name] if name in tables else empty_table(name)
            for name in SCHEMA
        }
        self._settings = _typed_settings(self._tables["settings"])

    def __getitem__(self, name: str) -> Table:
        return self._tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tables):
            return NotImplemented
        return self._tables == other._tables

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        filled = ", ".join(f"{n} {len(t)}" for n, t in self.items() if len(t))
        return f"Tables({filled})"

    @property
    def settings(self) -> dict[str, Any]:
        """The settings by key, typed, defaults filled in; None where missing."""
        return dict(self._settings)

    def frame(self, name: str) -> polars.DataFrame:
        """Return a table as a polars data frame (loads polars), for notebooks."""
        import polars as pl

        kinds: dict[str, Any] = {"year": pl.Int64, "int": pl.Int64, "bool": pl.Boolean}
        kinds |= dict.fromkeys(("float", "share", "tkr"), pl.Float64)
        columns = SCHEMA[name].columns
        return pl.DataFrame(
            self[name].columns,
            schema={c.name: kinds.get(c.type, pl.String) for c in columns.values()},
        )

    def replace(self, table: Table) -> Tables:
        """Return tables in which one has been exchanged."""
        return Tables({**self._tables, table.name: table})


def empty_table(name: str, *, missing: bool = False) -> Table:
    """Return a table without rows; `missing` if its file or sheet was not found."""
    columns: dict[str, list[Any]] = {column: [] for column in SCHEMA[name].columns}
    return Table(name, columns, missing=missing)


def _typed_settings(table: Table) -> dict[str, Any]:
    values = {key: column.default for key, column in SETTINGS.items()}
    for key, text in zip(table["key"], table["value"], strict=True):
        if key in SETTINGS and text is not None:
            try:
                typed = read_cell(SETTINGS[key], text, [], dot_is_decimal=True)
            except CellError:
                continue
            values[key] = typed
    return values


# ---------------------------------------------------------------- building


def build_tables(data: Mapping[str, Sequence[Mapping[str, Any]]]) -> Tables:
    """Return the tables made from records with canonical table and column names.

    Args:
        data: rows by table; a missing column, None and "" are blank cells. Cells may
            be typed values or text as in a CSV file.

    Raises:
        InputError: cells that cannot be read as their column's type, all of them.
        ValueError: a table or column that is not declared.
    """
    unknown = set(data) - set(SCHEMA)
    if unknown:
        raise ValueError(f"undeclared tables: {sorted(unknown)}")
    issues: list[Issue] = []
    tables: dict[str, Table] = {}
    for name, spec in SCHEMA.items():
        if name not in data:
            continue
        records = list(data[name])
        extra = {column for record in records for column in record} - set(spec.columns)
        if extra:
            raise ValueError(f"{name}: undeclared columns: {sorted(extra)}")
        # As in a file, a row without any cell is no row.
        rows = [
            index + 2
            for index, record in enumerate(records)
            if not all(map(is_blank, record.values()))
        ]
        if len(rows) < len(records):
            records = [records[row - 2] for row in rows]
        raw = {
            column: [record.get(column) for record in records]
            for column in spec.columns
        }
        tables[name], found = build_table(spec, raw, rows)
        issues += found
    if any(found.severity == "error" for found in issues):
        raise InputError([found for found in issues if found.severity == "error"])
    return finish_tables(tables)


def finish_tables(tables: Mapping[str, Table]) -> Tables:
    """Return the tables with defaults that come from settings filled in."""
    settings = _typed_settings(tables.get("settings", empty_table("settings")))
    done = dict(tables)
    for name, table in tables.items():
        columns: dict[str, list[Any]] = {}
        for column in table.spec.columns.values():
            source = _default_source(column)
            if source in settings:
                blank = settings[source]
                columns[column.name] = [
                    blank if value is None else value for value in table[column.name]
                ]
        if columns:
            done[name] = table.copy(**columns)
    return Tables(done)


def _default_source(column: Column) -> str:
    """The column or setting that a blank cell takes its value from, if any."""
    if isinstance(column.default, str) and column.default.startswith("="):
        return column.default[1:]
    return ""


def build_table(
    spec: TableSpec,
    raw: Mapping[str, Sequence[object]],
    rows: Sequence[int],
    *,
    dot_is_decimal: bool = True,
) -> tuple[Table, list[Issue]]:
    """Return a table from raw columns, and what was noted or could not be read.

    Args:
        spec: the declaration.
        raw: cells as the file gave them, by canonical column name, all of one length;
            a column may be left out.
        rows: the row numbers that messages name.
        dot_is_decimal: True where the file's own form is `1234.5`, so that a point
            before three digits is no thousand separator.
    """
    issues: list[Issue] = []
    values: dict[str, list[Any]] = {}
    faulty: dict[str, Mapping[int, object]] = {}
    for column in spec.columns.values():
        cells = raw.get(column.name)
        if cells is None:
            values[column.name] = [None] * len(rows)
            continue
        reader = _DEPENDENT.get((spec.name, column.name))
        parsed = (
            reader(column, cells, rows, values, dot_is_decimal)
            if reader
            else read_column(
                column, cells, rows, spec.name, dot_is_decimal=dot_is_decimal
            )
        )
        values[column.name] = parsed.values
        issues += parsed.issues
        if parsed.faulty:
            faulty[column.name] = parsed.faulty
    absent = frozenset(spec.columns) - frozenset(raw)
    filled = fill_defaults(spec, values)
    return Table(spec.name, filled, rows, faulty=faulty, absent=absent), issues


def fill_defaults(
    spec: TableSpec, values: Mapping[str, list[Any]]
) -> dict[str, list[Any]]:
    """Return the columns with blanks filled by declared defaults.

    Those that come from a setting are left to `finish_tables`.
    """
    done = dict(values)
    for column in spec.columns.values():
        if column.default is None:
            continue
        source = _default_source(column)
        cells = done[column.name]
        if source in spec.columns:
            done[column.name] = [
                other if value is None else value
                for value, other in zip(cells, done[source], strict=True)
            ]
        elif not source and None in cells:
            done[column.name] = [
                column.default if value is None else value for value in cells
            ]
    return done


# ---------------------------------------------------------------- dependent columns
# Text columns whose form depends on another cell of the row. Stored as canonical text.


def _row_by_row(
    table: str,
    name: str,
    cells: Sequence[object],
    rows: Sequence[int],
    columns: Sequence[Column | None],
    dot_is_decimal: bool,
) -> Parsed:
    """Read each cell as its own column says (None: as text), stored as text."""
    parsed = Parsed([])
    first: dict[str, tuple[Issue, int]] = {}
    for index, (cell, column) in enumerate(zip(cells, columns, strict=True)):
        if is_blank(cell):
            parsed.values.append(None)
            continue
        if column is None:
            parsed.values.append(plain_text(cell))
            continue
        notes: Notes = []
        try:
            typed = read_cell(column, cell, notes, dot_is_decimal=dot_is_decimal)
        except CellError as fault:
            parsed.values.append(None)
            parsed.faulty[index] = cell
            parsed.issues.append(
                issue(fault.key, table, rows[index], name, **fault.slots)
            )
            continue
        parsed.values.append(canonical_text(column, typed))
        for code, slots in notes:
            seen = first.get(code)
            first[code] = (
                (seen[0], seen[1] + 1)
                if seen
                else (issue(code, table, rows[index], name, **slots), 1)
            )
    parsed.issues += [counted(found, n) for found, n in first.values()]
    return parsed


def _settings_value(
    column: Column,
    cells: Sequence[object],
    rows: Sequence[int],
    values: Mapping[str, list[Any]],
    dot_is_decimal: bool,
) -> Parsed:
    columns = [SETTINGS.get(key) for key in values["key"]]
    return _row_by_row("settings", column.name, cells, rows, columns, dot_is_decimal)


_SHARE: Final = Column(
    "value", "Värde", "share", "andel", "", None, {}, "", None, None, ""
)


def _viewpoint_value(
    column: Column,
    cells: Sequence[object],
    rows: Sequence[int],
    values: Mapping[str, list[Any]],
    dot_is_decimal: bool,
) -> Parsed:
    columns = [_SHARE if r in ("min", "max") else None for r in values["relation"]]
    return _row_by_row("viewpoints", column.name, cells, rows, columns, dot_is_decimal)


def _scenario_table(
    _column: Column,
    cells: Sequence[object],
    _rows: Sequence[int],
    _values: Mapping[str, list[Any]],
    _dot: bool,
) -> Parsed:
    texts = [None if is_blank(cell) else plain_text(cell) for cell in cells]
    return Parsed([text and (table_named(text) or text) for text in texts])


def _scenario_key(
    _column: Column,
    cells: Sequence[object],
    _rows: Sequence[int],
    values: Mapping[str, list[Any]],
    _dot: bool,
) -> Parsed:
    texts = [None if is_blank(cell) else plain_text(cell) for cell in cells]
    return Parsed(
        [
            text and _canonical_key(table, text)
            for text, table in zip(texts, values["table"], strict=True)
        ]
    )


def _canonical_key(table: str | None, text: str) -> str:
    """A row's key with Swedish labels (`Skatteintäkter/2027`) turned into codes."""
    if table is None or table not in SCHEMA or text == "*":
        return text
    spec = SCHEMA[table]
    parts = text.split("/")
    if len(parts) != len(spec.key):
        return text
    done = []
    for part, name in zip(parts, spec.key, strict=True):
        column = spec.columns[name]
        try:
            value = read_cell(column, part, [], dot_is_decimal=True)
        except CellError:
            value = None
        done.append(part.strip() if value is None else canonical_text(column, value))
    return "/".join(str(part) for part in done)


def _scenario_column(
    _column: Column,
    cells: Sequence[object],
    _rows: Sequence[int],
    values: Mapping[str, list[Any]],
    _dot: bool,
) -> Parsed:
    done: list[Any] = []
    for cell, table in zip(cells, values["table"], strict=True):
        text = None if is_blank(cell) else plain_text(cell)
        if text and table in SCHEMA:
            text = SCHEMA[str(table)].column_named(text) or text
        done.append(text)
    return Parsed(done)


def _scenario_value(
    column: Column,
    cells: Sequence[object],
    rows: Sequence[int],
    values: Mapping[str, list[Any]],
    dot_is_decimal: bool,
) -> Parsed:
    columns = [
        scenario_target(table, key, name)
        for table, key, name in zip(
            values["table"], values["key"], values["column"], strict=True
        )
    ]
    return _row_by_row("scenarios", column.name, cells, rows, columns, dot_is_decimal)


def scenario_target(
    table: str | None, key: str | None, column: str | None
) -> Column | None:
    """Return the declaration of the cell that a scenario's row points at, or None."""
    if table is None or key is None or column is None or table not in SCHEMA:
        return None
    if table == "settings" and column == "value" and key in SETTINGS:
        return SETTINGS[key]
    return SCHEMA[table].columns.get(column)


_NIRA_PART: Final = re.compile(r"([NIRA])\s*(\d{1,3}(?:[.,]\d+)?)?\s*%?")


def nira_shares(text: str) -> dict[str, float] | None:
    """Return the shares of a NIRA text (`N`, `N60 R40`), or None if it has no form.

    Example:
        >>> nira_shares("N60 R40"), nira_shares("R"), nira_shares("skola")
        ({'N': 0.6, 'R': 0.4}, {'R': 1.0}, None)
    """
    parts = [part for part in re.split(r"[\s,;+/]+(?=[NIRA])", text.upper()) if part]
    shares: dict[str, float] = {}
    for part in parts:
        match = _NIRA_PART.fullmatch(part.strip())
        if not match or match.group(1) in shares:
            return None
        if match.group(2) is None and len(parts) > 1:
            return None
        percent = float((match.group(2) or "100").replace(",", "."))
        shares[match.group(1)] = percent / 100
    return shares or None


def _nira(
    _column: Column,
    cells: Sequence[object],
    _rows: Sequence[int],
    _values: Mapping[str, list[Any]],
    _dot: bool,
) -> Parsed:
    """Store `N60 R40` in one form whatever its case and separators."""
    done: list[Any] = []
    for cell in cells:
        text = None if is_blank(cell) else plain_text(cell)
        if text and nira_shares(text) is not None:
            text = clean_text(re.sub(r"[\s,;+/]+(?=[NIRA])", " ", text.upper()))
        done.append(text)
    return Parsed(done)


_DEPENDENT: Final = {
    ("settings", "value"): _settings_value,
    ("viewpoints", "value"): _viewpoint_value,
    ("scenarios", "table"): _scenario_table,
    ("scenarios", "key"): _scenario_key,
    ("scenarios", "column"): _scenario_column,
    ("scenarios", "value"): _scenario_value,
    ("projects", "nira"): _nira,
}


# ---------------------------------------------------------------- scenarios


def key_text(table: Table, index: int) -> str:
    """Return the key of a row as a scenario names it: `2027`, `ri/2027`."""
    parts = (
        canonical_text(table.spec.columns[name], table[name][index])
        for name in table.spec.key
    )
    return "/".join(part or "" for part in parts)


def apply_scenario(tables: Tables, name: str) -> Tables:
    """Return the tables with the cells of a named scenario replaced.

    Rows of table `scenarios` are applied in order; key `*` means every row. The table
    `scenarios` itself is kept as it is.

    Raises:
        InputError: there is no such scenario, or a row of it points at nothing.
    """
    rows = [
        (row, record)
        for row, record in zip(
            tables["scenarios"].rows, tables["scenarios"].records(), strict=True
        )
        if record["scenario"] == name
    ]
    if not rows:
        names = sorted({text for text in tables["scenarios"]["scenario"] if text})
        raise InputError(
            [
                issue(
                    "cell_choice",
                    "scenarios",
                    None,
                    "scenario",
                    value=name,
                    choices=", ".join(names) or "–",
                )
            ]
        )
    issues: list[Issue] = []
    changed: dict[str, Table] = {}
    for row, record in rows:
        table = changed.get(record["table"]) or tables._tables.get(record["table"])
        column = scenario_target(record["table"], record["key"], record["column"])
        if table is not None and column is not None:
            table = _with_setting(table, record["key"])
        hits = scenario_rows(table, record["key"]) if table and column else []
        if table is None or column is None or not hits:
            issues.append(scenario_fault(row, record))
            continue
        try:
            value = (
                read_cell(column, record["value"], [], dot_is_decimal=True)
                if record["value"] is not None
                else None
            )
        except CellError as fault:
            issues.append(issue(fault.key, "scenarios", row, "value", **fault.slots))
            continue
        if table.name == "settings":
            value = canonical_text(column, value)
        elif value is None and not _default_source(column):
            value = column.default
        values = list(table[record["column"]])
        for index in hits:
            values[index] = value
        changed[table.name] = table.copy(**{record["column"]: values})
    if issues:
        raise InputError(issues)
    return Tables({**tables._tables, **changed})


def _with_setting(table: Table, key: str | None) -> Table:
    """The table of settings with a row for `key`, also where the default was used."""
    if table.name != "settings" or key not in SETTINGS or key in table["key"]:
        return table
    columns = {name: [*values, None] for name, values in table.columns.items()}
    columns["key"][-1] = key
    return Table("settings", columns, [*table.rows, 0])


def scenario_rows(table: Table, key: str | None) -> list[int]:
    """Return the indexes of the rows that a scenario's key names."""
    if key == "*":
        return list(range(len(table)))
    return [index for index in range(len(table)) if key_text(table, index) == key]


def scenario_fault(row: int, record: Mapping[str, Any]) -> Issue:
    """Return the issue for a scenario's row that points at nothing.

    Sheet, row and column are named as in the workbook, also for a CSV folder: the
    cells of a scenario are typed by people.
    """
    spec = SCHEMA.get(record["table"] or "")
    column = spec.columns.get(record["column"] or "") if spec else None
    return issue(
        "scenario_target",
        "scenarios",
        row,
        "key",
        s=quoted(record["scenario"] or missing()),
        table=spec.label if spec else record["table"] or missing(),
        key=_key_label(spec, record["key"]) if spec else record["key"] or missing(),
        column=column.label if column else record["column"] or missing(),
    )


def _key_label(spec: TableSpec, key: str | None) -> str:
    """A row's key as a reader sees it: `ri/2027` is "Verksamhetens intäkter, 2027"."""
    if key is None:
        return missing()
    if key == "*":
        return _("alla rader")
    parts = key.split("/")
    if len(parts) != len(spec.key):
        return key
    columns = (spec.columns[name] for name in spec.key)
    return ", ".join(
        column.choice_label(part) for column, part in zip(columns, parts, strict=True)
    )
