"""What pages about people need: whether letters are sent, what someone can do."""

from __future__ import annotations

from typing import Any, Final

from django import template

from rodtrad.web import access, people
from rodtrad.web.access import Right
from rodtrad.web.models.organisation import Role

register = template.Library()


@register.simple_tag
def mail_works() -> bool:
    """Return True if a mail server is set."""
    return people.can_send_mail()


@register.filter
def contains(values: Any, value: Any) -> bool:
    """Return True if a collection has a value."""
    return value in values


@register.filter
def grouped(secret: str) -> str:
    """Return a long secret in groups of four, to be copied by hand."""
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))


@register.simple_tag
def role_rights() -> dict[str, Any]:
    """Return what each role may do, as the rows of a table."""
    return {
        "roles": [role.label for role in Role],
        "rows": [
            {
                "label": access.LABELS[right],
                "cells": [role in access.ROLES_OF[right] for role in Role],
            }
            for right in Right
        ],
    }


# The first that is found counts: most browsers also call themselves by others' names.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


@register.filter
def browser_name(told: str) -> str:
    """Return what people call a browser, or what it says of itself."""
    named = [word for mark, word in _BROWSERS if mark in told][:1]
    named += [word for mark, word in _SYSTEMS if mark in told][:1]
    return ", ".join(named) or told
