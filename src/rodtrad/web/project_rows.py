"""How is a project changed in several tables at once? One form, one change.

What was typed is read by the schema; cells that cannot be read come back as faults and
nothing is written. A cell that somebody else has changed since is not written over.
Everything becomes one `Change`, so that it is undone as a whole. Leaves out the forms.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from rodtrad.domain.columns import SCHEMA
from rodtrad.web import changes, sheet_cells
from rodtrad.web.models.underlag import Change, Row
from rodtrad.web.store import FAULTS, row_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from django.http import HttpRequest

    from rodtrad.errors import Issue
    from rodtrad.web.models import Underlag, User


@dataclass(frozen=True)
class Typed:
    """A row as somebody typed it: new without `pk`, taken out with `remove`.

    `was` is what each cell said when the form was opened; `name` is the row's own name
    in the form.
    """

    table: str
    name: str
    cells: Mapping[str, str]
    pk: int | None = None
    revision: int = 0
    was: Mapping[str, str] = field(default_factory=dict)
    remove: bool = False


@dataclass(frozen=True)
class Clash:
    """A cell that somebody else has changed since the form was opened."""

    name: str
    column: str
    label: str
    was: str
    theirs: str
    mine: str
    who: str
    when: datetime | None


@dataclass(frozen=True)
class Written:
    """What came of it. With faults or clashes nothing has been written."""

    change: Change | None = None
    faults: Mapping[str, Sequence[str]] = field(default_factory=dict)
    clashes: tuple[Clash, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether nothing was written because something must be mended or chosen."""
        return bool(self.faults or self.clashes)


@transaction.atomic
def write(
    who: HttpRequest | User | None,
    underlag: Underlag,
    typed: Sequence[Typed],
    note: str = "",
) -> Written:
    """Write rows of several tables as one change, or say what stands in the way."""
    underlag = changes.locked(underlag)
    wanted = [one.pk for one in typed if one.pk is not None]
    rows = {row.pk: row for row in Row.objects.filter(underlag=underlag, pk__in=wanted)}
    faults: dict[str, list[str]] = {}
    clashes: list[Clash] = []
    steps: list[changes.Step] = []
    names: list[str] = []
    for one in typed:
        row = rows.get(one.pk) if one.pk is not None else None
        if one.pk is not None and (row is None or row.table != one.table):
            if not one.remove:
                faults.setdefault(one.name, []).append(
                    _("Raden är borttagen av någon annan. Ladda om sidan.")
                )
            continue
        before: Mapping[str, Any] = row.data if row is not None else {}
        if one.remove:
            if row is not None:
                steps.append(
                    changes.Step(one.table, row.pk, before, None, row.position)
                )
                names.append(one.name)
            continue
        texts = {
            name: text
            for name, text in one.cells.items()
            if name in SCHEMA[one.table].columns
            # what nobody touched is left as it is, also if it has changed meanwhile
            and not (name in one.was and one.was[name].strip() == text.strip())
            and (
                row is None or not sheet_cells.same_text(one.table, name, before, text)
            )
        }
        if row is not None and row.revision != one.revision:
            clashes += _clashes(underlag, row, one, texts)
        if not texts or (row is None and sheet_cells.is_empty(texts.values())):
            continue
        after, issues = sheet_cells.read_row(
            SCHEMA[one.table], before, texts, row.position + 2 if row else 2
        )
        _tell(one, issues, faults)
        if after != before:
            steps.append(
                changes.Step(
                    one.table,
                    row.pk if row else None,
                    before if row else None,
                    after,
                    row.position if row else None,
                )
            )
            names.append(one.name)
    _check_keys(underlag, names, steps, faults)
    if faults or clashes:
        return Written(None, faults, tuple(clashes))
    if not steps:
        return Written()
    change = changes.commit(who, underlag, Change.Kind.EDIT, steps, note)
    return Written(change)


def _tell(one: Typed, issues: Sequence[Issue], faults: dict[str, list[str]]) -> None:
    for issue in issues:
        if issue.severity != "error":
            continue  # how a number was read is no hindrance
        name = f"{one.name}-{issue.column}" if issue.column else one.name
        text = " ".join(part for part in (issue.message, issue.remedy) if part)
        faults.setdefault(name, []).append(text)


def _check_keys(
    underlag: Underlag,
    names: Sequence[str],
    steps: Sequence[changes.Step],
    faults: dict[str, list[str]],
) -> None:
    """Refuse a row without a key, and two rows with the same."""
    gone = {step.pk for step in steps if step.after is None}
    seen: dict[tuple[str, str], None] = {}
    for where, step in zip(names, steps, strict=True):
        if step.after is None:
            continue
        spec = SCHEMA[step.table]
        empty = [
            name
            for name in spec.key
            if step.after.get(name) is None
            and name not in (step.after.get(FAULTS) or {})
        ]
        if empty:
            labels = ", ".join(spec.columns[name].label for name in empty)
            faults.setdefault(where, []).append(
                _("{columns} måste fyllas i.").format(columns=labels)
            )
            continue
        key = row_key(spec, step.after)
        taken = (step.table, key) in seen or (
            (step.before is None or row_key(spec, step.before) != key)
            and Row.objects.filter(underlag=underlag, table=step.table, key=key)
            .exclude(pk__in=[pk for pk in gone if pk] + ([step.pk] if step.pk else []))
            .exists()
        )
        if taken:
            faults.setdefault(where, []).append(
                _("Bladet {sheet} har redan raden ”{key}”.").format(
                    sheet=spec.label, key=key
                )
            )
        seen[step.table, key] = None


def _clashes(
    underlag: Underlag, row: Row, one: Typed, texts: Mapping[str, str]
) -> list[Clash]:
    told = changes.last_changes(underlag, [row.revision]).get(row.revision)
    who, when = told if told else (_("Någon annan"), None)
    found = []
    for name, text in texts.items():
        now = sheet_cells.typed(row.table, name, row.data)
        if name in one.was and one.was[name].strip() == now.strip():
            continue
        found.append(
            Clash(
                one.name,
                name,
                SCHEMA[row.table].columns[name].label,
                one.was.get(name, ""),
                now,
                text,
                who,
                when,
            )
        )
    return found


def set_cell(
    who: HttpRequest | User | None,
    underlag: Underlag,
    row: Row,
    column: str,
    text: str,
    note: str = "",
) -> Written:
    """Set one cell of a row, whatever it was: for acts that are a choice of their own."""
    now = Row.objects.filter(pk=row.pk).values_list("revision", flat=True).first()
    return write(
        who,
        underlag,
        [Typed(row.table, "rad", {column: text}, row.pk, now or row.revision)],
        note,
    )
