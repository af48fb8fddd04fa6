"""Who wants to know by mail, and which mails are to be sent?

An address is kept as long as its owner wants mail and no longer. Leaves out what is
written (subscriptions) and the sending (outgoing).
"""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rodtrad.web.models.organisation import Municipality

__all__ = ["Outgoing", "Subscription"]


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Subscriptions to read."""

    def alive(self) -> Self:
        """Return those that somebody has confirmed and not ended."""
        return self.filter(confirmed_at__isnull=False, ended_at=None)


class Subscription(models.Model):
    """That somebody follows something. Without `confirmed_at` nothing is sent.

    `origin` is the host that the person came to, for links in mails. When it ends the
    address is removed.
    """

    class Kind(models.TextChoices):
        """What may be followed."""

        PLAN = "plan", _("hela planen")
        PROJECT = "project", _("projekt")
        AREA = "area", _("ort")
        THEME = "theme", _("ämne")
        LETTERS = "letters", _("veckobrevet")
        COMMENT = "comment", _("svar på en synpunkt")

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="subscriptions"
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    key = models.CharField(max_length=200, blank=True)
    name = models.CharField(max_length=300, blank=True)
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=2, default="sv")
    origin = models.CharField(max_length=200)
    asked_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = SubscriptionQuerySet.as_manager()

    class Meta:
        """One address follows a thing once."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "kind", "key", "email"],
                condition=models.Q(ended_at=None),
                name="web_subscription_once",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["municipality", "kind", "key", "confirmed_at"],
                name="web_subscription_told",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name or self.key}".strip()


class Outgoing(models.Model):
    """A mail to be sent once. It stays until it has been sent, or somebody gives it up.

    `once` names what it tells whom, so that nothing is told twice. `claimed_at` says
    that a worker is sending it now. `gave_up_at` is set after many attempts: it is kept
    for a while, shown to staff, and can be tried again.
    """

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, null=True, related_name="+"
    )
    once = models.CharField(max_length=120, unique=True)
    to = models.EmailField()
    subject = models.CharField(max_length=250)
    text = models.TextField()
    headers = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=timezone.now)
    due = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    gave_up_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        """In the order they are due."""

        ordering: ClassVar = ["due", "pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["sent_at", "gave_up_at", "due"], name="web_outgoing_due"
            )
        ]

    def __str__(self) -> str:
        return self.subject
