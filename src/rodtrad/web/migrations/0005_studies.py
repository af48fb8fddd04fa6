"""What the area `studies` adds to the database."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """What has been decided about a plan."""

    dependencies = [("web", "0004_projects")]
    operations = [
        migrations.CreateModel(
            name="PlanDecision",
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
                ("body", models.CharField(max_length=120)),
                ("date", models.DateField()),
                ("paragraph", models.CharField(blank=True, max_length=20)),
                ("diary_number", models.CharField(blank=True, max_length=60)),
                ("note", models.TextField(blank=True)),
                ("registered_by_name", models.CharField(blank=True, max_length=150)),
                ("registered_at", models.DateTimeField(auto_now_add=True)),
                (
                    "registered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decision",
                        to="web.study",
                    ),
                ),
            ],
            options={"ordering": ["-date", "-pk"]},
        )
    ]
