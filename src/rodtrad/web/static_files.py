"""How does a browser learn that a static file has changed? By `?v=` and a checksum.

The files are served from the package itself under their own names, so that scripts that
import each other by name keep working and an upgrade needs no step of its own.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage


@lru_cache(maxsize=512)
def _version(name: str) -> str:
    found = finders.find(name)
    if not found:
        return ""
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:10]


class VersionedStorage(StaticFilesStorage):
    """Addresses of static files that change when the file does."""

    def url(self, name: str | None) -> str:
        """Return the address with the file's checksum, if the file is there."""
        address = super().url(name)
        version = _version(name or "")
        return f"{address}?v={version}" if version else address
