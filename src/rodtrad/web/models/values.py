"""What has someone answered about how the criteria weigh, and who may see it?

An answer belongs to the one who gave it: only that person's own pages read it, until
consent is given. Then its conditions stand as rows in table `viewpoints` of the
working copy, under the name chosen for it. Leaves out what the answers mean
(`plan.elicitation`).
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from rodtrad.web.models.organisation import Municipality, User

__all__ = ["ViewpointAnswer"]


class ViewpointAnswer(models.Model):
    """One person's answers: questions, points or ranges, for itself or for its group.

    `answers` holds them in the order given, as JSON; `name` is what the viewpoint is
    called where others see it, empty before consent; `shared_rows` the rows that stand
    in the working copy, so that they can be taken back.
    """

    class Mode(models.TextChoices):
        """How the answers were given."""

        QUESTIONS = "questions", _("frågor")
        POINTS = "points", _("poäng")
        RANGES = "ranges", _("spann")

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="viewpoint_answers"
    )
    # Whoever leaves takes the answers along; what was shared stays in the underlag.
    owner = models.ForeignKey(User, models.CASCADE, related_name="+")
    for_group = models.BooleanField(default=False)
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.QUESTIONS)
    answers = models.JSONField(default=list)
    name = models.CharField(max_length=120, blank=True)
    shared_rows = models.JSONField(default=list)
    consent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        """One a person and municipality."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "owner"], name="web_viewpoint_once"
            )
        ]

    def __str__(self) -> str:
        # Stands in the log: nothing but the name that was consented to.
        return self.name or str(_("ett synsätt"))
