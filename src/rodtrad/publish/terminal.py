"""How do faults, trails, comparisons and checks look as lines of text?

Everything that the command line prints beside the summary. Returns text and prints
nothing. Leaves out the words of each fault: the issue brings its own.
"""

from __future__ import annotations

import math
import re
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rodtrad.domain.columns import SCHEMA
from rodtrad.domain.messages import names_value
from rodtrad.domain.words import (
    BALANCE_LABELS,
    BALANSKRAV_LABELS,
    CASH_FLOW_LABELS,
    INDICATOR_LABELS,
    QUALITY_LABELS,
    ROOM_LABELS,
    STATEMENT_LABELS,
    _,
    indicator_table,
    later,
    list_text,
    missing,
    mkr,
    money_text,
    number,
    plural,
    quoted,
    share_table,
    years_text,
)
from rodtrad.publish.agreement import project_sentence
from rodtrad.publish.choices import window_sentence
from rodtrad.publish.uncertainty import goal_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rodtrad.errors import Issue, NoPlanError
    from rodtrad.explain.trail import Cell, Trail
    from rodtrad.verify import Difference

_ORDER = {"error": 0, "warning": 1, "note": 2}
# Of one kind of fault in one column, so many are written out; `--json` has them all.
_SHOWN_OF_A_KIND = 20


def render_issues(issues: Sequence[Issue], workbook: bool) -> str:
    """Return every fault at its place, worst first, and the summary line last.

    Args:
        issues: in any order.
        workbook: places are named as in Excel; else as in a CSV folder.
    """
    lines: list[str] = []
    headings = {"error": _("FEL"), "warning": _("VARNINGAR"), "note": _("UPPLYSNINGAR")}
    ordered = sorted(issues, key=_place_order())
    for severity, found in groupby(ordered, key=lambda issue: issue.severity):
        lines += [headings[severity], ""]
        shown = _thin_out(list(found), workbook)
        for place, here in groupby(shown, key=lambda pair: _place(pair[0], workbook)):
            if place:
                lines.append(f"{place}:")
            for issue, more in here:
                lines.append(f"  {issue.message}")
                if issue.remedy:
                    lines.append(f"  {issue.remedy}")
                if more:
                    lines.append(f"  {more}")
            lines.append("")
    lines.append(issues_summary(issues))
    return "\n".join(lines) + "\n"


def issues_summary(issues: Iterable[Issue]) -> str:
    """Return the closing line: how many faults, and what to do."""
    found = list(issues)
    errors = sum(issue.severity == "error" for issue in found)
    warnings = sum(issue.severity == "warning" for issue in found)
    warned = plural("{n} varning", "{n} varningar", warnings).format(n=warnings)
    if errors and warnings:
        return _("{e} fel och {warned}. Rätta felen och kör igen.").format(
            e=errors, warned=warned
        )
    if errors:
        return _("{e} fel. Rätta felen och kör igen.").format(e=errors)
    if warnings:
        return _("Inga fel. {warned} att se över.").format(warned=warned)
    return _("Inga fel.")


def _place_order() -> Any:
    tables = {name: rank for rank, name in enumerate(SCHEMA)}

    def key(issue: Issue) -> tuple[int, int, int, str, str]:
        return (
            _ORDER[issue.severity],
            tables.get(issue.table, -1),
            issue.row or 0,
            issue.column,
            issue.code,
        )

    return key


def _thin_out(issues: list[Issue], workbook: bool) -> list[tuple[Issue, str]]:
    """Return the faults to write out, each with a word on those like it left out."""
    alike: dict[object, list[Issue]] = {}
    for issue in issues:
        alike.setdefault(_same_fault(issue), []).append(issue)
    issues = [same[0] for same in alike.values()]
    told = {
        id(same[0]): _all_places(same, workbook)
        for same in alike.values()
        if len(same) > 1
    }
    kinds: dict[tuple[str, str, str], list[Issue]] = {}
    for issue in issues:
        kinds.setdefault((issue.code, issue.table, issue.column), []).append(issue)
    shown = []
    for issue in issues:
        same = kinds[issue.code, issue.table, issue.column]
        if issue.severity == "note" and len(same) > 1:
            if issue is same[0]:
                shown.append((issue, _counted(same)))
        elif len(same) <= _SHOWN_OF_A_KIND:
            shown.append((issue, told.get(id(issue), "")))
        elif any(issue is one for one in same[:_SHOWN_OF_A_KIND]):
            last = issue is same[_SHOWN_OF_A_KIND - 1]
            more = [told.get(id(issue), ""), _left_out(same) if last else ""]
            shown.append((issue, " ".join(filter(None, more))))
    return shown


def _same_fault(issue: Issue) -> object:
    """Return what is equal for faults with one cause: the same value, the same words.

    One changed id makes orphans on many sheets, where its column has other names.
    """
    if issue.severity == "note" or not issue.row or not names_value(issue.code):
        return id(issue)
    column = "" if issue.code == "ref_orphan" else issue.column
    return issue.code, column, issue.message, issue.remedy


# Rows of one sheet are listed while the list is no longer than this.
_LONG_LIST = 40


def _all_places(same: Sequence[Issue], workbook: bool) -> str:
    """Return how many rows have the same fault, and which, sheet by sheet."""
    rows: dict[str, list[int]] = {}
    for issue in same:
        rows.setdefault(issue.table, []).append(issue.row or 0)
    places = []
    for table, of in rows.items():
        name = SCHEMA[table].label if workbook else f"{table}.csv"
        listed = years_text(of)
        places.append(
            _("{name} rad {rows}").format(name=name, rows=listed)
            if len(listed) <= _LONG_LIST
            else _("{name} från rad {row}, {n} rader").format(
                name=name, row=min(of), n=len(of)
            )
        )
    first = SCHEMA[same[0].table].label if workbook else f"{same[0].table}.csv"
    return _(
        "Gäller {n} rader, den första är {name} rad {row}. Alla: {places}."
    ).format(n=len(same), name=first, row=same[0].row, places="; ".join(places))


def _counted(same: Sequence[Issue]) -> str:
    if same[0].row is None:
        return _("Gäller {n} ställen.").format(n=len(same))
    return _("Gäller {n} celler, den första på rad {row}.").format(
        n=len(same), row=same[0].row
    )


def _left_out(same: Sequence[Issue]) -> str:
    rows = [str(issue.row) for issue in same[_SHOWN_OF_A_KIND:] if issue.row]
    text = _("Samma sak gäller {n} till.").format(n=len(same) - _SHOWN_OF_A_KIND)
    if rows:
        first = list_text(rows[:10])
        text += " " + (
            _("Rader: {rows}.").format(rows=first)
            if len(rows) <= 10
            else _("Bland annat raderna {rows}.").format(rows=first)
        )
    return text


def _place(issue: Issue, workbook: bool) -> str:
    """Return "Bladet Projekt, rad 14, Tidigaste start", or what there is of it."""
    if not issue.table:
        return ""
    spec = SCHEMA.get(issue.table)
    row = _("rad {row}").format(row=issue.row) if issue.row else ""
    if not workbook:
        return ", ".join(
            part for part in (f"{issue.table}.csv", row, issue.column) if part
        )
    sheet = _("Bladet {name}").format(name=spec.label if spec else issue.table)
    declared = spec.columns.get(issue.column) if spec else None
    column = declared.label if declared else issue.column
    return ", ".join(part for part in (sheet, row, column) if part)


def render_conflict(error: NoPlanError) -> str:
    """Return which requirements collide and the smallest change that is enough."""
    lines = [str(error)]
    if error.conflict:
        lines += ["", _("Det här krockar:"), *(f"  {one}" for one in error.conflict)]
    if error.repair:
        lines += ["", _("Minsta ändring som räcker:")]
        lines += [f"  {one}" for one in error.repair]
    return "\n".join(lines) + "\n"


def render_project(found: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """Return whether a project is in, when, what it costs and why.

    Args:
        found: `project` and `reason`, its rows in the result; the reason may be None.
        result: the plan, for its currency.
    """
    project, reason = found["project"], found["reason"]
    currency = result["meta"]["currency"]
    lines = [project["name"], "=" * len(project["name"]), ""]
    if project["chosen"]:
        lines.append(
            _("Ingår: start {start}, i bruk {use}, alternativet {name}.").format(
                start=project["start_year"],
                use=project["in_use_year"],
                name=quoted(project["alternative_name"]),
            )
        )
        spent = math.fsum(x for x in project["outlay_tkr"] if x)
        lines.append(
            _("Utgift i löpande priser: {kr}.").format(kr=money_text(spent, currency))
        )
    else:
        lines.append(_("Ingår inte i planen."))
        if project["outlay_fixed_tkr"] is not None:
            lines.append(
                _("Utgift i basårets priser: {kr}.").format(
                    kr=money_text(project["outlay_fixed_tkr"], currency)
                )
            )
    lines.append("")
    if reason is None:
        lines.append(_("Skälen är inte uträknade. Kör planen utan --only plan."))
    else:
        lines += reason["text"]
    for text in (
        project_sentence(result, project["project_id"]),
        window_sentence(dict(result), project["project_id"]),
    ):
        lines += [text] if text else []
    return "\n".join(lines) + "\n"


# ---------------------------------------------------------------- verify

# What says how the plan was found and read; not recomputed figure by figure.
# Of these some is held to the plan, but not every figure is computed again.
_NOT_RECOMPUTED = ("meta", "status", "limits", "reasons", "law", "quality", "issues")
_SHOWN_DIFFERENCES = 30


def count_figures(result: Mapping[str, Any]) -> int:
    """Return how many figures of a plan are computed again when it is checked."""

    def count(value: Any) -> int:
        if isinstance(value, dict):
            return sum(count(one) for one in value.values())
        if isinstance(value, list):
            return sum(count(one) for one in value)
        return int(isinstance(value, int | float) and not isinstance(value, bool))

    kept = {key: one for key, one in result.items() if key not in _NOT_RECOMPUTED}
    return count(kept)


def render_differences(
    differences: Sequence[Difference], result: Mapping[str, Any]
) -> str:
    """Return that everything agrees, or what does not, the largest named first."""
    if not differences:
        return (
            _(
                "Kontrollen stämmer: alla {n} siffror gick att räkna om från underlaget. Inte prövat är texternas ord och hur bra en plan som mest kan bli, utom i samsynen, där bevisen är prövade."
            ).format(n=number(count_figures(result)))
            + "\n"
        )
    many = plural(
        "Kontrollen stämmer inte: {n} uppgift skiljer sig.",
        "Kontrollen stämmer inte: {n} uppgifter skiljer sig.",
        len(differences),
    ).format(n=number(len(differences)))
    numeric = [one for one in differences if _size(one) is not None]
    if numeric:
        largest = max(numeric, key=lambda one: _size(one) or 0.0)
        many += " " + _("Störst: {figure}, {a} i planen och {b} vid kontroll.").format(
            figure=_figure_name(largest.figure, result),
            a=_value(largest.stated),
            b=_value(largest.computed),
        )
    lines = [many, ""]
    for one in differences[:_SHOWN_DIFFERENCES]:
        text = one.text or _("{a} i planen, {b} vid kontroll").format(
            a=_value(one.stated), b=_value(one.computed)
        )
        lines.append(f"  {_figure_name(one.figure, result)}: {text}")
    if len(differences) > _SHOWN_DIFFERENCES:
        lines.append(
            _("  … och {n} till; --json visar alla.").format(
                n=number(len(differences) - _SHOWN_DIFFERENCES)
            )
        )
    return "\n".join(lines) + "\n"


def _size(one: Difference) -> float | None:
    if all(
        isinstance(x, int | float) and not isinstance(x, bool)
        for x in (one.stated, one.computed)
    ):
        return abs(float(one.stated) - float(one.computed))
    return None


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("ja") if value else _("nej")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and abs(value) >= 1e15:
        return f"{value:.3g}"
    if isinstance(value, float):
        return number(value, 1 if abs(value) >= 1000 else 4)
    if value is None:
        return missing()
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _figure_name(path: str, result: Mapping[str, Any]) -> str:
    """Return "statement.ar 2029" for the path "statement.ar[3]"."""
    years = result.get("years", [])
    match = re.fullmatch(
        r"((?:statement|balance|balanskrav|cash_flow|indicators|room)\.\w+)\[(\d+)\]",
        path,
    )
    if match and int(match[2]) < len(years):
        table, line = match[1].split(".")
        label = _LABELS[table].get(line, match[1])
        return f"{label} {years[int(match[2])]}"
    chance = re.fullmatch(r"probability\.(\w+)\[(\d+)\]", path)
    if chance and int(chance[2]) < len(years):
        return _("Sannolikhet, {goal} {y}").format(
            goal=goal_label(result, chance[1]), y=years[int(chance[2])]
        )
    spread = re.fullmatch(r"quantiles\.(\w+)\.p(\d+)\[(\d+)\]", path)
    if spread and int(spread[3]) < len(years):
        names = {key: label for part in _LABELS.values() for key, label in part.items()}
        return _("{line} {y}, {p} av 100 under").format(
            line=names.get(spread[1], spread[1]),
            y=years[int(spread[3])],
            p=spread[2],
        )
    return path


_LABELS = {
    "statement": STATEMENT_LABELS,
    "balance": BALANCE_LABELS,
    "balanskrav": BALANSKRAV_LABELS,
    "cash_flow": CASH_FLOW_LABELS,
    "indicators": INDICATOR_LABELS,
    "room": ROOM_LABELS,
}

# ---------------------------------------------------------------- compare


def render_comparison(
    comparison: Mapping[str, Any],
    names: Sequence[str],
    results: Sequence[Mapping[str, Any]],
) -> str:
    """Return plans side by side, and what each kind of input makes of the difference.

    Args:
        comparison: from `study.compare_studies`.
        names: what the plans are called, as typed.
        results: the plans themselves, for the names of the alternatives.
    """
    letters = [chr(ord("A") + i) for i in range(len(names))]
    lines = [
        f"{letter}  {name}" + (f" ({_scenario(plan)})" if plan["scenario"] else "")
        for letter, name, plan in zip(letters, names, comparison["plans"], strict=True)
    ]
    rows = [["", *letters]]
    plans = comparison["plans"]
    rows.append(
        [_("Projekt som ingår"), *(f"{p['chosen']}/{p['projects']}" for p in plans)]
    )
    rows.append(
        [
            _("Utgift i basårets priser, mkr"),
            *(mkr(p["outlay_fixed_tkr"]) for p in plans),
        ]
    )
    rows.append([_("Nyttopoäng"), *(number(p["objective"], 1) for p in plans)])
    rows.append(
        [_("Avstånd till bästa möjliga"), *(share_table(p["gap"], 2) for p in plans)]
    )
    lines += ["", *_columns(rows)]
    for key, label, in_mkr in _COMPARED:
        figures = comparison["figures"][key]
        all_years = sorted({year for years in comparison["years"] for year in years})
        rows = [[_(label), *map(str, all_years)]]
        for letter, years, values in zip(
            letters, comparison["years"], figures, strict=True
        ):
            by_year = dict(zip(years, values, strict=True))
            shown = (by_year.get(year) for year in all_years)
            rows.append(
                [
                    f"  {letter}",
                    *(mkr(x) if in_mkr else indicator_table(key, x) for x in shown),
                ]
            )
        lines += ["", *_columns(rows)]
    for letter, years, item in zip(
        letters[1:], comparison["years"][1:], comparison["itemised"], strict=True
    ):
        lines += ["", *_itemised_lines(letter, years, item)]
    lines += ["", *_project_lines(comparison["projects"], letters, results)]
    return "\n".join(lines) + "\n"


_COMPARED = (
    ("ar", later("Årets resultat, mkr"), True),
    ("bkr", later("Balanskravsresultat, mkr"), True),
    ("outlay", later("Utgifter för valda projekt, mkr"), True),
    ("loans", later("Lån, mkr"), True),
    ("res_andel", later("Resultat av skatter och bidrag"), False),
)


def _scenario(plan: Mapping[str, Any]) -> str:
    return _("scenariot {name}").format(name=quoted(plan["scenario"]))


def _itemised_lines(
    letter: str, years: Sequence[int], item: Mapping[str, Any]
) -> list[str]:
    if not item["comparable"]:
        return [
            _(
                "{letter} gäller andra år än A. Skillnaden går inte att dela upp."
            ).format(letter=letter)
        ]
    lines: list[str] = []
    for key, label in (
        ("ar", _("Årets resultat: {letter} jämfört med A, mkr")),
        ("loans", _("Lån: {letter} jämfört med A, mkr")),
    ):
        rows = [[label.format(letter=letter), *map(str, years)]]
        total = [0.0] * len(years)
        for step in item["steps"]:
            values = [x or 0.0 for x in step[key]]
            total = [a + b for a, b in zip(total, values, strict=True)]
            if any(abs(x) >= _SHOWN_TKR for x in values):
                rows.append([f"  {step['label']}", *(mkr(x) for x in values)])
        rows.append([f"  {_('Summa')}", *(mkr(x) for x in total)])
        lines += [*_columns(rows), ""]
    return lines[:-1]


# A difference smaller than this shows as zero mkr, and its row is left out.
_SHOWN_TKR = 50.0


def _project_lines(
    projects: Sequence[Mapping[str, Any]],
    letters: Sequence[str],
    results: Sequence[Mapping[str, Any]],
) -> list[str]:
    if not projects:
        return [_("Planerna har samma projekt, alternativ och startår.")]
    alternatives = [
        {row["project_id"]: row["alternative_name"] for row in result["projects"]}
        for result in results
    ]
    rows = [[_("Projekt som skiljer sig (startår)"), *letters]]
    for project in projects:
        chosen = [
            missing() if one is None else str(one["start_year"])
            for one in project["plans"]
        ]
        kinds = {one["alternative_id"] for one in project["plans"] if one}
        if len(kinds) > 1:
            chosen = [
                text
                if one is None
                else f"{text} {of[project['project_id']] or one['alternative_id']}"
                for text, one, of in zip(
                    chosen, project["plans"], alternatives, strict=True
                )
            ]
        rows.append([f"  {project['name']}", *chosen])
    return _columns(rows)


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows with the first column to the left and the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


# ---------------------------------------------------------------- explain


def render_trail(trail: Trail) -> str:
    """Return a figure and everything it hangs on as an indented tree.

    A long source is written out the first time; after that the place where it stands.
    """
    return "\n".join(_trail_lines(trail, "", "", {})) + "\n"


# A source with more characters than this is written out once in a trail.
_LONG_SOURCE = 60


def _trail_lines(
    trail: Trail, head: str, indent: str, told: dict[str, str]
) -> list[str]:
    name = f"{trail.label} {trail.year}" if trail.year is not None else trail.label
    quality = f" [{_quality(trail.quality)}]" if trail.quality else ""
    lines = [f"{head}{name}: {trail.shown}{quality}"]
    stem = "│  " if trail.children else "   "
    if trail.formula:
        lines.append(f"{indent}{stem}= {trail.formula}")
    if trail.cell is not None:
        row = _("bladet {sheet}, rad {row}").format(
            sheet=trail.cell.sheet, row=trail.cell.row
        )
        source = trail.cell.source or _("källa saknas")
        if source in told:
            source = _("Samma källa som ovan, {row}.").format(row=told[source])
        elif len(source) > _LONG_SOURCE:
            told[source] = row
        lines.append(
            f"{indent}{stem}{row[0].upper()}{row[1:]}, {_heading(trail.cell)}. {source}"
        )
    for i, child in enumerate(trail.children):
        last = i == len(trail.children) - 1
        lines += _trail_lines(
            child,
            f"{indent}{'└─ ' if last else '├─ '}",
            f"{indent}{'   ' if last else '│  '}",
            told,
        )
    return lines


def _heading(cell: Cell) -> str:
    """Return the heading that the user sees; a statement line has its own name."""
    declared = SCHEMA[cell.table].columns.get(cell.column)
    if declared is not None:
        return declared.label
    lines = STATEMENT_LABELS | BALANCE_LABELS | BALANSKRAV_LABELS
    return lines.get(cell.column, cell.column)


def _quality(key: str) -> str:
    return QUALITY_LABELS.get(key, key)
