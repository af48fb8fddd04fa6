"""The planner's benchmark: sound instances, honest tables, knapsacks solved right."""

import csv
import hashlib
import importlib
import itertools
import math
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.domain.arrays import build_case
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.milp import Limits, Relaxation, first_plan
from rodtrad.sources.csv_folder import csv_texts
from rodtrad.study import check_all

FOLDER = Path(__file__).resolve().parents[3] / "benchmarks" / "planner"


def load(name: str) -> Any:
    """Import a module of the benchmark, as its own scripts do."""
    sys.path.insert(0, str(FOLDER))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(FOLDER))


instances = load("instances")
performance = load("performance")
knapsack = load("knapsack")


# ---------------------------------------------------------------- instances


def digest(tables: Any) -> str:
    texts = csv_texts(tables)
    whole = "".join(name + texts[name] for name in sorted(texts))
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def test_an_instance_is_the_same_wherever_it_is_made() -> None:
    """Stored results speak of these very instances: change both or neither."""
    one = instances.generate(60, "tight", 1)
    assert one == instances.generate(60, "tight", 1)
    assert digest(one) == "ee8c9241732c7c8f"
    assert one != instances.generate(60, "tight", 2)


@pytest.mark.parametrize("tightness", ["loose", "tight", "very_tight"])
@pytest.mark.parametrize("projects", [12, 60])
def test_every_instance_is_sound_and_has_a_plan(projects: int, tightness: str) -> None:
    tables = instances.generate(projects, tightness, 3)
    assert [i for i in check_all(tables) if i.severity == "error"] == []
    case = build_case(tables)
    plan = first_plan(build_problem(case), Limits(seconds=20))
    assert plan
    assert not evaluate_plan(case, plan).violations


def test_an_instance_holds_what_makes_a_plan_hard() -> None:
    case = build_case(instances.generate(300, "tight", 1))
    must = sum(project.must_do for project in case.projects)
    several = sum(len(project.alternatives) > 1 for project in case.projects)
    kinds = Counter(relation.kind for relation in case.relations)
    ways = [(p, a) for p in case.projects for a in p.alternatives]
    assert len(case.projects) == 300
    assert len(case.years) == 20
    assert 0.04 <= must / 300 <= 0.12
    assert 0.12 <= several / 300 <= 0.28
    assert kinds["requires"] >= 30
    assert kinds["excludes"] > 0
    assert kinds["together"] > 0
    assert len({relation.lag_years for relation in case.relations}) >= 3
    assert {a.build_years for _p, a in ways} == {1, 2, 3, 4}
    free = [len(case.starts(p, a)) for p, a in ways if not p.must_do]
    assert min(free) >= 5
    assert max(free) <= 15
    assert any(a.operating[-1] < 0 for _p, a in ways)
    assert any(a.operating[-1] > 0 for _p, a in ways)
    assert {goal.indicator for goal in case.goals} == {"res_andel", "nettolan", "sfg"}
    assert {goal.level for goal in case.goals} == {"must"}
    assert len(case.resources) == 3
    assert len(set(case.tables["viewpoints"]["viewpoint"])) == 5


def test_every_kind_of_limit_binds_at_once() -> None:
    """Without the rows of any one kind, the best possible is better."""
    problem = build_problem(build_case(instances.generate(60, "tight", 1)))
    whole = Relaxation(problem).bound()
    kinds = {
        requirement.removesuffix("".join(c for c in requirement if c.isdigit()))
        for requirement in (row.requirement for row in problem.rows)
        if requirement.startswith(("goal:", "resource:"))
    }
    assert len(kinds) == 6
    for kind in kinds:
        rows = [row for row in problem.rows if not row.requirement.startswith(kind)]
        without = Relaxation(problem.with_rows(rows)).bound()
        assert whole is not None
        assert without is not None
        assert without > whole + 1e-4, kind


@pytest.mark.parametrize("wrong", [(4, "tight", 1, 20), (60, "snug", 1, 20), (60, "tight", 1, 9)])  # fmt: skip
def test_what_cannot_be_made_is_refused(wrong: tuple[int, str, int, int]) -> None:
    with pytest.raises(ValueError, match="no such instance"):
        instances.generate(*wrong)


# ---------------------------------------------------------------- figures


POINTS = [(0.5, 90.0, None), (1.0, 90.0, 100.0), (4.0, 99.0, 100.0), (9.0, 100.0, 100.0)]  # fmt: skip


def test_a_gap_is_what_is_proven_at_a_second() -> None:
    assert performance.gap_at(POINTS, 0.9) == math.inf
    assert performance.gap_at(POINTS, 2) == pytest.approx(1 / 9)
    assert performance.gap_at(POINTS, 60) == 0
    assert performance.seconds_to(POINTS, 0.02) == 4
    assert performance.seconds_to(POINTS[:2], 0.02) == math.inf


def test_thinning_keeps_the_first_plan_each_nearer_gap_and_the_last() -> None:
    small = [(2.0, 90.0, 99.99), (3.0, 90.0, 99.98)]
    kept = performance.thinned([*POINTS[:2], *small, *POINTS[2:]])
    assert kept == POINTS
    assert performance.thinned([*POINTS[:2], *small])[-1] == small[-1]
    assert performance.thinned([]) == []


def result(solver: str, **cells: str) -> dict[str, str]:
    row = {"projects": "60", "tightness": "tight", "seed": "1", "solver": solver, "status": "x", "broken": ""}  # fmt: skip
    return {**row, "plan": "100", "bound": "101", "value": "100", **cells}


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"bound": "99"}, "below a known plan"),
        ({"broken": "goal resultat"}, "breaks goal resultat"),
        ({"value": "98"}, "the statements say"),
        ({"status": "error: gone"}, "gone"),
    ],
)
def test_a_dishonest_answer_is_told(cells: dict[str, str], words: str) -> None:
    sound = result("highs-1")
    rows = [sound, result("scip", **cells)]
    found = performance.find_faults(performance.Results(rows, {}, [], [], []))
    assert len(found) == 1
    assert words in found[0]
    assert performance.find_faults(performance.Results([sound], {}, [], [], [])) == []


@pytest.mark.slow
def test_a_run_is_stored_shown_and_not_done_twice(tmp_path: Path) -> None:
    run = load("run")
    small = run.Instance(8, "tight", 1)
    results, page = tmp_path / "results", tmp_path / "docs" / "performance.md"
    run.run_all([small], ["rodtrad", "highs-1"], 10.0, results, again=False)
    with (results / "solves.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["solver"] for row in rows] == ["highs-1", "rodtrad"]
    values = [float(row["value"]) for row in rows]
    assert values[0] == pytest.approx(values[1], rel=2e-4)
    before = (results / "solves.csv").read_bytes()
    run.run_all([small], ["rodtrad", "highs-1"], 10.0, results, again=False)
    assert (results / "solves.csv").read_bytes() == before
    run.write_page(results, page)
    text = page.read_text(encoding="utf-8")
    assert "## 8 projects, tight" in text
    assert "no bound\nis below a known plan" in text
    picture = (page.parent / "pictures" / "planner-gap.svg").read_text("utf-8")
    assert picture.count("<path") > 10


# ---------------------------------------------------------------- knapsacks


def test_a_knapsack_is_solved_to_proof() -> None:
    draw = random.Random(7)
    profits = tuple(draw.randint(100, 999) for _ in range(10))
    weights = tuple(tuple(draw.randint(5, 60) for _ in range(10)) for _ in range(3))
    sides = tuple(sum(row) // 2 for row in weights)
    best = max(
        sum(p for p, take in zip(profits, takes, strict=True) if take)
        for takes in itertools.product((0, 1), repeat=10)
        if all(
            sum(w for w, take in zip(row, takes, strict=True) if take) <= side
            for row, side in zip(weights, sides, strict=True)
        )
    )
    text = " ".join(map(str, (10, 3, *profits, *itertools.chain(*weights), *sides)))
    found = knapsack.solve_knapsack(knapsack.read_knapsack(text), 20.0)
    assert found["value"] == best
    assert found["stopped"] == "proof"


def test_a_cut_file_is_refused() -> None:
    with pytest.raises(ValueError, match="numbers, expected"):
        knapsack.read_knapsack("2 1 5 6 1 2")
