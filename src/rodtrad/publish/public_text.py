"""Which words may not stand in a public text? Personal data, and names of the hidden.

Personal data are taken out sign by sign and the rest of the text stays. A sentence that
names a project which is not public goes as a whole: what is left of it would tell as
much, and badly. Leaves out which tables and sentences are read (public).
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.words import _

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from rodtrad.domain.components import Table, Tables

# Begins where a word does, so that a long one is looked through once.
_MAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# A month and a day (or a co-ordination number's day), what stands between, four digits.
_NUMBER: Final = re.compile(
    r"\b(?<!\d[.,])(?:19|20)?(\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]|[67]\d|8\d|9[01]))"
    r"[ \u00a0]?([-+–]?)[ \u00a0]?(\d{4})\b"
)
_PHONES: Final = (
    re.compile(r"(?<![\w+])(?:\+|00)46[\s-]?(?:\(0\)\s?)?\d(?:[\s-]?\d){6,9}(?!\d)"),
    # with a line after the area; a month, a paragraph or a diary has a year there
    re.compile(
        r"(?<![\d-])(?<!\d[.,])0[1-9]\d{0,2}\s?[-/–]\s?(?!(?:19|20)\d{2}(?!\d))"
        r"\d(?:\s?\d){4,7}(?![\d-])"
    ),
    # without one; no thousands of an amount
    re.compile(r"(?<![\d-])(?<!\d[\s.,])07[02369](?:\s?\d){7}(?![\d-])"),
    re.compile(
        r"(?<![\d-])(?<!\d[\s.,])0(?:8|[1-79]\d{1,2})(?:\s\d{2,3}){2,3}(?![\s]?[\d-])"
    ),
)
# What is shortened ends no sentence.
_SHORTENED: Final = "".join(
    rf"(?<!\b{short})"
    for short in ("dvs", "ex", "bl", "kv", "ca", "nr", "fd", "resp", "inkl", "jfr")
)
_SENTENCE_END: Final = re.compile(
    rf"(?i:{_SHORTENED}(?<!\b[a-zåäö]))\.(?:\s+|$)|[!?](?:\s+|$)|\n+"
)
# A line, or what is not seen, may stand between two words as well.
_SPACE: Final = r"[\s\-\u00ad\u200b-\u200d\u2060]+"
# What the last word of a name may end in: "Köp av fastigheten", "Norra skolans".
_ENDINGS: Final = "(?:s|n|ns|en|ens|et|ets|ar|arna|er|erna|or|orna)?"


# ---------------------------------------------------------------- personal data


def without_personal(text: str, people: Sequence[str] = ()) -> str:
    """Return a text without mail addresses, personal and telephone numbers and names.

    Example:
        >>> without_personal("Kalkyl av eva@liten.example, 070-123 45 67")
        'Kalkyl av (borttaget), (borttaget)'
    """
    gone = _("(borttaget)")
    text = _MAIL.sub(gone, text)
    text = _NUMBER.sub(lambda one: gone if _is_person(one) else one[0], text)
    for pattern in _PHONES:
        text = pattern.sub(gone, text)
    named = _of_people(tuple(people))
    return named.sub(gone, text) if named else text


def _is_person(found: re.Match[str]) -> bool:
    """Return True for digits with a line in them, or whose last one fits the others."""
    day, line, birth = found.groups()
    return bool(line) or check_digit(f"{day}{birth[:3]}") == int(birth[3])


def check_digit(nine: str) -> int:
    """Return the last digit of a personal number: Luhn's.

    Example:
        >>> check_digit("811218987")
        6
    """
    total = 0
    for i, digit in enumerate(nine):
        product = int(digit) * (2 if i % 2 == 0 else 1)
        total += product // 10 + product % 10
    return -total % 10


@lru_cache(maxsize=8)
def _of_people(people: tuple[str, ...]) -> re.Pattern[str] | None:
    """Return a pattern for names of people; a single word may be a place.

    A name is found whose it is ("Eva Linds"), and with the last part first ("Lind, Eva").
    """
    full = sorted({tuple(one.split()) for one in people if len(one.split()) > 1})
    if not full:
        return None
    names = []
    for parts in full:
        *first, last = map(re.escape, parts)
        names += [_SPACE.join([*first, last]), rf"{last},\s*{_SPACE.join(first)}"]
    names.sort(key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(names)})s?\b", re.I)


class Cleaner:
    """Takes personal data out of texts, the same everywhere in a plan.

    What other rows refer to (a resource, a service) must still be told from its like
    when it is cleaned, so such values are numbered where two would become the same.
    """

    def __init__(self, tables: Tables, people: Sequence[str] = ()) -> None:
        """Find the values of the tables that are referred to and have to change."""
        self.people = tuple(people)
        self.renamed: dict[str, str] = {}
        values = sorted({value for table in tables.values() for value in _keys(table)})
        taken = set(values)
        for value in values:
            cleaned = base = without_personal(value, self.people)
            count = 1
            while cleaned != value and cleaned in taken:
                count += 1
                cleaned = f"{base} {count}"
            if cleaned != value:
                self.renamed[value] = cleaned
                taken.add(cleaned)
        longest = sorted(self.renamed, key=len, reverse=True)
        self._whole = (
            re.compile("|".join(rf"(?<!\w){re.escape(v)}(?!\w)" for v in longest))
            if longest
            else None
        )
        self._text = lru_cache(maxsize=100_000)(self._cleaned)

    def text(self, text: str) -> str:
        """Return a text without personal data."""
        return self._text(text)

    def _cleaned(self, text: str) -> str:
        if self._whole is not None:
            text = self._whole.sub(lambda found: self.renamed[found[0]], text)
        return without_personal(text, self.people)

    def all(self, value: Any) -> Any:
        """Return plain data with every text in it cleaned, keys too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.all(key): self.all(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.all(one) for one in value]
        return value


def _keys(table: Table) -> Iterator[str]:
    """Give the texts of a table that other rows may refer to."""
    for column in table.spec.columns.values():
        if column.type == "text" and (column.name in table.spec.key or column.ref):
            yield from (v for v in table[column.name] if isinstance(v, str))


def personal_ids(table: Table) -> list[str]:
    """Return the ids that a table gives and that look like personal data, sorted."""
    given = {
        value
        for column in table.spec.columns.values()
        if column.type == "id" and not column.ref
        for value in table[column.name]
        if value
    }
    return sorted(value for value in given if without_personal(value) != value)


# ---------------------------------------------------------------- the hidden


def naming(names: Iterable[str], ids: Iterable[str] = ()) -> re.Pattern[str] | None:
    """Return a pattern for names and ids of projects; None where there are none.

    A name of several words is found whatever the case and however its last word is
    inflected. A single word is often a common noun: it is found as it is written, and so
    is an id that is no word (it has a figure or a line in it).
    """
    found = []
    for name in sorted({" ".join(n.split()) for n in names}, key=len, reverse=True):
        words = [re.escape(word) for word in name.split()]
        if len(words) > 1:
            found.append(f"(?i:{_SPACE.join(words)}{_ENDINGS})")
        elif words:
            found.append(f"{words[0]}s?")
    marks = [re.escape(key) for key in sorted(ids) if re.search(r"[\d_-]", key)]
    parts = []
    if found:
        parts.append(rf"(?<!\w)(?:{'|'.join(found)})(?!\w)")
    if marks:
        # a longer id is another's
        parts.append(rf"(?i:(?<![\w-])(?:{'|'.join(marks)})(?![\w-]))")
    return re.compile("|".join(parts)) if parts else None


def without_naming(text: str, named: re.Pattern[str]) -> str:
    """Return a text without the sentences that name a project.

    Example:
        >>> without_naming("Kalkyl 2024. Se Norra tomten. Klar.", naming(["Norra tomten"]))
        'Kalkyl 2024. Klar.'
    """
    spans = [found.span() for found in named.finditer(text)]
    if not spans:
        return text
    ends = [0, *(found.end() for found in _SENTENCE_END.finditer(text)), len(text)]
    kept = [
        text[a:b]
        for a, b in pairwise(ends)
        if not any(start < b and a < end for start, end in spans)
    ]
    return "".join(kept).strip()


def cells_naming(
    table: Table, named: re.Pattern[str], free: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Give column and text of the cells that name a project and are no free text."""
    for column in table.spec.columns.values():
        if column.type == "text" and column.name not in free:
            for value in table[column.name]:
                if isinstance(value, str) and named.search(value):
                    yield column.name, value
