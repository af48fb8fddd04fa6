"""Who follows what by mail, from the first wish to the end? Double opt-in, one click out.

Somebody asks (`ask`), confirms by a link that is signed and grows old, is told (`tell`,
`tell_published`) and ends it all by one click. Nothing tells whether an address is known
here. Leaves out sending (outgoing) and the pages (views.public_follow).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Final

from django.core.signing import BadSignature, SignatureExpired, Signer, TimestampSigner
from django.db import IntegrityError, transaction
from django.db.models import CharField, Q
from django.db.models.functions import Cast
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from rodtrad.domain.words import in_language
from rodtrad.web import outgoing, throttle
from rodtrad.web.models.dialogue import Comment
from rodtrad.web.models.following import Outgoing, Subscription
from rodtrad.web.models.publishing import PublicItem
from rodtrad.web.public_address import public_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from rodtrad.web.models import Municipality, Publication
    from rodtrad.web.views.public_base import PublicRequest

Kind = Subscription.Kind
CONFIRM_DAYS: Final = 7
# An answer may be changed for so long, and who asked for it is told of that too.
ANSWERED_DAYS: Final = 30
# So often may one sender let us write to one address, and about one thing; and so often
# all senders together, so that nobody is flooded through us nor shut out by another.
ASKED: Final = (5, 24 * 3600)
ASKED_ALIKE: Final = (2, 24 * 3600)
ASKED_BY_ALL: Final = (15, 24 * 3600)
# What begins a path of ours in a mail's text; no text that somebody wrote holds it.
_OURS: Final = "\x1f"
# Which subscriptions a mail is about, by number.
_FOLLOWED: Final = "X-Rodtrad-Followed"
_CONFIRM: Final = "rodtrad.web.follow.confirm"
_END: Final = "rodtrad.web.follow.end"


class LinkError(Exception):
    """A link that was not made here, or that is too old."""

    def __init__(self, *, old: bool) -> None:
        """Say which of the two."""
        super().__init__("old" if old else "forged")
        self.old = old


# ---------------------------------------------------------------- links


def confirm_token(subscription: Subscription) -> str:
    """Return the signed part of the link that confirms; it holds for a week."""
    return TimestampSigner(salt=_CONFIRM).sign(str(subscription.pk))


def end_token(subscriptions: Iterable[Subscription]) -> str:
    """Return the signed part of the link that ends; it holds for ever."""
    return Signer(salt=_END).sign("-".join(str(one.pk) for one in subscriptions))


def to_confirm(municipality: Municipality, token: str) -> Subscription:
    """Return what a link confirms.

    Raises:
        LinkError: the link is forged or too old, or what it confirms has ended.
    """
    try:
        signer = TimestampSigner(salt=_CONFIRM)
        pk = signer.unsign(token, max_age=CONFIRM_DAYS * 86_400)
    except SignatureExpired:
        raise LinkError(old=True) from None
    except BadSignature:
        raise LinkError(old=False) from None
    found = Subscription.objects.filter(
        municipality=municipality, pk=int(pk), ended_at=None
    ).first()
    if found is None:
        raise LinkError(old=True)
    return found


def to_end(municipality: Municipality, token: str) -> list[Subscription]:
    """Return what a link ends; empty where it has been ended already.

    Raises:
        LinkError: the link is forged.
    """
    try:
        keys = Signer(salt=_END).unsign(token)
    except BadSignature:
        raise LinkError(old=False) from None
    return list(
        Subscription.objects.filter(
            municipality=municipality,
            pk__in=[int(key) for key in keys.split("-")],
            ended_at=None,
        )
    )


# ---------------------------------------------------------------- beginning and ending


def mail_hash(email: str) -> str:
    """Return what is kept of an address where only sameness matters."""
    folded = email.strip().casefold()
    return salted_hmac("rodtrad.web.mail", folded, algorithm="sha256").hexdigest()


def may_write(request: PublicRequest, email: str, what: str = "") -> bool:
    """Return True, and count, if a sender may let us write to an address once more.

    `what` is what it is about, where the same thing is asked for less often.
    """
    code = mail_hash(email)
    mine = f"{code}|{throttle.sender(request)}"
    return (
        (not what or throttle.allow_key("follow", f"{mine}|{what}", ASKED_ALIKE))
        and throttle.allow_key("follow", mine, ASKED)
        and throttle.allow_key("follow", code, ASKED_BY_ALL)
    )


@transaction.atomic
def ask(
    request: PublicRequest, kind: str, key: str, name: str, email: str
) -> Subscription | None:
    """Store that somebody wants to follow something, and send the link that confirms.

    Returns None, and sends nothing, where the address has been asked too often today.
    What the page answers must be the same either way.
    """
    email = email.strip().lower()
    if not may_write(request, email, f"{request.municipality.pk}|{kind}|{key}"):
        return None
    found = _asked(request, kind, key, name, email)
    if found.confirmed_at is None:
        _send_link(found)
    return found


def _asked(
    request: PublicRequest, kind: str, key: str, name: str, email: str
) -> Subscription:
    facts = {
        "municipality": request.municipality,
        "kind": kind,
        "key": key,
        "email": email,
    }
    found = Subscription.objects.filter(ended_at=None, **facts).first()
    if found is not None:
        if found.confirmed_at is None:
            # the new link holds for a week from now
            found.asked_at, found.language = timezone.now(), request.sprak
            found.save(update_fields=["asked_at", "language"])
        return found
    try:
        with transaction.atomic():
            return Subscription.objects.create(
                name=name[:300],
                language=request.sprak,
                origin=request.build_absolute_uri("/").rstrip("/"),
                **facts,
            )
    except IntegrityError:  # asked twice at once
        return Subscription.objects.get(ended_at=None, **facts)


def _send_link(subscription: Subscription) -> None:
    place = subscription.municipality
    with (
        translation.override(subscription.language),
        in_language(subscription.language),
    ):
        token = confirm_token(subscription)
        facts = {
            "place": place,
            "what": describe(subscription),
            "link": address(subscription, "follow_confirm", token=token),
            "days": CONFIRM_DAYS,
        }
        outgoing.queue(
            f"confirm:{subscription.pk}:{timezone.now():%Y%m%d%H%M%S%f}",
            subscription.email,
            _("Bekräfta att du vill få mejl från {name}").format(name=place.name),
            render_to_string("public/follow/mail_confirm.txt", facts),
            municipality=place,
        )


def address(subscription: Subscription, name: str, /, **kwargs: Any) -> str:
    """Return the whole address of a public page, for a mail."""
    path = public_address(
        subscription.municipality, name, subscription.language, **kwargs
    )
    return f"{subscription.origin}{path}"


def link(path: str) -> str:
    """Return a path of ours as it stands in a mail's text until it is known to whom.

    Each reader gets the host that they came to; nothing else in the text is touched.
    """
    return f"{_OURS}{path}"


def describe(subscription: Subscription) -> str:
    """Return in words what is followed."""
    name = subscription.name
    words = {
        Kind.PLAN: _("hela planen"),
        Kind.PROJECT: _("projektet {name}"),
        Kind.AREA: _("allt i {name}"),
        Kind.THEME: _("ämnet {name}"),
        Kind.LETTERS: _("veckobrevet"),
        Kind.COMMENT: _("svar på din synpunkt"),
    }
    return words[Kind(subscription.kind)].format(name=name)


def confirm(subscription: Subscription) -> None:
    """Begin to send; confirmed twice is the same as once."""
    Subscription.objects.filter(pk=subscription.pk, confirmed_at=None).update(
        confirmed_at=timezone.now()
    )


@transaction.atomic
def end(subscriptions: Iterable[Subscription]) -> None:
    """End at once and forget the address, in mails that wait to be sent too."""
    ended = list(subscriptions)
    Subscription.objects.filter(pk__in=[one.pk for one in ended], ended_at=None).update(
        ended_at=timezone.now(), email=""
    )
    for place, email in {(one.municipality, one.email) for one in ended if one.email}:
        _drop_waiting(place, email)


def _drop_waiting(municipality: Municipality, email: str) -> None:
    """Remove mails that wait and tell only of what an address has ceased to follow."""
    alive = Subscription.objects.filter(municipality=municipality, email=email)
    keys = set(alive.filter(ended_at=None).values_list("pk", flat=True))
    waiting = Outgoing.objects.filter(municipality=municipality, to=email, sent_at=None)
    gone = [
        mail.pk
        for mail in waiting.only("once", "headers")
        if (told := _told_by(mail)) and not told & keys
    ]
    waiting.filter(pk__in=gone).delete()


def _told_by(mail: Outgoing) -> set[int]:
    """Return which subscriptions a mail is about; empty for what is no news."""
    if mail.once.startswith("confirm:"):
        return {int(mail.once.split(":")[1])}
    return {int(key) for key in mail.headers.get(_FOLLOWED, "").split("-") if key}


def same_address(subscription: Subscription) -> list[Subscription]:
    """Return all that the same address follows in the municipality, this one too."""
    found = Subscription.objects.alive().filter(
        municipality=subscription.municipality, email=subscription.email
    )
    return list(found.order_by("kind", "name", "pk"))


def forget_old() -> int:
    """Remove wishes that nobody confirmed in time, and addresses that have their answer."""
    old = timezone.now() - dt.timedelta(days=CONFIRM_DAYS)
    found = Subscription.objects.filter(confirmed_at=None, asked_at__lt=old)
    return found.delete()[0] + _end_answered()


def _end_answered() -> int:
    """Forget who wanted an answer that was given long ago, or that will never come."""
    old = timezone.now() - dt.timedelta(days=ANSWERED_DAYS)
    owed = (
        Comment.objects.filter(Q(answered_at=None) | Q(answered_at__gte=old))
        .exclude(state=Comment.State.HIDDEN)
        .annotate(code=Cast("pk", CharField()))
    )
    return (
        Subscription.objects.filter(kind=Kind.COMMENT, ended_at=None, asked_at__lt=old)
        .exclude(key__in=owed.values("code"))
        .update(ended_at=timezone.now(), email="")
    )


# ---------------------------------------------------------------- telling


def tell(
    municipality: Municipality,
    kind: str,
    key: str,
    *,
    once: str,
    write: Callable[[str], tuple[str, str]],
) -> int:
    """Queue a mail to everyone who follows a thing, and return how many.

    Args:
        municipality: whose.
        kind: what is followed: see `Subscription.Kind`.
        key: which one; empty for the plan and the letters.
        once: what is told, such as `letter:12`: nobody is told it twice.
        write: returns subject and text in a language (`sv` or `en`), without greeting
            or address for ending; links in it are paths made by `link`.
    """
    followers = Subscription.objects.alive().filter(
        municipality=municipality, kind=kind, key=key
    )
    said: dict[str, tuple[str, str]] = {}
    mails: list[Outgoing] = []
    for one in followers.select_related("municipality").iterator(chunk_size=500):
        if one.language not in said:
            said[one.language] = _in(one.language, partial(write, one.language))
        mails.append(_mail(once, [one], *said[one.language]))
    outgoing.queue_many(mails)
    return len(mails)


def _in(language: str, act: Callable[[], tuple[str, str]]) -> tuple[str, str]:
    with translation.override(language), in_language(language):
        return act()


def _mail(
    once: str, followed: Sequence[Subscription], subject: str, text: str
) -> Outgoing:
    """Return a mail to one address about what it follows, with the way out of it."""
    first = followed[0]
    with translation.override(first.language), in_language(first.language):
        out = address(first, "follow_end", token=end_token(followed))
        facts = {
            "text": text.replace(_OURS, first.origin),
            "place": first.municipality,
            "followed": [describe(one) for one in followed],
            "out": out,
        }
        whole = render_to_string("public/follow/mail_news.txt", facts)
    return outgoing.build(
        f"{once}:{first.pk}",
        first.email,
        subject,
        whole,
        municipality=first.municipality,
        headers={
            "List-Unsubscribe": f"<{out}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
            _FOLLOWED: "-".join(str(one.pk) for one in followed),
        },
    )


def tell_published(publication: Publication) -> int:
    """Queue one mail to each address for whom a new version changes what it follows."""
    place = publication.municipality
    changes = publication.changes
    keys = _touched(publication)
    by_address: dict[tuple[str, str], list[Subscription]] = defaultdict(list)
    about: dict[tuple[str, str], set[str]] = defaultdict(set)
    followers = Subscription.objects.alive().filter(
        municipality=place, kind__in=[*keys]
    )
    for one in followers.select_related("municipality").order_by("pk").iterator(500):
        touched = keys[one.kind].get(one.key)
        if touched is not None:
            who = (one.email.casefold(), one.language)
            by_address[who].append(one)
            about[who] |= touched
    mails = []
    said: dict[tuple[str, frozenset[str]], tuple[str, str]] = {}
    for who, followed in by_address.items():
        what = (who[1], frozenset(about[who]))
        if what not in said:
            told = {key: changes[key] for key in sorted(what[1])}
            said[what] = _in(who[1], partial(_news, publication, told, who[1]))
        mails.append(_mail(f"publication:{publication.pk}", followed, *said[what]))
    outgoing.queue_many(mails)
    return len(mails)


def _touched(publication: Publication) -> dict[str, dict[str, set[str]]]:
    """Return by kind and key of what may be followed the projects that have changed."""
    changed = set(publication.changes)
    found: dict[str, dict[str, set[str]]] = {
        # nobody is written to about a version that says nothing new
        Kind.PLAN: {"": changed} if changed or publication.note else {},
        Kind.PROJECT: {key: {key} for key in changed},
        Kind.AREA: defaultdict(set),
        Kind.THEME: defaultdict(set),
    }
    # one that is gone stood where the open versions that had it say
    rows = PublicItem.objects.filter(
        publication__municipality=publication.municipality_id,
        publication__withdrawn_at=None,
        project_id__in=changed,
    ).order_by("publication__number")
    places = rows.values_list("project_id", "area", "theme")
    for key, area, theme in {row[0]: row for row in places}.values():
        if area:
            found[Kind.AREA][area].add(key)
        if theme:
            found[Kind.THEME][theme].add(key)
    return found


def _news(
    publication: Publication, told: dict[str, dict[str, Any]], language: str
) -> tuple[str, str]:
    """Return subject and text about a new version, told in the active language."""
    place = publication.municipality
    facts = {
        "publication": publication,
        "place": place,
        "changes": [
            {
                **change,
                "path": link(
                    public_address(place, "project", language, project_id=key)
                ),
            }
            for key, change in told.items()
        ],
        "front": link(public_address(place, "front", language)),
        "all": link(public_address(place, "changes", language)),
    }
    subject = _("Investeringsplanen för {name}: version {n}").format(
        name=place.name, n=publication.number
    )
    return subject, render_to_string("public/follow/mail_version.txt", facts)
