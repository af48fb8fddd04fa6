"""How often has somebody done something lately? Counts under hashed keys, soon gone."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

__all__ = ["Tally"]


class Tally(models.Model):
    """How many times within a span of time; the key is a hash and tells no address."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    until = models.DateTimeField(db_index=True)

    class Meta:
        """No order."""

        ordering: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return f"{self.key[:8]} {self.count}"
