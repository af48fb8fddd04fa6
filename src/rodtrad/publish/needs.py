"""What do the buildings, streets and people need? The chapter, in words and sheets.

Reads `need_forecast` of plan.json. These are needs as registers and people give them,
whether or not anyone has proposed a project; what projects ask for is another chapter.
Renewal and places have a file each (needs_renewal, needs_places); here they are put
together. Leaves out how likely it is that the plan holds (uncertainty).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rodtrad.domain.words import (
    _,
)
from rodtrad.publish.blocks import (
    Paragraphs,
    Section,
    TableBlock,
    Text,
)
from rodtrad.publish.needs_places import (
    place_blocks,
    place_sentences,
    places_table,
    places_years_table,
    shortage_front,
    stories_table,
    story_blocks,
)
from rodtrad.publish.needs_renewal import (
    backlog_blocks,
    backlog_table,
    renewal_blocks,
    renewal_sentences,
    renewal_table,
    waiting_table,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Result = dict[str, Any]

__all__ = [
    "Sheet",
    "forecast_section",
    "need_sentences",
    "need_sheets",
    "shortage_front",
]


@dataclass(frozen=True)
class Sheet:
    """A table that stands as a sheet of its own in the workbook.

    `kinds` says by column (0 is the first after the row's header) what its figures are:
    `tkr`, `share`, `chance`, `number`, `year` or `whole`. Other columns hold words.
    """

    name: str
    table: TableBlock
    kinds: Mapping[int, str] = field(default_factory=dict)


def forecast_section(result: Result) -> Section | None:
    """What registers and people need; None where nothing of it is computed."""
    found = result.get("need_forecast") or {}
    blocks = [
        *renewal_blocks(result),
        *backlog_blocks(result),
        *place_blocks(result),
        *story_blocks(result),
    ]
    sentences = need_sentences(result)
    if not blocks and not sentences:
        return None
    title = (
        _("Behov av förnyelse och platser")
        if found.get("renewal") and found.get("places")
        else _("Behov av förnyelse")
        if found.get("renewal")
        else _("Behov av platser")
    )
    lead = [
        _(
            "Här står vad anläggningarna och befolkningen väntas kräva, även där inget projekt är inlagt."
        ),
        *sentences,
    ]
    notes = [str(note) for note in found.get("notes") or []]
    if notes:
        blocks.append(
            Paragraphs(tuple(Text(note) for note in notes), _("Vad behoven bygger på"))
        )
    return Section(
        0, title, tuple(Text(text) for text in lead), tuple(blocks), "behoven"
    )


def need_sentences(result: Result) -> list[str]:
    """Return what page one and the command line say of needs; empty when unknown."""
    return [*renewal_sentences(result), *place_sentences(result)]


def need_sheets(result: Result) -> list[Sheet]:
    """Return the tables for the workbook, each with the kinds of its figures."""
    sheets = []
    years = len(
        ((result.get("need_forecast") or {}).get("renewal") or {}).get("years") or []
    )
    if (table := renewal_table(result)) is not None:
        kinds = dict.fromkeys(range(years), "tkr")
        sheets.append(Sheet(_("Förnyelsebehov"), table, kinds))
    if (table := waiting_table(result, None)) is not None:
        sheets.append(Sheet(_("Väntan"), table, {1: "tkr", 2: "tkr"}))
    if (table := backlog_table(result)) is not None:
        sheets.append(Sheet(_("Underhållsskuld"), table, {1: "tkr", 2: "share"}))
    if (table := places_years_table(result)) is not None:
        kinds = {0: "", **dict.fromkeys(range(1, len(table.columns) - 1), "number")}
        sheets.append(Sheet(_("Platser per år"), table, kinds))
    if (table := places_table(result)) is not None:
        kinds = {0: "number", 1: "number", 2: "number", 3: "chance", 4: "year"}
        sheets.append(Sheet(_("Platser och beslut"), table, kinds))
    if (table := stories_table(result)) is not None:
        kinds = {0: "number", 1: "whole", 2: "chance", 3: "whole", 4: "whole"}
        sheets.append(Sheet(_("Tidigare beslut"), table, kinds))
    return sheets
