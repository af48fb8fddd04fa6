"""What the area `envelope` adds: envelopes, proposals, codes and ballots."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Tables of envelopes."""

    dependencies = [("web", "0012_sandbox")]
    operations = [
        migrations.CreateModel(
            name="Envelope",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="envelopes",
                        to="web.municipality",
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=120, verbose_name="Namn")),
                (
                    "about",
                    models.TextField(
                        blank=True,
                        max_length=4000,
                        verbose_name="Vad pengarna får användas till",
                    ),
                ),
                (
                    "project_id",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="Projekt i underlaget"
                    ),
                ),
                ("sum_ore", models.PositiveBigIntegerField()),
                ("currency", models.CharField(default="kr", max_length=3)),
                ("kind", models.CharField(default="approval", max_length=10)),
                (
                    "who",
                    models.CharField(
                        choices=[
                            (
                                "open",
                                "Alla som vill. Ingen kontroll av vem som röstar.",
                            ),
                            (
                                "codes",
                                "Den som har fått en röstkod. En kod ger en röst.",
                            ),
                        ],
                        default="codes",
                        max_length=5,
                        verbose_name="Vem får rösta?",
                    ),
                ),
                (
                    "rule",
                    models.CharField(
                        choices=[
                            ("equal_shares", "lika delar"),
                            ("greedy", "flest röster först"),
                        ],
                        default="equal_shares",
                        max_length=12,
                        verbose_name="Regel",
                    ),
                ),
                (
                    "completion",
                    models.CharField(
                        choices=[
                            ("add1", "fyll på alla lika, en krona i taget"),
                            ("add1_greedy", "fyll på, och sedan flest röster först"),
                            ("none", "låt resten vara kvar"),
                        ],
                        default="add1",
                        max_length=11,
                        verbose_name="Det som blir över",
                    ),
                ),
                (
                    "binding",
                    models.BooleanField(
                        default=True, verbose_name="Kommunen följer resultatet"
                    ),
                ),
                (
                    "decides",
                    models.CharField(
                        blank=True,
                        max_length=120,
                        verbose_name="Vem beslutar till sist?",
                    ),
                ),
                (
                    "decides_on",
                    models.DateField(blank=True, null=True, verbose_name="Vilken dag"),
                ),
                (
                    "proposals_from",
                    models.DateField(
                        blank=True, null=True, verbose_name="Förslag från och med"
                    ),
                ),
                (
                    "proposals_to",
                    models.DateField(
                        blank=True, null=True, verbose_name="Förslag till och med"
                    ),
                ),
                ("votes_from", models.DateField(verbose_name="Röstning från och med")),
                ("votes_to", models.DateField(verbose_name="Röstning till och med")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "utkast"),
                            ("open", "öppen"),
                            ("counting", "räknas"),
                            ("counted", "räknad"),
                            ("published", "publicerad"),
                        ],
                        default="draft",
                        max_length=9,
                    ),
                ),
                ("imported", models.BooleanField(default=False)),
                ("facts", models.JSONField(default=list)),
                ("paper", models.PositiveIntegerField(default=0)),
                ("result", models.JSONField(null=True)),
                ("pack", models.BinaryField(null=True)),
                ("pack_hash", models.CharField(blank=True, max_length=64)),
                ("counted_at", models.DateTimeField(null=True)),
                ("published_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-number"],
                "indexes": [
                    models.Index(
                        fields=["municipality", "state"], name="web_envelope_state"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("municipality", "number"), name="web_envelope_number"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EnvelopeProposal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "envelope",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="proposals",
                        to="web.envelope",
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("key", models.CharField(max_length=100)),
                (
                    "name",
                    models.CharField(
                        max_length=300, verbose_name="Förslaget i några ord"
                    ),
                ),
                (
                    "text",
                    models.TextField(
                        blank=True, max_length=4000, verbose_name="Beskriv förslaget"
                    ),
                ),
                ("cost_ore", models.PositiveBigIntegerField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "väntar"),
                            ("shown", "går att rösta på"),
                            ("refused", "kom inte med"),
                            ("hidden", "visas inte"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                (
                    "reason",
                    models.CharField(blank=True, max_length=500, verbose_name="Skäl"),
                ),
                ("from_resident", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["envelope", "number"],
                "indexes": [
                    models.Index(
                        fields=["envelope", "state", "number"],
                        name="web_envelope_proposals",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("envelope", "number"),
                        name="web_envelope_proposal_number",
                    ),
                    models.UniqueConstraint(
                        fields=("envelope", "key"), name="web_envelope_proposal_key"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="VotingCode",
            fields=[
                (
                    "key",
                    models.CharField(max_length=64, primary_key=True, serialize=False),
                ),
                (
                    "envelope",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="codes",
                        to="web.envelope",
                    ),
                ),
                ("used", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["envelope", "used"], name="web_voting_code_used"
                    )
                ],
                "constraints": [],
            },
        ),
        migrations.CreateModel(
            name="Ballot",
            fields=[
                (
                    "key",
                    models.CharField(max_length=64, primary_key=True, serialize=False),
                ),
                (
                    "envelope",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ballots",
                        to="web.envelope",
                    ),
                ),
                ("number", models.CharField(max_length=20)),
                ("marks", models.JSONField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("envelope", "number"), name="web_ballot_number"
                    )
                ],
                "indexes": [],
            },
        ),
    ]
