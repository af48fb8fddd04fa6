"""What does a Swedish sentence that the program wrote say in the reader's language?

A plan keeps its sentences as text, in Swedish, so that `plan.json` has the same bytes
everywhere. Every such sentence is a message of the catalogue with its slots filled by
the formatters of `words`. It is read back here: the message is found, the slots are read
as the names, amounts, shares and years that were written into them, and both are written
anew. Nothing is guessed: a text in which one slot cannot be read is handed back as it
stands, marked as Swedish, and so is every text that people wrote.

Leaves out which texts of a plan the program wrote: `told_result` has the list.
"""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast

from rodtrad.domain.words import (
    CATALOGUES,
    CURRENCY_WORDS,
    EN_DASH,
    MINUS,
    NBSP,
    SWEDISH,
    count_text,
    date_text,
    in_language,
    language,
    list_text,
    percent_sign,
    quoted,
    with_currency,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rodtrad.errors import Issue


Result = TypeVar("Result", bound="Mapping[str, Any]")


class Swedish(str):
    """A text that is Swedish in whatever language the page is: `lang="sv"` in HTML."""

    __slots__ = ()

    def __str__(self) -> str:
        # `str(text)` would otherwise lose which language it is.
        return self


# Slots that hold a name as a user wrote it, without quotation marks.
_NAMED: Final = frozenset(
    {"resource", "r", "service", "area", "place", "project", "scenario"}
    | {"municipality", "names", "source", "sources"}
)
# Slots that hold a label of the schema: which kind of label.
_LABELLED: Final = {
    "sheet": "table",
    "table": "table",
    "column": "column",
    "choices": "choice",
}
# A slot's text ends where the shortest reading says, but a quoted name and a list of years
# are taken whole: what follows them is not part of them.
_NAME: Final = "”[^”]*”"
_ANY: Final = rf"{_NAME}(?:(?:, | och ){_NAME})*|.+?"
_YEAR_SLOTS: Final = frozenset({"y", "y0", "y1", "y2", "ys", "year", "years"})
_RUN: Final = rf"\d{{4}}(?:{EN_DASH}\d{{4}})?"
_YEARS: Final = rf"{_RUN}(?:(?:, | och ){_RUN})*"
_DEEPEST: Final = 4
_LONGEST: Final = 4000
# What is only slots and signs is about figures, and short.
_BARE: Final = 400
# A message has fewer full stops than this, those in its names counted.
_MOST_ENDS: Final = 8

_NUMBER: Final = (
    rf"[{MINUS}+]?\d{{1,3}}(?:{NBSP}\d{{3}})*(?:,\d+)?|[{MINUS}+]?\d+(?:,\d+)?"
)
_CODES: Final = {word: code for code, word in CURRENCY_WORDS.items()}
_WORDS: Final = "|".join(sorted(_CODES, key=len, reverse=True)) + "|[A-Z]{3}"
_AMOUNT: Final = re.compile(
    rf"({_NUMBER}){NBSP}(?:(miljon|miljoner) )?({_WORDS})( per invånare)?"
)
_UNITED: Final = re.compile(rf"({_NUMBER})[{NBSP} ]?(%|mkr|tkr|kr/inv\.)")
_SPAN: Final = re.compile(rf"({_NUMBER}){EN_DASH}({_NUMBER})({NBSP}%)?")
_PLAIN: Final = re.compile(_NUMBER)
_DATE: Final = re.compile(rf"den (\d{{1,2}}){NBSP}(\w+) (\d{{4}})")
_UNITS: Final = {"mkr": "m", "tkr": "k"}


# ---------------------------------------------------------------- the messages


class _Pattern(NamedTuple):
    """A message with slots: how it is found, and what it is written as."""

    letters: int
    anchor: str
    pattern: re.Pattern[str]
    written: str
    verbatim: frozenset[str]


@cache
def _messages(
    code: str,
) -> tuple[dict[str, str], tuple[_Pattern, ...], dict[tuple[str, str], str]]:
    """Return the messages without slots, those with, and the labels by their kind.

    Those with slots stand with the most telling first.
    """
    plain: dict[str, str] = {}
    labels: dict[tuple[str, str], str] = {}
    patterns: dict[str, _Pattern] = {}
    for context, source, written in _pairs(code):
        if "{" not in source:
            labels[context, source] = written
            # Where a word has several meanings, the one without a place is meant.
            if not context or source not in plain:
                plain[source] = written
        elif source not in patterns:
            patterns[source] = _pattern(source, written)
    ordered = sorted(patterns.values(), key=lambda p: (-p.letters, -p.pattern.groups))
    return plain, tuple(ordered), labels


def _pairs(code: str) -> Iterator[tuple[str, str, str]]:
    data = (CATALOGUES / code / "LC_MESSAGES" / "rodtrad.mo").read_bytes()
    _magic, _revision, count, first, second = struct.unpack_from("<5I", data)
    for n in range(count):
        length, at = struct.unpack_from("<2I", data, first + 8 * n)
        source = data[at : at + length].decode()
        length, at = struct.unpack_from("<2I", data, second + 8 * n)
        written = data[at : at + length].decode().split("\0")
        context, _separator, source = source.rpartition("\x04")
        if source:
            for one, form in zip(source.split("\0"), written, strict=True):
                yield context, one, form


def _pattern(source: str, written: str) -> _Pattern:
    parts = re.split(r"\{(\w+)[^{}]*\}", source)
    said, seen, verbatim = "", set[str](), set[str]()
    for n, part in enumerate(parts):
        if n % 2 == 0:
            said += re.escape(part)
        elif part in seen:
            said += f"(?P={part})"
        else:
            seen.add(part)
            said += f"(?P<{part}>{_YEARS if part in _YEAR_SLOTS else _ANY})"
            if parts[n - 1].endswith("”"):
                verbatim.add(part)
    fixed = parts[::2]
    letters = sum(c.isalpha() for part in fixed for c in part)
    pattern = re.compile(said, re.DOTALL)
    anchor = max(fixed, key=len)
    # What the message quotes is somebody's own word, whatever it looks like.
    return _Pattern(letters, anchor, pattern, written, frozenset(verbatim))


# ---------------------------------------------------------------- reading back


def told(text: str) -> str:
    """Return what the program wrote in Swedish, in the reader's language.

    A text that cannot be read in full comes back as `Swedish`.

    Example:
        >>> from rodtrad.domain.words import in_language
        >>> with in_language("en"):
        ...     told("Balanskravet begränsar planen 2028 och 2030.")
        'The balance requirement limits the plan in 2028 and 2030.'
    """
    if language() == SWEDISH or not text:
        return text
    found = _retold(text, language())
    return Swedish(text) if found is None else found


@lru_cache(maxsize=1 << 13)
def _retold(text: str, code: str) -> str | None:
    with in_language(code):
        if len(text) > _LONGEST:
            return None
        found = _figure(text)
        return _sentences(text, 0) if found is None else found


def _sentences(text: str, depth: int) -> str | None:
    return _several(text, depth, language())


# A text of several sentences asks about the same parts of it again and again.
@lru_cache(maxsize=1 << 13)
def _several(text: str, depth: int, _code: str) -> str | None:
    """Return the text, one message or several after each other."""
    ends = [found.end() for found in re.finditer(r"[.?](?= )", text)]
    whole = _message(text, depth) if len(ends) < _MOST_ENDS else None
    if whole is not None:
        return whole
    # A name may hold a full stop, so the longest beginning that is a message counts.
    for end in reversed(ends[:_MOST_ENDS]):
        first = _message(text[:end], depth)
        rest = None if first is None else _sentences(text[end + 1 :], depth)
        if rest is not None:
            return f"{first} {rest}"
    return None


def _message(text: str, depth: int) -> str | None:
    return _one_message(text, depth, language())


@lru_cache(maxsize=1 << 13)
def _one_message(text: str, depth: int, code: str) -> str | None:
    plain, patterns, _labels = _messages(code)
    if text in plain:
        return plain[text]
    lowered = text[:1].lower() + text[1:]
    for said, first_upper in ((text, False), (lowered, True)):
        if first_upper and said == text:
            break
        if first_upper and said in plain:
            return _first_upper(plain[said])
        for one in patterns:
            if one.anchor not in said or (not one.letters and len(said) > _BARE):
                continue
            match = one.pattern.fullmatch(said)
            filled = None if match is None else _filled(one, match, depth)
            if filled is not None:
                return _first_upper(filled) if first_upper else filled
    return None


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _filled(one: _Pattern, match: re.Match[str], depth: int) -> str | None:
    slots: dict[str, str] = {}
    for name, value in match.groupdict().items():
        slot = value if name in one.verbatim else _slot(value, name, depth + 1)
        if slot is None:
            return None
        slots[name] = slot
    return one.written.format(**slots)


def _slot(text: str, name: str, depth: int) -> str | None:
    """Return what stands in a slot, written anew; None where it cannot be read."""
    found = _label(_LABELLED.get(name, ""), text) or _figure(text)
    if found is None and depth <= _DEEPEST:
        found = _items(text, name, depth)
    if found is None and depth <= _DEEPEST and len(text) > 1:
        found = _sentences(text, depth)
    # A name is no sentence: what ends as one is of another message.
    if found is None and name in _NAMED and "”" not in text and text[-1:] != ".":
        return text
    return found


def _label(context: str, text: str) -> str | None:
    """Return a label of the schema of that kind, its unit with it, or None."""
    if not context:
        return None
    labels = _messages(language())[2]
    if match := re.fullmatch(r"(.+) \((tkr|andel|år)\)", text):
        label = labels.get((context, match.group(1)))
        unit = labels.get(("unit", match.group(2)), match.group(2))
        return None if label is None else f"{label} ({unit})"
    return labels.get((context, text))


def _items(text: str, name: str, depth: int) -> str | None:
    """Return a quoted name, or a list of whatever a slot may hold."""
    if re.fullmatch(r"”[^”]+”", text):
        return quoted(text[1:-1])
    outside = re.split(r"(”[^”]*”|\([^()]*\))", text)
    conjunction = "eller" if any(" eller " in part for part in outside[::2]) else "och"
    marked = "".join(
        part if n % 2 else part.replace(", ", "\0").replace(f" {conjunction} ", "\1")
        for n, part in enumerate(outside)
    )
    if "\0" not in marked and "\1" not in marked:
        return None
    *before, last = marked.split("\1") if "\1" in marked else (marked,)
    # "A, B och C" is a list, also with "eller"; "A och B och C" is something else.
    if len(before) > 1 or "\0" in (last if before else ""):
        return None
    parts = (before[0] if before else last).split("\0")
    read = [_slot(part, name, depth + 1) for part in parts]
    end = _slot(last, name, depth + 1) if before else ""
    known = [part for part in read if part is not None]
    if end is None or len(known) < len(read):
        return None
    return list_text([*known, end], conjunction) if before else ", ".join(known)


def _figure(text: str) -> str | None:
    """Return a number, amount, share, span, date or count, or None."""
    if _PLAIN.fullmatch(text):
        return _number(text)
    if match := _AMOUNT.fullmatch(text):
        number, millions, word, people = match.groups()
        written = with_currency(_number(number), _CODES.get(word, word))
        written += f"{NBSP}million" if millions else ""
        return written + (" per inhabitant" if people else "")
    if match := _UNITED.fullmatch(text):
        number, unit = _number(match.group(1)), match.group(2)
        if unit == "%":
            return percent_sign(number)
        if unit == "kr/inv.":
            return f"SEK{NBSP}{number}/inh."
        return f"SEK{NBSP}{number}{_UNITS[unit]}"
    if match := _SPAN.fullmatch(text):
        span = f"{_number(match.group(1))}{EN_DASH}{_number(match.group(2))}"
        return percent_sign(span) if match.group(3) else span
    if match := _DATE.fullmatch(text):
        return _date(*match.groups())
    return _counts().get(text)


def _number(text: str) -> str:
    return text.translate({ord(NBSP): ",", ord(","): "."})


@cache
def _months() -> dict[str, int]:
    with in_language(SWEDISH):
        dates = [date_text(f"2025-{month:02d}-01") for month in range(1, 13)]
    return {text.split(NBSP)[1].split()[0]: n for n, text in enumerate(dates, start=1)}


def _date(day: str, month: str, year: str) -> str | None:
    number = _months().get(month)
    return None if number is None else date_text(f"{year}-{number:02d}-{int(day):02d}")


@cache
def _counts() -> dict[str, str]:
    """Return the small counts as words, Swedish to English."""
    words: dict[str, str] = {"en": "one"}
    for n in range(13):
        with in_language(SWEDISH):
            swedish = count_text(n)
        words[swedish] = count_text(n)
    return words | {_first_upper(k): _first_upper(v) for k, v in words.items()}


def told_issues(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Return what checks found, its messages and remedies in the reader's language."""
    if language() == SWEDISH:
        return tuple(issues)
    return tuple(
        replace(one, message=told(one.message), remedy=told(one.remedy))
        for one in issues
    )


# ---------------------------------------------------------------- a whole plan

# Keys of `plan.json` whose texts the program writes, by where they stand. `*` is any key
# or place; a list of texts counts as its texts.
_TOLD: Final = (
    "limits.*.text",
    "reasons.*.text",
    "issues.*.message",
    "issues.*.remedy",
    "beside.**.text",
    "curves.**.text",
    "conflict.**",
    "law.*.label",
    "quality.assumptions.*.text",
    "quality.key_assumptions.*.label",
    "quality.key_assumptions.*.text",
    "need_forecast.**.text",
    "need_forecast.**.label",
    "need_forecast.**.question",
    "need_forecast.**.sentences",
    "need_forecast.notes",
    "uncertainty.**.label",
    "uncertainty.**.text",
    "uncertainty.assumed",
)
# Texts that are the name of a sheet.
_SHEETS: Final = re.compile(r"quality\.assumptions\.\d+\.text")
# Texts that people wrote: they keep their language, and say which it is.
_WRITTEN: Final = (
    "projects.*.description",
    "projects.*.source",
    "quality.assumptions.*.source",
    "meta.remark",
    "law.*.note",
    "law.*.reference",
    "uncertainty.parameters.*.source",
    "need_forecast.stories.*.name",
)


class _Told(dict[str, Any]):
    """A plan whose sentences are told: they are not Swedish any more."""


def told_result(result: Result) -> Result:
    """Return a plan with its sentences in the reader's language, the rest as it is.

    Args:
        result: the content of `plan.json`. In Swedish it is handed back itself.
    """
    if language() == SWEDISH or isinstance(result, _Told):
        return result
    told_paths, written = _compiled(_TOLD), _compiled(_WRITTEN)
    # The figures, most of a plan, are not looked through.
    spoken = {path.split(".")[0] for path in (*_TOLD, *_WRITTEN)}
    return cast(
        "Result",
        _Told(
            (key, _walked(x, key, told_paths, written) if key in spoken else x)
            for key, x in result.items()
        ),
    )


@cache
def _compiled(paths: tuple[str, ...]) -> re.Pattern[str]:
    said = []
    for path in paths:
        parts = path.split(".")
        said.append(
            r"\.".join(
                r".+" if p == "**" else r"[^.]+" if p == "*" else re.escape(p)
                for p in parts
            )
        )
    return re.compile(rf"(?:{'|'.join(said)})(?:\.\d+)?")


def _walked(
    value: Any, path: str, told_paths: re.Pattern[str], written: re.Pattern[str]
) -> Any:
    if isinstance(value, dict):
        return {
            k: _walked(v, f"{path}.{k}", told_paths, written) for k, v in value.items()
        }
    if isinstance(value, list):
        if value and not isinstance(value[0], str | dict | list):
            return value
        return [
            _walked(v, f"{path}.{n}", told_paths, written) for n, v in enumerate(value)
        ]
    if isinstance(value, str) and value:
        if _SHEETS.fullmatch(path):
            return _label("table", value) or told(value)
        if told_paths.fullmatch(path):
            return told(value)
        if written.fullmatch(path):
            return Swedish(value)
    return value
