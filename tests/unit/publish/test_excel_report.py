"""The workbook: the plan's figures, formulas that give them, and text that stays text."""

from __future__ import annotations

import copy
import io
import math
import re
import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl  # type: ignore[import-untyped]
import pytest
from unit.publish.sample import sample_result

from rodtrad.domain.components import build_tables
from rodtrad.domain.words import (
    BALANCE_LABELS,
    BALANSKRAV_LABELS,
    CASH_FLOW_LABELS,
    INDICATOR_LABELS,
    STATEMENT_LABELS,
)
from rodtrad.publish.excel_report import render_workbook
from rodtrad.publish.tables import law_table

if TYPE_CHECKING:
    from rodtrad.domain.components import Tables

# openpyxl has no types of its own.
Workbook = Any
Worksheet = Any

NASTY = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1-1",
    "@SUM(1)",
    "\t=1+1",
    "{=1+1}",
    "https://exempel.invalid/=1",
    "internal:Plan!A1",
    "Åsa & Örjan <b>#€'\"",
]


def consistent_result(**wishes: Any) -> dict[str, Any]:
    """Return a sample plan whose statements add up also in the base year."""
    result = sample_result(**wishes)
    rows = result["balanskrav"]
    adjusted = list(BALANSKRAV_LABELS)[: list(BALANSKRAV_LABELS).index("areb")]
    years = range(len(result["years"]))
    rows["areb"] = [math.fsum(rows[key][i] for key in adjusted) for i in years]
    rows["bkr"] = [
        rows["areb"][i] + rows["reservering"][i] + rows["anvandning"][i] for i in years
    ]
    taxes = [
        a + b
        for a, b in zip(
            result["statement"]["rs"], result["statement"]["rg"], strict=True
        )
    ]
    result["indicators"]["bkr_andel"] = [rows["bkr"][i] / taxes[i] for i in years]
    base = result["opening"]["statement"]
    base["rn"] = base["ri"] + base["rk"] + base["ra"]
    base["rv"] = base["rn"] + base["rs"] + base["rg"]
    base["re"] = base["rv"] + base["fi"] + base["fk"]
    base["ar"] = base["re"] + base["ex"]
    return result


def underlag(result: dict[str, Any]) -> Tables:
    """Return an underlag whose population gives the plan's loans per inhabitant."""
    loans, ratio = result["balance"]["loans"], result["indicators"]["lan_inv"]
    years = [
        {
            "year": year,
            "population": round(1000 * debt / each) if each else 15_000,
            "tax_base_growth": 0.03,
            "cost_growth": 0.03,
            "construction_growth": 0.03,
            "interest_rate": 0.03,
            "source": "=SCB()",
            "quality": "uppgift",
        }
        for year, debt, each in zip(result["years"], loans, ratio, strict=True)
    ]
    return build_tables({"years": years})


def rendered(result: dict[str, Any]) -> bytes:
    return render_workbook(result, underlag(result))


def opened(data: bytes, values: bool) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(data), data_only=values)


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    return consistent_result()


@pytest.fixture(scope="module")
def data(result: dict[str, Any]) -> bytes:
    return rendered(result)


@pytest.fixture(scope="module")
def figures(data: bytes) -> Workbook:
    return opened(data, values=True)


@pytest.fixture(scope="module")
def formulas(data: bytes) -> Workbook:
    return opened(data, values=False)


def year_columns(sheet: Worksheet) -> dict[int, int]:
    return {
        cell.value: cell.column
        for cell in sheet[4]
        if isinstance(cell.value, int) and not isinstance(cell.value, bool)
    }


def row_of(sheet: Worksheet, label: str) -> int:
    rows = [cell.row for cell in sheet["A"] if cell.value == label]
    assert rows, label
    return int(rows[0])


# ------------------------------------------------------------ sheets and figures


def test_the_sheets_are_swedish_and_begin_with_what_to_read_first(
    figures: Workbook,
) -> None:
    assert figures.sheetnames == [
        "Läs mig",
        "Plan",
        "Resultaträkning",
        "Balansräkning",
        "Kassaflöde",
        "Balanskrav",
        "Utrymme",
        "Nyckeltal",
        "Mål",
        "Projekt per år",
        "Samsyn",
        "Skäl",
        "Nästan lika bra",
        "Startfönster",
        "Mer och mindre utrymme",
        "Reservlista",
        "Omplanering",
        "Genomförandegrad",
        "Bolag",
        "Antaganden",
        "Lagvärden",
        "Anmärkningar",
    ]


def test_the_first_sheet_says_what_how_sure_and_where_from(
    result: dict[str, Any], figures: Workbook
) -> None:
    sheet = figures["Läs mig"]
    rows = {row[0].value: row[1].value for row in sheet.iter_rows(max_col=2)}
    meta = result["meta"]
    assert "2026–2035" in sheet["A1"].value
    assert meta["municipality"] in sheet["A1"].value
    assert rows["Läs det här först"] == meta["remark"]
    assert rows["Läge"] == "bevisat bäst inom 0,1\u00a0%"
    assert "nära nog" not in rows.values()
    assert "Sprid inte" not in rows
    assert rows["Underlagets kontrollsumma"] == meta["input_sha256"]
    assert rows["Valuta"] == "kr"
    assert "230 antaganden" in rows["Underlagets kvalitet"]
    assert "illustration" in rows["Betyg och vikter"]


@pytest.mark.parametrize(
    ("status", "state", "end"),
    [
        ({"gap": 0.0, "stopped": "proof"}, "bevisat bäst", None),
        ({"gap": 0.0003, "stopped": "gap"}, "bevisat bäst inom 0,1\u00a0%", None),
        (
            {"gap": 0.02, "stopped": "time", "state": "feasible"},
            "giltig, bättre kan finnas",
            "tidsgräns nådd",
        ),
    ],
)
def test_the_first_sheet_does_not_promise_more_than_is_proven(
    status: dict[str, Any], state: str, end: str | None
) -> None:
    result = consistent_result()
    result["status"] |= status
    sheet = opened(rendered(result), values=True)["Läs mig"]
    rows = {row[0].value: row[1].value for row in sheet.iter_rows(max_col=2)}
    assert rows["Läge"] == state
    assert rows.get("Beräkningen slutade") == end


def test_the_first_sheet_warns_of_what_may_not_be_spread_and_names_what_decides() -> (
    None
):
    result = consistent_result()
    result["meta"]["non_public"] = 3
    result["quality"]["key_assumptions"] = [
        {
            "label": "Låneränta",
            "text": "2,75\u00a0procent per år",
            "quality": "antagande",
        }
    ]
    sheet = opened(rendered(result), values=True)["Läs mig"]
    rows = {row[0].value: row[1].value for row in sheet.iter_rows(max_col=2)}
    assert sheet["A3"].value == "Sprid inte"
    assert rows["Sprid inte"] == (
        "Arbetsmaterial. 3 projekt är undantagna från publicering, så arbetsboken får "
        "inte spridas som den är."
    )
    assert "Antaganden som avgör mest" in rows
    assert rows["Låneränta"] == "2,75\u00a0procent per år"


def test_the_file_is_ours_and_named_after_the_municipality(figures: Workbook) -> None:
    assert figures.properties.creator == "Röd tråd"
    assert figures.properties.title == "Exempelby kommun: investeringsplan 2026–2035"


def test_a_project_shows_the_name_of_its_area() -> None:
    result = consistent_result()
    result["projects"][0] |= {"area": "hela_kommunen", "area_name": "Hela kommunen"}
    sheet = opened(rendered(result), values=True)["Plan"]
    assert sheet["D5"].value == "Hela kommunen"


def test_what_was_restored_before_the_plan_is_told_apart() -> None:
    result = consistent_result()
    result["deficits"] = [
        {
            "year": 2022,
            "amount": 3_800.0,
            "due_year": 2025,
            "restored_before": 3_000.0,
            "restored": [{"year": 2026, "amount": 500.0}],
            "exempted": 300.0,
            "left": 0.0,
        }
    ]
    sheet = opened(rendered(result), values=True)["Balanskrav"]
    [row] = [cell.row for cell in sheet["A"] if cell.value == 2022]
    headings = [cell.value for cell in sheet[row - 1]][1:7]
    shown = dict(zip(headings, [cell.value for cell in sheet[row]][1:7], strict=True))
    assert shown["Underskott"] == 3_800
    assert shown["Återställt före planen"] == 3_000
    assert shown["Återställt under planen"] == 500
    assert shown["Kvar"] == 0


def test_the_room_is_what_the_goals_that_must_be_kept_leave() -> None:
    result = consistent_result()
    room = result["room"]
    wider = [None if x is None else x + 1_000_000 for x in room["result_target"]]
    room["must"] = {
        **{key: room[key] for key in ("own_funds", "debt_ceiling", "binding")},
        "result_target": wider,
    }
    sheet = opened(rendered(result), values=True)["Utrymme"]
    columns = list(year_columns(sheet).values())

    def shown(label: str) -> list[Any]:
        return [sheet.cell(row_of(sheet, label), c).value for c in columns]

    assert shown("Resultatmål") == pytest.approx(wider)
    assert shown("Resultatmål, även mål som bör nås") == pytest.approx(
        room["result_target"]
    )
    assert "Skuldtak, även mål som bör nås" not in [c.value for c in sheet["A"]]
    least = [
        min(x) for x in zip(room["own_funds"], room["debt_ceiling"], wider, strict=True)
    ]
    assert shown("Minst av dem: utrymmet") == pytest.approx(least)


@pytest.mark.parametrize(
    ("sheet", "part", "labels"),
    [
        ("Resultaträkning", "statement", STATEMENT_LABELS),
        ("Balansräkning", "balance", BALANCE_LABELS),
        ("Kassaflöde", "cash_flow", CASH_FLOW_LABELS),
        ("Balanskrav", "balanskrav", BALANSKRAV_LABELS),
        ("Nyckeltal", "indicators", INDICATOR_LABELS),
    ],
)
def test_every_line_shows_the_plans_figure(
    result: dict[str, Any],
    figures: Workbook,
    sheet: str,
    part: str,
    labels: dict[str, str],
) -> None:
    page = figures[sheet]
    columns = year_columns(page)
    for key, values in result[part].items():
        row = row_of(page, labels[key])
        for year, value in zip(result["years"], values, strict=True):
            shown = page.cell(row, columns[year]).value
            assert shown == pytest.approx(value, rel=1e-12, abs=1e-9)
    base = result["opening"].get(part, {})
    for key, value in base.items():
        shown = page.cell(row_of(page, labels[key]), columns[2025]).value
        assert shown == pytest.approx(value, rel=1e-12, abs=1e-9)


def test_every_project_stands_with_its_answer_and_outlays(
    result: dict[str, Any], figures: Workbook
) -> None:
    sheet = figures["Plan"]
    columns = year_columns(sheet)
    reasons = {r["project_id"]: " ".join(r["text"]) for r in result["reasons"]}
    last = max(cell.column for cell in sheet[4] if cell.value)
    for row, project in enumerate(result["projects"], start=5):
        assert sheet.cell(row, 1).value == project["project_id"]
        assert sheet.cell(row, 2).value == project["name"]
        assert sheet.cell(row, 5).value == ("ja" if project["chosen"] else "nej")
        assert sheet.cell(row, last).value == reasons[project["project_id"]]
        shown = [sheet.cell(row, columns[y]).value for y in result["years"]]
        wanted = project["outlay_tkr"] if project["chosen"] else [None] * len(shown)
        assert shown == [None if x is None else pytest.approx(x) for x in wanted]
    bottom = 5 + len(result["projects"])
    for index, year in enumerate(result["years"]):
        total = sum(p["outlay_tkr"][index] for p in result["projects"] if p["chosen"])
        assert sheet.cell(bottom, columns[year]).value == pytest.approx(total)


def test_outlays_and_depreciation_per_project_and_their_sums(
    result: dict[str, Any], figures: Workbook
) -> None:
    sheet = figures["Projekt per år"]
    columns = year_columns(sheet)
    shown = {
        (row[0].value, row[2].value): [row[c - 1].value for c in columns.values()]
        for row in sheet.iter_rows(min_row=5)
        if row[0].value
    }
    for project in result["projects"]:
        for key, label in (
            ("outlay_tkr", "utgift"),
            ("depreciation_tkr", "avskrivning"),
            ("operating_tkr", "ändrad driftkostnad"),
        ):
            values = shown.get((project["project_id"], label))
            if project["chosen"] and any(project[key]):
                assert values == pytest.approx(project[key])
            else:
                assert values is None
    sums = {
        row[2].value: [row[c - 1].value for c in columns.values()]
        for row in sheet.iter_rows(min_row=5)
        if row[1].value == "Summa"
    }
    for index in range(len(result["years"])):
        wanted = sum(p["depreciation_tkr"][index] for p in result["projects"])
        assert sums["avskrivning"][index] == pytest.approx(wanted)


def test_goals_say_in_words_where_they_are_missed(
    result: dict[str, Any], figures: Workbook
) -> None:
    sheet = figures["Mål"]
    columns = list(year_columns(sheet).values())
    rows = list(sheet.iter_rows(min_row=5))
    words = {True: "ja", False: "nej", None: "–"}
    missed = 0
    for goal, (actual, margin, met) in zip(
        result["goals"],
        zip(rows[0::3], rows[1::3], rows[2::3], strict=True),
        strict=True,
    ):
        assert actual[0].value == goal["name"]
        assert [actual[c - 1].value for c in columns] == pytest.approx(goal["actual"])
        assert [margin[c - 1].value for c in columns] == pytest.approx(goal["margin"])
        assert [met[c - 1].value for c in columns] == [words[x] for x in goal["met"]]
        for column, held in zip(columns, goal["met"], strict=True):
            hatched = met[column - 1].fill.patternType not in (None, "solid")
            assert hatched == (held is False)
            missed += held is False
    assert missed


def test_assumptions_sources_law_and_issues_are_listed(
    result: dict[str, Any], figures: Workbook
) -> None:
    def words(name: str) -> set[Any]:
        return {cell.value for row in figures[name].iter_rows() for cell in row}

    for item in result["quality"]["assumptions"]:
        assert item["text"] in words("Antaganden")
    assert "=SCB()" in words("Antaganden")
    assert "berakning" not in words("Antaganden")
    assert {"Balansräkning", "Lån", "Resultaträkning"} <= words("Antaganden")
    assert not {"loans", "ra/2025", "balance"} & words("Antaganden")
    for item in result["issues"]:
        assert {item["message"], item["remedy"]} <= words("Anmärkningar")


def test_the_law_reads_as_on_the_page(result: dict[str, Any]) -> None:
    changed = copy.deepcopy(result)
    changed["law"] = [
        {
            "key": "balanskravsutredning",
            "label": "Rader i balanskravsutredningen",
            "value": ["ar", "bkr"],
            "valid_from": 2005,
            "valid_to": None,
            "reference": "Lag (2018:597)",
            "verified": False,
            "note": "Lagtexten är inte läst.",
        },
        *changed["law"],
    ]
    sheet = opened(rendered(changed), values=True)["Lagvärden"]
    table = law_table(changed)
    assert table is not None
    for row, line in enumerate(table.rows, start=5):
        shown = [cell.value for cell in sheet[row]]
        assert shown[: 1 + len(line.cells)] == [
            line.header,
            *(c.text for c in line.cells),
        ]
    first = [cell.value for cell in sheet[5]]
    assert first[0] == "Rader i balanskravsutredningen"
    assert first[1] == "Årets resultat och Balanskravsresultat"
    assert first[-2:] == ["Lagtexten är inte läst.", "balanskravsutredning"]


def test_a_line_carries_its_quality(figures: Workbook) -> None:
    sheet = figures["Resultaträkning"]
    last = max(cell.column for cell in sheet[4] if cell.value)
    assert sheet.cell(row_of(sheet, "Årets resultat"), last).value == "antagande"
    assert sheet.cell(row_of(sheet, "Skatteintäkter"), last).value == "uppgift"
    assert sheet.cell(row_of(sheet, "Avskrivningar"), last).value is None


# ------------------------------------------------------------ formulas


_REFERENCE = re.compile(
    r"(?:'([^']+)'!)?\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?"
)


class Calculator:
    """Computes the workbook's formulas anew, with no stored figure used."""

    def __init__(self, workbook: Workbook) -> None:
        self.workbook = workbook
        self.names: dict[str, Any] = {
            "SUM": lambda cells: math.fsum(x for x in cells if x is not None),
            "MIN": min,
            "ROUND": round,
            "SUBTOTAL": self.subtotal,
            "SUMIF": lambda where, what, cells: math.fsum(
                x for w, x in zip(where, cells, strict=True) if w == what
            ),
        }

    @staticmethod
    def subtotal(function: int, cells: list[Any]) -> float:
        assert function == 109
        return math.fsum(x for x in cells if x is not None)

    def value(self, sheet: str, address: str) -> Any:
        content = self.workbook[sheet][address].value
        if not (isinstance(content, str) and content.startswith("=")):
            return content
        if self.workbook[sheet][address].data_type != "f":
            return content
        strings = re.findall(r'"[^"]*"', content)
        parts = re.split(r'"[^"]*"', content[1:])
        code = ""
        for index, part in enumerate(parts):
            code += _REFERENCE.sub(lambda m: self.reference(sheet, m), part)
            code += strings[index] if index < len(strings) else ""
        return eval(
            code,
            {"__builtins__": {}},
            {**self.names, "at": self.value, "over": self.span},
        )

    @staticmethod
    def reference(sheet: str, match: re.Match[str]) -> str:
        other, column, row, last_column, last_row = match.groups()
        where = other or sheet
        if last_column is None:
            return f"at({where!r},{column + row!r})"
        return f"over({where!r},{f'{column}{row}:{last_column}{last_row}'!r})"

    def span(self, sheet: str, span: str) -> list[Any]:
        return [
            self.value(sheet, cell.coordinate)
            for row in self.workbook[sheet][span]
            for cell in row
        ]


def formula_cells(workbook: Workbook) -> list[tuple[str, str]]:
    return [
        (sheet.title, cell.coordinate)
        for sheet in workbook
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]


def test_every_formula_gives_the_figure_stored_beside_it(
    formulas: Workbook, figures: Workbook
) -> None:
    calculator = Calculator(formulas)
    cells = formula_cells(formulas)
    assert len(cells) > 300
    for sheet, address in cells:
        stored = figures[sheet][address].value
        computed = calculator.value(sheet, address)
        assert computed == pytest.approx(stored, rel=1e-9, abs=1e-6), (sheet, address)


@pytest.mark.parametrize(
    ("sheet", "label", "base"),
    [
        ("Resultaträkning", "Verksamhetens nettokostnader", True),
        ("Resultaträkning", "Verksamhetens resultat", True),
        ("Resultaträkning", "Resultat efter finansiella poster", True),
        ("Resultaträkning", "Årets resultat", True),
        ("Balansräkning", "Summa tillgångar", True),
        ("Balansräkning", "Summa eget kapital, avsättningar och skulder", True),
        ("Kassaflöde", "Årets kassaflöde", False),
        ("Kassaflöde", "Kassa vid årets början", False),
        ("Kassaflöde", "Kassa vid årets slut", False),
        ("Balanskrav", "Årets resultat", False),
        ("Balanskrav", "Resultat efter balanskravsjusteringar", False),
        ("Balanskrav", "Balanskravsresultat", False),
        ("Utrymme", "Minst av dem: utrymmet", False),
        ("Utrymme", "Behov, summa", False),
        *(("Nyckeltal", label, False) for label in INDICATOR_LABELS.values()),
    ],
)
def test_subtotals_and_indicators_are_live(
    formulas: Workbook, sheet: str, label: str, base: bool
) -> None:
    page = formulas[sheet]
    row = row_of(page, label)
    for year, column in year_columns(page).items():
        if year > 2025 or base:
            assert page.cell(row, column).data_type == "f", year


def test_a_changed_line_moves_what_follows_from_it(formulas: Workbook) -> None:
    changed = copy.deepcopy(formulas)
    page = changed["Resultaträkning"]
    before, after = Calculator(formulas), Calculator(changed)
    column = year_columns(page)[2028]
    page.cell(row_of(page, "Skatteintäkter"), column).value += 1000
    sheet = formulas["Balanskrav"]
    address = sheet.cell(
        row_of(sheet, "Balanskravsresultat"), year_columns(sheet)[2028]
    ).coordinate
    moved = after.value("Balanskrav", address) - before.value("Balanskrav", address)
    assert moved == pytest.approx(1000)


def test_a_figure_that_its_formula_would_not_give_stands_as_a_figure() -> None:
    result = consistent_result()
    result["statement"]["ar"][2] += 5_000
    result["indicators"]["sol"][4] = 0.123
    data = rendered(result)
    page = opened(data, values=False)["Resultaträkning"]
    cell = page.cell(row_of(page, "Årets resultat"), year_columns(page)[2028])
    assert cell.data_type == "n"
    assert cell.value == pytest.approx(result["statement"]["ar"][2])
    page = opened(data, values=False)["Nyckeltal"]
    cell = page.cell(row_of(page, "Soliditet"), year_columns(page)[2030])
    assert cell.data_type == "n"
    assert cell.value == 0.123


# ------------------------------------------------------------ text, missing, form


def test_text_from_users_stays_text() -> None:
    result = consistent_result()
    for index, project in enumerate(result["projects"]):
        nasty = NASTY[index % len(NASTY)]
        for key in ("name", "committee", "area", "source", "alternative_name"):
            project[key] = nasty
        result["reasons"][index]["text"] = [nasty]
        result["reasons"][index]["limit"] = {"text": nasty}
    result["meta"]["remark"] = NASTY[0]
    result["meta"]["municipality"] = NASTY[0]
    result["goals"][0]["name"] = NASTY[1]
    result["companies"][0]["company"] = NASTY[3]
    result["quality"]["assumptions"][0]["text"] = NASTY[0]
    result["issues"][0]["message"] = NASTY[0]
    data = rendered(result)
    workbook = opened(data, values=False)
    seen: dict[str, int] = dict.fromkeys(NASTY, 0)
    for sheet in workbook:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.hyperlink is None
                if cell.value in seen:
                    seen[cell.value] += 1
                    assert cell.data_type == "s"
                    if cell.value.startswith(("=", "+", "-", "@", "\t")):
                        assert cell.quotePrefix
    assert all(seen.values()), seen
    ours = re.compile(r"^=[A-Z0-9a-zåäöÅÄÖ $'!:,.\"()+*/-]*$")
    for name, address in formula_cells(workbook):
        formula = str(workbook[name][address].value)
        assert ours.match(formula)
        assert "cmd" not in formula
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert not [n for n in names if "external" in n.lower()]


def test_letters_a_workbook_cannot_hold_and_endless_text_are_cut() -> None:
    result = consistent_result()
    result["projects"][0]["name"] = "Skolan\x00\x0b \ud800ny \U0001f600"
    result["reasons"][0]["text"] = ["mycket " * 10_000]
    sheet = opened(rendered(result), values=True)["Plan"]
    assert sheet["B5"].value == "Skolan ny \U0001f600"
    last = max(cell.column for cell in sheet[4] if cell.value)
    reason = sheet.cell(5, last).value
    assert len(reason) <= 32_767
    assert reason.endswith("…")


def test_a_missing_figure_is_a_dash_and_never_nought() -> None:
    result = consistent_result()
    result["indicators"]["sfg"][2] = None
    result["room"]["debt_ceiling"] = [None] * len(result["years"])
    result["room"]["must"]["debt_ceiling"] = [None] * len(result["years"])
    result["goals"][0]["met"][1] = None
    workbook = opened(rendered(result), values=True)
    page = workbook["Nyckeltal"]
    row = row_of(page, "Självfinansieringsgrad")
    assert page.cell(row, year_columns(page)[2028]).value == "–"
    page = workbook["Utrymme"]
    row = row_of(page, "Skuldtak")
    columns = year_columns(page)
    assert {page.cell(row, columns[y]).value for y in result["years"]} == {"–"}
    assert workbook["Mål"].cell(7, year_columns(workbook["Mål"])[2027]).value == "–"


def test_a_foreign_currency_is_named_wherever_money_stands() -> None:
    workbook = opened(rendered(consistent_result(currency="NOK")), values=True)
    for name in ("Plan", "Resultaträkning", "Balansräkning", "Kassaflöde", "Utrymme"):
        assert "tusen NOK" in workbook[name]["A2"].value
    words = [
        str(c.value) for sheet in workbook for row in sheet.iter_rows() for c in row
    ]
    assert not [word for word in words if "tkr" in word.split()]


def test_what_the_plan_has_not_gives_no_sheet() -> None:
    result = consistent_result(companies=False, completion=False, deficit=False)
    result["issues"] = []
    names = opened(rendered(result), values=True).sheetnames
    assert not {"Bolag", "Genomförandegrad", "Anmärkningar"} & set(names)


def test_equal_plans_give_equal_bytes(result: dict[str, Any], data: bytes) -> None:
    assert rendered(copy.deepcopy(result)) == data
    other = consistent_result(seed=8)
    assert rendered(other) != data


def test_every_sheet_is_ready_to_print_and_to_scroll(figures: Workbook) -> None:
    for sheet in figures:
        assert sheet.page_setup.paperSize == 9
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToWidth in (None, 1)
        assert sheet.page_setup.fitToHeight == 0
        assert "Exempelby kommun" in sheet.oddFooter.left.text
        if sheet.title == "Läs mig":
            continue
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.freeze_panes is not None
        assert sheet.print_title_rows == "$4:$4"


def test_amounts_are_grouped_and_shares_are_percent(figures: Workbook) -> None:
    page = figures["Resultaträkning"]
    assert page["C5"].number_format.startswith("#,##0")
    page = figures["Nyckeltal"]
    row = row_of(page, "Soliditet")
    code = page.cell(row, 3).number_format
    assert code.startswith("0.0")
    assert "%" in re.sub(r'"[^"]*"', "", code)


def test_charts_are_native_and_described(data: bytes) -> None:
    archive = zipfile.ZipFile(io.BytesIO(data))
    charts = [n for n in archive.namelist() if n.startswith("xl/charts/chart")]
    assert len(charts) == 2
    drawings = [
        archive.read(n).decode("utf-8")
        for n in archive.namelist()
        if n.startswith("xl/drawings/drawing")
    ]
    assert all(re.search(r'descr="[^"]{20,}"', text) for text in drawings)


@pytest.mark.slow
def test_260_projects_and_40_years() -> None:
    result = consistent_result(projects=260, years=40)
    workbook = opened(rendered(result), values=True)
    assert workbook["Plan"].max_row == 5 + 260
    assert len(year_columns(workbook["Resultaträkning"])) == 41
