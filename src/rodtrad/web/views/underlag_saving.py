"""What is said when somebody has saved in a sheet, and when two did so at once?

Whoever saves what somebody else has changed meanwhile gets both values to choose from.
Leaves out how changes are written (saving).
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rodtrad.domain.columns import SCHEMA
from rodtrad.web import changes, left_behind, saving, sheet_cells
from rodtrad.web.access import demand_table
from rodtrad.web.forms.underlag import BadEditsError, edits_json, read_edits
from rodtrad.web.saving import Conflict, Edits, Removal, RowEdit
from rodtrad.web.sheets import sheet_address, slug, underlag_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.domain.columns import TableSpec
    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.models import Underlag
    from rodtrad.web.models.underlag import Change


def back(request: MunicipalRequest, spec: TableSpec) -> HttpResponse:
    """Return to the sheet as it was filtered and sorted."""
    address = sheet_address(request.municipality, spec.name)
    query = QueryDict(request.POST.get("back", "")[:2000], mutable=True)
    query.pop("rad", None)
    text = query.urlencode()
    return redirect(f"{address}?{text}" if text else address)


def save(request: MunicipalRequest, spec: TableSpec) -> HttpResponse:
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
    saved = saving.save(request, underlag, edits)
    if saved.conflicts:
        return merge(request, spec, edits, saved.conflicts)
    say(request, underlag, saved)
    return back(request, spec)


def say(request: MunicipalRequest, underlag: Underlag, saved: saving.Saved) -> None:
    """Tell what was saved, with a way to undo it, and what is wrong with it."""
    if saved.change is None:
        messages.info(request, _("Inget är ändrat."))
        return
    underlag.refresh_from_db(fields=["revision"])
    counts = [c for by_table in saved.change.counts.values() for c in by_table.items()]
    added = sum(n for told, n in counts if told == "added")
    removed = sum(n for told, n in counts if told == "removed")
    followed = sum(c.get("followed", 0) for c in saved.change.counts.values())
    cells = sum("column" in one and "followed" not in one for one in saved.change.cells)
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
    if followed:
        parts.append(
            ngettext(
                "{n} rad på ett annat blad följde med",
                "{n} rader på andra blad följde med",
                followed,
            ).format(n=followed)
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
    say_left(request, underlag, saved.change)
    if saved.beside:
        messages.info(
            request,
            _(
                "{who} ändrade andra celler på samma rader medan du arbetade. Bådas ändringar är sparade."
            ).format(who=", ".join(saved.beside)),
        )


def say_left(request: MunicipalRequest, underlag: Underlag, change: Change) -> None:
    """Tell what is left of the projects that a change removed."""
    if text := left_behind.sentence(left_behind.of_change(underlag, change)):
        messages.warning(request, text)


# ---------------------------------------------------------------- two at once


def merge(
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
        1 for one in conflicts if one.kind in ("cell", "held") and one.pk > 0
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
            "n": sum(one.kind != "held" for one in conflicts),
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
    added: list[Mapping[str, str] | None] = list(edits.added)
    for place, (kind, pk, column, theirs, revision) in enumerate(seen):
        mine = (every or request.POST.get(f"val-{place}", "theirs")) == "mine"
        if kind == "cell" and pk in cells:
            if mine:
                was[pk][column] = theirs
            else:
                cells[pk].pop(column, None)
        elif kind == "held" and pk in cells:
            cells[pk].pop(column, None)
        elif kind == "held" and 0 < -pk <= len(edits.added):
            added[-1 - pk] = None
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
        [one for one in added if one is not None],
        list(removals.values()),
    )


def _removed_texts(underlag: Underlag, table: str, pk: int) -> dict[str, str]:
    """What stood in a row that somebody has removed, as it was typed."""
    removal = changes.removal_of(underlag, table, pk)
    if removal is None:
        return {}
    cells = removal[1]["data"]
    return {
        name: sheet_cells.typed(table, name, cells) for name in SCHEMA[table].columns
    }
