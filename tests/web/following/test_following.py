"""Does a resident get what is followed, once, only after confirming, and end it by a click?"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils import timezone
from web.dialogue.conftest import make_comment, stamp_in
from web.public.conftest import changed_data, public_data

from rodtrad.web import (
    dialogue_setup,
    following,
    outgoing,
    public_form,
    publishing,
    subscriptions,
)
from rodtrad.web.models.dialogue import Comment, Dialogue, RenamedProjects
from rodtrad.web.models.following import Outgoing, Subscription

if TYPE_CHECKING:
    from web.conftest import ClientFor
    from web.public.conftest import Finish

    from rodtrad.web.models import Municipality, Publication

pytestmark = pytest.mark.usefixtures("published")


def ask(
    what: str, email: str = "eva@exempel.se", query: str = "", **client: Any
) -> Any:
    """Ask to follow something, as a resident does."""
    browser = Client(**client)
    at = f"/oppet/liten/folj/{query}"
    page = browser.get(at).content.decode()
    sent = {"vad": what, "epost": email, public_form.STAMP: stamp_in(page)}
    answer = browser.post(at, sent)
    assert not browser.cookies
    return answer


def links(mail: Outgoing) -> list[str]:
    """Return the paths of a mail's links."""
    return re.findall(r"http://testserver(/\S+)", mail.text)


def follower(
    place: Municipality, kind: str, key: str = "", **change: Any
) -> Subscription:
    """Somebody who has confirmed."""
    facts = {
        "email": "eva@exempel.se",
        "origin": "http://testserver",
        "name": key,
        "confirmed_at": timezone.now(),
    }
    return Subscription.objects.create(
        municipality=place, kind=kind, key=key, **{**facts, **change}
    )


# ---------------------------------------------------------------- beginning


def test_nothing_is_sent_before_the_button_is_pressed(liten: Municipality) -> None:
    answer = ask("project:bro", query="?projekt=bro")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/oppet/liten/folj/skickat/"
    found = Subscription.objects.get()
    assert (found.kind, found.key, found.confirmed_at) == ("project", "bro", None)
    mail = Outgoing.objects.get()
    assert (mail.to, mail.sent_at) == ("eva@exempel.se", None)
    (confirm,) = links(mail)
    page = Client().get(confirm)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert Subscription.objects.get().confirmed_at is None
    assert Client().post(confirm).status_code == 200
    assert Subscription.objects.get().confirmed_at is not None
    assert Client().post(confirm).status_code == 200  # twice is as once


@pytest.mark.parametrize(
    ("query", "offered"),
    [
        ("", {"plan:", "letters:"}),
        (
            "?projekt=bro",
            {"project:bro", "area:byn", "theme:lagkrav", "plan:", "letters:"},
        ),
        ("?ort=centrum", {"area:centrum", "plan:", "letters:"}),
        ("?amne=lagkrav", {"theme:lagkrav", "plan:", "letters:"}),
        ("?projekt=finns-inte&ort=%00&amne=<b>", {"plan:", "letters:"}),
    ],
)
def test_what_may_be_followed_is_what_is_public(query: str, offered: set[str]) -> None:
    page = Client().get(f"/oppet/liten/folj/{query}").content.decode()
    assert set(re.findall(r'name="vad" value="([^"]*)"', page)) == offered


@pytest.mark.parametrize("what", ["project:skola", "x", "", "area:"])
def test_what_is_not_offered_is_not_followed(what: str) -> None:
    assert ask(what, query="?projekt=bro").status_code == 422
    assert not Outgoing.objects.exists()


@pytest.mark.parametrize(
    "email",
    [
        "",
        "eva",
        "eva@",
        "a@b.se\nBcc: x@y.se",
        "a@exempel.se, b@exempel.se",
        "x" * 300 + "@e.se",
    ],
)
def test_what_is_no_address_is_refused(email: str) -> None:
    assert ask("plan:", email).status_code == 422
    assert not Outgoing.objects.exists()


def test_nobody_learns_whether_an_address_follows(liten: Municipality) -> None:
    follower(liten, "plan")
    known, unknown = ask("plan:"), ask("plan:", "ny@exempel.se")
    assert known.status_code == unknown.status_code == 303
    assert known.headers["Location"] == unknown.headers["Location"]
    assert [mail.to for mail in Outgoing.objects.all()] == ["ny@exempel.se"]


def test_nobody_is_flooded_with_links_nor_shut_out_by_a_flooder() -> None:
    flooder = {"REMOTE_ADDR": "198.51.100.1"}
    for _ in range(5):
        assert ask("plan:", "offer@exempel.se", **flooder).status_code == 303
    assert Outgoing.objects.count() == 2
    for what in ("project:bro", "area:byn", "theme:lagkrav", "letters:") * 2:
        ask(what, "offer@exempel.se", "?projekt=bro", **flooder)
    assert Outgoing.objects.count() == 5
    # whose address it is asks from another place, and is let in
    assert ask("plan:", "offer@exempel.se", REMOTE_ADDR="203.0.113.9")
    assert Outgoing.objects.count() == 6
    # many who act together get no further than this in a day
    for i in range(20):
        ask("plan:", "offer@exempel.se", REMOTE_ADDR=f"198.52.{i}.1")
    assert Outgoing.objects.count() == subscriptions.ASKED_BY_ALL[0]


def test_asked_again_the_new_link_holds_as_long_as_it_says() -> None:
    ask("plan:")
    old = timezone.now() - dt.timedelta(days=6)
    Subscription.objects.update(asked_at=old)
    ask("plan:")
    assert Subscription.objects.get().asked_at > old
    Subscription.objects.update(asked_at=dt.timedelta(days=-2) + timezone.now())
    assert subscriptions.forget_old() == 0


def test_a_flood_from_one_place_is_stopped() -> None:
    said = [ask("plan:", f"n{i}@exempel.se").status_code for i in range(14)]
    assert said == [303] * 12 + [429] * 2


# ---------------------------------------------------------------- links


@pytest.mark.parametrize("page", ["bekrafta", "avsluta"])
@pytest.mark.parametrize(
    "token", ["1", "1:x", "1-2-3:abcdef", "x" * 3000, "%00", "-1:a:b"]
)
def test_forged_links_do_nothing(page: str, token: str, liten: Municipality) -> None:
    found = follower(liten, "plan")
    Subscription.objects.filter(pk=found.pk).update(confirmed_at=None)
    for method in ("get", "post"):
        answer = getattr(Client(), method)(f"/oppet/liten/folj/{page}/{token}/")
        assert answer.status_code == 404
        assert not answer.cookies
    found.refresh_from_db()
    assert (found.confirmed_at, found.ended_at) == (None, None)


def test_the_link_of_one_is_not_that_of_another(liten: Municipality) -> None:
    wishes = [follower(liten, kind) for kind in ("plan", "letters")]
    Subscription.objects.update(confirmed_at=None)
    mine, other = wishes
    for page, token in (
        ("bekrafta", subscriptions.confirm_token(mine)),
        ("avsluta", subscriptions.end_token([mine])),
    ):
        number, _colon, rest = token.partition(":")
        assert number == str(mine.pk)
        for forged in (f"{other.pk}:{rest}", f"{mine.pk}-{other.pk}:{rest}"):
            at = f"/oppet/liten/folj/{page}/{forged}/"
            assert Client().post(at).status_code == 404
    states = Subscription.objects.values_list("confirmed_at", "ended_at")
    assert set(states) == {(None, None)}


def test_a_link_of_one_kind_is_not_one_of_another(liten: Municipality) -> None:
    found = follower(liten, "plan")
    confirm, end = subscriptions.confirm_token(found), subscriptions.end_token([found])
    assert Client().post(f"/oppet/liten/folj/avsluta/{confirm}/").status_code == 404
    assert Client().post(f"/oppet/liten/folj/bekrafta/{end}/").status_code == 404
    assert Client().post(f"/oppet/liten/dialog/bekrafta/{confirm}/").status_code == 404


def test_an_old_link_says_so_and_the_wish_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask("plan:")
    (confirm,) = links(Outgoing.objects.get())
    monkeypatch.setattr(subscriptions, "CONFIRM_DAYS", -1)
    answer = Client().post(confirm)
    assert answer.status_code == 410
    assert "för gammal" in answer.content.decode()
    assert subscriptions.forget_old() == 1
    monkeypatch.undo()
    assert Client().post(confirm).status_code == 410


def test_one_click_ends_it_and_the_address_is_forgotten(liten: Municipality) -> None:
    found = follower(liten, "plan")
    subscriptions.tell(liten, "plan", "", once="x", write=lambda _code: ("Hej", "Text"))
    mail = Outgoing.objects.get()
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    at = mail.headers["List-Unsubscribe"].strip("<>").removeprefix("http://testserver")
    assert at in mail.text
    assert Client().get(at).status_code == 200
    assert Subscription.objects.get().ended_at is None  # reading ends nothing
    answer = Client().post(at, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    found.refresh_from_db()
    assert found.ended_at is not None
    assert found.email == ""
    assert not Outgoing.objects.exists()  # what waited to be sent is not sent
    again = Client().get(at)
    assert again.status_code == 200
    assert "Du följer ingenting här" in again.content.decode()


def test_one_ends_what_one_chooses(liten: Municipality) -> None:
    plan, bro = follower(liten, "plan"), follower(liten, "project", "bro")
    stranger = follower(liten, "plan", email="annan@exempel.se")
    at = f"/oppet/liten/folj/avsluta/{subscriptions.end_token([plan])}/"
    assert "projektet bro" in Client().get(at).content.decode()
    assert Client().post(at, {"bort": [stranger.pk]}).status_code == 422
    assert Client().post(at, {}).status_code == 422
    assert Client().post(at, {"bort": [bro.pk]}).status_code == 200
    left = Subscription.objects.alive().values_list("pk", flat=True)
    assert set(left) == {plan.pk, stranger.pk}


def test_what_waits_about_what_one_left_is_not_sent(liten: Municipality) -> None:
    plan, bro = follower(liten, "plan"), follower(liten, "project", "bro")
    for kind, key in (("plan", ""), ("project", "bro")):
        subscriptions.tell(
            liten, kind, key, once=f"x-{kind}", write=lambda _code: ("Hej", "Text")
        )
    both = subscriptions._mail("version:9", [plan, bro], "Ny version", "Text")
    both.save()
    ask("letters:")
    subscriptions.end([bro])
    left = Outgoing.objects.values_list("subject", "once")
    assert {once.split(":")[0] for _subject, once in left} == {
        "x-plan",
        "version",
        "confirm",
    }
    subscriptions.end([plan])
    assert [mail.once.split(":")[0] for mail in Outgoing.objects.all()] == ["confirm"]
    subscriptions.end(Subscription.objects.filter(kind="letters"))
    assert not Outgoing.objects.exists()


# ---------------------------------------------------------------- telling


def test_only_our_own_paths_get_a_host(liten: Municipality) -> None:
    follower(liten, "plan")
    at = "/oppet/liten/andrat/"
    text = f"/var/log är en mapp.\n/och/eller\n{subscriptions.link(at)}"
    subscriptions.tell(liten, "plan", "", once="x", write=lambda _code: ("Hej", text))
    sent = Outgoing.objects.get().text
    assert f"/var/log är en mapp.\n/och/eller\nhttp://testserver{at}\n" in sent
    assert sent.isprintable() or "\x1f" not in sent


def test_a_new_version_is_told_to_those_it_concerns_once_each(
    liten: Municipality, finish: Finish
) -> None:
    study = finish(changed_data())
    ready = publishing.prepare(study)
    changed, same = sorted(ready.changes), {"skola", "bro", "park"} - set(ready.changes)
    assert changed
    key = changed[0]
    area = {row["project_id"]: row["area"] for row in public_data()["projects"]}[key]
    for kind, what in (("plan", ""), ("project", key), ("area", area)):
        follower(liten, kind, what)
    for other in same:
        follower(liten, "project", other, email=f"{other}@exempel.se")
    follower(liten, "project", key, email="en@exempel.se", language="en")
    follower(liten, "project", key, email="obekraftad@exempel.se", confirmed_at=None)
    follower(liten, "letters", "", email="brev@exempel.se")
    publication = publishing.publish(None, study, reasons={key: "Anbuden blev dyrare."})
    mails = {mail.to: mail for mail in Outgoing.objects.all()}
    assert set(mails) == {"eva@exempel.se", "en@exempel.se"}
    text = mails["eva@exempel.se"].text
    assert "Version 2" in text
    assert "Anbuden blev dyrare." in text
    assert f"http://testserver/oppet/liten/projekt/{key}/" in text
    assert "&" not in text.replace("&&", "")
    assert text.count(ready.changes[key]["name"]) >= 1
    assert f"http://testserver/open/liten/projekt/{key}/" in mails["en@exempel.se"].text
    assert subscriptions.tell_published(publication) == 2
    assert Outgoing.objects.count() == 2  # told once


def test_a_name_that_ends_in_s_is_said_right(published: Publication) -> None:
    place = published.municipality
    place.name = "Borås"
    place.save()
    follower(place, "plan")
    published.note = "Nytt i planen."
    assert subscriptions.tell_published(published) == 1
    mail = Outgoing.objects.get()
    page = Client().get("/oppet/liten/").content.decode()
    said = mail.subject + mail.text + page
    assert said.count("nvesteringsplanen för Borås") == 3
    assert "Boråss" not in said


def test_an_answer_is_told_to_who_wrote(
    dialogue: Dialogue, client_for: ClientFor
) -> None:
    comment = make_comment(dialogue, "Fråga")
    follower(dialogue.municipality, "comment", str(comment.pk))
    follower(dialogue.municipality, "comment", "999", email="x@exempel.se")
    sent = {
        "outcome": "inte_andrat",
        "text": "Därför att <vi> & ni inte har råd.",
        "role": "Chefen",
        "revision": 0,
        "state_revision": 0,
    }
    path = f"/liten/dialog/synpunkt/{comment.pk}/svar/"
    assert client_for("chef").post(path, sent).status_code == 302
    mail = Outgoing.objects.get()
    assert mail.to == "eva@exempel.se"
    assert "Därför att <vi> & ni inte har råd." in mail.text
    assert f"http://testserver/oppet/liten/dialog/synpunkt/{comment.pk}/" in mail.text


def test_a_head_of_a_mail_is_one_line(liten: Municipality) -> None:
    follower(liten, "letters")
    subscriptions.tell(
        liten, "letters", "", once="l", write=lambda _c: ("Hej\nBcc: x@y.se", "T")
    )
    assert Outgoing.objects.get().subject == "Hej Bcc: x@y.se"


# ---------------------------------------------------------------- following the item


def renamed(data: dict[str, list[dict[str, Any]]], moves: dict[str, str]) -> Any:
    for rows in data.values():
        for row in rows:
            if row.get("project_id") in moves:
                row["project_id"] = moves[row["project_id"]]
    return data


def test_comments_follow_a_project_that_moves_in_a_new_version(
    dialogue: Dialogue, finish: Finish
) -> None:
    make_comment(dialogue, "Det här sades om version 1.")
    publishing.publish(None, finish(changed_data()))
    page = Client().get("/oppet/liten/projekt/bro/").content.decode()
    assert "version 2" in page.lower()
    assert "Det här sades om version 1." in page


def test_comments_and_followers_follow_new_ids_when_they_are_published(
    dialogue: Dialogue, finish: Finish, published: Publication
) -> None:
    place = dialogue.municipality
    make_comment(dialogue, "Om bron.")
    make_comment(dialogue, "Om skolan.", item_key="skola")
    for key in ("bro", "skola"):
        follower(place, "project", key, email=f"{key}@exempel.se")
    # the two change places, and that is published only later
    moves = {"bro": "skola", "skola": "bro"}
    dialogue_setup.ids_changed(place, moves)
    assert "Om bron." in Client().get("/oppet/liten/projekt/bro/").content.decode()
    old = published.study
    publication = publishing.publish(None, finish(renamed(public_data(), moves)))
    assert publication.number == 2
    page = Client().get("/oppet/liten/projekt/skola/").content.decode()
    assert "Om bron." in page
    assert "Om skolan." not in page
    dialogue.refresh_from_db()
    assert dialogue.key == "skola"
    assert {one.email: one.key for one in Subscription.objects.all()} == {
        "bro@exempel.se": "skola",
        "skola@exempel.se": "bro",
    }
    # an earlier plan is published again: everything goes back
    publishing.publish(None, old)
    assert Comment.objects.get(text="Om bron.").item_key == "bro"
    assert {one.email: one.key for one in Subscription.objects.all()} == {
        "bro@exempel.se": "bro",
        "skola@exempel.se": "skola",
    }


def test_an_id_that_changes_in_the_sheet_is_remembered(liten: Municipality) -> None:
    following.move_life(liten, {"projects": {("bro",): ("nya-bron",)}})
    found = RenamedProjects.objects.get()
    assert (found.moves, found.applied) == ({"bro": "nya-bron"}, False)


def test_a_dialogue_that_opens_by_its_date_is_told_once(
    dialogue: Dialogue, liten: Municipality
) -> None:
    follower(liten, "project", "bro")
    Dialogue.objects.filter(pk=dialogue.pk).update(told_at=None)
    assert dialogue_setup.tell_opened() == 1
    assert dialogue_setup.tell_opened() == 0
    assert Outgoing.objects.count() == 1
    later = timezone.localdate() + dt.timedelta(days=2)
    Dialogue.objects.filter(pk=dialogue.pk).update(told_at=None, opens=later)
    assert dialogue_setup.tell_opened() == 0


def test_what_follows_new_ids_goes_back_when_their_version_is_taken_back(
    dialogue: Dialogue, finish: Finish, published: Publication, client_for: ClientFor
) -> None:
    place = dialogue.municipality
    make_comment(dialogue, "Om bron.")
    follower(place, "project", "bro")
    following.move_life(place, {"projects": {("bro",): ("nya-bron",)}})
    data = renamed(public_data(), {"bro": "nya-bron"})
    data["projects"][1]["name"] = "Ny bro över ån"
    for row in data["outlays"]:
        row["outlay"] *= 1.1 if row["project_id"] == "nya-bron" else 1.0
    publishing.publish(None, finish(data))
    page = Client().get("/oppet/liten/projekt/nya-bron/").content.decode()
    assert "Om bron." in page
    # what it is called now is what it is called here too
    comment = Comment.objects.get()
    assert comment.item_name == "Ny bro över ån"
    assert Subscription.objects.get().name == "Ny bro över ån"
    assert Outgoing.objects.filter(sent_at=None).exists()
    client_for("chef").post("/liten/publicera/2/ta-tillbaka/", {"why": "Fel."})
    assert "Om bron." in Client().get("/oppet/liten/projekt/bro/").content.decode()
    at = f"/oppet/liten/dialog/synpunkt/{comment.pk}/"
    assert "Bron över ån" in Client().get(at).content.decode()
    assert Subscription.objects.get().key == "bro"
    # nobody is written to about a version that cannot be read
    assert not Outgoing.objects.exists()
    # the new address leads back
    moved = Client().get("/oppet/liten/projekt/nya-bron/")
    assert moved.headers["Location"] == "/oppet/liten/projekt/bro/"


def test_who_follows_a_place_or_a_subject_is_told_that_a_project_is_gone(
    liten: Municipality, finish: Finish
) -> None:
    row = next(r for r in public_data()["projects"] if r["project_id"] == "park")
    follower(liten, "area", row["area"])
    follower(liten, "theme", row["driver"], email="amne@exempel.se")
    data = public_data()
    for name, rows in data.items():
        data[name] = [one for one in rows if one.get("project_id") != "park"]
    publishing.publish(None, finish(data))
    mails = {mail.to: mail.text for mail in Outgoing.objects.all()}
    assert set(mails) == {"eva@exempel.se", "amne@exempel.se"}
    assert all("Ny park: Finns inte längre med." in text for text in mails.values())


def test_a_link_that_confirms_a_comment_is_sent_though_one_stops_following(
    liten: Municipality,
) -> None:
    plan = follower(liten, "plan")
    outgoing.queue("comment:1:x", plan.email, "Bekräfta", "Länk", municipality=liten)
    subscriptions.end([plan])
    assert Outgoing.objects.get().once == "comment:1:x"
