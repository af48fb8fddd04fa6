"""Do the public pages say what the frozen plan says, to everyone, without a trace?"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from web.public.conftest import changed_data, public_data

from rodtrad.web import public_now, publishing
from rodtrad.web.models import Publication
from rodtrad.web.models.dialogue import RenamedProjects
from rodtrad.web.views import public_pages

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django import DjangoAssertNumQueries
    from pytest_django import Settings as DjangoSettings
    from web.public.conftest import Finish

PAGES = (
    "",
    "projekt/",
    "projekt/skola/",
    "projekt/bro/",
    "karta/",
    "tidslinje/",
    "ekonomi/",
    "kan-inte/",
    "antaganden/",
    "andrat/",
    "lattlast/",
    "flode.xml",
    "bild/plan.png",
    "bild/projekt/skola.png",
    "om/",
    "tillganglighet/",
    "personuppgifter/",
    "version/1/",
    "version/1/projekt/skola/",
    "andrat/1/",
)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["oppet", "open"])
def test_a_reader_needs_no_log_in_and_leaves_no_trace(
    path: str, language: str, published: Publication
) -> None:
    client = Client()
    answer = client.get(f"/{language}/liten/{path}")
    assert answer.status_code == 200
    assert not answer.cookies
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert answer.headers["Cache-Control"].startswith("public")
    text = answer.content.decode("utf-8", "replace")
    if answer.headers["Content-Type"].startswith("text/html"):
        wanted = {"oppet": "sv", "open": "en"}[language]
        assert f'<html lang="{wanted}">' in text
        assert "<script" not in text
        assert not re.search(r'\sstyle="', text)
        loaded = re.findall(r'(?:href|src)="(https?://[^"]+)"', text)
        assert all(at.startswith("http://testserver/") for at in loaded)


def test_a_cookie_changes_nothing(published: Publication) -> None:
    plain = Client().get("/oppet/liten/").content
    marked = Client()
    marked.cookies.load({"sprak": "en", "tema": "dark", "sessionid": "x" * 32})
    assert marked.get("/oppet/liten/").content == plain


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_found_before_it_is_published(path: str, finish: Finish) -> None:
    finish()
    answer = Client().get(f"/oppet/liten/{path}")
    assert answer.status_code == 404
    assert not answer.cookies


def test_what_is_taken_back_is_reached_by_no_address(published: Publication) -> None:
    publication = Publication.objects.get(pk=published.pk)
    publication.withdrawn_at = publication.published_at
    publication.save(update_fields=["withdrawn_at"])
    for path in PAGES:
        assert Client().get(f"/oppet/liten/{path}").status_code == 404, path


def test_the_front_page_tells_the_plan(published: Publication) -> None:
    text = Client().get("/oppet/liten/").content.decode()
    for item in published.items.all():
        assert item.name in text
    facts = published.facts
    assert f"{facts['in']} av {facts['projects']} projekt" in text
    assert "Fullmäktige beslutar" in text


def test_a_project_that_does_not_fit_says_why(finish: Finish) -> None:
    published = publishing.publish(None, finish(changed_data()))
    item = published.items.exclude(state="in").first()
    assert item is not None
    text = Client().get(f"/oppet/liten/projekt/{item.project_id}/").content.decode()
    assert "Varför ryms det inte?" in text
    plan = published.plan
    reason = next(r for r in plan["reasons"] if r["project_id"] == item.project_id)
    assert reason["text"][0].split("”")[0] in text


def test_the_lists_filter(published: Publication) -> None:
    client = Client()

    def shown(query: str) -> set[str]:
        text = client.get(f"/oppet/liten/projekt/{query}").content.decode()
        return set(
            re.findall(r'<span class="what"><a href="[^"]*/projekt/(\w+)/"', text)
        )

    assert shown("") == {"skola", "bro", "park"}
    assert shown("?ort=byn") == {"bro"}
    assert shown("?amne=befolkning") == {"skola"}
    assert shown("?q=PARK") == {"park"}
    assert shown("?q=lilla+byn") == {"bro"}
    assert shown("?lage=in") == {
        item.project_id for item in published.items.filter(state="in")
    }
    assert shown("?q=%00%25_&ort=finns-inte") == set()
    assert client.get("/oppet/liten/projekt/?sida=99999").status_code == 200


def test_the_other_language_keeps_what_was_asked_for(published: Publication) -> None:
    client = Client()
    text = client.get("/oppet/liten/projekt/?lage=in&q=ån&sida=1").content.decode()
    other = 'href="/open/liten/projekt/?lage=in&amp;q=%C3%A5n&amp;sida=1"'
    assert text.count(other) == 2  # in the head, and for the reader
    text = client.get("/open/liten/sok/?q=%22%3E%3Cb%3E&plats=x").content.decode()
    assert 'href="/oppet/liten/sok/?q=%22%3E%3Cb%3E&amp;plats=x"' in text
    text = client.get("/oppet/liten/version/1/karta/?ort=byn").content.decode()
    assert 'href="/open/liten/version/1/karta/?ort=byn"' in text


def test_the_front_page_searches_for_places_and_projects(
    published: Publication,
) -> None:
    for root in ("oppet", "open"):
        text = Client().get(f"/{root}/liten/").content.decode()
        assert f'<form class="pubsearch" role="search" action="/{root}/liten/sok/"' in (
            text
        )
    text = Client().get("/oppet/liten/sok/?q=lilla+byn").content.decode()
    assert "Planen för Lilla byn" in text


def test_what_stands_at_the_foot_is_a_list(published: Publication) -> None:
    text = Client().get("/oppet/liten/").content.decode()
    part = text[text.index('<footer class="foot">') :]
    first = part[part.index("<ul") : part.index("</ul>")]
    links = re.findall(r"<li><a [^>]+>([^<]+)</a></li>", first)
    assert links == [
        "Ladda ner planens data",
        "Sök ort eller projekt",
        "Följ planen med e-post",
    ]
    assert first.count("<a ") == len(links)


def test_the_map_counts_what_the_list_shows(published: Publication) -> None:
    text = Client().get("/oppet/liten/karta/").content.decode()
    assert "Centrum" in text
    assert "2 projekt" in text
    assert "Lilla byn" in text
    only = Client().get("/oppet/liten/karta/?ort=byn").content.decode()
    assert only.count("<circle cx") < text.count("<circle cx")


def test_a_new_version_says_what_changed_and_why(finish: Finish) -> None:
    first = publishing.publish(None, finish())
    study = finish(changed_data())
    ready = publishing.prepare(study)
    assert ready.changes
    key, change = next(iter(ready.changes.items()))
    second = publishing.publish(
        None, study, reasons={key: "Taket för lånen är sänkt."}, note="Nytt tak."
    )
    assert second.number == first.number + 1
    assert second.changes[key]["reason"] == "Taket för lånen är sänkt."
    client = Client()
    for path in ("andrat/", f"projekt/{key}/", "flode.xml"):
        text = client.get(f"/oppet/liten/{path}").content.decode()
        assert "Taket för lånen är sänkt." in text, path
    old = client.get("/oppet/liten/version/1/")
    assert old.status_code == 200
    assert "Det här är version 1, en äldre version" in old.content.decode()
    assert old.headers["X-Robots-Tag"] == "noindex"
    # what it links to stays in the old version
    assert f'href="/oppet/liten/version/1/projekt/{key}/"' in old.content.decode()
    assert change["name"]


def test_a_sentence_of_a_change_is_told_in_the_readers_language(
    finish: Finish,
) -> None:
    publishing.publish(None, finish())
    reason = "Balanskravet begränsar planen 2028 och 2030."
    data = public_data()
    for name, rows in data.items():
        data[name] = [row for row in rows if row.get("project_id") != "park"]
    publishing.publish(None, finish(data), reasons={"park": reason})
    for path in ("andrat/", "flode.xml", "projekt/park/"):
        text = Client().get(f"/open/liten/{path}").content.decode()
        assert reason not in text, path
        assert "The balance requirement limits the plan in 2028 and 2030." in text
        assert reason in Client().get(f"/oppet/liten/{path}").content.decode()


def test_every_open_version_says_what_it_changed(
    published: Publication, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_pages, "_VERSIONS_SHOWN", 2)
    for data in (changed_data(), None, changed_data()):
        publishing.publish(None, finish(data))

    def head(path: str) -> str:
        text = Client().get(f"/oppet/liten/andrat/{path}").content.decode()
        return text[text.index("<h1>") : text.index("</h1>")]

    assert "Version 1 är den första" in head("1/")
    for path in ("2/", "3/", "4/", ""):
        assert "första" not in head(path), path
    # what a version has changed since one that is taken back is changed all the same
    Publication.objects.filter(number=1).update(withdrawn_at=published.published_at)
    assert "i version 2" in head("2/")


def test_a_project_that_has_left_tells_where_it_was(finish: Finish) -> None:
    publishing.publish(None, finish())
    data = public_data()
    for name, rows in data.items():
        data[name] = [row for row in rows if row.get("project_id") != "park"]
    publishing.publish(None, finish(data))
    answer = Client().get("/oppet/liten/projekt/park/")
    assert answer.status_code == 410
    assert 'href="/oppet/liten/version/1/projekt/park/"' in answer.content.decode()
    assert Client().get("/oppet/liten/projekt/aldrig/").status_code == 404


def test_the_feed_is_atom(published: Publication) -> None:
    answer = Client().get("/oppet/liten/flode.xml")
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    root = ET.fromstring(answer.content)
    space = "{http://www.w3.org/2005/Atom}"
    assert root.tag == f"{space}feed"
    ids = [one.text for one in root.iter(f"{space}id")]
    assert len(ids) == len(set(ids)) == 2
    assert all(
        entry.find(f"{space}updated") is not None
        for entry in root.iter(f"{space}entry")
    )


def test_the_pictures_are_png_of_the_right_size(published: Publication) -> None:
    for path in ("bild/plan.png", "bild/projekt/bro.png"):
        data = Client().get(f"/oppet/liten/{path}").content
        assert data.startswith(b"\x89PNG")
        assert (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == (1200, 630)


@pytest.mark.parametrize(
    "path", ["", "projekt/bro/", "bild/plan.png", "bild/projekt/bro.png", "data/1.zip"]
)
def test_nobody_on_the_way_keeps_long_what_may_be_taken_back(
    path: str, published: Publication, tmp_path: Path, settings: DjangoSettings
) -> None:
    settings.RODTRAD_HOME = tmp_path
    answer = Client().get(f"/oppet/liten/{path}")
    answer.close()
    assert answer.headers["Cache-Control"] == f"public, max-age={public_now.SECONDS}"


def test_markup_in_the_underlag_is_only_text(finish: Finish) -> None:
    data = public_data()
    evil = '"><script>alert(1)</script><b onmouseover=x>&amp;'
    data["projects"][0] |= {"name": evil, "description": evil, "source": evil}
    data["areas"][0]["name"] = evil
    publishing.publish(None, finish(data), title=evil, note=evil)
    for path in PAGES:
        text = Client().get(f"/oppet/liten/{path}").content.decode("utf-8", "replace")
        assert "<script>" not in text, path
        assert "<b onmouseover" not in text, path


@pytest.mark.parametrize(
    "path", ["", "projekt/", "projekt/skola/", "karta/", "kan-inte/", "andrat/"]
)
def test_the_database_is_asked_a_few_times(
    path: str,
    published: Publication,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = Client()
    client.get(f"/oppet/liten/{path}")
    with django_assert_max_num_queries(14):
        assert client.get(f"/oppet/liten/{path}").status_code == 200


def test_a_missing_slash_is_put_right_and_other_methods_refused(
    published: Publication,
) -> None:
    answer = Client().get("/oppet/liten/projekt?q=x")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "/oppet/liten/projekt/?q=x"
    answer = Client().get("/oppet/liten/projekt/50%25%3Fa%23b")
    assert answer.headers["Location"] == "/oppet/liten/projekt/50%25%3Fa%23b/"
    assert Client().post("/oppet/liten/projekt/").status_code == 405
    assert Client().head("/oppet/liten/").status_code == 200


def test_the_old_address_of_a_renamed_project_leads_to_the_new(
    published: Publication,
) -> None:
    place = published.municipality
    RenamedProjects.objects.create(
        municipality=place, moves={"forst": "sedan"}, applied=True
    )
    RenamedProjects.objects.create(
        municipality=place, moves={"sedan": "skola"}, applied=True
    )
    RenamedProjects.objects.create(municipality=place, moves={"annan": "bro"})
    answer = Client().get("/oppet/liten/projekt/forst/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/oppet/liten/projekt/skola/"
    older = Client().get("/open/liten/version/1/projekt/sedan/")
    assert older.headers["Location"] == "/open/liten/version/1/projekt/skola/"
    # one that no published plan knows yet leads nowhere
    assert Client().get("/oppet/liten/projekt/annan/").status_code == 404
