"""The whole of the renewal need in one call: finite, told, and ready to be shown."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from unit.needs.register_cases import asset, component, event, register_of, tables_of

from rodtrad.domain.checks import check_tables
from rodtrad.needs.assessment import assess_register
from rodtrad.needs.candidates import add_projects
from rodtrad.needs.renewal import estimate_lives
from rodtrad.needs.waiting import LEAST_FAILURES, failure_factors, waiting_costs
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


@pytest.mark.parametrize("assets", [[], [asset()], [asset(replacement_cost=None)]])
def test_bare_registers_are_answered_too(assets: list[dict[str, Any]]) -> None:
    found = assess_register(tables_of(assets), draws=5)
    assert all(map(math.isfinite, numbers(found.as_dict())))
    assert "–" not in "".join(found.sentences()).replace("2026–2029", "")


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
