"""What does the log say of a change of the underlag? An event a row, and one in all.

Big acts are told of by sheet, not one row at a time. Leaves out the page of the log
(views/events).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rodtrad.domain import words
from rodtrad.domain.columns import SCHEMA
from rodtrad.web import events, left_behind
from rodtrad.web.models.underlag import Change
from rodtrad.web.store import FAULTS, KEY_JOINT, row_key, row_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest

    from rodtrad.web.models.organisation import User
    from rodtrad.web.models.underlag import Underlag

Kind = Change.Kind
# Rows that one act adds beyond this are told of in the log by sheet, not one by one.
MOST_TOLD: Final = 5_000

events.declare_action("underlag.imported", gettext_lazy("läste in en arbetsbok"))
events.declare_action("underlag.restored", gettext_lazy("återställde en version"))
events.declare_action("underlag.undone", gettext_lazy("ångrade en ändring"))
events.declare_action("row.added", gettext_lazy("lade till en rad"))
events.declare_action("row.removed", gettext_lazy("tog bort en rad"))
_ACTIONS: Final = {
    Kind.IMPORT: "underlag.imported",
    Kind.RESTORE: "underlag.restored",
    Kind.UNDO: "underlag.undone",
}


@events.in_swedish()
def tell(who: HttpRequest | User | None, underlag: Underlag, change: Change) -> None:
    """Write in the log what a change did: to every row, and for big acts as a whole."""
    municipality = underlag.municipality
    found = []
    if change.kind in _ACTIONS:
        found.append(
            events.event(
                who,
                municipality,
                _ACTIONS[Kind(change.kind)],
                underlag,
                after={
                    table: count_words(counts)
                    for table, counts in change.counts.items()
                },
                note=change.note,
            )
        )
    many = sum(counts.get("added", 0) for counts in change.counts.values())
    by_row: dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]] = {}
    followed: set[tuple[str, str]] = set()
    left = {one.place: one.words for one in left_behind.of_change(underlag, change)}
    for one in change.cells:
        if one.get("row") == "added" and many > MOST_TOLD:
            continue
        if "row" in one:
            cells = _logged(one["data"])
            before, after = (cells, None) if one["row"] == "removed" else (None, cells)
            found.append(
                events.event(
                    who,
                    municipality,
                    f"row.{one['row']}",
                    ("row", row_address(one["table"], one["key"]), _label(one)),
                    before,
                    after,
                    note=_("Det här ligger kvar: {what}.").format(
                        what=left[one["table"], one["id"]]
                    )
                    if (one["table"], one["id"]) in left
                    else "",
                )
            )
            continue
        if one.get("followed"):
            followed.add((one["table"], one["key"]))
        before, after = by_row.setdefault((one["table"], one["key"]), ({}, {}))
        before[one["column"]] = _plain(one["before"])
        after[one["column"]] = _plain(one["after"])
    for (table, key), (before, after) in by_row.items():
        keys = [key]
        if set(SCHEMA[table].key) & set(after):
            # told of under its old name and its new one
            keys.append(row_key(SCHEMA[table], {**_key_cells(table, key), **after}))
        found += [
            events.event(
                who,
                municipality,
                "underlag.changed",
                (
                    "row",
                    row_address(table, one_key),
                    f"{_sheet(table)}: {one_key}",
                ),
                before,
                after,
                note=_("Raden följde med ett id som ändrades.")
                if (table, key) in followed
                else "",
            )
            for one_key in keys
        ]
    events.record_many(found)


def _key_cells(table: str, key: str) -> dict[str, Any]:
    """The cells of a key, as far as they can be told from its text."""
    names = SCHEMA[table].key
    parts = key.split(KEY_JOINT)
    if len(parts) != len(names):
        return {}
    cells: dict[str, Any] = {}
    for name, part in zip(names, parts, strict=True):
        number = SCHEMA[table].columns[name].is_number
        cells[name] = float(part) if number and part.isdecimal() else part or None
    return cells


def _sheet(table: str) -> str:
    return SCHEMA[table].label_sv


def _label(one: Mapping[str, Any]) -> str:
    return f"{_sheet(one['table'])}: {row_label(one['data']) or one['key']}"


def _plain(value: Any) -> Any:
    return value["fault"] if isinstance(value, dict) else value


def _logged(data: Mapping[str, Any]) -> dict[str, Any]:
    cells = {name: value for name, value in data.items() if name != FAULTS}
    return {**cells, **(data.get(FAULTS) or {})}


def row_address(table: str, key: str) -> str:
    """Return what the log calls a row."""
    return f"{table}/{key}"[:300]


def count_words(counts: Mapping[str, int]) -> str:
    """Return how many rows were added, changed, removed and followed, in words."""
    added, changed, removed, followed = (
        counts.get(told, 0) for told in ("added", "changed", "removed", "followed")
    )
    changed -= followed
    parts = [
        (added, ngettext("{n} rad tillagd", "{n} rader tillagda", added)),
        (changed, ngettext("{n} rad ändrad", "{n} rader ändrade", changed)),
        (removed, ngettext("{n} rad borttagen", "{n} rader borttagna", removed)),
        (followed, ngettext("{n} rad följde med", "{n} rader följde med", followed)),
    ]
    return ", ".join(text.format(n=words.number(n)) for n, text in parts if n)
