"""What is known of a project beside the figures that the plan is computed from?

The figures are rows of the underlag; what follows a project through its life (gates,
decisions, estimates, files) belongs here, and so do reported needs and the tree of
goals. A project is known by its id in the underlag, so that its life stays when its row
is taken out and put back. Leaves out sums (project_money) and gates (project_gates).
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rodtrad.web.models.organisation import Municipality, User

__all__ = [
    "AlternativeNote",
    "Attachment",
    "Decision",
    "Estimate",
    "GateStep",
    "NeedReport",
    "NeedStep",
    "ProjectFile",
    "ProjectYear",
    "VisionLink",
    "VisionNode",
]


class KeptError(Exception):
    """Somebody tried to change what was said at the time."""


class _Kept(models.Model):
    """What was said at one time: added, never changed."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add it; what is stored is never changed."""
        if not self._state.adding:
            raise KeptError("what was said is never changed")
        super().save(*args, **kwargs)


class ProjectFile(models.Model):
    """The words about a project: its need, its conditions and what came of it.

    `revision` grows with every change; a form that was opened before is refused.
    """

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="project_files"
    )
    project_id = models.CharField(max_length=200)
    revision = models.PositiveIntegerField(default=0)
    need = models.TextField(_("Vad behövs"), blank=True)
    users = models.TextField(_("Vilka berörs"), blank=True)
    if_not = models.TextField(_("Om det inte görs"), blank=True)
    if_one_year = models.TextField(_("Om det väntar ett år"), blank=True)
    if_three_years = models.TextField(_("Om det väntar tre år"), blank=True)
    volumes = models.TextField(_("Volymer och lokalprogram"), blank=True)
    plan_status = models.TextField(_("Plats och detaljplan"), blank=True)
    risks = models.TextField(_("Risker och beroenden"), blank=True)
    time_plan = models.TextField(_("Tidplan"), blank=True)
    changes = models.TextField(_("Ändringar under bygget (ÄTA)"), blank=True)
    in_use_date = models.DateField(_("Taget i bruk"), null=True, blank=True)
    outcome = models.TextField(_("Varför utfallet blev som det blev"), blank=True)
    lessons = models.TextField(_("Lärdomar"), blank=True)
    effect = models.TextField(_("Blev behovet mött"), blank=True)
    operating_tkr = models.FloatField(
        _("Driftkostnad per år efter bygget, tkr"), null=True, blank=True
    )
    contact = models.CharField(_("Kontaktperson"), max_length=200, blank=True)

    WORDS: ClassVar = (
        "need",
        "users",
        "if_not",
        "if_one_year",
        "if_three_years",
        "volumes",
        "plan_status",
        "risks",
        "time_plan",
        "changes",
        "in_use_date",
        "outcome",
        "lessons",
        "effect",
        "operating_tkr",
        "contact",
    )

    class Meta:
        """One a project."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "project_id"], name="web_project_file_once"
            )
        ]

    def __str__(self) -> str:
        return self.project_id


class AlternativeNote(models.Model):
    """The words about one way of doing a project: for, against, why it was rejected."""

    municipality = models.ForeignKey(Municipality, models.CASCADE, related_name="+")
    project_id = models.CharField(max_length=200)
    alternative_id = models.CharField(max_length=200)
    pros = models.TextField(_("Fördelar"), blank=True)
    cons = models.TextField(_("Nackdelar"), blank=True)
    rejected = models.BooleanField(_("Bortvalt"), default=False)
    rejected_why = models.TextField(_("Därför att"), blank=True)

    class Meta:
        """One an alternative."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "project_id", "alternative_id"],
                name="web_alternative_note_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.project_id} · {self.alternative_id}"


class Attachment(models.Model):
    """A file that belongs to a project or to a reported need.

    The bytes lie once in the files of the installation, under their checksum. A removed
    one keeps its row, so that the log can be read.
    """

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="attachments"
    )
    project_id = models.CharField(max_length=200, blank=True)
    report = models.ForeignKey(
        "web.NeedReport",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="attachments",
    )
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=8)
    size = models.PositiveIntegerField()
    checksum = models.CharField(max_length=64)
    note = models.CharField(_("Vad filen är"), max_length=200, blank=True)
    uploaded_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    uploaded_by_name = models.CharField(max_length=150, blank=True)
    uploaded_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-uploaded_at", "-pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["municipality", "project_id"], name="web_attachment_project"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Decision(_Kept):
    """A decision about a project: who, when, where it is written and what it granted.

    `amount_tkr` is the decided total outlay that it sets; None where it sets none.
    A mistaken one is put right by a new one that says which it replaces.
    """

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="project_decisions"
    )
    project_id = models.CharField(max_length=200)
    gate = models.CharField(_("Skede"), max_length=2, blank=True)
    body = models.CharField(_("Vem som beslutade"), max_length=120)
    date = models.DateField(_("Datum"))
    paragraph = models.CharField(_("Paragraf"), max_length=20, blank=True)
    diary_number = models.CharField(_("Diarienummer"), max_length=60, blank=True)
    amount_tkr = models.FloatField(
        _("Beslutad totalutgift, tkr"), null=True, blank=True
    )
    price_level = models.CharField(_("Prisnivå"), max_length=60, blank=True)
    text = models.TextField(_("Beslutet"), blank=True)
    attachment = models.ForeignKey(
        Attachment, models.PROTECT, null=True, blank=True, related_name="+"
    )
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    registered_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+"
    )
    registered_by_name = models.CharField(max_length=150, blank=True)
    registered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-date", "-pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["municipality", "project_id"], name="web_decision_project"
            )
        ]

    def __str__(self) -> str:
        paragraph = f" § {self.paragraph}" if self.paragraph else ""
        return f"{self.body} {self.date.isoformat()}{paragraph}"


class Estimate(_Kept):
    """What the project was thought to cost, at one time: the history of the forecast.

    `amount_tkr` is what was stated; `covers` says whether that is the whole project or
    what remained beyond `spent_tkr`. `parts` are the lines it was summed from.
    """

    class Class(models.TextChoices):
        """How far the figure has been worked out (DOMAIN: estimate_class)."""

        SCHABLON = "schablon", _("schablon")
        FORSTUDIE = "forstudie", _("förstudie")
        PROGRAM = "program", _("program")
        PROJEKTERING = "projektering", _("projektering")
        ANBUD = "anbud", _("anbud")
        KONTRAKT = "kontrakt", _("kontrakt")
        SLUTKOSTNAD = "slutkostnad", _("slutkostnad")

    class Covers(models.TextChoices):
        """What an amount is the amount of."""

        TOTAL = "total", _("hela projektet")
        REMAINING = "kvar", _("det som återstår utöver vad som är använt")

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="estimates"
    )
    project_id = models.CharField(max_length=200)
    alternative_id = models.CharField(_("Alternativ"), max_length=200, blank=True)
    date = models.DateField(_("Datum"))
    estimate_class = models.CharField(
        _("Kalkylklass"), max_length=12, choices=Class.choices
    )
    covers = models.CharField(
        _("Beloppet gäller"), max_length=8, choices=Covers.choices, default=Covers.TOTAL
    )
    amount_tkr = models.FloatField(_("Belopp, tkr"))
    spent_tkr = models.FloatField(default=0)
    price_level = models.CharField(_("Prisnivå"), max_length=60)
    spread_share = models.FloatField(_("Osäkerhet, ± procent"), null=True, blank=True)
    parts = models.JSONField(default=list)
    note = models.TextField(_("Vad som har ändrats"), blank=True)
    source = models.CharField(_("Källa"), max_length=300, blank=True)
    recorded_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    recorded_by_name = models.CharField(max_length=150, blank=True)
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-date", "-pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["municipality", "project_id"], name="web_estimate_project"
            )
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.date.isoformat()}"

    @property
    def total_tkr(self) -> float:
        """The forecast of the total outlay that it gives, tkr."""
        if self.covers == self.Covers.REMAINING:
            return self.spent_tkr + self.amount_tkr
        return self.amount_tkr


class ProjectYear(models.Model):
    """A year of a project: its appropriation, what has been used and what is expected.

    Kept apart from the decided total outlay, which is no appropriation (RKR R14).
    """

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="project_years"
    )
    project_id = models.CharField(max_length=200)
    year = models.PositiveIntegerField(_("År"))
    budget_tkr = models.FloatField(_("Årets anslag, tkr"), null=True, blank=True)
    actual_tkr = models.FloatField(_("Årets utfall, tkr"), null=True, blank=True)
    forecast_tkr = models.FloatField(_("Årets prognos, tkr"), null=True, blank=True)

    class Meta:
        """In the order of years."""

        ordering: ClassVar = ["year"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "project_id", "year"],
                name="web_project_year_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.year}"


class GateStep(_Kept):
    """A project passed a gate, or was sent back: what was missing then, and why.

    `missing` lists the requirements that were not met, by code.
    """

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="gate_steps"
    )
    project_id = models.CharField(max_length=200)
    gate_from = models.CharField(max_length=20, blank=True)
    gate_to = models.CharField(max_length=20)
    missing = models.JSONField(default=list)
    reason = models.TextField(blank=True)
    decision = models.ForeignKey(
        Decision, models.PROTECT, null=True, blank=True, related_name="gate_steps"
    )
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["municipality", "project_id"], name="web_gate_project")
        ]

    def __str__(self) -> str:
        return f"{self.project_id}: {self.gate_to}"


class NeedReport(models.Model):
    """A need that somebody has reported, and what became of it."""

    class State(models.TextChoices):
        """How far a report has come."""

        RECEIVED = "mottagen", _("Mottagen")
        JUDGED = "bedoms", _("Bedöms")
        PROJECT = "projekt", _("Blev ett projekt")
        NOT_NOW = "inte_nu", _("Inte nu")

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="need_reports"
    )
    number = models.PositiveIntegerField()
    what = models.CharField(max_length=200)
    where = models.CharField(max_length=200)
    when = models.CharField(max_length=120)
    why = models.TextField()
    reporter = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="need_reports"
    )
    reporter_name = models.CharField(max_length=150)
    reporter_group = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.RECEIVED
    )
    project_id = models.CharField(max_length=200, blank=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["municipality", "number"], name="web_need_number"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["municipality", "state"], name="web_need_state"),
            models.Index(
                fields=["municipality", "project_id"], name="web_need_project"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.what}"


class NeedStep(_Kept):
    """One answer to a reported need: what it was judged to be, in words."""

    report = models.ForeignKey(NeedReport, models.CASCADE, related_name="steps")
    state = models.CharField(max_length=10, choices=NeedReport.State.choices)
    text = models.TextField(blank=True)
    project_id = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        """As they came."""

        ordering: ClassVar = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.report_id}: {self.state}"


class VisionNode(models.Model):
    """A part of the tree that the council's vision is: vision, goal or indicator.

    `goal_id` ties a goal or an indicator to a financial goal of the underlag, whose
    name and figure are then shown.
    """

    class Kind(models.TextChoices):
        """What a part of the tree is."""

        VISION = "vision", _("Vision")
        GOAL = "mal", _("Mål")
        INDICATOR = "matt", _("Mått")

    municipality = models.ForeignKey(
        Municipality, models.CASCADE, related_name="vision_nodes"
    )
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="children"
    )
    kind = models.CharField(max_length=8, choices=Kind.choices)
    text = models.CharField(_("Med kommunens egna ord"), max_length=300)
    note = models.TextField(_("Förklaring"), blank=True)
    target = models.CharField(_("Målvärde"), max_length=120, blank=True)
    now = models.CharField(_("Läget nu"), max_length=120, blank=True)
    goal_id = models.CharField(_("Ekonomiskt mål"), max_length=200, blank=True)
    position = models.PositiveIntegerField(default=0)
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        """In the order that was chosen."""

        ordering: ClassVar = ["position", "pk"]

    def __str__(self) -> str:
        return self.text


class VisionLink(models.Model):
    """A project serves a goal or moves an indicator."""

    node = models.ForeignKey(VisionNode, models.CASCADE, related_name="links")
    project_id = models.CharField(max_length=200)
    effect = models.CharField(_("Väntad effekt"), max_length=200, blank=True)

    class Meta:
        """A project once under each part."""

        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["node", "project_id"], name="web_vision_link_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["project_id"], name="web_vision_link_project")
        ]

    def __str__(self) -> str:
        return f"{self.node_id}: {self.project_id}"
