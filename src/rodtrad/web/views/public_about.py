"""What must a public site say of itself? How it is made, who can use it, and what it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rodtrad.web import dialogue, outgoing, subscriptions
from rodtrad.web.views.public_base import PublicRequest, page, public_view

if TYPE_CHECKING:
    from django.http import HttpResponse

KEPT: Final = {
    "confirm": max(dialogue.CONFIRM_DAYS, subscriptions.CONFIRM_DAYS),
    "answered": subscriptions.ANSWERED_DAYS,
    "sent": outgoing.KEEP_SENT.days,
    "stuck": outgoing.KEEP_STUCK.days,
}
"""For how many days personal data are kept, as the errands remove them."""


@public_view()
def about(request: PublicRequest) -> HttpResponse:
    """Say what this is, how the plan is made and how it can be checked."""
    return page(request, "public/about.html", nav="about")


@public_view()
def accessibility(request: PublicRequest) -> HttpResponse:
    """Say how well the pages can be used by everyone, and what to do where they cannot."""
    return page(request, "public/accessibility.html", nav="about")


@public_view()
def privacy(request: PublicRequest) -> HttpResponse:
    """Say which personal data are kept, why and for how long."""
    months = request.municipality.thin_after_months
    return page(
        request, "public/privacy.html", nav="about", kept={**KEPT, "thin": months}
    )
