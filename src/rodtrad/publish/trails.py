"""Which figure of the plan is this value? Its name for `explain.trail`, or none.

A value has a trail where it is a figure of the plan itself, or of the years without new
projects; a part of one has none. Leaves out the trails themselves (explain.trail).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rodtrad.capacity.lines import BASELINE, LINES, OUTLAY_FIXED, PROJECTS_OUTLAY

if TYPE_CHECKING:
    from collections.abc import Mapping


def figure_of(result: Mapping[str, Any], key: str, i: int, value: float | None) -> str:
    """Return what a value of year number `i` is called, where it is the figure `key`."""
    years = result["years"]
    if key == PROJECTS_OUTLAY:
        return f"{key}:{years[i]}"
    line = LINES.get(key)
    if line is None or value is None or not 0 <= i < len(years):
        return ""
    group = result.get(line.group) or {}
    # the yearly flows are no part of plan.json: they are what they are said to be
    if line.group != "flow" and (group.get(key) or {i: None})[i] != value:
        return ""
    return f"{key}:{years[i]}"


def baseline_figure(
    result: Mapping[str, Any], key: str, i: int, value: float | None
) -> str:
    """Return what a value is called that is the figure `key` without new projects."""
    alone = {**(result.get("baseline") or {}), "years": result["years"]}
    found = figure_of(alone, key, i, value)
    return f"{BASELINE}{found}" if found else ""


def outlay_figure(project: Mapping[str, Any]) -> str:
    """Return what a project's outlay in base-year prices is called."""
    known = project.get("outlay_fixed_tkr") is not None
    return f"{OUTLAY_FIXED}:{project['project_id']}" if known else ""
