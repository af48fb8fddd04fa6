"""What do staff do with comments? Read, hide, thin, place under a theme, and answer.

What is due first stands first. Every act asks for the right anew, so that whoever loses
the role in the middle can go no further, and says so when somebody else was quicker.
Leaves out the dialogues themselves (views.dialogue_setup).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rodtrad.domain.words import number as in_words
from rodtrad.web import (
    dialogue,
    dialogue_items,
    dialogue_read,
    dialogue_setup,
    events,
    outgoing,
    sandbox,
    thinning,
)
from rodtrad.web.access import MunicipalRequest, Right, requires
from rodtrad.web.clean_text import whole_number
from rodtrad.web.dialogue import StaleError
from rodtrad.web.forms.dialogue import AnswerForm, ModerateForm, ThemeForm
from rodtrad.web.models import Publication
from rodtrad.web.models.dialogue import Answer, Comment, Theme
from rodtrad.web.models.following import Outgoing, Subscription
from rodtrad.web.public_address import public_address

if TYPE_CHECKING:
    from django.http import HttpResponse, QueryDict

VIEWS: Final = ("granska", "svara", "alla")
_PER_PAGE: Final = 25


@requires(Right.MODERATE, methods="GET")
def queue(request: MunicipalRequest) -> HttpResponse:
    """Show what has come in and what is owed, what is due first at the top."""
    place = request.municipality
    counts = dialogue_read.counts(place)
    view = request.GET.get("visa", "")
    if view not in VIEWS:
        view = "granska" if counts["granska"] else "svara"
    pages = Paginator(dialogue_read.queue(place, view), _PER_PAGE)
    pages.count = counts[view]
    return render(
        request,
        "dialogue/queue.html",
        {
            "counts": counts,
            "view": view,
            "page": pages.get_page(request.GET.get("sida")),
            "tabs": [
                ("granska", _("Att granska"), counts["granska"]),
                ("svara", _("Att svara på"), counts["svara"]),
                ("alla", _("Alla"), counts["alla"]),
            ],
            "stuck": _stuck(request).count(),
        },
    )


def _comment(request: MunicipalRequest, pk: int) -> Comment:
    found = Comment.objects.select_related(
        "dialogue__municipality", "theme", "thread", "parent", "registered_by"
    )
    return get_object_or_404(
        found.exclude(state=Comment.State.UNCONFIRMED),
        municipality=request.municipality,
        pk=pk,
    )


@requires(Right.MODERATE, methods="GET")
def one(request: MunicipalRequest, number: int) -> HttpResponse:
    """Show a comment with all that can be done about it."""
    return _page(request, _comment(request, number))


def _page(
    request: MunicipalRequest,
    comment: Comment,
    *,
    status: int = 200,
    moderating: ModerateForm | None = None,
    answering: AnswerForm | None = None,
    theirs: Answer | None = None,
) -> HttpResponse:
    answer = Answer.objects.filter(comment=comment).first()
    by_theme = (
        Answer.objects.filter(theme=comment.theme_id).first()
        if comment.theme_id and answer is None
        else None
    )
    place = request.municipality
    kind, key = comment.item_kind, comment.item_key
    newest = Publication.objects.current(place)
    stands = newest is not None and dialogue_items.stands(newest, kind, key)
    talks = dialogue_read.public_dialogues(place)
    read = stands and talks.filter(pk=comment.dialogue_id).exists()
    root = comment.thread or comment
    shown = {root.state, comment.state} == {Comment.State.SHOWN}
    own = sandbox.version_of(comment.plan) in Publication.objects.numbers(place)
    return render(
        request,
        "dialogue/comment.html",
        {
            "comment": comment,
            "answer": answer,
            "by_theme": by_theme,
            "themes": list(comment.dialogue.themes.all()),
            "reports": list(comment.abuse_reports.filter(handled_at=None)[:20]),
            "findings": thinning.findings(comment.text),
            "moderating": moderating or _moderate_form(comment),
            "answering": answering or _answer_form(request, comment.dialogue, answer),
            "theirs": theirs,
            "public_at": public_address(place, "comment", number=comment.pk)
            if read and shown
            else "",
            "item_at": dialogue_items.address(place, kind, key) if stands else "",
            "plan_at": public_address(place, "sandbox_plan", code=comment.plan)
            if own
            else "",
        },
        status=status,
    )


def _moderate_form(comment: Comment, data: QueryDict | None = None) -> ModerateForm:
    act = "hide" if comment.state == Comment.State.HIDDEN else "show"
    return ModerateForm(
        data,
        initial={
            "act": act,
            "why": comment.removed_why,
            "reason": comment.removed_reason,
            "revision": comment.revision,
        },
        auto_id="id_granska_%s",
    )


def _answer_form(
    request: MunicipalRequest,
    asked: Any,
    answer: Answer | None,
    data: QueryDict | None = None,
) -> AnswerForm:
    publications = Publication.objects.open().filter(municipality=request.municipality)
    return AnswerForm(
        publications,
        data,
        instance=answer,
        initial={
            "role": answer.role if answer else asked.owner_role,
            "text": answer.text if answer else "",
            "revision": answer.revision if answer else 0,
        },
        auto_id="id_svar_%s",
    )


def _revision(request: MunicipalRequest) -> int:
    """Return which state of a comment the page showed; -1, which none has, otherwise."""
    found = whole_number(request.POST.get("state_revision", ""))
    return -1 if found is None else found


def _too_late(request: MunicipalRequest, comment: Comment, **more: Any) -> HttpResponse:
    messages.warning(
        request,
        _(
            "Någon annan har ändrat synpunkten under tiden. Så här är den nu. Gör om ditt val om det behövs."
        ),
    )
    return _page(request, _comment(request, comment.pk), status=409, **more)


def _back(request: MunicipalRequest, comment: Comment) -> HttpResponse:
    return redirect("dialogue_comment", request.municipality.slug, comment.pk)


# ---------------------------------------------------------------- acts


@requires(Right.MODERATE, methods="POST")
def moderate(request: MunicipalRequest, number: int) -> HttpResponse:
    """Show or hide a comment."""
    comment = _comment(request, number)
    form = _moderate_form(comment, request.POST)
    if not form.is_valid():
        return _page(request, comment, status=422, moderating=form)
    data = form.cleaned_data
    try:
        dialogue.moderate(
            request,
            comment,
            show=data["act"] == "show",
            why=data["why"],
            reason=data["reason"],
            revision=data["revision"],
        )
    except StaleError:
        return _too_late(request, comment)
    shown = data["act"] == "show"
    messages.success(
        request, _("Synpunkten visas.") if shown else _("Synpunkten är dold.")
    )
    return _back(request, comment)


@requires(Right.MODERATE)
def thin(request: MunicipalRequest, number: int) -> HttpResponse:
    """Show which personal data the rules find, and how the text reads without them.

    Nothing is saved before it has been seen: `bort` are the findings chosen on the page
    that showed them.
    """
    comment = _comment(request, number)
    found = thinning.findings(comment.text)
    sent = request.POST if request.method == "POST" else request.GET
    asked = "bort" in sent or "namn" in sent or request.method == "POST"
    numbers = set(sent.getlist("bort"))
    chosen = [one for i, one in enumerate(found) if not asked or str(i) in numbers]
    in_name = bool(comment.name) and (
        "namn" in sent if asked else bool(thinning.findings(comment.name))
    )
    if request.method == "POST":
        if not chosen and not in_name:
            messages.warning(request, _("Inget är valt, så inget är ändrat."))
            return _back(request, comment)
        try:
            dialogue.thin(
                request, comment, chosen, in_name=in_name, revision=_revision(request)
            )
        except StaleError:
            return _too_late(request, comment)
        messages.success(request, _("Uppgifterna är borttagna ur synpunkten."))
        return _back(request, comment)
    return render(
        request,
        "dialogue/thin.html",
        {
            "comment": comment,
            "findings": [(one, one in chosen) for one in found],
            "in_name": in_name,
            "after": thinning.without(comment.text, chosen),
        },
    )


@requires(Right.MODERATE, methods="POST")
def put_under(request: MunicipalRequest, number: int) -> HttpResponse:
    """Place a comment under a theme, which may be a new one."""
    comment = _comment(request, number)
    theme: Theme | None = None
    form = ThemeForm(request.POST)
    if request.POST.get("name", "").strip():
        if not form.is_valid():
            messages.warning(request, " ".join(map(str, form.errors["name"])))
            return _page(request, comment, status=422)
        theme = dialogue_setup.add_theme(
            request, comment.dialogue, form.cleaned_data["name"]
        )
    elif (key := whole_number(request.POST.get("theme", ""))) is not None:
        theme = get_object_or_404(Theme, dialogue=comment.dialogue, pk=key)
    try:
        dialogue.put_under(request, comment, theme, revision=_revision(request))
    except StaleError:
        return _too_late(request, comment)
    messages.success(request, _("Temat är sparat."))
    return _back(request, comment)


@requires(Right.MODERATE, methods="POST")
def answer(request: MunicipalRequest, number: int) -> HttpResponse:
    """Answer a comment, or change its answer."""
    comment = _comment(request, number)
    earlier = Answer.objects.filter(comment=comment).first()
    form = _answer_form(request, comment.dialogue, earlier, request.POST)
    if not form.is_valid():
        return _page(request, comment, status=422, answering=form)
    if not comment.is_root or comment.state != Comment.State.SHOWN:
        messages.warning(request, _("Visa synpunkten innan du svarar."))
        return _page(request, comment, status=409, answering=form)
    theirs = Answer.objects.filter(comment=comment).first()
    if form.cleaned_data["revision"] != (theirs.revision if theirs else 0):
        return _too_late(request, comment, answering=form, theirs=theirs)
    try:
        dialogue.answer_comment(
            request, comment, form.save(commit=False), revision=_revision(request)
        )
    except StaleError:
        return _too_late(request, comment, answering=form)
    messages.success(request, _("Svaret är sparat och visas för alla."))
    return _back(request, comment)


@requires(Right.MODERATE)
def answer_theme(request: MunicipalRequest, number: int) -> HttpResponse:
    """Answer all comments of a theme at once."""
    theme = get_object_or_404(
        Theme.objects.select_related("dialogue__municipality"),
        dialogue__municipality=request.municipality,
        pk=number,
    )
    earlier = Answer.objects.filter(theme=theme).first()
    data = request.POST if request.method == "POST" else None
    form = _answer_form(request, theme.dialogue, earlier, data)
    status, theirs = 200, None
    if request.method == "POST" and form.is_valid():
        made, seen = form.save(commit=False), form.cleaned_data["revision"]
        try:
            n = dialogue.answer_theme(request, theme, made, revision=seen)
        except StaleError:
            status, theirs = 409, Answer.objects.filter(theme=theme).first()
            messages.warning(request, _("Någon annan har svarat under tiden."))
        else:
            text = ngettext(
                "Svaret är sparat. Det besvarar {n} synpunkt.",
                "Svaret är sparat. Det besvarar {n} synpunkter.",
                n,
            )
            messages.success(request, text.format(n=in_words(n)))
            return redirect(
                "dialogue_one", request.municipality.slug, theme.dialogue_id
            )
    elif request.method == "POST":
        status = 422
    comments = theme.comments.filter(state=Comment.State.SHOWN, thread=None)
    return render(
        request,
        "dialogue/theme.html",
        {
            "theme": theme,
            "form": form,
            "theirs": theirs,
            "n": comments.count(),
            "comments": comments.order_by("-received_at")[:10],
        },
        status=status,
    )


# ---------------------------------------------------------------- mails


def _stuck(request: MunicipalRequest) -> Any:
    return Outgoing.objects.filter(
        municipality=request.municipality, sent_at=None, gave_up_at__isnull=False
    )


@requires(Right.MODERATE)
def mails(request: MunicipalRequest) -> HttpResponse:
    """Show how many follow what, and mails that could not be sent; sent, try again."""
    place = request.municipality
    if request.method == "POST":
        n = outgoing.try_again(place)
        if n:
            events.record(
                request, place, "mail.again", ("mail", "", ""), after={"count": n}
            )
        messages.success(request, _("Mejlen skickas igen."))
        return redirect("dialogue_mails", place.slug)
    alive = Subscription.objects.alive().filter(municipality=place).order_by()
    kinds = dict(Subscription.Kind.choices)
    by_kind = dict(alive.values_list("kind").annotate(n=Count("pk")))
    waiting = Outgoing.objects.filter(
        municipality=place, sent_at=None, gave_up_at=None
    ).count()
    return render(
        request,
        "dialogue/mails.html",
        {
            "followers": [(kinds[kind], n) for kind, n in sorted(by_kind.items())],
            "waiting": waiting,
            "stuck": list(_stuck(request).only("subject", "gave_up_at", "error")[:50]),
            "stuck_count": _stuck(request).count(),
        },
    )
