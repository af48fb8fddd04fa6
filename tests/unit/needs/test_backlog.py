"""Backlog and the cost of waiting: limits where the answer is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from golden.test_method_pages import PAGES, figure, table
from unit.needs.register_cases import (
    BASE_YEAR,
    component,
    event,
    register_of,
    tables_of,
)

from rodtrad.domain.register import build_register, waiting_defaults
from rodtrad.needs.backlog import (
    Backlog,
    _turning_age,
    measure_backlog,
    overrun_share,
    waited_share,
)
from rodtrad.needs.lifetimes import Lifetime, lifetime_with_mean
from rodtrad.needs.renewal import estimate_lives
from rodtrad.needs.waiting import best_cycle, waiting_costs, yearly_loss

RATE = 0.03


def cycle_cost_by_hand(
    life: Lifetime, renew_at: int, life_years: float, loss: float
) -> float:
    """Present value of owning for ever, by following one thing after another."""
    d, worth = 1 / (1 + RATE), 1.0
    ages = np.arange(renew_at, dtype=np.float64)
    fails = life.yearly_risk(ages)
    risk, upkeep = yearly_loss(fails, ages / life_years, loss)
    ends = np.append(fails[:-1], 1.0)
    # The chance that the thing at hand is a years old, discounted.
    here = np.zeros(renew_at)
    here[0] = 1.0
    for _year in range(2_000):
        worth += float(here @ (upkeep + d * risk + d * ends))
        here = d * np.append(here @ ends, (here * (1 - ends))[:-1])
    return worth


def test_the_best_cycle_is_the_cheapest_of_all() -> None:
    life = lifetime_with_mean("weibull", 12.0, 4.0)
    cycle = best_cycle("weibull", life.scale, 4.0, 12.0, 0.4, RATE)
    by_hand = {age: cycle_cost_by_hand(life, age, 12.0, 0.4) for age in range(6, 22, 3)}
    by_hand[cycle.age] = cycle_cost_by_hand(life, cycle.age, 12.0, 0.4)
    assert cycle.cost == pytest.approx(by_hand[cycle.age], rel=1e-6)
    assert cycle.cost == pytest.approx(min(by_hand.values()), rel=1e-6)
    assert cycle.yearly == pytest.approx((1 - 1 / (1 + RATE)) * cycle.cost)


def test_a_loss_brings_renewal_forward_and_a_high_rate_puts_it_off() -> None:
    life = lifetime_with_mean("weibull", 40.0, 4.0)

    def age(loss: float, rate: float) -> int:
        return best_cycle("weibull", life.scale, 4.0, 40.0, loss, rate).age

    ages = [age(loss, RATE) for loss in (0.02, 0.15, 0.4, 2.0)]
    assert ages == sorted(ages, reverse=True)
    assert ages[0] > ages[-1]
    assert age(0.15, 0.06) >= age(0.15, 0.02)
    with pytest.raises(ValueError, match="rate"):
        age(0.15, 0.0)


def test_waiting_pays_while_young_and_costs_when_old() -> None:
    parts = [component("Yttertak", 2020, 1000.0), component("Papptak", 1950, 1000.0)]
    parts[1]["technical_life_years"] = parts[0]["technical_life_years"] = 40
    register = register_of(parts, consequence=2)
    costs = waiting_costs(register, estimate_lives(register), 30, discount_rate=RATE)
    young, old = costs.net_tkr
    assert (young[:10] < 0).all()
    assert (old > 0).all()
    assert costs.best_year()[1] == BASE_YEAR + 1
    # The first year in which the cost exceeds what waiting saves.
    turn = costs.best_year()[0]
    place = turn - BASE_YEAR - 1
    assert (young[:place] <= 0).all()
    assert place == 30 or young[place] > 0
    by_asset = costs.by_asset(register)
    assert by_asset.shape == (1, 30)
    assert by_asset[0] == pytest.approx(young + old)


def test_waiting_is_dearer_the_worse_the_consequence() -> None:
    yearly = []
    for consequence in range(4):
        register = register_of([component("Yttertak", 1985)], consequence=consequence)
        costs = waiting_costs(register, estimate_lives(register), 1, discount_rate=RATE)
        yearly.append(float(costs.risk_tkr[0, 0]))
    assert yearly == sorted(yearly)
    shares = waiting_defaults()["failure_loss_share"]["value"]
    assert yearly[3] / yearly[0] == pytest.approx(shares[3] / shares[0])


def test_the_three_measures_see_different_things() -> None:
    parts = [
        component("Yttertak", 2024, 1000.0, condition="TG3", technical_life_years=40),
        component("Papptak", 1965, 1000.0, condition="TG1", technical_life_years=40),
        component("Tegeltak", 1965, 1000.0, technical_life_years=40),
    ]
    register = register_of(
        parts, condition_scale="tg", inspected=BASE_YEAR, consequence=2
    )
    backlog = measure_backlog(register, estimate_lives(register), discount_rate=RATE)
    # Found bad: the new roof only. Overrun: both old ones, the good one too.
    assert backlog.cost_to_standard_tkr.tolist() == [1000.0, 0.0, 0.0]
    assert backlog.age_tkr.tolist() == [0.0, 500.0, 500.0]
    # Waited too long: only the old one of which nothing good is known.
    assert backlog.economic_tkr[:2].tolist() == [0.0, 0.0]
    assert backlog.economic_tkr[2] > 0
    assert backlog.inspected_share == pytest.approx(2 / 3)
    assert backlog.condition_index == pytest.approx(1 / 3)


def test_there_is_no_sum_of_the_measures() -> None:
    names = {f.name for f in dataclasses.fields(Backlog)}
    names |= {n for n in vars(Backlog) if not n.startswith("_")}
    assert not any("total" in name or "sum" in name for name in names)
    register = register_of([component("Yttertak", 1965)])
    text = measure_backlog(
        register, estimate_lives(register), discount_rate=RATE
    ).text()
    assert "läggs inte ihop" in text
    assert "0 procent av återanskaffningsvärdet" in text.replace("\u00a0", " ")


def test_the_accepted_class_decides_the_cost_to_standard() -> None:
    part = [component("Yttertak", 1990, 1000.0, condition="TG2")]
    register = register_of(part, condition_scale="tg", inspected=2020)
    beliefs = estimate_lives(register)
    costs = [
        float(
            measure_backlog(
                register, beliefs, discount_rate=RATE, accepted={"tg": limit}
            ).cost_to_standard_tkr[0]
        )
        for limit in (0, 1, 2, 3)
    ]
    assert costs[0] >= costs[1] > costs[2] == costs[3] == 0


def test_what_waiting_has_cost_grows_with_the_years_waited() -> None:
    life = lifetime_with_mean("weibull", 40.0, 4.0)
    cycle = best_cycle("weibull", life.scale, 4.0, 40.0, 0.4, RATE)

    def waited(age: float) -> float:
        return waited_share(
            age, cycle.age, cycle.yearly, "weibull", life.scale, 4.0, 40.0, 0.4, RATE
        )

    assert waited(cycle.age - 5.0) == 0
    assert waited(float(cycle.age)) == 0
    grows = [waited(cycle.age + years) for years in (2.0, 5.0, 10.0, 20.0)]
    assert all(b > a for a, b in zip([0.0, *grows], grows, strict=False))


def test_waiting_never_costs_more_than_another_renewal() -> None:
    years = [1990, 1965, 1850, 1700]
    parts = [component(f"Yttertak {y}", y, 1000.0) for y in years]
    register = register_of([*parts, component("Fasad", 1700, 0.0)], consequence=2)
    backlog = measure_backlog(register, estimate_lives(register), discount_rate=RATE)
    cost = backlog.economic_tkr
    assert cost[0] == 0 < cost[1] < 1000
    assert cost[2:].tolist() == [1000.0, 1000.0, 0.0]
    # Said, for those that cost anything.
    assert backlog.at_most.tolist() == [False, False, True, True, False]
    assert "Taket nås för 2 delar." in backlog.text()
    younger = register_of(parts[:2], consequence=2)
    below = measure_backlog(younger, estimate_lives(younger), discount_rate=RATE)
    assert "Taket" not in below.text()


def test_what_the_assets_condition_stands_for_is_told() -> None:
    parts = [
        component("Yttertak", 1990, 1000.0, condition="TG3"),
        component("Fasad", 1990, 3000.0),
    ]
    register = register_of(parts, condition_scale="tg", condition="TG2", inspected=2022)
    backlog = measure_backlog(register, estimate_lives(register), discount_rate=RATE)
    assert backlog.cost_to_standard_tkr.tolist() == [1000.0, 900.0]
    assert (backlog.inspected_share, backlog.of_asset_share) == (1.0, 0.75)
    assert "För 75 procent av värdet" in backlog.text().replace("\u00a0", " ")


def test_without_costs_the_backlog_is_not_told_to_be_nothing() -> None:
    register = register_of([component("Yttertak", 1950, 0.0)])
    backlog = measure_backlog(register, estimate_lives(register), discount_rate=RATE)
    assert "går inte att räkna ut" in backlog.text()


def test_the_best_age_is_the_first_at_which_a_year_more_is_dearer() -> None:
    """So a thing that fails more than its class is best renewed earlier."""
    for life in (15.0, 33.0, 60.0):
        for loss in (0.02, 0.15, 0.4):
            mean = lifetime_with_mean("weibull", life, 4.0)
            cycle = best_cycle("weibull", mean.scale, 4.0, life, loss, RATE)
            turn = _turning_age("weibull", mean.scale, 4.0, life, loss, RATE, cycle)
            assert turn == cycle.age
            short = 0.8 * life
            scale = 0.8 * mean.scale
            sooner = _turning_age("weibull", scale, 4.0, short, loss, RATE, cycle)
            assert sooner < turn
    parts = [component(f"Yttertak {i}", 1965) for i in range(30)]
    fails = [event(2010 + i, "fel", f"Yttertak {i % 3}") for i in range(12)]
    register = register_of(parts, fails, consequence=2)
    beliefs = estimate_lives(register)
    alike = dataclasses.replace(beliefs, failure_factors=None)
    own, as_class = (
        measure_backlog(register, known, discount_rate=RATE).economic_tkr
        for known in (beliefs, alike)
    )
    assert own[0] > as_class[0] == as_class[3] > own[3]


def test_an_empty_register_has_no_backlog() -> None:
    register = build_register(tables_of([]))
    backlog = measure_backlog(register, estimate_lives(register), discount_rate=RATE)
    assert backlog.condition_index == 0
    assert backlog.inspected_share == 0


def test_the_worked_tables_of_the_page() -> None:
    _, *rows = table("renewal.md", "overrun")
    assert len(rows) == 3
    for _name, cost, age, life, share, backlog in rows:
        found = float(
            overrun_share(np.array([figure(age)]), np.array([figure(life)]))[0]
        )
        assert figure(share) == pytest.approx(100 * found, abs=0.05)
        assert figure(backlog) == pytest.approx(figure(cost) * found, abs=0.5)
    _, *rows = table("renewal.md", "waiting")
    roof = lifetime_with_mean("weibull", 40.0, 4.0)
    cycle = best_cycle("weibull", roof.scale, 4.0, 40.0, 0.15, RATE)
    assert len(rows) == 4
    for at, risk, upkeep, saving, net in rows:
        q = roof.yearly_risk(np.array([figure(at)]))
        loss, extra = yearly_loss(q, np.array([figure(at) / 40.0]), 0.15)
        lost = 1000 * float(loss[0]) / (1 + RATE)
        assert figure(risk) == pytest.approx(lost, abs=0.05)
        assert figure(upkeep) == pytest.approx(1000 * float(extra[0]), abs=0.05)
        assert figure(saving) == pytest.approx(1000 * cycle.yearly, abs=0.05)
        whole = lost + 1000 * float(extra[0]) - 1000 * cycle.yearly
        assert figure(net) == pytest.approx(whole, abs=0.1)
    _, *rows = table("renewal.md", "waited")
    assert len(rows) == 5
    for at, so_far in rows:
        part = waited_share(
            figure(at),
            cycle.age,
            cycle.yearly,
            "weibull",
            roof.scale,
            4.0,
            40,
            0.15,
            RATE,
        )
        assert figure(so_far) == pytest.approx(1000 * part, abs=0.5)
    assert figure(rows[-1][1]) == 1000 > figure(rows[-2][1])
    text = (PAGES / "renewal.md").read_text(encoding="utf-8")
    assert f"best age {cycle.age}" in text
