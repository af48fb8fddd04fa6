"""Does a letter wait for its time, and does a fault that hinders it not go on for ever?"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NoReturn

from django.utils import timezone

from rodtrad.web import letter_due, letters
from rodtrad.web.models import Event
from rodtrad.web.models.following import Outgoing, Subscription
from rodtrad.web.models.letters import Letter

if TYPE_CHECKING:
    import pytest
    from django.http import HttpRequest
    from web.conftest import ClientFor
    from web.letters.conftest import Write

    from rodtrad.web.models import Municipality, Publication


def _fails(_who: object, _letter: Letter) -> NoReturn:
    raise RuntimeError("trasigt")


def test_what_a_fault_hinders_is_tried_again_after_longer_and_longer(
    write: Write,
    asked: HttpRequest,
    client_for: ClientFor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = timezone.now() + dt.timedelta(minutes=1)
    letter = letters.schedule(asked, write("Hej."), at)
    publish = letters.publish
    monkeypatch.setattr(letters, "publish", _fails)
    waits = []
    for _turn in range(5):
        assert letter_due.publish_due(at) == 0
        letter.refresh_from_db()
        assert letter.publish_at is not None
        assert letter_due.publish_due(letter.publish_at - dt.timedelta(seconds=1)) == 0
        waits.append((letter.publish_at - at).total_seconds() / 60)
        at = letter.publish_at
    assert waits == [1, 5, 15, 60, 60]
    # one event a try, not one a turn of the worker
    assert Event.objects.filter(action="letter.put_off").count() == 5
    client = client_for("administrator")
    for path in ("/liten/brev/", f"/liten/brev/{letter.number}/"):
        page = client.get(path).content.decode()
        assert "Ett nytt försök görs." in page, path
    monkeypatch.setattr(letters, "publish", publish)
    assert letter_due.publish_due(at) == 1
    letter.refresh_from_db()
    assert (letter.is_public, letter.fault) == (True, "")


def test_mails_that_wait_are_not_sent_of_a_letter_that_is_taken_back(
    published: Publication, write: Write, asked: HttpRequest, liten: Municipality
) -> None:
    for name in ("fick", "väntar"):
        Subscription.objects.create(
            municipality=liten,
            kind="letters",
            email=f"{name}@x.example",
            origin="https://plan.example",
            confirmed_at=timezone.now(),
        )
    letter = letters.publish(asked, write("Fel namn."))
    Outgoing.objects.filter(to="fick@x.example").update(sent_at=timezone.now())
    letter = letters.withdraw(asked, letter, "Ett namn.")
    assert [mail.to for mail in Outgoing.objects.all()] == ["fick@x.example"]
    # mended and published again, it goes to those who have not had it
    letters.write(asked, letter, {"text": "Rätt."}, letter.revision)
    letters.publish(asked, letter)
    waiting = Outgoing.objects.get(sent_at=None)
    assert waiting.to == "väntar@x.example"
    assert "Rätt." in waiting.text
    # much later nobody is written to: who had it then is known no more
    letter = letters.withdraw(asked, letter, "Igen.")
    Outgoing.objects.all().delete()
    Letter.objects.update(published_at=timezone.now() - dt.timedelta(days=31))
    letters.publish(asked, letter)
    assert not Outgoing.objects.exists()


def test_every_draft_is_found_and_what_waits_stands_first(
    write: Write, asked: HttpRequest, client_for: ClientFor, liten: Municipality
) -> None:
    waits = write("Väntar.", title="Den som väntar")
    letters.schedule(asked, waits, timezone.now() + dt.timedelta(days=1))
    Letter.objects.bulk_create(
        Letter(municipality=liten, number=n, slug=f"u{n}", title=f"U{n}.", text="x")
        for n in range(100, 320)
    )
    client = client_for("administrator")
    first = client.get("/liten/brev/").content.decode()
    assert "221 brev är inte publicerade" in first
    assert first.index("Den som väntar") < first.index("U319.")
    assert "U100." not in first
    last = client.get("/liten/brev/?utkast=5").content.decode()
    assert "U100." in last
    assert "?utkast=4" in last
