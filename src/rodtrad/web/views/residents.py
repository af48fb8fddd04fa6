"""The residents' region of weights beside the parties', and where the two part.

Nothing here tells of fewer than five people. The council decides; the page says how the
answers came in, which no weighting mends. Leaves out the reckoning (residents).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from rodtrad.plan.residents import LEAST, PER_CELL
from rodtrad.web import access, residents
from rodtrad.web.access import Right
from rodtrad.web.models import Publication
from rodtrad.web.models.sandbox import ResidentRegion
from rodtrad.web.public_address import public_address
from rodtrad.web.views.public_questions import GROUP_NAMES
from rodtrad.web.views.values import span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rodtrad.web.access import MunicipalRequest

LABELS: Final = ("alla", "ingen", "omtvistad", "oppen")
_ORDER: Final = {"yes": 0, "partly": 1, "open": 2, "no": 3}
State = ResidentRegion.State


@never_cache
@access.requires(Right.READ, post=Right.RUN_STUDY)
def residents_map(request: MunicipalRequest) -> HttpResponse:
    """Show the newest region and what it says; sent, ask for a new one."""
    publication = Publication.objects.current(request.municipality)
    if request.method == "POST":
        if publication is None:
            raise Http404
        residents.ask(request, publication)
        messages.success(
            request, _("Invånarnas vikter räknas. Sidan kan lämnas under tiden.")
        )
        return redirect("residents", kommun=request.municipality.slug)
    found = ResidentRegion.objects.filter(municipality=request.municipality)
    newest = found.first()
    done = found.filter(state=State.DONE).select_related("publication").first()
    return render(
        request,
        "values/residents.html",
        {
            "publication": publication,
            "asked_at": public_address(request.municipality, "questions")
            if publication
            else "",
            "waiting": found.filter(state__in=(State.WAITING, State.RUNNING)).exists(),
            "failed": newest is not None and newest.state == State.FAILED,
            "done": done,
            "shown_at": public_address(request.municipality, "residents")
            if publication
            else "",
            "least": LEAST,
            "per_cell": PER_CELL,
            **(told(done.result) if done is not None and done.result else {}),
        },
    )


def told(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a page shows of a region that is reckoned."""
    region, found, names = result["region"], result["map"], result["names"]
    rows = sorted(
        found["projects"], key=lambda row: (_ORDER[row["differ"]], row["name"])
    )
    return {
        "region": region,
        "cells": [
            {
                **cell,
                "name": ", ".join(str(GROUP_NAMES[g]) for g in cell["groups"])
                or _("Har inte sagt sin ålder"),
            }
            for cell in region["cells"]
        ],
        "weights": [
            {
                "name": names[key],
                "low": region["low"][k],
                "high": region["high"][k],
                "mean": region["mean"][k],
                "plain": region["plain"][k],
                "svg": span(region["low"][k], region["high"][k]),
                "parties": _parties(found, key),
            }
            for k, key in enumerate(region["criteria"])
        ],
        "map": found,
        "rows": rows,
        "apart": [row for row in rows if row["differ"] == "yes"],
        "partly": [row for row in rows if row["differ"] == "partly"],
        "agreed": sum(row["differ"] == "no" for row in rows),
        "distance": _distance(found["distance"], rows),
        "has_parties": bool(found["viewpoints"]),
        "lacking": [
            one["viewpoint"]
            for one in found["viewpoints"]
            if one["viewpoint"] not in found["shared"]
        ],
    }


def _parties(found: Mapping[str, Any], key: str) -> tuple[float, float] | None:
    """Return the least and greatest middle weight of the parties' viewpoints."""
    if key not in found["criteria"] or not found["viewpoints"]:
        return None
    at = found["criteria"].index(key)
    weights = [one["weights"][at] for one in found["viewpoints"]]
    return min(weights), max(weights)


def _distance(
    distance: Mapping[str, Any], rows: list[dict[str, Any]]
) -> dict[str, Any]:
    name = next(
        (r["name"] for r in rows if r["project_id"] == distance["project_id"]), ""
    )
    return {**distance, "name": name}
