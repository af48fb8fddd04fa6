"""How is a field of a row's form shown? With its hint and what is wrong in its cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.safestring import SafeString

if TYPE_CHECKING:
    from django.forms import BoundField

    from rodtrad.errors import Issue

register = template.Library()


@register.filter
def row_control(field: BoundField, issue: Issue | None) -> SafeString:
    """Return a field's input, tied to its hint and to the fault of its cell."""
    attrs: dict[str, str | bool] = {"aria-describedby": f"{field.auto_id}-hint"}
    if issue is not None:
        attrs["aria-describedby"] = f"{field.auto_id}-hint {field.auto_id}-err"
        attrs["aria-invalid"] = "true"
    return SafeString(field.as_widget(attrs=attrs))
