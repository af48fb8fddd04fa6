"""What is Django told about the application, and what happens when it starts?"""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebConfig(AppConfig):
    """The one application of the site."""

    name = "rodtrad.web"
    label = "web"
    verbose_name = _("Röd tråd")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect what must happen whenever certain rows change."""
        from rodtrad.web import triggers

        triggers.connect()
