"""Every component renders, on pages of every kind, without what the policy forbids."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client
    from web.conftest import ClientFor

    from rodtrad.web.models import Study

pytestmark = pytest.mark.urls("web.shell.gallery_urls")


@pytest.fixture
def page(client_for: ClientFor, study: Study) -> str:
    """The gallery as an ekonom gets it."""
    return read(client_for("ekonom"), "/liten/arbetsbank/")


def read(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_gallery_has_nothing_that_the_policy_forbids(page: str) -> None:
    assert not re.search(r"<[^>]+\sstyle=", page)
    assert "<style" not in page
    assert not re.search(r"<[^>]+\son[a-z]+=", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)[^>]*>", page)
    assert not re.search(
        r"(?:src|href)=\"(?:https?:)?//", page.replace('rel="noreferrer"', "")
    )


def test_text_from_people_is_escaped(page: str) -> None:
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
