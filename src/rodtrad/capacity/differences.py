"""How much do two plans differ? In outlay, and in how many decisions change.

Only choices are compared; no plan is evaluated. The planner searches with these
measures and `verify` recomputes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.domain.arrays import Case, Choice

# A start that moves no more than this many years is the same.
SAME_YEARS = 2
# What a project counts that is in both plans, but later or in another way.
HALF = 0.5
# A change that touches the first years of the plan counts as two.
SOON_YEARS = 2
SOON_COST = 2.0


def project_outlays(case: Case) -> dict[str, float]:
    """Return each project's outlay, its dearest alternative, tkr, fixed prices."""
    return {
        project.project_id: max(
            (sum(alternative.outlay) for alternative in project.alternatives),
            default=0.0,
        )
        for project in case.projects
    }


def difference(
    outlays: Mapping[str, float], one: Sequence[Choice], other: Sequence[Choice]
) -> float:
    """Return the share of outlay that two plans treat differently, 0 to 1.

    Of the outlay of all projects that are in either plan: those in only one of them
    count in full, those in both that start more than `SAME_YEARS` apart, or are built
    in another way, count half.
    """
    mine = {choice.project_id: choice for choice in one}
    theirs = {choice.project_id: choice for choice in other}
    every = sorted({*mine, *theirs})
    total = sum(outlays[key] for key in every)
    if not total > 0:
        return 0.0
    apart = sum(
        outlays[key] * treated_apart(mine.get(key), theirs.get(key)) for key in every
    )
    return apart / total


def treated_apart(one: Choice | None, other: Choice | None) -> float:
    """Return how much of a project two plans treat differently: 0, `HALF` or 1."""
    if one is None or other is None:
        return 0.0 if one is other else 1.0
    near = abs(one.start_year - other.start_year) <= SAME_YEARS
    return 0.0 if near and one.alternative_id == other.alternative_id else HALF


def change_cost(case: Case, decided: Choice | None, other: Choice | None) -> float:
    """Return what a changed decision on one project counts, 0 if it is the same.

    `SOON_COST` if the old or the new start is within the first `SOON_YEARS` years.
    """
    if decided == other:
        return 0.0
    starts = [choice.start_year for choice in (decided, other) if choice is not None]
    soon = min(starts) < case.plan_start + SOON_YEARS
    return SOON_COST if soon else 1.0


def changed_projects(
    case: Case, decided: Sequence[Choice], choices: Sequence[Choice]
) -> tuple[tuple[str, ...], float]:
    """Return the projects that two plans decide differently, and what they count."""
    mine = {choice.project_id: choice for choice in decided}
    theirs = {choice.project_id: choice for choice in choices}
    changed = sorted(k for k in {*mine, *theirs} if mine.get(k) != theirs.get(k))
    cost = sum(change_cost(case, mine.get(k), theirs.get(k)) for k in changed)
    return tuple(changed), cost
