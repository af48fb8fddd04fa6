"""What does everyone see of the letters, and never anything else?"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from web.letters.conftest import picture_file
from web.public.conftest import changed_data, public_data

from rodtrad.web import letter_pictures, letters, public_parts, publishing
from rodtrad.web.letter_figures import shown
from rodtrad.web.models.following import Outgoing, Subscription
from rodtrad.web.models.letters import Letter

if TYPE_CHECKING:
    from django.http import HttpRequest
    from web.letters.conftest import Write
    from web.public.conftest import Finish

    from rodtrad.web.models import Municipality, Publication

ATOM = "{http://www.w3.org/2005/Atom}"


def many(place: Municipality, count: int) -> None:
    """Store published letters, one a week backwards in time."""
    now = timezone.now()
    rows = []
    for i in range(count):
        at = now - dt.timedelta(weeks=i, minutes=1)
        day = timezone.localdate(at)
        letter = Letter(
            municipality=place,
            number=1000 + i,
            slug=f"brev-{i}",
            title=f"Brev nummer {i}",
            text=f"Text {i} om skolan. " * 300,
            state=Letter.State.PUBLISHED,
            published_at=at,
            year=day.year,
            month=day.month,
            tags=["Skola"] if i % 2 else ["Budget"],
        )
        letter.tag_keys = letters.tag_keys(letter.tags)
        letter.folded = f"{letter.title} {letter.text}".casefold()
        rows.append(letter)
    Letter.objects.bulk_create(rows)


@pytest.mark.parametrize("root", ["oppet", "open"])
def test_a_letter_is_read_without_cookie_or_script(
    root: str, published: Publication, write: Write, asked: HttpRequest
) -> None:
    letter = letters.publish(asked, write())
    at = f"/{root}/liten/brev/{letter.year}/{letter.month}/{letter.slug}/"
    answer = Client().get(at)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert not answer.cookies
    assert answer["Cache-Control"].startswith("public")
    assert "<script" not in page
    assert "style=" not in page
    assert f'href="/{root}/liten/projekt/bro/"' in page
    for path in ("", f"{letter.year}/", f"{letter.year}/{letter.month}/", "flode.xml"):
        assert Client().get(f"/{root}/liten/brev/{path}").status_code == 200


def test_the_feed_says_what_language_each_part_is_in(
    published: Publication, write: Write, asked: HttpRequest
) -> None:
    letters.publish(asked, write("Hej."))
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    for root, language in (("oppet", "sv"), ("open", "en")):
        text = Client().get(f"/{root}/liten/brev/flode.xml").content
        tree = ElementTree.fromstring(text)
        entry = tree.find(f"{ATOM}entry")
        assert entry is not None
        assert (tree.get(lang), entry.get(lang)) == (language, "sv")


def test_drafts_and_waiting_letters_are_not_found(
    published: Publication, write: Write, asked: HttpRequest
) -> None:
    letter = write("Hemlig text.")
    picture = letter_pictures.add(asked, letter, picture_file(), "En bild")
    Letter.objects.update(text="Hemlig text.\n\n[[bild:1]]")
    letter = letters.publish(asked, letter)
    at = letters.letter_address(letter)
    shown = f"/oppet/liten/brev/bild/{letter.number}-{picture.number}"
    assert Client().get(shown).status_code == 200
    letters.withdraw(asked, letter, "Därför.")
    waiting = write("Hemlig väntan.", title="Väntar")
    letters.schedule(asked, waiting, timezone.now() + dt.timedelta(days=1))
    client = Client()
    assert client.get(at).status_code == 404
    assert client.get(shown).status_code == 404
    for path in ("brev/", "brev/flode.xml", "brev/?q=hemlig", "projekt/bro/", ""):
        page = client.get(f"/oppet/liten/{path}").content.decode()
        assert "Hemlig" not in page
        assert "Väntar" not in page
    assert client.get(f"/oppet/liten/brev/{timezone.now().year}/").status_code == 404


def test_a_picture_that_the_letter_does_not_show_is_not_served(
    published: Publication, write: Write, asked: HttpRequest
) -> None:
    letter = write("Hej.")
    for alt in ("Den här", "Inte den här"):
        letter_pictures.add(asked, letter, picture_file(), alt)
    Letter.objects.update(text="Hej.\n\n[[bild:1]]")
    letters.publish(asked, letter)
    at = f"/oppet/liten/brev/bild/{letter.number}-"
    assert Client().get(f"{at}1").status_code == 200
    assert Client().get(f"{at}2").status_code == 404


def test_a_figure_of_a_project_that_is_taken_back_names_no_project(
    published: Publication, finish: Finish, write: Write, asked: HttpRequest
) -> None:
    letter = letters.publish(asked, write("[[siffra:projekt.park.kostnad]]"))
    at = letters.letter_address(letter)
    name = published.items.get(project_id="park").name
    assert f"{name}: kostnad" in Client().get(at).content.decode()
    data = public_data()
    for table, rows in data.items():
        data[table] = [row for row in rows if row.get("project_id") != "park"]
    publishing.publish(None, finish(data))
    # the first version still says what the letter says
    assert f"{name}: kostnad" in Client().get(at).content.decode()
    publishing.withdraw(asked, published, "Ett namn skulle inte ut.")
    page = Client().get(at).content.decode()
    assert "Ett projekt som inte visas längre: kostnad" in page
    assert "park" not in page.casefold()


@pytest.mark.parametrize(
    "path",
    [
        "2026/13/",
        "0/0/",
        "99999999999999999999/",
        "2026/99999999999999999999/x/",
        "bild/99999999999999999999-1",
        "?q=%00&amne=%00",
        "?sida=x",
        "?q=" + "a" * 5000,
        "?amne=%F0%9F%92%A9",
    ],
)
def test_odd_addresses_give_no_fault(path: str, published: Publication) -> None:
    assert Client().get(f"/oppet/liten/brev/{path}").status_code in (200, 404)


def test_markup_in_every_field_stays_text(
    published: Publication, write: Write, asked: HttpRequest
) -> None:
    bad = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    letter = letters.publish(
        asked,
        write(
            f'{bad}\n\n[länk](javascript:alert(1)) [två](https://x.example/"onclick=a)',
            title=bad[:150],
            tags=[bad[:40]],
            author_role=bad[:90],
        ),
    )
    for at in (letters.letter_address(letter), "/oppet/liten/brev/", "/oppet/liten/"):
        page = Client().get(at).content.decode()
        assert "<script>" not in page
        assert "<img src=x" not in page
        assert 'href="javascript' not in page
        assert not re.search(r'<a [^>]*"\s*onclick', page)
    feed = Client().get("/oppet/liten/brev/flode.xml").content
    entry = ElementTree.fromstring(feed).find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}title") == bad[:150]
    assert "<script>" not in (entry.findtext(f"{ATOM}content") or "")


def test_the_feed_is_valid_and_its_ids_never_change(
    published: Publication, write: Write, asked: HttpRequest
) -> None:
    letter = letters.publish(asked, write())
    first = ElementTree.fromstring(Client().get("/oppet/liten/brev/flode.xml").content)
    letters.write(
        asked, letter, {"title": "Ny rubrik", "text": "Ny text."}, letter.revision
    )
    second = ElementTree.fromstring(Client().get("/oppet/liten/brev/flode.xml").content)
    for feed in (first, second):
        for name in ("id", "title", "updated"):
            assert feed.findtext(f"{ATOM}{name}")
        entry = feed.find(f"{ATOM}entry")
        assert entry is not None
        for name in ("id", "title", "updated", "published", "content"):
            assert entry.findtext(f"{ATOM}{name}"), name
        for name in ("updated", "published"):
            found = dt.datetime.fromisoformat(entry.findtext(f"{ATOM}{name}") or "")
            assert found.tzinfo is not None
        link = entry.find(f"{ATOM}link")
        assert link is not None
        assert link.get("href", "").startswith("http://testserver/oppet/liten/brev/")
    path = f"{ATOM}entry/{ATOM}id"
    assert first.findtext(path) == second.findtext(path)
    assert first.findtext(path, "").startswith("urn:uuid:")
    assert first.findtext(f"{ATOM}id") == second.findtext(f"{ATOM}id")
    # addresses in the text carry the host
    body = first.findtext(f"{ATOM}entry/{ATOM}content") or ""
    assert 'href="http://testserver/oppet/liten/projekt/bro/"' in body


def test_a_stale_figure_says_so_wherever_it_is_read(
    published: Publication,
    write: Write,
    asked: HttpRequest,
    liten: Municipality,
    finish: Finish,
) -> None:
    Subscription.objects.create(
        municipality=liten,
        kind="letters",
        email="a@x.example",
        origin="https://plan.example",
        confirmed_at=timezone.now(),
    )
    letter = letters.publish(asked, write("Allt kostar [[siffra:plan.kostnad]] nu."))
    old = shown(published.facts["cost_tkr"], "tkr")
    # a mail stays as it is: it says of which version it is, and where changes are told
    text = Outgoing.objects.get().text
    assert f"Allt kostar {old} nu." in text
    assert "planens version 1. Ändras planen står det i brevet på webbplatsen." in text
    at = letters.letter_address(letter)
    places = (at, "/oppet/liten/brev/", "/oppet/liten/", "/oppet/liten/brev/flode.xml")
    for path in places:
        page = Client().get(path).content.decode()
        assert old in page
        assert "(nu " not in page

    newer = publishing.publish(None, finish(changed_data()))

    new = shown(newer.facts["cost_tkr"], "tkr")
    assert new != old
    for path in places:
        page = Client().get(path).content.decode()
        # once a place, at least: `(nu 80 mkr)` after each `95 mkr` of the letter
        said = re.sub(r"<[^>]+>|&lt;.*?&gt;", "", page)
        assert f"{old} (nu {new})" in said, path
        assert f"Allt kostar {old} nu" not in said, path
    description = re.search(
        r'<meta name="description" content="([^"]*)"', Client().get(at).content.decode()
    )
    assert description is not None
    assert f"{old} (nu {new})" in description[1]
    feed = ElementTree.fromstring(Client().get("/oppet/liten/brev/flode.xml").content)
    entry = feed.find(f"{ATOM}entry")
    assert entry is not None
    for name in ("summary", "content"):
        found = re.sub(r"<[^>]+>", "", entry.findtext(f"{ATOM}{name}") or "")
        assert f"{old} (nu {new})" in found, name
    # a feed reader that has the entry takes it once more
    updated = dt.datetime.fromisoformat(entry.findtext(f"{ATOM}updated") or "")
    assert updated == newer.published_at.replace(microsecond=updated.microsecond)


def test_a_project_that_left_the_plan_says_so_in_the_list(
    published: Publication, write: Write, asked: HttpRequest, finish: Finish
) -> None:
    letters.publish(asked, write("Vi bygger [[projekt:park]]."))
    name = published.items.get(project_id="park").name
    assert f"Vi bygger {name}." in Client().get("/oppet/liten/brev/").content.decode()
    data = changed_data()
    for table, rows in data.items():
        data[table] = [row for row in rows if row.get("project_id") != "park"]
    publishing.publish(None, finish(data))
    page = Client().get("/oppet/liten/brev/").content.decode()
    assert f"Vi bygger {name} (finns inte längre i planen)." in page


def test_a_project_lists_the_letters_that_mention_it(
    published: Publication, write: Write, asked: HttpRequest
) -> None:
    letters.publish(asked, write("Om [[projekt:bro]].", title="Om bron"))
    letters.publish(
        asked, write("Kostar [[siffra:projekt.bro.kostnad]].", title="Om pengar")
    )
    write("Om [[projekt:bro]].", title="Utkast om bron")
    page = Client().get("/oppet/liten/projekt/bro/").content.decode()
    assert "Om bron" in page
    assert "Om pengar" in page
    assert "Utkast om bron" not in page
    assert "Om bron" not in Client().get("/oppet/liten/projekt/park/").content.decode()


def test_search_tags_and_archive(
    published: Publication, write: Write, asked: HttpRequest
) -> None:
    letters.publish(asked, write("Älgen gick.", title="Ett", tags=["Natur & djur"]))
    letters.publish(asked, write("Skolan.", title="Två"))
    client = Client()

    def found(query: str) -> set[str]:
        page = client.get(f"/oppet/liten/brev/{query}").content.decode()
        part = page[page.index("<main") : page.index('<aside class="c4')]
        return {name for name in ("Ett", "Två") if f">{name}</a>" in part}

    assert found("") == {"Ett", "Två"}
    assert found("?q=ÄLGEN") == {"Ett"}
    assert found("?q=a%CC%88lgen") == {"Ett"}  # written with a loose accent
    assert found("?q=skolan+älgen") == set()
    assert found("?amne=natur-djur") == {"Ett"}
    assert found("?amne=Natur%20%26%20djur") == {"Ett"}
    assert found("?q=%25") == set()


def test_another_municipality_s_letters_are_not_seen(
    published: Publication, write: Write, asked: HttpRequest, annan: Municipality
) -> None:
    letter = letters.publish(asked, write())
    path = f"brev/{letter.year}/{letter.month}/{letter.slug}/"
    assert Client().get(f"/oppet/annan/{path}").status_code == 404


def test_pages_ask_few_questions_whatever_there_is(
    published: Publication, write: Write, asked: HttpRequest, liten: Municipality
) -> None:
    letter = letters.publish(asked, write())
    client = Client()
    at = letters.letter_address(letter)
    pages = (
        at,
        "/oppet/liten/brev/",
        "/oppet/liten/brev/flode.xml",
        "/oppet/liten/projekt/bro/",
    )

    def asked_of() -> list[int]:
        counts = []
        for page in pages:
            client.get(page)
            with CaptureQueriesContext(connection) as found:
                assert client.get(page).status_code == 200
            counts.append(len(found))
        return counts

    few = asked_of()
    many(liten, 500)
    public_parts.forget()
    for now, before in zip(asked_of(), few, strict=True):
        assert now <= before + 1
    assert max(few) <= 16


def test_english_pages_say_that_letters_are_in_swedish(
    published: Publication, write: Write, asked: HttpRequest
) -> None:
    letter = letters.publish(asked, write())
    page = Client().get(letters.letter_address(letter, "en")).content.decode()
    assert '<div class="lettertext" lang="sv">' in page
    assert '<html lang="en">' in page


def test_a_name_of_the_plan_with_an_odd_sign_does_not_break_the_feed(
    published: Publication, write: Write, asked: HttpRequest
) -> None:
    published.items.filter(project_id="bro").update(name="Bron\x0b över ån")
    letters.publish(asked, write("Om [[projekt:bro]]."))
    feed = ElementTree.fromstring(Client().get("/oppet/liten/brev/flode.xml").content)
    assert feed.findtext(f"{ATOM}entry/{ATOM}summary") == "Om Bron över ån."
