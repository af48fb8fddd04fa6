"""Is what is no longer public gone from the dialogue too, names and comments and all?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone
from web.dialogue.conftest import make_comment, stamp_in
from web.public.conftest import public_data

from rodtrad.web import dialogue_setup, public_form, public_parts, publishing
from rodtrad.web.models.dialogue import Comment, Dialogue
from rodtrad.web.models.following import Outgoing, Subscription

if TYPE_CHECKING:
    from web.conftest import ClientFor
    from web.dialogue.conftest import MakeDialogue
    from web.public.conftest import Finish

    from rodtrad.web.models import Municipality, Publication, User

NAME = "Hemliga parken"


def without_park(finish: Finish) -> Publication:
    """Publish a version that does not show the park."""
    data = public_data()
    for name, rows in data.items():
        data[name] = [row for row in rows if row.get("project_id") != "park"]
    return publishing.publish(None, finish(data))


def withdraw(publication: Publication, who: User) -> None:
    request = RequestFactory().post("/")
    request.user = who
    publishing.withdraw(request, publication, "Den visade för mycket.")


def pages(talk: Dialogue, said: Comment) -> list[str]:
    return [
        f"dialog/{talk.pk}/",
        f"dialog/{talk.pk}/skriv/",
        "dialog/om/project/park/",
        f"dialog/synpunkt/{said.pk}/",
        f"dialog/synpunkt/{said.pk}/anmal/",
    ]


def test_a_project_that_no_open_version_shows_is_gone_from_its_dialogue(
    make_dialogue: MakeDialogue, finish: Finish, published: Publication, chief: User
) -> None:
    talk = make_dialogue(key="park", title=NAME, moderation="after")
    said = make_comment(talk, f"Om {NAME}", item_name=NAME)
    stamp = stamp_in(
        Client().get(f"/oppet/liten/dialog/{talk.pk}/skriv/").content.decode()
    )
    without_park(finish)
    # it stands in the first version still
    for path in pages(talk, said):
        assert Client().get(f"/oppet/liten/{path}").status_code == 200, path
    withdraw(published, chief)
    for path in pages(talk, said):
        assert Client().get(f"/oppet/liten/{path}").status_code == 404, path
    for path in ("", "dialog/", "projekt/bro/"):
        text = Client().get(f"/oppet/liten/{path}").content.decode()
        assert NAME not in text, path
    sent = {"text": "Hej", "om": "project:park", public_form.STAMP: stamp}
    at = f"/oppet/liten/dialog/{talk.pk}/skriv/"
    assert Client().post(at, sent).status_code == 404
    assert Comment.objects.count() == 1


def test_what_was_said_of_it_in_the_plan_s_dialogue_is_gone_too(
    make_dialogue: MakeDialogue, finish: Finish, published: Publication, chief: User
) -> None:
    plan = make_dialogue("plan", "", moderation="after")
    said = make_comment(
        plan, f"Om {NAME}", item_kind="project", item_key="park", item_name=NAME
    )
    make_comment(plan, "Om bron", item_kind="project", item_key="bro")
    at = f"/oppet/liten/dialog/{plan.pk}/"
    assert NAME in Client().get(at).content.decode()
    without_park(finish)
    withdraw(published, chief)
    text = Client().get(at).content.decode()
    assert "Om bron" in text
    assert NAME not in text
    assert "1 synpunkt" in text
    assert Client().get(f"/oppet/liten/dialog/synpunkt/{said.pk}/").status_code == 404


def test_nobody_is_told_that_one_may_write_about_what_is_not_public(
    make_dialogue: MakeDialogue, liten: Municipality
) -> None:
    Subscription.objects.create(
        municipality=liten,
        kind="project",
        key="slottet",
        email="eva@exempel.se",
        origin="https://plan.example",
        confirmed_at=timezone.now(),
    )
    talk = make_dialogue(key="slottet", title=NAME, told_at=None)
    dialogue_setup.tell_if_open(talk)
    assert dialogue_setup.tell_opened() == 0
    assert not Outgoing.objects.exists()


def test_a_dialogue_that_is_a_draft_again_is_not_read_through_its_comments(
    dialogue: Dialogue,
) -> None:
    said = make_comment(dialogue, "Hemligt än.")
    assert "Hemligt än." in Client().get("/oppet/liten/projekt/bro/").content.decode()
    Dialogue.objects.update(state="draft")
    public_parts.forget()
    for path in ("projekt/bro/", "dialog/om/project/bro/", "dialog/"):
        page = Client().get(f"/oppet/liten/{path}").content.decode()
        assert "Hemligt än." not in page
    at = f"/oppet/liten/dialog/synpunkt/{said.pk}/"
    assert Client().get(at).status_code == 404
    assert Client().get(f"{at}anmal/").status_code == 404


def test_nothing_is_registered_in_a_draft(
    make_dialogue: MakeDialogue, client_for: ClientFor
) -> None:
    talk = make_dialogue(state="draft")
    at = f"/liten/dialog/{talk.pk}/for-in/"
    client = client_for("chef")
    sent = {
        "source": "phone",
        "received": timezone.localdate().isoformat(),
        "text": "Ring mig inte.",
    }
    for answer in (client.get(at), client.post(at, sent)):
        assert answer.status_code == 409
        assert "Dialogen är inte öppnad." in answer.content.decode()
    assert not Comment.objects.exists()
    page = f"/liten/dialog/{talk.pk}/"
    assert at not in client.get(page).content.decode()
    Dialogue.objects.update(state="open")
    assert at in client.get(page).content.decode()
    assert client.post(at, sent).status_code == 302
    assert Comment.objects.count() == 1


@pytest.fixture
def chief(client_for: ClientFor) -> User:
    """The chief of `liten`."""
    found: User = client_for("chef").user  # type: ignore[attr-defined]
    return found
