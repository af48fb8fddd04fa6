"""A choice of seven projects under a budget of people, disputed between viewpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unit.plan import tiny

from rodtrad.domain.arrays import build_case
from rodtrad.domain.components import build_tables
from rodtrad.plan.constraints import build_problem

if TYPE_CHECKING:
    from rodtrad.plan.problem import Problem

SCORES = {
    # project: points for use and for climate, people needed
    "both": (90.0, 90.0, 2.0),
    "use_a": (80.0, 10.0, 2.0),
    "use_b": (70.0, 20.0, 2.0),
    "green_a": (10.0, 80.0, 2.0),
    "green_b": (20.0, 75.0, 2.0),
    "neither": (5.0, 5.0, 3.0),
    "must": (1.0, 1.0, 1.0),
}
VIEWPOINTS = [
    ("use first", "nytta", ">=", "klimat"),
    ("use first", "nytta", "max", "0.9"),
    ("green first", "klimat", "min", "0.6"),
]


def disputed_records(
    viewpoints: list[tuple[str, str, str, str]] | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """The records of the underlag; room for about four projects in one year."""
    projects = [
        tiny.project(
            key,
            [1000.0],
            use,
            use={"people": people},
            earliest_year=2026,
            latest_year=2027 if key == "use_a" else 2026,
            must_do=key == "must",
        )
        for key, (use, _green, people) in SCORES.items()
    ]
    records = tiny.tiny_data(
        *projects,
        resources=[
            {
                "resource": "people",
                "year": year,
                "available": 7.0 if year == 2026 else 0.0,
            }
            for year in (2026, 2027)
        ],
    )
    records["criteria"] = [
        {"criterion": "nytta", "name": "Nytta", "weight": 1.0, "description": ""},
        {"criterion": "klimat", "name": "Klimat", "weight": 1.0, "description": ""},
    ]
    records["scores"] += [
        {**row, "criterion": "klimat", "score": SCORES[row["project_id"]][1]}
        for row in list(records["scores"])
    ]
    records["viewpoints"] = [
        {"viewpoint": v, "criterion": c, "relation": r, "value": value}
        for v, c, r, value in (VIEWPOINTS if viewpoints is None else viewpoints)
    ]
    return records


def twin_problem() -> Problem:
    """The same choice with a twin of `use_a` and room for one of the two."""
    records = disputed_records()
    for table in ("projects", "alternatives", "outlays", "scores", "resource_use"):
        records[table] += [
            {**row, "project_id": "twin"}
            for row in records.get(table, [])
            if row.get("project_id") == "use_a"
        ]
    records["relations"] = [
        {"project_id": "use_a", "kind": "excludes", "other_id": "twin"}
    ]
    return build_problem(build_case(build_tables(records)))


def disputed_problem(
    viewpoints: list[tuple[str, str, str, str]] | None = None,
) -> Problem:
    """The planning problem of the records."""
    return build_problem(build_case(build_tables(disputed_records(viewpoints))))
