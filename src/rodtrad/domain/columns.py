"""Which tables and columns does the underlag have? `SCHEMA`, read from `schema/*.csv`.

The declaration is the one source of the checks, the Excel template and the reference
page. Leaves out the values themselves (components) and how a cell is read (cells).
"""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from rodtrad.domain.words import SWEDISH, _, language, meaning

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal[
    "text", "id", "year", "int", "float", "share", "tkr", "bool", "choice", "word"
]

# The unit stands in the heading where a reader could be in doubt.
_UNITS_SHOWN: Final = frozenset({"tkr", "andel", "år"})
# What a text of the schema is, where the same Swedish word has several in English.
TABLE, COLUMN, CHOICE, UNIT = "table", "column", "choice", "unit"


@dataclass(frozen=True)
class Column:
    """A column as declared: what may stand in its cells.

    `required` is "" (may be blank), "ja", or "planår" (required in plan years).
    `default` is typed; "=score" takes the value of that column of the same row and
    "=plan_start" that of a setting. `choices` maps the code to its Swedish label; a
    `word` may also be something else.
    `ref` names the table whose key the cell must be found in.
    """

    name: str
    label_sv: str
    type: Kind
    unit: str
    required: str
    default: Any
    choices: Mapping[str, str]
    ref: str
    minimum: float | None
    maximum: float | None
    description: str
    source: str = ""

    @property
    def label(self) -> str:
        """The label in the reader's language."""
        return meaning(COLUMN, self.label_sv)

    @property
    def help(self) -> str:
        """The description in the reader's language."""
        return _(self.description)

    def choice_label(self, code: str) -> str:
        """Return the label of a choice in the reader's language; an unknown as it is."""
        label = self.choices.get(code)
        return code if label is None else meaning(CHOICE, label)

    def choice_labels(self) -> list[str]:
        """Return the labels of all choices in the reader's language."""
        return [self.choice_label(code) for code in self.choices]

    @property
    def heading(self) -> str:
        """The label with its unit, in the reader's language."""
        if language() == SWEDISH:
            return self.heading_sv
        if self.heading_sv == self.label_sv:
            return self.label
        return f"{self.label} ({meaning(UNIT, self.unit)})"

    @property
    def heading_sv(self) -> str:
        """The Swedish heading with its unit, as in the workbook.

        A label that says the unit already (`Andel`, `År från start`) stands alone.
        """
        said = re.findall(r"\w+", self.label_sv.casefold())
        if (
            self.unit in _UNITS_SHOWN
            and self.unit not in said
            and "(" not in self.label_sv
        ):
            return f"{self.label_sv} ({self.unit})"
        return self.label_sv

    @property
    def is_number(self) -> bool:
        """True if the cells hold numbers (years and whole numbers included)."""
        return self.type in ("year", "int", "float", "share", "tkr")


@dataclass(frozen=True)
class TableSpec:
    """A table as declared: its columns in order and the columns of its key."""

    name: str
    label_sv: str
    optional: bool
    columns: Mapping[str, Column]
    key: tuple[str, ...]
    description: str
    _by_heading: dict[str, str] = field(default_factory=dict, compare=False)

    @property
    def label(self) -> str:
        """The name of the sheet in the reader's language."""
        return meaning(TABLE, self.label_sv)

    @property
    def help(self) -> str:
        """The description in the reader's language."""
        return _(self.description)

    def column_named(self, heading: str) -> str | None:
        """Return the canonical name of a heading as a user writes it, or None.

        Canonical names and Swedish labels are both read, whatever the case, with or
        without a unit in brackets and the star that marks a required column.
        """
        if not self._by_heading:
            for column in self.columns.values():
                for form in (column.name, column.label_sv, column.heading_sv):
                    self._by_heading.setdefault(fold_heading(form), column.name)
        return self._by_heading.get(fold_heading(heading))


def fold_heading(text: str) -> str:
    """Return a heading or sheet name in the form in which headings are compared."""
    text = unicodedata.normalize("NFC", text).replace("*", " ").casefold()
    text = re.sub(r"\([^()]*\)\s*$", "", text.strip())
    return re.sub(r"[\s_]+", " ", text).strip(" :")


def _typed_default(kind: str, text: str) -> Any:
    if text == "":
        return None
    if text.startswith("="):
        return text
    if kind in ("year", "int"):
        return int(text)
    if kind in ("float", "share", "tkr"):
        return float(text)
    if kind == "bool":
        return text == "ja"
    return text


def _column(row: Mapping[str, str]) -> Column:
    pairs = (item.partition(" = ") for item in row["choices"].split("|") if item)
    return Column(
        name=row["name"],
        label_sv=row["label_sv"],
        type=row["type"],  # type: ignore[arg-type]
        unit=row["unit"],
        required=row["required"],
        default=_typed_default(row["type"], row["default"]),
        choices=MappingProxyType({code: label for code, _equals, label in pairs}),
        ref=row["ref"],
        minimum=float(row["minimum"]) if row["minimum"] else None,
        maximum=float(row["maximum"]) if row["maximum"] else None,
        description=row["description"],
        source=row["source"],
    )


_FOLDER: Final = Path(__file__).parent / "schema"


def _rows(name: str) -> list[dict[str, str]]:
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _columns(name: str) -> Mapping[str, Column]:
    return MappingProxyType({row["name"]: _column(row) for row in _rows(name)})


SETTINGS: Final[Mapping[str, Column]] = _columns("settings_keys")
"""Every key of the table `settings`, declared as if it were a column."""


def _spec(row: Mapping[str, str]) -> TableSpec:
    columns = dict(_columns(row["name"]))
    if row["name"] == "settings":
        labels = {key: column.label_sv for key, column in SETTINGS.items()}
        columns["key"] = replace(columns["key"], choices=MappingProxyType(labels))
    return TableSpec(
        name=row["name"],
        label_sv=row["label_sv"],
        optional=row["optional"] == "ja",
        columns=MappingProxyType(columns),
        key=tuple(row["key"].split()),
        description=row["description"],
    )


SCHEMA: Final[Mapping[str, TableSpec]] = MappingProxyType(
    {row["name"]: _spec(row) for row in _rows("tables")}
)
"""Every table of the underlag, in the order of the workbook."""

_TABLE_BY_HEADING: Final = {
    fold_heading(form): spec.name
    for spec in SCHEMA.values()
    for form in (spec.name, spec.label_sv)
}


def table_named(sheet: str) -> str | None:
    """Return the canonical name of a sheet as a user names it, or None.

    Example:
        >>> table_named("Utgifter"), table_named("outlays"), table_named("Blad1")
        ('outlays', 'outlays', None)
    """
    return _TABLE_BY_HEADING.get(fold_heading(sheet))
