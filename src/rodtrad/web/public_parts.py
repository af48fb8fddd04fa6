"""What do other areas put on the public pages, and what is kept of a frozen version?

An area adds its part to a place once, when it is loaded: `add("project", 20, draw)`,
where `draw(request, subject)` returns safe text, or nothing. `kept` holds what a version
looks like, which never changes, in the process. Leaves out the pages themselves.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from rodtrad.web.models import Publication

    Draw = Callable[[HttpRequest, Any], SafeString | str]

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
"""Where parts may stand. On `front_*` and `nav` the subject is the publication, on
`project_*` the public item, on `area` the area's id."""

_parts: dict[str, list[tuple[int, Draw]]] = {place: [] for place in PLACES}
_MOST: Final = 400
_shown: OrderedDict[tuple[int, str, str], Any] = OrderedDict()
_lock = Lock()


def add(place: str, order: int, draw: Draw) -> None:
    """Put a part in a place, after those of a lower order; once, however often asked."""
    if all(known is not draw for _order, known in _parts[place]):
        _parts[place].append((order, draw))
        _parts[place].sort(key=lambda part: part[0])


def drawn(place: str, request: HttpRequest, subject: Any) -> SafeString:
    """Return all parts of a place, drawn."""
    texts = (str(draw(request, subject) or "") for _order, draw in _parts[place])
    return mark_safe("".join(texts))  # noqa: S308 - each part escapes its own


def kept(publication: Publication, name: str, build: Callable[[], T]) -> T:
    """Return something of a frozen version in the reader's language, built once."""
    if not publication.pk:
        return build()
    key = (publication.pk, name, get_language() or "sv")
    with _lock:
        if key in _shown:
            _shown.move_to_end(key)
            found: T = _shown[key]
            return found
    value = build()
    with _lock:
        _shown[key] = value
        while len(_shown) > _MOST:
            _shown.popitem(last=False)
    return value


def forget() -> None:
    """Forget everything kept, for tests: numbers of rows come again there."""
    with _lock:
        _shown.clear()
