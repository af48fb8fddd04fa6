"""Which mails does the dialogue send? A link that confirms, an answer, that one has opened.

None holds the words of whoever wrote, so that nobody can send words to a stranger
through us. Leaves out sending (outgoing) and following (subscriptions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from rodtrad.web import dialogue, outgoing, subscriptions
from rodtrad.web.models.following import Subscription
from rodtrad.web.public_address import public_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rodtrad.web.models import Municipality
    from rodtrad.web.models.dialogue import Answer, Comment, Dialogue
    from rodtrad.web.views.public_base import PublicRequest

Kind = Subscription.Kind


def ask_to_confirm(request: PublicRequest, comment: Comment, email: str) -> bool:
    """Send the link that confirms a comment; False if the address has had too many."""
    if not subscriptions.may_write(request, email):
        return False
    place = request.municipality
    path = public_address(
        place,
        "comment_confirm",
        request.sprak,
        token=dialogue.confirm_token(comment),
    )
    facts = {
        "place": place,
        "about": comment.about,
        "link": request.build_absolute_uri(path),
        "days": dialogue.CONFIRM_DAYS,
    }
    outgoing.queue(
        f"comment:{comment.pk}:{timezone.now():%Y%m%d%H%M%S%f}",
        email,
        _("Bekräfta din synpunkt till {name}").format(name=place.name),
        render_to_string("public/dialogue/mail_confirm.txt", facts),
        municipality=place,
    )
    return True


def follow_answer(request: PublicRequest, comment: Comment, email: str) -> None:
    """Let the writer have the answer by mail, once the address is confirmed."""
    if comment.dialogue.confirm_email:
        # the link that confirms the comment confirms this too
        Subscription.objects.get_or_create(
            municipality=request.municipality,
            kind=Kind.COMMENT,
            key=str(comment.pk),
            email=email.strip().lower(),
            ended_at=None,
            defaults={
                "name": comment.item_name,
                "language": request.sprak,
                "origin": request.build_absolute_uri("/").rstrip("/"),
            },
        )
    else:
        name = comment.item_name
        subscriptions.ask(request, Kind.COMMENT, str(comment.pk), name, email)


def confirmed(comment: Comment) -> None:
    """Begin to send the answer to an address that confirmed its comment."""
    Subscription.objects.filter(
        municipality=comment.municipality,
        kind=Kind.COMMENT,
        key=str(comment.pk),
        confirmed_at=None,
        ended_at=None,
    ).update(confirmed_at=timezone.now())


def answered(comments: Sequence[Comment], answer: Answer) -> None:
    """Tell those who wanted the answer to their comment by mail."""
    if not comments:
        return
    by_key = {str(one.pk): one for one in comments}
    place = comments[0].municipality
    keys = (
        Subscription.objects.alive()
        .filter(municipality=place, kind=Kind.COMMENT, key__in=by_key)
        .values_list("key", flat=True)
    )
    for key in set(keys):
        comment = by_key[key]

        def write(language: str, comment: Comment = comment) -> tuple[str, str]:
            facts = {
                "comment": comment,
                "answer": answer,
                "path": _path(place, "comment", language, number=comment.pk),
            }
            subject = _("Svar från {name} på din synpunkt").format(name=place.name)
            return subject, render_to_string("public/dialogue/mail_answer.txt", facts)

        once = f"answer:{answer.pk}.{answer.revision}:{key}"
        subscriptions.tell(place, Kind.COMMENT, key, once=once, write=write)


def opened(found: Dialogue) -> int:
    """Tell those who follow a thing that one may now write about it.

    Not of a letter: whoever gets the letters has had that one, with where to write.
    """
    if found.kind == "letter":
        return 0

    def write(language: str) -> tuple[str, str]:
        facts = {
            "dialogue": found,
            "path": _path(found.municipality, "dialogue", language, number=found.pk),
        }
        subject = _("Dialog: {title}").format(title=found.title)
        return subject, render_to_string("public/dialogue/mail_opened.txt", facts)

    kind = Kind(found.kind)
    key = "" if kind == Kind.PLAN else found.key
    once = f"dialogue:{found.pk}"
    return subscriptions.tell(found.municipality, kind, key, once=once, write=write)


def _path(place: Municipality, name: str, language: str, /, **kwargs: int) -> str:
    return subscriptions.link(public_address(place, name, language, **kwargs))
