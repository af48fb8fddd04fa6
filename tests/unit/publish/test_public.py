"""Is what is made public complete, checkable, and silent about the rest?"""

from __future__ import annotations

import json
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rodtrad.capacity.evaluate import evaluate_plan
from rodtrad.domain.arrays import Choice, build_case
from rodtrad.domain.checks import MAX_CELL_TEXT
from rodtrad.domain.components import build_tables
from rodtrad.errors import InputError
from rodtrad.publish.public import (
    NEVER_TABLES,
    hidden_projects,
    make_public,
    public_tables,
    refusals,
)
from rodtrad.publish.public_sum import SUM_ID
from rodtrad.publish.public_text import (
    Cleaner,
    naming,
    without_naming,
    without_personal,
)
from rodtrad.sources.underlag import read_underlag
from rodtrad.study import own_study
from rodtrad.verify import verify_result

if TYPE_CHECKING:
    from rodtrad.domain.components import Tables

EXAMPLE = Path(__file__).parents[3] / "examples" / "vimmerby" / "underlag"
# Projects of several first years in use, financed by taxes and by fees.
CHOSEN = (
    "al_skolan",
    "energi",
    "gc_vag",
    "kvillgarden",
    "nybble_aldreboende",
    "strandhagen",
    "va_ledningar",
)


@cache
def example() -> Tables:
    tables, issues = read_underlag(EXAMPLE)
    assert not [one for one in issues if one.severity == "error"]
    return tables


@cache
def choices() -> tuple[Choice, ...]:
    """Some projects at starts that are far apart, so that nothing falls together."""
    case = build_case(example())
    found = []
    for i, key in enumerate(CHOSEN):
        way = case.project(key).alternatives[-1]
        starts = case.starts(case.project(key), way)
        found.append(Choice(key, way.alternative_id, starts[(2 * i) % len(starts)]))
    return tuple(found)


def hiding(*keys: str) -> Tables:
    """The example with some projects that may not be shown."""
    projects = example()["projects"]
    public = [key not in keys for key in projects["project_id"]]
    return example().replace(projects.copy(public=public))


def plan(tables: Tables) -> dict[str, Any]:
    """A plan made by hand; nothing is searched."""
    result: dict[str, Any] = json.loads(json.dumps(own_study(tables, choices()).result))
    return result


def everything(tables: Tables, result: dict[str, Any]) -> str:
    columns = {name: table.columns for name, table in tables.items()}
    return json.dumps([result, columns], ensure_ascii=False)


def near(one: list[Any], other: list[Any]) -> bool:
    return all(
        abs(a - b) <= 1e-6 * max(1.0, abs(a)) for a, b in zip(one, other, strict=True)
    )


HIDDEN = [
    CHOSEN[:3],
    CHOSEN[3:6],
    ("gc_vag", "strandhagen", "va_ledningar"),
    ("al_skolan", "kvillgarden", "va_ledningar", "hogstadieskola", "simhall"),
    ("hogstadieskola", "simhall", "idrottshall"),
    CHOSEN,
]


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda keys: "+".join(keys)[:40])
def test_hidden_projects_are_one_sum_with_the_same_economy(
    hidden: tuple[str, ...],
) -> None:
    tables = hiding(*hidden)
    whole = plan(tables)
    found = make_public(tables, whole)
    told = found.result
    for line in ("re", "ar", "fk", "rs", "rg"):
        assert near(whole["statement"][line], told["statement"][line]), line
    for line in whole["balance"]:
        assert near(whole["balance"][line], told["balance"][line]), line
    assert near(whole["balanskrav"]["bkr"], told["balanskrav"]["bkr"])
    assert near(whole["indicators"]["lan_inv"], told["indicators"]["lan_inv"])
    assert not verify_result(found.tables, told)
    # and a stranger who changes one figure of it is found out
    told["balance"]["loans"][3] += 500.0
    assert verify_result(found.tables, told)
    rows = {row["project_id"] for row in told["projects"]}
    assert rows & set(hidden) == set()
    assert SUM_ID in rows
    assert found.hidden == len(hidden)


def under(tables: Tables, table: str, column: str, key: str, value: str) -> Tables:
    """The tables with a scenario that writes over some cells."""
    data = {name: list(one.records()) for name, one in tables.items()}
    row = {"scenario": "Prov", "table": table, "column": column}
    data["scenarios"].append({**row, "key": key, "value": value})
    return build_tables(data)


@pytest.mark.parametrize("key", ["2029", "*"])
def test_a_scenario_does_not_write_over_what_the_sum_needs(key: str) -> None:
    tables = under(hiding(*HIDDEN[2]), "years", "other_change_tkr", key, "100")
    whole = json.loads(json.dumps(own_study(tables, choices(), scenario="Prov").result))
    found = make_public(tables, whole)
    for line in ("re", "ar", "fk", "rs", "rg"):
        assert near(whole["statement"][line], found.result["statement"][line]), line
    for line in whole["balance"]:
        assert near(whole["balance"][line], found.result["balance"][line]), line
    assert not verify_result(found.tables, found.result)


def test_a_scenario_of_hidden_projects_alone_is_not_published() -> None:
    tables = under(hiding(*HIDDEN[2]), "projects", "waiting_cost", "gc_vag", "77")
    result = {"choices": [], "meta": {"scenario": "Prov"}}
    assert [one.code for one in refusals(tables, result)] == ["hidden_scenario"]
    assert not refusals(hiding(), result | {"meta": {"scenario": None}})


def test_a_sum_with_another_economy_is_not_published() -> None:
    tables = under(hiding(*HIDDEN[2]), "outlays", "outlay", "*", "1000")
    whole = own_study(tables, choices(), scenario="Prov").result
    with pytest.raises(InputError) as caught:
        make_public(tables, whole)
    assert [one.code for one in caught.value.issues] == ["hidden_economy"]


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda keys: "+".join(keys)[:40])
def test_nothing_public_names_a_hidden_project(hidden: tuple[str, ...]) -> None:
    tables = hiding(*hidden)
    rows = {row["project_id"]: row for row in tables["projects"].records()}
    found = make_public(tables, plan(tables))
    text = everything(found.tables, found.result)
    for key in hidden:
        assert f'"{key}"' not in text, key
        assert rows[key]["name"] not in text, key
    for reason in found.reasons.values():
        for key in hidden:
            assert rows[key]["name"] not in " ".join(reason["text"])


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("within", [True, False])
def test_fewer_than_three_could_be_told_apart(count: int, within: bool) -> None:
    keys = CHOSEN if within else ("hogstadieskola", "simhall")
    tables = hiding(*keys[:count])
    with pytest.raises(InputError) as caught:
        make_public(tables, plan(tables))
    assert [one.code for one in caught.value.issues] == ["hidden_few"]


@pytest.mark.parametrize("count", [1, 2])
def test_a_sum_of_one_or_two_in_the_plan_could_be_told_apart(count: int) -> None:
    tables = hiding(*CHOSEN[:count], "hogstadieskola", "simhall", "idrottshall")
    found = refusals(tables, plan(tables))
    assert [one.code for one in found] == ["hidden_few_chosen"]


def test_a_project_may_not_have_the_id_of_the_sum() -> None:
    tables = hiding("hogstadieskola", "simhall", "idrottshall")
    result = plan(tables)
    projects = tables["projects"]
    ids = [SUM_ID if key == "deponi" else key for key in projects["project_id"]]
    taken = tables.replace(projects.copy(project_id=ids))
    assert [one.code for one in refusals(taken, result)] == ["hidden_id_taken"]


def test_an_id_may_not_look_like_a_person() -> None:
    projects = example()["projects"]
    keys = ["811218-9876", *projects["project_id"][1:]]
    tables = example().replace(projects.copy(project_id=keys))
    found = refusals(tables, {"choices": []})
    assert [(one.code, one.table) for one in found] == [("id_personal", "projects")]
    assert "”811218-9876”" in found[0].message


def test_a_viewpoint_may_not_have_a_persons_name() -> None:
    tables = example()
    name = str(tables["viewpoints"]["viewpoint"][0])
    found = refusals(tables, plan(tables), [name.upper(), "Någon Annan"])
    assert [one.code for one in found] == ["viewpoint_person"]
    assert not refusals(tables, plan(tables), ["Någon Annan"])


def test_without_hidden_projects_the_economy_is_word_for_word_the_same() -> None:
    whole = plan(example())
    told = make_public(example(), whole).result
    for key in ("statement", "balance", "choices", "goals", "value", "status"):
        assert told[key] == whole[key], key


def test_the_register_of_assets_never_becomes_public() -> None:
    data = {name: list(table.records()) for name, table in example().items()}
    data["areas"] = data["areas"] or [{"area": "x", "name": "X"}]
    area = data["areas"][0]["area"]
    data["assets"] = [
        {
            "asset_id": "hemlig_brunn",
            "name": "Reservvattentäkten i Skogen",
            "area": area,
            "lat": 57.123456,
            "lon": 15.654321,
            "condition": "3",
            "condition_scale": "tg",
            "built_year": 1961,
        }
    ]
    data["components"] = [{"asset_id": "hemlig_brunn", "component": "pumphus-7"}]
    data["inspections"] = [
        {"asset_id": "hemlig_brunn", "year": 2020, "kind": "fel", "source": "läcka-77"}
    ]
    data["projects"][0]["asset_id"] = "hemlig_brunn"
    tables = build_tables(data)
    found = make_public(tables, plan(tables))
    for name in NEVER_TABLES:
        assert len(tables[name])
        assert not len(found.tables[name])
    text = everything(found.tables, found.result)
    for secret in (
        "hemlig_brunn",
        "Reservvatten",
        "57.123456",
        "pumphus-7",
        "läcka-77",
    ):
        assert secret not in text
    assert not verify_result(found.tables, found.result)


def test_where_preparedness_lies_is_not_told() -> None:
    projects = list(example()["projects"].records())
    row = next(r for r in projects if r["driver"] == "beredskap")
    marked = [
        r
        | {"lat": 57.111111, "lon": 15.222222, "description": "I källaren på Kv. Eken"}
        if r is row
        else r
        for r in projects
    ]
    data = {name: list(table.records()) for name, table in example().items()}
    for name in ("alternatives", "outlays", "effects", "parts", "scores"):
        for one in data[name]:
            if one["project_id"] == row["project_id"]:
                one["source"] = "Ritning av källaren"
                if name == "alternatives":
                    one["name"] = "Under torget"
                if name == "parts":
                    one["component"] = f"Valv {one['useful_life_years']}"
    tables = build_tables({**data, "projects": marked})
    found = make_public(tables, plan(tables))
    assert not verify_result(found.tables, found.result)
    text = everything(found.tables, found.result)
    for secret in (
        *("57.111111", "15.222222", "Kv. Eken"),
        *("Ritning av", "Under torget", "Valv"),
    ):
        assert secret not in text
    told = next(
        r for r in found.result["projects"] if r["project_id"] == row["project_id"]
    )
    assert told["area"] is None
    assert told["name"] == row["name"]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Skriv till eva.lind@kommun.se.", "eva.lind@kommun.se"),
        ("Personnummer 850101-1234 finns", "850101-1234"),
        ("19850101-1234", "19850101-1234"),
        ("samordningsnummer 850161-1234", "850161-1234"),
        ("ring 070-123 45 67 i dag", "070-123 45 67"),
        ("ring 0492-76 90 00", "0492-76 90 00"),
        ("ring +46 70 123 45 67", "123 45 67"),
        ("ring +46 (0)70-123 45 67", "123 45 67"),
        ("ring 08-123 456 78 i dag", "456 78"),
        ("ring 0492-769 000", "769"),
        ("ring 08 123 456 78", "456 78"),
        ("ring 0492 76 90 00", "76 90"),
        ("ring 070 123 45 67", "123 45 67"),
        ("ring 0701234567", "0701234567"),
        ("Personnummer 198112189876", "198112189876"),
        ("Personnummer 8112189876", "8112189876"),
        ("Personnummer 19811218 9876", "9876"),
        ("Personnummer 811218–9876", "9876"),
        ("enligt Eva Lind på kontoret", "Eva Lind"),
        ("enligt EVA LIND", "EVA LIND"),
        ("Eva Linds kalkyl", "Eva Lind"),
        ("Eva\u00a0Lind räknade", "Lind"),
        ("Kontakt: Lind, Eva", "Lind, Eva"),
    ],
)
def test_personal_data_are_taken_out(text: str, secret: str) -> None:
    assert secret not in without_personal(text, ["Eva Lind", "Vimmerby"])


@pytest.mark.parametrize(
    "text",
    [
        "Budget 2026–2028, 280 000 tkr",
        "Organisationsnummer 212000-0787",
        "Dnr KS 2025-123456, § 14",
        "Planen 2026-2035 för Vimmerby",
        "https://www.scb.se/hitta-statistik/2025-11-02/",
        "57.6655, 15.8552",
        "1 250,5 mkr och 0,5 procent, 85 år eller äldre",
        "SFS 2017:725, prop. 2022/23:119",
        "Kalkyl 06/2025 och 03-2024",
        "KS § 045/2024, dnr 0452/2023",
        "Projekt 0110-2025",
        "Kostar 1 050 000 000 kr eller 2 070 123 456 kr",
        "Vimmerby 0884 15 600 invånare",
        "Artikel 8112189875",
        "0.0701234567",
        "Andel 0,08 123 456 78",
    ],
)
def test_what_is_no_personal_data_stays(text: str) -> None:
    assert without_personal(text, ["Eva Lind", "Vimmerby"]) == text


@pytest.mark.parametrize("text", ["a" * MAX_CELL_TEXT, "0" * MAX_CELL_TEXT])
def test_the_longest_cell_is_looked_through_once(text: str) -> None:
    began = time.process_time()
    assert without_personal(text, ["Eva Lind"]) == text
    assert time.process_time() - began < 1


def test_the_examples_sources_are_left_alone() -> None:
    _tables, removed = public_tables(example(), Cleaner(example()))
    assert not removed


@pytest.mark.parametrize(
    ("names", "text", "left"),
    [
        (["Bro"], "Bron över ån. Överskott.", "Bron över ån. Överskott."),
        (["Bro"], "Bro först. Sedan park.", "Sedan park."),
        (
            ["Köp av fastighet"],
            "Kalkyl. KÖP AV  FASTIGHETEN pågår! Klar.",
            "Kalkyl. Klar.",
        ),
        (["Kv. Eken"], "Se Kv. Eken i norr. Klar.", "Klar."),
        (["Norra skolan"], "Utan ”Norra skolans” tomt", ""),
        (["Norra tomten"], "Norra tomten-köpet pågår. Klar.", "Klar."),
        (["Norra tomten"], "-Norra tomten\n-Södra tomten", "-Södra tomten"),
        (["Norra tomten"], "Marken vid ån, dvs. Norra tomten, köps. Ja.", "Ja."),
        (["Norra tomten"], "Norra-\u00adtomten köps. Ja.", "Ja."),
        (["Norra tomten"], "Mark köps (t.ex. Norra tomten). Ja.", "Ja."),
    ],
)
def test_a_sentence_that_names_a_hidden_project_goes(
    names: list[str], text: str, left: str
) -> None:
    named = naming(names)
    assert named is not None
    assert without_naming(text, named) == left


def test_ids_are_names_where_they_are_no_words() -> None:
    named = naming([], ["kop_7", "skola"])
    assert named is not None
    assert without_naming("Ny skola. Hör till kop_7.", named) == "Ny skola."
    assert without_naming("Ny skola. Hör till KOP_7.", named) == "Ny skola."
    assert without_naming("Hör till kop_7-b.", named) == "Hör till kop_7-b."


def test_a_hidden_name_in_another_name_is_refused_and_listed() -> None:
    tables = hiding("hogstadieskola", "simhall", "idrottshall")
    projects, goals = tables["projects"], tables["goals"]
    rows = {row["project_id"]: row for row in projects.records()}
    name = rows["simhall"]["name"]
    names = [
        f"Parkering vid {name}" if row["project_id"] == "deponi" else row["name"]
        for row in rows.values()
    ]
    texts = [f"Klart. Väntar på {name}." for _row in rows]
    changed = tables.replace(projects.copy(name=names, source=texts)).replace(
        goals.copy(name=[f"Råd med {name}", *goals["name"][1:]])
    )
    result = plan(changed)
    found = [one for one in refusals(changed, result) if one.code == "hidden_named"]
    assert [(one.table, one.column) for one in found] == [
        ("projects", "name"),
        ("goals", "name"),
    ]
    assert "Parkering vid" in found[0].message
    # in free text a sentence goes, and the plan is published
    told = tables.replace(projects.copy(source=texts))
    shown = make_public(told, plan(told)).tables["projects"]
    assert set(shown["source"]) <= {"Klart.", None}
    assert shown["name"][:-1] == [
        row["name"]
        for row in rows.values()
        if row["project_id"] not in ("hogstadieskola", "simhall", "idrottshall")
    ]


def test_reasons_say_nothing_of_one_hidden_project() -> None:
    hidden = ("hogstadieskola", "simhall", "idrottshall")
    tables = hiding(*hidden)
    rows = {row["project_id"]: row["name"] for row in tables["projects"].records()}
    result = plan(tables)
    own, other = f"”{rows['deponi']}”", f"”{rows['simhall']}”"
    result["reasons"] = [
        {
            "project_id": "deponi",
            "state": "out",
            "text": [
                f"Projektet {own} går inte att förena med projektet {other}, som ingår.",
                f"Då flyttas {other} från 2027 till 2029.",
                "Det går inte att ta in, vad som än väljs bort.",
            ],
        },
        {"project_id": "simhall", "state": "in", "text": ["Hemligt."]},
    ]
    found = make_public(tables, result)
    assert found.reasons == {
        "deponi": {
            "state": "out",
            "text": [
                f"Projektet {own} ingår inte.",
                "Det går inte att ta in, vad som än väljs bort.",
            ],
        }
    }


def test_two_resources_named_after_people_stay_two() -> None:
    data = {name: list(table.records()) for name, table in example().items()}
    people = ["Anna Berg", "Bo Ek"]
    years = [row["year"] for row in data["years"]]
    data["resources"] = [
        {"resource": name, "year": year, "available": 1.0}
        for name in people
        for year in years
    ]
    data["resource_use"] = []
    tables = build_tables(data)
    result = plan(tables)
    goal = result["goals"][0]
    result["limits"] = [
        {
            "kind": "resource",
            "id": name,
            "name": name,
            "years": [years[0]],
            "text": f"{name} räcker inte, säger eva@liten.example.",
        }
        for name in people
    ]
    assert goal
    found = make_public(tables, result, None, people)
    assert len(set(found.tables["resources"]["resource"])) == 2
    text = everything(found.tables, found.result)
    for secret in (*people, "eva@"):
        assert secret not in text
    names = [row["name"] for row in found.result["limits"]]
    assert sorted(names) == sorted(set(found.tables["resources"]["resource"]))
    assert not verify_result(found.tables, found.result)


def test_the_sum_keeps_the_limits_that_bind() -> None:
    tables = hiding(*CHOSEN[:3])
    found = make_public(tables, plan(tables))
    case = build_case(found.tables)
    chosen = [
        Choice(row["project_id"], row["alternative_id"], row["start_year"])
        for row in found.result["choices"]
    ]
    again = evaluate_plan(case, chosen)
    whole = evaluate_plan(build_case(tables), choices())
    assert {v.key for v in again.violations if v.kind == "goal"} == {
        v.key for v in whole.violations if v.kind == "goal"
    }
    assert hidden_projects(found.tables) == []
