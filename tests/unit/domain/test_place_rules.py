"""What columns of people, places and risk say together: told at the cell by `check`."""

from __future__ import annotations

from typing import Any

import pytest
from unit.plan.tiny import tiny_tables

from rodtrad.domain.checks import check_tables

AREA = [{"area": "norr", "name": "Norr"}]
AREAS = [*AREA, {"area": "soder", "name": "Söder"}]
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
            [
                {"year": 2025, "area": "norr", "age": 4, "sex": "k", "persons": 0.0},
                {"year": 2025, "area": "soder", "age": 4, "sex": "k", "persons": 9.0},
            ],
            "area_empty",
            "warning",
            "persons",
            "Norr har inga invånare 2025",
        ),
        (
            "population",
            [{"year": 2025, "area": "norr", "age": 4, "sex": "k", "persons": 0.0}],
            "population_zero",
            "error",
            "persons",
            "Folkmängden 2025 är noll i alla åldrar och områden",
        ),
        (
            "lookbacks",
            [{**LOOKBACK, "count_year": 2024, "use_year": 2019}],
            "lookback_years",
            "error",
            "use_year",
            "”Skolan” skulle tas i bruk 2019, men bygger på folkmängden 2024",
        ),
        (
            "lookbacks",
            [LOOKBACK],
            "lookback_count",
            "warning",
            "count_year",
            "bladet Befolkning har inga åldrar för det året",
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
    more = {"areas": AREAS} if table == "population" else {}
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
        areas=AREA,
        population=[
            {"year": 2019, "area": "norr", "age": 6, "sex": "k", "persons": 9.0}
        ],
    )
    codes = {"ages_crossed", "reference_order", "cell_range", "population_differs"}
    codes |= {"lookback_years", "lookback_count", "population_zero"}
    assert not codes & {one.code for one in check_tables(tables)}


def test_draws_have_an_upper_limit() -> None:
    tables = tiny_tables(settings=[{"key": "draws", "value": "200000"}])
    found = [one for one in check_tables(tables) if one.code == "cell_range"]
    assert [(one.table, one.column) for one in found] == [("settings", "value")]


# ---------------------------------------------------------------- ages and sexes


def _count(**of: Any) -> list[dict[str, Any]]:
    """Everyone aged 0-100 in two areas, as single years; `of` replaces area's rows."""
    return [
        {
            "year": 2025,
            "area": area,
            "age": age,
            "sex": sex,
            # As many of each age, then fewer and fewer.
            "persons": float(round(min(60.0, 60.0 * 0.9 ** (age - 75)))),
            **of,
        }
        for area in ("norr", "soder")
        for sex in ("k", "m")
        for age in range(101)
    ]


def _ages_told(rows: list[dict[str, Any]]) -> list[Any]:
    areas = [*AREA, {"area": "soder", "name": "Söder"}]
    codes = ("age_missing", "age_end", "sex_missing", "sex_mixed")
    found = check_tables(tiny_tables(areas=areas, population=rows))
    return [one for one in found if one.code.split(".")[0] in codes]


def _only(keep: Any) -> list[dict[str, Any]]:
    return [row for row in _count() if keep(row)]


@pytest.mark.parametrize(
    ("keep", "code", "row", "column", "words"),
    [
        (
            lambda r: r["age"] != 34,
            "age_missing",
            36,
            "age",
            "Ålder 34 saknas i hela folkmängden",
        ),
        (
            lambda r: r["age"] not in (0, 7, 8),
            "age_missing",
            2,
            "age",
            "Ålder 0 och 7–8 saknas i hela folkmängden",
        ),
        (
            lambda r: r["age"] <= 69,
            "age_end",
            71,
            "age",
            "Folkmängden 2025 slutar vid 69 år",
        ),
        (lambda r: r["sex"] == "k", "sex_missing", 2, "sex", "saknar män"),
        (
            lambda r: r["sex"] == "k" or r["area"] == "norr",
            "sex_missing",
            204,
            "sex",
            "Söder saknar män 2025, ålder 0–100",
        ),
        (
            lambda r: (r["sex"], r["area"], r["age"]) != ("m", "soder", 34),
            "sex_missing",
            238,
            "sex",
            "Söder saknar män 2025, ålder 34",
        ),
    ],
)
def test_what_a_count_by_single_years_lacks_is_told(
    keep: Any, code: str, row: int, column: str, words: str
) -> None:
    found = _ages_told(_only(keep))
    assert [
        (i.code.split(".")[0], i.severity, i.table, i.row, i.column) for i in found
    ] == [(code, "error", "population", row, column)]
    assert words in found[0].message


def test_both_and_each_sex_counted_together_is_told() -> None:
    twice = {"year": 2025, "area": "norr", "age": 4, "sex": "alla", "persons": 60.0}
    found = _ages_told([*_count(), twice])
    assert {(i.code, i.row, i.column) for i in found} == {("sex_mixed", 406, "sex")}


def test_an_open_last_age_holds_the_oldest() -> None:
    """The row for 85 holds everybody from there on: that is a choice, told by its size."""
    rows = _only(lambda r: r["age"] <= 85)
    for row in rows:
        if row["age"] == 85:
            row["persons"] = 150.0
    assert _ages_told(rows) == []


def test_a_whole_count_and_a_few_ages_have_no_remarks() -> None:
    assert _ages_told(_count()) == []
    assert _ages_told(_count(sex="alla")[:101]) == []
    assert _ages_told(_only(lambda r: r["age"] in (1, 3, 85))) == []
    assert _ages_told(_only(lambda r: r["age"] in (1, 3) and r["sex"] == "k")) == []


# ---------------------------------------------------------------- totals and births


def _told(code: str, **tables: list[dict[str, Any]]) -> list[Any]:
    found = check_tables(tiny_tables(areas=AREAS, **tables))
    return [one for one in found if one.code.split("_")[0] == code]


def test_ages_that_are_far_from_the_years_inhabitants_are_told() -> None:
    persons = sum(row["persons"] for row in _count(year=2024))
    near = [{"year": 2024, "persons": persons * 1.04}]
    assert (
        _told("population", population=_count(year=2024), population_totals=near) == []
    )
    far = [{"year": 2024, "persons": persons * 1.1}]
    found = _told("population", population=_count(year=2024), population_totals=far)
    assert [(i.code, i.severity, i.row) for i in found] == [
        ("population_differs", "warning", 2)
    ]
    assert "på bladet Folkmängd tidigare är" in found[0].message
    # Whoever gives a few ages has chosen them.
    few = [row for row in _count(year=2024) if row["age"] < 7]
    assert _told("population", population=few, population_totals=far) == []


def test_a_count_of_nobody_is_one_fault_and_not_one_for_each_area() -> None:
    nobody = _count(persons=0.0)
    totals = [{"year": 2025, "persons": 15_327.0}]
    found = check_tables(
        tiny_tables(areas=AREAS, population=nobody, population_totals=totals)
    )
    codes = [i.code for i in found if i.table == "population"]
    assert codes == ["population_zero"]


@pytest.mark.parametrize(
    ("births", "code", "severity", "row", "column"),
    [
        ([(2026, "norr", 5.0)], "births_partial", "warning", 2, "area"),
        (
            [(2026, "norr", 5.0), (2026, "soder", 5.0), (2026, None, 12.0)],
            "births_sum",
            "warning",
            2,
            "persons",
        ),
        (
            [(2026, None, 4.0), (2026, "norr", 5.0)],
            "births_sum",
            "warning",
            2,
            "persons",
        ),
        (
            [(2026, None, 9.0), (2026, "oster", 5.0)],
            "births_area",
            "warning",
            3,
            "area",
        ),
        ([(2025, None, 9.0)], "births_early", "note", 2, "year"),
    ],
)
def test_births_that_cannot_be_used_are_told(
    births: list[tuple[int, str | None, float]],
    code: str,
    severity: str,
    row: int,
    column: str,
) -> None:
    rows = [{"year": y, "area": a, "persons": n} for y, a, n in births]
    areas = [*AREAS, {"area": "oster", "name": "Öster"}]
    found = [
        one
        for one in check_tables(
            tiny_tables(areas=areas, population=_count(), births=rows)
        )
        if one.table == "births"
    ]
    assert [(i.code, i.severity, i.row, i.column) for i in found] == [
        (code, severity, row, column)
    ]


def test_births_that_can_be_used_have_no_remarks() -> None:
    rows: list[dict[str, Any]] = [
        {"year": 2026, "persons": 9.0},
        {"year": 2026, "area": "norr", "persons": 4.0},
        {"year": 2027, "area": "norr", "persons": 4.0},
        {"year": 2027, "area": "soder", "persons": 4.0},
    ]
    assert _told("births", population=_count(), births=rows) == []
