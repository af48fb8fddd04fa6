"""What is known of one project? Its rows, words, decisions, amounts, files and steps.

Read at once, so that a page asks a bounded number of questions of the database. Leaves
out the plan's answer (project_answer) and how any of it looks.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from django.http import Http404

from rodtrad.web import project_gates, project_money
from rodtrad.web.models import (
    AlternativeNote,
    Attachment,
    Decision,
    Estimate,
    GateStep,
    NeedReport,
    ProjectFile,
    ProjectYear,
    VisionLink,
)
from rodtrad.web.models.underlag import Row, Underlag
from rodtrad.web.project_index import rows_of_project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rodtrad.web.models import Municipality

OWN_TABLES: Final = ("alternatives", "outlays", "effects", "parts", "scores")


@dataclass
class Life:
    """Everything that is known of one project."""

    underlag: Underlag
    row: Row
    rows: Mapping[str, list[Row]]
    file: ProjectFile | None
    notes: Mapping[str, AlternativeNote]
    decisions: list[Decision]
    estimates: list[Estimate]
    years: list[ProjectYear]
    attachments: list[Attachment]
    steps: list[GateStep]
    reports: list[NeedReport]
    links: list[VisionLink]
    money: project_money.Money = field(init=False)

    def __post_init__(self) -> None:
        """Sum the money up once."""
        self.money = project_money.sum_up(self.decisions, self.estimates, self.years)

    @property
    def project_id(self) -> str:
        """The project's id."""
        return str(self.row.data["project_id"])

    @property
    def name(self) -> str:
        """The project's name."""
        return self.row.label or self.project_id

    @property
    def gate(self) -> str:
        """The gate that it has come to; empty where none is set."""
        return str(self.row.data.get("gate") or "")

    def facts(self) -> project_gates.Facts:
        """Return what gates are judged by."""
        return project_gates.Facts(
            self.file,
            {"projects": [self.row], **self.rows},
            project_money.in_force(self.decisions),
            self.estimates,
            self.attachments,
            len(self.reports),
            self.money.forecast,
            self.money.decided,
        )


def project_row(municipality: Municipality, project_id: str) -> tuple[Underlag, Row]:
    """Return a project's row of the underlag.

    Raises:
        Http404: there is no such project in this municipality.
    """
    row = (
        Row.objects.filter(
            underlag__municipality=municipality, table="projects", key=project_id[:400]
        )
        .select_related("underlag")
        .order_by("position", "pk")
        .first()
    )
    if row is None or row.data.get("project_id") is None:
        raise Http404
    row.underlag.municipality = municipality
    return row.underlag, row


def read_life(municipality: Municipality, project_id: str) -> Life:
    """Return everything about a project.

    Raises:
        Http404: there is no such project in this municipality.
    """
    underlag, row = project_row(municipality, project_id)
    key = str(row.data["project_id"])
    rows: dict[str, list[Row]] = defaultdict(list)
    for one in rows_of_project(underlag, OWN_TABLES, key):
        rows[one.table].append(one)
    mine = {"municipality": municipality, "project_id": key}
    return Life(
        underlag,
        row,
        rows,
        ProjectFile.objects.filter(**mine).first(),
        {note.alternative_id: note for note in AlternativeNote.objects.filter(**mine)},
        list(Decision.objects.filter(**mine).select_related("attachment")),
        list(Estimate.objects.filter(**mine)),
        list(ProjectYear.objects.filter(**mine)),
        list(Attachment.objects.filter(**mine, removed_at=None)),
        list(GateStep.objects.filter(**mine)),
        list(NeedReport.objects.filter(**mine)),
        list(
            VisionLink.objects.filter(
                node__municipality=municipality, project_id=key
            ).select_related("node__parent__parent")
        ),
    )
