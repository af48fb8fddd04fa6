"""What tests of the dialogue share: a published plan, a dialogue, somebody who writes."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from django.test import Client
from django.utils import timezone
from web.public.conftest import (  # noqa: F401 - fixtures
    finish,
    published,
)

from rodtrad.web import public_form, throttle
from rodtrad.web.models.dialogue import Comment, Dialogue

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    from rodtrad.web.models import Municipality, Publication


class MakeDialogue(Protocol):
    """Makes a dialogue that is open."""

    def __call__(
        self, kind: str = "project", key: str = "bro", **change: Any
    ) -> Dialogue:
        """Return the dialogue."""


class Writes(Protocol):
    """Sends a comment as a resident does: reads the form, fills it in, sends it."""

    def __call__(
        self, dialogue: Dialogue, text: str = "Varför inte?", **more: Any
    ) -> Answer:
        """Return what the site answers."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests read faster than people, and a slow one must not cross a minute.

    The test of the stamp itself sets it back.
    """
    monkeypatch.setattr(public_form, "LEAST_SECONDS", 0.0)
    now = timezone.now().replace(minute=30, second=5)
    monkeypatch.setattr(throttle, "_now", lambda: now)


@pytest.fixture
def dialogue(make_dialogue: MakeDialogue) -> Dialogue:
    """A dialogue about the bridge, which is shown at once."""
    return make_dialogue(moderation="after")


@pytest.fixture
def make_dialogue(liten: Municipality, published: Publication) -> MakeDialogue:  # noqa: F811
    """Make dialogues in `liten`, whose plan is published."""

    def make(kind: str = "project", key: str = "bro", **change: Any) -> Dialogue:
        today = timezone.localdate()
        facts = {
            "municipality": liten,
            "kind": kind,
            "key": key,
            "title": f"Dialog om {key or 'planen'}",
            "level": "dialog",
            "open_text": "Utemiljö och namn.",
            "closed_text": "Platsen.",
            "decides": "Kommunfullmäktige",
            "opens": today - dt.timedelta(days=1),
            "closes": today + dt.timedelta(days=30),
            "owner_role": "Fastighetschefen",
            "state": "open",
            "told_at": timezone.now(),
        }
        return Dialogue.objects.create(**{**facts, **change})

    return make


def stamp_in(page: str) -> str:
    """Return the stamp of a form."""
    found = re.search(rf'name="{public_form.STAMP}" value="([^"]+)"', page)
    assert found is not None
    return found[1]


@pytest.fixture
def writes() -> Writes:
    """Write as a resident, without a cookie."""

    def send(
        dialogue: Dialogue,
        text: str = "Varför inte?",
        *,
        language: str = "oppet",
        about: str = "",
        address: str = "192.0.2.7",
        **more: Any,
    ) -> Answer:
        client = Client(REMOTE_ADDR=address)
        place = dialogue.municipality.slug
        om = about or f"{dialogue.kind}:{dialogue.key}"
        at = f"/{language}/{place}/dialog/{dialogue.pk}/skriv/"
        shown = client.get(at, {"om": om})
        assert shown.status_code == 200
        stamp = stamp_in(shown.content.decode())
        sent = {"text": text, "om": om, public_form.STAMP: stamp, **more}
        answer: Answer = client.post(at, sent)
        assert not client.cookies
        return answer

    return send


def make_comment(
    dialogue: Dialogue, text: str = "En synpunkt.", **change: Any
) -> Comment:
    """Store a comment that is shown and owed an answer."""
    facts = {
        "municipality": dialogue.municipality,
        "dialogue": dialogue,
        "item_kind": dialogue.kind,
        "item_key": dialogue.key,
        "item_name": "Bron",
        "text": text,
        "state": "shown",
        "due": timezone.localdate() + dt.timedelta(days=14),
    }
    return Comment.objects.create(**{**facts, **change})
