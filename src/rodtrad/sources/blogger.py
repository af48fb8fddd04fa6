"""What stands in a blog's Atom export? Posts and comments, one at a time.

Reads both of Blogger's own forms (the old one with kinds as categories, and that of
Google Takeout) and plain Atom. The file is never held whole, so its size does not
matter; entities and declarations are refused, and bytes that are not what the file says
they are, are mended and counted. Leaves out the texts' own markup (blogger_text) and
what is alike (repeats).

Source: RFC 4287 (Atom), RFC 4685 (`in-reply-to`) and exports as Blogger writes them.
"""

from __future__ import annotations

import codecs
import datetime as dt
import re
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final
from xml.parsers import expat

from rodtrad.domain.words import _
from rodtrad.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BlogEntry", "BlogReader"]

MOST_ENTRIES: Final = 100_000
MOST_TEXT: Final = 3_000_000
"""Signs of one field; what comes after them is left out and told."""
_MOST_LABELS: Final = 40
_MOST_DEPTH: Final = 200
_MOST_TOKEN: Final = 2_000_000
_CHUNK: Final = 1 << 16
_ATOM: Final = "http://www.w3.org/2005/Atom"
_KIND: Final = "http://schemas.google.com/g/2005#kind"
_BLOGGER: Final = "http://schemas.google.com/blogger/"
_KINDS: Final = {"post": "post", "comment": "comment", "page": "page"}
# read as text; the rest of an entry is passed over
_TEXTS: Final = frozenset({"id", "title", "content", "summary", "published", "updated"})
_OWN: Final = frozenset({"type", "status", "parent", "created", "filename"})
_DECLARED: Final = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})"""
)
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ENCODINGS: Final = re.compile(
    r"utf-?8|utf-?16(-?[lb]e)?|(us-)?ascii|iso-8859-\d{1,2}|latin-?1|(windows-|cp)125\d",
    re.IGNORECASE,
)
# What XML does not allow in any file, and halves of signs.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Of the declared encodings: bytes that are wrong become half signs, mended afterwards.
_HALVES: Final = "surrogateescape"
_KEPT_OF_TAGS: Final = frozenset({"href", "src", "alt"})


@dataclass(frozen=True)
class BlogEntry:
    """A post, a page of its own or a comment, as the file has it.

    `html` is the text with the blog's markup, `answers` the post that a comment belongs
    to. `published` is None where the file gives no date that can be read. `cut` says that
    the text was longer than anybody writes and that the end is left out.
    """

    kind: str
    ident: str
    title: str
    published: dt.datetime | None
    author: str
    labels: tuple[str, ...]
    html: str
    address: str
    draft: bool
    answers: str
    cut: bool


@dataclass
class _Entry:
    """An entry while it is being read."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    kind: str = ""
    address: str = ""
    answers: str = ""
    draft: bool = False
    cut: bool = False

    def add(self, name: str, text: str) -> None:
        size = self.sizes.get(name, 0)
        if size + len(text) > MOST_TEXT:
            text, self.cut = text[: MOST_TEXT - size], True
        if text:
            self.sizes[name] = size + len(text)
            self.texts.setdefault(name, []).append(text)

    def text(self, name: str) -> str:
        return "".join(self.texts.get(name, ())).strip()


class BlogReader:
    """Reads an export piece by piece: `for entry in BlogReader(stream)`.

    Once it has begun `title` and `address` are the blog's own, where the file gives
    them; `mended` counts the places where bytes were not what the file says.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.title = ""
        self.address = ""
        self.mended = 0
        self.entries = 0
        self._ready: list[BlogEntry] = []
        self._stack: list[str] = []
        self._entry: _Entry | None = None
        self._head: list[str] = []
        self._is_feed = False

    def __iter__(self) -> Iterator[BlogEntry]:
        """Give the entries in the file's order.

        Raises:
            SourceError: it is no Atom file, is broken off, or has what is not taken.
        """
        parser = self._parser()
        fed = 0
        for text in self._decoded():
            piece = text.encode()
            fed += len(piece)
            self._feed(parser, piece, False)
            if fed - max(parser.CurrentByteIndex, 0) > _MOST_TOKEN:
                raise _refused_size()
            yield from self._ready
            self._ready.clear()
        self._feed(parser, b"", True)
        yield from self._ready
        self._ready.clear()
        if not self._is_feed:
            raise _not_atom()

    def _feed(self, parser: expat.XMLParserType, piece: bytes, last: bool) -> None:
        try:
            parser.Parse(piece, last)
        except expat.ExpatError as error:
            undefined = expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]
            if error.code == undefined:
                raise _entities(error.lineno) from None
            if not self._is_feed:
                raise _not_atom() from None
            raise SourceError(
                _("Filen går inte att läsa längre än till rad {n}.").format(
                    n=error.lineno
                ),
                _("Exportera bloggen på nytt, och ändra inget i filen."),
                "blog_broken",
            ) from None

    def _parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype(parser)
        return parser

    def _doctype(self, parser: expat.XMLParserType) -> Any:
        def refuse(*_given: Any) -> None:
            raise _entities(parser.CurrentLineNumber)

        return refuse

    # ------------------------------------------------------------ bytes to text

    def _decoded(self) -> Iterator[str]:
        """Give the file as text, mended where its bytes are not what it says."""
        head = self._stream.read(_CHUNK)
        if not head.strip():
            raise SourceError(
                _("Filen är tom."),
                _("Välj den fil som bloggen gav när den exporterades."),
                "blog_empty",
            )
        encoding = next((name for mark, name in _MARKS if head.startswith(mark)), "")
        if not encoding:
            found = _DECLARED.match(head.lstrip())
            encoding = found[1].decode("ascii") if found else "utf-8"
        if not _ENCODINGS.fullmatch(encoding):
            raise _encoding(encoding)
        try:
            decoder = codecs.getincrementaldecoder(encoding)(_HALVES)
        except LookupError:
            raise _encoding(encoding) from None
        piece = head
        first = True
        while True:
            try:
                text = self._clean(decoder.decode(piece, not piece))
            except UnicodeDecodeError:
                # pairs of bytes cannot be mended one by one
                raise _encoding(encoding) from None
            yield text.lstrip("\ufeff \t\r\n") if first else text
            if not piece:
                return
            first = False
            piece = self._stream.read(_CHUNK)

    def _clean(self, text: str) -> str:
        # each byte that could not be read stands as half a sign: U+DC80 to U+DCFF
        def sign(match: re.Match[str]) -> str:
            self.mended += 1
            code = ord(match[0])
            if 0xDC80 <= code <= 0xDCFF:
                return bytes([code - 0xDC00]).decode("cp1252", "replace")
            return ""

        return _FORBIDDEN.sub(sign, text)

    # ------------------------------------------------------------ elements

    def _start(self, name: str, given: dict[str, str]) -> None:
        space, _blank, local = name.rpartition(" ")
        self._stack.append(local)
        depth = len(self._stack)
        if depth > _MOST_DEPTH:
            raise _refused_size()
        if depth == 1:
            self._is_feed = local == "feed" and space == _ATOM
            if not self._is_feed:
                raise _not_atom()
        elif depth == 2 and local == "entry":
            self._entry = _Entry()
            self.entries += 1
            if self.entries > MOST_ENTRIES:
                raise _refused_size()
        elif self._entry is None:
            if depth == 2 and local == "link" and given.get("rel") == "alternate":
                self.address = given.get("href", "")[:500]
        elif depth == 3:
            self._of_entry(self._entry, local, given)
        elif self._stack[2] in ("content", "summary"):
            self._entry.add(self._stack[2], _tag(local, given))

    def _of_entry(self, entry: _Entry, local: str, given: dict[str, str]) -> None:
        if local == "category":
            term = given.get("term", "").strip()
            if given.get("scheme") == _KIND:
                entry.kind = term.rpartition("#")[2]
            elif term and len(entry.labels) < _MOST_LABELS:
                entry.labels.append(term[:80])
        elif local == "link":
            if given.get("rel", "alternate") == "alternate":
                entry.address = given.get("href", "")[:1000]
        elif local == "in-reply-to":
            entry.answers = given.get("ref", "")[:300]

    def _text(self, text: str) -> None:
        depth = len(self._stack)
        if self._entry is None:
            if depth == 2 and self._stack[1] == "title" and len(self.title) < 300:
                self.title += text
            return
        if depth < 3:
            return
        name = self._stack[2]
        if depth == 3:
            if name in _TEXTS or name in _OWN:
                self._entry.add(name, text)
        elif name in ("content", "summary"):
            # markup written as elements: its text is text
            self._entry.add(name, text.replace("&", "&amp;").replace("<", "&lt;"))
        elif name == "title":
            self._entry.add(name, text)
        elif name == "author" and self._stack[3] == "name":
            self._entry.add("author", text)
        elif name == "control" and self._stack[3] == "draft":
            self._entry.draft |= text.strip().lower() == "yes"

    def _end(self, _name: str) -> None:
        local = self._stack[-1]
        depth = len(self._stack)
        self._stack.pop()
        if self._entry is None:
            return
        if depth == 2:
            self._finish(self._entry)
            self._entry = None
        elif depth > 3 and self._stack[2] in ("content", "summary"):
            self._entry.add(self._stack[2], f"</{local}>")

    def _finish(self, entry: _Entry) -> None:
        kind = entry.kind or entry.text("type").lower()
        if kind and kind not in _KINDS:
            return  # settings, templates and the like
        self._ready.append(
            BlogEntry(
                kind=kind or "post",
                ident=entry.text("id")[:300],
                title=" ".join(entry.text("title").split())[:1000],
                published=_moment(entry.text("published") or entry.text("created")),
                author=" ".join(entry.text("author").split())[:150],
                labels=tuple(dict.fromkeys(entry.labels)),
                html=entry.text("content") or entry.text("summary"),
                address=entry.address or entry.text("filename")[:1000],
                draft=entry.draft or entry.text("status").upper() == "DRAFT",
                answers=entry.answers or entry.text("parent")[:300],
                cut=entry.cut,
            )
        )


def _tag(local: str, given: dict[str, str]) -> str:
    """Return an element of a text that is written as elements, as markup."""
    kept = "".join(
        f' {name}="{value.replace("&", "&amp;").replace(chr(34), "&quot;")}"'
        for name, value in given.items()
        if name in _KEPT_OF_TAGS
    )
    return f"<{local}{kept}>"


def _moment(text: str) -> dt.datetime | None:
    """Return the moment that a text gives; None where it gives none."""
    try:
        found = dt.datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=dt.UTC)
        # a zone near the ends of time cannot be counted in another
        return found.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def _entities(line: int) -> SourceError:
    return SourceError(
        _("Filen har entiteter eller en egen dokumenttyp på rad {n}.").format(n=line),
        _("Sådana filer tas inte emot. Exportera bloggen på nytt."),
        "blog_entities",
    )


def _encoding(name: str) -> SourceError:
    return SourceError(
        _("Filen går inte att läsa som {name}, som den säger att den är.").format(
            name=name[:40]
        ),
        _("Spara om den som UTF-8."),
        "blog_encoding",
    )


def _not_atom() -> SourceError:
    return SourceError(
        _("Filen är inte en blogg i formatet Atom."),
        _("Välj den fil som bloggen gav när den exporterades."),
        "blog_not_atom",
    )


def _refused_size() -> SourceError:
    return SourceError(
        _("Filen har fler inlägg, eller djupare märkning, än någon blogg har."),
        _("Exportera bloggen på nytt, eller dela den."),
        "blog_too_much",
    )
