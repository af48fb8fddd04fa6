"""How does somebody read one sheet? A page of its rows, with what is wrong with them.

Without script a row is changed in its form (underlag_row); with script the same page is
a grid that sends all its changes at once (underlag_saving). Leaves out which rows are
shown (sheet_rows).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rodtrad.domain.columns import SCHEMA
from rodtrad.sources.template import help_text
from rodtrad.web import checking, sheet_cells
from rodtrad.web.access import Right, may_edit_table, requires
from rodtrad.web.forms.underlag import choices_of
from rodtrad.web.models.underlag import Change, Row
from rodtrad.web.sheet_rows import page_of, read_wanted
from rodtrad.web.sheets import (
    cell_id,
    sheet_address,
    shown_faults,
    slug,
    spec_at,
    underlag_of,
)
from rodtrad.web.views.underlag_saving import save

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.http import HttpResponse

    from rodtrad.domain.columns import TableSpec
    from rodtrad.errors import Issue
    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.models import Underlag

SHOWN_FAULTS: Final = 9
_RIGHT_ALIGNED: Final = frozenset({"year", "int", "float", "share", "tkr"})


# ---------------------------------------------------------------- how they look


@dataclass(frozen=True)
class Head:
    """A heading of the grid: what its column is and what may stand there."""

    name: str
    label: str
    unit: str
    help: str
    num: bool
    kind: str
    choices: str
    ref: bool
    required: bool
    width: str


@dataclass(frozen=True)
class ShownRow:
    """A row of the grid: its number, its key and its cells as markup."""

    pk: int
    revision: int
    number: int
    key: str
    href: str
    cells: SafeString
    here: bool


def _heads(spec: TableSpec) -> list[Head]:
    found = []
    for column in spec.columns.values():
        choices = choices_of(spec.name, column)
        found.append(
            Head(
                column.name,
                column.heading,
                sheet_cells.content_help(column),
                help_text(column),
                column.type in _RIGHT_ALIGNED,
                column.type,
                json.dumps(choices, ensure_ascii=False) if choices else "",
                bool(column.ref),
                bool(column.required),
                "wide"
                if column.name in ("description", "source", "note")
                else "name"
                if column.name == "name"
                else "",
            )
        )
    return found


def _cells(
    row: Row, spec: TableSpec, faults: Mapping[tuple[int, str], Issue]
) -> SafeString:
    """The cells of a row. Made by hand: a page has thousands of them."""
    number = row.position + 2
    parts = []
    for name, column in spec.columns.items():
        text = sheet_cells.shown(spec.name, name, row.data)
        exact = sheet_cells.typed(spec.name, name, row.data)
        own = sheet_cells.column_of(spec.name, name, row.data)
        issue = faults.get((number, name))
        names = []
        if column.type in _RIGHT_ALIGNED or (own is not column and own.is_number):
            names.append("num")
        said = ""
        if issue is not None and issue.severity == "error":
            names.append("err")
            said = f'<span class="vh">. {escape(issue.message)}</span>'
        elif issue is not None and issue.severity == "warning":
            names.append("odd")
            said = f'<span class="vh">. {escape(issue.message)}</span>'
        kind = f' class="{" ".join(names)}"' if names else ""
        value = f' data-t="{escape(exact)}"' if exact != text else ""
        focus = ' tabindex="-1"' if "err" in names else ""
        if len(text) > 90 or "\n" in text:
            shown = escape(f"{text[:88]}…")
            value = f' data-t="{escape(exact)}"'
        else:
            shown = escape(text)
        parts.append(
            f'<td id="{cell_id(number, name)}"{kind}{value}{focus}>'
            f"<span>{shown}</span>{said}</td>"
        )
    return mark_safe("".join(parts))  # noqa: S308 - every text is escaped above


def _by_cell(issues: Iterable[Issue]) -> dict[tuple[int, str], Issue]:
    """The worst issue of each cell."""
    order = {"error": 0, "warning": 1, "note": 2}
    found: dict[tuple[int, str], Issue] = {}
    for one in issues:
        if one.row is None or not one.column:
            continue
        kept = found.get((one.row, one.column))
        if kept is None or order[one.severity] < order[kept.severity]:
            found[one.row, one.column] = one
    return found


# ---------------------------------------------------------------- the sheet


@requires(Right.READ, post=Right.EDIT_UNDERLAG)
def sheet(request: MunicipalRequest, sheet: str) -> HttpResponse:
    """Return a page of a sheet's rows, or save what was changed in it."""
    spec, right_name = spec_at(sheet)
    if request.method == "POST":
        return save(request, spec)
    if not right_name:
        address = sheet_address(request.municipality, spec.name)
        query = request.META.get("QUERY_STRING", "")
        return redirect(f"{address}?{query}" if query else address)
    underlag = underlag_of(request.municipality)
    wanted = read_wanted(request.GET, spec)
    told = checking.told(underlag)
    issues = told.of(spec.name)
    page, here = page_of(
        underlag,
        spec,
        wanted,
        issues if told.fresh else (),
        request.GET.get("sida"),
    )
    if not told.fresh:
        issues = checking.rows_issues(
            spec.name, [(row.position + 2, row.data) for row in here]
        )
    faults = _by_cell(issues)
    slug_ = slug(spec.name)
    can_edit = may_edit_table(request.membership, spec.name)
    by_number = {row.position + 2: row for row in here}
    errors = [one for one in issues if one.severity == "error"]
    address = reverse("underlag_row", args=[request.municipality.slug, slug_, 0])
    stem = address[: address.rindex("0")]
    return render(
        request,
        "underlag/sheet.html",
        {
            "spec": spec,
            "slug": slug_,
            "underlag": underlag,
            "heads": _heads(spec),
            "rows": [
                ShownRow(
                    row.pk,
                    row.revision,
                    row.position + 2,
                    row.label or row.key,
                    f"{stem}{row.pk}/",
                    _cells(row, spec, faults),
                    row.position + 2 == wanted.row,
                )
                for row in here
            ],
            "page": page,
            "total": page.paginator.count,
            "wanted": wanted,
            "told": told,
            "lede": _lede(spec, told, errors, can_edit, page.paginator.count),
            "faults": shown_faults(
                request.municipality,
                errors[:SHOWN_FAULTS],
                by_number if can_edit else None,
                _keys(underlag, spec, errors),
            ),
            "errors": len(errors)
            if not told.fresh
            else told.counts.get(spec.name, {}).get("error", 0),
            "odd": shown_faults(
                request.municipality,
                [one for one in issues if one.severity == "warning"][:SHOWN_FAULTS],
            ),
            "can_edit": can_edit,
            "sheets": [(slug(name), one.label) for name, one in SCHEMA.items()],
            "back": request.META.get("QUERY_STRING", ""),
            "last": Change.objects.filter(underlag=underlag, counts__has_key=spec.name)
            .defer("cells", "head")
            .first(),
        },
    )


def _keys(underlag: Underlag, spec: TableSpec, errors: Iterable[Issue]) -> list[str]:
    """The keys that are taken, where a free one is to be found."""
    if not any(one.code == "id_duplicate" for one in errors):
        return []
    rows = Row.objects.filter(underlag=underlag, table=spec.name)
    return list(rows.values_list("key", flat=True))


def _lede(
    spec: TableSpec,
    told: checking.Told,
    errors: Sequence[Issue],
    can_edit: bool,
    shown: int,
) -> str:
    """What is the case with the sheet, in a sentence or two."""
    n = told.counts.get(spec.name, {}).get("error", 0) if told.fresh else len(errors)
    del shown
    if n:
        first = ngettext(
            "Bladet har {n} fel att rätta.", "Bladet har {n} fel att rätta.", n
        ).format(n=checking.counted(n))
    elif told.fresh:
        first = _("Bladet har inga fel.")
    else:
        first = _("Underlaget har ändrats sedan det kontrollerades.")
    if can_edit:
        return first
    return f"{first} " + _("Du kan läsa det men inte ändra.")
