"""What the area `publishing` adds: frozen plans, their projects, and who decides next."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Tables of publications, public items and next steps."""

    dependencies = [("web", "0008_large_sheets")]
    operations = [
        migrations.CreateModel(
            name="Publication",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("title", models.CharField(max_length=160, verbose_name="rubrik")),
                ("note", models.TextField(blank=True, verbose_name="vad som är nytt")),
                ("published_by_name", models.CharField(blank=True, max_length=150)),
                ("published_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_why", models.TextField(blank=True)),
                ("result", models.BinaryField()),
                ("tables", models.BinaryField()),
                ("certificates", models.BinaryField(null=True)),
                ("facts", models.JSONField(default=dict)),
                ("changes", models.JSONField(default=dict)),
                ("content_hash", models.CharField(max_length=64)),
                ("municipality", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="publications", to="web.municipality")),
                ("published_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("study", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="publications", to="web.study")),
                ("version", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="publications", to="web.version")),
            ],
            options={
                "ordering": ["-number"],
                "indexes": [
                    models.Index(fields=["municipality", "withdrawn_at", "-number"], name="web_publication_current"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("municipality", "number"), name="web_publication_number"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PublicItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("project_id", models.CharField(max_length=200)),
                ("name", models.CharField(max_length=300)),
                ("area", models.CharField(blank=True, max_length=200)),
                ("area_name", models.CharField(blank=True, max_length=200)),
                ("theme", models.CharField(blank=True, max_length=40)),
                ("state", models.CharField(choices=[("in", "ingår"), ("later", "står på tur"), ("out", "ryms inte")], max_length=5)),
                ("start_year", models.PositiveSmallIntegerField(null=True)),
                ("in_use_year", models.PositiveSmallIntegerField(null=True)),
                ("cost_tkr", models.FloatField()),
                ("quality", models.CharField(blank=True, max_length=10)),
                ("lat", models.FloatField(null=True)),
                ("lon", models.FloatField(null=True)),
                ("next_what", models.CharField(blank=True, max_length=120)),
                ("next_body", models.CharField(blank=True, max_length=120)),
                ("next_date", models.DateField(blank=True, null=True)),
                ("last_influence", models.DateField(blank=True, null=True)),
                ("folded", models.TextField(blank=True)),
                ("data", models.JSONField(default=dict)),
                ("publication", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="items", to="web.publication")),
            ],
            options={
                "ordering": ["publication", "project_id"],
                "indexes": [
                    models.Index(fields=["publication", "state", "start_year", "-cost_tkr"], name="web_public_item_start"),
                    models.Index(fields=["publication", "-cost_tkr"], name="web_public_item_cost"),
                    models.Index(fields=["publication", "area"], name="web_public_item_area"),
                    models.Index(fields=["publication", "theme"], name="web_public_item_theme"),
                    models.Index(fields=["publication", "name"], name="web_public_item_name"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("publication", "project_id"), name="web_public_item_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="NextStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("project_id", models.CharField(blank=True, max_length=200)),
                ("what", models.CharField(blank=True, max_length=120, verbose_name="Vad som beslutas")),
                ("body", models.CharField(blank=True, max_length=120, verbose_name="Vem som beslutar")),
                ("date", models.DateField(blank=True, null=True, verbose_name="Vilken dag")),
                ("last_influence", models.DateField(blank=True, null=True, verbose_name="Senaste dag att påverka")),
                ("revision", models.PositiveIntegerField(default=0)),
                ("municipality", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="next_steps", to="web.municipality")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("municipality", "project_id"), name="web_next_step_once"),
                ],
            },
        ),
    ]
