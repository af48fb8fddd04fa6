"""What belongs to every page? Language, appearance, keys, search and the start page.

Choices of appearance are kept in cookies and set by plain forms, so that they work
without script and before anyone has logged in.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rodtrad.domain.columns import SCHEMA
from rodtrad.web.access import Right, open_to_all, requires, signed_in
from rodtrad.web.context_processors import KEYS_COOKIE, THEME_COOKIE, THEMES
from rodtrad.web.models import Row, User
from rodtrad.web.navigation import page_exists

if TYPE_CHECKING:
    from rodtrad.web.access import MunicipalRequest

_YEAR_SECONDS: Final = 31_536_000
_SHOWN_HITS: Final = 50
_SHORTEST: Final = 2


@signed_in
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """Show one's municipalities; with a single one go straight to it."""
    user = request.user
    mine = (
        list(user.memberships.select_related("municipality"))
        if isinstance(user, User)
        else []
    )
    if len(mine) == 1:
        return redirect(f"/{mine[0].municipality.slug}/")
    return render(request, "shell/start.html", {"memberships": mine})


@open_to_all
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep light, dark or the system's own, and go back."""
    theme = request.POST.get("theme", "")
    response = _back(request)
    if theme in THEMES:
        _keep(request, response, THEME_COOKIE, theme)
    return response


@open_to_all
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the language, with the person too if one is logged in, and go back."""
    language = request.POST.get("language", "")
    response = _back(request)
    if language in dict(settings.LANGUAGES):
        _keep(request, response, settings.LANGUAGE_COOKIE_NAME, language)
        if isinstance(request.user, User):
            User.objects.filter(pk=request.user.pk).update(language=language)
    return response


@open_to_all
@require_http_methods(["GET", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    """Show the list of keys; POST turns those of a single letter on or off."""
    if request.method == "POST":
        response = _back(request)
        if request.POST.get("keys") in ("pa", "av"):
            _keep(request, response, KEYS_COOKIE, request.POST["keys"])
        return response
    return render(request, "shell/keys.html")


def _back(request: HttpRequest) -> HttpResponseRedirect:
    """Return to the page that the form stood on, never to another host."""
    wanted = request.POST.get("next", "")
    known = url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(wanted if known else "/")


def _keep(request: HttpRequest, response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=_YEAR_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )


# ---------------------------------------------------------------- search


@dataclass(frozen=True)
class Hit:
    """A row of the underlag that was found, and where it is shown."""

    label: str
    key: str
    sheet: str
    href: str


@requires(Right.READ, methods="GET")
def search(request: MunicipalRequest) -> HttpResponse:
    """Show what in the underlag bears a name or an id: projects first, then sheets."""
    q = " ".join(request.GET.get("q", "").replace("\0", " ").split())[:80]
    rows: list[Row] = []
    if len(q) >= _SHORTEST:
        rows = _find(request, q)
    slug = request.municipality.slug
    hits = [_hit(slug, row) for row in rows[:_SHOWN_HITS]]
    return render(
        request,
        "shell/search.html",
        {"q": q, "hits": hits, "more": len(rows) > _SHOWN_HITS},
    )


def _find(request: MunicipalRequest, q: str) -> list[Row]:
    """Return one more row than is shown, projects before others.

    SQLite folds only the letters a to z, so å, ä and ö are looked for in both cases.
    """
    forms = {q}
    if connection.vendor == "sqlite" and not q.isascii():
        forms |= {q.lower(), q.upper(), q[:1].upper() + q[1:].lower()}
    named = Q()
    for form in forms:
        named |= Q(label__icontains=form)
    rows = Row.objects.filter(underlag__municipality=request.municipality)
    projects = rows.filter(named | Q(key__istartswith=q), table="projects")
    first = list(projects.defer("data").order_by("label", "pk")[: _SHOWN_HITS + 1])
    # in the order they lie in the table, so that the search ends when the page is full
    rest = rows.filter(named).exclude(table="projects").defer("data").order_by("pk")
    return first + list(rest[: _SHOWN_HITS + 1 - len(first)])


def _hit(slug: str, row: Row) -> Hit:
    """Return where a row is shown: a project's own page, else its row of the sheet."""
    sheet = SCHEMA[row.table].label if row.table in SCHEMA else row.table
    number = row.position + 2  # as in the workbook, where the heading is row 1
    href = f"/{slug}/underlag/{row.table}/?rad={number}#rad-{number}"
    if row.table == "projects":
        own = f"/{slug}/projekt/{quote(row.key, safe='')}/"
        href = own if page_exists(own) else href
    return Hit(row.label or row.key, row.key, sheet, href)


# ---------------------------------------------------------------- when all else fails


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that something went wrong, with a code that the log has too."""
    import logging

    ref = secrets.token_hex(4)
    logging.getLogger("rodtrad.fault").error("server error %s at %s", ref, request.path)
    page = render_to_string("500.html", {"ref": ref, "lang": get_language() or "sv"})
    return HttpResponse(page, status=500)
