"""Does what the page about personal data promises really happen?

Every row of the application is searched for the address, so that one kept anywhere is
seen.
"""

from __future__ import annotations

import datetime as dt
import smtplib
from typing import TYPE_CHECKING

import pytest
from django.apps import apps
from django.db import models
from django.test import Client
from django.utils import timezone
from web.dialogue.conftest import make_comment

from rodtrad.web import (
    dialogue,
    dialogue_forget,
    errands,
    outgoing,
    subscriptions,
)
from rodtrad.web.models import Event
from rodtrad.web.models.dialogue import AbuseReport, Comment, Dialogue
from rodtrad.web.models.following import Outgoing, Subscription

if TYPE_CHECKING:
    from web.conftest import ClientFor
    from web.dialogue.conftest import MakeDialogue, Writes

    from rodtrad.web.models import Municipality, Publication

pytestmark = pytest.mark.usefixtures("published")

ADDRESS = "eva.lund@exempel.se"
MOVED = (Subscription, Outgoing, Comment)


def kept() -> set[str]:
    """Return the tables in which the address, or the hash of it, stands."""
    code = subscriptions.mail_hash(ADDRESS)
    found = set()
    for model in apps.get_app_config("web").get_models():
        for row in model._base_manager.values_list():
            text = str(row).casefold()
            if ADDRESS in text or code in text:
                found.add(model.__name__)
    return found


def days_pass(days: int) -> None:
    """Let everything have happened so many days earlier, and do every errand."""
    for model in MOVED:
        for field in model._meta.concrete_fields:
            if isinstance(field, models.DateTimeField):
                rows = model._base_manager.exclude(**{field.name: None})
                earlier = models.F(field.name) - dt.timedelta(days=days)
                rows.update(**{field.name: earlier})
    for name, _seconds in errands.ERRANDS:
        if name.endswith(":forget_old"):
            errands.do(name)


def sent() -> None:
    """Let every mail have gone away now."""
    Outgoing.objects.filter(sent_at=None).update(sent_at=timezone.now())


def test_the_page_says_what_the_program_does(published: Publication) -> None:
    text = Client().get("/oppet/liten/personuppgifter/").content.decode()
    for days in (
        dialogue.CONFIRM_DAYS,
        subscriptions.CONFIRM_DAYS,
        subscriptions.ANSWERED_DAYS,
        outgoing.KEEP_SENT.days,
        outgoing.KEEP_STUCK.days,
    ):
        assert f" {days} dagar" in text
    assert "Valsedeln är anonym" in text
    english = Client().get("/open/liten/personuppgifter/")
    assert english.status_code == 200
    assert " 24 månader" in text
    done = {name for name, _seconds in errands.ERRANDS}
    assert "rodtrad.web.dialogue_forget:thin_old" in done
    assert {
        f"rodtrad.web.{name}:forget_old"
        for name in ("dialogue", "subscriptions", "outgoing", "throttle")
    } <= done


def test_a_comment_that_nobody_confirmed_leaves_no_address(
    make_dialogue: MakeDialogue, writes: Writes
) -> None:
    talk = make_dialogue(confirm_email=True)
    assert writes(talk, "Hej", epost=ADDRESS, svar="on").status_code == 303
    sent()
    assert kept() == {"Comment", "Subscription", "Outgoing"}
    days_pass(6)
    assert kept() == {"Comment", "Subscription", "Outgoing"}
    days_pass(2)
    assert kept() == {"Outgoing"}
    assert not Comment.objects.exists()
    days_pass(23)
    assert kept() == set()


def test_an_address_is_kept_until_the_answer_has_come_and_a_month_more(
    make_dialogue: MakeDialogue, writes: Writes
) -> None:
    talk = make_dialogue(confirm_email=True)
    writes(talk, "Hej", epost=ADDRESS, svar="on")
    comment = Comment.objects.get()
    dialogue.confirm(comment)
    Subscription.objects.update(confirmed_at=timezone.now())
    Comment.objects.update(state="shown")
    sent()
    days_pass(40)
    # an answer is owed however long it takes; the hash and the mails are gone
    assert kept() == {"Subscription"}
    Comment.objects.update(answered_at=timezone.now())
    days_pass(29)
    assert kept() == {"Subscription"}
    days_pass(2)
    assert kept() == set()
    assert Comment.objects.get().text == "Hej"


def test_one_who_waits_for_an_answer_that_never_comes_is_forgotten(
    liten: Municipality, make_dialogue: MakeDialogue
) -> None:
    hidden = make_comment(make_dialogue(), "Reklam", state="hidden")
    for key in (str(hidden.pk), "987654"):
        Subscription.objects.create(
            municipality=liten,
            kind="comment",
            key=key,
            email=ADDRESS,
            origin="http://testserver",
            confirmed_at=timezone.now(),
        )
    days_pass(31)
    assert kept() == set()


def test_who_follows_stays_and_one_who_leaves_is_gone_at_once(
    liten: Municipality,
) -> None:
    for kind in ("plan", "letters"):
        Subscription.objects.create(
            municipality=liten,
            kind=kind,
            email=ADDRESS,
            origin="http://testserver",
            confirmed_at=timezone.now(),
        )
    subscriptions.tell(liten, "plan", "", once="x", write=lambda _code: ("Hej", "Hej"))
    days_pass(400)
    assert kept() == {"Subscription", "Outgoing"}
    subscriptions.end(Subscription.objects.all())
    assert kept() == set()


def test_a_mail_that_could_not_be_sent_is_not_kept_for_ever(
    liten: Municipality,
) -> None:
    outgoing.queue("x", ADDRESS, "Hej", "Hej", municipality=liten)
    Outgoing.objects.update(gave_up_at=timezone.now())
    days_pass(outgoing.KEEP_STUCK.days - 1)
    assert kept() == {"Outgoing"}
    days_pass(2)
    assert kept() == set()


def test_a_closed_dialogue_is_thinned_out_when_its_time_has_come(
    liten: Municipality, make_dialogue: MakeDialogue, client_for: ClientFor
) -> None:
    words = "Bygg bron. Ring Eva Lund, 070-123 45 67."
    client = client_for("chef")
    today = timezone.localdate()
    closes = dialogue_forget.months_before(today, 5)
    opens = closes - dt.timedelta(days=30)
    old = make_dialogue(opens=opens, closes=closes, state="closed")
    said = make_comment(old, words, name="Eva Lund")
    plain = make_comment(old, "Bygg inte.")
    hidden = make_comment(
        old, words, state="hidden", removed_reason="Eva Lund bad om det"
    )
    AbuseReport.objects.create(comment=said, text="Det är Eva Lund.", handled_at=None)
    new = make_comment(make_dialogue("plan", ""), words, name="Eva Lund")
    before = Comment.objects.in_bulk()
    assert dialogue_forget.thin_old() == 0  # 24 months, until somebody says otherwise
    at = "/liten/dialog/gallring/"
    for wrong in ("0", "121", "x", ""):
        assert client.post(at, {"months": wrong}).status_code == 422
    assert client.post(at, {"months": "6"}).status_code == 302
    assert dialogue_forget.thin_old() == 0
    assert client.post(at, {"months": "4"}).status_code == 302
    assert 'value="4"' in client.get("/liten/dialog/alla/").content.decode()
    assert "4 månader" in Client().get("/oppet/liten/personuppgifter/").content.decode()
    errands.do("rodtrad.web.dialogue_forget:thin_old")
    after = Comment.objects.in_bulk()
    told = after[said.pk]
    assert told.text.startswith("Bygg bron.")
    assert (told.name, "070" in told.text, "Lund" in told.text) == ("", False, False)
    assert (after[hidden.pk].text, after[hidden.pk].removed_reason) == ("", "")
    assert AbuseReport.objects.get().text == ""
    for one in (plain, new):
        assert after[one.pk].text == before[one.pk].text
        assert after[one.pk].thinned_at is None
    assert after[new.pk].name == "Eva Lund"
    event = Event.objects.get(action="dialogue.thinned")
    assert event.after == {"count": 3}
    assert "Lund" not in str(list(Event.objects.values()))
    # once is enough, until somebody opens it again
    assert dialogue_forget.thin_old() == 0
    Dialogue.objects.filter(pk=old.pk).update(closes=today)
    assert dialogue_forget.thin_old(today + dt.timedelta(days=130)) == 1


def test_a_server_s_words_about_an_address_are_kept_nowhere(
    liten: Municipality,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    outgoing.queue("x", ADDRESS, "Hej", "Hej", municipality=liten)
    said = b"5.1.1 <Eva.Lund@EXEMPEL.se> Eva Lund has left us"
    error = smtplib.SMTPRecipientsRefused({ADDRESS: (550, said)})

    def refuse(*_args: object) -> None:
        raise error

    monkeypatch.setattr(outgoing, "_message", refuse)
    outgoing.send_due()
    mail = Outgoing.objects.get()
    assert mail.error == "SMTPRecipientsRefused 550"
    assert "Lund" not in caplog.text
    assert "550" in caplog.text


def test_who_is_entered_by_name_after_the_thinning_is_thinned_out_too(
    make_dialogue: MakeDialogue,
) -> None:
    day = timezone.localdate() - dt.timedelta(days=4_000)
    talk = make_dialogue(opens=day, closes=day)
    assert dialogue_forget.thin_old() == 1
    assert dialogue_forget.thin_old() == 0
    late = make_comment(talk, "Kom på papper.", name="Eva Lund", source="paper")
    assert dialogue_forget.thin_old() == 1
    late.refresh_from_db()
    assert late.name == ""
    assert dialogue_forget.thin_old() == 0
