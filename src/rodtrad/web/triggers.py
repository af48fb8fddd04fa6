"""What happens by itself when rows change? The log is guarded, sessions end.

The database itself refuses to change or remove an event, whoever asks. Its triggers are
laid after every `migrate`, so that a restored or emptied database has them too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.db import connections
from django.db.models.signals import post_delete, post_migrate

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_WORDS: Final = "events are neither changed nor removed"
_LAY: Final = {
    "sqlite": (
        f"""CREATE TRIGGER IF NOT EXISTS web_event_no_update BEFORE UPDATE ON web_event
            BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END""",
        f"""CREATE TRIGGER IF NOT EXISTS web_event_no_delete BEFORE DELETE ON web_event
            BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END""",
    ),
    "postgresql": (
        f"""CREATE OR REPLACE FUNCTION web_event_refuse() RETURNS trigger
            LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{_WORDS}'; END $$""",
        """CREATE OR REPLACE TRIGGER web_event_append_only
            BEFORE UPDATE OR DELETE ON web_event
            FOR EACH ROW EXECUTE FUNCTION web_event_refuse()""",
        """CREATE OR REPLACE TRIGGER web_event_keep
            BEFORE TRUNCATE ON web_event EXECUTE FUNCTION web_event_refuse()""",
    ),
}
_LIFT: Final = {
    "sqlite": (
        "DROP TRIGGER IF EXISTS web_event_no_update",
        "DROP TRIGGER IF EXISTS web_event_no_delete",
    ),
    "postgresql": (
        "DROP TRIGGER IF EXISTS web_event_append_only ON web_event",
        "DROP TRIGGER IF EXISTS web_event_keep ON web_event",
    ),
}


def _run(connection: BaseDatabaseWrapper, statements: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _has_log(connection: BaseDatabaseWrapper) -> bool:
    return "web_event" in connection.introspection.table_names()


def lay(using: str = "default") -> None:
    """Make the database refuse every change of the log."""
    connection = connections[using]
    if _has_log(connection):
        _run(connection, _LAY[connection.vendor])


def lift(using: str = "default") -> None:
    """Let the whole database be emptied: before a restore or a flush, and no else."""
    connection = connections[using]
    if _has_log(connection):
        _run(connection, _LIFT[connection.vendor])


def _after_migrate(using: str = "default", **_facts: Any) -> None:
    lay(using)


def _membership_removed(instance: Any, **_facts: Any) -> None:
    instance.user.end_sessions()


def connect() -> None:
    """Connect to Django's signals; called once, when the application starts."""
    from rodtrad.web.models.organisation import Membership

    post_migrate.connect(_after_migrate, dispatch_uid="rodtrad.web.triggers")
    post_delete.connect(
        _membership_removed, sender=Membership, dispatch_uid="rodtrad.web.sessions"
    )
