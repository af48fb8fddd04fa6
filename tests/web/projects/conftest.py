"""What tests of projects share: a finished plan of the small underlag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from rodtrad.study import Settings, run
from rodtrad.web import store
from rodtrad.web.models import Study
from rodtrad.web.models.studies import State, packed_json

if TYPE_CHECKING:
    from rodtrad.domain.components import Tables
    from rodtrad.web.models import Municipality, Underlag


def text(answer: Any) -> str:
    """Return what an answer says."""
    return str(answer.content.decode())


def shown(answer: Any) -> str:
    """Return what a page says that must have been shown."""
    assert answer.status_code == 200, answer.status_code
    return text(answer)


@pytest.fixture(scope="session")
def tiny_plan(tiny_tables: Tables) -> dict[str, Any]:
    """The plan of the small underlag, found once."""
    return run(tiny_tables, Settings(only=("plan", "reasons"))).result


@pytest.fixture
def study(
    liten: Municipality, tiny_underlag: Underlag, tiny_plan: dict[str, Any]
) -> Study:
    """A finished study of `liten`."""
    version = store.make_version(tiny_underlag, "Första", None)
    return Study.objects.create(
        municipality=liten,
        number=1,
        version=version,
        state=State.DONE,
        result=packed_json(tiny_plan),
        finished_at=timezone.now(),
    )
