"""How does the report look on paper? The same `Report` as the web page, as a PDF.

Typst sets the pages (document_pdf.typ); texts reach it as JSON strings, never as
markup. This file decides what the page cannot: how wide columns are, where a table of
many years or a tall chart is split, and what stands in for a letter that no font has.
The timeline is set row by row, so that it runs over pages like a table. Leaves out what
the report says (content) and how the other charts are drawn (svg).
"""

from __future__ import annotations

import json
import math
import re
import struct
import unicodedata
from dataclasses import asdict, replace
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.words import QUALITY_LABELS, _
from rodtrad.publish.blocks import (
    Block,
    Callout,
    ChartBlock,
    Column,
    Command,
    Definitions,
    Figure,
    KeyFigures,
    Paragraphs,
    ProjectCard,
    ProjectCards,
    Report,
    Row,
    TableBlock,
)
from rodtrad.publish.svg import (
    draw,
    legend_items,
    patterns,
    swatch,
    years_field,
)
from rodtrad.publish.svg_pen import FILLS, THEMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.publish.blocks import Bar

_TEMPLATE: Final = Path(__file__).parent / "document_pdf.typ"
_FONTS: Final = Path(__file__).parent / "static" / "fonts" / "print"
_TEXT_FONT: Final = "SourceSans3-Regular.otf"
# The widest that a table is set in; its widths hold for the others.
_WIDE_FONT: Final = "SourceSans3-Semibold.otf"

# A4 less the margins of the template, in points.
_TEXT_WIDTH: Final = 467.0
# Letter size and air beside a column's text, in the order they are tried.
_TABLE_SIZES: Final = ((9.0, 3.5), (9.0, 2.5), (8.5, 2.2), (8.0, 2.0))
# The tallest that a picture may be: the page body less its heading, legend and caption.
PICTURE_HEIGHT: Final = 560.0
# A row with a longer text than this may break over pages; a card, with a shorter one.
_LONG_TEXT: Final = 900
_LONG_CARD: Final = 500
# A table with at most so many rows and points of height is kept on one page.
_WHOLE_ROWS: Final = 18
_WHOLE_HEIGHT: Final = 330.0
# A longer run of letters without a blank (an address, a code) may be broken anywhere:
# in running text where it would not fit a line, in a cell where it crowds the others.
_LONG_IN_TEXT: Final = 66
_LONG_IN_CELL: Final = 30


def render_pdf(report: Report) -> bytes:
    """Return the report as a tagged PDF (ua-1 as typst understands it).

    Equal reports give equal bytes: no clock is read and no system font is used.
    """
    import typst

    document = json.dumps(_cleaned(_document(report)), ensure_ascii=False)
    return typst.compile(
        _TEMPLATE.read_bytes(),
        font_paths=typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=True,
            font_paths=[str(_FONTS)],
        ),
        ignore_system_fonts=True,
        sys_inputs={"data": document},
        format="pdf",
        pdf_standards="ua-1",
        timestamp=0,
    )


# ------------------------------------------------------------ letters


# Texts that are not set on a page and must stay as they are.
_NOT_ON_THE_PAGE: Final = frozenset(
    {"svg", "alt", "code", "author", "description", "document_title"}
)
# Kinds of letters that are left out: control, format, surrogate, private, unassigned,
# and the separators of lines and paragraphs.
_UNPRINTED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Format letters that do their work in our own texts: soft hyphen, places (not) to break.
_KEPT: Final = frozenset("\n\u00ad\u200b\u2060")
_NO_LETTER: Final = "\u25a1"


@cache
def _advances(font: str) -> dict[str, float]:
    """Return every letter that a font has, with its width in shares of the size.

    Source: the OpenType specification, tables `head`, `hhea`, `hmtx` and `cmap` (its
    subtable format 4).
    """
    data = (_FONTS / font).read_bytes()

    def number(kind: str, at: int) -> int:
        return int(struct.unpack_from(f">{kind}", data, at)[0])

    tables = {
        data[at : at + 4]: number("I", at + 8)
        for at in range(12, 12 + 16 * number("H", 4), 16)
    }
    em = number("H", tables[b"head"] + 18)
    wide = number("H", tables[b"hhea"] + 34)
    cmap = tables[b"cmap"]
    starts = {
        cmap + number("I", cmap + 8 + 8 * i) for i in range(number("H", cmap + 2))
    }
    widths: dict[str, float] = {}
    for start in starts:
        if number("H", start) != 4:
            continue
        size = number("H", start + 6)
        for at in range(start + 14, start + 14 + size, 2):
            first, last = number("H", at + size + 2), number("H", at)
            delta, away = at + 2 * size + 2, at + 3 * size + 2
            offset = number("H", away)
            for code in range(first, min(last, 0xFFFE) + 1):
                glyph = code + number("H", delta)
                if offset:
                    glyph = number("H", away + offset + 2 * (code - first))
                    glyph += number("H", delta) if glyph else 0
                place = min(glyph % 0x10000, wide - 1)
                widths[chr(code)] = number("H", tables[b"hmtx"] + 4 * place) / em
    return widths


def _printable(text: str) -> str:
    """Return the text with a square in place of letters that the font lacks.

    Without this, one emoji in a project's name would stop the whole report: ua-1
    demands that every letter can be read.
    """
    if text.isascii() and text.isprintable():
        return text
    letters = _advances(_TEXT_FONT)
    shown = []
    for letter in unicodedata.normalize("NFC", text):
        if letter in _KEPT:
            shown.append(letter)
        elif unicodedata.category(letter) not in _UNPRINTED:
            shown.append(letter if letter in letters else _NO_LETTER)
    return "".join(shown)


def _cleaned(value: Any, key: str = "") -> Any:
    """Return the data with printable text only and with places to break long words."""
    if isinstance(value, dict):
        return {k: _cleaned(v, k) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(v, key) for v in value]
    if not isinstance(value, str):
        return value
    value = _printable(value)
    return value if key in _NOT_ON_THE_PAGE else _breakable(value, _LONG_IN_TEXT)


def _breakable(text: str, longest: int) -> str:
    """Return the text with invisible places to break in words longer than `longest`."""
    return re.sub(
        rf"[^\s\u00a0\u200b]{{{longest},}}",
        lambda m: "\u200b".join(re.findall(".{1,10}", m.group())),
        text,
    )


# ------------------------------------------------------------ the document as data


def _document(report: Report) -> dict[str, Any]:
    figures = report.key_figures.items
    return {
        "title": report.title,
        "kicker": report.kicker,
        "document_title": _document_title(report),
        "author": _("Röd tråd"),
        "description": " ".join(text.plain for text in report.lede),
        "lang": report.lang,
        "lede": [asdict(text) for text in report.lede],
        "notice": [asdict(text) for text in report.notice],
        "assumptions": asdict(report.assumptions) if report.assumptions else None,
        "status": asdict(report.status),
        "key_figures": [asdict(item) for item in figures],
        "currency_note": report.currency_note,
        "marks_note": _("Märken vid siffror:"),
        "quality_words": dict(QUALITY_LABELS),
        "footer": _footer(report.meta),
        "colophon": [[label, value] for label, value in report.meta.items()],
        "sections": [
            {
                "number": section.number,
                "title": section.title,
                "lead": [asdict(text) for text in section.lead],
                "blocks": [_block(block) for block in section.blocks],
            }
            for section in report.sections
        ],
    }


def _document_title(report: Report) -> str:
    """Return the title as a list of files shows it: whose plan, then which."""
    name = report.meta.get(_("Kommun"), "")
    if not name or name in report.title:
        return report.title
    return f"{name}: {report.title[:1].lower()}{report.title[1:]}"


def _footer(meta: dict[str, str]) -> str:
    parts = [meta.get(_("Kommun"), "")]
    if version := meta.get(_("Programversion")):
        parts.append(_("Röd tråd {version}").format(version=version))
    if digest := meta.get(_("Underlagets kontrollsumma")):
        parts.append(_("underlagets kontrollsumma {digest}").format(digest=digest[:12]))
    return " · ".join(part for part in parts if part)


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Paragraphs():
            return {"kind": "paragraphs", **asdict(block)}
        case Callout():
            return {
                "kind": "callout",
                "mood": block.kind,
                "texts": [asdict(text) for text in block.texts],
            }
        case ChartBlock():
            figure = block.figure
            drawn: dict[str, Any] = (
                {"kind": "timeline", **_timeline(figure)}
                if figure.kind == "timeline"
                else {"kind": "chart", "pictures": _pictures(figure)}
            )
            return {
                **drawn,
                "title": figure.title,
                "unit": figure.unit,
                "caption": [asdict(text) for text in block.caption],
                "table": _table(figure.table),
            }
        case TableBlock():
            return {"kind": "table", **_table(block)}
        case KeyFigures():
            return {"kind": "key_figures", **asdict(block)}
        case ProjectCards():
            return {
                "kind": "cards",
                "title": block.title,
                "lead": block.lead,
                "unit": block.unit,
                "remark": block.remark,
                "cards": [_card(card) for card in block.cards],
            }
        case Definitions():
            return {"kind": "definitions", **asdict(block)}
        case Command():
            return {"kind": "command", **asdict(block)}


def _card(card: ProjectCard) -> dict[str, Any]:
    facts = [card.alternative]
    if card.start_year is not None:
        facts.append(_("start {year}").format(year=card.start_year))
    if card.in_use_year is not None:
        facts.append(_("i bruk {year}").format(year=card.in_use_year))
    facts += [card.place, *card.tags]
    if card.illustration:
        facts.append(_("betygen är antaganden"))
    lines = [card.description, *card.reasons, card.force, *card.beside]
    return {
        "name": card.name,
        "amount": card.amount,
        "quality": card.quality,
        "answer": card.answer,
        "facts": " · ".join(fact for fact in facts if fact),
        "lines": [line for line in lines if line],
        "source": _("Källa: {source}").format(source=card.source)
        if card.source
        else "",
        "long": sum(map(len, [*lines, card.source])) > _LONG_CARD,
    }


# ------------------------------------------------------------ charts


def _pictures(figure: Figure) -> list[dict[str, str]]:
    parts = pictures_of(figure)
    if len(parts) == 1:
        return [{"svg": parts[0], "alt": figure.alt}]
    return [
        {
            "svg": part,
            "alt": _("{alt} Del {i} av {n}.").format(
                alt=figure.alt, i=index, n=len(parts)
            ),
        }
        for index, part in enumerate(parts, start=1)
    ]


def pictures_of(figure: Figure) -> list[str]:
    """Return the chart as pictures that each fit on a page; one of rows may be cut."""
    rows = len(figure.heat) or len(figure.ranks)
    pictures = [draw(figure, width=760, theme="light")]
    for count in range(2, rows + 1):
        if all(drawn_height(picture) <= PICTURE_HEIGHT for picture in pictures):
            break
        size = -(-rows // count)
        pictures = [
            draw(
                replace(
                    figure,
                    heat=figure.heat[i : i + size],
                    ranks=figure.ranks[i : i + size],
                ),
                width=760,
                theme="light",
            )
            for i in range(0, rows, size)
        ]
    return pictures


def drawn_height(picture: str) -> float:
    """Return how high a picture stands on the page, in points."""
    shown = re.search(r' width="([\d.]+)" height="([\d.]+)"', picture)
    if shown is None:
        msg = "a picture without width and height"
        raise ValueError(msg)
    return float(shown[2]) / float(shown[1]) * _TEXT_WIDTH


# Size of the letters of a timeline and of its years, and the height of a bar's strip.
_ROW_SIZE: Final = 9.0
_YEAR_SIZE: Final = 8.0
_STRIP: Final = 13.0


def _timeline(figure: Figure) -> dict[str, Any]:
    """Return the timeline as a head of years and rows, each with its bar as a picture."""
    bars, years = figure.bars, [int(label) for label in figure.labels]
    amount = 12 + max(
        _text_width(text, _ROW_SIZE)
        for text in [*(b.amount for b in bars), figure.peak]
    )
    name = max(_text_width(bar.label, _ROW_SIZE) for bar in bars) + 8
    name = min(name, 0.42 * _TEXT_WIDTH)
    slot = (_TEXT_WIDTH - name - amount) / len(years)
    every = next(
        k
        for k in range(1, len(years) + 1)
        if k * slot > _text_width("2026", _YEAR_SIZE) + 3 or k == len(years)
    )
    return {
        "alt": figure.alt,
        "size": _ROW_SIZE,
        "year_size": _YEAR_SIZE,
        "name_width": name,
        "amount_width": amount,
        "slot": slot,
        "every": every,
        "years": list(figure.labels),
        "amount_head": figure.peak,
        "legend": [
            {"svg": _picture(22, 14, swatch(role, "light")), "label": label}
            for role, label in legend_items(figure)
        ],
        "rows": [
            {
                "label": _breakable(bar.label, _LONG_IN_CELL),
                "amount": bar.amount,
                "remark": bar.remark if bar.start_year is None else "",
                "svg": "" if bar.start_year is None else _strip(bar, years, slot),
            }
            for bar in bars
        ],
    }


def _strip(bar: Bar, years: Sequence[int], slot: float) -> str:
    """Return the building years as a bar and the year of use as a ring, on one strip."""
    colours = THEMES["light"]
    start = bar.start_year or years[0]
    last = len(years)
    first = min(max(start - years[0], 0), last)
    end = min((start if bar.end_year is None else bar.end_year) - years[0] + 1, last)
    fill = FILLS.get(bar.kind, FILLS["other"])
    middle = _STRIP / 2
    drawn = ""
    if bar.window is not None:
        a, b = years_field(
            bar.window, start if bar.end_year is None else bar.end_year, start, years
        )
        drawn = (
            f'<rect x="{a * slot + 0.6:.2f}" y="{middle - 4.5:.2f}" '
            f'width="{max((b - a) * slot - 1.2, 2):.2f}" height="9" rx="1.8" '
            f'fill="{colours["sunk"]}" stroke="{colours["ctl"]}" stroke-width="0.6" '
            'stroke-dasharray="2 1.4"/>'
        )
    drawn += (
        f'<rect x="{first * slot + 0.6:.2f}" y="{middle - 4.5:.2f}" '
        f'width="{max((end - first) * slot - 1.2, 2):.2f}" height="9" rx="1.8" '
        f'fill="{colours.get(fill, fill)}"/>'
    )
    use = bar.in_use_year
    if use is not None and years[0] <= use <= years[-1] + 1:
        x = min((use - years[0]) * slot, last * slot - 3.6)
        drawn += (
            f'<circle cx="{x:.2f}" cy="{middle:.2f}" r="3.2" fill="{colours["surface"]}" '
            f'stroke="{colours["ink"]}" stroke-width="1.3"/>'
        )
    return _picture(last * slot, _STRIP, drawn)


def _picture(width: float, height: float, drawn: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.2f}" '
        f'height="{height:.2f}">{patterns("light")}{drawn}</svg>'
    )


# ------------------------------------------------------------ tables


def years_across(table: TableBlock) -> TableBlock:
    """Return a table of figures with a row a year as one with a column a year.

    On paper a table under its chart is then as wide as the chart and a few rows high.
    Other tables are returned as they are.
    """
    rows, columns = table.rows, table.columns
    turnable = (
        len(rows) >= 4
        and len(columns) <= len(rows)
        and all(re.fullmatch(r"\d{4}", row.header) for row in rows)
        and not any(row.quality or row.kind != "normal" for row in rows)
        and all(column.align == "right" for column in columns[1:])
    )
    if not turnable:
        return table
    return replace(
        table,
        columns=(
            Column(_("Rad"), "left"),
            *(Column(row.header) for row in rows),
        ),
        rows=tuple(
            Row(
                ", ".join(word for word in (column.label, column.unit) if word),
                tuple(row.cells[i] for row in rows),
            )
            for i, column in enumerate(columns[1:])
        ),
    )


def grouped(table: TableBlock) -> TableBlock:
    """Return a long table whose first column says the same again and again in groups.

    What was its first column becomes the headings, and the other columns get its width.
    Other tables are returned as they are.
    """
    rows, columns = table.rows, table.columns
    if (
        len(rows) <= _WHOLE_ROWS
        or len(columns) < 3
        or columns[1].align != "left"
        or any(row.quality or row.kind != "normal" for row in rows)
    ):
        return table
    told = [(row.header, row) for row in rows]
    parts = [list(part) for _header, part in groupby(told, key=lambda pair: pair[0])]
    if len({part[0][0] for part in parts}) < len(parts) or 2 * len(parts) > len(rows):
        return table
    shown: list[Row] = []
    for part in parts:
        shown.append(Row(part[0][0], (), "group"))
        for _header, row in part:
            first, *others = row.cells
            shown.append(replace(row, header=first.text, cells=tuple(others)))
    return replace(table, columns=columns[1:], rows=tuple(shown))


def on_paper(table: TableBlock) -> TableBlock:
    """Return a table as it is set on paper: the same words and figures, turned to fit."""
    return grouped(years_across(table))


def _table(table: TableBlock) -> dict[str, Any]:
    table = on_paper(table)
    size, pad, groups = _plan_columns(table)
    lengths = _widths(table, size, pad)[2]
    parts = []
    for index, (columns, widths) in enumerate(groups, start=1):
        suffix = ""
        if len(groups) > 1:
            suffix = " " + _("(del {i} av {n})").format(i=index, n=len(groups))
        parts.append(
            {
                "size": size,
                "pad": pad,
                "suffix": suffix,
                "whole": len(table.rows) <= _WHOLE_ROWS
                and _height(
                    widths, [[row[i] for i in columns] for row in lengths], size
                )
                <= _WHOLE_HEIGHT,
                "columns": [
                    {
                        "label": _breakable(table.columns[i].label, _LONG_IN_CELL),
                        "unit": _breakable(table.columns[i].unit, _LONG_IN_CELL),
                        "align": table.columns[i].align,
                        "width": width,
                    }
                    for i, width in zip(columns, widths, strict=True)
                ],
                "rows": [_row(row, columns) for row in table.rows],
            }
        )
    return {
        "title": table.title,
        "subtitle": table.subtitle,
        "note": table.note,
        "parts": parts,
    }


def _row(row: Row, columns: Sequence[int]) -> dict[str, Any]:
    cells = [row.cells[i - 1] for i in columns[1:]] if row.kind != "group" else []
    return {
        "header": _breakable(row.header, _LONG_IN_CELL),
        "kind": row.kind,
        "quality": row.quality,
        "cells": [
            {
                "text": _breakable(cell.text, _LONG_IN_CELL),
                "quality": cell.quality,
                "mood": cell.mood,
            }
            for cell in cells
        ],
        "long": any(
            len(text) > _LONG_TEXT
            for text in [row.header, *(cell.text for cell in cells)]
        ),
    }


_Group = tuple[list[int], list[float]]


def _plan_columns(table: TableBlock) -> tuple[float, float, list[_Group]]:
    """Return letter size, air and the columns of each part with widths in points.

    First choice is one part in the largest size that does not make the table much
    higher than smaller letters, not under 8 pt, would; last the columns are dealt out evenly on parts that each repeat the first column.
    """
    size, pad = _TABLE_SIZES[-1]
    fitting: list[tuple[float, float, float, list[float]]] = []
    for size, pad in _TABLE_SIZES:
        least, natural, lengths = _widths(table, size, pad)
        if sum(least) <= _TEXT_WIDTH:
            widths = _share_out(least, natural, lengths)
            fitting.append((_height(widths, lengths, size), size, pad, widths))
    if fitting:
        lowest = min(height for height, *_rest in fitting)
        for height, size, pad, widths in fitting:
            if height <= _MUCH_HIGHER * lowest:
                return size, pad, [(list(range(len(widths))), widths)]
    size, pad = _TABLE_SIZES[1]
    least, natural, lengths = _widths(table, size, pad)
    rest = list(range(1, len(least)))
    groups: list[list[int]] = []
    for count in range(2, len(rest) + 1):
        length = -(-len(rest) // count)
        groups = [[0, *rest[i : i + length]] for i in range(0, len(rest), length)]
        if all(sum(least[i] for i in group) <= _TEXT_WIDTH for group in groups):
            break
    return (
        size,
        pad,
        [
            (
                group,
                _share_out(
                    [least[i] for i in group],
                    [natural[i] for i in group],
                    [[row[i] for i in group] for row in lengths],
                ),
            )
            for group in groups
        ],
    )


# A table this much higher in larger letters is set in smaller ones.
_MUCH_HIGHER: Final = 1.3


def _height(
    widths: Sequence[float], lengths: Sequence[Sequence[float]], size: float
) -> float:
    """Return about how high a table's rows stand, in points."""
    return sum(
        7.2
        + 1.2 * size * max(math.ceil(x / w) for x, w in zip(row, widths, strict=True))
        for row in lengths
    )


# In a table of few columns a column of words is never a single word wide.
_FEW_COLUMNS = 6
_READABLE = 70.0


def _widths(
    table: TableBlock, size: float, pad: float
) -> tuple[list[float], list[float], list[list[float]]]:
    """Return the least and the natural width of each column, and of each row's cells.

    Padding is included. Figures have no-break blanks and do not wrap; words wrap between words.
    """
    rows = [row for row in table.rows if row.kind != "group"]
    least, natural, across = [], [], []
    for i, column in enumerate(table.columns):
        texts = [row.header if i == 0 else row.cells[i - 1].text for row in rows]
        marks = {row.quality if i == 0 else row.cells[i - 1].quality for row in rows}
        extra = 2 * pad + (size * _MARK_WIDTH if marks - {""} else 0)
        heads = [column.label, column.unit]
        words = [
            word
            for text in [*texts, *heads]
            for word in re.split("[ \u200b]", _breakable(text, _LONG_IN_CELL))
        ]
        word = max((_text_width(word, size) for word in words), default=0.0)
        line = max((_text_width(text, size) for text in [*texts, *heads]), default=0.0)
        if len(table.columns) <= _FEW_COLUMNS:
            word = max(word, min(line, _READABLE))
        least.append(max(word, 16.0) + extra)
        natural.append(max(line, 16.0) + extra)
        across.append([_text_width(text, size) + extra for text in texts])
    return least, natural, [list(row) for row in zip(*across, strict=True)]


# How much width is dealt out at a time, in points.
_WIDTH_STEP: Final = 4.0


def _share_out(
    least: Sequence[float],
    natural: Sequence[float],
    lengths: Sequence[Sequence[float]],
) -> list[float]:
    """Return widths from the least up, dealt out so that the table becomes low.

    A row is as high as its longest cell. Each step goes to the column that saves the
    most lines over all rows; a column that holds its longest text takes no more.

    Args:
        least: the width of the longest word of each column.
        natural: the width at which nothing in a column wraps.
        lengths: the width of each text unbroken, row by row.
    """
    widths = list(least)
    while _TEXT_WIDTH - sum(widths) >= 1:
        wanting = {i for i, x in enumerate(widths) if natural[i] - x > 0.5}
        if not wanting:
            break
        gains = dict.fromkeys(wanting, 0.0)
        for row in lengths:
            lines = [max(x / width, 1.0) for x, width in zip(row, widths, strict=True)]
            longest = max(range(len(lines)), key=lines.__getitem__)
            if longest in gains and lines[longest] > 1:
                gains[longest] += lines[longest] / widths[longest]
        best = max(sorted(wanting), key=lambda i: gains[i])
        if gains[best] <= 0:
            best = max(sorted(wanting), key=lambda i: natural[i] - widths[i])
        step = min(_WIDTH_STEP, natural[best] - widths[best])
        widths[best] += min(step, _TEXT_WIDTH - sum(widths))
    # Everything fits: spread a little, so that columns of figures do not crowd.
    air = min((_TEXT_WIDTH - sum(widths)) / len(widths), 14.0)
    return [x + max(air, 0.0) for x in widths]


# Width of a quality mark with the air before it, in shares of the letter size.
_MARK_WIDTH: Final = 0.95


def _text_width(text: str, size: float) -> float:
    widths = _advances(_WIDE_FONT)
    unknown = widths["m"]
    return size * sum(0 if x in _KEPT else widths.get(x, unknown) for x in text)
