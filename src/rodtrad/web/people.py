"""How does someone come to a municipality, change role there, and leave?

Every change is one transaction with its event. A municipality never loses its last
administrator. Leaves out the pages, and what a role may do (access).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import secrets
from typing import TYPE_CHECKING, Final

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from rodtrad.web import events
from rodtrad.web.models.organisation import (
    Invitation,
    Membership,
    Municipality,
    Role,
    User,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest

VALID: Final = dt.timedelta(days=14)
_log: Final = logging.getLogger("rodtrad.people")


class LastAdministratorError(Exception):
    """The municipality would be left without anyone who can give access."""


class InvitationSpentError(Exception):
    """The invitation was used, withdrawn or too old when it was to be used."""


def token_hash(token: str) -> str:
    """Return what is kept of an invitation's secret."""
    return hashlib.sha256(token.encode()).hexdigest()


def find_invitation(token: str) -> Invitation | None:
    """Return the invitation with a secret, whatever its state."""
    return (
        Invitation.objects.select_related("municipality", "invited_by")
        .filter(token_hash=token_hash(token))
        .first()
    )


def open_invitations(email: str) -> list[Invitation]:
    """Return the invitations to an address that can still be used."""
    return list(
        Invitation.objects.select_related("municipality").filter(
            email__iexact=email,
            accepted_at=None,
            expires_at__gt=timezone.now(),
        )
    )


@transaction.atomic
def invite(
    request: HttpRequest, municipality: Municipality, email: str, role: str, group: str
) -> tuple[Invitation, str]:
    """Return a new invitation and its secret; an open one to the address is replaced."""
    found = Invitation.objects.filter(
        municipality=municipality, email__iexact=email, accepted_at=None
    ).first()
    token = secrets.token_urlsafe(32)
    invitation = found or Invitation(municipality=municipality, email=email.lower())
    before = {"role": found.role, "group": found.group} if found else None
    invitation.role, invitation.group = role, group
    invitation.token_hash = token_hash(token)
    invitation.expires_at = timezone.now() + VALID
    invitation.invited_by = request.user if isinstance(request.user, User) else None
    invitation.link_shown = False
    invitation.save()
    events.record(
        request,
        municipality,
        "invitation.renewed" if found else "invitation.sent",
        invitation,
        before=before,
        after={"role": role, "group": group}
        if found
        else {"email": invitation.email, "role": role, "group": group},
    )
    return invitation, token


def invitation_link(request: HttpRequest, token: str) -> str:
    """Return the address that an invitation is accepted at."""
    return request.build_absolute_uri(reverse("invitation", kwargs={"token": token}))


def can_send_mail() -> bool:
    """Return True if a mail server is set."""
    return bool(settings.EMAIL_HOST)


def send_invitation(request: HttpRequest, invitation: Invitation, token: str) -> bool:
    """Send the letter with the link; False where it could not be sent."""
    if not can_send_mail():
        return False
    facts = {
        "invitation": invitation,
        "link": invitation_link(request, token),
        "days": VALID.days,
    }
    subject = render_to_string("accounts/mail/invitation_subject.txt", facts)
    try:
        send_mail(
            " ".join(subject.split()),
            render_to_string("accounts/mail/invitation_message.txt", facts),
            None,
            [invitation.email],
        )
    except OSError as error:  # every fault of smtplib is one
        _log.warning("an invitation could not be sent: %s", error)
        return False
    return True


@transaction.atomic
def withdraw(request: HttpRequest, invitation: Invitation) -> None:
    """Take back an invitation that has not been used."""
    events.record(
        request,
        invitation.municipality,
        "invitation.withdrawn",
        invitation,
        before={
            "email": invitation.email,
            "role": invitation.role,
            "group": invitation.group,
        },
    )
    invitation.delete()


@transaction.atomic
def accept(invitation: Invitation, user: User) -> Membership:
    """Use an invitation, once. Someone who is a member already keeps the role."""
    used = Invitation.objects.filter(
        pk=invitation.pk, accepted_at=None, expires_at__gt=timezone.now()
    ).update(accepted_at=timezone.now())
    if not used:
        raise InvitationSpentError
    member, created = Membership.objects.get_or_create(
        user=user,
        municipality=invitation.municipality,
        defaults={"role": invitation.role, "group": invitation.group},
    )
    if created:
        events.record(
            user,
            invitation.municipality,
            "membership.accepted",
            member,
            after={
                "email": user.email,
                "role": member.role,
                "group": member.group,
            },
        )
    return member


@transaction.atomic
def new_person(invitation: Invitation, name: str, password: str) -> User:
    """Make the account of an invited person, and accept the invitation."""
    user = User.objects.create_user(invitation.email, password, name=name)
    # a link that came by mail shows that the address is the person's own
    EmailAddress.objects.create(
        user=user, email=user.email, primary=True, verified=not invitation.link_shown
    )
    accept(invitation, user)
    return user


def _is_last_administrator(member: Membership) -> bool:
    """Return True if nobody else could give access; locks the municipality's row."""
    if member.role != Role.ADMINISTRATOR:
        return False
    place = Municipality.objects.select_for_update().get(pk=member.municipality_id)
    others = Membership.objects.filter(
        municipality=place, role=Role.ADMINISTRATOR, user__is_active=True
    ).exclude(pk=member.pk)
    return not others.exists()


@transaction.atomic
def change(
    request: HttpRequest | User | None, member: Membership, role: str, group: str
) -> bool:
    """Give a member another role or group; False where nothing changed."""
    before = {"role": member.role, "group": member.group}
    old, new = events.changed(before, {"role": role, "group": group})
    if not new:
        return False
    if role != Role.ADMINISTRATOR and _is_last_administrator(member):
        raise LastAdministratorError
    if member.role != role:
        # what an administrator decides is not overruled by the directory
        member.from_directory = request is None
    member.role, member.group = role, group
    member.save(update_fields=["role", "group", "from_directory"])
    events.record(request, member.municipality, "membership.changed", member, old, new)
    return True


@transaction.atomic
def remove(request: HttpRequest | User | None, member: Membership) -> None:
    """Take a person out of a municipality; their sessions end at once."""
    if _is_last_administrator(member):
        raise LastAdministratorError
    by_self = request is not None and getattr(request, "user", request) == member.user
    events.record(
        request,
        member.municipality,
        "membership.left" if by_self else "membership.removed",
        member,
        before={
            "email": member.user.email,
            "role": member.role,
            "group": member.group,
        },
    )
    member.delete()


@transaction.atomic
def demand_second_factor(
    request: HttpRequest, municipality: Municipality, roles: Iterable[str]
) -> None:
    """Set which roles log in with a second step."""
    wanted = [role.value for role in Role if role.value in set(roles)]
    before, after = events.changed(
        {"second_factor_roles": municipality.second_factor_roles},
        {"second_factor_roles": wanted},
    )
    if after:
        municipality.second_factor_roles = wanted
        municipality.save(update_fields=["second_factor_roles"])
        events.record(
            request, municipality, "municipality.changed", municipality, before, after
        )


@transaction.atomic
def follow_directory(user: User, granted: dict[str, str]) -> None:
    """Give and take the roles that groups of the municipality's directory carry.

    Args:
        user: who logs in.
        granted: by municipality's address, the role that the groups give now.

    Roles that an administrator gave are left alone, and so is a last administrator.
    """
    have = {
        member.municipality.slug: member
        for member in user.memberships.select_related("municipality")
    }
    for slug, member in have.items():
        if not member.from_directory or granted.get(slug) == member.role:
            continue
        try:
            if slug in granted:
                change(None, member, granted[slug], member.group)
            else:
                remove(None, member)
        except LastAdministratorError:
            _log.warning("the last administrator of %s is kept", slug)
    for place in Municipality.objects.filter(slug__in=set(granted) - set(have)):
        member = Membership.objects.create(
            user=user, municipality=place, role=granted[place.slug], from_directory=True
        )
        events.record(
            user,
            place,
            "membership.directory",
            member,
            after={"email": user.email, "role": member.role},
        )


events.declare_object(
    "municipality",
    gettext_lazy("kommun"),
    {
        "name": gettext_lazy("namn"),
        "slug": gettext_lazy("adress"),
        "code": gettext_lazy("kommunkod"),
        "second_factor_roles": gettext_lazy("roller som loggar in i två steg"),
        "thin_after_months": gettext_lazy("månader tills en stängd dialog gallras"),
    },
)
events.declare_action("municipality.changed", gettext_lazy("ändrade kommunens regler"))
events.declare_action("invitation.sent", gettext_lazy("bjöd in"))
events.declare_action("invitation.renewed", gettext_lazy("bjöd in på nytt"))
events.declare_action("invitation.withdrawn", gettext_lazy("drog tillbaka en inbjudan"))
events.declare_action("membership.accepted", gettext_lazy("tog emot en inbjudan"))
events.declare_action("membership.left", gettext_lazy("lämnade kommunen"))
events.declare_action(
    "membership.directory", gettext_lazy("fick en roll av kommunens katalog")
)
