"""What becomes of what residents say? Taken in, read, placed under a theme, answered.

Every act of staff is one transaction with its event. A comment begins a thread or answers
one; whoever begins one is owed an answer by a day. Leaves out lists and figures
(dialogue_read), the dialogues themselves (dialogue_setup) and the pages.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from rodtrad.web import dialogue_events, events, public_now, thinning
from rodtrad.web.models.dialogue import (
    AbuseReport,
    Answer,
    Comment,
    Dialogue,
    Moderation,
    Theme,
)
from rodtrad.web.subscriptions import LinkError, mail_hash

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rodtrad.web.access import MunicipalRequest
    from rodtrad.web.models import Municipality

__all__ = ["StaleError", "dialogue_events"]

State = Comment.State
MOST_TEXT: Final = 4000
MOST_NAME: Final = 60
CONFIRM_DAYS: Final = 7
_CONFIRM: Final = "rodtrad.web.comment.confirm"
_RECEIPT: Final = "rodtrad.web.comment.receipt"
_LINK: Final = re.compile(r"https?://|www\.", re.I)
# The same words about the same thing so soon are the same comment, sent twice.
_TWICE: Final = dt.timedelta(hours=1)
BECAUSE: Final = gettext_lazy("Därför att")


class StaleError(Exception):
    """Somebody else has changed the thing since the page was shown."""


@dataclass(frozen=True)
class Item:
    """What a comment is about, as it is called now."""

    kind: str
    key: str
    name: str


@dataclass(frozen=True)
class Words:
    """What somebody has written, cleaned."""

    text: str
    name: str = ""
    email: str = ""
    plan: str = ""


# ---------------------------------------------------------------- taken in


@transaction.atomic
def take_in(
    dialogue: Dialogue, item: Item, words: Words, parent: Comment | None = None
) -> Comment:
    """Store what somebody has sent, and return it; the same sent twice is stored once.

    Raises:
        ValidationError: the dialogue takes no comments now.
    """
    if not dialogue.takes_comments():
        raise ValidationError(_("Dialogen är stängd. Det du skrev är inte skickat."))
    now = timezone.now()
    twin = _twin(dialogue, item, words, parent, now)
    if twin is not None:
        return twin
    comment = Comment(
        municipality=dialogue.municipality,
        dialogue=dialogue,
        item_kind=item.kind,
        item_key=item.key,
        item_name=item.name[:300],
        name=words.name,
        text=words.text,
        plan=words.plan,
        received_at=now,
        mail_hash=mail_hash(words.email) if words.email else "",
    )
    comment.held_for = _held_for(dialogue, words)
    if dialogue.confirm_email:
        comment.state = State.UNCONFIRMED
    else:
        comment.state = State.WAITING if comment.held_for else State.SHOWN
    _place(comment, parent)
    comment.save()
    if comment.state == State.SHOWN:
        _counted(comment, 1)
        public_now.heard(comment.municipality)
    return comment


def _twin(
    dialogue: Dialogue,
    item: Item,
    words: Words,
    parent: Comment | None,
    now: dt.datetime,
) -> Comment | None:
    """Return a comment that says the same about the same, sent a while ago."""
    return Comment.objects.filter(
        dialogue=dialogue,
        item_kind=item.kind,
        item_key=item.key,
        parent=parent,
        received_at__gte=now - _TWICE,
        text=words.text,
        name=words.name,
        plan=words.plan,
        mail_hash=mail_hash(words.email) if words.email else "",
    ).first()


def _place(comment: Comment, parent: Comment | None) -> None:
    """Put a comment in its thread, or let it begin one that is owed an answer."""
    if parent is None:
        day = timezone.localdate(comment.received_at)
        comment.due = day + dt.timedelta(days=comment.dialogue.answer_days)
        return
    root = parent.thread or parent
    last = (
        Comment.objects.filter(thread=root)
        .order_by("-place")
        .values_list("place", flat=True)
        .first()
    )
    comment.parent, comment.thread, comment.place = parent, root, (last or 0) + 1


def _held_for(dialogue: Dialogue, words: Words) -> str:
    """Return why a comment is read before it is shown; empty where it need not be.

    In Swedish, in whatever language it is written: see `Comment.held_words`.
    """
    if thinning.findings(f"{words.name}\n{words.text}"):
        return gettext_noop("Det kan finnas personuppgifter i texten.")
    if _LINK.search(words.text) or _LINK.search(words.name):
        return gettext_noop("Det finns en länk i texten.")
    if dialogue.moderation == Moderation.BEFORE:
        return gettext_noop("Vi läser innan synpunkter visas.")
    return ""


def _counted(comment: Comment, step: int) -> None:
    """Keep the number of replies that a thread shows."""
    if comment.thread_id:
        Comment.objects.filter(pk=comment.thread_id).update(
            reply_count=F("reply_count") + step
        )


@transaction.atomic
def register(
    request: MunicipalRequest,
    dialogue: Dialogue,
    item: Item,
    words: Words,
    *,
    source: str,
    received: dt.date,
    theme: Theme | None = None,
) -> Comment:
    """Store what came by telephone or on paper; staff have read it, so it is shown.

    Raises:
        ValidationError: residents do not see the dialogue, so it would not be shown.
    """
    if not dialogue.is_public:
        raise ValidationError(not_yet())
    now = timezone.now()
    at = now
    if received != timezone.localdate(now):
        noon = dt.datetime.combine(received, dt.time(12))
        at = timezone.make_aware(noon)
    comment = Comment(
        municipality=dialogue.municipality,
        dialogue=dialogue,
        item_kind=item.kind,
        item_key=item.key,
        item_name=item.name[:300],
        name=words.name,
        text=words.text,
        source=source,
        received_at=at,
        registered_by=request.user,
        state=State.SHOWN,
        theme=theme,
    )
    _place(comment, None)
    _answered_by_theme(comment)
    comment.save()
    with events.in_swedish():
        told = {"source": source, "item_name": comment.about}
    events.record(
        request,
        dialogue.municipality,
        "comment.registered",
        _named(comment),
        after=told,
    )
    return comment


def not_yet() -> str:
    """Return why nothing is registered in a dialogue that residents do not see."""
    return _("Dialogen är inte öppnad. Öppna den innan ni för in synpunkter.")


# ---------------------------------------------------------------- links in mails


def confirm_token(comment: Comment) -> str:
    """Return the signed part of the link that confirms the address of a comment."""
    return TimestampSigner(salt=_CONFIRM).sign(str(comment.pk))


def to_confirm(municipality: Municipality, token: str) -> Comment:
    """Return the comment that a link confirms.

    Raises:
        LinkError: the link is forged, or older than a week.
    """
    try:
        signer = TimestampSigner(salt=_CONFIRM)
        pk = signer.unsign(token, max_age=CONFIRM_DAYS * 86_400)
    except SignatureExpired:
        raise LinkError(old=True) from None
    except BadSignature:
        raise LinkError(old=False) from None
    found = Comment.objects.filter(municipality=municipality, pk=int(pk)).first()
    if found is None:
        raise LinkError(old=True)
    return found


@transaction.atomic
def confirm(comment: Comment) -> Comment:
    """Let a comment go on now that its address is confirmed; twice is as once."""
    comment = Comment.objects.select_for_update().get(pk=comment.pk)
    if comment.state == State.UNCONFIRMED:
        # by the dialogue's rule of today: it may have become stricter
        words = Words(comment.text, comment.name)
        comment.held_for = _held_for(comment.dialogue, words)
        comment.state = State.WAITING if comment.held_for else State.SHOWN
        comment.mail_confirmed_at = timezone.now()
        comment.save(update_fields=["state", "held_for", "mail_confirmed_at"])
        if comment.state == State.SHOWN:
            _counted(comment, 1)
            public_now.heard(comment.municipality)
    return comment


def receipt_token(comment: Comment) -> str:
    """Return the signed part of the address of a comment's receipt."""
    return TimestampSigner(salt=_RECEIPT).sign(str(comment.pk))


def of_receipt(municipality: Municipality, token: str) -> Comment | None:
    """Return the comment of a receipt; None unless it was made here, lately."""
    try:
        pk = TimestampSigner(salt=_RECEIPT).unsign(token, max_age=90 * 86_400)
    except BadSignature:
        return None
    found = Comment.objects.select_related("dialogue", "answer", "theme__answer")
    return found.filter(municipality=municipality, pk=int(pk)).first()


def forget_old() -> int:
    """Remove comments whose address nobody confirmed in time; return how many.

    The hash of an address only tells that the same was sent twice: it goes too.
    """
    old = timezone.now() - dt.timedelta(days=CONFIRM_DAYS)
    Comment.objects.filter(received_at__lt=old).exclude(mail_hash="").update(
        mail_hash=""
    )
    found = Comment.objects.filter(state=State.UNCONFIRMED, received_at__lt=old)
    return found.delete()[0]


# ---------------------------------------------------------------- read by staff


def locked(comment: Comment, revision: int) -> Comment:
    """Return a comment to be changed in this transaction.

    Raises:
        StaleError: it has changed since the page was shown.
    """
    found = Comment.objects.select_for_update().get(pk=comment.pk)
    if found.revision != revision:
        raise StaleError
    return found


@transaction.atomic
def moderate(
    request: MunicipalRequest,
    comment: Comment,
    *,
    show: bool,
    why: str = "",
    reason: str = "",
    revision: int,
) -> Comment:
    """Show or hide a comment; reports about it are settled with that.

    Raises:
        StaleError: somebody else has changed it.
    """
    from rodtrad.web import dialogue_mail

    comment = locked(comment, revision)
    before = {"state": comment.state, "removed_why": comment.removed_why}
    was_shown = comment.state == State.SHOWN
    comment.state = State.SHOWN if show else State.HIDDEN
    comment.removed_why = "" if show else why
    comment.removed_reason = "" if show else reason
    comment.held_for, comment.reports = "", 0
    by_theme = None if was_shown else _answered_by_theme(comment)
    comment.revision += 1
    comment.save()
    if by_theme is not None:
        dialogue_mail.answered([comment], by_theme)
    if was_shown != show:
        _counted(comment, 1 if show else -1)
    AbuseReport.objects.filter(comment=comment, handled_at=None).update(
        handled_at=timezone.now()
    )
    events.record(
        request,
        comment.municipality,
        "comment.shown" if show else "comment.hidden",
        _named(comment),
        before=before,
        after={"state": comment.state, "removed_why": comment.removed_why},
        note=reason,
    )
    return comment


@transaction.atomic
def thin(
    request: MunicipalRequest,
    comment: Comment,
    chosen: Iterable[thinning.Finding],
    *,
    in_name: bool,
    revision: int,
) -> Comment:
    """Take personal data out of a comment, for good; the log says what kinds, not which.

    Raises:
        StaleError: somebody else has changed it, so the findings may stand elsewhere.
    """
    comment = locked(comment, revision)
    found = list(chosen)
    comment.text = thinning.without(comment.text, found)
    if in_name:
        comment.name = ""
    comment.thinned_at = timezone.now()
    comment.revision += 1
    comment.save()
    kinds = sorted({one.kind for one in found} | ({"name"} if in_name else set()))
    events.record(
        request,
        comment.municipality,
        "comment.thinned",
        _named(comment),
        after={
            "kinds": [thinning.KINDS[kind] for kind in kinds],
            "count": len(found),
        },
    )
    return comment


@transaction.atomic
def put_under(
    request: MunicipalRequest, comment: Comment, theme: Theme | None, *, revision: int
) -> Comment:
    """Place a comment under a theme of its dialogue, or under none.

    Under one that has been answered it is answered from now on, and its writer is told.

    Raises:
        StaleError: somebody else has changed it.
    """
    from rodtrad.web import dialogue_mail

    comment = locked(comment, revision)
    before = comment.theme
    comment.theme = theme
    by_theme = None
    if theme != before:
        by_theme = _answered_by_theme(comment, anew=True)
    comment.revision += 1
    comment.save()
    if by_theme is not None:
        dialogue_mail.answered([comment], by_theme)
    events.record(
        request,
        comment.municipality,
        "comment.themed",
        _named(comment),
        before={"theme": str(before or "")},
        after={"theme": str(theme or "")},
    )
    return comment


def _answered_by_theme(comment: Comment, *, anew: bool = False) -> Answer | None:
    """Let the answer of the theme count, unless the comment has one of its own.

    Only for what is shown: nobody else is owed an answer. `anew` where the comment comes
    from another theme, whose answer counts no more.

    Returns:
        the answer that it got by this, for the mail to its writer.
    """
    own = Answer.objects.filter(comment=comment).first() if comment.pk else None
    if own is not None or comment.thread_id is not None:
        return None
    if anew:
        comment.answered_at = comment.days = None
    if comment.state != State.SHOWN:
        return None
    answer = (
        Answer.objects.filter(theme_id=comment.theme_id).first()
        if comment.theme_id
        else None
    )
    if answer is None and not anew:
        return None
    was_answered = comment.answered_at is not None
    _settle(comment, answer)
    return None if was_answered else answer


def _settle(comment: Comment, answer: Answer | None) -> None:
    """Keep on the comment what its answer says: when, after how long, or by what day.

    The day that it was first answered stays, whatever is changed in the answer later.
    """
    received = timezone.localdate(comment.received_at)
    if answer is not None and answer.settles:
        if comment.answered_at is None:
            now = timezone.now()
            comment.answered_at = max(now, comment.received_at)
            comment.days = max((timezone.localdate(now) - received).days, 0)
        return
    comment.answered_at = comment.days = None
    if comment.thread_id is None:
        wait = dt.timedelta(days=comment.dialogue.answer_days)
        comment.due = (answer and answer.due) or received + wait


def _named(comment: Comment) -> tuple[str, str, str]:
    """Name a comment in the log without its words: they may be thinned later."""
    with events.in_swedish():
        label = _("synpunkt {n} om {item}").format(n=comment.pk, item=comment.about)
    return ("comment", str(comment.pk), label)


# ---------------------------------------------------------------- answered


@transaction.atomic
def answer_comment(
    request: MunicipalRequest, comment: Comment, answer: Answer, *, revision: int
) -> Answer:
    """Answer a comment, or change the answer.

    Raises:
        StaleError: somebody else has changed the comment or its answer.
    """
    from rodtrad.web import dialogue_mail

    comment = locked(comment, revision)
    before = (Answer.objects.filter(comment=comment).first() or Answer()).facts
    answer.comment, answer.theme = comment, None
    _store_answer(request, answer, before)
    _settle(comment, answer)
    comment.revision += 1
    comment.save()
    _told(request, comment.municipality, _named(comment), before, answer)
    if answer.outcome != before["outcome"]:
        dialogue_mail.answered([comment], answer)
    return answer


@transaction.atomic
def answer_theme(
    request: MunicipalRequest, theme: Theme, answer: Answer, *, revision: int
) -> int:
    """Answer a theme, and return how many comments that answers.

    Those that everyone sees: what is read first is answered when it is shown.

    Raises:
        StaleError: somebody else has answered meanwhile; `revision` is what the page
            showed, 0 for none.
    """
    from rodtrad.web import dialogue_mail

    theme = (
        Theme.objects.select_for_update().select_related("dialogue").get(pk=theme.pk)
    )
    earlier = Answer.objects.filter(theme=theme).first()
    if revision != (earlier.revision if earlier else 0):
        raise StaleError
    before = (earlier or Answer()).facts
    answer.comment, answer.theme = None, theme
    _store_answer(request, answer, before)
    rows = list(
        theme.comments.filter(
            answer=None, thread=None, state=State.SHOWN
        ).select_related("dialogue")
    )
    for comment in rows:
        _settle(comment, answer)
        comment.revision += 1
    Comment.objects.bulk_update(
        rows, ["answered_at", "days", "due", "revision"], batch_size=200
    )
    place = theme.dialogue.municipality
    named = ("theme", str(theme.pk), theme.name)
    _told(request, place, named, before, answer, n=len(rows))
    if answer.outcome != before["outcome"]:
        dialogue_mail.answered(rows, answer)
    return len(rows)


def _store_answer(
    request: MunicipalRequest, answer: Answer, before: dict[str, Any]
) -> None:
    """Store an answer; one that settles keeps the day on which it first did."""
    now = timezone.now()
    if before["outcome"] in ("", Answer.Outcome.LEFT):
        answer.answered_at = now
    if before["outcome"] and before != answer.facts:
        answer.changed_at = now
    answer.answered_by = request.user
    answer.revision += 1
    answer.save()


def _told(
    request: MunicipalRequest,
    place: Municipality,
    named: tuple[str, str, str],
    before: dict[str, Any],
    answer: Answer,
    **more: Any,
) -> None:
    was, now = events.changed(before, answer.facts)
    action = "answer.changed" if before["outcome"] else "answer.given"
    events.record(request, place, action, named, before=was, after={**now, **more})


# ---------------------------------------------------------------- reported


@transaction.atomic
def report(comment: Comment, text: str) -> AbuseReport:
    """Take in that somebody finds a comment out of place; staff see it first."""
    Comment.objects.filter(pk=comment.pk).update(reports=F("reports") + 1)
    return AbuseReport.objects.create(comment=comment, text=text)
