"""Who may come in by which door? Nobody makes an account without being invited.

An account comes from an invitation, or from the municipality's own sign-on when its
directory says that a group gives a role here. What that sign-on says about an address
counts only for the addresses it may vouch for. Leaves out the pages of logging in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rodtrad.web import people

if TYPE_CHECKING:
    from django.http import HttpRequest

    from rodtrad.web.models.organisation import Membership, User

_UNKNOWN_ADDRESS: Final = "0.0.0.0"  # noqa: S104 - stands for a visitor without one
# Ways of coming in that are two steps, or whose steps the municipality decides itself.
_TWO_STEPS: Final = frozenset({"mfa", "socialaccount"})


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Log-in with address and password; accounts are made by invitation only."""

    error_messages: Final = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": gettext_lazy(
            "Adressen eller lösenordet stämmer inte. Prova igen, eller välj ett nytt"
            " lösenord."
        ),
        "too_many_login_attempts": gettext_lazy(
            "För många försök har misslyckats. Vänta en kvart och försök igen, eller"
            " välj ett nytt lösenord."
        ),
        "incorrect_password": gettext_lazy("Lösenordet stämmer inte. Prova igen."),
        "enter_current_password": gettext_lazy(
            "Det nuvarande lösenordet stämmer inte. Prova igen."
        ),
        "rate_limited": gettext_lazy("Det blev många försök. Vänta en stund."),
    }

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """Return False: nobody signs up by themselves."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the visitor's address; one for all where the server knows none."""
        known = request.META.get("REMOTE_ADDR") or request.headers.get(
            "x-forwarded-for"
        )
        return str(super().get_client_ip(request)) if known else _UNKNOWN_ADDRESS

    def reauthenticate(self, user: User, password: str) -> bool:
        """Return True if the password is the person's own; tries are counted."""
        found = self.authenticate(context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def post_login(
        self, request: HttpRequest, user: User, **facts: Any
    ) -> HttpResponse | None:
        """Join what an invitation or the directory gives, before the first page."""
        sociallogin = (facts.get("signal_kwargs") or {}).get("sociallogin")
        if sociallogin is not None:
            join(request, user, sociallogin)
        answer: HttpResponse | None = super().post_login(request, user, **facts)
        return answer


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Log-in through the municipality: only for people who are known or expected."""

    def is_open_for_signup(self, _request: HttpRequest, sociallogin: Any) -> bool:
        """Return True for whoever is invited, or has a group that gives a role."""
        address = vouched_address(sociallogin)
        if not address:
            return False
        return bool(people.open_invitations(address) or granted_roles(sociallogin))

    def is_email_verified(self, _provider: Any, email: str) -> bool:
        """Return True for an address that the sign-on may vouch for by setting."""
        return bool(settings.SIGN_ON_DOMAINS) and in_domains(email)

    def can_authenticate_by_email(self, _login: Any, email: str) -> bool:
        """Return True if the sign-on may say who has an address here already."""
        return in_domains(email)

    def populate_user(
        self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]
    ) -> User:
        """Return the person that the sign-on tells about, not stored."""
        user: User = super().populate_user(request, sociallogin, data)
        user.email = user.email.lower()
        parts = (data.get("first_name"), data.get("last_name"))
        name = data.get("name") or " ".join(part for part in parts if part)
        user.name = str(name or "")[:150]
        return user

    def get_connect_redirect_url(
        self, _request: HttpRequest, _socialaccount: Any
    ) -> str:
        """Return one's own page."""
        return reverse("account")


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """The second step: an app with codes, passkeys, recovery codes."""

    error_messages: Final = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy(
            "Koden stämmer inte. Skriv den som appen visar just nu."
        ),
        "cannot_delete_authenticator": gettext_lazy(
            "Din kommun kräver ett andra steg för din roll. Lägg först till ett annat."
        ),
    }

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        """Return False for the last second step of someone who must have one."""
        others = type(authenticator).objects.filter(
            user=authenticator.user, type__in=("totp", "webauthn")
        )
        if others.exclude(pk=authenticator.pk).exists():
            return True
        return not any(
            member.role in member.municipality.second_factor_roles
            for member in authenticator.user.memberships.select_related("municipality")
        )

    def generate_authenticator_name(self, user: User, type: Any) -> str:
        """Return a name for a new passkey."""
        count = Authenticator.objects.filter(user=user, type=type).count()
        return _("Nyckel {n}").format(n=count + 1)

    def _get_site_name(self) -> str:
        return "Röd tråd"


# ---------------------------------------------------------------- the municipality's own


def in_domains(email: str) -> bool:
    """Return True if the sign-on may vouch for an address; without a setting, all."""
    domains = settings.SIGN_ON_DOMAINS
    return not domains or email.rpartition("@")[2].lower() in domains


def vouched_address(sociallogin: Any) -> str:
    """Return the address that the sign-on vouches for, or an empty text."""
    for address in sociallogin.email_addresses:
        if address.verified and in_domains(address.email):
            return str(address.email).lower()
    return ""


def groups_of(sociallogin: Any) -> set[str]:
    """Return the groups that the sign-on says the person is in."""
    told = sociallogin.account.extra_data or {}
    found: set[str] = set()
    for part in (told, told.get("userinfo"), told.get("id_token")):
        value = part.get(settings.SIGN_ON_GROUP_CLAIM) if isinstance(part, dict) else ()
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, list | tuple):
            found.update(str(item) for item in value)
    return found


def granted_roles(sociallogin: Any) -> dict[str, str]:
    """Return, by municipality's address, the role that the person's groups give."""
    mine = groups_of(sociallogin)
    granted: dict[str, str] = {}
    for slug, roles in settings.SIGN_ON_ROLES.items():
        for group, role in roles.items():
            if group in mine:
                granted.setdefault(slug, role)
    return granted


def join(request: HttpRequest, user: User, sociallogin: Any) -> None:
    """Accept what waits for a person, and follow the directory, at a log-in."""
    address = vouched_address(sociallogin)
    if address and address == user.email.lower():
        for invitation in people.open_invitations(address):
            people.accept(invitation, user)
    if settings.SIGN_ON_ROLES:
        people.follow_directory(user, granted_roles(sociallogin))
        # a role that was taken away ended the sessions, this one goes on
        user.refresh_from_db(fields=["session_stamp"])
        update_session_auth_hash(request, user)


# ---------------------------------------------------------------- the second step


def second_step_missing(
    request: HttpRequest, membership: Membership
) -> HttpResponse | None:
    """Return where to go first, if the role needs a second step that was not taken."""
    if membership.role not in membership.municipality.second_factor_roles:
        return None
    user = request.user
    if any(
        record.get("method") in _TWO_STEPS
        for record in get_authentication_records(request, user)
    ):
        return None
    if is_mfa_enabled(user, ["totp", "webauthn"]):
        back = urlencode({"next": request.get_full_path()})
        return HttpResponseRedirect(f"{reverse('mfa_reauthenticate')}?{back}")
    messages.warning(
        request,
        _(
            "Kommunen kräver att du loggar in i två steg. Lägg till en app eller en"
            " nyckel, så kommer du vidare."
        ),
    )
    return HttpResponseRedirect(reverse("mfa_index"))
