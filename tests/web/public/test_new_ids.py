"""Is a project that has got a new id the same project in the next version?"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.test import Client
from django.utils import timezone
from web.public.conftest import changed_data, public_data

from rodtrad.web import dialogue, following, publishing
from rodtrad.web.models.dialogue import (
    Dialogue,
    Kind,
    Level,
    Moderation,
    RenamedProjects,
)
from rodtrad.web.models.publishing import NextStep

if TYPE_CHECKING:
    from web.conftest import ClientFor
    from web.public.conftest import Data, Finish

    from rodtrad.web.models import Municipality, Publication


def renamed(data: Data, old: str, new: str) -> Data:
    """The same underlag with another id for a project."""
    return {
        name: [
            {k: new if k.endswith("_id") and v == old else v for k, v in row.items()}
            for row in rows
        ]
        for name, rows in data.items()
    }


def rename(place: Municipality, old: str, new: str) -> None:
    """What the working copy remembers of it."""
    RenamedProjects.objects.create(municipality=place, moves={old: new})


def test_it_has_neither_gone_nor_come(finish: Finish, liten: Municipality) -> None:
    publishing.publish(None, finish())
    rename(liten, "park", "grona_parken")
    study = finish(renamed(public_data(), "park", "grona_parken"))
    assert publishing.prepare(study).changes == {}
    second = publishing.publish(None, study)
    assert second.items.filter(project_id="grona_parken").exists()
    # and what it is changed by is told of it as it is called now
    rename(liten, "grona_parken", "park")
    third = publishing.prepare(finish(changed_data()))
    assert third.changes
    assert not {change["kind"] for change in third.changes.values()} & {"gone", "added"}


def test_its_page_tells_what_has_changed_under_the_earlier_id(
    finish: Finish, liten: Municipality
) -> None:
    publishing.publish(None, finish(changed_data()))
    publishing.publish(None, finish())
    second = publishing.publish(
        None, finish(changed_data()), reasons={"skola": "ORDEN OM SKOLAN"}
    )
    assert "skola" in second.changes
    rename(liten, "skola", "lilla_skolan")
    publishing.publish(None, finish(renamed(changed_data(), "skola", "lilla_skolan")))
    for path in ("projekt/lilla_skolan/", "version/3/projekt/skola/"):
        text = Client().get(f"/oppet/liten/{path}").content.decode()
        assert "ORDEN OM SKOLAN" in text, path
    assert "ORDEN" not in Client().get("/oppet/liten/projekt/bro/").content.decode()


def test_who_decides_about_it_is_said_before_and_after(
    finish: Finish, liten: Municipality, client_for: ClientFor
) -> None:
    publishing.publish(None, finish())
    client = client_for("chef")
    client.post("/liten/publicera/beslut/park/", {"body": "Parknämnden"})
    # the id is another in the working copy, and what is kept about it has followed
    rename(liten, "park", "grona_parken")
    NextStep.objects.update(project_id="grona_parken")
    client.post("/liten/publicera/beslut/", {"body": "Kommunfullmäktige"})

    def read(key: str) -> str:
        return Client().get(f"/oppet/liten/projekt/{key}/").content.decode()

    assert "Parknämnden" in read("park")
    assert "Kommunfullmäktige" in read("bro")
    form = client.get("/liten/publicera/beslut/park/").content.decode()
    assert 'value="Parknämnden"' in form
    publishing.publish(None, finish(renamed(public_data(), "park", "grona_parken")))
    assert "Parknämnden" in read("grona_parken")


def test_one_that_is_hidden_under_a_new_id_is_named_by_nothing_new(
    finish: Finish, liten: Municipality
) -> None:
    publishing.publish(None, finish())
    data = public_data()
    hidden = ("park", "hemlig1", "hemlig2")
    for key in hidden[1:]:
        for name in ("projects", "alternatives", "outlays", "scores"):
            rows = [row for row in data[name] if row["project_id"] == "park"]
            data[name] += [{**row, "project_id": key} for row in rows]
    for row in data["projects"]:
        if row["project_id"] in hidden:
            row |= {"public": False, "name": f"Köp {row['project_id']} vid ån"}
    rename(liten, "park", "ny_park")
    study = finish(renamed(data, "park", "ny_park"))
    ready = publishing.prepare(study)
    assert "park" not in ready.changes
    assert ("Ny park", (1,)) in ready.still_shown
    publishing.publish(None, study, prepared=ready)
    for path in ("andrat/", "flode.xml", "api/v1/versions/newest/changes"):
        assert "Ny park" not in Client().get(f"/oppet/liten/{path}").content.decode()


def test_comments_come_back_with_the_version_that_is_read_again(
    finish: Finish, liten: Municipality, client_for: ClientFor
) -> None:
    publishing.publish(None, finish())
    today = timezone.localdate()
    asked = Dialogue.objects.create(
        municipality=liten,
        kind=Kind.PROJECT,
        key="park",
        title="Om parken",
        level=Level.DIALOG,
        opens=today,
        closes=today,
        owner_role="Parkchefen",
        moderation=Moderation.AFTER,
        state=Dialogue.State.OPEN,
    )
    item = dialogue.Item("project", "park", "Ny park")
    comment = dialogue.take_in(asked, item, dialogue.Words("Bygg den vid ån."))
    rename(liten, "park", "grona_parken")
    publishing.publish(None, finish(renamed(public_data(), "park", "grona_parken")))
    comment.refresh_from_db()
    assert comment.item_key == "grona_parken"
    client_for("chef").post("/liten/publicera/2/ta-tillbaka/", {"why": "fel"})
    comment.refresh_from_db()
    assert comment.item_key == "park"
    assert (
        "Bygg den vid ån."
        in Client().get("/oppet/liten/projekt/park/").content.decode()
    )


def sent(body: str, revision: int) -> dict[str, str]:
    day = timezone.localdate() + dt.timedelta(days=9)
    return {"body": body, "date": day.isoformat(), "revision": str(revision)}


def decides(publication: Publication, project_id: str) -> str:
    return publication.items.get(project_id=project_id).next_body


def test_a_projects_own_next_decision_stays_its_own(
    published: Publication, finish: Finish, client_for: ClientFor
) -> None:
    chef = client_for("chef")
    assert (
        chef.post("/liten/publicera/beslut/bro/", sent("Brokontoret", 0)).status_code
        == 302
    )
    version = finish()  # of the sheet as it is before the bridge gets another id
    following.move_life(published.municipality, {"projects": {("bro",): ("nya-bron",)}})
    # the plan's own is set meanwhile, and the bridge's is looked at and changed
    assert (
        chef.post("/liten/publicera/beslut/", sent("Fullmäktige", 0)).status_code == 302
    )
    assert decides(published, "bro") == "Brokontoret"
    assert decides(published, "skola") == "Fullmäktige"
    page = chef.get("/liten/publicera/beslut/bro/").content.decode()
    assert 'value="Brokontoret"' in page
    assert "Brokontoret" in chef.get("/liten/publicera/").content.decode()
    chef.post("/liten/publicera/beslut/bro/", sent("Broverket", 1))
    assert decides(published, "bro") == "Broverket"
    assert NextStep.objects.exclude(project_id="").get().project_id == "nya-bron"
    # a version from before the new id, and one that has it
    again = publishing.publish(None, version, again=True)
    assert decides(again, "bro") == "Broverket"
    newer = publishing.publish(None, finish(renamed(public_data(), "bro", "nya-bron")))
    assert decides(newer, "nya-bron") == "Broverket"
    page = Client().get("/oppet/liten/projekt/nya-bron/").content.decode()
    assert "Broverket" in page
