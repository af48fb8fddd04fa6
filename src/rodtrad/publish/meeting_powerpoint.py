"""How do slides look in PowerPoint? Wide, light, with the thread and editable content.

Title, subject and text are placeholders of the layouts, so that the outline, screen
readers and another template work; charts and tables are native. No text is under 18
points. What does not fit is left to the notes and said to be. Leaves out what the slides
say (meeting_slides) and how figures become charts (meeting_charts).
"""

from __future__ import annotations

import io
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import quoteattr

from pptx import Presentation
from pptx.enum.dml import MSO_PATTERN
from pptx.enum.shapes import MSO_CONNECTOR, MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Emu, Inches, Pt

from rodtrad.domain.words import QUALITY_LABELS, _, number
from rodtrad.publish.meeting import clean
from rodtrad.publish.meeting_charts import INK, INK2, LINE, SMALLEST, add_chart, rgb
from rodtrad.publish.meeting_package import stable
from rodtrad.publish.meeting_slides import STAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.publish.blocks import KeyFigures, TableBlock
    from rodtrad.publish.meeting_slides import Slide

_CREATED: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - a file has no time zone
_SERIF: Final = "Georgia"
_SANS: Final = "Calibri"
_GROUND: Final = "FAF8F4"
_THREAD: Final = "C3172F"
_CONTROL: Final = "767E8A"
_WARN: Final = "8F4A00"
_WARN_GROUND: Final = "FBEBD8"
# Dark 1, light 1, dark 2, light 2, six accents and two link colours of the theme.
_THEME: Final = {
    "dk1": INK,
    "lt1": "FFFFFF",
    "dk2": INK2,
    "lt2": _GROUND,
    "accent1": "1D4E7E",
    "accent2": "C2830F",
    "accent3": "4E93C9",
    "accent4": "6D7683",
    "accent5": "8A5A00",
    "accent6": _THREAD,
    "hlink": "14568C",
    "folHlink": "4C5664",
}
# Inches.
_WIDE, _HIGH = 13.333, 7.5
_LEFT, _TEXT = 0.6, 12.13
_KICKER, _TITLE, _SUBTITLE, _CONTENT, _FOOT = 0.28, 0.66, 1.72, 2.14, 6.72
_THREAD_Y: Final = 7.08
_BODY: Final = 24
_TITLE_SIZE: Final = 28
_TITLE_LEAST: Final = 24
_TITLE_LETTERS: Final = 150
_TITLE_LINES: Final = 2
# Widths of a letter and heights of a line, as shares of the size of the type.
_LETTER: Final = 0.49
_SERIF_LETTER: Final = 0.56
_LINE: Final = 1.2
_KICKER_SLOT, _TEXT_SLOT, _UNIT_SLOT = 13, 1, 14


def render_powerpoint(slides: Sequence[Slide], title: str) -> bytes:
    """Return the slides as a PowerPoint file. Equal slides give equal bytes."""
    deck = Presentation()
    layouts = _template(deck)
    for slide in slides:
        kind = "first" if slide.first else "content"
        _slide(deck, layouts[kind], slide)
    core = deck.core_properties
    core.title = clean(title, 200)
    core.author = core.last_modified_by = "Röd tråd"
    core.language = "sv-SE"
    core.created = core.modified = _CREATED
    made = io.BytesIO()
    deck.save(made)
    return stable(made.getvalue())


# ---------------------------------------------------------------- the template


def _template(deck: Any) -> dict[str, Any]:
    """Make the library's blank template ours: wide, our colours, two layouts."""
    deck.slide_width, deck.slide_height = Inches(_WIDE), Inches(_HIGH)
    master = deck.slide_master
    _theme(master)
    for layout in list(deck.slide_layouts)[7:]:
        deck.slide_layouts.remove(layout)
    for layout in list(deck.slide_layouts)[1:5]:
        deck.slide_layouts.remove(layout)
    for layout in list(deck.slide_layouts)[2:]:
        deck.slide_layouts.remove(layout)
    first, content = deck.slide_layouts
    first.name, content.name = _("Första bilden"), _("Rubrik och innehåll")
    for part in (master, first, content):
        _ground(part)
        _language(part._element)
    _master(master)
    for layout in (first, content):
        _layout(layout, layout is first)
    return {"first": first, "content": content}


def _theme(master: Any) -> None:
    """Put our colours and fonts in the theme, so that charts and tables follow."""
    part = next(
        rel.target_part
        for rel in master.part.rels.values()
        if rel.reltype.endswith("/theme")
    )
    text = part.blob.decode("utf-8")
    for slot, colour in _THEME.items():
        text = re.sub(
            rf"(<a:{slot}>).*?(</a:{slot}>)",
            rf'\g<1><a:srgbClr val="{colour}"/>\g<2>',
            text,
            flags=re.DOTALL,
        )
    for slot, font in (("majorFont", _SERIF), ("minorFont", _SANS)):
        text = re.sub(
            rf'(<a:{slot}>\s*<a:latin typeface=")[^"]*', rf"\g<1>{font}", text
        )
    part._blob = text.encode("utf-8")


def _ground(part: Any) -> None:
    part.background.fill.solid()
    part.background.fill.fore_color.rgb = rgb(_GROUND)


def _language(element: Any) -> None:
    """Mark every text as Swedish."""
    for name in ("a:rPr", "a:defRPr", "a:endParaRPr"):
        for properties in element.iter(qn(name)):
            properties.set("lang", "sv-SE")


def _put(shape: Any, left: float, top: float, width: float, height: float) -> None:
    shape.left, shape.top = Inches(left), Inches(top)
    shape.width, shape.height = Inches(width), Inches(height)


def _master(master: Any) -> None:
    for shape in list(master.placeholders):
        kind = shape.placeholder_format.type.name
        if kind == "TITLE":
            _put(shape, _LEFT, _TITLE, _TEXT, 1.0)
        elif kind == "BODY":
            _put(shape, _LEFT, _CONTENT, _TEXT, _FOOT - _CONTENT)
        elif kind == "SLIDE_NUMBER":
            _put(shape, _LEFT + _TEXT - 1.0, _THREAD_Y - 0.22, 1.0, 0.44)
        else:
            shape._element.getparent().remove(shape._element)
    styles = master._element.find(qn("p:txStyles"))
    for name, size, colour in (
        ("p:titleStyle", _TITLE_SIZE, INK),
        ("p:bodyStyle", _BODY, INK),
    ):
        for level in styles.find(qn(name)):
            if not level.tag.startswith(qn("a:lvl1pPr")[:-6]):
                continue
            properties = level.find(qn("a:defRPr"))
            if properties is None:
                continue
            level.set("algn", "l")
            level.set("marL", "0")
            level.set("indent", "0")
            for bullet in ("a:buChar", "a:buFont", "a:buNone"):
                for found in level.findall(qn(bullet)):
                    level.remove(found)
            properties.addprevious(parse_xml(f"<a:buNone {nsdecls('a')}/>"))
            properties.set("sz", str(size * 100))
            properties.set("b", "1" if name == "p:titleStyle" else "0")
            for fill in properties.findall(qn("a:solidFill")):
                properties.remove(fill)
            properties.insert(0, _solid(colour))


def _solid(colour: str) -> Any:
    return parse_xml(
        f"<a:solidFill {nsdecls('a')}><a:srgbClr val='{colour}'/></a:solidFill>"
    )


def _layout(layout: Any, first: bool) -> None:
    """Place the layout's placeholders, and add those for the subject and the unit."""
    for shape in list(layout.placeholders):
        kind = shape.placeholder_format.type.name
        if kind in ("TITLE", "CENTER_TITLE"):
            _put(shape, _LEFT, *((2.0, _TEXT, 1.1) if first else (_TITLE, _TEXT, 1.0)))
            shape._element.nvSpPr.nvPr.find(qn("p:ph")).set("type", "title")
            shape.text_frame.vertical_anchor = MSO_ANCHOR.TOP
        elif kind == "SLIDE_NUMBER":
            _put(shape, _LEFT + _TEXT - 1.0, _THREAD_Y - 0.22, 1.0, 0.44)
            for properties in shape._element.iter(qn("a:rPr"), qn("a:defRPr")):
                properties.set("sz", str(SMALLEST * 100))
                for fill in properties.findall(qn("a:solidFill")):
                    properties.remove(fill)
                properties.insert(0, _solid(INK2))
            paragraph = shape.text_frame.paragraphs[0]
            paragraph.alignment = PP_ALIGN.RIGHT
            for run in paragraph._p.iter(qn("a:fld")):
                run.get_or_add_rPr().set("sz", str(SMALLEST * 100))
        else:
            shape._element.getparent().remove(shape._element)
    tree = layout.shapes._spTree
    slots = [
        (
            _KICKER_SLOT,
            _("Ämne"),
            _LEFT,
            1.5 if first else _KICKER,
            _TEXT,
            0.4,
            SMALLEST,
        ),
        (
            _TEXT_SLOT,
            _("Text"),
            _LEFT,
            3.3 if first else _CONTENT,
            _TEXT,
            2.5 if first else _FOOT - _CONTENT,
            _BODY,
        ),
    ]
    if not first:
        slots.append((_UNIT_SLOT, _("Enhet"), _LEFT, _SUBTITLE, _TEXT, 0.4, SMALLEST))
    for index, name, left, top, width, height, size in slots:
        colour = INK if size == _BODY else INK2
        tree.append(
            parse_xml(
                f"<p:sp {nsdecls('p', 'a')}><p:nvSpPr>"
                f"<p:cNvPr id='{20 + index}' name={quoteattr(name)}/>"
                "<p:cNvSpPr><a:spLocks noGrp='1'/></p:cNvSpPr>"
                f"<p:nvPr><p:ph type='body' sz='quarter' idx='{index}'/></p:nvPr>"
                "</p:nvSpPr><p:spPr><a:xfrm>"
                f"<a:off x='{Inches(left)}' y='{Inches(top)}'/>"
                f"<a:ext cx='{Inches(width)}' cy='{Inches(height)}'/></a:xfrm></p:spPr>"
                "<p:txBody><a:bodyPr lIns='0' rIns='0' tIns='0' bIns='0'>"
                "<a:noAutofit/></a:bodyPr><a:lstStyle><a:lvl1pPr>"
                f"<a:spcBef><a:spcPts val='{600 if size == _BODY else 0}'/></a:spcBef>"
                f"<a:defRPr lang='sv-SE' sz='{size * 100}'><a:solidFill>"
                f"<a:srgbClr val='{colour}'/></a:solidFill></a:defRPr></a:lvl1pPr>"
                "</a:lstStyle><a:p><a:endParaRPr lang='sv-SE'/></a:p></p:txBody></p:sp>"
            )
        )
    for shape in layout.placeholders:
        body = shape._element.txBody.find(qn("a:bodyPr"))
        for side in ("lIns", "rIns"):
            body.set(side, "0")


# ---------------------------------------------------------------- one slide


def _slide(deck: Any, layout: Any, content: Slide) -> None:
    slide = deck.slides.add_slide(layout)
    title, size = _title(content.title)
    slide.shapes.title.text_frame.text = title
    if size != _TITLE_SIZE:
        slide.shapes.title.text_frame.paragraphs[0].runs[0].font.size = Pt(size)
    slots = {s.placeholder_format.idx: s for s in slide.placeholders}
    slots[_KICKER_SLOT].text_frame.text = clean(content.kicker, 110)
    top = _CONTENT
    if _UNIT_SLOT in slots:
        top = _unit(slots[_UNIT_SLOT], content.subtitle)
    bottom = _FOOT
    if content.remark:
        bottom -= _remark(slide, content.remark)
    left_over: list[str] = []
    body = slots[_TEXT_SLOT]
    if content.key_figures is not None:
        top = _key_figures(slide, content.key_figures, top)
    if content.texts:
        room = bottom - top if content.table is None else (bottom - top) * 0.55
        shown, left_over = fitting(
            content.texts, _TEXT, room if not content.first else 2.6
        )
        _write(body, shown)
        if not content.first:
            height = sum(_height(t) for t in shown)
            _put(body, _LEFT, top, _TEXT, max(height, 0.5))
            top += height + 0.15
    else:
        body._element.getparent().remove(body._element)
    box = (Inches(_LEFT), Inches(top), Inches(_TEXT), Inches(bottom - top))
    if content.figure is not None:
        add_chart(slide, content.figure, box)
    elif content.table is not None:
        left_over += _table(slide, content.table, content.widths, top, bottom)
    _thread(slide, content.stage, content.first)
    _slide_number(slide, layout)
    notes = slide.notes_slide.notes_text_frame
    notes.text = "\n".join(clean(t) for t in [*content.notes, *left_over])
    _language(slide.notes_slide._element)
    for paragraph in slide._element.iter(qn("a:r"), qn("a:fld")):
        paragraph.get_or_add_rPr().set("lang", "sv-SE")
    _language(slide._element)


def _title(text: str) -> tuple[str, int]:
    """Return a title that stands on two lines, and its size: smaller, then cut."""
    shown = clean(text)
    for size in (_TITLE_SIZE, _TITLE_LEAST):
        if _lines(shown, _TEXT, size, _SERIF_LETTER) <= _TITLE_LINES:
            return shown, size
    for letters in range(_TITLE_LETTERS, 20, -10):
        shown = clean(text, letters)
        if _lines(shown, _TEXT, _TITLE_LEAST, _SERIF_LETTER) <= _TITLE_LINES:
            break
    return shown, _TITLE_LEAST


def _lines(text: str, inches: float, size: float, letter: float = _LETTER) -> int:
    """Return on how many lines a text stands at a width, with some air."""
    across = max(int(inches * 72 / (size * letter)), 1)
    lines, used = 1, 0
    for word in text.split(" "):
        length = len(word)
        if used and used + 1 + length > across:
            lines, used = lines + 1, 0
        lines += max(length - 1, 0) // across
        used += length % across + (1 if used else 0)
    return lines


def _height(text: str, inches: float = _TEXT, size: float = _BODY) -> float:
    """Return the height of a paragraph in inches, with the air before it."""
    return _lines(text, inches, size) * size * _LINE / 72 + 6 / 72


def fitting(
    texts: Sequence[str], inches: float, room: float
) -> tuple[list[str], list[str]]:
    """Return the texts that fit a height (inches), and those left to the notes.

    Where some are left, the last shown says so.
    """
    whole = [clean(t) for t in texts]
    if sum(_height(t, inches) for t in whole) <= room:
        return whole, []
    last = _("Mer står i anteckningarna.")
    room -= _height(last, inches)
    shown: list[str] = []
    for i, text in enumerate(whole):
        if shown and _height(text, inches) > room:
            return [*shown, last], whole[i:]
        if _height(text, inches) > room:
            text = clean(text, max(int(room / 0.4) * 70, 70))
        room -= _height(text, inches)
        shown.append(text)
    return shown, []


def _write(shape: Any, texts: Sequence[str]) -> None:
    frame = shape.text_frame
    frame.text = texts[0] if texts else ""
    for text in texts[1:]:
        frame.add_paragraph().text = text


def _unit(shape: Any, text: str) -> float:
    """Write the line under the title; return where the content begins."""
    if not text:
        shape._element.getparent().remove(shape._element)
        return _CONTENT - 0.2
    lines = min(_lines(text, _TEXT, SMALLEST), 2)
    across = int(_TEXT * 72 / (SMALLEST * _LETTER))
    shape.text_frame.text = clean(text, 2 * across - 4)
    _put(shape, _LEFT, _SUBTITLE, _TEXT, 0.32 * lines)
    return _SUBTITLE + 0.32 * lines + 0.12


def _remark(slide: Any, text: str) -> float:
    """Write a small text at the bottom; return its height."""
    lines = min(_lines(text, _TEXT, SMALLEST), 3)
    across = int(_TEXT * 72 / (SMALLEST * _LETTER))
    height = lines * SMALLEST * _LINE / 72 + 0.1
    shape = slide.shapes.add_textbox(
        Inches(_LEFT), Inches(_FOOT - height), Inches(_TEXT), Inches(height)
    )
    frame = shape.text_frame
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = frame.margin_top = Emu(0)
    run = frame.paragraphs[0].add_run()
    run.text = clean(text, 3 * across - 6)
    run.font.size = Pt(SMALLEST)
    run.font.color.rgb = rgb(INK2)
    return height


def _key_figures(slide: Any, figures: KeyFigures, top: float) -> float:
    """Write the four large figures in a row; return where the rest begins."""
    count = max(len(figures.items), 1)
    width = _TEXT / count
    for i, item in enumerate(figures.items):
        shape = slide.shapes.add_textbox(
            Inches(_LEFT + i * width), Inches(top), Inches(width - 0.2), Inches(1.7)
        )
        frame = shape.text_frame
        frame.word_wrap = True
        frame.margin_left = frame.margin_right = Emu(0)
        mark = f" ({QUALITY_LABELS[item.quality]})" if item.quality else ""
        for j, runs in enumerate(
            (
                ((item.label, SMALLEST, INK2, False),),
                (
                    (item.text, 32, INK, True),
                    (f"\u00a0{item.unit}".rstrip(), SMALLEST, INK, False),
                ),
                ((item.note + mark, SMALLEST, INK2, False),),
            )
        ):
            paragraph = frame.add_paragraph() if j else frame.paragraphs[0]
            for text, size, colour, large in runs:
                run = paragraph.add_run()
                run.text = clean(text)
                run.font.size = Pt(size)
                run.font.color.rgb = rgb(colour)
                if large:
                    run.font.name, run.font.bold = _SERIF, True
    return top + 1.95


# ---------------------------------------------------------------- tables

_CELL_PADDING: Final = 0.08


def _table(
    slide: Any,
    table: TableBlock,
    shares: Sequence[float],
    top: float,
    bottom: float,
) -> list[str]:
    """Add a native table with the rows that fit; return the rows left to the notes."""
    rows = [r for r in table.rows if r.cells]
    widths = [share * _TEXT for share in shares]
    heads = [f"{c.label} ({c.unit})" if c.unit else c.label for c in table.columns]
    texts = [[clean(h) for h in heads]]
    texts += [
        [
            _short(t, w)
            for t, w in zip((r.header, *(c.text for c in r.cells)), widths, strict=True)
        ]
        for r in rows
    ]
    heights = [
        max(
            _lines(t, w - 2 * _CELL_PADDING, SMALLEST)
            for t, w in zip(line, widths, strict=True)
        )
        * SMALLEST
        * _LINE
        / 72
        + 0.1
        for line in texts
    ]
    room = bottom - top - heights[0]
    remark = 0.36
    fits = 0
    while fits < len(rows) and sum(heights[1 : fits + 2]) <= room - (
        remark if fits + 1 < len(rows) else 0
    ):
        fits += 1
    fits = max(fits, 1) if rows else 0
    frame = slide.shapes.add_table(
        fits + 1,
        len(widths),
        Inches(_LEFT),
        Inches(top),
        Inches(_TEXT),
        Inches(sum(heights[: fits + 1])),
    )
    described = frame._element.nvGraphicFramePr.cNvPr
    described.set("descr", f"{clean(table.title)}. {clean(table.subtitle)}")
    frame.name = clean(table.title, 100)
    made = frame.table
    made.horz_banding = False
    made.first_col = False
    for j, width in enumerate(widths):
        made.columns[j].width = Inches(width)
    for i in range(fits + 1):
        made.rows[i].height = Inches(heights[i])
        for j, column in enumerate(table.columns):
            cell = made.cell(i, j)
            cell.margin_left = cell.margin_right = Inches(_CELL_PADDING)
            cell.margin_top = cell.margin_bottom = Inches(0.04)
            cell.vertical_anchor = MSO_ANCHOR.TOP
            paragraph = cell.text_frame.paragraphs[0]
            run = paragraph.add_run()
            run.text = texts[i][j]
            run.font.size = Pt(SMALLEST)
            paragraph.alignment = (
                PP_ALIGN.RIGHT if column.align == "right" else PP_ALIGN.LEFT
            )
            if i == 0:
                continue
            run.font.color.rgb = rgb(INK)
            cell.fill.solid()
            cell.fill.fore_color.rgb = rgb("FFFFFF")
            if j and rows[i - 1].cells[j - 1].mood == "missed":
                cell.fill.patterned()
                cell.fill.pattern = MSO_PATTERN.LIGHT_UPWARD_DIAGONAL
                cell.fill.fore_color.rgb = rgb("E9C9A0")
                cell.fill.back_color.rgb = rgb(_WARN_GROUND)
                run.font.color.rgb = rgb(_WARN)
    rest = rows[fits:]
    if rest:
        _more(slide, len(rest), top + sum(heights[: fits + 1]))
    return [
        f"{row.header}: {', '.join(c.text for c in row.cells if c.text)}"
        for row in rest
    ][:_NOTED]


# So many of the rows that do not fit are told in the notes.
_NOTED: Final = 40


def _short(text: str, inches: float) -> str:
    """Return a cell's text on at most four lines."""
    across = max(int((inches - 2 * _CELL_PADDING) * 72 / (SMALLEST * _LETTER)), 8)
    return clean(text, 4 * across - 6)


def _more(slide: Any, count: int, top: float) -> None:
    shape = slide.shapes.add_textbox(
        Inches(_LEFT), Inches(top), Inches(_TEXT), Inches(0.36)
    )
    frame = shape.text_frame
    frame.word_wrap = True
    frame.margin_left = Emu(0)
    run = frame.paragraphs[0].add_run()
    run.text = _("Och {n} till, som står i anteckningarna och i rapporten.").format(
        n=number(count)
    )
    run.font.size = Pt(SMALLEST)
    run.font.color.rgb = rgb(INK2)


# ---------------------------------------------------------------- the thread


def _thread(slide: Any, stage: int, first: bool) -> None:
    """Draw the thread with six knots: filled when passed, a ring here, grey later."""
    group = slide.shapes.add_group_shape()
    left, width = _LEFT + 0.1, _TEXT - 1.6
    step = width / (len(STAGES) - 1)
    until = left + width if stage == 0 else left + (stage - 1) * step
    for start, end, colour in (
        (left, until, _THREAD),
        (until, left + width, LINE),
    ):
        if end - start < 0.01:
            continue
        line = group.shapes.add_connector(
            MSO_CONNECTOR.STRAIGHT,
            Inches(start),
            Inches(_THREAD_Y),
            Inches(end),
            Inches(_THREAD_Y),
        )
        line.line.color.rgb = rgb(colour)
        line.line.width = Pt(2)
    for i in range(len(STAGES)):
        here = stage == i + 1
        later = 0 < stage < i + 1
        size = 0.2 if here else 0.16
        knot = group.shapes.add_shape(
            MSO_SHAPE.OVAL,
            Inches(left + i * step - size / 2),
            Inches(_THREAD_Y - size / 2),
            Inches(size),
            Inches(size),
        )
        knot.shadow.inherit = False
        knot.fill.solid()
        knot.fill.fore_color.rgb = rgb(_GROUND if here or later else _THREAD)
        knot.line.color.rgb = rgb(_CONTROL if later else _THREAD)
        knot.line.width = Pt(2.5 if here else 1.5)
        if first:
            _knot_name(slide, _(STAGES[i]), left + i * step, i)
    group.name = _("Röda tråden")
    described = group._element.nvGrpSpPr.cNvPr
    described.set(
        "descr",
        _("Röda tråden, hela vägen från behov till uppföljning")
        if stage == 0
        else _("Röda tråden, steg {i} av {n}: {name}").format(
            i=stage, n=len(STAGES), name=_(STAGES[stage - 1])
        ),
    )


def _knot_name(slide: Any, name: str, x: float, i: int) -> None:
    """Name a knot above the line; on the first slide only."""
    left = _LEFT if i == 0 else x - 0.9
    shape = slide.shapes.add_textbox(
        Inches(left), Inches(_THREAD_Y - 0.55), Inches(1.8), Inches(0.36)
    )
    frame = shape.text_frame
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = Emu(0)
    frame.paragraphs[0].alignment = PP_ALIGN.CENTER if i else PP_ALIGN.LEFT
    run = frame.paragraphs[0].add_run()
    run.text = name
    run.font.size = Pt(SMALLEST)
    run.font.color.rgb = rgb(INK2)


def _slide_number(slide: Any, layout: Any) -> None:
    """Give the slide the layout's number, which the library leaves out."""
    from copy import deepcopy

    for shape in layout.placeholders:
        if shape.placeholder_format.type.name != "SLIDE_NUMBER":
            continue
        copied = deepcopy(shape._element)
        ids = [int(s.shape_id) for s in slide.shapes]
        copied.nvSpPr.cNvPr.set("id", str(max(ids, default=1) + 20))
        for text in copied.iter(qn("a:t")):
            text.text = str(
                len(slide.part.package.presentation_part.presentation.slides)
            )
        slide.shapes._spTree.append(copied)
