"""What people send about needs: a report in five fields, and the answer to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rodtrad.web.models import NeedReport

if TYPE_CHECKING:
    from rodtrad.web.forms.project_choice import ProjectField

State = NeedReport.State


class ReportForm(forms.Form):
    """Four fields to fill in; the fifth, the contact, is the one who is signed in."""

    what = forms.CharField(
        label=_("Vad behövs?"),
        max_length=200,
        help_text=_("Till exempel: fler klassrum, nytt tak, en säker gångväg."),
    )
    where = forms.CharField(
        label=_("Var?"),
        max_length=200,
        help_text=_("Byggnad, gata eller ort."),
    )
    when = forms.CharField(
        label=_("När behövs det?"),
        max_length=120,
        help_text=_("Till exempel: hösten 2028, eller så snart det går."),
    )
    why = forms.CharField(
        label=_("Varför, och vad händer annars?"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class AnswerForm(forms.Form):
    """What a reported need is judged to be."""

    state = forms.ChoiceField(
        label=_("Svar"),
        choices=[
            (State.JUDGED.value, _("Bedöms")),
            (State.PROJECT.value, _("Hör till ett projekt som finns")),
            (State.NOT_NOW.value, _("Inte nu")),
        ],
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label=_("Till den som anmälde"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Ett nej börjar med ”därför att”."),
    )

    field_order = ("state", "project_id", "text")

    def __init__(self, *args: Any, project: ProjectField, **kwargs: Any) -> None:
        """Take the field that knows the municipality's projects."""
        super().__init__(*args, **kwargs)
        self.fields["project_id"] = project
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        """Ask for the project of a yes and the reason of a no."""
        cleaned = super().clean() or self.cleaned_data
        state = cleaned.get("state")
        if state != State.PROJECT:
            # what stands in the field is then no answer: it may be a project that is gone
            self.errors.pop("project_id", None)
            cleaned["project_id"] = ""
        elif not cleaned.get("project_id") and "project_id" not in self.errors:
            self.add_error("project_id", _("Välj vilket projekt behovet hör till."))
        if state == State.NOT_NOW and not (cleaned.get("text") or "").strip():
            self.add_error("text", _("Skriv varför det inte blir av nu."))
        return cleaned
