"""A project in one form: put in, changed, undone, and by two at once."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

from web.projects.conftest import text

from rodtrad.web import changes, store
from rodtrad.web.models import Change, Event, Municipality, NeedReport, Underlag
from rodtrad.web.models.underlag import Row

if TYPE_CHECKING:
    from web.conftest import ClientFor

EDIT = "/liten/projekt/skola/andra/"
NEW = "/liten/projekt/nytt/"


def faults(answer: Any) -> list[str]:
    """What the page says must be mended."""
    return [text for _at, text in (answer.context or {}).get("faults", [])]


def fields(page: str) -> dict[str, str]:
    """What a browser would send from the form of a page."""
    main = page.split("<main")[1].split("</main")[0]
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", main):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and "checkbox" not in tag and "radio" not in tag:
            found[name[1]] = unescape(value[1]) if value else ""
        if name and "radio" in tag and "checked" in tag:
            found[name[1]] = unescape(value[1]) if value else ""
    for name, body in re.findall(
        r'<select name="([^"]*)".*?>(.*?)</select>', main, re.S
    ):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        found[name] = unescape(chosen[1]) if chosen else ""
    for name, body in re.findall(
        r'<textarea name="([^"]*)"[^>]*>(.*?)</textarea>', main, re.S
    ):
        found[name] = unescape(body)
    found.pop("csrfmiddlewaretoken", None)
    return found


def test_a_form_that_is_not_touched_changes_nothing(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("forvaltning")
    sent = fields(text(client.get(EDIT)))
    assert client.post(EDIT, sent).status_code == 302
    assert not Change.objects.exists()


def test_many_rows_are_one_change_and_undone_as_one(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    before = store.pack(store.read_tables(tiny_underlag))
    client = client_for("forvaltning")
    sent = fields(text(client.get(EDIT)))
    sent |= {
        "p.name": "Norra skolan, ny",
        "p.earliest_year": "2027",
        "a0.build_years": "3",
        "a0.o0.outlay": "4 200,5",
        "a0.o2.outlay": "1 000",
        "a1.d0.useful_life_years": "50",
    }
    answer = client.post(EDIT, sent)
    assert faults(answer) == []
    change = Change.objects.get()
    assert change.counts["outlays"] == {"changed": 1, "added": 1}
    row = Row.objects.get(table="outlays", key="skola · ombyggnad · 2")
    assert row.data["outlay"] == 1000.0
    assert Row.objects.get(table="projects", key="skola").label == "Norra skolan, ny"
    assert "Norra skolan, ny" in text(client.get("/liten/projekt/skola/"))
    changes.undo(None, Underlag.objects.get(), change)
    assert store.pack(store.read_tables(tiny_underlag)) == before


def test_a_fault_is_said_at_its_cell_and_nothing_is_written(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("forvaltning")
    sent = fields(text(client.get(EDIT)))
    sent |= {"a0.o0.outlay": "28 mkr", "p.name": "Nytt namn"}
    answer = client.post(EDIT, sent)
    assert answer.status_code == 422
    page = text(answer)
    assert 'value="28 mkr"' in page
    assert 'id="f-a0-o0-outlay-err"' in page
    assert not Change.objects.exists()


def test_an_alternative_goes_with_all_its_rows(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("ekonom")
    sent = fields(text(client.get(EDIT))) | {"a1.bort": "1"}
    assert client.post(EDIT, sent).status_code == 302
    left = Row.objects.filter(key__startswith="skola · nybygge")
    assert not left.exists()
    assert Row.objects.filter(key__startswith="skola · ombyggnad").count() == 5


def test_a_new_project_with_two_alternatives(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("forvaltning")
    sent = fields(text(client.get(NEW)))
    sent |= {
        "p.name": "Ny simhall i Södra Vi",
        "a0.name": "Renovera",
        "a0.build_years": "1",
        "a0.o0.outlay": "12 000",
        "a0.s0.score": "40",
        "a1.name": "Bygg ny",
        "a1.build_years": "2",
        "a1.o0.outlay": "40 000",
        "a1.o1.outlay": "60 000",
        "a1.s0.score": "80",
    }
    answer = client.post(NEW, sent)
    assert faults(answer) == []
    assert answer["Location"] == "/liten/projekt/ny_simhall_i_sodra_vi/"
    assert Change.objects.count() == 1
    tables, issues = store.read_underlag(tiny_underlag)
    assert not issues
    ways = [
        r
        for r in tables["alternatives"].records()
        if r["project_id"] == "ny_simhall_i_sodra_vi"
    ]
    assert {w["alternative_id"] for w in ways} == {"renovera", "bygg_ny"}
    project = Row.objects.get(table="projects", key="ny_simhall_i_sodra_vi")
    assert project.data["gate"] == "G0"
    assert Event.objects.filter(action="row.added").count() == 8
    from rodtrad.study import check_all

    assert not [i for i in check_all(tables) if i.severity == "error"]


def test_a_project_must_have_a_name_and_ids_do_not_collide(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("forvaltning")
    sent = fields(text(client.get(NEW)))
    answer = client.post(NEW, sent)
    assert answer.status_code == 422
    assert "Skriv vad projektet heter." in text(answer)
    answer = client.post(NEW, sent | {"p.name": "Skola"})
    assert answer["Location"] == "/liten/projekt/skola_2/"


def test_more_rows_without_script(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    client = client_for("forvaltning")
    sent = fields(text(client.get(NEW))) | {"p.name": "Vägen", "mer": "a0.outlays"}
    page = text(client.post(NEW, sent))
    assert 'name="a0.o5.outlay"' in page
    assert 'value="Vägen"' in page
    page = text(client.post(NEW, sent | {"mer": "alternativ"}))
    assert 'name="a2.name"' in page
    assert not Change.objects.exists()


def test_two_who_change_the_same_cell_choose(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    eva, adam = client_for("ekonom"), client_for("forvaltning")
    form = fields(text(eva.get(EDIT)))
    assert eva.post(EDIT, form | {"p.committee": "Evas nämnd"}).status_code == 302
    mine = form | {"p.committee": "Adams nämnd", "a0.o0.outlay": "4 444"}
    answer = adam.post(EDIT, mine)
    assert answer.status_code == 409
    page = text(answer)
    assert "Evas nämnd" in page
    assert "Adams nämnd" in page
    assert Change.objects.count() == 1
    chosen = fields(page) | {"p.committee": "Adams nämnd"}
    answer = adam.post(EDIT, chosen)
    assert faults(answer) == []
    assert (
        Row.objects.get(table="projects", key="skola").data["committee"]
        == "Adams nämnd"
    )
    assert (
        Row.objects.get(table="outlays", key="skola · ombyggnad · 0").data["outlay"]
        == 4444
    )


def test_two_who_change_different_cells_both_get_theirs(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    eva, adam = client_for("ekonom"), client_for("forvaltning")
    form = fields(text(eva.get(EDIT)))
    eva.post(EDIT, form | {"p.committee": "Evas nämnd"})
    assert adam.post(EDIT, form | {"p.nira": "R"}).status_code == 302
    data = Row.objects.get(table="projects", key="skola").data
    assert (data["committee"], data["nira"]) == ("Evas nämnd", "R")


def test_a_row_of_another_project_or_municipality_is_not_changed(
    client_for: ClientFor,
    tiny_underlag: Underlag,
    annan: Municipality,
    tiny_tables: Any,
) -> None:
    other = Underlag.objects.create(municipality=annan, name="Annan")
    store.write_tables(other, tiny_tables)
    client = client_for("ekonom")
    form = fields(text(client.get(EDIT)))
    for row in (
        Row.objects.get(underlag=other, table="projects", key="bro"),
        Row.objects.get(underlag=tiny_underlag, table="projects", key="bro"),
    ):
        sent = form | {"row.p": f"projects|{row.pk}|{row.revision}", "p.name": "Stulen"}
        assert client.post(EDIT, sent).status_code == 404
    assert not Row.objects.filter(label="Stulen").exists()


def test_a_reported_need_becomes_a_project(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    unit = client_for("fortroendevald")
    unit.post(
        "/liten/behov/anmal/",
        {"what": "Fler klassrum", "where": "Norra", "when": "2028", "why": "Trångt"},
    )
    staff = client_for("forvaltning")
    page = text(staff.get(f"{NEW}?behov=1"))
    assert 'value="Fler klassrum"' in page
    assert staff.post(NEW, fields(page)).status_code == 302
    report = NeedReport.objects.get()
    assert (report.state, report.project_id) == ("projekt", "fler_klassrum")
    assert "Behovet blev projektet Fler klassrum" in text(
        unit.get("/liten/behov/anmalda/1/")
    )
    assert "Anmält behov" in text(staff.get("/liten/projekt/fler_klassrum/"))
