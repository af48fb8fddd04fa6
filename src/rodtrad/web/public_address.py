"""Where does a public page stand? Addresses in the reader's language and version.

Used by the views and by `{% public 'name' %}`. Leaves out what answers there.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from django.urls import NoReverseMatch, get_script_prefix, reverse

if TYPE_CHECKING:
    from django.http import HttpRequest

    from rodtrad.web.models import Municipality

OTHER_LANGUAGE: Final = {"sv": "en", "en": "sv"}


def public_url(request: HttpRequest, name: str, /, **kwargs: Any) -> str:
    """Return the address of a public page, in the language and version of this one.

    Args:
        request: a public request, as the middleware leaves it.
        name: the address's name, with or without `public_`.
        kwargs: what stands in the address; `sprak` for another language, `nummer` for
            another version (None for the newest).
    """
    place = request.municipality  # type: ignore[attr-defined]
    versioned = getattr(request, "versioned", False)
    number = request.publication.number if versioned else None  # type: ignore[attr-defined]
    number = kwargs.pop("nummer", number)
    sprak = kwargs.pop("sprak", None) or getattr(request, "sprak", "sv")
    return public_address(place, name, sprak, nummer=number, **kwargs)


def public_address(
    place: Municipality, name: str, sprak: str = "sv", /, **kwargs: Any
) -> str:
    """Return the address of a public page of a municipality, without a request."""
    full = name if name.startswith("public_") else f"public_{name}"
    kwargs |= {"ort": place.slug, "sprak": sprak}
    return _reversed(get_script_prefix(), full, tuple(sorted(kwargs.items())))


# A page holds dozens of addresses, mostly those of the page before it.
@lru_cache(maxsize=16_384)
def _reversed(_prefix: str, full: str, within: tuple[tuple[str, Any], ...]) -> str:
    kwargs = dict(within)
    number = kwargs.pop("nummer", None)
    if number is not None:
        try:
            return reverse(full, kwargs={**kwargs, "nummer": number})
        except NoReverseMatch:
            # a page that has no versions
            pass
    return reverse(full, kwargs=kwargs)


def same_page(request: HttpRequest, sprak: str) -> str:
    """Return this page in another language, with its query."""
    match = request.resolver_match
    assert match is not None  # noqa: S101 - set by the middleware
    kwargs = {k: v for k, v in match.kwargs.items() if k not in ("ort", "sprak")}
    at = public_address(
        request.municipality,  # type: ignore[attr-defined]
        match.url_name or "public_front",
        sprak,
        **kwargs,
    )
    query = request.GET.urlencode() if request.method == "GET" else ""
    return f"{at}?{query}" if query else at
