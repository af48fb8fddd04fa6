"""What do residents see of the dialogue, and how do they write?

The level of influence stands first, then what has been said with its answers. Writing
needs no account and sets no cookie. Leaves out what staff do (views.dialogue).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Q
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from rodtrad.web import (
    dialogue,
    dialogue_items,
    dialogue_mail,
    dialogue_read,
    public_form,
    public_parts,
)
from rodtrad.web.clean_text import whole_number
from rodtrad.web.forms.dialogue import ReportForm, WriteForm
from rodtrad.web.models.dialogue import Comment, Dialogue, Kind
from rodtrad.web.public_address import public_url
from rodtrad.web.subscriptions import LinkError
from rodtrad.web.views.public_base import (
    PublicRequest,
    context,
    page,
    private,
    public_view,
)

if TYPE_CHECKING:
    from django.core.paginator import Page
    from django.db.models import QuerySet

    from rodtrad.web.models import Municipality, Publication
    from rodtrad.web.models.publishing import PublicItem

_ON_PAGE: Final = 8
_DIALOGUES: Final = 50
_OTHERS: Final = 5
_ALL: Final = "alla"


# ---------------------------------------------------------------- parts of other pages


def drawn(request: PublicRequest, kind: str, key: str, name: str = "") -> SafeString:
    """Return the dialogue of an item for its page: level, figures, newest comments.

    Empty where there is no dialogue and nothing has been said.
    """
    asked = _asked(request, kind, key)
    comments = _read_by_all(
        request, dialogue_read.of_item(request.municipality, kind, key)
    )
    figures = _figures(request, f"{kind}|{key}", comments)
    if asked is None and not figures.count:
        return SafeString("")
    found = (
        dialogue_read.page_of(comments, 1, count=figures.count, per_page=_ON_PAGE)
        if figures.count
        else None
    )
    facts = {
        "dialogue": asked,
        "figures": figures,
        "threads": found.object_list if found else [],
        "more": max(figures.count - _ON_PAGE, 0),
        "item": dialogue.Item(kind, key, name),
        "all_at": _all_at(request, kind, key, asked),
        "takes": asked is not None and asked.takes_comments(),
    }
    text = render_to_string("public/dialogue/part.html", context(request, **facts))
    return mark_safe(text)  # noqa: S308 - rendered with escaping


def _read_by_all(
    request: PublicRequest, comments: QuerySet[Comment], *, mixed: bool = False
) -> QuerySet[Comment]:
    """Return the comments without those that only staff may read.

    `mixed` where they are about several items: then not all of those may be public.
    """
    place = request.municipality
    hidden = public_parts.kept_now(
        request, "unread", lambda: dialogue_read.unread_dialogues(place)
    )
    if hidden:
        comments = comments.exclude(dialogue__in=hidden)
    gone = mixed and public_parts.kept_now(
        request, "unread_projects", lambda: dialogue_read.unread_projects(place)
    )
    if gone:
        comments = comments.exclude(item_kind=Kind.PROJECT, item_key__in=gone)
    return comments


def _asked(request: PublicRequest, kind: str, key: str) -> Dialogue | None:
    """Return the dialogue that an item's page shows."""
    return public_parts.kept_now(
        request,
        f"dialogue|{kind}|{key}",
        lambda: dialogue_read.for_item(request.municipality, kind, key),
    )


def _figures(
    request: PublicRequest, name: str, comments: QuerySet[Comment]
) -> dialogue_read.Figures:
    """Return how well comments are answered; they are counted once a change."""
    return public_parts.kept_now(
        request, f"figures|{name}", lambda: dialogue_read.figures(comments)
    )


def _all_at(request: PublicRequest, kind: str, key: str, asked: Dialogue | None) -> str:
    """Return where all comments about an item stand."""
    if kind == "plan" and asked is not None:
        return public_url(request, "dialogue", number=asked.pk)
    return public_url(request, "comments", kind=kind, key=key or _ALL)


def _project_main(request: Any, item: PublicItem) -> SafeString:
    return drawn(request, "project", item.project_id, item.name)


def _project_aside(request: Any, item: PublicItem) -> SafeString:
    """Return the two buttons of a project: write to us, and follow."""
    asked = _asked(request, "project", item.project_id)
    facts = {
        "dialogue": asked if asked is not None and asked.takes_comments() else None,
        "project": item,
    }
    text = render_to_string("public/dialogue/buttons.html", context(request, **facts))
    return mark_safe(text)  # noqa: S308 - rendered with escaping


def _front(request: Any, publication: Publication) -> SafeString:
    """Return the level of the plan's own dialogue, and which others are open."""
    found = dialogue_read.taking(dialogue_read.public_dialogues(request.municipality))
    facts: dict[str, Any] = {
        "dialogue": found.filter(kind=Kind.PLAN).first(),
        "others": list(found.exclude(kind=Kind.PLAN)[:_OTHERS]),
    }
    if not any(facts.values()):
        return SafeString("")
    text = render_to_string("public/dialogue/front.html", context(request, **facts))
    return mark_safe(text)  # noqa: S308 - rendered with escaping


def _nav(request: Any, _publication: Publication) -> SafeString:
    """Return the menu's link to the dialogue, where there has been one."""
    if not dialogue_read.public_dialogues(request.municipality).exists():
        return SafeString("")
    return mark_safe(  # noqa: S308 - rendered with escaping
        render_to_string("public/dialogue/nav.html", context(request))
    )


public_parts.add("project_main", 20, _project_main)
public_parts.add("project_aside", 20, _project_aside)
public_parts.add("front_dialogue", 20, _front)
public_parts.add("nav", 20, _nav)


# ---------------------------------------------------------------- lists


@public_view()
def dialogues(request: PublicRequest) -> HttpResponse:
    """Show which dialogues there are and have been, and how well they are answered."""
    number = request.GET.get("sida", "")

    def build() -> tuple[list[Any], Page[Any]]:
        return _open_and_closed(request.municipality, number)

    # which page is a reader's choice: only the first is kept
    taking, closed = (
        build() if number else public_parts.kept_now(request, "dialogues", build)
    )
    comments = _read_by_all(
        request,
        Comment.objects.filter(municipality=request.municipality),
        mixed=True,
    )
    return page(
        request,
        "public/dialogue/list.html",
        nav="dialogue",
        open=taking,
        page=closed,
        figures=_figures(request, "", comments),
    )


def _open_and_closed(place: Municipality, number: str) -> tuple[list[Any], Page[Any]]:
    """Return the dialogues in which one may write, and a page of the others."""
    shown = Q(comments__state=Comment.State.SHOWN, comments__thread=None)
    done = shown & Q(comments__answered_at__isnull=False)
    counted = dialogue_read.public_dialogues(place).annotate(
        n=Count("comments", filter=shown), answered=Count("comments", filter=done)
    )
    # what is counted has no order of its own
    counted = counted.order_by("-opens", "-pk")
    taking = list(dialogue_read.taking(counted))
    others = counted.exclude(pk__in=[one.pk for one in taking])
    closed: Page[Any] = Paginator(others, _DIALOGUES).get_page(number)
    closed.object_list = list(closed.object_list)
    return taking, closed


def _public_dialogue(request: PublicRequest, pk: int) -> Dialogue:
    found = (
        dialogue_read.public_dialogues(request.municipality)
        .filter(pk=pk)
        .select_related("municipality")
        .first()
    )
    if found is None:
        raise Http404
    return found


@public_view()
def one_dialogue(request: PublicRequest, number: int) -> HttpResponse:
    """Show a dialogue: what can be influenced, and all that has been said in it."""
    found = _public_dialogue(request, number)
    item = dialogue_items.find(request.newest, found.kind, found.key)
    said = _read_by_all(
        request, dialogue_read.of_dialogue(found), mixed=found.kind == Kind.PLAN
    )
    return page(
        request,
        "public/dialogue/dialogue.html",
        nav="dialogue",
        dialogue=found,
        takes=found.takes_comments(),
        item=item,
        item_at=dialogue_items.address(
            request.municipality, found.kind, found.key, request.sprak
        ),
        write_about=f"{found.kind}:{found.key}",
        **_listed(request, str(found.pk), said),
    )


@public_view()
def comments(request: PublicRequest, kind: str, key: str) -> HttpResponse:
    """Show all that has been said about an item, in whatever dialogue."""
    place = request.municipality
    key = "" if key == _ALL else key
    found = _read_by_all(request, dialogue_read.of_item(place, kind, key))
    known = dialogue_items.stands(request.newest, kind, key)
    if known is None:
        raise Http404
    asked = _asked(request, kind, key)
    return page(
        request,
        "public/dialogue/comments.html",
        nav="dialogue",
        dialogue=asked,
        takes=asked is not None and asked.takes_comments(),
        item=dialogue_items.find(request.newest, kind, key),
        name=known.name,
        item_at=dialogue_items.address(place, kind, key, request.sprak),
        write_about=f"{kind}:{key}",
        **_listed(request, f"{kind}|{key}", found),
    )


def _listed(
    request: PublicRequest, name: str, found: QuerySet[Comment]
) -> dict[str, Any]:
    """Return a page of comments as the address asks for them; `name` says which."""
    order = request.GET.get("ordning", "nya")
    theme = request.GET.get("tema", "")
    figures = _figures(request, name, found)
    count: int | None = figures.count
    themes = public_parts.kept_now(
        request, f"themes|{name}", lambda: dialogue_read.theme_counts(found)
    )
    if (key := whole_number(theme)) is not None:
        found, count = found.filter(theme=key), None
    return {
        "figures": figures,
        "themes": themes,
        "theme": theme,
        "order": order if order in dialogue_read.ORDERS else "nya",
        "page": dialogue_read.page_of(
            found, request.GET.get("sida"), order, count=count
        ),
    }


@public_view()
def comment(request: PublicRequest, number: int) -> HttpResponse:
    """Show one comment with its answer and all replies to it."""
    found = _comment(request, number)
    root = found.thread or found
    if root.state != Comment.State.SHOWN or found.state != Comment.State.SHOWN:
        hidden = next(
            (o for o in (root, found) if o.state == Comment.State.HIDDEN), None
        )
        if hidden is None:
            raise Http404
        return page(
            request,
            "public/dialogue/hidden.html",
            status=410,
            nav="dialogue",
            why=hidden.get_removed_why_display(),
        )
    thread = dialogue_read.threads([root])[0]
    return page(
        request,
        "public/dialogue/comment.html",
        nav="dialogue",
        thread=thread,
        marked=found.pk,
        dialogue=root.dialogue,
        takes=root.dialogue.takes_comments(),
        page=dialogue_read.replies_page(root, request.GET.get("sida")),
        item_at=dialogue_items.address(
            request.municipality, root.item_kind, root.item_key, request.sprak
        ),
    )


def _comment(request: PublicRequest, pk: int) -> Comment:
    comments = Comment.objects.filter(municipality=request.municipality, pk=pk)
    found = (
        _read_by_all(request, comments)
        .select_related("dialogue__municipality", "thread__dialogue", "theme")
        .first()
    )
    if found is None or not dialogue_items.stands(
        request.newest, found.item_kind, found.item_key
    ):
        raise Http404
    return found


# ---------------------------------------------------------------- writing


@public_view("GET POST")
def write(request: PublicRequest, number: int) -> HttpResponse:
    """Show the form for a comment, and take one in."""
    asked = _public_dialogue(request, number)
    if request.method == "POST" and public_form.too_large(request):
        text = _("Det som skickades är för stort. Korta texten och skicka igen.")
        return _write_page(request, asked, WriteForm(asked), None, text, 413)
    sent = request.POST if request.method == "POST" else request.GET
    item = _item_of(request, asked, sent.get("om", ""))
    parent = _parent_of(asked, item, sent.get("svar_pa", ""))
    if request.method == "GET":
        form = WriteForm(asked, initial={"svar": True}, reply=parent is not None)
        return _write_page(request, asked, form, (item, parent))
    form = WriteForm(asked, request.POST, reply=parent is not None)
    if not form.is_valid():
        return _write_page(request, asked, form, (item, parent), status=422)
    if not asked.takes_comments():
        text = _("Dialogen är stängd. Det du skrev är inte skickat.")
        return _write_page(request, asked, form, (item, parent), text, 409)
    problem = public_form.check(request, _stamped(asked, item))
    if problem:
        return _write_page(request, asked, form, (item, parent), problem, 429)
    made = _taken_in(request, asked, item, form, parent)
    if made is None:
        text = _("Adressen har fått för många mejl i dag. Försök igen i morgon.")
        return _write_page(request, asked, form, (item, parent), text, 429)
    at = public_url(request, "receipt", token=dialogue.receipt_token(made))
    return private(HttpResponseRedirect(at, status=303))


def _stamped(asked: Dialogue, item: dialogue.Item) -> str:
    return f"comment|{asked.pk}|{item.kind}:{item.key}"


def _item_of(request: PublicRequest, asked: Dialogue, about: str) -> dialogue.Item:
    """Return what is written about: the dialogue's own item, or a project of its plan."""
    own = dialogue_items.stands(request.newest, asked.kind, asked.key)
    if own is None:
        raise Http404
    if not about or about == f"{asked.kind}:{asked.key}":
        return own
    found = dialogue_items.stands(request.newest, *dialogue_items.parted(about))
    if found is None or asked.kind != "plan" or found.kind != "project":
        raise Http404
    return found


def _parent_of(asked: Dialogue, item: dialogue.Item, text: str) -> Comment | None:
    """Return the comment that is answered, if one is; one that is shown, of the same."""
    if not text:
        return None
    found = None
    if (key := whole_number(text)) is not None:
        found = (
            Comment.objects.filter(
                dialogue=asked,
                pk=key,
                state=Comment.State.SHOWN,
                item_kind=item.kind,
                item_key=item.key,
            )
            .select_related("thread")
            .first()
        )
    if found is None or (found.thread and found.thread.state != Comment.State.SHOWN):
        raise Http404
    return found


@transaction.atomic
def _taken_in(
    request: PublicRequest,
    asked: Dialogue,
    item: dialogue.Item,
    form: WriteForm,
    parent: Comment | None,
) -> Comment | None:
    """Store the comment and queue its mails; None where the address has had too many."""
    words = form.words()
    made = dialogue.take_in(asked, item, words, parent)
    waits = made.state == Comment.State.UNCONFIRMED
    if waits and not dialogue_mail.ask_to_confirm(request, made, words.email):
        transaction.set_rollback(True)
        return None
    if words.email and made.is_root and form.cleaned_data.get("svar", True):
        dialogue_mail.follow_answer(request, made, words.email)
    return made


def _write_page(
    request: PublicRequest,
    asked: Dialogue,
    form: WriteForm,
    about: tuple[dialogue.Item, Comment | None] | None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    own = dialogue.Item(asked.kind, asked.key, asked.title)
    item, parent = about or (own, None)
    earlier = "" if about is None else request.POST.get(public_form.STAMP, "")
    return page(
        request,
        "public/dialogue/write.html",
        status=status,
        nav="dialogue",
        dialogue=asked,
        takes=asked.takes_comments(),
        form=form,
        item=item,
        item_at=dialogue_items.address(
            request.municipality, item.kind, item.key, request.sprak
        ),
        parent=parent,
        problem=problem,
        guard=public_form.guard(_stamped(asked, item), earlier),
    )


@public_view()
def receipt(request: PublicRequest, token: str) -> HttpResponse:
    """Show whoever wrote what becomes of it, and when there is an answer."""
    found = dialogue.of_receipt(request.municipality, token)
    if found is None:
        raise Http404
    answer = page(
        request,
        "public/dialogue/receipt.html",
        nav="dialogue",
        comment=found,
        answered=found.answered_at is not None,
        item_at=dialogue_items.address(
            request.municipality, found.item_kind, found.item_key, request.sprak
        ),
    )
    return private(answer)


@public_view("GET POST")
def confirm(request: PublicRequest, token: str) -> HttpResponse:
    """Ask whoever followed the link of a mail to press a button; pressed, it is done.

    Programs that read mail follow links, but press no buttons.
    """
    try:
        found = dialogue.to_confirm(request.municipality, token)
    except LinkError as error:
        return link_fault(request, old=error.old)
    if request.method == "GET":
        return private(
            page(request, "public/dialogue/confirm.html", nav="dialogue", comment=found)
        )
    found = dialogue.confirm(found)
    dialogue_mail.confirmed(found)
    at = public_url(request, "receipt", token=dialogue.receipt_token(found))
    return private(HttpResponseRedirect(at, status=303))


@public_view("GET POST")
def report(request: PublicRequest, number: int) -> HttpResponse:
    """Let anyone say that a comment should not be there."""
    found = _comment(request, number)
    if found.state != Comment.State.SHOWN:
        raise Http404
    item = f"report|{found.pk}"
    problem = ""
    form = ReportForm()
    status = 200
    if request.method == "POST" and public_form.too_large(request):
        status, problem = 413, _("Det som skickades är för stort.")
    elif request.method == "POST":
        form = ReportForm(request.POST)
        status = 422
        if form.is_valid():
            problem = public_form.check(request, item, per_item=(2, 3600))
            status = 429
            if not problem:
                dialogue.report(found, form.cleaned_data["text"])
                done = page(
                    request,
                    "public/dialogue/reported.html",
                    nav="dialogue",
                    comment=found,
                )
                return private(done)
    earlier = request.POST.get(public_form.STAMP, "") if status in (422, 429) else ""
    return page(
        request,
        "public/dialogue/report.html",
        status=status,
        nav="dialogue",
        form=form,
        comment=found,
        problem=problem,
        guard=public_form.guard(item, earlier),
    )


def link_fault(request: PublicRequest, *, old: bool) -> HttpResponse:
    """Say that a link is too old, or was not made here."""
    status = 410 if old else 404
    return private(
        page(request, "public/dialogue/link_fault.html", status=status, old=old)
    )
