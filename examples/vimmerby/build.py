"""Which tables does the Vimmerby case hold, and where does each figure come from?

Builds `underlag/*.csv` from published figures about Vimmerby kommun (0884) and from
assumptions that say so. Every row carries `source` and `quality`; a row is no better
than its worst figure: `uppgift` only when every figure in it is printed in the source,
`beräkning` when the rest is arithmetic on such figures, otherwise `antagande`, with the
reasoning in `source`. Money is tkr. Nothing is random and nothing reads a clock.

Run: `python examples/vimmerby/build.py [FOLDER]`. Data are read from `$RODTRAD_DATA`,
otherwise from `../shared/data` beside the repository.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
UNDERLAG = HERE / "underlag"
CODE = "0884"
BASE_YEAR, PLAN_START, PLAN_END = 2025, 2026, 2035
PLAN_YEARS = range(PLAN_START, PLAN_END + 1)

FACT, COMPUTED, ASSUMED = "uppgift", "beräkning", "antagande"

Cell = str | int | float | bool | None
Row = dict[str, Cell]
Tables = dict[str, list[Row]]

COLUMNS: dict[str, tuple[str, ...]] = {
    "settings": ("key", "value"),
    "years": (
        "year",
        "population",
        "tax_base_growth",
        "cost_growth",
        "construction_growth",
        "interest_rate",
        "other_change_tkr",
        "lasting_change_tkr",
        "provisions_change_tkr",
    ),
    "statement": ("line", "year", "amount"),
    "balance": ("line", "amount"),
    "existing": (
        "year",
        "depreciation_tkr",
        "outlay_tkr",
        "income_tkr",
        "resolved_income_tkr",
    ),
    "adjustments": ("year", "kind", "amount"),
    "deficits": ("year", "amount", "due_year", "restored", "exempted"),
    "areas": ("area", "name", "lat", "lon"),
    "population": ("year", "area", "age", "sex", "persons"),
    "population_totals": ("year", "area", "persons"),
    "births": ("year", "area", "persons"),
    "attendance": ("service", "age", "ratio"),
    "lookbacks": (
        "lookback_id",
        "name",
        "service",
        "age_from",
        "age_to",
        "count_year",
        "use_year",
        "added_places",
        "outcome",
    ),
    "services": ("service", "age_from", "age_to", "ratio", "buffer_share"),
    "premises": (
        "premises_id",
        "asset_id",
        "service",
        "area",
        "places",
        "from_year",
        "to_year",
    ),
    "projects": (
        "project_id",
        "name",
        "committee",
        "area",
        "asset_id",
        "driver",
        "nira",
        "must_do",
        "deadline_year",
        "earliest_year",
        "latest_year",
        "financing",
        "gate",
        "lat",
        "lon",
        "waiting_cost",
        "public",
        "description",
    ),
    "alternatives": (
        "project_id",
        "alternative_id",
        "name",
        "kind",
        "build_years",
        "scrapped",
    ),
    "outlays": ("project_id", "alternative_id", "offset", "outlay", "income"),
    "effects": ("project_id", "alternative_id", "offset", "operating"),
    "parts": (
        "project_id",
        "alternative_id",
        "component",
        "share",
        "useful_life_years",
    ),
    "criteria": ("criterion", "name", "weight", "description"),
    "scores": ("project_id", "alternative_id", "criterion", "low", "score", "high"),
    "viewpoints": ("viewpoint", "criterion", "relation", "value"),
    "relations": ("kind", "project_id", "other_id", "lag_years"),
    "goals": (
        "goal_id",
        "name",
        "indicator",
        "operator",
        "value",
        "from_year",
        "to_year",
        "period",
        "level",
        "price",
    ),
    "scenarios": ("scenario", "table", "key", "column", "value"),
    "companies": (
        "company",
        "year",
        "result",
        "investment",
        "loans",
        "guarantees",
        "dividend",
    ),
}

# --- Sources ---------------------------------------------------------------------------

DV = "https://www.dagensvimmerby.se/nyheter/"
DV_MOBILE = "https://m.dagensvimmerby.se/nyheter/"
GITHUB = "https://github.com/"
SOURCES: dict[str, tuple[str, str]] = {
    "dv_2509": (
        "Dagens Vimmerby, september 2025",
        f"{DV}politik/e/308095/majoriteten-lagger-fram-satsningar-for-miljoner-har-ar-alla-infor-2026/",
    ),
    "dv_nyb": (
        "Dagens Vimmerby, september 2025",
        f"{DV}politik/e/308101/da-ska-beslut-fattas-om-nytt-aldreboende-kon-fortsatt-lang/",
    ),
    "dv_2510": (
        "Dagens Vimmerby, oktober 2025",
        f"{DV}politik/e/310542/kommunen-pa-vag-mot-stort-overskott-alla-ska-kanna-sig-stolta/",
    ),
    "dv_2511": (
        "Dagens Vimmerby, november 2025",
        f"{DV}politik/e/311429/ljust-ekonomiskt-lage-redovisades-var-femte-kommun-raknar-med-underskott/",
    ),
    "dv_utj": (
        "Dagens Vimmerby, november 2025",
        f"{DV}politik/e/311248/vimmerby-kan-ga-miste-om-miljoner-storstaderna-skriker-hogst/",
    ),
    "dv_54": (
        "Dagens Vimmerby, november 2025",
        f"{DV}politik/e/311790/stoppade-planer-pa-storre-bygge-i-nybble-skulle-blivit-alldeles-for-dyrt/",
    ),
    "dv_igang": (
        "Dagens Vimmerby, december 2025",
        f"{DV}politik/e/312255/nytt-boende-i-nybble-narmar-sig-da-ska-man-borja-bygga/",
    ),
    "dv_snovit": (
        "Dagens Vimmerby, januari 2026",
        f"{DV}politik/e/314376/sa-ser-overkapaciteten-inom-forskolan-ut-darfor-stangs-snovit/",
    ),
    "dv_amort": (
        "Dagens Vimmerby, mars 2026",
        f"{DV}politik/e/316387/intensiv-debatt-om-amorteringsloftet-anklagade-m-for-att-vara-skattehojarpartiet/",
    ),
    "dv_2022": (
        "Dagens Vimmerby, bokslut 2022",
        f"{DV}politik/e/138632/nastan-alla-mal-missades-under-2022-viktigt-att-utveckla-maluppfyllelsen/",
    ),
    "dv_2023": (
        "Dagens Vimmerby, bokslut 2023",
        f"{DV}politik/e/157818/sa-illa-blev-kommunens-resultat-2023-kommer-aberopa-synnerliga-skal/",
    ),
    "dv_open": (
        "Dagens Vimmerby, 2024",
        f"{DV_MOBILE}e/166218/snart-oppnar-nya-forskolan-sa-manga-barn-blir-det-fran-start",
    ),
    "dv_forsenas": (
        "Dagens Vimmerby, 2023",
        f"{DV_MOBILE}politik/e/137991/nytt-aldreboende-i-vimmerby-forsenas-da-ska-det-vara-klart",
    ),
    "dv_al": (
        "Dagens Vimmerby, april 2023",
        f"{DV}e/137565/rektorn-pa-al-om-beskedet-finns-nog-manga-delade-kanslor/",
    ),
    "dv_nyskola": (
        "Dagens Vimmerby, odaterad",
        f"{DV}politik/e/7542/majoriteten-planerar-ny-skola-maste-losa-finansieringen/",
    ),
    "vt_nybble": (
        "Vimmerby Tidning, omkring januari 2019",
        "https://www.vimmerbytidning.se/nyheter/vimmerby/just-nu-bygger-forskola-for-120-barn-om5694629.aspx",
    ),
    "vt_2013": (
        "Vimmerby Tidning, mars 2013",
        "https://vimmerbytidning.se/nyheter/vimmerby/artikel/invanarna-med-hogst-kommunala-lan/re9pnwyl",
    ),
    "vby_stat": (
        "Vimmerby kommun, statistik och kommunfakta",
        "https://www.vimmerby.se/kommunochpolitik/omvimmerbykommun/statistikochkommunfakta.4.34b79a7b16653c9fa847d7e8.html",
    ),
    "scb_age": (
        "SCB, folkmängd efter ålder och kön 2019",
        f"{GITHUB}vagdur/SCBHandlerPlotter",
    ),
    "scb_income": (
        "SCB, skatteintäkter och bidrag per invånare 2019",
        f"{GITHUB}vagdur/SCBHandlerPlotter",
    ),
    "scb_total": (
        "SCB, folkmängd den 31 december",
        f"{GITHUB}Kamilovna/swedish-education-analytics",
    ),
    "kolada": (
        "Kolada, invånare 0–64 och 65+ år 1998–2011",
        f"{GITHUB}LCHansson/KLD_Explorer",
    ),
    "scb_panel": (
        "SCB, folkmängd genom en panel av kommuner",
        f"{GITHUB}mattiasnordin/Regression",
    ),
    "scb_rate": (
        "SCB, kommunernas skattesatser genom en panel av kommuner",
        f"{GITHUB}mattiasnordin/Regression",
    ),
    "scb_forskola": (
        "SCB, Agenda 2030, barn i förskola",
        "https://www.scb.se/hitta-statistik/temaomraden/agenda-2030/mal-4/delmal-4.2/",
    ),
    "fso": (
        "FSO, barn i förskolan per ålder, 2019",
        "https://www.fso.se/Nyheter.html?news=46791",
    ),
    "dv_bantar": (
        "Dagens Vimmerby, 2023",
        f"{DV}politik/e/134930/kommunen-bantar-investeringslistan-vore-tragiskt-att-behova-backa-dar/",
    ),
    "scb_tatort": ("SCB, tätorter 2020", f"{GITHUB}borstell/swemapdata"),
    "skolverket": (
        "Skolverket, förskoleenheter, hämtat 2025-08-26",
        f"{GITHUB}KSAklfszf921/sveriges-forskolor",
    ),
    "dv_plats": (
        "Dagens Vimmerby, 2022",
        f"{DV}e/111645/klart-har-foreslas-vimmerbys-nya-hogstadieskola-byggas/",
    ),
    "vt_2021": (
        "Vimmerby Tidning, 2021",
        "https://vimmerbytidning.se/nyheter/vimmerby/artikel/jattesatsningen-vill-bygga-ny-hogstadieskola-i-centrala-vimmerby-har-ar-de-aktuella-platserna/jnxdkv8r",
    ),
    "skr_ir25": (
        "SKR, internränta för år 2025",
        "https://skhi.se/skr/tjanster/cirkular/cirkular/2024/internrantaforar2025.79404.html",
    ),
    "betongror": (
        "Betongrör, 2019",
        "https://betongror.se/2019/04/10/lang-livslangd-pa-va-ror-ger-battre-ekonomi/",
    ),
}


def cite(*keys: str) -> str:
    """The named sources as text with address, in the order given."""
    return "; ".join(f"{SOURCES[key][0]}, {SOURCES[key][1]}" for key in keys)


def fact(text: str, *keys: str) -> str:
    """A published figure, with its sources."""
    return f"Uppgift: {text} ({cite(*keys)})."


def computed(text: str, *keys: str) -> str:
    """Arithmetic on published figures, with their sources."""
    return f"Beräkning: {text} ({cite(*keys)})."


def assumed(text: str, *keys: str) -> str:
    """An assumption and the reason for it, with sources it leans on, if any."""
    return f"Antagande: {text} ({cite(*keys)})." if keys else f"Antagande: {text}."


# --- Published figures -----------------------------------------------------------------

RESULT_2025 = 22_800.0  # forecast, dv_2511
BALANCE_RESULT_2025 = 20_900.0  # forecast, dv_2511
ONE_PERCENT_2025 = 12_100.0  # the 1 % target in kronor, dv_2510
TWO_PERCENT_2026 = 25_000.0  # the 2 % target in kronor, about, dv_2509
RUR = 42_700.0  # dv_2511
POPULATION_2029 = 15_004  # forecast, dv_snovit
NYBBLE, EXTRA_FLATS = 280_000.0, 25_000.0  # dv_nyb, dv_54
INVESTED_2022, BUDGET_2022 = 67_000.0, 120_000.0  # dv_2022
FORECAST_2025, BUDGET_2025 = 56_100.0, 63_000.0  # dv_2511
EQUALISATION_LOSS = 16_400.0  # a year, fully phased in, dv_utj

# --- Assumptions, tuned so that the statements stay plausible for ten years --------------

INTEREST = 0.0275
COST_GROWTH = 0.027
COST_GROWTH_2026 = 0.0195
TAX_BASE_GROWTH = 0.036
CONSTRUCTION_GROWTH = 0.03
LOANS = 300_000.0
DEPRECIATION = 48_000.0
DEPRECIATION_DECLINE = 0.035
OPERATING_INCOME = 270_000.0
MIN_CASH = 40_000.0
FOREST_GAIN = 1_700.0
DEBT_CEILING = 44_000.0  # kr per inhabitant
AIM_PRICE_RESULT = 2.0  # value points per percentage point and year
AIM_PRICE_OWN = 0.05
TAX_BASE_DROP = 0.005
LANDFILL = {2027: -6_000.0, 2028: -8_000.0, 2029: -6_000.0}
PENSION_PROVISION = 2_000.0
LASTING = {
    2026: 1_750.0,
    2027: -500.0,
    2028: -500.0,
    2029: -500.0,
    2030: 5_000.0,
    2031: 9_000.0,
    2032: 7_500.0,
    2033: 5_000.0,
    2034: 1_000.0,
    2035: 500.0,
}


# --- Reading ---------------------------------------------------------------------------


def data_folder() -> Path:
    """`$RODTRAD_DATA`, otherwise `shared/data` beside the repository."""
    given = os.environ.get("RODTRAD_DATA")
    return Path(given) if given else HERE.parents[2] / "shared" / "data"


def read_rows(path: Path) -> list[dict[str, str]]:
    """Every row of a CSV file, gzipped or not, keyed by its header."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text)))


@dataclass(frozen=True)
class Public:
    """The figures that are read from the data folder."""

    population: dict[int, int]
    earlier: dict[int, int]
    panel: dict[int, int]
    tax_rates: dict[int, float]
    tax_per_head: float
    grants_per_head: float
    by_age: list[tuple[int, str, int]]
    localities: dict[str, tuple[str, int, float, float]]
    preschools: list[dict[str, str]]


def read_public(folder: Path) -> Public:
    """Vimmerby's rows of the data folder; FileNotFoundError without it."""
    totals = read_rows(folder / "municipal_panel" / "population_2020_2025.csv")
    panel = [
        row
        for row in read_rows(folder / "municipal_panel" / "municip_panel_2002_2022.csv")
        if row["municip_code"] == CODE
    ]
    income = {
        row["resultaträkningsposter"]: float(row["X2019"])
        for row in read_rows(folder / "scb" / "income_statement_2019.csv")
        if row["kommunkod"] == CODE
    }
    ages = read_rows(folder / "scb" / "population_age_sex_2019.csv.gz")
    places = read_rows(folder / "geo" / "tatorter_2020.csv")
    schools = read_rows(folder / "preschools" / "preschools.csv.gz")
    return Public(
        population={
            int(row["year"]): int(row["population"])
            for row in totals
            if row["municipality_code"] == CODE
        },
        earlier=earlier_population(folder),
        panel={
            int(row["year"]) - 1: int(float(row["pop"]))  # 31 December the year before
            for row in panel
        },
        tax_rates={int(row["year"]): float(row["tax_rate"]) for row in panel},
        tax_per_head=income["skatteintäkter"],
        grants_per_head=income["generella statsbidrag och utjämning"],
        by_age=sorted(
            (int(row["ålder"]), row["kön"][0], int(row["X2019"]))
            for row in ages
            if row["kommunkod"] == CODE
        ),
        localities={
            ascii_id(row["name"]): (
                row["name"],
                int(row["pop"]),
                float(row["lat"]),
                float(row["lon"]),
            )
            for row in places
            if row["mun_code"] == CODE
        },
        preschools=sorted(
            (row for row in schools if row["Kommunkod"] == CODE),
            key=lambda row: row["Namn"],
        ),
    )


def earlier_population(folder: Path) -> dict[int, int]:
    """Inhabitants 1998-2011: those aged 0-64 and those aged 65 and older."""
    values: dict[int, dict[str, float]] = {}
    for row in read_rows(folder / "kolada" / "kolada_values_1995_2012.csv.gz"):
        if row["kommunkod"] == CODE and row["kpi"] in ("N01918", "N01938"):
            values.setdefault(int(row["year"]), {})[row["kpi"]] = float(row["value"])
    return {
        year: round(sum(parts.values()))
        for year, parts in sorted(values.items())
        if len(parts) == 2
    }


def ascii_id(name: str) -> str:
    """The name as an id: lower case, å ä ö rewritten, blanks as underscores."""
    return name.lower().translate(str.maketrans("åäöé ", "aaoe_"))


# --- Projects --------------------------------------------------------------------------


@dataclass(frozen=True)
class Alternative:
    """One way to carry out a project; money in tkr, prices of 2025.

    `scores` follow the order of `CRITERIA`. `life` is either whole years for one part
    or (component, share, years) for each part; None years is land.
    """

    alternative_id: str
    name: str
    kind: str
    build_years: int
    outlay: tuple[float, ...]
    scores: tuple[int, int, int, int, int]
    outlay_source: str
    operating: tuple[float, ...] = ()
    effect_source: str = ""
    income: tuple[float, ...] = ()
    life: int | tuple[tuple[str, float, int | None], ...] = 33
    source: str = ""
    quality: str = ASSUMED


@dataclass(frozen=True)
class Project:
    """A project with its alternatives. `place` is an area with a point on the map."""

    project_id: str
    name: str
    committee: str
    place: str | None
    driver: str
    nira: str
    earliest: int
    latest: int
    gate: str
    description: str
    source: str
    alternatives: tuple[Alternative, ...]
    must_do: bool = False
    deadline: int | None = None
    financing: str = "skatt"
    waiting: float = 0.0
    unit: str | None = field(default=None)


KS = "Kommunstyrelsen"
SN = "Socialnämnden"
BUN = "Barn- och utbildningsnämnden"
SBN = "Samhällsbyggnadsnämnden"
KFN = "Kultur- och fritidsnämnden"

CRITERIA = (
    ("behov", "Behov nu och om tio år", 35, "Hur stort behovet är, mätt i människor."),
    ("vantan", "Följden av att vänta", 30, "Vad som händer om inget görs på tre år."),
    ("drift", "Driftekonomi", 13, "Hur mycket billigare driften blir."),
    ("klimat", "Klimat och energi", 7, "Mindre utsläpp och energi."),
    ("attraktiv", "Attraktiv kommun", 15, "Hur mycket fler vill bo och verka här."),
)

WINDOW = assumed(
    "startfönster, drivkraft, investeringsslag och väntekostnad är satta här"
)
OWN = assumed(
    "projektet nämns inte i någon läst källa. Det finns med för att en kommun av den "
    "här storleken brukar behöva något liknande; utgift, tid och behov är satta här"
)
OWN_OUTLAY = assumed(
    "utgiften är satt för exemplet efter projektets art, ingen kalkyl finns"
)
PACE = assumed(
    "tvingande, eftersom en lägsta förnyelse behövs varje år; det är takten som väljs"
)
NO_PRICE = assumed(
    "inget pris är funnet i de lästa källorna; utgiften är satt för exemplet"
)
OWN_EFFECT = assumed("driftens ändring är satt för exemplet, ingen kalkyl är funnen")
SAVING = assumed(
    "lägre kostnad för energi och tillsyn, satt till några procent av utgiften"
)
NYBBLE_OUTLAY = (
    fact("omkring 280 mkr för 54 lägenheter", "dv_nyb")
    + " "
    + assumed(
        "fördelningen på år. Byggstart efter sommaren 2026 och inflyttning 2029 är publicerade",
        "dv_igang",
    )
)
NYBBLE_EFFECT = (
    fact("driften beräknas kosta upp till 50 mkr om året", "dv_nyb")
    + " "
    + assumed(
        "netto 18 mkr: resten ersätter hemtjänst, korttidsplatser och köpta platser för "
        "dem som flyttar in. Första året hålls 40 av 54 lägenheter öppna"
    )
)

BUILDING_RENEWAL = (
    ("Tak och fasad", 0.30, 40),
    ("Fönster och dörrar", 0.20, 40),
    ("Ventilation", 0.30, 25),
    ("El och ytskikt", 0.20, 20),
)
SPORT_RENEWAL = (
    ("Stomme och tätskikt", 0.40, 40),
    ("Vattenrening och teknik", 0.40, 20),
    ("Ytskikt", 0.20, 15),
)

PROJECTS: tuple[Project, ...] = (
    Project(
        "nybble_aldreboende",
        "Nybble äldreboende",
        SN,
        "vimmerby",
        "befolkning",
        "N100",
        2026,
        2028,
        "G5",
        "Nytt äldreboende i Nybble i Vimmerby. Publicerat pris är omkring 280 mkr och "
        "inflyttning 2029. Drygt 30 personer stod i kö hösten 2025, "
        "och de som är 85 år eller äldre väntas bli 49 procent fler till 2033.",
        fact(
            "valt i juni 2025, startbeslut i november–december 2025, anbud omkring mars "
            "2026, byggstart efter sommaren 2026, inflyttning 2029, kö på drygt 30 "
            "personer, 85 år och äldre +49 procent till 2033",
            "dv_nyb",
            "dv_igang",
            "dv_54",
        )
        + " "
        + assumed(
            "start 2026–2028; väntekostnaden 8 mkr om året, när kön växer: omkring 30 "
            "personer och 270 000 kronor mer per person i korttidsplatser, köpta platser och "
            "hemtjänst än i dag"
        ),
        (
            Alternative(
                "lgh54",
                "54 lägenheter",
                "bygg_nytt",
                3,
                (30_000, 120_000, 130_000),
                (96, 98, 5, 30, 55),
                NYBBLE_OUTLAY,
                (13_000, 18_000),
                NYBBLE_EFFECT,
                source=computed(
                    "start 2026 och inflyttning 2029 ger tre års byggtid", "dv_igang"
                ),
                quality=COMPUTED,
            ),
            Alternative(
                "lgh58",
                "58 lägenheter",
                "bygg_nytt",
                3,
                (32_500, 130_000, 142_500),
                (100, 100, 3, 30, 57),
                computed(
                    "280 mkr för 54 lägenheter och 25 mkr för fyra till",
                    "dv_nyb",
                    "dv_54",
                )
                + " "
                + assumed("fördelningen på år"),
                (13_800, 19_300),
                NYBBLE_EFFECT
                + " "
                + assumed("fyra lägenheter till ökar nettot lika mycket per plats"),
                source=fact("fyra extra lägenheter avslogs i november 2025", "dv_54")
                + " "
                + assumed("samma byggtid som för 54 lägenheter"),
            ),
        ),
        waiting=8_000.0,
    ),
    Project(
        "kvillgarden",
        "Kvillgården i Storebro",
        SN,
        "storebro",
        "skick",
        "R80 A20",
        2028,
        2032,
        "G2",
        "Äldreboendet Kvillgården renoveras eller byggs ut.",
        fact("renovering eller utbyggnad utreddes 2025", "dv_nyb")
        + " "
        + fact("skulle stänga 2025 enligt tidigare plan", "dv_forsenas")
        + " "
        + WINDOW,
        (
            Alternative(
                "renovera",
                "Renovera",
                "bygg_om",
                2,
                (22_000, 32_000),
                (15, 14, 10, 15, 9),
                NO_PRICE,
                (-300,),
                SAVING,
                life=BUILDING_RENEWAL,
            ),
            Alternative(
                "bygg_ut",
                "Renovera och bygg ut",
                "bygg_om",
                2,
                (34_000, 48_000),
                (21, 17, 2, 14, 12),
                NO_PRICE,
                (5_500,),
                OWN_EFFECT,
                life=33,
            ),
        ),
        waiting=600.0,
    ),
    Project(
        "strandhagen",
        "Strandhagen: köp för korttidsplatser",
        SN,
        "vimmerby",
        "befolkning",
        "N70 R30",
        2026,
        2029,
        "G4",
        "Fastigheten Strandhagen köps för upp till 24 korttidsplatser.",
        fact("köp planeras, upp till 24 korttidsplatser", "dv_54") + " " + WINDOW,
        (
            Alternative(
                "kop",
                "Köp och anpassa",
                "kop",
                1,
                (34_000,),
                (17, 13, 16, 5, 5),
                NO_PRICE,
                (-900,),
                assumed(
                    "hyror och köpta platser som upphör är något större än egen drift"
                ),
                life=(("Mark", 0.1, None), ("Byggnad", 0.9, 40)),
            ),
        ),
        waiting=400.0,
    ),
    Project(
        "vimarhaga_c",
        "Vimarhaga C: fler lägenheter",
        SN,
        "vimmerby",
        "befolkning",
        "N60 A40",
        2026,
        2027,
        "G5",
        "Lokaler i Vimarhaga C görs om till fler permanenta lägenheter.",
        fact("fler permanenta lägenheter i Vimarhaga C är beslutade", "dv_54")
        + " "
        + assumed(
            "projektet är tvingande här eftersom det är beslutat; åren är satta här"
        ),
        (
            Alternative(
                "bygg_om",
                "Bygg om",
                "bygg_om",
                1,
                (16_000,),
                (14, 14, 8, 5, 5),
                NO_PRICE,
                (3_000,),
                OWN_EFFECT,
                life=25,
            ),
        ),
        must_do=True,
        deadline=2028,
    ),
    Project(
        "al_skolan",
        "Astrid Lindgrens skola: renovering",
        BUN,
        "vimmerby",
        "arbetsmiljo",
        "R60 A40",
        2026,
        2028,
        "G3",
        "Astrid Lindgrens skola renoveras i stället för att ersättas av en ny "
        "högstadieskola. 40–45 mkr var budgeterat omkring 2016–2017.",
        fact(
            "renoveras sedan den nya högstadieskolan avslutades i april 2023; fönster och "
            "ventilation är förbättrade; Arbetsmiljöverket har agerat",
            "dv_al",
        )
        + " "
        + WINDOW,
        (
            Alternative(
                "hel",
                "Hela renoveringen",
                "bygg_om",
                3,
                (12_000, 26_000, 22_000),
                (20, 25, 14, 28, 18),
                fact("40–45 mkr var budgeterat omkring 2016–2017", "dv_nyskola")
                + " "
                + assumed(
                    "60 mkr: mitten 42,5 mkr räknad upp med 40 procent till 2025 års priser"
                ),
                (-500,),
                SAVING,
                life=BUILDING_RENEWAL,
            ),
            Alternative(
                "etapp",
                "Första etappen",
                "bygg_om",
                2,
                (14_000, 16_000),
                (13, 17, 8, 16, 10),
                assumed("halva renoveringen: det som rör arbetsmiljön"),
                (-250,),
                SAVING,
                life=BUILDING_RENEWAL,
            ),
        ),
        waiting=900.0,
    ),
    Project(
        "vimarskolan",
        "Vimarskolan: renovering",
        BUN,
        "vimmerby",
        "skick",
        "R80 A20",
        2027,
        2032,
        "G2",
        "Vimarskolan renoveras i stället för att ersättas av en ny högstadieskola.",
        fact("renoveras i stället för en ny högstadieskola", "dv_al") + " " + WINDOW,
        (
            Alternative(
                "renovera",
                "Renovera",
                "bygg_om",
                2,
                (18_000, 27_000),
                (13, 14, 10, 18, 11),
                NO_PRICE,
                (-300,),
                SAVING,
                life=BUILDING_RENEWAL,
            ),
        ),
        waiting=500.0,
    ),
    Project(
        "hogstadieskola",
        "Ny högstadieskola 7–9",
        BUN,
        "vimmerby",
        "skick",
        "N40 R60",
        2027,
        2030,
        "G2",
        "En ny högstadieskola utreddes i sju år och avslutades i april 2023. Den finns "
        "med för att visa vad den hade krävt.",
        fact(
            "tre platser 2021, plats vald 2022, avslutad i april 2023 efter sju år",
            "vt_2021",
            "dv_plats",
            "dv_al",
        )
        + " "
        + WINDOW,
        (
            Alternative(
                "bygg_nytt",
                "Bygg ny skola",
                "bygg_nytt",
                3,
                (60_000, 130_000, 130_000),
                (24, 17, 5, 38, 41),
                NO_PRICE
                + " "
                + assumed(
                    "320 mkr: omkring 600 elever och drygt 500 000 kronor per elev"
                ),
                (-1_500,),
                OWN_EFFECT,
                life=(
                    ("Stomme", 0.40, 80),
                    ("Tak, fasad och fönster", 0.21, 40),
                    ("Rör och el", 0.21, 38),
                    ("Ventilation", 0.09, 25),
                    ("Ytskikt och övrigt", 0.09, 15),
                ),
            ),
        ),
    ),
    Project(
        "sodra_vi_forskola",
        "Förskola i Södra Vi",
        BUN,
        "sodra_vi",
        "befolkning",
        "N100",
        2027,
        2030,
        "G2",
        "Två avdelningar för 35–40 barn i Södra Vi. Sedan förskolan aviserades har "
        "antalet födda minskat från 175 (2020) till 111 (2025).",
        fact("två avdelningar, 35–40 barn, aviserad omkring 2019", "vt_nybble")
        + " "
        + fact("175 födda 2020 och 111 födda 2025", "vby_stat", "dv_snovit")
        + " "
        + WINDOW,
        (
            Alternative(
                "bygg_nytt",
                "Bygg två avdelningar",
                "bygg_nytt",
                2,
                (12_000, 18_000),
                (5, 3, 0, 6, 12),
                NO_PRICE + " " + assumed("omkring 800 000 kronor per plats"),
                (2_500,),
                OWN_EFFECT,
            ),
        ),
    ),
    Project(
        "snovit",
        "Snövits förskola stängs",
        BUN,
        "vimmerby",
        "ekonomi",
        "A100",
        2026,
        2027,
        "G6",
        "Förskolan Snövit med 35 platser stängs, eftersom 127 av tätortens 479 platser "
        "var lediga i januari 2026.",
        fact(
            "stängning beslutad i januari 2026; 35 platser, 30 barn; 352 barn på 479 "
            "platser i tätorten",
            "dv_snovit",
        )
        + " "
        + WINDOW,
        (
            Alternative(
                "avveckla",
                "Stäng och flytta barnen",
                "avveckla",
                1,
                (300,),
                (3, 3, 60, 12, 0),
                assumed("mindre anpassning av de förskolor som tar emot barnen"),
                (-1_800,),
                assumed(
                    "lokal och omkring två av sex tjänster sparas, eftersom barnen "
                    "behöver personal där de flyttar in. Sex tjänster är uppgift",
                    "skolverket",
                ),
                life=10,
            ),
        ),
        unit="Snövits Förskola",
    ),
    Project(
        "deponi",
        "Gamla deponin: sluttäckning",
        SBN,
        None,
        "lagkrav",
        "A100",
        2026,
        2028,
        "G4",
        "Den gamla deponin sluttäcks. Det mesta betalas ur avsättningen från 2023 och "
        "belastar inte resultatet igen; här finns vägar, dammar och kontrollbrunnar.",
        fact(
            "stor avsättning för sluttäckning 2023, beloppet är inte publicerat",
            "dv_2023",
        )
        + " "
        + assumed(
            "20 mkr av avsättningen betalas ut 2027–2029 (bladet År, ändrade "
            "avsättningar); bara det som blir en anläggning är ett projekt"
        ),
        (
            Alternative(
                "anlagg",
                "Anläggningar vid deponin",
                "anpassa",
                1,
                (7_000,),
                (5, 24, 0, 50, 2),
                NO_PRICE,
                (150,),
                OWN_EFFECT,
                life=30,
            ),
        ),
        must_do=True,
        deadline=2029,
    ),
    Project(
        "tak_fonster_ventilation",
        "Tak, fönster och ventilation (antaget)",
        BUN,
        None,
        "skick",
        "R90 A10",
        2026,
        2029,
        "G3",
        "Sexårigt program för tak, fönster och ventilation i skolor och förskolor.",
        OWN,
        (
            Alternative(
                "hel",
                "Full takt",
                "bygg_om",
                1,
                (12_000,) * 6,
                (14, 23, 22, 45, 5),
                OWN_OUTLAY,
                (-200, -400, -600, -800, -1_000),
                SAVING,
                life=(
                    ("Tak", 0.35, 40),
                    ("Fönster", 0.3, 40),
                    ("Ventilation", 0.35, 25),
                ),
            ),
            Alternative(
                "halv",
                "Halv takt",
                "bygg_om",
                1,
                (6_000,) * 6,
                (8, 13, 12, 24, 3),
                OWN_OUTLAY,
                (-100, -200, -300, -400, -500),
                SAVING,
                life=(
                    ("Tak", 0.35, 40),
                    ("Fönster", 0.3, 40),
                    ("Ventilation", 0.35, 25),
                ),
            ),
        ),
        waiting=1_000.0,
    ),
    Project(
        "energi",
        "Energi i hus och gatubelysning (antaget)",
        KS,
        None,
        "klimat",
        "A60 R40",
        2026,
        2032,
        "G2",
        "Styrning, isolering och solel i kommunens hus och snålare gatubelysning.",
        OWN,
        (
            Alternative(
                "atgarder",
                "Åtgärder i tre steg",
                "anpassa",
                1,
                (7_000, 7_000, 6_000),
                (3, 5, 50, 100, 3),
                OWN_OUTLAY,
                (-700, -1_400, -2_000),
                assumed("besparing på omkring en tiondel av utgiften om året"),
                life=20,
            ),
        ),
    ),
    Project(
        "gator",
        "Gator: beläggning och underbyggnad (antaget)",
        SBN,
        None,
        "skick",
        "R100",
        2026,
        2026,
        "G3",
        "Årlig förnyelse av gator under tio år.",
        OWN + " " + PACE,
        (
            Alternative(
                "full",
                "Full takt",
                "bygg_om",
                0,
                (7_000,) * 10,
                (12, 19, 10, 4, 10),
                OWN_OUTLAY,
                life=(("Slitlager", 0.6, 20), ("Bärlager", 0.4, 40)),
            ),
            Alternative(
                "halv",
                "Halv takt",
                "bygg_om",
                0,
                (4_000,) * 10,
                (7, 11, 5, 3, 5),
                OWN_OUTLAY,
                (500,),
                assumed("mer lagning när takten är halv"),
                life=(("Slitlager", 0.6, 20), ("Bärlager", 0.4, 40)),
            ),
        ),
        must_do=True,
        deadline=2026,
    ),
    Project(
        "va_ledningar",
        "Vatten och avlopp: ledningar (antaget)",
        SBN,
        None,
        "skick",
        "R100",
        2026,
        2026,
        "G3",
        "Årlig förnyelse av ledningar under tio år, betald med taxan.",
        OWN
        + " "
        + PACE
        + " "
        + assumed(
            "behovet i ledningsnät anges till omkring 1 000 kronor per invånare och år "
            "för landet; om näten ägs av kommunen eller bolaget är inte kontrollerat",
            "betongror",
        ),
        (
            Alternative(
                "full",
                "Full takt",
                "bygg_om",
                0,
                (11_000,) * 10,
                (13, 20, 10, 25, 3),
                OWN_OUTLAY,
                life=70,
            ),
            Alternative(
                "halv",
                "Halv takt",
                "bygg_om",
                0,
                (6_000,) * 10,
                (8, 12, 5, 14, 2),
                OWN_OUTLAY,
                life=70,
            ),
        ),
        must_do=True,
        deadline=2026,
        financing="taxa",
    ),
    Project(
        "inventarier",
        "Inventarier, it och fordon (antaget)",
        KS,
        None,
        "skick",
        "R100",
        2026,
        2026,
        "G3",
        "Årlig ram för det som slits: möbler, datorer, köksmaskiner och fordon.",
        OWN + " " + assumed("tvingande, eftersom verksamheten stannar utan ramen"),
        (
            Alternative(
                "ram",
                "Årlig ram",
                "anpassa",
                0,
                (7_000,) * 10,
                (11, 14, 5, 5, 3),
                OWN_OUTLAY,
                life=7,
            ),
        ),
        must_do=True,
        deadline=2026,
    ),
    Project(
        "simhall",
        "Simhall: renovering (antaget)",
        KFN,
        "vimmerby",
        "skick",
        "R80 I20",
        2028,
        2030,
        "G1",
        "Tätskikt, vattenrening och ventilation i simhallen förnyas.",
        OWN,
        (
            Alternative(
                "renovera",
                "Renovera",
                "bygg_om",
                2,
                (24_000, 36_000),
                (4, 6, 6, 18, 13),
                OWN_OUTLAY,
                (-500,),
                SAVING,
                life=SPORT_RENEWAL,
            ),
        ),
        waiting=500.0,
    ),
    Project(
        "idrottshall",
        "Idrottshall: ny hall (antaget)",
        KFN,
        "vimmerby",
        "politiskt_mal",
        "N70 I30",
        2028,
        2030,
        "G1",
        "En ny fullstor idrottshall för skola och föreningar.",
        OWN,
        (
            Alternative(
                "bygg_nytt",
                "Bygg ny hall",
                "bygg_nytt",
                2,
                (22_000, 33_000),
                (5, 2, 0, 5, 20),
                OWN_OUTLAY,
                (2_200,),
                OWN_EFFECT,
            ),
        ),
    ),
    Project(
        "gc_vag",
        "Gång- och cykelväg till Södra Vi (antaget)",
        SBN,
        "sodra_vi",
        "klimat",
        "N80 I20",
        2028,
        2029,
        "G1",
        "Gång- och cykelväg mellan Vimmerby och Södra Vi, delvis betald med bidrag.",
        OWN,
        (
            Alternative(
                "bygg_nytt",
                "Bygg med bidrag",
                "bygg_nytt",
                2,
                (10_000, 17_000),
                (3, 1, 0, 20, 8),
                OWN_OUTLAY + " " + assumed("en tredjedel i bidrag"),
                (200,),
                OWN_EFFECT,
                income=(0, 9_000),
                life=(("Slitlager", 0.4, 20), ("Underbyggnad", 0.6, 60)),
            ),
        ),
    ),
    Project(
        "industrimark",
        "Industrimark: ny etapp (antaget)",
        KS,
        "vimmerby",
        "politiskt_mal",
        "N70 I30",
        2027,
        2029,
        "G2",
        "Gator och ledningar till nya tomter, som säljs efter hand.",
        fact("industritomter för över 50 mkr 2013, sålda efter hand", "vt_2013")
        + " "
        + OWN,
        (
            Alternative(
                "etapp",
                "Bygg ut en etapp",
                "bygg_nytt",
                2,
                (14_000, 18_000),
                (3, 2, 5, 0, 18),
                OWN_OUTLAY + " " + assumed("tomter säljs för hälften av utgiften"),
                income=(0, 4_000, 6_000, 6_000),
                life=(("Mark", 0.3, None), ("Gator och ledningar", 0.7, 40)),
            ),
        ),
        financing="exploatering",
    ),
    Project(
        "reservkraft",
        "Reservkraft (antaget)",
        KS,
        "vimmerby",
        "beredskap",
        "A100",
        2026,
        2031,
        "G3",
        "Fast reservkraft vid äldreboenden, kök och ledningsplats.",
        OWN,
        (
            Alternative(
                "fast",
                "Fast reservkraft",
                "anpassa",
                1,
                (7_500,),
                (7, 13, 1, 2, 3),
                OWN_OUTLAY,
                (100,),
                OWN_EFFECT,
                life=20,
            ),
        ),
    ),
)

RELATIONS: tuple[tuple[str, str, str, int, str], ...] = (
    (
        "excludes",
        "hogstadieskola",
        "al_skolan",
        0,
        assumed(
            "en ny högstadieskola ersätter renoveringen; det var antingen eller",
            "dv_al",
        ),
    ),
    (
        "requires",
        "kvillgarden",
        "nybble_aldreboende",
        0,
        assumed(
            "de som bor på Kvillgården behöver lägenheter i Nybble medan arbetet pågår"
        ),
    ),
)


# --- Tables ----------------------------------------------------------------------------

REMARK = (
    "Det här är ett exempel byggt på offentliga uppgifter om Vimmerby kommun, inte "
    "kommunens egen plan. Lån, avskrivningar, tillgångar, räntor, ökningstakter och de "
    "flesta projektens utgifter är antaganden, eftersom de inte är publicerade i de "
    "källor som har lästs. Kriterier, betyg och synsätt är illustrationer, och projekt "
    "med ordet antaget i namnet är påhittade för att planen ska bli hel."
)

ILLUSTRATION = assumed(
    "illustration för exemplet; kommunen har inte satt betyg eller vikter"
)


def population_by_year(public: Public) -> dict[int, int]:
    """Inhabitants 2025-2035: published 2025 and 2029, a straight line between and on."""
    first = public.population[BASE_YEAR]
    yearly = (POPULATION_2029 - first) / (2029 - BASE_YEAR)
    return {
        year: round(first + yearly * (year - BASE_YEAR))
        for year in range(BASE_YEAR, PLAN_END + 1)
    }


def base_2025() -> float:
    """Taxes and general grants 2025: 12.1 million is one percent."""
    return ONE_PERCENT_2025 / 0.01


def tax_base_growth_2026(public: Public) -> float:
    """The growth that gives taxes and grants of 1,250 million with fewer inhabitants."""
    people = population_by_year(public)
    per_head = TWO_PERCENT_2026 / 0.02 / people[2026]
    return round(per_head / (base_2025() / people[BASE_YEAR]) - 1, 4)


def settings_rows(public: Public) -> list[Row]:
    """The settings, each with its source."""
    choice = assumed("val för exemplet")
    rate_year = max(public.tax_rates)
    rate = public.tax_rates[rate_year]
    said = f"{rate:.2f}".replace(".", ",")
    rows: list[tuple[str, Cell, str, str]] = [
        (
            "municipality_name",
            "Vimmerby kommun",
            fact("kommunens namn", "scb_total"),
            FACT,
        ),
        ("municipality_code", CODE, fact("kommunkod", "scb_total"), FACT),
        (
            "base_year",
            BASE_YEAR,
            assumed("2025 är senaste år med publicerad prognos"),
            ASSUMED,
        ),
        ("plan_start", PLAN_START, choice, ASSUMED),
        ("plan_end", PLAN_END, assumed("tio år är valt för exemplet"), ASSUMED),
        (
            "discount_rate",
            0.04,
            assumed("en nytta ett år senare väger 4 procent mindre"),
            ASSUMED,
        ),
        (
            "internal_rate",
            0.025,
            fact("SKR rekommenderade 2,50 procent för 2025", "skr_ir25")
            + " "
            + assumed("kommunens egen internränta är inte funnen"),
            ASSUMED,
        ),
        (
            "tax_rate",
            rate,
            fact(f"{said} kronor av hundra {rate_year}", "scb_rate")
            + " "
            + assumed("oförändrad till 2025; en senare skattesats är inte funnen"),
            ASSUMED,
        ),
        (
            "min_cash_tkr",
            MIN_CASH,
            assumed("omkring tio dagars utbetalningar; ingen uppgift är funnen"),
            ASSUMED,
        ),
        (
            "resultatreserv_tkr",
            0,
            fact("en första reservering kan bli möjlig för 2025", "dv_2511")
            + " "
            + assumed("ingen reservering är beslutad"),
            ASSUMED,
        ),
        (
            "rur_tkr",
            RUR,
            fact("42,7 mkr, får användas till utgången av 2033", "dv_2511"),
            FACT,
        ),
        (
            "completion_rate",
            round(INVESTED_2022 / BUDGET_2022, 2),
            computed("67 mkr av 120 mkr investerades 2022", "dv_2022"),
            COMPUTED,
        ),
        ("seed", 884, choice, ASSUMED),
        ("draws", 2000, choice, ASSUMED),
        ("currency", "kr", choice, ASSUMED),
        ("remark", REMARK, choice, ASSUMED),
    ]
    return [
        {"key": key, "value": value, "source": source, "quality": quality}
        for key, value, source, quality in rows
    ]


def years_rows(public: Public) -> list[Row]:
    """Population, growth and interest for the base year and each plan year."""
    people = population_by_year(public)
    rows: list[Row] = [
        {
            "year": BASE_YEAR,
            "population": people[BASE_YEAR],
            "source": fact("15 327 invånare den 31 december 2025", "scb_total"),
            "quality": FACT,
        }
    ]
    growth = assumed(
        "kostnaderna ökar 2,7 procent om året (1,95 procent 2026, så att resultatet med "
        "planens projekt blir det publicerade målet, omkring 25 mkr), byggpriserna 3 procent, "
        "skatteunderlaget 3,6 procent per invånare och låneräntan är 2,75 procent"
    )
    older = sum(persons for age, _, persons in public.by_age if age >= 85)
    volume = (
        fact("85 år och äldre +49 procent till 2033", "dv_nyb")
        + " "
        + computed(
            f"49 procent av {older} personer (2019) är omkring {round(older * 0.049) * 10}",
            "scb_age",
        )
        + " "
        + assumed(
            "100 000 kronor per person i omsorg utöver Nybble ger omkring 27 mkr i varaktigt "
            "högre kostnad. 2027–2029 sparar färre barn 0,5 mkr mer om året än så; ökningen "
            "kommer 2030–2035, när de stora årskullarna från 1940-talet fyller 85. "
            "Avsättningarna för pensioner ökar 2 mkr om året"
        )
    )
    for year in PLAN_YEARS:
        if year == 2029:
            source = fact("15 004 invånare 2029 enligt kommunens prognos", "dv_snovit")
        elif year < 2029:
            source = computed(
                "invånarna på en rät linje mellan 15 327 (2025) och 15 004 (2029)",
                "scb_total",
                "dv_snovit",
            )
        else:
            source = assumed("invånarna fortsätter att minska som 2025–2029")
        parts = [source]
        if year == 2026:
            parts.append(
                computed(
                    "skatteunderlaget ökar så att skatter och bidrag blir 1 250 mkr: "
                    "omkring 25 mkr är 2 procent",
                    "dv_2509",
                )
            )
            parts.append(
                fact(
                    "1,5 mkr till personal och 0,25 mkr till föreningar 2026", "dv_2509"
                )
            )
        parts.append(growth)
        if year > 2026:
            parts.append(volume)
        if year in LANDFILL:
            parts.append(
                assumed(
                    f"{-LANDFILL[year] / 1000:.0f} mkr av avsättningen från 2023 betalas ut "
                    "för deponin"
                )
            )
        rows.append(
            {
                "year": year,
                "population": people[year],
                "tax_base_growth": (
                    tax_base_growth_2026(public) if year == 2026 else TAX_BASE_GROWTH
                ),
                "cost_growth": COST_GROWTH_2026 if year == 2026 else COST_GROWTH,
                "construction_growth": CONSTRUCTION_GROWTH,
                "interest_rate": INTEREST,
                "other_change_tkr": 0,
                "lasting_change_tkr": LASTING[year],
                "provisions_change_tkr": PENSION_PROVISION + LANDFILL.get(year, 0.0),
                "source": " ".join(parts),
                "quality": ASSUMED,
            }
        )
    return rows


def statement_rows(public: Public) -> list[Row]:
    """The income statement 2025: the published result, split by assumption."""
    base = base_2025()
    tax_share = public.tax_per_head / (public.tax_per_head + public.grants_per_head)
    tax = round(base * tax_share)
    interest = -round(LOANS * 0.025)
    split = (
        computed(
            "skatter och bidrag är tillsammans 1 210 mkr: 12,1 mkr är 1 procent",
            "dv_2510",
        )
        + " "
        + assumed(
            "delas som 2019 (46 182 och 15 541 kronor per invånare)", "scb_income"
        )
    )
    lines: list[tuple[str, float, str]] = [
        (
            "ri",
            OPERATING_INCOME,
            assumed(
                "omkring en femtedel av kostnaderna; ingen uppgift för 2025 är funnen"
            ),
        ),
        (
            "rk",
            RESULT_2025 - OPERATING_INCOME + DEPRECIATION - base - interest,
            assumed(
                "det som återstår när årets resultat är prognosens +22,8 mkr", "dv_2511"
            ),
        ),
        (
            "ra",
            -DEPRECIATION,
            assumed(
                "4 procent av skatter och bidrag; avskrivningarna är inte publicerade"
            ),
        ),
        ("rs", tax, split),
        ("rg", base - tax, split),
        ("fi", 0, assumed("finansiella intäkter är inte funna och räknas inte med")),
        (
            "fk",
            interest,
            assumed(
                "2,5 procent ränta på antagna lån; inget finansnetto för 2025 är funnet"
            ),
        ),
        ("ex", 0, assumed("inga extraordinära poster nämns i prognosen", "dv_2511")),
    ]
    return [
        {
            "line": line,
            "year": BASE_YEAR,
            "amount": amount,
            "source": source,
            "quality": ASSUMED,
        }
        for line, amount, source in lines
    ]


def balance_rows() -> list[Row]:
    """The balance sheet at the end of 2025: assumed throughout, and it balances."""
    missing = "balansräkningen är inte publicerad i de källor som har lästs"
    fixed, financial, other, cash = 960_000.0, 60_000.0, 110_000.0, 60_000.0
    provisions, liabilities = 90_000.0, 280_000.0
    lines: list[tuple[str, float, str]] = [
        (
            "fixed_assets",
            fixed,
            assumed(f"20 gånger årets avskrivning; {missing}"),
        ),
        ("financial_assets", financial, assumed(f"aktier i bolagen; {missing}")),
        ("other_assets", other, assumed(f"fordringar och förråd; {missing}")),
        ("cash", cash, assumed(f"omkring två veckors utbetalningar; {missing}")),
        (
            "equity",
            fixed + financial + other + cash - provisions - LOANS - liabilities,
            assumed(f"det som återstår, så att balansräkningen går ihop; {missing}"),
        ),
        (
            "provisions",
            provisions,
            fact(
                "stor avsättning för deponi 2023, beloppet är inte publicerat",
                "dv_2023",
            )
            + " "
            + assumed("25 mkr för deponin och 65 mkr för pensioner"),
        ),
        (
            "loans",
            LOANS,
            fact("egna lån 286 mkr 2013, på väg mot 320 mkr året därpå", "vt_2013")
            + " "
            + fact("18 mkr amorterat 2016–2025 av utlovade 151 mkr", "dv_amort")
            + " "
            + assumed(
                "320 − 18 ≈ 300 mkr. Lån 2015–2025, till exempel för Nybble förskola, är "
                "inte kända, och lån som bolagen har tagit räknas inte hit"
            ),
        ),
        (
            "other_liabilities",
            liabilities,
            assumed(f"kortfristiga skulder och bidrag; {missing}"),
        ),
        (
            "pension_off_balance",
            270_000.0,
            assumed("omkring 17 600 kronor per invånare; beloppet är inte publicerat"),
        ),
        (
            "guarantees",
            1_000_000.0,
            fact("koncernens lån omkring 1 300 mkr 2013, varav egna 286 mkr", "vt_2013")
            + " "
            + assumed(
                "bolagens lån är lika stora i dag och kommunen går i borgen för dem"
            ),
        ),
    ]
    return [
        {"line": line, "amount": amount, "source": source, "quality": ASSUMED}
        for line, amount, source in lines
    ]


def existing_rows() -> list[Row]:
    """Depreciation of what is in use, and what was budgeted 2025 but not spent."""
    rest = BUDGET_2025 - FORECAST_2025
    rows: list[Row] = []
    for step, year in enumerate(PLAN_YEARS):
        outlay = rest if year == PLAN_START else 0.0
        source = assumed(
            "avskrivningarna på det som finns minskar 3,5 procent om året när tillgångar "
            "blir färdigavskrivna; 1,5 mkr bidrag löses upp varje år"
        )
        if outlay:
            source = (
                computed("63 mkr budget 2025 minus prognosen 56,1 mkr", "dv_2511")
                + " "
                + assumed("resten används 2026 och skrivs av på omkring 30 år")
                + " "
                + source
            )
        rows.append(
            {
                "year": year,
                "depreciation_tkr": round(
                    DEPRECIATION * (1 - DEPRECIATION_DECLINE) ** step + rest / 30
                ),
                "outlay_tkr": outlay,
                "income_tkr": 0,
                "resolved_income_tkr": 1_500,
                "source": source,
                "quality": ASSUMED,
            }
        )
    return rows


def adjustment_rows() -> list[Row]:
    """Forest gains taken out of the balance requirement each plan year."""
    source = (
        fact("prognosen för 2025 är +22,8 mkr, efter justering 20,9 mkr", "dv_2511")
        + " "
        + fact("skogen gav 1,7 mkr i samma prognos", "dv_2511")
        + " "
        + assumed("lika mycket varje år, och allt räknas som realisationsvinst")
    )
    return [
        {
            "year": year,
            "kind": "realisationsvinster",
            "amount": -FOREST_GAIN,
            "source": source,
            "quality": ASSUMED,
        }
        for year in PLAN_YEARS
    ]


def deficit_rows() -> list[Row]:
    """The deficits of 2022 and 2023, whose settlement is not published."""
    return [
        {
            "year": 2022,
            "amount": 3_800,
            "due_year": 2025,
            "restored": 3_800,
            "exempted": 0,
            "source": fact("årets resultat −3,8 mkr", "dv_2022")
            + " "
            + assumed(
                "balanskravsresultatet var lika stort och är återställt av överskottet "
                "i prognosen för 2025; något beslut är inte funnet"
            ),
            "quality": ASSUMED,
        },
        {
            "year": 2023,
            "amount": 10_600,
            "due_year": 2026,
            "restored": 0,
            "exempted": 10_600,
            "source": fact(
                "årets resultat −10,6 mkr, kommunen skulle åberopa synnerliga skäl",
                "dv_2023",
            )
            + " "
            + assumed(
                "balanskravsresultatet var lika stort och hela beloppet är undantaget"
            ),
            "quality": ASSUMED,
        },
    ]


def area_rows(public: Public) -> list[Row]:
    """The localities, and the whole municipality for what has no place of its own."""
    rows: list[Row] = [
        {
            "area": "hela_kommunen",
            "name": "Hela kommunen",
            "lat": None,
            "lon": None,
            "source": fact("Vimmerby kommun, 0884", "scb_total"),
            "quality": FACT,
        }
    ]
    for area, (name, people, lat, lon) in sorted(public.localities.items()):
        rows.append(
            {
                "area": area,
                "name": name,
                "lat": lat,
                "lon": lon,
                "source": fact(f"tätort med {people} invånare 2020", "scb_tatort"),
                "quality": FACT,
            }
        )
    return rows


def population_rows(public: Public) -> list[Row]:
    """Inhabitants 31 December 2019 by one-year age and sex."""
    source = fact(
        "folkmängd den 31 december 2019, tillsammans 15 647; 100 betyder 100 år och äldre",
        "scb_age",
        "vby_stat",
    )
    return [
        {
            "year": 2019,
            "area": "hela_kommunen",
            "age": age,
            "sex": sex,
            "persons": persons,
            "source": source,
            "quality": FACT,
        }
        for age, sex, persons in public.by_age
    ]


def service_rows() -> list[Row]:
    """Preschool only: places in other services are not published.

    Of care homes the new flats and the queue are known, but neither how many places
    there are today nor how large a share of the old live in one.
    """
    return [
        {
            "service": "Förskola",
            "age_from": 1,
            "age_to": 5,
            "ratio": 0.85,
            "buffer_share": 0.04,
            "source": assumed(
                "85 procent av barnen går i förskola och 4 procent av platserna hålls "
                "lediga; kommunens egen andel är inte funnen"
            ),
            "quality": ASSUMED,
        }
    ]


def population_total_rows(public: Public) -> list[Row]:
    """Inhabitants on 31 December 1998-2024, for the pace of growth. Base year: years."""
    rows: list[Row] = []
    for year in range(1998, BASE_YEAR):
        if year in public.earlier:
            persons = public.earlier[year]
            source = computed(f"0–64 år och 65+ år {year}, summa", "kolada")
            quality = COMPUTED
        elif year in public.population or year in public.panel:
            known = year in public.population
            persons = public.population[year] if known else public.panel[year]
            key = "scb_total" if known else "scb_panel"
            source = fact(f"folkmängd den 31 december {year}", key)
            quality = FACT
        else:
            continue
        rows.append(
            {"year": year, "persons": persons, "source": source, "quality": quality}
        )
    return rows


def birth_rows() -> list[Row]:
    """Births after the count by age; those of 2021-2024 are not published."""
    return [
        {
            "year": year,
            "persons": born,
            "source": fact(f"{born} födda {year}", key),
            "quality": FACT,
        }
        for year, born, key in ((2020, 175, "vby_stat"), (2025, 111, "dv_snovit"))
    ]


def attendance_rows() -> list[Row]:
    """The nation's attendance by age: Vimmerby's own is not published by age."""
    nation = {1: 0.48, 2: 0.89, 3: 0.93, 4: 0.943, 5: 0.943}
    source = (
        fact("i landet 78,0 procent av 1–3 år och 94,3 av 4–5 år 2019", "scb_forskola")
        + " "
        + fact("knappt hälften av ettåringarna och 89 procent av tvååringarna", "fso")
        + " "
        + assumed("som i landet; 1 och 3 år är satta så att 1–3 år blir 78 procent")
    )
    return [
        {
            "service": "Förskola",
            "age": age,
            "ratio": ratio,
            "source": source,
            "quality": ASSUMED,
        }
        for age, ratio in nation.items()
    ]


def lookback_rows() -> list[Row]:
    """The two Nybble decisions, told from the count of 2019."""
    counted = assumed(
        "åldrarna 2019 är de första som finns ett år i taget i de lästa källorna"
    )
    return [
        {
            "lookback_id": "nybble_forskola",
            "name": "Nybble förskola",
            "service": "Förskola",
            "age_from": 1,
            "age_to": 5,
            "count_year": 2019,
            "use_year": 2025,
            "added_places": 120,
            "outcome": (
                "Förskolan utlovades omkring januari 2019, innan åldrarna för det året var "
                "räknade, men första spadtaget togs våren 2023. År 2020 föddes 175 barn "
                "och år 2025 föddes 111. I januari 2026 gick 352 barn på 479 platser i "
                "tätorten: 127 platser var tomma, 60 av dem på Nybble."
            ),
            "source": fact("120 platser utlovades omkring januari 2019", "vt_nybble")
            + " "
            + fact("förskolan först, äldreboendet sedan", "dv_bantar")
            + " "
            + fact("öppnade den 1 november 2024", "dv_open")
            + " "
            + fact("352 barn på 479 platser, Nybble 60 av 120, 111 födda", "dv_snovit")
            + " "
            + fact("175 födda 2020", "vby_stat")
            + " "
            + counted,
            "quality": ASSUMED,
        },
        {
            "lookback_id": "nybble_aldreboende",
            "name": "Nybble äldreboende",
            "service": "Särskilt boende",
            "age_from": 85,
            "age_to": 120,
            "count_year": 2019,
            "use_year": 2029,
            "added_places": 54,
            "outcome": (
                "Bygget pausades i oktober 2023. Hösten 2025 stod drygt 30 personer i "
                "kö, och inflyttningen väntas 2029. Kommunens egen prognos är att de som "
                "är 85 år eller äldre blir 49 procent fler till 2033."
            ),
            "source": fact("54 lägenheter, inflyttning 2029", "dv_igang")
            + " "
            + fact("kön drygt 30 personer, 49 procent fler till 2033", "dv_nyb")
            + " "
            + fact("pausat", "dv_forsenas")
            + " "
            + counted,
            "quality": ASSUMED,
        },
    ]


PRESCHOOL_AREA = {
    "Rumskulla Förskola": "hela_kommunen",
    "Kottens Förskola": "frodinge",
    "Junibackens Förskola": "tuna",
    "Mosippans Förskola": "gullringen",
    "Katthults Förskola": "storebro",
    "Björkkullens Förskola": "sodra_vi",
    "Backsippans Förskola": "hela_kommunen",
}
PUBLISHED_PLACES = {"Lundens Förskola": 110, "Snövits Förskola": 35}


def premises_rows(public: Public) -> list[Row]:
    """The preschools by name; places where published, otherwise the children enrolled."""
    rows: list[Row] = [
        {
            "premises_id": "nybble_forskola",
            "service": "Förskola",
            "area": "vimmerby",
            "places": 120,
            "from_year": 2025,
            "to_year": None,
            "source": fact(
                "120 platser, öppnade den 1 november 2024", "dv_open", "dv_snovit"
            )
            + " "
            + computed("första hela året är 2025", "dv_open"),
            "quality": COMPUTED,
        }
    ]
    for unit in public.preschools:
        name, children = unit["Namn"], round(float(unit["Antal barn"]))
        places = PUBLISHED_PLACES.get(name)
        closes = name == "Snövits Förskola"
        if places is None:
            source = (
                fact(f"{children} barn enligt Skolverket", "skolverket")
                + " "
                + assumed(
                    "lika många platser som barn; antalet platser är inte publicerat"
                )
            )
        else:
            source = fact(f"{name}: {places} platser", "dv_snovit")
        if closes:
            source += " " + fact("stängning beslutad i januari 2026", "dv_snovit")
            source += " " + assumed("stängs under 2026")
        rows.append(
            {
                "premises_id": ascii_id(name),
                "service": "Förskola",
                "area": PRESCHOOL_AREA.get(name, "vimmerby"),
                "places": children if places is None else places,
                "from_year": None,
                "to_year": 2026 if closes else None,
                "source": source,
                "quality": ASSUMED if places is None or closes else FACT,
            }
        )
    return rows


def project_point(
    project: Project, public: Public
) -> tuple[float | None, float | None]:
    """The unit's own point if it is published, otherwise the locality's."""
    for unit in public.preschools:
        if unit["Namn"] == project.unit:
            return float(unit["Latitud"]), float(unit["Longitud"])
    if project.place is None:
        return None, None
    return public.localities[project.place][2:]


def project_rows(public: Public) -> list[Row]:
    """One row a project. Assumed throughout: windows and driver are set here."""
    rows: list[Row] = []
    for project in PROJECTS:
        lat, lon = project_point(project, public)
        point = (
            ""
            if lat is None
            else " " + fact("förskolans läge", "skolverket")
            if project.unit
            else " " + assumed("läget på kartan är tätortens mittpunkt", "scb_tatort")
        )
        rows.append(
            {
                "project_id": project.project_id,
                "name": project.name,
                "committee": project.committee,
                "area": project.place or "hela_kommunen",
                "driver": project.driver,
                "nira": project.nira,
                "must_do": project.must_do,
                "deadline_year": project.deadline,
                "earliest_year": project.earliest,
                "latest_year": project.latest,
                "financing": project.financing,
                "gate": project.gate,
                "lat": lat,
                "lon": lon,
                "waiting_cost": project.waiting,
                "public": True,
                "description": project.description,
                "source": project.source + point,
                "quality": ASSUMED,
            }
        )
    return rows


def alternative_tables() -> Tables:
    """The tables that hang on the alternatives."""
    tables: Tables = {
        name: [] for name in ("alternatives", "outlays", "effects", "parts", "scores")
    }
    life_source = assumed(
        "nyttjandeperiod enligt vanlig kommunal praxis; kommunens egna tider är inte funna"
    )
    for project in PROJECTS:
        for option in project.alternatives:
            key: Row = {
                "project_id": project.project_id,
                "alternative_id": option.alternative_id,
            }
            tables["alternatives"].append(
                key
                | {
                    "name": option.name,
                    "kind": option.kind,
                    "build_years": option.build_years,
                    "scrapped": 0,
                    "source": option.source
                    or assumed("byggtiden är satt för exemplet; inget utrangeras"),
                    "quality": option.quality,
                }
            )
            horizon = max(len(option.outlay), len(option.income))
            for offset in range(horizon):
                tables["outlays"].append(
                    key
                    | {
                        "offset": offset,
                        "outlay": value_at(option.outlay, offset),
                        "income": value_at(option.income, offset),
                        "source": option.outlay_source,
                        "quality": ASSUMED,
                    }
                )
            for offset, operating in enumerate(option.operating):
                tables["effects"].append(
                    key
                    | {
                        "offset": offset,
                        "operating": operating,
                        "source": option.effect_source,
                        "quality": ASSUMED,
                    }
                )
            parts = (
                (("Hela", 1.0, option.life),)
                if isinstance(option.life, int)
                else option.life
            )
            for component, share, years in parts:
                tables["parts"].append(
                    key
                    | {
                        "component": component,
                        "share": share,
                        "useful_life_years": years,
                        "source": life_source,
                        "quality": ASSUMED,
                    }
                )
            for criterion, score in zip(CRITERIA, option.scores, strict=True):
                tables["scores"].append(
                    key
                    | {
                        "criterion": criterion[0],
                        "low": max(0, score - 10),
                        "score": score,
                        "high": min(100, score + 10),
                        "source": ILLUSTRATION,
                        "quality": ASSUMED,
                    }
                )
    return tables


def value_at(values: tuple[float, ...], offset: int) -> float:
    """The value at the offset, zero after the last."""
    return values[offset] if offset < len(values) else 0


def criteria_rows() -> list[Row]:
    """Five criteria with weights that sum to 100."""
    return [
        {
            "criterion": criterion,
            "name": name,
            "weight": weight,
            "description": description,
            "source": ILLUSTRATION,
            "quality": ASSUMED,
        }
        for criterion, name, weight, description in CRITERIA
    ]


VIEWPOINTS = (
    ("Omsorg först", "behov", "min", "0.35"),
    ("Omsorg först", "vantan", ">=", "drift"),
    ("Omsorg först", "attraktiv", "max", "0.15"),
    ("Hushålla", "drift", "min", "0.3"),
    ("Hushålla", "vantan", ">=", "attraktiv"),
    ("Hushålla", "behov", "min", "0.1"),
    ("Växa", "attraktiv", "min", "0.3"),
    ("Växa", "behov", ">=", "drift"),
    ("Växa", "klimat", "min", "0.1"),
)


def goal_rows() -> list[Row]:
    """What must hold and what the plan aims for."""
    rows: list[tuple[Cell, ...]] = [
        (
            "balanskrav",
            "Balanskravet: resultatet minst noll",
            "bkr_andel",
            ">=",
            0,
            "year",
            "must",
            None,
            assumed("lagens krav på balans, räknat före reserver"),
        ),
        (
            "resultat_1",
            "Resultat minst 1 % av skatter och bidrag",
            "res_andel",
            ">=",
            0.01,
            "year",
            "must",
            None,
            fact("målet för 2025 var 1 procent", "dv_2510")
            + " "
            + assumed("det måste hållas varje år till 2035"),
        ),
        (
            "resultat_2",
            "Resultat minst 2 % av skatter och bidrag",
            "res_andel",
            ">=",
            0.02,
            "year",
            "aim",
            AIM_PRICE_RESULT,
            fact("målet för 2026 är 2 procent", "dv_2509")
            + " "
            + assumed("det bör nås varje år till 2035; nyttopoängen är satta här"),
        ),
        (
            "lanetak",
            "Lån högst 44 000 kronor per invånare",
            "lan_inv",
            "<=",
            DEBT_CEILING,
            "year",
            "must",
            None,
            assumed(
                "lånetaket är satt för exemplet: dagens antagna lån, 19 600 kronor per "
                "invånare, Nybbles 18 300 och 6 100 till. Kommunens gräns är inte funnen"
            ),
        ),
        (
            "egna_medel",
            "Egna medel betalar minst 70 % av investeringarna",
            "sfg",
            ">=",
            0.7,
            "average:5",
            "aim",
            AIM_PRICE_OWN,
            assumed("målet är satt för exemplet efter andra kommuners mål"),
        ),
    ]
    return [
        {
            "goal_id": goal_id,
            "name": name,
            "indicator": indicator,
            "operator": operator,
            "value": value,
            "from_year": PLAN_START,
            "to_year": PLAN_END,
            "period": period,
            "level": level,
            "price": price,
            "source": source,
            "quality": ASSUMED,
        }
        for goal_id, name, indicator, operator, value, period, level, price, source in rows
    ]


def scenario_rows() -> list[Row]:
    """Named overlays: interest, building prices, tax base, equalisation, stricter goal."""
    rows: list[tuple[str, str, str, str, float | str, str]] = [
        (
            "Räntan +2 procentenheter",
            "years",
            str(year),
            "interest_rate",
            round(INTEREST + 0.02, 4),
            assumed("låneräntan blir 4,75 procent alla år"),
        )
        for year in PLAN_YEARS
    ]
    for year in range(2026, 2030):
        rows.append(
            (
                "Byggpriser +30 procent",
                "years",
                str(year),
                "construction_growth",
                round((1 + CONSTRUCTION_GROWTH) * 1.3**0.25 - 1, 4),
                assumed(
                    "allt byggande blir 30 procent dyrare, i fyra lika steg 2026–2029"
                ),
            )
        )
    rows.append(
        (
            "Skatteunderlag sämre",
            "years",
            "2027",
            "tax_base_growth",
            round(TAX_BASE_GROWTH - TAX_BASE_DROP, 4),
            assumed("ett svagt år: 0,5 procentenheter mindre 2027, som inte tas igen"),
        )
    )
    for step, year in enumerate((2027, 2028, 2029)):
        third = round(EQUALISATION_LOSS / 3)
        extra = third if step < 2 else EQUALISATION_LOSS - 2 * third
        rows.append(
            (
                "Utjämningen ändras (16,4 mkr)",
                "years",
                str(year),
                "lasting_change_tkr",
                LASTING[year] + extra,
                fact("16,4 mkr om året när förslaget är fullt infört", "dv_utj")
                + " "
                + assumed(
                    "införs i tre lika steg 2027–2029 och räknas upp med priserna"
                ),
            )
        )
    rows.append(
        (
            "Resultatmål 2 procent måste",
            "goals",
            "resultat_2",
            "level",
            "must",
            assumed("målet som bör nås måste hållas varje år"),
        )
    )
    return [
        {
            "scenario": scenario,
            "table": table,
            "key": key,
            "column": column,
            "value": value,
            "source": source,
            "quality": ASSUMED,
        }
        for scenario, table, key, column, value, source in rows
    ]


def company_rows() -> list[Row]:
    """The group's result less the municipality's own, for the years it is published."""
    rows: list[Row] = []
    for year, group, own, source in (
        (2021, 78_900.0, 63_800.0, "koncernen 78,9 mkr och kommunen 63,8 mkr"),
        (2022, 31_000.0, -3_800.0, "koncernen 31 mkr och kommunen −3,8 mkr"),
    ):
        rows.append(
            {
                "company": "Bolagen tillsammans",
                "year": year,
                "result": group - own,
                "source": computed(source, "dv_2022")
                + " "
                + assumed(
                    "skillnaden är bolagens resultat; elimineringar är inte kända"
                ),
                "quality": ASSUMED,
            }
        )
    return rows


def build_tables(public: Public) -> Tables:
    """Every table of the case, rows in reading order."""
    tables: Tables = {
        "settings": settings_rows(public),
        "years": years_rows(public),
        "statement": statement_rows(public),
        "balance": balance_rows(),
        "existing": existing_rows(),
        "adjustments": adjustment_rows(),
        "deficits": deficit_rows(),
        "areas": area_rows(public),
        "population": population_rows(public),
        "population_totals": population_total_rows(public),
        "births": birth_rows(),
        "services": service_rows(),
        "attendance": attendance_rows(),
        "lookbacks": lookback_rows(),
        "premises": premises_rows(public),
        "projects": project_rows(public),
        **alternative_tables(),
        "criteria": criteria_rows(),
        "viewpoints": [
            {
                "viewpoint": viewpoint,
                "criterion": criterion,
                "relation": relation,
                "value": value,
                "source": ILLUSTRATION,
                "quality": ASSUMED,
            }
            for viewpoint, criterion, relation, value in VIEWPOINTS
        ],
        "relations": [
            {
                "kind": kind,
                "project_id": project_id,
                "other_id": other_id,
                "lag_years": lag,
                "source": source,
                "quality": ASSUMED,
            }
            for kind, project_id, other_id, lag, source in RELATIONS
        ],
        "goals": goal_rows(),
        "scenarios": scenario_rows(),
        "companies": company_rows(),
    }
    return {name: tables[name] for name in COLUMNS}


# --- Writing ---------------------------------------------------------------------------


def cell_text(value: Cell) -> str:
    """The value as canonical CSV text: `ja` and `nej`, a point as decimal sign."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "ja" if value else "nej"
    if isinstance(value, float):
        rounded = round(value, 6)
        return str(int(rounded)) if rounded == int(rounded) else repr(rounded)
    return str(value)


def table_bytes(name: str, rows: list[Row]) -> bytes:
    """One table as UTF-8 CSV with its canonical header; lines end with a newline."""
    columns = (*COLUMNS[name], "source", "quality")
    for row in rows:
        unknown = set(row) - set(columns)
        if unknown:
            raise ValueError(f"{name}: {sorted(unknown)}")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell_text(row.get(column)) for column in columns] for row in rows)
    return text.getvalue().encode("utf-8")


def build(data: Path) -> dict[str, bytes]:
    """File name to content, for every table of the case."""
    tables = build_tables(read_public(data))
    return {f"{name}.csv": table_bytes(name, rows) for name, rows in tables.items()}


def main() -> int:
    """Write the folder and say what was written."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else UNDERLAG
    data = data_folder()
    if not data.is_dir():
        print(f"Mappen {data} finns inte. Ange den i RODTRAD_DATA.", file=sys.stderr)
        return 2
    files = build(data)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    print(f"{len(files)} tabeller skrivna i {folder}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
