"""The law files are whole, dated without overlap, and honest about what was read."""

from __future__ import annotations

import json
import re

import pytest

from rodtrad.capacity.legal_tests import ROWS
from rodtrad.domain import law

PERIOD = range(2013, 2061)


def test_values_by_date() -> None:
    assert law.at("reserv_avdrag_andel", 2027).value == 0.01
    assert law.at("reserv_avdrag_andel_negativt_eget_kapital", 2027).value == 0.02
    assert law.at("reserv_slag", 2023).value == "rur"
    assert law.at("reserv_slag", 2024).value == "resultatreserv"
    assert law.at("aterstallningstid_ar", 2018).value == 3
    assert law.number_at("resultatreserv_tak_andel", 2024) == 0.05
    assert law.number_at("rur_sista_anvandningsar", 2030) == 2033


def test_no_ceiling_before_the_new_reserve() -> None:
    assert law.find("resultatreserv_tak_andel", 2023) is None
    assert law.number_at("resultatreserv_tak_andel", 2023) is None
    with pytest.raises(ValueError, match="2023"):
        law.at("resultatreserv_tak_andel", 2023)


def test_an_unknown_key_is_a_programming_fault() -> None:
    with pytest.raises(ValueError, match="skattetak"):
        law.find("skattetak", 2027)
    with pytest.raises(ValueError, match="not a number"):
        law.number_at("reserv_slag", 2027)


def test_the_rows_of_the_investigation_are_those_computed() -> None:
    assert law.at("balanskravsutredning", 2027).value == ROWS


@pytest.mark.parametrize("key", law.keys())
def test_periods_never_overlap(key: str) -> None:
    for year in PERIOD:
        rows = [v for v in law.used([year]) if v["key"] == key]
        assert len(rows) <= 1


def test_what_a_plan_shows_of_the_law() -> None:
    shown = law.used([2026, 2027, 2035])
    assert [v["key"] for v in shown] == sorted(v["key"] for v in shown)
    assert {v["key"] for v in shown} == set(law.keys())
    for value in shown:
        assert {
            "key",
            "value",
            "valid_from",
            "valid_to",
            "reference",
            "verified",
            "note",
        } <= set(value)
        assert value["source"].startswith("http")
        assert value["note"]
        assert value["label"]
    assert json.loads(json.dumps(shown)) == shown


def test_used_covers_every_period_the_years_touch() -> None:
    both = [v for v in law.used([2023, 2024]) if v["key"] == "reserv_slag"]
    assert [v["value"] for v in both] == ["rur", "resultatreserv"]


def test_a_paragraph_is_named_only_where_the_text_was_read() -> None:
    for value in law.used(PERIOD):
        if not value["verified"]:
            assert not re.search(r"\d\s*§", value["reference"]), value["key"]


def test_what_applies_from_2024_is_still_unread_and_says_so() -> None:
    shown = law.used([2026])
    assert law.unverified(shown) == shown
    assert not law.unverified(
        [v for v in law.used([2020]) if v["key"].startswith("reserv_")]
    )
