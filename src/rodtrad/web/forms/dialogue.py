"""What is asked in the dialogue: of residents who write, and of staff who answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from rodtrad.web import dialogue
from rodtrad.web.clean_text import CleanField
from rodtrad.web.models.dialogue import Answer, Comment, Dialogue, Level, Theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.web.models.following import Subscription

_DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
MOST_MAIL = 254


# ---------------------------------------------------------------- residents


class WriteForm(forms.Form):
    """A comment: the text, and what is asked of whoever writes."""

    text = CleanField(
        label=lazy("Din synpunkt eller fråga"),
        most=dialogue.MOST_TEXT,
        lines=True,
        help_text=lazy("Skriv inte namn eller andra uppgifter om personer."),
        error_messages={"required": lazy("Skriv din synpunkt eller fråga.")},
    )
    namn = CleanField(
        label=lazy("Namn eller signatur"),
        most=dialogue.MOST_NAME,
        required=False,
        help_text=lazy("Visas för alla."),
    )
    epost = forms.EmailField(
        label=lazy("E-postadress"), max_length=MOST_MAIL, required=False
    )
    svar = forms.BooleanField(label=lazy("Skicka svaret till mig"), required=False)

    def __init__(
        self, asked: Dialogue, *args: Any, reply: bool = False, **kwargs: Any
    ) -> None:
        """Ask for an address where the dialogue demands one, else only for the answer.

        A reply to what somebody else has written is owed no answer.
        """
        super().__init__(*args, **kwargs)
        mail = self.fields["epost"]
        mail.widget.attrs["autocomplete"] = "email"
        mail.required = asked.confirm_email
        if reply or not asked.confirm_email:
            del self.fields["svar"]
        if reply and asked.confirm_email:
            mail.help_text = _(
                "Vi skickar en länk som du bekräftar med. Adressen visas aldrig."
            )
        elif reply:
            del self.fields["epost"]
        elif asked.confirm_email:
            mail.help_text = _(
                "Vi skickar en länk som du bekräftar med. Adressen visas aldrig. Vi sparar den bara om du vill ha svaret, och tar bort den en månad efter det."
            )
        else:
            mail.help_text = _(
                "Bara om du vill ha svaret med e-post. Adressen visas aldrig. Vi tar bort den en månad efter svaret."
            )

    def words(self) -> dialogue.Words:
        """Return what was written."""
        data = self.cleaned_data
        return dialogue.Words(data["text"], data["namn"], data.get("epost", ""))


class ReportForm(forms.Form):
    """Why a comment should not be there."""

    text = CleanField(
        label=lazy("Vad är det för fel på synpunkten?"),
        most=500,
        lines=True,
        required=False,
        help_text=lazy("Till exempel: den pekar ut en person."),
    )


class FollowForm(forms.Form):
    """What to follow, and where to."""

    vad = forms.ChoiceField(label=lazy("Vad vill du följa?"), widget=forms.RadioSelect)
    epost = forms.EmailField(
        label=lazy("Din e-postadress"),
        max_length=MOST_MAIL,
        help_text=lazy("Vi skickar en länk som du bekräftar med."),
        error_messages={
            "required": lazy("Skriv din e-postadress."),
            "invalid": lazy("Skriv en e-postadress, till exempel namn@exempel.se."),
        },
    )

    def __init__(
        self, choices: Sequence[tuple[str, str]], *args: Any, **kwargs: Any
    ) -> None:
        """Take what may be followed from the page."""
        super().__init__(*args, **kwargs)
        what = self.fields["vad"]
        assert isinstance(what, forms.ChoiceField)  # noqa: S101 - declared above
        what.choices = choices
        self.fields["epost"].widget.attrs["autocomplete"] = "email"


class EndForm(forms.Form):
    """Which of the things that an address follows are to end."""

    bort = forms.MultipleChoiceField(
        label=lazy("Vad vill du sluta följa?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": lazy("Kryssa för minst ett.")},
    )

    def __init__(
        self, followed: Sequence[tuple[Subscription, str]], *args: Any, **kwargs: Any
    ) -> None:
        """Take what the address follows, in words."""
        super().__init__(*args, **kwargs)
        gone = self.fields["bort"]
        assert isinstance(gone, forms.MultipleChoiceField)  # noqa: S101
        gone.choices = [(str(one.pk), words) for one, words in followed]


# ---------------------------------------------------------------- staff


class OpenField(CleanField):
    """What can be influenced: see `open_or_information`."""

    def __init__(self, **kwargs: Any) -> None:
        """Ask for it in a few lines."""
        wanted = lazy("Skriv vad som går att påverka, eller välj information.")
        super().__init__(
            most=1000,
            lines=True,
            label=lazy("Öppet att påverka"),
            error_messages={"required": wanted},
            **kwargs,
        )
        self.widget.attrs["rows"] = "2"


def open_or_information(form: forms.BaseForm, data: dict[str, Any]) -> None:
    """Let a dialogue promise nothing where it only informs."""
    informs = data.get("level") == Level.INFORMATION
    if informs and form.has_error("open_text", "required"):
        del form.errors["open_text"]
        data["open_text"] = ""


class DialogueForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a dialogue is about, what can be influenced, when, and who answers."""

    item = forms.ChoiceField(label=lazy("Vad gäller dialogen?"))
    title = CleanField(label=lazy("Rubrik"), most=160)
    open_text = OpenField(
        help_text=lazy("Till exempel: utemiljö, gemensamma lokaler, namn.")
    )
    closed_text = CleanField(
        label=lazy("Inte öppet att påverka"),
        most=1000,
        lines=True,
        required=False,
        help_text=lazy("Till exempel: plats och antal lägenheter."),
    )
    decides = CleanField(label=lazy("Vem beslutar?"), most=120, required=False)
    owner_role = CleanField(
        label=lazy("Vem svarar?"),
        most=80,
        help_text=lazy("En roll, inte ett namn: Fastighetschefen."),
    )

    field_order = (
        "item",
        "title",
        "level",
        "open_text",
        "closed_text",
        "decides",
        "decides_at",
        "opens",
        "closes",
        "owner_role",
        "answer_days",
        "moderation",
        "confirm_email",
        "state",
    )

    class Meta:
        """All that residents see, and how it is run."""

        model = Dialogue
        fields: ClassVar = [
            "title",
            "level",
            "open_text",
            "closed_text",
            "decides",
            "decides_at",
            "opens",
            "closes",
            "owner_role",
            "answer_days",
            "moderation",
            "confirm_email",
            "state",
        ]
        widgets: ClassVar = {
            "decides_at": _DATE,
            "opens": _DATE,
            "closes": _DATE,
        }

    def __init__(
        self, items: Sequence[tuple[str, str]], *args: Any, **kwargs: Any
    ) -> None:
        """Take what a dialogue may be about; of one that exists it stays as it is."""
        super().__init__(*args, **kwargs)
        item = self.fields["item"]
        assert isinstance(item, forms.ChoiceField)  # noqa: S101 - declared above
        item.choices = items
        if self.instance.pk:
            del self.fields["item"]
        self.fields["closed_text"].widget.attrs["rows"] = "2"
        self.fields["answer_days"].widget.attrs |= {"min": "1", "max": "90"}

    def clean_answer_days(self) -> int:
        """Refuse a promise of no days or of many months."""
        days: int = self.cleaned_data["answer_days"]
        if not 1 <= days <= 90:
            raise forms.ValidationError(_("Skriv 1 till 90 dagar."))
        return days

    def clean(self) -> dict[str, Any]:
        """Refuse days in the wrong order, and a dialogue that promises nothing."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        opens, closes = data.get("opens"), data.get("closes")
        if opens and closes and closes < opens:
            self.add_error("closes", _("Sista dagen kan inte komma före den första."))
        at = data.get("decides_at")
        if at and closes and at < closes:
            self.add_error(
                "decides_at", _("Beslutet kan inte komma före sista dagen att skriva.")
            )
        open_or_information(self, data)
        return data


class RegisterForm(forms.Form):
    """A comment that came by telephone, on paper or in a visit."""

    source = forms.ChoiceField(
        label=lazy("Hur kom den?"),
        choices=[
            (one.value, one.label)
            for one in (Comment.Source.PHONE, Comment.Source.PAPER)
        ],
        widget=forms.RadioSelect,
    )
    received = forms.DateField(label=lazy("Vilken dag kom den?"), widget=_DATE)
    text = CleanField(
        label=lazy("Synpunkten"),
        most=dialogue.MOST_TEXT,
        lines=True,
        help_text=lazy("Så nära orden som möjligt, utan uppgifter om personer."),
    )
    name = CleanField(
        label=lazy("Namn eller signatur"),
        most=dialogue.MOST_NAME,
        required=False,
        help_text=lazy("Bara om personen vill det. Visas för alla."),
    )
    theme = forms.ModelChoiceField(
        label=lazy("Tema"), queryset=Theme.objects.none(), required=False
    )

    def __init__(self, themes: Any, *args: Any, **kwargs: Any) -> None:
        """Take the themes of the dialogue."""
        super().__init__(*args, **kwargs)
        theme = self.fields["theme"]
        assert isinstance(theme, forms.ModelChoiceField)  # noqa: S101 - declared above
        theme.queryset = themes

    def clean_received(self) -> Any:
        """Refuse a day that has not come."""
        day = self.cleaned_data["received"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("Dagen har inte kommit än."))
        return day


class ThinAfterForm(forms.Form):
    """How long after its last day a dialogue is thinned out."""

    months = forms.IntegerField(
        label=lazy("Månader tills en stängd dialog gallras"),
        min_value=1,
        max_value=120,
        help_text=lazy(
            "Räknas från sista dagen att skriva. Då tas signaturer bort, och det i texterna som kan peka ut någon. Dolda synpunkter och anmälningar töms. Det går inte att ångra."
        ),
    )


class ModerateForm(forms.Form):
    """Whether a comment is shown, and if not, why."""

    act = forms.ChoiceField(
        label=lazy("Ska den visas?"),
        choices=[("show", lazy("Visa")), ("hide", lazy("Dölj"))],
        widget=forms.RadioSelect,
    )
    why = forms.ChoiceField(
        label=lazy("Skäl att dölja"),
        choices=[("", "–"), *Comment.Why.choices],
        required=False,
    )
    reason = CleanField(label=lazy("Mer om skälet"), most=500, required=False)
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Ask for the reason of what is hidden: it is counted in public."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("act") == "hide" and not data.get("why"):
            self.add_error("why", _("Välj varför synpunkten döljs."))
        return data


class ThemeForm(forms.Form):
    """The name of a theme."""

    name = CleanField(label=lazy("Tema"), most=60)


class AnswerForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is answered, and what it leads to."""

    text = CleanField(
        label=lazy("Svar"),
        most=4000,
        lines=True,
        help_text=lazy(
            "Skriv vi. Inte ändrat börjar med ”Därför att” och säger vad som skulle krävas."
        ),
    )
    role = CleanField(
        label=lazy("Vem svarar?"),
        most=80,
        help_text=lazy("En roll, inte ett namn: Fastighetschefen."),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)

    field_order = ("outcome", "text", "due", "role", "publication", "revision")

    class Meta:
        """Outcome and words; who and when follow from the request."""

        model = Answer
        fields: ClassVar = ["outcome", "text", "due", "role", "publication"]
        widgets: ClassVar = {"outcome": forms.RadioSelect, "due": _DATE}
        labels: ClassVar = {"publication": lazy("Version där ändringen finns")}
        help_texts: ClassVar = {
            "due": lazy("Bara för det som är kvar att ta ställning till.")
        }

    def __init__(self, publications: Any, *args: Any, **kwargs: Any) -> None:
        """Take the versions that a change may be found in."""
        super().__init__(*args, **kwargs)
        found = self.fields["publication"]
        assert isinstance(found, forms.ModelChoiceField)  # noqa: S101 - of the model
        found.queryset = publications
        outcome = self.fields["outcome"]
        assert isinstance(outcome, forms.ChoiceField)  # noqa: S101 - of the model
        outcome.choices = Answer.Outcome.choices

    def clean(self) -> dict[str, Any]:
        """Ask for the reason of a no, and for the day of what is left to decide."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        outcome, text = data.get("outcome"), data.get("text") or ""
        because = str(dialogue.BECAUSE)
        if (
            outcome == Answer.Outcome.UNCHANGED
            and text
            and not text.casefold().startswith(("därför att", because.casefold()))
        ):
            self.add_error("text", _("Börja svaret med ”Därför att”."))
        if outcome == Answer.Outcome.LEFT:
            if not data.get("due"):
                self.add_error("due", _("Skriv vilken dag beskedet kommer senast."))
            elif data["due"] < timezone.localdate():
                self.add_error("due", _("Dagen har redan varit."))
        else:
            data["due"] = None
        if outcome != Answer.Outcome.CHANGED:
            data["publication"] = None
        return data
