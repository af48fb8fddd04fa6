"""The agreement map against every plan there is: no wrong label, no wrong interval.

Small random underlag with viewpoints. Every possible plan goes through our statements;
for a set of weights the optimal plans are then read off, and for a region every plan
that can be best somewhere in it is found by one small linear problem per plan.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from oracle import instances
from oracle.more_instances import _rename_goals, random_mixture, random_more
from oracle.test_milp_enumeration import evaluate_all
from rodtrad.capacity.evaluate import project_value
from rodtrad.domain.arrays import build_case
from rodtrad.domain.components import build_tables
from rodtrad.plan.certificate import check_agreement, read_certificates
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.matrix import Matrix, build_matrix
from rodtrad.plan.milp import Limits, solve_matrix
from rodtrad.plan.robust import AgreementMap, MapLimits, map_agreement
from rodtrad.plan.weights import Region, viewpoint_regions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from oracle.instances import Tables
    from rodtrad.domain.arrays import Array, Case
    from rodtrad.plan.problem import Problem

pytestmark = pytest.mark.oracle

SAMPLE = range(60)
MANY = range(60, 1200)
NEAR = 1e-6


# ------------------------------------------------------------------ random instances


def random_underlag(seed: int) -> Tables:
    """A small underlag of 3-14 projects with viewpoints; all kinds of rows in turn."""
    rng = random.Random(f"agreement/{seed}")
    kind = seed % 4
    if kind == 0:
        data = many_projects(rng)
    elif kind == 1:
        data = instances.random_data(seed, rng.choice(instances.FAMILIES))
    elif kind == 2:
        data = random_mixture(seed)
    else:
        data = random_more(seed, rng.choice(["aim_sol", "aim_nettolan", "sol_average"]))
    disagree(rng, data)
    return data


def many_projects(rng: random.Random) -> Tables:
    """9-14 projects with one way each, held back by people and a goal."""
    data = instances._finances(rng, rng.randint(5, 7))
    instances._add_criteria(rng, data, 1)
    start = int(instances._setting(data, "plan_start"))
    base = instances._base_amount(data)
    count = rng.randint(9, 14)
    for i in range(count):
        year = start + rng.choice([0, 0, 1, 2])
        size = base * rng.uniform(0.03, 0.15) * 5 / count
        instances._add_project(rng, data, f"p{i + 1:02}", year, year, 1, size, 2)
    instances._add_resources(rng, data)
    _rename_goals(data)
    for kind in rng.sample(["must_do", "requires", "excludes", "together"], 2):
        instances._ADD[kind](rng, data)
        _rename_goals(data)
    return data


def disagree(rng: random.Random, data: Tables) -> None:
    """Give every alternative scores of its own on 2-4 criteria, and add viewpoints."""
    count = rng.randint(2, 4)
    data["criteria"], data["viewpoints"] = [], []
    instances._add_criteria(rng, data, count)
    names = [row["criterion"] for row in data["criteria"]]
    data["scores"] = []
    for row in data["alternatives"]:
        for name in names:
            score = float(rng.randint(0, 100))
            data["scores"].append(
                {
                    "project_id": row["project_id"],
                    "alternative_id": row["alternative_id"],
                    "criterion": name,
                    "low": score,
                    "score": score,
                    "high": score,
                }
            )
    for v in range(rng.randint(1, 3)):
        for _row in range(rng.randint(1, 3)):
            one, other = rng.sample(names, 2)
            relation, value = rng.choice(
                [
                    (">=", other),
                    ("min", str(round(rng.uniform(0.0, 0.9 / count), 2))),
                    ("max", str(round(rng.uniform(1.0 / count, 1.0), 2))),
                ]
            )
            data["viewpoints"].append(
                {
                    "viewpoint": f"v{v}",
                    "criterion": one,
                    "relation": relation,
                    "value": value,
                }
            )


# --------------------------------------------------------------------- all the plans


@dataclass(frozen=True)
class Everything:
    """Every plan that holds: points per criterion, price of misses, events `[plan, project]`."""

    case: Case
    values: Array
    penalty: Array
    has: Mapping[str, NDArray[np.bool_]]

    def worth(self, weight: Array) -> Array:
        """What every plan is worth at a weight."""
        return self.values @ weight - self.penalty


def every_plan(data: Tables, mandate_end: int) -> Everything:
    case = build_case(build_tables(data))
    outcome = evaluate_all(data)
    keep = np.flatnonzero(outcome.holds)
    index = outcome.plans.index[keep]
    criteria = [row["criterion"] for row in data["criteria"]]
    units = []
    for criterion in criteria:
        rows = [
            {**r, "weight": float(r["criterion"] == criterion)}
            for r in data["criteria"]
        ]
        units.append(build_case(build_tables({**data, "criteria": rows})))
    order = sorted(project.project_id for project in case.projects)
    values = np.zeros((len(keep), len(criteria)))
    at_case = np.zeros(len(keep))
    has = {
        event: np.zeros((len(keep), len(order)), bool)
        for event in ("in_plan", "in_mandate")
    }
    for p, own in enumerate(outcome.plans.options):
        for number, pick in enumerate(own):
            if pick is None:
                continue
            chosen = index[:, p] == number
            for k, unit in enumerate([*units, case]):
                project = unit.project(pick[0])
                alternative = project.alternative(pick[1])
                points = project_value(unit, project, alternative, pick[2])
                if k < len(units):
                    values[chosen, k] += points
                else:
                    at_case[chosen] += points
            g = order.index(pick[0])
            has["in_plan"][chosen, g] = True
            has["in_mandate"][chosen, g] = pick[2] <= mandate_end
    return Everything(case, values, at_case - outcome.objective[keep], has)


def truth_at(plans: Everything, weight: Array, event: str) -> NDArray[np.int8]:
    """1 every optimal plan has the event, -1 none has, 0 some have."""
    worth = plans.worth(weight)
    optimal = worth >= worth.max() - NEAR
    has = plans.has[event][optimal]
    signs: NDArray[np.int8] = has.all(axis=0).astype(np.int8)
    signs -= (~has).all(axis=0).astype(np.int8)
    return signs


def can_be_best(
    plans: Everything, region: Region, event: str, g: int, having: bool
) -> float:
    """The most by which a plan that has the event (or has it not) beats all that do not.

    Over all weights of the region; minus infinity when there is no such plan.
    """
    vertices = np.array([[float(s) for s in vertex] for vertex in region.vertices])
    worth = plans.values @ vertices.T - plans.penalty[:, None]  # [plan, vertex]
    ours = plans.has[event][:, g] == having
    one, other = front(worth[ours]), front(worth[~ours])
    if not len(one):
        return -np.inf
    if not len(other):
        return np.inf
    most = -np.inf
    for plan in one:
        rows = np.vstack([(plan - other), np.ones((1, len(vertices)))])
        lead = np.vstack([-np.ones((len(other), 1)), [[0.0]]])
        most = max(most, greatest(np.hstack([rows, lead])))
    return most


def front(worth: Array) -> Array:
    """The rows that no other row matches at every vertex, each once."""
    worth = np.unique(worth, axis=0)[::-1]
    kept: list[Array] = []
    for row in worth[np.argsort(-worth.sum(axis=1), kind="stable")]:
        if not any((other >= row).all() for other in kept):
            kept.append(row)
    return np.array(kept).reshape(-1, worth.shape[1])


def greatest(dense: Array) -> float:
    """The greatest last variable with `dense[:-1] @ x >= 0` and shares that sum to 1."""
    rows, width = dense.shape
    infinity = float("inf")
    low = np.zeros(width)
    low[-1] = -infinity
    high = np.ones(width)
    high[-1] = infinity
    matrix = Matrix(
        names=tuple(f"x({i})" for i in range(width)),
        cost=np.eye(width)[-1],
        column_lower=low,
        column_upper=high,
        integer=np.zeros(width, dtype=bool),
        row_names=tuple(f"r({i})" for i in range(rows)),
        row_lower=np.concatenate([np.zeros(rows - 1), [1.0]]),
        row_upper=np.concatenate([np.full(rows - 1, infinity), [1.0]]),
        start=np.arange(rows + 1, dtype=np.int32) * width,
        index=np.tile(np.arange(width), rows).astype(np.int32),
        value=dense.ravel().astype(np.float64),
    )
    values, _bound, finished = solve_matrix(matrix, Limits())
    assert finished
    assert values is not None
    return float(values[-1])


# ------------------------------------------------------------------------- comparing


def map_of(problem: Problem, **changes: Any) -> AgreementMap:
    settings: dict[str, Any] = {
        "work": 1000,
        "plan_work": 200,
        "growth": (40, 300),
        "cells": 4,
    }
    return map_agreement(problem, MapLimits(**{**settings, **changes}))


def compare(data: Tables, name: str) -> dict[str, int]:
    """Assert that nothing the map says is wrong; return how often it said what."""
    case = build_case(build_tables(data))
    problem = build_problem(case)
    found = map_of(problem)
    plans = every_plan(data, found.certificates.mandate_end)
    if not len(plans.penalty):
        assert not found.rows, name
        return {"none": 1}
    assert found.rows, name
    stored = json.loads(json.dumps(found.certificates.as_dict()))
    rows = json.loads(json.dumps(found.rows))
    faults = check_agreement(
        problem, build_matrix(problem), read_certificates(stored), rows
    )
    assert not faults, f"{name}: {faults[:3]}"
    regions = [region.inner() for region in viewpoint_regions(case).values()]
    centres = [np.array([float(s) for s in region.centre]) for region in regions]
    order = sorted(project.project_id for project in case.projects)
    places = {key: g for g, key in enumerate(order)}
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["label"]] = counts.get(row["label"], 0) + 1
        g, event = places[row["project_id"]], row["event"]
        where = f"{name}: {row}"
        if row["scope"] == "viewpoints":
            signs = [truth_at(plans, centre, event)[g] for centre in centres]
            if row["label"] in ("alla", "ingen"):
                wanted = 1 if row["label"] == "alla" else -1
                assert all(sign == wanted for sign in signs), where
            if row["label"] == "omtvistad":
                assert 1 in signs, where
                assert -1 in signs, where
        elif row["label"] in ("alla", "ingen"):
            for region in regions:
                lead = can_be_best(plans, region, event, g, row["label"] == "ingen")
                assert lead < NEAR, f"{where}: {lead}"
        check_witnesses(plans, problem, found, row, g, where)
        check_interval(plans, regions, row, g, where)
    return counts


def check_witnesses(
    plans: Everything,
    problem: Problem,
    found: AgreementMap,
    row: dict[str, Any],
    g: int,
    where: str,
) -> None:
    """Two weights where the optimal plans differ, with an optimal event each."""
    if row["label"] != "omtvistad":
        assert row["witnesses"] == [], where
        return
    assert len(row["witnesses"]) == 2, where
    for witness, sign in zip(row["witnesses"], (1, -1), strict=True):
        weight = np.array([witness["weights"][c] for c in problem.criteria])
        assert truth_at(plans, weight, row["event"])[g] == sign, where
        choices = found.certificates.plans[witness["plan"]]
        starts = [c.start_year for c in choices if c.project_id == row["project_id"]]
        if row["event"] == "in_mandate":
            starts = [s for s in starts if s <= found.certificates.mandate_end]
        assert bool(starts) == (sign == 1), where


def check_interval(
    plans: Everything, regions: list[Region], row: dict[str, Any], g: int, where: str
) -> None:
    """The least loss over the centres lies in the interval; over a region, below it."""
    if row["interval"] is None:
        return
    low, high = row["interval"]
    has = plans.has[row["event"]][:, g]
    other = ~has if row["leaning"] == "in" else has
    assert other.any() or high is None, where
    if not other.any():
        return
    if row["scope"] == "viewpoints":
        losses = []
        for region in regions:
            worth = plans.worth(np.array([float(s) for s in region.centre]))
            losses.append(float(worth.max() - worth[other].max()))
        least = min(losses)
        assert low <= least + NEAR, where
        assert high is None or least <= high + NEAR, where
        return
    losses = []
    rng = np.random.default_rng(1)
    for region in regions:
        vertices = np.array([[float(s) for s in v] for v in region.vertices])
        for shares in [
            *np.eye(len(vertices)),
            *rng.dirichlet(np.ones(len(vertices)), 20),
        ]:
            worth = plans.worth(shares @ vertices)
            losses.append(float(worth.max() - worth[other].max()))
    assert low <= min(losses) + NEAR, where


@cache
def labels(seed: int) -> dict[str, int]:
    """How many there are of each label in an instance, none of them wrong."""
    return compare(random_underlag(seed), f"agreement {seed}")


@pytest.mark.parametrize("seed", SAMPLE)
def test_no_label_is_wrong(seed: int) -> None:
    labels(seed)


@pytest.mark.long
@pytest.mark.parametrize("first", range(MANY.start, MANY.stop, 20))
def test_no_label_is_wrong_in_many(first: int) -> None:
    for seed in range(first, first + 20):
        compare(random_underlag(seed), f"agreement {seed}")


def test_the_sample_settles_most_labels_of_every_kind() -> None:
    total: dict[str, int] = {}
    for seed in range(0, 40, 2):
        for label, count in labels(seed).items():
            total[label] = total.get(label, 0) + count
    settled = sum(total.get(label, 0) for label in ("alla", "ingen", "omtvistad"))
    assert min(total.get(label, 0) for label in ("alla", "ingen", "omtvistad")) > 20
    assert settled > 0.7 * (settled + total.get("oppen", 0)), total
