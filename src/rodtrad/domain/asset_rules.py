"""Can the register tell what must be renewed? Costs, ages, conditions and history.

What several columns and sheets say together about a part: what it costs, how old it
then is, whose condition it has, and whether replacements enough are known to test the
expected lives. A cell that is wrong by itself is found by the general checks and rules.
Leaves out the need itself (needs).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from rodtrad.domain.cells import counted
from rodtrad.domain.condition_scales import INSPECTION, REPLACEMENT, SCALES
from rodtrad.domain.lives import LEAST_REPLACEMENTS, expected_lives
from rodtrad.domain.messages import issue
from rodtrad.domain.part_states import part_costs, part_states
from rodtrad.domain.words import names_text, number, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rodtrad.domain.components import Tables
    from rodtrad.domain.part_states import PartState
    from rodtrad.errors import Issue

# What is older than so many of its lives has hardly stood since then: with the expected
# spread of lives none in 10 ** 20 does (Weibull, shape 4).
MOST_LIVES: Final = 3
# Few parts are older than this in any municipality; a slip of the keys often is.
OLD_YEAR: Final = 1800


def check_register(tables: Tables) -> Iterable[Issue]:
    """Find parts without cost, of unlikely age, or known only by others."""
    if not len(tables["assets"]):
        return
    parts = part_states(tables)
    alike: dict[str, list[Issue]] = defaultdict(list)
    for one in (
        *_cost_faults(tables, parts),
        *_age_faults(tables, parts),
        *_condition_notes(parts),
        *_whole_events(tables, parts),
    ):
        alike[f"{one.code}/{one.table}/{one.remedy}"].append(one)
    for group in alike.values():
        yield counted(group[0], len(group))
    yield from _few_replacements(tables, parts)


def _column(part: PartState) -> str:
    return "installed_year" if part.table == "components" else "built_year"


def _faulty(tables: Tables, part: PartState, column: str) -> bool:
    """Whether the cell could not be read: that is told already."""
    table = tables[part.table]
    lines = {table.rows[index] for index in table.faulty.get(column, ())}
    return part.line in lines


def _cost_faults(tables: Tables, parts: Sequence[PartState]) -> Iterable[Issue]:
    by_asset: dict[int, list[PartState]] = defaultdict(list)
    for part in parts:
        by_asset[part.owner_line].append(part)
    costs = [
        (part, cost)
        for own in by_asset.values()
        for part, cost in zip(own, part_costs(own), strict=True)
    ]
    unread = tables["assets"].faulty.get("replacement_cost") or any(
        _faulty(tables, part, "replacement_cost") for part, cost in costs if not cost
    )
    if costs and not any(cost for _part, cost in costs) and not unread:
        part = parts[0]
        yield issue("cost_missing.all", part.table, part.line, "replacement_cost")
        return
    for part, cost in costs:
        if cost or _faulty(tables, part, "replacement_cost"):
            continue
        key = "cost_missing" if cost is None else "cost_missing.zero"
        yield issue(
            key, part.table, part.line, "replacement_cost", c=quoted(part.shown)
        )


def _age_faults(tables: Tables, parts: Sequence[PartState]) -> Iterable[Issue]:
    base = tables.settings["base_year"]
    told: set[int] = set()
    for part in parts:
        year = part.installed
        if year is None or part.year_from == "assumed":
            continue
        slots: dict[str, Any] = {"c": quoted(part.shown), "y": year}
        place = (part.table, part.line, _column(part))
        life = part.life_years
        if base is not None and base - year > MOST_LIVES * life:
            ages = {"age": base - year, "life": number(life)}
            yield issue("age_unlikely", *place, **slots, **ages)
        elif year < OLD_YEAR:
            yield issue("year_early", *place, **slots)
    for part in parts:
        built = part.owner["built_year"]
        if part.table == "assets" or part.owner_line in told:
            continue
        told.add(part.owner_line)
        if built is not None and built < OLD_YEAR:
            name = quoted(part.owner["name"] or part.owner["asset_id"])
            yield issue(
                "year_early", "assets", part.owner_line, "built_year", c=name, y=built
            )


def _condition_notes(parts: Sequence[PartState]) -> Iterable[Issue]:
    for part in parts:
        slots = {"c": quoted(part.shown)}
        place = (part.table, part.line, "condition")
        if part.year_from == "history":
            yield issue(
                "year_replaced",
                part.table,
                part.line,
                _column(part),
                **slots,
                y=part.installed,
            )
        if part.condition_from == "asset":
            value = quoted(_class(part))
            if part.condition_year is None:
                yield issue("condition_of_asset", *place, **slots, value=value)
            else:
                year = part.condition_year
                yield issue(
                    "condition_of_asset.year", *place, **slots, value=value, y=year
                )
        if part.mended is not None:
            yield issue("condition_mended", *place, **slots, y=part.mended)
        if part.older is not None:
            value, year = part.older
            found = {"value": quoted(value), "y": year}
            found |= {"new": quoted(_class(part)), "seen": part.condition_year}
            yield issue("condition_older", *place, **slots, **found)


def _class(part: PartState) -> str:
    return SCALES[part.owner["condition_scale"]][part.condition or 0]


def _whole_events(tables: Tables, parts: Sequence[PartState]) -> Iterable[Issue]:
    """Find what happened to a whole asset that has components of its own."""
    divided = {
        p.owner["asset_id"]: p.owner["name"] for p in parts if p.table == "components"
    }
    table = tables["inspections"]
    for line, row in zip(table.rows, table.records(), strict=True):
        looked = row["kind"] in (None, INSPECTION)
        if row["asset_id"] in divided and not row["component"] and not looked:
            name = divided[row["asset_id"]] or row["asset_id"]
            yield issue(
                "inspection_whole", "inspections", line, "component", a=quoted(name)
            )


def _few_replacements(tables: Tables, parts: Sequence[PartState]) -> Iterable[Issue]:
    """Say which kinds have too few replacements to test their expected lives."""
    base, lives = tables.settings["base_year"], expected_lives()
    kinds = {
        (part.owner["asset_id"], part.name): lives.of(
            part.name or None, part.owner["kind"], part.owner["name"]
        ).label
        for part in parts
    }
    known = dict.fromkeys(kinds.values(), 0)
    for row in tables["inspections"].records():
        kind = kinds.get((row["asset_id"], row["component"] or ""))
        if kind is None or row["kind"] != REPLACEMENT or row["year"] is None:
            continue
        known[kind] += base is None or row["year"] <= base
    few = sorted(kind for kind, n in known.items() if n < LEAST_REPLACEMENTS)
    if few:
        yield issue(
            "few_replacements",
            "inspections",
            None,
            "",
            kinds=names_text(few),
            least=LEAST_REPLACEMENTS,
        )
