"""How does a mail get away, once, although the server is down now and then?

A mail is a row (`queue`), stored in the transaction of what it tells, and sent by the
worker (`send_due`): claimed, sent, marked. What fails is tried again after a while, at
last a few times a day; after two days it is set aside for staff, who have a month to
look at it. No address is kept longer than that, nor written in the log. If
the worker dies between sending and marking, the mail goes again with the same
Message-ID. Leaves out what is written (subscriptions).
"""

from __future__ import annotations

import datetime as dt
import logging
import smtplib
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import F, Q
from django.utils import timezone

from rodtrad.web.models.following import Outgoing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.mail.backends.base import BaseEmailBackend

    from rodtrad.web.models import Municipality

_log: Final = logging.getLogger("rodtrad.mail")

AT_ONCE: Final = 50
# A claim older than this belongs to a worker that has died.
CLAIM: Final = dt.timedelta(minutes=15)
AGAIN_MINUTES: Final = (1, 5, 15, 60, 240, 480, 480, 480, 480, 480)
KEEP_SENT: Final = dt.timedelta(days=30)
KEEP_STUCK: Final = dt.timedelta(days=30)


def queue(
    once: str,
    to: str,
    subject: str,
    text: str,
    *,
    municipality: Municipality | None = None,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Store a mail to be sent; one with the same `once` is stored only the first time."""
    queue_many(
        [build(once, to, subject, text, municipality=municipality, headers=headers)]
    )


def build(
    once: str,
    to: str,
    subject: str,
    text: str,
    *,
    municipality: Municipality | None = None,
    headers: Mapping[str, str] | None = None,
) -> Outgoing:
    """Return a mail that is not yet stored, for `queue_many`."""
    return Outgoing(
        once=once,
        to=to,
        # a line break in a head would begin another head
        subject=" ".join(subject.split())[:250],
        text=text,
        headers=dict(headers or {}),
        municipality=municipality,
    )


def queue_many(mails: list[Outgoing]) -> None:
    """Store many mails at once; those that are stored already are left as they are."""
    Outgoing.objects.bulk_create(mails, batch_size=200, ignore_conflicts=True)


def send_due(most: int = AT_ONCE) -> int:
    """Send the mails whose time has come, and return how many went away."""
    sent = 0
    connection: BaseEmailBackend | None = None
    try:
        for _number in range(most):
            mail = _claim()
            if mail is None:
                break
            try:
                if connection is None:
                    connection = get_connection()
                    connection.open()
                _message(mail, connection).send()
            except Exception as error:  # noqa: BLE001 - whatever is wrong, it is kept
                _failed(mail, error)
                if not isinstance(error, smtplib.SMTPRecipientsRefused):
                    # the server is to blame, or we are: the rest wait for the next time
                    break
                continue
            Outgoing.objects.filter(pk=mail.pk).update(
                sent_at=timezone.now(), claimed_at=None, error=""
            )
            sent += 1
    finally:
        if connection is not None:
            connection.close()
    return sent


def _claim() -> Outgoing | None:
    """Take the next mail that is due, so that no other worker sends it too."""
    now = timezone.now()
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - CLAIM)
    waiting = Outgoing.objects.filter(free, sent_at=None, gave_up_at=None, due__lte=now)
    while True:
        pk = waiting.order_by("due", "pk").values_list("pk", flat=True).first()
        if pk is None:
            return None
        if waiting.filter(pk=pk).update(claimed_at=now, attempts=F("attempts") + 1):
            return Outgoing.objects.get(pk=pk)


def _message(mail: Outgoing, connection: BaseEmailBackend) -> EmailMessage:
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
    headers = {"Message-ID": f"<rodtrad-{mail.pk}@{host}>", **mail.headers}
    return EmailMessage(
        mail.subject, mail.text, None, [mail.to], headers=headers, connection=connection
    )


def _failed(mail: Outgoing, error: Exception) -> None:
    """Keep a mail that could not be sent, for later or for staff."""
    now = timezone.now()
    tried = mail.attempts - 1
    facts: dict[str, object] = {
        "claimed_at": None,
        "error": _code(error),
    }
    if tried < len(AGAIN_MINUTES):
        facts["due"] = now + dt.timedelta(minutes=AGAIN_MINUTES[tried])
    else:
        facts["gave_up_at"] = now
    Outgoing.objects.filter(pk=mail.pk).update(**facts)
    _log.warning(
        "mail %s could not be sent (%s): %s", mail.pk, mail.attempts, facts["error"]
    )


def _code(error: Exception) -> str:
    """Return what went wrong in kind and number; a server's own words name people."""
    numbers: list[Any] = [
        getattr(error, "smtp_code", None) or getattr(error, "errno", None)
    ]
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        numbers = sorted({code for code, _words in error.recipients.values()})
    return " ".join([type(error).__name__, *(str(n) for n in numbers if n)])


def drop(about: str) -> int:
    """Remove the mails that wait to tell something, by what their `once` begins with."""
    waiting = Outgoing.objects.filter(once__startswith=about, sent_at=None)
    return waiting.delete()[0]


def try_again(municipality: Municipality) -> int:
    """Let the mails that were set aside go once more, and return how many."""
    return Outgoing.objects.filter(
        municipality=municipality, sent_at=None, gave_up_at__isnull=False
    ).update(gave_up_at=None, attempts=0, due=timezone.now())


def forget_old() -> int:
    """Remove mails, with the addresses in them, that were sent or given up long ago."""
    now = timezone.now()
    old = Q(sent_at__lt=now - KEEP_SENT) | Q(gave_up_at__lt=now - KEEP_STUCK)
    return Outgoing.objects.filter(old).delete()[0]
