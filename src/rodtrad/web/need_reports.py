"""What becomes of a need that somebody reports? Received, judged, answered.

Every answer is kept with who gave it, so that the one who reported can follow it.
Leaves out the pages (views.needs).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from rodtrad.web import events
from rodtrad.web.models import Municipality, NeedReport, NeedStep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rodtrad.web.access import MunicipalRequest

State = NeedReport.State


def _address(municipality: Municipality, key: str) -> str | None:
    if not key.isdecimal():
        return None
    return f"/{municipality.slug}/behov/anmalda/{key}/"


events.declare_object(
    "need",
    _("anmält behov"),
    {
        "what": _("vad som behövs"),
        "where": _("var"),
        "when": _("när"),
        "why": _("varför"),
        "state": _("läge"),
        "project_id": _("projekt"),
    },
    _address,
    {"state": {str(one.value): one.label for one in State}},
)
events.declare_action("need.reported", _("anmälde ett behov"))
events.declare_action("need.answered", _("svarade på ett anmält behov"))


def _name(report: NeedReport) -> tuple[str, str, str]:
    return ("need", str(report.number), report.what)


@transaction.atomic
def report(request: MunicipalRequest, words: Mapping[str, Any]) -> NeedReport:
    """Take in a need; the one who is signed in is the contact."""
    municipality = Municipality.objects.select_for_update().get(
        pk=request.municipality.pk
    )
    last = NeedReport.objects.filter(municipality=municipality).aggregate(
        n=Max("number")
    )
    found = NeedReport.objects.create(
        municipality=municipality,
        number=(last["n"] or 0) + 1,
        what=words["what"],
        where=words["where"],
        when=words["when"],
        why=words["why"],
        reporter=request.user,
        reporter_name=str(request.user)[:150],
        reporter_group=request.membership.group,
    )
    events.record(
        request,
        request.municipality,
        "need.reported",
        _name(found),
        after={name: words[name] for name in ("what", "where", "when", "why")},
    )
    return found


@transaction.atomic
def answer(
    request: MunicipalRequest,
    found: NeedReport,
    state: str,
    text: str,
    project_id: str = "",
) -> None:
    """Answer a reported need: it is judged, became a project, or is not for now."""
    found = NeedReport.objects.select_for_update().get(pk=found.pk)
    before = {"state": found.state, "project_id": found.project_id}
    found.state = state
    found.project_id = project_id if state == State.PROJECT else ""
    found.save(update_fields=["state", "project_id"])
    NeedStep.objects.create(
        report=found,
        state=state,
        text=text,
        project_id=found.project_id,
        by=request.user,
        by_name=str(request.user)[:150],
    )
    old, new = events.changed(
        before, {"state": found.state, "project_id": found.project_id}
    )
    events.record(
        request, request.municipality, "need.answered", _name(found), old, new, text
    )
