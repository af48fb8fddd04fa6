"""Is a form without an account or a cookie sent by somebody who read the page?

The form carries a signed stamp of when it was shown and of what it is about, and a field
that people do not see. How often one may send is asked too. Whatever is refused says why,
and what was written stays in the form. Leaves out cleaning the text (clean_text).

    problem = public_form.check(request, "comment|7")      # "" or why not
    {{ guard }}                                            # public_form.guard("comment|7")
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from django.core.signing import BadSignature, TimestampSigner, b62_decode
from django.utils.html import format_html
from django.utils.translation import gettext as _

from rodtrad.web import throttle

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

MOST_BYTES: Final = 300_000
LEAST_SECONDS: Final = 3.0
MOST_SECONDS: Final = 24 * 3600
STAMP: Final = "stampel"
POT: Final = "webbplats"
_SALT: Final = "rodtrad.web.public_form"


def sign(item: str) -> str:
    """Return the stamp of a form that is shown now; `item` is what it is about."""
    return TimestampSigner(salt=_SALT).sign(item)


def guard(item: str, earlier: str = "") -> SafeString:
    """Return the hidden fields of a form.

    Args:
        item: what the form is about.
        earlier: the stamp that was sent, so that the same form may be sent again at once.
    """
    stamp = earlier if earlier and _age(earlier, item) is not None else sign(item)
    # with `hidden` neither the eye nor a screen reader meets the second field
    return format_html(
        '<input type="hidden" name="{}" value="{}"><div hidden><label>{} '
        '<input name="{}" tabindex="-1" autocomplete="off"></label></div>',
        STAMP,
        stamp,
        _("Lämna tomt"),
        POT,
    )


def too_large(request: HttpRequest) -> bool:
    """Return True if more is sent than any form holds; asked before it is read."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES
    except ValueError:
        return True


def check(request: HttpRequest, item: str, *, name: str = "", **limits: Any) -> str:
    """Return why a form is not taken, in words; empty where it is.

    Args:
        request: a POST.
        item: what the form is about: the same as when it was shown.
        name: what is counted for the limits; the first part of `item` unless given.
        limits: `per_address`, `per_item` and `per_net` of `throttle.allow`.
    """
    if too_large(request):
        return _("Det som skickades är för stort. Korta texten och skicka igen.")
    if request.POST.get(POT):
        return _("Fältet som ska lämnas tomt är ifyllt. Töm det och skicka igen.")
    age = _age(request.POST.get(STAMP, ""), item)
    if age is None:
        return _(
            "Sidan har varit öppen för länge, eller hör till något annat. Det du skrev står kvar. Skicka igen."
        )
    if age < LEAST_SECONDS:
        return _("Det gick ovanligt fort. Läs igenom och skicka igen.")
    if not throttle.allow(name or item.partition("|")[0], request, item=item, **limits):
        return _(
            "Det har kommit mycket härifrån på kort tid. Det du skrev står kvar. Vänta någon minut och skicka igen."
        )
    return ""


def _age(stamp: str, item: str) -> float | None:
    """Return how many seconds ago a form was shown; None unless the stamp holds."""
    try:
        said = TimestampSigner(salt=_SALT).unsign(stamp, max_age=MOST_SECONDS)
    except BadSignature:  # a stamp that is too old is one too
        return None
    shown = b62_decode(stamp.rsplit(":", 2)[1])
    return time.time() - shown if said == item else None
