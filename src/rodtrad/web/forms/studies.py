"""What may be asked for when a study is started, and what a decision says."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from rodtrad.study import PARTS
from rodtrad.web.models import Underlag, Version

if TYPE_CHECKING:
    from rodtrad.web.models import Municipality

NOW: Final = "nu"
# The names of the parts beside the plan itself, in the order they are computed.
PART_LABELS: Final = {
    "reasons": lazy("Skäl för varje projekt"),
    "agreement": lazy("Enighetskarta"),
    "beside": lazy("Nära lika bra planer och reservlista"),
    "needs": lazy("Behov ur register och befolkning"),
    "uncertainty": lazy("Hur säkert det är"),
}
_SECONDS: Final = (
    ("20", lazy("20 sekunder")),
    ("60", lazy("1 minut")),
    ("300", lazy("5 minuter")),
    ("1200", lazy("20 minuter")),
)
_VERSIONS: Final = 30


class StartForm(forms.Form):
    """Which version, which scenario, how long and which parts."""

    name = forms.CharField(
        label=lazy("Namn"),
        max_length=120,
        required=False,
        help_text=lazy("Så att andra vet vad den prövar."),
    )
    version = forms.ChoiceField(label=lazy("Underlag"))
    scenario = forms.ChoiceField(label=lazy("Scenario"), required=False)
    seconds = forms.ChoiceField(
        label=lazy("Längsta tid för att söka planen"),
        choices=_SECONDS,
        initial="60",
        help_text=lazy("Skälen och de andra delarna kommer till."),
    )
    parts = forms.MultipleChoiceField(
        label=lazy("Räkna också"),
        choices=tuple(PART_LABELS.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        initial=tuple(PART_LABELS),
    )

    def __init__(self, municipality: Municipality, *args: Any, **kwargs: Any) -> None:
        """Offer the versions and scenarios that the municipality has."""
        super().__init__(*args, **kwargs)
        self.versions = {
            str(v.number): v
            for v in Version.objects.filter(municipality=municipality).light()[
                :_VERSIONS
            ]
        }
        self.underlag = Underlag.objects.filter(municipality=municipality).first()
        version = self.fields["version"]
        assert isinstance(version, forms.ChoiceField)  # noqa: S101 - says which field
        version.choices = [
            *([(NOW, _("Som det är nu"))] if self.underlag else []),
            *(
                (number, _("Version {n}: {name}").format(n=number, name=v.name))
                for number, v in self.versions.items()
            ),
        ]
        scenario = self.fields["scenario"]
        assert isinstance(scenario, forms.ChoiceField)  # noqa: S101 - says which field
        scenario.choices = [
            ("", _("Underlaget som det är")),
            *((name, name) for name in scenarios(self.underlag)),
        ]

    def settings(self) -> dict[str, Any]:
        """Return what was asked for as `rodtrad.study.Settings`."""
        chosen = set(self.cleaned_data["parts"])
        return {
            "time_limit": float(self.cleaned_data["seconds"]),
            "only": [part for part in PARTS if part == "plan" or part in chosen],
        }


def scenarios(underlag: Underlag | None) -> list[str]:
    """Return the names of the scenarios in the working copy, in order."""
    if underlag is None:
        return []
    rows = underlag.rows.filter(table="scenarios").order_by("position", "pk")
    names = (data.get("scenario") for data in rows.values_list("data", flat=True))
    return list(dict.fromkeys(str(name) for name in names if name))


class DecisionForm(forms.Form):
    """What a body has decided about a plan."""

    body = forms.CharField(
        label=lazy("Beslutat av"), max_length=120, initial=lazy("Kommunfullmäktige")
    )
    date = forms.DateField(
        label=lazy("Datum"), widget=forms.DateInput(attrs={"type": "date"})
    )
    paragraph = forms.CharField(label=lazy("Paragraf"), max_length=20, required=False)
    diary_number = forms.CharField(
        label=lazy("Diarienummer"), max_length=60, required=False
    )
    note = forms.CharField(
        label=lazy("Vad som beslutades"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=4000,
        required=False,
    )

    def clean_date(self) -> dt.date:
        """Refuse a decision that has not been made yet."""
        found: dt.date = self.cleaned_data["date"]
        if found > dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=1):
            raise forms.ValidationError(_("Datumet har inte varit än."))
        return found

    def clean_paragraph(self) -> str:
        """Keep the number of the paragraph alone: the sign stands before it anyway."""
        return str(self.cleaned_data["paragraph"]).replace("§", "").strip()
