"""`rodtrad check` names every fault at its cell, and is silent on a sound underlag."""

from __future__ import annotations

import copy
import itertools
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rodtrad.domain.cells import read_column
from rodtrad.domain.checks import check_tables
from rodtrad.domain.columns import SCHEMA
from rodtrad.domain.components import Tables, build_tables
from rodtrad.domain.messages import MESSAGES
from rodtrad.domain.rules import circles, weights_exist

Data = dict[str, list[dict[str, Any]]]


def sound() -> Data:
    """Return a small underlag without faults: two projects, four plan years."""
    years = range(2025, 2030)
    return {
        "settings": [
            {"key": "municipality_name", "value": "Exempelby"},
            {"key": "base_year", "value": 2025},
            {"key": "plan_start", "value": 2026},
            {"key": "plan_end", "value": 2029},
            {"key": "discount_rate", "value": 0.03},
        ],
        "years": [
            {
                "year": year,
                "population": 15_000,
                "tax_base_growth": 0.03,
                "cost_growth": 0.025,
                "construction_growth": 0.02,
                "interest_rate": 0.03,
            }
            for year in years
        ],
        "statement": [
            {"line": line, "year": 2025, "amount": amount}
            for line, amount in {
                "ri": 200_000,
                "rk": -1_150_000,
                "ra": -40_000,
                "rs": 750_000,
                "rg": 260_000,
            }.items()
        ],
        "balance": [
            {"line": line, "amount": amount}
            for line, amount in {
                "fixed_assets": 900_000,
                "financial_assets": 50_000,
                "other_assets": 100_000,
                "cash": 50_000,
                "equity": 400_000,
                "provisions": 100_000,
                "loans": 400_000,
                "other_liabilities": 200_000,
            }.items()
        ],
        "projects": [
            {"project_id": "skola", "name": "Ny skola"},
            {"project_id": "bad", "name": "Badhus"},
        ],
        "alternatives": [
            {"project_id": "skola", "alternative_id": "a", "build_years": 2},
            {"project_id": "bad", "alternative_id": "a", "build_years": 1},
        ],
        "outlays": [
            {
                "project_id": "skola",
                "alternative_id": "a",
                "offset": 0,
                "outlay": 50_000,
            },
            {
                "project_id": "skola",
                "alternative_id": "a",
                "offset": 1,
                "outlay": 60_000,
            },
            {"project_id": "bad", "alternative_id": "a", "offset": 0, "outlay": 30_000},
        ],
        "criteria": [{"criterion": "behov", "name": "Behov", "weight": 1}],
        "scores": [
            {"project_id": p, "alternative_id": "a", "criterion": "behov", "score": 60}
            for p in ("skola", "bad")
        ],
        "goals": [
            {"goal_id": "g", "indicator": "res_andel", "operator": ">=", "value": 0.01}
        ],
    }


def project(data: Data, index: int = 0) -> dict[str, Any]:
    return data["projects"][index]


def found(data: Data) -> list[tuple[str, str, int | None, str]]:
    """Return code, table, row and column of every issue."""
    issues = check_tables(build_tables(data))
    return [(i.code, i.table, i.row, i.column) for i in issues]


def test_a_sound_underlag_has_no_faults() -> None:
    assert found(sound()) == []


def test_an_empty_underlag_names_what_is_missing_and_never_fails() -> None:
    codes = {code for code, *_place in found({})}

    assert codes == {"cell_required", "balance_line"}


def change(table: str, row: int, /, **values: Any) -> Any:
    def apply(data: Data) -> None:
        data[table][row - 2].update(values)

    return apply


def add(table: str, /, **values: Any) -> Any:
    def apply(data: Data) -> None:
        data.setdefault(table, []).append(values)

    return apply


def remove(table: str, row: int) -> Any:
    def apply(data: Data) -> None:
        del data[table][row - 2]

    return apply


def both(*changes: Any) -> Any:
    def apply(data: Data) -> None:
        for one in changes:
            one(data)

    return apply


def relation(kind: str, one: str, other: str, lag: int = 0) -> Any:
    return add("relations", kind=kind, project_id=one, other_id=other, lag_years=lag)


SKOLA_A = {"project_id": "skola", "alternative_id": "a"}

CASES: list[tuple[str, Any, tuple[str, str, int | None, str]]] = [
    # Cells.
    (
        "blank name",
        change("projects", 2, name=None),
        ("cell_required", "projects", 2, "name"),
    ),
    (
        "growth needed in plan years",
        change("years", 3, cost_growth=None),
        ("cell_required", "years", 3, "cost_growth"),
    ),
    (
        "required setting",
        remove("settings", 6),
        ("cell_required", "settings", None, "value"),
    ),
    (
        "negative outlay",
        change("outlays", 3, outlay=-5),
        ("cell_negative", "outlays", 3, "outlay"),
    ),
    (
        "score above 100",
        change("scores", 2, score=101),
        ("cell_range", "scores", 2, "score"),
    ),
    (
        "percent typed as 2",
        change("years", 4, tax_base_growth=2),
        ("cell_percent", "years", 4, "tax_base_growth"),
    ),
    (
        "growth of 20 percent is asked about",
        change("years", 4, tax_base_growth=0.2),
        ("cell_percent", "years", 4, "tax_base_growth"),
    ),
    (
        "discount rate typed as 3",
        change("settings", 6, value=3),
        ("cell_percent", "settings", 6, "value"),
    ),
    (
        "goal typed as 2",
        change("goals", 2, value=2),
        ("cell_percent", "goals", 2, "value"),
    ),
    (
        "formula in a name",
        change("projects", 2, name="=cmd|' /C calc'!A0"),
        ("cell_formula_text", "projects", 2, "name"),
    ),
    (
        "text beyond what a cell holds",
        change("projects", 2, description="x" * 32_768),
        ("cell_too_long", "projects", 2, "description"),
    ),
    # Ids, rows and references.
    (
        "duplicate id",
        add("projects", project_id="skola", name="Igen"),
        ("id_duplicate", "projects", 4, "project_id"),
    ),
    (
        "duplicate alternative",
        add("alternatives", **SKOLA_A, build_years=1),
        ("id_duplicate", "alternatives", 4, "alternative_id"),
    ),
    (
        "blank in an id",
        change("goals", 2, goal_id="mitt mål"),
        ("id_characters", "goals", 2, "goal_id"),
    ),
    (
        "ids equal without å and ä",
        both(
            add("areas", area="Åsen"),
            add("areas", area="Äsen"),
        ),
        ("id_folded", "areas", 3, "area"),
    ),
    (
        "same key, other value",
        add("outlays", **SKOLA_A, offset=1, outlay=1),
        ("row_duplicate", "outlays", 5, "offset"),
    ),
    (
        "same row twice",
        add("years", **sound()["years"][0]),
        ("row_duplicate", "years", 7, "year"),
    ),
    (
        "setting given twice",
        add("settings", key="plan_end", value=2028),
        ("row_duplicate", "settings", 7, "key"),
    ),
    (
        "orphan project",
        add("outlays", project_id="skolan", alternative_id="a", offset=0, outlay=1),
        ("ref_orphan", "outlays", 5, "project_id"),
    ),
    (
        "orphan alternative",
        add("outlays", project_id="skola", alternative_id="b", offset=0, outlay=1),
        ("ref_orphan", "outlays", 5, "alternative_id"),
    ),
    (
        "orphan criterion of a viewpoint",
        add("viewpoints", viewpoint="v", criterion="behov", relation=">=", value="x"),
        ("ref_orphan", "viewpoints", 2, "value"),
    ),
    # Years.
    ("gap in years", remove("years", 4), ("years_gap", "years", None, "year")),
    (
        "gap in existing",
        add("existing", year=2027),
        ("years_gap", "existing", None, "year"),
    ),
    (
        "plan not after base year",
        change("settings", 4, value=2027),
        ("base_year", "settings", 4, "value"),
    ),
    (
        "plan ends before it starts",
        change("settings", 5, value=2020),
        ("plan_years", "settings", 5, "value"),
    ),
    (
        "year outside the plan",
        add("statement", line="rs", year=2040, amount=800_000),
        ("year_outside", "statement", 7, "year"),
    ),
    (
        "goal outside the plan",
        change("goals", 2, to_year=2045),
        ("year_outside", "goals", 2, "to_year"),
    ),
    # Projects.
    (
        "window turned round",
        change("projects", 2, earliest_year=2028, latest_year=2027),
        ("window_empty", "projects", 2, "earliest_year"),
    ),
    (
        "window before the plan",
        change("projects", 2, latest_year=2025),
        ("window_empty", "projects", 2, "latest_year"),
    ),
    (
        "early window",
        change("projects", 2, earliest_year=2024),
        ("window_early", "projects", 2, "earliest_year"),
    ),
    (
        "in use after the plan",
        change("projects", 2, earliest_year=2028),
        ("in_use_after_end", "projects", 2, "earliest_year"),
    ),
    (
        "one alternative too slow",
        both(
            add("alternatives", project_id="bad", alternative_id="b", build_years=9),
            add("outlays", project_id="bad", alternative_id="b", offset=0, outlay=1000),
            add(
                "scores",
                project_id="bad",
                alternative_id="b",
                criterion="behov",
                score=1,
            ),
        ),
        ("in_use_after_end", "alternatives", 4, "build_years"),
    ),
    (
        "mandatory too late",
        change("projects", 2, must_do="ja", deadline_year=2027),
        ("must_do_late", "projects", 2, "deadline_year"),
    ),
    (
        "mandatory too late because of what it requires",
        both(
            change("projects", 3, must_do="ja", deadline_year=2028),
            relation("requires", "bad", "skola"),
        ),
        ("must_do_late", "projects", 3, "deadline_year"),
    ),
    (
        "no alternative",
        add("projects", project_id="tom", name="Tom"),
        ("project_no_alternative", "projects", 4, "project_id"),
    ),
    (
        "no outlay",
        remove("outlays", 4),
        ("alternative_no_outlay", "alternatives", 3, "alternative_id"),
    ),
    (
        "hole in offsets",
        change("outlays", 3, offset=2),
        ("offset_hole", "outlays", 2, "offset"),
    ),
    (
        "offsets of effects start at 1",
        add("effects", **SKOLA_A, offset=1, operating=5),
        ("offset_hole", "effects", 2, "offset"),
    ),
    (
        "parts do not sum to 1",
        add("parts", **SKOLA_A, component="tak", share=0.9, useful_life_years=20),
        ("parts_sum", "parts", 2, "share"),
    ),
    (
        "life of zero years",
        add("parts", **SKOLA_A, component="tak", share=1, useful_life_years=0),
        ("life_zero", "parts", 2, "useful_life_years"),
    ),
    (
        "NIRA sums to 90",
        change("projects", 2, nira="N60 R30"),
        ("nira_sum", "projects", 2, "nira"),
    ),
    (
        "NIRA without form",
        change("projects", 2, nira="skola"),
        ("nira_sum", "projects", 2, "nira"),
    ),
    (
        "resource never enough",
        both(
            *(
                add("resources", resource="ledning", year=year, available=1)
                for year in range(2026, 2030)
            ),
            add("resource_use", **SKOLA_A, resource="ledning", offset=0, amount=2),
        ),
        ("resource_short", "projects", 2, "project_id"),
    ),
    # Choice.
    (
        "score missing",
        remove("scores", 3),
        ("score_missing", "alternatives", 3, "alternative_id"),
    ),
    (
        "score outside its range",
        change("scores", 2, low=70),
        ("score_order", "scores", 2, "score"),
    ),
    (
        "weights of zero",
        change("criteria", 2, weight=0),
        ("weights_zero", "criteria", 2, "weight"),
    ),
    (
        "viewpoint of 40 percent alone",
        add("viewpoints", viewpoint="v", criterion="behov", relation="max", value=0.4),
        ("viewpoint_empty", "viewpoints", 2, "viewpoint"),
    ),
    (
        "viewpoint share typed as 40",
        add("viewpoints", viewpoint="v", criterion="behov", relation="min", value=40),
        ("cell_percent", "viewpoints", 2, "value"),
    ),
    # Relations.
    (
        "self relation",
        relation("requires", "skola", "skola"),
        ("relation_self", "relations", 2, "other_id"),
    ),
    (
        "circle",
        both(
            relation("requires", "skola", "bad"), relation("requires", "bad", "skola")
        ),
        ("relation_cycle", "relations", 2, "other_id"),
    ),
    (
        "requires what it excludes",
        both(
            relation("requires", "skola", "bad"), relation("excludes", "bad", "skola")
        ),
        ("relation_conflict", "relations", 2, "other_id"),
    ),
    (
        "mandatory projects exclude each other",
        both(
            change("projects", 2, must_do=True),
            change("projects", 3, must_do=True),
            relation("excludes", "skola", "bad"),
        ),
        ("relation_must", "relations", 2, "other_id"),
    ),
    # Goals.
    (
        "loans at least",
        change("goals", 2, indicator="lan_inv", value=60_000),
        ("goal_operator", "goals", 2, "operator"),
    ),
    (
        "net loans at least",
        change("goals", 2, indicator="nettolan", value=0.5),
        ("goal_operator", "goals", 2, "operator"),
    ),
    (
        "average longer than the goal",
        change("goals", 2, period="average:5"),
        ("goal_average", "goals", 2, "period"),
    ),
    (
        "aim without price",
        change("goals", 2, level="aim"),
        ("goal_price", "goals", 2, "price"),
    ),
    (
        "goal ends before it starts",
        change("goals", 2, from_year=2028, to_year=2027),
        ("goal_years", "goals", 2, "from_year"),
    ),
    # Money.
    (
        "statement line missing",
        remove("statement", 4),
        ("statement_line", "statement", None, "line"),
    ),
    (
        "cost with the wrong sign",
        change("statement", 3, amount=1_150_000),
        ("sign_odd", "statement", 3, "amount"),
    ),
    (
        "negative loans",
        both(
            change("balance", 8, amount=-400_000),
            change("balance", 6, amount=1_200_000),
        ),
        ("sign_odd", "balance", 8, "amount"),
    ),
    (
        "balance line missing",
        remove("balance", 9),
        ("balance_line", "balance", None, "line"),
    ),
    (
        "opening balance open",
        change("balance", 2, amount=900_010),
        ("balance_open", "balance", None, "amount"),
    ),
    (
        "outlay in kronor",
        change("outlays", 4, outlay=30_000_000),
        ("unit_magnitude", "outlays", 4, "outlay"),
    ),
    (
        "taxes in mkr",
        change("statement", 5, amount=750),
        ("unit_magnitude", "statement", 5, "amount"),
    ),
    (
        "overdue deficit",
        add("deficits", year=2021, amount=5_000, due_year=2024),
        ("deficit_due", "deficits", 2, "due_year"),
    ),
    (
        "more restored than the deficit",
        add("deficits", year=2024, amount=5_000, due_year=2027, restored=6_000),
        ("deficit_sum", "deficits", 2, "restored"),
    ),
    # Assets, people, quality, scenarios.
    (
        "built in the future",
        add("assets", asset_id="t", name="Tak", built_year=2031),
        ("asset_year", "assets", 2, "built_year"),
    ),
    (
        "condition off its scale",
        add(
            "assets",
            asset_id="t",
            name="Tak",
            built_year=1990,
            condition="7",
            condition_scale="1–5",
        ),
        ("condition_scale", "assets", 2, "condition"),
    ),
    (
        "age missing",
        both(
            add("areas", area="n"),
            add("areas", area="s"),
            add("population", year=2025, area="n", age=1, persons=5),
            add("population", year=2025, area="n", age=2, persons=5),
            add("population", year=2025, area="s", age=1, persons=5),
        ),
        ("age_missing", "population", None, "age"),
    ),
    (
        "fact without source",
        change("projects", 3, quality="uppgift"),
        ("quality_source", "projects", 3, "source"),
    ),
    (
        "scenario at nothing",
        add("scenarios", scenario="s", table="years", key="1999", column="population"),
        ("scenario_target", "scenarios", 2, "key"),
    ),
    (
        "percent typed as 2 in a scenario",
        add(
            "scenarios",
            scenario="s",
            table="years",
            key="*",
            column="interest_rate",
            value=2,
        ),
        ("cell_percent", "scenarios", 2, "value"),
    ),
]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_each_fault_is_named_at_its_cell(
    fault: Any, expected: tuple[str, str, int | None, str]
) -> None:
    data = sound()
    fault(data)

    assert expected in found(data)


def test_many_faults_are_all_found_at_once() -> None:
    data = sound()
    changes = [
        change("projects", 2, nira="N60 R30", latest_year=2025),
        change("goals", 2, value=2),
        change("outlays", 3, outlay=-5),
        remove("years", 4),
        relation("requires", "skola", "skola"),
    ]
    both(*changes)(data)

    codes = {code for code, *_place in found(data)}

    assert codes >= {
        "nira_sum",
        "window_empty",
        "cell_percent",
        "cell_negative",
        "years_gap",
        "relation_self",
    }


def test_faults_come_in_the_order_of_sheets_rows_and_columns() -> None:
    data = sound()
    both(
        change("goals", 2, value=2, from_year=2045, to_year=2046),
        change("outlays", 4, outlay=-5),
        change("outlays", 2, outlay=-5),
        remove("years", 4),
    )(data)
    places = [(table, row, column) for _code, table, row, column in found(data)]

    assert places == [
        ("years", None, "year"),
        ("outlays", 2, "outlay"),
        ("outlays", 4, "outlay"),
        ("goals", 2, "value"),
        ("goals", 2, "from_year"),
        ("goals", 2, "to_year"),
        ("goals", 2, "period"),
    ]


def test_messages_have_no_slot_left_and_name_the_users_words() -> None:
    for name, fault, _expected in CASES:
        data = sound()
        fault(data)
        for issue in check_tables(build_tables(data)):
            text = issue.message + issue.remedy
            assert "{" not in text, name
            assert "None" not in text, name
            assert "nan" not in text.split(), name


def test_a_circle_is_told_by_the_projects_names() -> None:
    data = sound()
    both(relation("requires", "skola", "bad"), relation("requires", "bad", "skola"))(
        data
    )

    messages = [i.message for i in check_tables(build_tables(data))]

    assert any("”Ny skola” → ”Badhus” → ”Ny skola”" in text for text in messages)


def test_every_code_has_a_sentence_and_a_remedy() -> None:
    for key, (severity, text, remedy) in MESSAGES.items():
        assert severity in "FVU", key
        assert text.endswith((".", "?")), key
        assert remedy.endswith((".", "?", "`.")), key


def test_row_order_changes_no_fault() -> None:
    data = sound()
    both(
        change("outlays", 3, outlay=-5),
        relation("requires", "skola", "bad"),
        relation("requires", "bad", "skola"),
    )(data)
    turned = copy.deepcopy(data)
    for rows in turned.values():
        rows.reverse()

    one = sorted((code, table, column) for code, table, _row, column in found(data))
    other = sorted((code, table, column) for code, table, _row, column in found(turned))

    assert one == other


def test_circles_finds_a_knot_behind_a_branch() -> None:
    edges = [("x", "a"), ("a", "b"), ("b", "c"), ("c", "b"), ("d", "x")]

    assert circles(edges) == [["b", "c", "b"]]
    assert circles([("a", "b"), ("a", "c"), ("b", "c")]) == []


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.one_of(
            st.tuples(st.sampled_from("abc"), st.just(">="), st.sampled_from("abc")),
            st.tuples(
                st.sampled_from("abc"),
                st.sampled_from(["min", "max"]),
                st.integers(0, 12).map(str),
            ),
        ),
        max_size=5,
    )
)
def test_weights_exist_agrees_with_trying_a_fine_grid(
    rows: list[tuple[str, str, str]],
) -> None:
    """For bounds in twelfths a grid of 72 parts of the sum holds every vertex."""
    steps = 72

    def meets(weights: dict[str, int]) -> bool:
        for criterion, relation, value in rows:
            limit = weights[value] if relation == ">=" else int(value) * steps // 12
            if relation == "max" and weights[criterion] > limit:
                return False
            if relation != "max" and weights[criterion] < limit:
                return False
        return True

    on_grid = any(
        meets({"a": a, "b": b, "c": steps - a - b})
        for a, b in itertools.product(range(steps + 1), repeat=2)
        if a + b <= steps
    )
    exact = [(c, r, v if r == ">=" else str(Fraction(int(v), 12))) for c, r, v in rows]

    assert weights_exist(["a", "b", "c"], exact) == on_grid


def test_tables_type_is_kept_by_the_checks() -> None:
    tables = build_tables(sound())
    before = copy.deepcopy({n: t.columns for n, t in tables.items()})

    check_tables(tables)

    assert isinstance(tables, Tables)
    assert {n: t.columns for n, t in tables.items()} == before


def test_an_open_list_takes_another_word_and_says_so() -> None:
    driver = SCHEMA["projects"].columns["driver"]
    parsed = read_column(
        driver,
        ["underhåll", "arbetsmiljö"],
        [2, 3],
        "projects",
        dot_is_decimal=True,
    )
    assert parsed.values == ["underhåll", "arbetsmiljo"]
    assert [found.code for found in parsed.issues] == ["cell_word"]
    assert not any(found.severity == "error" for found in parsed.issues)


@pytest.mark.parametrize(
    ("fault", "remedy"),
    [
        (
            change("outlays", 3, offset=2),
            "Lägg till en rad för år 1 med utgiften 0.",
        ),
        (
            change("outlays", 3, offset=3),
            "Lägg till rader för åren 1 och 2 med utgiften 0.",
        ),
        (
            add("effects", **SKOLA_A, offset=1, operating=5),
            "Lägg till en rad för år 0 med ändrad driftkostnad 0.",
        ),
        (
            add("resource_use", **SKOLA_A, resource="ledning", offset=2, amount=1),
            "Lägg till rader för åren 0 och 1 med åtgången 0.",
        ),
    ],
)
def test_a_hole_in_the_years_says_which_rows_to_add(fault: Any, remedy: str) -> None:
    data = sound()
    fault(data)
    holes = [i for i in check_tables(build_tables(data)) if i.code == "offset_hole"]
    assert [hole.remedy for hole in holes] == [remedy]


@pytest.mark.parametrize(
    ("target", "named"),
    [
        (("years", "2040", "interest_rate"), "bladet År, 2040, Låneränta"),
        (
            ("statement", "ri/2040", "amount"),
            "bladet Resultaträkning, Verksamhetens intäkter, 2040, Belopp",
        ),
        (("frames", "*", "amount_tkr"), "bladet Ramar, alla rader, amount_tkr"),
        (("Blad1", "x", "y"), "bladet Blad1, x, y"),
    ],
)
def test_a_scenario_that_misses_names_sheet_row_and_column(
    target: tuple[str, str, str], named: str
) -> None:
    data = sound()
    table, key, column = target
    add("scenarios", scenario="Dyrt", table=table, key=key, column=column, value="1")(
        data
    )
    found = [i for i in check_tables(build_tables(data)) if i.code == "scenario_target"]
    assert [i.message for i in found] == [
        f"Scenariot ”Dyrt” pekar på {named}, som inte finns."
    ]
