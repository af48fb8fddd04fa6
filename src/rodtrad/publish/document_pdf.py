"""How does the report look on paper? The same `Report` as the web page, as a PDF.

Typst sets the pages (document_pdf.typ); texts reach it as JSON strings, never as
markup. This file decides what the page cannot: how wide columns are, where a table of
many years is split, and what stands in for a letter that no font has. Leaves out what
the report says (content) and how charts are drawn (svg).
"""

from __future__ import annotations

import json
import re
import struct
import unicodedata
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

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
from rodtrad.publish.svg import draw

if TYPE_CHECKING:
    from collections.abc import Sequence

_T = TypeVar("_T")

_TEMPLATE: Final = Path(__file__).parent / "document_pdf.typ"
_FONTS: Final = Path(__file__).parent / "static" / "fonts" / "print"

# A4 less the margins of the template, in points.
_TEXT_WIDTH: Final = 467.0
# Letter size and air beside a column's text, in the order they are tried.
_TABLE_SIZES: Final = ((9.0, 3.5), (9.0, 2.5), (8.5, 2.2), (8.0, 2.0))
# Rows of a timeline or heat strip on one page.
_CHART_ROWS: Final = 40
# A row with a longer text than this may break over pages.
_LONG_TEXT: Final = 900
# A table with at most so many rows is kept on one page.
_WHOLE_ROWS: Final = 18
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
_NOT_ON_THE_PAGE: Final = frozenset({"svg", "alt", "code", "author", "description"})
# Kinds of letters that are left out: control, format, surrogate, private, unassigned,
# and the separators of lines and paragraphs.
_UNPRINTED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Format letters that do their work in our own texts: soft hyphen, places (not) to break.
_KEPT: Final = frozenset("\n\u00ad\u200b\u2060")
_NO_LETTER: Final = "\u25a1"


@cache
def _letters() -> frozenset[str]:
    """Return every letter that the text font has, from its `cmap` table (format 4).

    Source: the OpenType specification, tables `cmap` and its subtable format 4.
    """
    font = (_FONTS / "SourceSans3-Regular.otf").read_bytes()
    (count,) = struct.unpack_from(">H", font, 4)
    records = [struct.unpack_from(">4sIII", font, 12 + 16 * i) for i in range(count)]
    [start] = [offset for tag, _sum, offset, _length in records if tag == b"cmap"]
    (count,) = struct.unpack_from(">H", font, start + 2)
    found: set[str] = set()
    for index in range(count):
        _platform, _encoding, offset = struct.unpack_from(
            ">HHI", font, start + 4 + 8 * index
        )
        table = start + offset
        form, _length, _language, twice = struct.unpack_from(">4H", font, table)
        if form != 4:
            continue
        segments = twice // 2
        ends = struct.unpack_from(f">{segments}H", font, table + 14)
        starts = struct.unpack_from(f">{segments}H", font, table + 16 + twice)
        for first, last in zip(starts, ends, strict=True):
            found.update(map(chr, range(first, last + 1)))
    return frozenset(found - {"\uffff"})


def _printable(text: str) -> str:
    """Return the text with a square in place of letters that the font lacks.

    Without this, one emoji in a project's name would stop the whole report: ua-1
    demands that every letter can be read.
    """
    if text.isascii() and text.isprintable():
        return text
    letters = _letters()
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
        "author": report.meta.get(_("Kommun"), ""),
        "description": " ".join(text.plain for text in report.lede),
        "lang": report.lang,
        "lede": [asdict(text) for text in report.lede],
        "notice": [asdict(text) for text in report.notice],
        "status": asdict(report.status),
        "key_figures": [asdict(item) for item in figures],
        "currency_note": report.currency_note,
        "marks_note": _("Märken vid siffror:"),
        "quality_words": QUALITY_LABELS,
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
            return {
                "kind": "chart",
                "title": figure.title,
                "unit": figure.unit,
                "pictures": _pictures(figure),
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
    lines = [card.description, *card.reasons, card.force]
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
        "long": sum(map(len, lines)) > _LONG_TEXT,
    }


def _pictures(figure: Figure) -> list[dict[str, str]]:
    parts = _chart_parts(figure)
    pictures = []
    for index, part in enumerate(parts, start=1):
        alt = figure.alt
        if len(parts) > 1:
            alt = _("{alt} Del {i} av {n}.").format(alt=alt, i=index, n=len(parts))
        pictures.append({"svg": draw(part, width=760, theme="light"), "alt": alt})
    return pictures


def _chart_parts(figure: Figure) -> list[Figure]:
    """Return the chart in pieces that each fit on a page."""
    if figure.kind == "timeline":
        return [replace(figure, bars=rows) for rows in _evenly(figure.bars)]
    if figure.kind == "heat":
        return [replace(figure, heat=rows) for rows in _evenly(figure.heat)]
    return [figure]


def _evenly(rows: tuple[_T, ...]) -> list[tuple[_T, ...]]:
    count = max(1, -(-len(rows) // _CHART_ROWS))
    size = max(1, -(-len(rows) // count))
    return [rows[i : i + size] for i in range(0, len(rows), size)] or [rows]


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


def _table(table: TableBlock) -> dict[str, Any]:
    table = years_across(table)
    size, pad, groups = _plan_columns(table)
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
                "whole": len(table.rows) <= _WHOLE_ROWS,
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

    First choice is one part in the largest size; then smaller letters, not under 8 pt;
    last the columns are dealt out evenly on parts that each repeat the first column.
    """
    size, pad = _TABLE_SIZES[-1]
    least: list[float] = []
    natural: list[float] = []
    for size, pad in _TABLE_SIZES:
        least, natural = _widths(table, size, pad)
        if sum(least) <= _TEXT_WIDTH:
            everything = list(range(len(least)))
            return size, pad, [(everything, _share_out(least, natural))]
    size, pad = _TABLE_SIZES[1]
    least, natural = _widths(table, size, pad)
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
                _share_out([least[i] for i in group], [natural[i] for i in group]),
            )
            for group in groups
        ],
    )


# In a table of few columns a column of words is never a single word wide.
_FEW_COLUMNS = 6
_READABLE = 70.0


def _widths(
    table: TableBlock, size: float, pad: float
) -> tuple[list[float], list[float]]:
    """Return the least and the natural width of each column, padding included.

    Figures have no-break blanks and do not wrap; words wrap between words.
    """
    rows = [row for row in table.rows if row.kind != "group"]
    least, natural = [], []
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
    return least, natural


def _share_out(least: Sequence[float], natural: Sequence[float]) -> list[float]:
    """Return widths from the least up, where columns of words share what is left.

    The square root keeps a column of long sentences from taking all of it.
    """
    widths = list(least)
    for _round in range(len(widths)):
        wanting = [i for i, x in enumerate(widths) if natural[i] - x > 0.5]
        spare = _TEXT_WIDTH - sum(widths)
        if not wanting or spare < 1:
            break
        roots = {i: (natural[i] - widths[i]) ** 0.5 for i in wanting}
        for i in wanting:
            share = spare * roots[i] / sum(roots.values())
            widths[i] += min(share, natural[i] - widths[i])
    # Everything fits: spread a little, so that columns of figures do not crowd.
    air = min((_TEXT_WIDTH - sum(widths)) / len(widths), 14.0)
    return [x + max(air, 0.0) for x in widths]


# Widths of letters in thousandths of the size (semibold, the widest used).
_MARK_WIDTH: Final = 0.95
_NARROW: Final = {
    **dict.fromkeys(" \u00a0", 200),
    **dict.fromkeys(",.:;'il|!jI()", 290),
    **dict.fromkeys("0123456789\u2212", 515),
}
_WIDE: Final = {**dict.fromkeys("mwMW@%\u2014", 850)}


def _text_width(text: str, size: float) -> float:
    return (
        sum(
            _NARROW.get(x) or _WIDE.get(x) or (640 if x.isupper() else 535)
            for x in text
        )
        * size
        / 1000
    )
