"""Where and when are places too few or too many, how sure is it, and when must we decide?

`forecast_place_gaps` joins the population and the places of the tables into need, supply
and gap with low, base and high, probabilities and latest decision years. What
cannot be counted is found by the checks (domain.place_rules). Leaves out past decisions
(stories) and what could be built (places_candidates).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from rodtrad.domain.components import SCHEMA
from rodtrad.domain.words import (
    _,
    list_text,
    number,
    quoted,
    share_text,
    years_text,
)
from rodtrad.needs.people import WHOLE, People, read_people
from rodtrad.needs.places import (
    Service,
    dwelling_people,
    latest_decision,
    lead_years,
    need_places,
    peak_share,
    read_premises,
    read_services,
    supply_places,
)
from rodtrad.needs.population import (
    Housing,
    PopulationForecast,
    base_rates,
    forecast_population,
)
from rodtrad.needs.population_rates import defaults

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rodtrad.domain.arrays import Array
    from rodtrad.domain.components import Tables
    from rodtrad.needs.population_rates import Rates

LOW, HIGH = 0.1, 0.9
# A shortage is worth a decision from one place.
LEAST_PLACES: Final = 1.0
# Need that equals supply but for the last digit is no shortage, on any machine.
_TIE: Final = 1e-6


@dataclass(frozen=True)
class Shortage:
    """A service that will lack places in an area.

    Attributes:
        service: its name.
        area: id; `hela_kommunen` for all.
        from_year: the first year in which the expected need is above supply.
        places: the most places lacking in any year of the forecast, expected path.
        likely_from: the first year in which the chance of too few places is a half.
        possible_from: the first year in which that chance is a fifth.
        decide_by: the latest decision year by way (`bygg_nytt`, `paviljong`, ...).
        passed: the ways whose latest year lies before the year one stands in.
        stand_year: that year.
    """

    service: str
    area: str
    from_year: int
    places: float
    likely_from: int | None
    possible_from: int | None
    decide_by: Mapping[str, int]
    passed: tuple[str, ...]
    stand_year: int


@dataclass(frozen=True)
class PlaceGaps:
    """Need, supply and gap of places.

    Attributes:
        services: in the order of the table.
        areas: ids, last the whole municipality.
        years: calendar years.
        need: expected path with buffer, `[service, area, year]`.
        need_low: the 10th percentile of the draws, same shape.
        need_high: the 90th.
        draws: need of every path, `[service, area, year, draw]`.
        supply: `[service, area, year]`.
        shortage_share: chance that need is above supply, `[service, area, year]`.
        shortages: by service and area, where the expected need passes supply; areas
            without any places of the service count in the whole alone.
        births: expected births of the whole, `[year]`.
        persons: expected inhabitants of the whole, `[year]`.
        person_draws: inhabitants of every path, `[year, draw]`.
        notes: in Swedish: what was filled in, and what rests on assumptions.
    """

    services: tuple[Service, ...]
    areas: tuple[str, ...]
    years: tuple[int, ...]
    need: Array
    need_low: Array
    need_high: Array
    draws: Array
    supply: Array
    shortage_share: Array
    shortages: tuple[Shortage, ...]
    births: Array
    persons: Array
    person_draws: Array
    notes: tuple[str, ...]

    @property
    def gap(self) -> Array:
        """Supply minus expected need, `[service, area, year]`; negative is too few."""
        result: Array = self.supply - self.need
        return result


# ---------------------------------------------------------------- the forecast


def planned_housing(tables: Tables, people: People) -> list[Housing]:
    """Return the planned dwellings of the tables as people who move in.

    A row without an area, or in one without a count, is shared out as people live now.
    """
    found = []
    for row in tables["housing"].records():
        if None in (row["year"], row["dwelling"], row["dwellings"]):
            continue
        moved = dwelling_people(
            row["dwelling"], row["dwellings"], row["persons_per_dwelling"]
        )
        kinds = {
            "new_share": row["new_share"],
            "delay_years": row["delay_years"],
            "built_share": row["built_share"],
        }
        known = row["area"] in people.areas
        area = people.areas.index(row["area"]) if known else None
        name = row["housing_id"] or ""
        found.append(Housing(name, area, row["year"], moved, **kinds))
    return found


def table_rates(
    tables: Tables, people: People, children_per_woman: float | None = None
) -> Rates:
    """Return the rates of the whole, with the tables' own assumptions where given.

    Args:
        tables: with table `demography`.
        people: the count.
        children_per_woman: the nation's level; None takes the table's, else the
            built-in of the year.

    Source:
        docs/method/population.md.
    """
    table = tables["demography"]
    own = dict(zip(table["parameter"], table["value"], strict=True))
    if children_per_woman is None:
        children_per_woman = own.get("children_per_woman")
    return base_rates(
        people,
        children_per_woman=children_per_woman,
        out_level=own.get("out_share"),
        net_migration=own.get("net_migration"),
    )


def forecast_place_gaps(
    tables: Tables,
    *,
    last_year: int | None = None,
    draws: int = 500,
    seed: int | None = None,
    coverage: Mapping[str, float] | None = None,
    children_per_woman: float | None = None,
) -> PlaceGaps | None:
    """Return need, supply and gap of places by service, area and year.

    Args:
        tables: the underlag.
        last_year: of the forecast; None takes the plan's last year.
        draws: number of random paths behind low, high and chances.
        seed: None takes the underlag's own.
        coverage: factor on the attendance by service, the policy lever.
        children_per_woman: the nation's fertility; None takes table `demography`, else
            the built-in.

    Returns:
        None where the tables hold no people or no services.

    Source:
        docs/method/places.md.
    """
    people = read_people(tables)
    services = read_services(tables)
    if people is None or not services:
        return None
    settings = tables.settings
    last = settings["plan_end"] if last_year is None else last_year
    span = max((last or people.base_year + 10) - people.base_year, 1)
    seed = int(settings["seed"] or 0) if seed is None else seed
    rates = table_rates(tables, people, children_per_woman)
    housing = planned_housing(tables, people)
    groups = {s.name: s.attendance for s in services}
    base = forecast_population(people, rates, span, groups, housing=housing)
    paths = forecast_population(
        people, rates, span, groups, draws=max(draws, 2), seed=seed, housing=housing
    )
    buffers = np.array([s.buffer_share for s in services])[:, None, None, None]
    levers = np.array([(coverage or {}).get(s.name, 1.0) for s in services])
    lever = levers[:, None, None, None]
    need = need_places(_with_whole(base.persons), buffers, lever)[..., 0]
    drawn = need_places(_with_whole(paths.persons), buffers, lever)
    areas = (*people.areas, WHOLE) if len(people.areas) > 1 else (WHOLE,)
    names = [s.name for s in services]
    supply = supply_places(read_premises(tables), names, people.areas, base.years)
    if len(people.areas) == 1:
        supply, need, drawn = supply[:, -1:], need[:, -1:], drawn[:, -1:]
    stand = settings["plan_start"] or people.base_year + 1
    found = PlaceGaps(
        services=tuple(services),
        areas=areas,
        years=base.years,
        need=need,
        need_low=np.quantile(drawn, LOW, axis=-1),
        need_high=np.quantile(drawn, HIGH, axis=-1),
        draws=drawn,
        supply=supply,
        shortage_share=np.mean(drawn > supply[..., None] + _TIE, axis=-1),
        shortages=(),
        births=base.births.sum(axis=0)[:, 0],
        persons=base.total[:, 0],
        person_draws=paths.total,
        notes=(
            *people.notes,
            *_peaks(people, services),
            *_without_premises(services, supply),
            *_births_told(people, base),
            *_assumptions(people),
        ),
    )
    return replace(found, shortages=tuple(_shortages(found, lead_years(tables), stand)))


def _with_whole(persons: Array) -> Array:
    """`[area, group, year, draw]` as `[group, area + 1, year, draw]`, last the sum."""
    by_group = np.moveaxis(persons, 1, 0)
    whole = by_group.sum(axis=1, keepdims=True)
    result: Array = np.concatenate([by_group, whole], axis=1)
    return result


def _peaks(people: People, services: Sequence[Service]) -> Iterable[str]:
    """Tell where the fullest month takes more places than the buffer holds."""
    by_age = people.persons.sum(axis=(0, 1))
    for service in services:
        if service.kind != "preschool":
            continue
        peak = peak_share(by_age, service.attendance)
        if peak > service.buffer_share:
            yield _(
                "{service} har flest barn före sommaren, omkring {peak} fler än i "
                "genomsnitt över året. Bufferten är {buffer}."
            ).format(
                service=service.name[:1].upper() + service.name[1:],
                peak=share_text(peak, 0),
                buffer=share_text(service.buffer_share),
            )


def _without_premises(services: Sequence[Service], supply: Array) -> Iterable[str]:
    """Tell which services have a need but no places to set against it."""
    lacking = [
        quoted(service.name)
        for service, places in zip(services, supply, strict=True)
        if not places.any()
    ]
    if lacking:
        yield _(
            "Bladet Lokaler saknar platser för {list}. Därför visas behovet, men varken "
            "brist, senaste beslut eller sannolikhet för brist."
        ).format(list=list_text(lacking))


def _births_told(people: People, base: PopulationForecast) -> Iterable[str]:
    """Tell which births since the count are known, and what is counted with instead."""
    stand = people.stand_year or people.base_year
    known = [y for y in base.years if (y, WHOLE) in people.births]
    since = [y for y in base.years if y <= max(stand, *known, stand)]
    unknown = [y for y in since if y not in known]
    expected = dict(zip(base.years, base.births.sum(axis=0)[:, 0], strict=True))
    if unknown:
        told = list_text([f"{number(expected[y])} ({y})" for y in unknown])
        text = _(
            "Folkmängden efter ålder är från {y}. Hur många som föddes {ys} står inte på "
            "bladet Födda, så räkningen känner inte till det. Den räknar med {told} födda."
        )
        yield text.format(y=people.base_year, ys=years_text(unknown), told=told)
    if known:
        back = defaults("fertility")["births"]["back_years"]
        yield _(
            "Antalet födda {ys} är de som står på bladet Födda. Efter {last} fortsätter "
            "födelsetalet från den nivån och närmar sig under {n} år det inbyggda: ett "
            "antagande."
        ).format(ys=years_text(known), last=known[-1], n=back)
        if any(y < known[-1] for y in unknown):
            yield _(
                "Mellan två år med kända födda räknas födelsetalet på en rät linje."
            )


def _assumptions(people: People) -> list[str]:
    known = len([y for y in people.totals if y < people.base_year])
    notes = [
        _(
            "Födelsetal, dödstal och flyttningar är inbyggda antaganden som anpassats "
            "till kommunens åldrar."
        )
    ]
    if not known:
        notes.append(
            _(
                "Underlaget saknar folkmängd för tidigare år. Kommunen antas växa som "
                "landets kommuner brukar."
            )
        )
    return notes


def _shortages(
    gaps: PlaceGaps, leads: Mapping[str, tuple[float, float, float]], stand: int
) -> Iterable[Shortage]:
    for s, service in enumerate(gaps.services):
        for a, area in enumerate(gaps.areas):
            # People of an area that has never had places of its own are served by the
            # others: what they lack is told for the whole.
            if area != WHOLE and not gaps.supply[s, a].any() and gaps.supply[s].any():
                continue
            lacking = gaps.need[s, a] - gaps.supply[s, a]
            ahead = [
                t
                for t, year in enumerate(gaps.years)
                if year >= stand and lacking[t] >= LEAST_PLACES
            ]
            if not ahead:
                continue
            first = gaps.years[ahead[0]]
            decide = {
                way: latest_decision(first, middle)
                for way, (_low, middle, _high) in leads.items()
            }
            yield Shortage(
                service.name,
                area,
                first,
                float(lacking[ahead].max()),
                _first_year(gaps, s, a, 0.5, stand),
                _first_year(gaps, s, a, 0.2, stand),
                decide,
                tuple(way for way, year in decide.items() if year < stand),
                stand,
            )


def _first_year(
    gaps: PlaceGaps, s: int, a: int, chance: float, stand: int
) -> int | None:
    for t, year in enumerate(gaps.years):
        if year >= stand and gaps.shortage_share[s, a, t] >= chance:
            return year
    return None


# ---------------------------------------------------------------- words


def shortage_sentences(
    gaps: PlaceGaps, names: Mapping[str, str] | None = None
) -> list[str]:
    """Return a sentence or two for each shortage, in Swedish.

    Args:
        gaps: the forecast.
        names: names of areas by id.
    """
    ways = SCHEMA["lead_times"].columns["way"].choices
    told = []
    for found in gaps.shortages:
        where = (names or {}).get(found.area) or (
            _("hela kommunen") if found.area == WHOLE else found.area
        )
        text = _(
            "{service} i {area} väntas sakna platser från {year}, som mest {n}."
        ).format(
            service=found.service[:1].upper() + found.service[1:],
            area=where,
            year=found.from_year,
            n=number(found.places),
        )
        open_ways = [w for w in found.decide_by if w not in found.passed]
        if open_ways:
            latest = max(open_ways, key=lambda w: found.decide_by[w])
            soonest = min(open_ways, key=lambda w: found.decide_by[w])
            text += " " + _("Senaste beslut: {year} för att {way}.").format(
                year=found.decide_by[soonest], way=_way(ways, soonest)
            )
            if latest != soonest:
                text += " " + _("Den som väntar längre kan {way} till {year}.").format(
                    way=_way(ways, latest), year=found.decide_by[latest]
                )
        else:
            soonest = max(found.decide_by, key=lambda w: found.decide_by[w])
            lead = found.from_year - found.decide_by[soonest]
            text += " " + _("Snabbast är att {way}: tidigast {year}.").format(
                way=_way(ways, soonest), year=found.stand_year + lead
            )
        late = [w for w in found.passed if open_ways]
        if late:
            text += " " + _("Det är redan för sent att {ways}.").format(
                ways=list_text([_way(ways, w) for w in late], "eller")
            )
        told.append(text)
    return told


def _way(labels: Mapping[str, str], way: str) -> str:
    """A way as a verb: what one does."""
    verbs = {
        "paviljong": _("ställa upp en paviljong"),
        "hyr": _("hyra lokaler"),
        "bygg_nytt": _("bygga nytt"),
        "bygg_nytt_detaljplan": _("bygga nytt med ny detaljplan"),
        "bygg_om": _("bygga om eller bygga ut"),
        "upptagning": _("ändra upptagningsområdet"),
    }
    return verbs.get(way) or labels.get(way, way)
