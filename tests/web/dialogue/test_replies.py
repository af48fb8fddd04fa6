"""Are residents promised, asked for and shown only what holds, whatever was taken back?"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.utils import timezone
from web.dialogue.conftest import make_comment
from web.dialogue.test_public import text_of
from web.dialogue.test_taken_back import chief, withdraw, without_park

from rodtrad.web import dialogue as acts
from rodtrad.web import sandbox
from rodtrad.web.models.dialogue import Comment, Dialogue
from rodtrad.web.models.following import Outgoing
from rodtrad.web.sandbox import OwnPlan

if TYPE_CHECKING:
    from web.conftest import ClientFor
    from web.dialogue.conftest import MakeDialogue, Writes
    from web.public.conftest import Finish

    from rodtrad.web.models import Municipality, Publication, User

__all__ = ["chief"]


@pytest.mark.parametrize("confirms", [False, True])
def test_a_reply_is_promised_no_answer_and_no_mail(
    make_dialogue: MakeDialogue, writes: Writes, confirms: bool
) -> None:
    talk = make_dialogue(moderation="after", confirm_email=confirms)
    root = make_comment(talk)
    at = f"/oppet/liten/dialog/{talk.pk}/skriv/"
    own, reply = text_of(at), text_of(f"{at}?svar_pa={root.pk}")
    assert "Du får svar inom 14 dagar." in own
    assert "Du får svar inom" not in reply
    assert 'name="epost"' in own
    # an address is asked for only where it is used
    assert ('name="epost"' in reply) == confirms
    assert 'name="svar"' not in reply
    sent = writes(talk, "Jag med.", svar_pa=root.pk, epost="eva@exempel.se", svar="on")
    assert sent.status_code == 303
    assert Comment.objects.get(text="Jag med.").thread == root
    assert Outgoing.objects.count() == int(confirms)


def test_links_that_write_about_a_project_that_left_the_plan_lead_somewhere(
    make_dialogue: MakeDialogue, finish: Finish, published: Publication
) -> None:
    talk = make_dialogue("plan", "", moderation="after")
    said = make_comment(talk, "Om parken", item_kind="project", item_key="park")
    without_park(finish)
    write = re.compile(r'href="(/oppet/liten/dialog/\d+/skriv/\?[^"]*park[^"]*)"')
    for path in ("dialog/om/project/park/", f"dialog/synpunkt/{said.pk}/"):
        links = write.findall(text_of(f"/oppet/liten/{path}"))
        assert links, path
        for at in links:
            assert "Ny park" in text_of(at.replace("&amp;", "&"))


def test_a_plan_of_ones_own_leads_nowhere_once_its_version_is_taken_back(
    make_dialogue: MakeDialogue,
    finish: Finish,
    published: Publication,
    chief: User,
    client_for: ClientFor,
) -> None:
    own = OwnPlan(published, {"skola": None})
    if sandbox.base_states(published).get("skola") is None:
        own = OwnPlan(published, {"park": (0, 2027)})
    talk = make_dialogue("plan", "", moderation="after")
    said = make_comment(talk, "Gör så här.", plan=own.code)
    at = f"/oppet/liten/prova/{own.code}/"
    pages = (
        f"/oppet/liten/dialog/{talk.pk}/",
        f"/oppet/liten/dialog/synpunkt/{said.pk}/",
    )
    staff = client_for("ekonom")
    staffs = f"/liten/dialog/synpunkt/{said.pk}/"
    for path in pages:
        assert at in text_of(path)
    assert at in staff.get(staffs).content.decode()
    without_park(finish)
    withdraw(published, chief)
    assert Client().get(at).status_code == 404
    for path in pages:
        page = text_of(path)
        assert at not in page
        assert "bygger på en version som inte är offentlig" in page
    page = staff.get(staffs).content.decode()
    assert at not in page
    assert "bygger på en version som inte är offentlig" in page


def test_staff_are_led_only_to_what_residents_see(
    make_dialogue: MakeDialogue,
    finish: Finish,
    published: Publication,
    chief: User,
    client_for: ClientFor,
) -> None:
    talk = make_dialogue(key="park", moderation="after")
    said = make_comment(talk, "Om parken")
    without_park(finish)
    staff = client_for("ekonom")
    paths = (f"/liten/dialog/{talk.pk}/", f"/liten/dialog/synpunkt/{said.pk}/")
    for path in paths:
        assert "Se den som invånare" in staff.get(path).content.decode()
    withdraw(published, chief)
    for path in paths:
        page = staff.get(path).content.decode()
        assert "Se den som invånare" not in page
        assert "/oppet/liten/projekt/park/" not in page


def test_an_open_dialogue_is_found_however_many_have_come_since(
    make_dialogue: MakeDialogue, liten: Municipality
) -> None:
    day = timezone.localdate()
    make_dialogue("plan", "", title="Hela planen?", opens=day - dt.timedelta(days=90))
    facts = {"municipality": liten, "kind": "project", "key": "bro", "level": "dialog"}
    Dialogue.objects.bulk_create(
        Dialogue(
            title=f"Stängd {n}.",
            opens=day - dt.timedelta(days=60),
            closes=day - dt.timedelta(days=n),
            state="closed",
            **facts,
        )
        for n in range(1, 61)
    )
    assert "Hela planen?" in text_of("/oppet/liten/dialog/")
    assert "Läs frågor och svar" in text_of("/oppet/liten/")
    both = text_of("/oppet/liten/dialog/") + text_of("/oppet/liten/dialog/?sida=2")
    assert {f"Stängd {n}." for n in range(1, 61)} <= set(
        re.findall(r"Stängd \d+\.", both)
    )


def test_one_that_waits_for_its_address_is_read_first_if_the_rule_has_changed(
    make_dialogue: MakeDialogue, writes: Writes
) -> None:
    talk = make_dialogue(moderation="after", confirm_email=True)
    writes(talk, "Skriven i går.", epost="eva@exempel.se")
    Dialogue.objects.update(moderation="before")
    said = acts.confirm(Comment.objects.get())
    assert said.state == Comment.State.WAITING
    assert said.held_for == "Vi läser innan synpunkter visas."
