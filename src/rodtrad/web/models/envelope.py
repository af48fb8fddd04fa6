"""What is shared out by residents? Envelopes, their proposals, codes and ballots.

A ballot knows its envelope, its number and its marks. It has no time, no address and no
tie to a code or a person, and its key is random, so that nothing here tells in which
order people voted. Leaves out what the ballots lead to (rodtrad.dialogue) and how they
are cast (envelope_ballots).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rodtrad.domain.words import number, with_currency
from rodtrad.web.models.organisation import Municipality

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["Ballot", "Envelope", "EnvelopeProposal", "VotingCode"]

LONGEST_NAME = 120
LONGEST_TEXT = 4000


class Phase(models.TextChoices):
    """Where an envelope is; what is not decided by somebody is decided by the day."""

    DRAFT = "draft", _("utkast")
    SOON = "soon", _("har inte börjat")
    PROPOSALS = "proposals", _("förslag tas emot")
    CHOOSING = "choosing", _("förslagen gås igenom")
    VOTING = "voting", _("röstning pågår")
    CLOSED = "closed", _("röstningen är stängd")
    COUNTING = "counting", _("rösterna räknas")
    COUNTED = "counted", _("räknad, inte publicerad")
    PUBLISHED = "published", _("resultatet är publicerat")


class Envelope(models.Model):
    """A reserved sum, its rules, its days and, in the end, its result.

    Days are included. `pack` is the folder of the result as a zip: what everyone
    downloads and recomputes. `facts` are further lines of an imported file.
    """

    class State(models.TextChoices):
        """What somebody has done with it."""

        DRAFT = "draft", _("utkast")
        OPEN = "open", _("öppen")
        COUNTING = "counting", _("räknas")
        COUNTED = "counted", _("räknad")
        PUBLISHED = "published", _("publicerad")

    class Who(models.TextChoices):
        """Who may vote."""

        OPEN = "open", _("Alla som vill. Ingen kontroll av vem som röstar.")
        CODES = "codes", _("Den som har fått en röstkod. En kod ger en röst.")

    class Rule(models.TextChoices):
        """How the votes become a result."""

        EQUAL_SHARES = "equal_shares", _("lika delar")
        GREEDY = "greedy", _("flest röster först")

    class Completion(models.TextChoices):
        """What is done with what is left under equal shares."""

        ADD1 = "add1", _("fyll på alla lika, en krona i taget")
        ADD1_GREEDY = "add1_greedy", _("fyll på, och sedan flest röster först")
        NONE = "none", _("låt resten vara kvar")

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="envelopes"
    )
    number = models.PositiveIntegerField()
    name = models.CharField(_("Namn"), max_length=LONGEST_NAME)
    about = models.TextField(
        _("Vad pengarna får användas till"), max_length=LONGEST_TEXT, blank=True
    )
    project_id = models.CharField(_("Projekt i underlaget"), max_length=200, blank=True)
    sum_ore = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, default="kr")
    kind = models.CharField(max_length=10, default="approval")
    who = models.CharField(
        _("Vem får rösta?"), max_length=5, choices=Who.choices, default=Who.CODES
    )
    rule = models.CharField(
        _("Regel"), max_length=12, choices=Rule.choices, default=Rule.EQUAL_SHARES
    )
    completion = models.CharField(
        _("Det som blir över"),
        max_length=11,
        choices=Completion.choices,
        default=Completion.ADD1,
    )
    binding = models.BooleanField(_("Kommunen följer resultatet"), default=True)
    decides = models.CharField(_("Vem beslutar till sist?"), max_length=120, blank=True)
    decides_on = models.DateField(_("Vilken dag"), null=True, blank=True)
    proposals_from = models.DateField(_("Förslag från och med"), null=True, blank=True)
    proposals_to = models.DateField(_("Förslag till och med"), null=True, blank=True)
    votes_from = models.DateField(_("Röstning från och med"))
    votes_to = models.DateField(_("Röstning till och med"))
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    imported = models.BooleanField(default=False)
    facts = models.JSONField(default=list)
    paper = models.PositiveIntegerField(default=0)
    result = models.JSONField(null=True)
    pack = models.BinaryField(null=True)
    pack_hash = models.CharField(max_length=64, blank=True)
    counted_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "number"], name="web_envelope_number"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["municipality", "state"], name="web_envelope_state"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def sum_text(self) -> str:
        """The sum in words, with its currency."""
        return money(self.sum_ore, self.currency)

    def phase(self, today: dt.date | None = None) -> Phase:
        """Return where it is today."""
        day = today or timezone.localdate()
        if self.state != self.State.OPEN:
            return Phase(self.state)
        if day > self.votes_to:
            return Phase.CLOSED
        if day >= self.votes_from:
            return Phase.VOTING
        first, last = self.proposals_from, self.proposals_to
        if first is None or last is None or day < first:
            return Phase.SOON
        return Phase.PROPOSALS if day <= last else Phase.CHOOSING

    def is_settled(self, today: dt.date | None = None) -> bool:
        """Return True once somebody may have voted."""
        return self.phase(today) not in (
            Phase.DRAFT,
            Phase.SOON,
            Phase.PROPOSALS,
            Phase.CHOOSING,
        )


class EnvelopeProposal(models.Model):
    """Something that the sum may pay for; `key` is its id in files."""

    class State(models.TextChoices):
        """Whether it can be voted for."""

        WAITING = "waiting", _("väntar")
        SHOWN = "shown", _("går att rösta på")
        REFUSED = "refused", _("kom inte med")
        HIDDEN = "hidden", _("visas inte")

    envelope = models.ForeignKey(Envelope, models.CASCADE, related_name="proposals")
    number = models.PositiveIntegerField()
    key = models.CharField(max_length=100)
    name = models.CharField(_("Förslaget i några ord"), max_length=300)
    text = models.TextField(_("Beskriv förslaget"), max_length=LONGEST_TEXT, blank=True)
    cost_ore = models.PositiveBigIntegerField(null=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    reason = models.CharField(_("Skäl"), max_length=500, blank=True)
    from_resident = models.BooleanField(default=False)

    class Meta:
        """As they came."""

        ordering: ClassVar = ["envelope", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["envelope", "number"], name="web_envelope_proposal_number"
            ),
            models.UniqueConstraint(
                fields=["envelope", "key"], name="web_envelope_proposal_key"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["envelope", "state", "number"], name="web_envelope_proposals"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def cost_text(self) -> str:
        """The cost in words; empty before it is known."""
        if self.cost_ore is None:
            return ""
        return money(self.cost_ore, self.envelope.currency)


class VotingCode(models.Model):
    """A right to vote once. Only its hash is kept, and never when it was used."""

    key = models.CharField(max_length=64, primary_key=True)
    envelope = models.ForeignKey(Envelope, models.CASCADE, related_name="codes")
    used = models.BooleanField(default=False)

    class Meta:
        """No order: the keys are random."""

        indexes: ClassVar = [
            models.Index(fields=["envelope", "used"], name="web_voting_code_used")
        ]

    def __str__(self) -> str:
        return self.key[:8]


class Ballot(models.Model):
    """An anonymous ballot: `key` is the hash of its receipt code, and nothing else is.

    `marks` are pairs of a proposal's key and points.
    """

    key = models.CharField(max_length=64, primary_key=True)
    envelope = models.ForeignKey(Envelope, models.CASCADE, related_name="ballots")
    number = models.CharField(max_length=20)
    marks = models.JSONField()

    class Meta:
        """No order: numbers are random."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["envelope", "number"], name="web_ballot_number"
            )
        ]

    def __str__(self) -> str:
        return self.number


def money(ore: int, currency: str = "kr") -> str:
    """Return an amount in whole kronor, or with decimals where it has any."""
    return with_currency(number(ore / 100, 2 if ore % 100 else 0), currency)
