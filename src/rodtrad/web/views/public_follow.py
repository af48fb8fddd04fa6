"""How does a resident begin to follow something by mail, confirm it, and end it?

The answer to a wish is the same whether the address is known here or not. A link in a
mail leads to a page with a button; the mail program's own button ends it at once. Leaves
out what is sent (subscriptions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.http import HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from rodtrad.domain.words import DRIVER_LABELS
from rodtrad.web import public_form, public_parts, subscriptions
from rodtrad.web.forms.dialogue import EndForm, FollowForm
from rodtrad.web.models.following import Subscription
from rodtrad.web.public_address import public_url
from rodtrad.web.subscriptions import LinkError
from rodtrad.web.views.public_base import (
    PublicRequest,
    context,
    page,
    private,
    public_view,
)
from rodtrad.web.views.public_dialogue import link_fault

if TYPE_CHECKING:
    from rodtrad.web.models import Publication

Kind = Subscription.Kind
_ASKED_IN: Final = {"projekt": Kind.PROJECT, "ort": Kind.AREA, "amne": Kind.THEME}
_STAMP: Final = "follow|"
# What is followed stands in the address, so several may be asked for from one place.
_LIMITS: Final[dict[str, Any]] = {"per_address": (60, 3600), "per_item": (12, 60)}


def _area(request: Any, area: str) -> SafeString:
    """Return the link that follows a place, for the filtered list."""
    facts = context(request, area=area)
    text = render_to_string("public/follow/area.html", facts)
    return mark_safe(text)  # noqa: S308 - rendered with escaping


def _foot(request: Any, _publication: Publication) -> SafeString:
    text = render_to_string("public/follow/foot.html", context(request))
    return mark_safe(text)  # noqa: S308 - rendered with escaping


public_parts.add("area", 20, _area)
public_parts.add("foot", 20, _foot)


@public_view("GET POST")
def follow(request: PublicRequest) -> HttpResponse:
    """Ask what to follow and where to; sent, a link goes to the address."""
    names = _offered(request)
    choices = [
        (value, subscriptions.describe(Subscription(kind=kind, key=key, name=name)))
        for value, (kind, key, name) in names.items()
    ]
    first = next(iter(names))
    if request.GET.get("brev"):
        first = _value(Kind.LETTERS, "")
    form = FollowForm(choices, initial={"vad": first})
    problem, status = "", 200
    if request.method == "POST" and public_form.too_large(request):
        problem, status = _("Det som skickades är för stort."), 413
    elif request.method == "POST":
        form = FollowForm(choices, request.POST)
        status = 422
        if form.is_valid():
            problem, status = public_form.check(request, _STAMP, **_LIMITS), 429
            if not problem:
                kind, key, name = names[form.cleaned_data["vad"]]
                subscriptions.ask(request, kind, key, name, form.cleaned_data["epost"])
                return private(
                    HttpResponseRedirect(public_url(request, "follow_sent"), status=303)
                )
    earlier = request.POST.get(public_form.STAMP, "") if status in (422, 429) else ""
    return page(
        request,
        "public/follow/follow.html",
        status=status,
        nav="follow",
        form=form,
        problem=problem,
        guard=public_form.guard(_STAMP, earlier),
    )


def _value(kind: str, key: str) -> str:
    return f"{kind}:{key}"


def _offered(request: PublicRequest) -> dict[str, tuple[str, str, str]]:
    """Return what the page lets one follow: what its address names, then plan and letter."""
    offered: dict[str, tuple[str, str, str]] = {}
    items = request.newest.items
    for query, kind in _ASKED_IN.items():
        key = request.GET.get(query, "")[:200]
        if not key or "\0" in key:
            continue
        name: str | None = None
        if kind == Kind.PROJECT:
            row = items.filter(project_id=key)
            found = row.values_list("name", "area", "area_name", "theme").first()
            if found:
                name = found[0]
                offered[_value(kind, key)] = (kind, key, found[0])
                if found[1]:
                    offered[_value(Kind.AREA, found[1])] = (
                        Kind.AREA,
                        found[1],
                        found[2],
                    )
                if found[3]:
                    label = str(DRIVER_LABELS.get(found[3], found[3]))
                    offered[_value(Kind.THEME, found[3])] = (
                        Kind.THEME,
                        found[3],
                        label,
                    )
            continue
        if kind == Kind.AREA:
            name = items.filter(area=key).values_list("area_name", flat=True).first()
        elif items.filter(theme=key).exists():
            name = str(DRIVER_LABELS.get(key, key))
        if name is not None:
            offered[_value(kind, key)] = (kind, key, name)
    offered[_value(Kind.PLAN, "")] = (Kind.PLAN, "", "")
    offered[_value(Kind.LETTERS, "")] = (Kind.LETTERS, "", "")
    return offered


@public_view()
def sent(request: PublicRequest) -> HttpResponse:
    """Say that a link is on its way, whatever the address was."""
    days = subscriptions.CONFIRM_DAYS
    return private(page(request, "public/follow/sent.html", nav="follow", days=days))


@public_view("GET POST")
def confirm(request: PublicRequest, token: str) -> HttpResponse:
    """Ask whoever followed the link to press a button; pressed, mails begin to come."""
    try:
        found = subscriptions.to_confirm(request.municipality, token)
    except LinkError as error:
        return link_fault(request, old=error.old)
    done = request.method == "POST"
    if done:
        subscriptions.confirm(found)
    return private(
        page(
            request,
            "public/follow/confirm.html",
            nav="follow",
            what=subscriptions.describe(found),
            done=done,
            out=public_url(
                request, "follow_end", token=subscriptions.end_token([found])
            ),
        )
    )


@public_view("GET POST")
def end(request: PublicRequest, token: str) -> HttpResponse:
    """Show what an address follows and end what it chooses; one click ends the mail's."""
    try:
        of_mail = subscriptions.to_end(request.municipality, token)
    except LinkError as error:
        return link_fault(request, old=error.old)
    followed = subscriptions.same_address(of_mail[0]) if of_mail else []
    # one that is not confirmed is not in the list, but its link may end it
    followed += [one for one in of_mail if one.pk not in {o.pk for o in followed}]
    choices = [(one, subscriptions.describe(one)) for one in followed]
    mine = {"bort": [str(one.pk) for one in of_mail]}
    form, status = EndForm(choices, initial=mine), 200
    done: list[str] = []
    if request.method == "POST":
        if public_form.too_large(request):
            return HttpResponse(status=413)
        if request.POST.get("List-Unsubscribe") == "One-Click":
            subscriptions.end(of_mail)
            return private(HttpResponse(_("Avslutat."), content_type="text/plain"))
        form, status = EndForm(choices, request.POST), 422
        if form.is_valid() or not choices:
            chosen = set(form.cleaned_data.get("bort", []))
            gone = [one for one in followed if str(one.pk) in chosen]
            done, status = [subscriptions.describe(one) for one in gone], 200
            subscriptions.end(gone)
            choices = [c for c in choices if str(c[0].pk) not in chosen]
    facts: dict[str, Any] = {"form": form, "followed": choices, "done": done}
    return private(
        page(request, "public/follow/end.html", status=status, nav="follow", **facts)
    )
