"""What does a study rest on? Facts of the tables, quality counts and assumptions.

`study` writes them and `verify` writes them once more. Leaves out the figures
themselves (`result`) and how they are told (publish).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rodtrad.capacity.lines import QUALITY_ORDER, figure_qualities
from rodtrad.capacity.result import input_fingerprint
from rodtrad.domain.components import key_text
from rodtrad.domain.words import (
    BALANCE_LABELS,
    INDICATOR_LABELS,
    OPERATOR_LABELS,
    STATEMENT_LABELS,
    _,
    indicator_text,
    money_text,
    number,
    share_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.domain.arrays import Choice, Lock
    from rodtrad.domain.components import Tables

METHOD_VERSION = "2026.1"


def study_facts(
    stored: Tables, tables: Tables, scenario: str | None, locks: Sequence[Lock] = ()
) -> dict[str, Any]:
    """Return what `meta` says of the tables and the method, all of it recomputable.

    Args:
        stored: the tables as given, whose digest is told.
        tables: the same with the scenario laid over them.
        scenario: its name, or None.
        locks: what was decided beforehand; told only where something was.
    """
    own = tables.settings
    return {
        "method_version": METHOD_VERSION,
        "version": 1,
        "input_sha256": input_fingerprint(stored),
        "solver": "HiGHS",
        "created_by": f"rodtrad {METHOD_VERSION}",
        "municipality": own["municipality_name"],
        "municipality_code": own["municipality_code"],
        "currency": own["currency"],
        "remark": own["remark"],
        "base_year": own["base_year"],
        "plan_start": own["plan_start"],
        "plan_end": own["plan_end"],
        "scenario": scenario,
        "non_public": sum(public is False for public in tables["projects"]["public"]),
        "illustration": any(
            quality == "antagande"
            for name in ("criteria", "scores", "viewpoints")
            for quality in tables[name]["quality"]
        ),
        **({"locked": [lock.as_dict() for lock in locks]} if locks else {}),
    }


def quality_of(tables: Tables, choices: Sequence[Choice]) -> dict[str, Any]:
    """Return how many input rows are fact, computed or assumed, and the assumptions.

    Assumptions with the same source on the same table are told as one.
    """
    counts = dict.fromkeys((*QUALITY_ORDER, "none"), 0)
    groups: dict[tuple[str, str], list[int]] = {}
    for name, table in tables.items():
        for i, quality in enumerate(table["quality"]):
            counts[quality if quality in counts else "none"] += 1
            if quality == "antagande":
                groups.setdefault((name, table["source"][i] or ""), []).append(i)
    assumptions = []
    for (name, source), rows in groups.items():
        table = tables[name]
        keys = [key_text(table, i) for i in rows]
        shown = keys[0] if len(keys) == 1 else f"{keys[0]} … {keys[-1]}"
        assumptions.append(
            {
                "table": name,
                "key": shown,
                "rows": len(rows),
                "text": table.spec.label,
                "source": source or None,
            }
        )
    return {
        "inputs": {
            "uppgift": counts["uppgift"],
            "berakning": counts["beräkning"],
            "antagande": counts["antagande"],
            "none": counts["none"],
        },
        "assumptions": assumptions,
        "key_assumptions": key_assumptions(tables),
        "figures": figure_qualities(tables, choices),
    }


def key_assumptions(tables: Tables) -> list[dict[str, str]]:
    """Return the assumptions that decide most, as label and text, for the first page.

    Loans and equity at the start, depreciation, interest, the growth rates and the
    goals that must be kept, each only where its own rows are marked as assumed.
    """
    own = tables.settings
    currency = own["currency"]
    found: list[tuple[str, str]] = []
    balance = _assumed(tables, "balance")
    for row in balance:
        if row["line"] in ("loans", "equity"):
            label = _("{line} vid slutet av {y}").format(
                line=BALANCE_LABELS[row["line"]], y=own["base_year"]
            )
            found.append((label, money_text(row["amount"], currency)))
    for row in _assumed(tables, "statement"):
        if row["line"] == "ra" and row["year"] == own["base_year"]:
            label = _("{line} {y}").format(
                line=STATEMENT_LABELS["ra"], y=own["base_year"]
            )
            found.append((label, money_text(abs(row["amount"]), currency)))
    years = [row for row in _assumed(tables, "years") if row["year"] > own["base_year"]]
    columns = tables["years"].spec.columns
    for name in (
        "interest_rate",
        "tax_base_growth",
        "cost_growth",
        "construction_growth",
    ):
        values = sorted({row[name] for row in years if row[name] is not None})
        if values:
            text = share_text(values[-1], 2)
            if values[0] != values[-1]:
                least = number(100 * values[0], 2)
                text = _("{a} till {b}").format(a=least, b=text)
            found.append((columns[name].label, _("{x} per år").format(x=text)))
    for row in _assumed(tables, "goals"):
        if row["level"] == "must" and row["value"]:
            shown = indicator_text(row["indicator"], row["value"], currency)
            operator = OPERATOR_LABELS[row["operator"]]
            found.append((INDICATOR_LABELS[row["indicator"]], f"{operator} {shown}"))
    return [
        {"label": label, "text": text, "quality": "antagande"} for label, text in found
    ]


def _assumed(tables: Tables, name: str) -> list[dict[str, Any]]:
    return [row for row in tables[name].records() if row["quality"] == "antagande"]
