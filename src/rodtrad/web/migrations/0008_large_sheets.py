"""What the area `underlag` adds for large sheets: their orders, and heads of changes."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A table of orders, and what pages show of large changes."""

    dependencies = [("web", "0007_meeting")]
    operations = [
        migrations.CreateModel(
            name="SheetOrder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("table", models.CharField(max_length=40)),
                ("column", models.CharField(max_length=60)),
                ("revision", models.PositiveIntegerField()),
                ("rows", models.BinaryField()),
                ("filled", models.PositiveIntegerField()),
                ("underlag", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="web.underlag")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("underlag", "table", "column"), name="web_sheet_order_once"),
                ],
            },
        ),
        migrations.AddField(
            model_name="change",
            name="head",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="pendingimport",
            name="head",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="pendingimport",
            name="compared_with",
            field=models.PositiveIntegerField(null=True),
        ),
    ]
