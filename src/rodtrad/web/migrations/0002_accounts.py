"""What the area `accounts` adds to the database."""

from typing import Any

from django.core.management import call_command
from django.db import migrations, models


def lay_cache_table(_apps: Any, schema_editor: Any) -> None:
    """Make the table in which every process of the site counts log-in attempts."""
    call_command(
        "createcachetable", "web_cache", database=schema_editor.connection.alias
    )


def drop_cache_table(_apps: Any, schema_editor: Any) -> None:
    """Take the table away again."""
    schema_editor.execute("DROP TABLE IF EXISTS web_cache")


class Migration(migrations.Migration):
    """A second step at log-in, roles that follow a directory, how a link was sent."""

    dependencies = [("web", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="municipality",
            name="second_factor_roles",
            field=models.JSONField(
                blank=True, default=list, verbose_name="roller som loggar in i två steg"
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="from_directory",
            field=models.BooleanField(
                default=False,
                help_text="Rollen ges och tas bort efter grupper vid varje inloggning.",
                verbose_name="följer kommunens katalog",
            ),
        ),
        migrations.AddField(
            model_name="invitation",
            name="link_shown",
            field=models.BooleanField(
                default=False,
                help_text="Länken visades för den som bjöd in; den bevisar ingen adress.",
            ),
        ),
        migrations.RunPython(lay_cache_table, drop_cache_table),
    ]
