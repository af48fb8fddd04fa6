"""Certificates: what holds is accepted, and every kind of tampering is found."""

from __future__ import annotations

import copy
import json
import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from unit.plan.disputed import disputed_problem, disputed_records

from rodtrad.domain.arrays import build_case
from rodtrad.domain.components import build_tables
from rodtrad.plan.certificate import check_agreement, read_certificates
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.covers import CoverFinder, cut_matrix, find_cuts
from rodtrad.plan.matrix import build_matrix
from rodtrad.plan.milp import LinearBounds
from rodtrad.plan.multipliers import (
    Bound,
    Bounds,
    Dual,
    RowCut,
    cut_holds,
    cut_weights,
    gamma,
)
from rodtrad.plan.robust import MapLimits, map_agreement

if TYPE_CHECKING:
    from collections.abc import Callable

    from rodtrad.plan.matrix import Matrix
    from rodtrad.plan.problem import Problem
    from rodtrad.plan.proofs import Fault

Stored = dict[str, Any]


@pytest.fixture(scope="module")
def problem() -> Problem:
    return disputed_problem()


@pytest.fixture(scope="module")
def matrix(problem: Problem) -> Matrix:
    return build_matrix(problem)


@pytest.fixture(scope="module")
def stored(problem: Problem) -> Stored:
    found = map_agreement(problem, MapLimits(plan_work=100, growth=(40, 200)))
    data = {"rows": found.rows, "certificates": found.certificates.as_dict()}
    return json.loads(json.dumps(data))  # type: ignore[no-any-return]


def faults(problem: Problem, matrix: Matrix, stored: Stored) -> list[Fault]:
    certificates = read_certificates(stored["certificates"])
    return check_agreement(problem, matrix, certificates, stored["rows"])


def label(stored: Stored, project: str, scope: str, event: str = "in_plan") -> str:
    return next(
        str(row["label"])
        for row in stored["rows"]
        if (row["project_id"], row["scope"], row["event"]) == (project, scope, event)
    )


def test_what_was_found_is_accepted_after_a_trip_through_json(
    problem: Problem, matrix: Matrix, stored: Stored
) -> None:
    assert faults(problem, matrix, stored) == []
    again = read_certificates(stored["certificates"]).as_dict()
    assert json.loads(json.dumps(again)) == stored["certificates"]


def test_the_labels_are_those_one_can_work_out_by_hand(stored: Stored) -> None:
    for scope in ("viewpoints", "region"):
        assert label(stored, "both", scope) == "alla"
        assert label(stored, "must", scope) == "alla"
        assert label(stored, "neither", scope) == "ingen"
        assert label(stored, "use_a", scope) == "omtvistad"
        assert label(stored, "green_a", scope) == "omtvistad"


# ---------------------------------------------------------------------------- tampering


def tamper_label(data: Stored) -> None:
    next(row for row in data["rows"] if row["label"] == "omtvistad")["label"] = "alla"


def tamper_label_to_open(data: Stored) -> None:
    row = next(row for row in data["rows"] if row["label"] == "ingen")
    row["label"] = "oppen"


def tamper_interval(data: Stored) -> None:
    row = next(row for row in data["rows"] if row["interval"])
    row["interval"][0] += 1.0


def tamper_leaning(data: Stored) -> None:
    row = data["rows"][0]
    row["leaning"] = "out" if row["leaning"] == "in" else "in"


def tamper_witness_plan(data: Stored) -> None:
    row = next(row for row in data["rows"] if row["witnesses"])
    row["witnesses"][0]["plan"] = row["witnesses"][1]["plan"]


def tamper_witness_weights(data: Stored) -> None:
    row = next(row for row in data["rows"] if row["witnesses"])
    row["witnesses"][0]["weights"]["nytta"] += 0.01


def drop_witnesses(data: Stored) -> None:
    next(row for row in data["rows"] if row["witnesses"])["witnesses"] = []


def drop_row(data: Stored) -> None:
    data["rows"].pop()


def add_row(data: Stored) -> None:
    data["rows"].append(dict(data["rows"][0]))


def add_key(data: Stored) -> None:
    data["rows"][0]["certain"] = True


def rename_project(data: Stored) -> None:
    data["rows"][0]["project_id"] = "someone"


def tamper_plan(data: Stored) -> None:
    """A pool plan that takes one project more than there are people for."""
    chosen = {choice[0] for choice in data["certificates"]["plans"][0]}
    other = next(p for p in ("use_b", "green_b", "use_a", "green_a") if p not in chosen)
    data["certificates"]["plans"][0].append([other, "a", 2026])


def tamper_plan_project(data: Stored) -> None:
    data["certificates"]["plans"][0][0][0] = "unknown"


def tamper_plan_worse(data: Stored) -> None:
    """A plan that holds but is worth less: the proofs on it fail."""
    for plan in data["certificates"]["plans"]:
        plan[:] = [choice for choice in plan if choice[0] == "must"]


def tamper_duals(data: Stored) -> None:
    for dual in data["certificates"]["duals"]:
        dual[1::2] = [0.0 for _y in dual[1::2]]


def tamper_dual_sign(data: Stored) -> None:
    for dual in data["certificates"]["duals"]:
        dual[1::2] = [-y for y in dual[1::2]]


def tamper_dual_infinite(data: Stored) -> None:
    next(d for d in data["certificates"]["duals"] if d)[1] = math.inf


def tamper_row_name(data: Stored) -> None:
    data["certificates"]["rows"][0] = "no_such_row"


def add_unused_dual(data: Stored) -> None:
    data["certificates"]["duals"].append([0, 1.0])


def tamper_point(data: Stored) -> None:
    """A weight that no viewpoint allows."""
    data["certificates"]["points"][0] = ["1/2", "499/1000"]


def tamper_point_elsewhere(data: Stored) -> None:
    """The weight of a proof moved to another that is allowed."""
    data["certificates"]["points"][0] = ["3/5", "2/5"]


def turn_proofs(data: Stored) -> None:
    proof = next(p for p in data["certificates"]["proofs"] if p[0] == "both")
    proof[2] = 1 - proof[2]


def move_proof_to_other_project(data: Stored) -> None:
    proof = next(p for p in data["certificates"]["proofs"] if p[0] == "both")
    proof[0] = "use_b"


def drop_proof(data: Stored) -> None:
    proofs = data["certificates"]["proofs"]
    proofs[:] = [p for p in proofs if p[0] != "both"]


def negative_share(data: Stored) -> None:
    data["certificates"]["proofs"][0][4][0][1] = -1


def share_of_nothing(data: Stored) -> None:
    data["certificates"]["proofs"][0][4] = []


def missing_vertex(data: Stored) -> None:
    proof = next(p for p in data["certificates"]["proofs"] if isinstance(p[3], list))
    proof[5].pop()


def tamper_cell(data: Stored) -> None:
    proof = next(p for p in data["certificates"]["proofs"] if isinstance(p[3], list))
    proof[3][1] += "<<<<<<<<"


def tamper_mandate(data: Stored) -> None:
    data["certificates"]["mandate_end"] += 1


def tamper_event(data: Stored) -> None:
    data["certificates"]["proofs"][0][1] = "in_dream"


def unknown_leaf(data: Stored) -> None:
    data["certificates"]["proofs"][0][5] = [10_000]


def forged_leaf(data: Stored) -> None:
    """Says that one plan is left where many are."""
    data["certificates"]["proofs"][0][5] = [-1]


def forged_cut(data: Stored) -> None:
    """A cut that no row gives: at most none of everything."""
    columns = [n for k in range(8) for n in (k, 1)]
    data["certificates"]["cuts"].append(["resource(people,2026)", 1, 0, columns])


def cut_of_unknown_column(data: Stored) -> None:
    data["certificates"]["cuts"].append(["resource(people,2026)", 1, 1, [999, 1]])


TAMPERINGS = [
    tamper_label,
    tamper_label_to_open,
    tamper_interval,
    tamper_leaning,
    tamper_witness_plan,
    tamper_witness_weights,
    drop_witnesses,
    drop_row,
    add_row,
    add_key,
    rename_project,
    tamper_plan,
    tamper_plan_project,
    tamper_plan_worse,
    tamper_duals,
    tamper_dual_sign,
    tamper_dual_infinite,
    tamper_row_name,
    add_unused_dual,
    tamper_point,
    tamper_point_elsewhere,
    turn_proofs,
    move_proof_to_other_project,
    drop_proof,
    negative_share,
    share_of_nothing,
    missing_vertex,
    tamper_cell,
    tamper_mandate,
    tamper_event,
    unknown_leaf,
    forged_leaf,
    forged_cut,
    cut_of_unknown_column,
]


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda f: str(f.__name__))
def test_tampering_is_found(
    problem: Problem,
    matrix: Matrix,
    stored: Stored,
    tamper: Callable[[Stored], None],
) -> None:
    data = copy.deepcopy(stored)
    tamper(data)
    assert data != stored
    assert faults(problem, matrix, data)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.pop("duals"),
        lambda data: data.update(version=99),
        lambda data: data["proofs"][0].pop(),
        lambda data: data.update(points=[["one", "two"]]),
        lambda data: data.update(duals=[[0]]),
    ],
)
def test_what_is_not_a_certificate_is_refused(
    stored: Stored, change: Callable[[Stored], object]
) -> None:
    data = copy.deepcopy(stored["certificates"])
    change(data)
    with pytest.raises(ValueError, match="cannot be read"):
        read_certificates(data)


def test_another_underlag_makes_the_proofs_fail(stored: Stored) -> None:
    other = disputed_problem(
        viewpoints=[
            ("use first", "klimat", ">=", "nytta"),
            ("green", "klimat", "min", "0.9"),
        ]
    )
    assert faults(other, build_matrix(other), stored)


# ------------------------------------------------------------------------------- bounds


@pytest.mark.parametrize("seed", range(20))
def test_any_multipliers_bound_every_plan(
    problem: Problem, matrix: Matrix, seed: int
) -> None:
    """Whatever the multipliers: no plan is worth more, and none that lacks an event."""
    rng = np.random.default_rng(seed)
    bounds = Bounds(problem, matrix)
    linear = LinearBounds(matrix)
    share = Fraction(int(rng.integers(0, 101)), 100)
    weight = (share, 1 - share)
    worth, _size = bounds.weighted(weight)
    linear.set_cost(np.concatenate([worth, matrix.cost[len(worth) :]]))
    duals = linear.solve().duals * rng.uniform(0.5, 1.5, len(matrix.row_names))
    duals[~bounds.counts] = 0.0
    rows = np.flatnonzero(duals)
    bound = bounds.at(bounds.price(Dual(rows, duals[rows])), weight)
    best, best_without, best_with = enumerate_best(bounds, problem, worth)
    assert bound.upper(bounds.allowed, bounds.must) >= best
    without, having = bound.upper_each(np.ones(len(worth), dtype=bool))
    assert (without >= best_without).all()
    assert (having >= best_with).all()


def enumerate_best(
    bounds: Bounds, problem: Problem, worth: np.ndarray[Any, Any]
) -> tuple[float, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The best plan, and the best without and with each project, one by one."""
    from rodtrad.plan.greedy import RowCheck

    check = RowCheck(problem)
    count = len(bounds.projects)
    options = [
        [None, *range(int(bounds.first[g]), int(bounds.first[g + 1]))]
        for g in range(count)
    ]
    best, lacking, having = (
        -math.inf,
        np.full(count, -math.inf),
        np.full(count, -math.inf),
    )
    stack: list[list[int | None]] = [[]]
    for own in options:
        stack = [[*picked, k] for picked in stack for k in own]
    for picked in stack:
        chosen = np.zeros(len(worth), dtype=bool)
        chosen[[k for k in picked if k is not None]] = True
        if check.holds(chosen):
            value = float(worth[chosen].sum())
            best = max(best, value)
            for g, k in enumerate(picked):
                target = lacking if k is None else having
                target[g] = max(target[g], value)
    return best, lacking, having


def test_multipliers_on_a_side_that_is_not_there_bound_nothing(
    problem: Problem, matrix: Matrix
) -> None:
    bounds = Bounds(problem, matrix)
    row = bounds.row_place["resource(people,2026)"]
    priced = bounds.price(Dual(np.array([row]), np.array([-1.0])))
    assert math.isinf(priced.base)
    once = bounds.price(
        Dual(np.array([bounds.row_place["once(both)"]]), np.array([1.0]))
    )
    assert math.isinf(once.base)


def test_rounding_errors_grow_with_the_number_of_steps() -> None:
    assert 0 < gamma(1) < gamma(10) < gamma(1000) < 1e-12


# --------------------------------------------------------------------------------- cuts


def test_a_cut_holds_only_as_far_as_its_row_gives_it(
    problem: Problem, matrix: Matrix
) -> None:
    bounds = Bounds(problem, matrix)
    row = "resource(people,2026)"
    found = cut_weights(bounds, row, 1)
    assert found is not None
    weights, room, _size = found
    assert room == 7.0
    # The must-do takes one, so of the projects that take two there is room for three.
    twos = tuple((int(k), 1) for k in np.flatnonzero(weights == 2.0))
    assert len(twos) >= 5
    assert cut_holds(bounds, RowCut(row, 1, 3, twos))
    assert not cut_holds(bounds, RowCut(row, 1, 2, twos))
    assert not cut_holds(bounds, RowCut(row, -1, 3, twos))
    assert not cut_holds(bounds, RowCut(row, 1, -1, twos))
    assert not cut_holds(bounds, RowCut(row, 1, 3, ((twos[0][0], -5),)))
    with pytest.raises(ValueError, match="unknown row"):
        cut_holds(bounds, RowCut("cut(0)", 1, 3, twos))


@pytest.mark.parametrize("seed", range(30))
def test_found_cuts_hold_and_cut_off_no_plan(
    problem: Problem, matrix: Matrix, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    bounds = Bounds(problem, matrix)
    x = rng.uniform(0, 1, len(bounds.choices))
    x /= np.maximum(np.bincount(bounds.group, x)[bounds.group], 1.0)
    found = CoverFinder(bounds).cuts(x)
    for cut in found:
        assert cut_holds(bounds, cut)
        assert sum(part * x[k] for k, part in cut.columns) > cut.limit


def test_cuts_lower_the_bound_where_projects_are_large() -> None:
    """Eight people, one for the must-do, the rest by two: half a project is left."""
    records = disputed_records()
    records["resources"][0]["available"] = 8.0
    problem = build_problem(build_case(build_tables(records)))
    matrix = build_matrix(problem)
    weight = (Fraction(1, 2), Fraction(1, 2))
    cuts = find_cuts(problem, matrix, [weight], 5)
    assert cuts
    bounds = []
    for added in ([], cuts):
        linear = LinearBounds(cut_matrix(matrix, added))
        linear.set_cost(problem.criterion_values @ np.array([0.5, 0.5]))
        bounds.append(linear.solve().bound or 0.0)
    # Points at equal weights: 1, 90 and then 47.5, 45, 45, 45, of which half is cut.
    assert bounds[0] == pytest.approx(1 + 90 + 47.5 + 45 + 45 / 2)
    assert bounds[1] == pytest.approx(1 + 90 + 47.5 + 45)


def test_a_cut_with_a_column_told_twice_is_refused(
    problem: Problem, matrix: Matrix, stored: Stored
) -> None:
    """Counted once when the cut is proven but twice in the row it becomes: a lie."""
    data = copy.deepcopy(stored)
    own = data["certificates"]
    bounds = Bounds(problem, matrix)
    green = bounds.place["green_a"]
    mine = [k for k, g in enumerate(bounds.group) if g == green]
    # "At most one of one" holds always; told 200 times it shuts the column.
    flat = [n for k in mine for _ in range(200) for n in (k, 1)]
    own["cuts"].append(["resource(people,2026)", 1, len(mine), flat])
    own["rows"].append(f"cut({len(own['cuts']) - 1})")
    own["duals"].append([len(own["rows"]) - 1, 5.0])
    without = [
        m
        for m, plan in enumerate(own["plans"])
        if "green_a" not in [c[0] for c in plan]
    ]
    own["proofs"] += [
        ["green_a", "in_plan", 0, i, [[without[0], 1]], [len(own["duals"]) - 1]]
        for i in range(len(own["points"]))
    ]
    found = faults(problem, matrix, data)
    assert [one.place for one in found] == [f"cuts[{len(own['cuts']) - 1}]"]


def test_a_cut_with_a_huge_limit_is_refused_at_once(
    problem: Problem, matrix: Matrix
) -> None:
    cut = RowCut("resource(people,2026)", 1, 10**13, ((0, 1),))
    assert not cut_holds(Bounds(problem, matrix), cut)


def test_multipliers_that_overflow_prove_nothing(
    problem: Problem, matrix: Matrix
) -> None:
    bounds = Bounds(problem, matrix)
    most = np.where(np.arange(len(bounds.choices)) == 0, np.nan, 1.0)
    bound = Bound(bounds, 0.0, most)
    assert bound.upper(bounds.allowed, bounds.must) == math.inf
    for side in bound.upper_each(np.ones(len(most), dtype=bool)):
        assert not np.isnan(side).any()
