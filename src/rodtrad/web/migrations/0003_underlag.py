"""What the area `underlag` adds to the database."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import rodtrad.web.models.underlag


def fill_search(apps: Any, _editor: Any) -> None:
    """Give rows that are stored already the text that the filter looks in."""
    rows = apps.get_model("web", "Row").objects
    batch = []
    for row in rows.only("pk", "data").iterator(chunk_size=2000):
        row.search = rodtrad.web.models.underlag.searchable(row.data)
        batch.append(row)
        if len(batch) == 500:
            rows.bulk_update(batch, ["search"])
            batch = []
    rows.bulk_update(batch, ["search"])


class Migration(migrations.Migration):
    """A text to filter by, what the checks said, and workbooks that await approval."""

    dependencies = [("web", "0002_accounts")]
    operations = [
        migrations.AddField(
            model_name="change",
            name="counts",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="row",
            name="search",
            field=rodtrad.web.models.underlag.SearchText(blank=True, default="", editable=False),
        ),
        migrations.AlterField(
            model_name="change",
            name="kind",
            field=models.CharField(choices=[("edit", "ändring"), ("import", "inläst arbetsbok"), ("restore", "återställd version"), ("undo", "ångrad ändring")], max_length=20),
        ),
        migrations.CreateModel(
            name="Check",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("revision", models.PositiveIntegerField()),
                ("issues", models.JSONField(default=list)),
                ("counts", models.JSONField(default=dict)),
                ("at", models.DateTimeField(auto_now=True)),
                ("underlag", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="check_result", to="web.underlag")),
            ],
        ),
        migrations.CreateModel(
            name="PendingImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("filename", models.CharField(max_length=200)),
                ("size", models.PositiveIntegerField()),
                ("created_by_name", models.CharField(blank=True, max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("content", models.BinaryField()),
                ("sheets", models.JSONField(default=list)),
                ("absent", models.JSONField(default=dict)),
                ("issues", models.JSONField(default=list)),
                ("created_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("municipality", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="pending_imports", to="web.municipality")),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.RunPython(fill_search, migrations.RunPython.noop, elidable=True),
    ]
