"""What tests of letters share: a published plan and a letter."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from PIL import Image
from web.dialogue.conftest import _quick, writes
from web.public.conftest import finish, published

from rodtrad.web import letters
from rodtrad.web.models.letters import Letter

if TYPE_CHECKING:
    from pathlib import Path

    from django.http import HttpRequest
    from pytest_django import Settings as DjangoSettings
    from web.conftest import MakeMember

    from rodtrad.web.models import Municipality, User

__all__ = ["_quick", "finish", "published", "writes"]

TEXT = """I torsdags pratade vi om ordning.

[[projekt:bro]]

Hela planen kostar [[siffra:plan.kostnad]] och [[projekt:skola]] är störst.
"""


@pytest.fixture(autouse=True)
def _media(tmp_path: Path, settings: DjangoSettings) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def chief(make_member: MakeMember) -> User:
    """The chief of `liten`."""
    return make_member("chef")


@pytest.fixture
def asked(chief: User, liten: Municipality) -> HttpRequest:
    """A request by the chief."""
    request = RequestFactory().post("/")
    request.user = chief
    request.municipality = liten  # type: ignore[attr-defined]
    return request


class Write(Protocol):
    """Writes a letter."""

    def __call__(self, text: str = TEXT, **fields: Any) -> Letter:
        """Return the letter."""


@pytest.fixture
def write(asked: HttpRequest, liten: Municipality) -> Write:
    """Write a draft as the chief."""

    def made(text: str = TEXT, **fields: Any) -> Letter:
        given = {
            "title": "Att välja ordning",
            "tags": ["Skola"],
            "text": text,
            **fields,
        }
        found, _faults = letters.write(asked, Letter(municipality=liten), given)
        return found

    return made


def picture_file(
    kind: str = "JPEG", size: tuple[int, int] = (40, 30), **extra: Any
) -> SimpleUploadedFile:
    """A picture as somebody sends it, noisy enough to be a photograph."""
    image = Image.effect_noise(size, 80).convert("RGB")
    out = io.BytesIO()
    image.save(out, kind, **extra)
    return SimpleUploadedFile(f"bild.{kind.lower()}", out.getvalue())
