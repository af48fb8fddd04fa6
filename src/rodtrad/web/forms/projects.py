"""What people send about a project's life, read and checked.

Amounts are typed as Swedes write them (85 000 or 4 500,5). Leaves out the project's own
rows of the underlag, which are read by the schema (project_rows).
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rodtrad.domain.words import GATE_LABELS
from rodtrad.web import attachments
from rodtrad.web.models import AlternativeNote, Decision, Estimate, ProjectFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rodtrad.web.models import Attachment

_MOST_TKR: Final = 1_000_000_000.0
_LONGEST: Final = 8_000
PART_ROWS: Final = 5


class NumberField(forms.CharField):
    """A number as people type it: 85 000, 4 500,5 or −3."""

    def __init__(self, *, least: float | None = None, **kwargs: Any) -> None:
        """Keep the least value that is taken."""
        self.least = least
        kwargs.setdefault("max_length", 30)
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Ask a phone for figures."""
        return {**super().widget_attrs(widget), "inputmode": "decimal"}

    def clean(self, value: Any) -> Any:
        """Return the number, or None where nothing was typed."""
        text = super().clean(value)
        if not text:
            return None
        plain = "".join(text.split()).replace("−", "-").replace(",", ".")
        try:
            number = float(plain)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or abs(number) > _MOST_TKR:
            raise forms.ValidationError(
                _("Skriv ett tal, till exempel 85 000 eller 4 500,5.")
            )
        if self.least is not None and number < self.least:
            raise forms.ValidationError(_("Talet får inte vara negativt."))
        return number

    def prepare_value(self, value: Any) -> Any:
        """Show a stored number with a decimal comma."""
        if isinstance(value, float):
            text = f"{value:.6f}".rstrip("0").rstrip(".")
            return text.replace(".", ",")
        return value


class DayField(forms.DateField):
    """A day, in the browser's own calendar."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def __init__(self, **kwargs: Any) -> None:
        """Take only 2026-11-22."""
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)

    def clean(self, value: Any) -> Any:
        """Return the day; nobody decided anything before 1900."""
        day = super().clean(value)
        if day is not None and not dt.date(1900, 1, 1) <= day <= dt.date(2200, 1, 1):
            raise forms.ValidationError(_("Skriv ett datum som 2026-11-22."))
        return day


def _area(rows: int = 3, **kwargs: Any) -> forms.CharField:
    return forms.CharField(
        widget=forms.Textarea(attrs={"rows": rows}),
        required=kwargs.pop("required", False),
        max_length=_LONGEST,
        **kwargs,
    )


class WordsForm(forms.ModelForm):  # type: ignore[type-arg]
    """The words about a project. `revision` tells an old form from a new one."""

    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)
    in_use_date = DayField(label=_("Taget i bruk"), required=False)
    operating_tkr = NumberField(
        label=_("Driftkostnad per år efter bygget, tkr"), required=False
    )

    class Meta:
        """Every word of the file."""

        model = ProjectFile
        fields = ProjectFile.WORDS
        help_texts: ClassVar = {
            "users": _(
                "Till exempel 120 barn i Södra Vi, eller alla som kör Storgatan."
            ),
            "plan_status": _("Finns en detaljplan som medger bygget? Vem äger marken?"),
            "risks": _("Upphandling, pris, befolkning, andra projekt, evakuering."),
            "changes": _("En rad per ändring: datum, vad, belopp."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Make the boxes of a reasonable height, and bounded."""
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = 3
                field.widget.attrs["maxlength"] = _LONGEST
        self.initial["revision"] = self.instance.revision

    def clean(self) -> dict[str, Any]:
        """Bound every text."""
        cleaned = super().clean() or self.cleaned_data
        for name, value in cleaned.items():
            if isinstance(value, str) and len(value) > _LONGEST:
                self.add_error(name, _("Texten är för lång: högst 8 000 tecken."))
        return cleaned


class NoteForm(forms.ModelForm):  # type: ignore[type-arg]
    """The words about one alternative; one that is rejected says why."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)

    class Meta:
        """For, against, rejected and why."""

        model = AlternativeNote
        fields: ClassVar = ("pros", "cons", "rejected", "rejected_why")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Bound the texts."""
        super().__init__(*args, **kwargs)
        for name in ("pros", "cons", "rejected_why"):
            self.fields[name].widget.attrs |= {"rows": 3, "maxlength": _LONGEST}

    def clean(self) -> dict[str, Any]:
        """Ask for the reason of a rejection."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("rejected") and not cleaned.get("rejected_why"):
            self.add_error("rejected_why", _("Skriv varför alternativet är bortvalt."))
        return cleaned


class DecisionForm(forms.ModelForm):  # type: ignore[type-arg]
    """A decision about a project."""

    date = DayField(label=_("Datum"))
    amount_tkr = NumberField(
        label=_("Beslutad totalutgift, tkr"),
        required=False,
        least=0.0,
        help_text=_("Bara om beslutet sätter eller ändrar ramen för hela projektet."),
    )
    gate = forms.ChoiceField(label=_("Gäller skedet"), required=False)
    text = _area(4, label=_("Beslutet"))
    replaces = forms.ChoiceField(
        label=_("Rättar ett tidigare infört beslut"), required=False
    )
    attachment = forms.ChoiceField(
        label=_("Protokollet bland bilagorna"), required=False
    )

    class Meta:
        """What a decision is known by."""

        model = Decision
        fields: ClassVar = (
            "gate",
            "body",
            "date",
            "paragraph",
            "diary_number",
            "amount_tkr",
            "price_level",
            "text",
        )
        help_texts: ClassVar = {
            "body": _("Till exempel kommunfullmäktige."),
            "diary_number": _("Till exempel KS 2026/123."),
            "price_level": _("Till exempel 2026 års priser."),
        }

    def __init__(
        self,
        *args: Any,
        decisions: Sequence[Decision] = (),
        files: Sequence[Attachment] = (),
        **kwargs: Any,
    ) -> None:
        """Offer the project's own decisions and files, no others."""
        super().__init__(*args, **kwargs)
        self.fields["gate"].choices = [  # type: ignore[attr-defined]
            ("", _("inget särskilt skede")),
            *((key, f"{key} {label}") for key, label in GATE_LABELS.items()),
        ]
        self.fields["replaces"].choices = [  # type: ignore[attr-defined]
            ("", _("nej")),
            *((str(d.pk), str(d)) for d in decisions),
        ]
        self.fields["attachment"].choices = [  # type: ignore[attr-defined]
            ("", _("ingen")),
            *((str(f.pk), f.name) for f in files),
        ]
        self._decisions = {str(d.pk): d for d in decisions}
        self._files = {str(f.pk): f for f in files}

    def clean(self) -> dict[str, Any]:
        """Ask for the price level of an amount; an act of the future is no decision."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("amount_tkr") is not None and not cleaned.get("price_level"):
            self.add_error("price_level", _("Skriv i vilket års priser beloppet är."))
        if cleaned.get("date") and cleaned["date"] > timezone.localdate():
            self.add_error(
                "date", _("Ett beslut kan inte ha ett datum som inte varit.")
            )
        return cleaned

    def decision(self) -> Decision:
        """Return the decision, not yet saved."""
        found: Decision = self.save(commit=False)
        found.replaces = self._decisions.get(self.cleaned_data.get("replaces") or "")
        found.attachment = self._files.get(self.cleaned_data.get("attachment") or "")
        return found


class EstimateForm(forms.ModelForm):  # type: ignore[type-arg]
    """What the project is thought to cost now, in one sum or in lines."""

    date = DayField(label=_("Datum"))
    amount_tkr = NumberField(
        label=_("Belopp, tkr"),
        required=False,
        least=0.0,
        help_text=_("Tomt om du fyller i delarna nedan: då summeras de."),
    )
    spread_share = NumberField(
        label=_("Osäkerhet, ± procent"), required=False, least=0.0
    )
    note = _area(3, label=_("Vad som har ändrats, och varför"))
    alternative_id = forms.ChoiceField(label=_("Alternativ"), required=False)

    class Meta:
        """What an amount must be told with."""

        model = Estimate
        fields: ClassVar = (
            "date",
            "estimate_class",
            "covers",
            "alternative_id",
            "amount_tkr",
            "price_level",
            "spread_share",
            "note",
            "source",
        )
        help_texts: ClassVar = {
            "price_level": _("Till exempel 2026 års priser eller löpande priser."),
            "estimate_class": _("Hur långt beloppet är utrett."),
        }

    def __init__(
        self, *args: Any, alternatives: Mapping[str, str] | None = None, **kwargs: Any
    ) -> None:
        """Offer the project's alternatives, and lines to sum."""
        super().__init__(*args, **kwargs)
        self.fields["alternative_id"].choices = [  # type: ignore[attr-defined]
            ("", _("hela projektet")),
            *(alternatives or {}).items(),
        ]
        for i in range(1, PART_ROWS + 1):
            self.fields[f"part_{i}"] = forms.CharField(
                label=_("Del {n}").format(n=i), required=False, max_length=80
            )
            self.fields[f"part_{i}_tkr"] = NumberField(
                label=_("Del {n}, tkr").format(n=i), required=False
            )

    @property
    def part_rows(self) -> list[tuple[Any, Any]]:
        """The lines of the sum, as pairs of fields."""
        return [
            (self[f"part_{i}"], self[f"part_{i}_tkr"]) for i in range(1, PART_ROWS + 1)
        ]

    @property
    def main_fields(self) -> list[Any]:
        """The fields above the lines."""
        return [field for field in self if not field.name.startswith("part_")]

    def clean(self) -> dict[str, Any]:
        """Sum the lines; an amount beside them must be their sum."""
        cleaned = super().clean() or self.cleaned_data
        parts = []
        for i in range(1, PART_ROWS + 1):
            label, tkr = cleaned.get(f"part_{i}"), cleaned.get(f"part_{i}_tkr")
            if tkr is not None:
                parts.append({"label": label or str(_("Övrigt")), "tkr": tkr})
            elif label:
                self.add_error(f"part_{i}_tkr", _("Skriv beloppet."))
        total = sum(part["tkr"] for part in parts)
        amount = cleaned.get("amount_tkr")
        if parts and amount is not None and abs(total - amount) > 0.5:
            self.add_error(
                "amount_tkr", _("Beloppet är inte summan av delarna. Lämna det tomt.")
            )
        elif parts:
            cleaned["amount_tkr"] = total
        elif amount is None and "amount_tkr" not in self.errors:
            self.add_error("amount_tkr", _("Skriv ett belopp eller fyll i delarna."))
        if cleaned.get("amount_tkr") is not None and cleaned["amount_tkr"] < 0:
            self.add_error("amount_tkr", _("Talet får inte vara negativt."))
        cleaned["parts"] = parts
        if cleaned.get("spread_share") is not None:
            cleaned["spread_share"] /= 100
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        self.instance.parts = self.cleaned_data.get("parts", [])


class YearForm(forms.Form):
    """One year of a project's money; `seen` is the year that was shown, and its mark."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    year = forms.IntegerField(label=_("År"), min_value=1990, max_value=2150)
    budget_tkr = NumberField(label=_("Årets anslag, tkr"), required=False, least=0.0)
    actual_tkr = NumberField(label=_("Årets utfall, tkr"), required=False)
    forecast_tkr = NumberField(label=_("Årets prognos, tkr"), required=False)


class AttachmentForm(forms.Form):
    """A file and what it is."""

    file = forms.FileField(label=_("Välj en fil"))
    note = forms.CharField(label=_("Vad filen är"), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Tell the browser which endings are taken."""
        super().__init__(*args, **kwargs)
        self.fields["file"].widget.attrs["accept"] = attachments.accept()

    def clean_file(self) -> Any:
        """Refuse what is not what it says."""
        upload = self.cleaned_data["file"]
        try:
            self.kind = attachments.check(upload)
        except attachments.RefusedError as refused:
            raise forms.ValidationError(str(refused)) from None
        return upload


class GateForm(forms.Form):
    """A step to another gate; a reason where something is missing or it goes back."""

    to = forms.ChoiceField(
        label=_("Till skedet"),
        choices=lambda: [(key, f"{key} {label}") for key, label in GATE_LABELS.items()],
    )
    reason = _area(3, label=_("Skäl"))
    decision = forms.ChoiceField(label=_("Beslut"), required=False)

    def __init__(
        self, *args: Any, decisions: Sequence[Decision] = (), **kwargs: Any
    ) -> None:
        """Offer the project's decisions."""
        super().__init__(*args, **kwargs)
        self.fields["decision"].choices = [  # type: ignore[attr-defined]
            ("", _("inget beslut")),
            *((str(d.pk), str(d)) for d in decisions),
        ]
        self._decisions = {str(d.pk): d for d in decisions}

    @property
    def chosen(self) -> Decision | None:
        """The decision that was named, if any."""
        return self._decisions.get(self.cleaned_data.get("decision") or "")
