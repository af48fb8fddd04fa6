"""Does a plan meet every row, and how is one mended quickly? No solver needed.

`RowCheck` tests thousands of single changes to a plan at once, from the same rows as
the solver gets. On it stand a plan to start from, a polish after the search, and the
quick answer to "what must leave if this project comes in".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rodtrad.capacity.evaluate import evaluate_plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Array, Choice
    from rodtrad.plan.problem import Problem, Row

    Flags = NDArray[np.bool_]


FILTER_TOLERANCE = 1e-6
# As near as the solver holds its rows, in their own scale.
ROW_TOLERANCE = 1e-7
# What breaking one more row costs when a plan is mended, against mending one whole row.
NEW_FAULT = 0.2


class RowCheck:
    """The rows of a problem's requirements as dense arrays.

    `rows` are the rows with a requirement. A plan is `[column]` of True and False.
    """

    def __init__(self, problem: Problem) -> None:
        """Gather the rows once."""
        self.problem = problem
        self.place = {choice: k for k, choice in enumerate(problem.choices)}
        self.rows: list[Row] = [row for row in problem.rows if row.requirement]
        count, length = len(self.rows), len(problem.case.years)
        width = len(problem.choices)
        self._matrix = np.array([r.expression.columns for r in self.rows])
        self._matrix = self._matrix.reshape(count, width)
        self._constant = np.array([r.expression.constant for r in self.rows])
        self._loans = np.zeros((count, length))
        for i, row in enumerate(self.rows):
            for name, factor in row.expression.extra.items():
                year = int(name.split("(")[1].rstrip(")"))
                self._loans[i, year - problem.case.plan_start] += factor
        self._net = np.array([e.columns for e in problem.net_loans])
        self._net_constant = np.array([e.constant for e in problem.net_loans])
        self._needs_loans = bool(self._loans.any())
        self._low = np.array([row.lower for row in self.rows]) - ROW_TOLERANCE
        self._high = np.array([row.upper for row in self.rows]) + ROW_TOLERANCE

    def chosen(self, choices: Iterable[Choice]) -> Flags:
        """Return choices as flags over the columns."""
        flags = np.zeros(len(self.problem.choices), dtype=bool)
        for choice in choices:
            flags[self.place[choice]] = True
        return flags

    def choices(self, chosen: Flags) -> tuple[Choice, ...]:
        """Return flags over the columns as sorted choices."""
        return tuple(sorted(self.problem.choices[k] for k in np.flatnonzero(chosen)))

    def margins(self, chosen: Flags, added: Sequence[int] = ()) -> Array:
        """Return the room left in each row, `[row, 1 or one per added column]`.

        Negative where the row is broken. Each added column is tried by itself on top
        of the plan.
        """
        values = (self._constant + self._matrix @ chosen)[:, None]
        net = (self._net_constant + self._net @ chosen)[:, None]
        if len(added):
            values = values + self._matrix[:, list(added)]
            net = net + self._net[:, list(added)]
        if self._needs_loans:
            values = values + self._loans @ np.maximum(net, 0.0)
        room: Array = np.minimum(
            values - self._low[:, None], self._high[:, None] - values
        )
        return room

    def shortfall(self, chosen: Flags, added: Sequence[int] = ()) -> Array:
        """Return how far each row is broken, zero where it holds; as `margins`."""
        short: Array = np.maximum(-self.margins(chosen, added), 0.0)
        return short

    def fits(self, chosen: Flags, added: Sequence[int]) -> list[bool]:
        """Whether each added column, tried by itself, leaves every row holding."""
        broken = self.shortfall(chosen, added) > 0
        return [not bool(column.any()) for column in broken.T]

    def holds(self, chosen: Flags) -> bool:
        """Whether the plan meets every row, forced projects included."""
        for project_id, included in self.problem.forced.items():
            columns = list(self.problem.by_project[project_id])
            if bool(chosen[columns].any()) != included:
                return False
        return not self.shortfall(chosen).any()

    def without(self, chosen: Flags, project_id: str) -> Flags:
        """Return the plan without a project."""
        fewer = chosen.copy()
        fewer[list(self.problem.by_project[project_id])] = False
        return fewer


def by_value_per_krona(problem: Problem) -> NDArray[np.int64]:
    """Return the columns, most value per krona of outlay first."""
    length = len(problem.case.years)
    outlay = problem.effects[:, :length].sum(axis=1)
    return np.argsort(-problem.values / np.maximum(outlay, 1.0), kind="stable")


def grow(check: RowCheck, chosen: Flags, leave_out: str = "") -> Flags:
    """Return the plan with projects added one by one while every row holds.

    Most value per krona first; projects forced out, and `leave_out`, stay out.
    """
    problem = check.problem
    out = {key for key, included in problem.forced.items() if not included}
    out.add(leave_out)
    taken = {problem.choices[k].project_id for k in np.flatnonzero(chosen)} | out
    chosen = chosen.copy()
    order = [
        int(k)
        for k in by_value_per_krona(problem)
        if problem.values[k] > 0 and problem.choices[k].project_id not in taken
    ]
    while order:
        fits = check.fits(chosen, order)
        first = next((i for i, ok in enumerate(fits) if ok), None)
        if first is None:
            break
        k = order[first]
        chosen[k] = True
        project_id = problem.choices[k].project_id
        order = [
            j
            for j, ok in zip(order[first:], fits[first:], strict=True)
            if problem.choices[j].project_id != project_id and (ok or _may_help(check))
        ]
    return chosen


def polish(check: RowCheck, chosen: Flags, thorough: bool = False) -> Flags:
    """Return the plan after single changes that help: add, start earlier, switch.

    Each project in turn is given its best column that holds; a change is kept when
    the whole plan's objective, missed aims included, grows. `thorough` also tries
    what lowers the project's own value, later starts and leaving it out, which can
    pay when missed aims have a price.
    """
    problem, case = check.problem, check.problem.case
    best = evaluate_plan(case, check.choices(chosen)).objective
    changed = True
    while changed:
        changed = False
        for columns in problem.by_project.values():
            of = [int(k) for k in columns]
            now = [k for k in of if chosen[k]]
            floor = problem.values[now[0]] if now else 0.0
            better = [
                k
                for k in of
                if k not in now and (thorough or problem.values[k] > floor + 1e-9)
            ]
            without = chosen.copy()
            without[of] = False
            if thorough and now and check.holds(without):
                value = evaluate_plan(case, check.choices(without)).objective
                if value > best + 1e-9 * max(1.0, abs(best)):
                    chosen, best, changed = without, value, True
                    continue
            if not better:
                continue
            fits = check.fits(without, better)
            for k in sorted(
                (k for k, ok in zip(better, fits, strict=True) if ok),
                key=lambda k: -problem.values[k],
            ):
                trial = without.copy()
                trial[k] = True
                if not check.holds(trial):
                    continue
                value = evaluate_plan(case, check.choices(trial)).objective
                if value > best + 1e-9 * max(1.0, abs(best)):
                    chosen, best, changed = trial, value, True
                    break
    return chosen


def _may_help(check: RowCheck) -> bool:
    """Whether adding a project can make room for another (relations, savings)."""
    return any(relation.kind != "excludes" for relation in check.problem.case.relations)


def make_room(check: RowCheck, chosen: Flags, column: int) -> Flags | None:
    """Return the plan with a column taken in and as little as possible taken out.

    None if no room could be made.
    """
    problem = check.problem
    project_id = problem.choices[column].project_id
    plan = check.without(chosen, project_id)
    plan[column] = True
    return _mend(check, chosen, _with_needed(check, plan), project_id)


def do_without(check: RowCheck, chosen: Flags, project_id: str) -> Flags | None:
    """Return the plan without a project, mended and grown; None if it could not be."""
    return _mend(check, chosen, check.without(chosen, project_id), project_id)


def _mend(check: RowCheck, before: Flags, plan: Flags, project_id: str) -> Flags | None:
    """Return the plan with projects taken out until every row holds, then grown.

    Projects leave one by one, the one that loses least value for the room it gives
    first; what left and fits again comes back. `project_id` keeps its place.
    """
    problem = check.problem
    plan = plan.copy()
    while True:
        short = check.shortfall(plan)[:, 0]
        if not short.any():
            break
        broken = short > 0
        size = np.where(broken, short, 1.0)
        best, best_rate = None, 0.0
        for k in (int(i) for i in np.flatnonzero(plan)):
            if problem.choices[k].project_id == project_id or _must(problem, k):
                continue
            fewer = plan.copy()
            fewer[k] = False
            after = check.shortfall(fewer)[:, 0]
            gain = float(((short - after) / size)[broken].sum())
            gain -= NEW_FAULT * float((after[~broken] > 0).sum())
            rate = gain / max(float(problem.values[k]), 1e-9)
            if rate > best_rate:
                best, best_rate = k, rate
        if best is None:
            return None
        plan[best] = False
    for k in (int(i) for i in np.flatnonzero(before & ~plan)):
        if problem.choices[k].project_id != project_id:
            trial = plan.copy()
            trial[k] = True
            if not check.shortfall(trial).any():
                plan = trial
    out = "" if plan[list(problem.by_project[project_id])].any() else project_id
    return grow(check, plan, leave_out=out)


def _with_needed(check: RowCheck, plan: Flags) -> Flags:
    """Return the plan with the projects that its projects require or go with.

    For each, the column that leaves the fewest relations broken, then most value.
    """
    problem = check.problem
    related = np.array([r.requirement.startswith("relation:") for r in check.rows])
    if not related.any():
        return plan
    for _step in range(len(problem.by_project)):
        if not check.shortfall(plan)[related, 0].any():
            break
        inside = {problem.choices[k].project_id for k in np.flatnonzero(plan)}
        wanted = {
            key
            for relation in problem.case.relations
            if relation.kind != "excludes"
            for key, other in (
                (relation.other_id, relation.project_id),
                (relation.project_id, relation.other_id),
            )
            if other in inside
            and key not in inside
            and (relation.kind == "together" or key == relation.other_id)
        }
        columns = [k for key in sorted(wanted) for k in problem.by_project[key]]
        if not columns:
            break
        left = (check.shortfall(plan, columns)[related] > 0).sum(axis=0)
        order = sorted(
            range(len(columns)),
            key=lambda j: (left[j], -problem.values[columns[j]], columns[j]),
        )
        plan = plan.copy()
        plan[columns[order[0]]] = True
    return plan


def _must(problem: Problem, k: int) -> bool:
    return problem.case.project(problem.choices[k].project_id).must_do


def speaks(row: Row) -> bool:
    """Whether a row can matter: it has coefficients, or its constant breaks it."""
    expression = row.expression
    if expression.extra or expression.columns.any():
        return True
    slack = FILTER_TOLERANCE * max(1.0, abs(expression.constant))
    return not row.lower - slack <= expression.constant <= row.upper + slack


def hopeless_columns(problem: Problem) -> Flags:
    """Return the columns that break some row whatever else is chosen.

    Exact: every other project is given its best column for the row. Rows that hold
    other variables than choices are left out.
    """
    hopeless = np.zeros(len(problem.choices), dtype=bool)
    rows = [r for r in problem.rows if not r.expression.extra and speaks(r)]
    if not rows or not len(hopeless):
        return hopeless
    must = {p.project_id for p in problem.case.projects if p.must_do}
    must &= {r.requirement[8:] for r in rows if r.requirement[:8] == "must_do:"}
    groups = {
        key: list(columns) for key, columns in problem.by_project.items() if columns
    }
    dense = np.array([row.expression.columns for row in rows])
    constant = np.array([row.expression.constant for row in rows])
    lower = np.array([row.lower for row in rows]) - constant
    upper = np.array([row.upper for row in rows]) - constant
    for sign, limit in ((1.0, lower), (-1.0, -upper)):
        use = np.isfinite(limit)
        part, least = sign * dense[use], limit[use]
        best = {}
        for key, columns in groups.items():
            most = part[:, columns].max(axis=1)
            best[key] = most if key in must else np.maximum(most, 0.0)
        total = np.sum(list(best.values()), axis=0)
        tolerance = FILTER_TOLERANCE * np.maximum(1.0, np.abs(least))
        for key, columns in groups.items():
            reach = (total - best[key])[:, None] + part[:, columns]
            broken = (reach < (least - tolerance)[:, None]).any(axis=0)
            hopeless[np.array(columns)[broken]] = True
    return hopeless
