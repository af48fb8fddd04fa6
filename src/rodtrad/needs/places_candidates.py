"""What could be done where places are too few or too many? Rows for the planner.

For every shortage a project with its alternatives (new build, extension, pavilion,
lease, changed catchment area), for every lasting surplus a closure, as rows of the
tables `projects`, `alternatives`, `outlays`, `effects`, `parts` and `scores`. Amounts
are built-in and assumed: someone replaces them when a site is known. Leaves out the
gaps themselves (gap) and renewal of what exists (candidates).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rodtrad.domain.checks import fold_id
from rodtrad.domain.components import SCHEMA, Tables, build_table
from rodtrad.domain.words import _, number, plural
from rodtrad.needs.people import WHOLE
from rodtrad.needs.places import lead_years, read_premises, share_between
from rodtrad.needs.population_rates import defaults

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rodtrad.needs.gap import PlaceGaps, Shortage
    from rodtrad.needs.places import Service

Rows = dict[str, list[dict[str, Any]]]
TABLES: Final = ("projects", "alternatives", "outlays", "effects", "parts", "scores")

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
    for found in _local(gaps):
        _shortage_rows(rows, tables, gaps, found)
    _closure_rows(rows, tables, gaps)
    kept = {r["project_id"] for r in rows["projects"]} - taken
    return {
        name: [row for row in table if row["project_id"] in kept]
        for name, table in rows.items()
    }


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
    rows: Rows, tables: Tables, gaps: PlaceGaps, found: Shortage
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
    for (other, moved), label in _catchment(gaps, index, found, names):
        _move_rows(rows, project, other, moved, label, source)
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
    gaps: PlaceGaps, index: int, found: Shortage, names: Mapping[str, str]
) -> Iterable[tuple[tuple[str, float], str]]:
    """Areas with places to spare through the years of the shortage."""
    if found.area == WHOLE:
        return
    first = gaps.years.index(found.from_year)
    ahead = slice(first, first + SIZED_FOR_YEARS + 1)
    local = gaps.areas[:-1]
    margin = {
        a: (gaps.supply[index, i] - gaps.need_high[index, i])[ahead]
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


def _closure_rows(rows: Rows, tables: Tables, gaps: PlaceGaps) -> None:
    """Premises that could close: smallest first, while need at its high is still met."""
    settings = tables.settings
    start, end = settings["plan_start"], settings["plan_end"]
    years = [t for t, y in enumerate(gaps.years) if start + 1 <= y <= end]
    if len(years) < SURPLUS_YEARS:
        return
    premises = read_premises(tables)
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
            _close_one(
                rows, tables, row.premises_id, row.places, cost, names, row.area, least
            )


LEAST_CLOSED: Final = 5.0


def _close_one(
    rows: Rows,
    tables: Tables,
    premises: str,
    places: float,
    cost: Mapping[str, float],
    names: Mapping[str, str],
    area: str | None,
    left: float,
) -> None:
    project = _id("stang", premises)
    source = _(
        "Antagande: även när behovet blir högt (nio fall av tio) finns {n} platser över "
        "sedan lokalen stängts. Besparingen är en schablon."
    ).format(n=number(left))
    tail = {"source": source, "quality": "antagande"}
    base = {"project_id": project, "alternative_id": "avveckla"}
    rows["projects"].append(
        {
            "project_id": project,
            "name": _("Stäng {id}").format(id=premises),
            "area": area if area in names else None,
            "driver": "ekonomi",
            "nira": "A",
            "must_do": "nej",
            "gate": "G0",
            "waiting_cost": 0.0,
            "public": "ja",
            "description": plural(
                "{n} plats som inte väntas behövas.",
                "{n} platser som inte väntas behövas.",
                round(places),
            ).format(n=number(places)),
            **tail,
        }
    )
    rows["alternatives"].append(
        {
            **base,
            "name": _("Stäng och flytta verksamheten"),
            "kind": KIND["avveckla"],
            "build_years": 1,
            "scrapped": 0.0,
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
