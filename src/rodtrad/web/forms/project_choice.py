"""How is one project of ten thousand named in a form? By its name or id, with proposals.

A field for text with a short list of proposals beneath it, which the browser shows by
itself and which follows what is written where scripts run. What was written is looked up
in the register; where it fits several projects, they are what is proposed next. Leaves
out finding projects to read (views.projects).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from rodtrad.web.templatetags.rodtrad import number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.utils.safestring import SafeString

    from rodtrad.web.project_index import Listed, Register

# So many are proposed at once.
PROPOSED: Final = 30


def name_and_id(project: Listed) -> str:
    """Return a project as it is proposed: the name may be another's too, the id not."""
    return f"{project.name} ({project.project_id})"


def fitting(register: Register, written: str) -> list[Listed]:
    """Return the projects that what was written may mean, by name.

    One alone where it is an id, a proposal, or a name that only one project has.
    """
    text = " ".join(written.casefold().split())
    exact = [
        p
        for p in register.projects
        if text in (p.project_id.casefold(), name_and_id(p).casefold())
    ]
    named = [p for p in register.projects if p.name.casefold() == text]
    for found in (exact, named):
        if len(found) == 1:
            return found
    words = text.split()
    return [
        p
        for p in register.projects
        if all(word in name_and_id(p).casefold() for word in words)
    ]


def proposals(projects: Iterable[Listed]) -> SafeString:
    """Return projects as what a field proposes."""
    return format_html_join(
        "", '<option value="{}"></option>', ((name_and_id(p),) for p in projects)
    )


class ProjectInput(forms.TextInput):
    """A field for text with proposals. `address` answers with those for another text."""

    def __init__(self, register: Register, address: str) -> None:
        """Keep what the proposals are chosen from."""
        super().__init__({"autocomplete": "off", "spellcheck": "false"})
        self._register = register
        self._address = address

    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> SafeString:
        """Return the field and its list."""
        listed = f"{(attrs or {}).get('id', name)}-forslag"
        asking = {
            "list": listed,
            "hx-get": self._address,
            "hx-trigger": "input changed delay:200ms",
            "hx-target": f"#{listed}",
            "hx-swap": "innerHTML",
        }
        field = super().render(name, value, {**(attrs or {}), **asking}, renderer)
        found = fitting(self._register, str(value or ""))[:PROPOSED]
        return format_html(
            '{}<datalist id="{}">{}</datalist>', field, listed, proposals(found)
        )


class ProjectField(forms.CharField):
    """A project, as its id once it is known which one is meant."""

    def __init__(self, register: Register, address: str, **kwargs: Any) -> None:
        """Look projects up in a register."""
        kwargs.setdefault("label", gettext_lazy("Projekt"))
        kwargs.setdefault(
            "help_text", gettext_lazy("Skriv en del av namnet, eller projektets id.")
        )
        super().__init__(
            max_length=400, widget=ProjectInput(register, address), **kwargs
        )
        self._register = register

    def prepare_value(self, value: Any) -> Any:
        """Return an id as people read it."""
        found = next(
            (p for p in self._register.projects if p.project_id == value), None
        )
        return name_and_id(found) if found else value

    def clean(self, value: Any) -> str:
        """Return the id of the one project that is meant.

        Raises:
            ValidationError: it is none, or may be several.
        """
        written = str(super().clean(value))
        if not written:
            return ""
        found = fitting(self._register, written)
        if len(found) == 1:
            return found[0].project_id
        if not found:
            raise forms.ValidationError(
                _("Inget projekt heter eller har id ”{t}”.").format(t=written)
            )
        raise forms.ValidationError(
            ngettext(
                "{n} projekt passar in på ”{t}”. Välj ett av förslagen.",
                "{n} projekt passar in på ”{t}”. Välj ett av förslagen.",
                len(found),
            ).format(n=number(len(found)), t=written)
        )
