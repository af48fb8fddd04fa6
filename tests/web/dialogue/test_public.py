"""Can anyone read the dialogue and write in it, and can nobody misuse it?"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from web.dialogue.conftest import make_comment, stamp_in

from rodtrad.web import dialogue as acts
from rodtrad.web import public_form, public_parts, throttle
from rodtrad.web.models.dialogue import AbuseReport, Answer, Comment, Dialogue, Theme
from rodtrad.web.models.following import Outgoing, Subscription

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries
    from web.dialogue.conftest import MakeDialogue, Writes

    from rodtrad.web.models import Publication

State = Comment.State
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</textarea><script>alert(1)</script>",
    "{{ settings.SECRET_KEY }}{% load i18n %}",
    "[[projekt:bro]] javascript:alert(1)",
)


def text_of(path: str) -> str:
    answer = Client().get(path)
    assert answer.status_code == 200, path
    assert not answer.cookies
    return answer.content.decode()


# ---------------------------------------------------------------- reading


def test_the_level_stands_on_the_projects_page(dialogue: Dialogue) -> None:
    page = text_of("/oppet/liten/projekt/bro/")
    for words in ("dialog", "Utemiljö och namn.", "Platsen.", "Kommunfullmäktige"):
        assert words in page
    assert f"/oppet/liten/dialog/{dialogue.pk}/skriv/?om=project:bro" in page
    other = text_of("/oppet/liten/projekt/skola/")
    assert "Skriv till oss" not in other


def test_a_dialogue_about_the_plan_takes_comments_on_its_projects(
    make_dialogue: MakeDialogue, writes: Writes
) -> None:
    found = make_dialogue("plan", "", moderation="after")
    assert "Skriv till oss" in text_of("/oppet/liten/")
    at = f"/oppet/liten/dialog/{found.pk}/skriv/?om=project:skola"
    assert at in text_of("/oppet/liten/projekt/skola/")
    assert writes(found, "Om skolan.", about="project:skola").status_code == 303
    comment = Comment.objects.get()
    assert (comment.item_kind, comment.item_key) == ("project", "skola")
    assert "Om skolan." in text_of("/oppet/liten/projekt/skola/")
    assert "Om skolan." not in text_of("/oppet/liten/projekt/bro/")


def test_a_draft_and_what_has_not_opened_is_seen_by_no_one(
    make_dialogue: MakeDialogue,
) -> None:
    later = timezone.localdate() + dt.timedelta(days=3)
    for hidden in (make_dialogue(state="draft"), make_dialogue(opens=later)):
        for path in ("", "skriv/"):
            at = f"/oppet/liten/dialog/{hidden.pk}/{path}"
            assert Client().get(at).status_code == 404
            assert Client().post(at).status_code in (404, 405)
    assert "Dialog om" not in text_of("/oppet/liten/dialog/")


@pytest.mark.parametrize("language", ["oppet", "open"])
def test_every_page_is_read_without_a_trace(dialogue: Dialogue, language: str) -> None:
    root = make_comment(dialogue)
    make_comment(dialogue, "Jag med.", thread=root, parent=root, place=1, due=None)
    Comment.objects.filter(pk=root.pk).update(reply_count=1)
    for path in (
        "dialog/",
        f"dialog/{dialogue.pk}/",
        f"dialog/{dialogue.pk}/skriv/",
        "dialog/om/project/bro/",
        f"dialog/synpunkt/{root.pk}/",
        f"dialog/synpunkt/{root.pk}/anmal/",
        "projekt/bro/",
    ):
        answer = Client().get(f"/{language}/liten/{path}")
        text = answer.content.decode()
        assert answer.status_code == 200, path
        assert not answer.cookies
        assert "Cookie" not in answer.headers.get("Vary", "")
        assert "<script" not in text
        assert not re.search(r'\sstyle="', text)
        assert "csrf" not in text


def test_answers_figures_and_themes_are_public(dialogue: Dialogue) -> None:
    theme = Theme.objects.create(dialogue=dialogue, name="Ekonomi")
    now = timezone.now()
    for i, days in enumerate((2, 6, 20)):
        one = make_comment(
            dialogue, f"Synpunkt {i}", days=days, answered_at=now, theme=theme
        )
        Answer.objects.create(
            comment=one,
            outcome="inte_andrat",
            text="Därför att det kostar.",
            role="Chefen",
        )
    late = timezone.localdate() - dt.timedelta(days=1)
    make_comment(dialogue, "Ingen har svarat", due=late)
    make_comment(dialogue, "Dold", state=State.HIDDEN, removed_why="ad")
    make_comment(dialogue, "Väntar", state=State.WAITING)
    make_comment(dialogue, "Obekräftad", state=State.UNCONFIRMED)
    page = text_of(f"/oppet/liten/dialog/{dialogue.pk}/")
    assert "Av 4 synpunkter har 3 fått svar." in page
    assert "Hälften av svaren kom inom 6 dagar." in page
    assert "1 svar är försenat." in page
    assert "1 synpunkt är dold." in page
    assert "reklam (1)" in page
    assert "Chefen svarar" in page
    assert "Därför att det kostar." in page
    for hidden in ("Dold", "Väntar<", "Obekräftad"):
        assert hidden not in page
    only = text_of(f"/oppet/liten/dialog/{dialogue.pk}/?tema={theme.pk}")
    assert "Ingen har svarat" not in only
    assert "Synpunkt 2" in only


def test_the_answer_of_a_theme_stands_under_each_comment(dialogue: Dialogue) -> None:
    theme = Theme.objects.create(dialogue=dialogue, name="Trafik")
    Answer.objects.create(
        theme=theme, outcome="andrat", text="Vi flyttar vägen.", role="X"
    )
    make_comment(dialogue, "Ett", theme=theme)
    make_comment(dialogue, "Två", theme=theme)
    page = text_of("/oppet/liten/projekt/bro/")
    assert page.count("Vi flyttar vägen.") == 2


def test_lists_are_sorted_and_paged(dialogue: Dialogue) -> None:
    start = timezone.now() - dt.timedelta(days=5)
    for i in range(45):
        done = start if i % 2 else None
        make_comment(
            dialogue,
            f"Nummer {i:02}.",
            received_at=start + dt.timedelta(minutes=i),
            answered_at=done,
            days=1 if done else None,
        )
    at = f"/oppet/liten/dialog/{dialogue.pk}/"

    def order(query: str) -> list[str]:
        return re.findall(r"Nummer (\d\d)\.", text_of(at + query))

    assert order("") == [f"{i:02}" for i in range(44, 24, -1)]
    assert order("?ordning=aldst") == [f"{i:02}" for i in range(20)]
    assert order("?ordning=aldst&sida=3") == [f"{i:02}" for i in range(40, 45)]
    assert order("?ordning=obesvarade")[:3] == ["00", "02", "04"]
    assert order("?ordning=besvarade")[:2] == ["43", "41"]
    # what nobody meant is the first page, or the last
    assert order("?sida=x&ordning=%00&tema=9999999999999999999999") == order("")
    assert order("?sida=99")


def test_ten_thousand_comments_take_no_more_questions_than_ten(
    dialogue: Dialogue, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def fill(n: int) -> None:
        rows = [
            Comment(
                municipality=dialogue.municipality,
                dialogue=dialogue,
                item_kind="project",
                item_key="bro",
                item_name="Bron",
                text=f"Synpunkt {i}",
                state=State.SHOWN,
                due=timezone.localdate(),
            )
            for i in range(n)
        ]
        Comment.objects.bulk_create(rows, batch_size=2000)

    fill(10)
    root = make_comment(dialogue, "Den här har många svar.")
    fill(9_000)
    replies = [
        Comment(
            municipality=dialogue.municipality,
            dialogue=dialogue,
            item_kind="project",
            item_key="bro",
            thread=root,
            parent=root,
            place=i + 1,
            text=f"Instämmer {i}.",
            state=State.SHOWN,
        )
        for i in range(1_000)
    ]
    Comment.objects.bulk_create(replies, batch_size=2000)
    Comment.objects.filter(pk=root.pk).update(reply_count=1_000)
    with django_assert_max_num_queries(16):
        page = text_of("/oppet/liten/projekt/bro/")
    assert "Visa alla 9 011 synpunkter" in page.replace("\u00a0", " ")
    with django_assert_max_num_queries(12):
        listed = text_of(f"/oppet/liten/dialog/{dialogue.pk}/?sida=300")
    assert len(listed) < 150_000
    with django_assert_max_num_queries(12):
        thread = text_of(f"/oppet/liten/dialog/synpunkt/{root.pk}/")
    assert thread.count("Instämmer") == 40


def test_one_that_is_closed_early_tells_no_day_to_come(
    make_dialogue: MakeDialogue,
) -> None:
    found = make_dialogue(state="closed")
    assert found.closes > timezone.localdate()
    assert "Stängd i förtid." in text_of("/oppet/liten/dialog/")
    found.closes = timezone.localdate() - dt.timedelta(days=1)
    found.save()
    public_parts.forget()
    assert "Stängd i förtid." not in text_of("/oppet/liten/dialog/")


# ---------------------------------------------------------------- writing


def test_a_comment_is_written_shown_and_owed_an_answer(
    dialogue: Dialogue, writes: Writes
) -> None:
    answer = writes(dialogue, "Varför inte i år?", namn="Boende i byn")
    assert answer.status_code == 303
    assert answer.headers["Cache-Control"] == "no-store"
    receipt = Client().get(answer.headers["Location"])
    due = timezone.localdate() + dt.timedelta(days=14)
    assert "Tack, synpunkten är mottagen" in receipt.content.decode()
    assert receipt.headers["Cache-Control"] == "no-store"
    comment = Comment.objects.get()
    assert comment.due == due
    assert comment.mail_hash == ""
    page = text_of("/oppet/liten/projekt/bro/")
    assert "Varför inte i år?" in page
    assert "Boende i byn" in page


def test_read_before_it_is_shown(make_dialogue: MakeDialogue, writes: Writes) -> None:
    found = make_dialogue(moderation="before")
    answer = writes(found, "Läs mig först.")
    assert "Synpunkten visas när vi har läst den." in text_of(
        answer.headers["Location"]
    )
    assert "Läs mig först." not in text_of("/oppet/liten/projekt/bro/")
    pk = Comment.objects.get().pk
    assert Client().get(f"/oppet/liten/dialog/synpunkt/{pk}/").status_code == 404


@pytest.mark.parametrize(
    "text", ["Ring mig på 070-123 45 67.", "Se http://reklam.example nu."]
)
def test_what_may_point_somebody_out_is_read_first(
    dialogue: Dialogue, writes: Writes, text: str
) -> None:
    writes(dialogue, text)
    comment = Comment.objects.get()
    assert comment.state == State.WAITING
    assert comment.held_for
    assert text not in text_of("/oppet/liten/projekt/bro/")


@pytest.mark.parametrize("words", HOSTILE)
def test_markup_is_shown_as_the_text_it_is(
    dialogue: Dialogue, writes: Writes, words: str
) -> None:
    writes(dialogue, f"Hej {words}", namn=words[:60])
    comment = Comment.objects.get()
    assert words in comment.text
    for path in (
        "projekt/bro/",
        f"dialog/synpunkt/{comment.pk}/",
        f"dialog/synpunkt/{comment.pk}/anmal/",
        f"dialog/{dialogue.pk}/skriv/?svar_pa={comment.pk}",
    ):
        page = text_of(f"/oppet/liten/{path}")
        assert "<script" not in page
        assert "<img src=x" not in page
        assert "SECRET_KEY" not in page or "{{ settings" in page
        assert 'href="javascript' not in page


def test_signs_that_turn_the_text_are_gone(dialogue: Dialogue, writes: Writes) -> None:
    writes(dialogue, "Bra\u202efusk\u202c \u200bplan", namn="A\u2066B\u2069")
    comment = Comment.objects.get()
    assert (comment.text, comment.name) == ("Brafusk plan", "AB")


def test_a_comment_of_100_kb_is_refused_and_kept_in_the_form(
    dialogue: Dialogue, writes: Writes
) -> None:
    answer = writes(dialogue, "å" * 50_000)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Högst 4" in page
    assert "å" * 50_000 in page
    assert not Comment.objects.exists()


def test_what_is_larger_than_any_form_is_refused_unread(dialogue: Dialogue) -> None:
    at = f"/oppet/liten/dialog/{dialogue.pk}/skriv/"
    for path in (at, "/oppet/liten/folj/"):
        answer = Client().post(path, {"text": "x" * 2_000_000})
        assert answer.status_code == 413
        assert "för stort" in answer.content.decode()


@pytest.mark.parametrize("text", ["", "   ", "\u200b\u2800"])
def test_nothing_is_not_a_comment(
    dialogue: Dialogue, writes: Writes, text: str
) -> None:
    assert writes(dialogue, text).status_code == 422
    assert not Comment.objects.exists()


def test_sent_twice_it_is_stored_once(dialogue: Dialogue, writes: Writes) -> None:
    first, second = writes(dialogue, "Samma."), writes(dialogue, "Samma.")
    assert first.status_code == second.status_code == 303
    assert Comment.objects.count() == 1


def test_a_flood_from_one_address_spares_the_library(
    dialogue: Dialogue, writes: Writes
) -> None:
    said = [writes(dialogue, f"Nr {i}").status_code for i in range(9)]
    assert said == [303] * 6 + [429] * 3
    kept = writes(dialogue, "Det här står kvar")
    assert "Det här står kvar" in kept.content.decode()
    assert writes(dialogue, "Härifrån går det", address="192.0.2.8").status_code == 303


def test_a_library_writes_all_day_about_all_projects(
    make_dialogue: MakeDialogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many at one address are let in; one who floods from it stops only the flood."""
    plan = make_dialogue("plan", "", moderation="after")
    at = f"/oppet/liten/dialog/{plan.pk}/skriv/"
    library = Client(REMOTE_ADDR="192.0.2.50")
    items = ("plan:", "project:skola", "project:bro", "project:park")
    stamps = {om: stamp_in(text_of(f"{at}?om={om}")) for om in items}
    now = throttle._now()

    def send(om: str, text: str, client: Client = library) -> int:
        sent = {"om": om, "text": text, public_form.STAMP: stamps[om]}
        return client.post(at, sent).status_code

    said = []
    for minute in range(5):
        later = now + dt.timedelta(minutes=minute)
        monkeypatch.setattr(throttle, "_now", lambda later=later: later)
        said += [send(om, f"{minute} {i}") for i in range(6) for om in items]
        if minute == 0:  # the seventh about the same thing in a minute waits
            assert send("plan:", "En till") == 429
    assert said == [303] * 120  # what was refused is not held against the others
    assert send("project:park", "En till") == 429
    # the next library in the same net, and the same one an hour later
    assert send("plan:", "Grannen", Client(REMOTE_ADDR="192.0.2.51")) == 303
    later = now + dt.timedelta(hours=1)
    monkeypatch.setattr(throttle, "_now", lambda: later)
    assert send("plan:", "Efter en timme") == 303


def test_a_form_without_its_stamp_is_not_taken_but_kept(dialogue: Dialogue) -> None:
    at = f"/oppet/liten/dialog/{dialogue.pk}/skriv/"
    client = Client()
    answer = client.post(at, {"text": "Skickad av ett program"})
    assert answer.status_code == 429
    page = answer.content.decode()
    assert "Skickad av ett program" in page
    # the page that came back may be sent
    sent = {"text": "Skickad av ett program", public_form.STAMP: stamp_in(page)}
    assert client.post(at, sent).status_code == 303


def test_a_closed_dialogue_takes_nothing(
    make_dialogue: MakeDialogue, writes: Writes
) -> None:
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    found = make_dialogue(moderation="after")
    at = f"/oppet/liten/dialog/{found.pk}/skriv/"
    stamp = stamp_in(text_of(at))
    Dialogue.objects.filter(pk=found.pk).update(closes=yesterday)
    answer = Client().post(at, {"text": "För sent", public_form.STAMP: stamp})
    assert answer.status_code == 409
    assert "För sent" in answer.content.decode()
    assert not Comment.objects.exists()
    assert "Dialogen är stängd." in text_of(at)


@pytest.mark.parametrize(
    "about", ["project:finns-inte", "plan:", "x", "project:", "letter:1"]
)
def test_one_writes_only_about_what_the_dialogue_is_about(
    dialogue: Dialogue, about: str
) -> None:
    at = f"/oppet/liten/dialog/{dialogue.pk}/skriv/"
    assert Client().get(at, {"om": about}).status_code == 404
    assert Client().post(at, {"om": about, "text": "x"}).status_code == 404


def test_a_thread_has_its_order_and_only_its_beginning_is_owed(
    dialogue: Dialogue, writes: Writes
) -> None:
    writes(dialogue, "Början")
    root = Comment.objects.get()
    writes(dialogue, "Första svaret", svar_pa=root.pk, address="192.0.2.20")
    reply = Comment.objects.get(text="Första svaret")
    writes(dialogue, "Svar på svaret", svar_pa=reply.pk, address="192.0.2.21")
    last = Comment.objects.get(text="Svar på svaret")
    root.refresh_from_db()
    assert (reply.thread, reply.place, reply.due) == (root, 1, None)
    assert (last.thread, last.parent, last.place) == (root, reply, 2)
    assert root.reply_count == 2
    page = text_of(f"/oppet/liten/dialog/synpunkt/{last.pk}/")
    assert (
        page.index("Början")
        < page.index("Första svaret")
        < page.index("Svar på svaret")
    )
    assert "1 synpunkt, 0 har fått svar" in page or "Väntar på svar" in page


@pytest.mark.parametrize("parent", ["999999", "x", "-1", "0x1", "9" * 40])
def test_one_answers_only_what_is_there(dialogue: Dialogue, parent: str) -> None:
    at = f"/oppet/liten/dialog/{dialogue.pk}/skriv/"
    assert Client().get(at, {"svar_pa": parent}).status_code == 404


def test_a_reply_to_a_resident_is_promised_no_answer_of_its_own(
    make_dialogue: MakeDialogue, writes: Writes
) -> None:
    promises = ("Du får svar inom", 'name="epost"')
    found = make_dialogue(moderation="after")
    root = make_comment(found, "Början")
    at = f"/oppet/liten/dialog/{found.pk}/skriv/?om=project:bro"
    first, reply = text_of(at), text_of(f"{at}&svar_pa={root.pk}")
    assert [(one in first, one in reply) for one in promises] == [(True, False)] * 2
    writes(found, "Jag med", svar_pa=root.pk, epost="eva@exempel.se")
    assert Comment.objects.get(text="Jag med").mail_hash == ""
    assert not Outgoing.objects.exists()
    # where addresses are confirmed that of a reply is too, and for nothing else
    asked = make_dialogue("project", "skola", confirm_email=True)
    root = make_comment(asked, "Om skolan")
    at = f"/oppet/liten/dialog/{asked.pk}/skriv/"
    reply = text_of(f"{at}?om=project:skola&svar_pa={root.pk}")
    assert [one in reply for one in (*promises, 'name="svar"')] == [False, True, False]
    writes(asked, "Vi med", svar_pa=root.pk, epost="eva@exempel.se", svar="on")
    assert Outgoing.objects.get().once.startswith("comment:")
    assert not Subscription.objects.exists()


# ---------------------------------------------------------------- confirmed by mail


def link_in(mail: Outgoing) -> str:
    found = re.search(r"http://testserver(/\S+)", mail.text)
    assert found is not None
    return found[1]


def test_an_address_is_confirmed_by_a_button_and_not_kept(
    make_dialogue: MakeDialogue, writes: Writes
) -> None:
    found = make_dialogue(moderation="after", confirm_email=True)
    assert writes(found, "Utan adress").status_code == 422
    answer = writes(found, "Bekräfta mig", epost="Eva@Exempel.se", svar="on")
    assert "Ett steg kvar" in text_of(answer.headers["Location"])
    comment = Comment.objects.get()
    assert comment.state == State.UNCONFIRMED
    mail = Outgoing.objects.get()
    assert mail.to.lower() == "eva@exempel.se"
    assert "Bekräfta mig" not in mail.text  # nobody sends words to strangers through us
    at = link_in(mail)
    assert "Är det här din synpunkt?" in text_of(at)
    comment.refresh_from_db()
    assert comment.state == State.UNCONFIRMED  # reading the link confirms nothing
    for _twice in range(2):
        assert Client().post(at).status_code == 303
    comment.refresh_from_db()
    assert comment.state == State.SHOWN
    assert comment.mail_confirmed_at is not None
    assert "exempel" not in str(Comment.objects.values().get()).lower()
    follower = Subscription.objects.get()
    assert follower.confirmed_at is not None
    assert (follower.kind, follower.key) == ("comment", str(comment.pk))


@pytest.mark.parametrize(
    "token", ["x", "1:abc:def", "1", "%00", "../../", "1:" + "A" * 900]
)
def test_a_forged_link_confirms_nothing(
    make_dialogue: MakeDialogue, writes: Writes, token: str
) -> None:
    found = make_dialogue(confirm_email=True)
    writes(found, "Hej", epost="a@exempel.se")
    for method in ("get", "post"):
        answer = getattr(Client(), method)(f"/oppet/liten/dialog/bekrafta/{token}/")
        assert answer.status_code == 404
    assert Comment.objects.get().state == State.UNCONFIRMED


def test_the_link_of_one_comment_confirms_no_other(
    make_dialogue: MakeDialogue, writes: Writes
) -> None:
    found = make_dialogue(confirm_email=True)
    for i in range(2):
        writes(found, f"Nr {i}", epost=f"{i}@exempel.se")
    mine, other = Comment.objects.order_by("pk")
    number, _colon, rest = acts.confirm_token(mine).partition(":")
    assert number == str(mine.pk)
    for forged in (f"{other.pk}:{rest}", acts.receipt_token(other)):
        at = f"/oppet/liten/dialog/bekrafta/{forged}/"
        assert Client().post(at).status_code == 404
    states = Comment.objects.values_list("state", flat=True)
    assert set(states) == {State.UNCONFIRMED}


def test_an_old_link_says_so_and_the_comment_is_forgotten(
    make_dialogue: MakeDialogue, writes: Writes, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = make_dialogue(confirm_email=True)
    writes(found, "Hej", epost="a@exempel.se")
    at = link_in(Outgoing.objects.get())
    monkeypatch.setattr(acts, "CONFIRM_DAYS", -1)
    answer = Client().post(at)
    assert answer.status_code == 410
    assert "Länken är för gammal" in answer.content.decode()
    assert acts.forget_old() == 1
    assert not Comment.objects.exists()


def test_the_link_of_another_municipality_confirms_nothing(
    make_dialogue: MakeDialogue, writes: Writes
) -> None:
    found = make_dialogue(confirm_email=True)
    writes(found, "Hej", epost="a@exempel.se")
    token = acts.confirm_token(Comment.objects.get())
    assert Client().get(f"/oppet/annan/dialog/bekrafta/{token}/").status_code == 404


def test_nobody_is_flooded_with_mail_through_us(
    make_dialogue: MakeDialogue, writes: Writes
) -> None:
    found = make_dialogue(confirm_email=True)

    def send(i: int, address: str) -> int:
        mail = {"epost": "offer@exempel.se", "address": address}
        return writes(found, f"Nr {i}", **mail).status_code

    assert [send(i, "198.51.0.1") for i in range(8)] == [303] * 5 + [429] * 3
    assert Outgoing.objects.count() == 5
    assert Comment.objects.count() == 5  # those without a mail are not stored either
    # nobody is shut out by that, but many together get no further
    said = [send(10 + i, f"198.51.{i}.2") for i in range(14)]
    assert said == [303] * 10 + [429] * 4
    assert Outgoing.objects.count() == Comment.objects.count() == 15


@pytest.mark.parametrize("digits", ["²", "١٢", "9" * 19, "-1", " 1"])
def test_what_only_looks_like_a_number_is_no_fault(
    dialogue: Dialogue, digits: str
) -> None:
    at = f"/oppet/liten/dialog/{dialogue.pk}/"
    assert Client().get(at, {"tema": digits}).status_code == 200
    for method in ("get", "post"):
        sent = {"svar_pa": digits, "text": "Hej"}
        assert getattr(Client(), method)(f"{at}skriv/", sent).status_code == 404


def test_a_null_sign_in_an_address_reaches_no_database(dialogue: Dialogue) -> None:
    with CaptureQueriesContext(connection) as asked:
        for path in ("projekt/%00/", "dialog/om/project/x%00/", "dialog/kvitto/%00/"):
            assert Client().get(f"/oppet/liten/{path}").status_code == 404
        assert Client().get("/oppet/li%00ten/").status_code == 404
    assert not [one for one in asked.captured_queries if "\0" in one["sql"]]


def test_one_answered_is_told_in_the_singular(dialogue: Dialogue) -> None:
    make_comment(dialogue, answered_at=timezone.now(), days=1)
    page = text_of("/oppet/liten/dialog/")
    assert "1 synpunkt, 1 besvarad<" in page
    make_comment(dialogue, "Två")
    public_parts.forget()
    assert "2 synpunkter, 1 besvarad<" in text_of("/oppet/liten/dialog/")


# ---------------------------------------------------------------- reporting


def test_anyone_reports_and_nothing_is_hidden_by_it(dialogue: Dialogue) -> None:
    comment = make_comment(dialogue, "Anmäl mig")
    at = f"/oppet/liten/dialog/synpunkt/{comment.pk}/anmal/"
    client = Client(REMOTE_ADDR="192.0.2.40")
    stamp = stamp_in(client.get(at).content.decode())
    sent = {"text": "Elakt\u202e<b>", public_form.STAMP: stamp}
    said = [client.post(at, sent).status_code for _ in range(3)]
    assert said == [200, 200, 429]
    comment.refresh_from_db()
    assert comment.reports == 2
    assert AbuseReport.objects.first().text == "Elakt<b>"  # type: ignore[union-attr]
    assert "Anmäl mig" in text_of("/oppet/liten/projekt/bro/")


def test_what_is_hidden_is_not_read_by_its_address(dialogue: Dialogue) -> None:
    hidden = make_comment(
        dialogue, "Elaka ord", state=State.HIDDEN, removed_why="threat"
    )
    answer = Client().get(f"/oppet/liten/dialog/synpunkt/{hidden.pk}/")
    assert answer.status_code == 410
    page = answer.content.decode()
    assert "Elaka ord" not in page
    assert "hot, hat eller påhopp" in page
    assert (
        Client().get(f"/oppet/liten/dialog/synpunkt/{hidden.pk}/anmal/").status_code
        == 404
    )
    token = acts.receipt_token(hidden)
    assert "Din synpunkt är dold" in text_of(f"/oppet/liten/dialog/kvitto/{token}/")
    assert Client().get("/oppet/liten/dialog/kvitto/x/").status_code == 404


def test_comments_of_another_municipality_are_not_found(
    dialogue: Dialogue, published: Publication
) -> None:
    comment = make_comment(dialogue)
    for path in (f"dialog/{dialogue.pk}/", f"dialog/synpunkt/{comment.pk}/"):
        assert Client().get(f"/oppet/annan/{path}").status_code == 404
