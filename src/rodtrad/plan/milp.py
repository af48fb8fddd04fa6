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
from rodtrad.plan.constraints import INFINITY
from rodtrad.plan.greedy import (
    RowCheck,
    grow,
    mend,
    polish,
)
from rodtrad.plan.matrix import Matrix, build_matrix, is_harder, part_of
from rodtrad.plan.neighbourhoods import (
    Neighbourhoods,
    Prices,
    price_columns,
    priced_plan,
    unable_columns,
)
from rodtrad.plan.problem import Expression, Problem, RatioAim, safe_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from rodtrad.capacity.evaluate import Evaluation
    from rodtrad.domain.arrays import Array, Choice

Stop = Literal["proof", "gap", "work", "time", "asked", "infeasible"]
# Proven but for rounding: rows hold to FEASIBILITY, so a miss, and the objective with
# its price, is exact to some 1e-9 only.
PROOF_GAP = 1e-7
FEASIBILITY = 1e-8
INTEGRALITY = 1e-7
REFINEMENTS = 25
THREADS = 2
# From so many choices on, parts of the first plan are solved anew before the proof.
MANY_CHOICES = 400
# Each part stops after so many branches, or so much work.
PART_NODES = 10
PART_WORK = 400
# Each is solved to within this share of the bound.
FINE = 1e-4
# With less work than this in all, none of it goes to parts.
LEAST_IMPROVING = 200
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
    machine for the same input, a few to some tens of milliseconds apart. A `light`
    search, for one question of many about a plan that is known, keeps to one core and
    soon branches; in its tree the points are a few milliseconds apart.
    """

    seconds: float = 60.0
    work: int | None = None
    gap: float = 1e-3
    seed: int = 1
    light: bool = False


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
    `time`, `work` or `asked` (whoever follows the search asked it to end). `work` is
    the work used, as in `Limits`.
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
    # The same number for every solver in the process: mixing them stops the second.
    solver.setOptionValue("threads", THREADS)
    solver.setOptionValue("parallel", "off")
    solver.setOptionValue("random_seed", int(limits.seed))
    solver.setOptionValue("time_limit", max(float(seconds), 0.05))
    solver.setOptionValue("mip_rel_gap", float(limits.gap))
    solver.setOptionValue("mip_abs_gap", 1e-9)
    solver.setOptionValue("primal_feasibility_tolerance", FEASIBILITY)
    solver.setOptionValue("mip_feasibility_tolerance", INTEGRALITY)
    # Starting over from the root, and searching a part of the problem there, took more
    # than they gave on every instance measured (docs/decisions/0005).
    solver.setOptionValue("mip_allow_restart", False)
    solver.setOptionValue("mip_heuristic_run_rens", False)
    if limits.light:
        solver.setOptionValue("mip_heuristic_run_rins", False)
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
    report: Callable[[float, float], bool] | None,
    threads: int = 1,
    nodes: int | None = None,
    near: float = 1e-9,
) -> _Run:
    """Run the solver once on a matrix.

    `nodes` is the most branches to look at, `near` a gap in points that is enough.
    With two threads the solver's own parallel search is used; its answer is the same
    from run to run.
    """
    if not len(matrix.cost):  # nothing to choose: the rows hold or they do not
        broken = (matrix.row_lower > FEASIBILITY) | (matrix.row_upper < -FEASIBILITY)
        if broken.any():
            return _Run(None, -INFINITY, -INFINITY, "infeasible", 0)
        return _Run(np.zeros(0), 0.0, 0.0, "proof", 0)
    solver = _highs(matrix, limits, seconds)
    solver.setOptionValue("parallel", "on" if threads > 1 else "off")
    solver.setOptionValue("mip_abs_gap", near)
    if nodes is not None:
        solver.setOptionValue("mip_max_nodes", nodes)
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
        if report is not None and report(
            event.data_out.mip_primal_bound, event.data_out.mip_dual_bound
        ):
            event.interrupt()

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
    progress: Callable[[Progress], object] | None = None,
    rounds: int = REFINEMENTS,
    earlier: tuple[Problem, float] | None = None,
) -> Portfolio:
    """Return the best plan found within the limits, with its bound and gap.

    Args:
        problem: from `build_problem`.
        limits: when to stop.
        start: a plan to begin from, such as last year's; it is mended where it breaks
            the rows, and ignored where it cannot be.
        progress: called with the state of the search, often; where it returns True the
            search ends with the best plan so far.
        rounds: how often at most the misses of ratios are made more exact.
        earlier: an earlier problem and the most any plan of it can give. It holds here
            too if this problem is the same or harder, as when something became dearer.

    Raises:
        SolverError: the solver failed in a way that is no answer, or its plan does
            not hold when run through the statements.
    """
    limits = limits or Limits()
    began = time.perf_counter()
    asked = False

    def left() -> float:
        return 0.0 if asked else limits.seconds - (time.perf_counter() - began)

    def report(objective: float, bound: float) -> bool:
        nonlocal asked
        if progress is not None:
            best = objective if abs(objective) < 1e20 else None
            top = bound if abs(bound) < 1e20 else None
            elapsed = time.perf_counter() - began
            state = Progress(best, top, relative_gap(best, top), elapsed)
            if progress(state) is True:  # two searches may ask at the same time
                asked = True
        return asked

    def none_found(stopped: Stop, work: int) -> Portfolio:
        stopped = "asked" if asked and stopped == "time" else stopped
        seconds = time.perf_counter() - began
        return Portfolio(None, None, None, None, stopped, seconds, work)

    matrix = build_matrix(problem)
    relaxed = LinearBounds(matrix).solve()
    if relaxed.bound is None:
        return none_found("infeasible", 0)
    bound, work = relaxed.bound, 0
    if earlier is not None and is_harder(matrix, build_matrix(earlier[0])):
        bound = min(bound, earlier[1])
    prices = None
    if np.isfinite(bound):
        prices = price_columns(matrix, relaxed, len(problem.choices))
    best: Evaluation | None = None
    known = _beginning(problem, matrix, prices, limits, start, left())
    if known is not None:
        best = evaluate_plan(problem.case, known)
        report(best.objective, bound)
        if prices is not None:
            best, work = _improved(
                problem,
                matrix,
                prices,
                best,
                bound,
                limits,
                left,
                None if progress is None else report,
                start is None,
            )
    stopped: Stop = "time"
    if best is not None and _near(best.objective, bound, limits):
        stopped, rounds = "gap", 0
    elif asked:
        rounds = 0
    for _round in range(rounds if problem.ratio_aims else min(rounds, 1)):
        rest = replace(limits, work=None if limits.work is None else limits.work - work)
        hint = None if best is None else columns_of(problem, best.choices)
        threads = 1 if limits.light else THREADS
        run = _search(
            _without_unable(matrix, prices, best), rest, left(), hint, report, threads
        )
        work += run.work
        stopped = run.stopped
        if run.stopped == "infeasible" and best is None:
            return none_found("infeasible", work)
        if run.stopped != "infeasible":
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
        matrix = build_matrix(problem)
    if best is None:
        return none_found(stopped, work)
    thorough = (
        stopped in ("time", "work")
        and not asked
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
    stopped = "asked" if asked and stopped == "time" else stopped
    seconds = time.perf_counter() - began
    return Portfolio(best.choices, best.objective, bound, gap, stopped, seconds, work)


def _near(objective: float, bound: float, limits: Limits) -> bool:
    gap = relative_gap(objective, bound)
    return gap is not None and gap <= limits.gap


def _beginning(
    problem: Problem,
    matrix: Matrix,
    prices: Prices | None,
    limits: Limits,
    start: Sequence[Choice] | None,
    seconds: float,
) -> tuple[Choice, ...] | None:
    """Return the plan to begin from: the one given, mended, or the better of two quick."""
    check = RowCheck(problem)
    if start is not None:
        given = check.chosen(choice for choice in start if choice in check.place)
        if check.holds(given):
            return check.choices(given)
        mended = mend(check, given)
        usable = mended is not None and check.holds(mended)
        return check.choices(mended) if mended is not None and usable else None
    plans = []
    if prices is not None:
        priced = priced_plan(problem, matrix, prices, check)
        if check.holds(priced):
            plans.append(check.choices(grow(check, priced)))
    if not plans or len(problem.choices) < MANY_CHOICES:
        quick = replace(limits, seconds=seconds, work=FIRST_WORK)
        first = first_plan(problem, quick)
        if first is not None:
            plans.append(first)
    if not plans:
        return None
    return max(plans, key=lambda plan: problem.worth(check.chosen(plan)))


def _improved(
    problem: Problem,
    matrix: Matrix,
    prices: Prices,
    best: Evaluation,
    bound: float,
    limits: Limits,
    left: Callable[[], float],
    report: Callable[[float, float], bool] | None,
    fresh: bool,
) -> tuple[Evaluation, int]:
    """Return the plan after parts of it have been solved anew, and the work it took."""
    count = len(problem.choices)
    little = limits.work is not None and limits.work < LEAST_IMPROVING
    if count < MANY_CHOICES or little or limits.light:
        return best, 0
    spent: list[int] = []
    worth = best.objective

    def told(*_own: float) -> bool:
        """Whether whoever follows the search, told of the whole plan, asks it to end."""
        return report is not None and report(worth, bound)

    heard = None if report is None else told

    def search(part: Matrix, values: Array) -> tuple[Array | None, bool]:
        hint = dict(enumerate(values))
        own = replace(limits, gap=0.0, work=PART_WORK)
        run = _search(
            part, own, left(), hint, heard, 1, PART_NODES, FINE * abs(prices.bound)
        )
        spent.append(run.work)
        return run.values, run.stopped in ("proof", "gap", "infeasible")

    values = np.zeros(len(matrix.cost))
    for k, value in columns_of(problem, best.choices).items():
        values[k] = value
    others = np.arange(len(values)) >= count
    if others.any():
        part, columns = part_of(matrix, others, values)
        own = _search(part, replace(limits, gap=0.0), left(), None, heard)
        if own.values is None:
            return best, own.work
        values[columns] = own.values
    around = Neighbourhoods(problem, matrix, prices, search)

    def out() -> bool:
        half = limits.work is not None and sum(spent) > limits.work / 2
        return told() or left() <= 0 or half

    better: Array = values
    for better in around.improve(
        values, lambda value: _near(value, bound, limits), out, fresh
    ):
        worth = float(matrix.cost @ better)
    found = evaluate_plan(problem.case, read_choices(problem, better))
    return (found if found.objective > best.objective else best), sum(spent)


def _without_unable(
    matrix: Matrix, prices: Prices | None, best: Evaluation | None
) -> Matrix:
    """Return the matrix without the columns that no better plan than this can hold."""
    if best is None or prices is None:
        return matrix
    upper = matrix.column_upper.copy()
    upper[: len(prices.reduced)][unable_columns(prices, best.objective)] = 0.0
    return replace(matrix, column_upper=upper)


def _polished(problem: Problem, plan: Evaluation, thorough: bool) -> Evaluation:
    """Return the plan after single changes that help; the search stops within a gap."""
    check = RowCheck(problem)
    chosen = check.chosen(plan.choices)
    if not check.holds(chosen):
        return plan
    polished = polish(check, chosen, thorough)
    if (polished == chosen).all():
        return plan
    better = evaluate_plan(problem.case, check.choices(polished))
    return better if better.objective > plan.objective else plan


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


def _value(expression: Expression, values: Array, place: Mapping[str, int]) -> float:
    others = {name: float(values[place[name]]) for name in expression.extra}
    return expression.value(values, others)


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


# ------------------------------------------------------- bounds for the agreement map


@dataclass(frozen=True)
class LinearAnswer:
    """What the relaxation says: its bound, a solution, and multipliers on the rows.

    `bound` is None when nothing is possible; `duals` is then a ray along which the
    bound falls without end, and `values` is empty. Infinity where there is no answer.
    """

    bound: float | None
    values: Array
    duals: Array


class LinearBounds:
    """The linear relaxation of a matrix, kept warm while costs and choices change.

    Restrictions are a set of columns that are shut and of projects that must be
    chosen; only what differs from the last call is changed. `solves` counts the calls.
    """

    def __init__(self, matrix: Matrix) -> None:
        """Load the matrix once."""
        self.solves = 0
        self._upper = matrix.column_upper.copy()
        self._once = {
            name[5:-1]: i
            for i, name in enumerate(matrix.row_names)
            if name.startswith("once(")
        }
        self._shut = np.zeros(len(matrix.cost), dtype=bool)
        self._taken: set[str] = set()
        relaxed = replace(matrix, integer=np.zeros(len(matrix.cost), dtype=bool))
        self._solver: Any = _highs(relaxed, Limits(), INFINITY)
        self._all = np.arange(len(matrix.cost), dtype=np.int32)

    def set_cost(self, cost: Array) -> None:
        """Set the value of every column and variable."""
        self._solver.changeColsCost(len(cost), self._all, np.asarray(cost, float))

    def restrict(self, shut: NDArray[np.bool_], taken: set[str]) -> None:
        """Shut these columns, and let exactly one column of each taken project in."""
        shut = np.concatenate([shut, np.zeros(len(self._shut) - len(shut), bool)])
        for k in np.flatnonzero(shut != self._shut):
            upper = 0.0 if shut[k] else float(self._upper[k])
            self._solver.changeColBounds(int(k), 0.0, upper)
        self._shut = shut
        for key in sorted(taken ^ self._taken):
            row = self._once.get(safe_name(key))
            if row is not None:
                low = 1.0 if key in taken else -INFINITY
                self._solver.changeRowBounds(row, low, 1.0)
        self._taken = set(taken)

    def solve(self) -> LinearAnswer:
        """Return the bound and the multipliers as things stand."""
        self.solves += 1
        solver = self._solver
        solver.run()
        status = solver.getModelStatus()
        if status == highspy.HighsModelStatus.kOptimal:
            solution = solver.getSolution()
            return LinearAnswer(
                float(solver.getInfo().objective_function_value),
                np.array(solution.col_value),
                np.array(solution.row_dual),
            )
        empty = np.zeros(0)
        if status == highspy.HighsModelStatus.kInfeasible:
            _status, found, ray = solver.getDualRay()
            return LinearAnswer(None, empty, np.array(ray) if found else empty)
        return LinearAnswer(INFINITY, empty, empty)


def solve_matrix(
    matrix: Matrix, limits: Limits, start: Mapping[int, float] | None = None
) -> tuple[Array | None, float, bool]:
    """Return a solution of a matrix, its bound, and whether the search was finished.

    For problems that are not plans. No solution and finished: there is none.
    """
    run = _search(matrix, limits, limits.seconds, start, None)
    return run.values, run.bound, run.stopped in ("proof", "gap", "infeasible")


def mixture_shares(worth: Array, need: Array) -> Array | None:
    """Return shares of plans whose mixture exceeds `need` by most at the worst vertex.

    Args:
        worth: `[plan, vertex]`.
        need: `[vertex]`.

    Returns:
        `[plan]`, not negative, sum 1; None if the solver gives no answer.
    """
    plans, vertices = worth.shape
    matrix = Matrix(
        names=(*tuple(f"share({m})" for m in range(plans)), "least"),
        cost=np.concatenate([np.zeros(plans), [1.0]]),
        column_lower=np.concatenate([np.zeros(plans), [-INFINITY]]),
        column_upper=np.concatenate([np.ones(plans), [INFINITY]]),
        integer=np.zeros(plans + 1, dtype=bool),
        row_names=(*(f"vertex({i})" for i in range(vertices)), "all"),
        row_lower=np.concatenate([need, [1.0]]),
        row_upper=np.concatenate([np.full(vertices, INFINITY), [1.0]]),
        start=np.concatenate(
            [np.arange(vertices + 1) * (plans + 1), [vertices * (plans + 1) + plans]]
        ).astype(np.int32),
        index=np.concatenate(
            [np.tile(np.arange(plans + 1), vertices), np.arange(plans)]
        ).astype(np.int32),
        value=np.concatenate(
            [np.hstack([worth.T, -np.ones((vertices, 1))]).ravel(), np.ones(plans)]
        ),
    )
    solver = _highs(matrix, Limits(), INFINITY)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    shares = np.maximum(np.array(solver.getSolution().col_value)[:plans], 0.0)
    total = float(shares.sum())
    return shares / total if total > 0 else None
