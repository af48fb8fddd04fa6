"""How much does the economy of a municipality swing? Writes `defaults/economy.toml`.

Estimated on the panels in the data folder where they say something, assumed otherwise;
each parameter says which. Run it again when the data or a rule here changes:
`python benchmarks/backtest/calibrate_economy.py [DATA] [FILE]`. Without FILE it prints.
"""

from __future__ import annotations

import csv
import gzip
import os
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Median revenues fell 20 % and expenditures 15 % in 1983 when the accounts were laid
# out anew: not something that can happen to a plan, so no block is made of it.
BREAK_YEAR = 1983
PANEL = "municipal_panel/municipal_finance_1979_1987.csv"
LONG_PANEL = "municipal_panel/municip_panel_2002_2022.csv"
PEOPLE = "kolada/kolada_values_1995_2012.csv.gz"
AER = "Dahlberg & Johansson 2000, JAE; R-paketet AER"
NORDIN = "mattiasnordin/Regression 3186826 (SCB, SKR)"
KOLADA = "Källa: Kolada N01918 + N01938"
# Mean absolute miss of the tax-base forecast for the income year, percentage points.
SKL_MISS_SHARE = 0.0044
SKL = (
    "https://skr.se/ekonomijuridikstatistik/ekonomi/budgetochplanering/"
    "arkivbudgetochplanering/arkivbudgetochplanering/"
    "smaskillnaderiprognosernastraffsakerhetforskatteunderlaget.7978.html"
)


def read_panel(data: Path, name: str, key: str, columns: tuple[str, ...]) -> Any:
    """Return municipalities, years and `[municipality, year]` for each column."""
    with (data / name).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    places = sorted({row[key] for row in rows})
    years = sorted({int(row["year"]) for row in rows})
    found = {(row[key], int(row["year"])): row for row in rows}

    def table(column: str) -> Array:
        values = np.full((len(places), len(years)), np.nan)
        for i, place in enumerate(places):
            for j, year in enumerate(years):
                text = found.get((place, year), {}).get(column, "")
                if text not in ("", "NA"):
                    values[i, j] = float(text)
        return values

    return places, years, {column: table(column) for column in columns}


def measure_years(data: Path) -> dict[str, Any]:
    """Return the years on record: common growth of revenue and cost, and the gap.

    Growth is the median over municipalities of the logarithm's change, so one
    municipality's booking does not move the country.
    """
    _places, years, panel = read_panel(
        data, PANEL, "municipality", ("revenues", "grants", "expenditures")
    )
    revenue = panel["revenues"] + panel["grants"]
    cost = panel["expenditures"]
    growth = np.diff(np.log(revenue), axis=1)
    cost_growth = np.diff(np.log(cost), axis=1)
    common = np.median(growth, axis=0)
    common_cost = np.median(cost_growth, axis=0)
    kept = [i for i, year in enumerate(years[1:]) if year != BREAK_YEAR]
    blocks = [
        (
            years[1 + i],
            float(common[i] - common[kept].mean()),
            float(common_cost[i] - common_cost[kept].mean()),
        )
        for i in kept
    ]
    gap = np.log(revenue / cost)
    gap = gap - gap.mean(axis=0)
    before = gap[:, :-1].ravel()
    own = (cost_growth - cost_growth.mean(axis=0)).ravel()
    same_year = (growth - growth.mean(axis=0)).ravel()
    reaction = np.linalg.lstsq(np.column_stack([before, same_year]), own, rcond=None)[0]
    return {
        "places": len(revenue),
        "blocks": blocks,
        "revenue_sd": float(np.std([b[1] for b in blocks], ddof=1)),
        "scissors_sd": float(np.std([b[1] - b[2] for b in blocks], ddof=1)),
        "reaction": float(reaction[0]),
    }


def measure_periods(data: Path) -> dict[str, Any]:
    """Return what the four-year panel says: the common and the local tax base, cost."""
    places, years, panel = read_panel(
        data,
        LONG_PANEL,
        "municip_code",
        ("tax_base", "real_tax_base", "expenditures"),
    )
    base = np.diff(np.log(panel["tax_base"]), axis=1)
    real = np.diff(np.log(panel["real_tax_base"]), axis=1)
    cost = np.diff(np.log(panel["expenditures"]), axis=1)
    common, common_cost = np.nanmean(base, axis=0), np.nanmean(cost, axis=0)
    worst = int(np.nanmean(real, axis=0).argmin())
    local_cost = cost - common_cost
    near, far = local_cost[:, :-1], local_cost[:, 1:]
    # A passing deviation of the level gives minus its variance between neighbours.
    passing = max(-float(np.nanmean(near * far)), 0.0)
    lasting = max(float(np.nanmean(local_cost**2)) - 2 * passing, 0.0)
    return {
        "places": len(places),
        "common_sd": float(common.std(ddof=1)),
        "scissors_sd": float((common - common_cost).std(ddof=1)),
        "local_sd": float(np.nanstd(base - common)),
        "local_cost_sd": float(np.sqrt(lasting)),
        "worst_period": f"{years[worst]}–{years[worst + 1]}",
        "worst_years": years[worst + 1] - years[worst],
        "worst_growth": float(np.expm1(np.nanmean(real, axis=0)[worst])),
    }


def measure_people(data: Path) -> dict[str, Any]:
    """Return how far population comes from the trend of its last five years."""
    sums: dict[tuple[str, int], list[float]] = defaultdict(list)
    with gzip.open(data / PEOPLE, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["kpi"] in ("N01918", "N01938") and row["value"] not in ("", "NA"):
                sums[row["kommunkod"], int(row["year"])].append(float(row["value"]))
    years = sorted({year for _place, year in sums})
    people = np.array(
        [
            [sum(sums.get((place, year), [])) for year in years]
            for place in sorted({place for place, _year in sums})
        ]
    )
    growth = np.diff(np.log(np.maximum(people, 1.0)), axis=1)
    # A blank, or a border that moved, is no growth.
    people = people[(people > 0).all(axis=1) & (np.abs(growth) < 0.1).all(axis=1)]
    level = np.log(people)
    squares, weights = [], []
    for ahead in range(1, 9):
        errors = [
            level[:, at + ahead]
            - level[:, at]
            - ahead * (level[:, at] - level[:, at - 5]) / 5
            for at in range(5, len(years) - ahead)
        ]
        squares.append(float(np.mean(np.square(errors))))
        weights.append(len(errors))
    # Squared error at h years: (drift h)^2 + noise^2 h. Divided by h^2, so that the long
    # horizons, of which there are few, do not decide alone.
    ahead = np.arange(1, 9, dtype=np.float64)
    root = np.sqrt(weights)
    design = np.column_stack([np.ones(8), 1 / ahead]) * root[:, None]
    drift, noise = np.linalg.lstsq(
        design, np.array(squares) / ahead**2 * root, rcond=None
    )[0]
    return {
        "places": len(people),
        "drift_sd": float(np.sqrt(max(drift, 0.0))),
        "noise_sd": float(np.sqrt(max(noise, 0.0))),
    }


def build_parameters(data: Path) -> dict[str, Any]:
    """Return the parameters, the blocks and the worst period as plain rows."""
    year, period, people = (
        measure_years(data),
        measure_periods(data),
        measure_people(data),
    )
    # Mean absolute deviation of a normal distribution is 0.798 standard deviations.
    fresh = SKL_MISS_SHARE * np.sqrt(np.pi / 2) / year["revenue_sd"]
    spread = f"{100 * year['revenue_sd']:.2f}".replace(".", ",")
    rows: list[dict[str, Any]] = []

    def add(
        key: str,
        label: str,
        values: tuple[float, float, float],
        unit: str,
        rests_on: str,
        quality: str,
        sample: str,
        source: str,
    ) -> None:
        value, low, high = values
        rows.append(
            {
                "key": key,
                "label": label,
                "value": value,
                "low": low,
                "high": high,
                "unit": unit,
                "rests_on": rests_on,
                "quality": quality,
                "sample": sample,
                "source": source,
            }
        )

    def around(value: float, low: float, high: float) -> tuple[float, float, float]:
        return round(value, 4), round(low, 4), round(high, 4)

    none, own = "", "Egen bedömning; ingen serie i underlaget"
    small = f"{year['places']} kommuner 1979–1987 utom {BREAK_YEAR}"
    four = f"{period['places']} kommuner, fem fyraårsperioder 2002–2022"
    add(
        "first_year_shock_share",
        "Del av svängningarna som gäller första året, när prognosen är färsk",
        around(fresh, 0.3, 1.0),
        "andel",
        "tax_base",
        "beräkning",
        f"SKL:s medelfel 0,44 procentenheter mot spridningen {spread} i {small}",
        SKL,
    )
    add(
        "full_shock_years",
        "År tills svängningarna gäller helt",
        (4.0, 2.0, 6.0),
        "år",
        "tax_base",
        "antagande",
        none,
        "SKR:s prognoser gäller fyra år och längre; " + own.lower(),
    )
    add(
        "local_tax_base_sd_share",
        "Kommunens skatteunderlag vid sidan av rikets, per år",
        around(
            period["local_sd"] / 2, period["local_sd"] / 2.5, period["local_sd"] / 1.5
        ),
        "andel",
        "tax_base",
        "beräkning",
        four,
        NORDIN,
    )
    add(
        "local_pass_share",
        "Del av kommunens egna svängningar som utjämningen lämnar kvar",
        (0.3, 0.1, 1.0),
        "andel",
        "tax_base",
        "antagande",
        none,
        "Lag (2004:773): bidraget täcker det mesta av skillnaden mot riket",
    )
    add(
        "local_cost_sd_share",
        "Kommunens kostnader vid sidan av rikets, per år",
        around(0.010, 0.005, period["local_cost_sd"] / 2),
        "andel",
        "cost",
        "antagande",
        f"Övre gräns: bruttokostnaden, {four}",
        f"{NORDIN}; {own.lower()} för nettokostnaden",
    )
    add(
        "cost_reaction_share",
        "Del av ett gap mellan kostnader och intäkter som rättas till året efter",
        (0.5, 0.2, round(year["reaction"], 2)),
        "andel",
        "reaction",
        "antagande",
        f"Övre gräns: uppmätt, {small}",
        f"{AER}; lägre än uppmätt av försiktighet",
    )
    add(
        "price_sd_share",
        "Allmän prisökning utöver den väntade, per år",
        (0.01, 0.005, 0.02),
        "andel",
        "prices",
        "antagande",
        none,
        own,
    )
    add(
        "price_persistence",
        "Del av en sådan prisökning som fortsätter året efter",
        (0.5, 0.2, 0.8),
        "tröghet",
        "prices",
        "antagande",
        none,
        own,
    )
    add(
        "construction_sd_share",
        "Byggpriser utöver allmänna prisökningar, per år",
        (0.03, 0.015, 0.05),
        "andel",
        "construction",
        "antagande",
        none,
        own,
    )
    add(
        "construction_persistence",
        "Del av en sådan byggprisökning som fortsätter året efter",
        (0.3, 0.0, 0.6),
        "tröghet",
        "construction",
        "antagande",
        none,
        own,
    )
    add(
        "interest_sd_share",
        "Marknadsräntan utöver den väntade, per år",
        (0.007, 0.004, 0.012),
        "andel",
        "interest",
        "antagande",
        none,
        own,
    )
    add(
        "interest_persistence",
        "Del av en ränteändring som finns kvar året efter",
        (0.9, 0.7, 0.98),
        "tröghet",
        "interest",
        "antagande",
        none,
        own,
    )
    add(
        "interest_fixing_years",
        "Lånens genomsnittliga räntebindning",
        (2.5, 1.0, 5.0),
        "år",
        "interest",
        "antagande",
        none,
        own,
    )
    add(
        "interest_price_correlation",
        "Samband mellan ränta och allmänna prisökningar",
        (0.3, 0.0, 0.6),
        "korrelation",
        "interest",
        "antagande",
        none,
        own,
    )
    sample = f"{people['places']} kommuner 1998–2011, fel mot fem års trend"
    drift, noise = people["drift_sd"], people["noise_sd"]
    add(
        "population_drift_sd_share",
        "Befolkningens utveckling utöver prognosen, lika alla år",
        around(drift, 0.7 * drift, 1.3 * drift),
        "andel",
        "population",
        "beräkning",
        sample,
        KOLADA,
    )
    add(
        "population_noise_sd_share",
        "Befolkningens utveckling utöver prognosen, per år",
        around(noise, 0.7 * noise, 1.3 * noise),
        "andel",
        "population",
        "beräkning",
        sample,
        KOLADA,
    )
    add(
        "project_cost_correlation",
        "Samband mellan projektens fördyringar",
        (0.2, 0.0, 0.5),
        "korrelation",
        "projects",
        "antagande",
        none,
        own,
    )
    add(
        "cost_delay_correlation",
        "Samband mellan ett projekts fördyring och försening",
        (0.3, 0.0, 0.6),
        "korrelation",
        "projects",
        "antagande",
        none,
        own,
    )
    return {
        "parameter": rows,
        "block": year["blocks"],
        "worst": period,
        "check": {
            "blocks_four_years": 2 * year["revenue_sd"],
            "panel_four_years": period["common_sd"],
            "blocks_scissors": 2 * year["scissors_sd"],
            "panel_scissors": period["scissors_sd"],
        },
    }


def as_toml(found: dict[str, Any]) -> str:
    """Return the parameters as the committed file."""
    check = found["check"]
    lines = [
        "# How the economy swings around the path of the table `years`.",
        "# Written by benchmarks/backtest/calibrate_economy.py; do not edit by hand.",
        "#",
        "# Four years of the blocks below, drawn independently, swing by",
        f"# {check['blocks_four_years']:.4f} (revenue) and "
        f"{check['blocks_scissors']:.4f} (revenue less cost); the five four-year",
        f"# periods 2002-2022 by {check['panel_four_years']:.4f} and "
        f"{check['panel_scissors']:.4f}. No figure was fitted to the other.",
        "",
        'calibrated = "2026-11-22"',
    ]
    for row in found["parameter"]:
        lines += ["", "[[parameter]]"]
        lines += [
            f"{key} = {value}" if isinstance(value, float) else f'{key} = "{value}"'
            for key, value in row.items()
        ]
    for year, revenue, cost in found["block"]:
        lines += [
            "",
            "[[block]]",
            f"year = {year}",
            f"revenue_share = {revenue:.5f}",
            f"cost_share = {cost:.5f}",
        ]
    worst = found["worst"]
    lines += [
        "",
        "[worst]",
        f'period = "{worst["worst_period"]}"',
        f"years = {worst['worst_years']}",
        f"real_growth_share = {worst['worst_growth']:.5f}",
        f'source = "{NORDIN}"',
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Write or print the file."""
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("RODTRAD_DATA")
    data = Path(given) if given else Path(__file__).parents[3] / "shared" / "data"
    text = as_toml(build_parameters(data))
    if len(sys.argv) > 2:
        Path(sys.argv[2]).write_text(text, encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
