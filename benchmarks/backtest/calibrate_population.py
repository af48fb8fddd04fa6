"""Which built-in migration and forecast errors follow from the panels up to 2019?

Writes `src/rodtrad/domain/defaults/migration.toml` from Kolada's and SCB's counts of
inhabitants 1993-2019 and the age structure of 2019. Nothing after 31 December 2019 is
read. Rolling origins 1999-2013: at each, only earlier counts are known.

What is fitted: how much of a municipality's past growth beyond the nation's persists
(one number, and an offset), the half-life of memory, and the size of the errors by
horizon and number of inhabitants. What is not in the data stands as an assumption in
`HEAD` below.

Run: `python benchmarks/backtest/calibrate_population.py [DATA] [--check]`.
"""

from __future__ import annotations

import csv
import gzip
import itertools
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "src" / "rodtrad" / "domain" / "defaults" / "migration.toml"
LAST_YEAR = 2019
ORIGINS = (1999, 2001, 2003, 2005, 2007, 2009, 2011, 2013)
HALF_LIVES = (3.0, 5.0, 8.0, 12.0, 20.0)
FIT_HORIZON = 6
QUANTILES = tuple(round(0.02 + 0.04 * i, 2) for i in range(25))
TYPICAL_SIZE = 20_000
# Births and deaths per inhabitant in the nation of 2019 (SCB: 114 523 and 88 766).
NATIONAL_NATURAL = 0.0025

NATIONAL_PERSONS = {
    1990: 8_590_630, 1991: 8_644_119, 1992: 8_692_013, 1993: 8_745_109,
    1994: 8_816_381, 1995: 8_837_496, 1996: 8_844_499, 1997: 8_847_625,
    1998: 8_854_322, 1999: 8_861_426, 2000: 8_882_792, 2001: 8_909_128,
    2002: 8_940_788, 2003: 8_975_670, 2004: 9_011_392, 2005: 9_047_752,
    2006: 9_113_257, 2007: 9_182_927, 2008: 9_256_347, 2009: 9_340_682,
    2010: 9_415_570, 2011: 9_482_855, 2012: 9_555_893, 2013: 9_644_864,
    2014: 9_747_355, 2015: 9_851_017, 2016: 9_995_153, 2017: 10_120_242,
    2018: 10_230_185, 2019: 10_327_589,
}  # fmt: skip
# Known after the last year that is fitted on; only those who stand later use them.
LATER_PERSONS = {2020: 10_379_295, 2024: 10_587_710}

HEAD = """\
# Moves in and out, the level of net migration, and how wrong past forecasts were.
# Written by benchmarks/backtest/calibrate_population.py; edit the text there.

quality = "antagande"
source = "Fitted: Kolada N01918, N01938, N01958, N01963 and age shares 1993-2011 (Källa: Kolada), SCB population 2001-2019. Assumed: the curve and level of moves out, the nation's net migration and its error."
date = "2026-11-22"
people_year = 2019
"""

ASSUMED = """
# Share who move out in a year: a Rogers-Castro curve (assumed), scaled to the level.
# Level: 671 of 15 672 moved out of Vimmerby in 2020 (vimmerby.se); most places 4-8 %.
[out]
level_share = 0.055        # range 0.04-0.08
child = 0.065
child_fall = 0.12
labour = 0.22
labour_fall = 0.10
labour_rise = 0.5
peak_from_years = 19.5
constant = 0.010

# A rate from few persons is weighed n/(n+k) against the whole's.
[shrinkage]
persons_a_year = 30        # for the step between two ages
persons_of_area = 1500     # for the rates of a part of the municipality

# Cohort change from two counts: no more than this share a year.
[hamilton_perry]
most_share = 0.15

# Where flows are missing and there is one count, no change foresaw the share of the
# young better than the model (2021 from 2019, median absolute error 0.19 against 0.23
# percentage points over 151 municipalities, docs/backtest.md): so many years it is held.
[young]
last_age = 19
years = 2
"""

NATION = """
[nation]
natural_share = {natural}  # births minus deaths per inhabitant 2019 (SCB)
# Common to all municipalities, not fitted: sd of the error in the nation's yearly
# growth over some years. A mechanical rule missed by 0.0033 in five-year windows
# 1970-2019; an official forecast knows more.
growth_error_share = 0.0025
growth_error_low_share = 0.0015
growth_error_high_share = 0.0035

# Net migration a year per inhabitant, as assumed by those who stood in the year.
# 2019: SCB's projection of 8 April 2020, 110 000 in and 63 000 out a year in the 2020s
# (https://www.scb.se/hitta-statistik/statistik-efter-amne/befolkning/befolkningsframskrivningar/befolkningsframskrivningar/pong/statistiknyhet/sveriges-framtida-befolkning-2020-2070/),
# which is also the mean of 1994-2019. 2024: halfway between that and 29 748 in 2024.
# Range +-0.0015.
[nation.net_migration_share]
2019 = 0.00455
2024 = 0.0036

# 31 December. SCB, Befolkningsstatistik i sammandrag 1960-2020 (1990, 2000, 2010-2020)
# and Folkmangd 2024; the years between from SCB's yearly series, not read again here.
[nation.persons]
"""


@dataclass(frozen=True)
class Panel:
    """Inhabitants and natural growth by municipality and year; NaN where unknown."""

    codes: tuple[str, ...]
    persons: dict[int, NDArray[np.float64]]
    natural: dict[int, NDArray[np.float64]]
    people: NDArray[np.float64]


def data_folder() -> Path:
    """The folder of larger data."""
    given = os.environ.get("RODTRAD_DATA")
    return Path(given) if given else ROOT.parent / "shared" / "data"


def rows(path: Path) -> Iterator[dict[str, str]]:
    """Give the rows of a CSV file, packed or not."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def read_people(data: Path) -> dict[str, NDArray[np.float64]]:
    """Persons on 31 December 2019 by municipality, `[sex, age]`."""
    people: dict[str, NDArray[np.float64]] = {}
    for row in rows(data / "scb" / "population_age_sex_2019.csv.gz"):
        age = int("".join(c for c in row["ålder"] if c.isdigit()))
        sex = 0 if row["kön"].startswith("kv") else 1
        table = people.setdefault(row["kommunkod"], np.zeros((2, 101)))
        table[sex, age] += float(row["X2019"])
    return people


def read_totals(data: Path, last_year: int = LAST_YEAR) -> dict[str, dict[int, float]]:
    """Inhabitants by municipality and year, up to a year, from every series there is."""
    kolada: dict[tuple[str, int], dict[str, float]] = {}
    for row in rows(data / "kolada" / "kolada_values_1995_2012.csv.gz"):
        if row["kpi"] in ("N01918", "N01938", "N01958", "N01963") and row["value"]:
            place = (row["kommunkod"], int(row["year"]))
            kolada.setdefault(place, {})[row["kpi"]] = float(row["value"])
    totals: dict[str, dict[int, float]] = {}
    for (code, year), values in kolada.items():
        if {"N01918", "N01938"} <= set(values):
            total = values["N01918"] + values["N01938"]
            if total > 0:
                totals.setdefault(code, {})[year] = total
    # Before 1998 only changes in per cent are given: counted back from the levels.
    for code, series in totals.items():
        for year in range(1997, 1993, -1):
            change = kolada.get((code, year + 1), {}).get("N01963")
            if change is not None and year + 1 in series:
                series.setdefault(year, series[year + 1] / (1 + change / 100))
        change = kolada.get((code, 1998), {}).get("N01958")
        if change is not None and 1998 in series:
            series.setdefault(1993, series[1998] / (1 + change / 100))
    for row in rows(data / "municipal_panel" / "municip_panel_2002_2022.csv"):
        if row["pop"]:  # 31 December the year before
            series = totals.setdefault(row["municip_code"], {})
            series.setdefault(int(row["year"]) - 1, float(row["pop"]))
    for code, table in read_people(data).items():
        totals.setdefault(code, {})[2019] = float(table.sum())
    for row in rows(data / "municipal_panel" / "population_2020_2025.csv"):
        series = totals.setdefault(row["municipality_code"], {})
        series[int(row["year"])] = float(row["population"])
    return {
        code: {year: n for year, n in sorted(series.items()) if year <= last_year}
        for code, series in totals.items()
    }


def read_shares(data: Path) -> dict[tuple[str, int], tuple[float, float, float]]:
    """Shares aged 0-19, 65+ and 80+ by municipality and year (Kolada, to 2011)."""
    parts: dict[tuple[str, int], dict[str, float]] = {}
    for row in rows(data / "kolada" / "kolada_values_1995_2012.csv.gz"):
        if row["kpi"] in ("N01960", "N01961", "N01813") and row["value"]:
            place = (row["kommunkod"], int(row["year"]))
            parts.setdefault(place, {})[row["kpi"]] = float(row["value"]) / 100
    return {
        place: (1 - v["N01960"] - v["N01961"], v["N01960"], v["N01813"])
        for place, v in parts.items()
        if len(v) == 3
    }


def read_panel(data: Path) -> Panel:
    """The panel up to 2019, with natural growth told from the age shares.

    Births minus deaths are computed from the ages of 2019; a line through the shares of
    young and old then gives them for years without single ages.
    """
    from rodtrad.needs.population_rates import (
        death_rates,
        fertility_rates,
        natural_rate,
        total_fertility,
    )

    people, totals = read_people(data), read_totals(data)
    codes = tuple(sorted(people))
    fertility = fertility_rates(total_fertility(LAST_YEAR))
    death = death_rates(LAST_YEAR)
    now = np.array([natural_rate(people[c], fertility, death) for c in codes])
    table = np.array([people[c].sum(axis=0) for c in codes])
    size = table.sum(axis=1)
    young, old, oldest = (
        table[:, :20].sum(axis=1) / size,
        table[:, 65:].sum(axis=1) / size,
        table[:, 80:].sum(axis=1) / size,
    )
    very_old = table[:, 75:].sum(axis=1) / size
    one = np.ones(len(codes))
    by_three, *_ = np.linalg.lstsq(np.c_[one, young, old, oldest], now, rcond=None)
    by_two, *_ = np.linalg.lstsq(np.c_[one, young, very_old], now, rcond=None)
    shares = read_shares(data)
    natural = {LAST_YEAR: now}
    for year in range(1995, 2012):
        natural[year] = np.array(
            [
                by_three @ (1.0, *shares[code, year])
                if (code, year) in shares
                else np.nan
                for code in codes
            ]
        )
    panel = {
        (row["municip_code"], int(row["year"]) - 1): row
        for row in rows(data / "municipal_panel" / "municip_panel_2002_2022.csv")
        if row["share0_19"] and row["share75_"]
    }
    for year in (2013, 2017):
        natural[year] = np.array(
            [
                by_two @ (1.0, float(row["share0_19"]), float(row["share75_"]))
                if (row := panel.get((code, year)))
                else np.nan
                for code in codes
            ]
        )
    persons = {
        year: np.array([totals[code].get(year, np.nan) for code in codes])
        for year in range(1993, LAST_YEAR + 1)
    }
    return Panel(
        codes,
        {y: p for y, p in persons.items() if np.isfinite(p).any()},
        natural,
        np.sum([people[c] for c in codes], axis=0),
    )


def nation_growth(first: int, last: int) -> float:
    """Mean yearly log growth of the nation between two years."""
    grown = np.log(NATIONAL_PERSONS[last] / NATIONAL_PERSONS[first])
    return float(grown) / (last - first)


def past(panel: Panel, origin: int, half: float) -> NDArray[np.float64]:
    """Past growth beyond the nation's by municipality, as the package weighs it."""
    result = np.full(len(panel.codes), np.nan)
    for i in range(len(panel.codes)):
        years = [
            y for y, p in panel.persons.items() if y <= origin and np.isfinite(p[i])
        ]
        top = weights = 0.0
        for a, b in itertools.pairwise(years):
            growth = np.log(panel.persons[b][i] / panel.persons[a][i]) / (b - a)
            weight = (b - a) * 0.5 ** ((origin - (a + b) / 2) / half)
            top += weight * (growth - nation_growth(a, b))
            weights += weight
        if weights:
            result[i] = top / weights
    return result


@dataclass(frozen=True)
class Sample:
    """One row a municipality, origin and horizon: what was known, what came."""

    known: NDArray[np.float64]
    natural: NDArray[np.float64]
    came: NDArray[np.float64]
    size: NDArray[np.float64]
    horizon: NDArray[np.float64]
    origin: NDArray[np.float64]


def sample(panel: Panel, half: float) -> Sample:
    """Every origin and horizon that the panel holds."""
    parts: list[NDArray[np.float64]] = []
    for origin in ORIGINS:
        known, natural = past(panel, origin, half), panel.natural[origin]
        for year in sorted(panel.persons):
            if not origin < year <= min(origin + 14, LAST_YEAR):
                continue
            came = np.log(panel.persons[year] / panel.persons[origin]) / (year - origin)
            came = came - nation_growth(origin, year)
            good = np.isfinite(known) & np.isfinite(natural) & np.isfinite(came)
            n = int(good.sum())
            parts.append(
                np.stack(
                    [
                        known[good],
                        natural[good],
                        came[good],
                        panel.persons[origin][good],
                        np.full(n, year - origin),
                        np.full(n, origin),
                    ]
                )
            )
    return Sample(*np.concatenate(parts, axis=1))


def fit_level(found: Sample) -> tuple[float, float, NDArray[np.float64]]:
    """Offset and persistence at six years, and every row's error as a log share."""
    beyond = found.known - found.natural + NATIONAL_NATURAL
    target = found.came - found.natural + NATIONAL_NATURAL
    rows_ = found.horizon == FIT_HORIZON
    slope, offset = np.polyfit(beyond[rows_], target[rows_], 1)
    error = (target - offset - slope * beyond) * found.horizon
    return float(offset), float(slope), error


def fit_errors(
    found: Sample, error: NDArray[np.float64]
) -> tuple[float, float, float, list[float]]:
    """Scale at six years and typical size, powers of size and horizon, and quantiles.

    The mean log of the absolute error is linear in the logs of size and horizon; errors
    over that scale are pooled, made symmetric in mean, and told as quantiles.
    """
    some = np.abs(error) > 1e-6
    x = np.c_[
        np.ones(some.sum()),
        np.log(found.size[some] / TYPICAL_SIZE),
        np.log(found.horizon[some] / FIT_HORIZON),
    ]
    fit, *_ = np.linalg.lstsq(x, np.log(np.abs(error[some])), rcond=None)
    shape = (found.size / TYPICAL_SIZE) ** fit[1] * (
        found.horizon / FIT_HORIZON
    ) ** fit[2]
    scaled = error / shape
    spread = float(
        np.sqrt(np.mean(np.clip(scaled, *np.quantile(scaled, [0.01, 0.99])) ** 2))
    )
    levels = np.quantile(scaled / spread, QUANTILES)
    levels -= np.mean(levels)
    return spread, float(fit[1]), float(fit[2]), [float(v) for v in levels]


def calibrate(data: Path) -> str:
    """The text of migration.toml."""
    panel = read_panel(data)
    tried = {half: fit_level(sample(panel, half)) for half in HALF_LIVES}
    at = {half: sample(panel, half).horizon == FIT_HORIZON for half in HALF_LIVES}
    median = {
        half: float(np.median(np.abs(tried[half][2][at[half]]))) for half in HALF_LIVES
    }
    # Where the difference is noise, the longer memory: it moves less with one odd year.
    half = max(h for h in HALF_LIVES if median[h] <= 1.02 * min(median.values()))
    offset, slope, error = tried[half]
    found = sample(panel, half)
    spread, by_size, by_horizon, levels = fit_errors(found, error)
    lines = [HEAD.rstrip("\n")]
    lines.append(
        f'sample = "{len(panel.codes)} municipalities, origins '
        f'{ORIGINS[0]}-{ORIGINS[-1]}, {len(error)} errors, nothing after {LAST_YEAR}"'
    )
    lines.append(ASSUMED.rstrip("\n"))
    lines.append(NATION.format(natural=NATIONAL_NATURAL).rstrip("\n"))
    lines += [f"{y} = {n}" for y, n in (NATIONAL_PERSONS | LATER_PERSONS).items()]
    lines += [
        "",
        "# Net migration here = the nation's + offset + persistence x (past growth beyond",
        "# the nation's - natural growth beyond the nation's). Quality: beräkning.",
        "# Median absolute error over six years, the nation's growth known, by half-life:",
        "# " + ", ".join(f"{h:g} years {median[h]:.4f}" for h in HALF_LIVES),
        "[level]",
        f"half_life_years = {half:g}",
        f"offset_share = {offset:.5f}",
        f"persistence = {slope:.3f}",
        "",
        "# Error of the forecast total, log share, beside the nation's own. Its scale is",
        "# at_six_years_share x (inhabitants/typical)^size_power x (years/6)^horizon_power,",
        "# its form the quantiles, one draw a path. Quality: beräkning.",
        "[error]",
        f"at_six_years_share = {spread:.5f}",
        f"typical_inhabitants = {TYPICAL_SIZE}",
        f"size_power = {by_size:.3f}",
        f"horizon_power = {by_horizon:.3f}",
        f"at = [{', '.join(f'{q:g}' for q in QUANTILES)}]",
        f"quantiles = [{', '.join(f'{v:.3f}' for v in levels)}]",
        "",
        "# Persons on 31 December 2019 by age 0..100, the sample's sum (SCB). Shares are used.",
        "[people]",
    ]
    for sex, counts in zip(("k", "m"), panel.people, strict=True):
        lines.append(f"{sex} = [{', '.join(str(round(n)) for n in counts)}]")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the file, or compare it with what the data give."""
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    data = Path(arguments[0]) if arguments else data_folder()
    text = calibrate(data)
    if "--check" in sys.argv[1:]:
        return int(text != TARGET.read_text(encoding="utf-8"))
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET.name}: {len(text)} characters")
    return 0


if __name__ == "__main__":
    sys.exit(main())
