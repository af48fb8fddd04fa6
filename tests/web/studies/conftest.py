"""What tests of studies share: finished plans, computed once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest
from django.utils import timezone
from web.small import small_data, small_tables

from rodtrad import study as core
from rodtrad.domain.components import build_tables
from rodtrad.web import computing, jobs, store
from rodtrad.web.models import Study
from rodtrad.web.models.studies import State

if TYPE_CHECKING:
    from rodtrad.web.models import Underlag, Version

VIEWPOINTS = [
    {"viewpoint": "Skola", "criterion": "nytta", "relation": ">=", "value": "0.5"}
]


@pytest.fixture(scope="session")
def full_result() -> dict[str, Any]:
    """The whole plan of the small underlag, with probabilities."""
    asked = core.Settings(time_limit=5, draws=50, seed=1)
    return core.run(small_tables(), asked).result


@pytest.fixture(scope="session")
def other_result() -> dict[str, Any]:
    """The plan of a small underlag that can afford less; the plan alone."""
    data = small_data()
    data["goals"][0]["value"] = 40_000.0
    data["years"][2]["interest_rate"] = 0.05
    asked = core.Settings(time_limit=5, only=("plan",))
    return core.run(build_tables(data), asked).result


class MakeStudy(Protocol):
    """Makes a finished study."""

    def __call__(
        self, version: Version, result: dict[str, Any], **fields: Any
    ) -> Study:
        """Return the study."""


@pytest.fixture
def version(tiny_underlag: Underlag) -> Version:
    """A version of the small underlag."""
    return store.make_version(tiny_underlag, "Första", None)


@pytest.fixture
def make_study() -> MakeStudy:
    """Make a finished study of a version, with a result that is known."""

    def make(version: Version, result: dict[str, Any], **fields: Any) -> Study:
        queued = jobs.enqueue(None, version, **fields)
        now = timezone.now()
        Study.objects.filter(pk=queued.pk).update(
            state=State.DONE,
            started_at=now,
            finished_at=now,
            result=computing.packed_json(result),
        )
        return Study.objects.get(pk=queued.pk)

    return make


@pytest.fixture
def done(version: Version, full_result: dict[str, Any], make_study: MakeStudy) -> Study:
    """The plan of `liten`."""
    return make_study(version, full_result, name="Förslaget")
