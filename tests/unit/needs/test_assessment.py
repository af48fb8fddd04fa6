"""The whole of the renewal need in one call: finite, told, and ready to be shown."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from unit.needs.register_cases import asset, component, event, register_of, tables_of

from rodtrad.domain.checks import check_tables
from rodtrad.domain.register import waiting_defaults
from rodtrad.needs.assessment import assess_register
from rodtrad.needs.candidates import add_projects
from rodtrad.needs.failures import LEAST_FAILURES, failure_factors
from rodtrad.needs.renewal import estimate_lives
from rodtrad.needs.waiting import waiting_costs
from rodtrad.sources.underlag import read_tables

EXEMPELBY = Path(__file__).parents[3] / "examples" / "exempelby" / "underlag"


def numbers(value: Any) -> list[float]:
    """Every number anywhere in a result."""
    if isinstance(value, dict):
        return [x for part in value.values() for x in numbers(part)]
    if isinstance(value, list):
        return [x for part in value for x in numbers(part)]
    return [float(value)] if isinstance(value, (int, float)) else []


def test_exempelby_has_a_need_projects_and_words_for_them() -> None:
    tables = read_tables(EXEMPELBY)
    found = assess_register(tables, years=30, draws=200)
    shown = json.loads(json.dumps(found.as_dict()))
    assert all(map(math.isfinite, numbers(shown)))
    assert len(shown["years"]) == 30
    p10, p50, p90 = (np.array(shown["quantiles_tkr"][k]) for k in ("p10", "p50", "p90"))
    assert (p10 <= p50).all()
    assert (p50 <= p90).all()
    assert shown["quality"] == "antagande"
    said = found.sentences()
    assert any("åtta fall av tio" in s for s in said)
    assert any("läggs inte ihop" in s for s in said)
    assert not any("nan" in s.casefold().split() for s in said)
    assert {i.code for i in found.issues} >= {"prior_used"}
    grown = add_projects(tables, found.candidates.rows)
    assert [i for i in check_tables(grown) if i.severity == "error"] == []
    assert len(grown["projects"]) > len(tables["projects"])


def test_the_prior_that_stands_in_for_replacements_is_named_with_its_range() -> None:
    parts = [component(f"Yttertak {i}", 1990) for i in range(20)]
    parts += [component("Papptak", 2010), component("Ventilation", 2012)]
    parts[-1]["technical_life_years"] = 22
    events = [event(2010 + i, "utbyte", f"Yttertak {i}") for i in range(4)]
    found = assess_register(tables_of([asset()], parts, events))
    told = " ".join(found.prior_sentences())
    assert told.startswith("3 slag av delar har färre än 5 kända utbyten.")
    assert "Komponenter används som de står för ”Ventilation”." in told
    lives = "”Yttertak” 40 år (25–50) och ”Papptak, låg lutning” 20 år (15–25)."
    assert f"Antagna livslängder används för {lives}" in told
    assert "Källa: Typisk kommunal praxis" in told
    assert "hhedin.se" in told
    assert "formtalet är 4 (2,5–6)" in told
    # With enough replacements the class has a life of its own; what the others show
    # moves those that are still assumed.
    many = [
        event(2005 + i, "utbyte", f"Yttertak {i}", installed_year=1985 + i)
        for i in range(15)
    ]
    known = assess_register(tables_of([asset()], parts, many)).prior_sentences()
    assert known[0].startswith("2 slag")
    assert not any("”Yttertak”" in text for text in known)
    assert "Alla dessa livslängder räknas gånger 0," in known[3]
    one = assess_register(tables_of([asset()], parts[:15], many))
    assert one.prior_sentences() == []


def test_the_cost_of_waiting_names_its_shares_and_their_ranges() -> None:
    said = assess_register(tables_of([asset()])).sentences()[-1].replace("\xa0", " ")
    assert "2 procent (0–10), 5 procent (2–20), 15 procent (5–60)" in said
    assert "40 procent (15–200)" in said
    assert "2 procent (1–4) om året" in said
    assert "inte är prövade mot utfall" in said


def test_every_default_has_a_range_and_a_source() -> None:
    shares = waiting_defaults()
    assert shares["source"]
    for key, one in shares.items():
        if key in ("date", "source", "quality"):
            continue
        for share in one.values() if "value" not in one else [one]:
            low, value, high = (
                np.atleast_1d(share[k]) for k in ("low", "value", "high")
            )
            assert (low <= value).all(), key
            assert (value <= high).all(), key
            assert share.get("quality", shares["quality"]) in (
                "antagande",
                "beräkning",
            )
            assert share.get("source", shares["source"])


@pytest.mark.parametrize("assets", [[], [asset()], [asset(replacement_cost=None)]])
def test_bare_registers_are_answered_too(assets: list[dict[str, Any]]) -> None:
    found = assess_register(tables_of(assets), draws=5)
    assert all(map(math.isfinite, numbers(found.as_dict())))
    # A dash that is not between two numbers stands for a figure that is missing.
    assert not re.search(r"(?<!\d)–|–(?!\d)", "".join(found.sentences()))


def test_a_discount_rate_of_zero_is_replaced_and_told() -> None:
    found = assess_register(tables_of([asset()]))
    assert "waiting_rate" in {i.code for i in found.issues}


def test_own_failures_raise_the_risk_of_those_that_failed() -> None:
    parts = [component(f"Yttertak {i}", 1990) for i in range(30)]
    fails = [event(2010 + i, "fel", f"Yttertak {i % 3}") for i in range(12)]
    register = register_of(parts, fails)
    factor = failure_factors(register)
    assert factor[:3].min() > 1.5 > 1 > factor[3:].max()
    few = register_of(parts, fails[: LEAST_FAILURES - 1])
    assert set(failure_factors(few)) == {1.0}
    risk = [
        waiting_costs(r, estimate_lives(r), 1, discount_rate=0.03).risk_tkr[0, 0]
        for r in (register, few)
    ]
    assert risk[0] > 1.4 * risk[1]
