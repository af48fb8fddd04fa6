"""What is kept of a text that a stranger sends? The same words, without hidden signs.

Signs that cannot be seen, or that turn the order of what stands around them, are taken
away; so are piles of accents. Line breaks stay. Markup is kept as the text it is: pages
escape it. Leaves out what the words say (thinning).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from rodtrad.domain.words import number

_JOINERS: Final = "\u200c\u200d"
# Format signs that are seen, and letters that are not.
_SEEN: Final = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u08e2")
_UNSEEN: Final = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u034f")
_MOST_ACCENTS: Final = 3
_NOT_IN_XML: Final = re.compile(
    "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
_LINES: Final = re.compile(r"\r\n?|[\u0085\u2028\u2029\x0b\x0c]")


def clean(text: str, most: int | None = None, *, lines: bool = True) -> str:
    r"""Return a text as it is kept: composed, without hidden signs, trimmed.

    Args:
        text: what was sent, whatever it holds.
        most: how many signs have room.
        lines: False for what stands on one line.

    Raises:
        ValidationError: it is longer than has room; says how long it is.

    Example:
        >>> clean("  Hej\u202e\u200b\x00 p\u0061\u030a dig ")
        'Hej på dig'
    """
    # a browser counts a line break as one sign, and sends two
    text = _LINES.sub("\n", text)
    has_room(text, most)
    text = unicodedata.normalize("NFC", text)
    kept: list[str] = []
    accents = 0
    for i, sign in enumerate(text):
        kind = unicodedata.category(sign)
        if kind in ("Mn", "Me"):
            accents += 1
            if accents > _MOST_ACCENTS or sign in _UNSEEN:
                continue
        elif sign not in _JOINERS:
            accents = 0
        if sign == "\n":
            kept.append("\n" if lines else " ")
        elif sign == "\t" or kind == "Zs":
            kept.append(" ")
        elif sign in _JOINERS:
            if _joins(text, i):
                kept.append(sign)
        elif sign in _SEEN or not (kind.startswith("C") or sign in _UNSEEN):
            kept.append(sign)
    found = "".join(kept)
    found = re.sub(r" {2,}", " ", found)
    found = re.sub(r" *\n *", "\n", found)
    found = re.sub(r"\n{3,}", "\n\n", found).strip()
    # composing may make a text longer
    has_room(found, most)
    return found


def whole_number(text: str) -> int | None:
    """Return a number that is sent as digits, and that any column holds; else None.

    Example:
        >>> whole_number("12"), whole_number("²"), whole_number("9" * 30)
        (12, None, None)
    """
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def xml_signs(text: str) -> str:
    """Return a text without the signs that no XML file may hold, however they came in."""
    return _NOT_IN_XML.sub("", text)


def has_room(text: str, most: int | None) -> None:
    """Refuse a text that is longer than `most`; the message says how long it is."""
    if most is not None and len(text) > most:
        raise ValidationError(
            _("Texten är {n} tecken. Högst {most} får plats.").format(
                n=number(len(text)), most=number(most)
            ),
            code="max_length",
        )


def _joins(text: str, at: int) -> bool:
    """True where a joiner matters: between two signs of Persian, Hindi, emoji and such."""
    if not 0 < at < len(text) - 1:
        return False
    before, after = text[at - 1], text[at + 1]
    return all(
        ord(one) > 0x2FF and unicodedata.category(one)[0] in "LMS"
        for one in (before, after)
    )


class CleanField(forms.CharField):
    """A field for what a stranger writes; its value has been cleaned."""

    def __init__(self, *, most: int, lines: bool = False, **kwargs: Any) -> None:
        """Take the room; with `lines` it is a text of several lines."""
        self.most, self.lines = most, lines
        if lines:
            kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 6}))
        super().__init__(strip=False, **kwargs)
        self.widget.attrs.setdefault("maxlength", str(most))

    def to_python(self, value: Any) -> str:
        """Return the cleaned text."""
        return clean(str(value or ""), self.most, lines=self.lines)
