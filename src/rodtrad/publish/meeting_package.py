"""How do equal plans give equal files? Office packages without a clock.

Word and PowerPoint files are zip archives; the libraries stamp them, and the workbooks
behind charts, with the time of day. Leaves out what the files say.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Final

# The earliest date an archive can hold, and a date for the files' own properties.
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
_CREATED: Final = b"2000-01-01T00:00:00Z"
_STAMP: Final = re.compile(
    rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms:(?:created|modified)>)"
)


def stable(package: bytes) -> bytes:
    """Return the same office file with fixed dates, workbooks inside it too."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(package)) as source,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name.endswith(".xlsx"):
                content = stable(content)
            elif name == "docProps/core.xml":
                content = _STAMP.sub(rb"\g<1>" + _CREATED + rb"\g<2>", content)
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return made.getvalue()
