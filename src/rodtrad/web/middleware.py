"""What is settled before a view is reached? The language, and the municipality.

The address says which municipality; whoever is not a member there gets the same 404 as
for one that does not exist. Leaves out rights (access).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404
from django.utils import translation
from django.utils.cache import patch_vary_headers

from rodtrad.web.models.organisation import Membership
from rodtrad.web.sign_on import second_step_missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse, HttpResponseBase

KWARG = "kommun"


class LanguageMiddleware:
    """Swedish, unless the person has chosen another language (account or cookie)."""

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
        with translation.override(language):
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
