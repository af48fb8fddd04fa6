"""How does the underlag come into the database and out again? Rows ⇄ `Tables`.

The same two directions as the workbook and the CSV folder, and as exact: values, blanks,
the order of rows, and what stands in cells that cannot be read. Also versions: the
tables as compressed canonical JSON. Leaves out who may do it and what is logged.
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.db.models import F, Max

from rodtrad.capacity.result import input_fingerprint
from rodtrad.domain.cells import canonical_text, plain_text
from rodtrad.domain.columns import SCHEMA, Column, TableSpec
from rodtrad.domain.components import (
    Table,
    Tables,
    build_table,
    fill_defaults,
    finish_tables,
)
from rodtrad.web.models.organisation import Municipality, User
from rodtrad.web.models.underlag import Row, Underlag, Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rodtrad.errors import Issue

FAULTS: Final = "_faults"
KEY_JOINT: Final = " · "
_FORMAT: Final = 1
_BATCH: Final = 2000
_INTEGERS: Final = frozenset({"int", "year"})
_FLOATS: Final = frozenset({"float", "share", "tkr"})


# ---------------------------------------------------------------- rows


def row_key(spec: TableSpec, cells: Mapping[str, Any]) -> str:
    """Return a row's key as people read it: `skola_a · nybygge`."""
    parts = (
        canonical_text(spec.columns[name], cells.get(name)) or "" for name in spec.key
    )
    return KEY_JOINT.join(parts)[:400]


def row_label(cells: Mapping[str, Any]) -> str:
    """Return the name that a row gives itself, if it has one."""
    return str(cells.get("name") or "")[:300]


def raw_cell(value: object) -> Any:
    """Return what stood in an unreadable cell, as JSON holds it."""
    if isinstance(value, bool | int | float):
        return value
    return plain_text(value)


def row_data(table: Table, index: int) -> dict[str, Any]:
    """Return the cells of a row as `Row.data` holds them: blanks left out."""
    data: dict[str, Any] = {
        name: values[index]
        for name, values in table.columns.items()
        if values[index] is not None
    }
    faults = {
        name: raw_cell(cells[index])
        for name, cells in table.faulty.items()
        if index in cells
    }
    if faults:
        for name in faults:
            data.pop(name, None)
        data[FAULTS] = faults
    return data


def rows_of(underlag: Underlag, table: Table, revision: int) -> list[Row]:
    """Return the rows of a table, not yet stored, in order."""
    spec = table.spec
    found = []
    for index in range(len(table)):
        data = row_data(table, index)
        found.append(
            Row(
                underlag=underlag,
                table=table.name,
                position=index,
                key=row_key(spec, data),
                label=row_label(data),
                data=data,
                revision=revision,
            )
        )
    return found


@transaction.atomic
def write_tables(underlag: Underlag, tables: Tables) -> None:
    """Replace the whole working copy by `tables`; its revision grows by one."""
    Underlag.objects.filter(pk=underlag.pk).update(revision=F("revision") + 1)
    underlag.refresh_from_db()
    Row.objects.filter(underlag=underlag)._raw_delete(using="default")
    for table in tables.values():
        Row.objects.bulk_create(
            rows_of(underlag, table, underlag.revision), batch_size=_BATCH
        )
    underlag.save(update_fields=["changed_at"])


def _typed(column: Column, values: list[Any]) -> list[Any]:
    """Cells as the core types them: a database may give a whole float as an integer."""
    if column.type in _FLOATS:
        return [None if v is None else float(v) for v in values]
    if column.type in _INTEGERS:
        return [None if v is None else int(v) for v in values]
    return values


def _unreadable(
    spec: TableSpec, rows: Sequence[tuple[int, Mapping[str, Any]]]
) -> tuple[dict[tuple[int, str], Any], dict[str, dict[int, object]], list[Issue]]:
    """What the cells with faults give when read again: values, faults and issues.

    A cell can have become readable, by a later rule or because the cell that says how
    it is read was mended; then it has a value.
    """
    raw: dict[str, list[Any]] = {name: [] for name in spec.columns}
    for _position, data in rows:
        cells = {**data, **data[FAULTS]}
        for name, column in raw.items():
            column.append(cells.get(name))
    numbers = [position + 2 for position, _data in rows]
    table, issues = build_table(spec, raw, numbers, dot_is_decimal=False)
    marked = {(position + 2, name) for position, data in rows for name in data[FAULTS]}
    found = [one for one in issues if (one.row, one.column) in marked]
    values: dict[tuple[int, str], Any] = {}
    faulty: dict[str, dict[int, object]] = {}
    for index, (position, data) in enumerate(rows):
        for name, text in data[FAULTS].items():
            if name not in spec.columns:
                continue
            if index in table.faulty.get(name, ()):
                faulty.setdefault(name, {})[position] = text
            else:
                values[position, name] = table[name][index]
    return values, faulty, found


def _table(spec: TableSpec, stored: Iterable[Any]) -> tuple[Table, list[Issue]]:
    records: list[Mapping[str, Any]] = list(stored)
    columns = {
        name: _typed(column, [record.get(name) for record in records])
        for name, column in spec.columns.items()
    }
    marked = [(i, record) for i, record in enumerate(records) if record.get(FAULTS)]
    if not marked:
        return Table(spec.name, fill_defaults(spec, columns)), []
    values, faulty, issues = _unreadable(spec, marked)
    for (index, name), value in values.items():
        columns[name][index] = value
    return Table(spec.name, fill_defaults(spec, columns), faulty=faulty), issues


def read_underlag(
    underlag: Underlag, only: Iterable[str] = ()
) -> tuple[Tables, list[Issue]]:
    """Return the working copy as tables, and the issues of cells that cannot be read.

    Row numbers in issues count the rows of the table in order, the first being 2, as in
    the workbook. `only` names the tables to read; the others are then empty.
    """
    rows = Row.objects.filter(underlag=underlag).order_by("table", "position", "pk")
    wanted = set(only)
    if wanted:
        rows = rows.filter(table__in=wanted | {"settings"})
    by_table: dict[str, list[Any]] = {}
    for table, data in rows.values_list("table", "data").iterator(chunk_size=_BATCH):
        by_table.setdefault(table, []).append(data)
    return _finished(by_table)


def _finished(
    by_table: Mapping[str, Sequence[Mapping[str, Any]]],
) -> tuple[Tables, list[Issue]]:
    tables: dict[str, Table] = {}
    issues: list[Issue] = []
    for name, spec in SCHEMA.items():
        if name in by_table:
            tables[name], found = _table(spec, by_table[name])
            issues += found
    return finish_tables(tables), issues


def read_tables(underlag: Underlag) -> Tables:
    """Return the working copy as tables; cells that cannot be read are blank."""
    return read_underlag(underlag)[0]


# ---------------------------------------------------------------- versions


def pack(tables: Tables) -> bytes:
    """Return the tables as compressed canonical JSON: the same tables, the same bytes."""
    content: dict[str, Any] = {}
    for name, table in tables.items():
        if not len(table):
            continue
        one: dict[str, Any] = {"columns": table.columns, "length": len(table)}
        if table.faulty:
            one["faulty"] = {
                column: {str(i): raw_cell(raw) for i, raw in sorted(cells.items())}
                for column, cells in table.faulty.items()
            }
        content[name] = one
    text = json.dumps(
        {"format": _FORMAT, "tables": content},
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return zlib.compress(text.encode(), 9)


def unpack(content: bytes | memoryview) -> tuple[Tables, list[Issue]]:
    """Return the tables of a version, and the issues of cells that cannot be read.

    A column that the schema has got since is blank; one that it has lost is left out.
    """
    stored = json.loads(zlib.decompress(bytes(content)))
    if stored["format"] != _FORMAT:
        raise ValueError(f"unknown format of a version: {stored['format']}")
    by_table: dict[str, list[dict[str, Any]]] = {}
    for name, one in stored["tables"].items():
        rows: list[dict[str, Any]] = [{} for _ in range(one["length"])]
        for column, values in one["columns"].items():
            for row, value in zip(rows, values, strict=True):
                if value is not None:
                    row[column] = value
        for column, cells in one.get("faulty", {}).items():
            for index, raw in cells.items():
                rows[int(index)].setdefault(FAULTS, {})[column] = raw
        by_table[name] = rows
    return _finished(by_table)


def version_tables(version: Version) -> Tables:
    """Return the tables of a version."""
    return unpack(version.content)[0]


def _build(
    municipality: Municipality, tables: Tables, faults: int
) -> tuple[bytes, dict[str, Any]]:
    content = pack(tables)
    return content, {
        "municipality": municipality,
        "fingerprint": input_fingerprint(tables),
        "content": content,
        "faults": faults,
        "rows": {name: len(table) for name, table in tables.items() if len(table)},
    }


@transaction.atomic
def make_version(
    underlag: Underlag, name: str, who: User | None, note: str = ""
) -> Version:
    """Store the working copy as it is now, as the next version of its municipality."""
    tables, issues = read_underlag(underlag)
    _content, facts = _build(underlag.municipality, tables, len(issues))
    return _store(facts, name, who, note)


@transaction.atomic
def version_of_now(underlag: Underlag, name: str, who: User | None) -> Version:
    """Return the newest version if nothing has changed since, else a new one."""
    tables, issues = read_underlag(underlag)
    content, facts = _build(underlag.municipality, tables, len(issues))
    newest = Version.objects.filter(municipality=underlag.municipality).first()
    if newest is not None and bytes(newest.content) == content:
        return newest
    return _store(facts, name, who, "")


def _store(facts: dict[str, Any], name: str, who: User | None, note: str) -> Version:
    municipality = facts["municipality"]
    # two who save at once get a number each
    Municipality.objects.select_for_update().get(pk=municipality.pk)
    last = Version.objects.filter(municipality=municipality).aggregate(n=Max("number"))
    return Version.objects.create(
        **facts,
        number=(last["n"] or 0) + 1,
        name=name[:120],
        note=note,
        created_by=who,
        created_by_name=str(who)[:150] if who else "",
    )
