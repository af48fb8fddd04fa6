"""Versions: saved, compared, taken back, locked for good, and what rests on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rodtrad.web import saving, store
from rodtrad.web.models import Change, Event, Row, Study, Version
from rodtrad.web.models.underlag import FinalError
from rodtrad.web.saving import Edits, RowEdit

if TYPE_CHECKING:
    from web.conftest import ClientFor

    from rodtrad.domain.components import Tables
    from rodtrad.web.models import Municipality, Underlag

ROOT = "/liten/versioner/"


def _rename(underlag: Underlag, name: str) -> None:
    row = Row.objects.get(table="projects", key="skola")
    edit = RowEdit(row.pk, row.revision, {"name": name})
    saving.save(None, underlag, Edits("projects", [edit]))


def test_a_version_is_saved_listed_compared_and_taken_back(
    client_for: ClientFor, tiny_underlag: Underlag, tiny_tables: Tables
) -> None:
    client = client_for("ekonom")
    assert client.post(ROOT, {"name": "  "}).status_code == 422
    page = client.post(ROOT, {"name": "Inför budget", "note": "Rad 1"}, follow=True)
    assert "Version 1 är sparad." in page.content.decode()
    assert Event.objects.filter(action="version.created").count() == 1
    _rename(tiny_underlag, "Annat namn")
    client.post(ROOT, {"name": "Efter"})
    listed = client.get(ROOT).content.decode()
    assert "2 versioner av underlaget" in listed
    assert "1. Inför budget" in listed
    for query in ("a=1&b=2", "a=1", "a=1&b=nu"):
        found = client.get(f"{ROOT}jamfor/?{query}").content.decode()
        assert "Norra skolan byggs om" in found
        assert "Annat namn" in found
    same = client.get(f"{ROOT}jamfor/?a=2&b=nu").content.decode()
    assert "Inget skiljer sig" in same
    for query in ("a=9", "a=", "a=x", "a=1&b=99999999999"):
        assert client.get(f"{ROOT}jamfor/?{query}").status_code == 404
    done = client.post(f"{ROOT}1/aterstall/", follow=True).content.decode()
    assert "Underlaget är som i version 1." in done
    assert store.read_tables(tiny_underlag) == tiny_tables
    # nothing of the past is written over, and it can be undone
    assert Version.objects.count() == 2
    change = Change.objects.get(kind="restore")
    assert Event.objects.filter(action="underlag.restored").count() == 1
    client.post(f"/liten/underlag/andringar/{change.number}/angra/")
    assert Row.objects.get(table="projects", key="skola").label == "Annat namn"


def test_a_locked_version_stays(client_for: ClientFor, tiny_underlag: Underlag) -> None:
    version = store.make_version(tiny_underlag, "Beslutad", None)
    client = client_for("chef")
    page = client.post(f"{ROOT}1/las/", {"note": "KF § 45"}, follow=True)
    assert "Version 1 är låst för gott." in page.content.decode()
    told = Event.objects.get(action="version.locked")
    assert told.note == "KF § 45"
    version.refresh_from_db()
    assert version.locked_by_name == str(client.user)  # type: ignore[attr-defined]
    again = client.post(f"{ROOT}1/las/", follow=True).content.decode()
    assert "var redan låst" in again
    assert Event.objects.filter(action="version.locked").count() == 1
    assert "Lås versionen" not in again
    with pytest.raises(FinalError):
        version.delete()


def test_the_page_says_what_rests_on_a_version(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    version = store.make_version(tiny_underlag, "Grund", None)
    Study.objects.create(
        municipality=tiny_underlag.municipality,
        number=7,
        name="Planen <i>",
        version=version,
    )
    page = client_for("lasare").get(f"{ROOT}1/").content.decode()
    assert "7. Planen &lt;i&gt;" in page
    assert "Återställ underlaget" not in page
    assert "Lås versionen" not in page


@pytest.mark.parametrize(
    ("role", "save", "restore", "lock"),
    [
        ("administrator", 302, 302, 302),
        ("ekonom", 302, 302, 302),
        ("forvaltning", 302, 403, 403),
        ("chef", 403, 403, 302),
        ("fortroendevald", 403, 403, 403),
        ("lasare", 403, 403, 403),
    ],
)
def test_who_may_do_what(
    role: str,
    save: int,
    restore: int,
    lock: int,
    client_for: ClientFor,
    tiny_underlag: Underlag,
) -> None:
    store.make_version(tiny_underlag, "Grund", None)
    client = client_for(role)
    assert client.get(ROOT).status_code == 200
    assert client.get(f"{ROOT}1/").status_code == 200
    assert client.post(ROOT, {"name": "Ny"}).status_code == save
    assert client.post(f"{ROOT}1/aterstall/").status_code == restore
    assert client.post(f"{ROOT}1/las/").status_code == lock


def test_another_municipality_has_its_own_versions(
    client_for: ClientFor, tiny_underlag: Underlag, annan: Municipality
) -> None:
    store.make_version(tiny_underlag, "Grund", None)
    stranger = client_for("administrator", annan)
    assert stranger.get(f"{ROOT}1/").status_code == 404
    for path in ("1/", "jamfor/?a=1"):
        assert stranger.get(f"/annan/versioner/{path}").status_code == 404
    for path in ("1/las/", "1/aterstall/"):
        assert stranger.post(f"/annan/versioner/{path}").status_code == 404
