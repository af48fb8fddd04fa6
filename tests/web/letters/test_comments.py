"""Can residents write about a letter, from when it is public and no longer than that?"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.utils import timezone
from web.dialogue.conftest import make_comment

from rodtrad.web import dialogue, dialogue_setup, letter_due, letters
from rodtrad.web.models import Event
from rodtrad.web.models.dialogue import Comment, Dialogue
from rodtrad.web.models.following import Outgoing, Subscription
from rodtrad.web.models.letters import Letter

if TYPE_CHECKING:
    from django.http import HttpRequest
    from web.conftest import ClientFor
    from web.dialogue.conftest import Writes
    from web.letters.conftest import Write

    from rodtrad.web.models import Municipality, Publication

GIVEN = {"level": "dialog", "open_text": "Det som brevet tar upp.", "role": "Chefen"}


def take(client: Client, letter: Letter, **change: str) -> str:
    """Take comments on a letter as staff do, and return the page that follows."""
    at = f"/liten/brev/{letter.number}/synpunkter/"
    answer = client.post(at, {**GIVEN, **change}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def show(client: Client, said: Comment) -> None:
    """Let everyone read a comment, as staff do."""
    at = f"/liten/dialog/synpunkt/{said.pk}/granska/"
    client.post(at, {"act": "show", "revision": said.revision})
    said.refresh_from_db()
    assert said.state == Comment.State.SHOWN


def facts_of(talk: Dialogue) -> dict[str, object]:
    """Return what the form of a dialogue sends."""
    names = (
        *("title", "level", "open_text", "opens", "closes", "owner_role"),
        *("answer_days", "moderation", "state", "revision"),
    )
    return {name: getattr(talk, name) for name in names}


def reader(place: Municipality) -> Subscription:
    """Somebody who has asked for the letters by mail."""
    return Subscription.objects.create(
        municipality=place,
        kind="letters",
        email="eva@exempel.se",
        origin="https://plan.example",
        confirmed_at=timezone.now(),
    )


def test_a_letter_shows_its_dialogue_and_takes_comments(
    published: Publication,
    write: Write,
    asked: HttpRequest,
    client_for: ClientFor,
    writes: Writes,
) -> None:
    letter = letters.publish(asked, write())
    at = letters.letter_address(letter)
    assert "Hur mycket går att påverka?" not in Client().get(at).content.decode()
    client = client_for("administrator")
    page = take(client, letter)
    assert "Nu kan invånarna skriva om brevet." in page
    talk = Dialogue.objects.get()
    assert (talk.kind, talk.key, talk.title) == ("letter", "1", letter.title)
    assert talk.takes_comments()
    assert f"/liten/dialog/{talk.pk}/" in page
    for root in ("oppet", "open"):
        shown = Client().get(at.replace("oppet", root, 1)).content.decode()
        assert "Det som brevet tar upp." in shown
        assert f"/{root}/liten/dialog/{talk.pk}/skriv/?om=letter:1" in shown
    answer = writes(talk, "Tack för brevet!")
    assert answer.status_code == 303
    said = Comment.objects.get()
    assert (said.item_kind, said.item_key) == ("letter", "1")
    assert "Tack för brevet!" not in Client().get(at).content.decode()
    show(client, said)
    assert "Tack för brevet!" in Client().get(at).content.decode()
    # asked for once more, it is the same dialogue
    take(client, letter)
    assert Dialogue.objects.count() == 1


def test_one_that_waits_opens_with_the_letter_and_is_told_in_the_same_mail(
    published: Publication, write: Write, client_for: ClientFor, liten: Municipality
) -> None:
    reader(liten)
    letter = write(title="Hemlig rubrik")
    page = take(client_for("administrator"), letter)
    assert "när det är publicerat" in page
    talk = Dialogue.objects.get()
    assert talk.state == Dialogue.State.DRAFT
    # colleagues who answer residents do not see drafts of letters, nor open it early
    moderator = client_for("ekonom")
    listed = moderator.get("/liten/dialog/alla/").content.decode()
    assert f"/liten/dialog/{talk.pk}/" in listed
    assert "Hemlig rubrik" not in listed
    for state in ("open", "closed"):
        early = {**facts_of(talk), "state": state}
        answer = moderator.post(f"/liten/dialog/{talk.pk}/andra/", early)
        assert answer.status_code == 422
        assert "Brevet är inte publicerat." in answer.content.decode()
    for path in ("dialog/", f"dialog/{talk.pk}/", "", "brev/"):
        text = Client().get(f"/oppet/liten/{path}").content.decode()
        assert "Hemlig rubrik" not in text
    assert Client().get(f"/oppet/liten/dialog/{talk.pk}/").status_code == 404
    # a fortnight later the worker publishes it
    Dialogue.objects.update(
        opens=talk.opens - dt.timedelta(days=14),
        closes=talk.closes - dt.timedelta(days=14),
    )
    Letter.objects.update(state=Letter.State.SCHEDULED, publish_at=timezone.now())
    assert letter_due.publish_due() == 1
    talk.refresh_from_db()
    today = timezone.localdate()
    assert (talk.state, talk.opens) == (Dialogue.State.OPEN, today)
    assert talk.closes == today + dt.timedelta(days=60)
    mail = Outgoing.objects.get()
    assert f"\nhttps://plan.example/oppet/liten/dialog/{talk.pk}/\n" in mail.text
    letter.refresh_from_db()
    assert f"\nhttps://plan.example{letters.letter_address(letter)}\n" in mail.text
    event = Event.objects.get(action="dialogue.changed")
    assert (event.actor, event.object_key) == (None, str(talk.pk))


def test_nobody_is_written_to_twice_about_a_letter(
    published: Publication,
    write: Write,
    asked: HttpRequest,
    client_for: ClientFor,
    liten: Municipality,
) -> None:
    reader(liten)
    letter = letters.publish(asked, write())
    take(client_for("administrator"), letter)
    dialogue_setup.tell_opened()
    mail = Outgoing.objects.get()
    assert mail.subject == letter.title


def test_what_was_said_of_a_letter_goes_and_comes_with_it(
    published: Publication,
    write: Write,
    asked: HttpRequest,
    client_for: ClientFor,
    writes: Writes,
) -> None:
    letter = letters.publish(asked, write())
    take(client_for("administrator"), letter)
    talk = Dialogue.objects.get()
    writes(talk, "Tack för brevet!")
    Comment.objects.update(state="shown")
    pages = (
        letters.letter_address(letter),
        f"/oppet/liten/dialog/{talk.pk}/",
        f"/oppet/liten/dialog/{talk.pk}/skriv/",
        f"/oppet/liten/dialog/synpunkt/{Comment.objects.get().pk}/",
        f"/oppet/liten/dialog/synpunkt/{Comment.objects.get().pk}/anmal/",
        "/oppet/liten/dialog/om/letter/1/",
    )
    for path in pages:
        assert Client().get(path).status_code == 200, path
    letters.withdraw(asked, letter, "Fel bild.")
    for path in pages:
        assert Client().get(path).status_code == 404, path
    assert letter.title not in Client().get("/oppet/liten/dialog/").content.decode()
    letters.publish(asked, letter)
    for path in pages:
        assert Client().get(path).status_code == 200, path
    # it is open until the same day as before, and nobody is told once more
    again = Dialogue.objects.get()
    assert (again.state, again.closes) == (Dialogue.State.OPEN, talk.closes)
    assert not Outgoing.objects.exists()


def test_a_dialogue_is_called_what_the_letter_is_called(
    published: Publication, write: Write, asked: HttpRequest, client_for: ClientFor
) -> None:
    letter = letters.publish(asked, write())
    take(client_for("administrator"), letter)
    said = make_comment(Dialogue.objects.get(), item_name=letter.title)
    letters.write(asked, letter, {"title": "Utan namn"}, letter.revision)
    assert Dialogue.objects.get().title == "Utan namn"
    said.refresh_from_db()
    assert said.item_name == "Utan namn"
    # also one that gets its new name while it is taken back
    letter = letters.withdraw(asked, letter, "Fel.")
    letter, _faults = letters.write(asked, letter, {"title": "Åter"}, letter.revision)
    letters.publish(asked, letter)
    said.refresh_from_db()
    assert said.item_name == "Åter"


def test_one_that_waits_is_taken_away_again_and_with_its_draft(
    published: Publication, write: Write, asked: HttpRequest, client_for: ClientFor
) -> None:
    client = client_for("administrator")
    letter = write()
    take(client, letter)
    at = f"/liten/brev/{letter.number}/"
    client.post(f"{at}synpunkter/", {"ta-inte-emot": "1"})
    assert not Dialogue.objects.exists()
    take(client, letter)
    letters.remove(asked, letter)
    assert not Dialogue.objects.exists()
    assert Event.objects.filter(action="dialogue.removed").count() == 2
    # the next letter has the same number, and no dialogue
    second = letters.publish(asked, write())
    assert second.number == letter.number
    assert letters.dialogue_of(second) is None
    # one that residents have seen stays
    take(client, second)
    client.post(f"{at}synpunkter/", {"ta-inte-emot": "1"})
    assert Dialogue.objects.get().takes_comments()


@pytest.mark.parametrize(
    "change",
    [{"open_text": ""}, {"role": ""}, {"level": "x"}, {"role": "a" * 81}],
)
def test_one_that_promises_nothing_is_not_opened(
    change: dict[str, str],
    published: Publication,
    write: Write,
    client_for: ClientFor,
) -> None:
    take(client_for("administrator"), write(), **change)
    assert not Dialogue.objects.exists()


def test_information_needs_nothing_to_influence(
    published: Publication, write: Write, client_for: ClientFor
) -> None:
    take(client_for("administrator"), write(), level="information", open_text="")
    assert Dialogue.objects.get().level == "information"


def test_an_answer_to_a_letter_s_comment_is_public(
    published: Publication, write: Write, asked: HttpRequest, client_for: ClientFor
) -> None:
    letter = letters.publish(asked, write())
    client = client_for("administrator")
    take(client, letter)
    said = dialogue.take_in(
        Dialogue.objects.get(), letters.item_of(letter), dialogue.Words("Hur går det?")
    )
    at = f"/liten/dialog/synpunkt/{said.pk}/"
    show(client, said)
    given = {"outcome": "andrat", "text": "Det går bra.", "role": "Chefen"}
    client.post(f"{at}svar/", {**given, "revision": 0, "state_revision": said.revision})
    assert (
        "Det går bra." in Client().get(letters.letter_address(letter)).content.decode()
    )
