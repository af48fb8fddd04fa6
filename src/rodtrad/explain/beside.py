"""What could be chosen beside the plan, in figures and in words?

Near-optimal plans, the reserve list, start windows, the replan and the plan at the
municipality's own completion rate, as `plan.json` holds them under `beside`. Every
sentence says only what a plan that was found, or a bound, shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.capacity.differences import SAME_YEARS
from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.capacity.result import as_list, choice_differences
from rodtrad.domain.words import (
    _,
    count_text,
    list_text,
    money_text,
    quoted,
    share_text,
)
from rodtrad.explain.answers import projects_text, switch_sentences
from rodtrad.explain.limits import points
from rodtrad.plan.milp import PROOF_GAP
from rodtrad.plan.near_optimal import near_optimal_plans
from rodtrad.plan.replan import replan
from rodtrad.plan.reserve import reserve_list
from rodtrad.plan.windows import start_windows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.capacity.evaluate import Evaluation
    from rodtrad.domain.arrays import Case, Choice
    from rodtrad.plan.beside import Answer
    from rodtrad.plan.milp import Portfolio
    from rodtrad.plan.near_optimal import NearPlan, NearPlans
    from rodtrad.plan.problem import Problem
    from rodtrad.plan.replan import Replan
    from rodtrad.plan.reserve import Reserve, ReserveLevel
    from rodtrad.plan.windows import StartWindows

MOST_MOVES = 3


def choices_beside(
    problem: Problem,
    plan: Portfolio,
    economy: Mapping[str, Any],
    decided: Sequence[Choice] | None = None,
    seed: int = 1,
) -> dict[str, Any]:
    """Return `beside` of `plan.json`: `near, windows, reserve, replan, completion`.

    Args:
        problem: the plan's problem.
        plan: the finished plan.
        economy: what `economy_result` gives for the plan.
        decided: an earlier decided plan; without it `replan` is None.
        seed: for the solver.

    Raises:
        ValueError: the portfolio holds no plan.
    """
    if plan.choices is None or plan.objective is None:
        msg = "there is no plan to choose beside"
        raise ValueError(msg)
    found: dict[str, Any] = {
        "near": near_and_windows(problem, plan, seed),
        "reserve": reserve_list(problem, plan, seed=seed),
    }
    if decided is not None:
        found["replan"] = replan(problem, plan, decided, seed=seed)
    return beside_facts(problem.case, plan, economy, found)


def near_and_windows(
    problem: Problem, plan: Portfolio, seed: int = 1
) -> tuple[NearPlans, StartWindows]:
    """Return near-optimal plans, and the start windows that they too witness."""
    near = near_optimal_plans(problem, plan, seed=seed)
    others = [one.choices for one in near.plans]
    return near, start_windows(problem, plan, known=others)


def beside_facts(
    case: Case, plan: Portfolio, economy: Mapping[str, Any], found: Mapping[str, Any]
) -> dict[str, Any]:
    """Return `beside` of `plan.json` from what was found.

    `found` holds `near` (plans and windows), `reserve` and perhaps `replan`.
    """
    near, windows = found["near"]
    changed = found.get("replan")
    return {
        "near": near_facts(case, plan, near),
        "windows": window_facts(case, windows),
        "reserve": reserve_facts(case, plan.objective or 0.0, found["reserve"]),
        "replan": None if changed is None else replan_facts(case, plan, changed),
        "completion": completion_facts(case, economy),
    }


def _names(case: Case) -> dict[str, str]:
    return {project.project_id: project.name for project in case.projects}


def _rows(choices: Sequence[Choice]) -> list[list[Any]]:
    return [list(choice) for choice in choices]


def _outlay(case: Case, choices: Sequence[Choice]) -> float:
    """Return the outlay of a plan, tkr, prices of the base year."""
    return sum(
        sum(case.project(key).alternative(alternative_id).outlay)
        for key, alternative_id, _start in choices
    )


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _span(low: float, high: float) -> str:
    """Return a loss in points as exact as it is known."""
    low, high = max(low, 0.0), max(high, 0.0)
    if points(low) == points(high):
        return points(high)
    if points(low) == points(0.0):
        return _("högst {np}").format(np=points(high))
    return _("mellan {np1} och {np2}").format(np1=points(low), np2=points(high))


# ---------------------------------------------------------------- near-optimal plans


def near_facts(case: Case, plan: Portfolio, near: NearPlans) -> dict[str, Any]:
    """Return the near-optimal plans with what differs, in figures and words."""
    own = evaluate_plan(case, plan.choices or ())
    rows = [_near_row(case, own, one) for one in near.plans]
    return {
        "share": near.share,
        "floor": near.floor,
        "floor_proven": near.floor_proven,
        "least_difference": near.least,
        "complete": near.complete,
        "text": _near_text(near),
        "plans": rows,
    }


def _near_text(near: NearPlans) -> str:
    share = share_text(near.share)
    least = share_text(near.least)
    if not near.plans:
        pattern = (
            _(
                "Ingen annan plan inom {pct} av bästa möjliga nytta skiljer sig från "
                "planen i minst {d} av utgifterna. Det är bevisat."
            )
            if near.complete and near.floor_proven
            else _(
                "Ingen annan plan inom {pct} av planens nytta skiljer sig från den i "
                "minst {d} av utgifterna. Det är bevisat."
            )
            if near.complete
            else _(
                "Beräkningen har inte hittat någon annan plan inom {pct} av planens "
                "nytta som skiljer sig i minst {d} av utgifterna."
            )
        )
        return pattern.format(pct=share, d=least)
    n = count_text(len(near.plans), "en")
    found = (
        _("{n} annan plan ger nästan lika stor nytta, inom {pct}.")
        if len(near.plans) == 1
        else _("{n} andra planer ger nästan lika stor nytta, inom {pct}.")
    )
    rest = (
        _(
            "Det är bevisat att det inte finns fler inom {pct} av {what} som skiljer "
            "sig så mycket."
        ).format(
            pct=share,
            what=_("bästa möjliga nytta") if near.floor_proven else _("planens nytta"),
        )
        if near.complete
        else _("Det kan finnas fler.")
    )
    first = found.format(n=n[:1].upper() + n[1:], pct=share)
    apart = _(
        "De skiljer sig från planen, och från varandra, i minst {d} av utgifterna."
    )
    if len(near.plans) == 1:
        apart = _("Den skiljer sig från planen i minst {d} av utgifterna.")
    return " ".join([first, apart.format(d=least), rest])


def _near_row(case: Case, own: Evaluation, one: NearPlan) -> dict[str, Any]:
    other = evaluate_plan(case, one.choices)
    changes = _clear_differences(own.choices, one.choices)
    outlay = _outlay(case, one.choices)
    change = outlay - _outlay(case, own.choices)
    margins = [
        {
            "goal_id": mine.goal.goal_id,
            "plan": _least(mine.margin),
            "other": _least(theirs.margin),
        }
        for mine, theirs in zip(own.goals, other.goals, strict=True)
    ]
    return {
        "choices": _rows(one.choices),
        "objective": one.objective,
        "loss": own.objective - one.objective,
        "loss_share": (own.objective - one.objective) / max(abs(own.objective), 1e-9),
        "difference": one.difference,
        "least_difference": one.least_difference,
        "outlay_fixed_tkr": outlay,
        "outlay_change_tkr": change,
        **changes,
        "margins": margins,
        "text": _near_sentences(case, own, one, changes, change),
    }


def _least(margin: Any) -> float | None:
    known = margin[:, 0][~np.isnan(margin[:, 0])]
    return float(known.min()) if len(known) else None


def _clear_differences(
    one: Sequence[Choice], other: Sequence[Choice]
) -> dict[str, list[Any]]:
    """Return `choice_differences` with only the moves of more than `SAME_YEARS`."""
    found = choice_differences(one, other)
    far = [m for m in found["moves"] if abs(m["to"] - m["from"]) > SAME_YEARS]
    return {**found, "moves": far}


def _near_sentences(
    case: Case,
    own: Evaluation,
    one: NearPlan,
    changes: Mapping[str, list[Any]],
    change: float,
) -> list[str]:
    names = _names(case)
    loss = own.objective - one.objective
    share = abs(loss) / max(abs(own.objective), 1e-9)
    if points(abs(loss)) == points(0.0):
        text = [_("Planen ger i stort sett samma nytta.")]
    else:
        pattern = (
            _("Planen ger {np} nyttopoäng mindre ({pct}).")
            if loss > 0
            else _("Planen ger {np} nyttopoäng mer ({pct}).")
        )
        text = [pattern.format(np=points(abs(loss)), pct=share_text(share))]
    leaves = [names[key] for key in changes["leaves"]]
    enters = [names[key] for key in changes["enters"]]
    text += _swap_sentences(leaves, enters)
    moves = [
        _("{p} från {a} till {b}").format(
            p=quoted(names[m["project_id"]]), a=m["from"], b=m["to"]
        )
        for m in changes["moves"]
    ]
    if len(moves) > MOST_MOVES:
        rest = count_text(len(moves) - MOST_MOVES + 1)
        moves = [*moves[: MOST_MOVES - 1], _("{n} projekt till").format(n=rest)]
    if moves:
        text.append(_("Mer än två år flyttas {list}.").format(list=list_text(moves)))
    text += switch_sentences(case, changes["switches"])
    currency = case.tables.settings["currency"]
    if abs(change) >= 1.0:
        pattern = (
            _("Utgifterna blir {kr} högre.")
            if change > 0
            else _("Utgifterna blir {kr} lägre.")
        )
        text.append(pattern.format(kr=money_text(abs(change), currency)))
    return text


def _swap_sentences(leaves: Sequence[str], enters: Sequence[str]) -> list[str]:
    ps, qs = projects_text(leaves), projects_text(enters)
    if leaves and enters:
        return [_("Då lämnar {ps} planen, och {qs} kommer in.").format(ps=ps, qs=qs)]
    if leaves:
        return [_("Då lämnar {ps} planen.").format(ps=ps)]
    if enters:
        return [_("Då kommer {qs} in.").format(qs=qs)]
    return []


# ----------------------------------------------------------------------------- windows


def window_facts(case: Case, found: StartWindows) -> dict[str, Any]:
    """Return each chosen project's start window, and the plans that witness it."""
    names = _names(case)
    rows = []
    for one in found.windows:
        name = quoted(names[one.project_id])
        if one.earliest == one.latest:
            pattern = (
                _(
                    "Projektet {p} startar {a}. Det gör det i alla planer som är nästan "
                    "lika bra och har med det."
                )
                if all(one.proven)
                else _("Projektet {p} startar {a}. Ingen annan start har hittats.")
            )
        else:
            pattern = _(
                "Projektet {p} kan starta {a}–{b} med i stort sett samma nytta."
            )
        rows.append(
            {
                "project_id": one.project_id,
                "start_year": one.start_year,
                "earliest": one.earliest,
                "latest": one.latest,
                "first_allowed": one.first,
                "last_allowed": one.last,
                "witness_earliest": one.witness[0],
                "witness_latest": one.witness[1],
                "earliest_proven": one.proven[0],
                "latest_proven": one.proven[1],
                "text": pattern.format(p=name, a=one.earliest, b=one.latest),
            }
        )
    return {
        "share": found.share,
        "floor": found.floor,
        "floor_proven": found.floor_proven,
        "projects": rows,
        "witnesses": [_rows(choices) for choices in found.witnesses],
    }


# ------------------------------------------------------------------------ reserve list


def reserve_facts(case: Case, objective: float, found: Reserve) -> dict[str, Any]:
    """Return the reserve list: levels, order in and out, and the price of nesting."""
    names, currency = _names(case), case.tables.settings["currency"]
    text = []
    for keys, pattern, unproven in (
        (
            found.order_in,
            _("Ökar utrymmet med {kr}, kommer {p} in först."),
            _("I de planer som hittats kommer {p} in först om utrymmet ökar med {kr}."),
        ),
        (
            found.order_out,
            _("Minskar utrymmet med {kr}, lämnar {p} planen först."),
            _(
                "I de planer som hittats lämnar {p} planen först om utrymmet minskar "
                "med {kr}."
            ),
        ),
    ):
        if not keys:
            continue
        at = next(one for one in found.levels if one.level == keys[0][1])
        amount = abs(float(at.room_tkr.sum()))
        first = [names[key] for key, of in keys if of == keys[0][1]]
        told = pattern if _proven_till(found.levels, at.level) else unproven
        text.append(
            told.format(kr=money_text(amount, currency), p=projects_text(first))
        )
    return {
        "text": text,
        "levels": [_level_row(one, objective) for one in found.levels],
        "order_in": [{"project_id": key, "level": of} for key, of in found.order_in],
        "order_out": [{"project_id": key, "level": of} for key, of in found.order_out],
    }


def _proven_till(levels: Sequence[ReserveLevel], level: float) -> bool:
    """Whether the nested plans from no change to this level are proven best."""
    return all(
        one.nested.gap is not None and one.nested.gap <= PROOF_GAP
        for one in levels
        if one.level * level > 0 and abs(one.level) <= abs(level)
    )


def _level_row(one: ReserveLevel, objective: float) -> dict[str, Any]:
    price = one.price
    low, as_found, high = price or (None, None, None)
    return {
        "level": one.level,
        "room_tkr": one.room_tkr.tolist(),
        "free": _answer(one.free),
        "nested": _answer(one.nested),
        "enters": list(one.enters),
        "leaves": list(one.leaves),
        "price_low": low,
        "price": as_found,
        "price_high": None if high is None else _finite(high),
        "price_share": None
        if as_found is None
        else as_found / max(abs(objective), 1e-9),
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "choices": None if answer.choices is None else _rows(answer.choices),
        "objective": _finite(answer.objective),
        "bound": _finite(answer.bound),
        "gap": answer.gap,
        "impossible": answer.impossible,
    }


# ------------------------------------------------------------------------------ replan


def replan_facts(case: Case, plan: Portfolio, found: Replan) -> dict[str, Any]:
    """Return the price of stability: the plan for each number of changes."""
    rows = [
        {
            "limit": one.limit,
            **_answer(one.answer),
            "changes": list(one.changes),
            "cost": one.cost,
            "loss_low": _loss(plan.objective, one.answer.bound),
            "loss_high": None
            if one.answer.choices is None or plan.bound is None
            else max(0.0, plan.bound - one.answer.objective),
        }
        for one in found.points
    ]
    return {
        "decided": _rows(found.decided),
        "gone": list(found.gone),
        "holds": found.holds,
        "least": found.least,
        "least_proven": found.least_proven,
        "points": rows,
        "text": _replan_text(plan, found),
    }


def _loss(objective: float | None, bound: float) -> float | None:
    if objective is None or not np.isfinite(bound):
        return None
    return max(0.0, objective - bound)


def _replan_text(plan: Portfolio, found: Replan) -> list[str]:
    changes = choice_differences(found.decided, plan.choices or ())
    moved = {m["project_id"] for m in changes["moves"] + changes["switches"]}
    kept = len(found.decided) - len(moved) - len(changes["leaves"])
    text = [
        _(
            "Den nya planen behåller {a} av {n} beslut. Flyttas eller byggs på annat "
            "sätt: {b}. Lämnar: {c}. Nya: {d}."
        ).format(
            a=kept,
            n=len(found.decided),
            b=len(moved),
            c=len(changes["leaves"]),
            d=len(changes["enters"]),
        )
    ]
    if not found.holds:
        text.append(_("Den beslutade planen håller inte längre alla krav."))
        return text
    first = found.points[0]
    if first.limit == 0 and first.answer.choices and plan.bound is not None:
        low = (plan.objective or 0.0) - first.answer.bound
        high = plan.bound - first.answer.objective
        text.append(
            _("Att behålla allt som är beslutat kostar {np} nyttopoäng.").format(
                np=_span(low, high)
            )
        )
    return text


# -------------------------------------------------------------------------- completion


def completion_facts(case: Case, economy: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the plan at the municipality's own completion rate (A13), beside the plan.

    `moved_tkr` by year is how much less is paid so far than the plan says; `moved_total_tkr`
    what slips in all. Result is `ar`, loans at the end of the year. Nominal tkr.

    Source:
        DESIGN Appendix A13; method page docs/method/completion.md.
    """
    run = economy.get("completion")
    if run is None:
        return None
    planned = np.array(run["outlay_plan"])
    paid = np.array(run["outlay"])
    text = _(
        "Räknat med genomförandegraden {pct} flyttas {kr} av utgifterna till senare år."
    ).format(
        pct=share_text(run["rate"]),
        kr=money_text(run["moved_tkr"], case.tables.settings["currency"]),
    )
    return {
        "rate": run["rate"],
        "years": [int(year) for year in case.years],
        "outlay_plan_tkr": list(run["outlay_plan"]),
        "outlay_tkr": list(run["outlay"]),
        "moved_tkr": as_list(np.cumsum(planned - paid)[:, None]),
        "moved_total_tkr": run["moved_tkr"],
        "result_plan_tkr": list(economy["statement"]["ar"]),
        "result_tkr": list(run["statement"]["ar"]),
        "loans_plan_tkr": list(economy["balance"]["loans"]),
        "loans_tkr": list(run["balance"]["loans"]),
        "text": text,
    }
