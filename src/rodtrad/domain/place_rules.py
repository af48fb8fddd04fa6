"""What must hold between the tables of people, services and premises?

Here stands what several columns say together about places, and which ages or sexes a
count by single years lacks altogether. Negative persons, and ages that one area lacks
although another has them, are found by the general checks and rules. Leaves out the
forecast of places itself (needs).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from rodtrad.domain.messages import issue
from rodtrad.domain.words import _, quoted, years_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rodtrad.domain.components import Table, Tables
    from rodtrad.errors import Issue

# From so many ages on a table is meant to hold everyone by single years; whoever gives a
# few ages has chosen them, and only they are used.
SINGLE_YEAR_AGES: Final = 15
# From this age on so few are older that a table may end without an open last age.
OLD_ENOUGH: Final = 95
# An open last age holds everybody from there on: with the built-in deaths at least two
# and a half times as many as are of the age itself, while the next single age holds
# fewer than the one before.
OPEN_AGE_TIMES: Final = 1.5
_SEXES: Final = {"k": _("kvinnor"), "m": _("män")}


def check_places(tables: Tables) -> Iterable[Issue]:
    """Find ages and years in the wrong order, and areas in which nobody lives."""
    yield from _service_faults(tables)
    yield from _premises_faults(tables)
    yield from _population_faults(tables)
    yield from _age_faults(tables)
    yield from _sex_faults(tables)


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


def _readable(table: Table, *columns: str) -> bool:
    """Whether a gap in the count is one, rather than a cell that could not be read."""
    return bool(len(table)) and not set(columns) & {*table.faulty, *table.absent}


def _by_single_years(table: Table) -> bool:
    return len(set(table["age"]) - {None}) >= SINGLE_YEAR_AGES


def _age_faults(tables: Tables) -> Iterable[Issue]:
    """Find ages that nobody has a row for, in a table of single years."""
    table = tables["population"]
    if not _readable(table, "year", "area", "age") or not _by_single_years(table):
        return
    ages = sorted(set(table["age"]) - {None})
    holes = set(range(ages[-1])) - set(ages)
    if holes:
        after = min(age for age in ages if age > min(holes))
        row = table.rows[table["age"].index(after)]
        yield issue("age_missing.all", "population", row, "age", ages=years_text(holes))
    top = ages[-1]
    if top >= OLD_ENOUGH:
        return
    persons: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    first: dict[int, int] = {}
    for index, record in enumerate(table.records()):
        year, age = record["year"], record["age"]
        if None in (year, age, record["persons"]):
            continue
        persons[year][age] += record["persons"]
        if age == top:
            first.setdefault(year, table.rows[index])
    for year in sorted(first):
        below = [persons[year][age] for age in ages[-4:-1]]
        usual = sum(below) / len(below)
        if usual > 0.0 and persons[year][top] <= OPEN_AGE_TIMES * usual:
            yield issue("age_end", "population", first[year], "age", y=year, a=top)
            return


def _sex_faults(tables: Tables) -> Iterable[Issue]:
    """Find one sex without the other, and those who are counted twice."""
    table = tables["population"]
    if not _readable(table, "year", "area", "age", "sex"):
        return
    used = set(table["sex"])
    alone = used & set(_SEXES)
    if len(alone) == 1 and "alla" not in used:
        if _by_single_years(table):
            lacking = _SEXES[next(iter(set(_SEXES) - alone))]
            place = ("population", table.rows[0], "sex")
            yield issue("sex_missing.all", *place, sex=lacking)
        return
    if not alone:
        return
    given: dict[tuple[int, str, int], dict[str, int]] = defaultdict(dict)
    for index, record in enumerate(table.records()):
        if None not in (record["year"], record["area"], record["age"]):
            key = (record["year"], record["area"], record["age"])
            given[key].setdefault(record["sex"] or "alla", table.rows[index])
    # By code, year, area and sex: the first row and the ages.
    told: dict[tuple[str, int, str, str], tuple[int, list[int]]] = {}
    for (year, area, age), rows in given.items():
        there = set(rows) & set(_SEXES)
        if "alla" in rows:
            faults = [("sex_mixed", sex, rows["alla"]) for sex in sorted(there)]
        else:
            row = min(rows.values())
            faults = [("sex_missing", sex, row) for sex in _SEXES if sex not in there]
        for code, sex, row in faults:
            told.setdefault((code, year, area, sex), (row, []))[1].append(age)
    names = dict(zip(tables["areas"]["area"], tables["areas"]["name"], strict=True))
    for (code, year, area, sex), (row, ages) in told.items():
        slots = {"area": names.get(area) or area, "sex": _SEXES[sex], "y": year}
        ages_told = years_text(ages)
        yield issue(code, "population", row, "sex", ages=ages_told, **slots)
