"""Which sheet does an address name, and how are faults and changes of it told?

Addresses carry the Swedish name of a sheet in plain letters; the schema's own name is
read too. Leaves out the cells themselves (sheet_cells).
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.http import Http404
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _

from rodtrad.domain.columns import SCHEMA, Column
from rodtrad.domain.words import NBSP, number
from rodtrad.web.models.underlag import Row, Underlag
from rodtrad.web.sheet_cells import show_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rodtrad.domain.columns import TableSpec
    from rodtrad.errors import Issue
    from rodtrad.web.models import Municipality


# So many rows of a sheet are shown of a change or a diff.
SHOWN_ROWS: Final = 60


def slug(table: str) -> str:
    """Return a sheet's part of an address: `resultatrakning` for Resultaträkning."""
    text = unicodedata.normalize("NFKD", SCHEMA[table].label_sv)
    return slugify("".join(c for c in text if not unicodedata.combining(c)))


SLUGS: Final[Mapping[str, str]] = {slug(table): table for table in SCHEMA}


def spec_at(sheet: str) -> tuple[TableSpec, bool]:
    """Return the sheet that an address names, and whether it is its right name.

    Raises:
        Http404: there is none.
    """
    if sheet in SLUGS:
        return SCHEMA[SLUGS[sheet]], True
    if sheet in SCHEMA:
        return SCHEMA[sheet], False
    raise Http404


def sheet_address(municipality: Municipality, table: str) -> str:
    """Return the address of a sheet."""
    return reverse("underlag_sheet", args=[municipality.slug, slug(table)])


def row_address(municipality: Municipality, row: Row) -> str:
    """Return where a row is on its sheet."""
    number_ = row.position + 2
    return f"{sheet_address(municipality, row.table)}?rad={number_}#rad-{number_}"


def underlag_of(municipality: Municipality) -> Underlag:
    """Return the municipality's working copy; an empty one is made the first time."""
    found, _new = Underlag.objects.get_or_create(
        municipality=municipality, defaults={"name": municipality.name}
    )
    found.municipality = municipality
    return found


def cell_id(row: int, column: str) -> str:
    """Return what a cell is called on its page."""
    return f"c-{row}-{column}"


def fault_at(issue: Issue) -> str:
    """Return where a fault is, in words: "Rad 8, Utgift (tkr)"."""
    spec = SCHEMA.get(issue.table)
    parts = []
    if issue.row is not None:
        parts.append(_("Rad {n}").format(n=issue.row))
    if spec and issue.column in spec.columns:
        parts.append(spec.columns[issue.column].heading)
    elif issue.column:
        parts.append(issue.column)
    return ", ".join(parts) or _("Hela bladet")


def fault_address(municipality: Municipality, issue: Issue) -> str:
    """Return the address of the cell that a fault concerns."""
    if issue.table not in SCHEMA:
        return ""
    address = sheet_address(municipality, issue.table)
    if issue.row is None:
        return address
    column = issue.column if issue.column in SCHEMA[issue.table].columns else ""
    anchor = cell_id(issue.row, column) if column else f"rad-{issue.row}"
    return f"{address}?rad={issue.row}#{anchor}"


@dataclass(frozen=True)
class ShownFault:
    """A fault as the list above a grid shows it; `fix` where the remedy is certain."""

    severity: str
    at: str
    message: str
    remedy: str
    href: str
    fix: str = ""
    action: str = ""
    values: Mapping[str, str] | None = None


def shown_faults(
    municipality: Municipality,
    issues: Iterable[Issue],
    rows: Mapping[int, Row] | None = None,
    taken: Iterable[str] = (),
) -> list[ShownFault]:
    """Return faults for components/faults.html.

    `rows` (by number) are rows whose cells may be changed: a fault of one of them can
    get a button. `taken` are the keys that the sheet has already.
    """
    used = set(taken)
    found = []
    for issue in issues:
        values: dict[str, str] | None = None
        fix = ""
        row = (rows or {}).get(issue.row or 0)
        if row is not None and issue.severity == "error":
            spec = SCHEMA[issue.table]
            text = certain_remedy(spec.columns.get(issue.column), issue, row, used)
            if text:
                fix = _("Ändra till {value}").format(value=_grouped(text))
                change = {
                    "pk": row.pk,
                    "revision": row.revision,
                    "cells": {issue.column: text},
                    "was": {},
                }
                values = {"edits": json.dumps({"changed": [change]})}
        found.append(
            ShownFault(
                issue.severity,
                fault_at(issue),
                issue.message,
                issue.remedy,
                fault_address(municipality, issue),
                fix,
                sheet_address(municipality, issue.table) if fix else "",
                values,
            )
        )
    return found


def _grouped(text: str) -> str:
    return number(float(text)) if text.isdecimal() and len(text) > 4 else text


_AMOUNT: Final = re.compile(
    r"([+-]?\d[\d \u00a0]*(?:[.,]\d+)?)\s*(mkr|mnkr|miljoner|miljoner kr|milj\.? ?kr|tkr|tusen|tusen kr|kr|kronor)",
    re.IGNORECASE,
)


def certain_remedy(
    column: Column | None, issue: Issue, row: Row, taken: set[str]
) -> str:
    """Return what a faulty cell surely should say, or "" where nobody can know.

    An amount with its unit in a column of tkr, and a free id for one that is taken.
    """
    if column is None:
        return ""
    raw = str((row.data.get("_faults") or {}).get(column.name, "")).strip()
    match = _AMOUNT.fullmatch(raw)
    if match and column.type == "tkr":
        digits = re.sub(r"[ \u00a0]", "", match.group(1)).replace(",", ".")
        unit = match.group(2).casefold()
        scale = 1000.0 if unit[0] == "m" else 1.0 if unit.startswith("t") else 0.001
        amount = float(digits) * scale
        text = f"{amount:.6f}".rstrip("0").rstrip(".")
        return text.replace(".", ",")
    if issue.code == "id_duplicate" and SCHEMA[issue.table].key == (column.name,):
        return _free_id(str(row.data.get(column.name) or ""), taken)
    return ""


def _free_id(name: str, taken: set[str]) -> str:
    match = re.fullmatch(r"(.*?)(\d*)", name)
    if match is None or not name:
        return ""
    stem, digits = match.group(1), match.group(2)
    start = int(digits) + 1 if digits else 2
    for n in range(start, start + 1000):
        text = f"{stem}{n:0{len(digits)}d}"
        if text not in taken:
            taken.add(text)
            return text
    return ""


# ---------------------------------------------------------------- changes in words


@dataclass(frozen=True)
class ShownCell:
    """A cell before and after, as it is read."""

    column: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class ShownRow:
    """A row that was added, changed or removed; `cells` are those that count."""

    told: str
    key: str
    label: str
    cells: tuple[ShownCell, ...]


@dataclass(frozen=True)
class ShownSheet:
    """What happened on a sheet: its counts, and the first rows in full."""

    table: str
    label: str
    counts: Mapping[str, int]
    rows: tuple[ShownRow, ...]
    more: int = 0
    order: bool = False


def told_words(told: str) -> str:
    """Return what happened to a row, in a word."""
    return {
        "added": _("ny rad"),
        "changed": _("ändrad"),
        "removed": _("borttagen"),
    }[told]


def row_of_data(
    table: str, told: str, key: str, data: Mapping[str, Any], only: Sequence[str] = ()
) -> ShownRow:
    """Return a whole row that comes or goes, its filled cells."""
    spec = SCHEMA[table]
    cells = []
    for column in spec.columns.values():
        faults = data.get("_faults") or {}
        value = (
            {"fault": faults[column.name]}
            if column.name in faults
            else data.get(column.name)
        )
        if value is None or (only and column.name not in only):
            continue
        text = show_value(table, column.name, value, data)
        before, after = ("", text) if told == "added" else (text, "")
        cells.append(ShownCell(column.name, column.heading, before, after))
    return ShownRow(told, key, str(data.get("name") or ""), tuple(cells))


def changed_row(
    table: str,
    key: str,
    label: str,
    cells: Iterable[tuple[str, Any, Any]],
    data: Mapping[str, Any],
) -> ShownRow:
    """Return a row that was changed, its cells before and after."""
    spec = SCHEMA[table]
    after_row = {**data, **{n: a for n, _b, a in cells if not isinstance(a, dict)}}
    return ShownRow(
        "changed",
        key,
        label,
        tuple(
            ShownCell(
                name,
                spec.columns[name].heading if name in spec.columns else name,
                show_value(table, name, before, data),
                show_value(table, name, after, after_row),
            )
            for name, before, after in cells
        ),
    )


def shown_sheets(heads: Iterable[Mapping[str, Any]]) -> list[ShownSheet]:
    """Return what a change or a diff does, sheet by sheet, the first rows in full.

    Args:
        heads: by sheet `{"table", "counts", "order", "rows"}`, its rows
            `{"told", "key", "data"}` and, if changed, `"cells"` of name, before, after.
    """
    found = []
    for one in heads:
        table = one["table"]
        if table not in SCHEMA:
            continue
        rows = tuple(
            changed_row(
                table,
                row["key"],
                str(row["data"].get("name") or ""),
                [tuple(cell) for cell in row["cells"]],
                row["data"],
            )
            if row["told"] == "changed"
            else row_of_data(table, row["told"], row["key"], row["data"])
            for row in one["rows"]
        )
        found.append(
            ShownSheet(
                table,
                SCHEMA[table].label,
                one["counts"],
                rows,
                sum(one["counts"].values()) - len(rows),
                bool(one.get("order")),
            )
        )
    return found


def tkr_hint(column: Column) -> str:
    """Return the unit that stands under a heading, unless the heading says it."""
    if column.type == "share":
        return _("andel, skrivs 2{nbsp}%").format(nbsp=NBSP)
    return ""
