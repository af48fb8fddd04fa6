"""Which limit holds? What stands in the way of each change one could wish for.

Every statement here is a single change to the finished plan, tried against the same
rows as the planner's: add a project, start one earlier. Nothing is re-optimised, so
each claim can be checked with the statements alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.domain.words import (
    _,
    indicator_text,
    number,
    quoted,
    years_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rodtrad.domain.arrays import Case, Goal
    from rodtrad.plan.greedy import Flags, RowCheck


@dataclass(frozen=True)
class Obstacle:
    """One requirement that a change would break, with the years.

    `kind` is goal, resource, relation, lock or must_do; `key` the id after the colon.
    """

    kind: str
    key: str
    years: tuple[int, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the obstacle as `plan.json` shows it."""
        return {"kind": self.kind, "id": self.key, "years": list(self.years)}


def obstacles(
    check: RowCheck, chosen: Flags, columns: Sequence[int]
) -> list[list[Obstacle]]:
    """Return, for each column added alone to the plan, the requirements it breaks."""
    short = check.shortfall(chosen, columns) > 0
    found = []
    for j in range(len(columns)):
        years: dict[str, set[int]] = {}
        for i in np.flatnonzero(short[:, j]):
            row = check.rows[i]
            years.setdefault(row.requirement, set()).add(row.year)
        found.append(
            [
                Obstacle(*_kind_and_key(key), tuple(sorted(of - {0})))
                for key, of in years.items()
            ]
        )
    return found


def _kind_and_key(requirement: str) -> tuple[str, str]:
    kind, key = requirement.split(":", 1)
    return kind, key


# Limits that leave room for nearly as little of a change as the tightest one count too.
NEARLY_AS_TIGHT = 0.05


def binding_limits(check: RowCheck, chosen: Flags) -> list[dict[str, Any]]:
    """Return the goals and resources that stop some change, with the years.

    A limit binds in a year if it is the one that leaves room for the least of a
    project that is out, or of an earlier start of one that is in; each project is
    tried in the way that comes nearest to fitting.
    """
    problem = check.problem
    case = problem.case
    years: dict[tuple[str, str], set[int]] = {}
    standing = check.standing(chosen)
    for project in case.projects if check.money_rows else ():
        columns = _changes(check, chosen, project.project_id)
        if not columns:
            continue
        inside = [k for k in problem.by_project[project.project_id] if chosen[k]]
        for k in inside:
            standing.remove(k)
        before = np.maximum(standing.money_margins(), 0.0)
        after = standing.money_margins(columns)
        whole = standing.keeps_structure(columns)
        for k in inside:
            standing.add(k)
        if not ((after < 0).any(axis=1) | ~whole).all():
            continue
        share = np.where(after < 0, before / np.maximum(before - after, 1e-12), np.inf)
        share[~whole] = np.inf
        least = share.min(axis=1)
        nearest = int(np.argmax(np.where(np.isinf(least), -1.0, least)))
        if np.isinf(least[nearest]):
            continue
        for i in np.flatnonzero(share[nearest] <= least[nearest] + NEARLY_AS_TIGHT):
            row = check.money_rows[i]
            years.setdefault(_kind_and_key(row.requirement), set()).add(row.year)
    return [
        {
            "kind": kind,
            "id": key,
            "name": _goal(case, key).name if kind == "goal" else key,
            "years": sorted(of),
            "text": limit_text(case, kind, key, sorted(of)),
        }
        for (kind, key), of in sorted(years.items())
    ]


def _changes(check: RowCheck, chosen: Flags, project_id: str) -> list[int]:
    """Return the columns one could wish for: all if out, earlier starts if in."""
    problem = check.problem
    columns = list(problem.by_project[project_id])
    inside = [k for k in columns if chosen[k]]
    if not inside:
        return columns
    now = problem.choices[inside[0]]
    return [
        k
        for k in columns
        if problem.choices[k].alternative_id == now.alternative_id
        and problem.choices[k].start_year < now.start_year
    ]


def _goal(case: Case, goal_id: str) -> Goal:
    return next(goal for goal in case.goals if goal.goal_id == goal_id)


def limit_text(case: Case, kind: str, key: str, years: Iterable[int]) -> str:
    """Return the sentence for a limit that holds (TEXT 3, limit.*)."""
    when = years_text(list(years))
    if kind == "resource":
        return _("{resource} räcker inte till mer {ys}.").format(
            resource=quoted(key), ys=when
        )
    goal = _goal(case, key)
    value, name = goal.value, quoted(goal.name)
    if goal.window > 1:
        return _(
            "Målet {g} mäts som genomsnitt för {n} år. Det begränsar planen {ys}."
        ).format(g=name, n=goal.window, ys=when)
    if goal.operator == ">=" and goal.indicator == "bkr_andel" and value == 0:
        return _("Balanskravet begränsar planen {ys}.").format(ys=when)
    patterns = {
        ("lan_inv", "<="): _("Taket för lån, {v}, begränsar planen {ys}."),
        ("nettolan", "<="): _(
            "Nettolåneskulden får vara högst {v} av skatter och bidrag. "
            "Det begränsar planen {ys}."
        ),
        ("sfg", ">="): _(
            "Minst {v} av investeringarna ska betalas utan nya lån. "
            "Det begränsar planen {ys}."
        ),
        ("sol", ">="): _("Soliditeten ska vara minst {v}. Det begränsar planen {ys}."),
        ("inv_andel", "<="): _(
            "Investeringarna får vara högst {v} av skatter och bidrag. "
            "Det begränsar planen {ys}."
        ),
    }
    pattern = patterns.get(
        (goal.indicator, goal.operator), _("Målet {g} begränsar planen {ys}.")
    )
    shown = indicator_text(goal.indicator, value, case.tables.settings["currency"])
    return pattern.format(v=shown, g=name, ys=when)


def obstacle_text(case: Case, obstacle: Obstacle) -> str:
    """Return what a change would break, as the end of a sentence."""
    when = years_text(list(obstacle.years))
    if obstacle.kind == "goal":
        return _("målet {g} {ys}").format(
            g=quoted(_goal(case, obstacle.key).name), ys=when
        )
    if obstacle.kind == "resource":
        return _("gränsen för {resource} {ys}").format(
            resource=quoted(obstacle.key), ys=when
        )
    return obstacle.key


def points(value: float) -> str:
    """Return benefit points as text: one decimal below ten, else whole."""
    return number(value, 1 if abs(value) < 10 else 0)
