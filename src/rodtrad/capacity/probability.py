"""How likely is it that the goals and the balance requirement hold? And what decides?

A plan is run through the statements in every draw, some draws at a time. From that
come probabilities with the error of the drawing, quantiles of every line and
indicator, and a ranking of what the uncertainty comes from. Leaves out how the draws
are made (uncertainty), and whether they are right: that is for the backtests.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rodtrad.capacity.evaluate import investigate_balanskrav
from rodtrad.capacity.indicators import (
    GOAL_TOLERANCE,
    INDICATORS,
    goal_met,
    goal_outcome,
    goal_slack,
    indicator_values,
    window_sums,
)
from rodtrad.capacity.statements import Before, before_projects, forecast_statements
from rodtrad.capacity.uncertainty import GROUPS, draw_economy, slice_draws
from rodtrad.capacity.uncertainty_projects import (
    ProjectDraws,
    Response,
    Responses,
    draw_projects,
    drawn_totals,
    plan_response,
)
from rodtrad.domain.economy import (
    BASIS_LABELS,
    EconomyParameters,
    build_parameters,
)
from rodtrad.domain.words import (
    Labels,
    later,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from rodtrad.capacity.legal_tests import Balanskrav
    from rodtrad.capacity.statements import Statements
    from rodtrad.domain.arrays import Array, Case, Choice, Goal

# The balance requirement stands among the goals under this name.
BALANSKRAV: Final = "balanskrav"
STATEMENT_LINES: Final = (
    "ri", "rk", "ra", "rn", "rs", "rg", "rv", "fi", "fk", "re", "ex", "ar",
)  # fmt: skip
BALANCE_LINES: Final = (
    "fixed_assets", "cash", "equity", "loans", "other_liabilities",
)  # fmt: skip
BALANSKRAV_LINES: Final = ("areb", "bkr", "att_reglera")
LINES: Final = (*STATEMENT_LINES, *BALANCE_LINES, *BALANSKRAV_LINES, "outlay")
QUANTILES: Final = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
FAN: Final = {"p5": 0.05, "p25": 0.25, "p75": 0.75, "p95": 0.95}
# Draws taken through the statements at a time. Fewer, and the threads wait for each
# other between short steps; more, and they no longer fit in the processor's cache.
BLOCK_DRAWS: Final = 2500
# Blocks at a time. The figures are the same for any number.
THREADS: Final = 2
RANKING_DRAWS: Final = 2000
GROUP_LABELS: Final = Labels(
    {
        "tax_base": later("Skatteunderlaget"),
        "cost": later("Driftkostnaderna"),
        "prices": later("Allmänna prisökningar"),
        "construction": later("Byggpriserna"),
        "interest": later("Räntan"),
        "population": later("Befolkningen"),
        "project_cost": later("Projektens fördyring"),
        "project_delay": later("Projektens försening"),
    }
)


@dataclass(frozen=True)
class Block:
    """Some of the draws, and what stands in them before any project."""

    case: Case
    before: Before


@dataclass(frozen=True)
class Draws:
    """Everything random about a municipality, the same for every plan of it.

    Comparing plans on the same draws takes away most of the noise of the comparison.
    `case` is drawn; `projects` cover the projects asked for. For the next plan are kept
    `responses`, what the accounting has answered about choices, and `blocks`, what
    stands before any project in each block of draws.
    """

    case: Case
    fixed: Case
    projects: ProjectDraws
    parameters: EconomyParameters
    count: int
    seed: int
    responses: Responses = field(default_factory=dict, repr=False, compare=False)
    blocks: dict[tuple[int, int], Block] = field(
        default_factory=dict, repr=False, compare=False
    )


def make_draws(
    case: Case,
    count: int,
    seed: int,
    *,
    project_ids: Sequence[str] | None = None,
    parameters: EconomyParameters | None = None,
    frozen: Collection[str] = (),
    population: Array | None = None,
) -> Draws:
    """Return the draws of a municipality.

    Args:
        case: deterministic.
        count: how many draws.
        seed: the same seed gives the same draws, and the first of many those of few.
        project_ids: the projects that plans will hold; None is all of them.
        parameters: None takes the underlag's.
        frozen: groups of `GROUPS` that stay on their path.
        population: as in `draw_swings`.

    Source:
        METHODS 5; method page docs/method/uncertainty.md.
    """
    known = build_parameters(case.tables) if parameters is None else parameters
    keys = [p.project_id for p in case.projects] if project_ids is None else project_ids
    # Each quantity has a stream of its own, so what is drawn first means nothing.
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        projects = pool.submit(
            draw_projects, case, list(keys), count, seed, known, frozen
        )
        economy = pool.submit(
            draw_economy, case, count, seed, known, frozen, population
        )
    return Draws(
        case=economy.result(),
        fixed=case,
        projects=projects.result(),
        parameters=known,
        count=count,
        seed=seed,
    )


def keep_requirement(case: Case, rows: Mapping[str, Array]) -> Array:
    """Return 1 where a year leaves no new deficit to restore, else 0, `[year, draw]`.

    What the council has decided need not be restored counts as none.

    Source:
        `domain/law/kommunallagen.toml`; method page docs/method/uncertainty.md.
    """
    tolerance = GOAL_TOLERANCE * case.base_tkr
    left = rows["bkr"] + rows["synnerliga_skal"]
    return np.asarray(left >= -tolerance, dtype=np.float64)


@dataclass(frozen=True)
class Simulation:
    """A plan in every draw.

    `met` by goal id, and `balanskrav`: `[year, draw]`, 1 or 0, NaN in years without.
    `lines` the lines asked for, `[year, draw]`, nominal tkr; `indicators` likewise.
    `margin` by goal id: how far the indicator is on the right side, in its own unit, on
    average over its years, `[draw]`, NaN unless asked for; of the balance requirement
    the average result after adjustments as a share of taxes and grants. `slacks` by goal id, of the goals
    asked for: `[window, draw]` before reserves, as `capacity.indicators.Slack`.
    """

    case: Case
    choices: tuple[Choice, ...]
    count: int
    met: Mapping[str, Array]
    margin: Mapping[str, Array]
    lines: Mapping[str, Array]
    indicators: Mapping[str, Array]
    assumed_projects: bool
    parameters: EconomyParameters
    slacks: Mapping[str, Array] = field(default_factory=dict)

    def probability(self, goal_id: str) -> list[float | None]:
        """Return the share of draws in which a goal is met, by year; None: not asked.

        Example: `simulation.probability(BALANSKRAV)`.
        """
        met = self.met[goal_id]
        return [None if np.isnan(row[0]) else float(row.mean()) for row in met]

    def probability_all_years(
        self, goal_id: str, from_year: int | None = None, to_year: int | None = None
    ) -> float | None:
        """Return the share of draws in which a goal is met every year it covers."""
        held = self.holds_all_years(goal_id, from_year, to_year)
        return None if held is None else float(held.mean())

    def holds_all_years(
        self, goal_id: str, from_year: int | None = None, to_year: int | None = None
    ) -> Array | None:
        """Return 1 for draws in which a goal is met every year it covers, `[draw]`."""
        years = self.case.years
        asked = (years >= (from_year or years[0])) & (years <= (to_year or years[-1]))
        rows = self.met[goal_id][asked]
        rows = rows[~np.isnan(rows[:, 0])] if len(rows) else rows
        return rows.min(axis=0) if len(rows) else None

    def standard_error(self, share: float) -> float:
        """Return the standard error of a probability from so many draws.

        With one success and one failure added, so that it is not zero where every draw
        says the same.

        Source:
            Agresti & Coull (1998); method page docs/method/uncertainty.md.
        """
        return standard_error(share, self.count)

    def quantiles(self, levels: Mapping[str, float] = QUANTILES) -> dict[str, Any]:
        """Return, for every line and indicator, the quantiles by year.

        The value of a draw, not between two (nearest rank). Draws in which an
        indicator is not defined are left out; None where it is so in most.
        """
        kept = {**self.lines, **self.indicators}
        with ThreadPoolExecutor(max_workers=THREADS) as pool:
            found = pool.map(lambda values: quantiles_of(values, levels), kept.values())
            return dict(zip(kept, found, strict=True))

    def rests_on(self, *, forecast: bool = False) -> list[str]:
        """Return in Swedish what is assumed.

        Args:
            forecast: the population is that of a forecast, whose assumptions are others.
        """
        bases = {*self.parameters.assumed_bases()} - {"projects"}
        if forecast:
            bases.add("population")
        if self.assumed_projects:
            bases.add("projects")
        return [label for key, label in BASIS_LABELS.items() if key in bases]


def standard_error(share: float, count: int) -> float:
    """Return the standard error of a share of `count` draws, never zero.

    Source:
        Agresti & Coull (1998): one success and one failure more.

    Example:
        >>> round(standard_error(0.8, 1000), 4), round(standard_error(1.0, 1000), 4)
        (0.0127, 0.001)
    """
    likely = (share * count + 1.0) / (count + 2.0)
    return float(np.sqrt(likely * (1.0 - likely) / (count + 2.0)))


def quantiles_of(values: Array, levels: Mapping[str, float]) -> dict[str, Any]:
    """Return quantiles of `[year, draw]` by year, the nearest rank.

    Example:
        >>> quantiles_of(np.arange(10.0)[None, :], {"p50": 0.5, "p90": 0.9})
        {'p50': [4.0], 'p90': [8.0]}
    """
    count = values.shape[1]
    blank = np.isnan(values).any()
    if not blank:
        rank = {
            key: max(int(np.ceil(level * count - 1e-9)) - 1, 0)
            for key, level in levels.items()
        }
        ordered = np.partition(values, sorted(set(rank.values())), axis=1)
        return {key: ordered[:, at].tolist() for key, at in rank.items()}
    ordered = np.sort(values, axis=1)  # NaN last
    known = (~np.isnan(values)).sum(axis=1)
    found: dict[str, Any] = {}
    for key, level in levels.items():
        at = np.maximum(np.ceil(level * known - 1e-9).astype(int) - 1, 0)
        row = ordered[np.arange(len(ordered)), at]
        found[key] = [
            float(v) if 2 * n >= count and n else None
            for v, n in zip(row, known, strict=True)
        ]
    return found


def simulate_plan(
    draws: Draws,
    choices: Sequence[Choice],
    *,
    lines: Collection[str] = LINES,
    indicators: Collection[str] = INDICATORS,
    change: Callable[[Case], Case] | None = None,
    response: Response | None = None,
    slacks_of: Sequence[Goal] = (),
    margins: bool = False,
) -> Simulation:
    """Return a plan run through the statements in every draw.

    Args:
        draws: from `make_draws`.
        choices: the plan.
        lines: statement, balance and balance-requirement lines to keep; none keeps the
            probabilities alone, which is quicker and smaller.
        indicators: indicators to keep.
        change: laid over the drawn case, for stress tests.
        response: of these choices where it is known already.
        slacks_of: goals whose slack is kept; they need not be the case's own.
        margins: whether `margin` is reckoned.

    Raises:
        KeyError: a project that was not drawn, or an unknown line.

    Source:
        DESIGN 4; method page docs/method/uncertainty.md.
    """
    chosen = tuple(sorted(choices))
    if response is None:
        response = respond(draws, chosen)
    case = draws.case if change is None else change(draws.case)
    years, count = len(case.years), draws.count
    # One piece of memory, which the system hands out in large pages.
    space = np.empty((len(lines) + len(indicators), years, count))
    kept = dict(zip(lines, space, strict=False))
    shown = dict(zip(indicators, space[len(lines) :], strict=True))
    met = {g.goal_id: np.full((years, count), np.nan) for g in case.goals}
    met[BALANSKRAV] = np.empty((years, count))
    margin = {key: np.full(count, np.nan) for key in met}
    slacks = {g.goal_id: np.empty((len(g.window_ends), count)) for g in slacks_of}

    def run(first: int) -> None:
        at = slice(first, min(first + BLOCK_DRAWS, count))
        block = _block(draws, case, at)
        part, before = block.case, block.before
        totals = drawn_totals(
            part,
            chosen,
            draws.projects.slice(at.start, at.stop),
            response,
            before.indices,
        )
        found = forecast_statements(part, totals, before)
        law = investigate_balanskrav(part, found)
        bkr, areb = law.rows["bkr"], law.rows["areb"]
        for key, line in kept.items():
            line[:, at] = _line(key, found, law)
        if shown:
            values = indicator_values(part, found, bkr)
            for key, indicator in shown.items():
                indicator[:, at] = values[key]
        for goal in part.goals:
            rows = [year - part.plan_start for year in goal.window_ends]
            if rows:
                met[goal.goal_id][rows, at] = goal_met(part, found, goal, bkr)
            if margins:
                outcome = goal_outcome(part, found, goal, bkr, areb)
                margin[goal.goal_id][at] = _average(outcome.margin)
        for goal in slacks_of:
            slacks[goal.goal_id][:, at] = slack_before_reserves(part, found, goal, areb)
        met[BALANSKRAV][:, at] = keep_requirement(part, law.rows)
        if margins:
            base = found.statement["rs"] + found.statement["rg"]
            margin[BALANSKRAV][at] = (areb / base).mean(axis=0)

    # Each block writes where no other does, so the order they end in means nothing.
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        list(pool.map(run, range(0, count, BLOCK_DRAWS)))
    return Simulation(
        draws.fixed,
        chosen,
        count,
        met,
        margin,
        kept,
        shown,
        draws.projects.assumed and bool(chosen),
        draws.parameters,
        slacks,
    )


def _block(draws: Draws, case: Case, at: slice) -> Block:
    """Return a block of draws; of the draws' own case it is kept for the next plan."""
    key = (at.start, at.stop)
    known = draws.blocks.get(key) if case is draws.case else None
    if known is not None:
        return known
    part = slice_draws(case, at.start, at.stop)
    block = Block(part, before_projects(part))
    if case is draws.case:
        draws.blocks[key] = block
    return block


def slack_before_reserves(
    case: Case, years: Statements, goal: Goal, areb: Array
) -> Array:
    """Return what a goal leaves in each window, `[window, draw]`, as a plan is held.

    Source:
        DESIGN Appendix A7, A9; method page docs/method/goals.md.
    """
    loans = window_sums(case, goal, years.balance["loans"])
    return goal_slack(case, years, goal, areb).total(loans)


def respond(draws: Draws, choices: Sequence[Choice]) -> Response:
    """Return the plan's response to a krona, at the delays that are drawn."""
    most = {
        choice.project_id: int(draws.projects.delay[choice.project_id].max(initial=0))
        for choice in choices
    }
    return plan_response(draws.fixed, tuple(sorted(choices)), most, draws.responses)


def _line(key: str, years: Statements, law: Balanskrav) -> Array:
    if key in years.statement:
        return years.statement[key]
    if key in years.balance:
        return years.balance[key]
    if key in law.rows:
        return law.rows[key]
    if key == "outlay":
        return years.outlay
    raise KeyError(key)


def _average(margin: Array) -> Array:
    """Return the average over the years in which there is a margin, `[draw]`."""
    known = ~np.isnan(margin)
    count = known.sum(axis=0)
    total = np.where(known, margin, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


# ------------------------------------------------------------------- what decides


@dataclass(frozen=True)
class Driver:
    """How much of the uncertainty of something comes from one group.

    `share` of the variance; the shares of all groups sum to one. Negative where the
    group makes the outcome steadier, as costs that follow revenue do.
    """

    group: str
    label: str
    share: float


def rank_drivers(
    case: Case,
    choices: Sequence[Choice],
    *,
    seed: int,
    count: int = RANKING_DRAWS,
    parameters: EconomyParameters | None = None,
    population: Array | None = None,
) -> dict[str, list[Driver]]:
    """Return what the uncertainty of each goal's margin comes from, most first.

    Each group in turn is frozen on its path while the others keep their draws. What
    then changes is the group's part, and its share is that part's covariance with the
    whole. The parts of a sum share its variance among them without a rest, also when
    groups move together; what does not add up is divided in proportion.

    Args:
        case: deterministic.
        choices: the plan.
        seed: of the draws.
        count: how many, at most those of `population`.
        parameters: None takes the underlag's.
        population: as in `draw_swings`; its first draws are used.

    Returns:
        by goal id, `balanskrav` included; empty where nothing varies.

    Source:
        Covariance decomposition (Genizi 1993 for sums); method page
        docs/method/uncertainty.md.
    """
    keys = sorted({choice.project_id for choice in choices})
    if population is not None:
        population = population[:, :count]
        count = population.shape[1]

    def margins(frozen: Collection[str]) -> Mapping[str, Array]:
        draws = make_draws(
            case,
            count,
            seed,
            project_ids=keys,
            parameters=parameters,
            frozen=frozen,
            population=population,
        )
        return simulate_plan(
            draws, choices, lines=(), indicators=(), margins=True
        ).margin

    whole = margins(())
    parts = {group: margins((group,)) for group in GROUPS}
    ranked: dict[str, list[Driver]] = {}
    for key, values in whole.items():
        if not np.isfinite(values).all() or float(np.var(values)) <= 0:
            ranked[key] = []
            continue
        shares = {
            group: float(np.mean((values - values.mean()) * (values - part[key])))
            for group, part in parts.items()
        }
        whole_share = sum(shares.values())
        if whole_share <= 0:
            ranked[key] = []
            continue
        ranked[key] = [
            Driver(group, GROUP_LABELS[group], share / whole_share)
            for group, share in sorted(
                shares.items(), key=lambda pair: (-pair[1], pair[0])
            )
        ]
    return ranked


# ------------------------------------------------------------------- for plan.json


def probability_result(
    simulation: Simulation, drivers: Mapping[str, Sequence[Driver]] | None = None
) -> dict[str, Any]:
    """Return `probability`, `quantiles` and `uncertainty` as `plan.json` holds them.

    `probability` is by goal id and year, with `balanskrav` beside the goals;
    `uncertainty` has for each of them the probability of all years, its standard error
    and the number of draws, what the probabilities rest on, the drivers and the
    parameters with their quality.
    """
    goals = list(simulation.met)
    all_years = {}
    for key in goals:
        held = simulation.holds_all_years(key)
        if held is None:
            continue
        share = float(held.mean())
        all_years[key] = {
            "share": share,
            "standard_error": simulation.standard_error(share),
            "held": int(held.sum()),
        }
    return {
        "probability": {key: simulation.probability(key) for key in goals},
        "quantiles": simulation.quantiles(),
        "uncertainty": {
            "draws": simulation.count,
            "all_years": all_years,
            "assumed": simulation.rests_on(),
            "drivers": {
                key: [
                    {"group": d.group, "label": d.label, "share": d.share}
                    for d in ranked
                ]
                for key, ranked in (drivers or {}).items()
            },
            "parameters": [
                p.as_dict() for p in simulation.parameters.parameters.values()
            ],
        },
    }


def fan_of(
    simulation: Simulation, key: str, planned: Sequence[float | None]
) -> dict[str, Any]:
    """Return a fan chart's data: years, the planned path, and quantiles around it.

    Args:
        simulation: with the line or indicator kept.
        key: its name.
        planned: the deterministic path, by year.

    Raises:
        KeyError: the line was not kept.
    """
    values = simulation.lines.get(key)
    if values is None:
        values = simulation.indicators[key]
    return {
        "key": key,
        "years": [int(year) for year in simulation.case.years],
        "planned": list(planned),
        "draws": simulation.count,
        **quantiles_of(values, {**FAN, **QUANTILES}),
    }
