"""List, board, timeline, map and the project's page: what they show, to whom, how fast."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from web.projects.conftest import shown as text

from rodtrad.web import store
from rodtrad.web.models import Membership, Municipality, Study, Underlag
from rodtrad.web.models.organisation import Role
from rodtrad.web.models.underlag import Row

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries
    from web.conftest import ClientFor

VIEWS = ["", "tavla/", "tidslinje/", "karta/", "karta.json", "lista.csv"]
SCRIPT = "<script>alert(1)</script>"


@pytest.mark.parametrize("part", VIEWS)
def test_every_view_answers_with_and_without_a_plan(
    part: str, client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    assert client_for("lasare").get(f"/liten/projekt/{part}").status_code == 200
    Underlag.objects.all().delete()
    assert client_for("ekonom").get(f"/liten/projekt/{part}").status_code == 200


def test_the_list_shows_each_project_with_the_plans_answer(
    client_for: ClientFor, study: Study, tiny_plan: dict[str, Any]
) -> None:
    page = text(client_for("lasare").get("/liten/projekt/"))
    inside = sum(p["chosen"] for p in tiny_plan["projects"])
    assert f"{inside} av 3 projekt ingår i planen" in page
    for project in tiny_plan["projects"]:
        assert f'href="/liten/projekt/{project["project_id"]}/"' in page
    assert "style=" not in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=SKOLAN", ["skola"]),
        ("q=ån bron", ["bro"]),
        ("namnd=Tekniska", ["bro"]),
        ("skede=G3", ["bro"]),
        ("skede=-", ["park", "skola"]),
        ("drivkraft=skick", ["bro"]),
        ("omrade=centrum", ["bro"]),
        ("plan=hittepå", ["bro", "park", "skola"]),
        ("ordning=-utgift", ["skola", "bro", "park"]),
        ("ordning=utgift", ["park", "bro", "skola"]),
        ("ordning=-namn", ["park", "skola", "bro"]),
        ("q=finns inte", []),
    ],
)
def test_the_filter_and_the_order(
    query: str, expected: list[str], client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    row = Row.objects.get(table="projects", key="bro")
    row.data |= {
        "committee": "Tekniska",
        "gate": "G3",
        "driver": "skick",
        "area": "centrum",
    }
    row.revision = 99
    row.save()
    Underlag.objects.update(revision=99)
    answer = client_for("lasare").get(f"/liten/projekt/lista.csv?{query}")
    rows = list(
        csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    )
    found = [row[0] for row in rows[1:]]
    assert (found if "ordning" in query else sorted(found)) == expected


def test_in_and_out_of_the_plan_are_told_apart(
    client_for: ClientFor, study: Study, tiny_plan: dict[str, Any]
) -> None:
    client = client_for("lasare")
    for word, chosen in (("ingar", True), ("ingar-inte", False)):
        wanted = {p["name"] for p in tiny_plan["projects"] if p["chosen"] is chosen}
        page = text(client.get(f"/liten/projekt/lista.csv?plan={word}"))
        assert {
            n for n in ("Norra skolan byggs om", "Bron över ån", "Ny park") if n in page
        } == wanted


def test_a_cell_is_no_formula_in_the_csv(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    Row.objects.filter(table="projects", key="park").update(
        data={"project_id": "park", "name": "=HYPERLINK(1)"}, revision=50
    )
    Underlag.objects.update(revision=50)
    page = text(client_for("lasare").get("/liten/projekt/lista.csv"))
    assert ";'=HYPERLINK(1);" in page


def test_the_register_follows_what_is_changed_and_taken_out(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("lasare")
    assert "Ny park" in text(client.get("/liten/projekt/"))
    Row.objects.filter(table="projects", key="park").update(
        data={"project_id": "park", "name": "Stor park"}, revision=7
    )
    Underlag.objects.update(revision=7)
    page = text(client.get("/liten/projekt/"))
    assert "Stor park" in page
    assert "Ny park" not in page
    Row.objects.filter(table="projects", key="park").delete()
    Underlag.objects.update(revision=8)
    assert "Stor park" not in text(client.get("/liten/projekt/"))


def test_the_page_says_in_out_or_when_and_why(
    client_for: ClientFor, study: Study, tiny_plan: dict[str, Any]
) -> None:
    client = client_for("lasare")
    reasons = {r["project_id"]: r for r in tiny_plan["reasons"]}
    for project in tiny_plan["projects"]:
        page = text(client.get(f"/liten/projekt/{project['project_id']}/"))
        assert f"<h1>{project['name']}</h1>" in page
        if project["chosen"]:
            assert f"Ingår i planen. Startar {project['start_year']}" in page
        else:
            assert "Ingår inte i planen." in page
        for reason in reasons[project["project_id"]]["text"]:
            assert str(reason).split("”")[0] in page
        assert "Inte kopplat till något mål" in page


def test_before_a_plan_nothing_is_claimed(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    page = text(client_for("lasare").get("/liten/projekt/skola/"))
    assert "Ingen plan är räknad än" in page
    assert "Ingår" not in page.split("<main")[1].split("Alternativ som prövats")[0]


def test_another_municipality_and_unknown_projects_are_404(
    client_for: ClientFor,
    tiny_underlag: Underlag,
    annan: Municipality,
    tiny_tables: Any,
) -> None:
    other = Underlag.objects.create(municipality=annan, name="Annan")
    store.write_tables(other, tiny_tables)
    Row.objects.filter(underlag=other, key="park", table="projects").update(
        key="hemlig"
    )
    client = client_for("administrator")
    assert client.get("/liten/projekt/hemlig/").status_code == 404
    assert client.get("/annan/projekt/park/").status_code == 404
    assert client.get("/annan/projekt/").status_code == 404
    assert client.get("/liten/projekt/finns-inte/").status_code == 404
    for part in ("andra", "skede", "uppgifter", "beslut", "kalkyl", "ar", "bifoga"):
        assert client.get(f"/liten/projekt/hemlig/{part}/").status_code == 404
    assert Client().get("/liten/projekt/").status_code == 302


def test_script_in_every_text_is_shown_as_text(
    client_for: ClientFor, study: Study
) -> None:
    for row in Row.objects.filter(table__in=("projects", "alternatives", "areas")):
        row.data |= {
            name: SCRIPT
            for name in ("name", "committee", "driver", "gate", "description", "source")
            if name in ("name", "source") or row.table == "projects"
        }
        row.label = SCRIPT
        row.revision = 40
        row.save()
    Underlag.objects.update(revision=40)
    client = client_for("ekonom")
    for part in (
        *VIEWS[:4],
        "skola/",
        "skola/andra/",
        "skola/skede/",
        "skola/uppgifter/",
    ):
        page = text(client.get(f"/liten/projekt/{part}"))
        assert SCRIPT not in page
        assert "&lt;script&gt;" in page


def test_ids_with_odd_signs_have_pages(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    Row.objects.filter(table="projects", key="park").update(
        key="a/b ö", label="Udda", data={"project_id": "a/b ö", "name": "Udda"}
    )
    assert "Udda" in text(client_for("lasare").get("/liten/projekt/a%2Fb%20%C3%B6/"))


def test_the_map_has_its_points_twice(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    row = Row.objects.get(table="projects", key="bro")
    row.data |= {"lat": 57.66, "lon": 15.85}
    row.revision = 9
    row.save()
    Underlag.objects.update(revision=9)
    client = client_for("lasare")
    page = text(client.get("/liten/projekt/karta/"))
    assert "1 av 3 projekt har en plats" in page
    assert page.count("<title>Bron över ån</title>") == 1
    data = json.loads(text(client.get("/liten/projekt/karta.json?q=bron")))
    assert data["projects"] == [["bro", "Bron över ån", 57.66, 15.85, 2]]
    assert data["answers"][2] == "inte-provat"


def test_the_board_offers_the_moves_that_one_may_make(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    row = Row.objects.get(table="projects", key="bro")
    row.data["gate"] = "G2"
    row.revision = 9
    row.save()
    Underlag.objects.update(revision=9)
    to_g3 = "/liten/projekt/bro/skede/?till=G3&amp;fran=tavla"
    back = "/liten/projekt/bro/skede/?till=G1&amp;fran=tavla"
    for role, forward, backward in (
        ("ekonom", True, True),
        ("forvaltning", False, True),
        ("chef", True, False),
        ("lasare", False, False),
    ):
        page = text(client_for(role).get("/liten/projekt/tavla/"))
        assert (to_g3 in page) is forward, role
        assert (back in page) is backward, role


def test_queries_do_not_grow_with_projects(
    client_for: ClientFor,
    study: Study,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = client_for("ekonom")
    underlag = Underlag.objects.get()
    Row.objects.bulk_create(
        Row(
            underlag=underlag,
            table="projects",
            position=10 + i,
            key=f"x{i}",
            label=f"X {i}",
            data={"project_id": f"x{i}", "name": f"X {i}", "gate": f"G{i % 10}"},
            revision=30,
        )
        for i in range(300)
    )
    Underlag.objects.update(revision=30)
    for part in VIEWS:
        client.get(f"/liten/projekt/{part}")
        with django_assert_max_num_queries(14):
            client.get(f"/liten/projekt/{part}")
    with django_assert_max_num_queries(34):
        client.get("/liten/projekt/skola/")


def test_a_removed_role_sees_nothing(client_for: ClientFor, study: Study) -> None:
    client = client_for(Role.EKONOM)
    assert client.get("/liten/projekt/skola/").status_code == 200
    Membership.objects.all().delete()
    assert client.get("/liten/projekt/skola/").status_code == 302
