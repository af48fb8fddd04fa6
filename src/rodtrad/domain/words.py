"""How is a figure, a year, a name or a key written in Swedish?

The only place that formats a number (TEXT 1.6) and the only place that knows the
Swedish label of a statement line, an indicator, a goal operator and the like (TEXT
2.2). Leaves out whole sentences: they belong to whoever says them, with `_` around
them and these functions in their slots.

Numbers are rounded half away from zero, as people do by hand, and only here.
"""

from __future__ import annotations

import gettext
import math
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NBSP: Final = "\u00a0"
MINUS: Final = "\u2212"
EN_DASH: Final = "\u2013"
QUOTE: Final = "\u201d"

# Swedish is the source language: without a catalogue the message is shown as written.
# The language is fixed rather than read from the environment, so that the same input
# gives the same bytes on every machine.
_CATALOGUE = gettext.translation(
    "rodtrad",
    localedir=Path(__file__).parent.parent / "locale",
    languages=["sv"],
    fallback=True,
)


def _(message: str) -> str:
    """Return the message in the reader's language."""
    return _CATALOGUE.gettext(message)


def plural(one: str, many: str, n: int) -> str:
    """Return `one` or `many`, whichever suits the count `n`, in the reader's language."""
    return _CATALOGUE.ngettext(one, many, n)


# ---------------------------------------------------------------- numbers


def missing() -> str:
    """Return the sign for a figure that is missing or cannot be computed."""
    return EN_DASH


def _is_missing(value: float | None) -> bool:
    return value is None or not math.isfinite(value)


def _rounded(value: float, decimals: int) -> Decimal:
    with localcontext() as context:
        context.prec = 400  # the largest float has 309 digits
        return Decimal(repr(float(value))).quantize(
            Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP
        )


def _digits(value: Decimal, drop_zero_decimals: bool = False) -> str:
    text = f"{abs(value):,f}".replace(",", NBSP).replace(".", ",")
    if drop_zero_decimals and "," in text and not text.split(",")[1].strip("0"):
        text = text.split(",")[0]
    return (MINUS if value < 0 else "") + text


def number(x: float | None, decimals: int = 0) -> str:
    """Return a figure with blanks between thousands, decimal comma and a true minus.

    None, NaN and infinity give the sign for a missing figure. Not for years or ids.

    Example:
        >>> number(-1250.45, 1) == "\u22121\u00a0250,5"
        True
    """
    if x is None or _is_missing(x):
        return missing()
    return _digits(_rounded(x, decimals))


def tkr(x: float | None) -> str:
    """Return whole tkr for a table cell; the unit stands in the heading."""
    return number(x, 0)


def mkr(x_tkr: float | None, decimals: int = 1) -> str:
    """Return an amount in tkr as mkr for a table or chart; the unit is in the heading.

    Example:
        >>> mkr(280_000)
        '280,0'
    """
    return number(None if x_tkr is None else x_tkr / 1000, decimals)


CURRENCY_WORDS: Final = {"kr": _("kronor"), "NOK": _("norska kronor")}


def currency_word(currency: str = "kr") -> str:
    """Return the plural name of a currency; an unknown code stands as it is."""
    return CURRENCY_WORDS.get(currency, currency)


def unit_tkr(currency: str = "kr") -> str:
    """Return the unit of a column of thousands, for its heading."""
    return "tkr" if currency == "kr" else _("tusen {c}").format(c=currency)


def unit_mkr(currency: str = "kr") -> str:
    """Return the unit of a column or axis of millions, for its heading."""
    return "mkr" if currency == "kr" else _("miljoner {c}").format(c=currency)


def unit_per_inhabitant(currency: str = "kr") -> str:
    """Return the unit of a column of amounts per inhabitant, for its heading."""
    return f"{currency}/{_('inv.')}"


def money_text(x_tkr: float | None, currency: str = "kr") -> str:
    """Return an amount in tkr for running text.

    From 100 mkr whole millions, below that one decimal (`,0` dropped), below 1 mkr
    whole thousands. A negative amount keeps its sign; better is a sentence whose words
    carry it.

    Example:
        >>> money_text(2_800).replace(NBSP, " ")
        '2,8 miljoner kronor'
        >>> money_text(250).replace(NBSP, " ")
        '250 000 kronor'
    """
    if x_tkr is None or _is_missing(x_tkr):
        return missing()
    word = currency_word(currency)
    millions = _rounded(x_tkr / 1000, 1)
    if abs(_rounded(x_tkr, 0)) < 1000:
        thousands = _rounded(x_tkr, 0)
        if thousands == 0:
            if x_tkr == 0:
                return f"0{NBSP}{word}"
            return _("mindre än 1{nbsp}000{nbsp}{word}").format(nbsp=NBSP, word=word)
        return f"{_digits(thousands * 1000)}{NBSP}{word}"
    if abs(millions) >= 100:
        millions = _rounded(x_tkr / 1000, 0)
    unit = _("miljon") if abs(millions) == 1 else _("miljoner")
    return f"{_digits(millions, drop_zero_decimals=True)}{NBSP}{unit} {word}"


def per_inhabitant_text(kr: float | None, currency: str = "kr") -> str:
    """Return kronor per inhabitant for running text, to the nearest hundred."""
    if kr is None or _is_missing(kr):
        return missing()
    hundreds = _rounded(kr / 100, 0) * 100
    return f"{_digits(hundreds)}{NBSP}{currency_word(currency)} " + _("per invånare")


def share_text(x: float | None, decimals: int = 1) -> str:
    """Return a share (0.02) for running text: "2 procent", zero decimals dropped."""
    if x is None or _is_missing(x):
        return missing()
    text = _digits(_rounded(x * 100, decimals), drop_zero_decimals=True)
    return f"{text}{NBSP}{_('procent')}"


def share_table(x: float | None, decimals: int = 1) -> str:
    """Return a share (0.02) for a table cell: "2,0 %"."""
    if x is None or _is_missing(x):
        return missing()
    return f"{number(x * 100, decimals)}{NBSP}%"


def percentage_points(x: float | None, decimals: int = 1) -> str:
    """Return the difference between two shares: 0.01 is "1 procentenhet"."""
    if x is None or _is_missing(x):
        return missing()
    points = _rounded(x * 100, decimals)
    unit = _("procentenhet") if abs(points) == 1 else _("procentenheter")
    return f"{_digits(points, drop_zero_decimals=True)}{NBSP}{unit}"


# ---------------------------------------------------------------- years, names, dates


def list_text(items: Sequence[str], conjunction: str = "och") -> str:
    """Return "A", "A och B", "A, B och C"; nothing gives the sign for missing."""
    if not items:
        return missing()
    if len(items) == 1:
        return items[0]
    return f"{', '.join(items[:-1])} {_(conjunction)} {items[-1]}"


def years_text(years: Iterable[int]) -> str:
    """Return years with runs drawn together: "2027–2029 och 2032".

    Order and repetition do not matter; no years give the sign for missing.
    """
    runs: list[list[int]] = []
    for year in sorted(set(years)):
        if runs and year == runs[-1][1] + 1:
            runs[-1][1] = year
        else:
            runs.append([year, year])
    return list_text([f"{a}" if a == b else f"{a}{EN_DASH}{b}" for a, b in runs])


def quoted(name: str) -> str:
    """Return a name that a user has given, in Swedish quotation marks."""
    return f"{QUOTE}{name}{QUOTE}"


def names_text(names: Sequence[str]) -> str:
    """Return quoted names as a list; of more than four, three and "och {n} till"."""
    if len(names) <= 4:
        return list_text([quoted(name) for name in names])
    shown = ", ".join(quoted(name) for name in names[:3])
    return _("{shown} och {n} till").format(shown=shown, n=len(names) - 3)


_SMALL: Final = (
    "inga två tre fyra fem sex sju åtta nio tio elva tolv".split()  # noqa: SIM905
)


def count_text(n: int, one: str = "ett") -> str:
    """Return a small count as a word (`tre`), from 13 in digits.

    `one` is "ett" or "en" as the noun that follows demands; 0 gives "inga".
    """
    if n == 1:
        return one
    if 0 <= n <= 12:
        return _SMALL[0] if n == 0 else _SMALL[n - 1]
    return number(n)


_MONTHS: Final = (
    "januari",
    "februari",
    "mars",
    "april",
    "maj",
    "juni",
    "juli",
    "augusti",
    "september",
    "oktober",
    "november",
    "december",
)


def date_text(day: date | str) -> str:
    """Return a date (or its ISO text) for running text: "den 31 augusti 2025"."""
    if isinstance(day, str):
        day = date.fromisoformat(day)
    return f"den {day.day}{NBSP}{_MONTHS[day.month - 1]} {day.year}"


# ---------------------------------------------------------------- labels (TEXT 2.2)

STATEMENT_LABELS: Final = {
    "ri": _("Verksamhetens intäkter"),
    "rk": _("Verksamhetens kostnader"),
    "ra": _("Avskrivningar"),
    "rn": _("Verksamhetens nettokostnader"),
    "rs": _("Skatteintäkter"),
    "rg": _("Generella statsbidrag och utjämning"),
    "rv": _("Verksamhetens resultat"),
    "fi": _("Finansiella intäkter"),
    "fk": _("Finansiella kostnader"),
    "re": _("Resultat efter finansiella poster"),
    "ex": _("Extraordinära poster"),
    "ar": _("Årets resultat"),
}
STATEMENT_SUBTOTALS: Final = ("rn", "rv", "re", "ar")

BALANCE_LABELS: Final = {
    "fixed_assets": _("Anläggningstillgångar"),
    "financial_assets": _("Finansiella anläggningstillgångar"),
    "other_assets": _("Övriga tillgångar"),
    "cash": _("Kassa och bank"),
    "equity": _("Eget kapital"),
    "provisions": _("Avsättningar"),
    "loans": _("Lån"),
    "other_liabilities": _("Övriga skulder"),
    "pension_off_balance": _("Pensioner utanför balansräkningen"),
    "guarantees": _("Borgen"),
}

CASH_FLOW_LABELS: Final = {
    "lopande": _("Löpande verksamhet"),
    "investering": _("Investeringar"),
    "finansiering": _("Finansiering"),
    "arets": _("Årets kassaflöde"),
    "likvida_in": _("Kassa vid årets början"),
    "likvida_ut": _("Kassa vid årets slut"),
}

BALANSKRAV_LABELS: Final = {
    "ar": _("Årets resultat"),
    "realisationsvinster": _("Realisationsvinster"),
    "undantag_vinst": _("Undantag: vinster"),
    "undantag_forlust": _("Undantag: förluster"),
    "orealiserat": _("Orealiserade värdeändringar"),
    "aterforing": _("Återföring av orealiserade värdeändringar"),
    "areb": _("Resultat efter balanskravsjusteringar"),
    "reservering": _("Reservering"),
    "anvandning": _("Användning av reserv"),
    "bkr": _("Balanskravsresultat"),
    "synnerliga_skal": _("Synnerliga skäl"),
    "underskott_in": _("Underskott från tidigare år"),
    "att_reglera": _("Kvar att återställa"),
}
BALANSKRAV_SUBTOTALS: Final = ("areb", "bkr", "att_reglera")

RESERVE_LABELS: Final = {
    "resultatreserv": _("Resultatreserv"),
    "rur": _("Resultatutjämningsreserv (RUR)"),
    "ceiling": _("Högsta tillåtna resultatreserv"),
}

INDICATOR_LABELS: Final = {
    "res_andel": _("Resultat av skatter och bidrag"),
    "bkr_andel": _("Balanskravsresultat av skatter och bidrag"),
    "sol": _("Soliditet"),
    "sol_pen": _("Soliditet med alla pensioner"),
    "sfg": _("Självfinansieringsgrad"),
    "lan_inv": _("Låneskuld per invånare"),
    "nettolan": _("Nettolåneskuld av skatter och bidrag"),
    "inv_andel": _("Investeringar av skatter och bidrag"),
    "nka": _("Nettokostnadsandel"),
}
# Every other indicator is a share.
PER_INHABITANT_INDICATORS: Final = frozenset({"lan_inv"})

OPERATOR_LABELS: Final = {">=": _("minst"), "<=": _("högst")}
LEVEL_LABELS: Final = {"must": _("måste hållas"), "aim": _("bör nås")}
ROOM_LABELS: Final = {
    "own_funds": _("egna medel"),
    "debt_ceiling": _("skuldtak"),
    "result_target": _("resultatmål"),
}

NIRA_LABELS: Final = {
    "N": _("nyinvestering"),
    "I": _("imageinvestering"),
    "R": _("reinvestering"),
    "A": _("anpassningsinvestering"),
}

# Keyed by the values of `projects.driver`.
DRIVER_LABELS: Final = {
    "lagkrav": _("lagkrav eller myndighetskrav"),
    "arbetsmiljo": _("arbetsmiljö"),
    "befolkning": _("befolkning och platser"),
    "skick": _("skick och underhåll"),
    "ekonomi": _("ekonomi"),
    "klimat": _("klimat och energi"),
    "beredskap": _("beredskap"),
    "politiskt_mal": _("politiskt mål"),
}

GATE_LABELS: Final = {
    "G0": _("Behov"),
    "G1": _("Behovsanalys"),
    "G2": _("Förstudie"),
    "G3": _("Inriktning och plan"),
    "G4": _("Projektering"),
    "G5": _("Startbeslut"),
    "G6": _("Genomförande"),
    "G7": _("Ibruktagande"),
    "G8": _("Slutredovisning"),
    "G9": _("Effektuppföljning"),
}

FINANCING_LABELS: Final = {
    "skatt": _("skattefinansierat"),
    "taxa": _("avgiftsfinansierat"),
    "exploatering": _("exploatering"),
}

# Keyed by the values of `alternatives.kind`.
ALTERNATIVE_LABELS: Final = {
    "gor_inget": _("gör inget"),
    "anpassa": _("anpassa"),
    "bygg_om": _("bygg om"),
    "bygg_nytt": _("bygg nytt"),
    "hyr": _("hyr"),
    "kop": _("köp"),
    "samverka": _("samverka"),
    "avveckla": _("avveckla"),
}

RELATION_LABELS: Final = {
    "requires": _("kräver"),
    "excludes": _("utesluter"),
    "together": _("hör ihop med"),
}

QUALITY_LABELS: Final = {
    "uppgift": _("uppgift"),
    "beräkning": _("beräkning"),
    "berakning": _("beräkning"),
    "antagande": _("antagande"),
}

STATE_LABELS: Final = {
    "optimal": _("bevisat bäst"),
    "feasible": _("giltig, bättre kan finnas"),
    "infeasible": _("går inte ihop"),
}
STOPPED_LABELS: Final = {
    "proof": _("bevisat"),
    "gap": _("nära nog"),
    "work": _("arbetsgräns nådd"),
    "time": _("tidsgräns nådd"),
    "own": _("eget val"),
}
SEVERITY_LABELS: Final = {
    "error": _("fel"),
    "warning": _("varning"),
    "note": _("upplysning"),
}


def indicator_table(key: str, x: float | None, decimals: int = 1) -> str:
    """Return an indicator's value for a table cell: a share in %, loans in whole kr."""
    if key in PER_INHABITANT_INDICATORS:
        return number(x, 0)
    return share_table(x, decimals)


def indicator_text(key: str, x: float | None, currency: str = "kr") -> str:
    """Return an indicator's value for running text, in its own unit."""
    if key in PER_INHABITANT_INDICATORS:
        return per_inhabitant_text(x, currency)
    return share_text(x)


def nira_text(nira: str | None) -> str:
    """Return the kinds of investment behind `N` or `N60 R40`, in words.

    Example:
        >>> nira_text("N60 R40").replace(NBSP, " ")
        'nyinvestering 60 procent och reinvestering 40 procent'
    """
    if not nira:
        return missing()
    words = []
    for part in nira.split():
        label = NIRA_LABELS.get(part[:1], part)
        share = part[1:]
        words.append(f"{label} {share}{NBSP}{_('procent')}" if share else label)
    return list_text(words)
