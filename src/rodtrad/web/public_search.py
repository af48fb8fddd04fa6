"""Where is the place that somebody asks for, and what is planned near it?

Places are the areas of the plan and the localities of the municipality, from the
package's own list (geo/README.md says whence it comes): nothing is fetched. Letters are
compared without dots, rings and accents, so that `sodra vi` finds Södra Vi. Streets are
not known: of an address, the locality in it is found. Leaves out the page.
"""

from __future__ import annotations

import gzip
import json
import math
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, cast

import numpy as np
from django.utils import translation

from rodtrad.web.public_parts import kept
from rodtrad.web.public_rows import fold, with_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.web.models import Publication
    from rodtrad.web.public_rows import Row, Rows

NEAR_KM: Final = 5.0
"""What lies so far from a locality is near it."""

_MOST_PLACES: Final = 8
_KM_PER_DEGREE: Final = 111.2


@dataclass(frozen=True)
class Place:
    """An area of the plan, or a locality (then `area` is empty).

    `count` is how many projects are there: in the area, or near the locality.
    """

    key: str
    name: str
    area: str
    lat: float | None
    lon: float | None
    people: int | None
    count: int


@cache
def _all_localities() -> dict[str, list[tuple[str, float, float, int]]]:
    packed = (files("rodtrad.web") / "geo" / "localities.json.gz").read_bytes()
    return cast(
        "dict[str, list[tuple[str, float, float, int]]]",
        json.loads(gzip.decompress(packed)),
    )


def localities(code: str) -> list[tuple[str, float, float, int]]:
    """Return name, latitude, longitude and inhabitants of a municipality's localities."""
    return _all_localities().get(code, [])


# ---------------------------------------------------------------- what is remembered


def places(publication: Publication, code: str) -> list[Place]:
    """Return every place of a plan, those with most projects first.

    An area with the name of a locality stands for it.
    """

    def build() -> list[Place]:
        rows = publication.rows
        areas = sorted({(row.area, row.area_name) for row in rows.all if row.area})
        known = {
            fold(name): (name, lat, lon, n) for name, lat, lon, n in localities(code)
        }
        counts = Counter(row.area for row in rows.all)
        found, named = [], set()
        for area, name in areas:
            shown = name or area
            same = known.get(fold(shown))
            named.add(fold(shown))
            found.append(
                Place(
                    f"omrade:{area}",
                    shown,
                    area,
                    same[1] if same else None,
                    same[2] if same else None,
                    same[3] if same else None,
                    counts[area],
                )
            )
        for folded, (name, lat, lon, people) in known.items():
            if folded not in named:
                there = len(_near(rows, lat, lon))
                found.append(Place(f"ort:{name}", name, "", lat, lon, people, there))
        return sorted(found, key=lambda place: (-place.count, place.name.casefold()))

    with translation.override("sv"):
        return kept(publication, f"search|places|{code}", build)


def _near(rows: Rows, lat: float, lon: float) -> list[tuple[float, Row]]:
    """Return the projects near a point with how far it is in km, nearest first."""
    lats, lons = rows.where
    north = (lats - lat) * _KM_PER_DEGREE
    east = (lons - lon) * _KM_PER_DEGREE * math.cos(math.radians(lat))
    far = np.hypot(north, east)
    # equally near: as the list of projects; nowhere is not near
    near = np.flatnonzero(far <= NEAR_KM)
    by_far = near[np.argsort(np.round(far[near], 1), kind="stable")]
    return [(float(far[i]), rows.all[i]) for i in by_far]


# ---------------------------------------------------------------- what is asked


def matching_places(found: Sequence[Place], asked: str) -> list[Place]:
    """Return the places that a text names, the best first.

    A text that begins or holds a place's name finds it, so that an address does; so does
    the beginning of a name.

    Example:
        >>> vi = Place("ort:Södra Vi", "Södra Vi", "", 57.7, 15.8, 1162, 3)
        >>> [p.name for p in matching_places([vi], "Storgatan 5, sodra vi")]
        ['Södra Vi']
    """
    text = fold(asked)
    if not text:
        return []
    ranked = []
    for order, place in enumerate(found):
        name = fold(place.name)
        if not name:
            continue
        if name == text:
            rank = 0
        elif f" {name} " in f" {text} ":
            rank = 1
        elif name.startswith(text):
            rank = 2
        elif any(word.startswith(text) for word in name.split()):
            rank = 3
        else:
            continue
        ranked.append((rank, order, place))
    return [place for _rank, _order, place in sorted(ranked, key=lambda r: r[:2])][
        :_MOST_PLACES
    ]


def projects_at(
    publication: Publication, place: Place
) -> list[tuple[Row, float | None]]:
    """Return the projects of a place, with how far they are in km.

    Of an area its own, without a distance; of a locality those near it, nearest first.
    """

    def build() -> list[tuple[Row, float | None]]:
        rows = publication.rows
        if place.area:
            return [(row, None) for row in rows.all if row.area == place.area]
        if place.lat is None or place.lon is None:
            return []
        return [(row, far) for far, row in _near(rows, place.lat, place.lon)]

    with translation.override("sv"):
        return kept(publication, f"search|at|{place.key}", build)


def projects_named(publication: Publication, asked: str) -> Sequence[Row]:
    """Return the projects whose texts hold every word, in the order of the list page."""
    return with_words(publication.rows.all, asked)
