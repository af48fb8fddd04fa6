"""What can be sent that is not taken, and what does one see then?

Two who changed the same, a form with errors, a file that is too large, a database that is
full. Each is sent by whoever walks the pages, as often as they like: nothing of it is
stored. Leaves out what is taken (the journeys).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from django.db import connection

from rodtrad.web.attachments import MOST_BYTES
from rodtrad.web.models import Row

if TYPE_CHECKING:
    from rodtrad.web.models import Municipality

FULL: Final = "När disken är full"
# Stands for a value that is too large to be kept with the addresses.
HUGE: Final = "*" * 8
HUGE_CHARACTERS: Final = MOST_BYTES + 300_000
# What the server answers, by what is seen.
STATUS: Final = {
    "merge_cells": 409,
    "merge_id": 409,
    "merge_project": 409,
    "merge_year": 409,
    "merge_note": 409,
    "refused": 503,
    "too_large": 413,
    "wrong_start": 400,
    "wrong_plan_decision": 400,
    "wrong_decision": 422,
    "wrong_estimate": 422,
    "wrong_gate": 422,
    "wrong_project": 422,
    "wrong_need": 422,
    "wrong_goal": 422,
    "effect_of_levers": 200,
}

Post = dict[str, str | dict[str, str]]


def _merges(place: Municipality) -> dict[str, tuple[str, dict[str, str]]]:
    """What somebody sends who began before others saved (see `states`)."""
    first, other = Row.objects.filter(
        underlag=place.underlag, table="projects"
    ).order_by("position")[:2]
    before = "Norra skolan byggs om"
    assert first.data["name"] != before

    def edit(revision: int, **cells: str) -> dict[str, str]:
        was = {"name": before} if "name" in cells else {}
        one = {"pk": first.pk, "revision": revision, "cells": cells, "was": was}
        return {"edits": json.dumps({"changed": [one]})}

    sheet, project = "underlag/projekt/", f"projekt/{first.key}/"
    old = first.revision - 1
    return {
        "merge_cells": (sheet, edit(old, name="Norra skolan byggs ut")),
        "merge_id": (sheet, edit(first.revision, project_id=other.key)),
        "merge_project": (
            f"{project}andra/",
            {
                "row.p": f"projects|{first.pk}|{old}",
                "was.p.name": before,
                "p.name": "Norra skolan byggs ut",
                "spara": "1",
            },
        ),
        "merge_year": (f"{project}ar/", {"year": "2026", "forecast_tkr": "1 000"}),
        "merge_note": (f"{project}alternativ/nybygge/", {"pros": "Fler platser"}),
        "wrong_project": (
            f"{project}andra/",
            {
                "row.p": f"projects|{first.pk}|{first.revision}",
                "p.earliest_year": "snart",
                "p.waiting_cost": "ett par",
                "spara": "1",
            },
        ),
        "wrong_decision": (
            f"{project}beslut/",
            {"date": "2199-01-01", "amount_tkr": "mycket"},
        ),
        "wrong_estimate": (
            f"{project}kalkyl/",
            {"part_1": "Anbud", "part_1_tkr": "", "spread_share": "-1"},
        ),
        "wrong_gate": (f"{project}skede/", {"to": "G8"}),
        "too_large": (f"{project}bifoga/", {"note": HUGE}),
    }


def fill_posts(place: Municipality) -> dict[str, Post]:
    """Return where to send what, by what is seen then; make the disk full for one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER full BEFORE INSERT ON web_study "
            f"WHEN NEW.name = '{FULL}' "
            "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    found = {
        **_merges(place),
        "refused": ("studier/", {"name": FULL, "version": "1", "seconds": "20"}),
        "wrong_start": ("studier/", {"name": "Utan underlag"}),
        "wrong_plan_decision": ("studier/2/beslut/", {"body": "", "date": ""}),
        "wrong_need": ("behov/anmal/", {"what": ""}),
        "wrong_goal": ("mal/ny/?slag=mal", {"text": ""}),
        "effect_of_levers": ("utrymme/spakar/", {"interest": "1", "gor": "visa"}),
    }
    assert set(found) == set(STATUS)
    return {
        name: {"at": f"/{place.slug}/{path}", "fields": fields}
        for name, (path, fields) in found.items()
    }
