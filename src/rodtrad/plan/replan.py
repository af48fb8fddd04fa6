"""How little need change from what was decided, and what does stability cost?

From an earlier decided plan to the best plan for today's underlag: for a growing number
of changes, the best plan that changes no more than that. A change that touches the
coming years counts for more. Where the decided plan no longer holds, the least change
that mends it comes first, and fewer changes are impossible.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.capacity.differences import change_cost, changed_projects
from rodtrad.plan.beside import INFINITY, NEVER_SECONDS, Answer, Around, flags_of, mend
from rodtrad.plan.greedy import RowCheck, polish
from rodtrad.plan.matrix import build_matrix
from rodtrad.plan.milp import Limits, solve_matrix
from rodtrad.plan.problem import Expression, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.domain.arrays import Array, Choice
    from rodtrad.plan.greedy import Flags
    from rodtrad.plan.milp import Portfolio
    from rodtrad.plan.problem import Problem

POINTS = (0, 1, 2, 3, 5, 10, 20)
# The work of each search, as `plan.milp.Limits` counts it.
WORK = 200
WHOLE = 1e-6


@dataclass(frozen=True)
class ReplanPoint:
    """The best plan found with changes that count at most `limit` (None: any).

    `changes` are the projects decided otherwise, `cost` what they count together.
    `answer.impossible` when it is proven that so few changes cannot hold all rows.
    """

    limit: float | None
    answer: Answer
    changes: tuple[str, ...]
    cost: float


@dataclass(frozen=True)
class Replan:
    """From a decided plan to today's.

    `decided` are the decisions still in the underlag; `gone` the projects no longer
    there. `holds` tells whether the decided plan still holds. `least` is the least that
    changes must count, `least_proven` whether fewer is proven impossible.
    """

    decided: tuple[Choice, ...]
    gone: tuple[str, ...]
    holds: bool
    least: float | None
    least_proven: bool
    points: tuple[ReplanPoint, ...]


def column_costs(problem: Problem, decided: Sequence[Choice]) -> tuple[Array, float]:
    """Return what changes count as a sum over columns, `[column]`, and a constant."""
    mine = {choice.project_id: choice for choice in decided}
    case = problem.case
    leaving = {key: change_cost(case, choice, None) for key, choice in mine.items()}
    costs = np.zeros(len(problem.choices))
    for k, choice in enumerate(problem.choices):
        own = mine.get(choice.project_id)
        costs[k] = change_cost(case, own, choice) - leaving.get(choice.project_id, 0.0)
    return costs, sum(leaving.values())


def changes_row(problem: Problem, decided: Sequence[Choice], limit: float) -> Row:
    """Return the row that holds when changes count at most `limit`."""
    costs, constant = column_costs(problem, decided)
    index = np.flatnonzero(costs)
    counted = Expression.of(index, costs[index], constant)
    return Row("changes", "changes:", 0, counted, -INFINITY, limit)


def replan(
    problem: Problem,
    plan: Portfolio,
    decided: Sequence[Choice],
    points: Sequence[int] = POINTS,
    work: int = WORK,
    seed: int = 1,
) -> Replan:
    """Return the price of stability: the best plan for a growing number of changes.

    Args:
        problem: today's problem.
        plan: today's finished plan, with any number of changes.
        decided: the earlier plan.
        points: what changes may count, besides any number.
        work: the work of each search, one for each point and one to mend.
        seed: for the solver.

    Raises:
        ValueError: the portfolio holds no plan, or a project is decided twice.

    Source:
        DESIGN 5; method page docs/method/choices.md.
    """
    if len({choice.project_id for choice in decided}) < len(decided):
        msg = "a project is decided twice"
        raise ValueError(msg)
    around = Around(problem, plan, seed)
    old = tuple(sorted(c for c in decided if c.project_id in problem.by_project))
    gone = tuple(sorted({c.project_id for c in decided} - set(problem.by_project)))
    flags = flags_of(problem, old)
    whole = int(flags.sum()) == len(old)
    holds = whole and around.check.holds(flags)
    start, least, proven = flags, 0.0, True
    if not holds:
        start, least, proven = _least_change(around, old, flags, work)
    answers = _points(around, old, start, least, proven, points, work)
    found = []
    for limit, answer in answers:
        changes, cost = changed_projects(problem.case, old, answer.choices or ())
        if answer.choices is None:
            changes, cost = (), 0.0
        found.append(ReplanPoint(limit, answer, changes, cost))
    return Replan(old, gone, holds, least, proven, tuple(found))


def _least_change(
    around: Around, old: Sequence[Choice], flags: Flags, work: int
) -> tuple[Flags, float, bool]:
    """Return the plan that holds with the least changes found, and whether proven."""
    problem = around.problem
    costs, constant = column_costs(problem, old)
    best = around.flags
    mended = mend(around.check, flags)
    if mended is not None and costs[mended].sum() < costs[best].sum():
        best = mended
    matrix = build_matrix(replace(problem, ratio_aims=()))
    others = np.zeros(len(matrix.cost) - len(costs))
    quick = replace(matrix, cost=np.concatenate([-costs, others]))
    limits = Limits(seconds=NEVER_SECONDS, work=work, gap=0.0)
    # Only the columns are a start; the solver fills in the other variables.
    hint = {k: float(one) for k, one in enumerate(best)}
    values, bound, _finished = solve_matrix(quick, limits, hint)
    if values is not None:
        least = values[: len(costs)] > 0.5
        if around.check.holds(least) and costs[least].sum() < costs[best].sum():
            best = least
    cost = float(constant + costs[best].sum())
    # Costs are whole numbers, so a bound above the next lower one is a proof.
    proven = constant - bound > cost - 1.0 + WHOLE
    return best, cost, bool(proven)


def _points(
    around: Around,
    old: Sequence[Choice],
    start: Flags,
    least: float,
    proven: bool,
    points: Sequence[int],
    work: int,
) -> list[tuple[float | None, Answer]]:
    """Return the best plans found by what changes may count, the last without limit."""
    problem = around.problem
    free = Answer(around.choices, around.objective, around.bound)
    free_cost = changed_projects(problem.case, old, around.choices)[1]
    answers: list[tuple[float | None, Answer]] = []
    limits = sorted({*(float(p) for p in points if p < free_cost), least, free_cost})
    for limit in limits:
        if limit < least:
            known = Answer(None, -INFINITY, INFINITY, impossible=proven)
            answers.append((limit, known))
            continue
        if limit >= free_cost:
            answers.append((None, free))
            break
        row = changes_row(problem, old, limit)
        asked = problem.with_rows([*problem.rows, row])
        check = RowCheck(asked)
        if check.holds(start):
            answer = around.solve(asked, polish(check, start), work)
        else:
            answer = around.solve(asked, None, work)
        if answer.choices is not None:
            start = flags_of(problem, answer.choices)
        answers.append((limit, answer))
    return _tightened(answers)


def _tightened(
    answers: list[tuple[float | None, Answer]],
) -> list[tuple[float | None, Answer]]:
    """Return the answers with each bound at most that of more changes."""
    bound = INFINITY
    tight: list[tuple[float | None, Answer]] = []
    for limit, answer in reversed(answers):
        if not answer.impossible:
            bound = min(bound, answer.bound)
            answer = replace(answer, bound=bound)
        tight.append((limit, answer))
    return tight[::-1]
