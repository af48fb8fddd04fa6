"""Is an answer about other plans what its own plan gives?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rodtrad.domain.arrays import Choice
from rodtrad.verify.recount import gap_of, near
from rodtrad.verify.shape import Maybe, choice, figure, flag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.domain.arrays import Case
    from rodtrad.verify.recount import Recount

    Stated = dict[str, Any]

ANSWER = {
    "choices": Maybe([choice]),
    "objective": Maybe(figure),
    "bound": Maybe(figure),
    "gap": Maybe(figure),
    "impossible": flag,
}


def as_choices(rows: Sequence[Sequence[Any]]) -> tuple[Choice, ...]:
    """Return the choices that rows of a result hold."""
    return tuple(Choice(*row) for row in rows)


def checked_answer(
    count: Recount, path: str, stated: Stated, case: Case | None = None
) -> Stated | None:
    """Return what an answer should say, from its own plan; None if that cannot be."""
    if stated["choices"] is None:
        bound = None if stated["impossible"] else stated["bound"]
        return {**stated, "objective": None, "gap": None, "bound": bound}
    plan = count.plan(path, stated["choices"], case)
    if plan is None:
        return None
    bound = stated["bound"]
    if bound is not None and not bound >= plan.objective - near(bound):
        count.differ(f"{path}.bound", bound, plan.objective)
    return {
        **stated,
        "objective": plan.objective,
        "gap": gap_of(plan.objective, bound),
        "impossible": False,
    }
