"""Who may do what? The one place that knows roles and rights.

Every view under a municipality's address declares its right with `@requires`; the table
that the permission test reads is `ROLES_OF`. Leaves out how people log in.
"""

from __future__ import annotations

from enum import StrEnum
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.translation import gettext_lazy as _

from rodtrad.domain.columns import SCHEMA
from rodtrad.web.models.organisation import Membership, Municipality, Role, User

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

P = ParamSpec("P")


class Right(StrEnum):
    """Something that a role may or may not do."""

    READ = "read"
    REPORT_NEED = "report_need"
    EDIT_PROJECTS = "edit_projects"
    EDIT_UNDERLAG = "edit_underlag"
    APPROVE_IMPORT = "approve_import"
    LOCK_VERSION = "lock_version"
    RUN_STUDY = "run_study"
    DECIDE = "decide"
    VALUE = "value"
    EXPORT = "export"
    MANAGE_PEOPLE = "manage_people"
    READ_LOG = "read_log"
    PUBLISH = "publish"
    MODERATE = "moderate"
    WRITE_LETTER = "write_letter"
    ENVELOPE = "envelope"


LABELS: Final[Mapping[Right, Any]] = {
    Right.READ: _("läsa"),
    Right.REPORT_NEED: _("anmäla behov"),
    Right.EDIT_PROJECTS: _("ändra projekt"),
    Right.EDIT_UNDERLAG: _("ändra underlaget"),
    Right.APPROVE_IMPORT: _("godkänna en inläsning"),
    Right.LOCK_VERSION: _("låsa en version"),
    Right.RUN_STUDY: _("räkna planer"),
    Right.DECIDE: _("föra in beslut"),
    Right.VALUE: _("lämna ett eget synsätt"),
    Right.EXPORT: _("ta ut dokument"),
    Right.MANAGE_PEOPLE: _("bjuda in och ge roller"),
    Right.READ_LOG: _("läsa händelserna"),
    Right.PUBLISH: _("publicera"),
    Right.MODERATE: _("svara i dialogen"),
    Right.WRITE_LETTER: _("skriva veckobrevet"),
    Right.ENVELOPE: _("sköta en pott"),
}

_ALL: Final = frozenset(Role)
_LEADERS: Final = frozenset({Role.ADMINISTRATOR, Role.EKONOM, Role.CHEF})

ROLES_OF: Final[Mapping[Right, frozenset[Role]]] = {
    Right.READ: _ALL,
    Right.REPORT_NEED: _ALL - {Role.LASARE},
    Right.EDIT_PROJECTS: frozenset({Role.ADMINISTRATOR, Role.EKONOM, Role.FORVALTNING}),
    # förvaltning only some tables: see `may_edit_table`
    Right.EDIT_UNDERLAG: frozenset({Role.ADMINISTRATOR, Role.EKONOM, Role.FORVALTNING}),
    Right.APPROVE_IMPORT: frozenset({Role.ADMINISTRATOR, Role.EKONOM}),
    Right.LOCK_VERSION: _LEADERS,
    Right.RUN_STUDY: _LEADERS | {Role.FORVALTNING, Role.FORTROENDEVALD},
    Right.DECIDE: _LEADERS,
    Right.VALUE: _LEADERS | {Role.FORTROENDEVALD},
    Right.EXPORT: _ALL - {Role.LASARE},
    Right.MANAGE_PEOPLE: frozenset({Role.ADMINISTRATOR}),
    Right.READ_LOG: _LEADERS,
    Right.PUBLISH: frozenset({Role.ADMINISTRATOR, Role.CHEF}),
    Right.MODERATE: _LEADERS | {Role.FORVALTNING},
    Right.WRITE_LETTER: frozenset({Role.ADMINISTRATOR, Role.CHEF}),
    Right.ENVELOPE: _LEADERS,
}
"""Which roles have a right."""

NEEDS_TABLES: Final = frozenset(
    {
        "areas",
        "population",
        "population_totals",
        "moves",
        "demography",
        "housing",
        "services",
        "attendance",
        "lead_times",
        "premises",
        "lookbacks",
        "assets",
        "components",
        "inspections",
        "projects",
        "alternatives",
        "outlays",
        "effects",
        "parts",
        "scores",
    }
)
"""The tables that a förvaltning keeps itself: needs, assets and its own projects."""


class MunicipalRequest(HttpRequest):
    """A request to a municipality's own address, as the middleware leaves it."""

    user: User
    municipality: Municipality
    membership: Membership


def may(membership: Membership | None, right: Right) -> bool:
    """Return True if a member has a right."""
    return membership is not None and Role(membership.role) in ROLES_OF[right]


def may_edit_table(membership: Membership | None, table: str) -> bool:
    """Return True if a member may change a table of the underlag."""
    if membership is None or table not in SCHEMA:
        return False
    if not may(membership, Right.EDIT_UNDERLAG):
        return False
    return membership.role != Role.FORVALTNING or table in NEEDS_TABLES


def demand(request: HttpRequest, right: Right) -> None:
    """Raise PermissionDenied unless the signed-in member has a right."""
    if not may(cast("MunicipalRequest", request).membership, right):
        raise PermissionDenied(str(LABELS[right]))


def demand_table(request: HttpRequest, table: str) -> None:
    """Raise PermissionDenied unless the signed-in member may change a table."""
    if not may_edit_table(cast("MunicipalRequest", request).membership, table):
        raise PermissionDenied(str(LABELS[Right.EDIT_UNDERLAG]))


def requires(
    right: Right, *, post: Right | None = None, methods: str = "GET POST"
) -> Callable[
    [Callable[Concatenate[MunicipalRequest, P], HttpResponse]],
    Callable[Concatenate[HttpRequest, P], HttpResponse],
]:
    """Return a decorator for a view under a municipality's address.

    Args:
        right: what a reader of the page needs.
        post: what a sender needs, where it is another right.
        methods: the methods that the view answers; others get 405. HEAD goes with GET.
    """
    allowed = methods.split()

    def decorate(
        view: Callable[Concatenate[MunicipalRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def checked(
            request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            method = "GET" if request.method == "HEAD" else request.method
            if method not in allowed:
                return HttpResponseNotAllowed(allowed)
            demand(request, right if method == "GET" or post is None else post)
            return view(cast("MunicipalRequest", request), *args, **kwargs)

        checked.required_right = right  # type: ignore[attr-defined]
        checked.required_right_to_post = post or right  # type: ignore[attr-defined]
        checked.methods = tuple(allowed)  # type: ignore[attr-defined]
        return checked

    return decorate


def open_to_all(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Mark a view outside the municipalities as meant for anyone, signed in or not."""
    view.open_to_all = True  # type: ignore[attr-defined]
    return view


def signed_in(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Return a view outside the municipalities that asks others to log in."""

    @wraps(view)
    def checked(
        request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    checked.signed_in = True  # type: ignore[attr-defined]
    return checked


class _Allowed:
    """`can.run_study` in a template: whether the signed-in member has the right."""

    def __init__(self, membership: Membership | None) -> None:
        self._membership = membership

    def __getitem__(self, name: str) -> bool:
        return may(self._membership, Right(name))


def context(request: HttpRequest) -> dict[str, Any]:
    """Return what every template knows: the municipality, the member and `can`."""
    membership = getattr(request, "membership", None)
    return {
        "municipality": getattr(request, "municipality", None),
        "membership": membership,
        "can": _Allowed(membership),
    }
