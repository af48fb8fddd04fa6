"""What does a web process read before anybody asks? The pages that take long the first time.

The web server starts this in each of its processes (`post_worker_init`). A thread reads
the newest plans' heaviest pages at the start, and again when a version is published, so
that no reader waits while a plan is unpacked and drawn. Leaves out what is kept of them
(public_parts, sandbox).
"""

from __future__ import annotations

import contextlib
import gc
import io
import logging
import sys
import time
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

_log: Final = logging.getLogger("rodtrad.warming")
# So often it is asked whether a version has been published.
_LOOK_SECONDS: Final = 3.0
# No more plans than are kept at once.
_PLANS: Final = 4
_PAGES: Final = (
    "front",
    "projects",
    "map",
    "economy",
    "timeline",
    "cannot",
    "assumptions",
    "search",
    "sandbox",
    "questions",
)


def post_worker_init(_worker: object) -> None:
    """Begin; called by the web server in each process that it has started."""
    Thread(target=_keep_ready, daemon=True).start()


def _keep_ready() -> None:
    from django.db import DatabaseError, connections

    seen: frozenset[int] = frozenset()
    while True:
        try:
            seen = read_new(seen)
        except DatabaseError:
            _log.warning("could not look for new versions", exc_info=True)
        finally:
            connections.close_all()
        time.sleep(_LOOK_SECONDS)


def read_new(seen: frozenset[int]) -> frozenset[int]:
    """Read the pages of the newest plans that are not seen, and return all that are."""
    from rodtrad.web.models import Publication

    newest: dict[int, Publication] = {}
    found = Publication.objects.filter(withdrawn_at=None).order_by("-published_at")
    for one in found.only("municipality_id", "number"):
        known = newest.setdefault(one.municipality_id, one)
        if one.number > known.number:
            newest[one.municipality_id] = one
    now = {one.pk: one for one in list(newest.values())[:_PLANS]}
    fresh = now.keys() - seen
    for pk in fresh:
        read_pages(addresses(now[pk]))
    if fresh:
        # what has been read stays, so nobody needs to look it through again and again
        gc.collect()
        gc.freeze()
    return frozenset(now)


def addresses(publication: Any) -> list[str]:
    """Return the addresses of the pages that take long, in both languages."""
    from rodtrad.web.public_address import OTHER_LANGUAGE, public_address

    place = publication.municipality
    return [
        public_address(place, name, language)
        for language in OTHER_LANGUAGE
        for name in _PAGES
    ]


def read_pages(paths: Iterable[str]) -> list[int]:
    """Ask this process for pages, as a reader would; return how each was answered."""
    from django.conf import settings

    from rodtrad.web.wsgi import application

    hosts = [name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"]
    said: list[int] = []

    def begin(status: str, _headers: Any, _error: Any = None) -> None:
        said.append(int(status.partition(" ")[0]))

    for path in paths:
        asked = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": (hosts or ["localhost"])[0],
            "SERVER_PORT": "443" if settings.SECURE_SSL_REDIRECT else "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_X_FORWARDED_PROTO": "https",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        with contextlib.closing(cast("Any", application)(asked, begin)) as answer:
            for _part in answer:
                pass
    return said
