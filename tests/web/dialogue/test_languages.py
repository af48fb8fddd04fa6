"""Is what is kept Swedish, and what is read in the reader's language?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.utils import translation
from web.dialogue.conftest import make_comment
from web.dialogue.test_public import text_of

from rodtrad.domain.words import in_language
from rodtrad.web import dialogue_items, thinning
from rodtrad.web.models import Event
from rodtrad.web.models.dialogue import Comment

if TYPE_CHECKING:
    from django.test import Client
    from web.conftest import ClientFor
    from web.dialogue.conftest import MakeDialogue, Writes

    from rodtrad.web.models import Publication, User


@pytest.fixture
def english(client_for: ClientFor) -> Client:
    """A browser in which the chief reads English."""
    client = client_for("chef")
    user: User = client.user  # type: ignore[attr-defined]
    user.language = "en"
    user.save()
    return client


def test_what_is_written_in_english_is_told_to_staff_in_swedish(
    make_dialogue: MakeDialogue, writes: Writes, client_for: ClientFor
) -> None:
    talk = make_dialogue("plan", "")
    answer = writes(talk, "When will it open?", language="open")
    receipt = text_of(answer.headers["Location"])
    assert "It concerns the whole plan." in receipt
    assert "We read comments before they are shown." in receipt
    said = Comment.objects.get()
    page = client_for("chef").get("/liten/dialog/?visa=granska").content.decode()
    assert "Vi läser innan synpunkter visas." in page
    assert "hela planen" in page
    Comment.objects.filter(pk=said.pk).update(state="shown")
    at = f"liten/dialog/synpunkt/{said.pk}/"
    assert f"Synpunkt {said.pk} om hela planen" in text_of(f"/oppet/{at}")
    assert f"Comment {said.pk} about the whole plan" in text_of(f"/open/{at}")


def test_a_subject_is_called_what_it_is_called_in_the_readers_language(
    make_dialogue: MakeDialogue, published: Publication
) -> None:
    found = dialogue_items.find(published, "theme", "lagkrav")
    assert found is not None
    said = make_comment(make_dialogue("theme", "lagkrav"), item_name=found.name)
    at = f"liten/dialog/synpunkt/{said.pk}/"
    assert f"om {found.name}" in text_of(f"/oppet/{at}")
    assert found.name not in text_of(f"/open/{at}").partition("<main")[2]


def test_the_log_is_swedish_whoever_acts(
    english: Client, make_dialogue: MakeDialogue
) -> None:
    talk = make_dialogue("plan", "")
    said = make_comment(talk, "Ring 070-123 45 67.", item_name="the whole plan")
    at = f"/liten/dialog/synpunkt/{said.pk}/"
    sent = {"bort": ["0"], "state_revision": 0}
    assert english.post(f"{at}gallra/", sent).status_code == 302
    found = Event.objects.get(action="comment.thinned")
    assert found.object_label == f"synpunkt {said.pk} om hela planen"
    assert (found.after or {})["kinds"] == ["telefonnummer"]
    said.refresh_from_db()
    assert said.text == "Ring (telefonnummer borttaget)."


def test_what_is_taken_out_is_said_in_swedish_as_the_rest() -> None:
    text = "Ring 070-123 45 67."
    with translation.override("en"), in_language("en"):
        after = thinning.without(text, thinning.findings(text))
    assert after == "Ring (telefonnummer borttaget)."
