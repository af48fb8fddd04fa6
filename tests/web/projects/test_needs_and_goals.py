"""Reported needs and what became of them; the tree of goals and its weak places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from web.projects.conftest import shown as text

from rodtrad.web.models import (
    Event,
    Municipality,
    NeedReport,
    NeedStep,
    Underlag,
    VisionLink,
    VisionNode,
)

if TYPE_CHECKING:
    from web.conftest import ClientFor, MakeMember

NEED = {
    "what": "Fler klassrum",
    "where": "Norra skolan",
    "when": "Hösten 2028",
    "why": "Vi har <b>trångt</b>",
}
AT = "/liten/behov/anmalda/"


def test_a_need_is_reported_followed_and_answered(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    unit, staff = client_for("fortroendevald"), client_for("forvaltning")
    page = text(unit.get("/liten/behov/anmal/"))
    assert page.count('class="field"') == 5
    answer = unit.post("/liten/behov/anmal/", NEED)
    assert answer["Location"] == f"{AT}1/"
    page = text(unit.get(f"{AT}1/"))
    assert "Behovet är mottaget" in page
    assert "&lt;b&gt;trångt" in page
    assert "1 anmält behov väntar på svar" in text(staff.get(AT))

    assert staff.post(f"{AT}1/svara/", {"state": "bedoms"}).status_code == 302
    assert "Behovet bedöms" in text(unit.get(f"{AT}1/"))
    assert staff.post(f"{AT}1/svara/", {"state": "inte_nu"}).status_code == 422
    told = {"state": "inte_nu", "text": "därför att eleverna blir färre"}
    assert staff.post(f"{AT}1/svara/", told).status_code == 302
    page = text(unit.get(f"{AT}1/"))
    assert "Behovet tas inte upp nu" in page
    assert "eleverna blir färre" in page
    joined = {"state": "projekt", "project_id": "skola", "text": ""}
    assert staff.post(f"{AT}1/svara/", joined).status_code == 302
    assert "Behovet blev projektet Norra skolan byggs om" in text(unit.get(f"{AT}1/"))
    assert "Fler klassrum" in text(unit.get("/liten/projekt/skola/"))
    assert NeedStep.objects.count() == 3
    actions = list(Event.objects.values_list("action", flat=True))
    assert actions.count("need.answered") == 3
    assert actions.count("need.reported") == 1


def test_every_field_is_asked_for(client_for: ClientFor, liten: Municipality) -> None:
    answer = client_for("ekonom").post("/liten/behov/anmal/", {"what": "x"})
    assert answer.status_code == 422
    assert not NeedReport.objects.exists()


def test_one_sees_ones_own_reports_and_staff_sees_all(
    client_for: ClientFor,
    make_member: MakeMember,
    liten: Municipality,
    annan: Municipality,
) -> None:
    unit = client_for("fortroendevald")
    unit.post("/liten/behov/anmal/", NEED)
    other = type(unit)()
    other.force_login(make_member("fortroendevald", email="b@liten.example"))
    assert other.get(f"{AT}1/").status_code == 404
    assert "Fler klassrum" not in text(other.get(AT))
    chef = client_for("chef")
    assert "Fler klassrum" in text(chef.get(AT))
    assert client_for("lasare").get("/liten/behov/anmal/").status_code == 403
    assert unit.get(f"{AT}1/svara/").status_code == 403
    assert chef.post(f"{AT}1/svara/", {}).status_code == 403
    stranger = client_for("administrator", annan)
    assert stranger.get("/annan/behov/anmalda/1/").status_code == 404


def add(
    client: Any, kind: str, words: str, under: int | str = "", **more: str
) -> VisionNode:
    sent = {"slag": kind, "under": str(under), "text": words, "revision": "0", **more}
    answer = client.post("/liten/mal/ny/", sent)
    assert answer.status_code == 302
    return VisionNode.objects.get(text=words)


def test_the_tree_is_built_and_marks_where_the_thread_breaks(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    chef = client_for("chef")
    assert "inte inlagda än" in text(chef.get("/liten/mal/"))
    vision = add(chef, "vision", "Ett Liten där alla får plats")
    assert "Visionen har inget mål" in text(chef.get("/liten/mal/"))
    goal = add(chef, "mal", "Alla barn nära sin skola", vision.pk)
    assert "Målet har inget mått" in text(chef.get("/liten/mal/"))
    measure = add(chef, "matt", "Elever per klassrum", goal.pk, target="22")
    page = text(chef.get("/liten/mal/"))
    assert "Inget projekt påverkar måttet" in page
    assert "3 projekt är inte kopplade" in page
    link = {"project_id": "skola", "effect": "Fyra klassrum till"}
    assert chef.post(f"/liten/mal/{measure.pk}/projekt/", link).status_code == 302
    page = text(chef.get("/liten/mal/"))
    assert "Varje mål går att följa längs tråden" in page
    assert "2 projekt är inte kopplade" in page
    project = text(client_for("lasare").get("/liten/projekt/skola/"))
    for words in (
        "Ett Liten där alla får plats",
        "Elever per klassrum",
        "Fyra klassrum till",
    ):
        assert words in project
    tie = VisionLink.objects.get()
    assert chef.post(f"/liten/mal/projekt/{tie.pk}/ta-bort/").status_code == 302
    assert not VisionLink.objects.exists()
    assert Event.objects.filter(action__startswith="vision.").count() == 5


def test_a_financial_goal_comes_from_the_underlag(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    chef = client_for("chef")
    assert "Låg skuld" in text(chef.get("/liten/mal/"))
    goal = add(chef, "mal", "En ekonomi i balans", goal_id="skuld")
    page = text(chef.get("/liten/mal/"))
    assert "Målet har inget mått" not in page
    assert "högst" in page
    sent = {"text": "En sund ekonomi", "goal_id": "skuld", "revision": "0"}
    assert chef.post(f"/liten/mal/{goal.pk}/andra/", sent).status_code == 302
    stale = chef.post(f"/liten/mal/{goal.pk}/andra/", sent | {"text": "Gammalt"})
    assert stale.status_code == 422
    assert VisionNode.objects.get().text == "En sund ekonomi"


def test_the_tree_is_changed_by_leaders_and_here_alone(
    client_for: ClientFor, tiny_underlag: Underlag, annan: Municipality
) -> None:
    goal = add(client_for("administrator"), "mal", "Vårt mål")
    for role in ("lasare", "forvaltning", "fortroendevald"):
        client = client_for(role)
        assert client.get("/liten/mal/").status_code == 200
        for part in (
            "ny",
            f"{goal.pk}/andra",
            f"{goal.pk}/ta-bort",
            f"{goal.pk}/projekt",
        ):
            assert client.post(f"/liten/mal/{part}/").status_code == 403
    stranger = client_for("chef", annan)
    for part in ("andra", "ta-bort", "projekt"):
        assert stranger.post(f"/annan/mal/{goal.pk}/{part}/").status_code == 404
    assert client_for("chef").post(f"/liten/mal/{goal.pk}/ta-bort/").status_code == 302
    assert not VisionNode.objects.exists()
