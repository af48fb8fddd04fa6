"""When an answer was changed, and when what a dialogue knows of persons is thinned out."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models


class Migration(migrations.Migration):
    """An answer's first day stays; a dialogue is thinned out once, so long afterwards."""

    dependencies = [("web", "0015_public_speed")]
    operations = [
        migrations.AddField(
            model_name="answer",
            name="changed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="dialogue",
            name="thinned_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="municipality",
            name="thin_after_months",
            field=models.PositiveSmallIntegerField(
                default=24,
                validators=[MinValueValidator(1), MaxValueValidator(120)],
                verbose_name="månader tills en stängd dialog gallras",
            ),
        ),
    ]
