"""What tests of the shell share: a finished study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from unit.publish.sample import sample_result

from rodtrad.web import store
from rodtrad.web.models import Study
from rodtrad.web.models.studies import packed_json

if TYPE_CHECKING:
    from rodtrad.web.models import Municipality, Underlag


@pytest.fixture
def study(liten: Municipality, tiny_underlag: Underlag) -> Study:
    """A finished study of `liten`."""
    version = store.make_version(tiny_underlag, "Till mötet", None)
    return Study.objects.create(
        municipality=liten,
        number=1,
        version=version,
        state=Study.State.DONE,
        result=packed_json(sample_result()),
        finished_at=timezone.now(),
    )
