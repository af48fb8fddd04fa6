"""Which parts does the municipality own, how old are they and in what condition?

`build_register` turns the tables assets, components and inspections into arrays aligned
by component, with what stands in for a missing figure written down in `assumed`. The
expected lives and conditions are read from `defaults/lives.toml` and
`defaults/condition.toml`. Leaves out whether the tables are sound (rules) and every
forecast (needs).
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rodtrad.domain.condition_scales import INSPECTION, condition_class
from rodtrad.domain.messages import issue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array
    from rodtrad.domain.components import Tables
    from rodtrad.errors import Issue

DEFAULTS: Final = Path(__file__).with_name("defaults")
WHOLE: Final = ""
"""The component name of an asset that is not divided into components."""

# ---------------------------------------------------------------- expected lives


@dataclass(frozen=True)
class LifeClass:
    """What is expected of a kind of component before its own history is read.

    `life_years` is the mean technical life; in eight cases of ten the true mean lies
    within `low` and `high`.
    """

    key: str
    label: str
    life_years: float
    low: float
    high: float
    match: tuple[str, ...]
    source: str
    quality: str

    @property
    def log_sd(self) -> float:
        """How sure the mean life is: standard deviation of its logarithm."""
        return float(np.log(self.high / self.low) / (2 * 1.2815515655446004))


@dataclass(frozen=True)
class ExpectedLives:
    """The default classes, and the family and shape of lives within a class."""

    classes: tuple[LifeClass, ...]
    family: str
    shape: float
    shape_low: float
    shape_high: float

    def named(self, key: str) -> LifeClass:
        """Return the class with this key; KeyError if there is none."""
        for life in self.classes:
            if life.key == key:
                return life
        raise KeyError(key)

    def of(self, *names: str | None) -> LifeClass:
        """Return the class that the first telling name falls in; the last is `ovrigt`.

        Example:
            >>> lives = expected_lives()
            >>> lives.of("Yttertak", "skola").key, lives.of(None, "grundskola").key
            ('yttertak', 'byggnad')
        """
        for name in names:
            found = _life_key(name) if name else None
            if found:
                return self.named(found)
        return self.named("ovrigt")


@cache
def expected_lives() -> ExpectedLives:
    """Return the expected lives of `defaults/lives.toml`."""
    data = tomllib.loads((DEFAULTS / "lives.toml").read_text(encoding="utf-8"))
    classes = tuple(
        LifeClass(**{**row, "match": tuple(row["match"])}) for row in data["class"]
    )
    shapes = (data["shape"], data["shape_low"], data["shape_high"])
    return ExpectedLives(classes, data["family"], *shapes)


@cache
def _life_key(name: str) -> str | None:
    """The class whose longest term ends a word of the name, or else begins one."""
    words = re.findall(r"\w+", name.casefold())
    best: tuple[bool, int, str] | None = None
    for life in expected_lives().classes:
        for term in life.match:
            # Swedish puts the main word last: a grundskola is a skola. Short terms
            # begin too many other words, and the shortest end them too.
            ends = any(
                word == term or (len(term) > 2 and word.endswith(term))
                for word in words
            )
            begins = len(term) > 3 and any(word.startswith(term) for word in words)
            rank = (ends, len(term), life.key)
            if (ends or begins) and (best is None or rank[:2] > best[:2]):
                best = rank
    return best[2] if best else None


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
    has its asset's; without that it is taken to be halfway through its life. A life is
    the row's own, else that of its class. A blank cost is an equal part of what the
    asset's cost leaves over. A condition on an unknown scale is not used.

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
    parts: dict[int, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for line, record in zip(
        tables["components"].rows, tables["components"].records(), strict=True
    ):
        if record["asset_id"] in places and record["component"]:
            parts[places[record["asset_id"]]].append((line, record))
    whole_lines = [
        line
        for line, row in zip(
            tables["assets"].rows, tables["assets"].records(), strict=True
        )
        if row["asset_id"]
    ]
    columns: dict[str, list[Any]] = defaultdict(list)
    for place, row in enumerate(rows):
        divided = parts.get(place)
        group = (
            [("components", line, record) for line, record in divided]
            if divided
            else [("assets", whole_lines[place], {**row, "component": WHOLE})]
        )
        costs = _costs(group, row["replacement_cost"])
        for (table, line, record), cost in zip(group, costs, strict=True):
            _add_component(
                columns, assumed, base, place, row, (table, line, record), cost
            )
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
    )


def expected_life_years(
    name: str | None, asset: Mapping[str, Any], own: float | None
) -> float:
    """Return a component's own technical life, else the mean of its class."""
    if own is not None and own >= 1:
        return float(own)
    names = (name, asset["kind"], asset["name"])
    return expected_lives().of(*names).life_years


def assumed_year(base_year: int, life_years: float) -> int:
    """Return the year of a component that has none: it is halfway through its life."""
    return base_year - round(life_years / 2)


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


def _costs(
    group: Sequence[tuple[str, int, Mapping[str, Any]]], whole_cost: float | None
) -> list[float | None]:
    """Costs of an asset's components; blanks share what its own cost leaves over."""
    given = [record["replacement_cost"] for _table, _line, record in group]
    blanks = given.count(None)
    if not blanks or whole_cost is None:
        return given
    rest = max(float(whole_cost) - sum(c for c in given if c is not None), 0.0)
    return [rest / blanks if c is None else c for c in given]


def _add_component(
    columns: dict[str, list[Any]],
    assumed: list[Issue],
    base: int,
    place: int,
    asset: Mapping[str, Any],
    at: tuple[str, int, Mapping[str, Any]],
    cost: float | None,
) -> None:
    table, line, record = at
    name = record["component"]
    shown = name or asset["name"] or asset["asset_id"]
    life_class = expected_lives().of(name, asset["kind"], asset["name"])
    own_life = record.get("technical_life_years")
    given = own_life is not None and own_life >= 1
    life = expected_life_years(name, asset, own_life)
    installed = record.get("installed_year")
    if installed is None and asset["built_year"] is not None:
        installed = asset["built_year"]
        if table == "components":
            slots = {"c": shown, "y": int(installed)}
            found = issue("year_from_asset", table, line, "installed_year", **slots)
            assumed.append(found)
    if installed is None:
        installed = assumed_year(base, life)
        column = "installed_year" if table == "components" else "built_year"
        columns["assumed_year"].append(installed)
        assumed.append(
            issue("year_assumed", table, line, column, c=shown, y=int(installed))
        )
    if cost is None:
        cost = 0.0
        assumed.append(issue("cost_assumed", table, line, "replacement_cost", c=shown))
    scale = asset["condition_scale"]
    state = condition_class(record["condition"], scale)
    inspected = asset["inspected"]
    if inspected is None or inspected > base:
        inspected = base
    # What was put in after the inspection was not seen by it.
    if state is not None and installed > inspected:
        state = None
    consequence = asset["consequence"]
    if consequence is None:
        consequence = waiting_defaults()["consequence"]["value"]
    useful = record.get("useful_life_years") or max(1, round(life))
    book = record["book_value"]
    columns["asset"].append(place)
    columns["name"].append(name)
    columns["life_key"].append(life_class.key)
    columns["installed"].append(installed)
    columns["life"].append(life)
    columns["given"].append(given)
    columns["cost"].append(cost)
    columns["book"].append(0.0 if book is None else book)
    columns["useful"].append(useful)
    columns["condition"].append(-1 if state is None else state)
    columns["scale"].append("" if state is None else scale)
    columns["inspected"].append(inspected)
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
