"""What tests of the sandbox share: a published plan with two criteria and a tax rate."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from web.public.conftest import (  # noqa: F401 - fixtures
    Data,
    Finish,
    finish,
    public_data,
)

from rodtrad import study as core
from rodtrad.domain.components import build_tables
from rodtrad.publish.public import check_public, make_public
from rodtrad.web import publishing, sandbox
from rodtrad.web.models.studies import packed_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rodtrad.domain.components import Tables
    from rodtrad.web.models import Publication


def sandbox_data() -> Data:
    """The public underlag with a second criterion, ages and a tax rate."""
    data = public_data()
    data["settings"].append({"key": "tax_rate", "value": "22.5"})
    data["criteria"].append(
        {
            "criterion": "klimat",
            "name": "Klimat",
            "weight": 1.0,
            "description": "Utsläpp.",
        }
    )
    data["criteria"].append({"criterion": "skick", "name": "Skick", "weight": 1.0})
    points = {"skola": (30.0, 80.0), "bro": (90.0, 20.0), "park": (70.0, 50.0)}
    for row in list(data["scores"]):
        klimat, skick = points[row["project_id"]]
        data["scores"] += [
            {**row, "criterion": "klimat", "score": klimat},
            {**row, "criterion": "skick", "score": skick},
        ]
    data["population"] = [
        {"year": 2024, "area": "centrum", "age": age, "sex": "k", "persons": 100.0}
        for age in (20, 40, 55, 70)
    ]
    data["viewpoints"] = [
        {
            "viewpoint": "Partiet",
            "criterion": "nytta",
            "relation": "min",
            "value": "0.6",
        },
        {
            "viewpoint": "Partiet",
            "criterion": "klimat",
            "relation": "max",
            "value": "0.2",
        },
    ]
    return data


@pytest.fixture(autouse=True)
def _nothing_built() -> Iterator[None]:
    """Publications of one test have the numbers of those of another."""
    sandbox.forget()
    yield
    sandbox.forget()


@cache
def _proofs(text: str) -> bytes:
    """What proves the agreement map of an underlag; without it nothing is published."""
    asked = core.Settings(time_limit=5, draws=20, seed=1)
    return packed_json(core.run(build_tables(json.loads(text)), asked).certificates)


_public: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def _made_public_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What becomes public of an underlag is made and checked once, not for every test."""

    def made(tables: Tables, result: Any, proofs: Any = None, people: Any = ()) -> Any:
        key = json.dumps([result, list(people)], sort_keys=True)
        if key not in _public:
            plan = make_public(tables, result, proofs, people)
            assert not check_public(plan)
            _public[key] = plan
        return _public[key]

    monkeypatch.setattr(publishing, "make_public", made)
    monkeypatch.setattr(publishing, "check_public", lambda _plan: [])


class Publish(Protocol):
    """Publishes the plan of an underlag."""

    def __call__(self, data: Data | None = None) -> Publication:
        """Return the publication."""


@pytest.fixture
def publish(finish: Finish) -> Publish:  # noqa: F811 - the fixture
    """Publish a plan of `liten`."""

    def make(data: Data | None = None) -> Publication:
        rows = sandbox_data() if data is None else data
        proofs = _proofs(json.dumps(rows)) if rows.get("viewpoints") else None
        return publishing.publish(None, finish(rows, certificates=proofs))

    return make


@pytest.fixture
def published(publish: Publish) -> Publication:
    """The plan of `liten`, published."""
    return publish()
