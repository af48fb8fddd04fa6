"""Condition: known chains are found again from uneven gaps, repairs and misreadings."""

from __future__ import annotations

import numpy as np
import pytest
from golden.test_method_pages import figure, table

from rodtrad.needs.condition import (
    Chain,
    HiddenChain,
    Transitions,
    chain_from_years,
    fit_generator,
    fit_hidden,
    fit_treatment,
    fit_yearly,
    pair_readings,
    with_treatment,
)
from rodtrad.needs.condition_changes import (
    Changes,
    circles,
    fit_changes,
    list_changes,
    weighted_crps,
    weighted_quantiles,
)


def known_chain() -> Chain:
    """Four classes, drops of one class and of two."""
    q = np.zeros((4, 4))
    q[0, 1], q[0, 2], q[1, 2], q[1, 3], q[2, 3] = 0.10, 0.04, 0.15, 0.03, 0.08
    np.fill_diagonal(q, -q.sum(axis=1))
    return Chain(q)


def sampled(n: int, seed: int) -> Transitions:
    rng = np.random.Generator(np.random.Philox(seed))
    chain = known_chain()
    before, gap = rng.integers(0, 4, n), rng.choice([1.0, 2.0, 3.0, 5.0], n)
    steps = {g: chain.after(float(g)) for g in np.unique(gap)}
    after = [rng.choice(4, p=steps[g][b]) for b, g in zip(before, gap, strict=True)]
    return Transitions(np.arange(n), gap, before, np.array(after))


def test_uneven_gaps_give_the_generator_back() -> None:
    chain = fit_generator(sampled(8000, 1), 4)
    assert chain.generator == pytest.approx(known_chain().generator, abs=0.02)
    assert chain.after(3.0).sum(axis=1) == pytest.approx(1.0)


def test_yearly_steps_are_the_same_chain_seen_yearly() -> None:
    steps = fit_yearly(sampled(8000, 2), 4)
    assert steps == pytest.approx(known_chain().after(1.0), abs=0.03)


def test_equal_gaps_are_plain_counting() -> None:
    rng = np.random.Generator(np.random.Philox(3))
    before = rng.integers(0, 3, 400)
    after = np.minimum(before + rng.integers(0, 2, 400), 2)
    pairs = Transitions(np.arange(400), np.ones(400), before, after)
    counted = np.zeros((3, 3))
    np.add.at(counted, (before, after), 1)
    counted /= counted.sum(axis=1, keepdims=True)
    assert fit_yearly(pairs, 3) == pytest.approx(counted, abs=1e-4)


def test_drops_of_two_classes_at_once_are_not_forced_through_the_middle() -> None:
    before = np.zeros(100, dtype=int)
    after = np.array([0] * 70 + [2] * 30)
    pairs = Transitions(np.arange(100), np.ones(100), before, after)
    chain = fit_generator(pairs, 3)
    assert chain.after(1.0)[0] == pytest.approx([0.7, 0.0, 0.3], abs=1e-3)
    stepwise = fit_generator(pairs, 3, reach=1)
    # One step at a time can only say so by rushing through the middle.
    assert stepwise.generator[0, 2] == 0
    assert stepwise.generator[1, 2] > 5


def test_a_small_register_leans_on_the_prior() -> None:
    prior = chain_from_years([10.0, 20.0])
    none = Transitions(*(np.empty(0, dtype=t) for t in (int, float, int, int)))
    assert fit_generator(none, 3, prior=prior, prior_years=50).generator == (
        pytest.approx(prior.generator, abs=1e-4)
    )
    with pytest.raises(ValueError, match="prior"):
        fit_generator(none, 3)
    fast = Transitions(
        np.arange(20),
        np.ones(20),
        np.zeros(20, dtype=int),
        np.array([1] * 10 + [0] * 10),
    )
    leaving = [
        -fit_generator(fast, 3, prior=prior, prior_years=w).generator[0, 0]
        for w in (1000.0, 20.0, 0.001)
    ]
    assert 0.1 < leaving[0] < leaving[1] < leaving[2]
    assert leaving[2] == pytest.approx(-np.log(0.5), rel=0.02)


def test_repairs_leave_the_untreated_sample() -> None:
    readings = [(1, 2000, 0), (1, 2004, 2), (1, 2008, 0), (1, 2010, 1)]
    unit, year, state = (list(x) for x in zip(*readings, strict=True))
    unrecorded = pair_readings(unit, year, state)
    assert unrecorded.unrecorded == 1
    assert unrecorded.untreated.after.tolist() == [2, 1]
    recorded = pair_readings(unit, year, state, [(1, 2006.0), (1, 2009.0)])
    # The repair of 2009 hid how the years after it wore, although the class fell.
    assert recorded.untreated.after.tolist() == [2]
    assert recorded.unrecorded == 0
    noise = pair_readings(unit, year, state, improvement="noise")
    assert noise.untreated.after.tolist() == [2, 0, 1]
    with pytest.raises(ValueError, match="improves"):
        fit_generator(noise.untreated, 3)


def test_the_order_of_the_readings_does_not_matter() -> None:
    rng = np.random.Generator(np.random.Philox(4))
    unit, year = rng.integers(0, 9, 60), rng.integers(2000, 2020, 60)
    state = rng.integers(0, 4, 60)
    first = pair_readings(unit, year, state)
    order = rng.permutation(60)
    other = pair_readings(unit[order], year[order], state[order])
    for name in ("unit", "gap", "before", "after"):
        one, two = getattr(first.untreated, name), getattr(other.untreated, name)
        assert one.tolist() == two.tolist()


def test_of_two_readings_in_a_year_the_worst_counts() -> None:
    pairs = pair_readings([1, 1, 1], [2000, 2000, 2003], [0, 2, 3])
    assert pairs.untreated.before.tolist() == [2]


def test_repairs_going_on_are_forecast_too() -> None:
    """A world with repairs: the untreated chain is too dark, the other is right."""
    chain, repair = known_chain(), np.zeros((4, 4))
    repair[3, 0], repair[3, 3] = 0.2, -0.2
    world = Chain(chain.generator + repair)
    rng = np.random.Generator(np.random.Philox(5))
    before = rng.integers(0, 4, 6000)
    step = world.after(2.0)
    after = np.array([rng.choice(4, p=step[b]) for b in before])
    pairs = pair_readings(
        np.repeat(np.arange(6000), 2),
        np.tile([2000.0, 2002.0], 6000),
        np.column_stack([before, after]).ravel(),
    )
    untreated = fit_generator(pairs.untreated, 4)
    treated = with_treatment(untreated, fit_treatment(pairs, untreated))
    assert treated.generator.sum(axis=1) == pytest.approx(0.0, abs=1e-9)
    worst = np.eye(4)[3]
    assert untreated.forecast(worst, [2.0])[3, 0] == pytest.approx(1.0)
    assert treated.forecast(worst, [2.0])[3, 0] == pytest.approx(step[3, 3], abs=0.05)


def test_misreadings_are_told_from_wear() -> None:
    rng = np.random.Generator(np.random.Philox(6))
    truth = HiddenChain(known_chain(), 0.12, np.array([0.6, 0.2, 0.1, 0.1]))
    seen = truth.reading()
    steps = {g: truth.chain.after(float(g)) for g in (1, 2, 3)}
    unit, year, state = [], [], []
    for u in range(500):
        true, when = rng.choice(4, p=truth.start), 2000.0
        for _look in range(6):
            unit.append(u)
            year.append(when)
            state.append(rng.choice(4, p=seen[true]))
            gap = int(rng.choice([1, 2, 3]))
            when += gap
            true = rng.choice(4, p=steps[gap][true])
    found = fit_hidden(np.array(unit), np.array(year), np.array(state), 4)
    assert found.misread == pytest.approx(0.12, abs=0.03)
    leaving = -np.diag(found.chain.generator)[:3]
    assert leaving == pytest.approx([0.14, 0.18, 0.08], abs=0.04)
    # To take every better reading for a repair makes wear look faster than it is.
    naive = fit_generator(pair_readings(unit, year, state).untreated, 4)
    assert -naive.generator[0, 0] > leaving[0] + 0.03
    # One odd good reading between two bad ones is not believed.
    belief = found.believe([2000.0, 2002.0, 2004.0], [2, 1, 2])
    assert belief.sum() == pytest.approx(1.0)
    assert belief.argmax() == 2


def test_a_chain_forgets_nothing_and_loses_nothing() -> None:
    chain = known_chain()
    forecast = chain.forecast(np.array([1.0, 0, 0, 0]), [0.0, 5.0, 200.0])
    assert forecast.shape == (4, 3)
    assert forecast.sum(axis=0) == pytest.approx(1.0)
    assert forecast[:, 0].tolist() == [1, 0, 0, 0]
    assert forecast[3, 2] == pytest.approx(1.0, abs=1e-5)
    assert chain.mean_years()[-1] == np.inf


# ---------------------------------------------------------------- index values


def drifting(n: int, seed: int) -> Changes:
    """Bridges that fall by 4 a reading above 80 and stand still below."""
    rng = np.random.Generator(np.random.Philox(seed))
    unit, year, level, built = [], [], [], []
    for u in range(n):
        x = rng.uniform(60, 100)
        for t in range(5):
            unit.append(u)
            year.append(2000 + 2 * t)
            level.append(x)
            built.append(1960)
            x += (-4.0 if x > 80 else 0.0) + rng.normal(0, 0.5)
    return list_changes(unit, year, level, built)


def test_alike_beats_all_alike_where_level_matters() -> None:
    pairs = drifting(150, 1)
    late = pairs.year == 2006
    past = pairs.take(np.flatnonzero(pairs.year < 2006))
    now = pairs.take(np.flatnonzero(late))
    model = fit_changes(past)
    values, weights = model.predict(now)
    assert weights.sum(axis=1) == pytest.approx(1.0)
    assert (np.diff(values, axis=1) >= 0).all()
    score = weighted_crps(values, weights, now.following).mean()
    flat = np.full(weights.shape, 1 / weights.shape[1])
    assert score < 0.6 * weighted_crps(values, flat, now.following).mean()
    ends = model.interval(now, 0.8)
    held = (ends[:, 0] <= now.following) & (now.following <= ends[:, 1])
    assert 0.7 < held.mean() < 0.9


def test_changes_are_sorted_and_what_is_not_known_is_zero() -> None:
    pairs = list_changes(
        [2, 1, 2, 2], [2004, 2000, 2000, 2003], [70, 50, 80, 74], [1990] * 4
    )
    assert pairs.unit.tolist() == [2, 2]
    assert pairs.gap.tolist() == [3, 1]
    assert pairs.change.tolist() == [-6, -4]
    assert pairs.trend.tolist() == [0, -2]
    assert pairs.steps.tolist() == [0, 1]
    with pytest.raises(ValueError, match="past"):
        fit_changes(pairs.take(np.empty(0, dtype=int)))
    few = fit_changes(pairs, choices=(circles(1.0, 2.0), circles(2.0, 2.0)))
    assert np.isfinite(few.predict(pairs)[0]).all()
    assert few.interval(pairs, 0.8).shape == (2, 2)


def test_weighted_scores_are_those_of_equal_draws() -> None:
    rng = np.random.Generator(np.random.Philox(2))
    values = np.sort(rng.normal(size=(3, 40)), axis=1)
    weights = np.full((3, 40), 1 / 40)
    outcome = np.array([-1.0, 0.0, 2.0])
    apart = np.abs(values[:, :, None] - values[:, None, :]).mean(axis=(1, 2)) / 2
    wanted = np.abs(values - outcome[:, None]).mean(axis=1) - apart
    assert weighted_crps(values, weights, outcome) == pytest.approx(wanted)
    middle = weighted_quantiles(values, weights, np.array([0.5]))[:, 0]
    assert middle == pytest.approx(values[:, 19])


def test_the_worked_tables_of_the_page() -> None:
    pairs = Transitions(
        np.arange(10),
        np.full(10, 2.0),
        np.zeros(10, dtype=int),
        np.array([0] * 6 + [1] * 4),
    )
    _, (yearly, intensity) = table("condition.md", "two-classes")
    chain = fit_generator(pairs, 2)
    assert figure(yearly) == pytest.approx(fit_yearly(pairs, 2)[0, 1], abs=5e-5)
    assert figure(intensity) == pytest.approx(chain.generator[0, 1], abs=5e-5)
    heading, *rows = table("condition.md", "forecast")
    years = [figure(h.split()[0]) for h in heading[1:]]
    forecast = chain_from_years([12.0, 14.0, 10.0]).forecast(np.eye(4)[1], years)
    for row, values in zip(rows, forecast, strict=True):
        assert [figure(c) for c in row[1:]] == pytest.approx(values, abs=5e-4)
