"""Does the interface for programs say what the pages say, and take any question?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from web.public.conftest import Finish, changed_data

from rodtrad.web import publishing
from rodtrad.web.models import Municipality, Publication
from rodtrad.web.models.publishing import NextStep

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

API = "/oppet/liten/api/v1"
WHOLE = "http://testserver"
ADDRESSES = (
    "/",
    "/openapi.json",
    "/versions",
    "/versions/1",
    "/versions/newest/projects",
    "/versions/1/projects/skola",
    "/versions/1/areas",
    "/versions/1/changes",
    "/versions/1/economy",
)


def read(client: Client, path: str, **asked: Any) -> Any:
    answer = client.get(f"{API}{path}", asked)
    assert answer.status_code == 200, (path, answer.content)
    return json.loads(answer.content)


def refused(client: Client, path: str, status: int, **asked: Any) -> str:
    answer = client.get(f"{API}{path}", asked)
    assert answer.status_code == status, (path, answer.content)
    assert answer["Content-Type"] == "application/problem+json"
    told = json.loads(answer.content)
    assert told["status"] == status
    assert told["title"]
    return str(told["detail"])


def test_it_begins_at_the_beginning(published: Publication, client: Client) -> None:
    told = read(client, "/")
    assert told["municipality"]["slug"] == "liten"
    assert told["licence"]["id"] == "CC0-1.0"
    assert told["newest"]["number"] == 1
    for address in (*told["links"].values(), *told["newest"]["links"].values()):
        assert address.startswith(WHOLE)
        answer = client.get(address.removeprefix(WHOLE))
        assert answer.status_code == 200, address
        assert b"".join(answer)


def test_projects_are_those_of_the_plan(published: Publication, client: Client) -> None:
    told = read(client, "/versions/newest/projects")
    assert told["count"] == len(told["items"]) == published.facts["projects"]
    by_id = {row["project_id"]: row for row in told["items"]}
    for item in published.items.all():
        row = by_id[item.project_id]
        assert (row["name"], row["state"]) == (item.name, item.state)
        assert row["cost_tkr"] == item.cost_tkr
        assert row["start_year"] == item.start_year
    states = {
        row["state"]
        for row in read(client, "/versions/1/projects", state="in")["items"]
    }
    assert states == {"in"}
    named = read(client, "/versions/1/projects", area="byn")["items"]
    assert [row["project_id"] for row in named] == ["bro"]
    cost = [
        r["cost_tkr"]
        for r in read(client, "/versions/1/projects", order="cost")["items"]
    ]
    assert cost == sorted(cost, reverse=True)


def test_a_project_has_its_reason_and_who_decides(
    published: Publication, liten: Municipality, client: Client
) -> None:
    assert read(client, "/versions/1/projects/skola")["next"] is None
    publishing.set_step(
        None,  # type: ignore[arg-type]
        liten,
        NextStep(project_id="skola", body="Kommunfullmäktige", date="2026-12-14"),
        {},
    )
    told = read(client, "/versions/1/projects/skola")
    item = published.items.get(project_id="skola")
    assert told["reason"] == item.data["reason"]
    assert told["next"]["body"] == "Kommunfullmäktige"
    assert told["next"]["date"] == "2026-12-14"
    assert told["plan"]["outlay_fixed_tkr"] == item.cost_tkr
    assert (
        read(client, "/versions/1/economy")["statement"] == published.plan["statement"]
    )


def test_changes_come_with_their_reasons(
    published: Publication, finish: Finish, client: Client
) -> None:
    second = publishing.publish(None, finish(changed_data()))
    assert second.changes
    told = read(client, "/versions/2/changes")
    assert {row["project_id"] for row in told["items"]} == set(second.changes)
    assert read(client, "/versions/1/changes")["items"] == []
    assert read(client, "/")["newest"]["number"] == 2
    assert [row["number"] for row in read(client, "/versions")["items"]] == [2, 1]
    key = next(iter(second.changes))
    if second.items.filter(project_id=key).exists():
        whole = read(client, f"/versions/2/projects/{key}")
        assert whole["change"]["kind"] == second.changes[key]["kind"]


def test_a_long_list_comes_a_page_at_a_time(
    published: Publication, client: Client
) -> None:
    # the newest is told by its number: another may be published between two pages
    asked = f"{API}/versions/newest/projects?page_size=2&order=name"
    seen, address, pages = [], asked, 0
    while address:
        answer = client.get(address)
        told = json.loads(answer.content)
        seen += [row["project_id"] for row in told["items"]]
        assert told["links"]["self"] in answer["Link"]
        following = told["links"].get("next", "")
        assert ('rel="next"' in answer["Link"]) is bool(following)
        assert all("/versions/1/" in one for one in told["links"].values())
        address = following.removeprefix(WHOLE)
        pages += 1
    assert pages == told["pages"] == 2
    assert len(seen) == len(set(seen)) == told["count"] == 3
    refused(client, "/versions/1/projects", 404, page=9)


@pytest.mark.parametrize("address", ADDRESSES)
def test_everyone_may_read_and_nobody_write(
    published: Publication, client: Client, address: str
) -> None:
    answer = client.get(f"{API}{address}")
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "max-age" in answer["Cache-Control"]
    assert "Cookie" not in answer.get("Vary", "")
    assert not answer.cookies
    again = client.get(f"{API}{address}", headers={"if-none-match": answer["ETag"]})
    assert again.status_code == 304
    assert again["ETag"].removeprefix("W/") == answer["ETag"].removeprefix("W/")
    assert again["Access-Control-Allow-Origin"] == "*"
    head = client.head(f"{API}{address}")
    assert head.status_code == 200
    before = client.options(
        f"{API}{address}",
        headers={"origin": "https://a.example", "access-control-request-method": "GET"},
    )
    assert before.status_code == 204
    assert "GET" in before["Access-Control-Allow-Methods"]
    assert "If-None-Match" in before["Access-Control-Allow-Headers"]
    for method in ("post", "put", "patch", "delete"):
        turned = getattr(client, method)(f"{API}{address}")
        assert turned.status_code == 405
        assert turned["Content-Type"] == "application/problem+json"
        assert "GET" in turned["Allow"]


@pytest.mark.parametrize(
    "asked",
    [
        {"page": "0"},
        {"page": "-1"},
        {"page": "1.0"},
        {"page": "ett"},
        {"page": "9" * 400},
        {"page": "١"},
        {"page_size": "501"},
        {"page_size": ""},
        {"state": "maybe"},
        {"state": ""},
        {"order": "-cost"},
        {"q": "a" * 81},
        {"q": "a\0b"},
        {"area": "x" * 300},
        {"unknown": "1"},
        {"page": ["1", "2"]},
    ],
)
def test_a_question_that_cannot_be_answered_is_told_so(
    published: Publication, client: Client, asked: dict[str, Any]
) -> None:
    assert refused(client, "/versions/1/projects", 400, **asked)


@pytest.mark.parametrize(
    "path",
    [
        "/versions/2",
        "/versions/0",
        "/versions/-1",
        "/versions/01",
        "/versions/" + "9" * 60,
        "/versions/senaste",
        "/versions/1/projects/ingen",
        "/versions/1/projects/a%00b",
        "/versions/1/projects/%FF%FE",
        "/versions/1/projects/",
        "/versions/",
        "/versions/1/none",
        "/openapi.yaml",
        "/../../../konto/login/",
        "/plan.json",
    ],
)
def test_what_is_not_there_is_said_in_json(
    published: Publication, client: Client, path: str
) -> None:
    refused(client, path, 404)


def test_a_withdrawn_version_is_gone(
    published: Publication, finish: Finish, client: Client
) -> None:
    publishing.publish(None, finish(changed_data()))
    Publication.objects.filter(number=2).update(withdrawn_at=published.published_at)
    refused(client, "/versions/2", 404)
    refused(client, "/versions/2/projects", 404)
    assert read(client, "/")["newest"]["number"] == 1


def test_a_list_asks_the_database_little(
    published: Publication,
    client: Client,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client.get(f"{API}/versions/1/projects")
    with django_assert_max_num_queries(3):
        client.get(f"{API}/versions/1/projects")
    with django_assert_max_num_queries(4):
        client.get(f"{API}/versions/1/projects?q=skola&area=centrum")
