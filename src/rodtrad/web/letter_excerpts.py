"""Which first words of a letter stand in lists? Told as they may be read now.

Kept with references as they are written: what those show may be taken back. Leaves out
the references themselves (letter_figures).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from rodtrad.publish.letter_markup import Reference
from rodtrad.web.letter_figures import (
    FIGURE,
    PICTURE,
    PROJECT,
    Shower,
    items_named,
    project_in,
    withdrawn_among,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rodtrad.web.models import Publication
    from rodtrad.web.models.letters import Letter

_CODE: Final = re.compile(rf"\[\[({PROJECT}|{FIGURE}):([^\[\]\s]+)\]\]")


def code_of(reference: Reference) -> str:
    """Return a reference as it stands in a letter's first words, in one piece."""
    if reference.kind == PICTURE:
        return ""
    return f"[[{reference.kind}:{quote(reference.name, safe='')}]]"


def tell_excerpts(rows: Iterable[Letter], publication: Publication) -> list[Letter]:
    """Give each letter its first words as they may be read now, as `told`.

    A few questions to the database for all of them, none where no reference is met.
    """
    found = list(rows)
    met = {
        one.pk: [Reference(m[1], unquote(m[2])) for m in _CODE.finditer(one.excerpt)]
        for one in found
    }
    ids = {project_in(reference) for many in met.values() for reference in many}
    items = items_named(publication, sorted(ids - {""}))
    versions = {
        (one.cites.get(reference.text) or {}).get("version")
        for one in found
        for reference in met[one.pk]
    } - {None, publication.number}
    withdrawn = withdrawn_among(publication.municipality_id, versions)
    for one in found:
        shower = Shower(
            cites=one.cites,
            publication=publication,
            items=items,
            address=str,
            picture_address=str,
            pictures={},
            withdrawn=withdrawn,
            moved=[],
        )
        one.told = _filled(one.excerpt, shower)  # type: ignore[attr-defined]
    return found


def _filled(text: str, shower: Shower) -> str:
    """Return a letter's first words with what its references show."""
    return _CODE.sub(lambda m: shower.words(Reference(m[1], unquote(m[2]))), text)
