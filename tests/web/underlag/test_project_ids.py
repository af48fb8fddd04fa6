"""A project gets another id in the grid: what names it follows, or it is refused."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from web.underlag.lives import FULL, give_life, life, row

from rodtrad.web import changes, checking, events, following, saving, store
from rodtrad.web.changes import CannotUndoError
from rodtrad.web.models import Change, Row
from rodtrad.web.models.letters import LetterMention
from rodtrad.web.models.projects import Decision, ProjectFile
from rodtrad.web.models.publishing import PublicItem
from rodtrad.web.saving import Edits, Removal, RowEdit, Saved

if TYPE_CHECKING:
    from web.conftest import ClientFor

    from rodtrad.domain.components import Tables
    from rodtrad.web.models import Municipality, Underlag


def _rename(underlag: Underlag, **ids: str) -> Saved:
    edits = [
        RowEdit(row(old).pk, row(old).revision, {"project_id": new})
        for old, new in ids.items()
    ]
    return saving.save(None, underlag, Edits("projects", edits))


def _count(table: str, project_id: str) -> int:
    return Row.objects.filter(table=table, data__project_id=project_id).count()


def test_every_model_that_names_a_project_follows() -> None:
    naming = set()
    for model in apps.get_app_config("web").get_models():
        try:
            model._meta.get_field("project_id")
        except FieldDoesNotExist:
            continue
        naming.add(model)
    # what has been published stands as it was, and letters follow that
    assert naming == {*following.LIFE, PublicItem, LetterMention}


def test_all_that_names_a_project_follows_it_and_back(
    tiny_underlag: Underlag, tiny_tables: Tables, liten: Municipality
) -> None:
    give_life(liten, "skola")
    give_life(liten, "bro")
    Row.objects.create(
        underlag=tiny_underlag,
        table="scenarios",
        position=0,
        key="x",
        data={
            "scenario": "Dyrt",
            "table": "outlays",
            "key": "skola/ombyggnad/0",
            "column": "outlay",
            "value": "9",
        },
    )
    before = {t: _count(t, "skola") for t in ("alternatives", "outlays", "scores")}
    saved = _rename(tiny_underlag, skola="norra_skolan")
    assert saved.change is not None
    assert life("skola") == {}
    assert life("norra_skolan") == FULL
    assert life("bro") == FULL
    for table, n in before.items():
        assert (_count(table, "skola"), _count(table, "norra_skolan")) == (0, n)
    assert Row.objects.filter(key="norra_skolan · nybygge · 1").exists()
    scenario = Row.objects.get(table="scenarios")
    assert scenario.data["key"] == "norra_skolan/ombyggnad/0"
    tiny_underlag.refresh_from_db()
    assert checking.check_now(tiny_underlag).number() == 0
    told = events.history(liten, "row", "projects/norra_skolan", "project_id")
    assert [(one.before, one.after) for one in told] == [("skola", "norra_skolan")]
    # what came since goes back too
    Decision.objects.create(
        municipality=liten,
        project_id="norra_skolan",
        body="KF",
        date=dt.date(2026, 4, 1),
    )
    undone = changes.undo(None, tiny_underlag, saved.change)
    assert life("skola") == {**FULL, "Decision": 2}
    assert life("norra_skolan") == {}
    now = store.read_tables(tiny_underlag)
    assert [t for t in tiny_tables if now[t] != tiny_tables[t]] == ["scenarios"]
    assert now["scenarios"]["key"] == ["skola/ombyggnad/0"]
    changes.undo(None, tiny_underlag, undone)
    assert life("norra_skolan") == {**FULL, "Decision": 2}


def test_two_projects_can_change_ids(
    tiny_underlag: Underlag, liten: Municipality
) -> None:
    give_life(liten, "skola")
    ProjectFile.objects.create(municipality=liten, project_id="bro", need="Över ån")
    assert _rename(tiny_underlag, skola="bro", bro="skola").change is not None
    assert life("bro") == FULL
    assert life("skola") == {"ProjectFile": 1}
    assert (_count("outlays", "bro"), _count("outlays", "skola")) == (4, 1)


@pytest.mark.parametrize(
    ("new", "why"), [("bro", "redan har"), ("", "måste ha ett id")]
)
def test_an_id_that_would_lose_or_mix_decisions_is_refused(
    tiny_underlag: Underlag,
    liten: Municipality,
    tiny_tables: Tables,
    new: str,
    why: str,
) -> None:
    give_life(liten, "park")
    saved = _rename(tiny_underlag, park=new)
    assert saved.change is None
    (held,) = saved.conflicts
    assert held.kind == "held"
    assert why in held.why
    assert "”park”" in held.why
    assert life("park") == FULL
    assert store.read_tables(tiny_underlag) == tiny_tables


def test_an_id_that_a_removed_project_had_is_refused(
    tiny_underlag: Underlag, liten: Municipality
) -> None:
    give_life(liten, "park")
    give_life(liten, "bro")
    bro = row("bro")
    gone = [Removal(bro.pk, bro.revision)]
    saving.save(None, tiny_underlag, Edits("projects", removed=gone))
    (held,) = _rename(tiny_underlag, park="bro").conflicts
    assert "finns kvar" in held.why
    assert life("bro") == FULL


def test_undo_is_refused_when_the_old_id_is_taken(
    tiny_underlag: Underlag, liten: Municipality
) -> None:
    give_life(liten, "park")
    change = _rename(tiny_underlag, park="lund").change
    assert change is not None
    new = [{"project_id": "park", "name": "En annan park"}]
    saving.save(None, tiny_underlag, Edits("projects", added=new))
    with pytest.raises(CannotUndoError, match="redan har"):
        changes.undo(None, tiny_underlag, change)
    assert life("lund") == FULL
    assert Change.objects.count() == 2


def test_the_id_that_stays_keeps_everything(
    tiny_underlag: Underlag, liten: Municipality
) -> None:
    """Of two rows with the same id, the one that is renamed takes nothing along."""
    new = [{"project_id": "park", "name": "En annan park"}]
    saving.save(None, tiny_underlag, Edits("projects", added=new))
    give_life(liten, "park")
    second = Row.objects.filter(table="projects", key="park").latest("position")
    edit = RowEdit(second.pk, second.revision, {"project_id": "park2"})
    assert saving.save(None, tiny_underlag, Edits("projects", [edit])).change
    assert life("park") == FULL
    assert _count("outlays", "park") == 1


def test_the_page_says_why_and_saves_the_rest(
    client_for: ClientFor, tiny_underlag: Underlag, liten: Municipality
) -> None:
    give_life(liten, "park")
    client = client_for("ekonom")
    park = row("park")
    cells = {"project_id": "bro", "name": "Större park"}
    edits = {"pk": park.pk, "revision": park.revision, "cells": cells, "was": {}}
    answer = client.post(
        "/liten/underlag/projekt/", {"edits": json.dumps({"changed": [edits]})}
    )
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "kan inte få id ”bro”" in page
    assert "Ni har ändrat samma sak" not in page
    form = {name: answer.context[name] for name in ("edits", "seen")}
    client.post("/liten/underlag/projekt/", {"resolve": "1", **form})
    park.refresh_from_db()
    assert (park.key, park.label) == ("park", "Större park")
    assert life("park") == FULL
