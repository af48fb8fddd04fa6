"""What happens to a project? Gates, decisions, estimates, years, words and files.

Each act is one transaction with its event. A gate is also a cell of the underlag, so
that plan and grid see the same. Leaves out who may (views) and what the forms ask.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from rodtrad.domain.words import GATE_LABELS
from rodtrad.web import events, project_rows
from rodtrad.web.models import (
    AlternativeNote,
    Attachment,
    Decision,
    Estimate,
    Event,
    GateStep,
    ProjectFile,
    ProjectYear,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.models import Municipality
    from rodtrad.web.models.underlag import Row, Underlag

KIND: Final = "project"


def address(municipality: Municipality, project_id: str) -> str:
    """Return the address of a project's page."""
    return f"/{municipality.slug}/projekt/{quote(project_id, safe='')}/"


def _gate_words(gate: str) -> str:
    return f"{gate} {GATE_LABELS[gate]}"


_later_gate = lazy(_gate_words, str)

events.declare_object(
    KIND,
    _("projekt"),
    {
        "gate": _("skede"),
        "reason": _("skäl"),
        "missing": _("saknades"),
        "body": _("vem som beslutade"),
        "date": _("datum"),
        "paragraph": _("paragraf"),
        "diary_number": _("diarienummer"),
        "amount_tkr": _("belopp, tkr"),
        "total_tkr": _("prognos för totalutgiften, tkr"),
        "price_level": _("prisnivå"),
        "estimate_class": _("kalkylklass"),
        "year": _("år"),
        "budget_tkr": _("årets anslag, tkr"),
        "actual_tkr": _("årets utfall, tkr"),
        "forecast_tkr": _("årets prognos, tkr"),
        "file": _("fil"),
        "bytes": _("storlek i byte"),
        "checksum": _("kontrollsumma"),
        "alternative_id": _("alternativ"),
        "pros": _("fördelar"),
        "cons": _("nackdelar"),
        "rejected": _("bortvalt"),
        "rejected_why": _("därför att"),
        "node": _("del av måltavlan"),
        "report": _("anmält behov"),
        **{
            name: ProjectFile._meta.get_field(name).verbose_name  # type: ignore[union-attr]
            for name in ProjectFile.WORDS
        },
    },
    address,
    {"gate": {key: _later_gate(key) for key in GATE_LABELS}},
)
for _code, _words in {
    "project.gate": _("flyttade projektet till ett annat skede"),
    "project.decision": _("förde in ett beslut"),
    "project.estimate": _("förde in en kalkyl"),
    "project.year": _("ändrade ett års budget eller utfall"),
    "project.words": _("ändrade projektets uppgifter"),
    "project.alternative": _("skrev om ett alternativ"),
    "project.attached": _("bifogade en fil"),
    "project.detached": _("tog bort en bilaga"),
}.items():
    events.declare_action(_code, _words)


class StaleError(Exception):
    """Somebody else has saved the same since the form was opened."""


def seen_mark(stored: Mapping[str, Any]) -> str:
    """Return a mark of what is stored, empty for nothing: a form posts what it showed."""
    told = {
        name: value
        for name, value in stored.items()
        if value is not False and value not in (None, "")
    }
    if not told:
        return ""
    text = json.dumps(told, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _refuse_stale(
    stored: Mapping[str, Any], wanted: Mapping[str, Any], seen: str
) -> None:
    """Refuse to write over what the form did not show; the same again does no harm."""
    if stored != dict(wanted) and seen_mark(stored) != seen:
        raise StaleError


def _record(
    request: MunicipalRequest,
    action: str,
    project: Row,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    note: str = "",
) -> None:
    key = str(project.data.get("project_id") or project.key)
    label = project.label or key
    events.record(
        request, request.municipality, action, (KIND, key, label), before, after, note
    )


def _stamp(request: MunicipalRequest) -> dict[str, Any]:
    return {"by": request.user, "by_name": str(request.user)[:150]}


# ---------------------------------------------------------------- gates


@transaction.atomic
def pass_gate(
    request: MunicipalRequest,
    underlag: Underlag,
    project: Row,
    to: str,
    missing: Sequence[str],
    reason: str,
    decision: Decision | None,
) -> project_rows.Written:
    """Move a project to a gate; what was missing is kept with the stated reason."""
    before = str(project.data.get("gate") or "")
    written = project_rows.set_cell(request, underlag, project, "gate", to)
    if written.refused:
        return written
    GateStep.objects.create(
        municipality=request.municipality,
        project_id=str(project.data["project_id"]),
        gate_from=before[:20],
        gate_to=to,
        missing=list(missing),
        reason=reason,
        decision=decision,
        **_stamp(request),
    )
    _record(
        request,
        "project.gate",
        project,
        {"gate": before},
        {"gate": to, "missing": list(missing)},
        reason,
    )
    return written


# ---------------------------------------------------------------- money and decisions


@transaction.atomic
def add_decision(request: MunicipalRequest, project: Row, decision: Decision) -> None:
    """Register a decision."""
    decision.municipality = request.municipality
    decision.project_id = str(project.data["project_id"])
    decision.registered_by = request.user
    decision.registered_by_name = str(request.user)[:150]
    decision.save()
    _record(
        request,
        "project.decision",
        project,
        after={
            name: getattr(decision, name)
            for name in (
                "gate",
                "body",
                "date",
                "paragraph",
                "diary_number",
                "amount_tkr",
                "price_level",
            )
            if getattr(decision, name) not in (None, "")
        },
        note=decision.text,
    )


@transaction.atomic
def add_estimate(request: MunicipalRequest, project: Row, estimate: Estimate) -> None:
    """Add to the history of forecasts; what was spent by then is kept with it."""
    key = str(project.data["project_id"])
    before = Estimate.objects.filter(
        municipality=request.municipality, project_id=key
    ).first()
    estimate.municipality = request.municipality
    estimate.project_id = key
    estimate.recorded_by = request.user
    estimate.recorded_by_name = str(request.user)[:150]
    years = ProjectYear.objects.filter(
        municipality=request.municipality, project_id=key
    )
    estimate.spent_tkr = sum(
        actual or 0.0 for actual in years.values_list("actual_tkr", flat=True)
    )
    estimate.save()
    _record(
        request,
        "project.estimate",
        project,
        {"total_tkr": before.total_tkr, "estimate_class": before.estimate_class}
        if before
        else None,
        {"total_tkr": estimate.total_tkr, "estimate_class": estimate.estimate_class},
        estimate.note,
    )


@transaction.atomic
def set_year(
    request: MunicipalRequest,
    project: Row,
    year: int,
    money: Mapping[str, Any],
    seen: str,
) -> None:
    """Set what a year was granted, used and expected; all blank takes the year away.

    Raises:
        StaleError: somebody has saved other amounts than those that were `seen`.
    """
    row, _made = ProjectYear.objects.select_for_update().get_or_create(
        municipality=request.municipality,
        project_id=str(project.data["project_id"]),
        year=year,
    )
    before = {name: getattr(row, name) for name in money}
    _refuse_stale(before, money, seen)
    for name, value in money.items():
        setattr(row, name, value)
    if all(value is None for value in money.values()):
        row.delete()
    else:
        row.save()
    old, new = events.changed(before, money)
    if new:
        _record(
            request,
            "project.year",
            project,
            {"year": year, **old},
            {"year": year, **new},
        )


# ---------------------------------------------------------------- words


@transaction.atomic
def save_words(
    request: MunicipalRequest, project: Row, words: Mapping[str, Any], revision: int
) -> None:
    """Save the words about a project.

    Raises:
        StaleError: somebody has saved them since `revision`.
    """
    key = str(project.data["project_id"])
    file, _made = ProjectFile.objects.get_or_create(
        municipality=request.municipality, project_id=key
    )
    taken = ProjectFile.objects.filter(pk=file.pk, revision=revision).update(
        revision=F("revision") + 1
    )
    if not taken:
        raise StaleError
    file.refresh_from_db()
    before = {name: getattr(file, name) for name in words}
    for name, value in words.items():
        setattr(file, name, value)
    file.save()
    old, new = events.changed(before, words)
    if new:
        _record(request, "project.words", project, old, new)


@transaction.atomic
def save_note(
    request: MunicipalRequest,
    project: Row,
    alternative_id: str,
    words: Mapping[str, Any],
    seen: str,
) -> None:
    """Save the words about an alternative.

    Raises:
        StaleError: somebody has saved other words than those that were `seen`.
    """
    key = str(project.data["project_id"])
    note, _made = AlternativeNote.objects.select_for_update().get_or_create(
        municipality=request.municipality,
        project_id=key,
        alternative_id=alternative_id,
    )
    before = {name: getattr(note, name) for name in words}
    _refuse_stale(before, words, seen)
    for name, value in words.items():
        setattr(note, name, value)
    note.save()
    old, new = events.changed(before, words)
    if new:
        _record(
            request,
            "project.alternative",
            project,
            {"alternative_id": alternative_id, **old},
            {"alternative_id": alternative_id, **new},
        )


# ---------------------------------------------------------------- files


@transaction.atomic
def attach(
    request: MunicipalRequest, project: Row, attachment: Attachment, note: str
) -> None:
    """Add a file that has been checked and stored."""
    attachment.municipality = request.municipality
    attachment.project_id = str(project.data["project_id"])
    attachment.note = note
    attachment.uploaded_by = request.user
    attachment.uploaded_by_name = str(request.user)[:150]
    attachment.save()
    _record(
        request,
        "project.attached",
        project,
        after={
            "file": attachment.name,
            "bytes": attachment.size,
            "checksum": attachment.checksum,
        },
        note=note,
    )


@transaction.atomic
def detach(request: MunicipalRequest, project: Row, attachment: Attachment) -> None:
    """Take a file away from a project; its row and its bytes stay for the log."""
    attachment.removed_at = timezone.now()
    attachment.save(update_fields=["removed_at"])
    _record(request, "project.detached", project, before={"file": attachment.name})


# ---------------------------------------------------------------- history


def history(
    municipality: Municipality, project_id: str, rows: Sequence[Row], limit: int = 15
) -> list[Event]:
    """Return what has happened to a project and to its rows, newest first."""
    keys = [f"{row.table}/{row.key}"[:300] for row in rows[:200]]
    found = Event.objects.filter(municipality=municipality).filter(
        Q(object_type=KIND, object_key=project_id)
        | Q(object_type="row", object_key__in=keys)
    )
    return list(found[:limit])
