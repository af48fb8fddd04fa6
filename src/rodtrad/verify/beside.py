"""Is what stands beside the plan true? Other plans, start windows, and what comes next.

Every plan is evaluated again and every figure computed again. What is said to be proven
has no certificate here: it must agree with the rest, and no known plan may refute it.
The sentences are not drawn again.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.capacity.differences import (
    SAME_YEARS,
    difference,
    project_outlays,
)
from rodtrad.capacity.result import as_list, choice_differences
from rodtrad.domain.words import _
from rodtrad.verify.answers import as_choices
from rodtrad.verify.recount import near
from rodtrad.verify.replan import REPLAN, check_replan, replan_refuted
from rodtrad.verify.reserve import RESERVE, check_reserve
from rodtrad.verify.shape import (
    DIFFERS,
    Maybe,
    choice,
    figure,
    flag,
    text,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rodtrad.capacity.evaluate import Evaluation
    from rodtrad.domain.arrays import Array, Case, Choice
    from rodtrad.verify.recount import Recount

    Stated = dict[str, Any]

# What the planner asks for; a test holds the two together.
NEAR_SHARE, NEAR_COUNT, NEAR_DIFFERENCE = 0.02, 4, 0.1
WINDOW_SHARE = 0.005
ROUNDING = 1e-6

MARGIN = {"goal_id": text, "plan": Maybe(figure), "other": Maybe(figure)}
NEAR_PLAN = {
    "choices": [choice],
    "objective": figure,
    "loss": figure,
    "loss_share": figure,
    "difference": figure,
    "least_difference": figure,
    "outlay_fixed_tkr": figure,
    "outlay_change_tkr": figure,
    **DIFFERS,
    "margins": [MARGIN],
    "text": [text],
}
NEAR = {
    "share": figure,
    "floor": figure,
    "floor_proven": flag,
    "least_difference": figure,
    "complete": flag,
    "text": text,
    "plans": [NEAR_PLAN],
}
WINDOW = {
    "project_id": text,
    **dict.fromkeys(
        ("start_year", "earliest", "latest", "first_allowed", "last_allowed"), whole
    ),
    "witness_earliest": whole,
    "witness_latest": whole,
    "earliest_proven": flag,
    "latest_proven": flag,
    "text": text,
}
WINDOWS = {
    "share": figure,
    "floor": figure,
    "floor_proven": flag,
    "projects": [WINDOW],
    "witnesses": [[choice]],
}
YEARLY = (
    "outlay_plan_tkr",
    "outlay_tkr",
    "moved_tkr",
    "result_plan_tkr",
    "result_tkr",
    "loans_plan_tkr",
    "loans_tkr",
)
COMPLETION = {
    "rate": figure,
    "years": [whole],
    **{key: [figure] for key in YEARLY},
    "moved_total_tkr": figure,
    "text": text,
}
BESIDE = {
    "near": NEAR,
    "windows": WINDOWS,
    "reserve": RESERVE,
    "replan": Maybe(REPLAN),
    "completion": Maybe(COMPLETION),
}


def check_beside(
    count: Recount, result: Mapping[str, Any], economy: Mapping[str, Any]
) -> list[Callable[[], None]]:
    """Note everything in `beside` that does not follow from its plans.

    Args:
        count: the plan.
        result: the content of `plan.json`.
        economy: what `economy_result` gives for the plan.

    Returns:
        what to ask when all plans of the result are known: is any proof refuted?
    """
    if "beside" not in result:
        return []
    beside = result["beside"]
    if not count.has_shape("beside", beside, BESIDE):
        return []
    _near(count, beside["near"])
    _windows(count, beside["windows"])
    check_reserve(count, beside["reserve"])
    later: list[Callable[[], None]] = [
        lambda: _near_refuted(count, beside["near"]),
        lambda: _windows_refuted(count, beside["windows"]),
    ]
    if beside["replan"] is not None:
        check_replan(count, beside["replan"])
        later.append(lambda: replan_refuted(count, beside["replan"]))
    _completion(count, beside["completion"], economy)
    return later


def _floor(count: Recount, share: float) -> tuple[float, bool]:
    """Return the least objective within a share of the best, and if it is proven."""
    safe = count.bound - share * abs(count.bound)
    if safe <= count.objective:
        return safe, True
    return count.objective - share * abs(count.objective), False


def _reaches(
    count: Recount, path: str, rows: Sequence[Sequence[Any]], floor: float
) -> Evaluation | None:
    """Return a plan that holds and reaches a floor; None and a note if it does not."""
    plan = count.plan(path, rows)
    if plan is not None and not plan.objective >= floor - near(floor):
        count.differ(f"{path}.objective", plan.objective, floor)
    return plan


# ---------------------------------------------------------------- near-optimal plans


def _near(count: Recount, stated: Stated) -> None:
    path, case = "beside.near", count.case
    floor, proven = _floor(count, NEAR_SHARE)
    expected = {
        **stated,
        "share": NEAR_SHARE,
        "floor": floor,
        "floor_proven": proven,
        "least_difference": NEAR_DIFFERENCE,
    }
    if len(stated["plans"]) > NEAR_COUNT:
        count.differ(f"{path}.plans", len(stated["plans"]), NEAR_COUNT)
    outlays = project_outlays(case)
    every = [as_choices(row["choices"]) for row in stated["plans"]]
    rows = []
    for i, row in enumerate(stated["plans"]):
        place = f"{path}.plans[{i}]"
        plan = _reaches(count, place, row["choices"], floor)
        if plan is None:
            return
        others = [count.choices, *(one for j, one in enumerate(every) if j != i)]
        apart = [difference(outlays, every[i], other) for other in others]
        if not min(apart) >= NEAR_DIFFERENCE - ROUNDING:
            count.differ(f"{place}.least_difference", min(apart), NEAR_DIFFERENCE)
        rows.append({**row, **_near_row(count, plan), "difference": apart[0]})
        rows[-1]["least_difference"] = min(apart)
    count.compare(path, stated, {**expected, "plans": rows})
    values = [row["objective"] for row in stated["plans"]]
    if any(two > one + near(one) for one, two in itertools.pairwise(values)):
        count.say(f"{path}.plans", _("Planerna står inte med den bästa först."))


def _near_row(count: Recount, other: Evaluation) -> Stated:
    case, own = count.case, count.evaluate(count.choices)
    found = choice_differences(own.choices, other.choices)
    far = [m for m in found["moves"] if abs(m["to"] - m["from"]) > SAME_YEARS]
    outlay = _outlay(case, other.choices)
    loss = own.objective - other.objective
    return {
        "objective": other.objective,
        "loss": loss,
        "loss_share": loss / max(abs(own.objective), 1e-9),
        "outlay_fixed_tkr": outlay,
        "outlay_change_tkr": outlay - _outlay(case, own.choices),
        **found,
        "moves": far,
        "margins": [
            {
                "goal_id": mine.goal.goal_id,
                "plan": _least(mine.margin),
                "other": _least(theirs.margin),
            }
            for mine, theirs in zip(own.goals, other.goals, strict=True)
        ],
    }


def _outlay(case: Case, choices: Sequence[Choice]) -> float:
    """Return the outlay of a plan, tkr, prices of the base year."""
    return sum(
        sum(case.project(key).alternative(alternative_id).outlay)
        for key, alternative_id, _start in choices
    )


def _least(margin: Array) -> float | None:
    known = margin[:, 0][~np.isnan(margin[:, 0])]
    return float(known.min()) if len(known) else None


def _near_refuted(count: Recount, stated: Stated) -> None:
    """Note if a known plan within the floor differs from all, and none should."""
    if not stated["complete"]:
        return
    outlays = project_outlays(count.case)
    shown = [count.choices, *(as_choices(row["choices"]) for row in stated["plans"])]
    floor = _floor(count, NEAR_SHARE)[0]

    def another(chosen: dict[str, Choice]) -> bool:
        choices = tuple(chosen.values())
        return all(
            difference(outlays, choices, other) >= NEAR_DIFFERENCE + ROUNDING
            for other in shown
        )

    count.refute("beside.near.complete", floor, another)


# --------------------------------------------------------------------------- windows


def _windows(count: Recount, stated: Stated) -> None:
    path, case = "beside.windows", count.case
    floor, proven = _floor(count, WINDOW_SHARE)
    expected = {
        **stated,
        "share": WINDOW_SHARE,
        "floor": floor,
        "floor_proven": proven,
    }
    witnesses = [
        {choice.project_id: choice for choice in as_choices(rows)}
        for rows in stated["witnesses"]
    ]
    for i, rows in enumerate(stated["witnesses"]):
        if _reaches(count, f"{path}.witnesses[{i}]", rows, floor) is None:
            return
    told = [row["project_id"] for row in stated["projects"]]
    if told != sorted(count.chosen):
        count.differ(f"{path}.projects", told, sorted(count.chosen))
        return
    projects = []
    for i, row in enumerate(stated["projects"]):
        key = row["project_id"]
        own = count.chosen[key].start_year
        seen = [own, *(w[key].start_year for w in witnesses if key in w)]
        project = case.project(key)
        starts = [y for a in project.alternatives for y in case.starts(project, a)]
        made = {
            **row,
            "start_year": own,
            "earliest": min(seen),
            "latest": max(seen),
            "first_allowed": min(starts),
            "last_allowed": max(starts),
        }
        # Past the last start that is allowed there is nothing to prove.
        made["earliest_proven"] |= made["earliest"] == made["first_allowed"]
        made["latest_proven"] |= made["latest"] == made["last_allowed"]
        projects.append(made)
        for side in ("earliest", "latest"):
            number = row[f"witness_{side}"]
            known = witnesses[number] if 0 <= number < len(witnesses) else {}
            if key not in known or known[key].start_year != made[side]:
                place = f"{path}.projects[{i}].witness_{side}"
                count.say(place, _("Planen som pekas ut startar inte det året."))
    count.compare(path, stated, {**expected, "projects": projects})


def _windows_refuted(count: Recount, stated: Stated) -> None:
    """Note if a known plan within the floor starts outside a window that is proven."""
    floor = _floor(count, WINDOW_SHARE)[0]
    for i, row in enumerate(stated["projects"]):
        key = row["project_id"]
        for side, sign in (("earliest", -1), ("latest", 1)):
            if not row[f"{side}_proven"]:
                continue
            edge = row[side]

            def beyond(
                chosen: dict[str, Choice],
                key: str = key,
                edge: int = edge,
                s: int = sign,
            ) -> bool:
                return key in chosen and (chosen[key].start_year - edge) * s > 0

            count.refute(f"beside.windows.projects[{i}].{side}_proven", floor, beyond)


# -------------------------------------------------------------------------- completion


def _completion(
    count: Recount, stated: Stated | None, economy: Mapping[str, Any]
) -> None:
    run = economy["completion"]
    if run is None or stated is None:
        if run is not None or stated is not None:
            count.differ("beside.completion", stated, run)
        return
    apart = np.array(run["outlay_plan"]) - np.array(run["outlay"])
    expected = {
        "rate": run["rate"],
        "years": [int(year) for year in count.case.years],
        "outlay_plan_tkr": run["outlay_plan"],
        "outlay_tkr": run["outlay"],
        "moved_tkr": as_list(np.cumsum(apart)[:, None]),
        "moved_total_tkr": run["moved_tkr"],
        "result_plan_tkr": economy["statement"]["ar"],
        "result_tkr": run["statement"]["ar"],
        "loans_plan_tkr": economy["balance"]["loans"],
        "loans_tkr": run["balance"]["loans"],
        "text": stated["text"],
    }
    count.compare("beside.completion", stated, expected)
