"""How do answers become a viewpoint in the underlag, and how are they taken back?

Here alone is what someone has answered read: always through `own_answer`, which asks
for the person it belongs to. Leaves out the pages (views/values).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rodtrad.domain.columns import SCHEMA
from rodtrad.plan.elicitation import (
    Answer,
    Condition,
    criterion_swings,
    describe_contradiction,
    describe_range_faults,
    points_rows,
    range_rows,
    read_question,
    viewpoint_rows,
)
from rodtrad.web import events, store
from rodtrad.web.models import Change, Row, Underlag
from rodtrad.web.models.values import ViewpointAnswer

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from rodtrad.plan.elicitation import Swing
    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.models import Municipality, User

TABLE: Final = "viewpoints"
MODES: Final = ViewpointAnswer.Mode

events.declare_object("viewpoint", gettext_lazy("synsätt"))
events.declare_action("values.begun", gettext_lazy("började en värdering"))
events.declare_action("values.removed", gettext_lazy("tog bort sin värdering"))
events.declare_action("values.shared", gettext_lazy("delade sitt synsätt"))
events.declare_action("values.withdrawn", gettext_lazy("tog tillbaka sitt synsätt"))


class RefusedError(Exception):
    """Something that cannot be done; the text says why, to the person."""


def own_answer(municipality: Municipality, user: User) -> ViewpointAnswer | None:
    """Return what a person has answered in a municipality, to nobody else."""
    return ViewpointAnswer.objects.filter(municipality=municipality, owner=user).first()


def swings(municipality: Municipality) -> dict[str, Swing]:
    """Return what the worst and best of each criterion are in the working copy."""
    underlag = Underlag.objects.filter(municipality=municipality).first()
    if underlag is None:
        return {}
    # A copy put back may have the number and revision of one that was read before.
    return _swings(underlag.pk, underlag.revision, underlag.changed_at)


@lru_cache(maxsize=64)
def _swings(underlag: int, revision: int, changed_at: dt.datetime) -> dict[str, Swing]:
    """Return the swings of one state of a working copy; the rest tells states apart."""
    del revision, changed_at
    rows: dict[str, list[dict[str, Any]]] = {}
    found = Row.objects.filter(
        underlag_id=underlag, table__in=("criteria", "scores", "projects")
    ).order_by("table", "position", "pk")
    for table, data in found.values_list("table", "data"):
        rows.setdefault(table, []).append(data)
    return criterion_swings(
        [row for row in rows.get("criteria", []) if row.get("criterion")],
        [
            row
            for row in rows.get("scores", [])
            if row.get("criterion") and row.get("project_id")
        ],
        {
            row["project_id"]: row.get("name") or row["project_id"]
            for row in rows.get("projects", [])
            if row.get("project_id")
        },
    )


# ------------------------------------------------------------------- what is said


def read_answers(answer: ViewpointAnswer, criteria: Sequence[str]) -> list[Answer]:
    """Return the answers to questions whose criteria still are there."""
    found = []
    for row in answer.answers if answer.mode == MODES.QUESTIONS else ():
        question = read_question(row["question"])
        if {question.first, question.second or question.first} <= set(criteria):
            found.append(Answer(question, row["better"]))
    return found


def write_answers(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """Return answers as they are kept."""
    return [{"question": a.question.as_dict(), "better": a.better} for a in answers]


def conditions(
    answer: ViewpointAnswer, names: Mapping[str, str]
) -> tuple[list[Condition], list[str]]:
    """Return the rows that answers give, and why they cannot all hold, if they cannot."""
    if answer.mode == MODES.QUESTIONS:
        answers = read_answers(answer, list(names))
        fault = describe_contradiction(names, answers)
        return viewpoint_rows(answers), [] if fault is None else [fault]
    pairs = {
        key: (float(low), float(high))
        for key, (low, high) in dict(answer.answers or {}).items()
        if key in names
    }
    if not pairs:
        return [], []
    if answer.mode == MODES.POINTS:
        faults = [
            _("{p}: det lägsta får inte vara högre än det högsta.").format(p=names[key])
            for key, (low, high) in pairs.items()
            if low > high
        ]
        if not faults and not any(high for _low, high in pairs.values()):
            faults = [_("Något kriterium måste få poäng.")]
        return ([], faults) if faults else (points_rows(pairs), [])
    return range_rows(pairs), describe_range_faults(names, pairs)


# ------------------------------------------------------------- consent, and back


@transaction.atomic
def share(request: MunicipalRequest, answer: ViewpointAnswer, name: str) -> None:
    """Put a viewpoint's rows into the working copy under a name.

    Raises:
        RefusedError: the name is taken or missing, or the answers say nothing.
    """
    municipality = request.municipality
    underlag = (
        Underlag.objects.select_for_update().filter(municipality=municipality).first()
    )
    known = {key: swing.name for key, swing in swings(municipality).items()}
    rows, faults = conditions(answer, known)
    if faults:
        raise RefusedError(faults[0])
    if underlag is None or not rows:
        raise RefusedError(_("Svaren säger ännu inget om hur kriterierna väger."))
    if not name:
        raise RefusedError(_("Ge synsättet ett namn."))
    taken = Row.objects.filter(underlag=underlag, table=TABLE)
    if any(
        data.get("viewpoint") == name for data in taken.values_list("data", flat=True)
    ):
        raise RefusedError(_("Det finns redan ett synsätt som heter så."))
    day = timezone.localdate()
    cells = [_cells(name, row, day) for row in rows]
    _write(request, underlag, cells, [])
    answer.name, answer.shared_rows, answer.consent_at = name, cells, timezone.now()
    answer.save()
    events.record(
        request,
        municipality,
        "values.shared",
        ("viewpoint", name, name),
        after={"rows": len(cells)},
    )


@transaction.atomic
def withdraw(request: MunicipalRequest, answer: ViewpointAnswer) -> None:
    """Take a shared viewpoint's rows out of the working copy again."""
    underlag = (
        Underlag.objects.select_for_update()
        .filter(municipality=request.municipality)
        .first()
    )
    if underlag is not None:
        _write(request, underlag, [], answer.shared_rows)
    name = answer.name
    answer.name, answer.shared_rows, answer.consent_at = "", [], None
    answer.save()
    events.record(
        request,
        request.municipality,
        "values.withdrawn",
        ("viewpoint", name, name),
    )


def _cells(name: str, row: Condition, day: dt.date) -> dict[str, Any]:
    with events.in_swedish():
        source = _("Lämnat i Röd tråd {d}").format(d=day.isoformat())
    cells = {"viewpoint": name, **row._asdict(), "source": source}
    return {**cells, "quality": "uppgift"}


def _write(
    request: MunicipalRequest,
    underlag: Underlag,
    added: Sequence[dict[str, Any]],
    removed: Sequence[dict[str, Any]],
) -> None:
    """Change table `viewpoints` of the working copy, as one change that is told of."""
    spec = SCHEMA[TABLE]
    Underlag.objects.filter(pk=underlag.pk).update(
        revision=F("revision") + 1, changed_at=timezone.now()
    )
    underlag.refresh_from_db()
    here = Row.objects.filter(underlag=underlag, table=TABLE)
    told = []
    for cells in removed:
        row = here.filter(key=store.row_key(spec, cells)).first()
        if row is not None:
            told.append(_told(row, "removed"))
            row.delete()
    last = here.aggregate(n=Max("position"))["n"]
    position = 0 if last is None else last + 1
    rows = [
        Row(
            underlag=underlag,
            table=TABLE,
            position=position + i,
            key=store.row_key(spec, cells),
            data=cells,
            revision=underlag.revision,
        )
        for i, cells in enumerate(added)
    ]
    Row.objects.bulk_create(rows)
    told += [_told(row, "added") for row in rows]
    if not told:
        return
    number = Change.objects.filter(underlag=underlag).aggregate(n=Max("number"))["n"]
    Change.objects.create(
        underlag=underlag,
        number=(number or 0) + 1,
        kind="viewpoint",
        actor=request.user,
        actor_name=str(request.user)[:150],
        cells=told,
    )


def _told(row: Row, what: str) -> dict[str, Any]:
    return {
        "table": TABLE,
        "key": row.key,
        "row": what,
        "data": row.data,
        "position": row.position,
    }
