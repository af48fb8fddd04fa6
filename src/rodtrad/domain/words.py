"""How is a figure, a year, a name or a key written in the reader's language?

The only place that formats a number (TEXT 1.6) and the only place that knows the label
of a statement line, an indicator, a goal operator and the like (TEXT 2.2). Leaves out
whole sentences: they belong to whoever says them, with `_` around them and these
functions in their slots.

The language is Swedish until a caller says otherwise: `with in_language("en"): ...`. It
is never read from the environment, so that the same input gives the same bytes on every
machine. Numbers are rounded half away from zero, as people do by hand, and only here.
"""

from __future__ import annotations

import gettext
import math
from collections.abc import Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

NBSP: Final = "\u00a0"
MINUS: Final = "\u2212"
EN_DASH: Final = "\u2013"

# ---------------------------------------------------------------- the language

SWEDISH: Final = "sv"
ENGLISH: Final = "en"
LANGUAGES: Final = (SWEDISH, ENGLISH)

_LANGUAGE: Final[ContextVar[str]] = ContextVar("rodtrad_language", default=SWEDISH)
CATALOGUES: Final = Path(__file__).parent.parent / "locale"


def language() -> str:
    """Return the code of the language that is written now: "sv" or "en"."""
    return _LANGUAGE.get()


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Write everything inside the `with` in a language.

    It holds for this thread (and, in asyncio, this task) only; a thread started inside
    writes Swedish. A region is passed over: "en-gb" is English.

    Raises:
        ValueError: the language is not one of `LANGUAGES`.
    """
    plain = code.replace("_", "-").split("-")[0].lower()
    if plain not in LANGUAGES:
        msg = f"unknown language {code!r}"
        raise ValueError(msg)
    token = _LANGUAGE.set(plain)
    try:
        yield
    finally:
        _LANGUAGE.reset(token)


@cache
def _catalogue(code: str) -> gettext.NullTranslations:
    # Read when somebody asks for it: Swedish is the source and needs none.
    return gettext.translation("rodtrad", localedir=CATALOGUES, languages=[code])


def _(message: str) -> str:
    """Return the message in the reader's language."""
    code = _LANGUAGE.get()
    # The empty message is the catalogue's own heading.
    if code == SWEDISH or not message:
        return message
    return _catalogue(code).gettext(message)


def plural(one: str, many: str, n: int) -> str:
    """Return `one` or `many`, whichever suits the count `n`, in the reader's language."""
    code = _LANGUAGE.get()
    if code == SWEDISH:
        return one if n == 1 else many
    return _catalogue(code).ngettext(one, many, n)


def meaning(context: str, message: str) -> str:
    """Return a message that reads otherwise in other places, in the reader's language.

    `context` says which place: a word that English has two words for.
    """
    code = _LANGUAGE.get()
    if code == SWEDISH or not message:
        return message
    return _catalogue(code).pgettext(context, message)


def later(message: str) -> str:
    """Return the message as it stands, to be translated by `_` when it is shown.

    Marks what is written where no reader is known yet: in a constant.
    """
    return message


class Labels(Mapping[str, str]):
    """Labels by key, each in the reader's language at the time it is read."""

    def __init__(self, messages: Mapping[str, str]) -> None:
        self.messages = dict(messages)
        """The labels as written in the source, in Swedish."""

    def __getitem__(self, key: str) -> str:
        return _(self.messages[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self.messages)

    def __len__(self) -> int:
        return len(self.messages)

    def __or__(self, other: Labels) -> Labels:
        return Labels({**self.messages, **other.messages})


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
    whole, _dot, decimals = f"{abs(value):,f}".partition(".")
    if drop_zero_decimals and not decimals.strip("0"):
        decimals = ""
    if language() == SWEDISH:
        text = whole.replace(",", NBSP) + ("," + decimals if decimals else "")
    else:
        text = whole + ("." + decimals if decimals else "")
    return (MINUS if value < 0 else "") + text


def decimal_mark(text: str) -> str:
    """Return a number written with a full stop, with the reader's decimal mark."""
    return text.replace(".", ",") if language() == SWEDISH else text


def percent_sign(text: str) -> str:
    """Return the figure with its percent sign: "2,0 %", in English "2.0%"."""
    return f"{text}{NBSP}%" if language() == SWEDISH else f"{text}%"


def number(x: float | None, decimals: int = 0) -> str:
    """Return a figure with blanks between thousands, decimal comma and a true minus.

    In English thousands have commas and decimals a point.
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


CURRENCY_WORDS: Final = {"kr": "kronor", "NOK": "norska kronor"}
CURRENCY_NAMES: Final = Labels({"kr": later("kronor"), "NOK": later("norska kronor")})
# English puts the international code before the amount.
_CODES: Final = {"kr": "SEK"}


def currency_word(currency: str = "kr") -> str:
    """Return the plural name of a currency, in English its code; unknown stands as is."""
    if language() == SWEDISH:
        return CURRENCY_WORDS.get(currency, currency)
    return _CODES.get(currency, currency)


def currency_name(currency: str = "kr") -> str:
    """Return what a currency is called, beside its code; an unknown code as it is."""
    return CURRENCY_NAMES.get(currency, currency)


def with_currency(text: str, currency: str) -> str:
    """Return an amount with its currency on the side where the reader has it."""
    word = currency_word(currency)
    return f"{text}{NBSP}{word}" if language() == SWEDISH else f"{word}{NBSP}{text}"


def unit_tkr(currency: str = "kr") -> str:
    """Return the unit of a column of thousands, for its heading."""
    if language() != SWEDISH:
        return f"{currency_word(currency)}{NBSP}k"
    return "tkr" if currency == "kr" else f"tusen {currency}"


def unit_mkr(currency: str = "kr") -> str:
    """Return the unit of a column or axis of millions, for its heading."""
    if language() != SWEDISH:
        return f"{currency_word(currency)}{NBSP}m"
    return "mkr" if currency == "kr" else f"miljoner {currency}"


def unit_per_inhabitant(currency: str = "kr") -> str:
    """Return the unit of a column of amounts per inhabitant, for its heading."""
    return (
        f"{currency}/inv."
        if language() == SWEDISH
        else f"{_CODES.get(currency, currency)}/inh."
    )


def amount_tkr(text: str) -> str:
    """Return a written figure in thousands of kronor with its unit."""
    return f"{text}{NBSP}tkr" if language() == SWEDISH else f"SEK{NBSP}{text}k"


def amount_mkr(text: str, currency: str = "kr") -> str:
    """Return a written figure in millions with its unit: "87 mkr", in English "SEK 87m"."""
    if language() == SWEDISH:
        return f"{text}{NBSP}{unit_mkr(currency)}"
    return f"{with_currency(text, currency)}m"


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
        >>> with in_language("en"):
        ...     money_text(2_800).replace(NBSP, " ")
        'SEK 2.8 million'
    """
    if x_tkr is None or _is_missing(x_tkr):
        return missing()
    millions = _rounded(x_tkr / 1000, 1)
    thousands = _rounded(x_tkr, 0)
    if abs(thousands) < 1000:
        if thousands or x_tkr == 0:
            return with_currency(_digits(thousands * 1000), currency)
        least = with_currency(_digits(Decimal(1000)), currency)
        return _("mindre än {kr}").format(kr=least)
    if abs(millions) >= 100:
        millions = _rounded(x_tkr / 1000, 0)
    text = _digits(millions, drop_zero_decimals=True)
    if language() != SWEDISH:
        return f"{currency_word(currency)}{NBSP}{text}{NBSP}million"
    unit = "miljon" if abs(millions) == 1 else "miljoner"
    return f"{text}{NBSP}{unit} {currency_word(currency)}"


def per_inhabitant_figure(kr: float | None) -> str:
    """Return kronor per inhabitant to the nearest hundred, without its unit."""
    if kr is None or _is_missing(kr):
        return missing()
    return _digits(_rounded(kr / 100, 0) * 100)


def per_inhabitant_text(kr: float | None, currency: str = "kr") -> str:
    """Return kronor per inhabitant for running text, to the nearest hundred."""
    if kr is None or _is_missing(kr):
        return missing()
    amount = with_currency(per_inhabitant_figure(kr), currency)
    return f"{amount} {_('per invånare')}"


def share_text(x: float | None, decimals: int = 1) -> str:
    """Return a share (0.02) for running text: "2 procent", zero decimals dropped."""
    if x is None or _is_missing(x):
        return missing()
    text = _digits(_rounded(x * 100, decimals), drop_zero_decimals=True)
    return _("{x}\u00a0procent").format(x=text)


def share_table(x: float | None, decimals: int = 1) -> str:
    """Return a share (0.02) for a table cell: "2,0 %"."""
    if x is None or _is_missing(x):
        return missing()
    return percent_sign(number(x * 100, decimals))


def percentage_points(x: float | None, decimals: int = 1) -> str:
    """Return the difference between two shares: 0.01 is "1 procentenhet"."""
    if x is None or _is_missing(x):
        return missing()
    points = _rounded(x * 100, decimals)
    text = _digits(points, drop_zero_decimals=True)
    if abs(points) == 1:
        return _("{x}\u00a0procentenhet").format(x=text)
    return _("{x}\u00a0procentenheter").format(x=text)


# ---------------------------------------------------------------- years, names, dates


_QUOTES: Final = {SWEDISH: ("\u201d", "\u201d"), ENGLISH: ("\u201c", "\u201d")}
_CONJUNCTIONS: Final = Labels({"och": later("och"), "eller": later("eller")})


def list_text(items: Sequence[str], conjunction: str = "och") -> str:
    """Return "A", "A och B", "A, B och C"; nothing gives the sign for missing.

    The conjunction is Swedish, "och" or "eller", and follows the language.
    """
    if not items:
        return missing()
    if len(items) == 1:
        return items[0]
    return f"{', '.join(items[:-1])} {_CONJUNCTIONS[conjunction]} {items[-1]}"


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
    """Return a name that a user has given, in the language's quotation marks."""
    first, last = _QUOTES[language()]
    return f"{first}{name}{last}"


def names_text(names: Sequence[str]) -> str:
    """Return quoted names as a list; of more than four, three and "och {n} till"."""
    if len(names) <= 4:
        return list_text([quoted(name) for name in names])
    shown = ", ".join(quoted(name) for name in names[:3])
    return _("{shown} och {n} till").format(shown=shown, n=len(names) - 3)


_SMALL: Final = {
    SWEDISH: "inga ett två tre fyra fem sex sju åtta nio tio elva tolv".split(),  # noqa: SIM905
    ENGLISH: "no one two three four five six seven eight nine ten eleven twelve".split(),  # noqa: SIM905
}


def count_text(n: int, one: str = "ett") -> str:
    """Return a small count as a word (`tre`), from 13 in digits.

    `one` is "ett" or "en" as the Swedish noun that follows demands; 0 gives "inga".
    """
    if not 0 <= n <= 12:
        return number(n)
    return one if n == 1 and language() == SWEDISH else _SMALL[language()][n]


_MONTHS: Final = {
    SWEDISH: [
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
    ],
    ENGLISH: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
}


def date_text(day: date | str) -> str:
    """Return a date (or its ISO text) for running text: "den 31 augusti 2025"."""
    if isinstance(day, str):
        day = date.fromisoformat(day)
    written = f"{day.day}{NBSP}{_MONTHS[language()][day.month - 1]} {day.year}"
    return f"den {written}" if language() == SWEDISH else written


# ---------------------------------------------------------------- labels (TEXT 2.2)

STATEMENT_LABELS: Final = Labels(
    {
        "ri": later("Verksamhetens intäkter"),
        "rk": later("Verksamhetens kostnader"),
        "ra": later("Avskrivningar"),
        "rn": later("Verksamhetens nettokostnader"),
        "rs": later("Skatteintäkter"),
        "rg": later("Generella statsbidrag och utjämning"),
        "rv": later("Verksamhetens resultat"),
        "fi": later("Finansiella intäkter"),
        "fk": later("Finansiella kostnader"),
        "re": later("Resultat efter finansiella poster"),
        "ex": later("Extraordinära poster"),
        "ar": later("Årets resultat"),
    }
)
STATEMENT_SUBTOTALS: Final = ("rn", "rv", "re", "ar")

BALANCE_LABELS: Final = Labels(
    {
        "fixed_assets": later("Anläggningstillgångar"),
        "financial_assets": later("Finansiella anläggningstillgångar"),
        "other_assets": later("Övriga tillgångar"),
        "cash": later("Kassa och bank"),
        "equity": later("Eget kapital"),
        "provisions": later("Avsättningar"),
        "loans": later("Lån"),
        "other_liabilities": later("Övriga skulder"),
        "pension_off_balance": later("Pensioner utanför balansräkningen"),
        "guarantees": later("Borgen"),
    }
)

CASH_FLOW_LABELS: Final = Labels(
    {
        "lopande": later("Löpande verksamhet"),
        "investering": later("Investeringar"),
        "finansiering": later("Finansiering"),
        "arets": later("Årets kassaflöde"),
        "likvida_in": later("Kassa vid årets början"),
        "likvida_ut": later("Kassa vid årets slut"),
    }
)

BALANSKRAV_LABELS: Final = Labels(
    {
        "ar": later("Årets resultat"),
        "realisationsvinster": later("Realisationsvinster"),
        "undantag_vinst": later("Undantag: vinster"),
        "undantag_forlust": later("Undantag: förluster"),
        "orealiserat": later("Orealiserade värdeändringar"),
        "aterforing": later("Återföring av orealiserade värdeändringar"),
        "areb": later("Resultat efter balanskravsjusteringar"),
        "reservering": later("Reservering"),
        "anvandning": later("Användning av reserv"),
        "bkr": later("Balanskravsresultat"),
        "synnerliga_skal": later("Synnerliga skäl"),
        "underskott_in": later("Underskott från tidigare år"),
        "att_reglera": later("Kvar att återställa"),
    }
)
BALANSKRAV_SUBTOTALS: Final = ("areb", "bkr", "att_reglera")

RESERVE_LABELS: Final = Labels(
    {
        "resultatreserv": later("Resultatreserv"),
        "rur": later("Resultatutjämningsreserv (RUR)"),
        "ceiling": later("Högsta tillåtna resultatreserv"),
    }
)

INDICATOR_LABELS: Final = Labels(
    {
        "res_andel": later("Resultat av skatter och bidrag"),
        "bkr_andel": later("Balanskravsresultat av skatter och bidrag"),
        "sol": later("Soliditet"),
        "sol_pen": later("Soliditet med alla pensioner"),
        "sfg": later("Självfinansieringsgrad"),
        "lan_inv": later("Låneskuld per invånare"),
        "nettolan": later("Nettolåneskuld av skatter och bidrag"),
        "inv_andel": later("Investeringar av skatter och bidrag"),
        "nka": later("Nettokostnadsandel"),
    }
)
# Every other indicator is a share.
PER_INHABITANT_INDICATORS: Final = frozenset({"lan_inv"})

OPERATOR_LABELS: Final = Labels({">=": later("minst"), "<=": later("högst")})
LEVEL_LABELS: Final = Labels({"must": later("måste hållas"), "aim": later("bör nås")})
ROOM_LABELS: Final = Labels(
    {
        "own_funds": later("egna medel"),
        "debt_ceiling": later("skuldtak"),
        "result_target": later("resultatmål"),
    }
)

NIRA_LABELS: Final = Labels(
    {
        "N": later("nyinvestering"),
        "I": later("imageinvestering"),
        "R": later("reinvestering"),
        "A": later("anpassningsinvestering"),
    }
)

# Keyed by the values of `projects.driver`.
DRIVER_LABELS: Final = Labels(
    {
        "lagkrav": later("lagkrav eller myndighetskrav"),
        "arbetsmiljo": later("arbetsmiljö"),
        "befolkning": later("befolkning och platser"),
        "skick": later("skick och underhåll"),
        "ekonomi": later("ekonomi"),
        "klimat": later("klimat och energi"),
        "beredskap": later("beredskap"),
        "politiskt_mal": later("politiskt mål"),
    }
)

GATE_LABELS: Final = Labels(
    {
        "G0": later("Behov"),
        "G1": later("Behovsanalys"),
        "G2": later("Förstudie"),
        "G3": later("Inriktning och plan"),
        "G4": later("Projektering"),
        "G5": later("Startbeslut"),
        "G6": later("Genomförande"),
        "G7": later("Ibruktagande"),
        "G8": later("Slutredovisning"),
        "G9": later("Effektuppföljning"),
    }
)

FINANCING_LABELS: Final = Labels(
    {
        "skatt": later("skattefinansierat"),
        "taxa": later("avgiftsfinansierat"),
        "exploatering": later("exploatering"),
    }
)

# Keyed by the values of `alternatives.kind`.
ALTERNATIVE_LABELS: Final = Labels(
    {
        "gor_inget": later("gör inget"),
        "anpassa": later("anpassa"),
        "bygg_om": later("bygg om"),
        "bygg_nytt": later("bygg nytt"),
        "hyr": later("hyr"),
        "kop": later("köp"),
        "samverka": later("samverka"),
        "avveckla": later("avveckla"),
    }
)

RELATION_LABELS: Final = Labels(
    {
        "requires": later("kräver"),
        "excludes": later("utesluter"),
        "together": later("hör ihop med"),
    }
)

QUALITY_LABELS: Final = Labels(
    {
        "uppgift": later("uppgift"),
        "beräkning": later("beräkning"),
        "berakning": later("beräkning"),
        "antagande": later("antagande"),
    }
)

STATE_LABELS: Final = Labels(
    {
        "optimal": later("bevisat bäst"),
        "feasible": later("giltig, bättre kan finnas"),
        "infeasible": later("går inte ihop"),
    }
)
STOPPED_LABELS: Final = Labels(
    {
        "proof": later("bevisat"),
        "gap": later("nära nog"),
        "work": later("arbetsgräns nådd"),
        "time": later("tidsgräns nådd"),
        "asked": later("avbruten"),
        "own": later("eget val"),
    }
)
SEVERITY_LABELS: Final = Labels(
    {
        "error": later("fel"),
        "warning": later("varning"),
        "note": later("upplysning"),
    }
)


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
        percent = _("{x}\u00a0procent").format(x=share)
        words.append(f"{label} {percent}" if share else label)
    return list_text(words)
