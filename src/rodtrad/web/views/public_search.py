"""What is planned where I live? Search for a place, and for projects by their words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Paginator

from rodtrad.web import public_search
from rodtrad.web.views.public_base import PublicRequest, page, public_view
from rodtrad.web.views.public_plan import PER_PAGE

if TYPE_CHECKING:
    from django.http import HttpResponse

    from rodtrad.web.models import Publication
    from rodtrad.web.public_rows import Row
    from rodtrad.web.public_search import Place

_LONGEST: Final = 80
_LONGEST_KEY: Final = 220
_OFFERED: Final = 12


@public_view()
def search(request: PublicRequest) -> HttpResponse:
    """Show the places that fit, what is planned at one of them, and other projects."""
    asked = _text(request, "q", _LONGEST)
    wanted = _text(request, "plats", _LONGEST_KEY)
    publication = request.publication
    code = publication.facts.get("code") or request.municipality.code or ""
    everywhere = public_search.places(publication, code)
    found = public_search.matching_places(everywhere, asked)
    only_words = request.GET.get("visa") == "projekt"
    place = None if only_words else _chosen(everywhere, found, wanted)
    return page(
        request,
        "public/data/search.html",
        nav="search",
        asked=asked,
        place=place,
        places=[one for one in found if one != place],
        offered=[one for one in everywhere if one.count][:_OFFERED],
        near_km=public_search.NEAR_KM,
        **_projects(request, publication, place, asked),
    )


def _text(request: PublicRequest, name: str, most: int) -> str:
    return request.GET.get(name, "").replace("\0", "").strip()[:most]


def _chosen(everywhere: list[Place], found: list[Place], wanted: str) -> Place | None:
    """Return the place to tell of: the one pointed at, else the best that fits."""
    pointed = next((one for one in everywhere if one.key == wanted), None)
    return pointed or (found[0] if found else None)


def _projects(
    request: PublicRequest, publication: Publication, place: Place | None, asked: str
) -> dict[str, Any]:
    """Return a page of the projects of the place, or else of those that the words find."""
    if place is not None:
        rows: list[tuple[Row, float | None]] = public_search.projects_at(
            publication, place
        )
    else:
        rows = [(row, None) for row in public_search.projects_named(publication, asked)]
    shown = Paginator(rows, PER_PAGE).get_page(request.GET.get("sida"))
    words = 0
    if place is not None and asked:
        words = len(public_search.projects_named(publication, asked))
    return {"page": shown, "listed": shown.object_list, "by_words": words}
