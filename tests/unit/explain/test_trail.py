"""The trail of every figure: right value, right cells, and sums that add up."""

from __future__ import annotations

import math
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from unit.plan.tiny import project, tiny_tables

from rodtrad.capacity.evaluate import Evaluation, evaluate_plan
from rodtrad.capacity.lines import LINES, figure_qualities
from rodtrad.domain.arrays import Choice, build_case
from rodtrad.errors import InputError
from rodtrad.explain.trail import Cell, Trail, explain_figure
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.milp import Limits, first_plan
from rodtrad.sources import read_underlag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rodtrad.domain.components import Tables

UNDERLAG = Path(__file__).parents[3] / "examples" / "exempelby" / "underlag"
SUMS = {
    "rn": "ri rk ra",
    "rv": "rn rs rg",
    "re": "rv fi fk",
    "ar": "re ex",
    "arets": "lopande investering finansiering",
    "areb": "ar realisationsvinster undantag_vinst undantag_forlust orealiserat "
    "aterforing",
    "bkr": "areb reservering anvandning",
}


@cache
def exempelby() -> tuple[Tables, tuple[Choice, ...], Evaluation]:
    tables, _issues = read_underlag(UNDERLAG)
    case = build_case(tables)
    choices = first_plan(build_problem(case), Limits(seconds=20))
    assert choices
    return tables, choices, evaluate_plan(case, choices)


@cache
def years() -> list[int]:
    """The first, a middle and the last plan year."""
    settings = read_underlag(UNDERLAG)[0].settings
    first, last = int(settings["plan_start"]), int(settings["plan_end"])
    return [first, (first + last) // 2, last]


def value_of(plan: Evaluation, key: str, t: int) -> float:
    groups = (
        plan.years.statement,
        plan.years.balance,
        plan.years.cash_flow,
        plan.balanskrav.rows,
        plan.indicators,
        plan.room,
        {
            "outlay": plan.years.outlay,
            "income": plan.years.income,
            "resolved": plan.years.resolved,
            "net_loans": plan.years.net_loans[1:],
        },
    )
    return next(float(group[key][t, 0]) for group in groups if key in group)


def walk(trail: Trail) -> Iterator[Trail]:
    yield trail
    for child in trail.children:
        yield from walk(child)


@pytest.mark.parametrize("year", years())
@pytest.mark.parametrize("key", LINES)
def test_every_figure_has_its_value_and_its_cells(key: str, year: int) -> None:
    tables, choices, plan = exempelby()
    trail = explain_figure(tables, choices, f"{key}:{year}")
    value = value_of(plan, key, year - int(tables.settings["plan_start"]))
    if value != value:
        assert trail.value is None
    else:
        assert trail.value == value
    assert trail.label == LINES[key].label
    assert trail.formula
    named = 0
    for node in walk(trail):
        assert node.label
        if node.cell is not None:
            named += 1
            assert_cell(tables, node.cell)
        else:
            assert not node.children or node.formula
    stated = LINES[key].inputs
    if not all(i.startswith(("adjustments:", "statement:ex")) for i in stated):
        assert named > 0 or trail.children


def assert_cell(tables: Tables, cell: Cell) -> None:
    """The cell stands in its table, on its row, with its source and quality."""
    table = tables[cell.table]
    assert cell.sheet == table.spec.label_sv
    index = table.rows.index(cell.row)
    record = next(r for i, r in enumerate(table.records()) if i == index)
    assert record[cell.column] == cell.value
    assert cell.source == (record["source"] or None)
    assert cell.quality == (record["quality"] or None)


@pytest.mark.parametrize("year", years())
@pytest.mark.parametrize("key", SUMS)
def test_the_printed_inputs_add_up_to_the_figure(key: str, year: int) -> None:
    tables, choices, _plan = exempelby()
    trail = explain_figure(tables, choices, f"{key}:{year}")
    assert [c.key for c in trail.children] == [
        f"{name}:{year}" for name in SUMS[key].split()
    ]
    assert sum(c.value for c in trail.children) == pytest.approx(trail.value, abs=1e-6)


@pytest.mark.parametrize("year", years())
def test_what_projects_add_is_the_sum_over_projects(year: int) -> None:
    tables, choices, plan = exempelby()
    for key in ("ri", "rk", "ra", "outlay", "income", "resolved"):
        for node in walk(explain_figure(tables, choices, f"{key}:{year}")):
            if node.key.startswith("projects:") and node.cell is None:
                total = node.key.split(":")[1]
                t = year - int(tables.settings["plan_start"])
                assert node.value == pytest.approx(getattr(plan.totals, total)[t, 0])
                assert sum(c.value for c in node.children) == pytest.approx(node.value)
                assert all(leaf.cell for c in node.children for leaf in c.children)


def test_growth_is_followed_from_the_last_year_given() -> None:
    """Taxes of 2029 rest on the growth of every year since the base year."""
    tables = tiny_tables()
    trail = explain_figure(tables, [], "rs:2029")
    cells = [(n.key, n.year) for n in walk(trail) if n.cell]
    assert cells == [
        ("statement:rs", 2025),
        ("years:population", 2025),
        ("years:population", 2029),
        *(("years:tax_base_growth", year) for year in (2026, 2027, 2028, 2029)),
    ]


def part(trail: Trail, start: str) -> float:
    """The sum of the inputs whose key starts so."""
    return math.fsum(c.value for c in trail.children if c.key.startswith(start))


def index_of(trail: Trail) -> float:
    """The index that a figure prints, checked against the growth under it."""
    nodes = [c for c in trail.children if c.key.startswith("index:")]
    if not nodes:
        return 1.0
    (node,) = nodes
    product = float(math.prod(1 + cell.value for cell in node.children))
    assert node.value == pytest.approx(product)
    assert float(node.shown.replace(",", ".")) == pytest.approx(product, abs=1e-6)
    return product


@pytest.mark.parametrize("year", years())
def test_projected_lines_can_be_recomputed_from_what_is_printed(year: int) -> None:
    tables, choices, _plan = exempelby()
    trails = {
        key: explain_figure(tables, choices, f"{key}:{year}")
        for key in ("ri", "rk", "ra", "rs", "rg", "outlay", "income")
    }
    for key, trail in trails.items():
        value = part(trail, f"statement:{key}") * index_of(trail)
        if key in ("rs", "rg"):
            people = [c.value for c in trail.children if c.key == "years:population"]
            value *= people[-1] / people[0]
        elif key == "rk":
            value -= part(trail, "years:other_change_tkr") + part(trail, "lasting:")
            value -= part(trail, "projects:")
        elif key == "ri":
            value += part(trail, "projects:")
        elif key == "ra":
            value -= part(trail, "existing:") + part(trail, "projects:")
        else:
            value = part(trail, "existing:") + part(trail, "projects:")
        assert trail.value == pytest.approx(value), key


@pytest.mark.parametrize("year", years())
def test_a_projects_part_is_one_cell_times_the_printed_index(year: int) -> None:
    tables, choices, _plan = exempelby()
    seen = set()
    for key in ("outlay", "income", "rk"):
        for node in walk(explain_figure(tables, choices, f"{key}:{year}")):
            total = node.key.split(":")[0]
            if total in ("outlay", "income", "operating", "waiting") and node.children:
                index = re.search(r"index (\d+,\d+)", node.formula)
                if node.key.count(":") == 2 and index:
                    seen.add(total)
                    (cell,) = node.children
                    factor = float(index[1].replace(",", "."))
                    assert node.value == pytest.approx(cell.value * factor, rel=2e-6)
    assert "operating" in seen or year == years()[0]


def test_depreciation_can_be_recomputed_from_what_is_printed() -> None:
    """Outlays × the index of their year × share of the part / its life, summed."""
    tables, choices, _plan = exempelby()
    checked = 0
    for node in walk(explain_figure(tables, choices, f"ra:{years()[-1]}")):
        lives = [c for c in node.children if c.key == "parts:useful_life_years"]
        if not node.key.startswith("depreciation:") or not lives:
            continue
        use = int(node.formula.rsplit(" ", 1)[1])
        indices = {
            int(year): float(value.replace(",", "."))
            for year, value in re.findall(r"(\d{4}): (\d+,\d+)", node.formula)
        }
        outlays = [c.value for c in node.children if c.key == "outlays:outlay"]
        spent = dict(zip(indices, outlays, strict=True))
        value = 0.0
        for part_ in lives:
            share = re.search(r"\(([\d,]+)\s%", part_.label)
            assert share
            if part_.value is not None:
                for year, outlay in spent.items():
                    if max(use, year) + part_.value > years()[-1]:
                        paid = (
                            outlay * indices[year] * float(share[1].replace(",", "."))
                        )
                        value += paid / 100 / part_.value
        # Shares are printed in tenths of a percent.
        assert node.value == pytest.approx(value, rel=5e-3), node.key
        checked += 1
    assert checked > 5


def test_what_projects_add_is_marked_with_the_worst_cell_under_it() -> None:
    tables = marked(effects="antagande")
    marks = {
        node.key: node.quality
        for key in ("rk", "outlay")
        for year in (2026, 2029)
        for node in walk(explain_figure(tables, CHOICE, f"{key}:{year}"))
    }
    assert marks["projects:operating:2029"] == "antagande"
    assert marks["operating:skola:2029"] == "antagande"
    assert marks["projects:outlay:2026"] == "beräkning"
    assert marks["index:cost_growth:2029"] == "beräkning"


def test_opening_figures_lead_to_the_balance_sheet() -> None:
    tables, choices, _plan = exempelby()
    first = int(tables.settings["plan_start"])
    trail = explain_figure(tables, choices, f"equity:{first}")
    cell = trail.children[0].cell
    assert cell is not None
    assert cell.table == "balance"
    later = explain_figure(tables, choices, f"equity:{first + 1}").children[0]
    assert later.key == f"equity:{first}"
    assert f"equity:{first}" in later.formula


@pytest.mark.parametrize("figure", ["vinst:2027", "ar", "ar:1999", "ar:x", "ar:"])
def test_an_unknown_figure_or_year_is_answered_with_what_there_is(figure: str) -> None:
    tables, choices, _plan = exempelby()
    with pytest.raises(InputError) as caught:
        explain_figure(tables, choices, figure)
    (issue,) = caught.value.issues
    assert issue.remedy


# ---------------------------------------------------------------- qualities


def marked(**qualities: str) -> Tables:
    """The tiny municipality: every row `uppgift`, but for the tables named."""
    tables = tiny_tables(project("skola", [100.0], 5.0, operating=7.0))
    for name, table in tables.items():
        quality = qualities.get(name, "uppgift")
        table.columns["quality"][:] = [quality] * len(table)
    return tables


CHOICE = [Choice("skola", "a", 2026)]


def test_a_figure_is_no_better_than_its_worst_input() -> None:
    facts = figure_qualities(marked(), CHOICE)
    # computed from facts only: not itself a published fact
    assert facts["ar"] == facts["rs"] == facts["loans"] == "beräkning"
    assumed = figure_qualities(marked(effects="antagande"), CHOICE)
    assert assumed["rk"] == assumed["ar"] == assumed["loans"] == "antagande"
    assert assumed["rs"] == assumed["ra"] == assumed["outlay"] == "beräkning"
    assert assumed["financial_assets"] == "beräkning"


def test_what_is_not_chosen_marks_nothing() -> None:
    assert figure_qualities(marked(effects="antagande"), [])["ar"] == "beräkning"


def test_no_marks_at_all_is_said_to_be_unknown() -> None:
    tables = tiny_tables(project("skola", [100.0], 5.0))
    assert set(figure_qualities(tables, CHOICE).values()) == {None}


def test_the_projects_own_sums_are_figures_too() -> None:
    """Together with what is decided before they make the year's outlay."""
    tables, choices, plan = exempelby()
    case = build_case(tables)
    for year in case.years:
        own = explain_figure(tables, choices, f"projects:outlay:{year}")
        t = int(year) - case.plan_start
        assert own.value == pytest.approx(float(plan.totals.outlay[t, 0]))
        assert own.value == pytest.approx(math.fsum(c.value for c in own.children))
    for wrong in ("projects:hittepa:2026", "projects::2026", "projects:outlay:1999"):
        with pytest.raises(InputError):
            explain_figure(tables, choices, wrong)


def test_a_cell_is_shown_with_its_unit() -> None:
    tables, choices, _plan = exempelby()
    outlays = explain_figure(tables, choices, f"projects:outlay:{years()[1]}")
    cells = [cell for child in outlays.children for cell in child.children]
    assert cells
    for cell in cells:
        assert re.fullmatch(r"−?\d{1,3}(\xa0\d{3})*(,\d\d)?\xa0tkr", cell.shown)
