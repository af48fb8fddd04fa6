"""What the area `dialogue` adds: dialogues, comments and answers."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Tables of dialogues, themes, comments, answers, reports and counts."""

    dependencies = [
        ("web", "0009_publishing"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                (
                    "key",
                    models.CharField(max_length=64, primary_key=True, serialize=False),
                ),
                ("count", models.PositiveIntegerField(default=0)),
                ("until", models.DateTimeField(db_index=True)),
            ],
            options={
                "ordering": [],
            },
        ),
        migrations.CreateModel(
            name="Comment",
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
                    "item_kind",
                    models.CharField(
                        choices=[
                            ("plan", "hela planen"),
                            ("project", "ett projekt"),
                            ("letter", "ett veckobrev"),
                            ("theme", "ett ämne"),
                        ],
                        max_length=10,
                    ),
                ),
                ("item_key", models.CharField(blank=True, max_length=200)),
                ("item_name", models.CharField(blank=True, max_length=300)),
                ("place", models.PositiveIntegerField(default=0)),
                ("reply_count", models.PositiveIntegerField(default=0)),
                ("name", models.CharField(blank=True, max_length=60)),
                ("text", models.TextField()),
                ("plan", models.CharField(blank=True, max_length=4000)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("web", "webbplatsen"),
                            ("phone", "telefon"),
                            ("paper", "papper eller besök"),
                        ],
                        default="web",
                        max_length=5,
                    ),
                ),
                (
                    "received_at",
                    models.DateTimeField(default=django.utils.timezone.now),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("unconfirmed", "väntar på att adressen bekräftas"),
                            ("waiting", "väntar på granskning"),
                            ("shown", "publicerad"),
                            ("hidden", "dold"),
                        ],
                        default="waiting",
                        max_length=11,
                    ),
                ),
                ("held_for", models.CharField(blank=True, max_length=200)),
                ("mail_hash", models.CharField(blank=True, max_length=64)),
                ("mail_confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("thinned_at", models.DateTimeField(blank=True, null=True)),
                (
                    "removed_why",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("personal", "uppgifter om en person"),
                            ("threat", "hot, hat eller påhopp"),
                            ("ad", "reklam"),
                            ("other_matter", "gäller något annat"),
                            ("twice", "skickad två gånger"),
                            ("else", "annat skäl"),
                        ],
                        max_length=12,
                    ),
                ),
                ("removed_reason", models.CharField(blank=True, max_length=500)),
                ("due", models.DateField(blank=True, null=True)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("days", models.PositiveIntegerField(blank=True, null=True)),
                ("reports", models.PositiveIntegerField(default=0)),
                ("revision", models.PositiveIntegerField(default=0)),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="comments",
                        to="web.municipality",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="web.comment",
                    ),
                ),
                (
                    "registered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="replies",
                        to="web.comment",
                    ),
                ),
            ],
            options={
                "ordering": ["-received_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="AbuseReport",
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
                ("text", models.CharField(blank=True, max_length=500)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("handled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "comment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="abuse_reports",
                        to="web.comment",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Dialogue",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("plan", "hela planen"),
                            ("project", "ett projekt"),
                            ("letter", "ett veckobrev"),
                            ("theme", "ett ämne"),
                        ],
                        max_length=10,
                        verbose_name="Vad den gäller",
                    ),
                ),
                ("key", models.CharField(blank=True, max_length=200)),
                ("title", models.CharField(max_length=160, verbose_name="Rubrik")),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("information", "information"),
                            ("konsultation", "konsultation"),
                            ("dialog", "dialog"),
                            ("inflytande", "inflytande"),
                            ("medbeslutande", "medbeslutande"),
                        ],
                        max_length=16,
                        verbose_name="Hur mycket går att påverka?",
                    ),
                ),
                (
                    "open_text",
                    models.TextField(
                        blank=True, max_length=1000, verbose_name="Öppet att påverka"
                    ),
                ),
                (
                    "closed_text",
                    models.TextField(
                        blank=True,
                        max_length=1000,
                        verbose_name="Inte öppet att påverka",
                    ),
                ),
                (
                    "decides",
                    models.CharField(
                        blank=True, max_length=120, verbose_name="Vem beslutar?"
                    ),
                ),
                (
                    "decides_at",
                    models.DateField(
                        blank=True, null=True, verbose_name="När beslutas det?"
                    ),
                ),
                ("opens", models.DateField(verbose_name="Öppnar")),
                ("closes", models.DateField(verbose_name="Sista dag att skriva")),
                (
                    "owner_role",
                    models.CharField(
                        help_text="En roll, inte ett namn: Fastighetschefen.",
                        max_length=80,
                        verbose_name="Vem svarar?",
                    ),
                ),
                (
                    "moderation",
                    models.CharField(
                        choices=[
                            ("before", "innan den visas"),
                            ("after", "efter att den har visats"),
                        ],
                        default="before",
                        max_length=6,
                        verbose_name="När läser vi synpunkterna?",
                    ),
                ),
                (
                    "confirm_email",
                    models.BooleanField(
                        default=False,
                        verbose_name="Den som skriver bekräftar en e-postadress",
                    ),
                ),
                (
                    "answer_days",
                    models.PositiveSmallIntegerField(
                        default=14, verbose_name="Svar inom så många dagar"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "utkast"),
                            ("open", "öppen"),
                            ("closed", "stängd"),
                        ],
                        default="draft",
                        max_length=6,
                        verbose_name="Läge",
                    ),
                ),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("revision", models.PositiveIntegerField(default=0)),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="dialogues",
                        to="web.municipality",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-opens", "-pk"],
            },
        ),
        migrations.AddField(
            model_name="comment",
            name="dialogue",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="comments",
                to="web.dialogue",
            ),
        ),
        migrations.CreateModel(
            name="RenamedProjects",
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
                ("moves", models.JSONField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("applied", models.BooleanField(default=False)),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="web.municipality",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Theme",
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
                ("name", models.CharField(max_length=60, verbose_name="Tema")),
                (
                    "dialogue",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="themes",
                        to="web.dialogue",
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
            },
        ),
        migrations.AddField(
            model_name="comment",
            name="theme",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="comments",
                to="web.theme",
            ),
        ),
        migrations.CreateModel(
            name="Answer",
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
                    "outcome",
                    models.CharField(
                        choices=[
                            ("andrat", "ändrat"),
                            ("inte_andrat", "inte ändrat"),
                            ("kvar", "kvar att ta ställning till"),
                        ],
                        max_length=12,
                        verbose_name="Vad leder det till?",
                    ),
                ),
                ("text", models.TextField(max_length=4000, verbose_name="Svar")),
                ("role", models.CharField(max_length=80, verbose_name="Vem svarar?")),
                (
                    "due",
                    models.DateField(
                        blank=True, null=True, verbose_name="Besked senast"
                    ),
                ),
                (
                    "answered_at",
                    models.DateTimeField(default=django.utils.timezone.now),
                ),
                ("revision", models.PositiveIntegerField(default=0)),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "publication",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="web.publication",
                    ),
                ),
                (
                    "comment",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answer",
                        to="web.comment",
                    ),
                ),
                (
                    "theme",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answer",
                        to="web.theme",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="dialogue",
            index=models.Index(
                fields=["municipality", "kind", "key", "state"],
                name="web_dialogue_item",
            ),
        ),
        migrations.AddConstraint(
            model_name="theme",
            constraint=models.UniqueConstraint(
                fields=("dialogue", "name"), name="web_theme_once"
            ),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
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
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
                fields=["dialogue", "state", "thread", "-received_at", "-id"],
                name="web_comment_dialogue",
            ),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
                fields=["dialogue", "state", "thread", "days"], name="web_comment_days"
            ),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
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
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
                fields=["thread", "state", "place"], name="web_comment_thread"
            ),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
                fields=["municipality", "state", "answered_at", "due"],
                name="web_comment_queue",
            ),
        ),
        migrations.AddConstraint(
            model_name="answer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("comment", None), ("theme__isnull", False)),
                    models.Q(("comment__isnull", False), ("theme", None)),
                    _connector="OR",
                ),
                name="web_answer_to_one",
            ),
        ),
    ]
