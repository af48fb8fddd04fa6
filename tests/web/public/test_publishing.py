"""Is a plan frozen as it should be, by those who may, and logged?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client
from web.public.conftest import changed_data, public_data

from rodtrad.errors import InputError
from rodtrad.verify import verify_result
from rodtrad.web import publishing
from rodtrad.web.models import Event, Publication, User
from rodtrad.web.models.publishing import NextStep
from rodtrad.web.models.underlag import FinalError

if TYPE_CHECKING:
    from web.conftest import ClientFor, MakeMember
    from web.public.conftest import Finish

    from rodtrad.web.models import Municipality


def test_a_publication_is_never_changed(published: Publication) -> None:
    again = Publication.objects.get(pk=published.pk)
    again.title = "En annan"
    with pytest.raises(FinalError):
        again.save()
    with pytest.raises(FinalError):
        again.save(update_fields=["title"])


def test_a_stranger_finds_the_same_figures(published: Publication) -> None:
    again = Publication.objects.get(pk=published.pk)
    assert not verify_result(again.tables_public, again.plan, certificates=again.proofs)
    tampered = {**again.plan, "statement": {**again.plan["statement"]}}
    tampered["statement"]["ar"] = [x + 1000 for x in tampered["statement"]["ar"]]
    assert verify_result(again.tables_public, tampered, drawn=False)


def test_publishing_is_logged(published: Publication, liten: Municipality) -> None:
    found = Event.objects.get(municipality=liten, action="publication.made")
    assert found.after is not None
    assert found.after["content_hash"] == published.content_hash


@pytest.mark.parametrize(
    ("count", "fits"), [(0, True), (1, False), (2, False), (3, True)]
)
def test_fewer_than_three_hidden_projects_are_refused(
    count: int, fits: bool, finish: Finish
) -> None:
    data = public_data()
    for row in data["projects"][:count]:
        row["public"] = False
    study = finish(data)
    if fits:
        assert publishing.publish(None, study).facts["hidden"] == count
        return
    with pytest.raises(InputError) as caught:
        publishing.publish(None, study)
    assert caught.value.issues[0].code == "hidden_few"
    assert not Publication.objects.exists()


def test_staff_publishes_after_reading_what_becomes_public(
    finish: Finish, client_for: ClientFor
) -> None:
    study = finish()
    client = client_for("chef")
    at = f"/liten/publicera/ny/{study.number}/"
    text = client.get(at).content.decode()
    assert "Blir inte offentligt" in text
    assert "Anläggningar" in text
    assert not Publication.objects.exists()
    assert client.post(at, {"title": "Vår plan"}).status_code == 422
    assert not Publication.objects.exists()
    answer = client.post(at, {"title": "Vår plan", "sure": "on"})
    assert answer.status_code == 302
    assert "Vår plan" in Client().get("/oppet/liten/").content.decode()
    overview = client.get("/liten/publicera/").content.decode()
    assert "Version 1 är offentlig" in overview


def test_staff_writes_the_reason_of_a_change(
    published: Publication, finish: Finish, client_for: ClientFor
) -> None:
    study = finish(changed_data())
    client = client_for("administrator")
    at = f"/liten/publicera/ny/{study.number}/"
    key = next(iter(publishing.prepare(study).changes))
    assert f'name="skal-{key}"' in client.get(at).content.decode()
    client.post(at, {"sure": "on", f"skal-{key}": "Därför att taket sänktes."})
    newest = Publication.objects.current(published.municipality)
    assert newest is not None
    assert newest.number == 2
    assert newest.changes[key]["reason"] == "Därför att taket sänktes."


def test_a_refusal_says_why_to_staff(finish: Finish, client_for: ClientFor) -> None:
    data = public_data()
    data["projects"][0]["public"] = False
    study = finish(data)
    answer = client_for("chef").get(f"/liten/publicera/ny/{study.number}/")
    assert answer.status_code == 409
    assert "Summan kan avslöja det" in answer.content.decode()


def test_taking_back_is_logged_and_the_one_before_is_shown(
    finish: Finish, client_for: ClientFor
) -> None:
    publishing.publish(None, finish(), title="Den första")
    publishing.publish(None, finish(changed_data()), title="Den andra")
    client = client_for("chef")
    answer = client.post("/liten/publicera/2/ta-tillbaka/", {"why": "Fel underlag."})
    assert answer.status_code == 302
    assert "Den första" in Client().get("/oppet/liten/").content.decode()
    assert Client().get("/oppet/liten/version/2/").status_code == 404
    found = Event.objects.get(action="publication.withdrawn")
    assert found.note == "Fel underlag."
    # the number is not given to another
    assert publishing.publish(None, finish()).number == 3


def test_who_decides_next_is_said_and_moves_without_a_new_version(
    published: Publication, client_for: ClientFor
) -> None:
    client = client_for("administrator")
    sent = {"body": "Kommunfullmäktige", "date": "2026-12-10"}
    late = {**sent, "last_influence": "2026-12-11"}
    assert client.post("/liten/publicera/beslut/", late).status_code == 422
    good = {**sent, "last_influence": "2026-11-30", "what": "Startbeslut"}
    assert client.post("/liten/publicera/beslut/", good).status_code == 302
    assert (
        client.post(
            "/liten/publicera/beslut/bro/", {"body": "Tekniska nämnden"}
        ).status_code
        == 302
    )
    assert client.post("/liten/publicera/beslut/nej/", sent).status_code == 404
    page = Client().get("/oppet/liten/projekt/skola/").content.decode()
    page = page.replace("\xa0", " ")
    assert "Kommunfullmäktige" in page
    assert "30 november 2026" in page
    assert "10 december 2026" in page
    assert (
        "Tekniska nämnden" in Client().get("/oppet/liten/projekt/bro/").content.decode()
    )
    assert NextStep.objects.count() == 2
    assert Event.objects.filter(action="nextstep.set").count() == 2


def test_names_of_people_are_taken_out(
    finish: Finish, make_member: MakeMember, liten: Municipality
) -> None:
    user = make_member("ekonom")
    User.objects.filter(pk=user.pk).update(name="Eva Lind")
    data = public_data()
    told = "Enligt Eva Lind, eva.lind@liten.example, 070-123 45 67, 850101-1234."
    data["projects"][0]["source"] = told
    published = publishing.publish(None, finish(data))
    everything = str(published.plan) + str(
        {name: table.columns for name, table in published.tables_public.items()}
    )
    for secret in ("Eva Lind", "eva.lind@", "123 45 67", "850101-1234"):
        assert secret not in everything
    text = Client().get("/oppet/liten/projekt/skola/").content.decode()
    assert "(borttaget)" in text
