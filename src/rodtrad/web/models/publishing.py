"""What has been published? Frozen plans, with a row a project for lists and search.

A publication is never changed once it is made; taking it back only says when. Its
result and tables hold what everyone may see and nothing else (`publish.public`). Leaves
out who may publish (access) and how it is done (publishing).
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from rodtrad.domain.retell import told_result
from rodtrad.domain.words import language
from rodtrad.web.computing import unpacked_json
from rodtrad.web.models.organisation import Municipality, User
from rodtrad.web.models.studies import Study
from rodtrad.web.models.underlag import FinalError, Version

if TYPE_CHECKING:
    from collections.abc import Callable

    from rodtrad.domain.components import Tables
    from rodtrad.web.public_rows import Rows

__all__ = ["NextStep", "PublicItem", "Publication"]

_KEPT: Final = 12
_decoded: OrderedDict[tuple[int, str], Any] = OrderedDict()
_read_now: dict[int, int] = {}
_lock = Lock()
HEAVY: Final = ("result", "tables", "certificates", "changes", "shown", "listed")


def hold(publication: Publication) -> None:
    """Keep what is decoded of a version before all else: it is read by everyone now."""
    _read_now[publication.municipality_id] = publication.pk


def _drop_one() -> None:
    """Forget what was read longest ago, of old versions first."""
    held = set(_read_now.values())
    old = next((key for key in _decoded if key[0] not in held), None)
    del _decoded[next(iter(_decoded)) if old is None else old]


class PublicationQuerySet(models.QuerySet["Publication"]):
    """Publications to read."""

    def light(self) -> Self:
        """Return the publications without what is heavy to read."""
        return self.defer(*HEAVY)

    def open(self) -> Self:
        """Return those that everyone may read, newest first, light."""
        return self.filter(withdrawn_at=None).order_by("-number").light()

    def numbers(self, municipality: Municipality) -> set[int]:
        """Return the numbers of the versions that everyone may read."""
        found = self.filter(municipality=municipality, withdrawn_at=None)
        return set(found.values_list("number", flat=True))

    def current(self, municipality: Municipality) -> Publication | None:
        """Return the newest that everyone may read, light; None where there is none."""
        return self.open().filter(municipality=municipality).first()


class Publication(models.Model):
    """A plan that everyone may read, as it was when it was published.

    `result`, `tables` and `certificates` are the public plan.json, underlag and proofs,
    compressed: read them through `plan`, `tables_public` and `proofs`. `shown` and
    `listed` are what the pages need of them: read as `plan_shown` and `rows`. `facts` is
    the little that heads need. `changes` says, by project, what is different from
    the publication before and why: `{"kind": "added|moved|in|out|cost|gone", "name",
    "before", "after", "reason"}`.
    """

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="publications"
    )
    number = models.PositiveIntegerField()
    title = models.CharField(_("rubrik"), max_length=160)
    note = models.TextField(_("vad som är nytt"), blank=True)
    study = models.ForeignKey(Study, models.PROTECT, related_name="publications")
    version = models.ForeignKey(Version, models.PROTECT, related_name="publications")
    published_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    published_by_name = models.CharField(max_length=150, blank=True)
    published_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_why = models.TextField(blank=True)
    result = models.BinaryField()
    tables = models.BinaryField()
    certificates = models.BinaryField(null=True)
    shown = models.BinaryField(null=True)
    listed = models.BinaryField(null=True)
    facts = models.JSONField(default=dict)
    changes = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64)

    objects: ClassVar = PublicationQuerySet.as_manager()

    # What may be set afterwards: that it was taken back, and that a person left.
    CHANGEABLE: ClassVar = frozenset({"withdrawn_at", "withdrawn_why", "published_by"})

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "number"], name="web_publication_number"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["municipality", "withdrawn_at", "-number"],
                name="web_publication_current",
            )
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new publication; of one that is stored only `CHANGEABLE` is set."""
        if not self._state.adding:
            fields = kwargs.get("update_fields")
            if fields is None or not set(fields) <= self.CHANGEABLE:
                raise FinalError("a publication is never changed")
        super().save(*args, **kwargs)

    @property
    def plan(self) -> dict[str, Any]:
        """The content of the public plan.json; decoded once a process, not changed.

        Its sentences are in the reader's language.
        """
        found: dict[str, Any] = self._kept(
            "result", lambda packed: told_result(unpacked_json(packed)), language()
        )
        return found

    @property
    def plan_shown(self) -> dict[str, Any]:
        """What the pages show of the plan, with its sentences in the reader's language."""
        from rodtrad.web.public_shown import shown_part

        found: dict[str, Any] = self._kept(
            "shown",
            lambda packed: (
                told_result(unpacked_json(packed)) if packed else shown_part(self.plan)
            ),
            language(),
        )
        return found

    @property
    def rows(self) -> Rows:
        """The projects in short, for lists, maps and search."""
        from rodtrad.web.public_rows import pack_rows, read_rows

        found: Rows = self._kept(
            "listed", lambda packed: read_rows(packed or pack_rows(self.items.all()))
        )
        return found

    @property
    def proofs(self) -> dict[str, Any] | None:
        """The content of the public certificates.json, if there is one."""
        found: dict[str, Any] | None = self._kept(
            "certificates", lambda packed: packed and unpacked_json(packed)
        )
        return found

    @property
    def tables_public(self) -> Tables:
        """The public underlag."""
        from rodtrad.web import store

        found: Tables = self._kept("tables", lambda packed: store.unpack(packed)[0])
        return found

    def _kept(self, field: str, read: Callable[[Any], Any], written: str = "") -> Any:
        key = (self.pk, f"{field}|{self.content_hash}|{written}")
        with _lock:
            if key in _decoded:
                _decoded.move_to_end(key)
                return _decoded[key]
        value = read(getattr(self, field))
        with _lock:
            _decoded[key] = value
            while len(_decoded) > _KEPT:
                _drop_one()
        return value


class PublicItem(models.Model):
    """A project of a publication, as lists, search and its own page show it.

    `data` is the project's row of the public plan.json with `reason` (its sentences) and
    `labels` (what the agreement map says). `folded` is what search looks in. Who decides
    next may be set afterwards: the decision moves though the plan does not.
    """

    class State(models.TextChoices):
        """Whether the plan holds it."""

        IN = "in", _("ingår")
        LATER = "later", _("står på tur")
        OUT = "out", _("ryms inte")

    publication = models.ForeignKey(Publication, models.CASCADE, related_name="items")
    project_id = models.CharField(max_length=200)
    name = models.CharField(max_length=300)
    area = models.CharField(max_length=200, blank=True)
    area_name = models.CharField(max_length=200, blank=True)
    theme = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=5, choices=State.choices)
    start_year = models.PositiveSmallIntegerField(null=True)
    in_use_year = models.PositiveSmallIntegerField(null=True)
    cost_tkr = models.FloatField()
    quality = models.CharField(max_length=10, blank=True)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    next_what = models.CharField(max_length=120, blank=True)
    next_body = models.CharField(max_length=120, blank=True)
    next_date = models.DateField(null=True, blank=True)
    last_influence = models.DateField(null=True, blank=True)
    folded = models.TextField(blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        """In the plan first, by start."""

        ordering: ClassVar = ["publication", "project_id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["publication", "project_id"], name="web_public_item_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["publication", "state", "start_year", "-cost_tkr"],
                name="web_public_item_start",
            ),
            models.Index(
                fields=["publication", "-cost_tkr"], name="web_public_item_cost"
            ),
            models.Index(fields=["publication", "area"], name="web_public_item_area"),
            models.Index(fields=["publication", "theme"], name="web_public_item_theme"),
            models.Index(fields=["publication", "name"], name="web_public_item_name"),
        ]

    def __str__(self) -> str:
        return self.name


class NextStep(models.Model):
    """Who decides next, when, and the latest day to influence: of a project or the plan.

    `project_id` is empty for the plan as a whole; that goes for every project that has
    none of its own.
    """

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="next_steps"
    )
    project_id = models.CharField(max_length=200, blank=True)
    what = models.CharField(_("Vad som beslutas"), max_length=120, blank=True)
    body = models.CharField(_("Vem som beslutar"), max_length=120, blank=True)
    date = models.DateField(_("Vilken dag"), null=True, blank=True)
    last_influence = models.DateField(
        _("Senaste dag att påverka"), null=True, blank=True
    )
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        """One a project."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "project_id"], name="web_next_step_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.body} {self.date or ''}".strip()
