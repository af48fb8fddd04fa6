"""What somebody who reads in English leaves behind is kept in Swedish all the same."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from web.projects.conftest import text
from web.projects.test_edit import NEW, fields
from web.studies.test_studies import LEVERS
from web.test_english import PO, read_po
from web.underlag.lives import add, give_life, row

from rodtrad.web.models import Change, Event, Row, Version
from rodtrad.web.models.projects import NeedReport, NeedStep
from rodtrad.web.models.studies import Study

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.test import Client
    from web.conftest import ClientFor, MakeMember

    from rodtrad.web.models import Municipality, Underlag

ROOT = "/liten/underlag/"
_CODES = ("row", "told")  # what happened to a row, as a code
_SLOT = re.compile(r"\\\{\w+\\\}|%\\\(\w+\\\)[sd]|%\(\w+\)[sd]")


def _pattern(message: str) -> str:
    return _SLOT.sub(".+", re.escape(message))


@cache
def _english() -> list[re.Pattern[str]]:
    """What the application says in English and not in Swedish, slots open."""
    entries = read_po(PO)
    swedish = {text for one, entry in entries.items() for text in (one, entry.plural)}
    texts = {text for entry in entries.values() for text in entry.english} - swedish
    # a text that is mostly slots says nothing of the language
    plain = {one for one in texts if len(re.sub(r"\{\w+\}|\W", "", one)) >= 5}
    return [re.compile(_pattern(one)) for one in sorted(plain)]


def _in_english(kept: set[str]) -> list[str]:
    """Those of some texts that the application has written in English."""
    whole = "|".join(f"(?:{one.pattern})" for one in _english())
    return sorted(one for one in kept if re.fullmatch(whole, one))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            if name not in _CODES:
                yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def _kept() -> set[str]:
    """Every text that is stored of what people did."""
    stored: list[Any] = [
        *Change.objects.values_list("note", "cells", "head"),
        *Version.objects.values_list("name", "note"),
        *Study.objects.values_list("name", "scenario", "settings"),
        *NeedStep.objects.values_list("text"),
        *Row.objects.values_list("data", "label"),
        *Event.objects.values_list("note", "object_label", "before", "after"),
    ]
    return {one for one in _texts(stored) if one}


@pytest.fixture
def english(client_for: ClientFor) -> Client:
    """A browser in English, of somebody who may do nearly all."""
    client = client_for("administrator")
    client.cookies["sprak"] = "en"
    return client


def _undo(client: Client) -> None:
    change = Change.objects.order_by("-number")[0]
    client.post(f"{ROOT}andringar/{change.number}/angra/")


def _projects(client: Client, underlag: Underlag, liten: Municipality) -> None:
    at = "/liten/projekt/bro/andra/"
    sent = fields(text(client.get(at)))
    assert client.post(at, {**sent, "p.name": "Bryggan"}).status_code == 302
    _undo(client)
    _undo(client)
    NeedReport.objects.create(municipality=liten, number=1, what="Tak", where="Här")
    page = text(client.get(f"{NEW}?behov=1"))
    assert client.post(NEW, fields(page)).status_code == 302
    add(underlag, "relations", kind="requires", project_id="bro", other_id="park")
    give_life(liten, "lund")
    give_life(liten, "skola")
    park, skola = row("park"), row("skola")
    changed = {"pk": park.pk, "revision": park.revision, "was": {}}
    edits = {"changed": [{**changed, "cells": {"project_id": "parken"}}]}
    sent = {"edits": json.dumps(edits)}
    assert client.post(f"{ROOT}projekt/", sent).status_code == 302
    removal = f"{ROOT}projekt/rad/{skola.pk}/ta-bort/"
    assert client.post(removal).status_code == 302
    _undo(client)


def test_what_is_kept_is_swedish(
    english: Client,
    done: Study,
    tiny_underlag: Underlag,
    liten: Municipality,
    make_member: MakeMember,
) -> None:
    before = _kept()  # codes among them
    _projects(english, tiny_underlag, liten)
    levers = {**LEVERS, "name": "Dyrt", "interest": "1", "growth": "-1", "savings": "2"}
    answer = english.post("/liten/utrymme/spakar/", {**levers, "gor": "rakna"})
    assert answer.status_code == 302
    _undo(english)
    assert english.post(f"/liten/studier/{done.number}/igen/").status_code == 302
    version = "/liten/versioner/1/aterstall/"
    assert english.post(version).status_code == 302
    step = {"body": "Kommunfullmäktige", "date": "2026-12-10"}
    assert english.post("/liten/publicera/beslut/", step).status_code == 302
    member = make_member("lasare").memberships.get()
    at = f"/liten/personer/{member.pk}/"
    assert english.post(at, {"role": "chef"}).status_code == 302
    kept = _kept() - before
    assert _in_english(kept) == []
    assert {
        "Ändring 2",
        "Projektet Bron över ån",
        "Nytt projekt Tak",
        "Behovet har blivit ett projekt: Tak.",
        "Raden följde med ett id som ändrades.",
        "Scenariot Dyrt från spakarna",
        "Låneräntan ändras med +1 procentenheter.",
        "Besparing på 2000 tkr om året, i basårets priser.",
        "Inför en plan",
        "hela planen",
    } <= kept
    assert any(one.startswith("Det här ligger kvar: 1 beslut") for one in kept)
    assert any(one.endswith(" · Liten · chef") for one in kept)


def test_english_would_be_seen() -> None:
    told = {"Change 2", "Before a plan", "Ändring 2", "Bron över ån"}
    entries = read_po(PO)
    assert entries["Ändring {n}"].english == ("Change {n}",)
    assert "Change 2" in _in_english(told)
    assert entries["Inför en plan"].english[0] in _in_english(
        {entries["Inför en plan"].english[0], *told}
    )
    assert not {"Ändring 2", "Bron över ån"} & set(_in_english(told))
