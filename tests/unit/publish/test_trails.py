"""A cell that names a figure holds that figure, as its trail explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from unit.need_town import town_result, town_tables

from rodtrad.explain.trail import explain_figure
from rodtrad.publish.blocks import (
    Cell,
    ChartBlock,
    KeyFigure,
    KeyFigures,
    ProjectCards,
    TableBlock,
)
from rodtrad.publish.content import build_report, key_figures
from rodtrad.publish.figures import timeline
from rodtrad.publish.trails import baseline_figure, figure_of
from rodtrad.study import read_choices

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def named(blocks: Iterable[object]) -> Iterator[tuple[str, float]]:
    """Yield every figure that is named in blocks, with its value."""
    for block in blocks:
        if isinstance(block, ChartBlock):
            yield from named([block.figure.table])
        elif isinstance(block, KeyFigures):
            yield from named(block.items)
        elif isinstance(block, ProjectCards):
            for card in block.cards:
                if card.figure:
                    assert card.amount_tkr is not None
                    yield card.figure, card.amount_tkr
        elif isinstance(block, TableBlock):
            for row in block.rows:
                yield from named(row.cells)
        elif isinstance(block, (Cell, KeyFigure)) and block.figure:
            assert isinstance(block.value, (int, float))
            yield block.figure, float(block.value)


def test_every_named_figure_is_that_of_its_trail() -> None:
    result, tables = town_result(), town_tables()
    choices = read_choices(result)
    drawn = timeline(result)
    assert drawn is not None
    blocks = [
        *(
            block
            for section in build_report(result).sections
            for block in section.blocks
        ),
        key_figures(result),
        drawn.table,
    ]
    found = dict(named(blocks))
    kinds = {name.rpartition(":")[0] for name in found}
    assert {"res_andel", "bkr", "own_funds", "loans", "arets"} <= kinds
    assert {"baseline:res_andel", "baseline:own_funds", "outlay_fixed"} <= kinds
    assert "projects:outlay" in kinds
    assert len(found) > 200
    for name, value in found.items():
        key, _colon, years = name.rpartition(":")
        first, dash, last = years.partition("-")
        if dash and first.isdigit():
            span = range(int(first), int(last) + 1)
            each = [explain_figure(tables, choices, f"{key}:{y}") for y in span]
            assert value == pytest.approx(sum(one.value for one in each)), name
        else:
            trail = explain_figure(tables, choices, name)
            assert trail.value == pytest.approx(value), name


def test_what_is_no_figure_of_the_plan_is_not_named() -> None:
    result = town_result()
    result_share = result["indicators"]["res_andel"][0]
    first = result["years"][0]
    assert figure_of(result, "res_andel", 0, result_share) == f"res_andel:{first}"
    assert figure_of(result, "res_andel", 0, result_share + 0.001) == ""
    assert figure_of(result, "res_andel", -1, result_share) == ""
    assert figure_of(result, "res_andel", 99, result_share) == ""
    assert figure_of(result, "res_andel", 0, None) == ""
    assert figure_of(result, "hittepa", 0, 1.0) == ""
    assert figure_of(result, "", 0, 1.0) == ""
    assert baseline_figure(result, "res_andel", 0, 9.9) == ""
