"""What does a newcomer start from? A workbook with every sheet, headings and help.

`write_template` makes it from the schema alone: a reading guide, a sheet a table with
help at every heading and cell, drop-down lists for choices and references. Reading the
filled-in template is workbook.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from rodtrad.domain.cells import number_text, shown
from rodtrad.domain.columns import SCHEMA, SETTINGS, Column, TableSpec
from rodtrad.domain.words import (
    Labels,
    _,
    later,
)
from rodtrad.sources.workbook import (
    GUIDE_SHEET,
    LIST_SHEET,
    Formats,
    column_width,
    save,
    write_headings,
    write_text,
)
from rodtrad.sources.writing import new_file

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook  # type: ignore[import-untyped]
    from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

# Rows that get drop-down lists and cell help; more may be used.
ROWS: Final = 2_000
_PROMPT_LENGTH: Final = 255
_TITLE_LENGTH: Final = 32

KINDS: Final = Labels(
    {
        "text": later("Text"),
        "id": later("Id: bokstäver, siffror, - och _"),
        "year": later("Årtal, till exempel 2029"),
        "int": later("Helt tal"),
        "float": later("Tal"),
        "share": later("Andel: 0,02 eller 2 %"),
        "tkr": later("Belopp i tkr: 1 mkr = 1 000"),
        "bool": later("ja eller nej"),
        "choice": later("Välj i listan"),
        "word": later("Välj i listan, eller skriv ett eget ord"),
    }
)
"""What may stand in a cell of each type, for the help texts."""

GUIDE: Final = (
    (later("Underlag till Röd tråd"), "title"),
    (
        later(
            "Här fyller du i det som planen räknas på. "
            "Varje blad är en tabell med rubriker på rad 1."
        ),
        "text",
    ),
    (later("Så gör du"), "heading"),
    (
        later(
            "1. Börja med bladen Inställningar, År, Resultaträkning och Balansräkning."
        ),
        "text",
    ),
    (
        later(
            "2. Lägg sedan in projekten: bladen Projekt, Alternativ och Utgifter. "
            "Varje projekt har minst ett alternativ."
        ),
        "text",
    ),
    (
        later(
            "3. Fyll i bladen Kriterier, Betyg och Mål. "
            "De avgör vad planen väljer och vad den måste hålla."
        ),
        "text",
    ),
    (
        later(
            "4. Kontrollera: rodtrad check FIL.xlsx. Alla fel visas på en gång, med cell."
        ),
        "text",
    ),
    (later("5. Räkna: rodtrad plan FIL.xlsx --out MAPP."), "text"),
    (later("Bra att veta"), "heading"),
    (later("En stjärna (*) i rubriken betyder att kolumnen måste fyllas i."), "text"),
    (
        later(
            "Blad som är frivilliga kan vara tomma eller tas bort. De står i listan nedan."
        ),
        "text",
    ),
    (
        later(
            "Belopp anges i tkr: 1 mkr = 1 000. Kostnader är negativa bara i Resultaträkning. "
            "I Balanskravsjusteringar har beloppet sitt tecken: vinster som räknas bort är "
            "negativa."
        ),
        "text",
    ),
    (
        later("Andelar skrivs som 0,02 eller 2 %. Årtal skrivs med fyra siffror."),
        "text",
    ),
    (
        later(
            "Kolumnen Källa säger var uppgiften kommer ifrån. "
            "Kolumnen Kvalitet är uppgift, beräkning eller antagande."
        ),
        "text",
    ),
    (later("Egna kolumner och blad får finnas. De läses inte."), "text"),
    (later("Bladen"), "heading"),
)


def write_template(path: str | Path) -> None:
    """Write an empty underlag with reading guide, help and drop-down lists.

    Raises:
        SourceError: the file exists or cannot be written; nothing is written then.
    """
    path = Path(path)
    with new_file(path) as temporary:
        save(temporary, path, _fill)


def _fill(workbook: Workbook) -> None:
    formats = Formats(workbook)
    _write_guide(workbook.add_worksheet(GUIDE_SHEET), formats)
    lists = _Lists()
    for name, spec in SCHEMA.items():
        sheet = workbook.add_worksheet(spec.label_sv)
        write_headings(sheet, name, formats)
        for place, column in enumerate(spec.columns.values()):
            sheet.write_comment(0, place, help_text(column), {"x_scale": 2})
            _format_column(sheet, place, column, formats)
            _add_validation(sheet, place, column, spec, lists)
        if name == "settings":
            _write_settings(sheet, formats)
        elif name == "balance":
            for row, label in enumerate(spec.columns["line"].choices.values(), start=1):
                write_text(sheet, row, 0, label, formats)
    lists.write(workbook, formats)


def _write_guide(sheet: Worksheet, formats: Formats) -> None:
    title = formats.named("title", bold=True, font_size=18)
    heading = formats.named("guide_heading", bold=True, font_size=13)
    text = formats.named("guide_text", text_wrap=True, valign="top")
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 14)
    sheet.set_column(2, 2, 80)
    sheet.hide_gridlines(2)
    row = 0
    for message, kind in GUIDE:
        line = _(message)
        if kind == "text":
            sheet.merge_range(row, 0, row, 2, "", text)
            sheet.write_string(row, 0, line, text)
            sheet.set_row(row, 32 if len(line) > 110 else 18)
        else:
            sheet.write_string(row, 0, line, title if kind == "title" else heading)
            sheet.set_row(row, 28)
        row += 1
    for spec in SCHEMA.values():
        link = f"internal:'{spec.label_sv}'!A1"
        sheet.write_url(row, 0, link, string=spec.label_sv)
        needed = _("frivilligt") if spec.optional else _("måste finnas")
        sheet.write_string(row, 1, needed, text)
        sheet.write_string(row, 2, spec.description, text)
        sheet.set_row(row, 32 if len(spec.description) > 80 else 18)
        row += 1


def _write_settings(sheet: Worksheet, formats: Formats) -> None:
    """Every key with its help, and the value that is used if nothing is changed."""
    for row, column in enumerate(SETTINGS.values(), start=1):
        star = " *" if column.required else ""
        write_text(sheet, row, 0, column.label_sv, formats)
        sheet.write_comment(row, 0, help_text(column) + star, {"x_scale": 2})
        kind = formats.number(column) if column.is_number else formats.text()
        if column.default is None:
            sheet.write_blank(row, 1, None, kind)
        elif column.is_number:
            sheet.write_number(row, 1, column.default, kind)
        else:
            sheet.write_string(row, 1, column.default, kind)
        needed = _("måste fyllas i") if column.required else _("frivilligt")
        sheet.write_string(row, 5, f"{needed}. {column.description}")
    sheet.set_column(5, 5, 70)


def help_text(column: Column) -> str:
    """Return what belongs in a cell of the column, in a few short sentences."""
    parts = [column.help, f"{KINDS[column.type]}."]
    if column.minimum is not None and column.maximum is not None:
        low, high = shown(column.minimum), shown(column.maximum)
        parts.append(_("Från {low} till {high}.").format(low=low, high=high))
    elif column.minimum == 0:
        parts.append(_("Aldrig negativt."))
    if column.required == "planår":
        parts.append(_("Måste fyllas i för planens år."))
    elif column.required:
        parts.append(_("Måste fyllas i."))
    default = default_text(column)
    if default:
        parts.append(_("Tomt betyder {value}.").format(value=default))
    return " ".join(parts)


def default_text(column: Column) -> str:
    """Return what a blank cell means, "" where the description already says it."""
    default = column.default
    if default is None or (isinstance(default, str) and default.startswith("=")):
        return ""
    if isinstance(default, bool):
        return _("ja") if default else _("nej")
    if isinstance(default, float):
        return number_text(default)
    return column.choice_label(str(default))


def _format_column(
    sheet: Worksheet, place: int, column: Column, formats: Formats
) -> None:
    """Give blank cells the form of their column, so that typed shares read as such."""
    kind = formats.number(column) if column.is_number else formats.text()
    sheet.set_column(place, place, column_width(column), kind)


class _Lists:
    """The drop-down lists that are too long for a cell rule, on a sheet of their own."""

    def __init__(self) -> None:
        self._columns: dict[str, tuple[int, list[str]]] = {}

    def range_of(self, column: Column) -> str:
        """Return the formula that names the list of a column's choices."""
        labels = list(column.choices.values())
        key = "|".join(labels)
        place, _labels = self._columns.setdefault(key, (len(self._columns), labels))
        letter = _letter(place)
        return f"={LIST_SHEET}!${letter}$2:${letter}${len(labels) + 1}"

    def write(self, workbook: Workbook, formats: Formats) -> None:
        """Write the lists on a hidden sheet."""
        sheet = workbook.add_worksheet(LIST_SHEET)
        for place, labels in self._columns.values():
            sheet.write_string(0, place, _("Lista {n}").format(n=place + 1))
            for row, label in enumerate(labels, start=1):
                write_text(sheet, row, place, label, formats)
        sheet.hide()


def _letter(place: int) -> str:
    text = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text


def _add_validation(
    sheet: Worksheet, place: int, column: Column, spec: TableSpec, lists: _Lists
) -> None:
    """Add a drop-down list and the help that shows when a cell is chosen.

    Lists warn rather than stop: the check says what is wrong in better words.
    """
    rule: dict[str, object] = {"validate": "any"}
    if column.type == "bool":
        rule = {"validate": "list", "source": ["ja", "nej"]}
    elif column.choices:
        rule = {"validate": "list", "source": lists.range_of(column)}
    elif column.ref and column.ref != spec.name:
        target = SCHEMA[column.ref]
        # The last column of the key: the id itself where it belongs to a project.
        letter = _letter(list(target.columns).index(target.key[-1]))
        source = f"='{target.label_sv}'!${letter}$2:${letter}${ROWS + 1}"
        rule = {"validate": "list", "source": source}
    rule |= {
        "input_title": column.label_sv[:_TITLE_LENGTH],
        "input_message": help_text(column)[:_PROMPT_LENGTH],
        "error_type": "warning",
        "error_title": _("Inte i listan"),
        "error_message": _("Välj i listan, eller rätta bladet som listan kommer från."),
    }
    sheet.data_validation(1, place, ROWS, place, rule)
