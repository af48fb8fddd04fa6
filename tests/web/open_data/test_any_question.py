"""Does any question at all, well put or not, make the interface fail?

Every operation of the OpenAPI document is asked with made-up parameters, right and wrong,
and the answer is held against the document: status, kind of content, and schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, given, settings

from rodtrad.web import api_document

if TYPE_CHECKING:
    from rodtrad.web.models import Publication

OPERATIONS = sorted(api_document.document("http://localhost")["paths"])
# Without a parameter nothing can be put wrongly.
BARE = {"/", "/openapi.json"}


@pytest.mark.slow
@pytest.mark.parametrize("path", OPERATIONS)
def test_no_question_makes_it_fail(published: Publication, path: str) -> None:
    schema = schemathesis.openapi.from_wsgi(
        "/oppet/liten/api/v1/openapi.json", WSGIHandler()
    )
    assert sorted(schema) == OPERATIONS
    operation = schema[path]["GET"]
    for mode in (
        schemathesis.GenerationMode.POSITIVE,
        schemathesis.GenerationMode.NEGATIVE,
    ):
        if mode is schemathesis.GenerationMode.NEGATIVE and path in BARE:
            continue
        strategy = operation.as_strategy(generation_mode=mode)

        @settings(
            max_examples=30,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def ask(case: Any) -> None:
            response = case.call(headers={"Accept-Encoding": "identity"})
            assert response.status_code < 500
            case.validate_response(response)

        ask()
