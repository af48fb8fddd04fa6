"""Do the pages where letters are written work, for those who may and nobody else?"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from rodtrad.publish.letter_markup import LONGEST
from rodtrad.web import letters
from rodtrad.web.models import Membership
from rodtrad.web.models.letters import Letter

if TYPE_CHECKING:
    from web.conftest import ClientFor
    from web.letters.conftest import Write

    from rodtrad.web.models import Publication

GIVEN = {"title": "Ett brev", "text": "Hej [[projekt:bro]].", "tags": "Skola, budget"}


def test_write_look_time_and_publish(
    published: Publication, client_for: ClientFor
) -> None:
    client = client_for("chef")
    answer = client.post("/liten/brev/nytt/", {**GIVEN, "visa": "1"}, follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'href="/oppet/liten/projekt/bro/"' in page
    letter = Letter.objects.get()
    assert letter.tags == ["Skola", "budget"]
    at = f"/liten/brev/{letter.number}/publicera/"
    client.post(at, {"when": "2001-01-01T10:00"})
    letter.refresh_from_db()
    assert letter.state == Letter.State.DRAFT
    soon = timezone.localtime(timezone.now() + dt.timedelta(days=1))
    client.post(at, {"when": soon.strftime("%Y-%m-%dT%H:%M")})
    letter.refresh_from_db()
    assert letter.state == Letter.State.SCHEDULED
    assert letter.publish_at == soon.replace(second=0, microsecond=0)
    client.post(at, {"nu": "1"})
    letter.refresh_from_db()
    assert letter.is_public
    assert client.get(letters.letter_address(letter)).status_code == 200
    client.post(f"/liten/brev/{letter.number}/ta-tillbaka/", {"why": "Fel."})
    letter.refresh_from_db()
    assert letter.state == Letter.State.DRAFT
    # it has been read: it is not removed
    client.post(f"/liten/brev/{letter.number}/ta-bort/")
    assert Letter.objects.exists()


def test_the_picker_works_without_a_script(
    published: Publication, client_for: ClientFor
) -> None:
    client = client_for("chef")
    given = {
        **GIVEN,
        "satt-in": "1",
        "project": "[[projekt:park]]",
        "figure": "[[siffra:plan.kostnad]]",
    }
    page = client.post("/liten/brev/nytt/", given).content.decode()
    assert "[[projekt:park]] [[siffra:plan.kostnad]]</textarea>" in page
    assert 'value="Ett brev"' in page
    assert not Letter.objects.exists()
    # what is not offered is not put in
    given["project"] = "[[projekt:<script>]]"
    page = client.post("/liten/brev/nytt/", given).content.decode()
    assert "&lt;script" not in page
    assert "<script>]]" not in page


def test_everything_that_is_offered_can_be_used(
    published: Publication, client_for: ClientFor, write: Write
) -> None:
    from rodtrad.web.forms.letters import PickerForm

    form = PickerForm(published)
    codes = [code for code, _name in form.fields["project"].choices if code]  # type: ignore[attr-defined]
    for _name, group in form.fields["figure"].choices[1:]:  # type: ignore[attr-defined]
        codes += [code for code, _words in group]
    assert len(codes) > 30
    assert letters.check(write("\n\n".join(codes))) == []


def test_what_is_stale_is_told_and_the_text_is_kept(
    published: Publication, client_for: ClientFor, write: Write
) -> None:
    letter = write()
    client = client_for("administrator")
    at = f"/liten/brev/{letter.number}/"
    client.post(at, {**GIVEN, "text": "Först.", "revision": letter.revision})
    answer = client.post(at, {**GIVEN, "text": "Sedan.", "revision": letter.revision})
    assert answer.status_code == 409
    assert "Sedan." in answer.content.decode()
    letter.refresh_from_db()
    assert letter.text == "Först."


def test_a_text_of_100_kb_is_refused_and_hidden_signs_go(client_for: ClientFor) -> None:
    client = client_for("chef")
    answer = client.post("/liten/brev/nytt/", {**GIVEN, "text": "a" * 100_000})
    assert answer.status_code == 422
    assert f"{LONGEST:,}".replace(",", "\u00a0") in answer.content.decode()
    assert not Letter.objects.exists()
    text = "Hej\u202e\u200b då\x00\n\n- ett\n  - två"
    client.post("/liten/brev/nytt/", {**GIVEN, "title": "A\u202eB", "text": text})
    letter = Letter.objects.get()
    assert letter.title == "AB"
    assert letter.text == "Hej då\n\n- ett\n  - två"


def test_one_who_loses_the_role_is_stopped(
    published: Publication, client_for: ClientFor, write: Write
) -> None:
    letter = write()
    client = client_for("administrator")
    at = f"/liten/brev/{letter.number}/"
    assert client.get(at).status_code == 200
    Membership.objects.filter(user=client.user).update(role="ekonom")  # type: ignore[attr-defined]
    for path in ("", "publicera/", "bild/", "ta-bort/"):
        answer = client.post(f"{at}{path}", {**GIVEN, "nu": "1"})
        assert answer.status_code == 403
    letter.refresh_from_db()
    assert letter.state == Letter.State.DRAFT


def test_words_are_not_lost_by_leaving_nor_a_draft_by_one_press(
    published: Publication, client_for: ClientFor, write: Write
) -> None:
    client, letter = client_for("administrator"), write("Hej.")
    at = f"/liten/brev/{letter.number}/"
    for path in (
        "/liten/brev/nytt/",
        at,
        f"/liten/publicera/ny/{published.study.number}/",
    ):
        page = client.get(path).content.decode()
        first = re.search(r"<form ((?!</form>).)*<textarea", page, re.DOTALL)
        assert first is not None
        assert "data-guard" in first[0].partition(">")[0], path
    for path in (at, f"{at}visa/"):
        page = client.get(path).content.decode()
        form = page.split(f'action="{at}ta-bort/"')[1].split("</form>")[0]
        assert form.index("</summary>") < form.index("<button"), path


def test_the_letter_stands_in_the_menu_of_who_may_write_it(
    client_for: ClientFor,
) -> None:
    link = 'href="/liten/brev/"'
    assert link in client_for("chef").get("/liten/publicera/").content.decode()
    assert link not in client_for("lasare").get("/liten/publicera/").content.decode()


@pytest.mark.parametrize("role", ["ekonom", "forvaltning", "fortroendevald", "lasare"])
def test_drafts_are_seen_only_by_those_who_may_write(
    role: str, client_for: ClientFor, write: Write
) -> None:
    letter = write("Hemligt.")
    client = client_for(role)
    for path in ("", "visa/", "bild/1/"):
        assert client.get(f"/liten/brev/{letter.number}/{path}").status_code == 403


def test_a_published_letter_is_not_saved_with_faults(
    published: Publication, client_for: ClientFor
) -> None:
    client = client_for("chef")
    client.post("/liten/brev/nytt/", GIVEN)
    letter = Letter.objects.get()
    client.post(f"/liten/brev/{letter.number}/publicera/", {"nu": "1"})
    letter.refresh_from_db()
    given = {**GIVEN, "text": "[[projekt:nej]]", "revision": letter.revision}
    answer = client.post(f"/liten/brev/{letter.number}/", given)
    assert answer.status_code == 422
    assert "[[projekt:nej]]" in answer.content.decode()
    letter.refresh_from_db()
    assert letter.text == GIVEN["text"]


def test_the_list_is_read_with_few_questions(
    client_for: ClientFor, write: Write, django_assert_max_num_queries: object
) -> None:
    for i in range(30):
        write("Hej.", title=f"Brev {i}")
    client = client_for("administrator")
    client.get("/liten/brev/")
    with django_assert_max_num_queries(16):  # type: ignore[operator]
        assert client.get("/liten/brev/").status_code == 200
