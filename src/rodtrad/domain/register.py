"""Which parts does the municipality own, how old are they and in what condition?

`build_register` turns the tables assets, components and inspections into arrays aligned
by component, with what stands in for a missing figure written down in `assumed`. The
expected conditions and costs of waiting are read from `defaults/condition.toml` and
`defaults/waiting.toml`. Leaves out the expected lives (lives), whether the tables are sound
(rules) and every forecast (needs).
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.domain.condition_scales import INSPECTION, SCALES, condition_class
from rodtrad.domain.lives import DEFAULTS, LifeClass, expected_lives
from rodtrad.domain.messages import issue
from rodtrad.domain.part_states import WHOLE, part_costs, part_states
from rodtrad.domain.words import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array
    from rodtrad.domain.components import Tables
    from rodtrad.domain.part_states import PartState
    from rodtrad.errors import Issue

# ---------------------------------------------------------------- defaults


@cache
def condition_defaults() -> dict[str, Any]:
    """Return `defaults/condition.toml` as it stands."""
    return tomllib.loads((DEFAULTS / "condition.toml").read_text(encoding="utf-8"))


@cache
def waiting_defaults() -> dict[str, Any]:
    """Return `defaults/waiting.toml` as it stands."""
    return tomllib.loads((DEFAULTS / "waiting.toml").read_text(encoding="utf-8"))


# ---------------------------------------------------------------- the register


@dataclass(frozen=True)
class Asset:
    """One asset. Money in tkr; replacement in prices of the base year."""

    asset_id: str
    name: str
    kind: str
    committee: str | None
    area: str | None
    street: str | None
    lat: float | None
    lon: float | None
    built_year: int | None
    replacement_cost_tkr: float
    book_value_tkr: float
    consequence: int | None


@dataclass(frozen=True)
class Event:
    """One row of table inspections, at the place of its component."""

    component: int
    year: int
    kind: str
    state: int | None
    installed_year: int | None


@dataclass(frozen=True)
class Register:
    """Every component, aligned: arrays are `[component]`.

    Args:
        base_year: ages and values are at its end.
        assets: the assets that components belong to.
        asset: place of each component's asset in `assets`.
        names: component names; `WHOLE` for an undivided asset.
        classes: the life classes met, in the order of the defaults.
        life_class: place of each component's class in `classes`.
        installed_year: when it was put in; a year after the base year is still to come.
        life_years: expected mean technical life.
        life_given: whether the life is the row's own rather than its class's.
        replacement_cost_tkr: in prices of the base year.
        book_value_tkr: at the end of the base year.
        useful_life_years: accounting life.
        condition: class when inspected, 0 the best; −1 where none is known.
        scale: the scale's key; "" where no condition is known.
        inspected_year: year of that condition.
        consequence: 0-3, as given or assumed.
        events: history of repairs, replacements and inspections, by year.
        assumed: notes on what stands in for missing figures, as issues.
        assumed_years: the years of components that had none, nor their assets.
        of_asset: places of components whose condition is that of their asset.
    """

    base_year: int
    assets: tuple[Asset, ...]
    asset: NDArray[np.int64]
    names: tuple[str, ...]
    classes: tuple[LifeClass, ...]
    life_class: NDArray[np.int64]
    installed_year: Array
    life_years: Array
    life_given: NDArray[np.bool_]
    replacement_cost_tkr: Array
    book_value_tkr: Array
    useful_life_years: NDArray[np.int64]
    condition: NDArray[np.int64]
    scale: tuple[str, ...]
    inspected_year: Array
    consequence: NDArray[np.int64]
    events: tuple[Event, ...]
    assumed: tuple[Issue, ...]
    assumed_years: tuple[int, ...] = ()
    of_asset: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def age_years(self) -> Array:
        """Age at the end of the base year, `[component]`; negative if still to come."""
        return self.base_year - self.installed_year

    def key(self, place: int) -> str:
        """Return the name under which a component's random numbers are drawn."""
        return f"{self.assets[self.asset[place]].asset_id}/{self.names[place]}"


def build_register(tables: Tables) -> Register:
    """Return the register of the tables.

    What is missing is made up for, and said in `assumed`: a component without a year
    has its asset's; without that it is taken to be halfway through its life. A newer
    replacement in its history counts before both. A life is the row's own, else that
    of its class. A blank cost is an equal part of what the asset's cost leaves over. A
    condition on an unknown scale is not used; who tells a condition is in `part_states`.

    Raises:
        ValueError: the tables have no base year.
    """
    base = tables.settings["base_year"]
    if base is None:
        raise ValueError("the register needs a base year")
    assumed: list[Issue] = []
    rows = [r for r in tables["assets"].records() if r["asset_id"]]
    assets = tuple(_asset(row) for row in rows)
    places = {asset.asset_id: i for i, asset in enumerate(assets)}
    columns: dict[str, list[Any]] = defaultdict(list)
    parts: dict[int, list[PartState]] = defaultdict(list)
    for part in part_states(tables):
        parts[places[part.owner["asset_id"]]].append(part)
    for place in sorted(parts):
        for part, cost in zip(parts[place], part_costs(parts[place]), strict=True):
            _add_component(columns, assumed, base, place, part, cost)
    keys = set(columns["life_key"])
    classes = tuple(c for c in expected_lives().classes if c.key in keys)
    class_place = {c.key: i for i, c in enumerate(classes)}
    names = tuple(columns["name"])
    where = {
        (assets[a].asset_id, n): i
        for i, (a, n) in enumerate(zip(columns["asset"], names, strict=True))
    }
    return Register(
        base_year=base,
        assets=assets,
        asset=np.array(columns["asset"], dtype=np.int64),
        names=names,
        classes=classes,
        life_class=np.array(
            [class_place[k] for k in columns["life_key"]], dtype=np.int64
        ),
        installed_year=np.array(columns["installed"], dtype=np.float64),
        life_years=np.array(columns["life"], dtype=np.float64),
        life_given=np.array(columns["given"], dtype=bool),
        replacement_cost_tkr=np.array(columns["cost"], dtype=np.float64),
        book_value_tkr=np.array(columns["book"], dtype=np.float64),
        useful_life_years=np.array(columns["useful"], dtype=np.int64),
        condition=np.array(columns["condition"], dtype=np.int64),
        scale=tuple(columns["scale"]),
        inspected_year=np.array(columns["inspected"], dtype=np.float64),
        consequence=np.array(columns["consequence"], dtype=np.int64),
        events=_events(tables, where, base),
        assumed=tuple(assumed),
        assumed_years=tuple(columns["assumed_year"]),
        of_asset=frozenset(columns["of_asset"]),
    )


def _asset(row: Mapping[str, Any]) -> Asset:
    return Asset(
        asset_id=row["asset_id"],
        name=row["name"] or row["asset_id"],
        kind=row["kind"] or "",
        committee=row["committee"],
        area=row["area"],
        street=row["street"],
        lat=row["lat"],
        lon=row["lon"],
        built_year=row["built_year"],
        replacement_cost_tkr=float(row["replacement_cost"] or 0.0),
        book_value_tkr=float(row["book_value"] or 0.0),
        consequence=row["consequence"],
    )


def _add_component(
    columns: dict[str, list[Any]],
    assumed: list[Issue],
    base: int,
    place: int,
    part: PartState,
    cost: float | None,
) -> None:
    asset, record = part.owner, part.row
    shown, life = part.shown, part.life_years
    life_class = expected_lives().of(part.name or None, asset["kind"], asset["name"])
    own_life = record.get("technical_life_years")
    installed = part.installed
    if installed is None:
        raise ValueError("the register needs a base year")
    column = "installed_year" if part.table == "components" else "built_year"

    def tell(key: str, column: str, **slots: Any) -> None:
        assumed.append(issue(key, part.table, part.line, column, c=shown, **slots))

    if part.year_from == "asset":
        tell("year_from_asset", column, y=installed)
    elif part.year_from == "history":
        tell("year_replaced", column, y=installed)
    elif part.year_from == "assumed":
        columns["assumed_year"].append(installed)
        tell("year_assumed", column, y=installed)
    if cost is None:
        cost = 0.0
        tell("cost_assumed", "replacement_cost")
    scale, state = asset["condition_scale"], part.condition
    if part.condition_from == "asset":
        columns["of_asset"].append(len(columns["name"]))
        words = quoted(SCALES[scale][state or 0])
        if part.condition_year is None:
            tell("condition_of_asset", "condition", value=words)
        else:
            year = part.condition_year
            tell("condition_of_asset.year", "condition", value=words, y=year)
    if part.mended is not None:
        tell("condition_mended", "condition", y=part.mended)
    inspected = part.condition_year
    consequence = asset["consequence"]
    if consequence is None:
        consequence = waiting_defaults()["consequence"]["value"]
    useful = record.get("useful_life_years") or max(1, round(life))
    book = record["book_value"]
    columns["asset"].append(place)
    columns["name"].append(part.name)
    columns["life_key"].append(life_class.key)
    columns["installed"].append(installed)
    columns["life"].append(life)
    columns["given"].append(own_life is not None and own_life >= 1)
    columns["cost"].append(cost)
    columns["book"].append(0.0 if book is None else book)
    columns["useful"].append(useful)
    columns["condition"].append(-1 if state is None else state)
    columns["scale"].append("" if state is None else scale)
    columns["inspected"].append(base if inspected is None else inspected)
    columns["consequence"].append(consequence)


def _events(
    tables: Tables, where: Mapping[tuple[str, str], int], base: int
) -> tuple[Event, ...]:
    """The history in order of component and year, whatever the order of the rows."""
    scales = dict(
        zip(
            tables["assets"]["asset_id"],
            tables["assets"]["condition_scale"],
            strict=True,
        )
    )
    found = []
    for record in tables["inspections"].records():
        place = where.get((record["asset_id"], record["component"] or WHOLE))
        if place is None or record["year"] is None or record["year"] > base:
            continue
        state = condition_class(record["condition"], scales.get(record["asset_id"]))
        kind = record["kind"] or INSPECTION
        event = Event(place, record["year"], kind, state, record["installed_year"])
        found.append(event)
    return tuple(sorted(found, key=lambda e: (e.component, e.year, e.kind)))
