"""How much does a project's cost change from one plan to the next? New York's plans.

Every pair of plans that follow each other is matched by agency and project. A model of
the change (does it change, up or down, by how much; by size, kind, number of rows and
whether a commitment is overdue) is fitted on one half of the projects of the first pair
and scored on the other half, against "no change" and against one distribution for all.
A later pair is scored with the model fitted on the whole pair before it. No agency has
a parameter of its own: what one agency did one winter says little about the next.
Leaves out why a cost changed, and the final cost, which no plan tells.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from benchmarks.backtest.section import Check, Line, Picture, Section, Table, main
from rodtrad.domain.distributions import normal_quantile
from rodtrad.domain.scoring import (
    coverage,
    crps_of_draws,
    mean_absolute_error,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rodtrad.domain.arrays import Array

DRAWS: Final = 200
LEVEL: Final = 0.8
MONTHS: Final = {
    name: number
    for number, name in enumerate(
        [
            "Jan",
            "Feb",
            "Mar",
            "Apr",
            "May",
            "Jun",
            "Jul",
            "Aug",
            "Sep",
            "Oct",
            "Nov",
            "Dec",
        ]
    )
}
KEY: Final = ["managingagency", "projectid"]
# The largest commitment's code, in words; what is left is "other".
KINDS: Final = {
    "design": ("DSGN", "IFDS"),
    "equipment": ("EQFN", "EQVH"),
    "construction": ("CONS", "CNSP", "SITE"),
}
SIZES: Final = ((0, 1e5), (1e5, 1e6), (1e6, 1e7), (1e7, math.inf))
SIZE_LABELS: Final = ("< 0.1 M", "0.1–1 M", "1–10 M", "> 10 M")
RIDGE: Final = 1.0


# ---------------------------------------------------------------- data


@dataclass(frozen=True)
class Pair:
    """Two plans matched: features of the first, and what the second says.

    `log_change` is ln(cost in the second / cost in the first), NaN where one of them
    is not above zero or the project is gone. All are `[project]`.
    """

    first: str
    second: str
    keys: list[str]
    agency: Array
    cost: Array
    kind: list[str]
    features: Array
    gone: Array
    log_change: Array
    new_share: float
    new_cost_share: float

    @property
    def matched(self) -> Array:
        """Whether a project has a cost above zero in both plans."""
        return np.isfinite(self.log_change)

    def half(self) -> Array:
        """Which of two halves a project belongs to, by a digest of its key."""
        return np.array([_digest(key) % 2 == 1 for key in self.keys])

    def fold(self, count: int) -> Array:
        """Which group of agencies a project belongs to."""
        return np.array([_digest(f"agency {a:.0f}") % count for a in self.agency])


def _digest(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0]


def _month(plan: str) -> int:
    """Months since year 0 of a plan called "2016-Oct"."""
    year, name = plan.split("-")[:2]
    return int(year) * 12 + MONTHS[name]


def plans(folder: Path) -> list[str]:
    """Return the names of the plans that are there, in order of time."""
    names = [
        p.name.removesuffix("_projects.csv.gz")
        for p in folder.glob("*_projects.csv.gz")
    ]
    if len(names) < 2:
        raise FileNotFoundError(2, "two plans are needed", str(folder))
    return sorted(names, key=_month)


def _projects(folder: Path, plan: str) -> pl.DataFrame:
    frame = pl.read_csv(folder / f"{plan}_projects.csv.gz", infer_schema_length=None)
    return (
        frame.group_by(KEY, maintain_order=True)
        .agg(pl.col("totalcost").sum().cast(pl.Float64), pl.col("noncitycost").sum())
        .with_columns(pl.col("projectid").cast(pl.String))
    )


def _commitments(folder: Path, plan: str) -> pl.DataFrame:
    frame = pl.read_csv(folder / f"{plan}_commitments.csv.gz", infer_schema_length=None)
    date = pl.col("plancommdate")
    return frame.with_columns(
        pl.col("projectid").cast(pl.String),
        cost=(pl.col("citycost") + pl.col("noncitycost")).cast(pl.Float64),
        month=(date.str.slice(3).cast(pl.Int64) + 2000) * 12
        + date.str.slice(0, 2).cast(pl.Int64)
        - 1,
    )


def match(folder: Path, first: str, second: str) -> Pair:
    """Return two plans matched, with the features known when the first was made."""
    now = _month(first)
    rows = _commitments(folder, first)
    shape = rows.group_by(KEY, maintain_order=True).agg(
        rows=pl.len(),
        lines=pl.col("budgetline").n_unique(),
        earliest=pl.col("month").min() - now,
        code=pl.col("commitmentcode").sort_by("cost").last(),
    )
    before, after = _projects(folder, first), _projects(folder, second)
    both = before.join(shape, on=KEY, how="left").join(
        after.select(*KEY, later="totalcost"), on=KEY, how="left"
    )
    cost = both["totalcost"].to_numpy()
    later = both["later"].fill_null(float("nan")).to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.where((cost > 0) & (later > 0), np.log(later / cost), np.nan)
    kind = [_kind(code) for code in both["code"]]
    fresh = after.join(before.select(KEY), on=KEY, how="anti")
    positive = after["totalcost"].clip(0)
    return Pair(
        first=first,
        second=second,
        keys=[f"{a}/{p}" for a, p in zip(both[KEY[0]], both[KEY[1]], strict=True)],
        agency=both[KEY[0]].cast(pl.Float64).to_numpy(),
        cost=cost,
        kind=kind,
        features=_features(both, cost, kind),
        gone=both["later"].is_null().to_numpy(),
        log_change=change,
        new_share=fresh.height / after.height,
        new_cost_share=float(fresh["totalcost"].clip(0).sum() / positive.sum()),
    )


def _kind(code: str | None) -> str:
    return next((kind for kind, codes in KINDS.items() if code in codes), "other")


def _features(both: pl.DataFrame, cost: Array, kind: list[str]) -> Array:
    """One row a project: constant, size, rows, lines, overdue, other money, kind."""
    size = np.log10(np.maximum(cost, 1e3)) - 6.0
    rows = np.log(both["rows"].fill_null(1).to_numpy())
    return np.column_stack(
        [
            np.ones(len(cost)),
            size,
            np.maximum(size, 0.0),
            rows,
            np.log(both["lines"].fill_null(1).to_numpy()),
            both["earliest"].fill_null(0).to_numpy() < 0,
            both["noncitycost"].to_numpy() != 0,
            *(np.array(kind) == name for name in KINDS),
        ]
    ).astype(float)


# ---------------------------------------------------------------- model


@dataclass(frozen=True)
class Drift:
    """Chances of change and of a rise, and the sizes of rises and falls.

    Sizes are exp(features · weights + one of the residuals) in |ln change|.
    """

    changes: Array
    rises: Array
    up: tuple[Array, Array]
    down: tuple[Array, Array]

    def draws(self, features: Array) -> Array:
        """Return ln change, `[project, draw]`: quantiles of the distribution."""
        u = (np.arange(DRAWS) + 0.5) / DRAWS
        change = _chance(features, self.changes)[:, None]
        rise = _chance(features, self.rises)[:, None]
        fall = change * (1.0 - rise)
        lifted = change * rise
        out = np.zeros((features.shape[0], DRAWS))
        # u below the chance of a fall: the largest falls first.
        low = -_size(features, self.down, 1.0 - u[None, :] / np.maximum(fall, 1e-9))
        high = _size(
            features, self.up, 1.0 - (1.0 - u[None, :]) / np.maximum(lifted, 1e-9)
        )
        out = np.where(u[None, :] < fall, low, out)
        return np.where(u[None, :] > 1.0 - lifted, high, out)


def _size(features: Array, part: tuple[Array, Array], at: Array) -> Array:
    weights, residuals = part
    centre = (features @ weights)[:, None]
    return np.exp(centre + np.quantile(residuals, np.clip(at, 0.0, 1.0)))


def _chance(features: Array, weights: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-np.clip(features @ weights, -30, 30)))


def _logistic(features: Array, outcome: Array) -> Array:
    """Weights of a logistic regression, ridge on all but the constant."""
    penalty = np.full(features.shape[1], RIDGE)
    penalty[0] = 1e-6
    weights = np.zeros(features.shape[1])
    for _round in range(50):
        p = _chance(features, weights)
        gradient = features.T @ (outcome - p) - penalty * weights
        curve = (features * (p * (1.0 - p))[:, None]).T @ features + np.diag(penalty)
        step = np.linalg.solve(curve, gradient)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def _sizes(features: Array, change: Array) -> tuple[Array, Array]:
    """Weights for ln |ln change| and the residuals, sorted."""
    size = np.log(np.abs(change))
    penalty = np.full(features.shape[1], RIDGE)
    penalty[0] = 1e-6
    curve = features.T @ features + np.diag(penalty)
    weights = np.linalg.solve(curve, features.T @ size)
    return weights, np.sort(size - features @ weights)


def fit(pair: Pair, chosen: Array) -> Drift:
    """Return the model fitted on the chosen projects of a pair."""
    use = chosen & pair.matched
    x, change = pair.features[use], pair.log_change[use]
    moved = change != 0
    up, down = change > 0, change < 0
    return Drift(
        changes=_logistic(x, moved.astype(float)),
        rises=_logistic(x[moved], up[moved].astype(float)),
        up=_sizes(x[up], change[up]),
        down=_sizes(x[down], change[down]),
    )


# ---------------------------------------------------------------- scoring


@dataclass(frozen=True)
class Score:
    """Mean scores of the model and of what it must beat, on projects not fitted."""

    count: int
    model: float
    pooled: float
    nothing: float
    inside: Array
    moved_inside: Array
    agencies: Array
    moved_agencies: Array


def score(pair: Pair, chosen: Array, model: Drift, known: Array) -> Score:
    """Return how the chosen projects came out; `known` are past log changes."""
    use = chosen & pair.matched
    y, x = pair.log_change[use], pair.features[use]
    draws = model.draws(x)
    pool = np.quantile(known, (np.arange(DRAWS) + 0.5) / DRAWS)
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(draws, [tail, 1.0 - tail], axis=1)
    moved = y != 0
    # Most projects do not change at all, so an interval that must hold 0 holds more
    # than 80 %. Among those that changed the chance of change is set to one.
    sure = Drift(_certain(x.shape[1]), model.rises, model.up, model.down).draws(
        x[moved]
    )
    a, b = np.quantile(sure, [tail, 1.0 - tail], axis=1)
    return Score(
        count=int(use.sum()),
        model=float(crps_of_draws(draws, y).mean()),
        pooled=float(crps_of_draws(np.broadcast_to(pool, draws.shape), y).mean()),
        nothing=mean_absolute_error(np.zeros_like(y), y),
        inside=(y >= low) & (y <= high),
        moved_inside=(y[moved] >= a) & (y[moved] <= b),
        agencies=pair.agency[use],
        moved_agencies=pair.agency[use][moved],
    )


def _certain(count: int) -> Array:
    weights = np.zeros(count)
    weights[0] = 30.0
    return weights


def combine(parts: list[Score]) -> Score:
    """Return the score of several disjoint sets of projects together."""
    total = sum(part.count for part in parts)

    def mean(which: Callable[[Score], float]) -> float:
        return sum(which(part) * part.count for part in parts) / total

    return Score(
        total,
        mean(lambda s: s.model),
        mean(lambda s: s.pooled),
        mean(lambda s: s.nothing),
        np.concatenate([s.inside for s in parts]),
        np.concatenate([s.moved_inside for s in parts]),
        np.concatenate([s.agencies for s in parts]),
        np.concatenate([s.moved_agencies for s in parts]),
    )


def halves(pair: Pair) -> Score:
    """Return each half scored by the model fitted on the other."""
    side = pair.half()
    return combine([_scored(pair, chosen) for chosen in (side, ~side)])


def by_agency(pair: Pair, folds: int = 5) -> Score:
    """Return each group of agencies scored by the model fitted on the others."""
    fold = pair.fold(folds)
    return combine(
        [_scored(pair, fold == k) for k in range(folds) if (fold == k).any()]
    )


def _scored(pair: Pair, chosen: Array) -> Score:
    others = ~chosen
    known = pair.log_change[others & pair.matched]
    return score(pair, chosen, fit(pair, others), known)


# ---------------------------------------------------------------- dates


def slips(folder: Path, first: str, second: str) -> dict[str, float]:
    """Return how planned dates moved, for commitments found once in both plans."""
    key = [*KEY, "budgetline", "commitmentcode", "cost"]
    sides = []
    for plan in (first, second):
        rows = _commitments(folder, plan)
        once = rows.group_by(key, maintain_order=True).agg(
            pl.len().alias("n"), pl.col("month").first()
        )
        sides.append(once.filter(pl.col("n") == 1).drop("n"))
    both = sides[0].join(sides[1], on=key, how="inner", suffix="_later")
    moved = (both["month_later"] - both["month"]).to_numpy().astype(float)
    due = both["month"].to_numpy() < _month(second)
    months = _month(second) - _month(first)
    return {
        "commitments": float(moved.size),
        "later_share": float((moved > 0).mean()),
        "earlier_share": float((moved < 0).mean()),
        "mean_months": float(moved.mean()),
        "months_between": float(months),
        "due": float(due.sum()),
        "due_later_share": float((moved[due] > 0).mean()) if due.any() else math.nan,
        "due_mean_months": float(moved[due].mean()) if due.any() else math.nan,
    }


# ---------------------------------------------------------------- budgets 2021


def budgets(data: Path) -> tuple[list[tuple[str, ...]], list[dict[str, Any]]]:
    """Return overrun against the first budget by category: table rows, figures."""
    path = data / "capital_plans" / "nyc_projects_2021" / "projects_2021.csv.gz"
    frame = pl.read_csv(path, infer_schema_length=None)
    frame = frame.filter(
        (pl.col("original_budget") > 0) & (pl.col("combined_total") > 0)
    )
    factor = frame["combined_total"].cast(pl.Float64) / frame["original_budget"]
    frame = frame.with_columns(factor=factor, size=pl.col("original_budget") / 1e3)
    groups: list[tuple[str, pl.DataFrame]] = [("all", frame)]
    edges = (0.0, 1.0, 5.0, 20.0, math.inf)
    for low, high in itertools.pairwise(edges):
        part = frame.filter((pl.col("size") >= low) & (pl.col("size") < high))
        name = (
            f"first budget {low:.0f}–{high:.0f} M" if high < math.inf else "over 20 M"
        )
        groups.append((name, part))
    counted = (
        frame.group_by("ten_year_plan_category")
        .len()
        .sort("len", "ten_year_plan_category", descending=[True, False])
    )
    for name in counted["ten_year_plan_category"][:8]:
        part = frame.filter(pl.col("ten_year_plan_category") == name)
        groups.append((str(name).capitalize(), part))
    table, figures = [], []
    for name, part in groups:
        f = part["factor"].to_numpy()
        p50, p80 = np.quantile(f, [0.5, 0.8])
        weighted = part["combined_total"].sum() / part["original_budget"].sum()
        delayed = float(part["explanation_for_delay"].is_not_null().mean())
        table.append(
            (
                name,
                str(f.size),
                _pct(p50 - 1),
                _pct(p80 - 1),
                _pct(weighted - 1),
                _pct(delayed),
            )
        )
        figures.append(_figure("budget 2021", name, "p50_share", p50 - 1, f.size))
        figures.append(_figure("budget 2021", name, "p80_share", p80 - 1, f.size))
    return table, figures


# ---------------------------------------------------------------- section


def _pct(share: float, decimals: int = 0) -> str:
    return f"{100 * share:.{decimals}f} %".replace("-", "−")


def _figure(
    part: str, group: str, measure: str, value: float, count: int
) -> dict[str, Any]:
    return {
        "part": part, "group": group, "measure": measure, "value": value, "cases": count,
    }  # fmt: skip


def _groups(pair: Pair) -> list[tuple[str, Array]]:
    groups = [("all", np.ones(len(pair.keys), bool))]
    groups += [
        (label, (pair.cost > low) & (pair.cost <= high))
        for label, (low, high) in zip(SIZE_LABELS, SIZES, strict=True)
    ]
    kinds = np.array(pair.kind)
    return [*groups, *((k, kinds == k) for k in (*KINDS, "other"))]


def _distribution(pair: Pair) -> tuple[Table, list[dict[str, Any]]]:
    rows, figures = [], []
    for name, chosen in _groups(pair):
        use = chosen & pair.matched
        change = pair.log_change[use]
        moved = change[change != 0]
        q = np.exp(np.quantile(moved, [0.1, 0.5, 0.9])) - 1
        total = (
            float((np.exp(change) * pair.cost[use]).sum() / pair.cost[use].sum()) - 1
        )
        gone = float(pair.gone[chosen].mean())
        same = 1 - moved.size / change.size
        rows.append(
            (
                name,
                str(int(chosen.sum())),
                _pct(gone, 1),
                _pct(same),
                *(_pct(v) for v in q),
                _pct(total, 1),
            )
        )
        for measure, value in (
            ("gone_share", gone), ("unchanged_share", same), ("p10_share", q[0]),
            ("p50_share", q[1]), ("p90_share", q[2]), ("total_share", total),
        ):  # fmt: skip
            figures.append(_figure("distribution", name, measure, value, change.size))
    header = (
        "projects", "number", "gone", "unchanged", "changed: p10", "p50", "p90", "sum",
    )  # fmt: skip
    return Table(f"Cost change {pair.first} → {pair.second}", header, rows), figures


def _score_rows(
    name: str, found: Score
) -> tuple[tuple[str, ...], list[dict[str, Any]], Any, Any]:
    held = coverage(found.inside, found.agencies)
    moved = coverage(found.moved_inside, found.moved_agencies)
    row = (
        name,
        str(found.count),
        f"{found.nothing:.4f}",
        f"{found.pooled:.4f}",
        f"{found.model:.4f}",
        _pct(1 - found.model / found.nothing, 1),
        _pct(held.share, 1),
        f"{_pct(moved.share, 1)} ({_pct(moved.low)}–{_pct(moved.high)})",
    )
    figures = [
        _figure("score", name, measure, value, found.count)
        for measure, value in (
            ("crps_no_change", found.nothing), ("crps_pooled", found.pooled),
            ("crps_model", found.model), ("coverage_80", held.share),
            ("coverage_80_changed", moved.share), ("coverage_80_changed_low", moved.low),
            ("coverage_80_changed_high", moved.high),
        )
    ]  # fmt: skip
    return row, figures, held, moved


def run(data: Path) -> Section:
    """Score the drift of every pair of plans there is."""
    folder = data / "capital_plans" / "nyc_commitments"
    names = plans(folder)
    pairs = [match(folder, a, b) for a, b in itertools.pairwise(names)]
    pair = pairs[0]
    table, figures = _distribution(pair)
    tables = [table]
    scored = [
        ("other half of the projects", halves(pair)),
        ("other agencies", by_agency(pair)),
    ]
    for before, later in itertools.pairwise(pairs):
        every = np.ones(len(before.keys), bool)
        known = before.log_change[before.matched]
        label = f"{later.first} → {later.second}"
        chosen = np.ones(len(later.keys), bool)
        scored.append((label, score(later, chosen, fit(before, every), known)))
        extra, more = _distribution(later)
        tables.append(extra)
        figures += [{**row, "part": f"distribution {label}"} for row in more]
    rows, checks, failures, covers = [], [], [], []
    for name, found in scored:
        row, more, _held, moved = _score_rows(name, found)
        rows.append(row)
        figures += more
        covers.append((name, moved))
        gain = 1 - found.model / found.nothing
        beats = found.model < min(found.nothing, found.pooled)
        checks.append(
            Check(
                f"{name}: CRPS against no change and one distribution",
                f"{_pct(gain, 1)} and {_pct(1 - found.model / found.pooled, 1)} lower",
                "lower than both",
                beats,
            )
        )
        checks.append(
            Check(
                f"{name}: 80 % intervals of those that changed",
                f"{_pct(moved.share, 1)} ({_pct(moved.low)}–{_pct(moved.high)})",
                "75–85 %",
                0.75 <= moved.share <= 0.85,
            )
        )
        if not beats:
            failures.append(f"On {name} the model loses to a simpler one.")
    header = (
        "held out", "projects", "no change", "one distribution", "model", "gain",
        "inside, all", "inside, changed (95 % limits)",
    )  # fmt: skip
    tables.append(
        Table("CRPS in ln(cost), lower is better; 80 % intervals", header, rows)
    )
    slip = slips(folder, pair.first, pair.second)
    figures += [
        _figure("dates", "all", k, v, int(slip["commitments"])) for k, v in slip.items()
    ]
    budget_rows, more = budgets(data)
    figures += more
    header = (
        "projects", "number", "p50", "p80", "sum", "with a stated delay",
    )  # fmt: skip
    tables.append(Table("Total 2021 against the first budget", header, budget_rows))
    return Section(
        title="Plan-to-plan cost drift (New York)",
        data=_data_text(pairs, names),
        fitted=(
            "Half of the projects (by a digest of agency and project), scored on the "
            "other half and the other way round; then on agencies that were left out. "
            "A later pair of plans is scored with the model of the pair before."
        ),
        paragraphs=_paragraphs(pair, scored, slip),
        tables=tables,
        figures=figures,
        failures=[*failures, *_failures(scored)],
        checks=checks,
        pictures=[_picture(pair), _scores_picture(scored)],
    )


def _data_text(pairs: list[Pair], names: list[str]) -> str:
    matched = ", ".join(
        f"{int(p.matched.sum())} of {len(p.keys)} projects of {p.first} matched in {p.second}"
        for p in pairs
    )
    return (
        f"Capital commitment plans {', '.join(names)}, scraped from the published "
        f"documents; {matched} (cost above zero in both). The total of a project is what "
        "is still planned, so money that was committed in between leaves it. 948 projects "
        "of the 2020–21 capital project report have a first budget."
    )


def _paragraphs(
    pair: Pair, scored: list[tuple[str, Score]], slip: dict[str, float]
) -> list[str]:
    change = pair.log_change[pair.matched]
    moved = change != 0
    z80 = float(normal_quantile(0.9))
    q10, q90 = np.quantile(change[moved], [0.1, 0.9])
    first = scored[0][1]
    return [
        f"In {slip['months_between']:.0f} months {_pct(pair.gone.mean(), 1)} of the projects "
        f"leave the plan, {_pct(pair.new_share, 1)} of the next plan's are new "
        f"({_pct(pair.new_cost_share, 1)} of its cost), {_pct(1 - moved.mean())} of those in both "
        f"are unchanged to the dollar, and of those that change {_pct((change[moved] > 0).mean())} rise. "
        f"The spread of the changed ones, (p90 − p10)/{2 * z80:.2f}, is "
        f"{(q90 - q10) / (2 * z80):.2f} in ln(cost).",
        f"A model by size, kind, rows and overdue dates scores {first.model:.4f} on projects it "
        f"has not seen, against {first.nothing:.4f} for no change and {first.pooled:.4f} for one "
        "distribution for all. It is a gain, and a small one: most of what decides whether a "
        "project's row is touched in a given quarter is not in the plan.",
        f"Planned dates: of {slip['commitments']:.0f} commitments with the same amount in both "
        f"plans {_pct(slip['later_share'], 1)} moved later and {_pct(slip['earlier_share'], 1)} earlier; "
        f"of the {slip['due']:.0f} that were due before the second plan and are still there "
        f"{_pct(slip['due_later_share'])} moved, {slip['due_mean_months']:.1f} months on average.",
        "The reference classes are not fitted on this: a quarter's drift of what is left to "
        "commit is not the overrun of a finished project. The last table shows why the first "
        "budget in the 2021 report is not used either: where it is small it is often a first "
        "grant for design, and the total later is that of the whole project.",
    ]


def _failures(scored: list[tuple[str, Score]]) -> list[str]:
    texts = [
        "Over all projects an 80 % interval holds more than 80 %, since most do not change "
        "at all and the interval of no change holds them; the limits that mean something are "
        "those among the projects that changed.",
        "Only one change of plan is known here, so nothing says how much a quarter differs "
        "from the next; limits count agencies, not quarters.",
    ]
    gain = 1 - scored[0][1].model / scored[0][1].nothing
    other = 1 - scored[1][1].model / scored[1][1].nothing
    if other < gain:
        texts.append(
            f"On agencies that were left out the gain falls from {_pct(gain, 1)} to {_pct(other, 1)}."
        )
    return texts


def _picture(pair: Pair) -> Picture:
    groups = _groups(pair)[1:]
    values: dict[str, list[float | None]] = {
        "unchanged": [],
        "dearer": [],
        "cheaper": [],
        "gone": [],
    }
    for _name, chosen in groups:
        n = chosen.sum()
        change = pair.log_change[chosen & pair.matched]
        gone = pair.gone[chosen].sum()
        for key, count in (
            ("unchanged", (change == 0).sum()), ("dearer", (change > 0).sum()),
            ("cheaper", (change < 0).sum()), ("gone", gone),
        ):  # fmt: skip
            values[key].append(100.0 * float(count) / float(n))
    return Picture(
        name="drift-change",
        caption=f"What became of the projects of {pair.first} in {pair.second}, by size and kind",
        kind="bars",
        labels=[name for name, _chosen in groups],
        lines=[Line(label, series) for label, series in values.items()],
        unit="Share of projects, %",
    )


def _scores_picture(scored: list[tuple[str, Score]]) -> Picture:
    return Picture(
        name="drift-crps",
        caption="Score of the drift model against simpler ones (CRPS, lower is better)",
        kind="bars",
        labels=[name for name, _score in scored],
        lines=[
            Line("model", [s.model for _n, s in scored]),
            Line("one distribution for all", [s.pooled for _n, s in scored]),
            Line("no change", [s.nothing for _n, s in scored]),
        ],
        unit="CRPS in ln(cost)",
    )


if __name__ == "__main__":
    raise SystemExit(main(run))
