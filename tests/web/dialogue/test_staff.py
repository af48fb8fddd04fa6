"""Do staff see what is owed first, and is every act theirs, logged and undone by no other?"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone
from web.dialogue.conftest import make_comment

from rodtrad.web import dialogue as acts
from rodtrad.web import dialogue_setup
from rodtrad.web.models import Event, Membership
from rodtrad.web.models.dialogue import AbuseReport, Answer, Comment, Dialogue, Theme
from rodtrad.web.models.following import Outgoing, Subscription

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries
    from web.conftest import ClientFor
    from web.dialogue.conftest import MakeDialogue

    from rodtrad.web.models import Publication

State = Comment.State
TODAY = dt.timedelta(days=1)


@pytest.fixture
def chef(client_for: ClientFor) -> Client:
    """A browser in which the chief is logged in."""
    return client_for("chef")


def at(comment: Comment, act: str = "") -> str:
    return f"/liten/dialog/synpunkt/{comment.pk}/{act}"


def send(client: Client, comment: Comment, where: str, **more: Any) -> Any:
    comment.refresh_from_db()
    sent = {"state_revision": comment.revision, "revision": comment.revision, **more}
    return client.post(at(comment, where), sent)


def said(page: Any) -> str:
    text: str = page.content.decode().replace("\u00a0", " ")
    return text


def actions() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("action", flat=True))


# ---------------------------------------------------------------- the queue


def test_what_is_due_first_stands_first(
    chef: Client,
    dialogue: Dialogue,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    day = timezone.localdate()
    for n, text in ((9, "Sist"), (-2, "Försenad"), (3, "Mitten")):
        make_comment(dialogue, text, due=day + dt.timedelta(days=n))
    for i in range(30):
        make_comment(dialogue, f"Fyllnad {i}", due=day + dt.timedelta(days=20))
    with django_assert_max_num_queries(12):
        page = said(chef.get("/liten/dialog/?visa=svara"))
    assert page.index("Försenad") < page.index("Mitten") < page.index("Sist")
    assert "1 svar är försenat" in page
    make_comment(dialogue, "Läs mig", state=State.WAITING)
    reported = make_comment(dialogue, "Anmäld")
    AbuseReport.objects.create(comment=reported)
    Comment.objects.filter(pk=reported.pk).update(reports=1)
    page = said(chef.get("/liten/dialog/"))
    assert page.index("Anmäld") < page.index("Läs mig")
    assert "Fyllnad" not in page


def test_what_nobody_confirmed_is_not_seen_by_staff(
    chef: Client, dialogue: Dialogue
) -> None:
    hidden = make_comment(dialogue, "Obekräftad", state=State.UNCONFIRMED)
    assert chef.get(at(hidden)).status_code == 404
    assert "Obekräftad" not in said(chef.get("/liten/dialog/?visa=alla"))


# ---------------------------------------------------------------- reading


def test_a_comment_is_shown_then_hidden_with_a_reason(
    chef: Client, dialogue: Dialogue
) -> None:
    comment = make_comment(dialogue, "Läs mig", state=State.WAITING, held_for="Läs")
    assert send(chef, comment, "granska/", act="show").status_code == 302
    comment.refresh_from_db()
    assert (comment.state, comment.held_for) == (State.SHOWN, "")
    assert send(chef, comment, "granska/", act="hide").status_code == 422
    answer = send(
        chef, comment, "granska/", act="hide", why="ad", reason="Säljer bilar"
    )
    assert answer.status_code == 302
    comment.refresh_from_db()
    assert (comment.state, comment.removed_why) == (State.HIDDEN, "ad")
    assert actions()[-2:] == ["comment.shown", "comment.hidden"]
    event = Event.objects.latest("pk")
    assert event.note == "Säljer bilar"
    assert event.before is not None
    assert event.before["state"] == "shown"
    assert "Läs mig" not in str(Event.objects.values())


def test_a_hidden_reply_is_taken_from_the_threads_number(
    chef: Client, dialogue: Dialogue
) -> None:
    root = make_comment(dialogue, reply_count=1)
    reply = make_comment(dialogue, "Svar", thread=root, parent=root, place=1, due=None)
    send(chef, reply, "granska/", act="hide", why="twice")
    root.refresh_from_db()
    assert root.reply_count == 0
    send(chef, reply, "granska/", act="show")
    root.refresh_from_db()
    assert root.reply_count == 1


def test_two_who_read_at_once_do_not_undo_each_other(
    chef: Client, client_for: ClientFor, dialogue: Dialogue
) -> None:
    comment = make_comment(dialogue, state=State.WAITING)
    other = client_for("ekonom")
    sent = {"revision": 0, "state_revision": 0, "act": "hide", "why": "threat"}
    assert chef.post(at(comment, "granska/"), sent).status_code == 302
    late = other.post(at(comment, "granska/"), {**sent, "act": "show"})
    assert late.status_code == 409
    assert "Någon annan har ändrat" in said(late)
    comment.refresh_from_db()
    assert comment.state == State.HIDDEN


@pytest.mark.parametrize("lost", ["role", "membership"])
def test_a_moderator_who_loses_the_role_midway_changes_nothing(
    chef: Client, dialogue: Dialogue, lost: str
) -> None:
    comment = make_comment(dialogue, state=State.WAITING)
    theme = Theme.objects.create(dialogue=dialogue, name="Trafik")
    assert chef.get(at(comment)).status_code == 200
    member = Membership.objects.get(user=chef.user)  # type: ignore[attr-defined]
    if lost == "role":
        member.role = "lasare"
        member.save()
    else:
        member.delete()
    before = Event.objects.count()
    tried: tuple[tuple[str, dict[str, Any]], ...] = (
        (at(comment, "granska/"), {"act": "show", "revision": 0}),
        (at(comment, "gallra/"), {"namn": "1", "state_revision": 0}),
        (at(comment, "tema/"), {"theme": theme.pk, "state_revision": 0}),
        (at(comment, "svar/"), {"outcome": "andrat", "text": "x", "role": "x"}),
        (f"/liten/dialog/tema/{theme.pk}/svar/", {"outcome": "andrat"}),
        (f"/liten/dialog/{dialogue.pk}/andra/", {"title": "Kapad"}),
        ("/liten/dialog/mejl/", {}),
    )
    for path, sent in tried:
        answer = chef.post(path, sent)
        assert answer.status_code == (403 if lost == "role" else 302), path
        if lost == "membership":  # the session has ended
            assert answer.headers["Location"].startswith("/konto/login/")
    comment.refresh_from_db()
    assert (comment.state, comment.revision, comment.theme) == (State.WAITING, 0, None)
    assert not Answer.objects.exists()
    assert Event.objects.count() == before


# ---------------------------------------------------------------- thinning


def test_findings_are_seen_before_they_are_taken_out_for_good(
    chef: Client, dialogue: Dialogue
) -> None:
    text = "Eva Ek, 070-123 45 67, vill ha en bro. Skriv till eva@exempel.se."
    comment = make_comment(dialogue, text, name="Eva Ek")
    page = said(chef.get(at(comment, "gallra/")))
    assert "070-123 45 67" in page
    assert "(telefonnummer borttaget)" in page
    comment.refresh_from_db()
    assert comment.text == text
    only = said(chef.get(at(comment, "gallra/"), {"bort": ["1"]}))
    assert "Eva Ek, (telefonnummer borttaget)" in only
    answer = send(chef, comment, "gallra/", bort=["1", "2"], namn="1")
    assert answer.status_code == 302
    comment.refresh_from_db()
    assert comment.text == (
        "Eva Ek, (telefonnummer borttaget), vill ha en bro. Skriv till "
        "(e-postadress borttaget)."
    )
    assert comment.name == ""
    assert comment.thinned_at is not None
    assert actions()[-1] == "comment.thinned"
    everything = str(list(Event.objects.values()))
    assert "070-123" not in everything
    assert "eva@exempel.se" not in everything
    public = said(Client().get("/oppet/liten/projekt/bro/"))
    assert "070-123" not in public
    assert "uppgifter om personer är borttagna" in public


def test_thinning_what_has_changed_takes_nothing_else_out(
    chef: Client, dialogue: Dialogue
) -> None:
    comment = make_comment(dialogue, "Ring 070-123 45 67", revision=4)
    late = chef.post(at(comment, "gallra/"), {"bort": ["0"], "state_revision": 3})
    assert late.status_code == 409
    comment.refresh_from_db()
    assert "070" in comment.text


def test_a_plan_of_ones_own_is_opened_from_the_comment(
    chef: Client, dialogue: Dialogue
) -> None:
    comment = make_comment(dialogue, "Gör så här.", plan="AQEBAgMEBQYH")
    assert 'href="/oppet/liten/prova/AQEBAgMEBQYH/"' in said(chef.get(at(comment)))
    assert "Egen plan" not in said(chef.get(at(make_comment(dialogue, "Ingen."))))


# ---------------------------------------------------------------- answering


def answered(client: Client, comment: Comment, **more: Any) -> Any:
    answer = Answer.objects.filter(comment=comment).first()
    comment.refresh_from_db()
    sent = {
        "outcome": "andrat",
        "text": "Vi har ändrat.",
        "role": "Fastighetschefen",
        "revision": answer.revision if answer else 0,
        "state_revision": comment.revision,
        **more,
    }
    return client.post(at(comment, "svar/"), sent)


def test_an_answer_is_public_counted_and_logged(
    chef: Client, dialogue: Dialogue
) -> None:
    four = timezone.now() - dt.timedelta(days=4)
    comment = make_comment(dialogue, "Fråga", received_at=four)
    assert answered(chef, comment).status_code == 302
    comment.refresh_from_db()
    assert comment.days == 4
    assert comment.answered_at is not None
    page = said(Client().get("/oppet/liten/projekt/bro/"))
    assert "Fastighetschefen svarar" in page
    assert "Vi har ändrat." in page
    assert "1 synpunkt, 1 har fått svar." in page
    assert answered(chef, comment, text="Vi har ändrat mer.").status_code == 302
    assert actions()[-2:] == ["answer.given", "answer.changed"]
    last = Event.objects.latest("pk")
    assert last.before == {"text": "Vi har ändrat."}


def test_a_no_says_because_and_what_is_left_says_when(
    chef: Client, dialogue: Dialogue
) -> None:
    comment = make_comment(dialogue, "Fråga")
    refused = answered(chef, comment, outcome="inte_andrat", text="Det går inte.")
    assert refused.status_code == 422
    assert "Börja svaret med ”Därför att”." in said(refused)
    assert "Det går inte." in said(refused)
    day = timezone.localdate()
    assert answered(chef, comment, outcome="kvar", text="Vi prövar.").status_code == 422
    past = (day - TODAY).isoformat()
    assert (
        answered(chef, comment, outcome="kvar", text="x", due=past).status_code == 422
    )
    soon = day + dt.timedelta(days=40)
    left = answered(
        chef, comment, outcome="kvar", text="Vi prövar.", due=soon.isoformat()
    )
    assert left.status_code == 302
    comment.refresh_from_db()
    assert (comment.answered_at, comment.days, comment.due) == (None, None, soon)
    assert "1 synpunkt, 0 har fått svar." in said(
        Client().get("/oppet/liten/projekt/bro/")
    )
    yes = answered(chef, comment, outcome="inte_andrat", text="Därför att det är dyrt.")
    assert yes.status_code == 302
    assert Answer.objects.get().due is None


def test_two_who_answer_at_once_see_each_others_words(
    chef: Client, client_for: ClientFor, dialogue: Dialogue
) -> None:
    comment = make_comment(dialogue, "Fråga")
    other = client_for("ekonom")
    assert answered(chef, comment, text="Den förstas svar.").status_code == 302
    late = answered(other, comment, text="Den andras svar.", revision=0)
    assert late.status_code == 409
    assert "Den förstas svar." in said(late)
    assert "Den andras svar." in said(late)
    assert Answer.objects.get().text == "Den förstas svar."


def test_what_is_not_shown_is_not_answered(chef: Client, dialogue: Dialogue) -> None:
    comment = make_comment(dialogue, state=State.WAITING)
    assert answered(chef, comment).status_code == 409
    assert not Answer.objects.exists()


def test_a_theme_is_answered_once_for_all(chef: Client, dialogue: Dialogue) -> None:
    one, two = make_comment(dialogue, "Ett"), make_comment(dialogue, "Två")
    own = make_comment(dialogue, "Eget")
    answered(chef, own, text="Eget svar.")
    for comment in (one, two, own):
        assert send(chef, comment, "tema/", name="Trafik").status_code == 302
    theme = Theme.objects.get()
    sent = {
        "outcome": "andrat",
        "text": "Vi flyttar vägen.",
        "role": "X",
        "revision": 0,
    }
    assert chef.post(f"/liten/dialog/tema/{theme.pk}/svar/", sent).status_code == 302
    for comment in (one, two, own):
        comment.refresh_from_db()
        assert comment.answered_at is not None
    page = said(Client().get("/oppet/liten/projekt/bro/"))
    assert page.count("Vi flyttar vägen.") == 2
    assert "Av 3 synpunkter har 3 fått svar." in page
    # a comment that is placed there later is answered too, and one that leaves is owed
    late = make_comment(dialogue, "Sen")
    send(chef, late, "tema/", theme=theme.pk)
    assert Comment.objects.get(pk=late.pk).answered_at is not None
    send(chef, late, "tema/", theme="")
    assert Comment.objects.get(pk=late.pk).answered_at is None
    stale = chef.post(f"/liten/dialog/tema/{theme.pk}/svar/", {**sent, "text": "Annat"})
    assert stale.status_code == 409


def by_theme(client: Client, theme: Theme, **more: Any) -> Any:
    sent = {"outcome": "andrat", "text": "Ja.", "role": "X", "revision": 0, **more}
    return client.post(f"/liten/dialog/tema/{theme.pk}/svar/", sent)


def wants(comment: Comment, email: str = "eva@exempel.se") -> None:
    """Let the writer of a comment have the answer by mail."""
    Subscription.objects.create(
        municipality=comment.municipality,
        kind="comment",
        key=str(comment.pk),
        email=email,
        origin="http://testserver",
        confirmed_at=timezone.now(),
    )


def days_ago(n: int) -> dt.datetime:
    return timezone.now() - dt.timedelta(days=n)


def test_an_answer_that_is_reworded_keeps_its_day_and_is_not_mailed_again(
    chef: Client, dialogue: Dialogue
) -> None:
    comment = make_comment(dialogue, "Fråga", received_at=days_ago(9))
    wants(comment)
    answered(chef, comment)
    # that was three days ago
    Comment.objects.update(answered_at=days_ago(3), days=6)
    Answer.objects.update(answered_at=days_ago(3))
    first = Answer.objects.get().answered_at
    assert answered(chef, comment, text="Vi har ändrat, så här.").status_code == 302
    comment.refresh_from_db()
    answer = Answer.objects.get()
    assert (answer.answered_at, comment.days) == (first, 6)
    assert answer.changed_at is not None
    assert comment.answered_at is not None
    assert comment.answered_at < days_ago(2)
    assert "Svaret ändrades" in said(Client().get("/oppet/liten/projekt/bro/"))
    assert Outgoing.objects.count() == 1
    answered(chef, comment, outcome="inte_andrat", text="Därför att det är dyrt.")
    assert Outgoing.objects.count() == 2
    # what is taken up again is owed again, and settled on another day
    soon = (timezone.localdate() + TODAY).isoformat()
    answered(chef, comment, outcome="kvar", text="Vi prövar igen.", due=soon)
    assert Comment.objects.get(answered_at=None) == comment
    answered(chef, comment)
    comment.refresh_from_db()
    assert comment.days == 9


def test_one_placed_under_an_answered_theme_is_answered_that_day_and_told(
    chef: Client, dialogue: Dialogue
) -> None:
    theme = Theme.objects.create(dialogue=dialogue, name="Trafik")
    Answer.objects.create(
        theme=theme, outcome="andrat", text="Ja.", role="X", answered_at=days_ago(30)
    )
    late = make_comment(dialogue, "Sen", received_at=days_ago(5))
    wants(late)
    assert send(chef, late, "tema/", theme=theme.pk).status_code == 302
    late.refresh_from_db()
    assert late.days == 5
    assert late.answered_at is not None
    assert late.answered_at > days_ago(1)
    assert Outgoing.objects.get().to == "eva@exempel.se"
    # the same theme once more changes nothing
    send(chef, late, "tema/", theme=theme.pk)
    assert Outgoing.objects.count() == 1


def test_a_theme_s_answer_is_for_those_that_are_shown(
    chef: Client, dialogue: Dialogue
) -> None:
    theme = Theme.objects.create(dialogue=dialogue, name="Trafik")
    rows = {
        state: make_comment(dialogue, state, theme=theme, state=state)
        for state in State.values
    }
    for state, comment in rows.items():
        wants(comment, f"{state}@exempel.se")
    by_theme(chef, theme)
    assert [mail.to for mail in Outgoing.objects.all()] == ["shown@exempel.se"]
    assert (Event.objects.latest("pk").after or {})["n"] == 1
    settled = Comment.objects.exclude(answered_at=None)
    assert [one.state for one in settled] == [State.SHOWN]
    # what is read first is answered, and told of it, when it is shown
    send(chef, rows[State.WAITING], "granska/", act="show")
    assert Comment.objects.get(pk=rows[State.WAITING].pk).answered_at is not None
    assert {mail.to for mail in Outgoing.objects.all()} == {
        "shown@exempel.se",
        "waiting@exempel.se",
    }


def test_two_first_answers_to_a_theme_at_once_are_not_both_stored(
    chef: Client, dialogue: Dialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    theme = Theme.objects.create(dialogue=dialogue, name="Trafik")
    store = acts.answer_theme

    def late(request: Any, theme: Theme, answer: Answer, *, revision: int) -> int:
        # somebody else's answer is stored after the form was read, before the lock
        Answer.objects.create(
            theme=theme, outcome="andrat", text="Den förstas.", role="X", revision=1
        )
        return store(request, theme, answer, revision=revision)

    monkeypatch.setattr(acts, "answer_theme", late)
    answer = by_theme(chef, theme, text="Den andras.")
    assert answer.status_code == 409
    assert "Den förstas." in said(answer)
    assert "Den andras." in said(answer)
    assert Answer.objects.get().text == "Den förstas."


@pytest.mark.parametrize("digits", ["²", "٣", "9" * 30])
def test_what_only_looks_like_a_number_is_no_fault(
    chef: Client, dialogue: Dialogue, digits: str
) -> None:
    comment = make_comment(dialogue, "Ring 070-123 45 67")
    for act in ("tema/", "gallra/"):
        sent = {"theme": digits, "bort": [digits], "state_revision": digits}
        assert chef.post(at(comment, act), sent).status_code in (302, 404, 409)
    comment.refresh_from_db()
    assert comment.revision == 0


def test_themes_are_renamed_and_an_answered_one_is_kept(
    chef: Client, dialogue: Dialogue
) -> None:
    add = f"/liten/dialog/{dialogue.pk}/teman/"
    for name in ("Trafik", "trafik", "Ekonomi"):
        assert chef.post(add, {"name": name}).status_code == 302
    assert [one.name for one in Theme.objects.all()] == ["Ekonomi", "Trafik"]
    traffic = Theme.objects.get(name="Trafik")
    change = f"/liten/dialog/tema/{traffic.pk}/"
    taken = chef.post(change, {"act": "rename", "name": "EKONOMI"})
    assert taken.status_code == 409
    assert chef.post(change, {"act": "rename", "name": "Väg"}).status_code == 302
    Answer.objects.create(theme=traffic, outcome="andrat", text="Ja.", role="X")
    assert chef.post(change, {"act": "remove"}).status_code == 409
    assert Theme.objects.filter(name="Väg").exists()


# ---------------------------------------------------------------- telephone and paper


def test_what_came_by_telephone_is_counted_as_the_others(
    chef: Client, dialogue: Dialogue
) -> None:
    path = f"/liten/dialog/{dialogue.pk}/for-in/"
    day = timezone.localdate() - dt.timedelta(days=3)
    sent = {"source": "phone", "received": day.isoformat(), "text": "Bygg bron."}
    assert chef.post(path, sent).status_code == 302
    comment = Comment.objects.get()
    assert (comment.source, comment.state) == ("phone", State.SHOWN)
    assert comment.due == day + dt.timedelta(days=14)
    assert "per telefon" in said(Client().get("/oppet/liten/projekt/bro/"))
    assert actions()[-1] == "comment.registered"
    ahead = (timezone.localdate() + TODAY).isoformat()
    assert chef.post(path, {**sent, "received": ahead}).status_code == 422


def test_personal_data_are_seen_before_they_are_stored(
    chef: Client, dialogue: Dialogue
) -> None:
    path = f"/liten/dialog/{dialogue.pk}/for-in/"
    day = timezone.localdate().isoformat()
    sent = {"source": "paper", "received": day, "text": "Ring 070-123 45 67."}
    asked = chef.post(path, sent)
    assert asked.status_code == 422
    assert "telefonnummer" in said(asked)
    assert not Comment.objects.exists()
    assert chef.post(path, {**sent, "seen": "1"}).status_code == 302


# ---------------------------------------------------------------- dialogues


def form_of(**change: Any) -> dict[str, Any]:
    day = timezone.localdate()
    return {
        "item": "project:bro",
        "title": "Hur ska bron se ut?",
        "level": "inflytande",
        "open_text": "Räcke och ljus.",
        "closed_text": "",
        "decides": "Kommunstyrelsen",
        "decides_at": "",
        "opens": day.isoformat(),
        "closes": (day + dt.timedelta(days=20)).isoformat(),
        "owner_role": "Gatuchefen",
        "answer_days": "10",
        "moderation": "before",
        "state": "open",
        **change,
    }


def test_a_dialogue_is_opened_told_of_once_and_changed(
    chef: Client, make_dialogue: MakeDialogue
) -> None:
    Subscription.objects.create(
        municipality=make_dialogue("theme", "x", state="draft").municipality,
        kind="project",
        key="bro",
        name="Bron",
        email="a@exempel.se",
        origin="http://testserver",
        confirmed_at=timezone.now(),
    )
    assert chef.post("/liten/dialog/ny/", form_of()).status_code == 302
    found = Dialogue.objects.get(title="Hur ska bron se ut?")
    assert (found.kind, found.key, found.owner) == ("project", "bro", chef.user)  # type: ignore[attr-defined]
    mail = Outgoing.objects.get()
    assert f"http://testserver/oppet/liten/dialog/{found.pk}/" in mail.text
    assert "inflytande" in said(Client().get("/oppet/liten/projekt/bro/"))
    again = chef.post("/liten/dialog/ny/", form_of(title="En till"))
    assert again.status_code == 422
    assert "En annan dialog om samma sak är öppen" in said(again)
    change = f"/liten/dialog/{found.pk}/andra/"
    sent = form_of(level="information", revision=found.revision)
    assert chef.post(change, sent).status_code == 302
    assert chef.post(change, sent).status_code == 409
    assert Outgoing.objects.count() == 1
    assert actions()[-2:] == ["dialogue.made", "dialogue.changed"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"closes": "2020-01-01"}, "Sista dagen kan inte komma före den första."),
        ({"decides_at": "2020-01-01"}, "Beslutet kan inte komma före"),
        ({"open_text": ""}, "Skriv vad som går att påverka"),
        ({"answer_days": "0"}, "1 till 90 dagar"),
        ({"item": "project:nej"}, "Vad gäller dialogen?"),
        ({"title": "x" * 200}, "Högst 160"),
    ],
)
def test_a_dialogue_that_promises_wrongly_is_refused(
    chef: Client, dialogue: Dialogue, change: dict[str, str], words: str
) -> None:
    answer = chef.post("/liten/dialog/ny/", form_of(**{"item": "plan:", **change}))
    assert answer.status_code == 422
    assert words in said(answer)
    assert Dialogue.objects.count() == 1


def test_without_a_public_plan_there_is_nothing_to_talk_about(
    client_for: ClientFor,
) -> None:
    answer = client_for("chef").get("/liten/dialog/ny/")
    assert answer.status_code == 409
    assert "Publicera en plan först" in said(answer)


# ---------------------------------------------------------------- mails


def test_mails_that_could_not_be_sent_are_seen_and_tried_again(
    chef: Client, dialogue: Dialogue
) -> None:
    Outgoing.objects.create(
        municipality=dialogue.municipality,
        once="x",
        to="hemlig@exempel.se",
        subject="Version 2",
        text="…",
        attempts=11,
        gave_up_at=timezone.now(),
        error="SMTPServerDisconnected",
    )
    page = said(chef.get("/liten/dialog/mejl/"))
    assert "1 mejl har inte gått fram" in page
    assert "hemlig@exempel.se" not in page
    assert chef.post("/liten/dialog/mejl/").status_code == 302
    mail = Outgoing.objects.get()
    assert (mail.gave_up_at, mail.attempts) == (None, 0)
    assert actions()[-1] == "mail.again"


def test_two_who_change_a_dialogue_at_once_do_not_undo_each_other(
    dialogue: Dialogue, chef: Client
) -> None:
    mine, theirs = (Dialogue.objects.get(pk=dialogue.pk) for _ in range(2))
    request = RequestFactory().post("/")
    request.user = chef.user  # type: ignore[attr-defined]
    request.municipality = dialogue.municipality  # type: ignore[attr-defined]
    for made, days in ((theirs, 20), (mine, 30)):
        before = dialogue_setup.facts(made)
        made.answer_days = days
        if made is mine:
            with pytest.raises(acts.StaleError):
                dialogue_setup.save(request, made, before)  # type: ignore[arg-type]
        else:
            dialogue_setup.save(request, made, before)  # type: ignore[arg-type]
    dialogue.refresh_from_db()
    assert dialogue.answer_days == 20


def test_what_must_be_filled_in_is_not_called_optional(
    chef: Client, dialogue: Dialogue
) -> None:
    page = said(chef.get(f"/liten/dialog/{dialogue.pk}/andra/"))
    (label,) = re.findall(r'<label for="id_open_text">(.*?)</label>', page)
    assert "frivilligt" not in label


def test_an_answer_that_is_saved_as_it_was_is_not_changed_and_its_version_is_logged(
    chef: Client, dialogue: Dialogue, published: Publication
) -> None:
    comment = make_comment(dialogue, "Fråga")
    for _twice in range(2):
        assert answered(chef, comment).status_code == 302
    assert Answer.objects.get().changed_at is None
    assert answered(chef, comment, publication=published.pk).status_code == 302
    assert Answer.objects.get().changed_at is not None
    event = Event.objects.filter(action="answer.changed").first()
    assert event is not None
    assert (event.before, event.after) == ({"version": None}, {"version": 1})
