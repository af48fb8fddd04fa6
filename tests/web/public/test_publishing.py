"""Is a plan frozen as it should be, by those who may, and logged?"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone
from web.public.conftest import changed_data, public_data
from web.public.test_never_public import with_hidden

from rodtrad.errors import InputError
from rodtrad.verify import verify_result
from rodtrad.web import cases, models, publishing
from rodtrad.web.models import Event, Publication, Study, User
from rodtrad.web.models.following import Outgoing, Subscription
from rodtrad.web.models.publishing import NextStep
from rodtrad.web.models.studies import EXAMPLE, packed_json
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


def test_a_plan_that_a_stranger_would_find_untrue_is_not_published(
    finish: Finish, client_for: ClientFor
) -> None:
    study = finish()
    result = study.plan
    assert result is not None
    reasons = [dict(row) for row in result["reasons"]]
    reasons[0]["force"] = {**reasons[0]["force"], "loss_low": 123_456.0}
    Study.objects.filter(pk=study.pk).update(
        result=packed_json({**result, "reasons": reasons}), number=77
    )
    models.studies._decoded.clear()
    answer = client_for("chef").post("/liten/publicera/ny/77/", {"sure": "on"})
    assert answer.status_code == 409
    assert "går inte att räkna om" in answer.content.decode()
    assert not Publication.objects.exists()


def test_the_examples_first_plan_is_published_once(finish: Finish) -> None:
    study = finish(name=cases.FIRST_PLAN)
    cases.publish_first(study)
    assert not Publication.objects.exists()
    type(study.municipality).objects.filter(pk=study.municipality.pk).update(
        slug="vimmerby"
    )
    study = Study.objects.get(pk=study.pk)
    cases.publish_first(study)
    assert not Publication.objects.exists()  # a name is no order
    study.settings = {**study.settings, EXAMPLE: True}
    cases.publish_first(study)
    cases.publish_first(study)
    assert [one.number for one in Publication.objects.all()] == [1]
    text = Client().get("/oppet/vimmerby/").content.decode()
    assert "Kommunfullmäktige beslutar härnäst" in text
    login = Client().get("/konto/login/").content.decode()
    assert 'href="/oppet/vimmerby/"' in login


def test_the_same_form_sent_twice_is_one_version(
    finish: Finish, client_for: ClientFor, liten: Municipality
) -> None:
    Subscription.objects.create(
        municipality=liten,
        kind="plan",
        email="a@b.example",
        origin="http://testserver",
        confirmed_at=timezone.now(),
    )
    study, client = finish(), client_for("chef")
    at, sent = f"/liten/publicera/ny/{study.number}/", {"sure": "on", "note": "Nytt."}
    assert client.post(at, sent).status_code == 302
    answer = client.post(at, sent)
    assert answer.status_code == 422
    assert "redan publicerad, som version 1" in answer.content.decode()
    assert Publication.objects.count() == Outgoing.objects.count() == 1
    with pytest.raises(InputError):
        publishing.publish(None, study)
    # asked for, it is done, and nobody is written to about nothing
    assert client.post(at, {"sure": "on", "again": "on"}).status_code == 302
    assert Publication.objects.count() == 2
    assert Outgoing.objects.count() == 1


def test_no_text_of_a_version_names_what_is_kept(
    finish: Finish, client_for: ClientFor
) -> None:
    data = with_hidden()
    study, client = finish(data), client_for("chef")
    at, sent = f"/liten/publicera/ny/{study.number}/", {"sure": "on"}
    for field in ("title", "note"):
        answer = client.post(at, {**sent, field: "Nu med Hemligt köp 1."})
        assert answer.status_code == 422
        assert "namnger ett projekt som inte är offentligt" in answer.content.decode()
    assert not Publication.objects.exists()
    assert client.post(at, {**sent, "note": "Inget hemligt."}).status_code == 302


def test_of_two_chiefs_the_second_is_told_of_the_first(
    published: Publication, finish: Finish, client_for: ClientFor
) -> None:
    study, client = finish(changed_data()), client_for("chef")
    at = f"/liten/publicera/ny/{study.number}/"
    assert 'name="seen" value="1"' in client.get(at).content.decode()
    ready = publishing.prepare(study)
    publishing.publish(None, finish(changed_data()))
    words = {"title": "Vår plan", "note": "Taket är sänkt."}
    answer = client.post(at, {"sure": "on", "seen": "1", **words})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "En annan version har publicerats" in text
    # what was written stands there to be sent again
    assert 'value="Vår plan"' in text
    assert ">\nTaket är sänkt.</textarea>" in text
    assert 'name="seen" value="2"' in text
    # one who was between looking and locking is refused as well
    with pytest.raises(InputError) as caught:
        publishing.publish(None, study, prepared=ready)
    assert caught.value.issues[0].code == "published_meanwhile"
    assert Publication.objects.count() == 2
    assert client.post(at, {"sure": "on", "seen": "2"}).status_code == 302


def test_no_sign_breaks_the_feed(finish: Finish) -> None:
    publishing.publish(None, finish(), note="Hej\x0b d\x01å \ufffe\u2028 nu")
    feed = Client().get("/oppet/liten/flode.xml").content
    assert "nu" in "".join(ElementTree.fromstring(feed).itertext())


def test_what_an_english_chief_publishes_is_true(
    finish: Finish, client_for: ClientFor
) -> None:
    study, client = finish(), client_for("chef")
    client.cookies["sprak"] = "en"
    at = f"/liten/publicera/ny/{study.number}/"
    assert client.post(at, {"sure": "on"}).status_code == 302
    assert "Det här bygger" in Publication.objects.get().title
