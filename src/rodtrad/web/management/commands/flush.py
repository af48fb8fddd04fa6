"""Empty the whole database, the log included; only whoever runs the machine can."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import flush

from rodtrad.web import triggers


class Command(flush.Command):
    """Django's command, with the guard of the log lifted while it works."""

    def handle(self, **options: Any) -> None:
        """Lift the guard, empty the database, and lay it again."""
        triggers.lift(options["database"])
        try:
            super().handle(**options)
        finally:
            triggers.lay(options["database"])
