"""Does a resident find what is planned nearby, however the place is spelt?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from web.public.conftest import Finish, public_data

from rodtrad.web import public_search, publishing
from rodtrad.web.models import Municipality, Publication
from rodtrad.web.public_rows import fold
from rodtrad.web.public_search import Place, matching_places

if TYPE_CHECKING:
    from django.test import Client

SEARCH = "/oppet/liten/sok/"


@pytest.fixture
def vimmerby(finish: Finish, liten: Municipality) -> Publication:
    """The small plan, in a municipality whose localities are known."""
    Municipality.objects.filter(pk=liten.pk).update(code="0884")
    liten.refresh_from_db()
    data = public_data()
    data["areas"][1] |= {"name": "Övre Ån", "lat": 57.74, "lon": 15.79}
    data["projects"][1]["name"] = "Bro över Ån"
    return publishing.publish(None, finish(data))


def found(client: Client, **asked: str) -> list[str]:
    answer = client.get(SEARCH, asked)
    assert answer.status_code == 200
    page = answer.content.decode()
    main = page[page.index('<ol class="plines"') :] if "plines" in page else ""
    return re.findall(r"/projekt/([^/]+)/", main.partition("</ol>")[0])


def title(client: Client, **asked: str) -> str:
    page = client.get(SEARCH, asked).content.decode()
    match = re.search(r"<h1>(.*?)</h1>", page)
    assert match is not None
    return match[1]


def test_letters_are_folded() -> None:
    assert fold("ÅÄÖ åäö Éé Øre") == "aao aao ee ore"
    # letters that stand as two characters are the same as those that stand as one
    assert fold("So\u0308dra") == fold("Södra") == "sodra"


@pytest.mark.parametrize(
    "asked", ["Övre Ån", "ovre an", "ÖVRE", "Storgatan 5, övre ån"]
)
def test_an_area_is_found(vimmerby: Publication, client: Client, asked: str) -> None:
    assert title(client, q=asked) == "Planen för Övre Ån"
    assert found(client, q=asked) == ["bro"]


@pytest.mark.parametrize(
    "asked", ["Södra Vi", "sodra vi", "Bygatan 1, 598 50 SÖDRA VI"]
)
def test_a_locality_is_found_with_what_is_near(
    vimmerby: Publication, client: Client, asked: str
) -> None:
    assert title(client, q=asked) == "Planen nära Södra Vi"
    assert found(client, q=asked) == ["bro"]
    page = client.get(SEARCH, {"q": asked}).content.decode()
    assert "Ett projekt inom 5" not in page
    assert "1 projekt inom 5 kilometer" in page


def test_a_locality_without_projects_says_so(
    vimmerby: Publication, client: Client
) -> None:
    assert found(client, q="Tuna") == []
    assert (
        "Inget i planen ligger här."
        in client.get(SEARCH, {"q": "Tuna"}).content.decode()
    )


def test_projects_are_found_by_words_without_dots(
    vimmerby: Publication, client: Client
) -> None:
    assert found(client, q="bro over") == ["bro"]
    assert found(client, q="over", visa="projekt") == ["bro"]
    assert found(client, q="finns inte alls") == []
    assert (
        "Pröva färre" in client.get(SEARCH, {"q": "finns inte alls"}).content.decode()
    )


def test_other_municipalities_localities_are_not_known(
    vimmerby: Publication, client: Client
) -> None:
    assert title(client, q="Bunkeflostrand") == "Sökning på ”Bunkeflostrand”"


@pytest.mark.parametrize(
    "asked",
    [
        "<script>alert(1)</script>",
        "\u202egnirts\u200b",
        "%",
        "_",
        "'; DROP TABLE web_publicitem; --",
        "\0",
        "ö" * 5000,
        "((((((((",
        "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    ],
)
def test_anything_may_be_asked(
    vimmerby: Publication, client: Client, asked: str
) -> None:
    answer = client.get(SEARCH, {"q": asked, "plats": asked, "sida": asked})
    assert answer.status_code == 200
    assert b"<script>alert" not in answer.content
    assert not answer.cookies
    assert found(client, q=asked) == []


def test_a_name_that_is_asked_for_exactly_comes_first() -> None:
    def place(name: str, count: int) -> Place:
        return Place(name, name, "", None, None, None, count)

    known = [place("Vimmerby norra", 9), place("Vimmerby", 1), place("Nya Vimmerby", 3)]
    names = [one.name for one in matching_places(known, "vimmerby")]
    assert names == ["Vimmerby", "Vimmerby norra", "Nya Vimmerby"]
    assert matching_places(known, " ,.") == []


def test_searching_again_asks_the_database_nothing(
    vimmerby: Publication, client: Client
) -> None:
    def queries(address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as found:
            client.get(address, headers={"cache-control": "no-cache"})
        return len(found)

    # beside what the frame of every page asks
    assert queries(f"{SEARCH}?q=ovre+an") == queries("/oppet/liten/om/")


def test_every_municipality_has_its_localities() -> None:
    named = {name for name, *_rest in public_search.localities("0884")}
    assert {"Vimmerby", "Södra Vi", "Storebro"} <= named
    assert public_search.localities("9999") == []
