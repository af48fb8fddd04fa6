"""What may other programs ask, and what do they get? The OpenAPI 3.1 document.

Written by hand beside the views (views/public_api); a test asks every operation and holds
the answers against the schemas here.
"""

from __future__ import annotations

from typing import Any, Final

from rodtrad.web.open_data import LICENCE_ADDRESS

Json = dict[str, Any]

STATES: Final = ("in", "later", "out")
ORDERS: Final = {"start": "start", "cost": "kostnad", "name": "namn"}
"""Orders of the list of projects, as the address of the list page says them."""
MOST_PER_PAGE: Final = 500
_MOST_PAGES: Final = 999_999_999

_TEXT: Final = {"type": "string"}
_YEAR: Final = {"type": ["integer", "null"], "description": "A year."}
_MAYBE: Final = {"type": ["string", "null"]}
_AMOUNT: Final = {"type": ["number", "null"]}
_LINK: Final = {"type": "string", "format": "uri"}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(
    required: Json, optional: Json | None = None, *, open_: bool = False
) -> Json:
    found: Json = {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
    }
    return found if open_ else {**found, "additionalProperties": False}


def _rows(of: Json) -> Json:
    return {"type": "array", "items": of}


def _page_of(name: str) -> Json:
    return _object(
        {
            "count": {"type": "integer", "minimum": 0},
            "page": {"type": "integer", "minimum": 1},
            "pages": {"type": "integer", "minimum": 1},
            "links": _object(
                {"self": _LINK, "first": _LINK, "last": _LINK},
                {"prev": _LINK, "next": _LINK},
            ),
            "items": _rows(_ref(name)),
        }
    )


_BY_YEAR: Final[Json] = {
    "type": "object",
    "description": "A list by line, a value a year.",
    "additionalProperties": _rows({"type": ["number", "null"]}),
}

_VERSION_ROW: Final[Json] = {
    "number": {"type": "integer", "minimum": 1},
    "title": _TEXT,
    "published_at": {"type": "string", "format": "date-time"},
    "content_hash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "links": _object(
        dict.fromkeys(
            ("self", "projects", "areas", "changes", "economy", "download", "page"),
            _LINK,
        )
    ),
}

_PROJECT_ROW: Final[Json] = {
    "project_id": _TEXT,
    "name": _TEXT,
    "area": _MAYBE,
    "area_name": _MAYBE,
    "theme": {**_MAYBE, "description": "What drives the project, as the data call it."},
    "state": {
        "type": "string",
        "enum": list(STATES),
        "description": "in: in the plan; later: next in turn; out: does not fit.",
    },
    "start_year": _YEAR,
    "in_use_year": _YEAR,
    "cost_tkr": {
        "type": "number",
        "description": "Outlay, thousand kronor, prices of the base year.",
    },
    "quality": {
        **_MAYBE,
        "description": "uppgift (fact), beräkning (computed) or antagande (assumed).",
    },
    "lat": {"type": ["number", "null"], "minimum": -90, "maximum": 90},
    "lon": {"type": ["number", "null"], "minimum": -180, "maximum": 180},
    "next": {
        "description": "Who decides next, when, and the latest day to influence.",
        "anyOf": [_ref("NextStep"), {"type": "null"}],
    },
    "links": _object({"self": _LINK, "page": _LINK}),
}

_TOLD: Final[Json] = {
    "anyOf": [
        _object(
            {
                "state": _TEXT,
                "start_year": _YEAR,
                "in_use_year": _YEAR,
                "cost_tkr": {"type": "number"},
            }
        ),
        {"type": "null"},
    ]
}
_CHANGE: Final[Json] = {
    "kind": {
        "type": "string",
        "enum": ["added", "in", "out", "moved", "cost", "gone"],
    },
    "name": _TEXT,
    "before": _TOLD,
    "after": _TOLD,
    "reason": _TEXT,
}

SCHEMAS: Final[Json] = {
    "Index": _object(
        {
            "municipality": _object({"name": _TEXT, "slug": _TEXT, "code": _TEXT}),
            "licence": _object({"id": _TEXT, "url": _LINK}),
            "newest": _ref("VersionRow"),
            "links": _object(
                dict.fromkeys(
                    ("self", "description", "versions", "projects", "pages"), _LINK
                )
            ),
        }
    ),
    "VersionRow": _object(_VERSION_ROW),
    "Versions": _page_of("VersionRow"),
    "Version": _object(
        {
            **_VERSION_ROW,
            "note": _TEXT,
            "facts": _object(
                {
                    "municipality": _TEXT,
                    "base_year": {"type": "integer"},
                    "first_year": {"type": "integer"},
                    "last_year": {"type": "integer"},
                    "projects": {"type": "integer"},
                    "in": {"type": "integer"},
                    "later": {"type": "integer"},
                    "out": {"type": "integer"},
                    "cost_tkr": {"type": "number"},
                    "hidden": {
                        "type": "integer",
                        "description": "Projects that are not public, told as one sum.",
                    },
                },
                {
                    "code": _MAYBE,
                    "currency": _MAYBE,
                    "remark": _MAYBE,
                    "scenario": _MAYBE,
                    "illustration": {"type": ["boolean", "null"]},
                    "inhabitants": _AMOUNT,
                },
            ),
            "status": _object({"state": _MAYBE, "gap": _AMOUNT, "stopped": _MAYBE}),
        }
    ),
    "NextStep": _object(
        {
            "what": _MAYBE,
            "body": _MAYBE,
            "date": {"type": ["string", "null"], "format": "date"},
            "last_influence": {"type": ["string", "null"], "format": "date"},
        }
    ),
    "ProjectRow": _object(_PROJECT_ROW),
    "Projects": _page_of("ProjectRow"),
    "Project": _object(
        {
            **_PROJECT_ROW,
            "reason": _rows(_TEXT),
            "change": {
                "description": "What this version changed since the one before.",
                "anyOf": [_object(_CHANGE), {"type": "null"}],
            },
            "years": _object(
                {"first": {"type": "integer"}, "last": {"type": "integer"}}
            ),
            "plan": {
                "type": "object",
                "description": "The project's row of plan.json; amounts by year.",
            },
        }
    ),
    "Area": _object(
        {
            "area": _TEXT,
            "name": _TEXT,
            "projects": {"type": "integer"},
            "first_year": _YEAR,
        }
    ),
    "Areas": _object({"items": _rows(_ref("Area"))}),
    "ChangeRow": _object({"project_id": _TEXT, **_CHANGE}),
    "Changes": _page_of("ChangeRow"),
    "Economy": _object(
        {
            "years": _rows({"type": "integer"}),
            "statement": _BY_YEAR,
            "balance": _BY_YEAR,
            "balanskrav": _BY_YEAR,
            "indicators": _BY_YEAR,
            "goals": _rows(
                _object({"goal_id": _TEXT, "name": _TEXT}, open_=True),
            ),
        },
        {"cash_flow": _BY_YEAR},
    ),
    "Problem": _object(
        {
            "type": _TEXT,
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": _TEXT,
        }
    ),
}

_PAGE: Final[Json] = {
    "name": "page",
    "in": "query",
    "schema": {"type": "integer", "minimum": 1, "maximum": _MOST_PAGES, "default": 1},
}
_PAGE_SIZE: Final[Json] = {
    "name": "page_size",
    "in": "query",
    "schema": {
        "type": "integer",
        "minimum": 1,
        "maximum": MOST_PER_PAGE,
        "default": 100,
    },
}
_VERSION: Final[Json] = {
    "name": "version",
    "in": "path",
    "required": True,
    "description": "A number, or `newest`.",
    "schema": {"type": "string", "pattern": "^(newest|[1-9][0-9]{0,8})$"},
    "example": "newest",
}
_PROJECT_ID: Final[Json] = {
    "name": "project_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1},
}


def _text_parameter(name: str, most: int, description: str) -> Json:
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": {"type": "string", "maxLength": most},
    }


def _choice_parameter(name: str, choices: list[str]) -> Json:
    return {"name": name, "in": "query", "schema": {"type": "string", "enum": choices}}


def _problem(description: str) -> Json:
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": _ref("Problem")}},
    }


def _get(
    operation: str,
    summary: str,
    schema: str,
    *parameters: Json,
    kind: str = "application/json",
) -> Json:
    answer = {"schema": _ref(schema)} if schema else {"schema": {"type": "object"}}
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "parameters": list(parameters),
            "responses": {
                "200": {
                    "description": "The answer.",
                    "headers": {"ETag": {"schema": _TEXT}},
                    "content": {kind: answer},
                },
                "304": {"description": "Not changed since the ETag that was sent."},
                "400": _problem("A parameter is unknown or cannot be understood."),
                "404": _problem("There is no such version, project or page."),
            },
        }
    }


def document(server: str) -> Json:
    """Return the document, for a server's address without a slash at its end."""
    listed = (_VERSION, _PAGE, _PAGE_SIZE)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Röd tråd: a municipality's published investment plan",
            "version": "1",
            "summary": "Read only, for everyone, without key.",
            "description": (
                "Each version of the plan is frozen when it is published. The whole of "
                "one is fetched as a zip (`links.download`) and can be computed again. "
                "Amounts are in thousand kronor. Names and reasons are in Swedish."
            ),
            "license": {"name": "CC0 1.0", "url": LICENCE_ADDRESS},
        },
        "servers": [{"url": server}],
        "paths": {
            "/": _get("index", "Where to begin.", "Index"),
            "/openapi.json": _get(
                "description",
                "This document.",
                "",
                kind="application/vnd.oai.openapi+json; version=3.1",
            ),
            "/versions": _get(
                "versions", "The versions, newest first.", "Versions", _PAGE, _PAGE_SIZE
            ),
            "/versions/{version}": _get("version", "A version.", "Version", _VERSION),
            "/versions/{version}/projects": _get(
                "projects",
                "The projects of a version.",
                "Projects",
                *listed,
                _text_parameter("q", 80, "Words that the project's texts hold."),
                _text_parameter("area", 200, "The id of an area."),
                _text_parameter("theme", 40, "What drives the project."),
                _choice_parameter("state", list(STATES)),
                _choice_parameter("order", list(ORDERS)),
            ),
            "/versions/{version}/projects/{project_id}": _get(
                "project", "A project.", "Project", _VERSION, _PROJECT_ID
            ),
            "/versions/{version}/areas": _get(
                "areas", "The areas of a version.", "Areas", _VERSION
            ),
            "/versions/{version}/changes": _get(
                "changes", "What a version changed, and why.", "Changes", *listed
            ),
            "/versions/{version}/economy": _get(
                "economy", "Statements, indicators and goals.", "Economy", _VERSION
            ),
        },
        "components": {"schemas": SCHEMAS},
    }
