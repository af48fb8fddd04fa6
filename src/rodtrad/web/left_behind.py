"""What is left when a project's row is gone? Decisions, estimates, files, by count.

Nothing of it is thrown away: it comes back if the project does. Whoever removes the row,
or approves a workbook without it, is told beforehand. Leaves out moving it (following).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from rodtrad.domain import words
from rodtrad.web.following import ID, KINDS, PROJECT, Ids, Kind
from rodtrad.web.models.projects import (
    AlternativeNote,
    Attachment,
    Decision,
    Estimate,
    GateStep,
    NeedReport,
    ProjectFile,
    ProjectYear,
    VisionLink,
)
from rodtrad.web.models.publishing import NextStep
from rodtrad.web.models.underlag import Row
from rodtrad.web.store import KEY_JOINT, row_data, row_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.db.models import Model

    from rodtrad.domain.components import Table
    from rodtrad.web.models import Municipality, Underlag
    from rodtrad.web.models.underlag import Change

# What is told of, in this order; what else is kept is part of it.
_WORDS: Final[Mapping[type[Model], Any]] = {
    Decision: ngettext_lazy("{n} beslut", "{n} beslut", "n"),
    Estimate: ngettext_lazy("{n} kalkyl", "{n} kalkyler", "n"),
    ProjectYear: ngettext_lazy("pengar för {n} år", "pengar för {n} år", "n"),
    GateStep: ngettext_lazy("{n} byte av skede", "{n} byten av skede", "n"),
    Attachment: ngettext_lazy("{n} bilaga", "{n} bilagor", "n"),
    AlternativeNote: ngettext_lazy(
        "{n} text om ett alternativ", "{n} texter om alternativ", "n"
    ),
    ProjectFile: ngettext_lazy("{n} beskrivning", "{n} beskrivningar", "n"),
    NeedReport: ngettext_lazy("{n} anmält behov", "{n} anmälda behov", "n"),
    VisionLink: ngettext_lazy("{n} koppling till mål", "{n} kopplingar till mål", "n"),
    NextStep: ngettext_lazy("{n} nästa steg", "{n} nästa steg", "n"),
}
_KIND_OF: Final = {kind.table: kind for kind in KINDS}
_AT_ONCE: Final = 200
_TOLD: Final = 5

# By table, what is gone: the number of its row, if there was one, and its name.
Gone = dict[str, dict[Ids, tuple[int, str]]]


@dataclass(frozen=True)
class Left:
    """What is kept about a row that is gone: which row, its name, and what, in words."""

    place: tuple[str, int]
    name: str
    words: str


def of_change(underlag: Underlag, change: Change) -> list[Left]:
    """Return what is left of the rows that a change removed."""
    gone: Gone = {}
    for one in change.cells:
        if one.get("row") == "removed" and (kind := _KIND_OF.get(one["table"])):
            named = gone.setdefault(kind.table, {})
            named[kind.ids(one["data"])] = (one["id"], row_label(one["data"]))
    for table, named in gone.items():
        kind = _KIND_OF[table]
        rows = Row.objects.filter(underlag=underlag, table=table)
        if len(named) <= _AT_ONCE:
            rows = rows.filter(key__in=[KEY_JOINT.join(ids)[:400] for ids in named])
        for data in rows.values_list("data", flat=True):
            named.pop(kind.ids(data), None)
    return _left(underlag.municipality, gone)


def of_row(underlag: Underlag, row: Row) -> list[Left]:
    """Return what would be left of a row if it were removed."""
    kind = _KIND_OF.get(row.table)
    if kind is None:
        return []
    same = Row.objects.filter(underlag=underlag, table=row.table, key=row.key)
    if same.exclude(pk=row.pk).exists():
        return []
    return _left(
        underlag.municipality,
        {row.table: {kind.ids(row.data): (row.pk, row.label)}},
    )


def of_heads(
    municipality: Municipality, heads: Iterable[Mapping[str, Any]]
) -> list[Left]:
    """Return what would be left of the rows that a diff (`diff.heads`) removes."""
    return _left(
        municipality,
        {
            head["table"]: {tuple(ids): (0, name) for ids, name in head["gone"]}
            for head in heads
            if head.get("gone")
        },
    )


def missing(table: Table, places: Iterable[int], after: Table) -> list[list[Any]]:
    """Return ids and name of the rows at some places that another table lacks."""
    kind = _KIND_OF.get(table.name)
    if kind is None:
        return []
    there = {kind.ids(row) for row in after.records()}
    found = [
        (kind.ids(row), row_label(row))
        for row in (row_data(table, place) for place in places)
    ]
    return [[list(ids), name] for ids, name in found if ids not in there]


def _left(municipality: Municipality, gone: Gone) -> list[Left]:
    found = []
    for kind in KINDS:
        named = {
            ids: row
            for ids, row in gone.get(kind.table, {}).items()
            # what is kept about an alternative is told of with its project
            if all(ids) and (kind is PROJECT or ids[:1] not in gone.get("projects", {}))
        }
        counts = _counts(kind, municipality, named)
        for ids, (pk, label) in named.items():
            if told := counts.get(ids):
                key = KEY_JOINT.join(ids)
                name = f"{words.quoted(label)} ({key})" if label else words.quoted(key)
                parts = [
                    text.format(n=told[m]) for m, text in _WORDS.items() if m in told
                ]
                found.append(Left((kind.table, pk), name, words.list_text(parts)))
    return found


def _counts(
    kind: Kind, municipality: Municipality, wanted: Mapping[Ids, object]
) -> dict[Ids, dict[type[Model], int]]:
    """How much of each kind is kept, by id."""
    found: dict[Ids, dict[type[Model], int]] = {}
    if not wanted:
        return found
    projects = {ids[0] for ids in wanted}
    for model in _WORDS:
        if model not in kind.life:
            continue
        here = model._default_manager.filter(**{kind.life[model]: municipality})
        if len(projects) <= _AT_ONCE:
            here = here.filter(**{f"{ID}__in": projects})
        if model is Attachment:
            here = here.filter(removed_at=None)
        counted = here.order_by().values_list(*kind.columns).annotate(n=Count("pk"))
        for *ids, n in counted:
            if tuple(ids) in wanted:
                found.setdefault(tuple(ids), {})[model] = n
    return found


def sentence(left: Sequence[Left]) -> str:
    """Return in one or two sentences what is left; empty if nothing is."""
    if not left:
        return ""
    told = [f"{one.name}: {one.words}" for one in left[:_TOLD]]
    what = "; ".join(told)
    if more := len(left) - len(told):
        return _(
            "Kvar ligger {what}; och mer om {n} till. Det kommer tillbaka om raderna gör det."
        ).format(what=what, n=words.number(more))
    return _("Kvar ligger {what}. Det kommer tillbaka om raden gör det.").format(
        what=what
    )
