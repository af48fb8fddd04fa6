"""What lets public pages answer at once: parts of a version, and that residents have spoken."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Stored parts of publications, and a counter of what residents have changed."""

    dependencies = [("web", "0014_letters")]
    operations = [
        migrations.AddField(
            model_name="publication",
            name="shown",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="publication",
            name="listed",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="municipality",
            name="heard",
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
    ]
