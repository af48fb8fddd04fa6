"""What would another answer give? The claims about a finished plan.

For every project: the best plan known with it the other way, and a bound that no such
plan can pass. Every plan that is found anywhere answers all questions it can, and what
is proven once is kept.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.capacity.result import choice_differences
from rodtrad.explain.bounds import Relaxed
from rodtrad.explain.outlook import Outlook, Threshold
from rodtrad.explain.questions import (
    BUILD_WORK,
    START_WORK,
    TIE,
    Answer,
    Effort,
    Question,
    ReasonLimits,
    ask,
    plan_changes,
)
from rodtrad.plan.greedy import RowCheck, do_without, make_room, polish
from rodtrad.plan.milp import Limits, solve_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rodtrad.domain.arrays import Case, Choice
    from rodtrad.plan.greedy import Flags
    from rodtrad.plan.milp import Portfolio
    from rodtrad.plan.problem import Problem

# How much of the work goes to forced plans; the rest to what it would take.
FORCED_SHARE = 0.6
LEAST_WORK, MOST_WORK = 250, 1000
# Where no forced plan was found by hand, one is searched for all the same.
UNKNOWN_WORK = 60
TREE_SOLVES = 300
# With more choices a solution takes longer and the tree settles less.
TREE_CHOICES = 1000
# One question on demand.
ANSWER_SECONDS, ANSWER_WORK = 4.5, 2000
# How often the misses of ratios are made more exact in a search.
ROUNDS, ANSWER_ROUNDS = 4, 12
TRIES = 3


@dataclass(frozen=True)
class Forced:
    """The best known plan with one project forced the other way.

    `low` and `high` bracket the loss in benefit points; `high` and `choices` are None
    when no such plan is known, `impossible` is True when it is proven that none exists.
    A plan that is best only within a gap may be beaten by a forced one, so the loss can
    be below zero, by the gap at most.
    """

    low: float
    high: float | None
    choices: tuple[Choice, ...] | None
    impossible: bool
    question: Question
    answer: Answer

    @property
    def proven(self) -> bool:
        """Whether the loss is known exactly, or proven impossible."""
        if self.impossible:
            return True
        return self.high is not None and self.high - self.low <= TIE * max(
            1.0, abs(self.high)
        )


@dataclass(frozen=True)
class Known:
    """A plan that holds, and what it is worth."""

    value: float
    choices: tuple[Choice, ...]
    starts: Mapping[str, int]

    def fits(self, question: Question) -> bool:
        """Whether the plan is one that the question allows; room and outlay aside."""
        start = self.starts.get(question.project_id)
        if (start is not None) != question.included:
            return False
        return question.start_year is None or start == question.start_year


class Explainer:
    """Answers about one finished plan; keeps the relaxation and every plan it finds."""

    def __init__(
        self, problem: Problem, plan: Portfolio, limits: ReasonLimits | None = None
    ) -> None:
        """Load rows and relaxation for the plan's problem.

        Raises:
            ValueError: the portfolio holds no plan.
        """
        self.problem = problem
        self.case: Case = problem.case
        self.effort = Effort(limits or ReasonLimits.for_problem(problem))
        self.check = RowCheck(problem)
        self.relaxed = Relaxed(problem)
        self.names = {p.project_id: p.name for p in self.case.projects}
        self.outlooks: dict[str, dict[str, Threshold]] = {}
        self._grown = False
        self._pool: list[Known] = []
        self._seen: set[tuple[Choice, ...]] = set()
        self._searched: dict[Question, tuple[float | None, int]] = {}
        self._by_hand: set[Question] = set()
        self._outlook = Outlook(self)
        self.rebase(plan)

    def rebase(self, plan: Portfolio) -> None:
        """Explain this plan from now on; what is known of other plans is kept."""
        if plan.choices is None or plan.objective is None:
            msg = "there is no plan to explain"
            raise ValueError(msg)
        self.choices = plan.choices
        self.objective = plan.objective
        self.bound = plan.bound if plan.bound is not None else math.inf
        self.flags: Flags = self.check.chosen(plan.choices)
        self.chosen = {choice.project_id: choice for choice in plan.choices}
        self.outlooks = {}
        self._keep(self.flags, plan.objective)

    # ------------------------------------------------------------------ plans

    def _keep(self, flags: Flags, value: float | None = None) -> None:
        """Keep a plan that holds."""
        choices = self.check.choices(flags)
        if choices in self._seen:
            return
        self._seen.add(choices)
        if value is None:
            value = self.value(flags)
        starts = {c.project_id: c.start_year for c in choices}
        self._pool.append(Known(value, choices, starts))

    def value(self, flags: Flags) -> float:
        """Return what a plan is worth."""
        return self.problem.worth(flags)

    def best_known(self) -> Known:
        """Return the best plan known."""
        return max(self._pool, key=lambda known: known.value)

    def turned(self, project_id: str) -> Question:
        """Return the question that turns a project's answer round."""
        return Question(project_id, project_id not in self.chosen)

    def _impossible(self, question: Question) -> bool:
        project = self.case.project(question.project_id)
        columns = self.problem.by_project[question.project_id]
        lock = self.case.lock(question.project_id)
        if lock is not None and lock.included != question.included:
            return True
        return not columns if question.included else project.must_do

    def _asks_something(self, question: Question) -> bool:
        """Whether some choice would answer the question."""
        return not question.included or bool(self._columns(question))

    def try_by_hand(self, question: Question) -> None:
        """Look for a plan without a search: make room or do without, then improve."""
        if self._impossible(question) or question in self._by_hand:
            return
        self._by_hand.add(question)
        check = copy.copy(self.check)
        check.problem = self.problem.with_forced(question.project_id, question.included)
        made = [f for f in self.made(check, question) if check.holds(f)]
        if made:
            best = max(made, key=self.value)
            if question.start_year is None:
                best = polish(check, best)
            self._keep(best)

    def made(self, check: RowCheck, question: Question) -> list[Flags]:
        """Return plans of the question, mended by hand from today's."""
        project_id = question.project_id
        if not question.included:
            made = do_without(check, self.flags, project_id)
            return [] if made is None else [made]
        found = []
        columns = self._columns(question)
        for k in sorted(columns, key=lambda k: (-self.problem.values[k], k))[:TRIES]:
            made = make_room(check, self.flags, k)
            if made is not None:
                found.append(made)
        return found

    def _columns(self, question: Question) -> list[int]:
        return [
            k
            for k in self.problem.by_project[question.project_id]
            if question.start_year is None
            or self.problem.choices[k].start_year == question.start_year
        ]

    # ---------------------------------------------------------------- answers

    def answer(self, question: Question) -> Answer:
        """Return what is known of a question that changes neither outlay nor room."""
        if self._impossible(question) or not self._asks_something(question):
            return Answer(None, None, None)
        most = self.relaxed.most(question.project_id, question.included)
        searched, work = self._searched.get(question, (math.inf, 0))
        if most is None or searched is None:
            return Answer(None, None, None, work)
        most = min(most, searched, self.bound)
        known = [one for one in self._pool if one.fits(question)]
        if not known:
            return Answer(None, most, None, work)
        best = max(known, key=lambda one: one.value)
        return Answer(best.value, max(most, best.value), best.choices, work)

    def search(
        self, question: Question, work: int, effort: Effort, rounds: int = ROUNDS
    ) -> None:
        """Search for the best plan of a question, with so much work."""
        known = self.answer(question)
        asked = ask(self.problem, question)
        limits = Limits(
            seconds=max(effort.seconds, 0.05),
            work=work,
            gap=1e-7,
            seed=effort.limits.seed,
            light=True,
        )
        found = solve_problem(asked, limits, start=known.choices or (), rounds=rounds)
        effort.spent += found.work + START_WORK
        if found.stopped == "infeasible":
            self._searched[question] = None, found.work
            return
        before, done = self._searched.get(question, (math.inf, 0))
        bound = math.inf if found.bound is None else found.bound
        most = min(bound, math.inf if before is None else before)
        self._searched[question] = most, done + found.work
        if found.choices is not None:
            flags = self.check.chosen(found.choices)
            if self.check.holds(flags):
                self._keep(flags)

    def force(self, project_id: str) -> Forced:
        """Return what is known of the best plan with a project the other way."""
        question = self.turned(project_id)
        answer = self.answer(question)
        if answer.most is None:
            return Forced(0.0, None, None, True, question, answer)
        low = self.objective - answer.most
        if answer.choices is None:
            return Forced(low, None, None, False, question, answer)
        high = self.objective - evaluate_plan(self.case, answer.choices).objective
        return Forced(min(low, high), high, answer.choices, False, question, answer)

    def improve_by_hand(self) -> None:
        """Try every project the other way without a search."""
        for project in self.case.projects:
            if self.effort.late():
                return
            self.try_by_hand(self.turned(project.project_id))

    def press_bounds(self) -> None:
        """Press the bounds of all projects down, together and one by one."""
        for project in self.case.projects:
            if self.effort.late():
                return
            question = self.turned(project.project_id)
            if not self._impossible(question):
                self.relaxed.tighten(question.project_id, question.included)
        if len(self.problem.choices) <= TREE_CHOICES and not self._grown:
            self._grown = True
            self.relaxed.grow(TREE_SOLVES, self.effort.late)

    def contested(self) -> list[str]:
        """Return the projects, the most contested first: unknown, then least loss."""

        def order(project_id: str) -> tuple[int, float, str]:
            answer = self.answer(self.turned(project_id))
            if answer.least is None:
                return (0 if answer.most is not None else 2), 0.0, project_id
            return 1, self.objective - answer.least, project_id

        return sorted((p.project_id for p in self.case.projects), key=order)

    def search_all(self) -> None:
        """Search for forced plans, in a fixed order, while work and time last."""
        effort = self.effort.part(FORCED_SHARE)
        order = [
            key
            for key in self.contested()
            if self.answer(self.turned(key)).status != "proven"
        ]
        for key in order:
            question = self.turned(key)
            if self.answer(question).least is None and not effort.late():
                self.search(question, UNKNOWN_WORK, effort)
        ranks = {key: rank for rank, key in enumerate(self.contested())}
        unknown = {key for key in order if self.answer(self.turned(key)).least is None}
        order.sort(key=lambda key: (key in unknown, ranks[key]))
        for i, key in enumerate(order):
            question = self.turned(key)
            if self.answer(question).status == "proven":
                continue
            if effort.left < LEAST_WORK or effort.late():
                break
            share = effort.left // (len(order) - i)
            self.search(question, min(max(share, LEAST_WORK), MOST_WORK), effort)
        self.effort.spent += effort.spent

    # ------------------------------------------------- what it would take

    def look_round(self, progress: Callable[[], None] | None = None) -> None:
        """Find what it would take to change each answer, while work and time last."""
        for project_id in self.contested():
            if self.effort.left < BUILD_WORK or self.effort.late():
                return
            self.outlook(project_id)
            if progress is not None:
                progress()

    def outlook(self, project_id: str) -> dict[str, Threshold]:
        """Return how outlay and room would have to change, by `outlay` and `room`."""
        if project_id not in self.outlooks:
            self.outlooks[project_id] = self._outlook.of(project_id)
        return self.outlooks[project_id]

    def settle(self, question: Question) -> dict[str, Any]:
        """Return the answer to a question as exactly as the effort allows."""
        self.try_by_hand(question)
        if not self._impossible(question) and self._asks_something(question):
            bound = self.relaxed.tighten(
                question.project_id, question.included, question.start_year
            )
            self._searched[question] = bound, 0
            answer = self.answer(question)
            work = self.effort.left
            if answer.status != "proven" and work > 0 and not self.effort.late():
                self.search(question, work, self.effort, ANSWER_ROUNDS)
        answer = self.answer(question)
        found: dict[str, Any] = {
            "question": question.as_dict(),
            "answer": answer.as_dict(),
            "status": answer.status,
            "work": answer.work,
            "impossible": answer.most is None,
            "loss_low": None if answer.most is None else self.objective - answer.most,
            "loss_high": None
            if answer.least is None
            else self.objective - answer.least,
            "changes": None,
        }
        if answer.choices is not None:
            found |= self.differences(answer.choices)
            found["changes"] = plan_changes(self.choices, answer.choices)
        return found

    def differences(self, other: Sequence[Choice]) -> dict[str, Any]:
        """Return who leaves, enters, moves and switches alternative in another plan."""
        return choice_differences(self.choices, other)


def answer_for(
    problem: Problem,
    plan: Portfolio,
    project_id: str,
    start_year: int | None = None,
    limits: ReasonLimits | None = None,
) -> dict[str, Any]:
    """Return what it would take for a project to be in, or to start a given year.

    Without a year: what if the answer about the project were the other way.

    Args:
        problem: from `build_problem`.
        plan: the finished plan.
        project_id: which project.
        start_year: the year in which it must start; None for any year.
        limits: how much work and time; five seconds unless told otherwise.

    Returns:
        `question`, `answer`, `status`, `work`; `loss_low` and `loss_high` in points
        (`loss_high` None while no such plan is known); `impossible`; `stopped` (`done`,
        `work` or `time`); the other plan as `changes`, and what differs as `leaves`,
        `enters`, `moves`, `switches`.

    Raises:
        KeyError: there is no such project.
        ValueError: there is no plan to compare with.

    Source:
        METHODS 6 no. 1; method page docs/method/reasons.md.
    """
    limits = limits or ReasonLimits(seconds=ANSWER_SECONDS, work=ANSWER_WORK)
    explainer = Explainer(problem, plan, limits)
    effort = explainer.effort
    problem.case.project(project_id)
    question = (
        explainer.turned(project_id)
        if start_year is None
        else Question(project_id, included=True, start_year=start_year)
    )
    return {
        **explainer.settle(question),
        "stopped": "time" if effort.late() else "work" if effort.left <= 0 else "done",
    }
