"""Which tables stand in the report? Statements, room, law and what is assumed.

Each function takes the result (plan.json as a dict) and returns a `TableBlock` with
every figure both as text and unrounded, or None where there is nothing to show. Leaves
out the sentences around them (chapters).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.words import (
    BALANCE_LABELS,
    BALANSKRAV_LABELS,
    CASH_FLOW_LABELS,
    EN_DASH,
    INDICATOR_LABELS,
    PER_INHABITANT_INDICATORS,
    RESERVE_LABELS,
    ROOM_LABELS,
    STATEMENT_LABELS,
    STATEMENT_SUBTOTALS,
    _,
    indicator_table,
    list_text,
    missing,
    mkr,
    number,
    share_table,
    share_text,
    unit_mkr,
    unit_per_inhabitant,
    years_text,
)
from rodtrad.publish import figures
from rodtrad.publish.blocks import Cell, Column, Row, TableBlock
from rodtrad.publish.figures import currency, first_upper, series_of, total
from rodtrad.publish.trails import baseline_figure, figure_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Result = dict[str, Any]

# The assets, then equity and liabilities, then what stands outside the balance sheet.
_ASSETS: Final = ("fixed_assets", "financial_assets", "other_assets", "cash")
_FUNDS: Final = ("equity", "provisions", "loans", "other_liabilities")
_MEMO: Final = ("pension_off_balance", "guarantees")


def prices(result: Result) -> str:
    """Return the unit and price level of a table of nominal amounts."""
    return _("{unit}, löpande priser").format(
        unit=first_upper(unit_mkr(currency(result)))
    )


def line_rows(
    result: Result,
    part: str,
    labels: Mapping[str, str],
    sums: Iterable[str] = (),
    opening: Mapping[str, Any] | None = None,
    keys: Iterable[str] | None = None,
) -> list[Row]:
    """Return a row a line, a cell a year (and the base year first where given)."""
    rows = []
    for key in keys or labels:
        values = series_of(result, part, key)
        if values is None:
            continue
        cells = [
            Cell(mkr(v), v, figure=figure_of(result, key, i, v))
            for i, v in enumerate(values)
        ]
        if opening is not None:
            before = opening.get(key)
            cells = [Cell(mkr(before), before), *cells]
        rows.append(
            Row(
                labels[key],
                tuple(cells),
                "sum" if key in sums else "normal",
                figures.worst_quality(result, key),
            )
        )
    return rows


def year_columns(
    result: Result, label: str, opening: Mapping[str, Any] | None = None
) -> tuple[Column, ...]:
    """Return the columns of a table by year, the base year first where given."""
    years = list(result["years"])
    if opening is not None:
        years = [result["meta"]["base_year"], *years]
    return (Column(label, "left"), *(Column(str(y)) for y in years))


def income_statement(result: Result) -> TableBlock:
    """Return the income statement, the base year first."""
    opening = result.get("opening", {}).get("statement") or None
    return TableBlock(
        title=_("Resultaträkning"),
        subtitle=_("{unit}. Kostnader är negativa.").format(unit=prices(result)),
        columns=year_columns(result, _("Rad"), opening),
        rows=tuple(
            line_rows(
                result, "statement", STATEMENT_LABELS, STATEMENT_SUBTOTALS, opening
            )
        ),
        note=_("Avrundning gör att delsummor kan skilja."),
    )


def balance_sheet(result: Result) -> TableBlock:
    """Return the balance sheet with both sums, the base year first."""
    opening = result.get("opening", {}).get("balance") or None

    def summed(label: str, keys: Sequence[str]) -> Row:
        values = [series_of(result, "balance", k) or [] for k in keys]
        sums = [total(v) for v in zip(*values, strict=False)]
        cells = [Cell(mkr(v), v) for v in sums]
        if opening is not None:
            before = math.fsum(opening.get(k) or 0.0 for k in keys)
            cells = [Cell(mkr(before), before), *cells]
        return Row(label, tuple(cells), "sum")

    def lines(keys: Sequence[str]) -> list[Row]:
        return line_rows(result, "balance", BALANCE_LABELS, (), opening, keys)

    memo = lines(_MEMO)
    rows = [
        *lines(_ASSETS),
        summed(_("Summa tillgångar"), _ASSETS),
        *lines(_FUNDS),
        summed(_("Summa eget kapital och skulder"), _FUNDS),
    ]
    if memo:
        rows += [Row(_("Utanför balansräkningen"), (), "group"), *memo]
    return TableBlock(
        title=_("Balansräkning"),
        subtitle=_("{unit}. Vid årets slut.").format(unit=prices(result)),
        columns=year_columns(result, _("Rad"), opening),
        rows=tuple(rows),
        note=_("Avrundning gör att delsummor kan skilja."),
    )


def cash_flow(result: Result) -> TableBlock:
    """Return the cash-flow statement."""
    return TableBlock(
        title=_("Kassaflöde"),
        subtitle=prices(result),
        columns=year_columns(result, _("Rad")),
        rows=tuple(
            line_rows(result, "cash_flow", CASH_FLOW_LABELS, ("arets", "likvida_ut"))
        ),
        note=_("Avrundning gör att delsummor kan skilja."),
    )


def indicators_table(result: Result) -> TableBlock:
    """Return every indicator a year."""
    rows = []
    for key, label in INDICATOR_LABELS.items():
        values = series_of(result, "indicators", key)
        if values is None:
            continue
        name = label
        if key in PER_INHABITANT_INDICATORS:
            name = f"{label}, {unit_per_inhabitant(currency(result))}"
        rows.append(
            Row(
                name,
                tuple(
                    Cell(
                        indicator_table(key, v),
                        v,
                        figure=figure_of(result, key, i, v),
                    )
                    for i, v in enumerate(values)
                ),
                quality=figures.worst_quality(result, key),
            )
        )
    return TableBlock(
        title=_("Nyckeltal"),
        subtitle=_("Andelar i procent, lån i {unit}").format(
            unit=unit_per_inhabitant(currency(result))
        ),
        columns=year_columns(result, _("Nyckeltal")),
        rows=tuple(rows),
        note=_(
            "Självfinansieringsgraden går inte att räkna ut år då inkomsterna är större än utgifterna för investeringar."
        )
        if any(v is None for v in series_of(result, "indicators", "sfg") or [])
        else "",
        folded=True,
    )


def room_table(result: Result, path: tuple[str, ...], title: str) -> TableBlock | None:
    """Return the three measures a year, by goals that must be kept and by all.

    The measures that goals which should be reached would narrow stand twice.
    """
    must, every = (figures.room_of(result, *path, level=x) for x in ("must", "aim"))
    years: list[int] = result["years"]
    if series_of(must, "own_funds") is None:
        return None
    split = "must" in every
    columns = [
        (first_upper(label), series_of(must, key), key)
        for key, label in ROOM_LABELS.items()
    ]
    if split:
        columns += [
            (
                _("{measure}, också bör nås").format(measure=first_upper(label)),
                series_of(every, key),
                key,
            )
            for key, label in ROOM_LABELS.items()
            if figures.has_aims(result, figures.ROOM_GOALS.get(key, ()))
        ]
    name = figure_of if path == ("room",) else baseline_figure
    least = series_of(must, "binding")
    rows = []
    for i, year in enumerate(years):
        cells = []
        for _label, values, key in columns:
            value = values[i] if values is not None else None
            figure = name(result, key, i, value)
            cells.append(Cell(mkr(value, 0), value, figure=figure))
        binds = str(least[i]) if least is not None and least[i] is not None else ""
        words = first_upper(ROOM_LABELS.get(binds, missing()))
        cells.append(Cell(words, binds or None))
        rows.append(Row(str(year), tuple(cells)))
    note = _(
        "Negativa egna medel betyder att kommunen lånar det året. Skuldtak och resultatmål visar det minsta som är kvar något av åren från och med det året."
    )
    if len(columns) > len(ROOM_LABELS):
        note += " " + _("”Också bör nås” räknar också med mål som bör nås.")
        if path == ("room",):
            note += " " + _(
                "Där siffran är negativ missar planen ett sådant mål det året eller senare, och det får den."
            )
    elif not split and figures.has_aims(result):
        note += " " + _("Mål som bör nås räknas också; planen får bryta dem.")
    if any(
        values is None or not any(v is not None for v in values)
        for _label, values, _key in columns[: len(ROOM_LABELS)]
    ):
        note += " " + _("{sign} betyder att målet saknas.").format(sign=missing())
    return TableBlock(
        title=title,
        subtitle=prices(result),
        columns=(
            Column(_("År"), "left"),
            *(Column(label) for label, _values, _key in columns),
            Column(_("Minst av de tre första"), "left"),
        ),
        rows=tuple(rows),
        note=note,
        folded=path != ("room",),
    )


def companies_table(result: Result) -> TableBlock | None:
    """Return the companies' own figures, which are never part of the municipality's."""
    companies = result.get("companies") or []
    if not companies:
        return None
    keys = {
        "result": _("Resultat"),
        "investment": _("Investeringar"),
        "loans": _("Lån"),
        "guarantees": _("Borgen"),
        "dividend": _("Utdelning"),
    }
    rows: list[Row] = []
    last = None
    for item in sorted(companies, key=lambda c: (str(c["company"]), c["year"])):
        if item["company"] != last:
            rows.append(Row(str(item["company"]), (), "group"))
            last = item["company"]
        rows.append(
            Row(
                str(item["year"]),
                tuple(Cell(mkr(item.get(k)), item.get(k)) for k in keys),
            )
        )
    return TableBlock(
        title=_("Vid sidan av: kommunens bolag"),
        subtitle=prices(result),
        columns=(
            Column(_("Bolag och år"), "left"),
            *(Column(v) for v in keys.values()),
        ),
        rows=tuple(rows),
        note=_("Bolagens siffror ingår inte i kommunens räkenskaper."),
    )


def law_table(result: Result) -> TableBlock | None:
    """Return the statutory values used, and whether the text in force has been read."""
    law = result.get("law") or []
    if not law:
        return None
    rows = []
    for item in law:
        end = item.get("valid_to")
        period = (
            _("från och med {y}").format(y=item.get("valid_from"))
            if end is None
            else years_text([item.get("valid_from") or end, end])
            if (item.get("valid_from") or end) + 1 >= end
            else f"{item.get('valid_from')}–{end}"
        )
        verified = bool(item.get("verified"))
        checked = (
            _("kontrollerad")
            if verified
            else _("inte kontrollerad mot gällande lagtext")
        )
        rows.append(
            Row(
                str(item.get("label") or item.get("note") or item["key"]),
                (
                    Cell(_law_value(item), _scalar(item.get("value"))),
                    Cell(period, period),
                    Cell(_reference(item), str(item.get("reference") or "")),
                    Cell(checked, verified, mood="normal" if verified else "missed"),
                ),
            )
        )
    return TableBlock(
        title=_("Lagens värden i beräkningen"),
        subtitle=_("Det som inte är kontrollerat kan ha ändrats i lagen."),
        columns=(
            Column(_("Vad"), "left"),
            Column(_("Värde"), "left"),
            Column(_("Gäller"), "left"),
            Column(_("Källa"), "left"),
            Column(_("Kontroll"), "left"),
        ),
        rows=tuple(rows),
        folded=True,
    )


def _law_value(item: Mapping[str, Any]) -> str:
    value = item.get("value")
    if isinstance(value, (list, tuple)):
        return list_text([_law_value({"value": v}) for v in value])
    if isinstance(value, str):
        labels = {**RESERVE_LABELS, **BALANSKRAV_LABELS}
        return labels.get(value, value)
    if isinstance(value, bool) or value is None:
        return missing() if value is None else _("ja") if value else _("nej")
    if isinstance(value, float) and abs(value) <= 1:
        return share_text(value)
    if isinstance(value, int) and 1900 <= value <= 2200:
        return str(value)
    return number(value, 0 if float(value).is_integer() else 2)


def _scalar(value: Any) -> str | float | int | bool | None:
    if value is None or isinstance(value, (str, float, int, bool)):
        return value
    return ", ".join(str(v) for v in value)


def _reference(item: Mapping[str, Any]) -> str:
    """Return the reference; a paragraph only where the text has been read."""
    text = str(item.get("reference") or missing())
    if item.get("verified") or "§" not in text:
        return text
    cut = text.find(" kap.")
    if cut < 0:
        cut = text.find("§")
    return text[:cut].rsplit(" ", 1)[0].rstrip(" ,") or missing()


def assumptions_table(result: Result) -> TableBlock | None:
    """Return what is assumed, sheet by sheet, and on what ground."""
    assumptions = (result.get("quality") or {}).get("assumptions") or []
    if not assumptions:
        return None
    names = known_names(result)
    notes = [str(item.get("text") or "") for item in assumptions]
    sheets = [sheet_name(str(item.get("table") or "")) for item in assumptions]
    told = any(n and n != s for n, s in zip(notes, sheets, strict=True))
    rows = []
    for item, sheet, note in zip(assumptions, sheets, notes, strict=True):
        name, source = assumption_name(item, names), str(item.get("source") or "")
        count = int(item.get("rows") or 1)
        cells = [Cell(name or missing(), name), Cell(number(count), count)]
        if told:
            cells.append(Cell(note or missing(), note))
        cells.append(Cell(source or _("uppgift saknas"), source))
        rows.append(Row(sheet, tuple(cells)))
    return TableBlock(
        title=_("Antaganden i underlaget"),
        subtitle=_("Uppskattade av någon, inte publicerade"),
        columns=(
            Column(_("Blad"), "left"),
            Column(_("Vad"), "left"),
            Column(_("Rader")),
            *((Column(_("Antagande"), "left"),) if told else ()),
            Column(_("Källa eller grund"), "left"),
        ),
        rows=tuple(rows),
        folded=len(rows) > 12,
    )


def whole_percent(share: float) -> str:
    """Return a share in whole percent; something is never shown as nothing."""
    if 0 < share < 0.005:
        return _("under 1\u00a0%")
    return share_table(share, 0)


def sheet_name(table: str) -> str:
    """Return a table's Swedish name, as on its sheet in the workbook."""
    try:
        from rodtrad.domain.columns import SCHEMA
    except ImportError:
        return table
    return SCHEMA[table].label if table in SCHEMA else table


def known_names(result: Result) -> dict[str, dict[str, str]]:
    """Return the names that the result knows, by the column that holds their ids."""
    projects = {
        str(p["project_id"]): str(p["name"]) for p in result.get("projects", [])
    }
    areas = {
        str(p["area"]): str(p["area_name"])
        for p in result.get("projects", [])
        if p.get("area") and p.get("area_name")
    }
    return {
        "project_id": projects,
        "other_id": projects,
        "goal_id": {
            str(g["goal_id"]): str(g.get("name") or g["goal_id"])
            for g in result.get("goals", [])
        },
        "area": areas,
    }


# Parts of a key that tell a reader nothing once the rest is named.
_SILENT: Final = frozenset(
    {"alternative_id", "offset", "criterion", "relation", "value"}
)


def assumption_name(
    item: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]
) -> str:
    """Return which row or rows an assumption is about, in the words of the sheets.

    Args:
        item: an assumption of the result: table, and key of the first and last row.
        names: the names behind ids, by column (`known_names`).
    """
    table = str(item.get("table") or "")
    ends = [
        _row_name(table, key, names) for key in str(item.get("key") or "").split(" … ")
    ]
    first, last = ends[0], ends[-1]
    if first == last:
        return first
    whole = first.isdecimal() and last.isdecimal()
    if whole and int(last) - int(first) + 1 == item.get("rows"):
        return f"{first}{EN_DASH}{last}"
    return f"{first} … {last}"


def _row_name(table: str, key: str, names: Mapping[str, Mapping[str, str]]) -> str:
    """Return a row's key in words: `years/2026/interest_rate` is "År, 2026, Låneränta"."""
    from rodtrad.domain.columns import SCHEMA

    if table not in SCHEMA:
        return key
    spec = SCHEMA[table]
    parts = key.split("/")
    if table == "scenarios":
        return _scenario_name(key, names)
    if len(parts) != len(spec.key):
        return key
    told = dict(zip(spec.key, parts, strict=True))
    words = {
        column: _key_word(table, column, part, names) for column, part in told.items()
    }
    if table == "relations":
        return _("{a} {verb} {b}").format(
            a=words["project_id"], verb=words["kind"], b=words["other_id"]
        )
    telling = [w for column, w in words.items() if w and column not in _SILENT]
    return ", ".join(telling or words.values())


def _scenario_name(key: str, names: Mapping[str, Mapping[str, str]]) -> str:
    """Return what a scenario changes; its own key may hold the key of another row."""
    from rodtrad.domain.columns import SCHEMA

    scenario, *rest = key.split("/")
    if len(rest) < 3 or rest[0] not in SCHEMA:
        return key
    spec = SCHEMA[rest[0]]
    row = "/".join(rest[1:-1])
    column = spec.columns[rest[-1]].label if rest[-1] in spec.columns else rest[-1]
    which = _("alla rader") if row == "*" else _row_name(rest[0], row, names)
    told = dict.fromkeys([which, column])
    return _("{scenario}: bladet {sheet}, {what}").format(
        scenario=scenario, sheet=spec.label, what=", ".join(told)
    )


def _key_word(
    table: str, column: str, part: str, names: Mapping[str, Mapping[str, str]]
) -> str:
    from rodtrad.domain.columns import SCHEMA, SETTINGS

    if table == "settings":
        return SETTINGS[part].label if part in SETTINGS else part
    if column == "line":
        labels = {"statement": STATEMENT_LABELS, "balance": BALANCE_LABELS}
        return labels[table].get(part, part) if table in labels else part
    found = names.get(column, {}).get(part)
    return found or SCHEMA[table].columns[column].choice_label(part)
