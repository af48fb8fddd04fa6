"""Which plan is best, and how sure are we? Problem to matrix to HiGHS to Portfolio.

The only file that talks to the solver. One thread and a fixed seed, so the same input
gives the same plan whenever the run ends by proof, gap or work; a plan stopped by the
clock says so. Every portfolio carries status, bound and gap.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import highspy
import numpy as np

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.domain.words import _
from rodtrad.errors import SolverError
from rodtrad.plan.constraints import INFINITY, ratio_aim_rows
from rodtrad.plan.greedy import (
    RowCheck,
    grow,
    hopeless_columns,
    polish,
    speaks,
)
from rodtrad.plan.problem import Problem, RatioAim, safe_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from rodtrad.capacity.evaluate import Evaluation
    from rodtrad.domain.arrays import Array, Choice

Stop = Literal["proof", "gap", "work", "time", "infeasible"]
# Proven but for rounding: rows hold to FEASIBILITY, so a miss, and the objective with
# its price, is exact to some 1e-9 only.
PROOF_GAP = 1e-7
FEASIBILITY = 1e-8
INTEGRALITY = 1e-7
REFINEMENTS = 25
# The search for a first plan stops by work, so that every machine starts alike.
FIRST_WORK = 2000
# More choices than this are not all tried one by one when a search ends unproven.
THOROUGH_CHOICES = 1000
# A break lies just above the denominator it is for, so that the piece above is shut.
BREAK_MARGIN = 1e-6


@dataclass(frozen=True)
class Limits:
    """When to stop: seconds, work, relative gap.

    Work counts the points at which the solver asks whether to go on: the same on every
    machine for the same input, a few to some tens of milliseconds apart.
    """

    seconds: float = 60.0
    work: int | None = None
    gap: float = 1e-3
    seed: int = 1


@dataclass(frozen=True)
class Progress:
    """How a search stands: best plan so far, bound, gap and seconds."""

    objective: float | None
    bound: float | None
    gap: float | None
    seconds: float


@dataclass(frozen=True)
class Portfolio:
    """The best plan found and what is proven of it.

    `bound` is the most any plan can give, `gap` (bound − objective) / |objective|.
    `choices` is None when no plan was found; `stopped` is then `infeasible` (proven),
    `time` or `work`. `work` is the work used, as in `Limits`.
    """

    choices: tuple[Choice, ...] | None
    objective: float | None
    bound: float | None
    gap: float | None
    stopped: Stop
    seconds: float
    work: int

    @property
    def state(self) -> Literal["optimal", "feasible", "infeasible"]:
        """Proven within the gap asked for, a plan only, or proven impossible."""
        if self.stopped == "infeasible":
            return "infeasible"
        return "optimal" if self.stopped in ("proof", "gap") else "feasible"


@dataclass(frozen=True)
class Matrix:
    """A problem as sparse rows: `lower <= A x <= upper`, maximise `cost @ x`."""

    names: tuple[str, ...]
    cost: Array
    column_lower: Array
    column_upper: Array
    integer: NDArray[np.bool_]
    row_names: tuple[str, ...]
    row_lower: Array
    row_upper: Array
    start: NDArray[np.int32]
    index: NDArray[np.int32]
    value: Array

    def activity(self, x: Array) -> Array:
        """Return `A x` row by row."""
        products = self.value * x[self.index]
        sums = np.concatenate([[0.0], np.cumsum(products)])
        activity: Array = sums[self.start[1:]] - sums[self.start[:-1]]
        return activity


def build_matrix(problem: Problem) -> Matrix:
    """Return the problem as arrays, with choices that can never be made fixed to 0."""
    rows = list(problem.rows)
    variables = list(problem.variables)
    for number, aim in enumerate(problem.ratio_aims):
        more_rows, more_variables = ratio_aim_rows(aim, number)
        rows += more_rows
        variables += more_variables
    count = len(problem.choices)
    place = {v.name: count + i for i, v in enumerate(variables)}
    rows = [row for row in rows if speaks(row)]
    dense = np.array([row.expression.columns for row in rows]).reshape(len(rows), count)
    constant = np.array([row.expression.constant for row in rows])
    lower = np.array([row.lower for row in rows]) - constant
    upper = np.array([row.upper for row in rows]) - constant
    starts, indices, values = [0], [], []
    for r, row in enumerate(rows):
        nonzero = np.flatnonzero(dense[r])
        indices.append(nonzero)
        values.append(dense[r, nonzero])
        if row.expression.extra:
            extra = row.expression.extra
            indices.append(np.array([place[name] for name in extra]))
            values.append(np.array(list(extra.values())))
        starts.append(starts[-1] + len(nonzero) + len(row.expression.extra))
    column_upper = np.array(
        [1.0] * count + [v.upper for v in variables], dtype=np.float64
    )
    column_upper[:count][hopeless_columns(problem)] = 0.0
    column_lower = np.zeros(len(column_upper))
    names = [
        f"build({safe_name(c.project_id)},{safe_name(c.alternative_id)},{c.start_year})"
        for c in problem.choices
    ]
    forced_names = []
    for project_id, included in problem.forced.items():
        columns = np.array(problem.by_project[project_id], dtype=int)
        if included:
            indices.append(columns)
            values.append(np.ones(len(columns)))
            starts.append(starts[-1] + len(columns))
            lower, upper = np.append(lower, 1.0), np.append(upper, 1.0)
            forced_names.append(f"forced({safe_name(project_id)})")
        else:
            column_upper[columns] = 0.0
    return Matrix(
        names=(*names, *(v.name for v in variables)),
        cost=np.concatenate([problem.values, [-v.price for v in variables]]),
        column_lower=column_lower,
        column_upper=column_upper,
        integer=np.array([True] * count + [v.integer for v in variables]),
        row_names=(*(row.name for row in rows), *forced_names),
        row_lower=lower,
        row_upper=upper,
        start=np.array(starts, dtype=np.int32),
        index=np.concatenate([*indices, np.zeros(0)]).astype(np.int32),
        value=np.concatenate([*values, np.zeros(0)]),
    )


@dataclass(frozen=True)
class _Run:
    """What the solver said: values, objective, bound, why it stopped, work."""

    values: Array | None
    objective: float
    bound: float
    stopped: Stop
    work: int


def _highs(matrix: Matrix, limits: Limits, seconds: float) -> highspy.Highs:
    """Return a solver holding the matrix, quiet, on one thread."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("parallel", "off")
    solver.setOptionValue("random_seed", int(limits.seed))
    solver.setOptionValue("time_limit", max(float(seconds), 0.05))
    solver.setOptionValue("mip_rel_gap", float(limits.gap))
    solver.setOptionValue("mip_abs_gap", 1e-9)
    solver.setOptionValue("primal_feasibility_tolerance", FEASIBILITY)
    solver.setOptionValue("mip_feasibility_tolerance", INTEGRALITY)
    lp = highspy.HighsLp()
    lp.num_col_ = len(matrix.cost)
    lp.num_row_ = len(matrix.row_lower)
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = matrix.cost
    lp.col_lower_ = matrix.column_lower
    lp.col_upper_ = matrix.column_upper
    lp.row_lower_ = matrix.row_lower
    lp.row_upper_ = matrix.row_upper
    lp.integrality_ = [
        highspy.HighsVarType.kInteger if whole else highspy.HighsVarType.kContinuous
        for whole in matrix.integer
    ]
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = matrix.start
    lp.a_matrix_.index_ = matrix.index
    lp.a_matrix_.value_ = matrix.value
    solver.passModel(lp)
    return solver


def _search(
    matrix: Matrix,
    limits: Limits,
    seconds: float,
    start: Mapping[int, float] | None,
    report: Callable[[float, float], None] | None,
) -> _Run:
    """Run the solver once on a matrix."""
    if not len(matrix.cost):  # nothing to choose: the rows hold or they do not
        broken = (matrix.row_lower > FEASIBILITY) | (matrix.row_upper < -FEASIBILITY)
        if broken.any():
            return _Run(None, -INFINITY, -INFINITY, "infeasible", 0)
        return _Run(np.zeros(0), 0.0, 0.0, "proof", 0)
    solver = _highs(matrix, limits, seconds)
    if start:
        at = np.array(list(start), dtype=np.int32)
        solver.setSolution(len(at), at, np.array([start[int(i)] for i in at]))
    work = 0
    stopped_by_work = False

    def watch(event: Any) -> None:
        nonlocal work, stopped_by_work
        work += 1
        if limits.work is not None and work >= limits.work:
            stopped_by_work = True
            event.interrupt()
        if report is not None:
            report(event.data_out.mip_primal_bound, event.data_out.mip_dual_bound)

    if matrix.integer.any():
        solver.cbMipInterrupt.subscribe(watch)
    solver.run()
    status = solver.getModelStatus()
    info = solver.getInfo()
    kinds = highspy.HighsModelStatus
    if status in (kinds.kInfeasible, kinds.kUnboundedOrInfeasible):
        return _Run(None, -INFINITY, -INFINITY, "infeasible", work)
    found = (
        info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    )
    values = np.array(solver.getSolution().col_value) if found else None
    objective = float(info.objective_function_value) if found else -INFINITY
    bound = float(info.mip_dual_bound)
    if status == kinds.kOptimal:
        tight = bound - objective <= PROOF_GAP * max(1.0, abs(objective))
        return _Run(values, objective, bound, "proof" if tight else "gap", work)
    stopped: Stop = "work" if stopped_by_work else "time"
    if status not in (kinds.kTimeLimit, kinds.kInterrupt, kinds.kSolutionLimit):
        word = solver.modelStatusToString(status)
        raise SolverError(
            _("Planeraren stannade utan svar ({status}).").format(status=word),
            status=word,
            gap=None,
            seconds=0.0,
        )
    return _Run(values, objective, bound, stopped, work)


def read_choices(problem: Problem, values: Array) -> tuple[Choice, ...]:
    """Return the choices that a solution holds."""
    picked = np.flatnonzero(values[: len(problem.choices)] > 0.5)
    return tuple(sorted(problem.choices[k] for k in picked))


def columns_of(problem: Problem, choices: Sequence[Choice]) -> dict[int, float]:
    """Return a start for the solver: every column 1 or 0."""
    chosen = set(choices)
    return {k: float(c in chosen) for k, c in enumerate(problem.choices)}


def solve_problem(
    problem: Problem,
    limits: Limits | None = None,
    start: Sequence[Choice] | None = None,
    progress: Callable[[Progress], None] | None = None,
    rounds: int = REFINEMENTS,
) -> Portfolio:
    """Return the best plan found within the limits, with its bound and gap.

    Args:
        problem: from `build_problem`.
        limits: when to stop.
        start: a plan to begin from; one that breaks the rows is ignored.
        progress: called with the state of the search, often.
        rounds: how often at most the misses of ratios are made more exact.

    Raises:
        SolverError: the solver failed in a way that is no answer, or its plan does
            not hold when run through the statements.
    """
    limits = limits or Limits()
    began = time.perf_counter()

    def left() -> float:
        return limits.seconds - (time.perf_counter() - began)

    def report(objective: float, bound: float) -> None:
        if progress is not None:
            best = objective if abs(objective) < 1e20 else None
            top = bound if abs(bound) < 1e20 else None
            elapsed = time.perf_counter() - began
            progress(Progress(best, top, relative_gap(best, top), elapsed))

    if start is None:
        first = replace(limits, seconds=left(), work=FIRST_WORK)
        start = first_plan(problem, first)
    bound, work = INFINITY, 0
    best: Evaluation | None = None
    stopped: Stop = "time"
    for _round in range(rounds if problem.ratio_aims else 1):
        matrix = build_matrix(problem)
        rest = replace(limits, work=None if limits.work is None else limits.work - work)
        hint = columns_of(problem, best.choices if best else start or ())
        run = _search(
            matrix, rest, left(), hint if best or start is not None else None, report
        )
        work += run.work
        stopped = run.stopped
        if run.stopped == "infeasible" and best is None:
            seconds = time.perf_counter() - began
            return Portfolio(None, None, None, None, "infeasible", seconds, work)
        bound = min(bound, run.bound)
        if run.values is None:
            break
        found = evaluate_plan(problem.case, read_choices(problem, run.values))
        if best is None or found.objective > best.objective:
            best = found
        gap = relative_gap(best.objective, bound)
        if run.stopped in ("time", "work") or gap is None or gap <= limits.gap:
            break
        refined = _refine(problem, run.values, matrix, found)
        if refined is problem:
            break
        problem = refined
    seconds = time.perf_counter() - began
    if best is None and start is not None and _usable(problem, start):
        best = evaluate_plan(problem.case, start)
    if best is None:
        return Portfolio(None, None, None, None, stopped, seconds, work)
    thorough = (
        stopped in ("time", "work")
        and rounds > 1
        and len(problem.choices) <= THOROUGH_CHOICES
        and any(variable.price for variable in problem.variables)
    )
    best = _polished(problem, best, thorough)
    bound = max(bound, best.objective)
    gap = relative_gap(best.objective, bound) or 0.0
    if stopped in ("proof", "gap"):
        stopped = "proof" if gap <= PROOF_GAP else "gap"
        if gap > limits.gap + PROOF_GAP:
            stopped = "work"
    if np.isinf(bound):
        bound = _relaxed_bound(problem, limits)
        gap = relative_gap(best.objective, bound) or 0.0
    return Portfolio(best.choices, best.objective, bound, gap, stopped, seconds, work)


def _polished(problem: Problem, plan: Evaluation, thorough: bool) -> Evaluation:
    """Return the plan after single changes that help; the search stops within a gap."""
    check = RowCheck(problem)
    chosen = check.chosen(plan.choices)
    if not check.holds(chosen):
        return plan
    better = evaluate_plan(problem.case, check.choices(polish(check, chosen, thorough)))
    return better if better.objective > plan.objective else plan


def _usable(problem: Problem, start: Sequence[Choice]) -> bool:
    check = RowCheck(problem)
    known = all(choice in check.place for choice in start)
    return known and check.holds(check.chosen(start))


def relative_gap(objective: float | None, bound: float | None) -> float | None:
    """Return how much better another plan can be, as a share of this one."""
    if objective is None or bound is None or np.isinf(bound):
        return None
    return max(bound - objective, 0.0) / max(abs(objective), 1e-9)


def _refine(
    problem: Problem, values: Array, matrix: Matrix, found: Evaluation
) -> Problem:
    """Add a break where the model's miss of a ratio is less than the true one."""
    place = {name: i for i, name in enumerate(matrix.names)}
    true = {
        f"miss({safe_name(outcome.goal.goal_id)},{year})": float(outcome.miss[t, 0])
        for outcome in found.goals
        for t, year in enumerate(problem.case.years)
    }
    aims: list[RatioAim] = []
    changed = False
    for aim in problem.ratio_aims:
        modelled = float(values[place[aim.miss]])
        if true.get(aim.miss, 0.0) > modelled + 1e-9:
            at = _value(aim.denominator, values, place)
            above = at * (1 + BREAK_MARGIN)
            near = any(at <= b <= above * (1 + BREAK_MARGIN) for b in aim.breaks)
            if not near and at > 0:
                breaks = tuple(sorted({*aim.breaks, above}))
                aims.append(replace(aim, breaks=breaks))
                changed = True
                continue
        aims.append(aim)
    return replace(problem, ratio_aims=tuple(aims)) if changed else problem


def _value(expression: Any, values: Array, place: Mapping[str, int]) -> float:
    extra = sum(c * values[place[name]] for name, c in expression.extra.items())
    count = len(expression.columns)
    return float(expression.constant + expression.columns @ values[:count] + extra)


class Relaxation:
    """The linear relaxation, kept warm so that forcing one project is quick."""

    def __init__(self, problem: Problem, limits: Limits | None = None) -> None:
        """Load the matrix once."""
        self._problem = problem
        matrix = build_matrix(problem)
        self._upper = matrix.column_upper
        relaxed = replace(matrix, integer=np.zeros(len(matrix.cost), dtype=bool))
        # The solver adds up its time over runs, so it is given no limit here.
        self._solver = _highs(relaxed, limits or Limits(), INFINITY)
        self._row = {name: i for i, name in enumerate(matrix.row_names)}

    def bound(self) -> float | None:
        """Return the most any plan can give; None if it is proven that none exists.

        Infinity where the solver gives no answer.
        """
        self._solver.run()
        status = self._solver.getModelStatus()
        if status == highspy.HighsModelStatus.kOptimal:
            return float(self._solver.getInfo().objective_function_value)
        return None if status == highspy.HighsModelStatus.kInfeasible else INFINITY

    def bound_forced(self, project_id: str, included: bool) -> float | None:
        """Return the bound with a project forced in or out; None if impossible."""
        columns = self._problem.by_project[project_id]
        if included:
            row = self._row.get(f"once({safe_name(project_id)})")
            if row is None:
                return self.bound()
            self._solver.changeRowBounds(row, 1.0, 1.0)
            bound = self.bound()
            self._solver.changeRowBounds(row, -INFINITY, 1.0)
            return bound
        for k in columns:
            self._solver.changeColBounds(k, 0.0, 0.0)
        bound = self.bound()
        for k in columns:
            self._solver.changeColBounds(k, 0.0, float(self._upper[k]))
        return bound


def _relaxed_bound(problem: Problem, limits: Limits) -> float:
    bound = Relaxation(problem, limits).bound()
    return INFINITY if bound is None else bound


def first_plan(problem: Problem, limits: Limits) -> tuple[Choice, ...] | None:
    """Return a plan that holds, found quickly: must-dos first, then one by one.

    None when none was found in the time; the full search may still find one.
    """
    check = RowCheck(problem)
    chosen = np.zeros(len(problem.choices), dtype=bool)
    if not check.holds(chosen):
        matrix = build_matrix(replace(problem, ratio_aims=()))
        quick = replace(matrix, cost=np.zeros(len(matrix.cost)))
        run = _search(quick, replace(limits, gap=1.0), limits.seconds, None, None)
        if run.values is None:
            return None
        chosen = run.values[: len(chosen)] > 0.5
        if not check.holds(chosen):
            return None
    return check.choices(grow(check, chosen))
