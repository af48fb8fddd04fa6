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
    number,
    per_inhabitant_text,
    quoted,
    share_text,
    years_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rodtrad.domain.arrays import Case, Goal
    from rodtrad.plan.greedy import Flags, RowCheck


@dataclass(frozen=True)
class Obstacle:
    """One requirement that a change would break, with the years.

    `kind` is goal, resource, relation or must_do; `key` the id after the colon.
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


def binding_limits(check: RowCheck, chosen: Flags) -> list[dict[str, Any]]:
    """Return the goals and resources that stop some project, with their years.

    A limit binds in a year if at least one project that is left out (any alternative
    and start), or an earlier start of one that is in, would break it and nothing else
    of another kind has to give way first.
    """
    problem = check.problem
    case = problem.case
    years: dict[tuple[str, str], set[int]] = {}
    for project in case.projects:
        columns = list(problem.by_project[project.project_id])
        if not columns:
            continue
        inside = [k for k in columns if chosen[k]]
        without = check.without(chosen, project.project_id)
        if inside:
            now = problem.choices[inside[0]]
            columns = [
                k
                for k in columns
                if problem.choices[k].alternative_id == now.alternative_id
                and problem.choices[k].start_year < now.start_year
            ]
        if not columns:
            continue
        ways = obstacles(check, without, columns)
        if any(not way for way in ways):
            continue
        nearest = min(ways, key=lambda way: sum(max(1, len(o.years)) for o in way))
        for obstacle in nearest:
            if obstacle.kind in ("goal", "resource"):
                place = (obstacle.kind, obstacle.key)
                years.setdefault(place, set()).update(obstacle.years)
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
    shown = (
        per_inhabitant_text(value) if goal.indicator == "lan_inv" else share_text(value)
    )
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
