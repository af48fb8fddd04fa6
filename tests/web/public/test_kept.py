"""Is what is kept of the public pages the same as what would be made anew, and no older?"""

from __future__ import annotations

import datetime as dt
import gc
import gzip
import time
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from django.utils.translation import get_language
from web.public.conftest import changed_data

from rodtrad.domain.words import in_language
from rodtrad.web import (
    dialogue,
    events,
    public_answers,
    public_now,
    public_parts,
    publishing,
    warming,
)
from rodtrad.web.models import Municipality, Publication
from rodtrad.web.models import publishing as models_publishing
from rodtrad.web.models.dialogue import Dialogue, Kind, Level, Moderation
from rodtrad.web.public_rows import pack_rows, read_rows
from rodtrad.web.public_shown import shown_part

if TYPE_CHECKING:
    from django.http import HttpRequest
    from web.conftest import MakeMember
    from web.public.conftest import Finish

DRAWN = ("", "tidslinje/", "ekonomi/", "kan-inte/", "antaganden/", "lattlast/")


@pytest.fixture(autouse=True)
def _one_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The minute does not end in the middle of a test."""
    at = time.time()
    monkeypatch.setattr(time, "time", lambda: at)


@pytest.fixture
def asked(published: Publication) -> Dialogue:
    """A dialogue about the school whose comments are shown at once."""
    today = timezone.localdate()
    return Dialogue.objects.create(
        municipality=published.municipality,
        kind=Kind.PROJECT,
        key="skola",
        title="Vad tycker du?",
        level=Level.DIALOG,
        opens=today - dt.timedelta(days=1),
        closes=today + dt.timedelta(days=1),
        owner_role="Rektorn",
        moderation=Moderation.AFTER,
        state=Dialogue.State.OPEN,
    )


def queries(client: Client, path: str, **headers: str) -> int:
    with CaptureQueriesContext(connection) as found:
        assert client.get(path, headers=headers).status_code == 200
    return len(found)


def staff(liten: Municipality, make_member: MakeMember) -> HttpRequest:
    request: Any = RequestFactory().post("/")
    request.user = make_member("chef")
    return request  # type: ignore[no-any-return]


# ---------------------------------------------------------------- whole answers


@pytest.mark.parametrize(
    "path", ["", "projekt/", "projekt/skola/", "dialog/", "flode.xml"]
)
def test_the_same_question_again_costs_one_query(
    path: str, published: Publication, client: Client
) -> None:
    at = f"/oppet/liten/{path}"
    first = client.get(at)
    with CaptureQueriesContext(connection) as found:
        again = client.get(at)
    assert len(found) == 1
    assert again.content == first.content
    assert again.headers == first.headers


def test_a_forced_reload_is_made_anew(published: Publication, client: Client) -> None:
    at = "/oppet/liten/projekt/skola/"
    queries(client, at)
    assert queries(client, at) == 1
    assert queries(client, at, cache_control="no-cache") > 1


def test_each_address_language_and_host_has_its_own(
    published: Publication, client: Client
) -> None:
    def text(path: str, host: str = "testserver") -> str:
        return client.get(path, headers={"host": host}).content.decode()

    paths = ("/oppet/liten/", "/open/liten/", "/oppet/liten/version/1/")
    assert len({text(path) for path in paths}) == 3
    assert 'content="http://localhost/oppet' in text("/oppet/liten/", "localhost")
    assert 'content="http://testserver/oppet' in text("/oppet/liten/")
    assert text("/oppet/liten/projekt/?ort=byn") != text("/oppet/liten/projekt/")


def test_what_is_packed_is_the_page(published: Publication, client: Client) -> None:
    at = "/oppet/liten/projekt/"
    plain = client.get(at)
    for _time in range(2):
        packed = client.get(at, headers={"accept-encoding": "gzip, br"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["Vary"] == "Accept-Encoding"
        assert int(packed.headers["Content-Length"]) == len(packed.content)
        assert gzip.decompress(packed.content) == plain.content
        assert "default-src" in packed.headers["Content-Security-Policy"]
    assert client.get(at).content == plain.content


def test_a_program_that_has_the_answer_is_told_so(
    published: Publication, client: Client
) -> None:
    at = "/oppet/liten/api/v1/versions/newest/projects"
    for _time in range(2):
        etag = client.get(at, headers={"accept-encoding": "gzip"}).headers["ETag"]
        assert etag.startswith("W/")
        again = client.get(at, headers={"if-none-match": etag})
        assert again.status_code == 304
        assert not again.content
        assert again.headers["Access-Control-Allow-Origin"] == "*"
    assert client.get(at, headers={"if-none-match": '"other"'}).status_code == 200


def test_a_form_is_stamped_for_each(asked: Dialogue, client: Client) -> None:
    at = f"/oppet/liten/dialog/{asked.pk}/skriv/"
    assert queries(client, at) > 1
    assert queries(client, at) > 1


def test_what_is_for_one_person_is_not_kept(published: Publication) -> None:
    request = RequestFactory().get("/oppet/liten/folj/skickat/")
    now = public_now.now_of("liten")
    assert now is not None
    client = Client()
    client.get("/oppet/liten/folj/skickat/")
    assert public_answers.again(request, now) is None
    client.get("/oppet/liten/om/")
    kept = public_answers.again(RequestFactory().get("/oppet/liten/om/"), now)
    assert kept is not None


def test_no_more_is_kept_than_there_is_room_for(
    published: Publication, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(client.get("/oppet/liten/projekt/").content)
    public_answers.forget()
    monkeypatch.setattr(public_answers, "MOST_BYTES", 4 * size)
    client.get("/oppet/liten/projekt/")
    shelf = public_answers._searched
    for n in range(12):
        client.get(f"/oppet/liten/projekt/?sida={n}")
        assert shelf.size <= 4 * size
    kept = [key[-1] for key in shelf.kept]
    assert kept[-1] == "sida=11"
    assert "sida=0" not in kept
    # whoever makes up questions takes nothing from the pages that all read
    assert queries(client, "/oppet/liten/projekt/") == 1
    monkeypatch.setattr(public_answers, "MOST_BYTES", 0)
    client.get("/oppet/liten/projekt/?sida=3")
    assert (shelf.size, len(shelf.kept)) == (0, 0)


def test_plans_that_readers_make_up_take_nothing_from_the_pages(
    published: Publication, client: Client
) -> None:
    client.get("/oppet/liten/projekt/")
    known = dict(public_answers._pages.kept)
    at = client.post("/oppet/liten/prova/", {"p0": "ute"}).headers["Location"]
    path = at.partition("#")[0]
    assert client.get(path).status_code == 200
    assert queries(client, path) == 1
    assert dict(public_answers._pages.kept) == known


# ---------------------------------------------------------------- changes


def test_a_comment_is_seen_at_once(asked: Dialogue, client: Client) -> None:
    at = "/oppet/liten/projekt/skola/"
    assert "Bygg den större" not in client.get(at).content.decode()
    item = dialogue.Item("project", "skola", "Skolan")
    dialogue.take_in(asked, item, dialogue.Words("Bygg den större nu."))
    for path in (at, "/oppet/liten/dialog/om/project/skola/"):
        assert "Bygg den större" in client.get(path).content.decode()


def test_a_comment_whose_address_is_confirmed_is_seen_at_once(
    asked: Dialogue, client: Client
) -> None:
    Dialogue.objects.update(confirm_email=True)
    asked.refresh_from_db()
    item = dialogue.Item("project", "skola", "Skolan")
    words = dialogue.Words("Bygg den större nu.", email="a@example.com")
    made = dialogue.take_in(asked, item, words)
    at = "/oppet/liten/projekt/skola/"
    assert "Bygg den större" not in client.get(at).content.decode()
    dialogue.confirm(made)
    assert "Bygg den större" in client.get(at).content.decode()


def test_a_hidden_comment_is_gone_at_once(
    asked: Dialogue, client: Client, liten: Municipality, make_member: MakeMember
) -> None:
    item = dialogue.Item("project", "skola", "Skolan")
    made = dialogue.take_in(asked, item, dialogue.Words("Köp mina lotter."))
    at = "/oppet/liten/projekt/skola/"
    assert "Köp mina lotter" in client.get(at).content.decode()
    request: Any = staff(liten, make_member)
    dialogue.moderate(request, made, show=False, why="ad", revision=made.revision)
    assert "Köp mina lotter" not in client.get(at).content.decode()


def test_a_new_version_is_seen_at_once_and_one_taken_back_is_gone(
    finish: Finish, client: Client, liten: Municipality, make_member: MakeMember
) -> None:
    publishing.publish(None, finish(), title="Den första")
    at, older = "/oppet/liten/", "/oppet/liten/version/1/"
    assert "Den första" in client.get(at).content.decode()
    second = publishing.publish(None, finish(changed_data()), title="Den andra")
    assert "Den andra" in client.get(at).content.decode()
    assert client.get(older).status_code == 200
    request = staff(liten, make_member)
    first = Publication.objects.get(number=1)
    publishing.withdraw(request, first, "Fel siffror.")
    assert client.get(older).status_code == 404
    publishing.withdraw(request, second, "Fel siffror.")
    assert client.get(at).status_code == 404


def test_what_one_municipality_does_leaves_the_others_pages(
    published: Publication, annan: Municipality, client: Client
) -> None:
    at = "/oppet/liten/projekt/"
    client.get(at)
    events.record(None, annan, "nextstep.set", ("nextstep", "", "x"))
    assert queries(client, at) == 1
    events.record(None, published.municipality, "nextstep.set", ("nextstep", "", "x"))
    assert queries(client, at) > 1


def test_what_nobody_tells_of_is_seen_within_a_minute(
    published: Publication, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = "/oppet/liten/om/"
    client.get(at)
    Municipality.objects.update(name="Nystad")
    assert "Nystad" not in client.get(at).content.decode()
    later = time.time() + public_now.SECONDS
    monkeypatch.setattr(time, "time", lambda: later)
    assert "Nystad" in client.get(at).content.decode()


# ---------------------------------------------------------------- stored parts


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_part_that_is_stored_draws_the_same_as_the_whole(
    language: str, finish: Finish, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = publishing.publish(None, finish(changed_data()))
    assert published.items.exclude(state="in").exists()
    root = {"sv": "oppet", "en": "open"}[language]

    def pages() -> list[bytes]:
        public_parts.forget()
        return [client.get(f"/{root}/liten/{path}").content for path in DRAWN]

    stored = pages()
    monkeypatch.setattr(Publication, "plan_shown", Publication.plan)
    assert pages() == stored


def test_the_part_leaves_out_what_takes_room(finish: Finish) -> None:
    plan = publishing.publish(None, finish(changed_data())).plan
    rows = [dict(row, description="x" * 100) for row in plan["projects"]]
    part = shown_part({**plan, "projects": rows})
    assert "reasons" in plan
    assert "reasons" not in part
    for row in part["projects"]:
        assert "description" not in row
        assert bool(row.get("outlay_tkr")) == row["chosen"]


def test_a_version_without_stored_parts_is_shown_all_the_same(
    published: Publication, client: Client
) -> None:
    paths = (*DRAWN, "projekt/", "karta/", "sok/?q=skola")
    stored = [client.get(f"/oppet/liten/{path}").content for path in paths]
    Publication.objects.update(shown=None, listed=None, content_hash="0" * 64)
    public_parts.forget()
    shorter = published.content_hash[:16].encode()
    for path, before in zip(paths, stored, strict=True):
        after = client.get(f"/oppet/liten/{path}").content
        assert after == before.replace(shorter, b"0" * 16), path


def test_the_rows_are_the_projects_in_the_databases_order(
    published: Publication,
) -> None:
    rows = published.rows
    items = published.items
    by_cost = items.order_by("-cost_tkr", "project_id")
    assert [row.project_id for row in rows.ordered("kostnad")] == [
        item.project_id for item in by_cost
    ]
    for item in items.all():
        row = rows.by_id[item.project_id]
        for name in row._fields[:-1]:
            assert getattr(row, name) == getattr(item, name)
    assert read_rows(pack_rows(items.all())).all == rows.all


# ---------------------------------------------------------------- read beforehand


def test_the_newest_plans_are_read_before_anybody_asks(
    published: Publication, client: Client
) -> None:
    seen = warming.read_new(frozenset())
    assert seen == {published.pk}
    assert set(warming.read_pages(warming.addresses(published))) == {200}
    with CaptureQueriesContext(connection) as found:
        assert warming.read_new(seen) == seen
    assert len(found) == 1
    # what a version looks like is drawn: nothing asks for its heavy fields
    with CaptureQueriesContext(connection) as found:
        for path in DRAWN:
            client.get(f"/open/liten/{path}")
    assert not [q for q in found.captured_queries if '"shown"' in q["sql"]]


def test_what_holds_for_a_moment_goes_with_it(
    published: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Large:
        """What somebody has built."""

    def read(minute: int) -> weakref.ref[Large]:
        at = float(minute * public_now.SECONDS)
        monkeypatch.setattr(time, "time", lambda: at)
        request: Any = RequestFactory().get("/oppet/liten/")
        request.now, request.versioned = public_now.now_of("liten"), False
        request.publication = published
        return weakref.ref(public_parts.kept_now(request, "x", Large))

    first = read(1)
    assert first() is read(1)()
    assert read(2)() is not first()
    gc.collect()
    assert first() is None


def test_languages_do_not_mix(published: Publication) -> None:
    told = {}
    for code in ("sv", "en"):
        with translation.override(code), in_language(code):
            told[code] = public_parts.kept(published, "x", get_language)
    assert told == {"sv": "sv", "en": "en"}


def test_what_a_reader_makes_up_is_kept_for_nobody(published: Publication) -> None:
    client = Client()
    client.get("/oppet/liten/karta/?ort=centrum")
    store = public_parts._of_versions[published.pk]
    known = len(store._kept)
    assert known
    for n in range(5):
        client.get(f"/oppet/liten/karta/?ort=x{n}&amne=y{n}&lage=z{n}")
        client.get(f"/oppet/liten/karta/?lage=z{n}")
    assert len(store._kept) == known
    # pictures of each project take no room from the pages
    for key in ("skola", "bro", "park"):
        client.get(f"/oppet/liten/bild/projekt/{key}.png")
    assert len(store._kept) == known
    assert len(public_parts._pictures._kept) == 3


def test_old_versions_take_nothing_from_the_newest(
    published: Publication, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_parts, "_PER_VERSION", 8)
    newest = publishing.publish(None, finish(changed_data()))
    client = Client()
    client.get("/oppet/liten/karta/?ort=centrum")
    before = set(public_parts._of_versions[newest.pk]._kept)
    for path in DRAWN:
        client.get(f"/oppet/liten/version/1/{path}")
    assert set(public_parts._of_versions[newest.pk]._kept) == before


def test_what_is_decoded_of_the_newest_stays(
    published: Publication, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = publishing.publish(None, finish(changed_data()))
    monkeypatch.setattr(models_publishing, "_KEPT", 3)
    client = Client()
    client.get("/oppet/liten/ekonomi/")
    for path in DRAWN:
        for start in ("oppet", "open"):
            client.get(f"/{start}/liten/version/1/{path}")
    kept = [key for key in models_publishing._decoded if key[0] == newest.pk]
    assert any(name.startswith("shown") for _pk, name in kept)
    assert len(models_publishing._decoded) == 3
