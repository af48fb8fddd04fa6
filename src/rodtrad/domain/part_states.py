"""When was each part put in, what is its condition today, and who says so?

`part_states` reads the row of a part, its history and its asset together: a later
inspection counts before an older cell, what has been mended or replaced since it was
seen is not known any more, and a part of which nothing is known has the condition of
its asset. The register and the checks both call it, so that they cannot differ; the
checks must start without numpy. Leaves out what a condition costs (needs).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from rodtrad.domain.condition_scales import (
    INSPECTION,
    OTHER_REASON,
    REPAIR,
    REPLACEMENT,
    condition_class,
)
from rodtrad.domain.lives import assumed_year, expected_life_years

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.domain.components import Tables

WHOLE: Final = ""
"""The component name of an asset that is not divided into components."""

YearFrom = Literal["row", "history", "asset", "assumed"]
ConditionFrom = Literal["", "row", "inspection", "asset"]


@dataclass(frozen=True)
class PartState:
    """A part as it stands at the end of the base year.

    Args:
        table: `components`, or `assets` for an undivided asset.
        line: its row in the sheet.
        row: the row as read.
        owner: the row of its asset.
        owner_line: the asset's row in the sheet.
        installed: the year it was put in; None without a base year to assume it from.
        year_from: the row's own year; a replacement in the history that the row lacks
            or that is newer; the asset's built year; or halfway through its life.
        condition: class, 0 the best; None where none is known.
        condition_year: the year in which that was seen; None if it is not said.
        condition_from: the row's cell, an inspection in the history, or the asset.
        older: class and year of the row's cell where a later inspection found another.
        mended: year of the repair since which the condition is not known; None where
            none has taken a condition away.
    """

    table: str
    line: int
    row: Mapping[str, Any]
    owner: Mapping[str, Any]
    owner_line: int
    installed: int | None
    year_from: YearFrom
    condition: int | None = None
    condition_year: int | None = None
    condition_from: ConditionFrom = ""
    older: tuple[str, int] | None = None
    mended: int | None = None

    @property
    def name(self) -> str:
        """The part's own name; `WHOLE` for an undivided asset."""
        return str(self.row["component"]) if self.table == "components" else WHOLE

    @property
    def shown(self) -> str:
        """The name that the user knows it by."""
        return self.name or str(self.owner["name"] or self.owner["asset_id"])

    @property
    def life_years(self) -> float:
        """Its own technical life, else the mean of its class."""
        own = self.row.get("technical_life_years")
        return expected_life_years(self.name or None, self.owner, own)


@dataclass(frozen=True)
class _History:
    """What the rows of one part say: readings, and when it was last mended or new."""

    readings: tuple[tuple[int, int], ...] = ()
    repaired: int | None = None
    replaced: int | None = None


def part_states(tables: Tables) -> list[PartState]:
    """Return every part in the order of assets, and within each of components."""
    base = tables.settings["base_year"]
    assets = tables["assets"]
    owners: dict[str, tuple[int, dict[str, Any]]] = {}
    for line, row in zip(assets.rows, assets.records(), strict=True):
        if row["asset_id"]:
            owners.setdefault(row["asset_id"], (line, row))
    parts: dict[str, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    components = tables["components"]
    for line, row in zip(components.rows, components.records(), strict=True):
        if row["asset_id"] in owners and row["component"]:
            parts[row["asset_id"]].append((line, row))
    history = _histories(tables, owners, base)
    nothing = _History()
    found = []
    for asset_id, (owner_line, owner) in owners.items():
        whole = history.get((asset_id, WHOLE), nothing)
        divided = parts.get(asset_id)
        if not divided:
            year, year_from = _put_in(owner, owner, whole, base)
            one = PartState(
                "assets", owner_line, owner, owner, owner_line, year, year_from
            )
            found.append(_seen(one, owner["condition"], whole, base, None))
            continue
        shared = _of_whole(owner, whole, base)
        for line, row in divided:
            own = history.get((asset_id, row["component"]), nothing)
            year, year_from = _put_in(row, owner, own, base)
            one = PartState("components", line, row, owner, owner_line, year, year_from)
            found.append(_seen(one, row["condition"], own, base, shared))
    return found


def part_costs(parts: Sequence[PartState]) -> list[float | None]:
    """Return the costs of one asset's parts; blanks share what its own leaves over.

    None is a cost that is not known: neither the row nor the asset says it, or the
    other parts take all that the asset has.
    """
    given = [part.row["replacement_cost"] for part in parts]
    blanks, whole = given.count(None), parts[0].owner["replacement_cost"]
    if not blanks or whole is None:
        return given
    rest = float(whole) - sum(cost for cost in given if cost is not None)
    return [
        (rest / blanks if rest > 0 else None) if cost is None else cost
        for cost in given
    ]


def _histories(
    tables: Tables,
    owners: Mapping[str, tuple[int, Mapping[str, Any]]],
    base: int | None,
) -> dict[tuple[str, str], _History]:
    readings: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    repaired: dict[tuple[str, str], int] = {}
    replaced: dict[tuple[str, str], int] = {}
    for row in tables["inspections"].records():
        year, owner = row["year"], owners.get(row["asset_id"])
        if owner is None or year is None or (base is not None and year > base):
            continue
        part = (row["asset_id"], row["component"] or WHOLE)
        kind = row["kind"] or INSPECTION
        if kind in (REPLACEMENT, OTHER_REASON):
            replaced[part] = max(year, replaced.get(part, year))
            continue
        if kind == REPAIR:
            repaired[part] = max(year, repaired.get(part, year))
        state = condition_class(row["condition"], owner[1]["condition_scale"])
        if state is not None:
            readings[part].append((year, state))
    return {
        part: _History(
            tuple(readings.get(part, ())), repaired.get(part), replaced.get(part)
        )
        for part in {*readings, *repaired, *replaced}
    }


def _put_in(
    row: Mapping[str, Any],
    owner: Mapping[str, Any],
    own: _History,
    base: int | None,
) -> tuple[int | None, YearFrom]:
    """When the part that stands there was put in, and who says so."""
    year = row.get("installed_year") if row is not owner else owner["built_year"]
    if own.replaced is not None and (year is None or own.replaced > year):
        return own.replaced, "history"
    if year is not None:
        return int(year), "row"
    if owner["built_year"] is not None:
        return int(owner["built_year"]), "asset"
    if base is None:
        return None, "assumed"
    name = row["component"] if row is not owner else None
    life = expected_life_years(name, owner, row.get("technical_life_years"))
    return assumed_year(base, life), "assumed"


def _cell(
    text: str | None, owner: Mapping[str, Any], base: int | None
) -> tuple[int, int, int | None] | None:
    """Year to compare with, class and stated year of a cell's condition.

    Without a year, or with one still to come, it counts from the base year.
    """
    state = condition_class(text, owner["condition_scale"])
    if state is None:
        return None
    stated = owner["inspected"]
    if stated is None or (base is not None and stated > base):
        return (base if base is not None else 9999), state, None
    return stated, state, stated


def _seen(
    one: PartState,
    text: str | None,
    own: _History,
    base: int | None,
    shared: tuple[int, int, int | None] | None,
) -> PartState:
    """The part with its present condition.

    Seen before the part was put in, it was another's. An inspection in the year of the
    replacement is taken to be what led to it, and a repair in the year of an inspection
    to be what that saw: so the model of condition reads them too.
    """
    # An assumed year cannot say that something seen was not there.
    new = one.installed if one.year_from != "assumed" else None
    made = -1 if new is None else new
    mended = -1 if own.repaired is None else own.repaired
    cell = _cell(text, one.owner, base)
    seen: list[tuple[int, int, ConditionFrom, int | None]] = []
    if cell is not None and cell[0] >= made:
        seen.append((cell[0], cell[1], "row", cell[2]))
    found = [reading for reading in own.readings if reading[0] > made]
    if found:
        # Of several in the last year the worst counts.
        year, state = max(found)
        # A cell of the same year speaks for itself.
        if not seen or year > seen[0][0]:
            seen.insert(0, (year, state, "inspection", year))
    told = [reading for reading in seen if reading[0] >= mended]
    if told:
        _year, state, source, stated = told[0]
        older = None
        if source == "inspection" and len(seen) > 1 and cell and cell[2] is not None:
            older = (str(text), cell[2]) if cell[1] != state else None
        return replace(
            one,
            condition=state,
            condition_year=stated,
            condition_from=source,
            older=older,
        )
    lost = own.repaired if seen else None
    if shared is not None and shared[0] >= max(made, mended):
        return replace(
            one, condition=shared[1], condition_year=shared[2], condition_from="asset"
        )
    return replace(one, mended=lost)


def _of_whole(
    owner: Mapping[str, Any], whole: _History, base: int | None
) -> tuple[int, int, int | None] | None:
    """The condition of a divided asset as a whole, as `_cell` gives it."""
    made = -1 if whole.replaced is None else whole.replaced
    found = _cell(owner["condition"], owner, base)
    if found is not None and found[0] < made:
        found = None
    later = [reading for reading in whole.readings if reading[0] > made]
    if later:
        year, state = max(later)
        if found is None or year > found[0]:
            found = (year, state, year)
    if found is not None and whole.repaired is not None and found[0] < whole.repaired:
        return None
    return found
