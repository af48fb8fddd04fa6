"""Is anyone serving this home, or this database, right now?

Whoever serves holds a lock together with the others who do; a copy is put back by one who
holds it alone. One lock is a file in the home, which the system lets go of when the last
process that holds it has ended, however it ended. Where the database is a server the
other lock is there, since it may be served from several homes. Leaves out the locks of
single rows.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import connection
from django.db.utils import DatabaseError
from django.utils.translation import gettext as _

from rodtrad.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.backends.base.base import BaseDatabaseWrapper

FILE: Final = "in-use.lock"
# Any number that nothing else in the database locks.
_KEY: Final = 0x726F6474


@contextmanager
def _file_lock(how: int, refusal: SourceError) -> Iterator[int]:
    """Hold the lock of the home, and give its file descriptor."""
    home = Path(settings.RODTRAD_HOME)
    handle = os.open(home / FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, how | fcntl.LOCK_NB)
        except BlockingIOError:
            raise refusal from None
        yield handle
    finally:
        os.close(handle)


def _take(own: BaseDatabaseWrapper, how: str, refusal: SourceError) -> None:
    """Take the lock of a database server for as long as a connection is open."""
    if own.vendor != "postgresql":
        return
    with own.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_lock{how}(%s)", [_KEY])
        if not cursor.fetchone()[0]:
            raise refusal


@contextmanager
def serving() -> Iterator[int]:
    """Hold the home and the database with others who serve them.

    Gives the descriptor of the home's lock: a child that inherits it holds the lock on.

    Raises:
        SourceError: a copy is being put back.
    """
    refusal = SourceError(
        _("En säkerhetskopia återställs just nu."),
        _("Vänta tills den är klar, och starta igen."),
        code="home_restoring",
    )
    own = connection.copy()
    try:
        with _file_lock(fcntl.LOCK_SH, refusal) as handle:
            # a database that cannot be reached is told by whoever uses it next
            with suppress(DatabaseError):
                _take(own, "_shared", refusal)
            yield handle
    finally:
        own.close()


@contextmanager
def alone() -> Iterator[None]:
    """Hold the home and the database alone.

    Raises:
        SourceError: somebody serves them.
    """
    refusal = SourceError(
        _("Webbplatsen är igång, så inget är återställt."),
        _("Stäng den (Ctrl-C där rodtrad serve körs) och återställ sedan."),
        code="home_in_use",
    )
    own = connection.copy()
    try:
        with _file_lock(fcntl.LOCK_EX, refusal):
            with suppress(DatabaseError):
                _take(own, "", refusal)
            yield
    finally:
        own.close()
