"""Handing in one's own plan: a comment on the plan's dialogue that carries the code.

The form, its limits and what becomes of it are the dialogue's; only the plan is added.
Leaves out the sandbox itself (public_sandbox) and how comments are read (public_dialogue).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.translation import gettext as _

from rodtrad.web import dialogue, dialogue_items, dialogue_mail, public_form, sandbox
from rodtrad.web.forms.dialogue import WriteForm
from rodtrad.web.models.dialogue import Comment, Dialogue
from rodtrad.web.public_address import public_url
from rodtrad.web.sandbox import BrokenCodeError, OwnPlan
from rodtrad.web.views.public_base import PublicRequest, page, private, public_view

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from rodtrad.web.models import Municipality


def open_dialogue(municipality: Municipality) -> Dialogue | None:
    """Return the dialogue about the whole plan, if one takes comments now."""
    found = Dialogue.objects.filter(
        municipality=municipality, kind="plan", key="", state=Dialogue.State.OPEN
    )
    return next((one for one in found if one.takes_comments()), None)


def link(request: PublicRequest, own: OwnPlan) -> SafeString:
    """Return the way to hand a plan in, or that there is none now."""
    if open_dialogue(request.municipality) is None:
        return format_html(
            '<p class="small">{}</p>',
            _(
                "Just nu går det inte att lämna in en plan: ingen dialog om planen är öppen."
            ),
        )
    return format_html(
        '<p class="actions"><a class="btn primary" href="{}">{}</a></p>',
        public_url(request, "hand_in", code=own.code),
        _("Lämna in planen som synpunkt"),
    )


@public_view("GET POST")
def hand_in(request: PublicRequest, code: str) -> HttpResponse:
    """Show the form that hands a plan in, and take it in."""
    try:
        own = sandbox.open_code(request, code)
    except BrokenCodeError as error:
        return page(
            request,
            "public/sandbox/broken.html",
            status=error.status,
            nav="sandbox",
            fault=error,
        )
    asked = open_dialogue(request.municipality)
    if asked is None:
        return _page(request, own, None, None, status=409)
    if request.method == "GET":
        return _page(request, own, asked, WriteForm(asked, initial={"svar": True}))
    if public_form.too_large(request):
        text = _("Det som skickades är för stort. Korta texten och skicka igen.")
        return _page(request, own, asked, WriteForm(asked), text, 413)
    form = WriteForm(asked, request.POST)
    if not form.is_valid():
        return _page(request, own, asked, form, status=422)
    problem = public_form.check(request, _stamped(asked, own), name="comment")
    if problem:
        return _page(request, own, asked, form, problem, 429)
    try:
        made = take_in(request, asked, own, form)
    except ValidationError as error:
        return _page(request, own, asked, form, error.messages[0], 409)
    if made is None:
        text = _("Adressen har fått för många mejl i dag. Försök igen i morgon.")
        return _page(request, own, asked, form, text, 429)
    at = public_url(request, "receipt", token=dialogue.receipt_token(made))
    return private(HttpResponseRedirect(at, status=303))


@transaction.atomic
def take_in(
    request: PublicRequest, asked: Dialogue, own: OwnPlan, form: WriteForm
) -> Comment | None:
    """Store the plan as a comment and queue its mails; None of too many mails."""
    words = replace(form.words(), plan=own.code)
    item = dialogue_items.find(request.newest, "plan", "")
    made = dialogue.take_in(
        asked, item or dialogue.Item("plan", "", asked.title), words
    )
    waits = made.state == Comment.State.UNCONFIRMED
    if waits and not dialogue_mail.ask_to_confirm(request, made, words.email):
        transaction.set_rollback(True)
        return None
    if words.email and form.cleaned_data.get("svar", True):
        dialogue_mail.follow_answer(request, made, words.email)
    return made


def _stamped(asked: Dialogue, own: OwnPlan) -> str:
    return f"hand_in|{asked.pk}|{own.code}"


def _page(
    request: PublicRequest,
    own: OwnPlan,
    asked: Dialogue | None,
    form: WriteForm | None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    earlier = (
        request.POST.get(public_form.STAMP, "") if request.method == "POST" else ""
    )
    shown = page(
        request,
        "public/sandbox/hand_in.html",
        status=status,
        nav="sandbox",
        code=own.code,
        changes=[row["text"] for row in own.result()["changes"]],
        dialogue=asked,
        form=form,
        problem=problem,
        guard=public_form.guard(_stamped(asked, own), earlier) if asked else "",
    )
    return private(shown)
