"""Are the reasons true? Every claim asked again, as far as that needs no solver.

Trials are evaluated, forced plans and those it would take are found feasible and worth
what is said. What no plan is said to pass has no certificate here: it must agree with
the rest, and no known plan may refute it. The sentences are not drawn again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.capacity.evaluate import relation_key
from rodtrad.capacity.headroom import room_in, with_room
from rodtrad.capacity.result import choice_differences
from rodtrad.domain.arrays import Choice
from rodtrad.domain.words import _
from rodtrad.verify.recount import BROKEN, goal_room, holds_firmly, near, room_tolerance
from rodtrad.verify.shape import (
    CHANGES,
    DIFFERS,
    ByKind,
    Maybe,
    anything,
    choice,
    figure,
    flag,
    text,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rodtrad.capacity.evaluate import Evaluation
    from rodtrad.domain.arrays import Case, Project
    from rodtrad.verify.recount import Recount

    Stated = dict[str, Any]
    Broken = dict[tuple[str, str], tuple[int, ...]]

# Two values this near are the same, as the planner counts.
TIE = 1e-6
OBSTACLE = {"kind": text, "id": text, "years": [whole]}
FORCE = {
    "loss_low": figure,
    "loss_high": Maybe(figure),
    "proven": flag,
    "impossible": flag,
    "choices": Maybe([choice]),
    **DIFFERS,
}
FORCED: dict[str, Any] = {
    "impossible": flag,
    "loss_low": figure,
    "loss_high": Maybe(figure),
    "question": anything,
    "answer": {"least": Maybe(figure), "most": Maybe(figure)},
    "status": text,
    "work": whole,
}
SHORT: dict[str, Any] = {
    "question": {
        "force": {"project_id": text, "in": flag},
        "outlay_factor?": figure,
        "room_tkr?": figure,
    },
    "answer": {"least": Maybe(figure), "most": Maybe(figure)},
    "against": Maybe(figure),
    "status": text,
    "work": whole,
}
ENOUGH: dict[str, Any] = {**SHORT, "changes": CHANGES}
THRESHOLDS: dict[str, dict[str, Any]] = {
    "outlay_enough": ENOUGH,
    "outlay_short": SHORT,
    "room_enough": ENOUGH,
    "room_short": SHORT,
}
WHEN: dict[str, dict[str, Any]] = {
    "earliest": {"start_year": whole},
    "start_breaks": {
        "question": anything,
        "start_year": whole,
        "own_start_year": whole,
        "breaks": [OBSTACLE],
    },
    "start_possible": {
        "question": anything,
        "start_year": whole,
        "own_start_year": whole,
        "gain": figure,
    },
}
LOCKED = {"included": flag, "alternative_id": Maybe(text), "start_year": Maybe(whole)}
WHEN["locked"] = LOCKED
OUT: dict[str, dict[str, Any]] = {
    "locked": LOCKED,
    "no_start": {"earliest_year": whole, "build_years": whole, "plan_end": whole},
    "alone_breaks": {"choice": choice, "breaks": [OBSTACLE], "question": anything},
    "added_breaks": {"choice": choice, "breaks": [OBSTACLE], "question": anything},
    "added_fits": {"choice": choice, "loss": figure, "question": anything},
}
CLAIM = ByKind(
    {
        "forced_in": FORCED,
        "forced_out": FORCED,
        **THRESHOLDS,
        **WHEN,
        **OUT,
        "must_do": {"deadline_year": whole},
        "required_by": {"project_id": text},
        "together_with": {"project_id": text},
        "waiting": {"amount_tkr": figure},
    }
)
REASON = {
    "project_id": text,
    "state": text,
    "text": [text],
    "limit": Maybe(OBSTACLE),
    "force": FORCE,
    "claims": [CLAIM],
}


def check_reasons(count: Recount, reasons: Any) -> list[Callable[[], None]]:
    """Note everything in `reasons` that does not follow from its plans and trials.

    Returns:
        what to ask when all plans of the result are known: is any bound refuted?
    """
    if not reasons and isinstance(reasons, list):
        return []
    if not count.has_shape("reasons", reasons, [REASON]):
        return []
    told = [row["project_id"] for row in reasons]
    projects = {project.project_id: project for project in count.case.projects}
    if told != list(projects):
        count.differ("reasons", told, list(projects))
        return []
    for row in reasons:
        path = f"reasons.{row['project_id']}"
        try:
            one = _Reason(count, path, row, projects[row["project_id"]])
            one.check_force()
            one.check_claims()
        except BROKEN as error:
            text = _("Skälen går inte att räkna på: {why}.").format(why=error)
            count.say(path, text)
    return [lambda: _refuted(count, reasons)]


def _refuted(count: Recount, reasons: Sequence[Stated]) -> None:
    """Note if a known plan passes the bound of a forced plan."""
    best = {
        (project.project_id, inside): -np.inf
        for project in count.case.projects
        for inside in (False, True)
    }
    for choices, value in count.known.items():
        held = {choice.project_id for choice in choices}
        for project in count.case.projects:
            key = project.project_id, project.project_id in held
            best[key] = max(best[key], value)
    for row in reasons:
        key = row["project_id"]
        for claim in row["claims"]:
            if claim["kind"] not in ("forced_in", "forced_out"):
                continue
            most = claim["answer"]["most"]
            most = -np.inf if most is None else most
            if best[key, key not in count.chosen] > most + near(most):
                text = _("En plan i resultatet motsäger det som står som bevisat.")
                count.say(f"reasons.{key}.most", text)


class _Reason:
    """The reason of one project, asked again."""

    def __init__(
        self, count: Recount, path: str, row: Stated, project: Project
    ) -> None:
        self.count, self.path, self.row, self.project = count, path, row, project
        self.key = project.project_id
        self.inside = self.key in count.chosen
        kind = "forced_out" if self.inside else "forced_in"
        (self.forced,) = [c for c in row["claims"] if c["kind"] == kind]

    def check_force(self) -> None:
        """Compare the forced plan with what it is worth and what differs in it."""
        count, force = self.count, self.row["force"]
        count.compare(f"{self.path}.state", self.row["state"], self._state())
        most, answer = self.forced["answer"]["most"], self.forced["answer"]
        least = high = None
        differs: Stated = {key: [] for key in DIFFERS}
        if force["choices"] is not None:
            plan = count.plan(f"{self.path}.force.choices", force["choices"])
            if plan is None:
                return
            if (self.key in {c.project_id for c in plan.choices}) == self.inside:
                text = _("Den andra planen gör likadant med projektet.")
                count.say(f"{self.path}.force.choices", text)
            least, high = plan.objective, count.objective - plan.objective
            differs = choice_differences(count.choices, plan.choices)
        if most is None:
            low, proven, status = 0.0, True, "proven"
        else:
            low = count.objective - most
            low = low if high is None else min(low, high)
            proven = high is not None and high - low <= TIE * max(1.0, abs(high))
            status = _status(least, most)
        expected = {
            "loss_low": low,
            "loss_high": high,
            "proven": proven,
            "impossible": most is None,
            "choices": None if most is None else force["choices"],
            **differs,
        }
        count.compare(f"{self.path}.force", force, expected)
        claim = {
            **self.forced,
            **{key: expected[key] for key in ("impossible", "loss_low", "loss_high")},
            "question": {"force": {"project_id": self.key, "in": not self.inside}},
            "answer": {"least": least, "most": most},
            "status": status,
        }
        count.compare(f"{self.path}.{claim['kind']}", self.forced, claim)
        if most is not None and least is not None and not most >= least - near(least):
            count.differ(f"{self.path}.most", answer["most"], least)

    def _state(self) -> str:
        return "in" if self.inside else "out"

    def check_claims(self) -> None:
        """Compare every other claim, and that there is no more and no less of them."""
        stated = self.row["claims"]
        kinds = [claim["kind"] for claim in stated]
        before = self._certain() if self.inside else []
        at = len(before)
        main = stated[at] if at < len(stated) else {"kind": ""}
        if main["kind"] not in (WHEN if self.inside else OUT):
            self.count.differ(f"{self.path}.claims", kinds, None)
            return
        place = f"{self.path}.{main['kind']}"
        after: list[Stated] = [self.forced]
        if self.inside and self.project.waiting_cost > 0:
            amount = self.project.waiting_cost
            after.insert(0, {"kind": "waiting", "amount_tkr": amount})
        made = self._main(place, main)
        expected = [*before, made, *after]
        rest = stated[len(expected) :]
        allowed = [kind for kind in THRESHOLDS if self._may_ask(kind)]
        if [c["kind"] for c in rest] != [
            kind for kind in allowed if kind in kinds[len(expected) :]
        ]:
            self.count.differ(f"{self.path}.claims", kinds, allowed)
            return
        self.count.compare(f"{self.path}.claims", stated[: len(expected)], expected)
        breaks = made.get("breaks") or [None]
        self.count.compare(f"{self.path}.limit", self.row["limit"], breaks[0])
        plans = [self.count.choices]
        if self.row["force"]["choices"] is not None:
            forced = self.row["force"]["choices"]
            plans.append(tuple(Choice(*choice) for choice in forced))
        for claim in rest:
            self._threshold(f"{self.path}.{claim['kind']}", claim, plans)

    def _main(self, path: str, claim: Stated) -> Stated:
        """Return what the claim about when, or why not, should say."""
        lock = self.count.case.lock(self.key)
        if (claim["kind"] == "locked") != (lock is not None):
            self.count.differ(path, claim["kind"], lock and "locked")
            return claim
        if lock is not None:
            own = lock.as_dict().items()
            return {"kind": "locked", **{k: v for k, v in own if k != "project_id"}}
        return (self._when if self.inside else self._out)(path, claim)

    def _may_ask(self, kind: str) -> bool:
        if self.project.must_do or not self._columns():
            return False
        if self.count.case.lock(self.key) is not None:
            return False
        return not (self.inside and kind.startswith("room"))

    def _columns(self) -> list[int]:
        return list(self.count.problem.by_project[self.key])

    def _certain(self) -> list[Stated]:
        """Return the claims that the underlag and the chosen projects give."""
        claims: list[Stated] = []
        if self.project.must_do:
            year = self.project.deadline_year
            claims.append({"kind": "must_do", "deadline_year": year})
        for relation in self.count.case.relations:
            one, other = relation.project_id, relation.other_id
            if relation.kind == "requires" and other == self.key:
                kind, partner = "required_by", one
            elif relation.kind == "together" and self.key in (one, other):
                kind, partner = "together_with", other if one == self.key else one
            else:
                continue
            if partner in self.count.chosen:
                claims.append({"kind": kind, "project_id": partner})
        return claims

    # ------------------------------------------------------------------- trials

    def _try(self, put_in: Choice, alone: bool = False) -> Evaluation:
        """Return today's plan, or nothing, with one choice of the project instead."""
        kept = [c for c in self.count.choices if c.project_id != self.key]
        return self.count.evaluate([*([] if alone else kept), put_in])

    def _when(self, path: str, claim: Stated) -> Stated:
        """Return what a claim about the start should say."""
        count, own = self.count, self.count.chosen[self.key]
        earlier = [
            k
            for k in self._columns()
            if count.problem.choices[k].alternative_id == own.alternative_id
            and count.problem.choices[k].start_year < own.start_year
        ]
        if claim["kind"] == "earliest":
            if earlier:
                count.say(path, _("Underlaget tillåter en tidigare start."))
            return {"kind": "earliest", "start_year": own.start_year}
        year = claim["start_year"]
        put_in = own._replace(start_year=year)
        if put_in not in [count.problem.choices[k] for k in earlier]:
            count.differ(f"{path}.start_year", year, own.start_year)
            return claim
        made = {
            **claim,
            "question": _trial([put_in], [self.key]),
            "own_start_year": own.start_year,
        }
        plan = self._try(put_in)
        if claim["kind"] == "start_breaks":
            broken = _broken(count, plan)
            check = count.check
            without = check.without(check.chosen(count.choices), self.key)
            if not broken or check.fits(without, earlier).any():
                count.say(path, _("En tidigare start håller alla krav."))
            return {**made, "breaks": _stated_breaks(count, plan, broken, claim)}
        self._holds(path, plan)
        return {**made, "gain": plan.objective - count.objective}

    def _holds(self, path: str, plan: Evaluation) -> None:
        if plan.violations:
            self.count.say(path, _("Alla krav hålls inte."))
        else:
            self.count.keep(plan)

    def _out(self, path: str, claim: Stated) -> Stated:
        """Return what a claim about a project that is out should say."""
        count, columns = self.count, self._columns()
        if claim["kind"] == "no_start":
            if columns:
                count.say(path, _("Projektet hinner bli klart."))
            return {
                "kind": "no_start",
                "earliest_year": self.project.earliest_year,
                "build_years": self.project.shortest_build_years,
                "plan_end": count.case.plan_end,
            }
        put_in = Choice(*claim["choice"])
        if put_in not in [count.problem.choices[k] for k in columns]:
            count.differ(f"{path}.choice", claim["choice"], None)
            return claim
        alone = claim["kind"] == "alone_breaks"
        made = {**claim, "question": _trial([put_in], alone=alone)}
        plan = self._try(put_in, alone)
        if claim["kind"] == "added_fits":
            self._holds(path, plan)
            return {**made, "loss": count.objective - plan.objective}
        broken = _broken(count, plan)
        chosen = count.check.chosen(() if alone else count.choices)
        if alone:
            already = _broken(count, count.evaluate(()))
            broken = _goals_but(broken, already)
            if not self._all_break_alone(columns) or not self.forced["impossible"]:
                count.say(path, _("Projektet går att göra ensamt."))
        elif count.check.fits(chosen, columns).any():
            count.say(path, _("Projektet ryms."))
        return {**made, "breaks": _stated_breaks(count, plan, broken, claim)}

    def _all_break_alone(self, columns: Sequence[int]) -> bool:
        """Whether every way breaks a goal that is not broken with no project at all."""
        check = self.count.check
        nothing = check.chosen(())
        short = check.shortfall(nothing, columns) > 0
        already = check.shortfall(nothing)[:, 0] > 0
        names = [row.requirement for row in check.rows]
        broken = {name for name, is_ in zip(names, already, strict=True) if is_}
        own = [n.startswith("goal:") and n not in broken for n in names]
        return bool(short[own].any(axis=0).all())

    # ------------------------------------------------------ what it would take

    def _threshold(
        self, path: str, claim: Stated, plans: list[tuple[Choice, ...]]
    ) -> None:
        """Compare a claim about how outlay or room must change."""
        count, answer = self.count, claim["answer"]
        thing, side = claim["kind"].split("_")
        question: Stated = {"force": {"project_id": self.key, "in": True}}
        factor = claim["question"].get("outlay_factor", 1.0)
        room = claim["question"].get("room_tkr", 0.0)
        case = count.case
        if thing == "outlay":
            if ((factor < 1.0) == self.inside and factor != 1.0) or factor < 0.0:
                count.differ(f"{path}.outlay_factor", factor, None)
                return
            if factor != 1.0:
                question["outlay_factor"] = factor
            case = scale_outlay(case, self.key, factor)
        else:
            if not room > 0.0:
                count.differ(f"{path}.room_tkr", room, None)
                return
            question["room_tkr"] = room
            case = with_room(case, room_in(case, case.plan_start, room))
        against: float | None = count.objective
        if self.inside:
            against = self.forced["answer"]["most" if side == "enough" else "least"]
        expected = {
            **claim,
            "question": question,
            "against": against,
            "status": "interval",
            "work": 0,
        }
        if side == "enough":
            other = changed_plan(count.choices, claim["changes"])
            plans.append(other)
            plan = count.plan(path, other, case)
            if plan is None:
                return
            if self.key not in {c.project_id for c in plan.choices}:
                count.say(path, _("Projektet är inte med i planen."))
            if against is not None and not plan.objective >= against - near(against):
                count.differ(f"{path}.least", plan.objective, against)
            expected["answer"] = {"least": plan.objective, "most": None}
            expected["changes"] = plan_changes(count.choices, plan.choices)
        else:
            most = answer["most"]
            expected["answer"] = {"least": None, "most": most}
            expected["status"] = "proven" if most is None else "interval"
            most = -np.inf if most is None else most
            if against is None or not most < against:
                count.differ(f"{path}.most", answer["most"], against)
                return
            for choices in plans:
                self._refute(path, most, choices, case)
        count.compare(path, claim, expected)

    def _refute(
        self, path: str, most: float, choices: tuple[Choice, ...], case: Case
    ) -> None:
        """Note if a plan with the project is worth more than is said possible."""
        if self.key not in {choice.project_id for choice in choices}:
            return
        if self.count.worth(choices) <= most + near(most):
            return
        plan = self.count.evaluate(choices, case)
        if holds_firmly(case, plan) and plan.objective > most + near(most):
            text = _("En plan i resultatet motsäger det som står som bevisat.")
            self.count.say(path, text)


def _status(least: float | None, most: float) -> str:
    if least is None:
        return "open"
    return "proven" if most - least <= TIE * max(1.0, abs(least)) else "interval"


def _trial(
    put_in: Iterable[Choice], take_out: Sequence[str] = (), alone: bool = False
) -> Stated:
    """Return the question of a change to the plan that is only evaluated."""
    return {
        "try": {
            "take_out": "all" if alone else list(take_out),
            "put_in": [list(choice) for choice in put_in],
        }
    }


def _broken(count: Recount, plan: Evaluation) -> Broken:
    """Return the requirements that a plan breaks, with the years."""
    found: Broken = {}
    chosen = {choice.project_id: choice for choice in plan.choices}
    for one in plan.violations:
        years = one.years
        if one.kind == "relation":
            years = _relation_years(count.case, one.key, chosen)
        found[one.kind, one.key] = years
    return found


def _relation_years(
    case: Case, key: str, chosen: Mapping[str, Choice]
) -> tuple[int, ...]:
    """Return the years in which a project has started before the one it needs."""
    relation = next(r for r in case.relations if relation_key(r) == key)
    if relation.kind != "requires":
        return ()
    project = case.project(relation.project_id)
    starts = {y for a in project.alternatives for y in case.starts(project, a)}
    other = chosen.get(relation.other_id)
    ready = np.inf
    if other is not None:
        alternative = case.project(other.project_id).alternative(other.alternative_id)
        ready = other.start_year + alternative.build_years + relation.lag_years
    own = chosen[relation.project_id].start_year
    return tuple(sorted(year for year in starts if own <= year < ready))


def _goals_but(broken: Broken, already: Broken) -> Broken:
    return {
        key: years
        for key, years in broken.items()
        if key[0] == "goal" and key not in already
    }


def _stated_breaks(
    count: Recount, plan: Evaluation, broken: Broken, claim: Stated
) -> list[Stated]:
    """Return the broken requirements as a claim lists them, in its own order.

    The planner's rows are held more narrowly than the accounts, so a year in which a
    goal has no room left at all may be counted as broken.
    """
    found = dict(broken)
    goals = {goal.goal_id: goal for goal in count.case.goals if goal.level == "must"}
    for row in claim["breaks"]:
        key = row["kind"], row["id"]
        goal = goals.get(row["id"])
        if row["kind"] != "goal" or goal is None:
            continue
        room = goal_room(count.case, plan, goal)
        full = {
            year
            for year, left in zip(goal.window_ends, room, strict=True)
            if left <= room_tolerance(count.case, goal)
        }
        years = full & set(row["years"]) | set(found.get(key, ()))
        if years:
            found[key] = tuple(sorted(years))
    order = [(row["kind"], row["id"]) for row in claim["breaks"]]
    keys = [*(key for key in order if key in found), *(set(found) - set(order))]
    return [
        {"kind": kind, "id": name, "years": list(found[kind, name])}
        for kind, name in dict.fromkeys(keys)
    ]


def scale_outlay(case: Case, project_id: str, factor: float) -> Case:
    """Return the case with every outlay of a project multiplied by a factor."""
    project = case.project(project_id)
    scaled = replace(
        project,
        alternatives=tuple(
            replace(one, outlay=tuple(factor * x for x in one.outlay))
            for one in project.alternatives
        ),
    )
    projects = tuple(scaled if one is project else one for one in case.projects)
    return replace(case, projects=projects)


def changed_plan(choices: Sequence[Choice], changes: Stated) -> tuple[Choice, ...]:
    """Return a plan with projects taken out and choices put in."""
    kept = [c for c in choices if c.project_id not in changes["take_out"]]
    return (*kept, *(Choice(*row) for row in changes["put_in"]))


def plan_changes(one: Sequence[Choice], other: Sequence[Choice]) -> Stated:
    """Return another plan as what to take out of the first, and what to put in."""
    kept = set(one) & set(other)
    return {
        "take_out": sorted({c.project_id for c in one if c not in kept}),
        "put_in": [list(c) for c in sorted(other) if c not in kept],
    }
