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

_PERSONAL: Final = (
    # an address for mail
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    # a personal number: a month and a day (or a co-ordination number's day) in it
    re.compile(
        r"\b(?:19|20)?\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]|[67]\d|8\d|9[01])"
        r"[-+]\d{4}\b"
    ),
    # a telephone number
    re.compile(
        r"(?<![\d-])(?:\+46[\s-]?\(?0?\)?\d{1,3}|0\d{1,3})[\s]?[-/][\s]?\d{2,3}[\s]?\d{2}"
        r"(?:[\s]?\d{2,3})?(?![\d-])"
    ),
    re.compile(r"\+46[\s-]?\d(?:[\s-]?\d){7,9}\b"),
)
_SENTENCE_END: Final = re.compile(r"[.!?](?:\s+|$)|\n+")
_SPACE: Final = r"\s+"
# What the last word of a name may end in: "Köp av fastigheten", "Norra skolans".
_ENDINGS: Final = "(?:s|n|ns|en|ens|et|ets|ar|arna|er|erna|or|orna)?"


# ---------------------------------------------------------------- personal data


def without_personal(text: str, people: Sequence[str] = ()) -> str:
    """Return a text without mail addresses, personal and telephone numbers and names.

    Example:
        >>> without_personal("Kalkyl av eva@liten.example, 070-123 45 67")
        'Kalkyl av (borttaget), (borttaget)'
    """
    for pattern in _PERSONAL:
        text = pattern.sub(_("(borttaget)"), text)
    named = _of_people(tuple(people))
    return named.sub(_("(borttaget)"), text) if named else text


@lru_cache(maxsize=8)
def _of_people(people: tuple[str, ...]) -> re.Pattern[str] | None:
    """Return a pattern for names of people; a single word may be a place."""
    full = sorted({one.strip() for one in people if " " in one.strip()}, key=len)
    if not full:
        return None
    names = "|".join(re.escape(one) for one in reversed(full))
    return re.compile(rf"\b(?:{names})\b", re.I)


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


# ---------------------------------------------------------------- the hidden


def naming(names: Iterable[str], ids: Iterable[str] = ()) -> re.Pattern[str] | None:
    """Return a pattern for names and ids of projects; None where there are none.

    A name of several words is found whatever the case and however its last word is
    inflected. A single word is often a common noun: it is found as it is written, and so
    is an id that is no word (it has a figure or a line in it).
    """
    parts = []
    for name in sorted({" ".join(n.split()) for n in names}, key=len, reverse=True):
        words = [re.escape(word) for word in name.split()]
        if len(words) > 1:
            parts.append(f"(?i:{_SPACE.join(words)}{_ENDINGS})")
        elif words:
            parts.append(f"{words[0]}s?")
    parts += [re.escape(key) for key in sorted(ids) if re.search(r"[\d_-]", key)]
    if not parts:
        return None
    return re.compile(rf"(?<![\w-])(?:{'|'.join(parts)})(?![\w-])")


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
