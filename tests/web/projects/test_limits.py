"""What the project's page says of forcing the plan's answer, from the plan's claims."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from django.utils import timezone
from web.projects.conftest import shown

from rodtrad.web.models.studies import packed_json
from rodtrad.web.project_index import plan_of
from rodtrad.web.project_limits import breaks_chart, needed_table

if TYPE_CHECKING:
    from web.conftest import ClientFor

    from rodtrad.web.models import Municipality, Study
    from rodtrad.web.project_index import InPlan

YEARS = [2026, 2027, 2028]
GOALS = [
    {
        "goal_id": "lanetak",
        "name": "Lån högst 44 000 kronor per invånare",
        "level": "must",
        "indicator": "lan_inv",
        "operator": "<=",
        "value": 44000.0,
        "period": "year",
        "met": [True, True, True],
        "margin": [2.0, 1.0, 1.0],
        "actual": [24000.0, 43700.0, 41000.0],
    }
]
FORCE = {"impossible": False, "loss_low": 6.47, "loss_high": 29.07, "leaves": []}


def plan(chosen: bool, claims: list[dict[str, Any]], **force: Any) -> InPlan:
    """A plan of two projects, with claims about the first."""
    project = {
        "project_id": "hall",
        "name": "Idrottshall",
        "chosen": chosen,
        "outlay_fixed_tkr": 55000.0,
    }
    road = {"project_id": "vag", "name": "Väg", "chosen": True}
    found = SimpleNamespace(
        plan={"years": YEARS, "goals": GOALS, "meta": {}, "projects": [project, road]},
        projects={"hall": project, "vag": road},
        reasons={"hall": {"claims": claims, "force": FORCE | force}},
    )
    return cast("InPlan", found)


ADDED = {
    "kind": "added_breaks",
    "choice": ["hall", "bygg", 2027],
    "breaks": [
        {"kind": "relation", "id": "excludes(hall,vag)", "years": []},
        {"kind": "goal", "id": "lanetak", "years": [2027, 2028]},
    ],
}


def outlay(kind: str, factor: float, **more: Any) -> dict[str, Any]:
    question = {"force": {"project_id": "hall"}, "outlay_factor": factor}
    return {"kind": f"outlay_{kind}", "question": question, **more}


def cells(found: InPlan) -> list[list[str]]:
    table = needed_table(found, "hall")
    assert table is not None
    return [
        [
            row.header.replace("\xa0", " "),
            *(c.text.replace("\xa0", " ") for c in row.cells),
        ]
        for row in table.rows
    ]


def test_what_an_added_project_breaks_is_drawn_by_year() -> None:
    found = breaks_chart(plan(False, [ADDED]), "hall")
    assert found is not None
    chart, beside = found
    assert chart.title == "Med projektet bryts ett krav 2027–2028"
    (row,) = chart.heat
    assert row.label == "Lån högst 44 000 kronor per invånare"
    # the plan's own figure where the goal holds, a word where nobody knows the figure
    assert [c.text for c in row.cells] == ["24,0", "bryts", "bryts"]
    assert [c.mood for c in row.cells] == ["quiet", "missed", "missed"]
    assert [t.text for t in beside] == [
        "Projektet går inte att förena med ”Väg”, som ingår."
    ]
    assert len(chart.table.rows) == 1


def test_an_earlier_start_names_both_years() -> None:
    claim = {
        "kind": "start_breaks",
        "start_year": 2026,
        "own_start_year": 2027,
        "breaks": [{"kind": "goal", "id": "lanetak", "years": [2027]}],
    }
    found = breaks_chart(plan(True, [claim]), "hall")
    assert found is not None
    assert found[0].title == "Med start 2026 bryts ett krav 2027"
    assert "med start 2027" in found[0].unit


def test_alone_no_figure_of_the_plan_is_shown() -> None:
    found = breaks_chart(plan(False, [ADDED | {"kind": "alone_breaks"}]), "hall")
    assert found is not None
    assert [c.text for c in found[0].heat[0].cells] == ["hålls", "bryts", "bryts"]


@pytest.mark.parametrize(
    "claims",
    [
        [],
        [{"kind": "earliest", "start_year": 2026}],
        [ADDED | {"breaks": ADDED["breaks"][:1]}],
    ],
)
def test_without_a_year_that_breaks_there_is_no_chart(
    claims: list[dict[str, Any]],
) -> None:
    assert breaks_chart(plan(False, claims), "hall") is None


def test_what_it_takes_to_come_in() -> None:
    room = {"kind": "room_short", "question": {"room_tkr": 30000.0}}
    changes = {"take_out": ["vag"], "put_in": [["hall", "bygg", 2028]]}
    found = plan(
        False,
        [outlay("enough", 0.21, changes=changes), outlay("short", 0.48), room],
    )
    assert cells(found) == [
        # never fewer than are enough, never more than are proven not to be
        ["Nyttan är större", "30 nyttopoäng mer", "6,4 nyttopoäng mer", ""],
        [
            "Utgiften är lägre, i dag 55,0 mkr",
            "79 % lägre: 11,6 mkr",
            "52 % lägre: 26,4 mkr",
            "Start 2028, i stället för ”Väg”",
        ],
        ["Utrymmet är större", "inte avgjort", "30 mkr mer", ""],
    ]


def test_what_it_takes_to_leave() -> None:
    found = plan(True, [outlay("enough", 1.04), outlay("short", 1.89)])
    assert cells(found) == [
        ["Nyttan är mindre", "6,4 nyttopoäng mindre", "30 nyttopoäng mindre"],
        [
            "Utgiften är högre, i dag 55,0 mkr",
            "4 % högre: 57,2 mkr",
            "89 % högre: 104,0 mkr",
        ],
    ]


def test_what_cannot_change_has_no_table() -> None:
    assert needed_table(plan(True, [], impossible=True), "hall") is None
    assert needed_table(plan(True, [{"kind": "locked"}]), "hall") is None
    assert needed_table(plan(False, [], loss_high=0.01), "hall") is None
    assert needed_table(plan(False, []), "okand") is None


def test_the_pages_of_a_real_plan_agree_with_its_claims(
    client_for: ClientFor, liten: Municipality, study: Study
) -> None:
    result = study.plan
    assert result is not None
    year, goal = result["years"][0], result["goals"][0]["goal_id"]
    reason = result["reasons"][0]
    reason["claims"].append(
        {
            "kind": "added_breaks",
            "choice": [reason["project_id"], "a", year],
            "breaks": [{"kind": "goal", "id": goal, "years": [year]}],
        }
    )
    study.result = packed_json(result)
    study.finished_at = timezone.now()
    study.save()
    found = plan_of(liten)
    assert found is not None
    client = client_for("lasare")
    drawn = tables = 0
    for key in found.projects:
        page = shown(client.get(f"/liten/projekt/{key}/"))
        chart, table = breaks_chart(found, key), needed_table(found, key)
        assert (chart is not None) == ("Krav som bryts, år för år" in page)
        assert (table is not None) == ('id="kravs"' in page)
        drawn, tables = drawn + bool(chart), tables + bool(table)
    assert drawn == 1
    assert tables
