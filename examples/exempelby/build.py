"""How does the fictitious municipality Exempelby look, table by table?

Writes `underlag/*.csv`: every table of DESIGN 3 with every column in use, 60 projects
and about 21 000 inhabitants. Nothing here exists; all rows say `antagande`. The same
seed gives the same files, byte for byte.
"""

from __future__ import annotations

import csv
import math
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

HERE = Path(__file__).resolve().parent
SEED = 9999
BASE_YEAR, PLAN_START, PLAN_END = 2025, 2026, 2037
PLAN_YEARS = range(PLAN_START, PLAN_END + 1)
ALL_YEARS = range(BASE_YEAR, PLAN_END + 1)
# Counted the first two years, the municipality's own forecast after that.
POPULATION_YEARS = (2019, 2025, 2028, 2031, 2034, 2037)
SOURCE = "Påhittat: Exempelby finns inte"
REMARK = (
    "Exempelby finns inte. Alla namn, platser, siffror, betyg och synsätt är påhittade "
    "för att visa hur Röd tråd fungerar. Koordinaterna pekar inte på någon verklig ort."
)

Row = dict[str, Any]


def seeded(*key: object) -> random.Random:
    """A generator of its own per key, so that a new row never moves another's draw."""
    return random.Random(":".join(str(part) for part in (SEED, *key)))  # noqa: S311


# --- Places and people ---------------------------------------------------------------

# area: name, latitude, longitude, share of the inhabitants, mean-age shift in years
AREAS = {
    "centrum": ("Centrum", 57.3000, 15.2000, 0.31, 2),
    "norrstaden": ("Norrstaden", 57.3170, 15.2040, 0.19, -4),
    "soderstaden": ("Söderstaden", 57.2850, 15.1930, 0.17, -2),
    "aby": ("Åby", 57.3320, 15.2750, 0.11, 0),
    "ekeberg": ("Ekeberg", 57.2710, 15.2660, 0.09, 3),
    "lillhult": ("Lillhult", 57.3650, 15.1320, 0.07, 5),
    "strandvik": ("Strandvik", 57.2560, 15.1270, 0.06, -1),
}

EARLIER_INHABITANTS = {
    2014: 20_310,
    2015: 20_390,
    2016: 20_520,
    2017: 20_600,
    2018: 20_690,
    2019: 20_750,
    2020: 20_770,
    2021: 20_840,
    2022: 20_910,
    2023: 20_960,
    2024: 21_000,
}

# year: inhabitants, growth of tax base, costs and construction prices, interest rate,
# dearer that year, dearer from that year on, change of provisions (tkr)
YEARS = {
    2025: (21_040, 0.041, 0.030, 0.025, 0.0265, 0, 0, 0),
    2026: (21_110, 0.037, 0.028, 0.027, 0.0270, 0, 0, 900),
    2027: (21_190, 0.036, 0.028, 0.028, 0.0275, 3_500, 14_000, 900),
    2028: (21_270, 0.035, 0.028, 0.028, 0.0280, 2_000, 15_000, 800),
    2029: (21_340, 0.035, 0.028, 0.028, 0.0285, 0, 15_500, 800),
    2030: (21_400, 0.034, 0.028, 0.028, 0.0290, 0, 16_000, 700),
    2031: (21_450, 0.034, 0.028, 0.028, 0.0290, 1_500, 16_500, 700),
    2032: (21_490, 0.034, 0.028, 0.028, 0.0290, 0, 17_000, 600),
    2033: (21_520, 0.034, 0.028, 0.028, 0.0290, 0, 17_500, 600),
    2034: (21_540, 0.034, 0.028, 0.028, 0.0290, 0, 17_500, 500),
    2035: (21_550, 0.034, 0.028, 0.028, 0.0290, 0, 17_000, 500),
    2036: (21_555, 0.034, 0.028, 0.028, 0.0290, 0, 16_500, 400),
    2037: (21_555, 0.034, 0.028, 0.028, 0.0290, 0, 16_000, 400),
}

# --- The municipality's economy, tkr -------------------------------------------------

STATEMENT = {
    2025: {
        "ri": 331_500,
        "rk": -1_719_200,
        "ra": -62_400,
        "rs": 1_062_000,
        "rg": 421_000,
        "fi": 1_900,
        "fk": -12_500,
        "ex": 0,
    },
    # The council's budget for the first plan year.
    2026: {
        "ri": 340_500,
        "rk": -1_768_000,
        "rs": 1_104_900,
        "rg": 438_000,
        "fi": 1_900,
        "fk": -13_100,
        "ex": 0,
    },
}
BALANCE = {
    "fixed_assets": 1_291_000,
    "financial_assets": 94_000,
    "other_assets": 151_000,
    "cash": 62_000,
    "equity": 783_000,
    "provisions": 47_000,
    "loans": 421_000,
    "other_liabilities": 347_000,
    "pension_off_balance": 386_000,
    "guarantees": 612_000,
}
# year: depreciation, outlay, income and resolved income of what is already decided
EXISTING = {
    2026: (63_500, 42_000, 1_500, 9_800),
    2027: (63_900, 15_000, 0, 9_700),
    2028: (62_700, 4_000, 0, 9_500),
    2029: (60_900, 0, 0, 9_300),
    2030: (58_800, 0, 0, 9_100),
    2031: (56_900, 0, 0, 8_900),
    2032: (54_800, 0, 0, 8_700),
    2033: (52_900, 0, 0, 8_500),
    2034: (50_800, 0, 0, 8_300),
    2035: (48_900, 0, 0, 8_100),
    2036: (46_800, 0, 0, 7_900),
    2037: (44_900, 0, 0, 7_700),
}
LOANS = (
    ("ki_1", 80_000, 0.0291, 2027, 2027),
    ("ki_2", 75_000, 0.0214, 2028, 2028),
    ("ki_3", 60_000, 0.0265, 2026, 2029),
    ("ki_4", 60_000, 0.0283, 2030, 2030),
    ("ki_5", 50_000, 0.0249, 2026, 2026),
    ("ki_6", 40_000, 0.0302, 2031, 2031),
    ("ki_7", 36_000, 0.0238, 2026, 2028),
    ("ki_8", 20_000, 0.0310, 2033, 2033),
)
ADJUSTMENTS = (
    (2026, "realisationsvinster", -4_200),
    (2026, "undantag_vinst", 1_000),
    (2027, "orealiserat", -1_200),
    (2027, "undantag_forlust", 600),
    (2028, "aterforing", 800),
    (2029, "reservering", -2_000),
)
# year, amount, due year, restored, exempted
DEFICITS = ((2023, 34_500, 2026, 6_000, 2_000), (2024, 29_800, 2027, 0, 0))

BUN = "Barn- och utbildningsnämnden"
SN = "Socialnämnden"
SBN = "Samhällsbyggnadsnämnden"
KFN = "Kultur- och fritidsnämnden"
KS = "Kommunstyrelsen"
FRAMES = {  # the budget year's frame, tkr; later years follow the cost index
    BUN: 712_000,
    SN: 508_000,
    SBN: 92_000,
    KFN: 71_500,
    KS: 108_500,
}

# company: result, investments, loans, guarantees, dividend in the base year, yearly
# growth of its loans
COMPANIES = {
    "Exempelbyhem AB": (9_800, 64_000, 418_000, 418_000, 1_200, 0.03),
    # District heating and broadband: works that the customers' fees pay.
    "Exempelby Energi AB": (14_600, 47_000, 171_000, 171_000, 3_000, 0.02),
    "Exempelby Industrilokaler AB": (1_400, 6_500, 23_000, 23_000, 0, -0.02),
}

# --- What the municipality has -------------------------------------------------------


@dataclass(frozen=True)
class Asset:
    """A building, street or network. Money in tkr, condition on its own scale."""

    name: str
    kind: str
    committee: str
    area: str
    built_year: int
    area_m2: int
    replacement_cost: int
    book_value: int
    condition: str
    scale: str
    consequence: int
    premises: tuple[str, int] | None = None


ASSETS = {
    "norrskolan": Asset("Norrskolan", "skola", BUN, "norrstaden", 1968, 7_800, 265_000, 31_000, "TG2", "tg", 2, ("grundskola", 540)),
    "centralskolan": Asset("Centralskolan", "skola", BUN, "centrum", 1957, 11_200, 370_000, 74_000, "TG2", "tg", 3, ("grundskola", 760)),
    "aby_skola": Asset("Åby skola", "skola", BUN, "aby", 1974, 4_300, 138_000, 26_000, "TG2", "tg", 2, ("grundskola", 280)),
    "ekeberg_skola": Asset("Ekebergs skola", "skola", BUN, "ekeberg", 1962, 3_600, 112_000, 18_500, "TG3", "tg", 2, ("grundskola", 230)),
    "soderskolan": Asset("Söderskolan", "skola", BUN, "soderstaden", 2009, 6_100, 214_000, 139_000, "TG1", "tg", 2, ("grundskola", 520)),
    "lillhult_skola": Asset("Lillhults skola", "skola", BUN, "lillhult", 1949, 2_000, 61_000, 7_200, "TG2", "tg", 1, ("grundskola", 115)),
    "gymnasiet": Asset("Exgymnasiet", "skola", BUN, "centrum", 1971, 12_500, 405_000, 96_000, "TG1", "tg", 3, ("gymnasium", 620)),
    "linden": Asset("Förskolan Linden", "förskola", BUN, "soderstaden", 1979, 900, 34_000, 3_800, "TG3", "tg", 1, ("förskola", 80)),
    "solgarden": Asset("Förskolan Solgården", "förskola", BUN, "soderstaden", 1976, 700, 26_000, 5_600, "TG3", "tg", 1, ("förskola", 60)),
    "lonnen": Asset("Förskolan Lönnen", "förskola", BUN, "norrstaden", 2014, 1_350, 58_000, 41_000, "TG0", "tg", 1, ("förskola", 120)),
    "regnbagen": Asset("Förskolan Regnbågen", "förskola", BUN, "centrum", 1998, 1_900, 76_000, 33_000, "TG1", "tg", 2, ("förskola", 170)),
    "aby_forskola": Asset("Åby förskola", "förskola", BUN, "aby", 1988, 1_100, 43_000, 14_000, "TG1", "tg", 1, ("förskola", 95)),
    "ekeberg_forskola": Asset("Ekebergs förskola", "förskola", BUN, "ekeberg", 1991, 850, 33_000, 12_000, "TG1", "tg", 1, ("förskola", 70)),
    "lillhult_forskola": Asset("Lillhults förskola", "förskola", BUN, "lillhult", 1972, 560, 21_000, 1_900, "TG2", "tg", 1, ("förskola", 45)),
    "centralkoket": Asset("Centralköket", "kök", BUN, "centrum", 1983, 1_450, 62_000, 9_400, "TG2", "tg", 3),
    "eken": Asset("Äldreboendet Eken", "äldreboende", SN, "centrum", 1969, 4_800, 176_000, 22_000, "TG2", "tg", 3, ("särskilt boende", 64)),
    "asken": Asset("Äldreboendet Asken", "äldreboende", SN, "norrstaden", 1994, 5_900, 214_000, 88_000, "TG1", "tg", 3, ("särskilt boende", 78)),
    "granen": Asset("Äldreboendet Granen", "äldreboende", SN, "aby", 2006, 3_300, 128_000, 76_000, "TG1", "tg", 3, ("särskilt boende", 44)),
    "traffpunkten": Asset("Träffpunkten", "mötesplats", SN, "centrum", 1985, 780, 24_000, 4_100, "TG2", "tg", 1),
    "storgatan": Asset("Storgatan", "gata", SBN, "centrum", 1964, 9_400, 52_000, 3_100, "4", "skala_1_5", 2),
    "exbron": Asset("Exåbron", "bro", SBN, "centrum", 1952, 640, 41_000, 1_200, "5", "skala_1_5", 3),
    "gatunatet": Asset("Kommunens gator", "gata", SBN, "centrum", 1975, 860_000, 610_000, 118_000, "3", "skala_1_5", 2),
    "belysningen": Asset("Gatubelysningen", "belysning", SBN, "centrum", 1990, 0, 48_000, 9_000, "3", "skala_1_5", 1),
    "stationen": Asset("Stationsområdet", "resecentrum", SBN, "centrum", 1938, 5_200, 64_000, 8_800, "C", "skala_a_d", 2),
    "simhallen": Asset("Simhallen", "badhus", KFN, "centrum", 1972, 4_100, 232_000, 27_500, "TG3", "tg", 2),
    "biblioteket": Asset("Stadsbiblioteket", "bibliotek", KFN, "centrum", 1966, 2_600, 84_000, 12_300, "TG2", "tg", 1),
    "ishallen": Asset("Ishallen", "idrottshall", KFN, "norrstaden", 1986, 4_700, 96_000, 17_800, "TG2", "tg", 1),
    "idrottsplatsen": Asset("Exvallen", "idrottsplats", KFN, "soderstaden", 1954, 28_000, 45_000, 5_200, "TG2", "tg", 1),
    "bryggeriet": Asset("Gamla bryggeriet", "kulturbyggnad", KFN, "centrum", 1891, 3_400, 118_000, 9_900, "TG3", "tg", 0),
    "kommunhuset": Asset("Kommunhuset", "kontor", KS, "centrum", 1963, 7_200, 205_000, 36_000, "TG2", "tg", 2),
    "brandstationen": Asset("Brandstationen", "räddningstjänst", KS, "norrstaden", 1970, 2_900, 98_000, 11_400, "TG3", "tg", 3),
    "vattenverket": Asset("Ekebergs vattenverk", "vattenverk", SBN, "ekeberg", 1976, 2_100, 172_000, 38_000, "TG2", "tg", 3),
    "avloppsverket": Asset("Exverket", "avloppsverk", SBN, "soderstaden", 1981, 3_600, 224_000, 61_000, "TG2", "tg", 3),
    "ledningsnatet": Asset("Ledningsnätet", "ledningar", SBN, "centrum", 1972, 0, 1_240_000, 196_000, "3", "skala_1_5", 3),
    "vattentornet": Asset("Vattentornet", "vattentorn", SBN, "ekeberg", 1959, 260, 38_000, 3_300, "TG2", "tg", 3),
    "avc": Asset("Återvinningscentralen", "återvinning", SBN, "norrstaden", 1999, 11_000, 31_000, 8_700, "TG1", "tg", 1),
}  # fmt: skip

# kind of asset: component, share of the cost, technical life, useful life (years)
BUILDING_COMPONENTS = (
    ("Stomme och grund", 0.42, 100, 80),
    ("Fasad och fönster", 0.16, 45, 40),
    ("Yttertak", 0.08, 40, 40),
    ("VVS", 0.13, 45, 40),
    ("El", 0.09, 40, 35),
    ("Ventilation", 0.12, 25, 25),
)
COMPONENTS = {
    "gata": (("Underbyggnad", 0.4, 80, 60), ("Slitlager", 0.6, 22, 20)),
    "bro": (("Brokonstruktion", 1.0, 80, 60),),
    "ledningar": (("Vattenledningar", 0.45, 90, 70), ("Avloppsledningar", 0.55, 100, 70)),
    "vattenverk": (("Byggnad", 0.5, 70, 50), ("Process", 0.35, 25, 20), ("Styrning", 0.15, 12, 10)),
    "avloppsverk": (("Byggnad", 0.5, 70, 50), ("Process", 0.35, 25, 20), ("Styrning", 0.15, 12, 10)),
    "belysning": (("Stolpar", 0.6, 40, 30), ("Armaturer", 0.4, 18, 15)),
}  # fmt: skip
NO_COMPONENTS = ("resecentrum", "idrottsplats", "vattentorn", "återvinning")

# service: ages, share that needs a place, buffer
SERVICES = {
    "förskola": (1, 5, 0.87, 0.04),
    "grundskola": (6, 15, 0.97, 0.03),
    "gymnasium": (16, 18, 0.78, 0.03),
    "särskilt boende": (80, 110, 0.165, 0.03),
}

# service: first age, last age and share that needs a place, where ages differ
ATTENDANCE = {
    "förskola": ((1, 1, 0.46), (2, 2, 0.86), (3, 3, 0.91), (4, 5, 0.93)),
    "särskilt boende": (
        (80, 84, 0.05),
        (85, 89, 0.13),
        (90, 94, 0.27),
        (95, 100, 0.4),
    ),
}
# Places that others run or that are rented: id, service, area, places, from, to
OTHER_PREMISES = (
    ("humlan", "förskola", "centrum", 150, 2006, None),
    ("tallkotten", "förskola", "norrstaden", 80, 2011, None),
    ("tradgarden", "förskola", "soderstaden", 36, 2019, 2030),
    ("nyckelpigan", "förskola", "aby", 22, 2001, None),
    ("ekorren", "förskola", "ekeberg", 20, 2003, None),
    ("strandpiggen", "förskola", "strandvik", 40, 2017, 2033),
    ("lillhults_montessori", "förskola", "lillhult", 22, 2015, None),
    ("friskolan", "grundskola", "centrum", 190, 2004, None),
    ("grannkommunens_gymnasium", "gymnasium", "centrum", 80, 2012, 2032),
    ("lunden", "särskilt boende", "soderstaden", 64, 2016, 2032),
)
# ages, moves in and moves out in an ordinary year
MOVES = ((0, 17, 260, 215), (18, 29, 470, 540), (30, 64, 390, 330), (65, 100, 70, 60))
# id, area, year, kind, dwellings, persons a dwelling, new, delay in years, built
HOUSING = (
    ("strandangen_1", "strandvik", 2029, "smahus", 40, 2.9, 0.6, 1.5, 0.8),
    ("strandangen_2", "strandvik", 2032, "flerbostadshus", 60, 1.9, 0.5, 2.0, 0.6),
    ("norra_backen", "norrstaden", 2028, "flerbostadshus", 85, 1.8, 0.4, 1.0, 0.9),
    ("bjorkhagen", "soderstaden", 2030, "aldrebostad", 30, 1.2, 0.2, 1.0, 0.7),
)
# year, area, live births
BIRTHS = ((2024, None, 229.0), (2025, None, 223.0), (2025, "ekeberg", 20.0))
# way to places: years from decision to use, if all goes well, if it drags on
LEAD_TIMES = (
    ("bygg_nytt", 4.0, 3.5, 5.0),
    ("bygg_nytt_detaljplan", 6.0, 5.0, 8.0),
    ("bygg_om", 3.0, 2.0, 4.0),
    ("paviljong", 1.0, 0.8, 1.5),
)
LOOKBACKS = (
    (
        "lonnen",
        "Förskolan Lönnen byggs inte ut",
        "förskola",
        1,
        5,
        2019,
        2024,
        40,
        "Utbyggnaden stoppades i november 2020. Hösten 2024 fanns lediga platser i "
        "Norrstaden.",
    ),
    (
        "bjorken",
        "Äldreboendet Björken skjuts upp",
        "särskilt boende",
        80,
        100,
        2019,
        2027,
        50,
        "Beslutet sköts upp två gånger. I december 2025 stod 18 personer i kö.",
    ),
)
# class and stage: dearer in half of the cases, dearer in four of five, share in the
# tail, the tail's slope, most times the estimate, share on time, delay in four of five
REFERENCE_CLASSES = (
    ("building", "study", 0.12, 0.34, 0.04, 3.0, 3.0, 0.4, 1.6),
    ("building", "decision", 0.06, 0.2, 0.03, 3.0, 2.5, 0.5, 1.2),
)
# parameter: value, lowest and highest that is reasonable
UNCERTAINTY = (("interest_sd_share", 0.008, 0.004, 0.012),)
RISK_CLASSES = {
    "road": ("storgatan", "gc_aby", "gc_strandvik", "belaggning_1", "belaggning_2",
        "torget", "parkering", "resecentrum"),
    "bridge_tunnel": ("exbron",),
    "water_sewer": ("skyfall", "dagvattendamm", "vattenverket", "avloppsverket",
        "ledning_lillhult", "ledningsnat_1", "ledningsnat_2", "vattentornet"),
    "it": ("larm", "verksamhetssystem", "driftcentral", "passersystem"),
    "energy": ("belysning", "solceller", "energi", "laddning", "reservkraft"),
    "default": ("strandangen", "industri_syd", "avc", "lekplatser", "konstgras"),
}  # fmt: skip
RISK_STAGES = {
    "G0": "idea",
    "G1": "idea",
    "G2": "study",
    "G3": "decision",
    "G4": "decision",
    "G5": "tendered",
    "G6": "under_way",
}

# --- Projects ------------------------------------------------------------------------

PARTS: dict[str, tuple[tuple[str, float, int | None], ...]] = {
    "nybyggnad": (
        ("Mark", 0.05, None),
        ("Stomme och grund", 0.38, 80),
        ("Fasad, tak och fönster", 0.2, 40),
        ("VVS och el", 0.2, 40),
        ("Ventilation", 0.09, 25),
        ("Ytskikt och inredning", 0.08, 15),
    ),
    "ombyggnad": (
        ("Tak och fasad", 0.25, 40),
        ("VVS och el", 0.3, 40),
        ("Ventilation", 0.25, 25),
        ("Ytskikt och inredning", 0.2, 15),
    ),
    "gata": (
        ("Underbyggnad", 0.35, 60),
        ("Bärlager", 0.35, 40),
        ("Slitlager", 0.3, 20),
    ),
    "bro": (("Brokonstruktion", 1.0, 60),),
    "ledning": (("Ledningar", 0.9, 70), ("Pumpar och styrning", 0.1, 15)),
    "verk": (("Byggnad", 0.5, 50), ("Process", 0.35, 20), ("Styrning", 0.15, 10)),
    "park": (("Park och lek", 1.0, 20),),
    "plan": (("Uppbyggnad", 0.55, 25), ("Konstgräs och banor", 0.45, 10)),
    "teknik": (("Installationer", 1.0, 15),),
    "it": (("System", 1.0, 5),),
    "energi": (("Anläggning", 1.0, 25),),
    "tomtmark": (("Gator", 0.6, 40), ("Ledningar", 0.25, 70), ("Mark", 0.15, None)),
    "aterstalld": (("Återställd mark", 1.0, None),),
    "schablon": (),  # no rows: one part of 33 years
}

# Shares of the outlay per year of building, by number of years.
SPENDING = {
    1: (1.0,),
    2: (0.4, 0.6),
    3: (0.15, 0.5, 0.35),
    4: (0.1, 0.3, 0.4, 0.2),
}
EVEN_SPENDING = {3: (0.34, 0.33, 0.33), 4: (0.25, 0.25, 0.25, 0.25)}


@dataclass(frozen=True)
class Way:
    """An alternative: outlay in mkr at the base year's prices, operating in tkr a year.

    `worth` scales the project's scores, `late` is the share spent after first use.
    """

    name: str
    kind: str
    outlay_mkr: float
    build_years: int
    parts: str
    operating: tuple[int, ...] = ()
    income_mkr: float = 0.0
    scrapped: int = 0
    worth: float = 1.0
    late: float = 0.0
    even: bool = False
    va_engineers: float = 0.0


@dataclass(frozen=True)
class Project:
    """A project as the committee describes it; `weight` 1-10 is how much it matters."""

    project_id: str
    name: str
    committee: str
    area: str
    asset: str
    driver: str
    nira: str
    weight: float
    description: str
    ways: tuple[Way, ...]
    gate: str = "G1"
    financing: str = "skatt"
    deadline: int | None = None
    window: tuple[int | None, int | None] = (None, None)
    waiting: int = 0
    public: bool = True


def project(
    project_id: str,
    name: str,
    where: tuple[str, str, str],
    why: tuple[str, str, float],
    description: str,
    *ways: Way,
    **more: Any,
) -> Project:
    """A project from its place (committee, area, asset) and reason (driver, NIRA, weight)."""
    committee, area, asset = where
    driver, nira, weight = why
    return Project(
        project_id, name, committee, area, asset, driver, nira, weight, description, ways, **more
    )  # fmt: skip


PROJECTS = (
    # Schools and preschools
    project("norrskolan", "Norrskolan F–6", (BUN, "norrstaden", "norrskolan"), ("befolkning", "N60 R40", 9.8),
        "Skolan är trång och tak och ventilation är uttjänta. Norrstaden växer.",
        Way("Ny skola för 620 elever", "bygg_nytt", 214, 3, "nybyggnad", (4_200, 6_800), scrapped=18_000),
        Way("Om- och tillbyggnad", "bygg_om", 98, 3, "ombyggnad", (1_900, 2_600), worth=0.8, scrapped=6_000),
        Way("Paviljonger i tio år", "kop", 36, 1, "schablon", (2_900,), worth=0.3),
        gate="G2", waiting=1_400, window=(2026, 2033)),
    project("centralskolan", "Centralskolan, hus B", (BUN, "centrum", "centralskolan"), ("arbetsmiljo", "R80 A20", 7.6),
        "Dålig luft i tolv klassrum och slitna stammar.",
        Way("Hela huset på en gång", "bygg_om", 89, 2, "ombyggnad", (-450,), scrapped=4_500),
        Way("Bara ventilation och stammar", "bygg_om", 58, 2, "teknik", (-200,), worth=0.72),
        gate="G3", waiting=650),
    project("aby_skola", "Åby skola, tak och ventilation", (BUN, "aby", "aby_skola"), ("skick", "R", 6.2),
        "Taket läcker och ventilationen klarar inte kraven.",
        Way("Tak och ventilation", "bygg_om", 41, 2, "ombyggnad", (-350,), scrapped=2_100), gate="G4", waiting=500),
    project("ekeberg_skola", "Ekebergs skola, ombyggnad", (BUN, "ekeberg", "ekeberg_skola"), ("skick", "R70 A30", 5.9),
        "Skolan behöver nya stammar, nya fönster och bättre tillgänglighet.",
        Way("Total ombyggnad", "bygg_om", 55, 2, "ombyggnad", (-250,), scrapped=2_800),
        Way("Flytta årskurs 4–6 till Söderskolan", "samverka", 9, 1, "ombyggnad", (-2_600,), worth=0.42, scrapped=7_000), waiting=450),
    project("linden", "Förskolan Linden", (BUN, "soderstaden", "linden"), ("befolkning", "N50 R50", 7.9),
        "Ersätter en uttjänt förskola och ger fler platser.",
        Way("Nybyggnad, sex avdelningar", "bygg_nytt", 63, 2, "nybyggnad", (1_500, 2_100), scrapped=2_600),
        Way("Nybyggnad, fyra avdelningar", "bygg_nytt", 46, 2, "nybyggnad", (700, 900), worth=0.76, scrapped=2_600), gate="G3", waiting=380),
    project("solgarden", "Solgården avvecklas", (BUN, "soderstaden", "solgarden"), ("ekonomi", "A", 3.6),
        "När Linden är klar behövs inte Solgården. Huset rivs.",
        Way("Rivning", "avveckla", 4, 1, "aterstalld", (-1_900,), scrapped=4_800)),
    project("lillhult_forskola", "Lillhults förskola", (BUN, "lillhult", "lillhult_forskola"), ("skick", "R", 4.1),
        "Fuktskador i golven. Barnantalet sjunker långsamt.",
        Way("Ombyggnad", "bygg_om", 23, 1, "ombyggnad", (-90,), scrapped=700),
        Way("Köp av bygdegården", "kop", 14.5, 1, "nybyggnad", (160,), worth=0.86, scrapped=1_500)),
    project("strandvik_forskola", "Strandviks förskola", (BUN, "strandvik", ""), ("befolkning", "N", 5.1),
        "Behövs när Strandängen är bebyggd.",
        Way("Nybyggnad, fyra avdelningar", "bygg_nytt", 49, 2, "nybyggnad", (2_300, 3_600), late=0.06)),
    project("centralkoket", "Centralköket", (BUN, "centrum", "centralkoket"), ("arbetsmiljo", "R60 A40", 5.7),
        "Köket lagar 2 400 portioner om dagen i lokaler från 1983.",
        Way("Ombyggnad", "bygg_om", 45, 2, "ombyggnad", (-300,), scrapped=1_700),
        Way("Tillagningskök på tre skolor", "samverka", 52, 3, "ombyggnad", (-1_150,), worth=1.05, scrapped=5_000), gate="G2", waiting=300),
    project("skolgardar", "Skolgårdar med skugga", (BUN, "centrum", ""), ("klimat", "A", 3.4),
        "Träd, regnvattenytor och lek på åtta skolgårdar.",
        Way("Åtta skolgårdar", "anpassa", 13.6, 3, "park", (120,), even=True), gate="G0"),
    project("idrottshall_norr", "Idrottshall vid Norrskolan", (BUN, "norrstaden", "norrskolan"), ("befolkning", "N", 5.6),
        "Full hall för skola och föreningar.",
        Way("Fullstor hall", "bygg_nytt", 59, 2, "nybyggnad", (1_350,)),
        Way("Gymnastiksal", "bygg_nytt", 31, 2, "nybyggnad", (650,), worth=0.66)),
    project("gymnasiet", "Gymnasiets verkstäder", (BUN, "centrum", "gymnasiet"), ("arbetsmiljo", "A70 R30", 5.2),
        "Maskiner och ventilation för fordons- och industriprogrammet.",
        Way("Ombyggnad", "bygg_om", 34, 2, "teknik", (250,))),
    project("anpassade_skolan", "Anpassade grundskolan", (BUN, "soderstaden", "soderskolan"), ("lagkrav", "N40 A60", 6.6),
        "Lokalerna uppfyller inte kraven på tillgänglighet.",
        Way("Tillbyggnad vid Söderskolan", "bygg_nytt", 39, 2, "nybyggnad", (850,)), deadline=2032, gate="G2"),
    # Care
    project("bjorken", "Äldreboendet Björken", (SN, "soderstaden", ""), ("befolkning", "N", 9.7),
        "Den som har fått beslut ska få plats, och fler blir över 80 år. Driften är räknad netto, eftersom hemtjänsten minskar.",
        Way("60 platser", "bygg_nytt", 248, 3, "nybyggnad", (5_500, 8_000, 9_200)),
        Way("40 platser", "bygg_nytt", 172, 3, "nybyggnad", (3_900, 5_900), worth=0.78), gate="G2", deadline=2033, waiting=1_900),
    project("eken_badrum", "Eken, nya badrum", (SN, "centrum", "eken"), ("arbetsmiljo", "R", 4.6),
        "Badrummen är för små för lyftar.",
        Way("64 badrum", "bygg_om", 29, 2, "ombyggnad", (-150,), scrapped=900), waiting=250),
    project("eken_avveckling", "Eken avvecklas", (SN, "centrum", "eken"), ("ekonomi", "A", 3.0),
        "Huset säljs när Björken är klart.",
        Way("Avveckling", "avveckla", 5, 1, "aterstalld", (-6_400,), scrapped=14_000)),
    project("lss_aby", "Gruppbostad i Åby", (SN, "aby", ""), ("lagkrav", "N", 6.9),
        "Sex personer väntar på bostad enligt LSS.",
        Way("Nybyggnad", "bygg_nytt", 27, 2, "nybyggnad", (5_200, 6_100)),
        Way("Köp och anpassning av villa", "kop", 18, 1, "ombyggnad", (5_900,), worth=0.84), deadline=2029, gate="G4"),
    project("lss_soder", "Gruppbostad i Söderstaden", (SN, "soderstaden", ""), ("lagkrav", "N", 5.0),
        "Behövs när fler flyttar hemifrån, omkring 2031.",
        Way("Nybyggnad", "bygg_nytt", 27, 2, "nybyggnad", (5_200, 6_100)), gate="G0"),
    project("korttid", "Korttidsboende", (SN, "norrstaden", "asken"), ("befolkning", "A", 5.3),
        "Tolv platser i en ombyggd flygel på Asken kortar väntan från sjukhuset.",
        Way("Ombyggnad", "bygg_om", 32, 2, "ombyggnad", (-1_300,))),
    project("larm", "Digitala larm", (SN, "centrum", ""), ("ekonomi", "R50 A50", 4.2),
        "Byte av larm på alla äldreboenden.",
        Way("Alla boenden", "kop", 9.2, 1, "it", (-900,)), window=(2026, 2031)),
    project("traffpunkten", "Träffpunkten", (SN, "centrum", "traffpunkten"), ("befolkning", "R", 2.9),
        "Dagverksamhet i större lokaler.", Way("Ombyggnad", "bygg_om", 11, 1, "ombyggnad", (300,))),
    project("sprinkler", "Sprinkler på äldreboenden", (SN, "centrum", "eken"), ("lagkrav", "A", 6.4),
        "Räddningstjänsten kräver sprinkler på tre boenden.",
        Way("Tre boenden", "anpassa", 15.5, 2, "teknik", (90,)), deadline=2028, gate="G5"),
    # Streets and parks
    project("storgatan", "Storgatan", (SBN, "centrum", "storgatan"), ("skick", "R70 I30", 5.5),
        "Ledningar, beläggning och gångytor är slutkörda.",
        Way("Hela gatan", "bygg_om", 44, 2, "gata", (150,), scrapped=1_600, va_engineers=0.5),
        Way("Halva gatan", "bygg_om", 24, 1, "gata", (80,), worth=0.62, scrapped=800, va_engineers=0.4), gate="G3"),
    project("exbron", "Exåbron", (SBN, "centrum", "exbron"), ("skick", "R", 8.3),
        "Bron har fått sänkt högsta vikt. Senast 2032 måste den vara åtgärdad.",
        Way("Ny bro", "bygg_nytt", 39, 2, "bro", (-120,), scrapped=900),
        Way("Förstärkning", "bygg_om", 22, 1, "bro", (60,), worth=0.7), deadline=2032, gate="G3", waiting=350),
    project("gc_aby", "Cykelväg Åby–Centrum", (SBN, "aby", ""), ("klimat", "N", 4.9),
        "Sex kilometer längs länsvägen. Staten betalar en del.",
        Way("Hela sträckan", "bygg_nytt", 27, 2, "gata", (140,), income_mkr=10)),
    project("gc_strandvik", "Cykelväg till Strandvik", (SBN, "strandvik", ""), ("klimat", "N", 3.7),
        "Fyra kilometer på gammal banvall.",
        Way("Asfalterad", "bygg_nytt", 18.5, 2, "gata", (110,), income_mkr=6),
        Way("Grusad", "bygg_nytt", 9, 1, "park", (160,), income_mkr=3, worth=0.72), gate="G0"),
    project("belaggning_1", "Gatubeläggning, första fyra åren", (SBN, "centrum", "gatunatet"), ("skick", "R", 6.7),
        "Tio miljoner om året håller beläggningen i nuvarande skick.",
        Way("Fyra år", "bygg_om", 40, 4, "gata", (-200,), even=True), waiting=700, gate="G3"),
    project("belaggning_2", "Gatubeläggning, nästa fyra år", (SBN, "centrum", "gatunatet"), ("skick", "R", 5.4),
        "Fortsättning i samma takt.", Way("Fyra år", "bygg_om", 42, 4, "gata", (-200,), even=True), gate="G0"),
    project("belysning", "Gatubelysning med LED", (SBN, "centrum", "belysningen"), ("ekonomi", "R", 5.0),
        "Sparar två tredjedelar av elen.", Way("Alla armaturer", "bygg_om", 21, 2, "energi", (-1_850,)), gate="G4"),
    project("torget", "Stora torget", (SBN, "centrum", ""), ("politiskt_mal", "I", 4.0),
        "Nytt golv, träd och torghandel.", Way("Hela torget", "bygg_om", 33, 2, "gata", (220,)), gate="G0"),
    project("parkering", "Parkering vid stationen", (SBN, "centrum", "stationen"), ("politiskt_mal", "N", 3.3),
        "Pendlare parkerar i dag på grusplaner.",
        Way("Parkeringshus", "bygg_nytt", 64, 2, "nybyggnad", (-900,)),
        Way("Markparkering", "bygg_nytt", 16, 1, "gata", (60,), worth=0.7), gate="G0"),
    project("lekplatser", "Tio lekplatser", (SBN, "centrum", ""), ("skick", "R", 3.5),
        "Utbyte i takt med besiktningarna.", Way("Tio lekplatser", "bygg_om", 11.5, 3, "park", (-60,), even=True)),
    project("skyfall", "Skyfallsleder i Söderstaden", (SBN, "soderstaden", ""), ("klimat", "A", 5.8),
        "Leder undan vatten från 140 hus.", Way("Tre stråk", "anpassa", 31, 2, "gata", (180,), va_engineers=0.6), waiting=400),
    project("dagvattendamm", "Dagvattendamm vid Lillån", (SBN, "soderstaden", "ledningsnatet"), ("klimat", "N", 4.4),
        "Tar emot vattnet från skyfallslederna.",
        Way("Damm", "bygg_nytt", 18, 2, "ledning", (120,), va_engineers=0.7), financing="taxa"),
    project("resecentrum", "Resecentrum", (SBN, "centrum", "stationen"), ("politiskt_mal", "I50 N50", 6.1),
        "Buss, tåg och cykel på samma plats.",
        Way("Med ny gångbro", "bygg_nytt", 78, 3, "gata", (600,), income_mkr=24),
        Way("Utan gångbro", "bygg_om", 46, 2, "gata", (380,), income_mkr=13, worth=0.74), gate="G2"),
    # Culture and leisure
    project("simhallen", "Simhallen", (KFN, "centrum", "simhallen"), ("skick", "R70 I30", 9.4),
        "Hallen är från 1972. Betongen och reningen håller inte länge till.",
        Way("Ny simhall", "bygg_nytt", 236, 4, "nybyggnad", (2_400, 3_100), scrapped=16_000, worth=1.08),
        Way("Renovering", "bygg_om", 86, 3, "ombyggnad", (-600,), worth=0.8, scrapped=5_000), gate="G2", waiting=1_500),
    project("biblioteket", "Stadsbiblioteket", (KFN, "centrum", "biblioteket"), ("skick", "R60 I40", 4.8),
        "Nytt inre, bättre luft och öppet utan personal.",
        Way("Ombyggnad", "bygg_om", 47, 2, "ombyggnad", (-350,), scrapped=1_500),
        Way("Enkel upprustning", "anpassa", 20, 1, "ombyggnad", (-100,), worth=0.63), gate="G0"),
    project("kulturhus", "Kulturhus i bryggeriet", (KFN, "centrum", "bryggeriet"), ("politiskt_mal", "I", 6.3),
        "Bibliotek, musikskola och scen under samma tak.",
        Way("Hela huset", "bygg_om", 116, 3, "ombyggnad", (3_300,), income_mkr=8)),
    project("konstgras", "Konstgräs i Ekeberg", (KFN, "ekeberg", ""), ("befolkning", "N", 3.0),
        "Klubben spelar på grus halva året.", Way("En plan", "bygg_nytt", 12.5, 1, "plan", (190,), income_mkr=1.5), gate="G0"),
    project("ishallen", "Ishallen, kyla och tak", (KFN, "norrstaden", "ishallen"), ("skick", "R", 5.1),
        "Kylmaskinen är från 1986 och använder ett ämne som fasas ut.",
        Way("Kyla och tak", "bygg_om", 35, 2, "teknik", (-800,), scrapped=2_200), waiting=550, window=(2026, 2034)),
    project("fritidsgard", "Fritidsgård Norr", (KFN, "norrstaden", ""), ("befolkning", "N", 3.8),
        "En gård för 200 ungdomar i Norrstaden.", Way("Ombyggd butik", "hyr", 8, 0, "ombyggnad", (1_500,))),
    project("exvallen", "Exvallens löparbanor", (KFN, "soderstaden", "idrottsplatsen"), ("skick", "R", 3.2),
        "Beläggningen är slut.", Way("Åtta banor", "bygg_om", 17.5, 1, "plan", (-40,)), gate="G0"),
    # Common
    project("kommunhuset", "Kommunhuset", (KS, "centrum", "kommunhuset"), ("arbetsmiljo", "R70 A30", 4.9),
        "Stammar, fasad och ventilation från 1963.",
        Way("Total renovering", "bygg_om", 73, 3, "ombyggnad", (-500,), scrapped=6_500),
        Way("Färre kontor, resten hyrs ut", "anpassa", 31, 2, "ombyggnad", (-1_900,), worth=0.82, scrapped=2_000), waiting=450),
    project("solceller", "Solceller på kommunens tak", (KS, "centrum", ""), ("klimat", "N", 4.3),
        "1,6 megawatt på elva tak.", Way("Elva tak", "bygg_nytt", 20, 2, "energi", (-1_900,))),
    project("energi", "Energi i skolor och vård", (KS, "centrum", ""), ("ekonomi", "R60 A40", 6.0),
        "Värmepumpar, styrning och isolering i fjorton hus.",
        Way("Fjorton hus", "bygg_om", 36, 3, "energi", (-3_300,), even=True),
        Way("De sju bästa", "bygg_om", 17, 2, "energi", (-2_000,), worth=0.64), gate="G3"),
    project("laddning", "Laddplatser", (KS, "centrum", ""), ("klimat", "N", 2.5),
        "60 platser för kommunens bilar.", Way("60 platser", "bygg_nytt", 6.5, 0, "teknik", (-150,))),
    project("reservkraft", "Reservkraft", (KS, "centrum", ""), ("beredskap", "A", 6.5),
        "Vårdboenden, kök och kommunhus klarar en vecka utan el.",
        Way("Åtta platser", "anpassa", 19, 2, "energi", (240,), income_mkr=4), deadline=2030, gate="G3"),
    project("brandstation", "Brandstationen", (KS, "norrstaden", "brandstationen"), ("arbetsmiljo", "R60 A40", 7.4),
        "Rena och smutsiga utrymmen är inte skilda åt.",
        Way("Ny station", "bygg_nytt", 94, 3, "nybyggnad", (700,), scrapped=7_500),
        Way("Ombyggnad", "bygg_om", 49, 2, "ombyggnad", (150,), worth=0.74, scrapped=2_500), gate="G2", waiting=500),
    project("verksamhetssystem", "Nytt verksamhetssystem", (KS, "centrum", ""), ("ekonomi", "R", 4.0),
        "Ett system i stället för fem.", Way("Köp", "kop", 13.5, 2, "it", (-1_600,))),
    project("driftcentral", "Driftcentral", (KS, "centrum", ""), ("beredskap", "A", 4.5),
        "Skyddade lokaler.", Way("Ombyggnad", "bygg_om", 12, 1, "teknik", (150,)), public=False),
    project("passersystem", "Passersystem", (KS, "centrum", ""), ("beredskap", "R", 3.3),
        "Byte av lås och läsare.", Way("Alla hus", "kop", 8.4, 2, "teknik", (60,)), public=False),
    # Fee-financed
    project("vattenverket", "Vattenverket", (SBN, "ekeberg", "vattenverket"), ("lagkrav", "R50 A50", 9.2),
        "Ett reningssteg till behövs för att klara nya gränsvärden.",
        Way("Nytt verk", "bygg_nytt", 142, 4, "verk", (900,), scrapped=12_000, worth=1.05, va_engineers=1.2),
        Way("Nytt steg i gamla verket", "bygg_om", 84, 3, "verk", (1_300,), worth=0.86, va_engineers=1.1),
        financing="taxa", deadline=2034, gate="G2"),
    project("avloppsverket", "Avloppsverket, kväverening", (SBN, "soderstaden", "avloppsverket"), ("lagkrav", "A", 7.0),
        "Miljödomstolen väntas kräva kväverening.",
        Way("Ny bassäng", "bygg_nytt", 112, 3, "verk", (1_800,), va_engineers=1.2),
        Way("Ny teknik i befintliga bassänger", "bygg_om", 71, 2, "verk", (2_900,), worth=0.87, va_engineers=1.2), financing="taxa", window=(2027, None)),
    project("ledning_lillhult", "Vattenledning Åby–Lillhult", (SBN, "lillhult", "ledningsnatet"), ("beredskap", "N", 5.2),
        "Ger Lillhult vatten från två håll.",
        Way("Elva kilometer", "bygg_nytt", 51, 2, "ledning", (150,), va_engineers=0.9), financing="taxa", gate="G0"),
    project("ledningsnat_1", "Ledningsnät, första fyra åren", (SBN, "centrum", "ledningsnatet"), ("skick", "R", 7.2),
        "Förnyar 0,6 procent av nätet om året.",
        Way("Fyra år", "bygg_om", 62, 4, "ledning", (-250,), even=True, va_engineers=0.6), financing="taxa", gate="G3", waiting=400),
    project("ledningsnat_2", "Ledningsnät, nästa fyra år", (SBN, "centrum", "ledningsnatet"), ("skick", "R", 5.7),
        "Fortsättning i samma takt.",
        Way("Fyra år", "bygg_om", 65, 4, "ledning", (-250,), even=True, va_engineers=0.6), financing="taxa", gate="G0"),
    project("vattentornet", "Vattentornet", (SBN, "ekeberg", "vattentornet"), ("beredskap", "R", 4.7),
        "Betongen vittrar och volymen räcker inte.",
        Way("Ny reservoar", "bygg_nytt", 34, 2, "verk", (-80,), scrapped=2_500, va_engineers=0.7), financing="taxa", public=False),
    project("avc", "Återvinningscentralen", (SBN, "norrstaden", "avc"), ("lagkrav", "A", 4.8),
        "Plats för fler slags material.", Way("Utbyggnad", "bygg_nytt", 38, 2, "gata", (450,)), financing="taxa", gate="G0"),
    # Land development
    project("strandangen", "Strandängen", (SBN, "strandvik", ""), ("befolkning", "N", 5.0),
        "Gator och ledningar till 180 bostäder.",
        Way("Hela området", "bygg_nytt", 69, 3, "tomtmark", (500,), income_mkr=55, va_engineers=0.5), financing="exploatering"),
    project("industri_syd", "Verksamhetsområde Syd", (SBN, "soderstaden", ""), ("politiskt_mal", "N", 3.9),
        "Mark för lager och verkstäder vid länsvägen.",
        Way("Första etappen", "bygg_nytt", 46, 2, "tomtmark", (250,), income_mkr=38, va_engineers=0.4), financing="exploatering", gate="G0"),)  # fmt: skip

# kind, project, other, years between
RELATIONS = (
    ("requires", "idrottshall_norr", "norrskolan", 0),
    ("requires", "solgarden", "linden", 0),
    ("requires", "strandvik_forskola", "strandangen", 1),
    ("requires", "eken_avveckling", "bjorken", 1),
    ("requires", "belaggning_2", "belaggning_1", 0),
    ("requires", "ledningsnat_2", "ledningsnat_1", 0),
    ("excludes", "eken_badrum", "eken_avveckling", 0),
    ("excludes", "kulturhus", "biblioteket", 0),
    ("together", "skyfall", "dagvattendamm", 0),
)

CRITERIA = {
    "behov": ("Behov nu och om tio år", 30, "Hur många som behöver det."),
    "vanta": ("Följd av att vänta", 25, "Vad som går sönder eller blir dyrare."),
    "klimat": ("Klimat och energi", 15, "Utsläpp, energi och skyfall."),
    "beredskap": ("Beredskap", 15, "Vatten, el, vård och mat i en kris."),
    "livskvalitet": ("Livskvalitet", 15, "Fritid, kultur och mötesplatser."),
}
# How a project's weight falls on the criteria, by what drives it.
DRIVER_PROFILE = {
    "befolkning": (1.05, 0.6, 0.3, 0.35, 0.6),
    "skick": (0.75, 1.0, 0.45, 0.45, 0.5),
    "arbetsmiljo": (0.7, 0.9, 0.35, 0.4, 0.4),
    "lagkrav": (0.85, 0.95, 0.5, 0.6, 0.3),
    "ekonomi": (0.5, 0.75, 0.8, 0.3, 0.3),
    "klimat": (0.5, 0.6, 1.15, 0.55, 0.6),
    "beredskap": (0.6, 0.75, 0.3, 1.2, 0.25),
    "politiskt_mal": (0.55, 0.35, 0.4, 0.2, 1.15),
}
VIEWPOINTS = (
    ("Barn och äldre först", "behov", ">=", "livskvalitet"),
    ("Barn och äldre först", "behov", "min", "0.35"),
    ("Barn och äldre först", "klimat", "max", "0.2"),
    ("Vårda det vi har", "vanta", ">=", "behov"),
    ("Vårda det vi har", "vanta", "min", "0.3"),
    ("Vårda det vi har", "livskvalitet", "max", "0.1"),
    ("Klimat och beredskap", "klimat", ">=", "livskvalitet"),
    ("Klimat och beredskap", "beredskap", ">=", "livskvalitet"),
    ("Klimat och beredskap", "klimat", "min", "0.2"),
    ("Klimat och beredskap", "behov", "max", "0.35"),
    ("En levande kommun", "livskvalitet", ">=", "klimat"),
    ("En levande kommun", "livskvalitet", "min", "0.25"),
    ("En levande kommun", "vanta", "max", "0.3"),
)

PROJECT_LEADERS, VA_ENGINEERS = "Projektledare", "VA-projektörer"
# People available per year, from the first plan year.
AVAILABLE = {
    PROJECT_LEADERS: (5.5, 5.5, 6.5, 7.5, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0),
    VA_ENGINEERS: (1.2, 1.4, 1.7, 1.7, 1.7, 1.7, 1.7, 1.7, 1.7, 1.7, 1.7, 1.7),
}
LEAST_LEADERS, MKR_PER_LEADER = 0.25, 32.0
WINDOW_YEARS = 4

# goal: name, indicator, operator, value, from, to, period, level, price
GOALS = {
    "balanskrav": ("Budget i balans varje år", "bkr_andel", ">=", 0.0, 2026, 2037, "year", "must", None),
    "resultat": ("Minst 1 procent i resultat över tre år", "res_andel", ">=", 0.01, 2026, 2037, "average:3", "must", None),
    "soliditet": ("Soliditet minst 38 procent", "sol", ">=", 0.38, 2026, 2037, "year", "must", None),
    "soliditet_pension": ("Soliditet med alla pensioner minst 20 procent", "sol_pen", ">=", 0.20, 2026, 2037, "year", "must", None),
    "lanetak": ("Högst 34 000 kronor i lån per invånare", "lan_inv", "<=", 34_000, 2026, 2037, "year", "must", None),
    "nettolan": ("Nettolån högst hälften av skatter och bidrag", "nettolan", "<=", 0.5, 2026, 2037, "year", "must", None),
    "egna_pengar": ("Hälften av investeringarna med egna pengar", "sfg", ">=", 0.5, 2026, 2037, "average:5", "must", None),
    "takt": ("Investeringar högst 13 procent av skatter och bidrag", "inv_andel", "<=", 0.13, 2027, 2037, "average:2", "must", None),
    "resultat_2": ("Resultat 2 procent", "res_andel", ">=", 0.02, 2027, 2037, "year", "aim", 8.0),
    "nettokostnad": ("Nettokostnad högst 98,5 procent", "nka", "<=", 0.985, 2030, 2037, "average:4", "aim", 5.0),
}  # fmt: skip

LOWER_GROWTH = {2027: 0.033, 2028: 0.032}
FEWER_SHARE, LESS_DEARER_TKR = 0.03, 3_000
SCENARIOS = (
    # 0.5 per cent of a tax base of about 4.8 billion kronor.
    ("50 öre högre skatt", "statement", "rs/2026", "amount", "1128900"),
    *(
        ("Svagare skatteunderlag", "years", str(year), "tax_base_growth", str(growth))
        for year, growth in LOWER_GROWTH.items()
    ),
    ("Högre ränta", "years", "*", "interest_rate", "0.04"),
    *(
        ("Tre procent färre invånare 2037", "years", str(year), column, value)
        for year in PLAN_YEARS[1:]
        for column, value in (
            (
                "population",
                str(round(YEARS[year][0] * (1 - FEWER_SHARE * (year - 2026) / 11))),
            ),
            # Fewer inhabitants need fewer places, so the costs grow less.
            ("lasting_change_tkr", str(YEARS[year][6] - LESS_DEARER_TKR)),
        )
    ),
    ("Högre lånetak", "goals", "lanetak", "value", "45000"),
    ("Allt blir av i tid", "settings", "completion_rate", "value", "1"),
)


# --- Tables --------------------------------------------------------------------------


def spread(total_tkr: float, shares: Iterable[float]) -> list[int]:
    """Whole hundreds of tkr that follow the shares and add up to the total."""
    rounded: list[int] = []
    done, share_sum = 0, 0.0
    for share in shares:
        share_sum += share
        upto = round(total_tkr * share_sum / 100) * 100
        rounded.append(upto - done)
        done = upto
    return rounded


def outlay_shares(way: Way) -> tuple[float, ...]:
    """Shares of the outlay per year from the start; `late` falls after first use."""
    years = max(way.build_years, 1)
    shares = EVEN_SPENDING[years] if way.even else SPENDING[years]
    if not way.late:
        return shares
    return (*(share * (1 - way.late) for share in shares), way.late)


def score_rows(item: Project, alternative_id: str, way: Way) -> list[Row]:
    """Scores 0-100 from weight, driver and the alternative's worth, with seeded noise."""
    rows = []
    profile = DRIVER_PROFILE[item.driver]
    for criterion, share in zip(CRITERIA, profile, strict=True):
        # The same noise for all alternatives of a project: they meet the same need.
        noise = seeded(item.project_id, criterion).uniform(0.75, 1.25)
        swing = 108 * (item.weight / 10) ** 2.2
        score = round(min(98, max(1, swing * share * noise * way.worth)))
        width = 6 if item.gate >= "G3" else 12
        rows.append(
            {
                "project_id": item.project_id,
                "alternative_id": alternative_id,
                "criterion": criterion,
                "low": max(0, score - width),
                "score": score,
                "high": min(100, score + width),
            }
        )
    return rows


def use_rows(key: Row, way: Way, outlays: Sequence[int]) -> list[Row]:
    """People needed per year: leaders by money spent, VA engineers as stated."""
    rows = []
    for offset, outlay in enumerate(outlays):
        leaders = round(LEAST_LEADERS + outlay / 1000 / MKR_PER_LEADER, 1)
        rows.append(
            key | {"resource": PROJECT_LEADERS, "offset": offset, "amount": leaders}
        )
    if way.va_engineers:
        rows += [
            key | {"resource": VA_ENGINEERS, "offset": o, "amount": way.va_engineers}
            for o in range(len(outlays))
        ]
    return rows


def start_window(item: Project) -> tuple[int, int]:
    """First and last start year: how far the project has come, unless stated."""
    wait = {"G0": 4, "G1": 2, "G2": 1}
    first = PLAN_START + wait.get(item.gate, 0)
    earliest = item.window[0] or first
    longest = max(way.build_years for way in item.ways)
    return earliest, item.window[1] or min(earliest + WINDOW_YEARS, PLAN_END - longest)


def project_tables() -> dict[str, list[Row]]:
    """The tables about projects and their alternatives."""
    names = ("projects", "alternatives", "outlays", "effects", "parts", "scores")
    tables: dict[str, list[Row]] = {name: [] for name in (*names, "resource_use")}
    for item in PROJECTS:
        _, lat, lon, *_ = AREAS[item.area]
        place = seeded("place", item.asset or item.project_id)
        earliest, latest = start_window(item)
        tables["projects"].append(
            {
                "project_id": item.project_id,
                "name": item.name,
                "committee": item.committee,
                "area": item.area,
                "asset_id": item.asset,
                "driver": item.driver,
                "nira": item.nira,
                "must_do": "ja" if item.deadline else "nej",
                "deadline_year": item.deadline,
                "earliest_year": earliest,
                "latest_year": latest,
                "financing": item.financing,
                "gate": item.gate,
                "lat": round(lat + place.uniform(-0.006, 0.006), 4),
                "lon": round(lon + place.uniform(-0.01, 0.01), 4),
                "waiting_cost": item.waiting,
                "public": "ja" if item.public else "nej",
                "description": item.description,
            }
        )
        for letter, way in zip("abc", item.ways, strict=False):
            key: Row = {"project_id": item.project_id, "alternative_id": letter}
            outlays = spread(way.outlay_mkr * 1000, outlay_shares(way))
            incomes = spread(way.income_mkr * 1000, outlay_shares(way))
            tables["alternatives"].append(
                key
                | {"name": way.name, "kind": way.kind}
                | {"build_years": way.build_years, "scrapped": way.scrapped}
            )
            tables["outlays"] += [
                key | {"offset": offset, "outlay": outlay, "income": income}
                for offset, (outlay, income) in enumerate(
                    zip(outlays, incomes, strict=True)
                )
            ]
            tables["effects"] += [
                key | {"offset": offset, "operating": operating}
                for offset, operating in enumerate(way.operating)
            ]
            tables["parts"] += [
                key | {"component": part, "share": share, "useful_life_years": life}
                for part, share, life in PARTS[way.parts]
            ]
            tables["scores"] += score_rows(item, letter, way)
            tables["resource_use"] += use_rows(key, way, outlays)
    return tables


def age_weights(mean_shift: int, year: int) -> list[float]:
    """How many there are of each age 0-100 in an area, up to a factor."""
    ageing = mean_shift + 0.12 * (year - BASE_YEAR)
    weights = []
    for age in range(101):
        children = 1.0 - 0.012 * ageing * (age < 18)
        wave = 1 + 0.16 * math.sin((age - 8 - 0.6 * (year - BASE_YEAR)) / 9.5)
        leaving = 0.72 if 19 <= age <= 26 else 1.0
        mortality = 1 / (1 + math.exp((age - 84 - 0.25 * ageing) / 5.2))
        weights.append(children * wave * leaving * mortality)
    return weights


def inhabitants(year: int) -> int:
    """How many live in the municipality at the end of a year."""
    return YEARS[year][0] if year in YEARS else EARLIER_INHABITANTS[year]


def population_rows() -> list[Row]:
    """Persons by year, area, age and sex; the sum is the year's population."""
    rows: list[Row] = []
    for year in POPULATION_YEARS:
        cells: list[tuple[float, Row]] = []
        for area, (*_, share, mean_shift) in AREAS.items():
            drift = 0.004 * (area in ("norrstaden", "strandvik", "soderstaden"))
            weights = age_weights(mean_shift, year)
            scale = share * (1 + drift * (year - BASE_YEAR)) / sum(weights)
            for age, weight in enumerate(weights):
                women = 0.487 + 0.002 * max(0, age - 62)
                for sex, part in (("k", women), ("m", 1 - women)):
                    cell = {"year": year, "area": area, "age": age, "sex": sex}
                    cells.append((weight * scale * part, cell))
        total = sum(weight for weight, _ in cells)
        upto, done = 0.0, 0
        # Rounding the running sum keeps whole persons and the exact total.
        for weight, cell in cells:
            upto += weight / total * inhabitants(year)
            persons = round(upto) - done
            done += persons
            rows.append(cell | {"persons": persons})
    return rows


# Assets that share a street are dug up at the same time.
STREETS = {
    "storgatan": "Storgatan",
    "exbron": "Storgatan",
    "ledningsnatet": "Hela nätet",
    "gatunatet": "Hela nätet",
}
# Replacements have been written down since this year.
HISTORY_FROM = 1995
BETTER = {"TG1": "TG0", "TG2": "TG1", "TG3": "TG2", "3": "2", "4": "3", "5": "4"}


def history_rows(
    asset_id: str, name: str, installed: Sequence[int], technical: int
) -> list[Row]:
    """Replacements of a component since the history began, one for another reason."""
    draw, rows = seeded("history", asset_id, name), []
    for year in installed[1:]:
        other = draw.random() < 0.15
        lived = technical + draw.randint(-9, 9)
        if year >= HISTORY_FROM:
            rows.append(
                {
                    "asset_id": asset_id,
                    "component": name,
                    "year": year,
                    "kind": "utbyte_annat" if other else "utbyte",
                    "condition": None,
                    "installed_year": year - max(lived, 3),
                }
            )
    return rows


def population_total_rows(population: Sequence[Row]) -> list[Row]:
    """Inhabitants of earlier years, and of each area the year they were counted."""
    rows: list[Row] = [
        {"year": year, "area": None, "persons": persons}
        for year, persons in EARLIER_INHABITANTS.items()
    ]
    year = POPULATION_YEARS[0]
    for area in AREAS:
        persons = sum(
            row["persons"]
            for row in population
            if (row["year"], row["area"]) == (year, area)
        )
        rows.append({"year": year, "area": area, "persons": persons})
    return rows


def move_rows() -> list[Row]:
    """Moves in and out of each area in an ordinary year, by age."""
    rows: list[Row] = []
    for area, (*_, share, mean_shift) in AREAS.items():
        for first, last, moved_in, moved_out in MOVES:
            young = 1 - 0.03 * mean_shift * (first < 30)
            rows.append(
                {
                    "area": area,
                    "age_from": first,
                    "age_to": last,
                    "moved_in": round(moved_in * share * young),
                    "moved_out": round(moved_out * share),
                }
            )
    return rows


def attendance_rows() -> list[Row]:
    """The share that needs a place at each age, where ages differ."""
    return [
        {"service": service, "age": age, "ratio": ratio}
        for service, spans in ATTENDANCE.items()
        for first, last, ratio in spans
        for age in range(first, last + 1)
    ]


def project_risk_rows() -> list[Row]:
    """The reference class of each project, and how far its estimate had come."""
    return [
        {
            "project_id": item.project_id,
            "reference_class": next(
                (kind for kind, ids in RISK_CLASSES.items() if item.project_id in ids),
                "building",
            ),
            "stage": RISK_STAGES[item.gate or "G0"],
        }
        for item in PROJECTS
    ]


def asset_tables() -> dict[str, list[Row]]:
    """Assets, their components and history, and the places they hold."""
    assets, components, premises, history = [], [], [], []
    for asset_id, asset in ASSETS.items():
        draw = seeded("asset", asset_id)
        place = seeded("place", asset_id)
        _, lat, lon, *_ = AREAS[asset.area]
        assets.append(
            {
                "asset_id": asset_id,
                "name": asset.name,
                "kind": asset.kind,
                "committee": asset.committee,
                "area": asset.area,
                "street": STREETS.get(asset_id),
                "lat": round(lat + place.uniform(-0.006, 0.006), 4),
                "lon": round(lon + place.uniform(-0.01, 0.01), 4),
                "built_year": asset.built_year,
                "area_m2": asset.area_m2 or None,
                "replacement_cost": asset.replacement_cost,
                "book_value": asset.book_value,
                "condition": asset.condition,
                "condition_scale": asset.scale,
                "inspected": draw.randint(2019, 2025),
                "consequence": asset.consequence,
            }
        )
        if asset.kind not in NO_COMPONENTS:
            parts = COMPONENTS.get(asset.kind, BUILDING_COMPONENTS)
            costs = spread(asset.replacement_cost, [part[1] for part in parts])
            books = spread(asset.book_value, [part[1] for part in parts])
            for part, cost, book in zip(parts, costs, books, strict=True):
                name, _, technical, useful = part
                installed = asset.built_year
                renewed_after = draw.randint(2018, 2034)
                years = [installed]
                while installed + technical < min(renewed_after, BASE_YEAR):
                    installed += technical
                    years.append(installed)
                history += history_rows(asset_id, name, years, technical)
                looked = assets[-1]["inspected"] - 6
                if asset.condition in BETTER and installed < looked:
                    history.append(
                        {
                            "asset_id": asset_id,
                            "component": name,
                            "year": looked,
                            "kind": "besiktning",
                            "condition": BETTER[asset.condition],
                            "installed_year": None,
                        }
                    )
                components.append(
                    {
                        "asset_id": asset_id,
                        "component": name,
                        "replacement_cost": cost,
                        "installed_year": installed,
                        "technical_life_years": technical,
                        "useful_life_years": useful,
                        "book_value": book,
                        "condition": asset.condition,
                    }
                )
        if asset.premises:
            service, places = asset.premises
            ends = {"solgarden": 2033, "linden": 2032}.get(asset_id)
            premises.append(
                {
                    "premises_id": f"{asset_id}_platser",
                    "asset_id": asset_id,
                    "service": service,
                    "area": asset.area,
                    "places": places,
                    "from_year": asset.built_year,
                    "to_year": ends,
                }
            )
    return {
        "assets": assets,
        "components": components,
        "inspections": history,
        "premises": premises,
    }


def company_rows() -> list[Row]:
    """The companies from the base year on, with steady growth of their loans."""
    rows = []
    for company, (
        result,
        investment,
        loans,
        guarantees,
        dividend,
        growth,
    ) in COMPANIES.items():
        for year in range(BASE_YEAR, BASE_YEAR + 6):
            factor = (1 + growth) ** (year - BASE_YEAR)
            draw = seeded(company, year)
            rows.append(
                {
                    "company": company,
                    "year": year,
                    "result": round(result * draw.uniform(0.85, 1.15) / 100) * 100,
                    "investment": round(investment * draw.uniform(0.7, 1.3) / 100)
                    * 100,
                    "loans": round(loans * factor / 1000) * 1000,
                    "guarantees": round(guarantees * factor / 1000) * 1000,
                    "dividend": dividend,
                }
            )
    return rows


def frame_rows() -> list[Row]:
    """The committees' frames for the budget year and the two years after it."""
    rows = []
    for committee, amount in FRAMES.items():
        frame = float(amount)
        for year in range(PLAN_START, PLAN_START + 3):
            if year > PLAN_START:
                frame *= 1 + YEARS[year][2]
            rows.append(
                {
                    "committee": committee,
                    "year": year,
                    "amount": round(frame / 100) * 100,
                }
            )
    return rows


def as_rows(columns: str, rows: Iterable[Sequence[Any]]) -> list[Row]:
    """Records from tuples, the column names in one string."""
    return [dict(zip(columns.split(), row, strict=True)) for row in rows]


SETTINGS = {
    "municipality_name": "Exempelby kommun",
    "municipality_code": "9999",
    "base_year": BASE_YEAR,
    "plan_start": PLAN_START,
    "plan_end": PLAN_END,
    "discount_rate": 0.03,
    "internal_rate": 0.0275,
    # 50 öre more is 24 million in the scenario below
    "tax_rate": 23.0,
    "min_cash_tkr": 40_000,
    "resultatreserv_tkr": 18_000,
    "rur_tkr": 21_000,
    "completion_rate": 0.75,
    "seed": SEED,
    "draws": 2000,
    "currency": "kr",
    "remark": REMARK,
}


def build_records() -> dict[str, list[Row]]:
    """All tables of Exempelby as records with canonical column names."""
    tables = {
        "settings": as_rows("key value", SETTINGS.items()),
        "years": as_rows(
            "year population tax_base_growth cost_growth construction_growth "
            "interest_rate other_change_tkr lasting_change_tkr provisions_change_tkr",
            ((year, *values) for year, values in YEARS.items()),
        ),
        "statement": as_rows(
            "line year amount",
            (
                (line, year, amount)
                for year, lines in STATEMENT.items()
                for line, amount in lines.items()
            ),
        ),
        "balance": as_rows("line amount", BALANCE.items()),
        "existing": as_rows(
            "year depreciation_tkr outlay_tkr income_tkr resolved_income_tkr",
            ((year, *values) for year, values in EXISTING.items()),
        ),
        "loans": as_rows("loan_id amount rate fixed_until matures", LOANS),
        "adjustments": as_rows("year kind amount", ADJUSTMENTS),
        "deficits": as_rows("year amount due_year restored exempted", DEFICITS),
        "frames": frame_rows(),
        "areas": as_rows(
            "area name lat lon",
            ((area, *values[:3]) for area, values in AREAS.items()),
        ),
        "population": population_rows(),
        "services": as_rows(
            "service age_from age_to ratio buffer_share",
            ((service, *values) for service, values in SERVICES.items()),
        ),
    }
    tables["population_totals"] = population_total_rows(tables["population"])
    # Up to the year of the count: history that the ages of the count hold already.
    tables["births"] = as_rows("year area persons", BIRTHS)
    tables["moves"] = move_rows()
    tables["demography"] = as_rows("parameter value", (("children_per_woman", 1.5),))
    tables["housing"] = as_rows(
        "housing_id area year dwelling dwellings persons_per_dwelling new_share "
        "delay_years built_share",
        HOUSING,
    )
    tables["attendance"] = attendance_rows()
    tables["lead_times"] = as_rows("way lead_years low_years high_years", LEAD_TIMES)
    tables["lookbacks"] = as_rows(
        "lookback_id name service age_from age_to count_year use_year added_places "
        "outcome",
        LOOKBACKS,
    )
    tables |= asset_tables() | project_tables()
    tables["premises"] += as_rows(
        "premises_id asset_id service area places from_year to_year",
        ((key, None, *values) for key, *values in OTHER_PREMISES),
    )
    tables["reference_classes"] = as_rows(
        "reference_class stage cost_p50_share cost_p80_share tail_share tail_alpha "
        "most_factor on_time_share delay_p80_years",
        REFERENCE_CLASSES,
    )
    tables["uncertainty"] = as_rows("parameter value low high", UNCERTAINTY)
    tables["project_risk"] = project_risk_rows()
    tables["criteria"] = as_rows(
        "criterion name weight description",
        ((criterion, *values) for criterion, values in CRITERIA.items()),
    )
    tables["viewpoints"] = as_rows("viewpoint criterion relation value", VIEWPOINTS)
    tables["resources"] = as_rows(
        "resource year available",
        (
            (resource, year, available)
            for resource, yearly in AVAILABLE.items()
            for year, available in zip(PLAN_YEARS, yearly, strict=True)
        ),
    )
    tables["relations"] = as_rows("kind project_id other_id lag_years", RELATIONS)
    tables["goals"] = as_rows(
        "goal_id name indicator operator value from_year to_year period level price",
        ((goal_id, *values) for goal_id, values in GOALS.items()),
    )
    tables["scenarios"] = as_rows("scenario table key column value", SCENARIOS)
    tables["companies"] = company_rows()
    return {
        name: [row | {"source": SOURCE, "quality": "antagande"} for row in rows]
        for name, rows in tables.items()
    }


def write_csv(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write records as UTF-8 with commas; the columns are those of the first row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_underlag(folder: Path) -> None:
    """Write one CSV file a table."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in build_records().items():
        write_csv(folder / f"{name}.csv", rows)


def main() -> int:
    """Write `underlag/` beside this file."""
    write_underlag(HERE / "underlag")
    print(f"{len(PROJECTS)} projekt skrivna till {HERE / 'underlag'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
