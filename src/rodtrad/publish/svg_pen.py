"""What is a chart drawn with? A pen: widths, letters and colours of one rendering.

Colours are the page's custom properties, or fixed ones (`THEMES`) for a picture that
stands alone. Leaves out every chart (svg, svg_agreement).
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Final

THEMES: Final[dict[str, dict[str, str]]] = {
    "light": {
        "surface": "#FFFFFF",
        "sunk": "#F1EDE5",
        "ink": "#1B2430",
        "ink2": "#4C5664",
        "line": "#DDD7CB",
        "ctl": "#767E8A",
        "ok": "#0F6B66",
        "okbg": "#E2F1EF",
        "warn": "#8F4A00",
        "warnbg": "#FBEBD8",
        "c1": "#1D4E7E",
        "c2": "#C2830F",
        "c3": "#4E93C9",
        "c4": "#6D7683",
        "c5": "#8A5A00",
        "band1": "#C9DDF0",
        "band2": "#93BBDF",
    }
}
# Fill of a series by its role. Gold and sky are equally dark in print, so sky is dotted.
FILLS: Final = {
    "plan": "c1",
    "new": "c1",
    "renewal": "c2",
    "adaptation": "url(#dots)",
    "law": "c4",
    "other": "c4",
    "baseline": "c2",
    "second": "c3",
    "reserved": "url(#dots)",
    "used": "c2",
    "outer": "band1",
    "inner": "band2",
}


# Widths of the letters of Source Sans 3, in shares of the type size.
_WIDTHS: Final = {
    letter: width
    for width, letters in (
        (0.2, " \u00a0"),
        (0.27, "ijl.,:;’'I"),
        (0.32, "f-()"),
        (0.36, "tr/"),
        (0.46, "szxc”"),
        (0.56, "bdhnopquöüATÅÄEFLSVXZ"),
        (0.62, "BCDGKPR&"),
        (0.67, "HNOQUÖ"),
        (0.83, "mwMW%"),
        (0.95, "…"),
    )
    for letter in letters
}


@dataclass(frozen=True)
class Pen:
    """Widths, sizes and colours of one rendering."""

    width: float
    font: float
    colours: dict[str, str] | None

    @property
    def narrow(self) -> bool:
        """True where there is room for little but one column."""
        return self.width < 420

    def colour(self, name: str) -> str:
        """Return a named colour as it is written in SVG."""
        if name.startswith("url("):
            return name
        return self.colours[name] if self.colours else f"var(--{name})"

    def measure(self, text: str, bold: bool = False) -> float:
        """Return how wide a text is, within a few percent."""
        return (
            self.font * sum(_WIDTHS.get(c, 0.51) for c in text) * (1.04 if bold else 1)
        )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        anchor: str = "start",
        bold: bool = False,
        colour: str = "",
        halo: bool = False,
    ) -> str:
        """Return a text; a halo keeps it clear of what it crosses."""
        extra = f' text-anchor="{anchor}"' if anchor != "start" else ""
        if bold:
            extra += ' font-weight="600"'
        if bold or colour:
            extra += f' fill="{self.colour(colour or "ink")}"'
        if halo:
            extra += (
                f' stroke="{self.colour("surface")}" stroke-width="5" '
                'stroke-linejoin="round" paint-order="stroke"'
            )
            if self.colours:  # a renderer may not know paint-order: draw twice
                plain = self.text(x, y, words, anchor, bold, colour)
                return f'<text x="{px(x)}" y="{px(y)}"{extra}>{escape(words)}</text>{plain}'
        return f'<text x="{px(x)}" y="{px(y)}"{extra}>{escape(words)}</text>'

    def line(
        self, d: str, colour: str = "line", width: float = 1, dash: str = ""
    ) -> str:
        """Return a path without filling."""
        extra = f' stroke-dasharray="{dash}"' if dash else ""
        return (
            f'<path d="{d}" fill="none" stroke="{self.colour(colour)}" '
            f'stroke-width="{px(width)}"{extra}/>'
        )

    def rect(
        self, x: float, y: float, w: float, h: float, fill: str, extra: str = ""
    ) -> str:
        """Return a filled rectangle; `extra` are more attributes."""
        return (
            f'<rect x="{px(x)}" y="{px(y)}" width="{px(max(w, 0))}" '
            f'height="{px(max(h, 0))}" fill="{self.colour(fill)}"{extra}/>'
        )

    def wrap(
        self, words: str, width: float, lines: int, bold: bool = False
    ) -> list[str]:
        """Return the text in at most `lines` lines; what does not fit ends in "…"."""
        out: list[str] = []
        current = ""
        queue = [
            part
            for word in words.split(" ")
            for part in (
                word.replace("\u00ad", "-\u200b").split("\u200b")
                if self.measure(word, bold) > width
                else [word.replace("\u00ad", "")]
            )
        ]
        while queue:
            word = queue.pop(0)
            trial = f"{current} {word}".strip()
            if self.measure(trial, bold) <= width or not current:
                current = trial
                continue
            if len(out) == lines - 1:
                current = f"{current} {word} {' '.join(queue)}".strip()
                break
            out.append(current)
            current = word
        return [self._fit(line, width, bold) for line in [*out, current]]

    def _fit(self, words: str, width: float, bold: bool) -> str:
        if self.measure(words, bold) <= width:
            return words
        while words and self.measure(words + "…", bold) > width:
            words = words[:-1].rstrip()
        return words + "…"


def px(x: float) -> str:
    """Return a length for SVG, with one decimal at most."""
    return f"{x:.1f}".removesuffix(".0")
