"""What does a web server call? `application`, the whole site as one function."""

from __future__ import annotations

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rodtrad.web.settings")
application = get_wsgi_application()
# Every page is read in here, once for all processes, and not by whoever asks first.
get_resolver().url_patterns  # noqa: B018
# The program stays for as long as the process: it is not looked through for what may be
# thrown away, which would now and then stop an answer for a tenth of a second.
gc.collect()
gc.freeze()
