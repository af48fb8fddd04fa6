"""How does Bergen's published investment budget 2012-2015 become an underlag?

Reads the city's own CSV (every row of it), nets the rows per project number and year,
writes the tables to `underlag/`, and reconciles them to the published totals to the
krone in `kontroll.csv`; `projektnummer.csv` says what became of each project number.
What the file does not hold (scores, windows, opening balance, statement, growth, lives)
is assumed here, seeded and marked `antagande`. README.md explains the mapping.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import os
import random
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

HERE = Path(__file__).resolve().parent
SOURCE_FILE = "capital_plans/bergen_2012/investment_budget_2012_2015.csv.gz"
SOURCE = (
    "Bergen kommune, investeringsbudsjett 2012 og økonomiplan 2012-2015 "
    "(datahotellet 2012-09-18, NLOD)"
)
ASSUMED = "Antagande i examples/bergen_2012/convert.py; finns inte i stadens fil"
SEED = 2012
BASE_YEAR, PLAN_START, PLAN_END = 2011, 2012, 2021
BUDGET_YEARS = (2012, 2013, 2014, 2015)
WINDOW_YEARS = 3
YEAR_COLUMNS = {2011: "2011-fra-vedt-okonomiplan"} | {y: str(y) for y in BUDGET_YEARS}
# The totals that the data set's description states, in NOK: outlays = financing.
PUBLISHED_TOTALS = {
    2012: 2_899_548_000,
    2013: 2_642_818_000,
    2014: 1_981_658_000,
    2015: 1_700_858_000,
}

# `kost2a`, the city's own grouping of accounts (`hovedgruppering-art`).
INVESTMENT, LENDING, INSTALMENTS, PROVISIONS = "100", "110", "120", "130"
LOANS, SALES, GRANTS, REPAID = "150", "160", "170", "180"
TRANSFERS, USED_PROVISIONS = "210", "220"
OUTLAY_GROUPS = (INVESTMENT, LENDING, INSTALMENTS, PROVISIONS)
FINANCING_GROUPS = (LOANS, SALES, GRANTS, REPAID, TRANSFERS, USED_PROVISIONS)
GROUP_NAMES = {
    INVESTMENT: "Investeringar i anläggningar",
    LENDING: "Utlåning och förskott",
    INSTALMENTS: "Amorteringar",
    PROVISIONS: "Avsättningar till fonder",
    LOANS: "Lån",
    SALES: "Försäljning av anläggningar",
    GRANTS: "Bidrag till investeringar",
    REPAID: "Återbetald utlåning och ersättningar",
    TRANSFERS: "Överföring från driften",
    USED_PROVISIONS: "Använda fonder",
}
HOUSING_LOANS = "BUD111"  # Formidlingslån: borrowed to be lent on
NO_PROJECT = "9"  # Ikke prosjekt? Dummy-verdi
CITY_WIDE = "BYDEKKENDE"

Row = dict[str, Any]
Years = dict[int, int]


@dataclass
class ProjectNumber:
    """Everything the file says about one project number; amounts in NOK per year."""

    number: str
    name: str = ""
    amounts: dict[str, Years] = field(default_factory=dict)
    weights: dict[str, dict[str, int]] = field(default_factory=dict)

    def net(self, group: str, year: int) -> int:
        """Netted amount of an account group and year; financing is negative."""
        return self.amounts.get(group, {}).get(year, 0)

    def most(self, column: str) -> str:
        """The value of a text column that carries most of the netted money."""
        weights = self.weights.get(column, {})
        return max(sorted(weights), key=lambda v: abs(weights[v])) if weights else ""

    @property
    def outlays(self) -> dict[int, int]:
        """Netted investment per year of the new plan, years without money left out."""
        net = {y: self.net(INVESTMENT, y) for y in BUDGET_YEARS}
        return {y: amount for y, amount in net.items() if amount}


def read_amount(text: str) -> int:
    """NOK of a cell such as `810 000,00`, `-2 000 000,00` or an empty one.

    Raises:
        ValueError: the cell holds a fraction of a krone or is not a number.
    """
    compact = "".join(text.split()).replace("\u2212", "-").replace(",", ".")
    amount = Decimal(compact or "0")
    if amount != amount.to_integral_value():
        raise ValueError(f"öre i cellen {text!r}")
    return int(amount)


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of the city's file (UTF-8 with a byte order mark, semicolons)."""
    with gzip.open(path) as packed:
        text = packed.read().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def build_project_numbers(rows: Iterable[Mapping[str, str]]) -> list[ProjectNumber]:
    """Net all rows per project number, account group and year.

    Both plan versions take part: 11-14VB has amounts for 2011 alone, 12-15IN1 for
    2012-2015 alone, so no year holds amounts of both (checked by `check_versions`).
    """
    numbers: dict[str, ProjectNumber] = {}
    columns = ("avdeling-tekst", "geografisk-bydel-tekst", "avgfin-ikke-avgfin")
    for row in rows:
        number = numbers.setdefault(row["prosjekt"], ProjectNumber(row["prosjekt"]))
        number.name = number.name or " ".join(row["prosjekt-tekst"].split())
        group = number.amounts.setdefault(row["kost2a"], {})
        for year, column in YEAR_COLUMNS.items():
            group[year] = group.get(year, 0) + read_amount(row[column])
        if row["kost2a"] == INVESTMENT:
            spent = sum(read_amount(row[str(y)]) for y in BUDGET_YEARS)
            for column in (*columns, "tjeneste-tekst", "prosjektkategori"):
                weight = number.weights.setdefault(column, {})
                value = " ".join(row[column].split())
                weight[value] = weight.get(value, 0) + spent
    return [numbers[k] for k in sorted(numbers)]


def check_versions(rows: Iterable[Mapping[str, str]]) -> None:
    """Raise ValueError if a plan version has money in the other version's years."""
    for row in rows:
        old = row["versjoner"] == "11-14VB"
        foreign = BUDGET_YEARS if old else (BASE_YEAR,)
        if any(read_amount(row[YEAR_COLUMNS[y]]) for y in foreign):
            raise ValueError(f"versionerna blandas för projekt {row['prosjekt']}")


Parts = tuple[tuple[str, float, int | None], ...]


@dataclass(frozen=True)
class Kind:
    """A kind of works: its depreciation parts, NIRA class and driver, all assumed."""

    words: tuple[str, ...]
    parts: Parts
    nira: str
    driver: str


BUILDING: Parts = (("Byggnad", 0.8, 40), ("Installationer och inredning", 0.2, 15))
NETWORK: Parts = (("Ledningar och byggnader", 0.7, 50), ("Maskiner", 0.3, 20))
# Found in the city's category, service and project names; the first match wins.
KINDS = (
    Kind(
        ("tomter", "tomteinn", "innløsing"),
        (("Mark", 1.0, None),),
        "N",
        "politiskt_mal",
    ),
    Kind(("ikt-",), (("IT-system", 1.0, 5),), "A", "ekonomi"),
    Kind(("vann- og avløp",), NETWORK, "R", "skick"),
    Kind(("transportmidler", "bilpark", "utstyr"), (("Fordon", 1.0, 8),), "R", "skick"),
    Kind(("kommunale veier", "parkering"), (("Väg", 1.0, 25),), "R", "skick"),
    Kind(("grønn", "byrom", "områdeu"), (("Park", 1.0, 20),), "N", "politiskt_mal"),
    Kind(
        ("brann", "sikring", "enøk", "universell", "elektrisk", "inneklima", "måler"),
        (("Installationer", 1.0, 20),),
        "A",
        "lagkrav",
    ),
    Kind(("kirke", "middelalder", "prest"), (("Byggnad", 1.0, 40),), "R", "skick"),
    Kind(("skole", "barnehage", "oppvekst"), BUILDING, "N", "befolkning"),
    Kind(
        ("idretts", "svømme"),
        (("Anläggning", 0.7, 33), ("Ytor", 0.3, 12)),
        "N",
        "politiskt_mal",
    ),
    Kind(("sykehjem", "bolig", "bosted"), BUILDING, "N", "befolkning"),
    Kind(("administrasjonslokaler",), BUILDING, "R", "skick"),
)
OTHER_KIND = Kind((), (("Anläggning", 1.0, 30),), "N", "politiskt_mal")


def kind_of(number: ProjectNumber) -> Kind:
    """The kind of works that the city's own names point to."""
    columns = ("prosjektkategori", "tjeneste-tekst")
    text = " ".join([*(number.most(c) for c in columns), number.name]).lower()
    return next((k for k in KINDS if any(w in text for w in k.words)), OTHER_KIND)


CRITERIA = (
    ("behov", "Behov", 35, "Hur många som berörs och hur stor bristen är."),
    ("skick", "Skick och säkerhet", 30, "Vad som händer om inget görs."),
    ("klimat", "Klimat och energi", 15, "Utsläpp, energi och skyfall."),
    ("livsmiljo", "Livsmiljö", 20, "Barn, hälsa, kultur och mötesplatser."),
)


# A work of 1 million NOK gets about this score; four times the money, twice the score.
SCORE_AT_ONE_MNOK = 4.0


def score_rows(number: ProjectNumber) -> list[Row]:
    """Seeded scores 0-100: larger works swing more, with noise per criterion."""
    # Reproducible draws are wanted here; nothing secret depends on them.
    draw = random.Random(f"{SEED}:{number.number}")  # noqa: S311
    size_mnok = sum(abs(amount) for amount in number.outlays.values()) / 1_000_000
    swing = SCORE_AT_ONE_MNOK * math.sqrt(size_mnok)
    rows = []
    for criterion, *_ in CRITERIA:
        score = round(min(97, max(1, swing * draw.uniform(0.5, 1.5))), 1)
        rows.append(
            {
                "project_id": number.number,
                "alternative_id": "plan",
                "criterion": criterion,
                "low": round(max(0, 0.8 * score), 1),
                "score": score,
                "high": round(min(100, 1.2 * score), 1),
                "source": ASSUMED,
                "quality": "antagande",
            }
        )
    return rows


def tkr(nok: int) -> str:
    """NOK as thousands, exactly, without a superfluous decimal part."""
    return format((Decimal(nok) / 1000).normalize(), "f")


def area_id(district: str) -> str:
    """The district's name in small ASCII letters."""
    return district.lower().translate(str.maketrans("åäöøæ", "aaooa"))


def is_project(number: ProjectNumber) -> bool:
    """Whether the number has investment money in 2012-2015 after netting."""
    return number.number != NO_PROJECT and bool(number.outlays)


def project_grants(number: ProjectNumber) -> Years:
    """Grants and reimbursements (positive NOK) booked on the project's own number."""
    return {
        y: -(number.net(GRANTS, y) + number.net(REPAID, y))
        for y in BUDGET_YEARS
        if number.net(GRANTS, y) + number.net(REPAID, y)
    }


def span_of(number: ProjectNumber) -> range:
    """The years in which the city spends, or has income, on the project."""
    years = sorted(number.outlays.keys() | project_grants(number).keys())
    return range(years[0], years[-1] + 1)


def project_tables(numbers: Sequence[ProjectNumber]) -> dict[str, list[Row]]:
    """The tables that hold one or more rows a project."""
    names = [number.name for number in numbers]
    tables: dict[str, list[Row]] = defaultdict(list)
    for number in numbers:
        kind, span = kind_of(number), span_of(number)
        fact = {"source": SOURCE, "quality": "uppgift"}
        guess = {"source": ASSUMED, "quality": "antagande"}
        key = {"project_id": number.number}
        alternative = key | {"alternative_id": "plan"}
        unique = names.count(number.name) == 1
        tables["projects"].append(
            key
            | {
                "name": number.name if unique else f"{number.name} ({number.number})",
                "committee": number.most("avdeling-tekst"),
                "area": area_id(number.most("geografisk-bydel-tekst")),
                "driver": kind.driver,
                "nira": kind.nira,
                "must_do": "nej",
                "earliest_year": max(PLAN_START, span[0] - WINDOW_YEARS),
                "latest_year": min(PLAN_END - len(span), span[0] + WINDOW_YEARS),
                "financing": "taxa"
                if number.most("avgfin-ikke-avgfin") == "Avg.fin."
                else "skatt",
                "waiting_cost": 0,
                "public": "ja",
                "description": (
                    f"{number.most('prosjektkategori')}; "
                    f"{number.most('tjeneste-tekst')}. Staden startar {span[0]}."
                ),
                "source": f"{SOURCE}; startfönster och klass: {ASSUMED}",
                "quality": "antagande",
            }
        )
        tables["alternatives"].append(
            alternative
            | {"name": "Enligt stadens plan", "build_years": len(span), "scrapped": 0}
            | guess
        )
        grants = project_grants(number)
        for offset, year in enumerate(span):
            net = number.outlays.get(year, 0)
            income = max(-net, 0) + grants.get(year, 0)
            tables["outlays"].append(
                alternative
                | {"offset": offset, "outlay": tkr(max(net, 0)), "income": tkr(income)}
                | fact
            )
        for component, share, life in kind.parts:
            tables["parts"].append(
                alternative
                | {"component": component, "share": share, "useful_life_years": life}
                | guess
            )
        tables["scores"] += score_rows(number)
    return dict(tables)


# Assumed opening figures, tkr (thousand NOK). The rest of the operations is assumed to
# break even after depreciation and interest, so that the published transfer to the
# investment budget is the year's result.
OPENING_LOANS, MIN_CASH = 5_200_000, 300_000
BASE = {"rk": -13_524_000, "ra": -520_000, "rs": 6_200_000, "rg": 4_500_000}
BASE_INCOME = 3_530_822
FIXED_ASSETS, FINANCIAL_ASSETS, OTHER_ASSETS = 14_400_000, 1_900_000, 1_500_000
PROVISIONS_TKR, OTHER_LIABILITIES = 300_000, 2_500_000
POPULATION, POPULATION_GROWTH = 260_000, 0.012
TAX_BASE_GROWTH = COST_GROWTH = 0.033
CONSTRUCTION_GROWTH, INTEREST_RATE = 0.03, 0.036
VOLUME_TKR = 160_000
EXISTING_DEPRECIATION = (520_000, 18_000)
# The file ends in 2015, but a city does not stop investing: a yearly sum for what no
# plan names yet, with its depreciation from the year after.
LATER_OUTLAY_TKR, LATER_LIFE_YEARS = 900_000, 35


def financing_totals(numbers: Sequence[ProjectNumber]) -> dict[str, Years]:
    """Financing in NOK per use: what follows a project, what passes through, the rest.

    `passing` are closed loops: housing loans (borrowed, lent on, repaid), other lending
    paid from funds, and money that is received and set aside. `sales` is set aside and
    used again, so that only the sale itself adds money.
    """
    by_number = {n.number: n for n in numbers}

    def total(group: str, members: Iterable[ProjectNumber]) -> Years:
        chosen = list(members)
        return {y: sum(n.net(group, y) for n in chosen) for y in BUDGET_YEARS}

    housing = by_number[HOUSING_LOANS]
    others = [n for n in numbers if n.number != HOUSING_LOANS]
    projects = [n for n in numbers if is_project(n)]
    loans = total(LOANS, others)
    sales = total(SALES, numbers)
    lending = total(LENDING, others)
    set_aside = total(PROVISIONS, others)
    repaid = by_number[NO_PROJECT]
    used = total(USED_PROVISIONS, numbers)
    grants = total(GRANTS, numbers)
    own = {y: sum(project_grants(n).get(y, 0) for n in projects) for y in BUDGET_YEARS}
    result: dict[str, Years] = defaultdict(dict)
    for y in BUDGET_YEARS:
        result["loans"][y] = -loans[y]
        result["housing_loans"][y] = -housing.net(LOANS, y)
        result["sales"][y] = -sales[y]
        result["project_grants"][y] = own[y]
        result["other_grants"][y] = (
            -grants[y] - sum(n.net(REPAID, y) for n in projects) - own[y]
        )
        result["housing_repaid"][y] = -housing.net(REPAID, y)
        result["repaid_set_aside"][y] = -repaid.net(REPAID, y)
        result["transfers"][y] = -sum(n.net(TRANSFERS, y) for n in numbers)
        result["used_for_lending"][y] = lending[y]
        result["used_sales"][y] = set_aside[y] + repaid.net(REPAID, y)
        result["used_savings"][y] = -used[y] - lending[y] - result["used_sales"][y]
    return dict(result)


def finance_tables(numbers: Sequence[ProjectNumber]) -> dict[str, list[Row]]:
    """The tables of the city's economy: published financing and stated assumptions."""
    guess = {"source": ASSUMED, "quality": "antagande"}
    financing = financing_totals(numbers)
    transfers = {y: amount / 1000 for y, amount in financing["transfers"].items()}
    transfers[BASE_YEAR] = -sum(n.net(TRANSFERS, BASE_YEAR) for n in numbers) / 1000
    savings = sum(financing["used_savings"].values()) / 1000
    cash = MIN_CASH + savings
    balance: dict[str, float] = {
        "fixed_assets": FIXED_ASSETS,
        "financial_assets": FINANCIAL_ASSETS,
        "other_assets": OTHER_ASSETS,
        "cash": cash,
        "provisions": PROVISIONS_TKR,
        "loans": OPENING_LOANS,
        "other_liabilities": OTHER_LIABILITIES,
        "pension_off_balance": 0,
        "guarantees": 0,
    }
    assets = sum(list(balance.values())[:4])
    balance["equity"] = assets - PROVISIONS_TKR - OPENING_LOANS - OTHER_LIABILITIES
    income_source = (
        f"Överföring från driften: {SOURCE}; övriga verksamhetsintäkter: {ASSUMED}"
    )
    statement: list[Row] = [
        {"line": line, "year": BASE_YEAR, "amount": amount} | guess
        for line, amount in BASE.items()
    ]
    opening_net = OPENING_LOANS - (cash - MIN_CASH)
    statement += [
        {"line": "fi", "year": BASE_YEAR, "amount": 0} | guess,
        {"line": "fk", "year": BASE_YEAR, "amount": round(-INTEREST_RATE * opening_net)}
        | guess,
    ]
    years: list[Row] = []
    existing: list[Row] = []
    price = 1.0
    for year in range(BASE_YEAR, PLAN_END + 1):
        t = year - BASE_YEAR
        planned = year > BASE_YEAR
        price *= 1 + COST_GROWTH if planned else 1
        if year in transfers:
            statement.append(
                {
                    "line": "ri",
                    "year": year,
                    "amount": round(BASE_INCOME * price + transfers[year], 3),
                    "source": income_source,
                    "quality": "antagande",
                }
            )
        years.append(
            {
                "year": year,
                "population": round(POPULATION * (1 + POPULATION_GROWTH) ** t),
                "tax_base_growth": TAX_BASE_GROWTH if planned else 0,
                "cost_growth": COST_GROWTH if planned else 0,
                "construction_growth": CONSTRUCTION_GROWTH if year > PLAN_START else 0,
                "interest_rate": INTEREST_RATE,
                "other_change_tkr": 0,
                "lasting_change_tkr": VOLUME_TKR if planned else 0,
                "provisions_change_tkr": 0,
            }
            | guess
        )
        if planned:
            published = year in BUDGET_YEARS
            extra = financing["sales"].get(year, 0) + financing["other_grants"].get(
                year, 0
            )
            first, step = EXISTING_DEPRECIATION
            later = year - BUDGET_YEARS[-1]
            existing.append(
                {
                    "year": year,
                    "depreciation_tkr": round(
                        first
                        - step * t
                        + LATER_OUTLAY_TKR / LATER_LIFE_YEARS * max(0, later - 1)
                    ),
                    "outlay_tkr": LATER_OUTLAY_TKR if later > 0 else 0,
                    "income_tkr": tkr(extra),
                    "resolved_income_tkr": 0,
                    "source": (
                        f"Försäljning och bidrag utan projekt: {SOURCE}; "
                        f"avskrivningar: {ASSUMED}"
                        if published
                        else ASSUMED
                    ),
                    "quality": "antagande",
                }
            )
    return {
        "years": years,
        "statement": sorted(statement, key=lambda row: (row["line"], row["year"])),
        "balance": [
            {"line": line, "amount": round(amount, 3)} | guess
            for line, amount in balance.items()
        ],
        "existing": existing,
    }


REMARK = (
    "Alla belopp är norska kronor (NOK). I underlaget står tusental norska kronor. "
    "Projekten, deras utgifter 2012–2015, avdelning, stadsdel, avgiftsfinansiering och "
    "finansieringsraderna är Bergen kommunes egna uppgifter. Betyg, vikter, "
    "startfönster, avskrivningstider, ingående balans, resultaträkning, tillväxt, "
    "ränta och mål är antaganden som gjorts för exemplet. Balanskrav och reserv är "
    "svensk lag. De räknas här bara som exempel; norska regler är andra. Planen säger "
    "alltså inget om vad Bergen borde ha valt."
)


def settings_rows() -> list[Row]:
    """The settings, with the remark that every report shows first."""
    values: dict[str, str | int | float] = {
        "municipality_name": "Bergen kommune",
        "municipality_code": "1201",
        "base_year": BASE_YEAR,
        "plan_start": PLAN_START,
        "plan_end": PLAN_END,
        "discount_rate": 0.03,
        "internal_rate": INTEREST_RATE,
        "min_cash_tkr": MIN_CASH,
        "resultatreserv_tkr": 0,
        "rur_tkr": 0,
        "completion_rate": 1,
        "seed": SEED,
        "draws": 1,
        "currency": "NOK",
        "remark": REMARK,
    }
    return [
        {"key": key, "value": value, "source": ASSUMED, "quality": "antagande"}
        for key, value in values.items()
    ]


def goal_rows() -> list[Row]:
    """The assumed goals: a debt ceiling, a yearly pace and a result over four years."""
    goals = (
        ("lanetak", "Lån per invånare", "lan_inv", "<=", 20_000, "year"),
        ("takt", "Byggtakt", "inv_andel", "<=", 0.08, "year"),
        ("resultat", "Resultat över fyra år", "res_andel", ">=", 0.01, "average:4"),
    )
    columns = ("goal_id", "name", "indicator", "operator", "value", "period")
    return [
        dict(zip(columns, goal, strict=True))
        | {"from_year": PLAN_START, "to_year": PLAN_END, "level": "must"}
        | {"source": ASSUMED, "quality": "antagande"}
        for goal in goals
    ]


def build_records(numbers: Sequence[ProjectNumber]) -> dict[str, list[Row]]:
    """All tables of the underlag as records with canonical column names."""
    projects = [n for n in numbers if is_project(n)]
    tables = {"settings": settings_rows()}
    tables |= finance_tables(numbers) | project_tables(projects)
    districts = {n.most("geografisk-bydel-tekst") for n in projects}
    tables["areas"] = [
        {"area": area_id(district), "name": district.capitalize()}
        | {"source": SOURCE, "quality": "uppgift"}
        for district in sorted(districts)
    ]
    tables["criteria"] = [
        {"criterion": key, "name": name, "weight": weight, "description": text}
        | {"source": ASSUMED, "quality": "antagande"}
        for key, name, weight, text in CRITERIA
    ]
    tables["goals"] = goal_rows()
    return tables


ControlRow = tuple[str, str, Years]


def control_rows(
    numbers: Sequence[ProjectNumber], tables: Mapping[str, Sequence[Row]]
) -> list[ControlRow]:
    """The control sheet: section, row, NOK per year.

    The investments are summed from the finished underlag tables, at the city's own
    start years; everything else from the city's file.
    """
    starts = {n.number: span_of(n)[0] for n in numbers if is_project(n)}
    spent, negative = dict.fromkeys(BUDGET_YEARS, 0), dict.fromkeys(BUDGET_YEARS, 0)
    income = dict.fromkeys(BUDGET_YEARS, 0)
    for row in tables["outlays"]:
        year = starts[row["project_id"]] + row["offset"]
        spent[year] += int(Decimal(row["outlay"]) * 1000)
        income[year] += int(Decimal(row["income"]) * 1000)
    financing = financing_totals(numbers)
    negative = {y: -(income[y] - financing["project_grants"][y]) for y in BUDGET_YEARS}

    def group(code: str, sign: int = 1) -> Years:
        return {y: sign * sum(n.net(code, y) for n in numbers) for y in BUDGET_YEARS}

    def plus(*parts: Years) -> Years:
        return {y: sum(part[y] for part in parts) for y in BUDGET_YEARS}

    def minus(a: Years, b: Years) -> Years:
        return {y: a[y] - b[y] for y in BUDGET_YEARS}

    investments = plus(spent, negative)
    outlays = plus(investments, *(group(code) for code in OUTLAY_GROUPS[1:]))
    parts = (
        ("Lån till investeringar", "loans"),
        ("Formidlingslån (lånas upp för att lånas ut)", "housing_loans"),
        ("Försäljning av anläggningar", "sales"),
        ("Bidrag och ersättningar på projekten", "project_grants"),
        ("Bidrag utan projekt i underlaget", "other_grants"),
        ("Återbetalda formidlingslån", "housing_repaid"),
        ("Återbetalt som avsätts samma år", "repaid_set_aside"),
        ("Överföring från driften", "transfers"),
        ("Fonder som lånas ut eller skjuts till", "used_for_lending"),
        ("Fonder från årets försäljning", "used_sales"),
        ("Fonder sparade från tidigare år", "used_savings"),
    )
    financed = plus(*(financing[key] for _, key in parts))
    published: Years = dict(PUBLISHED_TOTALS)
    return [
        ("utgifter", "Projektens utgifter i underlaget", spent),
        ("utgifter", "Projektens negativa netton (inkomst i underlaget)", negative),
        ("utgifter", GROUP_NAMES[INVESTMENT], investments),
        *(("utgifter", GROUP_NAMES[c], group(c)) for c in OUTLAY_GROUPS[1:]),
        ("utgifter", "Summa utgifter", outlays),
        ("utgifter", "Publicerad summa", published),
        ("utgifter", "Skillnad", minus(outlays, published)),
        *(("finansiering", name, financing[key]) for name, key in parts),
        ("finansiering", "Summa finansiering", financed),
        ("finansiering", "Publicerad summa", published),
        ("finansiering", "Skillnad", minus(financed, published)),
        *(
            ("stadens grupper", GROUP_NAMES[code], group(code, -1))
            for code in FINANCING_GROUPS
        ),
        (
            "stadens grupper",
            "Skillnad mot finansieringen ovan",
            minus(plus(*(group(code, -1) for code in FINANCING_GROUPS)), financed),
        ),
        (
            "stadens grupper",
            "Investeringar, skillnad mot underlaget",
            minus(group(INVESTMENT), investments),
        ),
    ]


def fate(number: ProjectNumber) -> str:
    """What became of a project number, in Swedish."""
    if is_project(number):
        return "projekt i underlaget"
    if number.number == NO_PROJECT:
        return "inget projekt: gemensamma poster och finansiering"
    if number.number == HOUSING_LOANS:
        return "utlåning: formidlingslån, utanför underlaget"
    if number.net(INVESTMENT, BASE_YEAR):
        return "bara 2011, ur den tidigare planen: före planens första år"
    if any(number.net(GRANTS, y) for y in (BASE_YEAR, *BUDGET_YEARS)):
        return "bara bidrag: inget eget investeringsbelopp"
    return "raderna tar ut varandra: inget belopp något år"


def write_csv(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write records as UTF-8 with commas; the columns are those of the first row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def source_path() -> Path:
    """The city's file under $RODTRAD_DATA, else beside the repository."""
    root = os.environ.get("RODTRAD_DATA", HERE.parents[2] / "shared" / "data")
    return Path(root) / SOURCE_FILE


def convert(source: Path, out: Path) -> list[ControlRow]:
    """Write `underlag/`, `kontroll.csv` and `projektnummer.csv`; return the control.

    Raises:
        ValueError: the plan versions overlap or the control does not add up.
    """
    rows = read_rows(source)
    check_versions(rows)
    numbers = build_project_numbers(rows)
    tables = build_records(numbers)
    control = control_rows(numbers, tables)
    wrong = [
        name
        for _, name, amounts in control
        if name.casefold().find("skillnad") >= 0 and any(amounts.values())
    ]
    if wrong:
        raise ValueError(f"kontrollen går inte ihop: {', '.join(wrong)}")
    folder = out / "underlag"
    folder.mkdir(parents=True, exist_ok=True)
    for name, records in tables.items():
        write_csv(folder / f"{name}.csv", records)
    write_csv(
        out / "kontroll.csv",
        [
            {"del": section, "rad": name} | {str(y): a for y, a in amounts.items()}
            for section, name, amounts in control
        ],
    )
    write_csv(
        out / "projektnummer.csv",
        [
            {"projektnummer": n.number, "namn": n.name, "utfall": fate(n)}
            | {str(y): n.net(INVESTMENT, y) for y in (BASE_YEAR, *BUDGET_YEARS)}
            for n in numbers
        ],
    )
    return control


def main() -> int:
    """Convert and print the control sheet in NOK."""
    try:
        control = convert(source_path(), HERE)
    except (OSError, ValueError) as error:
        print(f"Kan inte läsa eller stämma av {source_path()}: {error}")
        print("Sätt RODTRAD_DATA till mappen som har capital_plans/bergen_2012.")
        return 2
    section = ""
    for part, name, amounts in control:
        if part != section:
            section = part
            print(
                f"\n{section.capitalize():<52}" + "".join(f"{y:>16}" for y in amounts)
            )
        figures = "".join(f"{a:>16,}".replace(",", " ") for a in amounts.values())
        print(f"{name:<52}{figures}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
