"""Which answers are given again as they are? Whole pages, until something has changed.

A page that everyone may read is the same for all, so it is kept in the process as it was
sent, for the moment (`public_now`) it was made in. What carries the stamp of a form, what
says of itself that nobody may keep it, and what is large is made anew each time; so is a
page whose reader asks for that (`Cache-Control: no-cache`, a forced reload). Leaves out
parts of pages (public_parts).
"""

from __future__ import annotations

import gzip
import re
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, cast

from django.http import HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers

from rodtrad.web.public_form import STAMP

if TYPE_CHECKING:
    from django.http import HttpRequest

    from rodtrad.web.public_now import Now

    Key = tuple[Now, str, str, str, str]

MOST_BYTES: Final = 12_000_000
"""A process keeps no more than so much on each shelf, packed and unpacked together."""

_LARGEST: Final = 400_000
_LONGEST: Final = 600
# As the pages are packed otherwise (django.middleware.gzip), short ones not at all.
_LEVEL: Final = 6
_SHORT: Final = 200
# Addresses of which there is no end.
_MADE_UP: Final = re.compile(r"/(?:version|prova)/.")
_STAMPED: Final = f'name="{STAMP}"'.encode()


@dataclass
class _Kept:
    """An answer as it was sent, and packed once somebody has asked for it again."""

    headers: dict[str, str]
    body: bytes
    packed: bytes = b""

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return len(self.body) + len(self.packed)


class _Shelf:
    """Answers of a kind; the one asked for longest ago goes first."""

    def __init__(self) -> None:
        self.kept: OrderedDict[Key, _Kept] = OrderedDict()
        self.size = 0

    def make_room(self) -> None:
        """Take away what there is no room for."""
        while self.size > MOST_BYTES:
            _old, gone = self.kept.popitem(last=False)
            self.size -= gone.size


# Whoever makes up questions or plans, or reads old versions, takes nothing from the rest.
_pages: Final = _Shelf()
_searched: Final = _Shelf()
_lock = Lock()


def _shelf(key: Key) -> _Shelf:
    _now, _scheme, _host, path, query = key
    return _searched if query or _MADE_UP.search(path) else _pages


def _key(request: HttpRequest, now: Now) -> Key:
    query = request.META.get("QUERY_STRING", "")
    return (now, request.scheme or "", request.get_host(), request.path, query)


def again(request: HttpRequest, now: Now) -> HttpResponse | None:
    """Return the answer that was given to the same question, if it is kept."""
    if request.method != "GET" or "no-cache" in request.headers.get(
        "Cache-Control", ""
    ):
        return None
    key = _key(request, now)
    shelf = _shelf(key)
    with _lock:
        kept = shelf.kept.get(key)
        if kept is None:
            return None
        shelf.kept.move_to_end(key)
    response: HttpResponse = HttpResponse(kept.body, headers=kept.headers)
    etag = response.headers.get("ETag")
    shorter: Any = etag and get_conditional_response(request, etag, response=response)
    if shorter and shorter is not response:
        for name, value in kept.headers.items():
            if name != "Content-Type":
                shorter.headers.setdefault(name, value)
        return cast("HttpResponse", shorter)
    return _packed(request, key, kept, response)


def _packed(
    request: HttpRequest, key: Key, kept: _Kept, response: HttpResponse
) -> HttpResponse:
    """Return an answer packed, where the reader takes it so."""
    if len(kept.body) < _SHORT or response.has_header("Content-Encoding"):
        return response
    patch_vary_headers(response, ("Accept-Encoding",))
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return response
    if not kept.packed:
        # nothing on these pages is secret, so the length may tell what it likes
        _pack(key, kept)
    response.content = kept.packed
    response.headers["Content-Length"] = str(len(kept.packed))
    response.headers["Content-Encoding"] = "gzip"
    etag = response.headers.get("ETag")
    if etag and etag.startswith('"'):
        response.headers["ETag"] = f"W/{etag}"
    return response


def _pack(key: Key, kept: _Kept) -> None:
    packed = gzip.compress(kept.body, _LEVEL, mtime=0)
    shelf = _shelf(key)
    with _lock:
        if not kept.packed and shelf.kept.get(key) is kept:
            shelf.size += len(packed)
        kept.packed = packed


def keep(request: HttpRequest, now: Now, response: HttpResponse) -> None:
    """Keep an answer, if it is one that all may have."""
    if request.method != "GET" or not _for_all(response):
        return
    key = _key(request, now)
    if sum(map(len, key[1:])) > _LONGEST:
        return
    made = _Kept(dict(response.headers.items()), response.content)
    shelf = _shelf(key)
    with _lock:
        earlier = shelf.kept.pop(key, None)
        shelf.size += made.size - (earlier.size if earlier else 0)
        shelf.kept[key] = made
        shelf.make_room()


def _for_all(response: HttpResponse) -> bool:
    return (
        response.status_code == 200
        and not response.streaming
        and not response.cookies
        and response.headers.get("Cache-Control", "").startswith("public")
        and len(response.content) <= _LARGEST
        and _STAMPED not in response.content
    )


def forget() -> None:
    """Forget everything kept, for tests: numbers of rows come again there."""
    with _lock:
        for shelf in (_pages, _searched):
            shelf.kept.clear()
            shelf.size = 0
