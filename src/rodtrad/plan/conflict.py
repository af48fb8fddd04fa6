"""Why is there no plan? Minimal sets of colliding requirements, and a repair.

A set is minimal: remove any one requirement from it and the rest can be met. Other sets
are found by doing without one member of those known, in turn; what still collides is
another conflict. The repair is the cheapest loosening of goals, resources and must-dos
that lets a plan exist, found with slack on every row that people may loosen.
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
    with_currency,
    years_text,
)
from rodtrad.errors import NoPlanError
from rodtrad.plan.constraints import ROUNDING
from rodtrad.plan.matrix import build_matrix
from rodtrad.plan.milp import (
    Limits,
    LinearBounds,
    Portfolio,
    read_choices,
    solve_matrix,
    solve_problem,
)
from rodtrad.plan.problem import Problem, Row, Variable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.domain.arrays import Array, Case, Goal

DROP_PRICE = 1e5
RESOURCE_PRICE = 1e3
# What someone has locked is easier to let go than any goal, but not free.
LOCK_PRICE = 1e-2
PRICES = {
    "goal": 1.0,
    "lock": LOCK_PRICE,
    "resource": RESOURCE_PRICE,
    "must_do": DROP_PRICE,
}
MOST_CONFLICTS = 3
# Multipliers smaller than this share of the greatest are rounding.
RAY_SHARE = 1e-9
RAYS = 4


@dataclass(frozen=True)
class Conflict:
    """A minimal colliding set, in words, and whether each part of it is proven needed.

    `requirements` are the keys of the requirements, one for each of the `words`;
    `rows` are the names of the rows that remain.
    """

    words: tuple[str, ...]
    requirements: tuple[str, ...]
    rows: tuple[str, ...]
    minimal: bool


def explain_no_plan(problem: Problem, limits: Limits | None = None) -> NoPlanError:
    """Return the error to raise when a problem has no plan.

    Its `conflict` is the first conflict; the others are told in the message.
    """
    limits = replace(limits or Limits(), seconds=20.0, work=None, gap=1.0)
    conflicts = find_conflicts(problem, limits)
    repair = find_repair(problem, limits)
    text = _message(problem.case, conflicts[0])
    for other in conflicts[1:]:
        text += " " + _other_message(problem.case, other)
    return NoPlanError(text, conflicts[0].words, repair)


def find_conflicts(
    problem: Problem, limits: Limits, most: int = MOST_CONFLICTS
) -> list[Conflict]:
    """Return different minimal conflicts, the first one first, `most` at most.

    Each lacks some requirement of every one before it. There may be more than are
    found: nothing is said of sets that can only be reached by doing without two.
    """
    first = find_conflict(problem, limits)
    found = [first]
    tried: set[str] = set()
    while len(found) < most:
        left = [
            key
            for conflict in found
            for key in _by_weight(list(conflict.requirements))[::-1]
            if key not in tried
        ]
        if not left:
            break
        key = left[0]
        tried.add(key)
        wanted = {row.requirement for row in problem.rows} - {key, ""}
        rest = problem.with_rows(_loosened(row, wanted) for row in problem.rows)
        if _possible(rest, rest.rows, limits) is not False:
            continue
        other = find_conflict(rest, limits)
        if all(set(other.requirements) != set(c.requirements) for c in found):
            found.append(other)
    return found


def _message(case: Case, conflict: Conflict) -> str:
    """Return the conflict as one or two sentences."""
    alone = _alone(case, conflict)
    if alone is not None:
        return alone
    text = _("Kraven går inte ihop: {list}.").format(list=list_text(conflict.words))
    if conflict.minimal and len(conflict.words) > 1:
        text += " " + _("Tas ett av dem bort, går resten av listan ihop.")
    return text


def _other_message(case: Case, conflict: Conflict) -> str:
    """Return a further conflict as a sentence."""
    alone = _alone(case, conflict)
    if alone is not None:
        return alone
    return _("Inte heller de här går ihop: {list}.").format(
        list=list_text(conflict.words)
    )


def _alone(case: Case, conflict: Conflict) -> str | None:
    """Return what to say of a single requirement that cannot be met by itself."""
    if not conflict.minimal or len(conflict.words) != 1:
        return None
    kind, _colon, name = conflict.requirements[0].partition(":")
    if kind == "goal":
        return _("Det går inte att klara {what}, vilka projekt som än väljs.").format(
            what=conflict.words[0]
        )
    if kind == "must_do":
        project = case.project(name)
        return _("Projektet {p} kan inte vara i bruk senast {y}.").format(
            p=quoted(project.name), y=project.deadline_year
        )
    return None


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

    # The relaxation, where it is impossible too, says at once which rows matter.
    for _round in range(RAYS):
        needed = _impossible_at_once(problem, rows_of(set(keep)))
        if needed is None or len(needed) == len(keep):
            break
        keep = [key for key in keep if key in needed]
    for key in _by_weight(list(keep)):
        without = set(keep) - {key}
        possible = _possible(problem, rows_of(without), limits)
        if possible is False:
            keep.remove(key)
        elif possible is None:
            minimal = False
    rows = rows_of(set(keep))
    for row in reversed(rows):  # so that the first year is the one that is told
        if not row.requirement.startswith(("goal:", "resource:")):
            continue
        fewer = [other for other in rows if other is not row]
        if _possible(problem, fewer, limits) is False:
            rows = fewer
    left = [row for row in rows if row.requirement]
    words = _in_words(problem.case, left)
    return Conflict(
        words=tuple(words.values()),
        requirements=tuple(words),
        rows=tuple(row.name for row in left),
        minimal=minimal,
    )


def _impossible_at_once(problem: Problem, rows: Sequence[Row]) -> set[str] | None:
    """Return requirements that collide already in the relaxation; None if none do.

    They are those of the rows in a ray along which the relaxation's bound falls
    without end; whether they collide by themselves is tried before they are given.
    """
    kept = tuple(rows)
    ray = _ray(replace(problem, rows=kept, ratio_aims=()))
    if ray is None:
        return None
    fewer = {row.requirement for row in kept if row.name in ray and row.requirement}
    left = tuple(_loosened(row, fewer) for row in kept)
    if _ray(replace(problem, rows=left, ratio_aims=())) is None:
        return None
    return fewer


def _ray(problem: Problem) -> set[str] | None:
    """Return the rows that make the relaxation impossible; None if it is possible."""
    matrix = build_matrix(problem)
    answer = LinearBounds(matrix).solve()
    if answer.bound is not None:
        return None
    if not len(answer.duals):
        return set(matrix.row_names)
    size = float(np.abs(answer.duals).max(initial=0.0))
    return {
        name
        for name, y in zip(matrix.row_names, answer.duals, strict=True)
        if abs(y) > RAY_SHARE * size
    }


def _by_weight(keys: list[str]) -> list[str]:
    """Try to do without relations and resources first, then must-dos, goals, locks."""
    order = {"relation": 0, "resource": 1, "must_do": 2, "goal": 3, "lock": 4}
    return sorted(keys, key=lambda key: order[key.split(":", 1)[0]])


def _loosened(row: Row, wanted: set[str]) -> Row:
    """Return the row, opened and without requirement if that is not among those wanted.

    A must-do that is not wanted may still be done, at most once.
    """
    if not row.requirement or row.requirement in wanted:
        return row
    if row.requirement.startswith("must_do:"):
        return replace(row, lower=0.0, requirement="")
    return replace(row, lower=-np.inf, upper=np.inf, requirement="")


def _in_words(case: Case, rows: Sequence[Row]) -> dict[str, str]:
    """Return each requirement of the rows in the user's words, by its key."""
    words: dict[str, str] = {}
    for key in dict.fromkeys(row.requirement for row in rows):
        kind, name = key.split(":", 1)
        years = years_text({r.year for r in rows if r.requirement == key})
        if kind == "goal":
            words[key] = _goal_in_words(_goal(case, name), years)
        elif kind == "must_do":
            project = case.project(name)
            words[key] = _("projektet {p} i bruk senast {y}").format(
                p=quoted(project.name), y=project.deadline_year
            )
        elif kind == "lock":
            words[key] = _lock_in_words(case, name)
        elif kind == "resource":
            words[key] = _("tillgången på {resource} {ys}").format(
                resource=quoted(name), ys=years
            )
        else:
            words[key] = _relation_in_words(case, name)
    return words


def _lock_in_words(case: Case, project_id: str) -> str:
    lock, p = case.lock(project_id), quoted(case.project(project_id).name)
    if lock is None or not lock.included:
        return _("låset att projektet {p} inte ingår").format(p=p)
    if lock.start_year is None:
        return _("låset att projektet {p} ingår").format(p=p)
    return _("låset att projektet {p} startar {y}").format(p=p, y=lock.start_year)


def _goal_in_words(goal: Goal, years: str) -> str:
    if goal.window == 1:
        return _("målet {g} {ys}").format(g=quoted(goal.name), ys=years)
    return _("målet {g} (genomsnitt för {n} år, till och med {ys})").format(
        g=quoted(goal.name), n=goal.window, ys=years
    )


def _goal(case: Case, goal_id: str) -> Goal:
    return next(goal for goal in case.goals if goal.goal_id == goal_id)


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

    Locks are let go first. Money counts in tkr, whatever the goal; resources and
    must-dos are loosened only when goals alone are not enough.
    """
    rows, variables = [], []
    for number_, row in enumerate(problem.rows):
        kind = row.requirement.split(":", 1)[0]
        if kind not in PRICES:
            rows.append(replace(row, requirement=""))
            continue
        slack = f"slack({number_})"
        price = PRICES[kind]
        # No choices break a row by more than this, so none needs more slack.
        least, most = problem.reach(row.expression)
        needed = max(row.lower - least, most - row.upper, 0.0)
        variables.append(Variable(slack, needed * (1.0 + ROUNDING), price=price))
        # A lock that keeps a project out is loosened by letting it in.
        sign = -1.0 if kind == "resource" or row.upper == 0.0 else 1.0
        loose = row.expression.with_extra(slack, sign)
        rows.append(replace(row, expression=loose, requirement=""))
    elastic = replace(
        problem,
        rows=tuple(rows),
        variables=(*(replace(v, price=0.0) for v in problem.variables), *variables),
        values=np.zeros_like(problem.values),
        ratio_aims=(),
    )
    # What is bought here is slack, not projects, so it is solved as a bare matrix.
    values, _bound, _done = solve_matrix(
        build_matrix(elastic), replace(limits, gap=1e-6)
    )
    if values is None:
        return []
    choices = read_choices(problem, values)
    return _repair_in_words(evaluate_plan(problem.case, choices), problem.case)


def _repair_in_words(plan: Evaluation, case: Case) -> list[str]:
    """Return what must give way for this plan to meet every requirement."""
    sentences = []
    outcomes = {outcome.goal.goal_id: outcome for outcome in plan.goals}
    used = resource_use(case, plan.choices)
    for broken in plan.violations:
        if broken.kind == "goal":
            outcome = outcomes[broken.key]
            rows = [year - case.plan_start for year in broken.years]
            sentences.append(
                _goal_repair(case, outcome.goal, broken.years, outcome.miss[rows, 0])
            )
        elif broken.kind == "resource":
            for year in broken.years:
                now, need = _apart(
                    case.resources[broken.key][year], used[broken.key][year], up=True
                )
                sentences.append(
                    _("Öka tillgången på {resource} {y} från {a} till {b}.").format(
                        resource=quoted(broken.key), y=year, a=now, b=need
                    )
                )
        elif broken.kind == "lock":
            project = case.project(broken.key)
            sentences.append(_("Lås upp projektet {p}.").format(p=quoted(project.name)))
        elif broken.kind == "must_do":
            project = case.project(broken.key)
            sentences.append(
                _("Ta bort kravet att projektet {p} är i bruk senast {y}.").format(
                    p=quoted(project.name), y=project.deadline_year
                )
            )
    return sentences


def _goal_repair(case: Case, goal: Goal, years: tuple[int, ...], missing: Array) -> str:
    """Return how far a goal must be loosened; `missing` in the goal's own unit."""
    g, ys = quoted(goal.name), years_text(years)
    if not (missing > 0).all():  # a ratio without a denominator: no value would do
        return _("Låt inte målet {g} gälla {ys}.").format(g=g, ys=ys)
    share = goal.indicator in SHARES
    most = float(missing.max()) / (100.0 if share else 1.0)
    lower = goal.operator == ">="
    worst = goal.value - most if lower else goal.value + most
    if share:
        a, b = _apart(100 * goal.value, 100 * worst, up=not lower)
        a, b = _("{x}\u00a0procent").format(x=a), _("{x}\u00a0procent").format(x=b)
    else:
        step = 100.0
        currency = case.tables.settings["currency"]
        a = with_currency(number(goal.value), currency)
        b = per_inhabitant_text(float(np.ceil(worst / step - 1e-6) * step), currency)
    pattern = (
        _("Sänk kravet i målet {g} {ys} från {a} till {b}.")
        if lower
        else _("Höj gränsen i målet {g} {ys} från {a} till {b}.")
    )
    return pattern.format(g=g, ys=ys, a=a, b=b)


def _apart(now: float, need: float, *, up: bool) -> tuple[str, str]:
    """Return two figures as text that differ, the second rounded so that it is enough."""
    for decimals in range(1, 7):
        size = 10.0**decimals
        enough = (np.ceil if up else np.floor)(need * size + (-1 if up else 1) * 1e-6)
        if abs(now * size - enough) > 0.5:
            break
    enough = float(enough / size)
    return number(now, _decimals(now)), number(enough, _decimals(enough))


def _decimals(value: float) -> int:
    """Return how many decimals show the value as the user wrote it, at most six."""
    for decimals in range(6):
        if abs(round(value, decimals) - value) < 1e-9:
            return decimals
    return 6
