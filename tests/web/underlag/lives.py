"""What tests of ids share: a project with a life of its own, and what is kept of it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from rodtrad.web import following, saving
from rodtrad.web.models import Row
from rodtrad.web.models.projects import (
    Attachment,
    Decision,
    Estimate,
    NeedReport,
    ProjectFile,
    ProjectYear,
    VisionLink,
    VisionNode,
)
from rodtrad.web.saving import Edits, Removal, RowEdit, Saved

if TYPE_CHECKING:
    from rodtrad.web.models import Municipality, Underlag


def give_life(place: Municipality, project_id: str) -> None:
    """A decision, an estimate, a year, words, a file, a reported need and a goal."""
    day = dt.date(2026, 3, 1)
    known: dict[str, Any] = {"municipality": place, "project_id": project_id}
    Decision.objects.create(**known, body="Kommunstyrelsen", date=day)
    Estimate.objects.create(
        **known,
        date=day,
        estimate_class="schablon",
        amount_tkr=100.0,
        price_level="2025",
    )
    ProjectYear.objects.create(**known, year=2026, budget_tkr=5.0)
    ProjectFile.objects.create(**known, need="Platser")
    Attachment.objects.create(**known, name="a.pdf", kind="pdf", size=1, checksum="x")
    last = NeedReport.objects.count()
    NeedReport.objects.create(**known, number=last + 1, what="Läcker", where="Tak")
    goal = VisionNode.objects.create(municipality=place, kind="goal", text="Mål")
    VisionLink.objects.create(node=goal, project_id=project_id)


def life(project_id: str) -> dict[str, int]:
    """How much of each kind is kept about a project."""
    found = {
        model.__name__: model._default_manager.filter(project_id=project_id).count()
        for model in following.LIFE
    }
    return {name: n for name, n in found.items() if n}


FULL = dict.fromkeys(
    (
        "Decision",
        "Estimate",
        "ProjectYear",
        "ProjectFile",
        "Attachment",
        "NeedReport",
        "VisionLink",
    ),
    1,
)


def row(key: str, table: str = "projects") -> Row:
    """The row with a key."""
    return Row.objects.get(table=table, key=key)


def edit(
    underlag: Underlag, key: str, table: str = "projects", /, **cells: str
) -> Saved:
    """Type in cells of a row of the grid."""
    found = row(key, table)
    edits = [RowEdit(found.pk, found.revision, cells)]
    return saving.save(None, underlag, Edits(table, edits))


def add(underlag: Underlag, table: str = "projects", /, **cells: str) -> Saved:
    """Type a new row in the grid."""
    return saving.save(None, underlag, Edits(table, added=[cells]))


def remove(underlag: Underlag, key: str, table: str = "projects") -> Saved:
    """Remove a row in the grid."""
    found = row(key, table)
    gone = [Removal(found.pk, found.revision)]
    return saving.save(None, underlag, Edits(table, removed=gone))
