"""Naming one project of many in a form: what is understood, and what is proposed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from web.projects.conftest import text

from rodtrad.web.forms.project_choice import PROPOSED
from rodtrad.web.models import NeedReport, VisionLink, VisionNode
from rodtrad.web.models.underlag import Row, Underlag

if TYPE_CHECKING:
    import pytest_django
    from web.conftest import ClientFor

    from rodtrad.web.models import Municipality


def many(underlag: Underlag, count: int) -> None:
    """Add projects with names alike."""
    Row.objects.bulk_create(
        Row(
            underlag=underlag,
            table="projects",
            position=100 + n,
            key=f"bad{n}",
            label=f"Badhus {n}",
            data={"project_id": f"bad{n}", "name": f"Badhus {n}"},
            revision=underlag.revision + 1,
        )
        for n in range(count)
    )
    Underlag.objects.update(revision=underlag.revision + 1)


def test_a_form_does_not_carry_every_project(
    client_for: ClientFor, tiny_underlag: Underlag, liten: Municipality
) -> None:
    many(tiny_underlag, 400)
    goal = VisionNode.objects.create(municipality=liten, kind="mal", text="Bada mer")
    page = text(client_for("chef").get(f"/liten/mal/{goal.pk}/projekt/"))
    assert page.count("<option") == PROPOSED
    assert 'list="id_project_id-forslag"' in page


def test_a_name_a_part_of_one_and_an_id_are_understood(
    client_for: ClientFor, tiny_underlag: Underlag, liten: Municipality
) -> None:
    many(tiny_underlag, 12)
    goal = VisionNode.objects.create(municipality=liten, kind="mal", text="Bada mer")
    chef = client_for("chef")
    at = f"/liten/mal/{goal.pk}/projekt/"
    for written, meant in (
        ("bad1", "bad1"),
        ("Badhus 2", "bad2"),
        ("badhus 3 (bad3)", "bad3"),
        ("bron över", "bro"),
    ):
        answer = chef.post(at, {"project_id": written, "effect": ""})
        assert answer.status_code == 302, written
        assert VisionLink.objects.filter(node=goal, project_id=meant).exists()
    several = chef.post(at, {"project_id": "badhus", "effect": "x"})
    assert several.status_code == 422
    page = text(several)
    assert "12 projekt passar in på ”badhus”." in page
    assert '<option value="Badhus 11 (bad11)">' in page
    assert "Bron över ån" not in page
    none = chef.post(at, {"project_id": "simhopp", "effect": ""})
    assert "Inget projekt heter eller har id ”simhopp”." in text(none)
    assert VisionLink.objects.count() == 4


def test_proposals_follow_what_is_written(
    client_for: ClientFor,
    tiny_underlag: Underlag,
    django_assert_max_num_queries: pytest_django.DjangoAssertNumQueries,
) -> None:
    many(tiny_underlag, 12)
    Row.objects.filter(key="bad3").update(
        data={"project_id": "bad3", "name": '<b>"Badhus"'}
    )
    client = client_for("lasare")
    page = text(client.get("/liten/projekt/forslag.html?project_id=badhus"))
    assert page.count("<option") == 12
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    with django_assert_max_num_queries(10):
        client.get("/liten/projekt/forslag.html?project_id=bro")


def test_an_answer_keeps_its_project_while_it_is_mended(
    client_for: ClientFor, tiny_underlag: Underlag, liten: Municipality
) -> None:
    report = NeedReport.objects.create(
        municipality=liten,
        number=1,
        what="Tak",
        where="Skolan",
        when="Snart",
        why="Läcker",
        project_id="bro",
    )
    client = client_for("ekonom")
    at = f"/liten/behov/anmalda/{report.number}/svara/"
    assert 'value="Bron över ån (bro)"' in text(client.get(at))
    sent = {"state": "inte_nu", "project_id": "bron över", "text": ""}
    assert 'value="bron över"' in text(client.post(at, sent))
    sent = {"state": "projekt", "project_id": "bron över", "text": ""}
    assert client.post(at, sent).status_code == 302
    report.refresh_from_db()
    assert report.project_id == "bro"


@pytest.mark.parametrize("state", ["inte_nu", "bedoms", "projekt"])
def test_a_report_of_a_project_that_is_gone_can_be_answered(
    state: str, client_for: ClientFor, tiny_underlag: Underlag, liten: Municipality
) -> None:
    report = NeedReport.objects.create(
        municipality=liten, number=1, what="Tak", where="Här", project_id="borta"
    )
    client = client_for("ekonom")
    at = f"/liten/behov/anmalda/{report.number}/svara/"
    assert 'value="borta"' in text(client.get(at))
    answer = client.post(at, {"state": state, "project_id": "borta", "text": "Nej."})
    report.refresh_from_db()
    if state == "projekt":
        assert answer.status_code == 422
        assert "Inget projekt heter eller har id ”borta”." in text(answer)
        assert "Välj vilket projekt" not in text(answer)
        assert report.state == "mottagen"
    else:
        assert answer.status_code == 302
        assert (report.state, report.project_id) == (state, "")
