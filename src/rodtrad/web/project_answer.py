"""Is a project in the plan, out or when, and why? The plan's own answer and reasons.

Leaves out what would change the answer (project_limits).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from rodtrad.publish import chapters
from rodtrad.web.project_index import IN, OUT, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rodtrad.web.project_index import InPlan


@dataclass(frozen=True)
class Answer:
    """In, out or when, and why, in the plan that is shown."""

    sentence: str
    reasons: tuple[str, ...]
    label: str
    state: str
    heading: str
    start: int | None = None
    in_use: int | None = None


def answer_of(plan: InPlan | None, project_id: str) -> Answer:
    """Return the plan's answer to one project."""
    if plan is None:
        return _untried(
            _("Ingen plan är räknad än. Därför är det inte avgjort om projektet ingår.")
        )
    row = plan.projects.get(project_id)
    if row is None:
        return _untried(
            _("Inte prövat. Projektet fanns inte när plan {n} räknades.").format(
                n=plan.study.number
            )
        )
    card = chapters.project_card(plan.plan, row, plan.reasons.get(project_id))
    reasons = tuple(text for text in (*card.reasons, card.force, *card.beside) if text)
    label = plan.labels.get(project_id, "")
    if row["chosen"]:
        return Answer(
            _when(row),
            reasons,
            label,
            IN,
            _("Varför ingår det?"),
            row["start_year"],
            row["in_use_year"],
        )
    return Answer(_("Ingår inte i planen."), reasons, label, OUT, _("Varför inte?"))


def _untried(sentence: str) -> Answer:
    return Answer(sentence, (), "", UNKNOWN, "")


def _when(row: Mapping[str, Any]) -> str:
    start, use = row["start_year"], row["in_use_year"]
    pattern = (
        _("Ingår i planen. Startar {a} och tas i bruk samma år.")
        if use is None or use <= start
        else _("Ingår i planen. Startar {a} och tas i bruk {b}.")
    )
    told = pattern.format(a=start, b=use)
    must = _("Projektet är tvingande.")
    return f"{told} {must}" if row.get("must_do") else told
