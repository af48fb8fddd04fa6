"""What does a web server call? `application`, the whole site as one function."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rodtrad.web.settings")
application = get_wsgi_application()
