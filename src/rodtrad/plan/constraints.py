"""Which rows does each family of requirements give? One small function per family.

Goals, must-dos, relations, resources and missed aims become named rows over the
columns of a `Problem`. Loans are the positive part of net loans: where a goal needs
them, a variable stands for them, pinned from the side that matters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rodtrad.capacity.evaluate import relation_key
from rodtrad.capacity.indicators import (
    SHARES,
    goal_slack,
    indicator_ratio,
    slack_unit,
    window_sums,
)
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
    safe_name,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.domain.arrays import Array, Case, Choice, Goal

INFINITY = float("inf")
RATIO_GOALS = ("sol", "sol_pen", "sfg")
FIRST_BREAKS = 4


@dataclass
class Builder:
    """Rows and variables while a problem is put together."""

    case: Case
    choices: Sequence[Choice]
    by_project: dict[str, tuple[int, ...]]
    response: Response
    rows: list[Row] = field(default_factory=list)
    variables: dict[str, Variable] = field(default_factory=dict)
    ratio_aims: list[RatioAim] = field(default_factory=list)
    _net: dict[int, Expression] = field(default_factory=dict)

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
        upper: float = INFINITY,
        integer: bool = False,
        price: float = 0,
    ) -> str:
        """Add a variable once and return its name."""
        if name not in self.variables:
            self.variables[name] = Variable(name, upper, integer, price)
        return name

    def reach(self, expression: Expression) -> tuple[float, float]:
        """Return the least and most an expression of columns can be, whatever is chosen.

        At most one column per project is counted.
        """
        least = most = expression.constant
        for columns in self.by_project.values():
            values = expression.columns[list(columns)]
            if len(values):
                least += min(0.0, float(values.min()))
                most += max(0.0, float(values.max()))
        return least, most

    def net_loans(self, t: int) -> Expression:
        """Net loans at the end of plan year number `t`, scaled tkr."""
        if t not in self._net:
            self._net[t] = self.response.expression(
                self.response.probe.net_loans[t + 1]
            )
        return self._net[t]

    def loans(self, t: int, at_least: bool) -> Expression:
        """Loans at the end of year `t` as an expression that is safe from one side.

        `at_least` gives something never below the loans and equal to them when that
        is best for the plan; otherwise something never above them (with a switch).
        """
        net = self.net_loans(t)
        least, most = self.reach(net)
        nothing = Expression(0.0, np.zeros(len(self.choices)))
        if least >= 0:
            return net
        if most <= 0:
            return nothing
        year = self.case.plan_start + t
        if at_least:
            name = f"loans({year})"
            if name not in self.variables:
                self.variable(name)
                above = net.times(-1.0).with_extra(name, 1.0)
                self.add(f"loans_cover({year})", "", year, above)
            return nothing.with_extra(name, 1.0)
        name, switch = f"loans_low({year})", f"borrows({year})"
        if name not in self.variables:
            self.variable(name)
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
    effects, values = choice_effects(case, choices)
    columns: dict[str, list[int]] = {p.project_id: [] for p in case.projects}
    for k, choice in enumerate(choices):
        columns[choice.project_id].append(k)
    by_project = {key: tuple(ks) for key, ks in columns.items()}
    build = Builder(case, choices, by_project, probe_statements(case, effects))
    rows_once(build)
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
        values=values,
        effects=effects,
        rows=tuple(build.rows),
        variables=tuple(build.variables.values()),
        ratio_aims=tuple(build.ratio_aims),
        net_loans=tuple(build.net_loans(t) for t in range(len(case.years))),
        by_project=by_project,
    )


def _sum_of(build: Builder, columns: Sequence[int], weight: float = 1.0) -> Array:
    values = np.zeros(len(build.choices))
    values[list(columns)] = weight
    return values


def rows_once(build: Builder) -> None:
    """Each project at most once; a must-do exactly once."""
    for project in build.case.projects:
        key = project.project_id
        expression = Expression(0.0, _sum_of(build, build.by_project[key]))
        if project.must_do:
            build.add(
                f"must({safe_name(key)})", f"must_do:{key}", 0, expression, 1.0, 1.0
            )
        else:
            build.add(f"once({safe_name(key)})", "", 0, expression, -INFINITY, 1.0)


def rows_relations(build: Builder) -> None:
    """`excludes`, `together` and `requires` with its lag, year by year (A11)."""
    case = build.case
    for relation in case.relations:
        key = f"relation:{relation_key(relation)}"
        one = build.by_project[relation.project_id]
        other = build.by_project[relation.other_id]
        pair = f"{safe_name(relation.project_id)},{safe_name(relation.other_id)}"
        ones, others = _sum_of(build, one), _sum_of(build, other)
        if relation.kind == "excludes":
            both = Expression(0.0, ones + others)
            build.add(f"excludes({pair})", key, 0, both, -INFINITY, 1.0)
        elif relation.kind == "together":
            apart = Expression(0.0, ones - others)
            build.add(f"together({pair})", key, 0, apart, 0.0, 0.0)
        else:
            for year in sorted({build.choices[k].start_year for k in one}):
                started = [k for k in one if build.choices[k].start_year <= year]
                ready = [
                    k for k in other if _in_use(build, k) + relation.lag_years <= year
                ]
                row = Expression(0.0, _sum_of(build, ready) - _sum_of(build, started))
                build.add(f"requires({pair},{year})", key, year, row)


def _in_use(build: Builder, k: int) -> int:
    choice = build.choices[k]
    alternative = build.case.project(choice.project_id).alternative(
        choice.alternative_id
    )
    return choice.start_year + alternative.build_years


def rows_resources(build: Builder) -> None:
    """Use of each resource within what is available, every year that has a row."""
    case = build.case
    for name, years in case.resources.items():
        use = {year: np.zeros(len(build.choices)) for year in years}
        for k, choice in enumerate(build.choices):
            alternative = case.project(choice.project_id).alternative(
                choice.alternative_id
            )
            for offset, amount in enumerate(alternative.use.get(name, ())):
                if choice.start_year + offset in use:
                    use[choice.start_year + offset][k] += amount
        for year, amounts in use.items():
            if amounts.any():
                build.add(
                    f"resource({safe_name(name)},{year})",
                    f"resource:{name}",
                    year,
                    Expression(0.0, amounts),
                    -INFINITY,
                    years[year],
                )


def _window(build: Builder, goal: Goal, i: int) -> range:
    first = goal.from_year - build.case.plan_start + i
    return range(first, first + goal.window)


def _slack_expressions(build: Builder, goal: Goal) -> list[list[Expression]]:
    """Return, per window, expressions that must all be at least zero for the goal.

    The true slack is the least of them.
    """
    response = build.response
    slack = goal_slack(build.case, response.probe, goal, response.areb)
    scale = SCALE / slack_unit(goal)
    per_loan = slack.per_loan / slack_unit(goal)
    windows = []
    for i, fixed in enumerate(slack.fixed):
        expression = response.expression(fixed, scale)
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
    """An `aim` goal: what is missing costs points (A8, A9)."""
    unit = 100.0 if goal.indicator in SHARES else 1.0
    response = build.response
    ratio = indicator_ratio(build.case, response.probe, goal.indicator, response.areb)
    bottom = window_sums(build.case, goal, ratio.bottom)
    scale = SCALE / slack_unit(goal)
    for i, (year, expressions) in enumerate(
        zip(goal.window_ends, _slack_expressions(build, goal), strict=True)
    ):
        miss = build.variable(
            f"miss({safe_name(goal.goal_id)},{year})", price=goal.price
        )
        if goal.indicator in RATIO_GOALS:
            denominator = low = response.expression(bottom[i], scale)
            if ratio.bottom_loans:
                for t in _window(build, goal, i):
                    denominator = denominator.plus(build.loans(t, at_least=True))
                    low = low.plus(build.loans(t, at_least=False))
            for expression in expressions:
                _ratio_aim(build, miss, expression.times(unit), denominator, low)
            continue
        missing = float(bottom[i, 0]) * scale / unit
        for j, expression in enumerate(expressions):
            name = "aim_" + _goal_name(goal, year, j)
            build.add(name, "", year, expression.with_extra(miss, missing))


def _ratio_aim(
    build: Builder,
    miss: str,
    slack: Expression,
    denominator: Expression,
    denominator_low: Expression,
) -> None:
    """Register an aim whose denominator depends on the plan, with its first breaks."""
    least, most = _reach_with_loans(build, denominator)
    slack_least, _ = _reach_with_loans(build, slack)
    low = max(least, 0.0)
    steps = range(1, FIRST_BREAKS + 1) if most > 0 else ()
    breaks = tuple(low + (most - low) * step / FIRST_BREAKS for step in steps)
    build.ratio_aims.append(
        RatioAim(
            miss,
            slack,
            denominator,
            denominator_low,
            slack_least,
            least,
            most,
            breaks,
        )
    )


def _reach_with_loans(build: Builder, expression: Expression) -> tuple[float, float]:
    """Return the least and most of an expression in columns and loan variables."""
    least, most = build.reach(Expression(expression.constant, expression.columns))
    for name, factor in expression.extra.items():
        year = int(name.split("(")[1].rstrip(")"))
        _, loans = build.reach(build.net_loans(year - build.case.plan_start))
        reach = factor * max(0.0, loans)
        least, most = least + min(0.0, reach), most + max(0.0, reach)
    return least, most


def ratio_aim_rows(aim: RatioAim, number: int) -> tuple[list[Row], list[Variable]]:
    """Return rows and switches that hold a ratio's miss from below, piece by piece.

    In the piece that ends at break U the miss is at least minus slack over U, which is
    exact when the denominator is U and too small below it; never too large. Where the
    denominator is not positive there is no miss.
    """
    rows, switches = [], []
    chosen = Expression(0.0, np.zeros_like(aim.slack.columns))
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
