"""How many places does each service need in each area, and how many are there?

Need is persons by age times attendance, with a buffer for peaks; supply is premises
with first and last years; the gap is supply minus need. Leaves out the people
(population), what follows in time and words (gap) and what could be built
(places_candidates). Arrays are `[service, area, year, draw]`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rodtrad.needs.population_rates import AGES, defaults

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.domain.arrays import Array
    from rodtrad.domain.components import Tables

MONTHS: Final = 12
# Preschool ends in the summer of the year in which the child turns six.
LAST_SPRING_MONTH: Final = 7


@dataclass(frozen=True)
class Service:
    """A service: who needs a place, and how many are kept free.

    Attributes:
        name: as the tables have it.
        attendance: share of each age that needs a place, `[age]`.
        buffer_share: extra places for peaks, as a share of the need.
        first_age: the youngest age that attends.
        last_age: the oldest.
        kind: preschool, school, care_home or other; for built-in costs.
    """

    name: str
    attendance: Array
    buffer_share: float
    first_age: int
    last_age: int
    kind: str


def service_kind(first_age: int, last_age: int) -> str:
    """Return the kind of a service by the ages it is for.

    Example:
        >>> service_kind(1, 5), service_kind(6, 15), service_kind(65, 120), service_kind(0, 120)
        ('preschool', 'school', 'care_home', 'other')
    """
    if last_age <= 5:
        return "preschool"
    if first_age >= 65:
        return "care_home"
    if first_age >= 5 and last_age <= 20:
        return "school"
    return "other"


def read_services(tables: Tables) -> list[Service]:
    """Return the services of the tables, in their order.

    The ages of a service all have its `ratio`, except those with a row of their own in
    table `attendance`. A service whose first age is above its last has no ages that one
    can count: it is left out here, and told by the checks.
    """
    own: dict[str, dict[int, float]] = {}
    for row in tables["attendance"].records():
        if None not in (row["service"], row["age"], row["ratio"]):
            ages = own.setdefault(row["service"], {})
            ages[min(row["age"], AGES - 1)] = row["ratio"]
    services = []
    for row in tables["services"].records():
        first, last = row["age_from"], row["age_to"]
        given = own.get(row["service"], {})
        if row["service"] is None or None in (first, last) or first > last:
            continue
        attendance = np.zeros(AGES)
        attendance[min(first, AGES - 1) : min(last, AGES - 1) + 1] = row["ratio"] or 0.0
        for age, ratio in given.items():
            attendance[age] = ratio
        services.append(
            Service(
                row["service"],
                attendance,
                row["buffer_share"] or 0.0,
                min([first, *given]),
                max([last, *given]),
                service_kind(first, last),
            )
        )
    return services


def built_in_attendance(kind: str) -> Array:
    """Return the built-in share of each age that needs a place, `[age]`.

    For a service without figures of its own: `preschool` or `care_home`.

    Source:
        `domain/defaults/services.toml`, `[attendance]`.
    """
    table = defaults("services")["attendance"][kind]
    attendance = np.zeros(AGES)
    if "ages" in table:
        attendance[table["ages"]] = table["share"]
    else:
        for first, share in zip(table["from_ages"], table["share"], strict=True):
            attendance[first:] = share
    return attendance


def need_places(
    persons: Array,
    buffer_share: Array | float,
    coverage: Array | float = 1.0,
) -> Array:
    """Return the places needed: persons x coverage x (1 + buffer).

    Args:
        persons: those who would have a place at the table's attendance, e.g.
            `[service, area, year, draw]`.
        buffer_share: extra for peaks, broadcast against `persons`.
        coverage: the policy lever: 1 keeps the attendance, 1.1 gives a tenth more of
            the people a place.

    Source:
        METHODS 4; DOMAIN 7.1. docs/method/places.md.

    Example:
        >>> need_places(np.array([100.0]), 0.04, 0.9).round(6)
        array([93.6])
    """
    result: Array = persons * coverage * (1.0 + buffer_share)
    return result


def monthly_children(
    persons: Array, attendance: Array, month: int, start_age_months: int = 15
) -> float:
    """Return the preschool children in a month, from a count on 31 December before.

    Births are spread evenly over the year. In spring those aged 1-5 at New Year are all
    there, and those aged 0 begin as they reach the age of start; in autumn those who
    turn six during the year have left for school.

    Args:
        persons: by age on 31 December before the year, `[age]`.
        attendance: share of each age in a place, `[age]`; age 1 is for those who have
            reached the age of start.
        month: 1-12.
        start_age_months: age at which children begin.

    Source:
        METHODS 4 (monthly ages). docs/method/places.md.
    """
    if not 1 <= month <= MONTHS:
        raise ValueError("month must be 1-12")
    children = 0.0
    for age in range(6):
        # Born in month b of the year (-age - 1); in mid `month` this many months old.
        for born in range(1, MONTHS + 1):
            months_old = age * MONTHS + (MONTHS - born) + month
            if months_old < start_age_months:
                continue
            if age == 5 and month > LAST_SPRING_MONTH:
                continue
            at = min(max(months_old // MONTHS, 1), 5)
            children += persons[age] / MONTHS * attendance[at]
    return float(children)


def peak_share(persons: Array, attendance: Array) -> float:
    """Return how much more places the fullest month takes than the mean month.

    Args:
        persons: by age, `[age]`.
        attendance: share of each age, `[age]`.
    """
    start = defaults("services")["peak"]["preschool"]["start_age_months"]
    months = [
        monthly_children(persons, attendance, m, start) for m in range(1, MONTHS + 1)
    ]
    mean = sum(months) / MONTHS
    return max(months) / mean - 1.0 if mean > 0 else 0.0


@dataclass(frozen=True)
class Premises:
    """One row of premises that can be counted, with years both included."""

    premises_id: str
    service: str
    area: str | None
    places: float
    from_year: int | None
    to_year: int | None
    asset_id: str | None = None

    def share(self, year: int) -> float:
        """Return 1 in a year when the places can be used, else 0."""
        begun = self.from_year is None or self.from_year <= year
        left = self.to_year is None or year <= self.to_year
        return float(begun and left)


def read_premises(tables: Tables) -> list[Premises]:
    """Return the premises of the tables that have a service and places.

    Premises that end before they begin hold no places in any year; the checks
    tell so.
    """
    return [
        Premises(
            row["premises_id"],
            row["service"],
            row["area"],
            row["places"],
            row["from_year"],
            row["to_year"],
            row["asset_id"],
        )
        for row in tables["premises"].records()
        if None not in (row["premises_id"], row["service"], row["places"])
        and row["places"] >= 0
    ]


def supply_places(
    premises: Sequence[Premises],
    services: Sequence[str],
    areas: Sequence[str],
    years: Sequence[int],
) -> Array:
    """Return the places there are, `[service, area, year]`, with a last row for all.

    The last area is the whole: every premises counts there, also those without an area
    or in one that has no count of people.

    Source:
        DOMAIN 7.1: places x status; the end date is the last whole year.
    """
    supply = np.zeros((len(services), len(areas) + 1, len(years)))
    for row in premises:
        if row.service not in services:
            continue
        s = services.index(row.service)
        for t, year in enumerate(years):
            places = row.places * row.share(year)
            supply[s, -1, t] += places
            if row.area in areas:
                supply[s, areas.index(row.area), t] += places
    return supply


def dwelling_people(dwelling: str, dwellings: int, each: float | None = None) -> Array:
    """Return the people who move into new dwellings, `[sex, age]`.

    Args:
        dwelling: smahus, flerbostadshus or aldrebostad.
        dwellings: how many.
        each: persons a dwelling; None takes the built-in.

    Source:
        `domain/defaults/services.toml`, `[dwelling]`.
    """
    table = defaults("services")["dwelling"][dwelling]
    persons = (table["persons"] if each is None else each) * dwellings
    starts = [*table["from_ages"], 95]
    by_age = np.zeros(AGES)
    for first, last, share in zip(starts[:-1], starts[1:], table["share"], strict=True):
        by_age[first:last] = share / (last - first)
    by_age *= persons / by_age.sum()
    result: Array = np.stack([by_age, by_age]) / 2.0
    return result


def lead_years(tables: Tables) -> dict[str, tuple[float, float, float]]:
    """Return the lead time of each way to get places: low, middle, high, in years.

    The table `lead_times` replaces the built-in ones row by row.

    Source:
        `domain/defaults/services.toml`, `[lead_years]`; DOMAIN 7.7.
    """
    found = {
        way: (low, middle, high)
        for way, (low, middle, high) in defaults("services")["lead_years"].items()
    }
    for row in tables["lead_times"].records():
        middle = row["lead_years"]
        if row["way"] is None or middle is None:
            continue
        low = middle if row["low_years"] is None else row["low_years"]
        high = middle if row["high_years"] is None else row["high_years"]
        found[row["way"]] = (min(low, middle), middle, max(high, middle))
    return found


def latest_decision(short_from: int, lead: float) -> int:
    """Return the last year in which a decision still gives places in time.

    The places are needed from 1 January of the year; a decision later in a year than
    the lead time allows is too late, so half years are rounded away from the need.

    Source:
        DOMAIN 7.7: latest decision = t* - lead time.

    Example:
        >>> latest_decision(2030, 4.0), latest_decision(2030, 6.5)
        (2026, 2023)
    """
    return short_from - math.ceil(lead)


def share_between(
    short: Mapping[str, Array], spare: Mapping[str, Array]
) -> dict[tuple[str, str], float]:
    """Return places that a changed catchment area could use, by (from, to) area.

    An area with too few places takes from those with most to spare in every one of the
    years, as far as they last.

    Args:
        short: places lacking by area, `[year]`, positive where there are too few.
        spare: places to spare by area, `[year]`.
    """
    left = {area: float(np.min(v)) for area, v in spare.items() if np.min(v) >= 1.0}
    moves: dict[tuple[str, str], float] = {}
    for area in sorted(short, key=lambda a: (-float(np.max(short[a])), a)):
        wanted = float(np.max(short[area]))
        for other in sorted(left, key=lambda a: (-left[a], a)):
            if other == area or wanted < 1.0 or left[other] < 1.0:
                continue
            taken = math.floor(min(wanted, left[other]))
            moves[other, area] = float(taken)
            left[other] -= taken
            wanted -= taken
    return moves
