"""What if? Questions about a finished plan, and what an answer to one is.

A question changes the problem: a project must be in or out, start a certain year, cost
another amount, or there is more room. Its answer brackets what the best plan is then
worth: `least` belongs to a plan that exists, `most` no plan can pass. Question and
answer are stored together, so that anybody can solve the question again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from rodtrad.capacity.headroom import room_in, with_room
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.problem import Expression, Row, safe_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.domain.arrays import Case, Choice
    from rodtrad.plan.problem import Problem

Status = Literal["proven", "interval", "open"]

TIE = 1e-6
# All reasons share this much of the solver's work and this many seconds; the work is
# what ends them unless the machine is slow, so that the same input gives the same.
SEARCH_WORK = 1500
SEARCH_SECONDS = 30.0
SEARCH_CHOICES, MOST_MORE = 400, 2.0
# A problem built anew counts as so much work, and so does what a search does first.
BUILD_WORK = 6
START_WORK = 30


@dataclass(frozen=True)
class ReasonLimits:
    """How much work, and how many seconds, all reasons together may take.

    Work is counted as in `plan.milp.Limits`.
    """

    seconds: float = SEARCH_SECONDS
    work: int = SEARCH_WORK
    seed: int = 1

    @classmethod
    def for_problem(
        cls, problem: Problem, seconds: float = SEARCH_SECONDS
    ) -> ReasonLimits:
        """Return limits that suit a problem: where a step is quick there are more."""
        more = min(max(SEARCH_CHOICES / max(len(problem.choices), 1), 1.0), MOST_MORE)
        return cls(seconds, int(SEARCH_WORK * more))


@dataclass
class Effort:
    """What is left of the work and the time."""

    limits: ReasonLimits
    spent: int = 0
    began: float = field(default_factory=time.perf_counter)

    @property
    def left(self) -> int:
        """The work that is left."""
        return self.limits.work - self.spent

    @property
    def seconds(self) -> float:
        """The seconds that are left."""
        return self.limits.seconds - (time.perf_counter() - self.began)

    def late(self) -> bool:
        """Whether the time is out."""
        return self.seconds <= 0

    def part(self, share: float) -> Effort:
        """Return a share of what is left as an effort of its own."""
        limits = ReasonLimits(
            self.seconds * share, int(self.left * share), self.limits.seed
        )
        return Effort(limits)


@dataclass(frozen=True)
class Question:
    """What if? A project in or out, with what else is then changed.

    `outlay_factor` multiplies every outlay of the project; `room_tkr` is room for
    investment in the plan's first year (`capacity.headroom.with_room`).
    """

    project_id: str
    included: bool
    start_year: int | None = None
    outlay_factor: float = 1.0
    room_tkr: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the question as `plan.json` shows it."""
        force: dict[str, Any] = {"project_id": self.project_id, "in": self.included}
        if self.start_year is not None:
            force["start_year"] = self.start_year
        found: dict[str, Any] = {"force": force}
        if self.outlay_factor != 1.0:
            found["outlay_factor"] = self.outlay_factor
        if self.room_tkr:
            found["room_tkr"] = self.room_tkr
        return found


def read_question(data: Mapping[str, Any]) -> Question:
    """Return the question that `as_dict` wrote."""
    force = data["force"]
    return Question(
        str(force["project_id"]),
        bool(force["in"]),
        force.get("start_year"),
        float(data.get("outlay_factor", 1.0)),
        float(data.get("room_tkr", 0.0)),
    )


def ask(problem: Problem, question: Question) -> Problem:
    """Return the problem that a question asks about."""
    project_id = question.project_id
    case = problem.case
    if question.outlay_factor != 1.0:
        case = scale_outlay(case, project_id, question.outlay_factor)
    if question.room_tkr:
        case = more_room(case, question.room_tkr)
    if case is not problem.case:
        problem = replace(build_problem(case), forced=problem.forced)
    if question.start_year is not None:
        columns = [
            k
            for k in problem.by_project[project_id]
            if problem.choices[k].start_year == question.start_year
        ]
        name = f"asked({safe_name(project_id)},{question.start_year})"
        asked = Expression.of(columns)
        row = Row(name, f"asked:{project_id}", question.start_year, asked, 1.0, 1.0)
        problem = problem.with_rows((*problem.rows, row))
    return problem.with_forced(project_id, question.included)


def more_room(case: Case, room_tkr: float) -> Case:
    """Return the case with so much more room in the plan's first year."""
    return with_room(case, room_in(case, case.plan_start, room_tkr))


def scale_outlay(case: Case, project_id: str, factor: float) -> Case:
    """Return the case with every outlay of a project multiplied by a factor."""

    def scaled(outlay: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(factor * x for x in outlay)

    projects = tuple(
        replace(
            project,
            alternatives=tuple(
                replace(a, outlay=scaled(a.outlay)) for a in project.alternatives
            ),
        )
        if project.project_id == project_id
        else project
        for project in case.projects
    )
    return replace(case, projects=projects)


@dataclass(frozen=True)
class Answer:
    """What the best plan is worth under a question, as far as is known.

    `least` is the value of `choices`, None while no such plan is known; `most` is None
    when it is proven that there is none.
    """

    least: float | None
    most: float | None
    choices: tuple[Choice, ...] | None
    work: int = 0

    @property
    def status(self) -> Status:
        """Known exactly, between two values, or not yet known to be possible."""
        if self.most is None:
            return "proven"
        if self.least is None:
            return "open"
        near = TIE * max(1.0, abs(self.least))
        return "proven" if self.most - self.least <= near else "interval"

    def as_dict(self) -> dict[str, Any]:
        """Return the answer as `plan.json` shows it; no more than the values."""
        return {"least": self.least, "most": self.most}


def plan_changes(one: Sequence[Choice], other: Sequence[Choice]) -> dict[str, Any]:
    """Return another plan as what to take out of the first, and what to put in."""
    kept = set(one) & set(other)
    return {
        "take_out": sorted({c.project_id for c in one if c not in kept}),
        "put_in": [list(c) for c in sorted(other) if c not in kept],
    }
