"""Why is each project in or out, and what would it take? Claims that re-solve to true.

For every project: what the plan does with it, the limit that decides, and the loss of
value from forcing it the other way, as an interval that is always true: the upper end
belongs to a plan that exists, the lower end to a bound that no plan can pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.domain.words import (
    _,
    list_text,
    money_text,
    names_text,
    quoted,
    share_text,
    years_text,
)
from rodtrad.explain.limits import Obstacle, obstacle_text, obstacles, points
from rodtrad.plan.greedy import RowCheck, grow, make_room
from rodtrad.plan.milp import Limits, Relaxation, solve_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rodtrad.domain.arrays import Case, Choice, Project
    from rodtrad.plan.greedy import Flags
    from rodtrad.plan.milp import Portfolio
    from rodtrad.plan.problem import Problem

# The searches of all reasons share this much work; below the least they are left out.
SEARCH_WORK = 500
LEAST_WORK = 20
TIE = 1e-6


@dataclass(frozen=True)
class Forced:
    """The best known plan with one project forced the other way.

    `low` and `high` bracket the loss in benefit points; `high` and `choices` are None
    when no such plan is known, `impossible` is True when it is proven that none exists.
    """

    low: float
    high: float | None
    choices: tuple[Choice, ...] | None
    impossible: bool

    @property
    def proven(self) -> bool:
        """Whether the loss is known exactly, or proven impossible."""
        if self.impossible:
            return True
        return self.high is not None and self.high - self.low <= TIE * max(
            1.0, abs(self.high)
        )


class Explainer:
    """Answers about one finished plan; keeps the relaxation and the rows warm."""

    def __init__(self, problem: Problem, plan: Portfolio, seed: int = 1) -> None:
        """Load rows and relaxation for the plan's problem.

        Raises:
            ValueError: the portfolio holds no plan.
        """
        if plan.choices is None or plan.objective is None:
            msg = "there is no plan to explain"
            raise ValueError(msg)
        self.problem = problem
        self.case: Case = problem.case
        self.choices = plan.choices
        self.objective = plan.objective
        self.bound = plan.bound if plan.bound is not None else float("inf")
        self.check = RowCheck(problem)
        self.flags: Flags = self.check.chosen(plan.choices)
        self.relaxation = Relaxation(problem)
        self.names = {p.project_id: p.name for p in self.case.projects}
        self.chosen = {choice.project_id: choice for choice in plan.choices}
        self._seed = seed
        self._work = SEARCH_WORK // max(len(self.case.projects), 1)

    def force(self, project_id: str) -> Forced:
        """Return what is known of the best plan with a project the other way."""
        included = project_id not in self.chosen
        project = self.case.project(project_id)
        columns = self.problem.by_project[project_id]
        if (included and not columns) or (not included and project.must_do):
            return Forced(0.0, None, None, impossible=True)
        bound = self.relaxation.bound_forced(project_id, included)
        if bound is None:
            return Forced(0.0, None, None, impossible=True)
        best = self._quick(project_id, included)
        if self._work >= LEAST_WORK:
            forced = self.problem.with_forced(project_id, included)
            limits = Limits(seconds=60.0, work=self._work, gap=1e-6, seed=self._seed)
            found = solve_problem(forced, limits, start=best or (), rounds=1)
            if found.stopped == "infeasible":
                return Forced(0.0, None, None, impossible=True)
            if found.bound is not None:
                bound = min(bound, found.bound)
            if found.choices is not None:
                best = found.choices
        low = max(self.objective - min(bound, self.bound), 0.0)
        if best is None:
            return Forced(low, None, None, impossible=False)
        high = self.objective - evaluate_plan(self.case, best).objective
        return Forced(min(low, max(high, 0.0)), high, best, impossible=False)

    def _quick(self, project_id: str, included: bool) -> tuple[Choice, ...] | None:
        """Return a plan with the project forced, by hand: make room, then grow."""
        check = self.check
        tries: list[Flags] = []
        if included:
            columns = sorted(
                self.problem.by_project[project_id],
                key=lambda k: (-self.problem.values[k], k),
            )
            for k in columns[:3]:
                made = make_room(check, self.flags, k)
                if made is not None:
                    tries.append(made)
        else:
            without = check.without(self.flags, project_id)
            if not check.shortfall(without).any():
                tries.append(grow(check, without, leave_out=project_id))
        plans = [check.choices(flags) for flags in tries]
        return max(
            plans,
            key=lambda plan: evaluate_plan(self.case, plan).objective,
            default=None,
        )

    def differences(self, other: Sequence[Choice]) -> dict[str, Any]:
        """Return who leaves, enters and moves from the plan to another one."""
        theirs = {choice.project_id: choice for choice in other}
        return {
            "leaves": sorted(set(self.chosen) - set(theirs)),
            "enters": sorted(set(theirs) - set(self.chosen)),
            "moves": [
                {
                    "project_id": key,
                    "from": self.chosen[key].start_year,
                    "to": theirs[key].start_year,
                }
                for key in sorted(set(self.chosen) & set(theirs))
                if self.chosen[key].start_year != theirs[key].start_year
            ],
        }


def explain_portfolio(
    problem: Problem,
    plan: Portfolio,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[dict[str, Any]]:
    """Return the reasons of every project, sorted by project id.

    Source:
        METHODS 6 no. 1; method page docs/method/reasons.md.
    """
    explainer = Explainer(problem, plan, seed)
    reasons = []
    for i, project in enumerate(problem.case.projects):
        reasons.append(explain_project(explainer, project))
        if progress is not None:
            progress(i + 1, len(problem.case.projects))
    return reasons


def explain_project(explainer: Explainer, project: Project) -> dict[str, Any]:
    """Return state, sentences, deciding limit, forced plan and claims of a project."""
    inside = project.project_id in explainer.chosen
    forced = explainer.force(project.project_id)
    if inside:
        text, limit, claims = _why_in(explainer, project, forced)
    else:
        text, limit, claims = _why_out(explainer, project, forced)
    force: dict[str, Any] = {
        "loss_low": forced.low,
        "loss_high": forced.high,
        "proven": forced.proven,
        "impossible": forced.impossible,
        "choices": None,
        "leaves": [],
        "enters": [],
        "moves": [],
    }
    if forced.choices is not None:
        force |= explainer.differences(forced.choices)
        force["choices"] = [list(choice) for choice in forced.choices]
    claims.append(
        {
            "kind": "forced_in" if not inside else "forced_out",
            "impossible": forced.impossible,
            "loss_low": forced.low,
            "loss_high": forced.high,
        }
    )
    return {
        "project_id": project.project_id,
        "state": "in" if inside else "out",
        "text": text,
        "limit": limit,
        "force": force,
        "claims": claims,
    }


def _loss_text(forced: Forced, exact: str, nothing: str) -> str:
    """Return the sentence on the loss, as exact as it is proven."""
    if forced.high is None:
        return nothing
    high = max(forced.high, 0.0)
    if forced.proven or points(forced.low) == points(high):
        return exact.format(np=points(high))
    if points(forced.low) == points(0.0):
        return exact.format(np=_("högst {np}").format(np=points(high)))
    span = _("mellan {np1} och {np2}").format(np1=points(forced.low), np2=points(high))
    return exact.format(np=span)


def _why_in(
    explainer: Explainer, project: Project, forced: Forced
) -> tuple[list[str], dict[str, Any] | None, list[dict[str, Any]]]:
    name = quoted(project.name)
    choice = explainer.chosen[project.project_id]
    text = []
    if project.must_do:
        text.append(
            _("Projektet {p} är tvingande och ska vara i bruk senast {y}.").format(
                p=name, y=project.deadline_year
            )
        )
    elif forced.impossible:
        text.append(
            _("Projektet {p} ingår. Utan det går kraven inte ihop.").format(p=name)
        )
    else:
        text.append(
            _loss_text(
                forced,
                _(
                    "Projektet {p} ingår. Utan det blir planens nytta {np} nyttopoäng "
                    "lägre, även när pengarna går till det näst bästa."
                ).replace("{p}", name),
                _("Projektet {p} ingår.").replace("{p}", name),
            )
        )
    when, limit, claims = _why_then(explainer, project, choice)
    text += when
    if project.waiting_cost > 0:
        text.append(
            _("Varje års väntan kostar {kr}.").format(
                kr=money_text(
                    project.waiting_cost, explainer.case.tables.settings["currency"]
                )
            )
        )
    if project.financing == "taxa":
        text.append(
            _("Projektet betalas med avgifter. Skatten påverkas inte, men lånen ökar.")
        )
    text += _swap(explainer, project.project_id, forced)
    return text, limit, claims


def _why_then(
    explainer: Explainer, project: Project, choice: Choice
) -> tuple[list[str], dict[str, Any] | None, list[dict[str, Any]]]:
    """Return why the project starts when it does."""
    problem, check = explainer.problem, explainer.check
    earlier = [
        k
        for k in problem.by_project[project.project_id]
        if problem.choices[k].alternative_id == choice.alternative_id
        and problem.choices[k].start_year < choice.start_year
    ]
    if not earlier:
        return (
            [
                _("Det startar {y}, så tidigt som underlaget tillåter.").format(
                    y=choice.start_year
                )
            ],
            None,
            [{"kind": "earliest", "start_year": choice.start_year}],
        )
    without = check.without(explainer.flags, project.project_id)
    ways = obstacles(check, without, earlier)
    free = [k for k, way in zip(earlier, ways, strict=True) if not way]
    if free:
        sooner = problem.choices[free[0]]
        trial = without.copy()
        trial[free[0]] = True
        gain = (
            evaluate_plan(explainer.case, check.choices(trial)).objective
            - explainer.objective
        )
        return (
            [
                _(
                    "Det startar {y}. Start {y0} håller också alla krav men gör planens "
                    "nytta {np} nyttopoäng lägre."
                ).format(
                    y=choice.start_year, y0=sooner.start_year, np=points(max(-gain, 0))
                )
            ],
            None,
            [{"kind": "start_possible", "start_year": sooner.start_year, "gain": gain}],
        )
    sooner = problem.choices[earlier[-1]]
    broken = ways[-1]
    return (
        [
            _("Det startar {y}. Med start {y0} bryts {what}.").format(
                y=choice.start_year,
                y0=sooner.start_year,
                what=_list_obstacles(explainer.case, broken),
            )
        ],
        broken[0].as_dict(),
        [
            {
                "kind": "start_breaks",
                "start_year": sooner.start_year,
                "breaks": [obstacle.as_dict() for obstacle in broken],
            }
        ],
    )


def _list_obstacles(case: Case, broken: Sequence[Obstacle]) -> str:
    money = [o for o in broken if o.kind in ("goal", "resource")]
    relations = [o for o in broken if o.kind == "relation"]
    words = [obstacle_text(case, o) for o in money]
    words += [_relation_text(case, o.key) for o in relations]
    if len(words) > 3:
        words = [*words[:3], _("{n} krav till").format(n=len(words) - 3)]
    return list_text(words)


def _relation_text(case: Case, key: str) -> str:
    _kind, pair = key.rstrip(")").split("(", 1)
    one, other = pair.split(",", 1)
    return _("sambandet mellan {p} och {q}").format(
        p=quoted(case.project(one).name), q=quoted(case.project(other).name)
    )


def _why_out(
    explainer: Explainer, project: Project, forced: Forced
) -> tuple[list[str], dict[str, Any] | None, list[dict[str, Any]]]:
    name, case = quoted(project.name), explainer.case
    columns = list(explainer.problem.by_project[project.project_id])
    if not columns:
        built = project.shortest_build_years
        return (
            [
                _(
                    "Projektet {p} hinner inte bli klart. Det tar {n} år, och planen "
                    "slutar {y}."
                ).format(p=name, n=built, y=case.plan_end)
            ],
            None,
            [{"kind": "no_start"}],
        )
    nothing = np.zeros_like(explainer.flags)
    already = {row.requirement for row in _broken_rows(explainer, nothing)}
    alone = obstacles(explainer.check, nothing, columns)
    by_itself = [
        [o for o in way if o.kind == "goal" and f"goal:{o.key}" not in already]
        for way in alone
    ]
    ways = obstacles(explainer.check, explainer.flags, columns)
    nearest = min(
        range(len(columns)),
        key=lambda j: (sum(max(1, len(o.years)) for o in ways[j]), j),
    )
    way = ways[nearest]
    claim: dict[str, Any] = {
        "kind": "added_breaks",
        "choice": list(explainer.problem.choices[columns[nearest]]),
        "breaks": [o.as_dict() for o in way],
    }
    limit = way[0].as_dict() if way else None
    if all(by_itself):
        lightest = min(by_itself, key=lambda w: sum(len(o.years) for o in w))
        text = [
            _(
                "Projektet {p} går inte att göra, inte ens om inget annat görs. "
                "Det bryter {what}."
            ).format(p=name, what=_list_obstacles(case, lightest))
        ]
        return text, lightest[0].as_dict(), [claim, {"kind": "alone_breaks"}]
    if not way:
        text = [_fits_but(explainer, project, columns[nearest], forced)]
        return text, None, [{**claim, "kind": "added_fits"}]
    relations = [o for o in way if o.kind == "relation"]
    if relations and len(relations) == len(way):
        text = [_relation_reason(case, project, relations[0])]
    elif all(o.kind == "resource" for o in way):
        text = [
            _("Projektet {p} ryms inte, eftersom {what} inte räcker.").format(
                p=name,
                what=list_text(
                    [
                        _("{r} {ys}").format(r=quoted(o.key), ys=years_text(o.years))
                        for o in way
                    ]
                ),
            )
        ]
    else:
        text = [
            _("Projektet {p} ryms inte. Läggs det till bryts {what}.").format(
                p=name, what=_list_obstacles(case, way)
            )
        ]
    if forced.impossible:
        text.append(_("Det går inte att ta in, vad som än väljs bort."))
    else:
        text.append(
            _loss_text(
                forced,
                _("Tas det in ändå, minskar planens nytta med {np} nyttopoäng."),
                _("Beräkningen har inte hunnit avgöra vad det skulle kosta."),
            )
        )
    text += _swap(explainer, project.project_id, forced)
    return text, limit, [claim]


def _broken_rows(explainer: Explainer, flags: Flags) -> list[Any]:
    short = explainer.check.shortfall(flags)[:, 0]
    return [explainer.check.rows[i] for i in np.flatnonzero(short)]


def _fits_but(
    explainer: Explainer, project: Project, column: int, forced: Forced
) -> str:
    """Return why a project that fits is left out: it lowers the plan's benefit."""
    trial = explainer.flags.copy()
    trial[column] = True
    plan = evaluate_plan(explainer.case, explainer.check.choices(trial))
    loss = explainer.objective - plan.objective
    name = quoted(project.name)
    if loss <= TIE * max(1.0, abs(explainer.objective)):
        gap = explainer.bound - explainer.objective
        share = max(gap, 0.0) / max(abs(explainer.objective), 1e-9)
        return _(
            "Projektet {p} ligger på gränsen. Skillnaden mellan planerna med och utan "
            "det är mindre än beräkningen kan avgöra ({pct})."
        ).format(p=name, pct=share_text(share))
    return _(
        "Planen får mer nytta utan projektet {p}, också när det finns utrymme kvar. "
        "Med det i planen blir nyttan {np} nyttopoäng lägre."
    ).format(p=name, np=points(loss))


def _relation_reason(case: Case, project: Project, obstacle: Obstacle) -> str:
    kind, pair = obstacle.key.rstrip(")").split("(", 1)
    one, other = pair.split(",", 1)
    partner = other if one == project.project_id else one
    name, q = quoted(project.name), quoted(case.project(partner).name)
    if kind == "excludes":
        return _(
            "Projektet {p} går inte att förena med projektet {q}, som ingår."
        ).format(p=name, q=q)
    if kind == "together":
        return _(
            "Projekten {p} och {q} hör ihop. Planen har med alla eller inget av dem."
        ).format(p=name, q=q)
    return _("Projektet {p} kräver projektet {q}, som inte är klart i tid.").format(
        p=name, q=q
    )


def _swap(explainer: Explainer, project_id: str, forced: Forced) -> list[str]:
    """Return what changes place in the forced plan that was found."""
    if forced.choices is None:
        return []
    diff = explainer.differences(forced.choices)
    text = []
    leaves = [explainer.names[k] for k in diff["leaves"] if k != project_id]
    enters = [explainer.names[k] for k in diff["enters"] if k != project_id]
    if leaves and enters:
        text.append(
            _("Då lämnar {ps} planen, och {qs} kommer in.").format(
                ps=names_text(leaves), qs=names_text(enters)
            )
        )
    elif leaves:
        text.append(_("Då lämnar {ps} planen.").format(ps=names_text(leaves)))
    elif enters:
        text.append(_("Då kommer {qs} in.").format(qs=names_text(enters)))
    moves = [m for m in diff["moves"] if m["project_id"] != project_id]
    if moves:
        shown = [
            _("{p} från {a} till {b}").format(
                p=quoted(explainer.names[m["project_id"]]), a=m["from"], b=m["to"]
            )
            for m in moves[:2]
        ]
        if len(moves) > 2:
            shown.append(_("{n} till").format(n=len(moves) - 2))
        text.append(_("Flyttas: {list}.").format(list=list_text(shown)))
    return text
