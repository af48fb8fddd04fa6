"""Which versions of the underlag are kept, how do two differ, and which are locked?

A version is never changed. Taking one back writes a new working copy as one change that
can be undone; a lock is for good. Leaves out making a version for a study (store).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rodtrad.domain.columns import SCHEMA
from rodtrad.web import changes, diff, earlier_ids, events, left_behind, store
from rodtrad.web.access import Right, demand, may, requires
from rodtrad.web.following import IdRefusedError
from rodtrad.web.forms.underlag import LockForm, VersionForm
from rodtrad.web.models.studies import Study
from rodtrad.web.models.underlag import Change, Version
from rodtrad.web.sheets import shown_sheets, underlag_of
from rodtrad.web.views.underlag import what_of
from rodtrad.web.views.underlag_saving import say_left

if TYPE_CHECKING:
    import datetime as dt

    from rodtrad.domain.components import Tables
    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.models import Municipality, Underlag

PAGE: Final = 50
NOW: Final = "nu"


def _address(municipality: Municipality, key: str) -> str | None:
    if not key.isdecimal():
        return None
    found = Version.objects.filter(municipality=municipality, pk=int(key))
    number = found.values_list("number", flat=True).first()
    return (
        None if number is None else reverse("version", args=[municipality.slug, number])
    )


events.declare_object(
    "version",
    gettext_lazy("version"),
    {
        "name": gettext_lazy("namn"),
        "note": gettext_lazy("anteckning"),
        "locked_at": gettext_lazy("låst"),
    },
    _address,
)


def _version(request: MunicipalRequest, number: int) -> Version:
    return get_object_or_404(
        Version.objects.light(), municipality=request.municipality, number=number
    )


@requires(Right.READ, post=Right.EDIT_UNDERLAG)
def version_list(request: MunicipalRequest) -> HttpResponse:
    """Return every version, newest first, or save the working copy as a new one."""
    underlag = underlag_of(request.municipality)
    form = VersionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            made = store.make_version(
                underlag,
                form.cleaned_data["name"],
                request.user,
                form.cleaned_data["note"],
            )
            events.record(
                request,
                request.municipality,
                "version.created",
                made,
                after={"name": made.name, "note": made.note},
            )
        messages.success(request, _("Version {n} är sparad.").format(n=made.number))
        return redirect("version", request.municipality.slug, made.number)
    every = (
        Version.objects.light()
        .filter(municipality=request.municipality)
        .annotate(resting=Count("studies"))
        .order_by("-number")
    )
    page = Paginator(every, PAGE).get_page(request.GET.get("sida"))
    return render(
        request,
        "underlag/versions.html",
        {
            "form": form,
            "page": page,
            "rows": [(one, sum(one.rows.values())) for one in page],
            "underlag": underlag,
        },
        status=422 if form.errors else 200,
    )


@requires(Right.READ, methods="GET")
def version_page(request: MunicipalRequest, number: int) -> HttpResponse:
    """Return one version: what it holds, what rests on it, what can be done with it."""
    version = _version(request, number)
    resting = (
        Study.objects.light()
        .filter(municipality=request.municipality, version=version)
        .only("number", "name", "state", "created_at", "kind")[:100]
    )
    others = Version.objects.light().filter(municipality=request.municipality)
    return render(
        request,
        "underlag/version.html",
        {
            "version": version,
            "form": LockForm(),
            "sheets": [
                (spec.label, version.rows[table])
                for table, spec in SCHEMA.items()
                if version.rows.get(table)
            ],
            "studies": resting,
            "others": others.exclude(pk=version.pk)[:100],
            "may_restore": may(request.membership, Right.APPROVE_IMPORT),
            "may_lock": may(request.membership, Right.LOCK_VERSION),
        },
    )


def _tables(
    request: MunicipalRequest, which: str
) -> tuple[Tables, str, dt.datetime | None]:
    """The tables of a version by its number, or of the working copy; its name and time."""
    if which == NOW:
        tables = store.read_tables(underlag_of(request.municipality))
        return tables, _("underlaget nu"), None
    if not which.isdecimal() or len(which) > 9:
        raise Http404
    version = get_object_or_404(
        Version, municipality=request.municipality, number=int(which)
    )
    return store.version_tables(version), str(version), version.created_at


@requires(Right.READ, methods="GET")
def compare(request: MunicipalRequest) -> HttpResponse:
    """Return how two versions differ, or a version and the working copy."""
    first, second = request.GET.get("a", ""), request.GET.get("b", NOW)
    before, name, at = _tables(request, first)
    after, other, last = _tables(request, second)
    moved = None
    if (at is None) != (last is None):
        underlag = underlag_of(request.municipality)
        kept = at or last or timezone.now()
        moved = earlier_ids.aligned(underlag, before, after, kept, back=at is None)
    found = diff.compare_tables(before, after, moved=moved)
    heads = diff.heads(found, before, after)
    left = left_behind.of_heads(request.municipality, heads) if at is None else []
    return render(
        request,
        "underlag/compare.html",
        {
            "a": first,
            "b": second,
            "name": name,
            "other": other,
            "sheets": shown_sheets(heads),
            "left_behind": left,
            "versions": Version.objects.light().filter(
                municipality=request.municipality
            )[:200],
        },
    )


@requires(Right.LOCK_VERSION, methods="POST")
def lock(request: MunicipalRequest, number: int) -> HttpResponse:
    """Lock a version for good."""
    version = _version(request, number)
    form = LockForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Skälet är för långt. Versionen är inte låst."))
        return redirect("version", request.municipality.slug, number)
    with transaction.atomic():
        now = timezone.now()
        taken = Version.objects.filter(pk=version.pk, locked_at__isnull=True).update(
            locked_at=now, locked_by_name=str(request.user)[:150]
        )
        if taken:
            events.record(
                request,
                request.municipality,
                "version.locked",
                version,
                before={"locked_at": None},
                after={"locked_at": now},
                note=form.cleaned_data["note"],
            )
    if taken:
        messages.success(request, _("Version {n} är låst för gott.").format(n=number))
    else:
        messages.info(request, _("Version {n} var redan låst.").format(n=number))
    return redirect("version", request.municipality.slug, number)


@transaction.atomic
def _restored(
    request: MunicipalRequest, underlag: Underlag, version: Version
) -> Change | None:
    """Write a version as the working copy; rows keep what follows them to their ids."""
    underlag = changes.locked(underlag)
    before, after = store.read_tables(underlag), store.version_tables(version)
    moved = earlier_ids.aligned(underlag, before, after, version.created_at, back=True)
    found = diff.compare_tables(before, after, moved=moved)
    steps, orders = diff.steps_to(underlag, found, after)
    if not found:
        return None
    return changes.commit(
        request, underlag, Change.Kind.RESTORE, steps, str(version), orders=orders
    )


@requires(Right.APPROVE_IMPORT, methods="POST")
def restore(request: MunicipalRequest, number: int) -> HttpResponse:
    """Make the working copy as a version was, as one change that can be undone."""
    demand(request, Right.EDIT_UNDERLAG)
    version = get_object_or_404(
        Version, municipality=request.municipality, number=number
    )
    underlag = underlag_of(request.municipality)
    try:
        change = _restored(request, underlag, version)
    except IdRefusedError as why:
        messages.error(
            request,
            _("Versionen går inte att återställa. {why} Inget är ändrat.").format(
                why=why
            ),
        )
        return redirect("version", request.municipality.slug, number)
    if change is None:
        messages.info(
            request, _("Underlaget är redan som version {n}.").format(n=number)
        )
        return redirect("version", request.municipality.slug, number)
    messages.success(
        request,
        _("Underlaget är som i version {n}. {what}.").format(
            n=number, what=what_of(change) or _("Raderna har bytt ordning")
        ),
    )
    say_left(request, underlag, change)
    return redirect("underlag_change", request.municipality.slug, change.number)
