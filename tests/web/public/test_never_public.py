"""Does any public address show what is not published? Every page is asked.

What is kept from everyone: projects that are not public, the register of assets, the
working copy, what staff writes beside the plan, and other municipalities.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.utils import timezone
from web.public.conftest import changed_data, public_data, result_of
from web.public.test_pages import PAGES

from rodtrad.domain.components import build_tables
from rodtrad.web import public_parts, publishing, store
from rodtrad.web.models import Publication, Row, Study, Underlag
from rodtrad.web.models.projects import Decision, ProjectFile
from rodtrad.web.models.publishing import PublicItem
from rodtrad.web.models.studies import packed_json

if TYPE_CHECKING:
    from web.conftest import ClientFor
    from web.public.conftest import Data, Finish

    from rodtrad.web.models import Municipality

HIDDEN = ("hemlig1", "hemlig2", "hemlig3")
MORE = (
    "projekt/?q=Hemligt",
    "karta/?q=hemlig",
    "projekt/?lage=out",
    "kan-inte/?sida=2",
)


def everything(slug: str = "liten", *more: str) -> str:
    """All text of all pages of a municipality, in both languages."""
    texts = []
    for language in ("oppet", "open"):
        for path in (*PAGES, *MORE, *more):
            answer = Client().get(f"/{language}/{slug}/{path}")
            texts.append(answer.content.decode("utf-8", "replace"))
    return "\n".join(texts)


def with_hidden() -> Data:
    """The underlag with three more projects that may not be shown."""
    data = public_data()
    for i, key in enumerate(HIDDEN):
        ids = {"project_id": key, "alternative_id": "a"}
        data["projects"].append(
            {
                "project_id": key,
                "name": f"Hemligt köp {i}",
                "public": False,
                "description": f"Förhandling {i} pågår",
            }
        )
        data["alternatives"].append({**ids, "name": f"Köp {i}", "build_years": 1})
        data["outlays"].append({**ids, "offset": 0, "outlay": 100.0 + i})
        data["scores"].append({**ids, "criterion": "nytta", "score": 95.0})
    return data


def test_hidden_projects_are_reached_by_no_address(finish: Finish) -> None:
    published = publishing.publish(None, finish(with_hidden()))
    assert published.facts["hidden"] == 3
    text = everything()
    for secret in ("hemlig", "Hemligt", "Förhandling", "Köp 1"):
        # what was searched for stands in the field again, and nowhere else
        assert secret not in text.replace('value="Hemligt"', "").replace(
            'value="hemlig"', ""
        ).replace("q=Hemligt", "").replace("q=hemlig", "")
    for key in HIDDEN:
        for path in (f"projekt/{key}/", f"bild/projekt/{key}.png"):
            for start in ("", "version/1/"):
                answer = Client().get(f"/oppet/liten/{start}{path}")
                assert answer.status_code == 404
    assert "Projekt som inte är offentliga" in text
    assert not PublicItem.objects.filter(project_id__in=HIDDEN).exists()


def test_the_sum_says_that_it_is_one(finish: Finish) -> None:
    publishing.publish(None, finish(with_hidden()))
    text = Client().get("/oppet/liten/projekt/ovriga_ej_offentliga/").content.decode()
    assert "summan av projekt som inte är offentliga" in text


def test_the_working_copy_and_staffs_own_words_stay_inside(
    published: Publication, liten: Municipality
) -> None:
    before = everything()
    secret = "Utkast som ingen har beslutat"
    ProjectFile.objects.create(
        municipality=liten,
        project_id="skola",
        need=secret,
        risks=secret,
        contact="Eva Lind 070-123 45 67",
    )
    Decision.objects.create(
        municipality=liten,
        project_id="skola",
        body=secret,
        date="2026-01-01",
        text=secret,
    )
    row = Row.objects.get(underlag__municipality=liten, table="projects", key="skola")
    Row.objects.filter(pk=row.pk).update(data={**row.data, "name": secret})
    public_parts.forget()
    after = everything()
    assert secret not in after
    assert "Eva Lind" not in after
    assert after == before


def test_a_plan_that_is_not_published_is_not_shown(
    published: Publication, finish: Finish
) -> None:
    data = public_data()
    data["projects"][0]["name"] = "Ett nytt namn i nästa plan"
    finish(data)
    public_parts.forget()
    assert "Ett nytt namn" not in everything()


def test_one_municipality_never_shows_anothers(
    published: Publication, annan: Municipality
) -> None:
    data = public_data()
    for row in data["projects"]:
        row["name"] = f"Grannens {row['name']}"
    tables = build_tables(data)
    underlag = Underlag.objects.create(municipality=annan, name="Annan")
    store.write_tables(underlag, tables)
    study = Study.objects.create(
        municipality=annan,
        number=1,
        version=store.make_version(underlag, "En", None),
        state=Study.State.DONE,
        result=packed_json(result_of(data)),
    )
    publishing.publish(None, study, title="Grannens plan")
    assert "Grannens" not in everything("liten", "version/2/", "andrat/2/")
    assert "Grannens" in everything("annan")


@pytest.mark.parametrize(
    "path",
    [
        "underlag/",
        "studier/1/",
        "projekt/tavla/",
        "versioner/",
        "handelser/",
        "../liten/studier/",
        "plan.json",
        "projekt/../../konto/",
        "version/0/",
        "version/99999999999999999999/",
        "projekt/%00/",
        "projekt/a%2Fb/",
        # what the application would answer, were "oppet" a municipality
        "/oppet/pott/ny/",
        "/open/projekt/lista.csv",
        "/oppet/handelser/a/b/",
        "/oppet/publicera/ny/1/",
    ],
)
def test_addresses_that_do_not_exist_are_not_found(
    path: str, published: Publication
) -> None:
    at = path if path.startswith("/") else f"/oppet/liten/{path}"
    answer = Client().get(at)
    assert answer.status_code in (302, 404)
    if answer.status_code == 302:
        assert answer.headers["Location"].startswith("/konto/login/")


def test_a_project_that_is_hidden_later_is_named_by_nothing_new(
    finish: Finish, client_for: ClientFor
) -> None:
    def data(*, public: bool) -> Data:
        found = with_hidden()
        for row in found["projects"]:
            if row["project_id"] in HIDDEN:
                row["public"] = public
        return found

    publishing.publish(None, finish(data(public=True)))
    study = finish(data(public=False))
    page = client_for("chef").get(f"/liten/publicera/ny/{study.number}/")
    assert "visar fortfarande projekt" in page.content.decode()
    assert "Hemligt köp 1: version 1" in page.content.decode()
    second = publishing.publish(None, study)
    assert not set(HIDDEN) & set(second.changes)
    for path in ("andrat/", "flode.xml", "api/v1/versions/newest/changes"):
        assert "Hemligt" not in Client().get(f"/oppet/liten/{path}").content.decode()


def test_where_preparedness_lies_in_older_versions_is_told_to_staff(
    finish: Finish, client_for: ClientFor
) -> None:
    publishing.publish(None, finish())
    data = public_data()
    for row in data["projects"][:2]:
        row["driver"] = "beredskap"
    study = finish(data)
    told = publishing.prepare(study).still_placed
    assert told == tuple(
        (name, (1,)) for name in sorted(row["name"] for row in data["projects"][:2])
    )
    page = client_for("chef").get(f"/liten/publicera/ny/{study.number}/")
    assert "visar var projekt som rör beredskap ligger" in page.content.decode()
    publishing.publish(None, study)
    Publication.objects.filter(number=1).update(withdrawn_at=timezone.now())
    assert not publishing.prepare(study).still_placed


def test_what_only_withdrawn_versions_showed_is_not_named(
    finish: Finish, client_for: ClientFor
) -> None:
    whole, rest = public_data(), public_data()
    for name, rows in rest.items():
        rest[name] = [row for row in rows if row.get("project_id") != "park"]
    publishing.publish(None, finish(whole))
    publishing.publish(None, finish(rest), reasons={"park": "ORDEN OM PARKEN"})
    publishing.publish(None, finish(), reasons={"park": "ORDEN OM PARKEN"})
    publishing.publish(None, finish(rest), reasons={"park": "ORDEN OM PARKEN"})
    paths = ("andrat/", "andrat/2/", "flode.xml", "api/v1/versions/2/changes")

    def read(path: str) -> str:
        return Client().get(f"/oppet/liten/{path}").content.decode()

    for path in paths:
        assert "ORDEN OM PARKEN" in read(path), path
    assert "ORDEN OM PARKEN" in read("version/3/projekt/park/")
    client = client_for("chef")
    for number in (1, 3):
        client.post(f"/liten/publicera/{number}/ta-tillbaka/", {"why": "fel"})
    for path in paths:
        assert "Ny park" not in read(path), path
        assert "ORDEN OM PARKEN" not in read(path), path
    assert Client().get("/oppet/liten/projekt/park/").status_code == 404


def test_the_history_of_a_version_that_is_taken_back_is_gone(
    finish: Finish, client_for: ClientFor
) -> None:
    publishing.publish(None, finish())
    reasons = dict.fromkeys(("skola", "bro", "park"), "ORDEN OM ÄNDRINGEN")
    second = publishing.publish(None, finish(changed_data()), reasons=reasons)
    publishing.publish(None, finish())
    key = next(iter(second.changes))
    at = f"/oppet/liten/projekt/{key}/"
    assert "ORDEN OM ÄNDRINGEN" in Client().get(at).content.decode()
    client_for("chef").post("/liten/publicera/2/ta-tillbaka/", {"why": "fel"})
    assert "ORDEN OM ÄNDRINGEN" not in Client().get(at).content.decode()
    assert Client().get("/oppet/liten/andrat/2/").status_code == 404


def test_what_a_withdrawn_version_said_is_not_told_by_the_one_after(
    finish: Finish, client_for: ClientFor
) -> None:
    publishing.publish(None, finish())
    second = publishing.publish(None, finish(changed_data()))
    told = {key: one for key, one in second.changes.items() if one["before"]}
    years = {one["before"]["start_year"] for one in told.values()} - {None}
    assert years
    (key, *_rest) = told
    paths = ("andrat/", "flode.xml", f"projekt/{key}/")
    words = re.compile(r"i stället för|Start var|instead of|It was to start")

    def read(path: str, root: str = "oppet") -> str:
        answer = Client().get(f"/{root}/liten/{path}")
        assert answer.status_code == 200
        return answer.content.decode()

    def befores() -> set[bool]:
        found = json.loads(read("api/v1/versions/2/changes"))["items"]
        return {bool(one["before"]) for one in found if one["project_id"] in told}

    for path in paths:
        assert words.search(read(path)), path
    assert befores() == {True}
    client_for("chef").post("/liten/publicera/1/ta-tillbaka/", {"why": "fel"})
    for path in paths:
        for root in ("oppet", "open"):
            assert not words.search(read(path, root)), path
    assert befores() == {False}
    # what was told beside a version that stands is told still
    publishing.publish(None, finish())
    assert words.search(read("andrat/3/"))
