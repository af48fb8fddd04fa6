"""What a part is like today: whoever saw it last, unless it was mended since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from unit.needs.register_cases import BASE_YEAR, asset, component, event, tables_of

from rodtrad.domain.checks import check_tables
from rodtrad.domain.part_states import part_costs, part_states
from rodtrad.domain.register import build_register
from rodtrad.needs.backlog import measure_backlog
from rodtrad.needs.renewal import estimate_lives

if TYPE_CHECKING:
    from rodtrad.domain.part_states import PartState

Row = dict[str, Any]
SEEN: Row = {"condition_scale": "tg", "inspected": 2018}


def looked(year: int, condition: str | None, **columns: Any) -> Row:
    return event(year, "besiktning", condition=condition, **columns)


def state(history: list[Row], cell: str | None = None, **school: Any) -> PartState:
    """The roof of a school, put in 1990."""
    roof = component("Yttertak", 1990, condition=cell)
    (one,) = part_states(tables_of([asset(**{**SEEN, **school})], [roof], history))
    return one


def told(one: PartState) -> tuple[int | None, int | None, str]:
    return one.condition, one.condition_year, one.condition_from


@pytest.mark.parametrize(
    ("history", "cell", "school", "expected"),
    [
        # Nobody has looked; the cell; the cell counts from the base year.
        ([], None, {}, (None, None, "")),
        ([], "TG1", {}, (1, 2018, "row")),
        ([], "TG1", {"inspected": None}, (1, None, "row")),
        ([], "TG1", {"inspected": BASE_YEAR + 3}, (1, None, "row")),
        # A blank cell has the latest inspection, in any order, the worst of a year.
        ([looked(2016, "TG1"), looked(2012, "TG3")], None, {}, (1, 2016, "inspection")),
        ([looked(2016, "TG1"), looked(2016, "TG2")], None, {}, (2, 2016, "inspection")),
        ([looked(BASE_YEAR + 1, "TG3")], None, {}, (None, None, "")),
        ([looked(2016, None)], None, {}, (None, None, "")),
        # The cell counts before what is older or of its own year, not what is newer.
        ([looked(2016, "TG3")], "TG1", {}, (1, 2018, "row")),
        ([looked(2018, "TG3")], "TG1", {}, (1, 2018, "row")),
        ([looked(2019, "TG3")], "TG1", {}, (3, 2019, "inspection")),
        # The asset's only where the part has none of its own, however old.
        ([], None, {"condition": "TG2"}, (2, 2018, "asset")),
        ([looked(2010, "TG1")], None, {"condition": "TG2"}, (1, 2010, "inspection")),
        ([looked(2020, "TG3", component=None)], None, {}, (3, 2020, "asset")),
        (
            [looked(2016, "TG3", component=None)],
            None,
            {"condition": "TG2"},
            (2, 2018, "asset"),
        ),
        # Mended since: not known any more. What a repair left, an inspection saw.
        ([looked(2016, "TG2"), event(2017, "reparation")], None, {}, (None, None, "")),
        ([event(2020, "reparation")], "TG2", {}, (None, None, "")),
        ([event(2018, "reparation")], "TG2", {}, (2, 2018, "row")),
        (
            [event(2017, "reparation"), looked(2017, "TG1")],
            None,
            {},
            (1, 2017, "inspection"),
        ),
        ([event(2020, "reparation")], None, {"condition": "TG2"}, (None, None, "")),
        (
            [event(2020, "reparation", component=None)],
            None,
            {"condition": "TG2"},
            (None, None, ""),
        ),
        # Replaced since: it was another that was seen.
        ([looked(2016, "TG3"), event(2016, "utbyte")], None, {}, (None, None, "")),
        ([event(2020, "utbyte_annat")], "TG3", {}, (None, None, "")),
        ([event(2020, "utbyte")], None, {"condition": "TG2"}, (None, None, "")),
        (
            [event(2016, "utbyte"), looked(2020, "TG0")],
            None,
            {},
            (0, 2020, "inspection"),
        ),
        # A leak does not mend, and what is seen at it counts.
        ([looked(2016, "TG2"), event(2017, "fel")], None, {}, (2, 2016, "inspection")),
    ],
)
def test_the_latest_to_have_seen_it_says_the_condition(
    history: list[Row],
    cell: str | None,
    school: Row,
    expected: tuple[int | None, int | None, str],
) -> None:
    for rows in (history, history[::-1]):
        assert told(state(rows, cell, **school)) == expected


def test_an_undivided_asset_is_told_by_its_own_inspections() -> None:
    look = looked(2022, "TG3", component=None)
    (one,) = part_states(tables_of([asset(condition="TG1", **SEEN)], [], [look]))
    assert told(one) == (3, 2022, "inspection")
    assert one.older == ("TG1", 2018)


def test_a_replacement_that_the_row_lacks_is_the_parts_year() -> None:
    for year, expected in (
        (1990, (2015, "history")),
        (2020, (2020, "row")),
        (None, (2015, "history")),
    ):
        tables = tables_of(
            [asset()], [component("Yttertak", year)], [event(2015, "utbyte")]
        )
        (one,) = part_states(tables)
        assert (one.installed, one.year_from) == expected
        assert build_register(tables).installed_year.tolist() == [expected[0]]
        found = {i.code: i for i in check_tables(tables)}
        assert ("year_replaced" in found) == (expected[1] == "history")
        assert "component_year" not in found


def test_an_assumed_year_does_not_take_a_condition_away() -> None:
    school = asset(condition_scale="tg", built_year=None)
    tables = tables_of(
        [school], [component("Yttertak", None)], [looked(BASE_YEAR - 30, "TG2")]
    )
    (one,) = part_states(tables)
    assert one.year_from == "assumed"
    assert told(one) == (2, BASE_YEAR - 30, "inspection")


def test_inspections_reach_the_backlog() -> None:
    names = ("Yttertak", "Fönster")
    tables = tables_of(
        [asset(condition_scale="tg", condition="TG2", inspected=2022)],
        [component(name, 1990, 1000.0) for name in names],
        [event(2024, "besiktning", name, condition="TG3") for name in names],
    )
    register = build_register(tables)
    assert register.condition.tolist() == [3, 3]
    assert register.inspected_year.tolist() == [2024, 2024]
    assert register.of_asset == frozenset()
    backlog = measure_backlog(register, estimate_lives(register), discount_rate=0.03)
    assert backlog.cost_to_standard_tkr.tolist() == [1000.0, 1000.0]
    assert backlog.inspected_share == 1


def test_an_assets_condition_is_no_inspection_of_its_parts() -> None:
    """It says what they are like, but not how fast any of them has worn."""
    parts = [component(f"Yttertak {i}", 1990) for i in range(40)]
    looks = [
        event(year, "besiktning", f"Yttertak {i}", condition=grade)
        for i in range(20)
        for year, grade in ((2008, "TG0"), (2016, "TG1"))
    ]
    school = asset(condition="TG3", **SEEN)
    with_house = build_register(tables_of([school], parts, looks))
    own = build_register(tables_of([asset(**SEEN)], parts, looks))
    assert with_house.of_asset == frozenset(range(20, 40))
    assert own.of_asset == frozenset()
    chains = [estimate_lives(r).chains["tg"].generator for r in (with_house, own)]
    assert chains[0].tolist() == chains[1].tolist()


@pytest.mark.parametrize(
    ("history", "cell", "school", "code", "words"),
    [
        ([], None, {"condition": "TG2"}, "condition_of_asset", "”TG2” från 2018"),
        (
            [event(2020, "reparation")],
            "TG2",
            {},
            "condition_mended",
            "reparerades 2020",
        ),
        ([looked(2020, "TG3")], "TG1", {}, "condition_older", "Besiktningen 2020 fann"),
        (
            [event(2020, "utbyte", component=None)],
            "TG1",
            {},
            "inspection_whole",
            "hela ”Skola”",
        ),
    ],
)
def test_what_is_used_instead_of_the_cell_is_told(
    history: list[Row], cell: str | None, school: Row, code: str, words: str
) -> None:
    roof = component("Yttertak", 1990, condition=cell)
    tables = tables_of([asset(**{**SEEN, **school})], [roof], history)
    (found,) = [i for i in check_tables(tables) if i.code == code]
    assert words in found.message
    codes = {i.code for i in build_register(tables).assumed}
    assert (code in codes) == code.startswith(("condition_of", "condition_mended"))


def test_blank_costs_share_what_is_left_and_are_unknown_where_nothing_is() -> None:
    def costs(whole: float | None, *given: float | None) -> list[float | None]:
        parts = [component(f"Del {i}", 1990, cost) for i, cost in enumerate(given)]
        return part_costs(
            part_states(tables_of([asset(replacement_cost=whole)], parts))
        )

    assert costs(100.0, 40.0, None, None) == [40.0, 30.0, 30.0]
    assert costs(None, 40.0, None) == [40.0, None]
    assert costs(40.0, 40.0, None) == [40.0, None]
    assert costs(0.0, None) == [None]
