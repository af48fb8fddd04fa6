"""The settings that tests run with: the application's own, made quick and private.

SQLite in memory, unless RODTRAD_TEST_DATABASE=postgres asks for PostgreSQL: then the
server that RODTRAD_TEST_POSTGRES_URL names, or one that is started for the run.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_HOME = Path(tempfile.gettempdir()) / f"rodtrad-test-{os.getpid()}"
os.environ["RODTRAD_HOME"] = str(_HOME)
for _name in ("RODTRAD_DATABASE", "RODTRAD_HTTPS", "RODTRAD_HOSTS", "RODTRAD_OIDC_URL"):
    os.environ.pop(_name, None)
if os.environ.get("RODTRAD_TEST_DATABASE") == "postgres":
    from web.postgres_server import address

    os.environ["RODTRAD_DATABASE"] = address()

from rodtrad.web.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
# Told apart from a run's own log-in attempts by nothing: tests of throttling turn it on.
ACCOUNT_RATE_LIMITS = False  # type: ignore[assignment]  # allauth's way to say none
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "rodtrad.web.static_files.VersionedStorage"},
}
# Each test client is a server of its own: it need not look through every file first.
WHITENOISE_AUTOREFRESH = True
