"""Would we have foreseen the revenues of Swedish municipalities? 1979-1987, 2002-2022.

Rolling origin: at each origin everything is fitted anew on the years before it, and on
nothing else. A ladder of models, each of which must beat the one below to be kept:

1. no change;
2. random walk with drift, errors as they were, a whole year at a time;
3. panel AR(1) with municipality effects, errors in whole years;
4. panel error correction: revenue against the municipality's own level, its costs and
   its grants (a vector autoregression with shrinkage), errors in whole years.

A whole year of errors is drawn together, so what struck all municipalities strikes them
together in the forecast too. Leaves out national models: eight common years are too few
to fit one.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.backtest.calibrate_economy import BREAK_YEAR, read_panel
from benchmarks.backtest.section import Check, Line, Picture, Section, Table, main
from rodtrad.capacity.trends import chosen_method
from rodtrad.capacity.uncertainty import draw_swings
from rodtrad.domain.draws import stream
from rodtrad.domain.economy import default_parameters
from rodtrad.domain.scoring import (
    Coverage,
    conformal_factor,
    coverage,
    crps_of_draws,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# What was believed before any year was seen; written down before scoring. Real revenue
# per inhabitant grows by so much a year, give or take, and that belief weighs as much
# as so many years.
PRIOR_DRIFT_SHARE: Final = 0.02
PRIOR_SPREAD_SHARE: Final = 0.03
PRIOR_YEARS: Final = 2.0
# A year's common growth counts no more than this in the drift: a break is no trend.
MOST_DRIFT_SHARE: Final = 0.06
# Growth of one municipality beyond this is booking, not growth, when fitting.
MOST_GROWTH_SHARE: Final = 0.3
RIDGE: Final = 0.05
# Past misses make intervals wider, no more than so many times, and never narrower: a
# few good years are no proof.
MOST_FACTOR: Final = 3.0
DRAWS: Final = 1000
SEED: Final = 1
LEVEL: Final = 0.8

MODELS: Final = {
    "naive": "no change",
    "drift": "random walk with drift",
    "ar1": "panel AR(1)",
    "correction": "panel error correction",
}


@dataclass(frozen=True)
class Panel:
    """Logarithms by municipality and year, `[municipality, year]`.

    `target` is what is forecast, `cost` and `grants` what may help (the latter may be
    missing). `break_at` is the number of the year that broke with the one before, and
    `told` whether the models know of it.
    """

    years: tuple[int, ...]
    target: Array
    cost: Array
    grants: Array | None
    break_at: int | None = None
    told: bool = False

    @property
    def step(self) -> int:
        """Years from one number to the next."""
        return self.years[1] - self.years[0]

    def usable(self, before: int) -> list[int]:
        """Return the changes known at an origin: change i leads from year i to i + 1."""
        return [
            i
            for i in range(before)
            if not (self.told and self.break_at is not None and i + 1 == self.break_at)
        ]


def _apart(values: Array) -> Array:
    """Return what is left when each year's median is taken away."""
    return np.asarray(values - np.median(values, axis=0))


def _features(panel: Panel, model: str, at: int) -> Array:
    """Return what a model sees of each municipality at year number `at`."""
    target = _apart(panel.target[:, : at + 1])
    last = _apart(np.diff(panel.target[:, : at + 1], axis=1))[:, -1]
    if at - 1 not in panel.usable(at):
        last = np.zeros(len(target))  # the change into this year was the break
    if model == "ar1":
        # The effect of a municipality: how it has grown against the others, shrunk.
        effect = (target[:, -1] - target[:, 0]) / (at + PRIOR_YEARS)
        return np.column_stack([last, effect])
    level = target[:, -1] - target.mean(axis=1)
    columns = [last, level]
    income = panel.target[:, at]
    if panel.grants is not None:
        income = np.logaddexp(income, panel.grants[:, at])
        columns.append(_apart((panel.grants - panel.target)[:, at : at + 1])[:, 0])
    columns.append(_apart((panel.cost[:, at] - income)[:, None])[:, 0])
    return np.column_stack(columns)


def forecast(
    panel: Panel, model: str, origin: int, draws: int = DRAWS
) -> tuple[Array, Array]:
    """Return the next year's logarithm, `[municipality]`, and draws of it, `[.., draw]`.

    The forecast is drift and what the model sees in a municipality. The draws lie about
    it as the errors did, which with a break among them is not evenly on both sides.
    Only years up to `origin` (a number) are read; at least one change must be known.
    """
    places = len(panel.target)
    believed = PRIOR_DRIFT_SHARE * panel.step
    spread = PRIOR_SPREAD_SHARE * float(np.sqrt(panel.step))
    most = MOST_DRIFT_SHARE * panel.step
    known = panel.usable(origin)
    growth = np.diff(panel.target[:, : origin + 1], axis=1)
    common = np.median(growth, axis=0)
    seen = common[known]
    drift = 0.0
    if model != "naive":
        clipped = np.clip(seen, -most, most)
        drift = (clipped.sum() + PRIOR_YEARS * believed) / (len(seen) + PRIOR_YEARS)
    move = np.zeros(places)
    # Errors of each known year: common, and each municipality's own.
    own = {i: growth[:, i] - common[i] for i in known}
    fit_on = [i for i in known if i > 0]
    if model in ("ar1", "correction") and fit_on:
        x = np.vstack([_features(panel, model, i) for i in fit_on])
        y = np.concatenate(
            [np.clip(own[i], -MOST_GROWTH_SHARE, MOST_GROWTH_SHARE) for i in fit_on]
        )
        slopes = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y)
        move = _features(panel, model, origin) @ slopes
        for i in fit_on:
            own[i] = own[i] - _features(panel, model, i) @ slopes
    rng = stream(SEED, f"{model}:{panel.years[origin]}")
    # Which year strikes: one that is known, or none of them.
    errors = np.empty((places, draws))
    unknown = rng.random(draws) < PRIOR_YEARS / (PRIOR_YEARS + len(known))
    surprise = spread * rng.standard_normal(draws)
    year = rng.integers(len(known), size=draws)
    for d in range(draws):
        i = known[year[d]]
        together = surprise[d] if unknown[d] else common[i] - drift
        errors[:, d] = together + rng.permutation(own[i])
    point = np.asarray(panel.target[:, origin] + drift + move)
    return point, point[:, None] + errors


@dataclass
class Score:
    """The forecasts of one model, every municipality and year."""

    model: str
    error: list[Array] = field(default_factory=list)
    inside: list[Array] = field(default_factory=list)
    crps: list[Array] = field(default_factory=list)
    years: list[int] = field(default_factory=list)

    def median_error(self, of: Sequence[int]) -> float:
        """Return the median absolute relative error over these years' forecasts."""
        return float(np.median(np.concatenate([self.error[i] for i in of])))

    def mean_crps(self, of: Sequence[int]) -> float:
        """Return the mean CRPS of the logarithm, about a relative error."""
        return float(np.concatenate([self.crps[i] for i in of]).mean())

    def coverage(self, of: Sequence[int]) -> Coverage:
        """Return how many outcomes lay within the 80 % interval, clustered by year."""
        inside = np.concatenate([self.inside[i] for i in of])
        years = np.concatenate([np.full(len(self.inside[i]), i) for i in of])
        return coverage(inside, years)


def score(panel: Panel, model: str, origins: Sequence[int]) -> Score:
    """Return how a model did, forecasting one step from each origin."""
    found = Score(model)
    low, high = (1 - LEVEL) / 2, (1 + LEVEL) / 2
    past: list[tuple[Array, Array, Array, Array]] = []
    for origin in origins:
        point, drawn = forecast(panel, model, origin)
        outcome = panel.target[:, origin + 1]
        middle = np.median(drawn, axis=1)
        ends = np.quantile(drawn, [low, high], axis=1)
        before = (ends[0], middle, ends[1], outcome)
        if past:
            # What the intervals of earlier origins should have been multiplied by.
            factor = conformal_factor(
                *(np.concatenate(part) for part in zip(*past, strict=True)), LEVEL
            )
            factor = float(np.clip(factor, 1.0, MOST_FACTOR))
            drawn = middle[:, None] + factor * (drawn - middle[:, None])
            ends = np.quantile(drawn, [low, high], axis=1)
        past.append(before)
        found.error.append(np.abs(np.expm1(point - outcome)))
        found.inside.append(
            ((ends[0] <= outcome) & (outcome <= ends[1])).astype(np.float64)
        )
        found.crps.append(crps_of_draws(drawn, outcome))
        found.years.append(panel.years[origin + 1])
    return found


def read_years(data: Path, told: bool) -> Panel:
    """Return own revenues per inhabitant 1979-1987, real."""
    _places, years, found = read_panel(
        data,
        "municipal_panel/municipal_finance_1979_1987.csv",
        "municipality",
        ("revenues", "grants", "expenditures"),
    )
    whole = ~np.isnan(np.hstack(list(found.values()))).any(axis=1)
    return Panel(
        tuple(years),
        np.log(found["revenues"][whole]),
        np.log(found["expenditures"][whole]),
        np.log(found["grants"][whole]),
        years.index(BREAK_YEAR),
        told,
    )


def read_periods(data: Path, target: str, other: str) -> Panel:
    """Return a four-year series per inhabitant, 2002-2022, in the prices of 2023."""
    _places, years, found = read_panel(
        data,
        "municipal_panel/municip_panel_2002_2022.csv",
        "municip_code",
        (target, other),
    )
    whole = ~np.isnan(np.hstack([found[target], found[other]])).any(axis=1)
    return Panel(
        tuple(years), np.log(found[target][whole]), np.log(found[other][whole]), None
    )


def score_product(panel: Panel, path_of: str = "mean") -> Score:
    """Return how the product's own swings did on the tax base, four years ahead.

    Nominal tax base per inhabitant. The path is the mean growth of the periods before,
    or with `path_of` "drift" that of the random walk with drift; around it swing what years 1979-1987 gave, the assumed prices, and the local spread,
    which alone was measured on this panel. No forecast of the first years is known, so
    the swings count in full from the first.
    """
    level, years, step = panel.target, panel.years, panel.step
    parameters = default_parameters().with_values(
        local_pass_share=1.0, first_year_shock_share=1.0, full_shock_years=1.0
    )
    result = Score("product")
    growth = np.diff(level, axis=1)
    for origin in range(1, len(years) - 1):
        middle = level[:, origin] + float(growth[:, :origin].mean())
        if path_of == "drift":
            middle, _draws = forecast(panel, "drift", origin)
        swings = draw_swings(step, DRAWS, SEED + origin, parameters)
        moved = (swings.revenue + swings.prices)[-1]
        # All municipalities have the same distribution about their own level.
        drawn = middle[:, None] + moved
        outcome = level[:, origin + 1]
        ends = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1)
        result.error.append(np.abs(np.expm1(np.median(drawn, axis=1) - outcome)))
        inside = (ends[0] <= outcome) & (outcome <= ends[1])
        result.inside.append(inside.astype(np.float64))
        result.crps.append(crps_of_draws(drawn, outcome))
        result.years.append(years[origin + 1])
    return result


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _covered(found: Coverage) -> str:
    return f"{_percent(found.share)} ({100 * found.low:.0f}-{100 * found.high:.0f})"


def _ladder(
    scores: Mapping[str, Score], of: Callable[[Score], Sequence[int]]
) -> tuple[list[list[str]], str]:
    """Return the rows of a ladder's table, and the model that is kept.

    A model is kept if its CRPS is below that of the one kept so far.
    """
    rows, kept = [], "naive"
    for model, found in scores.items():
        years = of(found)
        better = found.mean_crps(years) < scores[kept].mean_crps(years)
        if model != "naive" and better:
            kept = model
        rows.append(
            [
                MODELS[model],
                _percent(found.median_error(years)),
                f"{found.mean_crps(years):.4f}",
                _covered(found.coverage(years)),
                "" if model == "naive" else ("yes" if better else "no"),
            ]
        )
    return rows, kept


HEADER: Final = ("model", "median error", "CRPS", "80 % covered (95 % limits)", "kept")


def run(data: Path) -> Section:
    """Return the backtest of revenue."""
    blind, told = read_years(data, told=False), read_years(data, told=True)
    # Nothing can be fitted on a single year, so 1981 is the first that is forecast.
    origins = range(1, len(blind.years) - 1)
    including = {model: score(blind, model, origins) for model in MODELS}
    # Told of the break: its year is neither forecast nor learnt from.
    without = [i for i in origins if blind.years[i + 1] != BREAK_YEAR]
    excluding = {model: score(told, model, without) for model in MODELS}
    periods = {
        name: read_periods(data, target, other)
        for name, target, other in (
            ("tax base 2006-2022", "real_tax_base", "real_expenditures"),
            ("expenditure 2006-2022", "real_expenditures", "real_tax_base"),
        )
    }
    later = {
        name: {
            model: score(panel, model, range(1, len(panel.years) - 1))
            for model in MODELS
        }
        for name, panel in periods.items()
    }

    def every(found: Score) -> Sequence[int]:
        return range(len(found.years))

    with_rows, with_kept = _ladder(including, every)
    without_rows, without_kept = _ladder(excluding, every)
    tables = [
        Table("Own revenues 1981-1987, the break included", HEADER, with_rows),
        Table("Own revenues 1981-1987, told of the break", HEADER, without_rows),
    ]
    nominal = read_periods(data, "tax_base", "real_expenditures")
    product = score_product(nominal)
    own = product.coverage(every(product))
    walk = score(nominal, "drift", range(1, len(nominal.years) - 1))
    walking = score_product(nominal, "drift")
    tables.append(
        Table(
            "Tax base, nominal, four years ahead: the product's own swings",
            ("outcome", "median error", "CRPS", "80 % covered"),
            [
                [
                    str(year),
                    _percent(product.median_error([i])),
                    f"{product.mean_crps([i]):.4f}",
                    _percent(float(product.inside[i].mean())),
                ]
                for i, year in enumerate(product.years)
            ],
        )
    )
    kept_later = {}
    for name, scores in later.items():
        rows, kept_later[name] = _ladder(scores, every)
        tables.append(Table(f"Real {name}, four years ahead", HEADER, rows))
    best, best_told = including[with_kept], excluding[without_kept]
    covered = best.coverage(every(best))
    covered_told = best_told.coverage(every(best_told))
    checks = [
        _below("Median error, break included", best, including["naive"], 0.063),
        _below("Median error, told of the break", best_told, excluding["naive"], 0.052),
        _within("80 % intervals, break included", covered),
        _within("80 % intervals, told of the break", covered_told),
        _within("80 % intervals of the product's swings, tax base 2010-2022", own),
        _skill(
            "CRPS of the product's swings against drift's, same path", walking, walk
        ),
        _skill("CRPS against drift, break included", best, including["drift"]),
        _skill("CRPS against drift, told of the break", best_told, excluding["drift"]),
    ]
    figures = [
        {
            "series": series,
            "model": model,
            "year": found.years[i],
            "cases": len(found.error[i]),
            "median_error_share": found.median_error([i]),
            "crps": found.mean_crps([i]),
            "covered_share": float(found.inside[i].mean()),
        }
        for series, scores in {
            "own revenues, break included": including,
            "own revenues, told of the break": excluding,
            **later,
            "tax base, nominal, the product's swings": {"product": product},
            "tax base, nominal, on the path of drift": {
                "product": walking,
                "drift": walk,
            },
        }.items()
        for model, found in scores.items()
        for i in every(found)
    ]
    return Section(
        title="Municipal revenue",
        data=(
            f"Own revenues per inhabitant, real, {len(blind.target)} municipalities "
            "1979-1987; tax base and expenditures per inhabitant, prices of 2023, "
            f"{len(next(iter(periods.values())).target)} municipalities every fourth "
            "year 2002-2022."
        ),
        fitted=(
            "At each origin on the earlier years alone, all municipalities together. "
            f"Before any year is seen: {100 * PRIOR_DRIFT_SHARE:.0f} % real growth a "
            f"year, give or take {100 * PRIOR_SPREAD_SHARE:.0f} (assumed, weighs as "
            f"much as {PRIOR_YEARS:.0f} years)."
        ),
        paragraphs=[
            *_paragraphs(blind, best, best_told, with_kept, without_kept, later),
            _swings(walking, walk),
        ],
        tables=tables,
        figures=figures,
        failures=[
            *_failures(best, best_told, including, excluding, later, kept_later),
            "The product's swings are wide on the tax base: about the path of the random "
            f"walk with drift {_percent(walking.coverage(every(walking)).share)} of the "
            "outcomes lay within the 80 % interval. General prices, which are assumed, "
            "are in them.",
        ],
        checks=checks,
        pictures=[
            _errors_picture(including, with_kept),
            _coverage_picture(including[with_kept], excluding[without_kept]),
        ],
    )


def _below(name: str, found: Score, naive: Score, published: float) -> Check:
    every = range(len(found.years))
    error, simple = found.median_error(every), naive.median_error(every)
    return Check(
        name,
        f"{_percent(error)} (no change on the same cases: {_percent(simple)})",
        f"below {_percent(published)} and below no change",
        error < min(published, simple),
    )


def _within(name: str, found: Coverage) -> Check:
    return Check(name, _covered(found), "75-85 %", 0.75 <= found.share <= 0.85)


def _skill(name: str, found: Score, simple: Score) -> Check:
    every = range(len(found.years))
    gain = 1 - found.mean_crps(every) / simple.mean_crps(every)
    return Check(name, f"{_percent(gain)} lower", "lower", gain > 0)


def _paragraphs(
    panel: Panel,
    best: Score,
    told: Score,
    kept: str,
    kept_told: str,
    later: Mapping[str, Mapping[str, Score]],
) -> list[str]:
    at_break = best.years.index(BREAK_YEAR)
    calm = [i for i in range(len(best.years)) if i != at_break]
    spread = float(np.std(_apart(np.diff(panel.target, axis=1))))
    return [
        "One step ahead. Of a year's change most is a municipality's own: growth "
        f"differs between municipalities by {_percent(spread)} (standard deviation) "
        "around the year's median, and next year much of it is gone again. That is "
        "what the panel models find; the common growth of the next year nobody knew.",
        f"With the break in, {MODELS[kept]} is kept: {_percent(best.median_error(calm))}"
        f" in the other years, {_percent(best.median_error([at_break]))} in "
        f"{BREAK_YEAR}, when all accounts were laid out anew. Told of the break, "
        f"{MODELS[kept_told]}: {_percent(told.median_error(range(len(told.years))))}.",
        "The product draws whole years for the same reason as here "
        "([method](method/uncertainty.md)): its blocks are these years without the break. "
        "They are tried on the tax base of another time, with the growth of the periods "
        "before as the path.",
        "Four years ahead there are four periods only; the limits of the coverage, "
        "which count periods and not municipalities, say how little that is. "
        + "; ".join(
            f"{name}: {_covered(found['drift'].coverage(range(4)))} for drift"
            for name, found in later.items()
        )
        + ".",
        _simple_kept(later),
    ]


def real_series(name: str) -> str:
    """Return the series by which `capacity.trends` knows a four-year one."""
    return "real_tax_base" if name.startswith("tax base") else "real_expenditures"


def _simple_kept(later: Mapping[str, Mapping[str, Score]]) -> str:
    """Return what the product does with the four-year series, for the page."""
    told = []
    for name, scores in later.items():
        _rows, kept = _ladder(scores, lambda found: range(len(found.years)))
        used = chosen_method(real_series(name)).replace("_", " ")
        told.append(f"{name} {MODELS[kept]} (`capacity.trends` uses {used})")
    return (
        "Where a model loses to the simple one, the product uses the simple one. Lowest "
        f"CRPS four years ahead, real: {'; '.join(told)}. In a plan no model of this "
        "ladder is used: the path is the underlag's own (sheet År), and the swings about "
        "it are years on record, drawn whole."
    )


def _swings(product: Score, walk: Score) -> str:
    """Return how the product's swings did about the path of the simple method."""
    every = range(len(walk.years))
    mine, simple = product.mean_crps(every), walk.mean_crps(every)
    verdict = "better" if mine < simple else "worse"
    return (
        "What the product draws about a path is held apart from the path: about the path "
        "of the random walk with drift, on the nominal tax base, its swings score "
        f"{mine:.4f} and the errors that the walk itself draws {simple:.4f} (CRPS, four "
        f"periods): {verdict} than the simple method."
    )


def _failures(
    best: Score,
    told: Score,
    including: Mapping[str, Score],
    excluding: Mapping[str, Score],
    later: Mapping[str, Mapping[str, Score]],
    kept_later: Mapping[str, str],
) -> list[str]:
    at_break = best.years.index(BREAK_YEAR)
    found = [
        f"{BREAK_YEAR} was not foreseen by any model: "
        f"{_percent(float(best.inside[at_break].mean()))} of the outcomes lay within "
        "the interval. After it the intervals are wide, since it may happen again: "
        + ", ".join(
            f"{year} {_percent(float(best.inside[i].mean()))}"
            for i, year in enumerate(best.years)
            if year > BREAK_YEAR
        )
        + ".",
        "Which of the common growth rates comes next was not foreseen in any year: with "
        "it known the median error would be half a percentage point lower.",
    ]
    for label, scores in (("break included", including), ("told of it", excluding)):
        below = "naive"
        for model, one in scores.items():
            every = range(len(one.years))
            if model != "naive" and one.mean_crps(every) >= scores[below].mean_crps(
                every
            ):
                found.append(f"{label}: {MODELS[model]} loses to {MODELS[below]}.")
            else:
                below = model
    for name, scores in later.items():
        every = range(4)
        kept = kept_later[name]
        share = scores[kept].coverage(every).share
        if not 0.75 <= share <= 0.85:
            found.append(
                f"Real {name}: {_percent(share)} of the outcomes lay within the 80 % "
                f"interval ({MODELS[kept]}). "
                + ", ".join(
                    f"{year} {_percent(float(scores[kept].inside[i].mean()))}"
                    for i, year in enumerate(scores[kept].years)
                )
                + "."
            )
    share = told.coverage(range(len(told.years))).share
    if not 0.75 <= share <= 0.85:
        found.append(f"Told of the break, {_percent(share)} were within the interval.")
    return found


def _errors_picture(scores: Mapping[str, Score], kept: str) -> Picture:
    years = scores["naive"].years
    return Picture(
        name="revenue-errors",
        caption="Median absolute error of own revenues one year ahead, by year: the "
        "kept model against no change",
        kind="bars",
        labels=[str(year) for year in years],
        lines=[
            Line(
                MODELS[model],
                [100 * scores[model].median_error([i]) for i in range(len(years))],
            )
            for model in dict.fromkeys(("naive", kept))
        ],
        unit="%",
    )


def _coverage_picture(blind: Score, told: Score) -> Picture:
    years = blind.years
    by_year = dict(zip(told.years, told.inside, strict=True))
    return Picture(
        name="revenue-coverage",
        caption="Share of municipalities whose revenues lay within the 80 % interval, "
        "by year",
        kind="bars",
        labels=[str(year) for year in years],
        lines=[
            Line("break included", [100 * float(x.mean()) for x in blind.inside]),
            Line(
                "told of the break",
                [
                    100 * float(by_year[year].mean()) if year in by_year else None
                    for year in years
                ],
            ),
        ],
        unit="%",
        goal=80.0,
        goal_label="80 %",
        band=(75.0, 85.0),
    )


def summary(section: Section) -> dict[str, Any]:
    """Return the checks by name, for tests."""
    return {check.name: check for check in section.checks}


if __name__ == "__main__":
    raise SystemExit(main(run))
