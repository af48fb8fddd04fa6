"""Published labels and Pareto sets: bi-objective knapsacks, and twelve projects.

For the knapsacks of set 1A of vOptLib the variables that are always, never and
sometimes set over all efficient solutions are published: the labels with no weight
information. For the twelve projects every subset is counted, and our map over each
region must say what the optimal plans have in common.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from unit.plan.tiny import project, tiny_data

from rodtrad.domain.arrays import build_case
from rodtrad.domain.components import build_tables
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.matrix import Matrix
from rodtrad.plan.pareto import efficient_labels, pareto_set
from rodtrad.plan.robust import MapLimits, map_agreement
from rodtrad.plan.weights import region_of

if TYPE_CHECKING:
    from pathlib import Path

    from rodtrad.domain.arrays import Array

pytestmark = pytest.mark.oracle

# name: points, always, never, sometimes
PUBLISHED = {"2KP50-11": (43, 0, 31, 19), "2KP50-92": (2, 46, 2, 2)}
COMPUTED = [
    *(f"F5050W{i:02}" for i in (4, 5, 8, 9)),
    *(f"K5050W{i:02}" for i in (2, 3, 5, 9, 10)),
]


def read_knapsack(path: Path) -> tuple[Array, Array, float]:
    """Two profits per item, weights and capacity; n may stand in a comment."""
    numbers: list[float] = []
    count = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if text.startswith("#"):
            word = text.lstrip("# ").split()[0] if text.lstrip("# ") else ""
            if word.startswith("N") and word[1:].isdigit():
                count = int(word[1:])
            continue
        numbers += [float(part) for part in text.split()]
    if not count:
        count, numbers = int(numbers[0]), numbers[1:]
    numbers = numbers[2:]  # the numbers of profits and of rows
    profits = np.array(numbers[: 2 * count]).reshape(2, count).T
    return profits, np.array(numbers[2 * count : 3 * count]), numbers[3 * count]


def knapsack(weights: Array, capacity: float) -> Matrix:
    count = len(weights)
    return Matrix(
        names=tuple(f"x({i})" for i in range(count)),
        cost=np.zeros(count),
        column_lower=np.zeros(count),
        column_upper=np.ones(count),
        integer=np.ones(count, dtype=bool),
        row_names=("room",),
        row_lower=np.array([-np.inf]),
        row_upper=np.array([capacity]),
        start=np.array([0, count], dtype=np.int32),
        index=np.arange(count, dtype=np.int32),
        value=weights,
    )


def read_points(path: Path) -> set[tuple[int, int]]:
    lines = path.read_text(encoding="utf-8").split("\n")
    rows = [line.split() for line in lines if line.strip() and line[0] != "#"]
    return {(int(float(a)), int(float(b))) for a, b in (row[:2] for row in rows)}


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_published_labels_of_bi_objective_knapsacks(
    shared_data: Path, name: str
) -> None:
    folder = shared_data / "knapsack_biobjective"
    profits, weights, capacity = read_knapsack(folder / f"{name}.dat")
    matrix = knapsack(weights, capacity)
    points, plans = pareto_set(matrix, profits)
    labels = efficient_labels(matrix, profits, points, plans, range(len(weights)))
    always, never, sometimes = ((labels == sign).sum() for sign in (1, -1, 0))
    assert (len(points), always, never, sometimes) == PUBLISHED[name]
    expected = read_points(folder / f"{name}.min")
    assert {(int(a), int(b)) for a, b in points} == expected


def same_set(folder: Path, name: str) -> None:
    profits, weights, capacity = read_knapsack(folder / f"{name}.dat")
    points, _plans = pareto_set(knapsack(weights, capacity), profits)
    expected = read_points(folder / f"{name}.computed.min")
    assert {(int(a), int(b)) for a, b in points} == expected


def test_a_stored_pareto_set(shared_data: Path) -> None:
    same_set(shared_data / "knapsack_biobjective", COMPUTED[0])


@pytest.mark.long
@pytest.mark.parametrize("name", COMPUTED)
def test_all_stored_pareto_sets(shared_data: Path, name: str) -> None:
    same_set(shared_data / "knapsack_biobjective", name)


# ------------------------------------------------------------------- twelve projects

BUDGET = 180
TWELVE = [  # z1, z2, z3, cost
    (60, 10, 20, 40),
    (45, 30, 10, 35),
    (20, 50, 15, 38),
    (30, 30, 30, 36),
    (10, 15, 60, 33),
    (25, 5, 40, 28),
    (50, 40, 5, 45),
    (15, 35, 25, 30),
    (5, 20, 45, 29),
    (35, 15, 15, 24),
    (12, 28, 8, 16),
    (8, 6, 22, 12),
]
NAMES = ["z1", "z2", "z3"]
REGIONS: dict[str, list[tuple[str, str, str]]] = {
    "all": [("z1", "min", "0")],
    "order": [("z1", ">=", "z2"), ("z2", ">=", "z3")],
    "box": [
        ("z1", "min", "0.3"),
        ("z1", "max", "0.5"),
        ("z2", "min", "0.2"),
        ("z2", "max", "0.4"),
        ("z3", "min", "0.2"),
        ("z3", "max", "0.4"),
    ],
}
# region: points of P_N, plans of P_O, core over P_O, exterior over P_O
ANSWERS = {
    "all": (109, 20, [], []),
    "order": (10, 5, [4, 10], []),
    "box": (16, 7, [4, 10], [7]),
}
INDEXES = {
    "order": [0.6, 0.8, 0.2, 0.7, 0.3, 0.4, 0.3, 0.6, 0.1, 0.9, 0.7, 0.5],
    "box": [0.3125, 0.6875, 0.1875, 0.75, 0.5, 0.5625, 0.125, 0.5, 0.375, 1, 0.9375, 0.4375],
    "all": [
        0.4404, 0.6147, 0.3211, 0.6422, 0.4037, 0.3853,
        0.3761, 0.5688, 0.4220, 0.6055, 0.6239, 0.5780,
    ],
}  # fmt: skip


def optimal_subsets(region: str) -> np.ndarray[Any, Any]:
    """Every subset that is best somewhere inside a region: 20,000 weights tried."""
    table = np.array(TWELVE, dtype=float)
    subsets = (np.arange(2**12)[:, None] >> np.arange(12)) & 1
    subsets = subsets[subsets @ table[:, 3] <= BUDGET]
    vertices = region_of(NAMES, REGIONS[region]).vertices
    corners = np.array([[float(share) for share in vertex] for vertex in vertices])
    shares = np.random.default_rng(1).dirichlet(np.full(len(corners), 0.7), 20_000)
    worth = subsets @ table[:, :3] @ (shares @ corners).T
    best: np.ndarray[Any, Any] = subsets[np.unique(worth.argmax(axis=0))]
    return best


def efficient_subsets(region: str) -> np.ndarray[Any, Any]:
    """Every subset within the budget that none beats at all vertices of a region."""
    table = np.array(TWELVE, dtype=float)
    subsets = (np.arange(2**12)[:, None] >> np.arange(12)) & 1
    subsets = subsets[subsets @ table[:, 3] <= BUDGET]
    vertices = region_of(NAMES, REGIONS[region]).vertices
    corners = np.array([[float(share) for share in vertex] for vertex in vertices])
    worth = np.round(subsets @ table[:, :3] @ corners.T, 9)
    kept = [
        i
        for i, row in enumerate(worth)
        if not ((worth >= row).all(axis=1) & (worth > row).any(axis=1)).any()
    ]
    efficient: np.ndarray[Any, Any] = subsets[kept]
    return efficient


@pytest.mark.parametrize("region", sorted(REGIONS))
def test_the_table_of_twelve_projects_is_as_stated(region: str) -> None:
    subsets = efficient_subsets(region)
    assert len(subsets) == ANSWERS[region][0]
    np.testing.assert_allclose(subsets.mean(axis=0), INDEXES[region], atol=5e-5)


@pytest.mark.parametrize("region", sorted(REGIONS))
def test_the_core_and_the_exterior_of_twelve_projects_are_as_stated(
    region: str,
) -> None:
    best = optimal_subsets(region)
    _points, plans, core, exterior = ANSWERS[region]
    assert 0.8 * plans <= len(best) <= plans
    assert [j + 1 for j in range(12) if best[:, j].all()] == core
    assert [j + 1 for j in range(12) if not best[:, j].any()] == exterior


def twelve_underlag(region: str) -> dict[str, list[dict[str, Any]]]:
    parts = [
        project(
            f"p{i + 1:02}",
            [1.0],
            0.0,
            use={"room": float(cost)},
            earliest_year=2026,
            latest_year=2026,
        )
        for i, (*_points, cost) in enumerate(TWELVE)
    ]
    data = tiny_data(
        *parts,
        resources=[{"resource": "room", "year": 2026, "available": float(BUDGET)}],
    )
    data["criteria"] = [{"criterion": k, "name": k, "weight": 1.0} for k in NAMES]
    data["scores"] = [
        {
            "project_id": f"p{i + 1:02}",
            "alternative_id": "a",
            "criterion": name,
            "low": points[k],
            "score": float(points[k]),
            "high": points[k],
        }
        for i, points in enumerate(TWELVE)
        for k, name in enumerate(NAMES)
    ]
    data["viewpoints"] = [
        {"viewpoint": region, "criterion": c, "relation": r, "value": value}
        for c, r, value in REGIONS[region]
    ]
    return data


@pytest.mark.parametrize("region", sorted(REGIONS))
def test_the_map_of_twelve_projects_is_the_core_and_the_exterior(region: str) -> None:
    """All labels are settled: what optimal plans have in common, and nothing else."""
    problem = build_problem(build_case(build_tables(twelve_underlag(region))))
    found = map_agreement(problem, MapLimits(plan_work=100))
    assert found.stopped == "done"
    labels = {
        int(row["project_id"][1:]): row["label"]
        for row in found.rows
        if row["scope"] == "region" and row["event"] == "in_plan"
    }
    _points, _plans, core, exterior = ANSWERS[region]
    assert [p for p, label in labels.items() if label == "alla"] == core
    assert [p for p, label in labels.items() if label == "ingen"] == exterior
    disputed = [p for p, label in labels.items() if label == "omtvistad"]
    assert disputed == sorted(set(labels) - {*core, *exterior})
