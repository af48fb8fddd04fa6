"""Which projects does a version have, and which of them does a list show, in what order?

All of them in short, as lists, maps and search need them, stored with the version when
it is frozen and read once a process: no list asks the database for thousands of rows.
Letters are compared without dots, rings and accents. Leaves out what only a project's own
page shows (PublicItem).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from rodtrad.web.computing import packed_json, unpacked_json
from rodtrad.web.row_order import alphabetical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from rodtrad.web.models.publishing import PublicItem

MOST_WORDS: Final = 6
_LATEST: Final = 9999
_WORD: Final = re.compile(r"\w+")


class Row(NamedTuple):
    """A project in a list, with the names of `PublicItem`; `folded` is searched in."""

    project_id: str
    name: str
    area: str
    area_name: str
    theme: str
    state: str
    start_year: int | None
    in_use_year: int | None
    cost_tkr: float
    quality: str
    lat: float | None
    lon: float | None
    folded: str


def _by_start(row: Row) -> tuple[int, float, str]:
    return row.start_year or _LATEST, -row.cost_tkr, row.project_id


_ORDERS: Final[Mapping[str, Callable[[Row], tuple[Any, ...]]]] = {
    "kostnad": lambda row: (-row.cost_tkr, row.project_id),
    "namn": lambda row: (alphabetical(row.name), row.project_id),
}


class Rows:
    """The projects of a version; they do not change."""

    def __init__(self, rows: Iterable[Row]) -> None:
        """Put them in the order of the list page: by start, the dearest first."""
        self.all: Final = tuple(sorted(rows, key=_by_start))
        self._orders: dict[str, tuple[Row, ...]] = {}

    @cached_property
    def by_id(self) -> Mapping[str, Row]:
        """The projects by their ids."""
        return {row.project_id: row for row in self.all}

    @cached_property
    def where(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Latitude and longitude of all, in order; not a number where there is none."""
        lats = np.array([row.lat for row in self.all], dtype=np.float64)
        return lats, np.array([row.lon for row in self.all], dtype=np.float64)

    def ordered(self, order: str = "") -> tuple[Row, ...]:
        """Return all in an order; one that is not known is that of the list page."""
        if order not in _ORDERS:
            return self.all
        if order not in self._orders:
            self._orders[order] = tuple(sorted(self.all, key=_ORDERS[order]))
        return self._orders[order]

    def chosen(self, words: str = "", order: str = "", **wanted: str) -> Sequence[Row]:
        """Return those whose text holds every word and whose fields are as wanted.

        Args:
            words: what is sought; empty for all.
            order: `kostnad`, `namn`, or that of the list page.
            wanted: `area`, `theme` and `state`; an empty one asks for nothing.
        """
        rows: Sequence[Row] = self.ordered(order)
        for name, value in wanted.items():
            if value:
                at = Row._fields.index(name)
                rows = [row for row in rows if row[at] == value]
        return with_words(rows, words) if words else rows


def with_words(rows: Sequence[Row], text: str) -> Sequence[Row]:
    """Return the projects whose text holds every word; none where no word is asked for."""
    words = fold(text).split()[:MOST_WORDS]
    if not words:
        return []
    # the longest word leaves the fewest
    for word in sorted(words, key=len, reverse=True):
        rows = [row for row in rows if word in row.folded]
    return rows


def pack_rows(items: Iterable[PublicItem]) -> bytes:
    """Return the projects of a version as they are stored with it."""
    own = Row._fields[:-1]
    columns: dict[str, list[Any]] = {name: [] for name in Row._fields}
    for item in items:
        for name in own:
            columns[name].append(getattr(item, name))
        columns["folded"].append(fold(item.folded))
    return packed_json(columns)


def read_rows(packed: bytes | memoryview) -> Rows:
    """Return what `pack_rows` packed."""
    columns = unpacked_json(packed)
    return Rows(map(Row._make, zip(*(columns[x] for x in Row._fields), strict=True)))


# ---------------------------------------------------------------- words


def _without_marks(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    return "".join(char for char in plain if not unicodedata.combining(char))


# The small letters of the Latin alphabets, and those that have no simpler one.
_PLAIN: Final = str.maketrans(
    {chr(code): _without_marks(chr(code)) for code in range(0xDF, 0x250)}
    | {"ø": "o", "æ": "ae", "ð": "d", "þ": "th", "ł": "l"}
)


def fold(text: str) -> str:
    """Return a text as it is compared: small letters without marks.

    Example:
        >>> fold("Södra Vi, ÅSEN")
        'sodra vi asen'
    """
    plain = text.casefold().translate(_PLAIN)
    if not plain.isascii():
        plain = _without_marks(plain)
    return " ".join(_WORD.findall(plain))
