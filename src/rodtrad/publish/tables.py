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
        cells = [Cell(mkr(v), v) for v in values]
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
                tuple(Cell(indicator_table(key, v), v) for v in values),
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
    """Return the three measures a year and which of them decides."""
    columns = {key: series_of(result, *path, key) for key in ROOM_LABELS}
    binding = series_of(result, *path, "binding")
    years: list[int] = result["years"]
    if columns["own_funds"] is None:
        return None
    rows = []
    for i, year in enumerate(years):
        cells = []
        for values in columns.values():
            value = values[i] if values is not None else None
            cells.append(Cell(mkr(value, 0), value))
        key = str(binding[i]) if binding is not None and binding[i] is not None else ""
        cells.append(Cell(first_upper(ROOM_LABELS.get(key, missing())), key or None))
        rows.append(Row(str(year), tuple(cells)))
    note = _(
        "Negativa egna medel betyder att kommunen lånar det året. Skuldtak och resultatmål visar det minsta som är kvar något av åren från och med det året."
    )
    if any(
        goal.get("level") == "aim"
        and goal.get("indicator") in ("res_andel", "bkr_andel", "lan_inv", "nettolan")
        for goal in result.get("goals", [])
    ):
        note += " " + _("Mål som bör nås räknas också; planen får bryta dem.")
    if any(
        columns[k] is None or not any(v is not None for v in columns[k] or [])
        for k in ("debt_ceiling", "result_target")
    ):
        note += " " + _("{sign} betyder att målet saknas.").format(sign=missing())
    return TableBlock(
        title=title,
        subtitle=prices(result),
        columns=(
            Column(_("År"), "left"),
            *(Column(first_upper(label)) for label in ROOM_LABELS.values()),
            Column(_("Avgör"), "left"),
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


def assumptions_table(assumptions: Sequence[Mapping[str, Any]]) -> TableBlock | None:
    """Return what is assumed, sheet by sheet, and on what ground."""
    if not assumptions:
        return None
    notes = [str(item.get("text") or "") for item in assumptions]
    sheets = [sheet_name(str(item.get("table") or "")) for item in assumptions]
    told = any(n and n != s for n, s in zip(notes, sheets, strict=True))
    rows = []
    for item, sheet, note in zip(assumptions, sheets, notes, strict=True):
        name, source = assumption_name(item), str(item.get("source") or "")
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
    return SCHEMA[table].label_sv if table in SCHEMA else table


def assumption_name(item: Mapping[str, Any]) -> str:
    """Return what an assumption is about, in words where the row has a label."""
    key = str(item.get("key") or "")
    labels = {"statement": STATEMENT_LABELS, "balance": BALANCE_LABELS}.get(
        str(item.get("table")), {}
    )

    def named(one: str) -> str:
        first, *rest = one.split("/")
        return " ".join([labels.get(first, first), *rest])

    return " … ".join(named(one) for one in key.split(" … "))
