"""What does a figure hang on? From figure to formula, inputs, cells and sources.

The trail follows the declarations in `capacity.lines`. It goes down to every cell of the
underlag that the year's figure is computed from, growth of earlier years included;
figures of the year before are named with their value, so that the thread can be taken
up there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.capacity.headroom import DEBT_GOALS, RESULT_GOALS
from rodtrad.capacity.lines import (
    BASELINE,
    LINES,
    OUTLAY_FIXED,
    PROJECT_TABLES,
    SELECTED_BY,
    cell_rows,
    cell_value,
    figure_qualities,
    opening_cells,
    project_rows,
    worst_quality,
    years_of,
)
from rodtrad.capacity.result import shown_alternative
from rodtrad.capacity.statements import price_indices, project_totals
from rodtrad.domain.arrays import build_case
from rodtrad.domain.columns import SCHEMA
from rodtrad.domain.words import (
    INDICATOR_LABELS,
    Labels,
    _,
    amount_tkr,
    indicator_table,
    later,
    missing,
    number,
    share_table,
    tkr,
    years_text,
)
from rodtrad.errors import InputError, Issue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.domain.arrays import Alternative, Array, Case, Choice, Project
    from rodtrad.domain.components import Tables

PROJECT_WORDS = Labels(
    {
        "outlay": later("Projektens utgifter"),
        "income": later("Projektens investeringsinkomster"),
        "depreciation": later("Projektens avskrivningar"),
        "resolved": later("Projektens upplösta investeringsinkomster"),
        "operating": later("Projektens driftkostnader"),
        "waiting": later("Väntekostnader"),
        "fees": later("Projektens avgifter"),
        "scrapped": later("Projektens utrangeringar"),
    }
)
# Tables whose rows are told apart by a key keep their figure in one column.
COLUMN_OF = {**dict.fromkeys(SELECTED_BY, "amount"), "settings": "value"}
GROWTH = Labels(
    {
        "tax_base_growth": later("Skatteunderlagsindex"),
        "cost_growth": later("Kostnadsindex"),
        "construction_growth": later("Byggprisindex"),
    }
)
# What a project's part of a yearly total is made of. `x` is the year's price index,
# `indices` those of the years of outlay and `use` the first year in use.
PROJECT_FORMULAS = Labels(
    {
        "outlay": later("beloppet × byggprisindex {x} ({base} = 1)"),
        "income": later("beloppet × byggprisindex {x} ({base} = 1)"),
        "operating": later("beloppet × kostnadsindex {x} ({base} = 1)"),
        "waiting": later(
            "beloppet × kostnadsindex {x} ({base} = 1), tills projektet är i bruk"
        ),
        "scrapped": later("hela beloppet det år projektet tas i bruk"),
        "depreciation": later(
            "utgifterna × byggprisindex ({indices}), med delarnas andelar fördelade på "
            "deras nyttjandeperioder från {use}"
        ),
        "resolved": later(
            "inkomsterna × byggprisindex ({indices}), med delarnas andelar fördelade på "
            "deras nyttjandeperioder från {use}"
        ),
        "fees": later(
            "avskrivningar − upplösta inkomster + driftkostnader + ränta på det som inte "
            "är avskrivet, från {use}; byggprisindex {indices}, kostnadsindex {x}"
        ),
    }
)
GOALS_OF = {"debt_ceiling": DEBT_GOALS, "result_target": RESULT_GOALS}


@dataclass(frozen=True)
class Cell:
    """A cell of the underlag: sheet, row as the user sees it, column, value, source."""

    table: str
    sheet: str
    row: int
    column: str
    value: Any
    source: str | None
    quality: str | None


@dataclass(frozen=True)
class Trail:
    """A figure with what it hangs on.

    `value` is in the figure's unit (tkr, a share or kronor per inhabitant); `shown` is
    the same as text. A leaf that is a cell carries it in `cell`.
    """

    key: str
    label: str
    year: int | None
    value: Any
    shown: str
    formula: str
    quality: str | None
    children: tuple[Trail, ...] = ()
    cell: Cell | None = field(default=None)

    def as_dict(self) -> dict[str, Any]:
        """Return the trail as nested dicts."""
        cell = None if self.cell is None else dict(vars(self.cell))
        return {
            "key": self.key,
            "label": self.label,
            "year": self.year,
            "value": self.value,
            "shown": self.shown,
            "formula": self.formula,
            "quality": self.quality,
            "cell": cell,
            "children": [child.as_dict() for child in self.children],
        }


def explain_figure(tables: Tables, choices: Sequence[Choice], figure: str) -> Trail:
    """Return the trail of a figure such as `ar:2029`.

    Args:
        tables: the tables that the plan rests on.
        choices: the plan.
        figure: a key of `capacity.lines.LINES`, or `projects:` and what the projects
            add up to (`projects:outlay`), then a colon and a plan year. Of outlays in
            the base year's prices `outlay_fixed`, of the chosen projects, or with a
            colon and a project (and a slash and an alternative) of that one. With
            `baseline:` before it, what it is without new projects.

    Raises:
        InputError: no such figure or year; the message names what there is.
    """
    if figure.startswith(BASELINE):
        found = explain_figure(tables, (), figure.removeprefix(BASELINE))
        label = _("{figure}, utan nya projekt").format(figure=found.label)
        return replace(found, key=figure, label=label)
    if figure.partition(":")[0] == OUTLAY_FIXED:
        return _explain_outlay(tables, choices, figure)
    key, _colon, year_text = figure.rpartition(":")
    total = key.removeprefix("projects:") if key.startswith("projects:") else ""
    case = build_case(tables)
    if key not in LINES and total not in PROJECT_TABLES:
        raise _unknown(
            _("Siffran ”{key}” finns inte.").format(key=key),
            _("Välj en av: {keys}.").format(keys=", ".join(LINES)),
        )
    if not year_text.isdecimal() or int(year_text) not in case.years:
        raise _unknown(
            _("Året ”{year}” ligger utanför planen.").format(year=year_text),
            _("Skriv till exempel {key}:{year}.").format(key=key, year=case.plan_start),
        )
    tracer = _Tracer(case, tables, choices)
    year = int(year_text)
    return tracer.project_sum(total, year) if total else tracer.figure(key, year)


def _explain_outlay(tables: Tables, choices: Sequence[Choice], figure: str) -> Trail:
    """Return the trail of outlays in the base year's prices."""
    case = build_case(tables)
    tracer = _Tracer(case, tables, choices)
    _name, colon, asked = figure.partition(":")
    if colon:
        chosen = {choice.project_id: choice for choice in choices}
        for project in case.projects:
            own = shown_alternative(project, chosen.get(project.project_id))
            if asked == project.project_id:
                return tracer.fixed_outlay(project, own)
            for other in project.alternatives:
                if asked == f"{project.project_id}/{other.alternative_id}":
                    return tracer.fixed_outlay(project, other)
        raise _unknown(
            _("Projektet ”{key}” finns inte.").format(key=asked),
            _("Välj en av: {keys}.").format(
                keys=", ".join(p.project_id for p in case.projects)
            ),
        )
    chosen_projects = [case.project(choice.project_id) for choice in choices]
    each = [
        tracer.fixed_outlay(project, project.alternative(choice.alternative_id))
        for project, choice in zip(chosen_projects, choices, strict=True)
    ]
    value = math.fsum(one.value for one in each)
    return Trail(
        key=figure,
        label=_("Projektens utgifter i {y} års priser").format(y=case.base_year),
        year=None,
        value=value,
        shown=_shown("", value),
        formula=_("summan över projekten"),
        quality=worst_quality(one.quality for one in each),
        children=tuple(each),
    )


def _unknown(message: str, remedy: str) -> InputError:
    return InputError([Issue("figure_unknown", "error", "", None, "", message, remedy)])


class _Tracer:
    """The values of one plan, and the trails over them."""

    def __init__(self, case: Case, tables: Tables, choices: Sequence[Choice]) -> None:
        self.case, self.tables, self.choices = case, tables, choices
        plan = evaluate_plan(case, choices)
        flow = {
            "outlay": plan.years.outlay,
            "income": plan.years.income,
            "resolved": plan.years.resolved,
            "net_loans": plan.years.net_loans[1:],
        }
        self.values: dict[str, Array] = {
            **plan.years.statement,
            **plan.years.balance,
            **plan.years.cash_flow,
            **plan.balanskrav.rows,
            **plan.indicators,
            **plan.room,
            **flow,
        }
        self.totals = plan.totals
        self.indices = price_indices(case)
        self.quality = figure_qualities(tables, choices)
        self.seen: set[tuple[str, int]] = set()

    def figure(self, key: str, year: int) -> Trail:
        """Return the trail of a figure; what was already told is only named."""
        line = LINES[key]
        value = float(self.values[key][year - self.case.plan_start, 0])
        known = None if value != value else value
        told = (key, year) in self.seen
        self.seen.add((key, year))
        children: list[Trail] = []
        if not told:
            for reference in line.inputs:
                children += self.reference(reference, year, key)
        return Trail(
            key=f"{key}:{year}",
            label=line.label,
            year=year,
            value=known,
            shown=_shown(key, known),
            formula=_("se ovan") if told else line.formula,
            quality=self.quality.get(key),
            children=tuple(children),
        )

    def reference(self, reference: str, year: int, of: str) -> list[Trail]:
        """Return the trails of one input of the figure `of`."""
        if reference.startswith("projects:"):
            found = self.project_sum(reference[9:], year)
            return [found] if found.value else []
        if reference.endswith("@-1"):
            return self.before(reference[:-3], year - 1)
        if reference.startswith("years:") and reference[6:] in GROWTH:
            return self.index(reference[6:], year, of)
        if reference == "years:lasting_change_tkr":
            return self.lasting(year, of)
        if ":" in reference:
            return self.cells(reference, year, of)
        return [self.figure(reference, year)]

    def index(self, growth: str, year: int, of: str) -> list[Trail]:
        """Return the index that a figure is projected with, the years' growth under it."""
        cells = self.cells(f"years:{growth}", year, of)
        if not cells:
            return []
        years = sorted(self.years_behind(growth, year, of))
        value = math.prod(1.0 + (cell.value or 0.0) for cell in cells)
        return [
            Trail(
                key=f"index:{growth}:{year}",
                label=GROWTH[growth],
                year=year,
                value=value,
                shown=number(value, 6),
                formula=_("produkten av (1 + årets ökning) {years}; {base} = 1").format(
                    years=years_text(years), base=years[0] - 1
                ),
                quality=_computed(cells),
                children=tuple(cells),
            )
        ]

    def lasting(self, year: int, of: str) -> list[Trail]:
        """Return the lasting changes up to a year, in its prices."""
        cells = self.cells("years:lasting_change_tkr", year, of)
        if not cells:
            return []
        index = self.price_index("cost", year)
        value = math.fsum(cell.value for cell in cells) * index
        return [
            Trail(
                key=f"lasting:{year}",
                label=_("Varaktiga ändringar"),
                year=year,
                value=value,
                shown=_shown("", value),
                formula=_(
                    "summan av årens ändringar × kostnadsindex {x} ({base} = 1)"
                ).format(x=number(index, 6), base=self.case.base_year),
                quality=_computed(cells),
                children=tuple(cells),
            )
        ]

    def price_index(self, name: str, year: int) -> float:
        """Return a price index of a year, 1 in the base year."""
        return float(getattr(self.indices, name)[year - self.case.base_year, 0])

    def before(self, key: str, year: int) -> list[Trail]:
        """Return a figure of the year before: named in the plan, cells at its start."""
        if year < self.case.plan_start:
            return [
                trail
                for cell in opening_cells(key)
                for trail in self.cells(cell, year, key)
            ]
        value = float(self.values[key][year - self.case.plan_start, 0])
        return [
            Trail(
                key=f"{key}:{year}",
                label=LINES[key].label,
                year=year,
                value=value,
                shown=_shown(key, value),
                formula=_("följ spåret vidare med {figure}").format(
                    figure=f"{key}:{year}"
                ),
                quality=self.quality.get(key),
            )
        ]

    def cells(self, reference: str, year: int, of: str) -> list[Trail]:
        """Return the cells behind an input of the figure `of` in a year."""
        name, column = reference.split(":", 1)
        table = self.tables[name]
        rows = cell_rows(self.tables, reference)
        years = years_of(table, rows)
        if name == "statement":
            last = self.last_given(column, year)
            decided = column == "ra" and self.case.existing is not None
            used = last == year or not decided
            rows = [row for row in rows if used and years[row] == last]
        elif reference == "existing:depreciation_tkr":
            given = self.last_given("ra", year) == year
            rows = [row for row in rows if years[row] == year and not given]
        elif name == "goals":
            rows = [row for row in rows if table["indicator"][row] in GOALS_OF[of]]
        elif name == "years":
            wanted = self.years_behind(column, year, of)
            rows = [row for row in rows if years[row] in wanted]
            if column == "lasting_change_tkr":
                rows = [row for row in rows if table[column][row]]
        elif name != "deficits" and any(years[row] is not None for row in rows):
            rows = [row for row in rows if years[row] == year]
        return [self.cell(name, column, row) for row in rows]

    def last_given(self, line: str, year: int) -> int:
        """Return the last year, up to `year`, in which a statement line is given."""
        given = self.case.given.get(line, {})
        return max((y for y in given if y <= year), default=self.case.base_year)

    def years_behind(self, column: str, year: int, of: str) -> set[int]:
        """Return the years whose drivers a figure of this year is computed from."""
        statement = of in self.case.given
        last = self.last_given(of, year) if statement else self.case.base_year
        if column == "lasting_change_tkr":
            return set(range(self.case.base_year, year + 1))
        if column in GROWTH:
            return set(range(last + 1, year + 1))
        if column == "population" and statement:
            return {last, year}
        return {year}

    def cell(self, name: str, column: str, row: int) -> Trail:
        """Return a cell as a leaf."""
        table = self.tables[name]
        value = cell_value(table, column, row)
        place = table.spec.columns.get(column)
        label = place.label if place is not None else column
        if name in ("statement", "balance", "adjustments") and column in LINES:
            label = LINES[column].label
        elif name in _ROW_LABELS:
            own, pattern = _ROW_LABELS[name]
            words = _(pattern)
            share = share_table(table["share"][row]) if name == "parts" else ""
            label = words.format(label=label, own=table[own][row], share=share)
        cell = Cell(
            table=name,
            sheet=table.spec.label,
            row=table.rows[row],
            column=COLUMN_OF.get(name, column),
            value=value,
            source=table["source"][row],
            quality=table["quality"][row],
        )
        return Trail(
            key=f"{name}:{column}",
            label=label,
            year=years_of(table, [row])[row],
            value=value,
            shown=_cell_text(cell),
            formula="",
            quality=cell.quality,
            cell=cell,
        )

    def project_sum(self, total: str, year: int) -> Trail:
        """Return what the projects add to a total this year, project by project."""
        t = year - self.case.plan_start
        amount = float(getattr(self.totals, total)[t, 0])
        children = []
        rows = project_rows(self.tables, total, self.choices)
        for project_id, value in self.contributions(total, t):
            if abs(value) < 1e-9:
                continue
            cells = [
                self.cell(name, _column_of(total, name), row)
                for name, row in rows.get(project_id, [])
                if self.counts(total, name, row, year)
            ]
            project = self.case.project(project_id)
            children.append(
                Trail(
                    key=f"{total}:{project_id}:{year}",
                    label=project.name,
                    year=year,
                    value=value,
                    shown=_shown("", value),
                    formula=self.project_formula(total, project_id, year),
                    quality=_computed(cells),
                    children=tuple(cells),
                )
            )
        return Trail(
            key=f"projects:{total}:{year}",
            label=PROJECT_WORDS[total],
            year=year,
            value=0.0 if abs(amount) < 1e-9 else amount,
            shown=_shown("", amount),
            formula=_("summan över projekten"),
            quality=worst_quality(child.quality for child in children),
            children=tuple(children),
        )

    def fixed_outlay(self, project: Project, alternative: Alternative) -> Trail:
        """Return an alternative's outlay in the base year's prices, row by row."""
        table = self.tables["outlays"]
        wanted = project.project_id, alternative.alternative_id
        cells = [
            self.cell("outlays", "outlay", row)
            for row in range(len(table))
            if (table["project_id"][row], table["alternative_id"][row]) == wanted
        ]
        value = float(sum(alternative.outlay))
        return Trail(
            key=f"{OUTLAY_FIXED}:{project.project_id}",
            label=project.name,
            year=None,
            value=value,
            shown=_shown("", value),
            formula=_(
                "summan av alternativets utgifter ({a}), i {y} års priser"
            ).format(a=alternative.name, y=self.case.base_year),
            quality=worst_quality(cell.quality for cell in cells),
            children=tuple(cells),
        )

    def project_formula(self, total: str, project_id: str, year: int) -> str:
        """Return how a project's part of a total is computed, indices filled in."""
        name = "construction" if total in ("outlay", "income") else "cost"
        slots: dict[str, object] = {
            "x": number(self.price_index(name, year), 6),
            "base": self.case.base_year,
        }
        if total in ("depreciation", "resolved", "fees"):
            choice = next(c for c in self.choices if c.project_id == project_id)
            project = self.case.project(project_id)
            alternative = project.alternative(choice.alternative_id)
            spent = range(
                choice.start_year, choice.start_year + len(alternative.outlay)
            )
            indices = (
                f"{y}: {number(self.price_index('construction', y), 6)}"
                for y in spent
                if y <= year
            )
            slots["indices"] = "; ".join(indices)
            slots["use"] = choice.start_year + alternative.build_years
        return PROJECT_FORMULAS[total].format(**slots)

    def counts(self, total: str, name: str, row: int, year: int) -> bool:
        """Return True if a project's row takes part in a total this year.

        Of outlays the year's own row, of operating effects the last one begun; of what
        is spread over later years, every row so far.
        """
        if name not in ("outlays", "effects"):
            return True
        table = self.tables[name]
        project_id, offset = table["project_id"][row], table["offset"][row]
        choice = next(c for c in self.choices if c.project_id == project_id)
        if name == "outlays":
            now = year - choice.start_year
            return bool(
                offset == now if total in ("outlay", "income") else offset <= now
            )
        alternative = self.case.project(project_id).alternative(choice.alternative_id)
        now = year - choice.start_year - alternative.build_years
        return bool(offset == min(now, len(alternative.operating) - 1))

    def contributions(self, total: str, t: int) -> list[tuple[str, float]]:
        """Return each project's part of a total in year number `t`."""
        indices = self.indices
        chosen = {choice.project_id: choice for choice in self.choices}
        parts = []
        for project in self.case.projects:
            value = 0.0
            year = int(self.case.years[t])
            if total == "waiting" and year >= project.waiting_from_year:
                value = project.waiting_cost * float(indices.cost[1 + t, 0])
            choice = chosen.get(project.project_id)
            if choice is not None:
                alternative = project.alternative(choice.alternative_id)
                own = project_totals(
                    self.case, indices, project, alternative, choice.start_year
                )
                value += float(getattr(own, total)[t, 0])
            parts.append((project.project_id, value))
        return parts


# Rows that share a column are told apart by what stands in another.
_ROW_LABELS = {
    "outlays": ("offset", later("{label} år {own} från start")),
    "effects": ("offset", later("{label} år {own} från ibruktagande")),
    "parts": ("component", later("{label}, {own} ({share} av utgiften)")),
}


def _computed(cells: Sequence[Trail]) -> str | None:
    """The mark of what is computed from cells: no better than the worst of them."""
    marks = [cell.quality for cell in cells if cell.quality]
    return worst_quality([*marks, "beräkning"]) if marks else None


def _column_of(total: str, table: str) -> str:
    if table == "outlays":
        return "income" if total in ("income", "resolved") else "outlay"
    return {
        "parts": "useful_life_years",
        "effects": "operating",
        "projects": "waiting_cost",
        "alternatives": "scrapped",
    }[table]


def _shown(key: str, value: float | None) -> str:
    if key in INDICATOR_LABELS:
        return indicator_table(key, value)
    return amount_tkr(tkr(value))


def _cell_text(cell: Cell) -> str:
    """Return what stands in the cell, with the unit of its column."""
    value = cell.value
    if value is None:
        return missing()
    declared = SCHEMA[cell.table].columns.get(cell.column)
    kind = declared.type if declared is not None else "tkr"
    if isinstance(value, bool) or not isinstance(value, int | float) or kind == "year":
        return str(value)
    if kind == "share":
        return share_table(value, 2)
    text = number(value, 0 if float(value).is_integer() else 2)
    return amount_tkr(text) if kind == "tkr" else text
