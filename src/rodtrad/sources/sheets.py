"""How do rows of cells become a table? Headings are matched, blank rows left out.

Shared by the workbook and the CSV folder, so that both report the same fault in the
same words. Leaves out files and their formats.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from rodtrad.domain.cells import is_blank, plain_text
from rodtrad.domain.columns import SCHEMA, fold_heading
from rodtrad.domain.components import Table, build_table, empty_table
from rodtrad.domain.messages import issue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.errors import Issue


def guess(text: str, choices: Sequence[str]) -> str | None:
    """Return the choice that a misspelt text probably meant, or None."""
    folded = {fold_heading(choice): choice for choice in choices}
    close = difflib.get_close_matches(fold_heading(text), list(folded), n=1, cutoff=0.7)
    return folded[close[0]] if close else None


def read_sheet(
    name: str, lines: Sequence[Sequence[object]], *, dot_is_decimal: bool
) -> tuple[Table, list[Issue]]:
    """Return a table from its lines, the first of which holds the headings.

    `lines` must start at the first row of the sheet: row numbers in messages count
    from it. Cells beyond a line's end are blank.
    """
    spec = SCHEMA[name]
    if not lines and spec.optional:
        return empty_table(name), []
    issues: list[Issue] = []
    headings = lines[0] if lines else []
    places: dict[str, int] = {}
    for index, cell in enumerate(headings):
        if is_blank(cell):
            continue
        heading = plain_text(cell)
        column = spec.column_named(heading)
        if column is None:
            labels = [c.label_sv for c in spec.columns.values()]
            near = guess(heading, labels)
            issues.append(
                issue("column_unknown", name, 1, heading, column=heading, guess=near)
                if near
                else issue("column_unknown.no_guess", name, 1, heading, column=heading)
            )
        elif column in places:
            issues.append(issue("column_duplicate", name, 1, column, column=heading))
        else:
            places[column] = index
    for declared in spec.columns.values():
        if declared.required and declared.name not in places:
            issues.append(
                issue("column_missing", name, 1, declared.name, column=declared.heading)
            )
    if not places:
        return empty_table(name, missing=True), issues
    body = lines[1:]
    width = max(map(len, lines))
    if any(len(line) != width for line in body):
        body = [[*line, *[None] * (width - len(line))] for line in body]
    columns = list(zip(*body, strict=True)) if body else [()] * width
    kept = _filled([columns[index] for index in places.values()], len(body))
    rows = [index + 2 for index in kept]
    whole = len(kept) == len(body)
    raw = {
        column: list(columns[index]) if whole else [columns[index][i] for i in kept]
        for column, index in places.items()
    }
    table, found = build_table(spec, raw, rows, dot_is_decimal=dot_is_decimal)
    return table, issues + found


def _filled(columns: Sequence[Sequence[object]], length: int) -> Sequence[int]:
    """The indexes of the rows in which some declared column is filled."""
    first = columns[0]
    if all(type(cell) is str and cell and not cell.isspace() for cell in first):
        return range(length)
    return [
        index
        for index in range(length)
        if not all(is_blank(column[index]) for column in columns)
    ]
