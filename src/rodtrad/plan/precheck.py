"""Which projects can never be in a plan? Each is checked alone before solving.

A project is reported when every alternative and start breaks a `must` goal even if all
others were chosen to help it as much as they could, so "can never be in" is true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rodtrad.domain.messages import issue
from rodtrad.domain.words import quoted, years_text
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.greedy import RowCheck, hopeless_columns

if TYPE_CHECKING:
    from rodtrad.domain.arrays import Case
    from rodtrad.errors import Issue

MOST_PROJECTS = 2000


def check_projects(case: Case) -> list[Issue]:
    """Return an issue for each project that no plan can hold because of a goal.

    The goal named is one that every alternative and start breaks if nothing else is
    done, and that holds when nothing is.

    Underlag of more than `MOST_PROJECTS` projects is left to the planner, which drops
    the same choices.
    """
    if not case.projects or len(case.projects) > MOST_PROJECTS:
        return []
    problem = build_problem(case)
    check = RowCheck(problem)
    nothing = np.zeros(len(problem.choices), dtype=bool)
    already = set(np.flatnonzero(check.shortfall(nothing)[:, 0]).tolist())
    broken_anyway = {id(check.rows[i]) for i in already}
    # Only goals that hold without any project are told of here; relations, resources
    # and impossible goals are left to the planner, which names what collides.
    kept = [
        row
        for row in problem.rows
        if not row.requirement.startswith(("goal:", "relation:", "resource:"))
        or (row.requirement.startswith("goal:") and id(row) not in broken_anyway)
    ]
    hopeless = hopeless_columns(problem.with_rows(kept))
    goals = {goal.goal_id: goal for goal in case.goals}
    table = case.tables["projects"]
    rows = dict(zip(table["project_id"], table.rows, strict=True))
    issues = []
    for project in case.projects:
        columns = list(problem.by_project[project.project_id])
        if not columns or not hopeless[columns].all():
            continue
        short = check.shortfall(nothing, columns) > 0
        years: dict[str, list[set[int]]] = {}
        for i, row in enumerate(check.rows):
            if row.requirement.startswith("goal:") and i not in already:
                of = years.setdefault(row.requirement[5:], [set() for _k in columns])
                for j in np.flatnonzero(short[i]):
                    of[j].add(row.year)
        always = {key: of for key, of in years.items() if all(of)}
        if not always:
            continue
        told = {key: _years_told(of) for key, of in always.items()}
        goal_id = max(told, key=lambda key: (len(told[key]), key))
        code = "must_do_unaffordable" if project.must_do else "project_unaffordable"
        issues.append(
            issue(
                code,
                "projects",
                rows[project.project_id],
                "project_id",
                g=quoted(goals[goal_id].name),
                ys=years_text(told[goal_id]),
            )
        )
    return issues


def _years_told(of: list[set[int]]) -> set[int]:
    """Return the years that every way breaks, else those of the way that breaks least."""
    common = set.intersection(*of)
    return common or min(of, key=lambda years: (len(years), min(years)))
