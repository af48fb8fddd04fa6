"""In which order do the rows of a sheet stand when they are sorted by a column?

Numbers by size, texts as a Swedish alphabet has them (å, ä, ö after z), what cannot be
read after what can, and blanks last whichever way. The order is made here and not in the
database, so that SQLite and PostgreSQL agree. A large sheet's is kept in the database
with its revision, for every process to use; after an edit only the changed rows are put
in their new places. Leaves out which rows are shown (sheet_rows).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from django.db import transaction
from django.db.utils import DatabaseError

from rodtrad.domain.columns import SCHEMA
from rodtrad.sources.workbook import choice_label
from rodtrad.web import sheet_cells
from rodtrad.web.models.underlag import Change, Row, SheetOrder, Underlag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

Key = tuple[int, float | str]
_NUMBER, _TEXT, _FAULT, _BLANK = range(4)
# A sheet of fewer rows is sorted when somebody asks.
KEPT_FROM: Final = 1_000
MOST_KEPT: Final = 12
# More rows than this are not put in one by one: the whole sheet is sorted again.
MOST_FOLLOWED: Final = 60
# In so many parts a sorted sheet is cut, again and again, to find a row's place in it.
_PARTS: Final = 48
_STORED: Final = "<i8"
# After z come å, ä and ö, here as the signs after z. ü is sorted as y.
_LETTERS: Final = str.maketrans("åäæöøü", "{||}}y")


def alphabetical(text: str) -> str:
    """Return what to sort a text by, so that it stands where a Swede looks for it.

    Example:
        >>> sorted(["Öring", "Zebra", "Ärla", "Ål", "éclair", "Duva"], key=alphabetical)
        ['Duva', 'éclair', 'Zebra', 'Ål', 'Ärla', 'Öring']
    """
    folded = text.casefold()
    if folded.isascii():
        return folded
    folded = unicodedata.normalize("NFC", folded).translate(_LETTERS)
    parts = unicodedata.normalize("NFKD", folded)
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


@dataclass(frozen=True)
class Order:
    """The numbers (pk) of a sheet's rows in rising order, the `filled` ones first."""

    rows: Rows
    filled: int

    def line(self, *, falling: bool = False) -> Rows:
        """Return the numbers in rising or falling order, blanks last in both."""
        if not falling:
            return self.rows
        return np.concatenate(
            [self.rows[: self.filled][::-1], self.rows[self.filled :]]
        )


# ---------------------------------------------------------------- what is sorted by


def key_of(table: str, name: str) -> Callable[[Mapping[str, Any]], Key]:
    """Return what gives the sort key of a row's cell in a column."""
    column = SCHEMA[table].columns[name]
    labels = {
        code: alphabetical(choice_label(column, code)) for code in column.choices or ()
    }
    known: dict[str, Key] = {}

    def text_key(text: str) -> Key:
        found = known.get(text)
        if found is None:
            found = known[text] = (_TEXT, labels.get(text) or alphabetical(text))
        return found

    if (table, name) in sheet_cells.DEPENDS:
        return lambda data: _mixed_key(table, name, data)

    def key(data: Mapping[str, Any]) -> Key:
        value = data.get(name)
        if value is None or value == "":
            return _without_value(name, data)
        return text_key(value) if isinstance(value, str) else (_NUMBER, float(value))

    return key


def _without_value(name: str, data: Mapping[str, Any]) -> Key:
    fault = sheet_cells.fault_text(data, name)
    return (_BLANK, "") if fault is None else (_FAULT, alphabetical(fault))


def _mixed_key(table: str, name: str, data: Mapping[str, Any]) -> Key:
    """The key of a cell that another cell of its row says how to read."""
    value = data.get(name)
    if value is None:
        return _without_value(name, data)
    if sheet_cells.column_of(table, name, data).is_number:
        try:
            return (_NUMBER, float(value))
        except ValueError:
            pass
    return (_TEXT, alphabetical(sheet_cells.shown(table, name, data)))


# ---------------------------------------------------------------- the order


def read_order(underlag: Underlag, table: str, column: str) -> Order:
    """Return the order of a sheet by a column, as the working copy is now."""
    kept = SheetOrder.objects.filter(
        underlag=underlag, table=table, column=column
    ).first()
    if kept is not None:
        order = Order(np.frombuffer(bytes(kept.rows), _STORED), kept.filled)
        if kept.revision == underlag.revision:
            return order
        followed = _follow(underlag, table, column, order, kept.revision)
        if followed is not None:
            _keep(underlag, table, column, followed)
            return followed
    order = _sorted(underlag, table, column)
    if len(order.rows) >= KEPT_FROM:
        _keep(underlag, table, column, order)
    return order


def _sorted(underlag: Underlag, table: str, column: str) -> Order:
    key = key_of(table, column)
    rows = Row.objects.filter(underlag=underlag, table=table)
    # the order of the sheet decides where keys are the same
    stored = rows.order_by("position", "pk").values_list("pk", "data")
    pairs = [(key(data), pk) for pk, data in stored.iterator(chunk_size=2000)]
    pairs.sort(key=lambda pair: pair[0])
    blanks = sum(1 for one, _pk in pairs if one[0] == _BLANK)
    return Order(
        np.fromiter((pk for _key, pk in pairs), np.int64, len(pairs)),
        len(pairs) - blanks,
    )


def _keep(underlag: Underlag, table: str, column: str, order: Order) -> None:
    """Store an order for the next who asks; a database that refuses is no hindrance."""
    try:
        with transaction.atomic():
            now = Underlag.objects.filter(pk=underlag.pk).values_list(
                "revision", flat=True
            )
            if now.first() != underlag.revision:
                return  # somebody saved while it was made: it may be half of each
            kept = SheetOrder(
                underlag=underlag,
                table=table,
                column=column,
                revision=underlag.revision,
                rows=order.rows.astype(_STORED).tobytes(),
                filled=order.filled,
            )
            SheetOrder.objects.bulk_create(
                [kept],
                update_conflicts=True,
                unique_fields=["underlag", "table", "column"],
                update_fields=["revision", "rows", "filled"],
            )
            every = SheetOrder.objects.filter(underlag=underlag)
            newest = every.order_by("-revision", "-pk").values_list("pk", flat=True)
            gone = list(newest[MOST_KEPT : MOST_KEPT + 100])
            if gone:
                every.filter(pk__in=gone).delete()
    except DatabaseError:
        return


# ---------------------------------------------------------------- after an edit


def _follow(
    underlag: Underlag, table: str, column: str, order: Order, since: int
) -> Order | None:
    """The order with the rows that were changed since in their new places.

    None where that cannot be told, or where sorting anew is as quick.
    """
    touched = _touched(underlag, table, since)
    if touched is None:
        return None
    if not touched:
        return order
    gone = np.isin(order.rows, np.fromiter(touched, np.int64, len(touched)))
    rest = order.rows[~gone]
    filled = order.filled - int(gone[: order.filled].sum())
    key = key_of(table, column)
    entries = sorted(
        (key(data), position, pk)
        for pk, position, data in Row.objects.filter(
            underlag=underlag, table=table, pk__in=touched
        ).values_list("pk", "position", "data")
    )
    places = _places(rest, [entry[:2] for entry in entries], key)
    return Order(
        np.insert(rest, places, [pk for _key, _position, pk in entries]),
        filled + sum(1 for entry in entries if entry[0][0] != _BLANK),
    )


def _touched(underlag: Underlag, table: str, since: int) -> set[int] | None:
    """The rows of a sheet that have been changed since a revision; None if unknown."""
    later = Change.objects.filter(
        underlag=underlag, number__gt=since, number__lte=underlag.revision
    )
    told = list(later.values_list("pk", "kind", "counts"))
    if len(told) != underlag.revision - since:
        return None  # something was written without a change of its own
    here = [(pk, kind, counts[table]) for pk, kind, counts in told if table in counts]
    if any(kind not in (Change.Kind.EDIT, Change.Kind.UNDO) for _pk, kind, _c in here):
        return None  # an import can have put the rows in another order
    if sum(sum(counts.values()) for _pk, _kind, counts in here) > MOST_FOLLOWED:
        return None
    cells = later.filter(pk__in=[pk for pk, _kind, _counts in here])
    return {
        one["id"]
        for every in cells.values_list("cells", flat=True)
        for one in every
        if one["table"] == table
    }


def _places(
    rows: Rows,
    entries: Sequence[tuple[Key, int]],
    key: Callable[[Mapping[str, Any]], Key],
) -> list[int]:
    """Where in a sorted line entries (key, position) belong; few rows are looked at."""
    bounds = [(0, len(rows)) for _entry in entries]
    known: dict[int, tuple[Key, int]] = {}
    while any(low < high for low, high in bounds):
        probes = [
            sorted({low + (high - low) * n // _PARTS for n in range(_PARTS)})
            if low < high
            else []
            for low, high in bounds
        ]
        _look_at(rows, {at for some in probes for at in some} - set(known), known, key)
        for n, entry in enumerate(entries):
            low, high = bounds[n]
            for at in probes[n]:
                if known[at] <= entry:
                    low = at + 1
                else:
                    high = at
                    break
            bounds[n] = (low, high)
    return [low for low, _high in bounds]


def _look_at(
    rows: Rows,
    places: Iterable[int],
    known: dict[int, tuple[Key, int]],
    key: Callable[[Mapping[str, Any]], Key],
) -> None:
    """Read the rows at some places of a line; one that is gone meanwhile is last."""
    wanted = {int(rows[at]): at for at in places}
    found = Row.objects.filter(pk__in=wanted).values_list("pk", "position", "data")
    for at in wanted.values():
        known[at] = ((_BLANK, ""), 1 << 40)
    for pk, position, data in found:
        known[wanted[pk]] = (key(data), position)
