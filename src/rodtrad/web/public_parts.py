"""What do other areas put on the public pages, and what is kept of a frozen version?

An area adds its part to a place once, when it is loaded: `add("project", 20, draw)`,
where `draw(request, subject)` returns safe text, or nothing. `kept` holds what a version
looks like, which never changes, in the process, and `kept_now` what is the same until
something changes. Leaves out the pages themselves.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from rodtrad.web import public_answers, public_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from rodtrad.web.models import Publication
    from rodtrad.web.public_now import Now
    from rodtrad.web.views.public_base import PublicRequest

    Draw = Callable[[PublicRequest, Any], SafeString | str]

T = TypeVar("T")

PLACES: Final = (
    "front_dialogue",
    "front_end",
    "project_aside",
    "project_main",
    "project_end",
    "area",
    "nav",
    "foot",
)
"""Where parts may stand. On `front_*`, `nav` and `foot` the subject is the publication, on
`project_*` the public item, on `area` the area's id. A part of `foot` is list items."""

_parts: dict[str, list[tuple[int, Draw]]] = {place: [] for place in PLACES}
_lock = Lock()


def add(place: str, order: int, draw: Draw) -> None:
    """Put a part in a place, after those of a lower order; once, however often asked."""
    if all(known is not draw for _order, known in _parts[place]):
        _parts[place].append((order, draw))
        _parts[place].sort(key=lambda part: part[0])


def drawn(place: str, request: PublicRequest, subject: Any) -> SafeString:
    """Return all parts of a place, drawn once until anything changes."""

    def draw_all() -> SafeString:
        texts = (str(draw(request, subject) or "") for _order, draw in _parts[place])
        return mark_safe("".join(texts))  # noqa: S308 - each part escapes its own

    # a menu says which of its pages this is
    match = request.resolver_match
    here = match.url_name if match else ""
    about = getattr(subject, "project_id", None) or getattr(subject, "pk", subject)
    return kept_now(request, f"parts|{place}|{here}|{about}", draw_all)


class _Store:
    """What was built last, so many of them, at one moment where there are such."""

    def __init__(self, most: int, now: Now | None = None) -> None:
        self._most, self.now = most, now
        self._kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()

    def get(self, key: tuple[Any, ...], build: Callable[[], T]) -> T:
        """Return what is kept, or else build it; two who come at once both build."""
        with _lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return cast("T", self._kept[key])
        value = build()
        with _lock:
            self._kept[key] = value
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return value

    def clear(self) -> None:
        """Forget all of it."""
        with _lock:
            self._kept.clear()


# So many versions at once; each has its own store, so that reading old ones takes
# nothing from the newest, which is read all the time.
_VERSIONS: Final = 12
_PER_VERSION: Final = 400
_of_versions: OrderedDict[int, _Store] = OrderedDict()
_pictures: Final = _Store(200)
# What holds for a moment goes with it; one of each municipality is kept.
_MOMENTS: Final = 32
_of_now: OrderedDict[int, _Store] = OrderedDict()


def kept(publication: Publication, name: str, build: Callable[[], T]) -> T:
    """Return something of a frozen version in the reader's language, built once.

    `name` is one of a number that no reader decides: not what somebody has typed.
    """
    if not publication.pk:
        return build()
    with _lock:
        store = _of_versions.setdefault(publication.pk, _Store(_PER_VERSION))
        _of_versions.move_to_end(publication.pk)
        while len(_of_versions) > _VERSIONS:
            _of_versions.popitem(last=False)
    return store.get((name, get_language() or "sv"), build)


def kept_picture(
    publication: Publication, name: str, build: Callable[[], bytes]
) -> bytes:
    """Return a picture of a frozen version, built once; apart, since they are large."""
    return _pictures.get((publication.pk, name, get_language() or "sv"), build)


def kept_now(request: PublicRequest, name: str, build: Callable[[], T]) -> T:
    """Return something that everyone reads, built once until anything changes.

    `name` says all that it depends on, the reader's language and the version apart.
    """
    now = public_now.moment(request)
    if now is None:
        return build()
    with _lock:
        store = _of_now.pop(now.publication, None)
        if store is None or store.now != now:
            store = _Store(2_000, now)
        _of_now[now.publication] = store
        while len(_of_now) > _MOMENTS:
            _of_now.popitem(last=False)
    key = (request.publication.pk, request.versioned, name, get_language() or "sv")
    return store.get(key, build)


def forget() -> None:
    """Forget everything kept, for tests: numbers of rows come again there."""
    with _lock:
        _of_versions.clear()
        _of_now.clear()
    _pictures.clear()
    public_now.forget()
    public_answers.forget()
