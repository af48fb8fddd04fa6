"""What does a lever do to the underlag? Tax, forecast, savings and loans as a scenario.

A lever is turned into rows of the sheet of scenarios: each names a cell and its new
value, so that the scenario can be read, changed and run as any other. What it does to
the plan as it stands is reckoned by the statements alone. Leaves out the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.capacity.result import as_list, goal_rows
from rodtrad.domain.arrays import build_case
from rodtrad.domain.columns import SCHEMA
from rodtrad.domain.components import Table, Tables, apply_scenario

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rodtrad.domain.arrays import Choice

TABLE: Final = "scenarios"
_PER_HUNDRED: Final = 100.0


@dataclass(frozen=True)
class Levers:
    """What the chief economist turns. Shares are 0.01 for one percentage point.

    `tax_rate` is today's, in kronor of a hundred; `tax_change` is added to it. `forecast`
    is a scenario whose growth of the tax base is used. Years None mean the first.
    """

    tax_rate: float | None = None
    tax_change: float = 0.0
    forecast: str = ""
    growth_change: float = 0.0
    savings_tkr: float = 0.0
    savings_from: int | None = None
    interest_change: float = 0.0
    interest_from: int | None = None


def scenario_rows(tables: Tables, levers: Levers, name: str) -> list[dict[str, Any]]:
    """Return the rows that make a scenario of the levers; none where nothing is turned."""
    first = int(tables.settings["plan_start"])
    rows: list[dict[str, Any]] = []

    def put(table: str, key: str, column: str, value: float, why: str) -> None:
        rows.append(
            {
                "scenario": name,
                "table": table,
                "key": key,
                "column": column,
                "value": f"{value:.10g}",
                "source": why,
                "quality": "antagande",
            }
        )

    if levers.tax_change and levers.tax_rate:
        part = 1.0 + levers.tax_change / levers.tax_rate
        why = _("Skattesatsen ändras med {x} kronor per hundralapp, från {r}.").format(
            x=_signed(levers.tax_change), r=_plain(levers.tax_rate)
        )
        for row in tables["statement"].records():
            if row["line"] == "rs" and row["amount"] is not None:
                put(
                    "statement",
                    f"rs/{row['year']}",
                    "amount",
                    row["amount"] * part,
                    why,
                )
    forecast = _forecast(tables, levers.forecast)
    for row in tables["years"].records():
        year = int(row["year"])
        if year < first:
            continue
        growth = forecast.get(year, row["tax_base_growth"] or 0.0)
        if levers.growth_change or year in forecast:
            why = _("Skatteunderlagets ökning enligt {f}, {x} procentenheter.").format(
                f=levers.forecast or _("underlagets prognos"),
                x=_signed(_PER_HUNDRED * levers.growth_change),
            )
            put(
                "years",
                str(year),
                "tax_base_growth",
                growth + levers.growth_change,
                why,
            )
        if levers.interest_change and year >= (levers.interest_from or first):
            why = _("Låneräntan ändras med {x} procentenheter.").format(
                x=_signed(_PER_HUNDRED * levers.interest_change)
            )
            rate = (row["interest_rate"] or 0.0) + levers.interest_change
            put("years", str(year), "interest_rate", rate, why)
        if levers.savings_tkr and year == (levers.savings_from or first):
            why = _("Besparing på {x} tkr om året, i basårets priser.").format(
                x=_plain(levers.savings_tkr)
            )
            now = row["lasting_change_tkr"] or 0.0
            put("years", str(year), "lasting_change_tkr", now - levers.savings_tkr, why)
    return rows


def _plain(value: float) -> str:
    return f"{value:.10g}".replace(".", ",")


def _signed(value: float) -> str:
    text = _plain(abs(value))
    return f"−{text}" if value < 0 else f"+{text}"


def _forecast(tables: Tables, name: str) -> dict[int, float]:
    """Return the growth of the tax base by year in a scenario of the underlag."""
    if not name:
        return {}
    years = apply_scenario(tables, name)["years"].records()
    return {int(row["year"]): row["tax_base_growth"] or 0.0 for row in years}


def forecasts(tables: Tables) -> list[str]:
    """Return the scenarios that hold another forecast of the tax base."""
    rows = tables[TABLE].records()
    return list(
        dict.fromkeys(
            str(row["scenario"])
            for row in rows
            if row["table"] == "years" and row["column"] == "tax_base_growth"
        )
    )


def with_rows(tables: Tables, rows: Iterable[dict[str, Any]]) -> Tables:
    """Return the tables under the scenario that rows make, by itself."""
    listed = list(rows)
    if not listed:
        return tables
    spec = SCHEMA[TABLE]
    columns = {name: [row.get(name) for row in listed] for name in spec.columns}
    alone = Tables({**dict(tables.items()), TABLE: Table(TABLE, columns)})
    return apply_scenario(alone, listed[0]["scenario"])


def effect(
    tables: Tables, rows: Sequence[dict[str, Any]], choices: Sequence[Choice]
) -> dict[str, Any]:
    """Return what a scenario does to a plan that is kept as it is.

    Returns:
        `years`; `ar, res_andel, lan_inv` as pairs of lists by year, before and after;
        `worse` and `better`: the goals that are missed, or met, only with the scenario.

    Raises:
        InputError: a row points at nothing, or its value cannot be read.
    """
    cases = [build_case(tables), build_case(with_rows(tables, rows))]
    plans = [evaluate_plan(case, choices) for case in cases]
    found: dict[str, Any] = {"years": [int(year) for year in cases[0].years]}
    for key in ("res_andel", "lan_inv"):
        found[key] = [as_list(plan.indicators[key]) for plan in plans]
    found["ar"] = [as_list(plan.years.statement["ar"]) for plan in plans]
    found["bkr"] = [as_list(plan.balanskrav.rows["bkr"]) for plan in plans]
    before, after = (goal_rows(plan.goals) for plan in plans)

    def missed(goal: dict[str, Any]) -> list[int]:
        return [
            y
            for y, met in zip(found["years"], goal["met"], strict=True)
            if met is False
        ]

    found["worse"], found["better"] = [], []
    for was, now in zip(before, after, strict=True):
        name = now["name"] or now["goal_id"]
        if new := sorted(set(missed(now)) - set(missed(was))):
            found["worse"].append({"name": name, "years": new})
        if gone := sorted(set(missed(was)) - set(missed(now))):
            found["better"].append({"name": name, "years": gone})
    return found
