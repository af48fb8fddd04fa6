"""Records become typed tables, whatever form people give their cells."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rodtrad.domain.cells import CellError, number_text, read_cell, read_number
from rodtrad.domain.columns import SCHEMA, SETTINGS, Column, table_named
from rodtrad.domain.components import (
    apply_scenario,
    build_tables,
    key_text,
    nira_shares,
)
from rodtrad.errors import InputError

YEARS = [
    {
        "year": year,
        "population": 100,
        "tax_base_growth": 0.03,
        "cost_growth": 0.02,
        "construction_growth": 0.02,
        "interest_rate": 0.03,
    }
    for year in range(2025, 2029)
]
SETTINGS_ROWS: list[dict[str, Any]] = [
    {"key": "municipality_name", "value": "Exempelby"},
    {"key": "municipality_code", "value": "0884"},
    {"key": "base_year", "value": 2025},
    {"key": "plan_start", "value": "2026"},
    {"key": "plan_end", "value": 2028.0},
    {"key": "discount_rate", "value": "3 %"},
]


def cell(table: str, column: str, value: object, *, dot: bool = False) -> Any:
    return read_cell(SCHEMA[table].columns[column], value, [], dot_is_decimal=dot)


def test_every_declared_table_is_present_and_absent_ones_are_empty() -> None:
    tables = build_tables({"years": YEARS})

    assert list(tables) == list(SCHEMA)
    assert len(tables["years"]) == 4
    assert all(len(table) == 0 for name, table in tables.items() if name != "years")
    assert list(tables["years"].columns)[-2:] == ["source", "quality"]


def test_settings_are_typed_and_have_their_defaults() -> None:
    settings = build_tables({"settings": SETTINGS_ROWS}).settings

    assert settings["municipality_code"] == "0884"
    assert settings["plan_start"] == 2026
    assert settings["plan_end"] == 2028
    assert isinstance(settings["plan_end"], int)
    assert settings["discount_rate"] == 0.03
    assert settings["completion_rate"] == 1.0
    assert settings["currency"] == "kr"
    assert settings["draws"] == 1
    assert settings["remark"] is None
    assert set(settings) == set(SETTINGS)


def test_settings_values_are_stored_as_canonical_text() -> None:
    table = build_tables({"settings": SETTINGS_ROWS})["settings"]

    assert table["value"] == ["Exempelby", "0884", "2025", "2026", "2028", "0.03"]


def test_blanks_take_the_declared_default() -> None:
    tables = build_tables(
        {
            "settings": SETTINGS_ROWS,
            "projects": [{"project_id": "a", "name": "A"}],
            "scores": [
                {
                    "project_id": "a",
                    "alternative_id": "x",
                    "criterion": "c",
                    "score": 40,
                }
            ],
            "goals": [
                {"goal_id": "g", "indicator": "sol", "operator": ">=", "value": 0.2}
            ],
        }
    )
    project = next(tables["projects"].records())
    score = next(tables["scores"].records())
    goal = next(tables["goals"].records())

    assert (project["must_do"], project["public"]) == (False, True)
    assert (project["financing"], project["waiting_cost"]) == ("skatt", 0.0)
    assert (project["earliest_year"], project["latest_year"]) == (None, None)
    assert (score["low"], score["high"]) == (40.0, 40.0)
    assert (goal["from_year"], goal["to_year"]) == (2026, 2028)
    assert (goal["period"], goal["level"]) == ("year", "must")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12500", 12_500.0),
        ("12 500", 12_500.0),
        ("12\u00a0500,5", 12_500.5),
        ("12500,5", 12_500.5),
        ("1.234.567,8", 1_234_567.8),
        ("1,234,567.8", 1_234_567.8),
        ("1 234 567", 1_234_567.0),
        ("\u2212300", -300.0),
        ("- 300", -300.0),
        ("0,250", 0.25),
        ("1234,567", 1_234.567),
        ("5e-7", 5e-7),
        (7, 7.0),
    ],
)
def test_numbers_are_read_as_people_write_them(value: object, expected: float) -> None:
    assert cell("statement", "amount", value) == expected


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("tio", "cell_not_number"),
        ("12 5", "cell_not_number"),
        ("nan", "cell_not_number"),
        ("inf", "cell_not_number"),
        ("1_000", "cell_not_number"),
        ("1,23,4", "cell_not_number"),
        ("1e999", "cell_not_number"),
        (float("nan"), "cell_not_number"),
        (True, "cell_not_number"),
        (date(2029, 1, 1), "cell_not_number"),
        ("1,250", "cell_ambiguous"),
        ("1.250", "cell_ambiguous"),
        ("#DIV/0!", "cell_formula_error"),
        ("#SAKNAS!", "cell_formula_error"),
    ],
)
def test_what_is_no_number_or_two_is_refused(value: object, code: str) -> None:
    with pytest.raises(CellError) as caught:
        cell("statement", "amount", value)

    assert caught.value.key == code


def test_ambiguity_is_settled_by_the_limits_of_the_column() -> None:
    assert cell("areas", "lat", "57,665") == 57.665
    assert read_number("1.250", dot_is_decimal=True) == (1.25, False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2029, 2029),
        (2029.0, 2029),
        ("2029", 2029),
        ("2029-05-01", 2029),
        ("1/5 2029", 2029),
        (date(2029, 5, 1), 2029),
        (datetime(2029, 5, 1, 0, 0), 2029),  # noqa: DTZ001
        # The year 2029 typed into a cell with a date format.
        (date(1905, 7, 21), 2029),
    ],
)
def test_dates_are_read_as_their_year(value: object, expected: int) -> None:
    assert cell("projects", "earliest_year", value) == expected


@pytest.mark.parametrize("value", ["snart", 29, 20_290, "29", 2029.5, True])
def test_what_is_no_year_is_refused(value: object) -> None:
    with pytest.raises(CellError) as caught:
        cell("projects", "earliest_year", value)

    assert caught.value.key == "cell_not_year"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("2 %", 0.02), ("2%", 0.02), ("2,5 procent", 0.025), ("0,02", 0.02), (0.02, 0.02)],
)
def test_shares_may_be_written_in_percent(value: object, expected: float) -> None:
    assert cell("years", "cost_growth", value) == expected


@pytest.mark.parametrize("value", ["ja", "JA", "x", "1", 1, True, "true", "Sant"])
def test_yes_has_many_forms(value: object) -> None:
    assert cell("projects", "must_do", value) is True


@pytest.mark.parametrize("value", ["nej", "0", 0, False, "false", "Falskt"])
def test_no_has_many_forms(value: object) -> None:
    assert cell("projects", "must_do", value) is False


@pytest.mark.parametrize(
    ("table", "column", "value", "expected"),
    [
        ("statement", "line", "Skatteintäkter", "rs"),
        ("statement", "line", "RS", "rs"),
        ("projects", "financing", "Avgiftsfinansierat", "taxa"),
        ("projects", "gate", "g3", "G3"),
        ("projects", "quality", "berakning", "beräkning"),
        ("projects", "quality", "Beräkning", "beräkning"),
        ("goals", "operator", "≥", ">="),
        ("goals", "operator", "högst", "<="),
        ("goals", "period", "genomsnitt för 3 år", "average:3"),
        ("goals", "period", "average:12", "average:12"),
        ("goals", "level", "bör nås", "aim"),
        ("relations", "kind", "hör ihop med", "together"),
        ("adjustments", "kind", "Undantag: vinster", "undantag_vinst"),
    ],
)
def test_choices_are_read_by_code_or_label(
    table: str, column: str, value: str, expected: str
) -> None:
    assert cell(table, column, value) == expected


def test_an_unknown_choice_names_the_choices() -> None:
    with pytest.raises(CellError) as caught:
        cell("goals", "level", "kanske")

    assert caught.value.key == "cell_choice"
    assert caught.value.slots["choices"] == "måste hållas, bör nås"


def test_every_label_of_every_choice_is_read_back_as_its_code() -> None:
    for spec in SCHEMA.values():
        for column in spec.columns.values():
            for code, label in column.choices.items():
                assert cell(spec.name, column.name, label) == code
                assert cell(spec.name, column.name, code) == code


def test_every_heading_and_sheet_is_found_by_its_forms() -> None:
    for spec in SCHEMA.values():
        assert table_named(spec.label_sv) == spec.name
        assert table_named(spec.name) == spec.name
        for column in spec.columns.values():
            for form in (
                column.name,
                column.label_sv,
                column.heading,
                f"{column.heading} *",
            ):
                assert spec.column_named(form) == column.name, form


def test_references_and_keys_name_declared_columns() -> None:
    for spec in SCHEMA.values():
        assert set(spec.key) <= set(spec.columns)
        for column in spec.columns.values():
            assert column.ref == "" or column.ref in SCHEMA
            assert column.description.endswith(".")
            assert column.source


def test_all_cells_that_cannot_be_read_are_reported_at_once() -> None:
    rows = [{**YEARS[0], "population": "många"}, {**YEARS[1], "year": "i fjol"}]

    with pytest.raises(InputError) as caught:
        build_tables({"years": rows})

    assert [(i.code, i.row, i.column) for i in caught.value.issues] == [
        ("cell_not_year", 3, "year"),
        ("cell_not_number", 2, "population"),
    ]


def test_undeclared_names_are_a_programming_fault() -> None:
    with pytest.raises(ValueError, match="undeclared tables"):
        build_tables({"planet": []})
    with pytest.raises(ValueError, match="undeclared columns"):
        build_tables({"years": [{"month": 1}]})


def test_tables_compare_by_value_and_not_by_row_number() -> None:
    one, other = build_tables({"years": YEARS}), build_tables({"years": YEARS})
    other["years"].rows[0] = 77

    assert one == other
    assert one != build_tables({"years": YEARS[1:]})


def test_frame_has_the_declared_types() -> None:
    frame = build_tables({"years": YEARS}).frame("years")

    assert frame.shape == (4, len(SCHEMA["years"].columns))
    assert str(frame.schema["year"]) == "Int64"
    assert str(frame.schema["cost_growth"]) == "Float64"
    assert str(frame.schema["source"]) == "String"


def test_nira_has_one_stored_form() -> None:
    tables = build_tables(
        {"projects": [{"project_id": "a", "name": "A", "nira": "n60, r40"}]}
    )

    assert tables["projects"]["nira"] == ["N60 R40"]
    assert nira_shares("N60 R40") == {"N": 0.6, "R": 0.4}
    assert nira_shares("N60 N40") is None


# ---------------------------------------------------------------- scenarios


def with_scenarios(*rows: dict[str, Any]) -> Any:
    return build_tables(
        {
            "settings": SETTINGS_ROWS,
            "years": YEARS,
            "statement": [{"line": "rs", "year": 2025, "amount": 700}],
            "scenarios": [{"scenario": "s", **row} for row in rows],
        }
    )


def test_a_scenario_replaces_cells_and_nothing_else() -> None:
    tables = with_scenarios(
        {
            "table": "years",
            "key": "*",
            "column": "interest_rate",
            "value": "5 %",
        },
        {"table": "År", "key": 2027, "column": "Invånare", "value": 95},
        {
            "table": "statement",
            "key": "Skatteintäkter/2025",
            "column": "Belopp (tkr)",
            "value": "800",
        },
        {"table": "settings", "key": "plan_end", "column": "value", "value": 2027},
        {
            "table": "settings",
            "key": "completion_rate",
            "column": "value",
            "value": "0,8",
        },
    )

    changed = apply_scenario(tables, "s")

    assert changed["years"]["interest_rate"] == [0.05] * 4
    assert changed["years"]["population"] == [100.0, 100.0, 95.0, 100.0]
    assert changed["years"]["cost_growth"] == tables["years"]["cost_growth"]
    assert changed["statement"]["amount"] == [800.0]
    assert changed.settings["plan_end"] == 2027
    assert changed.settings["completion_rate"] == 0.8
    assert tables.settings["completion_rate"] == 1.0
    assert tables["years"]["population"] == [100.0] * 4


def test_a_scenario_that_points_at_nothing_says_so() -> None:
    tables = with_scenarios(
        {"table": "years", "key": "1999", "column": "population", "value": 1}
    )

    with pytest.raises(InputError) as caught:
        apply_scenario(tables, "s")
    assert caught.value.issues[0].code == "scenario_target"
    assert caught.value.issues[0].row == 2

    with pytest.raises(InputError) as caught:
        apply_scenario(tables, "t")
    assert "”t”" in caught.value.issues[0].message


def test_a_scenarios_value_is_read_as_its_target() -> None:
    with pytest.raises(InputError) as caught:
        with_scenarios(
            {"table": "years", "key": "2027", "column": "population", "value": "få"}
        )

    issue = caught.value.issues[0]
    assert (issue.code, issue.table, issue.column) == (
        "cell_not_number",
        "scenarios",
        "value",
    )


def test_key_text_joins_the_key_of_a_row() -> None:
    tables = with_scenarios()

    assert key_text(tables["statement"], 0) == "rs/2025"
    assert key_text(tables["years"], 1) == "2026"


# ---------------------------------------------------------------- properties


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_canonical_numbers_read_back_equal(value: float) -> None:
    assert float(number_text(value)) == value
    assert read_number(number_text(value), dot_is_decimal=True) == (value, False)


COLUMNS = [c for spec in SCHEMA.values() for c in spec.columns.values()]


@given(
    column=st.sampled_from(COLUMNS),
    value=st.one_of(
        st.none(),
        st.text(max_size=12),
        st.floats(),
        st.integers(),
        st.booleans(),
        st.dates(),
        st.datetimes(),
        st.times(),
    ),
)
def test_no_cell_breaks_the_reader(column: Column, value: object) -> None:
    try:
        typed = read_cell(column, value, [], dot_is_decimal=False)
    except CellError as fault:
        assert fault.key  # noqa: PT017
        return
    kinds: dict[str, type] = {"year": int, "int": int, "bool": bool}
    kinds |= dict.fromkeys(("float", "share", "tkr"), float)
    assert typed is None or type(typed) is kinds.get(column.type, str)


def test_reading_and_checking_load_no_heavy_library() -> None:
    code = (
        "import sys, rodtrad.domain.checks, rodtrad.sources;"
        "heavy = {'numpy', 'scipy', 'polars', 'xlsxwriter', 'python_calamine', 'highspy'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("[]\n", "")
