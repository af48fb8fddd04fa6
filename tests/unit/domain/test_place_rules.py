"""What columns of people, places and risk say together: told at the cell by `check`."""

from __future__ import annotations

from typing import Any

import pytest
from unit.plan.tiny import tiny_tables

from rodtrad.domain.checks import check_tables

AREA = [{"area": "norr", "name": "Norr"}]
LOOKBACK = {
    "lookback_id": "a",
    "name": "Skolan",
    "service": "skola",
    "count_year": 2019,
    "use_year": 2024,
}
CLASS = {"reference_class": "building", "stage": "study"}


@pytest.mark.parametrize(
    ("table", "rows", "code", "severity", "column", "words"),
    [
        (
            "services",
            [{"service": "Förskola", "age_from": 5, "age_to": 1, "ratio": 0.8}],
            "ages_crossed",
            "error",
            "age_to",
            "”Förskola” går från 5 till 1 år",
        ),
        (
            "lookbacks",
            [{**LOOKBACK, "age_from": 9, "age_to": 6}],
            "ages_crossed",
            "error",
            "age_to",
            "”Skolan” går från 9 till 6 år",
        ),
        (
            "population",
            [{"year": 2025, "area": "norr", "age": 4, "sex": "k", "persons": 0.0}],
            "area_empty",
            "warning",
            "persons",
            "Norr har inga invånare 2025",
        ),
        (
            "reference_classes",
            [{**CLASS, "cost_p50_share": 0.3, "cost_p80_share": 0.1}],
            "reference_order",
            "error",
            "cost_p80_share",
            "lägre än i hälften av fallen",
        ),
        (
            "uncertainty",
            [{"parameter": "interest_sd_share", "value": 0.01, "low": 0.02}],
            "cell_range",
            "error",
            "low",
            "",
        ),
    ],
)
def test_a_fault_is_told_at_its_cell(
    table: str,
    rows: list[dict[str, Any]],
    code: str,
    severity: str,
    column: str,
    words: str,
) -> None:
    more = {"areas": AREA} if table == "population" else {}
    found = [
        one
        for one in check_tables(tiny_tables(**more, **{table: rows}))
        if one.code == code
    ]
    assert [(i.severity, i.table, i.row, i.column) for i in found] == [
        (severity, table, 2, column)
    ]
    assert words in found[0].message


def test_sound_rows_have_no_remarks() -> None:
    tables = tiny_tables(
        reference_classes=[{**CLASS, "cost_p50_share": 0.1, "cost_p80_share": 0.1}],
        uncertainty=[{"parameter": "interest_sd_share", "value": 0.01}],
        lookbacks=[{**LOOKBACK, "age_from": 6, "age_to": 6}],
    )
    codes = {"ages_crossed", "reference_order", "cell_range"}
    assert not codes & {one.code for one in check_tables(tables)}


def test_draws_have_an_upper_limit() -> None:
    tables = tiny_tables(settings=[{"key": "draws", "value": "200000"}])
    found = [one for one in check_tables(tables) if one.code == "cell_range"]
    assert [(one.table, one.column) for one in found] == [("settings", "value")]
