"""Renewal need: the register as it is read, the expected need, and its draws."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from golden.test_method_pages import figure, table
from unit.needs.register_cases import (
    BASE_YEAR,
    asset,
    component,
    event,
    register_of,
    tables_of,
)

from rodtrad.domain.checks import check_tables
from rodtrad.domain.lives import LEAST_REPLACEMENTS, expected_lives
from rodtrad.domain.register import (
    Register,
    build_register,
    waiting_defaults,
)
from rodtrad.errors import InputError
from rodtrad.needs.backlog import measure_backlog, overrun_share
from rodtrad.needs.condition import chain_from_years
from rodtrad.needs.lifetimes import lifetime_with_mean
from rodtrad.needs.renewal import (
    LEAST_PAIRS,
    LifeBeliefs,
    estimate_lives,
    first_life_hazard,
    forecast_renewal,
    record_start,
    register_spells,
)
from rodtrad.needs.result import needs_result
from rodtrad.needs.survival import ClassBelief, fit_survival
from rodtrad.needs.waiting import waiting_costs

if TYPE_CHECKING:
    from collections.abc import Callable

    from rodtrad.domain.arrays import Array

ROOFS = [component(f"Yttertak {i}", 1970 + i % 50) for i in range(60)]


def sure(shape: float = 4.0) -> LifeBeliefs:
    """Beliefs without doubt about the class: only lives differ."""
    belief = ClassBelief(0.0, 0.0, 0, from_prior=True)
    return LifeBeliefs("weibull", np.array([shape]), (belief,), {}, ())


# ---------------------------------------------------------------- the forecast


def test_one_component_follows_its_yearly_risk() -> None:
    register = register_of([component("Yttertak", 1995, 1000.0)])
    need = forecast_renewal(register, sure(), 3)
    life = lifetime_with_mean("weibull", 40.0, 4.0)
    standing = life.survival(np.arange(30, 34.0)) / life.survival(30.0)
    # Within three years no roof is renewed twice, near enough.
    assert need.expected_tkr[0] == pytest.approx(-1000 * np.diff(standing), rel=1e-3)
    assert need.due_share[0] == pytest.approx(1 - standing[1:], rel=1e-5)
    assert need.years.tolist() == [BASE_YEAR + 1, BASE_YEAR + 2, BASE_YEAR + 3]
    assert need.groups == ("Yttertak",)


def test_one_draw_is_the_expected_need() -> None:
    register = register_of(ROOFS)
    beliefs = estimate_lives(register)
    need = forecast_renewal(register, beliefs, 30, draws=1, seed=5)
    assert need.need_tkr.shape == (1, 30, 1)
    assert need.need_tkr[:, :, 0].tolist() == need.expected_tkr.tolist()


def test_draws_converge_on_the_expected_need() -> None:
    """Over 60 years, so that the clock has started again for most roofs."""
    register = register_of(ROOFS)
    beliefs = estimate_lives(register)
    expected = forecast_renewal(register, beliefs, 60).expected_tkr.sum()
    errors = []
    for draws in (50, 5_000):
        need = forecast_renewal(register, beliefs, 60, draws=draws).total_tkr
        total = need.sum(axis=0)
        sd = total.std() / np.sqrt(draws)
        assert abs(total.mean() - expected) < 4 * sd
        errors.append(sd)
    assert errors[1] < errors[0] / 5
    # Every roof is renewed about one and a half times in sixty years, not once.
    assert 1.2 < expected / register.replacement_cost_tkr.sum() < 2.0


def test_expected_need_is_right_year_by_year() -> None:
    register = register_of(ROOFS)
    beliefs = estimate_lives(register)
    need = forecast_renewal(register, beliefs, 50, draws=8_000)
    drawn = need.total_tkr
    sd = drawn.std(axis=1) / np.sqrt(8_000)
    apart = (drawn.mean(axis=1) - need.expected_tkr.sum(axis=0)) / sd
    assert np.abs(apart).max() < 4
    assert np.abs(apart.mean()) < 1.5


def test_need_settles_at_cost_over_life() -> None:
    """In the long run one fortieth of roofs that last forty years is renewed yearly."""
    register = register_of([component("Yttertak", 2000, 400.0)])
    need = forecast_renewal(register, sure(), 400)
    assert need.expected_tkr[0, -40:] == pytest.approx(10.0, rel=0.01)


def test_a_known_condition_counts_for_more_than_the_year() -> None:
    parts = [component("Yttertak", 1990, condition=c) for c in ("TG0", "TG3")]
    parts[1]["component"] = "Papptak"
    parts[1]["technical_life_years"] = parts[0]["technical_life_years"] = 40
    register = register_of(parts, condition_scale="tg", inspected=BASE_YEAR)
    need = forecast_renewal(register, estimate_lives(register), 40)
    good, bad = need.due_share[:, 4]
    assert good < 0.02
    assert bad > 0.5
    unseen = register_of(
        [{**p, "condition": None} for p in parts], condition_scale="tg"
    )
    blind = forecast_renewal(unseen, estimate_lives(unseen), 40).due_share[:, 4]
    assert good < blind[0] < bad


def test_draws_from_condition_converge_too() -> None:
    parts = [
        component(f"Yttertak {i}", 1990, condition=f"TG{i % 4}") for i in range(40)
    ]
    register = register_of(parts, condition_scale="tg", inspected=2020)
    beliefs = estimate_lives(register)
    need = forecast_renewal(register, beliefs, 40, draws=6_000)
    total = need.total_tkr.sum(axis=0)
    sd = total.std() / np.sqrt(6_000)
    assert abs(total.mean() - need.expected_tkr.sum()) < 4 * sd


def test_what_was_seen_ages_ago_is_due_not_lost() -> None:
    """A worst class of 1950 that still stands is due at once, in draws as expected."""
    part = [component("Papptak", 1940, condition="TG3")]
    register = register_of(part, condition_scale="tg", inspected=1950, built_year=1940)
    need = forecast_renewal(register, estimate_lives(register), 10, draws=500)
    assert need.due_share[0, 3] > 0.8
    assert np.isfinite(need.need_tkr).all()
    drawn = (need.total_tkr[:4].sum(axis=0) > 0).mean()
    assert drawn == pytest.approx(float(need.due_share[0, 3]), abs=0.08)


def test_a_shared_doubt_does_not_average_out() -> None:
    """A thousand roofs: without doubt about the class the need would be near certain."""
    many = [component(f"Yttertak {i}", 1985 + i % 20, 10.0) for i in range(1000)]
    register = register_of(many)
    doubt = forecast_renewal(register, estimate_lives(register), 10, draws=1_000)
    none = forecast_renewal(register, sure(), 10, draws=1_000)
    spread = [float(x.total_tkr.sum(axis=0).std()) for x in (doubt, none)]
    assert spread[0] > 4 * spread[1]


def test_the_same_numbers_whatever_else_is_drawn() -> None:
    rows = ROOFS[:20]
    whole = register_of(rows)
    need = forecast_renewal(whole, sure(), 20, draws=64, seed=3)
    again = forecast_renewal(whole, sure(), 20, draws=64, seed=3)
    assert need.need_tkr.tolist() == again.need_tkr.tolist()
    # Fewer draws are the first of the many.
    few = forecast_renewal(whole, sure(), 20, draws=16, seed=3)
    assert few.need_tkr == pytest.approx(need.need_tkr[:, :, :16])
    # Rows in another order, or one by one, are the same need.
    turned = forecast_renewal(register_of(rows[::-1]), sure(), 20, draws=64, seed=3)
    assert turned.need_tkr == pytest.approx(need.need_tkr)
    one_by_one = sum(
        forecast_renewal(register_of([row]), sure(), 20, draws=64, seed=3).need_tkr
        for row in rows
    )
    assert one_by_one == pytest.approx(need.need_tkr)
    other = forecast_renewal(whole, sure(), 20, draws=64, seed=4)
    assert other.need_tkr.tolist() != need.need_tkr.tolist()


def test_need_follows_money_and_division() -> None:
    tables = tables_of(
        [
            asset("a", committee="Barn", street="Storgatan"),
            asset("b", committee="Teknik"),
            asset("c"),
        ],
        [component("Yttertak", 1990, asset_id=x) for x in "abc"],
    )
    register = build_register(tables)
    beliefs = estimate_lives(register)
    need = forecast_renewal(register, beliefs, 10, draws=20, by="committee")
    assert need.groups == ("", "Barn", "Teknik")
    by_class = forecast_renewal(register, beliefs, 10, draws=20)
    assert need.total_tkr == pytest.approx(by_class.total_tkr)
    dearer = replace(register, replacement_cost_tkr=3 * register.replacement_cost_tkr)
    assert forecast_renewal(dearer, beliefs, 10, draws=20).need_tkr == pytest.approx(
        3 * by_class.need_tkr
    )
    with pytest.raises(ValueError, match="divided"):
        forecast_renewal(register, beliefs, 10, by="colour")
    with pytest.raises(ValueError, match="year"):
        forecast_renewal(register, beliefs, 0)


# ---------------------------------------------------------------- own history


def replaced(n: int, life: int, **columns: Any) -> list[dict[str, Any]]:
    """Roofs that were replaced at the same age, and the rows that say so."""
    return [
        event(
            2000 + i % 20,
            "utbyte",
            f"Yttertak {i}",
            installed_year=2000 + i % 20 - life,
        )
        | columns
        for i in range(n)
    ]


def test_own_replacements_move_the_life_and_few_do_not() -> None:
    parts = [component(f"Yttertak {i}", 2000 + i % 20) for i in range(30)]
    few = estimate_lives(register_of(parts, replaced(LEAST_REPLACEMENTS - 1, 30)))
    assert few.classes[0].from_prior
    assert few.classes[0].log_factor == 0
    told = [i for i in few.issues if i.code == "prior_used"]
    assert len(told) == 1
    assert "4 utbyten" in told[0].message
    assert "40 år" in told[0].message
    assert told[0].severity == "note"
    many = estimate_lives(register_of(parts, replaced(30, 30)))
    assert not many.classes[0].from_prior
    assert not many.issues
    assert 0.65 < many.classes[0].factor < 0.9
    assert many.classes[0].sd < few.classes[0].sd


def test_replacements_for_other_reasons_do_not_shorten_lives() -> None:
    parts = [component(f"Yttertak {i}", 2000 + i % 20) for i in range(30)]
    other = [row | {"kind": "utbyte_annat"} for row in replaced(30, 12)]
    beliefs = estimate_lives(register_of(parts, other))
    assert beliefs.classes[0].from_prior
    worn = estimate_lives(register_of(parts, [*replaced(10, 38), *other[10:]]))
    assert worn.classes[0].factor > 0.85


def test_lives_count_from_when_the_register_began() -> None:
    register = register_of(
        [component("Yttertak", 2010)],
        [event(2010, "utbyte"), event(1995, "utbyte", installed_year=1960)],
    )
    spells, place = register_spells(register, 1995)
    assert place.tolist() == [0, 0, 0]
    # 1960-1995, under watch from just before 1995; 1995-2010; 2010 until now.
    assert spells.left.tolist() == [34.5, 14.5, 15.0]
    assert spells.entry.tolist() == [34.5, 0.0, 0.0]
    assert spells.right.tolist() == [35.5, 15.5, np.inf]


def test_the_years_before_the_first_replacement_are_watched_too() -> None:
    """What stood then counts from the age it had, also what was never replaced."""
    parts = [component("Yttertak", 2010), component("Papptak", 1950)]
    first = event(2010, "utbyte", installed_year=1960)
    # An inspection of 1990 tells that the record had begun by then.
    look = event(1990, "besiktning", "Papptak")
    register = register_of(parts, [first, look])
    assert record_start(register) == 1990
    spells, place = register_spells(register)
    assert spells.entry[place == 0].tolist() == [29.5, 0.0]
    assert spells.left[place == 0].tolist() == [49.5, 15.0]
    assert spells.entry[place == 1].tolist() == [39.5]
    assert spells.left[place == 1].tolist() == [75.0]
    assert not spells.ended[place == 1].any()
    # Without it: one replacement, half-way through 2010, as far from the beginning
    # as from the end of 2025.
    alone = register_of(parts, [first])
    assert record_start(alone) == 1995
    spells, place = register_spells(alone)
    assert spells.entry[place == 0].tolist() == [34.5, 0.0]
    assert spells.entry[place == 1].tolist() == [44.5]
    # Many in the same time: the record began soon before the first of them.
    more = [event(y, "utbyte") for y in range(2011, 2025)]
    many = register_of(parts, [first, *more])
    assert record_start(many) == pytest.approx(2010.5 - 15.5 / 15)
    # Nothing on record: nothing was watched.
    nothing = register_of(parts)
    assert record_start(nothing) == BASE_YEAR + 1
    assert not len(register_spells(nothing)[0])


SCALE, SHAPE, BEGAN = 44.0, 4.0, 1985


def lived(n: int, rng: np.random.Generator, looked: bool) -> Register:
    """A register of roofs that wore out as a known Weibull, on record from BEGAN."""
    parts, rows = [], []
    for i in range(n):
        name, at = f"Yttertak {i}", rng.uniform(1930, 2005)
        while (end := at + SCALE * rng.weibull(SHAPE)) < BASE_YEAR + 0.5:
            if end >= BEGAN:
                rows.append(event(int(end), "utbyte", name, installed_year=int(at)))
            at = end
        parts.append(component(name, int(at)))
    if looked:
        rows.append(event(BEGAN, "besiktning", "Yttertak 0"))
    return register_of(parts, rows)


def errors_of(
    registers: list[Register], watched_from: Callable[[Register], int | None]
) -> Array:
    """How far the fitted log scale and log shape are off, and their errors."""
    found = []
    for register in registers:
        fit = fit_survival(register_spells(register, watched_from(register))[0])
        off = fit.parameters - np.log([SCALE, SHAPE])
        found.append([*off, *np.sqrt(np.diag(fit.covariance))])
    return np.array(found)


def first_replacement(register: Register) -> int:
    return min(e.year for e in register.events if e.kind == "utbyte")


def test_a_known_life_is_recovered_within_its_standard_error() -> None:
    rng = np.random.Generator(np.random.Philox(5))
    registers = [lived(300, rng, looked) for looked in (False, True) * 4]
    found = errors_of(registers, lambda _register: None)
    off, error = found[:, :2], found[:, 2:]
    assert error[:, 0].max() < 0.025
    assert np.abs(off / error).max() < 3
    pooled = np.sqrt((error**2).mean(axis=0) / len(off))
    assert (np.abs(off.mean(axis=0)) < 2 * pooled).all()


@pytest.mark.slow
def test_small_registers_are_not_told_short_lives_by_their_first_replacement() -> None:
    """To begin the watch with the first replacement makes lives look short."""

    def many(looked: bool) -> list[Register]:
        rng = np.random.Generator(np.random.Philox(6))
        found: list[Register] = []
        while len(found) < 150:
            one = lived(12, rng, looked)
            if sum(e.kind == "utbyte" for e in one.events) >= LEAST_REPLACEMENTS:
                found.append(one)
        return found

    def bias(
        registers: list[Register], watched_from: Callable[[Register], int | None]
    ) -> tuple[float, float]:
        off = errors_of(registers, watched_from)[:, 0]
        return float(off.mean()), float(off.std() / np.sqrt(len(off)))

    alone, looked = many(False), many(True)
    short, error = bias(alone, first_replacement)
    assert short < -3 * error
    gap, error = bias(alone, lambda _register: None)
    assert abs(gap) < 2 * error
    known, error = bias(looked, lambda _register: None)
    assert abs(known) < 2 * error
    assert known == bias(looked, lambda _register: BEGAN)[0]
    _, *rows = table("survival.md", "watch")
    shown = [figure(row[1]) for row in rows]
    assert shown == pytest.approx([100 * x for x in (short, gap, known)], abs=0.1)


# ---------------------------------------------------------------- one life


def test_own_failures_make_the_need_come_sooner_as_they_make_waiting_dear() -> None:
    parts = [component(f"Yttertak {i}", 1990) for i in range(30)]
    fails = [event(2010 + i, "fel", f"Yttertak {i % 3}") for i in range(12)]
    register = register_of(parts, fails)
    beliefs = estimate_lives(register)
    lives = beliefs.lives_years(register)
    assert lives[0] < 40 < lives[3]
    assert beliefs.new_lives_years(register) == pytest.approx(40)
    # Weibull: f times the risk is a life of f^(-1/shape).
    assert beliefs.failure_factors is not None
    factor = float(beliefs.failure_factors[0])
    assert lives[0] == pytest.approx(40 * factor ** (-1 / 4))
    hazard = first_life_hazard(register, beliefs, 10)
    calm = first_life_hazard(register, replace(beliefs, failure_factors=None), 10)
    assert hazard[0] == pytest.approx(factor * calm[0])
    # The same risk in the need, expected and drawn, as in the cost of waiting.
    known = replace(beliefs, classes=(replace(beliefs.classes[0], sd=0.0),), issues=())
    need = forecast_renewal(register, known, 10, draws=4000)
    assert need.due_share == pytest.approx(-np.expm1(-hazard[:, 1:]), abs=1e-5)
    one = register_of(parts[:1])
    hasty = replace(known, failure_factors=np.array([factor]))
    drawn = forecast_renewal(one, hasty, 10, draws=20_000)
    cost = float(one.replacement_cost_tkr[0])
    error = drawn.total_tkr.sum(axis=0).std() / np.sqrt(20_000)
    mean = drawn.total_tkr.sum(axis=0).mean()
    assert mean == pytest.approx(drawn.expected_tkr.sum(), abs=4 * error)
    assert mean == pytest.approx(-cost * np.expm1(-hazard[0, -1]), rel=0.05)


def test_waiting_and_backlog_use_the_life_that_the_need_uses() -> None:
    parts = [component(f"Yttertak {i}", 2000 + i % 20) for i in range(30)]
    register = register_of(parts, replaced(30, 30))
    beliefs = estimate_lives(register)
    factor = beliefs.classes[0].factor
    assert 0.65 < factor < 0.9
    lives = beliefs.lives_years(register)
    assert lives == pytest.approx(40 * factor)
    costs = waiting_costs(register, beliefs, 30, discount_rate=0.03)
    age = register.age_years[:, None] + np.arange(30)
    share = waiting_defaults()["extra_upkeep_share"]["value"]
    upkeep = share * np.maximum(2 * age / lives[:, None] - 1, 0) * 4_000.0
    assert costs.upkeep_tkr == pytest.approx(upkeep)
    older = replace(register, base_year=register.base_year + 15)
    backlog = measure_backlog(older, beliefs, discount_rate=0.03)
    assert backlog.age_tkr == pytest.approx(
        4_000.0 * overrun_share(older.age_years, lives)
    )
    assert backlog.age_tkr.max() > 0


def test_short_lives_are_not_counted_once_more_in_the_inspections() -> None:
    """The pace of the inspections is their own, whatever the replacements say."""
    hall = asset("hall", condition_scale="tg", inspected=BASE_YEAR)
    parts = [component(f"Yttertak {i}", 2000 + i % 20) for i in range(30)]
    looks = []
    for i in range(400):
        name, own = f"Yttertak {i}", {"asset_id": "hall"}
        parts.append(component(name, 2010, condition="TG3", asset_id="hall"))
        looks += [
            event(y, "besiktning", name, condition=f"TG{state}", **own)
            for state, y in enumerate((2016, 2019, 2022))
        ]
    pace, factors = [], []
    for history in ([], replaced(30, 25)):
        tables = tables_of([asset(), hall], parts, [*looks, *history])
        register = build_register(tables)
        beliefs = estimate_lives(register)
        factors.append(beliefs.classes[0].factor)
        life = 40 * factors[-1]
        pace.append(-np.diag(beliefs.chains["tg"].generator)[1:3] / life)
    assert factors[0] == 1 > 0.8 > factors[1]
    # What the expected chain is worth counts too, in lives, so nearly. (How fast the
    # best class is left cannot be told: none was seen in it twice.)
    assert pace[1] == pytest.approx(pace[0], rel=0.1)


def test_own_inspections_move_the_chain() -> None:
    parts = [component(f"Yttertak {i}", 1990, condition="TG3") for i in range(60)]
    looks = [
        event(2015, "besiktning", f"Yttertak {i}", condition="TG0") for i in range(60)
    ]
    register = register_of(parts, looks, condition_scale="tg", inspected=2020)
    fast = estimate_lives(register).chains["tg"]
    register = register_of(
        parts, looks[: LEAST_PAIRS - 1], condition_scale="tg", inspected=2020
    )
    beliefs = estimate_lives(register)
    slow = beliefs.chains["tg"]
    assert (
        slow.generator.tolist()
        == chain_from_years([0.3, 0.35, 0.25, 0.1]).generator.tolist()
    )
    assert any("par av besiktningar" in i.message for i in beliefs.issues)
    gone = [c.after(5 / 40)[0, 3:].sum() for c in (fast, slow)]
    assert gone[0] > 3 * gone[1]
    assert gone[0] > 0.3


def test_a_replacement_ends_one_unit_and_begins_another() -> None:
    """Nothing improves by being replaced, and worn-out ends tell of the worst class."""
    part = [component(f"Yttertak {i}", 2018, condition="TG0") for i in range(40)]
    looks = [
        row
        for i in range(40)
        for row in (
            event(2012, "besiktning", f"Yttertak {i}", condition="TG3"),
            event(2018, "utbyte", f"Yttertak {i}", installed_year=1980),
        )
    ]
    register = register_of(part, looks, condition_scale="tg", inspected=2022)
    chain = estimate_lives(register).chains["tg"]
    # All gone from the worst class within six years of forty, and all still in the
    # best four years after: the first faster than expected, the second slower.
    assert -chain.generator[3, 3] > 11
    assert -chain.generator[0, 0] < 1 / 0.3
    other = [
        row | {"kind": "utbyte_annat"} if row["year"] == 2018 else row for row in looks
    ]
    register = register_of(part, other, condition_scale="tg", inspected=2022)
    unworn = estimate_lives(register).chains["tg"]
    assert unworn.generator[3, 3] == pytest.approx(-10.0, rel=0.01)


# ---------------------------------------------------------------- bad input


def test_assets_without_a_year_are_halfway_and_told() -> None:
    tables = tables_of([asset(built_year=None)], [component("Yttertak", None)])
    told = {(i.code, i.table, i.column): i for i in check_tables(tables)}
    assert ("asset_year", "assets", "built_year") in told
    first = told["component_year", "components", "installed_year"]
    assert (first.severity, str(BASE_YEAR - 20) in first.message) == ("warning", True)
    assert "antagande" in first.message
    register = build_register(tables)
    assert register.installed_year.tolist() == [BASE_YEAR - 20]
    assert [i.code for i in register.assumed] == ["year_assumed"]
    assert str(BASE_YEAR - 20) in register.assumed[0].message
    need = forecast_renewal(register, estimate_lives(register), 10, draws=10)
    assert np.isfinite(need.need_tkr).all()
    assert need.issues[0].code == "year_assumed"


def test_an_undivided_asset_without_a_year_is_halfway_and_told() -> None:
    tables = tables_of([asset(built_year=None)])
    (found,) = [i for i in check_tables(tables) if i.code == "asset_year"]
    year = int(build_register(tables).installed_year[0])
    assert str(year) in found.message
    assert "antagande" in found.message


def test_a_component_without_year_has_its_assets_and_that_is_told() -> None:
    tables = tables_of(
        [asset(built_year=1991)],
        [component("Yttertak", None), component("Fönster", None)],
    )
    (told,) = [i for i in check_tables(tables) if i.table == "components"]
    assert (told.code, told.severity, told.row) == ("component_year", "note", 2)
    assert "1991" in told.message
    assert "2 celler" in told.message
    register = build_register(tables)
    assert register.installed_year.tolist() == [1991, 1991]
    assert {i.code for i in register.assumed} == {"year_from_asset"}


@pytest.mark.parametrize(
    ("built", "words"),
    [
        (None, "Året saknas för 2 delar. Behovet räknas som om de har levt halva"),
        (1991, "Insatt år saknas för 2 delar. De räknas från anläggningens byggår"),
    ],
)
def test_the_report_says_which_years_were_assumed(
    built: int | None, words: str
) -> None:
    tables = tables_of(
        [asset(built_year=built)],
        [component("Yttertak", None), component("Stomme", None)],
    )
    found = needs_result(tables, 20)
    assert found is not None
    assert found["renewal"]["quality"] == "antagande"
    (note,) = [n for n in found["notes"] if n.startswith(words)]
    assert "antagande" in note
    years = build_register(tables).installed_year
    if built is None:
        assert years.min() < years.max()
        assert f"{int(years.min())}–{int(years.max())}" in note


def test_what_is_installed_in_the_future_is_not_needed_yet() -> None:
    later = BASE_YEAR + 6
    tables = tables_of([asset()], [component("Konstgräs", later, 100.0)])
    found = [i for i in check_tables(tables) if i.code == "component_year"]
    assert [(i.row, i.column, i.severity) for i in found] == [
        (2, "installed_year", "warning")
    ]
    assert str(later) in found[0].message
    register = build_register(tables)
    need = forecast_renewal(register, estimate_lives(register), 60, draws=50)
    assert not need.expected_tkr[:, :6].any()
    assert not need.need_tkr[:, :6].any()
    assert need.need_tkr[:, 30:].sum() > 0


def test_a_life_of_zero_is_an_issue_at_its_cell() -> None:
    tables = tables_of([asset()], [component("Yttertak", 1990, technical_life_years=0)])
    found = [i for i in check_tables(tables) if i.column == "technical_life_years"]
    assert [(i.table, i.row, i.severity) for i in found] == [("components", 2, "error")]
    # Whoever builds the register all the same gets the life of the class, not NaN.
    assert build_register(tables).life_years.tolist() == [40.0]


def test_a_condition_on_an_unknown_scale_is_set_aside_and_told() -> None:
    school = asset(condition="7", condition_scale="hemmagjord", inspected=2020)
    tables = tables_of([school], [component("Yttertak", 1990, condition="7")])
    found = [i for i in check_tables(tables) if i.code == "condition_scale"]
    assert [(i.table, i.column, i.severity) for i in found] == [
        ("assets", "condition_scale", "warning")
    ]
    assert "hemmagjord" in found[0].message
    assert build_register(tables).condition.tolist() == [-1]


def test_a_condition_without_scale_or_off_it_is_told() -> None:
    blank = tables_of([asset(condition="2")])
    assert ("condition_scale", "condition") in {
        (i.code, i.column) for i in check_tables(blank)
    }
    assert build_register(blank).condition.tolist() == [-1]
    off = tables_of([asset(condition="TG7", condition_scale="tg")])
    errors = [i for i in check_tables(off) if i.severity == "error"]
    assert [(i.code, i.column) for i in errors] == [("condition_scale", "condition")]


def test_inspections_out_of_order_give_the_same_need_and_a_note() -> None:
    part = [component(f"Yttertak {i}", 1990, condition="TG2") for i in range(40)]
    looks = [
        event(y, "besiktning", f"Yttertak {i}", condition=c)
        for i in range(40)
        for y, c in ((2005, "TG0"), (2012, "TG1"), (2018, "TG1"))
    ]
    school = asset(condition_scale="tg", inspected=2022)
    sorted_tables = tables_of([school], part, looks)
    mixed = tables_of([school], part, looks[::-1])
    assert not [i for i in check_tables(sorted_tables) if i.code == "inspection_order"]
    notes = [i for i in check_tables(mixed) if i.code == "inspection_order"]
    assert [(i.severity, i.table) for i in notes] == [("note", "inspections")]
    needs = [
        forecast_renewal(r, estimate_lives(r), 20).expected_tkr.tolist()
        for r in map(build_register, (sorted_tables, mixed))
    ]
    assert needs[0] == needs[1]


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        (
            event(BASE_YEAR + 1, "besiktning", condition="TG1"),
            "inspection_year",
            "year",
        ),
        (event(1900, "utbyte"), "inspection_year", "year"),
        (event(2010, "besiktning"), "inspection_condition", "condition"),
        (event(2010, "utbyte", "Torn"), "inspection_component", "component"),
        (event(2010, "besiktning", condition="TG9"), "condition_scale", "condition"),
    ],
)
def test_impossible_history_is_told_at_its_cell_and_not_used(
    row: dict[str, Any], code: str, column: str
) -> None:
    tables = tables_of(
        [asset(condition_scale="tg")], [component("Yttertak", 1990)], [row]
    )
    found = [i for i in check_tables(tables) if i.table == "inspections" and i.row]
    assert [(i.code, i.row, i.column) for i in found] == [(code, 2, column)]
    register = build_register(tables)
    need = forecast_renewal(register, estimate_lives(register), 10)
    assert np.isfinite(need.expected_tkr).all()


def test_a_missing_cost_is_told_and_shared_where_it_can_be() -> None:
    shared = register_of(
        [component("Yttertak", 1990, None), component("Fasad", 1990, 20_000.0)]
    )
    assert shared.replacement_cost_tkr.tolist() == [30_000.0, 20_000.0]
    unknown = register_of([component("Yttertak", 1990, None)], replacement_cost=None)
    assert unknown.replacement_cost_tkr.tolist() == [0.0]
    assert [i.code for i in unknown.assumed] == ["cost_assumed"]


def test_an_empty_register_needs_nothing() -> None:
    register = build_register(tables_of([]))
    need = forecast_renewal(register, estimate_lives(register), 5, draws=3)
    assert need.total_tkr.tolist() == [[0.0] * 3] * 5


def test_text_in_a_year_cell_never_reaches_the_register() -> None:
    with pytest.raises(InputError):
        tables_of([asset(built_year="åttiotal")])


# ---------------------------------------------------------------- names and pages


@pytest.mark.parametrize(
    ("name", "kind", "key"),
    [
        ("Yttertak", "skola", "yttertak"),
        ("Fasad och fönster", "skola", "fonster"),
        ("VVS", "skola", "vvs"),
        ("El", "skola", "el"),
        ("Hotellet", "", "ovrigt"),
        (None, "vattenledning", "va_ledning"),
        (None, "gångbro", "bro"),
        ("Bilhall", "", "byggnad"),
        ("Slitlager", "gata", "slitlager"),
    ],
)
def test_names_fall_in_their_class(name: str | None, kind: str, key: str) -> None:
    assert expected_lives().of(name, kind).key == key


def test_every_expected_life_lies_in_its_range_and_says_where_from() -> None:
    for life in expected_lives().classes:
        assert life.low <= life.life_years <= life.high, life.key
        assert life.source
        assert life.quality in ("antagande", "beräkning")


def test_the_worked_table_of_the_page() -> None:
    _, *rows = table("renewal.md", "yearly-risk")
    life = lifetime_with_mean("weibull", 40.0, 4.0)
    for age, risk, need in rows:
        q = float(life.yearly_risk(np.array([figure(age)]))[0])
        assert figure(risk) == pytest.approx(100 * q, abs=0.05)
        assert figure(need) == pytest.approx(1000 * q, abs=0.5)
