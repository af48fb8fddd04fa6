"""The worked tables of uncertainty.md and risk.md, recomputed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from golden.test_method_pages import figure, table
from unit.plan.tiny import project, tiny_case

from rodtrad.capacity.evaluate import plan_totals
from rodtrad.capacity.probability import standard_error
from rodtrad.capacity.uncertainty import following_costs
from rodtrad.capacity.uncertainty_projects import delayed
from rodtrad.domain.arrays import Choice


def test_costs_follow_as_on_the_page() -> None:
    rows = {
        row[0]: [figure(c) for c in row[1:]]
        for row in table("uncertainty.md", "following")[1:]
    }
    people, revenue, shock = (
        np.array(rows[key])[:, None]
        for key in ("people", "revenue per inhabitant", "cost shock")
    )
    costs = following_costs(shock, revenue, people, 0.5)
    assert costs[:, 0] == pytest.approx(rows["costs"], abs=5e-5)
    assert (revenue + people - costs)[:, 0] == pytest.approx(rows["gap left"], abs=6e-5)


def test_a_late_and_dear_project_as_on_the_page() -> None:
    rows = {
        row[0]: [figure(c) for c in row[1:]]
        for row in table("uncertainty.md", "late")[1:]
    }
    case = tiny_case(project("skola", [4000.0, 2000.0], 50.0, build_years=2))
    own = case.projects[0]
    late = delayed(own.alternatives[0], 1)
    late = replace(late, outlay=tuple(1.25 * x for x in late.outlay))
    drawn = replace(case, projects=(replace(own, alternatives=(late,)),))
    for name, one in (("planned", case), ("in the draw", drawn)):
        totals = plan_totals(one, [Choice("skola", "a", 2026)])
        assert totals.outlay[:, 0] == pytest.approx(rows[f"outlay {name}"], abs=0.5)
        worn = rows[f"depreciation {name}"]
        assert totals.depreciation[:, 0] == pytest.approx(worn, abs=0.5)


def test_errors_as_on_the_page() -> None:
    for share, *errors in table("uncertainty.md", "error")[1:]:
        told = [standard_error(figure(share), n) for n in (100, 1000, 10_000)]
        assert told == pytest.approx([figure(c) for c in errors], abs=5e-5)


def test_buffers_as_on_the_page() -> None:
    rows = {
        row[0]: [figure(c) for c in row[1:]] for row in table("risk.md", "buffer")[1:]
    }
    noise = np.array([rows[f"draw {i}"] for i in range(1, 6)]).T
    for quantile in (0.25, 0.5):
        buffer = -np.quantile(noise, quantile, axis=1)
        assert buffer == pytest.approx(rows[f"buffer, quantile {quantile:.2f}"])
    slack = np.array(rows["buffer, quantile 0.25"])[:, None]
    assert (slack + noise >= 0).all(axis=0).mean() == pytest.approx(0.8)
