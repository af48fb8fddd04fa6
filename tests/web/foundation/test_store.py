"""Database ⇄ tables: the same values, blanks, order and faults come back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rodtrad.domain.columns import SCHEMA
from rodtrad.domain.components import build_table, finish_tables
from rodtrad.sources.underlag import read_underlag as read_folder
from rodtrad.web import store
from rodtrad.web.models import Municipality, Row, Underlag, Version
from rodtrad.web.models.underlag import FinalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.domain.components import Tables

EXAMPLES = Path(__file__).parents[3] / "examples"


def _underlag(municipality: Municipality) -> Underlag:
    return Underlag.objects.create(municipality=municipality, name="Prov")


@pytest.mark.parametrize("name", ["vimmerby", "exempelby", "bergen_2012"])
def test_examples_come_back_as_they_were(name: str, liten: Municipality) -> None:
    tables, _issues = read_folder(EXAMPLES / name / "underlag")
    underlag = _underlag(liten)

    store.write_tables(underlag, tables)
    again, issues = store.read_underlag(underlag)

    assert again == tables
    assert issues == []
    for table, one in tables.items():
        for column, values in one.columns.items():
            back = again[table][column]
            assert [type(v) for v in back] == [type(v) for v in values]
    unpacked, _faults = store.unpack(store.pack(tables))
    assert unpacked == tables
    assert store.pack(unpacked) == store.pack(tables)


def _with_faults() -> tuple[Tables, list[str]]:
    spec = SCHEMA["projects"]
    raw: dict[str, Sequence[object]] = {
        "project_id": ["b", "a", "c"],
        "name": ["Bron", None, "Parken"],
        "must_do": ["kanske", "ja", None],
        "deadline_year": ["snart", 2028.0, "2029"],
        "waiting_cost": ["1,234", None, "12 500,5"],
    }
    table, issues = build_table(spec, raw, [2, 3, 4], dot_is_decimal=False)
    errors = [one.message for one in issues if one.severity == "error"]
    return finish_tables({"projects": table}), errors


def test_unreadable_cells_keep_what_stood_in_them(liten: Municipality) -> None:
    tables, errors = _with_faults()
    underlag = _underlag(liten)
    store.write_tables(underlag, tables)

    again, issues = store.read_underlag(underlag)

    assert len(errors) == 3
    assert sorted(one.message for one in issues) == sorted(errors)
    assert again == tables
    assert again["projects"].faulty == tables["projects"].faulty
    first = Row.objects.get(underlag=underlag, key="b")
    assert first.data[store.FAULTS] == {
        "must_do": "kanske",
        "deadline_year": "snart",
        "waiting_cost": "1,234",
    }
    unpacked, found = store.unpack(store.pack(tables))
    assert unpacked["projects"].faulty == tables["projects"].faulty
    assert sorted(one.message for one in found) == sorted(errors)


def test_a_mended_cell_is_a_fault_no_more(liten: Municipality) -> None:
    tables, _errors = _with_faults()
    underlag = _underlag(liten)
    store.write_tables(underlag, tables)
    row = Row.objects.get(underlag=underlag, key="b")
    row.data = {**row.data, "deadline_year": 2030, store.FAULTS: {"must_do": "kanske"}}
    row.save()

    again, issues = store.read_underlag(underlag)

    assert [(one.row, one.column) for one in issues] == [(2, "must_do")]
    assert again["projects"]["deadline_year"] == [2030, 2028, 2029]


def test_writing_replaces_everything_and_counts(
    tiny_underlag: Underlag, tiny_tables: Tables
) -> None:
    before = tiny_underlag.revision
    store.write_tables(tiny_underlag, tiny_tables)

    assert tiny_underlag.revision == before + 1
    assert store.read_tables(tiny_underlag) == tiny_tables
    rows = Row.objects.filter(underlag=tiny_underlag, table="projects")
    assert [(r.position, r.key, r.label) for r in rows] == [
        (0, "skola", "Norra skolan byggs om"),
        (1, "bro", "Bron över ån"),
        (2, "park", "Ny park"),
    ]
    outlay = Row.objects.filter(underlag=tiny_underlag, table="outlays")[1]
    assert outlay.key == "skola · ombyggnad · 1"


def test_a_blank_follows_the_setting_it_takes_its_value_from(
    tiny_underlag: Underlag,
) -> None:
    goal = Row.objects.get(underlag=tiny_underlag, table="goals", key="skuld")
    del goal.data["from_year"]
    goal.save()
    start = Row.objects.get(
        underlag=tiny_underlag, table="settings", data__key="plan_start"
    )
    start.data["value"] = "2027"
    start.save()

    goals = store.read_tables(tiny_underlag)["goals"]

    assert goals["from_year"] == [2027, 2026]


def test_one_municipality_is_written_without_touching_another(
    tiny_underlag: Underlag, annan: Municipality, tiny_tables: Tables
) -> None:
    other = _underlag(annan)
    tables, _errors = _with_faults()
    store.write_tables(other, tables)
    assert store.read_tables(tiny_underlag) == tiny_tables


def test_versions_are_numbered_and_never_changed(tiny_underlag: Underlag) -> None:
    first = store.make_version(tiny_underlag, "Första", None)
    same = store.version_of_now(tiny_underlag, "Samma", None)
    assert same.pk == first.pk
    row = Row.objects.get(underlag=tiny_underlag, key="park")
    row.data["name"] = "En annan park"
    row.save()
    second = store.version_of_now(tiny_underlag, "Andra", None)

    assert (first.number, second.number) == (1, 2)
    assert first.fingerprint != second.fingerprint
    assert store.version_tables(first)["projects"]["name"][2] == "Ny park"
    second.name = "Annat namn"
    with pytest.raises(FinalError):
        second.save()
    second.locked_by_name = "Eva"
    with pytest.raises(FinalError):
        second.save(update_fields=["locked_by_name", "content"])


def test_a_locked_version_is_never_removed(tiny_underlag: Underlag) -> None:
    from django.utils import timezone

    version = store.make_version(tiny_underlag, "Beslutad", None)
    version.locked_at = timezone.now()
    version.save(update_fields=["locked_at"])
    with pytest.raises(FinalError):
        Version.objects.get(pk=version.pk).delete()
