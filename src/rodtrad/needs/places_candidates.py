"""What could be done where places are too few or too many? Rows for the planner.

For every shortage a project with its alternatives (new build, extension, pavilion,
lease, changed catchment area), for every lasting surplus a closure, as rows of the
tables `projects`, `alternatives`, `outlays`, `effects`, `parts`, `scores` and
`relations`. Spare places are used once. Amounts
are built-in and assumed: someone replaces them when a site is known. Leaves out the
gaps themselves (gap) and renewal of what exists (candidates).
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rodtrad.domain.checks import fold_id
from rodtrad.domain.components import SCHEMA, Tables, build_table
from rodtrad.domain.register import build_register
from rodtrad.domain.words import _, money_text, number, plural
from rodtrad.needs.people import WHOLE
from rodtrad.needs.places import Premises, lead_years, read_premises, share_between
from rodtrad.needs.population_rates import defaults

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rodtrad.domain.register import Register
    from rodtrad.needs.gap import PlaceGaps, Shortage
    from rodtrad.needs.places import Service

Rows = dict[str, list[dict[str, Any]]]
TABLES: Final = (
    "projects",
    "alternatives",
    "outlays",
    "effects",
    "parts",
    "scores",
    "relations",
)


@dataclass(frozen=True)
class Claim:
    """An alternative that counts on an area's spare places."""

    project: str
    alternative: str
    places: float
    closes: bool


# By service and area.
Claims = dict[tuple[int, str], list[Claim]]

# Years after the first shortage that a building is sized for.
SIZED_FOR_YEARS: Final = 10
# A closure needs this many years with places to spare, at the 90th percentile of need.
SURPLUS_YEARS: Final = 5
KIND: Final = {
    "bygg_nytt": "bygg_nytt",
    "bygg_om": "bygg_om",
    "paviljong": "hyr",
    "hyr": "hyr",
    "upptagning": "anpassa",
    "avveckla": "avveckla",
}
LIVES: Final = {"bygg_nytt": 33, "bygg_om": 25, "paviljong": 15, "hyr": 10}
CRITERION_OF_NEED: Final = ("behov", "need", "nytta")


def place_candidates(tables: Tables, gaps: PlaceGaps) -> Rows:
    """Return candidate projects for the gaps, as rows by table.

    Ids are made of service and area, so that they are the same next year. Every row has
    `quality` antagande and says in `source` what it rests on. Outlays in tkr, prices of
    the base year; a closure's effect is negative (cheaper).

    Args:
        tables: the underlag, for premises, criteria, lead times and the plan's years.
        gaps: what `forecast_place_gaps` found in them.

    Source:
        docs/method/places.md; costs in `domain/defaults/services.toml`.
    """
    rows: Rows = {name: [] for name in TABLES}
    taken = set(tables["projects"]["project_id"])
    claims: Claims = defaultdict(list)
    for found in _local(gaps):
        _shortage_rows(rows, tables, gaps, found, claims)
    _closure_rows(rows, tables, gaps, claims)
    _apart(rows, tables, gaps, claims)
    kept = {r["project_id"] for r in rows["projects"]} - taken
    return {
        name: [row for row in table if row["project_id"] in kept]
        for name, table in rows.items()
    }


def _apart(rows: Rows, tables: Tables, gaps: PlaceGaps, claims: Claims) -> None:
    """Keep a closure and a changed catchment area from using the same places.

    Where both do not fit, the change becomes a project of its own that excludes the
    closure, and the other ways to meet the same need.
    """
    names = dict(zip(tables["areas"]["area"], tables["areas"]["name"], strict=True))
    start, end = tables.settings["plan_start"], tables.settings["plan_end"]
    ahead = [t for t, y in enumerate(gaps.years) if start <= y <= end]
    for (index, area), claimed in claims.items():
        closing = [c for c in claimed if c.closes]
        moving = [c for c in claimed if not c.closes]
        if not closing or not moving:
            continue
        place = gaps.areas.index(area)
        spare = gaps.supply[index, place, ahead] - gaps.need_high[index, place, ahead]
        if sum(c.places for c in claimed) <= float(np.min(spare)):
            continue
        source = _("Antagande: båda räknar med samma lediga platser, {area}.").format(
            area=names.get(area) or area
        )
        for move in moving:
            project = _detached(rows, tables, move)
            for closure in closing:
                _exclude(rows, tables, closure.project, project, source)


def _detached(rows: Rows, tables: Tables, move: Claim) -> str:
    """Make one alternative a project of its own, and return the project's id."""
    ways = {
        r["alternative_id"]
        for r in rows["alternatives"]
        if r["project_id"] == move.project
    }
    if len(ways) == 1 or move.project in tables["projects"]["project_id"]:
        return move.project
    project = _id(move.project, move.alternative)
    whole = next(r for r in rows["projects"] if r["project_id"] == move.project)
    name = _("{project}: ändra upptagningsområdet").format(project=whole["name"])
    rows["projects"].append({**whole, "project_id": project, "name": name})
    for table in ("alternatives", "outlays", "effects", "parts", "scores"):
        for row in rows[table]:
            if (row["project_id"], row["alternative_id"]) == (
                move.project,
                move.alternative,
            ):
                row["project_id"] = project
    source = _("Antagande: båda möter samma behov.")
    _exclude(rows, tables, project, move.project, source)
    return project


def _exclude(rows: Rows, tables: Tables, one: str, other: str, source: str) -> None:
    """Say that two projects cannot both be carried out; the new one stands first."""
    if one in tables["projects"]["project_id"]:
        one, other = other, one
    row = {"kind": "excludes", "project_id": one, "other_id": other}
    rows["relations"].append({**row, "source": source, "quality": "antagande"})


def with_candidates(tables: Tables, rows: Mapping[str, list[dict[str, Any]]]) -> Tables:
    """Return the tables with rows of candidate projects added at the end.

    Raises:
        ValueError: a row does not fit its table.
    """
    result = tables
    for name, added in rows.items():
        if not added:
            continue
        spec = SCHEMA[name]
        raw = {
            column: [*tables[name][column], *(row.get(column) for row in added)]
            for column in spec.columns
        }
        first = max(tables[name].rows, default=1) + 1
        numbers = [*tables[name].rows, *range(first, first + len(added))]
        table, issues = build_table(spec, raw, numbers)
        if any(issue.severity == "error" for issue in issues):
            raise ValueError(issues[0].message)
        result = result.replace(table)
    return result


def _local(gaps: PlaceGaps) -> list[Shortage]:
    """The shortages by area; the whole's only where no area of it has its own."""
    by_area = {s.service for s in gaps.shortages if s.area != WHOLE}
    return [
        s
        for s in gaps.shortages
        if s.area != WHOLE or len(gaps.areas) == 1 or s.service not in by_area
    ]


def _service_of(gaps: PlaceGaps, name: str) -> tuple[int, Service]:
    for index, service in enumerate(gaps.services):
        if service.name == name:
            return index, service
    raise KeyError(name)


def _id(*parts: str) -> str:
    folded = fold_id("_".join(parts)).lower()
    return "".join(c if c.isalnum() or c == "_" else "_" for c in folded)


def _shortage_rows(
    rows: Rows, tables: Tables, gaps: PlaceGaps, found: Shortage, claims: Claims
) -> None:
    index, service = _service_of(gaps, found.service)
    area = gaps.areas.index(found.area)
    cost = defaults("services")["cost"][service.kind]
    first = gaps.years.index(found.from_year)
    ahead = slice(first, first + SIZED_FOR_YEARS + 1)
    lacking = np.maximum(gaps.need[index, area] - gaps.supply[index, area], 0.0)
    peak = float(lacking[ahead].max())
    unit = int(cost["unit_places"])
    places = max(math.ceil(peak / unit - 1e-9), 1) * unit
    project = _id("platser", found.service, found.area)
    names = dict(zip(tables["areas"]["area"], tables["areas"]["name"], strict=True))
    where = names.get(found.area) or _("hela kommunen")
    source = _(
        "Antagande: behovet väntas vara {n} platser större än tillgången från {y}. "
        "Kostnader och tider är inbyggda schabloner."
    ).format(n=number(peak), y=found.from_year)
    settings = tables.settings
    start, end = settings["plan_start"], settings["plan_end"]
    rows["projects"].append(
        {
            "project_id": project,
            "name": _("Fler platser: {service}, {area}").format(
                service=found.service, area=where
            ),
            "area": found.area if found.area in names else None,
            "driver": "befolkning",
            "nira": "N",
            "must_do": "nej",
            "gate": "G0",
            "waiting_cost": round(
                float(cost["missing_place_tkr_a_year"]) * float(lacking[ahead].mean())
            ),
            "public": "ja",
            "description": _(
                "{n} platser från {y}. Befolkningen väntas behöva dem."
            ).format(n=number(places), y=found.from_year),
            "source": source,
            "quality": "antagande",
        }
    )
    leads = lead_years(tables)
    for way in ("bygg_nytt", "bygg_om", "paviljong", "hyr"):
        build_years = math.ceil(leads[way][1])
        if start + build_years > end:
            continue
        size = places if way != "bygg_om" else min(places, 2 * unit)
        _alternative_rows(rows, project, way, size, build_years, cost, source)
    for (other, moved), label in _catchment(gaps, index, found, names, claims):
        _move_rows(rows, project, other, moved, label, source)
        way = _id("flytta_till", other)
        claims[index, other].append(Claim(project, way, moved, closes=False))
    if not any(row["project_id"] == project for row in rows["alternatives"]):
        rows["projects"].pop()
        return
    _score_rows(rows, tables, project, peak)


def _alternative_rows(
    rows: Rows,
    project: str,
    way: str,
    places: int,
    build_years: int,
    cost: Mapping[str, float],
    source: str,
) -> None:
    label = {
        "bygg_nytt": _("Bygg nytt"),
        "bygg_om": _("Bygg ut"),
        "paviljong": _("Paviljong"),
        "hyr": _("Hyr lokaler"),
    }[way]
    base = {"project_id": project, "alternative_id": way}
    tail = {"source": source, "quality": "antagande"}
    name = _("{way}, {n} platser").format(way=label, n=number(places))
    rows["alternatives"].append(
        {
            **base,
            "name": name,
            "kind": KIND[way],
            "build_years": build_years,
            "scrapped": 0.0,
            **tail,
        }
    )
    years = max(build_years, 1)
    for offset in range(years):
        rows["outlays"].append(
            {
                **base,
                "offset": offset,
                "outlay": round(places * cost[way] / years),
                "income": 0.0,
                **tail,
            }
        )
    running = cost["operating_tkr_a_year"]
    if way in ("paviljong", "hyr"):
        running += cost["rent_tkr_a_year"]
    rows["effects"].append(
        {**base, "offset": 0, "operating": round(places * running), **tail}
    )
    rows["parts"].append(
        {
            **base,
            "component": _("byggnad") if way.startswith("bygg") else _("anpassning"),
            "share": 1.0,
            "useful_life_years": LIVES[way],
            **tail,
        }
    )


def _catchment(
    gaps: PlaceGaps,
    index: int,
    found: Shortage,
    names: Mapping[str, str],
    claims: Claims,
) -> Iterable[tuple[tuple[str, float], str]]:
    """Areas with places to spare through the years, beyond what others are given."""
    if found.area == WHOLE:
        return
    first = gaps.years.index(found.from_year)
    ahead = slice(first, first + SIZED_FOR_YEARS + 1)
    local = gaps.areas[:-1]
    margin = {
        a: (gaps.supply[index, i] - gaps.need_high[index, i])[ahead]
        - sum(claim.places for claim in claims.get((index, a), ()))
        for i, a in enumerate(local)
    }
    own = gaps.areas.index(found.area)
    short = (gaps.need[index, own] - gaps.supply[index, own])[ahead]
    spare = {a: v for a, v in margin.items() if a != found.area}
    for (other, _here), moved in share_between({found.area: short}, spare).items():
        yield (other, moved), names.get(other) or other


def _move_rows(
    rows: Rows, project: str, other: str, moved: float, label: str, source: str
) -> None:
    base = {"project_id": project, "alternative_id": _id("flytta_till", other)}
    tail = {"source": source, "quality": "antagande"}
    rows["alternatives"].append(
        {
            **base,
            "name": _("Ändra upptagningsområdet: {n} platser i {area}").format(
                n=number(moved), area=label
            ),
            "kind": KIND["upptagning"],
            "build_years": 1,
            "scrapped": 0.0,
            **tail,
        }
    )
    rows["outlays"].append({**base, "offset": 0, "outlay": 0.0, "income": 0.0, **tail})
    # Transport and the like; the places are there already.
    rows["effects"].append(
        {**base, "offset": 0, "operating": round(moved * 10.0), **tail}
    )
    rows["parts"].append(
        {
            **base,
            "component": _("anpassning"),
            "share": 1.0,
            "useful_life_years": 10,
            **tail,
        }
    )


def _closure_rows(rows: Rows, tables: Tables, gaps: PlaceGaps, claims: Claims) -> None:
    """Premises that could close: smallest first, while need at its high is still met."""
    settings = tables.settings
    start, end = settings["plan_start"], settings["plan_end"]
    years = [t for t, y in enumerate(gaps.years) if start + 1 <= y <= end]
    if len(years) < SURPLUS_YEARS:
        return
    premises = read_premises(tables)
    called = _premises_names(tables, premises)
    register = build_register(tables) if len(tables["assets"]) else None
    names = dict(zip(tables["areas"]["area"], tables["areas"]["name"], strict=True))
    for index, service in enumerate(gaps.services):
        cost = defaults("services")["cost"][service.kind]
        spare = {
            a: gaps.supply[index, i, years] - gaps.need_high[index, i, years]
            for i, a in enumerate(gaps.areas)
        }
        for row in sorted(premises, key=lambda p: (p.places, p.premises_id)):
            if row.service != service.name or row.places < LEAST_CLOSED:
                continue
            if not all(row.share(gaps.years[t]) for t in years):
                continue
            places = [a for a in (row.area, WHOLE) if a in spare]
            if not places or any(np.min(spare[a]) < row.places for a in places):
                continue
            for a in places:
                spare[a] = spare[a] - row.places
            least = float(np.min(spare[places[0]]))
            in_use = [p for p in premises if p.asset_id == row.asset_id]
            booked = row.places / sum(p.places for p in in_use)
            scrapped = booked * _book_value(register, row.asset_id, start)
            name = called[row.premises_id]
            _close_one(rows, tables, row, name, cost, names, least, scrapped)
            if row.area in spare:
                project = _id("stang", row.premises_id)
                claim = Claim(project, "avveckla", row.places, closes=True)
                claims[index, row.area].append(claim)


LEAST_CLOSED: Final = 5.0


def _premises_names(tables: Tables, premises: Sequence[Premises]) -> dict[str, str]:
    """What to call each premises: its building, else what it is for and where."""
    houses = dict(
        zip(tables["assets"]["asset_id"], tables["assets"]["name"], strict=True)
    )
    areas = dict(zip(tables["areas"]["area"], tables["areas"]["name"], strict=True))
    called = {}
    for row in premises:
        house = houses.get(row.asset_id) if row.asset_id else None
        where = areas.get(row.area) if row.area not in (None, WHOLE) else None
        name = house or ", ".join(filter(None, (row.service, where)))
        size = _("{n} platser").format(n=number(row.places))
        called[row.premises_id] = name if house else f"{name} ({size})"
    alike = list(called.values())
    # Two that would be called the same are told apart by their own ids.
    return {
        key: f"{name} ({key})" if alike.count(name) > 1 else name
        for key, name in called.items()
    }


def _book_value(register: Register | None, asset_id: str | None, year: int) -> float:
    """What an asset is booked at, at the end of a year, tkr; 0 where nothing is known.

    Each part is written down evenly over what is left of its useful life.
    """
    if register is None or asset_id is None:
        return 0.0
    places = [i for i, a in enumerate(register.assets) if a.asset_id == asset_id]
    mine = np.flatnonzero(np.isin(register.asset, places))
    if not len(mine):
        return 0.0
    book = register.book_value_tkr[mine]
    whole = max(register.assets[places[0]].book_value_tkr, float(book.sum()))
    weights = book if book.sum() > 0 else register.replacement_cost_tkr[mine]
    weights = weights if weights.sum() > 0 else np.ones(len(mine))
    left = register.useful_life_years[mine] - register.age_years[mine]
    passed = (year - register.base_year) / np.maximum(left, 1.0)
    kept = np.maximum(1.0 - passed, 0.0)
    return whole * float((weights * kept).sum() / weights.sum())


def _close_one(
    rows: Rows,
    tables: Tables,
    premises: Premises,
    name: str,
    cost: Mapping[str, float],
    names: Mapping[str, str],
    left: float,
    scrapped: float,
) -> None:
    places, area = premises.places, premises.area
    project = _id("stang", premises.premises_id)
    source = _(
        "Antagande: även när behovet blir högt (nio fall av tio) finns {n} platser över "
        "sedan lokalen stängts. Besparingen är en schablon."
    ).format(n=number(left))
    if scrapped > 0:
        source += " " + _(
            "Lokalens del av byggnadens bokförda värde, {tkr}, skrivs bort."
        ).format(tkr=money_text(scrapped, str(tables.settings["currency"] or "kr")))
    tail = {"source": source, "quality": "antagande"}
    base = {"project_id": project, "alternative_id": "avveckla"}
    rows["projects"].append(
        {
            "project_id": project,
            "name": _("Stäng {name}").format(name=name),
            "area": area if area in names else None,
            "driver": "ekonomi",
            "nira": "A",
            "must_do": "nej",
            "gate": "G0",
            "waiting_cost": 0.0,
            "public": "ja",
            "description": plural(
                "Lokalen {id}: {n} plats som inte väntas behövas.",
                "Lokalen {id}: {n} platser som inte väntas behövas.",
                round(places),
            ).format(id=premises.premises_id, n=number(places)),
            **tail,
        }
    )
    rows["alternatives"].append(
        {
            **base,
            "name": _("Stäng och flytta verksamheten"),
            "kind": KIND["avveckla"],
            "build_years": 1,
            "scrapped": float(round(scrapped)),
            **tail,
        }
    )
    rows["outlays"].append({**base, "offset": 0, "outlay": 0.0, "income": 0.0, **tail})
    saved = cost["operating_tkr_a_year"] + cost["rent_tkr_a_year"]
    rows["effects"].append(
        {**base, "offset": 0, "operating": -round(places * saved), **tail}
    )
    rows["parts"].append(
        {
            **base,
            "component": _("anpassning"),
            "share": 1.0,
            "useful_life_years": 10,
            **tail,
        }
    )
    _score_rows(rows, tables, project, 0.0)


def _score_rows(rows: Rows, tables: Tables, project: str, lacking: float) -> None:
    """Neutral scores, but by the need where a criterion is named for it.

    A shortage of 100 places or more is given the top of the scale; the range is wide
    because nobody has judged the project yet.
    """
    by_need = 50.0 + 50.0 * min(lacking / 100.0, 1.0) if lacking > 0 else 50.0
    source = _("Antagande: neutralt betyg tills någon har bedömt projektet.")
    for row in list(rows["alternatives"]):
        if row["project_id"] != project:
            continue
        for criterion in tables["criteria"]["criterion"]:
            about_need = any(
                word in str(criterion).lower() for word in CRITERION_OF_NEED
            )
            score = by_need if about_need else 50.0
            rows["scores"].append(
                {
                    "project_id": project,
                    "alternative_id": row["alternative_id"],
                    "criterion": criterion,
                    "low": max(score - 25.0, 0.0),
                    "score": score,
                    "high": min(score + 25.0, 100.0),
                    "source": source,
                    "quality": "antagande",
                }
            )
