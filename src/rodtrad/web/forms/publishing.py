"""What is asked when a plan is published, and when it is said who decides next?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from rodtrad.web.clean_text import CleanField
from rodtrad.web.models.publishing import NextStep

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

REASON = "skal-"
LONGEST_REASON = 2000
_STEP = ("what", "body", "date", "last_influence")


class PublishForm(forms.Form):
    """The heading, what is new, and a reason for each project that has changed."""

    title = CleanField(
        label=lazy("Rubrik på första sidan"),
        most=160,
        required=False,
        help_text=lazy("Tomt: Det här bygger och rustar vi, och planens år."),
    )
    note = CleanField(
        label=lazy("Vad är nytt, i några meningar"),
        most=4000,
        lines=True,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    sure = forms.BooleanField(
        label=lazy("Jag har läst vad som blir offentligt"),
        error_messages={
            "required": lazy("Läs vad som blir offentligt och kryssa i rutan.")
        },
    )

    # the version that everyone reads while this is filled in
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        changes: Mapping[str, Mapping[str, Any]],
        *args: Any,
        seen: int,
        again: bool,
        secret: re.Pattern[str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Add a field for each change, filled with the suggested reason.

        With `again` the plan is the one that everyone reads already: that is asked.
        What `secret` finds in a text may not be told.
        """
        super().__init__(*args, **kwargs)
        self.changes, self.now, self.secret = changes, seen, secret
        self.fields["seen"].initial = seen
        if again:
            self.fields["again"] = forms.BooleanField(
                label=_("Publicera samma plan igen, som en ny version"),
                error_messages={
                    "required": _(
                        "Planen är redan publicerad, som version {n}."
                    ).format(n=seen)
                },
            )
        for key, change in changes.items():
            self.fields[f"{REASON}{key}"] = CleanField(
                label=_("Varför: {name}").format(name=change["name"]),
                most=LONGEST_REASON,
                lines=True,
                required=False,
                initial=change["reason"],
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    def clean(self) -> dict[str, Any]:
        """Refuse a name that is kept, and what was filled in beside another version."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for name, value in list(data.items()):
            if self.secret and isinstance(value, str) and self.secret.search(value):
                self.add_error(
                    name,
                    _(
                        "Texten namnger ett projekt som inte är offentligt. Skriv om den."
                    ),
                )
        seen = data.get("seen")
        if seen is not None and seen != self.now:
            # shown anew it is filled in beside today's
            self.data = dict(self.data.items(), seen=str(self.now))
            self.add_error(
                None,
                _(
                    "En annan version har publicerats eller tagits tillbaka under "
                    "tiden. Läs igenom ändringarna på nytt."
                ),
            )
        return data

    def head_fields(self) -> list[forms.BoundField]:
        """Return the fields that are not about one project."""
        return [self["title"], self["note"]]

    def last_fields(self) -> list[forms.BoundField]:
        """Return what is said last, before the plan is sent."""
        return [self[name] for name in ("again", "sure") if name in self.fields]

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

    what = CleanField(label=lazy("Vad som beslutas"), most=120, required=False)
    body = CleanField(label=lazy("Vem som beslutar"), most=120, required=False)
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        """The four fields, dates as the browser gives them."""

        model = NextStep
        fields = _STEP
        widgets: ClassVar = {
            "date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "last_influence": forms.DateInput(
                attrs={"type": "date"}, format="%Y-%m-%d"
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Say which state of it is shown."""
        super().__init__(*args, **kwargs)
        self.initial["revision"] = self.instance.revision

    def clean(self) -> dict[str, Any]:
        """Refuse a late last day, a decision by nobody, and to write over another's."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        now = self.instance
        other = any((data.get(x) or None) != (getattr(now, x) or None) for x in _STEP)
        if other and (data.get("revision") or 0) != now.revision:
            # shown anew it is filled in beside what stands there now
            self.data = dict(self.data.items(), revision=str(now.revision))
            self.add_error(
                None,
                _("Någon annan sparade medan du skrev. Nu står det: {t}").format(
                    t=str(now) or "–"
                ),
            )
        if data.get("body") == "" and any(data.get(x) for x in _STEP):
            self.add_error("body", _("Skriv vem som beslutar."))
        last, day = data.get("last_influence"), data.get("date")
        if last and day and last > day:
            self.add_error(
                "last_influence",
                _("Senaste dag att påverka kan inte komma efter beslutet."),
            )
        return data


class WithdrawForm(forms.Form):
    """Why a publication is taken back."""

    why = CleanField(
        label=lazy("Varför tas den tillbaka?"),
        most=2000,
        lines=True,
        help_text=lazy("Står i loggen."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
