"""Where do the published projects lie? Outline, localities and how many in each.

Drawn as SVG from the package's own outlines; nothing is fetched. Projects at the same
place are one spot. Leaves out the list beside the map (views/public_plan).
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rodtrad.domain.words import number
from rodtrad.web.borders import outline
from rodtrad.web.models.publishing import PublicItem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rodtrad.web.public_rows import Row

Point = tuple[float, float]
# Of a project: the area's id and name, the state, latitude and longitude.
Placed = tuple[str, str, str, float, float]

WIDTH: Final = 520
_EDGE: Final = 34.0
_TALLEST: Final = 620.0
# Places nearer each other than this on the drawing are one spot.
_NEAR: Final = 26.0
# A text begins so far from its spot, and goes to the left when it would pass the edge.
_GAP: Final = 7.0
_LETTER: Final = 8.4
_LEAST_DEGREES: Final = 0.02
# The height of a spot's two lines of text, and how many spots have any.
_LINES: Final = 38.0
_TEXTS: Final = 14
# More projects than this are not drawn; the list has them all.
_MOST: Final = 20_000


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
    area: str
    text_x: float = 0.0
    anchor: str = ""


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


def build_map(rows: Iterable[Row], code: str) -> Map | None:
    """Return the map of the projects that have a place, or None where none has."""
    placed: list[Placed] = [
        (row.area, row.area_name, row.state, row.lat, row.lon)
        for row in rows
        if row.lat is not None and row.lon is not None
    ][:_MOST]
    if not placed:
        return None
    rings = outline(code)
    corners = [(lat, lon) for ring in rings for lon, lat in ring]
    corners += [(row[3], row[4]) for row in placed]
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


def _spots(
    placed: Sequence[Placed], at: Callable[[float, float], Point]
) -> tuple[Spot, ...]:
    cells: dict[tuple[str, int, int], list[tuple[Placed, Point]]] = defaultdict(list)
    for row in placed:
        x, y = at(row[3], row[4])
        # one locality's projects are told together
        cells[row[0], int(x / _NEAR), int(y / _NEAR)].append((row, (x, y)))
    spots = [_spot(members) for members in _merged(cells)]
    spots = sorted(spots, key=lambda spot: -spot.count)
    return tuple(_placed_texts(spots))


def _merged(
    cells: dict[tuple[str, int, int], list[tuple[Placed, Point]]],
) -> list[list[tuple[Placed, Point]]]:
    """Return the cells with projects of one locality that lie side by side as one."""
    by_area: dict[str, list[list[tuple[Placed, Point]]]] = defaultdict(list)
    for (area, _column, _row), members in sorted(
        cells.items(), key=lambda cell: -len(cell[1])
    ):
        x, y = members[0][1]
        for other in by_area[area]:
            ox, oy = other[0][1]
            if math.hypot(x - ox, y - oy) < 2 * _NEAR:
                other.extend(members)
                break
        else:
            by_area[area].append(list(members))
    return [members for groups in by_area.values() for members in groups]


def _spot(members: Sequence[tuple[Placed, Point]]) -> Spot:
    count = len(members)
    x = sum(point[0] for _row, point in members) / count
    y = sum(point[1] for _row, point in members) / count
    waiting = sum(row[2] != PublicItem.State.IN for row, _point in members)
    radius = 8.0 if count == 1 else min(11.0 + 2.0 * math.log2(count), 26.0)
    area, label = members[0][0][:2]
    below = _counted(count, waiting)
    return Spot(
        x=round(x, 1),
        y=round(y, 1),
        r=round(radius, 1),
        count=count,
        waits=waiting == count,
        title=f"{label}: {below}" if label else below,
        label=label,
        below=below,
        area=area,
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
    """Return the spots with their texts to the side that has room.

    Where texts would cover each other, or there are many spots, only the larger spot has
    one: the list beside the map has the rest.
    """
    done: list[Spot] = []
    taken: list[tuple[float, float, float]] = []
    for spot in spots:
        wide = _LETTER * max(len(spot.label), len(spot.below))
        right = spot.x + spot.r + _GAP
        fits = right + wide <= WIDTH
        start = right if fits else spot.x - spot.r - _GAP - wide
        free = all(
            abs(spot.y - y) > _LINES or start > x + w or x > start + wide
            for x, y, w in taken
        )
        if free and start >= 0 and len(taken) < _TEXTS:
            taken.append((start, spot.y, wide))
            at = right if fits else spot.x - spot.r - _GAP
            side = "start" if fits else "end"
            done.append(replace(spot, text_x=round(at, 1), anchor=side))
        else:
            done.append(spot)
    return done
