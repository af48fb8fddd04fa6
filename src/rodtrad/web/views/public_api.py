"""What do other programs read of the published plan? JSON, read only, for everyone.

Each answer holds what the public pages show and nothing else. Faults are problem+json
(RFC 9457). A frozen version gives the same answer every time, so each has an ETag. What
may be asked is described in `api_document`. Leaves out the whole of a plan: that is the
download (public_data).
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec
from urllib.parse import quote

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import RFC3986_SUBDELIMS

from rodtrad.web import access, publishing
from rodtrad.web.api_document import MOST_PER_PAGE, ORDERS, STATES, document
from rodtrad.web.models import Publication
from rodtrad.web.open_data import LICENCE, LICENCE_ADDRESS
from rodtrad.web.public_address import public_url
from rodtrad.web.public_parts import kept, kept_now
from rodtrad.web.views.public_plan import filtered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.http import HttpRequest

    from rodtrad.web.models.publishing import PublicItem
    from rodtrad.web.public_rows import Row
    from rodtrad.web.views.public_base import PublicRequest

    Json = dict[str, Any]

P = ParamSpec("P")

PER_PAGE: Final = 100
NEWEST: Final = "newest"
_DIGITS: Final = 9
# What an address may hold as it is: as Django writes them.
_SAFE: Final = RFC3986_SUBDELIMS + "/~:@"
_CHARACTERS: Final = {"q": 80, "area": 200, "theme": 40}
_STEP: Final = ("next_what", "next_body", "next_date", "last_influence")
_FACTS: Final = (
    "municipality",
    "code",
    "currency",
    "remark",
    "scenario",
    "illustration",
    "base_year",
    "first_year",
    "last_year",
    "inhabitants",
    "projects",
    "in",
    "later",
    "out",
    "cost_tkr",
    "hidden",
)
_ECONOMY: Final = (
    "years",
    "statement",
    "balance",
    "cash_flow",
    "balanskrav",
    "indicators",
    "goals",
)


class BadQueryError(Exception):
    """Something in the question cannot be answered; says what."""


# ---------------------------------------------------------------- answers


def api_view(
    view: Callable[Concatenate[PublicRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Return a view that answers in JSON whatever is asked, also what is wrong."""

    @wraps(view)
    def checked(
        request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        response: HttpResponse = _answer(request, args, kwargs)
        response["Access-Control-Allow-Origin"] = "*"
        response["Access-Control-Expose-Headers"] = "ETag, Link"
        return response

    def _answer(request: HttpRequest, args: Any, kwargs: Any) -> HttpResponse:
        if request.method == "OPTIONS":
            return _preflight()
        if request.method not in ("GET", "HEAD"):
            response = problem(405, "Only GET and HEAD are answered here.")
            response["Allow"] = "GET, HEAD, OPTIONS"
            return response
        try:
            response = view(request, *args, **kwargs)  # type: ignore[arg-type]
        except BadQueryError as error:
            return problem(400, str(error))
        except Http404 as error:
            return problem(404, str(error) or "There is nothing at this address.")
        found = get_conditional_response(
            request, etag=response["ETag"], response=response
        )
        return response if found is None else found

    checked.methods = ("GET",)  # type: ignore[attr-defined]
    return access.open_to_all(checked)


def _preflight() -> HttpResponse:
    """Answer what a browser asks before it asks: anyone may read."""
    response = HttpResponse(status=204)
    response["Allow"] = response["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
    response["Access-Control-Allow-Headers"] = "Accept, If-None-Match"
    response["Access-Control-Max-Age"] = "86400"
    return response


def problem(status: int, detail: str) -> HttpResponse:
    """Return a fault as RFC 9457 asks for it."""
    told = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return HttpResponse(
        json.dumps(told), status=status, content_type="application/problem+json"
    )


def _json(data: Any, kind: str = "application/json") -> HttpResponse:
    text = data if isinstance(data, str) else _text(data)
    response = HttpResponse(text, content_type=kind)
    response["ETag"] = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    return response


def _text(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _at(request: PublicRequest, name: str, /, **kwargs: Any) -> str:
    """Return an address with protocol and host."""
    return request.build_absolute_uri(public_url(request, name, **kwargs))


# ---------------------------------------------------------------- questions


def _asked(request: PublicRequest, *known: str) -> dict[str, str]:
    """Return what stands after the question mark: each name once, and only known ones."""
    found: dict[str, str] = {}
    for name, values in request.GET.lists():
        if name not in known:
            listed = ", ".join(sorted(known)) or "none"
            raise BadQueryError(f"Unknown parameter. Known here: {listed}.")
        if len(values) > 1:
            raise BadQueryError(f"The parameter {name} is given more than once.")
        found[name] = values[0]
    return found


def _count(asked: dict[str, str], name: str, default: int, most: int) -> int:
    text = asked.get(name, str(default))
    fits = text.isascii() and text.isdecimal() and len(text) <= _DIGITS
    if not fits or not 1 <= int(text) <= most:
        raise BadQueryError(f"{name} is a whole number from 1 to {most}.")
    return int(text)


def _word(asked: dict[str, str], name: str) -> str:
    text = asked.get(name, "")
    most = _CHARACTERS[name]
    if len(text) > most or "\0" in text:
        raise BadQueryError(f"{name} is a text of at most {most} characters.")
    return text.strip()


def _one_of(asked: dict[str, str], name: str, known: tuple[str, ...]) -> str:
    text = asked.get(name, "")
    if name in asked and text not in known:
        raise BadQueryError(f"{name} is one of: {', '.join(known)}.")
    return text


def _version(request: PublicRequest, version: str) -> Publication:
    """Return the version that the address names, if everyone may read it."""
    newest = request.newest
    if version in (NEWEST, str(newest.number)):
        return newest
    fits = version.isascii() and version.isdecimal() and len(version) <= _DIGITS
    if fits and version[0] != "0":
        found = (
            Publication.objects.open()
            .filter(municipality=request.municipality, number=int(version))
            .select_related("municipality")
            .first()
        )
        if found is not None:
            return found
    raise Http404("There is no such version.")


def _paged(
    request: PublicRequest,
    pages: Paginator[Any],
    asked: dict[str, str],
    name: str,
    **kw: Any,
) -> tuple[list[Any], Json]:
    """Return the rows of the page that is asked for, and where the others are."""
    number = _count(asked, "page", 1, 10**_DIGITS - 1)
    if number > pages.num_pages:
        raise Http404(f"There are {pages.num_pages} pages.")

    def at(page: int) -> str:
        query = request.GET.copy()
        query["page"] = str(page)
        return f"{_at(request, name, **kw)}?{query.urlencode()}"

    around = {"self": at(number), "first": at(1), "last": at(pages.num_pages)}
    if number > 1:
        around["prev"] = at(number - 1)
    if number < pages.num_pages:
        around["next"] = at(number + 1)
    return list(pages.page(number).object_list), {
        "count": pages.count,
        "page": number,
        "pages": pages.num_pages,
        "links": around,
    }


def _listed(rows: list[Json], about: Json) -> HttpResponse:
    response = _json({**about, "items": rows})
    response["Link"] = ", ".join(
        f'<{where}>; rel="{rel}"' for rel, where in about["links"].items()
    )
    return response


# ---------------------------------------------------------------- the views


@api_view
def nothing(request: PublicRequest, rest: str = "") -> HttpResponse:
    """Say that there is nothing here, in JSON too."""
    raise Http404("There is nothing at this address. Begin at /api/v1/.")


@api_view
def index(request: PublicRequest) -> HttpResponse:
    """Show where to begin."""
    _asked(request)
    return _json(
        {
            "municipality": {
                "name": request.municipality.name,
                "slug": request.municipality.slug,
                "code": request.municipality.code,
            },
            "licence": {"id": LICENCE, "url": LICENCE_ADDRESS},
            "newest": _version_row(request, request.newest),
            "links": {
                "self": _at(request, "api"),
                "description": _at(request, "api_document"),
                "versions": _at(request, "api_versions"),
                "projects": _at(request, "api_projects", version=NEWEST),
                "pages": _at(request, "front", nummer=None),
            },
        }
    )


@api_view
def openapi(request: PublicRequest) -> HttpResponse:
    """Show what may be asked, as OpenAPI 3.1."""
    _asked(request)
    server = _at(request, "api").rstrip("/")
    # sized with indentation: people read it too
    text = json.dumps(document(server), ensure_ascii=False, indent=1)
    return _json(text, "application/vnd.oai.openapi+json; version=3.1")


def _version_row(request: PublicRequest, publication: Publication) -> Json:
    number = publication.number
    return {
        "number": number,
        "title": publication.title,
        "published_at": publication.published_at.isoformat(),
        "content_hash": publication.content_hash,
        "links": {
            "self": _at(request, "api_version", version=str(number)),
            "projects": _at(request, "api_projects", version=str(number)),
            "areas": _at(request, "api_areas", version=str(number)),
            "changes": _at(request, "api_changes", version=str(number)),
            "economy": _at(request, "api_economy", version=str(number)),
            "download": _at(request, "data_file", of=number),
            "page": _at(request, "front", nummer=number),
        },
    }


@api_view
def versions(request: PublicRequest) -> HttpResponse:
    """List the versions that everyone may read, newest first."""
    asked = _asked(request, "page", "page_size")
    rows = (
        Publication.objects.open()
        .filter(municipality=request.municipality)
        .only("number", "title", "published_at", "content_hash", "municipality_id")
    )
    size = _count(asked, "page_size", PER_PAGE, MOST_PER_PAGE)
    found, about = _paged(request, Paginator(rows, size), asked, "api_versions")
    return _listed([_version_row(request, one) for one in found], about)


@api_view
def version(request: PublicRequest, version: str) -> HttpResponse:
    """Show a version: what it says of itself, and where the rest is."""
    _asked(request)
    publication = _version(request, version)
    facts = publication.facts
    return _json(
        {
            **_version_row(request, publication),
            "note": publication.note,
            "facts": {name: facts.get(name) for name in _FACTS},
            "status": {
                name: facts["status"].get(name) for name in ("state", "gap", "stopped")
            },
        }
    )


@api_view
def projects(request: PublicRequest, version: str) -> HttpResponse:
    """List the projects of a version, filtered and a page at a time."""
    asked = _asked(request, "page", "page_size", "q", "area", "theme", "state", "order")
    publication = _version(request, version)
    order = _one_of(asked, "order", tuple(ORDERS))
    chosen = {
        "q": _word(asked, "q"),
        "ort": _word(asked, "area"),
        "amne": _word(asked, "theme"),
        "lage": _one_of(asked, "state", STATES),
        "ordning": ORDERS.get(order, ""),
    }
    rows = filtered(publication, chosen)
    pages = Paginator(rows, _count(asked, "page_size", PER_PAGE, MOST_PER_PAGE))
    found, about = _paged(
        request, pages, asked, "api_projects", version=str(publication.number)
    )
    steps = _steps(publication, found)
    at = _templates(request, publication)
    return _listed(
        [_project_row(one, steps[one.project_id], at) for one in found], about
    )


def _steps(
    publication: Publication, rows: Iterable[Row | PublicItem]
) -> dict[str, Json | None]:
    """Return who decides next about each project, where somebody does."""
    keys = [row.project_id for row in rows]
    found = publication.items.filter(project_id__in=keys).order_by()
    steps: dict[str, Json | None] = dict.fromkeys(keys)
    for key, what, body, date, last in found.values_list("project_id", *_STEP):
        if what or body or date or last:
            steps[key] = {
                "what": what or None,
                "body": body or None,
                "date": date.isoformat() if date else None,
                "last_influence": last.isoformat() if last else None,
            }
    return steps


def _templates(request: PublicRequest, publication: Publication) -> dict[str, str]:
    """Return the addresses of a version's projects up to the project's id."""
    number = publication.number
    own = _at(request, "api_projects", version=str(number))
    return {"self": f"{own}/", "page": _at(request, "projects", nummer=number)}


def _project_row(item: Row | PublicItem, step: Json | None, at: dict[str, str]) -> Json:
    key = item.project_id
    last = quote(key, safe=_SAFE)
    return {
        "project_id": key,
        "name": item.name,
        "area": item.area or None,
        "area_name": item.area_name or None,
        "theme": item.theme or None,
        "state": item.state,
        "start_year": item.start_year,
        "in_use_year": item.in_use_year,
        "cost_tkr": item.cost_tkr,
        "quality": item.quality or None,
        "lat": item.lat,
        "lon": item.lon,
        "next": step,
        "links": {"self": f"{at['self']}{last}", "page": f"{at['page']}{last}/"},
    }


@api_view
def project(request: PublicRequest, version: str, project_id: str) -> HttpResponse:
    """Show a project with its reason, its amounts by year and what has changed."""
    _asked(request)
    publication = _version(request, version)
    item = None
    if "\0" not in project_id:
        item = publication.items.filter(project_id=project_id).first()
    if item is None:
        raise Http404("There is no such project in this version.")
    data = item.data
    return _json(
        {
            **_project_row(
                item,
                _steps(publication, [item])[item.project_id],
                _templates(request, publication),
            ),
            "reason": [str(text) for text in data.get("reason", ())],
            "change": _changes(request, publication).get(item.project_id),
            "years": {
                "first": publication.facts["first_year"],
                "last": publication.facts["last_year"],
            },
            "plan": {
                name: value
                for name, value in data.items()
                if name not in ("reason", "lat", "lon", "public")
            },
        }
    )


@api_view
def areas(request: PublicRequest, version: str) -> HttpResponse:
    """List the areas of a version, with how much happens in each."""
    _asked(request)
    publication = _version(request, version)

    def build() -> str:
        by_area: dict[str, list[Row]] = defaultdict(list)
        for row in publication.rows.all:
            if row.area:
                by_area[row.area].append(row)
        told = [
            {
                "area": area,
                "name": max(row.area_name for row in rows),
                "projects": len(rows),
                "first_year": min(
                    (row.start_year for row in rows if row.start_year), default=None
                ),
            }
            for area, rows in sorted(by_area.items())
        ]
        return _text({"items": told})

    return _json(kept(publication, "api|areas", build))


@api_view
def changes(request: PublicRequest, version: str) -> HttpResponse:
    """List what a version changed since the one before, and why."""
    asked = _asked(request, "page", "page_size")
    publication = _version(request, version)
    rows = list(_changes(request, publication).items())
    pages = Paginator(rows, _count(asked, "page_size", PER_PAGE, MOST_PER_PAGE))
    found, about = _paged(
        request, pages, asked, "api_changes", version=str(publication.number)
    )
    return _listed([{"project_id": key, **change} for key, change in found], about)


def _changes(request: PublicRequest, publication: Publication) -> dict[str, Json]:
    """Return what a version changed, by project in order."""
    return kept_now(
        request,
        f"api|changes|{publication.pk}",
        lambda: publishing.told_changes(
            request.municipality, {publication.number: publication.changes}
        )[publication.number],
    )


@api_view
def economy(request: PublicRequest, version: str) -> HttpResponse:
    """Show the statements, the balance, the indicators and the goals by year."""
    _asked(request)
    publication = _version(request, version)

    def build() -> str:
        plan = publication.plan_shown
        return _text({name: plan[name] for name in _ECONOMY if name in plan})

    return _json(kept(publication, "api|economy", build))
