"""What is broken in a plan, and by how much? One sentence for each requirement.

For a plan that someone has put together by hand. The planner's own plans break nothing;
what stands in the way of a change to one of those is told in `limits`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.capacity.evaluate import relation_key, resource_use
from rodtrad.capacity.indicators import SHARES
from rodtrad.domain.words import (
    _,
    number,
    per_inhabitant_text,
    percentage_points,
    quoted,
    years_text,
)

if TYPE_CHECKING:
    from rodtrad.capacity.evaluate import Evaluation, Violation
    from rodtrad.domain.arrays import Case, Choice

# Amounts of a resource are told with no more decimals than this.
DECIMALS = 3


def plan_faults(case: Case, plan: Evaluation) -> list[dict[str, Any]]:
    """Return the broken requirements of a plan: `kind, id, years, text`.

    In the order of `Evaluation.violations`: what concerns projects first, goals last.
    """
    return [
        {
            "kind": one.kind,
            "id": one.key,
            "years": list(one.years),
            "text": fault_text(case, plan, one),
        }
        for one in plan.violations
    ]


def fault_text(case: Case, plan: Evaluation, broken: Violation) -> str:
    """Return a broken requirement as a sentence that says by how much."""
    if broken.kind == "goal":
        return _goal_text(case, plan, broken)
    if broken.kind == "resource":
        return _resource_text(case, plan, broken)
    chosen = {choice.project_id: choice for choice in plan.choices}
    if broken.kind == "relation":
        return _relation_text(case, chosen, broken.key)
    return _project_text(case, chosen, broken)


def _goal_text(case: Case, plan: Evaluation, broken: Violation) -> str:
    outcome = next(o for o in plan.goals if o.goal.goal_id == broken.key)
    goal, when = outcome.goal, years_text(broken.years)
    miss = outcome.miss[[year - case.plan_start for year in broken.years], 0]
    name = quoted(goal.name)
    if not (miss > 0).any():  # nothing to divide by, or held by reserves alone
        return _("Målet {g} bryts {ys}.").format(g=name, ys=when)
    worst = int(np.argmax(miss))
    if goal.indicator in SHARES:
        much = percentage_points(float(miss[worst]) / 100.0, _decimals(miss[worst]))
    else:
        hundreds = float(np.ceil(miss[worst] / 100.0 - 1e-9) * 100.0)
        much = per_inhabitant_text(hundreds, case.tables.settings["currency"])
    below = goal.operator == ">="
    if len(broken.years) == 1:
        pattern = (
            _("Målet {g} bryts {ys}: det saknas {much}.")
            if below
            else _("Målet {g} bryts {ys}: det är {much} för mycket.")
        )
    else:
        pattern = (
            _("Målet {g} bryts {ys}. Som mest saknas {much}, {y}.")
            if below
            else _("Målet {g} bryts {ys}. Som mest är det {much} för mycket, {y}.")
        )
    return pattern.format(g=name, ys=when, much=much, y=broken.years[worst])


def _decimals(points: float) -> int:
    """Return how many decimals show that a miss in percentage points is not zero."""
    return 1 if points >= 0.05 else 2 if points >= 0.005 else 4


def _resource_text(case: Case, plan: Evaluation, broken: Violation) -> str:
    used = resource_use(case, plan.choices)[broken.key]
    there = case.resources[broken.key]
    worst = max(broken.years, key=lambda year: (used[year] - there[year], -year))
    slots = {
        "r": quoted(broken.key),
        "ys": years_text(broken.years),
        "a": _amount(used[worst]),
        "b": _amount(there[worst]),
        "y": worst,
    }
    if len(broken.years) == 1:
        pattern = _("{r} räcker inte {ys}: {a} behövs och {b} finns.")
    else:
        pattern = _("{r} räcker inte {ys}. Värst är {y}: {a} behövs och {b} finns.")
    return pattern.format(**slots)


def _amount(value: float) -> str:
    decimals = next(
        (n for n in range(DECIMALS) if abs(round(value, n) - value) < 1e-9), DECIMALS
    )
    return number(value, decimals)


def _relation_text(case: Case, chosen: dict[str, Choice], key: str) -> str:
    relation = next(r for r in case.relations if relation_key(r) == key)
    one, other = case.project(relation.project_id), case.project(relation.other_id)
    p, q = quoted(one.name), quoted(other.name)
    if relation.kind == "excludes":
        return _("Projekten {p} och {q} utesluter varandra, men båda ingår.").format(
            p=p, q=q
        )
    if relation.kind == "together":
        inside, outside = (p, q) if one.project_id in chosen else (q, p)
        return _("Projekten {p} och {q} hör ihop, men {q} ingår inte.").format(
            p=inside, q=outside
        )
    ready = chosen.get(other.project_id)
    if ready is None:
        return _("Projektet {p} kräver projektet {q}, som inte ingår.").format(p=p, q=q)
    built = other.alternative(ready.alternative_id).build_years
    return _(
        "Projektet {p} startar {y} men kräver projektet {q} och kan därför starta "
        "tidigast {y0}."
    ).format(
        p=p,
        q=q,
        y=chosen[one.project_id].start_year,
        y0=ready.start_year + built + relation.lag_years,
    )


def _project_text(case: Case, chosen: dict[str, Choice], broken: Violation) -> str:
    """Return what is wrong with a project's own years, must-do or lock."""
    project = case.project(broken.key)
    p, choice = quoted(project.name), chosen.get(broken.key)
    if broken.kind == "lock":
        return _("Projektet {p} är låst på annat sätt.").format(p=p)
    if choice is None:
        return _(
            "Projektet {p} är tvingande och ska vara i bruk senast {y}, men ingår inte."
        ).format(p=p, y=project.deadline_year)
    alternative = project.alternative(choice.alternative_id)
    in_use = choice.start_year + alternative.build_years
    if project.must_do and in_use > project.deadline_year:
        return _(
            "Projektet {p} ska vara i bruk senast {y} men är klart först {y1}."
        ).format(p=p, y=project.deadline_year, y1=in_use)
    if choice.start_year < project.earliest_year:
        return _("Projektet {p} startar {y} men kan starta tidigast {y0}.").format(
            p=p, y=choice.start_year, y0=project.earliest_year
        )
    return _("Projektet {p} startar {y} men ska starta senast {y0}.").format(
        p=p, y=choice.start_year, y0=project.latest_year
    )
