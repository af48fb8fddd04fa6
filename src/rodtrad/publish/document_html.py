"""How does the report look as one page? A self-contained HTML file that opens anywhere.

Everything is in the file: style, fonts (OFL 1.1, as data URLs) and charts as SVG. It
asks for nothing outside itself, needs no script, and escapes every text. Leaves out what
the report says (content) and how charts are drawn (svg).
"""

from __future__ import annotations

import base64
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.retell import Swedish
from rodtrad.domain.words import QUALITY_LABELS, _
from rodtrad.publish import svg

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

    from rodtrad.publish.blocks import Figure, Report, TableBlock

_HERE: Final = Path(__file__).parent
_FONTS: Final = (
    ("Source Serif 4", "source-serif-4-latin-wght-normal.woff2"),
    ("Source Sans 3", "source-sans-3-latin-wght-normal.woff2"),
)
# A table with more columns of years than this is set as several, for paper and eyes.
_YEARS_ACROSS: Final = 12
_ADDRESS: Final = re.compile(r"(https?://[^\s<>\"')]+[^\s<>\"').,;:])")
# A table with no more rows than this is kept on one printed page.
_SHORT_ROWS: Final = 15
# A cell with more letters than this does not share a phone's width with others.
_LONG_CELL: Final = 60
# A table with no more columns than this is not stretched over the whole page.
_FEW_COLUMNS: Final = 3


def render_html(report: Report) -> bytes:
    """Return the report as one UTF-8 page. Equal reports give equal bytes."""
    from markupsafe import Markup

    def drawing(figure: Figure, width: int) -> Markup:
        return Markup(svg.draw(figure, width))  # noqa: S704 - svg escapes every text

    def linked(text: str) -> Markup:
        """Escape a text and make its addresses links; nothing is fetched."""
        return _in_its_language(text, _linked(text))

    def _linked(text: str) -> Markup:
        return Markup("").join(
            Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(part)
            if part.startswith(("https://", "http://"))
            else part
            for part in _ADDRESS.split(text)
        )

    def sample(role: str) -> Markup:
        return Markup(svg.swatch(role))  # noqa: S704 - no text from outside

    page = _template().render(
        report=report,
        words=_words(),
        qualities=[
            ("uppgift", _("uppgift: publicerad siffra")),
            ("berakning", _("beräkning: uträknad ur andra siffror")),
            ("antagande", _("antagande: uppskattad av någon")),
        ],
        style=Markup(_style() + _page_foot(report)),  # noqa: S704 - our own file
        patterns=Markup(svg.patterns()),  # noqa: S704 - no text from outside
        widths=(svg.WIDE, svg.MIDDLE, svg.NARROW),
        draw=drawing,
        swatch=sample,
        legend=svg.legend_items,
        linked=linked,
        split=split_years,
        kind=table_kind,
        foreign=lambda text: isinstance(text, Swedish),
        type=lambda block: type(block).__name__,
    )
    return page.encode("utf-8")


def _in_its_language(text: str, shown: str) -> Markup:
    """Return what is shown of a text, marked where it is not the page's language."""
    from markupsafe import Markup, escape

    if not isinstance(text, Swedish):
        return escape(shown)
    return Markup('<span lang="sv">{}</span>').format(shown)


def table_kind(table: TableBlock) -> str:
    """Return how a table is set: `years`, `stack` (folds on a phone) or `plain`."""
    short = " short" if len(table.rows) <= _SHORT_ROWS else ""
    if _is_by_year(table):
        return "years sticky" + short
    words = sum(c.align == "left" for c in table.columns[1:])
    longest = max((len(c.text) for r in table.rows for c in r.cells), default=0)
    if words > 1 or longest > _LONG_CELL:
        return "stack" + short
    few = " few" if len(table.columns) <= _FEW_COLUMNS else ""
    return "plain sticky" + few + short


def _is_by_year(table: TableBlock) -> bool:
    labels = [c.label for c in table.columns[1:]]
    return len(labels) > 1 and all(len(x) == 4 and x.isdecimal() for x in labels)


def split_years(table: TableBlock) -> list[TableBlock]:
    """Return the table as one or more, none with more years across than fit a page."""
    count = len(table.columns) - 1
    if count <= _YEARS_ACROSS or not _is_by_year(table):
        return [table]
    from dataclasses import replace

    parts = -(-count // _YEARS_ACROSS)
    size = -(-count // parts)
    return [
        replace(
            table,
            columns=(table.columns[0], *table.columns[1 + a : 1 + a + size]),
            rows=tuple(replace(r, cells=r.cells[a : a + size]) for r in table.rows),
        )
        for a in range(0, count, size)
    ]


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # A text that stays Swedish on an English page says so, for those who listen.
        finalize=lambda value: (
            _in_its_language(value, value) if isinstance(value, Swedish) else value
        ),
    )
    return environment.get_template("report.html.j2")


@cache
def _style() -> str:
    faces = []
    for family, name in _FONTS:
        data = (_HERE / "static" / "fonts" / name).read_bytes()
        faces.append(
            f'@font-face{{font-family:"{family}";font-weight:200 900;font-display:swap;'
            f'src:url("data:font/woff2;base64,{base64.b64encode(data).decode()}") '
            'format("woff2")}'
        )
    sheet = (_HERE / "static" / "report.css").read_text(encoding="utf-8")
    return "".join(faces) + re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)


def _page_foot(report: Report) -> str:
    """Return the foot of each printed page; only safe letters reach the style sheet."""
    facts = [report.title, *(f"{k} {v[:12]}" for k, v in report.meta.items())]
    wanted = (_("Metodversion"), _("Underlagets kontrollsumma"))
    facts = [facts[0], *(f for f in facts[1:] if f.startswith(wanted))]
    text = re.sub(r"[^\w .–-]", "", " – ".join(facts))
    return (
        "@page{size:A4;margin:16mm 15mm 18mm;"
        f'@bottom-left{{content:"{text}";font:8pt "Source Sans 3",sans-serif}}'
        '@bottom-right{content:counter(page) " (" counter(pages) ")";'
        'font:8pt "Source Sans 3",sans-serif}}'
    )


def _words() -> dict[str, Any]:
    return {
        **QUALITY_LABELS,
        "show": _("Visa som tabell"),
        "skip": _("Till innehållet"),
        "contents": _("Innehåll"),
        "project": _("Projekt"),
        "outlay": _("Utgift"),
        "start": _("Start"),
        "use": _("I bruk"),
        "source": _("Källa"),
        "alternative": _("Alternativ"),
    }
