"""The pages of the working copy: sheets, faults, grid, row forms, two at once, rights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from rodtrad.domain.columns import SCHEMA
from rodtrad.errors import Issue
from rodtrad.web import checking, saving, store
from rodtrad.web.models import Change, Row
from rodtrad.web.models.organisation import Role
from rodtrad.web.models.underlag import Check
from rodtrad.web.saving import Edits, RowEdit
from rodtrad.web.sheets import SLUGS, slug

if TYPE_CHECKING:
    from django.test import Client
    from web.conftest import ClientFor

    from rodtrad.web.models import Municipality, Underlag

ROOT = "/liten/underlag/"
PROJECTS = f"{ROOT}projekt/"
SCRIPT = '<script>alert("x")</script>'


def _row(key: str, table: str = "projects") -> Row:
    return Row.objects.get(table=table, key=key)


def _edits(*changed: dict[str, Any], **more: Any) -> dict[str, str]:
    return {"edits": json.dumps({"changed": list(changed), **more})}


def _change(row: Row, cells: dict[str, str], was: dict[str, str]) -> dict[str, Any]:
    return {"pk": row.pk, "revision": row.revision, "cells": cells, "was": was}


def _text(client: Client, address: str, **query: Any) -> str:
    answer = client.get(address, query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_every_sheet_has_an_address_in_plain_swedish_letters() -> None:
    assert len(SLUGS) == len(SCHEMA)
    assert slug("statement") == "resultatrakning"
    assert slug("years") == "ar"


def test_the_first_page_says_what_is_wrong_and_where(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("ekonom")
    page = _text(client, ROOT)
    assert "<h1>Underlaget har inga fel.</h1>" in page
    one, two = _row("skola · ombyggnad · 0", "outlays"), _row("bro")
    for row, cells in ((one, {"outlay": "28 mkr"}), (two, {"earliest_year": "snart"})):
        saving.save(
            None,
            tiny_underlag,
            Edits(row.table, [RowEdit(row.pk, row.revision, cells)]),
        )
    page = _text(client, ROOT)
    assert "<h1>Underlaget har två fel. De ligger på två blad.</h1>" in page
    assert 'href="/liten/underlag/utgifter/?rad=2#c-2-outlay"' in page
    assert "28 mkr" in page
    sheet = _text(client, f"{ROOT}utgifter/", rad=2)
    assert 'id="c-2-outlay" class="num err"' in sheet
    assert "Ändra till 28\xa0000" in sheet
    # the button does what it says
    button = sheet.split('name="edits" value="')[1].split('"')[0]
    edits = button.replace("&quot;", '"')
    client.post(f"{ROOT}utgifter/", {"edits": edits})
    assert _row("skola · ombyggnad · 0", "outlays").data["outlay"] == 28_000.0
    assert "Underlaget har ett fel. Det ligger på bladet Projekt." in _text(
        client, ROOT
    )


def test_a_taken_id_gets_a_free_one(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    row = _row("park")
    edit = RowEdit(row.pk, row.revision, {"project_id": "bro"})
    saving.save(None, tiny_underlag, Edits("projects", [edit]))
    assert "Ändra till bro2" in _text(client_for("ekonom"), PROJECTS)


def test_an_empty_underlag_says_how_to_begin(
    client_for: ClientFor, liten: Municipality
) -> None:
    page = _text(client_for("ekonom"), ROOT)
    assert "Inget underlag än" in page
    assert 'href="/liten/underlag/inlasning/"' in page
    assert "Bladet har inga rader än." in _text(client_for("lasare"), PROJECTS)


def test_the_schemas_own_name_leads_to_the_sheet(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("lasare")
    answer = client.get(f"{ROOT}projects/?rad=3")
    assert answer.status_code == 302
    assert answer["Location"] == f"{PROJECTS}?rad=3"
    assert client.get(f"{ROOT}finns-inte/").status_code == 404
    assert client.get(f"{ROOT}?blad=projekt")["Location"] == PROJECTS


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ({}, ["skola", "bro", "park"]),
        ({"text": "ÅN"}, ["bro"]),
        ({"text": "ny park"}, ["park"]),
        ({"text": "skola", "kolumn": "project_id"}, ["skola"]),
        ({"text": "ja", "kolumn": "must_do"}, ["bro"]),
        ({"text": "skattef", "kolumn": "financing"}, ["skola", "bro", "park"]),
        ({"text": "0", "kolumn": "waiting_cost"}, ["skola", "bro", "park"]),
        ({"text": "finns inte"}, []),
        ({"ordning": "name"}, ["bro", "skola", "park"]),
        ({"ordning": "-project_id"}, ["skola", "park", "bro"]),
        ({"ordning": "; drop table"}, ["skola", "bro", "park"]),
        ({"fel": "1"}, []),
        ({"rad": "9999999999"}, ["skola", "bro", "park"]),
    ],
)
def test_rows_are_filtered_and_sorted(
    query: dict[str, str],
    keys: list[str],
    client_for: ClientFor,
    tiny_underlag: Underlag,
) -> None:
    answer = client_for("lasare").get(PROJECTS, query)
    rows = [Row.objects.get(pk=row.pk).key for row in answer.context["rows"]]
    assert rows == keys


def test_the_grid_saves_many_cells_as_one_change(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("ekonom")
    skola, park = _row("skola"), _row("park")
    sent = _edits(
        _change(skola, {"committee": "BUN", "gate": "G3 Inriktning och plan"}, {}),
        added=[{"project_id": "ny", "name": "Nytt", "waiting_cost": "12 500,5"}],
        removed=[{"pk": park.pk, "revision": park.revision}],
    )
    answer = client.post(PROJECTS, {**sent, "back": "ordning=name&rad=4"}, follow=True)
    assert answer.redirect_chain == [(f"{PROJECTS}?ordning=name", 302)]
    page = answer.content.decode()
    assert "Sparat: 2 celler är ändrade, 1 rad är tillagd, 1 rad är borttagen." in page
    change = Change.objects.get()
    assert change.counts == {"projects": {"changed": 1, "added": 1, "removed": 1}}
    assert _row("skola").data["gate"] == "G3"
    assert _row("ny").data["waiting_cost"] == 12_500.5
    address = reverse("underlag_undo", args=["liten", change.number])
    assert "är ångrad" in client.post(address, follow=True).content.decode()
    assert [r.key for r in Row.objects.filter(table="projects")] == [
        "skola",
        "bro",
        "park",
    ]


@pytest.mark.parametrize(
    "edits",
    [
        "",
        "[]",
        "{",
        '{"changed": [{"pk": 1}]}',
        '{"changed": [{"pk": 1, "revision": 1, "cells": {"okänd": "x"}}]}',
        '{"added": [{"name": 3}]}',
        json.dumps({"removed": [{"pk": i, "revision": 1} for i in range(2001)]}),
    ],
)
def test_what_is_no_edit_is_refused(
    edits: str, client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    assert client_for("ekonom").post(PROJECTS, {"edits": edits}).status_code == 400
    assert not Change.objects.exists()


def test_two_editors_get_both_values_and_choose(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    eva, bo = client_for("ekonom"), client_for("administrator")
    skola, park = _row("skola"), _row("park")
    seen = {"name": skola.label}
    eva.post(PROJECTS, _edits(_change(skola, {"name": "Evas"}, seen)))
    eva.post(PROJECTS, _edits(removed=[{"pk": park.pk, "revision": park.revision}]))
    sent = _edits(
        _change(skola, {"name": "Bos", "committee": "BUN"}, {**seen, "committee": ""}),
        _change(park, {"name": "Bos park"}, {"name": "Ny park"}),
    )
    answer = bo.post(PROJECTS, sent)
    assert answer.status_code == 409
    page = answer.content.decode()
    for text in ("Evas", "Bos", "Norra skolan byggs om", "tog bort raden", "Bos park"):
        assert text in page
    assert _row("skola").label == "Evas"
    hidden = {name: answer.context[name] for name in ("edits", "seen", "back")}
    choices = {"resolve": "1", **hidden, "val-0": "theirs", "val-1": "mine"}
    done = bo.post(PROJECTS, choices, follow=True)
    assert done.status_code == 200
    skola.refresh_from_db()
    # theirs was kept, mine beside it was saved, the removed row is back with mine
    assert (skola.label, skola.data["committee"]) == ("Evas", "BUN")
    assert _row("park").label == "Bos park"
    # and a third who comes between is not written over either
    eva.post(PROJECTS, _edits(_change(skola, {"name": "Evas igen"}, {"name": "Evas"})))
    again = bo.post(PROJECTS, {**choices, "val-0": "mine", "val-1": "theirs"})
    assert again.status_code == 409
    assert _row("skola").label == "Evas igen"
    hidden = {name: again.context[name] for name in ("edits", "seen", "back")}
    bo.post(PROJECTS, {"resolve": "1", **hidden, "all": "mine"})
    assert _row("skola").label == "Bos"


def test_a_row_is_changed_in_a_form(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("ekonom")
    row = _row("skola")
    address = f"{PROJECTS}rad/{row.pk}/"
    page = client.get(address)
    assert page.status_code == 200
    form = {f"f-{f['field'].name}": f["was"] for f in page.context["fields"]}
    was = {f"was-{f['field'].name}": f["was"] for f in page.context["fields"]}
    sent = {**form, **was, "revision": row.revision}
    answer = client.post(address, {**sent, "f-committee": "BUN"})
    assert answer["Location"] == f"{PROJECTS}?rad=2#rad-2"
    row.refresh_from_db()
    assert row.data["committee"] == "BUN"
    assert Change.objects.get().counts == {"projects": {"changed": 1}}
    # what cannot be read is kept, and said at its field
    answer = client.post(address, {**sent, "f-waiting_cost": "ett par"}, follow=True)
    text = answer.content.decode()
    assert "Raden har ett fel kvar." in text
    assert 'value="ett par"' in text
    assert 'aria-invalid="true"' in text
    # stale by now, and the same cell
    answer = client.post(address, {**sent, "f-committee": "SBN"})
    assert answer.status_code == 409
    assert "BUN" in answer.content.decode()


def test_a_row_is_added_and_removed_by_form(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("ekonom")
    address = f"{PROJECTS}ny/"
    assert client.get(address).status_code == 200
    assert "Fyll i minst en" in client.post(address, {"f-name": ""}).content.decode()
    answer = client.post(address, {"f-name": "Utan id"}, follow=True)
    row = Row.objects.get(label="Utan id")
    assert answer.redirect_chain[0][0] == f"{PROJECTS}rad/{row.pk}/"
    remove = f"{PROJECTS}rad/{_row('skola').pk}/ta-bort/"
    asked = client.get(remove).content.decode()
    assert "Alternativ: 2 rader" in asked
    assert Row.objects.filter(key="skola", table="projects").exists()
    client.post(remove, {"revision": _row("skola").revision})
    assert not Row.objects.filter(key="skola", table="projects").exists()


def test_script_in_every_text_cell_is_shown_as_text(
    client_for: ClientFor, tiny_underlag: Underlag, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_for("ekonom")
    # checked once, at the end
    monkeypatch.setattr(checking, "SMALL_ROWS", 0)
    for table, spec in SCHEMA.items():
        texts = dict.fromkeys(spec.columns, SCRIPT)
        saved = saving.save(None, tiny_underlag, Edits(table, added=[texts]))
        assert saved.change is not None
        row = Row.objects.filter(table=table).order_by("position").last()
        assert row is not None
        for address in (
            f"{ROOT}{slug(table)}/",
            f"{ROOT}{slug(table)}/rad/{row.pk}/",
            f"{ROOT}andringar/{saved.change.number}/",
        ):
            page = _text(client, address)
            assert "<script>alert" not in page, address
            assert "&lt;script&gt;alert" in page, address
    client.post(f"{ROOT}kontrollera/")
    for address in (ROOT, PROJECTS, f"{ROOT}andringar/"):
        assert "<script>alert" not in _text(client, address)


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_who_may_change_which_sheet(
    role: str, client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for(role)
    may = {
        "administrator": {"projects", "goals"},
        "ekonom": {"projects", "goals"},
        "forvaltning": {"projects"},
    }.get(role, set())
    for table, key in (("projects", "skola"), ("goals", "skuld")):
        row = _row(key, table)
        address = f"{ROOT}{slug(table)}/"
        page = _text(client, address)
        assert ("data-edit" in page) == (table in may)
        assert ("Du kan läsa det men inte ändra." in page) == (table not in may)
        assert client.get(f"{address}rad/{row.pk}/").status_code == 200
        sent = _edits(_change(row, {"name": f"Nytt {role}"}, {}))
        code = 302 if table in may else 403
        assert client.post(address, sent).status_code == code
        assert client.post(f"{address}ny/", {"f-name": "x"}).status_code == code
        assert client.get(f"{address}ny/").status_code == (200 if table in may else 403)
        removal = f"{address}rad/{row.pk}/ta-bort/"
        assert client.get(removal).status_code == (200 if table in may else 403)
        assert (_row(key, table).label == f"Nytt {role}") == (table in may)
    row.refresh_from_db()
    saved = saving.save(
        None,
        tiny_underlag,
        Edits("goals", [RowEdit(row.pk, row.revision, {"name": "Mål"})]),
    )
    assert saved.change is not None
    undo = f"{ROOT}andringar/{saved.change.number}/angra/"
    assert client.post(undo).status_code == (302 if "goals" in may else 403)


def test_nobody_reaches_another_municipalitys_rows(
    client_for: ClientFor, tiny_underlag: Underlag, annan: Municipality
) -> None:
    row = _row("skola")
    stranger = client_for("administrator", annan)
    saved = saving.save(
        None,
        tiny_underlag,
        Edits("projects", [RowEdit(row.pk, row.revision, {"name": "X"})]),
    )
    assert saved.change is not None
    for address in (PROJECTS, ROOT, f"{PROJECTS}rad/{row.pk}/"):
        assert stranger.get(address).status_code == 404
    own = "/annan/underlag/projekt/"
    for address in (f"{own}rad/{row.pk}/", f"{own}rad/{row.pk}/ta-bort/"):
        assert stranger.get(address).status_code == 404
    number = saved.change.number
    assert stranger.get(f"/annan/underlag/andringar/{number}/").status_code == 404
    assert (
        stranger.post(f"/annan/underlag/andringar/{number}/angra/").status_code == 404
    )
    row.refresh_from_db()
    answer = stranger.post(own, _edits(_change(row, {"name": "Stulen"}, {})))
    assert answer.status_code == 409
    assert "Norra" not in answer.content.decode()
    assert _row("skola").label == "X"


def test_suggestions_come_from_the_sheet_that_a_column_refers_to(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("ekonom")
    found = client.get(f"{ROOT}utgifter/forslag/project_id/", {"q": "brö"}).json()
    assert found == {"options": []}
    found = client.get(f"{ROOT}utgifter/forslag/project_id/", {"q": "bro"}).json()
    assert found == {"options": [["bro", "Bron över ån"]]}
    assert client.get(f"{ROOT}utgifter/forslag/outlay/").json() == {"options": []}
    assert client.get(f"{ROOT}utgifter/forslag/hemlig/").status_code == 404


def test_a_rows_history_tells_who_changed_what(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("ekonom")
    row = _row("skola")
    client.post(PROJECTS, _edits(_change(row, {"waiting_cost": "1250"}, {})))
    page = _text(client, f"{PROJECTS}rad/{row.pk}/")
    address = reverse("history", args=["liten", "row", "projects/skola"])
    assert f'href="{address}"' in page
    history = _text(client, address)
    for text in ("Väntekostnad per år", "1\xa0250", client.user.name):  # type: ignore[attr-defined]
        assert text in history
    assert 'href="/liten/underlag/projekt/?rad=2#rad-2"' in history


def test_queries_do_not_grow_with_the_sheet(
    client_for: ClientFor,
    tiny_underlag: Underlag,
    django_assert_max_num_queries: Any,
) -> None:
    rows = [
        Row(
            underlag=tiny_underlag,
            table="projects",
            position=3 + i,
            key=f"p{i}",
            label=f"Projekt {i}",
            data={"project_id": f"p{i}", "name": f"Projekt {i}", "public": True},
            revision=tiny_underlag.revision,
        )
        for i in range(10_000)
    ]
    Row.objects.bulk_create(rows, batch_size=1000)
    client = client_for("ekonom")
    client.get(PROJECTS)
    with django_assert_max_num_queries(20):
        page = _text(client, PROJECTS, rad=5000)
    assert 'id="rad-5000"' in page
    assert page.count('<tr id="rad-') == 100
    assert "10\xa0003 rader." in page
    with django_assert_max_num_queries(20):
        page = _text(client, PROJECTS, text="projekt 77", ordning="-name")
    with django_assert_max_num_queries(20):
        page = _text(client, ROOT)
    assert "inte kontrollerat" in page
    Check.objects.create(
        underlag=tiny_underlag,
        revision=tiny_underlag.revision,
        issues=[
            Issue("x", "error", "projects", n, "name", f"Fel {n}", "Rätta").as_dict()
            for n in range(2, 1000)
        ],
        counts={"projects": {"error": 998}},
    )
    with django_assert_max_num_queries(20):
        assert "Underlaget har 998 fel." in _text(client, ROOT)
    with django_assert_max_num_queries(20):
        assert "Fel 2" in _text(client, PROJECTS, fel=1)


def test_pages_are_whole_in_english(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("ekonom")
    client.cookies["sprak"] = "en"
    for address in (ROOT, PROJECTS, f"{PROJECTS}ny/", f"{ROOT}andringar/"):
        assert client.get(address).status_code == 200


def test_store_and_pages_agree(tiny_underlag: Underlag) -> None:
    row = _row("skola")
    row.search = ""
    row.save()
    row.refresh_from_db()
    assert "norra skolan" in row.search
    assert store.read_tables(tiny_underlag)["projects"]["name"][0].startswith("Norra")
