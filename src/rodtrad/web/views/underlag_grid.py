"""How does somebody read and change one sheet? A page of rows, a form a row, both saved.

Without script a row is changed in its form; with script the same page is a grid that
sends all its changes at once. Whoever saves what somebody else has changed meanwhile
gets both values to choose from. Leaves out how changes are written (changes).
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F, Q
from django.http import (
    Http404,
    HttpResponse,
    HttpResponseBadRequest,
    JsonResponse,
    QueryDict,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rodtrad.domain.columns import SCHEMA, fold_heading
from rodtrad.domain.words import quoted
from rodtrad.sources.template import help_text
from rodtrad.web import changes, checking, sheet_cells
from rodtrad.web.access import Right, demand_table, may_edit_table, requires
from rodtrad.web.changes import Conflict, Edits, Removal, RowEdit
from rodtrad.web.forms.underlag import (
    BadEditsError,
    RowForm,
    choices_of,
    edits_json,
    options_of,
    read_edits,
)
from rodtrad.web.models.underlag import Change, Row
from rodtrad.web.sheets import (
    cell_id,
    sheet_address,
    shown_faults,
    slug,
    spec_at,
    underlag_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.db.models import QuerySet

    from rodtrad.domain.columns import Column, TableSpec
    from rodtrad.errors import Issue
    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.models import Underlag

PAGE: Final = 100
SHOWN_FAULTS: Final = 9
_RIGHT_ALIGNED: Final = frozenset({"year", "int", "float", "share", "tkr"})


# ---------------------------------------------------------------- which rows


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


def _wanted(request: MunicipalRequest, spec: TableSpec) -> Wanted:
    asked = request.GET
    column = asked.get("kolumn", "")
    order = asked.get("ordning", "")
    number = asked.get("rad", "")
    return Wanted(
        asked.get("text", "").strip()[:200],
        column if column in spec.columns else "",
        bool(asked.get("fel")),
        order if order.lstrip("-") in spec.columns else "",
        int(number) if number.isdigit() and len(number) < 8 else None,
    )


def _like(column: Column, table: str, text: str) -> Q:
    """Rows whose cell in one column says something."""
    place = f"data__{column.name}"
    faulty = Q(**{f"data___faults__{column.name}__icontains": text})
    if column.choices:
        folded = fold_heading(text)
        codes = [
            code
            for code, label in column.choices.items()
            if folded in fold_heading(label) or folded in fold_heading(code)
        ]
        return Q(**{f"{place}__in": codes}) | Q(**{f"{place}__icontains": text})
    if column.type == "bool":
        value = text.casefold() in ("ja", "j", "x", "1", "yes")
        return Q(**{place: value})
    if column.is_number:
        cells, _issues = sheet_cells.read_row(SCHEMA[table], {}, {column.name: text})
        if column.name in cells:
            return Q(**{place: cells[column.name]})
        return faulty
    return Q(**{f"{place}__icontains": text}) | faulty


def _rows(
    underlag: Underlag, spec: TableSpec, wanted: Wanted, faults: Iterable[Issue]
) -> QuerySet[Row]:
    rows = Row.objects.filter(underlag=underlag, table=spec.name).defer("search")
    if wanted.text and wanted.column:
        rows = rows.filter(_like(spec.columns[wanted.column], spec.name, wanted.text))
    elif wanted.text:
        rows = rows.filter(_anywhere(spec, wanted.text))
    if wanted.only_faults:
        places = {one.row - 2 for one in faults if one.row is not None}
        rows = rows.filter(
            Q(position__in=list(places)[:2000]) | Q(data___faults__isnull=False)
        )
    if wanted.order:
        place = F(f"data__{wanted.order.lstrip('-')}")
        first = (
            place.desc(nulls_last=True)
            if wanted.order.startswith("-")
            else place.asc(nulls_last=True)
        )
        return rows.order_by(first, "position", "pk")
    return rows.order_by("position", "pk")


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
        return _save(request, spec)
    if not right_name:
        address = sheet_address(request.municipality, spec.name)
        query = request.META.get("QUERY_STRING", "")
        return redirect(f"{address}?{query}" if query else address)
    underlag = underlag_of(request.municipality)
    wanted = _wanted(request, spec)
    told = checking.told(underlag)
    issues = told.of(spec.name)
    rows = _rows(underlag, spec, wanted, issues if told.fresh else ())
    pages = Paginator(rows, PAGE)
    asked = request.GET.get("sida")
    if wanted.row is not None and asked is None and not wanted.filtered:
        asked = str(max(wanted.row - 2, 0) // PAGE + 1) if not wanted.order else None
    page = pages.get_page(asked)
    here = list(page)
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
            "total": pages.count,
            "wanted": wanted,
            "told": told,
            "lede": _lede(spec, told, errors, can_edit, pages.count),
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
            "sheets": [(slug(name), one.label_sv) for name, one in SCHEMA.items()],
            "back": request.META.get("QUERY_STRING", ""),
            "last": Change.objects.filter(underlag=underlag, counts__has_key=spec.name)
            .defer("cells")
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


def _back(request: MunicipalRequest, spec: TableSpec, anchor: str = "") -> HttpResponse:
    address = sheet_address(request.municipality, spec.name)
    query = QueryDict(request.POST.get("back", "")[:2000], mutable=True)
    query.pop("rad", None)
    text = query.urlencode()
    return redirect(f"{address}{'?' + text if text else ''}{anchor}")


def _save(request: MunicipalRequest, spec: TableSpec) -> HttpResponse:
    """Write what a grid or a choice between two values sent."""
    demand_table(request, spec.name)
    try:
        edits = read_edits(spec.name, request.POST.get("edits", ""))
    except BadEditsError:
        return HttpResponseBadRequest(
            _("Ändringarna gick inte att läsa. Inget är ändrat."),
            content_type="text/plain; charset=utf-8",
        )
    underlag = underlag_of(request.municipality)
    if "resolve" in request.POST:
        edits = _resolved(request, underlag, edits)
    saved = changes.save(request, underlag, edits)
    if saved.conflicts:
        return _merge(request, spec, edits, saved.conflicts)
    _say(request, underlag, saved)
    return _back(request, spec)


def _say(request: MunicipalRequest, underlag: Underlag, saved: changes.Saved) -> None:
    """Tell what was saved, with a way to undo it, and what is wrong with it."""
    if saved.change is None:
        messages.info(request, _("Inget är ändrat."))
        return
    underlag.refresh_from_db(fields=["revision"])
    counts = [c for by_table in saved.change.counts.values() for c in by_table.items()]
    added = sum(n for told, n in counts if told == "added")
    removed = sum(n for told, n in counts if told == "removed")
    cells = sum("column" in one for one in saved.change.cells)
    parts = []
    if cells:
        parts.append(
            ngettext("{n} cell är ändrad", "{n} celler är ändrade", cells).format(
                n=cells
            )
        )
    if added:
        parts.append(
            ngettext("{n} rad är tillagd", "{n} rader är tillagda", added).format(
                n=added
            )
        )
    if removed:
        parts.append(
            ngettext("{n} rad är borttagen", "{n} rader är borttagna", removed).format(
                n=removed
            )
        )
    address = reverse(
        "underlag_change", args=[request.municipality.slug, saved.change.number]
    )
    messages.success(
        request,
        format_html(
            '{} <a href="{}">{}</a>',
            _("Sparat: {what}.").format(what=", ".join(parts)),
            address,
            _("Visa eller ångra ändringen"),
        ),
    )
    if saved.beside:
        messages.info(
            request,
            _(
                "{who} ändrade andra celler på samma rader medan du arbetade. Bådas ändringar är sparade."
            ).format(who=", ".join(saved.beside)),
        )


# ---------------------------------------------------------------- two at once


def _merge(
    request: MunicipalRequest,
    spec: TableSpec,
    edits: Edits,
    conflicts: Sequence[Conflict],
) -> HttpResponse:
    """Return both values of every cell that two have changed, to choose from."""
    rows: dict[int, list[tuple[int, Conflict]]] = defaultdict(list)
    for place, one in enumerate(conflicts):
        rows[one.pk].append((place, one))
    held = sum(len(e.cells) for e in edits.changed) - sum(
        1 for one in conflicts if one.kind == "cell"
    )
    return render(
        request,
        "underlag/merge.html",
        {
            "spec": spec,
            "slug": slug(spec.name),
            "rows": [
                {"first": group[0][1], "cells": group, "many": len(group) > 1}
                for group in rows.values()
            ],
            "n": len(conflicts),
            "held": max(held, 0),
            "edits": edits_json(edits),
            "seen": json.dumps(
                [[c.kind, c.pk, c.column, c.theirs, c.revision] for c in conflicts],
                ensure_ascii=False,
            ),
            "back": request.POST.get("back", ""),
        },
        status=409,
    )


def _resolved(request: MunicipalRequest, underlag: Underlag, edits: Edits) -> Edits:
    """The edits after the choices: theirs are left out, mine rest on what I now saw."""
    try:
        seen = [
            (str(kind), int(pk), str(column), str(theirs), int(revision))
            for kind, pk, column, theirs, revision in json.loads(
                request.POST.get("seen", "")
            )
        ]
    except (ValueError, TypeError):
        return edits
    every = request.POST.get("all", "")
    cells = {edit.pk: dict(edit.cells) for edit in edits.changed}
    was = {edit.pk: dict(edit.was) for edit in edits.changed}
    revisions = {edit.pk: edit.revision for edit in edits.changed}
    removals = {one.pk: one for one in edits.removed}
    added = list(edits.added)
    for place, (kind, pk, column, theirs, revision) in enumerate(seen):
        mine = (every or request.POST.get(f"val-{place}", "theirs")) == "mine"
        if kind == "cell" and pk in cells:
            if mine:
                was[pk][column] = theirs
            else:
                cells[pk].pop(column, None)
        elif kind == "gone" and pk in cells:
            texts = cells.pop(pk)
            if mine:
                added.append({**_removed_texts(underlag, edits.table, pk), **texts})
        elif kind == "touched" and pk in removals:
            if mine:
                removals[pk] = Removal(pk, revision)
            else:
                removals.pop(pk)
    return Edits(
        edits.table,
        [RowEdit(pk, revisions[pk], cells[pk], was[pk]) for pk in cells],
        added,
        list(removals.values()),
    )


def _removed_texts(underlag: Underlag, table: str, pk: int) -> dict[str, str]:
    """What stood in a row that somebody has removed, as it was typed."""
    for change in Change.objects.filter(underlag=underlag, counts__has_key=table):
        for one in change.cells:
            if one.get("row") == "removed" and one["id"] == pk:
                return {
                    name: sheet_cells.typed(table, name, one["data"])
                    for name in SCHEMA[table].columns
                }
    return {}


# ---------------------------------------------------------------- one row in a form


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
        "history": changes.row_address(spec.name, row.key),
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
        int(revision) if revision.isdigit() else 0,
        {
            name: text
            for name, text in texts.items()
            if text.strip() != was.get(name, "").strip()
        },
        was,
    )
    edits = Edits(spec.name, [edit])
    saved = changes.save(request, underlag, edits)
    if saved.conflicts:
        return _merge(request, spec, edits, saved.conflicts)
    if row is None:
        # the row is gone, and nothing of it was changed here
        return _back(request, spec)
    _say(request, underlag, saved)
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
            saved = changes.save(request, underlag, Edits(spec.name, added=[texts]))
            _say(request, underlag, saved)
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
        seen = int(revision) if revision.isdigit() else row.revision
        edits = Edits(spec.name, removed=[Removal(pk, seen)])
        saved = changes.save(request, underlag, edits)
        if saved.conflicts:
            return _merge(request, spec, edits, saved.conflicts)
        _say(request, underlag, saved)
        return _back(request, spec)
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
        },
    )


def _resting(underlag: Underlag, spec: TableSpec, row: Row) -> list[tuple[str, int]]:
    """How many rows of other sheets refer to a row, by sheet."""
    key = row.data.get(spec.key[-1])
    found = []
    for other in SCHEMA.values():
        for column in other.columns.values():
            if column.ref == spec.name and key is not None and other is not spec:
                n = Row.objects.filter(
                    underlag=underlag, table=other.name, **{f"data__{column.name}": key}
                ).count()
                if n:
                    found.append((other.label_sv, n))
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
