"""What could be seen when a decision was made? Stories of past decisions on places.

`tell_stories` reads the table `lookbacks`; `needs_story` computes one of them from a
count of people, knowing nothing that came later. Leaves out the forecast that is made
today (gap).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from rodtrad.domain.words import _, list_text, number, quoted, share_text
from rodtrad.needs.gap import HIGH, LOW
from rodtrad.needs.people import People, age_group, read_people
from rodtrad.needs.places import (
    Service,
    built_in_attendance,
    read_services,
    service_kind,
)
from rodtrad.needs.population import base_rates, forecast_population
from rodtrad.needs.population_rates import defaults

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rodtrad.domain.components import Tables

# From this age on a table means "and older".
OPEN_AGE: Final = 100
LAST_PRESCHOOL_AGE: Final = 5


@dataclass(frozen=True)
class Story:
    """What was knowable when a decision was made, and what came.

    Attributes:
        name: the decision, as the table has it; the service without one.
        service: what it is about.
        count_year: the count of people that the figures rest on.
        use_year: the year in which the places were to be used.
        now: people in the ages at the count.
        base: expected people in the year of use.
        low: 10th percentile.
        high: 90th percentile.
        fewer_share: chance of fewer people in the ages than at the count.
        places: change in places needed to the year of use, expected path.
        added_places: how many were to be added.
        enough_share: chance that people alone need more than the added places.
        births: in the year of use: 10th percentile, expected, 90th percentile.
        sentences: the same in Swedish.
    """

    name: str
    service: str
    count_year: int
    use_year: int
    now: float
    base: float
    low: float
    high: float
    fewer_share: float
    places: float
    added_places: float
    enough_share: float
    births: tuple[float, float, float]
    sentences: tuple[str, ...]


def needs_story(
    people: People,
    service: Service,
    use_year: int,
    added_places: float,
    *,
    draws: int = 1000,
    seed: int = 0,
) -> Story:
    """Return what the need for a service was seen to become, from one count of people.

    Only the count and the totals up to it are used, so that the story is the one a
    planner could have told at the time.

    Args:
        people: the count, with earlier totals.
        service: whose places were to be built.
        use_year: the year in which they were to be used.
        added_places: how many were to be added.
        draws: number of random paths.
        seed: of the random numbers.

    Raises:
        ValueError: the year of use is not after the count.

    Source:
        docs/method/places.md, "Stories".
    """
    if use_year <= people.base_year:
        raise ValueError("the year of use must be after the count")
    ages = np.zeros_like(service.attendance)
    ages[service.first_age : service.last_age + 1] = 1.0
    known = {y: n for y, n in people.totals.items() if y <= people.base_year}
    people = replace(
        people, totals=known, control={}, known_year=None, births={}, stand_year=None
    )
    groups = {"ages": ages, "places": service.attendance}
    span = use_year - people.base_year
    rates = base_rates(people)
    base = forecast_population(people, rates, span, groups)
    paths = forecast_population(people, rates, span, groups, draws=draws, seed=seed)
    now = float(base.base[:, 0].sum())
    persons = paths.persons.sum(axis=0)[0, -1]
    born = paths.births.sum(axis=0)[-1]
    expected = float(base.persons.sum(axis=0)[0, -1, 0])
    factor = 1.0 + service.buffer_share
    before = float(base.base[:, 1].sum()) * factor
    after = paths.persons.sum(axis=0)[1, -1] * factor
    expected_after = float(base.persons.sum(axis=0)[1, -1, 0]) * factor
    found = Story(
        name=service.name,
        service=service.name,
        count_year=people.base_year,
        use_year=use_year,
        now=now,
        base=expected,
        low=float(np.quantile(persons, LOW)),
        high=float(np.quantile(persons, HIGH)),
        fewer_share=float(np.mean(persons < now)),
        places=expected_after - before,
        added_places=added_places,
        enough_share=float(np.mean(after - before > added_places)),
        births=(
            float(np.quantile(born, LOW)),
            float(base.births.sum(axis=0)[-1, 0]),
            float(np.quantile(born, HIGH)),
        ),
        sentences=(),
    )
    return replace(found, sentences=tuple(_told(found, service)))


def tell_stories(tables: Tables, *, draws: int = 1000, seed: int = 0) -> list[Story]:
    """Return the story of every row of table `lookbacks` that has a count of its year.

    A service of the table `services` has its own attendance; another gets the built-in
    of its ages. What happened is the last sentence, as the row has it.
    """
    own = {service.name: service for service in read_services(tables)}
    stories = []
    for row in tables["lookbacks"].records():
        first, last = row["age_from"], row["age_to"]
        years = (row["count_year"], row["use_year"])
        if None in (row["service"], first, last, *years) or first > last:
            continue
        people = read_people(tables, row["count_year"])
        if people is None or row["use_year"] <= row["count_year"]:
            continue
        service = own.get(row["service"]) or built_in_service(
            row["service"], first, last
        )
        story = needs_story(
            people,
            replace(service, first_age=first, last_age=last),
            row["use_year"],
            row["added_places"] or 0.0,
            draws=draws,
            seed=seed,
        )
        outcome = (row["outcome"],) if row["outcome"] else ()
        stories.append(
            replace(
                story,
                name=row["name"] or story.name,
                sentences=(*story.sentences, *outcome),
            )
        )
    return stories


def untold_services(tables: Tables) -> list[str]:
    """Return, in Swedish, which services past decisions name but the tables do not hold.

    Such a service has a look-back and nothing else: neither need nor places of today.
    """
    own = {service.name for service in read_services(tables)}
    named = [name for name in tables["lookbacks"]["service"] if name]
    lacking = list(dict.fromkeys(name for name in named if name not in own))
    if not lacking:
        return []
    return [
        _(
            "{list} finns bara i tillbakablicken. Underlaget säger inte hur många platser "
            "som finns i dag, eller hur stor andel som behöver en. Därför räknas varken "
            "behov, brist, senaste beslut eller sannolikhet framåt. Fyll i bladen "
            "Verksamheter och Lokaler för att få dem."
        ).format(list=list_text([quoted(name) for name in lacking]))
    ]


def _told(found: Story, service: Service) -> Iterable[str]:
    old = service.last_age >= OPEN_AGE
    ages = (
        _("{a} år eller äldre").format(a=service.first_age)
        if old
        else _("{a}–{b} år").format(a=service.first_age, b=service.last_age)
    )
    yield _(
        "Den 31 december {y0} hade kommunen {n} invånare som var {ages}. Med det som då "
        "var känt väntades de bli {base} år {y1}, och med 80 procents sannolikhet mellan "
        "{low} och {high}."
    ).format(
        y0=found.count_year,
        n=number(found.now),
        ages=ages,
        base=number(found.base),
        y1=found.use_year,
        low=number(found.low),
        high=number(found.high),
    )
    more = found.base >= found.now
    yield _("Sannolikheten att de skulle bli {what} var {p}.").format(
        what=_("fler") if more else _("färre"),
        p=chance_text(1.0 - found.fewer_share if more else found.fewer_share),
    )
    yield _(
        "Om samma andel i varje ålder behöver plats krävs {n} platser {what} {y1} än {y0}."
    ).format(
        n=number(abs(found.places)),
        what=_("fler") if found.places >= 0 else _("färre"),
        y0=found.count_year,
        y1=found.use_year,
    )
    if service.last_age <= LAST_PRESCHOOL_AGE:
        yield _(
            "Antalet födda väntades bli {n} år {y1}, och med 80 procents sannolikhet "
            "mellan {low} och {high}."
        ).format(
            n=number(found.births[1]),
            y1=found.use_year,
            low=number(found.births[0]),
            high=number(found.births[2]),
        )
    if found.added_places > 0:
        yield _(
            "Sannolikheten att befolkningen då ensam kräver mer än {n} nya platser "
            "var {p}."
        ).format(n=number(found.added_places), p=chance_text(found.enough_share))


def chance_text(share: float) -> str:
    """Return a probability for running text, never 0 or 100 per cent.

    Example:
        >>> chance_text(0.002), chance_text(0.94).replace(chr(160), " ")
        ('mindre än 1 procent', '94 procent')
    """
    if share < 0.01:
        return _("mindre än 1 procent")
    if share > 0.99:
        return _("mer än 99 procent")
    return share_text(share, 0)


def built_in_service(name: str, first_age: int, last_age: int) -> Service:
    """Return a service with the built-in attendance of its ages; without one, everybody.

    Source:
        `domain/defaults/services.toml`, `[attendance]`.
    """
    kind = service_kind(first_age, last_age)
    if kind in defaults("services")["attendance"]:
        attendance = built_in_attendance(kind) * age_group(first_age, last_age)
    else:
        attendance = age_group(first_age, last_age)
    return Service(name, attendance, 0.0, first_age, last_age, kind)
