"""What does every page know? The thread, the reader's settings and the menus.

Must work on every page, also one that says that something went wrong: there may then be
no person, no municipality and no session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.urls import get_script_prefix
from django.utils.functional import SimpleLazyObject

from rodtrad.web import navigation

if TYPE_CHECKING:
    from django.http import HttpRequest

    from rodtrad.web.models import Membership

THEMES: Final = ("system", "light", "dark")
THEME_COOKIE: Final = "tema"
KEYS_COOKIE: Final = "tangenter"


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return `thread`, `theme`, `keys_on`, `mine` (memberships), `menu` and `next_here`.

    Nothing is asked of the database until a page shows it.
    """
    municipality = getattr(request, "municipality", None)
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return {
        "municipality": municipality,
        "thread": municipality
        and SimpleLazyObject(lambda: navigation.build_thread(request, municipality)),
        "theme": theme if theme in THEMES else "system",
        "keys_on": request.COOKIES.get(KEYS_COOKIE) != "av",
        "mine": SimpleLazyObject(lambda: _memberships(request)),
        "menu": SimpleLazyObject(lambda: _menu(request)),
        "search_at": _municipal(request, "sok/"),
        "next_here": request.get_full_path() if request.method == "GET" else "",
    }


def _memberships(request: HttpRequest) -> list[Membership]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    return list(user.memberships.select_related("municipality"))


def _municipal(request: HttpRequest, path: str) -> str:
    """Return an address under the municipality, if a page answers there."""
    municipality = getattr(request, "municipality", None)
    if municipality is None:
        return ""
    address = f"{get_script_prefix()}{municipality.slug}/{path}"
    return address if navigation.page_exists(address) else ""


def _menu(request: HttpRequest) -> dict[str, str]:
    """Return the addresses of the account menu that exist and that one may open."""
    prefix = get_script_prefix()
    menu = {
        "people": _municipal(request, "personer/")
        if navigation.may(request, "MANAGE_PEOPLE")
        else "",
        "log": _municipal(request, "handelser/")
        if navigation.may(request, "READ_LOG")
        else "",
    }
    for key, path in (
        ("account", "konto/"),
        ("login", "konto/login/"),
        ("logout", "konto/logout/"),
    ):
        address = prefix + path
        menu[key] = address if navigation.page_exists(address) else ""
    return menu
