"""What the area `sandbox` adds: residents' answers and their region."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """Residents' answers about weights, and what they come to."""

    dependencies = [("web", "0011_following")]
    operations = [
        migrations.CreateModel(
            name="ResidentAnswer",
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
                ("answers", models.JSONField()),
                ("weights", models.JSONField()),
                ("swings", models.CharField(max_length=64)),
                ("age_group", models.CharField(blank=True, max_length=8)),
                ("once", models.CharField(max_length=64, unique=True)),
                ("day", models.DateField(default=django.utils.timezone.localdate)),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="resident_answers",
                        to="web.municipality",
                    ),
                ),
                (
                    "publication",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="resident_answers",
                        to="web.publication",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [
                    models.Index(
                        fields=["municipality", "swings"],
                        name="web_resident_answer_swings",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ResidentRegion",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "väntar"),
                            ("running", "räknas"),
                            ("done", "klar"),
                            ("failed", "gick inte"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("result", models.JSONField(default=dict)),
                ("asked_by_name", models.CharField(blank=True, max_length=150)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "municipality",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="resident_regions",
                        to="web.municipality",
                    ),
                ),
                (
                    "publication",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="resident_regions",
                        to="web.publication",
                    ),
                ),
            ],
            options={
                "ordering": ["-asked_at", "-pk"],
                "indexes": [
                    models.Index(
                        fields=["municipality", "-asked_at"],
                        name="web_resident_region_new",
                    ),
                    models.Index(fields=["state"], name="web_resident_region_state"),
                ],
            },
        ),
    ]
