"""What tests of the public pages share: a published plan, computed once."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from django.utils import timezone
from web.public.everything import Everything, make_everything
from web.small import small_data

from rodtrad import study as core
from rodtrad.domain.components import Tables, build_tables
from rodtrad.web import publishing, store
from rodtrad.web.models import Publication, Study, Underlag
from rodtrad.web.models.studies import packed_json

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django import Settings as DjangoSettings
    from web.conftest import MakeMember

    from rodtrad.web.models import Municipality

Data = dict[str, list[dict[str, Any]]]


def public_data() -> Data:
    """The small underlag with places on the map and texts, for a change by the caller."""
    data = small_data()
    data["areas"] = [
        {"area": "centrum", "name": "Centrum", "lat": 57.66, "lon": 15.85},
        {"area": "byn", "name": "Lilla byn", "lat": 57.75, "lon": 15.7},
    ]
    areas = {"skola": "centrum", "bro": "byn", "park": "centrum"}
    drivers = {"skola": "befolkning", "bro": "lagkrav", "park": "politiskt_mal"}
    for row in data["projects"]:
        row |= {"area": areas[row["project_id"]], "driver": drivers[row["project_id"]]}
        row |= {"description": f"Text om {row['name']}.", "quality": "antagande"}
    return data


def changed_data() -> Data:
    """The same with a lower ceiling for loans and a school that cannot wait: no room."""
    data = public_data()
    data["goals"][0]["value"] = 21_500.0
    data["projects"][0]["latest_year"] = 2026
    return data


@cache
def _result(text: str) -> str:
    tables = build_tables(json.loads(text))
    asked = core.Settings(time_limit=5, draws=20, seed=1)
    return json.dumps(core.run(tables, asked).result)


def result_of(data: Data) -> dict[str, Any]:
    """The plan of an underlag, computed once however often it is asked for."""
    found: dict[str, Any] = json.loads(_result(json.dumps(data)))
    return found


class Finish(Protocol):
    """Makes a finished study of an underlag."""

    def __call__(self, data: Data | None = None, **change: Any) -> Study:
        """Return the study."""


@pytest.fixture
def finish(liten: Municipality) -> Finish:
    """Make a finished study of an underlag, in `liten`."""

    def make(data: Data | None = None, **change: Any) -> Study:
        rows = data if data is not None else public_data()
        tables: Tables = build_tables(rows)
        underlag, _new = Underlag.objects.get_or_create(
            municipality=liten, name="Liten"
        )
        store.write_tables(underlag, tables)
        version = store.make_version(underlag, "En version", None)
        last = Study.objects.order_by("-number").first()
        return Study.objects.create(
            municipality=liten,
            number=last.number + 1 if last else 1,
            version=version,
            state=Study.State.DONE,
            result=packed_json(result_of(rows)),
            finished_at=timezone.now(),
            **change,
        )

    return make


@pytest.fixture
def published(finish: Finish) -> Publication:
    """The plan of `liten`, published."""
    return publishing.publish(None, finish())


@pytest.fixture
def everything(
    finish: Finish,
    liten: Municipality,
    make_member: MakeMember,
    tmp_path: Path,
    settings: DjangoSettings,
) -> Everything:
    """`liten` with something of everything, in two versions; the second has no park."""
    settings.RODTRAD_HOME, settings.MEDIA_ROOT = tmp_path, tmp_path / "media"
    data = changed_data()
    for name, rows in data.items():
        data[name] = [row for row in rows if row.get("project_id") != "park"]
    return make_everything(liten, make_member("chef"), finish(), finish(data))
