"""How does a workbook come in and out? Upload, what it would change, approval, export.

Whoever may edit sends a workbook; whoever may approve says yes to all of it or to some
sheets. Leaves out the reading and its refusals (imports).
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from rodtrad.domain.columns import SCHEMA
from rodtrad.domain.words import SWEDISH, in_language
from rodtrad.sources.template import write_template
from rodtrad.sources.workbook import write_workbook
from rodtrad.web import checking, events, imports, left_behind, store
from rodtrad.web.access import Right, demand, may, requires
from rodtrad.web.following import IdRefusedError
from rodtrad.web.models.underlag import PendingImport
from rodtrad.web.sheets import fault_at, shown_faults, shown_sheets, underlag_of
from rodtrad.web.views.underlag import what_of
from rodtrad.web.views.underlag_saving import say_left

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from rodtrad.web.access import MunicipalRequest

_EXCEL: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN_FAULTS: Final = 60
# What surrounds the file in the form that carries it.
_ROOM: Final = 100_000

events.declare_action(
    "underlag.exported", gettext_lazy("hämtade underlaget som arbetsbok")
)


def _file(name: str, write: Callable[[Path], None]) -> HttpResponse:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "arbetsbok.xlsx"
        # It is read back by its Swedish names.
        with in_language(SWEDISH):
            write(path)
        content = path.read_bytes()
    return HttpResponse(
        content,
        content_type=_EXCEL,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@requires(Right.EXPORT, methods="GET")
def workbook(request: MunicipalRequest) -> HttpResponse:
    """Return the working copy as a workbook that can be read in again."""
    underlag = underlag_of(request.municipality)
    tables = store.read_tables(underlag)
    events.record(request, request.municipality, "underlag.exported", underlag)
    day = timezone.localdate().isoformat()
    place = slugify(request.municipality.name) or request.municipality.slug
    return _file(
        f"underlag-{place}-{day}.xlsx", lambda path: write_workbook(tables, path)
    )


@requires(Right.READ, methods="GET")
def template(request: MunicipalRequest) -> HttpResponse:
    """Return an empty workbook with every sheet, headings and help."""
    del request
    return _file("underlag-mall.xlsx", write_template)


# ---------------------------------------------------------------- upload


def _upload(request: HttpRequest) -> HttpResponse:
    """Refuse a body that is too large before any of it is read."""
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > imports.MOST_BYTES + _ROOM:
        return _upload_page(request, imports.too_big(int(length)), 413)
    return _received(request)


@csrf_protect
def _received(request: HttpRequest) -> HttpResponse:
    file = request.FILES.get("file")
    if file is None:
        refused = imports.RefusedError(
            _("Ingen fil är vald."), _("Välj en arbetsbok (.xlsx) först.")
        )
        return _upload_page(request, refused, 422)
    municipality = cast("MunicipalRequest", request).municipality
    try:
        kept = imports.receive(request, municipality, file)
    except imports.RefusedError as refused:
        return _upload_page(request, refused, 422)
    return redirect("underlag_pending", municipality.slug, kept.pk)


@csrf_exempt
@requires(Right.EDIT_UNDERLAG)
def upload(request: MunicipalRequest) -> HttpResponse:
    """Return the page that takes a workbook, or take it."""
    if request.method == "POST":
        # the guard against forged forms reads the body: the size is looked at first
        return _upload(request)
    return _upload_page(request)


def _upload_page(
    request: HttpRequest,
    refused: imports.RefusedError | None = None,
    status: int = 200,
) -> HttpResponse:
    municipality = cast("MunicipalRequest", request).municipality
    imports.forget_old(municipality)
    return render(
        request,
        "underlag/upload.html",
        {
            "refused": refused,
            "limit": round(imports.MOST_BYTES / 1e6),
            "days": PendingImport.DAYS,
            "waiting": PendingImport.objects.filter(municipality=municipality).defer(
                "content", "issues", "head"
            ),
        },
        status=status,
    )


# ---------------------------------------------------------------- approval


def _pending(request: MunicipalRequest, number: int) -> PendingImport:
    imports.forget_old(request.municipality)
    # its tables are read only by those who compare or approve
    return get_object_or_404(
        PendingImport.objects.defer("content"),
        municipality=request.municipality,
        pk=number,
    )


@requires(Right.EDIT_UNDERLAG, methods="GET")
def pending(request: MunicipalRequest, number: int) -> HttpResponse:
    """Return what a workbook would change, sheet by sheet, and its faults."""
    kept = _pending(request, number)
    underlag = underlag_of(request.municipality)
    heads = imports.compared(underlag, kept)
    sheets = shown_sheets(heads)
    rows = checking.row_counts(underlag)
    issues = imports.issues_of(kept)
    errors = [one for one in issues if one.severity == "error"]
    counts = {
        told: sum(sheet.counts.get(told, 0) for sheet in sheets)
        for told in ("added", "changed", "removed")
    }
    return render(
        request,
        "underlag/pending.html",
        {
            "kept": kept,
            "size": imports.size_words(kept.size),
            "revision": underlag.revision,
            "sheets": sheets,
            "left_behind": left_behind.of_heads(request.municipality, heads),
            "counts": counts,
            "errors": len(errors),
            "faults": [
                {
                    "severity": fault.severity,
                    "at": f"{SCHEMA[one.table].label}: {fault_at(one)}"
                    if one.table in SCHEMA
                    else "",
                    "message": fault.message,
                    "remedy": fault.remedy,
                }
                for one, fault in zip(
                    errors[:SHOWN_FAULTS],
                    shown_faults(request.municipality, errors[:SHOWN_FAULTS]),
                    strict=True,
                )
            ],
            "more": max(len(errors) - SHOWN_FAULTS, 0),
            "notes": shown_faults(
                request.municipality,
                [one for one in issues if one.severity != "error"][:SHOWN_FAULTS],
            ),
            "left": [
                spec.label
                for table, spec in SCHEMA.items()
                if table not in kept.sheets and rows.get(table)
            ],
            "may_approve": may(request.membership, Right.APPROVE_IMPORT),
        },
    )


@requires(Right.APPROVE_IMPORT, methods="POST")
def approve(request: MunicipalRequest, number: int) -> HttpResponse:
    """Write what was approved of a workbook, or show it again if much has happened."""
    kept = _pending(request, number)
    underlag = underlag_of(request.municipality)
    only = request.POST.getlist("blad")
    revision = request.POST.get("revision", "")
    if not only:
        messages.error(request, _("Välj minst ett blad att godkänna. Inget är ändrat."))
        return redirect("underlag_pending", request.municipality.slug, number)
    try:
        change = imports.approve(
            request,
            underlag,
            kept,
            only,
            int(revision) if revision.isdecimal() else -1,
        )
    except imports.ChangedMeanwhileError:
        messages.warning(
            request,
            _(
                "Underlaget ändrades medan du läste. Här är skillnaderna mot hur det är nu. Inget ur arbetsboken är infört än."
            ),
        )
        return redirect("underlag_pending", request.municipality.slug, number)
    except IdRefusedError as why:
        messages.error(
            request,
            _("Arbetsboken är inte införd. {why} Inget är ändrat.").format(why=why),
        )
        return redirect("underlag_pending", request.municipality.slug, number)
    if change is None:
        messages.info(request, _("Arbetsboken skiljer sig inte från underlaget."))
        return redirect("underlag", request.municipality.slug)
    messages.success(
        request,
        _("Arbetsboken {file} är införd. {what}.").format(
            file=kept.filename, what=what_of(change)
        ),
    )
    say_left(request, underlag, change)
    return redirect("underlag_change", request.municipality.slug, change.number)


@requires(Right.EDIT_UNDERLAG, methods="POST")
def discard(request: MunicipalRequest, number: int) -> HttpResponse:
    """Throw a waiting workbook away; only who sent it or may approve it can."""
    kept = _pending(request, number)
    if kept.created_by_id != request.user.pk:
        demand(request, Right.APPROVE_IMPORT)
    events.record(
        request,
        request.municipality,
        "import.discarded",
        kept,
        before={"filename": kept.filename},
    )
    PendingImport.objects.filter(pk=kept.pk).delete()
    messages.success(request, _("Arbetsboken är kastad. Underlaget är som det var."))
    return redirect("underlag_import", request.municipality.slug)
