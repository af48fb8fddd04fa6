"""How does a letter's text become a page or a mail? A small part of Markdown, made safe.

Headings, paragraphs, lists, quotations, rules, emphasis and links; never HTML. Beside
them `[[projekt:ID]]`, `[[siffra:NAMN]]` and `[[bild:NUMMER]]`, which the caller fills in.
Leaves out what those refer to, and where letters are kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

__all__ = [
    "LONGEST",
    "Letter",
    "Reference",
    "excerpt",
    "letter_html",
    "letter_text",
    "read_letter",
]

LONGEST: Final = 60_000
"""The most signs that a letter may have."""
KINDS: Final = ("projekt", "siffra", "bild")
PICTURE: Final = "bild"
_REFERENCE: Final = re.compile(
    rf"\[\[({'|'.join(KINDS)}):[ \t]*([^\[\]\n]{{1,240}}?)[ \t]*\]\]"
)
_ADDRESS: Final = re.compile(r"""(https?://[^\s<>"']+[^\s<>"'.,;:!?)\]])""")
_SCHEMES: Final = ("https://", "http://", "mailto:")
_ENDS: Final = (".", "!", "?", "…", ")", "”")
_RULES: Final = (
    "heading",
    "list",
    "blockquote",
    "hr",
    "emphasis",
    "link",
    "newline",
    "escape",
)
_TAGS: Final = {
    "paragraph": "p",
    "bullet_list": "ul",
    "ordered_list": "ol",
    "list_item": "li",
    "blockquote": "blockquote",
    "em": "em",
    "strong": "strong",
}


@dataclass(frozen=True)
class Reference:
    """Something that a letter shows and does not say itself."""

    kind: str
    name: str

    @property
    def text(self) -> str:
        """Return it as it is written in a letter."""
        return f"[[{self.kind}:{self.name}]]"


@dataclass(frozen=True)
class Letter:
    """A letter that has been read.

    `references` are in the order of the text, each once. `inline_pictures` are those that
    stand in the middle of a sentence, where no picture can be shown.
    """

    tokens: tuple[Token, ...]
    references: tuple[Reference, ...]
    inline_pictures: tuple[Reference, ...]

    def named(self, kind: str) -> list[str]:
        """Return the names of the references of a kind."""
        return [one.name for one in self.references if one.kind == kind]


def _reference(state: StateInline, silent: bool) -> bool:
    """Read a reference where the text stands; no other rule sees what is in it."""
    if not state.src.startswith("[[", state.pos):
        return False
    match = _REFERENCE.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        token = state.push("reference", "", 0)
        token.meta = {"reference": Reference(match[1], match[2])}
        token.content = match[0]
    state.pos = match.end()
    return True


def _reader() -> MarkdownIt:
    reader = MarkdownIt("zero", {"html": False, "linkify": False, "maxNesting": 12})
    reader.enable(list(_RULES))
    reader.inline.ruler.before("link", "reference", _reference)
    reader.validateLink = lambda url: url.lower().startswith(_SCHEMES)  # type: ignore[method-assign]
    return reader


_READER: Final = _reader()


def read_letter(text: str) -> Letter:
    """Return a letter's text, read.

    Raises:
        ValueError: it is longer than `LONGEST`; whoever takes it in says so first.
    """
    if len(text) > LONGEST:
        raise ValueError("the letter is too long")
    tokens = tuple(_READER.parse(text))
    found: dict[Reference, None] = {}
    inline: dict[Reference, None] = {}
    for token in tokens:
        children = token.children or []
        alone = _alone(children)
        for child in children:
            if child.type != "reference":
                continue
            reference: Reference = child.meta["reference"]
            found[reference] = None
            if reference.kind == PICTURE and not alone:
                inline[reference] = None
    return Letter(tokens, tuple(found), tuple(inline))


def _alone(children: Sequence[Token]) -> list[Reference]:
    """Return the references of a paragraph that holds nothing else; else nothing."""
    found: list[Reference] = []
    for child in children:
        if child.type == "reference":
            found.append(child.meta["reference"])
        elif child.type not in ("softbreak", "hardbreak") and child.content.strip():
            return []
    return found


def letter_html(
    letter: Letter,
    inline: Callable[[Reference], str],
    block: Callable[[list[Reference]], str],
) -> str:
    """Return a letter as safe HTML.

    Args:
        letter: what `read_letter` gave.
        inline: gives safe HTML for a reference in running text.
        block: gives safe HTML for the references of a paragraph that holds nothing else.
    """
    out: list[str] = []
    boxed = False
    for i, token in enumerate(letter.tokens):
        name, _underline, way = token.type.rpartition("_")
        if token.type == "inline":
            children = token.children or []
            in_paragraph = letter.tokens[i - 1].type == "paragraph_open"
            alone = _alone(children) if in_paragraph else []
            out.append(block(alone) if alone else _inline_html(children, inline))
        elif token.type == "hr":
            out.append("<hr>")
        elif name == "heading":
            tag = _heading(token.tag)
            out.append(f"<{tag}>" if way == "open" else f"</{tag}>")
        elif name == "paragraph":
            if way == "open":
                boxed = bool(_alone(letter.tokens[i + 1].children or []))
            if not boxed and not token.hidden:
                out.append("<p>" if way == "open" else "</p>")
        elif name in _TAGS:
            out.append(_block_tag(token, _TAGS[name], way))
    return "".join(out)


def _heading(tag: str) -> str:
    """Return the heading one step down: the letter's own title is the first."""
    return "h2" if tag in ("h1", "h2") else "h3"


def _block_tag(token: Token, tag: str, way: str) -> str:
    if way == "close":
        return f"</{tag}>"
    start = token.attrGet("start")
    return f'<{tag} start="{int(start)}">' if start is not None else f"<{tag}>"


def _inline_html(children: Sequence[Token], inline: Callable[[Reference], str]) -> str:
    out: list[str] = []
    in_link = 0
    for child in children:
        if child.type == "reference":
            reference: Reference = child.meta["reference"]
            out.append(
                escape(child.content)
                if reference.kind == PICTURE
                else inline(reference)
            )
        elif child.type == "softbreak":
            out.append("\n")
        elif child.type == "hardbreak":
            out.append("<br>")
        elif child.type == "link_open":
            in_link += 1
            href = escape(str(child.attrGet("href") or ""))
            out.append(f'<a href="{href}" rel="noreferrer">')
        elif child.type == "link_close":
            in_link -= 1
            out.append("</a>")
        elif child.nesting:
            tag = _TAGS[child.type.rpartition("_")[0]]
            out.append(f"<{tag}>" if child.nesting > 0 else f"</{tag}>")
        else:
            out.append(escape(child.content) if in_link else _linked(child.content))
    return "".join(out)


def _linked(text: str) -> str:
    """Return a text, escaped, with the addresses in it as links."""
    return "".join(
        f'<a href="{escape(part)}" rel="noreferrer">{escape(part)}</a>'
        if i % 2
        else escape(part)
        for i, part in enumerate(_ADDRESS.split(text))
    )


def letter_text(letter: Letter, words: Callable[[Reference], str]) -> str:
    """Return a letter as plain text, for a mail or for search.

    Args:
        letter: what `read_letter` gave.
        words: says a reference in words; empty for one that is left out.
    """
    blocks: list[str] = []
    lists: list[int | None] = []
    quoted = 0
    lead = ""
    for token in letter.tokens:
        if token.type == "inline":
            text = _inline_text(token.children or [], words)
            indent = "  " * max(len(lists) - 1, 0) + "> " * quoted
            if text:
                blocks.append(f"{indent}{lead}{text}")
            lead = ""
        elif token.type == "bullet_list_open":
            lists.append(None)
        elif token.type == "ordered_list_open":
            lists.append(int(token.attrGet("start") or 1))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        elif token.type == "list_item_open":
            number = lists[-1]
            lead = "– " if number is None else f"{number}. "
            if number is not None:
                lists[-1] = number + 1
        elif token.type in ("blockquote_open", "blockquote_close"):
            quoted += 1 if token.nesting > 0 else -1
    return "\n\n".join(blocks)


def _inline_text(children: Sequence[Token], words: Callable[[Reference], str]) -> str:
    return "".join(_pieces(children, words)).strip()


def _pieces(
    children: Sequence[Token], words: Callable[[Reference], str]
) -> Iterator[str]:
    links: list[tuple[str, str]] = []
    said = ""
    for child in children:
        piece = child.content
        if child.type == "reference":
            piece = words(child.meta["reference"])
        elif child.type in ("softbreak", "hardbreak"):
            piece = "\n"
        elif child.type == "link_open":
            links.append((str(child.attrGet("href") or ""), said))
            piece = ""
        elif child.type == "link_close":
            href, before = links.pop()
            shown = said[len(before) :]
            # an address that is its own text is said once
            piece = "" if href.removeprefix("mailto:") == shown else f" ({href})"
        said += piece
        yield piece


def excerpt(text: str, words: int = 40) -> str:
    """Return the first words of a plain text, cut at a sentence where one ends there.

    Example:
        >>> excerpt("Ett två. Tre fyra fem sex.", 4)
        'Ett två.'
    """
    # a heading, or a project that stands by itself, would run into the sentences
    told = [one for one in text.split("\n\n") if one.rstrip().endswith(_ENDS)]
    parts = " ".join(told or [text]).split()
    if len(parts) <= words:
        return " ".join(parts)
    cut = " ".join(parts[:words])
    ends = [m.end() for m in re.finditer(r"[.!?](?=\s)", cut)]
    if ends and ends[-1] >= len(cut) // 3:
        return cut[: ends[-1]]
    return f"{cut} …"
