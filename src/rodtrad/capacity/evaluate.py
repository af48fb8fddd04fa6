"""What does a given set of choices give? Statements, law, goals, value, violations.

The same evaluation serves the planner (after every solve), the report and `verify`.
It knows nothing of the solver.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.capacity.headroom import room_for_investment
from rodtrad.capacity.indicators import (
    GoalOutcome,
    goal_outcome,
    indicator_values,
)
from rodtrad.capacity.legal_tests import (
    Balanskrav,
    ReserveFloor,
    balanskravsutredning,
    resultat_efter_balanskravsjusteringar,
)
from rodtrad.capacity.statements import (
    TOTALS,
    Selection,
    Statements,
    Totals,
    choice_totals,
    forecast_statements,
    price_indices,
    select,
    waiting_totals,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rodtrad.domain.arrays import (
        Alternative,
        Array,
        Case,
        Choice,
        Project,
        Relation,
    )

RESOURCE_TOLERANCE = 1e-6
ENDURING_YEARS = 20


@dataclass(frozen=True)
class Violation:
    """A requirement that a plan breaks.

    `kind` is window, must_do, lock, relation, resource or goal; `key` its id; `years`
    the calendar years in which it is broken, if it has any.
    """

    kind: str
    key: str
    years: tuple[int, ...]


@dataclass(frozen=True)
class Evaluation:
    """All that follows from a set of choices. Arrays `[year, draw]`, nominal tkr."""

    choices: tuple[Choice, ...]
    totals: Totals
    years: Statements
    balanskrav: Balanskrav
    indicators: Mapping[str, Array]
    goals: tuple[GoalOutcome, ...]
    room: Mapping[str, Array]
    value: float
    aim_penalty: float
    violations: tuple[Violation, ...]

    @property
    def objective(self) -> float:
        """Value of the chosen projects minus the price of missed aims (A8)."""
        return self.value - self.aim_penalty


def _weight_from(case: Case) -> Array:
    """Return `[year from the base year]`: the worth of being in use from then on (A8)."""
    spread = np.arange(case.plan_end + ENDURING_YEARS + 1 - case.base_year)
    worth = (1.0 + case.discount_rate) ** -spread.astype(np.float64)
    return np.asarray(np.cumsum(worth[::-1])[::-1])


def timing_factors(case: Case, selection: Selection) -> Array:
    """Return how much of a score is left when a choice is in use later, `[choice]`.

    Source:
        DESIGN Appendix A8.
    """
    weight = _weight_from(case)
    built = np.array([a.build_years for _p, a in selection.options], dtype=np.int64)
    soonest = np.array(
        [p.earliest_year + p.shortest_build_years for p, _a in selection.options],
        dtype=np.int64,
    )
    in_use = selection.start + built[selection.option] - case.base_year
    # A choice before its window may belong to a project that is never in time.
    soonest = np.minimum(soonest - case.base_year, len(weight) - 1)
    factors: Array = weight[in_use] / weight[soonest[selection.option]]
    return factors


def criterion_values(case: Case, selection: Selection) -> Array:
    """Return the points of each choice by criterion, `[choice, criterion]`.

    Score times timing factor, before weights, criteria in the order of `case.weights`.
    The value of a choice is the sum times the weights (A8).
    """
    scores = np.array(
        [
            [alternative.scores.get(criterion, 0.0) for criterion in case.weights]
            for _project, alternative in selection.options
        ]
    ).reshape(len(selection.options), len(case.weights))
    return scores[selection.option] * timing_factors(case, selection)[:, None]


def choice_values(case: Case, selection: Selection) -> Array:
    """Return the benefit points of each choice at the case's weights, `[choice]`."""
    weights = np.array(list(case.weights.values()), dtype=np.float64)
    return criterion_values(case, selection) @ weights


def project_value(
    case: Case, project: Project, alternative: Alternative, start: int
) -> float:
    """Return the benefit points of a choice: weighted score times timing factor."""
    one = Selection(
        ((project, alternative),), np.zeros(1, dtype=np.int64), np.array([start])
    )
    return float(choice_values(case, one)[0])


def plan_totals(case: Case, choices: Iterable[Choice]) -> Totals:
    """Return the yearly totals of a plan, waiting costs of what is not done included."""
    indices = price_indices(case)
    each = choice_totals(case, indices, select(case, choices))
    added = Totals(*(getattr(each, k).sum(axis=0) for k in TOTALS))
    return waiting_totals(case, indices) + added


def result_before_reserves(case: Case, years: Statements) -> Array:
    """Return `areb`: the net result plus the statutory adjustments (A7)."""
    return resultat_efter_balanskravsjusteringar(
        years.statement["ar"], case.adjustments
    )


def evaluate_totals(
    case: Case, totals: Totals
) -> tuple[Statements, Balanskrav, dict[str, Array], tuple[GoalOutcome, ...]]:
    """Return statements, balance requirement, indicators and goals of given totals."""
    years = forecast_statements(case, totals)
    balanskrav = investigate_balanskrav(case, years)
    bkr, areb = balanskrav.rows["bkr"], balanskrav.rows["areb"]
    goals = tuple(goal_outcome(case, years, goal, bkr, areb) for goal in case.goals)
    return years, balanskrav, indicator_values(case, years, bkr), goals


def evaluate_plan(case: Case, choices: Sequence[Choice]) -> Evaluation:
    """Return statements, law, goals, room, value and violations of a plan.

    Args:
        case: the underlag as arrays.
        choices: at most one per project, any order.

    Raises:
        KeyError: a project or alternative that is not in the underlag.
        ValueError: a project chosen twice, or in use after the plan's end.
    """
    chosen = tuple(sorted(choices))
    if len({c.project_id for c in chosen}) < len(chosen):
        msg = "a project is chosen twice"
        raise ValueError(msg)
    for choice in chosen:
        project = case.project(choice.project_id)
        build_years = project.alternative(choice.alternative_id).build_years
        if not case.plan_start <= choice.start_year <= case.plan_end - build_years:
            msg = f"{choice} is not in use within the plan"
            raise ValueError(msg)
    totals = plan_totals(case, chosen)
    years, balanskrav, indicators, goals = evaluate_totals(case, totals)
    value = float(choice_values(case, select(case, chosen)).sum())
    penalty = sum(
        outcome.goal.price * float(np.nansum(outcome.miss[:, 0]))
        for outcome in goals
        if outcome.goal.level == "aim"
    )
    return Evaluation(
        choices=chosen,
        totals=totals,
        years=years,
        balanskrav=balanskrav,
        indicators=indicators,
        goals=goals,
        room=room_for_investment(case, years, balanskrav.rows["areb"]),
        value=value,
        aim_penalty=penalty,
        violations=(*_structure(case, chosen), *goal_violations(case, goals)),
    )


def investigate_balanskrav(case: Case, years: Statements) -> Balanskrav:
    """Return the balance requirement of the statements, with the case's own reserves.

    Source:
        DESIGN Appendix A7; method page docs/method/balanskrav.md.
    """
    line = years.statement
    return balanskravsutredning(
        case.years,
        net_result_tkr=line["ar"],
        base_tkr=line["rs"] + line["rg"],
        equity_with_pensions_tkr=years.balance["equity"]
        - years.balance["pension_off_balance"],
        adjustments=case.adjustments,
        given=case.given_reserve,
        deficits=case.deficits,
        resultatreserv_tkr=case.resultatreserv,
        rur_tkr=case.rur,
        floors=[
            ReserveFloor(goal.value, goal.from_year, goal.to_year, goal.window)
            for goal in case.goals
            if goal.indicator == "bkr_andel" and goal.operator == ">="
        ],
    )


def goal_violations(case: Case, goals: Iterable[GoalOutcome]) -> list[Violation]:
    """Return the `must` goals that are broken, with their years."""
    broken = []
    for outcome in goals:
        missed = case.years[outcome.held[:, 0] == 0.0]
        if outcome.goal.level == "must" and len(missed):
            years = tuple(int(year) for year in missed)
            broken.append(Violation("goal", outcome.goal.goal_id, years))
    return broken


def resource_use(case: Case, choices: Iterable[Choice]) -> dict[str, dict[int, float]]:
    """Return what a plan uses of each resource, by every year that has a row."""
    used = {name: dict.fromkeys(rows, 0.0) for name, rows in case.resources.items()}
    for choice in choices:
        alternative = case.project(choice.project_id).alternative(choice.alternative_id)
        for name, amounts in alternative.use.items():
            for offset, amount in enumerate(amounts):
                year = choice.start_year + offset
                if year in used.get(name, {}):
                    used[name][year] += amount
    return used


def _structure(case: Case, choices: Sequence[Choice]) -> list[Violation]:
    """Return broken windows, must-dos, locks, relations and resources (A11)."""
    broken = []
    chosen = {choice.project_id: choice for choice in choices}
    for project in case.projects:
        choice = chosen.get(project.project_id)
        if choice is None:
            if project.must_do:
                broken.append(Violation("must_do", project.project_id, ()))
            continue
        alternative = project.alternative(choice.alternative_id)
        if choice.start_year not in case.starts(project, alternative):
            kind = "must_do" if project.must_do else "window"
            broken.append(Violation(kind, project.project_id, (choice.start_year,)))
    broken += [
        Violation("lock", lock.project_id, ())
        for lock in case.locks
        if not lock.allows(chosen.get(lock.project_id))
    ]
    broken += [
        Violation("relation", relation_key(relation), ())
        for relation in case.relations
        if not relation_holds(case, relation, chosen)
    ]
    for name, years in resource_use(case, choices).items():
        over = tuple(
            year
            for year, used in sorted(years.items())
            if used > case.resources[name][year] + RESOURCE_TOLERANCE
        )
        if over:
            broken.append(Violation("resource", name, over))
    return broken


def relation_key(relation: Relation) -> str:
    """Return a relation as one word: kind, project and the other project."""
    return f"{relation.kind}({relation.project_id},{relation.other_id})"


def relation_holds(
    case: Case, relation: Relation, chosen: Mapping[str, Choice]
) -> bool:
    """Return whether choices, by project, keep a relation (A11)."""
    one, other = chosen.get(relation.project_id), chosen.get(relation.other_id)
    if relation.kind == "excludes":
        return one is None or other is None
    if relation.kind == "together":
        return (one is None) == (other is None)
    if one is None:
        return True
    if other is None:
        return False
    built = case.project(other.project_id).alternative(other.alternative_id).build_years
    return one.start_year >= other.start_year + built + relation.lag_years
