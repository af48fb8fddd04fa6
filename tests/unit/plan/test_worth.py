"""What a plan is worth without its statements is what the statements say."""

from __future__ import annotations

import numpy as np
import pytest
from unit.plan.every_plan import INSTANCES, small

from rodtrad.capacity.evaluate import evaluate_plan


def test_worth_is_the_objective_of_the_statements() -> None:
    draw = np.random.default_rng(1)
    missed = 0
    for family, seed in INSTANCES:
        at = small(family, seed)
        if at is None:
            continue
        problem = at.problem
        for _plan in range(5):
            chosen = np.zeros(len(problem.choices), dtype=bool)
            for columns in problem.by_project.values():
                if columns and draw.random() < 0.6:
                    chosen[draw.choice(columns)] = True
            choices = [problem.choices[k] for k in np.flatnonzero(chosen)]
            told = evaluate_plan(problem.case, choices)
            missed += told.aim_penalty > 0
            assert problem.worth(chosen) == pytest.approx(
                told.objective, rel=1e-9, abs=1e-9
            )
    assert missed
