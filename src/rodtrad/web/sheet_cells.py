"""How does a cell of the underlag look on a page, and how is what is typed there read?

What is typed and read is Swedish, as in the workbook, for whoever reads the page.
Both ways by the schema: `shown` for eyes, `typed` for the editor and the clipboard (it
reads back equal), `read_row` for what somebody wrote. Cells that cannot be read keep
their text. Leaves out storing (changes) and checks of more than one cell (checking).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _

from rodtrad.domain import words
from rodtrad.domain.cells import canonical_text, number_text
from rodtrad.domain.columns import SCHEMA, SETTINGS, Column, TableSpec
from rodtrad.domain.components import build_table, scenario_target
from rodtrad.sources.workbook import choice_label
from rodtrad.web.store import FAULTS, row_data

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rodtrad.errors import Issue

# By column, the columns of the same row that say how it is read.
DEPENDS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("settings", "value"): ("key",),
    ("viewpoints", "value"): ("relation",),
    ("scenarios", "key"): ("table",),
    ("scenarios", "column"): ("table",),
    ("scenarios", "value"): ("table", "key", "column"),
}
_LOOKS_GROUPED: Final = re.compile(r"-?[1-9]\d{0,2},\d{3}")
_SHARE: Final = Column("", "", "share", "andel", "", None, {}, "", None, None, "")


def column_of(table: str, name: str, data: Mapping[str, Any]) -> Column:
    """Return the declaration that a cell is read by: a setting's is its own."""
    column = SCHEMA[table].columns[name]
    own: Column | None = None
    if (table, name) == ("settings", "value"):
        own = SETTINGS.get(data.get("key") or "")
    elif (table, name) == ("viewpoints", "value"):
        own = _SHARE if data.get("relation") in ("min", "max") else None
    elif (table, name) == ("scenarios", "value"):
        own = scenario_target(data.get("table"), data.get("key"), data.get("column"))
    return own or column


def fault_text(data: Mapping[str, Any], name: str) -> str | None:
    """Return what stands in a cell that cannot be read, or None if it can."""
    faults = data.get(FAULTS) or {}
    return str(faults[name]) if name in faults else None


def _number(column: Column, value: float) -> str:
    """A number as it is typed: decimal comma, shares in percent, nothing rounded."""
    if column.type == "share":
        text = number_text(round(value * 100, 12)).replace(".", ",")
        return f"{text} %"
    text = number_text(value).replace(".", ",")
    # with one more nought no reader takes the comma for a sign between thousands
    return text + "0" if _LOOKS_GROUPED.fullmatch(text) else text


def typed(table: str, name: str, data: Mapping[str, Any]) -> str:
    """Return a cell's text for the editor and the clipboard; reads back equal.

    Example:
        >>> typed("outlays", "outlay", {"outlay": 28000.0})
        '28000'
        >>> typed("projects", "must_do", {"must_do": True})
        'ja'
    """
    fault = fault_text(data, name)
    if fault is not None:
        return fault
    value = data.get(name)
    if value is None:
        return ""
    column = column_of(table, name, data)
    if column.is_number:
        try:
            return _number(column, float(value))
        except (TypeError, ValueError):
            return str(value)
    if column.type == "bool":
        return "ja" if value in (True, "ja") else "nej"
    if column.choices:
        return choice_label(column, str(value))
    if (table, name) == ("scenarios", "table") and value in SCHEMA:
        return SCHEMA[value].label_sv
    if (table, name) == ("scenarios", "column"):
        target = SCHEMA.get(data.get("table") or "")
        if target and value in target.columns:
            return target.columns[value].label_sv
    return str(value)


@words.in_language(words.SWEDISH)
def shown(table: str, name: str, data: Mapping[str, Any]) -> str:
    r"""Return a cell's text as it is read: thousands apart, a real minus sign.

    Example:
        >>> shown("outlays", "outlay", {"outlay": 28000.0})
        '28\xa0000'
    """
    text = typed(table, name, data)
    column = column_of(table, name, data)
    if not column.is_number or fault_text(data, name) is not None or not text:
        return text
    if column.type in ("tkr", "float", "int"):
        try:
            value = float(data[name])
        except (TypeError, ValueError):
            return text
        plain = number_text(value)
        if "e" not in plain:
            return words.number(value, len(plain.partition(".")[2]))
    return text.replace("-", words.MINUS).replace(" %", f"{words.NBSP}%")


def show_value(table: str, name: str, value: Any, data: Mapping[str, Any]) -> str:
    """Return a value that a cell had or may get, as it is read; its row says how.

    A value of a change or a diff: `{"fault": "28 mkr"}` is what could not be read.
    """
    if isinstance(value, dict):
        return str(value.get("fault", ""))
    return shown(table, name, {**data, name: value, FAULTS: {}})


def _again(value: Any) -> Any:
    """A stored text of a cell whose form hangs on another, to be read once more."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def read_row(
    spec: TableSpec,
    data: Mapping[str, Any],
    texts: Mapping[str, str],
    number: int = 2,
) -> tuple[dict[str, Any], list[Issue]]:
    """Return a row's cells after some were typed anew, and what could not be read.

    Args:
        spec: the table.
        data: the cells as they are stored; empty for a new row.
        texts: what was typed, by column. Cells that are not among them stay.
        number: the row's number, for the issues.
    """
    old_faults: dict[str, Any] = dict(data.get(FAULTS) or {})
    wanted = {name: text for name, text in texts.items() if name in spec.columns}
    read = set(wanted) | set(old_faults)
    for (owner, name), others in DEPENDS.items():
        if owner == spec.name and read & set(others):
            read.add(name)
    for column in spec.columns.values():
        # a cell that took its value from another one follows it
        if isinstance(column.default, str) and column.default.startswith("="):
            other = column.default[1:]
            if (
                other in wanted
                and column.name not in wanted
                and data.get(column.name) == data.get(other)
            ):
                read.add(column.name)
                wanted[column.name] = ""
    raw: dict[str, list[Any]] = {}
    for name in spec.columns:
        if name in wanted:
            raw[name] = [wanted[name]]
        elif name in old_faults:
            raw[name] = [old_faults[name]]
        elif (spec.name, name) in DEPENDS and name in read:
            raw[name] = [_again(data.get(name))]
        else:
            raw[name] = [data.get(name)]
    table, issues = build_table(spec, raw, [number], dot_is_decimal=False)
    fresh = row_data(table, 0)
    done = {name: value for name, value in data.items() if name != FAULTS}
    for name in set(read) | (set(spec.columns) if not data else set()):
        done.pop(name, None)
        if name in fresh:
            done[name] = fresh[name]
    faults = {n: t for n, t in (fresh.get(FAULTS) or {}).items() if n in read}
    if faults:
        done[FAULTS] = faults
    ordered = {name: done[name] for name in spec.columns if name in done}
    if faults:
        ordered[FAULTS] = faults
    return ordered, [one for one in issues if one.column in read]


def same_text(table: str, name: str, data: Mapping[str, Any], text: str) -> bool:
    """Return True if a typed text says what already stands in the cell."""
    if text.strip() == typed(table, name, data).strip():
        return True
    spec = SCHEMA[table]
    if name not in spec.columns or fault_text(data, name) is not None:
        return False
    after, _issues = read_row(spec, data, {name: text})
    if name in (after.get(FAULTS) or {}):
        return False
    column = column_of(table, name, data)
    return canonical_text(column, after.get(name)) == canonical_text(
        column, data.get(name)
    )


def content_help(column: Column) -> str:
    """Return the small line under a heading: what kind of thing stands there."""
    kinds = {
        "text": _("text"),
        "id": _("id"),
        "year": _("år"),
        "int": _("heltal"),
        "float": _("tal"),
        "share": _("andel"),
        "tkr": _("tkr"),
        "bool": _("ja eller nej"),
        "choice": _("lista"),
        "word": _("lista eller eget ord"),
    }
    return kinds[column.type]


def is_empty(texts: Iterable[str]) -> bool:
    """Return True if nothing was typed in any cell of a row."""
    return not any(text.strip() for text in texts)
