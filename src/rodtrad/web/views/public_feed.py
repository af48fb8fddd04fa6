"""What do other programs fetch of the plan? The Atom feed and the preview pictures."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from rodtrad.domain.retell import told
from rodtrad.domain.words import mkr, number
from rodtrad.web import publishing
from rodtrad.web.clean_text import xml_signs
from rodtrad.web.models import Publication
from rodtrad.web.public_parts import kept_now, kept_picture
from rodtrad.web.public_picture import draw_picture
from rodtrad.web.views.public_base import PublicRequest, context, public_view

if TYPE_CHECKING:
    from rodtrad.web.models.publishing import PublicItem

_ENTRIES = 20
_CHANGES = 20


@public_view()
def feed(request: PublicRequest) -> HttpResponse:
    """Return the newest versions as an Atom feed, each with what has changed."""
    entries = kept_now(request, "feed", lambda: _entries(request))
    text = render_to_string("public/feed.xml", context(request, entries=entries))
    return HttpResponse(
        xml_signs(text), content_type="application/atom+xml; charset=utf-8"
    )


def _entries(request: PublicRequest) -> list[dict[str, Any]]:
    """Return the newest versions, each with the first of its changes."""
    found = Publication.objects.open().filter(municipality=request.municipality)
    fields = ("number", "title", "note", "published_at", "changes")
    rows = list(found.values(*fields)[:_ENTRIES])
    changes = publishing.told_changes(
        request.municipality, {row["number"]: row["changes"] for row in rows}
    )
    return [_entry(row, changes[row["number"]]) for row in rows]


def _entry(row: dict[str, Any], changes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return a version as the feed has it, its sentences in the reader's language."""
    first = islice(changes.values(), _CHANGES)
    return {**row, "changes": [{**one, "reason": told(one["reason"])} for one in first]}


@public_view()
def plan_picture(request: PublicRequest) -> HttpResponse:
    """Return the picture that stands for the plan where its address is shared."""
    facts = request.publication.facts
    return _png(
        kept_picture(
            request.publication,
            "picture",
            lambda: draw_picture(
                f"{facts['municipality']} · {facts['first_year']}–{facts['last_year']}",
                request.publication.title,
                [
                    _("{a} av {n} projekt ryms").format(
                        a=number(facts["in"]), n=number(facts["projects"])
                    ),
                    _money(facts["cost_tkr"], facts["base_year"]),
                ],
            ),
        )
    )


@public_view()
def project_picture(request: PublicRequest, project_id: str) -> HttpResponse:
    """Return the picture that stands for a project where its address is shared."""
    item = request.publication.items.filter(project_id=project_id).first()
    if item is None:
        raise Http404
    facts = request.publication.facts
    lines = [_when(item), _money(item.cost_tkr, facts["base_year"])]
    return _png(
        kept_picture(
            request.publication,
            f"picture|{item.pk}",
            lambda: draw_picture(facts["municipality"], item.name, lines),
        )
    )


def _money(tkr: float, year: int) -> str:
    return _("{kr} mkr i {y} års priser").format(kr=mkr(tkr), y=year)


def _when(item: PublicItem) -> str:
    if item.state != "in":
        return _("Ryms inte i planen")
    return _("Startar {a}, i bruk {b}").format(a=item.start_year, b=item.in_use_year)


def _png(data: bytes) -> HttpResponse:
    return HttpResponse(data, content_type="image/png")
