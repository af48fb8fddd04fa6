"""Who lives here? The counts of people as the tables hold them, with gaps filled.

`read_people` gives the count that a forecast starts from, earlier and later totals and
known moves. Leaves out rates (population_rates) and the projection (population).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from rodtrad.domain.words import _, list_text
from rodtrad.needs.population_rates import AGES, SEXES, national_people

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rodtrad.domain.arrays import Array
    from rodtrad.domain.components import Tables

WHOLE: Final = "hela_kommunen"


@dataclass(frozen=True)
class People:
    """A counted population and what is known of its past.

    Attributes:
        areas: ids in order.
        persons: `[area, sex, age]` on 31 December of `base_year`.
        base_year: the year of the count.
        totals: inhabitants of the whole by year, base year and before.
        earlier: an earlier count of the whole, `[sex, age]`, and its year; None without.
        notes: in Swedish, what was filled in and how.
        control: totals of later years that the expected path is held to, counted or
            taken from the municipality's own forecast.
        known_year: the last year whose total is counted; errors start after it. None:
            the year of the count.
        births: live births of years after the count, by year and area id; those of the
            whole stand at `hela_kommunen`, and those of single areas only beside it.
        stand_year: the year one stands in; levels of the nation are known up to it.
            None: the year of the count.
        moved: persons a year who move in and out, each `[area, sex, age]` in the order
            of `areas` or `[1, sex, age]` for the whole; None where flows are missing.
    """

    areas: tuple[str, ...]
    persons: Array
    base_year: int
    totals: Mapping[int, float] = field(default_factory=dict)
    earlier: tuple[int, Array] | None = None
    notes: tuple[str, ...] = ()
    control: Mapping[int, float] = field(default_factory=dict)
    known_year: int | None = None
    moved: tuple[Array, Array] | None = None
    births: Mapping[tuple[int, str], float] = field(default_factory=dict)
    stand_year: int | None = None


def age_group(first: int, last: int) -> Array:
    """Return the weights that sum ages `first` to `last`, both included, `[age]`."""
    weights = np.zeros(AGES)
    weights[first : min(last, AGES - 1) + 1] = 1.0
    return weights


def read_people(tables: Tables, count_year: int | None = None) -> People | None:
    """Return the latest count in the tables, with gaps filled and told; None without.

    The count is that of the latest year up to the base year. Later totals are taken
    from `population_totals` and then from `years`, so that the places and the economy
    rest on the same number of inhabitants. Sexes counted together are shared as in the nation. An age without a row between
    others of its area and year is taken as the mean of its neighbours, which is told in
    `notes`. Rows for the whole are used only where there are no rows by area.

    Args:
        tables: the underlag.
        count_year: stand in this year instead of the base year, knowing nothing later;
            None without a count of that year.
    """
    table = tables["population"]
    counts: dict[int, dict[str, dict[int, Array]]] = defaultdict(dict)
    split = national_people()
    split = split / split.sum(axis=0)
    for row in table.records():
        year, area, age, persons = (row[k] for k in ("year", "area", "age", "persons"))
        if None in (year, area, age, persons) or persons < 0:
            continue
        ages = counts[year].setdefault(area, {})
        cell = ages.setdefault(min(age, AGES - 1), np.zeros(2))
        if row["sex"] in SEXES:
            cell[SEXES.index(row["sex"])] += persons
        else:
            cell += persons * split[:, min(age, AGES - 1)]
    if not counts:
        return None
    if count_year is not None and count_year not in counts:
        return None
    stand = tables.settings["base_year"] if count_year is None else count_year
    past = [y for y in counts if stand is None or y <= stand]
    base_year = max(past) if past else min(counts)
    names = dict(zip(tables["areas"]["area"], tables["areas"]["name"], strict=True))
    notes: list[str] = []
    order = [a for a in tables["areas"]["area"] if a in counts[base_year]]
    order += [a for a in counts[base_year] if a not in order]
    parts = [a for a in order if a != WHOLE] or order
    persons = np.array(
        [
            _filled(counts[base_year][a], names.get(a) or a, base_year, notes)
            for a in parts
        ]
    )
    earlier = None
    for year in sorted(counts, reverse=True):
        if year < base_year and set(parts) <= set(counts[year]):
            whole = sum(
                _filled(counts[year][a], names.get(a) or a, year, notes) for a in parts
            )
            if float(np.sum(whole)) > 0:
                earlier = (year, np.asarray(whole))
                break
    totals = {base_year: float(persons.sum())}
    if earlier is not None:
        totals[earlier[0]] = float(earlier[1].sum())
    for row in tables["population_totals"].records():
        late = count_year is not None and (row["year"] or 0) > count_year
        if row["area"] in (None, WHOLE) and row["year"] and row["persons"] and not late:
            totals.setdefault(row["year"], row["persons"])
    moved = _read_moves(tables, tuple(parts), persons)
    known = max([y for y in totals if stand is None or y <= stand], default=base_year)
    control = {y: n for y, n in totals.items() if base_year < y <= known}
    for year, n in zip(
        tables["years"]["year"], tables["years"]["population"], strict=True
    ):
        if year is not None and n and year > base_year:
            control.setdefault(year, n)
            if stand is not None and year <= stand:
                known = max(known, year)
    return People(
        tuple(parts),
        persons,
        base_year,
        totals,
        earlier,
        tuple(dict.fromkeys(notes)),
        control,
        known,
        moved,
        _read_births(tables, tuple(parts), base_year, count_year),
        stand,
    )


def _read_births(
    tables: Tables, areas: tuple[str, ...], base_year: int, count_year: int | None
) -> dict[tuple[int, str], float]:
    """Known births after the count, of the whole and of those areas that are given.

    A year counts where the whole has a row or every area has one; other years are told
    by the checks. Those born up to the count are in it.
    """
    given: dict[int, dict[str, float]] = defaultdict(dict)
    for row in tables["births"].records():
        year, persons = row["year"], row["persons"]
        if year is None or persons is None or persons < 0 or year <= base_year:
            continue
        if count_year is None or year <= count_year:
            given[year][row["area"] or WHOLE] = persons
    births: dict[tuple[int, str], float] = {}
    for year, by_area in given.items():
        parts = {area: by_area[area] for area in areas if area in by_area}
        if len(parts) < len(areas) and WHOLE not in by_area:
            continue
        summed = sum(parts.values())
        # The areas' own births rule; the rest of the whole is shared out.
        whole = summed if len(parts) == len(areas) else max(by_area[WHOLE], summed)
        births |= {(year, area): n for area, n in parts.items()}
        births[year, WHOLE] = whole
    return births


def _read_moves(
    tables: Tables, areas: tuple[str, ...], persons: Array
) -> tuple[Array, Array] | None:
    """Moves in and out a year by age, shared out within each row's ages as people live.

    Rows by area are used where every area has some; otherwise rows for the whole.
    """
    rows = [
        row
        for row in tables["moves"].records()
        if None
        not in (row["age_from"], row["age_to"], row["moved_in"], row["moved_out"])
        and row["age_from"] <= row["age_to"]
    ]
    given = {row["area"] for row in rows}
    by_area = set(areas) <= given
    whole = [row for row in rows if row["area"] in (None, WHOLE)]
    if not by_area and not whole:
        return None
    shape = persons.shape if by_area else (1, 2, AGES)
    moved_in, moved_out = np.zeros(shape), np.zeros(shape)
    for row in rows if by_area else whole:
        if by_area and row["area"] not in areas:
            continue
        i = areas.index(row["area"]) if by_area else 0
        ages = age_group(row["age_from"], row["age_to"])
        here = (persons[i] if by_area else persons.sum(axis=0)) * ages
        spread = share_of(here if here.sum() > 0 else np.stack([ages, ages]))
        moved_in[i] += row["moved_in"] * spread
        moved_out[i] += row["moved_out"] * spread
    return moved_in, moved_out


def _filled(ages: Mapping[int, Array], name: str, year: int, notes: list[str]) -> Array:
    """A count `[sex, age]`; ages lacking between others are the mean of the nearest."""
    result = np.zeros((2, AGES))
    known = sorted(ages)
    lacking = [x for x in range(known[0], known[-1]) if x not in ages]
    for x in known:
        result[:, x] = ages[x]
    for sex in range(2):
        if lacking:
            result[sex, lacking] = np.interp(
                lacking, known, [ages[x][sex] for x in known]
            )
    if lacking:
        notes.append(
            _(
                "{area} saknar ålder {ages} {year}. I räkningen används medelvärdet av "
                "åldrarna närmast."
            ).format(area=name, ages=list_text([str(x) for x in lacking]), year=year)
        )
    return result


def share_of(table: Array) -> Array:
    """Return the table as shares of its sum; an empty one as it is."""
    total = table.sum()
    result: Array = table / total if total > 0 else table
    return result
