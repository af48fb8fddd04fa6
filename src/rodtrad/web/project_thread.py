"""What does a project hang on? Need, goal, indicator, project and effect as one thread.

Leaves out the whole tree of goals (views.goals).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from rodtrad.domain.words import DRIVER_LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rodtrad.web.models import Municipality
    from rodtrad.web.models.projects import VisionNode
    from rodtrad.web.project_answer import Answer
    from rodtrad.web.project_record import Life

# Vision, goal and indicator stand below each other; no more are looked for.
_DEEPEST: Final = 5


def red_thread(
    life: Life,
    municipality: Municipality,
    answer: Answer,
    goal_names: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Return need, goal, indicator, project and effect, as steps of a chain."""
    project = {"kind": _("Projekt"), "text": life.name, "note": answer.sentence}
    return [
        *_needs(life, municipality),
        *_goals(life, municipality, goal_names),
        project,
        _effect(life),
    ]


def _needs(life: Life, municipality: Municipality) -> list[dict[str, Any]]:
    reported = [
        {
            "kind": _("Anmält behov"),
            "text": report.what,
            "href": reverse("need_report", args=[municipality.slug, report.number]),
            "note": report.where,
        }
        for report in life.reports
    ]
    if reported:
        return reported
    if life.file and life.file.need:
        return [{"kind": _("Behov"), "text": life.file.need}]
    driver = str(life.row.data.get("driver") or "")
    note = (
        _("Drivkraft: {d}").format(d=DRIVER_LABELS.get(driver, driver))
        if driver
        else ""
    )
    text = _("Behovet är inte beskrivet")
    return [{"kind": _("Behov"), "text": text, "note": note, "state": "later"}]


def _goals(
    life: Life, municipality: Municipality, goal_names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return what is above each goal that the project serves, each part once."""
    tree = reverse("goal_tree", args=[municipality.slug])
    if not life.links:
        text = _("Inte kopplat till något mål")
        return [{"kind": _("Mål"), "text": text, "href": tree, "state": "later"}]
    parts: dict[int, VisionNode] = {}
    for link in life.links:
        chain: list[VisionNode] = []
        node: VisionNode | None = link.node
        while node is not None and len(chain) < _DEEPEST:
            chain.append(node)
            node = node.parent
        parts |= {one.pk: one for one in reversed(chain) if one.pk not in parts}
    return [
        {
            "kind": str(one.get_kind_display()),
            "text": one.text,
            "href": f"{tree}#del-{one.pk}",
            "note": goal_names.get(one.goal_id, "") if one.goal_id else "",
        }
        for one in parts.values()
    ]


def _effect(life: Life) -> dict[str, Any]:
    measured = life.file.effect if life.file else ""
    awaited = "; ".join(link.effect for link in life.links if link.effect)
    return {
        "kind": _("Effekt"),
        "text": measured
        or awaited
        or _("Mäts ett till tre år efter att det är i bruk"),
        "state": "known" if measured else "later",
    }
