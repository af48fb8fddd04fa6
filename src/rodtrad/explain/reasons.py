"""Why is each project in or out, and what would it take? Claims that re-solve to true.

For every project: what the plan does with it, the limit that decides, and the loss of
value from forcing it the other way, as an interval that is always true: the upper end
belongs to a plan that exists, the lower end to a bound that no plan can pass.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.capacity.result import choice_differences
from rodtrad.domain.arrays import Choice
from rodtrad.domain.words import (
    _,
    count_text,
    list_text,
    money_text,
    names_text,
    quoted,
    share_text,
    years_text,
)
from rodtrad.explain.limits import Obstacle, obstacle_text, obstacles, points
from rodtrad.plan.greedy import RowCheck, do_without, make_room
from rodtrad.plan.milp import Limits, Relaxation, relative_gap, solve_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rodtrad.domain.arrays import Case, Project
    from rodtrad.plan.greedy import Flags
    from rodtrad.plan.milp import Portfolio
    from rodtrad.plan.problem import Problem

# The searches of all reasons share this much work; below the least they are left out.
SEARCH_WORK = 500
LEAST_WORK = 20
# Where no forced plan was found by hand, one is searched for all the same.
UNKNOWN_WORK = 12
TIE = 1e-6
IMPROVEMENTS = 3


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
        bound = min(bound, self.bound)
        best = self._quick(project_id, included)
        work = self._work if self._work >= LEAST_WORK else 0
        if best is None:
            work = max(work, UNKNOWN_WORK)
        if work:
            forced = self.problem.with_forced(project_id, included)
            limits = Limits(seconds=5.0, work=work, gap=1e-6, seed=self._seed)
            found = solve_problem(forced, limits, start=best or (), rounds=1)
            if found.stopped == "infeasible":
                return Forced(0.0, None, None, impossible=True)
            if found.bound is not None:
                bound = min(bound, found.bound)
            if found.choices is not None:
                best = found.choices
        low = self.objective - bound
        if best is None:
            return Forced(low, None, None, impossible=False)
        high = self.objective - evaluate_plan(self.case, best).objective
        return Forced(min(low, high), high, best, impossible=False)

    def by_hand(self, project_id: str) -> tuple[Choice, ...] | None:
        """Return a plan with the project the other way, found without a search."""
        included = project_id not in self.chosen
        if not included and self.case.project(project_id).must_do:
            return None
        return self._quick(project_id, included)

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
            made = do_without(check, self.flags, project_id)
            if made is not None:
                tries.append(made)
        plans = [check.choices(flags) for flags in tries]
        return max(
            plans,
            key=lambda plan: evaluate_plan(self.case, plan).objective,
            default=None,
        )

    def differences(self, other: Sequence[Choice]) -> dict[str, Any]:
        """Return who leaves, enters, moves and switches alternative in another plan."""
        return choice_differences(self.choices, other)


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


def explain_and_improve(
    problem: Problem,
    plan: Portfolio,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Portfolio, list[dict[str, Any]]]:
    """Return the plan and its reasons, the plan improved if a reason shows how.

    Trying each project the other way may find a better plan, within the gap that the
    search left. Such a plan takes the first one's place and is explained instead.
    """
    for _round in range(IMPROVEMENTS):
        better = _better_by_hand(problem, plan, seed)
        if better is None:
            break
        plan = better
    reasons = explain_portfolio(problem, plan, seed, progress)
    found = _better_plan(problem, plan, reasons)
    if found is None:
        return plan, reasons
    return found, explain_portfolio(problem, found, seed, progress)


def _better_by_hand(problem: Problem, plan: Portfolio, seed: int) -> Portfolio | None:
    """Return the best plan that some project the other way gives without a search."""
    explainer = Explainer(problem, plan, seed)
    plans = [
        made
        for project in problem.case.projects
        if (made := explainer.by_hand(project.project_id)) is not None
    ]
    best = max(
        plans, key=lambda p: evaluate_plan(problem.case, p).objective, default=None
    )
    return None if best is None else _improved(problem, plan, best)


def _improved(
    problem: Problem, plan: Portfolio, choices: tuple[Choice, ...]
) -> Portfolio | None:
    """Return the portfolio with these choices if they are better, else None."""
    objective = evaluate_plan(problem.case, choices).objective
    if plan.objective is None or plan.bound is None:
        return None
    if objective <= plan.objective + TIE * max(1.0, abs(plan.objective)):
        return None
    bound = max(plan.bound, objective)
    gap = relative_gap(objective, bound)
    return replace(plan, choices=choices, objective=objective, bound=bound, gap=gap)


def _better_plan(
    problem: Problem, plan: Portfolio, reasons: Sequence[dict[str, Any]]
) -> Portfolio | None:
    losses = [
        (reason["force"]["loss_high"], reason["project_id"], reason["force"]["choices"])
        for reason in reasons
        if reason["force"]["loss_high"] is not None
    ]
    _loss, _project_id, rows = min(losses, default=(0.0, "", None))
    if rows is None:
        return None
    return _improved(problem, plan, tuple(Choice(*row) for row in rows))


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
        "switches": [],
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


def _nothing(value: float) -> bool:
    """Whether benefit points show as 0,0."""
    return points(abs(value)) == points(0.0)


def _span(forced: Forced) -> str:
    """Return the loss in points as text, as exact as it is proven."""
    low, high = forced.low, forced.high
    if high is None:
        return _("minst {np}").format(np=points(low))
    if forced.proven or points(low) == points(high):
        return points(high)
    if low <= 0 or _nothing(low):
        return _("högst {np}").format(np=points(high))
    return _("mellan {np1} och {np2}").format(np1=points(low), np2=points(high))


def _near_tie(explainer: Explainer, forced: Forced) -> str | None:
    """Return what to say when forcing the project costs nothing one can tell."""
    if forced.high is None or (forced.high > 0 and not _nothing(forced.high)):
        return None
    if forced.low >= 0 or _nothing(forced.low):
        return _("Planerna med och utan det skiljer sig med mindre än 0,1 nyttopoäng.")
    share = -forced.low / max(abs(explainer.objective), 1e-9)
    return _(
        "Skillnaden i nyttopoäng mellan planerna med och utan det är mindre än "
        "beräkningen kan avgöra ({pct})."
    ).format(pct=share_text(share, 2 if share < 0.001 else 1))


def _why_in(
    explainer: Explainer, project: Project, forced: Forced
) -> tuple[list[str], dict[str, Any] | None, list[dict[str, Any]]]:
    name = quoted(project.name)
    claims: list[dict[str, Any]] = []
    tie = _near_tie(explainer, forced)
    if project.must_do:
        text = [
            _("Projektet {p} är tvingande och ska vara i bruk senast {y}.").format(
                p=name, y=project.deadline_year
            )
        ]
        claims.append({"kind": "must_do", "deadline_year": project.deadline_year})
    elif forced.impossible:
        text = [_("Projektet {p} ingår. Utan det går kraven inte ihop.").format(p=name)]
    elif tie is not None:
        text = [_("Projektet {p} ingår men ligger på gränsen.").format(p=name), tie]
    elif forced.high is None and (forced.low <= 0 or _nothing(forced.low)):
        text = [
            _("Projektet {p} ingår.").format(p=name),
            _("Beräkningen har inte hunnit avgöra vad planen förlorar utan det."),
        ]
    else:
        text = [
            _(
                "Projektet {p} ingår. Utan det blir planens nytta {np} nyttopoäng "
                "lägre, även när pengarna går till det näst bästa."
            ).format(p=name, np=_span(forced))
        ]
    if tie is None:
        text += _swap(explainer, project.project_id, forced)
    more_text, more_claims = _ties_to_others(explainer, project)
    text += more_text
    claims += more_claims
    choice = explainer.chosen[project.project_id]
    when, limit, more_claims = _why_then(explainer, project, choice)
    text += when
    claims += more_claims
    if project.waiting_cost > 0:
        currency = explainer.case.tables.settings["currency"]
        text.append(
            _("Varje års väntan kostar {kr} i basårets priser.").format(
                kr=money_text(project.waiting_cost, currency)
            )
        )
        claims.append({"kind": "waiting", "amount_tkr": project.waiting_cost})
    if project.financing == "taxa":
        text.append(
            _("Projektet betalas med avgifter när det är i bruk, men ökar lånebehovet.")
        )
    return text, limit, claims


def _ties_to_others(
    explainer: Explainer, project: Project
) -> tuple[list[str], list[dict[str, Any]]]:
    """Return which chosen projects need this one, or go together with it."""
    text, claims = [], []
    for relation in explainer.case.relations:
        one, other = relation.project_id, relation.other_id
        if relation.kind == "requires" and other == project.project_id:
            partner, pattern = (
                one,
                _("Projektet {q} kan inte starta utan projektet {p}."),
            )
        elif relation.kind == "together" and project.project_id in (one, other):
            partner = other if one == project.project_id else one
            pattern = _("Projekten {p} och {q} hör ihop. Planen har med båda.")
        else:
            continue
        if partner in explainer.chosen:
            slots = {"p": quoted(project.name), "q": quoted(explainer.names[partner])}
            text.append(pattern.format(**slots))
            claims.append(
                {
                    "kind": "required_by"
                    if relation.kind == "requires"
                    else "together_with",
                    "project_id": partner,
                }
            )
    return text, claims


def _why_then(
    explainer: Explainer, project: Project, choice: Choice
) -> tuple[list[str], dict[str, Any] | None, list[dict[str, Any]]]:
    """Return why the project starts when it does."""
    problem, check, case = explainer.problem, explainer.check, explainer.case
    name = quoted(project.name)
    earlier = [
        k
        for k in problem.by_project[project.project_id]
        if problem.choices[k].alternative_id == choice.alternative_id
        and problem.choices[k].start_year < choice.start_year
    ]
    if not earlier:
        text = _("Projektet {p} startar {y}, så tidigt som underlaget tillåter.")
        claim: dict[str, Any] = {"kind": "earliest", "start_year": choice.start_year}
        return [text.format(p=name, y=choice.start_year)], None, [claim]
    without = check.without(explainer.flags, project.project_id)
    ways = obstacles(check, without, earlier)
    free = [k for k, way in zip(earlier, ways, strict=True) if not way]
    if free:
        return _start_possible(explainer, choice, without, free)
    sooner, broken = problem.choices[earlier[-1]], ways[-1]
    after = _starts_after(case, choice, broken)
    if after is not None:
        text = _(
            "Projektet {p} startar {y}, när projektet {q} har tagits i bruk."
        ).format(p=name, y=choice.start_year, q=quoted(explainer.names[after]))
    else:
        text = _("Projektet {p} startar {y}. Med start {y0} bryts {what}.").format(
            p=name,
            y=choice.start_year,
            y0=sooner.start_year,
            what=_list_obstacles(case, broken),
        )
    claim = {
        "kind": "start_breaks",
        "start_year": sooner.start_year,
        "own_start_year": choice.start_year,
        "breaks": [obstacle.as_dict() for obstacle in broken],
    }
    return [text], broken[0].as_dict(), [claim]


def _start_possible(
    explainer: Explainer, choice: Choice, without: Flags, free: Sequence[int]
) -> tuple[list[str], None, list[dict[str, Any]]]:
    """Return what the best of the earlier starts that hold would give."""

    def objective(k: int) -> float:
        trial = without.copy()
        trial[k] = True
        plan = evaluate_plan(explainer.case, explainer.check.choices(trial))
        return plan.objective

    gains = {k: objective(k) - explainer.objective for k in free}
    best = max(free, key=lambda k: (gains[k], -k))
    gain, sooner = gains[best], explainer.problem.choices[best].start_year
    if _nothing(gain):
        pattern = _(
            "Projektet {p} startar {y}. Start {y0} ger i stort sett samma nytta."
        )
    elif gain < 0:
        pattern = _(
            "Projektet {p} startar {y}. Start {y0} håller också alla krav men gör "
            "planens nytta {np} nyttopoäng lägre."
        )
    else:
        pattern = _(
            "Projektet {p} startar {y}. Om start {y0} är bättre har beräkningen inte "
            "avgjort."
        )
    name = quoted(explainer.names[choice.project_id])
    text = pattern.format(p=name, y=choice.start_year, y0=sooner, np=points(abs(gain)))
    claim = {
        "kind": "start_possible",
        "start_year": sooner,
        "own_start_year": choice.start_year,
        "gain": gain,
    }
    return [text], None, [claim]


def _starts_after(case: Case, choice: Choice, broken: Sequence[Obstacle]) -> str | None:
    """Return the project whose first year in use alone decides the start, if one does."""
    if len(broken) != 1 or broken[0].kind != "relation":
        return None
    kind, one, other = _relation_parts(broken[0].key)
    return other if kind == "requires" and one == choice.project_id else None


def _relation_parts(key: str) -> tuple[str, str, str]:
    kind, pair = key.rstrip(")").split("(", 1)
    one, other = pair.split(",", 1)
    return kind, one, other


def _list_obstacles(case: Case, broken: Sequence[Obstacle]) -> str:
    words = [obstacle_text(case, o) for o in broken if o.kind in ("goal", "resource")]
    words += [_relation_text(case, o.key) for o in broken if o.kind == "relation"]
    if len(words) > 3:
        more = count_text(len(words) - 3)
        words = [*words[:3], _("{n} krav till").format(n=more)]
    return list_text(words)


def _relation_text(case: Case, key: str) -> str:
    _kind, one, other = _relation_parts(key)
    return _("sambandet mellan projekten {p} och {q}").format(
        p=quoted(case.project(one).name), q=quoted(case.project(other).name)
    )


def _why_out(
    explainer: Explainer, project: Project, forced: Forced
) -> tuple[list[str], dict[str, Any] | None, list[dict[str, Any]]]:
    name, case = quoted(project.name), explainer.case
    columns = list(explainer.problem.by_project[project.project_id])
    if not columns:
        years = {
            "earliest_year": project.earliest_year,
            "build_years": project.shortest_build_years,
            "plan_end": case.plan_end,
        }
        pattern = _(
            "Projektet {p} hinner inte bli klart. Det kan starta tidigast {a} och tar "
            "{n} år, men planen slutar {b}."
        )
        text = pattern.format(
            p=name, a=project.earliest_year, n=years["build_years"], b=case.plan_end
        )
        return [text], None, [{"kind": "no_start", **years}]
    if forced.impossible:
        alone = _breaks_alone(explainer, columns)
        if alone is not None:
            k, breaks = alone
            choice = explainer.problem.choices[k]
            pattern = _(
                "Projektet {p} går inte att göra, inte ens om inget annat görs. "
                "Start {y} kommer närmast, och då bryts {what}."
            )
            text = pattern.format(
                p=name, y=choice.start_year, what=_list_obstacles(case, breaks)
            )
            claim = _broken_claim("alone_breaks", choice, breaks)
            return [text], breaks[0].as_dict(), [claim]
    ways = obstacles(explainer.check, explainer.flags, columns)
    nearest = min(
        range(len(columns)),
        key=lambda j: (sum(max(1, len(o.years)) for o in ways[j]), j),
    )
    way, choice = ways[nearest], explainer.problem.choices[columns[nearest]]
    if not way:
        fits = [k for k, broken in zip(columns, ways, strict=True) if not broken]
        return _fits_but(explainer, project, fits, forced)
    claim = _broken_claim("added_breaks", choice, way)
    if all(o.kind == "relation" for o in way):
        main = _relation_reason(explainer, project, way[0])
    elif all(o.kind == "resource" for o in way):
        short = [
            _("{r} inte räcker {ys}").format(r=quoted(o.key), ys=years_text(o.years))
            for o in way
        ]
        main = _("Projektet {p} ryms inte, eftersom {what}.").format(
            p=name, what=list_text(short)
        )
    else:
        pattern = _(
            "Projektet {p} ryms inte. Läggs det till med start {y} bryts {what}."
        )
        main = pattern.format(
            p=name, y=choice.start_year, what=_list_obstacles(case, way)
        )
    sentences = [main, _price(explainer, forced)]
    if _near_tie(explainer, forced) is None:
        sentences += _swap(explainer, project.project_id, forced)
    return sentences, way[0].as_dict(), [claim]


def _broken_claim(
    kind: str, choice: Choice, broken: Sequence[Obstacle]
) -> dict[str, Any]:
    breaks = [obstacle.as_dict() for obstacle in broken]
    return {"kind": kind, "choice": list(choice), "breaks": breaks}


def _breaks_alone(
    explainer: Explainer, columns: Sequence[int]
) -> tuple[int, list[Obstacle]] | None:
    """Return the way that breaks least if nothing else is done; None if one holds.

    Goals that are broken with no project at all do not count.
    """
    nothing = np.zeros_like(explainer.flags)
    short = explainer.check.shortfall(nothing)[:, 0]
    already = {explainer.check.rows[i].requirement for i in np.flatnonzero(short)}
    alone = [
        [o for o in way if o.kind == "goal" and f"goal:{o.key}" not in already]
        for way in obstacles(explainer.check, nothing, columns)
    ]
    if not all(alone):
        return None
    lightest = min(
        range(len(columns)), key=lambda j: (sum(len(o.years) for o in alone[j]), j)
    )
    return columns[lightest], alone[lightest]


def _price(explainer: Explainer, forced: Forced) -> str:
    """Return what it costs to take a project in, or that it is impossible or unknown."""
    if forced.impossible:
        return _("Det går inte att ta in, vad som än väljs bort.")
    tie = _near_tie(explainer, forced)
    if tie is not None:
        return tie
    if forced.high is None and (forced.low <= 0 or _nothing(forced.low)):
        return _("Beräkningen har inte hunnit avgöra vad det kostar att ta in det.")
    return _("Tas det in ändå, minskar planens nytta med {np} nyttopoäng.").format(
        np=_span(forced)
    )


def _fits_but(
    explainer: Explainer, project: Project, fits: Sequence[int], forced: Forced
) -> tuple[list[str], None, list[dict[str, Any]]]:
    """Return why a project that fits is left out: it does not raise the benefit."""

    def objective(k: int) -> float:
        trial = explainer.flags.copy()
        trial[k] = True
        plan = evaluate_plan(explainer.case, explainer.check.choices(trial))
        return plan.objective

    losses = {k: explainer.objective - objective(k) for k in fits}
    best = min(fits, key=lambda k: (losses[k], k))
    high = losses[best] if forced.high is None else min(forced.high, losses[best])
    known = Forced(min(forced.low, high), high, forced.choices, impossible=False)
    name = quoted(project.name)
    tie = _near_tie(explainer, known)
    if tie is not None:
        text = [
            _("Projektet {p} ryms men ligger på gränsen.").format(p=name),
            tie,
        ]
    else:
        text = [
            _("Projektet {p} ryms, men planen får mer nytta utan det.").format(p=name),
            _price(explainer, known),
            *_swap(explainer, project.project_id, forced),
        ]
    claim = {
        "kind": "added_fits",
        "choice": list(explainer.problem.choices[best]),
        "loss": losses[best],
    }
    return text, None, [claim]


def _relation_reason(explainer: Explainer, project: Project, obstacle: Obstacle) -> str:
    kind, one, other = _relation_parts(obstacle.key)
    partner = other if one == project.project_id else one
    slots = {"p": quoted(project.name), "q": quoted(explainer.names[partner])}
    if kind == "excludes":
        pattern = _("Projektet {p} går inte att förena med projektet {q}, som ingår.")
    elif kind == "together":
        pattern = _(
            "Projekten {p} och {q} hör ihop. Planen har med båda eller inget av dem."
        )
    elif partner in explainer.chosen:
        pattern = _("Projektet {p} kräver projektet {q}, som inte är klart i tid.")
    else:
        pattern = _("Projektet {p} kräver projektet {q}, som inte ingår.")
    return pattern.format(**slots)


def _projects_text(names: Sequence[str]) -> str:
    """Return project names for a sentence that goes on after them."""
    if len(names) <= 4:
        return names_text(names)
    more = _("{n} andra projekt").format(n=count_text(len(names) - 3))
    return list_text([*(quoted(name) for name in names[:3]), more])


def _swap(explainer: Explainer, project_id: str, forced: Forced) -> list[str]:
    """Return what changes place in the forced plan that was found."""
    if forced.choices is None:
        return []
    diff = explainer.differences(forced.choices)
    text = []
    leaves = [explainer.names[k] for k in diff["leaves"] if k != project_id]
    enters = [explainer.names[k] for k in diff["enters"] if k != project_id]
    known = forced.proven
    ps, qs = _projects_text(leaves), _projects_text(enters)
    if leaves and enters:
        pattern = (
            _("Då lämnar {ps} planen, och {qs} kommer in.")
            if known
            else _(
                "I den bästa sådana plan som hittats lämnar {ps} planen, och {qs} "
                "kommer in."
            )
        )
        text.append(pattern.format(ps=ps, qs=qs))
    elif leaves:
        pattern = (
            _("Då lämnar {ps} planen.")
            if known
            else _("I den bästa sådana plan som hittats lämnar {ps} planen.")
        )
        text.append(pattern.format(ps=ps))
    elif enters:
        pattern = (
            _("Då kommer {qs} in.")
            if known
            else _("I den bästa sådana plan som hittats kommer {qs} in.")
        )
        text.append(pattern.format(qs=qs))
    moves = [
        _("{p} från {a} till {b}").format(
            p=quoted(explainer.names[m["project_id"]]), a=m["from"], b=m["to"]
        )
        for m in diff["moves"]
    ]
    if len(moves) > 3:
        moves = [*moves[:2], _("{n} projekt till").format(n=count_text(len(moves) - 2))]
    if moves:
        pattern = _("Då flyttas {list}.")
        if text:
            pattern = _("Dessutom flyttas {list}.")
        elif not known:
            pattern = _("I den bästa sådana plan som hittats flyttas {list}.")
        text.append(pattern.format(list=list_text(moves)))
    for switch in diff["switches"][:2]:
        project = explainer.case.project(switch["project_id"])
        text.append(
            _("Projektet {p} byter från alternativet {a} till {b}.").format(
                p=quoted(project.name),
                a=quoted(project.alternative(switch["from"]).name),
                b=quoted(project.alternative(switch["to"]).name),
            )
        )
    return text
