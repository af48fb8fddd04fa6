"""What are the other plans of a result worth, and do they refute what it says?

A result names many plans beside its own: forced, near, witnesses, with more room. Each
is evaluated once more. Every one of them that holds is known, and no bound that is said
to be proven may be passed by a plan that is known.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.capacity.evaluate import (
    choice_values,
    evaluate_plan,
    result_before_reserves,
)
from rodtrad.capacity.indicators import (
    GOAL_TOLERANCE,
    goal_slack,
    slack_unit,
    window_sums,
)
from rodtrad.capacity.statements import select
from rodtrad.domain.arrays import Choice
from rodtrad.domain.words import _, quoted, years_text
from rodtrad.verify.compare import TOLERANCE, Difference, compare
from rodtrad.verify.shape import misshapen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rodtrad.capacity.evaluate import Evaluation, Violation
    from rodtrad.domain.arrays import Array, Case, Goal
    from rodtrad.plan.greedy import RowCheck
    from rodtrad.plan.problem import Problem

# What reading forged figures and names may come to.
BROKEN = (
    AttributeError,
    LookupError,
    ValueError,
    TypeError,
    ArithmeticError,
    RecursionError,
)


class Recount:
    """The plan computed once more, what differs, and every plan known beside it.

    `choices`, `objective` and `bound` are the plan's own; `known` its value and every
    other's that holds firmly with today's underlag.
    """

    def __init__(
        self, case: Case, choices: Sequence[Choice], objective: float, bound: float
    ) -> None:
        """Hold the plan."""
        self.case = case
        self.choices = tuple(sorted(choices))
        self.objective = objective
        self.bound = bound
        self.differences: list[Difference] = []
        self.known: dict[tuple[Choice, ...], float] = {self.choices: objective}
        self.chosen = {choice.project_id: choice for choice in self.choices}
        self._plans: dict[tuple[Choice, ...], Evaluation] = {}

    @cached_property
    def problem(self) -> Problem:
        """The planner's rows."""
        from rodtrad.plan.constraints import build_problem

        return build_problem(self.case)

    @cached_property
    def check(self) -> RowCheck:
        """The planner's rows, to try single changes against."""
        from rodtrad.plan.greedy import RowCheck

        return RowCheck(self.problem)

    # -------------------------------------------------------------- what differs

    def say(self, path: str, text: str) -> None:
        """Note what does not agree, in words."""
        self.differences.append(Difference(path, None, None, text))

    def differ(self, path: str, stated: Any, computed: Any) -> None:
        """Note a figure that does not agree."""
        self.differences.append(Difference(path, stated, computed))

    def compare(self, path: str, stated: Any, computed: Any) -> None:
        """Note every figure that is not what it should be."""
        self.differences += compare(path, stated, computed, self.case.base_tkr)

    def has_shape(self, path: str, value: Any, shape: Any) -> bool:
        """Note what is not of a shape; return whether all is."""
        wrong = list(misshapen(path, value, shape))
        self.differences += wrong
        return not wrong

    # -------------------------------------------------------------------- plans

    def evaluate(
        self, choices: Iterable[Choice], case: Case | None = None
    ) -> Evaluation:
        """Return a plan with today's underlag, or another; raises as `evaluate_plan`."""
        chosen = tuple(sorted(choices))
        with np.errstate(all="ignore"):
            if case is not None:
                return evaluate_plan(case, chosen)
            if chosen not in self._plans:
                self._plans[chosen] = evaluate_plan(self.case, chosen)
            return self._plans[chosen]

    def worth(self, choices: Sequence[Choice]) -> float:
        """Return what a plan is worth before missed aims; room and outlay aside."""
        return float(choice_values(self.case, select(self.case, choices)).sum())

    def plan(
        self, path: str, rows: Iterable[Sequence[Any]], case: Case | None = None
    ) -> Evaluation | None:
        """Return a plan that holds every requirement; None and a note if it does not."""
        try:
            plan = self.evaluate((Choice(*row) for row in rows), case)
        except BROKEN as error:
            text = _("Planen går inte att räkna på: {why}.").format(why=error)
            self.say(path, text)
            return None
        for broken in plan.violations:
            self.say(path, in_words(self.case, broken))
        if plan.violations or not np.isfinite(plan.objective):
            return None
        if case is None:
            self.keep(plan)
        return plan

    def keep(self, plan: Evaluation) -> None:
        """Keep a plan of today's underlag that holds firmly enough to refute another."""
        if holds_firmly(self.case, plan):
            self.known[plan.choices] = plan.objective

    # ------------------------------------------------------------ what is proven

    def refuted(self, most: float, asked: Callable[[dict[str, Choice]], bool]) -> bool:
        """Whether a known plan of those asked for is worth more than `most`."""
        return any(
            value > most + near(most) and asked({c.project_id: c for c in choices})
            for choices, value in self.known.items()
        )

    def refute(
        self, path: str, most: float, asked: Callable[[dict[str, Choice]], bool]
    ) -> None:
        """Note if a known plan passes what is said to be proven."""
        if self.refuted(most, asked):
            self.say(path, _("En plan i resultatet motsäger det som står som bevisat."))


def near(value: float) -> float:
    """Return how much a value in points may differ."""
    return TOLERANCE * max(1.0, abs(value)) if np.isfinite(value) else 0.0


def gap_of(objective: float | None, bound: float | None) -> float | None:
    """Return how much better another plan can be, as a share; None if unknown."""
    if objective is None or bound is None:
        return None
    return max(bound - objective, 0.0) / max(abs(objective), 1e-9)


def goal_room(case: Case, plan: Evaluation, goal: Goal) -> Array:
    """Return the slack of a goal in each of its windows, in its own unit, `[window]`."""
    years = plan.years
    slack = goal_slack(case, years, goal, result_before_reserves(case, years))
    room: Array = slack.total(window_sums(case, goal, years.balance["loans"]))[:, 0]
    return room


def room_tolerance(case: Case, goal: Goal) -> float:
    """Return how much slack counts as none."""
    return GOAL_TOLERANCE * case.base_tkr * slack_unit(goal)


def holds_firmly(case: Case, plan: Evaluation) -> bool:
    """Whether a plan holds every requirement with no use of what counts as none.

    The planner's rows are held more narrowly than the accounts, so only such a plan
    refutes what they prove.
    """
    return not plan.violations and all(
        bool((goal_room(case, plan, goal) >= 0.0).all())
        for goal in case.goals
        if goal.level == "must"
    )


def in_words(case: Case, broken: Violation) -> str:
    """Return a broken requirement as a sentence."""
    when = years_text(broken.years) if broken.years else ""
    if broken.kind == "goal":
        goal = next(g for g in case.goals if g.goal_id == broken.key)
        return _("Planen bryter målet {g} {ys}.").format(g=quoted(goal.name), ys=when)
    if broken.kind == "resource":
        return _("Planen använder mer än det finns av {r} {ys}.").format(
            r=broken.key, ys=when
        )
    if broken.kind == "relation":
        return _("Planen bryter sambandet {r}.").format(r=broken.key)
    project = case.project(broken.key)
    if broken.kind == "lock":
        return _("Planen följer inte låset på projektet {p}.").format(
            p=quoted(project.name)
        )
    if broken.kind == "must_do":
        return _("Det tvingande projektet {p} är inte i bruk i tid.").format(
            p=quoted(project.name)
        )
    return _("Projektet {p} startar utanför sina år.").format(p=quoted(project.name))
