"""One draw is a deterministic run, and a random one what its own numbers give."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from unit.plan.tiny import END, goal, project, tiny_case

from rodtrad.capacity.evaluate import evaluate_plan, evaluate_totals, plan_totals
from rodtrad.capacity.probability import Draws, make_draws, respond
from rodtrad.capacity.statements import TOTALS, price_indices
from rodtrad.capacity.uncertainty import (
    GROUPS,
    apply_swings,
    average_rate,
    draw_economy,
    draw_swings,
    fixed_shares,
    slice_draws,
)
from rodtrad.capacity.uncertainty_projects import (
    MOST_DELAY_YEARS,
    delayed,
    draw_projects,
    drawn_totals,
    project_class,
    stretch,
)
from rodtrad.domain.arrays import Case, Choice
from rodtrad.domain.draws import normals
from rodtrad.domain.economy import default_parameters

PARAMETERS = default_parameters()


def hard_case() -> Case:
    """Everything a total can hold: fees, gifts, waiting, scrap, parts, late outlays."""
    parts = {
        "parts": [
            {
                "project_id": "skola",
                "alternative_id": "a",
                "component": name,
                "share": share,
                "useful_life_years": life,
            }
            for name, share, life in [
                ("stomme", 0.6, 30),
                ("tak", 0.3, 2),
                ("mark", 0.1, None),
            ]
        ]
    }
    school = project(
        "skola", [4000.0, 3000.0, 500.0], 50.0, build_years=2, operating=300.0,
        waiting_cost=40.0, gate="G1",
    )  # fmt: skip
    school["parts"] = []
    school["alternatives"][0]["scrapped"] = 250.0
    water = project(
        "vatten", [2000.0, 900.0], 40.0, operating=100.0, income=600.0, life=2,
        financing="taxa", gate="G2", waiting_cost=10.0, earliest_year=2027,
    )  # fmt: skip
    road = project("gata", [700.0], 30.0, build_years=0, income=100.0, gate="G0")
    return tiny_case(
        school,
        parts,
        water,
        road,
        goals=[goal("resultat", "res_andel", 0.01), goal("lan", "lan_inv", 45_000.0)],
        effects=[
            {
                "project_id": "gata",
                "alternative_id": "a",
                "offset": i,
                "operating": 20.0 + 5 * i,
            }
            for i in range(3)
        ],
    )


PLAN = (
    Choice("gata", "a", 2026),
    Choice("skola", "a", 2026),
    Choice("vatten", "a", 2027),
)


def one_draw(draws: Draws, at: int, choices: tuple[Choice, ...]) -> tuple[Case, Any]:
    """Return draw `at` as a deterministic case of its own, and the choices in it.

    Each project is replaced by what it became: outlays times its factor, and the
    delayed alternative. The economy's drivers are those of the draw. Nothing of how
    the draws are summed is used.
    """
    case = slice_draws(draws.case, at, at + 1)
    projects = []
    for one in case.projects:
        factor = float(draws.projects.factor[one.project_id][at])
        years = int(draws.projects.delay[one.project_id][at])
        alternatives = tuple(
            replace(a, outlay=tuple(factor * x for x in a.outlay))
            for a in (delayed(a, years) for a in one.alternatives)
        )
        projects.append(replace(one, alternatives=alternatives))
    case = replace(case, projects=tuple(projects))
    within = tuple(
        c
        for c in choices
        if c.start_year
        + case.project(c.project_id).alternative(c.alternative_id).build_years
        <= END
    )
    return case, within


def test_without_swings_every_figure_is_the_deterministic_one() -> None:
    case = hard_case()
    draws = make_draws(case, 1, 1, frozen=GROUPS)
    for name in ("population", "tax_base_growth", "cost_growth", "interest_rate"):
        assert (getattr(draws.case, name) == getattr(case, name)).all(), name
    totals = drawn_totals(draws.case, PLAN, draws.projects, respond(draws, PLAN))
    planned = plan_totals(case, PLAN)
    for name in TOTALS:
        assert getattr(totals, name) == pytest.approx(
            getattr(planned, name), rel=1e-13, abs=1e-9
        ), name
    years, law, indicators, goals = evaluate_totals(draws.case, totals)
    plan = evaluate_plan(case, PLAN)
    for key, line in plan.years.statement.items():
        assert years.statement[key] == pytest.approx(line, rel=1e-13, abs=1e-8), key
    for key, line in plan.balanskrav.rows.items():
        assert law.rows[key] == pytest.approx(line, rel=1e-13, abs=1e-8), key
    for key, line in plan.indicators.items():
        assert indicators[key] == pytest.approx(line, rel=1e-12, nan_ok=True), key
    for one, other in zip(goals, plan.goals, strict=True):
        assert (one.met == other.met).all()


def test_without_swings_the_statements_are_equal_to_the_last_digit() -> None:
    """The same totals through a drawn case: nothing is lost in the drivers."""
    case = hard_case()
    still = draw_economy(case, 3, 1, frozen=GROUPS)
    planned, _law, _i, _g = evaluate_totals(case, plan_totals(case, PLAN))
    found, _law, _i, _g = evaluate_totals(still, plan_totals(still, PLAN))
    for key, line in planned.statement.items():
        assert (found.statement[key] == line).all(), key
    for key, line in planned.balance.items():
        assert (found.balance[key] == line).all(), key


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_each_random_draw_is_the_deterministic_run_of_its_own_numbers(
    seed: int,
) -> None:
    case = hard_case()
    draws = make_draws(case, 40, seed)
    totals = drawn_totals(draws.case, PLAN, draws.projects, respond(draws, PLAN))
    beyond = 0
    for at in range(draws.count):
        own, within = one_draw(draws, at, PLAN)
        alone = plan_totals(own, within)
        late = {c.project_id for c in PLAN} - {c.project_id for c in within}
        beyond += len(late)
        # What never comes into use is paid for all the same, while the plan lasts.
        paid = np.zeros((len(case.years), 1))
        given = np.zeros((len(case.years), 1))
        prices = price_indices(own).construction[1:]
        for choice in PLAN:
            if choice.project_id in late:
                a = own.project(choice.project_id).alternatives[0]
                first = choice.start_year - case.plan_start
                for o in range(len(case.years) - first):
                    paid[first + o] += a.outlay[o] if o < len(a.outlay) else 0.0
                    given[first + o] += a.income[o] if o < len(a.income) else 0.0
        for name in TOTALS:
            found = getattr(totals, name)[:, at : at + 1]
            wanted = getattr(alone, name)
            if name == "outlay":
                wanted = wanted + paid * prices
            if name == "income":
                wanted = wanted + given * prices
            assert found == pytest.approx(wanted, rel=1e-11, abs=1e-7), (name, at)
    assert beyond > 0, "some project should come too late"


def test_the_numbers_of_a_draw_do_not_depend_on_what_else_is_drawn() -> None:
    case = hard_case()
    few, many = make_draws(case, 5, 9), make_draws(case, 500, 9)
    assert (many.case.interest_rate[:, :5] == few.case.interest_rate).all()
    assert (many.case.tax_base_growth[:, :5] == few.case.tax_base_growth).all()
    alone = draw_projects(case, ["vatten"], 500, 9)
    assert (alone.factor["vatten"] == many.projects.factor["vatten"]).all()
    assert (alone.delay["vatten"][:5] == few.projects.delay["vatten"]).all()
    frozen = draw_economy(case, 500, 9, frozen=["interest", "tax_base"])
    assert (frozen.construction_growth == many.case.construction_growth).all()
    assert (frozen.interest_rate == case.interest_rate).all()


def test_what_happened_in_a_year_stays_together() -> None:
    """Without local swings a year's revenue and cost are a pair that was recorded."""
    still = PARAMETERS.with_values(
        local_pass_share=0.0,
        local_cost_sd_share=0.0,
        cost_reaction_share=0.0,
        first_year_shock_share=1.0,
        full_shock_years=1.0,
    )
    swings = draw_swings(6, 400, 1, still, ["population"])
    revenue = np.diff(swings.revenue, axis=0, prepend=0.0)
    cost = np.diff(swings.cost, axis=0, prepend=0.0)
    pairs = np.column_stack([revenue.ravel(), cost.ravel()])
    apart = (
        np.abs(pairs[:, None] - np.array(still.blocks)[None]).max(axis=2).min(axis=1)
    )
    assert apart.max() < 1e-12
    assert len(np.unique(pairs.round(9), axis=0)) == len(still.blocks)


def test_costs_follow_revenue() -> None:
    """A tenth more inhabitants for ever: half the costs follow at once, then the rest."""
    people = np.zeros((5, 1))
    people[:] = 0.1
    quiet = PARAMETERS.with_values(cost_reaction_share=0.5)
    swings = draw_swings(
        5,
        1,
        1,
        quiet,
        [g for g in GROUPS if g != "population"],
        population=people,
    )
    assert swings.cost[:, 0] == pytest.approx([0.05, 0.075, 0.0875, 0.09375, 0.096875])


def test_a_fresh_forecast_misses_less() -> None:
    swings = draw_swings(10, 4000, 1, PARAMETERS, ["population"])
    step = np.diff(swings.revenue, axis=0, prepend=0.0).std(axis=1)
    full = np.hypot(
        np.std(PARAMETERS.blocks, axis=0)[0],
        PARAMETERS["local_pass_share"] * PARAMETERS["local_tax_base_sd_share"],
    )
    first = PARAMETERS["first_year_shock_share"]
    assert step[0] == pytest.approx(first * full, rel=0.05)
    assert step[3:] == pytest.approx(np.full(7, full), rel=0.05)
    assert (np.diff(step[:4]) > 0).all()


def test_a_given_budget_swings_too() -> None:
    """A budgeted year is a forecast: it swings, and later years continue from it."""
    case = tiny_case(statement=[{"line": "rs", "year": 2027, "amount": 63_000.0}])
    drawn = draw_economy(case, 200, 1)
    found, _law, _i, _g = evaluate_totals(drawn, plan_totals(drawn, ()))
    plain, _law, _i, _g = evaluate_totals(
        draw_economy(tiny_case(), 200, 1),
        plan_totals(draw_economy(tiny_case(), 200, 1), ()),
    )
    given = found.statement["rs"]
    assert given[1].std() > 0
    # The same relative swing as without the budget, about the budgeted level.
    assert given[1] == pytest.approx(plain.statement["rs"][1] * 63_000 / 60_000)
    assert given[3] == pytest.approx(plain.statement["rs"][3] * 63_000 / 60_000)


def test_interest_does_not_swing_below_zero() -> None:
    wild = PARAMETERS.with_values(interest_sd_share=0.2)
    rate = draw_economy(tiny_case(), 500, 1, wild).interest_rate
    assert rate[1:].min() == 0.0
    assert (rate[0] == 0.04).all()


def test_fixed_loans_keep_their_rate() -> None:
    """Two thirds fixed until 2028: until then only the rest meets the market."""
    loans = [
        {"loan_id": "a", "amount": 20_000.0, "rate": 0.02, "fixed_until": 2028},
        {"loan_id": "b", "amount": 10_000.0, "rate": 0.02, "fixed_until": None},
    ]
    case = tiny_case(loans=loans)
    shares = fixed_shares(case)
    assert shares == pytest.approx([2 / 3, 2 / 3, 0.0, 0.0])
    assert fixed_shares(tiny_case()) is None
    one = PARAMETERS.with_values(interest_fixing_years=1.0)
    free = draw_economy(tiny_case(), 200, 1, one).interest_rate - 0.04
    held = draw_economy(case, 200, 1, one).interest_rate - 0.04
    # The floor at zero is not met at these sizes.
    assert held[1:3] == pytest.approx(free[1:3] / 3)
    assert held[3:] == pytest.approx(free[3:])


def test_without_a_table_loans_fall_due_evenly() -> None:
    market = np.full((6, 1), 0.01)
    even = average_rate(market, 0.4)[:, 0]
    assert even == pytest.approx(0.01 * (1 - 0.6 ** np.arange(1, 7)))


def test_the_wrong_population_is_refused() -> None:
    with pytest.raises(ValueError, match="population"):
        draw_swings(4, 10, 1, PARAMETERS, population=np.zeros((4, 9)))
    with pytest.raises(ValueError, match="unknown groups"):
        draw_swings(4, 10, 1, PARAMETERS, ["rent"])


def test_a_population_forecast_replaces_the_built_in_swings() -> None:
    people = normals(5, "mine", 4, 30) * 0.01
    case = draw_economy(tiny_case(), 30, 1, population=people)
    assert case.population[1:] == pytest.approx(1000.0 * np.exp(people))


def test_stretching_keeps_the_sum_and_the_order() -> None:
    assert stretch((60.0, 40.0, 5.0), 2, 0) == (60.0, 40.0, 5.0)
    assert stretch((60.0, 40.0, 5.0), 2, 2) == (30.0, 30.0, 20.0, 20.0, 5.0)
    assert stretch((9.0, 1.0), 0, 3) == (0.0, 0.0, 0.0, 9.0, 1.0)
    assert stretch((), 3, 2) == ()
    assert sum(stretch((10.0, 70.0, 20.0), 3, 4)) == pytest.approx(100.0)
    # All paid in the first of two years: the longer time is paid in its first half.
    assert stretch((8.0,), 2, 2) == (4.0, 4.0, 0.0, 0.0)


def test_the_class_and_stage_of_a_project() -> None:
    case = hard_case()
    assert project_class(case, case.project("skola")) == ("default", "idea")
    own = tiny_case(
        project("skola", [1000.0], 50.0, gate="G1"),
        project_risk=[
            {"project_id": "skola", "reference_class": "building", "stage": "tendered"}
        ],
    )
    assert project_class(own, own.project("skola")) == ("building", "tendered")
    early = draw_projects(case, ["skola"], 2000, 1)
    late = draw_projects(own, ["skola"], 2000, 1)
    assert early.factor["skola"].std() > 2 * late.factor["skola"].std()
    assert early.delay["skola"].mean() > late.delay["skola"].mean()
    assert early.delay["skola"].max() <= MOST_DELAY_YEARS


def test_dear_projects_come_together_and_late() -> None:
    case = hard_case()
    drawn = draw_projects(case, ["skola", "gata"], 20_000, 1)
    one, other = np.log(drawn.factor["skola"]), np.log(drawn.factor["gata"])
    assert np.corrcoef(one, other)[0, 1] == pytest.approx(0.2, abs=0.04)
    assert np.corrcoef(one, drawn.delay["skola"])[0, 1] > 0.15


def test_swings_of_a_case_and_of_its_slices_are_the_same() -> None:
    case = hard_case()
    whole = draw_economy(case, 9, 4)
    part = slice_draws(whole, 3, 5)
    assert (part.population == whole.population[:, 3:5]).all()
    same = apply_swings(case, draw_swings(4, 9, 4, PARAMETERS))
    assert (same.cost_growth == whole.cost_growth).all()
