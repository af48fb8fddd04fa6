"""Who is a member here, and as what? Members, invitations, roles and log-in rules.

Leaves out how an invitation is accepted (views/accounts).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from rodtrad.web import people
from rodtrad.web.access import Right, requires
from rodtrad.web.forms.accounts import InviteForm, MemberForm, SecondStepForm
from rodtrad.web.models.organisation import Invitation, Membership, Role

if TYPE_CHECKING:
    from rodtrad.web.access import MunicipalRequest

_LINK: Final = "invitation_link"


def _page(
    request: MunicipalRequest,
    form: InviteForm | None = None,
    rules: SecondStepForm | None = None,
) -> HttpResponse:
    place = request.municipality
    members = list(
        Membership.objects.filter(municipality=place)
        .select_related("user")
        .order_by("user__name", "user__email")
    )
    with_second_step = set(
        Membership.objects.filter(
            municipality=place, user__authenticator__type__in=("totp", "webauthn")
        ).values_list("pk", flat=True)
    )
    link = request.session.pop(_LINK, None)
    if link is not None and link.get("municipality") != place.pk:
        link = None
    invalid = bool((form and form.errors) or (rules and rules.errors))
    return render(
        request,
        "accounts/people.html",
        {
            "members": members,
            "with_second_step": with_second_step,
            "administrators": sum(m.role == Role.ADMINISTRATOR for m in members),
            "invitations": Invitation.objects.filter(
                municipality=place, accepted_at=None
            ).select_related("invited_by"),
            "form": form or InviteForm(municipality=place),
            "rules": rules or SecondStepForm({"roles": place.second_factor_roles}),
            "link": link,
            "roles": Role.choices,
        },
        status=422 if invalid else 200,
    )


@requires(Right.MANAGE_PEOPLE, methods="GET")
def people_list(request: MunicipalRequest) -> HttpResponse:
    """Show the members, who is invited, and a form to invite."""
    return _page(request)


@requires(Right.MANAGE_PEOPLE, methods="POST")
def invite(request: MunicipalRequest) -> HttpResponse:
    """Invite someone by letter; without a mail server the link is shown once."""
    form = InviteForm(request.POST, municipality=request.municipality)
    if not form.is_valid():
        return _page(request, form=form)
    _send(request, form.cleaned_data)
    return redirect("people", request.municipality.slug)


def _send(request: MunicipalRequest, asked: dict[str, str]) -> None:
    invitation, token = people.invite(
        request, request.municipality, asked["email"], asked["role"], asked["group"]
    )
    if people.send_invitation(request, invitation, token):
        messages.success(
            request,
            _("Inbjudan är skickad till {email}.").format(email=invitation.email),
        )
        return
    # whoever sees the link could use it: it no longer shows whose the address is
    invitation.link_shown = True
    invitation.save(update_fields=["link_shown"])
    request.session[_LINK] = {
        "municipality": request.municipality.pk,
        "email": invitation.email,
        "address": people.invitation_link(request, token),
    }


@requires(Right.MANAGE_PEOPLE, methods="POST")
def invite_again(request: MunicipalRequest, number: int) -> HttpResponse:
    """Send an invitation once more, with a new link; the earlier one stops working."""
    found = _invitation(request, number)
    _send(request, {"email": found.email, "role": found.role, "group": found.group})
    return redirect("people", request.municipality.slug)


@requires(Right.MANAGE_PEOPLE, methods="POST")
def withdraw(request: MunicipalRequest, number: int) -> HttpResponse:
    """Take back an invitation."""
    found = _invitation(request, number)
    people.withdraw(request, found)
    messages.success(
        request,
        _("Inbjudan till {email} är tillbakadragen.").format(email=found.email),
    )
    return redirect("people", request.municipality.slug)


def _invitation(request: MunicipalRequest, number: int) -> Invitation:
    found = Invitation.objects.filter(
        municipality=request.municipality, pk=number, accepted_at=None
    ).first()
    if found is None:
        raise Http404
    return found


@requires(Right.MANAGE_PEOPLE)
def member(request: MunicipalRequest, number: int) -> HttpResponse:
    """Show one member, and change role or group."""
    found = _member(request, number)
    form = MemberForm(
        request.POST or None, initial={"role": found.role, "group": found.group}
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                people.change(
                    request,
                    found,
                    form.cleaned_data["role"],
                    form.cleaned_data["group"],
                )
            except people.LastAdministratorError:
                form.add_error("role", _last_words())
            else:
                messages.success(
                    request, _("Ändringen av {namn} är sparad.").format(namn=found.user)
                )
                if found.user == request.user and found.role != Role.ADMINISTRATOR:
                    return redirect(f"/{request.municipality.slug}/")
                return redirect("people", request.municipality.slug)
    return render(
        request,
        "accounts/member.html",
        {"member": found, "form": form, "is_self": found.user == request.user},
        status=status,
    )


@requires(Right.MANAGE_PEOPLE)
def remove(request: MunicipalRequest, number: int) -> HttpResponse:
    """Ask, and take someone out of the municipality."""
    found = _member(request, number)
    if found.user == request.user:
        return redirect("leave", request.municipality.slug)
    if request.method == "POST":
        name = str(found.user)
        try:
            people.remove(request, found)
        except people.LastAdministratorError:
            messages.error(request, _last_words())
        else:
            messages.success(request, _("{namn} är inte längre med.").format(namn=name))
        return redirect("people", request.municipality.slug)
    return render(request, "accounts/remove.html", {"member": found})


@requires(Right.READ)
def leave(request: MunicipalRequest) -> HttpResponse:
    """Ask, and let someone leave the municipality by themselves."""
    status = 200
    last = False
    if request.method == "POST":
        try:
            people.remove(request, request.membership)
        except people.LastAdministratorError:
            status, last = 409, True
        else:
            return redirect(reverse("account_login"))
    return render(request, "accounts/leave.html", {"last": last}, status=status)


@requires(Right.MANAGE_PEOPLE, methods="POST")
def login_rules(request: MunicipalRequest) -> HttpResponse:
    """Set which roles log in with a second step."""
    rules = SecondStepForm(request.POST)
    if not rules.is_valid():
        return _page(request, rules=rules)
    people.demand_second_factor(
        request, request.municipality, rules.cleaned_data["roles"]
    )
    messages.success(request, _("Reglerna för inloggning är sparade."))
    return redirect("people", request.municipality.slug)


def _member(request: MunicipalRequest, number: int) -> Membership:
    found = (
        Membership.objects.select_related("user", "municipality")
        .filter(municipality=request.municipality, pk=number)
        .first()
    )
    if found is None:
        raise Http404
    return found


def _last_words() -> str:
    return _(
        "Kommunen behöver minst en administratör. Gör först någon annan till"
        " administratör."
    )
