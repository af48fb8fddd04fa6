"""Is a letter written, timed, published once, told of, and taken back as it should be?"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from web.letters.conftest import TEXT
from web.public.conftest import changed_data, public_data

from rodtrad.web import letter_due, letters, publishing
from rodtrad.web.letter_figures import shown
from rodtrad.web.models import Event, Municipality, Publication
from rodtrad.web.models.following import Outgoing, Subscription
from rodtrad.web.models.letters import Letter

if TYPE_CHECKING:
    from django.http import HttpRequest
    from web.letters.conftest import Write
    from web.public.conftest import Finish


def test_a_letter_knows_its_figures_and_projects(
    published: Publication, write: Write
) -> None:
    letter = write()
    kept = letter.cites["[[siffra:plan.kostnad]]"]
    assert kept["value"] == published.facts["cost_tkr"]
    assert kept["version"] == published.number
    assert letter.cites["[[projekt:bro]]"]["name"] == "Bron över ån"
    mentioned = set(letter.mentions.values_list("project_id", flat=True))
    assert mentioned == {"bro", "skola"}
    assert letter.slug == "att-valja-ordning"
    assert letter.excerpt.startswith("I torsdags")


@pytest.mark.parametrize(
    "text",
    [
        "[[projekt:finns-inte]]",
        "[[siffra:finns.inte]]",
        "[[siffra:projekt.bro.farg]]",
        "[[siffra:lan.1999]]",
        "[[bild:3]]",
        "Hej [[bild:1]] mitt i.",
    ],
)
def test_what_is_not_there_hinders_publishing(
    text: str, published: Publication, write: Write, asked: HttpRequest
) -> None:
    letter = write(text)
    with pytest.raises(letters.UnfitError):
        letters.publish(asked, letter)
    letter.refresh_from_db()
    assert letter.state == Letter.State.DRAFT
    with pytest.raises(letters.UnfitError):
        letters.schedule(asked, letter, timezone.now() + dt.timedelta(days=1))


def test_without_a_plan_no_figure_can_be_published(
    write: Write, asked: HttpRequest
) -> None:
    with pytest.raises(letters.UnfitError, match="ingen plan"):
        letters.publish(asked, write())
    assert letters.publish(asked, write("Hej!")).is_public


def test_a_letter_that_waits_is_published_once(
    published: Publication, write: Write, asked: HttpRequest
) -> None:
    soon = timezone.now() + dt.timedelta(hours=1)
    letter = letters.schedule(asked, write(), soon)
    assert letter_due.publish_due() == 0
    assert letter_due.publish_due(soon) == 1
    assert letter_due.publish_due(soon) == 0
    letter.refresh_from_db()
    assert letter.is_public
    assert letter.published_at is not None
    found = Event.objects.filter(action="letter.published")
    assert found.count() == 1
    assert found.get().actor is None


def test_one_letter_that_fails_does_not_hinder_the_next(
    published: Publication,
    write: Write,
    asked: HttpRequest,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    soon = timezone.now() + dt.timedelta(hours=1)
    broken = letters.schedule(asked, write(title="Trasigt"), soon)
    whole = letters.schedule(asked, write(title="Helt"), soon)
    publish = letters.publish

    def fails(who: HttpRequest | None, letter: Letter) -> Letter:
        if letter.pk == broken.pk:
            raise RuntimeError("trasigt")
        return publish(who, letter)

    monkeypatch.setattr(letters, "publish", fails)
    assert letter_due.publish_due(soon) == 1
    whole.refresh_from_db()
    broken.refresh_from_db()
    assert whole.is_public
    assert broken.state == Letter.State.SCHEDULED
    assert "RuntimeError: trasigt" in caplog.text


@pytest.mark.parametrize("lines", [99, 101])
def test_a_letter_s_length_is_counted_as_the_browser_counts_it(lines: int) -> None:
    text = "\r\n".join(["x"] * lines)
    if lines == 99:
        assert letters.clean_letter(text, 200).count("\n") == 98
    else:
        with pytest.raises(ValidationError):
            letters.clean_letter(text, 200)


def test_a_held_letter_is_not_published(
    published: Publication, write: Write, asked: HttpRequest
) -> None:
    soon = timezone.now() + dt.timedelta(hours=1)
    letter = letters.schedule(asked, write(), soon)
    letters.unschedule(asked, letter)
    assert letter_due.publish_due(soon) == 0


def test_a_waiting_letter_whose_project_goes_is_held_with_the_reason(
    published: Publication, write: Write, asked: HttpRequest, finish: Finish
) -> None:
    soon = timezone.now() + dt.timedelta(hours=1)
    letter = letters.schedule(asked, write("[[projekt:park]]"), soon)
    data = public_data()
    data["projects"] = [row for row in data["projects"] if row["project_id"] != "park"]
    for table in ("alternatives", "outlays", "parts", "effects", "scores"):
        data[table] = [
            row for row in data.get(table, []) if row.get("project_id") != "park"
        ]
    publishing.publish(None, finish(data))
    assert letter_due.publish_due(soon) == 0
    letter.refresh_from_db()
    assert letter.state == Letter.State.DRAFT
    assert "[[projekt:park]]" in letter.fault


def test_two_who_write_at_once_do_not_overwrite(
    published: Publication, write: Write, asked: HttpRequest
) -> None:
    letter = write()
    letters.write(asked, letter, {"text": "Ett."}, letter.revision)
    with pytest.raises(letters.StaleError):
        letters.write(asked, letter, {"text": "Två."}, letter.revision)


def test_those_who_subscribe_are_told_once(
    published: Publication, write: Write, asked: HttpRequest, liten: Municipality
) -> None:
    for mail, confirmed in (("a@x.example", timezone.now()), ("b@x.example", None)):
        Subscription.objects.create(
            municipality=liten,
            kind="letters",
            key="",
            email=mail,
            language="sv",
            origin="https://plan.example",
            confirmed_at=confirmed,
        )
    letter = letters.publish(asked, write())
    letters.publish(asked, letter)
    letters.withdraw(asked, letter, "Fel bild.")
    letters.publish(asked, letter)
    sent = Outgoing.objects.get()
    assert sent.to == "a@x.example"
    assert sent.subject == "Att välja ordning"
    assert f"https://plan.example{letters.letter_address(letter)}" in sent.text
    assert "Bron över ån" in sent.text
    assert "[[" not in sent.text


def test_the_address_stands_though_the_title_changes(
    published: Publication, write: Write, asked: HttpRequest
) -> None:
    letter = letters.publish(asked, write())
    before = letters.letter_address(letter)
    letter, _faults = letters.write(asked, letter, {"title": "Ny"}, letter.revision)
    assert letters.letter_address(letter) == before
    assert letter.corrected_at is not None
    again = write()
    assert again.slug == "att-valja-ordning-2"


def test_the_figure_of_the_day_stays_and_the_letter_says_that_the_plan_has_moved(
    published: Publication, write: Write, asked: HttpRequest, finish: Finish
) -> None:
    letter = letters.publish(asked, write(TEXT + "\n\n[[siffra:plan.kostnad]]\n"))
    at = letters.letter_address(letter)
    page = Client().get(at).content.decode()
    assert page.count("gäller i dag") == 2
    assert "Planen har ändrats" not in page
    newer = publishing.publish(None, finish(changed_data()))
    was, now = published.facts["cost_tkr"], newer.facts["cost_tkr"]
    assert was != now
    page = Client().get(at).content.decode()
    assert "Planen har ändrats sedan brevet skrevs." in page
    # the box with the bridge, which is as it was, still holds
    assert page.count("gäller i dag") == 1
    assert page.count("Planen har ändrats sedan dess.") == 1
    # the figure that the letter was published with still stands first
    old, new = shown(was, "tkr"), shown(now, "tkr")
    assert f"{new} nu, {old} i brevet" in page
    letter.refresh_from_db()
    # corrected afterwards, what it said of its day is not taken anew
    letter, _faults = letters.write(
        asked, letter, {"text": letter.text + "\nHej."}, letter.revision
    )
    assert letter.cites["[[siffra:plan.kostnad]]"]["value"] == was


def test_what_was_taken_back_is_not_shown_in_a_letter(
    published: Publication, write: Write, asked: HttpRequest, finish: Finish
) -> None:
    letter = letters.publish(asked, write("Vi nämner [[projekt:park]] här."))
    data = public_data()
    data["projects"] = [row for row in data["projects"] if row["project_id"] != "park"]
    for table in ("alternatives", "outlays", "parts", "effects", "scores"):
        data[table] = [
            row for row in data.get(table, []) if row.get("project_id") != "park"
        ]
    publishing.publish(None, finish(data))
    at = letters.letter_address(letter)
    name = letter.cites["[[projekt:park]]"]["name"]
    page = Client().get(at).content.decode()
    assert name in page
    assert "finns inte längre i planen" in page
    publishing.withdraw(asked, published, "Ett namn skulle inte ut.")
    page = Client().get(at).content.decode()
    assert name not in page
    assert "ett projekt som inte visas längre" in page


def test_every_act_is_logged(
    published: Publication, write: Write, asked: HttpRequest
) -> None:
    letter = write()
    letter, _faults = letters.write(asked, letter, {"text": "Nytt."}, letter.revision)
    letters.schedule(asked, letter, timezone.now() + dt.timedelta(hours=1))
    letters.publish(asked, letter)
    letters.withdraw(asked, letter, "Därför.")
    letters.remove(asked, write())
    done = list(Event.objects.order_by("pk").values_list("action", flat=True))
    assert [one for one in done if one.startswith("letter.")] == [
        "letter.written",
        "letter.changed",
        "letter.scheduled",
        "letter.published",
        "letter.withdrawn",
        "letter.written",
        "letter.removed",
    ]
    changed = Event.objects.get(action="letter.changed")
    assert changed.before is not None
    assert changed.before["text"].startswith("I torsdags")
    assert changed.after == {"text": "Nytt."}
    with pytest.raises(ValueError, match="taken back"):
        letters.remove(asked, letter)
