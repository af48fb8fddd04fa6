"""What do residents say, and what becomes of it? Dialogues, comments, themes, answers.

A comment belongs to an item (the plan, a project, a letter), by kind and key, and not to
a version of the plan: it follows the item. Every comment that begins a thread is owed an
answer, of its own or through its theme. Leaves out what is done with them (dialogue).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rodtrad.domain.words import DRIVER_LABELS
from rodtrad.web.models.organisation import Municipality, User
from rodtrad.web.models.publishing import Publication

if TYPE_CHECKING:
    import datetime as dt

__all__ = [
    "AbuseReport",
    "Answer",
    "Comment",
    "Dialogue",
    "RenamedProjects",
    "Theme",
]


class Kind(models.TextChoices):
    """What a dialogue or a comment is about."""

    PLAN = "plan", _("hela planen")
    PROJECT = "project", _("ett projekt")
    LETTER = "letter", _("ett veckobrev")
    THEME = "theme", _("ett ämne")


class Level(models.TextChoices):
    """How much can be influenced, from least to most."""

    INFORMATION = "information", _("information")
    KONSULTATION = "konsultation", _("konsultation")
    DIALOG = "dialog", _("dialog")
    INFLYTANDE = "inflytande", _("inflytande")
    MEDBESLUTANDE = "medbeslutande", _("medbeslutande")


LEVEL_MEANS: Final = {
    Level.INFORMATION: _("Vi berättar. Det mesta är redan bestämt."),
    Level.KONSULTATION: _("Vi frågar vad du tycker innan vi bestämmer."),
    Level.DIALOG: _("Vi resonerar med dig om olika lösningar innan vi bestämmer."),
    Level.INFLYTANDE: _("Du är med och tar fram förslaget. Vi bestämmer."),
    Level.MEDBESLUTANDE: _("Du är med och bestämmer."),
}
"""What each level promises, in words for residents."""


class Moderation(models.TextChoices):
    """When a comment is read by staff."""

    BEFORE = "before", _("innan den visas")
    AFTER = "after", _("efter att den har visats")


class Dialogue(models.Model):
    """A dialogue about an item: what may be influenced, when, and who answers for it."""

    class State(models.TextChoices):
        """Whether residents see it."""

        DRAFT = "draft", _("utkast")
        OPEN = "open", _("öppen")
        CLOSED = "closed", _("stängd")

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="dialogues"
    )
    kind = models.CharField(_("Vad den gäller"), max_length=10, choices=Kind.choices)
    key = models.CharField(max_length=200, blank=True)
    title = models.CharField(_("Rubrik"), max_length=160)
    level = models.CharField(
        _("Hur mycket går att påverka?"), max_length=16, choices=Level.choices
    )
    open_text = models.TextField(_("Öppet att påverka"), max_length=1000, blank=True)
    closed_text = models.TextField(
        _("Inte öppet att påverka"), max_length=1000, blank=True
    )
    decides = models.CharField(_("Vem beslutar?"), max_length=120, blank=True)
    decides_at = models.DateField(_("När beslutas det?"), null=True, blank=True)
    opens = models.DateField(_("Öppnar"))
    closes = models.DateField(_("Sista dag att skriva"))
    owner = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    owner_role = models.CharField(
        _("Vem svarar?"),
        max_length=80,
        help_text=_("En roll, inte ett namn: Fastighetschefen."),
    )
    moderation = models.CharField(
        _("När läser vi synpunkterna?"),
        max_length=6,
        choices=Moderation.choices,
        default=Moderation.BEFORE,
    )
    confirm_email = models.BooleanField(
        _("Den som skriver bekräftar en e-postadress"), default=False
    )
    answer_days = models.PositiveSmallIntegerField(
        _("Svar inom så många dagar"), default=14
    )
    state = models.CharField(
        _("Läge"), max_length=6, choices=State.choices, default=State.DRAFT
    )
    told_at = models.DateTimeField(null=True, blank=True)
    thinned_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        """Newest first; one about an item is open at a time (see `dialogue`)."""

        ordering: ClassVar = ["-opens", "-pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["municipality", "kind", "key", "state"],
                name="web_dialogue_item",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def means(self) -> Any:
        """What the level promises."""
        return LEVEL_MEANS[Level(self.level)]

    def takes_comments(self, today: dt.date | None = None) -> bool:
        """Return True if one may write now."""
        day = today or timezone.localdate()
        return self.state == self.State.OPEN and self.opens <= day <= self.closes

    @property
    def closed_early(self) -> bool:
        """Whether somebody closed it before its last day was over."""
        return self.state == self.State.CLOSED and timezone.localdate() <= self.closes

    @property
    def is_public(self) -> bool:
        """Whether residents see it at all."""
        return self.state != self.State.DRAFT and self.opens <= timezone.localdate()


class Theme(models.Model):
    """What many comments are about, so that they get one answer."""

    dialogue = models.ForeignKey(Dialogue, models.CASCADE, related_name="themes")
    name = models.CharField(_("Tema"), max_length=60)

    class Meta:
        """By name."""

        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dialogue", "name"], name="web_theme_once")
        ]

    def __str__(self) -> str:
        return self.name


class Comment(models.Model):
    """What somebody says about an item.

    `thread` is the comment that began the thread and `place` its order there, so that
    the first few of each are found at once. `due`, `answered_at` and `days` follow the
    answer: they are kept here for lists and figures. Of a mail address only a hash is
    kept, for a week, and no address of a computer.
    """

    class Source(models.TextChoices):
        """How it came."""

        WEB = "web", _("webbplatsen")
        PHONE = "phone", _("telefon")
        PAPER = "paper", _("papper eller besök")

    class State(models.TextChoices):
        """Who sees it."""

        UNCONFIRMED = "unconfirmed", _("väntar på att adressen bekräftas")
        WAITING = "waiting", _("väntar på granskning")
        SHOWN = "shown", _("publicerad")
        HIDDEN = "hidden", _("dold")

    class Why(models.TextChoices):
        """Why it is hidden; said in public, in numbers."""

        PERSONAL = "personal", _("uppgifter om en person")
        THREAT = "threat", _("hot, hat eller påhopp")
        AD = "ad", _("reklam")
        OTHER_MATTER = "other_matter", _("gäller något annat")
        TWICE = "twice", _("skickad två gånger")
        ELSE = "else", _("annat skäl")

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="comments"
    )
    dialogue = models.ForeignKey(Dialogue, models.CASCADE, related_name="comments")
    item_kind = models.CharField(max_length=10, choices=Kind.choices)
    item_key = models.CharField(max_length=200, blank=True)
    item_name = models.CharField(max_length=300, blank=True)
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    thread = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="replies"
    )
    place = models.PositiveIntegerField(default=0)
    reply_count = models.PositiveIntegerField(default=0)
    theme = models.ForeignKey(
        Theme, models.SET_NULL, null=True, blank=True, related_name="comments"
    )
    name = models.CharField(max_length=60, blank=True)
    text = models.TextField()
    plan = models.CharField(max_length=4000, blank=True)
    source = models.CharField(max_length=5, choices=Source.choices, default=Source.WEB)
    registered_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    received_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(
        max_length=11, choices=State.choices, default=State.WAITING
    )
    held_for = models.CharField(max_length=200, blank=True)
    mail_hash = models.CharField(max_length=64, blank=True)
    mail_confirmed_at = models.DateTimeField(null=True, blank=True)
    thinned_at = models.DateTimeField(null=True, blank=True)
    removed_why = models.CharField(max_length=12, choices=Why.choices, blank=True)
    removed_reason = models.CharField(max_length=500, blank=True)
    due = models.DateField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    days = models.PositiveIntegerField(null=True, blank=True)
    reports = models.PositiveIntegerField(default=0)
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        """The lists that are asked for: an item's, a dialogue's, and the queue's."""

        ordering: ClassVar = ["-received_at", "-pk"]
        indexes: ClassVar = [
            models.Index(
                fields=[
                    "municipality",
                    "item_kind",
                    "item_key",
                    "state",
                    "thread",
                    "-received_at",
                    "-id",
                ],
                name="web_comment_item",
            ),
            models.Index(
                fields=["dialogue", "state", "thread", "-received_at", "-id"],
                name="web_comment_dialogue",
            ),
            models.Index(
                fields=["dialogue", "state", "thread", "days"], name="web_comment_days"
            ),
            models.Index(
                fields=[
                    "municipality",
                    "item_kind",
                    "item_key",
                    "state",
                    "thread",
                    "days",
                ],
                name="web_comment_item_days",
            ),
            models.Index(
                fields=["thread", "state", "place"], name="web_comment_thread"
            ),
            models.Index(
                fields=["municipality", "state", "answered_at", "due"],
                name="web_comment_queue",
            ),
        ]

    def __str__(self) -> str:
        words = " ".join(self.text.split())
        return words if len(words) <= 80 else f"{words[:79]}…"

    @property
    def about(self) -> str:
        """What it is about, in the reader's language where the name is ours."""
        if self.item_kind == Kind.THEME:
            return str(DRIVER_LABELS.get(self.item_key, self.item_name))
        if self.item_kind == Kind.PLAN or not self.item_name:
            return str(Kind(self.item_kind).label)
        return self.item_name

    @property
    def held_words(self) -> str:
        """Why it is read before it is shown, in the reader's language."""
        return gettext(self.held_for) if self.held_for else ""

    @property
    def is_root(self) -> bool:
        """Whether it begins a thread, and is owed an answer."""
        return self.thread_id is None

    def is_late(self, today: dt.date | None = None) -> bool:
        """Return True if the answer is owed and its day has passed."""
        day = today or timezone.localdate()
        return self.answered_at is None and self.due is not None and self.due < day


class Answer(models.Model):
    """What the municipality answers a comment or a theme, and what came of it.

    `answered_at` is when it first said so; `changed_at` is when its words last changed.
    """

    class Outcome(models.TextChoices):
        """What the comment led to."""

        CHANGED = "andrat", _("ändrat")
        UNCHANGED = "inte_andrat", _("inte ändrat")
        LEFT = "kvar", _("kvar att ta ställning till")

    comment = models.OneToOneField(
        Comment, models.CASCADE, null=True, blank=True, related_name="answer"
    )
    theme = models.OneToOneField(
        Theme, models.CASCADE, null=True, blank=True, related_name="answer"
    )
    outcome = models.CharField(
        _("Vad leder det till?"), max_length=12, choices=Outcome.choices
    )
    text = models.TextField(_("Svar"), max_length=4000)
    role = models.CharField(_("Vem svarar?"), max_length=80)
    due = models.DateField(_("Besked senast"), null=True, blank=True)
    answered_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    publication = models.ForeignKey(
        Publication, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        """To a comment or to a theme, never both."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(comment=None, theme__isnull=False)
                | models.Q(comment__isnull=False, theme=None),
                name="web_answer_to_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.get_outcome_display()}"

    @property
    def facts(self) -> dict[str, Any]:
        """What it says, for the log and for comparing."""
        named = Publication.objects.filter(pk=self.publication_id or 0)
        said = {
            name: getattr(self, name) for name in ("outcome", "text", "role", "due")
        }
        return {**said, "version": named.values_list("number", flat=True).first()}

    @property
    def settles(self) -> bool:
        """Whether it says what came of it; otherwise an answer is still owed."""
        return self.outcome != self.Outcome.LEFT


class AbuseReport(models.Model):
    """That somebody finds that a comment should not be there."""

    comment = models.ForeignKey(Comment, models.CASCADE, related_name="abuse_reports")
    text = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Oldest first."""

        ordering: ClassVar = ["at", "pk"]

    def __str__(self) -> str:
        return self.text[:80]


class RenamedProjects(models.Model):
    """That projects got new ids at a time, so that what is said of them can follow.

    `moves` is old id to new. It takes hold when a plan that knows the new ids is
    published, and is taken back if an older plan is published again.
    """

    municipality = models.ForeignKey(Municipality, models.CASCADE, related_name="+")
    moves = models.JSONField()
    at = models.DateTimeField(default=timezone.now)
    applied = models.BooleanField(default=False)

    class Meta:
        """In the order it happened."""

        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.moves}"
