"""Changing the working copy: cells, rows, two at once, undo and redo, the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rodtrad.web import (
    changes,
    checking,
    events,
    row_places,
    saving,
    sheet_cells,
    store,
)
from rodtrad.web.changes import CannotUndoError
from rodtrad.web.models import Change, Event, Row
from rodtrad.web.saving import Edits, Removal, RowEdit

if TYPE_CHECKING:
    from web.conftest import MakeMember

    from rodtrad.domain.components import Tables
    from rodtrad.web.models import Underlag


def _row(key: str, table: str = "projects") -> Row:
    return Row.objects.get(table=table, key=key)


def _edit(row: Row, **cells: str) -> RowEdit:
    was = {name: sheet_cells.typed(row.table, name, row.data) for name in cells}
    return RowEdit(row.pk, row.revision, cells, was)


def _save(underlag: Underlag, who: Any, *edits: RowEdit, **more: Any) -> saving.Saved:
    table = more.pop("table", "projects")
    return saving.save(who, underlag, Edits(table, edits, **more))


def test_a_cell_is_read_by_the_rules_of_the_core(
    tiny_underlag: Underlag, make_member: MakeMember
) -> None:
    eva = make_member("ekonom")
    row = _row("skola")
    saved = _save(
        tiny_underlag,
        eva,
        _edit(row, waiting_cost="1 250,5", must_do="x", earliest_year="2027"),
    )
    assert saved.change is not None
    row.refresh_from_db()
    assert row.data["waiting_cost"] == 1250.5
    assert row.data["must_do"] is True
    assert row.data["earliest_year"] == 2027
    tiny_underlag.refresh_from_db()
    assert row.revision == tiny_underlag.revision == saved.change.number
    assert saved.change.counts == {"projects": {"changed": 1}}
    (told,) = Event.objects.filter(action="underlag.changed")
    assert (told.object_type, told.object_key) == ("row", "projects/skola")
    assert told.before == {
        "must_do": False,
        "earliest_year": None,
        "waiting_cost": 0.0,
    }
    assert told.after == {
        "must_do": True,
        "earliest_year": 2027,
        "waiting_cost": 1250.5,
    }
    assert told.actor == eva


def test_what_cannot_be_read_is_kept_and_told(
    tiny_underlag: Underlag, make_member: MakeMember
) -> None:
    row = _row("skola · ombyggnad · 0", "outlays")
    saved = _save(
        tiny_underlag,
        make_member("ekonom"),
        _edit(row, outlay="28 mkr"),
        table="outlays",
    )
    assert saved.change is not None
    row.refresh_from_db()
    assert row.data["_faults"] == {"outlay": "28 mkr"}
    assert sheet_cells.typed("outlays", "outlay", row.data) == "28 mkr"
    tiny_underlag.refresh_from_db()
    found = checking.told(tiny_underlag)
    (fault,) = [one for one in found.issues if one.severity == "error"]
    assert (fault.table, fault.row, fault.column) == ("outlays", 2, "outlay")
    assert checking.sentence(found) == (
        "Underlaget har ett fel. Det ligger på bladet Utgifter."
    )
    # mended, and gone
    _save(tiny_underlag, None, _edit(row, outlay="28 000"), table="outlays")
    tiny_underlag.refresh_from_db()
    assert checking.told(tiny_underlag).number() == 0


def test_nothing_is_written_when_nothing_differs(tiny_underlag: Underlag) -> None:
    before = tiny_underlag.revision
    row = _row("skola · ombyggnad · 0", "outlays")
    saved = _save(tiny_underlag, None, _edit(row, outlay="4 000,0"), table="outlays")
    assert saved == saving.Saved()
    tiny_underlag.refresh_from_db()
    assert tiny_underlag.revision == before


def test_cells_that_follow_another_go_along(tiny_underlag: Underlag) -> None:
    row = _row("skola · ombyggnad · nytta", "scores")
    _save(tiny_underlag, None, _edit(row, score="80"), table="scores")
    row.refresh_from_db()
    assert (row.data["low"], row.data["score"], row.data["high"]) == (80, 80, 80)
    start = _row("plan_start", "settings")
    _save(tiny_underlag, None, _edit(start, value="2027"), table="settings")
    goals = store.read_tables(tiny_underlag)["goals"]
    assert set(goals["from_year"]) == {2027}
    change = Change.objects.first()
    assert change is not None
    changes.undo(None, tiny_underlag, change)
    assert set(store.read_tables(tiny_underlag)["goals"]["from_year"]) == {2026}


def test_rows_are_added_and_removed_in_place(
    tiny_underlag: Underlag, tiny_tables: Tables
) -> None:
    bro = _row("bro")
    saved = _save(tiny_underlag, None, removed=[Removal(bro.pk, bro.revision)])
    assert saved.change is not None
    rows = Row.objects.filter(table="projects").order_by("position")
    assert [(r.position, r.key) for r in rows] == [(0, "skola"), (1, "park")]
    _save(
        tiny_underlag, None, added=[{"project_id": "ny", "name": "Nytt"}, {"name": ""}]
    )
    assert [(r.position, r.key) for r in rows.all()] == [
        (0, "skola"),
        (1, "park"),
        (2, "ny"),
    ]
    assert rows.get(key="ny").data["financing"] == "skatt"
    changes.undo(None, tiny_underlag, Change.objects.get(number=saved.change.number))
    assert [r.key for r in rows.all()] == ["skola", "bro", "park", "ny"]
    latest = Change.objects.get(kind="edit", counts={"projects": {"added": 1}})
    changes.undo(None, tiny_underlag, latest)
    assert store.read_tables(tiny_underlag) == tiny_tables
    actions = Event.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == [
        "row.removed",
        "row.added",
        "underlag.undone",
        "row.added",
        "underlag.undone",
        "row.removed",
    ]


def test_two_who_change_different_cells_of_a_row_both_get_theirs(
    tiny_underlag: Underlag, make_member: MakeMember
) -> None:
    eva, bo = make_member("ekonom"), make_member("administrator")
    seen = _row("skola")
    _save(tiny_underlag, eva, _edit(seen, name="Evas namn"))
    saved = _save(tiny_underlag, bo, _edit(seen, committee="BUN"))
    assert saved.change is not None
    assert saved.beside == (str(eva),)
    row = _row("skola")
    assert (row.label, row.data["committee"]) == ("Evas namn", "BUN")


def test_two_who_change_the_same_cell_choose(
    tiny_underlag: Underlag, make_member: MakeMember
) -> None:
    eva, bo = make_member("ekonom"), make_member("administrator")
    seen = _row("skola")
    _save(tiny_underlag, eva, _edit(seen, name="Evas namn"))
    before = store.read_tables(tiny_underlag)
    saved = _save(tiny_underlag, bo, _edit(seen, name="Bos namn", committee="BUN"))
    assert saved.change is None
    (clash,) = saved.conflicts
    assert (clash.kind, clash.column) == ("cell", "name")
    assert (clash.was, clash.theirs, clash.mine) == (
        "Norra skolan byggs om",
        "Evas namn",
        "Bos namn",
    )
    assert clash.who == str(eva)
    assert clash.when is not None
    # nothing is half written
    assert store.read_tables(tiny_underlag) == before


def test_removed_and_changed_at_once(
    tiny_underlag: Underlag, make_member: MakeMember
) -> None:
    eva = make_member("ekonom")
    seen = _row("park")
    _save(tiny_underlag, eva, _edit(seen, name="Stor park"))
    saved = _save(tiny_underlag, None, removed=[Removal(seen.pk, seen.revision)])
    assert [one.kind for one in saved.conflicts] == ["touched"]
    now = _row("park")
    _save(tiny_underlag, eva, removed=[Removal(now.pk, now.revision)])
    saved = _save(tiny_underlag, None, _edit(now, name="Liten park"))
    (gone,) = saved.conflicts
    assert (gone.kind, gone.key, gone.who) == ("gone", "park", str(eva))
    assert "Liten park" in gone.mine


def test_undo_and_redo(tiny_underlag: Underlag, tiny_tables: Tables) -> None:
    row = _row("skola")
    first = _save(tiny_underlag, None, _edit(row, name="Annat", gate="G3")).change
    assert first is not None
    undone = changes.undo(None, tiny_underlag, first)
    assert undone.undoes == first
    assert store.read_tables(tiny_underlag) == tiny_tables
    changes.undo(None, tiny_underlag, undone)
    assert _row("skola").label == "Annat"
    with pytest.raises(CannotUndoError, match="redan ångrad"):
        changes.undo(None, tiny_underlag, first)


def test_undo_is_refused_where_somebody_came_after(
    tiny_underlag: Underlag, make_member: MakeMember
) -> None:
    eva = make_member("ekonom")
    row = _row("skola")
    first = _save(tiny_underlag, None, _edit(row, name="Annat")).change
    assert first is not None
    row = _row("skola")
    _save(tiny_underlag, eva, _edit(row, name="Tredje"))
    with pytest.raises(CannotUndoError, match="konom Liten"):
        changes.undo(None, tiny_underlag, first)
    assert _row("skola").label == "Tredje"
    # another cell of the row does not stand in the way
    second = _save(tiny_underlag, None, _edit(_row("skola"), gate="G2")).change
    assert second is not None
    _save(tiny_underlag, eva, _edit(_row("skola"), name="Fjärde"))
    changes.undo(None, tiny_underlag, second)
    row = _row("skola")
    assert row.label == "Fjärde"
    assert "gate" not in row.data
    gone = _save(tiny_underlag, None, removed=[Removal(row.pk, row.revision)]).change
    assert gone is not None
    _save(tiny_underlag, None, added=[{"project_id": "skola", "name": "Igen"}])
    with pytest.raises(CannotUndoError, match="redan en rad"):
        changes.undo(None, tiny_underlag, gone)


def test_a_new_id_is_told_under_both_names(tiny_underlag: Underlag) -> None:
    _save(tiny_underlag, None, _edit(_row("park"), project_id="park2"))
    m = tiny_underlag.municipality
    for key in ("projects/park", "projects/park2"):
        (told,) = events.history(m, "row", key, "project_id")
        assert (told.before, told.after) == ("park", "park2")


@pytest.mark.parametrize(
    "order", [[2, 0, 1], [1, 0, 2], [2, 1, 0], [0, 1, 2], [1, 2, 0]]
)
def test_rows_are_put_in_any_order(tiny_underlag: Underlag, order: list[int]) -> None:
    rows = list(Row.objects.filter(table="projects").order_by("position"))
    moves = [(old, new) for new, old in enumerate(order) if new != old]
    row_places.renumber(tiny_underlag, "projects", moves)
    now = list(Row.objects.filter(table="projects").order_by("position"))
    assert [r.position for r in now] == [0, 1, 2]
    assert [r.pk for r in now] == [rows[i].pk for i in order]


def test_every_cell_of_the_underlag_reads_back_as_it_is_typed(
    tiny_tables: Tables,
) -> None:
    for name, table in tiny_tables.items():
        for index in range(len(table)):
            data = store.row_data(table, index)
            texts = {c: sheet_cells.typed(name, c, data) for c in table.columns}
            again, issues = sheet_cells.read_row(table.spec, {}, texts)
            assert again == data
            assert [one for one in issues if one.severity == "error"] == []
