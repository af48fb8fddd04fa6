"""Which personal data stand in a text, by rule, and how does it read without them?

Finds personal numbers, telephone numbers, mail addresses, street addresses and names
beside one. Staff see each finding before anything is saved; a rule may find too much or
too little, and says so by being shown. Leaves out taking a name of a person out of a
running text: no rule knows one.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rodtrad.publish.public_text import check_digit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.utils.functional import _StrOrPromise

KINDS: Final[Mapping[str, _StrOrPromise]] = {
    "number": gettext_lazy("personnummer"),
    "mail": gettext_lazy("e-postadress"),
    "phone": gettext_lazy("telefonnummer"),
    "address": gettext_lazy("gatuadress"),
    "name": gettext_lazy("namn vid en adress eller ett nummer"),
}

_NAME: Final = r"[A-ZÅÄÖÉ][a-zåäöéü]+(?:-[A-ZÅÄÖÉ][a-zåäöéü]+)?"
_FULL_NAME: Final = re.compile(rf"\b{_NAME}(?: {_NAME}){{1,2}}\b")
_NUMBER: Final = re.compile(
    r"(?<![\d-])(\d{2})?(\d{2})(\d{2})(\d{2})[ ]?([-+–]?)[ ]?(\d{3})(\d)(?![\d-])"
)
_MAIL: Final = re.compile(
    r"(?<![\w.+-])[\w.+-]+\s?(?:@|\(at\)|\[at\]|\(snabel-a\))\s?[\w-]+(?:\.[\w-]+)+",
    re.I,
)
_PHONE: Final = re.compile(
    r"(?<![\d\w-])(?:(?:\+|00)46[\s-]*(?:\(0\))?[\s-]*\d|0\d)(?:[\s/–-]*\d){6,9}(?![\d-])"
)
_STREET: Final = re.compile(
    r"\b[A-ZÅÄÖ][\wåäöé:-]*?(?:gatan|gata|vägen|väg|gränden|gränd|stigen|stig|torget|"
    r"torg|backen|allén|esplanaden|leden|gården|kullen|plan)"
    # a year is no number of a house: Storgatan 2028
    r"\s+(?!(?:19|20)\d\d\b)\d{1,4}(?:\s?[A-Za-z])?\b"
    r"(?:,?\s*(?:lgh|lägenhet)\s*\d{4})?(?:,?\s*\d{3}\s?\d{2}\s+[A-ZÅÄÖ][a-zåäö]+)?"
)
# A name counts so near what else tells who it is.
_NEAR: Final = 60


@dataclass(frozen=True)
class Finding:
    """A piece of a text that tells who somebody is."""

    start: int
    end: int
    kind: str
    text: str

    @property
    def label(self) -> _StrOrPromise:
        """What it is, in words."""
        return KINDS[self.kind]


def findings(text: str) -> list[Finding]:
    """Return the personal data of a text, in order, without overlap.

    Example:
        >>> [one.kind for one in findings("Ring Eva Ek 070-123 45 67.")]
        ['name', 'phone']
    """
    found: list[Finding] = []
    _add(found, "number", (m for m in _NUMBER.finditer(text) if _is_person(m)))
    _add(found, "mail", _MAIL.finditer(text))
    _add(found, "phone", _PHONE.finditer(text))
    _add(found, "address", _STREET.finditer(text))
    sure = list(found)
    _add(
        found,
        "name",
        (
            m
            for m in _FULL_NAME.finditer(text)
            if any(
                m.start() - _NEAR <= one.end and one.start <= m.end() + _NEAR
                for one in sure
            )
        ),
    )
    return sorted(found, key=lambda one: one.start)


def _add(found: list[Finding], kind: str, matches: Iterable[re.Match[str]]) -> None:
    """Add what does not overlap with what an earlier rule has found."""
    for match in matches:
        start, end = match.span()
        if all(end <= one.start or one.end <= start for one in found):
            found.append(Finding(start, end, kind, match[0]))


def _is_person(match: re.Match[str]) -> bool:
    """True where the digits are a day and, without a hyphen, a check digit that fits."""
    century, year, month, day, hyphen, birth, last = match.groups()
    # a co-ordination number has 60 added to its day
    true_day = int(day) - 60 if int(day) > 60 else int(day)
    try:
        dt.date(int((century or "20") + year), int(month), true_day)
    except ValueError:
        return False
    if hyphen:
        return True
    return check_digit(f"{year}{month}{day}{birth}") == int(last)


def without(text: str, chosen: Iterable[Finding]) -> str:
    """Return a text in which some findings are taken out, said by their kind."""
    for one in sorted(chosen, key=lambda one: -one.start):
        # what is kept is Swedish, whoever takes it out
        with translation.override("sv"):
            said = _("({kind} borttaget)").format(kind=KINDS[one.kind])
        text = f"{text[: one.start]}{said}{text[one.end :]}"
    return text
