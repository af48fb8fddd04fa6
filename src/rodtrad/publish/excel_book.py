"""What has every sheet of the results workbook in common? `Book`, over xlsxwriter.

Formats, headings, print set-up, text that stays text, and formulas that are written
only where they give the plan's own figure. Leaves out which sheets there are and what
stands on them (excel_report).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.words import QUALITY_LABELS, _, missing, unit_tkr, years_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# xlsxwriter has no types of its own.
Workbook = Any
Worksheet = Any
Format = Any

# The date stored in the file; a clock would make equal plans give unequal bytes.
_CREATED: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook has no time zone
_LONGEST_TEXT: Final = 32_000
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
# What a spreadsheet would take for a formula if the cell were typed in again.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t")

INK: Final = "#1B2430"
SUNK: Final = "#F1EDE5"
HAIRLINE: Final = "#DDD7CB"
WARN_GROUND: Final = "#FBEBD8"
WARN_STRIPE: Final = "#E0A55C"
_PLAN: Final = "#1D4E7E"

TKR: Final = "tkr"
SHARE: Final = "share"
CHANCE: Final = "chance"
NUMBER_FORMATS: Final = {
    TKR: '#,##0;"\u2212"#,##0',
    SHARE: '0.0" "%;"\u2212"0.0" "%',
    "number": '#,##0.0;"\u2212"#,##0.0',
    # A probability is never shown as none or all.
    CHANCE: '[<0.01]"<1 %";[>0.99]">99 %";0" "%',
}

FIRST_ROW: Final = 4  # below title, unit and heading
BASE_COLUMN: Final = 1  # the base year; plan years follow


@dataclass
class Sheet:
    """A sheet being written, and the rows where others may look up its figures."""

    page: Worksheet
    name: str
    next_row: int = FIRST_ROW
    has_base: bool = True
    rows: dict[str, int] = field(default_factory=dict)
    values: dict[str, list[float | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Formula:
    """A formula for every year, and the same arithmetic here to compare it with.

    `text` names cells as `{name}`; `cells` says where each name is found: sheet, key
    and how many years back.
    """

    text: str
    cells: Mapping[str, tuple[str, str, int]]
    compute: Callable[..., float]


class Book:
    """The workbook, its formats and what every sheet has in common."""

    def __init__(
        self,
        workbook: Workbook,
        result: Mapping[str, Any],
        population: Mapping[int, float],
    ) -> None:
        self.workbook = workbook
        self.result = result
        self.population = population
        self.meta: Mapping[str, Any] = result["meta"]
        self.years: list[int] = list(result["years"])
        self.all_years = [int(self.meta["base_year"]), *self.years]
        self.currency = str(self.meta.get("currency") or "kr")
        self.unit = unit_tkr(self.currency)
        self.names = {p["project_id"]: p["name"] for p in result["projects"]}
        self.sheets: dict[str, Sheet] = {}
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}
        title = self.title
        workbook.set_properties(
            {
                "title": clean_text(title),
                "subject": clean_text(str(self.meta["municipality"])),
                "author": _("Röd tråd"),
                "created": _CREATED,
            }
        )
        workbook.set_custom_property(
            "input_sha256", clean_text(str(self.meta["input_sha256"]))
        )

    @property
    def title(self) -> str:
        """What the workbook is: municipality, plan and years."""
        return _("{municipality}: investeringsplan {years}").format(
            years=years_text(self.years), municipality=self.meta["municipality"]
        )

    def format(self, **properties: Any) -> Format:
        """Return a cell format; equal wishes share one."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            given = {"font_name": "Calibri", "font_size": 11, "valign": "top"}
            self._formats[key] = self.workbook.add_format({**given, **properties})
        return self._formats[key]

    def sheet(
        self,
        name: str,
        title: str,
        unit: str,
        headings: Sequence[str | int],
        widths: Sequence[float],
        freeze_columns: int = 1,
        wide: bool = True,
    ) -> Sheet:
        """Start a sheet: title, unit, headings, widths, frozen panes, print set-up."""
        page = self.workbook.add_worksheet(name)
        sheet = Sheet(page, name)
        self.sheets[name] = sheet
        page.hide_gridlines(2)
        self.text(page, 0, 0, title, bold=True, font_size=15)
        self.text(page, 1, 0, unit, font_color="#4C5664")
        for column, width in enumerate(widths):
            page.set_column(column, column, width)
        row = FIRST_ROW - 1
        for column, heading in enumerate(headings):
            style = {
                "bold": True,
                "bg_color": SUNK,
                "bottom": 2,
                "bottom_color": INK,
                "text_wrap": True,
                "valign": "bottom",
            }
            if isinstance(heading, int):
                cell = self.format(**style, align="right", num_format="0")
                page.write_number(row, column, heading, cell)
            else:
                self.text(page, row, column, heading, **style)
        if headings:
            page.freeze_panes(FIRST_ROW, freeze_columns)
            page.repeat_rows(row)
        if wide:
            page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
        page.set_footer(self._footer())
        return sheet

    def _footer(self) -> str:
        left = f"{self.meta['municipality'][:40]} · {self.meta['created_by'][:30]}"
        digest = str(self.meta["input_sha256"])[:12]
        middle = _("kontrollsumma {digest}").format(digest=digest)
        plain = clean_text(left).replace("&", "&&")
        # The blank keeps a leading digit from being read as part of the letter size.
        return f"&L&8 {plain}&C&8 {middle}&R&8&A  &P (&N)"

    def text(
        self, page: Worksheet, row: int, column: int, text: object, **style: Any
    ) -> None:
        """Write text as text, whatever it looks like; None is left blank."""
        if text is None or text == "":
            if style:
                page.write_blank(row, column, None, self.format(**style))
            return
        clean = clean_text(str(text))
        if clean.startswith(_FORMULA_STARTS):
            style["quote_prefix"] = True
        page.write_string(row, column, clean, self.format(**style))

    def figure(
        self,
        page: Worksheet,
        row: int,
        column: int,
        value: float | None,
        kind: str = TKR,
        formula: str = "",
        **style: Any,
    ) -> None:
        """Write a figure, or the sign for a missing one; a formula keeps the figure."""
        if value is None or not math.isfinite(value):
            self.text(page, row, column, missing(), align="right", **style)
            return
        style = {"num_format": NUMBER_FORMATS[kind], "align": "right", **style}
        if formula:
            page.write_formula(row, column, formula, self.format(**style), value)
        else:
            page.write_number(row, column, value, self.format(**style))

    def line(
        self,
        sheet: Sheet,
        key: str,
        label: str,
        values: Sequence[float | None],
        formula: Formula | None = None,
        total: bool = False,
        kind: str = TKR,
        quality: str = "",
    ) -> None:
        """Write a row of years, base year first, and remember where it stands."""
        row = sheet.next_row
        sheet.next_row += 1
        sheet.rows[key] = row
        sheet.values[key] = list(values)
        style: dict[str, Any] = {"bottom": 1, "bottom_color": HAIRLINE}
        if total:
            style |= {"bold": True, "top": 1, "top_color": INK}
        self.text(sheet.page, row, 0, label, **style)
        for index, value in enumerate(values):
            if index == 0 and not sheet.has_base:
                self.text(sheet.page, row, BASE_COLUMN, "", **style)
                continue
            exact = 1e-12 if kind == SHARE else 1e-6
            text = self._formula(formula, sheet, index, value, exact) if formula else ""
            self.figure(
                sheet.page, row, BASE_COLUMN + index, value, kind, text, **style
            )
        last = BASE_COLUMN + len(values)
        self.text(sheet.page, row, last, quality_word(quality), **style)

    def _formula(
        self,
        formula: Formula,
        sheet: Sheet,
        index: int,
        value: float | None,
        exact: float,
    ) -> str:
        """Return the formula of one year, or nothing if it would not give the figure."""
        if value is None:
            return ""
        places: dict[str, str] = {}
        figures: dict[str, float] = {}
        for name, (where, key, back) in formula.cells.items():
            other = self.sheets.get(where)
            at = index - back
            if other is None or key not in other.rows or at < 0:
                return ""
            figure = other.values[key][at]
            if figure is None:
                return ""
            place = address(other.rows[key], BASE_COLUMN + at)
            places[name] = place if other is sheet else f"'{other.name}'!{place}"
            figures[name] = figure
        try:
            same = math.isclose(
                formula.compute(**figures), value, rel_tol=1e-12, abs_tol=exact
            )
        except ZeroDivisionError:
            return ""
        return "=" + formula.text.format(**places) if same else ""

    def note(self, sheet: Sheet, text: str) -> None:
        """Write a remark under what has been written, and leave a blank row."""
        self.text(sheet.page, sheet.next_row, 0, text, font_color="#4C5664")
        sheet.next_row += 2

    def year_sheet(
        self, name: str, title: str, unit: str, *, has_base: bool = True
    ) -> Sheet:
        """Start a sheet with a row per line and a column per year, base year first.

        A year has the same column on every such sheet, so that formulas can be followed
        by eye; without a base year its column is left narrow and blank.
        """
        base = self.all_years[0]
        sheet = self.sheet(
            name,
            title,
            unit,
            [_("Rad"), base if has_base else "", *self.years, _("Kvalitet")],
            [42, 11.5 if has_base else 1.5, *[11.5] * len(self.years), 12],
        )
        sheet.has_base = has_base
        if has_base:
            grey = {"font_color": "#4C5664", "align": "right"}
            self.text(sheet.page, FIRST_ROW - 2, BASE_COLUMN, _("basår"), **grey)
        return sheet

    def chart(
        self, sheet: Sheet, key: str, kind: str, title: str, axis: str, alt: str
    ) -> None:
        """Place a chart of one row's plan years under the table."""
        chart = self.workbook.add_chart({"type": kind})
        if chart is None:
            return
        row, last = sheet.rows[key], BASE_COLUMN + len(self.years)
        first = BASE_COLUMN + 1
        series: dict[str, Any] = {
            "name": [sheet.name, row, 0],
            "categories": [sheet.name, FIRST_ROW - 1, first, FIRST_ROW - 1, last],
            "values": [sheet.name, row, first, row, last],
        }
        if kind == "line":
            series["line"] = {"color": _PLAN, "width": 2.25}
            series["marker"] = {"type": "circle", "fill": {"color": _PLAN}}
        else:
            series["fill"] = {"color": _PLAN}
            series["gap"] = 60
        chart.add_series(series)
        chart.set_title({"name": title, "name_font": {"size": 13}})
        chart.set_legend({"none": True})
        chart.set_x_axis({"label_position": "low"})
        chart.set_y_axis(
            {
                "name": axis,
                "num_format": NUMBER_FORMATS[TKR],
                "major_gridlines": {"visible": True, "line": {"color": HAIRLINE}},
            }
        )
        chart.set_size({"width": 820, "height": 320})
        sheet.page.insert_chart(
            sheet.next_row + 1, 0, chart, {"description": clean_text(alt)}
        )

    def name(self, project: object) -> str:
        """Return the name of a project given by id or by a row that holds its id."""
        if isinstance(project, dict):
            project = project.get("project_id", "")
        return str(self.names.get(str(project), project))

    def quality(self, key: str) -> str:
        """Return the worst quality a line or indicator rests on."""
        figures = self.result.get("quality", {}).get("figures", {})
        return str(figures.get(key) or "")

    def finish(self) -> None:
        """Open the file on the first sheet."""
        self.workbook.worksheets()[0].activate()


def clean_text(text: str) -> str:
    """Return the text without what a workbook cannot hold, cut if it is too long."""
    text = _CONTROL.sub("", text)
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"


def address(row: int, column: int) -> str:
    """Return a cell's address as a spreadsheet writes it, row and column from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def quality_word(quality: str | None) -> str:
    """Return the Swedish word for a quality mark, empty when there is none."""
    return QUALITY_LABELS.get(quality or "", quality or "")


def yes_no(value: object) -> str:
    """Return the Swedish word for true or false."""
    return _("ja") if value else _("nej")
