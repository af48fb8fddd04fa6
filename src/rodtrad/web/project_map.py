"""Where do the projects lie? A drawing with a spot a place, and data for a live map.

The drawing needs no script and counts projects that share a place; the data has every
project by itself and is kept in the process as it is sent, until the underlag or the
plan is another. Leaves out the list beside the map (views.projects).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from rodtrad.web.borders import outline
from rodtrad.web.project_index import IN, OUT, UNKNOWN
from rodtrad.web.templatetags.rodtrad import names, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.web.borders import Ring
    from rodtrad.web.models import Municipality
    from rodtrad.web.project_index import Listed, Register, Selection

T = TypeVar("T")
Place = tuple[float, float]
Placed = tuple["Listed", Place]
At = Callable[[float, float], tuple[float, float]]

WIDTH: Final = 720.0
_MARGIN: Final = 70.0
_HIGHEST: Final = 640.0
# A single place has no extent of its own: it is drawn in the middle, degrees.
_LEAST: Final = 0.02
# What lies nearer than this on the drawing is one spot.
_CELL: Final = 24.0
_NAMED: Final = 8
_ANSWERS: Final = (IN, OUT, UNKNOWN)
_KEPT: Final = 24
_remembered: OrderedDict[tuple[object, ...], Any] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True)
class Spot:
    """Projects in one place: how many, and whether all, none or some are in the plan.

    `mood` is `in` where all are, `waits` where one of several is not, `out` or
    `untried` for a single one. `title` names them.
    """

    x: str
    y: str
    r: str
    count: int
    text: str
    mood: str
    title: str


@dataclass(frozen=True)
class Drawing:
    """The drawn map: the outline as a path, names of localities, and the spots."""

    height: int
    outline: str
    localities: tuple[tuple[str, str, str], ...]
    spots: tuple[Spot, ...]


def placed(register: Register, found: Sequence[Listed]) -> list[Placed]:
    """Return the projects that have a place, each with latitude and longitude."""
    return [(p, place) for p in found if (place := register.place(p)) is not None]


def _remember(
    register: Register,
    municipality: Municipality,
    chosen: Selection,
    kind: str,
    make: Callable[[], T],
) -> T:
    """Return what was made of the same underlag, plan and selection, or make it."""
    plan, underlag = register.plan and register.plan.study, register.underlag
    key = (
        kind,
        municipality.pk,
        municipality.code,
        underlag and (underlag.pk, underlag.revision, str(underlag.changed_at)),
        plan and (plan.pk, str(plan.finished_at)),
        chosen,
    )
    with _lock:
        if key in _remembered:
            _remembered.move_to_end(key)
            return cast("T", _remembered[key])
    made = make()
    with _lock:
        _remembered[key] = made
        while len(_remembered) > _KEPT:
            _remembered.popitem(last=False)
    return made


def listed(
    register: Register, municipality: Municipality, chosen: Selection
) -> tuple[list[Placed], list[Listed]]:
    """Return what a selection leaves: what has a place, and what has none."""

    def make() -> tuple[list[Placed], list[Listed]]:
        found = chosen.choose(register)
        nowhere = [p for p in found if register.place(p) is None]
        return placed(register, found), nowhere

    return _remember(register, municipality, chosen, "listed", make)


def draw(register: Register, municipality: Municipality, chosen: Selection) -> Drawing:
    """Return the drawing of the projects that a selection leaves."""
    return _remember(
        register,
        municipality,
        chosen,
        # the spots are named in the reader's language
        f"drawing {get_language()}",
        lambda: _draw(
            register, municipality, listed(register, municipality, chosen)[0]
        ),
    )


def _draw(
    register: Register, municipality: Municipality, shown: Sequence[Placed]
) -> Drawing:
    rings = outline(municipality.code)
    corners = [(lat, lon) for ring in rings for lon, lat in ring]
    corners += [place for _p, place in shown]
    corners += register.places.values()
    if not corners:
        return Drawing(0, "", (), ())
    at, height = _scaled(corners)
    return Drawing(
        height,
        " ".join(_path(at, ring) for ring in rings),
        tuple(
            (*_text(at(*place)), register.areas.get(key, key))
            for key, place in register.places.items()
        ),
        _spots(register, shown, at),
    )


def _scaled(corners: Sequence[Place]) -> tuple[At, int]:
    """Return where a place lies in the drawing, and how high that is.

    Degrees are made square at the middle latitude.
    """
    lats = [lat for lat, _lon in corners]
    lons = [lon for _lat, lon in corners]
    south, north, west = min(lats), max(lats), min(lons)
    middle = math.cos(math.radians((south + north) / 2)) or 1.0
    across, up = (max(lons) - west) * middle, north - south
    wide, high = max(across, _LEAST), max(up, _LEAST)
    scale = min((WIDTH - 2 * _MARGIN) / wide, _HIGHEST / high)
    left = (WIDTH - across * scale) / 2
    top = _MARGIN + (high - up) * scale / 2

    def at(lat: float, lon: float) -> tuple[float, float]:
        return left + (lon - west) * middle * scale, top + (north - lat) * scale

    return at, round(high * scale + 2 * _MARGIN)


def _text(point: tuple[float, float]) -> tuple[str, str]:
    return f"{point[0]:.1f}", f"{point[1]:.1f}"


def _path(at: At, ring: Ring) -> str:
    points = " ".join(",".join(_text(at(lat, lon))) for lon, lat in ring)
    return f"M{points}Z"


def _spots(register: Register, shown: Sequence[Placed], at: At) -> tuple[Spot, ...]:
    cells: dict[tuple[int, int], list[tuple[Listed, tuple[float, float]]]] = {}
    for project, place in shown:
        x, y = at(*place)
        cells.setdefault((int(x / _CELL), int(y / _CELL)), []).append((project, (x, y)))
    return tuple(_spot(register, cell) for cell in cells.values())


def _spot(
    register: Register, cell: Sequence[tuple[Listed, tuple[float, float]]]
) -> Spot:
    count = len(cell)
    x, y = (sum(point[i] for _p, point in cell) / count for i in (0, 1))
    answers = {register.answer(p.project_id) for p, _point in cell}
    mood = (
        "in"
        if answers == {IN}
        else "waits"
        if count > 1
        else "out"
        if answers == {OUT}
        else "untried"
    )
    radius = 7.0 if count == 1 else min(11.0 + 2.0 * math.log2(count), 30.0)
    told = [p.name for p, _point in cell[:_NAMED]]
    title = told[0]
    if count > 1:
        title = ngettext("{n} projekt: {list}", "{n} projekt: {list}", count).format(
            n=number(count), list=names(told) + (" …" if count > _NAMED else "")
        )
    text = number(count) if count > 1 else ""
    return Spot(*_text((x, y)), f"{radius:.1f}", count, text, mood, title)


# ---------------------------------------------------------------- the live map's data


def as_sent(
    register: Register, municipality: Municipality, chosen: Selection
) -> tuple[str, bytes]:
    """Return the live map's data and what it is known by: another tag, other data.

    A project is a list of id, name, latitude, longitude and place in `answers`.
    """
    return _remember(
        register,
        municipality,
        chosen,
        "data",
        lambda: _as_sent(register, municipality, chosen),
    )


def _as_sent(
    register: Register, municipality: Municipality, chosen: Selection
) -> tuple[str, bytes]:
    shown = placed(register, chosen.choose(register))
    data = {
        "root": f"/{municipality.slug}/projekt/",
        "outline": outline(municipality.code),
        "answers": _ANSWERS,
        "localities": [
            [register.areas.get(area, area), lat, lon]
            for area, (lat, lon) in register.places.items()
        ],
        "projects": [
            [
                p.project_id,
                p.name,
                lat,
                lon,
                _ANSWERS.index(register.answer(p.project_id)),
            ]
            for p, (lat, lon) in shown
        ],
    }
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"', body


def heading(placed_count: int, found_count: int) -> str:
    """Say how many of the projects have a place."""
    if placed_count == found_count:
        return ngettext(
            "{n} projekt på kartan", "{n} projekt på kartan", placed_count
        ).format(n=number(placed_count))
    return _("{a} av {n} projekt har en plats").format(
        a=number(placed_count), n=number(found_count)
    )
