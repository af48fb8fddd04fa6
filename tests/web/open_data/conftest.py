"""What tests of open data share: the published plan of the public pages' tests."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from web.public.conftest import finish, published

if TYPE_CHECKING:
    from django.test import Client

__all__ = ["finish", "published"]


def unzipped(client: Client, address: str) -> dict[str, bytes]:
    """Return the files of a downloaded zip by name, without its folder's."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    with zipfile.ZipFile(io.BytesIO(b"".join(answer))) as packed:
        assert packed.testzip() is None
        return {name.partition("/")[2]: packed.read(name) for name in packed.namelist()}
