"""Which figures does a page show, and where does each lead? Reads the page's own markup.

A figure is a cell of numbers (or of the comparison), a key figure, an amount on a card or
a figure beside the workbench.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final


@dataclass
class Shown:
    """A figure on a page: under which heading it stands, and where it leads."""

    table: str
    column: str
    row: str
    text: str = ""
    href: str = ""


@dataclass
class _Table:
    caption: str = ""
    heads: list[str] = field(default_factory=list)
    row: str = ""
    at: int = 0


_VOID: Final = frozenset({"input", "br", "use", "path", "rect", "link", "meta", "img"})


class Figures(HTMLParser):
    """The figures of a page: cells of numbers, key figures and amounts on cards."""

    def __init__(self, page: str) -> None:
        """Read a page."""
        super().__init__()
        self.found: list[Shown] = []
        self.figure: Shown | None = None
        self.tables: list[_Table] = []
        self.open: list[tuple[str, str]] = []
        self.text: list[str] | None = None
        self.term = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a figure begins, and where a link in it leads."""
        if tag in _VOID:
            return
        given = {name: value or "" for name, value in attrs}
        kind = ""
        classes = given.get("class", "").split()
        if tag == "table":
            self.tables.append(_Table())
        elif tag in ("caption", "th", "dt"):
            self.text, kind = [], tag
        elif tag == "tr" and self.tables:
            self.tables[-1].at = 0
        elif tag == "td" and self.tables:
            self.tables[-1].at += 1
            compared = any("compare" in c for _t, c in self.open)
            if "num" in classes or compared:
                one = self.tables[-1]
                at = min(one.at, len(one.heads) - 1)
                column = one.heads[at] if one.heads else ""
                self.figure, kind = Shown(one.caption, column, one.row), "figure"
        elif tag == "p" and "v" in classes:
            self.figure, kind = Shown("nyckeltal", self.term, ""), "figure"
        elif tag == "span" and "fact" in classes:
            self.figure, kind = Shown("kort", "", ""), "figure"
        elif tag == "b" and any("delta" in c for _t, c in self.open):
            self.figure, kind = Shown("arbetsbänk", "", ""), "figure"
        elif tag == "a" and self.figure is not None:
            self.figure.href = given["href"]
        self.open.append((tag, f"{kind} {given.get('class', '')}"))

    def handle_endtag(self, tag: str) -> None:
        """Keep what has ended."""
        if tag in _VOID or not any(one == tag for one, _k in self.open):
            return
        while self.open:
            one, kinds = self.open.pop()
            kind = kinds.split(" ")[0]
            if kind == "figure" and self.figure is not None:
                self.figure.text = " ".join(self.figure.text.split())
                self.found.append(self.figure)
                self.figure = None
            elif kind in ("caption", "th", "dt") and self.text is not None:
                said = " ".join("".join(self.text).split())
                if kind == "dt":
                    self.term = said
                elif self.tables and kind == "caption":
                    self.tables[-1].caption = said
                elif self.tables:
                    if any(t == "thead" for t, _c in self.open):
                        self.tables[-1].heads.append(said)
                    else:
                        self.tables[-1].row = said
                self.text = None
            if one == "table":
                self.tables.pop()
            if one == tag:
                break

    def handle_data(self, data: str) -> None:
        """Keep what is said in a figure, and in what names it."""
        if self.figure is not None:
            self.figure.text += data
        if self.text is not None:
            self.text.append(data)
