"""Does the underlag make sense? `check_tables` finds every fault, raises nothing.

Here stands what follows from the declaration alone: required cells, limits, ids,
references and duplicates. What the tables mean together is in rules.py. Cells that
could not even be read were reported when reading and are not reported again.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from difflib import get_close_matches
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain import rules
from rodtrad.domain.cells import CellError, counted, read_cell, shown
from rodtrad.domain.columns import SCHEMA, SETTINGS, Column
from rodtrad.domain.components import scenario_target
from rodtrad.domain.messages import issue
from rodtrad.domain.words import quoted, share_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rodtrad.domain.components import Table, Tables
    from rodtrad.errors import Issue

# Beyond this a yearly growth is read as written but asked about.
ODD_GROWTH_SHARE: Final = 0.1
MAX_CELL_TEXT: Final = 32_767


def check_tables(tables: Tables) -> list[Issue]:
    """Return every fault in the tables, in the order of sheets, rows and columns."""
    checks: tuple[Callable[[Tables], Iterable[Issue]], ...] = (
        check_required,
        check_settings,
        check_limits,
        check_scenario_limits,
        check_texts,
        check_ids,
        check_duplicates,
        check_references,
        check_quality,
        *rules.RULES,
    )
    return sort_issues(chain.from_iterable(check(tables) for check in checks))


def sort_issues(issues: Iterable[Issue]) -> list[Issue]:
    """Return issues in the order in which a reader meets their cells."""
    places = {name: place for place, name in enumerate(SCHEMA)}

    def place(found: Issue) -> tuple[int, int, int]:
        columns = list(SCHEMA[found.table].columns) if found.table in places else []
        return (
            places.get(found.table, -1),
            -1 if found.row is None else found.row,
            columns.index(found.column) if found.column in columns else -1,
        )

    return sorted(issues, key=place)


# ---------------------------------------------------------------- cells


# More than any municipality's books hold; beyond it arithmetic loses its kronor.
MOST_TKR = 1e12


def check_required(tables: Tables) -> Iterable[Issue]:
    """Find blank cells in required columns."""
    plan_start = tables.settings["plan_start"]
    for name, table in tables.items():
        for column in table.spec.columns.values():
            values = table[column.name]
            if not column.required or column.name in table.absent or None not in values:
                continue
            faulty = table.faulty.get(column.name, ())
            for index, value in enumerate(values):
                if value is not None or index in faulty:
                    continue
                if column.required == "planår":
                    year = table["year"][index]
                    if year is None or plan_start is None or year < plan_start:
                        continue
                yield issue(
                    "cell_required",
                    name,
                    table.rows[index],
                    column.name,
                    column=column.heading,
                )


def check_settings(tables: Tables) -> Iterable[Issue]:
    """Find required settings without a value, and values outside their limits."""
    table = tables["settings"]
    if "value" in table.absent and not table.missing:
        label = table.spec.columns["value"].label
        yield issue("column_missing", "settings", 1, "value", column=label)
    if table.missing or {"key", "value"} & table.absent:
        return
    places = {key: index for index, key in enumerate(table["key"])}
    faulty = table.faulty.get("value", ())
    for key, column in SETTINGS.items():
        index = places.get(key)
        text = None if index is None else table["value"][index]
        row = None if index is None else table.rows[index]
        if text is None:
            if column.required and (index is None or index not in faulty):
                yield issue(
                    "cell_required", "settings", row, "value", column=column.label
                )
            continue
        try:
            value = read_cell(column, text, [], dot_is_decimal=True)
        except CellError as fault:
            yield issue(fault.key, "settings", row, "value", **fault.slots)
            continue
        if column.is_number:
            yield from _limit_faults(column, [value], [row], "settings", "value")


def check_limits(tables: Tables) -> Iterable[Issue]:
    """Find numbers outside the limits of their column."""
    for name, table in tables.items():
        for column in table.spec.columns.values():
            if column.is_number:
                values = table[column.name]
                yield from _limit_faults(column, values, table.rows, name, column.name)


def check_scenario_limits(tables: Tables) -> Iterable[Issue]:
    """Find values of scenarios outside the limits of the column they replace."""
    table = tables["scenarios"]
    for index, record in enumerate(table.records()):
        place = (record["table"], record["key"], record["column"])
        column = scenario_target(*place)
        if column is None or not column.is_number or record["value"] is None:
            continue
        row = table.rows[index]
        try:
            value = read_cell(column, record["value"], [], dot_is_decimal=True)
        except CellError as fault:
            yield issue(fault.key, "scenarios", row, "value", **fault.slots)
            continue
        yield from _limit_faults(column, [value], [row], "scenarios", "value")


def _limit_faults(
    column: Column,
    values: Sequence[Any],
    rows: Sequence[int | None],
    table: str,
    place: str,
) -> Iterable[Issue]:
    low = float("-inf") if column.minimum is None else column.minimum
    high = float("inf") if column.maximum is None else column.maximum
    if column.type == "tkr":
        low, high = max(low, -MOST_TKR), min(high, MOST_TKR)
    odd = ODD_GROWTH_SHARE if column.name.endswith("_growth") else float("inf")
    given = values if None not in values else [v for v in values if v is not None]
    if not given or (min(given) >= max(low, -odd) and max(given) <= min(high, odd)):
        return
    for value, row in zip(values, rows, strict=True):
        if value is None or max(low, -odd) <= value <= min(high, odd):
            continue
        if column.type == "share":
            hint = value / 100
            if low <= hint <= high:
                key = (
                    "cell_percent" if not low <= value <= high else "cell_percent.high"
                )
                yield issue(
                    key,
                    table,
                    row,
                    place,
                    value=shown(float(value)),
                    as_percent=share_text(value),
                    guess=share_text(hint, 3),
                )
                continue
        if column.name == "useful_life_years" and value < 1:
            yield issue("life_zero", table, row, place, n=value)
        elif column.type == "tkr" and -MOST_TKR <= value < 0:
            yield issue("cell_negative", table, row, place, value=shown(float(value)))
        else:
            yield issue(
                "cell_range",
                table,
                row,
                place,
                value=shown(float(value)),
                min=shown(low),
                max=shown(high),
            )


def check_texts(tables: Tables) -> Iterable[Issue]:
    """Find texts that look like formulas, and texts longer than a cell can hold."""
    for name, table in tables.items():
        for column in table.spec.columns.values():
            if column.type not in ("text", "id"):
                continue
            values = table[column.name]
            odd = {
                text
                for text in set(values)
                if text and (text[0] in "=+-@" or len(text) > MAX_CELL_TEXT)
            }
            if not odd:
                continue
            formulas: list[int] = []
            for index, text in enumerate(values):
                if text not in odd:
                    continue
                if len(text) > MAX_CELL_TEXT:
                    yield issue(
                        "cell_too_long",
                        name,
                        table.rows[index],
                        column.name,
                        n=len(text),
                        max=MAX_CELL_TEXT,
                    )
                if text[0] in "=+-@" and not _is_number(text):
                    formulas.append(index)
            if formulas:
                first = formulas[0]
                yield counted(
                    issue(
                        "cell_formula_text",
                        name,
                        table.rows[first],
                        column.name,
                        char=values[first][0],
                    ),
                    len(formulas),
                )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# ---------------------------------------------------------------- ids and rows

_FOLDED: Final = str.maketrans("øæØÆ", "oaOA")


def fold_id(text: str) -> str:
    """Return an id as it is written where only ASCII is allowed: å and ä become a.

    Example:
        >>> fold_id("Förskola_Å-1")
        'Forskola_A-1'
    """
    parts = unicodedata.normalize("NFD", text.translate(_FOLDED))
    return "".join(c for c in parts if not unicodedata.combining(c))


def _odd_characters(text: str) -> str:
    return "".join(
        sorted(
            {
                c
                for c in text
                if not (fold_id(c).isascii() and (c.isalnum() or c in "-_"))
            }
        )
    )


def check_ids(tables: Tables) -> Iterable[Issue]:
    """Find ids with unusable characters, and ids that become equal without å, ä, ö."""
    for name, table in tables.items():
        for column in table.spec.columns.values():
            if column.type != "id" or column.ref or column.name not in table.spec.key:
                continue
            values = table[column.name]
            unusual = {t for t in set(values) if t and not _is_plain(t)}
            if unusual:
                for index, text in enumerate(values):
                    if text in unusual and (chars := _odd_characters(text)):
                        yield issue(
                            "id_characters",
                            name,
                            table.rows[index],
                            column.name,
                            id=text,
                            chars=" ".join(
                                "blanksteg" if c == " " else c for c in chars
                            ),
                        )
                yield from _folded_faults(table, column)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.replace("-", "").replace("_", "").isalnum()


def _folded_faults(table: Table, column: Column) -> Iterable[Issue]:
    scope = [name for name in table.spec.key if name != column.name]
    seen: dict[tuple[Any, ...], str] = {}
    for index, text in enumerate(table[column.name]):
        if not text:
            continue
        key = (*(table[name][index] for name in scope), fold_id(text))
        other = seen.setdefault(key, text)
        if other != text:
            yield issue(
                "id_folded",
                table.name,
                table.rows[index],
                column.name,
                a=other,
                b=text,
            )


def check_duplicates(tables: Tables) -> Iterable[Issue]:
    """Find rows with the same key, in tables whose key could be read."""
    for name, table in tables.items():
        spec = table.spec
        if table.missing or set(spec.key) & table.absent:
            continue
        columns = [table[column] for column in spec.key]
        keys = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
        if len(set(keys)) == len(keys):
            continue
        last = spec.columns[spec.key[-1]]
        is_id = last.type == "id" and not last.ref
        seen: dict[Any, int] = {}
        for index, key in enumerate(keys):
            blank = None in key if isinstance(key, tuple) else key is None
            first = seen.setdefault(key, index)
            if blank or first == index:
                continue
            if is_id:
                yield issue(
                    "id_duplicate",
                    name,
                    table.rows[index],
                    last.name,
                    id=table[last.name][index],
                    a=table.rows[first],
                    b=table.rows[index],
                )
                continue
            same = all(v[first] == v[index] for v in table.columns.values())
            yield issue(
                "row_duplicate.same" if same else "row_duplicate",
                name,
                table.rows[index],
                last.name,
                row=table.rows[first],
            )


def check_references(tables: Tables) -> Iterable[Issue]:
    """Find ids that do not exist on the sheet they point at."""
    for name, table in tables.items():
        for column in table.spec.columns.values():
            if not column.ref or not rules.has(tables[column.ref]):
                continue
            if column.ref == "alternatives":
                yield from _orphan_alternatives(tables, table)
                continue
            target = SCHEMA[column.ref].key[0]
            known = set(tables[column.ref][target])
            values = table[column.name]
            if not set(values) - known - {None}:
                continue
            for index, value in enumerate(values):
                if value is not None and value not in known:
                    yield _orphan(name, table.rows[index], column, value, known)
    yield from _orphan_viewpoint_criteria(tables)


def _orphan_alternatives(tables: Tables, table: Table) -> Iterable[Issue]:
    alternatives = tables["alternatives"]
    pairs = set(
        zip(
            alternatives["project_id"],
            alternatives["alternative_id"],
            strict=True,
        )
    )
    projects = set(tables["projects"]["project_id"])
    column = table.spec.columns["alternative_id"]
    used = list(zip(table["project_id"], table["alternative_id"], strict=True))
    wrong = {
        pair
        for pair in set(used) - pairs
        if pair[0] in projects and pair[1] is not None
    }
    if wrong:
        for index, pair in enumerate(used):
            if pair in wrong:
                known = {a for p, a in pairs if p == pair[0]}
                yield _orphan(table.name, table.rows[index], column, pair[1], known)


def _orphan(
    table: str, row: int, column: Column, value: str, known: Iterable[Any]
) -> Issue:
    sheet = SCHEMA[column.ref].label
    texts = sorted(text for text in known if text)
    near = get_close_matches(value, texts[:2000], n=1, cutoff=0.7)
    key = "ref_orphan.guess" if near else "ref_orphan"
    guess = {"guess": quoted(near[0])} if near else {}
    return issue(key, table, row, column.name, id=value, sheet=sheet, **guess)


def _orphan_viewpoint_criteria(tables: Tables) -> Iterable[Issue]:
    table = tables["viewpoints"]
    if not rules.has(tables["criteria"]):
        return
    known = set(tables["criteria"]["criterion"])
    column = SCHEMA["viewpoints"].columns["criterion"]
    for index, (relation, value) in enumerate(
        zip(table["relation"], table["value"], strict=True)
    ):
        if relation == ">=" and value is not None and value not in known:
            found = _orphan("viewpoints", table.rows[index], column, value, known)
            yield issue_at(found, "value")


def issue_at(found: Issue, column: str) -> Issue:
    """Return the same issue at another column."""
    return replace(found, column=column)


def check_quality(tables: Tables) -> Iterable[Issue]:
    """Find published facts without a source, counted by table."""
    for name, table in tables.items():
        bad = [
            index
            for index, quality in enumerate(table["quality"])
            if quality == "uppgift" and not table["source"][index]
        ]
        if bad:
            yield counted(
                issue("quality_source", name, table.rows[bad[0]], "source"), len(bad)
            )
