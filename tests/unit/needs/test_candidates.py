"""Candidates: sound rows, bundled where work coincides, and a planner that takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from golden.test_method_pages import figure, table
from unit.needs.register_cases import asset, component, tables_of

from rodtrad.domain.arrays import build_case
from rodtrad.domain.checks import check_tables
from rodtrad.domain.register import build_register, waiting_defaults
from rodtrad.needs.candidates import (
    Candidates,
    CandidateSettings,
    add_projects,
    book_value_left_tkr,
    suggest_renewals,
)
from rodtrad.needs.renewal import estimate_lives, forecast_renewal
from rodtrad.needs.waiting import waiting_costs
from rodtrad.plan.constraints import build_problem
from rodtrad.plan.milp import Limits, solve_problem

if TYPE_CHECKING:
    from rodtrad.domain.components import Tables

OLD = 1955


def suggested(tables: Tables, settings: CandidateSettings | None = None) -> Candidates:
    register = build_register(tables)
    beliefs = estimate_lives(register)
    need = forecast_renewal(register, beliefs, 10)
    waiting = waiting_costs(register, beliefs, 10, discount_rate=0.03)
    return suggest_renewals(tables, register, beliefs, need, waiting, settings)


def town() -> Tables:
    """A school, a hall of small consequence, and a street with a pipe in it."""
    return tables_of(
        [
            asset("skola", book_value=900.0, consequence=2, committee="Barn"),
            asset("lada", kind="lokal", book_value=50.0, consequence=0),
            asset("gata", kind="gata", street="Storgatan", consequence=1),
            asset("ror", kind="vattenledning", street="Storgatan", consequence=3),
        ],
        [
            component("Yttertak", OLD, 4_000.0, book_value=300.0, useful_life_years=33),
            component("Ventilation", 1995, 2_000.0, useful_life_years=25),
            component("Stomme", 2015, 40_000.0),
            component(
                "Yttertak",
                OLD,
                900.0,
                asset_id="lada",
                book_value=40.0,
                useful_life_years=100,
            ),
            component("Slitlager", 2000, 1_500.0, asset_id="gata"),
            component("Vattenledning", 1905, 3_000.0, asset_id="ror"),
        ],
    )


def rows_of(found: Candidates, table: str, project: str) -> list[dict[str, Any]]:
    return [row for row in found.rows[table] if row["project_id"] == project]


def test_what_coincides_is_dug_once() -> None:
    found = suggested(town())
    projects = {p["project_id"]: p for p in found.rows["projects"]}
    assert sorted(projects) == [
        "fornya_lada_yttertak",
        "fornya_skola_yttertak",
        "fornya_storgatan_gata_slitlager",
        "fornya_storgatan_ror_vattenledning",
    ]
    register = build_register(town())
    names = {
        key: sorted(register.names[i] for i in members)
        for key, members in found.components.items()
    }
    # The frame of 2015 is not due, so it is in no project.
    assert names["fornya_skola_yttertak"] == ["Ventilation", "Yttertak"]
    # One trench, two payers: fees may not carry the street, nor taxes the pipe.
    assert names["fornya_storgatan_ror_vattenledning"] == ["Vattenledning"]
    assert names["fornya_storgatan_gata_slitlager"] == ["Slitlager"]
    assert projects["fornya_storgatan_ror_vattenledning"]["financing"] == "taxa"
    assert projects["fornya_storgatan_gata_slitlager"]["financing"] == "skatt"
    assert [
        (r["kind"], {r["project_id"], r["other_id"]}) for r in found.rows["relations"]
    ] == [
        (
            "together",
            {"fornya_storgatan_gata_slitlager", "fornya_storgatan_ror_vattenledning"},
        )
    ]
    shares = waiting_defaults()["shared_work_share"]
    for project, whole, kind in (
        ("fornya_skola_yttertak", 6_000.0, "building"),
        ("fornya_storgatan_ror_vattenledning", 3_000.0, "street"),
        ("fornya_storgatan_gata_slitlager", 1_500.0, "street"),
    ):
        outlay = sum(
            row["outlay"]
            for row in rows_of(found, "outlays", project)
            if row["alternative_id"] == "fornya"
        )
        assert outlay == pytest.approx(whole * (1 - shares[kind]["value"]))
    assert projects["fornya_skola_yttertak"]["asset_id"] == "skola"
    assert projects["fornya_storgatan_ror_vattenledning"]["asset_id"] == "ror"
    assert projects["fornya_skola_yttertak"]["committee"] == "Barn"
    assert "sparas omkring" in projects["fornya_skola_yttertak"]["description"]


def test_what_comes_due_far_apart_is_two_projects() -> None:
    parts = [component("Yttertak", OLD), component("Papptak", 2009)]
    tables = tables_of([asset()], parts)
    register = build_register(tables)
    beliefs = estimate_lives(register)
    need = forecast_renewal(register, beliefs, 10)
    due = [int(np.argmax(row >= 0.3)) for row in need.due_share]
    assert due[1] - due[0] >= 2
    settings = CandidateSettings(due_share=0.3, window_years=1)
    assert len(suggested(tables, settings).rows["projects"]) == 2
    together = CandidateSettings(due_share=0.3, window_years=10)
    assert len(suggested(tables, together).rows["projects"]) == 1


def test_every_need_has_its_alternatives() -> None:
    found = suggested(town())
    kinds = {
        p["project_id"]: [
            a["alternative_id"] for a in rows_of(found, "alternatives", p["project_id"])
        ]
        for p in found.rows["projects"]
    }
    assert kinds["fornya_skola_yttertak"] == ["fornya", "senare", "laga"]
    # Only the barn may go: nothing serious follows and nobody has a place there.
    assert kinds["fornya_lada_yttertak"] == ["fornya", "senare", "laga", "avveckla"]
    by_alternative = {
        a["alternative_id"]: a
        for a in rows_of(found, "alternatives", "fornya_lada_yttertak")
    }
    # 30 years were left of 40 tkr; the new is in use from 2027, a year later.
    assert by_alternative["fornya"]["scrapped"] == round(40 * 29 / 30)
    assert by_alternative["laga"]["scrapped"] == 0
    # Mended 2026, renewed 2034.
    assert by_alternative["senare"]["scrapped"] == round(40 * 22 / 30)
    # Ten tkr are on no component, so nothing tells how they are written down.
    assert by_alternative["avveckla"]["scrapped"] == round(40 * 29 / 30) + 10


def test_what_is_scrapped_is_what_is_left_that_year() -> None:
    """The worked table of the page: a roof that need not be renewed until later."""
    _, *rows = table("renewal.md", "scrapped")
    parts = [
        component("Yttertak", 2010, 1_000.0, book_value=600.0, useful_life_years=30)
        | {"technical_life_years": 20}
    ]
    data = tables_of([asset()], parts)
    found = suggested(data, CandidateSettings(due_share=0.3))
    (project,) = found.rows["projects"]
    assert project["earliest_year"] == 2027
    scrapped = {a["alternative_id"]: a["scrapped"] for a in found.rows["alternatives"]}
    assert [row[0].strip("`") for row in rows] == list(scrapped)
    for alternative, year, left in rows:
        key = alternative.strip("`")
        assert scrapped[key] == figure(left)
        if year.isdigit():
            register = build_register(data)
            value = book_value_left_tkr(register, [0], int(year))
            assert value[0] == pytest.approx(figure(left), abs=0.5)


def test_a_book_value_goes_down_to_nothing_and_no_further() -> None:
    parts = [
        component("Yttertak", 2010, book_value=600.0, useful_life_years=30),
        component("Fasad", 1960, book_value=50.0, useful_life_years=33),
        component("Ventilation", 2030, book_value=20.0, useful_life_years=20),
    ]
    register = build_register(tables_of([asset()], parts))
    years = (2026, 2027, 2041, 2060)
    left = np.array([book_value_left_tkr(register, [0, 1, 2], y) for y in years])
    assert left[:, 0].tolist() == [600.0, 560.0, 0.0, 0.0]
    # Its useful life is over, so what is left goes the next year.
    assert left[:, 1].tolist() == [50.0, 0.0, 0.0, 0.0]
    assert left[:, 2] == pytest.approx([20.0, 20.0, 10.0, 0.0])


def test_places_in_use_are_not_disposed_of() -> None:
    tables = town()
    data = {name: list(table.records()) for name, table in tables.items()}
    data["areas"] = [{"area": "tatort"}]
    data["services"] = [{"service": "fritid", "age_from": 6, "age_to": 9, "ratio": 0.5}]
    data["premises"] = [
        {
            "premises_id": "lada_1",
            "asset_id": "lada",
            "service": "fritid",
            "area": "tatort",
            "places": 20,
            "from_year": 2000,
        }
    ]
    from rodtrad.domain.components import build_tables

    found = suggested(build_tables(data))
    kinds = [a["kind"] for a in rows_of(found, "alternatives", "fornya_lada_yttertak")]
    assert "avveckla" not in kinds


def test_waiting_costs_more_than_mending_and_mending_more_than_renewing() -> None:
    found = suggested(town())
    project = next(
        p for p in found.rows["projects"] if p["project_id"] == "fornya_skola_yttertak"
    )
    yearly = project["waiting_cost"]
    assert yearly > 0
    effects = rows_of(found, "effects", "fornya_skola_yttertak")

    def of(alternative: str) -> list[float]:
        return [e["operating"] for e in effects if e["alternative_id"] == alternative]

    years = waiting_defaults()["patch_years"]["value"]
    assert of("fornya") == []
    assert len(of("senare")) == years + 1
    assert of("senare")[-1] == 0
    assert 0 < of("laga")[0] < of("laga")[-1] == pytest.approx(yearly, abs=1)


def test_the_rows_are_sound_and_the_planner_takes_them() -> None:
    tables = town()
    grown = add_projects(tables, suggested(tables).rows)
    assert [i for i in check_tables(grown) if i.severity == "error"] == []
    case = build_case(grown)
    problem = build_problem(case)
    plan = solve_problem(problem, Limits(seconds=20.0))
    assert plan.state in ("optimal", "feasible")
    assert plan.choices is not None
    chosen = {c.project_id for c in plan.choices}
    # Nothing else competes for the money here, so every need is met in some way.
    assert chosen == {p.project_id for p in case.projects}
    for choice in plan.choices:
        case.project(choice.project_id).alternative(choice.alternative_id)


def test_ids_stay_and_rows_may_come_in_any_order() -> None:
    tables = town()
    data = {name: list(table.records())[::-1] for name, table in tables.items()}
    from rodtrad.domain.components import build_tables

    turned = suggested(build_tables(data))
    first = suggested(tables)
    for name in ("projects", "outlays", "parts", "scores"):
        key = ["project_id", "alternative_id", "offset", "component", "criterion"]

        def order(row: dict[str, Any], key: list[str] = key) -> tuple[str, ...]:
            return tuple(str(row.get(k)) for k in key)

        assert sorted(turned.rows[name], key=order) == sorted(
            first.rows[name], key=order
        )


def test_a_project_already_there_is_kept_as_it_is() -> None:
    tables = town()
    rows = suggested(tables).rows
    once = add_projects(tables, rows)
    assert add_projects(once, rows) == once


def test_small_needs_are_left_to_upkeep_and_counted() -> None:
    found = suggested(town(), CandidateSettings(least_tkr=1_000.0))
    assert found.left_out_tkr == 900.0
    assert len(found.rows["projects"]) == 3


def test_nothing_due_gives_nothing() -> None:
    found = suggested(tables_of([asset()], [component("Stomme", 2020)]))
    assert all(not rows for rows in found.rows.values())
    assert found.left_out_tkr == 0


def test_a_forecast_that_is_too_short_is_refused() -> None:
    tables = town()
    register = build_register(tables)
    beliefs = estimate_lives(register)
    need = forecast_renewal(register, beliefs, 2)
    waiting = waiting_costs(register, beliefs, 10, discount_rate=0.03)
    with pytest.raises(ValueError, match="end of the plan"):
        suggest_renewals(tables, register, beliefs, need, waiting)
