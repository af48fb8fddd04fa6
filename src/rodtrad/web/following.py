"""What goes along when a cell of the underlag changes? Cells that follow, a project's life.

A setting takes with it the cells that were blank and took its value. The id of a project,
or of an alternative, takes with it the rows that name it on other sheets, and what is
kept about it outside the underlag: decisions, estimates, files, reported needs. An id
that would mix the lives of two is refused, however a row comes by it. Leaves out the
writing (changes) and what ids were before (earlier_ids).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Case, Model, Q, Value, When
from django.utils.translation import gettext as _

from rodtrad.domain import words
from rodtrad.domain.columns import SCHEMA
from rodtrad.web import dialogue_setup, sheet_cells
from rodtrad.web.models.envelope import Envelope
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
from rodtrad.web.models.underlag import Change, Row
from rodtrad.web.store import KEY_JOINT, row_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rodtrad.web.changes import Step
    from rodtrad.web.models import Municipality, Underlag

PROJECTS: Final = "projects"
ID: Final = "project_id"
# What knows a project by its id, and where it says which municipality. What has been
# published is not among them: it stands as it was, and what is said of it follows it
# (dialogue_setup).
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
    Envelope: "municipality",
}
# Rows are looked for by a text in them if no more ids than this change at once.
_FEW: Final = 5
_AT_ONCE: Final = 200
# So many refusals are told of at once.
_TOLD: Final = 3

Ids = tuple[str, ...]
Moves = dict[Ids, Ids]


@dataclass(frozen=True)
class Kind:
    """Rows that others name by some columns, and what else is kept about them."""

    table: str
    columns: tuple[str, ...]
    life: Mapping[type[Model], str]

    def ids(self, data: Mapping[str, Any]) -> Ids:
        """Return what a row of the table is named by; empty where it says nothing."""
        return tuple(str(data.get(name) or "") for name in self.columns)

    def naming(self, table: str) -> Sequence[tuple[str, ...]]:
        """Return the columns, in each way, by which rows of a table name such a row."""
        return [(*self.columns[:-1], last) for last in _referring(table, self.table)]


@cache
def _referring(table: str, to: str) -> tuple[str, ...]:
    """The columns of a table that refer to another."""
    columns = SCHEMA[table].columns.values()
    return tuple(column.name for column in columns if column.ref == to)


PROJECT: Final = Kind(PROJECTS, (ID,), LIFE)
ALTERNATIVE: Final = Kind(
    "alternatives",
    (ID, "alternative_id"),
    {AlternativeNote: "municipality", Estimate: "municipality"},
)
# An alternative is named by its project too: projects come first.
KINDS: Final = (PROJECT, ALTERNATIVE)


@dataclass(frozen=True)
class Refusal:
    """A row that cannot have its id: the step, both ids, and why not."""

    step: Step
    kind: Kind
    old: Ids
    new: Ids
    why: str


class IdRefusedError(Exception):
    """Some rows cannot have the ids they would get; nothing has been written."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        """Keep them; the text of the error says why, to the person."""
        self.refusals = tuple(refusals)
        super().__init__(" ".join(one.why for one in self.refusals[:_TOLD]))


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
                value = int(old) if str(old).isdecimal() else old
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


# ---------------------------------------------------------------- ids


def follow(
    underlag: Underlag, steps: Sequence[Step], act: str
) -> tuple[list[Step], dict[str, Moves]]:
    """Return the steps with those of rows that go along, and by table which ids move.

    A row whose old id another row keeps takes nothing along: nobody can tell which of
    the two is meant. `act` is the kind of change: what is undone or restored may come
    back to what is kept about it.

    Raises:
        IdRefusedError: what is kept about a row would be lost, or become another's.
    """
    every = list(steps)
    moved: dict[str, Moves] = {}
    for kind in KINDS:
        moves = _moves(kind, underlag, every, act, moved.get(PROJECTS, {}))
        every = _naming(kind, underlag, every, moves)
        moved[kind.table] = moves
    return every, moved


def at(ids: Ids, projects: Mapping[Ids, Ids]) -> Ids:
    """Return what an id is once its project has moved."""
    return (*projects.get(ids[:1], ids[:1]), *ids[1:])


def _moves(
    kind: Kind,
    underlag: Underlag,
    steps: Sequence[Step],
    act: str,
    projects: Mapping[Ids, Ids],
) -> Moves:
    """Return by old id the new one of rows that are to be followed, or refuse."""
    own = [step for step in steps if step.table == kind.table]
    coming = [
        (step, old, new)
        for step in own
        if step.after is not None
        for old, new in [
            (at(kind.ids(step.before or {}), projects), kind.ids(step.after))
        ]
        if old != new
    ]
    if not coming:
        return {}
    ids = {one for _step, old, new in coming for one in (old, new) if all(one)}
    keeping, having = _holders(kind, underlag, own, ids, projects)
    lives = _living(kind, underlag.municipality, ids, projects)
    leaving = {old for _step, old, _new in coming if not keeping[old]}
    others = lives - leaving
    removed = _removed(kind, underlag, {new for *_, new in coming} & others, act)
    moves: Moves = {}
    refused: list[Refusal] = []
    for step, old, new in coming:
        moving = all(old) and not keeping[old] and old not in moves
        living = moving and old in lives
        taken = having[new] > 1
        why = ""
        if living and not all(new):
            why = "blank"
        elif living and taken:
            why = "taken"
        elif new in others and not _comes_back(step, removed.get(new), taken, act):
            why = "taken" if taken else "left"
        if why:
            text = _why_not(kind, why if all(old) else "new", old, new)
            refused.append(Refusal(step, kind, old, new, text))
        elif moving and all(new) and not taken:
            moves[old] = new
    if refused:
        raise IdRefusedError(refused)
    return moves


def _removed(
    kind: Kind, underlag: Underlag, wanted: set[Ids], act: str
) -> dict[Ids, tuple[int, str]]:
    """The row that was last removed under each of some ids: its number and its name."""
    found: dict[Ids, tuple[int, str]] = {}
    if not wanted or act == Change.Kind.EDIT:
        return found
    told = Change.objects.filter(
        underlag=underlag, **{f"counts__{kind.table}__removed__isnull": False}
    ).order_by("-number")
    # one at a time: the cells of a large change are many
    for cells in told.values_list("cells", flat=True).iterator(chunk_size=1):
        for one in cells:
            if one.get("row") == "removed" and one["table"] == kind.table:
                named = (one["id"], row_label(one["data"]).casefold())
                found.setdefault(kind.ids(one["data"]), named)
        if wanted <= found.keys():
            break
    return found


def _comes_back(
    step: Step, removed: tuple[int, str] | None, taken: bool, act: str
) -> bool:
    """Whether a row that is added is the one that had the id before.

    What is typed is never taken to be: who wants the row back can undo its removal.
    """
    if step.before is not None or act == Change.Kind.EDIT:
        return False
    if act == Change.Kind.RESTORE:
        return True
    if act == Change.Kind.UNDO:
        return removed is None or removed[0] == step.pk
    name = row_label(step.after or {}).casefold()
    return not taken and (removed is None or removed[1] == name)


def _why_not(kind: Kind, why: str, old: Ids, new: Ids) -> str:
    """Why a row cannot have an id, in words."""
    texts = _of_projects() if kind is PROJECT else _of_alternatives()
    named = {"old": old, "new": new}
    return texts[why].format(
        **{slot: words.quoted(KEY_JOINT.join(one)) for slot, one in named.items()}
    )


def _of_projects() -> dict[str, str]:
    return {
        "blank": _(
            "Projektet {old} måste ha ett id: dess beslut, kalkyler och bilagor hör till det."
        ),
        "taken": _(
            "Projektet {old} kan inte få id {new}, som ett annat projekt redan har: deras beslut, kalkyler och bilagor skulle blandas. Välj ett annat id."
        ),
        "left": _(
            "Projektet {old} kan inte få id {new}: det har hört till ett annat projekt, vars beslut, kalkyler och bilagor finns kvar. Välj ett annat id."
        ),
        "new": _(
            "Id {new} hör till ett annat projekt, vars beslut, kalkyler och bilagor finns kvar. Välj ett annat id. Är det samma projekt som har tagits bort, så ångra borttagningen i stället."
        ),
    }


def _of_alternatives() -> dict[str, str]:
    return {
        "blank": _(
            "Alternativet {old} måste ha ett id: dess kalkyler och skäl hör till det."
        ),
        "taken": _(
            "Alternativet {old} kan inte bli {new}, som redan finns: deras kalkyler och skäl skulle blandas. Välj ett annat id."
        ),
        "left": _(
            "Alternativet {old} kan inte bli {new}: så har ett annat alternativ hetat, vars kalkyler och skäl finns kvar. Välj ett annat id."
        ),
        "new": _(
            "Id {new} hör till ett annat alternativ, vars kalkyler och skäl finns kvar. Välj ett annat id. Är det samma alternativ som har tagits bort, så ångra borttagningen i stället."
        ),
    }


def _holders(
    kind: Kind,
    underlag: Underlag,
    own: Sequence[Step],
    ids: set[Ids],
    projects: Mapping[Ids, Ids],
) -> tuple[Counter[Ids], Counter[Ids]]:
    """How many rows keep each id as it is, and how many will have it."""
    touched = {step.pk for step in own if step.pk}
    keeping: Counter[Ids] = Counter()
    rows = Row.objects.filter(underlag=underlag, table=kind.table)
    if len(ids) <= _AT_ONCE:
        rows = rows.filter(key__in=[KEY_JOINT.join(one)[:400] for one in ids])
    for pk, data in rows.values_list("pk", "data"):
        if pk not in touched:
            keeping[kind.ids(data)] += 1
    coming: Counter[Ids] = Counter()
    for step in own:
        if step.after is not None:
            new = kind.ids(step.after)
            stays = at(kind.ids(step.before or {}), projects) == new
            (keeping if stays else coming)[new] += 1
    return keeping, keeping + coming


def _naming(
    kind: Kind, underlag: Underlag, steps: Sequence[Step], moves: Mapping[Ids, Ids]
) -> list[Step]:
    """Return the steps together with those for rows that name what moves elsewhere."""
    if not moves:
        return list(steps)
    given = {step.pk for step in steps if step.pk}
    found = [
        replace(step, after=_renamed(kind, step.table, step.after, moves, step.before))
        if step.after is not None and step.before is not None
        else step
        for step in steps
    ]
    make = type(steps[0])
    tables = [name for name in SCHEMA if name == "scenarios" or kind.naming(name)]
    rows = Row.objects.filter(underlag=underlag, table__in=tables)
    if len(moves) <= _FEW:
        says = Q()
        for old in moves:
            one = Q()
            for part in old:
                one &= Q(search__contains=part.casefold())
            says |= one
        rows = rows.filter(says)
    places = rows.order_by().values_list("table", "pk", "position", "data")
    for table, pk, position, data in places.iterator(chunk_size=2000):
        if pk not in given:
            after = _renamed(kind, table, data, moves)
            if after != data:
                found.append(make(table, pk, data, after, position, followed=True))
    return found


def _renamed(
    kind: Kind,
    table: str,
    data: Mapping[str, Any],
    moves: Mapping[Ids, Ids],
    was: Mapping[str, Any] | None = None,
) -> Mapping[str, Any]:
    """A row's cells with new ids where it names others by their old ones.

    With `was`, the row before: only the cells that are as they were.
    """
    own: dict[str, Any] = {}
    for columns in kind.naming(table):
        old = tuple(str(data.get(name) or "") for name in columns)
        if old in moves and (
            was is None or all(was.get(name) == data.get(name) for name in columns)
        ):
            own |= zip(columns, moves[old], strict=True)
    if table == "scenarios" and data.get("key"):
        key = _scenario_key(kind, data, moves)
        if key != data["key"] and (was is None or was.get("key") == data["key"]):
            own["key"] = key
    return {**data, **own} if own else data


def _scenario_key(kind: Kind, data: Mapping[str, Any], moves: Mapping[Ids, Ids]) -> str:
    """The key of a row that a scenario changes, with the new ids in it."""
    target = SCHEMA.get(str(data.get("table") or ""))
    parts = str(data["key"]).split("/")
    if target is None or len(parts) != len(target.key):
        return str(data["key"])
    named = kind.naming(target.name)
    for columns in [*named, *([kind.columns] if target.name == kind.table else [])]:
        if set(columns) <= set(target.key):
            places = [target.key.index(name) for name in columns]
            new = moves.get(tuple(parts[i] for i in places))
            for i, part in zip(places, new or (), strict=False):
                parts[i] = part
    return "/".join(parts)


def renamed(
    table: str,
    data: Mapping[str, Any],
    moved: Mapping[str, Mapping[Ids, Ids]],
    *,
    own: bool = False,
) -> Mapping[str, Any]:
    """Return a row's cells under other ids: of what it names, with `own` its own too."""
    for kind in KINDS:
        moves = moved.get(kind.table) or {}
        data = _renamed(kind, table, data, moves)
        if own and table == kind.table:
            new = moves.get(kind.ids(data))
            data = (
                {**data, **dict(zip(kind.columns, new, strict=True))} if new else data
            )
    return data


def taken_from(underlag: Underlag, start: str) -> set[str]:
    """Return the ids of projects, beginning so, that a new one cannot be given.

    Those of projects, and those that other sheets or what is kept still name.
    """
    rows = Row.objects.filter(underlag=underlag)
    found = set(
        rows.filter(table=PROJECTS, key__startswith=start).values_list("key", flat=True)
    )
    tables = [name for name in SCHEMA if PROJECT.naming(name)]
    says = rows.filter(table__in=tables, search__contains=start.casefold()).order_by()
    for table, data in says.values_list("table", "data").iterator(chunk_size=2000):
        found |= {str(data.get(name) or "") for (name,) in PROJECT.naming(table)}
    for model, place in LIFE.items():
        here = model._default_manager.filter(
            **{place: underlag.municipality, f"{ID}__startswith": start}
        )
        found |= set(here.order_by().values_list(ID, flat=True).distinct())
    return found


# ---------------------------------------------------------------- the life of a row


def _living(
    kind: Kind,
    municipality: Municipality,
    ids: Iterable[Ids],
    projects: Mapping[Ids, Ids],
) -> set[Ids]:
    """Those of some ids about which something is kept outside the underlag.

    The ids are those after the projects have moved; what is kept has not moved yet.
    """
    back = {new: old for old, new in projects.items()}
    asked = {at(one, back): one for one in ids}
    first = {one[0] for one in asked}
    found: set[Ids] = set()
    for model, place in kind.life.items():
        here = model._default_manager.filter(**{place: municipality})
        if len(first) <= _AT_ONCE:
            here = here.filter(**{f"{ID}__in": first})
        found |= set(here.order_by().values_list(*kind.columns).distinct())
    return {asked[one] for one in found & asked.keys()}


def move_life(municipality: Municipality, moved: Mapping[str, Moves]) -> None:
    """Let what is kept about rows follow them to their new ids."""
    projects = {old: new for (old,), (new,) in moved.get(PROJECTS, {}).items()}
    dialogue_setup.ids_changed(municipality, projects)
    for kind in KINDS:
        moves = moved.get(kind.table)
        if not moves:
            continue
        living = {
            old: moves[old] for old in sorted(_living(kind, municipality, moves, {}))
        }
        if set(living) & set(living.values()):
            # ids that change places: aside first, so that no two meet
            aside = {old: (*old[:-1], f"\x1f{n}") for n, old in enumerate(living)}
            _move(kind, municipality, aside)
            living = {aside[old]: new for old, new in living.items()}
        _move(kind, municipality, living)


def _move(kind: Kind, municipality: Municipality, moves: Mapping[Ids, Ids]) -> None:
    pairs = list(moves.items())
    for start in range(0, len(pairs), _AT_ONCE):
        some = pairs[start : start + _AT_ONCE]
        told = [(dict(zip(kind.columns, old, strict=True)), new) for old, new in some]
        says = Q()
        for old, _new in told:
            says |= Q(**old)
        new_ids = {
            name: Case(*(When(**old, then=Value(new[i])) for old, new in told))
            for i, name in enumerate(kind.columns)
        }
        for model, place in kind.life.items():
            here = model._default_manager.filter(says, **{place: municipality})
            # what is never changed otherwise still says the same of the same project
            here.order_by().update(**new_ids)
