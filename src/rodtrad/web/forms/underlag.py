"""What may somebody send to the underlag? Rows as forms, a grid's edits, choices.

A row's form is made from the schema; it never refuses what was typed, since a cell that
cannot be read is kept and told of at its field.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rodtrad.domain.columns import SCHEMA, SETTINGS
from rodtrad.sources.template import help_text
from rodtrad.sources.workbook import choice_label
from rodtrad.web import sheet_cells
from rodtrad.web.models.underlag import Row
from rodtrad.web.saving import Edits, Removal, RowEdit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rodtrad.domain.columns import Column, TableSpec
    from rodtrad.errors import Issue
    from rodtrad.web.models import Underlag

LONG_TEXTS: Final = frozenset({"description", "source", "note"})
MOST_OPTIONS: Final = 300
MOST_ROWS: Final = 2_000
MOST_TEXT: Final = 40_000


class BadEditsError(ValueError):
    """What a page sent cannot be its grid's edits."""


def read_edits(table: str, text: str) -> Edits:
    """Return a grid's edits from the JSON that its script sent.

    Raises:
        BadEditsError: it is something else.
    """
    try:
        sent: Any = json.loads(text)
        changed = [
            RowEdit(
                int(one["pk"]),
                int(one["revision"]),
                _texts(table, one["cells"]),
                _texts(table, one.get("was") or {}),
            )
            for one in sent.get("changed") or []
        ]
        added = [_texts(table, one) for one in sent.get("added") or []]
        removed = [
            Removal(int(one["pk"]), int(one["revision"]))
            for one in sent.get("removed") or []
        ]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadEditsError(str(error)) from error
    if len(changed) + len(added) + len(removed) > MOST_ROWS:
        raise BadEditsError("too many rows")
    return Edits(table, changed, added, removed)


def _texts(table: str, cells: Mapping[str, Any]) -> dict[str, str]:
    declared = SCHEMA[table].columns
    found = {}
    for name, text in cells.items():
        if name not in declared or not isinstance(text, str) or len(text) > MOST_TEXT:
            raise BadEditsError(str(name))
        found[name] = text
    return found


def edits_json(edits: Edits) -> str:
    """Return edits in the form that `read_edits` reads."""
    return json.dumps(
        {
            "changed": [
                {
                    "pk": one.pk,
                    "revision": one.revision,
                    "cells": dict(one.cells),
                    "was": dict(one.was),
                }
                for one in edits.changed
            ],
            "added": [dict(one) for one in edits.added],
            "removed": [{"pk": r.pk, "revision": r.revision} for r in edits.removed],
        },
        ensure_ascii=False,
    )


def choices_of(table: str, column: Column) -> list[str]:
    """Return the texts that are offered in a cell, in order; none where it is free."""
    if column.type == "bool":
        return ["ja", "nej"]
    if (table, column.name) == ("scenarios", "table"):
        return [spec.label_sv for spec in SCHEMA.values()]
    return [choice_label(column, code) for code in column.choices]


def labels_of(table: str, column: Column) -> list[str]:
    """Return what the offered texts of a list are called in the reader's language."""
    if column.type == "bool":
        return [_("ja"), _("nej")]
    if (table, column.name) == ("scenarios", "table"):
        return [spec.label for spec in SCHEMA.values()]
    return column.choice_labels()


def options_of(underlag: Underlag, column: Column, start: str = "") -> list[list[str]]:
    """Return ids that a cell may refer to and their names, the first ones by `start`."""
    if not column.ref:
        return []
    name = SCHEMA[column.ref].key[-1]
    rows = Row.objects.filter(underlag=underlag, table=column.ref)
    if start:
        rows = rows.filter(search__contains=start.casefold())
    found: dict[str, str] = {}
    for data, label in rows.order_by("position").values_list("data", "label")[
        : MOST_OPTIONS + 1
    ]:
        if data.get(name) is not None:
            found.setdefault(str(data[name]), label)
    return [[value, label] for value, label in found.items()]


class WithOptions(forms.TextInput):
    """A text field with suggestions beneath it; something else may be written."""

    template_name = "underlag/with_options.html"

    def __init__(self, options: Iterable[Any], **kwargs: Any) -> None:
        """Keep the suggestions: texts, or pairs of value and name."""
        super().__init__(**kwargs)
        self.options = [one if isinstance(one, list) else [one, ""] for one in options]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Return what the field's template shows."""
        context = super().get_context(name, value, attrs)
        listed = f"{context['widget']['attrs'].get('id', name)}-list"
        context["widget"]["attrs"]["list"] = listed
        context["listed"], context["options"] = listed, self.options
        return context


class RowForm(forms.Form):
    """One row of a sheet, a field a column, filled with what stands there."""

    def __init__(
        self,
        spec: TableSpec,
        underlag: Underlag,
        row: Row | None,
        issues: Iterable[Issue] = (),
        data: Any = None,
    ) -> None:
        """Make the fields; `issues` are shown at theirs."""
        self.spec = spec
        cells = row.data if row is not None else {}
        super().__init__(
            data,
            initial={
                name: sheet_cells.typed(spec.name, name, cells) for name in spec.columns
            },
            prefix="f",
        )
        for name, column in spec.columns.items():
            own = sheet_cells.column_of(spec.name, name, cells)
            field = _field(spec.name, own, underlag, self.initial[name])
            field.label = own.label if own is not column else column.heading
            field.required = False
            field.help_text = help_text(own)
            # the mark "frivilligt" follows what a row must have, not what is refused
            field.widget.is_required = False
            self.fields[name] = field
        self.shown = list(issues)

    def texts(self) -> dict[str, str]:
        """Return what was typed, by column."""
        return {
            name: str(self.data.get(self.add_prefix(name), "")).replace("\r\n", "\n")
            for name in self.spec.columns
            if self.add_prefix(name) in self.data
        }

    def was(self) -> dict[str, str]:
        """Return what the fields held when the form was opened, by column."""
        return {
            name: str(self.data[f"was-{name}"]).replace("\r\n", "\n")
            for name in self.spec.columns
            if f"was-{name}" in self.data
        }


def _field(table: str, column: Column, underlag: Underlag, text: str) -> forms.Field:
    offered = choices_of(table, column)
    if offered and column.type in ("choice", "bool"):
        values = [("", "–"), *zip(offered, labels_of(table, column), strict=True)]
        if text and text not in offered:
            values.append((text, text))
        return forms.ChoiceField(choices=values)
    widget: forms.Widget
    if offered:
        pairs = zip(offered, labels_of(table, column), strict=True)
        told = [[text, "" if text == label else label] for text, label in pairs]
        widget = WithOptions(told)
    elif column.ref:
        options = options_of(underlag, column)
        widget = (
            WithOptions(options) if len(options) <= MOST_OPTIONS else forms.TextInput()
        )
    elif column.name in LONG_TEXTS or len(text) > 80 or "\n" in text:
        widget = forms.Textarea(attrs={"rows": 3})
    else:
        widget = forms.TextInput()
    if column.is_number:
        kind = "numeric" if column.type in ("year", "int") else "decimal"
        widget.attrs["inputmode"] = kind
        widget.attrs["class"] = "short"
    widget.attrs["autocomplete"] = "off"
    return forms.CharField(widget=widget, max_length=MOST_TEXT)


class VersionForm(forms.Form):
    """A version to save: what it is called and why it is kept."""

    name = forms.CharField(
        label=gettext_lazy("Namn"),
        max_length=120,
        help_text=gettext_lazy("Till exempel Inför budgetberedningen."),
    )
    note = forms.CharField(
        label=gettext_lazy("Anteckning"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_name(self) -> str:
        """Return the name; blanks alone are none."""
        name = str(self.cleaned_data["name"]).strip()
        if not name:
            raise forms.ValidationError(_("Ge versionen ett namn."))
        return name


class LockForm(forms.Form):
    """A version to lock: why, since it cannot be unlocked."""

    note = forms.CharField(
        label=gettext_lazy("Varför"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Till exempel Beslutad i fullmäktige § 45."),
    )


def setting_label(key: str) -> str:
    """Return what people call a setting."""
    return SETTINGS[key].label if key in SETTINGS else key
