"""What has been computed, what is being computed, and what came out?

A study always runs on a version of the underlag, so that anyone can compute it again.
Its row is the queue's row too: `jobs` says who takes which and when. Leaves out how a
study is computed (`rodtrad.study`) and shown.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Any, ClassVar, Final, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from rodtrad.domain.retell import told_result
from rodtrad.domain.words import language
from rodtrad.web.computing import packed_json, unpacked_json
from rodtrad.web.models.organisation import Municipality, User
from rodtrad.web.models.underlag import Version

__all__ = ["READABLE", "PlanDecision", "State", "Study", "packed_json"]

OWN: Final = "own"
# What `settings` says of a study beside what the planner is asked for: the plan that one
# made by hand came from, and that it is an example's first, which is to be published.
EXAMPLE: Final = "example"
_NOT_ASKED: Final = frozenset({"from", EXAMPLE})

_KEPT: Final = 12
_decoded: OrderedDict[tuple[str, str], dict[str, Any]] = OrderedDict()
_lock = Lock()


class State(models.TextChoices):
    """How far a study has come."""

    QUEUED = "queued", _("väntar")
    RUNNING = "running", _("räknas")
    DONE = "done", _("klar")
    FAILED = "failed", _("gick inte")
    CANCELLED = "cancelled", _("avbruten")
    KEPT = "kept", _("avbruten, bästa plan hittills")


READABLE: Final = (State.DONE, State.KEPT)


class StudyQuerySet(models.QuerySet["Study"]):
    """Studies to read."""

    def light(self) -> Self:
        """Return the studies without their results, for a list."""
        return self.defer("result", "certificates")

    def newest_plan(self, municipality: Municipality) -> Study | None:
        """Return the plan that a municipality's pages show, without its result.

        The newest that the planner has made on the underlag as it is; failing that one
        under a scenario, one made by hand, and at last one that was interrupted.
        """
        rank = models.Case(
            models.When(state=State.KEPT, then=3),
            models.When(kind=OWN, then=2),
            models.When(scenario="", then=0),
            default=1,
            output_field=models.IntegerField(),
        )
        return (
            self.readable(municipality).annotate(rank=rank).order_by("rank", "-number")
        ).first()

    def readable(self, municipality: Municipality) -> Self:
        """Return the studies of a municipality that have a plan, newest first, unread."""
        done = self.filter(municipality=municipality, state__in=READABLE)
        return done.select_related("version").defer(
            "result", "certificates", "version__content"
        )


class Study(models.Model):
    """One study: what it rests on, how far it has come, and plan.json when done.

    `settings` holds what was asked for (`rodtrad.study.Settings` by field name; see
    `asked`), `progress` what the search last told, `error` the faults that stopped it. `result`
    and `certificates` are plan.json and certificates.json, compressed: read them
    through `plan` and `proofs`. `attempts` counts how often a worker took it.
    """

    State: ClassVar = State

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="studies"
    )
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=20, default="plan")
    version = models.ForeignKey(Version, models.PROTECT, related_name="studies")
    scenario = models.CharField(max_length=120, blank=True)
    settings = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    progress = models.JSONField(default=dict)
    result = models.BinaryField(null=True)
    certificates = models.BinaryField(null=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_by_name = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    heartbeat = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=80, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    cancel_asked = models.BooleanField(default=False)
    error = models.JSONField(default=list)

    objects: ClassVar = StudyQuerySet.as_manager()

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "number"], name="web_study_number"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "created_at"], name="web_study_queue"),
            models.Index(
                fields=["municipality", "state", "-number"], name="web_study_newest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.name}" if self.name else str(self.number)

    @property
    def asked(self) -> dict[str, Any]:
        """What the planner was asked for, as `rodtrad.study.Settings` by field name."""
        return {k: v for k, v in self.settings.items() if k not in _NOT_ASKED}

    @property
    def mark(self) -> str:
        """What is kept about the study is kept under this; never that of another.

        A number may come again, when a copy of the database is restored.
        """
        return f"{self.pk}|{self.created_at}|{self.finished_at}"

    @property
    def plan(self) -> dict[str, Any] | None:
        """The content of plan.json, or None when there is none; do not change it.

        Its sentences are in the reader's language. Decoded once a process: a page may
        read it as often as it likes.
        """
        return self._read("result")

    @property
    def proofs(self) -> dict[str, Any] | None:
        """The content of certificates.json, or None when there is none."""
        return self._read("certificates")

    def _read(self, field: str) -> dict[str, Any] | None:
        if self.pk is None or self.state not in READABLE:
            return None
        key = (self.mark, f"{field}|{language()}")
        with _lock:
            if key in _decoded:
                _decoded.move_to_end(key)
                return _decoded[key]
        packed = getattr(self, field)
        if packed is None:
            return None
        value: dict[str, Any] = unpacked_json(packed)
        if field == "result":
            value = told_result(value)
        with _lock:
            _decoded[key] = value
            while len(_decoded) > _KEPT:
                _decoded.popitem(last=False)
        return value


class PlanDecision(models.Model):
    """What a council (or another body) has decided about a plan. Locks its version."""

    study = models.OneToOneField(Study, models.PROTECT, related_name="decision")
    body = models.CharField(max_length=120)
    date = models.DateField()
    paragraph = models.CharField(max_length=20, blank=True)
    diary_number = models.CharField(max_length=60, blank=True)
    note = models.TextField(blank=True)
    registered_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+"
    )
    registered_by_name = models.CharField(max_length=150, blank=True)
    registered_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-date", "-pk"]

    def __str__(self) -> str:
        paragraph = f" § {self.paragraph}" if self.paragraph else ""
        return f"{self.body} {self.date.isoformat()}{paragraph}"
