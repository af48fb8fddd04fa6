"""What is asked about an envelope: of staff, and of residents?

Amounts are typed in kronor and kept in öre. Leaves out the ballot itself: it is a list of
boxes that the page draws (views/public_envelope).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from rodtrad.domain.words import number
from rodtrad.web.clean_text import CleanField
from rodtrad.web.envelope_ballots import MOST_CODES
from rodtrad.web.envelopes import mark_of, stands
from rodtrad.web.models.envelope import (
    LONGEST_NAME,
    LONGEST_TEXT,
    Envelope,
    EnvelopeProposal,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_KRONOR: Final = 10**10
_MOST_DIGITS: Final = 13
# Thousands as some write them; a space is taken away before.
_GROUPS: Final = re.compile(r"[0-9]{1,3}([.,][0-9]{3})+")


class KronorField(forms.Field):
    """Whole kronor as people write them, `250 000`; the value is öre."""

    def __init__(self, **kwargs: Any) -> None:
        """Take a short line."""
        super().__init__(**kwargs)
        self.widget.attrs.update({"inputmode": "numeric", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        """Return öre, or None for nothing."""
        text = str(value or "")[: 3 * _MOST_DIGITS]
        kept = (
            "".join(text.split()).casefold().removesuffix("kronor").removesuffix("kr")
        )
        if not kept:
            return None
        if _GROUPS.fullmatch(kept):
            kept = re.sub(r"[.,]", "", kept)
        if not (kept.isascii() and kept.isdecimal()) or len(kept) > _MOST_DIGITS:
            raise ValidationError(_("Skriv hela kronor, till exempel 250 000."))
        if not 0 < int(kept) <= _MOST_KRONOR:
            raise ValidationError(
                _("Skriv ett belopp mellan 1 och {n} kronor.").format(
                    n=number(_MOST_KRONOR)
                )
            )
        return int(kept) * 100

    def prepare_value(self, value: Any) -> Any:
        """Show öre as kronor."""
        return number(value / 100) if isinstance(value, int) else value


class EnvelopeForm(forms.ModelForm):  # type: ignore[type-arg]
    """The sum, what it is for, the rules and the days."""

    # on one line: it stands on a line of its own in files
    name = CleanField(label=lazy("Namn"), most=LONGEST_NAME)
    sum_ore = KronorField(label=lazy("Summan i kronor"))
    about = CleanField(
        label=lazy("Vad pengarna får användas till"),
        most=LONGEST_TEXT,
        lines=True,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=lazy("Står överst för den som lämnar förslag eller röstar."),
    )
    decides = CleanField(
        label=lazy("Vem beslutar till sist?"), most=120, required=False
    )
    # how the envelope was when the page was shown
    seen = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)

    class Meta:
        """The fields in the order in which they are decided."""

        model = Envelope
        fields: ClassVar = [
            "name",
            "sum_ore",
            "about",
            "project_id",
            "who",
            "rule",
            "completion",
            "binding",
            "decides",
            "decides_on",
            "proposals_from",
            "proposals_to",
            "votes_from",
            "votes_to",
        ]
        widgets: ClassVar = {
            "who": forms.RadioSelect,
            "rule": forms.RadioSelect,
            "completion": forms.RadioSelect,
            **{
                name: forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
                for name in (
                    "decides_on",
                    "proposals_from",
                    "proposals_to",
                    "votes_from",
                    "votes_to",
                )
            },
        }
        help_texts: ClassVar = {
            "project_id": lazy("Det projekt som summan är avsatt i."),
            "rule": lazy(
                "Med lika delar har varje valsedel lika mycket att betala med, och en "
                "grupp får ungefär sin andel av summan. Varje valsedel får ett kvitto."
            ),
            "completion": lazy("Gäller lika delar."),
            "binding": lazy("Annars är resultatet ett råd, och det står på sidan."),
            "proposals_from": lazy(
                "Lämna dagarna tomma om invånarna inte ska lämna förslag."
            ),
            "votes_from": lazy(
                "Från den dagen ligger summan, reglerna och förslagen fast."
            ),
        }

    def __init__(
        self, projects: Sequence[tuple[str, str]], *args: Any, **kwargs: Any
    ) -> None:
        """Offer the projects; drop what stands fast."""
        super().__init__(*args, **kwargs)
        before = self.instance.project_id
        choices = [("", "–"), *projects]
        if before and before not in dict(choices):
            choices.append((before, before))
        old = self.fields["project_id"]
        self.fields["project_id"] = forms.ChoiceField(
            label=old.label, help_text=old.help_text, choices=choices, required=False
        )
        for name in ("who", "rule", "completion"):
            field: Any = self.fields[name]
            field.choices = [pair for pair in field.choices if pair[0]]
        if self.instance.pk is not None:
            self.fields["seen"].initial = mark_of(self.instance)
        self.last_day = self.instance.votes_to
        self.stands = self.instance.pk is not None and stands(self.instance)
        if self.instance.imported:
            for name in ("sum_ore", "who", "proposals_from", "proposals_to"):
                del self.fields[name]
            del self.fields["votes_from"], self.fields["votes_to"]
        elif self.stands:
            for name in set(self.fields) - {
                "about",
                "decides",
                "decides_on",
                "votes_to",
                "seen",
            }:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Refuse days that come in the wrong order."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if self.stands:
            self._check_last(data.get("votes_to"))
            return data
        first, last = data.get("proposals_from"), data.get("proposals_to")
        start, end = data.get("votes_from"), data.get("votes_to")
        if (first is None) != (last is None) and not (
            {"proposals_from", "proposals_to"} & set(self.errors)
        ):
            name = "proposals_to" if last is None else "proposals_from"
            self.add_error(name, _("Skriv båda dagarna, eller ingen."))
        if first and last and last < first:
            self.add_error("proposals_to", _("Sista dagen kommer före den första."))
        if start and end and end < start:
            self.add_error("votes_to", _("Sista dagen kommer före den första."))
        if last and start and start <= last:
            self.add_error(
                "votes_from", _("Röstningen börjar efter sista dagen för förslag.")
            )
        return data

    def clean_sum_ore(self) -> int:
        """Refuse a sum that a proposal to vote for does not fit in."""
        value: int = self.cleaned_data["sum_ore"]
        if self.instance.pk is not None:
            dear = self.instance.proposals.filter(
                state=EnvelopeProposal.State.SHOWN, cost_ore__gt=value
            ).first()
            if dear is not None:
                raise ValidationError(
                    _("Förslaget ”{name}” kostar mer än summan.").format(name=dear.name)
                )
        return value

    def _check_last(self, day: Any) -> None:
        """A vote that has begun may be made longer, never shorter."""
        if not day or not self.last_day or day == self.last_day:
            return
        if timezone.localdate() > self.last_day:
            self.add_error(
                "votes_to", _("Röstningen är stängd. Den går inte att öppna igen.")
            )
        elif day < self.last_day:
            self.add_error(
                "votes_to", _("Röstningen har börjat. Den kan förlängas, inte kortas.")
            )

    def changes(self) -> dict[str, Any]:
        """Return the fields as they are to be."""
        return {name: self.cleaned_data[name] for name in self.fields if name != "seen"}


class ProposalForm(forms.Form):
    """What a resident proposes."""

    name = CleanField(
        label=lazy("Förslaget i några ord"),
        most=LONGEST_NAME,
        help_text=lazy("Till exempel: Bänkar vid ån"),
    )
    text = CleanField(
        label=lazy("Beskriv förslaget"),
        most=LONGEST_TEXT,
        lines=True,
        help_text=lazy("Vad, var och för vem? Skriv inga personuppgifter."),
    )
    cost_ore = KronorField(
        label=lazy("Vad kostar det, i kronor?"),
        required=False,
        help_text=lazy("Vet du inte räknar vi ut det."),
    )

    def __init__(self, envelope: Envelope, *args: Any, **kwargs: Any) -> None:
        """Know the sum that the cost must fit in."""
        super().__init__(*args, **kwargs)
        self.envelope = envelope

    def clean_cost_ore(self) -> int | None:
        """Refuse what no result could pay for."""
        cost: int | None = self.cleaned_data["cost_ore"]
        if cost is not None and cost > self.envelope.sum_ore:
            raise ValidationError(
                _("Det får kosta högst {sum}.").format(sum=self.envelope.sum_text)
            )
        return cost


class StaffProposalForm(ProposalForm):
    """A proposal that staff adds: it has a cost at once."""

    def __init__(self, envelope: Envelope, *args: Any, **kwargs: Any) -> None:
        """Ask for the cost, not for the story."""
        super().__init__(envelope, *args, **kwargs)
        self.fields["text"].required = False
        self.fields["cost_ore"].required = True
        self.fields["cost_ore"].help_text = ""


class DecideProposalForm(StaffProposalForm):
    """What staff makes of a proposal: to vote for, not, or not to be seen."""

    state = forms.ChoiceField(
        label=lazy("Vad händer med förslaget?"),
        choices=[
            (EnvelopeProposal.State.WAITING, lazy("Väntar")),
            (EnvelopeProposal.State.SHOWN, lazy("Går att rösta på")),
            (EnvelopeProposal.State.REFUSED, lazy("Kom inte med: visas, med skäl")),
            (
                EnvelopeProposal.State.HIDDEN,
                lazy("Visas inte: kränkande eller med personuppgifter"),
            ),
        ],
        widget=forms.RadioSelect,
    )
    reason = CleanField(
        label=lazy("Skäl"),
        most=500,
        required=False,
        help_text=lazy("Behövs när förslaget inte kom med. Alla kan läsa det."),
    )

    # how the proposal was when the page was shown
    seen = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)

    def __init__(self, envelope: Envelope, *args: Any, **kwargs: Any) -> None:
        """The cost is needed only where it can be voted for."""
        super().__init__(envelope, *args, **kwargs)
        self.fields["cost_ore"].required = False

    def clean(self) -> dict[str, Any]:
        """Ask for what the choice needs."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        states = EnvelopeProposal.State
        state = data.get("state")
        if (
            state == states.SHOWN
            and "cost_ore" not in self.errors
            and not data.get("cost_ore")
        ):
            self.add_error("cost_ore", _("Skriv vad förslaget kostar."))
        if state == states.REFUSED and not data.get("reason"):
            self.add_error("reason", _("Skriv varför det inte kom med."))
        return data


class RedactForm(forms.Form):
    """What stands in place of words that hold personal data."""

    name = CleanField(label=lazy("Förslaget i några ord"), most=LONGEST_NAME)
    text = CleanField(
        label=lazy("Beskriv förslaget"), most=LONGEST_TEXT, lines=True, required=False
    )


class TearUpForm(forms.Form):
    """Why a count is torn up."""

    why = CleanField(
        label=lazy("Varför rivs räkningen upp?"),
        most=500,
        lines=True,
        help_text=lazy("Alla kan läsa skälet på pottens sida."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class CodesForm(forms.Form):
    """How many codes are made."""

    count = forms.IntegerField(
        label=lazy("Hur många röstkoder?"), min_value=1, max_value=MOST_CODES
    )


class ImportForm(forms.Form):
    """A `.pb` file."""

    file = forms.FileField(label=lazy("Fil med en omröstning (.pb)"))
