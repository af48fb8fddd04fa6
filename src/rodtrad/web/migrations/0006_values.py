"""What the area `values` adds to the database."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Answers about how the criteria weigh."""

    dependencies = [("web", "0005_studies")]
    operations = [
        migrations.CreateModel(
            name="ViewpointAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("for_group", models.BooleanField(default=False)),
                ("mode", models.CharField(choices=[("questions", "frågor"), ("points", "poäng"), ("ranges", "spann")], default="questions", max_length=10)),
                ("answers", models.JSONField(default=list)),
                ("name", models.CharField(blank=True, max_length=120)),
                ("shared_rows", models.JSONField(default=list)),
                ("consent_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                ("municipality", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="viewpoint_answers", to="web.municipality")),
                ("owner", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("municipality", "owner"), name="web_viewpoint_once")],
            },
        ),
    ]
