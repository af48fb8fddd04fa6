"""What does an economist get to calculate on? The plan as a workbook with live formulas.

Amounts are in thousands as in plan.json, unrounded. Subtotals and indicators are
formulas over the cells they rest on, each with the plan's own figure stored beside it,
so that the file reads the same with and without recalculation. A formula is written
only where it gives the plan's figure; otherwise the figure itself stands there. Leaves
out the underlag (sources.workbook) and the report's sentences (content).
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.columns import SCHEMA
from rodtrad.domain.retell import told_result
from rodtrad.domain.words import (
    BALANCE_LABELS,
    BALANSKRAV_LABELS,
    BALANSKRAV_SUBTOTALS,
    CASH_FLOW_LABELS,
    FINANCING_LABELS,
    INDICATOR_LABELS,
    LEVEL_LABELS,
    OPERATOR_LABELS,
    PER_INHABITANT_INDICATORS,
    QUALITY_LABELS,
    RESERVE_LABELS,
    ROOM_LABELS,
    SEVERITY_LABELS,
    STATE_LABELS,
    STATEMENT_LABELS,
    STATEMENT_SUBTOTALS,
    STOPPED_LABELS,
    _,
    meaning,
    missing,
    nira_text,
    number,
    plural,
    share_table,
    unit_mkr,
    unit_per_inhabitant,
    years_text,
)
from rodtrad.publish.agreement import (
    MAIN,
    answers,
    group_text,
    label_text,
    map_title,
    stance_text,
    stances,
    sum_sentences,
    trial_heads,
    viewpoints,
    weights_table,
    witness_texts,
)
from rodtrad.publish.choices import choice_tables
from rodtrad.publish.excel_book import (
    BASE_COLUMN,
    FIRST_ROW,
    HAIRLINE,
    INK,
    SHARE,
    SUNK,
    TKR,
    WARN_GROUND,
    WARN_STRIPE,
    Book,
    Formula,
    address,
    quality_word,
    yes_no,
)
from rodtrad.publish.figures import first_upper
from rodtrad.publish.needs import Sheet, need_sheets
from rodtrad.publish.summary import gap_sentence
from rodtrad.publish.tables import assumptions_table, law_table
from rodtrad.publish.uncertainty import uncertainty_sheets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.domain.components import Tables


# A gap this small is the proof itself.
PROVEN: Final = 1e-9


def render_workbook(result: Mapping[str, Any], tables: Tables) -> bytes:
    """Return the plan as an Excel file.

    Args:
        result: plan.json as a dict.
        tables: the underlag of the plan; only its population and sources are used.
    """
    import xlsxwriter  # type: ignore[import-untyped]

    buffer = io.BytesIO()
    workbook = xlsxwriter.Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        },
    )
    result = told_result(result)
    book = Book(workbook, result, _population(tables))
    for write in (
        _write_read_me,
        _write_plan,
        _write_statement,
        _write_balance,
        _write_cash_flow,
        _write_balanskrav,
        _write_room,
        _write_indicators,
        _write_goals,
        _write_per_project,
        _write_agreement,
        _write_reasons,
        _write_choices,
        _write_needs,
        _write_uncertainty,
        _write_completion,
        _write_companies,
    ):
        write(book)
    _write_assumptions(book, tables)
    _write_law(book)
    _write_issues(book)
    book.finish()
    workbook.close()
    return buffer.getvalue()


def _population(tables: Tables) -> dict[int, float]:
    years = tables["years"].columns
    return {
        int(year): float(persons)
        for year, persons in zip(years["year"], years["population"], strict=True)
        if year is not None and persons is not None
    }


# ------------------------------------------------------------ sheets, in order


def _write_read_me(book: Book) -> None:
    meta, status = book.meta, book.result["status"]
    sheet = book.sheet(
        _("Läs mig"), book.title, "", [], [44, 100], freeze_columns=0, wide=False
    )
    page = sheet.page
    row = 2

    def line(label: str, text: object, **style: Any) -> None:
        nonlocal row
        if text in (None, ""):
            return
        book.text(page, row, 0, label, bold=True, text_wrap=True)
        book.text(page, row, 1, text, text_wrap=True, **style)
        row += 1

    def heading(text: str) -> None:
        nonlocal row
        row += 1
        book.text(page, row, 0, text, bold=True, font_size=13)
        row += 1

    if meta.get("non_public"):
        line(
            _("Sprid inte"),
            plural(
                "Arbetsmaterial. {n} projekt är undantaget från publicering, så arbetsboken får inte spridas som den är.",
                "Arbetsmaterial. {n} projekt är undantagna från publicering, så arbetsboken får inte spridas som den är.",
                meta["non_public"],
            ).format(n=number(meta["non_public"])),
            bg_color=WARN_GROUND,
        )
    line(_("Läs det här först"), meta.get("remark"), bg_color=WARN_GROUND)
    line(_("Besked"), gap_sentence(status))
    line(_("Läge"), _state_text(status))
    if status["stopped"] not in ("proof", "gap"):
        line(_("Beräkningen slutade"), STOPPED_LABELS.get(status["stopped"]))
    inputs = book.result["quality"]["inputs"]
    line(
        _("Underlagets kvalitet"),
        _(
            "{facts} uppgifter, {computed} beräkningar, {assumed} antaganden och "
            "{none} värden utan märkning. Antagandena står på bladet Antaganden."
        ).format(
            facts=inputs.get("uppgift", 0),
            computed=inputs.get("berakning", 0),
            assumed=inputs.get("antagande", 0),
            none=inputs.get("none", 0),
        ),
    )
    if meta.get("illustration"):
        line(
            _("Betyg och vikter"),
            _(
                "Betyg, vikter eller synsätt är antaganden. Ordningen mellan projekten "
                "är därför en illustration."
            ),
            bg_color=WARN_GROUND,
        )

    deciding = book.result["quality"].get("key_assumptions") or []
    if deciding:
        heading(_("Antaganden som avgör mest"))
        for item in deciding:
            line(item["label"], item["text"])

    heading(_("Om planen"))
    line(_("Kommun"), meta["municipality"])
    line(_("Kommunkod"), meta.get("municipality_code"))
    line(_("Valuta"), meta.get("currency"))
    line(_("Basår"), meta["base_year"])
    line(_("Planår"), years_text(book.years))
    line(_("Scenario"), meta.get("scenario"))
    line(_("Version"), meta["created_by"])
    line(_("Metodversion"), meta.get("method_version"))
    line(_("Beräkningsverktyg"), meta.get("solver"))
    line(_("Slumpfrö"), meta.get("seed"))
    line(_("Underlagets kontrollsumma"), meta["input_sha256"])

    heading(_("Så läser du arbetsboken"))
    line(
        _("Belopp"),
        _(
            "Belopp står i {unit} och i löpande priser om inget annat sägs. Kostnader "
            "har minustecken i räkenskaperna. Investeringsutgifter, avskrivningar och "
            "driftkostnader per projekt har inte det."
        ).format(unit=book.unit),
    )
    line(
        _("Formler"),
        _(
            "Delsummor och nyckeltal är formler som ger samma siffror som planen. "
            "Ändra en rad så ser du vad som följer i arbetsboken. Planen räknas inte "
            "om."
        ),
    )
    line(
        _("Tecknet {sign}").format(sign=missing()),
        _("Uppgiften saknas eller går inte att räkna ut."),
    )
    line(
        _("Kvalitet"),
        _(
            "Uppgift är en publicerad siffra, beräkning är uträknad och antagande är "
            "uppskattat. En rad är inte säkrare än det svagaste den vilar på."
        ),
    )


def _state_text(status: Mapping[str, Any]) -> str:
    """Return how good the plan is proven to be; the share is rounded upwards."""
    gap = status.get("gap")
    if gap is None or status["stopped"] not in ("proof", "gap"):
        return str(STATE_LABELS.get(status["state"], status["state"]))
    best = STATE_LABELS["optimal"]
    if gap <= PROVEN:
        return best
    return _("{state} inom {pct}").format(
        state=best, pct=share_table(math.ceil(gap * 1000 - 1e-6) / 1000)
    )


def _write_plan(book: Book) -> None:
    years = book.years
    headings: list[str | int] = [
        _("Projekt-id"),
        _("Projekt"),
        _("Nämnd"),
        _("Område"),
        _("Ingår"),
        _("Alternativ"),
        _("Startår"),
        _("I bruk från"),
        _("Tvingande"),
        _("Finansiering"),
        _("Investeringsslag"),
        _("Nyttopoäng"),
        _("Utgift, {year} års priser").format(year=book.meta["base_year"]),
        *years,
        _("Summa"),
        _("Kvalitet"),
        _("Källa"),
        _("Skäl"),
    ]
    widths = [12, 38, 24, 14, 7, 24, 8, 8, 10, 17, 24, 11, 14]
    sheet = book.sheet(
        _("Plan"),
        _("Projekt i och utanför planen"),
        _(
            "Utgifter per år i {unit}, löpande priser. Kolumnen Utgift är i {year} års "
            "priser."
        ).format(unit=book.unit, year=book.meta["base_year"]),
        headings,
        [*widths, *[10.5] * len(years), 12, 12, 30, 90],
        freeze_columns=2,
    )
    page, first = sheet.page, len(widths)
    texts = {r["project_id"]: r["text"] for r in book.result["reasons"]}
    style: dict[str, Any] = {"bottom": 1, "bottom_color": HAIRLINE}
    top = row = sheet.next_row
    for project in book.result["projects"]:
        chosen = bool(project["chosen"])
        words: list[object] = [
            project["project_id"],
            project["name"],
            project.get("committee"),
            project.get("area_name") or project.get("area"),
            yes_no(chosen),
            project.get("alternative_name") or project.get("alternative_id"),
        ]
        for column, word in enumerate(words):
            book.text(page, row, column, word, text_wrap=column == 1, **style)
        for column, key in ((6, "start_year"), (7, "in_use_year")):
            year = project.get(key)
            if year is None:
                book.text(page, row, column, missing(), align="right", **style)
            else:
                page.write_number(
                    row, column, year, book.format(num_format="0", **style)
                )
        book.text(page, row, 8, yes_no(project["must_do"]), **style)
        financing = project.get("financing") or ""
        book.text(page, row, 9, FINANCING_LABELS.get(financing, financing), **style)
        book.text(page, row, 10, nira_text(project.get("nira")), **style)
        book.figure(
            page, row, 11, project["value"] if chosen else None, "number", **style
        )
        book.figure(page, row, 12, project["outlay_fixed_tkr"], **style)
        outlays = [x or 0.0 for x in project["outlay_tkr"] or [0.0] * len(years)]
        for index, outlay in enumerate(outlays):
            if chosen:
                book.figure(page, row, first + index, outlay, **style)
            else:
                book.text(page, row, first + index, "", **style)
        span = f"{address(row, first)}:{address(row, first + len(years) - 1)}"
        if chosen:
            book.figure(
                page,
                row,
                first + len(years),
                math.fsum(outlays),
                formula=f"=SUM({span})",
                **style,
            )
        else:
            book.text(page, row, first + len(years), "", **style)
        after = first + len(years) + 1
        book.text(page, row, after, quality_word(project.get("quality")), **style)
        book.text(page, row, after + 1, project.get("source"), text_wrap=True, **style)
        reason = " ".join(texts.get(project["project_id"], []))
        book.text(page, row, after + 2, reason, text_wrap=True, **style)
        row += 1
    if row > top:
        page.autofilter(FIRST_ROW - 1, 0, row - 1, len(headings) - 1)
    total: dict[str, Any] = {"bold": True, "top": 2, "top_color": INK}
    book.text(page, row, 0, _("Summa av de projekt som visas"), **total)
    for column in range(1, first):
        book.text(page, row, column, "", **total)
    chosen_rows = [p for p in book.result["projects"] if p["chosen"]]
    sums = [
        math.fsum(p["outlay_tkr"][i] or 0.0 for p in chosen_rows)
        for i in range(len(years))
    ]
    for index, value in enumerate([*sums, math.fsum(sums)]):
        column = first + index
        span = f"{address(top, column)}:{address(max(top, row - 1), column)}"
        formula = f"=SUBTOTAL(109,{span})" if row > top else ""
        book.figure(page, row, column, value, formula=formula, **total)


def _sum(name: str, keys: Sequence[str]) -> Formula:
    return Formula(
        "+".join(f"{{{key}}}" for key in keys),
        {key: (name, key, 0) for key in keys},
        lambda **figures: math.fsum(figures.values()),
    )


def _write_statement(book: Book) -> None:
    name = _("Resultaträkning")
    sheet = book.year_sheet(
        name, name, _("{unit}, löpande priser").format(unit=book.unit)
    )
    parts = {
        "rn": ("ri", "rk", "ra"),
        "rv": ("rn", "rs", "rg"),
        "re": ("rv", "fi", "fk"),
        "ar": ("re", "ex"),
    }
    opening = book.result["opening"]["statement"]
    for key, label in STATEMENT_LABELS.items():
        book.line(
            sheet,
            key,
            label,
            [opening.get(key), *book.result["statement"][key]],
            _sum(name, parts[key]) if key in parts else None,
            total=key in STATEMENT_SUBTOTALS,
            quality=book.quality(key),
        )
    book.line(
        sheet,
        "skatter",
        _("Skatter och bidrag"),
        _added(sheet.values["rs"], sheet.values["rg"]),
        _sum(name, ("rs", "rg")),
    )
    book.chart(
        sheet,
        "ar",
        "column",
        _("Årets resultat"),
        book.unit,
        _("Stapeldiagram över årets resultat per planår. Siffrorna står i tabellen."),
    )


def _added(*rows: Sequence[float | None]) -> list[float | None]:
    """Return the sum of rows year by year; missing where any of them is missing."""
    sums: list[float | None] = []
    for figures in zip(*rows, strict=True):
        known = [x for x in figures if x is not None]
        sums.append(math.fsum(known) if len(known) == len(figures) else None)
    return sums


_ASSETS: Final = ("fixed_assets", "financial_assets", "other_assets", "cash")
_CLAIMS: Final = ("equity", "provisions", "loans", "other_liabilities")


def _write_balance(book: Book) -> None:
    name = _("Balansräkning")
    sheet = book.year_sheet(
        name,
        name,
        _("{unit} vid årets slut, löpande priser").format(unit=book.unit),
    )
    opening, balance = book.result["opening"]["balance"], book.result["balance"]

    def line(key: str) -> None:
        book.line(
            sheet,
            key,
            BALANCE_LABELS[key],
            [opening.get(key), *balance[key]],
            quality=book.quality(key),
        )

    def total(key: str, label: str, parts: Sequence[str]) -> None:
        values = _added(*(sheet.values[part] for part in parts))
        book.line(sheet, key, label, values, _sum(name, parts), total=True)

    for key in _ASSETS:
        line(key)
    total("assets", _("Summa tillgångar"), _ASSETS)
    for key in _CLAIMS:
        line(key)
    total("claims", _("Summa eget kapital, avsättningar och skulder"), _CLAIMS)
    difference = [
        None if a is None or b is None else a - b
        for a, b in zip(sheet.values["assets"], sheet.values["claims"], strict=True)
    ]
    book.line(
        sheet,
        "difference",
        _("Kontroll: skillnaden ska vara noll"),
        difference,
        Formula(
            "ROUND({a}-{b},3)",
            {"a": (name, "assets", 0), "b": (name, "claims", 0)},
            lambda a, b: float(round(a - b, 3)),
        ),
    )
    sheet.next_row += 1
    book.note(sheet, _("Utanför balansräkningen"))
    sheet.next_row -= 1
    for key in ("pension_off_balance", "guarantees"):
        if key in balance:
            line(key)


def _write_cash_flow(book: Book) -> None:
    name = _("Kassaflöde")
    sheet = book.year_sheet(
        name, name, _("{unit}, löpande priser").format(unit=book.unit)
    )
    flow = book.result["cash_flow"]
    cash = book.result["opening"]["balance"].get("cash")
    formulas = {
        "arets": _sum(name, ("lopande", "investering", "finansiering")),
        "likvida_in": Formula(
            "{cash}", {"cash": (_("Balansräkning"), "cash", 1)}, lambda cash: cash
        ),
        "likvida_ut": _sum(name, ("likvida_in", "arets")),
    }
    for key, label in CASH_FLOW_LABELS.items():
        book.line(
            sheet,
            key,
            label,
            [cash if key == "likvida_ut" else None, *flow[key]],
            formulas.get(key),
            total=key in ("arets", "likvida_ut"),
            quality=book.quality(key),
        )


def _write_balanskrav(book: Book) -> None:
    name = _("Balanskrav")
    sheet = book.year_sheet(
        name,
        _("Balanskravet år för år"),
        _("{unit}, löpande priser. Raderna har det tecken som de räknas med.").format(
            unit=book.unit
        ),
        has_base=False,
    )
    rows = book.result["balanskrav"]
    keys = list(BALANSKRAV_LABELS)
    adjusted = keys[: keys.index("areb")]
    formulas = {
        "ar": Formula("{ar}", {"ar": (_("Resultaträkning"), "ar", 0)}, lambda ar: ar),
        "areb": _sum(name, adjusted),
        "bkr": _sum(name, ("areb", "reservering", "anvandning")),
    }
    for key, label in BALANSKRAV_LABELS.items():
        book.line(
            sheet,
            key,
            label,
            [None, *rows[key]],
            formulas.get(key),
            total=key in BALANSKRAV_SUBTOTALS,
            quality=book.quality(key),
        )
    sheet.next_row += 1
    book.note(sheet, _("Reserver vid årets slut"))
    sheet.next_row -= 1
    for key, label in RESERVE_LABELS.items():
        book.line(sheet, key, label, [None, *book.result["reserve"][key]])
    deficits = book.result["deficits"]
    sheet.next_row += 1
    if not deficits:
        book.note(sheet, _("Inget underskott ska återställas."))
        return
    book.note(sheet, _("Underskott att återställa"))
    row = sheet.next_row - 1
    headings = [
        _("Uppkom år"),
        _("Underskott"),
        _("Senast återställt"),
        _("Återställt före planen"),
        _("Återställt under planen"),
        _("Behöver inte återställas"),
        _("Kvar"),
    ]
    for column, heading in enumerate(headings):
        book.text(
            sheet.page, row, column, heading, bold=True, bg_color=SUNK, text_wrap=True
        )
    for deficit in deficits:
        row += 1
        restored = math.fsum(part["amount"] for part in deficit["restored"])
        whole = book.format(num_format="0", align="left")
        sheet.page.write_number(row, 0, deficit["year"], whole)
        book.figure(sheet.page, row, 1, deficit["amount"])
        sheet.page.write_number(
            row, 2, deficit["due_year"], book.format(num_format="0")
        )
        book.figure(sheet.page, row, 3, float(deficit.get("restored_before") or 0))
        book.figure(sheet.page, row, 4, restored)
        book.figure(sheet.page, row, 5, float(deficit["exempted"] or 0))
        book.figure(sheet.page, row, 6, deficit["left"])


def _write_room(book: Book) -> None:
    name = _("Utrymme")
    sheet = book.year_sheet(
        name,
        _("Behov och utrymme för investeringar"),
        _("{unit}, löpande priser").format(unit=book.unit),
        has_base=False,
    )
    every, needs = book.result["room"], book.result["needs"]
    # Only the goals that must be kept limit the plan; the others are shown beside them.
    room = every.get("must") or every
    blank = [None] * len(book.years)
    known = []
    for key, label in ROOM_LABELS.items():
        values = room.get(key) or blank
        book.line(sheet, key, label.capitalize(), [None, *values])
        if any(x is not None for x in values):
            known.append(key)
    if known:
        least: list[float | None] = [None]
        for index in range(1, len(book.all_years)):
            figures = [sheet.values[key][index] for key in known]
            numbers = [x for x in figures if x is not None]
            least.append(min(numbers) if numbers else None)
        book.line(
            sheet,
            "least",
            _("Minst av dem: utrymmet"),
            least,
            Formula(
                "MIN(" + ",".join(f"{{{key}}}" for key in known) + ")",
                {key: (name, key, 0) for key in known},
                lambda **figures: min(figures.values()),
            ),
            total=True,
        )
    book.text(sheet.page, sheet.next_row, 0, _("Det som avgör"))
    for index, key in enumerate(room["binding"]):
        label = ROOM_LABELS.get(key, missing()) if key else missing()
        column = BASE_COLUMN + 1 + index
        book.text(
            sheet.page, sheet.next_row, column, label, align="right", text_wrap=True
        )
    sheet.next_row += 1
    for key in ("debt_ceiling", "result_target"):
        if (every.get(key) or blank) != (room.get(key) or blank):
            label = _("{measure}, även mål som bör nås").format(
                measure=ROOM_LABELS[key].capitalize()
            )
            book.line(sheet, f"{key}_aim", label, [None, *(every.get(key) or blank)])
    sheet.next_row += 1
    kinds = {
        "renewal": _("Behov: reinvestering"),
        "new_build": _("Behov: nyinvestering"),
        "adaptation": _("Behov: anpassningsinvestering"),
        "image": _("Behov: imageinvestering"),
    }
    for key, label in kinds.items():
        book.line(sheet, key, label, [None, *needs[key]])
    book.line(
        sheet,
        "needs",
        _("Behov, summa"),
        [None, *needs["total"]],
        _sum(name, tuple(kinds)),
        total=True,
    )
    chosen = [p for p in book.result["projects"] if p["chosen"]]
    outlays: list[float | None] = [
        math.fsum(p["outlay_tkr"][i] or 0.0 for p in chosen)
        for i in range(len(book.years))
    ]
    book.line(sheet, "outlay", _("Planens nya projekt, utgifter"), [None, *outlays])


def _write_indicators(book: Book) -> None:
    name = _("Nyckeltal")
    sheet = book.year_sheet(
        name,
        name,
        _("Låneskuld i {unit}, övriga nyckeltal i procent.").format(
            unit=unit_per_inhabitant(book.currency)
        ),
    )
    people: list[float | None] = [book.population.get(year) for year in book.all_years]
    statement, balance = _("Resultaträkning"), _("Balansräkning")
    flow, room = _("Kassaflöde"), _("Utrymme")
    taxes = (statement, "skatter", 0)
    formulas = {
        "res_andel": Formula(
            "{ar}/{taxes}",
            {"ar": (statement, "ar", 0), "taxes": taxes},
            lambda ar, taxes: ar / taxes,
        ),
        "bkr_andel": Formula(
            "{bkr}/{taxes}",
            {"bkr": (_("Balanskrav"), "bkr", 0), "taxes": taxes},
            lambda bkr, taxes: bkr / taxes,
        ),
        "sol": Formula(
            "{equity}/{assets}",
            {"equity": (balance, "equity", 0), "assets": (balance, "assets", 0)},
            lambda equity, assets: equity / assets,
        ),
        "sol_pen": Formula(
            "({equity}-{pensions})/{assets}",
            {
                "equity": (balance, "equity", 0),
                "pensions": (balance, "pension_off_balance", 0),
                "assets": (balance, "assets", 0),
            },
            lambda equity, pensions, assets: (equity - pensions) / assets,
        ),
        # Own funds are what is left after net investment, which is minus the flow.
        "sfg": Formula(
            "({own}-{net})/-{net}",
            {"own": (room, "own_funds", 0), "net": (flow, "investering", 0)},
            lambda own, net: (own - net) / -net,
        ),
        "lan_inv": Formula(
            "1000*{loans}/{people}",
            {"loans": (balance, "loans", 0), "people": (name, "people", 0)},
            lambda loans, people: 1000 * loans / people,
        ),
        "nettolan": Formula(
            "({loans}-{cash})/{taxes}",
            {
                "loans": (balance, "loans", 0),
                "cash": (balance, "cash", 0),
                "taxes": taxes,
            },
            lambda loans, cash, taxes: (loans - cash) / taxes,
        ),
        "inv_andel": Formula(
            "-{net}/{taxes}",
            {"net": (flow, "investering", 0), "taxes": taxes},
            lambda net, taxes: -net / taxes,
        ),
        "nka": Formula(
            "-({rn}+{fi}+{fk})/{taxes}",
            {
                "rn": (statement, "rn", 0),
                "fi": (statement, "fi", 0),
                "fk": (statement, "fk", 0),
                "taxes": taxes,
            },
            lambda rn, fi, fk, taxes: -(rn + fi + fk) / taxes,
        ),
    }
    book.line(sheet, "people", _("Invånare"), people)
    opening = book.result["opening"]["indicators"]
    for key, label in INDICATOR_LABELS.items():
        values = book.result["indicators"].get(key)
        if values is None:
            continue
        book.line(
            sheet,
            key,
            label,
            [opening.get(key), *values],
            formulas[key],
            kind=TKR if key in PER_INHABITANT_INDICATORS else SHARE,
            quality=book.quality(key),
        )
    if "lan_inv" in sheet.rows:
        book.chart(
            sheet,
            "lan_inv",
            "line",
            _("Låneskuld per invånare"),
            unit_per_inhabitant(book.currency),
            _(
                "Linjediagram över kommunens lån per invånare och planår. Siffrorna "
                "står i tabellen."
            ),
        )


def _write_goals(book: Book) -> None:
    years = book.years
    sheet = book.sheet(
        meaning("sheet", "Mål"),
        _("Målen år för år"),
        _(
            "Låneskuld i {unit}, övriga nyckeltal i procent. Marginalen är plus när "
            "målet nås."
        ).format(unit=unit_per_inhabitant(book.currency)),
        [
            _("Mål"),
            _("Nyckeltal"),
            _("Minst eller högst"),
            _("Målvärde"),
            _("Mäts per"),
            _("Nivå"),
            _("Gäller"),
            _("Visar"),
            *years,
        ],
        [40, 30, 10, 11, 16, 14, 12, 11, *[10.5] * len(years)],
    )
    page, row = sheet.page, sheet.next_row
    for goal in book.result["goals"]:
        kind = TKR if goal["indicator"] in PER_INHABITANT_INDICATORS else SHARE
        words = [
            goal["name"],
            INDICATOR_LABELS.get(goal["indicator"], goal["indicator"]),
            OPERATOR_LABELS.get(goal["operator"], goal["operator"]),
            None,
            _period_text(str(goal["period"])),
            LEVEL_LABELS.get(goal["level"], goal["level"]),
            years_text(range(goal["from_year"], goal["to_year"] + 1)),
        ]
        for offset, (label, key) in enumerate(
            ((_("utfall"), "actual"), (_("marginal"), "margin"), (_("nås"), "met"))
        ):
            edge: dict[str, Any] = {"top": 1, "top_color": INK} if offset == 0 else {}
            for column, word in enumerate(words):
                book.text(page, row, column, word, text_wrap=True, **edge)
            book.figure(page, row, 3, goal["value"], kind, **edge)
            book.text(page, row, 7, label, **edge)
            for index, value in enumerate(goal[key]):
                column = 8 + index
                if key != "met":
                    book.figure(page, row, column, value, kind, **edge)
                    continue
                missed = value is False
                style = {"align": "right", **edge}
                if missed:
                    style |= {
                        "bold": True,
                        "pattern": 14,
                        "fg_color": WARN_STRIPE,
                        "bg_color": WARN_GROUND,
                    }
                word = missing() if value is None else _("nej") if missed else _("ja")
                book.text(page, row, column, word, **style)
            row += 1


def _period_text(period: str) -> str:
    if period.startswith("average:"):
        return _("genomsnitt för {n} år").format(n=period.removeprefix("average:"))
    return _("per år")


def _write_per_project(book: Book) -> None:
    years = book.years
    kinds = {
        "outlay_tkr": _("utgift"),
        "income_tkr": _("investeringsinkomst"),
        "depreciation_tkr": _("avskrivning"),
        "operating_tkr": _("ändrad driftkostnad"),
    }
    sheet = book.sheet(
        _("Projekt per år"),
        _("Utgifter, avskrivningar och drift per projekt"),
        _("{unit}, löpande priser. Kostnader är positiva här.").format(unit=book.unit),
        [_("Projekt-id"), _("Projekt"), _("Post"), *years, _("Summa")],
        [12, 40, 22, *[11] * len(years), 12],
        freeze_columns=3,
    )
    page, row = sheet.page, sheet.next_row
    first, last = 3, 3 + len(years) - 1
    top = row
    sums = {key: [0.0] * len(years) for key in kinds}
    for project in book.result["projects"]:
        if not project["chosen"]:
            continue
        for key, label in kinds.items():
            values = [x or 0.0 for x in project[key] or [0.0] * len(years)]
            if not any(values):
                continue
            style: dict[str, Any] = {"bottom": 1, "bottom_color": HAIRLINE}
            book.text(page, row, 0, project["project_id"], **style)
            book.text(page, row, 1, project["name"], **style)
            book.text(page, row, 2, label, **style)
            for index, value in enumerate(values):
                book.figure(page, row, first + index, value, **style)
                sums[key][index] += value
            span = f"{address(row, first)}:{address(row, last)}"
            book.figure(
                page, row, last + 1, math.fsum(values), formula=f"=SUM({span})", **style
            )
            row += 1
    bottom = row - 1
    if bottom >= top:
        page.autofilter(FIRST_ROW - 1, 0, bottom, last + 1)
    total: dict[str, Any] = {"bold": True, "top": 1, "top_color": INK}
    for key, label in kinds.items():
        book.text(page, row, 0, "", **total)
        book.text(page, row, 1, _("Summa"), **total)
        book.text(page, row, 2, label, **total)
        figures = [*sums[key], math.fsum(sums[key])]
        for index, value in enumerate(figures):
            column = first + index
            formula = ""
            if bottom >= top:
                kinds_at = f"$C${top + 1}:$C${bottom + 1}"
                span = f"{address(top, column)}:{address(bottom, column)}"
                formula = f'=SUMIF({kinds_at},"{label}",{span})'
            book.figure(page, row, column, value, formula=formula, **total)
        row += 1


def _write_reasons(book: Book) -> None:
    sheet = book.sheet(
        _("Skäl"),
        _("Varför varje projekt ingår eller inte"),
        _(
            "Förlusten är hur mycket nytta planen tappar om svaret tvingas bli det motsatta."
        ),
        [
            _("Projekt-id"),
            _("Projekt"),
            _("Ingår"),
            _("Skäl"),
            _("Det som begränsar"),
            _("Förlust, lägst"),
            _("Förlust, högst"),
            _("Bevisad"),
            _("Lämnar då"),
            _("Kommer in då"),
            _("Flyttas då"),
        ],
        [12, 34, 7, 80, 40, 10, 10, 9, 34, 34, 34],
        freeze_columns=2,
    )
    page, row = sheet.page, sheet.next_row
    style: dict[str, Any] = {
        "text_wrap": True,
        "bottom": 1,
        "bottom_color": HAIRLINE,
    }
    for reason in book.result["reasons"]:
        force = reason.get("force") or {}
        limit = reason.get("limit") or {}
        moves = [
            _("{name} från {before} till {after}").format(
                name=book.name(move), before=move["from"], after=move["to"]
            )
            for move in force.get("moves") or []
        ]
        words: list[object] = [
            reason["project_id"],
            book.name(reason["project_id"]),
            yes_no(reason["state"] == "in"),
            " ".join(reason["text"]),
            limit.get("text") or limit.get("name"),
            None,
            None,
            yes_no(force.get("proven")) if force else None,
            ", ".join(book.name(p) for p in force.get("leaves") or []),
            ", ".join(book.name(p) for p in force.get("enters") or []),
            ", ".join(moves),
        ]
        for column, word in enumerate(words):
            book.text(page, row, column, word, **style)
        if force:
            for column, key in ((5, "loss_low"), (6, "loss_high")):
                book.figure(page, row, column, force.get(key), "number", **style)
        row += 1
    if row > sheet.next_row:
        page.autofilter(FIRST_ROW - 1, 0, row - 1, 10)


def _write_agreement(book: Book) -> None:
    """Write every project with its label in each trial, and how the viewpoints weigh."""
    result = dict(book.result)
    found = answers(result)
    if not found:
        return
    end = book.result["agreement_basis"]["mandate_end"]
    names = viewpoints(result)
    headings = [
        _("Projekt-id"),
        _("Projekt"),
        _("Utgift, {year} års priser").format(year=book.meta["base_year"]),
        _("Svar i bilden"),
        *names,
        *(label for _trial, label in trial_heads(end)),
        _("Tvärtom kostar, lägst"),
        _("Tvärtom kostar, högst"),
        _("Lutar åt"),
        _("Exempelplan där det ingår"),
        _("Exempelplan där det inte ingår"),
    ]
    widths = [12, 38, 14, 18, *[14] * len(names), 24, 24, 24, 24, 11, 11, 11, 60, 60]
    sheet = book.sheet(
        _("Samsyn"),
        map_title(result),
        _("Utgift i {unit}. Kostnaden för tvärtom är nyttopoäng. {sum}").format(
            unit=book.unit, sum=" ".join(sum_sentences(result))
        ),
        headings,
        widths,
        freeze_columns=2,
    )
    page, row = sheet.page, sheet.next_row
    style: dict[str, Any] = {"text_wrap": True, "bottom": 1, "bottom_color": HAIRLINE}
    for answer in found:
        main = answer.rows.get(MAIN) or {}
        low, high = main.get("interval") or (None, None)
        told = witness_texts(result, answer) or ("", "")
        words: list[object] = [
            answer.project["project_id"],
            answer.name,
            None,
            group_text(answer.group),
            *(stance_text(s) for s in stances(result, answer)),
            *(label_text(answer.label(t), t) for t, _label in trial_heads(end)),
            None,
            None,
            stance_text(str(main.get("leaning"))) if answer.group == "oppen" else None,
            *told,
        ]
        for column, word in enumerate(words):
            book.text(page, row, column, word, **style)
        book.figure(page, row, 2, answer.outlay_tkr, **style)
        first = 4 + len(names) + len(trial_heads(end))
        for column, value in ((first, low), (first + 1, high)):
            book.figure(page, row, column, value, "number", **style)
        row += 1
    page.autofilter(FIRST_ROW - 1, 0, row - 1, len(headings) - 1)
    row += 1
    table = weights_table(result)
    book.text(page, row, 1, table.title, bold=True, font_size=13)
    row += 1
    for column, name in enumerate(names, start=4):
        book.text(page, row, column, name, bold=True, text_wrap=True)
    for line in table.rows:
        row += 1
        book.text(page, row, 1, line.header, **style)
        for column, cell in enumerate(line.cells, start=4):
            book.figure(page, row, column, _number(cell.value), SHARE, **style)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


# What the figures of the tables of choices are; other columns hold words.
_KINDS: Final[dict[str, dict[int, str]]] = {
    "near": {0: "number", 1: SHARE, 2: TKR, 3: SHARE},
    "windows": {0: "year"},
    "curves": {0: "number", 1: "number"},
    "reserve": {0: TKR},
    "replan": {0: "whole", 1: "number"},
}


def _write_choices(book: Book) -> None:
    """Write a sheet for each kind of choice beside the plan, as on the page."""
    names = {
        "near": _("Nästan lika bra"),
        "windows": _("Startfönster"),
        "curves": _("Mer och mindre utrymme"),
        "reserve": _("Reservlista"),
        "replan": _("Omplanering"),
    }
    for key, table in choice_tables(dict(book.result)).items():
        _write_table(book, Sheet(names[key], table, _KINDS[key]))


def _write_needs(book: Book) -> None:
    """Write what registers and people need: a sheet for each table of the report."""
    for sheet in need_sheets(dict(book.result)):
        _write_table(book, sheet)


def _write_uncertainty(book: Book) -> None:
    """Write the probabilities and what they rest on."""
    for sheet in uncertainty_sheets(dict(book.result)):
        _write_table(book, sheet)


def _write_table(book: Book, wanted: Sheet) -> None:
    """Write a table of the report as a sheet, with its figures unrounded."""
    style: dict[str, Any] = {"text_wrap": True, "bottom": 1, "bottom_color": HAIRLINE}
    table = wanted.table
    words = [c.align == "left" for c in table.columns]
    widths = [
        90
        if left
        and max((len(r.cells[i].text) for r in table.rows if r.cells), default=0) > 40
        else 34
        if left
        else 16
        for i, left in enumerate(words[1:])
    ]
    per_mkr = unit_mkr(book.currency)
    units = (per_mkr, book.unit), (first_upper(per_mkr), first_upper(book.unit))
    subtitle = table.subtitle
    headings: list[str | int] = [
        int(c.label) if c.label.isdecimal() and len(c.label) == 4 else c.label
        for c in table.columns
    ]
    for old, new in units:
        subtitle = subtitle.replace(old, new)
    sheet = book.sheet(wanted.name, table.title, subtitle, headings, [34, *widths])
    for line in table.rows:
        row = sheet.next_row
        bold: dict[str, Any] = {} if line.kind == "normal" else {"bold": True}
        book.text(sheet.page, row, 0, line.header, **style, **bold)
        for column, cell in enumerate(line.cells):
            kind = wanted.kinds.get(column)
            figure = _number(cell.value)
            if kind in ("year", "whole") and figure is not None:
                form = "0" if kind == "year" else "#,##0"
                whole = book.format(num_format=form, align="right", **style, **bold)
                sheet.page.write_number(row, column + 1, figure, whole)
            elif kind and figure is not None:
                book.figure(sheet.page, row, column + 1, figure, kind, **style, **bold)
            else:
                at = {} if words[column + 1] else {"align": "right"}
                book.text(sheet.page, row, column + 1, cell.text, **style, **at, **bold)
        sheet.next_row += 1
    book.text(sheet.page, sheet.next_row + 1, 0, table.note, font_color="#4C5664")


def _write_completion(book: Book) -> None:
    run = book.result.get("completion")
    if not run:
        return
    sheet = book.year_sheet(
        _("Genomförandegrad"),
        _("Samma plan med kommunens egen genomförandegrad"),
        _(
            "{unit}, löpande priser. En egen beräkning: det som inte hinns med ett år "
            "flyttas till nästa."
        ).format(unit=book.unit),
        has_base=False,
    )
    share: list[float | None] = [None, *[run["rate"]] * len(book.years)]
    book.line(sheet, "rate", _("Genomförandegrad"), share, kind=SHARE)
    book.line(sheet, "plan", _("Utgifter enligt planen"), [None, *run["outlay_plan"]])
    book.line(
        sheet, "spent", _("Utgifter med genomförandegrad"), [None, *run["outlay"]]
    )
    for label, values, kind in (
        (_("Årets resultat"), run["statement"]["ar"], TKR),
        (_("Lån"), run["balance"]["loans"], TKR),
        *(
            (
                label,
                run["indicators"][key],
                TKR if key in PER_INHABITANT_INDICATORS else SHARE,
            )
            for key, label in INDICATOR_LABELS.items()
            if key in run["indicators"]
        ),
    ):
        book.line(sheet, label, label, [None, *values], kind=kind)


def _write_companies(book: Book) -> None:
    if not book.result["companies"]:
        return
    columns = SCHEMA["companies"].columns
    keys = ("result", "investment", "loans", "guarantees", "dividend")
    sheet = book.sheet(
        meaning("sheet", "Bolag"),
        _("Kommunens bolag"),
        _("{unit}. Bolagen visas för sig och ingår inte i kommunens siffror.").format(
            unit=book.unit
        ),
        [_("Bolag"), _("År"), *(columns[key].label for key in keys)],
        [40, 8, *[14] * len(keys)],
    )
    row = sheet.next_row
    for company in book.result["companies"]:
        style: dict[str, Any] = {"bottom": 1, "bottom_color": HAIRLINE}
        book.text(sheet.page, row, 0, company["company"], **style)
        cell = book.format(num_format="0", **style)
        sheet.page.write_number(row, 1, company["year"], cell)
        for column, key in enumerate(keys, start=2):
            book.figure(sheet.page, row, column, company.get(key), **style)
        row += 1


def _write_assumptions(book: Book, tables: Tables) -> None:
    """Write what is assumed, in the page's words, and then the sources of every sheet."""
    table = assumptions_table(dict(book.result))
    headings = (
        [column.label for column in table.columns]
        if table
        else [_("Blad"), _("Vad"), _("Rader"), _("Källa eller grund")]
    )
    widths = [28, 40, 8, *[60] * (len(headings) - 4), 80]
    sheet = book.sheet(
        _("Antaganden"),
        _("Antaganden och källor"),
        _(
            "Det som ingen har mätt eller publicerat, och var övriga siffror kommer ifrån."
        ),
        [*headings, _("Kvalitet")],
        [*widths, 12],
    )
    page, row = sheet.page, sheet.next_row
    style: dict[str, Any] = {"text_wrap": True, "bottom": 1, "bottom_color": HAIRLINE}
    for line in table.rows if table else ():
        book.text(page, row, 0, line.header, **style)
        for column, cell in enumerate(line.cells, start=1):
            if isinstance(cell.value, int):
                whole = book.format(num_format="0", **style)
                page.write_number(row, column, cell.value, whole)
            else:
                book.text(page, row, column, cell.text, **style)
        book.text(page, row, len(headings), QUALITY_LABELS["antagande"], **style)
        row += 1
    row += 1
    count_at, source_at = 2, len(headings) - 1
    book.text(page, row, 0, _("Källor per blad"), bold=True, font_size=13)
    row += 1
    for name, rows in tables.items():
        sources: dict[tuple[str, str], int] = {}
        for source, quality in zip(
            rows.columns.get("source", []),
            rows.columns.get("quality", []),
            strict=False,
        ):
            if source or quality:
                key = (str(source or ""), str(quality or ""))
                sources[key] = sources.get(key, 0) + 1
        for (source, quality), count in sorted(sources.items()):
            book.text(page, row, 0, _table_label(name), **style)
            for column in range(1, source_at):
                book.text(page, row, column, "", **style)
            whole = book.format(num_format="0", **style)
            page.write_number(row, count_at, count, whole)
            book.text(page, row, source_at, source, **style)
            book.text(page, row, source_at + 1, quality_word(quality), **style)
            row += 1


def _table_label(name: str) -> str:
    return SCHEMA[name].label if name in SCHEMA else name


def _write_law(book: Book) -> None:
    """Write the statutory values in the page's words, and what was read of each."""
    table = law_table(dict(book.result))
    if table is None:
        return
    sheet = book.sheet(
        _("Lagvärden"),
        _("Värden ur lag som planen räknar med"),
        _("Det som inte är kontrollerat mot gällande text är märkt."),
        [
            *(column.label for column in table.columns),
            _("Anmärkning"),
            _("Namn i lagfilen"),
        ],
        [48, 34, 20, 44, 22, 70, 24],
    )
    style: dict[str, Any] = {"text_wrap": True, "bottom": 1, "bottom_color": HAIRLINE}
    lines = zip(table.rows, book.result["law"], strict=True)
    for row, (line, law) in enumerate(lines, start=sheet.next_row):
        book.text(sheet.page, row, 0, line.header, **style)
        for column, cell in enumerate(line.cells, start=1):
            marked = (
                {"bold": True, "bg_color": WARN_GROUND} if cell.mood == "missed" else {}
            )
            book.text(sheet.page, row, column, cell.text, **style, **marked)
        last = len(table.columns)
        book.text(sheet.page, row, last, law.get("note"), **style)
        book.text(sheet.page, row, last + 1, law["key"], **style)


def _write_issues(book: Book) -> None:
    if not book.result["issues"]:
        return
    sheet = book.sheet(
        _("Anmärkningar"),
        _("Vad kontrollen av underlaget säger"),
        "",
        [
            _("Slag"),
            _("Blad"),
            _("Rad"),
            _("Kolumn"),
            _("Vad det gäller"),
            _("Vad du kan göra"),
        ],
        [12, 24, 8, 26, 80, 60],
    )
    style: dict[str, Any] = {"text_wrap": True, "bottom": 1, "bottom_color": HAIRLINE}
    for row, issue in enumerate(book.result["issues"], start=sheet.next_row):
        table, column = issue["table"], issue["column"]
        label = column
        if table in SCHEMA and column in SCHEMA[table].columns:
            label = SCHEMA[table].columns[column].label
        words = [
            SEVERITY_LABELS.get(issue["severity"], issue["severity"]),
            _table_label(table),
            issue["row"],
            label,
            issue["message"],
            issue["remedy"],
        ]
        for at, word in enumerate(words):
            book.text(sheet.page, row, at, word, **style)
