"""What does a choice of one's own give? The economy of it at once, without a search.

Someone moves a project, takes it in or out, and wants to see result, debt and goals
follow. Everything comes from the same evaluation as the planner's plan, so it is what
a whole study of these choices would give; nothing is sought. How far another plan
could be better is told from the bound that a finished study proved.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.capacity.evaluate import (
    RESOURCE_TOLERANCE,
    Evaluation,
    evaluate_plan,
    plan_totals,
    relation_holds,
    resource_use,
    result_before_reserves,
)
from rodtrad.capacity.headroom import binding_measure
from rodtrad.capacity.indicators import goal_met
from rodtrad.capacity.result import as_list, goal_mood, goal_rows
from rodtrad.capacity.statements import (
    TOTALS,
    Totals,
    choice_totals,
    forecast_statements,
    price_indices,
    select,
)
from rodtrad.domain.arrays import Choice, Lock, build_case
from rodtrad.domain.components import apply_scenario
from rodtrad.domain.words import (
    _,
    list_text,
    money_text,
    per_inhabitant_text,
    quoted,
    share_text,
    years_text,
)
from rodtrad.explain.faults import plan_faults

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from rodtrad.domain.arrays import Alternative, Array, Case, Project, Relation
    from rodtrad.domain.components import Tables

# How a goal stands in a year: with margin, barely, broken, not measured.
STANDING = {"good": "held", "tight": "barely", "missed": "missed", "quiet": None}
# So many projects are named in a sentence.
NAMED = 3


@dataclass(frozen=True)
class Bench:
    """What stays the same while choices are tried; made once for a plan.

    `choices` is the plan that all is compared with. `bound` is the most that any plan
    can be worth that keeps every requirement and `locks`, None if nothing is proven.
    """

    case: Case
    choices: tuple[Choice, ...]
    bound: float | None
    locks: tuple[Lock, ...] = ()

    @cached_property
    def plan(self) -> Evaluation:
        """The plan that all is compared with, evaluated."""
        return evaluate_plan(self.case, self.choices)

    @cached_property
    def goals(self) -> list[dict[str, Any]]:
        """The goals of that plan."""
        return _goals(self.plan)


def build_bench(tables: Tables, result: Mapping[str, Any]) -> Bench:
    """Return the workbench of a finished study.

    Args:
        tables: the underlag of the study, without its scenario.
        result: the content of `plan.json`.
    """
    meta = result["meta"]
    if meta.get("scenario") is not None:
        tables = apply_scenario(tables, meta["scenario"])
    return Bench(
        build_case(tables),
        tuple(
            sorted(
                Choice(row["project_id"], row["alternative_id"], row["start_year"])
                for row in result["choices"]
            )
        ),
        result["status"].get("bound"),
        tuple(Lock(**row) for row in meta.get("locked") or ()),
    )


def try_choices(
    bench: Bench,
    choices: Sequence[Choice],
    before: Sequence[Choice] | None = None,
) -> dict[str, Any]:
    """Return what choices give, beside the plan they are compared with.

    Args:
        bench: the workbench.
        choices: at most one per project, any order, all in use within the plan.
        before: the choices before the last change; `sentence` tells what it did.

    Returns:
        `choices, years`; `result, debt, outlay` as lists by year with `before` and the
        year that matters; `balanskrav`; `goals` with `standing` (held, barely, missed
        or None) by year; `room`; `resources`; `faults`; `value` with `gap`; `waiting`;
        `changes` and `sentence`. Money in nominal tkr.

    Raises:
        KeyError, ValueError: as `evaluate_plan`.
    """
    case = bench.case
    plan = evaluate_plan(case, choices)
    faults = plan_faults(case, plan)
    share = indicator_strip(bench, plan, "res_andel", worst=min)
    debt = indicator_strip(bench, plan, "lan_inv", worst=max)
    return {
        "choices": [
            {**choice._asdict(), "in_use_year": _in_use(case, choice)}
            for choice in plan.choices
        ],
        "years": [int(year) for year in case.years],
        "result": share,
        "debt": debt,
        "outlay": {
            "tkr": as_list(plan.totals.outlay),
            "before": as_list(bench.plan.totals.outlay),
        },
        "balanskrav": _balanskrav(plan),
        "goals": [
            {**row, "standing_before": was["standing"]}
            for row, was in zip(_goals(plan), bench.goals, strict=True)
        ],
        "room": _room(plan),
        "resources": _resources(case, plan.choices),
        "faults": faults,
        "value": _value(bench, plan, faults),
        "waiting": _waiting(bench, plan),
        "changes": describe_changes(case, bench.choices, plan.choices),
        "sentence": _sentence(bench, plan, faults, share, debt, before),
    }


def _in_use(case: Case, choice: Choice) -> int:
    project = case.project(choice.project_id)
    return choice.start_year + project.alternative(choice.alternative_id).build_years


def indicator_strip(
    bench: Bench, plan: Evaluation, key: str, *, worst: Any
) -> dict[str, Any]:
    """Return an indicator by year beside the plan's, with the year that is worst."""
    now = as_list(plan.indicators[key])
    was = as_list(bench.plan.indicators[key])
    known = [(v, t) for t, v in enumerate(now) if v is not None]
    strip: dict[str, Any] = {"values": now, "before": was, "worst": None}
    if known:
        value = worst(v for v, _t in known)
        t = next(t for v, t in known if v == value)
        of = [v for v in was if v is not None]
        strip["worst"] = {
            "year": int(bench.case.years[t]),
            "value": value,
            "before": worst(of) if of else None,
        }
    return strip


def _balanskrav(plan: Evaluation) -> dict[str, Any]:
    """Return the balance-requirement result and what must be restored, by year."""
    rows = plan.balanskrav.rows
    return {
        "bkr": as_list(rows["bkr"]),
        "att_reglera": as_list(rows["att_reglera"]),
        "reserve": as_list(plan.balanskrav.resultatreserv),
    }


def _goals(plan: Evaluation) -> list[dict[str, Any]]:
    """Return the goals as in `plan.json`, with how each stands by year."""
    rows = goal_rows(plan.goals)
    for row in rows:
        row["standing"] = [STANDING[goal_mood(row, t)] for t in range(len(row["met"]))]
    return rows


def _room(plan: Evaluation) -> dict[str, Any]:
    room = {key: as_list(values) for key, values in plan.room.items()}
    return {**room, "binding": binding_measure(room)}


def _resources(case: Case, choices: Sequence[Choice]) -> list[dict[str, Any]]:
    """Return what is used and what there is of each resource, by year."""
    used = resource_use(case, choices)
    return [
        {
            "resource": name,
            "years": sorted(rows),
            "used": [used[name][year] for year in sorted(rows)],
            "available": [rows[year] for year in sorted(rows)],
        }
        for name, rows in case.resources.items()
    ]


def _value(
    bench: Bench, plan: Evaluation, faults: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the worth of a plan and how much better another can be.

    `gap` is None where nothing is proven of such a plan: it breaks a requirement, or
    does not keep the locks under which the bound was proven.
    """
    chosen = {choice.project_id: choice for choice in plan.choices}
    comparable = not faults and all(
        lock.allows(chosen.get(lock.project_id)) for lock in bench.locks
    )
    gap = None
    if comparable and bench.bound is not None:
        gap = max(bench.bound - plan.objective, 0.0) / max(abs(plan.objective), 1e-9)
    return {
        "total": plan.objective,
        "projects": plan.value,
        "aim_penalty": plan.aim_penalty,
        "before": bench.plan.objective,
        "bound": bench.bound if comparable else None,
        "gap": gap,
    }


def _waiting(bench: Bench, plan: Evaluation) -> dict[str, Any]:
    """Return how much more, or less, waiting costs over the plan's years."""
    more = plan.totals.waiting - bench.plan.totals.waiting
    tkr = float(more.sum())
    currency = bench.case.tables.settings["currency"]
    text = ""
    if abs(tkr) >= 0.5:
        pattern = (
            _("Att vänta kostar {kr} mer under planens år.")
            if tkr > 0
            else _("Att vänta kostar {kr} mindre under planens år.")
        )
        text = pattern.format(kr=money_text(abs(tkr), currency))
    return {"tkr": tkr, "text": text}


# ------------------------------------------------------------------ what changed


def describe_changes(
    case: Case, one: Iterable[Choice], other: Iterable[Choice]
) -> list[dict[str, Any]]:
    """Return what differs between two plans, a row a project: `kind` and `text`.

    `kind` is moved, switched, in or out. In the order of project ids.
    """
    was = {choice.project_id: choice for choice in one}
    now = {choice.project_id: choice for choice in other}
    rows = []
    for key in sorted(was.keys() | now.keys()):
        a, b = was.get(key), now.get(key)
        if a == b:
            continue
        project = case.project(key)
        p = quoted(project.name)
        if a is None and b is not None:
            kind, text = (
                "in",
                _("{p} tas in, med start {y}").format(p=p, y=b.start_year),
            )
        elif b is None or a is None:
            kind, text = "out", _("{p} tas bort").format(p=p)
        elif a.alternative_id != b.alternative_id:
            kind = "switched"
            text = _("{p} byter till alternativet {a}, med start {y}").format(
                p=p,
                a=quoted(project.alternative(b.alternative_id).name),
                y=b.start_year,
            )
        else:
            kind = "moved"
            text = _("{p} flyttas från {a} till {b}").format(
                p=p, a=a.start_year, b=b.start_year
            )
        rows.append(
            {"project_id": key, "name": project.name, "kind": kind, "text": text}
        )
    return rows


def _sentence(
    bench: Bench,
    plan: Evaluation,
    faults: Sequence[Mapping[str, Any]],
    share: Mapping[str, Any],
    debt: Mapping[str, Any],
    before: Sequence[Choice] | None,
) -> str:
    """Return one sentence on what the last change did."""
    case = bench.case
    earlier = bench.plan if before is None else evaluate_plan(case, before)
    changes = [
        row["text"] for row in describe_changes(case, earlier.choices, plan.choices)
    ]
    if not changes:
        what = _("Inget är ändrat")
    elif len(changes) > NAMED:
        what = _("{n} projekt ändras").format(n=len(changes))
    else:
        what = list_text(changes)
    parts = []
    was = {(row["kind"], row["id"]): row for row in plan_faults(case, earlier)}
    new = [
        row
        for row in faults
        if not set(row["years"]) <= set(was.get((row["kind"], row["id"]), row)["years"])
        or (row["kind"], row["id"]) not in was
    ]
    if new:
        parts.append(_new_faults(case, new))
    elif faults:
        parts.append(_("krav bryts som förut"))
    elif was:
        parts.append(_("nu hålls alla krav"))
    else:
        parts.append(_("alla krav hålls"))
    if share["worst"] is not None:
        parts.append(
            _("lägsta resultat {v} {y}").format(
                v=share_text(share["worst"]["value"]), y=share["worst"]["year"]
            )
        )
    if debt["worst"] is not None:
        currency = case.tables.settings["currency"]
        parts.append(
            _("högsta lån {v} {y}").format(
                v=per_inhabitant_text(debt["worst"]["value"], currency),
                y=debt["worst"]["year"],
            )
        )
    return f"{what}: {list_text(parts)}."


def _new_faults(case: Case, new: Sequence[Mapping[str, Any]]) -> str:
    """Return what is broken now that was not, as part of a sentence."""
    goals = {goal.goal_id: goal.name for goal in case.goals}
    words = []
    for row in new:
        if row["kind"] == "goal":
            words.append(
                _("målet {g} {ys}").format(
                    g=quoted(goals[row["id"]]), ys=years_text(row["years"])
                )
            )
        elif row["kind"] == "resource":
            words.append(
                _("gränsen för {resource} {ys}").format(
                    resource=quoted(row["id"]), ys=years_text(row["years"])
                )
            )
        elif row["kind"] == "relation":
            words.append(_("ett samband mellan projekt"))
        else:
            words.append(
                _("villkoren för {p}").format(p=quoted(case.project(row["id"]).name))
            )
    words = list(dict.fromkeys(words))
    if len(words) > NAMED:
        words = [*words[:NAMED], _("{n} krav till").format(n=len(words) - NAMED)]
    return _("nu bryts {what}").format(what=list_text(words))


# -------------------------------------------------------- where each project can go


@dataclass(frozen=True)
class StartYears:
    """The years in which a project can start. Calendar years, ascending.

    `allowed` are those that windows and deadlines allow; `free` those of them that break
    no requirement which holds as things stand, every other project left where it is.
    """

    project_id: str
    alternative_id: str
    allowed: tuple[int, ...]
    free: tuple[int, ...]


def start_years(
    bench: Bench,
    choices: Sequence[Choice],
    only: Collection[str] | None = None,
) -> dict[str, StartYears]:
    """Return where each project can start, in the alternative it has.

    A project that is out is tried in the alternative of the plan compared with, else
    in its first. `only` are ids of projects; None is all. All starts are reckoned at
    once, through the same statements as everything else.
    """
    case = bench.case
    chosen = {choice.project_id: choice for choice in choices}
    ways = [
        (project, _alternative(bench, project, chosen))
        for project in case.projects
        if only is None or project.project_id in only
    ]
    tried = [
        Choice(project.project_id, alternative.alternative_id, year)
        for project, alternative in ways
        for year in case.starts(project, alternative)
    ]
    holds = _hold(case, chosen, tried)
    free: dict[str, list[int]] = {}
    for choice, fine in zip(tried, holds, strict=True):
        if fine:
            free.setdefault(choice.project_id, []).append(choice.start_year)
    return {
        project.project_id: StartYears(
            project.project_id,
            alternative.alternative_id,
            tuple(case.starts(project, alternative)),
            tuple(free.get(project.project_id, ())),
        )
        for project, alternative in ways
    }


def _alternative(
    bench: Bench, project: Project, chosen: Mapping[str, Choice]
) -> Alternative:
    own = chosen.get(project.project_id)
    if own is None:
        own = next(
            (c for c in bench.choices if c.project_id == project.project_id), None
        )
    if own is None:
        return project.alternatives[0]
    return project.alternative(own.alternative_id)


def _hold(
    case: Case, chosen: Mapping[str, Choice], tried: Sequence[Choice]
) -> list[bool]:
    """Return whether each choice, put in by itself, breaks nothing that holds now."""
    if not tried:
        return []
    money = _goals_hold(case, chosen, tried)
    related: dict[str, list[Relation]] = {}
    for relation in case.relations:
        related.setdefault(relation.project_id, []).append(relation)
        related.setdefault(relation.other_id, []).append(relation)
    used = resource_use(case, chosen.values())
    found = []
    for choice, goals in zip(tried, money, strict=True):
        found.append(
            bool(goals)
            and _keeps_relations(case, chosen, choice, related)
            and _keeps_resources(case, chosen, choice, used)
        )
    return found


def _goals_hold(
    case: Case, chosen: Mapping[str, Choice], tried: Sequence[Choice]
) -> NDArray[np.bool_]:
    """Return whether each choice leaves every must goal that holds now, `[choice]`.

    The choices stand on the axis of the draws: each is a course of its own.
    """
    indices = price_indices(case)
    now = plan_totals(case, chosen.values())
    own = list(chosen.values())
    place = {choice.project_id: i for i, choice in enumerate(own)}
    with_own = choice_totals(case, indices, select(case, own)) if own else None
    each = choice_totals(case, indices, select(case, tried))
    at = np.array([place.get(choice.project_id, -1) for choice in tried])

    def moved(name: str) -> Array:
        added = getattr(each, name)[:, :, 0]
        if with_own is not None:
            mine = getattr(with_own, name)[:, :, 0]
            added = added - np.where((at >= 0)[:, None], mine[at], 0.0)
        total: Array = getattr(now, name) + added.T
        return total

    def met(totals: Totals) -> list[NDArray[np.bool_]]:
        years = forecast_statements(case, totals)
        areb = result_before_reserves(case, years)
        return [
            goal_met(case, years, goal, areb)
            for goal in case.goals
            if goal.level == "must"
        ]

    holds = np.ones(len(tried), dtype=bool)
    after = met(Totals(**{name: moved(name) for name in TOTALS}))
    for then, was in zip(after, met(now), strict=True):
        holds &= (then | ~was).all(axis=0)
    return holds


def _keeps_relations(
    case: Case,
    chosen: Mapping[str, Choice],
    choice: Choice,
    related: Mapping[str, Sequence[Relation]],
) -> bool:
    """Whether a choice breaks no relation that holds now."""
    then = {**chosen, choice.project_id: choice}
    return all(
        relation_holds(case, relation, then)
        or not relation_holds(case, relation, chosen)
        for relation in related.get(choice.project_id, ())
    )


def _keeps_resources(
    case: Case,
    chosen: Mapping[str, Choice],
    choice: Choice,
    used: Mapping[str, Mapping[int, float]],
) -> bool:
    """Whether a choice passes no resource that is enough now."""
    own = chosen.get(choice.project_id)
    freed = {} if own is None else _use(case, own)
    for (name, year), amount in _use(case, choice).items():
        if year not in case.resources.get(name, {}):
            continue
        most = case.resources[name][year] + RESOURCE_TOLERANCE
        now = used[name][year]
        if now <= most < now - freed.get((name, year), 0.0) + amount:
            return False
    return True


def _use(case: Case, choice: Choice) -> dict[tuple[str, int], float]:
    """Return what a choice uses, by resource and year."""
    alternative = case.project(choice.project_id).alternative(choice.alternative_id)
    return {
        (name, choice.start_year + offset): amount
        for name, amounts in alternative.use.items()
        for offset, amount in enumerate(amounts)
    }
