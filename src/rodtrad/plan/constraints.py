"""Which rows does each family of requirements give? One small function per family.

Goals, must-dos, relations, resources and missed aims become named rows over the
columns of a `Problem`. Loans are the positive part of net loans: where a goal needs
them, a variable stands for them, pinned from the side that matters.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.capacity.evaluate import criterion_values, relation_key
from rodtrad.capacity.indicators import (
    SHARES,
    goal_slack,
    indicator_ratio,
    slack_unit,
    window_sums,
)
from rodtrad.capacity.statements import select
from rodtrad.domain.arrays import Choice
from rodtrad.plan.problem import (
    SCALE,
    Expression,
    Problem,
    RatioAim,
    Response,
    Row,
    Variable,
    choice_effects,
    list_choices,
    probe_statements,
    project_numbers,
    reach,
    safe_name,
)
from rodtrad.plan.worth import aim_misses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rodtrad.capacity.statements import Selection
    from rodtrad.domain.arrays import Array, Case, Goal

INFINITY = float("inf")
RATIO_GOALS = ("sol", "sol_pen", "sfg")
FIRST_BREAKS = 4
# Sums may differ in their last digits by the order they are taken in.
ROUNDING = 1e-9


@dataclass
class Builder:
    """Rows and variables while a problem is put together."""

    case: Case
    selection: Selection
    by_project: dict[str, tuple[int, ...]]
    response: Response
    rows: list[Row] = field(default_factory=list)
    variables: dict[str, Variable] = field(default_factory=dict)
    ratio_aims: list[RatioAim] = field(default_factory=list)

    @cached_property
    def figures(self) -> Figures:
        """Net loans and what every goal is reckoned from."""
        return linear_figures(self.case, self.response)

    @cached_property
    def project_of(self) -> NDArray[np.int64]:
        """The number of each column's project."""
        return project_numbers(self.by_project)

    @cached_property
    def in_use(self) -> NDArray[np.int64]:
        """The calendar year in which each column is in use, `[column]`."""
        built = np.array([a.build_years for _p, a in self.selection.options], dtype=int)
        years: NDArray[np.int64] = self.selection.start + built[self.selection.option]
        return years

    def columns(self, project_id: str) -> NDArray[np.int64]:
        """The columns of a project."""
        return np.array(self.by_project[project_id], dtype=np.int64)

    def add(
        self,
        name: str,
        requirement: str,
        year: int,
        expression: Expression,
        lower: float = 0.0,
        upper: float = INFINITY,
    ) -> None:
        """Add a named row."""
        self.rows.append(Row(name, requirement, year, expression, lower, upper))

    def variable(
        self,
        name: str,
        upper: float,
        integer: bool = False,
        price: float = 0,
    ) -> str:
        """Add a variable once and return its name."""
        if name not in self.variables:
            self.variables[name] = Variable(name, upper, integer, price)
        return name

    def raise_upper(self, name: str, upper: float) -> None:
        """Let a variable be as large as `upper`, and a rounding more."""
        variable = self.variables[name]
        most = max(variable.upper, upper * (1.0 + ROUNDING))
        self.variables[name] = replace(variable, upper=most)

    def reach(self, expression: Expression) -> tuple[float, float]:
        """Return the least and most an expression can be, whatever is chosen.

        At most one column per project is counted, and loans as they can become.
        """
        uppers = {name: variable.upper for name, variable in self.variables.items()}
        return reach(expression, self.project_of, uppers)

    def net_loans(self, t: int) -> Expression:
        """Net loans at the end of plan year number `t`, scaled tkr."""
        return self.figures.net_loans[t]

    def loans(self, t: int, at_least: bool) -> Expression:
        """Loans at the end of year `t` as an expression that is safe from one side.

        `at_least` gives something never below the loans and equal to them when that
        is best for the plan; otherwise something never above them (with a switch).

        The variables are bounded by the most that net loans can be. That cuts off no
        plan: at its best the first is the positive part of the plan's net loans, and
        the second is never above that.
        """
        net = self.net_loans(t)
        least, most = self.reach(net)
        nothing = Expression()
        if least >= 0:
            return net
        if most <= 0:
            return nothing
        year = self.case.plan_start + t
        if at_least:
            name = f"loans({year})"
            if name not in self.variables:
                self.variable(name, upper=most * (1.0 + ROUNDING))
                above = net.times(-1.0).with_extra(name, 1.0)
                self.add(f"loans_cover({year})", "", year, above)
            return nothing.with_extra(name, 1.0)
        name, switch = f"loans_low({year})", f"borrows({year})"
        if name not in self.variables:
            self.variable(name, upper=most * (1.0 + ROUNDING))
            self.variable(switch, upper=1.0, integer=True)
            free = net.with_extra(name, -1.0).with_extra(switch, least)
            self.add(f"loans_low_net({year})", "", year, free, lower=least)
            capped = nothing.with_extra(name, -1.0).with_extra(switch, most)
            self.add(f"loans_low_cap({year})", "", year, capped)
        return nothing.with_extra(name, 1.0)


def build_problem(case: Case) -> Problem:
    """Return the planning problem of a case: every choice, row and price.

    Source:
        DESIGN 5, Appendix A8-A11; method page docs/method/plan.md.
    """
    choices = list_choices(case)
    selection = select(case, choices)
    effects = choice_effects(case, selection)
    by_criterion = criterion_values(case, selection)
    columns: dict[str, list[int]] = {p.project_id: [] for p in case.projects}
    for k, choice in enumerate(choices):
        columns[choice.project_id].append(k)
    by_project = {key: tuple(ks) for key, ks in columns.items()}
    build = Builder(case, selection, by_project, probe_statements(case, effects))
    rows_once(build)
    rows_locks(build)
    rows_relations(build)
    rows_resources(build)
    for goal in case.goals:
        if goal.level == "must":
            rows_must_goal(build, goal)
        else:
            rows_aim_goal(build, goal)
    return Problem(
        case=case,
        choices=tuple(choices),
        values=by_criterion @ np.array(list(case.weights.values()), dtype=np.float64),
        criterion_values=by_criterion,
        effects=effects,
        rows=tuple(build.rows),
        variables=tuple(build.variables.values()),
        ratio_aims=tuple(build.ratio_aims),
        net_loans=tuple(build.net_loans(t) for t in range(len(case.years))),
        aims=aim_misses(case, build.response),
        by_project=by_project,
    )


def rows_once(build: Builder) -> None:
    """Each project at most once; a must-do exactly once."""
    for project in build.case.projects:
        key = project.project_id
        expression = Expression.of(build.columns(key))
        if project.must_do:
            build.add(
                f"must({safe_name(key)})", f"must_do:{key}", 0, expression, 1.0, 1.0
            )
        else:
            build.add(f"once({safe_name(key)})", "", 0, expression, -INFINITY, 1.0)


def rows_locks(build: Builder) -> None:
    """What was decided beforehand: one of the ways that a lock allows, or none."""
    options = build.selection.options
    for lock in build.case.locks:
        columns = build.columns(lock.project_id)
        if lock.included:
            allowed = [
                lock.allows(
                    Choice(
                        lock.project_id,
                        options[build.selection.option[k]][1].alternative_id,
                        int(build.selection.start[k]),
                    )
                )
                for k in columns
            ]
            columns = columns[np.array(allowed, dtype=bool)]
        count = float(lock.included)
        key = lock.project_id
        expression = Expression.of(columns)
        if lock.included or len(columns):
            name = f"lock({safe_name(key)})"
            build.add(name, f"lock:{key}", 0, expression, count, count)


def rows_relations(build: Builder) -> None:
    """`excludes`, `together` and `requires` with its lag, year by year (A11)."""
    start = build.selection.start
    for relation in build.case.relations:
        key = f"relation:{relation_key(relation)}"
        one = build.columns(relation.project_id)
        other = build.columns(relation.other_id)
        pair = f"{safe_name(relation.project_id)},{safe_name(relation.other_id)}"
        if relation.kind == "excludes":
            both = Expression.of(np.concatenate([one, other]))
            build.add(f"excludes({pair})", key, 0, both, -INFINITY, 1.0)
        elif relation.kind == "together":
            build.add(f"together({pair})", key, 0, _more_of(one, other), 0.0, 0.0)
        else:
            ready_year = build.in_use[other] + relation.lag_years
            for year in np.unique(start[one]).tolist():
                started, ready = one[start[one] <= year], other[ready_year <= year]
                row = _more_of(ready, started)
                build.add(f"requires({pair},{year})", key, year, row)


def _more_of(one: NDArray[np.int64], other: NDArray[np.int64]) -> Expression:
    """Return the sum of some columns minus the sum of others."""
    signs = np.repeat([1.0, -1.0], [len(one), len(other)])
    return Expression.of(np.concatenate([one, other]), signs)


def rows_resources(build: Builder) -> None:
    """Use of each resource within what is available, every year that has a row."""
    for name, years in build.case.resources.items():
        use = _resource_use(build, name, sorted(years))
        for year, available in years.items():
            used = Expression.of(*use[year])
            if len(used.index):
                build.add(
                    f"resource({safe_name(name)},{year})",
                    f"resource:{name}",
                    year,
                    used,
                    -INFINITY,
                    available,
                )


def _resource_use(
    build: Builder, name: str, years: Sequence[int]
) -> dict[int, tuple[NDArray[np.int64], Array]]:
    """Return, for each year, the columns that use a resource and how much."""
    selection = build.selection
    amounts = [a.use.get(name, ()) for _project, a in selection.options]
    most = max(map(len, amounts), default=0)
    table = np.zeros((len(amounts), most))
    for row, of in zip(table, amounts, strict=True):
        row[: len(of)] = of
    use = {}
    for year in years:
        offset = year - selection.start
        columns = np.flatnonzero((offset >= 0) & (offset < most))
        use[year] = (
            columns,
            table[selection.option[columns], offset[columns]],
        )
    return use


def _window(build: Builder, goal: Goal, i: int) -> range:
    first = goal.from_year - build.case.plan_start + i
    return range(first, first + goal.window)


@dataclass(frozen=True)
class GoalFigures:
    """A goal's windows as linear expressions, before loans, in scaled tkr.

    `slack` and `per_loan` are as in `Slack`; `bottom` is what the indicator divides by,
    `bottom_loans` its loans. `bottom_tkr` `[window]` is that without any project.
    """

    slack: list[Expression]
    per_loan: float
    bottom: list[Expression]
    bottom_loans: float
    bottom_tkr: Array


@dataclass(frozen=True)
class Figures:
    """Net loans `[year]` and goals, by id, as expressions in the columns."""

    net_loans: list[Expression]
    goals: dict[str, GoalFigures]


def linear_figures(case: Case, response: Response) -> Figures:
    """Return all that the rows are made of, asked of the response in one product."""
    probe = response.probe
    figures, scales = [probe.net_loans[1:]], [SCALE]
    parts = []
    for goal in case.goals:
        slack = goal_slack(case, probe, goal, response.areb)
        ratio = indicator_ratio(case, probe, goal.indicator, response.areb)
        bottom = window_sums(case, goal, ratio.bottom)
        figures += [slack.fixed, bottom] if goal.level == "aim" else [slack.fixed]
        scales += [SCALE / slack_unit(goal)] * (len(figures) - len(scales))
        parts.append((goal, slack, ratio.bottom_loans, bottom))
    counts = [len(figure) for figure in figures]
    made = iter(
        response.expressions(np.concatenate(figures), np.repeat(scales, counts))
    )

    def next_of(figure: Array) -> list[Expression]:
        return [next(made) for _window in figure]

    net_loans = next_of(figures[0])
    goals = {
        goal.goal_id: GoalFigures(
            slack=next_of(slack.fixed),
            per_loan=slack.per_loan / slack_unit(goal),
            bottom=next_of(bottom) if goal.level == "aim" else [],
            bottom_loans=bottom_loans,
            bottom_tkr=bottom[:, 0],
        )
        for goal, slack, bottom_loans, bottom in parts
    }
    return Figures(net_loans, goals)


def _slack_expressions(build: Builder, goal: Goal) -> list[list[Expression]]:
    """Return, per window, expressions that must all be at least zero for the goal.

    The true slack is the least of them.
    """
    figures = build.figures.goals[goal.goal_id]
    per_loan = figures.per_loan
    windows = []
    for i, expression in enumerate(figures.slack):
        if per_loan < 0 and goal.window == 1:
            net = build.net_loans(_window(build, goal, i)[0])
            windows.append([expression, expression.plus(net, per_loan)])
            continue
        if per_loan:
            for t in _window(build, goal, i):
                expression = expression.plus(
                    build.loans(t, at_least=per_loan < 0), per_loan
                )
        windows.append([expression])
    return windows


def _goal_name(goal: Goal, year: int, i: int = 0) -> str:
    suffix = "" if i == 0 else ",b"
    return f"{goal.indicator}({safe_name(goal.goal_id)},{year}{suffix})"


def rows_must_goal(build: Builder, goal: Goal) -> None:
    """A `must` goal: its slack is not negative in any window (A9)."""
    for year, expressions in zip(
        goal.window_ends, _slack_expressions(build, goal), strict=True
    ):
        for i, expression in enumerate(expressions):
            name = _goal_name(goal, year, i)
            build.add(name, f"goal:{goal.goal_id}", year, expression)


def rows_aim_goal(build: Builder, goal: Goal) -> None:
    """An `aim` goal: what is missing costs points (A8, A9).

    The miss is bounded by what the least slack any choices can give would need. That
    cuts off no plan: its rows ask for no more, and less of it never breaks a row. (A
    row without a denominator above zero is not helped by a miss at all.)
    """
    unit = 100.0 if goal.indicator in SHARES else 1.0
    figures = build.figures.goals[goal.goal_id]
    scale = SCALE / slack_unit(goal)
    for i, (year, expressions) in enumerate(
        zip(goal.window_ends, _slack_expressions(build, goal), strict=True)
    ):
        miss = build.variable(
            f"miss({safe_name(goal.goal_id)},{year})", upper=0.0, price=goal.price
        )
        if goal.indicator in RATIO_GOALS:
            denominator = low = figures.bottom[i]
            if figures.bottom_loans:
                for t in _window(build, goal, i):
                    denominator = denominator.plus(build.loans(t, at_least=True))
                    low = low.plus(build.loans(t, at_least=False))
            for expression in expressions:
                _ratio_aim(build, miss, expression.times(unit), denominator, low)
            continue
        missing = float(figures.bottom_tkr[i]) * scale / unit
        for j, expression in enumerate(expressions):
            name = "aim_" + _goal_name(goal, year, j)
            build.add(name, "", year, expression.with_extra(miss, missing))
            if missing > 0:
                least, _most = build.reach(expression)
                build.raise_upper(miss, -least / missing)


def _ratio_aim(
    build: Builder,
    miss: str,
    slack: Expression,
    denominator: Expression,
    denominator_low: Expression,
) -> None:
    """Register an aim whose denominator depends on the plan, with its first breaks."""
    least, most = build.reach(denominator)
    slack_least, _ = build.reach(slack)
    low = max(least, 0.0)
    steps = range(1, FIRST_BREAKS + 1) if most > 0 else ()
    breaks = tuple(low + (most - low) * step / FIRST_BREAKS for step in steps)
    aim = RatioAim(
        miss, slack, denominator, denominator_low, slack_least, least, most, breaks
    )
    build.ratio_aims.append(aim)
    build.raise_upper(miss, most_missed(aim))


def most_missed(aim: RatioAim) -> float:
    """Return the most that the rows of a ratio can ask of its miss.

    In the piece that ends at break U a plan needs a miss of minus slack over U, so no
    plan needs more than the least slack over the first break above zero. That is a
    bound of the model with these breaks, not of the true miss: a new break needs a new
    bound.
    """
    above = [top for top in aim.breaks if top > 0]
    return max(-aim.slack_least / min(above), 0.0) if above else 0.0


def ratio_aim_rows(aim: RatioAim, number: int) -> tuple[list[Row], list[Variable]]:
    """Return rows and switches that hold a ratio's miss from below, piece by piece.

    In the piece that ends at break U the miss is at least minus slack over U, which is
    exact when the denominator is U and too small below it; never too large. Where the
    denominator is not positive there is no miss.
    """
    rows, switches = [], []
    chosen = Expression()
    bottom = -INFINITY
    for i, top in enumerate((0.0, *aim.breaks)):
        if top <= 0 and aim.least > 0:
            bottom = top
            continue
        switch = f"piece({number},{i})"
        switches.append(Variable(switch, 1.0, integer=True))
        chosen = chosen.with_extra(switch, 1.0)
        over = max(aim.most - top, 0.0)
        inside = aim.denominator.with_extra(switch, over)
        rows.append(
            Row(f"piece_top({number},{i})", "", 0, inside, -INFINITY, top + over)
        )
        if bottom > aim.least:
            under = bottom - aim.least
            inside = aim.denominator_low.with_extra(switch, -under)
            rows.append(
                Row(
                    f"piece_low({number},{i})",
                    "",
                    0,
                    inside,
                    bottom - under,
                    INFINITY,
                )
            )
        if top > 0:
            loose = max(-aim.slack_least / top, 0.0)
            held = (
                aim.slack.times(1.0 / top)
                .with_extra(aim.miss, 1.0)
                .with_extra(switch, -loose)
            )
            rows.append(Row(f"piece_miss({number},{i})", "", 0, held, -loose, INFINITY))
        bottom = top
    rows.append(Row(f"piece_one({number})", "", 0, chosen, 1.0, 1.0))
    return rows, switches
