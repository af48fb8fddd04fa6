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

    Underlag of more than `MOST_PROJECTS` projects is left to the planner, which drops
    the same choices.
    """
    if not case.projects or len(case.projects) > MOST_PROJECTS:
        return []
    problem = build_problem(case)
    hopeless = hopeless_columns(problem)
    check = RowCheck(problem)
    nothing = np.zeros(len(problem.choices), dtype=bool)
    broken_anyway = check.shortfall(nothing)[:, 0] > 0
    goals = {goal.goal_id: goal for goal in case.goals}
    table = case.tables["projects"]
    rows = dict(zip(table["project_id"], table.rows, strict=True))
    issues = []
    for project in case.projects:
        columns = list(problem.by_project[project.project_id])
        if not columns or not hopeless[columns].all():
            continue
        short = check.shortfall(nothing, columns) > 0
        short[broken_anyway] = False
        lightest = int(np.argmin(short.sum(axis=0)))
        years: dict[str, set[int]] = {}
        for i in np.flatnonzero(short[:, lightest]):
            row = check.rows[i]
            if row.requirement.startswith("goal:"):
                years.setdefault(row.requirement[5:], set()).add(row.year)
        if not years:
            continue
        goal_id = max(years, key=lambda key: (len(years[key]), key))
        code = "must_do_unaffordable" if project.must_do else "project_unaffordable"
        issues.append(
            issue(
                code,
                "projects",
                rows[project.project_id],
                "project_id",
                g=quoted(goals[goal_id].name),
                ys=years_text(years[goal_id]),
            )
        )
    return issues
