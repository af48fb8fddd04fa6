"""How does a letter look in Word? Styles, tables, charts and marked blanks (.docx).

Everything is set with styles, so that the municipality's own template can take over:
headings, lists, a table style, fields to fill in as content controls. Tables repeat
their head on each page and no row is split; tables and charts have alternative texts.
Leaves out what the letter says (meeting_letter).
"""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast
from xml.sax.saxutils import escape, quoteattr

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor

from rodtrad.domain.words import _
from rodtrad.publish.blocks import Figure, TableBlock
from rodtrad.publish.meeting import clean
from rodtrad.publish.meeting_letter import Blank, Bullets, Letter, Notice
from rodtrad.publish.meeting_package import stable

if TYPE_CHECKING:
    from docx.document import Document as Word

    from rodtrad.publish.blocks import Column, Row
    from rodtrad.publish.meeting_letter import Part

_INK: Final = "1B2430"
_INK2: Final = "4C5664"
_THREAD: Final = "C3172F"
_LINE: Final = "DDD7CB"
_SUNK: Final = "F1EDE5"
_WARN: Final = "8F4A00"
_WARN_GROUND: Final = "FBEBD8"
_SERIF: Final = "Georgia"
_SANS: Final = "Calibri"
_TEXT_CM: Final = 16.0
_CREATED: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - a document has no time zone
# Names of our own styles, as Word shows them.
_TABLE: Final = "Tabell med linjer"
_CELL: Final = "Tabelltext"
_FIGURE: Final = "Tabellsiffra"
_NOTE: Final = "Tabellnot"
_LABEL: Final = "Fältnamn"
_FILL: Final = "Att fylla i"
_NOTICE: Final = "Läs först"
_FILL_LINE: Final = "Stycke att fylla i"
# A column of words is at least this wide (in letters) when widths are shared out.
_LEAST: Final = 7
_WIDEST: Final = 46
_LETTER_CM: Final = 0.195
_PADDING_CM: Final = 0.3
_LEAST_CM: Final = 1.6
_FONTS: Final = Path(__file__).parent / "static" / "fonts" / "print"
# A table with no more rows than this is kept on one page.
_TOGETHER: Final = 14
_DOTS_PER_INCH: Final = 170


def render_word(letter: Letter) -> bytes:
    """Return the letter as a Word file. Equal letters give equal bytes."""
    word = Document()
    _styles(word)
    _page(word, letter)
    word.add_paragraph(clean(letter.kicker), style=_LABEL)
    word.add_paragraph(_("Tjänsteskrivelse: utkast"), style="Subtitle")
    word.add_paragraph(clean(letter.title), style="Title")
    _fields(word, letter.fields)
    for section in letter.sections:
        word.add_heading(clean(section.title), level=1)
        for i, part in enumerate(section.parts):
            _part(word, part)
            following = section.parts[i + 1 : i + 2]
            if isinstance(part, str) and isinstance(
                next(iter(following), None), Bullets
            ):
                word.paragraphs[-1].paragraph_format.keep_with_next = True
    core = word.core_properties
    core.title = clean(letter.title, 200)
    core.subject = _("Tjänsteskrivelse, utkast")
    core.author = core.last_modified_by = "Röd tråd"
    core.language = "sv-SE"
    core.comments = clean(letter.foot)
    core.created = core.modified = _CREATED
    made = io.BytesIO()
    word.save(made)
    return stable(made.getvalue())


# ---------------------------------------------------------------- styles


def _styles(word: Word) -> None:
    """Set type, colour and language once, in the styles."""
    defaults = word.styles.element.find(qn("w:docDefaults"))
    for lang in defaults.iter(qn("w:lang")):
        for key in ("w:val", "w:eastAsia"):
            lang.set(qn(key), "sv-SE")
    for lang in word.settings.element.iter(qn("w:themeFontLang")):
        lang.set(qn("w:val"), "sv-SE")
    for name, font, size, colour, before, after, bold in (
        ("Normal", _SANS, 11, _INK, 4, 6, False),
        ("Title", _SERIF, 22, _INK, 0, 10, True),
        ("Subtitle", _SANS, 12, _INK2, 0, 2, False),
        ("Heading 1", _SERIF, 15, _INK, 18, 4, True),
        ("Heading 2", _SANS, 12, _INK, 12, 3, True),
        ("Caption", _SANS, 11, _INK, 12, 1, True),
        ("List Bullet", _SANS, 11, _INK, 0, 3, False),
        ("List Number", _SANS, 11, _INK, 0, 4, False),
        ("Header", _SANS, 9, _INK2, 0, 0, False),
        ("Footer", _SANS, 9, _INK2, 0, 0, False),
    ):
        _set_style(word.styles[name], font, size, colour, before, after, bold)
    for name, size, colour, before, after, bold in (
        (_CELL, 10, _INK, 1, 1, False),
        (_FIGURE, 10, _INK, 1, 1, False),
        (_NOTE, 9, _INK2, 2, 6, False),
        (_LABEL, 10, _INK2, 0, 2, False),
        (_NOTICE, 11, _INK, 6, 8, False),
        (_FILL_LINE, 11, _INK, 4, 8, False),
    ):
        style = word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = word.styles["Normal"]
        style.quick_style = True
        _set_style(style, _SANS, size, colour, before, after, bold)
    title = word.styles["Title"].element.get_or_add_pPr()
    for edge in title.findall(qn("w:pBdr")):
        title.remove(edge)
    figure = word.styles[_FIGURE].element.get_or_add_pPr()
    figure.append(parse_xml(f'<w:jc {nsdecls("w")} w:val="right"/>'))
    word.styles["Caption"].paragraph_format.keep_with_next = True
    # The thread, down the side of what must be read first.
    notice = word.styles[_NOTICE].element.get_or_add_pPr()
    notice.insert(
        0,
        parse_xml(
            f"<w:pBdr {nsdecls('w')}><w:left w:val='single' w:sz='18' w:space='8' "
            f"w:color='{_THREAD}'/></w:pBdr>"
        ),
    )
    ground = (
        f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="{_WARN_GROUND}"/>'
    )
    line = word.styles[_FILL_LINE].element.get_or_add_pPr()
    line.insert(0, parse_xml(ground))
    fill = word.styles.add_style(_FILL, WD_STYLE_TYPE.CHARACTER)
    fill.font.color.rgb = RGBColor.from_string(_WARN)
    fill.element.get_or_add_rPr().append(parse_xml(ground))
    edge = f'w:val="single" w:space="0" w:color="{_INK}"'
    word.styles.element.append(
        parse_xml(
            f'<w:style {nsdecls("w")} w:type="table" w:customStyle="1" '
            f'w:styleId="Plantabell"><w:name w:val="{_TABLE}"/>'
            '<w:basedOn w:val="TableNormal"/><w:tblPr><w:tblBorders>'
            f'<w:top {edge} w:sz="8"/><w:bottom {edge} w:sz="8"/>'
            f'<w:insideH w:val="single" w:sz="4" w:space="0" w:color="{_LINE}"/>'
            '</w:tblBorders><w:tblCellMar><w:left w:w="70" w:type="dxa"/>'
            '<w:right w:w="70" w:type="dxa"/></w:tblCellMar></w:tblPr>'
            '<w:tblStylePr w:type="firstRow"><w:rPr><w:b/></w:rPr><w:tcPr>'
            f'<w:tcBorders><w:bottom {edge} w:sz="8"/></w:tcBorders>'
            f'<w:shd w:val="clear" w:color="auto" w:fill="{_SUNK}"/>'
            "</w:tcPr></w:tblStylePr></w:style>"
        )
    )


def _set_style(
    style: Any,
    font: str,
    size: float,
    colour: str,
    before: float,
    after: float,
    bold: bool,
) -> None:
    style.font.name = font
    style.font.size = Pt(size)
    style.font.bold = bold
    style.font.italic = False
    style.font.color.rgb = RGBColor.from_string(colour)
    # The theme's fonts would otherwise win over the name just given.
    fonts = style.element.get_or_add_rPr().find(qn("w:rFonts"))
    for key in [k for k in fonts.attrib if k.endswith("Theme")]:
        del fonts.attrib[key]
    for key in ("w:cs", "w:eastAsia"):
        fonts.set(qn(key), font)
    style.paragraph_format.space_before = Pt(before)
    style.paragraph_format.space_after = Pt(after)


def _page(word: Word, letter: Letter) -> None:
    """Set A4, margins, and the head and foot of each page."""
    page = word.sections[0]
    page.page_width, page.page_height = Cm(21.0), Cm(29.7)
    page.left_margin = page.right_margin = Cm((21.0 - _TEXT_CM) / 2)
    page.top_margin, page.bottom_margin = Cm(2.4), Cm(2.2)
    head = page.header.paragraphs[0]
    head.text = _("{kicker}: {title}, utkast").format(
        kicker=clean(letter.kicker, 60), title=clean(letter.title, 60)
    )
    foot = page.footer.paragraphs[0]
    foot.text = clean(letter.foot)
    count = page.footer.add_paragraph(style="Footer")
    count.add_run(_("Sida") + " ")
    _field(count, "PAGE")
    count.add_run(" (")
    _field(count, "NUMPAGES")
    count.add_run(")")


def _field(paragraph: Any, code: str) -> None:
    paragraph._p.append(
        parse_xml(
            f'<w:fldSimple {nsdecls("w")} w:instr=" {code} "><w:r><w:t>1</w:t></w:r>'
            "</w:fldSimple>"
        )
    )


# ---------------------------------------------------------------- parts


def _part(word: Word, part: Part) -> None:
    """Add one part of a section."""
    if isinstance(part, str):
        word.add_paragraph(clean(part))
    elif isinstance(part, Bullets):
        style = "List Number" if part.numbered else "List Bullet"
        for text in part.texts:
            word.add_paragraph(clean(text), style=style)
    elif isinstance(part, Notice):
        word.add_paragraph(clean(part.text), style=_NOTICE)
    elif isinstance(part, Blank):
        _blank(word, part)
    elif isinstance(part, TableBlock):
        _table(word, part)
    else:
        _chart(word, part)


def _caption(word: Word, kind: str, title: str) -> None:
    """Add a heading for a table or a chart, numbered by Word for each kind."""
    done = f" SEQ {kind} \\* ARABIC "
    number = sum(
        1
        for field in word.element.body.iter(qn("w:fldSimple"))
        if field.get(qn("w:instr")) == done
    )
    paragraph = word.add_paragraph(f"{kind} ", style="Caption")
    paragraph._p.append(
        parse_xml(
            f"<w:fldSimple {nsdecls('w')} w:instr={quoteattr(done)}>"
            f"<w:r><w:t>{number + 1}</w:t></w:r></w:fldSimple>"
        )
    )
    paragraph.add_run(f". {title}")


def _control(blank: Blank, number: int) -> Any:
    """Return a content control that shows what to write; Word replaces it when written."""
    prompt = escape(f"[{blank.prompt}]")
    return parse_xml(
        f"<w:sdt {nsdecls('w')}><w:sdtPr><w:alias w:val={quoteattr(blank.label)}/>"
        f"<w:tag w:val={quoteattr(blank.key)}/><w:id w:val='{number}'/>"
        "<w:showingPlcHdr/><w:text/></w:sdtPr><w:sdtContent><w:r><w:rPr>"
        "<w:rStyle w:val='Attfyllai'/></w:rPr>"
        f"<w:t xml:space='preserve'>{prompt}</w:t></w:r></w:sdtContent></w:sdt>"
    )


def _controls(word: Word) -> int:
    """Return how many blanks the letter has so far; each has a number of its own."""
    return sum(1 for _sdt in word.element.body.iter(qn("w:sdt")))


def _blank(word: Word, blank: Blank) -> None:
    paragraph = word.add_paragraph(style=_FILL_LINE)
    paragraph.add_run(_("{label}, att fylla i:").format(label=clean(blank.label)) + " ")
    paragraph._p.append(_control(blank, _controls(word) + 1))


def _fields(word: Word, fields: tuple[Blank, ...]) -> None:
    """Add the fields of the head, a line each."""
    for blank in fields:
        paragraph = word.add_paragraph(style=_LABEL)
        paragraph.add_run(f"{blank.label}: ")
        paragraph._p.append(_control(blank, _controls(word) + 1))


def _chart(word: Word, figure: Figure) -> None:
    """Add a chart as a picture, with the finding above and the unit beneath."""
    from rodtrad.publish.document_pdf import pictures_of

    _caption(word, _("Diagram"), clean(figure.title))
    for picture in pictures_of(figure):
        shape = word.add_picture(io.BytesIO(_bitmap(picture)), width=Cm(_TEXT_CM))
        described = cast("Any", shape)._inline.docPr
        described.set("descr", clean(figure.alt))
        described.set("title", clean(figure.title))
    word.paragraphs[-1].paragraph_format.keep_with_next = True
    word.add_paragraph(clean(figure.unit), style=_NOTE)


def _bitmap(picture: str) -> bytes:
    """Return an SVG as PNG, in the report's own fonts."""
    import typst

    return typst.compile(
        b"#set page(width: 480pt, height: auto, margin: 0pt, fill: white)\n"
        b'#set text(font: "Source Sans 3")\n'
        b'#image(bytes(sys.inputs.at("svg")), format: "svg", width: 480pt)\n',
        font_paths=typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=True,
            font_paths=[str(_FONTS)],
        ),
        ignore_system_fonts=True,
        sys_inputs={"svg": clean(picture)},
        format="png",
        ppi=_DOTS_PER_INCH,
    )


# ---------------------------------------------------------------- tables


def _table(word: Word, table: TableBlock) -> None:
    """Add a table whose head repeats on each page and whose rows are not split."""
    title = clean(table.title)
    _caption(word, _("Tabell"), title)
    lead = word.add_paragraph(clean(table.subtitle), style=_NOTE)
    lead.paragraph_format.keep_with_next = True
    widths = _widths(table)
    description = _("{subtitle}. {n} rader, kolumnerna {columns}.").format(
        subtitle=clean(table.subtitle).rstrip("."),
        n=len(table.rows),
        columns=", ".join(c.label for c in table.columns),
    )
    together = len(table.rows) <= _TOGETHER
    rows = "".join(
        _row(table, row, widths, together and i + 1 < len(table.rows))
        for i, row in enumerate(table.rows)
    )
    grid = "".join(f'<w:gridCol w:w="{w}"/>' for w in widths)
    made = parse_xml(
        f"<w:tbl {nsdecls('w')}><w:tblPr><w:tblStyle w:val='Plantabell'/>"
        f"<w:tblW w:w='{sum(widths)}' w:type='dxa'/><w:tblLayout w:type='fixed'/>"
        "<w:tblLook w:val='00A0' w:firstRow='1' w:lastRow='0' w:firstColumn='1' "
        "w:lastColumn='0' w:noHBand='1' w:noVBand='1'/>"
        f"<w:tblCaption w:val={quoteattr(title)}/>"
        f"<w:tblDescription w:val={quoteattr(clean(description, 800))}/></w:tblPr>"
        f"<w:tblGrid>{grid}</w:tblGrid>{_head(table.columns, widths)}{rows}</w:tbl>"
    )
    word.element.body.insert_element_before(made, "w:sectPr")
    if table.note:
        word.add_paragraph(clean(table.note), style=_NOTE)


def _head(columns: tuple[Column, ...], widths: list[int]) -> str:
    cells = "".join(
        _cell(
            f"{c.label} ({c.unit})" if c.unit else c.label,
            w,
            _FIGURE if c.align == "right" else _CELL,
            bold=True,
        )
        for c, w in zip(columns, widths, strict=True)
    )
    cells = cells.replace("</w:pPr>", "<w:keepNext/></w:pPr>")
    return f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{cells}</w:tr>"


def _row(table: TableBlock, row: Row, widths: list[int], follow: bool) -> str:
    """Return a row; one that is to `follow` stands on the same page as the next."""
    strong = row.kind != "normal"
    quality = _quality_word(row.quality)
    header = f"{row.header} ({quality})" if quality else row.header
    if not row.cells:
        cells = _cell(header, sum(widths), _CELL, bold=True, span=len(widths))
    else:
        cells = _cell(header, widths[0], _CELL, bold=strong) + "".join(
            _cell(
                cell.text,
                width,
                _FIGURE if column.align == "right" else _CELL,
                bold=strong,
            )
            for cell, column, width in zip(
                row.cells, table.columns[1:], widths[1:], strict=True
            )
        )
    if follow:
        cells = cells.replace("</w:pPr>", "<w:keepNext/></w:pPr>")
    return f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{cells}</w:tr>"


def _quality_word(quality: str) -> str:
    from rodtrad.domain.words import QUALITY_LABELS

    return QUALITY_LABELS.get(quality, "")


_STYLE_IDS: Final = {_CELL: "Tabelltext", _FIGURE: "Tabellsiffra"}


def _cell(text: str, width: int, style: str, bold: bool = False, span: int = 1) -> str:
    wide = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    weight = '<w:rPr><w:rStyle w:val="Strong"/></w:rPr>' if bold else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{wide}</w:tcPr>'
        f'<w:p><w:pPr><w:pStyle w:val="{_STYLE_IDS[style]}"/></w:pPr><w:r>{weight}'
        f'<w:t xml:space="preserve">{escape(clean(text))}</w:t></w:r></w:p></w:tc>'
    )


def _widths(table: TableBlock) -> list[int]:
    """Return the columns' widths in twentieths of a point, shared out by their texts.

    Each column gets what its longest text or word asks for; what is left is shared
    alike, and what is lacking is taken from the columns of long texts.
    """
    wanted = []
    for i, column in enumerate(table.columns):
        words = f"{column.label} {column.unit}".split()
        texts = [
            row.header if i == 0 else row.cells[i - 1].text
            for row in table.rows
            if i == 0 or row.cells
        ]
        longest = max((len(t) for t in texts), default=0)
        # A long word in a head is set tighter than a line of text is.
        word = round(max((len(w) for w in words), default=0) * 0.88)
        letters = min(max(longest, word + 1, _LEAST), _WIDEST)
        wanted.append(letters * _LETTER_CM + _PADDING_CM)
    spare = _TEXT_CM - sum(wanted)
    if spare >= 0:
        wanted = [w + spare / len(wanted) for w in wanted]
    else:
        long = [max(w - _LEAST_CM, 0.0) for w in wanted]
        wanted = [
            w + spare * extra / max(sum(long), 1e-9)
            for w, extra in zip(wanted, long, strict=True)
        ]
    return [max(round(w / 2.54 * 1440), 300) for w in wanted]
