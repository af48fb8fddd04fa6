"""What does each figure rest on? Every line declared with its formula and inputs.

`explain.trail` prints the declarations with values; the report takes each figure's
quality mark from them: a figure is no better than the worst input it rests on. The
arithmetic itself is in `statements`, `legal_tests`, `indicators` and `headroom`.

Inputs are other figures of the same year (`ri`), of the year before (`loans@-1`), cells
(`statement:rs`, `years:population`, `settings:min_cash_tkr`, `balance:equity`) or what
the chosen projects add (`projects:operating`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rodtrad.domain.words import (
    BALANCE_LABELS,
    BALANSKRAV_LABELS,
    CASH_FLOW_LABELS,
    INDICATOR_LABELS,
    ROOM_LABELS,
    STATEMENT_LABELS,
    _,
    later,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rodtrad.domain.arrays import Choice
    from rodtrad.domain.components import Table, Tables


@dataclass(frozen=True)
class Line:
    """A figure: its group in `plan.json`, label, formula in words and inputs."""

    key: str
    group: str
    named: str
    computed: str
    inputs: tuple[str, ...]

    @property
    def label(self) -> str:
        """The figure's name in the reader's language."""
        return _(self.named)

    @property
    def formula(self) -> str:
        """How it is computed, in the reader's language."""
        return _(self.computed)


def _line(group: str, key: str, named: str, computed: str, inputs: str) -> Line:
    return Line(key, group, named, computed, tuple(inputs.split()))


def _declared() -> Iterable[Line]:
    s, b, c = (
        labels.messages
        for labels in (STATEMENT_LABELS, BALANCE_LABELS, CASH_FLOW_LABELS)
    )
    k, i, r = (
        labels.messages for labels in (BALANSKRAV_LABELS, INDICATOR_LABELS, ROOM_LABELS)
    )
    taxes = later(
        "senaste angivna värde × invånare × skatteunderlagets ökning sedan dess"
    )
    tax_inputs = "years:population years:tax_base_growth"
    yield _line(
        "statement",
        "ri",
        s["ri"],
        later(
            "senaste angivna värde × kostnadsökning + projektens upplösta "
            "investeringsinkomster + projektens avgifter"
        ),
        "statement:ri years:cost_growth projects:resolved projects:fees",
    )
    yield _line(
        "statement",
        "rk",
        s["rk"],
        later(
            "senaste angivna värde × kostnadsökning − tillfälliga och varaktiga "
            "ändringar − projektens driftkostnader − väntekostnader − utrangeringar"
        ),
        "statement:rk years:cost_growth years:other_change_tkr "
        "years:lasting_change_tkr projects:operating projects:waiting "
        "projects:scrapped",
    )
    yield _line(
        "statement",
        "ra",
        s["ra"],
        later("avskrivningar på det som redan är beslutat och på projekten"),
        "statement:ra existing:depreciation_tkr projects:depreciation",
    )
    yield _line(
        "statement",
        "rn",
        s["rn"],
        later("intäkter + kostnader + avskrivningar"),
        "ri rk ra",
    )
    yield _line("statement", "rs", s["rs"], taxes, f"statement:rs {tax_inputs}")
    yield _line("statement", "rg", s["rg"], taxes, f"statement:rg {tax_inputs}")
    yield _line(
        "statement",
        "rv",
        s["rv"],
        later("nettokostnader + skatteintäkter + statsbidrag och utjämning"),
        "rn rs rg",
    )
    interest = later("låneräntan × årets genomsnittliga lån utöver den minsta kassan")
    yield _line(
        "statement",
        "fi",
        s["fi"],
        interest,
        "net_loans net_loans@-1 years:interest_rate",
    )
    yield _line(
        "statement",
        "fk",
        s["fk"],
        interest,
        "net_loans net_loans@-1 years:interest_rate",
    )
    yield _line(
        "statement", "re", s["re"], later("verksamhetens resultat + räntor"), "rv fi fk"
    )
    yield _line(
        "statement", "ex", s["ex"], later("angivet värde, annars noll"), "statement:ex"
    )
    yield _line(
        "statement",
        "ar",
        s["ar"],
        later("resultat efter finansiella poster + extraordinära poster"),
        "re ex",
    )
    yield _line(
        "flow",
        "outlay",
        later("Investeringsutgifter"),
        later("redan beslutade utgifter + projektens utgifter"),
        "existing:outlay_tkr projects:outlay years:construction_growth",
    )
    yield _line(
        "flow",
        "income",
        later("Investeringsinkomster"),
        later("redan beslutade inkomster + projektens inkomster"),
        "existing:income_tkr projects:income years:construction_growth",
    )
    yield _line(
        "flow",
        "resolved",
        later("Upplösta investeringsinkomster"),
        later("redan beslutade + projektens, fördelade över åren som avskrivningarna"),
        "existing:resolved_income_tkr projects:resolved",
    )
    yield _line(
        "flow",
        "net_loans",
        later("Lån utöver den minsta kassan"),
        later(
            "förra årets − (årets resultat + avskrivningar − upplösta inkomster + "
            "utrangeringar − utgifter + inkomster + ändrade avsättningar)"
        ),
        "net_loans@-1 ar ra resolved projects:scrapped outlay income "
        "years:provisions_change_tkr",
    )
    yield _line(
        "balance",
        "fixed_assets",
        b["fixed_assets"],
        later("förra årets + utgifter − avskrivningar − utrangeringar"),
        "fixed_assets@-1 outlay ra projects:scrapped",
    )
    for key in (
        "financial_assets",
        "other_assets",
        "pension_off_balance",
        "guarantees",
    ):
        yield _line(
            "balance", key, b[key], later("som vid basårets slut"), f"balance:{key}"
        )
    yield _line(
        "balance",
        "cash",
        b["cash"],
        later("den minsta kassan + det som blir över när lånen är noll"),
        "settings:min_cash_tkr net_loans",
    )
    yield _line(
        "balance",
        "equity",
        b["equity"],
        later("förra årets + årets resultat"),
        "equity@-1 ar",
    )
    yield _line(
        "balance",
        "provisions",
        b["provisions"],
        later("förra årets + ändrade avsättningar"),
        "provisions@-1 years:provisions_change_tkr",
    )
    yield _line(
        "balance",
        "loans",
        b["loans"],
        later("det som måste lånas när kassan är så liten som den får vara"),
        "net_loans",
    )
    yield _line(
        "balance",
        "other_liabilities",
        b["other_liabilities"],
        later("förra årets + investeringsinkomster − upplösta"),
        "other_liabilities@-1 income resolved",
    )
    yield _line(
        "cash_flow",
        "lopande",
        c["lopande"],
        later(
            "årets resultat + avskrivningar − upplösta inkomster + utrangeringar + "
            "ändrade avsättningar"
        ),
        "ar ra resolved projects:scrapped years:provisions_change_tkr",
    )
    yield _line(
        "cash_flow",
        "investering",
        c["investering"],
        later("inkomster − utgifter"),
        "income outlay",
    )
    yield _line(
        "cash_flow",
        "finansiering",
        c["finansiering"],
        later("årets ändring av lånen"),
        "loans loans@-1",
    )
    yield _line(
        "cash_flow",
        "arets",
        c["arets"],
        later("löpande verksamhet + investeringar + finansiering"),
        "lopande investering finansiering",
    )
    yield _line(
        "cash_flow",
        "likvida_in",
        c["likvida_in"],
        later("förra årets kassa"),
        "cash@-1",
    )
    yield _line(
        "cash_flow",
        "likvida_ut",
        c["likvida_ut"],
        later("kassan vid årets slut"),
        "cash",
    )
    for key in (
        "realisationsvinster",
        "undantag_vinst",
        "undantag_forlust",
        "orealiserat",
        "aterforing",
        "synnerliga_skal",
    ):
        yield _line(
            "balanskrav",
            key,
            k[key],
            later("angivet värde, annars noll"),
            f"adjustments:{key}",
        )
    yield _line(
        "balanskrav",
        "areb",
        k["areb"],
        later("årets resultat + balanskravsjusteringar"),
        "ar realisationsvinster undantag_vinst undantag_forlust orealiserat aterforing",
    )
    yield _line(
        "balanskrav",
        "reservering",
        k["reservering"],
        later("så mycket som lag, tak och mål medger av överskottet"),
        "areb ar rs rg adjustments:reservering settings:resultatreserv_tkr",
    )
    yield _line(
        "balanskrav",
        "anvandning",
        k["anvandning"],
        later("det som fattas upp till noll, så långt reserverna räcker"),
        "areb adjustments:anvandning settings:rur_tkr settings:resultatreserv_tkr",
    )
    yield _line(
        "balanskrav",
        "bkr",
        k["bkr"],
        later("resultat efter justeringar + reservering + användning"),
        "areb reservering anvandning",
    )
    yield _line(
        "balanskrav",
        "underskott_in",
        k["underskott_in"],
        later("det som är kvar att återställa från tidigare år"),
        "att_reglera@-1 deficits:amount",
    )
    yield _line(
        "balanskrav",
        "att_reglera",
        k["att_reglera"],
        later(
            "balanskravsresultat + synnerliga skäl + tidigare underskott, högst noll"
        ),
        "bkr synnerliga_skal underskott_in",
    )
    ratios = {
        "res_andel": (later("årets resultat / (skatter + bidrag)"), "ar rs rg"),
        "bkr_andel": (later("balanskravsresultat / (skatter + bidrag)"), "bkr rs rg"),
        "sol": (
            later("eget kapital / alla tillgångar"),
            "equity fixed_assets financial_assets other_assets cash",
        ),
        "sol_pen": (
            later(
                "(eget kapital − pensioner utanför balansräkningen) / alla tillgångar"
            ),
            "equity pension_off_balance fixed_assets financial_assets other_assets cash",
        ),
        "sfg": (
            later(
                "(årets resultat + avskrivningar − upplösta inkomster) / "
                "(utgifter − inkomster)"
            ),
            "ar ra resolved outlay income",
        ),
        "lan_inv": (later("1 000 × lån / invånare"), "loans years:population"),
        "nettolan": (later("(lån − kassa) / (skatter + bidrag)"), "loans cash rs rg"),
        "inv_andel": (
            later("(utgifter − inkomster) / (skatter + bidrag)"),
            "outlay income rs rg",
        ),
        "nka": (
            later("(nettokostnader och räntor) / (skatter + bidrag)"),
            "rn fi fk rs rg",
        ),
    }
    for key, (formula, inputs) in ratios.items():
        yield _line("indicators", key, i[key], formula, inputs)
    yield _line(
        "room",
        "own_funds",
        r["own_funds"],
        later(
            "årets resultat + avskrivningar − upplösta inkomster − utgifter + inkomster"
        ),
        "ar ra resolved outlay income",
    )
    yield _line(
        "room",
        "debt_ceiling",
        r["debt_ceiling"],
        later("det minsta som skiljer lånen från ett skuldmål, från året och framåt"),
        "loans rs rg years:population goals:value",
    )
    yield _line(
        "room",
        "result_target",
        r["result_target"],
        later(
            "det minsta som skiljer resultatet från ett resultatmål, från året och "
            "framåt, delat med vad en investerad krona kostar per år (1/33 + räntan)"
        ),
        "areb rs rg years:interest_rate goals:value",
    )


LINES: Final[dict[str, Line]] = {line.key: line for line in _declared()}
# What the chosen projects' outlays add up to in a year, in its prices.
PROJECTS_OUTLAY: Final = "projects:outlay"
# A project's whole outlay, or that of all chosen ones, in the base year's prices.
OUTLAY_FIXED: Final = "outlay_fixed"
# Before a figure: what it is without any new project.
BASELINE: Final = "baseline:"
PROJECT_TABLES: Final = {
    "outlay": ("outlays",),
    "income": ("outlays",),
    "depreciation": ("outlays", "parts"),
    "resolved": ("outlays", "parts"),
    "operating": ("effects",),
    "waiting": ("projects",),
    "fees": ("outlays", "parts", "effects"),
    "scrapped": ("alternatives",),
}
SELECTED_BY: Final = {"statement": "line", "balance": "line", "adjustments": "kind"}
OPENING_CELLS: Final = {
    "net_loans": ("balance:loans", "balance:cash", "settings:min_cash_tkr"),
    "att_reglera": ("deficits:amount",),
}


def opening_cells(figure: str) -> tuple[str, ...]:
    """Return the cells that hold a figure at the end of the base year."""
    return OPENING_CELLS.get(figure, (f"balance:{figure}",))


def cell_rows(tables: Tables, reference: str) -> list[int]:
    """Return the row indices that a cell reference points at, all years."""
    name, column = reference.split(":", 1)
    table = tables[name]
    if name == "settings":
        return [i for i, key in enumerate(table["key"]) if key == column]
    if name in SELECTED_BY:
        return [i for i, key in enumerate(table[SELECTED_BY[name]]) if key == column]
    return [i for i, value in enumerate(table[column]) if value is not None]


def project_rows(
    tables: Tables, total: str, choices: Iterable[Choice]
) -> dict[str, list[tuple[str, int]]]:
    """Return, per project, the (table, row) pairs that a yearly total comes from."""
    by_project = {c.project_id: c.alternative_id for c in choices}
    found: dict[str, list[tuple[str, int]]] = {}
    for name in PROJECT_TABLES[total]:
        table = tables[name]
        for i, project_id in enumerate(table["project_id"]):
            waits = name == "projects" and bool(table["waiting_cost"][i])
            if not waits and (
                name == "projects"
                or by_project.get(project_id) != table["alternative_id"][i]
            ):
                continue
            found.setdefault(project_id, []).append((name, i))
    return found


QUALITY_ORDER: Final = ("uppgift", "beräkning", "antagande")


def worst_quality(qualities: Iterable[str | None]) -> str | None:
    """Return the worst of several quality marks; None where nothing is marked."""
    known = [quality for quality in qualities if quality in QUALITY_ORDER]
    return max(known, key=QUALITY_ORDER.index) if known else None


def figure_qualities(
    tables: Tables, choices: Sequence[Choice]
) -> dict[str, str | None]:
    """Return the worst quality of everything each figure rests on.

    A figure that rests on facts only is itself computed, so at best `beräkning`.
    """
    marks: dict[str, set[str]] = {}

    def rows(name: str, indices: Iterable[int]) -> set[str]:
        quality = tables[name]["quality"]
        return {quality[i] for i in indices if quality[i]}

    for key, line in LINES.items():
        own: set[str] = set()
        for reference in line.inputs:
            if reference.startswith("projects:"):
                pairs = project_rows(tables, reference[9:], choices).values()
                for name, i in (pair for group in pairs for pair in group):
                    own |= rows(name, [i])
            elif ":" in reference:
                own |= rows(reference.split(":", 1)[0], cell_rows(tables, reference))
            elif reference.endswith("@-1"):
                for cell in opening_cells(reference[:-3]):
                    if cell.split(":", 1)[0] in tables:
                        own |= rows(cell.split(":", 1)[0], cell_rows(tables, cell))
        marks[key] = own
    changed = True
    while changed:
        changed = False
        for key, line in LINES.items():
            for reference in line.inputs:
                other = reference.removesuffix("@-1")
                if other in marks and not marks[other] <= marks[key]:
                    marks[key] |= marks[other]
                    changed = True
    return {
        key: worst_quality([*found, "beräkning"]) if found else None
        for key, found in marks.items()
    }


def cell_value(table: Table, column: str, row: int) -> object:
    """Return the value of a cell, for tables that keep it in another column."""
    if table.name == "settings":
        return table["value"][row]
    if table.name in SELECTED_BY:
        return table["amount"][row]
    return table[column][row]


def years_of(table: Table, rows: Iterable[int]) -> Mapping[int, int | None]:
    """Return the year of each row, None in tables without years."""
    years = table["year"] if "year" in table.spec.columns else None
    return {row: years[row] if years else None for row in rows}
