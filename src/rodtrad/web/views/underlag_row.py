"""How is one row of a sheet read, changed, added and removed? A form, without script.

Leaves out the sheet (underlag_grid) and what is said after saving (underlag_saving).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rodtrad.domain.columns import SCHEMA
from rodtrad.domain.words import quoted
from rodtrad.web import changes, checking, left_behind, saving, sheet_cells
from rodtrad.web.access import Right, demand_table, may_edit_table, requires
from rodtrad.web.change_log import row_address
from rodtrad.web.forms.underlag import RowForm, options_of
from rodtrad.web.models.underlag import Row
from rodtrad.web.saving import Edits, Removal, RowEdit
from rodtrad.web.sheets import sheet_address, shown_faults, slug, spec_at, underlag_of
from rodtrad.web.views.underlag_saving import back, merge, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.domain.columns import TableSpec
    from rodtrad.errors import Issue
    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.models import Underlag


def _row_issues(underlag: Underlag, spec: TableSpec, row: Row) -> list[Issue]:
    told = checking.told(underlag)
    number = row.position + 2
    if told.fresh:
        return [one for one in told.of(spec.name) if one.row == number]
    return checking.rows_issues(spec.name, [(number, row.data)])


@requires(Right.READ, post=Right.EDIT_UNDERLAG)
def row_page(request: MunicipalRequest, sheet: str, pk: int) -> HttpResponse:
    """Return a row as a form, or save it."""
    spec, _right = spec_at(sheet)
    underlag = underlag_of(request.municipality)
    row = Row.objects.filter(underlag=underlag, table=spec.name, pk=pk).first()
    if request.method == "POST":
        demand_table(request, spec.name)
        return _save_row(request, underlag, spec, pk, row)
    if row is None:
        raise Http404
    issues = _row_issues(underlag, spec, row)
    can_edit = may_edit_table(request.membership, spec.name)
    return render(
        request,
        "underlag/row.html",
        _row_context(request, underlag, spec, row, issues, can_edit),
    )


def _row_context(
    request: MunicipalRequest,
    underlag: Underlag,
    spec: TableSpec,
    row: Row,
    issues: Sequence[Issue],
    can_edit: bool,
) -> dict[str, Any]:
    form = RowForm(spec, underlag, row, issues)
    at = {one.column: one for one in reversed(issues) if one.severity == "error"}
    near = Row.objects.filter(underlag=underlag, table=spec.name)
    beside = dict(
        near.filter(position__in=[row.position - 1, row.position + 1]).values_list(
            "position", "pk"
        )
    )
    last = changes.last_changes(underlag, [row.revision]).get(row.revision)
    return {
        "spec": spec,
        "slug": slug(spec.name),
        "row": row,
        "number": row.position + 2,
        "fields": [
            {
                "field": field,
                "issue": at.get(field.name),
                "was": form.initial[field.name],
                "shown": sheet_cells.shown(spec.name, field.name, row.data),
            }
            for field in form
        ],
        "issues": shown_faults(
            request.municipality,
            [one for one in issues if one.severity != "note"],
        ),
        "can_edit": can_edit,
        "before": beside.get(row.position - 1),
        "after": beside.get(row.position + 1),
        "last": last,
        "address": sheet_address(request.municipality, spec.name),
        "history": row_address(spec.name, row.key),
    }


def _save_row(
    request: MunicipalRequest,
    underlag: Underlag,
    spec: TableSpec,
    pk: int,
    row: Row | None,
) -> HttpResponse:
    form = RowForm(spec, underlag, row, (), request.POST)
    was, texts = form.was(), form.texts()
    revision = request.POST.get("revision", "0")
    edit = RowEdit(
        pk,
        int(revision) if revision.isdecimal() else 0,
        {
            name: text
            for name, text in texts.items()
            if text.strip() != was.get(name, "").strip()
        },
        was,
    )
    edits = Edits(spec.name, [edit])
    saved = saving.save(request, underlag, edits)
    if saved.conflicts:
        return merge(request, spec, edits, saved.conflicts)
    if row is None:
        # the row is gone, and nothing of it was changed here
        return back(request, spec)
    say(request, underlag, saved)
    row.refresh_from_db()
    left = [one for one in _row_issues(underlag, spec, row) if one.severity == "error"]
    if left:
        messages.warning(
            request,
            ngettext(
                "Raden har {n} fel kvar.", "Raden har {n} fel kvar.", len(left)
            ).format(n=checking.counted(len(left))),
        )
        return redirect("underlag_row", request.municipality.slug, slug(spec.name), pk)
    number = row.position + 2
    address = sheet_address(request.municipality, spec.name)
    return redirect(f"{address}?rad={number}#rad-{number}")


@requires(Right.READ, post=Right.EDIT_UNDERLAG)
def new_row(request: MunicipalRequest, sheet: str) -> HttpResponse:
    """Return an empty row as a form, or add it."""
    spec, _right = spec_at(sheet)
    demand_table(request, spec.name)
    underlag = underlag_of(request.municipality)
    form = RowForm(spec, underlag, None, (), request.POST or None)
    if request.method == "POST":
        texts = form.texts()
        if sheet_cells.is_empty(texts.values()):
            messages.error(request, _("Fyll i minst en uppgift."))
        else:
            edits = Edits(spec.name, added=[texts])
            saved = saving.save(request, underlag, edits)
            if saved.conflicts:
                return merge(request, spec, edits, saved.conflicts)
            say(request, underlag, saved)
            row = Row.objects.filter(underlag=underlag, table=spec.name).order_by(
                "-position"
            )[0]
            if any(one.severity == "error" for one in _row_issues(underlag, spec, row)):
                messages.warning(request, _("Raden är sparad, men något saknas än."))
                return redirect(
                    "underlag_row", request.municipality.slug, slug(spec.name), row.pk
                )
            number = row.position + 2
            address = sheet_address(request.municipality, spec.name)
            return redirect(f"{address}?rad={number}#rad-{number}")
    return render(
        request,
        "underlag/row.html",
        {
            "spec": spec,
            "slug": slug(spec.name),
            "row": None,
            "fields": [{"field": field, "issue": None, "was": ""} for field in form],
            "can_edit": True,
            "address": sheet_address(request.municipality, spec.name),
        },
    )


@requires(Right.READ, post=Right.EDIT_UNDERLAG)
def remove_row(request: MunicipalRequest, sheet: str, pk: int) -> HttpResponse:
    """Ask before a row is removed, and remove it."""
    spec, _right = spec_at(sheet)
    demand_table(request, spec.name)
    underlag = underlag_of(request.municipality)
    row = get_object_or_404(Row, underlag=underlag, table=spec.name, pk=pk)
    if request.method == "POST":
        revision = request.POST.get("revision", "")
        seen = int(revision) if revision.isdecimal() else row.revision
        edits = Edits(spec.name, removed=[Removal(pk, seen)])
        saved = saving.save(request, underlag, edits)
        if saved.conflicts:
            return merge(request, spec, edits, saved.conflicts)
        say(request, underlag, saved)
        return back(request, spec)
    return render(
        request,
        "underlag/remove.html",
        {
            "spec": spec,
            "slug": slug(spec.name),
            "row": row,
            "number": row.position + 2,
            "name": quoted(row.label or row.key),
            "resting": _resting(underlag, spec, row),
            "left": left_behind.of_row(underlag, row),
        },
    )


def _resting(underlag: Underlag, spec: TableSpec, row: Row) -> list[tuple[str, int]]:
    """How many rows of other sheets refer to a row, by sheet."""
    key = row.data.get(spec.key[-1])
    above = {name: row.data.get(name) for name in spec.key[:-1]}
    found = []
    for other in SCHEMA.values():
        for column in other.columns.values():
            if column.ref == spec.name and key is not None and other is not spec:
                names = {n: v for n, v in above.items() if n in other.columns}
                named = {**names, column.name: key}
                n = Row.objects.filter(
                    underlag=underlag,
                    table=other.name,
                    **{f"data__{name}": value for name, value in named.items()},
                ).count()
                if n:
                    found.append((other.label, n))
    return found


@requires(Right.READ, methods="GET")
def suggestions(request: MunicipalRequest, sheet: str, column: str) -> HttpResponse:
    """Return what a cell of a column may refer to, for the grid's editor."""
    spec, _right = spec_at(sheet)
    if column not in spec.columns:
        raise Http404
    found = options_of(
        underlag_of(request.municipality),
        spec.columns[column],
        request.GET.get("q", "").strip()[:100],
    )
    return JsonResponse({"options": found[:40]})
