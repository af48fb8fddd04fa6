"""Why is there no plan? A minimal set of colliding requirements, and a repair.

The set is minimal: remove any one requirement from it and the rest can be met. The
repair is the cheapest loosening of goals, resources and must-dos that lets a plan
exist, found with slack on every row that people may loosen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.capacity.evaluate import Evaluation, evaluate_plan, resource_use
from rodtrad.capacity.indicators import SHARES
from rodtrad.domain.words import (
    RELATION_LABELS,
    _,
    list_text,
    number,
    per_inhabitant_text,
    quoted,
    share_text,
    years_text,
)
from rodtrad.errors import NoPlanError
from rodtrad.plan.milp import Limits, Portfolio, solve_problem
from rodtrad.plan.problem import Problem, Row, Variable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.domain.arrays import Case, Goal

DROP_PRICE = 1e5
RESOURCE_PRICE = 1e3


@dataclass(frozen=True)
class Conflict:
    """A minimal colliding set, in words, and whether each part of it is proven needed.

    `rows` are the names of the rows that remain.
    """

    words: tuple[str, ...]
    rows: tuple[str, ...]
    minimal: bool


def explain_no_plan(problem: Problem, limits: Limits | None = None) -> NoPlanError:
    """Return the error to raise when a problem has no plan."""
    limits = replace(limits or Limits(), seconds=20.0, work=None, gap=1.0)
    conflict = find_conflict(problem, limits)
    repair = find_repair(problem, limits)
    text = _("Kraven går inte ihop: {list}.").format(list=list_text(conflict.words))
    if conflict.minimal and len(conflict.words) > 1:
        text += " " + _("Tas ett av dem bort, går resten av listan ihop.")
    return NoPlanError(text, conflict.words, repair)


def _possible(problem: Problem, rows: Sequence[Row], limits: Limits) -> bool | None:
    """Whether some plan meets these rows; None if time ran out."""
    asked = replace(
        problem,
        rows=tuple(rows),
        values=np.zeros_like(problem.values),
        variables=tuple(replace(v, price=0.0) for v in problem.variables),
        ratio_aims=(),
    )
    found: Portfolio = solve_problem(asked, limits, start=())
    if found.stopped == "infeasible":
        return False
    if found.choices is None or found.objective is None:
        return None
    return True


def find_conflict(problem: Problem, limits: Limits) -> Conflict:
    """Return a minimal set of requirements that cannot all be met.

    First whole requirements are taken away one by one, then single years of the
    goals that remain.
    """
    keys = list(dict.fromkeys(row.requirement for row in problem.rows))
    keep = [key for key in keys if key]
    minimal = True

    def rows_of(wanted: set[str]) -> list[Row]:
        return [_loosened(row, wanted) for row in problem.rows]

    for key in _by_weight(list(keep)):
        without = set(keep) - {key}
        possible = _possible(problem, rows_of(without), limits)
        if possible is False:
            keep.remove(key)
        elif possible is None:
            minimal = False
    rows = list(rows_of(set(keep)))
    for row in list(rows):
        if not row.requirement.startswith(("goal:", "resource:")):
            continue
        if row.requirement not in keep:
            continue
        fewer = [other for other in rows if other.name != row.name]
        if _possible(problem, fewer, limits) is False:
            rows = fewer
    left = [row for row in rows if row.requirement in keep]
    return Conflict(
        words=tuple(_in_words(problem.case, left)),
        rows=tuple(row.name for row in left),
        minimal=minimal,
    )


def _by_weight(keys: list[str]) -> list[str]:
    """Try to do without relations and resources first, then must-dos, then goals."""
    order = {"relation": 0, "resource": 1, "must_do": 2, "goal": 3}
    return sorted(keys, key=lambda key: order[key.split(":", 1)[0]])


def _loosened(row: Row, wanted: set[str]) -> Row:
    """Return the row, opened if its requirement is not among those wanted.

    A must-do that is not wanted may still be done, at most once.
    """
    if not row.requirement or row.requirement in wanted:
        return row
    if row.requirement.startswith("must_do:"):
        return replace(row, lower=0.0)
    return replace(row, lower=-np.inf, upper=np.inf)


def _in_words(case: Case, rows: Sequence[Row]) -> list[str]:
    words: list[str] = []
    for key in dict.fromkeys(row.requirement for row in rows):
        kind, name = key.split(":", 1)
        years = years_text(sorted({r.year for r in rows if r.requirement == key}))
        if kind == "goal":
            words.append(_("målet {g} {ys}").format(g=_goal_name(case, name), ys=years))
        elif kind == "must_do":
            project = case.project(name)
            words.append(
                _("projektet {p} i bruk senast {y}").format(
                    p=quoted(project.name), y=project.deadline_year
                )
            )
        elif kind == "resource":
            words.append(_("{resource} {ys}").format(resource=name, ys=years))
        else:
            words.append(_relation_in_words(case, name))
    return words


def _goal(case: Case, goal_id: str) -> Goal:
    return next(goal for goal in case.goals if goal.goal_id == goal_id)


def _goal_name(case: Case, goal_id: str) -> str:
    return quoted(_goal(case, goal_id).name)


def _relation_in_words(case: Case, key: str) -> str:
    kind, pair = key.rstrip(")").split("(", 1)
    one, other = pair.split(",", 1)
    return _("projektet {p} {kind} projektet {q}").format(
        p=quoted(case.project(one).name),
        kind=RELATION_LABELS.get(kind, kind),
        q=quoted(case.project(other).name),
    )


def find_repair(problem: Problem, limits: Limits) -> list[str]:
    """Return the cheapest loosening that lets a plan exist, one sentence each.

    Money counts in tkr, whatever the goal; resources and must-dos are loosened only
    when goals alone are not enough.
    """
    rows, variables = [], list(problem.variables)
    variables = [replace(v, price=0.0) for v in variables]
    for row in problem.rows:
        kind = row.requirement.split(":", 1)[0]
        if kind not in ("goal", "resource", "must_do"):
            rows.append(row)
            continue
        slack = f"slack({row.name})"
        price = {"goal": 1.0, "resource": RESOURCE_PRICE, "must_do": DROP_PRICE}[kind]
        variables.append(
            Variable(slack, 1.0 if kind == "must_do" else np.inf, price=price)
        )
        sign = -1.0 if kind == "resource" else 1.0
        rows.append(replace(row, expression=row.expression.with_extra(slack, sign)))
    elastic = replace(
        problem,
        rows=tuple(rows),
        variables=tuple(variables),
        values=np.zeros_like(problem.values),
        ratio_aims=(),
    )
    found = solve_problem(elastic, replace(limits, gap=0.01), start=())
    if found.choices is None:
        return []
    return _repair_in_words(evaluate_plan(problem.case, found.choices), problem.case)


def _repair_in_words(plan: Evaluation, case: Case) -> list[str]:
    sentences = []
    outcomes = {outcome.goal.goal_id: outcome for outcome in plan.goals}
    used = resource_use(case, plan.choices)
    for broken in plan.violations:
        if broken.kind == "goal":
            outcome = outcomes[broken.key]
            rows = [year - case.plan_start for year in broken.years]
            actual = [float(outcome.actual[row, 0]) for row in rows]
            goal = outcome.goal
            worst = min(actual) if goal.operator == ">=" else max(actual)
            pattern = (
                _("Sänk kravet i målet {g} {ys} från {a} till {b}.")
                if goal.operator == ">="
                else _("Höj gränsen i målet {g} {ys} från {a} till {b}.")
            )
            sentences.append(
                pattern.format(
                    g=quoted(goal.name),
                    ys=years_text(broken.years),
                    a=_amount(goal, goal.value, exact=True),
                    b=_amount(goal, worst, exact=False),
                )
            )
        elif broken.kind == "resource":
            for year in broken.years:
                sentences.append(
                    _("Öka {resource} {y} från {a} till {b}.").format(
                        resource=broken.key,
                        y=year,
                        a=number(case.resources[broken.key][year], 1),
                        b=number(np.ceil(used[broken.key][year] * 10) / 10, 1),
                    )
                )
        elif broken.kind == "must_do":
            sentences.append(
                _("Låt projektet {p} vänta, eller gör det inte tvingande.").format(
                    p=quoted(case.project(broken.key).name)
                )
            )
    return sentences


def _amount(goal: Goal, value: float, *, exact: bool) -> str:
    """Return a goal's value as text, rounded to the side on which the repair holds."""
    step = 0.001 if goal.indicator in SHARES else 100.0
    if not exact:
        rounded = (
            np.floor(value / step) if goal.operator == ">=" else np.ceil(value / step)
        )
        value = float(rounded * step)
    if goal.indicator in SHARES:
        return share_text(value)
    return per_inhabitant_text(value)
