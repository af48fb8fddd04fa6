"""Figures, years and names as TEXT 1.6 wants them."""

from __future__ import annotations

import math
from datetime import date

import pytest

from rodtrad.capacity.indicators import INDICATORS
from rodtrad.capacity.legal_tests import ROWS
from rodtrad.domain import arrays, words
from rodtrad.domain.components import SCHEMA
from rodtrad.domain.words import NBSP

MISSING = "\u2013"


def spaced(text: str) -> str:
    """Show no-break blanks as `_`, so that a test can see them."""
    return text.replace(NBSP, "_")


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (0, 0, "0"),
        (999, 0, "999"),
        (1000, 0, "1_000"),
        (1250.5, 1, "1_250,5"),
        (-10.6, 1, "\u221210,6"),
        (1234567.891, 2, "1_234_567,89"),
        (2.5, 0, "3"),  # half away from zero, not to even
        (-2.5, 0, "\u22123"),
        (1.005, 2, "1,01"),  # as typed, not as stored in binary
        (-0.04, 1, "0,0"),  # no minus before a zero
        (1e21, 0, "1_000_000_000_000_000_000_000"),
    ],
)
def test_number(value: float, decimals: int, expected: str) -> None:
    assert spaced(words.number(value, decimals)) == expected


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_a_missing_figure_is_a_dash_everywhere(value: float | None) -> None:
    shown = [
        words.number(value),
        words.tkr(value),
        words.mkr(value),
        words.money_text(value),
        words.per_inhabitant_text(value),
        words.share_text(value),
        words.share_table(value),
        words.percentage_points(value),
        words.indicator_table("lan_inv", value),
        words.indicator_text("sol", value),
    ]
    assert set(shown) == {MISSING}
    assert words.missing() == MISSING


@pytest.mark.parametrize(
    ("tkr", "currency", "expected"),
    [
        (280_000, "kr", "280_miljoner kronor"),
        (280_449, "kr", "280_miljoner kronor"),
        (1_250_000, "kr", "1_250_miljoner kronor"),
        (2_800, "kr", "2,8_miljoner kronor"),
        (3_000, "kr", "3_miljoner kronor"),
        (99_940, "kr", "99,9_miljoner kronor"),
        (99_960, "kr", "100_miljoner kronor"),
        (1_000, "kr", "1_miljon kronor"),
        (999.6, "kr", "1_miljon kronor"),
        (250, "kr", "250_000_kronor"),
        (1, "kr", "1_000_kronor"),
        (0.3, "kr", "mindre än 1_000_kronor"),
        (0, "kr", "0_kronor"),
        (-10_600, "kr", "\u221210,6_miljoner kronor"),
        (280_000, "NOK", "280_miljoner norska kronor"),
        (250, "NOK", "250_000_norska kronor"),
        (5_000, "EUR", "5_miljoner EUR"),
    ],
)
def test_money_in_running_text(tkr: float, currency: str, expected: str) -> None:
    assert spaced(words.money_text(tkr, currency)) == expected


def test_money_in_tables_and_its_units() -> None:
    assert spaced(words.tkr(-1250.4)) == "\u22121_250"
    assert words.mkr(280_000) == "280,0"
    assert words.mkr(280_000, 0) == "280"
    assert (words.unit_tkr(), words.unit_mkr()) == ("tkr", "mkr")
    assert words.unit_tkr("NOK") == "tusen NOK"
    assert words.unit_mkr("NOK") == "miljoner NOK"
    assert words.unit_per_inhabitant() == "kr/inv."
    assert spaced(words.per_inhabitant_text(18_349)) == "18_300_kronor per invånare"


def test_shares_and_differences_between_them() -> None:
    assert spaced(words.share_text(0.02)) == "2_procent"
    assert spaced(words.share_text(0.025)) == "2,5_procent"
    assert spaced(words.share_text(-0.004)) == "\u22120,4_procent"
    assert spaced(words.share_table(0.02)) == "2,0_%"
    assert spaced(words.share_table(0.0149, 2)) == "1,49_%"
    assert spaced(words.percentage_points(0.01)) == "1_procentenhet"
    assert spaced(words.percentage_points(0.005)) == "0,5_procentenheter"
    assert spaced(words.percentage_points(0.0004)) == "0_procentenheter"


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        ([], MISSING),
        ([2027], "2027"),
        ([2027, 2028], "2027\u20132028"),
        ([2027, 2028, 2029, 2032], "2027\u20132029 och 2032"),
        ([2032, 2029, 2028, 2027, 2027], "2027\u20132029 och 2032"),
        ([2027, 2029, 2031, 2032], "2027, 2029 och 2031\u20132032"),
    ],
)
def test_years(years: list[int], expected: str) -> None:
    assert words.years_text(years) == expected
    assert words.years_text(iter(years)) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], MISSING),
        (["A"], "”A”"),
        (["A", "B"], "”A” och ”B”"),
        (["A", "B", "C"], "”A”, ”B” och ”C”"),
        (["A", "B", "C", "D"], "”A”, ”B”, ”C” och ”D”"),
        (["A", "B", "C", "D", "E"], "”A”, ”B”, ”C” och 2 till"),
    ],
)
def test_names(names: list[str], expected: str) -> None:
    assert words.names_text(names) == expected


def test_small_counts_are_words() -> None:
    assert [words.count_text(n) for n in (0, 1, 2, 3, 12, 13, 14)] == [
        "inga",
        "ett",
        "två",
        "tre",
        "tolv",
        "13",
        "14",
    ]
    assert words.count_text(1, "en") == "en"
    assert words.plural("{n} plats", "{n} platser", 1) == "{n} plats"
    assert words.plural("{n} plats", "{n} platser", 2) == "{n} platser"


def test_dates() -> None:
    assert spaced(words.date_text(date(2025, 8, 31))) == "den 31_augusti 2025"
    assert words.date_text("2025-08-31") == words.date_text(date(2025, 8, 31))


def test_indicators_in_their_own_unit() -> None:
    assert spaced(words.indicator_table("lan_inv", 41234.4)) == "41_234"
    assert spaced(words.indicator_table("sol", 0.412)) == "41,2_%"
    assert spaced(words.indicator_text("lan_inv", 60_000)) == (
        "60_000_kronor per invånare"
    )
    assert spaced(words.indicator_text("res_andel", 0.01)) == "1_procent"


def test_nira_split() -> None:
    assert words.nira_text("N") == "nyinvestering"
    assert spaced(words.nira_text("N60 R40")) == (
        "nyinvestering 60_procent och reinvestering 40_procent"
    )
    assert words.nira_text(None) == MISSING


def test_every_key_that_is_computed_has_a_label() -> None:
    subtotals = {"rn", "rv", "re", "ar"}
    assert set(words.STATEMENT_LABELS) == {*arrays.STATEMENT_INPUT, *subtotals}
    assert set(words.STATEMENT_SUBTOTALS) == subtotals
    assert list(words.BALANCE_LABELS) == [*arrays.BALANCE_LINES, *arrays.MEMO_LINES]
    assert tuple(words.BALANSKRAV_LABELS) == ROWS
    assert tuple(words.INDICATOR_LABELS) == INDICATORS


@pytest.mark.parametrize(
    ("table", "column", "labels"),
    [
        ("projects", "driver", words.DRIVER_LABELS),
        ("projects", "financing", words.FINANCING_LABELS),
        ("goals", "operator", words.OPERATOR_LABELS),
        ("goals", "level", words.LEVEL_LABELS),
        ("goals", "indicator", words.INDICATOR_LABELS),
        ("relations", "kind", words.RELATION_LABELS),
        ("balance", "line", words.BALANCE_LABELS),
        ("alternatives", "kind", words.ALTERNATIVE_LABELS),
    ],
)
def test_one_word_for_one_thing_in_schema_and_report(
    table: str, column: str, labels: dict[str, str]
) -> None:
    assert dict(SCHEMA[table].columns[column].choices) == labels


def test_every_gate_has_a_name() -> None:
    choices = SCHEMA["projects"].columns["gate"].choices
    assert dict(choices) == {k: f"{k} {v}" for k, v in words.GATE_LABELS.items()}


def test_the_language_of_the_machine_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANGUAGE", "en")
    assert words._("Årets resultat") == "Årets resultat"
