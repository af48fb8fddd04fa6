"""What the area `meeting` adds to the database."""

from django.db import migrations


class Migration(migrations.Migration):
    """Nothing yet."""

    dependencies = [("web", "0006_values")]
    operations = []
