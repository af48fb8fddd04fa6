"""How is a public page shown? What each of them knows, and what they answer.

No context processor, no session and no token: a public page is the same for everyone.
Leaves out the pages themselves.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from rodtrad.web import access, public_parts

if TYPE_CHECKING:
    from collections.abc import Callable

    from rodtrad.web.models import Municipality, Publication

P = ParamSpec("P")


class PublicRequest(HttpRequest):
    """A request to a public address, as the middleware leaves it."""

    municipality: Municipality
    publication: Publication
    newest: Publication
    sprak: str
    older: bool
    versioned: bool


def public_view(
    methods: str = "GET",
) -> Callable[
    [Callable[Concatenate[PublicRequest, P], HttpResponse]],
    Callable[Concatenate[HttpRequest, P], HttpResponse],
]:
    """Return a decorator for a page that everyone may read; other methods get 405."""
    allowed = methods.split()

    def decorate(
        view: Callable[Concatenate[PublicRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def checked(
            request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            asked = request.method
            if asked == "HEAD":
                # to the view it is a GET: mail programs ask so of links, and it acts on none
                request.method = "GET"
            if request.method not in allowed:
                return HttpResponseNotAllowed(allowed)
            try:
                return view(request, *args, **kwargs)  # type: ignore[arg-type]
            finally:
                request.method = asked

        checked.methods = tuple(allowed)  # type: ignore[attr-defined]
        return access.open_to_all(checked)

    return decorate


def context(request: PublicRequest, **more: Any) -> dict[str, Any]:
    """Return what every public page knows."""
    publication = request.publication
    return {
        "request": request,
        "publication": publication,
        "facts": publication.facts,
        "municipality": request.municipality,
        "newest": request.newest,
        "older": request.older,
        "sprak": request.sprak,
        **more,
    }


def page(
    request: PublicRequest, template: str, *, status: int = 200, **more: Any
) -> HttpResponse:
    """Return a public page."""
    text = render_to_string(template, context(request, **more))
    response = HttpResponse(text, status=status)
    if request.older:
        response["X-Robots-Tag"] = "noindex"
    return response


def private(answer: HttpResponse) -> HttpResponse:
    """Let nobody on the way keep, or find, what is meant for one person."""
    answer["Cache-Control"] = "no-store"
    answer["X-Robots-Tag"] = "noindex"
    return answer


def fragment(
    request: PublicRequest,
    name: str,
    template: str,
    build: Callable[[], dict[str, Any]],
) -> SafeString:
    """Return a part of a page that a frozen version decides alone, drawn once."""
    version = "v" if request.versioned else ""
    return public_parts.kept(
        request.publication,
        f"{name}|{version}",
        lambda: mark_safe(  # noqa: S308 - rendered with escaping
            render_to_string(template, context(request, **build()))
        ),
    )
