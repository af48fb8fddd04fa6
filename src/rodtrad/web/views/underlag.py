"""What is in the underlag, is it right, and who changed it last? All sheets and changes.

The sentence first, then the faults with links to their cells, then the sheets. Leaves
out the sheets themselves (underlag_grid), workbooks (underlag_import) and versions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Max
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rodtrad.domain.columns import SCHEMA
from rodtrad.web import changes, checking, events
from rodtrad.web.access import (
    Right,
    demand,
    demand_table,
    may,
    may_edit_table,
    requires,
)
from rodtrad.web.change_log import count_words
from rodtrad.web.changes import CannotUndoError, change_head
from rodtrad.web.models.underlag import Change, PendingImport, Row
from rodtrad.web.sheets import (
    SLUGS,
    sheet_address,
    shown_faults,
    shown_sheets,
    slug,
    underlag_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.models import Municipality, Underlag

SHOWN_FAULTS: Final = 12
# What is not read of the changes that another one undoes or is undone by.
_HEAVY: Final = ("undoes__cells", "undoes__head", "undone_by__cells", "undone_by__head")


def row_pages_of(municipality: Municipality, keys: Sequence[str]) -> dict[str, str]:
    """Return where rows that the log names (`projects/skola`) are seen: one query."""
    named = {key: key.partition("/")[::2] for key in keys}
    named = {key: name for key, name in named.items() if name[0] in SCHEMA}
    found = Row.objects.filter(
        underlag__municipality=municipality,
        table__in={table for table, _row in named.values()},
        key__in={row for _table, row in named.values()},
    ).order_by("-position")
    places = {
        (table, row): f"?rad={at + 2}#rad-{at + 2}"
        for table, row, at in found.values_list("table", "key", "position")
    }
    return {
        key: sheet_address(municipality, name[0]) + places.get(name, "")
        for key, name in named.items()
    }


events.declare_object("row", gettext_lazy("rad i underlaget"), addresses=row_pages_of)
events.declare_object(
    "underlag",
    gettext_lazy("underlag"),
    address=lambda municipality, _key: reverse("underlag", args=[municipality.slug]),
)


@dataclass(frozen=True)
class Sheet:
    """A sheet as the list shows it."""

    label: str
    description: str
    href: str
    rows: int
    errors: int
    warnings: int
    who: str
    when: datetime | None
    optional: bool
    can_edit: bool


@requires(Right.READ, methods="GET")
def overview(request: MunicipalRequest) -> HttpResponse:
    """Return the page of all sheets, with what must be mended."""
    if request.GET.get("blad") in SLUGS:
        return redirect(
            "underlag_sheet", request.municipality.slug, request.GET["blad"]
        )
    underlag = underlag_of(request.municipality)
    rows = checking.row_counts(underlag)
    told = checking.told(underlag, sum(rows.values()))
    sheets = _sheets(request, underlag, rows, told)
    last = Change.objects.light().filter(underlag=underlag).first()
    return render(
        request,
        "underlag/overview.html",
        {
            "underlag": underlag,
            "told": told,
            "sentence": checking.sentence(told),
            "kinds": _kinds(request.municipality, told),
            "filled": [one for one in sheets if one.rows or not one.optional],
            "empty": [one for one in sheets if not one.rows and one.optional],
            "rows": sum(rows.values()),
            "last": last,
            "waiting": PendingImport.objects.filter(municipality=request.municipality)
            .defer("content", "issues", "head")
            .first(),
            "may_approve": may(request.membership, Right.APPROVE_IMPORT),
        },
    )


def _kinds(municipality: Municipality, told: checking.Told) -> list[dict[str, Any]]:
    """Faults, then what to look at, then notes: the first of each, and how many more."""
    titles = {
        "error": _("Att rätta"),
        "warning": _("Att kontrollera"),
        "note": _("Bra att veta"),
    }
    found = []
    for severity, title in titles.items():
        issues = [one for one in told.issues if one.severity == severity]
        if issues:
            found.append(
                {
                    "severity": severity,
                    "title": title,
                    "n": told.number(severity),
                    "groups": [
                        {
                            "label": SCHEMA[table].label
                            if table in SCHEMA
                            else _("Hela underlaget"),
                            "faults": shown_faults(municipality, here[:SHOWN_FAULTS]),
                            "more": told.counts.get(table, {}).get(severity, 0)
                            - min(len(here), SHOWN_FAULTS),
                            "href": f"{sheet_address(municipality, table)}?fel=1"
                            if table in SCHEMA
                            else "",
                        }
                        for table in dict.fromkeys(one.table for one in issues)
                        if (here := [one for one in issues if one.table == table])
                    ],
                }
            )
    return found


@lru_cache(maxsize=64)
def _newest(underlag: int, _revision: int, _changed: str) -> dict[str, int]:
    """The newest revision of any row, by table; read once for each state of the sheets."""
    rows = Row.objects.filter(underlag=underlag).order_by().values_list("table")
    return dict(rows.annotate(at=Max("revision")))


def _sheets(
    request: MunicipalRequest,
    underlag: Underlag,
    rows: Mapping[str, int],
    told: checking.Told,
) -> list[Sheet]:
    newest = _newest(underlag.pk, underlag.revision, str(underlag.changed_at))
    # a removed row leaves no revision behind: the change itself knows
    last: dict[str, tuple[str, datetime]] = {}
    recent = Change.objects.filter(underlag=underlag).order_by("-number")
    for counts, name, at in recent.values_list("counts", "actor_name", "at")[:200]:
        for table in counts:
            last.setdefault(table, (name, at))
    older = {newest[table] for table in newest if table not in last}
    known = changes.last_changes(underlag, older)
    found = []
    for table, spec in SCHEMA.items():
        who, when = last.get(table) or known.get(newest.get(table, 0)) or ("", None)
        counts = told.counts.get(table, {})
        found.append(
            Sheet(
                spec.label,
                spec.help,
                sheet_address(request.municipality, table),
                rows.get(table, 0),
                counts.get("error", 0),
                counts.get("warning", 0),
                who,
                when,
                spec.optional,
                may_edit_table(request.membership, table),
            )
        )
    return found


@requires(Right.READ, methods="POST")
def check(request: MunicipalRequest) -> HttpResponse:
    """Check the whole underlag now, and go back to where one was."""
    underlag = underlag_of(request.municipality)
    told = checking.check_now(underlag)
    if request.POST.get("tyst"):
        return HttpResponse(status=204)
    messages.success(request, checking.sentence(told))
    sheet = request.POST.get("blad", "")
    if sheet in SCHEMA:
        return redirect("underlag_sheet", request.municipality.slug, slug(sheet))
    return redirect("underlag", request.municipality.slug)


# ---------------------------------------------------------------- changes


@dataclass(frozen=True)
class ShownChange:
    """A change as the list shows it."""

    change: Change
    what: str
    undone: bool
    can_undo: bool


def may_undo(request: MunicipalRequest, change: Change) -> bool:
    """Return True if the member may take back a change: it must be theirs to make.

    Rows that only follow an id that changed are part of it, on whatever sheet.
    """
    own = changes.own_tables(change)
    if not all(may_edit_table(request.membership, table) for table in own):
        return False
    whole = {Change.Kind.IMPORT, Change.Kind.RESTORE}
    if change.kind in whole or (change.undoes and change.undoes.kind in whole):
        return may(request.membership, Right.APPROVE_IMPORT)
    return bool(change.counts)


def what_of(change: Change) -> str:
    """Return what a change did, in words: "Projekt: 1 ändrade"."""
    return ". ".join(
        f"{SCHEMA[table].label if table in SCHEMA else table}: {count_words(counts)}"
        for table, counts in change.counts.items()
    )


@requires(Right.READ, methods="GET")
def change_list(request: MunicipalRequest) -> HttpResponse:
    """Return the changes of the working copy, newest first."""
    underlag = underlag_of(request.municipality)
    every = (
        Change.objects.filter(underlag=underlag)
        .defer(*_HEAVY, "cells", "head")
        .select_related("undoes", "undone_by")
    )
    page = Paginator(every, 50).get_page(request.GET.get("sida"))
    shown = [
        ShownChange(
            change,
            what_of(change),
            hasattr(change, "undone_by"),
            not hasattr(change, "undone_by") and may_undo(request, change),
        )
        for change in page
    ]
    return render(request, "underlag/changes.html", {"page": page, "changes": shown})


@requires(Right.READ, methods="GET")
def change_page(request: MunicipalRequest, number: int) -> HttpResponse:
    """Return one change: every cell before and after."""
    underlag = underlag_of(request.municipality)
    change = get_object_or_404(
        Change.objects.defer(*_HEAVY, "cells").select_related("undoes", "undone_by"),
        underlag=underlag,
        number=number,
    )
    undone_by = getattr(change, "undone_by", None)
    return render(
        request,
        "underlag/change.html",
        {
            "change": change,
            "sheets": shown_sheets(change.head or change_head(change.cells)),
            "what": what_of(change),
            "undone_by": undone_by,
            "can_undo": undone_by is None and may_undo(request, change),
        },
    )


@requires(Right.READ, post=Right.EDIT_UNDERLAG, methods="POST")
def undo(request: MunicipalRequest, number: int) -> HttpResponse:
    """Take back a change, or say why it cannot be."""
    underlag = underlag_of(request.municipality)
    change = get_object_or_404(
        Change.objects.defer("head", "undoes__cells", "undoes__head").select_related(
            "undoes"
        ),
        underlag=underlag,
        number=number,
    )
    for table in changes.own_tables(change):
        demand_table(request, table)
    if not may_undo(request, change):
        demand(request, Right.APPROVE_IMPORT)
    redo = change.kind == Change.Kind.UNDO
    try:
        changes.undo(request, underlag, change)
    except CannotUndoError as why:
        messages.error(
            request,
            _("Det gick inte att ångra. {why} Inget är ändrat.").format(why=why),
        )
        return redirect("underlag_change", request.municipality.slug, number)
    messages.success(
        request,
        _("Ändring {n} är gjord om.").format(n=change.undoes.number)
        if redo and change.undoes
        else _("Ändring {n} är ångrad.").format(n=number),
    )
    tables = list(change.counts)
    if len(tables) == 1 and tables[0] in SCHEMA:
        return redirect("underlag_sheet", request.municipality.slug, slug(tables[0]))
    return redirect("underlag_changes", request.municipality.slug)
