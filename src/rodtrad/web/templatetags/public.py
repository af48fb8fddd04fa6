"""How do public pages say where they lead, and draw what belongs to them?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django import template
from django.utils.translation import gettext as _

from rodtrad.domain.retell import told
from rodtrad.web import public_parts, sandbox
from rodtrad.web.models import Municipality, Publication
from rodtrad.web.public_address import (
    OTHER_LANGUAGE,
    public_address,
    public_url,
    same_page,
)
from rodtrad.web.templatetags.rodtrad import said

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

register = template.Library()
_PLANS_SHOWN: Final = 40


@register.simple_tag(takes_context=True)
def public(context: template.Context, name: str, *args: Any, **kwargs: Any) -> str:
    """Return the address of a public page; one bare value is the project's id.

    `{% public 'front' %}`, `{% public 'project' item.project_id %}`,
    `{% public 'public_letter' ar=2026 manad=11 slug=letter.slug %}`
    """
    if args:
        kwargs["project_id"] = args[0]
    return public_url(context["request"], name, **kwargs)


@register.simple_tag(takes_context=True)
def public_whole(context: template.Context, name: str, *args: Any, **kw: Any) -> str:
    """Return the same with protocol and host, for other programs."""
    path = public(context, name, *args, **kw)
    whole: str = context["request"].build_absolute_uri(path)
    return whole


@register.simple_tag(takes_context=True)
def own_plan(context: template.Context, code: str) -> str:
    """Return where a resident's own plan is read; empty if its version is taken back."""
    request = context["request"]
    if sandbox.version_of(code) not in public_parts.kept_now(
        request, "open", lambda: Publication.objects.numbers(request.municipality)
    ):
        return ""
    return public_url(request, "sandbox_plan", code=code)


@register.simple_tag(takes_context=True)
def in_language(context: template.Context, sprak: str = "") -> str:
    """Return this page in a language, or in the other one."""
    request = context["request"]
    return same_page(request, sprak or OTHER_LANGUAGE[request.sprak])


@register.simple_tag(takes_context=True)
def parts(context: template.Context, place: str, subject: Any) -> SafeString:
    """Return what other areas put in a place of the page."""
    return public_parts.drawn(place, context["request"], subject)


@register.simple_tag
def public_plan_of(municipality: Municipality | None) -> str:
    """Return where a municipality's published plan is read; empty where there is none."""
    if municipality is None:
        return ""
    found = Publication.objects.open().filter(municipality=municipality)
    return public_address(municipality, "front") if found.exists() else ""


@register.simple_tag
def public_plans() -> list[tuple[str, str]]:
    """Return every municipality with a published plan: its name and the address."""
    open_ = Publication.objects.filter(withdrawn_at=None).values("municipality")
    return [
        (one.name, public_address(one, "front"))
        for one in Municipality.objects.filter(pk__in=open_)[:_PLANS_SHOWN]
    ]


@register.filter
def retold(text: str) -> SafeString:
    """Return a sentence of a frozen version in the reader's language, if it is ours."""
    return said(told(text))


@register.filter
def state_words(state: str) -> str:
    """Return what is said of a project in the plan, next in turn, or out."""
    words = {"in": _("Ingår"), "later": _("Står på tur"), "out": _("Ryms inte")}
    return words.get(str(state), "")


@register.filter
def state_glyph(state: str) -> str:
    """Return the sign of a state, as the symbols of the page call it."""
    return {"in": "s-in", "later": "s-open", "out": "s-out"}.get(str(state), "s-open")
