"""Rows held sparsely, and changes tried cheaply, against the plain sums they stand for.

Each quick answer (margins, fits, what mends, what is hopeless) is computed once more
here from the rows written out in full. The instances are those of the enumeration.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from oracle.instances import FAMILIES, random_data, random_underlag
from oracle.more_instances import MORE_FAMILIES, random_more
from unit.plan.tiny import goal, project, tiny_case

from rodtrad.capacity.evaluate import (
    choice_values,
    evaluate_plan,
    plan_totals,
    project_value,
)
from rodtrad.capacity.statements import (
    TOTALS,
    choice_totals,
    price_indices,
    project_totals,
    select,
)
from rodtrad.domain.arrays import build_case
from rodtrad.domain.components import build_tables
from rodtrad.plan.constraints import RATIO_GOALS, build_problem
from rodtrad.plan.greedy import (
    FILTER_TOLERANCE,
    NEW_FAULT,
    RowCheck,
    grow,
    hopeless_columns,
    polish,
    speaks,
)
from rodtrad.plan.matrix import build_matrix
from rodtrad.plan.problem import Expression, safe_name

if TYPE_CHECKING:
    from rodtrad.domain.arrays import Array, Case
    from rodtrad.plan.greedy import Flags
    from rodtrad.plan.problem import Problem, Row

SEEDS = range(3)


# Every family's first instance, and large underlag with every kind of row.
NAMES = [*FAMILIES, *MORE_FAMILIES, *(f"underlag {seed}" for seed in SEEDS)]
each_case = pytest.mark.parametrize("name", NAMES)


@cache
def case_named(name: str) -> Case:
    """The instance, made when a test asks for it: many are enumerated to be made."""
    if name in FAMILIES:
        return build_case(build_tables(random_data(1, name)))
    if name in MORE_FAMILIES:
        return build_case(build_tables(random_more(1, name)))
    return build_case(build_tables(random_underlag(int(name.split()[1]))))


def random_plan(problem: Problem, seed: int) -> Flags:
    """About half of the projects, each at random."""
    rng = np.random.default_rng(seed)
    chosen = np.zeros(len(problem.choices), dtype=bool)
    for columns in problem.by_project.values():
        if columns and rng.random() < 0.5:
            chosen[rng.choice(columns)] = True
    return chosen


def room_in_full(problem: Problem, rows: list[Row], chosen: Flags) -> Array:
    """The room left in each row, loans as they become."""
    x = chosen.astype(np.float64)
    width = len(x)
    start = problem.case.plan_start
    room = []
    for row in rows:
        value = row.expression.constant + row.expression.dense(width) @ x
        for name, factor in row.expression.extra.items():
            net = problem.net_loans[int(name[-5:-1]) - start]
            value += factor * max(float(net.constant + net.dense(width) @ x), 0.0)
        room.append(min(value - row.lower, row.upper - value))
    return np.array(room)


def test_expressions_add_up_as_their_columns_written_out_do() -> None:
    rng = np.random.default_rng(0)
    for _round in range(200):
        width = int(rng.integers(1, 12))
        one, other = (
            np.round(rng.normal(size=width)) * (rng.random(width) < 0.6) for _ in "ab"
        )
        a = Expression.of(np.arange(width), one, 2.0).with_extra("loans(2026)", 1.0)
        b = Expression.of(rng.permutation(width), 0.0).plus(
            Expression.of(np.flatnonzero(other), other[other != 0.0], -1.0)
        )
        total = a.plus(b, -1.0).times(3.0)
        assert np.array_equal(total.dense(width), 3.0 * (one - other))
        assert total.constant == 9.0
        assert total.extra == {"loans(2026)": 3.0}
        assert total.coefficients.all()
        assert (np.diff(total.index) > 0).all()
        x = rng.random(width)
        assert total.value(x, {"loans(2026)": 2.0}) == pytest.approx(
            9.0 + 3.0 * ((one - other) @ x) + 6.0
        )


@each_case
def test_margins_and_fits_are_those_of_the_rows_in_full(name: str) -> None:
    problem = build_problem(case_named(name))
    check = RowCheck(problem)
    for seed in SEEDS:
        plan = random_plan(problem, seed)
        assert check.margins(plan)[:, 0] == pytest.approx(
            room_in_full(problem, check.rows, plan), abs=2e-7
        )
        added = list(range(seed, len(plan), 1 + len(plan) // 7))
        margins, fits = check.margins(plan, added), check.fits(plan, added)
        for j, k in enumerate(added):
            if plan[k]:  # the same column twice is no plan, but its sums are the same
                continue
            trial = plan.copy()
            trial[k] = True
            room = room_in_full(problem, check.rows, trial)
            assert margins[:, j] == pytest.approx(room, abs=2e-7)
            assert fits[j] == check.holds(trial)
            assert fits[j] == (margins[:, j] >= 0).all()


@each_case
def test_a_standing_plan_follows_its_changes(name: str) -> None:
    problem = build_problem(case_named(name))
    check = RowCheck(problem)
    before, after = random_plan(problem, 1), random_plan(problem, 2)
    standing = check.standing(before)
    for k in np.flatnonzero(before & ~after):
        standing.remove(int(k))
    for k in np.flatnonzero(after & ~before):
        standing.add(int(k))
    fresh = check.standing(after)
    assert np.array_equal(standing.chosen, after)
    assert standing.block == pytest.approx(fresh.block)
    assert standing.lists == pytest.approx(fresh.lists, abs=1e-9)


@each_case
def test_what_a_project_mends_by_leaving(name: str) -> None:
    problem = build_problem(case_named(name))
    check = RowCheck(problem)
    for seed in SEEDS:
        plan = random_plan(problem, seed)
        inside = np.flatnonzero(plan)
        gains = check.standing(plan).gains(inside)
        short = check.shortfall(plan)[:, 0]
        broken = short > 0
        for k, gain in zip(inside, gains, strict=True):
            fewer = plan.copy()
            fewer[k] = False
            after = check.shortfall(fewer)[:, 0]
            mended = ((short - after)[broken] / short[broken]).sum()
            new = (after[~broken] > 0).sum()
            assert gain == pytest.approx(mended - NEW_FAULT * new, abs=1e-6)


def hopeless_in_full(problem: Problem) -> Flags:
    """The columns that break a row when every other project does its best for it."""
    width = len(problem.choices)
    hopeless = np.zeros(width, dtype=bool)
    must = {row.requirement[8:] for row in problem.rows if "must_do" in row.requirement}
    for row in problem.rows:
        if row.expression.extra or not speaks(row):
            continue
        values = row.expression.dense(width)
        for sign, limit in ((1.0, row.lower), (-1.0, -row.upper)):
            least = limit - sign * row.expression.constant
            if not np.isfinite(least):
                continue
            best = {
                key: max((sign * values[k] for k in columns), default=0.0)
                for key, columns in problem.by_project.items()
            }
            best = {k: v if k in must else max(v, 0.0) for k, v in best.items()}
            total = sum(best.values())
            for key, columns in problem.by_project.items():
                for k in columns:
                    reach = total - best[key] + sign * values[k]
                    if reach < least - FILTER_TOLERANCE * max(1.0, abs(least)):
                        hopeless[k] = True
    return hopeless


@each_case
def test_hopeless_columns_are_those_that_no_plan_can_hold(name: str) -> None:
    problem = build_problem(case_named(name))
    found = hopeless_columns(problem)
    assert np.array_equal(found, hopeless_in_full(problem))
    # Rows of one kind only, so that none of them hides what another should find.
    for kind in ("goal:", "resource:", "relation:", "must_do:"):
        rows = [r for r in problem.rows if r.requirement.startswith(kind)]
        some = problem.with_rows(rows)
        assert np.array_equal(hopeless_columns(some), hopeless_in_full(some)), kind


def test_a_project_that_another_needs_has_hopeless_late_starts() -> None:
    """A must-do this year requires another: it cannot be built later than that."""
    case = tiny_case(
        project("bad", [10.0], 5.0, must_do=True, deadline_year=2028),
        project("vag", [10.0], 5.0),
        relations=[{"kind": "requires", "project_id": "bad", "other_id": "vag"}],
    )
    problem = build_problem(case)
    hopeless = hopeless_columns(problem)
    late = [c for c, no in zip(problem.choices, hopeless, strict=True) if no]
    assert late == [("bad", "a", 2026), ("vag", "a", 2027), ("vag", "a", 2028)]


@each_case
def test_growing_ends_when_nothing_more_fits(name: str) -> None:
    problem = build_problem(case_named(name))
    check = RowCheck(problem)
    nothing = np.zeros(len(problem.choices), dtype=bool)
    plan = grow(check, nothing)
    if not check.holds(nothing):
        return
    assert check.holds(plan)
    inside = {problem.choices[k].project_id for k in np.flatnonzero(plan)}
    # Savings can make room afterwards for what did not fit; that is for `polish`.
    rest = [
        k
        for k, choice in enumerate(problem.choices)
        if choice.project_id not in inside and problem.values[k] > 0
    ]
    saves = (problem.effects < 0).any() or bool(problem.case.relations)
    assert saves or not check.fits(plan, rest).any()
    better = polish(check, plan)
    assert check.holds(better)
    case = problem.case
    one, other = (evaluate_plan(case, check.choices(f)) for f in (plan, better))
    assert other.objective >= one.objective


def test_a_project_comes_in_after_the_one_it_requires() -> None:
    """Most points per krona, but not before the dearer road is there."""
    case = tiny_case(
        project("bad", [10.0], 50.0, earliest_year=2027),
        project("vag", [1_000.0], 5.0),
        relations=[{"kind": "requires", "project_id": "bad", "other_id": "vag"}],
    )
    problem = build_problem(case)
    check = RowCheck(problem)
    plan = grow(check, np.zeros(len(problem.choices), dtype=bool))
    assert {c.project_id for c in check.choices(plan)} == {"bad", "vag"}


@each_case
def test_choices_reckoned_together_are_those_reckoned_one_by_one(name: str) -> None:
    case = case_named(name)
    # Three draws of prices, so that the draw axis is kept apart.
    spread = 1.0 + 0.01 * np.arange(3)
    case = replace(case, construction_growth=case.construction_growth * spread)
    problem = build_problem(case_named(name))
    indices = price_indices(case)
    choices = problem.choices[::3]
    selection = select(case, choices)
    together = choice_totals(case, indices, selection)
    values = choice_values(case, selection)
    for i, choice in enumerate(choices):
        of = case.project(choice.project_id)
        alternative = of.alternative(choice.alternative_id)
        alone = project_totals(case, indices, of, alternative, choice.start_year)
        for k in TOTALS:
            assert getattr(together, k)[i] == pytest.approx(getattr(alone, k))
            assert getattr(alone, k).shape == (len(case.years), 3)
        value = project_value(case, of, alternative, choice.start_year)
        assert values[i] == pytest.approx(value)
    assert plan_totals(case_named(name), ()).outlay.shape == (len(case.years), 1)


def test_a_late_outlay_and_land_are_depreciated_by_hand() -> None:
    """In use 2027 with 600 spent by then; 400 more in 2028; a third is land."""
    data = project("skola", [200.0, 400.0, 400.0], 5.0, build_years=1, life=2)
    data["parts"][0]["share"] = 2 / 3
    land = {**data["parts"][0], "component": "mark", "share": 1 / 3}
    data["parts"].append({**land, "useful_life_years": None})
    case = tiny_case(data)
    skola = case.projects[0]
    totals = project_totals(
        case, price_indices(case), skola, skola.alternatives[0], 2026
    )
    assert totals.outlay[:, 0].tolist() == [200.0, 400.0, 400.0, 0.0]
    # 600 x 2/3 over 2027 and 2028, 400 x 2/3 over 2028 and 2029.
    expected = [0.0, 200.0, 200.0 + 400.0 / 3, 400.0 / 3]
    assert totals.depreciation[:, 0] == pytest.approx(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_other_weights_are_another_underlag_with_the_same_rows(seed: int) -> None:
    data = random_underlag(seed)
    problem = build_problem(build_case(build_tables(data)))
    rng = np.random.default_rng(seed)
    weights = rng.random(len(problem.criteria)) + 0.01
    other = problem.with_weights(10.0 * weights)
    by_name = dict(zip(problem.criteria, weights.tolist(), strict=True))
    for row in data["criteria"]:
        row["weight"] = by_name[row["criterion"]]
    rebuilt = build_problem(build_case(build_tables(data)))
    assert other.values == pytest.approx(rebuilt.values)
    assert other.criterion_values is problem.criterion_values
    assert sum(other.case.weights.values()) == pytest.approx(1.0)
    assert other.rows is problem.rows
    check = RowCheck(other)
    plan = check.choices(random_plan(other, seed))
    flags = check.chosen(plan)
    evaluated = evaluate_plan(other.case, plan)
    assert evaluated.value == pytest.approx(float(other.values[flags].sum()))
    again = evaluate_plan(rebuilt.case, plan)
    assert evaluated.objective == pytest.approx(again.objective)


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0], [0.0, 0.0]])
def test_weights_must_be_one_for_each_criterion(weights: list[float]) -> None:
    case = tiny_case(
        project("bad", [10.0], 5.0),
        criteria=[{"criterion": "miljo", "name": "Miljö", "weight": 1.0}],
    )
    problem = build_problem(case)
    assert problem.criteria == ("nytta", "miljo")
    with pytest.raises(ValueError, match="weight"):
        problem.with_weights(np.array(weights))


@each_case
def test_bounds_of_loans_and_misses_hold_for_every_plan(name: str) -> None:
    problem = build_problem(case_named(name))
    check = RowCheck(problem)
    matrix = build_matrix(problem)
    assert np.isfinite(matrix.column_upper).all()
    upper = {v.name: v.upper for v in problem.variables}
    case = problem.case
    for seed in range(20):
        choices = check.choices(random_plan(problem, seed))
        plan = evaluate_plan(case, choices)
        for t, year in enumerate(case.years):
            loans = max(float(plan.years.net_loans[t + 1, 0]), 0.0) * 1e-3
            for kind in ("loans", "loans_low"):
                assert loans <= upper.get(f"{kind}({year})", np.inf) + 1e-9
            for outcome in plan.goals:
                of = outcome.goal
                miss = float(outcome.miss[t, 0])
                if of.level == "must" or of.indicator in RATIO_GOALS or np.isnan(miss):
                    continue
                assert miss <= upper[f"miss({safe_name(of.goal_id)},{year})"] + 1e-6
        for aim in problem.ratio_aims:
            x = check.chosen(choices).astype(np.float64)
            loans_of = {
                v: max(
                    float(plan.years.net_loans[int(v[-5:-1]) - case.base_year, 0]), 0.0
                )
                * 1e-3
                for v in aim.slack.extra
            }
            slack = aim.slack.value(x, loans_of)
            for top in aim.breaks:
                assert -slack / top <= upper[aim.miss] + 1e-6


def test_the_bound_of_a_ratio_grows_with_a_finer_break() -> None:
    case = tiny_case(
        project("skola", [1_000.0], 50.0),
        goals=[goal("g", "sfg", 6.0, level="aim", price=4.0)],
    )
    problem = build_problem(case)
    aim = problem.ratio_aims[0]
    finer = replace(aim, breaks=(aim.breaks[0] / 10, *aim.breaks))
    refined = replace(problem, ratio_aims=(finer, *problem.ratio_aims[1:]))
    place = build_matrix(problem).names.index(aim.miss)
    before = build_matrix(problem).column_upper[place]
    assert build_matrix(refined).column_upper[place] == pytest.approx(10 * before)
