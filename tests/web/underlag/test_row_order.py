"""Sorting a sheet: the Swedish alphabet, numbers, blanks, and what an edit does to it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from rodtrad.web import changes, row_order, saving
from rodtrad.web.models import Change, Row
from rodtrad.web.models.underlag import SheetOrder
from rodtrad.web.row_order import alphabetical, read_order
from rodtrad.web.saving import Edits, Removal, RowEdit

if TYPE_CHECKING:
    import pytest
    from web.conftest import ClientFor

    from rodtrad.web.models import Underlag

NAMES = ["Zebra", "äng", "Ål", "Ö", "öga", "alm", "Éclair", "Ärla", "ånga", "zon", ""]


def test_the_alphabet_is_swedish() -> None:
    assert sorted(filter(None, NAMES), key=alphabetical) == [
        "alm",
        "Éclair",
        "Zebra",
        "zon",
        "Ål",
        "ånga",
        "äng",
        "Ärla",
        "Ö",
        "öga",
    ]
    # the same letter in two pieces, as some systems write it
    assert alphabetical("A\u030angstro\u0308m") == alphabetical("Ångström")


def _projects(underlag: Underlag, cells: list[dict[str, Any]]) -> None:
    Row.objects.filter(table="projects").delete()
    Row.objects.bulk_create(
        Row(
            underlag=underlag,
            table="projects",
            position=place,
            key=f"p{place}",
            data={"project_id": f"p{place}", **data},
            revision=underlag.revision,
        )
        for place, data in enumerate(cells)
    )


def _shown(client: Any, order: str) -> list[str]:
    answer = client.get("/liten/underlag/projekt/", {"ordning": order})
    assert answer.status_code == 200
    return [row.key for row in answer.context["rows"]]


def test_a_sheet_is_sorted_by_text_number_and_choice(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    cells: list[dict[str, Any]] = [
        {"name": "Örn", "waiting_cost": 9.0, "gate": "G3"},
        {"name": "Zon", "waiting_cost": 100.0},
        {"waiting_cost": -5.0, "gate": "G1"},
        {"name": "Ål", "_faults": {"waiting_cost": "28 mkr"}, "gate": "G2"},
        {"name": "alm"},
    ]
    _projects(tiny_underlag, cells)
    client = client_for("ekonom")
    assert _shown(client, "name") == ["p4", "p1", "p3", "p0", "p2"]
    assert _shown(client, "-name") == ["p0", "p3", "p1", "p4", "p2"]
    # by size, then what cannot be read, then blanks
    assert _shown(client, "waiting_cost") == ["p2", "p0", "p1", "p3", "p4"]
    assert _shown(client, "-waiting_cost")[-1] == "p4"
    assert _shown(client, "gate")[:3] == ["p2", "p3", "p0"]
    answer = client.get(
        "/liten/underlag/projekt/", {"ordning": "-name", "text": "ål", "kolumn": "name"}
    )
    assert [row.key for row in answer.context["rows"]] == ["p3"]


def _key(row: Row) -> tuple[Any, int]:
    return row_order.key_of("projects", "name")(row.data), row.position


def test_a_kept_order_follows_edits(
    tiny_underlag: Underlag, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_order, "KEPT_FROM", 10)
    monkeypatch.setattr(row_order, "_PARTS", 4)
    draw = random.Random(4)
    _projects(
        tiny_underlag,
        [
            {"name": draw.choice(NAMES)} if n % 7 else {"name": f"Ö {n}"}
            for n in range(300)
        ],
    )
    anew = row_order._sorted
    made: list[int] = []

    def counted(*args: Any) -> row_order.Order:
        made.append(1)
        return anew(*args)

    monkeypatch.setattr(row_order, "_sorted", counted)
    read_order(tiny_underlag, "projects", "name")
    for turn in range(8):
        rows = draw.sample(list(Row.objects.filter(table="projects")), 3)
        edits = Edits(
            "projects",
            [
                RowEdit(row.pk, row.revision, {"name": draw.choice(NAMES)})
                for row in rows[:2]
            ],
            [{"project_id": f"ny{turn}", "name": draw.choice(NAMES)}],
            [Removal(rows[2].pk, rows[2].revision)],
        )
        saving.save(None, tiny_underlag, edits)
        if turn % 3 == 2:
            last = Change.objects.first()
            assert last is not None
            changes.undo(None, tiny_underlag, last)
        tiny_underlag.refresh_from_db()
        order = read_order(tiny_underlag, "projects", "name")
        everything = sorted(Row.objects.filter(table="projects"), key=_key)
        assert order.rows.tolist() == [row.pk for row in everything]
        assert order.filled == sum(1 for row in everything if row.data.get("name"))
        assert SheetOrder.objects.get().revision == tiny_underlag.revision
    assert len(made) == 1


def test_another_sheets_change_leaves_an_order_and_a_rewriting_ends_it(
    tiny_underlag: Underlag,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Any,
) -> None:
    monkeypatch.setattr(row_order, "KEPT_FROM", 2)
    first = read_order(tiny_underlag, "projects", "name")
    row = Row.objects.filter(table="outlays")[0]
    saving.save(
        None,
        tiny_underlag,
        Edits("outlays", [RowEdit(row.pk, row.revision, {"outlay": "7"})]),
    )
    tiny_underlag.refresh_from_db()
    assert read_order(tiny_underlag, "projects", "name").rows.tolist() == (
        first.rows.tolist()
    )
    # written past the changes, as a whole new underlag is
    Row.objects.filter(table="projects", key="park").update(data={"name": "Aaa"})
    tiny_underlag.revision += 1
    tiny_underlag.save()
    now = read_order(tiny_underlag, "projects", "name")
    assert now.rows[0] == Row.objects.get(table="projects", key="park").pk
    with django_assert_max_num_queries(1):
        read_order(tiny_underlag, "projects", "name")


def test_no_more_orders_are_kept_than_a_few(
    tiny_underlag: Underlag, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_order, "KEPT_FROM", 1)
    monkeypatch.setattr(row_order, "MOST_KEPT", 3)
    for column in ("name", "gate", "project_id", "committee", "area"):
        read_order(tiny_underlag, "projects", column)
    kept = SheetOrder.objects.values_list("column", flat=True)
    assert set(kept) == {"project_id", "committee", "area"}
