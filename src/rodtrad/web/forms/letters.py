"""What is asked of whoever writes a letter, times it, adds a picture or an old blog?"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from rodtrad.publish.letter_markup import LONGEST
from rodtrad.web import letter_figures, letter_pictures
from rodtrad.web.clean_text import CleanField
from rodtrad.web.forms.dialogue import OpenField, open_or_information
from rodtrad.web.letters import clean_letter, tags_of
from rodtrad.web.models.dialogue import Level

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from rodtrad.web.models import Publication

MOST_CHOICES: Final = 500


class TextField(CleanField):
    """A letter's text: as other texts, but lines keep what they begin with."""

    def to_python(self, value: Any) -> str:
        """Return the cleaned text, or refuse one that is too long."""
        return clean_letter(str(value or ""), LONGEST)


class LetterForm(forms.Form):
    """Heading, text, tags and who signs."""

    title = CleanField(label=lazy("Rubrik"), most=160)
    text = TextField(
        label=lazy("Text"),
        most=LONGEST,
        lines=True,
        widget=forms.Textarea(attrs={"rows": 22, "class": "lettertext"}),
        help_text=lazy(
            "Tom rad mellan stycken. ## framför en mellanrubrik, - framför en punkt, *betonat*, [länkens text](https://adress)."
        ),
    )
    tags = CleanField(
        label=lazy("Ämnen"),
        most=400,
        required=False,
        help_text=lazy("Med komma emellan: skola, budget."),
    )
    author_role = CleanField(
        label=lazy("Undertecknat som"),
        most=100,
        required=False,
        help_text=lazy(
            "Din roll, till exempel Kommunchef. Namnet kommer från ditt konto."
        ),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean_tags(self) -> list[str]:
        """Return the tags, each once."""
        return tags_of(self.cleaned_data["tags"])


class PickerForm(forms.Form):
    """What can be put in: a project or a figure of the published plan."""

    project = forms.ChoiceField(label=lazy("Ett projekt"), required=False)
    figure = forms.ChoiceField(label=lazy("En siffra"), required=False)

    def __init__(self, publication: Publication, *args: Any, **kwargs: Any) -> None:
        """Fill the lists from the plan: projects by name, as many as can be read."""
        super().__init__(*args, **kwargs)
        rows = publication.items.order_by("name").values_list("project_id", "name")
        projects = list(rows[:MOST_CHOICES])
        nothing = [("", _("Välj …"))]
        self.fields["project"].choices = nothing + [  # type: ignore[attr-defined]
            (f"[[projekt:{key}]]", name) for key, name in projects
        ]
        of_projects = [
            (
                f"[[siffra:projekt.{key}.kostnad]]",
                _("{name}: kostnad").format(name=name),
            )
            for key, name in projects
        ]
        self.fields["figure"].choices = [  # type: ignore[attr-defined]
            *nothing,
            (_("Hela planen"), letter_figures.figure_choices(publication)),
            (_("Projekten"), of_projects),
        ]

    def chosen(self) -> list[str]:
        """Return what was chosen, as it is written in a letter."""
        if not self.is_valid():
            return []
        values = (self.cleaned_data["project"], self.cleaned_data["figure"])
        return [one for one in values if one]


class WhenForm(forms.Form):
    """When a letter is published."""

    when = forms.DateTimeField(
        label=lazy("Dag och tid"),
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )

    def clean_when(self) -> dt.datetime:
        """Refuse what has been and what nobody waits for."""
        when: dt.datetime = self.cleaned_data["when"]
        now = timezone.now()
        if when <= now:
            raise forms.ValidationError(_("Tiden har varit. Välj en som kommer."))
        if when > now + dt.timedelta(days=366):
            raise forms.ValidationError(_("Välj en tid inom ett år."))
        return when


class PictureForm(forms.Form):
    """A picture and what it shows."""

    file = forms.FileField(
        label=lazy("Bild"),
        help_text=lazy(
            "jpg, png eller webp, högst 15 MB. Plats, tid och kamera tas bort."
        ),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )
    alt = CleanField(
        label=lazy("Vad visar bilden?"),
        most=300,
        help_text=lazy("Läses upp för den som inte ser bilden."),
    )

    def clean_file(self) -> UploadedFile[bytes]:
        """Refuse one that is too large before anything is read."""
        upload: UploadedFile[bytes] = self.cleaned_data["file"]
        if (upload.size or 0) > letter_pictures.MOST_BYTES:
            raise forms.ValidationError(
                _("Bilden är större än 15 MB. Spara den mindre.")
            )
        return upload


class WithdrawLetterForm(forms.Form):
    """Why a letter is taken back."""

    why = CleanField(
        label=lazy("Varför tas brevet tillbaka?"),
        most=2000,
        lines=True,
        help_text=lazy("Står i loggen."),
    )


class CommentsForm(forms.Form):
    """What residents may influence when they write about a letter, and who answers."""

    level = forms.ChoiceField(
        label=lazy("Hur mycket går att påverka?"),
        choices=Level.choices,
        initial=Level.DIALOG,
    )
    open_text = OpenField()
    role = CleanField(
        label=lazy("Vem svarar?"),
        most=80,
        help_text=lazy("En roll, inte ett namn: Kommunchefen."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin with what a letter is mostly about."""
        super().__init__(*args, **kwargs)
        self.fields["open_text"].initial = _("Det som brevet tar upp.")

    def clean(self) -> dict[str, Any]:
        """Refuse a dialogue that promises nothing."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        open_or_information(self, data)
        return data


class BlogFileForm(forms.Form):
    """An old blog's export."""

    file = forms.FileField(
        label=lazy("Exporterad blogg"),
        help_text=lazy("Atom-filen från Blogger (.xml eller .atom), högst 250 MB."),
        widget=forms.FileInput(attrs={"accept": ".xml,.atom"}),
    )


class BlogApproveForm(forms.Form):
    """Which posts are taken, and as what."""

    AS_DRAFTS: Final = "drafts"
    AS_PUBLISHED: Final = "published"

    become = forms.ChoiceField(
        label=lazy("Inläggen blir"),
        choices=(
            (AS_DRAFTS, lazy("utkast, som ni publicerar ett i taget")),
            (AS_PUBLISHED, lazy("publicerade brev, med bloggens egna datum")),
        ),
        initial=AS_DRAFTS,
        widget=forms.RadioSelect,
    )
    comments = forms.BooleanField(
        label=lazy("Ta med bloggens kommentarer"),
        required=False,
        help_text=lazy(
            "De visas under brevet med namn som på bloggen. Den som har skrivit kan vilja ha sin borttagen; det gör ni på brevets sida."
        ),
    )
    repeated = forms.BooleanField(
        label=lazy("Ta med även inlägg som är likadana som ett tidigare"),
        required=False,
    )
