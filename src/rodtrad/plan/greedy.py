"""Does a plan meet every row, and how is one mended quickly? No solver needed.

`RowCheck` tests thousands of single changes to a plan at once, from the same rows as
the solver gets. On it stand a plan to start from, a polish after the search, and the
quick answer to "what must leave if this project comes in".
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.plan.problem import sparse_rows

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
# So many columns are tried at once while a plan grows, more when none of them fits.
FEW_AT_ONCE = 32


class RowCheck:
    """The rows of a problem's requirements, held so that changes are cheap to try.

    `rows` are the rows with a requirement. A plan is `[column]` of True and False.
    Goals and resources (`money`) speak of most columns and are held as one block;
    must-dos and relations speak of a few and are held as lists.
    """

    def __init__(self, problem: Problem) -> None:
        """Gather the rows once."""
        self.problem = problem
        self.place = {choice: k for k, choice in enumerate(problem.choices)}
        self.rows: list[Row] = [row for row in problem.rows if row.requirement]
        kinds = [row.requirement.split(":", 1)[0] for row in self.rows]
        self.money = np.array([k in ("goal", "resource") for k in kinds], dtype=bool)
        self.related = np.array([k == "relation" for k in kinds], dtype=bool)
        constant = np.array([row.expression.constant for row in self.rows])
        low = np.array([row.lower for row in self.rows]) - ROW_TOLERANCE - constant
        high = np.array([row.upper for row in self.rows]) + ROW_TOLERANCE - constant
        money, listed = np.flatnonzero(self.money), np.flatnonzero(~self.money)
        self.money_rows: list[Row] = [self.rows[i] for i in money]
        listed_rows = [self.rows[i] for i in listed]
        self.block = RowBlock(problem, self.money_rows, low[money], high[money])
        self.lists = RowLists(problem, listed_rows, low[listed], high[listed])

    def chosen(self, choices: Iterable[Choice]) -> Flags:
        """Return choices as flags over the columns."""
        flags = np.zeros(len(self.problem.choices), dtype=bool)
        for choice in choices:
            flags[self.place[choice]] = True
        return flags

    def choices(self, chosen: Flags) -> tuple[Choice, ...]:
        """Return flags over the columns as sorted choices."""
        return tuple(sorted(self.problem.choices[k] for k in np.flatnonzero(chosen)))

    def standing(self, chosen: Flags) -> Standing:
        """Return the plan with its rows added up."""
        return Standing(self, chosen)

    def margins(self, chosen: Flags, added: Sequence[int] = ()) -> Array:
        """Return the room left in each row, `[row, 1 or one per added column]`.

        Negative where the row is broken. Each added column is tried by itself on top
        of the plan.
        """
        standing = self.standing(chosen)
        room = np.empty((len(self.rows), max(len(added), 1)))
        room[self.money] = self.block.margins(standing.block, added).T
        room[~self.money] = self.lists.margins(standing.lists, added)
        return room

    def shortfall(self, chosen: Flags, added: Sequence[int] = ()) -> Array:
        """Return how far each row is broken, zero where it holds; as `margins`."""
        short: Array = np.maximum(-self.margins(chosen, added), 0.0)
        return short

    def fits(self, chosen: Flags, added: Sequence[int]) -> Flags:
        """Whether each added column, tried by itself, leaves every row holding."""
        return self.standing(chosen).fits(added)

    def keeps_forced(self, chosen: Flags) -> bool:
        """Whether every project forced in is in the plan, and every one forced out."""
        return all(
            bool(chosen[list(self.problem.by_project[project_id])].any()) == included
            for project_id, included in self.problem.forced.items()
        )

    def holds(self, chosen: Flags) -> bool:
        """Whether the plan meets every row, forced projects included."""
        return self.keeps_forced(chosen) and self.standing(chosen).holds()

    def with_constants(self, problem: Problem) -> RowCheck:
        """Return the check of a problem whose rows differ in constants and bounds only.

        The columns are shared, so it is quick and small.

        Raises:
            ValueError: the rows are other rows.
        """
        other = copy.copy(self)
        other.problem = problem
        other.rows = [row for row in problem.rows if row.requirement]
        same = [row.name for row in other.rows] == [row.name for row in self.rows]
        if not same or any(
            one.expression.extra.keys() != two.expression.extra.keys()
            for one, two in zip(other.rows, self.rows, strict=True)
        ):
            msg = "the rows are other rows"
            raise ValueError(msg)
        money = np.flatnonzero(self.money)
        other.money_rows = [other.rows[i] for i in money]
        other.block = self.block.with_constants(problem, other.money_rows)
        return other

    def without(self, chosen: Flags, project_id: str) -> Flags:
        """Return the plan without a project."""
        fewer = chosen.copy()
        fewer[list(self.problem.by_project[project_id])] = False
        return fewer


class RowBlock:
    """Rows of goals and resources as one dense block, with the loans some depend on.

    What a plan adds up to is `[row + year]`: its rows, then its net loans.
    """

    def __init__(
        self, problem: Problem, rows: Sequence[Row], low: Array, high: Array
    ) -> None:
        """Gather the rows; `low` and `high` are their bounds without constants."""
        self._low, self._high = low, high
        self._count = len(rows)
        length = len(problem.case.years)
        self._loans = np.zeros((length, len(rows)))
        for i, row in enumerate(rows):
            for name, factor in row.expression.extra.items():
                year = int(name.split("(")[1].rstrip(")"))
                self._loans[year - problem.case.plan_start, i] += factor
        net = problem.net_loans if self._loans.any() else ()
        held = [*(row.expression for row in rows), *net]
        self.nothing = np.array([0.0] * len(rows) + [e.constant for e in net])
        self._columns = np.zeros((len(problem.choices), len(held)))
        for i, expression in enumerate(held):
            self._columns[expression.index, i] = expression.coefficients

    def with_constants(self, problem: Problem, rows: Sequence[Row]) -> RowBlock:
        """Return these rows with other constants and bounds; the columns are shared."""
        other = copy.copy(self)
        constant = np.array([row.expression.constant for row in rows])
        low = np.array([row.lower for row in rows]) - ROW_TOLERANCE - constant
        high = np.array([row.upper for row in rows]) + ROW_TOLERANCE - constant
        other._low, other._high = low, high
        net = problem.net_loans if self._loans.any() else ()
        loans = [expression.constant for expression in net]
        other.nothing = np.array([0.0] * len(rows) + loans)
        return other

    def sums(self, columns: Sequence[int] | NDArray[np.int64]) -> Array:
        """Return what columns add up to together, `[row + year]`."""
        total: Array = self._columns[columns].sum(axis=0)
        return total

    def margins(
        self,
        sums: Array,
        changed: Sequence[int] | NDArray[np.int64] = (),
        sign: float = 1.0,
    ) -> Array:
        """Return the room left, `[1 or one per changed column, row]`.

        `sign` is 1 when a column is added, -1 when it is taken away.
        """
        held = sums[None]
        if len(changed):
            held = held + sign * self._columns[np.asarray(changed, dtype=np.int64)]
        values = held[:, : self._count]
        if held.shape[1] > self._count:
            values = values + np.maximum(held[:, self._count :], 0.0) @ self._loans
        room: Array = np.minimum(values - self._low, self._high - values)
        return room


class RowLists:
    """Rows of must-dos and relations: for each column, the few rows it is in."""

    def __init__(
        self, problem: Problem, rows: Sequence[Row], low: Array, high: Array
    ) -> None:
        """Gather the rows; `low` and `high` are their bounds without constants."""
        self._low, self._high = low, high
        self._count = len(rows)
        start, column, value = sparse_rows(rows)
        row = np.repeat(np.arange(len(rows)), np.diff(start))
        order = np.argsort(column, kind="stable")
        self._row, self._value = row[order], value[order]
        self._first = np.searchsorted(
            column[order], np.arange(len(problem.choices) + 1)
        )

    def entries(
        self, columns: Sequence[int] | NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
        """Return the coefficients of columns: number in `columns`, row and value."""
        at = np.asarray(columns, dtype=np.int64)
        counts = self._first[at + 1] - self._first[at]
        which = np.repeat(np.arange(len(at)), counts)
        skipped = np.cumsum(counts) - counts
        place = np.arange(len(which)) + (self._first[at] - skipped)[which]
        return which, self._row[place], self._value[place]

    def sums(self, columns: Sequence[int] | NDArray[np.int64]) -> Array:
        """Return what columns add up to together, `[row]`."""
        _which, row, value = self.entries(columns)
        return np.bincount(row, value, minlength=self._count).astype(np.float64)

    def room(self, values: Array, row: Any = slice(None)) -> Array:
        """Return the room left at given sums of the rows `row`."""
        room: Array = np.minimum(values - self._low[row], self._high[row] - values)
        return room

    def margins(self, sums: Array, added: Sequence[int] = ()) -> Array:
        """Return the room left, `[row, 1 or one per added column]`."""
        room = np.repeat(self.room(sums)[:, None], max(len(added), 1), axis=1)
        if len(added):
            which, row, value = self.entries(added)
            room[row, which] = self.room(sums[row] + value, row)
        return room

    def fits(self, sums: Array, added: NDArray[np.int64]) -> Flags:
        """Whether each added column, tried by itself, leaves every row holding."""
        broken = self.room(sums) < 0
        which, row, value = self.entries(added)
        after = self.room(sums[row] + value, row) < 0
        change = after.astype(np.float64) - broken[row]
        left = broken.sum() + np.bincount(which, change, minlength=len(added))
        fits: Flags = left < 0.5
        return fits


class Standing:
    """A plan with its rows added up, so that single changes are quick to try."""

    def __init__(self, check: RowCheck, chosen: Flags) -> None:
        """Add up the rows of a plan; the flags are copied."""
        self.check = check
        self.chosen = chosen.copy()
        columns = np.flatnonzero(chosen)
        self.block = check.block.nothing + check.block.sums(columns)
        self.lists = check.lists.sums(columns)

    def add(self, column: int) -> None:
        """Take a column in."""
        self._change(column, 1.0)

    def remove(self, column: int) -> None:
        """Take a column out."""
        self._change(column, -1.0)

    def _change(self, column: int, sign: float) -> None:
        self.chosen[column] = sign > 0
        self.block = self.block + sign * self.check.block.sums([column])
        self.lists = self.lists + sign * self.check.lists.sums([column])

    def holds(self) -> bool:
        """Whether every row holds."""
        check = self.check
        return not (
            (check.block.margins(self.block) < 0).any()
            or (check.lists.room(self.lists) < 0).any()
        )

    def money_margins(self, added: Sequence[int] = ()) -> Array:
        """Return the room left by goals and resources, as `RowCheck.money_rows`.

        `[1, row]` for the plan, `[column, row]` with each column added by itself.
        """
        return self.check.block.margins(self.block, added)

    def keeps_structure(self, added: Sequence[int] | NDArray[np.int64]) -> Flags:
        """Whether each column, added by itself, leaves must-dos and relations whole."""
        columns = np.asarray(added, dtype=np.int64)
        return self.check.lists.fits(self.lists, columns)

    def fits(self, added: Sequence[int] | NDArray[np.int64]) -> Flags:
        """Whether each column, added by itself, leaves every row holding."""
        columns = np.asarray(added, dtype=np.int64)
        fits = self.keeps_structure(columns)
        left = np.flatnonzero(fits)
        if len(left):
            room = self.check.block.margins(self.block, columns[left])
            fits[left] = ~(room < 0).any(axis=1)
        return fits

    def worsens_nothing(self, added: NDArray[np.int64]) -> Flags:
        """Whether each column, added by itself, leaves no row more broken than now.

        `fits` asks that every row holds; this serves a plan that is not whole yet.
        """
        check = self.check
        if not len(added):
            return np.zeros(0, dtype=bool)
        block = np.minimum(check.block.margins(self.block), 0.0)
        after = check.block.margins(self.block, added)
        worse = (after < block - ROW_TOLERANCE).any(axis=1)
        which, row, value = check.lists.entries(added)
        was = np.minimum(check.lists.room(self.lists[row], row), 0.0)
        then = check.lists.room(self.lists[row] + value, row)
        worse |= np.bincount(which, then < was - ROW_TOLERANCE, len(added)) > 0
        fine: Flags = ~worse
        return fine

    def gains(self, removed: NDArray[np.int64]) -> Array:
        """Return how much of the broken rows each column's leaving mends.

        A row mended whole counts one, part of it that part; one that is broken
        instead costs `NEW_FAULT`.
        """
        block, lists = self.check.block, self.check.lists
        short = np.maximum(-block.margins(self.block)[0], 0.0)
        after = np.maximum(-block.margins(self.block, removed, -1.0), 0.0)
        broken = short > 0
        mended = (short[broken] - after[:, broken]) / short[broken]
        gain = mended.sum(axis=1) - NEW_FAULT * (after[:, ~broken] > 0).sum(axis=1)
        which, row, value = lists.entries(removed)
        was = np.maximum(-lists.room(self.lists[row], row), 0.0)
        then = np.maximum(-lists.room(self.lists[row] - value, row), 0.0)
        part = np.where(
            was > 0, (was - then) / np.where(was > 0, was, 1.0), -NEW_FAULT * (then > 0)
        )
        gains: Array = gain + np.bincount(which, part, minlength=len(removed))
        return gains


def by_value_per_krona(problem: Problem) -> NDArray[np.int64]:
    """Return the columns, most value per krona of outlay first."""
    length = len(problem.case.years)
    outlay = problem.effects[:, :length].sum(axis=1)
    return np.argsort(-problem.values / np.maximum(outlay, 1.0), kind="stable")


def grow(check: RowCheck, chosen: Flags, leave_out: str = "") -> Flags:
    """Return the plan with projects added one by one while every row holds.

    Most value per krona first; projects forced out, and `leave_out`, stay out. What
    did not fit is tried again when a project that it goes with has come in.
    """
    problem = check.problem
    project_of = problem.project_of
    number = {key: i for i, key in enumerate(problem.by_project)}
    order = by_value_per_krona(problem)
    order = order[problem.values[order] > 0]
    rank = np.full(len(problem.choices), len(order))
    rank[order] = np.arange(len(order))
    closed = np.zeros(len(number), dtype=bool)
    closed[project_of[chosen]] = True
    for key in (leave_out, *(k for k, yes in problem.forced.items() if not yes)):
        if key:
            closed[number[key]] = True
    freed = _first_of_related(check, rank)
    standing = check.standing(chosen)
    at, size = 0, FEW_AT_ONCE
    while at < len(order):
        some = order[at : at + size]
        tried = some[~closed[project_of[some]]]
        fits = standing.fits(tried)
        if not fits.any():
            at, size = at + size, 2 * size
            continue
        column = int(tried[np.argmax(fits)])
        standing.add(column)
        owner = int(project_of[column])
        closed[owner] = True
        at = min(int(rank[column]) + 1, freed.get(owner, len(order)))
        size = FEW_AT_ONCE
    return standing.chosen


def _first_of_related(check: RowCheck, rank: NDArray[np.int64]) -> dict[int, int]:
    """Return, by project, the best rank among those its coming in may make room for."""
    problem = check.problem
    number = {key: i for i, key in enumerate(problem.by_project)}
    first: dict[int, int] = {}
    for relation in problem.case.relations:
        if relation.kind == "excludes":
            continue
        one, other = relation.project_id, relation.other_id
        pairs = [(other, one)] + ([(one, other)] if relation.kind == "together" else [])
        for key, waiting in pairs:
            columns = list(problem.by_project[waiting])
            if columns:
                best = int(rank[columns].min())
                first[number[key]] = min(best, first.get(number[key], best))
    return first


def polish(check: RowCheck, chosen: Flags, thorough: bool = False) -> Flags:
    """Return the plan after single changes that help: add, start earlier, switch.

    Each project in turn is given its best column that holds; a change is kept when
    the whole plan's objective, missed aims included, grows. `thorough` also tries
    what lowers the project's own value, later starts and leaving it out, which can
    pay when missed aims have a price.
    """
    problem = check.problem
    best = problem.worth(chosen)
    standing = check.standing(chosen)
    changed = True

    def helps(trial: Flags) -> float | None:
        if not check.holds(trial):
            return None
        value = problem.worth(trial)
        return value if value > best + 1e-9 * max(1.0, abs(best)) else None

    while changed:
        changed = False
        for columns in problem.by_project.values():
            of = np.array(columns, dtype=np.int64)
            now = of[standing.chosen[of]]
            floor = problem.values[now[0]] if len(now) else 0.0
            better = of[thorough | (problem.values[of] > floor + 1e-9)]
            better = better[~standing.chosen[better]]
            if not len(better) and not (thorough and len(now)):
                continue
            for k in now:
                standing.remove(int(k))
            tries = better[standing.fits(better)]
            tries = tries[np.argsort(-problem.values[tries], kind="stable")]
            kept: list[int] = now.tolist()
            for trial in ([[]] if thorough and len(now) else []) + [
                [k] for k in tries.tolist()
            ]:
                flags = standing.chosen.copy()
                flags[trial] = True
                value = helps(flags)
                if value is not None:
                    kept, best, changed = trial, value, True
                    break
            for k in kept:
                standing.add(k)
    return standing.chosen


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


def mend(check: RowCheck, chosen: Flags) -> Flags | None:
    """Return a plan that no longer holds with as little as possible taken out.

    None if it could not be mended that way.
    """
    return _mend(check, chosen, chosen, None)


def take_out(standing: Standing, kept: Flags) -> bool:
    """Take projects out one by one until every row holds; return whether they do.

    The one that loses least value for the room it gives leaves first. `kept[project]`
    are those that stay.
    """
    problem = standing.check.problem
    while not standing.holds():
        inside = np.flatnonzero(standing.chosen)
        inside = inside[~kept[problem.project_of[inside]]]
        if not len(inside):
            return False
        rate = standing.gains(inside) / np.maximum(problem.values[inside], 1e-9)
        best = int(np.argmax(rate))
        if rate[best] <= 0:
            return False
        standing.remove(int(inside[best]))
    return True


def _mend(
    check: RowCheck, before: Flags, plan: Flags, project_id: str | None
) -> Flags | None:
    """Return the plan with projects taken out until every row holds, then grown.

    What left and fits again comes back. `project_id` keeps its place.
    """
    problem = check.problem
    standing = check.standing(plan)
    kept = np.array([p.must_do for p in problem.case.projects], dtype=bool)
    number = {key: i for i, key in enumerate(problem.by_project)}
    own = [] if project_id is None else list(problem.by_project[project_id])
    if project_id is not None:
        kept[number[project_id]] = True
    if not take_out(standing, kept):
        return None
    for k in (int(i) for i in np.flatnonzero(before & ~standing.chosen)):
        if problem.choices[k].project_id != project_id and standing.fits([k])[0]:
            standing.add(k)
    out = project_id if own and not standing.chosen[own].any() else None
    return grow(check, standing.chosen, leave_out=out or "")


def _with_needed(check: RowCheck, plan: Flags) -> Flags:
    """Return the plan with the projects that its projects require or go with.

    For each, the column that leaves the fewest relations broken, then most value.
    """
    problem, related = check.problem, check.related
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


def speaks(row: Row) -> bool:
    """Whether a row can matter: it has coefficients, or its constant breaks it."""
    expression = row.expression
    if expression.extra or len(expression.index):
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
    must = {r.requirement[8:] for r in rows if r.requirement[:8] == "must_do:"}
    always = np.array([key in must for key in problem.by_project], dtype=bool)
    for sign, bounds in (
        (1.0, [row.lower - row.expression.constant for row in rows]),
        (-1.0, [row.expression.constant - row.upper for row in rows]),
    ):
        bound = [i for i, least in enumerate(bounds) if np.isfinite(least)]
        least = np.array(bounds)[bound]
        least -= FILTER_TOLERANCE * np.maximum(1.0, np.abs(least))
        hopeless |= _beyond(problem, [rows[i] for i in bound], sign, least, always)
    return hopeless


def _beyond(
    problem: Problem, rows: Sequence[Row], sign: float, least: Array, always: Flags
) -> Flags:
    """Return the columns with which some row, times `sign`, stays below its least.

    `always` are the projects that are in every plan. A span is where a row speaks of
    one project.
    """
    project_of, width = problem.project_of, len(problem.choices)
    start, column, value = sparse_rows(rows)
    if not len(column):
        return np.full(width, bool((least > 0).any()))
    value = sign * value
    row = np.repeat(np.arange(len(rows)), np.diff(start))
    owner = project_of[column]
    new = np.ones(len(owner), dtype=bool)
    new[1:] = (owner[1:] != owner[:-1]) | (row[1:] != row[:-1])
    first = np.flatnonzero(new)
    length = np.diff(np.append(first, len(owner)))
    span_row, span_project = row[first], owner[first]
    sizes = np.bincount(project_of, minlength=len(problem.by_project))
    whole = length == sizes[span_project]
    best = np.maximum.reduceat(value, first)
    free = ~(whole & always[span_project])
    best[free] = np.maximum(best[free], 0.0)
    total = np.bincount(span_row, best, minlength=len(rows))
    if (total < least).any():
        return np.ones(width, dtype=bool)
    # What the project must give the row when all others give their best.
    asked = (least - total)[span_row] + best
    found = np.zeros(width, dtype=bool)
    for i in np.flatnonzero(np.minimum.reduceat(value, first) < asked).tolist():
        of = slice(first[i], first[i] + length[i])
        found[column[of][value[of] < asked[i]]] = True
    for i in np.flatnonzero(~whole & (asked > 0)).tolist():
        # The project's columns that the row does not speak of give it nothing.
        silent = project_of == span_project[i]
        silent[column[first[i] : first[i] + length[i]]] = False
        found |= silent
    return found
