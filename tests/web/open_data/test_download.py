"""Does the download hold a plan that anyone can compute again, and the same bytes?"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from web.open_data.conftest import unzipped
from web.public.conftest import Finish, changed_data, public_data

from rodtrad.domain.columns import SCHEMA
from rodtrad.publish.public import NEVER_TABLES
from rodtrad.sources.result_folder import read_result, read_result_tables
from rodtrad.verify import verify_result
from rodtrad.web import open_data, publishing
from rodtrad.web.models import Publication
from rodtrad.web.models import publishing as models_publishing
from rodtrad.web.open_data import DICTIONARY_COLUMNS, PROJECT_COLUMNS

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client
    from pytest_django import Settings as DjangoSettings

DATA = "/oppet/liten/data/"
ZIP = f"{DATA}1.zip"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: DjangoSettings) -> Path:
    """Keep the zips of each test apart."""
    settings.RODTRAD_HOME = tmp_path
    return tmp_path


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_the_download_verifies(
    published: Publication, client: Client, tmp_path: Path
) -> None:
    # whoever asks first, and in whichever language, the file is the one that verifies
    for name, data in unzipped(client, "/open/liten/data/1.zip").items():
        path = tmp_path / "plan" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    tables, issues = read_result_tables(tmp_path / "plan")
    result = read_result(tmp_path / "plan")
    assert verify_result(tables, result, issues) == []
    # and a changed figure is found
    result["statement"]["ar"][0] += 1.0
    assert verify_result(tables, result, issues) != []


def test_files_say_what_they_are(published: Publication, client: Client) -> None:
    found = unzipped(client, ZIP)
    assert {"README.md", "LASMIG.md", "LICENSE", "plan.json", "SHA256SUMS"} <= set(
        found
    )
    assert b"CC0 1.0 Universal" in found["LICENSE"]
    for name in ("README.md", "LASMIG.md"):
        assert b"rodtrad verify liten-plan-1" in found[name]
        assert published.content_hash.encode() in found[name]
    lines = found["SHA256SUMS"].decode().splitlines()
    sums = {line[66:]: line[:64] for line in lines}
    assert set(sums) == set(found) - {"SHA256SUMS"}
    assert all(hashlib.sha256(found[k]).hexdigest() == v for k, v in sums.items())


def test_the_dictionary_has_every_column_of_every_file(
    published: Publication, client: Client
) -> None:
    found = unzipped(client, ZIP)
    told = rows(found["data-dictionary.csv"])
    assert tuple(told[0]) == DICTIONARY_COLUMNS
    known = {(row["file"], row["column"]) for row in told}
    for name, data in found.items():
        if name.endswith(".csv") and name != "data-dictionary.csv":
            head = data.decode().partition("\n")[0].split(",")
            blank = {"asset_id"}
            assert {(name, column) for column in head if column not in blank} <= known
    assert all(row["description_sv"] and row["description_en"] for row in told)
    swedish = [row for row in told if row["description_sv"] == row["description_en"]]
    assert swedish == []
    files = {row["file"] for row in told}
    assert not {f"underlag/{name}.csv" for name in NEVER_TABLES} & (files | set(found))
    assert {f"underlag/{n}.csv" for n in SCHEMA} - files == {
        f"underlag/{n}.csv" for n in NEVER_TABLES
    }


def test_projects_are_told_as_csv_and_on_the_map(
    published: Publication, client: Client
) -> None:
    found = unzipped(client, ZIP)
    told = {row["project_id"]: row for row in rows(found["projects.csv"])}
    assert set(told) == {item.project_id for item in published.items.all()}
    for item in published.items.all():
        row = told[item.project_id]
        assert tuple(row) == tuple(PROJECT_COLUMNS)
        assert row["name"] == item.name
        assert float(row["cost_tkr"]) == item.cost_tkr
        assert row["start_year"] == str(item.start_year or "")
        assert row["reason"] == " ".join(item.data["reason"])
    drawn: dict[str, Any] = json.loads(found["projects.geojson"])
    assert drawn["type"] == "FeatureCollection"
    places = {one["id"]: one["geometry"]["coordinates"] for one in drawn["features"]}
    assert places["bro"] == [15.7, 57.75]
    assert {one["properties"]["place"] for one in drawn["features"]} == {"area"}


def test_a_text_is_not_run_as_a_formula(finish: Finish, client: Client) -> None:
    data = public_data()
    data["projects"][0]["name"] = '=HYPERLINK("https://ont.example";"Skolan")'
    publishing.publish(None, finish(data))
    found = unzipped(client, ZIP)
    told = {row["project_id"]: row["name"] for row in rows(found["projects.csv"])}
    assert told["skola"].startswith("'=HYPERLINK")
    underlag = {
        r["project_id"]: r["name"] for r in rows(found["underlag/projects.csv"])
    }
    assert underlag["skola"].startswith("'=HYPERLINK")


def test_the_same_version_gives_the_same_bytes(
    published: Publication, client: Client, home: Path
) -> None:
    first = b"".join(client.get("/open/liten/data/1.zip"))
    kept = list((home / "open-data").iterdir())
    assert [path.read_bytes() for path in kept] == [first]
    assert b"".join(client.get(ZIP)) == first
    for path in kept:
        path.unlink()
    again = Publication.objects.select_related("municipality").get()
    assert open_data.package(again) == first
    assert b"".join(client.get(ZIP)) == first


def test_what_is_read_to_pack_it_is_not_kept(published: Publication) -> None:
    models_publishing._decoded.clear()
    assert open_data.package(Publication.objects.get(pk=published.pk))
    assert not models_publishing._decoded


def test_an_interrupted_write_leaves_nothing(
    published: Publication, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: Path, _target: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(type(home), "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        open_data.kept_package(published)
    assert list((home / "open-data").iterdir()) == []


def test_who_has_it_does_not_fetch_it_again(
    published: Publication, client: Client
) -> None:
    first = client.get(ZIP)
    assert b"".join(first).startswith(b"PK")
    assert first["Content-Type"] == "application/zip"
    assert "liten-plan-1.zip" in first["Content-Disposition"]
    assert first["Access-Control-Allow-Origin"] == "*"
    again = client.get(ZIP, headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304
    assert not again.content
    assert not again.cookies
    other = client.get(ZIP, headers={"if-none-match": '"other"'})
    assert other.status_code == 200
    assert b"".join(other)


def test_older_versions_stay_and_withdrawn_ones_go(
    published: Publication, finish: Finish, client: Client
) -> None:
    publishing.publish(None, finish(changed_data()))
    assert unzipped(client, ZIP)["plan.json"]
    assert unzipped(client, f"{DATA}2.zip")["plan.json"]
    # the file lies there already; it must not be handed out all the same
    Publication.objects.filter(number=2).update(withdrawn_at=published.published_at)
    for number in ("2", "3", "0", "99999999999999999999", "1.zip/.."):
        assert client.get(f"{DATA}{number}.zip").status_code == 404, number
    page = client.get(DATA).content.decode()
    assert "1.zip" in page
    assert "2.zip" not in page


@pytest.mark.parametrize("prefix", ["oppet", "open"])
def test_the_page_says_how(published: Publication, client: Client, prefix: str) -> None:
    answer = client.get(f"/{prefix}/liten/data/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "rodtrad verify liten-plan-1" in page
    assert f'href="/{prefix}/liten/data/1.zip"' in page
    assert "creativecommons.org/publicdomain/zero/1.0/" in page
    # each public page leads here
    assert (
        f'href="/{prefix}/liten/data/"'
        in client.get(f"/{prefix}/liten/").content.decode()
    )
