"""What must hold between the tables of people, services and premises?

Here stands what several columns say together about places. Negative persons and ages
lacking in a count are found by the general checks and rules. Leaves out the forecast
of places itself (needs).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rodtrad.domain.messages import issue
from rodtrad.domain.words import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rodtrad.domain.components import Tables
    from rodtrad.errors import Issue


def check_places(tables: Tables) -> Iterable[Issue]:
    """Find ages and years in the wrong order, and areas in which nobody lives."""
    yield from _service_faults(tables)
    yield from _premises_faults(tables)
    yield from _population_faults(tables)


def _service_faults(tables: Tables) -> Iterable[Issue]:
    for name, naming in (("services", "service"), ("lookbacks", "name")):
        table = tables[name]
        for index, row in enumerate(table.records()):
            first, last = row["age_from"], row["age_to"]
            if None not in (first, last) and first > last:
                slots = {"service": quoted(row[naming] or ""), "a": first, "b": last}
                yield issue("ages_crossed", name, table.rows[index], "age_to", **slots)


def _premises_faults(tables: Tables) -> Iterable[Issue]:
    table = tables["premises"]
    for index, row in enumerate(table.records()):
        first, last = row["from_year"], row["to_year"]
        if None not in (first, last) and first > last:
            slots = {"id": quoted(row["premises_id"] or ""), "a": first, "b": last}
            yield issue(
                "premises_years", "premises", table.rows[index], "to_year", **slots
            )


def _population_faults(tables: Tables) -> Iterable[Issue]:
    table = tables["population"]
    sums: dict[tuple[int, str], float] = {}
    rows: dict[tuple[int, str], int] = {}
    names = dict(zip(tables["areas"]["area"], tables["areas"]["name"], strict=True))
    for index, row in enumerate(table.records()):
        if None in (row["year"], row["area"], row["persons"]) or row["persons"] < 0:
            continue
        key = (row["year"], row["area"])
        sums[key] = sums.get(key, 0.0) + row["persons"]
        rows.setdefault(key, table.rows[index])
    for (year, area), total in sums.items():
        if total == 0.0:
            slots = {"area": names.get(area) or area, "y": year}
            yield issue(
                "area_empty", "population", rows[year, area], "persons", **slots
            )
