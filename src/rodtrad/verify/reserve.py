"""Is the reserve list true? Plans with more and with less room, each evaluated again."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from rodtrad.capacity.evaluate import plan_totals, project_value
from rodtrad.capacity.headroom import with_room
from rodtrad.capacity.statements import price_indices, project_totals
from rodtrad.domain.words import _
from rodtrad.verify.answers import ANSWER, as_choices, checked_answer
from rodtrad.verify.recount import near
from rodtrad.verify.shape import Maybe, figure, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.domain.arrays import Array, Choice
    from rodtrad.verify.recount import Recount

    Stated = dict[str, Any]

# What the planner asks for; a test holds the two together.
RESERVE_LEVELS = (-0.2, -0.1, -0.05, 0.05, 0.1, 0.2)
ROUNDING = 1e-6
LEVEL = {
    "level": figure,
    "room_tkr": [figure],
    "free": ANSWER,
    "nested": ANSWER,
    "enters": [text],
    "leaves": [text],
    **dict.fromkeys(("price_low", "price", "price_high", "price_share"), Maybe(figure)),
}
PLACE = {"project_id": text, "level": figure}
RESERVE = {
    "text": [text],
    "levels": [LEVEL],
    "order_in": [PLACE],
    "order_out": [PLACE],
}


def check_reserve(count: Recount, stated: Stated) -> None:
    """Note everything in the reserve list that does not follow from its plans."""
    path = "beside.reserve"
    totals = plan_totals(count.case, count.choices)
    spent = (totals.outlay - totals.income)[:, 0]
    levels = [row["level"] for row in stated["levels"]]
    asked = _levels(stated["levels"])
    if levels != asked:
        count.differ(f"{path}.levels", levels, asked)
        return
    made: dict[float, Stated] = {}
    for side in (1, -1):
        before = count.choices
        numbers = [i for i, level in enumerate(levels) if level * side > 0]
        for i in numbers[::side]:
            row = stated["levels"][i]
            found = _level(count, f"{path}.levels[{i}]", row, before, spent)
            if found is None:
                return
            made[row["level"]] = found
            if row["nested"]["choices"] is not None:
                before = as_choices(row["nested"]["choices"])
    rising = [row for row in stated["levels"] if row["level"] > 0]
    falling = [row for row in reversed(stated["levels"]) if row["level"] < 0]
    expected = {
        **stated,
        "levels": [made[level] for level in levels],
        "order_in": [
            {"project_id": key, "level": row["level"]}
            for row in rising
            for key in row["enters"]
        ],
        "order_out": [
            {"project_id": key, "level": row["level"]}
            for row in falling
            for key in row["leaves"]
        ],
    }
    # One sentence for what comes in first, one for what leaves first.
    sentences = sum(bool(expected[key]) for key in ("order_in", "order_out"))
    if len(stated["text"]) != sentences:
        count.differ(f"{path}.text", len(stated["text"]), sentences)
    count.compare(path, stated, expected)


def _levels(rows: Sequence[Stated]) -> list[float]:
    """Return the levels that should be there: no further than to one without a plan."""
    without = [row["level"] for row in rows if row["nested"]["choices"] is None]
    least = max((x for x in without if x < 0), default=-np.inf)
    most = min((x for x in without if x > 0), default=np.inf)
    return [x for x in RESERVE_LEVELS if least <= x <= most]


def _level(
    count: Recount, path: str, row: Stated, before: tuple[Choice, ...], spent: Array
) -> Stated | None:
    level = row["level"]
    room = level * spent
    case = with_room(count.case, room)
    free = checked_answer(count, f"{path}.free", row["free"], case)
    nested = checked_answer(count, f"{path}.nested", row["nested"], case)
    if free is None or nested is None:
        return None
    inside = {choice.project_id for choice in before}
    after = inside
    if nested["choices"] is not None:
        after = {choice.project_id for choice in as_choices(nested["choices"])}
    enters, leaves = after - inside, inside - after
    if leaves if level > 0 else enters:
        count.say(f"{path}.nested", _("Planen behåller inte ordningen."))
    chosen = as_choices(nested["choices"] or ())
    _in_order(count, f"{path}.enters", row["enters"], enters, chosen)
    _in_order(count, f"{path}.leaves", row["leaves"][::-1], leaves, before)
    if nested["objective"] is not None and free["bound"] is not None:
        bound, worth = free["bound"], nested["objective"]
        if not bound >= worth - near(worth):
            count.differ(f"{path}.free.bound", bound, worth)
    made = {**row, "room_tkr": room.tolist(), "free": free, "nested": nested}
    return {**made, **_price(count.objective, free, nested)}


def _price(objective: float, free: Stated, nested: Stated) -> Stated:
    """Return what nesting costs, at least, as found and at most."""
    keys = ("price_low", "price", "price_high", "price_share")
    if free["choices"] is None or nested["choices"] is None:
        return dict.fromkeys(keys)
    price = max(0.0, free["objective"] - nested["objective"])
    bound = nested["bound"]
    low = 0.0 if bound is None else max(0.0, free["objective"] - bound)
    high = None
    if free["bound"] is not None:
        high = max(price, free["bound"] - nested["objective"])
    share = price / max(abs(objective), 1e-9)
    return dict(zip(keys, (low, price, high, share), strict=True))


def _in_order(
    count: Recount,
    path: str,
    told: Sequence[str],
    expected: set[str],
    choices: Sequence[Choice],
) -> None:
    """Note if projects are not those expected, most value per krona first."""
    if sorted(told) != sorted(expected):
        count.differ(path, sorted(told), sorted(expected))
        return
    case, indices = count.case, price_indices(count.case)
    chosen = {choice.project_id: choice for choice in choices}
    rates = []
    for key in told:
        project = case.project(key)
        alternative, start = (
            project.alternative(chosen[key].alternative_id),
            chosen[key].start_year,
        )
        totals = project_totals(case, indices, project, alternative, start)
        outlay = max(float(totals.outlay.sum()), 1.0)
        rates.append(project_value(case, project, alternative, start) / outlay)
    if any(two > one + ROUNDING * abs(one) for one, two in itertools.pairwise(rates)):
        count.say(path, _("Projekten står inte med mest nytta per krona först."))
