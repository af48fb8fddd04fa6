"""Where do the published projects lie? Outline, localities and how many in each.

Drawn as SVG from the package's own outlines; nothing is fetched. Projects at the same
place are one spot. Leaves out the list beside the map (views/public_plan).
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rodtrad.domain.words import names_text, number
from rodtrad.web.borders import outline
from rodtrad.web.models.publishing import PublicItem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Point = tuple[float, float]

WIDTH: Final = 520
_EDGE: Final = 34.0
_TALLEST: Final = 620.0
# Places nearer each other than this on the drawing are one spot.
_NEAR: Final = 26.0
# A text begins so far from its spot, and goes to the left when it would pass the edge.
_GAP: Final = 7.0
_LETTER: Final = 8.4
_LEAST_DEGREES: Final = 0.02
_NAMED: Final = 3


@dataclass(frozen=True)
class Spot:
    """A place: how many projects, in words too, and whether something waits there."""

    x: float
    y: float
    r: float
    count: int
    waits: bool
    title: str
    label: str
    below: str
    text_x: float
    anchor: str
    area: str


@dataclass(frozen=True)
class Map:
    """A drawing: its height, the outline as a path, and the spots, largest first."""

    height: int
    path: str
    spots: tuple[Spot, ...]

    @property
    def width(self) -> int:
        """The width that the drawing is made for."""
        return WIDTH


def build_map(items: Iterable[PublicItem], code: str) -> Map | None:
    """Return the map of the items that have a place, or None where none has."""
    placed = [item for item in items if item.lat is not None and item.lon is not None]
    rings = outline(code)
    corners = [(lat, lon) for ring in rings for lon, lat in ring]
    corners += [(item.lat or 0.0, item.lon or 0.0) for item in placed]
    if not placed:
        return None
    south, north = min(c[0] for c in corners), max(c[0] for c in corners)
    west, east = min(c[1] for c in corners), max(c[1] for c in corners)
    # degrees are made square at the middle latitude
    middle = math.cos(math.radians((south + north) / 2)) or 1.0
    across = max((east - west) * middle, _LEAST_DEGREES)
    up = max(north - south, _LEAST_DEGREES)
    scale = min((WIDTH - 2 * _EDGE) / across, _TALLEST / up)
    left = (WIDTH - (east - west) * middle * scale) / 2

    def at(lat: float, lon: float) -> Point:
        return left + (lon - west) * middle * scale, _EDGE + (north - lat) * scale

    path = " ".join(
        "M" + " ".join("{:.1f},{:.1f}".format(*at(lat, lon)) for lon, lat in ring) + "Z"
        for ring in rings
    )
    return Map(round(up * scale + 2 * _EDGE), path, _spots(placed, at))


def _spots(placed: Sequence[PublicItem], at: object) -> tuple[Spot, ...]:
    cells: dict[tuple[int, int], list[tuple[PublicItem, Point]]] = defaultdict(list)
    for item in placed:
        point: Point = at(item.lat, item.lon)  # type: ignore[operator]
        cells[int(point[0] / _NEAR), int(point[1] / _NEAR)].append((item, point))
    spots = [_spot(members) for members in _merged(cells)]
    return tuple(sorted(_placed_texts(spots), key=lambda spot: -spot.count))


def _merged(
    cells: dict[tuple[int, int], list[tuple[PublicItem, Point]]],
) -> list[list[tuple[PublicItem, Point]]]:
    """Return the cells with projects of one locality that lie side by side as one."""
    by_area: dict[str, list[list[tuple[PublicItem, Point]]]] = defaultdict(list)
    for members in sorted(cells.values(), key=len, reverse=True):
        area = members[0][0].area
        x, y = members[0][1]
        for other in by_area[area]:
            ox, oy = other[0][1]
            if math.hypot(x - ox, y - oy) < 2 * _NEAR:
                other.extend(members)
                break
        else:
            by_area[area].append(list(members))
    return [members for groups in by_area.values() for members in groups]


def _spot(members: Sequence[tuple[PublicItem, Point]]) -> Spot:
    count = len(members)
    x = sum(point[0] for _i, point in members) / count
    y = sum(point[1] for _i, point in members) / count
    waiting = sum(item.state != PublicItem.State.IN for item, _p in members)
    radius = 8.0 if count == 1 else min(11.0 + 2.0 * math.log2(count), 26.0)
    first = members[0][0]
    names = names_text([item.name for item, _p in members[:_NAMED]])
    label = first.area_name or first.name
    below = _counted(count, waiting)
    return Spot(
        round(x, 1),
        round(y, 1),
        round(radius, 1),
        count,
        waiting == count,
        f"{label}: {below}. {names}" + (" …" if count > _NAMED else ""),
        label,
        below,
        0.0,
        "start",
        first.area,
    )


def _counted(count: int, waiting: int) -> str:
    """Return how many projects, and how many of them that wait."""
    if count == waiting:
        text = ngettext("{n} väntar", "{n} väntar", count)
        return text.format(n=number(count))
    text = ngettext("{n} projekt", "{n} projekt", count).format(n=number(count))
    if not waiting:
        return text
    return _("{text}, {n} väntar").format(text=text, n=number(waiting))


def _placed_texts(spots: Sequence[Spot]) -> list[Spot]:
    """Return the spots with their texts to the side that has room."""
    from dataclasses import replace

    done = []
    for spot in spots:
        wide = _LETTER * max(len(spot.label), len(spot.below))
        right = spot.x + spot.r + _GAP
        if right + wide <= WIDTH:
            done.append(replace(spot, text_x=round(right, 1)))
        else:
            left = round(spot.x - spot.r - _GAP, 1)
            done.append(replace(spot, text_x=left, anchor="end"))
    return done
