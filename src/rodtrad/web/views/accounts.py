"""What does someone meet before and beside the municipalities? Account and invitation.

Logging in, passwords and second steps are allauth's views with our templates. Leaves out
the members of a municipality (views/people).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, cast

import requests
from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.openid_connect import views as openid
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from rodtrad.web import people
from rodtrad.web.access import open_to_all, signed_in
from rodtrad.web.forms.accounts import NameForm, NewPersonForm
from rodtrad.web.models.organisation import Invitation, User

if TYPE_CHECKING:
    from typing import Any

_log: Final = logging.getLogger("rodtrad.sign_on")


@signed_in
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Show one's own name, how one logs in, and where one is a member."""
    user = cast("User", request.user)
    form = NameForm(request.POST or None, instance=User.objects.get(pk=user.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Namnet är sparat."))
        return redirect("account")
    kinds = list(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    return render(
        request,
        "accounts/account.html",
        {
            "form": form,
            "memberships": user.memberships.select_related("municipality"),
            "has_app": "totp" in kinds,
            "passkeys": kinds.count("webauthn"),
            "has_codes": "recovery_codes" in kinds,
            "has_password": user.has_usable_password(),
        },
    )


@open_to_all
def closed(_request: HttpRequest, /, **_arguments: str) -> HttpResponse:
    """Say that a page does not exist: ways in that are not used here."""
    raise Http404


@open_to_all
def municipal_login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Lead on to the municipality's own log-in, or say that it does not answer."""
    try:
        answer: HttpResponse = openid.login(request, provider_id=provider_id)
    except (requests.RequestException, ValueError, KeyError) as error:
        _log.warning("the sign-on %s does not answer: %s", provider_id, error)
        return render(request, "socialaccount/authentication_error.html", status=502)
    return answer


@open_to_all
@never_cache
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show an invitation, and accept it.

    Someone without an account makes one, someone with one logs in first, and someone
    who is logged in as another is told so. Nothing is accepted by opening the link.
    """
    if not ratelimit.consume(request, action="invitation"):
        return cast("HttpResponse", ratelimit.respond_429(request))
    found = people.find_invitation(token)
    if found is None:
        return _page(request, None, "unknown", status=404)
    if found.state != "open":
        return _page(request, found, found.state, status=410)
    here = request.path
    if request.user.is_authenticated:
        if request.user.email.lower() != found.email.lower():
            return _page(request, found, "other", status=403, here=here)
        if request.method == "POST":
            return _accept(request, found, request.user)
        return _page(request, found, "join")
    if User.objects.filter(email__iexact=found.email).exists():
        login = f"{reverse('account_login')}?{urlencode({'next': here})}"
        return _page(request, found, "login", login=login, here=here)
    form = NewPersonForm(request.POST or None, email=found.email)
    if request.method == "POST" and form.is_valid():
        try:
            user = people.new_person(
                found, form.cleaned_data["name"], form.cleaned_data["password1"]
            )
        except people.InvitationSpentError:
            return _page(request, found, "used", status=410)
        # by the same door as at every later log-in
        answer: HttpResponse = perform_password_login(
            request,
            {"email": user.email},
            Login(user=user, email=user.email, redirect_url=_home(found)),
        )
        return answer
    return _page(request, found, "new", form=form, here=here)


def _accept(request: HttpRequest, found: Invitation, user: User) -> HttpResponse:
    try:
        people.accept(found, user)
    except people.InvitationSpentError:
        return _page(request, found, "used", status=410)
    messages.success(
        request,
        _("Du är med i {kommun}.").format(kommun=found.municipality.name),
    )
    return HttpResponseRedirect(_home(found))


def _home(found: Invitation) -> str:
    return f"/{found.municipality.slug}/"


def _page(
    request: HttpRequest,
    found: Invitation | None,
    state: str,
    status: int = 200,
    **facts: Any,
) -> HttpResponse:
    facts |= {
        "invitation": found,
        "state": state,
        "providers": get_adapter().list_providers(request)
        if state in ("new", "login")
        else [],
    }
    return render(request, "accounts/invitation.html", facts, status=status)
