"""Where does a municipality end? Its outline, for drawing only.

Read once in a process from the package's own file (geo/README.md says whence it comes).
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from importlib.resources import files
from typing import cast

Ring = list[tuple[float, float]]


@cache
def _all() -> dict[str, list[Ring]]:
    packed = (files("rodtrad.web") / "geo" / "municipalities.json.gz").read_bytes()
    return cast("dict[str, list[Ring]]", json.loads(gzip.decompress(packed)))


def outline(code: str) -> list[Ring]:
    """Return the rings of a municipality, longitude first; none for a made-up code."""
    return _all().get(code, [])
