"""What is settled before a view is reached? The language, and the municipality.

The address says which municipality; whoever is not a member there gets the same 404 as
for one that does not exist. What everyone may read is answered first and apart, without
session or cookie. Leaves out rights (access).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpResponseNotFound, HttpResponsePermanentRedirect
from django.template.loader import render_to_string
from django.urls import Resolver404, is_valid_path, resolve
from django.utils import translation
from django.utils.cache import patch_vary_headers

from rodtrad.domain.words import in_language
from rodtrad.web import public_answers, public_now
from rodtrad.web.models.organisation import Membership
from rodtrad.web.models.publishing import Publication
from rodtrad.web.sign_on import second_step_missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse, HttpResponseBase

    from rodtrad.web.models import Municipality

KWARG = "kommun"
PUBLIC_PREFIXES = {"oppet": "sv", "open": "en"}
PUBLIC_SECONDS = public_now.SECONDS


class PublicMiddleware:
    """Answers what everyone may read, before anyone asks who it is.

    Takes `ort`, `sprak` and `nummer` (an older version) from the address and sets
    `request.municipality`, `request.publication`, `request.sprak` and `request.older`.
    No session is opened and no cookie read or set, so that anyone on the way may keep
    the page, and so do we for as long as nothing changes. A municipality that has
    published nothing is not found.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep what comes next."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a public address here; hand every other on."""
        first = request.path_info.lstrip("/").partition("/")[0]
        if first not in PUBLIC_PREFIXES:
            return self.get_response(request)
        request.get_host()  # refuses a host that is not ours
        language = PUBLIC_PREFIXES[first]
        with translation.override(language), in_language(language):
            request.LANGUAGE_CODE = language
            try:
                response = self._answer(request)
            except Http404:
                response = self._not_found(request)
        response.headers.setdefault("Content-Language", language)
        response.headers.setdefault("X-Frame-Options", "DENY")
        if request.method in ("GET", "HEAD") and response.status_code == 200:
            response.headers.setdefault(
                "Cache-Control", f"public, max-age={PUBLIC_SECONDS}"
            )
            if now := public_now.moment(request):
                public_answers.keep(request, now, response)
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        # not every database takes a NUL, and nothing is named by one
        path = request.path_info.replace("\0", "\ufffd")
        try:
            match = resolve(path)
        except Resolver404:
            if request.method in ("GET", "HEAD") and is_valid_path(f"{path}/"):
                longer = request.get_full_path(force_append_slash=True)
                return HttpResponsePermanentRedirect(longer)
            raise
        if "ort" not in match.kwargs:  # an address of the application that is alike
            raise Resolver404
        request.resolver_match = match
        kwargs = dict(match.kwargs)
        number = kwargs.pop("nummer", None)
        now = public_now.now_of(kwargs.pop("ort", ""))
        if now is None:
            raise Http404
        if (again := public_answers.again(request, now)) is not None:
            return again
        request.now = now  # type: ignore[attr-defined]
        newest = public_now.newest_of(now)
        request.sprak = kwargs.pop("sprak")  # type: ignore[attr-defined]
        request.municipality = newest.municipality  # type: ignore[attr-defined]
        request.newest = newest  # type: ignore[attr-defined]
        request.older = number not in (None, newest.number)  # type: ignore[attr-defined]
        request.versioned = number is not None  # type: ignore[attr-defined]
        request.publication = (  # type: ignore[attr-defined]
            newest
            if number in (None, newest.number)
            else self._older(newest.municipality, number)
        )
        response: HttpResponse = match.func(request, *match.args, **kwargs)
        return response

    def _not_found(self, request: HttpRequest) -> HttpResponse:
        """Say that there is no such page, without asking who wants to know."""
        text = render_to_string("public/not_found.html", {"request": request})
        return HttpResponseNotFound(text)

    def _older(self, place: Municipality, number: int) -> Publication:
        found = Publication.objects.open().filter(municipality=place, number=number)
        publication = found.select_related("municipality").first()
        if publication is None:
            raise Http404
        return publication


class LanguageMiddleware:
    """Swedish, unless the person has chosen another language (account or cookie).

    The language is set once for the application's texts and for the core's.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep what comes next."""
        self.get_response = get_response
        self.known = {code for code, _name in settings.LANGUAGES}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the reader's language."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if chosen not in self.known and request.session.session_key:
            chosen = getattr(request.user, "language", "")
        language = chosen if chosen in self.known else settings.LANGUAGE_CODE
        with translation.override(language), in_language(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Cookie",))
        return response


class MunicipalityMiddleware:
    """Sets `request.municipality` and `request.membership` from the address.

    The municipality's part of the address is not handed on to the view.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep what comes next."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Hand the request on; what a member sees is kept by no one on the way."""
        response = self.get_response(request)
        if request.user.is_authenticated and "Cache-Control" not in response:
            response["Cache-Control"] = "private, no-cache"
        return response

    def process_view(
        self,
        request: HttpRequest,
        _view: Callable[..., HttpResponse],
        _args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        """Find the municipality and the membership, or refuse."""
        if KWARG not in kwargs:
            return None
        if request.resolver_match is not None:
            request.resolver_match.kwargs = dict(kwargs)
        slug = kwargs.pop(KWARG)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        membership = (
            Membership.objects.select_related("municipality")
            .filter(user=request.user, municipality__slug=slug)
            .first()
        )
        if membership is None:
            raise Http404
        request.membership = membership  # type: ignore[attr-defined]
        request.municipality = membership.municipality  # type: ignore[attr-defined]
        return second_step_missing(request, membership)
