"""What plan holds with the certainty that is asked for, and what does that cost?

The planner plans for one path. Here a requirement is given a buffer in every year, as
large as the bad draws are bad; the plan is made to keep the buffer, is run through all
the draws, and the buffer is tightened or loosened until the requirement holds in as
large a share of them as is asked for. Three samples are kept apart: the search looks
at one, the plan is chosen on another, and the share told in the end is counted once, on
draws that neither has seen. Leaves out how the draws are made (capacity.uncertainty).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.capacity.indicators import GOAL_TOLERANCE
from rodtrad.capacity.probability import (
    BALANSKRAV,
    make_draws,
    simulate_plan,
    slack_before_reserves,
    standard_error,
)
from rodtrad.capacity.result import choice_differences
from rodtrad.domain.arrays import Goal
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.milp import Limits, solve_problem
from rodtrad.plan.problem import SCALE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rodtrad.capacity.probability import Draws
    from rodtrad.domain.arrays import Array, Case, Choice
    from rodtrad.plan.milp import Portfolio
    from rodtrad.plan.problem import Problem

SEARCH_DRAWS: Final = 1000
JUDGE_DRAWS: Final = 4000
FRESH_DRAWS: Final = 4000
MOST_STEPS: Final = 10
# The search begins no further out than this: few draws lie there.
LEAST_QUANTILE: Final = 0.005
# Reserves are trusted to cover no more than this share of the draws of a year.
MOST_QUANTILE: Final = 0.9
# Quantiles that differ less than so many times give the same plans.
CLOSE_ENOUGH: Final = 1.15
# How far the seeds of the samples lie from that of the search.
_JUDGE_SEED: Final = 2_000_003
_FRESH_SEED: Final = 1_000_003
_NAME: Final = "risk"


@dataclass(frozen=True)
class RiskStep:
    """One buffer that was tried.

    `quantile` is which draw the buffer is cut to: each year's requirement must hold in
    that bad a draw of the year. `objective` and `probability` are None where no plan
    keeps the buffer.
    """

    quantile: float
    objective: float | None
    probability: float | None


@dataclass(frozen=True)
class RiskPlan:
    """A plan that holds with the certainty asked for, and what it costs.

    `probability` is on draws that neither the search nor the choice has seen, with its
    standard error; `base_probability` that of the plan without the demand. `status` is
    `met` if `probability` is at least `share`, else `not_met`. `judged` and
    `base_judged` are the same shares on the draws that the choice was made on: a plan
    with `judged` of at least `judged_limit` was chosen as safe enough and may still
    fall short by chance; below it none was found, and `plan` is the safest there was.
    `price_points` are the benefit points given up; `differences` which projects leave,
    enter, move and switch. `steps` are the buffers tried, in order.
    """

    goal_id: str
    share: float
    from_year: int
    to_year: int
    status: Literal["met", "not_met"]
    plan: Portfolio
    probability: float
    standard_error: float
    base_probability: float
    judged: float
    base_judged: float
    judged_limit: float
    price_points: float
    differences: Mapping[str, Sequence[Any]]
    steps: tuple[RiskStep, ...]
    draws: int

    def as_dict(self) -> dict[str, Any]:
        """Return it as `plan.json` holds it."""
        return {
            "goal_id": self.goal_id,
            "share": self.share,
            "from_year": self.from_year,
            "to_year": self.to_year,
            "status": self.status,
            "probability": self.probability,
            "standard_error": self.standard_error,
            "base_probability": self.base_probability,
            "judged": self.judged,
            "base_judged": self.base_judged,
            "judged_limit": self.judged_limit,
            "price_points": self.price_points,
            "draws": self.draws,
            "differences": {k: list(v) for k, v in self.differences.items()},
            "choices": [
                {
                    "project_id": c.project_id,
                    "alternative_id": c.alternative_id,
                    "start_year": c.start_year,
                }
                for c in self.plan.choices or ()
            ],
            "search": {
                "state": self.plan.state,
                "gap": self.plan.gap,
                "steps": [
                    {
                        "quantile": step.quantile,
                        "objective": step.objective,
                        "probability": step.probability,
                    }
                    for step in self.steps
                ],
            },
        }


def plan_with_certainty(
    problem: Problem,
    plan: Portfolio,
    share: float,
    *,
    goal_id: str = BALANSKRAV,
    from_year: int | None = None,
    to_year: int | None = None,
    seed: int = 1,
    limits: Limits | None = None,
    draws: int = SEARCH_DRAWS,
    judge_draws: int = JUDGE_DRAWS,
    fresh_draws: int = FRESH_DRAWS,
    population: Callable[[int, int], Array | None] | None = None,
) -> RiskPlan:
    """Return the best plan found that keeps a requirement with the certainty asked for.

    Args:
        problem: the planning problem.
        plan: its finished plan, without the demand.
        share: in at least this share of the draws the requirement holds in all the
            years from `from_year` to `to_year`.
        goal_id: `balanskrav`, or the id of a goal (`must` or `aim`).
        from_year: None is the first year of the plan.
        to_year: None is the last year of the plan.
        seed: of the draws and of the solver.
        limits: of each search for a plan; there are at most `MOST_STEPS`.
        draws: of the search.
        judge_draws: that the plan is chosen on.
        fresh_draws: of the probability that is told.
        population: gives `[year, draw]` for a number of draws and a seed, as
            `capacity.uncertainty.draw_swings` takes it, or None for the built-in.

    Raises:
        ValueError: a share outside 0 < share < 1, a portfolio without a plan, or no
            such goal in these years.

    Source:
        METHODS 5 (chance constraints through a conservative path); method page
        docs/method/risk.md.
    """
    if not 0 < share < 1:
        msg = "the share lies between zero and one"
        raise ValueError(msg)
    if plan.choices is None or plan.objective is None:
        msg = "there is no plan to make safer"
        raise ValueError(msg)
    case = problem.case
    first = max(from_year or case.plan_start, case.plan_start)
    last = min(to_year or case.plan_end, case.plan_end)
    goal = _goal(case, goal_id, first, last)
    search = _Search(
        problem,
        goal,
        goal_id,
        (first, last),
        share,
        limits or Limits(seed=seed),
        _drawn(case, draws, seed, population),
        _drawn(case, judge_draws, seed + _JUDGE_SEED, population),
        _drawn(case, fresh_draws, seed + _FRESH_SEED, population),
    )
    return search.run(plan)


def _drawn(
    case: Case,
    count: int,
    seed: int,
    population: Callable[[int, int], Array | None] | None,
) -> Draws:
    people = None if population is None else population(count, seed)
    return make_draws(case, count, seed, population=people)


def _with_margin(share: float, draws: Draws) -> float:
    """Return a share and the error of the drawing on top, at most one."""
    return min(share + standard_error(share, draws.count), 1.0)


def _goal(case: Case, goal_id: str, first: int, last: int) -> Goal:
    """Return the requirement as a goal that must hold in these years."""
    if goal_id == BALANSKRAV and first <= last:
        return Goal(
            goal_id=_NAME,
            name=BALANSKRAV,
            indicator="bkr_andel",
            operator=">=",
            value=0.0,
            from_year=first,
            to_year=last,
            window=1,
            period="year",
            level="must",
            price=0.0,
        )
    own = next((goal for goal in case.goals if goal.goal_id == goal_id), None)
    if own is not None:
        # A window ends in the years asked for, though it may begin before them.
        begins = max(own.from_year, first - own.window + 1)
        narrowed = replace(
            own,
            goal_id=_NAME,
            level="must",
            price=0.0,
            from_year=begins,
            to_year=min(own.to_year, last),
        )
        if len(narrowed.window_ends):
            return narrowed
    msg = f"no goal {goal_id!r} in the years {first}-{last}"
    raise ValueError(msg)


@dataclass(frozen=True)
class _Noise:
    """What the draws add to a plan's slack, `[window, draw]`, tkr or kronor.

    `eased` `[window]` is how many times more often the slack is short than the
    requirement is broken: reserves cover the rest. `kept` tells whether the plan keeps
    the requirement on its path.
    """

    drawn: Array
    eased: Array
    kept: bool

    def buffer(self, quantile: float) -> Array:
        """Return the slack to plan for in each window, `[window]`.

        With it the requirement is broken in a share `quantile` of the draws of each
        year, whatever reserves there are. Negative where reserves do more than is
        asked, or where `quantile` is above one half.
        """
        levels = np.clip(quantile * np.maximum(self.eased, 1.0), 0.0, MOST_QUANTILE)
        levels = np.maximum(levels, quantile)
        rows = zip(self.drawn, levels, strict=True)
        return np.array([-np.quantile(row, level) for row, level in rows])


@dataclass
class _Search:
    """The search for a buffer that is large enough and no larger."""

    problem: Problem
    goal: Goal
    goal_id: str
    years: tuple[int, int]
    share: float
    limits: Limits
    seen: Draws
    judge: Draws
    fresh: Draws

    def run(self, plan: Portfolio) -> RiskPlan:
        """Return the best plan that is safe enough, or the safest there is."""
        decided = plan.choices or ()
        target = _with_margin(self.share, self.seen)
        base = self.probability(self.judge, decided)
        if base >= self.judged_limit:
            return self.result(plan, plan, base, base, ())
        steps: list[RiskStep] = []
        tried: list[tuple[Portfolio, float]] = []  # plan, share of the judging draws
        safe: list[tuple[Portfolio, float]] = []
        noise = self.noise(decided)
        # Buffers known to be large enough, impossible, and too small.
        enough, strict = 0.0, 0.0
        risky = 0.5 if noise.kept else MOST_QUANTILE
        quantile = max((1.0 - self.share) / 2, LEAST_QUANTILE)
        start = decided
        for _step in range(MOST_STEPS):
            found = self.solve(quantile, noise, start)
            if found.choices is None:
                steps.append(RiskStep(quantile, None, None))
                strict = quantile
            else:
                reached = self.probability(self.seen, found.choices)
                steps.append(RiskStep(quantile, found.objective, reached))
                judged = self.probability(self.judge, found.choices)
                tried.append((found, judged))
                if reached >= target and judged >= self.judged_limit:
                    safe.append((found, judged))
                    enough = quantile
                else:
                    risky = quantile
                # The buffers of the next plan follow what strikes this one.
                noise, start = self.noise(found.choices), found.choices
            low = max(enough, strict, LEAST_QUANTILE / 2)
            if risky / low < CLOSE_ENOUGH:
                if enough >= strict:
                    break
                # What was impossible for another plan's noise may not be so for this.
                low = strict = strict / 2
                if low < LEAST_QUANTILE:
                    break
            quantile = float(np.sqrt(low * risky))
        if safe:
            best, judged = max(safe, key=lambda pair: pair[0].objective or 0.0)
        else:
            best, judged = max([(plan, base), *tried], key=lambda pair: pair[1])
        return self.result(best, plan, judged, base, tuple(steps))

    @property
    def judged_limit(self) -> float:
        """The share that a plan must reach to be chosen as safe enough.

        Above what is asked for by the error of the drawing, so that it seldom falls
        short on the draws that the share is told from.
        """
        return _with_margin(self.share, self.judge)

    def probability(self, draws: Draws, choices: Sequence[Choice]) -> float:
        """Return the share of draws in which the requirement holds in all its years."""
        found = simulate_plan(draws, choices, lines=(), indicators=())
        held = found.probability_all_years(self.goal_id, *self.years)
        return 0.0 if held is None else held

    def noise(self, choices: Sequence[Choice]) -> _Noise:
        """Return how a plan's slack differs from the planned one, and what helps it."""
        found = simulate_plan(
            self.seen, choices, lines=(), indicators=(), slacks_of=(self.goal,)
        )
        case = self.problem.case
        planned = evaluate_plan(case, choices)
        slack = slack_before_reserves(
            case, planned.years, self.goal, planned.balanskrav.rows["areb"]
        )
        drawn = found.slacks[self.goal.goal_id]
        at = [year - case.plan_start for year in self.goal.window_ends]
        short = (drawn < 0).mean(axis=1)
        broken = 1.0 - found.met[self.goal_id][at].mean(axis=1)
        least = 1.0 / self.seen.count
        kept = bool((slack >= -GOAL_TOLERANCE * case.base_tkr).all())
        return _Noise(drawn - slack, (short + least) / (broken + least), kept)

    def solve(
        self, quantile: float, noise: _Noise, start: Sequence[Choice]
    ) -> Portfolio:
        """Return the best plan that keeps the buffer of a quantile."""
        return solve_problem(
            self.tightened(noise.buffer(quantile)), self.limits, start=start
        )

    def tightened(self, buffer: Array) -> Problem:
        """Return the problem with the requirement and a buffer, `[window]`.

        The rows are those the planner itself makes for such a goal.
        """
        own = self.problem
        case = replace(own.case, goals=(*own.case.goals, self.goal))
        more = build_problem(case)
        by_year = dict(zip(self.goal.window_ends, buffer, strict=True))
        known = {row.name for row in own.rows}
        unit = SCALE / (1000.0 if self.goal.indicator == "lan_inv" else 1.0)
        rows = list(own.rows)
        for row in more.rows:
            if row.requirement == f"goal:{self.goal.goal_id}":
                rows.append(replace(row, lower=row.lower + unit * by_year[row.year]))
            elif row.name not in known:
                rows.append(row)
        names = {variable.name for variable in own.variables}
        added = [v for v in more.variables if v.name not in names]
        return replace(own, rows=tuple(rows), variables=(*own.variables, *added))

    def result(
        self,
        best: Portfolio,
        plan: Portfolio,
        judged: float,
        base_judged: float,
        steps: tuple[RiskStep, ...],
    ) -> RiskPlan:
        """Return what is told of the search; the fresh draws are looked at here only."""
        base = told = self.probability(self.fresh, plan.choices or ())
        if best.choices != plan.choices:
            told = self.probability(self.fresh, best.choices or ())
        given_up = (plan.objective or 0.0) - (best.objective or 0.0)
        return RiskPlan(
            goal_id=self.goal_id,
            share=self.share,
            from_year=self.years[0],
            to_year=self.years[1],
            status="met" if told >= self.share else "not_met",
            plan=best,
            probability=told,
            standard_error=standard_error(told, self.fresh.count),
            base_probability=base,
            judged=judged,
            base_judged=base_judged,
            judged_limit=self.judged_limit,
            price_points=given_up,
            differences=choice_differences(plan.choices or (), best.choices or ()),
            steps=steps,
            draws=self.fresh.count,
        )
