"""What do the measurements say? Tables and a picture from `results/*.csv`.

Only stored results are read, so the page can be made again without a solver. Every
figure is the median over the municipalities of a size; a time that was not reached
counts as longer than any other.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

Point = tuple[float, float | None, float | None]
Rows = list[dict[str, str]]
NEVER: Final = math.inf
NAMES: Final = {
    "rodtrad": "Röd tråd (whole program)",
    "highs-2": "HiGHS, our matrix, 2 threads",
    "highs-1": "HiGHS, our matrix, 1 thread",
    "linopy": "linopy + HiGHS, 2 threads",
    "scip": "SCIP, our matrix, 1 thread",
    "cpsat-2": "CP-SAT, our matrix, 2 workers",
}
# Colours that differ also in grey, and a dash for those who see no colour.
STROKES: Final = {
    "rodtrad": ("#b3232c", ""),
    "highs-2": ("#1f4e79", ""),
    "highs-1": ("#1f4e79", "6 3"),
    "linopy": ("#5b8c5a", "2 2"),
    "scip": ("#8a6d1d", "9 3 2 3"),
    "cpsat-2": ("#777777", "1 3"),
}
EVENTS: Final = {"in_plan": "in the plan", "in_mandate": "in the mandate period"}
SCOPES: Final = {"viewpoints": "5 viewpoints", "region": "an order of 5 criteria"}
KEPT: Final = 0.02  # a point is stored when the gap has fallen by this share
TOLERANCE: Final = 1e-6


# ---------------------------------------------------------------- trajectories


def gap_of(plan: float | None, bound: float | None) -> float:
    """How much better another plan can be, as a share; infinite if nothing is known.

    Example:
        >>> gap_of(200.0, 201.0), gap_of(None, 5.0)
        (0.005, inf)
    """
    if plan is None or bound is None or plan <= 0:
        return NEVER
    return max(bound - plan, 0.0) / plan


def thinned(points: Iterable[Sequence[float | None]]) -> list[Point]:
    """The points where plan and bound came notably nearer, the first and the last."""
    kept: list[Point] = []
    last: Point | None = None
    for second, plan, bound in points:
        last = (float(second or 0.0), plan, bound)
        gap, before = gap_of(plan, bound), gap_of(*kept[-1][1:]) if kept else NEVER
        fresh = not kept or (plan is not None and kept[-1][1] is None)
        if fresh or gap < before * (1 - KEPT):
            kept.append(last)
    if last is not None and kept[-1] != last:
        kept.append(last)
    return kept


def gap_at(points: Sequence[Point], second: float) -> float:
    """The proven gap at a second."""
    known = [gap_of(plan, bound) for at, plan, bound in points if at <= second]
    return min(known, default=NEVER)


def seconds_to(points: Sequence[Point], gap: float) -> float:
    """The first second at which the gap was proven; infinite if it never was."""
    return next((at for at, plan, bound in points if gap_of(plan, bound) <= gap), NEVER)


# ---------------------------------------------------------------- results


@dataclass(frozen=True)
class Results:
    """What the CSV files hold, trajectories by (projects, tightness, seed, solver)."""

    solves: Rows
    points: Mapping[tuple[str, str, str, str], list[Point]]
    measures: Rows
    knapsacks: Rows
    agreement: Rows

    def seeds(self, projects: str, tightness: str, solver: str) -> list[str]:
        """The municipalities that a solver was run on."""
        return [
            row["seed"]
            for row in self.solves
            if (row["projects"], row["tightness"], row["solver"])
            == (projects, tightness, solver)
        ]

    def median(
        self,
        projects: str,
        tightness: str,
        solver: str,
        figure: Callable[[Sequence[Point]], float],
    ) -> float | None:
        """The median over municipalities of a figure of the trajectory."""
        found = [
            figure(self.points[projects, tightness, seed, solver])
            for seed in self.seeds(projects, tightness, solver)
        ]
        return median(found) if found else None


def read_results(folder: Path) -> Results:
    """Return what is stored; a file that is not there is empty."""
    points: dict[tuple[str, str, str, str], list[Point]] = defaultdict(list)
    for row in _rows(folder / "trajectories.csv"):
        key = (row["projects"], row["tightness"], row["seed"], row["solver"])
        points[key].append(
            (float(row["second"]), _number(row["plan"]), _number(row["bound"]))
        )
    return Results(
        _rows(folder / "solves.csv"),
        points,
        _rows(folder / "measures.csv"),
        _rows(folder / "knapsack.csv"),
        _rows(folder / "agreement.csv"),
    )


def _rows(path: Path) -> Rows:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _number(text: str) -> float | None:
    return float(text) if text else None


def find_faults(results: Results) -> list[str]:
    """Plans that break a requirement, values told wrongly, bounds below a known plan."""
    faults = []
    best: dict[tuple[str, str, str], float] = {}
    for row in results.solves:
        value, key = _number(row["value"]), (row["projects"], row["tightness"], row["seed"])  # fmt: skip
        if value is not None and not row["broken"]:
            best[key] = max(best.get(key, -math.inf), value)
    for row in results.solves:
        key = (row["projects"], row["tightness"], row["seed"])
        name = f"{NAMES.get(row['solver'], row['solver'])}, {' '.join(key)}"
        plan, bound, value = (_number(row[c]) for c in ("plan", "bound", "value"))
        if row["status"].startswith("error"):
            faults.append(f"{name}: {row['status']}")
            continue
        if row["broken"]:
            faults.append(f"{name}: the plan breaks {row['broken']}")
        if None not in (plan, value) and _apart(plan, value) > 1e-5:
            faults.append(f"{name}: says {plan}, the statements say {value}")
        known = best.get(key)
        if bound is not None and known is not None and known > bound * (1 + TOLERANCE):
            faults.append(f"{name}: the bound {bound} is below a known plan {known}")
    return faults


def _apart(a: float | None, b: float | None) -> float:
    return abs((a or 0.0) - (b or 0.0)) / max(abs(b or 0.0), 1e-9)


# ---------------------------------------------------------------- words


def seconds_text(value: float | None) -> str:
    """Seconds, or a dash when it was not reached; empty when not measured."""
    if value is None:
        return ""
    if value == NEVER:
        return "–"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def gap_text(value: float | None) -> str:
    """A share as per cent with two significant digits."""
    if value is None:
        return ""
    if value == NEVER:
        return "–"
    percent = 100 * value
    return f"{percent:.1f} %" if percent >= 1 else f"{percent:.2g} %"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table; the first column is text, the others are figures."""
    lines = ["| " + " | ".join(head) + " |"]
    lines.append("| --- |" + " ---: |" * (len(head) - 1))
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def solver_table(results: Results, projects: str, tightness: str) -> list[str]:
    """One row a solver: times to gaps, gaps at times."""

    def line(solver: str) -> list[str]:
        def value(figure: Callable[[Sequence[Point]], float]) -> float | None:
            return results.median(projects, tightness, solver, figure)

        def gap(second: float) -> str:
            return gap_text(value(lambda points: gap_at(points, second)))

        def reach(share: float) -> str:
            return seconds_text(value(lambda points: seconds_to(points, share)))

        first = value(lambda p: next((at for at, plan, _b in p if plan), NEVER))
        runs = len(results.seeds(projects, tightness, solver))
        return [NAMES[solver], str(runs), seconds_text(first), reach(0.01), reach(0.003),
                reach(0.001), gap(2), gap(10), gap(20), gap(60)]  # fmt: skip

    head = ("", "runs", "first plan s", "1 % s", "0.3 % s", "0.1 % s", "gap 2 s",
            "gap 10 s", "gap 20 s", "gap 60 s")  # fmt: skip
    solvers = [name for name in NAMES if results.seeds(projects, tightness, name)]
    return table(head, map(line, solvers))


# ---------------------------------------------------------------- goals


@dataclass(frozen=True)
class Goal:
    """A goal, what was measured, and whether it is met (None: not measured)."""

    words: str
    measured: str
    met: bool | None


def list_goals(results: Results) -> list[Goal]:
    """Every goal beside its figure."""
    return [
        _gap_goal(results, "60", 10, 0.001),
        _plan_goal(results, "300", 2, 0.01),
        _gap_goal(results, "300", 10, 0.003),
        _gap_goal(results, "300", 60, 0.001),
        _gap_goal(results, "1000", 20, 0.002),
        _gap_goal(results, "3000", 60, 0.001),
        *(_speed_goal(results, size) for size in ("60", "300")),
        _change_goal(results),
        *_build_goals(results),
        _knapsack_goal(results),
        *_agreement_goals(results),
    ]


def _gap_goal(results: Results, projects: str, second: float, gap: float) -> Goal:
    words = f"{projects} tight: proven {100 * gap:g} % in {second:g} s"
    # What starts, reads and writes outside the search is a part of the answer's time.
    found = results.median(projects, "tight", "rodtrad", lambda p: gap_at(p, second))
    if found is None:
        return Goal(words, "not measured", None)
    return Goal(words, f"{gap_text(found)}", found <= gap)


def _plan_goal(results: Results, projects: str, second: float, gap: float) -> Goal:
    """How good the plan is at a second, against the best bound of any solver."""
    words = f"{projects} tight: a plan within {100 * gap:g} % in {second:g} s"
    found = []
    for seed in results.seeds(projects, "tight", "rodtrad"):
        bounds = [
            bound
            for row in results.solves
            if (row["projects"], row["tightness"], row["seed"])
            == (projects, "tight", seed)
            and (bound := _number(row["bound"])) is not None
        ]
        points = results.points[projects, "tight", seed, "rodtrad"]
        plans = [plan for at, plan, _b in points if at <= second and plan is not None]
        found.append(gap_of(max(plans, default=None), min(bounds, default=None)))
    if not found:
        return Goal(words, "not measured", None)
    return Goal(words, gap_text(median(found)), median(found) <= gap)


def _speed_goal(results: Results, projects: str) -> Goal:
    """Time of HiGHS to its gap at the end, over our time to the same gap."""
    words = f"{projects} tight: 10 times sooner at the gap where HiGHS ends"
    ratios = []
    for seed in results.seeds(projects, "tight", "rodtrad"):
        runs = [
            results.points[projects, "tight", seed, name]
            for name in ("highs-2", "highs-1")
            if results.points.get((projects, "tight", seed, name))
        ]
        if not runs:
            continue
        # The better of one and two threads: the smaller gap, then the sooner.
        theirs = min(runs, key=lambda p: (gap_at(p, NEVER), seconds_to(p, gap_at(p, NEVER))))  # fmt: skip
        end = gap_at(theirs, NEVER)
        ours = results.points[projects, "tight", seed, "rodtrad"]
        # Where HiGHS has ended by its own gap of 0.01 %, both are timed to that.
        target = max(end, 1e-4)
        ratios.append(seconds_to(theirs, target) / seconds_to(ours, target))
    if not ratios:
        return Goal(words, "not measured", None)
    return Goal(words, f"{median(ratios):.1f} times", median(ratios) >= 10)


def _change_goal(results: Results) -> Goal:
    words = (
        "300 tight: a changed cell re-solved in 1 s, to within 0.1 % of the gap before"
    )
    found = [
        float(row["seconds"]) if float(row["gap"]) <= float(row["wanted"]) else NEVER
        for row in results.measures
        if row["measure"] == "change" and row["projects"] == "300"
    ]
    if not found:
        return Goal(words, "not measured", None)
    text = f"{seconds_text(median(found))} s (worst {seconds_text(max(found))} of {len(found)})"  # fmt: skip
    return Goal(words, text, median(found) <= 1)


def _build_goals(results: Results) -> list[Goal]:
    words = ("1000: model built in 0.3 s", "1000: built 20 times sooner than linopy")
    took = {
        who: [
            float(row["seconds"])
            for row in results.measures
            if row["measure"] == "build"
            and row["projects"] == "1000"
            and row["number"] == who
        ]
        for who in ("rodtrad", "linopy")
    }
    if not took["rodtrad"]:
        return [Goal(text, "not measured", None) for text in words]
    ours, theirs = median(took["rodtrad"]), median(took["linopy"])
    return [
        Goal(words[0], f"{ours:.2f} s", ours <= 0.3),
        Goal(words[1], f"{theirs / ours:.0f} times", theirs / ours >= 20),
    ]


def _knapsack_goal(results: Results) -> Goal:
    words = "OR-Library OR5x100: best known values, proven, each in 120 s on one core"
    rows = [r for r in results.knapsacks if r["instance"].startswith("OR5x100-")]
    if not rows:
        return Goal(words, "not measured", None)
    equal = [r for r in rows if float(r["value"]) >= float(r["best_known"])]
    proven = [r for r in equal if r["stopped"] == "proof"]
    longest = max(float(r["seconds"]) for r in rows)
    text = f"{len(equal)} of {len(rows)} equal, {len(proven)} proven, longest {longest:.0f} s"  # fmt: skip
    return Goal(words, text, len(proven) == len(rows) and longest <= 120)


def settled_share(
    rows: Iterable[Mapping[str, str]], projects: int, second: float
) -> float:
    """The share of labels settled at a second, of one curve.

    Example:
        >>> curve = [{"second": "1", "settled": "3"}, {"second": "9", "settled": "6"}]
        >>> settled_share(curve, 12, 5.0), settled_share(curve, 12, 10.0)
        (0.25, 0.5)
    """
    known = [int(row["settled"]) for row in rows if float(row["second"]) <= second]
    return max(known, default=0) / projects


def _curves(results: Results) -> dict[tuple[str, int, str, str, str], Rows]:
    """The curves of the agreement map by tightness, projects, seed, scope and event."""
    curves: dict[tuple[str, int, str, str, str], Rows] = defaultdict(list)
    for row in results.agreement:
        key = (row["tightness"], int(row["projects"]), row["seed"], row["scope"], row["event"])  # fmt: skip
        curves[key].append(row)
    return curves


def _agreement_goals(results: Results) -> list[Goal]:
    """Labels settled of 300 projects, each event by itself; the least one decides."""
    goals = []
    for words, scope, second, share in (
        ("300 tight, 5 viewpoints: half settled in 30 s", "viewpoints", 30, 0.5),
        ("300 tight, 5 viewpoints: 70 % settled in 180 s", "viewpoints", 180, 0.7),
        ("300 tight, an order of 5 criteria: half in 120 s", "region", 120, 0.5),
    ):
        found: dict[str, list[float]] = defaultdict(list)
        for (tightness, projects, _seed, of, event), rows in _curves(results).items():
            if (tightness, projects, of) == ("tight", 300, scope):
                found[event].append(settled_share(rows, projects, second + 1))
        if not found:
            goals.append(Goal(words, "not measured", None))
            continue
        shares = {event: median(values) for event, values in found.items()}
        text = ", ".join(f"{EVENTS[e]} {100 * shares[e]:.0f} %" for e in sorted(shares))
        goals.append(Goal(words, text, min(shares.values()) >= share))
    return goals


def agreement_table(results: Results) -> list[str]:
    """One row a curve: labels settled after so many seconds."""
    seconds = (5, 10, 30, 60, 120, 180)
    lines = []
    for (tightness, projects, seed, scope, event), rows in _curves(results).items():
        last = max(float(row["second"]) for row in rows)
        name = f"{projects} {tightness.replace('_', ' ')} {seed}: {SCOPES[scope]}, {EVENTS[event]}"  # fmt: skip
        cells = [
            str(round(settled_share(rows, projects, s + 1) * projects))
            if s <= last + 1
            else ""
            for s in seconds
        ]
        lines.append([name, *cells])
    return table(("settled", *(f"{s} s" for s in seconds)), lines)


def knapsack_table(results: Results) -> list[str]:
    """One row a family: how many, equal or better, proven, gap to best known."""
    families: dict[str, Rows] = defaultdict(list)
    for row in results.knapsacks:
        if row["best_known"]:
            families[row["instance"].rpartition("_")[0] or "gk"].append(row)
    lines = []
    for name, rows in families.items():
        gaps = [1 - float(r["value"]) / float(r["best_known"]) for r in rows]
        lines.append(
            [
                name,
                str(len(rows)),
                str(sum(gap <= 0 for gap in gaps)),
                str(sum(r["stopped"] == "proof" for r in rows)),
                f"{100 * median(gaps):.3f} %",
                f"{100 * max(gaps):.3f} %",
                f"{median(float(r['seconds']) for r in rows):.1f}",
            ]
        )
    head = ("", "instances", "equal or better", "proven", "median below best", "most below best", "median s")  # fmt: skip
    return table(head, lines)


# ---------------------------------------------------------------- page and picture


def write_page(folder: Path, page: Path) -> None:
    """Write the page and, beside it in `pictures`, the curves."""
    results = read_results(folder)
    page.parent.mkdir(parents=True, exist_ok=True)
    picture = page.parent / "pictures" / "planner-gap.svg"
    picture.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render_page(results, f"pictures/{picture.name}"), encoding="utf-8")
    picture.write_text(render_picture(results), encoding="utf-8")


def render_page(results: Results, picture: str) -> str:
    """The page as Markdown."""
    number = {row["cores"] for row in results.solves}
    limits = {row["limit"] for row in results.solves}
    versions = sorted({f"{r['solver']} {r['version']}" for r in results.solves if r["version"]})  # fmt: skip
    marks = {True: "met", False: "**not met**", None: ""}
    lines = [
        "# How fast is the planner?",
        "",
        "Written by `make bench-planner` from `benchmarks/planner/results/`; do not edit.",
        "The instances are made up ([generator](../benchmarks/planner/instances.py)):",
        "municipalities where result, debt, self-financing and three skills bind at once,",
        "20 years. Tight means that 45 % of the wishes can be afforded, loose 75 %, very",
        "tight 25 %. Every solver gets the same choices, rows and objective; each plan is",
        "run through the statements afterwards, and each bound is held against the best",
        "plan of any solver. Gap is (bound − plan) / plan, both the solver's own.",
        "",
        f"Cores: {', '.join(sorted(number)) or '–'}. "
        f"Limit: {', '.join(sorted(limits)) or '–'} s a solve, one at a time. Medians over "
        "municipalities;",
        "– is not reached. Röd tråd is timed as a user runs it, from the start of the",
        "process: reading, checking and building count. The others are timed from when",
        "their model is built.",
        f"Versions: {', '.join(versions) or '–'}.",
        "",
        "## Goals",
        "",
        *table(
            ("goal", "measured", ""),
            ([g.words, g.measured, marks[g.met]] for g in list_goals(results)),
        ),
        "",
        f"![Proven gap against time]({picture})",
        "",
    ]
    sets = sorted({(r["tightness"], int(r["projects"])) for r in results.solves}, key=lambda s: (s[0] != "tight", s))  # fmt: skip
    for tightness, projects in sets:
        name = tightness.replace("_", " ")
        lines += [f"## {projects} projects, {name}", ""]
        lines += [*solver_table(results, str(projects), tightness), ""]
    if results.knapsacks:
        lines += [
            "## OR-Library multidimensional knapsacks",
            "",
            "Each item is a project with one start and each side a resource of one year;",
            "read by `benchmarks/planner/knapsack.py`, solved by `solve_problem`.",
            "",
            *knapsack_table(results),
            "",
        ]
    if results.agreement:
        lines += [
            "## The agreement map",
            "",
            "Labels settled of all, by seconds, on the cores above; from",
            "`benchmarks/planner/agreement.py`. Viewpoints are labelled at their middles,",
            "an order of the criteria over its whole region. The mandate period ends with",
            "the plan's first year in these instances, so that event is an easy one, and",
            "the other is the one to look at. Why most of a tight",
            "municipality's projects stay open is told in",
            "[the method page](method/agreement.md#how-far-it-comes).",
            "",
            *agreement_table(results),
            "",
        ]
    faults = find_faults(results)
    lines += ["## Checks", ""]
    lines += [f"* {fault}" for fault in faults] or [
        "Every plan holds in the statements, at the value its solver told, and no bound",
        "is below a known plan.",
    ]
    return "\n".join(lines) + "\n"


WIDTH, PANEL, TOP, LEFT, BOTTOM = 360.0, 250.0, 54.0, 52.0, 34.0
FIRST, LAST = 0.1, 60.0  # seconds
LOW, HIGH = 1e-4, 0.1  # gap


def render_picture(results: Results) -> str:
    """Step curves of the median gap against time, one panel a size, tight only."""
    sizes = sorted({int(r["projects"]) for r in results.solves if r["tightness"] == "tight"})  # fmt: skip
    used = [n for n in NAMES if any(r["solver"] == n for r in results.solves)]
    columns = min(len(sizes), 2) or 1
    rows = math.ceil(len(sizes) / columns) or 1
    width, legend = columns * WIDTH, 18.0 * math.ceil(len(used) / 2) + 10
    height = rows * (PANEL + 40) + legend
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        'font-family="sans-serif" font-size="11" role="img">',
        "<title>Proven gap against time, by solver and number of projects</title>",
        f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>',
    ]
    for i, name in enumerate(used):
        x, y = 12 + (i % 2) * width / 2, 16 + 18 * (i // 2)
        parts.append(_stroke(f"M{x:g} {y:g}h26", name))
        parts.append(f'<text x="{x + 32:g}" y="{y + 4:g}">{NAMES[name]}</text>')
    for i, size in enumerate(sizes):
        x0 = (i % columns) * WIDTH
        y0 = legend + (i // columns) * (PANEL + 40)
        parts += _panel(results, size, used, x0, y0)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(
    results: Results, size: int, used: Sequence[str], x0: float, y0: float
) -> list[str]:
    left, right, top, bottom = x0 + LEFT, x0 + WIDTH - 14, y0 + 24, y0 + PANEL

    def x(second: float) -> float:
        part = math.log(second / FIRST) / math.log(LAST / FIRST)
        return left + (right - left) * part

    def y(gap: float) -> float:
        part = math.log(min(max(gap, LOW), HIGH) / LOW) / math.log(HIGH / LOW)
        return bottom - (bottom - top) * part

    parts = [f'<text x="{left:g}" y="{top - 8:g}" font-weight="bold">{size} projects, tight</text>']  # fmt: skip
    for gap in (0.1, 0.01, 0.001, 0.0001):
        parts.append(
            f'<path d="M{left:g} {y(gap):.1f}H{right:g}" stroke="#ddd" fill="none"/>'
            f'<text x="{left - 5:g}" y="{y(gap) + 4:.1f}" text-anchor="end">{100 * gap:g} %</text>'
        )
    for second in (0.1, 1, 10, 60):
        parts.append(
            f'<path d="M{x(second):.1f} {top:g}V{bottom:g}" stroke="#eee" fill="none"/>'
            f'<text x="{x(second):.1f}" y="{bottom + 15:g}" text-anchor="middle">{second:g} s</text>'
        )
    steps = [FIRST * (LAST / FIRST) ** (k / 120) for k in range(121)]
    for name in used:
        gaps = [
            results.median(str(size), "tight", name, lambda p, s=s: gap_at(p, s))  # type: ignore[misc]
            for s in steps
        ]
        path = ""
        at: float | None = None
        for second, proven in zip(steps, gaps, strict=True):
            if proven is None or proven == NEVER:
                continue
            if at is None:
                path = f"M{x(second):.1f} {y(proven):.1f}"
            elif proven != at:
                path += f"H{x(second):.1f}V{y(proven):.1f}"
            at = proven
        if path:
            parts.append(_stroke(path + f"H{right:g}", name))
    return parts


def _stroke(path: str, name: str) -> str:
    colour, dash = STROKES[name]
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    thick = 2.6 if name == "rodtrad" else 1.5
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{thick}"{dashes}/>'
