"""What must hold in any municipality: the books balance, and no figure comes from nowhere.

On random underlag of 20 projects and 10-20 years with budgets, reserves, deficits,
fee-financed works, savings, grants, provisions and scrapped values. The identities are
tried on 1,000 of them in every run, the rest on 150, and on 1,000 in the long run.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from oracle.instances import random_choices, random_underlag, scale_money

from rodtrad.capacity.evaluate import (
    Evaluation,
    evaluate_plan,
    evaluate_totals,
    plan_totals,
)
from rodtrad.capacity.headroom import room_for_investment
from rodtrad.capacity.result import economy_result, input_fingerprint
from rodtrad.domain.arrays import BALANCE_LINES, Case, Choice, build_case
from rodtrad.domain.components import build_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from oracle.instances import Tables as Data

    from rodtrad.domain.arrays import Array

BLOCKS = 5
SEEDS = range(150)
LONG_SEEDS = range(1000)
IDENTITY = 1e-6  # of taxes and general grants
SAME = 1e-9
ASSETS, FUNDING = BALANCE_LINES[:4], BALANCE_LINES[4:]
BEFORE_RESERVES = (
    "ar",
    "realisationsvinster",
    "undantag_vinst",
    "undantag_forlust",
    "orealiserat",
    "aterforing",
    "areb",
    "synnerliga_skal",
)


@dataclass(frozen=True)
class Town:
    """A random underlag, a random plan that keeps its structure, and what follows."""

    seed: int
    data: Data
    case: Case
    choices: list[Choice]
    plan: Evaluation

    @cached_property
    def figures(self) -> dict[str, Array]:
        """Every yearly figure of the plan by name, `[year, draw]`."""
        return figures(self.plan)


@lru_cache(maxsize=256)
def town(seed: int) -> Town:
    data = random_underlag(seed)
    case = build_case(build_tables(data))
    choices = [Choice(**choice) for choice in random_choices(data, seed)]
    return Town(seed, data, case, choices, evaluate_plan(case, choices))


def towns(seeds: range, block: int) -> Iterator[Town]:
    """Every fifth of the seeds, so that the processes share the work."""
    return (town(seed) for seed in seeds[block::BLOCKS])


def figures(plan: Evaluation) -> dict[str, Array]:
    """Every yearly figure of an evaluation by name, `[year, draw]`."""
    years, law = plan.years, plan.balanskrav
    named: dict[str, Array] = {}
    groups: dict[str, Mapping[str, Array]] = {
        "statement": years.statement,
        "balance": years.balance,
        "cash_flow": years.cash_flow,
        "balanskrav": law.rows,
        "indicators": plan.indicators,
        "room": plan.room,
    }
    for group, rows in groups.items():
        named |= {f"{group}.{key}": values for key, values in rows.items()}
    for key in ("outlay", "income", "depreciation", "resolved", "scrapped"):
        named[f"flows.{key}"] = getattr(years, key)
    for key in ("resultatreserv", "rur", "ceiling"):
        named[f"reserve.{key}"] = getattr(law, key)
    for outcome in plan.goals:
        for key in ("actual", "margin", "miss", "met", "held"):
            name = f"goals.{outcome.goal.goal_id}.{key}"
            named[name] = getattr(outcome, key)
    return named


def is_money(name: str) -> bool:
    return not name.startswith(("indicators.", "goals."))


def assert_same(
    one: Mapping[str, Array],
    other: Mapping[str, Array],
    case: Case,
    where: str,
    years: slice = slice(None),
) -> None:
    """Equal to 1e-9: of the base for money, of one or of its own size for the rest."""
    assert set(one) == set(other)
    for name, values in one.items():
        found, wanted = other[name][years], values[years]
        if np.array_equal(found, wanted, equal_nan=True):
            continue  # as most are; to compare by tolerance takes many times as long
        size = case.base_tkr if is_money(name) else 1.0
        np.testing.assert_allclose(
            found,
            wanted,
            rtol=SAME,
            atol=SAME * size,
            equal_nan=True,
            err_msg=f"{where}: {name}",
        )


def _opened(case: Case, rows: Mapping[str, Array], line: str) -> Array:
    opening = np.full((1, rows[line].shape[1]), case.opening[line])
    return np.vstack([opening, rows[line]])


def identity_gaps(case: Case, plan: Evaluation) -> dict[str, float]:
    """How far the identities are from holding, at most, in shares of the base."""
    years, balance = plan.years, plan.years.balance
    ar, flow = years.statement["ar"], years.cash_flow
    assets = sum(_opened(case, balance, line) for line in ASSETS)
    funding = sum(_opened(case, balance, line) for line in FUNDING)
    cash, loans = (_opened(case, balance, line) for line in ("cash", "loans"))
    equity = _opened(case, balance, "equity")
    own_funds = (
        ar
        + years.depreciation
        - years.resolved
        + years.scrapped
        + case.provisions_change[1:]
    )
    net_investment = years.outlay - years.income
    net = loans - cash + case.min_cash
    interest = -case.interest_rate[1:] * (net[:-1] + net[1:]) / 2
    line = years.statement
    gaps = {
        "the balance sheet balances": assets - funding,
        "cash moves by the flow": np.diff(cash, axis=0) - flow["arets"],
        "the flow starts from the cash": flow["likvida_in"] - cash[:-1],
        "the flow ends in the cash": flow["likvida_ut"] - cash[1:],
        "the flow is the sum of its parts": flow["arets"]
        - flow["lopande"]
        - flow["investering"]
        - flow["finansiering"],
        "debt moves by net investment less own funds": np.diff(loans - cash, axis=0)
        - (net_investment - own_funds),
        "debt explains interest": line["fi"] + line["fk"] - interest,
        "equity moves by the result": np.diff(equity, axis=0) - ar,
        "the result is the sum of its lines": ar
        - sum(line[k] for k in ("ri", "rk", "ra", "rs", "rg", "fi", "fk", "ex")),
        "no loans beside spare cash": np.minimum(loans[1:], cash[1:] - case.min_cash),
    }
    return {name: float(np.abs(v).max()) / case.base_tkr for name, v in gaps.items()}


def check_identities(seeds: range, block: int) -> None:
    most: dict[str, float] = {}
    for one in towns(seeds, block):
        for name, gap in identity_gaps(one.case, one.plan).items():
            assert gap < IDENTITY, f"seed {one.seed}: {name}: {gap:.2g} of the base"
            most[name] = max(most.get(name, 0.0), gap)
    assert len(most) == 10
    assert max(most.values()) < IDENTITY, most


def later(one: Town, rng: random.Random) -> tuple[Choice, list[Choice]] | None:
    """A project that can be moved one year within the plan, and the plan with it moved."""
    movable = [
        choice
        for choice in one.choices
        if choice.start_year
        + one.case.project(choice.project_id)
        .alternative(choice.alternative_id)
        .build_years
        < one.case.plan_end
    ]
    if not movable:
        return None
    moved = rng.choice(movable)
    after = moved._replace(start_year=moved.start_year + 1)
    return moved, [after if choice == moved else choice for choice in one.choices]


def looks_ahead(name: str, case: Case) -> bool:
    """Whether a figure of a year hangs on later years by its own definition.

    Room is the least slack "from t on" (A10), own funds apart. What is reserved, and so
    the rows and stocks after it, heeds later results where a `bkr_andel` goal counts
    an average (A7).
    """
    if name in ("room.debt_ceiling", "room.result_target"):
        return True
    averages = [g for g in case.goals if g.indicator == "bkr_andel" and g.window > 1]
    if not averages:
        return False
    group, key = name.split(".")[:2]
    if group == "balanskrav":
        return key not in BEFORE_RESERVES
    if group == "goals":
        return next(g for g in case.goals if g.goal_id == key).indicator == "bkr_andel"
    return group == "reserve" or name == "indicators.bkr_andel"


def check_moving(seeds: range, block: int) -> None:
    compared = changed = 0
    for one in towns(seeds, block):
        move = later(one, random.Random(one.seed))
        if move is None:
            continue
        moved, choices = move
        after = figures(evaluate_plan(one.case, choices))
        before = one.figures
        first = moved.start_year - one.case.plan_start
        kept = {k: v for k, v in before.items() if not looks_ahead(k, one.case)}
        assert len(kept) >= 60
        assert_same(
            kept,
            {k: after[k] for k in kept},
            one.case,
            f"seed {one.seed}, {moved}",
            slice(0, first),
        )
        compared += first
        gap = np.abs(before["flows.outlay"] - after["flows.outlay"]).max()
        changed += bool(gap > 1e-6 * one.case.base_tkr)
    assert compared > 0
    assert changed > 0


def check_scaling(seeds: range, block: int) -> None:
    for one in towns(seeds, block):
        factor = random.Random(one.seed).choice([0.01, 3.7, 1000.0])
        case = build_case(build_tables(scale_money(one.data, factor)))
        scaled = evaluate_plan(case, one.choices)
        expected = {}
        in_kronor = {g.goal_id for g in case.goals if g.indicator == "lan_inv"}
        for name, values in one.figures.items():
            group, *rest = name.split(".")
            times = is_money(name) or name == "indicators.lan_inv"
            times |= (
                group == "goals"
                and rest[0] in in_kronor
                and rest[1] in ("actual", "margin", "miss")
            )
            expected[name] = values * factor if times else values
        assert_same(expected, figures(scaled), case, f"seed {one.seed} x {factor}")
        for kind in ("objective", "value", "aim_penalty"):
            assert getattr(scaled, kind) == pytest.approx(getattr(one.plan, kind))
        assert scaled.violations == one.plan.violations
        for old, new in zip(
            one.plan.balanskrav.deficits, scaled.balanskrav.deficits, strict=True
        ):
            assert new["left"] == pytest.approx(
                old["left"] * factor, abs=SAME * case.base_tkr
            )


def assert_nearly(one: Any, other: Any, size: float, where: str) -> None:
    """Equal values of any shape; numbers to 1e-9 of their own size or of `size`."""
    if isinstance(one, dict):
        assert isinstance(other, dict)
        assert one.keys() == other.keys(), where
        for key in one:
            assert_nearly(one[key], other[key], size, f"{where}.{key}")
    elif isinstance(one, list):
        assert isinstance(other, list)
        assert len(one) == len(other), where
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            assert_nearly(a, b, size, f"{where}[{i}]")
    elif isinstance(one, float):
        assert math.isclose(one, other, rel_tol=SAME, abs_tol=SAME * size), where
    else:
        assert one == other, where


def check_row_order(seeds: range, block: int) -> None:
    for one in towns(seeds, block):
        rng = random.Random(one.seed)
        shuffled = {
            name: rng.sample(rows, len(rows)) for name, rows in one.data.items()
        }
        assert shuffled != one.data
        tables = build_tables(shuffled)
        assert input_fingerprint(tables) == input_fingerprint(one.case.tables)
        case = build_case(tables)
        plan = evaluate_plan(case, rng.sample(one.choices, len(one.choices)))
        assert_same(one.figures, figures(plan), case, f"seed {one.seed}")
        assert plan.violations == one.plan.violations
        assert_nearly(
            economy_result(one.case, one.choices),
            economy_result(case, one.choices),
            case.base_tkr,
            f"seed {one.seed}",
        )


def with_empty_project(data: Data, financing: str, build_years: int) -> Data:
    """The same underlag with a project that costs, gives and is worth nothing."""
    key = {"project_id": "noll", "alternative_id": "a1"}
    project = {**data["projects"][0], "project_id": "noll", "name": "Ingenting"}
    project |= {
        "financing": financing,
        "must_do": False,
        "deadline_year": None,
        "earliest_year": None,
        "latest_year": None,
        "waiting_cost": 0.0,
    }
    alternative = {**data["alternatives"][0], **key, "build_years": build_years}
    outlay = {**key, "offset": 0, "outlay": 0.0, "income": 0.0}
    scores = [
        {**row, **key, "low": 0.0, "score": 0.0, "high": 0.0}
        for row in data["scores"]
        if row["project_id"] == data["projects"][0]["project_id"]
        and row["alternative_id"] == data["alternatives"][0]["alternative_id"]
    ]
    return {
        **data,
        "projects": [*data["projects"], project],
        "alternatives": [*data["alternatives"], {**alternative, "scrapped": 0.0}],
        "outlays": [*data["outlays"], outlay],
        "effects": [*data["effects"], {**key, "offset": 0, "operating": 0.0}],
        "scores": [*data["scores"], *scores],
    }


def check_empty_project(seeds: range, block: int) -> None:
    for one in towns(seeds, block):
        rng = random.Random(one.seed)
        build_years = rng.randint(1, 3)
        financing = rng.choice(["skatt", "taxa"])
        data = with_empty_project(one.data, financing, build_years)
        case = build_case(build_tables(data))
        start = rng.randint(case.plan_start, case.plan_end - build_years)
        for extra in ([], [Choice("noll", "a1", start)]):
            plan = evaluate_plan(case, [*one.choices, *extra])
            assert_same(one.figures, figures(plan), case, f"seed {one.seed}")
            assert plan.objective == pytest.approx(one.plan.objective, rel=1e-12)
            assert plan.violations == one.plan.violations


DRIVERS = (
    "population",
    "tax_base_growth",
    "cost_growth",
    "construction_growth",
    "interest_rate",
    "other_change",
    "lasting_change",
    "provisions_change",
)


def evaluate_draws(case: Case, choices: list[Choice]) -> dict[str, Array]:
    """Statements, law, indicators, goals and room of every draw."""
    totals = plan_totals(case, sorted(choices))
    years, law, indicators, goals = evaluate_totals(case, totals)
    room = room_for_investment(case, years, law.rows["areb"])
    plan = Evaluation(
        tuple(choices), totals, years, law, indicators, goals, room, 0.0, 0.0, ()
    )
    return figures(plan)


def check_draws(seeds: range, block: int, draws: int = 5) -> None:
    for one in towns(seeds, block):
        rng = np.random.default_rng(one.seed)
        case = one.case
        wide = {}
        for name in DRIVERS:
            values = getattr(case, name)
            size = 0.01 * np.abs(values) + (0.01 if "change" not in name else 0.0)
            wide[name] = values + size * rng.standard_normal((len(values), draws))
            if name != "construction_growth":  # a driver may also be without draws
                wide[name][:, 0] = values[:, 0]
        wide["interest_rate"] = np.maximum(wide["interest_rate"], 0.0)
        together = evaluate_draws(replace(case, **wide), one.choices)
        for j in range(draws):
            single = replace(case, **{k: v[:, [j]] for k, v in wide.items()})
            alone = evaluate_draws(single, one.choices)
            column = {
                k: np.broadcast_to(v, (len(v), draws))[:, [j]]
                for k, v in together.items()
            }
            assert_same(alone, column, case, f"seed {one.seed}, draw {j}")
        assert np.ptp(together["statement.ar"], axis=1).max() > 0


CHECKS: dict[str, Callable[[range, int], None]] = {
    "moving_a_project_changes_nothing_before_it": check_moving,
    "money_times_k_gives_money_times_k": check_scaling,
    "row_order_never_matters": check_row_order,
    "a_project_of_nothing_changes_nothing": check_empty_project,
    "one_draw_equals_its_column": check_draws,
}


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("block", range(BLOCKS))
def test_on_150_random_underlag(check: str, block: int) -> None:
    CHECKS[check](SEEDS, block)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(BLOCKS))
def test_identities_on_1000_random_underlag(block: int) -> None:
    check_identities(LONG_SEEDS, block)


@pytest.mark.long
@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("block", range(BLOCKS))
def test_on_1000_random_underlag(check: str, block: int) -> None:
    CHECKS[check](LONG_SEEDS, block)


def test_a_krona_astray_breaks_an_identity() -> None:
    """The identities themselves: a hundred-thousandth of the base is too much."""
    one = town(0)
    for line in ("cash", "loans", "equity", "fixed_assets"):
        shifted = one.plan.years.balance[line].copy()
        shifted[-1] += 1e-5 * one.case.base_tkr
        balance = {**one.plan.years.balance, line: shifted}
        years = replace(one.plan.years, balance=balance)
        gaps = identity_gaps(one.case, replace(one.plan, years=years))
        assert max(gaps.values()) > IDENTITY, line
