"""Population: rates, one year, raking, paths, and what a table may hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rodtrad.domain.components import Tables, build_tables
from rodtrad.needs.people import WHOLE, People, age_group, read_people
from rodtrad.needs.population import (
    Housing,
    area_rates,
    base_rates,
    forecast_population,
    step,
)
from rodtrad.needs.population_errors import (
    draw_shocks,
    error_quantile,
    error_scale,
)
from rodtrad.needs.population_rates import (
    AGES,
    Rates,
    death_rates,
    defaults,
    fertility_factor,
    fertility_rates,
    hamilton_perry,
    life_expectancy_years,
    local_rates,
    national_people,
    net_migration_rate,
    out_rates,
    past_growth,
    rake,
    total_fertility,
    year_survival,
)

if TYPE_CHECKING:
    from rodtrad.domain.arrays import Array

GROUPS = {"1-5": age_group(1, 5), "85+": age_group(85, 100), "alla": age_group(0, 100)}


def town(inhabitants: float = 15_000.0) -> Array:
    nation = national_people()
    scaled: Array = nation * inhabitants / nation.sum()
    return scaled


def people(*sizes: float, year: int = 2019, **given: Any) -> People:
    names = tuple(f"omrade_{i}" for i in range(len(sizes)))
    return People(names, np.array([town(n) for n in sizes]), year, **given)


# ---------------------------------------------------------------- rates


def test_life_expectancies_are_the_published_ones() -> None:
    # 84.73 and 81.34 years at birth in 2019; at 65 22.39 and 20.19 in 2024.
    assert life_expectancy_years(death_rates(2019)[0]) == pytest.approx(84.73, abs=0.1)
    assert life_expectancy_years(death_rates(2019)[1]) == pytest.approx(81.34, abs=0.1)
    at_65 = [life_expectancy_years(row, 65) for row in death_rates(2024)]
    assert at_65 == pytest.approx([22.39, 20.19], abs=0.1)


def test_death_rates_fall_between_the_curves_and_stay_rates() -> None:
    assert (death_rates(2022) < death_rates(2019)).all()
    for year in (1990, 2019, 2060, 2200):
        assert (death_rates(year) > 0).all()
        assert (death_rates(year) <= 1).all()


def test_fertility_sums_to_the_level_and_knows_no_child_outside_15_49() -> None:
    rates = fertility_rates(total_fertility(2019))
    assert rates.sum() == pytest.approx(1.70)
    assert rates[:15].sum() == 0
    assert rates[50:].sum() == 0


def test_fertility_factor_is_one_for_the_nation_and_shrunk_for_few() -> None:
    nation = national_people()
    assert fertility_factor(nation, nation) == pytest.approx(1.0)
    many, few = town(30_000.0), town(300.0)
    for persons in (many, few):
        persons[:, :3] *= 1.5
    assert 1.3 < fertility_factor(many, nation) < 1.5
    assert 1.0 < fertility_factor(few, nation) < 1.03


def test_out_rates_have_the_level_and_peak_in_the_twenties() -> None:
    rates, nation = out_rates(0.05), national_people()
    assert (rates * nation).sum() / nation.sum() == pytest.approx(0.05)
    assert 20 <= int(np.argmax(rates[0])) <= 26


def test_growth_beyond_the_nation_lasts_only_in_part() -> None:
    slow = {2009: 10_000.0, 2019: 10_000.0}
    fast = {2009: 10_000.0, 2019: 11_500.0}
    difference = net_migration_rate(fast, 0.0, 2019) - net_migration_rate(
        slow, 0.0, 2019
    )
    grown = float(np.log(1.15)) / 10
    assert difference == pytest.approx(
        defaults("migration")["level"]["persistence"] * grown
    )


def test_what_came_later_is_not_known() -> None:
    before = past_growth({2010: 10_000.0, 2019: 10_500.0}, 2019)
    after = past_growth({2010: 10_000.0, 2019: 10_500.0, 2024: 20_000.0}, 2019)
    assert before == after
    assert past_growth({2019: 10_500.0}, 2019) is None


def test_hamilton_perry_finds_migration_that_was_put_there() -> None:
    death = death_rates(2019)
    earlier = town()
    later = earlier
    net = np.zeros((2, AGES))
    net[:, 20:30] = 10.0
    rates = Rates(np.zeros(AGES), death, np.zeros((2, AGES)), net, 0.0, 2019)
    for year in (2017, 2018, 2019):
        later = step(later[..., None], rates, year)[0][..., 0]
    found = hamilton_perry(earlier, later, 3, death)
    assert found[:, 22:28].sum() == pytest.approx(120.0, rel=0.1)
    assert abs(found[:, 40:80]).sum() < 1.0


def test_hamilton_perry_caps_a_cohort_from_nothing() -> None:
    earlier, later = np.zeros((2, AGES)), np.zeros((2, AGES))
    earlier[:, 30], later[:, 35] = 1.0, 400.0
    found = hamilton_perry(earlier, later, 5, death_rates(2019))
    assert np.isfinite(found).all()
    # Half of it is the plain difference, half a growth of at most 15 % a year.
    assert found[:, 32].max() < 0.6 * 400.0
    with pytest.raises(ValueError, match="later"):
        hamilton_perry(earlier, later, 0, death_rates(2019))


def test_rake_meets_rows_and_columns_and_fills_what_is_empty() -> None:
    table = np.array([[2.0, 1.0, 0.0], [1.0, 4.0, 0.0]])
    rows, columns = np.array([6.0, 4.0]), np.array([5.0, 3.0, 2.0])
    fitted = rake(table, rows, columns, rounds=200)
    assert fitted.sum(axis=1) == pytest.approx(rows)
    # A column of zeros is filled evenly before it is fitted.
    assert fitted[:, 2].min() > 0
    assert fitted.sum(axis=0) == pytest.approx(columns, abs=1e-4)


# ---------------------------------------------------------------- one year


def still(persons: Array) -> Rates:
    none = np.zeros_like(persons)
    return Rates(np.zeros(AGES), none, none, none, 0.0, 2019)


def test_a_year_makes_everyone_a_year_older_and_the_oldest_stay() -> None:
    persons = town()
    grown, births = step(persons[..., None], still(persons), 2020)
    assert births[0] == 0
    assert grown[:, 1:-1, 0] == pytest.approx(persons[:, :-2])
    assert grown[:, -1, 0] == pytest.approx(persons[:, -2:].sum(axis=1))
    assert grown[:, 0, 0].sum() == 0


def test_worked_table_of_the_method_page() -> None:
    # docs/method/population.md: 100 women aged 30, 100 men aged 85.
    persons = np.zeros((2, AGES))
    persons[0, 30], persons[1, 85] = 100.0, 100.0
    death = np.zeros((2, AGES))
    death[1, 85], death[1, 86] = 0.10, 0.19
    fertility = np.zeros(AGES)
    fertility[30] = fertility[31] = 0.12
    moved_in = np.zeros((2, AGES))
    moved_in[0, 30] = 6.0
    out = np.zeros((2, AGES))
    out[0, 30] = 0.05
    rates = Rates(fertility, death, out, moved_in, 0.0, 2019)
    grown, births = step(persons[..., None], rates, 2020)
    assert grown[0, 31, 0] == pytest.approx(101.0)  # 100 x 0.95 + 6
    assert grown[1, 86, 0] == pytest.approx(85.381, abs=1e-3)  # 100 x sqrt(0.9 x 0.81)
    assert births[0] == pytest.approx(12.06)  # 0.12 x (100 + 101) / 2
    assert grown[1, 0, 0] == pytest.approx(12.06 * 0.514)


def test_random_years_are_whole_persons_around_the_expected() -> None:
    persons = np.rint(town())
    rates = local_rates(persons, 2019, {})
    expected, births = step(persons[..., None], rates, 2020)
    many = np.repeat(persons[..., None], 400, axis=-1)
    random = np.random.default_rng(1)
    drawn, born = step(many, rates, 2020, random=random)
    assert (drawn == np.rint(drawn)).all()
    assert (drawn >= 0).all()
    total = drawn.sum(axis=(0, 1))
    error = float(total.std() / np.sqrt(400))
    assert abs(total.mean() - expected.sum()) < 4 * error + 1.0
    assert born.mean() == pytest.approx(births[0], rel=0.02)
    # Births of a year are Poisson: the variance is about the mean.
    assert born.var() == pytest.approx(born.mean(), rel=0.3)


def test_more_may_leave_than_come_but_nobody_is_negative() -> None:
    persons = town(500.0)
    gone = np.full((2, AGES, 1), -1000.0)
    grown, _births = step(
        persons[..., None], local_rates(persons, 2019, {}), 2020, extra_in=gone
    )
    assert (grown >= 0).all()
    assert np.isfinite(grown).all()


# ---------------------------------------------------------------- the projection


def test_one_draw_is_the_expected_path_and_many_spread_around_it() -> None:
    counted = people(15_000.0, totals={2009: 14_800.0})
    rates = base_rates(counted)
    base = forecast_population(counted, rates, 6, GROUPS)
    paths = forecast_population(counted, rates, 6, GROUPS, draws=256, seed=3)
    middle = np.median(paths.total, axis=1)
    assert middle == pytest.approx(base.total[:, 0], rel=0.01)
    width = np.quantile(paths.total, 0.9, axis=1) - np.quantile(
        paths.total, 0.1, axis=1
    )
    assert (np.diff(width) > 0).all()
    assert (paths.persons >= 0).all()


def test_a_draw_is_the_same_whatever_the_number_of_draws() -> None:
    counted = people(3_000.0, 1_000.0)
    rates = base_rates(counted)
    few = forecast_population(counted, rates, 4, GROUPS, draws=70, seed=5)
    many = forecast_population(counted, rates, 4, GROUPS, draws=150, seed=5)
    assert (few.persons[..., :64] == many.persons[..., :64]).all()
    again = forecast_population(counted, rates, 4, GROUPS, draws=70, seed=5)
    assert (few.persons == again.persons).all()
    other = forecast_population(counted, rates, 4, GROUPS, draws=70, seed=6)
    assert not (few.persons == other.persons).all()


def test_areas_sum_to_the_whole() -> None:
    counted = people(9_000.0, 800.0, 4_000.0)
    counted.persons[1, :, 20:40] *= 0.3
    one = People((WHOLE,), counted.persons.sum(axis=0, keepdims=True), 2019)
    rates = base_rates(one)
    apart = forecast_population(counted, rates, 10, GROUPS)
    whole = forecast_population(one, rates, 10, GROUPS)
    assert apart.persons.sum(axis=0) == pytest.approx(whole.persons[0], rel=2e-4)


def test_an_area_without_inhabitants_is_empty_until_somebody_builds() -> None:
    counted = people(9_000.0, 0.0)
    rates = base_rates(counted)
    assert area_rates(counted, rates)[1].moved_in.sum() == pytest.approx(0.0, abs=1e-6)
    empty = forecast_population(counted, rates, 5, GROUPS)
    assert np.isfinite(empty.persons).all()
    assert empty.persons[1].max() == pytest.approx(0.0, abs=1e-6)
    moved = np.zeros((2, AGES))
    moved[:, 30] = 50.0
    plan = Housing(
        "ny", 1, 2021, moved, new_share=1.0, delay_years=1.0, built_share=1.0
    )
    built = forecast_population(counted, rates, 5, GROUPS, housing=[plan])
    alla = list(GROUPS).index("alla")
    assert built.persons[1, alla, :, 0][:2] == pytest.approx([0.0, 0.0], abs=1e-6)
    assert built.persons[1, alla, 2, 0] == pytest.approx(100.0, rel=0.1)
    paths = forecast_population(counted, rates, 5, GROUPS, housing=[plan], draws=200)
    arrived = paths.persons[1, alla] > 20
    # A year's mean delay: half of the paths have none.
    assert arrived[1].mean() == pytest.approx(0.5, abs=0.12)
    assert arrived[4].mean() > 0.8


def test_a_known_later_total_is_met() -> None:
    given = {2020: 14_900.0, 2021: 14_700.0, 2025: 14_000.0}
    counted = people(10_000.0, 5_000.0, control=given, known_year=2021)
    found = forecast_population(counted, base_rates(counted), 6, GROUPS)
    for year, total in given.items():
        assert found.total[year - 2020, 0] == pytest.approx(total, rel=1e-3)
    shocks = draw_shocks(counted, 6, range(32), 1)
    assert (shocks.total[:2] == 0).all()
    assert (shocks.total[2] != 0).all()


def test_past_errors_grow_with_time_and_fall_with_size() -> None:
    years = np.arange(1.0, 9.0)
    assert (np.diff(error_scale(20_000.0, years)) > 0).all()
    assert (error_scale(5_000.0, years) > error_scale(100_000.0, years)).all()
    uniform = np.linspace(0.001, 0.999, 999)
    assert (np.diff(error_quantile(uniform)) >= 0).all()
    assert abs(float(error_quantile(uniform).mean())) < 0.1


# ---------------------------------------------------------------- tables


def tables(rows: list[dict[str, Any]], **more: list[dict[str, Any]]) -> Tables:
    settings = [
        {"key": k, "value": v}
        for k, v in (
            ("base_year", "2025"),
            ("plan_start", "2026"),
            ("plan_end", "2030"),
        )
    ]
    return build_tables({"settings": settings, "population": rows, **more})


def count(
    year: int, area: str, sex: str = "alla", **ages: float
) -> list[dict[str, Any]]:
    return [
        {"year": year, "area": area, "age": int(a[1:]), "sex": sex, "persons": n}
        for a, n in ages.items()
    ]


def even(area: str, each: float) -> list[dict[str, Any]]:
    return [
        {"year": 2025, "area": area, "age": x, "sex": "alla", "persons": each}
        for x in range(AGES)
    ]


def test_a_missing_age_is_the_mean_of_its_neighbours_and_is_told() -> None:
    found = read_people(tables(count(2025, "a", a0=10.0, a1=20.0, a3=40.0)))
    assert found is not None
    assert found.persons[0, :, 2].sum() == pytest.approx(30.0, rel=0.05)
    assert found.notes == (
        "a saknar ålder 2 2025. I räkningen används medelvärdet av åldrarna närmast.",
    )


def test_the_count_is_that_of_the_base_year_and_later_rows_are_not_counts() -> None:
    rows = count(2019, "a", a0=10.0, a1=10.0) + count(2025, "a", a0=8.0, a1=9.0)
    rows += count(2028, "a", a0=99.0, a1=99.0)
    found = read_people(tables(rows))
    assert found is not None
    assert found.base_year == 2025
    assert found.persons.sum() == pytest.approx(17.0)
    assert found.earlier is not None
    assert found.earlier[0] == 2019
    then = read_people(tables(rows), 2019)
    assert then is not None
    assert then.persons.sum() == pytest.approx(20.0)
    assert then.control == {}
    assert read_people(tables(rows), 2011) is None


def test_totals_of_other_years_are_read_and_later_ones_hold_the_path() -> None:
    totals = [
        {"year": y, "persons": n} for y, n in ((2010, 30.0), (2018, 25.0), (2024, 18.0))
    ]
    years = [{"year": 2025, "population": 17.0}, {"year": 2026, "population": 16.0}]
    found = read_people(
        tables(
            count(2019, "a", a0=10.0, a1=10.0), population_totals=totals, years=years
        )
    )
    assert found is not None
    assert found.totals[2010] == 30.0
    assert found.control == {2024: 18.0, 2025: 17.0, 2026: 16.0}
    assert found.known_year == 2025
    then = read_people(
        tables(count(2019, "a", a0=20.0), population_totals=totals), 2019
    )
    assert then is not None
    assert set(then.totals) == {2010, 2018, 2019}


def test_moves_of_the_tables_are_the_rates_out_and_the_numbers_in() -> None:
    rows = even("a", 100.0)
    moves = [
        {
            "area": "a",
            "age_from": 20,
            "age_to": 29,
            "moved_in": 50.0,
            "moved_out": 80.0,
        },
        {
            "area": "a",
            "age_from": 30,
            "age_to": 39,
            "moved_in": 30.0,
            "moved_out": 10.0,
        },
    ]
    found = read_people(tables(rows, moves=moves))
    assert found is not None
    rates = base_rates(found)
    assert rates.moved_in[:, 20:30].sum() == pytest.approx(50.0)
    assert rates.moved_in[:, :20].sum() == 0.0
    assert rates.out[:, 20:30] == pytest.approx(0.08)
    assert rates.out[:, 40:].sum() == 0.0


def test_moves_by_area_follow_the_areas() -> None:
    rows = even("a", 50.0)
    rows += even("b", 50.0)
    moves = [
        {"area": area, "age_from": 20, "age_to": 39, "moved_in": n, "moved_out": 50.0}
        for area, n in (("a", 150.0), ("b", 50.0))
    ]
    found = read_people(tables(rows, moves=moves))
    assert found is not None
    first, second = area_rates(found, base_rates(found))
    assert first.moved_in.sum() == pytest.approx(150.0, rel=1e-6)
    assert second.moved_in.sum() == pytest.approx(50.0, rel=1e-6)
    # Without rows for every area only those for the whole would count.
    half = read_people(tables(rows, moves=moves[:1]))
    assert half is not None
    assert half.moved is None


def test_a_given_net_migration_is_met() -> None:
    counted = people(8_000.0)
    persons = counted.persons[0]
    rates = base_rates(counted, net_migration=-120.0)
    assert (rates.moved_in - rates.out * persons).sum() == pytest.approx(
        -120.0, abs=0.5
    )


def test_no_people_gives_none_and_an_empty_count_no_nan() -> None:
    assert read_people(tables([])) is None
    found = read_people(tables(count(2025, "a", a0=0.0, a1=0.0)))
    assert found is not None
    forecast = forecast_population(found, base_rates(found), 3, GROUPS, draws=4)
    assert np.isfinite(forecast.persons).all()


def test_survival_is_half_a_year_at_each_age() -> None:
    death = np.array([[0.0, 0.19, 0.36]])
    assert year_survival(death)[0] == pytest.approx([0.9, (0.81 * 0.64) ** 0.5, 0.64])


@pytest.mark.slow
def test_the_calibration_still_gives_the_committed_file(shared_data: Path) -> None:
    import sys

    sys.path.insert(0, str(Path(__file__).parents[3]))
    from benchmarks.backtest import calibrate_population as script

    committed = script.TARGET.read_text(encoding="utf-8")
    if f'"{len(script.read_people(shared_data))} municipalities' not in committed:
        pytest.skip("RODTRAD_DATA: other municipalities than those of the file")
    assert script.calibrate(shared_data) == committed
