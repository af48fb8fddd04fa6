"""What does a resident's own plan give? Result, debt, tax and places at once.

The same statements as everywhere else (`workbench`), told for those who pay: what the
difference to the municipality's plan comes to per inhabitant and in tax, what the law
says, and which places come or go. Nothing is sought. Leaves out how a plan is shared
(web) and the words of the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.capacity.result import as_list, goal_rows
from rodtrad.explain.faults import plan_faults
from rodtrad.explain.workbench import describe_changes, indicator_strip

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.capacity.evaluate import Evaluation
    from rodtrad.domain.arrays import Array, Case, Choice
    from rodtrad.explain.workbench import Bench

# A balance-requirement result below this, in tkr, is a deficit: a krona.
KRONA: Final = 0.001
# One krona of tax is a hundred öre.
ORE: Final = 100.0
PLACES_DRIVER: Final = "befolkning"


def try_own(bench: Bench, choices: Sequence[Choice]) -> dict[str, Any]:
    """Return what a resident's choices give, beside the municipality's plan.

    Args:
        bench: the workbench of the plan that is compared with.
        choices: at most one per project, all in use within the plan.

    Returns:
        `years`; `result, debt` as `workbench.try_choices`; `balanskrav, deficits,
        goals` as in `plan.json`; `law` (years with a deficit, here and in the plan,
        and years whose deficit need not be restored);
        `faults`; `changes`; `tax` (see `tax_equivalent`); `places` (see
        `place_changes`). Money in nominal tkr.

    Raises:
        KeyError, ValueError: as `evaluate_plan`.
    """
    case = bench.case
    plan = evaluate_plan(case, choices)
    years = [int(year) for year in case.years]
    return {
        "years": years,
        "result": indicator_strip(bench, plan, "res_andel", worst=min),
        "debt": indicator_strip(bench, plan, "lan_inv", worst=max),
        "balanskrav": {key: as_list(row) for key, row in plan.balanskrav.rows.items()},
        "deficits": plan.balanskrav.deficits,
        "goals": goal_rows(plan.goals),
        "law": {
            "years": deficit_years(years, plan),
            "before": deficit_years(years, bench.plan),
            "excused": excused_years(years, plan),
        },
        "faults": plan_faults(case, plan),
        "changes": describe_changes(case, bench.choices, plan.choices),
        "tax": tax_equivalent(case, plan, bench.plan),
        "places": place_changes(case, plan.choices, bench.choices),
    }


def excused_years(years: Sequence[int], plan: Evaluation) -> list[int]:
    """Return the years whose deficit the council has decided not to restore."""
    below = plan.balanskrav.rows["bkr"][:, 0] < -KRONA
    broken = deficit_years(years, plan)
    return [y for y, b in zip(years, below, strict=True) if b and y not in broken]


def deficit_years(years: Sequence[int], plan: Evaluation) -> list[int]:
    """Return the years in which the balance requirement is not met.

    A deficit that the council has decided not to restore breaks no law.
    """
    rows = plan.balanskrav.rows
    figures = rows["bkr"][:, 0] + rows["synnerliga_skal"][:, 0]
    return [year for year, bkr in zip(years, figures, strict=True) if bkr < -KRONA]


def tax_equivalent(case: Case, own: Evaluation, other: Evaluation) -> dict[str, Any]:
    """Return what a plan costs more than another each year, as if tax paid for it.

    The cost is the difference in the result for the year: depreciation, interest and
    operation, not the outlay itself. Per inhabitant it is divided by the inhabitants at
    the year's end; in öre by what one öre of tax brings in, which is the year's taxes
    over the tax rate in öre.

    Args:
        case: the underlag; `settings.tax_rate` is kr per 100 kr of income.
        own: the plan that is asked about.
        other: the plan that it is compared with.

    Returns:
        by year `tkr` (positive where the own plan costs more), `per_inhabitant` (kr)
        and `ore` (None without a tax rate), each with the mean of the plan's years
        (`mean`) and the last year (`last`); `rate`.

    Source:
        DOMAIN 4: tax = rate/100 x tax base. docs/method/plan.md.
    """
    cost = -(own.years.statement["ar"] - other.years.statement["ar"])
    # no result is minus nothing
    cost = np.where(np.abs(cost) < KRONA, 0.0, cost)
    people = np.broadcast_to(case.population[1:], cost.shape)
    rate = case.tables.settings.get("tax_rate")
    taxes = other.years.statement["rs"]
    told: dict[str, Any] = {"rate": rate}
    told["tkr"] = _told(cost)
    told["per_inhabitant"] = _told(1000.0 * cost / people)
    told["ore"] = None
    if rate and (taxes > 0).all():
        told["ore"] = _told(cost * rate * ORE / taxes)
    return told


def _told(values: Array) -> dict[str, Any]:
    row = values[:, 0]
    return {"years": as_list(values), "mean": float(row.mean()), "last": float(row[-1])}


def place_changes(
    case: Case, own: Sequence[Choice], other: Sequence[Choice]
) -> list[dict[str, Any]]:
    """Return the projects about places that come sooner, later or not at all.

    Those whose number of places stands in table `lookbacks` are always told; of others
    that population drives only those that differ, with `places` None: how many places
    they give is not in the underlag.
    """
    known = {
        row["lookback_id"]: row
        for row in case.tables["lookbacks"].records()
        if row["added_places"]
    }
    now = {choice.project_id: choice for choice in own}
    was = {choice.project_id: choice for choice in other}
    projects = case.tables["projects"]
    about = {
        key
        for key, driver in zip(projects["project_id"], projects["driver"], strict=True)
        if driver and PLACES_DRIVER in driver
    }
    rows = []
    for project in case.projects:
        key = project.project_id
        if key not in about and key not in known:
            continue
        a, b = _in_use(case, now.get(key)), _in_use(case, was.get(key))
        row = known.get(key)
        if row is None and a == b:
            continue
        rows.append(
            {
                "project_id": key,
                "name": project.name,
                "service": row["service"] if row else None,
                "places": row["added_places"] if row else None,
                "in_use": a,
                "before": b,
            }
        )
    return rows


def _in_use(case: Case, choice: Choice | None) -> int | None:
    if choice is None:
        return None
    project = case.project(choice.project_id)
    return choice.start_year + project.alternative(choice.alternative_id).build_years


def short_places(section: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return where the published forecast finds too few places, the worst first.

    Args:
        section: `need_forecast.places` of `plan.json`, or None.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in (section or {}).get("shortages") or ():
        key = (row["service"], row["area"])
        if key not in found or row["places"] > found[key]["places"]:
            found[key] = {
                name: row[name]
                for name in ("service", "area_name", "from_year", "places")
            }
    return sorted(found.values(), key=lambda row: -row["places"])
