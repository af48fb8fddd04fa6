"""The levers as a form: what is turned, by how much, and what the scenario is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from rodtrad.web.levers import Levers

if TYPE_CHECKING:
    from collections.abc import Sequence


class NumberField(forms.DecimalField):
    """A number as people write it: 0,5 and −0,5 as well as 0.5."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> Any:
        """Return the number; a comma is a decimal sign, and so is a point."""
        if isinstance(value, str):
            value = value.replace("\u2212", "-").replace("\u00a0", "").replace(" ", "")
            value = value.replace(",", ".")
        return super().to_python(value)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Give a phone the keys of numbers."""
        return {**super().widget_attrs(widget), "inputmode": "decimal"}


def _number(label: Any, low: float, high: float, hint: Any = "") -> NumberField:
    return NumberField(
        label=label,
        required=False,
        min_value=low,
        max_value=high,
        max_digits=12,
        decimal_places=4,
        help_text=hint,
    )


class LeversForm(forms.Form):
    """Tax rate, forecast, savings and loan terms."""

    name = forms.CharField(
        label=lazy("Scenariots namn"),
        max_length=100,
        required=False,
        help_text=lazy("Behövs när det ska sparas."),
    )
    tax_rate = _number(
        lazy("Kommunens skattesats i dag, kronor"), 5, 40, lazy("Till exempel 22,41.")
    )
    tax_ore = _number(lazy("Ändring av skattesatsen, öre"), -500, 500)
    forecast = forms.ChoiceField(
        label=lazy("Skatteunderlagets prognos"), required=False
    )
    growth = _number(
        lazy("Ändring av prognosen, procentenheter per år"),
        -5,
        5,
        lazy("Till exempel −0,5."),
    )
    savings = _number(
        lazy("Besparing, miljoner kronor om året"),
        -1000,
        1000,
        lazy("I basårets priser, från och med året nedan."),
    )
    savings_from = forms.TypedChoiceField(
        label=lazy("Besparingen från"), required=False, coerce=int, empty_value=None
    )
    interest = _number(lazy("Ändring av låneräntan, procentenheter"), -5, 15)
    interest_from = forms.TypedChoiceField(
        label=lazy("Räntan från"), required=False, coerce=int, empty_value=None
    )

    def __init__(
        self, years: Sequence[int], forecasts: Sequence[str], *args: Any, **kwargs: Any
    ) -> None:
        """Offer the plan's years, and the forecasts that the underlag has."""
        super().__init__(*args, **kwargs)
        for key in ("savings_from", "interest_from"):
            of = self.fields[key]
            if isinstance(of, forms.ChoiceField):
                of.choices = [(str(year), str(year)) for year in years]
        of = self.fields["forecast"]
        if isinstance(of, forms.ChoiceField):
            of.choices = [
                ("", _("Underlagets egen")),
                *((name, name) for name in forecasts),
            ]

    def clean(self) -> dict[str, Any]:
        """Ask for today's tax rate where it is to be changed, and for something to do."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("tax_ore") and not data.get("tax_rate"):
            self.add_error(
                "tax_rate",
                _("Skriv dagens skattesats, så att ändringen går att räkna."),
            )
        turned = ("tax_ore", "forecast", "growth", "savings", "interest")
        if not self.errors and not any(data.get(key) for key in turned):
            raise forms.ValidationError(_("Ändra minst en spak."))
        return data

    def levers(self) -> Levers:
        """Return what was asked for."""
        data = self.cleaned_data

        def of(key: str, part: float = 1.0) -> float:
            return round(float(data.get(key) or 0.0) * part, 10)

        return Levers(
            tax_rate=of("tax_rate") or None,
            tax_change=of("tax_ore", 0.01),
            forecast=data.get("forecast") or "",
            growth_change=of("growth", 0.01),
            savings_tkr=of("savings", 1000.0),
            savings_from=data.get("savings_from"),
            interest_change=of("interest", 0.01),
            interest_from=data.get("interest_from"),
        )
