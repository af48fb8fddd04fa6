"""No project takes over what is kept about another, and nobody loses it unawares."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from web.projects.conftest import text
from web.projects.test_edit import NEW, fields
from web.small import small_data
from web.underlag.lives import FULL, add, edit, give_life, life, remove, row

from rodtrad.domain.components import build_tables
from rodtrad.sources.workbook import write_workbook
from rodtrad.web import changes, imports, store
from rodtrad.web.changes import CannotUndoError
from rodtrad.web.following import IdRefusedError
from rodtrad.web.models import Change, Event, Row
from rodtrad.web.models.projects import AlternativeNote, Decision, Estimate

if TYPE_CHECKING:
    from pathlib import Path

    from web.conftest import ClientFor

    from rodtrad.domain.components import Tables
    from rodtrad.web.models import Municipality, Underlag
    from rodtrad.web.models.underlag import PendingImport

ROOT = "/liten/underlag/"
PROJECTS = f"{ROOT}projekt/"
VERSIONS = "/liten/versioner/"
WAY = ("park", "enkel")


def _kept(liten: Municipality, project_id: str, alternative_id: str) -> None:
    known = {"project_id": project_id, "alternative_id": alternative_id}
    AlternativeNote.objects.create(municipality=liten, **known, rejected_why="Dyrt")
    Estimate.objects.create(
        municipality=liten,
        **known,
        date=dt.date(2026, 3, 1),
        estimate_class="schablon",
        amount_tkr=9.0,
        price_level="2025",
    )


def _ways(project_id: str, alternative_id: str) -> tuple[int, int]:
    named = {"project_id": project_id, "alternative_id": alternative_id}
    return (
        AlternativeNote.objects.filter(**named).count(),
        Estimate.objects.filter(**named).count(),
    )


def _waiting(
    liten: Municipality, tmp_path: Path, data: dict[str, list[dict[str, Any]]]
) -> PendingImport:
    path = tmp_path / "a.xlsx"
    write_workbook(build_tables(data), path)
    file = SimpleUploadedFile("a.xlsx", path.read_bytes())
    return imports.receive(None, liten, file)


def _refresh(underlag: Underlag) -> Underlag:
    underlag.refresh_from_db()
    return underlag


# ---------------------------------------------------------------- taking over


def test_a_project_without_a_life_cannot_take_a_removed_ones_id(
    tiny_underlag: Underlag, liten: Municipality
) -> None:
    give_life(liten, "bro")
    remove(tiny_underlag, "bro")
    (held,) = edit(tiny_underlag, "park", project_id="bro").conflicts
    assert held.kind == "held"
    assert "finns kvar" in held.why
    assert row("park").label == "Ny park"
    assert life("bro") == FULL


def test_nor_one_that_is_there(tiny_underlag: Underlag, liten: Municipality) -> None:
    give_life(liten, "bro")
    (held,) = edit(tiny_underlag, "park", project_id="bro").conflicts
    assert "redan har" in held.why
    (held,) = add(tiny_underlag, project_id="bro", name="En annan bro").conflicts
    assert "hör till ett annat projekt" in held.why
    assert Row.objects.filter(table="projects").count() == 3


def test_a_row_that_gets_its_first_id_cannot_take_it(
    tiny_underlag: Underlag, liten: Municipality
) -> None:
    give_life(liten, "bro")
    remove(tiny_underlag, "bro")
    assert add(tiny_underlag, name="Utan id").change is not None
    (held,) = edit(tiny_underlag, "", project_id="bro").conflicts
    assert "hör till ett annat projekt" in held.why


def test_a_new_row_cannot_take_it_and_the_rest_is_saved(
    client_for: ClientFor, tiny_underlag: Underlag, liten: Municipality
) -> None:
    give_life(liten, "bro")
    remove(tiny_underlag, "bro")
    client = client_for("ekonom")
    cells = [
        {"project_id": "bro", "name": "Bryggan"},
        {"project_id": "bad", "name": "Badhuset"},
    ]
    park = row("park")
    changed = {
        "pk": park.pk,
        "revision": park.revision,
        "cells": {"name": "Större park"},
        "was": {},
    }
    sent = {"edits": json.dumps({"changed": [changed], "added": cells})}
    answer = client.post(PROJECTS, sent)
    assert answer.status_code == 409
    page = text(answer)
    assert "Id ”bro” hör till ett annat projekt" in page
    assert "Raden läggs inte till." in page
    assert "Ni har ändrat samma sak" not in page
    assert not Row.objects.filter(key="bad").exists()
    form = {name: answer.context[name] for name in ("edits", "seen")}
    assert client.post(PROJECTS, {"resolve": "1", **form}).status_code == 302
    keys = Row.objects.filter(table="projects").order_by("position")
    assert [(one.key, one.label) for one in keys] == [
        ("skola", "Norra skolan byggs om"),
        ("park", "Större park"),
        ("bad", "Badhuset"),
    ]
    answer = client.post(f"{PROJECTS}ny/", {"f-project_id": "bro", "f-name": "Bryggan"})
    assert answer.status_code == 409
    assert "Id ”bro” hör till ett annat projekt" in text(answer)
    assert life("bro") == FULL


def test_the_form_gives_a_new_project_an_id_of_its_own(
    client_for: ClientFor, tiny_underlag: Underlag, liten: Municipality
) -> None:
    client = client_for("ekonom")
    page = text(client.get(NEW))

    def create() -> str:
        answer = client.post(NEW, {**fields(page), "p.name": "Ny skola"})
        return str(answer["Location"]).split("/")[-2]

    assert create() == "ny_skola"
    give_life(liten, "ny_skola")
    remove(tiny_underlag, "ny_skola")
    # outlays alone are enough
    outlays = {"project_id": "ny_skola_2", "alternative_id": "a", "offset": "0"}
    assert add(tiny_underlag, "outlays", **outlays, outlay="9").change is not None
    assert create() == "ny_skola_3"
    assert life("ny_skola") == FULL
    assert life("ny_skola_3") == {}


def test_what_is_undone_or_restored_comes_back_to_its_life(
    tiny_underlag: Underlag, liten: Municipality, client_for: ClientFor
) -> None:
    give_life(liten, "bro")
    store.make_version(tiny_underlag, "Med bron", None)
    removed = remove(tiny_underlag, "bro").change
    assert removed is not None
    undone = changes.undo(None, tiny_underlag, removed)
    assert row("bro").label == "Bron över ån"
    changes.undo(None, tiny_underlag, undone)
    page = client_for("ekonom").post(f"{VERSIONS}1/aterstall/", follow=True)
    assert "Underlaget är som i version 1." in text(page)
    assert row("bro").label == "Bron över ån"
    assert life("bro") == FULL


def test_redoing_gives_nobody_anothers_life(
    tiny_underlag: Underlag, liten: Municipality
) -> None:
    added = add(tiny_underlag, project_id="bad", name="Badhuset").change
    assert added is not None
    undone = changes.undo(None, tiny_underlag, added)
    give_life(liten, "bro")
    assert edit(tiny_underlag, "bro", project_id="bad").change is not None
    remove(tiny_underlag, "bad")
    with pytest.raises(CannotUndoError, match="annat projekt"):
        changes.undo(None, tiny_underlag, undone)
    assert life("bad") == FULL


@pytest.mark.parametrize("name", ["Bron över ån", "Bryggan"])
def test_a_workbook_brings_back_the_same_project_and_no_other(
    name: str,
    tiny_underlag: Underlag,
    liten: Municipality,
    client_for: ClientFor,
    tmp_path: Path,
) -> None:
    give_life(liten, "bro")
    remove(tiny_underlag, "bro")
    data = small_data()
    data["projects"][1]["name"] = name
    kept = _waiting(liten, tmp_path, data)
    at = f"{ROOT}inlasning/{kept.pk}/"
    sent = {"blad": ["projects"], "revision": _refresh(tiny_underlag).revision}
    page = text(client_for("ekonom").post(f"{at}godkann/", sent, follow=True))
    came_back = Row.objects.filter(table="projects", key="bro").exists()
    assert came_back == (name == "Bron över ån")
    if not came_back:
        assert "Arbetsboken är inte införd. Id ”bro” hör till ett annat" in page
        assert Change.objects.filter(kind="import").count() == 0
    assert life("bro") == FULL


# ---------------------------------------------------------------- earlier ids


def test_a_restored_version_keeps_the_decisions_of_a_renamed_project(
    tiny_underlag: Underlag,
    tiny_tables: Tables,
    liten: Municipality,
    client_for: ClientFor,
) -> None:
    give_life(liten, "park")
    client = client_for("ekonom")
    store.make_version(tiny_underlag, "Först", None)
    edit(tiny_underlag, "park", project_id="mitt")
    edit(tiny_underlag, "mitt", project_id="lund", name="Lunden")
    assert life("lund") == FULL
    page = text(client.get(f"{VERSIONS}jamfor/?a=nu&b=1"))
    assert "borttagen" not in page
    assert "ny rad" not in page
    assert client.post(f"{VERSIONS}1/aterstall/").status_code == 302
    assert store.read_tables(tiny_underlag) == tiny_tables
    assert life("park") == FULL
    assert life("lund") == {}
    assert "Kommunstyrelsen" in text(client.get("/liten/projekt/park/"))
    restored = Change.objects.get(kind="restore")
    changes.undo(None, tiny_underlag, restored)
    assert life("lund") == FULL
    assert row("lund").label == "Lunden"


def test_a_version_is_not_restored_over_another_project(
    tiny_underlag: Underlag, liten: Municipality, client_for: ClientFor
) -> None:
    give_life(liten, "park")
    store.make_version(tiny_underlag, "Först", None)
    edit(tiny_underlag, "park", project_id="lund")
    assert add(tiny_underlag, project_id="park", name="Parkering").change is not None
    Decision.objects.create(
        municipality=liten, project_id="park", body="KF", date=dt.date(2026, 5, 1)
    )
    now = store.read_tables(tiny_underlag)
    client = client_for("ekonom")
    page = text(client.post(f"{VERSIONS}1/aterstall/", follow=True))
    assert "Versionen går inte att återställa." in page
    assert store.read_tables(tiny_underlag) == now
    # without anything of its own the other one gives way
    Decision.objects.filter(project_id="park").delete()
    client.post(f"{VERSIONS}1/aterstall/")
    assert [one.label for one in Row.objects.filter(key="park")] == ["Ny park"]
    assert life("park") == FULL


def test_what_is_put_back_names_projects_as_they_are_called_now(
    tiny_underlag: Underlag,
) -> None:
    added = add(
        tiny_underlag, "relations", kind="requires", project_id="bro", other_id="park"
    )
    assert added.change is not None
    moved = edit(
        tiny_underlag, "requires · bro · park", "relations", other_id="skola"
    ).change
    gone = remove(tiny_underlag, "park · enkel · 0", "outlays").change
    edit(tiny_underlag, "park", project_id="lund")
    assert moved is not None
    assert gone is not None
    changes.undo(None, tiny_underlag, moved)
    changes.undo(None, tiny_underlag, gone)
    assert row("requires · bro · lund", "relations").data["other_id"] == "lund"
    assert row("lund · enkel · 0", "outlays").data["outlay"] == 800.0


def test_ids_that_changed_places_change_back(
    tiny_underlag: Underlag, tiny_tables: Tables, liten: Municipality
) -> None:
    give_life(liten, "park")
    store.make_version(tiny_underlag, "Först", None)
    for old, new in (("park", "x"), ("bro", "park"), ("x", "bro")):
        edit(tiny_underlag, old, project_id=new)
    assert life("bro") == FULL
    for change in list(Change.objects.order_by("-number")):
        changes.undo(None, tiny_underlag, change)
    assert store.read_tables(tiny_underlag) == tiny_tables
    assert life("park") == FULL


def test_ids_that_changed_places_at_once_change_back(
    tiny_underlag: Underlag,
    tiny_tables: Tables,
    liten: Municipality,
    client_for: ClientFor,
) -> None:
    give_life(liten, "park")
    store.make_version(tiny_underlag, "Först", None)
    client = client_for("ekonom")
    swap: list[dict[str, Any]] = [
        {"pk": row(old).pk, "revision": 1, "cells": {"project_id": new}, "was": {}}
        for old, new in (("park", "bro"), ("bro", "park"))
    ]
    for one in swap:
        one["revision"] = Row.objects.get(pk=one["pk"]).revision
    client.post(PROJECTS, {"edits": json.dumps({"changed": swap})})
    assert life("bro") == FULL
    change = Change.objects.get()
    undone = changes.undo(None, tiny_underlag, change)
    assert store.read_tables(tiny_underlag) == tiny_tables
    assert life("park") == FULL
    changes.undo(None, tiny_underlag, undone)
    assert life("bro") == FULL
    client.post(f"{VERSIONS}1/aterstall/")
    assert store.read_tables(tiny_underlag) == tiny_tables
    assert life("park") == FULL


# ---------------------------------------------------------------- told beforehand


LEFT = (
    "1 beslut, 1 kalkyl, pengar för 1 år, 1 bilaga, 1 beskrivning, "
    "1 anmält behov och 1 koppling till mål"
)


def test_who_removes_a_project_is_told_what_stays(
    client_for: ClientFor, tiny_underlag: Underlag, liten: Municipality
) -> None:
    give_life(liten, "bro")
    client = client_for("forvaltning")
    at = f"{PROJECTS}rad/{row('bro').pk}/ta-bort/"
    assert f"”Bron över ån” (bro): {LEFT}" in text(client.get(at))
    done = text(client.post(at, follow=True))
    assert f"Kvar ligger ”Bron över ån” (bro): {LEFT}." in done
    told = Event.objects.get(action="row.removed")
    assert told.note == f"Det här ligger kvar: {LEFT}."
    bare = text(client.get(f"{PROJECTS}rad/{row('park').pk}/ta-bort/"))
    assert "ligger kvar" not in bare


def test_who_approves_a_workbook_is_told_what_stays(
    client_for: ClientFor,
    tiny_underlag: Underlag,
    liten: Municipality,
    tmp_path: Path,
) -> None:
    give_life(liten, "park")
    data = small_data()
    for rows in data.values():
        for one in rows:
            if one.get("project_id") == "park":
                one["project_id"] = "lund"
    kept = _waiting(liten, tmp_path, data)
    client = client_for("ekonom")
    at = f"{ROOT}inlasning/{kept.pk}/"
    page = text(client.get(at))
    assert f"”Ny park” (park): {LEFT}" in page
    assert "Har något bara bytt id?" in page
    sent = {"blad": kept.sheets, "revision": tiny_underlag.revision}
    done = text(client.post(f"{at}godkann/", sent, follow=True))
    assert f"Kvar ligger ”Ny park” (park): {LEFT}." in done
    assert life("park") == FULL


def test_who_looks_at_what_a_version_would_change_is_told_what_stays(
    client_for: ClientFor, tiny_underlag: Underlag, liten: Municipality
) -> None:
    client = client_for("ekonom")
    store.make_version(tiny_underlag, "Först", None)
    add(tiny_underlag, project_id="bad", name="Badhuset")
    give_life(liten, "bad")
    assert f"{VERSIONS}jamfor/?a=nu&amp;b=1" in text(client.get(f"{VERSIONS}1/"))
    line = f"”Badhuset” (bad): {LEFT}"
    assert line in text(client.get(f"{VERSIONS}jamfor/?a=nu&b=1"))
    assert line not in text(client.get(f"{VERSIONS}jamfor/?a=1&b=nu"))
    done = text(client.post(f"{VERSIONS}1/aterstall/", follow=True))
    assert f"Kvar ligger {line}." in done


# ---------------------------------------------------------------- rows that follow


def test_what_follows_an_id_is_undone_by_who_changed_it(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    add(tiny_underlag, "relations", kind="requires", project_id="bro", other_id="park")
    add(tiny_underlag, "project_risk", project_id="park", reference_class="building")
    client = client_for("forvaltning")
    park = row("park")
    changed = {
        "pk": park.pk,
        "revision": park.revision,
        "cells": {"project_id": "lund"},
        "was": {},
    }
    sent = {"edits": json.dumps({"changed": [changed]})}
    page = text(client.post(PROJECTS, sent, follow=True))
    assert "1 cell är ändrad" in page
    change = Change.objects.first()
    assert change is not None
    assert "rader på andra blad följde med" in page
    assert change.counts["relations"] == {"changed": 1, "followed": 1}
    assert change.counts["projects"] == {"changed": 1}
    notes = Event.objects.filter(
        object_key__startswith="relations/", before__has_key="other_id"
    )
    assert {one.note for one in notes} == {"Raden följde med ett id som ändrades."}
    at = f"{ROOT}andringar/"
    listed = text(client.get(at))
    assert "Samband: 1 rad följde med" in listed
    for old, new in (("lund", "park"), ("park", "lund"), ("lund", "park")):
        change = Change.objects.first()
        assert change is not None
        assert row(f"requires · bro · {old}", "relations")
        page = text(client.get(f"{at}{change.number}/"))
        assert "angra/" in page
        assert client.post(f"{at}{change.number}/angra/").status_code == 302
        assert row(f"requires · bro · {new}", "relations")
        assert row(new, "project_risk")


def test_what_somebody_wrote_on_another_sheet_is_not_theirs_to_undo(
    client_for: ClientFor, tiny_underlag: Underlag
) -> None:
    change = add(
        tiny_underlag, "relations", kind="requires", project_id="bro", other_id="park"
    ).change
    assert change is not None
    at = f"{ROOT}andringar/{change.number}/"
    client = client_for("forvaltning")
    assert "angra/" not in text(client.get(at))
    assert client.post(f"{at}angra/").status_code == 403


# ---------------------------------------------------------------- alternatives


def test_what_is_kept_about_an_alternative_follows_its_id(
    tiny_underlag: Underlag, tiny_tables: Tables, liten: Municipality
) -> None:
    _kept(liten, "skola", "nybygge")
    _kept(liten, "skola", "ombyggnad")
    use = {"project_id": "skola", "alternative_id": "nybygge", "resource": "ledare"}
    add(tiny_underlag, "resource_use", **use, offset="0", amount="1")
    scenario = {"scenario": "Dyrt", "table": "outlays", "column": "outlay"}
    add(tiny_underlag, "scenarios", **scenario, key="skola/nybygge/0", value="9")
    change = edit(
        tiny_underlag, "skola · nybygge", "alternatives", alternative_id="ny"
    ).change
    assert change is not None
    assert (_ways("skola", "nybygge"), _ways("skola", "ny")) == ((0, 0), (1, 1))
    assert _ways("skola", "ombyggnad") == (1, 1)
    keys = set(Row.objects.values_list("key", flat=True))
    assert {"skola · ny · 0", "skola · ny · 1", "skola · ny · nytta"} <= keys
    assert {"skola · ny · stomme", "skola · ny · ledare · 0"} <= keys
    assert not any("nybygge" in key for key in keys)
    assert row("bro · ny", "alternatives").data["project_id"] == "bro"
    assert Row.objects.get(table="scenarios").data["key"] == "skola/ny/0"
    changes.undo(None, tiny_underlag, change)
    assert (_ways("skola", "nybygge"), _ways("skola", "ny")) == ((1, 1), (0, 0))
    now = store.read_tables(tiny_underlag)
    differing = {t for t in tiny_tables if now[t] != tiny_tables[t]}
    assert differing == {"resource_use", "scenarios"}


def test_it_follows_to_another_project_and_with_its_own(
    tiny_underlag: Underlag, liten: Municipality, client_for: ClientFor
) -> None:
    _kept(liten, *WAY)
    store.make_version(tiny_underlag, "Först", None)
    edit(tiny_underlag, "park", project_id="lund")
    assert _ways("lund", "enkel") == (1, 1)
    edit(tiny_underlag, "lund · enkel", "alternatives", alternative_id="ny")
    assert _ways("lund", "ny") == (1, 1)
    client_for("ekonom").post(f"{VERSIONS}1/aterstall/")
    assert _ways(*WAY) == (1, 1)
    assert row("park · enkel · 0", "outlays").data["outlay"] == 800.0
    edit(tiny_underlag, "park · enkel", "alternatives", project_id="bro")
    assert (_ways(*WAY), _ways("bro", "enkel")) == ((0, 0), (1, 1))
    assert row("bro · enkel · 0", "outlays").data["outlay"] == 800.0


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"alternative_id": "nybygge"}, "som redan finns"),
        ({"alternative_id": ""}, "måste ha ett id"),
    ],
)
def test_an_alternatives_id_that_would_mix_is_refused(
    cells: dict[str, str], why: str, tiny_underlag: Underlag, liten: Municipality
) -> None:
    _kept(liten, "skola", "ombyggnad")
    (held,) = edit(
        tiny_underlag, "skola · ombyggnad", "alternatives", **cells
    ).conflicts
    assert (held.kind, held.column) == ("held", "alternative_id")
    assert why in held.why


def test_a_removed_alternatives_reasons_are_not_anothers(
    tiny_underlag: Underlag, liten: Municipality, client_for: ClientFor
) -> None:
    _kept(liten, "skola", "nybygge")
    client = client_for("ekonom")
    at = f"{ROOT}alternativ/rad/{row('skola · nybygge', 'alternatives').pk}/ta-bort/"
    page = text(client.get(at))
    assert "”Nybygge” (skola · nybygge): 1 kalkyl och 1 text om ett alternativ" in page
    # the other projects' alternatives are not counted as its own
    assert "Utgifter: 2 rader" in page
    client.post(at)
    new = {"project_id": "skola", "alternative_id": "nybygge", "name": "Tält"}
    (held,) = add(tiny_underlag, "alternatives", **new, build_years="1").conflicts
    assert "hör till ett annat alternativ" in held.why
    (held,) = edit(
        tiny_underlag, "skola · ombyggnad", "alternatives", alternative_id="nybygge"
    ).conflicts
    assert "finns kvar" in held.why
    # the form finds an id that nothing names
    form = "/liten/projekt/skola/andra/"
    sent = fields(text(client.get(form)))
    more = fields(text(client.post(form, {**sent, "mer": "alternativ"})))
    place = max(int(n[5:].split(".")[0]) for n in more if n.startswith("row.a"))
    typed = {f"a{place}.name": "Nybygge", f"a{place}.build_years": "1"}
    assert client.post(form, {**more, **typed}).status_code == 302
    rows = Row.objects.filter(table="alternatives", data__project_id="skola")
    ids = {one.data["alternative_id"] for one in rows}
    assert ids == {"ombyggnad", "nybygge_2"}
    assert _ways("skola", "nybygge") == (1, 1)


def test_nothing_is_written_when_one_of_many_is_refused(
    tiny_underlag: Underlag, liten: Municipality, tiny_tables: Tables
) -> None:
    give_life(liten, "bad")
    steps = [
        changes.Step("projects", None, None, {"project_id": "bad", "name": "Bad"}),
        changes.Step("projects", None, None, {"project_id": "ny", "name": "Ny"}),
    ]
    underlag = _refresh(tiny_underlag)
    with pytest.raises(IdRefusedError, match="”bad”"):
        changes.commit(None, underlag, Change.Kind.EDIT, steps)
    assert store.read_tables(tiny_underlag) == tiny_tables
    assert not Change.objects.exists()
