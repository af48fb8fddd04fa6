"""Which rows of a sheet does a reader see? Those that pass the filter, in an order.

What was asked for comes from the address. A sheet as it stands is read a page at a time;
of a filtered or sorted one only the rows' numbers are gathered first. Leaves out the
order itself (row_order) and how rows look (views/underlag_grid).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.db.models.fields.json import KT

from rodtrad.domain.columns import SCHEMA, fold_heading
from rodtrad.web import sheet_cells
from rodtrad.web.models.underlag import Row
from rodtrad.web.row_order import read_order
from rodtrad.web.store import FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from django.http import QueryDict

    from rodtrad.domain.columns import Column, TableSpec
    from rodtrad.errors import Issue
    from rodtrad.web.models import Underlag

PAGE: Final = 100
# So many rows with faults are looked for by their place.
_MOST_PLACES: Final = 2_000


@dataclass(frozen=True)
class Wanted:
    """What a reader asked to see of a sheet."""

    text: str
    column: str
    only_faults: bool
    order: str
    row: int | None

    @property
    def filtered(self) -> bool:
        """True if rows can be missing from what is shown."""
        return bool(self.text or self.only_faults)


def read_wanted(asked: QueryDict, spec: TableSpec) -> Wanted:
    """Return what an address asks for; what is unknown is dropped."""
    column = asked.get("kolumn", "")
    order = asked.get("ordning", "")
    number = asked.get("rad", "")
    return Wanted(
        asked.get("text", "").replace("\0", " ").strip()[:200],
        column if column in spec.columns else "",
        bool(asked.get("fel")),
        order if order.removeprefix("-") in spec.columns else "",
        int(number) if number.isdecimal() and len(number) < 8 else None,
    )


def page_of(
    underlag: Underlag,
    spec: TableSpec,
    wanted: Wanted,
    faults: Iterable[Issue],
    asked: str | None,
) -> tuple[Page[Any], list[Row]]:
    """Return a page of what is wanted, and its rows.

    Args:
        underlag: the working copy.
        spec: the sheet.
        wanted: which rows, in which order.
        faults: the faults of the sheet, as far as they are known.
        asked: the number of the page; without one, the page of the wanted row.
    """
    every = Row.objects.filter(underlag=underlag, table=spec.name)
    chosen = _passing(every, spec, wanted, faults)
    if wanted.order:
        page = Paginator(_sorted(underlag, spec, wanted, chosen), PAGE).get_page(asked)
        numbers = [int(pk) for pk in page.object_list]
        found = every.defer("search").in_bulk(numbers)
        return page, [found[pk] for pk in numbers if pk in found]
    if wanted.row is not None and asked is None and not wanted.filtered:
        asked = str(max(wanted.row - 2, 0) // PAGE + 1)
    lines = chosen.defer("search").order_by("position", "pk")
    page = Paginator(lines, PAGE).get_page(asked)
    return page, list(page)


def _sorted(
    underlag: Underlag, spec: TableSpec, wanted: Wanted, chosen: QuerySet[Row]
) -> Any:
    """The numbers (pk) of the wanted rows, in their order."""
    order = read_order(underlag, spec.name, wanted.order.removeprefix("-"))
    line = order.line(falling=wanted.order.startswith("-"))
    if not wanted.filtered:
        return line
    passing = list(chosen.order_by().values_list("pk", flat=True))
    return line[np.isin(line, np.fromiter(passing, np.int64, len(passing)))]


def _passing(
    rows: QuerySet[Row], spec: TableSpec, wanted: Wanted, faults: Iterable[Issue]
) -> QuerySet[Row]:
    if wanted.text and wanted.column:
        rows = _like(rows, spec.columns[wanted.column], spec.name, wanted.text)
    elif wanted.text:
        rows = rows.filter(_anywhere(spec, wanted.text))
    if wanted.only_faults:
        places = {one.row - 2 for one in faults if one.row is not None}
        rows = rows.filter(
            Q(position__in=sorted(places)[:_MOST_PLACES])
            | Q(data___faults__isnull=False)
        )
    return rows


def _like(rows: QuerySet[Row], column: Column, table: str, text: str) -> QuerySet[Row]:
    """The rows whose cell in one column says something.

    What stands in the whole row is asked for first: it is the quicker question.
    """
    place = f"data__{column.name}"
    rows = rows.annotate(said=KT(place), faulty=KT(f"data__{FAULTS}__{column.name}"))
    has_text = Q(search__contains=text.casefold())
    unreadable = has_text & _says("faulty", text)
    if column.choices:
        folded = fold_heading(text)
        codes = [
            code
            for code, label in column.choices.items()
            if folded in fold_heading(label) or folded in fold_heading(code)
        ]
        return rows.filter(
            Q(**{f"{place}__in": codes}) | has_text & _says("said", text) | unreadable
        )
    if column.type == "bool":
        value = text.casefold() in ("ja", "j", "x", "1", "yes")
        return rows.filter(**{place: value})
    if column.is_number:
        cells, _issues = sheet_cells.read_row(SCHEMA[table], {}, {column.name: text})
        if column.name not in cells:
            return rows.filter(unreadable)
        value = cells[column.name]
        # however the row's text writes it, a whole number stands in it as one
        digits = str(int(value)) if value == int(value) else str(value)
        return rows.filter(Q(search__contains=digits) & Q(**{place: value}))
    return rows.filter(has_text & _says("said", text) | unreadable)


def _says(name: str, text: str) -> Q:
    """Cells in which a text stands, in capitals or not.

    SQLite knows capitals of plain letters only: of å, ä and ö the likely ones are asked.
    """
    found = Q()
    forms = {text} if text.isascii() else {text, text.lower(), text.upper()}
    if not text.isascii():
        forms |= {text.capitalize(), text.title()}
    for form in sorted(forms):
        found |= Q(**{f"{name}__icontains": form})
    return found


def _anywhere(spec: TableSpec, text: str) -> Q:
    """Rows in which some cell says something, also by the label of a choice."""
    folded = text.casefold()
    found = Q(search__contains=folded)
    for column in spec.columns.values():
        if column.choices:
            codes = [
                c for c, label in column.choices.items() if folded in label.casefold()
            ]
            if codes:
                found |= Q(**{f"data__{column.name}__in": codes})
    return found
