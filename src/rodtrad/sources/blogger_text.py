"""How does a blog post's HTML become a letter's text? Plain markup, nothing that runs.

Paragraphs, headings, lists, quotations, emphasis and links are kept; pictures become
links to where they lie; scripts, styles and all else go. Reads whatever stands there in
one pass, however broken. Leaves out the Atom file (blogger).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from rodtrad.domain.words import _

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PostText", "markup_of", "plain"]

_PIECE: Final = re.compile(
    r"""<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9:-]{0,30})(?P<rest>(?:[^<>"']|"[^"<>]*"|'[^'<>]*')*)>"""
)
_GIVEN: Final = re.compile(
    r"""([a-zA-Z-]{1,30})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"""
)
_SPECIAL: Final = re.compile(r"([\\*_\[\]`])")
_LINE_START: Final = re.compile(
    r"(?m)^([ \t]*)(#{1,6}(?=\s|$)|[-+](?=\s|$)|>|(?:-[ \t]*){3,}$)"
)
_NUMBERED: Final = re.compile(r"(?m)^([ \t]*\d{1,9})([.)])(?=\s|$)")
_SKIPPED: Final = ("script", "style", "iframe", "object", "noscript", "template", "svg")
_BLOCKS: Final = frozenset(
    (
        *("p", "div", "section", "article", "header", "footer", "main", "center"),
        *("table", "tr", "ul", "ol", "li", "dl", "dt", "dd", "hr", "figure", "pre"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "address"),
    )
)
_MARKS: Final = {"b": "**", "strong": "**", "i": "*", "em": "*"}
_MOST: Final = 3_000_000
_MOST_DEEP: Final = 5


@dataclass
class PostText:
    """A post's text as markup, and what was met on the way."""

    text: str = ""
    pictures: list[str] = field(default_factory=list)
    relative: int = 0
    lost: int = 0


def plain(html: str) -> str:
    r"""Return a short text without its markup: a title, a comment.

    Example:
        >>> plain("<b>Hej</b> &amp; välkommen<br/>hit").split("\n")
        ['Hej & välkommen', 'hit']
    """
    out: list[str] = []
    for is_tag, piece in _pieces(html):
        if not is_tag:
            out.append(unescape(piece))
        elif _name(piece)[1] in _BLOCKS | {"br"}:
            out.append("\n")
    lines = (" ".join(line.split()) for line in "".join(out).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _pieces(html: str) -> Iterator[tuple[bool, str]]:
    """Give tags (True) and the texts between them; what cannot be read is text.

    One pass: whatever is looked for and not found is not looked for again.
    """
    html = html[:_MOST]
    at, end = 0, len(html)
    no_comment = False
    missing: set[str] = set()
    while at < end:
        start = html.find("<", at)
        if start < 0:
            yield False, html[at:]
            return
        if start > at:
            yield False, html[at:start]
        if html.startswith("<!--", start) and not no_comment:
            close = html.find("-->", start + 4)
            if close >= 0:
                at = close + 3
                continue
            no_comment = True
        match = _PIECE.match(html, start)
        if match is None:
            close = start + 1
            if html.startswith(("<!", "<?"), start):
                # a declaration, to the next sign that ends it on the same line
                found = re.compile(r"<[!?][^<>\n]{0,500}>").match(html, start)
                close = found.end() if found else close
                yield False, "" if found else "&lt;"
            else:
                yield False, "&lt;"
            at = close
            continue
        at = match.end()
        name = match["name"].lower()
        if not match["end"] and name in _SKIPPED and name not in missing:
            close_tag = re.compile(rf"</{name}\b[^<>]{{0,100}}>", re.IGNORECASE)
            found = close_tag.search(html, at)
            if found:
                at = found.end()
                yield True, f"<{name}>"
                continue
            missing.add(name)
        yield True, match[0]


def _name(tag: str) -> tuple[bool, str]:
    """Return whether a tag ends something, and what."""
    inner = tag[1:].lstrip("/")
    name = re.match(r"[a-zA-Z][a-zA-Z0-9:-]*", inner)
    return tag.startswith("</"), name[0].lower() if name else ""


def _given(tag: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _GIVEN.finditer(tag):
        value = next((one for one in match.groups()[1:] if one is not None), "")
        found.setdefault(match[1].lower(), unescape(value).strip())
    return found


def _escaped(text: str) -> str:
    """Return a text in which no sign is taken for markup."""
    text = _SPECIAL.sub(r"\\\1", text)
    text = _LINE_START.sub(lambda m: f"{m[1]}\\{m[2]}", text)
    return _NUMBERED.sub(r"\1\\\2", text)


class _Writer:
    """Writes markup as the tags come."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.found = PostText()
        self.blocks: list[str] = []
        self.now: list[str] = []
        self.lead = ""
        self.lists: list[int | None] = []
        self.quotes = 0
        self.open_marks: list[str] = []
        self.link: tuple[str, int] | None = None

    # ------------------------------------------------------------ blocks

    def close_block(self) -> None:
        """End the paragraph that is being written, if there is anything in it."""
        self.close_link()
        text = "".join(self.now)
        self.now = []
        self.open_marks = []
        lines = [" ".join(line.split()) for line in text.split("\n")]
        text = "\n".join(lines).strip("\n ")
        text = re.sub(r"\n{2,}", "\n", text)
        if not text or not text.strip("*_ "):
            return
        text = _balanced(text)
        indent = "   " * min(max(len(self.lists) - 1, 0), _MOST_DEEP)
        hang = indent + ("   " if self.lists else "")
        quote = "> " * min(self.quotes, _MOST_DEEP)
        first = f"{quote}{indent}{self.lead}" if self.lead else f"{quote}{hang}"
        self.lead = ""
        # a line break of the post is a line break of the letter
        self.blocks.append(first + text.replace("\n", f"\\\n{quote}{hang}"))

    def start(self, name: str, tag: str) -> None:
        """Take a tag that begins something."""
        if name == "br":
            self.now.append("\n")
            return
        if name == "img":
            self.picture(tag)
            return
        if name in _SKIPPED:
            self.found.lost += 1
            return
        if name in _MARKS:
            if _MARKS[name] not in self.open_marks:
                self.open_marks.append(_MARKS[name])
                self.now.append(f"\x01{_MARKS[name]}\x02")
            return
        if name == "a":
            self.open_link(tag)
            return
        if name in ("td", "th"):
            self.now.append(" ")
            return
        if name not in _BLOCKS:
            return
        self.close_block()
        if name in ("ul", "ol"):
            self.lists.append(None if name == "ul" else 1)
        elif name == "li":
            number = self.lists[-1] if self.lists else None
            self.lead = "- " if number is None else f"{number}. "
            if number is not None:
                self.lists[-1] = number + 1
        elif name == "blockquote":
            self.quotes += 1
        elif name in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self.lead = "## " if name in ("h1", "h2") else "### "

    def end(self, name: str) -> None:
        """Take a tag that ends something."""
        if name in _MARKS:
            mark = _MARKS[name]
            if mark in self.open_marks:
                self.open_marks.remove(mark)
                self.now.append(f"\x03{mark}\x02")
        elif name == "a":
            self.close_link()
        elif name in _BLOCKS:
            self.close_block()
            if name in ("ul", "ol") and self.lists:
                self.lists.pop()
            elif name == "blockquote" and self.quotes:
                self.quotes -= 1
            self.lead = ""

    # ------------------------------------------------------------ links and pictures

    def whole(self, address: str) -> str:
        """Return an address with host; empty for one that leads nowhere safe."""
        if not address or address.startswith("#") or len(address) > 2000:
            return ""
        try:
            parts = urlsplit(address)
            if not parts.scheme:
                self.found.relative += 1
                if not self.base:
                    return ""
                address = urljoin(self.base, address)
                parts = urlsplit(address)
        except ValueError:
            return ""
        if parts.scheme.lower() not in ("http", "https", "mailto"):
            return ""
        return re.sub(
            r"[\s<>()\[\]\\*_\"']",
            lambda m: f"%{ord(m[0]):02X}" if ord(m[0]) < 128 else "",
            address,
        )

    def open_link(self, tag: str) -> None:
        """Begin a link, if it leads anywhere."""
        self.close_link()
        address = self.whole(_given(tag).get("href", ""))
        if address:
            self.link = (address, len(self.now))

    def close_link(self) -> None:
        """End the link that is open."""
        if self.link is None:
            return
        address, start = self.link
        self.link = None
        inner = "".join(self.now[start:])
        shown = re.sub("[\x01\x03][*]{1,2}\x02", "", inner).strip()
        if shown and "](" not in shown:
            self.now[start:] = [f"[{' '.join(shown.split())}]({address})"]

    def picture(self, tag: str) -> None:
        """Write a picture as a link to where it lies."""
        given = _given(tag)
        address = self.whole(given.get("src", ""))
        if not address:
            self.found.lost += 1
            return
        self.found.pictures.append(address)
        alt = " ".join(given.get("alt", "").split())
        label = _("Bild: {alt}").format(alt=_escaped(alt)) if alt else _("Bild")
        # a picture is often a link to itself in full size: one link is enough
        self.close_link()
        self.now.append(f" [{label}]({address}) ")

    def text(self, piece: str) -> None:
        """Take running text."""
        words = re.sub(r"[ \t\r\n\f\v\x00-\x08\x0e-\x1f]+", " ", unescape(piece))
        self.now.append(_escaped(words))


def _balanced(text: str) -> str:
    """Return a paragraph whose emphasis begins and ends beside its words."""
    for mark in ("**", "*"):
        begin, finish = f"\x01{mark}\x02", f"\x03{mark}\x02"
        parts = re.split(f"({re.escape(begin)}|{re.escape(finish)})", text)
        out: list[str] = []
        inner: list[str] | None = None
        for part in parts:
            if part == begin:
                inner = [] if inner is None else inner
            elif part == finish:
                if inner is not None:
                    out.append(_emphasised("".join(inner), mark))
                inner = None
            elif inner is not None:
                inner.append(part)
            else:
                out.append(part)
        text = "".join(out) + ("" if inner is None else "".join(inner))
    return text


def _emphasised(inner: str, mark: str) -> str:
    bare = inner.strip()
    if not bare or "\n" in bare:
        return inner
    before = inner[: len(inner) - len(inner.lstrip())]
    after = inner[len(inner.rstrip()) :]
    return f"{before}{mark}{bare}{mark}{after}"


def markup_of(html: str, base: str = "") -> PostText:
    """Return a post's text as a letter's markup.

    Args:
        html: the post as the blog keeps it.
        base: where the blog stands; links without a host are read from there.

    Example:
        >>> markup_of("<p>Se <a href='/a'>här</a></p>", "https://b.example/").text
        'Se [här](https://b.example/a)'
    """
    writer = _Writer(base)
    for is_tag, piece in _pieces(html):
        if not is_tag:
            writer.text(piece)
            continue
        ends, name = _name(piece)
        if ends:
            writer.end(name)
        else:
            writer.start(name, piece)
    writer.close_block()
    writer.found.text = "\n\n".join(writer.blocks)
    return writer.found
