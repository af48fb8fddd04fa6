"""What is asked when a plan is published, and when it is said who decides next?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from rodtrad.web.models.publishing import NextStep

if TYPE_CHECKING:
    from collections.abc import Mapping

REASON = "skal-"
LONGEST_REASON = 2000


class PublishForm(forms.Form):
    """The heading, what is new, and a reason for each project that has changed."""

    title = forms.CharField(
        label=lazy("Rubrik på första sidan"),
        max_length=160,
        required=False,
        help_text=lazy("Tomt: Det här bygger och rustar vi."),
    )
    note = forms.CharField(
        label=lazy("Vad är nytt, i några meningar"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    sure = forms.BooleanField(
        label=lazy("Jag har läst vad som blir offentligt"),
        error_messages={
            "required": lazy("Läs vad som blir offentligt och kryssa i rutan.")
        },
    )

    def __init__(
        self, changes: Mapping[str, Mapping[str, Any]], *args: Any, **kwargs: Any
    ) -> None:
        """Add a field for each change, filled with the suggested reason."""
        super().__init__(*args, **kwargs)
        self.changes = changes
        for key, change in changes.items():
            self.fields[f"{REASON}{key}"] = forms.CharField(
                label=_("Varför: {name}").format(name=change["name"]),
                max_length=LONGEST_REASON,
                required=False,
                initial=change["reason"],
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    def head_fields(self) -> list[forms.BoundField]:
        """Return the fields that are not about one project."""
        return [self["title"], self["note"]]

    def change_fields(self) -> list[tuple[Mapping[str, Any], forms.BoundField]]:
        """Return each change with its field."""
        return [
            (change, self[f"{REASON}{key}"]) for key, change in self.changes.items()
        ]

    def reasons(self) -> dict[str, str]:
        """Return the reasons by project."""
        return {key: self.cleaned_data[f"{REASON}{key}"] for key in self.changes}


class NextStepForm(forms.ModelForm):  # type: ignore[type-arg]
    """Who decides next, when, and until which day one can influence it."""

    class Meta:
        """The four fields, dates as the browser gives them."""

        model = NextStep
        fields: ClassVar = ["what", "body", "date", "last_influence"]
        widgets: ClassVar = {
            "date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "last_influence": forms.DateInput(
                attrs={"type": "date"}, format="%Y-%m-%d"
            ),
        }

    def clean(self) -> dict[str, Any]:
        """Refuse a last day that comes after the decision."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        last, day = data.get("last_influence"), data.get("date")
        if last and day and last > day:
            self.add_error(
                "last_influence",
                _("Senaste dag att påverka kan inte komma efter beslutet."),
            )
        return data


class WithdrawForm(forms.Form):
    """Why a publication is taken back."""

    why = forms.CharField(
        label=lazy("Varför tas den tillbaka?"),
        max_length=2000,
        help_text=lazy("Står i loggen."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
