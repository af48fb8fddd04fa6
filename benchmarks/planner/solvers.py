"""How does one solver do on one instance? One process, one solve: `python solvers.py`.

Every solver gets the same choices, rows and objective: those of `build_problem`, as the
`Matrix` that Röd tråd itself hands to HiGHS. Only linopy is given the model the way one
would write it by hand, with variables for the yearly sums and the accounts; its yearly
coefficients are computed beforehand and not counted against it. Every improvement of
plan or bound is noted with the second it came. Röd tråd's seconds run from the start of
the process (reading, checking, building, report); those of the others from `solve`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.domain.arrays import Choice, build_case
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.matrix import build_matrix
from rodtrad.plan.milp import Limits, solve_problem
from rodtrad.sources.underlag import read_tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.domain.arrays import Case
    from rodtrad.domain.components import Tables
    from rodtrad.plan.matrix import Matrix
    from rodtrad.plan.problem import Problem

GAP: Final = 1e-4  # where every solver stops; HiGHS's own default
NEARLY: Final = 1e-3  # how much wider the gap may be when a cell has changed
CHANGES: Final = 5  # cells changed one by one when re-solving is timed


@dataclass
class Trace:
    """Plan and bound as they improve: `points` of (second, plan, bound)."""

    points: list[tuple[float, float | None, float | None]] = field(default_factory=list)
    plan: float | None = None
    bound: float | None = None

    def note(self, second: float, plan: float | None, bound: float | None) -> None:
        """Note what is known at a second; what is no better is passed over."""
        before = (self.plan, self.bound)
        if plan is not None and math.isfinite(plan) and abs(plan) < 1e20:
            self.plan = plan if self.plan is None else max(self.plan, plan)
        if bound is not None and math.isfinite(bound) and abs(bound) < 1e20:
            self.bound = bound if self.bound is None else min(self.bound, bound)
        if (self.plan, self.bound) != before:
            self.points.append((second, self.plan, self.bound))


@dataclass(frozen=True)
class Answer:
    """What a solver came to: status in its own words, plan, seconds to build."""

    solver: str
    version: str
    trace: Trace
    status: str
    seconds: float
    build_seconds: float
    choices: Sequence[Choice] | None


Solver = Callable[[Path, float, float], Answer]


def _chosen(problem: Problem, values: Any) -> list[Choice]:
    picked = np.flatnonzero(np.asarray(values)[: len(problem.choices)] > 0.5)
    return [problem.choices[k] for k in picked]


def _built(folder: Path) -> tuple[Problem, Matrix, float]:
    tables = read_tables(folder)
    began = time.perf_counter()
    problem = build_problem(build_case(tables))
    matrix = build_matrix(problem)
    return problem, matrix, time.perf_counter() - began


# ---------------------------------------------------------------- Röd tråd


def solve_rodtrad(folder: Path, seconds: float, began: float) -> Answer:
    """The program as a user runs it: `rodtrad plan`, from folder to finished report."""
    import rodtrad.plan.milp as milp
    from rodtrad.cli import run_command

    trace = Trace()
    inside: Callable[..., Any] = milp.solve_problem

    def watched(problem: Any, *arguments: Any, **named: Any) -> Any:
        tell = named.pop("progress", None)

        def note(state: Any) -> None:
            trace.note(time.time() - began, state.objective, state.bound)
            if tell is not None:
                tell(state)

        plan = inside(problem, *arguments, progress=note, **named)
        trace.note(time.time() - began, plan.objective, plan.bound)
        return plan

    # The command line shows only the gap; the measurement wants plan and bound too.
    milp.solve_problem = watched
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "plan"
        words = ["plan", str(folder), "--only", "plan", "--out", str(out)]
        words += ["--time-limit", str(seconds), "--gap", str(GAP)]
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()) as said,
        ):
            code = run_command(words)
        if code:
            raise RuntimeError(said.getvalue())
        result = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    choices = [
        Choice(row["project_id"], row["alternative_id"], row["start_year"])
        for row in result["choices"]
    ]
    return Answer(
        "rodtrad",
        str(result["meta"]["method_version"]),
        trace,
        str(result["status"]["stopped"]),
        time.time() - began,
        0.0,
        choices,
    )


# ---------------------------------------------------------------- HiGHS


def _run_highs(solver: Any, seconds: float, threads: int) -> tuple[Trace, str, float]:
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", threads)
    if threads > 1:
        solver.setOptionValue("parallel", "on")
    solver.setOptionValue("time_limit", float(seconds))
    trace = Trace()
    began = time.perf_counter()

    def watch(event: Any) -> None:
        told = event.data_out
        trace.note(
            time.perf_counter() - began, told.mip_primal_bound, told.mip_dual_bound
        )

    solver.cbMipInterrupt.subscribe(watch)
    solver.cbMipImprovingSolution.subscribe(watch)
    solver.run()
    took = time.perf_counter() - began
    info = solver.getInfo()
    trace.note(took, info.objective_function_value, info.mip_dual_bound)
    return trace, solver.modelStatusToString(solver.getModelStatus()), took


def _solve_highs(folder: Path, seconds: float, threads: int) -> Answer:
    import highspy

    problem, matrix, build = _built(folder)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(matrix.cost), len(matrix.row_lower)
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_ = matrix.cost
    model.col_lower_, model.col_upper_ = matrix.column_lower, matrix.column_upper
    model.row_lower_, model.row_upper_ = matrix.row_lower, matrix.row_upper
    kinds = highspy.HighsVarType
    model.integrality_ = [
        kinds.kInteger if whole else kinds.kContinuous for whole in matrix.integer
    ]
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = matrix.start
    model.a_matrix_.index_ = matrix.index
    model.a_matrix_.value_ = matrix.value
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.passModel(model)
    trace, status, took = _run_highs(solver, seconds, threads)
    choices = _chosen(problem, solver.getSolution().col_value) if trace.plan else None
    version = str(solver.version())
    return Answer(f"highs-{threads}", version, trace, status, took, build, choices)


def solve_highs_1(folder: Path, seconds: float, _began: float) -> Answer:
    """HiGHS as it comes, one thread."""
    return _solve_highs(folder, seconds, 1)


def solve_highs_2(folder: Path, seconds: float, _began: float) -> Answer:
    """HiGHS as it comes, two threads and its parallel search."""
    return _solve_highs(folder, seconds, 2)


# ---------------------------------------------------------------- linopy


def linopy_model(case: Case) -> tuple[Any, Sequence[Choice], float]:
    """The model as one would write it with linopy, its choices, and seconds to build.

    Knows the goals that the generator writes.

    Raises:
        ValueError: the case has another kind of goal.
    """
    import linopy
    import pandas as pd
    import xarray as xr

    from rodtrad.capacity.statements import (
        TOTALS,
        forecast_statements,
        price_indices,
        waiting_totals,
    )

    problem = build_problem(case)
    choices, effects, values = problem.choices, problem.effects, problem.values
    length = len(case.years)
    before = forecast_statements(case, waiting_totals(case, price_indices(case)))
    waiting = waiting_totals(case, price_indices(case)).waiting[:, 0]

    began = time.perf_counter()
    year = pd.Index(case.years, name="year")
    choice = pd.RangeIndex(len(choices), name="choice")
    mkr = 1e-3

    def series(amounts: Any) -> Any:
        return xr.DataArray(np.asarray(amounts, dtype=float), coords=[year])

    model = linopy.Model()
    x = model.add_variables(binary=True, coords=[choice], name="x")
    total: dict[str, Any] = {}
    for i, name in enumerate(TOTALS):
        table = effects[:, i * length : (i + 1) * length].T * mkr
        coefficients = xr.DataArray(table, coords=[year, choice])
        total[name] = model.add_variables(coords=[year], name=name)
        start = waiting * mkr if name == "waiting" else np.zeros(length)
        model.add_constraints(
            total[name] - (coefficients * x).sum("choice") == series(start),
            name=f"sum_{name}",
        )
    result = model.add_variables(coords=[year], name="result")
    net = model.add_variables(coords=[year], name="net_loans")
    before_it = net.shift(year=1).fillna(0)
    rate = case.interest_rate[1:, 0]
    loans = before.net_loans[:, 0] * mkr
    plain = before.statement["ar"][:, 0] * mkr
    interest = rate * (loans[:-1] + loans[1:]) / 2
    first = np.where(np.arange(length) == 0, loans[0], 0.0)
    own = (
        total["resolved"]
        + total["fees"]
        - total["operating"]
        - total["waiting"]
        - total["scrapped"]
        - total["depreciation"]
    )
    model.add_constraints(
        result
        - own
        + series(rate / 2) * net
        + series(rate / 2) * before_it
        == series(plain + interest + waiting * mkr - rate / 2 * first),
        name="account_result",
    )  # fmt: skip
    change = (
        result
        + total["depreciation"]
        - total["resolved"]
        + total["scrapped"]
        - total["outlay"]
        + total["income"]
    )
    model.add_constraints(
        net - before_it + change == series(first + loans[1:] - loans[:-1] + plain),
        name="account_loans",
    )
    revenue = (before.statement["rs"] + before.statement["rg"])[:, 0] * mkr
    for goal in case.goals:
        at = [int(y) for y in goal.window_ends]
        if goal.level == "must" and goal.indicator == "res_andel" and goal.window == 1:
            left, floor = result, goal.value * revenue
        elif goal.level == "must" and goal.indicator == "nettolan" and goal.window == 1:
            left, floor = -1 * net, -(goal.value * revenue + case.min_cash * mkr)
        elif goal.level == "must" and goal.indicator == "sfg":
            old = before.depreciation - before.resolved
            old = old - goal.value * (before.outlay - before.income)
            kept = result + total["depreciation"] - total["resolved"]
            kept = kept - goal.value * total["outlay"] + goal.value * total["income"]
            left = kept.rolling(year=goal.window).sum()
            sums = np.convolve(old[:, 0] * mkr, np.ones(goal.window))[:length]
            floor = -sums
        else:
            raise ValueError(f"the linopy model has no goal like {goal.goal_id}")
        rows = left.sel(year=at) >= series(floor).sel(year=at)
        model.add_constraints(rows, name=f"goal_{goal.goal_id}")
    for name, available in case.resources.items():
        use = np.zeros((length, len(choices)))
        for k, one in enumerate(choices):
            way = case.project(one.project_id).alternative(one.alternative_id)
            for offset, amount in enumerate(way.use.get(name, ())):
                if one.start_year + offset <= case.plan_end:
                    use[one.start_year + offset - case.plan_start, k] += amount
        left = (xr.DataArray(use, coords=[year, choice]) * x).sum("choice")
        room = series([available[int(y)] for y in case.years])
        model.add_constraints(left <= room, name=f"staff_{name}")
    numbers = {p.project_id: i for i, p in enumerate(case.projects)}
    owner = pd.Series([numbers[c.project_id] for c in choices], choice, name="project")
    once = (1 * x).groupby(owner).sum()
    must = [case.projects[i].must_do for i in once.indexes["project"]]
    sides = xr.DataArray(
        np.where(must, "=", "<="), coords=[pd.Index(once.indexes["project"])]
    )
    model.add_constraints(once, sides, 1, name="once")
    _linopy_relations(model, x, case, choices)
    model.add_objective((xr.DataArray(values, coords=[choice]) * x).sum(), sense="max")
    return model, choices, time.perf_counter() - began


def _linopy_relations(
    model: Any, x: Any, case: Case, choices: Sequence[Choice]
) -> None:
    """Relations, one row a pair and year, in one block."""
    import linopy
    import pandas as pd
    import xarray as xr

    of: dict[str, list[int]] = {p.project_id: [] for p in case.projects}
    ready: list[int] = []
    for k, one in enumerate(choices):
        of[one.project_id].append(k)
        way = case.project(one.project_id).alternative(one.alternative_id)
        ready.append(one.start_year + way.build_years)
    terms: list[list[tuple[int, float]]] = []
    signs: list[str] = []
    sides: list[float] = []

    def row(plus: list[int], minus: list[int], sign: str, side: float) -> None:
        if plus or minus:
            terms.append([(k, 1.0) for k in plus] + [(k, -1.0) for k in minus])
            signs.append(sign)
            sides.append(side)

    for relation in case.relations:
        mine, theirs = of[relation.project_id], of[relation.other_id]
        if relation.kind == "excludes":
            row(mine + theirs, [], "<=", 1.0)
        elif relation.kind == "together":
            row(mine, theirs, "=", 0.0)
        else:
            for start in sorted({choices[k].start_year for k in mine}):
                begun = [k for k in mine if choices[k].start_year <= start]
                done = [k for k in theirs if ready[k] + relation.lag_years <= start]
                row(begun, done, "<=", 0.0)
    if not signs:
        return
    longest = max(map(len, terms))
    labels = np.full((len(signs), longest), -1)
    factors = np.full((len(signs), longest), np.nan)
    x_labels = np.asarray(x.labels)
    for i, row_terms in enumerate(terms):
        for j, (k, factor) in enumerate(row_terms):
            labels[i, j], factors[i, j] = x_labels[k], factor
    at = pd.RangeIndex(len(signs), name="row")
    dims = ("row", "_term")
    data = xr.Dataset({"coeffs": (dims, factors), "vars": (dims, labels)}, {"row": at})
    model.add_constraints(
        linopy.LinearExpression(data, model),
        xr.DataArray(np.array(signs), coords=[at]),
        xr.DataArray(np.array(sides), coords=[at]),
        name="relations",
    )


def solve_linopy(folder: Path, seconds: float, _began: float) -> Answer:
    """A plain linopy model and HiGHS as it comes, two threads."""
    import linopy

    case = build_case(read_tables(folder))
    model, choices, build = linopy_model(case)
    began = time.perf_counter()
    solver = model.to_highspy()
    build += time.perf_counter() - began
    trace, status, took = _run_highs(solver, seconds, 2)
    # linopy states a maximisation to HiGHS as it is, so plan and bound need no turning.
    picked = None
    if trace.plan is not None:
        values = np.array(solver.getSolution().col_value)
        labels = np.asarray(model.variables["x"].labels)
        place = {int(label): i for i, label in enumerate(model.variables.label_index.vlabels)}  # fmt: skip
        picked = [
            one
            for one, label in zip(choices, labels, strict=True)
            if values[place[int(label)]] > 0.5
        ]
    version = f"{linopy.__version__} / {solver.version()}"
    return Answer("linopy", version, trace, status, took, build, picked)


# ---------------------------------------------------------------- CP-SAT and SCIP


def _only_switches(matrix: Matrix) -> None:
    if not matrix.integer.all() or (matrix.column_upper > 1).any():
        raise ValueError("CP-SAT is asked only where every column is 0 or 1")


def solve_cpsat(folder: Path, seconds: float, _began: float) -> Answer:
    """CP-SAT with two workers, in a process of its own (see cpsat.py)."""
    problem, matrix, build = _built(folder)
    _only_switches(matrix)
    with tempfile.TemporaryDirectory() as scratch:
        stored = Path(scratch) / "matrix.npz"
        np.savez(
            stored,
            cost=matrix.cost,
            column_upper=matrix.column_upper,
            row_lower=matrix.row_lower,
            row_upper=matrix.row_upper,
            start=matrix.start,
            index=matrix.index,
            value=matrix.value,
            at_once=len(problem.by_project),
        )
        script = Path(__file__).with_name("cpsat.py")
        words = [sys.executable, str(script), str(stored), str(seconds), str(GAP)]
        told = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    trace = Trace()
    for second, plan, bound in told["points"]:
        trace.note(second, plan, bound)
    picked = told["picked"]
    return Answer(
        "cpsat-2",
        told["version"],
        trace,
        told["status"],
        told["seconds"],
        build + told["build_seconds"],
        None if picked is None else [problem.choices[k] for k in picked],
    )


def solve_scip(folder: Path, seconds: float, _began: float) -> Answer:
    """SCIP as it comes, one thread (its wheel has no parallel search)."""
    import pyscipopt

    problem, matrix, build = _built(folder)
    began = time.perf_counter()
    model = pyscipopt.Model()
    model.hideOutput()
    x = [
        model.addVar(
            vtype="I" if whole else "C",
            lb=float(low),
            ub=float(high) if np.isfinite(high) else None,
            obj=float(cost),
        )
        for whole, low, high, cost in zip(
            matrix.integer,
            matrix.column_lower,
            matrix.column_upper,
            matrix.cost,
            strict=True,
        )
    ]
    model.setMaximize()
    for i in range(len(matrix.row_lower)):
        at = slice(int(matrix.start[i]), int(matrix.start[i + 1]))
        left = pyscipopt.quicksum(
            float(c) * x[k]
            for c, k in zip(matrix.value[at], matrix.index[at], strict=True)
        )
        low, high = float(matrix.row_lower[i]), float(matrix.row_upper[i])
        if low == high:
            model.addCons(left == low)
            continue
        if np.isfinite(high):
            model.addCons(left <= high)
        if np.isfinite(low):
            model.addCons(left >= low)
    build += time.perf_counter() - began
    model.setParam("limits/time", float(seconds))
    model.setParam("limits/gap", GAP)
    trace = Trace()
    began = time.perf_counter()
    events = pyscipopt.SCIP_EVENTTYPE

    class Watch(pyscipopt.Eventhdlr):  # type: ignore[misc]
        def eventinit(self) -> None:
            for kind in (events.BESTSOLFOUND, events.NODESOLVED, events.LPSOLVED):
                self.model.catchEvent(kind, self)

        def eventexec(self, _event: Any) -> None:
            trace.note(
                time.perf_counter() - began,
                self.model.getPrimalbound(),
                self.model.getDualbound(),
            )

    model.includeEventhdlr(Watch(), "trace", "notes plan and bound")
    model.optimize()
    took = time.perf_counter() - began
    trace.note(took, model.getPrimalbound(), model.getDualbound())
    choices = None
    if model.getNSols():
        best = model.getBestSol()
        choices = _chosen(problem, [model.getSolVal(best, one) for one in x])
    version = f"{pyscipopt.__version__} / {model.version()}"
    return Answer("scip", version, trace, str(model.getStatus()), took, build, choices)


SOLVERS: Final[dict[str, Solver]] = {
    "rodtrad": solve_rodtrad,
    "highs-2": solve_highs_2,
    "highs-1": solve_highs_1,
    "linopy": solve_linopy,
    "cpsat-2": solve_cpsat,
    "scip": solve_scip,
}


# ---------------------------------------------------------------- other measurements


def measure_build(folder: Path) -> dict[str, float]:
    """Seconds from tables to a model ready to solve: ours, and linopy's."""
    tables = read_tables(folder)
    ours = []
    for _ in range(3):
        began = time.perf_counter()
        build_matrix(build_problem(build_case(tables)))
        ours.append(time.perf_counter() - began)
    theirs = []
    # The first time also loads what linopy loads late; the second is its own.
    for _ in range(2):
        model, _choices, took = linopy_model(build_case(tables))
        began = time.perf_counter()
        model.to_highspy()
        theirs.append(took + time.perf_counter() - began)
    return {"rodtrad": sorted(ours)[1], "linopy": min(theirs)}


def measure_change(folder: Path, seconds: float) -> list[dict[str, float]]:
    """Seconds to a new plan when one cell has changed, from the tables on.

    The first plan is solved to a gap of 0.1 % or until the time is out. Then, one at a
    time, the outlay of a chosen project changes by a tenth, up and down in turn; the
    new question is built and solved from the old plan and what was proven of it, to the
    gap that the first came to and a tenth of a per cent, or a sixth of the time: what
    became dearer takes value from the plan at once, but from the bound only by a long
    search. Cells are spread over the plan.
    """
    tables = read_tables(folder)
    before = build_problem(build_case(tables))
    first = solve_problem(before, Limits(seconds=seconds, gap=1e-3))
    if first.choices is None or first.gap is None or first.bound is None:
        return []
    wanted = first.gap + NEARLY
    rows = []
    count = len(first.choices)
    for number in range(CHANGES):
        choice = first.choices[number * count // CHANGES]
        changed = _changed(tables, choice, 1.1 if number % 2 == 0 else 0.9)
        began = time.perf_counter()
        problem = build_problem(build_case(changed))
        limits = Limits(seconds=seconds / 6, gap=wanted)
        again = solve_problem(
            problem, limits, start=first.choices, earlier=(before, first.bound)
        )
        took = time.perf_counter() - began
        gap = math.nan if again.gap is None else again.gap
        rows.append({"seconds": took, "gap": gap, "wanted": wanted})
    return rows


def _changed(tables: Tables, choice: Choice, factor: float) -> Tables:
    """Return the tables with the first outlay of a choice times a factor."""
    outlays = tables["outlays"]
    keys = zip(
        outlays["project_id"], outlays["alternative_id"], outlays["offset"], strict=True
    )
    cell = (choice.project_id, choice.alternative_id, 0)
    changed = [
        amount * factor if key == cell else amount
        for key, amount in zip(keys, outlays["outlay"], strict=True)
    ]
    return tables.replace(outlays.copy(outlay=changed))


# ---------------------------------------------------------------- the process


def report(folder: Path, answer: Answer) -> dict[str, Any]:
    """An answer as plain data, its plan run through the statements."""
    told: dict[str, Any] = {
        "solver": answer.solver,
        "version": answer.version,
        "status": answer.status,
        "seconds": answer.seconds,
        "build_seconds": answer.build_seconds,
        "plan": answer.trace.plan,
        "bound": answer.trace.bound,
        "points": answer.trace.points,
        "value": None,
        "broken": None,
    }
    if answer.choices is not None:
        found = evaluate_plan(build_case(read_tables(folder)), sorted(answer.choices))
        told["value"] = found.objective
        told["broken"] = [f"{one.kind} {one.key}" for one in found.violations]
    return told


def main() -> None:
    """Solve once and write what came of it as JSON on standard output."""
    parser = argparse.ArgumentParser(description="One solver on one underlag.")
    parser.add_argument("solver", choices=[*SOLVERS, "build", "change"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--began", type=float, default=None)
    options = parser.parse_args()
    began = time.time() if options.began is None else options.began
    # Solvers print now and then; only our own line may reach standard output.
    sys.stdout.flush()
    line = os.dup(1)
    os.dup2(2, 1)
    told: Any
    if options.solver == "build":
        told = measure_build(options.folder)
    elif options.solver == "change":
        told = measure_change(options.folder, options.seconds)
    else:
        answer = SOLVERS[options.solver](options.folder, options.seconds, began)
        told = report(options.folder, answer)
    with os.fdopen(line, "w", encoding="utf-8") as out:
        json.dump(told, out)


if __name__ == "__main__":
    main()
