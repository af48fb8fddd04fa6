"""What can comments be about, what is it called now, and where does it stand?

An area whose things may be discussed declares them once: `declare("letter", find, at)`.
Leaves out the comments (dialogue).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from rodtrad.domain.words import DRIVER_LABELS
from rodtrad.web.dialogue import Item
from rodtrad.web.models.publishing import PublicItem
from rodtrad.web.public_address import public_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from rodtrad.web.models import Municipality, Publication

    Find = Callable[[Publication, str], str | None]
    At = Callable[[Municipality, str, str], str]

_KINDS: Final[dict[str, tuple[Find, At]]] = {}
# What may stand in older versions alone, and by which field of their projects.
_EARLIER: Final = {"project": "project_id", "theme": "theme"}


def declare(kind: str, find: Find, at: At) -> None:
    """Make a kind of thing known.

    Args:
        kind: see `models.dialogue.Kind`.
        find: returns the name of one that everyone may read, or None.
        at: returns its public address in a language (municipality, key, language).
    """
    _KINDS[kind] = (find, at)


def find(publication: Publication | None, kind: str, key: str) -> Item | None:
    """Return an item as it is called now; None unless everyone may read about it."""
    if publication is None or kind not in _KINDS or "\0" in key:
        return None
    name = _KINDS[kind][0](publication, key)
    return None if name is None else Item(kind, key, str(name))


def stands(publication: Publication, kind: str, key: str) -> Item | None:
    """Return an item that everyone may still read about, in the newest version or an older.

    A project that has left the plan stands in the versions that had it. One that no open
    version shows is nobody's to read about, nor is what was said of it.
    """
    found = find(publication, kind, key)
    if found is not None or kind not in _EARLIER or "\0" in key:
        return found
    rows = PublicItem.objects.filter(
        publication__municipality=publication.municipality_id,
        publication__withdrawn_at=None,
        **{_EARLIER[kind]: key},
    )
    last = rows.order_by("-publication__number").select_related("publication").first()
    return None if last is None else find(last.publication, kind, key)


def parted(text: str) -> tuple[str, str]:
    """Return kind and key of `kind:key`, as forms and addresses carry them."""
    kind, _colon, key = text.partition(":")
    return kind, key


def parse(publication: Publication | None, text: str) -> Item | None:
    """Return the item of `kind:key`."""
    return find(publication, *parted(text))


def address(place: Municipality, kind: str, key: str, sprak: str = "sv") -> str:
    """Return where an item stands in public; the front page where it has no page."""
    if kind not in _KINDS:
        return public_address(place, "front", sprak)
    return _KINDS[kind][1](place, key, sprak)


def _plan(_publication: Publication, key: str) -> str | None:
    return None if key else _("hela planen")


def _project(publication: Publication, key: str) -> str | None:
    found = publication.items.filter(project_id=key)
    return found.values_list("name", flat=True).first()


def _theme(publication: Publication, key: str) -> str | None:
    if not publication.items.filter(theme=key).exists():
        return None
    return str(DRIVER_LABELS.get(key, key))


declare("plan", _plan, lambda place, _key, sprak: public_address(place, "front", sprak))
declare(
    "project",
    _project,
    lambda place, key, sprak: public_address(place, "project", sprak, project_id=key),
)
declare(
    "theme",
    _theme,
    lambda place, key, sprak: f"{public_address(place, 'projects', sprak)}?amne={key}",
)
