"""What must hold between the tables of people, services and premises?

Here stands what several columns say together about people and places, and which ages or sexes a
count by single years lacks altogether. Negative persons, and ages that one area lacks
although another has them, are found by the general checks and rules. Leaves out the
forecast of places itself (needs).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from rodtrad.domain.components import SCHEMA
from rodtrad.domain.messages import issue
from rodtrad.domain.words import Labels, later, number, quoted, years_text

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
# A count this far from the year's inhabitants is hardly of the same people.
MOST_DIFFERENCE_SHARE: Final = 0.05
_WHOLE: Final = "hela_kommunen"
_SEXES: Final = Labels({"k": later("kvinnor"), "m": later("män")})


def check_places(tables: Tables) -> Iterable[Issue]:
    """Find ages and years in the wrong order, and counts that do not fit each other."""
    yield from _service_faults(tables)
    yield from _premises_faults(tables)
    yield from _lookback_faults(tables)
    yield from _population_faults(tables)
    yield from _total_faults(tables)
    yield from _birth_faults(tables)
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


def _lookback_faults(tables: Tables) -> Iterable[Issue]:
    """Find past decisions that cannot be told: no count, or used before it."""
    table = tables["lookbacks"]
    counted = set(tables["population"]["year"]) - {None}
    for index, row in enumerate(table.records()):
        a, b = row["count_year"], row["use_year"]
        slots = {"name": quoted(row["name"] or ""), "a": a, "b": b}
        place = ("lookbacks", table.rows[index])
        if None not in (a, b) and b <= a:
            yield issue("lookback_years", *place, "use_year", **slots)
        if a is not None and a not in counted:
            yield issue("lookback_count", *place, "count_year", **slots)


def _sums(tables: Tables) -> dict[int, float]:
    """Persons of all areas by year of count."""
    sums: dict[int, float] = defaultdict(float)
    parts = set(tables["population"]["area"]) - {None, _WHOLE}
    for row in tables["population"].records():
        year, area, persons = row["year"], row["area"], row["persons"]
        if None in (year, area, persons) or persons < 0 or (parts and area == _WHOLE):
            continue
        sums[year] += persons
    return sums


def _total_faults(tables: Tables) -> Iterable[Issue]:
    """Find counts in which nobody lives, or far from the year's inhabitants."""
    table = tables["population"]
    if not _readable(table, "year", "area", "age", "persons"):
        return
    totals = {
        row["year"]: ("population_totals", row["persons"])
        for row in tables["population_totals"].records()
        if row["area"] in (None, _WHOLE) and row["persons"]
    }
    base = tables.settings["base_year"]
    for year, persons in zip(
        tables["years"]["year"], tables["years"]["population"], strict=True
    ):
        if persons and year is not None and year == base:
            totals[year] = ("years", persons)
    for year, total in _sums(tables).items():
        row = table.rows[table["year"].index(year)]
        if total == 0.0:
            yield issue("population_zero", "population", row, "persons", y=year)
        elif year in totals and _by_single_years(table):
            sheet, known = totals[year]
            if abs(total - known) > MOST_DIFFERENCE_SHARE * known:
                slots = {"a": number(total), "b": number(known), "y": year}
                label = SCHEMA[sheet].label_sv
                place = ("population", row, "persons")
                yield issue("population_differs", *place, sheet=label, **slots)


def _birth_faults(tables: Tables) -> Iterable[Issue]:
    """Find years of births that cannot be used, and areas that do not add up."""
    table = tables["births"]
    years = set(tables["population"]["year"]) - {None}
    if not years or not len(table):
        return
    base = tables.settings["base_year"]
    count = max([y for y in years if base is None or y <= base], default=min(years))
    people = tables["population"]
    counted = {
        area
        for area, year in zip(people["area"], people["year"], strict=True)
        if year == count and area is not None
    }
    parts = counted - {_WHOLE} or counted
    names = dict(zip(tables["areas"]["area"], tables["areas"]["name"], strict=True))
    given: dict[int, dict[str, float]] = defaultdict(dict)
    rows: dict[int, int] = {}
    for index, row in enumerate(table.records()):
        year, persons = row["year"], row["persons"]
        area = row["area"] or _WHOLE
        if None in (year, persons) or persons < 0:
            continue
        if year <= count:
            slots = {"y": year, "count": count}
            yield issue("births_early", "births", table.rows[index], "year", **slots)
        elif area != _WHOLE and area not in parts:
            slots = {"y": year, "area": names.get(area) or area}
            yield issue("births_area", "births", table.rows[index], "area", **slots)
        else:
            rows.setdefault(year, table.rows[index])
            given[year][area] = persons
    for year, by_area in given.items():
        whole = by_area.get(_WHOLE)
        own = {area: n for area, n in by_area.items() if area in parts - {_WHOLE}}
        every = set(own) == parts
        if whole is None and not every and _WHOLE not in parts:
            yield issue("births_partial", "births", rows[year], "area", y=year)
        summed = sum(own.values())
        over = own and whole is not None and summed > whole + 0.5
        if over or (every and whole is not None and summed < whole - 0.5):
            slots = {"y": year, "a": number(summed), "b": number(whole or 0.0)}
            yield issue("births_sum", "births", rows[year], "persons", **slots)


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
    lived_in = {year for (year, _area), total in sums.items() if total > 0.0}
    for (year, area), total in sums.items():
        # Nobody in any area is told as one fault.
        if total == 0.0 and (year in lived_in or not _readable(table, "persons")):
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
