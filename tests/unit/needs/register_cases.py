"""Small registers for the tests of need, backlog and candidates."""

from __future__ import annotations

from typing import Any

from unit.plan.tiny import BASE_YEAR, Records, tiny_data

from rodtrad.domain.components import Tables, build_tables
from rodtrad.domain.register import Register, build_register


def asset(asset_id: str = "skola", **columns: Any) -> dict[str, Any]:
    """Return a row of table assets; a school of 1985 unless told otherwise."""
    row = {"asset_id": asset_id, "name": asset_id.title(), "kind": "skola"}
    return {**row, "built_year": 1985, "replacement_cost": 50_000.0, **columns}


def component(
    name: str, year: int | None, cost: float | None = 4_000.0, **columns: Any
) -> dict[str, Any]:
    """Return a row of table components, of the school unless told otherwise."""
    row = {"asset_id": "skola", "component": name, "installed_year": year}
    return {**row, "replacement_cost": cost, **columns}


def event(
    year: int, kind: str, name: str = "Yttertak", **columns: Any
) -> dict[str, Any]:
    """Return a row of table inspections."""
    row = {"asset_id": "skola", "component": name, "year": year, "kind": kind}
    return {**row, **columns}


def tables_of(
    assets: list[dict[str, Any]],
    components: list[dict[str, Any]] | None = None,
    inspections: list[dict[str, Any]] | None = None,
    *parts: Records,
    **tables: list[dict[str, Any]],
) -> Tables:
    """Return the tiny municipality with a register."""
    data = tiny_data(*parts, **tables)
    data |= {
        "assets": assets,
        "components": components or [],
        "inspections": inspections or [],
    }
    return build_tables(data)


def register_of(
    components: list[dict[str, Any]],
    inspections: list[dict[str, Any]] | None = None,
    **school: Any,
) -> Register:
    """Return the register of one school."""
    return build_register(tables_of([asset(**school)], components, inspections))


__all__ = [
    "BASE_YEAR",
    "asset",
    "component",
    "event",
    "register_of",
    "tables_of",
]
