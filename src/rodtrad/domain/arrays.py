"""How do the tables become arrays aligned by year? `build_case` answers, once.

A `Case` holds what the statements and the planner need, aligned on the plan's years:
arrays are `[year, draw]` (draw axis of length 1 in a deterministic run), money is tkr.
Nothing is computed here beyond alignment and defaults; arithmetic is in `capacity`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rodtrad.domain.components import Tables

Array = NDArray[np.float64]

STATEMENT_INPUT = ("ri", "rk", "ra", "rs", "rg", "fi", "fk", "ex")
BALANCE_LINES = (
    "fixed_assets",
    "financial_assets",
    "other_assets",
    "cash",
    "equity",
    "provisions",
    "loans",
    "other_liabilities",
)
MEMO_LINES = ("pension_off_balance", "guarantees")
DEFAULT_LIFE_YEARS = 33


class Choice(NamedTuple):
    """One chosen project: which alternative, and the year it starts."""

    project_id: str
    alternative_id: str
    start_year: int


class Lock(NamedTuple):
    """What someone has decided of a project: out, or in, perhaps how and when.

    `alternative_id` and `start_year` None leave that to the planner.
    """

    project_id: str
    included: bool = True
    alternative_id: str | None = None
    start_year: int | None = None

    def allows(self, choice: Choice | None) -> bool:
        """Whether what a plan does with the project is what was decided."""
        if choice is None or not self.included:
            return choice is None and not self.included
        return self.alternative_id in (None, choice.alternative_id) and (
            self.start_year in (None, choice.start_year)
        )

    def as_dict(self) -> dict[str, str | int | bool | None]:
        """Return the lock as `plan.json` shows it."""
        return self._asdict()


@dataclass(frozen=True)
class Part:
    """A depreciation part: its share of the outlay and its useful life.

    `useful_life_years` is None for what is never depreciated, such as land.
    """

    share: float
    useful_life_years: int | None


@dataclass(frozen=True)
class Alternative:
    """One way to carry out a project. Money in tkr, prices of the base year.

    `outlay` and `income` run from the start year, `operating` (positive is a cost)
    from the first year in use, its last value continuing. `score` is the weighted
    score 0-100 at the criteria's own weights. `scrapped` is nominal.
    """

    alternative_id: str
    name: str
    kind: str
    build_years: int
    scrapped: float
    outlay: tuple[float, ...]
    income: tuple[float, ...]
    operating: tuple[float, ...]
    parts: tuple[Part, ...]
    scores: Mapping[str, float]
    score: float
    use: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Project:
    """A project with its alternatives. Years are calendar years, already clipped."""

    project_id: str
    name: str
    must_do: bool
    deadline_year: int
    earliest_year: int
    latest_year: int
    waiting_from_year: int
    waiting_cost: float
    financing: str
    gate: str
    alternatives: tuple[Alternative, ...]

    @property
    def shortest_build_years(self) -> int:
        """The least building time among the alternatives."""
        return min(a.build_years for a in self.alternatives)

    def alternative(self, alternative_id: str) -> Alternative:
        """Return the alternative with this id; KeyError if there is none."""
        for alternative in self.alternatives:
            if alternative.alternative_id == alternative_id:
                return alternative
        raise KeyError(alternative_id)


@dataclass(frozen=True)
class Goal:
    """A goal on an indicator, per year or as the ratio of sums over N years."""

    goal_id: str
    name: str
    indicator: str
    operator: str
    value: float
    from_year: int
    to_year: int
    window: int
    period: str
    level: str
    price: float

    @property
    def window_ends(self) -> range:
        """The years in which a window of this goal ends."""
        return range(self.from_year + self.window - 1, self.to_year + 1)


@dataclass(frozen=True)
class Relation:
    """`requires` (with lag), `excludes` or `together` between two projects."""

    kind: str
    project_id: str
    other_id: str
    lag_years: int


@dataclass(frozen=True)
class Deficit:
    """A balance-requirement deficit carried in. Amounts are positive tkr."""

    year: int
    amount: float
    due_year: int
    restored: float
    exempted: float


@dataclass(frozen=True)
class Existing:
    """What is already decided, `[year, draw]` over the plan's years, nominal tkr."""

    depreciation: Array
    outlay: Array
    income: Array
    resolved: Array


@dataclass(frozen=True)
class Case:
    """The underlag as arrays. Index 0 of the drivers is the base year.

    `population`, `tax_base_growth`, `cost_growth`, `construction_growth`,
    `interest_rate`, `other_change`, `lasting_change` and `provisions_change` are
    `[1 + years, draw]`; `existing` and `adjustments` are `[year, draw]`. `locks` are
    what someone has decided beforehand; the tables hold none.
    """

    tables: Tables = field(repr=False, compare=False)
    base_year: int
    years: NDArray[np.int64]
    population: Array
    tax_base_growth: Array
    cost_growth: Array
    construction_growth: Array
    interest_rate: Array
    other_change: Array
    lasting_change: Array
    provisions_change: Array
    given: Mapping[str, Mapping[int, float]]
    opening: Mapping[str, float]
    existing: Existing | None
    adjustments: Mapping[str, Array]
    given_reserve: Mapping[str, Array]
    deficits: tuple[Deficit, ...]
    min_cash: float
    resultatreserv: float
    rur: float
    discount_rate: float
    completion_rate: float
    projects: tuple[Project, ...]
    goals: tuple[Goal, ...]
    relations: tuple[Relation, ...]
    resources: Mapping[str, Mapping[int, float]]
    weights: Mapping[str, float]
    locks: tuple[Lock, ...] = ()

    @property
    def plan_start(self) -> int:
        """The first year of the plan."""
        return int(self.years[0])

    @property
    def plan_end(self) -> int:
        """The last year of the plan."""
        return int(self.years[-1])

    @property
    def base_tkr(self) -> float:
        """Taxes and general grants of the base year: the scale of every tolerance."""
        return abs(self.given["rs"][self.base_year] + self.given["rg"][self.base_year])

    def project(self, project_id: str) -> Project:
        """Return the project with this id; KeyError if there is none."""
        return self._by_id[project_id]

    @cached_property
    def _by_id(self) -> dict[str, Project]:
        return {p.project_id: p for p in self.projects}

    def lock(self, project_id: str) -> Lock | None:
        """Return what is decided of a project beforehand, if anything is."""
        return next((one for one in self.locks if one.project_id == project_id), None)

    def starts(self, project: Project, alternative: Alternative) -> range:
        """The start years that windows and the plan's end allow."""
        last = min(project.latest_year, self.plan_end - alternative.build_years)
        if project.must_do:
            last = min(last, project.deadline_year - alternative.build_years)
        return range(project.earliest_year, last + 1)


def build_case(tables: Tables) -> Case:
    """Return the checked tables as arrays aligned on the plan's years.

    The tables must have passed `domain.checks.check_tables` without errors.
    """
    settings = tables.settings
    base_year = int(settings["base_year"])
    plan_start, plan_end = int(settings["plan_start"]), int(settings["plan_end"])
    years = np.arange(plan_start, plan_end + 1, dtype=np.int64)
    span = range(base_year, plan_end + 1)
    yearly = {row["year"]: row for row in tables["years"].records()}

    def driver(name: str) -> Array:
        values = [(yearly[y][name] or 0.0) for y in span]
        return np.array(values, dtype=np.float64)[:, None]

    given: dict[str, dict[int, float]] = {line: {} for line in STATEMENT_INPUT}
    for row in tables["statement"].records():
        if base_year <= row["year"] <= plan_end:
            given[row["line"]][row["year"]] = row["amount"]
    opening = dict.fromkeys(BALANCE_LINES + MEMO_LINES, 0.0)
    opening |= {row["line"]: row["amount"] for row in tables["balance"].records()}
    return Case(
        tables=tables,
        base_year=base_year,
        years=years,
        population=driver("population"),
        tax_base_growth=driver("tax_base_growth"),
        cost_growth=driver("cost_growth"),
        construction_growth=driver("construction_growth"),
        interest_rate=driver("interest_rate"),
        other_change=driver("other_change_tkr"),
        lasting_change=driver("lasting_change_tkr"),
        provisions_change=driver("provisions_change_tkr"),
        given=given,
        opening=opening,
        existing=_existing(tables, years),
        adjustments=_adjustments(tables, years),
        given_reserve=_given_reserve(tables, years),
        deficits=tuple(
            Deficit(
                row["year"],
                row["amount"],
                row["due_year"],
                row["restored"] or 0.0,
                row["exempted"] or 0.0,
            )
            for row in sorted(tables["deficits"].records(), key=lambda row: row["year"])
        ),
        min_cash=float(settings["min_cash_tkr"]),
        resultatreserv=float(settings["resultatreserv_tkr"]),
        rur=float(settings["rur_tkr"]),
        discount_rate=float(settings["discount_rate"]),
        completion_rate=float(settings["completion_rate"]),
        projects=_projects(tables, plan_start, plan_end),
        goals=_goals(tables, plan_start, plan_end),
        relations=tuple(
            Relation(
                row["kind"],
                row["project_id"],
                row["other_id"],
                int(row["lag_years"] or 0),
            )
            for row in tables["relations"].records()
        ),
        resources=_resources(tables),
        weights=_weights(tables),
    )


def _existing(tables: Tables, years: NDArray[np.int64]) -> Existing | None:
    rows = {row["year"]: row for row in tables["existing"].records()}
    if not rows:
        return None

    def column(name: str) -> Array:
        return np.array([rows[int(y)][name] or 0.0 for y in years])[:, None]

    return Existing(
        depreciation=column("depreciation_tkr"),
        outlay=column("outlay_tkr"),
        income=column("income_tkr"),
        resolved=column("resolved_income_tkr"),
    )


ADJUSTMENTS = (
    "realisationsvinster",
    "undantag_vinst",
    "undantag_forlust",
    "orealiserat",
    "aterforing",
    "synnerliga_skal",
)


def _adjustments(tables: Tables, years: NDArray[np.int64]) -> dict[str, Array]:
    sums = {kind: np.zeros((len(years), 1)) for kind in ADJUSTMENTS}
    for row in tables["adjustments"].records():
        if row["kind"] in sums and years[0] <= row["year"] <= years[-1]:
            sums[row["kind"]][row["year"] - years[0], 0] += row["amount"]
    return sums


def _given_reserve(tables: Tables, years: NDArray[np.int64]) -> dict[str, Array]:
    given = {k: np.full((len(years), 1), np.nan) for k in ("reservering", "anvandning")}
    for row in tables["adjustments"].records():
        if row["kind"] in given and years[0] <= row["year"] <= years[-1]:
            given[row["kind"]][row["year"] - years[0], 0] = row["amount"]
    return given


def _group(tables: Tables, table: str) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Rows of a table by project and alternative, in the order of the table."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in tables[table].records():
        groups.setdefault((row["project_id"], row["alternative_id"]), []).append(row)
    return groups


def _by_offset(rows: list[dict[str, Any]], column: str) -> tuple[float, ...]:
    return tuple(row[column] or 0.0 for row in sorted(rows, key=lambda r: r["offset"]))


def _projects(tables: Tables, plan_start: int, plan_end: int) -> tuple[Project, ...]:
    weights = _weights(tables)
    outlays, effects = _group(tables, "outlays"), _group(tables, "effects")
    parts, scores = _group(tables, "parts"), _group(tables, "scores")
    use = _group(tables, "resource_use")
    alternatives: dict[str, list[Alternative]] = {}
    for row in tables["alternatives"].records():
        key = (row["project_id"], row["alternative_id"])
        by_criterion = {r["criterion"]: r["score"] for r in scores.get(key, [])}
        amounts: dict[str, dict[int, float]] = {}
        for r in use.get(key, []):
            of = amounts.setdefault(r["resource"], {})
            of[r["offset"]] = of.get(r["offset"], 0.0) + r["amount"]
        alternatives.setdefault(row["project_id"], []).append(
            Alternative(
                alternative_id=row["alternative_id"],
                name=row["name"] or row["alternative_id"],
                kind=row["kind"] or "",
                build_years=int(row["build_years"] or 0),
                scrapped=row["scrapped"] or 0.0,
                outlay=_by_offset(outlays.get(key, []), "outlay"),
                income=_by_offset(outlays.get(key, []), "income"),
                operating=_by_offset(effects.get(key, []), "operating"),
                parts=tuple(
                    Part(r["share"], r["useful_life_years"]) for r in parts.get(key, [])
                )
                or (Part(1.0, DEFAULT_LIFE_YEARS),),
                scores=by_criterion,
                score=sum(w * by_criterion.get(c, 0.0) for c, w in weights.items()),
                use={
                    resource: tuple(of.get(o, 0.0) for o in range(max(of) + 1))
                    for resource, of in amounts.items()
                },
            )
        )
    projects = []
    for row in tables["projects"].records():
        earliest = row["earliest_year"]
        latest = row["latest_year"]
        deadline = row["deadline_year"]
        projects.append(
            Project(
                project_id=row["project_id"],
                name=row["name"] or row["project_id"],
                must_do=bool(row["must_do"]),
                deadline_year=plan_end if deadline is None else int(deadline),
                earliest_year=max(plan_start, earliest or plan_start),
                latest_year=min(plan_end, plan_end if latest is None else latest),
                waiting_from_year=max(plan_start, earliest or plan_start),
                waiting_cost=row["waiting_cost"] or 0.0,
                financing=row["financing"] or "skatt",
                gate=row["gate"] or "",
                alternatives=tuple(
                    sorted(
                        alternatives[row["project_id"]], key=lambda a: a.alternative_id
                    )
                ),
            )
        )
    return tuple(sorted(projects, key=lambda project: project.project_id))


def _goals(tables: Tables, plan_start: int, plan_end: int) -> tuple[Goal, ...]:
    goals = []
    for row in tables["goals"].records():
        period = row["period"] or "year"
        window = int(period.split(":")[1]) if period.startswith("average") else 1
        goals.append(
            Goal(
                goal_id=row["goal_id"],
                name=row["name"] or row["goal_id"],
                indicator=row["indicator"],
                operator=row["operator"],
                value=row["value"],
                from_year=max(plan_start, row["from_year"] or plan_start),
                to_year=min(plan_end, row["to_year"] or plan_end),
                window=window,
                period=period,
                level=row["level"] or "must",
                price=row["price"] or 0.0,
            )
        )
    return tuple(sorted(goals, key=lambda goal: goal.goal_id))


def _resources(tables: Tables) -> dict[str, dict[int, float]]:
    resources: dict[str, dict[int, float]] = {}
    for row in tables["resources"].records():
        resources.setdefault(row["resource"], {})[row["year"]] = row["available"]
    return dict(sorted(resources.items()))


def _weights(tables: Tables) -> dict[str, float]:
    raw = {row["criterion"]: row["weight"] for row in tables["criteria"].records()}
    total = sum(raw.values())
    return {criterion: weight / total for criterion, weight in raw.items()}
