"""How does a cell as typed become a typed value? Column by column, faults collected.

Reads generously what people write (decimal comma, blanks in thousands, ja/x/1, Swedish
labels, dates for years) and says so in a note; refuses what could mean two things.
Leaves out limits and whole-table rules (checks) and files (sources).
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.columns import Column, fold_heading
from rodtrad.domain.messages import issue
from rodtrad.domain.words import (
    MINUS,
    _,
    decimal_mark,
)
from rodtrad.errors import Issue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FIRST_YEAR: Final = 1500
LAST_YEAR: Final = 2500
MAX_WHOLE: Final = 2**53


class CellError(Exception):
    """A cell that cannot be read: the message's key and slots."""

    def __init__(self, key: str, **slots: object) -> None:
        """Keep which message to show and what fills it."""
        self.key = key
        self.slots = slots
        super().__init__(key)


@dataclass
class Parsed:
    """A column after reading: typed values, and what stood in the cells that failed."""

    values: list[Any]
    faulty: dict[int, object] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)


# A note made while a cell is read: the message's key and slots.
Notes = list[tuple[str, dict[str, object]]]

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_ERROR: Final = re.compile(r"#(?:[A-ZÅÄÖ0-9/]+[!?]|N/A|SAKNAS!?|REFERENS!?)")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_BLANKS: Final = r"[ \u00a0\u2009\u202f\u2007]"
_GROUPED: Final = re.compile(rf"[+-]?\d{{1,3}}(?:{_BLANKS}\d{{3}})+(?:[.,]\d+)?")
_THREE_DIGITS: Final = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
_ISO_DATE: Final = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?:[ T].*)?")
_DAY_FIRST: Final = re.compile(r"\d{1,2}[-/. ]+\d{1,2}[-/. ]+(\d{4})")
_TRUE: Final = frozenset({"ja", "j", "true", "sant", "x", "yes", "1"})
_FALSE: Final = frozenset({"nej", "n", "false", "falskt", "no", "0"})


def is_blank(value: object) -> bool:
    """Return True for an empty cell, also one that holds only blanks."""
    return value is None or (
        isinstance(value, str) and (not value or not value.strip())
    )


def clean_text(text: str) -> str:
    """Return a text in its stored form: letters composed, lines ended alike, trimmed.

    Control characters that no file format carries are dropped.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    text = unicodedata.normalize("NFC", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", text).strip()


def shown(value: object) -> str:
    """Return a raw cell value as the user sees it, shortened, for a message."""
    if isinstance(value, bool):
        return _("SANT") if value else _("FALSKT")
    if isinstance(value, float) and math.isfinite(value):
        return decimal_mark(number_text(value)).replace("-", MINUS)
    if isinstance(value, datetime):
        return value.date().isoformat()
    text = str(value).strip()
    return text if len(text) <= 60 else text[:57] + "..."


def number_text(value: float) -> str:
    """Return a number as canonical text: the shortest that reads back equal.

    Example:
        >>> number_text(2026.0), number_text(0.035), number_text(-1e-9)
        ('2026', '0.035', '-1e-09')
    """
    if value == int(value) and abs(value) < MAX_WHOLE:
        return str(int(value))
    return repr(float(value))


def read_number(
    text: str, *, dot_is_decimal: bool, limits: tuple[float, float] | None = None
) -> tuple[float, bool]:
    """Return the number and whether a comma or blanks had to be interpreted.

    A single comma followed by three digits could be a thousand separator, and where
    Swedish decimals are typed so could a point: then the one reading inside `limits`
    is taken, and without such limits the cell is refused.

    Raises:
        CellError: not a number, or two readings are possible.

    Example:
        >>> read_number("12 500,5", dot_is_decimal=False)
        (12500.5, True)
    """
    plain = text.strip().replace(MINUS, "-")
    if plain[:1] == "\u2013":
        plain = "-" + plain[1:]
    plain = re.sub(rf"^([+-]){_BLANKS}+", r"\1", plain)
    changed = False
    if _GROUPED.fullmatch(plain):
        plain = re.sub(_BLANKS, "", plain).replace(",", ".")
        return float(plain), True
    comma, dot = plain.count(","), plain.count(".")
    if comma and dot:
        thousands, decimal = (
            (".", ",") if plain.rfind(",") > plain.rfind(".") else (",", ".")
        )
        whole, _sep, rest = plain.rpartition(decimal)
        if not _is_grouped(whole, thousands):
            raise CellError("cell_not_number", value=shown(text))
        plain, changed = whole.replace(thousands, "") + "." + rest, True
    elif comma > 1 or dot > 1:
        separator = "," if comma else "."
        if not _is_grouped(plain, separator):
            raise CellError("cell_not_number", value=shown(text))
        plain, changed = plain.replace(separator, ""), True
    elif comma or (dot and not dot_is_decimal):
        if _THREE_DIGITS.fullmatch(plain):
            return _one_reading(text, plain, limits), True
        plain, changed = plain.replace(",", "."), comma == 1
    if not _NUMBER.fullmatch(plain):
        raise CellError("cell_not_number", value=shown(text))
    value = float(plain)
    if not math.isfinite(value):
        raise CellError("cell_not_number", value=shown(text))
    return value, changed


def _is_grouped(text: str, separator: str) -> bool:
    head, *groups = text.lstrip("+-").split(separator)
    return (
        1 <= len(head) <= 3
        and head.isdecimal()
        and all(len(group) == 3 and group.isdecimal() for group in groups)
    )


def _one_reading(text: str, plain: str, limits: tuple[float, float] | None) -> float:
    as_decimal = float(plain.replace(",", "."))
    as_thousands = float(re.sub("[.,]", "", plain))
    if limits:
        inside = [x for x in (as_decimal, as_thousands) if limits[0] <= x <= limits[1]]
        if len(inside) == 1:
            return inside[0]
    raise CellError(
        "cell_ambiguous",
        value=shown(text),
        a=shown(as_thousands),
        b=shown(as_decimal),
    )


def _number(column: Column, value: object, notes: Notes, dot_is_decimal: bool) -> float:
    """One cell of a number column, shares in percent included."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value)
        if not math.isfinite(number):
            raise CellError("cell_not_number", value=shown(value))
        return number + 0.0
    if not isinstance(value, str):
        raise CellError("cell_not_number", value=shown(value))
    text = value.strip()
    percent = False
    if column.type == "share" or column.unit == "nyckeltal":
        for ending in ("%", "procent"):
            if text.casefold().endswith(ending):
                text, percent = text[: -len(ending)].strip(), True
    limits = None
    if column.minimum is not None and column.maximum is not None:
        scale = 100.0 if percent else 1.0
        limits = (column.minimum * scale, column.maximum * scale)
    try:
        number, changed = read_number(
            text, dot_is_decimal=dot_is_decimal, limits=limits
        )
    except CellError as fault:
        fault.slots["value"] = shown(value)
        raise
    if percent:
        number = float(Decimal(repr(number)) / 100)
    if changed:
        notes.append(
            ("cell_reformatted", {"value": shown(value), "number": shown(number)})
        )
    return number + 0.0


def _whole(column: Column, value: object, notes: Notes, dot_is_decimal: bool) -> int:
    number = _number(column, value, notes, dot_is_decimal)
    if number != int(number) or abs(number) >= MAX_WHOLE:
        if column.name == "useful_life_years":
            raise CellError("life_zero", n=shown(value))
        raise CellError("cell_not_number.whole", value=shown(value))
    return int(number)


def _year(column: Column, value: object, notes: Notes, dot_is_decimal: bool) -> int:
    found: date | None = None
    if isinstance(value, datetime):
        found = value.date()
    elif isinstance(value, date):
        found = value
    if found is not None:
        # A year typed into a cell with a date format is shown as a day in 1905.
        serial = (found - date(1899, 12, 30)).days
        year = serial if 1990 <= serial <= 2190 else found.year
        notes.append(("cell_date_for_year", {"value": found.isoformat(), "year": year}))
        return year
    if isinstance(value, str):
        text = value.strip()
        match = _ISO_DATE.fullmatch(text) or _DAY_FIRST.fullmatch(text)
        if match:
            year = int(match.group(1))
            notes.append(("cell_date_for_year", {"value": text, "year": year}))
            return year
    try:
        number = _number(column, value, notes, dot_is_decimal)
    except CellError:
        raise CellError("cell_not_year", value=shown(value)) from None
    if number != int(number) or not FIRST_YEAR <= number <= LAST_YEAR:
        raise CellError("cell_not_year", value=shown(value))
    return int(number)


def _bool(_column: Column, value: object, _notes: Notes, _dot: bool) -> bool:
    if isinstance(value, bool):
        return value
    text = plain_text(value).casefold()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise CellError("cell_choice", value=shown(value), choices=_("ja, nej"))


def _text(_column: Column, value: object, _notes: Notes, _dot: bool) -> str:
    return plain_text(value)


def plain_text(value: object) -> str:
    """Return what stands in a text cell: numbers without `.0`, dates as ISO."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, bool):
        return "ja" if value else "nej"
    if isinstance(value, (int, float)) and math.isfinite(value):
        return number_text(value)
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return clean_text(str(value))


_SYNONYMS: Final = {
    "≥": ">=",
    "=>": ">=",
    "≤": "<=",
    "=<": "<=",
    "berakning": "beräkning",
}
_AVERAGE: Final = re.compile(
    r"(?:average|genomsnitt|medel)\s*(?::|för|av|,)?\s*(\d{1,2})(?:\s*år)?"
)


def _choice(column: Column, value: object, _notes: Notes, _dot: bool) -> str:
    text = plain_text(value)
    if text in column.choices:
        return text
    folded = fold_heading(text)
    folded = fold_heading(_SYNONYMS.get(folded, folded))
    for code, label in column.choices.items():
        if folded in map(fold_heading, (code, label, column.choice_label(code))):
            return code
    if column.name == "period":
        match = _AVERAGE.fullmatch(folded)
        if match and int(match.group(1)) >= 1:
            n = int(match.group(1))
            return "year" if n == 1 else f"average:{n}"
    choices = ", ".join(column.choice_labels())
    raise CellError("cell_choice", value=shown(value), choices=choices)


def _word(column: Column, value: object, notes: Notes, dot: bool) -> str:
    try:
        return _choice(column, value, notes, dot)
    except CellError:
        text = plain_text(value)
        choices = ", ".join(column.choice_labels())
        notes.append(("cell_word", {"value": shown(text), "choices": choices}))
        return text


_READERS: Final[dict[str, Callable[[Column, object, Notes, bool], Any]]] = {
    "text": _text,
    "id": _text,
    "year": _year,
    "int": _whole,
    "float": _number,
    "share": _number,
    "tkr": _number,
    "bool": _bool,
    "choice": _choice,
    "word": _word,
}


def read_cell(
    column: Column, value: object, notes: Notes, *, dot_is_decimal: bool
) -> Any:
    """Return the typed value of one cell; None for a blank one.

    Raises:
        CellError: the cell cannot be read as the column's type.
    """
    if is_blank(value):
        return None
    if (
        isinstance(value, str)
        and value.lstrip()[:1] == "#"
        and _ERROR.fullmatch(value.strip())
    ):
        raise CellError("cell_formula_error", value=value.strip())
    return _READERS[column.type](column, value, notes, dot_is_decimal)


def _fast(
    column: Column, raw: Sequence[object], dot_is_decimal: bool
) -> list[Any] | None:
    """The whole column at once when nothing in it needs interpretation, else None."""
    kinds = set(map(type, raw))
    if column.type in ("float", "share", "tkr"):
        if kinds <= {float, int}:
            values = [float(x) + 0.0 for x in raw]  # type: ignore[arg-type]
        elif kinds == {str} and dot_is_decimal:
            try:
                # Adding 0.0 turns a negative zero into zero.
                values = [float(x) + 0.0 for x in raw]  # type: ignore[arg-type]
            except ValueError:
                return None
            if any("_" in x for x in raw):  # type: ignore[operator]
                return None
        else:
            return None
        return values if all(map(math.isfinite, values)) else None
    if column.type in ("int", "year"):
        if kinds <= {int, float} or kinds == {str}:
            texts = set(raw)
            known: dict[object, int] = {}
            for x in texts:
                try:
                    number = float(x)  # type: ignore[arg-type]
                except ValueError:
                    return None
                if not math.isfinite(number) or number != int(number):
                    return None
                if column.type == "year" and not FIRST_YEAR <= number <= LAST_YEAR:
                    return None
                if abs(number) >= MAX_WHOLE or (
                    isinstance(x, str) and not x.isdecimal()
                ):
                    return None
                known[x] = int(number)
            return [known[x] for x in raw]
        return None
    if column.type in ("text", "id") and kinds == {str}:
        unique = {x: clean_text(x) for x in set(raw)}  # type: ignore[arg-type]
        if any(not x or x[0] == "#" for x in unique.values()):
            return None
        return [unique[x] for x in raw]
    return None


def read_column(
    column: Column,
    raw: Sequence[object],
    rows: Sequence[int],
    table: str,
    *,
    dot_is_decimal: bool,
) -> Parsed:
    """Return the typed values of a column; None where a cell is blank or unreadable.

    `rows` are the row numbers that messages name. Notes and warnings of the same kind
    in one column become one issue that counts them.
    """
    fast = _fast(column, raw, dot_is_decimal) if raw else []
    if fast is not None:
        return Parsed(fast)
    parsed = Parsed([])
    noted: dict[str, list[tuple[int, dict[str, object]]]] = {}
    memo: dict[object, Any] = {}
    for index, value in enumerate(raw):
        key = (type(value), value)
        if key in memo:
            parsed.values.append(memo[key])
            continue
        notes: Notes = []
        try:
            typed = read_cell(column, value, notes, dot_is_decimal=dot_is_decimal)
        except CellError as fault:
            parsed.values.append(None)
            parsed.faulty[index] = value
            parsed.issues.append(
                issue(fault.key, table, rows[index], column.name, **fault.slots)
            )
            continue
        parsed.values.append(typed)
        if not notes:
            memo[key] = typed
        for code, slots in notes:
            noted.setdefault(code, []).append((index, slots))
    for code, places in noted.items():
        index, slots = places[0]
        parsed.issues.append(
            counted(issue(code, table, rows[index], column.name, **slots), len(places))
        )
    return parsed


def counted(first: Issue, n: int) -> Issue:
    """Return an issue that stands for `n` alike, of which it is the first."""
    if n == 1:
        return first
    text = _("{message} Gäller {n} celler, den första är på rad {row}.").format(
        message=first.message, n=n, row=first.row
    )
    return Issue(
        first.code,
        first.severity,
        first.table,
        first.row,
        first.column,
        text,
        first.remedy,
    )


def canonical_text(column: Column, value: Any) -> str | None:
    """Return a typed value as the canonical text that reads back equal."""
    if value is None:
        return None
    if column.type == "bool":
        return "ja" if value else "nej"
    if column.is_number:
        return number_text(value)
    return str(value)
