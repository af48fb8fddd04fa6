"""What goes along when a cell of the underlag changes? Cells that follow, a project's life.

A setting takes with it the cells that were blank and took its value. A project's id
takes with it the rows that name the project on other sheets, and what is kept about it
outside the underlag: decisions, estimates, files, reported needs. An id that would mix
two projects' lives is refused. Leaves out the writing (changes).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Case, Model, Q, Value, When
from django.utils.translation import gettext as _

from rodtrad.domain import words
from rodtrad.domain.columns import SCHEMA
from rodtrad.web import sheet_cells
from rodtrad.web.models.projects import (
    AlternativeNote,
    Attachment,
    Decision,
    Estimate,
    GateStep,
    NeedReport,
    NeedStep,
    ProjectFile,
    ProjectYear,
    VisionLink,
)
from rodtrad.web.models.publishing import NextStep
from rodtrad.web.models.underlag import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rodtrad.web.changes import Step
    from rodtrad.web.models import Municipality, Underlag

PROJECTS: Final = "projects"
ID: Final = "project_id"
# What knows a project by its id, and where it says which municipality. What has been
# published is not among them: it stands as it was.
LIFE: Final[Mapping[type[Model], str]] = {
    ProjectFile: "municipality",
    AlternativeNote: "municipality",
    Attachment: "municipality",
    Decision: "municipality",
    Estimate: "municipality",
    ProjectYear: "municipality",
    GateStep: "municipality",
    NeedReport: "municipality",
    NeedStep: "report__municipality",
    VisionLink: "node__municipality",
    NextStep: "municipality",
}
# Rows are looked for by a text in them if no more ids than this change at once.
_FEW: Final = 5
_AT_ONCE: Final = 200


@dataclass(frozen=True)
class Refusal:
    """A project whose id cannot be changed: its row, both ids, and why not."""

    pk: int
    old: str
    new: str
    why: str


class IdRefusedError(Exception):
    """Some projects' ids cannot be changed; nothing has been written."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        """Keep them; the text of the error says why, to the person."""
        self.refusals = tuple(refusals)
        super().__init__(" ".join(one.why for one in refusals))


# ---------------------------------------------------------------- settings


def of_settings(underlag: Underlag, steps: Iterable[Step]) -> list[Step]:
    """Return steps for cells that were blank and took a setting that now changes."""
    found: list[Step] = []
    for step in steps:
        before, after = step.before or {}, step.after or {}
        old, new = before.get("value"), after.get("value")
        key = before.get("key")
        if key is None or key != after.get("key") or old is None or new is None:
            continue
        for spec in SCHEMA.values():
            for column in spec.columns.values():
                if column.default != f"={key}":
                    continue
                value = int(old) if str(old).isdigit() else old
                for row in Row.objects.filter(
                    underlag=underlag,
                    table=spec.name,
                    **{f"data__{column.name}": value},
                ):
                    data, _faults = sheet_cells.read_row(
                        spec, row.data, {column.name: str(new)}, row.position + 2
                    )
                    found.append(
                        replace(
                            step,
                            table=spec.name,
                            pk=row.pk,
                            before=row.data,
                            after=data,
                            position=row.position,
                        )
                    )
    return _joined(found)


def _joined(steps: Iterable[Step]) -> list[Step]:
    """Steps with those of the same row made one: each gives only its own cell."""
    done: dict[int, Step] = {}
    for step in steps:
        earlier = done.get(step.pk or 0)
        if earlier is not None and earlier.after is not None and step.before:
            own = {
                name: value
                for name, value in (step.after or {}).items()
                if step.before.get(name) != value
            }
            step = replace(step, after={**earlier.after, **own})
        done[step.pk or 0] = step
    return list(done.values())


# ---------------------------------------------------------------- ids of projects


def new_ids(underlag: Underlag, steps: Sequence[Step]) -> dict[str, str]:
    """Return by old id the new one of projects that are to be followed.

    A project whose old id another row keeps, or whose new one is taken, is not: nobody
    can tell which of the two is meant.

    Raises:
        IdRefusedError: the life of a project would be lost or mixed with another's.
    """
    changed = [
        (step, str(step.before[ID]), str(step.after.get(ID) or ""))
        for step in steps
        if step.table == PROJECTS
        and step.before
        and step.after
        and step.before.get(ID)
        and step.before.get(ID) != step.after.get(ID)
    ]
    if not changed:
        return {}
    ids = {one for _step, old, new in changed for one in (old, new) if one}
    keeping, having = _holders(underlag, steps, ids)
    lives = _living(underlag.municipality, ids)
    moves: dict[str, str] = {}
    refused: list[Refusal] = []
    leaving = {old for _step, old, _new in changed}
    for step, old, new in changed:
        if keeping[old] or old in moves:
            continue
        why = ""
        if old in lives:
            why = _why_not(old, new, having[new] > 1, new in lives - leaving)
        if why:
            refused.append(Refusal(step.pk or 0, old, new, why))
        elif new and having[new] == 1:
            moves[old] = new
    if refused:
        raise IdRefusedError(refused)
    return moves


def _why_not(old: str, new: str, taken: bool, left: bool) -> str:
    """Why a project with a life of its own cannot get an id, or nothing."""
    slots = {"old": words.quoted(old), "new": words.quoted(new)}
    if not new:
        return _(
            "Projektet {old} måste ha ett id: dess beslut, kalkyler och bilagor hör till det."
        ).format(**slots)
    if taken:
        return _(
            "Projektet {old} kan inte få id {new}, som ett annat projekt redan har: deras beslut, kalkyler och bilagor skulle blandas. Välj ett annat id."
        ).format(**slots)
    if left:
        return _(
            "Projektet {old} kan inte få id {new}: det har hört till ett annat projekt, vars beslut, kalkyler och bilagor finns kvar. Välj ett annat id."
        ).format(**slots)
    return ""


def _holders(
    underlag: Underlag, steps: Sequence[Step], ids: Iterable[str]
) -> tuple[Counter[str], Counter[str]]:
    """How many rows of projects keep each id as it is, and how many will have it."""
    touched = {step.pk: step for step in steps if step.table == PROJECTS and step.pk}
    keeping: Counter[str] = Counter()
    having: Counter[str] = Counter()
    rows = Row.objects.filter(
        underlag=underlag, table=PROJECTS, key__in=[one[:400] for one in ids]
    )
    for pk, data in rows.values_list("pk", "data"):
        if pk not in touched or (touched[pk].after or {}).get(ID) == data.get(ID):
            keeping[str(data.get(ID) or "")] += 1
    having.update(keeping)
    for step in steps:
        if step.table == PROJECTS and step.after and step.after.get(ID):
            before = (step.before or {}).get(ID)
            if step.before is None or before != step.after[ID]:
                having[str(step.after[ID])] += 1
    return keeping, having


def naming(
    underlag: Underlag, steps: Sequence[Step], moves: Mapping[str, str]
) -> list[Step]:
    """Return the steps together with those for rows that name the projects elsewhere."""
    if not moves:
        return list(steps)
    given = {step.pk: step for step in steps if step.pk}
    found = [
        replace(step, after=_renamed(step.table, step.after, moves))
        if step.after is not None and step.pk and step.before is not None
        else step
        for step in steps
    ]
    kind = type(steps[0])
    tables = [
        spec.name
        for spec in SCHEMA.values()
        if spec.name == "scenarios"
        or any(column.ref == PROJECTS for column in spec.columns.values())
    ]
    rows = Row.objects.filter(underlag=underlag, table__in=tables)
    if len(moves) <= _FEW:
        says = Q()
        for old in moves:
            says |= Q(search__contains=old.casefold())
        rows = rows.filter(says)
    places = rows.order_by().values_list("table", "pk", "position", "data")
    for table, pk, position, data in places.iterator(chunk_size=2000):
        if pk not in given:
            after = _renamed(table, data, moves)
            if after != data:
                found.append(kind(table, pk, data, after, position))
    return found


def _renamed(
    table: str, data: Mapping[str, Any], moves: Mapping[str, str]
) -> Mapping[str, Any]:
    """A row's cells with new ids where it names a project by its old one."""
    own = {
        column.name: moves[data[column.name]]
        for column in SCHEMA[table].columns.values()
        if column.ref == PROJECTS and data.get(column.name) in moves
    }
    target = SCHEMA.get(str(data.get("table") or "")) if table == "scenarios" else None
    if target is not None and ID in target.key and data.get("key"):
        parts = str(data["key"]).split("/")
        place = target.key.index(ID)
        if len(parts) == len(target.key) and parts[place] in moves:
            parts[place] = moves[parts[place]]
            own["key"] = "/".join(parts)
    return {**data, **own} if own else data


# ---------------------------------------------------------------- the life of a project


def _living(municipality: Municipality, ids: Iterable[str]) -> set[str]:
    """Those of some ids about which something is kept outside the underlag."""
    wanted = set(ids)
    found: set[str] = set()
    for model, place in LIFE.items():
        here = model._default_manager.filter(
            **{place: municipality, f"{ID}__in": wanted - found}
        )
        found |= set(here.order_by().values_list(ID, flat=True).distinct())
    return found


def move_life(municipality: Municipality, moves: Mapping[str, str]) -> None:
    """Let what is kept about projects follow them to their new ids."""
    living = {old: moves[old] for old in sorted(_living(municipality, moves))}
    if set(living) & set(living.values()):
        # ids that change places: aside first, so that no two projects meet
        aside = {old: f"\x1f{n}" for n, old in enumerate(living)}
        _rename(municipality, aside)
        living = {aside[old]: new for old, new in living.items()}
    _rename(municipality, living)


def _rename(municipality: Municipality, moves: Mapping[str, str]) -> None:
    pairs = list(moves.items())
    for start in range(0, len(pairs), _AT_ONCE):
        some = pairs[start : start + _AT_ONCE]
        new = Case(*(When(**{ID: old}, then=Value(name)) for old, name in some))
        for model, place in LIFE.items():
            here = model._default_manager.filter(
                **{place: municipality, f"{ID}__in": [old for old, _name in some]}
            )
            # what is never changed otherwise still says the same of the same project
            here.order_by().update(**{ID: new})
