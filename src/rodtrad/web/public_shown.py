"""How much of a frozen plan do its pages show? A small part, stored with the version.

The whole plan.json says the reasons of every project and the quality of every figure; a
page that draws the economy needs none of it, and whoever reads a version first should
not wait for it. The same figures come of the part as of the whole. Leaves out the lists
of projects (public_rows).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_ASSUMPTIONS: Final = 300
"""A page has room for no more rows of assumptions."""

# What only other pages, or the download, tell.
_LEFT_OUT: Final = frozenset({"reasons"})
_TEXTS: Final = frozenset({"description"})
# Of a project that is not in the plan: what charts and tables say of it.
_OUTSIDE: Final = (
    "project_id",
    "name",
    "chosen",
    "start_year",
    "in_use_year",
    "outlay_fixed_tkr",
    "outlay_quality",
    "quality",
    "source",
    "nira",
)


def shown_part(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the pages show of the content of a public plan.json."""
    quality = plan["quality"]
    return {
        **{key: value for key, value in plan.items() if key not in _LEFT_OUT},
        "projects": [_project(row) for row in plan["projects"]],
        "quality": {
            **quality,
            # one more than is shown tells that there are more
            "assumptions": quality["assumptions"][: MOST_ASSUMPTIONS + 1],
        },
    }


def _project(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is shown of a project beside its own page."""
    if not row["chosen"]:
        return {key: row[key] for key in _OUTSIDE if key in row}
    return {key: value for key, value in row.items() if key not in _TEXTS}
