"""A project's rows of several tables as one form: what is shown, and what was typed.

The schema gives labels, choices and help. Each row is known in the form by a short
prefix (`p`, `a0`, `a0.o2`), and says which stored row it is and what stood in it. Leaves
out reading and writing the cells (project_rows).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _

from rodtrad.domain.columns import SCHEMA
from rodtrad.sources.workbook import choice_label
from rodtrad.web import sheet_cells
from rodtrad.web.project_rows import Typed, Written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import QueryDict

    from rodtrad.web.models.underlag import Row

PROJECT: Final = (
    "name",
    "committee",
    "area",
    "asset_id",
    "driver",
    "nira",
    "must_do",
    "deadline_year",
    "earliest_year",
    "latest_year",
    "financing",
    "waiting_cost",
    "lat",
    "lon",
    "public",
    "description",
    "source",
    "quality",
)
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "projects": PROJECT,
    "alternatives": ("name", "kind", "build_years", "scrapped", "source", "quality"),
    "outlays": ("offset", "outlay", "income", "quality"),
    "effects": ("offset", "operating", "quality"),
    "parts": ("component", "share", "useful_life_years", "quality"),
    "scores": ("criterion", "low", "score", "high", "quality"),
}
# Filled in beforehand on a new row, which counts as blank when nothing else is.
GIVEN: Final = {"outlays": "offset", "effects": "offset", "scores": "criterion"}
BELOW: Final = ("outlays", "effects", "parts", "scores")
LETTER: Final = {"outlays": "o", "effects": "e", "parts": "d", "scores": "s"}
_PREFIX: Final = re.compile(r"p|a\d{1,3}(\.[oeds]\d{1,4})?")
_LONGEST: Final = 2_000


@dataclass(frozen=True)
class Box:
    """A cell of the form."""

    name: str
    column: str
    label: str
    value: str
    was: str
    kind: str
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()
    errors: tuple[str, ...] = ()
    required: bool = False

    @property
    def id(self) -> str:
        """What the label points at."""
        return "f-" + self.name.replace(".", "-")

    @property
    def described(self) -> str:
        """The ids of its hint and its errors."""
        parts = [f"{self.id}-hint"] if self.hint else []
        return " ".join([*parts, *([f"{self.id}-err"] if self.errors else [])])


@dataclass
class FormRow:
    """A row of the form; `identity` is what it posts about itself."""

    prefix: str
    table: str
    pk: int | None
    revision: int
    boxes: list[Box]
    errors: tuple[str, ...] = ()
    removed: bool = False
    title: str = ""
    below: dict[str, list[FormRow]] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """Table, stored row and its revision."""
        return f"{self.table}|{self.pk or ''}|{self.revision}"

    @property
    def tables(self) -> list[tuple[str, str, list[FormRow]]]:
        """The tables below an alternative: name, label and rows."""
        return [(name, SCHEMA[name].label, self.below.get(name, [])) for name in BELOW]

    def box(self, column: str) -> Box:
        """Return the box of a column."""
        return next(one for one in self.boxes if one.column == column)


@dataclass(frozen=True)
class Posted:
    """A row as it was sent."""

    prefix: str
    table: str
    pk: int | None
    revision: int
    cells: Mapping[str, str]
    was: Mapping[str, str]
    remove: bool


def read_posted(post: QueryDict) -> list[Posted]:
    """Return the rows that were sent; what is not of this form is left out."""
    found = []
    for name in post:
        if not name.startswith("row."):
            continue
        prefix = name.removeprefix("row.")
        parts = str(post[name]).split("|")
        if not _PREFIX.fullmatch(prefix) or len(parts) != 3 or parts[0] not in COLUMNS:
            continue
        table, pk, revision = parts
        if not (pk or "0").isdecimal() or not (revision or "0").isdecimal():
            continue
        cells = {
            column: _text(post, f"{prefix}.{column}")
            for column in COLUMNS[table]
            if f"{prefix}.{column}" in post
        }
        was = {
            column: _text(post, f"was.{prefix}.{column}")
            for column in cells
            if f"was.{prefix}.{column}" in post
        }
        found.append(
            Posted(
                prefix,
                table,
                int(pk) if pk else None,
                int(revision or 0),
                cells,
                was,
                post.get(f"{prefix}.bort") == "1",
            )
        )
    return sorted(found, key=lambda one: _order(one.prefix))


def _order(prefix: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", prefix)) if prefix != "p" else (-1,)


def _text(post: QueryDict, name: str) -> str:
    return str(post.get(name, "")).replace("\0", "").replace("\r\n", "\n")[:_LONGEST]


def is_blank(one: Posted) -> bool:
    """Whether nothing was typed in a new row."""
    given = GIVEN.get(one.table)
    return one.pk is None and not any(
        text.strip() for column, text in one.cells.items() if column != given
    )


def to_typed(
    posted: Sequence[Posted], project_id: str, alternatives: Mapping[str, str]
) -> list[Typed]:
    """Return what is to be written: new rows get their project and alternative.

    `alternatives` gives the id of each alternative by its prefix in the form.
    """
    gone = {one.prefix for one in posted if one.table == "alternatives" and one.remove}
    found = []
    for one in posted:
        parent = one.prefix.partition(".")[0]
        remove = one.remove or parent in gone
        if one.pk is None and (remove or is_blank(one)):
            continue
        cells = dict(one.cells)
        if one.pk is None:
            cells["project_id"] = project_id
            if one.table != "projects":
                cells["alternative_id"] = alternatives.get(parent, "")
        found.append(
            Typed(
                one.table,
                one.prefix,
                cells,
                one.pk,
                one.revision,
                one.was,
                remove,
            )
        )
    return found


def make_id(name: str, taken: set[str], fallback: str) -> str:
    """Return a short id of small letters that is not taken.

    Example:
        >>> make_id("Ny skola i Södra Vi", set(), "x"), make_id("A b", {"a_b"}, "x")
        ('ny_skola_i_sodra_vi', 'a_b_2')
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(
        c if c.isascii() and c.isalnum() else " "
        for c in plain
        if not unicodedata.combining(c)
    )
    base = "_".join(kept.split())[:40].strip("_") or fallback
    found, n = base, 2
    while found in taken:
        found, n = f"{base}_{n}", n + 1
    return found


# ---------------------------------------------------------------- showing


@dataclass(frozen=True)
class Choices:
    """What refs can be chosen from: areas, assets and criteria, as id and name."""

    areas: Sequence[tuple[str, str]] = ()
    assets: Sequence[tuple[str, str]] = ()
    criteria: Sequence[tuple[str, str]] = ()


def show_row(
    prefix: str,
    table: str,
    row: Row | None,
    choices: Choices,
    posted: Posted | None = None,
    written: Written | None = None,
    given: Mapping[str, str] | None = None,
) -> FormRow:
    """Return a row for the page: as stored, or as it was sent with its faults."""
    data: Mapping[str, Any] = row.data if row is not None else {}
    faults = written.faults if written else {}
    boxes = []
    for column in COLUMNS[table]:
        spec = SCHEMA[table].columns[column]
        stored = sheet_cells.typed(table, column, data) if row is not None else ""
        value = stored or (given or {}).get(column, "")
        was = stored
        if posted is not None:
            value = posted.cells.get(column, value)
            was = posted.was.get(column, was)
        kind, options = _kind(table, column, value, choices)
        boxes.append(
            Box(
                f"{prefix}.{column}",
                column,
                spec.label,
                value,
                was,
                kind,
                spec.help,
                options,
                tuple(faults.get(f"{prefix}-{column}", ())),
                bool(spec.required),
            )
        )
    return FormRow(
        prefix,
        table,
        row.pk if row is not None else None,
        posted.revision if posted else row.revision if row is not None else 0,
        boxes,
        tuple(faults.get(prefix, ())),
        posted.remove if posted else False,
        row.label or str(data.get("alternative_id") or "") if row is not None else "",
    )


def _kind(
    table: str, column: str, value: str, choices: Choices
) -> tuple[str, tuple[tuple[str, str], ...]]:
    spec = SCHEMA[table].columns[column]
    refs = {
        "area": choices.areas,
        "asset_id": choices.assets,
        "criterion": choices.criteria,
    }
    if column in refs and (refs[column] or not value):
        listed = [("", "–"), *refs[column]]
        if value and value not in dict(listed):
            listed.append((value, value))
        return "select", tuple(listed)
    if spec.type == "bool":
        return "select", (("", "–"), ("ja", _("ja")), ("nej", _("nej")))
    if spec.choices:
        listed = [
            ("", "–"),
            *((choice_label(spec, c), spec.choice_label(c)) for c in spec.choices),
        ]
        if value and value not in dict(listed):
            listed.append((value, value))
        return "select", tuple(listed)
    if column in ("description",):
        return "area", ()
    return ("number" if spec.is_number else "text"), ()
