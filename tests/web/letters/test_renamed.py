"""Does a letter find its projects when they have got other ids, and when they go back?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.test import Client
from web.following.test_following import renamed
from web.public.conftest import public_data

from rodtrad.web import following, letters, publishing
from rodtrad.web.models.letters import LetterMention

if TYPE_CHECKING:
    from django.http import HttpRequest
    from web.letters.conftest import Write
    from web.public.conftest import Finish

    from rodtrad.web.models import Publication

LIST = "Brev som nämner projektet"
GONE = "finns inte längre i planen"


def page(path: str) -> str:
    return Client().get(path).content.decode()


def mentioned() -> set[str]:
    return set(LetterMention.objects.values_list("project_id", flat=True))


def test_a_letter_follows_its_projects_to_new_ids_and_back(
    published: Publication, finish: Finish, write: Write, asked: HttpRequest
) -> None:
    text = "Vi bygger [[projekt:bro]] för [[siffra:projekt.bro.kostnad]].\n\n[[projekt:bro]]"
    letter = letters.publish(asked, write(text))
    at = letters.letter_address(letter)
    place = published.municipality
    # in the sheet the bridge has another id; what is published has not
    following.move_life(place, {"projects": {("bro",): ("nya-bron",)}})
    assert LIST in page("/oppet/liten/projekt/bro/")
    newer = publishing.publish(
        None, finish(renamed(public_data(), {"bro": "nya-bron"}))
    )
    for path in (at, "/oppet/liten/brev/", "/oppet/liten/brev/flode.xml"):
        assert GONE not in page(path), path
    assert 'href="/oppet/liten/projekt/nya-bron/"' in page(at)
    assert LIST in page("/oppet/liten/projekt/nya-bron/")
    # saved again it still knows them, and may be published again
    letter, faults = letters.write(asked, letter, {"tags": ["Bro"]}, letter.revision)
    assert faults == []
    assert mentioned() == {"nya-bron"}
    letter = letters.publish(asked, letters.withdraw(asked, letter, "Fel."))
    # the version that knew the new id is taken back
    publishing.withdraw(asked, newer, "Fel siffror.")
    assert mentioned() == {"bro"}
    assert LIST in page("/oppet/liten/projekt/bro/")
    assert 'href="/oppet/liten/projekt/bro/"' in page(at)


def test_a_letter_that_names_both_of_two_that_change_places_keeps_both(
    published: Publication, finish: Finish, write: Write
) -> None:
    write("Om [[projekt:bro]] och [[projekt:skola]].")
    moves = {"bro": "skola", "skola": "bro"}
    following.move_life(
        published.municipality,
        {"projects": {(old,): (new,) for old, new in moves.items()}},
    )
    publishing.publish(None, finish(renamed(public_data(), moves)))
    assert mentioned() == {"bro", "skola"}
