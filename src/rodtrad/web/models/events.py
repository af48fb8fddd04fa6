"""What has happened? The append-only log of who did what, when, before and after.

Rows are only ever added: `save` and `delete` refuse, and so do triggers in the database
(see `triggers`). Written through `events.record`.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone

from rodtrad.web.models.organisation import Municipality, User

__all__ = ["Event"]


class AppendOnlyError(Exception):
    """Somebody tried to change or remove what has happened."""


class EventQuerySet(models.QuerySet["Event"]):
    """Events to read; what has happened is neither changed nor removed."""

    def update(self, **_fields: Any) -> int:
        """Refuse."""
        raise AppendOnlyError("events are never changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse."""
        raise AppendOnlyError("events are never removed")

    def for_object(self, object_type: str, object_key: str) -> Self:
        """Return the events of one object, newest first."""
        return self.filter(object_type=object_type, object_key=object_key)


class Event(models.Model):
    """One thing that happened. `before` and `after` hold only the fields it touched.

    The actor is kept by number and by the name of that time, without a constraint: a
    person who is removed does not change what has happened.
    """

    municipality = models.ForeignKey(
        Municipality, models.PROTECT, null=True, related_name="events"
    )
    actor = models.ForeignKey(
        User, models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    actor_name = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=40, blank=True)
    object_key = models.CharField(max_length=300, blank=True)
    object_label = models.CharField(max_length=300, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    note = models.TextField(blank=True)

    objects: ClassVar = EventQuerySet.as_manager()

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["municipality", "-at", "-id"], name="web_event_time"),
            models.Index(
                fields=["municipality", "object_type", "object_key", "-at"],
                name="web_event_object",
            ),
            models.Index(
                fields=["municipality", "actor", "-at"], name="web_event_actor"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the event; one that is stored already is refused."""
        if not self._state.adding:
            raise AppendOnlyError("events are never changed")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse."""
        raise AppendOnlyError("events are never removed")
