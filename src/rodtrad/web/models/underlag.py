"""Where is the underlag kept, and its past? Rows as JSON by the schema, and versions.

Columns and their types are declared by the schema of the core (`domain/schema`), so a
new column there needs no change of the database. `store` turns rows into tables and
back. Leaves out what the rows mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from rodtrad.web.models.organisation import Municipality, User

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Change",
    "Check",
    "FinalError",
    "PendingImport",
    "Row",
    "SheetOrder",
    "Underlag",
    "Version",
    "searchable",
]


class FinalError(Exception):
    """Somebody tried to change a version, or to remove a locked one."""


class Underlag(models.Model):
    """The working copy of a municipality. `revision` grows with every change of it."""

    municipality = models.OneToOneField(
        Municipality, models.CASCADE, related_name="underlag"
    )
    name = models.CharField(max_length=120)
    revision = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name


def searchable(data: Mapping[str, Any]) -> str:
    """Return the texts of a row's cells in small letters, for the filter of a table."""
    faults = data.get("_faults") or {}
    texts = [
        str(value)
        for name, value in [*data.items(), *faults.items()]
        if name != "_faults" and value is not None and not isinstance(value, bool)
    ]
    return "\n".join(texts).casefold()


class SearchText(models.TextField):  # type: ignore[type-arg]
    """A text that is made from the row's cells whenever the row is stored."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        """Return the text, and keep it with the row."""
        del add
        text = searchable(getattr(model_instance, "data", None) or {})
        setattr(model_instance, self.attname, text)
        return text


class Row(models.Model):
    """One row of a table, its cells by canonical column name.

    `data` holds the cells that are filled, typed as `domain.components` types them;
    `data["_faults"]` holds, by column, what stands in cells that cannot be read. `key`
    is the row's key as people read it, joined by " · ". `position` counts from 0
    without gaps; `revision` is the underlag's when the row was last changed.
    """

    underlag = models.ForeignKey(Underlag, models.CASCADE, related_name="rows")
    table = models.CharField(max_length=40)
    position = models.PositiveIntegerField()
    key = models.CharField(max_length=400)
    label = models.CharField(max_length=300, blank=True)
    data = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=1)
    search = SearchText(default="", blank=True, editable=False)

    class Meta:
        """In the order of the table."""

        ordering: ClassVar = ["table", "position", "pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["underlag", "table", "position"], name="web_row_place"
            ),
            models.Index(fields=["underlag", "table", "key"], name="web_row_key"),
        ]

    def __str__(self) -> str:
        return f"{self.table}: {self.key}"


class SheetOrder(models.Model):
    """The rows of a large sheet in the order of a column, at one revision.

    `rows` are their numbers (pk) as 64-bit integers, rising; the first `filled` of them
    have something in the column. It can be made anew at any time.
    """

    underlag = models.ForeignKey(Underlag, models.CASCADE, related_name="+")
    table = models.CharField(max_length=40)
    column = models.CharField(max_length=60)
    revision = models.PositiveIntegerField()
    rows = models.BinaryField()
    filled = models.PositiveIntegerField()

    class Meta:
        """One a column."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["underlag", "table", "column"], name="web_sheet_order_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.table}: {self.column}"


class VersionQuerySet(models.QuerySet["Version"]):
    """Versions to read."""

    def light(self) -> Self:
        """Return the versions without their content, for a list."""
        return self.defer("content")


class Version(models.Model):
    """The underlag as it was at one time. Never changed; a locked one never removed.

    `content` is the tables as canonical JSON, compressed; `fingerprint` the core's own
    checksum of them, the same as in plan.json.
    """

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="versions"
    )
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    note = models.TextField(blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_by_name = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    fingerprint = models.CharField(max_length=64)
    content = models.BinaryField()
    rows = models.JSONField(default=dict)
    faults = models.PositiveIntegerField(default=0)
    locked_at = models.DateTimeField(null=True, blank=True)
    locked_by_name = models.CharField(max_length=150, blank=True)
    decided_by_plan = models.ForeignKey(
        "web.Study", models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects: ClassVar = VersionQuerySet.as_manager()

    # What may be set after the version was made: that it is locked, by whom and why.
    CHANGEABLE: ClassVar = frozenset(
        {
            "locked_at",
            "locked_by_name",
            "decided_by_plan",
            "decided_by_plan_id",
            "created_by",
            "created_by_id",
        }
    )

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "number"], name="web_version_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new version; of one that is stored only the lock can be set."""
        if not self._state.adding:
            fields = kwargs.get("update_fields")
            if fields is None or not set(fields) <= self.CHANGEABLE:
                raise FinalError("a version is never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Remove the version unless it is locked."""
        if self.locked_at is not None:
            raise FinalError("a locked version is never removed")
        return super().delete(*args, **kwargs)


class ChangeQuerySet(models.QuerySet["Change"]):
    """Changes to read."""

    def light(self) -> Self:
        """Return the changes without their cells, for a list."""
        return self.defer("cells", "head")


class Change(models.Model):
    """One act of a person on the working copy, so that it can be undone.

    `number` is the revision that the underlag got by it. `cells` lists what it did:
    `{"table", "id", "key", "column", "before", "after"}`, or with
    `"row": "added" | "removed"` a whole row, its cells under `"data"` and its place
    under `"position"`. A cell that cannot be read stands as `{"fault": what it says}`.
    Undoing is a new change that points at the old one. `counts` says, by table, how
    many rows were added, changed and removed; of the changed, `followed` had nobody
    writing in them but name another row whose id changed, and their cells say so too.
    `head` holds the first rows of each, as `sheets.shown_sheets` reads them, so that a
    page need not read all the cells.
    """

    class Kind(models.TextChoices):
        """What somebody did."""

        EDIT = "edit", _("ändring")
        IMPORT = "import", _("inläst arbetsbok")
        RESTORE = "restore", _("återställd version")
        UNDO = "undo", _("ångrad ändring")

    underlag = models.ForeignKey(Underlag, models.CASCADE, related_name="changes")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    note = models.CharField(max_length=300, blank=True)
    cells = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    head = models.JSONField(default=list)
    undoes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="undone_by"
    )

    objects: ClassVar = ChangeQuerySet.as_manager()

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["underlag", "number"], name="web_change_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.get_kind_display()}"


class Check(models.Model):
    """What the checks said of the working copy, at one revision of it.

    `issues` are the first of them as the core gives them, `counts` all of them by table
    and severity: `{"projects": {"error": 2}}`.
    """

    underlag = models.OneToOneField(
        Underlag, models.CASCADE, related_name="check_result"
    )
    revision = models.PositiveIntegerField()
    issues = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.underlag_id}: {self.revision}"


class PendingImport(models.Model):
    """A workbook that somebody has sent and nobody has approved yet.

    `content` is its tables as a version keeps them, `sheets` those that it has, `absent`
    the columns that they lack, `issues` what was found while it was read. `head` holds
    the first differences by sheet from the working copy at the revision `compared_with`.
    Kept for a week.
    """

    DAYS: ClassVar = 7

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="pending_imports"
    )
    filename = models.CharField(max_length=200)
    size = models.PositiveIntegerField()
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_by_name = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    content = models.BinaryField()
    sheets = models.JSONField(default=list)
    absent = models.JSONField(default=dict)
    issues = models.JSONField(default=list)
    head = models.JSONField(default=list)
    compared_with = models.PositiveIntegerField(null=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return self.filename
