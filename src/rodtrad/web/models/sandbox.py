"""What have residents answered about how the criteria weigh, and what does it come to?

A resident's own plan is no row: it stands in the address. Answers are kept without name,
address or time of day; the region that they give holds no figure of fewer than five.
Leaves out what the answers mean (`plan.residents`).
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rodtrad.web.models.organisation import Municipality
from rodtrad.web.models.publishing import Publication

__all__ = ["ResidentAnswer", "ResidentRegion"]


class ResidentAnswer(models.Model):
    """One resident's swing answers, and the middle of the weights they allow.

    `swings` tells which worst and best were asked about: answers about others say
    nothing of these. `once` keeps a form that is sent twice from counting twice.
    """

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="resident_answers"
    )
    publication = models.ForeignKey(
        Publication, models.CASCADE, related_name="resident_answers"
    )
    answers = models.JSONField()
    weights = models.JSONField()
    swings = models.CharField(max_length=64)
    age_group = models.CharField(max_length=8, blank=True)
    once = models.CharField(max_length=64, unique=True)
    day = models.DateField(default=timezone.localdate)

    class Meta:
        """By what was asked."""

        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["municipality", "swings"], name="web_resident_answer_swings"
            )
        ]

    def __str__(self) -> str:
        return str(_("svar om vikter"))


class ResidentRegion(models.Model):
    """The residents' region and what it says of the projects, reckoned on demand."""

    class State(models.TextChoices):
        """How far it has come."""

        WAITING = "waiting", _("väntar")
        RUNNING = "running", _("räknas")
        DONE = "done", _("klar")
        FAILED = "failed", _("gick inte")

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="resident_regions"
    )
    publication = models.ForeignKey(
        Publication, models.CASCADE, related_name="resident_regions"
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    result = models.JSONField(default=dict)
    asked_by_name = models.CharField(max_length=150, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-asked_at", "-pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["municipality", "-asked_at"], name="web_resident_region_new"
            ),
            models.Index(fields=["state"], name="web_resident_region_state"),
        ]

    def __str__(self) -> str:
        return str(_("invånarnas vikter"))
